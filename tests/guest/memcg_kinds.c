// SPDX-License-Identifier: MIT
/*
 * A control group is exhausted in each way of oom_eaters.h: it is charged for all of them. Who eats dies, others in the group and
 * outside live, a shell answers, and all of it comes back.
 */
#include "oom_eaters.h"

#define LIMIT	  (12 << 20)
#define MEMBER_KB 2048 /* more pages than who eats, but for the tables */

static long long charged(void)
{
	return cg_num("kinds/memory.current", NULL);
}

int main(void)
{
	pid_t member, neighbour;
	int fds[2];
	char c;
	long long before;
	int status;

	cg_mount();
	must(!cg_write("cgroup.subtree_control", "+memory"));
	must(!cg_mkdir("kinds") && !cg_mkdir("beside"));
	must(!cg_write_num("kinds/memory.max", LIMIT));
	eaters_group = "kinds";
	must(!pipe(fds));
	member = cg_member("kinds");
	if (!member)
		hold(MEMBER_KB, fds[1]);
	neighbour = cg_member("beside");
	if (!neighbour)
		hold(MEMBER_KB, fds[1]);
	must(member > 0 && neighbour > 0);
	must(read(fds[0], &c, 1) == 1 && read(fds[0], &c, 1) == 1);
	before = charged();
	exhaust();
	ok(!waitpid(member, &status, WNOHANG) && !waitpid(neighbour, &status, WNOHANG),
	   "another member and a neighbour live");
	is(cg_num("beside/memory.events", "oom_kill"), 0, "nobody is killed beside");
	is(system("echo answers | grep -q answers"), 0, "a shell answers");
	if (!ok(CG_WAIT(charged() < before + (1 << 20)), "all of it comes back"))
		printf("# %lld bytes before, %lld after\n", before, charged());
	cg_reap(member);
	cg_reap(neighbour);
	ok(CG_WAIT(!cg_rmdir("kinds")) && CG_WAIT(!cg_rmdir("beside")),
	   "the groups can be removed");
	cg_write("cgroup.subtree_control", "-memory");
	return tap_end();
}
