// SPDX-License-Identifier: MIT
/* mremap in all its forms, mlock, mincore, msync, membarrier, process_vm_readv, and what /proc says about it. */
#include "tap.h"

#include <limits.h>
#include <linux/membarrier.h>
#include <sys/resource.h>
#include <sys/uio.h>

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

static char *map(size_t pages)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, ANON, -1, 0);

	must(p != MAP_FAILED);
	return p;
}

/* Number after @label in /proc/self/@file, or -1. */
static long proc_number(const char *file, const char *label)
{
	char path[64], line[256];
	long n = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/%s", file);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, label, strlen(label)))
			n = strtol(line + strlen(label), NULL, 10);
	if (f)
		fclose(f);
	return n;
}

/* Lines of /proc/self/maps that touch [p, p + len). Without stdio, whose memory could fill the hole in question. */
static int vmas(void *p, size_t len)
{
	static char text[1 << 16];
	unsigned long lo = (unsigned long)p, hi = lo + len;
	int fd = open("/proc/self/maps", O_RDONLY), n = 0;
	size_t have = 0;
	ssize_t got;

	must(fd >= 0);
	while ((got = read(fd, text + have, sizeof(text) - 1 - have)) > 0)
		have += got;
	close(fd);
	text[have] = 0;
	for (char *line = text; *line; line = strchr(line, '\n') + 1) {
		char *end;
		unsigned long a = strtoul(line, &end, 16), b = strtoul(end + 1, NULL, 16);

		if (a < hi && b > lo)
			n++;
	}
	return n;
}

