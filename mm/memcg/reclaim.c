// SPDX-License-Identifier: MIT
/*
 * Reclaim of a group, and what reclaim for all leaves to a group.
 *
 * There are no lists (mm/reclaim/lru.c): a group has hands of its own, which go over the frames and pass those of others;
 * four frames that are nobody's cost three instructions. Everything else, isolation, eviction, second chance, is what
 * reclaim of a node does.
 *
 * Protection. A reclaim for all, or for a group above, passes the frames of a group that has no more than min, and, until it finds
 * nothing else, of one that has no more than low.
 */
#include <base/math.h>
#include <sync/rcu.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/gfp.h>
#include <mm/reclaim.h>
#include <mm/zone.h>
#include "memcg_internal.h"

static struct mem_cgroup *memcg_of_lruvec(const struct lruvec *lruvec)
{
	return container_of(lruvec, struct mem_cgroup, lruvec);
}

/* Does @memcg, or one above it and below @root, need what it has? */
static bool is_protected(const struct mem_cgroup *memcg, const struct mem_cgroup *root, bool low)
{
	for (; memcg && memcg != root; memcg = memcg->parent) {
		unsigned long usage = atomic_long_read(&memcg->usage);
		unsigned long guard = low ? max(memcg->min, memcg->low) : memcg->min;

		if (guard && usage <= guard)
			return true;
	}
	return false;
}

/* lruvec->next of a group: the next frame of it or of a group below. */
static unsigned long next_of_group(const struct lruvec *lruvec, unsigned long pfn,
				   unsigned long end)
{
	const struct mem_cgroup *memcg = memcg_of_lruvec(lruvec);

	rcu_read_lock();
	while ((pfn = frame_next_owned(pfn, end)) < end) {
		u16 id = frame_id(pfn);
		const struct mem_cgroup *owner = id ? memcg_by_id(id) : NULL;

		if (owner == memcg || (owner && memcg_is_below(owner, memcg) &&
				       !is_protected(owner, memcg, !lruvec->desperate)))
			break;
		pfn++;
	}
	rcu_read_unlock();
	return pfn;
}

/* lruvec->next of a node: all frames but those of a group that is protected. */
static unsigned long next_of_node(const struct lruvec *lruvec, unsigned long pfn, unsigned long end)
{
	rcu_read_lock();
	for (; pfn < end; pfn++) {
		u16 id = frame_id(pfn);

		if (!id || !is_protected(memcg_by_id(id), NULL, !lruvec->desperate))
			break;
	}
	rcu_read_unlock();
	return pfn;
}

void memcg_watch_nodes(bool on)
{
	struct pglist_data *pgdat;

	for_each_online_pgdat(pgdat) WRITE_ONCE(pgdat->__lruvec.next, on ? next_of_node : NULL);
}

void memcg_lruvec_init(struct mem_cgroup *memcg)
{
	lruvec_init(&memcg->lruvec, first_online_pgdat());
	memcg->lruvec.next = next_of_group;
}

/* Inactive pages first; active ones are looked at when those do not suffice. */
static void shrink_kind(struct mem_cgroup *memcg, struct scan_control *sc, enum lru_list inactive,
			unsigned long nr)
{
	unsigned long scanned = 0;

	while (scanned < nr && sc->nr_reclaimed < sc->nr_to_reclaim) {
		unsigned long before = sc->nr_scanned;

		sc->nr_reclaimed +=
			shrink_inactive_list(SWAP_CLUSTER_MAX, &memcg->lruvec, sc, inactive);
		scanned += max(sc->nr_scanned - before, 1UL);
		if (sc->nr_scanned - before < SWAP_CLUSTER_MAX) {
			shrink_active_list(SWAP_CLUSTER_MAX, &memcg->lruvec, sc,
					   inactive + LRU_ACTIVE);
			break;
		}
		cond_resched();
	}
}

unsigned long memcg_reclaim(struct mem_cgroup *memcg, unsigned long nr, gfp_t gfp)
{
	struct scan_control sc = {
		.nr_to_reclaim = max(nr, (unsigned long)SWAP_CLUSTER_MAX),
		.gfp_mask = gfp,
		.reclaim_idx = MAX_NR_ZONES - 1,
		.may_unmap = true,
		.may_swap = true,
	};
	unsigned int noreclaim = memalloc_noreclaim_save();

	workingset_start();
	memcg->lruvec.desperate = false;
	for (sc.priority = 6; sc.priority >= 0; sc.priority -= 2) {
		unsigned long part =
			(atomic_long_read(&memcg->usage) >> sc.priority) + SWAP_CLUSTER_MAX;

		memcg->lruvec.desperate = !sc.priority;
		shrink_kind(memcg, &sc, LRU_INACTIVE_FILE, part);
		if (can_reclaim_anon_pages(&sc))
			shrink_kind(memcg, &sc, LRU_INACTIVE_ANON, part);
		if (sc.nr_reclaimed >= sc.nr_to_reclaim || fatal_signal_pending(current))
			break;
	}
	memalloc_noreclaim_restore(noreclaim);
	return sc.nr_reclaimed;
}
