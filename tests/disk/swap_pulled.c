// SPDX-License-Identifier: MIT
/*
 * A swap device that goes while it is in heavy use, as TAP: swap_pulled NAME CASE...
 *	disk	the disk NAME has the swap area
 *	file	it lies in a file of ext2 on that disk
 *	zswap	the disk, with zswap in front of it
 *	swapoff	the disk; somebody switches it off meanwhile
 *	second	the disk, and after it /dev/vdb: from then on pages go there (Linux goes on to try the first)
 *	pull	the disk, pulled out from outside (on standard error: "unplug now") where otherwise its driver lets go; it stays away
 * Each of the processes in two control groups has more than those may have; one sleeps while all it has is on the device; a file of shmem
 * is there, too. Nobody ever finds a wrong byte: a page is right, or lost, which is SIGBUS or EIO. The device can be switched off
 * then (Linux cannot when it was a disk: it has no name any more), and all memory is there again.
 */
#include "../guest/cgroup.h"
#include "../guest/maps.h"
#include "../guest/swapdev.h"
#include "contents.h"
#include "unplug.h"
#include <sys/swap.h>

#define LIMIT (6L << 20)
#define PAGES                                                                                      \
	1700UL /* of each process: more than its group may have in memory, so that each has something to lose */
#define BUSY	  4
#define WORDS	  (PAGE / 8)
#define DIRECTORY "/tmp/vanishing"
#define SECOND	  "/dev/vdb"
#define LOST	  3 /* exit status: something was lost, all else was right */

enum role { ANON, FILE_BY_CALLS, SLEEPER, FREE, NR_ROLES };

static struct process {
	enum role role;
	const char *group;
	pid_t pid;
} table[] = {
	{ .role = ANON, .group = "a" },
	{ .role = ANON, .group = "a" },
	{ .role = ANON, .group = "b" },
	{ .role = ANON, .group = "b" },
	{ .role = FILE_BY_CALLS, .group = "c" },
	{ .role = SLEEPER, .group = "c" },
	{ .role = FREE },
};
#define NR_PROCESSES (int)(sizeof(table) / sizeof(*table))

static volatile struct shared {
	unsigned long turns[NR_PROCESSES];
	int stop; /* the busy ones: check everything and end */
	int look; /* the others: now */
} * shared;

static bool on_linux;

/* ---- pages ---- */

/* Every other page gets smaller when it is compressed. */
static void renew(char *p, unsigned long page, unsigned long seed)
{
	unsigned long words = page % 2 ? WORDS / 8 : WORDS;

	for (unsigned long i = 0; i < words; i++)
		((unsigned long *)p)[i] = word_of(seed + page, i);
	memset(p + words * 8, 0, PAGE - words * 8);
}

static bool is_right(const char *p, unsigned long page, unsigned long seed)
{
	unsigned long words = page % 2 ? WORDS / 8 : WORDS;

	for (unsigned long i = 0; i < WORDS; i++)
		if (((const unsigned long *)p)[i] != (i < words ? word_of(seed + page, i) : 0))
			return false;
	return true;
}

/* ---- processes ---- */

/* Reads and writes until it is stopped, or dies by SIGBUS. */
static void use_memory(int nr)
{
	char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	unsigned long draw = nr;

	for (unsigned long i = 0; i < PAGES; i++)
		renew(p + i * PAGE, i, nr);
	while (!shared->stop) {
		unsigned long i;

		draw = draw * 6364136223846793005UL + 1442695040888963407UL;
		i = (draw >> 33) % PAGES;
		if (!is_right(p + i * PAGE, i, nr))
			_exit(2);
		if (draw >> 62)
			renew(p + i * PAGE, i, nr);
		shared->turns[nr]++;
	}
	for (unsigned long i = 0; i < PAGES; i++)
		if (!is_right(p + i * PAGE, i, nr))
			_exit(2);
	_exit(0);
}

/* Reads the beginning of a file in memory that goes out again and again; then it holds what is left of all of it. */
static void use_file(int nr)
{
	static char buf[PAGE] __attribute__((aligned(8)));
	unsigned long draw = nr, lost = 0;
	int fd = memfd_create("pages", 0);
	char *p;

	if (ftruncate(fd, PAGES * PAGE))
		_exit(4);
	p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	for (unsigned long i = 0; i < PAGES; i++)
		renew(p + i * PAGE, i, nr);
	madvise(p, PAGES * PAGE, MADV_PAGEOUT);
	while (!shared->stop) {
		unsigned long i;

		draw = draw * 6364136223846793005UL + 1442695040888963407UL;
		i = (draw >> 33) % (PAGES / 8);
		if (pread(fd, buf, PAGE, (off_t)(i * PAGE)) == (ssize_t)PAGE &&
		    !is_right(buf, i, nr))
			_exit(2);
		if (++shared->turns[nr] % 100 == 0)
			madvise(p, PAGES * PAGE, MADV_PAGEOUT);
	}
	munmap(p, PAGES * PAGE);
	while (!shared->look)
		usleep(10000);
	for (unsigned long i = 0; i < PAGES; i++)
		if (pread(fd, buf, PAGE, (off_t)(i * PAGE)) != (ssize_t)PAGE)
			lost++;
		else if (!is_right(buf, i, nr))
			_exit(2);
	_exit(lost ? LOST : 0);
}