static void remap(void)
{
	char *area = map(64), *p, *q;

	munmap(area, 64 * PAGE);
	p = mmap(area, 4 * PAGE, PROT_READ | PROT_WRITE, ANON | MAP_FIXED, -1, 0);
	must(p == area);
	for (int i = 0; i < 4; i++)
		p[i * PAGE] = 'a' + i;
	ok(mremap(p, 4 * PAGE, 8 * PAGE, 0) == p, "mremap grows in place");
	ok(p[3 * PAGE] == 'd' && !p[7 * PAGE], "old pages stay, new ones are zero");
	ok(mremap(p, 8 * PAGE, 2 * PAGE, 0) == p, "mremap shrinks");
	ok(vmas(p + 2 * PAGE, 6 * PAGE) == 0, "the rest is unmapped");
	q = mmap(p + 2 * PAGE, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0);
	must(q != MAP_FAILED);
	fails((long)mremap(p, 2 * PAGE, 4 * PAGE, 0), ENOMEM,
	      "mremap: no room, not allowed to move");
	q = mremap(p, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
	ok(q != MAP_FAILED && q != p && q[0] == 'a' && q[PAGE] == 'b' && !q[2 * PAGE],
	   "mremap moves");
	ok(vmas(p, 2 * PAGE) == 0, "the old place is free");
	p = mremap(q, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, area + 32 * PAGE);
	ok(p == area + 32 * PAGE && p[0] == 'a' && p[PAGE] == 'b', "mremap to a fixed place");
	q = mremap(p, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
	ok(q != MAP_FAILED && q[0] == 'a', "MREMAP_DONTUNMAP moves the pages");
	ok(!p[0] && !p[PAGE], "and leaves an empty mapping");
	if (!fork())
		_exit(!(q[0] == 'a' && (q[0] = 'x') && q[PAGE] == 'b'));
	int status;
	must(wait(&status) > 0);
	ok(!status && q[0] == 'a', "a moved mapping is copied on write");
	fails((long)mremap(q + 1, PAGE, PAGE, 0), EINVAL, "mremap: odd address");
	fails((long)mremap(q, PAGE, 0, 0), EINVAL, "mremap: to nothing");
	fails((long)mremap(q, PAGE, PAGE, MREMAP_FIXED, p), EINVAL,
	      "mremap: fixed without maymove");
	fails((long)mremap(q, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q + PAGE), EINVAL,
	      "mremap: overlap");
	munmap(q, 4 * PAGE);
	fails((long)mremap(q, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT, "mremap: nothing there");
}

static void merges(void)
{
	char *p = map(16);

	is(vmas(p, 16 * PAGE), 1, "one mapping");
	must(!mprotect(p + 4 * PAGE, 4 * PAGE, PROT_READ));
	is(vmas(p, 16 * PAGE), 3, "mprotect splits");
	must(!mprotect(p + 4 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE));
	is(vmas(p, 16 * PAGE), 1, "and merges");
	must(!madvise(p + PAGE, PAGE, MADV_DONTFORK));
	is(vmas(p, 16 * PAGE), 3, "madvise splits");
	must(!madvise(p + PAGE, PAGE, MADV_DOFORK));
	is(vmas(p, 16 * PAGE), 1, "and merges again");
	must(!munmap(p + 8 * PAGE, PAGE));
	is(vmas(p, 16 * PAGE), 2, "a hole");
	must(mmap(p + 8 * PAGE, PAGE, PROT_READ | PROT_WRITE, ANON | MAP_FIXED, -1, 0) !=
	     MAP_FAILED);
	is(vmas(p, 16 * PAGE), 1, "is filled");
	munmap(p, 16 * PAGE);
}

static void wipe(void)
{
	char *p = map(2);
	int status;

	p[0] = p[PAGE] = 1;
	ok(!madvise(p, PAGE, MADV_WIPEONFORK), "MADV_WIPEONFORK");
	if (!fork())
		_exit(!(p[0] == 0 && p[PAGE] == 1));
	must(wait(&status) > 0);
	ok(!status && p[0] == 1, "the child finds zeroes, the parent keeps its page");
	ok(!madvise(p, PAGE, MADV_DONTFORK), "MADV_DONTFORK");
	if (!fork()) {
		unsigned char v;

		_exit(!(mincore(p, PAGE, &v) == -1 && errno == ENOMEM));
	}
	must(wait(&status) > 0);
	ok(!status, "the child does not have it");
	munmap(p, 2 * PAGE);
}

static void locks(void)
{
	struct rlimit rl = { 64 * 1024, 64 * 1024 };
	char *p = map(64);
	unsigned char vec[4];
	long before = proc_number("status", "VmLck:");

	ok(!mlock(p, 4 * PAGE), "mlock");
	ok(!mincore(p, 4 * PAGE, vec) && (vec[0] & vec[1] & vec[2] & vec[3] & 1),
	   "and all pages are there");
	is(proc_number("status", "VmLck:") - before, 16, "VmLck counts them, in kB");
	fails(madvise(p, PAGE, MADV_DONTNEED), EINVAL, "madvise(DONTNEED) of locked memory");
	ok(!munlock(p, 4 * PAGE), "munlock");
	is(proc_number("status", "VmLck:") - before, 0, "VmLck is back");
	if (!fork()) {
		if (geteuid() == 0 && setuid(65534))
			_exit(2);
		if (setrlimit(RLIMIT_MEMLOCK, &rl))
			_exit(3);
		if (mlock(p, 64 * PAGE) != -1 || errno != ENOMEM)
			_exit(4);
		if (mlock(p, 16 * PAGE))
			_exit(5);
		_exit(0);
	}
	int status;
	must(wait(&status) > 0);
	is(WEXITSTATUS(status), 0, "RLIMIT_MEMLOCK holds for a user");
	munmap(p, 64 * PAGE);
}

static void others(void)
{
	char *p = map(3), buf[3] = "";
	struct iovec local = { buf, 2 }, remote = { p + PAGE - 1, 2 };
	unsigned char v;

	p[PAGE - 1] = 'h';
	p[PAGE] = 'i';
	is(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), 2,
	   "process_vm_readv across a page border");
	ok(!memcmp(buf, "hi", 2), "and gets the bytes");
	buf[0] = 'H';
	is(process_vm_writev(getpid(), &local, 1, &remote, 1, 0), 2, "process_vm_writev");
	ok(p[PAGE - 1] == 'H', "and puts the bytes");
	munmap(p + PAGE, PAGE);
	is(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), 1,
	   "what comes before a hole counts");
	fails(process_vm_readv(getpid(), &local, 1, &remote, 1, 1), EINVAL,
	      "process_vm_readv: flags");
	remote.iov_len = 0;
	is(process_vm_readv(99999999, &local, 1, &remote, 1, 0), 0,
	   "process_vm_readv: nothing to copy: nobody is looked for");
	struct iovec ours[2] = { { buf, 1 }, { (void *)(1UL << 63), 1 } };
	struct iovec theirs[2] = { { p, 1 }, { p, SSIZE_MAX } };

	fails(process_vm_readv(getpid(), ours, 2, theirs, 1, 0), EFAULT,
	      "process_vm_readv: a range of ours that is not in user space: EFAULT at once");
	is(process_vm_readv(getpid(), &local, 1, theirs, 2, 0), 2,
	   "process_vm_readv: their lengths may add up to anything");
	theirs[1].iov_len = -1;
	fails(process_vm_readv(getpid(), &local, 1, theirs, 2, 0), EINVAL,
	      "process_vm_readv: a negative length");
	fails(msync(p, 3 * PAGE, MS_SYNC), ENOMEM, "msync over a hole");
	fails(msync(p, PAGE, MS_SYNC | MS_ASYNC), EINVAL, "msync: both");
	ok(!msync(p, PAGE, MS_ASYNC), "msync");
	fails(mincore(p + 1, PAGE, &v), EINVAL, "mincore: odd address");
	fails(mincore(p + PAGE, PAGE, &v), ENOMEM, "mincore of a hole");
	fails(madvise(p, PAGE, 12345), EINVAL, "madvise: unknown advice");
	fails(madvise(p, 3 * PAGE, MADV_DONTNEED), ENOMEM, "madvise over a hole");
	ok(syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0) > 0, "membarrier is there");
	ok(!syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0), "register");
	ok(!syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), "expedited");
	fails(syscall(SYS_membarrier, 1 << 30, 0, 0), EINVAL, "membarrier: unknown");
}

static void counts(void)
{
	long rss = proc_number("status", "RssAnon:"), size = proc_number("status", "VmSize:");
	char *p = map(256);

	is(proc_number("status", "VmSize:") - size, 1024, "VmSize grows by what is mapped");
	for (int i = 0; i < 256; i++)
		p[i * PAGE] = 1;
	long grown = proc_number("status", "RssAnon:") - rss;
	/* Linux counts up to 64 pages per thread late. */
	ok(grown >= 512 && grown < 1024 + 64, "RssAnon grows by what is touched (%ld kB)", grown);
	munmap(p, 256 * PAGE);
	ok(proc_number("status", "RssAnon:") - rss < 512, "and shrinks again");
	ok(proc_number("smaps_rollup", "Rss:") > 0, "smaps_rollup");
}

int main(void)
{
	remap();
	merges();
	wipe();
	locks();
	others();
	counts();
	return tap_end();
}
