// SPDX-License-Identifier: MIT
/*
 * zswap in front of a swap device, as TAP: zswap DEVICE (a disk of 32 MiB at least, all of it used). Settings and their errors, what is
 * kept and what goes to the device, the limit of the pool and write-back, control groups, switching off, failing allocations.
 * oracle: none (CONFIG_ZSWAP)
 */
#include "../guest/cgroup.h"
#include "../guest/maps.h"
#include <sys/swap.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#define PAGES	 400UL
#define MANY	 3000UL
#define PARAM(n) "/sys/module/zswap/parameters/" n
#define count(n) number_in("/sys/kernel/debug/zswap/" n, "")

static const char *device;

/* ---- pages ---- */

enum kind { ZERO, WORD, THIRD, RANDOM, NR_KINDS };

static uint64_t mixed(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static void fill(uint64_t *page, enum kind kind, uint64_t seed)
{
	for (uint64_t i = 0; i < PAGE / 8; i++)
		page[i] = kind == ZERO		   ? 0
			  : kind == WORD	   ? seed * 0x0101010101010101ull
			  : kind == THIRD && i % 3 ? seed
						   : mixed(seed << 32 | i);
}

static char *fresh(unsigned long pages)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	must(p != MAP_FAILED);
	return p;
}

/* Page i is of the i-th kind, or all are of @kind. */
static void fill_all(char *p, unsigned long pages, int kind, uint64_t seed)
{
	for (unsigned long i = 0; i < pages; i++)
		fill((uint64_t *)(p + i * PAGE), kind < 0 ? i % NR_KINDS : (unsigned)kind,
		     seed + i);
}

static bool all_right(char *p, unsigned long pages, int kind, uint64_t seed)
{
	static uint64_t want[PAGE / 8];

	for (unsigned long i = 0; i < pages; i++) {
		fill(want, kind < 0 ? i % NR_KINDS : (unsigned)kind, seed + i);
		if (memcmp(want, p + i * PAGE, PAGE))
			return false;
	}
	return true;
}

static bool is_out(const char *p, unsigned long pages)
{
	static uint64_t entries[MANY];
	int fd = open("/proc/self/pagemap", O_RDONLY);

	must(pread(fd, entries, pages * 8, (long)((uintptr_t)p / PAGE * 8)) == (ssize_t)pages * 8);
	close(fd);
	for (unsigned long i = 0; i < pages; i++)
		if (!(entries[i] >> 62 & 1))
			return false;
	return true;
}

static bool page_out(char *p, unsigned long pages)
{
	return EVENTUALLY(!madvise(p, pages * PAGE, MADV_PAGEOUT) && is_out(p, pages));
}

/* The pages were given back; who looks at one just then frees it. */
static bool nothing_left(void)
{
	return EVENTUALLY(!count("stored_pages") && !count("pool_total_size"));
}

/* ---- tests ---- */

static bool reads(const char *path, const char *want)
{
	return !strcmp(slurp(path), want);
}

static void settings(void)
{
	ok(reads(PARAM("enabled"), "N\n"), "not enabled");
	ok(reads(PARAM("max_pool_percent"), "20\n") &&
		   reads(PARAM("accept_threshold_percent"), "90\n") &&
		   reads(PARAM("same_filled_pages_enabled"), "Y\n") &&
		   reads(PARAM("non_same_filled_pages_enabled"), "Y\n"),
	   "settings as of Linux");
	is(spew(PARAM("compressor"), "no-such"), ENOENT, "compressor: unknown");
	is(spew(PARAM("zpool"), "no-such\n"), ENOENT, "zpool: unknown");
	ok(!spew(PARAM("zpool"), "zsmalloc\n") && !spew(PARAM("compressor"), "lz4"),
	   "those there are");
	is(spew(PARAM("max_pool_percent"), "many"), EINVAL, "max_pool_percent: no number");
	is(spew(PARAM("enabled"), "x"), EINVAL, "enabled: neither yes nor no");
	ok(!spew(PARAM("enabled"), "1") && reads(PARAM("enabled"), "Y\n"), "enabled");
}

