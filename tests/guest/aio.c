// SPDX-License-Identifier: MIT
/* io_setup, io_submit, io_getevents, io_cancel, io_destroy: the calls of libaio, and their ring in the program's memory. */
#include "textfile.h"
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/signalfd.h>

enum { PREAD, PWRITE, FSYNC, FDSYNC, POLL = 5, NOOP, PREADV, PWRITEV };

struct event {
	uint64_t data, obj;
	int64_t res, res2;
};

struct cb {
	uint64_t data;
	uint32_t key, rw_flags;
	uint16_t opcode;
	int16_t prio;
	uint32_t fd;
	uint64_t buf, bytes;
	int64_t offset;
	uint64_t reserved;
	uint32_t flags, resfd;
};

struct ring {
	unsigned int id, nr, head, tail, magic, compat, incompat, length;
	struct event events[];
};

static long setup(unsigned int nr, unsigned long *ctx)
{
	return syscall(SYS_io_setup, nr, ctx);
}

static long destroy(unsigned long ctx)
{
	return syscall(SYS_io_destroy, ctx);
}

static long submit(unsigned long ctx, long nr, struct cb **cbs)
{
	return syscall(SYS_io_submit, ctx, nr, cbs);
}

static long getevents(unsigned long ctx, long least, long nr, struct event *events,
		      struct timespec *timeout)
{
	return syscall(SYS_io_getevents, ctx, least, nr, events, timeout);
}

static struct cb request(int opcode, int fd, void *buf, size_t bytes, off_t offset)
{
	return (struct cb){ .data = offset + 1,
			    .opcode = opcode,
			    .fd = fd,
			    .buf = (uint64_t)(uintptr_t)buf,
			    .bytes = bytes,
			    .offset = offset };
}

/* Submit one and take its event: its result, or minus the errno of io_submit. */
static long one(unsigned long ctx, struct cb cb)
{
	struct cb *p = &cb;
	struct event e;

	if (submit(ctx, 1, &p) != 1)
		return -errno;
	if (getevents(ctx, 1, 1, &e, NULL) != 1 || e.data != cb.data ||
	    e.obj != (uint64_t)(uintptr_t)p || e.res2)
		return -9999;
	return e.res;
}

static long aio_nr(void)
{
	char text[32] = "";
	int fd = open("/proc/sys/fs/aio-nr", O_RDONLY);

	read(fd, text, sizeof(text) - 1);
	close(fd);
	return atol(text);
}

static bool in_maps(unsigned long addr)
{
	char line[512], start[32];
	FILE *f = fopen("/proc/self/maps", "r");
	bool found = false;

	snprintf(start, sizeof(start), "%lx-", addr);
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, start, strlen(start)) && strstr(line, "/[aio]") &&
		    strstr(line, "rw-s"))
			found = true;
	if (f)
		fclose(f);
	return found;
}

static void test_setup(void)
{
	unsigned long ctx = 0, other;
	struct ring *ring;
	long nr = aio_nr();
	int status;

	fails(setup(0, &ctx), EINVAL, "setup: no events: EINVAL");
	fails(setup(1u << 30, &ctx), EINVAL, "setup: too many: EINVAL");
	fails(setup(1 << 20, &ctx), EAGAIN, "setup: more than aio-max-nr: EAGAIN");
	fails(setup(1, NULL), EFAULT, "setup: EFAULT");
	other = 1;
	fails(setup(1, &other), EINVAL, "setup: the place is not empty: EINVAL");
	is(setup(100, &ctx), 0, "setup: a context for 100");
	is(aio_nr() - nr, 100, "setup: aio-nr counts it");
	ring = (struct ring *)ctx;
	ok(ring->magic == 0xa10a10a1 && ring->compat == 1 && !ring->incompat && ring->length == 32,
	   "setup: its name is the address of the ring");
	ok(ring->nr >= 100 && ring->head == 0 && ring->tail == 0,
	   "setup: which is empty (%u slots)", ring->nr);
	ok(in_maps(ctx), "setup: /[aio] in maps");
	if (!fork())
		_exit(submit(ctx, 0, NULL) == -1 && errno == EINVAL ? 0 : 1);
	wait(&status);
	is(status, 0, "setup: a child does not have it");
	is(submit(ctx, 0, NULL), 0, "setup: nothing to submit");
	fails(submit(ctx, -1, NULL), EINVAL, "setup: less than nothing: EINVAL");
	fails(submit(ctx + 4096, 1, NULL), EINVAL, "setup: no such context: EINVAL");
	fails(getevents(ctx + 4096, 0, 1, NULL, NULL), EINVAL, "setup: nor for its events");
	is(destroy(ctx), 0, "setup: destroy");
	fails(destroy(ctx), EINVAL, "setup: once");
	ok(!in_maps(ctx), "setup: the ring is unmapped");
	is(aio_nr(), nr, "setup: and counted off");
}

