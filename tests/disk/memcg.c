// SPDX-License-Identifier: MIT
/*
 * Control groups under pressure, as TAP: memcg SWAP DATA. SWAP becomes a swap device (64 MiB at least), DATA is read: more than
 * the machine has memory.
 */
#include "../guest/cgroup.h"
#include "../guest/textfile.h"
#include "contents.h"
#include <sys/swap.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#define MB (1UL << 20)

static const char *data;

/* Run @fn in @group, in a process of its own. Its status. */
static int in_group(const char *group, int (*fn)(void))
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		char procs[256];

		snprintf(procs, sizeof(procs), "%s/cgroup.procs", group);
		_exit(cg_write(procs, "0") ? 99 : fn());
	}
	waitpid(pid, &status, 0);
	return status;
}

/* 16 MiB are written, and all of them are still there. */
static int anonymous(void)
{
	unsigned long pages = 16 * MB / PAGE;
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	fill(p, pages, 77);
	return wrong(p, pages, 77) == -1 ? 0 : 1;
}

static int read_data(void)
{
	static char buf[1 << 16];
	int fd = open(data, O_RDONLY);
	ssize_t got;

	while ((got = read(fd, buf, sizeof(buf))) > 0)
		;
	return got ? 1 : 0;
}

/* 16 MiB that nobody reads again, until the parent closes the pipe. */
static int keep[2];
static int hold(void)
{
	unsigned long pages = 16 * MB / PAGE;
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	char c = 1;

	close(keep[1]);
	for (unsigned long i = 0; i < pages; i++)
		p[i * PAGE] = 1;
	return read(keep[0], &c, 1) ? 1 : 0;
}

/* Slots are charged to the group of the page, and given back. */
static void test_swap_charge(void)
{
	pid_t pid;

	must(!cg_mkdir("s") && !cg_write("s/cgroup.subtree_control", "+memory") &&
	     !cg_mkdir("s/1"));
	ok(cg_is("s/1/memory.swap.max", "max\n") && cg_is("s/1/memory.swap.current", "0\n"),
	   "memory.swap.*");
	must(!cg_write("s/1/memory.max", "6M") && !pipe(keep));
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(cg_write("s/1/cgroup.procs", "0") ? 99 : hold());
	close(keep[0]);
	ok(CG_WAIT(cg_num("s/1/memory.swap.current", NULL) >= (long long)(9 * MB)),
	   "memory.swap.current: what went out");
	ok(cg_num("s/memory.swap.current", NULL) >= (long long)(9 * MB), "of the parent, too");
	is(cg_num("memory.swap.current", NULL), -1, "not of the root");
	close(keep[1]);
	waitpid(pid, NULL, 0);
	/* Linux keeps some slots at hand, per CPU. */
	ok(CG_WAIT(cg_num("s/1/memory.swap.current", NULL) < (long long)MB), "given back");
	ok(CG_WAIT(!cg_rmdir("s/1")) && CG_WAIT(!cg_rmdir("s")), "removed");
}

/* A page that comes back is his who had the slot, whoever reads it. */
static char *shared;
static int put_shared_out(void)
{
	memset(shared, 7, 8 * MB);
	/* Not all of it goes at once; and what is written is freed by a further pass. */
	return !CG_WAIT((madvise(shared, 8 * MB, MADV_PAGEOUT), cg_write("o/memory.reclaim", "8M"),
			 cg_num("o/memory.swap.current", NULL) >= (long long)(7 * MB)) &&
			cg_num("o/memory.current", NULL) < (long long)MB);
}

static int read_shared(void)
{
	for (size_t i = 0; i < 8 * MB; i += PAGE)
		if (shared[i] != 7)
			return 1;
	return 0;
}

