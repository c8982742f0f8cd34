/* SPDX-License-Identifier: MIT */
/* Trace events of reclaim. mm/stat/trace_vmscan.c */
#ifndef QUIRE_MM_TRACE_VMSCAN_H
#define QUIRE_MM_TRACE_VMSCAN_H

#include <mm/reclaim.h>
#include <mm/shrinker.h>
#include <mm/trace.h>

/* Why somebody who reclaims sleeps; Linux's numbers. */
enum vmscan_throttle_state {
	VMSCAN_THROTTLE_WRITEBACK,
	VMSCAN_THROTTLE_ISOLATED,
};

/* What a shrinker is about to be asked, and what it gave. */
struct trace_shrink {
	const struct shrinker *shrinker;
	int nid, priority;
	gfp_t gfp;
	unsigned long count, todo;	/* objects that it has; to look at, in the end: still */
	unsigned long freed;
};

#define VMSCAN_EVENTS(X)							\
	X(mm_vmscan_kswapd_sleep, (int nid), (nid))				\
	X(mm_vmscan_kswapd_wake, (int nid, int zid, int order), (nid, zid, order))	\
	X(mm_vmscan_wakeup_kswapd, (int nid, int zid, int order, gfp_t gfp), (nid, zid, order, gfp))	\
	X(mm_vmscan_direct_reclaim_begin, (int order, gfp_t gfp), (order, gfp))	\
	X(mm_vmscan_direct_reclaim_end, (unsigned long nr_reclaimed), (nr_reclaimed))	\
	X(mm_vmscan_memcg_reclaim_begin, (int order, gfp_t gfp), (order, gfp))	\
	X(mm_vmscan_memcg_reclaim_end, (unsigned long nr_reclaimed), (nr_reclaimed))	\
	X(mm_vmscan_node_reclaim_begin, (int nid, int order, gfp_t gfp), (nid, order, gfp))	\
	X(mm_vmscan_node_reclaim_end, (unsigned long nr_reclaimed), (nr_reclaimed))	\
	X(mm_shrink_slab_start, (const struct trace_shrink *s), (s))		\
	X(mm_shrink_slab_end, (const struct trace_shrink *s), (s))		\
	X(mm_vmscan_throttled, (int nid, unsigned long ticks, unsigned long slept,	\
		enum vmscan_throttle_state reason), (nid, ticks, slept, reason))	\
	X(mm_vmscan_write_folio, (struct folio *folio), (folio))		\
	X(mm_vmscan_verdict, (struct folio *folio, enum folio_verdict v), (folio, v))	\
	X(mm_vmscan_lru_isolate, (const struct scan_control *sc, const struct lru_isolation *iso), (sc, iso))	\
	X(mm_vmscan_lru_shrink_inactive, (struct lruvec *lruvec, const struct scan_control *sc,	\
		const struct lru_isolation *iso, unsigned long nr_reclaimed), (lruvec, sc, iso, nr_reclaimed))	\
	X(mm_vmscan_lru_shrink_active, (struct lruvec *lruvec, const struct scan_control *sc,	\
		const struct lru_isolation *iso, unsigned long deactivated, unsigned long referenced),	\
		(lruvec, sc, iso, deactivated, referenced))

VMSCAN_EVENTS(DECLARE_TRACE_CALL)

#endif
