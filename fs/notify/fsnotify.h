/* SPDX-License-Identifier: MIT */
/* What the core of fsnotify and its back ends, inotify, dnotify and fanotify, share. Theory: fs/notify/fsnotify.c. */
#ifndef QUIRE_FS_NOTIFY_FSNOTIFY_H
#define QUIRE_FS_NOTIFY_FSNOTIFY_H

#include <base/types.h>
#include <base/list.h>
#include <fs/fsnotify.h>
#include <fs/poll.h>
#include <sync/spinlock.h>
#include <sync/wait.h>

struct fsnotify_mark;
struct fsnotify_group;
struct seq_file;

/* Events of the names in a directory, rather than of a file. */
#define FSNOTIFY_DIRENT	(FAN_CREATE | FAN_DELETE | FAN_MOVED_FROM | FAN_MOVED_TO | FAN_RENAME)
#define FSNOTIFY_PERM	(FAN_OPEN_PERM | FAN_ACCESS_PERM | FAN_OPEN_EXEC_PERM)

/* In which part the object of a mark takes in an event. */
enum fsnotify_role {
	FSNOTIFY_PARENT,	/* directory of the file that it happened to */
	FSNOTIFY_INODE,		/* the file itself; the directory whose names changed */
	FSNOTIFY_NEW_DIR,	/* FAN_RENAME: directory of the new name */
	FSNOTIFY_MOUNT,
	FSNOTIFY_SB,
	FSNOTIFY_ROLES
};

struct fsnotify_event {
	u32 mask;
	u32 cookie;
	u16 *on[FSNOTIFY_ROLES];	/* i_watches and the like of who may be marked for it; NULL: nobody */
	struct inode *inode;		/* what it happened to; NULL: a new file that is not in memory yet */
	struct inode *dir;		/* where that has @name; NULL */
	const char *name;
	struct inode *new_dir;		/* FAN_RENAME: has @new_name since */
	const char *new_name;
	const struct path *path;	/* of an open file; NULL */
	bool unlinked;			/* @name is that of a file that has none any more */
	struct list_head hits;		/* groups that are to be told when all marks have been seen */
};

/* The name that a mark in @role hears: a file itself hears none. */
static inline const char *fsnotify_name_in(const struct fsnotify_event *event, enum fsnotify_role role)
{
	return role == FSNOTIFY_PARENT || event->mask & FSNOTIFY_DIRENT ? event->name : NULL;
}

/* Of a back end; all => fsnotify_lock, but for free. */
struct fsnotify_ops {
	/* An event that is in the mask of @mark. true: @mark ends with it */
	bool (*event)(struct fsnotify_mark *mark, struct fsnotify_event *event, enum fsnotify_role role);
	void (*ends)(struct fsnotify_mark *mark);	/* @mark ends; NULL: that tells nobody anything */
	void (*free)(struct fsnotify_mark *mark);
};

/*
 * That somebody watches an inode, a mount or a super block; a part of what the back end knows of it.
 * Legend: fsnotify_lock for all
 */
struct fsnotify_mark {
	struct hlist_node node;		/* chain of its object */
	struct list_head list;		/* the back end's; of those that end */
	const struct fsnotify_ops *ops;	/* c */
	u16 *object;			/* c: its i_watches, mnt_watches or s_watches, which counts its marks */
	struct inode *inode;		/* a reference, to an object that is to stay; NULL */
	u32 mask;
};

extern spinlock_t fsnotify_lock;

/* The rest, but for what says otherwise: => fsnotify_lock */

/* @mark begins. @inode is its object if that is to stay as long, else NULL. */
void fsnotify_add_mark(struct fsnotify_mark *mark, u16 *object, struct inode *inode,
		       const struct fsnotify_ops *ops);
