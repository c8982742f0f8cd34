// SPDX-License-Identifier: MIT
/*
 * Two designs of a frame allocator side by side, in a process: what Quire does (a LIFO per CPU in front of buddy lists under
 * a lock) and the lower half of LLFree (Wrenger, Rommel, Halbuer, Dietrich, Lohmann: LLFree, USENIX ATC 2023): a bit field and
 * a counter per 2 MiB, changed by compare-and-swap, each CPU in a tree of its own; with the same LIFO in front of it or without.
 *
 *	frames				nanoseconds of thread time with one and two threads, and fragmentation
 *	./quire run --icount -- frames 1	instructions (the time stamp counts them there)
 *
 * Both are as small as they can be: no zones, no types, no accounting. docs/physical-memory.md tells what came out.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NR_FRAMES   65536u
#define HUGE_FRAMES 512u
#define NR_HUGE	    (NR_FRAMES / HUGE_FRAMES)
#define MAX_ORDER   10
#define MAX_THREADS 2
#define NONE	    (~0u)

/* ---- buddy lists under a lock ---- */

static struct descriptor {
	uint32_t next, prev;
	uint8_t order;
	bool free;
} descriptors[NR_FRAMES];
static uint32_t heads[MAX_ORDER + 1], order_map;
static pthread_spinlock_t zone_lock;

static void list_add(uint32_t f, unsigned int order)
{
	uint32_t other = heads[order];

	descriptors[f] = (struct descriptor){ other, NONE, order, true };
	if (other != NONE)
		descriptors[other].prev = f;
	heads[order] = f;
	order_map |= 1u << order;
}

static void list_del(uint32_t f)
{
	struct descriptor *d = &descriptors[f];

	if (d->prev == NONE)
		heads[d->order] = d->next;
	else
		descriptors[d->prev].next = d->next;
	if (d->next != NONE)
		descriptors[d->next].prev = d->prev;
	if (heads[d->order] == NONE)
		order_map &= ~(1u << d->order);
	d->free = false;
}

/* The first 2^@order frames of the free block @f; the rest stays free. */
static void carve(uint32_t f, unsigned int order)
{
	unsigned int high = descriptors[f].order;

	list_del(f);
	while (high > order) {
		high--;
		list_add(f + (1u << high), high);
	}
}

static uint32_t buddy_alloc(unsigned int order)
{
	uint32_t fits = order_map >> order, f;

	if (!fits)
		return NONE;
	f = heads[order + __builtin_ctz(fits)];
	carve(f, order);
	return f;
}

static void buddy_free(uint32_t f, unsigned int order)
{
	while (order < MAX_ORDER) {
		uint32_t buddy = f ^ 1u << order;

		if (!descriptors[buddy].free || descriptors[buddy].order != order)
			break;
		list_del(buddy);
		f &= ~(1u << order);
		order++;
	}
	list_add(f, order);
}

static void buddy_init(void)
{
	memset(descriptors, 0, sizeof(descriptors));
	memset(heads, 0xff, sizeof(heads));
	order_map = 0;
	for (uint32_t f = 0; f < NR_FRAMES; f += 1u << MAX_ORDER)
		list_add(f, MAX_ORDER);
}

static uint32_t lists_get(unsigned int thread, unsigned int order)
{
	uint32_t f;

	(void)thread;
	pthread_spin_lock(&zone_lock);
	f = buddy_alloc(order);
	pthread_spin_unlock(&zone_lock);
	return f;
}

static void lists_put(unsigned int thread, uint32_t f, unsigned int order)
{
	(void)thread;
	pthread_spin_lock(&zone_lock);
	buddy_free(f, order);
	pthread_spin_unlock(&zone_lock);
}

/* ---- bit fields ---- */

static struct field {
	_Atomic uint64_t word[HUGE_FRAMES / 64]; /* bit: in use */
} fields[NR_HUGE] __attribute__((aligned(64)));
static _Atomic uint32_t free_in[NR_HUGE]; /* NONE: taken as one block of 2 MiB */
#define TREE 16				  /* huge frames that one CPU works in */
static struct {
	uint32_t huge;
} mine[MAX_THREADS] __attribute__((aligned(64)));

