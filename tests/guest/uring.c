// SPDX-License-Identifier: MIT
/* io_uring_setup, io_uring_enter, io_uring_register by raw system calls: the rings, each kind of operation, errno by errno. */
#include "uring.h"
#include <poll.h>
#include <linux/time_types.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <linux/stat.h>

/* ---- the calls ---- */

static void test_setup(void)
{
	struct io_uring_params p = { 0 };
	struct ring r;
	int fd;

	fails(setup(0, &p), EINVAL, "setup: no entries");
	fails(setup(32769, &p), EINVAL, "setup: more than 32768 entries");
	fails(setup(1, NULL), EFAULT, "setup: no parameters");
	p.resv[0] = 1;
	fails(setup(1, &p), EINVAL, "setup: a reserved field");
	memset(&p, 0, sizeof(p));
	p.flags = 1u << 31;
	fails(setup(1, &p), EINVAL, "setup: an unknown flag");
	p.flags = IORING_SETUP_CQSIZE;
	fails(setup(4, &p), EINVAL, "setup: CQSIZE 0");
	p.cq_entries = 2;
	fails(setup(4, &p), EINVAL, "setup: fewer completions than entries");
	p.flags = IORING_SETUP_CLAMP;
	fd = setup(100000, &p);
	ok(fd >= 0 && p.sq_entries == 32768 && p.cq_entries == 65536, "setup: CLAMP");
	close(fd);
	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_ATTACH_WQ;
	p.wq_fd = 999;
	fails(setup(1, &p), ENXIO, "setup: ATTACH_WQ to no descriptor");
	p.wq_fd = 1;
	fails(setup(1, &p), EINVAL, "setup: ATTACH_WQ to no ring");
	p.flags = IORING_SETUP_TASKRUN_FLAG;
	fails(setup(1, &p), EINVAL, "setup: TASKRUN_FLAG alone");
	must(open_ring(&r, 5, 0, 0));
	ok(r.p.sq_entries == 8 && r.p.cq_entries == 16, "setup: sizes are powers of two");
	ok(r.p.features & IORING_FEAT_SINGLE_MMAP && r.p.features & IORING_FEAT_NODROP &&
		   r.p.features & IORING_FEAT_EXT_ARG,
	   "setup: features");
	is(fcntl(r.fd, F_GETFD), FD_CLOEXEC, "setup: the descriptor is closed by exec");
	is(*field(&r, r.p.sq_off.ring_mask), 7, "the mask of the submission ring");
	is(*field(&r, r.p.cq_off.ring_entries), 16, "the size of the completion ring");
	ok(mmap(NULL, 4096, PROT_READ, MAP_SHARED, r.fd, 0x8000000) != MAP_FAILED,
	   "mmap: the completion ring's own offset");
	ok(mmap(NULL, 4096, PROT_READ, MAP_SHARED, r.fd, 0x4000000) == MAP_FAILED,
	   "mmap: nothing there");
	close_ring(&r);
}

static void test_enter(void)
{
	struct __kernel_timespec ts = { 0, 1000000 };
	struct io_uring_getevents_arg arg = { .ts = (uintptr_t)&ts };
	struct io_uring_cqe c;
	struct ring r;
	int i;

	must(open_ring(&r, 4, 0, 0));
	fails(enter(-1, 0, 0, 0), EBADF, "enter: no descriptor");
	fails(enter(1, 0, 0, 0), EOPNOTSUPP, "enter: no ring");
	fails(enter(r.fd, 0, 0, 1 << 20), EINVAL, "enter: an unknown flag");
	is(enter(r.fd, 3, 0, 0), 0, "enter: nothing to submit");
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 77);
	is(enter(r.fd, 1, 1, IORING_ENTER_GETEVENTS), 1, "a NOP is submitted");
	ok(take(&r, &c) && c.user_data == 77 && c.res == 0 && c.flags == 0, "and completes");
	is(*r.sq_head, 1, "the kernel moves the head of the submission ring");
	fails(syscall(SYS_io_uring_enter, r.fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG,
		      &arg, sizeof(arg)),
	      ETIME, "enter: time is up");
	fails(syscall(SYS_io_uring_enter, r.fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG,
		      &arg, 3),
	      EINVAL, "enter: an argument of another size");
	fails(syscall(SYS_io_uring_enter, r.fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG,
		      NULL, sizeof(arg)),
	      EFAULT, "enter: no argument");
	arg.pad = 1;
	fails(syscall(SYS_io_uring_enter, r.fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG,
		      &arg, sizeof(arg)),
	      EINVAL, "enter: padding");
	for (i = 0; i < 4; i++)
		sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, i);
	is(enter(r.fd, 100, 4, IORING_ENTER_GETEVENTS), 4, "more asked for than there are");
	is(ready(&r), 4, "four completions");
	*r.cq_head += 4;
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 0);
	r.array[(*r.sq_tail - 1) & 3] = 4;
	is(enter(r.fd, 1, 0, 0), 0, "an index out of range is dropped");
	is(*r.sq_dropped, 1, "and counted");
	sqe(&r, 200, -1, NULL, 0, 0, 5);
	is(run(&r), -EINVAL, "an unknown operation completes with EINVAL");
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 5)->flags = 1 << 7;
	is(run(&r), -EINVAL, "an unknown flag of an entry");
	sqe(&r, IORING_OP_READ, -1, &c, 1, 0, 5);
	is(run(&r), -EBADF, "a read of no descriptor");
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 5)->ioprio = 1;
	is(run(&r), -EINVAL, "a priority where there is none");
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 5)->personality = 9;
	is(run(&r), -EINVAL, "a personality that is not registered");
	close_ring(&r);
}

