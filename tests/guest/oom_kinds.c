// SPDX-License-Identifier: MIT
/*
 * The machine's memory is exhausted in each way of oom_eaters.h. The right one dies, a shell answers, and all of it comes back. A ballast
 * that nobody kills takes most of the memory first, so that each kind has only ROOM left to fill, whatever the size of the machine.
 */
#include "maps.h"
#include "oom_eaters.h"

#define ROOM_KB 20480L

/* Free pages, those in the lists of CPUs included, in kB. */
static long free_kb(void)
{
	long kb = meminfo_kb("MemFree:"), count;
	FILE *f = fopen("/proc/zoneinfo", "r");
	char line[128];

	must(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " count: %ld", &count) == 1)
			kb += count * 4;
	fclose(f);
	return kb;
}

static pid_t ballast(void)
{
	long kb = meminfo_kb("MemAvailable:") - ROOM_KB;
	int fds[2];
	pid_t pid;
	char c;

	must(!pipe(fds));
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		set_score("-1000");
		hold(kb > 0 ? kb : 0, fds[1]);
	}
	close(fds[1]);
	if (read(fds[0], &c, 1) != 1)
		printf("# no ballast\n");
	close(fds[0]);
	return pid;
}

static void wait_until_free(long kb)
{
	(void)EVENTUALLY(free_kb() >= kb);
}

/* Who asks dies, though another has 1000. */
static void allocating_task(void)
{
	const char *path = "/proc/sys/vm/oom_kill_allocating_task";
	int fd = open(path, O_WRONLY), status;
	pid_t other = fork();

	must(fd >= 0 && other >= 0);
	if (!other) {
		set_score("1000");
		for (;;)
			pause();
	}
	must(write(fd, "1", 1) == 1);
	dies(eat_locked_pages, "oom_kill_allocating_task");
	is(waitpid(other, &status, WNOHANG), 0, "though another has 1000");
	kill(other, SIGKILL);
	must(waitpid(other, &status, 0) == other);
	must(pwrite(fd, "0", 1, 0) == 1);
	close(fd);
}

/* us that somebody has waited for memory. */
static unsigned long long memory_pressure(void)
{
	unsigned long long us = 0;
	FILE *f = fopen("/proc/pressure/memory", "r");

	must(f && fscanf(f, "some %*s %*s %*s total=%llu", &us) == 1);
	fclose(f);
	return us;
}

int main(void)
{
	unsigned long long stalled = memory_pressure();
	pid_t heavy;
	long before, after;
	int status;

	set_score("-500");
	before = free_kb();
	heavy = ballast();
	set_score("0");
	exhaust();
	allocating_task();
	ok(memory_pressure() > stalled, "/proc/pressure/memory tells of it");
	is(system("echo answers | grep -q answers"), 0, "a shell answers");
	is(waitpid(heavy, &status, WNOHANG), 0, "who has -1000 lives, large as it is");
	kill(heavy, SIGKILL);
	must(waitpid(heavy, &status, 0) == heavy);
	wait_until_free(before - 1024);
	after = free_kb();
	if (!ok(after > before - 2048, "all of it comes back"))
		printf("# %ld kB before, %ld kB after\n", before, after);
	return tap_end();
}
