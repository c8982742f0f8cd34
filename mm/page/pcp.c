// SPDX-License-Identifier: MIT
/*
 * The per-CPU lists in front of the buddy allocator, and the way in and out of single pages.
 *
 * Each CPU has for each zone a chain (LIFO through page->pcp_next) per migrate type and order 0..3 and 9.
 * Allocation pops, free pushes: a few dozen instructions, no lock, no atomic operation, no shared cache
 * line. An empty chain takes ->batch pages from the buddy lists at once, a CPU with more than ->high pages
 * gives a batch back. A list that begins takes an eighth of a batch, then a quarter, a half: most lists of a machine
 * that does little are asked a few times only, and what they hold nobody else has.
 *
 *	pcp_for_gfp[gfp & GFP_ZONEMASK]   this CPU's lists of the best zone for these flags on its own node (found at
 *	                                  boot); where that has none, lists that are always empty: so __GFP_THISNODE
 *	                                  needs no look
 *	zone_pcp[page_zone_id(page)]      the lists to which a page returns
 *
 * Rule of use: preemption off, and never from an interrupt. Interrupts take and give single pages under
 * zone->lock instead; they are rare, and so the chains need neither disabled interrupts nor a lock.
 * Who empties the chains of another CPU (drain_all_pages) sends it an interrupt, whose handler may touch
 * them only when it did not interrupt somebody between preempt_disable and preempt_enable; else it says
 * so and is sent again.
 *
 * Pages in the chains have refcount 0, no type, no flags (but PG_head in that of order 9), mapping 0. They are not in NR_FREE_PAGES
 * (Linux: the same), and no watermark is looked at when they are taken: that was done when the batch was.
 *
 * Invariants (pcp_check): count = sum over the chains of their lengths times 2^order.
 * Linux 6.1: mm/page_alloc.c (pcp->lock with trylock). Observe: /proc/zoneinfo pagesets, the
 * events pgalloc_*, pgfree, trace kmem:mm_page_pcpu_drain.
 */
#include <base/types.h>
#include <base/compiler.h>
#include <base/cpumask.h>
#include <base/string.h>
#include <base/bug.h>
#include <base/math.h>
#include <sync/preempt.h>
#include <kernel/panic.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <kernel/task.h>
#include <seam/smp.h>
#include <mm/zone.h>
#include <mm/page_charge.h>
#include <mm/page_flags.h>
#include <mm/ledger.h>
#include <mm/lru.h>
#include <mm/page_debug.h>
#include <mm/percpu_alloc.h>
#include <mm/vmstat.h>
#include <mm/trace.h>
#include <mm/fault_inject.h>
#include <mm/page_idle.h>
#include "call_cpu.h"
#include "page_internal.h"

/* What pcp_for_gfp points at before there are zones, and where the node has none that would do: always empty. */
struct per_cpu_pages boot_pageset;

DEFINE_PER_CPU(struct per_cpu_pages *, pcp_for_gfp[16]) = { [0 ... 15] = &boot_pageset };
struct per_cpu_pages __percpu *zone_pcp[1 << (ZONES_WIDTH + NODES_WIDTH)];

static __always_inline bool pcp_usable(void)
{
	return !(preempt_count() & (HARDIRQ_MASK | SOFTIRQ_MASK | NMI_MASK));
}

/* ---- a page comes ---- */

static bool dissolve_compound(struct page *page, unsigned int order);

static void clear_pages(struct page *page, unsigned int order)
{
	for (unsigned int i = 0; i < 1u << order; i++)
		clear_page(page_address(page + i));
}

static void prep_folio(struct page *page, unsigned int order)
{
	struct folio *folio = (struct folio *)page;

	WRITE_ONCE(folio->_order, order);
	atomic_set(&folio->_large_mapcount, -1);
	atomic_set(&folio->_pincount, 0);
}

/* Make @page .. @page + 2^order - 1 one folio. => nobody else sees the pages; order >= 1 */
static void prep_compound_page(struct page *page, unsigned int order)
{
	__SetPageHead(page);
	for (unsigned int i = 1; i < 1u << order; i++) {
		__SetPageTail(page + i);
		page[i].head = page;
	}
	prep_folio(page, order);
}

