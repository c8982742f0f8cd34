// SPDX-License-Identifier: MIT
/*
 * Does a change of the page tables reach every CPU before the call returns? One thread changes a mapping, others on
 * other CPUs (as far as there are any) use it all the time. A translation that survives in some TLB shows as a write
 * that gets through after mprotect(), or as data of the old page after munmap() or MADV_DONTNEED.
 */
#include "maps.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>

#define THREADS 4
#define ROUNDS	100

static volatile long *page;
static volatile int stop, phase; /* phase: even = writable, odd = read-only */
static volatile long faults, writes;
static __thread sigjmp_buf back;
static pthread_barrier_t barrier;

static void on_segv(int sig __attribute__((unused)))
{
	siglongjmp(back, 1);
}

/* Write for as long as it works, count what is refused. */
static void *writer(void *arg)
{
	long self = (long)arg;

	while (!stop) {
		if (sigsetjmp(back, 1) == 0) {
			page[8 * self] = page[8 * self] + 1;
			__sync_fetch_and_add(&writes, 1);
		} else {
			__sync_fetch_and_add(&faults, 1);
		}
	}
	return NULL;
}

/* After mprotect(PROT_READ) has returned nobody's counter moves any more. */
static void protect(void)
{
	pthread_t t[THREADS];
	bool kept = true;

	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stop = 0;
	for (long i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, writer, (void *)i);
	for (int r = 0; r < ROUNDS / 5; r++) {
		long before[THREADS];

		mprotect((void *)page, 4096, PROT_READ);
		for (int i = 0; i < THREADS; i++)
			before[i] = page[8 * i];
		for (int k = 0; k < 10; k++) {
			sched_yield();
			for (int i = 0; i < THREADS; i++)
				kept &= page[8 * i] == before[i];
		}
		mprotect((void *)page, 4096, PROT_READ | PROT_WRITE);
		sched_yield();
	}
	for (int i = 0; i < 4000 && !writes;
	     i++) /* on a loaded machine they may not have run yet */
		sleep_ms(5);
	stop = 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	ok(kept, "no write gets through after mprotect(PROT_READ)");
	ok(writes > 0, "writers wrote");
	munmap((void *)page, 4096);
}

/* Readers never see old contents again after MADV_DONTNEED has returned. */
static volatile long generation;
static volatile long stale;

static void *reader(void *arg __attribute__((unused)))
{
	while (!stop) {
		long low = generation, seen = page[0];

		/* 0: dropped just now; else at least the generation that had been written before the look. */
		if (seen && seen < low)
			__sync_fetch_and_add(&stale, 1);
	}
	return NULL;
}

static void dontneed(void)
{
	pthread_t t[THREADS];

	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stop = 0;
	for (long i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, reader, NULL);
	for (long r = 1; r < ROUNDS * 2; r++) {
		madvise((void *)page, 4096, MADV_DONTNEED);
		page[0] = r;
		generation = r;
	}
	stop = 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	is(stale, 0, "no reader sees a page that MADV_DONTNEED dropped");
	munmap((void *)page, 4096);
}

/* A range is mapped, filled, unmapped and mapped again while others do the same: nobody reads another's data. */
static volatile long mixed;

static void *churn(void *arg)
{
	long self = (long)arg;

	pthread_barrier_wait(&barrier);
	for (int r = 0; r < ROUNDS; r++) {
		long *p = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		for (int i = 0; i < 16; i++) {
			if (p[512 * i] != 0)
				__sync_fetch_and_add(&mixed, 1);
			p[512 * i] = self << 32 | r;
		}
		for (int i = 0; i < 16; i++)
			if (p[512 * i] != (self << 32 | r))
				__sync_fetch_and_add(&mixed, 1);
		munmap(p, 16 * 4096);
	}
	return NULL;
}

static void remap(void)
{
	pthread_t t[THREADS];

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (long i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, churn, (void *)(i + 1));
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	is(mixed, 0, "fresh mappings are zero and keep what is written");
}

/* A page comes and goes while another thread looks at it: a look that begins after munmap() has returned must fault. */
static volatile int gone; /* odd: it is */
static volatile long looks, late;

static void *looker(void *arg __attribute__((unused)))
{
	while (!stop) {
		int was = gone;

		if (sigsetjmp(back, 1) == 0) {
			(void)page[0];
			if (was % 2 == 0)
				looks++;
			else if (gone == was)
				late++;
		} else {
			faults++;
		}
	}
	return NULL;
}

/* Over all CPUs. */
static long shootdowns(void)
{
	char *line = strstr(slurp("/proc/interrupts"), "TLB:");
	long sum = 0;

	for (char *end; line; line = end) {
		line += line[0] == 'T' ? 4 : 0;
		sum += strtol(line, &end, 10);
		if (end == line)
			break;
	}
	return sum;
}

static void unmap(void)
{
	bool alone = sysconf(_SC_NPROCESSORS_ONLN) == 1, faulted = true, looked = true;
	long ipis = shootdowns(), flushes = vmstat("nr_tlb_remote_flush");
	void *at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t t;

	page = at;
	stop = gone = 0;
	pthread_create(&t, NULL, looker, NULL);
	/* It is on another CPU at the moment of munmap() sooner or later. */
	for (int r = 0; r < 20 || (r < 2000 && !alone && shootdowns() == ipis); r++) {
		long before = looks;

		looked &= EVENTUALLY(looks > before);
		munmap(at, PAGE);
		gone++;
		before = faults;
		faulted &= EVENTUALLY(faults > before);
		gone++;
		mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	}
	stop = 1;
	pthread_join(t, NULL);
	ok(looked && faulted, "munmap: the other thread's next look faults");
	is(late, 0, "munmap: not one look succeeds afterwards");
	ok(alone || shootdowns() > ipis, "munmap: /proc/interrupts counts the shootdowns");
	/* oracle: none (CONFIG_DEBUG_TLBFLUSH) */
	ok(flushes < 0 || alone || vmstat("nr_tlb_remote_flush") > flushes,
	   "munmap: vmstat counts the flushes of other CPUs");
	munmap(at, PAGE);
}

int main(void)
{
	struct sigaction sa = { .sa_handler = on_segv, .sa_flags = SA_NODEFER };

	sigaction(SIGSEGV, &sa, NULL);
	protect();
	dontneed();
	remap();
	unmap();
	return tap_end();
}
