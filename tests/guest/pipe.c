// SPDX-License-Identifier: MIT
/* Pipes: data, ends, atomicity, sizes, errors. */
#include "tap.h"

#include <sys/ioctl.h>
#include <sys/uio.h>

static void basics(void)
{
	char buf[100];
	int p[2], n;
	struct stat st;

	must(pipe(p) == 0);
	is(write(p[1], "hello", 5), 5, "write");
	must(ioctl(p[0], FIONREAD, &n) == 0);
	is(n, 5, "FIONREAD");
	is(read(p[0], buf, 2), 2, "a short read");
	is(read(p[0], buf + 2, 98), 3, "takes what is there");
	ok(!memcmp(buf, "hello", 5), "the bytes in order");
	must(fstat(p[0], &st) == 0);
	ok(S_ISFIFO(st.st_mode), "fstat says FIFO");
	fails(lseek(p[0], 0, SEEK_SET), ESPIPE, "lseek: ESPIPE");
	fails(pread(p[0], buf, 1, 0), ESPIPE, "pread: ESPIPE");
	fails(read(p[1], buf, 1), EBADF, "read of the writing end");
	fails(write(p[0], buf, 1), EBADF, "write to the reading end");
	fails(ftruncate(p[1], 0), EINVAL, "ftruncate");
	is(write(p[1], buf, 0), 0, "a write of nothing");
	close(p[1]);
	is(read(p[0], buf, 1), 0, "no writer: end of file");
	close(p[0]);
	must(pipe(p) == 0);
	signal(SIGPIPE, SIG_IGN);
	close(p[0]);
	fails(write(p[1], "x", 1), EPIPE, "no reader: EPIPE");
	close(p[1]);
	fails(pipe2(p, 0x10), EINVAL, "pipe2: unknown flag");
	must(pipe2(p, O_CLOEXEC | O_NONBLOCK) == 0);
	ok((fcntl(p[0], F_GETFD) & FD_CLOEXEC) && (fcntl(p[1], F_GETFL) & O_NONBLOCK),
	   "pipe2 flags");
	fails(read(p[0], buf, 1), EAGAIN, "empty and non-blocking: EAGAIN");
	close(p[0]);
	close(p[1]);
}

static void dies_of_pipe(void)
{
	int p[2];

	signal(SIGPIPE, SIG_DFL);
	must(pipe(p) == 0);
	close(p[0]);
	(void)!write(p[1], "x", 1);
}

static void capacity(void)
{
	static char big[70000];
	int p[2];
	ssize_t n, all = 0;

	must(pipe2(p, O_NONBLOCK) == 0);
	is(fcntl(p[0], F_GETPIPE_SZ), 65536, "65536 bytes by default");
	while ((n = write(p[1], big, 1000)) > 0)
		all += n;
	ok(all <= 65536 && all >= 61440, "it fills up");
	is(errno, EAGAIN, "then EAGAIN");
	is(fcntl(p[0], F_SETPIPE_SZ, 1 << 18), 1 << 18, "F_SETPIPE_SZ grows it");
	ok(write(p[1], big, 70000) > 0, "and there is room");
	fails(fcntl(p[0], F_SETPIPE_SZ, 4096), EBUSY, "it cannot become less than it holds");
	close(p[0]);
	close(p[1]);
}

#define WRITERS 4
#define CHUNK	512
#define CHUNKS	100

static void atomic_writes(void)
{
	char buf[CHUNK];
	int p[2], n, whole = 0;

	must(pipe(p) == 0);
	for (int w = 0; w < WRITERS; w++) {
		if (fork())
			continue;
		memset(buf, 'a' + w, CHUNK);
		for (int i = 0; i < CHUNKS; i++)
			(void)!write(p[1], buf, CHUNK);
		_exit(0);
	}
	close(p[1]);
	for (;;) {
		for (n = 0; n < CHUNK;) {
			ssize_t r = read(p[0], buf + n, CHUNK - n);

			if (r <= 0)
				break;
			n += r;
		}
		if (n < CHUNK)
			break;
		for (n = 1; n < CHUNK && buf[n] == buf[0];)
			n++;
		whole += n == CHUNK;
	}
	is(whole, WRITERS * CHUNKS, "writes up to PIPE_BUF are not mixed");
	while (wait(NULL) > 0)
		;
	close(p[0]);
}

static void large(void)
{
	static unsigned char buf[8192];
	unsigned int sum = 0, want = 0;
	size_t total = 0;
	int p[2];
	ssize_t n;

	must(pipe(p) == 0);
	if (fork() == 0) {
		close(p[0]);
		for (int k = 0; k < 512; k++) {
			for (size_t i = 0; i < sizeof(buf); i++)
				buf[i] = (unsigned char)(i * 7 + k);
			if (write(p[1], buf, sizeof(buf)) != sizeof(buf))
				_exit(1);
		}
		_exit(0);
	}
	close(p[1]);
	while ((n = read(p[0], buf, 5000)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			sum = sum * 31 + buf[i];
		total += n;
	}
	wait(NULL);
	for (int k = 0; k < 512; k++)
		for (size_t i = 0; i < sizeof(buf); i++)
			want = want * 31 + (unsigned char)(i * 7 + k);
	is(total, 512 * 8192, "4 MiB pass");
	is(sum, want, "unchanged");
	close(p[0]);
}

static void vectors(void)
{
	char a[3], b[4];
	struct iovec out[2] = { { (void *)"abc", 3 }, { (void *)"defg", 4 } };
	struct iovec in[2] = { { a, 3 }, { b, 4 } };
	int p[2];

	must(pipe(p) == 0);
	is(writev(p[1], out, 2), 7, "writev");
	is(readv(p[0], in, 2), 7, "readv");
	ok(!memcmp(a, "abc", 3) && !memcmp(b, "defg", 4), "in order");
	fails(writev(p[1], out, -1), EINVAL, "writev: negative count");
	fails(syscall(SYS_writev, p[1], out, 2000), EINVAL, "writev: too many");
	out[0].iov_len = -1;
	fails(writev(p[1], out, 2), EINVAL, "writev: a length that overflows");
	is(syscall(SYS_writev, p[1], out, 0), 0, "writev: nothing");
	close(p[0]);
	close(p[1]);
}

static void fifo(void)
{
	char c = 0;
	int fd;

	unlink("/tmp/fifo");
	is(mkfifo("/tmp/fifo", 0600), 0, "mkfifo");
	fails(mkfifo("/tmp/fifo", 0600), EEXIST, "mkfifo again");
	fails(open("/tmp/fifo", O_WRONLY | O_NONBLOCK), ENXIO, "no reader yet: ENXIO");
	if (fork() == 0) {
		fd = open("/tmp/fifo", O_WRONLY);
		_exit(write(fd, "f", 1) != 1);
	}
	fd = open("/tmp/fifo", O_RDONLY);
	ok(fd >= 0 && read(fd, &c, 1) == 1 && c == 'f', "both open, a byte passes");
	wait(NULL);
	close(fd);
	unlink("/tmp/fifo");
}

int main(void)
{
	basics();
	is(in_child(dies_of_pipe) & 0x7f, SIGPIPE, "default: death by SIGPIPE");
	capacity();
	atomic_writes();
	large();
	vectors();
	fifo();
	return tap_end();
}
