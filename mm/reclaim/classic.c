// SPDX-License-Identifier: MIT
/*
 * The classical policy: an active and an inactive class of either kind. reclaim=classic, the default.
 *
 *	how much of which class	get_scan_count(): 1/2^priority of each inactive and active class, the kinds in the proportion in
 *				which I/O was cheaper of late (anon_cost, file_cost), weighted with swappiness
 *	active -> inactive	when the inactive class is small against the active one (inactive_is_low)
 *	inactive -> gone	shrink_inactive_list(), with a second chance for what was used
 *
 * Without swap (mm/swap) only file pages (and what MADV_FREE gave up, which is among them) are looked at.
 * Linux 6.1: mm/vmscan.c (get_scan_count, shrink_lruvec). Observe: pgscan_*, pgsteal_*, pgrefill, pgdeactivate.
 */
#include <base/math.h>
#include <kernel/sched.h>
#include <mm/reclaim.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

/*
 * Inactive pages should be enough to see a second use before eviction: 1:1 below 1 GiB, then one part in sqrt(10 * GiB).
 */
unsigned long inactive_ratio(unsigned long pages)
{
	unsigned long gb = pages >> (30 - PAGE_SHIFT);

	return gb ? int_sqrt(10 * gb) : 1;
}

static bool inactive_is_low(struct lruvec *lruvec, bool file)
{
	enum lru_list lru = file ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;
	unsigned long inactive = lruvec_lru_size(lruvec, lru, MAX_NR_ZONES - 1);
	unsigned long active = lruvec_lru_size(lruvec, lru + LRU_ACTIVE, MAX_NR_ZONES - 1);

	return inactive * inactive_ratio(inactive + active) < active;
}

static bool has_refaulted(const struct lruvec *lruvec, bool file)
{
	return (unsigned long)atomic_long_read(&lruvec->refaults[file]) !=
	       lruvec->refaults_seen[file];
}

/* Refaults since the last look show that the inactive class is too small. */
static void prepare(struct lruvec *lruvec, struct scan_control *sc)
{
	sc->may_deactivate_anon = inactive_is_low(lruvec, false) || has_refaulted(lruvec, false);
	sc->may_deactivate_file = inactive_is_low(lruvec, true) || has_refaulted(lruvec, true);
}

/* Hardly any file pages left: they are in use, and evicting them would thrash. */
static bool file_is_tiny(struct lruvec *lruvec, struct scan_control *sc)
{
	struct pglist_data *pgdat = lruvec->pgdat;
	unsigned long file = lruvec_lru_size(lruvec, LRU_INACTIVE_FILE, MAX_NR_ZONES - 1) +
			     lruvec_lru_size(lruvec, LRU_ACTIVE_FILE, MAX_NR_ZONES - 1);
	unsigned long free = 0, high = 0;

	if (!lruvec_is_node(lruvec)) /* its limit is on both kinds together */
		return false;
	for (int i = 0; i < MAX_NR_ZONES; i++) {
		free += zone_page_state(pgdat->node_zones + i, NR_FREE_PAGES);
		high += high_wmark_pages(pgdat->node_zones + i);
	}
	return file + free <= high && !sc->may_deactivate_anon &&
	       lruvec_lru_size(lruvec, LRU_INACTIVE_ANON, sc->reclaim_idx) >> sc->priority;
}

/* How much of the anonymous and of the file pages are scanned: so many parts of a whole. */
struct parts {
	unsigned long anon, file, whole;
};

static struct parts divide(struct lruvec *lruvec, struct scan_control *sc)
{
	unsigned long anon_cost, file_cost, total;
	struct parts parts;

