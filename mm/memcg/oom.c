// SPDX-License-Identifier: MIT
/* A group at its limit of which nothing can be reclaimed: the OOM killer, limited to those in it. See mm/oom/oom_kill.c. */
#include <base/math.h>
#include <sync/rcu.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/oom.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include "memcg_internal.h"

static void scan_tasks(struct mem_cgroup *memcg, int (*fn)(struct task_struct *p, void *arg),
		       void *arg)
{
	struct task_struct *p;

	for_each_process (p) {
		struct mem_cgroup *its = memcg_of_task(p);

		if (its && memcg_is_below(its, memcg) && fn(p, arg))
			break;
	}
}

static unsigned long totalpages(struct mem_cgroup *memcg)
{
	unsigned long all = totalram_pages();

	for (const struct mem_cgroup *m = memcg; m; m = m->parent)
		all = min(all, READ_ONCE(m->max));
	all += min(READ_ONCE(memcg->swap_max), total_swap_page_count());
	return all ? all : 1;
}

static void show_group(struct mem_cgroup *memcg)
{
	pr_info("memory: usage %lukB, limit %lukB, failcnt %ld\n",
		(unsigned long)atomic_long_read(&memcg->usage) << (PAGE_SHIFT - 10),
		memcg->max << (PAGE_SHIFT - 10), atomic_long_read(&memcg->events[MEMCG_MAX]));
}

static void print_context(struct mem_cgroup *memcg, struct task_struct *victim)
{
	struct mem_cgroup *its;

	rcu_read_lock();
	its = memcg_of_task(victim);
	pr_cont(",oom_memcg=#%u,task_memcg=#%u", memcg->id, its ? its->id : 0);
	rcu_read_unlock();
}

/* The outermost group with memory.oom.group on the way from the victim up to @domain. => RCU not needed */
static struct mem_cgroup *oom_group(struct task_struct *victim, struct mem_cgroup *domain)
{
	struct mem_cgroup *group = NULL;

	rcu_read_lock();
	for (struct mem_cgroup *m = memcg_of_task(victim); m; m = m->parent) {
		if (READ_ONCE(m->oom_group))
			group = m;
		if (m == domain)
			break;
	}
	if (group)
		memcg_get(group);
	rcu_read_unlock();
	if (group)
		memcg_event(group, MEMCG_OOM_GROUP_KILL);
	return group;
}

static void note_kill(struct task_struct *victim)
{
	struct mem_cgroup *its;

	rcu_read_lock();
	its = memcg_of_task(victim);
	if (its)
		memcg_event(its, MEMCG_OOM_KILL);
	rcu_read_unlock();
}

static const struct oom_memcg_ops ops = {
	.scan_tasks = scan_tasks,
	.totalpages = totalpages,
	.show_mem = show_group,
	.print_context = print_context,
	.oom_group = oom_group,
	.put = memcg_put,
	.note_kill = note_kill,
};

static bool has_room(const struct mem_cgroup *memcg, unsigned long nr)
{
	return (unsigned long)atomic_long_read(&memcg->usage) + nr <= READ_ONCE(memcg->max);
}

bool memcg_out_of_memory(struct mem_cgroup *memcg, unsigned long nr, gfp_t gfp)
{
	struct oom_control oc = { .gfp_mask = gfp, .memcg = memcg };
	bool hope = true;

	if (page_alloc_ops.pressure_begins)
		page_alloc_ops.pressure_begins();
	if (!oom_trylock()) {
		schedule_timeout_killable(HZ / 10);
		return true;
	}
	if (!has_room(memcg, nr)) {
		memcg_event(memcg, MEMCG_OOM);
		WRITE_ONCE(memcg->under_oom, true);
		hope = out_of_memory(&oc);
		WRITE_ONCE(memcg->under_oom, false);
	}
	oom_unlock();
	if (hope && !fatal_signal_pending(current))
		schedule_timeout_killable(1);
	return hope;
}

static int __init memcg_oom_init(void)
{
	oom_memcg_ops = &ops;
	return 0;
}
core_initcall(memcg_oom_init);
