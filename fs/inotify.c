// SPDX-License-Identifier: MIT
/*
 * inotify(7): who watches a file or a directory reads what happens to it.
 *
 * 1 An instance (an open file) has watches, each of one inode, and a queue of events. A watch lies in a chain by its
 *   inode, so that an inode needs no field for it; while there is no watch at all nobody looks (fsnotify.h).
 *	inotify_watches == sum of the lengths of all chains
 * 2 An event that equals the last one of the queue is left out. What has no memory, or no room (max_queued_events),
 *   becomes one event IN_Q_OVERFLOW, which every instance keeps ready.
 * 3 A watch has a reference to its inode. It ends, with IN_IGNORED, by inotify_rm_watch(), with IN_ONESHOT after an event,
 *   when the last name and user of the file go (IN_DELETE_SELF), and when its file system does (IN_UNMOUNT).
 * 4 Locks: inotify_lock for everything. Inodes are put without it.
 * 5 Linux 6.1: fs/notify/. Different here: the limits per user are counted by going through the instances, when one is
 *   made or gets a watch; max_user_watches does not depend on the size of memory.
 * 6 Observed by /proc/PID/fdinfo, /proc/sys/fs/inotify.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/hash.h>
#include <base/list.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/anon_inodes.h>
#include <fs/dentry.h>
#include <fs/file.h>
#include <fs/fsnotify.h>
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
#include <sync/ranks.h>
#include <sync/spinlock.h>
#include <asm/ioctls.h>
#include <linux/fcntl.h>
#include <linux/limits.h>

#define CHAIN_BITS 6
#define FLAGS	   (IN_EXCL_UNLINK | IN_ONESHOT)
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
	struct hlist_node node; /* chain of its inode */
	struct list_head list;	/* of its instance, or of those that end */
	struct instance *instance;
	struct inode *inode; /* a reference */
	int wd;
	u32 mask;
};

unsigned int inotify_watches; /* inotify_lock to change */
static DEFINE_SPINLOCK(inotify_lock, LOCK_INOTIFY);
static struct hlist_head chains[1 << CHAIN_BITS];
static LIST_HEAD(instances);
static int max_user_instances = 128, max_user_watches = 8192, max_queued_events = 16384;

static struct hlist_head *chain_of(const struct inode *inode)
{
	return &chains[hash_ptr(inode, CHAIN_BITS)];
}

/* --- events ------------------------------------------------------------------------------------------ */

/* => inotify_lock */
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

/* => inotify_lock */
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

/* @w ends: onto @dead, whose inodes are put without the lock. => inotify_lock */
static void end_watch(struct watch *w, struct list_head *dead)
{
	add_event(w->instance, w->wd, IN_IGNORED, NULL, 0);
	hlist_del(&w->node);
	list_move(&w->list, dead);
	w->instance->nr_watches--;
	WRITE_ONCE(inotify_watches, inotify_watches - 1);
}

static void free_watches(struct list_head *dead)
{
	struct watch *w, *next;

	list_for_each_entry_safe (w, next, dead, list) {
		iput(w->inode);
		kfree(w);
	}
}

/* --- what happens ------------------------------------------------------------------------------------ */

/* @unlinked: the name is that of a file that has none any more. */
static void tell(struct inode *inode, u32 mask, const char *name, u32 cookie, bool unlinked)
{
	struct hlist_node *next;
	struct watch *w;
	LIST_HEAD(dead);

	spin_lock(&inotify_lock);
	hlist_for_each_entry_safe (w, next, chain_of(inode), node) {
		if (w->inode != inode || !(mask & w->mask & (IN_ALL_EVENTS | IN_UNMOUNT)))
			continue;
		if (unlinked && w->mask & IN_EXCL_UNLINK)
			continue;
		add_event(w->instance, w->wd, mask, name, cookie);
		if (w->mask & IN_ONESHOT)
			end_watch(w, &dead);
	}
	spin_unlock(&inotify_lock);
	free_watches(&dead);
}

void __fsnotify(struct inode *inode, u32 mask, const char *name, u32 cookie)
{
	tell(inode, mask, name, cookie, false);
}

void __fsnotify_dentry(struct dentry *dentry, u32 mask)
{
	struct inode *inode = d_inode(dentry);
	struct dentry *parent = dget_parent(dentry);
	char name[NAME_MAX + 1];

	if (S_ISDIR(inode->i_mode))
		mask |= IN_ISDIR;
	if (parent != dentry && d_inode(parent)) {
		spin_lock(&dentry->d_lock);
		strscpy(name, (const char *)dentry->d_name.name, sizeof(name));
		spin_unlock(&dentry->d_lock);
		tell(d_inode(parent), mask, name, 0, d_unlinked(dentry));
	}
	dput(parent);
	tell(inode, mask, NULL, 0, false);
}

void __fsnotify_move(struct inode *old_dir, const char *old_name, struct inode *new_dir,
		     const char *new_name, struct inode *inode, struct inode *gone)
{
	static atomic_t cookies;
	u32 is_dir = S_ISDIR(inode->i_mode) ? IN_ISDIR : 0;
	u32 cookie = atomic_inc_return(&cookies);

	tell(old_dir, IN_MOVED_FROM | is_dir, old_name, cookie, false);
	tell(new_dir, IN_MOVED_TO | is_dir, new_name, cookie, false);
	if (gone)
		fsnotify_link_count(gone);
	tell(inode, IN_MOVE_SELF, NULL, 0, false);
}

/* All watches of @inode end. */
static void end_watches(struct inode *inode)
{
	struct hlist_node *next;
	struct watch *w;
	LIST_HEAD(dead);

	spin_lock(&inotify_lock);
	hlist_for_each_entry_safe (w, next, chain_of(inode), node)
		if (w->inode == inode)
			end_watch(w, &dead);
	spin_unlock(&inotify_lock);
	free_watches(&dead);
}

