// SPDX-License-Identifier: MIT
/*
 * The files of a group: how they are opened, read, written and polled, and those that each group has.
 *
 * A file's node has the cftype as its priv, its parent's node the group; the node lives as long as somebody has the file
 * open, and holds its parent, which holds the group. Whether the group still is a member of the tree is asked at each
 * read and write: ENODEV.
 *
 * poll(2): always readable and writable; POLLERR | POLLPRI when an event came since the file was last read. Who watches such a
 * file, or its directory, with inotify(7) is told by a work item: events come from anywhere, with any lock. At most a hundred
 * times a second, as in Linux 6.1 (cgroup_file_notify()).
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <fs/file.h>
#include <fs/fsnotify.h>
#include <fs/poll.h>
#include <fs/seq_file.h>
#include <kernel/cred.h>
#include <kernel/psi.h>
#include <mm/slab.h>
#include <mm/util.h>
#include <sync/workqueue.h>

#include "cgroup_internal.h"

struct cgroup *cgroup_of_file(struct file *file)
{
	return kernfs_of(file_inode(file))->parent->priv;
}

const struct cftype *cgroup_cftype_of(struct file *file)
{
	return kernfs_of(file_inode(file))->priv;
}

bool cgroup_file_is_gone(struct file *file)
{
	return READ_ONCE(kernfs_of(file_inode(file))->removed) || cgroup_of_file(file)->dead;
}

static int show(struct seq_file *m, void *v)
{
	struct file *file = m->private;
	const struct cftype *cft = cgroup_cftype_of(file);
	struct cgroup *cgrp = cgroup_of_file(file);
	int err = -ENODEV;

	if (!cft->show)
		return -EINVAL;
	mutex_lock(&cgroup_mutex);
	if (cft->event)
		m->poll_event = READ_ONCE(cgrp->event_seq[cft->event - 1]);
	if (!cgroup_file_is_gone(file))
		err = cft->show(m, cgrp);
	mutex_unlock(&cgroup_mutex);
	return err;
}

static int cgroup_file_open(struct inode *inode, struct file *file)
{
	int err = single_open(file, show, file);

	/* A write does not depend on the position. */
	if (!err && file->f_mode & FMODE_WRITE)
		file->f_mode |= FMODE_PWRITE;
	return err;
}

static int write_text(struct file *file, const struct cftype *cft, char *text)
{
	struct cgroup *cgrp = cgroup_of_file(file);
	int err = -ENODEV;

	if (cft->flags & CFTYPE_UNLOCKED)
		return cgroup_file_is_gone(file) ? -ENODEV : cft->write(file, cgrp, text);
	mutex_lock(&cgroup_mutex);
	if (!cgroup_file_is_gone(file))
		err = cft->write(file, cgrp, text);
	mutex_unlock(&cgroup_mutex);
	return err;
}

/* A write is one word or line; of more than a page only the first page is taken. */
static ssize_t cgroup_file_write(struct file *file, const char __user *buf, size_t count,
				 loff_t *pos)
{
	const struct cftype *cft = cgroup_cftype_of(file);
	char *text;
	int err;

	if (!count)
		return 0;
	if (!cft->write)
		return -EINVAL;
	count = min(count, (size_t)PAGE_SIZE);
	text = memdup_user_nul(buf, count);
	if (IS_ERR(text))
		return PTR_ERR(text);
	err = write_text(file, cft, strim(text));
	kfree(text);
	if (err)
		return err;
	*pos += count;
	return count;
}

static __poll_t cgroup_file_poll(struct file *file, poll_table *pt)
{
	const struct cftype *cft = cgroup_cftype_of(file);
	struct cgroup *cgrp = cgroup_of_file(file);
	struct seq_file *m = file->private_data;
	__poll_t mask = EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM;

	poll_wait(file, &cgrp->wait, pt);
	if (cgroup_file_is_gone(file) ||
	    (cft->event && m->poll_event != (int)READ_ONCE(cgrp->event_seq[cft->event - 1])))
		mask |= EPOLLERR | EPOLLPRI;
	return mask;
}

