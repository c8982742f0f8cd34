// SPDX-License-Identifier: MIT
/*
 * The books of an address space: what status, stat and statm tell equals the sums over maps and smaps; page tables
 * are counted and come back; who shares an address space, and when it ends; stacks of threads.
 */
#include "maps.h"
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define RW	 (PROT_READ | PROT_WRITE)
#define ANON	 (MAP_PRIVATE | MAP_ANONYMOUS)
#define MIB	 (1ul << 20)
#define CSIGNALS (CLONE_VM | SIGCHLD)

/* --- sums over /proc/self/smaps ------------------------------------------------------------------- */

struct sums {
	long size, data, stack, exec, locked, rss, pss, anon_rss, lib;
};

static bool line_has(const char *line, const char *flag)
{
	return strstr(line, flag) != NULL;
}

static struct sums sum_smaps(void)
{
	static char text[1 << 18];
	struct sums s = { 0 };
	long size = 0, rss = 0, locked = 0;
	char perms[5] = "";

	snprintf(text, sizeof(text), "%s", slurp("/proc/self/smaps"));
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (strstr(line, "[vsyscall]"))
			break;
		if (strchr("0123456789abcdef", line[0]) && strchr(line, '-'))
			snprintf(perms, sizeof(perms), "%.4s", strchr(line, ' ') + 1);
		else if (!strncmp(line, "Size:", 5))
			size = strtol(line + 5, NULL, 10);
		else if (!strncmp(line, "Rss:", 4))
			rss = strtol(line + 4, NULL, 10);
		else if (!strncmp(line, "Locked:", 7))
			locked = strtol(line + 7, NULL, 10);
		else if (!strncmp(line, "VmFlags:", 8)) {
			bool stack = line_has(line, " gd"), shared = line_has(line, " sh");
			bool write = line_has(line, " wr"), exec = line_has(line, " ex");

			s.size += size;
			s.rss += rss;
			s.locked += line_has(line, " lo") ? size : 0;
			(void)locked;
			if (stack)
				s.stack += size;
			else if (exec && !write)
				s.exec += size;
			else if (write && !shared)
				s.data += size;
		}
	}
	return s;
}

static void check_books(const char *when)
{
	struct sums s = sum_smaps();
	long statm[7];

	ok(status_kb("VmSize:") == s.size, "books: %s: VmSize is the sum of maps", when);
	ok(status_kb("VmData:") == s.data, "books: %s: VmData: private, writable, no stack", when);
	ok(status_kb("VmStk:") == s.stack, "books: %s: VmStk: what grows down", when);
	ok(status_kb("VmExe:") + status_kb("VmLib:") == s.exec,
	   "books: %s: VmExe and VmLib: executable", when);
	ok(status_kb("VmLck:") == s.locked, "books: %s: VmLck: locked regions", when);
	sscanf(slurp("/proc/self/statm"), "%ld %ld %ld %ld %ld %ld %ld", &statm[0], &statm[1],
	       &statm[2], &statm[3], &statm[4], &statm[5], &statm[6]);
	ok(statm[0] * 4 == s.size && statm[5] * 4 == s.data + s.stack &&
		   statm[3] * 4 == status_kb("VmExe:") && !statm[4] && !statm[6],
	   "books: %s: statm", when);
	ok(status_kb("VmPeak:") >= status_kb("VmSize:") &&
		   status_kb("VmHWM:") >= status_kb("VmRSS:"),
	   "books: %s: peaks", when);
}

