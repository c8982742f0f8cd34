/* SPDX-License-Identifier: MIT */
/* Memory for devices: whole pages, and small blocks cut from them. Theory: mm/slab/dma_pool.c. */
#ifndef QUIRE_MM_DMA_POOL_H
#define QUIRE_MM_DMA_POOL_H

#include <base/types.h>
#include <mm/gfp.h>

/* Whole pages that a device reads and writes, neighbours in memory; NULL. Context as @gfp says. */
void *dma_alloc_pages(size_t bytes, gfp_t gfp);
/* @bytes as at the allocation; NULL is ignored. */
void dma_free_pages(void *vaddr, size_t bytes);

struct dma_pool;

/*
 * Blocks of @size bytes whose address is a multiple of @align (0: 1; a power of two), none of which crosses a
 * multiple of @boundary (0: a page, or the block if it is larger; a power of two >= @size). NULL: bad
 * arguments or no memory. May sleep. @name is copied.
 */
struct dma_pool *dma_pool_create(const char *name, size_t size, size_t align, size_t boundary);
/* Gives all pages back; blocks that are still in use are named in the log and their pages kept. May sleep. */
void dma_pool_destroy(struct dma_pool *pool);
/* A block and in *@handle the address that the device uses, or NULL. Context as @gfp says. */
void *dma_pool_alloc(struct dma_pool *pool, gfp_t gfp, dma_addr_t *handle);
#define dma_pool_zalloc(pool, gfp, handle) dma_pool_alloc(pool, (gfp) | __GFP_ZERO, handle)
/* Any context but NMI. A block that is not of this pool, or free already, is refused with a line in the log. */
void dma_pool_free(struct dma_pool *pool, void *vaddr, dma_addr_t handle);

/* BUG() when counts and lists of @pool contradict each other. */
void dma_pool_check(struct dma_pool *pool);

struct dma_pool_info {
	const char *name;
	size_t size_bytes;
	unsigned long nr_active, nr_blocks;
	unsigned long nr_runs;		/* of pages */
};
/* Call @fn for each pool; may sleep. */
void dma_pool_for_each(void (*fn)(const struct dma_pool_info *info, void *arg), void *arg);

#endif
