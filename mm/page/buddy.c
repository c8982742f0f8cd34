// SPDX-License-Identifier: MIT
/*
 * The buddy allocator: free blocks of 2^order frames, order 0 to 10, by zone and migrate type.
 *
 * A block of order o starts at a frame number that is a multiple of 2^o; its buddy is the block whose
 * number differs in bit o alone. Two free buddies merge. A pageblock (2 MiB) has one migrate type, kept in
 * pageblock_types[], so that pages that cannot move cluster in few pageblocks and the others can become
 * free 2 MiB blocks again.
 *
 *	zone->free_area[o].free_list[t]   free blocks, linked through page->buddy_list
 *	zone->order_map[t]                bit o set <=> that list is not empty: a search is one bit scan
 *	page->type_and_private            BUDDY_WORD(o) in the first page of a free block, and nowhere else:
 *	                                  "is my buddy free and of my order" is one comparison
 *
 * Invariants, checked by zone_check():
 *	sum over o, t of 2^o * |free_list[o][t]| = nr_free + nr_isolated_pages
 *	sum over t of |free_list[o][t]| = free_area[o].nr_free
 *	each free block lies on the list of the type of its pageblock (strict: Linux lets them drift);
 *	a free block of order 10 has the same type in both of its pageblocks
 *	no two buddies of the same zone and of compatible types are free with the same order below 10
 *	nr_reserved_highatomic = pages of the pageblocks of that type (page/unreserve-merged)
 *
 * A request for a type whose lists are empty steals. It takes the largest free block of another type, in
 * the order of fallbacks[], and turns its whole pageblock to the new type, so that one theft serves many
 * requests and spoils one pageblock only. A movable request does not turn a pageblock that is more than
 * half in use; it takes the smallest block then: movable pages spoil nothing.
 *
 * Order of preference (a question of the notes): a larger block of the right type is split before another
 * type is looked at.
 *
 * Locks: zone->lock with interrupts off, for all of this file. Failure: NULL.
 * Linux 6.1: mm/page_alloc.c. Different: order_map, carving of order-0 runs (rmqueue_bulk), strict types.
 * Observe: /proc/buddyinfo, /proc/pagetypeinfo, trace events kmem:mm_page_alloc_zone_locked and
 * mm_page_alloc_extfrag.
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/compiler.h>
#include <base/list.h>
#include <base/math.h>
#include <base/bug.h>
#include <kernel/printk.h>
#include <mm/zone.h>
#include <mm/page_debug.h>
#include <mm/page_flags.h>
#include <mm/vmstat.h>
#include <mm/trace.h>
#include "page_internal.h"

u8 *pageblock_types, *pageblock_types_by_page;

const char *const migratetype_names[MIGRATE_TYPES] = {
	"Unmovable", "Movable", "Reclaimable", "HighAtomic", "CMA", "Isolate",
};

/* Where a request goes when its own type has nothing, in this order. */
static const u8 fallbacks[MIGRATE_PCPTYPES][2] = {
	[MIGRATE_UNMOVABLE] = { MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE },
	[MIGRATE_MOVABLE] = { MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE },
	[MIGRATE_RECLAIMABLE] = { MIGRATE_UNMOVABLE, MIGRATE_MOVABLE },
};

int migratetype_fallback(int mt, unsigned int n)
{
	return fallbacks[mt][n];
}

/* Types of which a free pageblock may silently become another one. */
static bool migratetype_is_mergeable(int mt)
{
	return mt < MIGRATE_PCPTYPES;
}

void set_pageblock_migratetype(struct page *page, int migratetype)
{
	WRITE_ONCE(pageblock_types[page_to_pfn(page) >> pageblock_order], migratetype);
}

static void account_freepages(struct zone *zone, long nr, int mt)
{
	if (unlikely(mt == MIGRATE_ISOLATE)) {
		zone->nr_isolated_pages += nr;
		return;
	}
	/* One writer at a time (zone->lock): a plain store is enough, and readers see whole numbers. */
	atomic_long_set(&zone->nr_free, atomic_long_read(&zone->nr_free) + nr);
	if (unlikely(mt == MIGRATE_CMA))
		mod_zone_page_state(zone, NR_FREE_CMA_PAGES, nr);
}

