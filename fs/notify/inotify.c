// SPDX-License-Identifier: MIT
/*
 * inotify(7): who watches a file or a directory reads what happens to it.
 *
 * 1 An instance (an open file) has watches, each a mark of one inode (fsnotify.c), and a queue of events.
 * 2 An event that equals the last one of the queue is left out. What has no memory, or no room (max_queued_events),
 *   becomes one event IN_Q_OVERFLOW, which every instance keeps ready.
 * 3 A watch ends, with IN_IGNORED, by inotify_rm_watch(), with IN_ONESHOT after an event, when the last name and user of
 *   the file go (IN_DELETE_SELF), and when its file system does (IN_UNMOUNT).
 * 4 Locks: fsnotify_lock for everything.
 * 5 Linux 6.1: fs/notify/inotify/. Different here: the limits per user are counted by going through the instances, when one is
 *   made or gets a watch; max_user_watches does not depend on the size of memory.
 * 6 Observed by /proc/PID/fdinfo, /proc/sys/fs/inotify.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/list.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/anon_inodes.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/namei.h>
#include <fs/poll.h>
#include <fs/proc_fs.h>
#include <fs/seq_file.h>
#include <fs/super.h>
#include <kernel/cred.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <kernel/sched.h>
#include <mm/slab.h>
#include <seam/uaccess.h>
#include <sync/spinlock.h>
#include <asm/ioctls.h>
#include <linux/fcntl.h>
#include "fsnotify.h"

#define FLAGS (IN_EXCL_UNLINK | IN_ONESHOT)
#define ALL_BITS                                                                                   \
	(IN_ALL_EVENTS | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED | IN_ONLYDIR | IN_DONT_FOLLOW |   \
	 IN_MASK_ADD | IN_MASK_CREATE | IN_ISDIR | FLAGS)

struct event {
	struct list_head list;
	struct inotify_event head; /* its name behind it */
};

struct instance {
	struct list_head list;	  /* of all */
	struct list_head watches; /* of struct watch */
	struct list_head events;
	unsigned int nr_watches, nr_events;
	int last_wd;
	uid_t uid; /* whose it counts as */
	wait_queue_head_t wait;
	struct event overflow; /* on the list of events or on none */
};

struct watch {
	struct fsnotify_mark mark; /* its list is that of the instance */
	struct instance *instance;
	int wd;
};

static LIST_HEAD(instances);
static int max_user_instances = 128, max_user_watches = 8192, max_queued_events = 16384;

/* --- events ------------------------------------------------------------------------------------------ */

/* => fsnotify_lock */
static void queue_event(struct instance *in, struct event *e)
{
	list_add_tail(&e->list, &in->events);
	in->nr_events++;
}

static bool repeats_last(struct instance *in, int wd, u32 mask, const char *name)
{
	struct event *last;

	if (list_empty(&in->events) || mask & IN_IGNORED)
		return false;
	last = list_last_entry(&in->events, struct event, list);
	if (last->head.wd != wd || last->head.mask != mask || !last->head.len != !name)
		return false;
	return !name || !strcmp(last->head.name, name);
}

/* The length of a name as it is read: with zeroes up to a multiple of the head. */
static size_t padded(const char *name)
{
	size_t unit = sizeof(struct inotify_event);

	return name ? (strlen(name) / unit + 1) * unit : 0;
}

/* => fsnotify_lock */
static void add_event(struct instance *in, int wd, u32 mask, const char *name, u32 cookie)
{
	size_t len = padded(name);
	struct event *e = NULL;

	if (repeats_last(in, wd, mask, name))
		return;
	if (in->nr_events < READ_ONCE(max_queued_events))
		e = kzalloc(sizeof(*e) + len, GFP_ATOMIC | __GFP_ACCOUNT | __GFP_NOWARN);
	if (e) {
		e->head = (struct inotify_event){
			.wd = wd, .mask = mask, .cookie = cookie, .len = len
		};
		if (name)
			memcpy(e->head.name, name, strlen(name));
		queue_event(in, e);
	} else if (list_empty(&in->overflow.list)) {
		queue_event(in, &in->overflow);
	}
	wake_up_interruptible_poll(&in->wait, EPOLLIN | EPOLLRDNORM);
}

static struct watch *watch_of(struct fsnotify_mark *mark)
{
	return container_of(mark, struct watch, mark);
}

static bool inotify_event(struct fsnotify_mark *mark, const struct fsnotify_event *event)
{
	struct watch *w = watch_of(mark);

	if (event->unlinked && mark->mask & IN_EXCL_UNLINK)
		return false;
	add_event(w->instance, w->wd, event->mask, event->name, event->cookie);
	return mark->mask & IN_ONESHOT;
}

static void inotify_ends(struct fsnotify_mark *mark)
{
	struct watch *w = watch_of(mark);

	add_event(w->instance, w->wd, IN_IGNORED, NULL, 0);
	w->instance->nr_watches--;
}

static void inotify_free(struct fsnotify_mark *mark)
{
	kfree(watch_of(mark));
}

static const struct fsnotify_ops inotify_ops = {
	.event = inotify_event,
	.ends = inotify_ends,
	.free = inotify_free,
};

