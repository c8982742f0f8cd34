// SPDX-License-Identifier: MIT
/*
 * What happens to files, told to who watches them: the core under inotify (inotify.c) and dnotify (dnotify.c).
 *
 * 1 A mark says that a back end watches an inode, and for which events. Marks lie in chains by inode, so that an inode
 *   needs no field for them; while there is no mark at all nobody looks (include/fs/fsnotify.h).
 *	fsnotify_marks == sum of the lengths of all chains
 * 2 An event of a file is told to the directory that it is in, with its name, and to the file itself. The back end of each
 *   mark that wants it queues it, or sends a signal, at once: it cannot sleep.
 * 3 A mark has a reference to its inode. It ends when its back end says so, when the last name and user of the file go,
 *   and when the file system does.
 * 4 Locks: fsnotify_lock for everything. Inodes are put without it.
 * 5 Linux 6.1: fs/notify/fsnotify.c, mark.c. Simpler here: one lock, marks of inodes alone.
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

unsigned int fsnotify_marks; /* fsnotify_lock to change */
DEFINE_SPINLOCK(fsnotify_lock, LOCK_FSNOTIFY);
static struct hlist_head chains[1 << CHAIN_BITS];

/* --- marks ------------------------------------------------------------------------------------------- */

struct hlist_head *fsnotify_chain(const struct inode *inode)
{
	return &chains[hash_ptr(inode, CHAIN_BITS)];
}

void fsnotify_add_mark(struct fsnotify_mark *mark, struct inode *inode,
		       const struct fsnotify_ops *ops)
{
	mark->ops = ops;
	mark->inode = inode;
	ihold(inode);
	hlist_add_head(&mark->node, fsnotify_chain(inode));
	WRITE_ONCE(fsnotify_marks, fsnotify_marks + 1);
}

void fsnotify_end_mark(struct fsnotify_mark *mark, struct list_head *dead)
{
	if (mark->ops->ends)
		mark->ops->ends(mark);
	hlist_del(&mark->node);
	list_move(&mark->list, dead);
	WRITE_ONCE(fsnotify_marks, fsnotify_marks - 1);
}

void fsnotify_free_marks(struct list_head *dead)
{
	struct fsnotify_mark *mark, *next;

	list_for_each_entry_safe (mark, next, dead, list) {
		iput(mark->inode);
		mark->ops->free(mark);
	}
}

/* All marks of @inode end. */
static void end_marks(struct inode *inode)
{
	struct fsnotify_mark *mark;
	struct hlist_node *next;
	LIST_HEAD(dead);

	spin_lock(&fsnotify_lock);
	hlist_for_each_entry_safe (mark, next, fsnotify_chain(inode), node)
		if (mark->inode == inode)
			fsnotify_end_mark(mark, &dead);
	spin_unlock(&fsnotify_lock);
	fsnotify_free_marks(&dead);
}

/* --- events ------------------------------------------------------------------------------------------ */

static void tell(struct inode *inode, const struct fsnotify_event *event)
{
	u32 events = event->mask & (IN_ALL_EVENTS | IN_UNMOUNT | FS_RENAME);
	struct fsnotify_mark *mark;
	struct hlist_node *next;
	LIST_HEAD(dead);

	spin_lock(&fsnotify_lock);
	hlist_for_each_entry_safe (mark, next, fsnotify_chain(inode), node)
		if (mark->inode == inode && mark->mask & events && mark->ops->event(mark, event))
			fsnotify_end_mark(mark, &dead);
	spin_unlock(&fsnotify_lock);
	fsnotify_free_marks(&dead);
}

void __fsnotify(struct inode *inode, u32 mask, const char *name, u32 cookie)
{
	struct fsnotify_event event = { .mask = mask, .name = name, .cookie = cookie };

	tell(inode, &event);
}

void __fsnotify_dentry(struct dentry *dentry, u32 mask)
{
	struct inode *inode = d_inode(dentry);
	struct dentry *parent = dget_parent(dentry);
	char name[NAME_MAX + 1];

	if (S_ISDIR(inode->i_mode))
		mask |= IN_ISDIR;
	if (parent != dentry && d_inode(parent)) {
		struct fsnotify_event event = { .mask = mask,
						.name = name,
						.unlinked = d_unlinked(dentry) };

		spin_lock(&dentry->d_lock);
		strscpy(name, (const char *)dentry->d_name.name, sizeof(name));
		spin_unlock(&dentry->d_lock);
		tell(d_inode(parent), &event);
	}
	dput(parent);
	__fsnotify(inode, mask, NULL, 0);
}

void __fsnotify_move(struct inode *old_dir, const char *old_name, struct inode *new_dir,
		     const char *new_name, struct inode *inode, struct inode *gone)
{
	static atomic_t cookies;
	u32 is_dir = S_ISDIR(inode->i_mode) ? IN_ISDIR : 0;
	u32 cookie = atomic_inc_return(&cookies);

	if (old_dir == new_dir)
		__fsnotify(old_dir, FS_RENAME | is_dir, old_name, 0);
	__fsnotify(old_dir, IN_MOVED_FROM | is_dir, old_name, cookie);
	__fsnotify(new_dir, IN_MOVED_TO | is_dir, new_name, cookie);
	if (gone)
		fsnotify_link_count(gone);
	__fsnotify(inode, IN_MOVE_SELF, NULL, 0);
}

void __fsnotify_inoderemove(struct inode *inode)
{
	__fsnotify(inode, IN_DELETE_SELF, NULL, 0);
	end_marks(inode);
}

/* An inode of @sb that is watched, with a reference, or NULL. */
static struct inode *watched_on(struct super_block *sb)
{
	struct inode *inode = NULL;
	struct fsnotify_mark *mark;

	spin_lock(&fsnotify_lock);
	for (int i = 0; i < 1 << CHAIN_BITS && !inode; i++)
		hlist_for_each_entry (mark, &chains[i], node)
			if (mark->inode->i_sb == sb) {
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
		__fsnotify(inode, IN_UNMOUNT, NULL, 0);
		end_marks(inode);
		iput(inode);
	}
}
