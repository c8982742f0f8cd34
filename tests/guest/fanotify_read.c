// SPDX-License-Identifier: MIT
/*
 * FAN_ACCESS_PERM: each call by which a file is read asks, as often as on Linux, and is refused with EPERM at each question;
 * the memory and the position of who reads are then as they were.
 */
#include "uring.h"

#include <dirent.h>
#include <linux/aio_abi.h>
#include <linux/fanotify.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#define DIR   "/tmp/fan_read"
#define FILE_ DIR "/file"
#define SIZE  10000 /* of the file: three pages */

static int fan, in, out, ends[2];
static char data[SIZE]
	__attribute__((aligned(4096))); /* none of it in a page of the program's file */

/* What became of it: 0, or its errno. */
static int result(ssize_t n)
{
	return n < 0 ? errno : 0;
}

/* --- the ways to read: each is the last thing that a child does --- */

static int by_read(void)
{
	return result(read(in, data, SIZE));
}

static int by_pread(void)
{
	return result(pread(in, data, 10, 4));
}

static int by_readv(void)
{
	struct iovec v[2] = { { data, 10 }, { data + 10, 10 } };

	return result(readv(in, v, 2));
}

static int by_preadv2(void)
{
	struct iovec v[2] = { { data, 10 }, { data + 10, 10 } };

	return result(syscall(SYS_preadv2, in, v, 2, 5l, 0l, 0));
}

static int by_splice(void)
{
	return result(splice(in, NULL, ends[1], NULL, SIZE, 0));
}

static int by_sendfile(void)
{
	return result(sendfile(out, in, NULL, SIZE));
}

static int by_sendfile_to_pipe(void)
{
	return result(sendfile(ends[1], in, NULL, SIZE));
}

static int by_copy_file_range(void)
{
	return result(syscall(SYS_copy_file_range, in, NULL, out, NULL, (size_t)SIZE, 0));
}

static int by_getdents(void)
{
	int fd = open(DIR, O_RDONLY | O_DIRECTORY);

	return result(syscall(SYS_getdents64, fd, data, SIZE));
}

/* io_submit says it, or the event. */
static int by_aio(int opcode, void *buf, size_t bytes)
{
	struct iocb cb = { .aio_lio_opcode = opcode, .aio_fildes = in, .aio_nbytes = bytes },
		    *cbs = &cb;
	struct io_event event;
	aio_context_t ctx = 0;

	cb.aio_buf = (uintptr_t)buf;
	must(syscall(SYS_io_setup, 1, &ctx) == 0);
	if (syscall(SYS_io_submit, ctx, 1l, &cbs) < 0)
		return errno;
	must(syscall(SYS_io_getevents, ctx, 1l, 1l, &event, NULL) == 1);
	return event.res < 0 ? (int)-event.res : 0;
}

static int by_io_submit(void)
{
	return by_aio(IOCB_CMD_PREAD, data, SIZE);
}

static int by_io_submit_vector(void)
{
	struct iovec v[2] = { { data, 10 }, { data + 10, 10 } };

	return by_aio(IOCB_CMD_PREADV, v, 2);
}

static int by_ring(int opcode, int fd, const void *addr, unsigned int len,
		   void (*also)(struct io_uring_sqe *))
{
	struct io_uring_sqe *s;
	struct ring r;
	int res;

	must(open_ring(&r, 4, 0, 0));
	if (opcode == IORING_OP_READ_FIXED)
		must(reg(r.fd, IORING_REGISTER_BUFFERS, &(struct iovec){ data, SIZE }, 1) == 0);
	s = sqe(&r, opcode, fd, addr, len, 0, 0);
	if (also)
		also(s);
	res = run(&r);
	return res < 0 ? -res : 0;
}

static int by_uring_read(void)
{
	return by_ring(IORING_OP_READ, in, data, SIZE, NULL);
}

static int by_uring_readv(void)
{
	struct iovec v[2] = { { data, 10 }, { data + 10, 10 } };

	return by_ring(IORING_OP_READV, in, v, 2, NULL);
}

static int by_uring_fixed(void)
{
	return by_ring(IORING_OP_READ_FIXED, in, data, SIZE, NULL);
}

