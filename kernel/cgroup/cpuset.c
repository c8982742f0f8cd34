// SPDX-License-Identifier: MIT
/*
 * The cpuset controller: on which CPUs the tasks of a group may run, and from which nodes they get memory.
 *
 *	effective(g) = written(g) & effective(parent), or effective(parent) where that is empty
 *
 *	cpuset.cpus	a task that joins, or whose group changes, may run on all effective CPUs, whatever it had asked for; then
 *			sched_setaffinity() chooses among them. A child begins with what its parent had
 *	cpuset.mems	requests for pages that may wait get them from the effective nodes (task->mems_allowed, which the page
 *			allocator takes as the request's set of nodes: mm/page/alloc.c), if reclaim must make room there and in the
 *			end the OOM killer. Interrupts, requests that must not wait, those that reclaim, and those that die take what there is.
 *			While no cpuset leaves out a node the page allocator does not look (alloc_watched)
 *
 * Not here: pages that a group has stay where they are when its nodes change (Linux 6.1 migrates them); partitions, so that
 * cpuset.cpus.partition is "member" and nothing else can be written; memory policies, which there are none of.
 *
 * Locks: cgroup_mutex and cgroup_tasks_lock to write a state, one of them to read it. A task's mask and nodes are set with the lock of its
 * queue held, and without; the set of nodes is one word, never empty.
 * Linux 6.1: kernel/cgroup/cpuset.c. Observe: Cpus_allowed, Mems_allowed of /proc/PID/status; /proc/PID/cpuset.
 */
#include <base/bitmap.h>
#include <base/cpumask.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/nodemask.h>
#include <base/printf.h>
#include <base/string.h>
#include <fs/seq_file.h>
#include <kernel/sched.h>
#include <mm/fault_inject.h>
#include <mm/slab.h>
#include <sync/rwlock.h>

#include "cgroup_internal.h"

#define NODE_NUMBERS 1024 /* that Linux knows; a larger one is out of range, not just not there */

struct cpuset {
	struct cgroup *cgrp;
	struct cpumask cpus, effective_cpus;
	nodemask_t mems, effective_mems;
};

_Static_assert(MAX_NUMNODES <= BITS_PER_LONG, "a set of nodes is written at once");

static struct cpuset *cpuset_of(const struct cgroup *cgrp)
{
	return cgrp->css[CGROUP_CPUSET];
}

/* Of @cpuset, or of the root. */
static const struct cpumask *effective_cpus(const struct cpuset *cpuset)
{
	return cpuset ? &cpuset->effective_cpus : cpu_online_mask;
}

static nodemask_t effective_mems(const struct cpuset *cpuset)
{
	return cpuset ? cpuset->effective_mems : node_states[N_MEMORY];
}

/* ---- tasks. => cgroup_tasks_lock ---- */

static void set_cpus(struct task_struct *task, const struct cpuset *cpuset)
{
	sched_set_cpus_allowed(task, cpuset ? &cpuset->effective_cpus : cpu_possible_mask);
}

static void set_mems(struct task_struct *task, const struct cpuset *cpuset)
{
	WRITE_ONCE(task->mems_allowed.bits[0],
		   cpuset ? cpuset->effective_mems.bits[0] : node_mask_all.bits[0]);
}

void cpuset_fork(struct task_struct *child)
{
	struct cpumask mask;

	if (!child->cpuset && !current->cpuset)
		return;
	spin_lock(&current->pi_lock);
	cpumask_copy(&mask, &current->cpus_mask);
	spin_unlock(&current->pi_lock);
	sched_set_cpus_allowed(child, &mask);
	child->mems_allowed = current->mems_allowed;
	child->cpuset = current->cpuset;
}

static void cpuset_attach(struct task_struct *task, void *css)
{
	if (task->cpuset == css)
		return;
	task->cpuset = css;
	if (task->flags & (PF_EXITING | PF_KTHREAD))
		return;
	set_cpus(task, css);
	set_mems(task, css);
}