static void test_swap_owner(void)
{
	long long before;

	shared = mmap(NULL, 8 * MB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(shared != MAP_FAILED && !cg_mkdir("o") && !cg_mkdir("r"));
	is(in_group("o", put_shared_out), 0, "shared memory of a group is out");
	before = cg_num("o/memory.current", NULL);
	is(in_group("r", read_shared), 0, "another group reads it");
	ok(cg_num("o/memory.current", NULL) - before >= (long long)(6 * MB) &&
		   cg_num("r/memory.current", NULL) < (long long)(4 * MB),
	   "the pages are charged to the one whose slots they had (%lld, %lld)",
	   cg_num("o/memory.current", NULL) - before, cg_num("r/memory.current", NULL));
	munmap(shared, 8 * MB);
	ok(CG_WAIT(!cg_rmdir("o")) && CG_WAIT(!cg_rmdir("r")), "removed");
}

/* memory.swap.max: the rest must stay in memory, which it exceeds. 517 pages, so that no batch of 32 ends just there. */
static void test_swap_max(void)
{
	must(!cg_mkdir("x") && !cg_write("x/memory.max", "6M") &&
	     !cg_write("x/memory.swap.max", "2117632"));
	ok(cg_is("x/memory.swap.max", "2117632\n"), "memory.swap.max");
	is(in_group("x", anonymous), SIGKILL, "more than memory.max and memory.swap.max: killed");
	is(cg_num("x/memory.events", "oom_kill"), 1, "events: oom_kill");
	/* Reclaim may have come to the limit and not asked for more. */
	for (long slots = 518; slots < 540 && cg_num("x/memory.swap.events", "max") == 0; slots++)
		must(!cg_write_num("x/memory.swap.max", slots * 4096) &&
		     in_group("x", anonymous) == SIGKILL);
	ok(cg_num("x/memory.swap.events", "max") > 0 && cg_num("x/memory.swap.events", "fail") > 0,
	   "memory.swap.events: max %lld, fail %lld", cg_num("x/memory.swap.events", "max"),
	   cg_num("x/memory.swap.events", "fail"));
	ok(CG_WAIT(!cg_rmdir("x")), "removed");
}

static void test_swaps(void)
{
	must(!cg_mkdir("a") && !cg_write("a/memory.max", "6M"));
	is(in_group("a", anonymous), 0,
	   "more than twice memory.max of anonymous memory, with swap");
	is(cg_num("a/memory.events", "oom_kill"), 0, "nobody was killed");
	ok(cg_num("a/memory.events", "max") > 0, "the limit was met");
	ok(cg_num("a/memory.peak", NULL) <= (long long)(6 * MB), "and kept");
	ok(CG_WAIT(!cg_rmdir("a")), "removed");
}

/* memory.low of the only user of memory does not stand against him. */
static void test_low(void)
{
	must(!cg_mkdir("l") && !cg_write("l/memory.low", "max"));
	is(in_group("l", read_data), 0, "more file pages than memory, all below memory.low");
	ok(cg_num("l/memory.events", "low") > 0, "events: low");
	ok(CG_WAIT(!cg_rmdir("l")), "removed");
}

static off_t where;

static int read_8m(void)
{
	static char buf[1 << 16];
	int fd = open(data, O_RDONLY);

	for (off_t at = where; at < where + (off_t)(8 * MB); at += sizeof(buf))
		if (pread(fd, buf, sizeof(buf), at) != sizeof(buf))
			return 1;
	return 0;
}

/* And they are nobody's any more. */
static void forget_8m(void)
{
	int fd = open(data, O_RDONLY);

	must(!posix_fadvise(fd, where, 8 * MB, POSIX_FADV_DONTNEED) && !close(fd));
}

/* Two groups read 8 MiB each, one is promised 4 of them: when both are squeezed it keeps those, and the other goes. */
static void test_shared_out(void)
{
	must(!cg_mkdir("p") && !cg_write("p/cgroup.subtree_control", "+memory") &&
	     !cg_mkdir("p/1") && !cg_mkdir("p/2"));
	must(!cg_write("p/1/memory.min", "4M"));
	must(!in_group("p/1", read_8m));
	where = 8 * MB;
	must(!in_group("p/2", read_8m));
	ok(cg_num("p/1/memory.current", NULL) >= (long long)(7 * MB) &&
		   cg_num("p/2/memory.current", NULL) >= (long long)(7 * MB),
	   "both have what they read");
	cg_write("p/memory.reclaim", "10M"); /* perhaps less: EAGAIN */
	ok(cg_num("p/1/memory.current", NULL) >= (long long)(3 * MB), "memory.min is kept");
	ok(cg_num("p/2/memory.current", NULL) <= (long long)(2 * MB), "at the cost of the other");
	ok(CG_WAIT(!cg_rmdir("p/1")) && CG_WAIT(!cg_rmdir("p/2")) && CG_WAIT(!cg_rmdir("p")),
	   "removed");
}

static bool reclaim_until_less(const char *field, size_t bytes)
{
	return CG_WAIT(cg_num("w/memory.stat", field) < (long long)bytes ||
		       (cg_write("w/memory.reclaim", "1M"), false));
}

/*
 * What was evicted is needed again: of 8 MiB of a file, and 4 MiB of anonymous memory. Of the file much stays: Linux forgets what it
 * evicted from a group that has little left.
 */
static int need_again(void)
{
	unsigned long pages = 4 * MB / PAGE;
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	fill(p, pages, 5);
	if (read_8m() || !reclaim_until_less("file", 6 * MB) || read_8m() ||
	    !reclaim_until_less("anon", MB))
		return 1;
	return wrong(p, pages, 5) != -1;
}

/* What the machine's own reclaim does, and when it does something; the others tell of all. */
static const char *const own[] = { "pgscan_kswapd",  "pgscan_direct", "pgsteal_kswapd",
				   "pgsteal_direct", "pgrefill",      "pageoutrun",
				   "allocstall" };
enum { NR_OWN = sizeof(own) / sizeof(own[0]) };
static const char *const by_kind[] = { "pgscan_anon", "pgscan_file", "pgsteal_anon",
				       "pgsteal_file" };
static const char *const of_root[] = { "pgscan", "pgscan_direct", "pgsteal", "pgsteal_direct",
				       "pgrefill" };

/* A counter of /proc/vmstat; "allocstall" is one for each zone. */
static long long vmstat(const char *name)
{
	FILE *f = fopen("/proc/vmstat", "re");
	size_t len = strlen(name);
	long long sum = 0;
	char line[200];

	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) &&
		    (line[len] == ' ' || !strncmp(line, "allocstall_", 11)))
			sum += atoll(strchr(line, ' '));
	fclose(f);
	return sum;
}

