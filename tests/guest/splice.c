// SPDX-License-Identifier: MIT
/* splice, tee, sendfile to a pipe, copy_file_range: what is moved, by reference where it is pages of a file; errors. */
#include "tap.h"

#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#define BYTES (5 * PAGE + 100)

static char want[BYTES], got[BYTES + 2 * PAGE];
static int file, p[2], q[2];

static int new_file(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0);
	return fd;
}

static void new_pipes(void)
{
	must(!pipe(p) && !pipe(q));
}

static void close_pipes(void)
{
	close(p[0]);
	close(p[1]);
	close(q[0]);
	close(q[1]);
}

static int waiting(int fd)
{
	int n = -1;

	must(!ioctl(fd, FIONREAD, &n));
	return n;
}

/* What is read from @fd are the @n bytes of the file from @at on. */
static bool reads(int fd, size_t at, size_t n)
{
	memset(got, 0, sizeof(got));
	return read(fd, got, n) == (ssize_t)n && !memcmp(got, want + at, n);
}

static void test_from_file(void)
{
	loff_t at = 100;

	new_pipes();
	is(splice(file, &at, p[1], NULL, 3 * PAGE, 0), 3 * PAGE,
	   "file to pipe, from the middle of a page");
	ok(at == 100 + 3 * PAGE && lseek(file, 0, SEEK_CUR) == 0, "the offset is the caller's");
	is(waiting(p[0]), 3 * PAGE, "it waits in the pipe");
	ok(reads(p[0], 100, 3 * PAGE), "and is read");
	is(splice(file, NULL, p[1], NULL, 50, SPLICE_F_MOVE | SPLICE_F_MORE | SPLICE_F_GIFT), 50,
	   "from the file's position");
	is(lseek(file, 0, SEEK_CUR), 50, "which moves");
	must(pwrite(file, "X", 1, 10) == 1);
	ok(read(p[0], got, 50) == 50 && got[10] == 'X' && got[11] == want[11],
	   "by reference: what is written later is read");
	must(pwrite(file, want + 10, 1, 10) == 1);
	at = BYTES - 10;
	is(splice(file, &at, p[1], NULL, 1000, 0), 10, "no further than the end");
	is(splice(file, &at, p[1], NULL, 1000, 0), 0, "at the end: nothing");
	ok(reads(p[0], BYTES - 10, 10), "the last bytes");
	at = 0;
	is(splice(file, &at, p[1], NULL, PAGE, 0), PAGE, "a page waits");
	must(!ftruncate(file, 0) && pwrite(file, want + PAGE, BYTES - PAGE, PAGE) == BYTES - PAGE);
	is(read(p[0], got, PAGE), PAGE, "and is there after the file was truncated");
	must(pwrite(file, want, PAGE, 0) == PAGE && !lseek(file, 0, SEEK_SET));
	close_pipes();
}

