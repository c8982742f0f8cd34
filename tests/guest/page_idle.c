// SPDX-License-Identifier: MIT
/*
 * Idle page tracking: the bitmap's errors, what makes a page used (load, store, read, write, a child), what does not, which pages are
 * tracked, and what smaps and kpageflags say. oracle: none (CONFIG_IDLE_PAGE_TRACKING)
 */
#include "maps.h"

#include <pthread.h>
#include <sys/wait.h>

#define PAGES	 64
#define BITMAP	 "/sys/kernel/mm/page_idle/bitmap"
#define KPF_LRU	 (1ull << 5)
#define KPF_IDLE (1ull << 25)

static int bitmap, kpageflags;

static uint64_t kpf(unsigned long pfn)
{
	uint64_t flags = 0;

	must(pread(kpageflags, &flags, 8, pfn * 8) == 8);
	return flags;
}

static void mark_pfn(unsigned long pfn)
{
	uint64_t word = 1ull << pfn % 64;

	must(pwrite(bitmap, &word, 8, pfn / 64 * 8) == 8);
}

static bool idle_pfn(unsigned long pfn)
{
	uint64_t word;

	must(pread(bitmap, &word, 8, pfn / 64 * 8) == 8);
	return word >> pfn % 64 & 1;
}

static void mark(void *p)
{
	mark_pfn(PFN(p));
}

static bool idle(void *p)
{
	return idle_pfn(PFN(p));
}

static void load(volatile char *p)
{
	(void)*p;
}

/* No CPU knows the entries of these pages any more. */
static void forget(void *p, size_t len)
{
	must(!mprotect(p, len, PROT_READ));
	must(!mprotect(p, len, PROT_READ | PROT_WRITE));
}

static char *anon(size_t pages)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	must(p != MAP_FAILED);
	for (size_t i = 0; i < pages; i++)
		p[i * PAGE] = (char)i;
	return p;
}

/* ---- the file ---- */

static void open_as_nobody(void)
{
	must(!setuid(65534));
	_exit(open(BITMAP, O_RDONLY) < 0 && errno == EACCES ? 0 : 1);
}

static void errors(void)
{
	static char buf[2 * PAGE] __attribute__((aligned(8)));
	const off_t far = 1ll << 40;

	fails(pread(bitmap, buf, 4, 0), EINVAL, "read: four bytes");
	fails(pread(bitmap, buf, 8, 4), EINVAL, "read: between two words");
	fails(pwrite(bitmap, buf, 12, 0), EINVAL, "write: twelve bytes");
	fails(pwrite(bitmap, buf, 8, 1), EINVAL, "write: between two words");
	is(pread(bitmap, buf, 8, far), 0, "read: behind the last frame");
	fails(pwrite(bitmap, buf, 8, far), ENXIO, "write: behind the last frame");
	fails(pread(bitmap, NULL, 8, 0), EFAULT, "read: no memory there");
	fails(pwrite(bitmap, NULL, 8, 0), EFAULT, "write: no memory there");
	ok(pread(bitmap, buf, sizeof(buf), 0) <= (ssize_t)PAGE, "read: a page of words at most");
	is(in_child(open_as_nobody), EXITED(0), "it is root's");
}

/* ---- what is a use ---- */

static void uses(void)
{
	char *p = anon(1);

	mark(p);
	ok(idle(p) && idle(p), "a page that was marked is idle, and asking changes nothing");
	ok(kpf(PFN(p)) & KPF_IDLE, "kpageflags: IDLE");
	forget(p, PAGE);
	load(p);
	ok(!idle(p), "a load: not idle");
	ok(!(kpf(PFN(p)) & KPF_IDLE), "kpageflags: not any more");
	forget(p, PAGE);
	ok(!idle(p), "until it is marked again");
	mark(p);
	forget(p, PAGE);
	*p = 1;
	ok(!idle(p), "a store: not idle");
	mark(p);
	forget(p, PAGE);
	must(read(open("/dev/zero", O_RDONLY), p, 1) == 1);
	ok(!idle(p), "the kernel's store: not idle");
	munmap(p, PAGE);
}

