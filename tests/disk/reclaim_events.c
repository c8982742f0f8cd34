// SPDX-License-Identifier: MIT
/*
 * Reclaim as its trace events tell it, as TAP: reclaim_events FILE-DEVICE SWAP-DEVICE, in a machine of 128 MiB and one CPU. The
 * fields of the events; a page of a file that is used twice, and not for long; a shortage of memory whose every step is
 * recorded: what the records add up to is what /proc/vmstat counts.
 */
#include <sys/mount.h>
#include <sys/swap.h>
#include "../guest/maps.h"
#include "../guest/tracing.h"

#define MB (1UL << 20)

static const struct {
	const char *event, *fields; /* name:offset:size:signed */
} events[] = {
	{ "pagemap/mm_lru_insertion", "folio:8:8:0 pfn:16:8:0 lru:24:4:0 flags:32:8:0 " },
	{ "pagemap/mm_lru_activate", "folio:8:8:0 pfn:16:8:0 " },
	{ "vmscan/mm_vmscan_kswapd_sleep", "nid:8:4:1 " },
	{ "vmscan/mm_vmscan_kswapd_wake", "nid:8:4:1 zid:12:4:1 order:16:4:1 " },
	{ "vmscan/mm_vmscan_wakeup_kswapd", "nid:8:4:1 zid:12:4:1 order:16:4:1 gfp_flags:24:8:0 " },
	{ "vmscan/mm_vmscan_direct_reclaim_begin", "order:8:4:1 gfp_flags:16:8:0 " },
	{ "vmscan/mm_vmscan_direct_reclaim_end", "nr_reclaimed:8:8:0 " },
	{ "vmscan/mm_vmscan_memcg_reclaim_begin", "order:8:4:1 gfp_flags:16:8:0 " },
	{ "vmscan/mm_vmscan_memcg_reclaim_end", "nr_reclaimed:8:8:0 " },
	{ "vmscan/mm_vmscan_node_reclaim_begin", "nid:8:4:1 order:12:4:1 gfp_flags:16:8:0 " },
	{ "vmscan/mm_vmscan_node_reclaim_end", "nr_reclaimed:8:8:0 " },
	{ "vmscan/mm_shrink_slab_start",
	  "shr:8:8:0 shrink:16:8:0 nid:24:4:1 nr_objects_to_shrink:32:8:1 gfp_flags:40:8:0 "
	  "cache_items:48:8:0 delta:56:8:0 total_scan:64:8:0 priority:72:4:1 " },
	{ "vmscan/mm_shrink_slab_end",
	  "shr:8:8:0 nid:16:4:1 shrink:24:8:0 unused_scan:32:8:1 new_scan:40:8:1 retval:48:4:1 "
	  "total_scan:56:8:1 " },
	{ "vmscan/mm_vmscan_throttled",
	  "nid:8:4:1 usec_timeout:12:4:1 usec_delayed:16:4:1 reason:20:4:1 " },
	{ "vmscan/mm_vmscan_write_folio", "pfn:8:8:0 reclaim_flags:16:4:1 " },
	{ "vmscan/mm_vmscan_lru_isolate",
	  "highest_zoneidx:8:4:1 order:12:4:1 nr_requested:16:8:0 nr_scanned:24:8:0 "
	  "nr_skipped:32:8:0 nr_taken:40:8:0 isolate_mode:48:4:0 lru:52:4:1 " },
	{ "vmscan/mm_vmscan_lru_shrink_inactive",
	  "nid:8:4:1 nr_scanned:16:8:0 nr_reclaimed:24:8:0 nr_dirty:32:8:0 nr_writeback:40:8:0 "
	  "nr_congested:48:8:0 nr_immediate:56:8:0 nr_activate0:64:4:0 nr_activate1:68:4:0 "
	  "nr_ref_keep:72:8:0 nr_unmap_fail:80:8:0 priority:88:4:1 reclaim_flags:92:4:1 " },
	{ "vmscan/mm_vmscan_lru_shrink_active",
	  "nid:8:4:1 nr_taken:16:8:0 nr_active:24:8:0 nr_deactivated:32:8:0 nr_referenced:40:8:0 "
	  "priority:48:4:1 reclaim_flags:52:4:1 " },
};

