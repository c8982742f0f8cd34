// SPDX-License-Identifier: MIT
/*
 * The events of reclaim. Names, fields, their order and the print formats are Linux 6.1's (include/trace/events/vmscan.h).
 * What this kernel does not tell apart (congestion, kinds of activations) reads as 0.
 */
#include <base/printf.h>
#include <mm/gfp.h>
#include <mm/trace_vmscan.h>
#include <mm/zone.h>
#include "trace_internal.h"

#define mm_vmscan_kswapd_sleep_FIELDS(F) F(mm_vmscan_kswapd_sleep, int, nid)
DEFINE_TRACE_RECORD(mm_vmscan_kswapd_sleep);
PRINTER(mm_vmscan_kswapd_sleep)
{
	RECORD(mm_vmscan_kswapd_sleep);

	return scnprintf(buf, size, "nid=%d", r->nid);
}
DEFINE_TRACE_EVENT(vmscan, mm_vmscan_kswapd_sleep, "\"nid=%d\", REC->nid");
void __trace_mm_vmscan_kswapd_sleep(int nid)
{
	struct mm_vmscan_kswapd_sleep_record r = { .nid = nid };

	trace_put(&__event_mm_vmscan_kswapd_sleep, &r);
}

#define mm_vmscan_kswapd_wake_FIELDS(F)                                                            \
	F(mm_vmscan_kswapd_wake, int, nid)                                                         \
	F(mm_vmscan_kswapd_wake, int, zid) F(mm_vmscan_kswapd_wake, int, order)
DEFINE_TRACE_RECORD(mm_vmscan_kswapd_wake);
PRINTER(mm_vmscan_kswapd_wake)
{
	RECORD(mm_vmscan_kswapd_wake);

	return scnprintf(buf, size, "nid=%d order=%d", r->nid, r->order);
}
DEFINE_TRACE_EVENT(vmscan, mm_vmscan_kswapd_wake, "\"nid=%d order=%d\", REC->nid, REC->order");
void __trace_mm_vmscan_kswapd_wake(int nid, int zid, int order)
{
	struct mm_vmscan_kswapd_wake_record r = { .nid = nid, .zid = zid, .order = order };

	trace_put(&__event_mm_vmscan_kswapd_wake, &r);
}

#define mm_vmscan_wakeup_kswapd_FIELDS(F)                                                          \
	F(mm_vmscan_wakeup_kswapd, int, nid)                                                       \
	F(mm_vmscan_wakeup_kswapd, int, zid) F(mm_vmscan_wakeup_kswapd, int, order)                \
		F(mm_vmscan_wakeup_kswapd, unsigned long, gfp_flags)
DEFINE_TRACE_RECORD(mm_vmscan_wakeup_kswapd);
PRINTER(mm_vmscan_wakeup_kswapd)
{
	RECORD(mm_vmscan_wakeup_kswapd);
	int len = scnprintf(buf, size, "nid=%d order=%d gfp_flags=", r->nid, r->order);

	return len + gfp_to_string(buf + len, size - len, r->gfp_flags);
}
DEFINE_TRACE_EVENT(vmscan, mm_vmscan_wakeup_kswapd,
		   "\"nid=%d order=%d gfp_flags=%s\", REC->nid, REC->order, REC->gfp_flags");
void __trace_mm_vmscan_wakeup_kswapd(int nid, int zid, int order, gfp_t gfp)
{
	struct mm_vmscan_wakeup_kswapd_record r = {
		.nid = nid, .zid = zid, .order = order, .gfp_flags = gfp
	};

	trace_put(&__event_mm_vmscan_wakeup_kswapd, &r);
}

#define mm_vmscan_direct_reclaim_begin_FIELDS(F)                                                   \
	F(mm_vmscan_direct_reclaim_begin, int, order)                                              \
	F(mm_vmscan_direct_reclaim_begin, unsigned long, gfp_flags)
