// SPDX-License-Identifier: MIT
/*
 * kswapd: a thread per node that keeps memory free before anybody has to wait for it.
 *
 *	woken	by an allocation that found the low watermark of its zones too near (alloc.c), or a boost (buddy.c)
 *	works	in passes of falling priority until one zone up to the highest asked for has its high watermark, and a block
 *		of the order asked for; the boosts that it found at the start are then taken back
 *	sleeps	again. After MAX_RECLAIM_RETRIES runs in a row without a page it is not woken any more until a direct
 *		reclaim has found one: hopeless nodes cost nothing.
 *
 * Requests meet in the node: kswapd_order and kswapd_highest_zoneidx are the largest asked for since it went to sleep.
 *
 * Lock: none; the fields are hints, written by wakers with WRITE_ONCE, and the wait queue orders sleep against wake-up.
 * Linux 6.1: mm/vmscan.c (balance_pgdat, kswapd). Observe: pageoutrun, kswapd_low_wmark_hit_quickly,
 * kswapd_high_wmark_hit_quickly, pgscan_kswapd, pgsteal_kswapd; trace vmscan:mm_vmscan_kswapd_*.
 */
#include <base/math.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <kernel/psi.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/gfp.h>
#include <mm/reclaim.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include <sync/kthread.h>
#include <sync/wait.h>
#include "reclaim_internal.h"

/* Has a zone up to @idx enough, so that a request of @order need not wait? */
static bool pgdat_balanced(struct pglist_data *pgdat, unsigned int order, int idx)
{
	bool any = false;

	for (int i = 0; i <= idx; i++) {
		struct zone *zone = pgdat->node_zones + i;

		if (!managed_zone(zone))
			continue;
		any = true;
		if (zone_watermark_ok(zone, order, high_wmark_pages(zone), idx, 0))
			return true;
	}
	return !any;
}

static unsigned long wanted_pages(struct pglist_data *pgdat, int idx)
{
	unsigned long nr = 0;

	for (int i = 0; i <= idx; i++) {
		struct zone *zone = pgdat->node_zones + i;

		if (managed_zone(zone))
			nr += max(high_wmark_pages(zone), (unsigned long)SWAP_CLUSTER_MAX);
	}
	return nr;
}

/* The boosts of the zones at the start: what kswapd takes back at the end. */
static unsigned long collect_boosts(struct pglist_data *pgdat, unsigned long *boost)
{
	unsigned long sum = 0;

	for (int i = 0; i < MAX_NR_ZONES; i++) {
		boost[i] = READ_ONCE(pgdat->node_zones[i].watermark_boost);
		sum += boost[i];
	}
	return sum;
}

static void balance_pgdat(struct pglist_data *pgdat, unsigned int order, int idx)
{
	struct scan_control sc = { .gfp_mask = GFP_KERNEL,
				   .order = order,
				   .reclaim_idx = idx,
				   .kswapd = true,
				   .may_unmap = true,
				   .priority = DEF_PRIORITY };
	unsigned long boost[MAX_NR_ZONES], boosted = collect_boosts(pgdat, boost);

	count_vm_event(PAGEOUTRUN);
	for (; sc.priority >= 1; cond_resched()) {
		unsigned long before = sc.nr_reclaimed;

		if (pgdat_balanced(pgdat, order, idx))
			break;
		sc.may_swap =
			!boosted; /* for a boost alone nobody shall lose memory that he uses */
		sc.nr_to_reclaim = wanted_pages(pgdat, idx);
		age_lruvec(&pgdat->__lruvec, &sc);
		shrink_node(pgdat, &sc);
		reclaim_unthrottle(pgdat, false);
		if (sc.nr_reclaimed - before < sc.nr_to_reclaim)
			sc.priority--;
		if (boosted && sc.priority < DEF_PRIORITY - 2) { /* not worth more */
			for (int i = 0; i < MAX_NR_ZONES; i++)
				zone_unboost(pgdat->node_zones + i, boost[i]);
			boosted = 0;
			sc.priority = DEF_PRIORITY;
		}
	}
	if (boosted)
		for (int i = 0; i < MAX_NR_ZONES; i++)
			zone_unboost(pgdat->node_zones + i, boost[i]);
	if (!sc.nr_reclaimed && !pgdat_balanced(pgdat, order, idx))
		WRITE_ONCE(pgdat->kswapd_failures, READ_ONCE(pgdat->kswapd_failures) + 1);
	reclaim_snapshot(&pgdat->__lruvec);
}

