/* SPDX-License-Identifier: MIT */
/* /proc/PID/{pagemap,clear_refs,mem}: single pages from outside, soft-dirty tracking, another's memory. */
#include "maps.h"
#include <sys/prctl.h>

#define PM_SOFT_DIRTY (1ull << 55)
#define PM_EXCLUSIVE  (1ull << 56)
#define PM_FILE	      (1ull << 61)
#define PM_SWAP	      (1ull << 62)
#define PM_PRESENT    (1ull << 63)
#define PM_BITS	      (PM_EXCLUSIVE | PM_FILE | PM_SWAP | PM_PRESENT)

enum { NR = 8 };

static char *anon(size_t pages)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	must(p != MAP_FAILED);
	return p;
}

/* 8 bytes of /proc/kpage* for the frame that is mapped at @p. */
static uint64_t kpage(const char *name, void *p)
{
	uint64_t v = 0;
	int fd = open(name, O_RDONLY);

	must(fd >= 0 && pread(fd, &v, 8, PFN(p) * 8) == 8);
	close(fd);
	return v;
}

static void entries(void)
{
	char *p = anon(NR), *f;
	int fd = memfd_create("pagemap", 0);

	must(fd >= 0 && !ftruncate(fd, PAGE));
	is(pagemap(p) & PM_BITS, 0, "pagemap: not touched");
	(void)*(volatile char *)p;
	is((pagemap(p) & PM_BITS) == PM_PRESENT, 1, "pagemap: the zero page is present, nobody's");
	p[PAGE] = 1;
	is((pagemap(p + PAGE) & PM_BITS) == (PM_PRESENT | PM_EXCLUSIVE), 1,
	   "pagemap: an anonymous page is exclusive");
	ok(PFN(p + PAGE) && PFN(p + PAGE) != PFN(p), "pagemap: with a frame number");
	is(kpage("/proc/kpagecount", p + PAGE), 1, "kpagecount: mapped once");
	ok(kpage("/proc/kpageflags", p + PAGE) & (1ull << 12), "kpageflags: anonymous");
	ok(kpage("/proc/kpageflags", p) & (1ull << 24), "kpageflags: the zero page");
	f = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(f != MAP_FAILED);
	f[0] = 1;
	is((pagemap(f) & PM_BITS) == (PM_PRESENT | PM_EXCLUSIVE | PM_FILE), 1,
	   "pagemap: a file's page");
	munmap(f, PAGE);
	is(pagemap(f) & ~PM_SOFT_DIRTY, 0, "pagemap: a hole");
	madvise(p, NR * PAGE, MADV_DONTNEED);
	is(pagemap(p + PAGE) & PM_BITS, 0, "pagemap: given back");
	munmap(p, NR * PAGE);
	close(fd);
}

static char *shared_page;

static void look_shared(void)
{
	uint64_t e = pagemap(shared_page);

	if ((e & PM_BITS) != PM_PRESENT)
		_exit(1);
	if (kpage("/proc/kpagecount", shared_page) != 2)
		_exit(2);
	shared_page[0] = 2;
	e = pagemap(shared_page);
	_exit((e & PM_BITS) == (PM_PRESENT | PM_EXCLUSIVE) ? 0 : 3);
}

static void sharing(void)
{
	shared_page = anon(1);
	shared_page[0] = 1;
	is(in_child(look_shared), EXITED(0),
	   "pagemap: not exclusive in a child; mapped twice; a copy is its own");
	is((pagemap(shared_page) & PM_BITS) == (PM_PRESENT | PM_EXCLUSIVE), 1,
	   "pagemap: exclusive again afterwards");
}

static void reading(void)
{
	uint64_t two[2] = { 1, 1 };
	char *p = anon(2), c[16];
	int fd = open("/proc/self/pagemap", O_RDONLY);

	must(fd >= 0);
	p[0] = p[PAGE] = 1;
	is(pread(fd, two, 16, (unsigned long)p / PAGE * 8), 16, "pagemap: two entries at once");
	ok(two[0] & two[1] & PM_PRESENT, "pagemap: both present");
	fails(pread(fd, c, 3, 0), EINVAL, "pagemap: a count that is no multiple of 8");
	fails(pread(fd, c, 8, 4), EINVAL, "pagemap: a place that is no multiple of 8");
	is(pread(fd, c, 0, 0), 0, "pagemap: nothing asked for");
	is(pread(fd, c, 8, (1l << 47) / PAGE * 8), 0, "pagemap: behind the last address");
	fails(pread(fd, (void *)8, 8, (unsigned long)p / PAGE * 8), EFAULT,
	      "pagemap: a bad buffer");
	close(fd);
}