void __fsnotify_inoderemove(struct inode *inode)
{
	tell(inode, IN_DELETE_SELF, NULL, 0, false);
	end_watches(inode);
}

/* An inode of @sb that is watched, with a reference, or NULL. */
static struct inode *watched_on(struct super_block *sb)
{
	struct inode *inode = NULL;
	struct watch *w;

	spin_lock(&inotify_lock);
	for (int i = 0; i < 1 << CHAIN_BITS && !inode; i++)
		hlist_for_each_entry (w, &chains[i], node)
			if (w->inode->i_sb == sb) {
				inode = w->inode;
				ihold(inode);
				break;
			}
	spin_unlock(&inotify_lock);
	return inode;
}

void __fsnotify_unmount(struct super_block *sb)
{
	struct inode *inode;

	while ((inode = watched_on(sb))) {
		tell(inode, IN_UNMOUNT, NULL, 0, false);
		end_watches(inode);
		iput(inode);
	}
}

/* --- the file ---------------------------------------------------------------------------------------- */

/* The first event if it fits into @room: NULL and 0: there is none, or -EINVAL. */
static struct event *take_event(struct instance *in, size_t room, int *err)
{
	struct event *e;

	*err = 0;
	spin_lock(&inotify_lock);
	e = list_first_entry_or_null(&in->events, struct event, list);
	if (e && sizeof(e->head) + e->head.len > room) {
		*err = -EINVAL;
		e = NULL;
	}
	if (e) {
		list_del_init(&e->list);
		in->nr_events--;
	}
	spin_unlock(&inotify_lock);
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
	spin_lock(&inotify_lock);
	list_for_each_entry (e, &in->events, list)
		bytes += sizeof(e->head) + e->head.len;
	spin_unlock(&inotify_lock);
	return put_user((int)bytes, (int __user *)arg);
}

static int inotify_release(struct inode *inode, struct file *file)
{
	struct instance *in = file->private_data;
	struct watch *w, *next;
	LIST_HEAD(dead);
	int err;

	spin_lock(&inotify_lock);
	list_del(&in->list);
	list_for_each_entry_safe (w, next, &in->watches, list)
		end_watch(w, &dead);
	spin_unlock(&inotify_lock);
	free_watches(&dead);
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

	spin_lock(&inotify_lock);
	list_for_each_entry (w, &in->watches, list)
		seq_printf(m, "inotify wd:%x ino:%lx sdev:%x mask:%x ignored_mask:0\n", w->wd,
			   w->inode->i_ino, (unsigned int)w->inode->i_sb->s_dev,
			   w->mask & IN_ALL_EVENTS);
	spin_unlock(&inotify_lock);
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

/* Instances, or watches, of user @uid. => inotify_lock */
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
	spin_lock(&inotify_lock);
	full = count_of(in->uid, false) >= READ_ONCE(max_user_instances);
	if (!full)
		list_add_tail(&in->list, &instances);
	spin_unlock(&inotify_lock);
	fd = full ? -EMFILE : anon_inode_getfd("inotify", &inotify_fops, in, O_RDONLY | flags);
	if (fd >= 0)
		return fd;
	if (!full) {
		spin_lock(&inotify_lock);
		list_del(&in->list);
		spin_unlock(&inotify_lock);
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

/* => inotify_lock */
static struct watch *find_watch(struct instance *in, const struct inode *inode)
{
	struct watch *w;

	hlist_for_each_entry (w, chain_of(inode), node)
		if (w->inode == inode && w->instance == in)
			return w;
	return NULL;
}

/* A number of its own, even where some are still in use after 2^31. => inotify_lock */
static int next_wd(struct instance *in)
{
	struct watch *w;

	do {
		in->last_wd = in->last_wd == S32_MAX ? 1 : in->last_wd + 1;
		list_for_each_entry (w, &in->watches, list)
			if (w->wd == in->last_wd)
				break;
	} while (!list_entry_is_head(w, &in->watches, list));
	return in->last_wd;
}

/* What @arg says of @inode: its watch's number or an errno. *@fresh is used up, or not. => inotify_lock */
static int set_watch(struct instance *in, struct inode *inode, u32 arg, struct watch **fresh)
{
	u32 mask = (arg & (IN_ALL_EVENTS | FLAGS)) | IN_UNMOUNT;
	struct watch *w = find_watch(in, inode);

	if (w) {
		if (arg & IN_MASK_CREATE)
			return -EEXIST;
		w->mask = arg & IN_MASK_ADD ? w->mask | mask : mask;
		return w->wd;
	}
	if (count_of(in->uid, true) >= READ_ONCE(max_user_watches))
		return -ENOSPC;
	w = *fresh;
	*fresh = NULL;
	*w = (struct watch){ .instance = in, .inode = inode, .wd = next_wd(in), .mask = mask };
	ihold(inode);
	hlist_add_head(&w->node, chain_of(inode));
	list_add_tail(&w->list, &in->watches);
	in->nr_watches++;
	WRITE_ONCE(inotify_watches, inotify_watches + 1);
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
		spin_lock(&inotify_lock);
		ret = set_watch(in, d_inode(path.dentry), mask, &fresh);
		spin_unlock(&inotify_lock);
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

	spin_lock(&inotify_lock);
	list_for_each_entry_safe (w, next, &in->watches, list)
		if (w->wd == wd)
			end_watch(w, &dead);
	spin_unlock(&inotify_lock);
	if (list_empty(&dead))
		return -EINVAL;
	free_watches(&dead);
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
