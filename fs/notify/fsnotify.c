// SPDX-License-Identifier: MIT
/*
 * What happens to files, told to who watches them: the core under inotify (inotify.c), dnotify (dnotify.c) and fanotify
 * (fanotify.c).
 *
 * 1 A mark says that a back end watches an object, which is an inode, a mount or a super block, and for which events. Marks
 *   lie in chains by object, which only counts them; while there is no mark at all (include/fs/fsnotify.h), or none of what an
 *   event happens to, nobody looks.
 *	fsnotify_marks == sum of the lengths of all chains == sum of i_watches, mnt_watches, s_watches
 * 2 An event is shown to the marks of the directory that the file is in, of the file itself, of the mount by which it was
 *   opened, and of its file system. The back end of a mark that wants it queues it, or sends a signal, at once: it cannot
 *   sleep. fanotify hears of an event once, however many of its marks want it: its groups gather on event->hits and are told
 *   when all marks have been seen.
 * 3 A mark may have a reference to its inode. It ends when its back end says so, when the last name and user of the file go,
 *   when the inode, to which it has no reference, leaves memory, and with the mount and the file system.
 * 4 Locks: fsnotify_lock for everything; the counts are read without it. Inodes are put without it.
 * 5 Linux 6.1: fs/notify/fsnotify.c, mark.c. Simpler here: one lock; the marks of an object are found by its address.
 */
#include <base/hash.h>
#include <base/string.h>
#include <fs/dentry.h>
#include <fs/inode.h>
#include <fs/super.h>
#include <mm/slab.h>
#include <sync/ranks.h>
#include <linux/limits.h>
#include "fsnotify.h"

#define CHAIN_BITS 6
#define EVENTS	   (IN_ALL_EVENTS | IN_UNMOUNT | FAN_OPEN_EXEC | FSNOTIFY_PERM | FAN_RENAME)

unsigned int fsnotify_marks; /* fsnotify_lock to change */
DEFINE_SPINLOCK(fsnotify_lock, LOCK_FSNOTIFY);
static struct hlist_head chains[1 << CHAIN_BITS];

/* --- marks ------------------------------------------------------------------------------------------- */

struct hlist_head *fsnotify_chain(const u16 *object)
{
	return &chains[hash_ptr(object, CHAIN_BITS)];
}

void fsnotify_pin(struct fsnotify_mark *mark, struct inode *inode)
{
	mark->inode = inode;
	ihold(inode);
}

/* At U16_MAX marks it is not counted any more: their object is looked at for ever. */
static void count_watch(u16 *object, int n)
{
	if (*object < U16_MAX)
		WRITE_ONCE(*object, *object + n);
	WRITE_ONCE(fsnotify_marks, fsnotify_marks + n);
}

void fsnotify_add_mark(struct fsnotify_mark *mark, u16 *object, struct inode *inode,
		       const struct fsnotify_ops *ops)
{
	mark->ops = ops;
	mark->object = object;
	mark->inode = NULL;
	if (inode)
		fsnotify_pin(mark, inode);
	hlist_add_head(&mark->node, fsnotify_chain(object));
	count_watch(object, 1);
}

void fsnotify_end_mark(struct fsnotify_mark *mark, struct list_head *dead)
{
	if (mark->ops->ends)
		mark->ops->ends(mark);
	hlist_del(&mark->node);
	list_move(&mark->list, dead);
	count_watch(mark->object, -1);
}

void fsnotify_free_marks(struct list_head *dead)
{
	struct fsnotify_mark *mark, *next;

	list_for_each_entry_safe (mark, next, dead, list) {
		iput(mark->inode);
		mark->ops->free(mark);
	}
}

/* All marks of @object end. */
void __fsnotify_gone(u16 *object)
{
	struct fsnotify_mark *mark;
	struct hlist_node *next;
	LIST_HEAD(dead);

	if (!READ_ONCE(*object))
		return;
	spin_lock(&fsnotify_lock);
	hlist_for_each_entry_safe (mark, next, fsnotify_chain(object), node)
		if (mark->object == object)
			fsnotify_end_mark(mark, &dead);
	spin_unlock(&fsnotify_lock);
	fsnotify_free_marks(&dead);
}

