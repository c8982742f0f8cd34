// SPDX-License-Identifier: MIT
/*
 * The page allocator under attack from all CPUs, through /dev/mmtest (oracle: none, the device is Quire's): blocks of all
 * orders, then all of memory at once. Afterwards every page is back and every list in order.
 * page_storm [SECONDS [SEED]]: make stress gives more time.
 */
#include "textfile.h"

#include <pthread.h>
#include <sys/ioctl.h>
#include "../../include/drivers/mmtest.h"

#define MAX_THREADS 16
#define MEM_CHECK   "/sys/kernel/debug/mm_check"

static long seconds = 1, seed = 1;
static int nr_threads;
static pthread_barrier_t together;

static struct worker {
	pthread_t thread;
	int fd, nr, bad;
	long long allocated, refused, damaged, taken;
} workers[MAX_THREADS];

static struct mmtest_call call(struct worker *w, const char *verb, long a, long b)
{
	struct mmtest_call c = { .noun = "page", .arg = { a, b } };

	strcpy(c.verb, verb);
	if (ioctl(w->fd, MMTEST_CALL, &c))
		w->bad++;
	return c;
}

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static void *storm(void *arg)
{
	struct worker *w = arg;
	long end = now() + seconds;

	for (long round = 0; round < 2 || now() < end;
	     round++) { /* short calls: CPUs may be slow */
		struct mmtest_call c =
			call(w, "storm", seed * 1000003 + round * MAX_THREADS + w->nr, 150);

		w->allocated += c.result[0];
		w->refused += c.result[1];
		w->damaged += c.result[2];
	}
	return NULL;
}

/* All begin together; nobody gives back before all have met the end of memory. */
static void *exhaust(void *arg)
{
	struct worker *w = arg;

	pthread_barrier_wait(&together);
	w->taken = call(w, "exhaust", w->nr % 3 == 2 ? 3 : 0, w->nr % 2).result[0];
	pthread_barrier_wait(&together);
	call(w, "return", 0, 0);
	return NULL;
}

static void run(void *(*fn)(void *))
{
	for (int i = 0; i < nr_threads; i++)
		if (pthread_create(&workers[i].thread, NULL, fn, &workers[i]))
			exit(1);
	for (int i = 0; i < nr_threads; i++)
		pthread_join(workers[i].thread, NULL);
}

static long free_kb(void)
{
	int fd = open("/sys/kernel/debug/mm_settle", O_WRONLY);

	if (fd >= 0 && write(fd, "1", 1) != 1)
		printf("# mm_settle does not work\n");
	close(fd);
	return strtol(strstr(slurp("/proc/meminfo"), "MemFree:") + 8, NULL, 10);
}

int main(int argc, char **argv)
{
	long long allocated = 0, damaged = 0, taken = 0, bad = 0, before, after;

	if (access("/dev/mmtest", F_OK)) {
		printf("1..0 # SKIP there is no /dev/mmtest\n");
		return 0;
	}
	if (argc > 1)
		seconds = atol(argv[1]);
	if (argc > 2)
		seed = atol(argv[2]);
	nr_threads = sysconf(_SC_NPROCESSORS_ONLN) * 2;
	nr_threads = nr_threads > MAX_THREADS ? MAX_THREADS : nr_threads < 4 ? 4 : nr_threads;
	for (int i = 0; i < nr_threads; i++)
		workers[i] =
			(struct worker){ .nr = i, .fd = open("/dev/mmtest", O_RDWR | O_CLOEXEC) };
	pthread_barrier_init(&together, NULL, nr_threads);
	run(storm); /* also makes what the kernel keeps of it: stacks, tables */
	for (int i = 0; i < nr_threads; i++) {
		allocated += workers[i].allocated;
		damaged += workers[i].damaged;
		bad += workers[i].bad;
	}
	printf("# %d threads, %lld blocks\n", nr_threads, allocated);
	ok(allocated > 300 && !bad, "storm: blocks of all orders come and go");
	is(damaged, 0, "storm: none was handed out twice or not cleared");
	ok(!strcmp(slurp(MEM_CHECK), "ok\n"), "storm: lists and ledger in order");
	before = free_kb();
	for (int round = 0; round < 2; round++)
		run(exhaust);
	for (int i = 0; i < nr_threads; i++) {
		taken += workers[i].taken << (workers[i].nr % 3 == 2 ? 3 : 0);
		bad += workers[i].bad;
	}
	(void)EVENTUALLY(before - (after = free_kb()) < 512);
	printf("# %lld kB were taken of %lld kB\n", taken * 4, before);
	ok(!bad && taken * 4 > before / 2,
	   "exhaust: each thread meets the end of memory and is told");
	ok(before - after < 512, "exhaust: all of it comes back");
	ok(!strcmp(slurp(MEM_CHECK), "ok\n"), "exhaust: lists and ledger in order");
	return tap_end();
}
