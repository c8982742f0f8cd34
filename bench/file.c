// SPDX-License-Identifier: MIT
/* Faults on a file of tmpfs whose pages are all in the page cache, and on a device's frames. */
#define _GNU_SOURCE
#include "harness.h"

#include <sys/mman.h>

#define AREA   (PAGES * PAGE)
#define AROUND 16 /* pages that Linux maps around a read fault */
#define LONE   256

static char *map_file(int fd, size_t bytes, int prot, int flags, size_t offset)
{
	char *p = mmap(NULL, bytes, prot, flags, fd, offset);

	if (p == MAP_FAILED)
		broken("mmap of a file");
	return p;
}

/* Fault on one page in each of LONE mappings of a single page, so that nothing can be mapped around. */
static void lone_faults(int prot, int flags)
{
	static char *page[LONE];
	int fd = tmpfs_file(2 * LONE * PAGE);

	for (int i = 0; i < LONE; i++)
		page[i] = map_file(fd, PAGE, prot, flags, 2 * i * PAGE);
	start();
	for (int i = 0; i < LONE; i++)
		prot &PROT_WRITE ? touch(page[i], PAGE) : look(page[i], PAGE);
	stop();
	times(LONE);
}

/* Per fault that may map 16 pages: every 16th page is touched. */
static void around_faults(int prot, int flags)
{
	char *p = map_file(tmpfs_file(AREA), AREA, prot, flags, 0);

	start();
	for (size_t i = 0; i < PAGES; i += AROUND)
		look(p + i * PAGE, PAGE);
	stop();
	times(PAGES / AROUND);
}

/* Per page, written from the first to the last. */
static void write_faults(int flags)
{
	char *p = map_file(tmpfs_file(AREA), AREA, PROT_READ | PROT_WRITE, flags, 0);

	start();
	touch(p, AREA);
	stop();
	times(PAGES);
}

BENCH("file-read-fault-1")
{
	lone_faults(PROT_READ, MAP_SHARED);
}

BENCH("file-read-fault-16")
{
	around_faults(PROT_READ, MAP_SHARED);
}

BENCH("file-private-read-fault-16")
{
	around_faults(PROT_READ | PROT_WRITE, MAP_PRIVATE);
}

/* Per page of a file read from the first to the last page, however many a fault maps. */
BENCH("file-read-per-page")
{
	char *p = map_file(tmpfs_file(AREA), AREA, PROT_READ, MAP_SHARED, 0);

	start();
	look(p, AREA);
	stop();
	times(PAGES);
}

BENCH("file-shared-write-fault-1")
{
	lone_faults(PROT_READ | PROT_WRITE, MAP_SHARED);
}

BENCH("file-shared-write-fault")
{
	write_faults(MAP_SHARED);
}

BENCH("file-private-write-fault")
{
	write_faults(MAP_PRIVATE);
}

BENCH("file-populate")
{
	int fd = tmpfs_file(AREA);

	start();
	map_file(fd, AREA, PROT_READ, MAP_SHARED | MAP_POPULATE, 0);
	stop();
	times(PAGES);
}

/* Frames without pages: a driver's ->fault inserts them, 16 by each of 32 mappings. */
BENCH("pfn-read-fault")
{
	static char *p[32];

	mmtest("vma", "kind", 1, 0);
	for (int i = 0; i < 32; i++)
		p[i] = map_file(mmtest_fd(), 16 * PAGE, PROT_READ, MAP_SHARED, 0);
	start();
	for (int i = 0; i < 32; i++)
		look(p[i], 16 * PAGE);
	stop();
	times(32 * 16);
}
