// SPDX-License-Identifier: MIT
/*
 * Groups that come and go under load: workers on all CPUs fault, fork, touch shared files and are moved about while groups are
 * made and removed. At the end every count is 0.
 */
#include "cgroup.h"
#include <pthread.h>
#include <sched.h>

#define GROUPS	3
#define WORKERS 4
#define ROUNDS	6

static const char *group_name(int i)
{
	static char name[16][32];
	static int at;

	at = (at + 1) % 16;
	snprintf(name[at], sizeof(name[at]), "s/%d", i);
	return name[at];
}

/* Until killed: memory taken and given back, children that do the same. */
static void work(void)
{
	for (;;) {
		char *mem = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		pid_t pid;

		if (mem != MAP_FAILED)
			memset(mem, 1, 64 * PAGE);
		pid = fork();
		if (!pid) {
			memset(mem, 2, 16 * PAGE);
			_exit(0);
		}
		if (pid > 0)
			waitpid(pid, NULL, 0);
		if (mem != MAP_FAILED)
			munmap(mem, 64 * PAGE);
	}
}

static void write_procs(int group, pid_t pid)
{
	char file[64];

	snprintf(file, sizeof(file), "%s/cgroup.procs", group_name(group));
	cg_write_num(file, pid);
}

/* Until killed: the CPU time of all never gets less, whoever moves, dies or is removed. */
static pid_t watch(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	for (long long last = 0, now; !pid; last = now) {
		now = cg_num("s/cpu.stat", "usage_usec");
		if (now < last)
			_exit(1);
		sleep_ms(1);
	}
	return pid;
}

int main(void)
{
	pid_t pid[WORKERS], watcher;
	int made = 0, removed = 0;
	char file[64];

	cg_mount();
	must(!cg_write("cgroup.subtree_control", "+memory"));
	must(!cg_mkdir("s") && !cg_write("s/cgroup.subtree_control", "+memory"));
	watcher = watch();
	for (int i = 0; i < WORKERS; i++) {
		fflush(stdout);
		pid[i] = fork();
		if (!pid[i])
			work();
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < GROUPS; i++) {
			made += !cg_mkdir(group_name(i));
			snprintf(file, sizeof(file), "%s/memory.max", group_name(i));
			cg_write(file, "4M");
		}
		for (int i = 0; i < WORKERS; i++)
			write_procs((round + i) % GROUPS, pid[i]);
		snprintf(file, sizeof(file), "%s/memory.stat", group_name(round % GROUPS));
		cg_read(file);
		for (int i = 0; i < WORKERS; i++)
			cg_write_num("cgroup.procs", pid[i]);
		/* Children that were on their way are still in the groups. */
		for (int i = 0; i < GROUPS; i++)
			removed += CG_WAIT(!cg_rmdir(group_name(i)));
	}
	is(made, ROUNDS * GROUPS, "groups made");
	is(removed, made, "and removed");
	ok(CG_WAIT(cg_num("s/cgroup.stat", "nr_descendants") == 0), "none is left");
	for (int i = 0; i < WORKERS; i++)
		cg_reap(pid[i]);
	ok(WIFSIGNALED(cg_reap(watcher)), "the CPU time of the parent has never got less");
	ok(cg_num("s/cpu.stat", "usage_usec") > 0, "and has not gone");
	ok(CG_WAIT(cg_num("s/memory.current", NULL) < 1024 * 1024), "what they had is free");
	ok(!cg_rmdir("s"), "the parent goes");
	ok(!cg_write("cgroup.subtree_control", "-memory"), "the controller goes too");
	return tap_end();
}
