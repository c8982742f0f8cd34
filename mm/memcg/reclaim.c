// SPDX-License-Identifier: MIT
/*
 * Reclaim of a group, and what reclaim for all leaves to a group.
 *
 * There are no lists (mm/reclaim/lru.c): a group has hands of its own, which go over the frames and pass those of others;
 * four frames that are nobody's cost three instructions. Everything else, isolation, eviction, second chance, is what
 * reclaim of a node does.
 *
 * A reclaim for all, or for a group above, passes the frames of a group that is protected (protection.c).
 */
#include <base/math.h>
#include <sync/rcu.h>
#include <kernel/psi.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/gfp.h>
#include <mm/reclaim.h>
#include <mm/zone.h>
#include "memcg_internal.h"

static struct mem_cgroup *memcg_of_lruvec(const struct lruvec *lruvec)
{
	return container_of(lruvec - lruvec->pgdat->node_id, struct mem_cgroup, lruvec[0]);
}

/* Of a group: the next frame of it, or of a group below that is not protected. */
static unsigned long next_of_group(const struct lruvec *lruvec, unsigned long pfn,
				   unsigned long end, bool desperate)
{
	const struct mem_cgroup *memcg = memcg_of_lruvec(lruvec);

	rcu_read_lock();
	while ((pfn = frame_next_owned(pfn, end)) < end) {
		u16 id = frame_id(pfn);
		const struct mem_cgroup *owner = id ? memcg_by_id(id) : NULL;

		if (owner && memcg_is_below(owner, memcg) && !memcg_is_protected(owner, desperate))
			break;
		pfn++;
	}
	rcu_read_unlock();
	return pfn;
}

/* Of a node: all frames but those of a group that is protected. */
static unsigned long next_of_node(const struct lruvec *lruvec, unsigned long pfn, unsigned long end,
				  bool desperate)
{
	rcu_read_lock();
	for (; pfn < end; pfn++) {
		u16 id = frame_id(pfn);

		if (!id || !memcg_is_protected(memcg_by_id(id), desperate))
			break;
	}
	rcu_read_unlock();
	return pfn;
}

static bool begin_group(struct lruvec *lruvec, bool last)
{
	struct mem_cgroup *memcg = memcg_of_lruvec(lruvec);

	return memcg_calculate_protection(memcg, atomic_long_read(&memcg->usage), last);
}

static bool begin_node(struct lruvec *lruvec, bool last)
{
	unsigned long evictable =
		global_node_page_state(NR_INACTIVE_FILE) + global_node_page_state(NR_ACTIVE_FILE);

	if (free_swap_page_count())
		evictable += global_node_page_state(NR_INACTIVE_ANON) +
			     global_node_page_state(NR_ACTIVE_ANON);
	return memcg_calculate_protection(NULL, evictable, last);
}

static const struct lruvec_ops group_ops = { .begin = begin_group, .next = next_of_group };
static const struct lruvec_ops node_ops = { .begin = begin_node, .next = next_of_node };

void memcg_watch_nodes(bool on)
{
	struct pglist_data *pgdat;

	for_each_online_pgdat(pgdat) WRITE_ONCE(pgdat->__lruvec.ops, on ? &node_ops : NULL);
}

void memcg_lruvec_init(struct mem_cgroup *memcg)
{
	for (unsigned int nid = 0; nid < nr_node_ids; nid++) {
		lruvec_init(memcg->lruvec + nid, NODE_DATA(nid));
		memcg->lruvec[nid].ops = &group_ops;
	}
}

/* Inactive pages first; active ones are looked at when those do not suffice. */
static void shrink_kind(struct lruvec *lruvec, struct scan_control *sc, enum lru_list inactive,
			unsigned long nr)
{
	unsigned long scanned = 0;

	while (scanned < nr && sc->nr_reclaimed < sc->nr_to_reclaim) {
		unsigned long before = sc->nr_scanned;

		sc->nr_reclaimed += shrink_inactive_list(SWAP_CLUSTER_MAX, lruvec, sc, inactive);
		scanned += max(sc->nr_scanned - before, 1UL);
		if (sc->nr_scanned - before < SWAP_CLUSTER_MAX) {
			shrink_active_list(SWAP_CLUSTER_MAX, lruvec, sc, inactive + LRU_ACTIVE);
			break;
		}
		cond_resched();
	}
}

static void shrink_group(struct mem_cgroup *memcg, struct lruvec *lruvec, struct scan_control *sc)
{
	unsigned long part = (atomic_long_read(&memcg->usage) >> sc->priority) + SWAP_CLUSTER_MAX;

	reclaim_pass_begin(lruvec, sc);
	shrink_kind(lruvec, sc, LRU_INACTIVE_FILE, part);
	if (can_reclaim_anon_pages(sc) && memcg_swap_room(memcg))
		shrink_kind(lruvec, sc, LRU_INACTIVE_ANON, part);
	reclaim_pass_end(lruvec, sc);
}

static void shrink_nodes(struct mem_cgroup *memcg, struct scan_control *sc)
{
	struct pglist_data *pgdat;

	for_each_online_pgdat(pgdat)
	{
		struct lruvec *lruvec = memcg->lruvec + pgdat->node_id;

		if (!lruvec->pgdat) /* it came after the group */
			WRITE_ONCE(lruvec->pgdat, pgdat);
		if (sc->nr_reclaimed < sc->nr_to_reclaim)
			shrink_group(memcg, lruvec, sc);
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
	unsigned long memstall;

	psi_memstall_enter(&memstall);
	for (sc.priority = 6; sc.priority >= 0; sc.priority -= 2) {
		shrink_nodes(memcg, &sc);
		if (sc.nr_reclaimed >= sc.nr_to_reclaim || fatal_signal_pending(current))
			break;
	}
	psi_memstall_leave(&memstall);
	memalloc_noreclaim_restore(noreclaim);
	return sc.nr_reclaimed;
}
