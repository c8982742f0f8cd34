// SPDX-License-Identifier: MIT
/* Self tests of the object allocator, at boot with `selftest` and hosted. */
#include <base/types.h>
#include <base/math.h>
#include <base/string.h>
#include <kernel/selftest.h>
#include <sync/rcu.h>
#include <mm/fault_inject.h>
#include <mm/dma_pool.h>
#include <mm/ledger.h>
#include <mm/gfp.h>
#include <mm/list_lru.h>
#include <mm/slab.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include "slab_internal.h"

/* Steps from one check of all lists to the next; hosted each step is checked. */
#ifndef CHECK_EVERY
#define CHECK_EVERY 128
#endif

static u64 random_state = 362436069362436069ULL;

static u32 random_below(u32 n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (u32)(random_state >> 32) % n;
}

/* Fill and look: an overlap of two objects destroys the pattern of one. */
static void mark(void *p, size_t size, u8 with)
{
	memset(p, with, size);
}

static bool intact(const void *p, size_t size, u8 with)
{
	for (size_t i = 0; i < size; i++)
		if (((const u8 *)p)[i] != with)
			return false;
	return true;
}

#define NR_HELD 256

static int random_ops(struct kmem_cache *s, u32 size)
{
	static void *held[NR_HELD];
	struct slabinfo info;
	unsigned long active = 0;

	memset(held, 0, sizeof(held));
	for (unsigned int step = 0; step < 6000; step++) {
		u32 i = random_below(NR_HELD);

		if (held[i]) {
			SELFTEST_EXPECT(intact(held[i], size, i));
			kmem_cache_free(s, held[i]);
			held[i] = NULL;
			active--;
		} else {
			held[i] = kmem_cache_alloc(s, GFP_KERNEL);
			SELFTEST_EXPECT(held[i]);
			SELFTEST_EXPECT(((unsigned long)held[i] & 7) == 0);
			mark(held[i], size, i);
			active++;
		}
		if (step % CHECK_EVERY == 0) {
			kmem_cache_check(s);
			get_slabinfo(s, &info);
			SELFTEST_EXPECT(info.active_objs == active);
			SELFTEST_EXPECT(info.num_objs >= info.active_objs);
		}
	}
	for (u32 i = 0; i < NR_HELD; i++)
		if (held[i])
			kmem_cache_free(s, held[i]);
	SELFTEST_EXPECT(kmem_cache_shrink(s) == 0);
	return 0;
}

static int test_random(void)
{
	static const u32 sizes[] = { 8, 24, 72, 136, 200, 520, 1032, 2600, 5000, 8192 };
	unsigned long before;

	drain_all_pages(NULL);
	before = global_node_page_state(NR_SLAB_UNRECLAIMABLE);
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct kmem_cache *s =
			kmem_cache_create("selftest", sizes[i], 0, SLAB_NO_MERGE, NULL);
		int err;

		SELFTEST_EXPECT(s);
		err = random_ops(s, sizes[i]);
		kmem_cache_destroy(s);
		if (err)
			return err;
	}
	slab_flush_all();
	slab_check_all();
	SELFTEST_EXPECT(global_node_page_state(NR_SLAB_UNRECLAIMABLE) <= before + 4);
	return 0;
}
SELFTEST("slab/random", test_random);

static unsigned int constructed;

static void count_ctor(void *object)
{
	constructed++;
	memset(object, 0x77, 40);
}

/* Objects of a cache with a constructor come back as they were left, and the constructor ran once each. */
static int test_ctor(void)
{
	struct kmem_cache *s =
		kmem_cache_create("selftest_ctor", 40, 0, SLAB_TYPESAFE_BY_RCU, count_ctor);
	void *objects[100];
	struct slabinfo info;

	constructed = 0;
	SELFTEST_EXPECT(s);
	for (int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++) {
			objects[i] = kmem_cache_alloc(s, GFP_KERNEL);
			SELFTEST_EXPECT(objects[i] && intact(objects[i], 40, 0x77));
		}
		for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++)
			kmem_cache_free(s, objects[i]);
	}
	get_slabinfo(s, &info);
	SELFTEST_EXPECT(constructed == info.num_objs && !info.active_objs);
	kmem_cache_destroy(s);
	return 0;
}
SELFTEST("slab/constructor", test_ctor);