static void of_a_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	char byte = 1, *p;

	must(fd >= 0 && pwrite(fd, &byte, 1, 3 * PAGE) == 1);
	p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(p != MAP_FAILED && p[3 * PAGE] == 1);
	p += 3 * PAGE;
	mark(p);
	ok(idle(p), "%s: idle", path);
	must(pread(fd, &byte, 1, 3 * PAGE) == 1);
	ok(!idle(p), "%s: read", path);
	mark(p);
	must(pwrite(fd, &byte, 1, 3 * PAGE) == 1);
	ok(!idle(p), "%s: write", path);
	mark(p);
	forget(p, PAGE);
	load(p);
	ok(!idle(p), "%s: a load", path);
	munmap(p - 3 * PAGE, 4 * PAGE);
	close(fd);
	unlink(path);
}

static bool touch_odd_ones(char *p)
{
	bool right = true;

	forget(p, PAGES * PAGE);
	for (int i = 1; i < PAGES; i += 2)
		load(p + i * PAGE);
	for (int i = 0; i < PAGES; i++)
		right = right && idle(p + i * PAGE) == !(i & 1);
	return right;
}

static void many(void)
{
	char *p = anon(PAGES);

	for (int i = 0; i < PAGES; i++)
		mark(p + i * PAGE);
	ok(touch_odd_ones(p), "of many pages those that were touched");
	must(!mlock(p, PAGES * PAGE));
	for (int i = 0; i < PAGES; i++)
		mark(p + i * PAGE);
	ok(touch_odd_ones(p), "the same of locked ones");
	munmap(p, PAGES * PAGE);
}

static void of_a_child(void)
{
	char *p = anon(PAGES);
	unsigned long pfn[PAGES];
	int go[2];
	bool right = true;
	pid_t pid;

	must(!pipe(go));
	for (int i = 0; i < PAGES; i++)
		pfn[i] = PFN(p + i * PAGE);
	pid = fork();
	if (!pid) {
		close(go[1]);
		must(!read(go[0], p, 1));
		for (int i = 1; i < PAGES; i += 2)
			load(p + i * PAGE);
		_exit(0);
	}
	for (int i = 0; i < PAGES; i++)
		mark_pfn(pfn[i]);
	close(go[1]);
	must(waitpid(pid, NULL, 0) == pid);
	for (int i = 0; i < PAGES; i += 2)
		right = right && idle_pfn(pfn[i]);
	ok(right, "after a fork: what the child has not touched");
	close(go[0]);
	munmap(p, PAGES * PAGE);
}

static void used_by_a_child(void)
{
	char *p = anon(1);
	unsigned long pfn = PFN(p);
	int go[2], done[2];
	char byte;
	pid_t pid;

	must(!pipe(go) && !pipe(done));
	pid = fork();
	if (!pid) {
		must(read(go[0], &byte, 1) == 1);
		load(p);
		must(write(done[1], "", 1) == 1);
		pause();
	}
	mark_pfn(pfn);
	ok(idle_pfn(pfn), "a page of two processes is idle");
	must(write(go[1], "", 1) == 1 && read(done[0], &byte, 1) == 1);
	ok(!idle_pfn(pfn), "the child uses it: not idle");
	kill(pid, SIGKILL);
	must(waitpid(pid, NULL, 0) == pid);
	munmap(p, PAGE);
}

/* ---- which pages, and what others see ---- */

static void freed(void)
{
	char *p = anon(PAGES);
	unsigned long pfn[PAGES];
	bool none = true;

	for (int i = 0; i < PAGES; i++) {
		pfn[i] = PFN(p + i * PAGE);
		mark_pfn(pfn[i]);
	}
	munmap(p, PAGES * PAGE);
	for (int i = 0; i < PAGES; i++)
		none = none && !idle_pfn(pfn[i]);
	ok(none, "a page that was freed is not idle");
	p = anon(4 * PAGES);
	for (int i = 0; i < 4 * PAGES; i++)
		none = none && !(kpf(PFN(p + i * PAGE)) & KPF_IDLE);
	ok(none, "nor a new one in its frame");
	munmap(p, 4 * PAGES * PAGE);
}

