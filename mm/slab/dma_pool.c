// SPDX-License-Identifier: MIT
/*
 * dma_pool: small blocks for descriptors and the like that a device reads and writes.
 *
 * A pool takes runs of pages of its own and cuts them into blocks, so no block shares a cache line with memory
 * of anybody else: what a device does to its block cannot destroy a neighbour's line on machines whose
 * caches do not see the device. Free blocks are chained through their first word, pool-wide, the one freed
 * last first.
 *
 *	dma_page   one run of pages: vaddr, how many blocks are in use; found from a block by a walk
 *	block      free: pointer to the next free one | its page's number;  in use: the caller's
 *
 * Invariants (dma_pool_check): length of the free chain = nr_blocks - nr_active; sum of in_use = nr_active.
 * Locks: pool->lock, interrupts off; pools_lock for the list of pools.
 * Failure: NULL. Observe: /sys/kernel/debug/dma_pools. Linux 6.1: mm/dmapool.c, one pool per device there;
 * here devices see physical addresses (no IOMMU), so a pool needs no device.
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/list.h>
#include <base/math.h>
#include <base/string.h>
#include <kernel/printk.h>
#include <seam/page.h>
#include <sync/mutex.h>
#include <sync/spinlock.h>
#include <mm/dma_pool.h>
#include <mm/ledger.h>
#include <mm/zone.h>
#include <mm/slab.h>

struct dma_block {
	struct dma_block *next;
};

struct dma_page {
	struct list_head list; /* pool->lock */
	void *vaddr;
	unsigned int in_use; /* pool->lock */
};

struct dma_pool {
	struct list_head pools; /* pools_lock */
	struct list_head pages; /* lock */
	struct dma_block *free; /* lock */
	spinlock_t lock;
	size_t size, boundary, bytes; /* of a block; not crossed by one; of a run of pages */
	unsigned long nr_blocks, nr_active, nr_pages; /* lock */
	char *name;
};

static LIST_HEAD(dma_pools);
static DEFINE_MUTEX(pools_lock, LOCK_DMA_POOLS);

void *dma_alloc_pages(size_t bytes, gfp_t gfp)
{
	void *vaddr = alloc_pages_exact(bytes, gfp);

	for (size_t at = 0; vaddr && at < bytes; at += PAGE_SIZE)
		page_set_name(virt_to_page(vaddr + at), PAGE_TYPE_DMA);
	return vaddr;
}

void dma_free_pages(void *vaddr, size_t bytes)
{
	free_pages_exact(vaddr, bytes);
}

struct dma_pool *dma_pool_create(const char *name, size_t size, size_t align, size_t boundary)
{
	struct dma_pool *pool;

	align = align ? align : 1;
	if (!is_power_of_2(align) || !size || size > (PAGE_SIZE << (MAX_ORDER - 1)))
		return NULL;
	size = ALIGN(max(size, sizeof(struct dma_block)), align);
	if (boundary && (boundary < size || !is_power_of_2(boundary)))
		return NULL;
	pool = kzalloc(sizeof(*pool), GFP_KERNEL);
	if (!pool)
		return NULL;
	pool->name = kstrdup(name, GFP_KERNEL);
	if (!pool->name) {
		kfree(pool);
		return NULL;
	}
	pool->size = size;
	pool->bytes = PAGE_SIZE << order_base_2(PFN_UP(size));
	pool->boundary = boundary ? min(boundary, pool->bytes) : pool->bytes;
	spin_lock_init(&pool->lock, LOCK_DMA_POOL);
	INIT_LIST_HEAD(&pool->pages);
	mutex_lock(&pools_lock);
	list_add_tail(&pool->pools, &dma_pools);
	mutex_unlock(&pools_lock);
	return pool;
}

/* Cut @page into blocks, first one first. => pool->lock held */
static void add_page(struct dma_pool *pool, struct dma_page *page)
{
	struct dma_block *first = NULL, **link = &first;

	for (size_t at = 0; at + pool->size <= pool->bytes; at += pool->size) {
		if (at / pool->boundary != (at + pool->size - 1) / pool->boundary)
			at = ALIGN(at, pool->boundary);
		if (at + pool->size > pool->bytes)
			break;
		*link = page->vaddr + at;
		link = &(*link)->next;
		pool->nr_blocks++;
	}
	*link = pool->free;
	pool->free = first;
	list_add(&page->list, &pool->pages);
	pool->nr_pages++;
}