static void test_rw(void)
{
	char a[8192], b[8192];
	struct iovec out[2] = { { a, 100 }, { a + 4000, 4096 } },
		     in[2] = { { b, 4000 }, { b + 5000, 196 } };
	int fd = open("/tmp/aio", O_RDWR | O_CREAT | O_TRUNC, 0600),
	    ro = open("/tmp/aio", O_RDONLY);
	unsigned long ctx = 0;
	struct cb cb;

	for (unsigned int i = 0; i < sizeof(a); i++)
		a[i] = i * 7 + i / 256;
	setup(4, &ctx);
	is(one(ctx, request(PWRITE, fd, a, sizeof(a), 4096)), sizeof(a), "rw: PWRITE");
	is(one(ctx, request(PREAD, fd, b, sizeof(b), 4096)), sizeof(b), "rw: PREAD");
	ok(!memcmp(a, b, sizeof(a)), "rw: the same bytes");
	is(one(ctx, request(PREAD, fd, b, sizeof(b), 8192)), 4096, "rw: to the end of the file");
	is(one(ctx, request(PREAD, fd, b, sizeof(b), 1 << 20)), 0, "rw: behind it");
	is(one(ctx, request(PWRITEV, fd, out, 2, 0)), 4196, "rw: PWRITEV");
	is(one(ctx, request(PREADV, fd, in, 2, 0)), 4196, "rw: PREADV");
	ok(!memcmp(b, a, 100) && !memcmp(b + 100, a + 4000, 3900) &&
		   !memcmp(b + 5000, a + 7900, 196),
	   "rw: scattered");
	is(lseek(fd, 0, SEEK_CUR), 0, "rw: the position stands");
	is(one(ctx, request(FSYNC, fd, NULL, 0, 0)), 0, "rw: FSYNC");
	is(one(ctx, request(FDSYNC, fd, NULL, 0, 0)), 0, "rw: FDSYNC");
	is(one(ctx, request(FSYNC, fd, NULL, 1, 0)), -EINVAL, "rw: FSYNC of a range: EINVAL");
	is(one(ctx, request(NOOP, fd, NULL, 0, 0)), -EINVAL, "rw: an opcode that is none: EINVAL");
	is(one(ctx, request(PREAD, 999, b, 1, 0)), -EBADF, "rw: no such file: EBADF");
	is(one(ctx, request(PWRITE, ro, b, 1, 0)), -EBADF, "rw: not open for writing: EBADF");
	is(one(ctx, request(PREAD, fd, b, -1, 0)), -EINVAL, "rw: a negative length: EINVAL");
	is(one(ctx, request(PREAD, fd, b, 1, -1)), -EINVAL, "rw: a negative offset: EINVAL");
	is(one(ctx, request(PREAD, fd, (void *)64, 100, 0)), -EFAULT,
	   "rw: no memory there: its event says EFAULT");
	cb = request(PREAD, fd, b, 1, 0);
	cb.reserved = 1;
	is(one(ctx, cb), -EINVAL, "rw: reserved field: EINVAL");
	cb = request(PREAD, fd, b, 1, 0);
	cb.rw_flags = 1u << 30;
	is(one(ctx, cb), -EOPNOTSUPP, "rw: unknown RWF flags: EOPNOTSUPP");
	cb.rw_flags = 0;
	cb.flags = 1;
	cb.resfd = fd;
	is(one(ctx, cb), -EINVAL, "rw: a resfd that is no eventfd: EINVAL");
	destroy(ctx);
	close(fd);
	close(ro);
}

