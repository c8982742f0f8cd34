// SPDX-License-Identifier: MIT
/*
 * The tree of control groups.
 *
 * A group is a directory of cgroup2 with a struct cgroup behind it; each thread is in exactly one. There is one
 * hierarchy only (version 2), so a task needs one pointer, task->cgroup, where Linux 6.1 has a css_set for each
 * combination of groups. NULL there means the root, in which everything starts: until somebody mounts cgroup2 a fork
 * does nothing for groups but store two words.
 *
 * Members are not listed. A group knows how many threads are in it; who they are is found by walking the tasks, which is
 * what reading cgroup.procs and moving, killing or freezing do, all of them rare. So a fork or an exit within a group
 * touches one counter and no list.
 *
 * States of a group: live -> dead (rmdir; out of the tree, no new member or child) -> freed (last reference: of a
 * zombie that was in it, of an open file). An open file of a dead group answers ENODEV.
 *
 * Kinds of a group (cgroup.type):
 *
 *	domain			dom == itself; processes as a whole
 *	threaded		dom == the root of the threaded subtree; its threads may be in different groups of that
 *	domain threaded		a domain that has threaded children, or both members and threaded controllers
 *	domain invalid		a domain below one of the latter two: cannot be used until made threaded
 *
 * A threaded group's processes are listed at its domain. Controllers are either threaded (for threads one by one) or
 * for domains only. No-internal-process rule: a domain with controllers for its children has no members.
 *
 * Counts (cgroup_tasks_lock): populated(g) = nr_tasks || nr_populated_domain_children || nr_populated_threaded_children;
 * the last two count children c with populated(c).
 *
 * Locks: cgroup_mutex guards the shape, its configuration, and keeps groups alive; cgroup_tasks_lock (a spinlock, within
 * tasklist_lock) the membership and the counts. Who changes `dead', `dom' or `subtree_control' holds both, so that a
 * fork, which has only the latter, sees a group that it may join or may not.
 *
 * Linux 6.1: kernel/cgroup/cgroup.c; the rules for kinds and for enabling are its and those of cgroup-v2.rst.
 * Look: /sys/fs/cgroup, /proc/PID/cgroup, /proc/cgroups.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <kernel/cred.h>
#include <kernel/psi.h>
#include <mm/slab.h>
#include <mm/util.h>
#include <sync/rcu.h>

#include "cgroup_internal.h"

bool cgroup_visible;
DEFINE_MUTEX(cgroup_mutex, LOCK_CGROUP);
DEFINE_SPINLOCK(cgroup_tasks_lock, LOCK_CGROUP_TASKS);

struct cgroup cgroup_root = {
	.refs = ATOMIC_INIT(1),
	.dir = &cgroupfs_root,
	.children = LIST_HEAD_INIT(cgroup_root.children),
	.dom = &cgroup_root,
	.max_descendants = INT_MAX,
	.max_depth = INT_MAX,
	.nr_tasks = 1, /* PID 1 and the kernel's own; never counted */
	.wait = __WAIT_QUEUE_HEAD_INITIALIZER(cgroup_root.wait),
};

/* ---- the shape ---- */

struct cgroup *cgroup_next_descendant(struct cgroup *pos, struct cgroup *root)
{
	if (!list_empty(&pos->children))
		return list_first_entry(&pos->children, struct cgroup, sibling);
	while (pos != root) {
		if (!list_is_last(&pos->sibling, &pos->parent->children))
			return list_next_entry(pos, sibling);
		pos = pos->parent;
	}
	return NULL;
}

bool cgroup_is_descendant(const struct cgroup *cgrp, const struct cgroup *ancestor)
{
	while (cgrp && cgrp->level > ancestor->level)
		cgrp = cgrp->parent;
	return cgrp == ancestor;
}

/* ---- kinds ---- */

u16 cgroup_threaded_mask(void)
{
	const struct cgroup_subsys *ss;
	u16 mask = 0;
	int i;

	for_each_subsys(i, ss) mask |= ss->threaded << i;
	return mask;
}

static bool is_root(const struct cgroup *cgrp)
{
	return !cgrp->parent;
}

bool cgroup_is_threaded(const struct cgroup *cgrp)
{
	return cgrp->dom != cgrp;
}

