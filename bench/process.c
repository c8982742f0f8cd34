// SPDX-License-Identifier: MIT
/* fork, exec, exit and wait; threads. */
#define _GNU_SOURCE
#include "harness.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMES	 16
#define LARGE	 (64 * MIB)
#define NR_LARGE (LARGE / PAGE)

/* The programs that the tool packs: an empty main(). */
#define STATIC_PROGRAM	"/bench/true-static"
#define DYNAMIC_PROGRAM "/bench/true-dynamic"

static void fork_exit_wait(int n)
{
	while (n--) {
		pid_t pid = child();

		if (pid == 0)
			_exit(0);
		wait_for(pid);
	}
}

/* Fork, exit and wait of this small program. */
BENCH("fork-exit-wait")
{
	fork_exit_wait(2);
	start();
	fork_exit_wait(TIMES);
	stop();
	times(TIMES);
}

/* The same with 64 MiB of populated anonymous memory. */
BENCH("fork-exit-wait-64m")
{
	touch(map(LARGE), LARGE);
	fork_exit_wait(1);
	start();
	fork_exit_wait(4);
	stop();
	times(4);
}

/* Instead of stop(): the first time is not counted. */
static void forget(void) {}

static void fork_once(void (*stop_here)(void))
{
	int go[2];
	pid_t pid;
	char c;

	if (pipe(go))
		broken("pipe");
	start();
	pid = child();
	if (pid == 0) {
		(void)!read(go[0], &c, 1);
		_exit(0);
	}
	stop_here();
	(void)!write(go[1], "", 1);
	wait_for(pid);
	close(go[0]);
	close(go[1]);
}

/* Per page of 64 MiB: the call in the parent, less the same call of the small program. */
BENCH("fork-per-page")
{
	fork_once(forget);
	fork_once(stop_minus);
	touch(map(LARGE), LARGE);
	fork_once(stop);
	times(NR_LARGE);
}

static void exit_once(void (*stop_here)(void))
{
	int go[2];
	pid_t pid;
	char c;

	if (pipe(go))
		broken("pipe");
	pid = child();
	if (pid == 0) {
		(void)!read(go[0], &c, 1);
		_exit(0);
	}
	start();
	(void)!write(go[1], "", 1);
	wait_for(pid);
	stop_here();
	close(go[0]);
	close(go[1]);
}

/* Per page of 64 MiB that a child shares with its parent: its exit and the wait, less the small program's. */
BENCH("exit-wait-per-page")
{
	exit_once(forget);
	exit_once(stop_minus);
	touch(map(LARGE), LARGE);
	exit_once(stop);
	times(NR_LARGE);
}

static void vfork_exec_wait(const char *program, int n)
{
	static char *none[] = { NULL };
	char *argv[] = { (char *)program, NULL };

	while (n--) {
		pid_t pid = vfork();

		if (pid == 0) {
			execve(program, argv, none);
			_exit(1);
		}
		wait_for(pid);
	}
}

static void fork_exec_wait(const char *program, int n)
{
	static char *none[] = { NULL };
	char *argv[] = { (char *)program, NULL };

	while (n--) {
		pid_t pid = child();

		if (pid == 0) {
			execve(program, argv, none);
			_exit(1);
		}
		wait_for(pid);
	}
}

BENCH("vfork-exec-static")
{
	vfork_exec_wait(STATIC_PROGRAM, 2);
	start();
	vfork_exec_wait(STATIC_PROGRAM, TIMES);
	stop();
	times(TIMES);
}

BENCH("fork-exec-static")
{
	fork_exec_wait(STATIC_PROGRAM, 2);
	start();
	fork_exec_wait(STATIC_PROGRAM, TIMES);
	stop();
	times(TIMES);
}

BENCH("fork-exec-dynamic")
{
	fork_exec_wait(DYNAMIC_PROGRAM, 2);
	start();
	fork_exec_wait(DYNAMIC_PROGRAM, TIMES);
	stop();
	times(TIMES);
}

static void *nothing(void *arg)
{
	return arg;
}

static void create_join(int n)
{
	while (n--) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL))
			broken("pthread_create");
	}
}

BENCH("thread-create-join")
{
	create_join(2);
	start();
	create_join(TIMES);
	stop();
	times(TIMES);
}
