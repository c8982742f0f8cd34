// SPDX-License-Identifier: MIT
/*
 * Who would reclaim for himself waits for kswapd while less than half of the reserve is free, as TAP: throttle FILE-DEVICE, in a
 * machine of 128 MiB, without swap. The reserve is made to be short by raising it, so nobody has to win a race for
 * the last page: what is free does not change, what is to be kept free does.
 *
 * One zone with its high watermark is enough for kswapd, half of the sum of the minima for who waits. On Linux the two wake each other
 * again and again when the smallest zone has its mark before that half is free. So that zone is closed to all that could do with the other one
 * (vm.lowmem_reserve_ratio), and never has its mark in this sense.
 */
#include "../guest/maps.h"

#define MB (1UL << 20)

static int disk; /* stays open: with its last user the pages of a disk go */
static int reserve, zones;

/* The first @bytes of the disk through the page cache. */
static void read_disk(unsigned long bytes)
{
	static char buf[256 * 1024];

	for (unsigned long at = 0; at < bytes; at += sizeof(buf))
		must(pread(disk, buf, sizeof(buf), at) == (ssize_t)sizeof(buf));
}

static unsigned long free_kb(void)
{
	return number_in("/proc/meminfo", "MemFree:");
}

static void set_reserve(unsigned long kb)
{
	char value[24];
	int len = snprintf(value, sizeof(value), "%lu", kb);

	must(pwrite(reserve, value, len, 0) == len);
}

/* Fill memory with pages of the disk that nobody uses. */
static void fill(unsigned long total_kb)
{
	for (int i = 0; i < 8 && free_kb() > total_kb / 8; i++)
		read_disk(128 * MB);
}

struct counts {
	long throttled, stolen, woken;
};

static struct counts counts(void)
{
	return (struct counts){ vmstat("pgscan_direct_throttle"), vmstat("pgsteal_kswapd"),
				vmstat("pageoutrun") };
}

static struct counts since(struct counts before)
{
	struct counts now = counts();

	now.throttled -= before.throttled;
	now.stolen -= before.stolen;
	now.woken -= before.woken;
	return now;
}

static bool hopeless(void)
{
	ssize_t n = pread(zones, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = 0;
	return strstr(text, "node_unreclaimable:  1") != NULL;
}

/* kswapd has what it can free: it frees it, and who waited goes on. */
static void until_there_is_enough(unsigned long total_kb)
{
	const unsigned long wanted = total_kb / 3;
	struct counts seen, before;
	unsigned long free_before, free_after;
	int tries = 0;

	do {
		char *p =
			mmap(NULL, MB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		must(p != MAP_FAILED);
		set_reserve(1024);
		must(!spew("/proc/sys/vm/lowmem_reserve_ratio", "256 256 32 0")); /* as at boot */
		fill(total_kb);
		must(!spew("/proc/sys/vm/lowmem_reserve_ratio", "1 1 1 1"));
		before = counts();
		free_before = free_kb();
		set_reserve(wanted);
		memset(p, 1, MB);
		free_after = free_kb();
		seen = since(before);
	} while (!seen.throttled && ++tries < 8); /* kswapd, awake already, can be quicker */
	printf("# %lu of %lu kB were free, then %lu; %ld waited, kswapd ran %ld times and freed %ld pages\n",
	       free_before, wanted, free_after, seen.throttled, seen.woken, seen.stolen);
	ok(free_before < wanted / 2, "less than half of the reserve is free");
	ok(seen.throttled >= 1, "who needs a page waits, and is counted");
	/* Its run may have begun before. */
	ok(seen.stolen * 4 >= (long)(wanted / 2 - free_before), "it is kswapd that frees the half");
	ok(free_after > wanted / 2 - MB / 1024, "until half is free");
	before = counts();
	memset(mmap(NULL, MB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, MB);
	is(since(before).throttled, 0, "with half of it free nobody waits");
}

/*
 * More is to be free than there is: kswapd gives up, and who waited goes on, finds nothing and dies of it. What is needed until the
 * reserve is small again is there before, so that nobody else asks for memory meanwhile.
 */
static void until_it_gives_up(unsigned long total_kb)
{
	long kills = vmstat("oom_kill");
	struct counts seen, before;
	bool told; /* nearly always: a page that is found meanwhile is hope */
	int status, tries = 0;
	pid_t pid;

	do {
		set_reserve(1024);
		fill(total_kb);
		hopeless();
		before = counts();
		pid = fork();
		if (!pid) {
			char *p = mmap(NULL, MB, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			must(!spew("/proc/self/oom_score_adj", "1000"));
			set_reserve(2 * total_kb);
			memset(p, 1, MB);
			_exit(0);
		}
		must(waitpid(pid, &status, 0) == pid);
		told = hopeless();
		set_reserve(1024);
		seen = since(before);
		/* kswapd can have given up before he came. */
	} while (!seen.throttled && status == SIGKILL && ++tries < 8);
	printf("# %ld waited, kswapd ran %ld times, hopeless %d\n", seen.throttled, seen.woken,
	       told);
	ok(seen.throttled >= 1, "who needs a page waits while kswapd looks for more");
	is(status, SIGKILL,
	   "until it gives up: then he goes on, there is no page, and he dies of it");
	is(vmstat("oom_kill") - kills, tries + 1, "and nobody else");
}

int main(int argc, char **argv)
{
	unsigned long total_kb = number_in("/proc/meminfo", "MemTotal:");

	setvbuf(stdout, NULL, _IOLBF, 0);
	must(argc >= 2 && (disk = open(argv[1], O_RDONLY)) >= 0);
	must((reserve = open("/proc/sys/vm/min_free_kbytes", O_WRONLY)) >= 0);
	must((zones = open("/proc/zoneinfo", O_RDONLY)) >= 0);
	set_reserve(1024);
	until_there_is_enough(total_kb);
	until_it_gives_up(total_kb);
	fill(total_kb);
	ok(!hopeless(), "a page that is found again is hope");
	return tap_end();
}
