// SPDX-License-Identifier: MIT
/*
 * Instructions of a few operations: run under `quire run --icount`, where the time stamp counter
 * counts instructions. Prints "name value" lines, one per operation; see tools/numbers.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE  4096
#define PAGES 2048

static uint64_t tsc(void)
{
	return __builtin_ia32_rdtsc();
}

static char *map(size_t pages)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	/* 4 KiB pages on both kernels. */
	madvise(p, pages * PAGE, MADV_NOHUGEPAGE);
	return p;
}

static uint64_t touch(volatile char *p, size_t pages)
{
	uint64_t t = tsc();

	for (size_t i = 0; i < pages; i++)
		p[i * PAGE] = 1;
	return tsc() - t;
}

static void report(const char *name, uint64_t total, uint64_t times)
{
	printf("%s %llu\n", name, (unsigned long long)(total / times));
	fflush(stdout);
}

static void system_call(void)
{
	uint64_t t = tsc();

	for (int i = 0; i < 1000; i++)
		syscall(SYS_getppid);
	report("getppid", tsc() - t, 1000);
}

static void anonymous_faults(void)
{
	char *p = map(PAGES);
	uint64_t t;
	volatile char c;

	touch(p, PAGES);
	munmap(p, PAGES * PAGE);
	p = map(PAGES);
	t = tsc();
	for (size_t i = 0; i < PAGES; i++)
		c = ((volatile char *)p)[i * PAGE];
	(void)c;
	report("zero-page-read-fault", tsc() - t, PAGES);
	munmap(p, PAGES * PAGE);
	p = map(PAGES);
	report("anonymous-write-fault", touch(p, PAGES), PAGES);
	t = tsc();
	munmap(p, PAGES * PAGE);
	report("munmap-per-page", tsc() - t, PAGES);
}

static void map_unmap(void)
{
	uint64_t t;

	munmap(map(1), PAGE);
	t = tsc();
	for (int i = 0; i < 500; i++) {
		char *p = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		munmap(p, 16 * PAGE);
	}
	report("mmap-munmap", tsc() - t, 500);
}

static uint64_t fork_exit_wait(uint64_t *fork_only)
{
	uint64_t t = tsc();
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	*fork_only = tsc() - t;
	waitpid(pid, NULL, 0);
	return tsc() - t;
}

static void forks(void)
{
	uint64_t *shared =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t small, large, fork_small, fork_large;
	char *p;

	shared[0] = shared[1] = 0;
	fork_exit_wait(&fork_small);
	small = fork_exit_wait(&fork_small);
	report("fork-exit-wait", small, 1);
	p = map(PAGES);
	touch(p, PAGES);
	large = fork_exit_wait(&fork_large);
	report("fork-per-page", fork_large > fork_small ? fork_large - fork_small : 0, PAGES);
	report("fork-exit-wait-per-page", large > small ? large - small : 0, PAGES);
	touch(p, PAGES); /* alone again: reuse */
	if (fork() == 0) {
		shared[0] = touch(p, PAGES);
		_exit(0);
	}
	wait(NULL);
	report("cow-fault-copy", shared[0], PAGES);
	report("cow-fault-reuse", touch(p, PAGES), PAGES);
}

int main(void)
{
	system_call();
	anonymous_faults();
	map_unmap();
	forks();
	return 0;
}
