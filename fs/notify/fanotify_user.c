// SPDX-License-Identifier: MIT
/*
 * The calls of fanotify: fanotify_init(2), fanotify_mark(2), and reading and writing of the descriptor, fanotify(7).
 *
 * 1 Reading makes the descriptors: of the file (FMODE_NONOTIFY: nobody hears of its use) and of the process
 *   (FAN_REPORT_PIDFD). An event for which that fails is lost, and its question answered with no.
 * 2 A mark goes when neither an event is wanted nor ignored by it any more.
 * 3 Linux 6.1: fs/notify/fanotify/fanotify_user.c, whose order the checks have. Different here: max_user_marks does not depend
 *   on the size of memory.
 * 4 Observed by /proc/PID/fdinfo, /proc/sys/fs/fanotify.
 */
#include <base/err.h>
#include <base/errno.h>
#include <fs/dentry.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/mount.h>
#include <fs/namei.h>
#include <fs/proc_fs.h>
#include <fs/seq_file.h>
#include <fs/super.h>
#include <kernel/cred.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <kernel/pid.h>
#include <kernel/sched.h>
#include <mm/slab.h>
#include <seam/uaccess.h>
#include <asm/ioctls.h>
#include <linux/capability.h>
#include <linux/fcntl.h>
#include "fanotify.h"

#define ADMIN_INIT_FLAGS                                                                           \
	(FANOTIFY_CLASS_BITS | FAN_REPORT_TID | FAN_REPORT_PIDFD | FAN_UNLIMITED_QUEUE |           \
	 FAN_UNLIMITED_MARKS)
#define INIT_FLAGS (ADMIN_INIT_FLAGS | FANOTIFY_FID_BITS | FAN_CLOEXEC | FAN_NONBLOCK)
#define EVENT_F_FLAGS                                                                              \
	(O_ACCMODE | O_APPEND | O_NONBLOCK | O_SYNC | O_DSYNC | O_CLOEXEC | O_LARGEFILE | O_NOATIME)

#define MARK_TYPE    (FAN_MARK_MOUNT | FAN_MARK_FILESYSTEM)
#define MARK_COMMAND (FAN_MARK_ADD | FAN_MARK_REMOVE | FAN_MARK_FLUSH)
#define MARK_IGNORES (FAN_MARK_IGNORED_MASK | FAN_MARK_IGNORE)
#define MARK_FLAGS                                                                                 \
	(MARK_TYPE | MARK_COMMAND | MARK_IGNORES | FAN_MARK_DONT_FOLLOW | FAN_MARK_ONLYDIR |       \
	 FAN_MARK_IGNORED_SURV_MODIFY | FAN_MARK_EVICTABLE)

/* Events for which a descriptor can be made; the others; what is of directories alone. */
#define FD_EVENTS  (FAN_ACCESS | FAN_MODIFY | FAN_CLOSE | FAN_OPEN | FAN_OPEN_EXEC | FSNOTIFY_PERM)
#define FID_EVENTS (FSNOTIFY_DIRENT | FAN_ATTRIB | FAN_MOVE_SELF | FAN_DELETE_SELF | FAN_FS_ERROR)
#define DIR_BITS   (FSNOTIFY_DIRENT | FANOTIFY_EVENT_FLAGS)

static const struct file_operations fanotify_fops;
static struct fsnotify_kind groups = {
	.name = "[fanotify]",
	.fops = &fanotify_fops,
	.groups = LIST_HEAD_INIT(groups.groups),
	.max_groups = 128,
	.max_marks = 8192,
	.max_events = 16384,
};

static struct fanotify_group *group_of(const struct file *file)
{
	return container_of(file->private_data, struct fanotify_group, group);
}

/* --- reading ----------------------------------------------------------------------------------------- */

/* A descriptor of what @e happened to, not in the table yet; *@file. FAN_NOFD: it has none. Or an errno. */
static int open_event(const struct fanotify_group *g, const struct fanotify_event *e,
		      struct file **file)
{
	int fd;

