// SPDX-License-Identifier: MIT
/* madvise, mlock, mincore and msync, per page of 1 MiB that is populated unless said otherwise. */
#define _GNU_SOURCE
#include "harness.h"

#include <sys/mman.h>

#define ROUNDS 16
#define NR     (MIB / PAGE)

/* Throw the pages away; touching them again is not counted. */
BENCH("madvise-dontneed-per-page")
{
	char *p = map(MIB);

	touch(p, MIB);
	for (int i = 0; i < 8; i++) {
		start();
		if (madvise(p, MIB, MADV_DONTNEED))
			broken("madvise");
		stop();
		touch(p, MIB);
	}
	times(8 * NR);
}

/* One page, touched again each time. */
BENCH("madvise-dontneed-touch-4k")
{
	char *p = map(MIB);

	touch(p, MIB);
	start();
	for (int i = 0; i < 200; i++) {
		madvise(p, PAGE, MADV_DONTNEED);
		touch(p, PAGE);
	}
	stop();
	times(200);
}

static void lock_unlock(size_t bytes)
{
	char *p = map(bytes);

	touch(p, bytes);
	mlock(p, bytes);
	munlock(p, bytes);
	start();
	for (int i = 0; i < ROUNDS; i++)
		if (mlock(p, bytes) || munlock(p, bytes))
			broken("mlock");
	stop();
	times(ROUNDS * (bytes / PAGE));
}

BENCH("mlock-munlock-4k")
{
	lock_unlock(PAGE);
}

BENCH("mlock-munlock-per-page")
{
	lock_unlock(MIB);
}

/* All that the process has, of which 256 pages are named here. */
BENCH("mlockall-munlockall")
{
	touch(map(MIB), MIB);
	if (mlockall(MCL_CURRENT) || munlockall())
		broken("mlockall");
	start();
	for (int i = 0; i < ROUNDS; i++)
		if (mlockall(MCL_CURRENT) || munlockall())
			broken("mlockall");
	stop();
	times(ROUNDS);
}

/* Per page of an area of which every other page is there. */
BENCH("mincore-per-page")
{
	static unsigned char vec[NR];
	char *p = map(MIB);

	for (size_t i = 0; i < MIB; i += 2 * PAGE)
		touch(p + i, PAGE);
	mincore(p, MIB, vec);
	start();
	for (int i = 0; i < ROUNDS; i++)
		if (mincore(p, MIB, vec))
			broken("mincore");
	stop();
	times(ROUNDS * NR);
}

/* Per call, on 1 MiB of a shared mapping of tmpfs whose pages are dirty. */
BENCH("msync-1m")
{
	char *p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, tmpfs_file(MIB), 0);

	if (p == MAP_FAILED)
		broken("mmap");
	touch(p, MIB);
	msync(p, MIB, MS_SYNC);
	start();
	for (int i = 0; i < ROUNDS; i++)
		if (msync(p, MIB, MS_SYNC))
			broken("msync");
	stop();
	times(ROUNDS);
}

static void advise_pages(int advice)
{
	char *p = map(MIB);

	touch(p, MIB);
	for (int i = 0; i < 8; i++) {
		start();
		if (madvise(p, MIB, advice))
			broken("madvise");
		stop();
		touch(p, MIB);
	}
	times(8 * NR);
}

BENCH("madvise-free-per-page")
{
	advise_pages(MADV_FREE);
}

BENCH("madvise-cold-per-page")
{
	advise_pages(20 /* MADV_COLD */);
}

/* Fault in 1 MiB by a call. */
BENCH("madvise-populate-write-per-page")
{
	for (int i = 0; i < 8; i++) {
		char *p = map(MIB);

		start();
		if (madvise(p, MIB, 23 /* MADV_POPULATE_WRITE */))
			broken("madvise");
		stop();
		munmap(p, MIB);
	}
	times(8 * NR);
}

/* Advice that is a flag of the VMA, on the middle page of three: split and merged again, two operations. */
BENCH("madvise-dontfork-dofork-4k")
{
	char *p = map(3 * PAGE);

	touch(p, 3 * PAGE);
	start();
	for (int i = 0; i < 200; i++)
		if (madvise(p + PAGE, PAGE, MADV_DONTFORK) || madvise(p + PAGE, PAGE, MADV_DOFORK))
			broken("madvise");
	stop();
	times(400);
}

/* Locked as it is touched: mlock2, the touch, munlock of one page. */
BENCH("mlock2-onfault-touch-4k")
{
	char *p = map(PAGE);

	touch(p, PAGE);
	start();
	for (int i = 0; i < 200; i++) {
		madvise(p, PAGE, MADV_DONTNEED);
		if (mlock2(p, PAGE, MLOCK_ONFAULT))
			broken("mlock2");
		touch(p, PAGE);
		munlock(p, PAGE);
	}
	stop();
	times(200);
}

/* A hole of a page in a shared mapping of tmpfs, touched again. */
BENCH("madvise-remove-touch-4k")
{
	char *p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, tmpfs_file(MIB), 0);

	if (p == MAP_FAILED)
		broken("mmap");
	touch(p, MIB);
	start();
	for (int i = 0; i < 200; i++) {
		if (madvise(p, PAGE, MADV_REMOVE))
			broken("madvise");
		touch(p, PAGE);
	}
	stop();
	times(200);
}
