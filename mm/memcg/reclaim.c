// SPDX-License-Identifier: MIT
/*
 * Reclaim of a group, and what reclaim for all leaves to a group.
 *
 * There are no lists (mm/reclaim/lru.c): a group has hands of its own, which go over the frames and pass those of others;
 * four frames that are nobody's cost three instructions. Everything else, isolation, eviction, second chance, the balance of
 * the classes and of the kinds, is what a policy does with a node. Which one, and whose frames are the group's: policy.c.
 *
 * The sizes of its classes, which that needs, are counted by looking at all its frames, once for each sixteenth of its pages that
 * goes. From then on its refaults are timed by a clock of its own: how often it had to evict.
 *
 * A reclaim for all, or for a group above, passes the frames of a group that is protected (protection.c). The root's own (its
 * memory.reclaim) is one of the nodes, for all, but counted as a group's.
 */
#include <base/math.h>
#include <base/string.h>
#include <sync/rcu.h>
#include <kernel/pid.h>
#include <kernel/psi.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/timer.h>
#include <mm/gfp.h>
#include <mm/reclaim.h>
#include <mm/trace_vmscan.h>
#include <mm/zone.h>
#include "memcg_internal.h"

static struct mem_cgroup *memcg_of_lruvec(const struct lruvec *lruvec)
{
	const struct mem_cgroup_per_node *info =
		container_of(lruvec, struct mem_cgroup_per_node, lruvec);

	return container_of(info - lruvec->pgdat->node_id, struct mem_cgroup, nodeinfo[0]);
}

/* Of a group: the next frame of it, or of a group below that is aged with it, and is not protected. */
static unsigned long next_of_group(const struct lruvec *lruvec, unsigned long pfn,
				   unsigned long end, bool desperate)
{
	const struct mem_cgroup *memcg = memcg_of_lruvec(lruvec);

	rcu_read_lock();
	while ((pfn = frame_next_owned(pfn, end)) < end) {
		u16 id = frame_id(pfn);
		const struct mem_cgroup *owner = id ? memcg_by_id(id) : NULL;

		if (owner && memcg_is_aged_with(owner, memcg) &&
		    !memcg_is_protected(owner, desperate))
			break;
		pfn++;
	}
	rcu_read_unlock();
	return pfn;
}

/* Of a node: all frames but those of a group that is protected, or apart. */
static unsigned long next_of_node(const struct lruvec *lruvec, unsigned long pfn, unsigned long end,
				  bool desperate)
{
	rcu_read_lock();
	for (; pfn < end; pfn++) {
		u16 id = frame_id(pfn);

		if (!id || (memcg_is_aged_with(memcg_by_id(id), NULL) &&
			    !memcg_is_protected(memcg_by_id(id), desperate)))
			break;
	}
	rcu_read_unlock();
	return pfn;
}

/* The group whose limit @pfn's page, or a page like it, met: the nearest one above that reclaims from itself, or is apart. */
static struct lruvec *of_frame(struct lruvec *node, unsigned long pfn)
{
	u16 id = frame_id(pfn);

	for (struct mem_cgroup *memcg = id ? memcg_by_id(id) : NULL; memcg; memcg = memcg->parent) {
		struct lruvec *lruvec = &memcg->nodeinfo[node->pgdat->node_id].lruvec;

		if (READ_ONCE(memcg->apart) || READ_ONCE(lruvec->recount_age))
			return lruvec;
	}
	return node;
}

static void count_block(const struct lruvec *lruvec, unsigned long pfn, unsigned long end,
			long *size)
{
	for (; (pfn = next_of_group(lruvec, pfn, end, false)) < end; pfn++) {
		const struct folio *folio = page_folio(pfn_to_page(pfn));

		if (folio_test_lru(folio))
			size[folio_lru_list(folio)]++;
	}
}

/*
 * How many frames are in which class, by looking at them: when a sixteenth of the group has gone since the last time, and for the
 * @last pass, which nothing may escape.
 */
static void count_classes(struct lruvec *lruvec, unsigned long usage, bool last)
{
	unsigned long now = atomic_long_read(&lruvec->nonresident_age);
	unsigned long pfn = lruvec->pgdat->node_start_pfn, next;
	unsigned long end = pfn + lruvec->pgdat->node_spanned_pages;
	long size[NR_LRU_LISTS] = { 0 };

	if (!last && lruvec->recount_age && (long)(now - lruvec->recount_age) < 0)
		return;
	WRITE_ONCE(lruvec->recount_age, (now + usage / 16) | 1);
	for (; pfn < end; pfn = next) {
		next = min(end, round_down(pfn, pageblock_nr_pages) + pageblock_nr_pages);
		count_block(lruvec, pfn, next, size);
		cond_resched();
	}
	memcpy(lruvec->size, size, sizeof(lruvec->size));
}

