// SPDX-License-Identifier: MIT
/*
 * The page and the slab allocator by /dev/mmtest: here a driver, on Linux bench/linux-module/. Each count
 * is that of a call with n allocations less that of a call with none.
 */
#define _GNU_SOURCE
#include "harness.h"

#define HOT   1000
#define COLD  8192
#define HUGE  64 /* blocks of order 9: 128 MiB */
#define SLABS 16384

static void counted(const char *noun, const char *verb, int64_t arg, int64_t n)
{
	mmtest(noun, verb, arg, 0);
	start();
	mmtest(noun, verb, arg, n);
	stop();
}

static void less_nothing(const char *noun, const char *verb, int64_t arg, int64_t n)
{
	start();
	mmtest(noun, verb, arg, 0);
	stop_minus();
	times(n);
}

static void page_hot(int order)
{
	mmtest("page", "hot", order, 64);
	counted("page", "hot", order, HOT);
	less_nothing("page", "hot", order, HOT);
}

/* Allocate and free, of one page that the per-CPU list has. */
BENCH("page-hot-0")
{
	page_hot(0);
}

BENCH("page-hot-9")
{
	page_hot(9);
}

/* Many in a row, more than the per-CPU list holds. */
static void page_alloc(int order, int n)
{
	mmtest("page", "reserve", COLD, 0);
	mmtest("page", "alloc", order, n);
	mmtest("page", "free", 0, 0);
	counted("page", "alloc", order, n);
	mmtest("page", "free", 0, 0);
	less_nothing("page", "alloc", order, n);
}

static void page_free(int order, int n)
{
	mmtest("page", "reserve", COLD, 0);
	mmtest("page", "alloc", order, n);
	start();
	mmtest("page", "free", 0, 0);
	stop();
	start();
	mmtest("page", "free", 0, 0);
	stop_minus();
	times(n);
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
	mmtest("page", "bulk", 0, 0);
	start();
	mmtest("page", "bulk", COLD, 0);
	stop();
	mmtest("page", "free", 0, 0);
	start();
	mmtest("page", "bulk", 0, 0);
	stop_minus();
	times(COLD);
}

static void slab_hot(int bytes)
{
	mmtest("slab", "hot", bytes, 64);
	counted("slab", "hot", bytes, HOT);
	less_nothing("slab", "hot", bytes, HOT);
}

BENCH("kmalloc-hot-64")
{
	slab_hot(64);
}

BENCH("kmalloc-hot-1024")
{
	slab_hot(1024);
}

BENCH("kmalloc-cold-alloc-64")
{
	mmtest("slab", "reserve", SLABS, 64);
	counted("slab", "alloc", 64, SLABS);
	mmtest("slab", "free", 0, 0);
	less_nothing("slab", "alloc", 64, SLABS);
}

BENCH("kmalloc-cold-free-64")
{
	mmtest("slab", "reserve", SLABS, 64);
	mmtest("slab", "alloc", 64, SLABS);
	start();
	mmtest("slab", "free", 0, 0);
	stop();
	start();
	mmtest("slab", "free", 0, 0);
	stop_minus();
	times(SLABS);
}

/* kmem_cache_alloc_bulk() and kmem_cache_free_bulk() in sets of 64 objects of 256 bytes, per object. */
BENCH("slab-bulk-alloc-256")
{
	mmtest("slab", "reserve", SLABS, 256);
	mmtest("slab", "bulk", 0, 0);
	start();
	mmtest("slab", "bulk", SLABS, 0);
	stop();
	mmtest("slab", "bulkfree", 0, 0);
	start();
	mmtest("slab", "bulk", 0, 0);
	stop_minus();
	times(SLABS);
}

BENCH("slab-bulk-free-256")
{
	mmtest("slab", "reserve", SLABS, 256);
	mmtest("slab", "bulk", SLABS, 0);
	start();
	mmtest("slab", "bulkfree", 0, 0);
	stop();
	start();
	mmtest("slab", "bulkfree", 0, 0);
	stop_minus();
	times(SLABS);
}
