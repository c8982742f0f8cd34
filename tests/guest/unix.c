// SPDX-License-Identifier: MIT
/* Local sockets: kinds, names, connections, bytes, errors. unix(7), socket(2), bind(2), connect(2), send(2), recv(2). */
#include "tap.h"

#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <linux/sockios.h>

#define FAMILY_ONLY ((socklen_t)sizeof(sa_family_t))

/* The system calls themselves: musl has its own idea of these. */
#define sendmmsg(fd, v, n, flags)	   ((int)syscall(SYS_sendmmsg, fd, v, n, flags))
#define recvmmsg(fd, v, n, flags, timeout) ((int)syscall(SYS_recvmmsg, fd, v, n, flags, timeout))

static char buf[1 << 18];

static struct sockaddr_un named(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	strncpy(sun.sun_path, path, sizeof(sun.sun_path));
	return sun;
}

/* An abstract name; its length in *len. */
static struct sockaddr_un abstract(const char *name, socklen_t *len)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	memcpy(sun.sun_path + 1, name, strlen(name));
	*len = FAMILY_ONLY + 1 + strlen(name);
	return sun;
}

static int bound(int type, const char *path)
{
	struct sockaddr_un sun = named(path);
	int fd = socket(AF_UNIX, type, 0);

	unlink(path);
	must(fd >= 0 && bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0);
	return fd;
}

static int try_connect(int fd, const char *path)
{
	struct sockaddr_un sun = named(path);

	return connect(fd, (struct sockaddr *)&sun, sizeof(sun));
}

static int connected(int type, const char *path)
{
	int fd = socket(AF_UNIX, type, 0);

	must(fd >= 0 && try_connect(fd, path) == 0);
	return fd;
}

static void pair(int type, int sv[2])
{
	must(socketpair(AF_UNIX, type, 0, sv) == 0);
}

static void close_pair(int sv[2])
{
	close(sv[0]);
	close(sv[1]);
}

static int events(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLRDHUP, 0 };

	must(poll(&p, 1, 0) >= 0);
	return p.revents;
}

static int option(int fd, int name)
{
	int val = -12345;
	socklen_t len = sizeof(val);

	return getsockopt(fd, SOL_SOCKET, name, &val, &len) ? -errno : val;
}

static int set(int fd, int name, int val)
{
	return setsockopt(fd, SOL_SOCKET, name, &val, sizeof(val));
}

/* --- making ------------------------------------------------------------------------------------------ */

static void making(void)
{
	int sv[2], fd, p[2];
	struct stat st;
	char link[64];

	fails(socket(AF_UNIX, SOCK_STREAM | 0x100000, 0), EINVAL, "socket: an unknown flag");
	fails(socket(9999, SOCK_STREAM, 0), EAFNOSUPPORT, "socket: an unknown family");
	fails(socket(AF_UNIX, 11, 0), EINVAL, "socket: a type beyond all");
	fails(socket(AF_UNIX, 7, 0), ESOCKTNOSUPPORT, "socket: a type that is none");
	fails(socket(AF_UNIX, SOCK_STREAM, 17), EPROTONOSUPPORT, "socket: a protocol");
	fd = socket(AF_UNIX, SOCK_RAW, AF_UNIX);
	is(option(fd, SO_TYPE), SOCK_DGRAM, "a raw socket is a datagram socket");
	close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ok(fcntl(fd, F_GETFD) == FD_CLOEXEC && fcntl(fd, F_GETFL) == (O_RDWR | O_NONBLOCK),
	   "SOCK_CLOEXEC, SOCK_NONBLOCK");
	must(fstat(fd, &st) == 0);
	is(st.st_mode, S_IFSOCK | 0777, "its mode");
	snprintf(buf, sizeof(buf), "/proc/self/fd/%d", fd);
	link[readlink(buf, link, sizeof(link) - 1)] = 0;
	snprintf(buf, 64, "socket:[%lu]", (unsigned long)st.st_ino);
	ok(!strcmp(buf, link), "its link in /proc/self/fd");
	snprintf(buf, sizeof(buf), "/proc/self/fd/%d", fd);
	fails(open(buf, O_RDWR), ENXIO, "it cannot be opened again");
	fails(lseek(fd, 0, SEEK_SET), ESPIPE, "lseek");
	fails(pread(fd, buf, 1, 0), ESPIPE, "pread");
	fails(ftruncate(fd, 0), EINVAL, "ftruncate");
	fails(ioctl(fd, 0x1234, 0), ENOTTY, "an unknown ioctl");
	ok(!fchmod(fd, 0600) && !fstat(fd, &st) && (st.st_mode & 0777) == 0600, "fchmod");
	close(fd);
	fails(socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)1), EFAULT, "socketpair: EFAULT");
	fails(socketpair(AF_UNIX, SOCK_STREAM, 17, sv), EPROTONOSUPPORT, "socketpair: a protocol");
	fails(listen(99, 1), EBADF, "no file: EBADF");
	must(pipe(p) == 0);
	fails(listen(p[0], 1), ENOTSOCK, "no socket: ENOTSOCK");
	fails(send(p[1], buf, 1, 0), ENOTSOCK, "send to a pipe");
	fails(send(-1, buf, 1, 0), EBADF, "send to nothing");
	close_pair(p);
}

/* --- names ------------------------------------------------------------------------------------------- */

