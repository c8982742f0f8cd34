/* SPDX-License-Identifier: MIT */
/*
 * Flags of an allocation, with Linux 6.1's names and values, and the functions that allocate pages.
 *
 * Which zone:	__GFP_DMA __GFP_DMA32 __GFP_HIGHMEM __GFP_MOVABLE
 * Which kind:	__GFP_MOVABLE __GFP_RECLAIMABLE (neither: unmovable)
 * How far:	__GFP_HIGH __GFP_ATOMIC __GFP_MEMALLOC may go below the watermarks; __GFP_DIRECT_RECLAIM may
 *		sleep; __GFP_KSWAPD_RECLAIM may wake kswapd; __GFP_IO, __GFP_FS say what reclaim may do
 * On failure:	__GFP_NORETRY __GFP_RETRY_MAYFAIL __GFP_NOFAIL __GFP_NOWARN
 */
#ifndef QUIRE_MM_GFP_H
#define QUIRE_MM_GFP_H

#include <base/types.h>
#include <base/compiler.h>
#include <mm/folio.h>

#define ___GFP_DMA		0x01u
#define ___GFP_HIGHMEM		0x02u
#define ___GFP_DMA32		0x04u
#define ___GFP_MOVABLE		0x08u
#define ___GFP_RECLAIMABLE	0x10u
#define ___GFP_HIGH		0x20u
#define ___GFP_IO		0x40u
#define ___GFP_FS		0x80u
#define ___GFP_ZERO		0x100u
#define ___GFP_ATOMIC		0x200u
#define ___GFP_DIRECT_RECLAIM	0x400u
#define ___GFP_KSWAPD_RECLAIM	0x800u
#define ___GFP_WRITE		0x1000u
#define ___GFP_NOWARN		0x2000u
#define ___GFP_RETRY_MAYFAIL	0x4000u
#define ___GFP_NOFAIL		0x8000u
#define ___GFP_NORETRY		0x10000u
#define ___GFP_MEMALLOC		0x20000u
#define ___GFP_COMP		0x40000u
#define ___GFP_NOMEMALLOC	0x80000u
#define ___GFP_HARDWALL		0x100000u
#define ___GFP_THISNODE		0x200000u
#define ___GFP_ACCOUNT		0x400000u

#define __GFP_DMA		((gfp_t)___GFP_DMA)
#define __GFP_HIGHMEM		((gfp_t)___GFP_HIGHMEM)
#define __GFP_DMA32		((gfp_t)___GFP_DMA32)
#define __GFP_MOVABLE		((gfp_t)___GFP_MOVABLE)
#define __GFP_RECLAIMABLE	((gfp_t)___GFP_RECLAIMABLE)
#define __GFP_HIGH		((gfp_t)___GFP_HIGH)
#define __GFP_IO		((gfp_t)___GFP_IO)
#define __GFP_FS		((gfp_t)___GFP_FS)
#define __GFP_ZERO		((gfp_t)___GFP_ZERO)
#define __GFP_ATOMIC		((gfp_t)___GFP_ATOMIC)
#define __GFP_DIRECT_RECLAIM	((gfp_t)___GFP_DIRECT_RECLAIM)
#define __GFP_KSWAPD_RECLAIM	((gfp_t)___GFP_KSWAPD_RECLAIM)
#define __GFP_RECLAIM		((gfp_t)(___GFP_DIRECT_RECLAIM | ___GFP_KSWAPD_RECLAIM))
#define __GFP_WRITE		((gfp_t)___GFP_WRITE)
#define __GFP_NOWARN		((gfp_t)___GFP_NOWARN)
#define __GFP_RETRY_MAYFAIL	((gfp_t)___GFP_RETRY_MAYFAIL)
#define __GFP_NOFAIL		((gfp_t)___GFP_NOFAIL)
#define __GFP_NORETRY		((gfp_t)___GFP_NORETRY)
#define __GFP_MEMALLOC		((gfp_t)___GFP_MEMALLOC)
#define __GFP_COMP		((gfp_t)___GFP_COMP)
#define __GFP_NOMEMALLOC	((gfp_t)___GFP_NOMEMALLOC)
#define __GFP_HARDWALL		((gfp_t)___GFP_HARDWALL)
#define __GFP_THISNODE		((gfp_t)___GFP_THISNODE)
#define __GFP_ACCOUNT		((gfp_t)___GFP_ACCOUNT)
#define GFP_ZONEMASK		(__GFP_DMA | __GFP_HIGHMEM | __GFP_DMA32 | __GFP_MOVABLE)
#define GFP_MOVABLE_MASK	(__GFP_RECLAIMABLE | __GFP_MOVABLE)

