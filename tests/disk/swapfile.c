// SPDX-License-Identifier: MIT
/*
 * A swap file on ext2, and a device that fails, as TAP: swapfile DEVICE (empty, of 24 MiB at least), or
 * swapfile -fail DEVICE MAKE_IT_FAIL: reading fails on the device once it is full of pages (needs fail_make_request; not on Debian's Linux).
 */
#include "../guest/maps.h"
#include "../guest/swapdev.h"
#include "contents.h"
#include <sys/mount.h>
#include <sys/swap.h>

#define PAGES	   256UL
#define FILE_PAGES 1024

static bool make_file(const char *path, bool holes)
{
	static char page[4096];
	int fd = open(path, O_CREAT | O_RDWR, 0600);

	for (int i = 0; i < FILE_PAGES; i++)
		if (!holes || i != 77)
			pwrite(fd, page, sizeof(page), (long)i * 4096);
	close(fd);
	return make_swap(path, FILE_PAGES - 1, 0);
}

static char *filled(unsigned long seed)
{
	char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	fill(p, PAGES, seed);
	return p;
}

static bool is_filled(const char *p, unsigned long seed)
{
	return wrong(p, PAGES, seed) == -1;
}

static void files(const char *device)
{
	char *p;
	int fd;

	mkdir("/tmp/m", 0755);
	ok(!mount(device, "/tmp/m", "ext2", 0, NULL), "mount");
	chdir("/tmp/m");
	make_file("holes", true);
	fails(swapon("holes", 0), EINVAL, "a swap file with a hole");
	ok(make_file("swap", false), "a file of %d pages", FILE_PAGES);
	ok(!swapon("swap", SWAP_FLAG_PREFER | 3), "swapon of a file");
	fails(swapon("swap", 0), EBUSY, "twice");
	fails(unlink("swap"), EPERM, "an active swap file is not unlinked");
	fails(rename("swap", "other"), EPERM, "nor renamed");
	fails(truncate("swap", 0), ETXTBSY, "nor truncated");
	fd = open("swap", O_RDWR);
	ok(fd >= 0, "it can be opened for writing");
	fails(write(fd, "x", 1), ETXTBSY, "but not written");
	ok(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED &&
		   errno == ETXTBSY,
	   "nor mapped for writing");
	fails(open("swap", O_RDWR | O_TRUNC), ETXTBSY, "O_TRUNC");
	close(fd);
	p = filled(1);
	ok(pageout(p, PAGES) == PAGES, "pages go to the file");
	ok(is_filled(p, 1), "and come back");
	pageout(p, PAGES);
	ok(!swapoff("swap"), "swapoff");
	ok(is_filled(p, 1), "all is there");
	ok(!truncate("swap", 100) && !unlink("swap"), "an ordinary file again");
	chdir("/");
	ok(!umount("/tmp/m"), "umount");
}

static void set(const char *file, const char *value)
{
	must(!spew(file, value));
}

#define FAIL "/sys/kernel/debug/fail_make_request/"
static void failing(bool on)
{
	set(FAIL "interval", "1");
	set(FAIL "verbose", "0");
	set(FAIL "times", "-1");
	set(FAIL "probability", on ? "100" : "0");
}

#define NO_PAGES "/sys/kernel/debug/fail_page_alloc/"
/* The first reclaim of this boot has no memory to remember what it evicts. Those that follow have. */
static void first_reclaim(void)
{
	char *p = filled(1);
	long refaults;
	int fd;

	set(NO_PAGES "task-filter", "1");
	set(NO_PAGES "ignore-gfp-wait", "0");
	set(NO_PAGES "min-order", "0");
	set(NO_PAGES "interval", "1");
	set(NO_PAGES "verbose", "0");
	set(NO_PAGES "times", "-1");
	fd = open(NO_PAGES "probability", O_WRONLY); /* there is no memory to open it later */
	set("/proc/self/make-it-fail", "1");
	must(write(fd, "100", 3) == 3);
	madvise(p, PAGES * PAGE, MADV_PAGEOUT);
	must(write(fd, "0", 1) == 1 && !close(fd));
	must(is_filled(p, 1) && pageout(p, PAGES) == PAGES);
	(void)EVENTUALLY(!meminfo_kb("SwapCached:"));
	refaults = vmstat("workingset_refault_anon");
	ok(is_filled(p, 1), "after a reclaim without memory: contents");
	ok(vmstat("workingset_refault_anon") - refaults >= (long)PAGES, "refaults are seen");
	munmap(p, PAGES * PAGE);
}

static void errors(const char *device, const char *make_it_fail)
{
	pid_t pid;
	int status, to[2];
	char *p, *q;

	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	make_swap(device, 4095, 0);
	ok(!swapon(device, 0), "swapon");
	set("/proc/sys/vm/page-cluster", "0");
	first_reclaim();
	p = filled(2);
	q = filled(3);
	set(make_it_fail, "1");
	failing(true);
	madvise(p, PAGES * PAGE, MADV_PAGEOUT);
	usleep(100000);
	failing(false);
	ok(is_filled(p, 2), "a write that fails loses nothing");
	ok(pageout(p, PAGES) == PAGES && pageout(q, PAGES) == PAGES, "then it succeeds");
	(void)EVENTUALLY(!meminfo_kb("SwapCached:"));
	pipe(to);
	for (int i = 0; i < 2; i++) {
		pid = fork();
		if (!pid) {
			char c;

			read(to[0], &c, 1); /* one of them while reading fails */
			_exit(is_filled(p, 2) ? 0 : 1);
		}
	}
	failing(true);
	write(to[1], "x", 1);
	wait(&status);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS, "a page that cannot be read: SIGBUS");
	failing(false);
	ok(is_filled(q, 3), "for others nothing has happened");
	write(to[1], "x", 1);
	wait(&status);
	ok((WIFEXITED(status) && !WEXITSTATUS(status)) ||
		   (WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS),
	   "who shares the page sees the page or the same");
	pageout(q, PAGES);
	ok(!swapoff(device), "swapoff");
	ok(is_filled(q, 3), "what was there is there");
}

int main(int argc, char **argv)
{
	if (argc > 3 && !strcmp(argv[1], "-fail"))
		errors(argv[2], argv[3]);
	else
		files(argv[1]);
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}
