/* SPDX-License-Identifier: MIT */
/* Swap devices: their header, and which pages have gone to them. */
#ifndef SWAPDEV_H
#define SWAPDEV_H

#include "tap.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

/* The last page of the device or file @path, or 0. */
__attribute__((unused)) static uint32_t last_page_of(const char *path)
{
	int fd = open(path, O_RDONLY);
	off_t size = lseek(fd, 0, SEEK_END);

	close(fd);
	return size > 0 ? (uint32_t)(size / 4096 - 1) : 0;
}

/* What mkswap(8) writes: pages 1 to @last_page may be used, but not @bad (0: each may). */
__attribute__((unused)) static bool make_swap(const char *path, uint32_t last_page, uint32_t bad)
{
	struct {
		char boot[1024];
		uint32_t version, last_page, nr_bad;
		char uuid[16], label[16];
		uint32_t padding[117], bad[1];
		char rest[4096 - 1540 - 10], magic[10];
	} page = { .version = 1, .last_page = last_page, .nr_bad = bad != 0, .bad = { bad } };
	int fd = open(path, O_WRONLY);
	bool good;

	_Static_assert(sizeof(page) == 4096, "one page");
	memcpy(page.magic, "SWAPSPACE2", sizeof(page.magic));
	good = pwrite(fd, &page, sizeof(page), 0) == sizeof(page) && !fsync(fd);
	close(fd);
	return good;
}

/* How many of the @pages at @p are swap entries. */
__attribute__((unused)) static unsigned long swapped(const void *p, unsigned long pages)
{
	uint64_t entries[512];
	unsigned long n = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	for (unsigned long at = 0; at < pages; at += 512) {
		ssize_t got = pread(fd, entries, sizeof(entries[0]) * (pages - at < 512 ? pages - at : 512),
				    (off_t)(((uintptr_t)p / 4096 + at) * sizeof(entries[0])));

		for (ssize_t i = 0; i < got / 8; i++)
			n += entries[i] >> 62 & 1;
	}
	close(fd);
	return n;
}

/* Linux: pages that were just touched wait in a batch of their CPU, out of reach from another one. No such file: nor such batches. */
__attribute__((unused)) static void empty_batches(void)
{
	int fd = open("/proc/sys/vm/compact_memory", O_WRONLY);

	if (fd >= 0) {
		(void)!write(fd, "1", 1);
		close(fd);
	}
}

/* Send them out: what is being written goes a little later, up to half a minute. How many went. */
__attribute__((unused)) static unsigned long pageout(void *p, unsigned long pages)
{
	for (int tries = 0; tries < 3000 && swapped(p, pages) < pages; tries++) {
		madvise(p, pages * 4096, MADV_PAGEOUT);
		if (tries % 50 == 20)
			empty_batches();
		if (tries > 2)
			usleep(10000);
	}
	return swapped(p, pages);
}

#endif