	*file = NULL;
	if (!e->path.dentry)
		return FAN_NOFD;
	fd = get_unused_fd_flags(g->f_flags);
	if (fd < 0)
		return fd;
	*file = dentry_open(&e->path, (int)g->f_flags | FMODE_NONOTIFY, current_cred());
	if (!IS_ERR(*file))
		return fd;
	put_unused_fd(fd);
	return PTR_ERR(*file);
}

/* The process, if it may be told of. */
static struct pid *pid_of(const struct fanotify_group *g, const struct fanotify_event *e)
{
	return g->unprivileged && e->pid != task_tgid(current) ? NULL : e->pid;
}

/* A descriptor of the process @pid, FAN_NOPIDFD, or FAN_EPIDFD. */
static int open_pidfd(struct pid *pid)
{
	bool lives;
	int fd;

	rcu_read_lock();
	lives = pid && pid_task(pid, PIDTYPE_TGID);
	rcu_read_unlock();
	if (!lives)
		return FAN_NOPIDFD;
	fd = pidfd_create(pid, 0);
	return fd < 0 ? FAN_EPIDFD : fd;
}

/* 0, or -EFAULT. */
static int put_event(const struct fanotify_group *g, const struct fanotify_event *e, int fd,
		     char __user *buf)
{
	struct fanotify_event_metadata head = {
		.event_len = e->queued.size,
		.vers = FANOTIFY_METADATA_VERSION,
		.metadata_len = FAN_EVENT_METADATA_LEN,
		.mask = e->mask,
		.fd = fd,
	};
	struct fanotify_event_info_pidfd record = {
		.hdr = { .info_type = FAN_EVENT_INFO_TYPE_PIDFD, .len = sizeof(record) },
	};
	struct pid *pid = pid_of(g, e);

	head.pid = pid ? pid_vnr(pid) : 0;
	if (copy_to_user(buf, &head, sizeof(head)) ||
	    copy_to_user(buf + sizeof(head), e->info, e->info_len))
		return -EFAULT;
	if (!(g->flags & FAN_REPORT_PIDFD))
		return 0;
	record.pidfd = open_pidfd(pid);
	if (!copy_to_user(buf + sizeof(head) + e->info_len, &record, sizeof(record)))
		return 0;
	if (record.pidfd >= 0)
		close_fd(record.pidfd);
	return -EFAULT;
}

/* @p was read as descriptor @fd, or could not be. */
static void was_read(struct fanotify_group *g, struct fanotify_perm *p, int fd, bool failed)
{
	struct fanotify_event *dead = NULL;

	spin_lock(&fsnotify_lock);
	p->fd = fd;
	if (failed)
		dead = fanotify_answer(p, FAN_DENY);
	else
		list_add_tail(&p->event.queued.list, &g->asked);
	spin_unlock(&fsnotify_lock);
	if (dead)
		fanotify_free_event(g, dead);
}

/*
 * With FAN_REPORT_DIR_FID alone the only record is one of a directory only if something was done to a directory or its names:
 * that may have come by merging.
 */
static void settle_type(const struct fanotify_group *g, struct fanotify_event *e)
{
	struct fanotify_event_info_header *hdr = (void *)e->info;

	if (e->info_len && (g->flags & FANOTIFY_FID_BITS) == FAN_REPORT_DIR_FID &&
	    !(e->mask & (FSNOTIFY_DIRENT | FAN_ONDIR)))
		hdr->info_type = FAN_EVENT_INFO_TYPE_FID;
}

static ssize_t copy_event(struct fsnotify_group *group, struct fsnotify_queued *q, char __user *buf)
{
	struct fanotify_group *g = container_of(group, struct fanotify_group, group);
	struct fanotify_event *e = fanotify_event_of(q);
	size_t size = q->size;
	struct file *file;
	int fd, err;

	settle_type(g, e);
	fd = open_event(g, e, &file);
	err = fd < 0 && fd != FAN_NOFD ? fd : 0;
	if (!err) {
		err = put_event(g, e, fd, buf);
		if (err && fd >= 0) {
			put_unused_fd(fd);
			fput(file);
		}
	}
	if (fanotify_is_perm(e))
		was_read(g, container_of(e, struct fanotify_perm, event), fd, err);
	else
		fanotify_free_event(g, e);
	if (!err && fd >= 0)
		fd_install(fd, file);
	return err ? err : (ssize_t)size;
}

