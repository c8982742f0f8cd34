// SPDX-License-Identifier: MIT
/*
 * mmu notifiers, by their user: a device that shows memory of the program without holding its pages
 * (drivers/mmtest/mirror.c). Each way in which an entry goes or loses rights drops the device's, and at no time does the
 * device see what the program would not. oracle: none (Linux has no /dev/mmtest)
 */
#include "maps.h"

#include "../../include/drivers/mmtest.h"
#include <pthread.h>
#include <sys/ioctl.h>

#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

enum { NONE, UNMAP, CLEAR, PROTECTION_VMA, PROTECTION_PAGE, SOFT_DIRTY };

static int fd;
static struct mmtest_call last;

static int call_on(int file, const char *verb, long a, long b, long c)
{
	struct mmtest_call m = { .noun = "mirror", .arg = { a, b, c } };
	int r;

	snprintf(m.verb, sizeof(m.verb), "%s", verb);
	r = ioctl(file, MMTEST_CALL, &m);
	last = m;
	return r;
}

static int call(const char *verb, long a, long b, long c)
{
	return call_on(fd, verb, a, b, c);
}

/* The byte that the device sees at the begin of page @i: -1 without an entry. */
static int seen(long i)
{
	return call("read", i, 0, 0) ? -1 : (int)last.result[0];
}

static long events(int kind)
{
	must(!call("event", kind, 0, 0));
	return last.result[0];
}

static long entries(void)
{
	must(!call("count", 0, 0, 0));
	return last.result[0];
}

/* Mirror @nr written pages at @p, each with an entry for writing. */
static void mirror(char *p, long nr)
{
	must(!call("open", (long)p, nr, 0));
	for (long i = 0; i < nr; i++) {
		p[i * PAGE] = (char)('a' + i);
		must(!call("fault", i, 1, 0));
	}
}

static char *mirrored(long nr)
{
	char *p = mmap(NULL, nr * PAGE, RW, ANON, -1, 0);

	must(p != MAP_FAILED);
	mirror(p, nr);
	return p;
}

static void close_mirror(void)
{
	must(!call("count", 0, 0, 0));
	is(last.result[1], last.result[2], "as many ends as starts");
	must(!call("close", 0, 0, 0));
}

static void basics(void)
{
	char *p = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);

	fails(call("close", 0, 0, 0), EINVAL, "close: nothing is open");
	fails(call("fault", 0, 0, 0), EINVAL, "fault: nothing is open");
	must(!call("open", (long)p, 4, 0));
	fails(call("open", (long)p, 4, 0), EINVAL, "open: once");
	fails(call("read", 0, 0, 0), EFAULT, "read: no entry");
	p[0] = 'x';
	is(call("fault", 0, 0, 0), 0, "fault: to read");
	is(seen(0), 'x', "the device sees the page");
	fails(call("write", 0, 0, 'y'), EFAULT, "and may not write");
	is(call("fault", 0, 1, 0), 0, "fault: to write");
	is(call("write", 0, 0, 'y'), 0, "the device writes");
	is(p[0], 'y', "the program sees it");
	is(call("fault", 1, 0, 0), 0, "fault: the zero page");
	is(seen(1), 0, "zeroes");
	p[PAGE] = 'z';
	is(seen(1), -1, "the first write takes the zero page from the device");
	is(call("fault", 1, 0, 0), 0, "fault: again");
	is(seen(1), 'z', "and it sees what was written");
	mprotect(p + 2 * PAGE, PAGE, PROT_NONE);
	fails(call("fault", 2, 0, 0), EFAULT, "fault: the program may not read it");
	mprotect(p + 2 * PAGE, PAGE, PROT_READ);
	fails(call("fault", 2, 1, 0), EFAULT, "fault: nor write");
	close_mirror();
	munmap(p, 4 * PAGE);
}

