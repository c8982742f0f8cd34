// SPDX-License-Identifier: MIT
/*
 * mempool: min_nr elements kept back. An allocation asks the allocator first, then the stock, then (when it
 * may sleep) waits until somebody gives an element back. So whoever frees what he took, in finite time,
 * never deadlocks on memory. Invariant: 0 <= curr_nr <= min_nr; curr_nr + elements in use from the stock
 * >= min_nr. Lock: pool->lock (interrupts off). Linux 6.1: mm/mempool.c.
 */
#include <base/types.h>
#include <base/bug.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <kernel/sched.h>
#include <kernel/timer.h>
#include <mm/slab.h>

struct mempool {
	spinlock_t lock;
	int min_nr, curr_nr;
	mempool_alloc_t *alloc;
	mempool_free_t *free;
	void *pool_data;
	wait_queue_head_t wait;
	void *elements[];
};

mempool_t *mempool_create(int min_nr, mempool_alloc_t *alloc, mempool_free_t *free, void *pool_data)
{
	mempool_t *pool = kzalloc(sizeof(*pool) + min_nr * sizeof(void *), GFP_KERNEL);

	if (!pool)
		return NULL;
	spin_lock_init(&pool->lock, LOCK_MEMPOOL);
	init_waitqueue_head(&pool->wait);
	pool->min_nr = min_nr;
	pool->alloc = alloc;
	pool->free = free;
	pool->pool_data = pool_data;
	for (; pool->curr_nr < min_nr; pool->curr_nr++) {
		void *element = alloc(GFP_KERNEL, pool_data);

		if (!element) {
			mempool_destroy(pool);
			return NULL;
		}
		pool->elements[pool->curr_nr] = element;
	}
	return pool;
}

void mempool_destroy(mempool_t *pool)
{
	if (!pool)
		return;
	while (pool->curr_nr)
		pool->free(pool->elements[--pool->curr_nr], pool->pool_data);
	kfree(pool);
}

static void *take_stock(mempool_t *pool)
{
	unsigned long flags;
	void *element = NULL;

	spin_lock_irqsave(&pool->lock, flags);
	if (pool->curr_nr)
		element = pool->elements[--pool->curr_nr];
	spin_unlock_irqrestore(&pool->lock, flags);
	return element;
}

void *mempool_alloc(mempool_t *pool, gfp_t gfp)
{
	const gfp_t first = (gfp | __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN) &
			    ~(__GFP_DIRECT_RECLAIM | __GFP_IO);
	void *element;

	element = pool->alloc(first, pool->pool_data);
	if (!element)
		element = take_stock(pool);
	if (!element && (gfp & __GFP_DIRECT_RECLAIM))
		element = pool->alloc(gfp | __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN,
				      pool->pool_data);
	if (!element && (gfp & __GFP_DIRECT_RECLAIM))
		wait_event(pool->wait, (element = take_stock(pool)) != NULL);
	return element;
}

void mempool_free(void *element, mempool_t *pool)
{
	unsigned long flags;

	if (!element)
		return;
	spin_lock_irqsave(&pool->lock, flags);
	if (pool->curr_nr < pool->min_nr) {
		pool->elements[pool->curr_nr++] = element;
		element = NULL;
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	if (element)
		pool->free(element, pool->pool_data);
	else
		wake_up(&pool->wait);
}

void *mempool_alloc_slab(gfp_t gfp, void *pool_data)
{
	return kmem_cache_alloc(pool_data, gfp);
}

void mempool_free_slab(void *element, void *pool_data)
{
	kmem_cache_free(pool_data, element);
}

void *mempool_kmalloc(gfp_t gfp, void *pool_data)
{
	return __kmalloc((unsigned long)pool_data, gfp);
}

void mempool_kfree(void *element, void *pool_data)
{
	kfree(element);
}
