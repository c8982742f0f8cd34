// SPDX-License-Identifier: MIT
/*
 * Pages that zswap keeps are charged with the bytes that they take, to the group that owns the slot and those above:
 *
 *	zswap_bytes(g)	= bytes of the objects of slots of g or of a group below g
 *	usage(g)	= frames, stocks, ... + PFN_UP(zswap_bytes(g))
 *
 * Each group rounds its own sum, so that a page that is left over by many small objects is charged once. A charge is never refused: it
 * is reclaim that stores, and memory comes free. Over memory.zswap.max nothing is stored; what goes to the device then comes back as
 * from any device. The end of a group needs nothing: those above count all of it already.
 *
 * Linux 6.1: mm/memcontrol.c (obj_cgroup_may_zswap, obj_cgroup_charge_zswap). Observe: memory.zswap.current, zswap and zswapped of
 * memory.stat.
 */
#include <base/list.h>
#include <base/math.h>
#include <sync/rcu.h>
#include <mm/page.h>
#include "memcg_internal.h"

bool memcg_may_zswap(u16 id)
{
	for (const struct mem_cgroup *m = memcg_by_id(id); m; m = m->parent) {
		unsigned long max = READ_ONCE(m->zswap_max);

		if (max != MEMCG_NO_LIMIT &&
		    PFN_DOWN((unsigned long)atomic_long_read(&m->zswap_bytes)) >= max)
			return false;
	}
	return true;
}

void memcg_charge_zswap(u16 id, long bytes, int pages)
{
	for (struct mem_cgroup *m = memcg_by_id(id); m; m = m->parent) {
		long now = atomic_long_add_return(bytes, &m->zswap_bytes);
		long more =
			(long)(PFN_UP((unsigned long)now) - PFN_UP((unsigned long)(now - bytes)));

		if (more)
			memcg_change_usage(m, more);
		atomic_long_add(pages, &m->zswap_pages);
	}
}

static void add_sums(struct mem_cgroup *memcg, unsigned long *bytes, unsigned long *pages)
{
	*bytes += (unsigned long)atomic_long_read(&memcg->zswap_bytes);
	*pages += (unsigned long)atomic_long_read(&memcg->zswap_pages);
}

void memcg_zswap_sums(struct mem_cgroup *memcg, unsigned long *bytes, unsigned long *pages)
{
	struct mem_cgroup *m;

	*bytes = *pages = 0;
	if (memcg) {
		add_sums(memcg, bytes, pages);
		return;
	}
	rcu_read_lock();
	list_for_each_entry_rcu (m, &all_memcgs, node)
		if (!m->parent && !READ_ONCE(m->dead))
			add_sums(m, bytes, pages);
	rcu_read_unlock();
}
