// SPDX-License-Identifier: MIT
/*
 * A lab: the flight record of a shortage of memory, from the trace events of reclaim. docs/labs.md.
 *	reclaim FILE-DEVICE SWAP-DEVICE		in a machine of 80 MiB with one CPU
 * One direct reclaim and one round of kswapd as trees, and on Quire, which tells it of each page, what became of pages that were used
 * in different ways, and why.
 */
#include "../guest/tracing.h"
#include "frames.h"
#include <sys/mount.h>
#include <sys/swap.h>

#ifndef MADV_COLD
#define MADV_COLD 20
#endif
#define NR    64 /* pages of each kind */
#define SHOWN 16 /* records of a flight */
#define MB    (1UL << 20)

/* ---- the record ---- */

/* Who wrote the line: its first word but for blanks, "name-pid". */
static bool same_task(const char *line, const char *who)
{
	line += strspn(line, " ");
	return !strncmp(line, who, strlen(who)) && line[strlen(who)] == ' ';
}

static const char *event_in(const char *line, const char *name)
{
	char want[60];
	int len = snprintf(want, sizeof(want), ": %s: ", name);
	const char *found = memmem(line, strcspn(line, "\n"), want, len);

	return found ? found + len : NULL;
}

/* What a reclaim did, summed over its records. */
struct flight {
	long isolated, taken, reclaimed, asked, freed, verdicts;
	int priority; /* the last one */
};

/* One record as a line of the tree; true at @end. */
static bool one_record(const char *line, const char *end, struct flight *f, bool show)
{
	const char *r;

	if (event_in(line, end))
		return true;
	if ((r = event_in(line, "mm_vmscan_lru_isolate"))) {
		f->isolated += value(r, "nr_scanned=");
		f->taken += value(r, "nr_taken=");
		if (show)
			printf("#     isolated: %.*s\n",
			       (int)strcspn(strstr(r, "nr_requested"), "\n"),
			       strstr(r, "nr_requested"));
	} else if ((r = event_in(line, "mm_vmscan_lru_shrink_inactive"))) {
		f->reclaimed += value(r, "nr_reclaimed=");
		f->priority = (int)value(r, "priority=");
		if (show)
			printf("#     shrunk, priority %d: %ld of %ld taken; %ld activated, %ld used, %ld dirty\n",
			       f->priority, value(r, "nr_reclaimed="), value(r, "nr_scanned="),
			       value(r, "nr_activate_anon=") + value(r, "nr_activate_file="),
			       value(r, "nr_ref_keep="), value(r, "nr_dirty="));
	} else if ((r = event_in(line, "mm_vmscan_lru_shrink_active"))) {
		if (show)
			printf("#     aged: %ld of %ld become inactive\n",
			       value(r, "nr_deactivated="), value(r, "nr_taken="));
	} else if ((r = event_in(line, "mm_shrink_slab_end"))) {
		f->asked++;
		f->freed += value(r, "return val ");
	} else if (event_in(line, "mm_vmscan_verdict")) {
		f->verdicts++;
	}
	return false;
}

/* From the record at @line, which is of @begin, to its task's next @end. NULL: it has none. */
static struct flight *flight_of(const char *line, const char *end, bool show)
{
	static struct flight f;
	int records = 0;
	char who[40];

	f = (struct flight){ 0 };
	line += strspn(line, " ");
	snprintf(who, sizeof(who), "%.*s", (int)strcspn(line, " "), line);
	if (show)
		printf("# %s: %s\n", who, strstr(line, "mm_vmscan") ? "reclaims" : "?");
	while ((line = strchr(line, '\n')) && *++line)
		if (same_task(line, who) && one_record(line, end, &f, show && ++records <= SHOWN)) {
			if (show && records > SHOWN)
				printf("#     ... and %d records more\n", records - SHOWN);
			if (show)
				printf("#   in all %ld looked at, %ld taken, %ld given back; shrinkers asked %ld times: %ld objects\n",
				       f.isolated, f.taken, f.reclaimed, f.asked, f.freed);
			return &f;
		}
	return NULL;
}

/* The start of the first line of event @name that leads to some reclaim, or NULL. */
static const char *first(const char *name, const char *end)
{
	for (const char *line = log; line && *line; line = strchr(line, '\n')) {
		struct flight *f;

		line += *line == '\n';
		if (!event_in(line, name))
			continue;
		f = flight_of(line, end, false);
		if (f && f->reclaimed > 0)
			return line;
	}
	return NULL;
}

static const char *first_direct(void)
{
	return first("mm_vmscan_direct_reclaim_begin", "mm_vmscan_direct_reclaim_end");
}

static const char *first_of_kswapd(void)
{
	return first("mm_vmscan_kswapd_wake", "mm_vmscan_kswapd_sleep");
}

/* Is a whole flight of each kind in the log? kswapd's ends when nobody allocates for a while. */
static bool both_recorded(void)
{
	read_log();
	return first_direct() && first_of_kswapd();
}

static void flights(void)
{
	const char *direct = first_direct(), *kswapd = first_of_kswapd();
	struct flight *f;

	if (!ok(direct, "somebody who allocates has to reclaim himself") ||
	    !ok(kswapd, "kswapd reclaims"))
		return;
	f = flight_of(direct, "mm_vmscan_direct_reclaim_end", true);
	ok(f->taken >= f->reclaimed && f->isolated >= f->taken,
	   "direct: looked at, taken, given back: each a part of the former");
	f = flight_of(kswapd, "mm_vmscan_kswapd_sleep", true);
	ok(f->taken >= f->reclaimed && f->isolated >= f->taken,
	   "kswapd: the same steps, another way to them");
}

/* ---- pages ---- */