static void books(void)
{
	char *p = mmap(NULL, 3 * MIB, RW, ANON, -1, 0), *shared, *text;

	check_books("at first");
	must(p != MAP_FAILED && !mprotect(p + MIB, MIB, PROT_READ) &&
	     !munmap(p + 2 * MIB + PAGE, 7 * PAGE));
	shared = mmap(NULL, MIB, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	text = mmap(NULL, MIB, PROT_READ | PROT_EXEC, ANON, -1, 0);
	must(shared != MAP_FAILED && text != MAP_FAILED);
	check_books("mapped");
	must(!mlock(p, 64 * PAGE) && !mlock(shared + PAGE, 2 * PAGE));
	must(mremap(p + 32 * PAGE, 16 * PAGE, 40 * PAGE, MREMAP_MAYMOVE) != MAP_FAILED);
	must(!mprotect(text, PAGE, RW) && !mprotect(text + PAGE, PAGE, RW | PROT_EXEC));
	check_books("locked, moved and protected");
	must(mmap(p, MIB, PROT_READ, ANON | MAP_FIXED, -1, 0) == p);
	sbrk(5 * PAGE);
	check_books("mapped over");
	munlockall();
	munmap(p, 3 * MIB);
	munmap(shared, MIB);
	munmap(text, MIB);
	sbrk(-5 * (long)PAGE);
	check_books("unmapped");
	is(status_kb("VmPin:"), 0, "books: nothing is pinned");
}

/* Where the kernel says that parts of the program are, and where maps shows them. */
static void places(void)
{
	unsigned long f[64] = { 0 };
	char *at = strrchr(slurp("/proc/self/stat"), ')') + 2;
	struct vma_line v;
	int n = 2;

	for (at = strtok(at, " "); at && n < 63; at = strtok(NULL, " "))
		f[++n] = strtoul(at, NULL, 10);
	/* proc(5): 26 startcode, 27 endcode, 28 startstack, 45.. start_data end_data start_brk arg_start arg_end env.. */
	ok(f[26] <= (unsigned long)&places && (unsigned long)&places < f[27], "places: code");
	must(vma_lines((void *)f[28], 1, &v, 1) == 1);
	is(strcmp(v.name, "[stack]"), 0, "places: startstack is in the stack");
	ok(f[45] <= (unsigned long)&tap_count && f[46] > f[45], "places: data begins");
	ok(f[47] <= (unsigned long)sbrk(0), "places: start_brk is at or below the break");
	must(vma_lines((void *)f[48], 1, &v, 1) == 1);
	ok(!strcmp(v.name, "[stack]") && f[48] < f[49] && f[49] == f[50] && f[50] <= f[51] &&
		   f[48] > f[28],
	   "places: arguments and environment, in the stack above it");
	is(strcmp((char *)f[48] + (f[49] - f[48]) - strlen("accounts") - 1, "accounts"), 0,
	   "places: argv[0] is there");
}

/* --- page tables ------------------------------------------------------------------------------------- */

/* kB of all; Linux counts apart for each CPU until it is asked. */
static long all_tables(void)
{
	spew("/proc/sys/vm/stat_refresh", "1");
	return meminfo_kb("PageTables:");
}

static void page_tables(void)
{
	size_t span = 256 * 2 * MIB;
	char *p = mmap(NULL, span, RW, ANON | MAP_NORESERVE, -1, 0);
	long before = status_kb("VmPTE:"), all = all_tables(), rise;

	must(p != MAP_FAILED);
	madvise(p, span, MADV_NOHUGEPAGE);
	for (size_t at = 0; at < span; at += 2 * MIB)
		p[at] = 1;
	rise = status_kb("VmPTE:") - before;
	ok(rise >= 256 * 4 && rise <= 260 * 4, "tables: VmPTE rises by one for each 2 MiB");
	ok(all_tables() - all > 200 * 4, "tables: PageTables rises");
	munmap(p, span);
	ok(status_kb("VmPTE:") - before <= 4, "tables: VmPTE falls");
	ok(all_tables() - all < 100 * 4, "tables: PageTables falls");
}

static void no_leak(void)
{
	long tables, now;
	int status;

	for (int round = 0; round < 2; round++) {
		tables = all_tables();
		for (int i = 0; i < 500; i++) {
			pid_t pid = fork();

			if (!pid)
				_exit(0);
			waitpid(pid, &status, 0);
		}
	}
	(void)EVENTUALLY((now = all_tables()) - tables < 200);
	ok(now - tables < 200, "tables: 500 times fork and exit leave none behind (%ld kB)",
	   now - tables);
}

/* --- who uses an address space --------------------------------------------------------------------- */

static char stack[64 << 10] __attribute__((aligned(16)));
static char *volatile from_child;
static volatile long child_size;

static int shares(void *unused)
{
	from_child = mmap(NULL, PAGE, RW, ANON, -1, 0);
	from_child[0] = 'c';
	return 0;
}

static int sleeps(void *fd)
{
	char c;

	return read((int)(long)fd, &c, 1) == 1 ? 0 : 1;
}

static void users(void)
{
	int gate[2], mem, status;
	char path[64], c = 0;
	pid_t pid = clone(shares, stack + sizeof(stack), CSIGNALS, NULL);

	waitpid(pid, &status, 0);
	ok(status == 0 && from_child[0] == 'c',
	   "users: what a child with CLONE_VM mapped stays when it ends");
	munmap(from_child, PAGE);
	must(!pipe(gate));
	pid = clone(sleeps, stack + sizeof(stack), CSIGNALS, (void *)(long)gate[0]);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	is(number_in(path, "VmSize:"), status_kb("VmSize:"),
	   "users: one address space, one VmSize");
	must(write(gate[1], "x", 1) == 1);
	waitpid(pid, &status, 0);
	ok(status_kb("VmSize:") > 0, "users: it is still there for the other");
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(sleeps((void *)(long)gate[0]));
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	mem = open(path, O_RDONLY);
	must(mem >= 0);
	is(pread(mem, &c, 1, (off_t)(long)&shares), 1, "users: a reader of mem");
	must(write(gate[1], "x", 1) == 1);
	waitpid(pid, &status, 0);
	is(pread(mem, &c, 1, (off_t)(long)&shares), 0,
	   "users: does not keep the memory when the last user ends");
	close(mem);
	close(gate[0]);
	close(gate[1]);
}

/* --- stacks of threads ------------------------------------------------------------------------------ */

static struct vma_line thread_stack, below;
static volatile bool guard_faults, grows;

static void *look_at_stack(void *unused)
{
	volatile char here = 1;
	char flags[8192];
	struct vma_line v[2];

	must(vma_lines((void *)&here, 1, &thread_stack, 1) == 1);
	if (vma_lines((char *)thread_stack.start - PAGE, PAGE, v, 2) == 1)
		below = v[0];
	guard_faults = FAULTS(*(volatile char *)(thread_stack.start - 1) = 1) &&
		       tap_info.si_code == SEGV_ACCERR;
	must(vma_lines((void *)&here, 1, v, 1) == 1);
	grows = v[0].start != thread_stack.start;
	(void)flags;
	return NULL;
}

static void thread_stacks(void)
{
	pthread_attr_t attr;
	pthread_t t;

	pthread_attr_init(&attr);
	must(!pthread_attr_setstacksize(&attr, 8 * MIB) && !pthread_attr_setguardsize(&attr, PAGE));
	must(!pthread_create(&t, &attr, look_at_stack, NULL));
	pthread_join(t, NULL);
	ok(thread_stack.end - thread_stack.start >= 8 * MIB &&
		   thread_stack.end - thread_stack.start < 9 * MIB,
	   "thread stack: a mapping of the size that was asked for");
	ok(!strcmp(thread_stack.perms, "rw-p") && !thread_stack.name[0],
	   "thread stack: without a name");
	ok(below.end == thread_stack.start && below.end - below.start == PAGE &&
		   !strcmp(below.perms, "---p"),
	   "thread stack: a guard page below it");
	ok(guard_faults, "thread stack: SEGV_ACCERR in the guard");
	ok(!grows, "thread stack: it does not grow");
	is(status_kb("VmStk:"), sum_smaps().stack, "thread stack: does not count as one");
}

int main(void)
{
	catch_signal(SIGSEGV);
	books();
	places();
	page_tables();
	no_leak();
	users();
	thread_stacks();
	return tap_end();
}