/* Put a block on a list. NR_FREE is the business of the caller. */
static inline void add_to_free_list(struct page *page, struct zone *zone, unsigned int order,
				    int mt)
{
	struct free_area *area = &zone->free_area[order];

	WRITE_ONCE(page->type_and_private, BUDDY_WORD(order));
	list_add(&page->buddy_list, &area->free_list[mt]);
	area->nr_free++;
	WRITE_ONCE(zone->order_map[mt], zone->order_map[mt] | 1u << order);
}

/* Take a block off its list: afterwards an allocated-looking page with refcount 0 and empty fields. */
static inline void del_page_from_free_list(struct page *page, struct zone *zone, unsigned int order,
					   int mt)
{
	struct free_area *area = &zone->free_area[order];
	struct list_head *next = page->buddy_list.next, *prev = page->buddy_list.prev;

	next->prev = prev;
	prev->next = next;
	if (next == prev) /* both are the head: nothing left */
		WRITE_ONCE(zone->order_map[mt], zone->order_map[mt] & ~(1u << order));
	area->nr_free--;
	WRITE_ONCE(page->type_and_private, PAGE_WORD_NONE);
	WRITE_ONCE(page->mapping, NULL);
}

static inline struct page *first_free(struct zone *zone, unsigned int order, int mt)
{
	return list_entry(zone->free_area[order].free_list[mt].next, struct page, buddy_list);
}

/*
 * Keep the first 2^low frames of a block of order @high, put the upper halves back.
 */
static inline void expand(struct zone *zone, struct page *page, unsigned int low, unsigned int high,
			  int mt)
{
	while (high > low) {
		high--;
		add_to_free_list(page + (1UL << high), zone, high, mt);
	}
}

static inline struct page *__rmqueue_smallest(struct zone *zone, unsigned int order, int mt)
{
	u32 fits = zone->order_map[mt] >> order;
	unsigned int high;
	struct page *page;

	if (!fits)
		return NULL;
	high = order + __builtin_ctz(fits);
	page = first_free(zone, high, mt);
	del_page_from_free_list(page, zone, high, mt);
	expand(zone, page, order, high, mt);
	account_freepages(zone, -(1L << order), mt);
	return page;
}

/* @nr pages of whole pageblocks turn from type @old to @mt: are they of the reserve? */
static void account_highatomic(struct zone *zone, unsigned long nr, int old, int mt)
{
	if (old == MIGRATE_HIGHATOMIC)
		zone->nr_reserved_highatomic -= nr;
	if (mt == MIGRATE_HIGHATOMIC)
		zone->nr_reserved_highatomic += nr;
}

/*
 * Move all free blocks of the pageblock of @page to the lists of @migratetype; number of pages moved.
 * The type of the pageblock itself is set as well. A block of order 10 takes its other pageblock along.
 * => zone->lock held
 */
unsigned int move_freepages_block(struct zone *zone, struct page *page, int migratetype)
{
	unsigned long pfn = page_to_pfn(page) & ~(pageblock_nr_pages - 1);
	unsigned long end = pfn + pageblock_nr_pages;
	unsigned long whole = pfn & ~(MAX_ORDER_NR_PAGES - 1);
	int old = get_pfnblock_migratetype(pfn);
	unsigned int moved = 0;

	if (old == migratetype)
		return 0;
	/* The pageblock may be one half of a free block of order 10, whose head lies before it. */
	if (pfn_to_page(whole)->type_and_private == BUDDY_WORD(MAX_ORDER - 1)) {
		pfn = whole;
		end = whole + MAX_ORDER_NR_PAGES;
	}
	account_highatomic(zone, end - pfn, old, migratetype);
	for (unsigned long at = pfn; at < end; at += pageblock_nr_pages)
		set_pageblock_migratetype(pfn_to_page(at), migratetype);
	while (pfn < end) {
		struct page *p = pfn_to_page(pfn);
		unsigned int order;

		if (!PageBuddy(p) || page_zone_id(p) != zone->zone_id) {
			pfn++;
			continue;
		}
		order = p->private;
		del_page_from_free_list(p, zone, order, old);
		account_freepages(zone, -(1L << order), old);
		__free_one_page(p, zone, order, migratetype); /* a whole pageblock may merge now */
		moved += 1u << order;
		pfn += 1UL << order;
	}
	return moved;
}