/* All it has is out; it looks when it is told to, and survives what it finds. */
static void sleep_on(int nr)
{
	char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	unsigned long lost = 0;

	catch_signal(SIGBUS);
	for (unsigned long i = 0; i < PAGES; i++)
		renew(p + i * PAGE, i, nr);
	pageout(p, PAGES);
	shared->turns[nr] = 1;
	while (!shared->look)
		usleep(10000);
	for (volatile unsigned long i = 0; i < PAGES; i++)
		if (FAULTS((void)*(volatile char *)(p + i * PAGE)))
			lost += tap_info.si_signo == SIGBUS;
		else if (!is_right(p + i * PAGE, i, nr))
			_exit(2);
	_exit(lost ? LOST : 0);
}

/* Has nothing on the device, as nobody asks it for memory. */
static void be_free(int nr)
{
	char *p =
		mmap(NULL, 100 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mlock(p, 100 * PAGE);
	while (!shared->look) {
		for (unsigned long i = 0; i < 100; i++)
			renew(p + i * PAGE, i, nr + shared->turns[nr]);
		for (unsigned long i = 0; i < 100; i++)
			if (!is_right(p + i * PAGE, i, nr + shared->turns[nr]))
				_exit(2);
		shared->turns[nr]++;
		usleep(10000);
	}
	_exit(0);
}

static void start_all(void)
{
	static void (*const be[NR_ROLES])(int) = { use_memory, use_file, sleep_on, be_free };

	memset((void *)shared, 0, sizeof(*shared));
	for (int i = 0; i < NR_PROCESSES; i++) {
		struct process *p = &table[i];

		fflush(stdout);
		p->pid = p->group ? cg_member(p->group) : fork();
		if (p->pid)
			continue;
		if (p->role != ANON)
			mlockall(MCL_CURRENT); /* its stack shall not be lost */
		be[p->role](i);
	}
}

/* Everybody has gone on by @turns since *@since. */
static bool went_on(const unsigned long *since, unsigned long turns)
{
	for (int i = 0; i < NR_PROCESSES; i++)
		if (shared->turns[i] <= since[i] + (table[i].role <= FILE_BY_CALLS ? turns : 0) &&
		    table[i].role != SLEEPER)
			return false;
		else if (!shared->turns[i])
			return false;
	return true;
}

/* Linux keeps a page that was written until somebody wants memory of its group. => nearly all of the group "c" is on the device, and there alone */
static bool put_out(void)
{
	return EVENTUALLY((cg_write("c/memory.reclaim", "2M"),
			   cg_num("c/memory.current", NULL) < (long long)(PAGES * PAGE / 2)));
}

static int end_of(int nr)
{
	int status = -1;

	waitpid(table[nr].pid, &status, 0);
	return status;
}

/* ---- the device ---- */

/* A swap file on the disk @node. */
static bool make_file(const char *node, const char *file)
{
	static char zeroes[65536];
	char command[100];
	int fd;

	snprintf(command, sizeof(command), "mke2fs %s >/dev/null 2>&1", node);
	mkdir(DIRECTORY, 0700);
	if (system(command) || mount(node, DIRECTORY, "ext2", 0, NULL))
		return false;
	fd = open(file, O_RDWR | O_CREAT, 0600);
	for (int i = 0; i < (48 << 20) / (int)sizeof(zeroes); i++)
		if (write(fd, zeroes, sizeof(zeroes)) < 0)
			return false;
	return !fsync(fd) && !close(fd);
}

/* In a child: it may be killed. */
static pid_t switching_off(const char *path)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(swapoff(path) ? errno : 0);
	return pid;
}

static long all_free(void)
{
	spew("/proc/sys/vm/drop_caches", "3");
	spew("/sys/kernel/debug/mm_settle", "1"); /* Quire's: what CPUs keep */
	return meminfo_kb("MemFree:");
}

/* ---- a case ---- */

/* Of a device, in KiB. */
static long used_of(const char *path)
{
	char line[256];
	long used = -1;
	FILE *f = fopen("/proc/swaps", "r");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, path, strlen(path)))
			sscanf(line, "%*s %*s %*d %ld", &used);
	if (f)
		fclose(f);
	return used;
}

/* The first device has gone: pages go to the second one. */
static void use_second(const char *path)
{
	char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	fill(p, PAGES, 99);
	(void)EVENTUALLY((madvise(p, PAGES * PAGE, MADV_PAGEOUT),
			  used_of(path) * 1024 >= (long)(PAGES * PAGE / 2)));
	ok(on_linux || used_of(path) * 1024 >= (long)(PAGES * PAGE / 2), "second: pages go there");
	ok(wrong(p, PAGES, 99) == -1, "second: and come back");
	munmap(p, PAGES * PAGE);
}

