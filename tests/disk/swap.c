// SPDX-License-Identifier: MIT
/*
 * Anonymous pages on a swap device, as TAP: swap DEVICE [NAME] (a disk of 16 MiB at least, all of it used; another, of which
 * NAME is in /sys/block, is discarded).
 * MADV_PAGEOUT sends pages out, so that no memory pressure is needed.
 */
#include "../guest/maps.h"
#include "../guest/swapdev.h"
#include "../guest/textfile.h"
#include "contents.h"
#include <sys/prctl.h>
#include <sys/swap.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>

#define PAGES 512UL
#define FORKS 100

/*
 * Linux hands slots out and takes them back in batches, two of 64 to a CPU, which count as used; it forgets the slot of a page that is
 * unmapped while it is read or written, until memory is short; counts in batches, and leaves written pages in the swap cache. We do not.
 */
static long slack;

static const char *device;

/* ---- numbers ---- */

#define vmswap() (status_kb("VmSwap:") / 4)

/* Pages in use by /proc/swaps; -1: no device. */
static long swap_used(void)
{
	char line[256];
	FILE *f = fopen("/proc/swaps", "r");
	long kib = -1;

	while (fgets(line, sizeof(line), f))
		sscanf(line, "%*s %*s %*d %ld", &kib);
	fclose(f);
	return kib < 0 ? -1 : kib / 4;
}

/* ---- pages ---- */

