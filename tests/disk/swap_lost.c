// SPDX-License-Identifier: MIT
/*
 * Swap that is lost, as TAP, each on a device of 16 MiB:
 *	swap_lost sector DEVICE SLOT	the slot SLOT cannot be read: the one process whose page it holds gets SIGBUS
 *	swap_lost vanish NAME		the driver lets go of the device: who needs its pages gets SIGBUS, all others go on
 * Children fill their memory, have it put out, wait, and then look at all of it.
 */
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

static unsigned long long entry_of(const char *p)
{
	unsigned long long entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	pread(fd, &entry, sizeof(entry), (long)((unsigned long)p / PAGE * sizeof(entry)));
	close(fd);
	return entry;
}

static bool is_out(const char *p)
{
	return entry_of(p) >> 62 & 1;
}

static void set(const char *file, const char *value)
{
	int fd = open(file, O_WRONLY);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		printf("# %s: %s\n", file, strerror(errno));
	close(fd);
}

/* Ends with 0 when all is there, by SIGBUS when it is not; with 2 for wrong contents. */
static void child(int nr, unsigned long slot, bool stays)
{
	char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	if (!stays)
		set(GROUP "/cgroup.procs", "0");
	fill(p, PAGES, nr);
	if (!stays)
		pageout(p, PAGES);
	shared->out[nr] = swapped(p, PAGES);
	for (unsigned long i = 0; i < PAGES; i++)
		shared->holds[nr] += is_out(p + i * PAGE) &&
				     (entry_of(p + i * PAGE) >> 5 & ((1ull << 50) - 1)) == slot;
	__atomic_fetch_add(&shared->ready, 1, __ATOMIC_SEQ_CST);
	while (!shared->go)
		usleep(10000);
	_exit(wrong(p, PAGES, nr) == -1 ? 0 : 2);
}

static unsigned long swap_cached(void)
{
	char line[100];
	unsigned long kib = 0;
	FILE *f = fopen("/proc/meminfo", "r");

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "SwapCached: %lu", &kib);
	if (f)
		fclose(f);
	return kib;
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

	for (int tries = 0; tries < 500 && (tries < 5 || swap_cached()); tries++) {
		set("/proc/sys/vm/drop_caches", "1");
		write(fd, "32M", 3);
		usleep(10000);
	}
	close(fd);
}

static void start(pid_t *pids, unsigned long slot, bool one_stays)
{
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	make_group();
	for (int i = 0; i < CHILDREN; i++) {
		pids[i] = fork();
		if (!pids[i])
			child(i, slot, one_stays && !i);
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
	return make_swap(path, 4095, 0) && !swapon(path, 0);
}

static void one_sector(const char *device, unsigned long slot)
{
	unsigned long out = 0, holders = 0, right = 0, killed = 0;
	pid_t pids[CHILDREN];

	ok(swap_on(device), "swapon");
	start(pids, slot, false);
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

static void vanish(const char *name)
{
	char path[80], target[256], *device;
	pid_t pids[CHILDREN];
	unsigned long killed = 0;
	int status;
	ssize_t n;

	snprintf(path, sizeof(path), "/dev/%s", name);
	ok(swap_on(path), "swapon");
	start(pids, 0, true);
	snprintf(path, sizeof(path), "/sys/block/%s/device", name);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = 0;
	device = strrchr(target, '/');
	must(device);
	set("/sys/bus/virtio/drivers/virtio_blk/unbind", device + 1);
	snprintf(path, sizeof(path), "/sys/block/%s", name);
	for (int tries = 0; tries < 500 && !access(path, F_OK); tries++)
		usleep(10000);
	ok(access(path, F_OK) && errno == ENOENT, "the swap device is gone");
	shared->go = 1;
	is(end_of(pids[0]), 0, "who has nothing there goes on");
	for (int i = 1; i < CHILDREN; i++)
		killed += is_killed(end_of(pids[i]));
	is(killed, CHILDREN - 1, "who needs its pages: SIGBUS");
	status = system("exec 2>/dev/null; true && ls / >/dev/null");
	ok(!status, "programs start and end");
}

int main(int argc, char **argv)
{
	must(argc >= 3);
	if (!strcmp(argv[1], "vanish"))
		vanish(argv[2]);
	else
		one_sector(argv[2], strtoul(argv[3], NULL, 0));
	return tap_end();
}
