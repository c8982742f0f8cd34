// SPDX-License-Identifier: MIT
/* mmap, munmap, brk, mremap and remap_file_pages; names of regions. */
#define _GNU_SOURCE
#include "harness.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA	     0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif
#define TIMES 200
#define AREA  (PAGES * PAGE)

static void map_unmap(size_t bytes, int touched)
{
	munmap(map(bytes), bytes);
	start();
	for (int i = 0; i < TIMES; i++) {
		char *p = map(bytes);

		if (touched)
			touch(p, bytes);
		munmap(p, bytes);
	}
	stop();
	times(TIMES);
}

BENCH("mmap-munmap-4k")
{
	map_unmap(PAGE, 0);
}

BENCH("mmap-munmap-1m")
{
	map_unmap(MIB, 0);
}

BENCH("mmap-touch-munmap-4k")
{
	map_unmap(PAGE, 1);
}

BENCH("mmap-touch-munmap-1m")
{
	map_unmap(MIB, 1);
}

BENCH("mmap-munmap-4k-2000-vmas")
{
	many_vmas(2000);
	map_unmap(PAGE, 0);
}

BENCH("munmap-per-page")
{
	char *p = map(AREA);

	touch(p, AREA);
	start();
	munmap(p, AREA);
	stop();
	times(PAGES);
}

/* Per page of a mapped file of tmpfs. */
BENCH("munmap-file-per-page")
{
	int fd = tmpfs_file(AREA);
	char *p = mmap(NULL, AREA, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		broken("mmap");
	look(p, AREA);
	start();
	munmap(p, AREA);
	stop();
	times(PAGES);
}

/* A page at the end of the heap and away again. */
BENCH("brk-grow-shrink")
{
	char *end = (char *)syscall(SYS_brk, 0);

	end = (char *)(((uintptr_t)end + PAGE - 1) & ~(PAGE - 1));
	if ((char *)syscall(SYS_brk, end + PAGE) != end + PAGE)
		broken("brk");
	start();
	for (int i = 0; i < TIMES; i++) {
		syscall(SYS_brk, end + 2 * PAGE);
		syscall(SYS_brk, end + PAGE);
	}
	stop();
	times(TIMES);
}

/* One populated page to another address. */
BENCH("mremap-move-4k")
{
	char *p = map(PAGE), *room = map(4 * PAGE), *q;

	touch(p, PAGE);
	munmap(room, 4 * PAGE);
	p = mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room);
	start();
	for (int i = 0; i < TIMES; i++) {
		q = p == room ? room + 2 * PAGE : room;
		p = mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q);
	}
	stop();
	if (p == MAP_FAILED)
		broken("mremap");
	times(TIMES);
}

/* Per populated page of an area that moves, the tables of both places not aligned to each other. */
BENCH("mremap-move-per-page")
{
	char *p = map(AREA), *room = map(AREA + 16 * MIB), *q;

	touch(p, AREA);
	munmap(room, AREA + 16 * MIB);
	q = (char *)(((uintptr_t)room + 4 * MIB) & ~(2 * MIB - 1)) +
	    ((uintptr_t)p & (2 * MIB - 1)) + 64 * PAGE;
	start();
	p = mremap(p, AREA, AREA, MREMAP_MAYMOVE | MREMAP_FIXED, q);
	stop();
	if (p != q)
		broken("mremap");
	times(PAGES);
}

/* Grow in place by a page and shrink again. */
BENCH("mremap-resize")
{
	char *p = map(16 * PAGE);

	munmap(p + 8 * PAGE, 8 * PAGE);
	if (mremap(p, 8 * PAGE, 9 * PAGE, 0) != p)
		broken("mremap");
	mremap(p, 9 * PAGE, 8 * PAGE, 0);
	start();
	for (int i = 0; i < TIMES; i++) {
		mremap(p, 8 * PAGE, 9 * PAGE, 0);
		mremap(p, 9 * PAGE, 8 * PAGE, 0);
	}
	stop();
	times(TIMES);
}

/* The pages move on, the region stays, empty: one operation, with the touch that fills it again. */
BENCH("mremap-dontunmap-touch-4k")
{
	char *p = map(PAGE), *q = map(PAGE);

	touch(p, PAGE);
	start();
	for (int i = 0; i < TIMES; i++) {
		if (mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | 4 /* MREMAP_DONTUNMAP */,
			   q) != q)
			broken("mremap");
		touch(p, PAGE);
	}
	stop();
	times(TIMES);
}

/* A page of a shared mapping shows the next page of its file, and its own again; with the touches. */
BENCH("remap-file-pages-touch-4k")
{
	char *p =
		mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, tmpfs_file(16 * PAGE), 0);

	if (p == MAP_FAILED)
		broken("mmap");
	touch(p, 16 * PAGE);
	start();
	for (int i = 0; i < TIMES; i++) {
		if (remap_file_pages(p + 4 * PAGE, PAGE, 0, 4 + !(i & 1), 0))
			broken("remap_file_pages");
		touch(p + 4 * PAGE, PAGE);
	}
	stop();
	times(TIMES);
}

/* Name a page in the middle of a mapping, which is split, and take the name away, which merges it. */
BENCH("prctl-vma-name-4k")
{
	char *p = map(16 * PAGE);

	if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p + PAGE, PAGE, "bench"))
		skip("regions have no names");
	prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p + PAGE, PAGE, NULL);
	start();
	for (int i = 0; i < TIMES; i++)
		if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p + PAGE, PAGE, "bench") ||
		    prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p + PAGE, PAGE, NULL))
			broken("prctl");
	stop();
	times(TIMES);
}
