// SPDX-License-Identifier: MIT
/* pread and pwrite of pages that a file of tmpfs, or of ext2, has in the page cache. */
#define _GNU_SOURCE
#include "harness.h"

#include <unistd.h>

#define TIMES 200
#define LARGE (64 << 10)

static char buffer[LARGE] __attribute__((aligned(4096)));

static void transfer(int fd, size_t bytes, ssize_t (*call)(int, void *, size_t, off_t))
{
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

/* Each on both file systems. */
#define TRANSFER(name, file, bytes, call)                                                          \
	BENCH(name)                                                                                \
	{                                                                                          \
		transfer(file(MIB), bytes, call);                                                  \
	}

TRANSFER("pread-1", tmpfs_file, 1, pread)
TRANSFER("pread-4k", tmpfs_file, PAGE, pread)
TRANSFER("pread-64k", tmpfs_file, LARGE, pread)
TRANSFER("pwrite-1", tmpfs_file, 1, write_at)
TRANSFER("pwrite-4k", tmpfs_file, PAGE, write_at)
TRANSFER("pwrite-64k", tmpfs_file, LARGE, write_at)
TRANSFER("ext2-pread-1", ext2_file, 1, pread)
TRANSFER("ext2-pread-4k", ext2_file, PAGE, pread)
TRANSFER("ext2-pread-64k", ext2_file, LARGE, pread)
TRANSFER("ext2-pwrite-1", ext2_file, 1, write_at)
TRANSFER("ext2-pwrite-4k", ext2_file, PAGE, write_at)
TRANSFER("ext2-pwrite-64k", ext2_file, LARGE, write_at)

/* A file that grows to 2 MiB by writes of so many bytes; per page. */
static void grow(int fd, size_t bytes)
{
	touch(buffer, LARGE);
	start();
	for (off_t at = PAGE * 16; at < (off_t)(PAGE * 528); at += bytes)
		if (pwrite(fd, buffer, bytes, at) != (ssize_t)bytes)
			broken("pwrite");
	stop();
	times(512);
}

BENCH("pwrite-new-page")
{
	grow(tmpfs_file(PAGE), PAGE);
}

BENCH("ext2-pwrite-new-page")
{
	grow(ext2_file(PAGE), PAGE);
}

BENCH("ext2-pwrite-new-64k")
{
	grow(ext2_file(PAGE), LARGE);
}