static void from_file(struct io_uring_sqe *s)
{
	s->splice_fd_in = in;
	s->splice_off_in = 0;
	s->off = -1ull;
}

static int by_uring_splice(void)
{
	return by_ring(IORING_OP_SPLICE, ends[1], NULL, SIZE, from_file);
}

/* --- who allows --- */

/* The next question, or -1: @child has ended. */
static int question(int child)
{
	struct fanotify_event_metadata e;
	struct pollfd p[2] = { { fan, POLLIN, 0 }, { child, POLLIN, 0 } };

	must(poll(p, 2, 30000) > 0);
	if (!p[0].revents)
		return -1;
	must(read(fan, &e, sizeof(e)) == sizeof(e));
	must((e.mask & ~(uint64_t)FAN_ONDIR) == FAN_ACCESS_PERM);
	return e.fd;
}

static void answer(int fd, unsigned int response)
{
	struct fanotify_response r = { fd, response };

	must(write(fan, &r, sizeof(r)) == sizeof(r));
	close(fd);
}

/* Do it, answering no to question @deny (from 1 on). The errno it ends with; *@asked: how often it asked */
static int ask(int (*way)(void), int deny, int *asked)
{
	pid_t pid;
	int status, child, fd;

	must(lseek(in, 0, SEEK_SET) == 0 && pipe2(ends, O_NONBLOCK) == 0);
	pid = fork();
	if (pid == 0) {
		int err;

		close(fan);
		err = way();
		_exit(err == EPERM && (data[0] || lseek(in, 0, SEEK_CUR)) ? 255 : err);
	}
	child = (int)syscall(SYS_pidfd_open, pid, 0);
	must(child >= 0);
	for (*asked = 0; (fd = question(child)) >= 0;)
		answer(fd, ++*asked == deny ? FAN_DENY : FAN_ALLOW);
	must(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	close(child);
	close(ends[0]);
	close(ends[1]);
	return WEXITSTATUS(status);
}

static void way(const char *name, int (*fn)(void), int questions)
{
	int asked;

	is(ask(fn, 0, &asked), 0, "%s, allowed", name);
	is(asked, questions, "%s asks so often", name);
	for (int i = 1; i <= questions; i++) {
		is(ask(fn, i, &asked), EPERM, "%s, denied at question %d", name, i);
		is(asked, i, "%s asks no more", name);
	}
}

int main(void)
{
	must(mkdir(DIR, 0755) == 0 && mount("none", DIR, "tmpfs", 0, NULL) == 0);
	in = open(FILE_, O_RDWR | O_CREAT, 0644);
	out = open(DIR "/copy", O_RDWR | O_CREAT, 0644);
	memset(data, 'x', SIZE);
	must(in >= 0 && out >= 0 && write(in, data, SIZE) == SIZE);
	memset(data, 0, SIZE);
	fan = (int)syscall(SYS_fanotify_init, FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY);
	must(fan >= 0);
	must(syscall(SYS_fanotify_mark, fan, FAN_MARK_ADD, (uint64_t)FAN_ACCESS_PERM, AT_FDCWD,
		     FILE_) == 0);
	must(syscall(SYS_fanotify_mark, fan, FAN_MARK_ADD, (uint64_t)FAN_ACCESS_PERM | FAN_ONDIR,
		     AT_FDCWD, DIR) == 0);
	way("read", by_read, 1);
	way("pread", by_pread, 1);
	way("readv", by_readv, 1);
	way("preadv2", by_preadv2, 1);
	way("getdents", by_getdents, 1);
	way("splice", by_splice, 1);
	way("sendfile", by_sendfile, 2);
	way("sendfile to a pipe", by_sendfile_to_pipe, 2);
	way("copy_file_range", by_copy_file_range, 2);
	way("io_submit", by_io_submit, 1);
	way("io_submit, a vector", by_io_submit_vector, 1);
	way("io_uring: READ", by_uring_read, 1);
	way("io_uring: READV", by_uring_readv, 1);
	way("io_uring: READ_FIXED", by_uring_fixed, 1);
	way("io_uring: SPLICE", by_uring_splice, 1);
	close(fan);
	close(in);
	close(out);
	must(umount(DIR) == 0);
	rmdir(DIR);
	return tap_end();
}
