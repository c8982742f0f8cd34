// SPDX-License-Identifier: MIT
/*
 * A lab: the life of a slot of swap, and its count, as smaps shows it (SwapPss is Swap divided by who holds the slot) and as
 * Quire's trace event swap:swap_slot tells it. docs/labs.md. slots DEVICE: with a swap area.
 */
#include "../guest/tracing.h"
#include "frames.h"
#include <sys/swap.h>

#define PAGES 12 /* divided by 1, 2, 3 or 4 it is a number of pages */

static char *region;
static long first;  /* offset of the slot of the first page */
static bool traced; /* there is swap:swap_slot */

/* How many entries name the slots of the region; 0: it has none. */
static long holders(void)
{
	long swap = smaps_kb(region, "\nSwap:"), share = smaps_kb(region, "\nSwapPss:");

	return share ? swap / share : 0;
}

static void all(void (*use)(char *))
{
	for (int i = 0; i < PAGES; i++)
		use(region + i * PAGE);
}

static void read_one(char *p)
{
	(void)*(volatile char *)p;
}

static void write_one(char *p)
{
	(*(volatile char *)p)++;
}

static bool all_out(void)
{
	madvise(region, PAGES * PAGE, MADV_PAGEOUT);
	return smaps_kb(region, "\nSwap:") == PAGES * 4;
}

/* A child that reads the region when told, and ends when told. */
struct child {
	pid_t pid;
	int order[2], done[2];
};

static struct child copy(void)
{
	struct child c;
	char order;

	must(!pipe(c.order) && !pipe(c.done));
	fflush(stdout);
	c.pid = fork();
	if (c.pid)
		return c;
	while (read(c.order[0], &order, 1) == 1 && order == 'r') {
		all(read_one);
		must(write(c.done[1], &order, 1) == 1);
	}
	_exit(0);
}

static void let_read(struct child *c)
{
	char got;

	must(write(c->order[1], "r", 1) == 1 && read(c->done[0], &got, 1) == 1);
}

static void end(struct child *c)
{
	must(write(c->order[1], "e", 1) == 1 && waitpid(c->pid, NULL, 0) == c->pid);
	close(c->order[0]), close(c->order[1]), close(c->done[0]), close(c->done[1]);
}

static void life(void)
{
	unsigned long entry, pfn;
	struct child a, b;
	long written;

	/* a line of smaps of its own: no neighbour that it would become one with */
	region = mmap(NULL, (PAGES + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(region != MAP_FAILED && !mprotect(region + PAGE, PAGES * PAGE, RW));
	region += PAGE;
	all(write_one);
	pfn = frame(region);
	written = vmstat("pswpout");
	ok(EVENTUALLY(all_out()) && holders() == 1,
	   "out: each entry names a slot, each slot has one holder");
	ok(EVENTUALLY(vmstat("pswpout") >= written + PAGES), "written");
	/* Quire frees a page as soon as it is written, Linux when it looks at it again. */
	must(!traced || EVENTUALLY(!page_is(pfn, KPF_SWAPCACHE)));
	entry = slot(region);
	first = (long)(entry >> 5);

	written = vmstat("pswpout");
	all(read_one);
	ok(holders() == 0 && page_is(frame(region), KPF_SWAPCACHE),
	   "read: the entry has let go of the slot, the swap cache keeps it");
	ok(EVENTUALLY(all_out()) && slot(region) == entry && vmstat("pswpout") == written,
	   "out again: the same slot, and nothing is written");

	a = copy();
	is(holders(), 2,
	   "fork: its count is 2: an entry in page tables has no count of its own, the slot has");
	b = copy();
	is(holders(), 3, "another one: 3");
	end(&a);
	is(holders(), 2, "freed, first way: a process ends, its entries are zapped");
	let_read(&b);
	is(holders(), 1, "freed, second way: a page is read in, its entry let go");
	ok(slot(region) == entry, "here it is still out");
	all(read_one);
	ok(frame(region) && page_is(frame(region), KPF_SWAPCACHE),
	   "read here, too: found in the swap cache");
	end(&b);
	pfn = frame(region);
	all(write_one);
	ok(frame(region) == pfn && !page_is(pfn, KPF_SWAPCACHE),
	   "freed, third way: nobody names the slot, the page is written to: the swap cache gives it up");
	munmap(region - PAGE, (PAGES + 2) * PAGE);
}

/* What the log tells of the slot of the first page: "holders change" of each line. */
static void told(void)
{
	static const char want[] =
		"0 taken for a page, 1 one entry more, 1 out of the cache, " /* out */
		"1 read into the cache, 0 one entry less, "		     /* read */
		"1 one entry more, 1 out of the cache, "		     /* out again */
		"2 one entry more, 3 one entry more, 2 one entry less, " /* two forks, an exit */
		"2 read into the cache, 1 one entry less, "		 /* read by the child */
		"0 one entry less, 0 out of the cache, ";		 /* read here; written to */
	static char got[4096];
	char offset[40];

	snprintf(offset, sizeof(offset), "offset=%ld holders=", first);
	read_log();
	for (char *at = log; (at = strstr(at, offset)); at++) {
		char *line = at + strlen(offset), *words = strchr(strstr(line, "pfn="), ' ');

		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%ld%.*s, ", atol(line),
			 (int)(strchr(words, '\n') - words), words);
	}
	if (!ok(!strcmp(got, want), "the life of the first page's slot"))
		printf("# %s\n", got);
}

int main(int argc, char **argv)
{
	traced = !access(TRACING "events/swap/swap_slot/enable", F_OK);
	must(argc == 2 && !swapon(argv[1], 0));
	stay_on_one_cpu();
	if (traced)
		set(TRACING "events/swap/swap_slot/enable", "1");
	life();
	if (traced)
		told();
	must(!swapoff(argv[1]));
	return tap_end();
}
