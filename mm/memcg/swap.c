// SPDX-License-Identifier: MIT
/*
 * Slots of swap are charged, too: to the group of the page that gets one, until the slot is free, whoever reads it in meanwhile.
 *
 *	swap(g) = slots with the number of g or of a group below g	(cluster->owners, mm/swap/slots.c)
 *
 * Who brings a page in brings it in for the owner of its slot, who is charged.
 *
 * Over memory.swap.max a page gets none and stays in memory; nothing is reclaimed or killed for swap. The end of a group makes its
 * slots the parent's.
 * Linux 6.1: mm/memcontrol.c (__mem_cgroup_try_charge_swap), mm/swap_cgroup.c. Observe: memory.swap.* of the group.
 */
#include <base/math.h>
#include <sync/rcu.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/swap.h>
#include <mm/vmstat.h>
#include "memcg_internal.h"

static void uncharge_up_to(struct mem_cgroup *memcg, const struct mem_cgroup *end)
{
	for (; memcg != end; memcg = memcg->parent)
		atomic_long_dec(&memcg->swap_usage);
}

/* The group that has no room for one more below it, or NULL: it is counted. */
static struct mem_cgroup *try_add(struct mem_cgroup *memcg)
{
	for (struct mem_cgroup *m = memcg; m; m = m->parent) {
		if ((unsigned long)atomic_long_inc_return(&m->swap_usage) <= READ_ONCE(m->swap_max))
			continue;
		atomic_long_dec(&m->swap_usage);
		uncharge_up_to(memcg, m);
		return m;
	}
	return NULL;
}

static bool charge(unsigned long pfn, u16 *id)
{
	struct mem_cgroup *memcg = memcg_of_frame(pfn), *over;

	*id = memcg ? memcg->id : 0;
	if (!memcg)
		return true;
	over = try_add(memcg);
	if (!over)
		return true;
	memcg_event(over, MEMCG_SWAP_MAX);
	memcg_event(over, MEMCG_SWAP_FAIL);
	return false;
}

static void uncharge(u16 id)
{
	uncharge_up_to(memcg_by_id(id), NULL);
}

static void failed(unsigned long pfn)
{
	rcu_read_lock();
	memcg_event(memcg_of_frame(pfn), MEMCG_SWAP_FAIL);
	rcu_read_unlock();
}

/* As mem_cgroup_swapin_charge_folio(): the page is his who has the slot, whoever brings it in. */
static struct folio *alloc_folio(const u16 *id, gfp_t gfp)
{
	struct mem_cgroup *memcg = memcg_get_living(id);
	struct folio *folio;

	current->active_memcg = memcg;
	folio = folio_alloc(gfp, 0);
	current->active_memcg = NULL;
	memcg_put(memcg);
	return folio;
}

static const struct swap_owner_ops ops = {
	.charge = charge,
	.uncharge = uncharge,
	.failed = failed,
	.alloc_folio = alloc_folio,
	.may_zswap = memcg_may_zswap,
	.charge_zswap = memcg_charge_zswap,
};

void memcg_swap_start(void)
{
	WRITE_ONCE(swap_owner_ops, &ops);
}

unsigned long memcg_swap_room(const struct mem_cgroup *memcg)
{
	unsigned long room = free_swap_page_count();

	for (; memcg; memcg = memcg->parent) {
		unsigned long usage = atomic_long_read(&memcg->swap_usage);
		unsigned long limit = READ_ONCE(memcg->swap_max);

		room = min(room, limit > usage ? limit - usage : 0);
	}
	return room;
}
