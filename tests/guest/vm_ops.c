// SPDX-License-Identifier: MIT
/*
 * Every callback of vm_operations_struct, provoked through /dev/mmtest (drivers/mmtest/vma.c), and what the memory
 * manager does when it refuses. oracle: none (Linux has no /dev/mmtest)
 */
#include "maps.h"

#include "../../include/drivers/mmtest.h"
#include <linux/prctl.h>
#include <sys/ioctl.h>

int prctl(int, ...);

#define RW	       (PROT_READ | PROT_WRITE)
#define FAULT_OOM      0x1
#define FAULT_SIGBUS   0x2
#define FAULT_HWPOISON 0x10
#define FAULT_SIGSEGV  0x40
#define FAULT_NOPAGE   0x100
#define FAULT_RETRY    0x400

enum {
	OPEN,
	CLOSE,
	MAY_SPLIT,
	MREMAP,
	MPROTECT,
	FAULT,
	MAP_PAGES,
	PAGE_MKWRITE,
	PFN_MKWRITE,
	ACCESS,
	NAME,
	PAGESIZE
};
enum { PAGES, PFN_FAULT, PFN_MMAP, PAGES_MMAP };

static int fd;

static long long call(const char *verb, long a, long b, long c, int result)
{
	struct mmtest_call m = { .noun = "vma", .arg = { a, b, c } };

	snprintf(m.verb, sizeof(m.verb), "%s", verb);
	must(!ioctl(fd, MMTEST_CALL, &m));
	return m.result[result];
}

static int count(int callback)
{
	return (int)call("count", callback, 0, 0, 0);
}

static void refuse(int callback, long value, int times)
{
	call("refuse", callback, value, times, 0);
}

static char *map(int kind, int flags)
{
	char *p;

	call("kind", kind, 0, 0, 0);
	p = mmap(NULL, 16 * PAGE, RW, flags, fd, 0);
	must(p != MAP_FAILED);
	return p;
}

static void layout(void)
{
	char *p = map(PAGES, MAP_SHARED), *q;
	int opened = count(OPEN), closed = count(CLOSE);

	ok(!strcmp(vma_at(p).name, "[mmtest]"), "name: maps shows it");
	is(munmap(p + 4 * PAGE, 4 * PAGE), 0, "munmap of the middle");
	ok(count(OPEN) > opened && count(CLOSE) > closed,
	   "open and close: split, and the middle goes");
	is(count(OPEN) - opened - (count(CLOSE) - closed), 1, "one more than before is open");
	refuse(MAY_SPLIT, -EXDEV, 1);
	fails(munmap(p + PAGE, PAGE), EXDEV, "may_split refuses: munmap");
	refuse(MAY_SPLIT, -EXDEV, 1);
	fails(mprotect(p + PAGE, PAGE, PROT_READ), EXDEV, "may_split refuses: mprotect");
	refuse(MPROTECT, -EROFS, 1);
	fails(mprotect(p, PAGE, PROT_READ), EROFS, "mprotect refuses");
	is(mprotect(p, PAGE, PROT_READ), 0, "and then agrees");
	is(mprotect(p, PAGE, RW), 0, "back");
	is(vmas(p, 4 * PAGE), 2, "a mapping with close is not merged");
	p[PAGE] = 'x';
	refuse(MREMAP, -EILSEQ, 1);
	fails((long)mremap(p + PAGE, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			   p + 4 * PAGE),
	      EILSEQ, "mremap refuses");
	ok(p[PAGE] == 'x' && !is_mapped(p + 4 * PAGE), "and everything is where it was");
	q = mremap(p + PAGE, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + 4 * PAGE);
	ok(q == p + 4 * PAGE && q[0] == 'x' && !is_mapped(p + PAGE), "mremap agrees: moved");
	ok(count(MREMAP) >= 2, "mremap: counted");
	opened = count(OPEN);
	fflush(stdout);
	if (!fork())
		_exit(0);
	wait(NULL);
	ok(count(OPEN) > opened, "open: fork");
	munmap(p, 16 * PAGE);
	is(count(OPEN) + 1, count(CLOSE), "each open, and the mmap, has its close");
	vm_flags_at(p = map(PAGES, MAP_SHARED));
	ok(count(PAGESIZE) > 0, "pagesize: smaps asks");
	munmap(p, 16 * PAGE);
}

