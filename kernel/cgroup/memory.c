// SPDX-License-Identifier: MIT
/*
 * The memory controller: its files. What they stand for is in mm/memcg/.
 *
 * A write that reclaims runs without cgroup_mutex, with a reference to the state: others may make and remove groups, and who
 * dies for it may leave.
 */
#include <base/errno.h>
#include <base/printf.h>
#include <base/string.h>
#include <fs/seq_file.h>
#include <kernel/init.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/gfp.h>
#include <mm/memcontrol.h>
#include <mm/reclaim.h>
#include <mm/vmstat.h>
#include <sync/rcu.h>

#include "cgroup_internal.h"

/* ---- the state ---- */

static void *memory_alloc(struct cgroup *cgrp, void *parent_css)
{
	return memcg_create(parent_css, cgrp);
}

static void memory_offline(void *css)
{
	memcg_offline(css);
}

static void memory_attach(struct task_struct *task, void *css)
{
	/* Who has left for good (cgroup_exit) is still seen by cgroup_update_tasks() until he is reaped, and keeps no state alive. */
	if (!task->memcg && task->flags & PF_EXITING)
		return;
	memcg_attach(task, css);
}

/* The state with a reference, or NULL when it has gone. */
static struct mem_cgroup *get_memcg(struct cgroup *cgrp)
{
	struct mem_cgroup *memcg;

	mutex_lock(&cgroup_mutex);
	memcg = cgrp->css[CGROUP_MEMORY];
	if (memcg)
		memcg_get(memcg);
	mutex_unlock(&cgroup_mutex);
	return memcg;
}

static void notify(void *owner, enum memcg_event event, bool local)
{
	if (event < MEMCG_SWAP_HIGH)
		cgroup_notify(owner, local ? CGROUP_MEMORY_EVENTS_LOCAL : CGROUP_MEMORY_EVENTS);
	else if (!local)
		cgroup_notify(owner, CGROUP_MEMORY_SWAP_EVENTS);
}

/* ---- numbers ---- */

/* Bytes with a suffix, as pages; no digits are 0, as in Linux. @max: no limit. */
static int parse_pages(const char *text, const char *max, unsigned long *pages)
{
	unsigned long long bytes;
	char *end;

	if (!strcmp(text, max)) {
		*pages = MEMCG_NO_LIMIT;
		return 0;
	}
	bytes = memparse(text, &end);
	if (*end)
		return -EINVAL;
	*pages = bytes >> PAGE_SHIFT;
	return 0;
}

static int show_pages(struct seq_file *m, unsigned long pages)
{
	if (pages >= MEMCG_NO_LIMIT)
		seq_puts(m, "max\n");
	else
		seq_printf(m, "%lu\n", pages << PAGE_SHIFT);
	return 0;
}

static struct mem_cgroup *memcg_of(struct cgroup *cgrp)
{
	return cgrp->css[CGROUP_MEMORY];
}

static int current_show(struct seq_file *m, struct cgroup *cgrp)
{
	return show_pages(m, atomic_long_read(&memcg_of(cgrp)->usage));
}

static int peak_show(struct seq_file *m, struct cgroup *cgrp)
{
	return show_pages(m, memcg_of(cgrp)->peak);
}

static int min_show(struct seq_file *m, struct cgroup *cgrp)
{
	return show_pages(m, memcg_of(cgrp)->min.written);
}

static int min_write(struct file *file, struct cgroup *cgrp, char *text)
{
	return parse_pages(text, "max", &memcg_of(cgrp)->min.written);
}

static int low_show(struct seq_file *m, struct cgroup *cgrp)
{
	return show_pages(m, memcg_of(cgrp)->low.written);
}

static int low_write(struct file *file, struct cgroup *cgrp, char *text)
{
	return parse_pages(text, "max", &memcg_of(cgrp)->low.written);
}

static int high_show(struct seq_file *m, struct cgroup *cgrp)
{
	return show_pages(m, memcg_of(cgrp)->high);
}

static int high_write(struct file *file, struct cgroup *cgrp, char *text)
{
	struct mem_cgroup *memcg = get_memcg(cgrp);
	int err;

	if (!memcg)
		return -ENODEV;
	err = parse_pages(text, "max", &memcg->high);
	if (!err)
		memcg_reclaim_down_to(memcg, memcg->high);
	memcg_put(memcg);
	return err;
}

static int max_show(struct seq_file *m, struct cgroup *cgrp)
{
	return show_pages(m, memcg_of(cgrp)->max);
}