static void formats(void)
{
	char path[100], name[40], got[400], *line;
	int offset, size, is_signed;

	for (unsigned int i = 0; i < sizeof(events) / sizeof(*events); i++) {
		snprintf(path, sizeof(path), TRACING "events/%s/format", events[i].event);
		got[0] = 0;
		for (line = strstr(slurp(path), "\n\n"); line && (line = strstr(line, "field:"));) {
			char *semicolon = strchr(line, ';'), *start = semicolon;

			while (start[-1] != ' ')
				start--;
			snprintf(name, sizeof(name), "%.*s", (int)(semicolon - start), start);
			must(sscanf(semicolon, "; offset:%d; size:%d; signed:%d", &offset, &size,
				    &is_signed) == 3);
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s:%d:%d:%d ", name,
				 offset, size, is_signed);
			line = semicolon;
		}
		if (!ok(!strcmp(got, events[i].fields), "format of %s", events[i].event))
			printf("# %s\n", got);
	}
}

/* ---- the log ---- */

static void record(const char *what, bool on)
{
	char path[100];

	if (on)
		set(TRACING "trace", "\n");
	snprintf(path, sizeof(path), TRACING "events/%s/enable", what);
	set(path, on ? "1" : "0");
}

/* The next line of event @name at or after @at that holds @with; NULL: no more. */
static char *next(char *at, const char *name, const char *with)
{
	char want[60];

	snprintf(want, sizeof(want), " %s: ", name);
	while ((at = strstr(at, want))) {
		char *end = strchr(at, '\n'), *found = strstr(at, with);

		at += strlen(want);
		if (found && found < end)
			return at;
	}
	return NULL;
}

static long sum(const char *event, const char *with, const char *name)
{
	long n = 0;

	for (char *at = log; (at = next(at, event, with));)
		n += value(at, name);
	return n;
}

static int count(const char *event, const char *with)
{
	int n = 0;

	for (char *at = log; (at = next(at, event, with));)
		n++;
	return n;
}

/* ---- used once, used twice, not used ---- */

#define PG  4096L
#define HOT (8 * MB)

static void use(int disk)
{
	static char page[PG];

	/* another page in between: a read that goes on where the last one was is no second use */
	for (int i = 0; i < 3; i++) {
		must(pread(disk, page, PG, HOT) == PG);
		must(pread(disk, page, PG, 0) == PG);
	}
}

static void states(int disk)
{
	volatile char *p = mmap(NULL, PG, PROT_READ, MAP_SHARED, disk, HOT);
	char pfn[40], *inserted;

	must(p != MAP_FAILED);
	set("/proc/sys/vm/drop_caches", "1");
	record("pagemap", true);
	(void)*p;
	use(disk);
	/* What is mapped stays; Linux empties the batches of the CPUs. */
	set("/proc/sys/vm/drop_caches", "1");
	record("pagemap", false);
	read_log();
	snprintf(pfn, sizeof(pfn), "pfn=0x%lx ", PFN((void *)p));
	munmap((void *)p, PG);
	inserted = next(log, "mm_lru_insertion", pfn);
	ok(inserted && value(inserted, "lru=") == 2,
	   "a page of a file comes among the inactive ones");
	pfn[strlen(pfn) - 1] = '\n';
	ok(next(log, "mm_lru_activate", pfn), "used again, it is activated");
}

/* ---- a shortage ---- */

