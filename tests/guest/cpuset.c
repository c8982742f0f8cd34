// SPDX-License-Identifier: MIT
/*
 * The cpuset controller: what can be written and what is effective, who may run where, from which node memory comes. With one CPU and one
 * node what can be seen there; with two of each all of it.
 */
#include "cgroup.h"
#include "textfile.h"

#include <sched.h>
#include <sys/utsname.h>

static int nr_cpus;
static bool two_nodes;

/* The CPUs that @pid may use, as bits. */
static unsigned long cpus_of(pid_t pid)
{
	unsigned long bits[16] = { 0 };

	return syscall(SYS_sched_getaffinity, pid, sizeof(bits), bits) < 0 ? 0 : bits[0];
}

static int set_cpus(unsigned long bits)
{
	return (int)syscall(SYS_sched_setaffinity, 0, sizeof(bits), &bits);
}

static bool status_says(const char *line)
{
	return strstr(slurp("/proc/self/status"), line) != NULL;
}

/* ---- what can be written ---- */

static void words(void)
{
	static const struct {
		const char *file, *text;
		int err;
	} cases[] = {
		{ "cpus", "0\n", 0 },
		{ "cpus", " 0 ", 0 },
		{ "cpus", "0,0", 0 },
		{ "cpus", "0,", 0 },
		{ "cpus", "0 0", 0 },
		{ "cpus", "0-0:1/1", 0 },
		{ "cpus", "all", 0 },
		{ "cpus", "1000", ERANGE },
		{ "cpus", "0-1000", ERANGE },
		{ "cpus", "x", EINVAL },
		{ "cpus", "1-0", EINVAL },
		{ "cpus", "0-", EINVAL },
		{ "cpus", "-1", EINVAL },
		{ "cpus", "0-0:2/1", EINVAL },
		{ "mems", "0\n", 0 },
		{ "mems", "30", EINVAL },
		{ "mems", "0-30", EINVAL },
		{ "mems", "200", EINVAL },
		{ "mems", "2000", ERANGE },
		{ "mems", "y", EINVAL },
		{ "cpus.partition", "member", 0 },
		{ "cpus.partition", "x", EINVAL },
		{ "cpus.partition", "\n", EINVAL },
		{ "cpus.effective", "0", EINVAL },
		{ "mems.effective", "0", EINVAL },
	};

	must(!cg_mkdir("w"));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char file[64], text[32];

		snprintf(file, sizeof(file), "w/cpuset.%s", cases[i].file);
		snprintf(text, sizeof(text), "%s", cases[i].text);
		text[strcspn(text, "\n")] = 0;
		errno = 0;
		is(cg_write(file, cases[i].text) ? errno : 0, cases[i].err, "cpuset.%s: \"%s\"",
		   cases[i].file, text);
	}
	ok(cg_is("w/cpuset.mems", "0\n"), "what was written last and was good is there");
	ok(!cg_write("w/cpuset.cpus", "\n") && !cg_write("w/cpuset.mems", "\n"), "nothing at all");
	ok(cg_is("w/cpuset.cpus", "\n") && cg_is("w/cpuset.mems", "\n"), "is nothing");
	ok(cg_is("w/cpuset.cpus.partition", "member\n"), "cpuset.cpus.partition");
	must(!cg_rmdir("w"));
	fails(cg_write("cpuset.cpus", "0"), ENOENT, "the root has no cpuset.cpus");
	ok(cg_read("cpuset.cpus.effective") && cg_read("cpuset.mems.effective"),
	   "but what is effective");
}

/* ---- what is effective ---- */

static void hierarchy(void)
{
	char all[64];

	snprintf(all, sizeof(all), "%s", cg_read("cpuset.cpus.effective"));
	must(!cg_mkdir("h") && !cg_write("h/cgroup.subtree_control", "+cpuset") &&
	     !cg_mkdir("h/1"));
	ok(cg_is("h/1/cpuset.cpus.effective", all), "nothing written: what the parent has");
	must(!cg_write("h/cpuset.cpus", "0"));
	ok(cg_is("h/cpuset.cpus.effective", "0\n") && cg_is("h/1/cpuset.cpus.effective", "0\n"),
	   "what is written is so below, too");
	if (nr_cpus > 1) {
		is(cg_write("h/1/cpuset.cpus", "1"), 0, "a child may want what its parent has not");
		ok(cg_is("h/1/cpuset.cpus", "1\n") && cg_is("h/1/cpuset.cpus.effective", "0\n"),
		   "it has then what its parent has");
		must(!cg_write("h/cpuset.cpus", "0-1"));
		ok(cg_is("h/1/cpuset.cpus.effective", "1\n"), "and gets it when its parent does");
	}
	must(!cg_write("h/cpuset.cpus", "\n"));
	ok(cg_is("h/cpuset.cpus.effective", all), "taken back");
	must(!cg_rmdir("h/1"));
	ok(!cg_mkdir("h/t") && !cg_write("h/t/cgroup.type", "threaded") &&
		   cg_read("h/t/cpuset.cpus"),
	   "it works on threads");
	must(!cg_rmdir("h/t") && !cg_rmdir("h"));
}

/* ---- who may run where ---- */

