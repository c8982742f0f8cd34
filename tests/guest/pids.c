// SPDX-License-Identifier: MIT
/* The pids controller: the limit that stops a fork, who counts, nesting, events. */
#include "cgroup.h"

static void test_files(void)
{
	must(!cg_mkdir("f"));
	ok(cg_is("f/pids.max", "max\n") && cg_is("f/pids.current", "0\n") &&
		   cg_is("f/pids.events", "max 0\n") && cg_is("f/pids.peak", "0\n"),
	   "a new group is not limited and has nobody");
	ok(!cg_write("f/pids.max", "4194304") && cg_is("f/pids.max", "4194304\n"), "the largest");
	fails(cg_write("f/pids.max", "4194305"), EINVAL, "more");
	fails(cg_write("f/pids.max", "2147483647"), EINVAL,
	      "not the number that stands for none either");
	fails(cg_write("f/pids.max", "-1"), EINVAL, "less than none");
	fails(cg_write("f/pids.max", "many"), EINVAL, "no number");
	ok(!cg_write("f/pids.max", "max") && cg_is("f/pids.max", "max\n"), "max again");
	fails(cg_write("f/pids.current", "1"), EINVAL, "pids.current is not written");
	ok(access(CG "pids.max", F_OK) && access(CG "pids.current", F_OK), "nothing in the root");
	cg_rmdir("f");
}

/* How many children can a new member of @group make? Its wait status. */
static int forks_in(const char *group)
{
	int status = -1;
	pid_t pid = cg_member(group);

	if (!pid) {
		for (int n = 0; n < 10; n++) {
			pid_t child = fork();

			if (child < 0)
				_exit(errno == EAGAIN ? n : 99);
			while (!child)
				pause();
		}
		_exit(97);
	}
	waitpid(pid, &status, 0);
	kill(-pid, SIGKILL); /* orphans, which init waits for */
	return status;
}

static void test_limit(void)
{
	pid_t pid;

	must(!cg_mkdir("p") && !cg_write("p/cgroup.subtree_control", "+pids") && !cg_mkdir("p/1"));
	must(!cg_write("p/1/pids.max", "4"));
	is(forks_in("p/1"), EXITED(3),
	   "itself and three children: the next fork fails with EAGAIN");
	is(cg_num("p/1/pids.events", "max"), 1, "events: max");
	is(cg_num("p/1/pids.peak", NULL), 4, "pids.peak");
	ok(CG_WAIT(cg_num("p/1/pids.current", NULL) == 0), "all are gone");
	must(!cg_write("p/1/pids.max", "max") && !cg_write("p/pids.max", "2"));
	is(forks_in("p/1"), EXITED(1), "the limit of the parent counts as well");
	ok(CG_WAIT(cg_num("p/pids.current", NULL) == 0), "all are gone again");

	/* Nobody is kept from moving. */
	must(!cg_write("p/1/pids.max", "0"));
	is(forks_in("p/1"), EXITED(0), "a group of none: one can move there, and not fork");
	pid = cg_sleeper();
	must(!cg_write_num("p/1/cgroup.procs", pid));
	is(cg_num("p/1/pids.current", NULL), 1, "pids.current");
	is(cg_num("p/pids.current", NULL), 1, "of the parent");
	kill(pid, SIGKILL);
	ok(CG_WAIT(cg_num("p/1/cgroup.events", "populated") == 0), "it dies");
	is(cg_num("p/1/pids.current", NULL), 1, "and counts until it is waited for");
	waitpid(pid, NULL, 0);
	ok(CG_WAIT(cg_num("p/1/pids.current", NULL) == 0), "then no more");
	pid = cg_sleeper();
	must(!cg_write_num("p/1/cgroup.procs", pid) && !cg_write_num("cgroup.procs", pid));
	is(cg_num("p/pids.current", NULL), 0, "moved away");
	cg_reap(pid);
	ok(CG_WAIT(!cg_rmdir("p/1")) && CG_WAIT(!cg_rmdir("p")), "removed");
}

int main(void)
{
	cg_mount();
	must(!cg_write("cgroup.subtree_control", "+pids"));
	test_files();
	test_limit();
	ok(!cg_write("cgroup.subtree_control", "-pids"), "the controller goes");
	return tap_end();
}