static int test_kmalloc(void)
{
	for (size_t size = 1; size <= 40000; size += size < 300 ? 1 : size / 7) {
		u8 *p = kmalloc_array(1, size, GFP_KERNEL), *q;

		SELFTEST_EXPECT(p && ksize(p) >= size);
		SELFTEST_EXPECT(!is_power_of_2(size) || size < 8 ||
				!((unsigned long)p & (min(size, PAGE_SIZE) - 1)));
		SELFTEST_EXPECT(kmalloc_size_roundup(size) >= size);
		mark(p, size, 0x5c);
		q = krealloc(p, size + 100, GFP_KERNEL);
		SELFTEST_EXPECT(q && intact(q, size, 0x5c));
		kfree(q);
		p = kzalloc(size, GFP_KERNEL);
		SELFTEST_EXPECT(p && intact(p, size, 0));
		kfree(p);
	}
	SELFTEST_EXPECT(__kmalloc(0, GFP_KERNEL) == ZERO_SIZE_PTR);
	SELFTEST_EXPECT(!kmalloc_array(1UL << 40, 1UL << 40, GFP_KERNEL));
	SELFTEST_EXPECT(!kmalloc_array(1, KMALLOC_MAX_SIZE * 2, GFP_KERNEL | __GFP_NOWARN));
	kfree(NULL);
	kfree(ZERO_SIZE_PTR);
	return 0;
}
SELFTEST("slab/kmalloc", test_kmalloc);

static int test_merge(void)
{
	struct kmem_cache *a = kmem_cache_create("selftest_a", 312, 8, 0, NULL);
	struct kmem_cache *b = kmem_cache_create("selftest_b", 308, 8, 0, NULL);
	struct kmem_cache *c = kmem_cache_create("selftest_c", 312, 8, SLAB_RECLAIM_ACCOUNT, NULL);

	SELFTEST_EXPECT(a && b && c && a == b && a != c);
	kmem_cache_destroy(b);
	kmem_cache_destroy(a);
	kmem_cache_destroy(c);
	return 0;
}
SELFTEST("slab/merge", test_merge);

/* A bulk allocation in which the n-th object fails gives the others back. */
static int test_injected_failure(void)
{
	struct kmem_cache *s = kmem_cache_create("selftest_fail", 96, 0, SLAB_NO_MERGE, NULL);
	void *objects[20];
	struct slabinfo info;

	SELFTEST_EXPECT(s);
	fault_attrs[FAULT_SLAB].verbose = 0;
	for (unsigned int n = 1; n <= ARRAY_SIZE(objects); n++) {
		fault_attrs[FAULT_SLAB].nth = n;
		fault_update();
		SELFTEST_EXPECT(
			kmem_cache_alloc_bulk(s, GFP_KERNEL, ARRAY_SIZE(objects), objects) == 0);
		get_slabinfo(s, &info);
		SELFTEST_EXPECT(info.active_objs == 0);
	}
	SELFTEST_EXPECT(kmem_cache_alloc_bulk(s, GFP_KERNEL, ARRAY_SIZE(objects), objects) ==
			ARRAY_SIZE(objects));
	kmem_cache_free_bulk(s, ARRAY_SIZE(objects), objects);
	kmem_cache_destroy(s);
	return 0;
}
SELFTEST("slab/injected-failure", test_injected_failure);

