// SPDX-License-Identifier: MIT
/*
 * cpu.stat of control groups: the CPU time of those that are and were in them, to the nanosecond that the tasks' own clocks tell. All
 * is on one CPU: while we look nobody else runs, and who has not run between two looks at his clock has the same time in his group.
 */
#include "cgroup.h"
#include "textfile.h"

#include <pthread.h>
#include <sched.h>

#define BURN_NS (30 * 1000 * 1000ll)

static long long usage(const char *group)
{
	return cg_num(cg_path("%s/cpu.stat", group) + strlen(CG), "usage_usec");
}

static long long user_time(const char *group)
{
	return cg_num(cg_path("%s/cpu.stat", group) + strlen(CG), "user_usec");
}

static long long system_time(const char *group)
{
	return cg_num(cg_path("%s/cpu.stat", group) + strlen(CG), "system_usec");
}

static void burn(long long ns)
{
	int64_t end = now_ns(CLOCK_THREAD_CPUTIME_ID) + ns;

	while (now_ns(CLOCK_THREAD_CPUTIME_ID) < end)
		;
}

/* Nearly all of it in the kernel. */
static void read_zeros(long long ns)
{
	static char buf[1 << 18];
	int64_t end = now_ns(CLOCK_THREAD_CPUTIME_ID) + ns;
	int fd = open("/dev/zero", O_RDONLY);

	do
		must(read(fd, buf, sizeof(buf)) == (ssize_t)sizeof(buf));
	while (now_ns(CLOCK_THREAD_CPUTIME_ID) < end);
	close(fd);
}

/* ---- a worker that does what it is told ---- */

static int order[2], answer[2];
static pid_t worker;
static clockid_t its_clock;