/* The state of a block with heads and tails as @gfp wants it. One from a per-CPU list may still be compound. */
static void prep_block(struct page *page, unsigned int order, gfp_t gfp)
{
	bool compound = PageHead(page);

	if (compound && (gfp & __GFP_COMP))
		prep_folio(page, order);
	else if (compound)
		dissolve_compound(page, order);
	else if (gfp & __GFP_COMP)
		prep_compound_page(page, order);
}

/* From the free lists into the hands of the caller. */
void prep_new_page(struct page *page, unsigned int order, gfp_t gfp)
{
	bool zero = false;

	set_page_count(page, 1);
	if (unlikely(READ_ONCE(page_debug)))
		zero = page_debug_alloc(page, order, gfp);
	VM_BUG_ON_PAGE(page->flags & PAGE_FLAGS_CHECK_AT_PREP &
			       ~(order == pageblock_order ? 1u << PG_head : 0),
		       page);
	VM_BUG_ON_PAGE(page->mapping || page->type_and_private != PAGE_WORD_NONE, page);
	if ((gfp & __GFP_ZERO) && !zero)
		clear_pages(page, order);
	if (order)
		prep_block(page, order, gfp);
}

/*
 * A batch for an empty chain. Not from the reserve for high orders: who may dip into that takes one block of it, and the others
 * of a batch would be everybody's. => preemption off, not in an interrupt
 */
static struct page *pcp_refill(struct per_cpu_pages *pcp, struct zone *zone, unsigned int order,
			       int pindex, int mt, unsigned int alloc_flags)
{
	struct page **list = &pcp->lists[pindex][mt], *page;
	u8 *warmth = &pcp->warmth[pindex][mt];
	unsigned int want = max(pcp->batch >> order >> (PCP_WARM - *warmth), 1L), got = 0;
	unsigned long flags;

	alloc_flags &= ~(ALLOC_HARDER | ALLOC_OOM);
	if (*warmth < PCP_WARM)
		++*warmth;

	/* Near the watermark a whole batch would be lost to the others. */
	if (!zone_watermark_ok(zone, 0, min_wmark_pages(zone) + ((unsigned long)want << order), 0,
			       0))
		want = 1;
	spin_lock_irqsave(&zone->lock, flags);
	if (order == 0) {
		got = rmqueue_bulk(zone, want, list, mt, alloc_flags);
	} else {
		while (got < want && (page = __rmqueue(zone, order, mt, alloc_flags))) {
			page->pcp_next = *list;
			*list = page;
			got++;
		}
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	pcp->refills++;
	pcp->filled += (unsigned long)got << order;
	pcp->count += (long)got << order;
	return *list;
}

struct page *rmqueue_pcplist(struct zone *zone, unsigned int order, int pindex, int migratetype,
			     unsigned int alloc_flags)
{
	struct per_cpu_pages *pcp;
	struct page *page = NULL;

	preempt_disable();
	if (likely(pcp_usable())) {
		pcp = this_cpu_ptr(zone->per_cpu_pageset);
		page = pcp->lists[pindex][migratetype];
		if (!page)
			page = pcp_refill(pcp, zone, order, pindex, migratetype, alloc_flags);
		if (page) {
			pcp->lists[pindex][migratetype] = page->pcp_next;
			pcp->count -= 1L << order;
			pcp->pgalloc += 1UL << order;
		}
	}
	preempt_enable();
	return page;
}

/*
 * The fast path: pop from the best zone's chain of this CPU. Everything else is alloc_pages_slow().
 */
static __always_inline struct page *alloc_pages_fast(gfp_t gfp, unsigned int order,
						     unsigned int pindex)
{
	struct per_cpu_pages *pcp;
	struct page **list, *page = NULL;

	preempt_disable();
	if (likely(pcp_usable())) {
		pcp = this_cpu_read(pcp_for_gfp[gfp & GFP_ZONEMASK]);
		list = &pcp->lists[pindex][gfp_migratetype(gfp)];
		page = *list;
		if (likely(page)) {
			*list = page->pcp_next;
			pcp->count -= 1L << order;
			if (!order) {
				pcp->singles++;
			} else {
				pcp->pgalloc += 1UL << order;
				pcp->hits++;
			}
		}
	}
	preempt_enable();
	return page;
}

/* Blocks, zeroed pages, and whatever else the short way does not do. */
static noinline struct page *alloc_pages_long(gfp_t gfp, unsigned int order)
{
	int pindex = order_to_pindex(order);
	struct page *page = NULL;

	if (pindex >= 0 &&
	    !(READ_ONCE(alloc_watched) & ~(ALLOC_WATCHED_MEMCG | ALLOC_WATCHED_IDLE)))
		page = alloc_pages_fast(gfp, order, pindex);
	if (!page)
		return alloc_pages_slow(gfp, order, NUMA_NO_NODE, NULL);
	prep_new_page(page, order, gfp);
	return alloc_charge(page, order, gfp);
}

static noinline struct page *cleared(struct page *page)
{
	clear_page(page_address(page));
	return page;
}

struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	struct page *page;

	might_sleep_if(gfp & __GFP_DIRECT_RECLAIM);
	if (unlikely(order || READ_ONCE(alloc_watched)))
		return alloc_pages_long(gfp, order);
	page = alloc_pages_fast(gfp, 0, 0);
	if (unlikely(!page))
		return alloc_pages_slow(gfp, 0, NUMA_NO_NODE, NULL);
	set_page_count(page, 1);
	VM_BUG_ON_PAGE(page->flags & PAGE_FLAGS_CHECK_AT_PREP, page);
	VM_BUG_ON_PAGE(page->mapping || page->type_and_private != PAGE_WORD_NONE, page);
	return gfp & __GFP_ZERO ? cleared(page) : page;
}