static void paths(void)
{
	struct sockaddr_un sun = named("/tmp/un"), got;
	socklen_t len = sizeof(got);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), other;
	struct stat st;

	unlink("/tmp/un");
	umask(022);
	fails(bind(fd, (struct sockaddr *)&sun, 1), EINVAL, "bind: too short");
	fails(bind(fd, (struct sockaddr *)&sun, sizeof(sun) + 1), EINVAL, "bind: too long");
	fails(bind(fd, (struct sockaddr *)&sun, 200), EINVAL, "bind: longer than any address");
	fails(bind(fd, (struct sockaddr *)1, sizeof(sun)), EFAULT, "bind: EFAULT");
	sun.sun_family = 2;
	fails(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), EINVAL, "bind: another family");
	sun = named("/nowhere/un");
	fails(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), ENOENT, "bind: no such directory");
	is(getsockname(fd, (struct sockaddr *)&got, &len), 0, "getsockname without a name");
	is(len, FAMILY_ONLY, "is the family alone");
	is(got.sun_family, AF_UNIX, "which is AF_UNIX");
	sun = named("/tmp/un");
	is(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0, "bind to a path");
	must(stat("/tmp/un", &st) == 0);
	is(st.st_mode, S_IFSOCK | 0755, "makes a file, with the umask");
	len = sizeof(got);
	must(getsockname(fd, (struct sockaddr *)&got, &len) == 0);
	is(len, FAMILY_ONLY + sizeof("/tmp/un"), "getsockname: with the zero at its end");
	ok(!strcmp(got.sun_path, "/tmp/un"), "the path");
	len = 4;
	memset(&got, 'x', sizeof(got));
	is(getsockname(fd, (struct sockaddr *)&got, &len), 0, "getsockname with little room");
	ok(len == FAMILY_ONLY + sizeof("/tmp/un") && got.sun_path[1] == 't' &&
		   got.sun_path[2] == 'x',
	   "is cut, and tells the length");
	len = -1;
	fails(getsockname(fd, (struct sockaddr *)&got, &len), EINVAL, "a negative length");
	fails(getsockname(fd, (struct sockaddr *)&got, (socklen_t *)1), EFAULT, "EFAULT");
	fails(open("/tmp/un", O_RDWR), ENXIO, "open of its name");
	other = socket(AF_UNIX, SOCK_STREAM, 0);
	fails(bind(other, (struct sockaddr *)&sun, sizeof(sun)), EADDRINUSE, "the same name again");
	sun = named("/tmp/un2");
	unlink("/tmp/un2");
	fails(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), EINVAL, "a second name");
	fails(stat("/tmp/un2", &st), ENOENT, "leaves no file");
	fails(try_connect(other, "/tmp/un"), ECONNREFUSED, "connect: nobody listens");
	fails(try_connect(other, "/tmp/none"), ENOENT, "connect: no such file");
	fails(try_connect(other, "/tmp"), ECONNREFUSED, "connect: no socket");
	close(fd);
	fails(try_connect(other, "/tmp/un"), ECONNREFUSED, "connect: nobody has it any more");
	sun = named("/tmp/un");
	fails(bind(other, (struct sockaddr *)&sun, sizeof(sun)), EADDRINUSE,
	      "the file is still there");
	unlink("/tmp/un");
	is(bind(other, (struct sockaddr *)&sun, strlen("/tmp/un") + FAMILY_ONLY), 0,
	   "a path without its zero");
	len = sizeof(got);
	must(getsockname(other, (struct sockaddr *)&got, &len) == 0);
	is(len, FAMILY_ONLY + sizeof("/tmp/un"), "gets one");
	close(other);
	unlink("/tmp/un");
}

static void long_path(void)
{
	char name[200] = { 0 };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), to = socket(AF_UNIX, SOCK_DGRAM, 0);

	memset(sun.sun_path, 'p', sizeof(sun.sun_path));
	memcpy(sun.sun_path, "/tmp/", 5);
	is(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0, "a path of 108 bytes without a zero");
	must(getsockname(fd, (struct sockaddr *)name, &len) == 0);
	is(len, sizeof(sun) + 1, "its length has the zero");
	is(strlen(name + FAMILY_ONLY), sizeof(sun.sun_path), "all of the path");
	is(connect(to, (struct sockaddr *)&sun, sizeof(sun)), 0, "and is found again");
	unlink(name + FAMILY_ONLY);
	close(fd);
	close(to);
}

static void no_rights(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	must(setuid(65534) == 0);
	fails(try_connect(fd, "/tmp/un"), EACCES, "connect needs the right to write");
}

static void rights_of_paths(void)
{
	int fd = bound(SOCK_DGRAM, "/tmp/un");

	must(chmod("/tmp/un", 0700) == 0);
	in_child(no_rights);
	tap_count++;
	close(fd);
	unlink("/tmp/un");
}

static void abstract_names(void)
{
	socklen_t len, got_len = sizeof(struct sockaddr_un);
	struct sockaddr_un a = abstract("quire", &len), got, b;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), other = socket(AF_UNIX, SOCK_STREAM, 0), dgram, i;

	is(bind(fd, (struct sockaddr *)&a, len), 0, "an abstract name");
	fails(bind(other, (struct sockaddr *)&a, len), EADDRINUSE, "is taken");
	fails(bind(fd, (struct sockaddr *)&a, len + 1), EINVAL, "and there is no second");
	dgram = socket(AF_UNIX, SOCK_DGRAM, 0);
	is(bind(dgram, (struct sockaddr *)&a, len), 0, "another type has names of its own");
	must(getsockname(fd, (struct sockaddr *)&got, &got_len) == 0);
	ok(got_len == len && !memcmp(&got, &a, len), "getsockname");
	is(bind(other, (struct sockaddr *)&a, len + 1), 0, "zeroes count");
	fails(connect(other, (struct sockaddr *)&a, len), ECONNREFUSED, "connect: nobody listens");
	close(dgram);
	close(other);
	close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	is(bind(fd, (struct sockaddr *)&a, len), 0, "free again at once");
	close(fd);
	fails(connect(socket(AF_UNIX, SOCK_DGRAM, 0), (struct sockaddr *)&a, len), ECONNREFUSED,
	      "nobody");
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	is(bind(fd, (struct sockaddr *)&a, FAMILY_ONLY), 0, "autobind");
	got_len = sizeof(got);
	must(getsockname(fd, (struct sockaddr *)&got, &got_len) == 0);
	is(got_len, FAMILY_ONLY + 6, "gives an abstract name of five characters");
	for (i = 1; i < 6; i++)
		if (!strchr("0123456789abcdef", got.sun_path[i]))
			break;
	ok(!got.sun_path[0] && i == 6, "of hexadecimal digits");
	is(bind(fd, (struct sockaddr *)&a, FAMILY_ONLY), 0, "again: nothing to do");
	got_len = sizeof(b);
	must(getsockname(fd, (struct sockaddr *)&b, &got_len) == 0);
	ok(!memcmp(&b, &got, got_len), "the same name");
	close(fd);
}

