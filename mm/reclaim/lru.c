// SPDX-License-Identifier: MIT
/*
 * The classes of pages that reclaim looks through, without lists.
 *
 * 1 Purpose. Reclaim wants, of a node, "the next few inactive file pages" and the like. Linux keeps five lists for that and
 *   pays for it at each first touch, at each free (two lock sections, batched) and with two pointers a page. Here a page is
 *   a member of a class because its flags say so, and the order is that of the frames:
 *
 *	PG_lru		member; whoever clears it (one atomic operation) owns the page's place until he sets it again
 *	PG_unevictable	mlocked, or of a locked mapping
 *	PG_active	of the classes that are aged, not evicted
 *	PG_swapbacked	anonymous and shmem; without it: files, and anonymous pages given up by MADV_FREE
 *
 *   Each class has a hand, a frame number, that goes round the node: a clock with two hands for either kind of page. The hand
 *   of an active class clears accessed bits and turns pages inactive, that of the inactive class evicts what was not used since.
 *
 * 2 Why this is a queue all the same. A frame that was evicted lies behind the hand and is handed out again before any other
 *   (the lists of the page allocator are stacks), so that under pressure new pages lie behind the hand and are seen again
 *   after all older ones: first in, first out, as in a list. When memory is filled for the first time the order is that in
 *   which the buddy lists give frames. What is lost is the exact order among pages that lie before the hand when pressure
 *   begins. What is gained: neighbours are freed together, so that large blocks come back; no lock and no cache line is shared
 *   by those who fault and exit; compaction and isolation by frame number find the same state.
 *
 * 3 Sizes. A first touch adds one to one counter, as it did before. The sizes of the classes follow from it (mm/stat/vmstat.c):
 *
 *	anonymous = NR_ZONE_ANON_MAPPED + NR_ZONE_LRU_ANON	mapped; shmem and what of the swap cache is not mapped
 *	file      = NR_ZONE_LRU_FILE				in a page cache; MADV_FREE
 *	inactive  = all - active - unevictable - isolated	of either kind
 *
 *   active and unevictable are counted when the flags change. A page that has no mapping any more, but a reference (a pin,
 *   a gather on its way), keeps PG_lru until it is freed and is in no sum. lru_check() walks and compares.
 *
 * 4 Locks. PG_lru as above. lru_lock guards the hands, and is held for one pageblock at most. From PG_lru on, flags change
 *   by atomic operations only. A page found by its frame number is taken by a reference unless it is free, then by PG_lru;
 *   in between it can have become something else, which then has no PG_lru.
 *
 * 5 Cost of a search: five instructions a frame. Anonymous memory is dense where it matters. File pages may be few among
 *   much else: block_hints[] says of each pageblock whether it can hold any (set when one joins, cleared by a hand that found none).
 *
 * 6 Linux 6.1: mm/swap.c, mm/vmscan.c (isolate_lru_pages). Observe: Active(anon) ... Unevictable of /proc/meminfo, zoneinfo,
 *   /proc/kpageflags; pgactivate, pgdeactivate, pglazyfree, unevictable_pgs_*; hand positions in /proc/mm/reclaim.
 */
#include <base/bug.h>
#include <base/math.h>
#include <sync/ranks.h>
#include <sync/rcu.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <mm/address_space.h>
#include <mm/folio.h>
#include <mm/lru.h>
#include <mm/page_flags.h>
#include <mm/page_idle.h>
#include <mm/reclaim.h>
#include <mm/slab.h>
#include <mm/trace_pagemap.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

/* By pageblock: 0: there is no file page in it. NULL until there is memory for it: all may have some. */
static u8 *block_hints;

/* ---- counters ---- */

/* @folio became (@nr > 0) or ceases to be a member of the class that its flags name. */
static void count_class(const struct folio *folio, long nr)
{
	struct zone *zone = folio_zone(folio);
	enum lru_list lru = folio_lru_list(folio);

	if (lru == LRU_UNEVICTABLE) {
		mod_zone_page_state(zone, NR_ZONE_UNEVICTABLE, nr);
		if (!folio_is_file_lru(folio))
			mod_zone_page_state(zone, NR_ZONE_UNEVICTABLE_ANON, nr);
	} else if (is_active_lru(lru)) {
		mod_zone_page_state(zone, NR_ZONE_LRU_BASE + lru, nr);
	}
}

