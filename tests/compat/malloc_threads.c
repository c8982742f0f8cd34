// SPDX-License-Identifier: MIT
/*
 * A threaded allocation test for any malloc: threads allocate, fill, check, resize and free blocks of mixed sizes, some
 * of them allocated by another thread; then all is freed and the allocator is asked to give back what it keeps. RSS must
 * have grown with the blocks and must have fallen by most of that afterwards.
 *	malloc_threads glibc|jemalloc|mimalloc
 * Dynamic on purpose: the allocator under test comes by LD_PRELOAD and must be the one that is named.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 4
#define BLOCKS	1500
#define ROUNDS	4

static struct block {
	unsigned char *p;
	size_t size;
	unsigned char fill;
} blocks[THREADS][BLOCKS];
static pthread_barrier_t barrier;
static int wrong;

static long rss_kb(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long total, resident = 0;

	if (!f || fscanf(f, "%ld %ld", &total, &resident) != 2)
		exit(2);
	fclose(f);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static size_t some_size(unsigned *seed)
{
	unsigned r = rand_r(seed);

	if (r % 64 == 0)
		return 100000 + (unsigned)rand_r(seed) % 200000; /* mostly maps of their own */
	return r % 4 ? 16 + r % 500 : 1024 + (unsigned)rand_r(seed) % 12000;
}

static void check(const struct block *b)
{
	for (size_t i = 0; i < b->size; i += i + 64 < b->size ? 64 : 1)
		if (b->p[i] != b->fill) {
			__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
			return;
		}
}

static void take(struct block *b, unsigned *seed)
{
	b->size = some_size(seed);
	b->fill = rand_r(seed);
	b->p = malloc(b->size);
	if (!b->p)
		exit(3);
	memset(b->p, b->fill, b->size);
}

static void *work(void *arg)
{
	int me = (intptr_t)arg;
	unsigned seed = me + 1;

	for (int round = 0; round < ROUNDS; round++) {
		struct block *mine =
			blocks[(me + round) %
			       THREADS]; /* the blocks of another thread in each round */

		for (int i = 0; i < BLOCKS; i++) {
			struct block *b = &mine[i];

			if (b->p) {
				check(b);
				if (rand_r(&seed) % 3 == 0) {
					size_t size = some_size(&seed),
					       kept = size < b->size ? size : b->size;

					b->p = realloc(b->p, size);
					b->size = kept;
					check(b);
					b->size = size;
					memset(b->p, b->fill, size);
					continue;
				}
				free(b->p);
			}
			take(b, &seed);
		}
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void aligned(void)
{
	for (size_t align = 16; align <= 2 << 20; align *= 2) {
		void *p = NULL;

		if (posix_memalign(&p, align, align + 1) || (uintptr_t)p % align)
			wrong++;
		memset(p, 1, align + 1);
		free(p);
	}
}

static void purge(const char *which)
{
	int (*mallctl)(const char *, void *, size_t *, void *, size_t) =
		dlsym(RTLD_DEFAULT, "mallctl");
	void (*collect)(bool) = dlsym(RTLD_DEFAULT, "mi_collect");

	if (strcmp(which, "jemalloc") == 0 ? !mallctl : mallctl != NULL)
		exit(4); /* not the allocator that was asked for */
	if (strcmp(which, "mimalloc") == 0 ? !collect : collect != NULL)
		exit(4);
	if (mallctl && mallctl("arena.4096.purge", NULL, NULL, NULL, 0)) /* 4096: all arenas */
		exit(5);
	if (collect)
		collect(true);
	if (!mallctl && !collect)
		malloc_trim(0);
}

int main(int argc, char **argv)
{
	const char *which = argc > 1 ? argv[1] : "glibc";
	pthread_t threads[THREADS];
	long before, full, after;

	if (strcmp(which, "glibc") == 0 &&
	    (!mallopt(M_MMAP_THRESHOLD, 128 << 10) || !mallopt(M_TRIM_THRESHOLD, 64 << 20) ||
	     !mallopt(M_ARENA_MAX, 3)))
		return 6;
	free(malloc(100));
	before = rss_kb();
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (intptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, (void *)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	aligned();
	full = rss_kb();
	for (int t = 0; t < THREADS; t++)
		for (int i = 0; i < BLOCKS; i++) {
			check(&blocks[t][i]);
			free(blocks[t][i].p);
		}
	purge(which);
	after = rss_kb();
	printf("%s: RSS %ld KiB, with the blocks %ld, after the purge %ld; wrong bytes in %d blocks\n",
	       which, before, full, after, wrong);
	return wrong || full < before + 16384 || after - before > (full - before) / 2;
}
