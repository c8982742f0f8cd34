// SPDX-License-Identifier: MIT
/*
 * Who reclaims for himself waits while the reserve is half gone.
 *
 * Reclaim takes memory to give memory: a compressed page on zram, a bio, a node of a tree. It may take the last page (PF_MEMALLOC), since
 * what it takes it gives back a moment later, more than it took. That holds for a few at a time: what is below the minimum
 * watermark of a node, its reserve, is to last for all of them. So a task that comes to reclaim when less than half of it is free
 * leaves the work to kswapd, which alone needs little, and sleeps until half is free again, or kswapd rests or has given up. Without
 * this, enough tasks on enough CPUs empty the reserve, writes to swap fail for want of memory, and what they were to free stays.
 *
 * Not held up: kernel threads, who may be needed to free memory, and who is about to die. Who may not wait for a file system waits
 * for a second at most, since kswapd may wait for what he holds.
 *
 * The boost of a watermark is no part of the reserve: it asks for more, and is not kept for anybody.
 * Linux 6.1: mm/vmscan.c (throttle_direct_reclaim, allow_direct_reclaim). Observe: pgscan_direct_throttle.
 */
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/gfp.h>
#include <mm/reclaim.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include <sync/wait.h>
#include "reclaim_internal.h"

/* Is half of the reserve of @pgdat free, or waiting in vain? */
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
	return free > reserve / 2;
}

void reclaim_unthrottle(struct pglist_data *pgdat, bool all)
{
	if (waitqueue_active(&pgdat->pfmemalloc_wait) && (all || allow_direct_reclaim(pgdat)))
		wake_up_all(&pgdat->pfmemalloc_wait);
}

/* The first node that the request may use: its kswapd is woken for it. */
static struct pglist_data *nearest_node(const struct alloc_context *ac)
{
	for (struct zoneref *z = ac->zonelist->_zonerefs; z->zone; z++)
		if (z->zone_idx <= ac->highest_zoneidx)
			return z->zone->zone_pgdat;
	return NULL;
}

bool throttle_direct_reclaim(gfp_t gfp, unsigned int order, const struct alloc_context *ac)
{
	struct pglist_data *pgdat = nearest_node(ac);

	if ((current->flags & PF_KTHREAD) || fatal_signal_pending(current))
		return false;
	if (!pgdat || allow_direct_reclaim(pgdat))
		return false;
	count_vm_event(PGSCAN_DIRECT_THROTTLE);
	wakeup_kswapd(pgdat, gfp, order, ac->highest_zoneidx);
	wait_event_killable_timeout(pgdat->pfmemalloc_wait, allow_direct_reclaim(pgdat), HZ);
	return fatal_signal_pending(current);
}
