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
