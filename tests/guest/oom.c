// SPDX-License-Identifier: MIT
/*
 * A machine whose memory is eaten up: the largest process is killed, everybody else lives and sees no failure of a call,
 * and what the victim had is there again. Works with little memory (32 MiB are enough on Quire) and with much.
 */
#include "eat.h"
#include "maps.h"

#include <pthread.h>

/* Touch more memory than there is, a page after the other. */
static void *eat(void *arg)
{
	touched((size_t)meminfo_kb("MemTotal:") * 2048, MAP_PRIVATE | MAP_NORESERVE);
	_exit(4);
	return arg;
}

/* A child that eats; how many threads do. */
static pid_t eater(int threads)
{
	pid_t pid = fork();
	pthread_t t;

	must(pid >= 0);
	if (pid)
		return pid;
	for (int i = 1; i < threads; i++)
		if (pthread_create(&t, NULL, eat, NULL))
			_exit(5);
	eat(NULL);
	_exit(6);
}

static bool killed(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, 0) == pid);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return true;
	printf("# status %#x\n", status);
	return false;
}

/* What small programs do all the time; the exit status tells what failed. */
static void small_life(void)
{
	for (;;) {
		int status, fds[2];
		char *p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);
		ssize_t got;
		pid_t pid;

		if (p == MAP_FAILED)
			_exit(10);
		if (pipe(fds))
			_exit(11);
		if (write(fds[1], "12345678", 8) != 8)
			_exit(12);
		got = read(fds[0], p + 3 * PAGE - 4, 8); /* the kernel faults two pages in */
		if (got != 8) {
			printf("# read: %zd, errno %d\n", got, errno);
			fflush(stdout);
			_exit(13);
		}
		close(fds[0]);
		close(fds[1]);
		pid = fork();
		if (pid < 0)
			_exit(14);
		if (!pid)
			_exit(7);
		if (waitpid(pid, &status, 0) != pid || status != 7 << 8)
			_exit(15);
		munmap(p, 8 * PAGE);
	}
}

static void others_live(void)
{
	pid_t small = fork();
	int status;

	must(small >= 0);
	if (!small)
		small_life();
	ok(killed(eater(1)), "the one who eats is killed while others work");
	is(waitpid(small, &status, WNOHANG), 0, "a small process saw no call fail");
	kill(small, SIGTERM);
	waitpid(small, &status, 0);
	if (WIFEXITED(status))
		printf("# it ended with %d\n", WEXITSTATUS(status));
}

static void score_decides(void)
{
	pid_t chosen = fork(), big;

	must(chosen >= 0);
	if (!chosen) {
		set_score("1000");
		for (;;)
			pause();
	}
	while (1) { /* until it has set its score */
		char path[64], text[16] = "";
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", chosen);
		fd = open(path, O_RDONLY);
		must(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
		close(fd);
		if (atoi(text) == 1000)
			break;
		usleep(1000);
	}
	big = eater(1);
	ok(killed(chosen), "oom_score_adj 1000: killed first, small as it is");
	ok(killed(big), "then the one who eats");
}

int main(void)
{
	long before, after, least;

	ok(killed(eater(1)), "a process that eats all memory is killed with SIGKILL");
	usleep(100000);
	before = meminfo_kb("MemFree:");
	ok(killed(eater(3)), "and one that does so with three threads");
	others_live();
	score_decides();
	least = before - 2048 - meminfo_kb("MemTotal:") / 64;
	(void)EVENTUALLY((after = meminfo_kb("MemFree:")) > least);
	if (!ok(after > least, "its memory is free again"))
		printf("# %ld kB before, %ld kB after\n", before, after);
	return tap_end();
}