unsigned long pcp_take_many(gfp_t gfp, unsigned long nr, struct page **pages)
{
	struct per_cpu_pages *pcp;
	struct page **list, *page;
	unsigned long n = 0;

	preempt_disable();
	if (likely(pcp_usable() && !READ_ONCE(alloc_watched))) {
		pcp = this_cpu_read(pcp_for_gfp[gfp & GFP_ZONEMASK]);
		list = &pcp->lists[0][gfp_migratetype(gfp)];
		for (page = *list; n < nr && page && !pages[n]; page = *list, n++) {
			*list = page->pcp_next;
			set_page_count(page, 1);
			pages[n] = page;
		}
		pcp->count -= (long)n;
		pcp->singles += n;
	}
	preempt_enable();
	if (gfp & __GFP_ZERO)
		for (unsigned long i = 0; i < n; i++)
			clear_page(page_address(pages[i]));
	return n;
}

/* ---- a page goes ---- */

static bool bad_page(struct page *page, const char *why)
{
	/* Out of circulation: a leak of one page is the lesser harm. */
	pr_alert("BUG: Bad page state in process %s  pfn:%05lx: %s\n", current->comm,
		 page_to_pfn(page), why);
	dump_page(page, why);
	dump_stack();
	page->flags &= ~PAGEFLAGS_MASK;
	page_mapcount_reset(page);
	return false;
}

static const char *free_page_complaint(const struct page *page)
{
	if (page->flags & PAGE_FLAGS_CHECK_AT_FREE)
		return "PAGE_FLAGS_CHECK_AT_FREE flag(s) set";
	if (page->page_type != PAGE_TYPE_NONE)
		return page_has_type(page) ? "page type still set" : "nonzero mapcount";
	if (page_ref_count(page))
		return "nonzero _refcount";
	return NULL;
}

/*
 * What an mlocked page or one with a name of the ledger, and else only an error or poisoned memory, leaves behind:
 * false when the page must not be used again.
 */