/* --- events ------------------------------------------------------------------------------------------ */

static void show_to(struct fsnotify_mark *mark, struct fsnotify_event *event,
		    enum fsnotify_role role, struct list_head *dead)
{
	if (mark->mask & event->mask & EVENTS && mark->ops->event(mark, event, role))
		fsnotify_end_mark(mark, dead);
}

static void show_in(struct fsnotify_event *event, enum fsnotify_role role, struct list_head *dead)
{
	struct fsnotify_mark *mark;
	struct hlist_node *next;

	hlist_for_each_entry_safe (mark, next, fsnotify_chain(event->on[role]), node)
		if (mark->object == event->on[role])
			show_to(mark, event, role, dead);
}

void fsnotify_show(struct fsnotify_event *event, struct list_head *dead)
{
	INIT_LIST_HEAD(&event->hits);
	for (enum fsnotify_role role = 0; role < FSNOTIFY_ROLES; role++)
		if (event->on[role] && *event->on[role])
			show_in(event, role, dead);
}

/* Is there anybody who may be marked for @event, and is? */
static bool watched(const struct fsnotify_event *event)
{
	for (enum fsnotify_role role = 0; role < FSNOTIFY_ROLES; role++)
		if (event->on[role] && READ_ONCE(*event->on[role]))
			return true;
	return false;
}

/* => fsnotify_lock */
static void tell_hits(struct fsnotify_event *event)
{
	struct fsnotify_group *group, *next;

	list_for_each_entry_safe (group, next, &event->hits, hit) {
		list_del_init(&group->hit);
		group->ops->tell(group, event);
	}
}

static void tell(struct fsnotify_event *event)
{
	LIST_HEAD(dead);

	if (!watched(event))
		return;
	if (event->inode && S_ISDIR(event->inode->i_mode))
		event->mask |= IN_ISDIR;
	spin_lock(&fsnotify_lock);
	fsnotify_show(event, &dead);
	tell_hits(event);
	spin_unlock(&fsnotify_lock);
	fsnotify_free_marks(&dead);
}

void __fsnotify_inode(struct inode *inode, u32 mask)
{
	struct fsnotify_event event = {
		.mask = mask,
		.inode = inode,
		.on = { [FSNOTIFY_INODE] = &inode->i_watches,
			[FSNOTIFY_SB] = &inode->i_sb->s_watches },
	};

	tell(&event);
}

void __fsnotify_private(const void *file, const void *dir, const char *name)
{
	struct fsnotify_event event = { .mask = IN_MODIFY,
					.name = name,
					.hits = LIST_HEAD_INIT(event.hits) };
	struct fsnotify_mark *mark;
	struct hlist_node *next;
	LIST_HEAD(dead);

	spin_lock(&fsnotify_lock);
	for (int i = 0; i < 1 << CHAIN_BITS; i++)
		hlist_for_each_entry_safe (mark, next, &chains[i], node) {
			const void *private = mark->inode ? mark->inode->i_private : NULL;

			if (private == file)
				show_to(mark, &event, FSNOTIFY_INODE, &dead);
			else if (private == dir)
				show_to(mark, &event, FSNOTIFY_PARENT, &dead);
		}
	tell_hits(&event);
	spin_unlock(&fsnotify_lock);
	fsnotify_free_marks(&dead);
}

/* The names of a directory have changed. */
static struct fsnotify_event dirent_event(struct inode *dir, struct inode *inode, const char *name,
					  u32 mask)
{
	return (struct fsnotify_event){
		.mask = mask,
		.inode = inode,
		.dir = dir,
		.name = name,
		.on = { [FSNOTIFY_INODE] = &dir->i_watches, [FSNOTIFY_SB] = &dir->i_sb->s_watches },
	};
}

void __fsnotify_name(struct inode *dir, struct inode *inode, const char *name, u32 mask)
{
	struct fsnotify_event event = dirent_event(dir, inode, name, mask);

	tell(&event);
}