static char *hidden;

static void look_unprivileged(void)
{
	must(!setgid(65534) && !setuid(65534));
	/* Not dumpable any more: its own file belongs to root. */
	prctl(PR_SET_DUMPABLE, 1);
	if (!(pagemap(hidden) & PM_PRESENT))
		_exit(1);
	if (PFN(hidden))
		_exit(2);
	_exit(open("/proc/kpageflags", O_RDONLY) >= 0 ? 3 : 0);
}

static void privilege(void)
{
	hidden = anon(1);
	hidden[0] = 1;
	is(in_child(look_unprivileged), EXITED(0),
	   "pagemap: no frame numbers without CAP_SYS_ADMIN");
}

/* --- clear_refs --- */

static int forget_of(const char *path, const char *what)
{
	int fd = open(path, O_WRONLY), ret, saved;

	must(fd >= 0);
	ret = write(fd, what, strlen(what));
	saved = errno;
	close(fd);
	errno = saved;
	return ret < 0 ? -1 : 0;
}

static int forget(const char *what)
{
	return forget_of("/proc/self/clear_refs", what);
}

static bool dirty(void *p)
{
	return pagemap(p) & PM_SOFT_DIRTY;
}

static void clear_calls(void)
{
	char c;
	int fd;

	fails(forget("0"), EINVAL, "clear_refs: 0");
	fails(forget("6"), EINVAL, "clear_refs: 6");
	fails(forget("x"), EINVAL, "clear_refs: no number");
	fails(forget(""), EINVAL, "clear_refs: the empty string");
	is(forget(" 1\n"), 0, "clear_refs: blanks around the number");
	fd = open("/proc/self/clear_refs", O_RDONLY);
	must(fd >= 0);
	fails(read(fd, &c, 1), EINVAL, "clear_refs: is not to be read");
	close(fd);
}