static const char *const counters[] = { "pgscan_kswapd", "pgscan_direct",  "pgscan_anon",
					"pgscan_file",	 "pgsteal_kswapd", "pgsteal_direct",
					"pgsteal_anon",	 "pgsteal_file",   "pgrefill",
					"pgdeactivate" };
enum {
	SCAN_KSWAPD,
	SCAN_DIRECT,
	SCAN_ANON,
	SCAN_FILE,
	STEAL_KSWAPD,
	STEAL_DIRECT,
	STEAL_ANON,
	STEAL_FILE,
	REFILL,
	DEACTIVATE,
	COUNTERS
};

static void snapshot(long *n)
{
	char *all = slurp("/proc/vmstat"), want[40];

	for (int i = 0; i < COUNTERS; i++) {
		snprintf(want, sizeof(want), "\n%s ", counters[i]);
		must(strstr(all, want));
		n[i] = atol(strstr(all, want) + strlen(want));
	}
}

static void hog(int disk, unsigned long bytes)
{
	pid_t pid = fork();
	static char buf[256 << 10];

	if (!pid) {
		char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			       0);

		for (unsigned long i = 0; i < bytes; i += PG) {
			p[i] = 1;
			if (i % sizeof(buf) == 0) /* twice each: some of the file is active */
				(void)!pread(disk, buf, sizeof(buf), i / 2 % (96 * MB));
		}
		_exit(0);
	}
	must(waitpid(pid, NULL, 0) == pid);
}

/* kswapd has been awake, and is asleep by now. */
static bool kswapd_sleeps(void)
{
	char *at, *slept = NULL, *woke = NULL;

	read_log();
	for (at = log; (at = next(at, "mm_vmscan_kswapd_wake", ""));)
		woke = at;
	for (at = log; (at = next(at, "mm_vmscan_kswapd_sleep", ""));)
		slept = at;
	return woke && slept > woke;
}

