// SPDX-License-Identifier: MIT
/*
 * The memory controller of control groups: who is charged, limits, reclaim of one group while its neighbour keeps its pages, killing
 * within the group, events, and what becomes of the pages of a removed group.
 */
#include "cgroup.h"

#define MB (1024 * 1024ll)

static bool has_word(const char *file, const char *word)
{
	char *text = cg_read(file), *p;

	for (p = text ? strtok(text, " \n") : NULL; p; p = strtok(NULL, " \n"))
		if (!strcmp(p, word))
			return true;
	return false;
}

static void test_controllers(void)
{
	pid_t pid;

	ok(has_word("cgroup.controllers", "memory"), "memory can be given");
	cg_mkdir("c");
	cg_mkdir("c/1");
	ok(cg_is("c/cgroup.controllers", "") && access(CG "c/memory.current", F_OK), "but is not");
	fails(cg_write("c/cgroup.subtree_control", "+memory"), ENOENT,
	      "what one has not got cannot be given on");
	fails(cg_write("cgroup.subtree_control", "+nothing"), EINVAL, "no such controller");
	fails(cg_write("cgroup.subtree_control", "memory"), EINVAL, "neither + nor -");
	ok(!cg_write("cgroup.subtree_control", "+memory") &&
		   has_word("cgroup.subtree_control", "memory"),
	   "given");
	ok(!cg_write("cgroup.subtree_control", "+memory"), "twice is no error");
	ok(has_word("c/cgroup.controllers", "memory") && !access(CG "c/memory.current", F_OK) &&
		   access(CG "c/1/memory.current", F_OK),
	   "to the children");
	ok(!cg_write("cgroup.subtree_control", "-memory +memory"), "the last word counts");
	ok(!cg_write("c/cgroup.subtree_control", "+memory"), "and to theirs");
	fails(cg_write("cgroup.subtree_control", "-memory"), EBUSY,
	      "not taken from who gave it on");
	pid = cg_sleeper();
	fails(cg_write_num("c/cgroup.procs", pid), EBUSY, "who gives has no members");
	ok(!cg_write_num("c/1/cgroup.procs", pid), "a leaf has");
	ok(!cg_write("c/cgroup.subtree_control", "-memory") &&
		   access(CG "c/1/memory.current", F_OK),
	   "taken back with the files");
	ok(!cg_write_num("c/cgroup.procs", pid), "now members may come");
	fails(cg_write("c/cgroup.subtree_control", "+memory"), EBUSY,
	      "and who has members gives nothing");
	cg_reap(pid);
	ok(!cg_rmdir("c/1") && !cg_rmdir("c"), "removed");
}

static void test_threaded(void)
{
	cg_mkdir("t");
	cg_mkdir("t/1");
	cg_write("t/1/cgroup.type", "threaded");
	fails(cg_write("t/cgroup.subtree_control", "+memory"), EOPNOTSUPP,
	      "no controller of domains in a threaded domain");
	cg_rmdir("t/1");
	cg_rmdir("t");
}

static void test_files(void)
{
	cg_mkdir("f");
	ok(cg_is("f/memory.max", "max\n") && cg_is("f/memory.high", "max\n") &&
		   cg_is("f/memory.min", "0\n") && cg_is("f/memory.low", "0\n") &&
		   cg_is("f/memory.oom.group", "0\n"),
	   "a new group is not limited");
	is(cg_num("f/memory.current", NULL), 0, "and has nothing");
	ok(!cg_write("f/memory.max", "3M\n") && cg_is("f/memory.max", "3145728\n"), "a suffix");
	ok(!cg_write("f/memory.high", "10000") && cg_is("f/memory.high", "8192\n"), "whole pages");
	fails(cg_write("f/memory.max", "lots"), EINVAL, "no number");
	fails(cg_write("f/memory.max", "1 2"), EINVAL, "two numbers");
	fails(cg_write("f/memory.low", "3x"), EINVAL, "an unknown suffix");
	ok(!cg_write("f/memory.max", "\n") && cg_is("f/memory.max", "0\n"), "nothing is nothing");
	ok(!cg_write("f/memory.max", "max") && cg_is("f/memory.max", "max\n"), "max");
	fails(cg_write("f/memory.oom.group", "2"), EINVAL, "memory.oom.group is 0 or 1");
	fails(cg_write("f/memory.current", "0"), EINVAL, "current is not written");
	ok(access(CG "memory.current", F_OK) && !access(CG "memory.stat", F_OK),
	   "the root has no limits, but a stat");
	cg_rmdir("f");
}

/* ---- a child that works in a group ---- */

static int to_child, from_child;