static const struct fsnotify_group_ops group_ops = {
	.taken = fanotify_taken,
	.copy = copy_event,
	.tell = fanotify_tell,
};

/* --- the file ---------------------------------------------------------------------------------------- */

static ssize_t fanotify_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	return fsnotify_group_read(&group_of(file)->group, file, buf, count);
}

/* The question that was read as @fd is answered. 0, -ENOENT. */
static int respond(struct fanotify_group *g, int fd, u32 response)
{
	struct fanotify_event *dead = NULL;
	struct fsnotify_queued *q;
	int err = -ENOENT;

	spin_lock(&fsnotify_lock);
	list_for_each_entry (q, &g->asked, list) {
		struct fanotify_perm *p =
			container_of(fanotify_event_of(q), struct fanotify_perm, event);

		if (p->fd != fd)
			continue;
		list_del(&q->list);
		dead = fanotify_answer(p, response);
		err = 0;
		break;
	}
	spin_unlock(&fsnotify_lock);
	if (dead)
		fanotify_free_event(g, dead);
	return err;
}

static ssize_t fanotify_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct fanotify_group *g = group_of(file);
	struct fanotify_response r;
	int err;

	if (count < sizeof(r))
		return -EINVAL;
	if (copy_from_user(&r, buf, sizeof(r)))
		return -EFAULT;
	if ((r.response & ~(u32)FAN_AUDIT) != FAN_ALLOW &&
	    (r.response & ~(u32)FAN_AUDIT) != FAN_DENY)
		return -EINVAL;
	if (r.fd < 0 || (r.response & FAN_AUDIT && !(g->flags & FAN_ENABLE_AUDIT)))
		return -EINVAL;
	err = respond(g, r.fd, r.response);
	return err ? err : (ssize_t)sizeof(r);
}

static __poll_t fanotify_poll(struct file *file, poll_table *wait)
{
	return fsnotify_group_poll(&group_of(file)->group, file, wait);
}

static long fanotify_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd != FIONREAD)
		return -ENOTTY;
	return put_user((int)(READ_ONCE(group_of(file)->group.nr_events) * FAN_EVENT_METADATA_LEN),
			(int __user *)arg);
}

/* @e of a group that ends: who waits for an answer may go on. */
static void discard(struct fanotify_group *g, struct fanotify_event *e)
{
	if (fanotify_is_perm(e)) {
		spin_lock(&fsnotify_lock);
		e = fanotify_answer(container_of(e, struct fanotify_perm, event), FAN_ALLOW);
		spin_unlock(&fsnotify_lock);
	}
	if (e)
		fanotify_free_event(g, e);
}

static int fanotify_release(struct inode *inode, struct file *file)
{
	struct fanotify_group *g = group_of(file);
	struct fsnotify_queued *q, *next;

	fsnotify_group_end(&g->group);
	list_for_each_entry_safe (q, next, &g->asked, list)
		discard(g, fanotify_event_of(q));
	while ((q = fsnotify_take(&g->group, SIZE_MAX)))
		discard(g, fanotify_event_of(q));
	kfree(g);
	return 0;
}

static void show_mark(struct seq_file *m, const struct fanotify_mark *mark)
{
	u16 *object = mark->mark.object;
	struct inode *inode = container_of(object, struct inode, i_watches);

	seq_printf(m, "fanotify ");
	if (mark->type == FANOTIFY_INODE)
		seq_printf(m, "ino:%lx sdev:%x ", inode->i_ino, (unsigned int)inode->i_sb->s_dev);
	else if (mark->type == FANOTIFY_MOUNT)
		seq_printf(m, "mnt_id:%x ",
			   container_of(object, struct mount, mnt.mnt_watches)->mnt_id);
	else
		seq_printf(
			m, "sdev:%x ",
			(unsigned int)container_of(object, struct super_block, s_watches)->s_dev);
	seq_printf(m, "mflags:%x mask:%x ignored_mask:%x", mark->flags, mark->wanted,
		   mark->ignored);
	if (mark->type == FANOTIFY_INODE) {
		seq_printf(m, " ");
		fsnotify_show_handle(m, inode);
	}
	seq_printf(m, "\n");
}