void cpuset_cpus_allowed(struct task_struct *task, struct cpumask *mask)
{
	cpumask_copy(mask, cpu_possible_mask);
	if (likely(!READ_ONCE(task->cpuset)))
		return;
	spin_lock_irq(&cgroup_tasks_lock);
	if (task->cpuset)
		cpumask_copy(mask, &task->cpuset->effective_cpus);
	spin_unlock_irq(&cgroup_tasks_lock);
}

void cpuset_print_current(struct seq_file *m)
{
	spin_lock_irq(&cgroup_tasks_lock);
	seq_puts(m, current->cpuset ? current->cpuset->cgrp->name : "/");
	spin_unlock_irq(&cgroup_tasks_lock);
}

static void update_tasks(struct cpuset *cpuset, bool cpus, bool mems)
{
	struct task_struct *p, *t;

	read_lock(&tasklist_lock);
	spin_lock_irq(&cgroup_tasks_lock);
	for_each_process_thread(p, t)
	{
		if (t->cpuset != cpuset || (t->flags & PF_EXITING))
			continue;
		if (cpus)
			set_cpus(t, cpuset);
		if (mems)
			set_mems(t, cpuset);
	}
	spin_unlock_irq(&cgroup_tasks_lock);
	read_unlock(&tasklist_lock);
}

/* ---- what is effective. => cgroup_mutex ---- */

/* Does a group leave out a node? Then the page allocator looks. */
static void watch_allocations(void)
{
	struct cgroup *pos;
	bool any = false;

	cgroup_for_each_descendant(pos, &cgroup_root) any |=
		cpuset_of(pos) &&
		!nodes_equal(cpuset_of(pos)->effective_mems, node_states[N_MEMORY]);
	alloc_watched_set(ALLOC_WATCHED_CPUSET, any);
}

static void compute(struct cpuset *cpuset, struct cpumask *cpus, nodemask_t *mems)
{
	struct cpuset *parent = cgroup_effective_css(cpuset->cgrp->parent, CGROUP_CPUSET);
	nodemask_t above = effective_mems(parent);

	if (!cpumask_and(cpus, &cpuset->cpus, effective_cpus(parent)))
		cpumask_copy(cpus, effective_cpus(parent));
	nodes_and(*mems, cpuset->mems, above);
	if (nodes_empty(*mems))
		*mems = above;
}

static void update_one(struct cpuset *cpuset)
{
	bool new_cpus, new_mems;
	struct cpumask cpus;
	nodemask_t mems;

	compute(cpuset, &cpus, &mems);
	new_cpus = !cpumask_equal(&cpus, &cpuset->effective_cpus);
	new_mems = !nodes_equal(mems, cpuset->effective_mems);
	spin_lock_irq(&cgroup_tasks_lock);
	cpumask_copy(&cpuset->effective_cpus, &cpus);
	cpuset->effective_mems = mems;
	spin_unlock_irq(&cgroup_tasks_lock);
	if (new_cpus || new_mems)
		update_tasks(cpuset, new_cpus, new_mems);
}

static void update(struct cpuset *cpuset)
{
	struct cgroup *pos;

	cgroup_for_each_descendant(pos, cpuset->cgrp) if (cpuset_of(pos))
		update_one(cpuset_of(pos));
	watch_allocations();
}

/* ---- the state and its files ---- */

static void *cpuset_alloc(struct cgroup *cgrp, void *parent_css)
{
	struct cpuset *cpuset = kzalloc(sizeof(*cpuset), GFP_KERNEL);

	if (!cpuset)
		return ERR_PTR(-ENOMEM);
	cpuset->cgrp = cgrp;
	compute(cpuset, &cpuset->effective_cpus, &cpuset->effective_mems);
	return cpuset;
}

static void cpuset_offline(void *css)
{
	kfree(css);
	watch_allocations();
}

