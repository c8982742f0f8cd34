// SPDX-License-Identifier: MIT
/* What a debugger is set upon: calls, a fork, threads that wait, and a store to a bad address. No argument: none of the bad. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int depth;
char *where;
static pthread_barrier_t both;

__attribute__((noinline)) int deeper(int n)
{
	depth = n;
	if (n == 3) {
		if (where)
			*where = 1;
		return n;
	}
	return deeper(n + 1) + 1;
}

static void *waiter(void *arg)
{
	pthread_barrier_wait(&both);
	pause();
	return arg;
}

__attribute__((noinline)) void threads_wait(void)
{
	pthread_t t;

	pthread_barrier_init(&both, NULL, 3);
	pthread_create(&t, NULL, waiter, NULL);
	pthread_create(&t, NULL, waiter, NULL);
	pthread_barrier_wait(&both);
}

__attribute__((noinline)) int child(int n)
{
	return n + 4;
}

int main(int argc, char **argv)
{
	int status = 0;

	if (argc > 1 && !strcmp(argv[1], "threads")) {
		threads_wait();
		puts("ready");
		fflush(stdout);
		pause();
	}
	if (argc > 1 && !strcmp(argv[1], "fork")) {
		if (fork() == 0)
			_exit(child(3));
		wait(&status);
		printf("child %d\n", WEXITSTATUS(status));
		return 0;
	}
	if (argc > 1)
		where = (char *)16;
	printf("deep %d\n", deeper(0));
	return 0;
}