/* --- the file ---------------------------------------------------------------------------------------- */

/* The first event if it fits into @room: NULL and 0: there is none, or -EINVAL. */
static struct event *take_event(struct instance *in, size_t room, int *err)
{
	struct event *e;

	*err = 0;
	spin_lock(&fsnotify_lock);
	e = list_first_entry_or_null(&in->events, struct event, list);
	if (e && sizeof(e->head) + e->head.len > room) {
		*err = -EINVAL;
		e = NULL;
	}
	if (e) {
		list_del_init(&e->list);
		in->nr_events--;
	}
	spin_unlock(&fsnotify_lock);
	return e;
}

static ssize_t inotify_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct instance *in = file->private_data;
	size_t done = 0;
	int err;

	for (;;) {
		struct event *e = take_event(in, count - done, &err);

		if (e) {
			size_t size = sizeof(e->head) + e->head.len;

			if (copy_to_user(buf + done, &e->head, size))
				err = -EFAULT;
			if (e != &in->overflow)
				kfree(e);
			if (err)
				return err;
			done += size;
			continue;
		}
		if (done)
			return done;
		if (!err && file->f_flags & O_NONBLOCK)
			err = -EAGAIN;
		if (!err)
			err = wait_event_interruptible(in->wait, !list_empty_careful(&in->events));
		if (err)
			return err;
	}
}

static __poll_t inotify_poll(struct file *file, poll_table *wait)
{
	struct instance *in = file->private_data;

	poll_wait(file, &in->wait, wait);
	return list_empty_careful(&in->events) ? 0 : EPOLLIN | EPOLLRDNORM;
}

static long inotify_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct instance *in = file->private_data;
	struct event *e;
	size_t bytes = 0;

	if (cmd != FIONREAD)
		return -ENOTTY;
	spin_lock(&fsnotify_lock);
	list_for_each_entry (e, &in->events, list)
		bytes += sizeof(e->head) + e->head.len;
	spin_unlock(&fsnotify_lock);
	return put_user((int)bytes, (int __user *)arg);
}

static int inotify_release(struct inode *inode, struct file *file)
{
	struct instance *in = file->private_data;
	struct watch *w, *next;
	LIST_HEAD(dead);
	int err;

	spin_lock(&fsnotify_lock);
	list_del(&in->list);
	list_for_each_entry_safe (w, next, &in->watches, mark.list)
		fsnotify_end_mark(&w->mark, &dead);
	spin_unlock(&fsnotify_lock);
	fsnotify_free_marks(&dead);
	for (struct event *e; (e = take_event(in, SIZE_MAX, &err));)
		if (e != &in->overflow)
			kfree(e);
	kfree(in);
	return 0;
}

static void inotify_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct instance *in = file->private_data;
	struct watch *w;

	spin_lock(&fsnotify_lock);
	list_for_each_entry (w, &in->watches, mark.list)
		seq_printf(m, "inotify wd:%x ino:%lx sdev:%x mask:%x ignored_mask:0\n", w->wd,
			   w->mark.inode->i_ino, (unsigned int)w->mark.inode->i_sb->s_dev,
			   w->mark.mask & IN_ALL_EVENTS);
	spin_unlock(&fsnotify_lock);
}

static const struct file_operations inotify_fops = {
	.read = inotify_read,
	.poll = inotify_poll,
	.unlocked_ioctl = inotify_ioctl,
	.release = inotify_release,
	.show_fdinfo = inotify_show_fdinfo,
	.llseek = noop_llseek,
};

/* --- the calls --------------------------------------------------------------------------------------- */

/* Instances, or watches, of user @uid. => fsnotify_lock */
static int count_of(uid_t uid, bool watches)
{
	struct instance *in;
	int n = 0;

	list_for_each_entry (in, &instances, list)
		if (in->uid == uid)
			n += watches ? in->nr_watches : 1;
	return n;
}

static int do_inotify_init(int flags)
{
	struct instance *in;
	bool full;
	int fd;

	if (flags & ~(IN_CLOEXEC | IN_NONBLOCK))
		return -EINVAL;
	in = kzalloc(sizeof(*in), GFP_KERNEL_ACCOUNT);
	if (!in)
		return -ENOMEM;
	INIT_LIST_HEAD(&in->watches);
	INIT_LIST_HEAD(&in->events);
	INIT_LIST_HEAD(&in->overflow.list);
	in->overflow.head = (struct inotify_event){ .wd = -1, .mask = IN_Q_OVERFLOW };
	init_waitqueue_head(&in->wait);
	in->uid = current_uid();
	spin_lock(&fsnotify_lock);
	full = count_of(in->uid, false) >= READ_ONCE(max_user_instances);
	if (!full)
		list_add_tail(&in->list, &instances);
	spin_unlock(&fsnotify_lock);
	fd = full ? -EMFILE : anon_inode_getfd("inotify", &inotify_fops, in, O_RDONLY | flags);
	if (fd >= 0)
		return fd;
	if (!full) {
		spin_lock(&fsnotify_lock);
		list_del(&in->list);
		spin_unlock(&fsnotify_lock);
	}
	kfree(in);
	return fd;
}