static void count_kind(const struct folio *folio, bool file, long nr)
{
	mod_zone_page_state(folio_zone(folio), file ? NR_ZONE_LRU_FILE : NR_ZONE_LRU_ANON, nr);
}

static void count_isolated(const struct folio *folio, long nr)
{
	mod_zone_page_state(
		folio_zone(folio),
		folio_is_file_lru(folio) ? NR_ZONE_ISOLATED_FILE : NR_ZONE_ISOLATED_ANON, nr);
}

/* ---- membership ---- */

static bool take(struct folio *folio)
{
	if (!folio_test_clear_lru(folio))
		return false;
	count_class(folio, -folio_nr_pages(folio));
	return true;
}

static void give(struct folio *folio)
{
	count_class(folio, folio_nr_pages(folio));
	folio_set_lru(folio);
}

/*
 * Taken out of its page cache while it was isolated? On the way into the swap cache a folio loses its mapping afterwards, on the way out it
 * gets one before: so the mapping is looked at on both sides of PG_swapcache.
 */
static bool is_orphan(const struct folio *folio)
{
	if (likely(READ_ONCE(folio->mapping)))
		return false;
	smp_rmb();
	if (folio_test_swapcache(folio))
		return false;
	smp_rmb();
	return !READ_ONCE(folio->mapping);
}

bool folio_evictable(const struct folio *folio)
{
	bool ret;

	if (folio_test_mlocked(folio))
		return false;
	if (folio_test_anon(folio))
		return true;
	rcu_read_lock(); /* keeps the mapping's memory */
	ret = !mapping_unevictable(folio_mapping(folio));
	rcu_read_unlock();
	return ret;
}

/*
 * Into the class where it belongs. What makes it unevictable or an orphan comes with a full barrier before it looks
 * for PG_lru: either it sees our flag, or we see the change.
 */
static void settle(struct folio *folio)
{
	bool evictable;

	do {
		if (is_orphan(folio)) {
			folio_clear_active(folio);
			folio_clear_unevictable(folio);
			return;
		}
		evictable = folio_evictable(folio);
		if (evictable == folio_test_unevictable(folio)) {
			count_vm_event(evictable ? UNEVICTABLE_PGRESCUED : UNEVICTABLE_PGCULLED);
			folio_clear_active(folio);
			if (evictable)
				folio_clear_unevictable(folio);
			else
				folio_set_unevictable(folio);
		}
		give(folio);
		smp_mb();
	} while ((is_orphan(folio) || folio_evictable(folio) != evictable) && take(folio));
}

static void note_file_page(const struct folio *folio)
{
	u8 *hints = READ_ONCE(block_hints);
	unsigned long block = folio_pfn(folio) >> pageblock_order;

	if (hints && !READ_ONCE(hints[block]))
		WRITE_ONCE(hints[block], 1);
}

void folio_add_lru(struct folio *folio)
{
	bool file = folio_is_file_lru(folio);

	VM_BUG_ON_FOLIO(folio_test_lru(folio), folio);
	count_kind(folio, file, folio_nr_pages(folio));
	if (file)
		note_file_page(folio);
	if (unlikely(mapping_unevictable(folio_mapping(folio))))
		settle(folio);
	else
		give(folio); /* nobody maps it yet: it is not mlocked */
	trace_mm_lru_insertion(folio);
}

void folio_join_lru(struct folio *folio)
{
	give(folio);
	trace_mm_lru_insertion(folio);
}

void folio_del_lru(struct folio *folio)
{
	const u32 places = 1u << PG_active | 1u << PG_unevictable;

	count_kind(folio, folio_is_file_lru(folio), -folio_nr_pages(folio));
	if (!folio_test_clear_lru(folio) || !(READ_ONCE(folio->flags) & places))
		return;
	count_class(folio, -folio_nr_pages(folio));
	folio_clear_active(folio);
	folio_clear_unevictable(folio);
}