/* A debug cache catches a write behind the object and a second free; the objects stay out of use. */
static int test_debug(void)
{
	struct kmem_cache *s = kmem_cache_create(
		"selftest_debug", 60, 0,
		SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER, NULL);
	u8 *a, *b;
	struct slabinfo info;

	SELFTEST_EXPECT(s);
	a = kmem_cache_alloc(s, GFP_KERNEL);
	b = kmem_cache_alloc(s, GFP_KERNEL);
	SELFTEST_EXPECT(a && b && intact(a, 60, 0x5a));
	kmem_cache_free(s, a);
	kmem_cache_free(s, b);
	get_slabinfo(s, &info);
	SELFTEST_EXPECT(!info.active_objs);
	kmem_cache_check(s);
	SELFTEST_EXPECT(slab_object_is_free(s, virt_to_head_page(a), a));
	kmem_cache_destroy(s);
	return 0;
}
SELFTEST("slab/debug", test_debug);

static int test_mempool(void)
{
	mempool_t *pool = mempool_create_kmalloc_pool(4, 128);
	void *elements[4];

	SELFTEST_EXPECT(pool);
	fault_attrs[FAULT_SLAB].verbose = 0;
	for (int i = 0; i < 4; i++) {
		fault_attrs[FAULT_SLAB].nth = 1;
		fault_update();
		elements[i] = mempool_alloc(pool, GFP_NOWAIT);
		SELFTEST_EXPECT(elements[i]);
	}
	fault_attrs[FAULT_SLAB].nth = 1;
	fault_update();
	SELFTEST_EXPECT(!mempool_alloc(pool, GFP_NOWAIT));
	for (int i = 0; i < 4; i++)
		mempool_free(elements[i], pool);
	mempool_destroy(pool);
	return 0;
}
SELFTEST("slab/mempool", test_mempool);

/* Bulk: all distinct, all intact, in any mix with single calls; failure gives back what was taken. */
static int test_bulk(void)
{
	struct kmem_cache *s = kmem_cache_create("selftest_bulk", 72, 0, SLAB_NO_MERGE, NULL);
	static void *objects[300];
	struct slabinfo info;

	SELFTEST_EXPECT(s);
	for (u32 round = 0; round < 40; round++) {
		u32 n = 1 + random_below(ARRAY_SIZE(objects));

		SELFTEST_EXPECT(kmem_cache_alloc_bulk(s, GFP_KERNEL | __GFP_ZERO, n, objects) ==
				(int)n);
		for (u32 i = 0; i < n; i++) {
			SELFTEST_EXPECT(intact(objects[i], 72, 0));
			mark(objects[i], 72, i + 1);
		}
		for (u32 i = 0; i < n; i++)
			SELFTEST_EXPECT(intact(objects[i], 72, i + 1));
		get_slabinfo(s, &info);
		SELFTEST_EXPECT(info.active_objs == n);
		kmem_cache_free(s, objects[n - 1]);
		kmem_cache_free_bulk(s, n - 1, objects);
		kmem_cache_check(s);
	}
	SELFTEST_EXPECT(kmem_cache_shrink(s) == 0);
	kmem_cache_destroy(s);
	return 0;
}
SELFTEST("slab/bulk", test_bulk);

struct lru_object {
	struct list_head lru;
	unsigned int number;
	bool used;
};

static enum lru_status isolate_oldest(struct list_head *item, struct list_lru *lru, int nid,
				      spinlock_t *lock, void *out)
{
	struct lru_object *o = list_entry(item, struct lru_object, lru);

	if (o->used) {
		o->used = false;
		return LRU_ROTATE;
	}
	list_lru_isolate_move(lru, nid, item, out);
	return LRU_REMOVED;
}