static struct dma_page *new_page(struct dma_pool *pool, gfp_t gfp)
{
	struct dma_page *page =
		kmalloc(sizeof(*page), gfp & ~(__GFP_ZERO | __GFP_DMA | __GFP_DMA32));

	if (!page)
		return NULL;
	page->in_use = 0;
	page->vaddr = dma_alloc_pages(pool->bytes, gfp & ~__GFP_ZERO);
	if (page->vaddr)
		return page;
	kfree(page);
	return NULL;
}

/* => pool->lock held */
static struct dma_page *page_of(struct dma_pool *pool, const void *vaddr)
{
	struct dma_page *page;

	list_for_each_entry (page, &pool->pages, list)
		if ((size_t)(vaddr - page->vaddr) < pool->bytes)
			return page;
	return NULL;
}

void *dma_pool_alloc(struct dma_pool *pool, gfp_t gfp, dma_addr_t *handle)
{
	struct dma_block *block;
	struct dma_page *page;
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	while (!(block = pool->free)) {
		spin_unlock_irqrestore(&pool->lock, flags);
		page = new_page(pool, gfp);
		if (!page)
			return NULL;
		spin_lock_irqsave(&pool->lock, flags);
		add_page(pool, page);
	}
	pool->free = block->next;
	pool->nr_active++;
	page_of(pool, block)->in_use++;
	spin_unlock_irqrestore(&pool->lock, flags);
	*handle = __pa(block);
	if (gfp & __GFP_ZERO)
		memset(block, 0, pool->size);
	return block;
}

/* => pool->lock held */
static bool block_is_free(struct dma_pool *pool, const struct dma_block *block)
{
	for (struct dma_block *b = pool->free; b; b = b->next)
		if (b == block)
			return true;
	return false;
}

static const char *refusal(struct dma_pool *pool, struct dma_page *page, void *vaddr,
			   dma_addr_t handle)
{
	if (!page)
		return "not of this pool";
	if (handle != __pa(vaddr))
		return "with the address of another block";
	if (QUIRE_DEBUG && block_is_free(pool, vaddr))
		return "already free";
	return NULL;
}

void dma_pool_free(struct dma_pool *pool, void *vaddr, dma_addr_t handle)
{
	struct dma_block *block = vaddr;
	struct dma_page *page;
	unsigned long flags;
	const char *why;

	spin_lock_irqsave(&pool->lock, flags);
	page = page_of(pool, vaddr);
	why = refusal(pool, page, vaddr, handle);
	if (!why) {
		block->next = pool->free;
		pool->free = block;
		page->in_use--;
		pool->nr_active--;
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	if (why)
		pr_err("dma_pool_free %s: block %p %s\n", pool->name, vaddr, why);
}

void dma_pool_destroy(struct dma_pool *pool)
{
	struct dma_page *page, *next;

	if (!pool)
		return;
	mutex_lock(&pools_lock);
	list_del(&pool->pools);
	mutex_unlock(&pools_lock);
	list_for_each_entry_safe (page, next, &pool->pages, list) {
		if (page->in_use)
			pr_err("dma_pool_destroy %s: %u blocks at %p still in use\n", pool->name,
			       page->in_use, page->vaddr);
		else
			dma_free_pages(page->vaddr, pool->bytes);
		kfree(page);
	}
	kfree(pool->name);
	kfree(pool);
}

void dma_pool_check(struct dma_pool *pool)
{
	unsigned long flags, free = 0, in_use = 0;
	struct dma_page *page;

	spin_lock_irqsave(&pool->lock, flags);
	for (struct dma_block *b = pool->free; b; b = b->next) {
		BUG_ON(!page_of(pool, b));
		free++;
	}
	list_for_each_entry (page, &pool->pages, list)
		in_use += page->in_use;
	BUG_ON(in_use != pool->nr_active || free != pool->nr_blocks - pool->nr_active);
	spin_unlock_irqrestore(&pool->lock, flags);
}

void dma_pool_for_each(void (*fn)(const struct dma_pool_info *info, void *arg), void *arg)
{
	struct dma_pool *pool;

	mutex_lock(&pools_lock);
	list_for_each_entry (pool, &dma_pools, pools) {
		struct dma_pool_info info = { pool->name, pool->size, READ_ONCE(pool->nr_active),
					      READ_ONCE(pool->nr_blocks),
					      READ_ONCE(pool->nr_pages) };

		fn(&info, arg);
	}
	mutex_unlock(&pools_lock);
}
