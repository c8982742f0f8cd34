// SPDX-License-Identifier: MIT
/*
 * Charging bytes: objects of slabs, per-CPU memory. (Compressed pages: zswap.c.)
 *
 * 1 Pages are charged as always, and handed out by the byte:
 *
 *	pages charged for bytes of g = (bytes that somebody has + bytes in stocks + bytes_left) / PAGE_SIZE
 *	refs(g)			     = bytes that somebody has + bytes in stocks + stocks of g + other holders
 *
 *   So a byte out of a CPU's stock takes its reference along, and neither its coming nor its going touches a counter of the group.
 *   bytes_left is what stocks left over when they changed to another group: less than a page.
 *
 * 2 Who has the memory keeps the group's number: two bytes an object in an array of its slab, made for the first object of a slab that
 *   is charged (mm/slab/owners.c); an array of a per-CPU chunk (mm/percpu/percpu.c).
 *
 * 3 A removed group lives on as long as it has bytes. They count for those above, as they did before; nothing is moved.
 *
 * 4 Dentries and inodes that nobody uses go when their group is reclaimed from: its shrinkers pass those of others.
 *
 * Linux 6.1: mm/memcontrol.c (obj_cgroup_charge, refill_obj_stock, drain_obj_stock). Observe: slab*, percpu of memory.stat.
 */
#include <base/errno.h>
#include <base/math.h>
#include <sync/preempt.h>
#include <sync/rcu.h>
#include <kernel/task.h>
#include <mm/gfp.h>
#include <mm/shrinker.h>
#include <mm/zone.h>
#include "memcg_internal.h"

#define OBJECT_BYTES                                                                               \
	256 /* that come back with an object of a shrinker, about: a dentry has 192, an inode 600 */

void memcg_return_bytes(struct mem_cgroup *memcg, unsigned long bytes)
{
	long left = atomic_long_add_return((long)bytes, &memcg->bytes_left);

	while (left >= (long)PAGE_SIZE) {
		if (!atomic_long_try_cmpxchg(&memcg->bytes_left, &left, left & ~PAGE_MASK))
			continue;
		memcg_sub_usage(memcg, (unsigned long)left >> PAGE_SHIFT);
		break;
	}
}

/* A reference is taken over. */
static int charge_pages(struct mem_cgroup *memcg, size_t bytes, enum charged_bytes what, int nid,
			gfp_t gfp)
{
	unsigned long left = (unsigned long)atomic_long_xchg(&memcg->bytes_left, 0);
	unsigned long pages = left < bytes ? PFN_UP(bytes) : 0;
	int id = memcg->id;

	if (pages && !memcg_charge(memcg, pages, gfp | __GFP_ACCOUNT)) {
		memcg_return_bytes(memcg, left);
		id = -ENOMEM;
	} else {
		left += pages << PAGE_SHIFT;
		atomic_long_add((long)left, &memcg->refs);
		stock_refill_bytes(memcg, left - bytes, bytes, what, nid);
	}
	memcg_put(memcg);
	return id;
}

static int charge(size_t bytes, enum charged_bytes what, int nid, gfp_t gfp)
{
	struct mem_cgroup *memcg;
	u16 id;

	if (in_interrupt() || !READ_ONCE(current->memcg))
		return 0;
	id = stock_take_bytes(bytes, what, nid);
	if (id)
		return id;
	memcg = memcg_get_current();
	return memcg ? charge_pages(memcg, bytes, what, nid, gfp) : 0;
}

static void uncharge(u16 id, size_t bytes, enum charged_bytes what, int nid)
{
	stock_return_bytes(memcg_by_id(id), bytes, what, nid);
}

static bool is_below(u16 id, const struct mem_cgroup *memcg)
{
	return memcg_is_below(memcg_by_id(id), memcg);
}

/* => RCU */
static unsigned long reclaimable(const struct mem_cgroup *root)
{
	const struct mem_cgroup *memcg;
	long bytes = 0;

	list_for_each_entry_rcu (memcg, &all_memcgs, node)
		for (unsigned int nid = 0; memcg_is_below(memcg, root) && nid < nr_node_ids; nid++)
			bytes += atomic_long_read(
				&memcg->nodeinfo[nid].bytes_owned[CHARGED_SLAB_RECLAIMABLE]);
	return max(bytes, 0L);
}

unsigned long memcg_shrink_slab(struct mem_cgroup *memcg, gfp_t gfp, int priority)
{
	unsigned long nr, freed = 0;

	rcu_read_lock();
	nr = 2 * (reclaimable(memcg) / OBJECT_BYTES) >> priority;
	rcu_read_unlock();
	if (!nr)
		return 0;
	for (unsigned int nid = 0; nid < nr_node_ids; nid++)
		freed += shrink_slab_memcg(gfp, (int)nid, memcg, nr);
	if (freed)
		synchronize_rcu_expedited(); /* most objects are only then given back */
	return freed * OBJECT_BYTES >> PAGE_SHIFT;
}

void memcg_bytes_start(void)
{
	byte_charge_ops = (struct byte_charge_ops){
		.charge = charge,
		.uncharge = uncharge,
		.is_below = is_below,
	};
}
