// SPDX-License-Identifier: MIT
/*
 * dnotify: a signal when something happens in a directory that is open. F_NOTIFY in fcntl(2).
 *
 * 1 A mark of a directory has a request for each open file, and table of files, that asked. A request is good for one
 *   signal, unless it says DN_MULTISHOT; without requests the mark ends.
 *	mark->mask == all that the requests of it ask for
 * 2 The signal goes where those of F_SETOWN and F_SETSIG go; who asks becomes the owner if there is none.
 * 3 A request ends with close(2) of the file, by whichever descriptor of that table.
 * 4 Locks: fsnotify_lock. Linux 6.1: fs/notify/dnotify/dnotify.c. Observed by /proc/sys/fs/dir-notify-enable.
 */
#include <base/errno.h>
#include <base/list.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/poll.h>
#include <fs/proc_fs.h>
#include <kernel/init.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/slab.h>
#include <linux/fcntl.h>
#include "fsnotify.h"

struct request {
	struct list_head list;
	struct file *file; /* it goes before the file does */
	fl_owner_t owner;  /* table of files */
	int fd;
	u32 mask;
	bool multishot;
};

struct dnotify_mark {
	struct fsnotify_mark mark;
	struct list_head requests;
};

static int dir_notify_enable = 1;

static struct dnotify_mark *dnotify_of(struct fsnotify_mark *mark)
{
	return container_of(mark, struct dnotify_mark, mark);
}

static void drop_request(struct request *r)
{
	list_del(&r->list);
	kfree(r);
}

/* After a request has changed: the mask of @dm. true: nobody asks any more. => fsnotify_lock */
static bool sum_up(struct dnotify_mark *dm)
{
	struct request *r;
	u32 mask = 0;

	list_for_each_entry (r, &dm->requests, list)
		mask |= r->mask;
	dm->mark.mask = mask;
	return !mask;
}

static bool dnotify_event(struct fsnotify_mark *mark, struct fsnotify_event *event,
			  enum fsnotify_role role)
{
	struct dnotify_mark *dm = dnotify_of(mark);
	struct request *r, *next;

	if (!fsnotify_name_in(event, role) && !(event->mask & IN_ISDIR))
		return false; /* of a file that was once a directory's place */
	if (event->mask & FAN_RENAME && (event->dir != event->new_dir || role != FSNOTIFY_INODE))
		return false; /* only within the directory, and once */
	list_for_each_entry_safe (r, next, &dm->requests, list) {
		if (!(r->mask & event->mask))
			continue;
		send_sigio(&r->file->f_owner, r->fd, POLL_MSG);
		if (!r->multishot)
			drop_request(r);
	}
	return sum_up(dm);
}

static void dnotify_free(struct fsnotify_mark *mark)
{
	struct dnotify_mark *dm = dnotify_of(mark);
	struct request *r, *next;

	list_for_each_entry_safe (r, next, &dm->requests, list)
		drop_request(r);
	kfree(dm);
}

static const struct fsnotify_ops dnotify_ops = {
	.event = dnotify_event,
	.free = dnotify_free,
};

/* => fsnotify_lock */
static struct dnotify_mark *find_mark(const struct inode *dir)
{
	struct fsnotify_mark *mark;

	hlist_for_each_entry (mark, fsnotify_chain(&dir->i_watches), node)
		if (mark->object == &dir->i_watches && mark->ops == &dnotify_ops)
			return dnotify_of(mark);
	return NULL;
}

/* => fsnotify_lock */
static struct request *find_request(struct dnotify_mark *dm, const struct file *file,
				    fl_owner_t owner)
{
	struct request *r;

	list_for_each_entry (r, &dm->requests, list)
		if (r->file == file && r->owner == owner)
			return r;
	return NULL;
}