static void kinds(void)
{
	char *p = fresh(PAGES);
	long pswpout = vmstat("pswpout"), zswpout = vmstat("zswpout"), zswpin = vmstat("zswpin"),
	     poor = count("reject_compress_poor");

	fill_all(p, PAGES, -1, 1);
	must(page_out(p, PAGES));
	is(count("stored_pages"), PAGES * 3 / 4, "stored_pages: all but the random ones");
	is(count("same_filled_pages"), PAGES / 2, "same_filled_pages");
	is(count("reject_compress_poor") - poor, PAGES / 4,
	   "reject_compress_poor: the random ones");
	is(vmstat("zswpout") - zswpout, PAGES * 3 / 4, "zswpout");
	is(vmstat("pswpout") - pswpout, PAGES / 4, "pswpout: those went to the device");
	is(meminfo_kb("Zswapped:"), PAGES * 3, "meminfo: Zswapped");
	ok(meminfo_kb("Zswap:") > 0 && meminfo_kb("Zswap:") * 1024 == count("pool_total_size") &&
		   meminfo_kb("Zswap:") < (long)PAGES * 4 / 6,
	   "meminfo: Zswap, the memory of the pool");
	ok(all_right(p, PAGES, -1, 1), "every page comes back as it was");
	is(vmstat("zswpin") - zswpin, PAGES * 3 / 4, "zswpin");
	fill_all(p, PAGES, -1, 77);
	must(page_out(p, PAGES));
	ok(all_right(p, PAGES, -1, 77), "and when it is written anew");
	munmap(p, PAGES * PAGE);
	ok(nothing_left(), "their memory is gone: nothing is stored, the pool is empty");
}

static void forked(void)
{
	char *p = fresh(PAGES);
	pid_t pid;
	int status;

	fill_all(p, PAGES, -1, 5);
	must(page_out(p, PAGES));
	pid = fork();
	if (!pid) {
		bool right = all_right(p, PAGES, -1, 5);

		fill_all(p, PAGES, -1, 6);
		must(page_out(p, PAGES));
		_exit(right && all_right(p, PAGES, -1, 6) ? 0 : 1);
	}
	must(waitpid(pid, &status, 0) == pid);
	is(status, 0, "a child finds what was stored, and stores its own");
	ok(all_right(p, PAGES, -1, 5), "the parent has what it had");
	munmap(p, PAGES * PAGE);
	ok(nothing_left(), "both are gone: nothing is stored");
}

static void toggled(void)
{
	char *p = fresh(PAGES);
	long stored;

	fill_all(p, PAGES, THIRD, 9);
	must(page_out(p, PAGES));
	must(!spew(PARAM("enabled"), "0"));
	is(count("stored_pages"), PAGES, "not enabled any more: what is stored stays");
	fill_all(p, PAGES / 2, THIRD, 10);
	must(page_out(p, PAGES / 2));
	stored = count("stored_pages");
	ok(stored <= (long)PAGES / 2, "what is written goes to the device (%ld are stored)",
	   stored);
	ok(all_right(p, PAGES / 2, THIRD, 10) &&
		   all_right(p + PAGES / 2 * PAGE, PAGES / 2, THIRD, 9 + PAGES / 2),
	   "each page from where it is");
	must(!spew(PARAM("enabled"), "Y"));
	munmap(p, PAGES * PAGE);
	ok(nothing_left(), "all is gone: nothing is stored");
	p = fresh(8);
	fill_all(p, 8, ZERO, 0);
	must(!spew(PARAM("same_filled_pages_enabled"), "N"));
	must(page_out(p, 8));
	ok(count("same_filled_pages") == 0 && count("stored_pages") == 8 &&
		   all_right(p, 8, ZERO, 0),
	   "same_filled_pages_enabled=N: they are compressed");
	fill_all(p, 8, ZERO, 0);
	must(!spew(PARAM("same_filled_pages_enabled"), "Y"));
	must(!spew(PARAM("non_same_filled_pages_enabled"), "N"));
	fill_all(p, 8, -1, 3);
	must(page_out(p, 8));
	ok(count("stored_pages") == 4 && all_right(p, 8, -1, 3),
	   "non_same_filled_pages_enabled=N: only such are stored");
	must(!spew(PARAM("non_same_filled_pages_enabled"), "Y"));
	munmap(p, 8 * PAGE);
}