static void faults(void)
{
	char *p = map(PAGES, MAP_SHARED);
	int before = count(FAULT), made = count(PAGE_MKWRITE);

	ok(p[0] == 'A' || p[0] == 'x', "fault: a page is read");
	ok(count(FAULT) == before + 1 && count(MAP_PAGES) >= 1, "fault and map_pages: counted");
	is(count(PAGE_MKWRITE), made, "page_mkwrite: not for a read");
	p[0] = 'y';
	is(count(PAGE_MKWRITE), made + 1, "page_mkwrite: at the first write");
	p[1] = 'z';
	is(count(PAGE_MKWRITE), made + 1, "not at the second");
	is(call("page", 0, 0, 0, 2), 'y', "the device sees the write");
	p[PAGE] = 1;
	ok(count(FAULT) == before + 2 && count(PAGE_MKWRITE) == made + 2,
	   "a first write: fault, then page_mkwrite");
	is(call("page", 1, 0, 0, 1), 1, "its map count");
	is(call("page", 1, 0, 0, 0), 2, "its references");
	madvise(p, 16 * PAGE, MADV_DONTNEED);
	ok(!call("page", 1, 0, 0, 1) && call("page", 1, 0, 0, 0) == 1, "after DONTNEED: neither");

	catch_signal(SIGBUS);
	catch_signal(SIGSEGV);
	refuse(PAGE_MKWRITE, FAULT_SIGBUS, 1);
	(void)*(volatile char *)(p + 2 * PAGE);
	ok(FAULTS(p[2 * PAGE] = 1) && tap_info.si_signo == SIGBUS, "page_mkwrite refuses: SIGBUS");
	ok(!FAULTS(p[2 * PAGE] = 1), "and then agrees");
	refuse(FAULT, FAULT_SIGBUS, 1);
	ok(FAULTS(*(volatile char *)(p + 3 * PAGE)) && tap_info.si_signo == SIGBUS &&
		   tap_info.si_code == BUS_ADRERR && tap_info.si_addr == p + 3 * PAGE,
	   "fault: SIGBUS, BUS_ADRERR");
	refuse(FAULT, FAULT_SIGSEGV, 1);
	ok(FAULTS(*(volatile char *)(p + 3 * PAGE)) && tap_info.si_signo == SIGSEGV &&
		   tap_info.si_code == SEGV_MAPERR,
	   "fault: SIGSEGV, SEGV_MAPERR");
	refuse(FAULT, FAULT_HWPOISON, 1);
	ok(FAULTS(*(volatile char *)(p + 3 * PAGE)) && tap_info.si_signo == SIGBUS &&
		   tap_info.si_code == BUS_MCEERR_AR && tap_info.si_addr_lsb == 12,
	   "fault: poison, BUS_MCEERR_AR");
	ok(FAULTS(*(volatile char *)(p + 16 * PAGE - 1)) == false, "the last page");
	before = count(FAULT);
	refuse(FAULT, FAULT_RETRY, 1);
	ok(p[4 * PAGE] == 'E' && count(FAULT) == before + 2, "fault: retried after RETRY");
	before = count(FAULT);
	refuse(FAULT, FAULT_NOPAGE, 3);
	ok(p[5 * PAGE] == 'F' && count(FAULT) == before + 4,
	   "fault: NOPAGE, the access is tried again");
	refuse(FAULT, FAULT_SIGBUS, 1000);
	fails(access(p + 6 * PAGE, F_OK), EFAULT, "fault in the kernel: SIGBUS becomes EFAULT");
	refuse(FAULT, 0, 0);
	munmap(p, 16 * PAGE);
}

static void privately(void)
{
	char *p = map(PAGES, MAP_PRIVATE);

	p[0] = 'q';
	ok(call("page", 0, 0, 0, 2) != 'q' && p[0] == 'q', "private: the write stays private");
	(void)*(volatile char *)(p + PAGE);
	is(call("page", 1, 0, 0, 1), 1, "private: read maps the page itself");
	p[PAGE] = 'r';
	is(call("page", 1, 0, 0, 1), 0, "private: written, it is not mapped any more");
	munmap(p, 16 * PAGE);
}

static void frames(int kind, const char *name)
{
	char *p = map(kind, MAP_SHARED), c = 0;
	int made = count(PFN_MKWRITE), faults = count(FAULT);

	c = *(volatile char *)(p + 7 * PAGE);
	is(c, 'H', "%s: read", name);
	is(count(FAULT) - faults, kind == PFN_FAULT, "%s: faults", name);
	is(call("page", 7, 0, 0, 1), 0, "%s: no page is counted as mapped", name);
	is(call("page", 7, 0, 0, 0), 1, "%s: nor referenced", name);
	p[7 * PAGE] = 'h';
	is(call("page", 7, 0, 0, 2), 'h', "%s: written", name);
	if (kind == PFN_FAULT) {
		is(count(PFN_MKWRITE), made + 1, "%s: pfn_mkwrite at the first write", name);
		refuse(PFN_MKWRITE, FAULT_SIGBUS, 1);
		(void)*(volatile char *)(p + 8 * PAGE);
		ok(FAULTS(p[8 * PAGE] = 1) && tap_info.si_signo == SIGBUS,
		   "%s: pfn_mkwrite refuses: SIGBUS", name);
	}
	p[7 * PAGE] = 'H';
	ok(has_flag(p, "io") && has_flag(p, "pf") && has_flag(p, "de"), "%s: VmFlags io pf de",
	   name);
	fails((long)mremap(p, 16 * PAGE, 32 * PAGE, MREMAP_MAYMOVE), EFAULT, "%s: cannot grow",
	      name);
	fails(madvise(p, PAGE, MADV_DONTNEED), EINVAL, "%s: DONTNEED refused", name);
	fails(madvise(p, PAGE, MADV_DOFORK), EINVAL, "%s: DOFORK refused", name);
	fails(madvise(p, PAGE, MADV_DODUMP), EINVAL, "%s: DODUMP refused", name);
	fails(madvise(p, PAGE, 22), EINVAL, "%s: POPULATE_READ refused", name);
	is(mlock(p, PAGE), 0, "%s: mlock does nothing", name);
	ok(!has_flag(p, "lo"), "%s: and locks nothing", name);
	munmap(p, 16 * PAGE);
	is(call("page", 7, 0, 0, 0), 1, "%s: unmapped, and the page is whole", name);
}

