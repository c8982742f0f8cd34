// SPDX-License-Identifier: MIT
/* mlock(2) and its relatives: errors, limits, VmLck, and Mlocked of /proc/meminfo page by page. */
#include "maps.h"

#include <sys/resource.h>

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW   (PROT_READ | PROT_WRITE)
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif
#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

static char *map(size_t pages)
{
	char *p = mmap(NULL, pages * PAGE, RW, ANON, -1, 0);

	must(p != MAP_FAILED);
	return p;
}

static long base;

/* Pages that are mlocked more than at the start. Linux's counts are late until they are asked for. */
static long mlocked(void)
{
	char c;
	int fd = open("/proc/sys/vm/stat_refresh", O_RDONLY);

	if (fd >= 0) {
		read(fd, &c, 1);
		close(fd);
	}
	return meminfo_kb("Mlocked:") / 4 - base;
}

static int mlock2_(void *p, size_t len, int flags)
{
	return syscall(SYS_mlock2, p, len, flags);
}

static void errors(void)
{
	char *p = map(4);

	munmap(p + 2 * PAGE, PAGE);
	fails(mlock(p, 4 * PAGE), ENOMEM, "mlock: a hole");
	ok(has_flag(p, "lo"), "what precedes it is locked");
	fails(munlock(p, 4 * PAGE), ENOMEM, "munlock: a hole");
	ok(!has_flag(p, "lo"), "what precedes it is unlocked");
	fails(mlock((void *)-PAGE, 2 * PAGE), EINVAL, "mlock: the range wraps");
	is(mlock(p, 0), 0, "mlock: nothing");
	is(mlock(p + 5, 1), 0, "mlock: one byte locks its page");
	is(status_kb("VmLck:"), 4, "VmLck: one page");
	is(munlock(p + 4000, 1), 0, "munlock: another byte of it");
	is(status_kb("VmLck:"), 0, "VmLck: none");
	fails(mlock2_(p, PAGE, 2), EINVAL, "mlock2: unknown flag");
	fails(mlockall(0), EINVAL, "mlockall: nothing");
	fails(mlockall(MCL_ONFAULT), EINVAL, "mlockall: ONFAULT alone");
	fails(mlockall(8), EINVAL, "mlockall: unknown flag");
	mprotect(p, PAGE, PROT_NONE);
	fails(mlock(p, PAGE), ENOMEM, "mlock of PROT_NONE: ENOMEM, for it cannot be populated");
	ok(has_flag(p, "lo"), "but it is locked");
	munmap(p, 4 * PAGE);
}

static void counted(void)
{
	char *p = map(16);

	is(mlock(p, 8 * PAGE), 0, "mlock");
	is(mlocked(), 8, "Mlocked: each page");
	is(mlock(p + 4 * PAGE, 8 * PAGE), 0, "mlock: half of it again");
	is(mlocked(), 12, "Mlocked: none twice");
	is(status_kb("VmLck:"), 48, "VmLck: none twice");
	is(munlock(p, 4 * PAGE), 0, "munlock: a part");
	is(mlocked(), 8, "Mlocked: the rest");
	munmap(p + 4 * PAGE, 4 * PAGE);
	is(mlocked(), 4, "Mlocked after munmap of four");
	is(mremap(p + 8 * PAGE, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p) == p, 1,
	   "mremap");
	is(mlocked(), 4, "Mlocked after mremap");
	ok(has_flag(p, "lo"), "and it stays locked");
	fails(madvise(p, PAGE, MADV_DONTNEED), EINVAL, "DONTNEED of locked memory");
	fails(madvise(p, PAGE, MADV_FREE), EINVAL, "FREE of locked memory");
	fails(madvise(p, PAGE, MADV_COLD), EINVAL, "COLD of locked memory");
	is(madvise(p, PAGE, MADV_DONTNEED_LOCKED), 0, "DONTNEED_LOCKED");
	is(mlocked(), 3, "Mlocked after DONTNEED_LOCKED");
	p[0] = 1;
	is(mlocked(), 4, "and when it is touched again");
	munmap(p, 16 * PAGE);
	is(mlocked(), 0, "Mlocked at the end");
}

static void on_fault(void)
{
	char *p = map(8);

	p[0] = 1;
	is(mlock2_(p, 8 * PAGE, MLOCK_ONFAULT), 0, "mlock2 ONFAULT");
	is(mlocked(), 1, "Mlocked: what is there");
	ok(!resident(p + PAGE), "ONFAULT: nothing is populated");
	p[PAGE] = 1;
	is(mlocked(), 2, "Mlocked: what is touched");
	ok(has_flag(p, "??"), "VmFlags: ?? (6.1 has no letters for it)");
	is(mlock(p, 8 * PAGE), 0, "mlock over ONFAULT populates");
	is(mlocked(), 8, "Mlocked: all");
	munmap(p, 8 * PAGE);
}