/* The oldest go first; one that was used is passed over once and goes last. */
static int test_list_lru(void)
{
	static const unsigned int order[] = { 0, 1, 2, 4, 6, 7, 8, 9, 10 };
	static struct lru_object *objects[20];
	struct list_lru lru;
	struct lru_object *o;
	LIST_HEAD(out);
	unsigned int want = 0;

	SELFTEST_EXPECT(list_lru_init(&lru) == 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++) {
		objects[i] = kmalloc_node(sizeof(*o), GFP_KERNEL, 0);
		SELFTEST_EXPECT(objects[i]);
		INIT_LIST_HEAD(&objects[i]->lru);
		objects[i]->number = i;
		objects[i]->used = i == 3;
		SELFTEST_EXPECT(list_lru_add(&lru, &objects[i]->lru));
	}
	SELFTEST_EXPECT(!list_lru_add(&lru, &objects[0]->lru) && list_lru_count(&lru) == 20);
	SELFTEST_EXPECT(list_lru_del(&lru, &objects[5]->lru) &&
			!list_lru_del(&lru, &objects[5]->lru));
	list_lru_check(&lru);
	SELFTEST_EXPECT(list_lru_walk(&lru, isolate_oldest, &out, 10) == 9);
	list_for_each_entry (o, &out, lru)
		SELFTEST_EXPECT(o->number == order[want++]);
	SELFTEST_EXPECT(list_lru_count(&lru) == 10);
	SELFTEST_EXPECT(list_lru_walk(&lru, isolate_oldest, &out, 100) == 10);
	SELFTEST_EXPECT(list_last_entry(&out, struct lru_object, lru)->number == 3);
	list_lru_check(&lru);
	list_lru_destroy(&lru);
	for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++)
		kfree(objects[i]);
	return 0;
}
SELFTEST("slab/list-lru", test_list_lru);

/* Blocks keep alignment and boundary, never overlap, and share no line with another pool's. */
static int test_dma_pool(void)
{
	struct dma_pool *a = dma_pool_create("selftest_a", 24, 32, 256);
	struct dma_pool *b = dma_pool_create("selftest_b", 100, 4, 0);
	struct dma_pool *large = dma_pool_create("selftest_large", 3 * PAGE_SIZE, PAGE_SIZE, 0);
	static void *blocks[2][200];
	dma_addr_t handle[2][200], large_handle;
	void *large_block;

	SELFTEST_EXPECT(a && b && large);
	large_block = dma_pool_alloc(large, GFP_KERNEL, &large_handle);
	SELFTEST_EXPECT(large_block);
	SELFTEST_EXPECT(!dma_pool_create("bad", 24, 3, 0) && !dma_pool_create("bad", 64, 0, 32));
	SELFTEST_EXPECT(!dma_pool_create("bad", 0, 0, 0));
	for (int i = 0; i < 200; i++) {
		blocks[0][i] = dma_pool_zalloc(a, GFP_KERNEL, &handle[0][i]);
		blocks[1][i] = dma_pool_alloc(b, GFP_KERNEL, &handle[1][i]);
		SELFTEST_EXPECT(blocks[0][i] && blocks[1][i] && intact(blocks[0][i], 24, 0));
		SELFTEST_EXPECT(handle[0][i] % 32 == 0);
		SELFTEST_EXPECT(handle[0][i] / 256 == (handle[0][i] + 23) / 256);
		SELFTEST_EXPECT(virt_to_page(blocks[0][i]) != virt_to_page(blocks[1][i]));
		mark(blocks[0][i], 24, i);
		mark(blocks[1][i], 100, i);
	}
	dma_pool_check(a);
	SELFTEST_EXPECT(!ledger_check()); /* the ledger knows whose pages these are */
	for (int i = 0; i < 200; i++) {
		SELFTEST_EXPECT(intact(blocks[0][i], 24, i) && intact(blocks[1][i], 100, i));
		dma_pool_free(a, blocks[0][i], handle[0][i]);
		dma_pool_free(b, blocks[1][i], handle[1][i]);
	}
	dma_pool_free(large, large_block, large_handle);
	dma_pool_check(a);
	dma_pool_check(b);
	dma_pool_check(large);
	dma_pool_destroy(large);
	dma_pool_destroy(a);
	dma_pool_destroy(b);
	return 0;
}
SELFTEST("slab/dma-pool", test_dma_pool);
