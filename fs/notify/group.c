// SPDX-License-Identifier: MIT
/*
 * Groups: what an open file of inotify and one of fanotify have in common.
 *
 * 1 A group has marks, which are its back end's, and a queue of events that are read in their order.
 *	nr_events == length of the queue, nr_marks == length of the list of marks
 * 2 What has no memory, or no room (max_events), becomes one event that says so, which every group keeps ready: it is on the
 *   queue, or on no list.
 * 3 The limits of a user are counted by going through the groups, when one is made or gets a mark.
 * 4 Locks: fsnotify_lock. Linux 6.1: fs/notify/group.c, notification.c, fdinfo.c.
 */
#include <base/err.h>
#include <base/errno.h>
#include <fs/anon_inodes.h>
#include <fs/exportfs.h>
#include <fs/file.h>
#include <fs/seq_file.h>
#include <fs/super.h>
#include <kernel/cred.h>
#include <kernel/sched.h>
#include <linux/fcntl.h>
#include "fsnotify.h"

/* --- the queue --------------------------------------------------------------------------------------- */

static void enter(struct fsnotify_group *group, struct fsnotify_queued *q)
{
	list_add_tail(&q->list, &group->events);
	group->nr_events++;
	wake_up_interruptible_poll(&group->wait, EPOLLIN | EPOLLRDNORM);
}

static void overflows(struct fsnotify_group *group)
{
	if (list_empty(&group->overflow->list))
		enter(group, group->overflow);
}

bool fsnotify_has_room(struct fsnotify_group *group)
{
	if (group->nr_events < group->max_events)
		return true;
	overflows(group);
	return false;
}

void fsnotify_queue(struct fsnotify_group *group, struct fsnotify_queued *q)
{
	if (q)
		enter(group, q);
	else
		overflows(group);
}

struct fsnotify_queued *fsnotify_take(struct fsnotify_group *group, size_t room)
{
	struct fsnotify_queued *q;

	spin_lock(&fsnotify_lock);
	q = list_first_entry_or_null(&group->events, struct fsnotify_queued, list);
	if (q && q->size > room) {
		q = ERR_PTR(-EINVAL);
	} else if (q) {
		list_del_init(&q->list);
		group->nr_events--;
		if (group->ops->taken && q != group->overflow)
			group->ops->taken(q);
	}
	spin_unlock(&fsnotify_lock);
	return q;
}

ssize_t fsnotify_group_read(struct fsnotify_group *group, struct file *file, char __user *buf,
			    size_t count)
{
	size_t done = 0;
	ssize_t ret;

	for (;;) {
		struct fsnotify_queued *q = fsnotify_take(group, count - done);

		if (!IS_ERR_OR_NULL(q)) {
			ret = group->ops->copy(group, q, buf + done);
			if (ret < 0)
				break;
			done += ret;
			continue;
		}
		ret = PTR_ERR_OR_ZERO(q);
		if (done || ret)
			break;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		ret = wait_event_interruptible(group->wait, !list_empty_careful(&group->events));
		if (ret)
			break;
	}
	return done && ret != -EFAULT ? (ssize_t)done : ret;
}

__poll_t fsnotify_group_poll(struct fsnotify_group *group, struct file *file, poll_table *wait)
{
	poll_wait(file, &group->wait, wait);
	return list_empty_careful(&group->events) ? 0 : EPOLLIN | EPOLLRDNORM;
}

/* --- groups ------------------------------------------------------------------------------------------ */

static bool may_open(const struct fsnotify_group *group, const struct fsnotify_kind *kind)
{
	struct fsnotify_group *other;
	int n = 0;

	list_for_each_entry (other, &kind->groups, list)
		n += other->uid == group->uid;
	return n < READ_ONCE(kind->max_groups);
}

bool fsnotify_may_mark(const struct fsnotify_group *group, const struct fsnotify_kind *kind)
{
	struct fsnotify_group *other;
	unsigned int n = 0;

	if (group->unlimited_marks)
		return true;
	list_for_each_entry (other, &kind->groups, list)
		if (other->uid == group->uid && !other->unlimited_marks)
			n += other->nr_marks;
	return n < (unsigned int)READ_ONCE(kind->max_marks);
}

int fsnotify_group_open(struct fsnotify_group *group, struct fsnotify_kind *kind,
			const struct fsnotify_group_ops *ops, struct fsnotify_queued *overflow,
			int flags)
{
	bool room;
	int fd;

	INIT_LIST_HEAD(&group->marks);
	INIT_LIST_HEAD(&group->events);
	INIT_LIST_HEAD(&group->hit);
	INIT_LIST_HEAD(&overflow->list);
	init_waitqueue_head(&group->wait);
	group->ops = ops;
	group->overflow = overflow;
	if (!group->max_events)
		group->max_events = READ_ONCE(kind->max_events);
	group->uid = current_euid();
	spin_lock(&fsnotify_lock);
	room = may_open(group, kind);
	if (room)
		list_add_tail(&group->list, &kind->groups);
	spin_unlock(&fsnotify_lock);
	if (!room)
		return -EMFILE;
	fd = anon_inode_getfd(kind->name, kind->fops, group, flags);
	if (fd < 0) {
		spin_lock(&fsnotify_lock);
		list_del(&group->list);
		spin_unlock(&fsnotify_lock);
	}
	return fd;
}

void fsnotify_group_end(struct fsnotify_group *group)
{
	struct fsnotify_mark *mark, *next;
	LIST_HEAD(dead);

	spin_lock(&fsnotify_lock);
	list_del(&group->list);
	list_for_each_entry_safe (mark, next, &group->marks, list)
		fsnotify_end_mark(mark, &dead);
	spin_unlock(&fsnotify_lock);
	fsnotify_free_marks(&dead);
}

void fsnotify_show_handle(struct seq_file *m, struct inode *inode)
{
	u32 words[MAX_HANDLE_SZ / sizeof(u32)];
	int n = ARRAY_SIZE(words), type;

	if (!exportfs_can_decode(inode->i_sb->s_export_op))
		return;
	type = exportfs_encode_fh(inode, words, &n);
	if (type == FILEID_INVALID)
		return;
	seq_printf(m, "fhandle-bytes:%x fhandle-type:%x f_handle:", n * (int)sizeof(u32), type);
	for (size_t i = 0; i < n * sizeof(u32); i++)
		seq_printf(m, "%02x", ((u8 *)words)[i]);
}
