// SPDX-License-Identifier: MIT
/* Descriptors and credentials in messages of local sockets, and the garbage they can become. unix(7), cmsg(3). */
#include "tap.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#define MANY 253 /* SCM_MAX_FD */

static void pair(int type, int sv[2])
{
	must(socketpair(AF_UNIX, type, 0, sv) == 0);
}

static void close_pair(int sv[2])
{
	close(sv[0]);
	close(sv[1]);
}

/* A message with room for its control part, wherever the test wants to look. */
struct parcel {
	char data[64];
	struct iovec iov;
	struct msghdr m;
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(MANY * sizeof(int)) + 256];
	} c;
};

static void prepare(struct parcel *p, size_t data, size_t control)
{
	memset(p, 0, sizeof(*p));
	p->iov = (struct iovec){ p->data, data };
	p->m.msg_iov = &p->iov;
	p->m.msg_iovlen = 1;
	p->m.msg_control = control ? p->c.room : NULL;
	p->m.msg_controllen = control;
}

static void add(struct parcel *p, int type, const void *data, size_t len)
{
	struct cmsghdr *h = (struct cmsghdr *)(p->c.room + p->m.msg_controllen);

	p->m.msg_control = p->c.room;
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = type;
	h->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(h), data, len);
	p->m.msg_controllen += CMSG_SPACE(len);
}

/* The calls themselves: musl copies the control part of what is sent. */
static ssize_t do_send(int fd, struct parcel *p)
{
	return syscall(SYS_sendmsg, fd, &p->m, MSG_NOSIGNAL);
}

static ssize_t do_recv(int fd, struct parcel *p, int flags)
{
	return syscall(SYS_recvmsg, fd, &p->m, flags);
}

static int send_fds(int to, const int *fds, int n)
{
	struct parcel p;

	prepare(&p, 1, 0);
	p.data[0] = 'f';
	add(&p, SCM_RIGHTS, fds, n * sizeof(int));
	return do_send(to, &p);
}

static int send_fd(int to, int fd)
{
	return send_fds(to, &fd, 1);
}

/* The one descriptor that comes, or -1. */
static int receive_fd(int from)
{
	struct parcel p;
	int fd = -1;

	prepare(&p, 1, sizeof(p.c.room));
	if (do_recv(from, &p, 0) == 1 && p.m.msg_controllen == CMSG_SPACE(sizeof(int)))
		memcpy(&fd, CMSG_DATA(&p.c.head), sizeof(int));
	return fd;
}

