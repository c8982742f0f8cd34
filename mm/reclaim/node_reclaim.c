// SPDX-License-Identifier: MIT
/*
 * Node reclaim: make room on the near node before memory is taken from a far one.
 *
 * Pages of files that nobody maps are often worth less than the distance. With vm.zone_reclaim_mode an allocation that finds the
 * low watermark of a near zone too near gives such pages back there, and goes on to the next zone of its list only when
 * that did not help. Off (0) unless asked for: for most programs the cache is worth more.
 *
 *	vm.zone_reclaim_mode	1 on; 2 also write dirty pages and swap; 4 also unmap pages of files and programs
 *	vm.min_unmapped_ratio	percent of a node that its unmapped pages of files may fill without being touched
 *	vm.min_slab_ratio	the same for reclaimable slabs
 *
 * One reclaims a node at a time; who finds it taken goes on elsewhere. Only from CPUs of the node, and from all for a node without CPUs.
 * The hook of the allocator is NULL while the mode is 0: nobody pays for it.
 * Linux 6.1: mm/vmscan.c (node_reclaim). Observe: zone_reclaim_failed, pgsteal_direct, numa_foreign.
 */
#include <base/math.h>
#include <base/nodemask.h>
#include <kernel/psi.h>
#include <kernel/task.h>
#include <mm/gfp.h>
#include <mm/reclaim.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include "reclaim_internal.h"

#define RECLAIM_WRITE	      2
#define RECLAIM_UNMAP	      4
#define NODE_RECLAIM_PRIORITY 4 /* the first look at 1/16 of each class */

int node_reclaim_mode;
int sysctl_min_unmapped_ratio = 1, sysctl_min_slab_ratio = 5;

static unsigned long node_managed_pages(struct pglist_data *pgdat)
{
	unsigned long sum = 0;

	for (int i = 0; i < MAX_NR_ZONES; i++)
		sum += zone_managed_pages(pgdat->node_zones + i);
	return sum;
}

/* Pages of files that the mode allows to take. */
static unsigned long pagecache_reclaimable(struct pglist_data *pgdat, int mode)
{
	unsigned long pages, kept = 0;

	if (mode & RECLAIM_UNMAP) {
		pages = node_page_state(pgdat, NR_FILE_PAGES);
	} else {
		pages = node_page_state(pgdat, NR_INACTIVE_FILE) +
			node_page_state(pgdat, NR_ACTIVE_FILE);
		kept = node_page_state(pgdat, NR_FILE_MAPPED);
	}
	if (!(mode & RECLAIM_WRITE))
		kept += node_page_state(pgdat, NR_FILE_DIRTY);
	return pages - min(pages, kept);
}

/* May the kernel's own pages of @item, or those of files, be left alone? */
static bool below_share(struct pglist_data *pgdat, unsigned long pages, int ratio)
{
	return pages <= node_managed_pages(pgdat) * (unsigned long)ratio / 100;
}

static bool nothing_to_take(struct pglist_data *pgdat, int mode)
{
	return below_share(pgdat, pagecache_reclaimable(pgdat, mode),
			   READ_ONCE(sysctl_min_unmapped_ratio)) &&
	       below_share(pgdat, node_page_state(pgdat, NR_SLAB_RECLAIMABLE),
			   READ_ONCE(sysctl_min_slab_ratio));
}

/* => pgdat->reclaiming is ours */
static bool reclaim_pages_of(struct pglist_data *pgdat, gfp_t gfp, unsigned int order, int mode)
{
	struct scan_control sc = {
		.nr_to_reclaim = max(1UL << order, (unsigned long)SWAP_CLUSTER_MAX),
		.gfp_mask = gfp,
		.order = order,
		.reclaim_idx = gfp_zone(gfp),
		.priority = NODE_RECLAIM_PRIORITY,
		.may_unmap = mode & RECLAIM_UNMAP,
		.may_swap = mode & RECLAIM_WRITE,
	};
	unsigned int noreclaim = memalloc_noreclaim_save();
	unsigned long memstall;

	psi_memstall_enter(&memstall);
	trace_mm_vmscan_node_reclaim_begin(pgdat->node_id, order, gfp);
	do {
		shrink_node(pgdat, &sc);
	} while (sc.nr_reclaimed < 1UL << order && --sc.priority >= 0);
	trace_mm_vmscan_node_reclaim_end(sc.nr_reclaimed);
	psi_memstall_leave(&memstall);
	memalloc_noreclaim_restore(noreclaim);
	return sc.nr_reclaimed >= 1UL << order;
}

static bool node_reclaim(struct pglist_data *pgdat, gfp_t gfp, unsigned int order)
{
	int mode = READ_ONCE(node_reclaim_mode);
	bool enough;

	if (!(gfp & __GFP_DIRECT_RECLAIM) || (current->flags & PF_MEMALLOC) ||
	    (node_state(pgdat->node_id, N_CPU) && pgdat->node_id != numa_node_id()))
		return false;
	if (nothing_to_take(pgdat, mode) || xchg(&pgdat->reclaiming, true))
		return false;
	enough = reclaim_pages_of(pgdat, gfp, order, mode);
	smp_store_release(&pgdat->reclaiming, false);
	if (!enough)
		count_vm_event(PGSCAN_ZONE_RECLAIM_FAILED);
	return enough;
}

void node_reclaim_mode_changed(void)
{
	WRITE_ONCE(page_alloc_ops.node_reclaim, node_reclaim_mode ? node_reclaim : NULL);
}