static void test_bad_stops(void)
{
	struct ring r;
	int res[3];

	must(open_ring(&r, 4, 0, 0));
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 0);
	sqe(&r, 200, -1, NULL, 0, 0, 1);
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 2);
	is(enter(r.fd, 3, 0, 0), 2, "a bad entry ends the submission");
	run_all(&r, res, 3);
	ok(!res[0] && res[1] == -EINVAL && !res[2], "what is behind it is submitted later");
	close_ring(&r);
	must(open_ring(&r, 4, IORING_SETUP_SUBMIT_ALL, 0));
	sqe(&r, 200, -1, NULL, 0, 0, 0);
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 1);
	is(enter(r.fd, 2, 0, 0), 2, "SUBMIT_ALL goes on");
	close_ring(&r);
}

static void test_overflow(void)
{
	struct ring r;
	int i, n = 0;
	struct io_uring_cqe c;

	must(open_ring(&r, 2, 0, 0));
	for (i = 0; i < 7; i++) {
		sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, i);
		enter(r.fd, 1, 0, 0);
	}
	is(ready(&r), 4, "overflow: the ring is full");
	ok(*r.sq_flags & IORING_SQ_CQ_OVERFLOW, "overflow: the program is told");
	for (i = 0; i < 7 && take(&r, &c); i++)
		n += c.user_data == (unsigned int)i;
	is(n, 7, "overflow: nothing is lost, in order");
	ok(!(*r.sq_flags & IORING_SQ_CQ_OVERFLOW) && !*r.cq_overflow, "overflow: it is over");
	close_ring(&r);
}

/* ---- reading and writing ---- */

static int temp_file(void)
{
	char name[] = "/tmp/uringXXXXXX";
	int fd = mkstemp(name);

	must(fd >= 0);
	unlink(name);
	return fd;
}

static void test_rw(void)
{
	char buf[8192], back[8192];
	struct iovec iov[6];
	int fd = temp_file(), null = open("/dev/null", O_RDONLY), i;
	struct ring r;

	must(open_ring(&r, 8, 0, 0));
	for (i = 0; i < (int)sizeof(buf); i++)
		buf[i] = (char)(i * 7);
	sqe(&r, IORING_OP_WRITE, fd, buf, 8192, 0, 0);
	is(run(&r), 8192, "WRITE");
	sqe(&r, IORING_OP_READ, fd, back, 8192, 0, 0);
	is(run(&r), 8192, "READ");
	ok(!memcmp(buf, back, 8192), "what was written");
	sqe(&r, IORING_OP_READ, fd, back, 8192, 8000, 0);
	is(run(&r), 192, "READ: short at the end");
	sqe(&r, IORING_OP_READ, fd, back, 8192, 10000, 0);
	is(run(&r), 0, "READ: nothing behind the end");
	for (i = 0; i < 6; i++)
		iov[i] = (struct iovec){ back + 1000 * i, 1000 };
	memset(back, 0, sizeof(back));
	sqe(&r, IORING_OP_READV, fd, iov, 6, 100, 0);
	is(run(&r), 6000, "READV of six pieces");
	ok(!memcmp(buf + 100, back, 6000), "READV: in order");
	for (i = 0; i < 6; i++)
		iov[i] = (struct iovec){ buf + 1000 * i, 1000 };
	sqe(&r, IORING_OP_WRITEV, fd, iov, 6, 8192, 0)->flags = IOSQE_ASYNC;
	is(run(&r), 6000, "WRITEV by a worker");
	is(pread(fd, back, 6000, 8192), 6000, "the file has grown");
	ok(!memcmp(buf, back, 6000), "WRITEV: in order");
	lseek(fd, 10, SEEK_SET);
	sqe(&r, IORING_OP_READ, fd, back, 20, -1, 0);
	is(run(&r), 20, "READ at the file's position");
	is(lseek(fd, 0, SEEK_CUR), 30, "which moves");
	sqe(&r, IORING_OP_WRITE, null, buf, 1, 0, 0);
	is(run(&r), -EBADF, "WRITE to what is open for reading");
	sqe(&r, IORING_OP_READ, fd, (void *)8, 20, 0, 0);
	is(run(&r), -EFAULT, "READ to bad memory");
	sqe(&r, IORING_OP_READV, fd, (void *)8, 1, 0, 0);
	is(run(&r), -EFAULT, "READV with bad vectors");
	sqe(&r, IORING_OP_READV, fd, iov, 2000, 0, 0);
	is(run(&r), -EINVAL, "READV with too many vectors");
	sqe(&r, IORING_OP_READ, fd, back, 20, 0, 0)->rw_flags = 1 << 20;
	is(run(&r), -EOPNOTSUPP, "READ with unknown RWF flags");
	close(null);
	close(fd);
	close_ring(&r);
}