static bool same_file(int a, int b)
{
	struct stat x, y;

	return !fstat(a, &x) && !fstat(b, &y) && x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

static int open_files(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* --- descriptors ------------------------------------------------------------------------------------- */

static void passing(int type)
{
	int sv[2], fd = memfd_create("passed", 0), got, path, o_path, before = open_files();

	pair(type, sv);
	must(write(fd, "contents", 8) == 8);
	is(send_fd(sv[0], fd), 1, "a descriptor is sent");
	is(lseek(fd, 3, SEEK_SET), 3, "while it travels its position can be moved");
	got = receive_fd(sv[1]);
	ok(got >= 0 && got != fd && same_file(got, fd),
	   "it arrives as another number of the same file");
	is(lseek(got, 0, SEEK_CUR), 3, "with one position");
	is(fcntl(got, F_GETFD), 0, "not close-on-exec");
	close(got);
	must(send_fd(sv[0], fd) == 1);
	close(fd);
	got = receive_fd(sv[1]);
	ok(got >= 0 && pread(got, (char[9]){ 0 }, 8, 0) == 8, "the message alone keeps it open");
	close(got);
	path = open("/proc/self/exe", O_PATH);
	must(send_fd(sv[0], path) == 1);
	o_path = receive_fd(sv[1]);
	ok(fcntl(o_path, F_GETFL) & O_PATH, "one opened with O_PATH travels, too");
	close(path);
	close(o_path);
	close_pair(sv);
	is(open_files(), before - 1, "no descriptor is left");
}

static void many(void)
{
	static int fds[MANY + 1];
	struct parcel p;
	int sv[2], before = open_files(), n = 0;

	pair(SOCK_STREAM, sv);
	for (int i = 0; i <= MANY; i++)
		fds[i] = sv[1];
	fails(send_fds(sv[0], fds, MANY + 1), EINVAL, "254 descriptors: EINVAL");
	is(send_fds(sv[0], fds, MANY), 1, "253 can travel");
	prepare(&p, 1, sizeof(p.c.room));
	must(do_recv(sv[1], &p, MSG_CMSG_CLOEXEC) == 1);
	is(p.c.head.cmsg_len, CMSG_LEN(MANY * sizeof(int)), "all arrive");
	is(p.m.msg_flags, MSG_CMSG_CLOEXEC, "MSG_CMSG_CLOEXEC is in msg_flags");
	for (int i = 0; i < MANY; i++) {
		int fd = ((int *)CMSG_DATA(&p.c.head))[i];

		n += same_file(fd, sv[1]) && fcntl(fd, F_GETFD) == FD_CLOEXEC;
		close(fd);
	}
	is(n, MANY, "the right ones, close-on-exec");
	fds[1] = -1;
	fails(send_fds(sv[0], fds, 2), EBADF, "a bad one: EBADF");
	is(recv(sv[1], p.data, 1, MSG_DONTWAIT), -1, "and nothing is sent");
	is(send_fds(sv[0], fds, 0), 1, "none: no more than a byte");
	is(recv(sv[1], p.data, 1, 0), 1, "which arrives");
	prepare(&p, 1, 0);
	fds[1] = sv[1];
	add(&p, SCM_RIGHTS, fds, 2 * sizeof(int));
	add(&p, SCM_RIGHTS, fds, 3 * sizeof(int));
	is(do_send(sv[0], &p), 1, "two lists in one message");
	prepare(&p, 1, sizeof(p.c.room));
	must(do_recv(sv[1], &p, 0) == 1);
	is(p.c.head.cmsg_len, CMSG_LEN(5 * sizeof(int)), "become one");
	for (int i = 0; i < 5; i++)
		close(((int *)CMSG_DATA(&p.c.head))[i]);
	close_pair(sv);
	is(open_files(), before, "no descriptor is left");
}

static void malformed(void)
{
	struct parcel p;
	int sv[2], fd = 0;
	static char large[30000];

	pair(SOCK_STREAM, sv);
	prepare(&p, 1, 0);
	add(&p, SCM_RIGHTS, &fd, sizeof(fd));
	p.c.head.cmsg_len = 4;
	fails(do_send(sv[0], &p), EINVAL, "a control message shorter than its head");
	p.c.head.cmsg_len = 1000;
	fails(do_send(sv[0], &p), EINVAL, "longer than there is");
	p.c.head.cmsg_len = CMSG_LEN(4);
	p.c.head.cmsg_type = 77;
	fails(do_send(sv[0], &p), EINVAL, "of an unknown type");
	p.c.head.cmsg_level = 6;
	is(do_send(sv[0], &p), 1, "of another level: not looked at");
	p.m.msg_controllen = 8;
	is(do_send(sv[0], &p), 1, "too short for any: nothing");
	p.m.msg_control = (void *)1;
	p.m.msg_controllen = 64;
	fails(do_send(sv[0], &p), EFAULT, "EFAULT");
	p.m.msg_control = large;
	p.m.msg_controllen = sizeof(large);
	fails(do_send(sv[0], &p), ENOBUFS, "more than net.core.optmem_max: ENOBUFS");
	close_pair(sv);
}

static void truncated(void)
{
	struct parcel p;
	int sv[2], fds[3] = { 0, 1, 2 }, before;
	struct rlimit old, few;

	pair(SOCK_DGRAM, sv);
	before = open_files();
	must(send_fds(sv[0], fds, 3) == 1);
	prepare(&p, 1, 0);
	must(do_recv(sv[1], &p, 0) == 1);
	is(p.m.msg_flags, MSG_CTRUNC, "no room for descriptors: MSG_CTRUNC");
	must(send_fds(sv[0], fds, 3) == 1);
	prepare(&p, 1, CMSG_LEN(2 * sizeof(int)));
	must(do_recv(sv[1], &p, 0) == 1);
	is(p.m.msg_flags, MSG_CTRUNC, "room for two: MSG_CTRUNC");
	is(p.c.head.cmsg_len, CMSG_LEN(2 * sizeof(int)), "two of three");
	is(open_files(), before + 2, "the third is closed");
	close(((int *)CMSG_DATA(&p.c.head))[0]);
	close(((int *)CMSG_DATA(&p.c.head))[1]);
	must(send_fds(sv[0], fds, 3) == 1);
	must(getrlimit(RLIMIT_NOFILE, &old) == 0);
	few = old;
	few.rlim_cur = before + 1;
	must(setrlimit(RLIMIT_NOFILE, &few) == 0);
	prepare(&p, 1, sizeof(p.c.room));
	must(do_recv(sv[1], &p, 0) == 1);
	setrlimit(RLIMIT_NOFILE, &old);
	is(p.m.msg_flags, MSG_CTRUNC, "no number for them: MSG_CTRUNC");
	is(p.c.head.cmsg_len, CMSG_LEN(sizeof(int)), "as many as there are numbers");
	close(((int *)CMSG_DATA(&p.c.head))[0]);
	must(send_fds(sv[0], fds, 3) == 1);
	is(read(sv[1], p.data, 10), 1, "read drops them");
	is(open_files(), before, "no descriptor is left");
	close_pair(sv);
}

/* Bytes of a stream are not read over a message with descriptors. */
static void borders(void)
{
	struct parcel p;
	int sv[2];

	pair(SOCK_STREAM, sv);
	must(write(sv[0], "ab", 2) == 2 && send_fd(sv[0], 0) == 1 && write(sv[0], "cd", 2) == 2);
	prepare(&p, 10, sizeof(p.c.room));
	is(do_recv(sv[1], &p, 0), 3, "a stream: bytes before and with a descriptor");
	is(p.m.msg_controllen, CMSG_SPACE(sizeof(int)), "and it");
	ok(!memcmp(p.data, "abf", 3), "in order");
	close(*(int *)CMSG_DATA(&p.c.head));
	prepare(&p, 10, sizeof(p.c.room));
	is(do_recv(sv[1], &p, 0), 2, "then those behind");
	is(p.m.msg_controllen, 0, "without one");
	must(send_fd(sv[0], 0) == 1 && send_fd(sv[0], 1) == 1);
	prepare(&p, 10, sizeof(p.c.room));
	is(do_recv(sv[1], &p, MSG_PEEK), 1, "a peek ends there, too");
	is(p.m.msg_controllen, CMSG_SPACE(sizeof(int)), "and gets a descriptor");
	close(*(int *)CMSG_DATA(&p.c.head));
	prepare(&p, 10, sizeof(p.c.room));
	is(do_recv(sv[1], &p, 0), 1, "which is still there");
	is(p.m.msg_controllen, CMSG_SPACE(sizeof(int)), "for the reader");
	close(*(int *)CMSG_DATA(&p.c.head));
	close_pair(sv);
}

/* --- credentials ------------------------------------------------------------------------------------- */

static bool get_creds(int from, struct ucred *creds)
{
	struct parcel p;

	memset(creds, 0xee, sizeof(*creds));
	prepare(&p, 1, sizeof(p.c.room));
	if (do_recv(from, &p, 0) < 0 || p.c.head.cmsg_type != SCM_CREDENTIALS)
		return false;
	memcpy(creds, CMSG_DATA(&p.c.head), sizeof(*creds));
	return true;
}

static int send_creds(int to, pid_t pid, uid_t uid, gid_t gid)
{
	struct ucred c = { pid, uid, gid };
	struct parcel p;

	prepare(&p, 1, 0);
	add(&p, SCM_CREDENTIALS, &c, sizeof(c));
	return do_send(to, &p);
}

static void unprivileged(void)
{
	int sv[2];

	pair(SOCK_STREAM, sv);
	must(setresgid(1000, 1001, 1002) == 0 && setresuid(1000, 1001, 1002) == 0);
	tap_failed +=
		send_creds(sv[0], getpid(), 1001, 1002) != 1; /* each of its ids may be named */
	tap_failed += send_creds(sv[0], getpid(), 0, 1000) != -1 || errno != EPERM;
	tap_failed += send_creds(sv[0], getpid(), 1000, 0) != -1 || errno != EPERM;
	tap_failed += send_creds(sv[0], 1, 1000, 1000) != -1 || errno != EPERM;
	_exit(tap_failed != 0);
}

static void credentials(int type)
{
	struct ucred c;
	struct parcel p;
	int sv[2], on = 1, status;
	pid_t child;

	pair(type, sv);
	must(write(sv[0], "e", 1) == 1);
	must(setsockopt(sv[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0);
	ok(get_creds(sv[1], &c) && c.pid == 0 && c.uid == 65534 && c.gid == 65534,
	   "sent before SO_PASSCRED: from nobody");
	must(write(sv[0], "e", 1) == 1);
	ok(get_creds(sv[1], &c) && c.pid == getpid() && c.uid == getuid() && c.gid == getgid(),
	   "SO_PASSCRED: who wrote");
	is(send_creds(sv[0], getpid(), 12, 34), 1, "root may name others");
	ok(get_creds(sv[1], &c) && c.uid == 12 && c.gid == 34, "which are told");
	fails(send_creds(sv[0], 99999, 0, 0), ESRCH, "but not a process that is not there");
	fails(send_creds(sv[0], getpid(), -1, 0), EINVAL, "nor no user");
	must(write(sv[0], "e", 1) == 1);
	prepare(&p, 1, 20);
	is(do_recv(sv[1], &p, 0), 1, "little room for credentials");
	ok(p.m.msg_flags & MSG_CTRUNC && p.m.msg_controllen == 20 && p.c.head.cmsg_len == 20,
	   "they are cut");
	must(write(sv[0], "e", 1) == 1);
	prepare(&p, 1, 0);
	is(do_recv(sv[1], &p, 0), 1, "no room at all");
	is(p.m.msg_flags, MSG_CTRUNC, "MSG_CTRUNC");
	status = in_child(unprivileged);
	is(status, 0, "a process without privileges may not name others: EPERM");
	if (type != SOCK_STREAM) {
		close_pair(sv);
		return;
	}
	must(write(sv[0], "mine", 4) == 4);
	child = fork();
	if (!child) {
		must(write(sv[0], "its", 3) == 3);
		_exit(0);
	}
	waitpid(child, &status, 0);
	prepare(&p, 20, sizeof(p.c.room));
	is(do_recv(sv[1], &p, 0), 4, "bytes of two senders are not mixed");
	prepare(&p, 20, sizeof(p.c.room));
	is(do_recv(sv[1], &p, 0), 3, "those of the other");
	is(((struct ucred *)CMSG_DATA(&p.c.head))->pid, child,
	   "with its number, though it has gone");
	close_pair(sv);
}

static void stamps(void)
{
	struct timeval now, *t;
	struct timespec *ns;
	struct parcel p;
	int sv[2], on = 1;

	pair(SOCK_DGRAM, sv);
	must(setsockopt(sv[1], SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on)) == 0);
	gettimeofday(&now, NULL);
	must(write(sv[0], "t", 1) == 1);
	prepare(&p, 1, sizeof(p.c.room));
	must(do_recv(sv[1], &p, 0) == 1);
	t = (struct timeval *)CMSG_DATA(&p.c.head);
	ok(p.c.head.cmsg_type == SO_TIMESTAMP && p.c.head.cmsg_len == CMSG_LEN(16) &&
		   t->tv_sec - now.tv_sec < 2u && t->tv_usec < 1000000,
	   "SO_TIMESTAMP: when it was sent");
	must(setsockopt(sv[1], SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) == 0);
	must(write(sv[0], "t", 1) == 1);
	prepare(&p, 1, sizeof(p.c.room));
	must(do_recv(sv[1], &p, 0) == 1);
	ns = (struct timespec *)CMSG_DATA(&p.c.head);
	ok(p.c.head.cmsg_type == SO_TIMESTAMPNS && ns->tv_sec - now.tv_sec < 2u, "SO_TIMESTAMPNS");
	close_pair(sv);
}

/* --- limits ------------------------------------------------------------------------------------------ */

static void too_many(void)
{
	struct rlimit few = { 40, 40 };
	int sv[2], fds[10] = { 0 }, n = 0;

	pair(SOCK_STREAM, sv);
	must(setrlimit(RLIMIT_NOFILE, &few) == 0 && setuid(12345) == 0);
	while (n < 20 && send_fds(sv[0], fds, 10) == 1)
		n++;
	_exit(n == 5 && errno == ETOOMANYREFS ? 0 : 1 + n);
}

/* --- garbage ----------------------------------------------------------------------------------------- */

/* Something that is seen to be closed: the reading end of a pipe whose writing end is put into @to. */
static int bury(int to)
{
	int p[2];

	must(pipe2(p, O_NONBLOCK) == 0 && send_fd(to, p[1]) == 1);
	close(p[1]);
	return p[0];
}

/* The pipe's other end is closed soon; any socket that is closed lets garbage be looked for. */
static bool is_closed(int p)
{
	char c;

	for (int i = 0; i < 3000; i++) {
		if (read(p, &c, 1) == 0)
			return true;
		close(socket(AF_UNIX, SOCK_STREAM, 0));
		sleep_ms(10);
	}
	return false;
}

static bool is_open(int p)
{
	char c;

	for (int i = 0; i < 5; i++) {
		close(socket(AF_UNIX, SOCK_STREAM, 0));
		sleep_ms(5);
	}
	return read(p, &c, 1) == -1 && errno == EAGAIN;
}

static void garbage(void)
{
	struct sockaddr_un sun = { AF_UNIX, "\0garbage" };
	int sv[2], tv[2], p, l, c, got;

	pair(SOCK_STREAM, sv);
	p = bury(sv[0]);
	close_pair(sv);
	ok(is_closed(p), "what waits in a socket is closed with it");
	close(p);

	pair(SOCK_STREAM, sv);
	p = bury(sv[0]);
	must(send_fd(sv[0], sv[1]) == 1);
	close(sv[1]);
	ok(is_closed(p), "a socket that waits in itself is garbage, though its peer is open");
	fails(send(sv[0], "x", 1, MSG_NOSIGNAL), EPIPE, "which sees it closed");
	close(sv[0]);
	close(p);

	pair(SOCK_DGRAM, sv);
	pair(SOCK_STREAM, tv);
	p = bury(sv[0]);
	must(send_fd(sv[0], tv[1]) == 1 && send_fd(tv[0], sv[1]) == 1 &&
	     send_fd(sv[0], sv[0]) == 1 && send_fd(tv[0], tv[0]) == 1);
	close(sv[1]);
	close_pair(tv);
	ok(is_closed(p), "two pairs, each one's receiver in the other");
	close(sv[0]);
	close(p);

	pair(SOCK_STREAM, sv);
	pair(SOCK_STREAM, tv);
	p = bury(sv[0]);
	must(send_fd(tv[0], sv[1]) == 1 && send_fd(sv[0], sv[0]) == 1);
	close_pair(sv);
	ok(is_open(p), "a circle that an open socket's message holds");
	got = receive_fd(tv[1]);
	c = receive_fd(got);
	ok(c >= 0 && is_open(p), "can be received");
	ok(same_file(c, p), "with all that is in it");
	close(c);
	close(got);
	ok(is_closed(p), "and ends when it is closed");
	close(p);
	close_pair(tv);

	l = socket(AF_UNIX, SOCK_STREAM, 0);
	c = socket(AF_UNIX, SOCK_STREAM, 0);
	must(!bind(l, (struct sockaddr *)&sun, 10) && !listen(l, 5) &&
	     !connect(c, (struct sockaddr *)&sun, 10));
	p = bury(c);
	must(send_fd(c, l) == 1);
	close(l);
	ok(is_closed(p), "a listener in a connection that it has not accepted");
	close(c);
	close(p);
}

/* A long chain: each socket waits in the next one. */
static void chain(void)
{
	int first[2], last, sv[2], p;

	pair(SOCK_STREAM, first);
	p = bury(first[0]);
	close(first[0]);
	last = first[1];
	for (int i = 0; i < 300; i++) {
		pair(SOCK_STREAM, sv);
		must(send_fd(sv[0], last) == 1);
		close(last);
		close(sv[0]);
		last = sv[1];
	}
	ok(is_open(p), "300 sockets, each in the next one");
	close(last);
	ok(is_closed(p), "all are closed with the last");
	close(p);
}

int main(void)
{
	passing(SOCK_STREAM);
	passing(SOCK_DGRAM);
	passing(SOCK_SEQPACKET);
	many();
	malformed();
	truncated();
	borders();
	credentials(SOCK_STREAM);
	credentials(SOCK_DGRAM);
	stamps();
	is(in_child(too_many), 0, "no more in flight than RLIMIT_NOFILE: ETOOMANYREFS");
	garbage();
	chain();
	return tap_end();
}
