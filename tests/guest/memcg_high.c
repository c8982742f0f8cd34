// SPDX-License-Identifier: MIT
/* memory.high and memory.swap.high: who takes more is slowed down, the more the further he is above, and nobody is killed. */
#include "cgroup.h"

#define MB (1024 * 1024ll)

/* ms that @bytes of anonymous memory take in a group whose high is 16 MiB, without swap. */
static long long time_of(size_t bytes)
{
	long long begin, ms = -1;
	int answer[2];
	pid_t pid;

	must(!pipe(answer));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		char *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				 -1, 0);

		must(!cg_write("h/cgroup.procs", "0"));
		begin = now_ns(CLOCK_MONOTONIC);
		for (size_t at = 0; at < bytes; at += 4096)
			mem[at] = 1;
		ms = (now_ns(CLOCK_MONOTONIC) - begin) / 1000000;
		must(write(answer[1], &ms, sizeof(ms)) == sizeof(ms));
		_exit(0);
	}
	close(answer[1]);
	must(read(answer[0], &ms, sizeof(ms)) == sizeof(ms));
	close(answer[0]);
	is(waitpid(pid, NULL, 0), pid, "%lld MiB are had", (long long)bytes / MB);
	return ms;
}

static void test_slowed(void)
{
	long long below, above;

	cg_mkdir("h");
	must(!cg_write("h/memory.high", "16M"));
	below = time_of(12 * MB);
	is(cg_num("h/memory.events", "high"), 0, "below high: no event");
	above = time_of(17 * MB);
	/* The fourth batch above alone sleeps for a quarter of a second. */
	ok(above > 250, "above high it takes longer: %lld ms, below %lld", above, below);
	ok(cg_num("h/memory.events", "high") > 0, "events: high");
	is(cg_num("h/memory.events", "max"), 0, "not max");
	is(cg_num("h/memory.events", "oom_kill"), 0, "nobody was killed");
	ok(cg_num("h/memory.peak", NULL) > 16 * MB, "there was more than high");
}

static volatile char *grown;

/* Above high by three times: two seconds for each batch. */
static void grow(void)
{
	grown = mmap(NULL, 64 * MB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t at = 0; at < 64 * MB; at += 4096)
		grown[at] = 1;
}

static void test_killable(void)
{
	pid_t pid;

	must(!cg_write("h/memory.high", "1M"));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		must(!cg_write("h/cgroup.procs", "0"));
		grow();
		_exit(0);
	}
	ok(EVENTUALLY(cg_num("h/memory.events", "high") > 100), "another far above");
	is(cg_reap(pid), SIGKILL, "who waits can be killed");
	ok(CG_WAIT(!cg_rmdir("h")), "removed");
}

static void test_files(void)
{
	cg_mkdir("f");
	ok(cg_is("f/memory.swap.high", "max\n"), "memory.swap.high: no limit at first");
	ok(!cg_write("f/memory.swap.high", "1M") && cg_is("f/memory.swap.high", "1048576\n"),
	   "is written");
	fails(cg_write("f/memory.swap.high", "x"), EINVAL, "no number");
	ok(cg_is("f/memory.swap.events", "high 0\nmax 0\nfail 0\n"), "memory.swap.events");
	ok(access(CG "memory.swap.high", F_OK), "not of the root");
	cg_rmdir("f");
}

int main(void)
{
	cg_mount();
	must(!cg_write("cgroup.subtree_control", "+memory"));
	test_files();
	test_slowed();
	test_killable();
	cg_write("cgroup.subtree_control", "-memory");
	return tap_end();
}