/* --- connections ------------------------------------------------------------------------------------- */

static void connections(int type)
{
	int l = bound(type, "/tmp/un"), c = socket(AF_UNIX, type, 0), s, wrong;
	struct sockaddr_un got;
	socklen_t len = sizeof(got);
	struct ucred cred;

	wrong = socket(AF_UNIX, SOCK_STREAM, 0);
	fails(listen(wrong, 1), EINVAL, "listen without a name");
	fails(accept(l, NULL, NULL), EINVAL, "accept before listen");
	fails(try_connect(c, "/tmp/un"), ECONNREFUSED, "connect before listen");
	is(option(l, SO_ACCEPTCONN), 0, "SO_ACCEPTCONN");
	is(listen(l, 1), 0, "listen");
	is(option(l, SO_ACCEPTCONN), 1, "SO_ACCEPTCONN");
	is(events(l), 0, "poll: nobody has come");
	fails(try_connect(l, "/tmp/un"), EINVAL, "a listener cannot connect");
	close(wrong);
	wrong = socket(AF_UNIX, SOCK_DGRAM, 0);
	fails(try_connect(wrong, "/tmp/un"), EPROTOTYPE, "a socket of another type");
	fails(getpeername(c, (struct sockaddr *)&got, &len), ENOTCONN, "getpeername: nobody");
	fails(send(c, "x", 1, MSG_NOSIGNAL), ENOTCONN, "send: not connected");
	fails(recv(c, buf, 1, 0), type == SOCK_STREAM ? EINVAL : ENOTCONN, "recv: not connected");
	is(events(c), POLLOUT | POLLHUP, "poll: not connected");
	is(try_connect(c, "/tmp/un"), 0, "connect");
	fails(try_connect(c, "/tmp/un"), EISCONN, "connect again");
	is(events(l), POLLIN, "poll: somebody has come");
	is(events(c), POLLOUT, "poll: connected");
	is(send(c, "early", 5, 0), 5, "bytes before accept");
	fails(syscall(SYS_accept4, l, NULL, NULL, 0x10), EINVAL, "accept4: an unknown flag");
	len = sizeof(got);
	s = accept4(l, (struct sockaddr *)&got, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	ok(s >= 0, "accept4");
	is(len, FAMILY_ONLY, "the peer has no name");
	ok(fcntl(s, F_GETFD) == FD_CLOEXEC && fcntl(s, F_GETFL) == (O_RDWR | O_NONBLOCK),
	   "with its flags");
	is(recv(s, buf, 10, 0), 5, "the bytes");
	fails(recv(s, buf, 10, 0), EAGAIN, "no more: EAGAIN");
	len = sizeof(got);
	ok(!getsockname(s, (struct sockaddr *)&got, &len) && !strcmp(got.sun_path, "/tmp/un"),
	   "the accepted one has the listener's name");
	len = sizeof(got);
	ok(!getpeername(c, (struct sockaddr *)&got, &len) && !strcmp(got.sun_path, "/tmp/un"),
	   "getpeername");
	len = sizeof(cred);
	ok(!getsockopt(c, SOL_SOCKET, SO_PEERCRED, &cred, &len) && cred.pid == getpid() &&
		   cred.uid == getuid(),
	   "SO_PEERCRED");
	fails(listen(s, 1), EINVAL, "listen on a connection");
	fails(accept(s, NULL, NULL), EINVAL, "accept on a connection");
	must(fcntl(l, F_SETFL, O_NONBLOCK) == 0);
	fails(accept(l, NULL, NULL), EAGAIN, "nobody: EAGAIN");
	fails(syscall(SYS_accept, c, 1, 1), EINVAL, "accept: EINVAL before EFAULT");
	close(wrong);
	close(s);
	close(c);
	close(l);
	unlink("/tmp/un");
}

static void backlog(void)
{
	int l = bound(SOCK_STREAM, "/tmp/un"), c[4], i, n = 0;

	must(listen(l, 1) == 0);
	for (i = 0; i < 4; i++) {
		c[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (try_connect(c[i], "/tmp/un") == 0)
			n++;
	}
	is(errno, EAGAIN, "the backlog is full: EAGAIN");
	is(n, 2, "one more than asked for");
	must(listen(l, 5) == 0);
	is(try_connect(c[3], "/tmp/un"), 0, "more room: more connections");
	close(accept(l, NULL, NULL));
	is(recv(c[0], buf, 1, 0), 0, "the first to come is the first to be accepted");
	if (fork() == 0) {
		sleep_ms(50);
		close(accept(l, NULL, NULL));
		_exit(0);
	}
	must(listen(l, 0) == 0 && fcntl(c[2], F_SETFL, 0) == 0);
	close(accept(l, NULL, NULL));
	is(try_connect(c[2], "/tmp/un"), 0, "connect waits for room");
	wait(NULL);
	close(l);
	fails(recv(c[2], buf, 1, 0), ECONNRESET, "the listener goes: ECONNRESET");
	is(recv(c[2], buf, 1, 0), 0, "then the end");
	for (i = 0; i < 4; i++)
		close(c[i]);
	unlink("/tmp/un");
}

static void timeouts(void)
{
	struct timeval tv = { 0, 60000 };
	int l = bound(SOCK_STREAM, "/tmp/un"), c[3], sv[2], i;
	socklen_t len = sizeof(tv);
	int64_t t;

	must(listen(l, 0) == 0);
	must(setsockopt(l, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) == 0);
	t = now_ns(CLOCK_MONOTONIC);
	fails(accept(l, NULL, NULL), EAGAIN, "accept with SO_RCVTIMEO");
	ok(now_ns(CLOCK_MONOTONIC) - t >= 55000000, "after the time");
	for (i = 0; i < 2; i++) {
		c[i] = socket(AF_UNIX, SOCK_STREAM, 0);
		must(setsockopt(c[i], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) == 0);
	}
	must(try_connect(c[0], "/tmp/un") == 0);
	fails(try_connect(c[1], "/tmp/un"), EAGAIN, "connect with SO_SNDTIMEO");
	must(!getsockopt(c[0], SOL_SOCKET, SO_SNDTIMEO, &tv, &len));
	ok(tv.tv_sec == 0 && tv.tv_usec == 60000, "SO_SNDTIMEO is read back");
	tv.tv_usec = 1000000;
	fails(setsockopt(c[0], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)), EDOM,
	      "too many microseconds: EDOM");
	fails(setsockopt(c[0], SOL_SOCKET, SO_SNDTIMEO, &tv, 4), EINVAL, "too short");
	pair(SOCK_STREAM, sv);
	tv.tv_usec = 60000;
	must(setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) == 0);
	must(setsockopt(sv[0], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) == 0);
	fails(read(sv[0], buf, 1), EAGAIN, "read with SO_RCVTIMEO");
	while (write(sv[0], buf, 30000) == 30000)
		;
	is(write(sv[0], buf, 30000), -1, "write with SO_SNDTIMEO");
	is(errno, EAGAIN, "EAGAIN");
	close_pair(sv);
	close(c[0]);
	close(c[1]);
	close(l);
	unlink("/tmp/un");
}