/* The kernel reads another's memory where there is no struct page: /proc/self/cmdline points there. */
static void special_access(void)
{
	char *p = map(PFN_FAULT, MAP_SHARED), text[4] = "";
	int before = count(ACCESS), file;

	strcpy(p, "abc");
	must(!prctl(PR_SET_MM, PR_SET_MM_ARG_START, p, 0, 0) ||
	     !prctl(PR_SET_MM, PR_SET_MM_ARG_END, p + 4, 0, 0));
	prctl(PR_SET_MM, PR_SET_MM_ARG_END, p + 4, 0, 0);
	prctl(PR_SET_MM, PR_SET_MM_ARG_START, p, 0, 0);
	file = open("/proc/self/cmdline", O_RDONLY);
	ok(read(file, text, 4) == 4 && !strcmp(text, "abc"), "access: cmdline is read from frames");
	ok(count(ACCESS) > before, "access: counted");
	close(file);
	munmap(p, 16 * PAGE);
}

static void inserted(void)
{
	char *p = map(PAGES_MMAP, MAP_SHARED);
	int before = count(FAULT);

	is(p[9 * PAGE], 'J', "vm_insert_page: there at once");
	is(count(FAULT), before, "without a fault");
	ok(has_flag(p, "mm"), "VmFlags mm");
	is(call("page", 9, 0, 0, 1), 1, "counted as mapped");
	munmap(p, 16 * PAGE);
	is(call("page", 9, 0, 0, 1), 0, "and no more");
}

/* /proc/mm/faults counts the cases of mm/fault/fault.c; each statement adds to one of these. */
static long kind_before;

static long kind(const char *name)
{
	return number_in("/proc/mm/faults", name);
}

#define ONE(name, stmt)                                                                            \
	do {                                                                                       \
		kind(name " ");                                                                    \
		kind_before = kind(name " ");                                                      \
		stmt;                                                                              \
		ok(kind(name " ") - kind_before >= 1, "faults: " name);                            \
	} while (0)

static void kinds(void)
{
	char *p = mmap(NULL, 8 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char name[] = "/tmp/kindsXXXXXX", *d;
	int file = mkstemp(name), go[2];
	volatile char c;

	unlink(name);
	must(!ftruncate(file, 8 * PAGE) && !pipe(go));
	slurp("/proc/mm/faults");
	ONE("zero", c = p[0]);
	ONE("anon", p[PAGE] = 1);
	ONE("copy", p[0] = 1); /* of the zero page */
	fflush(stdout);
	pid_t pid = fork();
	if (!pid) {
		read(go[0], (char *)&c, 1);
		_exit(0);
	}
	ONE("copy", p[PAGE] = 2);
	write(go[1], "x", 1);
	waitpid(pid, NULL, 0);
	ONE("reuse", p[0] = 2);
	d = mmap(NULL, 8 * PAGE, RW, MAP_PRIVATE, file, 0);
	ONE("read", c = d[0]);
	ONE("cow_file", d[PAGE] = 1);
	munmap(d, 8 * PAGE);
	d = mmap(NULL, 8 * PAGE, RW, MAP_SHARED, file, 0);
	ONE("shared", d[0] = 1);
	munmap(d, 8 * PAGE);
	close(file);
	d = map(PAGES, MAP_SHARED);
	c = d[0];
	ONE("mkwrite", d[0] = 1);
	catch_signal(SIGBUS);
	catch_signal(SIGSEGV);
	refuse(FAULT, FAULT_SIGBUS, 1);
	ONE("sigbus", FAULTS(c = d[PAGE]));
	refuse(FAULT, FAULT_SIGSEGV, 1);
	ONE("sigsegv", FAULTS(c = d[PAGE]));
	refuse(FAULT, FAULT_HWPOISON, 1);
	ONE("hwpoison", FAULTS(c = d[PAGE]));
	refuse(FAULT, FAULT_RETRY, 1);
	ONE("retry", c = d[PAGE]);
	(void)c;
	munmap(d, 8 * PAGE);
	munmap(p, 8 * PAGE);
}

int main(void)
{
	fd = open("/dev/mmtest", O_RDWR);
	if (fd < 0) {
		ok(errno == ENOENT, "vm_ops # skip oracle: none, no /dev/mmtest");
		return tap_end();
	}
	fails((long)mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0), ENODEV,
	      "a file without a kind cannot be mapped");
	layout();
	faults();
	privately();
	frames(PFN_FAULT, "frames by fault");
	frames(PFN_MMAP, "frames by mmap");
	inserted();
	kinds();
	special_access();
	return tap_end();
}