static bool begin_group(struct lruvec *lruvec, bool last)
{
	struct mem_cgroup *memcg = memcg_of_lruvec(lruvec);
	unsigned long usage = atomic_long_read(&memcg->usage);
	bool desperate = memcg_calculate_protection(memcg, usage, last);

	count_classes(lruvec, usage, last);
	return desperate;
}

/* A group may be older than the node. */
static struct lruvec *lruvec_of(struct mem_cgroup *memcg, struct pglist_data *pgdat)
{
	struct lruvec *lruvec = &memcg->nodeinfo[pgdat->node_id].lruvec;

	if (!lruvec->pgdat)
		WRITE_ONCE(lruvec->pgdat, pgdat);
	return lruvec;
}

static struct lruvec *next_apart(struct lruvec *root, struct lruvec *prev, bool last)
{
	const struct mem_cgroup *above = lruvec_is_node(root) ? NULL : memcg_of_lruvec(root);
	struct mem_cgroup *memcg = prev ? memcg_of_lruvec(prev) : NULL;
	struct lruvec *lruvec;

	if (!memcg && !memcg_any_apart())
		return NULL;
	do
		memcg = memcg_next(memcg);
	while (memcg &&
	       (!READ_ONCE(memcg->apart) || memcg == above || !memcg_is_below(memcg, above)));
	if (!memcg)
		return NULL;
	lruvec = lruvec_of(memcg, root->pgdat);
	count_classes(lruvec, atomic_long_read(&memcg->usage), last);
	return lruvec;
}

/* The next address space of a process that is in a group which is aged with @lruvec's. */
static struct mm_struct *next_mm(struct lruvec *lruvec, int *cursor)
{
	struct mm_struct *mm = NULL;
	struct pid *pid;

	rcu_read_lock();
	while (!mm && (pid = find_ge_pid(*cursor))) {
		struct task_struct *p = pid_task(pid, PIDTYPE_TGID);
		const struct mem_cgroup *its = p ? memcg_of_task(p) : NULL;

		*cursor = pid_nr(pid) + 1;
		if (its && memcg_is_aged_with(its, memcg_of_lruvec(lruvec)))
			mm = get_task_mm(p);
	}
	rcu_read_unlock();
	return mm;
}

/* What of the classes of a node groups age by themselves, as of their last passes. */
static void count_apart(struct lruvec *node)
{
	long size[NR_EVICTABLE_LISTS] = { 0 };
	struct mem_cgroup *memcg;
	int lru;

	rcu_read_lock();
	list_for_each_entry_rcu (memcg, &all_memcgs, node)
		for_each_evictable_lru(lru) if (memcg->apart) size[lru] +=
			memcg->nodeinfo[node->pgdat->node_id].lruvec.size[lru];
	rcu_read_unlock();
	memcpy(node->size, size, sizeof(node->size));
}

static bool begin_node(struct lruvec *lruvec, bool last)
{
	unsigned long evictable =
		global_node_page_state(NR_INACTIVE_FILE) + global_node_page_state(NR_ACTIVE_FILE);

	count_apart(lruvec);
	if (free_swap_page_count())
		evictable += global_node_page_state(NR_INACTIVE_ANON) +
			     global_node_page_state(NR_ACTIVE_ANON);
	return memcg_calculate_protection(NULL, evictable, last);
}

static const struct lruvec_ops group_ops = {
	.begin = begin_group, .next = next_of_group, .apart = next_apart, .next_mm = next_mm
};
static const struct lruvec_ops node_ops = { .begin = begin_node,
					    .next = next_of_node,
					    .of_frame = of_frame,
					    .apart = next_apart,
					    .count_event = memcg_count_event,
					    .count_workingset = memcg_count_workingset,
					    .policy_changed = memcg_machine_policy_changed };

void memcg_watch_nodes(bool on)
{
	struct pglist_data *pgdat;

	for_each_online_pgdat(pgdat)
	{
		WRITE_ONCE(pgdat->__lruvec.ops, on ? &node_ops : NULL);
		if (!on)
			memset(pgdat->__lruvec.size, 0, sizeof(pgdat->__lruvec.size));
	}
}

void memcg_lruvec_init(struct mem_cgroup *memcg)
{
	for (unsigned int nid = 0; nid < nr_node_ids; nid++) {
		lruvec_init(&memcg->nodeinfo[nid].lruvec, NODE_DATA(nid));
		memcg->nodeinfo[nid].lruvec.ops = &group_ops;
	}
}

