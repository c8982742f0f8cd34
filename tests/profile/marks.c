// SPDX-License-Identifier: MIT
/*
 * For tests of the plugin: work that cuts blocks of code by faults, system calls, signals and REP
 * instructions, with a mark and a reading of the time stamp counter between. Under -icount the two
 * must agree to the digit. Prints "marks ADDRESS COUNT", then a line "mark I TSC NAME" for each.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_MARKS 16
#define PAGE	 4096
#define PAGES	 64

/* The marks: one-byte instructions in a row, linked where no other program has code. */
__asm__(".pushsection .marks,\"ax\"\n.globl marks\nmarks: .rept 16\n ret\n .endr\n.popsection");
extern const char marks[];

static uint64_t tsc[NR_MARKS];
static const char *names[NR_MARKS];
static int nr;

/* The mark and the reading at a fixed distance. */
static inline __attribute__((always_inline)) void mark(const char *name)
{
	uint32_t low, high;

	__asm__ volatile("call *%2\n\trdtsc"
			 : "=a"(low), "=d"(high)
			 : "r"(marks + nr)
			 : "memory", "rcx");
	tsc[nr] = (uint64_t)high << 32 | low;
	names[nr++] = name;
}

static sigjmp_buf back;

static void jump(int signal)
{
	(void)signal;
	siglongjmp(back, 1);
}

static char *map(int prot)
{
	char *p = mmap(NULL, PAGES * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(1);
	return p;
}

static void write_faults(void)
{
	volatile char *p = map(PROT_READ | PROT_WRITE);

	for (int i = 0; i < PAGES; i++)
		p[i * PAGE]++;
}

static void kernel_faults(void)
{
	char *p = map(PROT_READ | PROT_WRITE);
	int fd[2];

	if (pipe(fd))
		exit(1);
	for (int i = 0; i < PAGES; i++)
		if (write(fd[1], "x", 1) != 1 || read(fd[0], p + i * PAGE, 1) != 1)
			exit(1);
}

static void signals(void)
{
	volatile char *p = map(PROT_NONE);

	signal(SIGSEGV, jump);
	for (int i = 0; i < PAGES; i++)
		if (!sigsetjmp(back, 1))
			p[i * PAGE] = 1;
}

/* Each page is one `ret`: the fetch after a call faults, not the call. */
static void fetch_faults(void)
{
	char *p = map(PROT_READ | PROT_WRITE);

	memset(p, 0xc3, PAGES * PAGE);
	for (int i = 0; i < PAGES; i++) {
		mprotect(p + i * PAGE, PAGE, PROT_READ | PROT_EXEC);
		((void (*)(void))(uintptr_t)(p + i * PAGE))();
	}
}

/* Plain instructions up to the end of a page, then a page that is not mapped yet: again a fetch. */
static void page_ends(void)
{
	char *p = map(PROT_READ | PROT_WRITE);
	int fd = memfd_create("code", 0);

	memset(p, 0x90, PAGE);
	memset(p + PAGE, 0xc3, PAGE);
	if (write(fd, p, PAGE * 2) != PAGE * 2)
		exit(1);
	for (int i = 0; i < PAGES - 1; i++) {
		mmap(p, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, 0);
		mmap(p + PAGE, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, fd, PAGE);
		((void (*)(void))(uintptr_t)(p + PAGE - 3))();
	}
	close(fd);
}

static void rep(void)
{
	char *p = map(PROT_READ | PROT_WRITE), *to = p;
	size_t n = PAGES * PAGE;

	__asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(1) : "memory");
}

static void forks(void)
{
	for (int i = 0; i < 4; i++) {
		pid_t child = fork();

		if (!child)
			_exit(0);
		waitpid(child, NULL, 0);
	}
}

static void calls(void)
{
	for (int i = 0; i < 1000; i++)
		syscall(SYS_getppid);
}

/* Twenty milliseconds, so that the timer interrupts it. */
static void ticks(void)
{
	for (volatile int i = 0; i < 4000000; i++)
		;
}

int main(int argc, char **argv)
{
	static void (*const work[])(void) = { calls,   write_faults, kernel_faults,
					      signals, fetch_faults, page_ends,
					      rep,     forks,	     ticks };
	static const char *const work_names[] = { "calls",   "write_faults", "kernel_faults",
						  "signals", "fetch_faults", "page_ends",
						  "rep",     "forks",	     "ticks" };

	printf("marks %#lx %d\n", (unsigned long)marks, NR_MARKS);
	fflush(stdout);
	if (argc > 1 && !strcmp(argv[1], "where"))
		return 0;
	mark("start");
	for (size_t i = 0; i < sizeof(work) / sizeof(*work); i++) {
		work[i]();
		mark(work_names[i]);
	}
	for (int i = 0; i < nr; i++)
		printf("mark %d %llu %s\n", i, (unsigned long long)tsc[i], names[i]);
	return 0;
}