#define GFP_ATOMIC		(__GFP_HIGH | __GFP_ATOMIC | __GFP_KSWAPD_RECLAIM)
#define GFP_KERNEL		(__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_KERNEL_ACCOUNT	(GFP_KERNEL | __GFP_ACCOUNT)
#define GFP_NOWAIT		(__GFP_KSWAPD_RECLAIM)
#define GFP_NOIO		(__GFP_RECLAIM)
#define GFP_NOFS		(__GFP_RECLAIM | __GFP_IO)
#define GFP_USER		(__GFP_RECLAIM | __GFP_IO | __GFP_FS | __GFP_HARDWALL)
#define GFP_DMA			__GFP_DMA
#define GFP_DMA32		__GFP_DMA32
#define GFP_HIGHUSER		(GFP_USER | __GFP_HIGHMEM)
#define GFP_HIGHUSER_MOVABLE	(GFP_HIGHUSER | __GFP_MOVABLE)
#define GFP_TRANSHUGE_LIGHT	((GFP_HIGHUSER_MOVABLE | __GFP_COMP | __GFP_NOMEMALLOC | __GFP_NOWARN) & ~__GFP_RECLAIM)
#define GFP_TRANSHUGE		(GFP_TRANSHUGE_LIGHT | __GFP_DIRECT_RECLAIM)
#define GFP_RECLAIM_MASK	(__GFP_RECLAIM | __GFP_HIGH | __GFP_IO | __GFP_FS | __GFP_NOWARN | \
				 __GFP_RETRY_MAYFAIL | __GFP_NOFAIL | __GFP_NORETRY | __GFP_MEMALLOC | \
				 __GFP_NOMEMALLOC | __GFP_ATOMIC)

static inline bool gfpflags_allow_blocking(gfp_t gfp)
{
	return (gfp & __GFP_DIRECT_RECLAIM) != 0;
}

/* UNMOVABLE, MOVABLE or RECLAIMABLE: the two bits stand in the right order. */
static inline int gfp_migratetype(gfp_t gfp)
{
	return (gfp & GFP_MOVABLE_MASK) >> 3;
}

#define NUMA_NO_NODE	(-1)

/*
 * 2^order frames, or NULL. @order 0..10. Without __GFP_COMP an order above 0 gives single pages of
 * which only the first has a reference. May sleep when __GFP_DIRECT_RECLAIM is given. The contents are
 * undefined unless __GFP_ZERO is given. @nid: where to begin, NUMA_NO_NODE: the node of this CPU.
 */
struct page *alloc_pages(gfp_t gfp, unsigned int order);
struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order);
struct page *__alloc_pages(gfp_t gfp, unsigned int order, int preferred_nid, const void *nodemask);
#define alloc_page(gfp)				alloc_pages(gfp, 0)

/* The same as a folio: a compound page when @order is above 0. */
struct folio *folio_alloc(gfp_t gfp, unsigned int order);
struct folio *__folio_alloc_node(gfp_t gfp, unsigned int order, int nid);
struct vm_area_struct;
/* For address @addr of @vma; the policy of the VMA decides the node (local until policies exist). */
static inline struct folio *vma_alloc_folio(gfp_t gfp, int order, struct vm_area_struct *vma,
					    unsigned long addr, bool hugepage)
{
	return folio_alloc(gfp, order);
}

/*
 * Drop one reference of the first page; with the last one free 2^order pages, @order as allocated.
 * Any context.
 */
void __free_pages(struct page *page, unsigned int order);
void free_pages(unsigned long addr, unsigned int order);
#define __free_page(page)	__free_pages((page), 0)
#define free_page(addr)		free_pages((addr), 0)

/* Address in the direct map, or 0. Not for __GFP_HIGHMEM. */
unsigned long __get_free_pages(gfp_t gfp, unsigned int order);
unsigned long get_zeroed_page(gfp_t gfp);
#define __get_free_page(gfp)		__get_free_pages((gfp), 0)

/*
 * Fill the empty (NULL) slots of @page_array with order-0 pages; number of filled slots from the start,
 * at most @nr_pages. Cheaper per page than single calls.
 */
unsigned long alloc_pages_bulk_array(gfp_t gfp, unsigned long nr_pages, struct page **page_array);

/* @size bytes of whole pages, the rest of the power of two given back; freed by free_pages_exact. */
void *alloc_pages_exact(size_t size, gfp_t gfp);
void free_pages_exact(void *virt, size_t size);

/* Make a non-compound block of 2^order pages that many single pages, each with a reference. */
void split_page(struct page *page, unsigned int order);

/* Give all pages of the per-CPU lists back: of this CPU, of all. The second may sleep. */
void drain_local_pages(struct zone *zone);
void drain_all_pages(struct zone *zone);

/* What reclaim may do for the running task: its PF_MEMALLOC_NOFS, PF_MEMALLOC_NOIO taken into account. */
gfp_t current_gfp_context(gfp_t gfp);
unsigned int memalloc_noreclaim_save(void);
void memalloc_noreclaim_restore(unsigned int flags);

/* Write the names of @gfp as Linux's traces show them ("GFP_KERNEL|__GFP_ZERO"); length. */
int gfp_to_string(char *buf, size_t size, gfp_t gfp);

#endif
