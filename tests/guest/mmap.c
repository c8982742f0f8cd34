// SPDX-License-Identifier: MIT
/* mmap, munmap, mprotect, mremap, brk, madvise: behaviour and errors. */
#include "maps.h"

#include <sys/resource.h>

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static char *map(size_t pages, int prot)
{
	char *p = mmap(NULL, pages * PAGE, prot, ANON, -1, 0);

	must(p != MAP_FAILED);
	return p;
}

static bool mapped(void *p)
{
	unsigned char v;

	return mincore(p, PAGE, &v) == 0;
}

static int temp_file(const char *text, size_t size)
{
	char name[] = "/tmp/mmapXXXXXX";
	int fd = mkstemp(name);

	must(fd >= 0);
	unlink(name);
	if (text)
		must(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	must(ftruncate(fd, size) == 0);
	return fd;
}

static void errors(void)
{
	int fd = temp_file("x", PAGE), ro;
	char *p = map(4, PROT_READ | PROT_WRITE);

	fails(mmap(NULL, 0, PROT_READ, ANON, -1, 0), EINVAL, "mmap: length 0");
	fails(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL, "mmap: no type");
	fails(mmap(p + 1, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0), EINVAL, "mmap: fixed, odd");
	fails(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0), EBADF, "mmap: bad descriptor");
	fails(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 1), EINVAL, "mmap: odd offset");
	fails(mmap(NULL, 1ul << 47, PROT_READ, ANON, -1, 0), ENOMEM,
	      "mmap: larger than user space");
	fails(mmap(NULL, -PAGE, PROT_READ, ANON, -1, 0), ENOMEM, "mmap: length wraps");
	fails(mmap((void *)0x7ffffffff000, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0), ENOMEM,
	      "mmap: fixed at the end of user space");
	fails(mmap(p, PAGE, PROT_READ, ANON | MAP_FIXED_NOREPLACE, -1, 0), EEXIST,
	      "mmap: noreplace over a mapping");
	ro = open("/etc/passwd", O_RDONLY);
	fails(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0), EACCES,
	      "mmap: shared writable of a file opened read-only");
	close(ro);
	ro = open("/tmp", O_RDONLY | O_DIRECTORY);
	fails(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ro, 0), ENODEV, "mmap: of a directory");
	close(ro);
	ro = open("/tmp/wronly", O_WRONLY | O_CREAT, 0600);
	fails(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ro, 0), EACCES, "mmap: write-only file");
	close(ro);
	unlink("/tmp/wronly");
	fails(munmap(p + 1, PAGE), EINVAL, "munmap: odd address");
	fails(munmap(p, 0), EINVAL, "munmap: length 0");
	is(munmap(p + PAGE, PAGE), 0, "munmap: the middle");
	is(munmap(p, 4 * PAGE), 0, "munmap: a range with a hole");
	is(munmap(p, 4 * PAGE), 0, "munmap: nothing there");
	close(fd);
}

static void anonymous(void)
{
	char *p = map(64, PROT_READ | PROT_WRITE);
	bool zero = true;
	struct rusage before, after;

	for (size_t i = 0; i < 64 * PAGE; i += 61)
		zero &= p[i] == 0;
	ok(zero, "anonymous memory reads as zeros");
	getrusage(RUSAGE_SELF, &before);
	for (size_t i = 0; i < 64; i++)
		p[i * PAGE] = (char)i;
	getrusage(RUSAGE_SELF, &after);
	ok(after.ru_minflt - before.ru_minflt >= 64, "a minor fault for each first write");
	for (size_t i = 0; i < 64; i++)
		zero &= p[i * PAGE] == (char)i && p[i * PAGE + 1] == 0;
	ok(zero, "what was written is read back");
	is(madvise(p, 8 * PAGE, MADV_DONTNEED), 0, "madvise: DONTNEED");
	ok(p[PAGE] == 0 && p[9 * PAGE] == 9, "DONTNEED: zeros inside, data outside");
	fails(madvise(p + 1, PAGE, MADV_DONTNEED), EINVAL, "madvise: odd address");
	fails(madvise(p, PAGE, 12345), EINVAL, "madvise: unknown advice");
	munmap(p + 16 * PAGE, PAGE);
	fails(madvise(p, 64 * PAGE, MADV_DONTNEED), ENOMEM, "madvise: over a hole");
	ok(p[63 * PAGE] == 0, "madvise: it went on behind the hole");
	munmap(p, 64 * PAGE);
	catch_signal(SIGSEGV);
	ok(FAULTS(*(volatile char *)p) && tap_info.si_code == SEGV_MAPERR, "unmapped: SEGV_MAPERR");
}