static void fanotify_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct fanotify_group *g = group_of(file);
	struct fsnotify_mark *mark;

	seq_printf(m, "fanotify flags:%x event-flags:%x\n", g->flags & INIT_FLAGS, g->f_flags);
	spin_lock(&fsnotify_lock);
	list_for_each_entry (mark, &g->group.marks, list)
		show_mark(m, fanotify_mark_of(mark));
	spin_unlock(&fsnotify_lock);
}

static const struct file_operations fanotify_fops = {
	.read = fanotify_read,
	.write = fanotify_write,
	.poll = fanotify_poll,
	.unlocked_ioctl = fanotify_ioctl,
	.release = fanotify_release,
	.show_fdinfo = fanotify_show_fdinfo,
	.llseek = noop_llseek,
};

/* --- fanotify_init ----------------------------------------------------------------------------------- */

static int check_init(unsigned int flags, unsigned int f_flags)
{
	unsigned int fid = flags & FANOTIFY_FID_BITS, class = flags & FANOTIFY_CLASS_BITS;

	if (!capable(CAP_SYS_ADMIN) && (flags & ADMIN_INIT_FLAGS || !fid))
		return -EPERM;
	if (flags & ~(INIT_FLAGS | FAN_ENABLE_AUDIT))
		return -EINVAL;
	if (flags & FAN_REPORT_PIDFD && flags & FAN_REPORT_TID)
		return -EINVAL;
	if (f_flags & ~(unsigned int)EVENT_F_FLAGS || (f_flags & O_ACCMODE) == O_ACCMODE)
		return -EINVAL;
	if (fid && class)
		return -EINVAL;
	if (fid & FAN_REPORT_NAME && !(fid & FAN_REPORT_DIR_FID))
		return -EINVAL;
	if (fid & FAN_REPORT_TARGET_FID && (!(fid & FAN_REPORT_NAME) || !(fid & FAN_REPORT_FID)))
		return -EINVAL;
	if (class == FANOTIFY_CLASS_BITS)
		return -EINVAL;
	return flags & FAN_ENABLE_AUDIT && !capable(CAP_AUDIT_WRITE) ? -EPERM : 0;
}

/* Those of a higher class before those of a lower one. */
static u64 next_order(unsigned int flags)
{
	static atomic64_t groups_made;

	return (u64)(flags & FANOTIFY_CLASS_BITS) << 60 | atomic64_inc_return(&groups_made);
}

SYSCALL_DEFINE2(fanotify_init, unsigned int, flags, unsigned int, event_f_flags)
{
	struct fanotify_group *g;
	int fd = check_init(flags, event_f_flags);

	if (fd)
		return fd;
	g = kzalloc(sizeof(*g), GFP_KERNEL_ACCOUNT);
	if (!g)
		return -ENOMEM;
	g->flags = flags;
	g->f_flags = event_f_flags | O_LARGEFILE;
	g->unprivileged = !capable(CAP_SYS_ADMIN);
	g->order = next_order(flags);
	g->overflow.mask = FAN_Q_OVERFLOW;
	g->overflow.queued.size = FAN_EVENT_METADATA_LEN;
	if (flags & FAN_REPORT_PIDFD)
		g->overflow.queued.size += sizeof(struct fanotify_event_info_pidfd);
	if (flags & FAN_UNLIMITED_QUEUE)
		g->group.max_events = UINT_MAX;
	g->group.unlimited_marks = flags & FAN_UNLIMITED_MARKS;
	INIT_LIST_HEAD(&g->asked);
	fd = fsnotify_group_open(&g->group, &groups, &group_ops, &g->overflow.queued,
				 O_RDWR | FMODE_NONOTIFY | (flags & FAN_CLOEXEC ? O_CLOEXEC : 0) |
					 (flags & FAN_NONBLOCK ? O_NONBLOCK : 0));
	if (fd < 0)
		kfree(g);
	return fd;
}

/* --- fanotify_mark ----------------------------------------------------------------------------------- */

/* What a call is about. */
struct request {
	struct fanotify_group *group;
	unsigned int flags;
	u32 mask, kept; /* @kept: bits that nobody can take away */
	struct path path;
	__kernel_fsid_t fsid; /* of a group with file handles */
	enum fanotify_object type;
	struct inode *inode; /* FANOTIFY_INODE; else NULL */
	u16 *object;
};

