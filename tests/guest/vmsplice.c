// SPDX-License-Identifier: MIT
/* vmsplice: memory in a pipe by reference; its limits and errors. What copy-on-write makes of it: cow.c. */
#include "tap.h"

#include <sys/ioctl.h>
#include <sys/uio.h>

static int p[2];

static void new_pipe(void)
{
	must(!pipe(p));
}

static void close_pipe(void)
{
	close(p[0]);
	close(p[1]);
}

static long give(void *addr, size_t len, unsigned int flags)
{
	struct iovec v = { addr, len };

	return vmsplice(p[1], &v, 1, flags);
}

static char *pages(int n)
{
	char *m = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(m != MAP_FAILED);
	for (size_t i = 0; i < n * PAGE; i++)
		m[i] = i / 7 + i / PAGE;
	return m;
}

static void test_contents(void)
{
	static char got[3 * PAGE], want[3 * PAGE];
	char *m = pages(4);
	struct iovec v[3] = { { m, 0 }, { m + 100, PAGE }, { m + 2 * PAGE + 5, PAGE + 50 } };
	int waiting;

	new_pipe();
	is(vmsplice(p[1], v, 3, 0), 2 * PAGE + 50, "several pieces, from the middle of pages");
	must(!ioctl(p[0], FIONREAD, &waiting));
	is(waiting, 2 * PAGE + 50, "all of it waits in the pipe");
	memcpy(want, m + 100, PAGE);
	memcpy(want + PAGE, m + 2 * PAGE + 5, PAGE + 50);
	ok(read(p[0], got, sizeof(got)) == 2 * PAGE + 50 && !memcmp(got, want, 2 * PAGE + 50),
	   "and is read");
	is(give(m, 10, 0), 10, "ten bytes");
	m[3] = 'X';
	ok(read(p[0], got, 10) == 10 && got[3] == 'X',
	   "by reference: what is written later is read");
	is(vmsplice(p[1], v, 0, 0), 0, "nothing is nothing");
	close_pipe();
	munmap(m, 4 * PAGE);
}

static void test_pages_stay(void)
{
	char *m = pages(1), got[4] = "", after = m[10];
	int fd = memfd_create("vmsplice", 0);
	char *f;

	new_pipe();
	must(give(m, 10, 0) == 10 && write(p[1], "abc", 3) == 3);
	ok(m[10] == after, "a small write is not appended to somebody's page");
	munmap(m, PAGE);
	read(p[0], got, 1);
	is(got[0], 0, "what was unmapped is still read");
	close_pipe();

	must(!ftruncate(fd, PAGE) && pwrite(fd, "file", 4, 0) == 4);
	f = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	new_pipe();
	must(give(f, 4, 0) == 4);
	must(!ftruncate(fd, 0));
	ok(read(p[0], got, 4) == 4 && !memcmp(got, "file", 4), "likewise what the file has lost");
	close_pipe();
	munmap(f, PAGE);
	close(fd);
	m = pages(1);
	new_pipe();
	must(give(m, PAGE, 0) == PAGE);
	close_pipe(); /* with the page in it */
	munmap(m, PAGE);
}

static void test_room(void)
{
	static char got[8 * PAGE];
	char *m = pages(4);
	int status;
	pid_t pid;

	new_pipe();
	must(fcntl(p[1], F_SETPIPE_SZ, 2 * PAGE) == 2 * PAGE);
	is(give(m, 4 * PAGE, 0), 2 * PAGE, "as much as there is room for");
	fails(give(m, PAGE, SPLICE_F_NONBLOCK), EAGAIN, "full and SPLICE_F_NONBLOCK: EAGAIN");
	pid = fork();
	if (!pid)
		_exit(give(m + 2 * PAGE, PAGE, 0) == PAGE ? 0 : 1);
	usleep(50000);
	must(read(p[0], got, 2 * PAGE) == 2 * PAGE);
	waitpid(pid, &status, 0);
	is(status, EXITED(0), "else it waits for room");
	ok(read(p[0], got, PAGE) == PAGE && !memcmp(got, m + 2 * PAGE, PAGE), "and gives then");
	signal(SIGPIPE, SIG_IGN);
	close(p[0]);
	fails(give(m, PAGE, 0), EPIPE, "without readers: EPIPE");
	close(p[1]);
	munmap(m, 4 * PAGE);
}

static void test_to_memory(void)
{
	char *m = pages(1);
	struct iovec v = { m, PAGE };

	new_pipe();
	must(write(p[1], "hello", 5) == 5);
	ok(vmsplice(p[0], &v, 1, 0) == 5 && !memcmp(m, "hello", 5),
	   "of the reading end: copies into memory");
	fails(vmsplice(p[0], &v, 1, SPLICE_F_NONBLOCK), EAGAIN,
	      "empty and SPLICE_F_NONBLOCK: EAGAIN");
	close(p[1]);
	is(vmsplice(p[0], &v, 1, 0), 0, "without writers: 0");
	close(p[0]);
	munmap(m, PAGE);
}

static void test_errors(void)
{
	char *m = pages(2);
	struct iovec v = { m, PAGE };
	int fd = open("/proc/self/exe", O_RDONLY);

	new_pipe();
	fails(give(m, PAGE, 16), EINVAL, "an unknown flag is EINVAL");
	fails(vmsplice(99, &v, 1, 0), EBADF, "no descriptor: EBADF");
	fails(vmsplice(fd, &v, 1, 0), EBADF, "no pipe: EBADF");
	fails(vmsplice(p[1], &v, 1025, 0), EINVAL, "1025 pieces: EINVAL");
	fails(vmsplice(p[1], (void *)8, 1, 0), EFAULT, "a bad list: EFAULT");
	munmap(m + PAGE, PAGE);
	is(give(m, 2 * PAGE, 0), PAGE, "up to where nothing is mapped");
	fails(give(m + PAGE, PAGE, 0), EFAULT, "nothing there: EFAULT");
	fails(give((void *)(1UL << 63), PAGE, 0), EFAULT, "the kernel's memory: EFAULT");
	close_pipe();
	close(fd);
	munmap(m, PAGE);
}

int main(void)
{
	test_contents();
	test_pages_stay();
	test_room();
	test_to_memory();
	test_errors();
	return tap_end();
}
