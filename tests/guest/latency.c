// SPDX-License-Identifier: MIT
/*
 * How long others wait for the CPU while one task takes down, copies or protects very much memory in one call: a
 * thread on the same CPU that wants to run each millisecond tells. With the argument "strict" (under instruction
 * counting, tests/suite/47-latency.t) the limit is 10 ms; by the clock of a busy host only that it ends.
 */
#include "tap.h"
#include <pthread.h>
#include <sched.h>

#define RW	  (PROT_READ | PROT_WRITE)
#define FILE_SIZE (64ul << 20)

static volatile bool busy, over;
static volatile long worst; /* ns */

static void stay_on_cpu0(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	must(sched_setaffinity(0, sizeof(set), &set) == 0);
}

static void *ticker(void *unused)
{
	struct timespec ms = { 0, 1000000 };

	while (!over) {
		int64_t before = now_ns(CLOCK_MONOTONIC), late;
		bool was_busy = busy;

		nanosleep(&ms, NULL);
		late = now_ns(CLOCK_MONOTONIC) - before - 1000000;
		if ((was_busy || busy) && late > worst)
			worst = late;
	}
	return NULL;
}

/* The longest wait while @fn ran, in microseconds. */
static long waits(void (*fn)(void))
{
	sleep_ms(3);
	worst = 0;
	busy = true;
	fn();
	busy = false;
	sleep_ms(3);
	return worst / 1000;
}

static char *area;
static size_t size;

static void unmap(void)
{
	munmap(area, size);
}

static void protect(void)
{
	mprotect(area, size, PROT_READ);
}

static void drop(void)
{
	madvise(area, size, MADV_DONTNEED);
}

static void populate(void)
{
	int fd = memfd_create("much", 0);

	must(ftruncate(fd, FILE_SIZE) == 0);
	area = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	must(area != MAP_FAILED);
	for (size_t at = 0; at < size; at += FILE_SIZE)
		must(mmap(area + at, FILE_SIZE, RW, MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, 0) !=
		     MAP_FAILED);
	close(fd);
}

static void copy(void)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	waitpid(pid, &status, 0);
}

int main(int argc, char **argv)
{
	bool strict = argc > 1 && !strcmp(argv[1], "strict");
	long limit = strict ? 10000 : 60000000, us;
	pthread_t t;

	size = strict ? 4ul << 30 : 512ul << 20;
	stay_on_cpu0();
	must(!pthread_create(&t, NULL, ticker, NULL));
	us = waits(populate);
	ok(us < limit, "latency: mmap and populate, %ld us", strict ? us : 0);
	us = waits(copy);
	ok(us < limit, "latency: fork, %ld us", strict ? us : 0);
	us = waits(protect);
	ok(us < limit, "latency: mprotect, %ld us", strict ? us : 0);
	us = waits(drop);
	ok(us < limit, "latency: MADV_DONTNEED, %ld us", strict ? us : 0);
	munmap(area, size);
	populate();
	us = waits(unmap);
	ok(us < limit, "latency: munmap, %ld us", strict ? us : 0);
	over = true;
	pthread_join(t, NULL);
	return tap_end();
}