bool fsnotify_near(const struct dentry *dentry, const struct path *path)
{
	const struct inode *inode = d_inode(dentry), *dir;
	bool near = (inode && READ_ONCE(inode->i_watches)) || READ_ONCE(dentry->d_sb->s_watches) ||
		    (path && READ_ONCE(path->mnt->mnt_watches));

	if (near)
		return true;
	rcu_read_lock();
	dir = READ_ONCE(READ_ONCE(dentry->d_parent)->d_inode);
	near = dir && READ_ONCE(dir->i_watches);
	rcu_read_unlock();
	return near;
}

struct dentry *fsnotify_of_dentry(struct fsnotify_event *event, struct dentry *dentry,
				  const struct path *path, char *name)
{
	struct dentry *parent = dget_parent(dentry);

	event->inode = d_inode(dentry);
	event->path = path;
	event->on[FSNOTIFY_INODE] = event->inode ? &event->inode->i_watches : NULL;
	event->on[FSNOTIFY_MOUNT] = path ? &path->mnt->mnt_watches : NULL;
	event->on[FSNOTIFY_SB] = &dentry->d_sb->s_watches;
	if (parent != dentry && d_inode(parent)) {
		event->dir = d_inode(parent);
		event->on[FSNOTIFY_PARENT] = &event->dir->i_watches;
		event->name = name;
		event->unlinked = d_unlinked(dentry);
		spin_lock(&dentry->d_lock);
		strscpy(name, (const char *)dentry->d_name.name, NAME_MAX + 1);
		spin_unlock(&dentry->d_lock);
	}
	return parent;
}

void __fsnotify_dentry(struct dentry *dentry, const struct path *path, u32 mask)
{
	struct fsnotify_event event = { .mask = mask };
	char name[NAME_MAX + 1];
	struct dentry *parent;

	if (!fsnotify_near(dentry, path))
		return;
	parent = fsnotify_of_dentry(&event, dentry, path, name);
	tell(&event);
	dput(parent);
}

void __fsnotify_move(struct inode *old_dir, const char *old_name, struct inode *new_dir,
		     const char *new_name, struct inode *inode, struct inode *gone)
{
	static atomic_t cookies;
	struct fsnotify_event event = dirent_event(old_dir, inode, old_name, FAN_RENAME);
	u32 cookie = atomic_inc_return(&cookies);

	event.new_dir = new_dir;
	event.on[FSNOTIFY_NEW_DIR] = &new_dir->i_watches;
	event.new_name = new_name;
	tell(&event);
	event = dirent_event(old_dir, inode, old_name, IN_MOVED_FROM);
	event.cookie = cookie;
	tell(&event);
	event = dirent_event(new_dir, inode, new_name, IN_MOVED_TO);
	event.cookie = cookie;
	tell(&event);
	if (gone)
		fsnotify_link_count(gone);
	__fsnotify_inode(inode, IN_MOVE_SELF);
}

void __fsnotify_inoderemove(struct inode *inode)
{
	__fsnotify_inode(inode, IN_DELETE_SELF);
	__fsnotify_gone(&inode->i_watches);
}

/* An inode of @sb that is kept by a mark, with a reference, or NULL. */
static struct inode *watched_on(struct super_block *sb)
{
	struct inode *inode = NULL;
	struct fsnotify_mark *mark;

	spin_lock(&fsnotify_lock);
	for (int i = 0; i < 1 << CHAIN_BITS && !inode; i++)
		hlist_for_each_entry (mark, &chains[i], node)
			if (mark->inode && mark->inode->i_sb == sb) {
				inode = mark->inode;
				ihold(inode);
				break;
			}
	spin_unlock(&fsnotify_lock);
	return inode;
}

void __fsnotify_unmount(struct super_block *sb)
{
	struct inode *inode;

	while ((inode = watched_on(sb))) {
		__fsnotify_inode(inode, IN_UNMOUNT);
		__fsnotify_gone(&inode->i_watches);
		iput(inode);
	}
	__fsnotify_gone(&sb->s_watches);
}