static void test_full(void)
{
	loff_t at = 0;

	new_pipes();
	must(fcntl(p[1], F_SETPIPE_SZ, 2 * PAGE) == 2 * PAGE);
	is(splice(file, &at, p[1], NULL, BYTES, 0), 2 * PAGE, "no more than there is room for");
	fails(splice(file, &at, p[1], NULL, BYTES, SPLICE_F_NONBLOCK), EAGAIN,
	      "full: SPLICE_F_NONBLOCK");
	must(!fcntl(p[1], F_SETFL, O_NONBLOCK));
	fails(splice(file, &at, p[1], NULL, BYTES, 0), EAGAIN, "full: O_NONBLOCK");
	is(at, 2 * PAGE, "the offset stands");
	fails(splice(q[0], NULL, p[1], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN, "empty: EAGAIN");
	must(read(p[0], got, PAGE) == PAGE);
	close(q[1]);
	is(splice(q[0], NULL, p[1], NULL, 1, 0), 0, "no writers: the end");
	close(p[0]);
	signal(SIGPIPE, SIG_IGN);
	fails(splice(file, &at, p[1], NULL, 10, 0), EPIPE, "no readers");
	signal(SIGPIPE, SIG_DFL);
	close_pipes();
}

static void test_to_file(void)
{
	int out = new_file("/tmp/splice.out");
	loff_t at = 70;

	new_pipes();
	must(write(p[1], want, 2 * PAGE + 10) == 2 * PAGE + 10);
	is(splice(p[0], NULL, out, &at, PAGE + 20, 0), PAGE + 20, "pipe to file, a part");
	ok(at == 70 + PAGE + 20 && lseek(out, 0, SEEK_CUR) == 0, "at the caller's offset");
	is(waiting(p[0]), PAGE - 10, "the rest stays");
	is(splice(p[0], NULL, out, NULL, 10 * PAGE, 0), PAGE - 10,
	   "at the file's position, as much as there is");
	is(lseek(out, 0, SEEK_CUR), PAGE - 10, "which moves");
	ok(pread(out, got, PAGE - 10, 0) == PAGE - 10 && !memcmp(got, want + PAGE + 20, PAGE - 10),
	   "the bytes");
	ok(pread(out, got, 30, 60 + PAGE) == 30 && !memcmp(got, want + PAGE - 10, 30),
	   "and those of the first");
	must(fcntl(out, F_SETFL, O_APPEND) == 0 && write(p[1], want, 10) == 10);
	fails(splice(p[0], NULL, out, NULL, 10, 0), EINVAL, "O_APPEND");
	is(waiting(p[0]), 10, "nothing was taken");
	close(out);
	out = open("/dev/null", O_WRONLY);
	is(splice(p[0], NULL, out, NULL, 10, 0), 10, "to /dev/null");
	close(out);
	close_pipes();
	unlink("/tmp/splice.out");
}

static void test_pipes(void)
{
	loff_t at = 0;

	new_pipes();
	must(splice(file, &at, p[1], NULL, 2 * PAGE, 0) == 2 * PAGE && write(p[1], "tail", 4) == 4);
	is(splice(p[0], NULL, q[1], NULL, PAGE + 50, 0), PAGE + 50,
	   "pipe to pipe, one page and a part");
	ok(waiting(p[0]) == PAGE - 50 + 4 && waiting(q[0]) == PAGE + 50, "moved");
	must(write(q[1], "more", 4) == 4);
	ok(reads(q[0], 0, PAGE + 50), "the bytes");
	ok(read(q[0], got, 10) == 4 && !memcmp(got, "more", 4), "and what was written behind them");
	ok(reads(p[0], PAGE + 50, PAGE - 50), "the rest of the page");
	is(splice(p[0], NULL, q[1], NULL, 100, 0), 4, "as much as there is");
	must(write(q[1], "X", 1) == 1);
	ok(read(q[0], got, 10) == 5 && !memcmp(got, "tailX", 5), "which can be added to");
	fails(splice(p[0], NULL, p[1], NULL, 10, 0), EINVAL, "one pipe with itself");
	close_pipes();
}

static void test_tee(void)
{
	loff_t at = 0;

	new_pipes();
	must(splice(file, &at, p[1], NULL, PAGE, 0) == PAGE && write(p[1], "tail", 4) == 4);
	is(tee(p[0], q[1], 10 * PAGE, 0), PAGE + 4, "tee: all that is there");
	ok(waiting(p[0]) == PAGE + 4 && waiting(q[0]) == PAGE + 4, "tee: in both");
	must(write(p[1], "in", 2) == 2 && write(q[1], "out", 3) == 3);
	ok(reads(p[0], 0, PAGE) && reads(q[0], 0, PAGE), "tee: the bytes of both");
	ok(read(p[0], got, 10) == 6 && !memcmp(got, "tailin", 6), "tee: added to one");
	ok(read(q[0], got, 10) == 7 && !memcmp(got, "tailout", 7), "tee: and to the other");
	must(write(p[1], "0123456789", 10) == 10);
	is(tee(p[0], q[1], 3, 0), 3, "tee: a part");
	ok(read(q[0], got, 10) == 3 && !memcmp(got, "012", 3), "tee: of the oldest bytes");
	is(tee(p[0], q[1], 0, 0), 0, "tee: nothing");
	fails(tee(q[0], p[1], 10, SPLICE_F_NONBLOCK), EAGAIN, "tee: nothing there");
	fails(tee(p[0], p[1], 10, 0), EINVAL, "tee: one pipe");
	fails(tee(file, p[1], 10, 0), EINVAL, "tee: a file");
	fails(tee(p[1], q[1], 10, 0), EBADF, "tee: the wrong end");
	fails(tee(-1, q[1], 10, 0), EBADF, "tee: no file");
	fails(tee(p[0], q[1], 10, 16), EINVAL, "tee: unknown flag");
	close_pipes();
}

static void test_sockets(void)
{
	int s[2];
	loff_t at = 0;

	new_pipes();
	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	must(splice(file, &at, p[1], NULL, PAGE + 100, 0) == PAGE + 100);
	is(splice(p[0], NULL, s[0], NULL, PAGE + 100, SPLICE_F_MORE), PAGE + 100, "pipe to socket");
	is(splice(s[1], NULL, q[1], NULL, PAGE + 100, 0), PAGE + 100, "socket to pipe");
	ok(reads(q[0], 0, PAGE + 100), "the bytes");
	fails(splice(s[1], NULL, q[1], NULL, 10, SPLICE_F_NONBLOCK), EAGAIN,
	      "nothing came: EAGAIN");
	fails(splice(s[1], &at, q[1], NULL, 10, 0), EINVAL, "an offset in a socket");
	is(sendfile(s[0], file, &(off_t){ 5 }, 20), 20, "sendfile to a socket");
	ok(reads(s[1], 5, 20), "the bytes");
	fails(sendfile(file, s[0], NULL, 20), EINVAL, "sendfile from a socket");
	close(s[0]);
	is(splice(s[1], NULL, q[1], NULL, 10, 0), 0, "the other end closed");
	close(s[1]);
	close_pipes();
}

static void test_sendfile(void)
{
	off_t at = 30;

	new_pipes();
	is(sendfile(p[1], file, &at, PAGE), PAGE, "sendfile to a pipe");
	must(pwrite(file, "Y", 1, 40) == 1);
	ok(at == 30 + PAGE && read(p[0], got, PAGE) == PAGE && got[10] == 'Y', "by reference");
	must(pwrite(file, want + 40, 1, 40) == 1);
	fails(sendfile(file, p[0], NULL, 10), EINVAL, "sendfile from a pipe");
	fails(sendfile(p[1], p[0], NULL, 10), EINVAL, "sendfile from a pipe to a pipe");
	must(fcntl(p[1], F_SETPIPE_SZ, PAGE) == PAGE && !fcntl(p[1], F_SETFL, O_NONBLOCK));
	is(sendfile(p[1], file, &at, 3 * PAGE), PAGE - 30, "no more than the room of one page");
	fails(sendfile(p[1], file, &at, 3 * PAGE), EAGAIN, "full, O_NONBLOCK");
	close_pipes();
}

static void test_errors(void)
{
	loff_t at = 0, negative = -1;
	int rd = open("/tmp/splice.in", O_RDONLY), dir = open("/tmp", O_RDONLY);

	new_pipes();
	is(splice(-1, NULL, -1, NULL, 0, 99), 0, "nothing is nothing");
	fails(splice(file, NULL, p[1], NULL, 1, 16), EINVAL, "unknown flag");
	fails(splice(-1, NULL, p[1], NULL, 1, 0), EBADF, "no file");
	fails(splice(file, NULL, -1, NULL, 1, 0), EBADF, "no pipe");
	fails(splice(p[1], NULL, file, NULL, 1, 0), EBADF, "the wrong end");
	fails(splice(file, NULL, p[0], NULL, 1, 0), EBADF, "the other wrong end");
	fails(splice(p[0], NULL, rd, NULL, 1, 0), EBADF, "a file open for reading");
	fails(splice(file, NULL, file, NULL, 1, 0), EINVAL, "no pipe at all");
	fails(splice(file, NULL, p[1], &at, 1, 0), ESPIPE, "offset in the pipe written to");
	fails(splice(p[0], &at, file, NULL, 1, 0), ESPIPE, "offset in the pipe read from");
	fails(splice(file, (loff_t *)8, p[1], NULL, 1, 0), EFAULT, "offset from nowhere");
	fails(splice(file, &negative, p[1], NULL, 1, 0), EINVAL, "negative offset");
	fails(splice(dir, NULL, p[1], NULL, 1, 0), EINVAL, "a directory");
	close(rd);
	close(dir);
	close_pipes();
}

static void test_waiting(void)
{
	int status;
	loff_t at = 0;

	new_pipes();
	must(fcntl(q[1], F_SETPIPE_SZ, PAGE) == PAGE);
	if (!fork()) { /* waits for data, and then for room */
		close(p[1]);
		for (size_t left = BYTES; left;) {
			ssize_t n = splice(p[0], NULL, q[1], NULL, left, 0);

			if (n <= 0)
				_exit(1);
			left -= n;
		}
		_exit(0);
	}
	if (!fork()) {
		while (at < (loff_t)BYTES)
			if (splice(file, &at, p[1], NULL, 1000, 0) <= 0)
				_exit(1);
		_exit(0);
	}
	for (size_t n = 0; n < BYTES;) {
		ssize_t r = read(q[0], got + n, BYTES - n);

		must(r > 0);
		n += r;
	}
	ok(!memcmp(got, want, BYTES), "through two pipes and a process between them");
	must(wait(&status) > 0);
	is(status, 0, "one moved all of it");
	must(wait(&status) > 0);
	is(status, 0, "the other too");
	close_pipes();
}

static void test_copy_file_range(void)
{
	int out = new_file("/dev/shm/copy.out"), in = new_file("/dev/shm/copy.in"), add;
	struct rlimit limit, small = { 3 * PAGE, RLIM_INFINITY };
	loff_t from = 10, to = 20;

	must(write(in, want, BYTES) == BYTES);
	is(copy_file_range(in, &from, out, &to, 2 * PAGE, 0), 2 * PAGE, "copy: a range");
	ok(from == 10 + 2 * PAGE && to == 20 + 2 * PAGE, "copy: offsets");
	ok(pread(out, got, 2 * PAGE, 20) == 2 * PAGE && !memcmp(got, want + 10, 2 * PAGE),
	   "copy: the bytes");
	from = BYTES;
	is(copy_file_range(in, &from, out, &to, 10, 0), 0, "copy: from the end");
	from = 0, to = BYTES;
	is(copy_file_range(in, &from, in, &to, 2 * BYTES, 0), BYTES,
	   "copy: more than there is, behind itself");
	from = 0, to = 10;
	fails(copy_file_range(in, &from, in, &to, 11, 0), EINVAL, "copy: ranges that overlap");
	is(copy_file_range(in, &from, in, &to, 10, 0), 10, "copy: that touch");
	from = to = 0;
	fails(copy_file_range(in, &from, out, &to, 10, 1), EINVAL, "copy: unknown flag");
	fails(copy_file_range(file, &from, -1, NULL, 10, 0), EBADF, "copy: no file");
	add = open("/dev/shm/copy.out", O_WRONLY | O_APPEND);
	fails(copy_file_range(in, &from, add, NULL, 10, 0), EBADF, "copy: O_APPEND");
	fails(copy_file_range(add, &from, out, NULL, 10, 0), EBADF,
	      "copy: from a file open for writing");
	close(add);
	add = open("/dev/shm", O_RDONLY);
	fails(copy_file_range(add, &from, out, NULL, 10, 0), EISDIR, "copy: a directory");
	close(add);
	new_pipes();
	fails(copy_file_range(p[0], NULL, out, &to, 10, 0), EINVAL, "copy: a pipe");
	close_pipes();
	add = open("/proc/self/stat", O_RDONLY);
	fails(copy_file_range(add, NULL, out, &to, 10, 0), EXDEV, "copy: between file systems");
	close(add);
	from = 0x7ffffffffffffff0;
	is(copy_file_range(in, &from, out, &to, 100, 0), 0, "copy: from far behind the end");
	from = 5;
	fails(copy_file_range(in, &from, out, &to, SIZE_MAX, 0), EOVERFLOW,
	      "copy: beyond all offsets");
	from = 0, to = 3 * PAGE;
	must(!getrlimit(RLIMIT_FSIZE, &limit) && !setrlimit(RLIMIT_FSIZE, &small));
	signal(SIGXFSZ, SIG_IGN);
	fails(copy_file_range(in, &from, out, &to, 10, 0), EFBIG, "copy: RLIMIT_FSIZE");
	to -= 5;
	is(copy_file_range(in, &from, out, &to, 10, 0), 5, "copy: up to it");
	must(!setrlimit(RLIMIT_FSIZE, &limit));
	close(in);
	close(out);
	unlink("/dev/shm/copy.in");
	unlink("/dev/shm/copy.out");
}

int main(void)
{
	for (size_t i = 0; i < BYTES; i++)
		want[i] = i / 3 + i / 251;
	file = new_file("/tmp/splice.in");
	must(write(file, want, BYTES) == BYTES && !lseek(file, 0, SEEK_SET));
	test_from_file();
	test_full();
	test_to_file();
	test_pipes();
	test_tee();
	test_sockets();
	test_sendfile();
	test_errors();
	test_waiting();
	test_copy_file_range();
	unlink("/tmp/splice.in");
	return tap_end();
}