static long long of_machine(void)
{
	long long sum = 0;

	for (int i = 0; i < NR_OWN; i++)
		sum += vmstat(own[i]);
	return sum;
}

/* Has kswapd nothing to do any more? */
static bool machine_rests(void)
{
	long long before = of_machine();

	usleep(100000);
	return of_machine() == before;
}

/*
 * What a group reclaims from itself, to files and to swap, is no direct reclaim in /proc/vmstat, nor kswapd's; the root's memory.stat
 * tells of it. Again when the machine was short of memory meanwhile.
 */
static void test_vmstat(void)
{
	long long before[NR_OWN], after[NR_OWN], kinds[4], root[5], its;
	int tries = 0;

	do {
		must(!cg_mkdir("w"));
		where = 32 * MB;
		forget_8m();
		(void)CG_WAIT(machine_rests());
		for (int i = 0; i < NR_OWN; i++)
			before[i] = vmstat(own[i]);
		for (int i = 0; i < 4; i++)
			kinds[i] = vmstat(by_kind[i]);
		for (int i = 0; i < 5; i++)
			root[i] = cg_num("memory.stat", of_root[i]);
		must(!in_group("w", need_again));
		for (int i = 0; i < NR_OWN; i++)
			after[i] = vmstat(own[i]);
	} while ((after[NR_OWN - 1] != before[NR_OWN - 1] ||
		  after[NR_OWN - 2] != before[NR_OWN - 2]) &&
		 ++tries < 10 && CG_WAIT(!cg_rmdir("w")));
	for (int i = 0; i < NR_OWN; i++)
		is(after[i], before[i], "/proc/vmstat: %s is not of a group's own reclaim", own[i]);
	for (int i = 0; i < 4; i++)
		ok(vmstat(by_kind[i]) - kinds[i] >= 256, "but %s is: %lld", by_kind[i],
		   vmstat(by_kind[i]) - kinds[i]);
	/* How many active pages are looked at, if any, is up to the balance of the classes. */
	for (int i = 0; i < 5; i++)
		ok(CG_WAIT((its = cg_num("w/memory.stat", of_root[i])) >= (i < 4 ? 256 : 0) &&
			   cg_num("memory.stat", of_root[i]) - root[i] >= its),
		   "memory.stat of the root: %s (%lld; %lld)", of_root[i],
		   cg_num("memory.stat", of_root[i]) - root[i], its);
	forget_8m();
	ok(CG_WAIT(!cg_rmdir("w")), "removed");
}

static void test_refaults(void)
{
	static const struct {
		const char *field;
		long long least;
	} events[] = {
		{ "workingset_refault_file", 256 },
		{ "workingset_refault_anon", 512 },
		{ "pgsteal", 1024 },
		{ "pgmajfault", 32 },
	};

	must(!cg_mkdir("w") && !cg_mkdir("v"));
	where = 32 * MB;
	is(in_group("w", need_again), 0, "pages of a group go and come back");
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		ok(CG_WAIT(cg_num("w/memory.stat", events[i].field) >= events[i].least),
		   "memory.stat: %s (%lld)", events[i].field,
		   cg_num("w/memory.stat", events[i].field));
		is(cg_num("v/memory.stat", events[i].field), 0, "not of the neighbour");
	}
	forget_8m();
	where = 0;
	ok(CG_WAIT(!cg_rmdir("w")) && CG_WAIT(!cg_rmdir("v")), "removed");
}

/* A member of "f" that @adj protects from the OOM killer: 8 MiB, which it looks at when @keep is closed. */
static pid_t swapped_member(int sharing, const char *adj)
{
	unsigned long pages = 8 * MB / PAGE;
	int filled[2];
	pid_t pid;
	char c;

	must(!cg_mkdir("f") && !pipe(keep) && !pipe(filled));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS,
			       -1, 0);

		close(keep[1]);
		must(!cg_write("f/cgroup.procs", "0") && !spew("/proc/self/oom_score_adj", adj));
		fill(p, pages, 33);
		must(write(filled[1], "x", 1) == 1 && !read(keep[0], &c, 1));
		_exit(wrong(p, pages, 33) == -1 ? 0 : 1);
	}
	close(keep[0]);
	must(read(filled[0], &c, 1) == 1);
	close(filled[0]);
	close(filled[1]);
	return pid;
}