static int show_list(struct seq_file *m, const unsigned long *bits, unsigned int nbits)
{
	seq_printf(m, "%*pbl\n", nbits, bits);
	return 0;
}

static int cpus_show(struct seq_file *m, struct cgroup *cgrp)
{
	return show_list(m, cpuset_of(cgrp)->cpus.bits, NR_CPUS);
}

static int cpus_effective_show(struct seq_file *m, struct cgroup *cgrp)
{
	return show_list(m, effective_cpus(cpuset_of(cgrp))->bits, NR_CPUS);
}

static int mems_show(struct seq_file *m, struct cgroup *cgrp)
{
	return show_list(m, cpuset_of(cgrp)->mems.bits, MAX_NUMNODES);
}

static int mems_effective_show(struct seq_file *m, struct cgroup *cgrp)
{
	nodemask_t mems = effective_mems(cpuset_of(cgrp));

	return show_list(m, mems.bits, MAX_NUMNODES);
}

/* A group with tasks that has chosen keeps a choice. */
static int vet(const struct cgroup *cgrp, bool chosen, bool empty)
{
	return chosen && empty && cgroup_is_populated(cgrp) ? -ENOSPC : 0;
}

static int cpus_write(struct file *file, struct cgroup *cgrp, char *text)
{
	struct cpuset *cpuset = cpuset_of(cgrp);
	struct cpumask cpus;
	int err;

	cpumask_clear(&cpus);
	err = bitmap_parselist(text, cpus.bits, nr_cpu_ids);
	if (!err && !cpumask_subset(&cpus, cpu_online_mask))
		err = -EINVAL;
	if (!err)
		err = vet(cgrp, !cpumask_empty(&cpuset->cpus), cpumask_empty(&cpus));
	if (err)
		return err;
	cpumask_copy(&cpuset->cpus, &cpus);
	update(cpuset);
	return 0;
}

static int mems_write(struct file *file, struct cgroup *cgrp, char *text)
{
	struct cpuset *cpuset = cpuset_of(cgrp);
	DECLARE_BITMAP(nodes, NODE_NUMBERS);
	nodemask_t mems;
	int err;

	err = bitmap_parselist(text, nodes, NODE_NUMBERS);
	if (err)
		return err;
	bitmap_copy(mems.bits, nodes, MAX_NUMNODES);
	if (find_next_bit(nodes, NODE_NUMBERS, MAX_NUMNODES) < NODE_NUMBERS ||
	    !nodes_subset(mems, node_states[N_MEMORY]))
		return -EINVAL;
	err = vet(cgrp, !nodes_empty(cpuset->mems), nodes_empty(mems));
	if (err)
		return err;
	cpuset->mems = mems;
	update(cpuset);
	return 0;
}

static int partition_show(struct seq_file *m, struct cgroup *cgrp)
{
	seq_puts(m, "member\n");
	return 0;
}

static int partition_write(struct file *file, struct cgroup *cgrp, char *text)
{
	return strcmp(text, "member") ? -EINVAL : 0;
}

static const struct cftype cpuset_files[] = {
	{ .name = "cpuset.cpus",
	  .flags = CFTYPE_NOT_ON_ROOT,
	  .show = cpus_show,
	  .write = cpus_write },
	{ .name = "cpuset.mems",
	  .flags = CFTYPE_NOT_ON_ROOT,
	  .show = mems_show,
	  .write = mems_write },
	{ .name = "cpuset.cpus.effective", .show = cpus_effective_show },
	{ .name = "cpuset.mems.effective", .show = mems_effective_show },
	{ .name = "cpuset.cpus.partition",
	  .flags = CFTYPE_NOT_ON_ROOT,
	  .show = partition_show,
	  .write = partition_write },
	{ 0 }
};

const struct cgroup_subsys cpuset_cgroup_subsys = {
	.name = "cpuset",
	.threaded = true,
	.files = cpuset_files,
	.css_alloc = cpuset_alloc,
	.css_offline = cpuset_offline,
	.attach = cpuset_attach,
};
