// SPDX-License-Identifier: MIT
/*
 * What happened to the pages and tasks of a group: the events of memory.stat.
 *
 * 1 Page faults, the many, are counted by nobody but the task that has them, which it does anyway (min_flt, maj_flt). Its group, and
 *   those above, are told when it leaves, or dies, and when somebody asks, who walks all tasks; of each at most once, since
 *   it notes what they were told of:
 *
 *	faults(g) = g->faults + untold faults of the tasks that are in g or below
 *
 *   cgroup_tasks_lock guards it, and is held for one task at a time. A fault is the task's that has it, also in the address
 *   space of another (Linux: the group's of the address space's owner).
 *
 * 2 What reclaim does to a page (scanned, stolen, activated, refaulted, ...) is counted for the group of its frame and for those above
 *   when it happens. Pages of a scan that could not be taken out of their class count for the machine only.
 *
 * 3 The machine's, which are the root's, are those of /proc/vmstat; but what a group reclaims from itself is there by kind only
 *   (pgscan_anon, pgsteal_file, ...), neither as direct reclaim nor in pgrefill. It always is direct:
 *
 *	pgscan_direct(root) = pgscan_anon + pgscan_file - pgscan_kswapd		the others of /proc/vmstat; so is pgsteal_direct
 *	pgrefill(root)      = pgrefill of /proc/vmstat + memcg_refilled
 *
 * Linux 6.1: mm/memcontrol.c (memcg_vm_event_stat, count_memcg_event_mm).
 */
#include <base/math.h>
#include <sync/rcu.h>
#include <kernel/task.h>
#include "memcg_internal.h"

/* Where in vm_events an event is, plus 1. */
static const u8 place[NR_VM_EVENT_ITEMS] = {
	[PGSCAN_KSWAPD] = 1,
	[PGSCAN_DIRECT] = 2,
	[PGSTEAL_KSWAPD] = 3,
	[PGSTEAL_DIRECT] = 4,
	[PGREFILL] = 5,
	[PGACTIVATE] = 6,
	[PGDEACTIVATE] = 7,
	[PGLAZYFREE] = 8,
	[PGLAZYFREED] = 9,
	[ZSWPIN] = 10,
	[ZSWPOUT] = NR_MEMCG_VM_EVENTS,
};

struct mem_cgroup *memcg_of_frame(unsigned long pfn)
{
	u16 id = frame_id(pfn);
	struct mem_cgroup *memcg = id ? memcg_by_id(id) : NULL;

	while (memcg && READ_ONCE(memcg->dead))
		memcg = memcg->parent;
	return memcg;
}

void memcg_count_event(unsigned long pfn, unsigned int item, unsigned long nr)
{
	rcu_read_lock();
	for (struct mem_cgroup *m = memcg_of_frame(pfn); m; m = m->parent)
		atomic_long_add((long)nr, &m->vm_events[place[item] - 1]);
	rcu_read_unlock();
}

void memcg_count_workingset(unsigned long pfn, unsigned int item, unsigned long nr)
{
	int nid = page_to_nid(pfn_to_page(pfn));

	rcu_read_lock();
	for (struct mem_cgroup *m = memcg_of_frame(pfn); m; m = m->parent)
		atomic_long_add((long)nr,
				&m->nodeinfo[nid].workingset[item - WORKINGSET_REFAULT_ANON]);
	rcu_read_unlock();
}

atomic_long_t memcg_refilled;

/* Those of both kinds that are not @kswapd's, which counts a page a moment before its kind is counted. */
static unsigned long not_of_kswapd(enum vm_event_item anon, enum vm_event_item file,
				   enum vm_event_item kswapd)
{
	unsigned long all = vm_event_sum(anon) + vm_event_sum(file);

	return all - min(all, vm_event_sum(kswapd));
}

static unsigned long root_event_sum(enum vm_event_item item)
{
	switch (item) {
	case PGSCAN_DIRECT:
		return not_of_kswapd(PGSCAN_ANON, PGSCAN_FILE, PGSCAN_KSWAPD);
	case PGSTEAL_DIRECT:
		return not_of_kswapd(PGSTEAL_ANON, PGSTEAL_FILE, PGSTEAL_KSWAPD);
	case PGREFILL:
		return vm_event_sum(PGREFILL) + (unsigned long)atomic_long_read(&memcg_refilled);
	default:
		return vm_event_sum(item);
	}
}

unsigned long memcg_event_sum(const struct mem_cgroup *memcg, enum vm_event_item item)
{
	if (!memcg)
		return root_event_sum(item);
	return (unsigned long)atomic_long_read(&memcg->vm_events[place[item] - 1]);
}

unsigned long memcg_workingset(const struct mem_cgroup *memcg, unsigned int nid,
			       enum node_stat_item item)
{
	const atomic_long_t *events;

	if (!memcg)
		return node_page_state(NODE_DATA(nid), item);
	events = memcg->nodeinfo[nid].workingset;
	return (unsigned long)atomic_long_read(&events[item - WORKINGSET_REFAULT_ANON]);
}

/* ---- page faults ---- */

void memcg_tell_faults(struct task_struct *task)
{
	unsigned long minor = READ_ONCE(task->min_flt), major = READ_ONCE(task->maj_flt);

	for (struct mem_cgroup *m = task->memcg; m; m = m->parent) {
		m->faults.minor += minor - task->told_min_flt;
		m->faults.major += major - task->told_maj_flt;
	}
	task->told_min_flt = minor;
	task->told_maj_flt = major;
}

void memcg_attach(struct task_struct *task, struct mem_cgroup *memcg)
{
	memcg_tell_faults(task);
	WRITE_ONCE(task->memcg, memcg);
}