static void shortage(int disk, unsigned long available)
{
	long before[COUNTERS], after[COUNTERS];
	char *at;
	int ends = 0;

	set("/proc/sys/vm/drop_caches", "3");
	snapshot(before);
	set(TRACING "buffer_size_kb", "4096");
	record("vmscan", true);
	(void)spew(TRACING "events/vmscan/mm_vmscan_verdict/enable", "0"); /* Quire: of each page */
	for (int i = 0; i < 5; i++) {
		hog(disk, available + available / 3);
		snapshot(after);
		if (after[SCAN_DIRECT] > before[SCAN_DIRECT] &&
		    after[DEACTIVATE] > before[DEACTIVATE])
			break;
	}
	(void)EVENTUALLY(kswapd_sleeps());
	record("vmscan", false);
	read_log();
	snapshot(after);
	for (int i = 0; i < COUNTERS; i++)
		after[i] -= before[i];
	is(value(log, "entries-in-buffer/entries-written: "),
	   atol(strchr(strstr(log, "written: "), '/') + 1), "nothing of the log is lost");

	ok(after[SCAN_KSWAPD] > 0 && after[SCAN_DIRECT] > 0 && after[STEAL_KSWAPD] > 0 &&
		   after[STEAL_DIRECT] > 0,
	   "pages are looked at, and taken, by kswapd and by who allocates");
	is(after[SCAN_KSWAPD] + after[SCAN_DIRECT], after[SCAN_ANON] + after[SCAN_FILE],
	   "looked at: by whom and of what kind is the same sum");
	is(after[STEAL_KSWAPD] + after[STEAL_DIRECT], after[STEAL_ANON] + after[STEAL_FILE],
	   "taken: too");
	ok(after[STEAL_ANON] > 0 && after[STEAL_FILE] > 0, "of either kind");

	is(sum("mm_vmscan_lru_isolate", "lru=inactive_anon", "nr_scanned="), after[SCAN_ANON],
	   "pgscan_anon is what mm_vmscan_lru_isolate adds up to");
	is(sum("mm_vmscan_lru_isolate", "lru=inactive_file", "nr_scanned="), after[SCAN_FILE],
	   "pgscan_file, too");
	is(sum("mm_vmscan_lru_isolate", "lru=active_", "nr_scanned="), after[REFILL],
	   "pgrefill, of the active classes");
	/* Quire counts what goes once its write is done, too. */
	ok(sum("mm_vmscan_lru_shrink_inactive", "flags=RECLAIM_WB_ANON|RECLAIM_WB_ASYNC",
	       "nr_reclaimed=") <= after[STEAL_ANON],
	   "pgsteal_anon is what mm_vmscan_lru_shrink_inactive adds up to, or more");
	is(sum("mm_vmscan_lru_shrink_inactive", "flags=RECLAIM_WB_FILE|RECLAIM_WB_ASYNC",
	       "nr_reclaimed="),
	   after[STEAL_FILE], "pgsteal_file, too");
	is(sum("mm_vmscan_lru_shrink_active", "", "nr_deactivated="), after[DEACTIVATE],
	   "pgdeactivate is what mm_vmscan_lru_shrink_active adds up to: what is not used is demoted");
	ok(after[DEACTIVATE] > 0, "something was");

	for (at = log; (at = next(at, "mm_vmscan_direct_reclaim_begin", "order="));)
		ends += value(at, "order=") == 0 && strstr(at, "gfp_flags=GFP_");
	is(count("mm_vmscan_direct_reclaim_end", "nr_reclaimed="), ends,
	   "each direct reclaim begins, for order 0 and with its flags, and ends");
	ok(ends > 0 && value(next(log, "mm_vmscan_direct_reclaim_end", ""), "nr_reclaimed=") > 0,
	   "with pages");
	ok(next(log, "mm_vmscan_wakeup_kswapd", "nid=0") &&
		   next(log, "mm_vmscan_kswapd_wake", "nid=0 order=0") &&
		   next(log, "mm_vmscan_kswapd_sleep", "nid=0"),
	   "kswapd is woken, runs and goes to sleep");
	ok(count("mm_vmscan_write_folio", "flags=RECLAIM_WB_ANON|RECLAIM_WB_ASYNC") > 0,
	   "pages are written to swap");
	for (at = log, ends = 0; (at = next(at, "mm_vmscan_lru_shrink_inactive", ""));)
		ends += value(at, "priority=") < 0 || value(at, "priority=") > 12;
	is(ends, 0, "priorities are 12 to 0");
}

/* By whom: what a stack says. */
static void callers(int disk, unsigned long available)
{
	record("vmscan/mm_vmscan_lru_shrink_inactive", true);
	set(TRACING "options/stacktrace", "1");
	for (int i = 0; i < 5; i++) {
		hog(disk, available + available / 3);
		read_log();
		if (strstr(log, "=> try_to_free_pages") && strstr(log, "=> kswapd"))
			break;
	}
	record("vmscan/mm_vmscan_lru_shrink_inactive", false);
	set(TRACING "options/stacktrace", "0");
	ok(strstr(log, "=> shrink_node") && strstr(log, "=> kswapd"),
	   "one way to shrink_node: kswapd");
	ok(strstr(log, "=> try_to_free_pages") && strstr(log, "=> __alloc_pages"),
	   "the other: __alloc_pages, try_to_free_pages");
}

int main(int argc, char **argv)
{
	unsigned long available;
	int disk;

	must(argc == 3);
	disk = open(argv[1], O_RDONLY);
	must(disk >= 0 && !swapon(argv[2], 0));
	if (access(TRACING "trace", F_OK))
		must(!mount("tracefs", TRACING, "tracefs", 0, NULL));
	formats();
	states(disk);
	set("/proc/sys/vm/drop_caches", "3");
	available = meminfo_kb("MemAvailable:") << 10;
	shortage(disk, available);
	callers(disk, available);
	must(!swapoff(argv[2]));
	return tap_end();
}