DEFINE_TRACE_RECORD(mm_vmscan_direct_reclaim_begin);
PRINTER(mm_vmscan_direct_reclaim_begin)
{
	RECORD(mm_vmscan_direct_reclaim_begin);
	int len = scnprintf(buf, size, "order=%d gfp_flags=", r->order);

	return len + gfp_to_string(buf + len, size - len, r->gfp_flags);
}
DEFINE_TRACE_EVENT(vmscan, mm_vmscan_direct_reclaim_begin,
		   "\"order=%d gfp_flags=%s\", REC->order, REC->gfp_flags");
void __trace_mm_vmscan_direct_reclaim_begin(int order, gfp_t gfp)
{
	struct mm_vmscan_direct_reclaim_begin_record r = { .order = order, .gfp_flags = gfp };

	trace_put(&__event_mm_vmscan_direct_reclaim_begin, &r);
}

#define mm_vmscan_direct_reclaim_end_FIELDS(F)                                                     \
	F(mm_vmscan_direct_reclaim_end, unsigned long, nr_reclaimed)
DEFINE_TRACE_RECORD(mm_vmscan_direct_reclaim_end);
PRINTER(mm_vmscan_direct_reclaim_end)
{
	RECORD(mm_vmscan_direct_reclaim_end);

	return scnprintf(buf, size, "nr_reclaimed=%lu", r->nr_reclaimed);
}
DEFINE_TRACE_EVENT(vmscan, mm_vmscan_direct_reclaim_end, "\"nr_reclaimed=%lu\", REC->nr_reclaimed");
void __trace_mm_vmscan_direct_reclaim_end(unsigned long nr_reclaimed)
{
	struct mm_vmscan_direct_reclaim_end_record r = { .nr_reclaimed = nr_reclaimed };

	trace_put(&__event_mm_vmscan_direct_reclaim_end, &r);
}

/* ---- classes ---- */

static const char *const lru_names[] = { "inactive_anon", "active_anon", "inactive_file",
					 "active_file", "unevictable" };
#define LRU_FMT                                                                                    \
	"__print_symbolic(REC->lru, { 0, \"inactive_anon\" }, { 1, \"active_anon\" }, { 2, \"inactive_file\" }, { 3, \"active_file\" }, { 4, \"unevictable\" })"
#define FLAGS_FMT                                                                                  \
	"(REC->reclaim_flags) ? __print_flags(REC->reclaim_flags, \"|\", {0x0001u, \"RECLAIM_WB_ANON\"}, {0x0002u, \"RECLAIM_WB_FILE\"}, {0x0010u, \"RECLAIM_WB_MIXED\"}, {0x0004u, \"RECLAIM_WB_SYNC\"}, {0x0004u, \"RECLAIM_WB_ASYNC\"} ) : \"RECLAIM_WB_NONE\""
#define RECLAIM_WB_ANON	 0x1
#define RECLAIM_WB_FILE	 0x2
#define RECLAIM_WB_ASYNC 0x4

static int flags_of(enum lru_list lru)
{
	return RECLAIM_WB_ASYNC | (is_file_lru(lru) ? RECLAIM_WB_FILE : RECLAIM_WB_ANON);
}

static const char *flags_text(int flags)
{
	return flags & RECLAIM_WB_FILE ? "RECLAIM_WB_FILE|RECLAIM_WB_ASYNC"
				       : "RECLAIM_WB_ANON|RECLAIM_WB_ASYNC";
}

#define mm_vmscan_lru_isolate_FIELDS(F)                                                            \
	F(mm_vmscan_lru_isolate, int, highest_zoneidx)                                             \
	F(mm_vmscan_lru_isolate, int, order) F(mm_vmscan_lru_isolate, unsigned long, nr_requested) \
		F(mm_vmscan_lru_isolate, unsigned long, nr_scanned)                                \
			F(mm_vmscan_lru_isolate, unsigned long, nr_skipped)                        \
				F(mm_vmscan_lru_isolate, unsigned long, nr_taken)                  \
					F(mm_vmscan_lru_isolate, unsigned int, isolate_mode)       \
						F(mm_vmscan_lru_isolate, int, lru)