void lru_page_freed(struct page *page)
{
	struct folio *folio = (struct folio *)page;

	if (folio_test_lru(folio))
		count_class(folio, -folio_nr_pages(folio));
	if (PageLazyFree(page)) {
		count_kind(folio, true, -folio_nr_pages(folio));
		count_kind(folio, false, folio_nr_pages(folio));
	}
	__ClearPageActive(page);
	__ClearPageUnevictable(page);
	__ClearPageLazyFree(page);
}

/* ---- use ---- */

void folio_activate(struct folio *folio)
{
	if (folio_test_active(folio) || folio_test_unevictable(folio) || !take(folio))
		return;
	if (!folio_test_unevictable(folio))
		folio_set_active(folio);
	give(folio);
	count_folio_event(folio, PGACTIVATE);
	trace_mm_lru_activate(folio);
	workingset_activation(folio);
}

void folio_mark_accessed(struct folio *folio)
{
	if (!folio_test_referenced(folio)) {
		folio_set_referenced(folio);
	} else if (!folio_test_active(folio) && !folio_test_unevictable(folio)) {
		folio_activate(folio);
		folio_clear_referenced(folio);
	}
	folio_clear_idle(folio);
}

static void note_cold(struct folio *folio)
{
	const struct reclaim_ops *ops;
	struct lruvec *lruvec;

	rcu_read_lock();
	lruvec = folio_lruvec(folio);
	ops = smp_load_acquire(&lruvec->policy);
	if (ops->cold)
		ops->cold(lruvec, folio);
	rcu_read_unlock();
}

void folio_deactivate(struct folio *folio)
{
	note_cold(folio);
	if (folio_test_unevictable(folio) ||
	    !(folio_test_active(folio) || folio_test_referenced(folio)) || !take(folio))
		return;
	if (folio_test_active(folio))
		count_folio_event(folio, PGDEACTIVATE);
	folio_clear_active(folio);
	folio_clear_referenced(folio);
	give(folio);
}

void folio_mark_lazyfree(struct folio *folio)
{
	if (!folio_test_anon(folio) || !folio_test_swapbacked(folio) ||
	    folio_test_swapcache(folio) || folio_test_unevictable(folio) || !take(folio))
		return;
	folio_clear_active(folio);
	folio_clear_referenced(folio);
	folio_clear_swapbacked(folio);
	SetPageLazyFree(&folio->page);
	count_kind(folio, false, -folio_nr_pages(folio));
	count_kind(folio, true, folio_nr_pages(folio));
	note_file_page(folio);
	give(folio);
	count_folio_event(folio, PGLAZYFREE);
}

void folio_undo_lazyfree(struct folio *folio)
{
	if (!TestClearPageLazyFree(&folio->page))
		return;
	count_isolated(folio, -folio_nr_pages(folio));
	count_kind(folio, true, -folio_nr_pages(folio));
	count_kind(folio, false, folio_nr_pages(folio));
	folio_set_swapbacked(folio);
	count_isolated(folio, folio_nr_pages(folio));
}

void folio_check_move_unevictable(struct folio *folio)
{
	if (folio_evictable(folio) == folio_test_unevictable(folio) && take(folio))
		settle(folio);
}

/* ---- isolation ---- */

bool folio_isolate_lru(struct folio *folio)
{
	if (!take(folio))
		return false;
	folio_get(folio);
	count_isolated(folio, folio_nr_pages(folio));
	return true;
}

void folio_putback_lru(struct folio *folio)
{
	count_isolated(folio, -folio_nr_pages(folio));
	settle(folio);
	folio_put(folio);
}

void folio_isolated_freed(struct folio *folio)
{
	count_isolated(folio, -folio_nr_pages(folio));
	folio_clear_active(folio);
}

/* What a search compares flags with. */
struct pattern {
	u32 mask, want;
};

