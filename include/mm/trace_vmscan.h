/* SPDX-License-Identifier: MIT */
/* Trace events of reclaim. mm/stat/trace_vmscan.c */
#ifndef QUIRE_MM_TRACE_VMSCAN_H
#define QUIRE_MM_TRACE_VMSCAN_H

#include <mm/reclaim.h>
#include <mm/trace.h>

#define VMSCAN_EVENTS(X)							\
	X(mm_vmscan_kswapd_sleep, (int nid), (nid))				\
	X(mm_vmscan_kswapd_wake, (int nid, int zid, int order), (nid, zid, order))	\
	X(mm_vmscan_wakeup_kswapd, (int nid, int zid, int order, gfp_t gfp), (nid, zid, order, gfp))	\
	X(mm_vmscan_direct_reclaim_begin, (int order, gfp_t gfp), (order, gfp))	\
	X(mm_vmscan_direct_reclaim_end, (unsigned long nr_reclaimed), (nr_reclaimed))	\
	X(mm_vmscan_lru_isolate, (const struct scan_control *sc, const struct lru_isolation *iso), (sc, iso))	\
	X(mm_vmscan_lru_shrink_inactive, (struct lruvec *lruvec, const struct scan_control *sc,	\
		const struct lru_isolation *iso, unsigned long nr_reclaimed), (lruvec, sc, iso, nr_reclaimed))	\
	X(mm_vmscan_lru_shrink_active, (struct lruvec *lruvec, const struct scan_control *sc,	\
		const struct lru_isolation *iso, unsigned long deactivated, unsigned long referenced),	\
		(lruvec, sc, iso, deactivated, referenced))

VMSCAN_EVENTS(DECLARE_TRACE_CALL)

#endif
