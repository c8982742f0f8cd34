// SPDX-License-Identifier: MIT
/* madvise(2): every advice of Linux 6.1, what it does and its errors; process_madvise(2). */
#include "maps.h"

#include <sys/resource.h>
#include <sys/uio.h>

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW   (PROT_READ | PROT_WRITE)

enum {
	ADV_COLD = 20,
	ADV_PAGEOUT,
	ADV_POPULATE_READ,
	ADV_POPULATE_WRITE,
	ADV_DONTNEED_LOCKED,
	ADV_COLLAPSE,
	ADV_HWPOISON = 100,
	ADV_SOFT_OFFLINE
};

static char *map(size_t pages)
{
	char *p = mmap(NULL, pages * PAGE, RW, ANON, -1, 0);

	must(p != MAP_FAILED);
	memset(p, 'a', pages * PAGE);
	return p;
}

static int file_of(size_t pages)
{
	char name[] = "/tmp/advXXXXXX";
	int fd = mkstemp(name);

	must(fd >= 0 && !ftruncate(fd, pages * PAGE));
	unlink(name);
	for (size_t i = 0; i < pages; i++)
		must(pwrite(fd, "f", 1, i * PAGE) == 1);
	return fd;
}

static void arguments(void)
{
	char *p = map(4);

	fails(madvise(p + 1, PAGE, MADV_NORMAL), EINVAL, "an odd address");
	fails(madvise(p, PAGE, 5), EINVAL, "advice 5 does not exist");
	fails(madvise(p, PAGE, -1), EINVAL, "nor does -1");
	is(madvise(p, 0, MADV_DONTNEED), 0, "no length: nothing to do");
	fails(madvise(p, 0, 77), EINVAL, "but the advice is looked at");
	fails(madvise(p, -1ul, MADV_DONTNEED), EINVAL, "a length that wraps when rounded");
	fails(madvise(p, -PAGE, MADV_DONTNEED), EINVAL, "an end that wraps");
	is(madvise(p, 1, MADV_DONTNEED), 0, "a length is rounded up");
	is(p[PAGE - 1], 0, "to the page");
	munmap(p + PAGE, PAGE);
	p[2 * PAGE] = 'z';
	fails(madvise(p, 3 * PAGE, MADV_DONTNEED), ENOMEM, "over a hole: ENOMEM");
	is(p[2 * PAGE], 0, "after what is behind it has been done");
	fails(madvise(p + PAGE, PAGE, MADV_DONTNEED), ENOMEM, "a hole");
	munmap(p, 4 * PAGE);
}

static void dontneed(void)
{
	int fd = file_of(4);
	char *p = map(4), *q = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, fd, 0), *s;

	is(madvise(p, 4 * PAGE, MADV_DONTNEED), 0, "DONTNEED");
	ok(!resident(p) && !p[0] && !p[3 * PAGE], "DONTNEED: zeroes");
	q[0] = 'q';
	is(madvise(q, PAGE, MADV_DONTNEED), 0, "DONTNEED: private file");
	is(q[0], 'f', "the file's contents are back");
	s = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);
	s[0] = 's';
	is(madvise(s, PAGE, MADV_DONTNEED), 0, "DONTNEED: shared file");
	is(s[0], 's', "keeps what was written");
	munmap(p, 4 * PAGE);
	munmap(q, 4 * PAGE);
	munmap(s, 4 * PAGE);
	close(fd);
}

static void lazily_freed(void)
{
	int fd = file_of(1);
	char *p = map(4), *s = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);

	is(madvise(p, 4 * PAGE, MADV_FREE), 0, "FREE");
	ok(p[0] == 'a' || p[0] == 0, "FREE: the old contents or zeroes");
	p[PAGE] = 'n';
	is(p[PAGE], 'n', "FREE: a write counts");
	fails(madvise(s, PAGE, MADV_FREE), EINVAL, "FREE: not of a file");
	munmap(p, 4 * PAGE);
	munmap(s, PAGE);
	close(fd);
}