DEFINE_TRACE_RECORD(mm_vmscan_lru_isolate);
PRINTER(mm_vmscan_lru_isolate)
{
	RECORD(mm_vmscan_lru_isolate);

	return scnprintf(buf, size,
			 "isolate_mode=%d classzone=%d order=%d nr_requested=%lu nr_scanned=%lu "
			 "nr_skipped=%lu nr_taken=%lu lru=%s",
			 r->isolate_mode, r->highest_zoneidx, r->order, r->nr_requested,
			 r->nr_scanned, r->nr_skipped, r->nr_taken, lru_names[r->lru]);
}
DEFINE_TRACE_EVENT(
	vmscan, mm_vmscan_lru_isolate,
	"\"isolate_mode=%d classzone=%d order=%d nr_requested=%lu nr_scanned=%lu nr_skipped=%lu nr_taken=%lu lru=%s\", REC->isolate_mode, REC->highest_zoneidx, REC->order, REC->nr_requested, REC->nr_scanned, REC->nr_skipped, REC->nr_taken, " LRU_FMT);
void __trace_mm_vmscan_lru_isolate(const struct scan_control *sc, const struct lru_isolation *iso)
{
	struct mm_vmscan_lru_isolate_record r = { .highest_zoneidx = sc->reclaim_idx,
						  .order = sc->order,
						  .nr_requested = iso->max_scan,
						  .nr_scanned = iso->nr_scanned,
						  .nr_skipped = iso->nr_skipped,
						  .nr_taken = iso->nr_taken,
						  .lru = iso->lru };

	trace_put(&__event_mm_vmscan_lru_isolate, &r);
}

#define mm_vmscan_lru_shrink_inactive_FIELDS(F)                                                    \
	F(mm_vmscan_lru_shrink_inactive, int, nid)                                                 \
	F(mm_vmscan_lru_shrink_inactive, unsigned long, nr_scanned)                                \
	F(mm_vmscan_lru_shrink_inactive, unsigned long, nr_reclaimed)                              \
	F(mm_vmscan_lru_shrink_inactive, unsigned long, nr_dirty)                                  \
	F(mm_vmscan_lru_shrink_inactive, unsigned long, nr_writeback)                              \
	F(mm_vmscan_lru_shrink_inactive, unsigned long, nr_congested)                              \
	F(mm_vmscan_lru_shrink_inactive, unsigned long, nr_immediate)                              \
	F(mm_vmscan_lru_shrink_inactive, unsigned int, nr_activate0)                               \
	F(mm_vmscan_lru_shrink_inactive, unsigned int, nr_activate1)                               \
	F(mm_vmscan_lru_shrink_inactive, unsigned long, nr_ref_keep)                               \
	F(mm_vmscan_lru_shrink_inactive, unsigned long, nr_unmap_fail)                             \
	F(mm_vmscan_lru_shrink_inactive, int, priority)                                            \
	F(mm_vmscan_lru_shrink_inactive, int, reclaim_flags)