/*
 * A group has 8 MiB in swap and room for 2, and the device is switched off: who is in it is killed, and there is room (Linux fails all
 * the same, since it holds the victim's address space); or, when nobody can be killed, swapoff fails, and the rest stays where it is.
 */
static void test_swapoff(const char *swap, int sharing, const char *adj)
{
	bool mortal = strcmp(adj, "-1000");
	pid_t pid = swapped_member(sharing, adj);
	int status, err;

	ok(CG_WAIT((cg_write("f/memory.reclaim", "8M"),
		    cg_num("f/memory.swap.current", NULL) >= (long long)(7 * MB) &&
			    cg_num("f/memory.current", NULL) < (long long)MB)),
	   "8 MiB of a group are in swap");
	must(!cg_write("f/memory.max", "2M"));
	err = swapoff(swap) ? errno : 0;
	ok(err == ENOMEM || (mortal && !err), "swapoff while it has room for 2 MiB: errno %d", err);
	is(cg_num("f/memory.events", "oom_kill"), mortal, "events: oom_kill");
	ok(cg_num("f/memory.current", NULL) <= (long long)(2 * MB), "memory.max is kept");
	must(!cg_write("f/memory.max", "max"));
	close(keep[1]);
	must(waitpid(pid, &status, 0) == pid);
	is(status, mortal ? SIGKILL : 0, "a member with oom_score_adj %s", adj);
	must(err || !swapon(swap, 0));
	ok(CG_WAIT(!cg_rmdir("f")), "removed");
}

/* Is @pid whom the last verdict names, both as chosen and by the rule of the kernel? Quire. */
static bool is_judged(pid_t pid)
{
	char chosen[64], rule[64];

	snprintf(chosen, sizeof(chosen), "chosen    %d,", pid);
	snprintf(rule, sizeof(rule), "\nbadness  %7d (", pid);
	return strstr(slurp("/proc/mm/oom/last"), chosen) && strstr(text, rule);
}

/*
 * He who switches the device off is in the group himself: he brings in what does not fit, so he is killed, whatever his
 * oom_score_adj, and not those whose memory it is.
 */
static void test_swapoff_inside(const char *swap)
{
	pid_t pid = swapped_member(MAP_PRIVATE, "0"), culprit;
	int status;

	ok(CG_WAIT((cg_write("f/memory.reclaim", "8M"),
		    cg_num("f/memory.swap.current", NULL) >= (long long)(7 * MB) &&
			    cg_num("f/memory.current", NULL) < (long long)MB)),
	   "8 MiB of another one in the group are in swap");
	must(!cg_write("f/memory.max", "2M"));
	fflush(stdout);
	culprit = fork();
	if (!culprit) {
		must(!cg_write("f/cgroup.procs", "0") &&
		     !spew("/proc/self/oom_score_adj", "-1000"));
		swapoff(swap);
		_exit(0);
	}
	must(waitpid(culprit, &status, 0) == culprit);
	is(status, SIGKILL,
	   "swapoff in the group: who calls it is killed, with oom_score_adj -1000");
	is(cg_num("f/memory.events", "oom_kill"), 1, "events: oom_kill");
	ok(access("/proc/mm/oom/last", F_OK) || is_judged(culprit), "and the verdict says so");
	must(!cg_write("f/memory.max", "max"));
	close(keep[1]);
	must(waitpid(pid, &status, 0) == pid);
	is(status, 0, "he whose memory it is lives");
	ok(CG_WAIT(!cg_rmdir("f")), "removed");
}

int main(int argc, char **argv)
{
	char command[256];

	data = argv[2];
	must(open(data, O_RDONLY) >= 0); /* keeps its pages */
	snprintf(command, sizeof(command), "mkswap %s >/dev/null", argv[1]);
	must(!system(command) && !swapon(argv[1], 0));
	cg_mount();
	must(!cg_write("cgroup.subtree_control", "+memory"));
	test_vmstat();
	test_refaults();
	test_swaps();
	test_swap_charge();
	test_swap_max();
	test_swap_owner();
	test_shared_out();
	test_low();
	test_swapoff(argv[1], MAP_PRIVATE, "0");
	test_swapoff(argv[1], MAP_PRIVATE, "-1000");
	test_swapoff(argv[1], MAP_SHARED, "-1000");
	test_swapoff_inside(argv[1]);
	ok(!swapoff(argv[1]), "swapoff");
	return tap_end();
}
