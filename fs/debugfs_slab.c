// SPDX-License-Identifier: MIT
/*
 * /sys/kernel/debug/slab/CACHE/{alloc_traces,free_traces}: who allocated the objects that are in use, and who had
 * last freed them, for caches with user tracking (slub_debug=U). A line per caller, as in Linux 6.1
 * (mm/slub.c): number, caller, age in milliseconds (least/mean/most), processes, CPUs.
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/file.h>
#include <fs/kernfs.h>
#include <fs/seq_file.h>
#include <fs/sysfs.h>
#include <kernel/init.h>
#include <mm/slab.h>
#include <mm/slab_report.h>
#include "fs_internal.h"

#define NS_PER_MS 1000000ULL

static void show_caller(struct seq_file *m, const struct slab_caller *c)
{
	u64 mean = c->age_sum_ns / c->nr / NS_PER_MS;

	seq_printf(m, "%7lu ", c->nr);
	if (c->addr)
		seq_printf(m, "%pS", (void *)c->addr);
	else
		seq_puts(m, "<not-available>");
	seq_printf(m, " age=%llu/%llu/%llu pid=%d", c->age_min_ns / NS_PER_MS, mean,
		   c->age_max_ns / NS_PER_MS, c->pid_min);
	if (c->pid_max != c->pid_min)
		seq_printf(m, "-%d", c->pid_max);
	seq_printf(m, " cpus=%*pbl\n", cpumask_pr_args(&c->cpus));
}

static int show_callers(struct seq_file *m, int which)
{
	const char *cache = kernfs_of(file_inode(m->file))->parent->name;
	struct slab_callers *callers = kmalloc(sizeof(*callers), GFP_KERNEL);
	int err = 0;

	if (!callers)
		return -ENOMEM;
	if (!slab_callers(cache, which, callers))
		err = -ENODEV;
	for (unsigned int i = 0; i < callers->nr; i++)
		show_caller(m, &callers->caller[i]);
	if (!callers->nr)
		seq_puts(m, "No data\n");
	if (callers->nr_left_out)
		seq_printf(m, "%7lu of further callers\n", callers->nr_left_out);
	kfree(callers);
	return err;
}

static int alloc_show(struct seq_file *m, void *v)
{
	return show_callers(m, 0);
}

static int free_show(struct seq_file *m, void *v)
{
	return show_callers(m, 1);
}

static void add_cache(struct kernfs_node *slab, const char *name)
{
	struct kernfs_node *dir = kernfs_find(slab, name);

	if (!dir)
		dir = kernfs_create_dir(slab, name, 0755);
	if (!dir)
		return;
	kernfs_fill_file(dir, "alloc_traces", 0400, alloc_show, NULL, NULL);
	kernfs_fill_file(dir, "free_traces", 0400, free_show, NULL, NULL);
}

/* The caches that track, of those that sysfs knows: their list is made there. */
static void fill(struct kernfs_node *slab)
{
	char *names = slab_all_names();
	struct slab_report *r = kmalloc(sizeof(*r), GFP_KERNEL);

	for (const char *name = names; names && r && *name;) {
		const char *target = name + strlen(name) + 1;

		if (!*target && slab_report(name, r) && (r->flags & SLAB_STORE_USER))
			add_cache(slab, name);
		name = target + strlen(target) + 1;
	}
	kfree(r);
	kfree(names);
}

static const struct kernfs_dir_ops fill_ops = { .refresh = fill };

static int __init debugfs_slab_init(void)
{
	return kernfs_create_lazy_dir(&debugfs_root, "slab", &fill_ops, NULL) ? 0 : -ENOMEM;
}
late_initcall(debugfs_slab_init);