static void storm(const char *what, const char *path, const char *name, const char *device)
{
	static const unsigned long zero[NR_PROCESSES];
	unsigned long since[NR_PROCESSES];
	bool busy_off = !strcmp(what, "swapoff"), file = !strcmp(what, "file");
	bool second = !strcmp(what, "second");
	int wrong_ones = 0, ended = 0, status;
	pid_t off = 0;

	start_all();
	must(EVENTUALLY(went_on(zero, 1)));
	memcpy(since, (void *)shared->turns, sizeof(since));
	ok(EVENTUALLY(went_on(since, 200)), "%s: all are at work", what);
	must(put_out());
	if (busy_off) {
		off = switching_off(path);
		must(EVENTUALLY(meminfo_kb("SwapTotal:") == 0));
	}
	ok(strcmp(what, "pull") ? driver("unbind", device) && EVENTUALLY(is_gone(name))
				: pulled_out(name),
	   "%s: the disk is gone", what);
	if (on_linux && !strcmp(what, "pull")) /* its node goes a little later: ENXIO */
		(void)EVENTUALLY(access(path, F_OK));
	shared->stop = 1;
	for (int i = 0; i < BUSY; i++) {
		status = end_of(i);
		wrong_ones += !WIFSIGNALED(status) && status;
		ended += WIFSIGNALED(status) &&
			 (WTERMSIG(status) == SIGBUS || WTERMSIG(status) == SIGKILL);
	}
	is(wrong_ones, 0, "%s: nobody finds a wrong byte", what);
	ok(busy_off || ended == BUSY, "%s: who lost something ends (%d)", what, ended);
	if (second)
		use_second(SECOND);
	if (off) {
		waitpid(off, &status, 0);
		printf("# swapoff ended with %#x\n", status);
	}
	if (!off || status)
		ok(!swapoff(path) || (on_linux && !file && errno == ENOENT), "%s: swapoff", what);
	must(!second || !swapoff(SECOND));
	ok(on_linux || meminfo_kb("SwapTotal:") == 0, "%s: no swap is left", what);
	shared->look = 1;
	for (int i = BUSY; i < NR_PROCESSES; i++) {
		status = end_of(i);
		wrong_ones += status && status != EXITED(LOST);
		if (!busy_off)
			ok(status == (table[i].role == FREE ? 0 : EXITED(LOST)), "%s: %s (%#x)",
			   what,
			   table[i].role == FREE      ? "who has nothing there goes on"
			   : table[i].role == SLEEPER ? "what a sleeper had is lost, it is told"
						      : "so is a file in memory",
			   status);
	}
	is(wrong_ones, 0, "%s: nor does who waited", what);
	ok(!system("true && ls / >/dev/null"), "%s: programs start and end", what);
}

static void run_case(const char *what, const char *device)
{
	static long first; /* after a case; the first one makes caches grow */
	char name[32], node[40];
	const char *path = node;
	bool file = !strcmp(what, "file");
	long before;

	must(EVENTUALLY((disk_of(device, name), name[0])));
	snprintf(node, sizeof(node), "/dev/%s", name);
	must(EVENTUALLY(!access(node, R_OK)));
	if (file)
		path = DIRECTORY "/swap";
	must(!file || make_file(node, path));
	must(make_swap(path, last_page_of(path), 0));
	before = all_free();
	must(!swapon(path, SWAP_FLAG_PREFER | 5));
	if (!strcmp(what, "second"))
		must(make_swap(SECOND, last_page_of(SECOND), 0) &&
		     !swapon(SECOND, SWAP_FLAG_PREFER | 1));
	if (!strcmp(what, "zswap"))
		must(!spew("/sys/module/zswap/parameters/enabled", "1"));
	storm(what, path, name, device);
	if (!strcmp(what, "zswap"))
		must(!spew("/sys/module/zswap/parameters/enabled", "0"));
	if (file)
		ok(!umount2(DIRECTORY, MNT_DETACH), "%s: its file system goes, too", what);
	if (strcmp(what, "pull"))
		ok(driver("bind", device), "%s: the driver takes it again", what);
	ok(on_linux || EVENTUALLY(all_free() > (first ? first - 512 : before - 2048)),
	   "%s: memory is there again (%ld of %ld KiB)", what, all_free(), first ? first : before);
	if (!first)
		first = all_free();
}

int main(int argc, char **argv)
{
	char device[32];

	must(argc > 2);
	on_linux = access("/proc/mm", F_OK);
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	device_of(argv[1], device);
	must(device[0]);
	cg_mount();
	must(!cg_write("cgroup.subtree_control", "+memory"));
	for (const char *g = "abc"; *g; g++) {
		char group[2] = { *g, 0 }, max[20];

		must(!cg_mkdir(group));
		snprintf(max, sizeof(max), "%c/memory.max", *g);
		must(*g == 'c' || !cg_write_num(max, LIMIT));
	}
	for (int i = 2; i < argc; i++)
		run_case(argv[i], device);
	return tap_end();
}