static void test_pipe(void)
{
	char buf[8] = "";
	struct io_uring_cqe c;
	struct ring r;
	int p[2];

	must(open_ring(&r, 8, 0, 0) && !pipe(p));
	sqe(&r, IORING_OP_READ, p[0], buf, 8, 0, 1);
	is(enter(r.fd, 1, 0, 0), 1, "a read of an empty pipe is submitted");
	is(ready(&r), 0, "and waits");
	is(write(p[1], "abc", 3), 3, "somebody writes");
	ok(take(&r, &c) && c.user_data == 1 && c.res == 3, "the read completes");
	ok(!memcmp(buf, "abc", 3), "with what was written");
	sqe(&r, IORING_OP_READ, p[0], buf, 8, 0, 2);
	enter(r.fd, 1, 0, 0);
	close(p[1]);
	ok(take(&r, &c) && c.user_data == 2 && c.res == 0, "the last writer goes: the end");
	close(p[0]);
	must(!pipe2(p, O_NONBLOCK));
	sqe(&r, IORING_OP_READ, p[0], buf, 8, 0, 3);
	enter(r.fd, 1, 0, 0);
	is(write(p[1], "n", 1), 1, "O_NONBLOCK");
	ok(take(&r, &c) && c.user_data == 3 && c.res == 1, "does not shorten the wait");
	close(p[0]);
	close(p[1]);
	close_ring(&r);
}

static void test_eventfd_read(void)
{
	uint64_t value = 0, one = 5;
	int fd = eventfd(0, 0);
	struct io_uring_cqe c;
	struct ring r;

	must(open_ring(&r, 8, 0, 0));
	sqe(&r, IORING_OP_READ, fd, &value, 8, 0, 1);
	enter(r.fd, 1, 0, 0);
	is(ready(&r), 0, "a read of an eventfd waits");
	is(write(fd, &one, 8), 8, "it is raised");
	ok(take(&r, &c) && c.res == 8 && value == 5, "the read completes");
	close(fd);
	close_ring(&r);
}

/* ---- links and drains ---- */

static void test_links(void)
{
	struct ring r;
	char c = 'x', buf[8];
	int res[4], fd = temp_file(), p[2], i;

	must(open_ring(&r, 64, 0, 0) && !pipe(p));
	sqe(&r, IORING_OP_WRITE, fd, "hello", 5, 0, 0)->flags = IOSQE_IO_LINK;
	sqe(&r, IORING_OP_FSYNC, fd, NULL, 0, 0, 1)->flags = IOSQE_IO_LINK;
	sqe(&r, IORING_OP_READ, fd, buf, 5, 0, 2);
	run_all(&r, res, 3);
	ok(res[0] == 5 && !res[1] && res[2] == 5 && !memcmp(buf, "hello", 5), "a chain in order");
	sqe(&r, IORING_OP_READ, -1, buf, 1, 0, 0)->flags = IOSQE_IO_LINK;
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 1)->flags = IOSQE_IO_LINK;
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 2);
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 3);
	run_all(&r, res, 4);
	ok(res[0] == -EBADF && res[1] == -ECANCELED && res[2] == -ECANCELED && !res[3],
	   "a failure cancels the rest of its chain");
	sqe(&r, IORING_OP_READ, -1, buf, 1, 0, 0)->flags = IOSQE_IO_HARDLINK;
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 1);
	run_all(&r, res, 2);
	ok(res[0] == -EBADF && !res[1], "but not behind a hard link");
	sqe(&r, IORING_OP_READ, fd, buf, 8, 0, 0)->flags = IOSQE_IO_LINK;
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 1);
	run_all(&r, res, 2);
	ok(res[0] == 5 && res[1] == -ECANCELED, "a short read breaks a chain");
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 0)->flags = IOSQE_IO_LINK;
	sqe(&r, 200, -1, NULL, 0, 0, 1);
	run_all(&r, res, 2);
	ok(res[0] == -ECANCELED && res[1] == -EINVAL, "a bad entry fails its chain");
	sqe(&r, IORING_OP_READ, p[0], buf, 1, 0, 0)->flags = IOSQE_IO_LINK;
	sqe(&r, IORING_OP_WRITE, p[1], &c, 1, 0, 1);
	enter(r.fd, 2, 0, 0);
	is(ready(&r), 0, "the second of a chain waits for the first");
	is(write(p[1], "y", 1), 1, "which gets what it waits for");
	run_all(&r, res, 2);
	ok(res[0] == 1 && res[1] == 1 && read(p[0], buf, 1) == 1 && buf[0] == 'x', "then it runs");
	for (i = 0; i < 64; i++)
		sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 0)->flags = i < 63 ? IOSQE_IO_LINK : 0;
	is(enter(r.fd, 64, 64, IORING_ENTER_GETEVENTS), 64, "a long chain");
	*r.cq_head = *r.cq_tail;
	close(fd);
	close(p[0]);
	close(p[1]);
	close_ring(&r);
}

static void test_drain(void)
{
	struct io_uring_cqe c;
	char buf[4];
	struct ring r;
	int res[3], p[2];

	must(open_ring(&r, 8, 0, 0) && !pipe(p));
	sqe(&r, IORING_OP_READ, p[0], buf, 1, 0, 0);
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 1)->flags = IOSQE_IO_DRAIN;
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 2);
	is(enter(r.fd, 3, 0, 0), 3, "a drain behind a read that waits");
	is(ready(&r), 0, "nothing overtakes");
	is(write(p[1], "y", 1), 1, "the read ends");
	run_all(&r, res, 3);
	ok(res[0] == 1 && !res[1] && !res[2], "all run");
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 9)->flags = IOSQE_CQE_SKIP_SUCCESS;
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 10);
	ok(enter(r.fd, 2, 0, 0) == 2 && take(&r, &c) && c.user_data == 10 && !ready(&r),
	   "CQE_SKIP_SUCCESS: no completion of a success");
	close(p[0]);
	close(p[1]);
	close_ring(&r);
}

