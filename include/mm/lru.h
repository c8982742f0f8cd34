/* SPDX-License-Identifier: MIT */
/*
 * The classes of pages that reclaim looks through: inactive and active, anonymous and file, unevictable.
 * Theory: mm/reclaim/lru.c. None of these sleeps; any context that may take a spinlock.
 */
#ifndef QUIRE_MM_LRU_H
#define QUIRE_MM_LRU_H

#include <base/types.h>
#include <mm/folio.h>
#include <mm/lruvec.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

/* Is @folio in the classes of file pages? Anonymous pages that MADV_FREE gave up are, shmem is not. */
static inline bool folio_is_file_lru(const struct folio *folio)
{
	return !folio_test_swapbacked(folio);
}

/* Class of @folio by its flags, whether it has PG_lru or not. */
static inline enum lru_list folio_lru_list(const struct folio *folio)
{
	if (folio_test_unevictable(folio))
		return LRU_UNEVICTABLE;
	return (folio_is_file_lru(folio) ? LRU_FILE : 0) + (folio_test_active(folio) ? LRU_ACTIVE : 0);
}

/* Of all pages of a node, or of a control group's there? */
static inline bool lruvec_is_node(const struct lruvec *lruvec)
{
	return lruvec == &lruvec->pgdat->__lruvec;
}

/* Whose pages @folio is aged with: its control group's if that reclaims from itself, else its node's. => RCU */
static inline struct lruvec *folio_lruvec(const struct folio *folio)
{
	struct lruvec *node = &folio_pgdat(folio)->__lruvec;
	const struct lruvec_ops *ops = READ_ONCE(node->ops);

	return unlikely(ops) ? ops->of_frame(node, folio_pfn(folio)) : node;
}

/* An event of memory.stat happened to @folio: for its group alone, or for the machine, too. */
static inline void count_group_event(const struct folio *folio, enum vm_event_item item)
{
	const struct lruvec_ops *ops = READ_ONCE(folio_pgdat(folio)->__lruvec.ops);

	if (unlikely(ops))
		ops->count_event(folio_pfn(folio), item, folio_nr_pages(folio));
}
static inline void count_folio_event(const struct folio *folio, enum vm_event_item item)
{
	count_vm_events(item, folio_nr_pages(folio));
	count_group_event(folio, item);
}
/* @item: WORKINGSET_*, of @nr pages of @folio. */
static inline void count_workingset(const struct folio *folio, enum node_stat_item item, unsigned long nr)
{
	const struct lruvec_ops *ops = READ_ONCE(folio_pgdat(folio)->__lruvec.ops);

	node_stat_mod_folio(folio, item, nr);
	if (unlikely(ops))
		ops->count_workingset(folio_pfn(folio), item, nr);
}

/* May reclaim take @folio at all? Not when it is mlocked, or of a mapping that was locked (SHM_LOCK, ramfs). */
bool folio_evictable(const struct folio *folio);

/*
 * @folio has entered a page cache or the swap cache, or left it (its last user but for references). Anonymous
 * pages need neither: they are members while they are mapped (page_init_anon).
 * => folio locked, mapping set
 */
void folio_add_lru(struct folio *folio);
void folio_del_lru(struct folio *folio);

/* The same for a new member of the swap cache, which counts itself. => folio locked, nobody maps it */
void folio_join_lru(struct folio *folio);

/*
 * The page was used. inactive,unreferenced -> inactive,referenced -> active,unreferenced -> active,referenced.
 * Linux 6.1: mm/swap.c.
 */
void folio_mark_accessed(struct folio *folio);
void folio_activate(struct folio *folio);
/* Not needed soon: inactive and unreferenced. MADV_COLD. */
void folio_deactivate(struct folio *folio);
/* The contents of the anonymous page @folio may be dropped instead of swapped. MADV_FREE. */
void folio_mark_lazyfree(struct folio *folio);
/* It was written again: as before. => isolated by the caller */
void folio_undo_lazyfree(struct folio *folio);
/* Look again whether @folio is evictable, and move it. */
void folio_check_move_unevictable(struct folio *folio);

/*
 * Take @folio, to which the caller has a reference, out of its class: true if it is the caller's now, with one
 * reference more. Put it back with folio_putback_lru(), which drops that reference.
 */
bool folio_isolate_lru(struct folio *folio);
void folio_putback_lru(struct folio *folio);
/* It is about to be freed instead, its references are frozen at 0. */
void folio_isolated_freed(struct folio *folio);

/*
 * Pages for aging: up to @max folios of class @lru of @lruvec, in zones up to @reclaim_idx, from the hand on, each
 * isolated. At most @max_scan members of the class are looked at. *@nr_scanned, *@nr_skipped (of higher zones) and
 * *@nr_taken in pages. Number of folios at @folios.
 */
struct lru_isolation {
	enum lru_list lru;
	enum zone_type reclaim_idx;
	unsigned long max_scan;
	bool desperate;			/* see lruvec_ops */
	/* Of a policy that has an order of its own: members of the active class, too; which of them (NULL: all). => lru_lock held */
	bool any_age;
	bool (*wanted)(const struct lru_isolation *iso, unsigned long pfn, u32 flags);
	const void *arg;		/* of @wanted */
	unsigned long nr_scanned, nr_skipped, nr_taken;
	unsigned long nr_frames;	/* descriptors that were looked at */
};
unsigned int lru_isolate(struct lruvec *lruvec, struct lru_isolation *iso, struct folio **folios, unsigned int max);

/* Pages of a class in zones up to @zone_idx. */
unsigned long lruvec_lru_size(struct lruvec *lruvec, enum lru_list lru, int zone_idx);

/* The page allocator is about to free @page, which has PG_active, PG_unevictable or PG_lazyfree. */
void lru_page_freed(struct page *page);
void lru_init(void);
void lruvec_init(struct lruvec *lruvec, struct pglist_data *pgdat);
/* Count the classes by descriptors and compare with the counters: false, with a line in the log, when they differ.
 * => nobody maps, unmaps or reclaims meanwhile */
bool lru_check(void);

#endif