static void populate(void)
{
	int fd = file_of(2);
	char *p = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0), *s;
	struct rusage a, b;

	is(madvise(p, 4 * PAGE, ADV_POPULATE_READ), 0, "POPULATE_READ");
	ok(resident(p) && resident(p + 3 * PAGE), "pages are there to be read");
	is(madvise(p, 4 * PAGE, ADV_POPULATE_WRITE), 0, "POPULATE_WRITE");
	getrusage(RUSAGE_SELF, &a);
	memset(p, 1, 4 * PAGE);
	getrusage(RUSAGE_SELF, &b);
	is(b.ru_minflt - a.ru_minflt, 0, "no fault at the first write");
	mprotect(p, PAGE, PROT_READ);
	fails(madvise(p, PAGE, ADV_POPULATE_WRITE), EINVAL, "POPULATE_WRITE of read-only memory");
	is(madvise(p, PAGE, ADV_POPULATE_READ), 0, "POPULATE_READ of it");
	mprotect(p, PAGE, PROT_NONE);
	fails(madvise(p, PAGE, ADV_POPULATE_READ), EINVAL, "POPULATE_READ without access");
	munmap(p + PAGE, PAGE);
	fails(madvise(p + PAGE, PAGE, ADV_POPULATE_READ), ENOMEM, "POPULATE_READ of a hole");
	mprotect(p, PAGE, PROT_READ);
	must(mmap(p + 2 * PAGE, 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0) == p + 2 * PAGE);
	fails(madvise(p, 4 * PAGE, ADV_POPULATE_READ), ENOMEM, "POPULATE_READ over a hole");
	ok(resident(p + 3 * PAGE), "what follows it is there, too");
	mprotect(p + 2 * PAGE, PAGE, PROT_NONE);
	fails(madvise(p, 4 * PAGE, ADV_POPULATE_READ), EINVAL,
	      "POPULATE_READ over a hole, then without access: the second error");
	s = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);
	fails(madvise(s, 4 * PAGE, ADV_POPULATE_READ), EFAULT,
	      "POPULATE_READ behind the end of a file");
	ok(resident(s + PAGE), "what precedes it is there");
	munmap(p, 4 * PAGE);
	munmap(s, 4 * PAGE);
	close(fd);
}

static void removal(void)
{
	int fd = file_of(4), ro = open("/proc/self/exe", O_RDONLY);
	char *s = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0), *p = map(1), *r;
	char c;

	is(madvise(s + PAGE, PAGE, MADV_REMOVE), 0, "REMOVE");
	ok(s[PAGE] == 0 && pread(fd, &c, 1, PAGE) == 1 && !c && s[0] == 'f' && s[2 * PAGE] == 'f',
	   "a hole in the file");
	fails(madvise(p, PAGE, MADV_REMOVE), EINVAL, "REMOVE of anonymous memory");
	r = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	is(madvise(r, PAGE, MADV_REMOVE), 0, "REMOVE of a mapping that could become writable");
	munmap(r, PAGE);
	r = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	fails(madvise(r, PAGE, MADV_REMOVE), EACCES, "REMOVE of a private mapping");
	munmap(r, PAGE);
	mlock(s, PAGE);
	fails(madvise(s, PAGE, MADV_REMOVE), EINVAL, "REMOVE of locked memory");
	munmap(s, 4 * PAGE);
	munmap(p, PAGE);
	close(fd);
	close(ro);
}

static void hints(void)
{
	int fd = file_of(4);
	char *s = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0), *p = map(4);
	static const struct {
		int advice;
		const char *flag, *name;
	} flags[] = { { MADV_SEQUENTIAL, "sr", "SEQUENTIAL" },
		      { MADV_RANDOM, "rr", "RANDOM" },
		      { MADV_DONTFORK, "dc", "DONTFORK" },
		      { MADV_DONTDUMP, "dd", "DONTDUMP" } };

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		ok(!madvise(s, PAGE, flags[i].advice) && has_flag(s, flags[i].flag),
		   "%s: VmFlags %s", flags[i].name, flags[i].flag);
	ok(!madvise(s, PAGE, MADV_NORMAL) && !has_flag(s, "rr") && !has_flag(s, "sr"),
	   "NORMAL takes them back");
	is(madvise(s, PAGE, MADV_DOFORK), 0, "DOFORK");
	is(madvise(s, PAGE, MADV_DODUMP), 0, "DODUMP");
	is(vmas(s, 4 * PAGE), 1, "and all is one mapping again");
	is(madvise(s, 4 * PAGE, MADV_WILLNEED), 0, "WILLNEED of a file");
	fails(madvise(s, PAGE, MADV_WIPEONFORK), EINVAL, "WIPEONFORK of a file");
	ok(!madvise(p, PAGE, MADV_WIPEONFORK) && has_flag(p, "wf"), "WIPEONFORK: VmFlags wf");
	is(madvise(p, PAGE, MADV_KEEPONFORK), 0, "KEEPONFORK");
	is(madvise(p, 4 * PAGE, ADV_COLD), 0, "COLD");
	is(madvise(p, 4 * PAGE, ADV_PAGEOUT), 0, "PAGEOUT");
	is(p[0], 'a', "and the contents are still there");
	is(madvise(p, PAGE, ADV_DONTNEED_LOCKED), 0, "DONTNEED_LOCKED");
	is(p[0], 0, "like DONTNEED");
	munmap(s, 4 * PAGE);
	munmap(p, 4 * PAGE);
	close(fd);
}