static void referenced(void)
{
	char *p = anon(NR), *f;
	int fd = memfd_create("refs", 0);
	char label[] = "Referenced:";

	must(fd >= 0 && !ftruncate(fd, NR * PAGE));
	f = mmap(NULL, NR * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memset(p, 1, NR * PAGE);
	memset(f, 1, NR * PAGE);
	ok(number_in("/proc/self/smaps_rollup", label) >= NR * 8,
	   "clear_refs: much was referenced");
	must(!forget("1"));
	ok(number_in("/proc/self/smaps_rollup", label) <
		   number_in("/proc/self/smaps_rollup", "Rss:"),
	   "clear_refs 1: and forgotten");
	must(!forget("2") && !forget("3"));
	ok(number_in("/proc/self/smaps_rollup", "Rss:") >= NR * 8,
	   "clear_refs 2, 3: nothing is lost");
	ok(p[PAGE] == 1 && f[PAGE] == 1, "clear_refs: contents stay");
	munmap(p, NR * PAGE);
	munmap(f, NR * PAGE);
	close(fd);
}

static void soft_dirty(void)
{
	char *p = anon(NR), *q;

	ok(dirty(p), "soft-dirty: new memory counts as written");
	memset(p, 1, NR * PAGE);
	must(!forget("4"));
	ok(!dirty(p) && !dirty(p + PAGE), "soft-dirty: cleared");
	ok(!has_flag(p, "sd"), "soft-dirty: and the VMA has no mark");
	is(*(volatile char *)p, 1, "soft-dirty: reading finds the contents");
	ok(!dirty(p), "soft-dirty: and makes nothing dirty");
	p[PAGE] = 2;
	ok(dirty(p + PAGE), "soft-dirty: a written page is");
	ok(!dirty(p + 2 * PAGE), "soft-dirty: its neighbour is not");
	must(!forget("4"));
	ok(!dirty(p + PAGE), "soft-dirty: cleared once more");
	must(!mprotect(p, NR * PAGE, PROT_READ) && !mprotect(p, NR * PAGE, PROT_READ | PROT_WRITE));
	ok(!dirty(p), "soft-dirty: mprotect there and back writes nothing");
	p[0] = 3;
	ok(dirty(p), "soft-dirty: but the write after it is seen");
	madvise(p + PAGE, PAGE, MADV_DONTNEED);
	ok(!dirty(p + PAGE), "soft-dirty: a page given back is not");
	p[PAGE] = 1;
	ok(dirty(p + PAGE), "soft-dirty: written anew it is");
	must(!forget("4"));
	q = mremap(p, NR * PAGE, NR * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, anon(NR));
	must(q != MAP_FAILED);
	ok(dirty(q + 4 * PAGE), "soft-dirty: a moved page is");
	munmap(q, NR * PAGE);
}

static void soft_dirty_shared(void)
{
	int fd = memfd_create("soft", 0);
	char *p, *q;

	must(fd >= 0 && !ftruncate(fd, NR * PAGE));
	p = mmap(NULL, NR * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	q = mmap(NULL, NR * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(p != MAP_FAILED && q != MAP_FAILED);
	memset(p, 1, NR * PAGE);
	must(!forget("4"));
	(void)*(volatile char *)(q + PAGE);
	ok(!dirty(p) && !dirty(q + PAGE), "soft-dirty, shared: cleared");
	q[PAGE] = 2;
	ok(dirty(q + PAGE), "soft-dirty, shared: first read, then written");
	ok(!dirty(p + PAGE), "soft-dirty, shared: through another mapping");
	p[2 * PAGE] = 2;
	ok(dirty(p + 2 * PAGE), "soft-dirty, shared: was writable before");
	is(p[PAGE] + q[2 * PAGE], 4, "soft-dirty, shared: one file");
	munmap(p, NR * PAGE);
	munmap(q, NR * PAGE);
	close(fd);
}

static char *inherited;

static void child_dirty(void)
{
	if (dirty(inherited))
		_exit(1);
	inherited[0] = 2;
	_exit(dirty(inherited) && !dirty(inherited + PAGE) ? 0 : 2);
}

static void soft_dirty_fork(void)
{
	inherited = anon(2);
	inherited[0] = inherited[PAGE] = 1;
	must(!forget("4"));
	is(in_child(child_dirty), EXITED(0),
	   "soft-dirty: a child inherits clean pages and sees its writes");
	ok(!dirty(inherited), "soft-dirty: which are not the parent's");
	inherited[0] = 3;
	ok(dirty(inherited), "soft-dirty: the last owner's write is seen");
}

static void high_water(void)
{
	char *p = anon(1024);
	long before;

	memset(p, 1, 1024 * PAGE);
	munmap(p, 1024 * PAGE);
	before = status_kb("VmHWM:");
	must(!forget("5"));
	ok(status_kb("VmHWM:") < before, "clear_refs 5: VmHWM %ld kB before, %ld after", before,
	   status_kb("VmHWM:"));
}

/* --- mem --- */

static void own_memory(void)
{
	char *p = anon(3), buf[3 * PAGE];
	int fd = open("/proc/self/mem", O_RDWR);
	unsigned long at = (unsigned long)p;

	must(fd >= 0);
	memset(p, 7, 3 * PAGE);
	is(pread(fd, buf, 2 * PAGE, at + 100), 2 * PAGE, "mem: read over page borders");
	ok(buf[0] == 7 && buf[2 * PAGE - 1] == 7, "mem: what is there");
	is(pwrite(fd, "hello", 5, at + PAGE - 2), 5, "mem: written over a page border");
	ok(!memcmp(p + PAGE - 2, "hello", 5), "mem: arrives");
	must(!mprotect(p, PAGE, PROT_READ));
	is(pwrite(fd, "x", 1, at), 1,
	   "mem: read-only private memory can be written, as by a debugger");
	is(p[0], 'x', "mem: and is");
	must(!mprotect(p, PAGE, PROT_NONE));
	is(pread(fd, buf, 1, at), 1, "mem: PROT_NONE hides nothing");
	munmap(p + 2 * PAGE, PAGE);
	is(pread(fd, buf, 3 * PAGE, at), 2 * PAGE, "mem: up to the hole");
	fails(pread(fd, buf, 1, at + 2 * PAGE), EIO, "mem: in the hole");
	fails(pwrite(fd, buf, 1, at + 2 * PAGE), EIO, "mem: nor written there");
	fails(pread(fd, buf, 1, 0), EIO, "mem: address 0");
	fails(pread(fd, (void *)8, 1, at), EFAULT, "mem: a bad buffer");
	fails(pwrite(fd, (void *)8, 1, at), EFAULT, "mem: a bad source");
	fails(lseek(fd, 0, SEEK_END), EINVAL, "mem: there is no end");
	is(lseek(fd, at, SEEK_SET), (long)at, "mem: lseek");
	is(lseek(fd, 4, SEEK_CUR), (long)at + 4, "mem: lseek from here");
	is(read(fd, buf, 4), 4, "mem: read from there");
	is(lseek(fd, 0, SEEK_CUR), (long)at + 8, "mem: moves on");
	munmap(p, 2 * PAGE);
	close(fd);
}

static void shared_read_only(void)
{
	int mfd = memfd_create("mem", 0), fd = open("/proc/self/mem", O_RDWR);
	char *p;

	must(fd >= 0 && mfd >= 0 && !ftruncate(mfd, PAGE));
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, mfd, 0);
	must(p != MAP_FAILED);
	fails(pwrite(fd, "x", 1, (unsigned long)p), EIO,
	      "mem: a shared read-only mapping is not written");
	is(p[0], 0, "mem: and keeps its contents");
	munmap(p, PAGE);
	close(fd);
	close(mfd);
}

static pid_t other;

static void stranger(void)
{
	char path[64];

	must(!setgid(65534) && !setuid(65534));
	snprintf(path, sizeof(path), "/proc/%d/mem", other);
	_exit(open(path, O_RDONLY) < 0 && errno == EACCES ? 0 : 1);
}

static void others_memory(void)
{
	volatile int *p = (volatile int *)anon(1);
	char path[64];
	int fd, value = 0, pipes[2];

	must(!pipe(pipes));
	*p = 1;
	other = fork();
	if (!other) {
		close(pipes[1]);
		*p = 42;
		while (*p == 42)
			sleep_ms(1);
		_exit(*p);
	}
	snprintf(path, sizeof(path), "/proc/%d/mem", other);
	fd = open(path, O_RDWR);
	must(fd >= 0);
	while (pread(fd, &value, 4, (unsigned long)p) == 4 && value != 42)
		sleep_ms(1);
	is(value, 42, "mem: a child's memory");
	is(*p, 1, "mem: which is not ours");
	is(in_child(stranger), EXITED(0), "mem: EACCES for a stranger");
	value = 5;
	is(pwrite(fd, &value, 4, (unsigned long)p), 4, "mem: written to the child");
	waitpid(other, &value, 0);
	is(value, EXITED(5), "mem: who saw it");
	is(pread(fd, &value, 4, (unsigned long)p), 0, "mem: and reads as empty when it is gone");
	close(fd);
}

#define ADJ   "/proc/self/oom_score_adj"
#define OLD   "/proc/self/oom_adj"
#define SCORE "/proc/self/oom_score"
#define CORE  "/proc/self/coredump_filter"

static void oom_files(void)
{
	long before;

	must(!spew(ADJ, "0"));
	before = strtol(slurp(SCORE), NULL, 10);
	ok(before >= 666 && before < 1000, "oom_score: %ld without adjustment", before);
	must(!spew(ADJ, "500"));
	ok(strtol(slurp(SCORE), NULL, 10) - before >= 332, "oom_score: 500 thousandths more");
	is(strtol(slurp(OLD), NULL, 10), 8, "oom_adj: in the old scale");
	must(!spew(ADJ, "1000"));
	is(strtol(slurp(OLD), NULL, 10), 15, "oom_adj: the most");
	must(!spew(ADJ, "-1000"));
	is(strtol(slurp(OLD), NULL, 10), -17, "oom_adj: never");
	is(strtol(slurp(SCORE), NULL, 10), 0, "oom_score: 0 for who is never taken");
	must(!spew(OLD, "-16"));
	is(strtol(slurp(ADJ), NULL, 10), -941, "oom_score_adj: from the old scale");
	is(spew(ADJ, "1001"), EINVAL, "oom_score_adj: too much");
	is(spew(ADJ, "x"), EINVAL, "oom_score_adj: no number");
	is(spew(OLD, "16"), EINVAL, "oom_adj: too much");
	is(spew(OLD, "-18"), EINVAL, "oom_adj: too little");
	must(!spew(ADJ, "0"));
}

static void core_filter(void)
{
	is(strtol(slurp(CORE), NULL, 16), 0x33, "coredump_filter: the default");
	must(!spew(CORE, "0x7f"));
	ok(!strcmp(slurp(CORE), "0000007f\n"), "coredump_filter: set");
	is(spew(CORE, "y"), EINVAL, "coredump_filter: no number");
	must(!spew(CORE, "0x33"));
}

int main(void)
{
	oom_files();
	core_filter();
	entries();
	sharing();
	reading();
	privilege();
	clear_calls();
	referenced();
	soft_dirty();
	soft_dirty_shared();
	soft_dirty_fork();
	high_water();
	own_memory();
	shared_read_only();
	others_memory();
	return tap_end();
}
