// SPDX-License-Identifier: MIT
/* Pressure of control groups: who waits for a CPU or for memory, in his group and those above, not beside; triggers; cgroup.pressure. */
#include "cgroup.h"

#include <sched.h>

#define MB (1024 * 1024ll)

/* us of the line "some" or "full"; -1 when the file has not the two lines. */
static long long total(const char *file, const char *kind)
{
	unsigned long long some, full;
	char *text = cg_read(file);
	double a[6];

	if (!text || sscanf(text,
			    "some avg10=%lf avg60=%lf avg300=%lf total=%llu\n"
			    "full avg10=%lf avg60=%lf avg300=%lf total=%llu\n",
			    a, a + 1, a + 2, &some, a + 3, a + 4, a + 5, &full) != 8)
		return -1;
	return *kind == 's' ? some : full;
}

/* Waiting for a CPU as a whole is waiting as one of several; a little later it may be told. */
static bool full_is_some(const char *file)
{
	char *text = cg_read(file), *some = strstr(text, "total="),
	     *full = strstr(some + 1, "total=");

	return strtoll(some + 6, NULL, 10) >= strtoll(full + 6, NULL, 10) - 50000;
}

/* A member of @group that wants CPU 0 until it is killed. */
static pid_t spinner(const char *group)
{
	pid_t pid = cg_member(group);
	cpu_set_t set;

	if (pid)
		return pid;
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	must(!sched_setaffinity(0, sizeof(set), &set));
	for (volatile unsigned long n = 0;; n++)
		;
}

static void test_cpu(void)
{
	pid_t pid[3];

	is(total("a/1/cpu.pressure", "some"), 0, "a new group has no pressure");
	pid[0] = spinner("a/1");
	pid[1] = spinner("a/1");
	ok(EVENTUALLY(total("a/1/cpu.pressure", "some") > 50000), "two for one CPU: some");
	ok(total("a/cpu.pressure", "some") > 40000, "of the parent, too");
	ok(total("cpu.pressure", "some") > 40000, "of the root");
	is(total("a/2/cpu.pressure", "some"), 0, "not of the neighbour");
	is(total("a/1/memory.pressure", "some"), 0, "of no other kind");
	pid[2] = spinner("a/2");
	ok(EVENTUALLY(total("a/2/cpu.pressure", "full") > 50000),
	   "alone in its group, beside others: full");
	ok(full_is_some("a/2/cpu.pressure"), "which is some as well");
	for (int i = 0; i < 3; i++)
		cg_reap(pid[i]);
}

/* A member of @group that is always above its memory.high: it reclaims in vain, and sleeps. */
static pid_t eater(const char *group)
{
	pid_t pid = cg_member(group);
	volatile char *mem;

	if (pid)
		return pid;
	mem = mmap(NULL, 64 * MB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t at = 0; at < (size_t)(64 * MB); at += 4096)
		mem[at] = 1;
	for (;;)
		pause();
}

static void test_memory(void)
{
	struct pollfd p = { .fd = open(CG "a/1/memory.pressure", O_RDWR), .events = POLLPRI };
	pid_t pid;

	must(p.fd >= 0);
	fails(write(p.fd, "some 0 1000000", 15), EINVAL, "threshold 0");
	fails(write(p.fd, "more 1000 1000000", 18), EINVAL, "neither some nor full");
	ok(write(p.fd, "some 50000 1000000", 19) == 19, "a trigger");
	fails(write(p.fd, "some 50000 1000000", 19), EBUSY, "only one for an open file");
	is(poll(&p, 1, 0), 0, "no event yet");
	must(!cg_write("a/1/memory.high", "1M"));
	pid = eater("a/1");
	is(poll(&p, 1, 30000), 1, "who is above memory.high is stalled: an event");
	ok((p.revents & POLLPRI) && !(p.revents & POLLERR), "POLLPRI");
	ok(EVENTUALLY(total("a/1/memory.pressure", "some") > 50000), "memory.pressure: some");
	ok(EVENTUALLY(total("a/memory.pressure", "full") > 50000), "full, of the parent");
	is(total("a/2/memory.pressure", "some"), 0, "not of the neighbour");
	cg_reap(pid);
	ok(CG_WAIT(!cg_rmdir("a/1")), "removed, with a trigger");
	ok(poll(&p, 1, 30000) == 1 && (p.revents & POLLPRI) && (p.revents & POLLERR),
	   "who waits is told");
	fails(read(p.fd, cg_text, 100), ENODEV, "and nothing can be read");
	close(p.fd);
}