static void placement(void)
{
	char *p = map(8, PROT_READ | PROT_WRITE), *q;

	p[0] = 1;
	q = mmap(p, PAGE, PROT_READ | PROT_WRITE, ANON | MAP_FIXED, -1, 0);
	ok(q == p && p[0] == 0, "fixed: replaces what was there");
	munmap(p + 4 * PAGE, 2 * PAGE);
	q = mmap(p + 4 * PAGE, PAGE, PROT_READ, ANON, -1, 0);
	ok(q == p + 4 * PAGE, "hint: taken where free");
	q = mmap(p, PAGE, PROT_READ, ANON, -1, 0);
	ok(q != p && q != MAP_FAILED, "hint: elsewhere where taken");
	munmap(q, PAGE);
	q = mmap(p + 5 * PAGE, PAGE, PROT_READ, ANON | MAP_FIXED_NOREPLACE, -1, 0);
	ok(q == p + 5 * PAGE, "noreplace: taken where free");
	munmap(p, 8 * PAGE);
}

/* Address space first, memory later, as emulators do it: a region without rights, of which a part is made real in place. */
static void reserve(void)
{
	const size_t whole = 256 << 20, part = 4 << 20, align = 2 << 20;
	long rss = status_kb("VmRSS:"), promised = meminfo_kb("Committed_AS:");
	char *p = mmap(NULL, whole + align, PROT_NONE, ANON | MAP_NORESERVE, -1, 0), *ram, *q;

	must(p != MAP_FAILED);
	is(meminfo_kb("Committed_AS:"), promised, "reserve: adds nothing to Committed_AS");
	ok(status_kb("VmRSS:") - rss < 64, "reserve: nor to RSS");
	ram = (char *)(((unsigned long)p + align - 1) & -align);
	if (ram > p)
		munmap(p, ram - p);
	munmap(ram + whole, p + align - ram);
	q = mmap(ram, part, PROT_READ | PROT_WRITE, ANON | MAP_FIXED, -1, 0);
	ok(q == ram && !((unsigned long)q % align), "reserve: activated in place, aligned");
	is(meminfo_kb("Committed_AS:") - promised, part >> 10, "reserve: that part is promised");
	rss = status_kb("VmRSS:");
	for (size_t i = 0; i < part; i += PAGE)
		ram[i] = 1;
	/* Linux counts in batches of 64 pages to a thread. */
	ok(status_kb("VmRSS:") - rss >= (long)(part >> 10) - 512,
	   "reserve: and there when it is used");
	catch_signal(SIGSEGV);
	ok(FAULTS(ram[part] = 1) && tap_info.si_code == SEGV_ACCERR,
	   "reserve: what follows is still without rights");
	munmap(ram, whole);
	is(meminfo_kb("Committed_AS:"), promised, "reserve: given back whole");
}

static void protection(void)
{
	char *p = map(8, PROT_READ | PROT_WRITE);

	p[2 * PAGE] = 7;
	is(mprotect(p + 2 * PAGE, PAGE, PROT_READ), 0, "mprotect: read-only in the middle");
	catch_signal(SIGSEGV);
	ok(FAULTS(*(volatile char *)(p + 2 * PAGE) = 1) && tap_info.si_code == SEGV_ACCERR &&
		   tap_info.si_addr == p + 2 * PAGE,
	   "a write there: SEGV_ACCERR with its address");
	is(p[2 * PAGE], 7, "the data stays");
	is(mprotect(p, 8 * PAGE, PROT_NONE), 0, "mprotect: none");
	ok(FAULTS(*(volatile char *)p) && tap_info.si_code == SEGV_ACCERR, "a read: SEGV_ACCERR");
	is(mprotect(p, 8 * PAGE, PROT_READ | PROT_WRITE), 0, "mprotect: all again");
	p[2 * PAGE] = 8;
	is(p[2 * PAGE], 8, "writable again");
	fails(syscall(SYS_mprotect, p + 1, PAGE, PROT_READ), EINVAL, "mprotect: odd address");
	fails(mprotect(p, PAGE, 0x1000), EINVAL, "mprotect: unknown protection");
	fails(mprotect(p, PAGE, PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP), EINVAL,
	      "mprotect: grows both ways");
	is(mprotect(p, 0, PROT_READ), 0, "mprotect: length 0 does nothing");
	munmap(p + 4 * PAGE, PAGE);
	fails(mprotect(p, 8 * PAGE, PROT_READ), ENOMEM, "mprotect: over a hole");
	ok(FAULTS(*(volatile char *)p = 1), "mprotect: it changed what precedes the hole");
	munmap(p, 8 * PAGE);
	p = map(1, PROT_READ | PROT_WRITE | PROT_EXEC);
	memcpy(p, "\xb8\x2a\x00\x00\x00\xc3", 6);
	is(((int (*)(void))p)(), 42, "code in an executable page runs");
	mprotect(p, PAGE, PROT_READ | PROT_WRITE);
	ok(FAULTS(((int (*)(void))p)()) && tap_info.si_addr == p, "no execution without PROT_EXEC");
	munmap(p, PAGE);
}