static noinline bool accept_odd_page(struct page *page)
{
	const char *why;

	if (PageMlocked(page)) {
		__ClearPageMlocked(page);
		mod_zone_page_state(page_zone(page), NR_MLOCK, -1);
		count_vm_event(UNEVICTABLE_PGCLEARED);
	}
	if ((page->flags & PAGE_FLAGS_COUNTED_AT_FREE) && !PageSlab(page))
		lru_page_freed(page);
	page_clear_name(page);
	why = free_page_complaint(page);
	if (!why && !PageHWPoison(page))
		return true;
	if (!why && PageHWPoison(page))
		return false; /* silently kept out */
	return bad_page(page, why ? why : "unknown");
}

/* => the last reference is gone */
static __always_inline bool prepare_single(struct page *page)
{
	u32 flags = page->flags;

	if (unlikely((flags & (PAGE_FLAGS_CHECK_AT_FREE | PAGE_FLAGS_COUNTED_AT_FREE |
			       1u << PG_hwpoison)) ||
		     page->page_type != PAGE_TYPE_NONE)) {
		if (!accept_odd_page(page))
			return false;
		flags = page->flags;
	}
	VM_BUG_ON_PAGE(page_ref_count(page), page);
	/* A look-up without a lock may still test a flag, a neighbour's free the private word. */
	WRITE_ONCE(page->flags, flags & ~PAGEFLAGS_MASK);
	WRITE_ONCE(page->private, 0);
	page->mapping = NULL;
	return true;
}

/* A page of a block in an unusual state, perhaps a bad one. */
static noinline bool prepare_odd_tail(struct page *p, struct page *page, bool compound)
{
	if (compound) {
		if (unlikely(!PageTail(p) || p->head != page))
			return bad_page(p, "corrupted head in a tail page");
		__ClearPageTail(p);
		WRITE_ONCE(p->private, 0);
		p->mapping = NULL;
	}
	return prepare_single(p);
}

/* The pages of a block behind its first: two loads tell that one is as nearly all are. */
static __always_inline bool prepare_tails(struct page *page, unsigned int order,
					  const bool compound)
{
	struct page *end = page + (1UL << order), *p;
	u32 clean = page->flags & ~PAGEFLAGS_MASK;
	u64 usual = compound ? clean | 1u << PG_tail : clean; /* with a refcount of 0 */
	bool good = true;

	for (p = page + 1; p < end; p++) {
		if (unlikely(*(const u64 *)&p->flags != usual ||
			     p->type_and_private != PAGE_WORD_NONE ||
			     (compound && p->head != page))) {
			good &= prepare_odd_tail(p, page, compound);
			continue;
		}
		if (compound)
			p->flags = clean;
		p->mapping = NULL;
	}
	return good;
}

/* Look at the tails of a free block and make single pages of a compound one; false when one of them is bad. */
static bool dissolve_compound(struct page *page, unsigned int order)
{
	bool good = PageHead(page) ? prepare_tails(page, order, true)
				   : prepare_tails(page, order, false);

	__ClearPageHead(page);
	return good;
}

#if QUIRE_DEBUG
/* The tails are as they were handed out. */
static bool tails_untouched(struct page *page, unsigned int order)
{
	u32 flags = PageHead(page) ? 1u << PG_tail : 0;
	bool good = true;

	for (struct page *p = page + 1; p < page + (1UL << order); p++)
		if (page_ref_count(p) || p->page_type != PAGE_TYPE_NONE ||
		    (p->flags & PAGEFLAGS_MASK) != flags || p->mapping != (flags ? page : NULL))
			good = bad_page(p, "a tail page was changed by its owner");
	return good;
}
#else
static inline bool tails_untouched(struct page *page, unsigned int order)
{
	return true;
}
#endif

/*
 * A walk over 511 tails costs a hundred times what the free itself costs. Small blocks get it always. Of a larger
 * block that is not compound the tails are as they were handed out: nobody has a reason to write there (checked in
 * debug builds). A compound block of 2 MiB stays one in the list of the CPU, and is taken apart when it leaves it.
 */
static bool prepare_block(struct page *page, unsigned int order)
{
	bool compound = PageHead(page), good;

	if (order <= PAGE_ALLOC_COSTLY_ORDER || (compound && order != pageblock_order)) {
		good = dissolve_compound(page, order);
		return prepare_single(page) && good;
	}
	good = tails_untouched(page, order);
	good = prepare_single(page) && good;
	if (compound)
		__SetPageHead(page);
	return good;
}