static struct pattern pattern_of(const struct lruvec *lruvec, const struct lru_isolation *iso)
{
	const u32 flags = 1u << PG_lru | 1u << PG_active | 1u << PG_swapbacked |
			  1u << PG_unevictable | 1u << PG_tail;
	const u32 node = ((1u << NODES_WIDTH) - 1) << NODES_PGSHIFT;
	struct pattern p = { .mask = flags | node, .want = 1u << PG_lru };

	if (iso->any_age)
		p.mask &= ~(1u << PG_active);
	else if (is_active_lru(iso->lru))
		p.want |= 1u << PG_active;
	if (!is_file_lru(iso->lru))
		p.want |= 1u << PG_swapbacked;
	p.want |= (u32)lruvec->pgdat->node_id << NODES_PGSHIFT;
	return p;
}

/* @page had the right flags a moment ago. True: it is ours, with a reference. */
static bool isolate_page(struct page *page, struct pattern p)
{
	struct folio *folio = (struct folio *)page;

	if (!folio_try_get(folio))
		return false;
	/* acquire: what its owner stored before PG_lru */
	if ((smp_load_acquire(&page->flags) & p.mask) == p.want && take(folio)) {
		count_isolated(folio, folio_nr_pages(folio));
		return true;
	}
	folio_put(folio);
	return false;
}

/*
 * One step of a search, among descriptors of whatever there is: from @pfn to the end of its pageblock, or until there is enough. => lru_lock held
 * Where to go on.
 */
static __no_sanitize_race unsigned long search_block(struct lruvec *lruvec,
						     struct lru_isolation *iso, unsigned long pfn,
						     struct folio **folios, unsigned int max,
						     unsigned int *n)
{
	unsigned long end = round_down(pfn, pageblock_nr_pages) + pageblock_nr_pages;
	const struct pattern p = pattern_of(lruvec, iso);
	const bool whole = !(pfn & (pageblock_nr_pages - 1));
	u8 *hints = is_file_lru(iso->lru) ? block_hints : NULL;
	const struct lruvec_ops *ops = READ_ONCE(lruvec->ops);
	bool file = false, others = false;

	if (!pfn_valid(pfn))
		return end;
	if (hints && !READ_ONCE(hints[pfn >> pageblock_order]))
		return end;
	if (hints && whole)
		WRITE_ONCE(hints[pfn >> pageblock_order], 0);
	for (; pfn < end && *n < max && iso->nr_scanned < iso->max_scan; pfn++) {
		struct page *page = pfn_to_page(pfn);
		u32 flags = READ_ONCE(page->flags);

		if (unlikely(ops)) {
			unsigned long next = ops->next(lruvec, pfn, end, iso->desperate);

			if (next != pfn) {
				others = true;
				pfn = next - 1;
				continue;
			}
		}
		iso->nr_frames++;
		file |= (flags & (1u << PG_lru | 1u << PG_swapbacked)) == 1u << PG_lru;
		if ((flags & p.mask) != p.want)
			continue;
		if ((flags >> ZONES_PGSHIFT & ((1u << ZONES_WIDTH) - 1)) > iso->reclaim_idx) {
			iso->nr_skipped++;
			continue;
		}
		if (iso->wanted && !iso->wanted(iso, pfn, flags))
			continue;
		if (!isolate_page(page, p)) {
			iso->nr_scanned++;
			continue;
		}
		folios[(*n)++] = (struct folio *)page;
		iso->nr_scanned += compound_nr(page);
		iso->nr_taken += compound_nr(page);
	}
	if (hints && whole && (file || others || pfn < end))
		WRITE_ONCE(hints[(end - 1) >> pageblock_order], 1);
	return pfn;
}

/*
 * A page that becomes inactive shall have time to be used again: at least half a round of the hand that evicts. => lru_lock held
 */
static unsigned long active_hand(const struct lruvec *lruvec, enum lru_list lru)
{
	unsigned long span = lruvec->pgdat->node_spanned_pages;
	unsigned long start = lruvec->pgdat->node_start_pfn;
	unsigned long ahead = (lruvec->hand[lru] + span - lruvec->hand[lru - LRU_ACTIVE]) % span;

	if (ahead >= span / 2)
		return lruvec->hand[lru];
	return start + (lruvec->hand[lru - LRU_ACTIVE] + span - start + span / 2) % span;
}

