// SPDX-License-Identifier: MIT
/*
 * The indices of fragmentation (debugfs extfrag) move as memory is cut into single pages, and come back; what a thread costs
 * the kernel in stacks; and the defaults of the page allocator that user space can read.
 */
#include "textfile.h"

#include <pthread.h>
#include <sys/mount.h>
#include <sys/resource.h>

#define EXTFRAG "/sys/kernel/debug/extfrag/"

static long meminfo(const char *key)
{
	const char *at = strstr(slurp("/proc/meminfo"), key);

	return at ? strtol(at + strlen(key), NULL, 10) : -1;
}

static long knob(const char *path)
{
	const char *s = slurp(path);

	return *s ? strtol(s, NULL, 10) : -1;
}

/* ---- fragmentation ---- */

/* Column @order of the row of the zone that has most memory, in thousandths. */
static int index_of(const char *file, int order)
{
	char path[64], *row, *p;

	snprintf(path, sizeof(path), EXTFRAG "%s", file);
	slurp(path);
	row = strstr(text, "Normal ") ?: strstr(text, "DMA32 ");
	if (!row || !(p = strchr(row, ' ')))
		return -9999;
	for (int i = 0; i < order; i++)
		strtod(p, &p);
	return (int)(strtod(p, NULL) * 1000);
}

static void fragmentation(void)
{
	const size_t room = (size_t)meminfo("MemTotal:") << 10, step = 4 << 20;
	char *p = mmap(NULL, room, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int before = index_of("unusable_index", 9), cut, index, after;
	size_t taken = 0;

	madvise(p, room, MADV_NOHUGEPAGE);
	ok(before >= 0 && before < 600, "unusable_index: most free memory is in large blocks");
	is(index_of("unusable_index", 0), 0, "unusable_index: for a page all of it serves");
	is(index_of("extfrag_index", 0), -1000, "extfrag_index: a request that is served");
	for (; taken + step < room && meminfo("MemFree:") > 16 << 10; taken += step)
		for (size_t at = taken; at < taken + step; at += PAGE)
			p[at] = 1;
	for (size_t at = 0; at < taken; at += 2 * PAGE)
		madvise(p + at, PAGE, MADV_DONTNEED);
	cut = index_of("unusable_index", 9);
	index = index_of("extfrag_index", 10);
	printf("# %zu MiB in use, every other page of it given back; unusable %d to %d, extfrag %d\n",
	       taken >> 20, before, cut, index);
	ok(cut > before + 200 && cut > 500, "unusable_index: rises when every other page is free");
	ok(index_of("unusable_index", 1) <= index_of("unusable_index", 5) &&
		   index_of("unusable_index", 5) <= cut,
	   "unusable_index: the more, the higher the order");
	ok(index == -1000 || index > 500,
	   "extfrag_index: if a large request fails, it is because of fragmentation");
	munmap(p, room);
	after = index_of("unusable_index", 9);
	ok(after < (before + cut) / 2, "unusable_index: falls when all is free");
}

/* ---- stacks ---- */

enum { NR_THREADS = 32 };
static pthread_barrier_t all, done;

static void *sleeper(void *arg)
{
	pthread_barrier_wait(&all);
	pthread_barrier_wait(&done);
	return arg;
}

static void stacks(void)
{
	pthread_t threads[NR_THREADS];
	long before, with, after = 0;

	pthread_barrier_init(&all, NULL, NR_THREADS + 1);
	pthread_barrier_init(&done, NULL, NR_THREADS + 1);
	/* Those of tasks that have ended come back a little later. */
	do {
		before = meminfo("KernelStack:");
		sleep_ms(200);
	} while (meminfo("KernelStack:") != before);
	for (int i = 0; i < NR_THREADS; i++)
		if (pthread_create(&threads[i], NULL, sleeper, NULL))
			exit(1);
	pthread_barrier_wait(&all);
	with = meminfo("KernelStack:");
	pthread_barrier_wait(&done);
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
	/* The last reference to a task may wait for a grace period; others' come and go. */
	(void)EVENTUALLY((after = meminfo("KernelStack:")) - before < 64);
	ok(labs(with - before - NR_THREADS * 16) <= 64, "KernelStack: 16 kB for each thread");
	ok(after - before < 64, "KernelStack: and back when they are gone");
}

/* ---- defaults ---- */

static void defaults(void)
{
	struct rlimit stack;
	const char *row;
	int columns = 0, zones = 0;

	ok(knob("/proc/sys/vm/min_free_kbytes") >= 128, "default: min_free_kbytes");
	is(knob("/proc/sys/vm/watermark_scale_factor"), 10, "default: watermark_scale_factor");
	is(knob("/proc/sys/vm/watermark_boost_factor"), 15000, "default: watermark_boost_factor");
	ok(strstr(slurp("/proc/sys/vm/lowmem_reserve_ratio"), "256\t256\t32\t0"),
	   "default: lowmem_reserve_ratio");
	slurp("/proc/buddyinfo");
	row = strstr(text, "DMA32 ");
	for (row = row ? strchr(row, ' ') : ""; *row && *row != '\n'; columns++) {
		row += strspn(row, " ");
		if (*row == '\n')
			break;
		row += strcspn(row, " \n");
	}
	is(columns, 11, "default: orders 0 to 10");
	slurp("/proc/zoneinfo");
	for (const char *s = text; (s = strstr(s, "Node 0, zone ")); s++)
		zones++;
	ok(zones >= 4, "default: the zones of a node");
	getrlimit(RLIMIT_STACK, &stack);
	is(stack.rlim_cur, 8 << 20, "default: a stack of 8 MiB");
}

int main(void)
{
	if (access(EXTFRAG, F_OK))
		mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	defaults();
	stacks();
	fragmentation();
	return tap_end();
}
