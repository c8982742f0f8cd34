// SPDX-License-Identifier: MIT
/*
 * mincore(2) and msync(2), whole: what mincore tells of each kind of page, that pagemap and smaps tell the same page by
 * page, what it does not tell of files of others; errors of both.
 */
#include "maps.h"
#include <grp.h>

#define RW     (PROT_READ | PROT_WRITE)
#define ANON   (MAP_PRIVATE | MAP_ANONYMOUS)
#define NOBODY 65534
#define PAGES  3000
#define WINDOW 64
static unsigned char vec[6000];

static int in_core(void *p, size_t pages)
{
	int n = 0;

	memset(vec, 0xaa, sizeof(vec));
	must(mincore(p, pages * PAGE, vec) == 0);
	for (size_t i = 0; i < pages; i++)
		n += vec[i] & 1;
	return n;
}

/* Pages of [p, p + pages) that pagemap calls present; in @same: whether mincore has the same ones. */
static int present(void *p, size_t pages, bool *same)
{
	static uint64_t map[6000];
	int fd = open("/proc/self/pagemap", O_RDONLY), n = 0;

	must(fd >= 0 &&
	     pread(fd, map, pages * 8, (unsigned long)p / PAGE * 8) == (ssize_t)pages * 8);
	close(fd);
	*same = true;
	for (size_t i = 0; i < pages; i++) {
		bool here = map[i] >> 63;

		n += here;
		*same &= here == (vec[i] & 1);
	}
	return n;
}

static long smaps_rss(void *p)
{
	char head[32], *at;

	snprintf(head, sizeof(head), "%lx-", (unsigned long)p);
	for (at = slurp("/proc/self/smaps"); at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (!strncmp(at, head, strlen(head)))
			break;
	}
	must(at);
	return strtol(strstr(at, "Rss:") + 4, NULL, 10);
}

static void agreement(void)
{
	char *p = mmap(NULL, PAGES * PAGE, RW, ANON, -1, 0);
	int touched = 0, fd;
	bool same;

	must(p != MAP_FAILED);
	madvise(p, PAGES * PAGE, MADV_NOHUGEPAGE);
	is(in_core(p, PAGES), 0, "mincore: nothing was touched");
	for (size_t i = 0; i < PAGES; i += 1 + i % 7) {
		if (i % 3)
			p[i * PAGE] = 1;
		else
			(void)*(volatile char *)(p + i * PAGE); /* the zero page */
		touched++;
	}
	is(in_core(p, PAGES), touched, "mincore: what was read or written");
	ok(present(p, PAGES, &same) == touched && same, "mincore: pagemap agrees page by page");
	must(mprotect(p, PAGES * PAGE, PROT_NONE) == 0);
	ok(in_core(p, PAGES) == touched && present(p, PAGES, &same) == touched && same,
	   "mincore: both under PROT_NONE, too");
	must(mprotect(p, PAGES * PAGE, RW) == 0);
	memset(p, 1, PAGES * PAGE);
	must(madvise(p + 100 * PAGE, 500 * PAGE, MADV_DONTNEED) == 0);
	is(in_core(p, PAGES), PAGES - 500, "mincore: after MADV_DONTNEED");
	ok(present(p, PAGES, &same) == PAGES - 500 && same, "mincore: pagemap after it");
	is(smaps_rss(p), (PAGES - 500) * 4, "mincore: smaps counts as many");
	munmap(p, PAGES * PAGE);

	p = mmap(NULL, 5000 * PAGE, RW, ANON, -1, 0);
	must(madvise(p, 5000 * PAGE, MADV_NOHUGEPAGE) == 0 || errno == EINVAL);
	p[4999 * PAGE] = p[4096 * PAGE] = p[4095 * PAGE] = 1;
	ok(in_core(p, 5000) == 3 && vec[4095] && vec[4096] && vec[4999],
	   "mincore: more pages than fit one page of answers");
	munmap(p, 5000 * PAGE);

	fd = memfd_create("m", 0);
	must(ftruncate(fd, WINDOW * PAGE) == 0);
	p = mmap(NULL, WINDOW * PAGE, RW, MAP_SHARED, fd, 0);
	is(in_core(p, WINDOW), 0, "mincore: a file without pages");
	must(pwrite(fd, "x", 1, 3 * PAGE) == 1 && pwrite(fd, "x", 1, 40 * PAGE) == 1);
	ok(in_core(p, WINDOW) == 2 && vec[3] && vec[40],
	   "mincore: pages of the cache that nobody maps");
	is(present(p, WINDOW, &same), 0, "mincore: pagemap tells of mapped ones only");
	must(fallocate(fd, 0, 0, 2 * PAGE) == 0);
	is(in_core(p, WINDOW), 2, "mincore: allocated, but without content");
	p[10 * PAGE] = 1;
	ok(in_core(p, WINDOW) == 3 && vec[10], "mincore: a store");
	munmap(p, WINDOW * PAGE);
	p = mmap(NULL, WINDOW * PAGE, RW, MAP_PRIVATE, fd, 0);
	is(in_core(p, WINDOW), 3, "mincore: a private mapping of it");
	p[20 * PAGE] = 1;
	is(in_core(p, WINDOW), 4 + (in_core(p + 20 * PAGE, 1) != 1), "mincore: and its copy");
	munmap(p, WINDOW * PAGE);
	close(fd);
}