/* --- streams ----------------------------------------------------------------------------------------- */

static void stream(void)
{
	int sv[2], n;

	pair(SOCK_STREAM, sv);
	is(write(sv[0], "hello", 5), 5, "write");
	is(write(sv[0], " world", 6), 6, "write more");
	must(ioctl(sv[1], FIONREAD, &n) == 0);
	is(n, 11, "FIONREAD");
	must(ioctl(sv[0], SIOCOUTQ, &n) == 0);
	ok(n >= 11, "SIOCOUTQ: not yet read");
	is(recv(sv[1], buf, 7, MSG_PEEK), 7, "a peek");
	is(read(sv[1], buf, 3), 3, "a part");
	is(read(sv[1], buf + 3, 100), 8, "the rest, over the end of a message");
	ok(!memcmp(buf, "hello world", 11), "in order");
	must(ioctl(sv[0], SIOCOUTQ, &n) == 0);
	is(n, 0, "SIOCOUTQ: all read");
	is(read(sv[1], buf, 0), 0, "a read of nothing");
	is(write(sv[0], buf, 0), 0, "a write of nothing");
	fails(recv(sv[1], buf, 1, MSG_DONTWAIT), EAGAIN, "leaves nothing");
	fails(send(sv[0], (char *)1, 5, 0), EFAULT, "send: EFAULT");
	must(write(sv[0], "abc", 3) == 3);
	fails(recv(sv[1], (char *)1, 3, 0), EFAULT, "recv: EFAULT");
	is(read(sv[1], buf, 3), 3, "and nothing is lost");
	close_pair(sv);
	pair(SOCK_STREAM, sv);
	must(write(sv[0], "peek", 4) == 4 && write(sv[0], "more", 4) == 4);
	is(recv(sv[1], buf, 8, MSG_PEEK), 8, "a peek over several messages");
	ok(!memcmp(buf, "peekmore", 8), "sees both");
	is(recv(sv[1], buf, 20, MSG_PEEK | MSG_WAITALL), 8, "and does not wait for more");
	is(recv(sv[1], buf, 8, MSG_WAITALL), 8, "MSG_WAITALL has it all");
	if (fork() == 0) {
		for (int i = 0; i < 10; i++) {
			sleep_ms(2);
			must(write(sv[0], "0123456789", 10) == 10);
		}
		_exit(0);
	}
	is(recv(sv[1], buf, 100, MSG_WAITALL), 100, "MSG_WAITALL waits");
	wait(NULL);
	fails(sendto(sv[0], "x", 1, 0, (struct sockaddr *)buf, 20), EISCONN,
	      "sendto on a connection");
	close(sv[0]);
	is(read(sv[1], buf, 1), 0, "the other end goes");
	is(events(sv[1]), POLLIN | POLLOUT | POLLHUP | POLLRDHUP, "poll");
	fails(send(sv[1], "x", 1, MSG_NOSIGNAL), EPIPE, "EPIPE");
	signal(SIGPIPE, SIG_IGN);
	fails(write(sv[1], "x", 1), EPIPE, "EPIPE by write");
	close(sv[1]);
	pair(SOCK_STREAM, sv);
	must(write(sv[0], "x", 1) == 1 && write(sv[1], "unread", 6) == 6);
	close(sv[0]);
	is(option(sv[1], SO_ERROR), ECONNRESET, "what it has not read: ECONNRESET in SO_ERROR");
	is(option(sv[1], SO_ERROR), 0, "once");
	is(read(sv[1], buf, 10), 1, "what it has sent is still there");
	is(read(sv[1], buf, 10), 0, "and then the end");
	close(sv[1]);
	fails(sendto(socket(AF_UNIX, SOCK_STREAM, 0), "x", 1, 0, (struct sockaddr *)buf, 20),
	      EOPNOTSUPP, "sendto without a connection");
}

static void dies_of_pipe(void)
{
	int sv[2];

	signal(SIGPIPE, SIG_DFL);
	pair(SOCK_STREAM, sv);
	close(sv[0]);
	(void)!write(sv[1], "x", 1);
}

static void survives_pipe(void)
{
	int sv[2];

	signal(SIGPIPE, SIG_DFL);
	pair(SOCK_SEQPACKET, sv);
	close(sv[0]);
	(void)!write(sv[1], "x", 1);
}