static int max_write(struct file *file, struct cgroup *cgrp, char *text)
{
	struct mem_cgroup *memcg = get_memcg(cgrp);
	int err;

	if (!memcg)
		return -ENODEV;
	err = parse_pages(text, "max", &memcg->max);
	if (!err)
		memcg_enforce_max(memcg);
	memcg_put(memcg);
	return err;
}

/* Of the root: from the whole machine. -EAGAIN: less could be reclaimed than was asked for. */
static int reclaim_write(struct file *file, struct cgroup *cgrp, char *text)
{
	struct mem_cgroup *memcg = get_memcg(cgrp);
	unsigned long pages;
	int err;

	if (!memcg && cgrp->parent)
		return -ENODEV;
	err = parse_pages(text, "", &pages);
	if (!err)
		err = memcg_reclaim_pages(memcg, pages);
	memcg_put(memcg);
	return err;
}

static int oom_group_show(struct seq_file *m, struct cgroup *cgrp)
{
	seq_printf(m, "%d\n", memcg_of(cgrp)->oom_group);
	return 0;
}

static int oom_group_write(struct file *file, struct cgroup *cgrp, char *text)
{
	int value, err = kstrtoint(text, 0, &value);

	if (err)
		return err;
	if (value < 0 || value > 1)
		return -EINVAL;
	WRITE_ONCE(memcg_of(cgrp)->oom_group, value);
	return 0;
}

/* ---- events ---- */

static int show_events(struct seq_file *m, atomic_long_t *events, int first, int end)
{
	for (int i = first; i < end; i++)
		seq_printf(m, "%s %ld\n", memcg_event_names[i], atomic_long_read(&events[i]));
	return 0;
}

static int events_show(struct seq_file *m, struct cgroup *cgrp)
{
	return show_events(m, memcg_of(cgrp)->events, 0, MEMCG_SWAP_HIGH);
}

static int events_local_show(struct seq_file *m, struct cgroup *cgrp)
{
	return show_events(m, memcg_of(cgrp)->events_local, 0, MEMCG_SWAP_HIGH);
}

/* ---- swap ---- */

static int swap_current_show(struct seq_file *m, struct cgroup *cgrp)
{
	return show_pages(m, atomic_long_read(&memcg_of(cgrp)->swap_usage));
}

static int swap_high_show(struct seq_file *m, struct cgroup *cgrp)
{
	return show_pages(m, memcg_of(cgrp)->swap_high);
}

static int swap_high_write(struct file *file, struct cgroup *cgrp, char *text)
{
	return parse_pages(text, "max", &memcg_of(cgrp)->swap_high);
}

static int swap_max_show(struct seq_file *m, struct cgroup *cgrp)
{
	return show_pages(m, memcg_of(cgrp)->swap_max);
}

/* What it has above a lowered limit it keeps. */
static int swap_max_write(struct file *file, struct cgroup *cgrp, char *text)
{
	return parse_pages(text, "max", &memcg_of(cgrp)->swap_max);
}

static int zswap_current_show(struct seq_file *m, struct cgroup *cgrp)
{
	seq_printf(m, "%ld\n", atomic_long_read(&memcg_of(cgrp)->zswap_bytes));
	return 0;
}

static int zswap_max_show(struct seq_file *m, struct cgroup *cgrp)
{
	return show_pages(m, memcg_of(cgrp)->zswap_max);
}

static int zswap_max_write(struct file *file, struct cgroup *cgrp, char *text)
{
	return parse_pages(text, "max", &memcg_of(cgrp)->zswap_max);
}

static int swap_events_show(struct seq_file *m, struct cgroup *cgrp)
{
	return show_events(m, memcg_of(cgrp)->events, MEMCG_SWAP_HIGH, NR_MEMCG_EVENTS);
}

/* ---- how it is reclaimed ---- */

/* All policies that there are, its own in brackets. */
static int reclaim_policy_show(struct seq_file *m, struct cgroup *cgrp)
{
	const struct reclaim_ops *chosen = memcg_policy(memcg_of(cgrp));

	for (int i = 0; reclaim_policies[i]; i++)
		seq_printf(m, reclaim_policies[i] == chosen ? "%s[%s]" : "%s%s", i ? " " : "",
			   reclaim_policies[i]->name);
	seq_putc(m, '\n');
	return 0;
}