	if (!can_reclaim_anon_pages(sc))
		return (struct parts){ 0, 1, 1 };
	if (!sc->priority && vm_swappiness)
		return (struct parts){ 1, 1, 1 }; /* SCAN_EQUAL: the last pass looks at all */
	if (file_is_tiny(lruvec, sc))
		return (struct parts){ 1, 0, 1 };
	/* Plenty of files that were read once: no reason to touch what programs use. */
	if (lruvec_lru_size(lruvec, LRU_INACTIVE_FILE, sc->reclaim_idx) >> sc->priority &&
	    !sc->may_deactivate_file)
		return (struct parts){ 0, 1, 1 };
	total = READ_ONCE(lruvec->anon_cost) + READ_ONCE(lruvec->file_cost);
	anon_cost = total + READ_ONCE(lruvec->anon_cost);
	file_cost = total + READ_ONCE(lruvec->file_cost);
	total = anon_cost + file_cost;
	parts.anon = vm_swappiness * (total + 1) / (anon_cost + 1);
	parts.file = (200 - vm_swappiness) * (total + 1) / (file_cost + 1);
	parts.whole = parts.anon + parts.file;
	return parts;
}

static void get_scan_count(struct lruvec *lruvec, struct scan_control *sc, unsigned long *nr)
{
	struct parts parts = divide(lruvec, sc);
	int lru;

	for_each_evictable_lru(lru)
	{
		unsigned long size = lruvec_lru_size(lruvec, lru, sc->reclaim_idx);
		unsigned long part = is_file_lru(lru) ? parts.file : parts.anon;

		nr[lru] = (size >> sc->priority) * part / parts.whole;
		/* A class that is never worth a scan would never go. */
		if (part && size && !nr[lru] && (!sc->priority || part == parts.whole))
			nr[lru] = min(size, sc->priority ? 1UL : (unsigned long)SWAP_CLUSTER_MAX);
	}
}

static unsigned long shrink_list(enum lru_list lru, unsigned long nr, struct lruvec *lruvec,
				 struct scan_control *sc)
{
	if (!is_active_lru(lru))
		return shrink_inactive_list(nr, lruvec, sc, lru);
	if (is_file_lru(lru) ? sc->may_deactivate_file : sc->may_deactivate_anon)
		shrink_active_list(nr, lruvec, sc, lru);
	else
		sc->skipped_deactivate = true;
	return 0;
}

static void classic_shrink(struct lruvec *lruvec, struct scan_control *sc)
{
	unsigned long nr[NR_EVICTABLE_LISTS], reclaimed = 0;
	int lru;

	if (sc->priority || !sc->skipped_deactivate)
		prepare(lruvec, sc);
	else
		sc->may_deactivate_anon = sc->may_deactivate_file = true;
	get_scan_count(lruvec, sc, nr);
	while (nr[LRU_INACTIVE_ANON] || nr[LRU_ACTIVE_FILE] || nr[LRU_INACTIVE_FILE]) {
		for_each_evictable_lru(lru)
		{
			unsigned long n = min(nr[lru], (unsigned long)SWAP_CLUSTER_MAX);

			if (!n)
				continue;
			nr[lru] -= n;
			reclaimed += shrink_list(lru, n, lruvec, sc);
			if (sc->exhausted >> lru & 1) /* the rest is protected */
				nr[lru] = 0;
		}
		cond_resched();
		/* Enough; but only kswapd and a gentle scan keep the proportion of what was planned. */
		if (reclaimed >= sc->nr_to_reclaim && !(sc->kswapd && sc->priority == DEF_PRIORITY))
			break;
	}
	sc->nr_reclaimed += reclaimed;
	if (can_reclaim_anon_pages(sc) && inactive_is_low(lruvec, false))
		shrink_active_list(SWAP_CLUSTER_MAX, lruvec, sc, LRU_ACTIVE_ANON);
}

static void classic_age(struct lruvec *lruvec, struct scan_control *sc)
{
	if (can_reclaim_anon_pages(sc) && inactive_is_low(lruvec, false))
		shrink_active_list(SWAP_CLUSTER_MAX, lruvec, sc, LRU_ACTIVE_ANON);
}

const struct reclaim_ops classic_reclaim_ops = {
	.name = "classic",
	.shrink = classic_shrink,
	.age = classic_age,
};