static void fields_init(void)
{
	memset(fields, 0, sizeof(fields));
	for (uint32_t h = 0; h < NR_HUGE; h++)
		free_in[h] = HUGE_FRAMES;
	for (unsigned int t = 0; t < MAX_THREADS; t++)
		mine[t].huge = t * (NR_HUGE / MAX_THREADS) / TREE * TREE;
}

static bool take_one_of(uint32_t huge)
{
	uint32_t n = free_in[huge];

	while (n && n != NONE)
		if (__atomic_compare_exchange_n((uint32_t *)&free_in[huge], &n, n - 1, true,
						__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return true;
	return false;
}

/* => one is promised by the counter, so the search ends */
static uint32_t take_bit(uint32_t huge)
{
	for (unsigned int w = 0;; w = (w + 1) % (HUGE_FRAMES / 64)) {
		uint64_t old = fields[huge].word[w];

		while (~old) {
			unsigned int bit = __builtin_ctzll(~old);

			if (__atomic_compare_exchange_n((uint64_t *)&fields[huge].word[w], &old,
							old | 1ull << bit, true, __ATOMIC_ACQ_REL,
							__ATOMIC_RELAXED))
				return huge * HUGE_FRAMES + w * 64 + bit;
		}
	}
}

/* In the tree of the CPU: a huge frame that is in use already before one that is not. */
static uint32_t fields_one(unsigned int thread)
{
	uint32_t first = mine[thread].huge;

	if (take_one_of(first))
		return take_bit(first);
	for (unsigned int whole = 0; whole < 2; whole++)
		for (uint32_t i = 0; i < NR_HUGE; i++) {
			uint32_t huge = (first + i) % NR_HUGE;

			if ((free_in[huge] == HUGE_FRAMES) == (whole != 0) && take_one_of(huge)) {
				mine[thread].huge = huge;
				return take_bit(huge);
			}
		}
	return NONE;
}

static uint32_t fields_get(unsigned int thread, unsigned int order)
{
	if (!order)
		return fields_one(thread);
	for (uint32_t i = 0; i < NR_HUGE; i++) { /* order 9 */
		uint32_t huge = (mine[thread].huge + i) % NR_HUGE, all = HUGE_FRAMES;

		if (__atomic_compare_exchange_n((uint32_t *)&free_in[huge], &all, NONE, false,
						__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return huge * HUGE_FRAMES;
	}
	return NONE;
}

static void fields_put(unsigned int thread, uint32_t f, unsigned int order)
{
	uint32_t huge = f / HUGE_FRAMES;

	(void)thread;
	if (order) {
		__atomic_store_n((uint32_t *)&free_in[huge], HUGE_FRAMES, __ATOMIC_RELEASE);
		return;
	}
	__atomic_fetch_and((uint64_t *)&fields[huge].word[f % HUGE_FRAMES / 64], ~(1ull << f % 64),
			   __ATOMIC_RELEASE);
	__atomic_fetch_add((uint32_t *)&free_in[huge], 1, __ATOMIC_RELEASE);
}

/* ---- refills that pack, as in mm/page/buddy.c ---- */

static bool pack;
static uint32_t
	pack_next; /* where in its 2 MiB the next refill goes on; a multiple of that: nowhere */
#define PACK_BUDGET 64
#define PACK_ORDER  5

/* A free block of the 2 MiB at hand, of at most 2^@order frames. */
static uint32_t pack_take(unsigned int *order, unsigned int *budget)
{
	uint32_t f = pack_next, end = f / HUGE_FRAMES * HUGE_FRAMES + HUGE_FRAMES;

	if (f == NONE)
		return NONE;
	while (f < end && *budget && !descriptors[f].free) {
		f++;
		--*budget;
	}
	pack_next = f < end ? f : NONE;
	if (f == end || !*budget || descriptors[f].order >= 9)
		return NONE;
	if (descriptors[f].order < *order)
		*order = descriptors[f].order;
	carve(f, *order);
	pack_next = f + (1u << *order) < end ? f + (1u << *order) : NONE;
	return f;
}

/* Frames for a LIFO: of the 2 MiB at hand, else of the smallest block. => locked */
static unsigned int buddy_refill(uint32_t *frame, unsigned int count)
{
	unsigned int got = 0, budget = pack ? PACK_BUDGET : 0;

	while (got < count && order_map) {
		unsigned int order = 31 - __builtin_clz(count - got), low;
		uint32_t f = pack ? pack_take(&order, &budget) : NONE;

		if (f == NONE) {
			low = __builtin_ctz(order_map);
			order = low < order ? low : order;
			f = buddy_alloc(order);
			if (budget && low < PACK_ORDER)
				pack_next = f / HUGE_FRAMES * HUGE_FRAMES;
		}
		for (unsigned int i = 0; i < 1u << order; i++)
			frame[got++] = f + i;
	}
	return got;
}

/* ---- the LIFO of a CPU in front of either ---- */

static struct lifo {
	uint32_t frame[1024];
	unsigned int n;
} lifos[MAX_THREADS] __attribute__((aligned(64)));
#define BATCH 31
#define HIGH  868

static uint32_t lifo_get(unsigned int t, uint32_t (*get)(unsigned int, unsigned int), bool locked)
{
	struct lifo *l = &lifos[t];

	if (!l->n) {
		if (locked) {
			pthread_spin_lock(&zone_lock);
			l->n = buddy_refill(l->frame, BATCH);
			pthread_spin_unlock(&zone_lock);
		}
		for (int i = 0; !locked && i < BATCH; i++) {
			uint32_t f = get(t, 0);

			if (f == NONE)
				break;
			l->frame[l->n++] = f;
		}
	}
	return l->n ? l->frame[--l->n] : NONE;
}

static void lifo_put(unsigned int t, uint32_t f, bool locked)
{
	struct lifo *l = &lifos[t];

	l->frame[l->n++] = f;
	if (l->n <= HIGH)
		return;
	if (locked)
		pthread_spin_lock(&zone_lock);
	for (int i = 0; i < BATCH; i++) {
		if (locked)
			buddy_free(l->frame[--l->n], 0);
		else
			fields_put(t, l->frame[--l->n], 0);
	}
	if (locked)
		pthread_spin_unlock(&zone_lock);
}

static uint32_t lists_lifo_get(unsigned int t, unsigned int order)
{
	return order ? lists_get(t, order) : lifo_get(t, lists_get, true);
}
static void lists_lifo_put(unsigned int t, uint32_t f, unsigned int order)
{
	if (order)
		lists_put(t, f, order);
	else
		lifo_put(t, f, true);
}
static uint32_t fields_lifo_get(unsigned int t, unsigned int order)
{
	return order ? fields_get(t, order) : lifo_get(t, fields_get, false);
}
static void fields_lifo_put(unsigned int t, uint32_t f, unsigned int order)
{
	if (order)
		fields_put(t, f, order);
	else
		lifo_put(t, f, false);
}

static const struct design {
	const char *name;
	uint32_t (*get)(unsigned int thread, unsigned int order);
	void (*put)(unsigned int thread, uint32_t frame, unsigned int order);
	bool pack;
} designs[] = {
	{ "LIFO + lists", lists_lifo_get, lists_lifo_put, false },
	{ "LIFO + lists that pack", lists_lifo_get, lists_lifo_put, true },
	{ "lists alone", lists_get, lists_put, false },
	{ "LIFO + bit fields", fields_lifo_get, fields_lifo_put, false },
	{ "bit fields alone (LLFree)", fields_get, fields_put, false },
};

static void reset(const struct design *d)
{
	pack = d->pack;
	pack_next = NONE;
	buddy_init();
	fields_init();
	memset(lifos, 0, sizeof(lifos));
}

/* ---- measuring ---- */

static bool count_instructions;

static uint64_t clock_now(void)
{
	struct timespec t;

	if (count_instructions)
		return __builtin_ia32_rdtsc();
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static double hot(const struct design *d, unsigned int t, unsigned int order)
{
	enum { N = 20000 };
	uint64_t start;

	d->put(t, d->get(t, order), order);
	start = clock_now();
	for (int i = 0; i < N; i++)
		d->put(t, d->get(t, order), order);
	return (double)(clock_now() - start) / N;
}

static double bulk(const struct design *d, unsigned int t)
{
	enum { N = 16384 };
	static uint32_t held[MAX_THREADS][N];
	uint64_t start = clock_now();

	for (int i = 0; i < N; i++)
		held[t][i] = d->get(t, 0);
	for (int i = 0; i < N; i++)
		d->put(t, held[t][i], 0);
	return (double)(clock_now() - start) / N;
}

struct job {
	const struct design *d;
	unsigned int thread;
	double hot0, bulk0, hot9;
};

static void *measure(void *arg)
{
	struct job *j = arg;

	j->hot0 = hot(j->d, j->thread, 0);
	j->bulk0 = bulk(j->d, j->thread);
	j->hot9 = hot(j->d, j->thread, 9);
	return NULL;
}

static void timed(const struct design *d, unsigned int threads)
{
	struct job jobs[MAX_THREADS];
	pthread_t id[MAX_THREADS];

	reset(d);
	for (unsigned int t = 0; t < threads; t++) {
		jobs[t] = (struct job){ .d = d, .thread = t };
		if (pthread_create(&id[t], NULL, measure, &jobs[t]))
			exit(1);
	}
	for (unsigned int t = 0; t < threads; t++)
		pthread_join(id[t], NULL);
	printf("%-28s %u thread%s  hot %7.1f  bulk %7.1f  2 MiB %7.1f\n", d->name, threads,
	       threads > 1 ? "s" : " ", jobs[0].hot0, jobs[0].bulk0, jobs[0].hot9);
}

/* Memory was nearly full, most was given back at random, then some tenths stay in use and are replaced for a long time. */
static void aging(const struct design *d, unsigned int tenths)
{
	static uint32_t held[NR_FRAMES];
	static uint8_t used[NR_HUGE];
	unsigned int n = 0, whole = 0;
	uint64_t r = 88172645463325252ull;

	reset(d);
	while (n < NR_FRAMES * 7 / 8)
		held[n++] = d->get(0, 0);
	for (unsigned int step = 0; step < 40 * NR_FRAMES; step++) {
		uint32_t *slot;

		r ^= r << 13;
		r ^= r >> 7;
		r ^= r << 17;
		slot = &held[(r >> 33) % n];
		if (n > NR_FRAMES / 10 * tenths) {
			d->put(0, *slot, 0);
			*slot = held[--n];
		} else {
			for (unsigned int k = 0; k < 4096; k++)
				held[n++] = d->get(0, 0);
		}
	}
	memset(used, 0, sizeof(used));
	for (unsigned int i = 0; i < n; i++)
		used[held[i] / HUGE_FRAMES] = 1;
	for (uint32_t h = 0; h < NR_HUGE; h++)
		whole += !used[h];
	printf("%-28s aged: %u of %u frames in use, %u of %u blocks of 2 MiB are free\n", d->name,
	       n, NR_FRAMES, whole, NR_HUGE);
}

int main(int argc, char **argv)
{
	count_instructions = argc > 1 && argv[1][0] == '1';
	pthread_spin_init(&zone_lock, 0);
	for (unsigned int i = 0; i < sizeof(designs) / sizeof(designs[0]); i++)
		for (unsigned int threads = 1; threads <= (count_instructions ? 1 : 2); threads++)
			timed(&designs[i], threads);
	for (unsigned int i = 0; i < sizeof(designs) / sizeof(designs[0]); i++)
		for (unsigned int tenths = 1; tenths <= 5; tenths += 2)
			aging(&designs[i], tenths);
	return 0;
}