/* Features that a kernel can be built without: it works, or EINVAL. */
static void optional(void)
{
	static const int advice[] = { MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_MERGEABLE,
				      MADV_UNMERGEABLE, ADV_COLLAPSE };
	char *p = map(1);

	for (size_t i = 0; i < sizeof(advice) / sizeof(*advice); i++) {
		int ret = madvise(p, PAGE, advice[i]);

		ok(!ret || errno == EINVAL, "advice %d: it works, or EINVAL", advice[i]);
	}
	fails(madvise(p, PAGE, ADV_HWPOISON), EINVAL, "HWPOISON: not configured");
	fails(madvise(p, PAGE, ADV_SOFT_OFFLINE), EINVAL, "SOFT_OFFLINE: not configured");
	munmap(p, PAGE);
}

static int process_madvise_(int fd, const struct iovec *v, size_t n, int advice, unsigned int flags)
{
	return syscall(440, fd, v, n, advice, flags);
}

static void as_user(void)
{
	int fd = syscall(SYS_pidfd_open, getppid(), 0);
	char *p = map(1);
	struct iovec v = { p, PAGE };

	if (setuid(65534))
		_exit(1);
	if (process_madvise_(fd, &v, 1, ADV_COLD, 0) != -1 || (errno != EPERM && errno != EACCES))
		_exit(2);
	fd = syscall(SYS_pidfd_open, getpid(), 0);
	if (process_madvise_(fd, &v, 1, ADV_COLD, 0) != -1 || errno != EPERM)
		_exit(3);
}

static void others(void)
{
	char *p = map(8);
	struct iovec v[3] = { { p, 2 * PAGE }, { p + 4 * PAGE, PAGE }, { p + 6 * PAGE, PAGE } };
	int self = syscall(SYS_pidfd_open, getpid(), 0), fd;

	is(process_madvise_(self, v, 3, ADV_COLD, 0), 4 * PAGE, "process_madvise: three ranges");
	fails(process_madvise_(self, v, 3, ADV_COLD, 1), EINVAL, "process_madvise: flags");
	fails(process_madvise_(self, v, 3, MADV_DONTNEED, 0), EINVAL,
	      "process_madvise: advice that changes contents");
	fails(process_madvise_(999, v, 3, ADV_COLD, 0), EBADF, "process_madvise: bad descriptor");
	fails(process_madvise_(1, v, 3, ADV_COLD, 0), EBADF, "process_madvise: not a pidfd");
	fails(process_madvise_(self, (void *)8, 3, ADV_COLD, 0), EFAULT,
	      "process_madvise: bad array");
	fails(process_madvise_(self, v, 2000, ADV_COLD, 0), EINVAL,
	      "process_madvise: too many ranges");
	munmap(p + 4 * PAGE, PAGE);
	is(process_madvise_(self, v, 3, ADV_COLD, 0), 2 * PAGE,
	   "process_madvise: what precedes a mistake counts");
	fails(process_madvise_(self, v + 1, 1, ADV_COLD, 0), ENOMEM, "process_madvise: a hole");
	fflush(stdout);
	pid_t pid = fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	fd = syscall(SYS_pidfd_open, pid, 0);
	is(process_madvise_(fd, v, 1, ADV_PAGEOUT, 0), 2 * PAGE, "process_madvise: a child");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	fails(process_madvise_(fd, v, 1, ADV_COLD, 0), ESRCH, "process_madvise: it has ended");
	is(in_child(as_user), 0, "process_madvise without CAP_SYS_NICE: not even one's own");
	close(fd);
	close(self);
	munmap(p, 8 * PAGE);
}

int main(void)
{
	arguments();
	dontneed();
	lazily_freed();
	populate();
	removal();
	hints();
	optional();
	others();
	return tap_end();
}
