// SPDX-License-Identifier: MIT
/*
 * What decides which pages go, and what is seen of it, as TAP: pressure FILE-DEVICE SWAP-DEVICE, in a machine of 128 MiB and one CPU.
 * What is a refault, swappiness, the waits of those who allocate, kswapd's rest, how far swap is read ahead, and groups.
 */
#include <sys/mount.h>
#include <sys/swap.h>
#include "../guest/maps.h"

#define MB (1UL << 20)

static int disk;		/* stays open: with its last user the pages of a disk go */
static unsigned long available; /* bytes that programs can have */

static void set(const char *file, const char *value)
{
	char path[100];

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", file);
	must(!spew(path, value));
}

static char *anonymous(unsigned long bytes)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED);
	for (unsigned long i = 0; i < bytes; i += PAGE)
		p[i] = 1;
	return p;
}

/* The first @bytes of the disk through the page cache. */
static void read_disk(unsigned long bytes)
{
	static char buf[256 * 1024];

	for (unsigned long at = 0; at < bytes; at += sizeof(buf))
		must(pread(disk, buf, sizeof(buf), at) == (ssize_t)sizeof(buf));
}

/* What goes when anonymous memory, written once, and a file, read twice, have to give way: percent of it anonymous. */
static long share_of_anon(const char *swappiness)
{
	long anon, file;
	pid_t pid;

	set("swappiness", swappiness);
	set("drop_caches", "3");
	anon = vmstat("pgsteal_anon");
	file = vmstat("pgsteal_file");
	pid = fork();
	if (!pid) {
		char *p = anonymous(available / 3);

		read_disk(available / 3);
		read_disk(available / 3);
		anonymous(available / 2);
		_exit(p[0] != 1);
	}
	must(waitpid(pid, NULL, 0) == pid);
	anon = vmstat("pgsteal_anon") - anon;
	file = vmstat("pgsteal_file") - file;
	printf("# swappiness %s: %ld anonymous pages and %ld of files\n", swappiness, anon, file);
	return anon * 100 / (anon + file + 1);
}

static void swappiness(void)
{
	long never = share_of_anon("0"), even = share_of_anon("100"), rather = share_of_anon("200");

	ok(never <= 5, "swappiness 0: files go");
	ok(even >= never && even <= rather, "100: between");
	ok(rather >= 50 && rather >= never + 40, "200: rather anonymous memory");
	set("swappiness", "60");
}

/* A set of pages that is a little larger than what is left for it comes back too soon, again and again. */
static void refaults(void)
{
	long refault = vmstat("workingset_refault_file"),
	     active = vmstat("workingset_activate_file");
	pid_t pid;

	set("swappiness", "0");
	pid = fork();
	if (!pid) {
		char *p = anonymous(available / 2);

		for (int i = 0; i < 4; i++)
			read_disk(available / 4 * 3);
		_exit(p[0] != 1);
	}
	must(waitpid(pid, NULL, 0) == pid);
	refault = vmstat("workingset_refault_file") - refault;
	active = vmstat("workingset_activate_file") - active;
	printf("# %ld refaults, %ld of them activated\n", refault, active);
	ok(refault > (long)(available / PAGE / 20), "pages that come back are refaults");
	ok(active > 0 && active <= refault, "those that come back soon are active at once");
	set("swappiness", "60");
}

