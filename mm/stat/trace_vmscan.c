// SPDX-License-Identifier: MIT
/*
 * The events of reclaim. Names, fields, their order and the print formats are Linux 6.1's (include/trace/events/vmscan.h).
 * What this kernel does not know (congestion; work that a shrinker put off) reads as 0. mm_vmscan_verdict is our own: what
 * became of one page, and why.
 */
#include <base/printf.h>
#include <kernel/timer.h>
#include <mm/folio.h>
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
	F(mm_vmscan_wakeup_kswapd, int, zid)                                                       \
	F(mm_vmscan_wakeup_kswapd, int, order)                                                     \
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

/* ---- who reclaims ---- */

#define BEGIN_FIELDS(F, ev)			 F(ev, int, order) F(ev, unsigned long, gfp_flags)
#define mm_vmscan_direct_reclaim_begin_FIELDS(F) BEGIN_FIELDS(F, mm_vmscan_direct_reclaim_begin)
#define mm_vmscan_memcg_reclaim_begin_FIELDS(F)	 BEGIN_FIELDS(F, mm_vmscan_memcg_reclaim_begin)
#define DEFINE_BEGIN(ev)                                                                           \
	DEFINE_TRACE_RECORD(ev);                                                                   \
	PRINTER(ev)                                                                                \
	{                                                                                          \
		RECORD(ev);                                                                        \
		int len = scnprintf(buf, size, "order=%d gfp_flags=", r->order);                   \
                                                                                                   \
		return len + gfp_to_string(buf + len, size - len, r->gfp_flags);                   \
	}                                                                                          \
	DEFINE_TRACE_EVENT(vmscan, ev, "\"order=%d gfp_flags=%s\", REC->order, REC->gfp_flags");   \
	void __trace_##ev(int order, gfp_t gfp)                                                    \
	{                                                                                          \
		struct ev##_record r = { .order = order, .gfp_flags = gfp };                       \
                                                                                                   \
		trace_put(&__event_##ev, &r);                                                      \
	}
DEFINE_BEGIN(mm_vmscan_direct_reclaim_begin)
DEFINE_BEGIN(mm_vmscan_memcg_reclaim_begin)

#define END_FIELDS(F, ev)		       F(ev, unsigned long, nr_reclaimed)
#define mm_vmscan_direct_reclaim_end_FIELDS(F) END_FIELDS(F, mm_vmscan_direct_reclaim_end)
#define mm_vmscan_memcg_reclaim_end_FIELDS(F)  END_FIELDS(F, mm_vmscan_memcg_reclaim_end)
#define mm_vmscan_node_reclaim_end_FIELDS(F)   END_FIELDS(F, mm_vmscan_node_reclaim_end)
#define DEFINE_END(ev)                                                                             \
	DEFINE_TRACE_RECORD(ev);                                                                   \
	PRINTER(ev)                                                                                \
	{                                                                                          \
		RECORD(ev);                                                                        \
                                                                                                   \
		return scnprintf(buf, size, "nr_reclaimed=%lu", r->nr_reclaimed);                  \
	}                                                                                          \
	DEFINE_TRACE_EVENT(vmscan, ev, "\"nr_reclaimed=%lu\", REC->nr_reclaimed");                 \
	void __trace_##ev(unsigned long nr_reclaimed)                                              \
	{                                                                                          \
		struct ev##_record r = { .nr_reclaimed = nr_reclaimed };                           \
                                                                                                   \
		trace_put(&__event_##ev, &r);                                                      \
	}
DEFINE_END(mm_vmscan_direct_reclaim_end)
DEFINE_END(mm_vmscan_memcg_reclaim_end)
DEFINE_END(mm_vmscan_node_reclaim_end)

#define mm_vmscan_node_reclaim_begin_FIELDS(F)                                                     \
	F(mm_vmscan_node_reclaim_begin, int, nid)                                                  \
	F(mm_vmscan_node_reclaim_begin, int, order)                                                \
	F(mm_vmscan_node_reclaim_begin, unsigned long, gfp_flags)
DEFINE_TRACE_RECORD(mm_vmscan_node_reclaim_begin);
PRINTER(mm_vmscan_node_reclaim_begin)
{
	RECORD(mm_vmscan_node_reclaim_begin);
	int len = scnprintf(buf, size, "nid=%d order=%d gfp_flags=", r->nid, r->order);

	return len + gfp_to_string(buf + len, size - len, r->gfp_flags);
}
DEFINE_TRACE_EVENT(vmscan, mm_vmscan_node_reclaim_begin,
		   "\"nid=%d order=%d gfp_flags=%s\", REC->nid, REC->order, REC->gfp_flags");
void __trace_mm_vmscan_node_reclaim_begin(int nid, int order, gfp_t gfp)
{
	struct mm_vmscan_node_reclaim_begin_record r = { .nid = nid,
							 .order = order,
							 .gfp_flags = gfp };

	trace_put(&__event_mm_vmscan_node_reclaim_begin, &r);
}

#define THROTTLED_FMT                                                                              \
	"(REC->reason) ? __print_flags(REC->reason, \"|\", {(1 << 0), \"VMSCAN_THROTTLE_WRITEBACK\"}, {(1 << 1), \"VMSCAN_THROTTLE_ISOLATED\"} ) : \"VMSCAN_THROTTLE_NONE\""

#define mm_vmscan_throttled_FIELDS(F)                                                              \
	F(mm_vmscan_throttled, int, nid)                                                           \
	F(mm_vmscan_throttled, int, usec_timeout)                                                  \
	F(mm_vmscan_throttled, int, usec_delayed) F(mm_vmscan_throttled, int, reason)
DEFINE_TRACE_RECORD(mm_vmscan_throttled);
PRINTER(mm_vmscan_throttled)
{
	RECORD(mm_vmscan_throttled);

	return scnprintf(buf, size, "nid=%d usec_timeout=%d usect_delayed=%d reason=%s", r->nid,
			 r->usec_timeout, r->usec_delayed,
			 r->reason == 1 << VMSCAN_THROTTLE_WRITEBACK ? "VMSCAN_THROTTLE_WRITEBACK"
								     : "VMSCAN_THROTTLE_ISOLATED");
}
DEFINE_TRACE_EVENT(
	vmscan, mm_vmscan_throttled,
	"\"nid=%d usec_timeout=%d usect_delayed=%d reason=%s\", REC->nid, REC->usec_timeout, REC->usec_delayed, " THROTTLED_FMT);
void __trace_mm_vmscan_throttled(int nid, unsigned long ticks, unsigned long slept,
				 enum vmscan_throttle_state reason)
{
	struct mm_vmscan_throttled_record r = { .nid = nid,
						.usec_timeout = jiffies_to_usecs(ticks),
						.usec_delayed = jiffies_to_usecs(slept),
						.reason = 1 << reason };

	trace_put(&__event_mm_vmscan_throttled, &r);
}

/* ---- shrinkers ---- */

#define mm_shrink_slab_start_FIELDS(F)                                                             \
	F(mm_shrink_slab_start, struct shrinker *, shr)                                            \
	F(mm_shrink_slab_start, void *, shrink)                                                    \
	F(mm_shrink_slab_start, int, nid) F(mm_shrink_slab_start, long, nr_objects_to_shrink)      \
		F(mm_shrink_slab_start, unsigned long, gfp_flags)                                  \
			F(mm_shrink_slab_start, unsigned long, cache_items)                        \
				F(mm_shrink_slab_start, unsigned long long, delta)                 \
					F(mm_shrink_slab_start, unsigned long, total_scan)         \
						F(mm_shrink_slab_start, int, priority)
DEFINE_TRACE_RECORD(mm_shrink_slab_start);
PRINTER(mm_shrink_slab_start)
{
	RECORD(mm_shrink_slab_start);
	int len = scnprintf(buf, size, "%pS %p: nid: %d objects to shrink %ld gfp_flags ",
			    r->shrink, r->shr, r->nid, r->nr_objects_to_shrink);

	len += gfp_to_string(buf + len, size - len, r->gfp_flags);
	return len + scnprintf(buf + len, size - len,
			       " cache items %lu delta %llu total_scan %lu priority %d",
			       r->cache_items, r->delta, r->total_scan, r->priority);
}
DEFINE_TRACE_EVENT(
	vmscan, mm_shrink_slab_start,
	"\"%pS %p: nid: %d objects to shrink %ld gfp_flags %s cache items %ld delta %lld total_scan %ld priority %d\", REC->shrink, REC->shr, REC->nid, REC->nr_objects_to_shrink, REC->gfp_flags, REC->cache_items, REC->delta, REC->total_scan, REC->priority");
void __trace_mm_shrink_slab_start(const struct trace_shrink *s)
{
	struct mm_shrink_slab_start_record r = { .shr = (struct shrinker *)s->shrinker,
						 .shrink = (void *)s->shrinker->scan_objects,
						 .nid = s->nid,
						 .gfp_flags = s->gfp,
						 .cache_items = s->count,
						 .delta = s->todo,
						 .total_scan = s->todo,
						 .priority = s->priority };

	trace_put(&__event_mm_shrink_slab_start, &r);
}

#define mm_shrink_slab_end_FIELDS(F)                                                               \
	F(mm_shrink_slab_end, struct shrinker *, shr)                                              \
	F(mm_shrink_slab_end, int, nid)                                                            \
	F(mm_shrink_slab_end, void *, shrink) F(mm_shrink_slab_end, long, unused_scan)             \
		F(mm_shrink_slab_end, long, new_scan) F(mm_shrink_slab_end, int, retval)           \
			F(mm_shrink_slab_end, long, total_scan)
DEFINE_TRACE_RECORD(mm_shrink_slab_end);
PRINTER(mm_shrink_slab_end)
{
	RECORD(mm_shrink_slab_end);

	return scnprintf(
		buf, size,
		"%pS %p: nid: %d unused scan count %ld new scan count %ld total_scan %ld last shrinker return val %d",
		r->shrink, r->shr, r->nid, r->unused_scan, r->new_scan, r->total_scan, r->retval);
}
DEFINE_TRACE_EVENT(
	vmscan, mm_shrink_slab_end,
	"\"%pS %p: nid: %d unused scan count %ld new scan count %ld total_scan %ld last shrinker return val %d\", REC->shrink, REC->shr, REC->nid, REC->unused_scan, REC->new_scan, REC->total_scan, REC->retval");
void __trace_mm_shrink_slab_end(const struct trace_shrink *s)
{
	struct mm_shrink_slab_end_record r = { .shr = (struct shrinker *)s->shrinker,
					       .shrink = (void *)s->shrinker->scan_objects,
					       .nid = s->nid,
					       .retval = (int)s->freed,
					       .total_scan = s->todo };

	trace_put(&__event_mm_shrink_slab_end, &r);
}

/* ---- classes ---- */

static const char *const lru_names[] = { "inactive_anon", "active_anon", "inactive_file",
					 "active_file", "unevictable" };
#define LRU_FMT                                                                                    \
	"__print_symbolic(REC->lru, { 0, \"inactive_anon\" }, { 1, \"active_anon\" }, { 2, \"inactive_file\" }, { 3, \"active_file\" }, { 4, \"unevictable\" })"
#define FLAGS_FMT                                                                                  \
	"(REC->reclaim_flags) ? __print_flags(REC->reclaim_flags, \"|\", {0x0001u, \"RECLAIM_WB_ANON\"}, {0x0002u, \"RECLAIM_WB_FILE\"}, {0x0010u, \"RECLAIM_WB_MIXED\"}, {0x0004u, \"RECLAIM_WB_SYNC\"}, {0x0008u, \"RECLAIM_WB_ASYNC\"} ) : \"RECLAIM_WB_NONE\""
#define RECLAIM_WB_ANON	 0x1
#define RECLAIM_WB_FILE	 0x2
#define RECLAIM_WB_ASYNC 0x8

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
	F(mm_vmscan_lru_isolate, int, order)                                                       \
	F(mm_vmscan_lru_isolate, unsigned long, nr_requested)                                      \
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
	struct mm_vmscan_lru_shrink_inactive_record r = {
		.nid = lruvec->pgdat->node_id,
		.nr_scanned = iso->nr_scanned,
		.nr_reclaimed = nr_reclaimed,
		.nr_dirty = sc->batch[FOLIO_KEEP_DIRTY],
		.nr_writeback = sc->batch[FOLIO_KEEP_WRITEBACK],
		.nr_immediate = sc->batch[FOLIO_KEEP_IMMEDIATE],
		.nr_ref_keep = sc->batch[FOLIO_KEEP_USED],
		.nr_unmap_fail = sc->batch[FOLIO_ACTIVATE_MAPPED],
		.priority = sc->priority,
		.reclaim_flags = flags_of(iso->lru)
	};
	unsigned int activated = 0;

	for (int v = FOLIO_ACTIVATE_USED; v < NR_FOLIO_VERDICTS; v++)
		activated += sc->batch[v];
	if (is_file_lru(iso->lru))
		r.nr_activate1 = activated;
	else
		r.nr_activate0 = activated;
	trace_put(&__event_mm_vmscan_lru_shrink_inactive, &r);
}

#define mm_vmscan_lru_shrink_active_FIELDS(F)                                                      \
	F(mm_vmscan_lru_shrink_active, int, nid)                                                   \
	F(mm_vmscan_lru_shrink_active, unsigned long, nr_taken)                                    \
	F(mm_vmscan_lru_shrink_active, unsigned long, nr_active)                                   \
	F(mm_vmscan_lru_shrink_active, unsigned long, nr_deactivated)                              \
	F(mm_vmscan_lru_shrink_active, unsigned long, nr_referenced)                               \
	F(mm_vmscan_lru_shrink_active, int, priority)                                              \
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

/* ---- one page ---- */

#define mm_vmscan_write_folio_FIELDS(F)                                                            \
	F(mm_vmscan_write_folio, unsigned long, pfn) F(mm_vmscan_write_folio, int, reclaim_flags)
DEFINE_TRACE_RECORD(mm_vmscan_write_folio);
PRINTER(mm_vmscan_write_folio)
{
	RECORD(mm_vmscan_write_folio);

	return scnprintf(buf, size, "page=%p pfn=0x%lx flags=%s", pfn_to_page(r->pfn), r->pfn,
			 flags_text(r->reclaim_flags));
}
DEFINE_TRACE_EVENT(
	vmscan, mm_vmscan_write_folio,
	"\"page=%p pfn=0x%lx flags=%s\", (((struct page *)vmemmap_base) + (REC->pfn)), REC->pfn, " FLAGS_FMT);
void __trace_mm_vmscan_write_folio(struct folio *folio)
{
	struct mm_vmscan_write_folio_record r = { .pfn = folio_pfn(folio),
						  .reclaim_flags =
							  flags_of(folio_lru_list(folio)) };

	trace_put(&__event_mm_vmscan_write_folio, &r);
}

#define VERDICT_WORDS(verdict, words) words,
static const char *const verdict_words[] = { FOLIO_VERDICTS(VERDICT_WORDS) };

#define mm_vmscan_verdict_FIELDS(F)                                                                \
	F(mm_vmscan_verdict, unsigned long, pfn)                                                   \
	F(mm_vmscan_verdict, int, lru) F(mm_vmscan_verdict, int, verdict)
DEFINE_TRACE_RECORD(mm_vmscan_verdict);
PRINTER(mm_vmscan_verdict)
{
	RECORD(mm_vmscan_verdict);

	return scnprintf(buf, size, "pfn=0x%lx lru=%s %s", r->pfn, lru_names[r->lru],
			 verdict_words[r->verdict]);
}
DEFINE_TRACE_EVENT(vmscan, mm_vmscan_verdict,
		   "\"pfn=0x%lx lru=%d verdict=%d\", REC->pfn, REC->lru, REC->verdict");
void __trace_mm_vmscan_verdict(struct folio *folio, enum folio_verdict v)
{
	struct mm_vmscan_verdict_record r = { .pfn = folio_pfn(folio),
					      .lru = folio_lru_list(folio),
					      .verdict = v };

	trace_put(&__event_mm_vmscan_verdict, &r);
}