static void full(void)
{
	char *p = fresh(MANY);
	long back = count("written_back_pages"), hit = count("pool_limit_hit"), limit;

	must(!spew(PARAM("max_pool_percent"), "1"));
	limit = meminfo_kb("MemTotal:") * 1024 / 100;
	fill_all(p, MANY, THIRD, 1000);
	must(page_out(p, MANY));
	ok(count("pool_limit_hit") > hit, "pool_limit_hit");
	ok(EVENTUALLY(count("written_back_pages") > back), "pages are written back");
	ok(EVENTUALLY(count("pool_total_size") <= limit), "the pool keeps its limit");
	ok(all_right(p, MANY, THIRD, 1000), "every page comes back, from wherever it is");
	fill_all(p, MANY, THIRD, 2000);
	must(page_out(p, MANY));
	ok(!swapoff(device), "swapoff");
	ok(all_right(p, MANY, THIRD, 2000), "swapoff: every page is right");
	is(count("stored_pages"), 0, "swapoff: nothing is stored");
	must(!swapon(device, 0) && !spew(PARAM("max_pool_percent"), "20"));
	munmap(p, MANY * PAGE);
}

/* ---- control groups ---- */

static char *shared;
static long in_zswap(void)
{
	return (long)cg_num("z/1/memory.zswap.current", NULL);
}

/* Have a process of group z/1 fill the shared pages and send them out. */
static void out_by_group(uint64_t seed)
{
	int status;
	pid_t pid;

	must(!madvise(shared, PAGES * PAGE, MADV_DONTNEED)); /* mapped by one process only */
	pid = cg_member("z/1");
	if (!pid) {
		fill_all(shared, PAGES, THIRD, seed);
		/* Entries of a file's pages are empty when they are out. */
		_exit(!EVENTUALLY(!madvise(shared, PAGES * PAGE, MADV_PAGEOUT) &&
				  cg_num("z/1/memory.swap.current", NULL) ==
					  (long long)(PAGES * PAGE)));
	}
	must(waitpid(pid, &status, 0) == pid && !status);
}

static void make_pool_write_back(void)
{
	char *p = fresh(1);

	fill((uint64_t *)p, THIRD, 3);
	must(page_out(p, 1));
	munmap(p, PAGE);
}

static void limits(void)
{
	long kept, out = vmstat("pswpout");

	fails(cg_write("z/memory.zswap.max", "many"), EINVAL, "zswap.max: no number");
	must(!cg_write("z/memory.zswap.max", "65536"));
	ok(cg_is("z/memory.zswap.max", "65536\n"), "zswap.max");
	out_by_group(2);
	kept = in_zswap();
	ok(kept >= 61440 && kept < 65536 + 4096, "zswap.max of the group above is kept (%ld)",
	   kept);
	ok(vmstat("pswpout") - out >= (long)PAGES * 9 / 10, "the others go to the device");
	ok(all_right(shared, PAGES, THIRD, 2), "all come back");
	must(!cg_write("z/memory.zswap.max", "0"));
	out_by_group(3);
	is(in_zswap(), 0, "zswap.max 0: nothing is kept");
	ok(all_right(shared, PAGES, THIRD, 3), "all come back from the device");
	must(!cg_write("z/memory.zswap.max", "max"));
}

/* A page that is written back comes through memory, which the group pays: without room it stays where it is. */
static void written_back(void)
{
	long events;

	out_by_group(4);
	must(!cg_write("z/memory.max", "4096") && !spew(PARAM("max_pool_percent"), "0"));
	events = (long)cg_num("z/memory.events", "max");
	make_pool_write_back();
	ok(EVENTUALLY(cg_num("z/memory.events", "max") > events) && in_zswap() > 0,
	   "write-back is charged: a group at its memory.max has no room for it");
	must(!cg_write("z/memory.max", "max"));
	make_pool_write_back();
	ok(EVENTUALLY(!in_zswap()) &&
		   cg_num("z/1/memory.swap.current", NULL) == (long long)(PAGES * PAGE),
	   "with room, all is written back");
	must(!spew(PARAM("max_pool_percent"), "20"));
	ok(all_right(shared, PAGES, THIRD, 4), "and comes back");
}

