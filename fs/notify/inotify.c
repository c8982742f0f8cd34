// SPDX-License-Identifier: MIT
/*
 * inotify(7): who watches a file or a directory reads what happens to it.
 *
 * 1 An instance (an open file) is a group (group.c) whose marks, each of one inode, are called watches.
 * 2 An event that equals the last one of the queue is left out. What has no memory, or no room (max_queued_events),
 *   becomes one event IN_Q_OVERFLOW.
 * 3 A watch ends, with IN_IGNORED, by inotify_rm_watch(), with IN_ONESHOT after an event, when the last name and user of
 *   the file go (IN_DELETE_SELF), and when its file system does (IN_UNMOUNT).
 * 4 Locks: fsnotify_lock for everything.
 * 5 Linux 6.1: fs/notify/inotify/. Different here: max_user_watches does not depend on the size of memory.
 * 6 Observed by /proc/PID/fdinfo, /proc/sys/fs/inotify.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/list.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/namei.h>
#include <fs/poll.h>
#include <fs/proc_fs.h>
#include <fs/seq_file.h>
#include <fs/super.h>
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
	struct fsnotify_queued queued;
	struct inotify_event head; /* its name behind it */
};

struct instance {
	struct fsnotify_group group; /* its marks are those of watches */
	int last_wd;
	struct event overflow;
};

struct watch {
	struct fsnotify_mark mark;
	struct instance *instance;
	int wd;
};

static const struct file_operations inotify_fops;
static struct fsnotify_kind instances = {
	.name = "inotify",
	.fops = &inotify_fops,
	.groups = LIST_HEAD_INIT(instances.groups),
	.max_groups = 128,
	.max_marks = 8192,
	.max_events = 16384,
};

static struct event *event_of(struct fsnotify_queued *q)
{
	return container_of(q, struct event, queued);
}

static struct watch *watch_of(struct fsnotify_mark *mark)
{
	return container_of(mark, struct watch, mark);
}

static struct instance *instance_of(const struct file *file)
{
	return container_of(file->private_data, struct instance, group);
}

/* --- events ------------------------------------------------------------------------------------------ */

/* => fsnotify_lock */
static bool repeats_last(struct instance *in, int wd, u32 mask, const char *name)
{
	struct inotify_event *last;

	if (list_empty(&in->group.events) || mask & IN_IGNORED)
		return false;
	last = &event_of(list_last_entry(&in->group.events, struct fsnotify_queued, list))->head;
	if (last->wd != wd || last->mask != mask || !last->len != !name)
		return false;
	return !name || !strcmp(last->name, name);
}

/* The length of a name as it is read: with zeroes up to a multiple of the head. */
static size_t padded(const char *name)
{
	size_t unit = sizeof(struct inotify_event);

	return name ? (strlen(name) / unit + 1) * unit : 0;
}

/* => fsnotify_lock */
static void add_event(struct watch *w, u32 mask, const char *name, u32 cookie)
{
	struct instance *in = w->instance;
	size_t len = padded(name);
	struct event *e;

	if (repeats_last(in, w->wd, mask, name) || !fsnotify_has_room(&in->group))
		return;
	e = kzalloc(sizeof(*e) + len, GFP_ATOMIC | __GFP_ACCOUNT | __GFP_NOWARN);
	if (e) {
		e->queued.size = sizeof(e->head) + len;
		e->head = (struct inotify_event){
			.wd = w->wd, .mask = mask, .cookie = cookie, .len = len
		};
		if (name)
			memcpy(e->head.name, name, strlen(name));
	}
	fsnotify_queue(&in->group, e ? &e->queued : NULL);
}

static bool inotify_event(struct fsnotify_mark *mark, struct fsnotify_event *event,
			  enum fsnotify_role role)
{
	u32 mask = event->mask;

	if (event->unlinked && role == FSNOTIFY_PARENT && mark->mask & IN_EXCL_UNLINK)
		return false;
	if (mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT))
		mask &= ~IN_ISDIR;
	add_event(watch_of(mark), mask & (IN_ALL_EVENTS | IN_UNMOUNT | IN_ISDIR),
		  fsnotify_name_in(event, role), event->cookie);
	return mark->mask & IN_ONESHOT;
}

static void inotify_ends(struct fsnotify_mark *mark)
{
	struct watch *w = watch_of(mark);

	add_event(w, IN_IGNORED, NULL, 0);
	w->instance->group.nr_marks--;
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

static void free_event(struct instance *in, struct event *e)
{
	if (e != &in->overflow)
		kfree(e);
}

static ssize_t copy_event(struct fsnotify_group *group, struct fsnotify_queued *q, char __user *buf)
{
	struct event *e = event_of(q);
	ssize_t ret = copy_to_user(buf, &e->head, q->size) ? -EFAULT : (ssize_t)q->size;

	free_event(container_of(group, struct instance, group), e);
	return ret;
}

static const struct fsnotify_group_ops instance_ops = {
	.copy = copy_event,
};

static ssize_t inotify_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	return fsnotify_group_read(&instance_of(file)->group, file, buf, count);
}

