// SPDX-License-Identifier: MIT
/* Committed_AS: what counts and what does not; the three modes of overcommit; RLIMIT_AS and RLIMIT_DATA. */
#include "maps.h"

#include <sys/resource.h>

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW   (PROT_READ | PROT_WRITE)
#define NR   256 /* pages: 1 MiB */

static long base;

static long committed(void)
{
	return meminfo_kb("Committed_AS:") / 4 - base;
}

static void set(const char *name, long value)
{
	char path[64], text[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	snprintf(text, sizeof(text), "%ld", value);
	fd = open(path, O_WRONLY);
	must(fd >= 0 && write(fd, text, strlen(text)) > 0);
	close(fd);
}

static void *map(int prot, int flags)
{
	void *p = mmap(NULL, NR * PAGE, prot, flags, -1, 0);

	must(p != MAP_FAILED);
	base = 0;
	return p;
}

static long grown, left;

/* Pages by which Committed_AS grows when @prot, @flags are mapped, and what is left of them afterwards: as many as @want, and none? */
static bool grows_by(int prot, int flags, long want)
{
	long before = committed();
	void *p = map(prot, flags);

	grown = committed() - before;
	munmap(p, NR * PAGE);
	left = committed() - before;
	return grown == want && !left;
}

/* Others, too, come and go: one of several times nobody does. */
static void counts(const char *what, int prot, int flags, long want)
{
	(void)EVENTUALLY(grows_by(prot, flags, want));
	is(grown, want, "%s", what);
	is(left, 0, "%s: and back", what);
}

static void accounting(void)
{
	long before;
	char *p;

	counts("private, writable: counts", RW, ANON, NR);
	counts("private, read-only: does not", PROT_READ, ANON, 0);
	counts("private, no access: does not", PROT_NONE, ANON, 0);
	counts("NORESERVE: does not", RW, ANON | MAP_NORESERVE, 0);
	counts("shared anonymous: counts", RW, MAP_SHARED | MAP_ANONYMOUS, NR);
	counts("shared anonymous, NORESERVE: does not", RW,
	       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, 0);

	before = committed();
	p = map(PROT_NONE, ANON);
	mprotect(p, 16 * PAGE, RW);
	is(committed() - before, 16, "mprotect to writable: counts what became so");
	mprotect(p, 16 * PAGE, PROT_NONE);
	is(committed() - before, 16, "and stays counted");
	p = mremap(p, 16 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
	is(committed() - before, 64, "mremap: counts the growth");
	must(mmap(p, 32 * PAGE, PROT_NONE, ANON | MAP_FIXED, -1, 0) == p);
	is(committed() - before, 32, "FIXED over it: no more");
	munmap(p, 64 * PAGE);
	/* The rest of the reservation. */
	before = committed();
	char *heap = (char *)syscall(SYS_brk, 0ul);
	syscall(SYS_brk, heap + 8 * PAGE);
	is(committed() - before, 8, "brk: counts");
	syscall(SYS_brk, heap);
	is(committed() - before, 0, "and back");
}

static void forked(void)
{
	long before;
	char *p = map(RW, ANON), c;
	int go[2], ready[2];

	must(!pipe(go) && !pipe(ready));
	before = committed();
	fflush(stdout);
	pid_t pid = fork();
	if (!pid) {
		write(ready[1], "x", 1);
		read(go[0], &c, 1);
		_exit(0);
	}
	read(ready[0], &c, 1);
	ok(committed() - before >= NR, "fork: private writable memory counts twice");
	write(go[1], "x", 1);
	waitpid(pid, NULL, 0);
	(void)EVENTUALLY(committed() == before);
	is(committed() - before, 0, "and once, when the child has ended");
	munmap(p, NR * PAGE);
}

static long try_kb(long kb, int flags)
{
	void *p = mmap(NULL, kb << 10, RW, ANON | flags, -1, 0);

	if (p == MAP_FAILED)
		return errno;
	munmap(p, kb << 10);
	return 0;
}

static void modes(void)
{
	long total = meminfo_kb("MemTotal:"), limit = meminfo_kb("CommitLimit:");

	is(limit, total / 4 * 50 / 100 * 4 + meminfo_kb("SwapTotal:"),
	   "CommitLimit: half of memory, and swap");
	is(try_kb(2 * total, 0), ENOMEM, "mode 0: more than all memory at once");
	is(try_kb(total / 2, 0), 0, "mode 0: half of it");
	is(try_kb(2 * total, MAP_NORESERVE), 0, "mode 0: NORESERVE as much as one likes");
	set("overcommit_memory", 1);
	is(try_kb(16 * total, 0), 0, "mode 1: anything");
	set("overcommit_memory", 2);
	is(try_kb(limit, 0), ENOMEM, "mode 2: not the whole limit, something is committed");
	is(try_kb(limit, MAP_NORESERVE), ENOMEM, "mode 2: NORESERVE does not help");
	is(try_kb(limit / 4, 0), 0, "mode 2: a quarter");
	set("overcommit_ratio", 80);
	is(meminfo_kb("CommitLimit:"), total / 4 * 80 / 100 * 4 + meminfo_kb("SwapTotal:"),
	   "overcommit_ratio");
	set("overcommit_kbytes", 65536);
	is(meminfo_kb("CommitLimit:"), 65536 + meminfo_kb("SwapTotal:"), "overcommit_kbytes");
	is(try_kb(65536, 0), ENOMEM, "mode 2: beyond overcommit_kbytes");
	is(number_in("/proc/sys/vm/overcommit_ratio", ""), 0, "setting one clears the other");
	set("overcommit_ratio", 50);
	is(number_in("/proc/sys/vm/overcommit_kbytes", ""), 0, "and the other way round");
	set("overcommit_memory", 0);
}

static void address_space(void)
{
	struct rlimit rl = { (status_kb("VmSize:") << 10) + 64 * PAGE, RLIM_INFINITY };
	char *p;

	setrlimit(RLIMIT_AS, &rl);
	p = mmap(NULL, 32 * PAGE, PROT_NONE, ANON, -1, 0);
	if (p == MAP_FAILED)
		_exit(1);
	if (mmap(NULL, 48 * PAGE, PROT_NONE, ANON, -1, 0) != MAP_FAILED || errno != ENOMEM)
		_exit(2);
	if (mremap(p, 32 * PAGE, 128 * PAGE, MREMAP_MAYMOVE) != MAP_FAILED || errno != ENOMEM)
		_exit(3);
	char *heap = (char *)syscall(SYS_brk, 0ul);
	if ((char *)syscall(SYS_brk, heap + 256 * PAGE) != heap)
		_exit(4);
	/* Over what is there already. */
	if (mmap(p, 32 * PAGE, RW, ANON | MAP_FIXED, -1, 0) != p)
		_exit(5);
}

static void data(void)
{
	struct rlimit rl = { (status_kb("VmData:") << 10) + 64 * PAGE, RLIM_INFINITY };
	char *p, *heap;

	setrlimit(RLIMIT_DATA, &rl);
	if (mmap(NULL, 128 * PAGE, PROT_READ, ANON, -1, 0) == MAP_FAILED)
		_exit(1);
	if (mmap(NULL, 128 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
		_exit(2);
	if (mmap(NULL, 128 * PAGE, RW, ANON, -1, 0) != MAP_FAILED || errno != ENOMEM)
		_exit(3);
	p = mmap(NULL, 128 * PAGE, PROT_READ, ANON, -1, 0);
	if (mprotect(p, 128 * PAGE, RW) != -1 || errno != ENOMEM)
		_exit(4);
	heap = (char *)syscall(SYS_brk, 0ul);
	if ((char *)syscall(SYS_brk, heap + 128 * PAGE) != heap)
		_exit(5);
	rl.rlim_cur = 0;
	setrlimit(RLIMIT_DATA, &rl);
	if ((char *)syscall(SYS_brk, heap + PAGE) != heap)
		_exit(6);
	/* With a limit of 0 the hard one counts for mmap. */
	if (mmap(NULL, 128 * PAGE, RW, ANON, -1, 0) == MAP_FAILED)
		_exit(7);
}

static void map_count(void)
{
	char *p = mmap(NULL, 512 * PAGE, PROT_READ, ANON, -1, 0);
	int have = vmas(NULL, -1ul), i;

	set("max_map_count", have + 20);
	for (i = 0; i < 64; i++)
		if (mprotect(p + (2 * i + 1) * PAGE, PAGE, RW))
			break;
	/* Each makes two more. */
	int err = errno;
	int unmap = munmap(p + 401 * PAGE, PAGE), unmap_errno = errno;
	set("max_map_count", 65530);
	_exit(i >= 8 && i <= 11 && err == ENOMEM && unmap == -1 && unmap_errno == ENOMEM ? 0
											 : 1 + i);
}

int main(void)
{
	accounting();
	forked();
	modes();
	is(in_child(address_space), 0, "RLIMIT_AS: mmap, mremap, brk");
	is(in_child(data), 0, "RLIMIT_DATA: mmap, mprotect, brk; a soft limit of 0");
	is(in_child(map_count), 0,
	   "max_map_count: mprotect and munmap in the middle fail with ENOMEM");
	return tap_end();
}
