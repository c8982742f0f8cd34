// SPDX-License-Identifier: MIT
/*
 * Swap that is lost, as TAP: one sector on a device of 16 MiB; and swapoff of one of twice the memory:
 *	swap_lost sector DEVICE SLOT	the slot SLOT cannot be read: the one process whose page it holds gets SIGBUS
 *	swap_lost off DEVICE		swapoff brings in more than there is memory: swapoff is killed, nobody else
 * Children fill their memory, have it put out, wait, and then look at all of it.
 */
#include "../guest/maps.h"
#include "../guest/swapdev.h"
#include "contents.h"
#include <sys/mount.h>
#include <sys/swap.h>

#define CHILDREN 6
#define PAGES	 500UL
#define GROUP	 "/tmp/cgroup/lost"

/* What a child tells, and what it is told. */
static volatile struct shared {
	unsigned long out[CHILDREN];   /* pages of it that are on the device */
	unsigned long holds[CHILDREN]; /* pages of it in the slot that is asked for */
	int ready, go;
} * shared;

static bool is_out(const char *p)
{
	return pagemap(p) >> 62 & 1;
}

static void set(const char *file, const char *value)
{
	must(!spew(file, value));
}

/* Ends with 0 when all is there, by SIGBUS when it is not; with 2 for wrong contents. */
static void child(int nr, unsigned long slot)
{
	char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	set(GROUP "/cgroup.procs", "0");
	fill(p, PAGES, nr);
	pageout(p, PAGES);
	shared->out[nr] = swapped(p, PAGES);
	for (unsigned long i = 0; i < PAGES; i++)
		shared->holds[nr] += is_out(p + i * PAGE) &&
				     (pagemap(p + i * PAGE) >> 5 & ((1ull << 50) - 1)) == slot;
	__atomic_fetch_add(&shared->ready, 1, __ATOMIC_SEQ_CST);
	while (!shared->go)
		usleep(10000);
	_exit(wrong(p, PAGES, nr) == -1 ? 0 : 2);
}

/* A control group for the children. */
static void make_group(void)
{
	mkdir("/tmp/cgroup", 0755);
	must(!mount("none", "/tmp/cgroup", "cgroup2", 0, NULL));
	set("/tmp/cgroup/cgroup.subtree_control", "+memory");
	must(!mkdir(GROUP, 0755));
}

/* Linux keeps a page that is written until somebody wants memory of its group; SwapCached knows it up to what CPUs count apart. */
static void empty_swap_cache(void)
{
	int fd = open(GROUP "/memory.reclaim", O_WRONLY);

	for (int tries = 0; tries < 500 && (tries < 5 || meminfo_kb("SwapCached:")); tries++) {
		set("/proc/sys/vm/drop_caches", "1");
		write(fd, "32M", 3);
		usleep(10000);
	}
	close(fd);
}

static void start(pid_t *pids, unsigned long slot)
{
	make_group();
	for (int i = 0; i < CHILDREN; i++) {
		pids[i] = fork();
		if (!pids[i])
			child(i, slot);
	}
	for (int tries = 0; tries < 3000 && shared->ready < CHILDREN; tries++)
		usleep(10000);
	empty_swap_cache();
}

static int end_of(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return status;
}

static bool is_killed(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS;
}

/* The device, all of it. */
static bool swap_on(const char *path)
{
	set("/proc/sys/vm/page-cluster", "0"); /* a request for each page */
	return make_swap(path, last_page_of(path), 0) && !swapon(path, 0);
}

static void one_sector(const char *device, unsigned long slot)
{
	unsigned long out = 0, holders = 0, right = 0, killed = 0;
	pid_t pids[CHILDREN];

	ok(swap_on(device), "swapon");
	start(pids, slot);
	for (int i = 0; i < CHILDREN; i++) {
		out += shared->out[i];
		holders += shared->holds[i];
	}
	is(out, CHILDREN * PAGES, "all pages are out");
	is(holders, 1, "one of them is in the slot that cannot be read");
	shared->go = 1;
	for (int i = 0; i < CHILDREN; i++) {
		int status = end_of(pids[i]);

		if (status)
			printf("# child %d: status %#x, %lu in the slot\n", i, status,
			       shared->holds[i]);
		right += !status && !shared->holds[i];
		killed += is_killed(status) && shared->holds[i];
	}
	is(killed, 1, "it costs the process whose page it is: SIGBUS");
	is(right, CHILDREN - 1, "and nobody else");
	ok(!swapoff(device), "swapoff");
}

static void killed_swapoff(const char *device)
{
	unsigned long pages = (unsigned long)meminfo_kb("MemTotal:") / 4 * 5 / 4;
	int to[2], from[2], status;
	pid_t holder, off;
	char c = 0;

	ok(swap_on(device), "swapon");
	set("/proc/sys/vm/page-cluster", "5");
	must(!pipe(to) && !pipe(from));
	holder = fork();
	if (!holder) {
		char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		fill(p, pages, 1);
		must(write(from[1], &c, 1) == 1);
		must(read(to[0], &c, 1) == 1);
		_exit(wrong(p, pages, 1) != -1);
	}
	close(from[1]);
	must(read(from[0], &c, 1) == 1);
	off = fork();
	if (!off)
		_exit(swapoff(device) ? errno : 0);
	status = end_of(off);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "swapoff is killed (%#x)", status);
	ok(meminfo_kb("SwapTotal:") > 0, "the device is on");
	must(write(to[1], &c, 1) == 1);
	is(end_of(holder), 0, "who has more than there is memory keeps it");
	ok(!swapoff(device), "swapoff");
}

int main(int argc, char **argv)
{
	must(argc >= 3);
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!strcmp(argv[1], "off"))
		killed_swapoff(argv[2]);
	else
		one_sector(argv[2], strtoul(argv[3], NULL, 0));
	return tap_end();
}