unsigned int lru_isolate(struct lruvec *lruvec, struct lru_isolation *iso, struct folio **folios,
			 unsigned int max)
{
	struct pglist_data *pgdat = lruvec->pgdat;
	unsigned long start = pgdat->node_start_pfn, end = start + pgdat->node_spanned_pages;
	unsigned long left = pgdat->node_spanned_pages + pageblock_nr_pages;
	unsigned int n = 0;

	while (n < max && iso->nr_scanned < iso->max_scan && left) {
		unsigned long pfn, next;

		spin_lock(&lruvec->lru_lock);
		pfn = is_active_lru(iso->lru) ? active_hand(lruvec, iso->lru)
					      : lruvec->hand[iso->lru];
		if (pfn < start || pfn >= end)
			pfn = start;
		next = search_block(lruvec, iso, pfn, folios, max, &n);
		lruvec->hand[iso->lru] = next;
		spin_unlock(&lruvec->lru_lock);
		left -= min(left, next - pfn);
		cond_resched();
	}
	return n;
}

unsigned long lruvec_lru_size(struct lruvec *lruvec, enum lru_list lru, int zone_idx)
{
	unsigned long size = 0;

	if (!lruvec_is_node(lruvec))
		return max(READ_ONCE(lruvec->size[lru]), 0L);
	for (struct zone *zone = lruvec->pgdat->node_zones; zone_idx >= 0; zone++, zone_idx--)
		if (populated_zone(zone))
			size += zone_page_state(zone, NR_ZONE_LRU_BASE + lru);
	if (lru < NR_EVICTABLE_LISTS)
		size -= min(size, (unsigned long)max(READ_ONCE(lruvec->size[lru]), 0L));
	return size;
}

void lruvec_init(struct lruvec *lruvec, struct pglist_data *pgdat)
{
	lruvec->pgdat = pgdat;
	lruvec->policy = &classic_reclaim_ops;
	spin_lock_init(&lruvec->lru_lock, LOCK_LRUVEC);
}

void lru_init(void)
{
	unsigned long blocks = DIV_ROUND_UP(max_pfn, pageblock_nr_pages);
	u8 *hints = kvmalloc(blocks, GFP_KERNEL);

	if (!hints)
		return; /* every search looks at every block */
	memset(hints, 1, blocks);
	WRITE_ONCE(block_hints, hints);
}

/* ---- checking ---- */

/* Does the sum of its class contain this page? */
static bool is_counted(const struct page *page)
{
	const struct folio *folio = (const struct folio *)page;

	if (folio_test_swapcache(folio))
		return true;
	if (folio_test_anon(folio))
		return folio_mapped(folio);
	return folio->mapping != NULL;
}

static bool zone_lru_check(struct zone *zone)
{
	unsigned long seen[NR_LRU_LISTS] = { 0 };
	bool good = true;

	for (unsigned long pfn = zone->zone_start_pfn; pfn < zone_end_pfn(zone); pfn++) {
		struct page *page = pfn_to_online_page(pfn);

		if (page && page_zone(page) == zone && PageLRU(page) && !PageTail(page) &&
		    is_counted(page))
			seen[folio_lru_list((struct folio *)page)] += compound_nr(page);
	}
	for (int lru = 0; lru < NR_LRU_LISTS; lru++) {
		unsigned long counted = zone_page_state(zone, NR_ZONE_LRU_BASE + lru);

		if (counted == seen[lru])
			continue;
		pr_err("lru: zone %s class %d: %lu pages by their flags, %lu counted\n", zone->name,
		       lru, seen[lru], counted);
		good = false;
	}
	return good;
}

bool lru_check(void)
{
	struct zone *zone;
	bool good = true;

	for_each_populated_zone (zone)
		good &= zone_lru_check(zone);
	return good;
}