static void test_events(void)
{
	struct timespec none = { 0, 0 }, little = { 0, 20000000 };
	int fd = open("/tmp/aio", O_RDWR), efd = eventfd(0, 0);
	struct cb cbs[8], *ps[8];
	struct event e[8];
	unsigned long ctx = 0;
	struct ring *ring;
	uint64_t count;
	char b[8];

	setup(8, &ctx);
	ring = (struct ring *)ctx;
	is(getevents(ctx, 0, 8, e, NULL), 0, "events: none");
	is(getevents(ctx, 1, 8, e, &none), 0, "events: none, and no time");
	is(getevents(ctx, 1, 8, e, &little), 0, "events: none in 20 ms");
	fails(getevents(ctx, 2, 1, e, &none), EINVAL, "events: more at least than at most: EINVAL");
	fails(getevents(ctx, -1, 1, e, &none), EINVAL, "events: less than none: EINVAL");
	for (int i = 0; i < 8; i++) {
		cbs[i] = request(PREAD, fd, b + i, 1, i);
		cbs[i].flags = 1;
		cbs[i].resfd = efd;
		ps[i] = &cbs[i];
	}
	is(submit(ctx, 8, ps), 8, "events: eight requests");
	read(efd, &count, sizeof(count));
	is(count, 8, "events: eventfd counts them");
	ok((ring->tail - ring->head) % ring->nr == 8, "events: they are in the ring");
	is(getevents(ctx, 1, 3, e, NULL), 3, "events: three");
	ok(e[0].data == 1 && e[2].data == 3, "events: in order");
	ok(ring->events[ring->head].data == 4, "events: the program sees the next in the ring");
	ring->head++;
	is(getevents(ctx, 4, 8, e, &none), 4, "events: what it took itself does not come again");
	is(e[0].data, 5, "events: the next one does");
	ps[2] = (struct cb *)64;
	is(submit(ctx, 8, ps), 2, "events: submission ends at what cannot be submitted");
	fails(submit(ctx, 1, ps + 2), EFAULT, "events: which is told when it is the first");
	fails(submit(ctx, 1, (struct cb **)64), EFAULT, "events: no array");
	is(getevents(ctx, 2, 8, e, NULL), 2, "events: the two");
	submit(ctx, 1, ps);
	fails(getevents(ctx, 1, 1, (struct event *)64, NULL), EFAULT, "events: no place for it");
	is(getevents(ctx, 1, 8, e, NULL), 1, "events: it is still there");
	fails(syscall(SYS_io_cancel, ctx, ps[0], e), EINVAL, "events: nothing to cancel");
	fails(syscall(SYS_io_cancel, ctx, (void *)64, e), EFAULT, "events: cancel: EFAULT");
	/* more than the ring holds */
	ps[2] = &cbs[2];
	{
		long n = 0;

		while (n < 100000 && submit(ctx, 1, ps) == 1)
			n++;
		ok(errno == EAGAIN && n >= 8 && n < ring->nr, "events: a full ring: EAGAIN");
		is(getevents(ctx, 1, 1, e, NULL), 1, "events: one is taken");
	}
	destroy(ctx);
	close(fd);
	close(efd);
}

static void nothing(int sig)
{
	(void)sig;
}

static void test_waiting(void)
{
	struct sigaction act = { .sa_handler = nothing };
	unsigned long ctx = 0;
	struct event e;
	int status;
	pid_t pid;

	setup(8, &ctx);
	sigaction(SIGALRM, &act, NULL);
	pid = getpid();
	if (!fork()) {
		(void)EVENTUALLY(sleeps_in(pid, SYS_io_getevents));
		kill(pid, SIGALRM);
		_exit(0);
	}
	fails(getevents(ctx, 1, 1, &e, NULL), EINTR, "waiting: a signal: EINTR");
	wait(&status);
	ok((unsigned long)mremap((void *)ctx, 4096, 4096, 0) == ctx, "waiting: the ring is memory");
	munmap((void *)ctx, 1 << 16);
	fails(getevents(ctx, 1, 1, &e, NULL), EINVAL,
	      "waiting: who unmaps the ring has no context");
}