enum kind { READ_ONCE_PAGE, MAPPED, DIRTY, TOUCHED, LOCKED, KINDS };
static const struct {
	const char *what, *verdict;
} kinds[KINDS] = {
	[READ_ONCE_PAGE] = { "read once from a file", "freed" },
	[MAPPED] = { "mapped from a file and used", "kept: used once, a second chance" },
	[DIRTY] = { "written to a file", "kept: dirty, for the flusher" },
	[TOUCHED] = { "anonymous and used", "kept: used once, a second chance" },
	[LOCKED] = { "mlocked", NULL },
};
static unsigned long pfns[KINDS][NR];

/* The first verdict on frame @pfn, "" when there is none. */
static const char *verdict_of(unsigned long pfn)
{
	static char words[80];
	char want[40];
	char *at;

	words[0] = 0;
	snprintf(want, sizeof(want), "verdict: pfn=0x%lx lru=", pfn);
	at = strstr(log, want);
	if (at) {
		at = strchr(at + strlen(want), ' ') + 1;
		snprintf(words, sizeof(words), "%.*s", (int)strcspn(at, "\n"), at);
	}
	return words;
}

static void verdicts(void)
{
	for (int k = 0; k < KINDS; k++) {
		int as_told = 0, other = 0;

		for (int i = 0; i < NR; i++) {
			const char *v = verdict_of(pfns[k][i]);

			if (kinds[k].verdict ? !strcmp(v, kinds[k].verdict) : !*v)
				as_told++;
			else if (*v && !other++)
				printf("# one of those %s: %s\n", kinds[k].what, v);
		}
		/* Of those that are dirty one at least: then the flusher is awake. */
		ok(as_told >= (k == DIRTY ? 1 : NR / 2), "pages %s: %s (%d of %d)", kinds[k].what,
		   kinds[k].verdict ?: "nobody looks at them", as_told, NR);
	}
}

static char *map(int fd, off_t at)
{
	char *p = mmap(NULL, NR * PAGE, RW, fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd,
		       at);

	must(p != MAP_FAILED);
	return p;
}

static void frames(enum kind k, char *p)
{
	for (int i = 0; i < NR; i++) {
		(void)*(volatile char *)(p + i * PAGE);
		pfns[k][i] = frame(p + i * PAGE);
	}
}

/* The same of pages of @disk that shall not count as used for it. */
static void frames_only(enum kind k, int disk, off_t at)
{
	char *p = map(disk, at);

	frames(k, p);
	must(!madvise(p, NR * PAGE, MADV_COLD));
	munmap(p, NR * PAGE);
}

/* A flusher that was woken before (by mkswap's sync) may still be at work. */
static bool stays_dirty(int disk)
{
	char page[PAGE] = "dirty";
	int dirty = 0;

	for (int i = 0; i < NR; i++)
		must(pwrite(disk, page, PAGE, 8 * MB + i * (off_t)PAGE) == (ssize_t)PAGE);
	frames_only(DIRTY, disk, 8 * MB);
	sleep_ms(50);
	for (int i = 0; i < NR; i++)
		dirty += page_is(pfns[DIRTY][i], KPF_DIRTY);
	return dirty == NR;
}

static void prepare(int disk)
{
	char *p = map(-1, 0);

	memset(p, 1, NR * PAGE);
	frames(TOUCHED, p);
	p = map(-1, 0);
	must(!mlock(p, NR * PAGE));
	frames(LOCKED, p);
	frames(MAPPED, map(disk, 4 * MB));
	must(EVENTUALLY(stays_dirty(disk)));
	frames_only(READ_ONCE_PAGE, disk, 12 * MB);
}

/* How many of the NR pages of @disk at @at are in the page cache? */
static int cached(int disk, off_t at)
{
	unsigned char vec[NR];
	char *p = map(disk, at);
	int n = 0;

	must(!mincore(p, NR * PAGE, vec));
	munmap(p, NR * PAGE);
	for (int i = 0; i < NR; i++)
		n += vec[i] & 1;
	return n;
}

static void hog(unsigned long bytes)
{
	pid_t pid = fork();

	if (!pid) {
		char *p = mmap(NULL, bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (unsigned long i = 0; i < bytes; i += PAGE)
			p[i] = 1;
		_exit(0);
	}
	must(waitpid(pid, NULL, 0) == pid);
}

int main(int argc, char **argv)
{
	unsigned long available;
	int disk;

	must(argc == 3 && !swapon(argv[2], 0));
	disk = open(argv[1], O_RDWR);
	must(disk >= 0);
	if (access(TRACING "trace", F_OK))
		must(!mount("tracefs", TRACING, "tracefs", 0, NULL));
	set("/proc/sys/vm/dirty_writeback_centisecs",
	    "0"); /* what is dirty stays so until reclaim finds it */
	set("/proc/sys/vm/dirty_background_bytes", "67108864");
	set("/proc/sys/vm/dirty_bytes", "134217728");
	set("/proc/sys/vm/drop_caches", "3");
	set(TRACING "buffer_size_kb", "8192");
	prepare(disk);
	available = number_in("/proc/meminfo", "MemAvailable:") << 10;
	set(TRACING "events/vmscan/enable", "1");
	/* until all have been looked at, and by both */
	for (int i = 0; i < 12 && (i == 0 || cached(disk, 12 * MB) || !both_recorded()); i++) {
		hog(available + available / 4);
		(void)EVENTUALLY((read_log(), strstr(log, "mm_vmscan_kswapd_sleep: ")));
	}
	set(TRACING "events/vmscan/enable", "0");
	read_log();
	flights();
	if (!access("/proc/mm/page", F_OK))
		verdicts();
	return tap_end();
}
