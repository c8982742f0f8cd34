// SPDX-License-Identifier: MIT
/*
 * A lab: where glibc's malloc gets its memory, seen from below. Small blocks come from the heap, which brk(2) moves: its
 * top cannot sink below the highest block in use. Large ones are mappings of their own and go at once. An aligned
 * block costs address space around it, but no memory. docs/labs.md.
 */
#include "../guest/tap.h"
#include <malloc.h>

#define KIB (1ul << 10)
#define MIB (1ul << 20)

static char text[1 << 16];

static long status_kb(const char *label)
{
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n > 0 ? n : 0] = 0;
	return strtol(strstr(text, label) + strlen(label), NULL, 10);
}

/* The line of maps that @p lies in: its borders, and whether it is the heap. False: in none. */
static bool region(void *p, unsigned long *start, unsigned long *end, bool *heap)
{
	int fd = open("/proc/self/maps", O_RDONLY);
	size_t have = 0;
	ssize_t n;

	while (have < sizeof(text) - 1 && (n = read(fd, text + have, sizeof(text) - 1 - have)) > 0)
		have += n;
	close(fd);
	text[have] = 0;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		*start = strtoul(line, &line, 16);
		*end = strtoul(line + 1, &line, 16);
		*heap = strstr(line, "[heap]") != NULL;
		if ((unsigned long)p >= *start && (unsigned long)p < *end)
			return true;
	}
	return false;
}

static void heap(void)
{
	char *block[10], *before = sbrk(0), *full;
	unsigned long start, end;
	bool is_heap, all = true;

	for (int i = 0; i < 10; i++) {
		block[i] = malloc(100 * KIB);
		memset(block[i], i, 100 * KIB);
		all &= region(block[i], &start, &end, &is_heap) && is_heap &&
		       (i == 0 || block[i] > block[i - 1]);
	}
	full = sbrk(0);
	ok(all && (char *)end >= full, "ten blocks of 100 KiB lie in [heap], one above the other");
	ok(full - before >= (long)(1000 * KIB) && full - before < (long)(1300 * KIB),
	   "brk has risen by as much");
	for (int i = 0; i < 9; i++)
		free(block[i]);
	is((char *)sbrk(0) - full, 0,
	   "nine are freed: the tenth is on top, the heap cannot shrink");
	ok(malloc_trim(0) == 1 && sbrk(0) >= (void *)(block[9] + 100 * KIB),
	   "malloc_trim: their pages go, the top stays");
	ok(block[9][0] == 9 && block[9][100 * KIB - 1] == 9, "the tenth is whole");
	free(block[9]);
	ok((char *)sbrk(0) < full - 500 * KIB, "the tenth is freed: brk sinks");
}

static void mappings(void)
{
	long size = status_kb("VmSize:");
	char *brk = sbrk(0), *p = malloc(MIB);
	unsigned long start, end;
	bool is_heap;

	ok(region(p, &start, &end, &is_heap) && !is_heap && sbrk(0) == brk,
	   "a block above the threshold is a mapping, not the heap");
	ok((unsigned long)p - start == 16, "it begins with malloc's two words");
	is(status_kb("VmSize:") - size, 1028, "and costs one page more than was asked for");
	free(p);
	is(status_kb("VmSize:") - size, 0, "freed, it is unmapped at once");
}

static void alignment(void)
{
	long size = status_kb("VmSize:"), rss;
	char *p, *q, *aligned;

	p = aligned_alloc(2 * MIB, 2 * MIB);
	ok(p && (unsigned long)p % (2 * MIB) == 0, "aligned_alloc: 2 MiB at a border of 2 MiB");
	ok(status_kb("VmSize:") - size <= 4100,
	   "at the cost of address space: at most twice as much");
	rss = status_kb("VmRSS:");
	for (size_t at = 0; at < 2 * MIB; at += PAGE)
		((volatile char *)p)[at] = 1;
	rss = status_kb("VmRSS:") - rss;
	ok(rss >= 1800 && rss <= 2300,
	   "but of no memory: what is touched is there"); /* Linux counts in batches */
	free(p);
	/* by hand: take twice as much, give back what hangs over */
	size = status_kb("VmSize:");
	q = mmap(NULL, 4 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	aligned = (char *)(((unsigned long)q + 2 * MIB - 1) & -(2 * MIB));
	if (aligned > q)
		munmap(q, aligned - q);
	munmap(aligned + 2 * MIB, q + 4 * MIB - (aligned + 2 * MIB));
	is(status_kb("VmSize:") - size, 2048, "mmap and two munmaps: 2 MiB, aligned, nothing over");
	munmap(aligned, 2 * MIB);
	ok(posix_memalign((void **)&p, 64 * KIB, 100) == 0 && (unsigned long)p % (64 * KIB) == 0,
	   "posix_memalign: 64 KiB");
	free(p);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 4096);
	ok(mallopt(M_MMAP_THRESHOLD, 128 * KIB) == 1,
	   "the threshold is fixed at 128 KiB"); /* else it learns */
	heap();
	mappings();
	alignment();
	return tap_end();
}
