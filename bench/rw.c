// SPDX-License-Identifier: MIT
/* pread and pwrite of pages that a file of tmpfs has. */
#define _GNU_SOURCE
#include "harness.h"

#include <unistd.h>

#define TIMES 200
#define LARGE (64 << 10)

static char buffer[LARGE] __attribute__((aligned(4096)));

static void transfer(size_t bytes, ssize_t (*call)(int, void *, size_t, off_t))
{
	int fd = tmpfs_file(MIB);

	touch(buffer, LARGE);
	call(fd, buffer, bytes, 0);
	start();
	for (int i = 0; i < TIMES; i++)
		if (call(fd, buffer, bytes, i % 8 * LARGE) != (ssize_t)bytes)
			broken("pread or pwrite");
	stop();
	times(TIMES);
}

static ssize_t write_at(int fd, void *p, size_t n, off_t at)
{
	return pwrite(fd, p, n, at);
}

BENCH("pread-1")
{
	transfer(1, pread);
}

BENCH("pread-4k")
{
	transfer(PAGE, pread);
}

BENCH("pread-64k")
{
	transfer(LARGE, pread);
}

BENCH("pwrite-1")
{
	transfer(1, write_at);
}

BENCH("pwrite-4k")
{
	transfer(PAGE, write_at);
}

BENCH("pwrite-64k")
{
	transfer(LARGE, write_at);
}

/* Per page of a file that grows. */
BENCH("pwrite-new-page")
{
	int fd = tmpfs_file(PAGE);

	touch(buffer, LARGE);
	start();
	for (unsigned int i = 1; i <= 512; i++)
		if (pwrite(fd, buffer, PAGE, i * PAGE) != (ssize_t)PAGE)
			broken("pwrite");
	stop();
	times(512);
}