static void layout(void)
{
	char *p = mirrored(8), *q;
	long before = events(UNMAP);

	munmap(p + PAGE, PAGE);
	ok(seen(1) == -1 && seen(0) == 'a' && seen(2) == 'c', "munmap: its page alone");
	is(events(UNMAP), before + 1, "munmap: told once");
	fails(call("fault", 1, 0, 0), EFAULT, "munmap: and not to be found");
	munmap(p + 7 * PAGE, PAGE);
	ok(seen(7) == -1 && seen(6) == 'g', "munmap of the tail: its page alone");
	q = mremap(p + 2 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + PAGE);
	ok(q == p + PAGE && seen(2) == -1 && seen(1) == -1, "mremap: both places");
	is(call("fault", 1, 0, 0), 0, "mremap: looked up");
	is(seen(1), 'c', "mremap: at its new place");
	before = events(PROTECTION_VMA);
	mprotect(p + 3 * PAGE, PAGE, PROT_READ);
	ok(seen(3) == -1 && seen(4) == 'e' && events(PROTECTION_VMA) == before + 1, "mprotect");
	q = mmap(p + 4 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	ok(q == p + 4 * PAGE && seen(4) == -1, "mmap over it");
	close_mirror();
	munmap(p, 8 * PAGE);
}

static void advice(void)
{
	char *p = mirrored(6);
	long before = events(CLEAR);
	int refs;

	madvise(p, PAGE, MADV_DONTNEED);
	ok(seen(0) == -1 && seen(1) == 'b' && events(CLEAR) == before + 1, "DONTNEED");
	madvise(p + PAGE, PAGE, MADV_FREE);
	is(seen(1), -1, "FREE");
	before = events(SOFT_DIRTY);
	refs = open("/proc/self/clear_refs", O_WRONLY);
	must(write(refs, "4", 1) == 1);
	close(refs);
	ok(seen(2) == -1 && events(SOFT_DIRTY) == before + 1, "clear_refs: soft-dirty");
	close_mirror();
	munmap(p, 6 * PAGE);
}

static void copies(void)
{
	char *p = mirrored(2);
	long before = events(PROTECTION_PAGE);
	int to[2], from[2], status;
	char c = 0;
	pid_t pid;

	must(!pipe(to) && !pipe(from));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		must(read(to[0], &c, 1) == 1);
		c = p[0];
		must(write(from[1], &c, 1) == 1);
		_exit(0);
	}
	ok(seen(0) == -1 && seen(1) == -1, "fork: no entry that may write is left");
	is(events(PROTECTION_PAGE), before + 1, "fork: told once for the region");
	is(call("fault", 0, 0, 0), 0, "fork: looked up, to read");
	is(seen(0), 'a', "the shared page");
	p[0] = 'A';
	is(seen(0), -1, "the write of the program copies: the old page is taken away");
	is(call("fault", 0, 1, 0), 0, "looked up, to write");
	is(seen(0), 'A', "the copy");
	is(call("write", 0, 0, 'B'), 0, "the device writes");
	must(write(to[1], "", 1) == 1 && read(from[0], &c, 1) == 1);
	is(c, 'a', "and the child does not see it");
	is(p[0], 'B', "but the parent");
	waitpid(pid, &status, 0);
	close_mirror();
	munmap(p, 2 * PAGE);
}

static void files(void)
{
	int file = open("/tmp/mirrored", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *p;

	must(!ftruncate(file, 4 * PAGE));
	p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, file, 0);
	must(p != MAP_FAILED);
	mirror(p, 4);
	is(call("write", 2, 0, 'C'), 0, "file: the device writes");
	{
		char c = 0;

		is(pread(file, &c, 1, 2 * PAGE), 1, "file: read");
		is(c, 'C', "file: and read() sees it");
	}
	must(!ftruncate(file, 3 * PAGE));
	ok(seen(3) == -1 && seen(2) == 'C', "truncate: its page alone");
	fails(call("fault", 3, 0, 0), EFAULT, "truncate: and not to be found");
	must(!fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE));
	ok(seen(0) == -1 && seen(1) == 'b', "a hole: its page alone");
	close_mirror();
	munmap(p, 4 * PAGE);
	close(file);
	unlink("/tmp/mirrored");
}

