// SPDX-License-Identifier: MIT
/*
 * Memory is exhausted in ways that do not show in the size of a process: forks, page tables, shared memory, pipes, messages
 * in sockets, small objects of the kernel, locked pages. The right one dies, a shell answers, and all of it comes back. A ballast
 * that nobody kills takes most of the memory first, so that each kind has only ROOM left to fill, whatever the size of the machine.
 */
#include "maps.h"

#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

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

static long oom_kills(void)
{
	char line[128];
	long n = -1;
	FILE *f = fopen("/proc/vmstat", "r");

	must(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "oom_kill %ld", &n) == 1)
			break;
	fclose(f);
	return n;
}

static void set_score(const char *adj)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	if (fd < 0 || write(fd, adj, strlen(adj)) != (ssize_t)strlen(adj))
		_exit(30);
	close(fd);
}

/* Touch @kb, then tell and wait. */
static void hold(long kb, int tell)
{
	size_t size = kb * 1024;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		_exit(31);
	for (size_t i = 0; i < size; i += PAGE)
		p[i] = 1;
	(void)!write(tell, "x", 1);
	for (;;)
		pause();
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

/* ---- the kinds; each runs in a child until it is killed ---- */

static void many_files(void)
{
	struct rlimit r = { 500000, 500000 };

	setrlimit(RLIMIT_NOFILE, &r);
}

static void eat_page_tables(void)
{
	size_t step = 2UL << 20, size = 64UL << 30;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	madvise(p, size, MADV_NOHUGEPAGE);
	for (size_t i = 0; p != MAP_FAILED && i < size; i += step)
		(void)*(volatile char *)(p + i); /* a table for the zero page */
}

static void eat_shared_memory(void)
{
	static char block[65536];
	int fd = memfd_create("eater", 0);

	set_score("1000");
	memset(block, 1, sizeof(block));
	while (write(fd, block, sizeof(block)) > 0)
		;
}

static void eat_pipes(void)
{
	static char block[65536];
	int fds[2];

	set_score("1000");
	many_files();
	while (!pipe2(fds, O_NONBLOCK))
		(void)!write(fds[1], block, sizeof(block));
}

static void eat_sockets(void)
{
	static char block[32768];
	int fds[2];

	set_score("1000");
	many_files();
	while (!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds))
		while (write(fds[0], block, sizeof(block)) > 0)
			;
}

/* Open files, and what makes them an epoll set. */
static void eat_epoll_sets(void)
{
	set_score("1000");
	many_files();
	while (epoll_create1(0) >= 0)
		;
}

/* A pipe has two files, an inode, a name and its ring. */
static void eat_empty_pipes(void)
{
	int fds[2];

	set_score("1000");
	many_files();
	while (!pipe(fds))
		;
}

static void eat_locked_pages(void)
{
	struct rlimit r = { RLIM_INFINITY, RLIM_INFINITY };
	char *p;

	setrlimit(RLIMIT_MEMLOCK, &r);
	mlockall(MCL_FUTURE);
	do {
		p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	} while (p != MAP_FAILED);
	pause(); /* mmap is not told of the kill before it returns */
}

static void wait_until_free(long kb)
{
	(void)EVENTUALLY(free_kb() >= kb);
}

static void dies(void (*eat)(void), const char *what)
{
	long kills = oom_kills();
	int status = 0;
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		eat();
		_exit(32);
	}
	must(waitpid(pid, &status, 0) == pid);
	if (!ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%s: who eats is killed", what))
		printf("# status %#x\n", status);
	ok(oom_kills() > kills, "%s: oom_kill counts", what);
}

/* Children that each hold a little; the one who makes them is no larger, and lives. */
static void forks(void)
{
	int fds[2], status = 0;
	pid_t leader;

	must(!pipe(fds));
	leader = fork();
	must(leader >= 0);
	if (!leader) {
		setpgid(0, 0);
		for (;;) {
			pid_t pid = fork();

			if (!pid) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				set_score("500");
				hold(512, fds[1]);
			}
			if (pid < 0 && errno != EAGAIN && errno != ENOMEM)
				_exit(33);
			if (waitpid(-1, &status, WNOHANG) > 0)
				_exit(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 7 : 34);
			usleep(500);
		}
	}
	must(waitpid(leader, &status, 0) == leader);
	is(status, 7 << 8, "forks: a child is killed, not the one who forks");
	kill(-leader, SIGKILL);
	close(fds[0]);
	close(fds[1]);
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
	forks();
	dies(eat_page_tables, "page tables");
	dies(eat_shared_memory, "shared memory");
	dies(eat_pipes, "pipes");
	dies(eat_sockets, "sockets");
	dies(eat_epoll_sets, "epoll sets");
	dies(eat_empty_pipes, "empty pipes");
	dies(eat_locked_pages, "locked pages");
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