static int reclaim_policy_write(struct file *file, struct cgroup *cgrp, char *text)
{
	const struct reclaim_ops *policy = reclaim_policy_find(text);

	return policy ? memcg_choose_policy(memcg_of(cgrp), policy) : -EINVAL;
}

struct fault_counts cgroup_faults(const struct mem_cgroup *memcg)
{
	struct fault_counts faults;
	struct task_struct *p, *t;

	rcu_read_lock();
	for_each_process_thread(p, t)
	{
		if (!READ_ONCE(t->memcg))
			continue;
		spin_lock_irq(&cgroup_tasks_lock);
		memcg_tell_faults(t);
		spin_unlock_irq(&cgroup_tasks_lock);
	}
	rcu_read_unlock();
	spin_lock_irq(&cgroup_tasks_lock);
	faults = memcg->faults;
	spin_unlock_irq(&cgroup_tasks_lock);
	return faults;
}

static int stat_show(struct seq_file *m, struct cgroup *cgrp)
{
	return memcg_stat_show(m, memcg_of(cgrp));
}

static int numa_stat_show(struct seq_file *m, struct cgroup *cgrp)
{
	return memcg_numa_stat_show(m, memcg_of(cgrp));
}

static const struct cftype memory_files[] = {
	{ .name = "memory.current", .flags = CFTYPE_NOT_ON_ROOT, .show = current_show },
	{ .name = "memory.peak", .flags = CFTYPE_NOT_ON_ROOT, .show = peak_show },
	{ .name = "memory.min", .flags = CFTYPE_NOT_ON_ROOT, .show = min_show, .write = min_write },
	{ .name = "memory.low", .flags = CFTYPE_NOT_ON_ROOT, .show = low_show, .write = low_write },
	{ .name = "memory.high",
	  .flags = CFTYPE_NOT_ON_ROOT | CFTYPE_UNLOCKED,
	  .show = high_show,
	  .write = high_write },
	{ .name = "memory.max",
	  .flags = CFTYPE_NOT_ON_ROOT | CFTYPE_UNLOCKED,
	  .show = max_show,
	  .write = max_write },
	{ .name = "memory.events",
	  .flags = CFTYPE_NOT_ON_ROOT,
	  .event = CGROUP_MEMORY_EVENTS + 1,
	  .show = events_show },
	{ .name = "memory.events.local",
	  .flags = CFTYPE_NOT_ON_ROOT,
	  .event = CGROUP_MEMORY_EVENTS_LOCAL + 1,
	  .show = events_local_show },
	{ .name = "memory.stat", .show = stat_show },
	{ .name = "memory.numa_stat", .show = numa_stat_show },
	{ .name = "memory.oom.group",
	  .flags = CFTYPE_NOT_ON_ROOT | CFTYPE_DELEGATED,
	  .show = oom_group_show,
	  .write = oom_group_write },
	{ .name = "memory.swap.current", .flags = CFTYPE_NOT_ON_ROOT, .show = swap_current_show },
	{ .name = "memory.swap.high",
	  .flags = CFTYPE_NOT_ON_ROOT,
	  .show = swap_high_show,
	  .write = swap_high_write },
	{ .name = "memory.swap.max",
	  .flags = CFTYPE_NOT_ON_ROOT,
	  .show = swap_max_show,
	  .write = swap_max_write },
	{ .name = "memory.swap.events",
	  .flags = CFTYPE_NOT_ON_ROOT,
	  .event = CGROUP_MEMORY_SWAP_EVENTS + 1,
	  .show = swap_events_show },
	{ .name = "memory.reclaim_policy",
	  .flags = CFTYPE_NOT_ON_ROOT,
	  .show = reclaim_policy_show,
	  .write = reclaim_policy_write },
	{ .name = "memory.zswap.current", .flags = CFTYPE_NOT_ON_ROOT, .show = zswap_current_show },
	{ .name = "memory.zswap.max",
	  .flags = CFTYPE_NOT_ON_ROOT,
	  .show = zswap_max_show,
	  .write = zswap_max_write },
	{ .name = "memory.reclaim",
	  .flags = CFTYPE_UNLOCKED | CFTYPE_DELEGATED,
	  .write = reclaim_write },
	{ 0 }
};

const struct cgroup_subsys memory_cgroup_subsys = {
	.name = "memory",
	.files = memory_files,
	.css_alloc = memory_alloc,
	.css_offline = memory_offline,
	.attach = memory_attach,
};

static int __init memory_init(void)
{
	memcg_notify = notify;
	return 0;
}
core_initcall(memory_init);