/* ---- polling, timeouts, cancelling ---- */

static void test_poll(void)
{
	struct io_uring_cqe c, d;
	uint64_t one = 1;
	struct ring r;
	int fd = eventfd(0, EFD_NONBLOCK);

	must(open_ring(&r, 8, 0, 0));
	sqe(&r, IORING_OP_POLL_ADD, fd, NULL, 0, 0, 1)->poll32_events = POLLIN | POLLOUT;
	is(run(&r), POLLOUT, "POLL_ADD: what is there already");
	sqe(&r, IORING_OP_POLL_ADD, fd, NULL, 0, 0, 2)->poll32_events = POLLIN;
	enter(r.fd, 1, 0, 0);
	is(ready(&r), 0, "POLL_ADD waits");
	is(write(fd, &one, 8), 8, "the event comes");
	ok(take(&r, &c) && c.user_data == 2 && c.res == POLLIN, "POLL_ADD completes");
	is(read(fd, &one, 8), 8, "taken");
	sqe(&r, IORING_OP_POLL_ADD, fd, NULL, 0, 0, 3)->poll32_events = POLLIN;
	enter(r.fd, 1, 0, 0);
	sqe(&r, IORING_OP_POLL_REMOVE, -1, (void *)3, 0, 0, 4);
	enter(r.fd, 1, 0, 0);
	ok(take(&r, &c) && take(&r, &d) && c.res + d.res == -ECANCELED &&
		   (c.user_data == 4 ? c : d).res == 0,
	   "POLL_REMOVE");
	sqe(&r, IORING_OP_POLL_REMOVE, -1, (void *)3, 0, 0, 4);
	is(run(&r), -ENOENT, "POLL_REMOVE of nothing");
	sqe(&r, IORING_OP_POLL_ADD, fd, NULL, 99, 0, 3);
	is(run(&r), -EINVAL, "POLL_ADD with unknown flags");
	sqe(&r, IORING_OP_POLL_ADD, fd, NULL, IORING_POLL_ADD_MULTI, 0, 6)->poll32_events = POLLIN;
	enter(r.fd, 1, 0, 0);
	write(fd, &one, 8);
	ok(take(&r, &c) && c.user_data == 6 && c.res == POLLIN && c.flags & IORING_CQE_F_MORE,
	   "multishot: an event, and more to come");
	write(fd, &one, 8);
	ok(take(&r, &c) && c.user_data == 6 && c.flags & IORING_CQE_F_MORE, "multishot: another");
	sqe(&r, IORING_OP_POLL_REMOVE, -1, (void *)6, 0, 0, 7);
	enter(r.fd, 1, 0, 0);
	while (take(&r, &c) && (c.user_data != 6 || c.flags & IORING_CQE_F_MORE))
		;
	is(c.res, -ECANCELED, "multishot: removed");
	close(fd);
	close_ring(&r);
}

static void test_poll_ring(void)
{
	struct pollfd pfd;
	struct ring r;

	must(open_ring(&r, 2, 0, 0));
	pfd = (struct pollfd){ .fd = r.fd, .events = POLLIN | POLLOUT };
	ok(poll(&pfd, 1, 0) == 1 && pfd.revents == POLLOUT, "poll: room for entries");
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 0);
	enter(r.fd, 1, 0, 0);
	ok(poll(&pfd, 1, -1) == 1 && pfd.revents == (POLLIN | POLLOUT), "poll: a completion");
	close_ring(&r);
}

