// SPDX-License-Identifier: MIT
/* A group at its limit of which nothing can be reclaimed: the OOM killer, limited to those in it. See mm/oom/oom_kill.c. */
#include <base/math.h>
#include <base/string.h>
#include <fs/seq_file.h>
#include <sync/rcu.h>
#include <kernel/cgroup.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/oom.h>
#include <mm/slab.h>
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

/* ---- names and numbers ---- */

void memcg_print_path(struct seq_file *m, const struct mem_cgroup *memcg)
{
	rcu_read_lock();
	if (!memcg)
		seq_putc(m, '/');
	else if (!READ_ONCE(memcg->dead))
		cgroup_print_path(m, memcg->owner);
	rcu_read_unlock();
}

static unsigned long kilobytes(unsigned long pages)
{
	return min(pages, MEMCG_NO_LIMIT >> PAGE_SHIFT) << (PAGE_SHIFT - 10);
}

/* The lines of memory.stat, if there is memory for the text. */
static void show_stat(struct mem_cgroup *memcg)
{
	char *text = kmalloc(PAGE_SIZE, GFP_NOWAIT | __GFP_NOWARN), *rest = text;
	struct seq_file m = { .buf = text, .size = PAGE_SIZE - 1 };
	unsigned int noreclaim;

	if (!text)
		return;
	seq_puts(&m, "Memory cgroup stats for ");
	memcg_print_path(&m, memcg);
	seq_puts(&m, ":\n");
	/* Who was charged may hold locks that reclaim takes, and we hold oom_lock: nobody is waited for. */
	noreclaim = memalloc_noreclaim_save();
	memcg_stat_show(&m, memcg);
	memalloc_noreclaim_restore(noreclaim);
	text[m.count] = 0;
	for (char *line; (line = strsep(&rest, "\n")) && *line;)
		pr_info("%s\n", line);
	kfree(text);
}

static void show_group(struct mem_cgroup *memcg)
{
	pr_info("memory: usage %lukB, limit %lukB, failcnt %ld\n",
		kilobytes(atomic_long_read(&memcg->usage)), kilobytes(memcg->max),
		atomic_long_read(&memcg->events[MEMCG_MAX]));
	pr_info("swap: usage %lukB, limit %lukB, failcnt %ld\n",
		kilobytes(atomic_long_read(&memcg->swap_usage)), kilobytes(memcg->swap_max),
		atomic_long_read(&memcg->events[MEMCG_SWAP_MAX]));
	show_stat(memcg);
}

static void print_pages(struct seq_file *m, long usage, unsigned long limit)
{
	seq_printf(m, "%ld pages of ", usage);
	if (limit >= MEMCG_NO_LIMIT)
		seq_puts(m, "any number");
	else
		seq_printf(m, "%lu", limit);
}

static void describe(struct seq_file *m, struct mem_cgroup *memcg)
{
	memcg_print_path(m, memcg);
	seq_puts(m, ": ");
	print_pages(m, atomic_long_read(&memcg->usage), READ_ONCE(memcg->max));
	seq_puts(m, ", swap ");
	print_pages(m, atomic_long_read(&memcg->swap_usage), READ_ONCE(memcg->swap_max));
}

static void print_context(struct seq_file *m, struct mem_cgroup *memcg, struct task_struct *victim)
{
	if (memcg) {
		seq_puts(m, ",oom_memcg=");
		memcg_print_path(m, memcg);
	} else {
		seq_puts(m, ",global_oom");
	}
	seq_puts(m, ",task_memcg=");
	rcu_read_lock();
	memcg_print_path(m, memcg_of_task(victim));
	rcu_read_unlock();
}

static struct mem_cgroup *find(const char *path)
{
	struct mem_cgroup *memcg = NULL;

	while ((memcg = memcg_next(memcg))) {
		char text[OOM_PATH_MAX];
		struct seq_file m = { .buf = text, .size = sizeof(text) };

		memcg_print_path(&m, memcg); /* nothing of one that was removed */
		if (!m.count || seq_has_overflowed(&m))
			continue;
		text[m.count] = 0;
		if (!strcmp(text, path))
			break;
	}
	return memcg;
}

/* ---- the victim's group ---- */

static struct mem_cgroup *oom_group(struct task_struct *victim, struct mem_cgroup *domain)
{
	struct mem_cgroup *group = NULL, *its;

	rcu_read_lock();
	its = memcg_of_task(victim);
	if (its && !memcg_is_below(its, domain))
		its = NULL; /* it has moved since it was chosen: those where it is now have nothing to do with it */
	for (struct mem_cgroup *m = its; m; m = m->parent) {
		if (READ_ONCE(m->oom_group))
			group = m;
		if (m == domain)
			break;
	}
	if (group && !atomic_long_inc_not_zero(&group->refs))
		group = NULL;
	rcu_read_unlock();
	return group;
}

/* => oom_lock held */
static void note_group_kill(struct mem_cgroup *group)
{
	static char path[256];
	struct seq_file m = { .buf = path, .size = sizeof(path) };

	memcg_event(group, MEMCG_OOM_GROUP_KILL);
	memcg_print_path(&m, group);
	pr_info("Tasks in %.*s are going to be killed due to memory.oom.group set\n", (int)m.count,
		path);
}

static void note_kill(struct task_struct *victim)
{
	rcu_read_lock();
	memcg_event(memcg_of_task(victim), MEMCG_OOM_KILL);
	rcu_read_unlock();
}

static const struct oom_memcg_ops ops = {
	.scan_tasks = scan_tasks,
	.totalpages = totalpages,
	.show_mem = show_group,
	.describe = describe,
	.print_context = print_context,
	.find = find,
	.oom_group = oom_group,
	.note_group_kill = note_group_kill,
	.put = memcg_put,
	.note_kill = note_kill,
};

static bool has_room(const struct mem_cgroup *memcg, unsigned long nr)
{
	return (unsigned long)atomic_long_read(&memcg->usage) + nr <= READ_ONCE(memcg->max);
}

bool memcg_out_of_memory(struct mem_cgroup *memcg, unsigned long nr, gfp_t gfp,
			 const struct reclaim_tries *tried)
{
	struct oom_control oc = {
		.gfp_mask = gfp, .order = order_base_2(nr), .memcg = memcg, .tries = tried
	};
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