static void test_switch(void)
{
	ok(cg_is("a/2/cgroup.pressure", "1\n"), "cgroup.pressure: on");
	fails(cg_write("a/2/cgroup.pressure", "2"), ERANGE, "0 or 1");
	fails(cg_write("a/2/cgroup.pressure", "x"), EINVAL, "a number");
	ok(!cg_write("a/2/cgroup.pressure", "0") && access(CG "a/2/cpu.pressure", F_OK),
	   "off: the files are not there");
	ok(!cg_write("a/2/cgroup.pressure", "1") && total("a/2/cpu.pressure", "some") >= 0,
	   "on again");
}

static long long of_machine(void)
{
	return total("../../../proc/pressure/cpu", "some");
}

/* Does what the machine has seen stay the same while the group sees more? */
static bool stands_still(void)
{
	long long machine = of_machine(), group = total("a/2/cpu.pressure", "some");

	return EVENTUALLY(total("a/2/cpu.pressure", "some") > group + 20000) &&
	       of_machine() == machine;
}

static void test_switch_root(void)
{
	int fd = open(CG "cpu.pressure", O_RDONLY), sw = open(CG "cgroup.pressure", O_RDWR);
	pid_t pid[2] = { spinner("a/2"), spinner("a/2") };
	long long before;

	must(fd >= 0 && sw >= 0);
	ok(cg_is("cgroup.pressure", "1\n"), "cgroup.pressure of the root: on");
	is(write(sw, "", 0), 0, "nothing written changes nothing");
	fails(write(sw, "2", 1), ERANGE, "0 or 1");
	fails(write(sw, "-1", 2), ERANGE, "not below");
	fails(write(sw, "on", 2), EINVAL, "a number");
	fails(write(sw, "\n", 1), EINVAL, "an empty line is none");
	ok(cg_is("cgroup.pressure", "1\n") && total("cpu.pressure", "some") >= 0, "still on");
	ok(!cg_write("cgroup.pressure", "0") && cg_is("cgroup.pressure", "0\n"), "off");
	ok(access(CG "cpu.pressure", F_OK) && access(CG "io.pressure", F_OK) &&
		   access(CG "memory.pressure", F_OK),
	   "the root's files are not there");
	fails(read(fd, cg_text, 100), ENODEV, "who has one open cannot read it");
	ok(total("a/cpu.pressure", "some") >= 0 && cg_is("a/cgroup.pressure", "1\n"),
	   "those of the groups are");
	ok(EVENTUALLY(stands_still()), "groups are observed, the machine is not");
	ok(!cg_write("cgroup.pressure", "0\n"), "off, once more");
	before = of_machine();
	ok(!cg_write("cgroup.pressure", "1") && total("cpu.pressure", "some") >= before,
	   "on: the files are back");
	ok(EVENTUALLY(of_machine() > before + 20000), "and the machine is observed");
	close(fd), close(sw);
	cg_reap(pid[0]);
	cg_reap(pid[1]);
}

int main(void)
{
	cg_mount();
	must(!cg_write("cgroup.subtree_control", "+memory"));
	must(!cg_mkdir("a") && !cg_write("a/cgroup.subtree_control", "+memory"));
	must(!cg_mkdir("a/1") && !cg_mkdir("a/2"));
	ok(total("io.pressure", "some") >= 0 && total("a/io.pressure", "full") == 0, "io.pressure");
	test_cpu();
	test_memory();
	test_switch();
	test_switch_root();
	ok(CG_WAIT(!cg_rmdir("a/2")) && CG_WAIT(!cg_rmdir("a")), "removed");
	cg_write("cgroup.subtree_control", "-memory");
	return tap_end();
}
