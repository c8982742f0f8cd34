// SPDX-License-Identifier: MIT
/*
 * The page allocator, the slab allocator and vmalloc by /dev/mmtest: here a driver, on Linux bench/linux-module/. Each
 * count is that of a call with n allocations less that of a call with none.
 */
#define _GNU_SOURCE
#include "harness.h"

#define HOT   1000
#define COLD  8192
#define HUGE  64 /* blocks of order 9: 128 MiB */
#define SLABS 16384

/* Allocate and free again and again, of what the CPU has at hand. */
static void hot(const char *noun, int64_t size, int64_t n)
{
	mmtest(noun, "hot", size, 64);
	mmtest(noun, "hot", size, 0);
	start();
	mmtest(noun, "hot", size, n);
	stop();
	start();
	mmtest(noun, "hot", size, 0);
	stop_minus();
	times(n);
}

BENCH("page-hot-0")
{
	hot("page", 0, HOT);
}

BENCH("page-hot-9")
{
	hot("page", 9, HOT);
}

BENCH("kmalloc-hot-64")
{
	hot("slab", 64, HOT);
}

BENCH("kmalloc-hot-1024")
{
	hot("slab", 1024, HOT);
}

/* vmalloc() of 16 pages and vfree(). */
BENCH("vmalloc-hot-64k")
{
	hot("vmalloc", 64 << 10, HOT);
}

/* Many in a row, more than a CPU holds, and all of them back. */
struct load {
	const char *noun, *alloc, *free;
	int64_t size; /* the verb's first argument; NO_SIZE: it takes the number alone */
	int64_t n;
};
#define NO_SIZE (-1)

static void take(const struct load *l, int64_t n)
{
	mmtest(l->noun, l->alloc, l->size == NO_SIZE ? n : l->size, l->size == NO_SIZE ? 0 : n);
}

static void give_back(const struct load *l)
{
	mmtest(l->noun, l->free, 0, 0);
}

static void cost_of_taking(const struct load *l)
{
	take(l, 0);
	start();
	take(l, l->n);
	stop();
	give_back(l);
	start();
	take(l, 0);
	stop_minus();
	times(l->n);
}

static void cost_of_freeing(const struct load *l)
{
	take(l, l->n);
	start();
	give_back(l);
	stop();
	start();
	give_back(l);
	stop_minus();
	times(l->n);
}

static void page_alloc(int order, int64_t n)
{
	const struct load load = { "page", "alloc", "free", order, n };

	mmtest("page", "reserve", COLD, 0);
	take(&load, n);
	give_back(&load);
	cost_of_taking(&load);
}

static void page_free(int order, int64_t n)
{
	mmtest("page", "reserve", COLD, 0);
	cost_of_freeing(&(struct load){ "page", "alloc", "free", order, n });
}

BENCH("page-cold-alloc-0")
{
	page_alloc(0, COLD);
}

BENCH("page-cold-free-0")
{
	page_free(0, COLD);
}

BENCH("page-cold-alloc-9")
{
	page_alloc(9, HUGE);
}

BENCH("page-cold-free-9")
{
	page_free(9, HUGE);
}

/* alloc_pages_bulk_array() of 8192 pages. */
BENCH("page-bulk-alloc-0")
{
	mmtest("page", "reserve", COLD, 0);
	cost_of_taking(&(struct load){ "page", "bulk", "free", NO_SIZE, COLD });
}

static const struct load kmalloc_64 = { "slab", "alloc", "free", 64, SLABS };

BENCH("kmalloc-cold-alloc-64")
{
	mmtest("slab", "reserve", SLABS, 64);
	cost_of_taking(&kmalloc_64);
}

BENCH("kmalloc-cold-free-64")
{
	mmtest("slab", "reserve", SLABS, 64);
	cost_of_freeing(&kmalloc_64);
}

/* kmem_cache_alloc_bulk() and kmem_cache_free_bulk() in sets of 64 objects of 256 bytes, per object. */
static const struct load sets = { "slab", "bulk", "bulkfree", NO_SIZE, SLABS };

BENCH("slab-bulk-alloc-256")
{
	mmtest("slab", "reserve", SLABS, 256);
	cost_of_taking(&sets);
}

BENCH("slab-bulk-free-256")
{
	mmtest("slab", "reserve", SLABS, 256);
	cost_of_freeing(&sets);
}
