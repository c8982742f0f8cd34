/* SPDX-License-Identifier: MIT */
/*
 * Ways to exhaust memory that do not show in the size of a process: forks, page tables, shared memory, pipes, messages in sockets,
 * small objects of the kernel, locked pages. Of the machine, or of a control group.
 */
#ifndef OOM_EATERS_H
#define OOM_EATERS_H

#include "cgroup.h"
#include "eat.h"

#include <sched.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

static const char *eaters_group; /* which they join; NULL: they stay in the test's */

static void join_group(void)
{
	char procs[64];

	if (!eaters_group)
		return;
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", eaters_group);
	must(!cg_write(procs, "0"));
}

/* Touch @kb, then tell and wait. */
static void hold(long kb, int tell)
{
	touched(kb * 1024, MAP_PRIVATE | MAP_NORESERVE);
	(void)!write(tell, "x", 1);
	for (;;)
		pause();
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

/* ---- who dies of them ---- */

static long oom_kills(void)
{
	char line[128];
	long n = -1;
	FILE *f;

	if (eaters_group) {
		snprintf(line, sizeof(line), "%s/memory.events", eaters_group);
		return cg_num(line, "oom_kill");
	}
	f = fopen("/proc/vmstat", "r");
	must(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "oom_kill %ld", &n) == 1)
			break;
	fclose(f);
	return n;
}

static void dies(void (*eat)(void), const char *what)
{
	long kills = oom_kills();
	int status = 0;
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		join_group();
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
		join_group();
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

static void exhaust(void)
{
	forks();
	dies(eat_page_tables, "page tables");
	dies(eat_shared_memory, "shared memory");
	dies(eat_pipes, "pipes");
	dies(eat_sockets, "sockets");
	dies(eat_epoll_sets, "epoll sets");
	dies(eat_empty_pipes, "empty pipes");
	dies(eat_locked_pages, "locked pages");
}

#endif