static char *shared;

static void unlocks_too(void)
{
	if (status_kb("VmLck:") != 0)
		_exit(1); /* locks are not inherited */
	if (mlock(shared, 4 * PAGE))
		_exit(2);
	if (mlocked() != 4)
		_exit(3);
}

static void sharing(void)
{
	char *p = map(4);

	shared = mmap(NULL, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	is(mlock(shared, 4 * PAGE), 0, "mlock of shared memory");
	is(mlocked(), 4, "Mlocked: shared pages");
	is(in_child(unlocks_too), 0, "a child locks them, too, and ends");
	is(mlocked(), 4, "Mlocked: still locked here");
	munlock(shared, 4 * PAGE);
	is(mlocked(), 0, "Mlocked: unlocked by the last");
	munmap(shared, 4 * PAGE);
	is(mlock(p, 4 * PAGE), 0, "mlock of private memory");
	fflush(stdout);
	pid_t pid = fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	for (int i = 0; i < 4; i++)
		p[i * PAGE] = 1;
	/* Linux leaves the child's pages, which are not locked by anybody, on the count. */
	ok(mlocked() == 4 || mlocked() == 8, "Mlocked after copy on write: the copies");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	munmap(p, 4 * PAGE);
	is(mlocked(), 0, "Mlocked at the end");
}

static void truncated(void)
{
	char name[] = "/tmp/mlockXXXXXX";
	int fd = mkstemp(name);
	char *p;

	unlink(name);
	must(!ftruncate(fd, 8 * PAGE));
	p = mmap(NULL, 8 * PAGE, RW, MAP_SHARED, fd, 0);
	is(mlock(p, 8 * PAGE), 0, "mlock of a file");
	is(mlocked(), 8, "Mlocked: its pages");
	must(!ftruncate(fd, 2 * PAGE));
	is(mlocked(), 2, "Mlocked: truncated");
	munmap(p, 8 * PAGE);
	is(mlocked(), 0, "Mlocked: unmapped");
	close(fd);
}

static void everything(void)
{
	char *p = map(4), *q;

	if (mlockall(MCL_CURRENT) || !resident(p) || !has_flag(p, "lo"))
		_exit(1);
	q = map(4);
	if (has_flag(q, "lo"))
		_exit(2);
	if (mlockall(MCL_FUTURE) || !has_flag(p, "lo"))
		_exit(3);
	q = map(4);
	if (!has_flag(q, "lo") || !resident(q))
		_exit(4);
	if (mlockall(MCL_FUTURE | MCL_ONFAULT))
		_exit(5);
	q = map(4);
	if (!has_flag(q, "??") || resident(q))
		_exit(6);
	if (munlockall() || has_flag(p, "lo") || has_flag(q, "lo") || status_kb("VmLck:"))
		_exit(7);
	if (has_flag(map(4), "lo"))
		_exit(8);
	/* The stack grows locked. */
	if (mlockall(MCL_CURRENT))
		_exit(9);
}

static void limits(void)
{
	struct rlimit rl = { 8 * PAGE, 8 * PAGE }, none = { 0, 0 };
	char *p = map(32);

	if (setrlimit(RLIMIT_MEMLOCK, &rl) || setuid(65534))
		_exit(1);
	if (mlock(p, 9 * PAGE) != -1 || errno != ENOMEM)
		_exit(2);
	if (mlock(p, 8 * PAGE))
		_exit(3);
	if (mlock(p, 4 * PAGE)) /* locked already */
		_exit(4);
	if (mlock(p + 8 * PAGE, PAGE) != -1 || errno != ENOMEM)
		_exit(5);
	if (mremap(p, 8 * PAGE, 9 * PAGE, MREMAP_MAYMOVE) != MAP_FAILED || errno != EAGAIN)
		_exit(6);
	if (mlockall(MCL_CURRENT) != -1 || errno != ENOMEM)
		_exit(7);
	if (mlockall(MCL_FUTURE))
		_exit(8);
	if (syscall(SYS_mmap, NULL, PAGE, RW, ANON, -1, 0) != -1 || errno != EAGAIN)
		_exit(9);
	munlockall();
	if (setrlimit(RLIMIT_MEMLOCK, &none))
		_exit(10);
	if (mlock(p, PAGE) != -1 || errno != EPERM)
		_exit(11);
	if (mlockall(MCL_CURRENT) != -1 || errno != EPERM)
		_exit(12);
	if (munlock(p, 8 * PAGE))
		_exit(13);
}

int main(void)
{
	base = mlocked();
	errors();
	counted();
	on_fault();
	sharing();
	truncated();
	is(in_child(everything), 0, "mlockall: CURRENT, FUTURE, ONFAULT, munlockall");
	is(mlocked(), 0, "Mlocked after the end of a locked process");
	is(in_child(limits), 0, "RLIMIT_MEMLOCK");
	return tap_end();
}