/* @mark, whose object is @inode, keeps it from now on. */
void fsnotify_pin(struct fsnotify_mark *mark, struct inode *inode);
/* @mark ends: onto @dead, for fsnotify_free_marks() without the lock, since that may sleep. */
void fsnotify_end_mark(struct fsnotify_mark *mark, struct list_head *dead);
void fsnotify_free_marks(struct list_head *dead);
/* The chain with the marks of @object, among those of others. */
struct hlist_head *fsnotify_chain(const u16 *object);
/* Show @event to each mark that wants it; those that end go onto @dead. */
void fsnotify_show(struct fsnotify_event *event, struct list_head *dead);
/* May @dentry, opened at @path if not NULL, have an event that somebody wants? Without the lock. */
bool fsnotify_near(const struct dentry *dentry, const struct path *path);
/*
 * What @event is of @dentry, opened at @path if not NULL; @name is room for NAME_MAX + 1 bytes. The directory of the event,
 * to be put after it. Without the lock.
 */
struct dentry *fsnotify_of_dentry(struct fsnotify_event *event, struct dentry *dentry, const struct path *path,
				  char *name);

/* ---- group.c ---- */

/* An event that waits to be read; a part of what the back end knows of it. */
struct fsnotify_queued {
	struct list_head list;
	size_t size;			/* bytes as it is read; c */
};

struct fsnotify_group_ops {
	/* @q leaves the queue to be read; NULL. => fsnotify_lock */
	void (*taken)(struct fsnotify_queued *q);
	/* Bring @q to @buf and have done with it: its size, or 0 if it is dropped, or an errno. May sleep. */
	ssize_t (*copy)(struct fsnotify_group *group, struct fsnotify_queued *q, char __user *buf);
	/* Tell it of @event, on whose hits it was. => fsnotify_lock. NULL: its marks do it */
	void (*tell)(struct fsnotify_group *group, const struct fsnotify_event *event);
};

/* An open file that has marks and a queue of events. Legend: fsnotify_lock for all that changes */
struct fsnotify_group {
	const struct fsnotify_group_ops *ops;	/* c */
	struct list_head list;			/* all of its kind */
	struct list_head marks;
	struct list_head events;
	struct fsnotify_queued *overflow;	/* c: on the queue or on no list; never freed by ->copy */
	struct list_head hit;			/* on the hits of an event, or on no list */
	unsigned int nr_marks, nr_events, max_events;
	bool unlimited_marks;			/* c: they count for no limit */
	uid_t uid;				/* c: whose it counts as */
	wait_queue_head_t wait;
};

/* Groups of one kind. */
struct fsnotify_kind {
	const char *name;
	const struct file_operations *fops;
	struct list_head groups;
	int max_groups, max_marks, max_events;	/* of a user; of a group */
};

/* All without the lock. A descriptor for @group, whose other fields are 0; -EMFILE, or what anon_inode_getfd() says. */
int fsnotify_group_open(struct fsnotify_group *group, struct fsnotify_kind *kind,
			const struct fsnotify_group_ops *ops, struct fsnotify_queued *overflow, int flags);
/* Its marks end and it gets no event any more: with its file. */
void fsnotify_group_end(struct fsnotify_group *group);
ssize_t fsnotify_group_read(struct fsnotify_group *group, struct file *file, char __user *buf, size_t count);
__poll_t fsnotify_group_poll(struct fsnotify_group *group, struct file *file, poll_table *wait);
/* The oldest event is taken off if it fits into @room: NULL: there is none; ERR_PTR(-EINVAL): too big. */
struct fsnotify_queued *fsnotify_take(struct fsnotify_group *group, size_t room);
/* " fhandle-bytes:..." in a line of fdinfo; nothing for a file without handles. */
void fsnotify_show_handle(struct seq_file *m, struct inode *inode);

/* => fsnotify_lock */
/* Is there room for one event more? If not, the queue says that something was lost. */
bool fsnotify_has_room(struct fsnotify_group *group);
/* @q, NULL: an event for which there is no memory. */
void fsnotify_queue(struct fsnotify_group *group, struct fsnotify_queued *q);
/* May the user of @group have one mark more? */
bool fsnotify_may_mark(const struct fsnotify_group *group, const struct fsnotify_kind *kind);

#endif
