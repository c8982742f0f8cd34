// SPDX-License-Identifier: MIT
/*
 * A lab: two counts of a page, and who is behind them: _mapcount, the entries of page tables, and _refcount, everybody; what
 * a reference beyond those that are expected keeps reclaim from, and what not; who frees a page whose process is gone. docs/labs.md.
 * Linux shows map counts alone (kpagecount); Quire names each holder (/proc/mm/page). pins DEVICE: with a swap area.
 */
#include "frames.h"
#include <linux/io_uring.h>
#include <sys/swap.h>
#include <sys/uio.h>

static char *page_of(char c)
{
	char *p = mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED);
	*p = c;
	return p;
}

/* @maps entries map @pfn, and where its holders are named: @expected references are theirs, of @actual. */
static bool counts(unsigned long pfn, unsigned long maps, int expected, int actual)
{
	const char *words = words_of(pfn);
	char want[60];

	snprintf(want, sizeof(want), "references: expected %d, actual %d%s", expected, actual,
		 expected == actual ? "\n" : ", so");
	if (mapped(pfn) == maps && (!words || strstr(words, want)))
		return true;
	printf("# %lu entries, %s\n", mapped(pfn), words ? words : "");
	return false;
}

static bool says(unsigned long pfn, const char *line)
{
	const char *words = words_of(pfn);

	return !words || strstr(words, line);
}

/* A child that has what its parent has, until it is told to end. */
static pid_t copy(int *go)
{
	pid_t pid;
	char c;

	must(!pipe(go));
	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	close(go[1]);
	_exit(read(go[0], &c, 1) != 0);
}

static void end(pid_t pid, int *go)
{
	close(go[1]), close(go[0]);
	must(waitpid(pid, NULL, 0) == pid);
}

/* @p goes to swap, as soon as nobody looks at it who keeps reclaim from isolating it. */
static bool goes(char *p)
{
	return EVENTUALLY((madvise(p, PAGE, MADV_PAGEOUT), slot(p)));
}

static void entries(void)
{
	char *p = page_of('e');
	unsigned long pfn = frame(p);
	int go[2];
	pid_t pid;

	ok(counts(pfn, 1, 1, 1), "a page: one entry, and its reference");
	pid = copy(go);
	ok(counts(pfn, 2, 2, 2), "fork: both rise together: an entry is a reference");
	end(pid, go);
	ok(counts(pfn, 1, 1, 1), "exit: both fall");
	munmap(p, PAGE);
}

/* A pipe holds the page itself: a reference, of which reclaim knows nothing but that it is there. */
static void reference(void)
{
	char *p = page_of('r');
	unsigned long pfn = frame(p);
	struct iovec one = { p, PAGE };
	int to[2];

	must(!pipe(to) && vmsplice(to[1], &one, 1, 0) == (ssize_t)PAGE);
	ok(counts(pfn, 1, 1, 2), "vmsplice: one reference that no entry explains");
	ok(goes(p),
	   "a reference does not stop reclaim from taking the entry away: it names a slot now");
	ok(page_is(pfn, KPF_SWAPCACHE) && says(pfn, "expected 1, actual 2, so 1 in use"),
	   "but the frame is not free: it stays in the swap cache");
	ok(*p == 'r' && frame(p) == pfn, "the next use finds it there: the same frame");
	close(to[0]), close(to[1]);
	ok(goes(p), "without the reference it goes");
	munmap(p, PAGE);
}

