// SPDX-License-Identifier: MIT
/* memory.reclaim of the root: from the whole machine, whoever has it; what it counts as, and its errors. */
#include "cgroup.h"

#include <sys/time.h>

#define PAGES 2048
#define BYTES ((size_t)PAGES * 4096)

static pid_t child[3];

/* A child in @group that has PAGES pages which it needs no more. */
static pid_t holder(const char *group)
{
	int ready[2];
	pid_t pid;
	char c;

	must(!pipe(ready));
	pid = cg_member(group);
	if (!pid) {
		char *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		memset(memory, 1, BYTES);
		must(!madvise(memory, BYTES, MADV_FREE) && write(ready[1], "x", 1) == 1);
		for (;;)
			pause();
	}
	must(read(ready[0], &c, 1) == 1);
	close(ready[0]), close(ready[1]);
	return pid;
}

/* The root's own file has the machine's. */
static long long freed(const char *group)
{
	return cg_num(cg_path("%s/memory.stat", group) + strlen(CG), "pglazyfreed");
}

static long long vmstat(const char *field)
{
	static char text[65536];
	int fd = open("/proc/vmstat", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n > 0 ? n : 0] = 0;
	return cg_field(text, field);
}

static void test_errors(void)
{
	int fd = open(CG "memory.reclaim", O_RDWR);
	char c;

	fails(read(fd, &c, 1), EINVAL, "it cannot be read");
	is(write(fd, "", 0), 0, "nothing written asks for nothing");
	is(write(fd, "0", 1), 1, "nor does 0");
	is(write(fd, "4095\n", 5), 5, "nor less than a page");
	fails(write(fd, "max", 3), EINVAL, "max is no number of bytes");
	fails(write(fd, "1x", 2), EINVAL, "no such suffix");
	fails(write(fd, "-1", 2), EINVAL, "below zero");
	fails(write(fd, "1M 2M", 5), EINVAL, "two numbers");
	close(fd);
}

static void test_everybody(void)
{
	long long direct = vmstat("pgscan_direct"), stolen = vmstat("pgsteal_direct"),
		  kind = vmstat("pgsteal_file"), own = cg_num("memory.stat", "pgsteal_direct"),
		  before = cg_num("memory.stat", "pglazyfreed");

	must(!cg_write("r/memory.min", "64M") && !cg_write("r/2/memory.min", "64M"));
	child[0] = holder("");
	child[1] = holder("r/1");
	child[2] = holder("r/2");
	while ((freed("r/1") < PAGES / 2 || freed("") - before - freed("r/1") < PAGES / 2) &&
	       !cg_write("memory.reclaim", "1M"))
		;
	ok(CG_WAIT(freed("r/1") >= PAGES / 2), "pages of a group go");
	ok(CG_WAIT(freed("") - before - freed("r/1") >= PAGES / 2),
	   "those of the root's members, too");
	is(freed("r/2"), 0, "not those below memory.min");
	must(!cg_write("r/2/memory.min", "0"));
	while (freed("r/2") < PAGES / 2 && !cg_write("memory.reclaim", "1M"))
		;
	ok(CG_WAIT(freed("r/2") >= PAGES / 2), "they do when that is lowered");
	ok(vmstat("pgsteal_file") - kind >= PAGES * 3 / 2, "/proc/vmstat tells of it by kind");
	ok(vmstat("pgscan_direct") == direct && vmstat("pgsteal_direct") == stolen,
	   "not as direct reclaim");
	ok(CG_WAIT(cg_num("memory.stat", "pgsteal_direct") - own >= PAGES * 3 / 2),
	   "as which it is in memory.stat of the root");
}

static void wake(int sig) {}

static void test_gives_up(void)
{
	struct itimerval often = { .it_interval.tv_usec = 1000, .it_value.tv_usec = 1000 },
			 never = { .it_value.tv_usec = 0 };
	struct sigaction sa = { .sa_handler = wake };

	while (!cg_write("memory.reclaim", "4K"))
		;
	is(errno, EAGAIN, "at last nothing can be reclaimed");
	fails(cg_write("memory.reclaim", "1G"), EAGAIN, "nor as much");
	fails(cg_write("memory.reclaim", "\n"), EAGAIN, "an empty line asks for all");
	must(!sigaction(SIGALRM, &sa, NULL) && !setitimer(ITIMER_REAL, &often, NULL));
	ok(EVENTUALLY(cg_write("memory.reclaim", "1G") < 0 && errno == EINTR), "a signal ends it");
	must(!setitimer(ITIMER_REAL, &never, NULL));
}

int main(void)
{
	cg_mount();
	test_errors();
	must(!cg_write("cgroup.subtree_control", "+memory") && !cg_mkdir("r") &&
	     !cg_write("r/cgroup.subtree_control", "+memory") && !cg_mkdir("r/1") &&
	     !cg_mkdir("r/2"));
	test_everybody();
	test_gives_up();
	for (int i = 0; i < 3; i++)
		cg_reap(child[i]);
	ok(CG_WAIT(!cg_rmdir("r/1")) && CG_WAIT(!cg_rmdir("r/2")) && CG_WAIT(!cg_rmdir("r")) &&
		   !cg_write("cgroup.subtree_control", "-memory"),
	   "removed");
	return tap_end();
}