static void shutting(int type)
{
	int sv[2];

	pair(type, sv);
	fails(shutdown(sv[0], 3), EINVAL, "shutdown: EINVAL");
	must(write(sv[0], "last", 4) == 4);
	is(shutdown(sv[0], SHUT_WR), 0, "SHUT_WR");
	is(events(sv[1]), POLLIN | POLLOUT | POLLRDHUP, "poll: the other end sends no more");
	is(recv(sv[1], buf, 10, 0), 4, "the last bytes");
	is(recv(sv[1], buf, 10, 0), 0, "the end");
	is(recv(sv[1], buf, 10, MSG_DONTWAIT), 0, "the end again");
	is(write(sv[1], "back", 4), 4, "the other way is open");
	is(recv(sv[0], buf, 10, 0), 4, "and works");
	fails(send(sv[0], "x", 1, MSG_NOSIGNAL), EPIPE, "EPIPE");
	is(shutdown(sv[1], SHUT_RD), 0, "SHUT_RD");
	is(shutdown(sv[0], SHUT_RD), 0, "SHUT_RD at the other end");
	fails(send(sv[1], "x", 1, MSG_NOSIGNAL), EPIPE, "nobody reads: EPIPE");
	is(events(sv[0]), POLLIN | POLLOUT | POLLHUP | POLLRDHUP, "poll: all is over");
	close_pair(sv);
	pair(type, sv);
	must(write(sv[0], "x", 1) == 1);
	is(shutdown(sv[1], SHUT_RDWR), 0, "SHUT_RDWR");
	is(recv(sv[1], buf, 10, 0), 1, "what has come can be read");
	close_pair(sv);
	sv[0] = socket(AF_UNIX, type, 0);
	is(shutdown(sv[0], SHUT_RDWR), 0, "shutdown without a connection");
	close(sv[0]);
}

static void blocked(void)
{
	int sv[2], status;
	ssize_t n, all = 0;

	pair(SOCK_STREAM, sv);
	must(fcntl(sv[0], F_SETFL, O_NONBLOCK) == 0);
	is(events(sv[0]), POLLOUT, "poll: there is room");
	while ((n = write(sv[0], buf, 20000)) > 0)
		all += n;
	is(errno, EAGAIN, "no room: EAGAIN");
	ok(all > 100000 && all < 500000, "after SO_SNDBUF bytes or so");
	is(events(sv[0]), 0, "poll: no room");
	if (fork() == 0) {
		ssize_t left = all + 100000;

		while (left > 0 && (n = read(sv[1], buf, 10000)) > 0)
			left -= n;
		_exit(left == 0);
	}
	must(fcntl(sv[0], F_SETFL, 0) == 0);
	is(write(sv[0], buf, 100000), 100000, "a write waits for room");
	wait(&status);
	is(status, EXITED(1), "and everything arrives");
	close_pair(sv);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void interrupted(void)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct timeval tv = { 20, 0 };
	int sv[2];

	pair(SOCK_STREAM, sv);
	sigaction(SIGALRM, &sa, NULL);
	ualarm(20000, 20000); /* again and again: the first may come before the read */
	fails(read(sv[0], buf, 1), EINTR, "a signal ends a read");
	sa.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &sa, NULL);
	must(setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) == 0);
	fails(read(sv[0], buf, 1), EINTR, "with a time-out even with SA_RESTART");
	tv.tv_sec = 0;
	must(setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) == 0);
	if (fork() == 0) {
		sleep_ms(60);
		(void)!write(sv[1], "x", 1);
		_exit(0);
	}
	is(read(sv[0], buf, 1), 1, "without, SA_RESTART goes on");
	ualarm(0, 0);
	wait(NULL);
	close_pair(sv);
}

/* --- datagrams --------------------------------------------------------------------------------------- */

static void dgrams(void)
{
	int a = bound(SOCK_DGRAM, "/tmp/una"), b = bound(SOCK_DGRAM, "/tmp/unb"),
	    c = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un to = named("/tmp/una"), from;
	socklen_t len = sizeof(from);
	int n;

	fails(listen(a, 1), EOPNOTSUPP, "datagrams: listen");
	fails(accept(a, NULL, NULL), EOPNOTSUPP, "accept");
	fails(send(c, "x", 1, 0), ENOTCONN, "send without a destination");
	is(sendto(b, "from b", 6, 0, (struct sockaddr *)&to, sizeof(to)), 6, "sendto");
	is(sendto(c, "", 0, 0, (struct sockaddr *)&to, sizeof(to)), 0, "an empty one");
	is(sendto(c, "cut", 3, 0, (struct sockaddr *)&to, sizeof(to)), 3, "and one more");
	must(ioctl(a, FIONREAD, &n) == 0);
	is(n, 6, "FIONREAD is the first one's size");
	is(recvfrom(a, buf, 100, 0, (struct sockaddr *)&from, &len), 6, "recvfrom");
	ok(len == FAMILY_ONLY + sizeof("/tmp/unb") && !strcmp(from.sun_path, "/tmp/unb"),
	   "and who sent it");
	len = sizeof(from);
	is(recvfrom(a, buf, 100, 0, (struct sockaddr *)&from, &len), 0, "the empty one");
	is(len, 0, "from nobody with a name");
	is(recv(a, buf, 1, MSG_TRUNC | MSG_PEEK), 3, "MSG_TRUNC tells the whole size");
	is(recv(a, buf, 1, 0), 1, "what has no room is lost");
	fails(recv(a, buf, 1, MSG_DONTWAIT), EAGAIN, "there is no rest");
	to = named("/tmp/none");
	fails(sendto(c, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)), ENOENT,
	      "to nobody: ENOENT");
	fails(sendto(c, "x", 1, 0, (struct sockaddr *)&to, 2), EINVAL, "to no name: EINVAL");
	is(try_connect(c, "/tmp/una"), 0, "connect");
	is(send(c, "x", 1, 0), 1, "send");
	is(try_connect(a, "/tmp/unb"), 0, "its peer connects elsewhere");
	fails(send(c, "x", 1, 0), EPERM, "and does not want others: EPERM");
	fails(try_connect(c, "/tmp/una"), EPERM, "nor connections");
	to.sun_family = AF_UNSPEC;
	is(connect(a, (struct sockaddr *)&to, sizeof(to)), 0, "connect to AF_UNSPEC ends it");
	fails(send(a, "x", 1, 0), ENOTCONN, "ENOTCONN");
	fails(recv(a, buf, 1, MSG_DONTWAIT), EAGAIN, "what waited is lost");
	is(send(c, "y", 1, 0), 1, "and others may send again");
	memset(buf, 'z', sizeof(buf));
	fails(send(c, buf, sizeof(buf), 0), EMSGSIZE, "larger than SO_SNDBUF: EMSGSIZE");
	close(a);
	fails(send(c, "x", 1, 0), ECONNREFUSED, "the peer has gone: ECONNREFUSED");
	fails(send(c, "x", 1, 0), ENOTCONN, "and then there is none");
	close(b);
	close(c);
	unlink("/tmp/una");
	unlink("/tmp/unb");
}