DEFINE_TRACE_RECORD(mm_vmscan_lru_shrink_inactive);
PRINTER(mm_vmscan_lru_shrink_inactive)
{
	RECORD(mm_vmscan_lru_shrink_inactive);

	return scnprintf(
		buf, size,
		"nid=%d nr_scanned=%lu nr_reclaimed=%lu nr_dirty=%lu nr_writeback=%lu "
		"nr_congested=%lu nr_immediate=%lu nr_activate_anon=%d nr_activate_file=%d nr_ref_keep=%lu "
		"nr_unmap_fail=%lu priority=%d flags=%s",
		r->nid, r->nr_scanned, r->nr_reclaimed, r->nr_dirty, r->nr_writeback,
		r->nr_congested, r->nr_immediate, r->nr_activate0, r->nr_activate1, r->nr_ref_keep,
		r->nr_unmap_fail, r->priority, flags_text(r->reclaim_flags));
}
DEFINE_TRACE_EVENT(
	vmscan, mm_vmscan_lru_shrink_inactive,
	"\"nid=%d nr_scanned=%ld nr_reclaimed=%ld nr_dirty=%ld nr_writeback=%ld nr_congested=%ld nr_immediate=%ld nr_activate_anon=%d nr_activate_file=%d nr_ref_keep=%ld nr_unmap_fail=%ld priority=%d flags=%s\", REC->nid, REC->nr_scanned, REC->nr_reclaimed, REC->nr_dirty, REC->nr_writeback, REC->nr_congested, REC->nr_immediate, REC->nr_activate0, REC->nr_activate1, REC->nr_ref_keep, REC->nr_unmap_fail, REC->priority, " FLAGS_FMT);
void __trace_mm_vmscan_lru_shrink_inactive(struct lruvec *lruvec, const struct scan_control *sc,
					   const struct lru_isolation *iso,
					   unsigned long nr_reclaimed)
{
	struct mm_vmscan_lru_shrink_inactive_record r = { .nid = lruvec->pgdat->node_id,
							  .nr_scanned = iso->nr_scanned,
							  .nr_reclaimed = nr_reclaimed,
							  .nr_dirty = sc->nr_dirty,
							  .nr_writeback = sc->nr_writeback,
							  .priority = sc->priority,
							  .reclaim_flags = flags_of(iso->lru) };

	trace_put(&__event_mm_vmscan_lru_shrink_inactive, &r);
}

#define mm_vmscan_lru_shrink_active_FIELDS(F)                                                      \
	F(mm_vmscan_lru_shrink_active, int, nid)                                                   \
	F(mm_vmscan_lru_shrink_active, unsigned long, nr_taken)                                    \
		F(mm_vmscan_lru_shrink_active, unsigned long, nr_active)                           \
			F(mm_vmscan_lru_shrink_active, unsigned long, nr_deactivated)              \
				F(mm_vmscan_lru_shrink_active, unsigned long, nr_referenced)       \
					F(mm_vmscan_lru_shrink_active, int, priority)              \
						F(mm_vmscan_lru_shrink_active, int, reclaim_flags)
DEFINE_TRACE_RECORD(mm_vmscan_lru_shrink_active);
PRINTER(mm_vmscan_lru_shrink_active)
{
	RECORD(mm_vmscan_lru_shrink_active);

	return scnprintf(buf, size,
			 "nid=%d nr_taken=%lu nr_active=%lu nr_deactivated=%lu nr_referenced=%lu "
			 "priority=%d flags=%s",
			 r->nid, r->nr_taken, r->nr_active, r->nr_deactivated, r->nr_referenced,
			 r->priority, flags_text(r->reclaim_flags));
}
DEFINE_TRACE_EVENT(
	vmscan, mm_vmscan_lru_shrink_active,
	"\"nid=%d nr_taken=%ld nr_active=%ld nr_deactivated=%ld nr_referenced=%ld priority=%d flags=%s\", REC->nid, REC->nr_taken, REC->nr_active, REC->nr_deactivated, REC->nr_referenced, REC->priority, " FLAGS_FMT);
void __trace_mm_vmscan_lru_shrink_active(struct lruvec *lruvec, const struct scan_control *sc,
					 const struct lru_isolation *iso, unsigned long deactivated,
					 unsigned long referenced)
{
	struct mm_vmscan_lru_shrink_active_record r = { .nid = lruvec->pgdat->node_id,
							.nr_taken = iso->nr_taken,
							.nr_active = iso->nr_taken - deactivated,
							.nr_deactivated = deactivated,
							.nr_referenced = referenced,
							.priority = sc->priority,
							.reclaim_flags = flags_of(iso->lru) };

	trace_put(&__event_mm_vmscan_lru_shrink_active, &r);
}