bool cgroup_is_thread_root(const struct cgroup *cgrp)
{
	if (cgroup_is_threaded(cgrp))
		return false;
	return cgrp->nr_threaded_children ||
	       (cgrp->nr_tasks && (cgrp->subtree_control & cgroup_threaded_mask()));
}

bool cgroup_can_be_thread_root(const struct cgroup *cgrp)
{
	if (is_root(cgrp))
		return true;
	return !cgroup_is_threaded(cgrp) && !cgrp->nr_populated_domain_children &&
	       !(cgrp->subtree_control & ~cgroup_threaded_mask());
}

bool cgroup_is_valid_domain(const struct cgroup *cgrp)
{
	if (cgroup_is_threaded(cgrp))
		return false;
	while ((cgrp = cgrp->parent))
		if (cgroup_is_threaded(cgrp) || (!is_root(cgrp) && cgroup_is_thread_root(cgrp)))
			return false;
	return true;
}

int cgroup_enable_threaded(struct cgroup *cgrp)
{
	struct cgroup *parent = cgrp->parent, *dom = parent->dom, *pos;

	if (cgroup_is_threaded(cgrp))
		return 0;
	/* Nobody may be in it, and nothing that works on domains; and what would be the root must be able to be that. */
	if (cgroup_is_populated(cgrp) || (cgrp->subtree_control & ~cgroup_threaded_mask()))
		return -EOPNOTSUPP;
	if (!cgroup_is_valid_domain(dom) || !cgroup_can_be_thread_root(dom))
		return -EOPNOTSUPP;
	spin_lock_irq(&cgroup_tasks_lock);
	cgroup_for_each_descendant(pos, cgrp) if (pos == cgrp || cgroup_is_threaded(pos)) pos->dom =
		dom;
	parent->nr_threaded_children++;
	spin_unlock_irq(&cgroup_tasks_lock);
	return 0;
}

/* ---- controllers ---- */

u16 cgroup_control(const struct cgroup *cgrp)
{
	const struct cgroup_subsys *ss;
	u16 mask = 0;
	int i;

	if (!is_root(cgrp))
		mask = cgrp->parent->subtree_control;
	else
		for_each_subsys(i, ss) mask |= 1 << i;
	return cgroup_is_threaded(cgrp) ? mask & cgroup_threaded_mask() : mask;
}

void *cgroup_effective_css(const struct cgroup *cgrp, int i)
{
	while (cgrp && !cgrp->css[i])
		cgrp = cgrp->parent;
	return cgrp ? cgrp->css[i] : NULL;
}

/* ---- members ---- */

bool cgroup_is_populated(const struct cgroup *cgrp)
{
	return cgrp->nr_tasks + cgrp->nr_populated_domain_children +
	       cgrp->nr_populated_threaded_children;
}

void cgroup_count_task(struct cgroup *cgrp, int by)
{
	bool was = cgroup_is_populated(cgrp);

	if (is_root(cgrp))
		return;
	cgrp->nr_tasks += by;
	while (was != cgroup_is_populated(cgrp) && cgrp->parent) {
		struct cgroup *parent = cgrp->parent;
		bool parent_was = cgroup_is_populated(parent);

		cgroup_notify(cgrp, CGROUP_EVENTS);
		if (cgroup_is_threaded(cgrp))
			parent->nr_populated_threaded_children += by;
		else
			parent->nr_populated_domain_children += by;
		cgrp = parent;
		was = parent_was;
	}
}

/* ---- life ---- */

static void free_cgroup(struct rcu_head *head)
{
	struct cgroup *cgrp = container_of(head, struct cgroup, rcu);

	psi_group_free(cgrp->psi);
	kfree(cgrp->name);
	kfree(cgrp);
}

void cgroup_put(struct cgroup *cgrp)
{
	while (cgrp && atomic_dec_and_test(&cgrp->refs)) {
		struct cgroup *parent = cgrp->parent;

		call_rcu(&cgrp->rcu, free_cgroup);
		cgrp = parent;
	}
}

static struct cgroup *alloc_cgroup(struct cgroup *parent)
{
	struct cgroup *cgrp = kzalloc(sizeof(*cgrp), GFP_KERNEL_ACCOUNT);
	int i;