static void dgram_queue(void)
{
	int a = bound(SOCK_DGRAM, "/tmp/un"), c = connected(SOCK_DGRAM, "/tmp/un"), n = 0,
	    ep = epoll_create1(0);
	struct epoll_event e = { .events = EPOLLOUT | EPOLLET };
	int most = 10;
	FILE *f = fopen("/proc/sys/net/unix/max_dgram_qlen", "r");

	if (f && fscanf(f, "%d", &most) != 1)
		most = -1;
	is(most, 10, "net.unix.max_dgram_qlen");
	must(epoll_ctl(ep, EPOLL_CTL_ADD, c, &e) == 0);
	is(epoll_wait(ep, &e, 1, 0), 1, "there is room");
	while (send(c, "x", 1, MSG_DONTWAIT) == 1)
		n++;
	is(errno, EAGAIN, "the receiver has too many: EAGAIN");
	is(n, most + 1, "one more than max_dgram_qlen");
	is(events(c), 0, "poll: no room");
	is(epoll_wait(ep, &e, 1, 0), 0, "epoll: no room");
	is(recv(a, buf, 1, 0), 1, "one is read");
	is(epoll_wait(ep, &e, 1, 100), 1, "epoll hears of it");
	is(events(c), POLLOUT, "poll: room");
	must(send(c, "x", 1, 0) == 1);
	if (fork() == 0) {
		sleep_ms(30);
		must(recv(a, buf, 1, 0) == 1);
		_exit(0);
	}
	is(send(c, "x", 1, 0), 1, "send waits for room");
	wait(NULL);
	close(ep);
	close(a);
	close(c);
	unlink("/tmp/un");
}

static void dgram_pair(void)
{
	int sv[2], i;

	pair(SOCK_DGRAM, sv);
	for (i = 0; i < 50 && send(sv[0], "x", 1, MSG_DONTWAIT) == 1; i++)
		;
	is(i, 50, "a pair has no limit but SO_SNDBUF");
	is(shutdown(sv[1], SHUT_RD), 0, "datagrams: SHUT_RD");
	fails(send(sv[0], "x", 1, 0), EPIPE, "EPIPE");
	for (i = 0; recv(sv[1], buf, 1, MSG_DONTWAIT) == 1; i++)
		;
	is(i, 50, "what waited can be read");
	fails(recv(sv[1], buf, 1, MSG_DONTWAIT), EAGAIN, "then EAGAIN");
	is(recv(sv[1], buf, 1, 0), 0, "or the end");
	close(sv[1]);
	fails(send(sv[0], "x", 1, 0), ECONNREFUSED, "the peer has gone");
	close(sv[0]);
}