/* Until the orders end. */
static void work(void)
{
	char c;

	while (read(order[0], &c, 1) == 1) {
		if (c == 'b') {
			burn(BURN_NS);
		} else if (c == 'k') {
			read_zeros(1);
		} else if (c == 'K') {
			read_zeros(BURN_NS);
		} else if (c == 'f') { /* somebody else does it, and is gone */
			pid_t pid = fork();

			if (!pid) {
				burn(BURN_NS);
				_exit(0);
			}
			must(waitpid(pid, NULL, 0) == pid);
		} else if (c == 'z') { /* ... and is left a zombie */
			siginfo_t info;
			pid_t pid = fork();

			if (!pid) {
				burn(BURN_NS);
				_exit(0);
			}
			must(!waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
		} else if (c == 'w') {
			must(wait(NULL) > 0);
		}
		must(write(answer[1], &c, 1) == 1);
	}
}

static void step(char c)
{
	must(write(order[1], &c, 1) == 1 && read(answer[0], &c, 1) == 1);
}

/* The worker's time now, and where it stood around its move to @group. */
struct span {
	long long first, last;
};

static struct span move_to(const char *group)
{
	struct span span = { .first = now_ns(its_clock) };

	must(!cg_write_num(cg_path("%s/cgroup.procs", group) + strlen(CG), worker));
	span.last = now_ns(its_clock);
	return span;
}

/* Has @group exactly what the clock went on from @from to @to (NULL: to now)? */
static bool has(const char *group, const struct span *from, const struct span *to)
{
	struct span now;
	long long us;

	do {
		now.first = now_ns(its_clock);
		us = usage(group);
		now.last = now_ns(its_clock);
	} while (now.first != now.last);
	if (!to)
		to = &now;
	if (us >= (to->first - from->last) / 1000 && us <= (to->last - from->first) / 1000)
		return true;
	printf("# %s: %lld us, of %lld to %lld ns\n", group, us, to->first - from->last,
	       to->last - from->first);
	return false;
}

/* ---- tests ---- */

static void test_form(void)
{
	unsigned long long n[3];
	char *text = cg_read("cpu.stat");
	struct stat st;
	int fd;

	ok(text && sscanf(text, "usage_usec %llu\nuser_usec %llu\nsystem_usec %llu\n", n, n + 1,
			  n + 2) == 3,
	   "cpu.stat of the root");
	ok(cg_is("t/a/cpu.stat", "usage_usec 0\nuser_usec 0\nsystem_usec 0\n"), "of a new group");
	ok(!stat(CG "t/a/cpu.stat", &st) && (st.st_mode & 07777) == 0444, "is only to be read");
	fd = open(CG "t/a/cpu.stat", O_RDWR);
	fails(write(fd, "0", 1), EINVAL, "who writes gets EINVAL");
	is(write(fd, "", 0), 0, "but for nothing");
	close(fd);
}

static void test_moves(void)
{
	struct span to_a, to_b, to_root, again;
	long long before, both;

	to_a = move_to("t/a");
	step('b');
	ok(has("t", &to_a, NULL), "a member's time since it came, exactly: of the parent");
	ok(has("t/a", &to_a, NULL), "of its own group, too");
	is(usage("t/b"), 0, "not the neighbour's");
	to_b = move_to("t/b");
	step('b');
	ok(has("t/a", &to_a, &to_b), "who moves leaves behind what it had");
	ok(has("t/b", &to_b, NULL), "and starts anew");
	ok(has("t", &to_a, NULL), "the parent has both");
	to_root = move_to("");
	step('b');
	ok(has("t/b", &to_b, &to_root) && has("t", &to_a, &to_root), "nothing comes from the root");
	before = usage("t/b");
	again = move_to("t/b/g");
	step('b');
	ok(has("t/b/g", &again, NULL), "a grand-child");
	/* Who has answered may not be asleep yet, and run between two of the looks that follow. */
	must(EVENTUALLY(sleeps_in(worker, SYS_read)));
	both = usage("t/a") + usage("t/b");
	ok(usage("t/b") >= before + BURN_NS / 1000 && usage("t") >= both && usage("t") <= both + 2,
	   "goes into the sums above");
}

/* Until a tick comes all seems to be user time, and what was shown stays, though it was not. */
static void test_first_tick(void)
{
	long long user;

	must(!cg_mkdir("u"));
	move_to("u");
	step('k');
	user = user_time("u");
	step('K');
	ok(user_time("u") >= user, "no way back: %lld us of user time", user);
	move_to("");
	must(!cg_rmdir("u"));
}

static void test_dead(void)
{
	long long before = usage("t/b/g"), all = usage("t");
	int fd = open(CG "t/b/g/cpu.stat", O_RDONLY);

	step('f');
	ok(usage("t/b/g") >= before + BURN_NS / 1000,
	   "the time of who was born there, and is gone");
	before = usage("t/b/g");
	step('z');
	ok(usage("t/b/g") >= before + BURN_NS / 1000, "of a zombie");
	before = usage("t/b/g");
	move_to("t/b");
	ok(!cg_rmdir("t/b/g"), "a group with a zombie is removed");
	fails(read(fd, cg_text, 100), ENODEV, "its open file has gone");
	close(fd);
	ok(usage("t/b") >= before && usage("t") >= all + 2 * BURN_NS / 1000, "the time has not");
	before = usage("t/b");
	step('w');
	ok(usage("t/b") >= before, "nor when the zombie is buried");
	all = usage("t");
	cg_reap(worker);
	before = usage("t/b");
	ok(before > 0 && usage("t") >= all, "nor when the last one dies");
	ok(CG_WAIT(!cg_rmdir("t/b")) && usage("t") >= all, "nor with the group");
}

/* ---- threads ---- */

static void *thread(void *arg)
{
	*(volatile pid_t *)arg = (pid_t)syscall(SYS_gettid);
	work();
	return NULL;
}

static void *ends(void *arg)
{
	must(!cg_write_num("t/d/x/cgroup.threads", syscall(SYS_gettid)));
	burn(BURN_NS);
	return NULL;
}

static void test_threads(void)
{
	volatile pid_t tid = 0;
	long long before, ours;
	pthread_t id, short_lived;
	struct span from;

	must(!cg_mkdir("t/d") && !cg_mkdir("t/d/x") && !cg_write("t/d/x/cgroup.type", "threaded"));
	must(!cg_write("t/d/cgroup.procs", "0") && !pipe(order) && !pipe(answer));
	must(!pthread_create(&id, NULL, thread, (void *)&tid));
	step('-');
	must(!pthread_getcpuclockid(id, &its_clock));
	from.first = now_ns(its_clock);
	must(!cg_write_num("t/d/x/cgroup.threads", tid));
	from.last = now_ns(its_clock);
	step('b');
	ok(has("t/d/x", &from, NULL), "a thread in a group of its own: its time alone");
	before = usage("t/d");
	burn(BURN_NS);
	ok(has("t/d/x", &from, NULL), "not that of the others of its process");
	ours = usage("t/d");
	ok(ours >= before + BURN_NS / 1000 && ours >= usage("t/d/x") + BURN_NS / 1000,
	   "which is with the domain, where both are");
	before = usage("t/d/x");
	must(!pthread_create(&short_lived, NULL, ends, NULL) && !pthread_join(short_lived, NULL));
	ok(usage("t/d/x") >= before + BURN_NS / 1000, "the time of a thread that has ended stays");
	before = usage("t/d/x");
	close(order[1]);
	must(!pthread_join(id, NULL));
	ok(usage("t/d/x") >= before, "of the last one, too");
	must(!cg_write("cgroup.procs", "0"));
}

/* ---- user and system ---- */

/* A member of @group that wants its CPU until it is killed, in user mode or in the kernel. */
static pid_t spinner(const char *group, bool in_kernel)
{
	pid_t pid = cg_member(group);

	if (pid)
		return pid;
	for (volatile unsigned long n = 0;; n++)
		if (in_kernel)
			read_zeros(BURN_NS);
}

static bool is_sound = true;

/* Has @which of @group 100 ms? Both are the whole, and neither goes back, in all looks until then: else nothing is_sound. */
static bool grows(const char *group, const char *which)
{
	static long long last[2];
	char *text = cg_read(cg_path("%s/cpu.stat", group) + strlen(CG));
	long long all = cg_field(text, "usage_usec"), user = cg_field(text, "user_usec"),
		  system = cg_field(text, "system_usec"), rest = all - user - system;

	if (rest < 0 || rest > 1 || user < last[0] || system < last[1]) {
		printf("# %lld = %lld + %lld, before %lld + %lld\n", all, user, system, last[0],
		       last[1]);
		is_sound = false;
	}
	last[0] = user;
	last[1] = system;
	return cg_field(text, which) > 100000;
}

static void test_kinds(void)
{
	long long goal;
	pid_t pid;

	must(!cg_mkdir("t/k"));
	pid = spinner("t/k", true);
	ok(EVENTUALLY(grows("t/k", "system_usec")), "who calls the kernel has system time");
	cg_reap(pid);
	pid = spinner("t/k", false);
	ok(EVENTUALLY(grows("t/k", "user_usec")), "who computes has user time");
	cg_reap(pid);
	pid = spinner("t/k", true);
	goal = system_time("t/k") + 100000;
	(void)EVENTUALLY((grows("t/k", "system_usec"), system_time("t/k") >= goal));
	cg_reap(pid);
	ok(is_sound, "at all times both are the whole, and neither goes back");
}

/* us of the first line of /proc/stat, where each field is in 10 ms: all but what is idle. */
static long long stat_usec(void)
{
	long long n[8];
	FILE *f = fopen("/proc/stat", "r");

	must(f && fscanf(f, "cpu %lld %lld %lld %lld %lld %lld %lld %lld", n, n + 1, n + 2, n + 3,
			 n + 4, n + 5, n + 6, n + 7) == 8);
	fclose(f);
	return (n[0] + n[1] + n[2] + n[5] + n[6] + n[7]) * 10000;
}

static void test_root(void)
{
	long long before = stat_usec(), now = usage(""), after = stat_usec();
	pid_t pid = spinner("t/k", false);

	ok(now >= before && now < after + 6 * 10000,
	   "the root has the machine's time: %lld <= %lld", before, now);
	now = user_time("");
	ok(EVENTUALLY(user_time("") > now + 50000), "that of the groups, too");
	cg_reap(pid);
	pid = spinner("", true);
	now = system_time("");
	ok(EVENTUALLY(system_time("") > now + 50000), "and its own members'");
	cg_reap(pid);
}

int main(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	must(!sched_setaffinity(0, sizeof(set), &set));
	cg_mount();
	must(!cg_mkdir("t") && !cg_mkdir("t/a") && !cg_mkdir("t/b") && !cg_mkdir("t/b/g"));
	test_form();
	must(!pipe(order) && !pipe(answer));
	worker = cg_member("");
	if (!worker) {
		work();
		_exit(0);
	}
	step('-'); /* it is in the root, where it puts itself */
	must(!clock_getcpuclockid(worker, &its_clock));
	test_first_tick();
	test_moves();
	test_dead();
	test_kinds();
	test_root();
	test_threads();
	ok(CG_WAIT(!cg_rmdir("t/d/x")) && CG_WAIT(!cg_rmdir("t/d")) && CG_WAIT(!cg_rmdir("t/k")) &&
		   CG_WAIT(!cg_rmdir("t/a")) && CG_WAIT(!cg_rmdir("t")),
	   "removed");
	return tap_end();
}