static char *fresh(unsigned long pages)
{
	return mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Until the swap cache is empty: what was written is evicted a little later. Linux leaves it there. */
static void settle(void)
{
	(void)EVENTUALLY(slack || meminfo_kb("SwapCached:") == 0);
}

/* A slot is free a little later than its page: of one that is being written when it has been. */
static bool slots_used(long most)
{
	if (EVENTUALLY(swap_used() <= most + slack))
		return true;
	printf("# %ld slots are in use, SwapCached %ld kB, under writeback %ld pages\n",
	       swap_used(), meminfo_kb("SwapCached:"), vmstat("nr_writeback"));
	return false;
}

/* Quire has an account of every page: does each agree with its counter? Linux has none. */
static bool all_accounts_agree(void)
{
	char line[256] = "all accounts agree";
	FILE *f = fopen("/proc/mm/ledger", "r");

	while (f && fgets(line, sizeof(line), f))
		;
	if (f)
		fclose(f);
	return !strncmp(line, "all accounts agree", 18);
}

/* Pages move while they are counted. */
static bool ledger_agrees(void)
{
	return EVENTUALLY(all_accounts_agree());
}

/* ---- tests ---- */

static void on_and_off(void)
{
	struct sysinfo si;

	fails(swapon("/nonesuch", 0), ENOENT, "swapon of nothing");
	fails(swapon("/dev/null", 0), EINVAL, "swapon of a character device");
	fails(swapon("/tmp", 0), EISDIR, "swapon of a directory");
	fails(swapon(device, 0x80000), EINVAL, "swapon with an unknown flag");
	fails(swapoff(device), EINVAL, "swapoff of what is not on");
	fails(swapon(device, 0), EINVAL, "swapon without a header");
	make_swap(device, 0, 0);
	fails(swapon(device, 0), EINVAL, "swapon of an empty area");
	make_swap(device, 1 << 26, 0);
	fails(swapon(device, 0), EINVAL, "swapon of an area larger than the device");
	ok(make_swap(device, 4095, 7), "mkswap");
	if (fork() == 0) {
		if (setuid(65534))
			_exit(2);
		_exit(swapon(device, 0) == -1 && errno == EPERM && swapoff(device) == -1 &&
				      errno == EPERM
			      ? 0
			      : 1);
	} else {
		int status;

		wait(&status);
		ok(!status, "only for the privileged");
	}
	ok(!swapon(device, SWAP_FLAG_PREFER | 5), "swapon");
	fails(swapon(device, 0), EBUSY, "swapon twice");
	ok(meminfo_kb("SwapTotal:") == 4094 * 4 && meminfo_kb("SwapFree:") == 4094 * 4,
	   "SwapTotal: without header and bad page");
	sysinfo(&si);
	ok(si.totalswap * si.mem_unit == 4094 * PAGE && si.freeswap == si.totalswap, "sysinfo");
	ok(swap_used() == 0, "/proc/swaps");
	{
		int fd = open(device, O_RDWR);

		fails(pwrite(fd, "x", 1, 0), ETXTBSY, "an active device cannot be written");
		close(fd);
	}
	ok(!swapoff(device), "swapoff");
	ok(meminfo_kb("SwapTotal:") == 0 && swap_used() == -1, "nothing is left");
}

/* Every other page is written to, and all go out: how many that writes. Then they are as they were. */
static long written(char *p)
{
	long out = vmstat("pswpout");

	for (unsigned long i = 0; i < PAGES; i += 2)
		p[i * PAGE] ^= 1;
	must(pageout(p, PAGES) == PAGES);
	out = vmstat("pswpout") - out;
	for (unsigned long i = 0; i < PAGES; i += 2)
		p[i * PAGE] ^= 1;
	return out;
}

static void round_trip(void)
{
	char *p = fresh(PAGES);
	long out, in, major, swap0 = vmswap();
	unsigned char vec[PAGES];
	int there = 0;

	fill(p, PAGES, 1);
	out = vmstat("pswpout");
	ok(pageout(p, PAGES) == PAGES, "MADV_PAGEOUT: all pages are swap entries");
	ok(vmstat("pswpout") - out >= (long)PAGES, "pswpout");
	ok(vmswap() - swap0 >= (long)PAGES - slack, "VmSwap");
	ok(swap_used() >= (long)PAGES, "/proc/swaps: used");
	settle();
	mincore(p, PAGES * PAGE, vec);
	for (unsigned long i = 0; i < PAGES; i++)
		there += vec[i] & 1;
	ok(there <= meminfo_kb("SwapCached:") / 4 + slack,
	   "mincore: not there, but in the swap cache");
	in = vmstat("pswpin");
	major = vmstat("pgmajfault");
	ok(wrong(p, PAGES, 1) == -1, "contents come back");
	in = vmstat("pswpin") - in;
	ok(in == (long)PAGES - there, "pswpin: what was not in the swap cache");
	ok(vmstat("pgmajfault") - major <= in + 8, "major faults");
	ok(vmswap() - swap0 <= slack, "VmSwap as before");
	ok(meminfo_kb("SwapCached:") / 4 >= (long)PAGES - slack,
	   "SwapCached: they keep their slots");

	ok(ledger_agrees(), "the ledger of pages, if there is one, agrees");
	out = vmstat("pswpout");
	ok(pageout(p, PAGES) == PAGES, "out again");
	ok(vmstat("pswpout") == out, "a clean page is not written again");
	settle();
	ok(wrong(p, PAGES, 1) == -1, "contents come back again");

	/* Pages of somebody else may go out, too; not each time. */
	ok(EVENTUALLY(written(p) == (long)PAGES / 2),
	   "out after writing to every other: those are written");
	ok(wrong(p, PAGES, 1) == -1, "and come back written");
	pageout(p, PAGES);
	ok(!munmap(p, PAGES * PAGE), "munmap of swapped pages");
	ok(slots_used(0), "no slot is left");
	ok(vmswap() - swap0 <= slack, "nor in VmSwap");
}

/* A child that checks and exits. */
static bool child_finds(bool good)
{
	int status;

	fflush(stdout);
	if (wait(&status) < 0)
		return false;
	return good && status == 0;
}

/* Quire's totals of the swap cache: pages that joined it, left it, were found, were looked for. */
struct totals {
	long add, del, found, sought;
};
static bool read_totals(struct totals *t)
{
	FILE *f = fopen("/proc/mm/swap", "r");
	bool good = f && fscanf(f, "swap_cache add %ld del %ld find %ld of %ld", &t->add, &t->del,
				&t->found, &t->sought) == 4;

	if (f)
		fclose(f);
	return good;
}

static bool totals_agree(struct totals *t)
{
	return read_totals(t) && (t->add - t->del) * 4 == meminfo_kb("SwapCached:");
}

/* A child has read the pages; they are in the swap cache, since the parent's entries have their slots. */
static void refault(void)
{
	struct totals before, after;
	char *p = fresh(32);
	long in, major;
	bool counted;

	fill(p, 32, 4);
	must(pageout(p, 32) == 32);
	settle();
	if (!fork())
		_exit(wrong(p, 32, 4) == -1 ? 0 : 1);
	ok(child_finds(true), "a child reads swapped pages");
	counted = read_totals(&before);
	in = vmstat("pswpin");
	major = vmstat("pgmajfault");
	ok(wrong(p, 32, 4) == -1, "the parent refaults them");
	is(vmstat("pswpin") - in, 0, "from the swap cache: no I/O");
	ok(vmstat("pgmajfault") - major <= 8, "nor major faults");
	if (counted) {
		must(read_totals(&after));
		ok(after.found - before.found >= 32 &&
			   after.found - before.found <= after.sought - before.sought &&
			   after.add == before.add,
		   "totals of the swap cache: found, nothing added");
	}
	munmap(p, 32 * PAGE);
	if (counted)
		ok(EVENTUALLY(totals_agree(&after)) && after.del >= before.del + 32,
		   "totals of the swap cache: added, less deleted, are SwapCached");
}

static void forks(void)
{
	char *p = fresh(PAGES);
	long used;
	int made = 0;
	pid_t pid;

	fill(p, PAGES, 2);
	pageout(p, PAGES);
	used = swap_used();
	for (int i = 0; i < FORKS; i++) {
		pid = fork();
		if (!pid)
			pause();
		made += pid > 0;
	}
	ok(made == FORKS && swap_used() <= used + slack, "%d forks of swapped pages: no slot more",
	   FORKS);
	ok(wrong(p, 1, 2) == -1, "a page shared by %d", FORKS + 1);
	p[0] = 1;
	p[0] = (char)2;
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	signal(SIGTERM, SIG_DFL);
	while (wait(NULL) > 0)
		;
	ok(slots_used(used), "after their end");
	pageout(p, PAGES);
	pid = fork();
	if (!pid) {
		bool good;

		fill(p, PAGES / 2, 3);
		good = wrong(p, PAGES / 2, 3) == -1;
		_exit(!good);
	}
	ok(child_finds(true), "a child writes to swapped pages");
	ok(wrong(p, PAGES, 2) == -1, "the parent keeps its own");
	pageout(p, PAGES);
	pid = fork();
	if (!pid)
		_exit(((unsigned long *)p)[PAGE / 8 * 9] != word_of(2, PAGE / 8 * 9));
	p[9 * PAGE] = 0;
	ok(child_finds(true), "the parent writes, the child keeps its own");
	munmap(p, PAGES * PAGE);
	ok(slots_used(0), "no slot is left after forks");
}

static void advice(void)
{
	char *p = fresh(PAGES), *q;
	long swap0 = vmswap(), in;

	fill(p, PAGES, 4);
	pageout(p, PAGES);
	settle();
	in = vmstat("pswpin");
	ok(!madvise(p + 100 * PAGE, 16 * PAGE, MADV_WILLNEED), "MADV_WILLNEED of swapped pages");
	(void)EVENTUALLY(slack || vmstat("pswpin") - in >= 16);
	ok(slack || vmstat("pswpin") - in == 16, "reads them, and no others");
	madvise(p, 8 * PAGE, MADV_DONTNEED);
	ok(p[0] == 0 && p[7 * PAGE + 9] == 0, "MADV_DONTNEED of swapped pages: zeroes");
	madvise(p + 8 * PAGE, 8 * PAGE, MADV_FREE);
	ok(p[8 * PAGE + 16] == 0, "MADV_FREE of swapped pages: zeroes");
	ok(vmswap() - swap0 <= (long)PAGES - 16 + slack, "they count no more");
	ok(!mlock(p + 16 * PAGE, 16 * PAGE), "mlock of swapped pages");
	ok(swapped(p + 16 * PAGE, 16) == 0, "brings them in");
	madvise(p + 16 * PAGE, PAGE, MADV_PAGEOUT);
	ok(swapped(p + 16 * PAGE, 16) == 0, "and keeps them");
	munlock(p + 16 * PAGE, 16 * PAGE);
	pageout(p + 16 * PAGE, PAGES - 16);
	q = mremap(p, PAGES * PAGE, PAGES * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, fresh(PAGES));
	ok(q != MAP_FAILED && swapped(q, PAGES) >= PAGES - 16, "mremap moves swap entries");
	p = q;
	ok(wrong_among(p, 16, 64, 4) == -1, "contents at the new address");
	pageout(p + 16 * PAGE, PAGES - 16);
	ok(wrong_among(p, 16, PAGES, 4) == -1, "out and in from there");
	mprotect(p, PAGES * PAGE, PROT_READ);
	pageout(p + 16 * PAGE, PAGES - 16);
	ok(wrong_among(p, 16, PAGES, 4) == -1, "read-only memory");
	munmap(p, PAGES * PAGE);
	ok(slots_used(0), "no slot is left after advice");
}

static void off_under_use(void)
{
	char *p = fresh(PAGES);
	int to[2];
	pid_t pid;

	fill(p, PAGES, 5);
	pageout(p, PAGES);
	pipe(to);
	pid = fork();
	if (!pid) {
		char c;

		close(to[1]);
		read(to[0], &c, 1);
		_exit(wrong(p, PAGES, 5) != -1);
	}
	ok(!swapoff(device), "swapoff brings pages back");
	ok(vmswap() <= slack && swapped(p, PAGES) == 0, "none is swapped");
	ok(meminfo_kb("SwapTotal:") == 0 && meminfo_kb("SwapCached:") <= slack * 4, "SwapTotal 0");
	ok(wrong(p, PAGES, 5) == -1, "contents are right");
	close(to[0]);
	write(to[1], "x", 1);
	close(to[1]);
	ok(child_finds(true), "the child's, too");
	ok(!madvise(p, 8 * PAGE, MADV_PAGEOUT) && !swapped(p, 8), "without swap nothing goes out");
	munmap(p, PAGES * PAGE);
}

/* Sectors of the disk @name that were discarded so far. */
static long discarded(const char *name)
{
	char path[64];
	long sectors = -1;

	snprintf(path, sizeof(path), "/sys/block/%s/stat", name);
	sscanf(slurp(path), "%*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %ld", &sectors);
	return sectors;
}

/* swapon -d: what is free of a device without a head is discarded, at swapon and whenever a cluster has become free. */
static void discards(const char *name)
{
	enum {
		AREA = 0x30000,
		CLUSTERS = 0x50000,
		NR = 2048
	}; /* SWAP_FLAG_DISCARD with _ONCE, _PAGES */
	char path[64], *p;
	long before;

	snprintf(path, sizeof(path), "/dev/%s", name);
	make_swap(path, last_page_of(path), 0);
	before = discarded(name);
	ok(!swapon(path, AREA), "swapon, discard once");
	ok(discarded(name) - before >= 8L * last_page_of(path) - 8,
	   "all of it but the header is discarded");
	must(!swapoff(path));
	before = discarded(name);
	ok(!swapon(path, CLUSTERS) && discarded(name) == before, "swapon, discard pages: none yet");
	p = fresh(NR);
	memset(p, 'd', NR * PAGE);
	ok(pageout(p, NR) > NR / 2, "pages are out");
	must(!munmap(p, NR * PAGE));
	ok(EVENTUALLY(discarded(name) > before), "and gone: their clusters are discarded");
	must(!swapoff(path));
}

int main(int argc, char **argv)
{
	device = argc > 1 ? argv[1] : "/dev/vda";
	slack = access("/proc/mm/swap", F_OK) ? 400 : 0;
	on_and_off();
	make_swap(device, 4095, 0);
	ok(!swapon(device, 0), "swapon");
	round_trip();
	refault();
	forks();
	advice();
	off_under_use();
	ok(ledger_agrees(), "and after it");
	if (argc > 2)
		discards(argv[2]);
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}
