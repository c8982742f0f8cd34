// SPDX-License-Identifier: MIT
/*
 * What decides which pages go, and what is seen of it, as TAP: pressure FILE-DEVICE SWAP-DEVICE, in a machine of 128 MiB and one CPU.
 * Swappiness, refaults, the waits of those who allocate, kswapd's rest, and how far swap is read ahead.
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

/* Two areas go out page by page in turns, so that neighbours of one are apart on the device; the first one is used in order. */
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

/* ---- a group at two thirds of its working set ---- */

#define GROUP	  "/tmp/cgroup/small"
#define TEXT_SIZE MB

static void use_group(void)
{
	const unsigned long size = 12 * MB;
	char *text = mmap(NULL, TEXT_SIZE, PROT_READ, MAP_SHARED, disk, 64 * MB), *p;
	unsigned int x = 1;

	must(text != MAP_FAILED && !spew(GROUP "/cgroup.procs", "0"));
	p = anonymous(size);
	for (int i = 0; i < 16000; i++) {
		x = x * 1103515245 + 12345;
		p[(x >> 8) % (size / PAGE) * PAGE]++;
		if (*(volatile char *)(text + i % (TEXT_SIZE / PAGE) * PAGE))
			_exit(1);
	}
	_exit(0);
}

static void group(void)
{
	long file, anon;

	must(!mkdir("/tmp/cgroup", 0700) && !mount("none", "/tmp/cgroup", "cgroup2", 0, NULL));
	must(!spew("/tmp/cgroup/cgroup.subtree_control", "+memory") && !mkdir(GROUP, 0700));
	must(!spew(GROUP "/memory.max", "8M"));
	file = vmstat("workingset_refault_file");
	anon = vmstat("workingset_refault_anon");
	is(in_child(use_group), 0, "a group with less than it uses gets through");
	file = vmstat("workingset_refault_file") - file;
	anon = vmstat("workingset_refault_anon") - anon;
	printf("# %ld refaults of anonymous pages, %ld of files\n", anon, file);
	ok(anon > 1000 && file < anon, "the few pages of a file that it uses go less often");
	must(!rmdir(GROUP) && !umount("/tmp/cgroup"));
}

int main(int argc, char **argv)
{
	must(argc == 3);
	disk = open(argv[1], O_RDONLY);
	must(disk >= 0);
	set("drop_caches", "3");
	available = meminfo_kb("MemAvailable:") << 10;
	must(!swapon(argv[2], 0));
	swap_readahead();
	kswapd();
	swappiness();
	refaults();
	group();
	must(!swapoff(argv[2]));
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}