static void test_timeout(void)
{
	struct __kernel_timespec soon = { 0, 2000000 }, late = { 1000, 0 }, bad = { -1, 0 };
	struct io_uring_cqe c;
	char buf[4];
	struct ring r;
	int res[3], p[2];

	must(open_ring(&r, 8, 0, 0) && !pipe(p));
	sqe(&r, IORING_OP_TIMEOUT, -1, &soon, 1, 0, 1);
	is(run(&r), -ETIME, "TIMEOUT");
	sqe(&r, IORING_OP_TIMEOUT, -1, &bad, 1, 0, 1);
	is(run(&r), -EINVAL, "TIMEOUT before its beginning");
	sqe(&r, IORING_OP_TIMEOUT, -1, &soon, 2, 0, 1);
	is(run(&r), -EINVAL, "TIMEOUT with two times");
	sqe(&r, IORING_OP_TIMEOUT, -1, (void *)8, 1, 0, 1);
	is(run(&r), -EFAULT, "TIMEOUT without a time");
	sqe(&r, IORING_OP_TIMEOUT, -1, &late, 1, 2, 0);
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 1);
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 2);
	run_all(&r, res, 3);
	ok(!res[0] && !res[1] && !res[2], "TIMEOUT ends after two completions");
	sqe(&r, IORING_OP_TIMEOUT, -1, &late, 1, 0, 0);
	enter(r.fd, 1, 0, 0);
	sqe(&r, IORING_OP_TIMEOUT_REMOVE, -1, (void *)0, 0, 0, 1);
	run_all(&r, res, 2);
	ok(res[0] == -ECANCELED && !res[1], "TIMEOUT_REMOVE");
	sqe(&r, IORING_OP_TIMEOUT_REMOVE, -1, (void *)0, 0, 0, 1);
	is(run(&r), -ENOENT, "TIMEOUT_REMOVE of nothing");
	sqe(&r, IORING_OP_TIMEOUT, -1, &late, 1, 0, 0);
	enter(r.fd, 1, 0, 0);
	sqe(&r, IORING_OP_TIMEOUT_REMOVE, -1, (void *)0, 0, (uintptr_t)&soon, 1)->timeout_flags =
		IORING_TIMEOUT_UPDATE;
	run_all(&r, res, 2);
	ok(res[0] == -ETIME && !res[1], "TIMEOUT_REMOVE with an earlier time");
	sqe(&r, IORING_OP_READ, p[0], buf, 1, 0, 0)->flags = IOSQE_IO_LINK;
	sqe(&r, IORING_OP_LINK_TIMEOUT, -1, &soon, 1, 0, 1);
	run_all(&r, res, 2);
	ok(res[0] == -ECANCELED && res[1] == -ETIME, "LINK_TIMEOUT ends a read");
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 0)->flags = IOSQE_IO_LINK;
	sqe(&r, IORING_OP_LINK_TIMEOUT, -1, &late, 1, 0, 1);
	run_all(&r, res, 2);
	ok(!res[0] && res[1] == -ECANCELED, "LINK_TIMEOUT ends with what it bounds");
	sqe(&r, IORING_OP_LINK_TIMEOUT, -1, &late, 1, 0, 1);
	ok(run(&r) == -EINVAL, "LINK_TIMEOUT behind nothing");
	(void)c;
	close(p[0]);
	close(p[1]);
	close_ring(&r);
}

static void test_cancel(void)
{
	char buf[4];
	struct ring r;
	int res[3], p[2];

	must(open_ring(&r, 8, 0, 0) && !pipe(p));
	sqe(&r, IORING_OP_READ, p[0], buf, 1, 0, 0);
	enter(r.fd, 1, 0, 0);
	sqe(&r, IORING_OP_ASYNC_CANCEL, -1, (void *)0, 0, 0, 1);
	run_all(&r, res, 2);
	ok(res[0] == -ECANCELED && !res[1], "ASYNC_CANCEL of a read that waits");
	sqe(&r, IORING_OP_ASYNC_CANCEL, -1, (void *)123, 0, 0, 1);
	is(run(&r), -ENOENT, "ASYNC_CANCEL of nothing");
	sqe(&r, IORING_OP_ASYNC_CANCEL, -1, (void *)1, 0, 1, 1);
	is(run(&r), -EINVAL, "ASYNC_CANCEL with an offset");
	sqe(&r, IORING_OP_READ, p[0], buf, 1, 0, 0);
	sqe(&r, IORING_OP_READ, p[0], buf, 1, 0, 1);
	enter(r.fd, 2, 0, 0);
	sqe(&r, IORING_OP_ASYNC_CANCEL, p[0], NULL, 0, 0, 2)->cancel_flags =
		IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ALL;
	run_all(&r, res, 3);
	ok(res[0] == -ECANCELED && res[1] == -ECANCELED && res[2] == 2,
	   "ASYNC_CANCEL of all that wait for a descriptor");
	/* What still waits when the ring goes must not keep anything. */
	sqe(&r, IORING_OP_READ, p[0], buf, 1, 0, 0);
	enter(r.fd, 1, 0, 0);
	close_ring(&r);
	close(p[0]);
	signal(SIGPIPE, SIG_IGN);
	while (write(p[1], "x", 1) ==
	       1) /* the reader goes with the ring, which may take a moment */
		sleep_ms(1);
	is(errno, EPIPE, "the end of a ring cancels what waits");
	close(p[1]);
}

/* ---- the other operations ---- */