static bool is_add(const struct request *r)
{
	return r->flags & FAN_MARK_ADD;
}

/* Before the descriptor is looked at. 0, -EINVAL. */
static int check_flags(unsigned int flags, u64 mask)
{
	if (mask >> 32 || flags & ~(unsigned int)MARK_FLAGS || (flags & MARK_TYPE) == MARK_TYPE)
		return -EINVAL;
	switch (flags & MARK_COMMAND) {
	case FAN_MARK_ADD:
	case FAN_MARK_REMOVE:
		if (!mask)
			return -EINVAL;
		break;
	case FAN_MARK_FLUSH:
		if (flags & ~(unsigned int)(MARK_TYPE | FAN_MARK_FLUSH))
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}
	if (mask & ~(u64)(FD_EVENTS | FID_EVENTS | FANOTIFY_EVENT_FLAGS))
		return -EINVAL;
	return (flags & MARK_IGNORES) == MARK_IGNORES ? -EINVAL : 0;
}

/* Is the group one for this? 0, -EPERM, -EINVAL. */
static int check_group(const struct request *r)
{
	const struct fanotify_group *g = r->group;
	unsigned int fid = g->flags & FANOTIFY_FID_BITS;

	if (r->type != FANOTIFY_INODE && (!capable(CAP_SYS_ADMIN) || g->unprivileged))
		return -EPERM;
	if (r->mask & FSNOTIFY_PERM && !(g->flags & FANOTIFY_CLASS_BITS))
		return -EINVAL;
	if (r->mask & FAN_FS_ERROR && r->type != FANOTIFY_SB)
		return -EINVAL;
	if (r->flags & FAN_MARK_EVICTABLE && r->type != FANOTIFY_INODE)
		return -EINVAL;
	if (r->mask & ~(u32)(FD_EVENTS | FANOTIFY_EVENT_FLAGS) &&
	    (!fid || r->type == FANOTIFY_MOUNT))
		return -EINVAL;
	return r->mask & FAN_RENAME && !(fid & FAN_REPORT_NAME) ? -EINVAL : 0;
}

/* *@path: with a reference, if 0 or -EACCES is returned. */
static int find_path(int dfd, const char __user *name, unsigned int flags, struct path *path)
{
	unsigned int lookup = (flags & FAN_MARK_DONT_FOLLOW ? 0 : LOOKUP_FOLLOW) |
			      (flags & FAN_MARK_ONLYDIR ? LOOKUP_DIRECTORY : 0);
	struct fd f;
	int err = 0;

	if (name)
		return user_path_at(dfd, name, lookup, path);
	f = fdget(dfd);
	if (!f.file)
		return -EBADF;
	if (flags & FAN_MARK_ONLYDIR && !S_ISDIR(file_inode(f.file)->i_mode))
		err = -ENOTDIR;
	*path = f.file->f_path;
	if (!err)
		path_get(path);
	fdput(f);
	return err;
}

/* How the file system is told of with file handles, if it has those. 0, -ENODEV, -EOPNOTSUPP, or what statfs() says. */
static int find_fsid(struct request *r)
{
	struct kstatfs st;
	int err = vfs_statfs(&r->path, &st);

	if (err)
		return err;
	r->fsid = st.f_fsid;
	if (!st.f_fsid.val[0] && !st.f_fsid.val[1])
		return -ENODEV;
	return exportfs_can_decode(r->path.dentry->d_sb->s_export_op) ? 0 : -EOPNOTSUPP;
}