bool free_pages_prepare(struct page *page, unsigned int order)
{
	bool good;

	arch_free_page(page, order);
	good = order ? prepare_block(page, order) : prepare_single(page);
	if (unlikely(READ_ONCE(page_debug)) && good)
		page_debug_free(page, order);
	return good;
}

/* Straight into the buddy lists. Any context. => the page is prepared */
void free_one_page(struct page *page, unsigned int order)
{
	struct zone *zone = page_zone(page);
	unsigned long flags;

	if (unlikely(PageHead(page)) && !dissolve_compound(page, order))
		return; /* lost, and told */
	spin_lock_irqsave(&zone->lock, flags);
	__free_one_page(page, zone, order, page_migratetype(page));
	spin_unlock_irqrestore(&zone->lock, flags);
}

/*
 * Blocks on their way to the buddy lists. Pages that were allocated together are freed together: buddies
 * that come one after the other are merged here, by arithmetic alone, before a list is touched.
 */
#define MERGE_DEPTH 8
struct merge_stack {
	struct zone *zone;
	unsigned int depth;
	struct {
		struct page *page;
		unsigned int order;
	} block[MERGE_DEPTH];
};

/* => zone->lock held */
static void merge_flush(struct merge_stack *m)
{
	for (unsigned int i = 0; i < m->depth; i++) {
		struct page *page = m->block[i].page;

		__free_one_page(page, m->zone, m->block[i].order, page_migratetype(page));
	}
	m->depth = 0;
}

/* => zone->lock held; blocks stay below a pageblock, and so of one type */
static inline void merge_push(struct merge_stack *m, struct page *page, unsigned int order)
{
	while (m->depth && m->block[m->depth - 1].order == order && order < pageblock_order - 1) {
		struct page *below = m->block[m->depth - 1].page;

		if (!are_buddies(below, page, order))
			break;
		page = page < below ? page : below;
		order++;
		m->depth--;
	}
	if (m->depth == MERGE_DEPTH)
		merge_flush(m);
	m->block[m->depth].page = page;
	m->block[m->depth++].order = order;
}

/* Take up to @most pages off one chain; number taken. => zone->lock held */
static long drain_chain(struct per_cpu_pages *pcp, unsigned int pindex, unsigned int mt, long most,
			struct merge_stack *m)
{
	struct page **list = &pcp->lists[pindex][mt], *page;
	unsigned int order = pindex_to_order(pindex);
	long taken = 0;

	while (taken < most && (page = *list)) {
		*list = page->pcp_next;
		trace_mm_page_pcpu_drain(page, order, mt);
		taken += 1L << order;
		if (likely(!PageHead(page)) || dissolve_compound(page, order))
			merge_push(m, page, order);
	}
	merge_flush(m);
	return taken;
}

/*
 * Give @count pages of the chains back, those that were freed last first, beginning with chain number @from
 * (the one that grew). => preemption off
 */