static void test_files(void)
{
	char dir[] = "/tmp/uringdirXXXXXX", a[64], b[64];
	struct statx stx;
	struct ring r;
	int fd;

	must(open_ring(&r, 8, 0, 0) && mkdtemp(dir));
	snprintf(a, sizeof(a), "%s/a", dir);
	snprintf(b, sizeof(b), "%s/b", dir);
	sqe(&r, IORING_OP_OPENAT, AT_FDCWD, a, 0600, 0, 0)->open_flags = O_CREAT | O_RDWR;
	fd = run(&r);
	ok(fd >= 0, "OPENAT");
	sqe(&r, IORING_OP_FALLOCATE, fd, (void *)10000, 0, 0, 0);
	is(run(&r), 0, "FALLOCATE");
	sqe(&r, IORING_OP_STATX, AT_FDCWD, a, STATX_BASIC_STATS, (uintptr_t)&stx, 0);
	ok(run(&r) == 0 && stx.stx_size == 10000, "STATX");
	sqe(&r, IORING_OP_STATX, fd, "", STATX_SIZE, (uintptr_t)&stx, 0)->statx_flags =
		AT_EMPTY_PATH;
	is(run(&r), 0, "STATX of an open file");
	sqe(&r, IORING_OP_STATX, fd, "", STATX_SIZE, (uintptr_t)&stx, 0);
	is(run(&r), -ENOENT, "STATX of an empty name");
	sqe(&r, IORING_OP_FSYNC, fd, NULL, 0, 0, 0)->fsync_flags = IORING_FSYNC_DATASYNC;
	is(run(&r), 0, "FSYNC");
	sqe(&r, IORING_OP_FSYNC, fd, NULL, 0, 0, 0)->fsync_flags = 2;
	is(run(&r), -EINVAL, "FSYNC with unknown flags");
	sqe(&r, IORING_OP_SYNC_FILE_RANGE, fd, NULL, 4096, 0, 0)->sync_range_flags = 2;
	is(run(&r), 0, "SYNC_FILE_RANGE");
	sqe(&r, IORING_OP_FADVISE, fd, NULL, 4096, 0, 0)->fadvise_advice = POSIX_FADV_WILLNEED;
	is(run(&r), 0, "FADVISE");
	sqe(&r, IORING_OP_MADVISE, -1, (void *)((uintptr_t)&r & ~4095ul), 4096, 0, 0)
		->fadvise_advice = MADV_WILLNEED;
	is(run(&r), 0, "MADVISE");
	sqe(&r, IORING_OP_CLOSE, fd, NULL, 0, 0, 0);
	is(run(&r), 0, "CLOSE");
	fails(fcntl(fd, F_GETFD), EBADF, "it is closed");
	sqe(&r, IORING_OP_CLOSE, fd, NULL, 0, 0, 0);
	is(run(&r), -EBADF, "CLOSE of nothing");
	sqe(&r, IORING_OP_CLOSE, r.fd, NULL, 0, 0, 0);
	is(run(&r), -EBADF, "CLOSE of a ring");
	sqe(&r, IORING_OP_RENAMEAT, AT_FDCWD, a, AT_FDCWD, (uintptr_t)b, 0);
	is(run(&r), 0, "RENAMEAT");
	sqe(&r, IORING_OP_LINKAT, AT_FDCWD, b, AT_FDCWD, (uintptr_t)a, 0);
	is(run(&r), 0, "LINKAT");
	sqe(&r, IORING_OP_UNLINKAT, AT_FDCWD, a, 0, 0, 0);
	is(run(&r), 0, "UNLINKAT");
	sqe(&r, IORING_OP_UNLINKAT, AT_FDCWD, a, 0, 0, 0);
	is(run(&r), -ENOENT, "UNLINKAT of nothing");
	sqe(&r, IORING_OP_SYMLINKAT, AT_FDCWD, "b", 0, (uintptr_t)a, 0);
	ok(run(&r) == 0 && readlink(a, b, 1) == 1, "SYMLINKAT");
	unlink(a);
	sqe(&r, IORING_OP_MKDIRAT, AT_FDCWD, a, 0700, 0, 0);
	is(run(&r), 0, "MKDIRAT");
	sqe(&r, IORING_OP_UNLINKAT, AT_FDCWD, a, 0, 0, 0)->unlink_flags = AT_REMOVEDIR;
	is(run(&r), 0, "UNLINKAT of a directory");
	sqe(&r, IORING_OP_OPENAT, AT_FDCWD, (void *)8, 0, 0, 0);
	is(run(&r), -EFAULT, "OPENAT without a name");
	snprintf(b, sizeof(b), "%s/b", dir);
	unlink(b);
	rmdir(dir);
	close_ring(&r);
}

