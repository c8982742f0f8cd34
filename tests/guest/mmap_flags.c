// SPDX-License-Identifier: MIT
/* Every flag of mmap(2): what it does, where the memory lands, and each errno. */
#include "maps.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW   (PROT_READ | PROT_WRITE)
#ifndef MAP_SYNC
#define MAP_SYNC 0x80000
#endif
#ifndef MAP_SHARED_VALIDATE
#define MAP_SHARED_VALIDATE 3
#endif
#ifndef MAP_UNINITIALIZED
#define MAP_UNINITIALIZED 0x4000000
#endif
#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif
#define TASK_END 0x7ffffffff000ul

static int file_fd, ro_fd;
static char *busy; /* four pages that are mapped */

static void make_files(void)
{
	char name[] = "/tmp/flagsXXXXXX";

	file_fd = mkstemp(name);
	must(file_fd >= 0 && !ftruncate(file_fd, 4 * PAGE));
	ro_fd = open(name, O_RDONLY);
	must(ro_fd >= 0);
	unlink(name);
	busy = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);
	must(busy != MAP_FAILED);
}

enum { NOFILE = -1, RW_FILE = -2, RO_FILE = -3, CLOSED = 1000 };

/* err 0: it succeeds. addr 1: busy. */
static const struct {
	const char *what;
	unsigned long addr, len;
	int prot, flags, fd;
	unsigned long off;
	int err;
} calls[] = {
	{ "private", 0, PAGE, RW, ANON, NOFILE, 0, 0 },
	{ "no type", 0, PAGE, RW, MAP_ANONYMOUS, NOFILE, 0, EINVAL },
	{ "type 0x0f", 0, PAGE, RW, MAP_ANONYMOUS | 0x0f, NOFILE, 0, EINVAL },
	{ "length 0", 0, 0, RW, ANON, NOFILE, 0, EINVAL },
	{ "length 0, bad descriptor", 0, 0, RW, MAP_PRIVATE, CLOSED, 0, EBADF },
	{ "odd offset before bad descriptor", 0, PAGE, RW, MAP_PRIVATE, CLOSED, 5, EINVAL },
	{ "odd offset of anonymous memory", 0, PAGE, RW, ANON, NOFILE, 7, EINVAL },
	{ "any offset of anonymous memory", 0, PAGE, RW, ANON, NOFILE, 64 * PAGE, 0 },
	{ "anonymous, offset wraps", 0, 2 * PAGE, RW, ANON, NOFILE, -PAGE, 0 },
	{ "file, offset beyond what a file can have", 0, PAGE, PROT_READ, MAP_PRIVATE, RW_FILE,
	  -PAGE, EOVERFLOW },
	{ "file, beyond its end", 0, PAGE, PROT_READ, MAP_PRIVATE, RW_FILE, 64 * PAGE, 0 },
	{ "unknown protection bits are ignored", 0, PAGE, PROT_READ | 0x70, ANON, NOFILE, 0, 0 },
	{ "unknown flags of MAP_PRIVATE are ignored", 0, PAGE, RW, ANON | 0x8000000, NOFILE, 0, 0 },
	{ "unknown flags of MAP_SHARED are ignored", 0, PAGE, RW, MAP_SHARED | 0x200000, RW_FILE, 0,
	  0 },
	{ "unknown flags of SHARED_VALIDATE are refused", 0, PAGE, RW,
	  MAP_SHARED_VALIDATE | 0x200000, RW_FILE, 0, EOPNOTSUPP },
	{ "SHARED_VALIDATE of a file", 0, PAGE, RW, MAP_SHARED_VALIDATE, RW_FILE, 0, 0 },
	{ "SHARED_VALIDATE of anonymous memory", 0, PAGE, RW, MAP_SHARED_VALIDATE | MAP_ANONYMOUS,
	  NOFILE, 0, EINVAL },
	{ "SYNC of a tmpfs file", 0, PAGE, RW, MAP_SHARED_VALIDATE | MAP_SYNC, RW_FILE, 0,
	  EOPNOTSUPP },
	{ "SYNC with MAP_SHARED is ignored", 0, PAGE, RW, MAP_SHARED | MAP_SYNC, RW_FILE, 0, 0 },
	{ "SYNC with MAP_PRIVATE is ignored", 0, PAGE, RW, MAP_PRIVATE | MAP_SYNC, RW_FILE, 0, 0 },
	{ "shared, writable, file open for reading", 0, PAGE, RW, MAP_SHARED, RO_FILE, 0, EACCES },
	{ "validated, writable, file open for reading", 0, PAGE, RW, MAP_SHARED_VALIDATE, RO_FILE,
	  0, EACCES },
	{ "private, writable, file open for reading", 0, PAGE, RW, MAP_PRIVATE, RO_FILE, 0, 0 },
	{ "shared, readable, file open for reading", 0, PAGE, PROT_READ, MAP_SHARED, RO_FILE, 0,
	  0 },
	{ "FIXED at an odd address", 0x10000001, PAGE, RW, ANON | MAP_FIXED, NOFILE, 0, EINVAL },
	{ "FIXED below mmap_min_addr, as root", 0x1000, PAGE, RW, ANON | MAP_FIXED, NOFILE, 0, 0 },
	{ "FIXED across the end", TASK_END - PAGE, 2 * PAGE, RW, ANON | MAP_FIXED, NOFILE, 0,
	  ENOMEM },
	{ "FIXED at the last page", TASK_END - PAGE, PAGE, RW, ANON | MAP_FIXED, NOFILE, 0, 0 },
	{ "FIXED at the end", TASK_END, PAGE, RW, ANON | MAP_FIXED, NOFILE, 0, ENOMEM },
	{ "FIXED in the kernel", 0xffff800000000000, PAGE, RW, ANON | MAP_FIXED, NOFILE, 0,
	  ENOMEM },
	{ "FIXED_NOREPLACE over memory", 1, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, NOFILE, 0,
	  EEXIST },
	{ "FIXED_NOREPLACE at an odd address", 0x10000001, PAGE, RW, ANON | MAP_FIXED_NOREPLACE,
	  NOFILE, 0, EINVAL },
	{ "as large as user space", 0, TASK_END, PROT_NONE, ANON | MAP_NORESERVE, NOFILE, 0,
	  ENOMEM },
	{ "larger than user space", 0, 1ul << 47, PROT_NONE, ANON | MAP_NORESERVE, NOFILE, 0,
	  ENOMEM },
	{ "length wraps when rounded", 0, -1ul, PROT_NONE, ANON, NOFILE, 0, ENOMEM },
	{ "a hint in the kernel is ignored", 0xffff800000000000, PAGE, RW, ANON, NOFILE, 0, 0 },
	{ "a hint at the end is ignored", TASK_END, PAGE, RW, ANON, NOFILE, 0, 0 },
	{ "a hint of 1", 1, PAGE, RW, ANON, NOFILE, 0, 0 },
	{ "GROWSDOWN", 0, PAGE, RW, ANON | MAP_GROWSDOWN, NOFILE, 0, 0 },
	{ "GROWSDOWN, shared", 0, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, NOFILE, 0,
	  EINVAL },
	{ "GROWSDOWN of a file", 0, PAGE, RW, MAP_PRIVATE | MAP_GROWSDOWN, RW_FILE, 0, EINVAL },
	{ "STACK", 0, PAGE, RW, ANON | MAP_STACK, NOFILE, 0, 0 },
	{ "DENYWRITE and EXECUTABLE are ignored", 0, PAGE, RW,
	  ANON | MAP_DENYWRITE | MAP_EXECUTABLE, NOFILE, 0, 0 },
	{ "UNINITIALIZED is ignored", 0, PAGE, RW, ANON | MAP_UNINITIALIZED, NOFILE, 0, 0 },
	{ "HUGETLB, a size that is not there", 0, 2 << 20, RW,
	  ANON | MAP_HUGETLB | 20 << MAP_HUGE_SHIFT, NOFILE, 0, EINVAL },
	{ "HUGETLB of an ordinary file", 0, 2 << 20, RW, MAP_PRIVATE | MAP_HUGETLB, RW_FILE, 0,
	  EINVAL },
	{ "32BIT", 0, PAGE, RW, ANON | MAP_32BIT, NOFILE, 0, 0 },
	{ "32BIT, larger than its window", 0, 0x40001000, PROT_NONE,
	  ANON | MAP_32BIT | MAP_NORESERVE, NOFILE, 0, ENOMEM },
	{ "LOCKED", 0, PAGE, RW, ANON | MAP_LOCKED, NOFILE, 0, 0 },
	{ "POPULATE", 0, PAGE, RW, ANON | MAP_POPULATE, NOFILE, 0, 0 },
};