void __dnotify_flush(struct file *file, fl_owner_t owner)
{
	struct dnotify_mark *dm;
	struct request *r;
	LIST_HEAD(dead);

	spin_lock(&fsnotify_lock);
	dm = find_mark(file_inode(file));
	r = dm ? find_request(dm, file, owner) : NULL;
	if (r) {
		drop_request(r);
		if (sum_up(dm))
			fsnotify_end_mark(&dm->mark, &dead);
	}
	spin_unlock(&fsnotify_lock);
	fsnotify_free_marks(&dead);
}

/* DN_* as events. */
static u32 events_of(unsigned long arg)
{
	static const struct {
		u32 dn, in;
	} map[] = {
		{ DN_ACCESS, IN_ACCESS },
		{ DN_MODIFY, IN_MODIFY },
		{ DN_CREATE, IN_CREATE | IN_MOVED_TO },
		{ DN_DELETE, IN_DELETE | IN_MOVED_FROM },
		{ DN_RENAME, FAN_RENAME },
		{ DN_ATTRIB, IN_ATTRIB },
	};
	u32 mask = 0;

	for (size_t i = 0; i < sizeof(map) / sizeof(*map); i++)
		if (arg & map[i].dn)
			mask |= map[i].in;
	return mask;
}

/* *@fresh and *@fresh_mark are used up where there is none yet. => fsnotify_lock */
static void enter_request(struct inode *dir, struct request **fresh,
			  struct dnotify_mark **fresh_mark)
{
	struct dnotify_mark *dm = find_mark(dir);
	struct request *r;

	if (!dm) {
		dm = *fresh_mark;
		*fresh_mark = NULL;
		INIT_LIST_HEAD(&dm->requests);
		INIT_LIST_HEAD(&dm->mark.list);
		fsnotify_add_mark(&dm->mark, &dir->i_watches, dir, &dnotify_ops);
	}
	r = find_request(dm, (*fresh)->file, (*fresh)->owner);
	if (r) {
		r->fd = (*fresh)->fd;
		r->mask |= (*fresh)->mask;
		r->multishot |= (*fresh)->multishot;
	} else {
		list_add(&(*fresh)->list, &dm->requests);
		*fresh = NULL;
	}
	sum_up(dm);
}

static bool still_open(int fd, const struct file *file)
{
	struct file *now;

	spin_lock(&current->files->file_lock);
	now = files_lookup_fd_locked(current->files, fd);
	spin_unlock(&current->files->file_lock);
	return now == file;
}

static int add_request(int fd, struct file *file, unsigned long arg)
{
	struct request *r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);
	struct dnotify_mark *dm = kzalloc(sizeof(*dm), GFP_KERNEL_ACCOUNT);
	int err = -ENOMEM;

	if (r && dm)
		err = f_setown(file, current->tgid, 0);
	if (!err) {
		r->file = file;
		r->owner = current->files;
		r->fd = fd;
		r->mask = events_of(arg);
		r->multishot = !!(arg & DN_MULTISHOT);
		spin_lock(&fsnotify_lock);
		enter_request(file_inode(file), &r, &dm);
		spin_unlock(&fsnotify_lock);
		if (!still_open(fd, file)) /* close(2) was faster: it has missed this one */
			__dnotify_flush(file, current->files);
	}
	kfree(r);
	kfree(dm);
	return err;
}

int fcntl_dirnotify(int fd, struct file *file, unsigned long arg)
{
	if (!READ_ONCE(dir_notify_enable))
		return -EINVAL;
	if (!(arg & ~(unsigned long)DN_MULTISHOT)) {
		dnotify_flush(file, current->files);
		return 0;
	}
	if (!S_ISDIR(file_inode(file)->i_mode))
		return -ENOTDIR;
	return events_of(arg) ? add_request(fd, file, arg) : 0;
}

static struct ctl_table dnotify_table[] = { { .path = "fs/dir-notify-enable",
					      .mode = 0644,
					      .type = CTL_INT,
					      .data = &dir_notify_enable },
					    { 0 } };

static int __init dnotify_init(void)
{
	register_sysctl_table(dnotify_table);
	return 0;
}
late_initcall(dnotify_init);