	if (!cgrp)
		return NULL;
	atomic_set(&cgrp->refs, 1);
	cgrp->parent = cgroup_get(parent);
	cgrp->level = parent->level + 1;
	cgrp->dom = cgrp;
	cgrp->max_descendants = cgrp->max_depth = INT_MAX;
	INIT_LIST_HEAD(&cgrp->children);
	init_waitqueue_head(&cgrp->wait);
	/* A new open file has seen 0: the first poll without a read tells of a change, as Linux's does. */
	for (i = 0; i < NR_CGROUP_EVENTS; i++)
		cgrp->event_seq[i] = 1;
	return cgrp;
}

/* Room below all ancestors for one more group? */
static bool within_limits(const struct cgroup *parent)
{
	int depth = 1;

	for (; parent; parent = parent->parent, depth++)
		if (parent->nr_descendants >= parent->max_descendants || depth > parent->max_depth)
			return false;
	return true;
}

static void count_descendant(struct cgroup *parent, int by)
{
	for (; parent; parent = parent->parent)
		parent->nr_descendants += by;
}

static void drop_css(struct cgroup *cgrp)
{
	if (cgrp->psi)
		psi_group_remove(cgrp->psi);
	for (int i = 0; i < NR_CGROUP_SUBSYS; i++)
		cgroup_disable_css(cgrp, i);
}

/* The states of the controllers that the parent gives, and their files. */
static int make_css(struct cgroup *cgrp)
{
	int err = 0;

	for (int i = 0; i < NR_CGROUP_SUBSYS && !err; i++)
		if (cgroup_control(cgrp) & (1 << i))
			err = cgroup_enable_css(cgrp, i);
	return err;
}

int cgroup_create(struct cgroup *parent, const char *name, umode_t mode)
{
	struct cgroup *cgrp;
	int err = -ENOMEM;

	if (parent->dead)
		return -ENODEV;
	if (!within_limits(parent))
		return -EAGAIN;
	cgrp = alloc_cgroup(parent);
	if (!cgrp)
		return -ENOMEM;
	cgrp->name = kstrdup(name, GFP_KERNEL_ACCOUNT);
	if (cgrp->name)
		cgrp->dir = kernfs_create_ops_dir(parent->dir, name, mode, &cgroup_dir_ops, cgrp);
	if (!cgrp->dir)
		goto bad_cgrp;
	cgroup_get(cgrp); /* given back by the node's release: not before kernfs_remove() */
	err = kernfs_chown(cgrp->dir, current_fsuid(), current_fsgid());
	if (!err)
		err = cgroup_add_files(cgrp, cgroup_base_files);
	if (!err)
		err = cgroup_psi_create(cgrp);
	if (!err)
		err = make_css(cgrp);
	if (err)
		goto bad_dir;
	list_add_tail(&cgrp->sibling, &parent->children);
	count_descendant(parent, 1);
	spin_lock_irq(&cgroup_tasks_lock);
	cgroup_freezer_created(cgrp);
	spin_unlock_irq(&cgroup_tasks_lock);
	return 0;

bad_dir:
	drop_css(cgrp);
	cgrp->dead = true;
	kernfs_remove(cgrp->dir);
bad_cgrp:
	cgroup_put(cgrp);
	return err;
}

int cgroup_destroy(struct cgroup *cgrp)
{
	if (cgrp->dead)
		return -ENODEV;
	spin_lock_irq(&cgroup_tasks_lock);
	if (cgroup_is_populated(cgrp) || !list_empty(&cgrp->children)) {
		spin_unlock_irq(&cgroup_tasks_lock);
		return -EBUSY;
	}
	cgrp->dead = true;
	cgroup_freezer_destroyed(cgrp);
	if (cgroup_is_threaded(cgrp))
		cgrp->parent->nr_threaded_children--;
	spin_unlock_irq(&cgroup_tasks_lock);
	list_del(&cgrp->sibling);
	count_descendant(cgrp->parent, -1);
	cgroup_tell_watchers(cgrp); /* while it has its files */
	drop_css(cgrp);
	kernfs_remove(cgrp->dir);
	cgroup_notify(cgrp, CGROUP_EVENTS); /* who waits finds that the group is gone */
	cgroup_put(cgrp);
	return 0;
}