static void errors(void)
{
	char *p = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);

	p[0] = 1;
	fails(mincore(p + 1, PAGE, vec), EINVAL, "mincore: EINVAL: odd");
	is(mincore(p, 0, vec), 0, "mincore: length 0");
	vec[1] = 0x55;
	ok(mincore(p, 1, vec) == 0 && vec[0] == 1 && vec[1] == 0x55, "mincore: a byte is a page");
	fails(mincore(p, 4 * PAGE, NULL), EFAULT, "mincore: EFAULT");
	fails(mincore(p, 4 * PAGE, (void *)-2ul), EFAULT, "mincore: EFAULT: beyond user space");
	fails(mincore(p, -1ul, vec), ENOMEM, "mincore: ENOMEM: beyond user space");
	fails(mincore((void *)0xffff800000000000, PAGE, vec), ENOMEM,
	      "mincore: ENOMEM: of the kernel");
	munmap(p + PAGE, PAGE);
	memset(vec, 0x55, 8);
	fails(mincore(p, 4 * PAGE, vec), ENOMEM, "mincore: ENOMEM: a hole");
	is(vec[0], 1, "mincore: told up to there");
	munmap(p, 4 * PAGE);
}

static char *theirs;

static void as_nobody(void)
{
	int all;

	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		_exit(100);
	all = in_core(theirs, WINDOW);
	_exit(all == WINDOW ? 0 : 1);
}

static void others(void)
{
	int fd = open("/tmp/theirs", O_RDWR | O_CREAT, 0644), ro = open("/tmp/theirs", O_RDONLY);

	must(ftruncate(fd, WINDOW * PAGE) == 0);
	theirs = mmap(NULL, WINDOW * PAGE, PROT_READ, MAP_SHARED, ro, 0);
	must(theirs != MAP_FAILED);
	is(in_core(theirs, WINDOW), 0, "mincore: the owner learns of the cache");
	is(in_child(as_nobody), EXITED(0), "mincore: who may not write the file hears yes of all");
	must(fchmod(fd, 0666) == 0);
	is(in_child(as_nobody), EXITED(1), "mincore: who may learns as much");
	munmap(theirs, WINDOW * PAGE);
	close(fd);
	close(ro);
	unlink("/tmp/theirs");
}

static void sync_calls(void)
{
	int fd = open("/tmp/synced", O_RDWR | O_CREAT, 0600);
	char *p, buf[2];

	must(ftruncate(fd, 4 * PAGE) == 0);
	p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);
	p[0] = 'a';
	is(msync(p, 4 * PAGE, MS_SYNC), 0, "msync: SYNC");
	is(msync(p, 4 * PAGE, MS_ASYNC), 0, "msync: ASYNC");
	is(msync(p, 4 * PAGE, MS_INVALIDATE), 0, "msync: INVALIDATE");
	is(msync(p, 4 * PAGE, 0), 0, "msync: none of them");
	is(msync(p, 0, MS_SYNC), 0, "msync: length 0");
	is(msync(p, 1, MS_SYNC), 0, "msync: length 1");
	ok(pread(fd, buf, 1, 0) == 1 && buf[0] == 'a' && p[0] == 'a', "msync: content");
	fails(msync(p + 1, PAGE, MS_SYNC), EINVAL, "msync: EINVAL: odd");
	fails(msync(p, PAGE, MS_SYNC | MS_ASYNC), EINVAL, "msync: EINVAL: SYNC and ASYNC");
	fails(msync(p, PAGE, 8), EINVAL, "msync: EINVAL: a flag");
	fails(msync(p, -PAGE, MS_SYNC), ENOMEM, "msync: ENOMEM: wraps");
	must(mlock(p + PAGE, PAGE) == 0);
	fails(msync(p, 4 * PAGE, MS_SYNC | MS_INVALIDATE), EBUSY,
	      "msync: EBUSY: INVALIDATE of locked memory");
	is(msync(p + 2 * PAGE, PAGE, MS_INVALIDATE), 0, "msync: beside it");
	is(msync(p, 4 * PAGE, MS_SYNC), 0, "msync: without INVALIDATE");
	munmap(p + 2 * PAGE, PAGE);
	fails(msync(p, 4 * PAGE, MS_SYNC), ENOMEM, "msync: ENOMEM: a hole");
	fails(msync(p, 4 * PAGE, MS_ASYNC), ENOMEM, "msync: ENOMEM: a hole, ASYNC");
	fails(msync(p, 4 * PAGE, MS_INVALIDATE), EBUSY, "msync: EBUSY comes before the hole");
	fails(msync(p + 2 * PAGE, PAGE, MS_SYNC), ENOMEM, "msync: ENOMEM: nothing there");
	munmap(p, 4 * PAGE);
	close(fd);
	unlink("/tmp/synced");
	p = mmap(NULL, PAGE, RW, ANON, -1, 0);
	is(msync(p, PAGE, MS_SYNC), 0, "msync: memory without a file");
	munmap(p, PAGE);
}

int main(void)
{
	agreement();
	errors();
	others();
	sync_calls();
	return tap_end();
}