/* Frames that are IDLE and not LRU. */
static long strangers(void)
{
	static uint64_t flags[512];
	long found = 0;
	ssize_t n;

	for (off_t at = 0; (n = pread(kpageflags, flags, sizeof(flags), at)) > 0; at += n)
		for (int i = 0; i < n / 8; i++)
			found += (flags[i] & (KPF_LRU | KPF_IDLE)) == KPF_IDLE;
	return found;
}

static void whole_memory(void)
{
	static uint64_t ones[512];
	char *p = anon(PAGES);
	ssize_t n;
	off_t at;

	memset(ones, 0xff, sizeof(ones));
	for (at = 0; (n = pwrite(bitmap, ones, sizeof(ones), at)) > 0; at += n)
		;
	ok(n < 0 && errno == ENXIO && at > 0, "all frames are marked");
	ok(EVENTUALLY(!strangers()), "only pages of user space are idle");
	ok(idle(p + PAGE), "and ours are");
	munmap(p, PAGES * PAGE);
}

static long referenced_kb(void *p)
{
	char want[32], *s;

	snprintf(want, sizeof(want), "%lx-", vma_at(p).start);
	s = strstr(slurp("/proc/self/smaps"), want);
	s = s ? strstr(s, "Referenced:") : NULL;
	return s ? atol(s + 11) : -1;
}

static void young(void)
{
	char *p = anon(PAGES);
	long kb = PAGES * PAGE / 1024;

	for (int i = 0; i < PAGES; i++)
		mark(p + i * PAGE);
	is(referenced_kb(p), kb, "smaps: Referenced, although tracking took the accessed bits");
	must(!spew("/proc/self/clear_refs", "1"));
	is(referenced_kb(p), 0, "clear_refs: not referenced");
	ok(idle(p + PAGE), "but idle still");
	munmap(p, PAGES * PAGE);
}

/* ---- beside everything ---- */

static volatile bool stop;

static void *tracker(void *arg)
{
	static uint64_t words[512], ones[512];
	ssize_t n;

	(void)arg;
	memset(ones, 0xff, sizeof(ones));
	while (!stop) {
		for (off_t at = 0; (n = pread(bitmap, words, sizeof(words), at)) > 0; at += n)
			if (pwrite(bitmap, ones, n, at) != n)
				return "write";
		if (n)
			return "read";
	}
	return NULL;
}

static void churn(void)
{
	pthread_t t;
	void *failed;

	must(!pthread_create(&t, NULL, tracker, NULL));
	for (int i = 0; i < 30; i++) {
		char *p = anon(PAGES);
		pid_t pid = fork();

		if (!pid) {
			for (int j = 0; j < PAGES; j++)
				p[j * PAGE]++;
			_exit(munmap(p, PAGES / 2 * PAGE));
		}
		for (int j = 0; j < PAGES; j++)
			p[j * PAGE]++;
		must(waitpid(pid, NULL, 0) == pid);
		munmap(p, PAGES * PAGE);
	}
	stop = true;
	pthread_join(t, &failed);
	ok(!failed, "a tracker beside forks, writes and exits (%s)",
	   failed ? (char *)failed : "no error");
}

int main(void)
{
	bitmap = open(BITMAP, O_RDWR);
	if (bitmap < 0) {
		ok(errno == ENOENT, "page_idle # skip oracle: none (CONFIG_IDLE_PAGE_TRACKING)");
		return tap_end();
	}
	kpageflags = open("/proc/kpageflags", O_RDONLY);
	must(kpageflags >= 0);
	errors();
	uses();
	of_a_file("/tmp/idle");
	of_a_file("/dev/shm/idle");
	many();
	of_a_child();
	used_by_a_child();
	freed();
	whole_memory();
	young();
	churn();
	return tap_end();
}