/* Until there is a request. A short sleep first: often the next one comes at once. */
static void kswapd_sleep(struct pglist_data *pgdat)
{
	DEFINE_WAIT(wait);

	prepare_to_wait(&pgdat->kswapd_wait, &wait, TASK_INTERRUPTIBLE);
	if (!READ_ONCE(pgdat->kswapd_asked)) {
		long left = schedule_timeout(HZ / 10);

		finish_wait(&pgdat->kswapd_wait, &wait);
		if (left)
			count_vm_event(KSWAPD_LOW_WMARK_HIT_QUICKLY);
		prepare_to_wait(&pgdat->kswapd_wait, &wait, TASK_INTERRUPTIBLE);
	}
	if (!READ_ONCE(pgdat->kswapd_asked) && !kthread_should_stop()) {
		trace_mm_vmscan_kswapd_sleep(pgdat->node_id);
		schedule();
	} else {
		count_vm_event(KSWAPD_HIGH_WMARK_HIT_QUICKLY);
	}
	finish_wait(&pgdat->kswapd_wait, &wait);
}

static int kswapd(void *data)
{
	struct pglist_data *pgdat = data;

	current->flags |= PF_MEMALLOC | PF_KSWAPD;
	while (!kthread_should_stop()) {
		unsigned long memstall;
		unsigned int order;
		int idx;

		kswapd_sleep(pgdat);
		if (!READ_ONCE(pgdat->kswapd_asked))
			continue;
		order = READ_ONCE(pgdat->kswapd_order);
		idx = READ_ONCE(pgdat->kswapd_highest_zoneidx);
		WRITE_ONCE(pgdat->kswapd_asked, false);
		WRITE_ONCE(pgdat->kswapd_order, 0);
		WRITE_ONCE(pgdat->kswapd_highest_zoneidx, 0);
		trace_mm_vmscan_kswapd_wake(pgdat->node_id, idx, order);
		if (page_alloc_ops.pressure_begins)
			page_alloc_ops.pressure_begins();
		psi_memstall_enter(&memstall);
		balance_pgdat(pgdat, order, idx);
		reclaim_unthrottle(pgdat, true);
		psi_memstall_leave(&memstall);
	}
	return 0;
}

bool wakeup_kswapd(struct pglist_data *pgdat, gfp_t gfp, unsigned int order,
		   enum zone_type highest_zoneidx)
{
	bool boosted = false;

	if (!pgdat->kswapd || node_unreclaimable(pgdat))
		return false;
	for (int i = 0; i < MAX_NR_ZONES; i++)
		boosted |= READ_ONCE(pgdat->node_zones[i].watermark_boost) != 0;
	if (!boosted && pgdat_balanced(pgdat, order, highest_zoneidx))
		return false;
	if (READ_ONCE(pgdat->kswapd_order) < order)
		WRITE_ONCE(pgdat->kswapd_order, order);
	if (READ_ONCE(pgdat->kswapd_highest_zoneidx) < (int)highest_zoneidx)
		WRITE_ONCE(pgdat->kswapd_highest_zoneidx, highest_zoneidx);
	if (READ_ONCE(pgdat->kswapd_asked))
		return true;
	WRITE_ONCE(pgdat->kswapd_asked, true);
	trace_mm_vmscan_wakeup_kswapd(pgdat->node_id, highest_zoneidx, order, gfp);
	wake_up_interruptible(&pgdat->kswapd_wait);
	return true;
}

static void wake_all(gfp_t gfp, unsigned int order, const struct alloc_context *ac)
{
	struct pglist_data *last = NULL;

	for (struct zoneref *z = ac->zonelist->_zonerefs; z->zone; z++) {
		struct pglist_data *pgdat = z->zone->zone_pgdat;

		if (z->zone_idx > ac->highest_zoneidx || pgdat == last)
			continue;
		last = pgdat;
		wakeup_kswapd(pgdat, gfp, order, ac->highest_zoneidx);
	}
}

/* One for each node with memory, then the page allocator may call. */
static int __init kswapd_init(void)
{
	struct pglist_data *pgdat;

	for_each_online_pgdat(pgdat)
	{
		struct task_struct *k;

		if (!pgdat->node_present_pages)
			continue;
		init_waitqueue_head(&pgdat->kswapd_wait);
		init_waitqueue_head(&pgdat->pfmemalloc_wait);
		k = kthread_run(kswapd, pgdat, "kswapd%d", pgdat->node_id);
		if (IS_ERR(k))
			pr_err("kswapd%d: no thread, direct reclaim only\n", pgdat->node_id);
		else
			pgdat->kswapd = k;
	}
	page_alloc_ops.wake_kswapd = wake_all;
	reclaim_register();
	return 0;
}
late_initcall(kswapd_init);