/* Frames of the pageblock that are free or, as far as one can see, as movable as @mt wants. */
static unsigned int count_compatible(struct zone *zone, struct page *page, int mt, int old_mt)
{
	unsigned long pfn = page_to_pfn(page) & ~(pageblock_nr_pages - 1),
		      end = pfn + pageblock_nr_pages;
	unsigned int free = 0, movable = 0;

	while (pfn < end) {
		struct page *p = pfn_to_page(pfn);

		if (PageBuddy(p) && page_zone_id(p) == zone->zone_id) {
			free += 1u << p->private;
			pfn += 1UL << p->private;
			continue;
		}
		if (p->mapping && !PageSlab(p) && !PageTail(p) && !page_has_type(p))
			movable++;
		pfn++;
	}
	if (mt == MIGRATE_MOVABLE)
		return free + movable;
	return old_mt == MIGRATE_MOVABLE ? free + (pageblock_nr_pages - free - movable) : free;
}

/* Turn the pageblock of @page to @mt when that is worth it. True when its free blocks now have that type. */
static bool steal_block(struct zone *zone, struct page *page, unsigned int order, int mt,
			int old_mt)
{
	if (order < pageblock_order && mt == MIGRATE_MOVABLE &&
	    count_compatible(zone, page, mt, old_mt) < pageblock_nr_pages / 2)
		return false;
	move_freepages_block(zone, page, mt);
	return true;
}

int watermark_boost_factor = 15000;

/*
 * A pageblock is being mixed: for a while kswapd shall keep more free than the marks say, so that the next request of the
 * kind finds a whole pageblock. Each time one pageblock more, up to watermark_boost_factor ten-thousandths of the high
 * mark. Without kswapd nobody would answer, nor take the boost back (zone_unboost): so early in the boot nothing is boosted.
 */
void zone_boost(struct zone *zone, unsigned int alloc_flags)
{
	unsigned long most = (u64)zone->_watermark[WMARK_HIGH] * watermark_boost_factor / 10000;

	if (!page_alloc_ops.wake_kswapd || !most ||
	    zone_managed_pages(zone) < 4 * pageblock_nr_pages)
		return;
	zone->watermark_boost =
		min(zone->watermark_boost + pageblock_nr_pages, max(most, pageblock_nr_pages));
	if (alloc_flags & ALLOC_KSWAPD)
		WRITE_ONCE(zone->boosted, true);
}

