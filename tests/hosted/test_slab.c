// SPDX-License-Identifier: MIT
/* The object allocator in a process: self tests, several CPUs, interleavings of the slab state word. rooms: mm mode: tsan */
#include <host/test.h>
#define CHECK_EVERY 1
#include "../../mm/slab/selftest.c"

TEST(slab_random)
{
	CHECK_EQ(test_random(), 0);
}
TEST(slab_ctor)
{
	CHECK_EQ(test_ctor(), 0);
}
TEST(slab_kmalloc)
{
	CHECK_EQ(test_kmalloc(), 0);
}
TEST(slab_merge)
{
	CHECK_EQ(test_merge(), 0);
}
TEST(slab_injected_failure)
{
	CHECK_EQ(test_injected_failure(), 0);
}
TEST(slab_debug)
{
	CHECK_EQ(test_debug(), 0);
}
TEST(slab_bulk)
{
	CHECK_EQ(test_bulk(), 0);
}
TEST(slab_list_lru)
{
	CHECK_EQ(test_list_lru(), 0);
}
TEST(slab_dma_pool)
{
	CHECK_EQ(test_dma_pool(), 0);
}
TEST(slab_mempool)
{
	CHECK_EQ(test_mempool(), 0);
}

/* ---- several CPUs: objects are freed where they were not allocated ---- */

#define NR_THREADS 4
#define NR_BOXES   128
static struct kmem_cache *shared;
static u64 *boxes[NR_BOXES];

static void slab_worker(void *arg)
{
	u64 state = (u64)(unsigned long)arg * 2654435761u + 1;

	for (int step = 0; step < 5000; step++) {
		u64 *mine, *theirs;

		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		mine = state >> 60 ? kmem_cache_alloc(shared, GFP_KERNEL) : NULL;
		if (mine)
			mine[0] = mine[10] = (u64)mine;
		theirs = xchg(&boxes[state % NR_BOXES], mine);
		if (theirs) {
			CHECK(theirs[0] == (u64)theirs && theirs[10] == (u64)theirs);
			kmem_cache_free(shared, theirs);
		}
	}
}

static void run_workers(slab_flags_t flags)
{
	struct task_struct *threads[NR_THREADS];
	struct slabinfo info;

	shared = kmem_cache_create("hosted_smp", 88, 0, SLAB_NO_MERGE | flags, NULL);
	CHECK(shared);
	for (unsigned long i = 0; i < NR_THREADS; i++)
		threads[i] = host_start(slab_worker, (void *)(i + 1), i + 1, "slab_worker");
	for (int i = 0; i < NR_THREADS; i++)
		host_join(threads[i]);
	for (int i = 0; i < NR_BOXES; i++)
		if (boxes[i])
			kmem_cache_free(shared, xchg(&boxes[i], NULL));
	kmem_cache_check(shared);
	get_slabinfo(shared, &info);
	CHECK_EQ(info.active_objs, 0);
	kmem_cache_destroy(shared);
}

TEST(slab_smp)
{
	run_workers(0);
}
/* Without arrays: each operation goes to the slabs. */
TEST(slab_smp_slow)
{
	run_workers(SLAB_CACHE_DMA);
}

/* ---- every interleaving of the state word: two free, one allocates ---- */

static struct kmem_cache *bare;
static void *objects[3];

static void setup_objects_of_bare(void *arg)
{
	for (int i = 0; i < 3; i++)
		objects[i] = kmem_cache_alloc(bare, GFP_KERNEL);
}

static void free_0(void *arg)
{
	kmem_cache_free(bare, objects[0]);
}
static void free_1(void *arg)
{
	kmem_cache_free(bare, objects[1]);
}
static void exchange_2(void *arg)
{
	kmem_cache_free(bare, objects[2]);
	objects[2] = kmem_cache_alloc(bare, GFP_ATOMIC);
}

static void check_bare(void *arg)
{
	struct slabinfo info;

	kmem_cache_check(bare);
	get_slabinfo(bare, &info);
	SCENARIO_CHECK(info.active_objs == 1);
	kmem_cache_free(bare, objects[2]);
	kmem_cache_shrink(bare);
}

TEST(slab_interleavings)
{
	struct host_scenario s = { .setup = setup_objects_of_bare,
				   .fn = { free_0, free_1, exchange_2 },
				   .n = 3,
				   .check = check_bare,
				   .preemptions = 2,
				   .runs = 300 };

	/* Slabs of one object, and of three: full, partial and empty within one operation. */
	for (u32 size = 1360; size <= 4096; size += 4096 - 1360) {
		bare = kmem_cache_create("hosted_bare", size, 0, SLAB_NO_MERGE | SLAB_CACHE_DMA,
					 NULL);
		CHECK(bare);
		CHECK(host_explore(&s) > 1);
		kmem_cache_destroy(bare);
	}
}
