// SPDX-License-Identifier: MIT
/*
 * Swap and reclaim under single failures: inject -s DEVICE [-z ZRAM]; the frame is in frame.c. A worker switches the device on, has PAGES
 * pages of its own, and on the way out or back each allocation, each object, each copy and each request to the disk fails once. What is
 * lost then is told (SIGBUS, EIO, ENOMEM); what is not told is there, to the byte.
 */
#include "inject.h"

#include <sys/mount.h>
#include <sys/swap.h>

#define PAGES 40UL
#define RW    (PROT_READ | PROT_WRITE)
#define OUT   21 /* MADV_PAGEOUT */
#define GROUP "/tmp/inject.cgroup"

const char *swap_device, *zram_device;
static const char *on; /* the device in use */
static char *area;
static int fd = -1;
static unsigned long
	seed; /* another one in each worker: what a device kept from one before is wrong */

static bool put(const char *path, const char *text)
{
	int file = open(path, O_WRONLY | O_CLOEXEC);
	bool good = file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text);
	int err = errno;

	if (file >= 0)
		close(file);
	errno = err;
	return good;
}

static unsigned long word_of(unsigned long i)
{
	return seed + i * 0x9e3779b97f4a7c15UL;
}

static void fill(void)
{
	seed = (unsigned long)getpid() << 40;
	for (unsigned long i = 0; i < PAGES * PAGE / 8; i++)
		((unsigned long *)area)[i] = word_of(i);
}

/* Bytes of page @i as they were written? */
static bool is_right(unsigned long i)
{
	const unsigned long *word = (unsigned long *)(area + i * PAGE);

	for (unsigned long w = 0; w < PAGE / 8; w++)
		if (word[w] != word_of(i * PAGE / 8 + w))
			return false;
	return true;
}

static int read_all(void)
{
	for (unsigned long i = 0; i < PAGES; i++)
		if (!is_right(i))
			return EILSEQ;
	return 0;
}

/* ---- before ---- */

static void switch_on(const char *device)
{
	on = device;
	swapoff(device); /* one who died has left it on */
	must(!swapon(device, 0));
}

static void filled(void)
{
	switch_on(swap_device);
	area = mmap(NULL, PAGES * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(area != MAP_FAILED);
	fill();
}

static void shared(void)
{
	switch_on(swap_device);
	fd = memfd_create("inject", MFD_CLOEXEC);
	must(fd >= 0 && !ftruncate(fd, PAGES * PAGE));
	area = mmap(NULL, PAGES * PAGE, RW, MAP_SHARED, fd, 0);
	must(area != MAP_FAILED);
	fill();
}

/* Written, and in no cache any more as far as that can be had. */
static void send_out(void)
{
	for (int i = 0; i < 4; i++) {
		madvise(area, PAGES * PAGE, OUT);
		usleep(2000);
	}
}

static void filled_out(void)
{
	filled();
	send_out();
}

static void shared_out(void)
{
	shared();
	send_out();
}

static void grouped(void)
{
	must(put(GROUP "/g/cgroup.procs", "0"));
	filled();
}

static void with_zswap(void)
{
	must(put("/sys/module/zswap/parameters/enabled", "1"));
	filled();
}

static void with_zram(void)
{
	filled();
	must(!swapoff(swap_device));
	switch_on(zram_device);
}

static void with_zram_out(void)
{
	with_zram();
	send_out();
}

static void off(void)
{
	on = swap_device;
	swapoff(on);
}

/* ---- the operations ---- */

static int out(void)
{
	return madvise(area, PAGES * PAGE, OUT) ? errno : 0;
}

static int out_and_in(void)
{
	return out() ?: read_all();
}

static int write_all(void)
{
	for (unsigned long i = 0; i < PAGES; i++)
		*(volatile char *)(area + i * PAGE) |= 0;
	return 0;
}

static int read_file(void)
{
	static char page[PAGE];

	for (unsigned long i = 0; i < PAGES; i++) {
		ssize_t n = pread(fd, page, PAGE, (off_t)(i * PAGE));

		if (n != (ssize_t)PAGE)
			return n < 0 ? errno : EIO;
		if (*(unsigned long *)page != word_of(i * PAGE / 8))
			return EILSEQ;
	}
	return 0;
}

/* A child that looks at all and writes to it. */
static int fork_all(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		return errno;
	if (!pid) {
		if (read_all())
			_exit(1);
		memset(area, 1, PAGES * PAGE);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return WIFEXITED(status) && WEXITSTATUS(status) ? EILSEQ : 0;
}

static int swap_off(void)
{
	return swapoff(on) ? errno : 0;
}

static int swap_on(void)
{
	return swapon(on, 0) ? errno : 0;
}

/* Less than was asked for is no failure. */
static int reclaim(void)
{
	return put(GROUP "/g/memory.reclaim", "128K") || errno == EAGAIN ? 0 : errno;
}

static int drop_caches(void)
{
	return put("/proc/sys/vm/drop_caches", "3") ? 0 : errno;
}

/* ---- afterwards ---- */

/* Every byte; a page may be lost if its request failed, and then it says so. */
static const char *intact(int err)
{
	volatile unsigned long lost = 0;

	catch_signal(SIGBUS);
	for (unsigned long i = 0; i < PAGES; i++) {
		volatile bool right = false;

		if (FAULTS(right = is_right(i)))
			lost = lost + 1;
		else if (!right)
			return "memory changed";
	}
	if (lost && kind_now != IO_REQUEST)
		return "a page is lost";
	munmap(area, PAGES * PAGE);
	close(fd);
	put("/sys/module/zswap/parameters/enabled", "0");
	if (swapoff(on) && errno != EINVAL)
		return "swapoff after it";
	return NULL;
}

static const char *is_off(int err)
{
	if (!err != !swapoff(on))
		return "swapon and its result differ";
	return NULL;
}

#define BUS .may_die = DIES_OF(SIGBUS)

const struct op swap_ops[] = {
	{ "swap out", filled, out, intact },
	{ "swap in", filled_out, read_all, intact, BUS },
	{ "swap in and write", filled_out, write_all, intact, BUS },
	{ "swap out and in", filled, out_and_in, intact, BUS },
	{ "swapped, fork", filled_out, fork_all, intact, EAGAIN },
	{ "shmem out", shared, out, intact },
	{ "shmem in", shared_out, read_all, intact, BUS },
	{ "shmem read", shared_out, read_file, intact },
	{ "swapoff", filled_out, swap_off, intact },
	{ "swapoff of shmem", shared_out, swap_off, intact },
	{ "swapon", off, swap_on, is_off },
	{ "memory.reclaim", grouped, reclaim, intact },
	{ "drop_caches", filled_out, drop_caches, intact },
	{ "zswap out and in", with_zswap, out_and_in, intact, BUS },
	{ "zram out", with_zram, out, intact },
	{ "zram in", with_zram_out, read_all, intact, BUS },
};
const int nr_swap_ops = sizeof(swap_ops) / sizeof(*swap_ops);

/* A device to fail, a group to reclaim. */
void prepare_swap(void)
{
	char path[80];

	snprintf(path, sizeof(path), "/sys/block/%s/make-it-fail", strrchr(swap_device, '/') + 1);
	must(put(path, "1"));
	mkdir(GROUP, 0755);
	must(!mount("none", GROUP, "cgroup2", 0, NULL));
	must(put(GROUP "/cgroup.subtree_control", "+memory"));
	must(!mkdir(GROUP "/g", 0755));
}