/* There is no huge page, or not even the notion of one. */
static void hugetlb(void)
{
	int err = with_hugetlbfs(ENOMEM, EINVAL);

	fails((long)mmap(NULL, 2 << 20, RW, ANON | MAP_HUGETLB, -1, 0), err,
	      "mmap: HUGETLB without huge pages");
	fails((long)mmap(NULL, 2 << 20, RW, ANON | MAP_HUGETLB | 21 << MAP_HUGE_SHIFT, -1, 0), err,
	      "mmap: HUGETLB, 2 MB");
}

static void table(void)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		int fd = calls[i].fd == RW_FILE	  ? file_fd
			 : calls[i].fd == RO_FILE ? ro_fd
						  : calls[i].fd;
		unsigned long addr =
			calls[i].addr == 1 && calls[i].err ? (unsigned long)busy : calls[i].addr;
		void *p = (void *)syscall(SYS_mmap, addr, calls[i].len, calls[i].prot,
					  calls[i].flags, fd, calls[i].off);

		is(p == MAP_FAILED ? errno : 0, calls[i].err, "mmap: %s", calls[i].what);
		if (p != MAP_FAILED)
			munmap(p, calls[i].len);
	}
}

static void fixed(void)
{
	char *p = mmap(NULL, 10 * PAGE, RW, ANON, -1, 0), *q;

	munmap(p + 8 * PAGE, 2 * PAGE);
	memset(p, 1, 8 * PAGE);
	q = mmap(p + 2 * PAGE, 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
	ok(q == p + 2 * PAGE && !q[0] && !q[PAGE] && p[PAGE] == 1 && p[4 * PAGE] == 1,
	   "FIXED: replaces exactly the range");
	q = mmap(p + 6 * PAGE, 4 * PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0);
	ok(q == p + 6 * PAGE && p[5 * PAGE] == 1 && !q[0], "FIXED: over an end and beyond");
	munmap(p, 10 * PAGE);
	ok(mmap(p, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0) == p, "FIXED_NOREPLACE: in a hole");
	p[0] = 3;
	ok(mmap(p - PAGE, 2 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED &&
		   errno == EEXIST && p[0] == 3 && !is_mapped(p - PAGE),
	   "FIXED_NOREPLACE: an overlap changes nothing");
	munmap(p, PAGE);
}

static void hints(void)
{
	char *p = mmap(NULL, 8 * PAGE, RW, ANON, -1, 0), *q;

	munmap(p, 8 * PAGE);
	q = mmap(p + 100, PAGE, RW, ANON, -1, 0);
	ok(q == p, "hint: rounded down to its page");
	ok((q = mmap(p, PAGE, RW, ANON, -1, 0)) != p && q != MAP_FAILED, "hint: not over memory");
	munmap(q, PAGE);
	q = mmap(p - PAGE, 2 * PAGE, RW, ANON, -1, 0);
	ok(q != p - PAGE && q != MAP_FAILED, "hint: not where only a part fits");
	munmap(q, 2 * PAGE);
	munmap(p, PAGE);
	q = mmap((void *)0x1000, PAGE, RW, ANON, -1, 0);
	is((unsigned long)q, 65536, "hint: raised to mmap_min_addr");
	munmap(q, PAGE);
	q = mmap((void *)(TASK_END - PAGE), 2 * PAGE, RW, ANON, -1, 0);
	ok(q != MAP_FAILED && q + 2 * PAGE <= (char *)TASK_END - PAGE,
	   "hint: across the end: elsewhere");
	munmap(q, 2 * PAGE);
}

/* Consecutive mappings lie below each other; a hole is used again when it fits. */
static void topdown(void)
{
	char *a = mmap(NULL, 16 * PAGE, PROT_NONE, ANON, -1, 0);
	char *b = mmap(NULL, 16 * PAGE, PROT_READ, ANON, -1, 0), *c;

	ok(b + 16 * PAGE == a, "top-down: the next one lies below");
	munmap(a + 4 * PAGE, 4 * PAGE);
	c = mmap(NULL, 8 * PAGE, RW, ANON, -1, 0);
	ok(c + 8 * PAGE == b, "a hole that is too small is left alone");
	c = mmap(NULL, 2 * PAGE, RW, ANON, -1, 0);
	ok(c == a + 6 * PAGE, "a hole is filled from its top");
	munmap(b - 8 * PAGE, (a - b) + 24 * PAGE);
}

static void low(void)
{
	char *p = mmap(NULL, PAGE, RW, ANON | MAP_32BIT, -1, 0), *q;

	ok((unsigned long)p >= 0x40000000 && (unsigned long)p < 0x80000000,
	   "32BIT: in the second GiB");
	q = mmap(NULL, PAGE, RW, ANON | MAP_32BIT, -1, 0);
	ok(q != p && (unsigned long)q < 0x80000000, "32BIT: and another");
	munmap(q, PAGE);
	q = mmap((void *)0x7fff0000, PAGE, RW, ANON | MAP_32BIT, -1, 0);
	is((unsigned long)q, 0x7fff0000, "32BIT: a hint in its window is taken");
	munmap(q, PAGE);
	q = mmap((void *)0x20000000, PAGE, RW, ANON | MAP_32BIT, -1, 0);
	is((unsigned long)q, 0x20000000, "32BIT: and one below it");
	munmap(q, PAGE);
	q = mmap((void *)0x100000000, PAGE, RW, ANON | MAP_32BIT, -1, 0);
	ok((unsigned long)q < 0x80000000, "32BIT: a hint above is not");
	munmap(q, PAGE);
	q = mmap((void *)0x500000000000, PAGE, RW, ANON | MAP_32BIT | MAP_FIXED, -1, 0);
	is((unsigned long)q, 0x500000000000, "32BIT with FIXED: where it was said");
	munmap(q, PAGE);
	munmap(p, PAGE);
}

static void populate(void)
{
	char *p = mmap(NULL, 4 * PAGE, RW, ANON | MAP_POPULATE, -1, 0);
	struct rusage a, b;

	ok(resident(p) && resident(p + 3 * PAGE), "POPULATE: the pages are there");
	getrusage(RUSAGE_SELF, &a);
	for (int i = 0; i < 4; i++)
		p[i * PAGE] = 1;
	getrusage(RUSAGE_SELF, &b);
	is(b.ru_minflt - a.ru_minflt, 0, "POPULATE: no fault at the first write");
	munmap(p, 4 * PAGE);
	p = mmap(NULL, 4 * PAGE, RW, ANON | MAP_POPULATE | MAP_NONBLOCK, -1, 0);
	ok(!resident(p), "POPULATE with NONBLOCK: nothing");
	munmap(p, 4 * PAGE);
	p = mmap(NULL, 4 * PAGE, PROT_NONE, ANON | MAP_POPULATE, -1, 0);
	ok(p != MAP_FAILED && !resident(p), "POPULATE of PROT_NONE: nothing, and no error");
	munmap(p, 4 * PAGE);
	pwrite(file_fd, "x", 1, 0);
	p = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE | MAP_POPULATE, file_fd, 0);
	ok(resident(p) && p[0] == 'x', "POPULATE of a private file");
	getrusage(RUSAGE_SELF, &a);
	p[0] = 'y';
	getrusage(RUSAGE_SELF, &b);
	is(b.ru_minflt - a.ru_minflt, 0, "and it is copied already");
	munmap(p, 4 * PAGE);
	p = mmap(NULL, 8 * PAGE, RW, MAP_SHARED | MAP_POPULATE, file_fd, 0);
	ok(p != MAP_FAILED, "POPULATE beyond the end of a file is no error");
	munmap(p, 8 * PAGE);
}

static void locked_child(void)
{
	struct rlimit rl = { 4 * PAGE, 4 * PAGE }, none = { 0, 0 };
	char *p;

	if (setrlimit(RLIMIT_MEMLOCK, &rl) || setuid(65534))
		_exit(1);
	p = mmap(NULL, 4 * PAGE, RW, ANON | MAP_LOCKED, -1, 0);
	if (p == MAP_FAILED || !resident(p + 3 * PAGE))
		_exit(2);
	if (mmap(NULL, PAGE, RW, ANON | MAP_LOCKED, -1, 0) != MAP_FAILED || errno != EAGAIN)
		_exit(3);
	if (mmap(NULL, PAGE, RW, ANON, -1, 0) == MAP_FAILED)
		_exit(4);
	setrlimit(RLIMIT_MEMLOCK, &none);
	munmap(p, 4 * PAGE);
	/* musl makes an ENOMEM of this EPERM. */
	if (syscall(SYS_mmap, NULL, PAGE, RW, ANON | MAP_LOCKED, -1, 0) != -1 || errno != EPERM)
		_exit(5);
	if (mmap((void *)0x1000, PAGE, RW, ANON | MAP_FIXED, -1, 0) != MAP_FAILED || errno != EPERM)
		_exit(6);
}

static void locked(void)
{
	long before = status_kb("VmLck:");
	char *p = mmap(NULL, 3 * PAGE, RW, ANON | MAP_LOCKED, -1, 0);

	ok(resident(p) && resident(p + 2 * PAGE), "LOCKED: populated");
	is(status_kb("VmLck:") - before, 12, "LOCKED: counted");
	ok(has_flag(p, "lo"), "LOCKED: VmFlags say so");
	munmap(p, PAGE);
	is(status_kb("VmLck:") - before, 8, "munmap of a part uncounts it");
	munmap(p, 3 * PAGE);
	is(status_kb("VmLck:") - before, 0, "and of the rest");
	is(in_child(locked_child), 0,
	   "LOCKED beyond RLIMIT_MEMLOCK: EAGAIN, without any: EPERM; page 1: EPERM");
}

static void grows(void)
{
	char *area = mmap(NULL, 1024 * PAGE, PROT_NONE, ANON | MAP_NORESERVE, -1, 0), *p;

	/* In the middle of a hole that is free for sure. */
	munmap(area, 1024 * PAGE);
	p = mmap(area + 1000 * PAGE, PAGE, RW, ANON | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
	must(p == area + 1000 * PAGE);
	ok(has_flag(p, "gd"), "GROWSDOWN: VmFlags say so");
	p[-1] = 7;
	ok(p[-1] == 7 && vma_at(p - 1).end == (unsigned long)p + PAGE,
	   "GROWSDOWN: a touch below extends it");
	p[-100 * (long)PAGE] = 8;
	is(vma_at(p).start, (unsigned long)p - 100 * PAGE, "GROWSDOWN: far below, too");
	/* A neighbour within the guard gap stops it. */
	must(mmap(p - 600 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) != MAP_FAILED);
	catch_signal(SIGSEGV);
	ok(FAULTS(*(volatile char *)(p - 400 * PAGE) = 1) && tap_info.si_code == SEGV_MAPERR,
	   "GROWSDOWN: not into the guard gap above a neighbour");
	ok(!FAULTS(*(volatile char *)(p - 300 * PAGE) = 1), "GROWSDOWN: up to the gap");
	ok(mmap(p - 301 * PAGE, PAGE, RW, ANON, -1, 0) != p - 301 * PAGE,
	   "a hint within the gap below it is not taken");
	ok(!mprotect(p, PAGE, PROT_READ | PROT_GROWSDOWN) &&
		   FAULTS(*(volatile char *)(p - 50 * PAGE) = 1),
	   "PROT_GROWSDOWN: reaches down to its start");
	fails(mprotect(busy, PAGE, PROT_READ | PROT_GROWSDOWN), EINVAL,
	      "PROT_GROWSDOWN of other memory");
	fails(mprotect(p, PAGE, PROT_READ | PROT_GROWSUP), EINVAL,
	      "PROT_GROWSUP: nothing grows upwards");
	munmap(area, 1024 * PAGE);
}

/* A read-only shared mapping of a file that was opened for reading cannot become writable. */
static void may(void)
{
	char *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ro_fd, 0);

	fails(mprotect(p, PAGE, RW), EACCES, "mprotect: shared, file open for reading");
	ok(!strncmp(vma_at(p).perms, "r--s", 4), "maps: shared");
	munmap(p, PAGE);
	p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ro_fd, 0);
	is(mprotect(p, PAGE, RW), 0, "mprotect: private, file open for reading");
	munmap(p, PAGE);
	ok(has_flag(p = mmap(NULL, PAGE, RW, ANON | MAP_NORESERVE, -1, 0), "nr") &&
		   !has_flag(p, "ac"),
	   "NORESERVE: not accounted");
	munmap(p, PAGE);
}

int main(void)
{
	make_files();
	table();
	hugetlb();
	fixed();
	hints();
	topdown();
	low();
	populate();
	locked();
	grows();
	may();
	return tap_end();
}
