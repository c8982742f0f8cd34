// SPDX-License-Identifier: MIT
/*
 * memory.min and memory.low: what reclaim from above leaves to a group.
 *
 * 1 A guard is the number that was written. What it is worth depends on the guards above: siblings share what their parent is worth in
 *   proportion to what they claim.
 *
 *	claim(g)     = min(usage, guard)
 *	effective(g) = guard						for a child of where reclaim begins
 *		     = claim, or claim * effective(parent) / sum		when the children's claims, sum, are more than the parent has
 *		     + its part of what nobody claims			with the mount option memory_recursiveprot
 *
 * 2 A frame of a group is passed over while usage <= effective min; while usage <= effective low, but for the last pass, or at once when
 *   hardly anything else is there (event low). So a group is reclaimed down to its protection, and no further.
 *
 * 3 Computed at the begin of each pass, for all groups below, parents first; by one task at a time: who comes meanwhile takes what he
 *   finds. As in Linux, reclaimers that begin at different groups overwrite each other's numbers; the next pass makes them anew.
 *
 * Linux 6.1: mm/memcontrol.c (mem_cgroup_calculate_protection, effective_protection). Observe: low of memory.events.
 */
#include <base/math.h>
#include <sync/rcu.h>
#include <mm/reclaim.h>
#include <mm/zone.h>
#include "memcg_internal.h"

bool memcg_recursiveprot;
static DEFINE_SPINLOCK(protection_lock, LOCK_MEMCG);

static unsigned long usage_of(const struct mem_cgroup *memcg)
{
	return atomic_long_read(&memcg->usage);
}

static unsigned long share(unsigned long usage, unsigned long guard,
			   const struct mem_cgroup *parent, const struct guard *above)
{
	unsigned long claim = min(usage, guard), effective = above->effective;
	unsigned long rest = usage_of(parent);

	if (above->claims > effective)
		return claim * effective / above->claims;
	rest = rest > above->claims ? rest - above->claims : 0;
	if (memcg_recursiveprot && effective > above->claims && rest && usage > claim)
		claim += (min(effective, rest + above->claims) - above->claims) * (usage - claim) /
			 rest;
	return claim;
}

static void add_claims(struct mem_cgroup *memcg)
{
	unsigned long usage = usage_of(memcg);

	memcg->min.claims = memcg->low.claims = memcg->usage_below = 0;
	if (!memcg->parent ||
	    memcg->dead) /* of the root nothing is protected, and the dead have no frames */
		return;
	memcg->parent->usage_below += usage;
	memcg->parent->min.claims += min(usage, READ_ONCE(memcg->min.written));
	memcg->parent->low.claims += min(usage, READ_ONCE(memcg->low.written));
}

static void compute(struct mem_cgroup *memcg, const struct mem_cgroup *root)
{
	const struct mem_cgroup *parent = memcg->parent;
	unsigned long usage = usage_of(memcg), min = READ_ONCE(memcg->min.written);
	unsigned long low = READ_ONCE(memcg->low.written);

	if (memcg == root || memcg->dead) {
		min = low = 0;
	} else if (parent != root) {
		min = share(usage, min, parent, &parent->min);
		low = share(usage, low, parent, &parent->low);
	}
	WRITE_ONCE(memcg->min.effective, min);
	WRITE_ONCE(memcg->low.effective, low);
}

/* => RCU */
static void tell_breach(struct mem_cgroup *memcg)
{
	if (!memcg_is_protected(memcg, true) && memcg_is_protected(memcg, false))
		memcg_event(memcg, MEMCG_LOW);
}

/* Numbers of all groups below @root. Pages that are protected there, or 0 when somebody else computes at the moment. => RCU */
static unsigned long compute_all(struct mem_cgroup *root)
{
	struct mem_cgroup *memcg;
	unsigned long nr = 0;

	if (!spin_trylock(&protection_lock))
		return 0;
	list_for_each_entry_rcu (memcg, &all_memcgs, node)
		add_claims(memcg);
	list_for_each_entry_rcu (memcg, &all_memcgs, node) {
		if (!memcg_is_below(memcg, root))
			continue;
		compute(memcg, root);
		if (memcg_is_protected(memcg, false) && usage_of(memcg) > memcg->usage_below)
			nr += usage_of(memcg) - memcg->usage_below;
	}
	spin_unlock(&protection_lock);
	return nr;
}

bool memcg_calculate_protection(struct mem_cgroup *root, unsigned long evictable, bool last)
{
	struct mem_cgroup *memcg;

	rcu_read_lock();
	if (compute_all(root) + evictable / 64 + SWAP_CLUSTER_MAX >= evictable)
		last = true;
	if (last) {
		list_for_each_entry_rcu (memcg, &all_memcgs, node)
			if (memcg != root && memcg_is_below(memcg, root))
				tell_breach(memcg);
	}
	rcu_read_unlock();
	return last;
}

bool memcg_is_protected(const struct mem_cgroup *memcg, bool desperate)
{
	unsigned long usage = usage_of(memcg);

	return usage && (usage <= READ_ONCE(memcg->min.effective) ||
			 (!desperate && usage <= READ_ONCE(memcg->low.effective)));
}