static void packets(void)
{
	struct iovec iov = { buf, 3 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	int sv[2];

	pair(SOCK_SEQPACKET, sv);
	must(write(sv[0], "first", 5) == 5 && write(sv[0], "second", 6) == 6);
	is(recvmsg(sv[1], &m, 0), 3, "packets are cut");
	is(m.msg_flags, MSG_TRUNC, "MSG_TRUNC");
	is(read(sv[1], buf, 100), 6, "and have borders");
	is(sendto(sv[0], "x", 1, 0, (struct sockaddr *)buf, 20), 1, "sendto ignores the address");
	must(write(sv[0], "", 0) == 0);
	is(read(sv[1], buf, 100), 1, "packets");
	is(read(sv[1], buf, 100), 0, "an empty one");
	close(sv[0]);
	is(recv(sv[1], buf, 1, 0), 0, "the end");
	is(recv(sv[1], buf, 1, MSG_DONTWAIT), 0, "the end without waiting");
	fails(send(sv[1], "x", 1, 0), EPIPE, "EPIPE");
	close(sv[1]);
}

/* --- options ----------------------------------------------------------------------------------------- */

static void options(void)
{
	struct linger linger = { 1, 7 };
	socklen_t len;
	int sv[2], val = 0;
	struct ucred cred;
	char c;

	pair(SOCK_STREAM, sv);
	is(option(sv[0], SO_TYPE), SOCK_STREAM, "SO_TYPE");
	is(option(sv[0], SO_DOMAIN), AF_UNIX, "SO_DOMAIN");
	is(option(sv[0], SO_PROTOCOL), 0, "SO_PROTOCOL");
	is(option(sv[0], SO_SNDBUF), 212992, "SO_SNDBUF");
	is(option(sv[0], SO_RCVBUF), 212992, "SO_RCVBUF");
	is(option(sv[0], SO_ACCEPTCONN), 0, "SO_ACCEPTCONN");
	is(option(sv[0], SO_PASSCRED), 0, "SO_PASSCRED");
	is(option(sv[0], SO_RCVLOWAT), 1, "SO_RCVLOWAT");
	is(option(sv[0], SO_PEEK_OFF), -1, "SO_PEEK_OFF");
	ok(!set(sv[0], SO_SNDBUF, 10000) && option(sv[0], SO_SNDBUF) == 20000,
	   "SO_SNDBUF is doubled");
	ok(!set(sv[0], SO_SNDBUF, 1) && option(sv[0], SO_SNDBUF) == 4608, "the least");
	ok(!set(sv[0], SO_SNDBUF, 1 << 30) && option(sv[0], SO_SNDBUF) == 425984, "the most");
	ok(!set(sv[0], SO_RCVBUF, 1) && option(sv[0], SO_RCVBUF) == 2304, "the least SO_RCVBUF");
	ok(!set(sv[0], SO_SNDBUFFORCE, 1 << 20) && option(sv[0], SO_SNDBUF) == 2 << 20,
	   "SO_SNDBUFFORCE");
	ok(!set(sv[0], SO_KEEPALIVE, 1) && option(sv[0], SO_KEEPALIVE) == 1,
	   "SO_KEEPALIVE is remembered");
	ok(!set(sv[0], SO_REUSEADDR, 5) && option(sv[0], SO_REUSEADDR) == 1, "SO_REUSEADDR");
	ok(!set(sv[0], SO_PASSCRED, 1) && option(sv[0], SO_PASSCRED) == 1, "SO_PASSCRED is set");
	fails(set(sv[0], SO_TYPE, 1), ENOPROTOOPT, "SO_TYPE cannot be set");
	fails(set(sv[0], SO_ERROR, 1), ENOPROTOOPT, "nor SO_ERROR");
	fails(set(sv[0], 9999, 1), ENOPROTOOPT, "an unknown option");
	fails(getsockopt(sv[0], SOL_SOCKET, 9999, &val, (len = 4, &len)), ENOPROTOOPT,
	      "cannot be read");
	fails(setsockopt(sv[0], SOL_SOCKET, SO_KEEPALIVE, &val, 3), EINVAL, "too short");
	fails(setsockopt(sv[0], SOL_SOCKET, SO_KEEPALIVE, (void *)1, 4), EFAULT, "EFAULT");
	fails(setsockopt(sv[0], 6, 1, &val, 4), EOPNOTSUPP, "another level");
	fails(getsockopt(sv[0], 6, 1, &val, &len), EOPNOTSUPP, "another level");
	len = -1;
	fails(getsockopt(sv[0], SOL_SOCKET, SO_TYPE, &val, &len), EINVAL, "a negative length");
	len = 1;
	ok(!getsockopt(sv[0], SOL_SOCKET, SO_TYPE, &c, &len) && len == 1 && c == SOCK_STREAM,
	   "a part of the value");
	len = 100;
	ok(!getsockopt(sv[0], SOL_SOCKET, SO_TYPE, buf, &len) && len == 4, "the length is told");
	must(setsockopt(sv[0], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0);
	len = sizeof(linger);
	linger.l_linger = 0;
	ok(!getsockopt(sv[0], SOL_SOCKET, SO_LINGER, &linger, &len) && linger.l_onoff == 1 &&
		   linger.l_linger == 7,
	   "SO_LINGER");
	len = sizeof(cred);
	ok(!getsockopt(sv[0], SOL_SOCKET, SO_PEERCRED, &cred, &len) && cred.pid == getpid(),
	   "SO_PEERCRED of a pair");
	close_pair(sv);
	sv[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	len = sizeof(cred);
	must(!getsockopt(sv[0], SOL_SOCKET, SO_PEERCRED, &cred, &len));
	ok(cred.pid == 0 && cred.uid == (uid_t)-1 && cred.gid == (gid_t)-1,
	   "SO_PEERCRED without a peer");
	close(sv[0]);
}

static void low_water(void)
{
	int sv[2];

	pair(SOCK_STREAM, sv);
	must(set(sv[1], SO_RCVLOWAT, 5) == 0);
	if (fork() == 0) {
		must(write(sv[0], "abc", 3) == 3);
		sleep_ms(30);
		must(write(sv[0], "def", 3) == 3);
		_exit(0);
	}
	is(read(sv[1], buf, 10), 6, "SO_RCVLOWAT: a read waits for so many");
	wait(NULL);
	close_pair(sv);
}

static void peek_offset(int type)
{
	int sv[2];

	pair(type, sv);
	must(write(sv[0], "abcdef", 6) == 6 && write(sv[0], "ghij", 4) == 4);
	must(set(sv[1], SO_PEEK_OFF, 2) == 0);
	is(recv(sv[1], buf, 2, MSG_PEEK), 2, "SO_PEEK_OFF: a peek in the middle");
	ok(!memcmp(buf, "cd", 2), "of the first");
	is(option(sv[1], SO_PEEK_OFF), 4, "moves on");
	is(recv(sv[1], buf, 2, MSG_PEEK), 2, "and on");
	is(recv(sv[1], buf, 3, MSG_PEEK), 3, "into the next");
	ok(!memcmp(buf, "ghi", 3), "its bytes");
	is(recv(sv[1], buf, type == SOCK_STREAM ? 3 : 100, 0), type == SOCK_STREAM ? 3 : 6,
	   "a read");
	ok(!memcmp(buf, "abc", 3), "is from the start");
	is(option(sv[1], SO_PEEK_OFF), type == SOCK_STREAM ? 6 : 3, "and takes from the offset");
	close_pair(sv);
}

/* --- several messages -------------------------------------------------------------------------------- */

static void many(void)
{
	struct iovec iov[3] = { { "one", 3 }, { "two!", 4 }, { "three", 5 } }, in[4];
	struct mmsghdr m[4] = { 0 };
	struct timespec ts = { 100, 0 };
	int sv[2];

	pair(SOCK_DGRAM, sv);
	for (int i = 0; i < 4; i++) {
		m[i].msg_hdr.msg_iov = &iov[i % 3];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	is(sendmmsg(sv[0], m, 3, 0), 3, "sendmmsg");
	ok(m[0].msg_len == 3 && m[2].msg_len == 5, "with the lengths");
	for (int i = 0; i < 4; i++) {
		in[i] = (struct iovec){ buf + i * 10, 10 };
		m[i].msg_hdr.msg_iov = &in[i];
		m[i].msg_len = 0;
	}
	is(recvmmsg(sv[1], m, 4, MSG_WAITFORONE, NULL), 3, "recvmmsg with MSG_WAITFORONE");
	ok(m[1].msg_len == 4 && !memcmp(buf + 10, "two!", 4), "has them all");
	fails(recvmmsg(sv[1], m, 4, MSG_DONTWAIT, NULL), EAGAIN, "no more: EAGAIN");
	must(send(sv[0], "x", 1, 0) == 1 && send(sv[0], "y", 1, 0) == 1);
	is(recvmmsg(sv[1], m, 2, 0, &ts), 2, "with a time-out");
	ok(ts.tv_sec < 100, "of which the rest is told");
	ts.tv_nsec = 1000000000;
	fails(recvmmsg(sv[1], m, 2, 0, &ts), EINVAL, "recvmmsg: EINVAL");
	fails(sendmmsg(sv[0], (void *)1, 2, 0), EFAULT, "sendmmsg: EFAULT");
	is(sendmmsg(sv[0], m, 0, 0), 0, "none");
	close_pair(sv);
}

static void vectors(void)
{
	struct iovec iov[3] = { { "ab", 2 }, { "", 0 }, { "cde", 3 } }, bad = { (void *)1, 3 };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 3 };
	int sv[2];

	pair(SOCK_STREAM, sv);
	is(sendmsg(sv[0], &m, 0), 5, "sendmsg of a vector");
	is(writev(sv[0], iov, 3), 5, "writev");
	iov[0] = (struct iovec){ buf, 4 };
	iov[2] = (struct iovec){ buf + 10, 100 };
	is(recvmsg(sv[1], &m, 0), 10, "recvmsg into one");
	ok(!memcmp(buf, "abcd", 4) && !memcmp(buf + 10, "eabcde", 6), "in order");
	m.msg_iovlen = 1025;
	fails(sendmsg(sv[0], &m, 0), EMSGSIZE, "too long a vector: EMSGSIZE");
	m.msg_iovlen = 1;
	m.msg_iov = &bad;
	fails(sendmsg(sv[0], &m, 0), EFAULT, "sendmsg: EFAULT");
	fails(syscall(SYS_sendmsg, sv[0], 1, 0), EFAULT, "no struct msghdr");
	m.msg_iov = iov;
	m.msg_namelen = -1;
	m.msg_name = buf;
	fails(sendmsg(sv[0], &m, 0), EINVAL, "a negative name");
	close_pair(sv);
}

/* --- waiting ----------------------------------------------------------------------------------------- */

static volatile sig_atomic_t got_sigio;

static void on_sigio(int sig)
{
	(void)sig;
	got_sigio++;
}

static void waiting(void)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET };
	int sv[2], ep = epoll_create1(0);

	pair(SOCK_STREAM, sv);
	must(epoll_ctl(ep, EPOLL_CTL_ADD, sv[1], &e) == 0);
	is(epoll_wait(ep, &e, 1, 0), 0, "epoll: nothing");
	must(write(sv[0], "x", 1) == 1);
	is(epoll_wait(ep, &e, 1, 100), 1, "a byte");
	is(epoll_wait(ep, &e, 1, 0), 0, "told once");
	must(write(sv[0], "y", 1) == 1);
	is(epoll_wait(ep, &e, 1, 100), 1, "another one");
	close(sv[0]);
	is(epoll_wait(ep, &e, 1, 100), 1, "the end");
	ok(e.events & EPOLLHUP && e.events & EPOLLIN, "EPOLLHUP");
	close(ep);
	close(sv[1]);
	pair(SOCK_STREAM, sv);
	signal(SIGIO, on_sigio);
	must(fcntl(sv[1], F_SETOWN, getpid()) == 0 && fcntl(sv[1], F_SETFL, O_ASYNC) == 0);
	is(fcntl(sv[1], F_GETOWN), getpid(), "F_SETOWN");
	must(write(sv[0], "x", 1) == 1);
	ok(got_sigio > 0, "O_ASYNC: SIGIO for a byte");
	close_pair(sv);
}

static void table(void)
{
	char line[300];
	FILE *f;
	int l = bound(SOCK_STREAM, "/tmp/un-shown"), seen = 0, flags = 0, type = 0;
	struct stat st;
	unsigned long ino = 0;

	must(listen(l, 3) == 0 && fstat(l, &st) == 0);
	f = fopen("/proc/net/unix", "r");
	must(f);
	must(fgets(line, sizeof(line), f));
	ok(!strcmp(line, "Num       RefCount Protocol Flags    Type St Inode Path\n"),
	   "/proc/net/unix");
	while (fgets(line, sizeof(line), f))
		if (strstr(line, " /tmp/un-shown\n"))
			seen += sscanf(line, "%*x: %*x %*x %x %x %*x %lu", &flags, &type, &ino) ==
				3;
	is(seen, 1, "has the socket by its name");
	ok(flags == 0x10000 && type == SOCK_STREAM && ino == st.st_ino,
	   "a listener of this type and inode");
	fclose(f);
	f = fopen("/proc/self/net/unix", "r");
	ok(f, "/proc/self/net/unix");
	if (f)
		fclose(f);
	close(l);
	unlink("/tmp/un-shown");
}

int main(void)
{
	making();
	paths();
	long_path();
	rights_of_paths();
	abstract_names();
	connections(SOCK_STREAM);
	connections(SOCK_SEQPACKET);
	backlog();
	timeouts();
	stream();
	is(in_child(dies_of_pipe), SIGPIPE, "a write to nobody: SIGPIPE");
	is(in_child(survives_pipe), 0, "but not for packets");
	shutting(SOCK_STREAM);
	shutting(SOCK_SEQPACKET);
	blocked();
	interrupted();
	dgrams();
	dgram_queue();
	dgram_pair();
	packets();
	options();
	low_water();
	peek_offset(SOCK_STREAM);
	peek_offset(SOCK_DGRAM);
	many();
	vectors();
	waiting();
	table();
	return tap_end();
}