/* A device may write into a pinned page at any moment: it is not even unmapped. */
static void pin(void)
{
	char *p = page_of('p');
	unsigned long pfn = frame(p);
	struct io_uring_params params = { 0 };
	struct iovec one = { p, PAGE };
	int ring = (int)syscall(__NR_io_uring_setup, 2, &params), go[2], status;
	pid_t pid;

	must(ring >= 0);
	must(!syscall(__NR_io_uring_register, ring, IORING_REGISTER_BUFFERS, &one, 1));
	ok(counts(pfn, 1, 1025, 1025), "a registered buffer: a pin, worth 1024 references");
	ok(says(pfn, "held: 1024 by 1 pin of 1024\n"), "named as one");
	must(!madvise(p, PAGE, MADV_PAGEOUT));
	is(frame(p), pfn, "a pin does stop reclaim: the entry is there");
	must(!pipe(go));
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(frame(p) && frame(p) != pfn ? 0 : 1);
	must(waitpid(pid, &status, 0) == pid);
	ok(status == 0 && frame(p) == pfn,
	   "and fork: the child gets a copy at once, the pinned page stays");
	must(!syscall(__NR_io_uring_register, ring, IORING_UNREGISTER_BUFFERS, NULL, 0));
	close(ring);
	ok(EVENTUALLY(counts(pfn, 1, 1, 1)), "unpinned");
	ok(goes(p), "it goes");
	munmap(p, PAGE);
}

/* The last one who lets go frees it, whoever that is. */
static void left_behind(void)
{
	char *p = page_of('l'), got[PAGE];
	struct iovec one = { p, PAGE };
	unsigned long pfn;
	int to[2], tell[2];
	pid_t pid;

	must(!pipe(to) && !pipe(tell));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		*p = 'L';
		pfn = frame(p);
		must(vmsplice(to[1], &one, 1, 0) == (ssize_t)PAGE);
		must(write(tell[1], &pfn, sizeof(pfn)) == sizeof(pfn));
		_exit(0);
	}
	must(read(tell[0], &pfn, sizeof(pfn)) == sizeof(pfn));
	must(waitpid(pid, NULL, 0) == pid);
	ok(EVENTUALLY(mapped(pfn) == 0) && page_is(pfn, KPF_ANON) &&
		   says(pfn, "expected 0, actual 1, so 1 in use"),
	   "its process is gone, nobody maps it, and it is not free: the pipe has it");
	ok(read(to[0], got, PAGE) == (ssize_t)PAGE && *got == 'L', "with what was written");
	ok(EVENTUALLY(!page_is(pfn, KPF_ANON)), "read: the pipe lets go, and that frees it");
	munmap(p, PAGE);
}

/* Of which holders the count is made, where there are more. */
static void holders(void)
{
	char *p = page_of('s'), page[PAGE] = "x";
	int file = open("/dev/shm/held", O_RDWR | O_CREAT | O_TRUNC, 0600), go[2];
	unsigned long pfn;
	char *f;
	pid_t pid;

	must(file >= 0 && write(file, page, PAGE) == (ssize_t)PAGE);
	f = mmap(NULL, PAGE, RW, MAP_SHARED, file, 0);
	must(f != MAP_FAILED && *f == 'x');
	pfn = frame(f);
	ok(counts(pfn, 1, 2, 2) && says(pfn, "held: 1 by the page cache\n") &&
		   says(pfn, "held: 1 by page tables\n"),
	   "a mapped page of a file: the cache and an entry");
	close(file);
	munmap(f, PAGE);

	pid = copy(go);
	must(!madvise(p, PAGE, MADV_PAGEOUT));
	pfn = frame(p);
	ok(pfn && counts(pfn, 2, 2, 2),
	   "two processes: MADV_PAGEOUT leaves what is not its caller's alone");
	end(pid, go);
	must(goes(p));
	ok(*(volatile char *)p == 's' && page_is(frame(p), KPF_SWAPCACHE) &&
		   counts(frame(p), 1, 2, 2) && says(frame(p), "held: 1 by the swap cache\n"),
	   "read back from swap: an entry and the swap cache, which keeps the slot");
	*p = 'S';
	ok(!page_is(frame(p), KPF_SWAPCACHE) && counts(frame(p), 1, 1, 1),
	   "written to: the slot is of no use any more, and the swap cache's reference goes with it");
	munmap(p, PAGE);
}

int main(int argc, char **argv)
{
	stay_on_one_cpu();
	must(argc == 2 && !swapon(argv[1], 0));
	entries();
	reference();
	pin();
	left_behind();
	holders();
	must(!swapoff(argv[1]));
	return tap_end();
}