/* 'a' anonymous memory is filled, 'r' the file is read, 'x' the end: an answer each. */
static void worker(int in, int out, size_t size, const char *file)
{
	char *mem = NULL, buf[65536], c;

	while (read(in, &c, 1) == 1 && c != 'x') {
		if (c == 'a') {
			if (!mem)
				mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			memset(mem, 7, size);
		} else if (c == 'f') {
			munmap(mem, size);
			mem = NULL;
		} else {
			int fd = open(file, O_RDONLY);
			while (read(fd, buf, sizeof(buf)) > 0)
				;
			close(fd);
		}
		if (write(out, &c, 1) != 1)
			break;
	}
	_exit(0);
}

static pid_t start_worker(const char *group, size_t size, const char *file)
{
	int in[2], out[2];
	pid_t pid;

	must(!pipe(in) && !pipe(out));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		char procs[256];

		close(in[1]);
		close(out[0]);
		snprintf(procs, sizeof(procs), "%s/cgroup.procs", group);
		cg_write(procs, "0");
		worker(in[0], out[1], size, file);
	}
	close(in[0]);
	close(out[1]);
	to_child = in[1];
	from_child = out[0];
	return pid;
}

/* Did the child answer? It may have died. */
static bool tell_child(char c)
{
	return write(to_child, &c, 1) == 1 && read(from_child, &c, 1) == 1;
}

static void stop_worker(pid_t pid)
{
	close(to_child);
	close(from_child);
	waitpid(pid, NULL, 0);
}

static void test_charge(void)
{
	long long with;
	pid_t pid;

	cg_mkdir("g");
	cg_write("g/cgroup.subtree_control", "+memory");
	cg_mkdir("g/1");
	pid = start_worker("g/1", 16 * MB, NULL);
	must(tell_child('a'));
	with = cg_num("g/1/memory.current", NULL);
	ok(with >= 16 * MB && with < 20 * MB, "anonymous memory is charged");
	ok(cg_num("g/memory.current", NULL) >= 16 * MB, "to the parent too");
	/* Linux adds up the last few every two seconds only. */
	ok(CG_WAIT(cg_num("g/1/memory.stat", "anon") >= 16 * MB &&
		   cg_num("g/memory.stat", "anon") >= 16 * MB),
	   "memory.stat knows it as anonymous");
	ok(cg_num("g/1/memory.peak", NULL) >= 16 * MB, "memory.peak");
	tell_child('f');
	ok(cg_num("g/1/memory.current", NULL) < 8 * MB, "and given back");
	ok(cg_num("g/1/memory.peak", NULL) >= 16 * MB, "the peak stays");
	stop_worker(pid);
	ok(!cg_rmdir("g/1") && !cg_rmdir("g"), "removed");
}

static void test_kill(void)
{
	pid_t pid, other;
	int status;

	cg_mkdir("k");
	cg_write("k/memory.max", "8M");
	if (!access(CG "k/memory.swap.max", F_OK))
		cg_write("k/memory.swap.max", "0");
	other = cg_sleeper();
	pid = start_worker("k", 32 * MB, NULL);
	ok(!tell_child('a'), "twice the limit in anonymous memory is not had");
	waitpid(pid, &status, 0);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "who took it was killed");
	close(to_child);
	close(from_child);
	is(waitpid(other, NULL, WNOHANG), 0, "nobody else was");
	ok(cg_num("k/memory.events", "max") > 0 && cg_num("k/memory.events", "oom") > 0,
	   "events: max, oom");
	is(cg_num("k/memory.events", "oom_kill"), 1, "events: oom_kill");
	is(cg_num("k/memory.events.local", "oom_kill"), 1, "events.local");
	cg_rmdir("k");

	/* As a whole, with who only sleeps. */
	cg_mkdir("k");
	cg_write("k/memory.max", "8M");
	cg_write("k/memory.oom.group", "1");
	if (!access(CG "k/memory.swap.max", F_OK))
		cg_write("k/memory.swap.max", "0");
	cg_write_num("k/cgroup.procs", other);
	pid = start_worker("k", 32 * MB, NULL);
	tell_child('a');
	waitpid(pid, &status, 0);
	close(to_child);
	close(from_child);
	ok(waitpid(other, &status, 0) == other && status == SIGKILL, "memory.oom.group: all die");
	is(cg_num("k/memory.events", "oom_group_kill"), 1, "events: oom_group_kill");
	ok(!cg_rmdir("k"), "removed");
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	cg_mount();
	test_controllers();
	cg_write("cgroup.subtree_control", "+memory");
	test_threaded();
	test_files();
	test_charge();
	test_kill();
	ok(!cg_write("cgroup.subtree_control", "-memory"), "the controller goes too");
	return tap_end();
}
