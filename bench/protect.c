// SPDX-License-Identifier: MIT
/* mprotect: of a whole area, of a part that splits it and merges again, with few and with many VMAs. */
#define _GNU_SOURCE
#include "harness.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TIMES 200

static void protect(char *p, size_t bytes, int prot)
{
	if (mprotect(p, bytes, prot))
		broken("mprotect");
}

/* Away and back is two operations. */
static void toggle(char *p, size_t bytes)
{
	protect(p, bytes, PROT_READ);
	protect(p, bytes, PROT_READ | PROT_WRITE);
	start();
	for (int i = 0; i < TIMES; i++) {
		protect(p, bytes, PROT_READ);
		protect(p, bytes, PROT_READ | PROT_WRITE);
	}
	stop();
	times(2 * TIMES);
}

BENCH("mprotect-whole-4k")
{
	char *p = map(3 * PAGE);

	munmap(p, PAGE);
	munmap(p + 2 * PAGE, PAGE);
	touch(p + PAGE, PAGE);
	toggle(p + PAGE, PAGE);
}

BENCH("mprotect-whole-1m")
{
	char *p = map(MIB + 2 * PAGE);

	munmap(p, PAGE);
	munmap(p + PAGE + MIB, PAGE);
	touch(p + PAGE, MIB);
	toggle(p + PAGE, MIB);
}

/* The middle page of three: one VMA becomes three and one again. */
BENCH("mprotect-split-merge")
{
	char *p = map(3 * PAGE);

	touch(p, 3 * PAGE);
	toggle(p + PAGE, PAGE);
}

BENCH("mprotect-whole-4k-2000-vmas")
{
	char *p = map(3 * PAGE);

	munmap(p, PAGE);
	munmap(p + 2 * PAGE, PAGE);
	touch(p + PAGE, PAGE);
	many_vmas(2000);
	toggle(p + PAGE, PAGE);
}

BENCH("mprotect-split-merge-2000-vmas")
{
	char *p = map(3 * PAGE);

	many_vmas(2000);
	touch(p, 3 * PAGE);
	toggle(p + PAGE, PAGE);
}

/* A key of its own for the middle page of three, and key 0 again. */
BENCH("pkey-mprotect-split-merge")
{
	char *p = map(3 * PAGE);
	int key = (int)syscall(SYS_pkey_alloc, 0, 0);

	if (key < 0)
		skip("this CPU has no protection keys");
	touch(p, 3 * PAGE);
	start();
	for (int i = 0; i < TIMES; i++)
		for (int which = key; which >= 0; which -= key)
			if (syscall(SYS_pkey_mprotect, p + PAGE, PAGE, PROT_READ | PROT_WRITE,
				    which))
				broken("pkey_mprotect");
	stop();
	times(2 * TIMES);
}