static void grouped(void)
{
	long kept;

	cg_mount();
	must(!cg_write("cgroup.subtree_control", "+memory") && !cg_mkdir("z") &&
	     !cg_write("z/cgroup.subtree_control", "+memory") && !cg_mkdir("z/1"));
	shared =
		mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(shared != MAP_FAILED);
	ok(cg_is("z/memory.zswap.max", "max\n") && cg_is("z/memory.zswap.current", "0\n"),
	   "memory.zswap.*");
	ok(cg_num("memory.zswap.max", NULL) == -1 && cg_num("memory.zswap.current", NULL) == -1,
	   "not of the root");
	out_by_group(1);
	kept = in_zswap();
	ok(kept > (long)(PAGES * PAGE / 4) && kept < (long)(PAGES * PAGE / 3 * 2),
	   "zswap.current: compressed bytes (%ld)", kept);
	is(cg_num("z/memory.zswap.current", NULL), kept, "zswap.current of the group above");
	ok(cg_num("z/1/memory.stat", "zswap") == kept &&
		   cg_num("z/memory.stat", "zswapped") == (long long)(PAGES * PAGE),
	   "memory.stat: zswap, zswapped");
	ok(cg_num("z/1/memory.current", NULL) >= kept && cg_num("z/memory.current", NULL) >= kept &&
		   cg_num("z/1/memory.stat", "kernel") >= kept,
	   "memory.current has them, as the kernel's");
	ok(all_right(shared, PAGES, THIRD, 1) && EVENTUALLY(!in_zswap()),
	   "back in memory: nothing is charged");
	limits();
	written_back();
	out_by_group(5);
	kept = in_zswap();
	ok(CG_WAIT(!cg_rmdir("z/1")), "the group goes");
	is(cg_num("z/memory.zswap.current", NULL), kept, "the one above has what it had");
	ok(all_right(shared, PAGES, THIRD, 5) &&
		   EVENTUALLY(!cg_num("z/memory.zswap.current", NULL)),
	   "until it comes back");
	munmap(shared, PAGES * PAGE);
	/* CPUs have a stock; who was in the group goes after a grace period. */
	(void)CG_WAIT((kept = (long)cg_num("z/memory.current", NULL)) <= (long)(128 * PAGE));
	ok(kept <= (long)(128 * PAGE) && CG_WAIT(!cg_rmdir("z")), "nothing is left (%ld)", kept);
	ok(nothing_left(), "nor in the pool");
}

/* The nth allocation of paging out fails, for each n there is: no page is lost. */
static void failing(void)
{
	char *p = fresh(8), nth[16], left[16];
	bool right = true, reached = true;
	int n, fd = open("/proc/self/fail-nth", O_RDWR);

	must(fd >= 0);
	for (n = 1; reached && n < 200; n++) {
		fill_all(p, 8, -1, n);
		snprintf(nth, sizeof(nth), "%d", n);
		must(pwrite(fd, nth, strlen(nth), 0) > 0);
		madvise(p, 8 * PAGE, MADV_PAGEOUT);
		memset(left, 0, sizeof(left));
		must(pread(fd, left, sizeof(left) - 1, 0) > 0);
		reached = left[0] == '0';
		must(pwrite(fd, "0", 1, 0) > 0);
		right = right && all_right(p, 8, -1, n);
	}
	close(fd);
	ok(right && n > 2 && !reached, "the nth allocation fails: nothing is lost (%d of them)",
	   n - 2);
	munmap(p, 8 * PAGE);
	ok(nothing_left(), "and nothing left behind");
}

int main(int argc, char **argv)
{
	must(argc == 2);
	device = argv[1];
	settings();
	must(!swapon(device, 0));
	kinds();
	forked();
	toggled();
	grouped();
	full();
	failing();
	ok(!swapoff(device), "swapoff at the end");
	ok(number_in("/sys/kernel/debug/frontswap/succ_stores", "") > 0 &&
		   number_in("/sys/kernel/debug/frontswap/loads", "") > 0 &&
		   number_in("/sys/kernel/debug/frontswap/invalidates", "") > 0,
	   "frontswap: its calls are counted");
	return tap_end();
}