/* Can the object be marked in this way? */
static int check_object(struct request *r)
{
	struct super_block *sb = r->path.mnt->mnt_sb;
	bool strict = r->group->flags & FAN_REPORT_TARGET_FID || r->mask & FAN_RENAME ||
		      r->flags & FAN_MARK_IGNORE;
	bool dir = d_is_dir(r->path.dentry);
	int err;

	if (is_add(r) && r->mask & FSNOTIFY_PERM && sb->s_type->fs_flags & FS_DISALLOW_NOTIFY_PERM)
		return -EINVAL;
	if (is_add(r) && !r->inode && sb->s_flags & SB_NOUSER)
		return -EINVAL;
	if (is_add(r) && strict && r->inode && !dir && r->mask & DIR_BITS)
		return -ENOTDIR;
	err = r->group->flags & FANOTIFY_FID_BITS ? find_fsid(r) : 0;
	if (err)
		return err;
	if (is_add(r) && (r->flags & MARK_IGNORES) == FAN_MARK_IGNORE &&
	    !(r->flags & FAN_MARK_IGNORED_SURV_MODIFY) && (!r->inode || dir))
		return r->inode ? -EISDIR : -EINVAL;
	return 0;
}

/* FAN_EVENT_ON_CHILD is for directories; on others it is there for groups that tell the directory. */
static void adjust_mask(struct request *r)
{
	if (r->inode && S_ISDIR(r->inode->i_mode))
		return;
	r->mask &= ~(u32)FAN_EVENT_ON_CHILD;
	r->kept |= FAN_EVENT_ON_CHILD;
	if (r->group->flags & FAN_REPORT_DIR_FID && is_add(r) && !(r->flags & MARK_IGNORES))
		r->mask |= FAN_EVENT_ON_CHILD;
}

/* => fsnotify_lock */
static struct fanotify_mark *find_mark(const struct request *r)
{
	struct fsnotify_mark *mark;

	hlist_for_each_entry (mark, fsnotify_chain(r->object), node)
		if (mark->object == r->object && mark->ops == &fanotify_ops &&
		    fanotify_mark_of(mark)->group == r->group)
			return fanotify_mark_of(mark);
	return NULL;
}

/* May @m be changed so? */
static int check_change(const struct fanotify_mark *m, unsigned int flags)
{
	if (flags & FAN_MARK_EVICTABLE && !(m->flags & FAN_MARK_EVICTABLE))
		return -EEXIST;
	if (flags & FAN_MARK_IGNORED_MASK && m->flags & FAN_MARK_IGNORE)
		return -EEXIST;
	if (flags & FAN_MARK_IGNORE && !(flags & FAN_MARK_IGNORED_SURV_MODIFY) &&
	    m->flags & FAN_MARK_IGNORED_SURV_MODIFY)
		return -EEXIST;
	return 0;
}

/* => fsnotify_lock */
static void change_mark(struct fanotify_mark *m, const struct request *r)
{
	if (r->flags & MARK_IGNORES) {
		m->ignored |= r->mask;
		m->flags |= r->flags & (FAN_MARK_IGNORE | FAN_MARK_IGNORED_SURV_MODIFY);
	} else {
		m->wanted |= r->mask;
	}
	if (m->flags & FAN_MARK_EVICTABLE && !(r->flags & FAN_MARK_EVICTABLE)) {
		m->flags &= ~(unsigned int)FAN_MARK_EVICTABLE;
		fsnotify_pin(&m->mark, r->inode);
	}
	fanotify_sum_up(m);
}

/* *@fresh is used up, or not. => fsnotify_lock */
static int set_mark(const struct request *r, struct fanotify_mark **fresh)
{
	struct fanotify_mark *m = find_mark(r);
	int err;

	if (!m) {
		if (!fsnotify_may_mark(&r->group->group, &groups))
			return -ENOSPC;
		m = *fresh;
		*fresh = NULL;
		m->group = r->group;
		m->type = r->type;
		m->flags = r->flags & FAN_MARK_EVICTABLE;
		fsnotify_add_mark(&m->mark, r->object, m->flags ? NULL : r->inode, &fanotify_ops);
		list_add(&m->mark.list, &r->group->group.marks);
		r->group->group.nr_marks++;
	}
	err = check_change(m, r->flags);
	if (!err)
		change_mark(m, r);
	return err;
}

static int add_mark(struct request *r)
{
	struct fanotify_mark *fresh;
	int err;

	/* What is ignored until the file changes, while it is changing. */
	if (r->inode && r->flags & MARK_IGNORES && !(r->flags & FAN_MARK_IGNORED_SURV_MODIFY) &&
	    atomic_read(&r->inode->i_writecount) > 0)
		return 0;
	fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	if (!fresh)
		return -ENOMEM;
	fresh->fsid = r->fsid;
	spin_lock(&fsnotify_lock);
	err = set_mark(r, &fresh);
	spin_unlock(&fsnotify_lock);
	kfree(fresh);
	return err;
}