static void shrink_group(struct mem_cgroup *memcg, struct lruvec *lruvec, struct scan_control *sc)
{
	sc->may_swap = memcg_swap_room(memcg);
	reclaim_pass_begin(lruvec, sc);
	shrink_lruvec(lruvec, sc);
	reclaim_pass_end(lruvec, sc);
}

static void shrink_nodes(struct mem_cgroup *memcg, struct scan_control *sc)
{
	struct pglist_data *pgdat;

	for_each_online_pgdat(pgdat)
	{
		if (sc->nr_reclaimed >= sc->nr_to_reclaim)
			return;
		if (memcg)
			shrink_group(memcg, lruvec_of(memcg, pgdat), sc);
		else
			shrink_node(pgdat, sc);
	}
}

static void note_tries(struct reclaim_tries *tried, const struct scan_control *sc, int first)
{
	tried->rounds++;
	tried->passes += first + 1 - max(sc->priority, 0);
	tried->nr_scanned += sc->nr_scanned;
	tried->nr_reclaimed += sc->nr_reclaimed;
}

/* Passes over all nodes, of ever more pages, until there is enough. @memcg: NULL for the machine. */
static void shrink_until_enough(struct mem_cgroup *memcg, struct scan_control *sc)
{
	unsigned int noreclaim = memalloc_noreclaim_save();
	unsigned long memstall;

	psi_memstall_enter(&memstall);
	trace_mm_vmscan_memcg_reclaim_begin(0, sc->gfp_mask);
	for (; sc->priority >= 0; sc->priority--) {
		shrink_nodes(memcg, sc);
		if (memcg && sc->nr_reclaimed < sc->nr_to_reclaim)
			sc->nr_reclaimed += memcg_shrink_slab(memcg, sc->gfp_mask, sc->priority);
		if (sc->nr_reclaimed >= sc->nr_to_reclaim || fatal_signal_pending(current))
			break;
	}
	atomic_long_add((long)sc->nr_refilled, &memcg_refilled);
	trace_mm_vmscan_memcg_reclaim_end(sc->nr_reclaimed);
	psi_memstall_leave(&memstall);
	memalloc_noreclaim_restore(noreclaim);
}

unsigned long memcg_try_reclaim(struct mem_cgroup *memcg, unsigned long nr, gfp_t gfp, bool *found,
				struct reclaim_tries *tried)
{
	unsigned long usage = atomic_long_read(&memcg->usage);
	struct scan_control sc = {
		.nr_to_reclaim = max(nr, (unsigned long)SWAP_CLUSTER_MAX),
		.gfp_mask = gfp,
		.reclaim_idx = MAX_NR_ZONES - 1,
		.of_group = true,
		.may_unmap = true,
		/* the first at which a pass looks at a batch */
		.priority = min(DEF_PRIORITY, ilog2(usage / SWAP_CLUSTER_MAX | 1)),
	};
	int first = sc.priority;

	*found = false;
	if (time_before(jiffies, READ_ONCE(memcg->nothing_until)))
		return 0;
	shrink_until_enough(memcg, &sc);
	if (tried)
		note_tries(tried, &sc, first);
	for (unsigned int nid = 0; nid < nr_node_ids; nid++)
		reclaim_snapshot(&memcg->nodeinfo[nid].lruvec);
	/* What is in use is looked at as well, by the last pass at the latest; what it makes inactive the next reclaim takes. */
	*found = sc.nr_scanned || sc.nr_refilled;
	if (!*found)
		WRITE_ONCE(memcg->nothing_until, jiffies + MEMCG_NOTHING_TICKS);
	return sc.nr_reclaimed;
}

unsigned long memcg_reclaim(struct mem_cgroup *memcg, unsigned long nr, gfp_t gfp)
{
	bool found;

	return memcg_try_reclaim(memcg, nr, gfp, &found, NULL);
}

unsigned long memcg_reclaim_machine(unsigned long nr)
{
	struct scan_control sc = {
		.nr_to_reclaim = max(nr, (unsigned long)SWAP_CLUSTER_MAX),
		.gfp_mask = GFP_KERNEL,
		.reclaim_idx = MAX_NR_ZONES - 1,
		.of_group = true,
		.may_unmap = true,
		.may_swap = true,
		.priority = DEF_PRIORITY,
	};
	struct pglist_data *pgdat;

	shrink_until_enough(NULL, &sc);
	for_each_online_pgdat(pgdat) reclaim_snapshot(&pgdat->__lruvec);
	return sc.nr_reclaimed;
}
