// SPDX-License-Identifier: MIT
/*
 * The order in which swap areas are used, as TAP: swap_order SMALL LARGE (of 4 and 16 MiB, mkswap has been there).
 * The type of an entry in pagemap is the area's number. Each CPU takes slots that lie together.
 */
#include "../guest/swapdev.h"
#include "contents.h"
#include <sched.h>
#include <sys/swap.h>

#define PAGES 800UL

/* How many pages of p are on each of the areas. */
static void count(const char *p, unsigned long on[2])
{
	static unsigned long long entries[PAGES];
	int fd = open("/proc/self/pagemap", O_RDONLY);

	pread(fd, entries, sizeof(entries), (long)((unsigned long)p / PAGE * 8));
	close(fd);
	on[0] = on[1] = 0;
	for (unsigned long i = 0; i < PAGES; i++)
		if (entries[i] >> 62 & 1 && (entries[i] & 31) < 2)
			on[entries[i] & 31]++;
}

static char *put_out(unsigned long seed, unsigned long on[2])
{
	char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	fill(p, PAGES, seed);
	pageout(p, PAGES);
	count(p, on);
	printf("# %lu pages on the first area, %lu on the second\n", on[0], on[1]);
	return p;
}

/* ---- two CPUs ---- */

#define RUN 128UL

/* How many of the pages are on the slot next to that of the page before. */
static unsigned long neighbours(const char *p)
{
	uint64_t entries[RUN];
	unsigned long n = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	must(pread(fd, entries, sizeof(entries), (long)((uintptr_t)p / PAGE * 8)) ==
	     sizeof(entries));
	close(fd);
	for (unsigned long i = 1; i < RUN; i++) {
		int64_t step = (int64_t)(entries[i] >> 5) - (int64_t)(entries[i - 1] >> 5);

		n += step == 1 || step == -1;
	}
	return n;
}

/* On @cpu, with another CPU that does the same: 0 if most of its slots are neighbours. */
static int take_slots(int cpu)
{
	char *p =
		mmap(NULL, RUN * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	must(!sched_setaffinity(0, sizeof(set), &set));
	fill(p, RUN, cpu);
	return pageout(p, RUN) == RUN && neighbours(p) >= RUN * 3 / 4 ? 0 : 1;
}

/* On an area of its own: the slots of those who end are not free before what they wrote is. */
static void two_cpus(const char *area)
{
	int status[2];

	must(!swapon(area, 0));
	fflush(stdout);
	for (int cpu = 0; cpu < 2; cpu++)
		if (!fork())
			_exit(take_slots(cpu));
	must(wait(&status[0]) > 0 && wait(&status[1]) > 0);
	ok(!status[0] && !status[1], "order: two CPUs at once: slots of each follow one another");
	must(!swapoff(area));
}

/* Areas of one priority take turns, some slots each. */
static void in_turn(char **areas)
{
	unsigned long on[2];
	char *p;

	must(!swapon(areas[0], SWAP_FLAG_PREFER | 3) && !swapon(areas[1], SWAP_FLAG_PREFER | 3));
	p = put_out(3, on);
	ok(on[0] >= PAGES * 3 / 8 && on[1] >= PAGES * 3 / 8,
	   "order: areas of the same priority are filled side by side");
	ok(wrong(p, PAGES, 3) == -1, "order: contents from both");
	munmap(p, PAGES * PAGE);
	must(!swapoff(areas[0]) && !swapoff(areas[1]));
}

int main(int argc, char **argv)
{
	unsigned long on[2];
	char *p, *q;

	must(argc == 3);
	ok(!swapon(argv[1], SWAP_FLAG_PREFER | 5) && !swapon(argv[2], SWAP_FLAG_PREFER | 1),
	   "order: two areas, the smaller one with the higher priority");
	p = put_out(1, on);
	is(on[0], PAGES, "order: the higher priority is used first");
	q = put_out(2, on);
	ok(on[0] + on[1] == PAGES && on[0] <= 1023 - PAGES && on[1] >= 2 * PAGES - 1023,
	   "order: the other one when it is full");
	ok(wrong(p, PAGES, 1) == -1 && wrong(q, PAGES, 2) == -1, "order: contents are right");
	munmap(p, PAGES * PAGE);
	munmap(q, PAGES * PAGE);
	ok(!swapoff(argv[1]) && !swapoff(argv[2]), "order: swapoff");
	in_turn(argv + 1);
	two_cpus(argv[2]);
	return tap_end();
}