/* Pages keep their frames: nothing is copied. */
static void remap_frames(void)
{
	char *p = map(4, PROT_READ | PROT_WRITE), *to = map(4, PROT_NONE), *q;
	uint64_t frames[4];
	bool same = true;

	for (int i = 0; i < 4; i++) {
		p[i * PAGE] = 1;
		frames[i] = PFN(p + i * PAGE);
	}
	q = mremap(p, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	for (int i = 0; i < 4; i++)
		same &= frames[i] && PFN(q + i * PAGE) == frames[i];
	ok(q == to && same && !mapped(p), "mremap: moved pages keep their frames");
	q = mremap(to, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | 4 /* MREMAP_DONTUNMAP */, 0);
	for (int i = 0; i < 4; i++)
		same &= PFN(q + i * PAGE) == frames[i];
	ok(q != MAP_FAILED && same && mapped(to) && !to[0],
	   "mremap: DONTUNMAP: the frames move, the old place stays, empty");
	q = mremap(q, 4 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
	for (int i = 0; i < 4; i++)
		same &= PFN(q + i * PAGE) == frames[i];
	ok(q != MAP_FAILED && same, "mremap: grown, with the same frames");
	munmap(q, 64 * PAGE);
	munmap(to, 4 * PAGE);
}

static void remap(void)
{
	char *p = map(8, PROT_READ | PROT_WRITE), *q;

	for (int i = 0; i < 8; i++)
		p[i * PAGE] = (char)(i + 1);
	munmap(p + 4 * PAGE, 4 * PAGE);
	q = mremap(p, 4 * PAGE, 8 * PAGE, 0);
	ok(q == p && p[3 * PAGE] == 4 && p[7 * PAGE] == 0, "mremap: grows in place");
	q = mremap(p, 8 * PAGE, 2 * PAGE, 0);
	ok(q == p && !mapped(p + 2 * PAGE), "mremap: shrinks");
	must(mmap(p + 2 * PAGE, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0) != MAP_FAILED);
	fails(mremap(p, 2 * PAGE, 4 * PAGE, 0), ENOMEM, "mremap: no room and may not move");
	q = mremap(p, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
	ok(q != MAP_FAILED && q != p && q[0] == 1 && q[PAGE] == 2 && q[2 * PAGE] == 0,
	   "mremap: moves its contents");
	ok(!mapped(p), "mremap: the old place is free");
	p = map(4, PROT_READ);
	fails(mremap(q, 4 * PAGE, 4 * PAGE, MREMAP_FIXED, p), EINVAL, "mremap: fixed, no maymove");
	ok(mremap(q, 4 * PAGE, 4 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, p) == p && p[PAGE] == 2,
	   "mremap: to a fixed place");
	fails(mremap(p + 1, PAGE, PAGE, 0), EINVAL, "mremap: odd address");
	fails(mremap(p, PAGE, 0, 0), EINVAL, "mremap: new length 0");
	fails(mremap(p, PAGE, PAGE, 0x80), EINVAL, "mremap: unknown flag");
	fails(mremap(p, 4 * PAGE, 4 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, p + PAGE), EINVAL,
	      "mremap: onto itself");
	munmap(p, 4 * PAGE);
	fails(mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT, "mremap: nothing there");
}

static void files(void)
{
	int fd = temp_file("hello", 2 * PAGE + 100);
	char *s = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *q, c;

	must(s != MAP_FAILED);
	ok(!memcmp(s, "hello", 5) && s[5] == 0, "file: its contents appear");
	q = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	q[0] = 'J';
	ok(s[0] == 'h' && pread(fd, &c, 1, 0) == 1 && c == 'h', "private: writes stay private");
	s[1] = 'E';
	ok(pread(fd, &c, 1, 1) == 1 && c == 'E', "shared: a store is seen by read");
	must(pwrite(fd, "L", 1, PAGE) == 1);
	ok(s[PAGE] == 'L' && q[PAGE] == 'L', "a write is seen by both mappings");
	catch_signal(SIGBUS);
	ok(FAULTS(*(volatile char *)(s + 3 * PAGE)) && tap_info.si_code == BUS_ADRERR &&
		   tap_info.si_addr == s + 3 * PAGE,
	   "behind the end: SIGBUS, BUS_ADRERR");
	is(s[2 * PAGE + 200], 0, "the rest of the last page is zero");
	must(ftruncate(fd, PAGE) == 0);
	ok(FAULTS(*(volatile char *)(s + PAGE)), "truncated: SIGBUS");
	is(msync(s, PAGE, MS_SYNC), 0, "msync");
	fails(msync(s, PAGE, MS_SYNC | MS_ASYNC), EINVAL, "msync: both ways");
	fails(msync(s + 1, PAGE, MS_SYNC), EINVAL, "msync: odd address");
	close(fd);
	s[0] = 'Z';
	is(s[0], 'Z', "the mapping outlives the descriptor");
	munmap(s, 4 * PAGE);
	munmap(q, 4 * PAGE);
	fails(msync(s, PAGE, MS_SYNC), ENOMEM, "msync: nothing there");
}

static char *shared_page, *private_page;

static void writes_both(void)
{
	shared_page[0] = 'c';
	private_page[0] = 'c';
}

static void sharing(void)
{
	shared_page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	private_page = map(1, PROT_READ | PROT_WRITE);
	shared_page[0] = private_page[0] = 'p';
	is(in_child(writes_both), 0, "fork: the child writes");
	is(shared_page[0], 'c', "shared anonymous memory is shared");
	is(private_page[0], 'p', "private memory is copied");
}

static void break_area(void)
{
	char *start = sbrk(0), *p;

	p = (char *)syscall(SYS_brk, start + 3 * PAGE);
	ok(p == start + 3 * PAGE, "brk: grows");
	start[2 * PAGE + 5] = 9;
	is(start[2 * PAGE + 5], 9, "brk: the memory is there");
	p = (char *)syscall(SYS_brk, start);
	ok(p == start, "brk: shrinks");
	syscall(SYS_brk, start + 3 * PAGE);
	is(start[2 * PAGE + 5], 0, "brk: zeros after growing again");
	p = (char *)syscall(SYS_brk, 1ul);
	ok(p == start + 3 * PAGE, "brk: nonsense leaves it alone");
	for (unsigned long end = -1ul; end; end = end == -1ul	 ? -PAGE
						  : end == -PAGE ? 1ul << 47
								 : 0)
		p = (char *)syscall(SYS_brk, end) == start + 3 * PAGE ? p : NULL;
	ok(p == start + 3 * PAGE && start[PAGE] == 0, "brk: so does the end of all addresses");
	syscall(SYS_brk, start);
}

static int deep(int n)
{
	volatile char frame[2000];

	frame[0] = (char)n;
	return n ? deep(n - 1) + frame[0] - frame[0] : 0;
}

static void runs_out_of_stack(void)
{
	struct rlimit rl = { 1 << 20, 1 << 20 };

	setrlimit(RLIMIT_STACK, &rl);
	deep(100000);
}

static void stack(void)
{
	is(deep(1000), 0, "the stack grows by 2 MB");
	is(in_child(runs_out_of_stack), SIGSEGV, "beyond its limit: SIGSEGV");
}

static void limit_address_space(void)
{
	struct rlimit rl = { 64 << 20, 64 << 20 };

	setrlimit(RLIMIT_AS, &rl);
	errno = 0;
	_exit(mmap(NULL, 128 << 20, PROT_READ, ANON, -1, 0) == MAP_FAILED && errno == ENOMEM ? 0
											     : 1);
}

static int count_maps(char *lo, char *hi)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long a, b;
	char line[512];
	int n = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx", &a, &b) == 2 && a < (unsigned long)hi &&
		    b > (unsigned long)lo)
			n++;
	if (f)
		fclose(f);
	return n;
}

static void merging(void)
{
	char *p = map(6, PROT_READ | PROT_WRITE);

	/* Writable first, so that all of it is accounted for: Linux merges only what is alike. */
	mprotect(p + PAGE, 4 * PAGE, PROT_READ);
	is(count_maps(p, p + 6 * PAGE) >= 3, 1, "maps: a split VMA shows as several lines");
	mprotect(p + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE);
	is(count_maps(p + PAGE, p + 5 * PAGE), 3, "maps: three within");
	mprotect(p + 2 * PAGE, PAGE, PROT_READ);
	is(count_maps(p + PAGE, p + 5 * PAGE), 1, "maps: merged again");
	munmap(p, 6 * PAGE);
}

int main(void)
{
	errors();
	anonymous();
	placement();
	reserve();
	protection();
	remap();
	remap_frames();
	files();
	sharing();
	break_area();
	stack();
	merging();
	is(in_child(limit_address_space), 0, "RLIMIT_AS: mmap is refused");
	return tap_end();
}