void zone_unboost(struct zone *zone, unsigned long boost)
{
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	zone->watermark_boost -= min(zone->watermark_boost, boost);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/*
 * A block of another type. The largest one is best stolen; a movable request that would leave an alien
 * pageblock as it is takes the smallest.
 */
static struct page *__rmqueue_fallback(struct zone *zone, unsigned int order, int mt,
				       unsigned int alloc_flags)
{
	for (unsigned int i = 0; i < 2; i++) {
		int from = fallbacks[mt][i];
		u32 fits = zone->order_map[from] >> order << order;
		unsigned int high;
		struct page *page;
		bool stolen;

		if (!fits)
			continue;
		high = 31 - __builtin_clz(fits);
		page = first_free(zone, high, from);
		if (high < pageblock_order)
			zone_boost(zone, alloc_flags);
		stolen = steal_block(zone, page, high, mt, from);
		trace_mm_page_alloc_extfrag(page, order, high, mt, from);
		zone->nr_fallbacks++;
		zone->nr_steals += stolen;
		return __rmqueue_smallest(zone, order, stolen ? mt : from);
	}
	return NULL;
}

struct page *__rmqueue(struct zone *zone, unsigned int order, int migratetype,
		       unsigned int alloc_flags)
{
	struct page *page = NULL;

	if (unlikely(order > 0 && (alloc_flags & ALLOC_HARDER)))
		page = __rmqueue_smallest(zone, order, MIGRATE_HIGHATOMIC);
	if (!page)
		page = __rmqueue_smallest(zone, order, migratetype);
	if (unlikely(!page) && (alloc_flags & ALLOC_CMA))
		page = __rmqueue_smallest(zone, order, MIGRATE_CMA);
	if (unlikely(!page))
		page = __rmqueue_fallback(zone, order, migratetype, alloc_flags);
	/* The reserve for atomic high orders is there for single pages too, before the kernel fails. */
	if (unlikely(!page && (alloc_flags & (ALLOC_OOM | ALLOC_HARDER))))
		page = __rmqueue_smallest(zone, order, MIGRATE_HIGHATOMIC);
	if (page)
		trace_mm_page_alloc_zone_locked(page, order, migratetype, 0);
	return page;
}

/*
 * Packing. The head of a list is wherever somebody freed last; refills that take one head after the other cut into all
 * pageblocks alike, and after a while none is free as a whole. So a refill that meets a small block goes on in the pageblock
 * of that block, frame by frame, until it has taken all that is free there; the next refill goes on behind. A refill looks at
 * PACK_BUDGET frames in vain at most, and at the heads again for the rest: in a full machine packing gains nothing.
 * docs/physical-memory.md has what it was measured to do.
 */
#define PACK_BUDGET 64

/* A block of @order that the refill takes from a list begins the search in its pageblock. */
static void pack_begin(struct zone *zone, struct page *page, unsigned int order, int mt)
{
	if (mt < MIGRATE_PCPTYPES && order < PACK_ORDER)
		zone->pack_next[mt] = pfn_to_page(page_to_pfn(page) & ~(pageblock_nr_pages - 1));
}

/* The frame may be anybody's, whose stores these loads meet. */
static bool pack_fits(const struct page *page, const struct zone *zone)
{
	return data_race(READ_ONCE(page->page_type)) == PAGE_TYPE_BUDDY &&
	       page_zone_id(page) == zone->zone_id;
}

/* The next free block of the pageblock that is being packed, of at most 2^*@order frames; NULL: no more, or none near. */
static struct page *pack_take(struct zone *zone, unsigned int *order, int mt, unsigned int *budget)
{
	struct page *page = zone->pack_next[mt], *end;
	unsigned int high;

	if (!page || page_migratetype(page) != (unsigned int)mt)
		return zone->pack_next[mt] = NULL;
	end = pfn_to_page((page_to_pfn(page) | (pageblock_nr_pages - 1)) + 1);
	while (page < end && *budget && !pack_fits(page, zone)) {
		page++;
		--*budget;
	}
	zone->pack_next[mt] = page;
	if (page < end && !*budget)
		return NULL;
	if (page == end ||
	    page->private >= pageblock_order) /* one that became free is left whole */
		return zone->pack_next[mt] = NULL;
	high = page->private;
	*order = min(*order, high);
	del_page_from_free_list(page, zone, high, mt);
	expand(zone, page, *order, high, mt);
	account_freepages(zone, -(1L << *order), mt);
	trace_mm_page_alloc_zone_locked(page, *order, mt, 0);
	zone->pack_next[mt] = page + (1UL << *order) < end ? page + (1UL << *order) : NULL;
	return page;
}

/* A block of at most 2^*@order frames for a refill: from the pageblock at hand, else the smallest that there is. */
static struct page *refill_take(struct zone *zone, unsigned int *order, int mt,
				unsigned int alloc_flags, unsigned int *budget)
{
	struct page *page = pack_take(zone, order, mt, budget);
	u32 fits = zone->order_map[mt];

	if (page)
		return page;
	*order = min(*order, fits ? (unsigned int)__builtin_ctz(fits) : 0);
	page = __rmqueue(zone, *order, mt, alloc_flags);
	if (page && fits && *budget)
		pack_begin(zone, page, *order, mt);
	return page;
}

/*
 * Carve order-0 pages for a per-CPU list out of whole blocks: a block of order k gives 2^k pages without
 * k * 2^k list operations. The chain begins with the lowest frame of the last block, because neighbours that are
 * handed out one after the other are neighbours in memory.
 */
unsigned int rmqueue_bulk(struct zone *zone, unsigned int count, struct page **list,
			  int migratetype, unsigned int alloc_flags)
{
	struct page *head = *list;
	unsigned int got = 0, budget = PACK_BUDGET;

	while (got < count) {
		unsigned int most = 31 - __builtin_clz(count - got), order = most;
		struct page *page, *p;

		page = refill_take(zone, &order, migratetype, alloc_flags, &budget);
		if (!page)
			break;
		for (p = page + (1UL << order) - 1; p >= page; p--) {
			p->pcp_next = head;
			head = p;
		}
		got += 1u << order;
		if (order == most && got >= count / 2)
			break;
	}
	*list = head;
	return got;
}

/* The neighbour may be anybody's, whose stores this load meets; the word of a free block is nobody's but ours. */
static inline bool buddy_is_free(const struct page *page, const struct page *buddy,
				 unsigned int order)
{
	return data_race(READ_ONCE(buddy->type_and_private)) == BUDDY_WORD(order) &&
	       page_zone_id(page) == page_zone_id(buddy);
}

/*
 * Free a block, merging as far as it goes.
 * => zone->lock held; the page looks as del_page_from_free_list() leaves it
 */
void __free_one_page(struct page *page, struct zone *zone, unsigned int order, int migratetype)
{
	account_freepages(zone, 1L << order, migratetype);
	while (order < MAX_ORDER - 1) {
		struct page *buddy = buddy_of(page, order);
		int buddy_mt = migratetype;

		if (!buddy_is_free(page, buddy, order))
			break;
		if (unlikely(order >= pageblock_order)) {
			buddy_mt = page_migratetype(buddy);
			if (buddy_mt != migratetype && !(migratetype_is_mergeable(migratetype) &&
							 migratetype_is_mergeable(buddy_mt)))
				break;
			set_pageblock_migratetype(buddy, migratetype);
		}
		del_page_from_free_list(buddy, zone, order, buddy_mt);
		page = min(page, buddy);
		order++;
	}
	add_to_free_list(page, zone, order, migratetype);
}

atomic_long_t _totalram_pages;

void free_boot_block(struct page *page, unsigned int order)
{
	struct zone *zone = page_zone(page);

	if (unlikely(page_debug))
		page_debug_free_boot(page, order);
	atomic_long_add(1L << order, &zone->managed_pages);
	atomic_long_add(1L << order, &_totalram_pages);
	__free_one_page(page, zone, order, page_migratetype(page));
}

void zone_init_free_lists(struct zone *zone)
{
	for (unsigned int order = 0; order < MAX_ORDER; order++)
		for (unsigned int mt = 0; mt < MIGRATE_TYPES; mt++)
			INIT_LIST_HEAD(&zone->free_area[order].free_list[mt]);
}

/* ---- the reserve for high-order requests that cannot wait ---- */

/* Keep the pageblock of @page, which served such a request; at most about 1 % of the zone. */
void reserve_highatomic_pageblock(struct page *page, struct zone *zone)
{
	unsigned long max = zone_managed_pages(zone) / 100 + pageblock_nr_pages;
	int mt = get_pageblock_migratetype(page);

	if (zone->nr_reserved_highatomic >= max || !migratetype_is_mergeable(mt))
		return;
	/* Whole pageblocks only: a free block of order 10 would take its neighbour along. */
	if (pfn_to_page(page_to_pfn(page) & ~(MAX_ORDER_NR_PAGES - 1))->type_and_private ==
	    BUDDY_WORD(MAX_ORDER - 1))
		return;
	move_freepages_block(zone, page, MIGRATE_HIGHATOMIC);
}

static bool unreserve_zone(struct zone *zone, int migratetype)
{
	u32 map = zone->order_map[MIGRATE_HIGHATOMIC];

	if (!map)
		return false;
	move_freepages_block(zone, first_free(zone, __builtin_ctz(map), MIGRATE_HIGHATOMIC),
			     migratetype);
	return true;
}

bool unreserve_highatomic_pageblock(const struct alloc_context *ac, bool force)
{
	struct zoneref *z;
	bool done = false;

	for (z = ac->zonelist->_zonerefs; z->zone && !done; z++) {
		struct zone *zone = z->zone;
		unsigned long flags;

		if (!force && zone->nr_reserved_highatomic <= pageblock_nr_pages)
			continue;
		spin_lock_irqsave(&zone->lock, flags);
		done = unreserve_zone(zone, ac->migratetype);
		spin_unlock_irqrestore(&zone->lock, flags);
	}
	return done;
}

/* ---- isolation ---- */

static int isolate_block(unsigned long pfn, int migratetype, bool isolate)
{
	struct page *page = pfn_to_page(pfn);
	struct zone *zone = page_zone(page);
	unsigned long flags;
	int err = 0;

	spin_lock_irqsave(&zone->lock, flags);
	if (isolate == (get_pfnblock_migratetype(pfn) == MIGRATE_ISOLATE))
		err = isolate ? -EBUSY : 0;
	else
		move_freepages_block(zone, page, isolate ? MIGRATE_ISOLATE : migratetype);
	spin_unlock_irqrestore(&zone->lock, flags);
	return err;
}

int start_isolate_page_range(unsigned long start_pfn, unsigned long end_pfn, int migratetype,
			     int flags, gfp_t gfp)
{
	unsigned long pfn, start = round_down(start_pfn, MAX_ORDER_NR_PAGES);
	unsigned long end = round_up(end_pfn, MAX_ORDER_NR_PAGES);
	int err = 0;

	for (pfn = start; pfn < end && !err; pfn += pageblock_nr_pages)
		if (pfn_valid(pfn)) {
			/* a free block of order 10 was taken whole with its first half */
			if (pfn > start && (pfn & pageblock_nr_pages) &&
			    get_pfnblock_migratetype(pfn) == MIGRATE_ISOLATE &&
			    pfn_to_page(pfn - pageblock_nr_pages)->type_and_private ==
				    BUDDY_WORD(MAX_ORDER - 1))
				continue;
			err = isolate_block(pfn, migratetype, true);
		}
	if (err)
		for (end = pfn - pageblock_nr_pages, pfn = start; pfn < end;
		     pfn += pageblock_nr_pages)
			if (pfn_valid(pfn))
				isolate_block(pfn, migratetype, false);
	return err;
}

void undo_isolate_page_range(unsigned long start_pfn, unsigned long end_pfn, int migratetype)
{
	unsigned long end = round_up(end_pfn, MAX_ORDER_NR_PAGES);

	for (unsigned long pfn = round_down(start_pfn, MAX_ORDER_NR_PAGES); pfn < end;
	     pfn += pageblock_nr_pages)
		if (pfn_valid(pfn) && get_pfnblock_migratetype(pfn) == MIGRATE_ISOLATE)
			isolate_block(pfn, migratetype, false);
}

/* ---- checks ---- */

static void check_block(struct zone *zone, struct page *page, unsigned int order, unsigned int mt)
{
	unsigned long pfn = page_to_pfn(page), buddy_pfn = pfn ^ (1UL << order);
	struct page *buddy = pfn_to_page(buddy_pfn);

	BUG_ON(page->type_and_private != BUDDY_WORD(order));
	BUG_ON(pfn & ((1UL << order) - 1));
	BUG_ON(page_zone_id(page) != zone->zone_id);
	BUG_ON(!zone_spans_pfn(zone, pfn) || !zone_spans_pfn(zone, pfn + (1UL << order) - 1));
	BUG_ON(page_ref_count(page));
	for (unsigned long at = pfn; at < pfn + (1UL << order); at += pageblock_nr_pages)
		BUG_ON(get_pfnblock_migratetype(at) != mt);
	if (order < MAX_ORDER - 1 && pfn_valid(buddy_pfn) && buddy_is_free(page, buddy, order)) {
		int bmt = get_pfnblock_migratetype(buddy_pfn);

		BUG_ON(order < pageblock_order || bmt == mt ||
		       (migratetype_is_mergeable(mt) && migratetype_is_mergeable(bmt)));
	}
}

void zone_check(struct zone *zone)
{
	unsigned long flags, pages = 0;

	spin_lock_irqsave(&zone->lock, flags);
	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		unsigned long blocks = 0;

		for (unsigned int mt = 0; mt < MIGRATE_TYPES; mt++) {
			struct list_head *head = &zone->free_area[order].free_list[mt], *p;

			BUG_ON((zone->order_map[mt] >> order & 1) == (u32)list_empty(head));
			for (p = head->next; p != head; p = p->next, blocks++) {
				BUG_ON(p->next->prev != p);
				check_block(zone, list_entry(p, struct page, buddy_list), order,
					    mt);
			}
		}
		BUG_ON(blocks != zone->free_area[order].nr_free);
		pages += blocks << order;
	}
	BUG_ON(pages != (unsigned long)atomic_long_read(&zone->nr_free) + zone->nr_isolated_pages);
	spin_unlock_irqrestore(&zone->lock, flags);
}

void buddy_check(void)
{
	struct zone *zone;

	for_each_populated_zone (zone)
		zone_check(zone);
}