static void test_sockets(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "\0uring-test" };
	struct iovec iov = { "message", 7 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	char buf[16] = "";
	struct ring r;
	int res[2], s[2], l, c;

	must(open_ring(&r, 8, 0, 0) && !socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	sqe(&r, IORING_OP_RECV, s[0], buf, 16, 0, 0);
	enter(r.fd, 1, 0, 0);
	sqe(&r, IORING_OP_SEND, s[1], "hello", 5, 0, 1);
	run_all(&r, res, 2);
	ok(res[0] == 5 && res[1] == 5 && !memcmp(buf, "hello", 5), "SEND, RECV");
	sqe(&r, IORING_OP_SENDMSG, s[0], &msg, 1, 0, 0);
	is(run(&r), 7, "SENDMSG");
	iov.iov_base = buf;
	iov.iov_len = sizeof(buf);
	sqe(&r, IORING_OP_RECVMSG, s[1], &msg, 1, 0, 0);
	ok(run(&r) == 7 && !memcmp(buf, "message", 7), "RECVMSG");
	sqe(&r, IORING_OP_RECV, 1, buf, 16, 0, 0);
	is(run(&r), -ENOTSOCK, "RECV of no socket");
	l = socket(AF_UNIX, SOCK_STREAM, 0);
	c = socket(AF_UNIX, SOCK_STREAM, 0);
	must(!bind(l, (void *)&name, sizeof(name)) && !listen(l, 1));
	sqe(&r, IORING_OP_ACCEPT, l, NULL, 0, 0, 0);
	enter(r.fd, 1, 0, 0);
	is(ready(&r), 0, "ACCEPT waits");
	sqe(&r, IORING_OP_CONNECT, c, &name, 0, sizeof(name), 1);
	run_all(&r, res, 2);
	ok(res[0] >= 0 && res[1] == 0, "CONNECT, ACCEPT");
	sqe(&r, IORING_OP_SHUTDOWN, c, NULL, SHUT_WR, 0, 0);
	is(run(&r), 0, "SHUTDOWN");
	is(read(res[0], buf, 1), 0, "the other side sees the end");
	close(res[0]);
	close(c);
	close(l);
	close(s[0]);
	close(s[1]);
	close_ring(&r);
}

static void test_splice(void)
{
	char buf[8];
	struct io_uring_sqe *s;
	struct ring r;
	int a[2], b[2];

	must(open_ring(&r, 8, 0, 0) && !pipe(a) && !pipe(b));
	is(write(a[1], "pipes", 5), 5, "into a pipe");
	s = sqe(&r, IORING_OP_TEE, b[1], NULL, 5, 0, 0);
	s->splice_fd_in = a[0];
	is(run(&r), 5, "TEE");
	ok(read(b[0], buf, 8) == 5 && !memcmp(buf, "pipes", 5), "a copy");
	s = sqe(&r, IORING_OP_SPLICE, b[1], (void *)-1, 5, -1, 0);
	s->splice_fd_in = a[0];
	is(run(&r), 5, "SPLICE");
	ok(read(b[0], buf, 8) == 5 && !memcmp(buf, "pipes", 5), "the bytes themselves");
	s = sqe(&r, IORING_OP_SPLICE, b[1], (void *)-1, 5, -1, 0);
	s->splice_fd_in = -1;
	is(run(&r), -EBADF, "SPLICE from nothing");
	close(a[0]);
	close(a[1]);
	close(b[0]);
	close(b[1]);
	close_ring(&r);
}

/* ---- registering ---- */

static void test_buffers(void)
{
	char *mem = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec iov = { mem + 100, 12000 }, bad = { (void *)8, 4096 };
	int fd = temp_file();
	struct ring r;

	must(open_ring(&r, 8, 0, 0));
	fails(reg(r.fd, IORING_REGISTER_BUFFERS, NULL, 1), EFAULT, "buffers: no vector");
	fails(reg(r.fd, IORING_REGISTER_BUFFERS, &iov, 0), EINVAL, "buffers: none");
	fails(reg(r.fd, IORING_REGISTER_BUFFERS, &bad, 1), EFAULT, "buffers: bad memory");
	fails(reg(r.fd, IORING_UNREGISTER_BUFFERS, NULL, 0), ENXIO, "buffers: none registered");
	is(reg(r.fd, IORING_REGISTER_BUFFERS, &iov, 1), 0, "buffers: one");
	fails(reg(r.fd, IORING_REGISTER_BUFFERS, &iov, 1), EBUSY, "buffers: twice");
	memset(mem, 'a', 16384);
	sqe(&r, IORING_OP_WRITE_FIXED, fd, mem + 200, 9000, 0, 0);
	is(run(&r), 9000, "WRITE_FIXED");
	memset(mem, 0, 16384);
	sqe(&r, IORING_OP_READ_FIXED, fd, mem + 3000, 9000, 0, 0);
	is(run(&r), 9000, "READ_FIXED");
	ok(!mem[2999] && mem[3000] == 'a' && mem[11999] == 'a' && !mem[12000], "in its place");
	sqe(&r, IORING_OP_READ_FIXED, fd, mem, 100, 0, 0);
	is(run(&r), -EFAULT, "READ_FIXED outside of the buffer");
	sqe(&r, IORING_OP_READ_FIXED, fd, mem + 200, 100, 0, 0)->buf_index = 1;
	is(run(&r), -EFAULT, "READ_FIXED with another buffer");
	is(reg(r.fd, IORING_UNREGISTER_BUFFERS, NULL, 0), 0, "buffers: unregistered");
	munmap(mem, 16384);
	close(fd);
	close_ring(&r);
}

static void test_fixed_files(void)
{
	int fds[3] = { temp_file(), -1, -1 }, bad = 999;
	struct io_uring_files_update up = { .offset = 1, .fds = (uintptr_t)fds };
	struct ring r;
	char c;

	must(open_ring(&r, 8, 0, 0) && write(fds[0], "f", 1) == 1);
	fails(reg(r.fd, IORING_REGISTER_FILES, &bad, 1), EBADF, "files: no descriptor");
	fails(reg(r.fd, IORING_REGISTER_FILES, fds, 0), EINVAL, "files: none");
	fails(reg(r.fd, IORING_REGISTER_FILES_UPDATE, &up, 1), ENXIO, "files: none to update");
	fails(reg(r.fd, IORING_UNREGISTER_FILES, NULL, 0), ENXIO, "files: none registered");
	is(reg(r.fd, IORING_REGISTER_FILES, fds, 3), 0, "files: one, and two empty slots");
	fails(reg(r.fd, IORING_REGISTER_FILES, fds, 3), EBUSY, "files: twice");
	sqe(&r, IORING_OP_READ, 0, &c, 1, 0, 0)->flags = IOSQE_FIXED_FILE;
	ok(run(&r) == 1 && c == 'f', "a read of a registered file");
	sqe(&r, IORING_OP_READ, 1, &c, 1, 0, 0)->flags = IOSQE_FIXED_FILE;
	is(run(&r), -EBADF, "a read of an empty slot");
	is(reg(r.fd, IORING_REGISTER_FILES_UPDATE, &up, 1), 1, "files: a slot is filled");
	close(fds[0]);
	sqe(&r, IORING_OP_READ, 1, &c, 1, 0, 0)->flags = IOSQE_FIXED_FILE;
	is(run(&r), 1, "it is open although the descriptor is closed");
	up.offset = 3;
	fails(reg(r.fd, IORING_REGISTER_FILES_UPDATE, &up, 1), EINVAL, "files: behind the table");
	is(reg(r.fd, IORING_UNREGISTER_FILES, NULL, 0), 0, "files: unregistered");
	close_ring(&r);
}

static void test_register(void)
{
	struct {
		struct io_uring_probe p;
		struct io_uring_probe_op ops[64];
	} probe;
	int fd = eventfd(0, EFD_NONBLOCK), id;
	uint64_t value;
	struct ring r;

	must(open_ring(&r, 8, 0, 0));
	fails(reg(r.fd, 9999, NULL, 0), EINVAL, "register: an unknown operation");
	fails(reg(-1, IORING_REGISTER_PROBE, NULL, 0), EBADF, "register: no descriptor");
	fails(reg(1, IORING_REGISTER_PROBE, NULL, 0), EOPNOTSUPP, "register: no ring");
	memset(&probe, 0, sizeof(probe));
	is(reg(r.fd, IORING_REGISTER_PROBE, &probe, 64), 0, "probe");
	ok(probe.p.ops_len > IORING_OP_READ && probe.ops[IORING_OP_READ].op == IORING_OP_READ &&
		   probe.ops[IORING_OP_READ].flags & IO_URING_OP_SUPPORTED,
	   "probe: READ");
	fails(reg(r.fd, IORING_REGISTER_PROBE, &probe, 64), EINVAL, "probe: not zeroed");
	fails(reg(r.fd, IORING_REGISTER_EVENTFD, &fd, 2), EINVAL, "eventfd: two");
	fails(reg(r.fd, IORING_UNREGISTER_EVENTFD, NULL, 0), ENXIO, "eventfd: none");
	is(reg(r.fd, IORING_REGISTER_EVENTFD, &fd, 1), 0, "eventfd");
	fails(reg(r.fd, IORING_REGISTER_EVENTFD, &fd, 1), EBUSY, "eventfd: twice");
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 0);
	run(&r);
	ok(read(fd, &value, 8) == 8 && value == 1, "eventfd: a completion is counted");
	is(reg(r.fd, IORING_UNREGISTER_EVENTFD, NULL, 0), 0, "eventfd: unregistered");
	id = reg(r.fd, IORING_REGISTER_PERSONALITY, NULL, 0);
	ok(id > 0, "a personality");
	sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 0)->personality = (unsigned short)id;
	is(run(&r), 0, "used");
	is(reg(r.fd, IORING_UNREGISTER_PERSONALITY, NULL, id), 0, "unregistered");
	fails(reg(r.fd, IORING_UNREGISTER_PERSONALITY, NULL, id), EINVAL, "twice");
	fails(reg(r.fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0), EBADFD, "enabled already");
	close_ring(&r);
	must(open_ring(&r, 8, IORING_SETUP_R_DISABLED, 0));
	fails(enter(r.fd, 0, 0, 0), EBADFD, "a disabled ring");
	is(reg(r.fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0), 0, "is enabled");
	is(enter(r.fd, 0, 0, 0), 0, "and works");
	close(fd);
	close_ring(&r);
}