static void affinity(void)
{
	unsigned long all = cpus_of(0);

	must(!cg_mkdir("a"));
	ok(!cg_write("a/cgroup.procs", "0") && cpus_of(0) == all, "a member may use all");
	ok(!strcmp(slurp("/proc/self/cpuset"), "/a\n"), "/proc/self/cpuset");
	must(!cg_write("a/cpuset.cpus", "0"));
	is(cpus_of(0), 1, "cpuset.cpus: it may use those");
	ok(status_says("\nCpus_allowed_list:\t0\n"), "so says its status");
	errno = 0;
	ok(cg_write("a/cpuset.cpus", "\n") && errno == ENOSPC,
	   "not nothing, while there are members");
	fails(set_cpus(1ul << nr_cpus), EINVAL, "a CPU that is not there");
	if (nr_cpus > 1) {
		pid_t pid;

		fails(set_cpus(2), EINVAL, "one that is not in the cpuset");
		ok(!set_cpus(3) && cpus_of(0) == 1, "both: the one that is");
		must(!cg_write("a/cpuset.cpus", "1"));
		is(cpus_of(0), 2, "another CPU");
		ok(EVENTUALLY(sched_getcpu() == 1), "it runs there");
		must(!cg_write("a/cpuset.cpus", "0-1"));
		is(cpus_of(0), 3, "both");
		ok(!set_cpus(2) && cpus_of(0) == 2, "it chooses one");
		pid = cg_sleeper();
		is(cpus_of(pid), 2, "a child begins with that");
		must(!cg_write("a/cpuset.cpus", "0"));
		is(cpus_of(pid), 1, "and goes where it must");
		cg_reap(pid);
	}
	ok(!cg_write("cgroup.procs", "0") && cpus_of(0) == all, "the root: all again");
	ok(!strcmp(slurp("/proc/self/cpuset"), "/\n"), "/proc/self/cpuset of the root");
	must(!cg_rmdir("a"));
}

/* ---- who is born meanwhile ---- */

#define BIRTHS 8

static volatile struct {
	unsigned round, done; /* asked for; all born */
	pid_t born[BIRTHS];
} * nursery;

static void bear(void)
{
	for (unsigned round = 1;; round++) {
		while (nursery->round != round)
			sched_yield();
		for (int i = 0; i < BIRTHS; i++)
			nursery->born[i] = cg_sleeper();
		nursery->done = round;
		while (nursery->round == round)
			sched_yield();
		for (int i = 0; i < BIRTHS; i++)
			cg_reap(nursery->born[i]);
	}
}

/* The cpuset changes while a member forks: no child is left with what its parent had before. */
static void births(void)
{
	unsigned wrong = 0;
	pid_t pid;

	nursery = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(nursery != MAP_FAILED && !cg_mkdir("f"));
	pid = cg_member("f");
	if (!pid)
		bear();
	must(EVENTUALLY(cg_lists("f/cgroup.procs", pid)));
	for (unsigned round = 1; round <= 100; round++) {
		set_cpus(round & 1 ? 1 : 2); /* where the member is not now */
		nursery->round = round;
		for (volatile unsigned i = 0; i < round % 25 * 20000; i++)
			;
		must(!cg_write("f/cpuset.cpus", round & 1 ? "0" : "1"));
		must(EVENTUALLY(nursery->done == round));
		for (int i = 0; i < BIRTHS; i++)
			wrong += cpus_of(nursery->born[i]) != (round & 1 ? 1 : 2);
	}
	is(wrong, 0, "who is born while the cpuset changes has what it is then");
	must(!cg_write("f/cgroup.kill", "1"));
	cg_reap(pid);
	set_cpus(3);
	ok(EVENTUALLY(!cg_rmdir("f")), "removed");
}

/* ---- from where memory comes ---- */

static unsigned long frees_on(int node)
{
	char path[64], label[32];

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/meminfo", node);
	snprintf(label, sizeof(label), "Node %d MemFree:", node);
	return (unsigned long)number_in(path, label);
}

/* kB of node 1 that 8 MiB of fresh memory take. */
static long taken_of_1(void)
{
	const size_t size = 8 << 20;
	unsigned long before = frees_on(1);
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long taken;

	must(p != MAP_FAILED);
	memset(p, 1, size);
	taken = (long)(before - frees_on(1));
	munmap(p, size);
	return taken;
}

static void memory(void)
{
	must(!cg_mkdir("m") && !cg_write("m/cgroup.procs", "0") && !cg_write("m/cpuset.mems", "0"));
	ok(status_says("\nMems_allowed_list:\t0\n"), "cpuset.mems: its status says so");
	errno = 0;
	ok(cg_write("m/cpuset.mems", "\n") && errno == ENOSPC,
	   "not nothing, while there are members");
	if (two_nodes) {
		set_cpus(1ul << (nr_cpus - 1)); /* the CPU is on the other node each time */
		ok(EVENTUALLY(taken_of_1() < 2048), "memory comes from node 0");
		must(!set_cpus(1) && !cg_write("m/cpuset.mems", "1"));
		ok(status_says("\nMems_allowed_list:\t1\n"), "the other node");
		ok(EVENTUALLY(taken_of_1() > 6144), "memory comes from node 1");
		must(!cg_write("m/cpuset.mems", "0-1"));
		ok(status_says("\nMems_allowed_list:\t0-1\n"), "both");
	}
	must(!cg_write("cgroup.procs", "0") && !cg_rmdir("m"));
	ok(status_says(two_nodes ? "\nMems_allowed_list:\t0-1\n" : "\nMems_allowed_list:\t0\n"),
	   "the root: all again");
}

int main(void)
{
	struct utsname name;

	nr_cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	two_nodes = !access("/sys/devices/system/node/node1/meminfo", R_OK);
	cg_mount();
	ok(!cg_write("cgroup.subtree_control", "+cpuset"), "+cpuset");
	words();
	hierarchy();
	affinity();
	if (!uname(&name) && !strstr(name.version, "Quire"))
		ok(true, "births # skip oracle: none, of 800 some keep what it was");
	else if (nr_cpus > 1)
		births();
	memory();
	ok(EVENTUALLY(!cg_write("cgroup.subtree_control", "-cpuset")), "-cpuset");
	return tap_end();
}
