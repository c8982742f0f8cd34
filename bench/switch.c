// SPDX-License-Identifier: MIT
/* Pipes between and within processes, the context switch, signals. */
#define _GNU_SOURCE
#include "harness.h"

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define TIMES 200

static int there[2], back[2];

static void echo(void)
{
	char c;

	close(there[1]);
	close(back[0]);
	while (read(there[0], &c, 1) == 1)
		(void)!write(back[1], &c, 1);
	_exit(0);
}

static void start_echo(pid_t *pid)
{
	if (pipe(there) || pipe(back))
		broken("pipe");
	*pid = child();
	if (*pid == 0)
		echo();
	close(there[0]);
	close(back[1]);
}

static void round_trips(int n)
{
	char c = 0;

	while (n--)
		if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
			broken("pipe");
}

/* A byte to another process and back: two context switches. */
BENCH("pipe-round-trip")
{
	pid_t pid;

	start_echo(&pid);
	round_trips(8);
	start();
	round_trips(TIMES);
	stop();
	times(TIMES);
	close(there[1]);
	wait_for(pid);
}

static void within(const int fd[2], int n)
{
	char c = 0;

	while (n--)
		if (write(fd[1], &c, 1) != 1 || read(fd[0], &c, 1) != 1)
			broken("pipe");
}

BENCH("pipe-within-process")
{
	int fd[2];

	if (pipe(fd))
		broken("pipe");
	within(fd, 8);
	start();
	within(fd, TIMES);
	stop();
	times(TIMES);
}

/* Half a round trip less a byte written and read within one process: block, wake and switch. */
BENCH("context-switch")
{
	pid_t pid;
	int fd[2];

	if (pipe(fd))
		broken("pipe");
	within(fd, 8);
	start_echo(&pid);
	round_trips(8);
	start();
	round_trips(TIMES);
	stop();
	start();
	within(fd, 2 * TIMES);
	stop_minus();
	times(2 * TIMES);
	close(there[1]);
	wait_for(pid);
}

/* The store that faults, and where to go on. */
extern const char bench_fault[], bench_after[];

static void on_fault(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	(void)info;
	uc->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)bench_after;
}

static __attribute__((noinline)) void faulting_store(char *p)
{
	__asm__ volatile(".globl bench_fault, bench_after\n"
			 "bench_fault: movb $1, (%0)\n"
			 "bench_after:"
			 :
			 : "r"(p)
			 : "memory");
}

/* A fault that may not be: SIGSEGV to a handler, which returns behind the instruction. */
BENCH("signal-of-fault")
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	char *p = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || sigaction(SIGSEGV, &sa, NULL))
		broken("sigaction");
	faulting_store(p);
	start();
	for (int i = 0; i < TIMES; i++)
		faulting_store(p);
	stop();
	times(TIMES);
}

static void on_signal(int sig)
{
	(void)sig;
}

BENCH("signal-to-self")
{
	signal(SIGUSR1, on_signal);
	kill(getpid(), SIGUSR1);
	start();
	for (int i = 0; i < TIMES; i++)
		kill(getpid(), SIGUSR1);
	stop();
	times(TIMES);
}