static int remove_mark(struct request *r)
{
	struct fanotify_mark *m;
	LIST_HEAD(dead);

	spin_lock(&fsnotify_lock);
	m = find_mark(r);
	if (m) {
		*(r->flags & MARK_IGNORES ? &m->ignored : &m->wanted) &= ~(r->mask & ~r->kept);
		fanotify_sum_up(m);
		if (!((m->wanted | m->ignored) & ~r->kept))
			fsnotify_end_mark(&m->mark, &dead);
	}
	spin_unlock(&fsnotify_lock);
	fsnotify_free_marks(&dead);
	return m ? 0 : -ENOENT;
}

static void flush_marks(const struct request *r)
{
	struct fsnotify_mark *mark, *next;
	LIST_HEAD(dead);

	spin_lock(&fsnotify_lock);
	list_for_each_entry_safe (mark, next, &r->group->group.marks, list)
		if (fanotify_mark_of(mark)->type == r->type)
			fsnotify_end_mark(mark, &dead);
	spin_unlock(&fsnotify_lock);
	fsnotify_free_marks(&dead);
}

/* => @r->path is there */
static int mark_path(struct request *r)
{
	struct inode *inode = d_inode(r->path.dentry);
	int err = inode_permission(inode, MAY_READ);

	if (err)
		return err;
	if (r->type == FANOTIFY_INODE)
		r->inode = inode;
	r->object = r->inode			? &inode->i_watches
		    : r->type == FANOTIFY_MOUNT ? &r->path.mnt->mnt_watches
						: &r->path.mnt->mnt_sb->s_watches;
	err = check_object(r);
	if (err)
		return err;
	adjust_mask(r);
	return is_add(r) ? add_mark(r) : remove_mark(r);
}

static int do_mark(struct request *r, int dfd, const char __user *name)
{
	int err = check_group(r);

	if (err)
		return err;
	if (r->flags & FAN_MARK_FLUSH) {
		flush_marks(r);
		return 0;
	}
	err = find_path(dfd, name, r->flags, &r->path);
	if (err)
		return err;
	err = mark_path(r);
	path_put(&r->path);
	return err;
}

SYSCALL_DEFINE5(fanotify_mark, int, fanotify_fd, unsigned int, flags, u64, mask, int, dfd,
		const char __user *, name)
{
	struct request r = { .flags = flags, .mask = mask };
	struct fd f;
	int err = check_flags(flags, mask);

	if (err)
		return err;
	if ((flags & MARK_IGNORES) == FAN_MARK_IGNORED_MASK) {
		r.mask &= ~(u32)FANOTIFY_EVENT_FLAGS;
		r.kept = FANOTIFY_EVENT_FLAGS;
	}
	r.type = flags & FAN_MARK_MOUNT	       ? FANOTIFY_MOUNT
		 : flags & FAN_MARK_FILESYSTEM ? FANOTIFY_SB
					       : FANOTIFY_INODE;
	f = fdget(fanotify_fd);
	if (!f.file)
		return -EBADF;
	err = -EINVAL;
	if (f.file->f_op == &fanotify_fops) {
		r.group = group_of(f.file);
		err = do_mark(&r, dfd, name);
	}
	fdput(f);
	return err;
}

static struct ctl_table fanotify_table[] = { { .path = "fs/fanotify/max_user_groups",
					       .mode = 0644,
					       .type = CTL_INT,
					       .data = &groups.max_groups,
					       .max = S32_MAX },
					     { .path = "fs/fanotify/max_user_marks",
					       .mode = 0644,
					       .type = CTL_INT,
					       .data = &groups.max_marks,
					       .max = S32_MAX },
					     { .path = "fs/fanotify/max_queued_events",
					       .mode = 0644,
					       .type = CTL_INT,
					       .data = &groups.max_events,
					       .max = S32_MAX },
					     { 0 } };

static int __init fanotify_init(void)
{
	register_sysctl_table(fanotify_table);
	return 0;
}
late_initcall(fanotify_init);
