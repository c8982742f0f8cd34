/* SPDX-License-Identifier: MIT */
/* What the core of fsnotify and its back ends, inotify and dnotify, share. Theory: fs/notify/fsnotify.c. */
#ifndef QUIRE_FS_NOTIFY_FSNOTIFY_H
#define QUIRE_FS_NOTIFY_FSNOTIFY_H

#include <base/types.h>
#include <base/list.h>
#include <fs/fsnotify.h>
#include <sync/spinlock.h>

/* Beside IN_*, for dnotify: a file was renamed within its directory. */
#define FS_RENAME	0x10000000

struct fsnotify_mark;

struct fsnotify_event {
	u32 mask;
	const char *name;	/* in the directory that is watched; NULL: the file itself */
	u32 cookie;
	bool unlinked;		/* the name is that of a file that has none any more */
};

/* Of a back end; all => fsnotify_lock, but for free. */
struct fsnotify_ops {
	/* An event that is in the mask of @mark. true: @mark ends with it */
	bool (*event)(struct fsnotify_mark *mark, const struct fsnotify_event *event);
	void (*ends)(struct fsnotify_mark *mark);	/* @mark ends; NULL: that tells nobody anything */
	void (*free)(struct fsnotify_mark *mark);
};

/* That somebody watches an inode; a part of what the back end knows of it. Legend: fsnotify_lock for all */
struct fsnotify_mark {
	struct hlist_node node;		/* chain of its inode */
	struct list_head list;		/* the back end's; of those that end */
	const struct fsnotify_ops *ops;	/* c */
	struct inode *inode;		/* c: a reference */
	u32 mask;
};

extern spinlock_t fsnotify_lock;

/* The rest: => fsnotify_lock */
void fsnotify_add_mark(struct fsnotify_mark *mark, struct inode *inode, const struct fsnotify_ops *ops);
/* @mark ends: onto @dead, for fsnotify_free_marks() without the lock, since that may sleep. */
void fsnotify_end_mark(struct fsnotify_mark *mark, struct list_head *dead);
void fsnotify_free_marks(struct list_head *dead);
/* The chain with the marks of @inode, among those of others. */
struct hlist_head *fsnotify_chain(const struct inode *inode);

#endif