static const struct file_operations cgroup_file_fops = {
	.open = cgroup_file_open,
	.read = seq_read,
	.write = cgroup_file_write,
	.llseek = seq_lseek,
	.poll = cgroup_file_poll,
	.release = single_release,
};

int cgroup_add_files(struct cgroup *cgrp, const struct cftype *files)
{
	for (; files->name; files++) {
		umode_t mode = (files->show ? 0444 : 0) | (files->write ? 0200 : 0);
		struct kernfs_node *node;

		if (files->flags & (cgrp->parent ? CFTYPE_ONLY_ON_ROOT : CFTYPE_NOT_ON_ROOT))
			continue;
		if ((files->flags & CFTYPE_PSI) && !psi_enabled)
			continue;
		node = kernfs_create_fops(cgrp->dir, files->name, files->fops ? 0644 : mode,
					  files->fops ? files->fops : &cgroup_file_fops,
					  (void *)files);
		if (!node || kernfs_chown(node, current_fsuid(), current_fsgid()))
			return -ENOMEM;
	}
	return 0;
}

void cgroup_remove_files(struct cgroup *cgrp, const struct cftype *files)
{
	struct kernfs_node *node;

	for (; files->name; files++) {
		node = kernfs_find(cgrp->dir, files->name);
		if (node)
			kernfs_remove(node);
	}
	wake_up_interruptible(&cgrp->wait);
}

/* ---- events ---- */

/* => cgroup_mutex */
static void tell_of(struct cgroup *cgrp, const struct cftype *files, unsigned long changed)
{
	for (; files->name; files++) {
		struct kernfs_node *node = NULL;

		if (files->event && changed >> (files->event - 1) & 1)
			node = kernfs_find(cgrp->dir, files->name);
		if (node)
			kernfs_notify(node);
	}
}

void cgroup_tell_watchers(struct cgroup *cgrp)
{
	unsigned long changed = xchg(&cgrp->changed, 0);
	const struct cgroup_subsys *ss;
	int i;

	if (!changed)
		return;
	tell_of(cgrp, cgroup_base_files, changed);
	for_each_subsys(i, ss) tell_of(cgrp, ss->files, changed);
}

static void tell_watchers(struct work_struct *work)
{
	struct cgroup *pos;

	mutex_lock(&cgroup_mutex);
	cgroup_for_each_descendant(pos, &cgroup_root) cgroup_tell_watchers(pos);
	mutex_unlock(&cgroup_mutex);
}
static DECLARE_DELAYED_WORK(watchers_work, tell_watchers);

void cgroup_notify(struct cgroup *cgrp, enum cgroup_event event)
{
	unsigned long flags;

	spin_lock_irqsave(&cgrp->wait.lock, flags);
	cgrp->event_seq[event]++;
	spin_unlock_irqrestore(&cgrp->wait.lock, flags);
	wake_up_interruptible(&cgrp->wait);
	if (!fsnotify_wanted())
		return;
	set_bit(event, &cgrp->changed);
	queue_delayed_work(system_wq, &watchers_work, HZ / 100);
}

/* ---- the files that each group has ---- */

int cgroup_parse_int(const char *text, int *value)
{
	int err;

	if (!strcmp(text, "max")) {
		*value = INT_MAX;
		return 0;
	}
	err = kstrtoint(text, 0, value);
	if (err)
		return err;
	return *value < 0 ? -ERANGE : 0;
}

int cgroup_show_int(struct seq_file *m, int value)
{
	if (value == INT_MAX)
		seq_puts(m, "max\n");
	else
		seq_printf(m, "%d\n", value);
	return 0;
}

static int max_depth_show(struct seq_file *m, struct cgroup *cgrp)
{
	return cgroup_show_int(m, cgrp->max_depth);
}

static int max_depth_write(struct file *file, struct cgroup *cgrp, char *text)
{
	int value, err = cgroup_parse_int(text, &value);

	if (!err)
		cgrp->max_depth = value;
	return err;
}

