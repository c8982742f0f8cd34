/* SPDX-License-Identifier: MIT */
/* Shared by the files of mm/page, mm/boot and their tests. */
#ifndef QUIRE_MM_PAGE_INTERNAL_H
#define QUIRE_MM_PAGE_INTERNAL_H

#include <kernel/ratelimit.h>
#include <mm/gfp.h>
#include <mm/zone.h>

/* How far an allocation may go; the low two bits are the index of the watermark. */
#define ALLOC_WMARK_MIN		WMARK_MIN
#define ALLOC_WMARK_LOW		WMARK_LOW
#define ALLOC_WMARK_HIGH	WMARK_HIGH
#define ALLOC_NO_WATERMARKS	0x04
#define ALLOC_WMARK_MASK	(ALLOC_NO_WATERMARKS - 1)
#define ALLOC_OOM		0x08
#define ALLOC_HARDER		0x10
#define ALLOC_HIGH		0x20
#define ALLOC_CMA		0x80
#define ALLOC_KSWAPD		0x800	/* = __GFP_KSWAPD_RECLAIM */

/* A free block looks like this in one word: its type and its order. */
#define BUDDY_WORD(order)	((u64)(order) << 32 | PAGE_TYPE_BUDDY)
#define PAGE_WORD_NONE		((u64)0 << 32 | PAGE_TYPE_NONE)

/* A refill that meets a free block below this order packs (buddy.c). */
#define PACK_ORDER		5

/* Per-CPU list of an order, or -1. */
static inline int order_to_pindex(unsigned int order)
{
	if (order <= PAGE_ALLOC_COSTLY_ORDER)
		return order;
	return order == pageblock_order ? PCP_HUGE_INDEX : -1;
}

static inline unsigned int pindex_to_order(unsigned int pindex)
{
	return pindex == PCP_HUGE_INDEX ? pageblock_order : pindex;
}

/* ---- buddy.c: all with zone->lock held ---- */
/* A block of 2^order of @migratetype, from a larger one or another type if need be; NULL. */
struct page *__rmqueue(struct zone *zone, unsigned int order, int migratetype, unsigned int alloc_flags);
/* Chain at least one and about @count order-0 pages at *@list; number. */
unsigned int rmqueue_bulk(struct zone *zone, unsigned int count, struct page **list, int migratetype,
			  unsigned int alloc_flags);
void __free_one_page(struct page *page, struct zone *zone, unsigned int order, int migratetype);
/* A pageblock is about to be mixed: raise the marks for a while. */
void zone_boost(struct zone *zone, unsigned int alloc_flags);
void reserve_highatomic_pageblock(struct page *page, struct zone *zone);
/* Give back one reserved block of the zones of @ac; @force: even the last. True when one was. */
bool unreserve_highatomic_pageblock(const struct alloc_context *ac, bool force);
unsigned int move_freepages_block(struct zone *zone, struct page *page, int migratetype);
/* Free a block of never used memory at boot; no lock, one CPU. */
void free_boot_block(struct page *page, unsigned int order);
void zone_init_free_lists(struct zone *zone);

/* pageblock_types[], biased so that an address in vmemmap shifted right is the index. */
extern u8 *pageblock_types_by_page;
#define PAGE_BLOCK_SHIFT	(pageblock_order + PAGE_STRUCT_SHIFT)

/* The type of the pageblock of @page: one shift, because types are found by descriptor as well. */
static __always_inline unsigned int page_migratetype(const struct page *page)
{
	return READ_ONCE(pageblock_types_by_page[(unsigned long)page >> PAGE_BLOCK_SHIFT]);
}

/*
 * The buddy of a block of 2^order frames, and whether two blocks are buddies. The memmap is aligned to more than a
 * block's descriptors: addresses differ in one bit, as frame numbers do.
 */
static inline struct page *buddy_of(const struct page *page, unsigned int order)
{
	return (struct page *)((unsigned long)page ^ sizeof(struct page) << order);
}

static inline bool are_buddies(const struct page *a, const struct page *b, unsigned int order)
{
	return buddy_of(a, order) == b;
}

/* ---- pcp.c ---- */
extern struct per_cpu_pages boot_pageset;
DECLARE_PER_CPU(struct per_cpu_pages *, pcp_for_gfp[16]);
extern struct per_cpu_pages __percpu *zone_pcp[1 << (ZONES_WIDTH + NODES_WIDTH)];
/* One page of 2^order through the per-CPU lists of @zone, filled when empty; NULL. */
struct page *rmqueue_pcplist(struct zone *zone, unsigned int order, int pindex, int migratetype,
			     unsigned int alloc_flags);
/* Fill the leading empty slots of @pages from the chain of this CPU, as far as it goes; number filled. */
unsigned long pcp_take_many(gfp_t gfp, unsigned long nr, struct page **pages);
void free_one_page(struct page *page, unsigned int order);
/* Last words before a page goes to a list: false when it is bad and must not be used again. */
bool free_pages_prepare(struct page *page, unsigned int order);
void prep_new_page(struct page *page, unsigned int order, gfp_t gfp);
void pcp_setup_zone(struct zone *zone);
void pcp_setup_cpus(void);
/* BUG() when the lists of this CPU contradict their counts. */
void pcp_check(void);

/* ---- alloc.c ---- */
struct page *get_page_from_freelist(gfp_t gfp, unsigned int order, unsigned int alloc_flags,
				    const struct alloc_context *ac);
/* The way out when the per-CPU list of the best zone is empty. */
struct page *alloc_pages_slow(gfp_t gfp, unsigned int order, int nid, const void *nodemask);
/* @page, allocated by the caller, charged to the control group of current; or NULL, and it is free again. */
struct page *alloc_charge(struct page *page, unsigned int order, gfp_t gfp);
/* How often a failure without __GFP_NOWARN is told. */
extern struct ratelimit_state nopage_rs;
void warn_alloc(gfp_t gfp, const void *nodemask, const char *fmt, ...);

#endif
