// SPDX-License-Identifier: MIT
/*
 * memory.high and memory.swap.high: who takes more is not refused, but slowed down.
 *
 * 1 Pages that a task is charged for while its group, or one above, is over its high are counted in the task. On its way to user mode,
 *   where it holds no lock, or at once when there are many of them, it reclaims as much; and when that does not help, it sleeps.
 *
 * 2 How long: a part of the limit that is exceeded costs its square, so that a little more is hardly felt and much more stops:
 *
 *	over	= (usage - high) / high, of the group on the way up where that is largest; likewise of swap
 *	penalty	= 64 over^2 s for each batch of MEMCG_CHARGE_BATCH pages, 2 s at most; below 10 ms none
 *
 *   So in a group that is 1/16 too large a batch costs a quarter of a second; at twice the limit, 2 s.
 *
 * Linux 6.1: mm/memcontrol.c (mem_cgroup_handle_over_high, calculate_high_delay). Observe: high of memory.events and memory.swap.events;
 * memory.pressure.
 */
#include <base/math.h>
#include <kernel/psi.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/gfp.h>
#include <mm/reclaim.h>
#include "memcg_internal.h"

#define PRECISION 10 /* bits of a fraction of the limit */
#define MAX_OVER                                                                                   \
	(4UL << PRECISION) /* the penalty of that is the longest for a single page already */
#define MAX_DELAY (2 * HZ)

/* By what part of @high @usage is larger. */
static unsigned long overage(const atomic_long_t *usage, unsigned long high)
{
	unsigned long now = atomic_long_read(usage);

	if (now <= high)
		return 0;
	high = max(high, 1UL);
	return min(((now - high) << PRECISION) / high, MAX_OVER);
}

static unsigned long memory_overage(const struct mem_cgroup *memcg)
{
	return overage(&memcg->usage, READ_ONCE(memcg->high));
}

static unsigned long swap_overage(const struct mem_cgroup *memcg)
{
	return overage(&memcg->swap_usage, READ_ONCE(memcg->swap_high));
}

/* jiffies for @nr pages */
static unsigned long delay(unsigned long over, unsigned long nr)
{
	return (over * over * 64 * HZ >> 2 * PRECISION) * nr / MEMCG_CHARGE_BATCH;
}

static unsigned long reclaim_high(struct mem_cgroup *memcg, unsigned long nr)
{
	unsigned long reclaimed = 0;

	for (; memcg; memcg = memcg->parent) {
		if (!memory_overage(memcg))
			continue;
		memcg_event(memcg, MEMCG_HIGH);
		reclaimed += memcg_reclaim(memcg, nr, GFP_KERNEL);
	}
	return reclaimed;
}

static unsigned long penalty(struct mem_cgroup *memcg, unsigned long nr)
{
	unsigned long memory = 0, swap = 0;

	for (; memcg; memcg = memcg->parent) {
		unsigned long over = swap_overage(memcg);

		memory = max(memory, memory_overage(memcg));
		swap = max(swap, over);
		if (over)
			memcg_event(memcg, MEMCG_SWAP_HIGH);
	}
	return min(delay(memory, nr) + delay(swap, nr), (unsigned long)MAX_DELAY);
}

void memcg_handle_over_high(void)
{
	struct mem_cgroup *memcg = memcg_get_current();
	unsigned long nr = current->memcg_over_high, want = nr, sleep, memstall;
	int tries = MAX_RECLAIM_RETRIES;

	current->memcg_over_high = 0;
	for (; memcg; want = SWAP_CLUSTER_MAX) {
		unsigned long reclaimed = reclaim_high(memcg, want);

		sleep = penalty(memcg, nr);
		if (sleep <= HZ / 100 || fatal_signal_pending(current))
			break;
		if (reclaimed || tries-- > 0)
			continue;
		psi_memstall_enter(&memstall);
		schedule_timeout_killable(sleep);
		psi_memstall_leave(&memstall);
		break;
	}
	memcg_put(memcg);
}

void memcg_check_high(struct mem_cgroup *memcg, unsigned long nr, gfp_t gfp)
{
	for (struct mem_cgroup *m = memcg; m; m = m->parent) {
		if (!memory_overage(m) && !swap_overage(m))
			continue;
		current->memcg_over_high += nr;
		set_thread_flag(TIF_NOTIFY_RESUME);
		break;
	}
	if (current->memcg_over_high > MEMCG_CHARGE_BATCH && !(current->flags & PF_MEMALLOC) &&
	    (gfp & __GFP_DIRECT_RECLAIM))
		memcg_handle_over_high();
}