static int max_descendants_show(struct seq_file *m, struct cgroup *cgrp)
{
	return cgroup_show_int(m, cgrp->max_descendants);
}

static int max_descendants_write(struct file *file, struct cgroup *cgrp, char *text)
{
	int value, err = cgroup_parse_int(text, &value);

	if (!err)
		cgrp->max_descendants = value;
	return err;
}

static int type_show(struct seq_file *m, struct cgroup *cgrp)
{
	if (cgroup_is_threaded(cgrp))
		seq_puts(m, "threaded\n");
	else if (!cgroup_is_valid_domain(cgrp))
		seq_puts(m, "domain invalid\n");
	else if (cgroup_is_thread_root(cgrp))
		seq_puts(m, "domain threaded\n");
	else
		seq_puts(m, "domain\n");
	return 0;
}

/* There is no way back from "threaded". */
static int type_write(struct file *file, struct cgroup *cgrp, char *text)
{
	return strcmp(text, "threaded") ? -EINVAL : cgroup_enable_threaded(cgrp);
}

static int controllers_show(struct seq_file *m, struct cgroup *cgrp)
{
	cgroup_print_mask(m, cgroup_control(cgrp));
	return 0;
}

static int subtree_control_show(struct seq_file *m, struct cgroup *cgrp)
{
	cgroup_print_mask(m, cgrp->subtree_control);
	return 0;
}

static int events_show(struct seq_file *m, struct cgroup *cgrp)
{
	seq_printf(m, "populated %d\nfrozen %d\n", cgroup_is_populated(cgrp), cgrp->frozen);
	return 0;
}

static int freeze_show(struct seq_file *m, struct cgroup *cgrp)
{
	seq_printf(m, "%d\n", cgrp->freeze);
	return 0;
}

/* What a removed group had charged goes to its parent at once: none is left dying. */
static int stat_show(struct seq_file *m, struct cgroup *cgrp)
{
	seq_printf(m, "nr_descendants %d\nnr_dying_descendants 0\n", cgrp->nr_descendants);
	return 0;
}

const struct cftype cgroup_base_files[] = {
	{ .name = "cgroup.type",
	  .flags = CFTYPE_NOT_ON_ROOT,
	  .show = type_show,
	  .write = type_write },
	{ .name = "cgroup.procs",
	  .flags = CFTYPE_DELEGATED,
	  .show = cgroup_procs_show,
	  .write = cgroup_procs_write },
	{ .name = "cgroup.threads",
	  .flags = CFTYPE_DELEGATED,
	  .show = cgroup_threads_show,
	  .write = cgroup_threads_write },
	{ .name = "cgroup.controllers", .show = controllers_show },
	{ .name = "cgroup.subtree_control",
	  .flags = CFTYPE_DELEGATED,
	  .show = subtree_control_show,
	  .write = cgroup_subtree_control_write },
	{ .name = "cgroup.events",
	  .flags = CFTYPE_NOT_ON_ROOT,
	  .event = CGROUP_EVENTS + 1,
	  .show = events_show },
	{ .name = "cgroup.max.descendants",
	  .show = max_descendants_show,
	  .write = max_descendants_write },
	{ .name = "cgroup.max.depth", .show = max_depth_show, .write = max_depth_write },
	{ .name = "cgroup.stat", .show = stat_show },
	{ .name = "cpu.stat", .show = cgroup_cpu_stat_show },
	{ .name = "cgroup.freeze",
	  .flags = CFTYPE_NOT_ON_ROOT,
	  .show = freeze_show,
	  .write = cgroup_freeze_write },
	{ .name = "cgroup.pressure",
	  .flags = CFTYPE_PSI,
	  .show = cgroup_pressure_show,
	  .write = cgroup_pressure_write },
	{ .name = "cgroup.kill", .flags = CFTYPE_NOT_ON_ROOT, .write = cgroup_kill_write },
	{ 0 }
};
