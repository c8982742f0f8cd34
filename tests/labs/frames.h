/* SPDX-License-Identifier: MIT */
/* The frames behind a program's addresses: pagemap, kpagecount, kpageflags, and what Quire tells of a frame in words. */
#ifndef FRAMES_H
#define FRAMES_H

#include "../guest/maps.h"

#include <sched.h>

#define RW (PROT_READ | PROT_WRITE)
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#define KPF_DIRTY	4
#define KPF_ANON	12
#define KPF_SWAPCACHE	13
#define KPF_UNEVICTABLE 18

/* On Linux a page that was just touched waits in a batch of its CPU, and MADV_PAGEOUT empties that of its own alone. */
__attribute__((unused)) static void stay_on_one_cpu(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	must(!sched_setaffinity(0, sizeof(one), &one));
}

static unsigned long word(const char *path, unsigned long index)
{
	unsigned long value = 0;
	int fd = open(path, O_RDONLY);

	must(fd >= 0 &&
	     pread(fd, &value, sizeof(value), (off_t)(index * sizeof(value))) == sizeof(value));
	close(fd);
	return value;
}

/* The frame at @p, 0: no entry. */
__attribute__((unused)) static unsigned long frame(const void *p)
{
	unsigned long entry = pagemap(p);

	return entry >> 63 ? entry & ((1ul << 55) - 1) : 0;
}

/* The slot of swap and its device that the entry at @p names, or 0. */
__attribute__((unused)) static unsigned long slot(const void *p)
{
	unsigned long entry = pagemap(p);

	return entry >> 62 == 1 ? entry & ((1ul << 55) - 1) : 0;
}

__attribute__((unused)) static unsigned long mapped(unsigned long pfn)
{
	return word("/proc/kpagecount", pfn);
}

__attribute__((unused)) static bool page_is(unsigned long pfn, int kpf)
{
	return word("/proc/kpageflags", pfn) >> kpf & 1;
}

/* What smaps says after @label ("\nSwap:") of the region that begins at @start. */
__attribute__((unused)) static long smaps_kb(const void *start, const char *label)
{
	char want[32], *at;

	snprintf(want, sizeof(want), "%lx-", (unsigned long)start);
	at = strstr(slurp("/proc/self/smaps"), want);
	must(at && (at = strstr(at, label)));
	return atol(at + strlen(label));
}

/* What Quire tells of @pfn, in text; NULL where nobody does. */
__attribute__((unused)) static const char *words_of(unsigned long pfn)
{
	char name[32];

	snprintf(name, sizeof(name), "%#lx", pfn);
	return spew("/proc/mm/page", name) ? NULL : slurp("/proc/mm/page");
}

#endif
