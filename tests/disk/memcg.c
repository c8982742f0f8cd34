// SPDX-License-Identifier: MIT
/*
 * Control groups under pressure, as TAP: memcg SWAP DATA. SWAP becomes a swap device (64 MiB at least), DATA is read: more than
 * the machine has memory.
 */
#include "../guest/cgroup.h"
#include "contents.h"
#include <sys/swap.h>

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

int main(int argc, char **argv)
{
	char command[256];

	data = argv[2];
	must(open(data, O_RDONLY) >= 0); /* keeps its pages */
	snprintf(command, sizeof(command), "mkswap %s >/dev/null", argv[1]);
	must(!system(command) && !swapon(argv[1], 0));
	cg_mount();
	must(!cg_write("cgroup.subtree_control", "+memory"));
	test_swaps();
	test_shared_out();
	test_low();
	ok(!swapoff(argv[1]), "swapoff");
	return tap_end();
}