static char state_of(const char *name)
{
	char path[64];

	for (int pid = 2; pid < 1000; pid++) {
		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		if (strncmp(slurp(path), name, strlen(name)) != 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		slurp(path);
		return strrchr(text, ')')[2];
	}
	return '?';
}

static long stall_time(void)
{
	char *total = strstr(slurp("/proc/pressure/memory"), "total=");

	return total ? atol(total + 6) : -1;
}

static long direct_stalls(void)
{
	return vmstat("allocstall_dma") + vmstat("allocstall_dma32") + vmstat("allocstall_normal") +
	       vmstat("allocstall_movable");
}

/* Memory is taken in one call, faster than kswapd gives some back. */
static bool stalls(void)
{
	long before = direct_stalls(), waited = stall_time();
	pid_t pid = fork();

	if (!pid) {
		mmap(NULL, available + available / 8, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		_exit(0);
	}
	must(waitpid(pid, NULL, 0) == pid);
	return direct_stalls() > before && stall_time() > waited;
}

static void kswapd(void)
{
	long runs = vmstat("pageoutrun"), scanned = vmstat("pgscan_kswapd");

	ok(EVENTUALLY(stalls()), "who finds nothing reclaims himself, and the time is accounted");
	ok(vmstat("pageoutrun") > runs && vmstat("pgscan_kswapd") > scanned, "kswapd has worked");
	ok(EVENTUALLY(state_of("kswapd0") == 'S'), "and sleeps when there is enough");
}

/* ---- swap readahead ---- */

struct ahead {
	long nr, hits;
};

/* Linux: what waits in batches of the CPUs joins its list. */
static void drain(void)
{
	(void)spew("/proc/sys/vm/compact_memory", "1");
}

/* A program that needs @bytes comes and goes. */
static void press(unsigned long bytes)
{
	pid_t pid = fork();

	if (!pid) {
		anonymous(bytes);
		_exit(0);
	}
	must(waitpid(pid, NULL, 0) == pid);
}

/* How many of the pages are in memory, mapped or in the swap cache? */
static long here(char *p, unsigned long pages)
{
	static unsigned char in[8 * MB / PAGE];
	long nr = 0;

	must(pages <= sizeof(in) && !mincore(p, pages * PAGE, in));
	for (unsigned long i = 0; i < pages; i++)
		nr += in[i] & 1;
	return nr;
}

/* Two areas go out page by page in turns, so that neighbours of one are apart on the device; the first one is used in order. */
static struct ahead read_back(const char *page_cluster, const char *by_address)
{
	const unsigned long half = 4 * MB;
	struct ahead a;
	char *p = anonymous(2 * half);

	set("page-cluster", page_cluster);
	must(!spew("/sys/kernel/mm/swap/vma_ra_enabled", by_address));
	drain();
	for (unsigned long i = 0; i < half; i += PAGE) {
		must(!madvise(p + i, PAGE, 21 /* MADV_PAGEOUT */));
		must(!madvise(p + half + i, PAGE, 21));
	}
	for (int i = 0; i < 20 && here(p, 2 * half / PAGE) > 64; i++)
		press(available); /* takes what is still in the swap cache */
	a = (struct ahead){ vmstat("swap_ra"), vmstat("swap_ra_hit") };
	for (unsigned long i = 0; i < half; i += PAGE)
		must(p[i] == 1);
	munmap(p, 2 * half);
	a.nr = vmstat("swap_ra") - a.nr;
	a.hits = vmstat("swap_ra_hit") - a.hits;
	printf("# page-cluster %s, vma_ra_enabled %s: %ld ahead, %ld of them used\n", page_cluster,
	       by_address, a.nr, a.hits);
	return a;
}

static void swap_readahead(void)
{
	struct ahead none = read_back("0", "true"), address = read_back("3", "true"),
		     slot = read_back("3", "false");

	ok(none.nr == 0, "page-cluster 0: nothing is read ahead");
	ok(address.nr >= 128 && address.hits * 10 >= address.nr * 9,
	   "by address: what is read ahead is used");
	ok(slot.hits * 10 <= slot.nr * 7 || slot.nr * 4 <= address.nr,
	   "by slot: it is read in vain, or soon no more");
	must(!spew("/sys/kernel/mm/swap/vma_ra_enabled", "true"));
}

/* ---- what is counted as a refault: known numbers ---- */

#define KNOWN	 256L /* pages */
#define KNOWN_AT (100 * MB)

/* Linux: what CPUs have counted and not told yet. */
static long refaults_of(const char *name)
{
	must(!spew("/proc/sys/vm/stat_refresh", "1"));
	return number_in("/proc/vmstat", name);
}

static void use(const char *p)
{
	for (long i = 0; i < KNOWN; i++)
		must(*(volatile const char *)(p + i * PAGE) <= 1);
}

/* How many refaults are counted while the pages at @p are used? */
static long counted(const char *p, const char *name)
{
	long before = refaults_of(name);

	use(p);
	return refaults_of(name) - before;
}

static bool is_out(char *p)
{
	drain();
	must(!madvise(p, KNOWN * PAGE, 21 /* MADV_PAGEOUT */));
	return !here(p, KNOWN);
}

static void known_of_file(void)
{
	const char *name = "workingset_refault_file ";
	char *p = mmap(NULL, KNOWN * PAGE, PROT_READ, MAP_SHARED, disk, KNOWN_AT), *others;
	const char buf[PAGE] = "";
	long before;

	must(p != MAP_FAILED && !madvise(p, KNOWN * PAGE, MADV_RANDOM));
	is(counted(p, name), 0, "pages of a file that are read for the first time");
	ok(EVENTUALLY(is_out(p)), "they are evicted");
	is(counted(p, name), KNOWN, "and come back: each is a refault");
	ok(EVENTUALLY(is_out(p)), "evicted again");
	others = anonymous(available / 2);
	for (int i = 0; i < 3; i++)
		read_disk(96 * MB);
	munmap(others, available / 2);
	is(counted(p, name), KNOWN, "and refaults although more than memory was evicted since");
	ok(EVENTUALLY(is_out(p)), "evicted again");
	must(!posix_fadvise(disk, KNOWN_AT, KNOWN * PAGE, POSIX_FADV_DONTNEED));
	is(counted(p, name), 0, "thrown away by hand: none");
	ok(EVENTUALLY(is_out(p)), "evicted again");
	before = refaults_of(name);
	for (long i = 0; i < KNOWN; i++)
		must(pwrite(disk, buf, PAGE, KNOWN_AT + i * PAGE) == PAGE);
	is(refaults_of(name) - before, 0, "written over: none");
	must(!fsync(disk));
	munmap(p, KNOWN * PAGE);
}

/* Anonymous pages are on their way to the disk for a while: @bytes of others push them out. */
static void known_of_swap(int flags, const char *what)
{
	char *p = mmap(NULL, KNOWN * PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
	bool out = false;
	long nr;

	must(p != MAP_FAILED);
	memset(p, 1, KNOWN * PAGE);
	set("page-cluster", "0");
	for (int i = 0; i < 10 && !(out = is_out(p)); i++)
		press(available);
	ok(out, "%s pages are swapped out", what);
	nr = counted(p, "workingset_refault_anon ");
	printf("# %ld refaults of %ld %s pages\n", nr, KNOWN, what);
	/* The program's own were pushed out, too. */
	ok(nr >= KNOWN && nr <= KNOWN + 32, "each is a refault when it comes back");
	is(counted(p, "workingset_refault_anon "), 0, "and none when it is here");
	munmap(p, KNOWN * PAGE);
}

/* ---- groups ---- */

#define GROUP "/tmp/cgroup/small"
#define LIMIT (8 * MB)

static void loop_over(unsigned long bytes, int passes)
{
	char *p;

	must(!spew(GROUP "/cgroup.procs", "0"));
	p = anonymous(LIMIT / 4);
	for (int i = 0; i < passes; i++)
		read_disk(bytes);
	_exit(p[0] != 1);
}

/* Percent of the refaults that are active at once, when a group reads @bytes in a circle beside a quarter of anonymous memory. */
static long active_at_once(unsigned long bytes, int passes)
{
	long all, active;
	pid_t pid;

	set("drop_caches", "3");
	all = refaults_of("workingset_refault_file ");
	active = vmstat("workingset_activate_file");
	pid = fork();
	if (!pid)
		loop_over(bytes, passes);
	must(waitpid(pid, NULL, 0) == pid);
	all = refaults_of("workingset_refault_file ") - all;
	active = vmstat("workingset_activate_file") - active;
	printf("# %ld KiB in a group of 8 MiB: %ld refaults, %ld active\n", bytes >> 10, all,
	       active);
	must(all > 500);
	return active * 100 / all;
}

/* Its own evictions are the clock, its own pages the measure: not those of the machine, where there is more room. */
static void group(void)
{
	char *others = anonymous(available / 3);

	must(!mkdir("/tmp/cgroup", 0700) && !mount("none", "/tmp/cgroup", "cgroup2", 0, NULL));
	must(!spew("/tmp/cgroup/cgroup.subtree_control", "+memory") && !mkdir(GROUP, 0700));
	must(!spew(GROUP "/memory.max", "8M"));
	set("swappiness", "0"); /* the anonymous memory of the group stays */
	ok(active_at_once(LIMIT * 3 / 4 + MB, 8) >= 30,
	   "a group that lacks little: what comes back is active at once");
	ok(active_at_once(LIMIT * 3, 3) <= 10, "one that lacks twice what it has: it is not");
	set("swappiness", "60");
	must(!rmdir(GROUP) && !umount("/tmp/cgroup"));
	must(others[0] == 1);
	munmap(others, available / 3);
}

int main(int argc, char **argv)
{
	must(argc == 3);
	disk = open(argv[1], O_RDWR);
	must(disk >= 0);
	set("drop_caches", "3");
	available = meminfo_kb("MemAvailable:") << 10;
	must(!swapon(argv[2], 0));
	swap_readahead();
	known_of_swap(MAP_PRIVATE, "anonymous");
	known_of_swap(MAP_SHARED, "shared");
	known_of_file();
	kswapd();
	swappiness();
	refaults();
	group();
	must(!swapoff(argv[2]));
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}
