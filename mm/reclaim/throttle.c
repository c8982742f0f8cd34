// SPDX-License-Identifier: MIT
/*
 * Who reclaims for himself waits while the reserve is half gone.
 *
 * Reclaim takes memory to give memory: a compressed page on zram, a bio, a node of a tree. It may take the last page (PF_MEMALLOC), since
 * what it takes it gives back a moment later, more than it took. That holds for a few at a time: what is below the minimum
 * watermark of a node, its reserve, is to last for all of them. So a task that comes to reclaim when less than half of it is free
 * leaves the work to kswapd, which alone needs little, and sleeps until half is free again or kswapd has given up. Without
 * this, enough tasks on enough CPUs empty the reserve, writes to swap fail for want of memory, and what they were to free stays.
 *
 * Who waits relies on it that kswapd works: he wakes it whenever he finds the reserve short, and goes on when it has given the node up,
 * or finds nothing to do. (Linux asks it again and again in the last case: a zone with its high watermark is enough for kswapd, while
 * the sum of all zones is not for who waits.) So a wait needs no end by the clock, but for one kind: who may not wait for a file
 * system may hold what kswapd waits for, and waits for a second at most, or until any signal.
 *
 * Which node: the first one that the request may use and that has one of the lower zones. One without them has no reserve.
 * Not held up: kernel threads, who may be needed to free memory, and who is about to die.
 *
 * The boost of a watermark is no part of the reserve: it asks for more, and is not kept for anybody.
 * Linux 6.1: mm/vmscan.c (throttle_direct_reclaim, allow_direct_reclaim). Observe: pgscan_direct_throttle.
 */
#include <base/math.h>
#include <base/nodemask.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/gfp.h>
#include <mm/reclaim.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include <sync/wait.h>
#include "reclaim_internal.h"

/* Is half of the reserve of @pgdat free, or waiting in vain, since nobody works? */
static bool allow_direct_reclaim(struct pglist_data *pgdat)
{
	unsigned long reserve = 0, free = 0;

	if (!pgdat->kswapd || node_unreclaimable(pgdat))
		return true;
	for (int i = 0; i <= ZONE_NORMAL; i++) {
		struct zone *zone = pgdat->node_zones + i;

		if (!managed_zone(zone))
			continue;
		reserve += zone->_watermark[WMARK_MIN];
		free += zone_page_state(zone, NR_FREE_PAGES);
	}
	return !reserve || free > reserve / 2;
}

void reclaim_unthrottle(struct pglist_data *pgdat, bool all)
{
	if (wq_has_sleeper(&pgdat->pfmemalloc_wait) && (all || allow_direct_reclaim(pgdat)))
		wake_up_all(&pgdat->pfmemalloc_wait);
}

/* As allow_direct_reclaim(); if not, kswapd works from now on. */
static bool may_go_on(struct pglist_data *pgdat, gfp_t gfp)
{
	return allow_direct_reclaim(pgdat) || !wakeup_kswapd(pgdat, gfp, 0, ZONE_NORMAL);
}

/* The first node that the request may use, if it has a zone with a reserve. */
static struct pglist_data *nearest_node(const struct alloc_context *ac)
{
	const int highest = min(ac->highest_zoneidx, (int)ZONE_NORMAL);

	for (struct zoneref *z = ac->zonelist->_zonerefs; z->zone; z++) {
		struct pglist_data *pgdat = z->zone->zone_pgdat;

		if (z->zone_idx <= highest &&
		    (!ac->nodemask ||
		     node_isset(pgdat->node_id, *(const nodemask_t *)ac->nodemask)))
			return pgdat;
	}
	return NULL;
}

bool throttle_direct_reclaim(gfp_t gfp, const struct alloc_context *ac)
{
	struct pglist_data *pgdat = nearest_node(ac);

	if ((current->flags & PF_KTHREAD) || fatal_signal_pending(current))
		return false;
	if (!pgdat || may_go_on(pgdat, gfp))
		return false;
	count_vm_event(PGSCAN_DIRECT_THROTTLE);
	if (gfp & __GFP_FS)
		wait_event_killable(pgdat->pfmemalloc_wait, may_go_on(pgdat, gfp));
	else
		wait_event_interruptible_timeout(pgdat->pfmemalloc_wait, may_go_on(pgdat, gfp), HZ);
	return fatal_signal_pending(current);
}