static struct cb poll_request(int fd, short events)
{
	return request(POLL, fd, (void *)(uintptr_t)(unsigned short)events, 0, 0);
}

/* A request for each end of a pipe and a socket; one that another process fulfils; cancelled ones. */
static void test_poll(void)
{
	struct timespec none = { 0, 0 };
	struct cb r, w, s, *list[3] = { &r, &w, &s };
	unsigned long ctx = 0;
	struct event e[3];
	int p[2], sock[2], file = memfd_create("poll", 0), status;

	must(!pipe(p) && !socketpair(AF_UNIX, SOCK_STREAM, 0, sock) && !setup(8, &ctx));
	r = poll_request(p[0], POLLIN);
	w = poll_request(p[1], POLLOUT);
	s = poll_request(sock[0], POLLIN | POLLRDHUP);
	w.data = 2, s.data = 3;
	is(submit(ctx, 3, list), 3, "poll: three requests");
	is(getevents(ctx, 0, 3, e, &none), 1, "poll: one is fulfilled");
	ok(e[0].data == 2 && e[0].res == POLLOUT, "poll: the end that can be written");
	is(getevents(ctx, 0, 3, e, &none), 0, "poll: no more");
	if (!fork()) {
		usleep(20000);
		_exit(write(p[1], "x", 1) != 1);
	}
	is(getevents(ctx, 1, 3, e, NULL), 1, "poll: another process writes");
	ok(e[0].data == 1 && (e[0].res | POLLRDNORM) == (POLLIN | POLLRDNORM),
	   "poll: now it can be read");
	must(wait(&status) > 0 && !status);
	close(sock[1]);
	is(getevents(ctx, 1, 3, e, NULL), 1, "poll: the other socket is closed");
	ok(e[0].data == 3 && (e[0].res & ~POLLRDNORM) == (POLLIN | POLLRDHUP | POLLHUP),
	   "poll: what is told of that");
	is(submit(ctx, 1, list), 1, "poll: again");
	is(getevents(ctx, 1, 3, e, NULL), 1, "poll: fulfilled already");
	must(read(p[0], e, 1) == 1);
	is(submit(ctx, 1, list), 1, "poll: once more");
	fails(syscall(SYS_io_cancel, ctx, &r, e), EINPROGRESS, "poll: cancelled");
	is(getevents(ctx, 1, 3, e, NULL), 1, "poll: which is an event");
	is(e[0].res, 0, "poll: without bits");
	fails(syscall(SYS_io_cancel, ctx, &r, e), EINVAL, "poll: nothing left to cancel");
	s = poll_request(file, POLLIN);
	is(submit(ctx, 1, list + 2), 1, "poll: a file");
	is(getevents(ctx, 1, 3, e, NULL), 1, "poll: is always ready");
	s = poll_request(file, POLLPRI);
	fails(submit(ctx, 1, list + 2), EINVAL, "poll: but for what it cannot tell");
	s = poll_request(p[0], POLLIN);
	s.offset = 1;
	fails(submit(ctx, 1, list + 2), EINVAL, "poll: an offset");
	s.offset = 0, s.buf |= 1 << 16;
	fails(submit(ctx, 1, list + 2), EINVAL, "poll: more than 16 bits");
	is(submit(ctx, 1, list), 1, "poll: one that waits");
	is(destroy(ctx), 0, "poll: and ends with the context");
	if (!fork()) {
		ctx = 0;
		_exit(setup(8, &ctx) || submit(ctx, 1, list) != 1);
	}
	must(wait(&status) > 0);
	is(status, 0, "poll: or with the process");
	if (!fork()) { /* the queue of a signalfd goes with it */
		sigset_t mask;

		sigemptyset(&mask);
		ctx = 0;
		r = poll_request(signalfd(-1, &mask, 0), POLLIN);
		_exit(setup(8, &ctx) || submit(ctx, 1, list) != 1);
	}
	must(wait(&status) > 0);
	is(status, 0, "poll: of a queue that is the process's");
	close(p[0]);
	close(p[1]);
	close(sock[0]);
	close(file);
}

int main(void)
{
	test_setup();
	test_rw();
	test_events();
	test_waiting();
	unlink("/tmp/aio");
	test_poll();
	return tap_end();
}