/* ---- processes ---- */

/* Requests that wait, of all kinds: nothing of them may keep the process. */
static void leaves_requests(void)
{
	struct __kernel_timespec late = { 1000, 0 };
	struct ring r;
	char buf[4];
	int p[2];

	must(open_ring(&r, 8, 0, 0) && !pipe(p));
	sqe(&r, IORING_OP_READ, p[0], buf, 1, 0, 0);
	sqe(&r, IORING_OP_TIMEOUT, -1, &late, 1, 0, 1);
	sqe(&r, IORING_OP_POLL_ADD, r.fd, NULL, 0, 0, 2)->poll32_events = POLLIN;
	sqe(&r, IORING_OP_SPLICE, p[1], (void *)-1, 5, -1, 3)->splice_fd_in = p[0];
	enter(r.fd, 4, 0, 0);
}

static void leaves_and_exits_thread(void)
{
	leaves_requests();
	syscall(SYS_exit, 7); /* this thread only: the workers are no reason to go on */
}

static void leaves_and_execs(void)
{
	leaves_requests();
	execl("/bin/true", "true", NULL);
	execl("/bin/busybox", "true", NULL);
	_exit(9);
}

static void test_processes(void)
{
	struct ring r;
	int status;

	is(in_child(leaves_requests), 0, "a process ends with requests that wait");
	ok(WIFEXITED(in_child(leaves_and_exits_thread)), "also when only its last thread ends");
	is(in_child(leaves_and_execs), 0, "or becomes another program");
	must(open_ring(&r, 8, 0, 0));
	fflush(stdout);
	if (!fork()) {
		sqe(&r, IORING_OP_NOP, -1, NULL, 0, 0, 42)->flags = IOSQE_ASYNC;
		_exit(run(&r) == 0 ? 0 : 1);
	}
	wait(&status);
	is(status, 0, "a child uses the ring of its parent");
	close_ring(&r);
}

int main(void)
{
	test_setup();
	test_enter();
	test_bad_stops();
	test_overflow();
	test_rw();
	test_pipe();
	test_eventfd_read();
	test_links();
	test_drain();
	test_poll();
	test_poll_ring();
	test_timeout();
	test_cancel();
	test_files();
	test_sockets();
	test_splice();
	test_buffers();
	test_fixed_files();
	test_register();
	test_processes();
	return tap_end();
}
