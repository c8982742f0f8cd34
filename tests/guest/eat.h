/* SPDX-License-Identifier: MIT */
/* What tests of the OOM killer share: memory that is used, and how much the killer likes who uses it. */
#ifndef EAT_H
#define EAT_H

#include "textfile.h"

#include <sys/mman.h>

/* oom_score_adj of the caller. */
__attribute__((unused)) static void set_score(const char *adj)
{
	must(!spew("/proc/self/oom_score_adj", adj));
}

/* New memory, each page of it written. @flags: MAP_PRIVATE, MAP_SHARED, MAP_NORESERVE. */
__attribute__((unused)) static char *touched(size_t size, int flags)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED);
	for (size_t i = 0; i < size; i += PAGE)
		p[i] = 1;
	return p;
}

#endif