SYSCALL_DEFINE1(inotify_init1, int, flags)
{
	return do_inotify_init(flags);
}

SYSCALL_DEFINE0(inotify_init)
{
	return do_inotify_init(0);
}

/* => fsnotify_lock */
static struct watch *find_watch(struct instance *in, const struct inode *inode)
{
	struct fsnotify_mark *mark;

	hlist_for_each_entry (mark, fsnotify_chain(inode), node)
		if (mark->inode == inode && mark->ops == &inotify_ops &&
		    watch_of(mark)->instance == in)
			return watch_of(mark);
	return NULL;
}

/* A number of its own, even where some are still in use after 2^31. => fsnotify_lock */
static int next_wd(struct instance *in)
{
	struct watch *w;

	do {
		in->last_wd = in->last_wd == S32_MAX ? 1 : in->last_wd + 1;
		list_for_each_entry (w, &in->watches, mark.list)
			if (w->wd == in->last_wd)
				break;
	} while (!list_entry_is_head(w, &in->watches, mark.list));
	return in->last_wd;
}

/* What @arg says of @inode: its watch's number or an errno. *@fresh is used up, or not. => fsnotify_lock */
static int set_watch(struct instance *in, struct inode *inode, u32 arg, struct watch **fresh)
{
	u32 mask = (arg & (IN_ALL_EVENTS | FLAGS)) | IN_UNMOUNT;
	struct watch *w = find_watch(in, inode);

	if (w) {
		if (arg & IN_MASK_CREATE)
			return -EEXIST;
		w->mark.mask = arg & IN_MASK_ADD ? w->mark.mask | mask : mask;
		return w->wd;
	}
	if (count_of(in->uid, true) >= READ_ONCE(max_user_watches))
		return -ENOSPC;
	w = *fresh;
	*fresh = NULL;
	*w = (struct watch){ .instance = in, .wd = next_wd(in), .mark.mask = mask };
	fsnotify_add_mark(&w->mark, inode, &inotify_ops);
	list_add_tail(&w->mark.list, &in->watches);
	in->nr_watches++;
	return w->wd;
}

static int add_watch(struct instance *in, const char __user *name, u32 mask)
{
	unsigned int flags = (mask & IN_DONT_FOLLOW ? 0 : LOOKUP_FOLLOW) |
			     (mask & IN_ONLYDIR ? LOOKUP_DIRECTORY : 0);
	struct watch *fresh;
	struct path path;
	int ret = user_path_at(AT_FDCWD, name, flags, &path);

	if (ret)
		return ret;
	ret = inode_permission(d_inode(path.dentry), MAY_READ);
	fresh = ret ? NULL : kmalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	if (!ret && !fresh)
		ret = -ENOMEM;
	if (!ret) {
		spin_lock(&fsnotify_lock);
		ret = set_watch(in, d_inode(path.dentry), mask, &fresh);
		spin_unlock(&fsnotify_lock);
	}
	kfree(fresh);
	path_put(&path);
	return ret;
}

SYSCALL_DEFINE3(inotify_add_watch, int, fd, const char __user *, name, u32, mask)
{
	struct fd f;
	int ret = -EINVAL;

	if (!(mask & ALL_BITS))
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	if (!(mask & IN_MASK_ADD && mask & IN_MASK_CREATE) && f.file->f_op == &inotify_fops)
		ret = add_watch(f.file->private_data, name, mask);
	fdput(f);
	return ret;
}

static int remove_watch(struct instance *in, int wd)
{
	struct watch *w, *next;
	LIST_HEAD(dead);

	spin_lock(&fsnotify_lock);
	list_for_each_entry_safe (w, next, &in->watches, mark.list)
		if (w->wd == wd)
			fsnotify_end_mark(&w->mark, &dead);
	spin_unlock(&fsnotify_lock);
	if (list_empty(&dead))
		return -EINVAL;
	fsnotify_free_marks(&dead);
	return 0;
}

SYSCALL_DEFINE2(inotify_rm_watch, int, fd, int, wd)
{
	struct fd f = fdget(fd);
	int ret = -EINVAL;

	if (!f.file)
		return -EBADF;
	if (f.file->f_op == &inotify_fops)
		ret = remove_watch(f.file->private_data, wd);
	fdput(f);
	return ret;
}

static struct ctl_table inotify_table[] = { { .path = "fs/inotify/max_user_instances",
					      .mode = 0644,
					      .type = CTL_INT,
					      .data = &max_user_instances,
					      .max = S32_MAX },
					    { .path = "fs/inotify/max_user_watches",
					      .mode = 0644,
					      .type = CTL_INT,
					      .data = &max_user_watches,
					      .max = S32_MAX },
					    { .path = "fs/inotify/max_queued_events",
					      .mode = 0644,
					      .type = CTL_INT,
					      .data = &max_queued_events,
					      .max = S32_MAX },
					    { 0 } };

static int __init inotify_init(void)
{
	register_sysctl_table(inotify_table);
	return 0;
}
late_initcall(inotify_init);
