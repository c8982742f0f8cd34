// SPDX-License-Identifier: MIT
/*
 * The pids controller: how many tasks there may be in a group and below it.
 *
 *	nr_pids(g) = threads in g and in the groups below, from their fork until somebody has waited for them
 *
 * is counted for each group, whether it has the controller or not: cgroup_tasks_lock is held anyway. The controller adds the limit, at
 * which a fork fails. Moving tasks in, and lowering the limit, may exceed it.
 * Linux 6.1: kernel/cgroup/pids.c. Observe: pids.* of the group.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <fs/seq_file.h>
#include <mm/slab.h>

#include "cgroup_internal.h"

#define PIDS_MAX                                                                                   \
	(4 * 1024 * 1024) /* Linux's largest number of a task, which is the largest limit */

/* All: cgroup_tasks_lock to write. */
struct pids {
	struct cgroup *cgrp;
	int max; /* INT_MAX: no limit */
	int peak;
	long rejected; /* forks of members; or of those of a group below that has no such state */
};

static struct pids *pids_of(const struct cgroup *cgrp)
{
	return cgrp->css[CGROUP_PIDS];
}

static void note_peak(struct cgroup *cgrp)
{
	struct pids *pids = pids_of(cgrp);

	if (pids)
		pids->peak = max(pids->peak, cgrp->nr_pids);
}

void cgroup_count_pids(struct cgroup *cgrp, int by)
{
	for (; cgrp->parent; cgrp = cgrp->parent) {
		cgrp->nr_pids += by;
		note_peak(cgrp);
	}
}

static void reject(struct cgroup *cgrp)
{
	struct pids *pids = cgroup_effective_css(cgrp, CGROUP_PIDS);

	pids->rejected++;
	cgroup_notify(pids->cgrp, CGROUP_PIDS_EVENTS);
}

int cgroup_pids_may_fork(struct cgroup *cgrp)
{
	for (struct cgroup *c = cgrp; c; c = c->parent) {
		if (!pids_of(c) || c->nr_pids < pids_of(c)->max)
			continue;
		reject(cgrp);
		return -EAGAIN;
	}
	return 0;
}

/* ---- the state and its files ---- */

static void *pids_alloc(struct cgroup *cgrp, void *parent_css)
{
	struct pids *pids = kzalloc(sizeof(*pids), GFP_KERNEL_ACCOUNT);

	if (!pids)
		return ERR_PTR(-ENOMEM);
	pids->cgrp = cgrp;
	pids->max = INT_MAX;
	pids->peak = cgrp->nr_pids;
	return pids;
}

static void pids_offline(void *css)
{
	kfree(css);
}

static int current_show(struct seq_file *m, struct cgroup *cgrp)
{
	seq_printf(m, "%d\n", cgrp->nr_pids);
	return 0;
}

static int peak_show(struct seq_file *m, struct cgroup *cgrp)
{
	seq_printf(m, "%d\n", pids_of(cgrp)->peak);
	return 0;
}

static int max_show(struct seq_file *m, struct cgroup *cgrp)
{
	return cgroup_show_int(m, pids_of(cgrp)->max);
}

static int max_write(struct file *file, struct cgroup *cgrp, char *text)
{
	bool unlimited = !strcmp(text, "max");
	long long value = 0;
	int err = unlimited ? 0 : kstrtoll(text, 0, &value);

	if (err)
		return err;
	if (value < 0 || value > PIDS_MAX)
		return -EINVAL;
	spin_lock_irq(&cgroup_tasks_lock);
	pids_of(cgrp)->max = unlimited ? INT_MAX : (int)value;
	spin_unlock_irq(&cgroup_tasks_lock);
	return 0;
}

static int events_show(struct seq_file *m, struct cgroup *cgrp)
{
	seq_printf(m, "max %ld\n", READ_ONCE(pids_of(cgrp)->rejected));
	return 0;
}

static const struct cftype pids_files[] = {
	{ .name = "pids.max", .flags = CFTYPE_NOT_ON_ROOT, .show = max_show, .write = max_write },
	{ .name = "pids.current", .flags = CFTYPE_NOT_ON_ROOT, .show = current_show },
	{ .name = "pids.peak", .flags = CFTYPE_NOT_ON_ROOT, .show = peak_show },
	{ .name = "pids.events",
	  .flags = CFTYPE_NOT_ON_ROOT,
	  .event = CGROUP_PIDS_EVENTS + 1,
	  .show = events_show },
	{ 0 }
};

const struct cgroup_subsys pids_cgroup_subsys = {
	.name = "pids",
	.threaded = true,
	.files = pids_files,
	.css_alloc = pids_alloc,
	.css_offline = pids_offline,
};