static void free_pcppages_bulk(struct zone *zone, struct per_cpu_pages *pcp, long count,
			       unsigned int from)
{
	struct merge_stack m;
	unsigned long flags;

	m.zone = zone;
	m.depth = 0;
	spin_lock_irqsave(&zone->lock, flags);
	for (unsigned int i = 0; i < NR_PCP_ORDERS * PCP_TYPES && count > 0; i++) {
		unsigned int chain = (from + i) % (NR_PCP_ORDERS * PCP_TYPES);
		long taken = drain_chain(pcp, chain / PCP_TYPES, chain % PCP_TYPES, count, &m);

		pcp->count -= taken;
		pcp->drained += taken;
		count -= taken;
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	pcp->drains++;
}

static noinline void pcp_overflow(struct per_cpu_pages *pcp, unsigned int chain)
{
	free_pcppages_bulk(pcp->zone, pcp, min(pcp->count, pcp->batch + (pcp->count - pcp->high)),
			   chain);
}

/* In an interrupt, of an order without list, into an isolated pageblock. */
static noinline void free_unref_slow(struct page *page, unsigned int order)
{
	count_vm_events(PGFREE, 1UL << order);
	free_one_page(page, order);
}

/* => preemption off, not in an interrupt, @page prepared */
static __always_inline void pcp_push(struct page *page, unsigned int order, unsigned int pindex)
{
	unsigned int mt = page_migratetype(page);
	struct per_cpu_pages *pcp;

	if (unlikely(mt >= MIGRATE_PCPTYPES)) {
		if (mt == MIGRATE_ISOLATE) {
			free_unref_slow(page, order);
			return;
		}
		mt = MIGRATE_MOVABLE; /* HIGHATOMIC, CMA: back to their pageblock with the drain */
	}
	pcp = this_cpu_ptr(zone_pcp[page_zone_id(page)]);
	page->pcp_next = pcp->lists[pindex][mt];
	pcp->lists[pindex][mt] = page;
	WRITE_ONCE(pcp->count, pcp->count + (1L << order)); /* others look whether there is any */
	if (unlikely(pcp->count > pcp->high))
		pcp_overflow(pcp, pindex * PCP_TYPES + mt);
}

static __always_inline void free_unref_traced(struct page *page, unsigned int order, bool batched)
{
	int pindex = order_to_pindex(order);

	trace_mm_page_free(page, order);
	if (batched)
		trace_mm_page_free_batched(page);
	page_uncharge(page, order);
	if (unlikely(READ_ONCE(alloc_watched) & ALLOC_WATCHED_IDLE))
		page_idle_freed(page, order);
	if (unlikely(!free_pages_prepare(page, order)))
		return;
	preempt_disable();
	if (likely(pindex >= 0 && pcp_usable()))
		pcp_push(page, order, pindex);
	else
		free_unref_slow(page, order);
	preempt_enable();
}

static noinline void free_unref_block(struct page *page, unsigned int order)
{
	free_unref_traced(page, order, false);
}

static __always_inline void free_unref_single(struct page *page)
{
	if (unlikely(READ_ONCE(alloc_watched))) {
		free_unref_block(page, 0);
		return;
	}
	if (unlikely(!prepare_single(page)))
		return;
	preempt_disable();
	if (likely(pcp_usable()))
		pcp_push(page, 0, 0);
	else
		free_unref_slow(page, 0);
	preempt_enable();
}

/* Somebody found the first page by a speculative reference and will free that one: the others go now. */
static noinline void free_other_pages(struct page *page, unsigned int order)
{
	while (order-- > 0)
		free_unref_block(page + (1UL << order), order);
}

void __free_pages(struct page *page, unsigned int order)
{
	bool compound = order && PageHead(page);

	if (likely(put_page_testzero(page))) {
		if (likely(!order))
			free_unref_single(page);
		else
			free_unref_block(page, order);
	} else if (unlikely(order && !compound)) {
		free_other_pages(page, order);
	}
}

void __folio_put(struct folio *folio)
{
	if (likely(!folio_test_large(folio)))
		free_unref_single(&folio->page);
	else
		free_unref_block(&folio->page, folio->_order);
}

/* The same with trace events: of a batch, single pages tell that they went in it. */
static noinline void release_pages_traced(struct page **pages, int nr)
{
	for (int i = 0; i < nr; i++) {
		struct folio *folio = page_folio(pages[i]);

		if (!folio_put_testzero(folio))
			continue;
		if (folio_test_large(folio))
			__folio_put(folio);
		else
			free_unref_traced(&folio->page, 0, true);
	}
}

void release_pages(struct page **pages, int nr)
{
	if (unlikely(READ_ONCE(alloc_watched) & ALLOC_WATCHED_TRACE)) {
		release_pages_traced(pages, nr);
		return;
	}
	for (int i = 0; i < nr; i++)
		put_page(pages[i]);
}

/* ---- emptying ---- */

static void drain_zone(struct zone *zone)
{
	struct per_cpu_pages *pcp = this_cpu_ptr(zone->per_cpu_pageset);

	if (pcp->count)
		free_pcppages_bulk(zone, pcp, pcp->count, 0);
	memset(pcp->warmth, 0, sizeof(pcp->warmth));
}

void drain_local_pages(struct zone *only)
{
	struct zone *zone;

	preempt_disable();
	if (pcp_usable())
		for_each_populated_zone (zone)
			if (!only || zone == only)
				drain_zone(zone);
	preempt_enable();
}

static void drain_this_cpu(void *only)
{
	struct zone *zone;

	for_each_populated_zone (zone)
		if (!only || zone == only)
			drain_zone(zone);
}

static bool cpu_has_pages(int cpu, void *only)
{
	struct zone *zone;

	for_each_populated_zone (zone)
		if ((!only || zone == only) &&
		    READ_ONCE(per_cpu_ptr(zone->per_cpu_pageset, cpu)->count))
			return true;
	return false;
}

void drain_all_pages(struct zone *zone)
{
	call_cpus_unpinned(drain_this_cpu, cpu_has_pages, zone);
}

/* ---- set-up ---- */

/* Linux 6.1's: about a thousandth of the zone, at most 1 MiB, a quarter of that, one less than a power of two. */
static long zone_batchsize(struct zone *zone)
{
	long batch = min(zone_managed_pages(zone) >> 10, (1024 * 1024) / PAGE_SIZE) / 4;

	return batch < 1 ? 1 : rounddown_pow_of_two(batch + batch / 2) - 1 ?: 1;
}

int percpu_pagelist_high_fraction;

static long zone_highsize(struct zone *zone, long batch)
{
	unsigned long total = percpu_pagelist_high_fraction
				      ? zone_managed_pages(zone) / percpu_pagelist_high_fraction
				      : zone->_watermark[WMARK_LOW];
	int nr_cpus = max((int)num_online_cpus(), 1);

	return max((long)(total / nr_cpus), batch * 4);
}

void pcp_setup_zone(struct zone *zone)
{
	long batch = zone_batchsize(zone), high = zone_highsize(zone, batch);
	int cpu;

	for_each_possible_cpu (cpu) {
		struct per_cpu_pages *pcp = per_cpu_ptr(zone->per_cpu_pageset, cpu);

		pcp->zone = zone;
		WRITE_ONCE(pcp->batch, batch);
		WRITE_ONCE(pcp->high, high);
	}
	zone_pcp[zone->zone_id] = zone->per_cpu_pageset;
}

void zone_pcp_update_all(void)
{
	struct zone *zone;

	for_each_populated_zone (zone)
		pcp_setup_zone(zone);
}

/* Point each CPU's fast path at the best zone of its node for each kind of request. */
void pcp_setup_cpus(void)
{
	int cpu;

	for_each_possible_cpu (cpu) {
		struct zonelist *own = node_zonelist(cpu_to_node(cpu), __GFP_THISNODE);

		for (unsigned int gfp = 0; gfp < 16; gfp++) {
			struct zoneref *z = own->_zonerefs;

			while (z->zone && z->zone_idx > gfp_zone(gfp))
				z++;
			per_cpu(pcp_for_gfp[gfp], cpu) =
				z->zone ? per_cpu_ptr(z->zone->per_cpu_pageset, cpu)
					: &boot_pageset;
		}
	}
}

void pcp_check(void)
{
	struct zone *zone;

	preempt_disable();
	for_each_populated_zone (zone) {
		struct per_cpu_pages *pcp = this_cpu_ptr(zone->per_cpu_pageset);
		long sum = 0;

		for (unsigned int i = 0; i < NR_PCP_ORDERS * PCP_TYPES; i++)
			for (struct page *p = pcp->lists[i / PCP_TYPES][i % PCP_TYPES]; p;
			     p = p->pcp_next) {
				BUG_ON(page_ref_count(p) || p->mapping ||
				       p->type_and_private != PAGE_WORD_NONE);
				BUG_ON(page_zone(p) != zone);
				sum += 1L << pindex_to_order(i / PCP_TYPES);
			}
		BUG_ON(sum != pcp->count);
	}
	preempt_enable();
}
