// SPDX-License-Identifier: MIT
/*
 * Threads in one address space: each maps, touches, protects, moves and unmaps memory of its own next to that of the
 * others, so that VMAs split and merge all the time, while faults go on everywhere; one more forks again and again.
 * Every page must hold what its owner wrote last.
 */
#include "tap.h"

#include <pthread.h>

#define THREADS 4
#define ROUNDS	300
#define PAGES	8

static char *arena;	/* THREADS * PAGES pages, reserved; the threads' pages alternate */
static char *elsewhere; /* a page for each thread to move to */
static volatile int failed, stop;

/* Page @i of thread @t: neighbours belong to different threads. */
static char *my_page(int t, int i)
{
	return arena + (size_t)(i * THREADS + t) * PAGE;
}

static void note(const char *what, int t, int i)
{
	if (!__atomic_exchange_n(&failed, 1, __ATOMIC_SEQ_CST))
		printf("# thread %d, page %d: %s (errno %d)\n", t, i, what, errno);
}

static void one_page(int t, int i, unsigned int round)
{
	char *p = my_page(t, i);
	unsigned int stamp = round * 64 + t * 8 + i;

	if (mmap(p, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
	    p)
		note("mmap", t, i);
	if (*(unsigned int *)p)
		note("a new page is not zero", t, i);
	*(unsigned int *)p = stamp;
	if (mprotect(p, PAGE, PROT_READ))
		note("mprotect", t, i);
	if (*(unsigned int *)p != stamp)
		note("lost after mprotect", t, i);
	if (mprotect(p, PAGE, PROT_READ | PROT_WRITE))
		note("mprotect back", t, i);
	((unsigned int *)p)[1] = stamp;
	if (round % 3 == 0) {
		char *to = elsewhere + (size_t)t * PAGE;

		if (mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
			note("mremap", t, i);
		else if (*(unsigned int *)to != stamp)
			note("lost by mremap", t, i);
		return;
	}
	if (round % 3 == 1) {
		madvise(p, PAGE, MADV_DONTNEED);
		if (*(unsigned int *)p)
			note("not zero after DONTNEED", t, i);
	}
}

static void *worker(void *arg)
{
	int t = (int)(long)arg;

	for (unsigned int round = 0; round < ROUNDS && !failed; round++)
		for (int i = 0; i < PAGES; i++)
			one_page(t, i, round);
	return NULL;
}

/* Children see a snapshot: a page that never changes must be whole in each. */
static void *forker(void *arg)
{
	unsigned long *fixed = arg;

	while (!stop && !failed) {
		int status;
		pid_t pid = fork();

		if (pid < 0) {
			note("fork", -1, 0);
			break;
		}
		if (!pid) {
			for (int i = 0; i < 4; i++)
				if (fixed[i * PAGE / 8] != 0x1234567800ul + i)
					_exit(1);
			fixed[0] = 0; /* its own copy */
			_exit(0);
		}
		if (waitpid(pid, &status, 0) != pid || status)
			note("the child saw something else", -1, status);
	}
	return NULL;
}

/* All threads fault on the same fresh pages at once; one page each must result. */
static char *volatile common;
static pthread_barrier_t barrier;

static void *racer(void *arg)
{
	int t = (int)(long)arg;

	for (int round = 0; round < 100; round++) {
		pthread_barrier_wait(&barrier);
		for (int i = 0; i < 16; i++)
			__atomic_fetch_add((int *)(common + i * PAGE), 1, __ATOMIC_RELAXED);
		pthread_barrier_wait(&barrier);
		if (t == 0) {
			for (int i = 0; i < 16; i++)
				if (*(int *)(common + i * PAGE) != THREADS)
					note("a write went to a lost page", t, i);
			madvise(common, 16 * PAGE, MADV_DONTNEED);
		}
	}
	return NULL;
}

int main(void)
{
	pthread_t th[THREADS], fork_thread;
	unsigned long *fixed =
		mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(fixed != MAP_FAILED);
	for (int i = 0; i < 4; i++)
		fixed[i * PAGE / 8] = 0x1234567800ul + i;
	arena = mmap(NULL, THREADS * (PAGES + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0);
	must(arena != MAP_FAILED);
	elsewhere = mmap(NULL, THREADS * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(elsewhere != MAP_FAILED);
	must(!pthread_create(&fork_thread, NULL, forker, fixed));
	for (long t = 0; t < THREADS; t++)
		must(!pthread_create(&th[t], NULL, worker, (void *)t));
	for (int t = 0; t < THREADS; t++)
		pthread_join(th[t], NULL);
	stop = 1;
	pthread_join(fork_thread, NULL);
	ok(!failed, "threads change neighbouring mappings, one more forks");

	failed = 0;
	common = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(common != MAP_FAILED);
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (long t = 0; t < THREADS; t++)
		must(!pthread_create(&th[t], NULL, racer, (void *)t));
	for (int t = 0; t < THREADS; t++)
		pthread_join(th[t], NULL);
	ok(!failed, "threads fault on the same page at once");
	return tap_end();
}