static __poll_t inotify_poll(struct file *file, poll_table *wait)
{
	return fsnotify_group_poll(&instance_of(file)->group, file, wait);
}

static long inotify_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct instance *in = instance_of(file);
	struct fsnotify_queued *q;
	size_t bytes = 0;

	if (cmd != FIONREAD)
		return -ENOTTY;
	spin_lock(&fsnotify_lock);
	list_for_each_entry (q, &in->group.events, list)
		bytes += q->size;
	spin_unlock(&fsnotify_lock);
	return put_user((int)bytes, (int __user *)arg);
}

static int inotify_release(struct inode *inode, struct file *file)
{
	struct instance *in = instance_of(file);
	struct fsnotify_queued *q;

	fsnotify_group_end(&in->group);
	while ((q = fsnotify_take(&in->group, SIZE_MAX)))
		free_event(in, event_of(q));
	kfree(in);
	return 0;
}

static void inotify_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct fsnotify_mark *mark;

	spin_lock(&fsnotify_lock);
	list_for_each_entry (mark, &instance_of(file)->group.marks, list) {
		seq_printf(m, "inotify wd:%x ino:%lx sdev:%x mask:%x ignored_mask:0 ",
			   watch_of(mark)->wd, mark->inode->i_ino,
			   (unsigned int)mark->inode->i_sb->s_dev,
			   mark->mask & (IN_ALL_EVENTS | FLAGS));
		fsnotify_show_handle(m, mark->inode);
		seq_printf(m, "\n");
	}
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

static int do_inotify_init(int flags)
{
	struct instance *in;
	int fd;

	if (flags & ~(IN_CLOEXEC | IN_NONBLOCK))
		return -EINVAL;
	in = kzalloc(sizeof(*in), GFP_KERNEL_ACCOUNT);
	if (!in)
		return -ENOMEM;
	in->overflow.head = (struct inotify_event){ .wd = -1, .mask = IN_Q_OVERFLOW };
	in->overflow.queued.size = sizeof(in->overflow.head);
	fd = fsnotify_group_open(&in->group, &instances, &instance_ops, &in->overflow.queued,
				 O_RDONLY | flags);
	if (fd < 0)
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

	hlist_for_each_entry (mark, fsnotify_chain(&inode->i_watches), node)
		if (mark->object == &inode->i_watches && mark->ops == &inotify_ops &&
		    watch_of(mark)->instance == in)
			return watch_of(mark);
	return NULL;
}

/* A number of its own, even where some are still in use after 2^31. => fsnotify_lock */
static int next_wd(struct instance *in)
{
	struct fsnotify_mark *mark;

	do {
		in->last_wd = in->last_wd == S32_MAX ? 1 : in->last_wd + 1;
		list_for_each_entry (mark, &in->group.marks, list)
			if (watch_of(mark)->wd == in->last_wd)
				break;
	} while (!list_entry_is_head(mark, &in->group.marks, list));
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
	if (!fsnotify_may_mark(&in->group, &instances))
		return -ENOSPC;
	w = *fresh;
	*fresh = NULL;
	*w = (struct watch){ .instance = in, .wd = next_wd(in), .mark.mask = mask };
	fsnotify_add_mark(&w->mark, &inode->i_watches, inode, &inotify_ops);
	list_add(&w->mark.list, &in->group.marks);
	in->group.nr_marks++;
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
		ret = add_watch(instance_of(f.file), name, mask);
	fdput(f);
	return ret;
}

static int remove_watch(struct instance *in, int wd)
{
	struct fsnotify_mark *mark, *next;
	LIST_HEAD(dead);

	spin_lock(&fsnotify_lock);
	list_for_each_entry_safe (mark, next, &in->group.marks, list)
		if (watch_of(mark)->wd == wd)
			fsnotify_end_mark(mark, &dead);
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
		ret = remove_watch(instance_of(f.file), wd);
	fdput(f);
	return ret;
}

static struct ctl_table inotify_table[] = { { .path = "fs/inotify/max_user_instances",
					      .mode = 0644,
					      .type = CTL_INT,
					      .data = &instances.max_groups,
					      .max = S32_MAX },
					    { .path = "fs/inotify/max_user_watches",
					      .mode = 0644,
					      .type = CTL_INT,
					      .data = &instances.max_marks,
					      .max = S32_MAX },
					    { .path = "fs/inotify/max_queued_events",
					      .mode = 0644,
					      .type = CTL_INT,
					      .data = &instances.max_events,
					      .max = S32_MAX },
					    { 0 } };

static int __init inotify_init(void)
{
	register_sysctl_table(inotify_table);
	return 0;
}
late_initcall(inotify_init);