/* The program goes, its mirror is emptied; the file descriptor lives on in the parent. */
static void ends(void)
{
	char *p = mmap(NULL, PAGE, RW, ANON, -1, 0);
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		mirror(p, 1);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	must(!call("count", 0, 0, 0));
	ok(status == 0 && last.result[3] == 1 && last.result[0] == 0, "exit: released");
	fails(call("fault", 0, 0, 0), EINVAL, "another's memory is not to be looked up");
	is(call("close", 0, 0, 0), 0, "and closed");
	munmap(p, PAGE);
}

static void two(void)
{
	char *p = mirrored(2);
	int other = open("/dev/mmtest", O_RDWR | O_CLOEXEC);

	must(other >= 0 && !call_on(other, "open", (long)p, 2, 0));
	must(!call_on(other, "fault", 1, 0, 0));
	madvise(p, 2 * PAGE, MADV_DONTNEED);
	must(!call_on(other, "count", 0, 0, 0));
	ok(last.result[0] == 0 && last.result[1] == 1, "two mirrors: the second hears");
	is(entries(), 0, "two mirrors: the first, too");
	close(other);
	p[0] = 'n';
	must(!call("fault", 0, 0, 0));
	is(seen(0), 'n', "the first goes on after the second was closed");
	close_mirror();
	munmap(p, 2 * PAGE);
}

/*
 * Against threads that change the memory all the time: what the device sees of a page is what the page holds or zeroes,
 * its number.
 */
#define STORM_PAGES 16
static volatile bool storm_over;

static void *storm(void *arg)
{
	char *p = arg;
	unsigned int x = (unsigned int)(uintptr_t)&x;

	while (!storm_over) {
		long i = (x = x * 1103515245 + 12345) >> 16 & (STORM_PAGES - 1);

		switch (x >> 8 & 3) {
		case 0:
			madvise(p + i * PAGE, PAGE, MADV_DONTNEED);
			break;
		case 1:
			mprotect(p + i * PAGE, PAGE, PROT_READ);
			mprotect(p + i * PAGE, PAGE, RW);
			break;
		default:
			*(volatile char *)(p + i * PAGE) = (char)(i + 1);
		}
	}
	return NULL;
}

/* Threads that the writer shares with must not be stopped by the page that mprotect has just taken. */
static void ignore_fault(int sig, siginfo_t *si, void *uc)
{
	(void)sig, (void)uc;
	mprotect((void *)((uintptr_t)si->si_addr & -PAGE), PAGE, RW);
}

static void against_threads(void)
{
	struct sigaction sa = { .sa_sigaction = ignore_fault, .sa_flags = SA_SIGINFO };
	char *p = mmap(NULL, STORM_PAGES * PAGE, RW, ANON, -1, 0);
	long wrong = 0, good = 0;
	pthread_t t[2];

	sigaction(SIGSEGV, &sa, NULL);
	must(!call("open", (long)p, STORM_PAGES, 0));
	for (int i = 0; i < 2; i++)
		must(!pthread_create(&t[i], NULL, storm, p));
	for (int64_t end = now_ns(CLOCK_MONOTONIC) + 300000000;
	     now_ns(CLOCK_MONOTONIC) < end || !good;) {
		for (long i = 0; i < STORM_PAGES; i++) {
			int byte;

			call("fault", i, 0, 0);
			byte = seen(i);
			good += byte == i + 1 || byte == 0;
			wrong += byte != i + 1 && byte != 0 && byte != -1;
		}
	}
	storm_over = true;
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	is(wrong, 0, "threads: the device never sees what is not there");
	ok(good > 0, "threads: and sees something");
	close_mirror();
	signal(SIGSEGV, SIG_DFL);
	munmap(p, STORM_PAGES * PAGE);
}

int main(void)
{
	fd = open("/dev/mmtest", O_RDWR);
	if (fd < 0) {
		ok(errno == ENOENT, "mmu_notifier # skip oracle: none, no /dev/mmtest");
		return tap_end();
	}
	basics();
	layout();
	advice();
	copies();
	files();
	ends();
	two();
	against_threads();
	return tap_end();
}
