// SPDX-License-Identifier: MIT
/*
 * The kernel's memory for the tasks of a group is charged to the group: page tables, stacks. So a fork bomb stays within memory.max,
 * and does not harm who is not in the group.
 */
#include "cgroup.h"

#define MB	 (1024 * 1024ll)
#define CHILDREN 8

static bool tables_are_kernel(void)
{
	const char *stat = cg_read("t/memory.stat");

	return stat && cg_field(stat, "kernel") >= cg_field(stat, "pagetables");
}

/* A page in each of 256 ranges of 2 MiB: as many page tables. */
static void test_tables(void)
{
	size_t size = 256 * 2 * MB;
	pid_t pid;

	cg_mkdir("t");
	pid = cg_member("t");
	if (!pid) {
		char *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		madvise(mem, size, MADV_NOHUGEPAGE);
		for (size_t at = 0; at < size; at += 2 * MB)
			(void)*(volatile char *)(mem + at);
		for (;;)
			pause();
	}
	ok(CG_WAIT(cg_num("t/memory.stat", "pagetables") >= 1 * MB), "page tables are charged");
	ok(CG_WAIT(tables_are_kernel()), "they are memory of the kernel");
	ok(cg_num("t/memory.current", NULL) >= 1 * MB, "and count");
	cg_reap(pid);
	ok(CG_WAIT(cg_num("t/memory.stat", "pagetables") < MB / 8), "given back");
	ok(CG_WAIT(!cg_rmdir("t")), "removed");
}

static void test_stacks(void)
{
	pid_t pid;

	cg_mkdir("s");
	pid = cg_member("s");
	if (!pid) {
		for (int i = 0; i < CHILDREN; i++)
			if (!fork())
				break;
		for (;;)
			pause();
	}
	ok(CG_WAIT(cg_num("s/memory.stat", "kernel_stack") >= CHILDREN * 16384),
	   "stacks of %d children are charged", CHILDREN);
	kill(-pid, SIGKILL);
	cg_reap(pid);
	ok(CG_WAIT(cg_num("s/memory.stat", "kernel_stack") <= 16384), "given back");
	ok(CG_WAIT(!cg_rmdir("s")), "removed");
}

/* Everybody forks as fast as he can, and holds nothing but himself. */
static void bomb(void)
{
	for (;;)
		fork();
}

static void test_bomb(void)
{
	pid_t pid, other;
	int status;

	cg_mkdir("b");
	must(!cg_write("b/memory.max", "4M"));
	cg_write("b/memory.swap.max", "0");
	cg_write("b/memory.oom.group", "1");
	other = cg_sleeper();
	pid = cg_member("b");
	if (!pid)
		bomb();
	ok(waitpid(pid, &status, 0) == pid && status == SIGKILL, "a fork bomb meets memory.max");
	/* Who was the first to be killed may be gone before the kill of the group is counted. */
	ok(CG_WAIT(cg_num("b/memory.events", "oom_group_kill") >= 1), "and dies as a whole");
	ok(cg_num("b/memory.peak", NULL) <= 5 * MB, "it had no more: %lld",
	   cg_num("b/memory.peak", NULL));
	is(waitpid(other, &status, WNOHANG), 0, "nobody else died");
	cg_reap(other);
	cg_write("b/cgroup.kill", "1");
	ok(CG_WAIT(!cg_rmdir("b")), "removed");
}

int main(void)
{
	cg_mount();
	must(!cg_write("cgroup.subtree_control", "+memory"));
	test_tables();
	test_stacks();
	test_bomb();
	cg_write("cgroup.subtree_control", "-memory");
	return tap_end();
}
