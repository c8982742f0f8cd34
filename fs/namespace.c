// SPDX-License-Identifier: MIT
/*
 * Mounts: the tree of file systems.
 *
 * 1 Structure. A mount shows a part of a file system (mnt_root) at a place (mnt_parent, mnt_mountpoint).
 *   The hash finds what is mounted at a place; of several on one place the last is found, since each later
 *   one is mounted on the root of the one before. The first mount, rootfs, is its own parent.
 *
 * 2 References (mnt_count). Being in the tree counts one; each child counts one for its parent. At 0 the
 *   mount lets go of its root and its super block, and is freed after a grace period.
 *
 * 3 Locks. namespace_sem for every change of the tree and of flags; mount_lock (a seqlock) around the
 *   change of hash and places, so that path walks need no lock. namespace_sem -> i_rwsem of the
 *   mountpoint -> mount_lock.
 *
 * 4 Failure: a mount that does not come to stand is undone; umount of a used mount is EBUSY.
 *
 * There is no propagation: every mount is private; asking for MS_SHARED or MS_UNBINDABLE is EINVAL. Namespaces:
 * fs/mnt_namespace.c. Linux 6.1: fs/namespace.c. Observed by: /proc/PID/mounts, mountinfo.
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/err.h>
#include <base/hash.h>
#include <base/string.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <mm/shmem.h>
#include <sync/ranks.h>
#include <sync/rwsem.h>
#include <kernel/cred.h>
#include <kernel/ksyscall.h>
#include <kernel/panic.h>
#include <kernel/task.h>
#include <fs/char_dev.h>
#include <fs/file.h>
#include <fs/fs_struct.h>
#include <fs/fsnotify.h>
#include <fs/mount.h>
#include <fs/namei.h>
#include <fs/seq_file.h>
#include <fs/super.h>
#include <linux/mount.h>
#include <seam/uaccess.h>
#include "fs_internal.h"
#include "mount_internal.h"

#define MHASH_BITS 6
static struct hlist_head mount_hashtable[1 << MHASH_BITS];
DEFINE_SEQLOCK(mount_lock, LOCK_MOUNT);
DECLARE_RWSEM(namespace_sem, LOCK_NAMESPACE);
#define MOUNT_MAX 100000
atomic_t mount_event;

static struct hlist_head *m_hash(struct vfsmount *mnt, struct dentry *dentry)
{
	return &mount_hashtable[hash_64((unsigned long)mnt / 64 + (unsigned long)dentry / 8,
					MHASH_BITS)];
}

bool mount_is_rootfs(const struct mount *mnt)
{
	return READ_ONCE(mnt->mnt_is_top);
}

/* ---- one mount ---- */

static struct mount *alloc_mnt(const char *name)
{
	static atomic_t last_id;
	struct mount *m = kzalloc(sizeof(*m), GFP_KERNEL_ACCOUNT);

	if (!m)
		return NULL;
	m->mnt_devname = kstrdup(name && *name ? name : "none", GFP_KERNEL_ACCOUNT);
	if (!m->mnt_devname) {
		kfree(m);
		return NULL;
	}
	m->mnt_id = atomic_inc_return(&last_id);
	atomic_set(&m->mnt_count, 1);
	m->mnt_parent = m;
	INIT_HLIST_NODE(&m->mnt_hash);
	INIT_LIST_HEAD(&m->mnt_mounts);
	INIT_LIST_HEAD(&m->mnt_child);
	INIT_LIST_HEAD(&m->mnt_list);
	return m;
}

static void free_mnt_rcu(struct rcu_head *head)
{
	struct mount *m = container_of(head, struct mount, mnt_rcu);

	kfree(m->mnt_devname);
	kfree(m);
}

/* The last user has gone. Out of mntput(), which is called for every open file, and should need no registers. */
static noinline void cleanup_mnt(struct vfsmount *mnt)
{
	struct super_block *sb = mnt->mnt_sb;

	fsnotify_mount_gone(mnt);
	dput(mnt->mnt_root);
	deactivate_super(sb);
	call_rcu(&real_mount(mnt)->mnt_rcu, free_mnt_rcu);
}

void mntput(struct vfsmount *mnt)
{
	if (mnt && atomic_dec_and_test(&real_mount(mnt)->mnt_count))
		cleanup_mnt(mnt);
}

struct vfsmount *vfs_kern_mount(struct file_system_type *type, int flags, const char *name,
				void *data)
{
	struct mount *m = alloc_mnt(name);
	struct dentry *root;

	if (!m)
		return ERR_PTR(-ENOMEM);
	if (flags & SB_KERNMOUNT)
		m->mnt.mnt_flags = MNT_INTERNAL;
	root = mount_fs(type, flags, name, data);
	if (IS_ERR(root)) {
		free_mnt_rcu(&m->mnt_rcu);
		return ERR_CAST(root);
	}
	m->mnt.mnt_root = root;
	m->mnt.mnt_sb = root->d_sb; /* s_active comes with the root */
	m->mnt_mountpoint = root;
	return &m->mnt;
}

struct vfsmount *kern_mount(struct file_system_type *type)
{
	return vfs_kern_mount(type, SB_KERNMOUNT, type->name, NULL);
}

/* A second mount of the same file system, from @root on, in no place yet. */
static struct mount *clone_mnt(struct mount *old, struct dentry *root)
{
	struct mount *m = alloc_mnt(old->mnt_devname);

	if (!m)
		return ERR_PTR(-ENOMEM);
	m->mnt.mnt_flags = old->mnt.mnt_flags & ~MNT_INTERNAL;
	atomic_inc(&old->mnt.mnt_sb->s_active);
	m->mnt.mnt_sb = old->mnt.mnt_sb;
	m->mnt.mnt_root = dget(root);
	m->mnt_mountpoint = root;
	return m;
}

/* ---- look-up ---- */

struct mount *__lookup_mnt(struct vfsmount *mnt, struct dentry *dentry)
{
	struct mount *p;

	hlist_for_each_entry_rcu (p, m_hash(mnt, dentry), mnt_hash)
		if (&p->mnt_parent->mnt == mnt && p->mnt_mountpoint == dentry)
			return p;
	return NULL;
}

struct vfsmount *lookup_mnt(const struct path *path)
{
	struct mount *m;
	unsigned int seq;

	rcu_read_lock();
	for (;;) {
		seq = read_seqbegin(&mount_lock);
		m = __lookup_mnt(path->mnt, path->dentry);
		if (!m) {
			if (read_seqretry(&mount_lock, seq))
				continue;
			break;
		}
		if (!atomic_inc_not_zero(&m->mnt_count))
			continue;
		if (!read_seqretry(&mount_lock, seq))
			break;
		rcu_read_unlock();
		mntput(&m->mnt);
		rcu_read_lock();
	}
	rcu_read_unlock();
	return m ? &m->mnt : NULL;
}

bool is_path_reachable(struct mount *mnt, struct dentry *dentry, const struct path *root)
{
	bool ok;

	read_seqlock_excl(&mount_lock);
	while (&mnt->mnt != root->mnt && mnt_has_parent(mnt)) {
		dentry = mnt->mnt_mountpoint;
		mnt = mnt->mnt_parent;
	}
	ok = &mnt->mnt == root->mnt && is_subdir(dentry, root->dentry);
	read_sequnlock_excl(&mount_lock);
	return ok;
}

/* ---- flags ---- */

bool __mnt_is_readonly(const struct vfsmount *mnt)
{
	return (mnt->mnt_flags & MNT_READONLY) || sb_rdonly(mnt->mnt_sb);
}

int mnt_want_write(struct vfsmount *mnt)
{
	struct mount *m = real_mount(mnt);

	atomic_inc(&m->mnt_writers); /* full barrier: a remount sees us, or we see it */
	if (unlikely(__mnt_is_readonly(mnt))) {
		atomic_dec(&m->mnt_writers);
		return -EROFS;
	}
	return 0;
}

void mnt_drop_write(struct vfsmount *mnt)
{
	atomic_dec(&real_mount(mnt)->mnt_writers);
}

int mnt_want_write_file(struct file *file)
{
	return mnt_want_write(file->f_path.mnt);
}

void mnt_drop_write_file(struct file *file)
{
	mnt_drop_write(file->f_path.mnt);
}

bool path_noexec(const struct path *path)
{
	return (path->mnt->mnt_flags & MNT_NOEXEC) || (path->mnt->mnt_sb->s_flags & SB_NOEXEC);
}

/* ---- the tree. => namespace_sem held for writing ---- */

static void attach_mnt(struct mount *m, struct mount *parent, struct dentry *mountpoint)
{
	mntget(&parent->mnt);
	spin_lock(&mountpoint->d_lock);
	mountpoint->d_flags |= DCACHE_MOUNTED;
	spin_unlock(&mountpoint->d_lock);
	write_seqlock(&mount_lock);
	m->mnt_parent = parent;
	m->mnt_mountpoint = dget(mountpoint);
	hlist_add_head_rcu(&m->mnt_hash, m_hash(&parent->mnt, mountpoint));
	list_add_tail(&m->mnt_child, &parent->mnt_mounts);
	write_sequnlock(&mount_lock);
}

/* Is anything still mounted on @dentry, in whichever mount of whichever namespace? */
static bool still_mountpoint(const struct dentry *dentry)
{
	struct mnt_namespace *ns;
	struct mount *m;

	list_for_each_entry (ns, &mnt_namespaces, all)
		list_for_each_entry (m, &ns->list, mnt_list)
			if (m->mnt_mountpoint == dentry && mnt_has_parent(m))
				return true;
	return false;
}

/* Out of its place. What it held there is left in *@old for path_put() without locks. */
static void detach_mnt(struct mount *m, struct path *old)
{
	old->mnt = &m->mnt_parent->mnt;
	old->dentry = m->mnt_mountpoint;
	write_seqlock(&mount_lock);
	m->mnt_parent = m;
	m->mnt_mountpoint = m->mnt.mnt_root;
	list_del_init(&m->mnt_child);
	hlist_del_init_rcu(&m->mnt_hash);
	write_sequnlock(&mount_lock);
	if (!still_mountpoint(old->dentry)) {
		spin_lock(&old->dentry->d_lock);
		old->dentry->d_flags &= ~DCACHE_MOUNTED;
		spin_unlock(&old->dentry->d_lock);
	}
}

struct mount *next_mnt(struct mount *p, struct mount *root)
{
	struct list_head *next = p->mnt_mounts.next;

	if (next == &p->mnt_mounts) {
		for (;;) {
			if (p == root)
				return NULL;
			next = p->mnt_child.next;
			if (next != &p->mnt_parent->mnt_mounts)
				break;
			p = p->mnt_parent;
		}
	}
	return list_entry(next, struct mount, mnt_child);
}

void count_tree(struct mount *m, struct mnt_namespace *ns)
{
	for (struct mount *p = m; p; p = next_mnt(p, m)) {
		list_add_tail(&p->mnt_list, &ns->list);
		p->mnt_ns = ns;
		ns->nr_mounts++;
	}
	atomic_inc(&mount_event);
}

void umount_tree_and_unlock(struct mount *m)
{
	LIST_HEAD(gone);
	struct mount *p;

	for (p = m; p; p = next_mnt(p, m)) {
		list_move_tail(&p->mnt_list, &gone);
		p->mnt_ns->nr_mounts--;
		p->mnt_ns = NULL;
		WRITE_ONCE(p->mnt_is_top, false);
	}
	atomic_inc(&mount_event);
	while (!list_empty(&gone)) { /* children before parents */
		struct path old;

		p = list_last_entry(&gone, struct mount, mnt_list);
		list_del_init(&p->mnt_list);
		p->mnt.mnt_flags |= MNT_DOOMED;
		if (mnt_has_parent(p)) {
			detach_mnt(p, &old);
			path_put(&old);
		}
		mntput(&p->mnt);
	}
	up_write(&namespace_sem);
}

/*
 * The place for a new mount: the topmost at *@path. namespace_sem and the directory's lock are taken.
 */
static int lock_mount(struct path *path)
{
	struct inode *inode;

	down_write(&namespace_sem);
	follow_down(path);
	inode = path->dentry->d_inode;
	inode_lock(inode);
	if (IS_DEADDIR(inode) || d_unlinked(path->dentry)) {
		inode_unlock(inode);
		up_write(&namespace_sem);
		return -ENOENT;
	}
	return 0;
}

static void unlock_mount(struct path *path)
{
	inode_unlock(path->dentry->d_inode);
	up_write(&namespace_sem);
}

/* Is @m in the tree that the caller sees? => namespace_sem held */
static bool in_tree(struct mount *m)
{
	return m->mnt_ns == current->fs->mnt_ns;
}

/* @m is new and in no place; *@path is locked by lock_mount(). */
static int graft_tree(struct mount *m, struct path *path)
{
	if (S_ISDIR(m->mnt.mnt_root->d_inode->i_mode) != S_ISDIR(path->dentry->d_inode->i_mode))
		return -ENOTDIR;
	if (!in_tree(real_mount(path->mnt)))
		return -EINVAL;
	if (current->fs->mnt_ns->nr_mounts >= MOUNT_MAX)
		return -ENOSPC;
	attach_mnt(m, real_mount(path->mnt), path->dentry);
	count_tree(m, current->fs->mnt_ns);
	return 0;
}

/* Throw away a tree of mounts that never came into the namespace. */
static void drop_private_tree(struct mount *m)
{
	struct mount *child;

	while (!list_empty(&m->mnt_mounts)) {
		struct path old;

		child = list_first_entry(&m->mnt_mounts, struct mount, mnt_child);
		detach_mnt(child, &old);
		path_put(&old);
		drop_private_tree(child);
	}
	mntput(&m->mnt);
}

/* ---- mount(2) ---- */

static int do_add_mount(struct vfsmount *mnt, struct path *path, int mnt_flags)
{
	struct mount *m = real_mount(mnt);
	int err = lock_mount(path);

	if (err)
		goto out;
	m->mnt.mnt_flags = mnt_flags;
	err = -EBUSY; /* the same file system twice on one place */
	if (path->mnt->mnt_sb == mnt->mnt_sb && path->mnt->mnt_root == path->dentry)
		goto unlock;
	err = -EINVAL;
	if (d_is_symlink(mnt->mnt_root))
		goto unlock;
	err = graft_tree(m, path);
unlock:
	unlock_mount(path);
out:
	if (err)
		mntput(mnt);
	return err;
}

static int do_new_mount(struct path *path, const char *fstype, int sb_flags, int mnt_flags,
			const char *name, void *data)
{
	struct file_system_type *type;
	struct vfsmount *mnt;

	if (!fstype)
		return -EINVAL;
	type = get_fs_type(fstype);
	if (!type)
		return -ENODEV;
	mnt = vfs_kern_mount(type, sb_flags, name, data);
	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	if (mnt->mnt_sb->s_flags & SB_NOUSER) {
		mntput(mnt);
		return -EINVAL;
	}
	return do_add_mount(mnt, path, mnt_flags);
}

struct mount *copy_tree(struct mount *old, struct dentry *dentry, bool recurse)
{
	struct mount *copy = clone_mnt(old, dentry), *child, *c;

	if (IS_ERR(copy) || !recurse)
		return copy;
	list_for_each_entry (child, &old->mnt_mounts, mnt_child) {
		if (!is_subdir(child->mnt_mountpoint, dentry))
			continue;
		c = copy_tree(child, child->mnt.mnt_root, true);
		if (IS_ERR(c)) {
			drop_private_tree(copy);
			return c;
		}
		attach_mnt(c, copy, child->mnt_mountpoint);
	}
	return copy;
}

static int do_loopback(struct path *path, const char *old_name, bool recurse)
{
	struct path old_path;
	struct mount *m;
	int err;

	if (!old_name || !*old_name)
		return -EINVAL;
	err = kern_path(old_name, LOOKUP_FOLLOW | LOOKUP_AUTOMOUNT, &old_path);
	if (err)
		return err;
	err = lock_mount(path);
	if (err)
		goto out;
	err = -EINVAL;
	if (!in_tree(real_mount(old_path.mnt)) || !in_tree(real_mount(path->mnt)))
		goto unlock;
	m = copy_tree(real_mount(old_path.mnt), old_path.dentry, recurse);
	err = PTR_ERR(m);
	if (IS_ERR(m))
		goto unlock;
	err = graft_tree(m, path);
	if (err)
		drop_private_tree(m);
unlock:
	unlock_mount(path);
out:
	path_put(&old_path);
	return err;
}

/* New flags of one mount. Going read-only while somebody writes is EBUSY. => namespace_sem held */
static int set_mount_flags(struct mount *m, int mnt_flags)
{
	int old = m->mnt.mnt_flags;

	if ((mnt_flags & MNT_READONLY) && !(old & MNT_READONLY)) {
		WRITE_ONCE(m->mnt.mnt_flags, old | MNT_READONLY);
		smp_mb();
		if (atomic_read(&m->mnt_writers)) {
			WRITE_ONCE(m->mnt.mnt_flags, old);
			return -EBUSY;
		}
	}
	WRITE_ONCE(m->mnt.mnt_flags, (old & ~MNT_USER_SETTABLE_MASK) | mnt_flags);
	atomic_inc(&mount_event);
	return 0;
}

static int do_reconfigure_mnt(struct path *path, int mnt_flags)
{
	int err = -EINVAL;

	if (path->dentry != path->mnt->mnt_root)
		return err;
	down_write(&namespace_sem);
	if (in_tree(real_mount(path->mnt)))
		err = set_mount_flags(real_mount(path->mnt), mnt_flags);
	up_write(&namespace_sem);
	return err;
}

/* Does any mount of @sb have a writer? => namespace_sem held */
static bool sb_has_writers(struct super_block *sb)
{
	struct mnt_namespace *ns;
	struct mount *m;

	list_for_each_entry (ns, &mnt_namespaces, all)
		list_for_each_entry (m, &ns->list, mnt_list)
			if (m->mnt.mnt_sb == sb && atomic_read(&m->mnt_writers))
				return true;
	return false;
}

static int do_remount(struct path *path, int sb_flags, int mnt_flags, void *data)
{
	const int changeable = SB_RDONLY | SB_SYNCHRONOUS | SB_MANDLOCK | SB_DIRSYNC | SB_NOATIME |
			       SB_NODIRATIME | SB_SILENT | SB_LAZYTIME;
	struct super_block *sb = path->mnt->mnt_sb;
	int err = -EINVAL;

	if (path->dentry != path->mnt->mnt_root)
		return err;
	down_write(&namespace_sem);
	if (!in_tree(real_mount(path->mnt)))
		goto out;
	down_write(&sb->s_umount);
	err = 0;
	if ((sb_flags & SB_RDONLY) && !sb_rdonly(sb) && sb_has_writers(sb))
		err = -EBUSY;
	if (!err && (sb_flags & SB_RDONLY) && !sb_rdonly(sb))
		err = sync_filesystem(sb);
	if (!err && sb->s_op && sb->s_op->remount_fs)
		err = sb->s_op->remount_fs(sb, &sb_flags, data);
	if (!err)
		sb->s_flags = (sb->s_flags & ~(unsigned long)changeable) | (sb_flags & changeable);
	up_write(&sb->s_umount);
	if (!err)
		err = set_mount_flags(real_mount(path->mnt), mnt_flags);
out:
	up_write(&namespace_sem);
	return err;
}

static int do_move_mount(struct path *path, const char *old_name)
{
	struct path old_path, parent = { NULL, NULL };
	struct mount *m, *p;
	int err;

	if (!old_name || !*old_name)
		return -EINVAL;
	err = kern_path(old_name, LOOKUP_FOLLOW, &old_path);
	if (err)
		return err;
	err = lock_mount(path);
	if (err)
		goto out;
	m = real_mount(old_path.mnt);
	err = -EINVAL;
	if (old_path.dentry != old_path.mnt->mnt_root || !mnt_has_parent(m) || !in_tree(m) ||
	    !in_tree(real_mount(path->mnt)))
		goto unlock;
	if (S_ISDIR(old_path.dentry->d_inode->i_mode) != S_ISDIR(path->dentry->d_inode->i_mode))
		goto unlock;
	err = -ELOOP; /* into itself */
	for (p = real_mount(path->mnt);; p = p->mnt_parent) {
		if (p == m)
			goto unlock;
		if (!mnt_has_parent(p))
			break;
	}
	detach_mnt(m, &parent);
	attach_mnt(m, real_mount(path->mnt), path->dentry);
	atomic_inc(&mount_event);
	err = 0;
unlock:
	unlock_mount(path);
	if (parent.mnt)
		path_put(&parent);
out:
	path_put(&old_path);
	return err;
}

/* Every mount is private already; becoming private or the slave of nobody changes nothing. */
static int do_change_type(struct path *path, unsigned long flags)
{
	unsigned long type = flags & (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE);

	if (path->dentry != path->mnt->mnt_root || (type & (type - 1)))
		return -EINVAL;
	return type & (MS_SHARED | MS_UNBINDABLE) ? -EINVAL : 0;
}

static int mnt_flags_of(unsigned long flags)
{
	static const struct {
		unsigned long ms;
		int mnt;
	} map[] = {
		{ MS_NOSUID, MNT_NOSUID },	     { MS_NODEV, MNT_NODEV },
		{ MS_NOEXEC, MNT_NOEXEC },	     { MS_NOATIME, MNT_NOATIME },
		{ MS_NODIRATIME, MNT_NODIRATIME },   { MS_RDONLY, MNT_READONLY },
		{ MS_NOSYMFOLLOW, MNT_NOSYMFOLLOW },
	};
	int mnt_flags = flags & (MS_NOATIME | MS_STRICTATIME) ? 0 : MNT_RELATIME;

	for (unsigned int i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (flags & map[i].ms)
			mnt_flags |= map[i].mnt;
	return mnt_flags;
}

int path_mount(const char *dev_name, struct path *path, const char *type, unsigned long flags,
	       void *data)
{
	int sb_flags, mnt_flags;

	if ((flags & MS_MGC_MSK) == MS_MGC_VAL)
		flags &= ~MS_MGC_MSK;
	if (flags & MS_NOUSER)
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	mnt_flags = mnt_flags_of(flags);
	if ((flags & MS_REMOUNT) &&
	    !(flags & (MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME)))
		mnt_flags = (mnt_flags & ~(MNT_RELATIME | MNT_NOATIME | MNT_NODIRATIME)) |
			    (path->mnt->mnt_flags & (MNT_RELATIME | MNT_NOATIME | MNT_NODIRATIME));
	sb_flags = flags & (SB_RDONLY | SB_SYNCHRONOUS | SB_MANDLOCK | SB_DIRSYNC | SB_SILENT |
			    SB_POSIXACL | SB_LAZYTIME);
	if ((flags & (MS_REMOUNT | MS_BIND)) == (MS_REMOUNT | MS_BIND))
		return do_reconfigure_mnt(path, mnt_flags);
	if (flags & MS_REMOUNT)
		return do_remount(path, sb_flags, mnt_flags, data);
	if (flags & MS_BIND)
		return do_loopback(path, dev_name, flags & MS_REC);
	if (flags & (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE))
		return do_change_type(path, flags);
	if (flags & MS_MOVE)
		return do_move_mount(path, dev_name);
	return do_new_mount(path, type, sb_flags, mnt_flags, dev_name, data);
}

/* A string of at most a page, NULL for NULL, or ERR_PTR. */
static char *copy_mount_string(const void __user *data)
{
	char *s;
	long len;

	if (!data)
		return NULL;
	s = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!s)
		return ERR_PTR(-ENOMEM);
	len = strncpy_from_user(s, data, PAGE_SIZE);
	if (len >= 0 && len < (long)PAGE_SIZE)
		return s;
	kfree(s);
	return ERR_PTR(len < 0 ? len : -EINVAL);
}

/* The options: a page of anything, as much of it as can be read. */
static void *copy_mount_options(const void __user *data)
{
	char *copy;
	unsigned long left;

	if (!data)
		return NULL;
	copy = kzalloc(PAGE_SIZE, GFP_KERNEL);
	if (!copy)
		return ERR_PTR(-ENOMEM);
	left = copy_from_user(copy, data, PAGE_SIZE);
	if (left == PAGE_SIZE) {
		kfree(copy);
		return ERR_PTR(-EFAULT);
	}
	copy[PAGE_SIZE - 1] = 0;
	return copy;
}

SYSCALL_DEFINE5(mount, char __user *, dev_name, char __user *, dir_name, char __user *, type,
		unsigned long, flags, void __user *, data)
{
	char *ktype = copy_mount_string(type), *kdev = NULL;
	void *options = NULL;
	struct path path;
	int err = PTR_ERR(ktype);

	if (IS_ERR(ktype))
		return err;
	kdev = copy_mount_string(dev_name);
	err = PTR_ERR(kdev);
	if (IS_ERR(kdev))
		goto out_type;
	options = copy_mount_options(data);
	err = PTR_ERR(options);
	if (IS_ERR(options))
		goto out_dev;
	err = user_path(dir_name, &path);
	if (!err) {
		err = path_mount(kdev, &path, ktype, flags, options);
		path_put(&path);
	}
	kfree(options);
out_dev:
	kfree(kdev);
out_type:
	kfree(ktype);
	return err;
}

/* ---- umount(2) ---- */

#ifndef MNT_FORCE
#define MNT_FORCE	1
#define MNT_DETACH	2
#define MNT_EXPIRE	4
#define UMOUNT_NOFOLLOW 8
#endif

/* => takes over the reference of path->mnt that the caller holds: count is 2 when nobody else uses it */
static int do_umount(struct mount *m, int flags)
{
	struct super_block *sb = m->mnt.mnt_sb;

	if (flags & MNT_EXPIRE) {
		if (flags & (MNT_FORCE | MNT_DETACH))
			return -EINVAL;
		if (atomic_read(&m->mnt_count) != 2)
			return -EBUSY;
		if (!xchg(&m->mnt_expiry_mark, true))
			return -EAGAIN;
	}
	if ((flags & MNT_FORCE) && sb->s_op && sb->s_op->umount_begin)
		sb->s_op->umount_begin(sb);
	down_write(&namespace_sem);
	if (mount_is_rootfs(m) || !in_tree(m)) {
		up_write(&namespace_sem);
		return -EINVAL;
	}
	if (!(flags & MNT_DETACH)) {
		shrink_dcache_parent(m->mnt.mnt_root);
		if (!list_empty(&m->mnt_mounts) || atomic_read(&m->mnt_count) != 2) {
			up_write(&namespace_sem);
			return -EBUSY;
		}
	}
	umount_tree_and_unlock(m);
	return 0;
}

static int path_umount(struct path *path, int flags)
{
	int err = -EINVAL;

	if (path->dentry == path->mnt->mnt_root && !(path->mnt->mnt_flags & MNT_INTERNAL)) {
		dput(path->dentry); /* the root would count as a user */
		path->dentry = NULL;
		err = -EPERM;
		if (capable(CAP_SYS_ADMIN))
			err = do_umount(real_mount(path->mnt), flags);
	}
	path_put(path);
	return err;
}

SYSCALL_DEFINE2(umount2, char __user *, name, int, flags)
{
	struct path path;
	int err;

	if (flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	err = user_path_at(AT_FDCWD, name, flags & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW, &path);
	return err ? err : path_umount(&path, flags);
}

/* ---- pivot_root(2) ---- */

static int pivot_locked(struct path *new, struct path *old, struct path *root, struct path *parent,
			struct path *root_parent)
{
	struct mount *new_mnt = real_mount(new->mnt), *root_mnt = real_mount(root->mnt);
	struct mount *old_mnt = real_mount(old->mnt);

	if (!in_tree(root_mnt) || !in_tree(new_mnt))
		return -EINVAL;
	if (new_mnt == root_mnt || old_mnt == root_mnt)
		return -EBUSY;
	if (root->mnt->mnt_root != root->dentry || !mnt_has_parent(root_mnt) ||
	    new->mnt->mnt_root != new->dentry || !mnt_has_parent(new_mnt))
		return -EINVAL;
	if (!is_path_reachable(old_mnt, old->dentry, new) ||
	    !is_path_reachable(new_mnt, new->dentry, root))
		return -EINVAL;
	detach_mnt(new_mnt, parent);
	detach_mnt(root_mnt, root_parent);
	attach_mnt(root_mnt, old_mnt, old->dentry);
	attach_mnt(new_mnt, real_mount(root_parent->mnt), root_parent->dentry);
	atomic_inc(&mount_event);
	return 0;
}

SYSCALL_DEFINE2(pivot_root, const char __user *, new_root, const char __user *, put_old)
{
	struct path new, old, root, parent = { NULL, NULL }, root_parent = { NULL, NULL };
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	err = user_path_at(AT_FDCWD, new_root, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &new);
	if (err)
		return err;
	err = user_path_at(AT_FDCWD, put_old, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &old);
	if (err)
		goto out_new;
	get_fs_root(current->fs, &root);
	err = lock_mount(&old);
	if (!err) {
		err = pivot_locked(&new, &old, &root, &parent, &root_parent);
		unlock_mount(&old);
	}
	if (!err) {
		chroot_fs_refs(&root, &new);
		path_put(&parent);
		path_put(&root_parent);
	}
	path_put(&root);
	path_put(&old);
out_new:
	path_put(&new);
	return err;
}

/* ---- what there is ---- */

static void show_sb_opts(struct seq_file *m, struct super_block *sb)
{
	if (sb->s_flags & SB_SYNCHRONOUS)
		seq_puts(m, ",sync");
	if (sb->s_flags & SB_DIRSYNC)
		seq_puts(m, ",dirsync");
	if (sb->s_flags & SB_MANDLOCK)
		seq_puts(m, ",mand");
}

static void show_mnt_opts(struct seq_file *m, struct vfsmount *mnt)
{
	static const struct {
		int bit;
		const char *text;
	} opts[] = {
		{ MNT_NOSUID, ",nosuid" },	     { MNT_NODEV, ",nodev" },
		{ MNT_NOEXEC, ",noexec" },	     { MNT_NOATIME, ",noatime" },
		{ MNT_NODIRATIME, ",nodiratime" },   { MNT_RELATIME, ",relatime" },
		{ MNT_NOSYMFOLLOW, ",nosymfollow" },
	};

	for (unsigned int i = 0; i < sizeof(opts) / sizeof(opts[0]); i++)
		if (mnt->mnt_flags & opts[i].bit)
			seq_puts(m, opts[i].text);
}

static void show_fs_opts(struct seq_file *m, struct vfsmount *mnt)
{
	if (mnt->mnt_sb->s_op && mnt->mnt_sb->s_op->show_options)
		mnt->mnt_sb->s_op->show_options(m, mnt->mnt_root);
}

#define SEQ_ESC " \t\n\\"

/* The root of @task and its namespace, with references; false when it has none any more. */
static bool get_task_view(struct task_struct *task, struct path *root, struct mnt_namespace **ns)
{
	bool ok;

	task_lock(task);
	ok = task->fs && task->fs->root.dentry;
	if (ok) {
		get_fs_root(task->fs, root);
		*ns = get_mnt_ns(task->fs->mnt_ns);
	}
	task_unlock(task);
	return ok;
}

/* Call @show for each mount that can be seen from the root of @task. */
static int for_each_visible(struct seq_file *m, struct task_struct *task,
			    void (*show)(struct seq_file *, struct mount *, const struct path *))
{
	struct mnt_namespace *ns;
	struct path root;
	struct mount *p;

	if (!get_task_view(task, &root, &ns))
		return -EINVAL;
	down_read(&namespace_sem);
	list_for_each_entry (p, &ns->list, mnt_list) {
		if (is_path_reachable(p, p->mnt.mnt_root, &root))
			show(m, p, &root);
	}
	up_read(&namespace_sem);
	path_put(&root);
	put_mnt_ns(ns);
	return 0;
}

static void show_mount_line(struct seq_file *m, struct mount *p, const struct path *root)
{
	struct path top = { &p->mnt, p->mnt.mnt_root };

	seq_escape(m, p->mnt_devname, SEQ_ESC "#");
	seq_putc(m, ' ');
	seq_path_root(m, &top, root, SEQ_ESC);
	seq_putc(m, ' ');
	seq_escape(m, p->mnt.mnt_sb->s_type->name, SEQ_ESC "#");
	seq_puts(m, __mnt_is_readonly(&p->mnt) ? " ro" : " rw");
	show_sb_opts(m, p->mnt.mnt_sb);
	show_mnt_opts(m, &p->mnt);
	show_fs_opts(m, &p->mnt);
	seq_puts(m, " 0 0\n");
}

int mounts_show(struct seq_file *m, struct task_struct *task)
{
	return for_each_visible(m, task, show_mount_line);
}

static void show_mountinfo_line(struct seq_file *m, struct mount *p, const struct path *root)
{
	struct path top = { &p->mnt, p->mnt.mnt_root };
	struct super_block *sb = p->mnt.mnt_sb;

	seq_printf(m, "%i %i %u:%u ", p->mnt_id, p->mnt_parent->mnt_id, MAJOR(sb->s_dev),
		   MINOR(sb->s_dev));
	seq_dentry(m, p->mnt.mnt_root, SEQ_ESC);
	seq_putc(m, ' ');
	seq_path_root(m, &top, root, SEQ_ESC);
	seq_puts(m, p->mnt.mnt_flags & MNT_READONLY ? " ro" : " rw");
	show_mnt_opts(m, &p->mnt);
	seq_puts(m, " - ");
	seq_escape(m, sb->s_type->name, SEQ_ESC "#");
	seq_putc(m, ' ');
	seq_escape(m, p->mnt_devname, SEQ_ESC "#");
	seq_puts(m, sb_rdonly(sb) ? " ro" : " rw");
	show_sb_opts(m, sb);
	show_fs_opts(m, &p->mnt);
	seq_putc(m, '\n');
}

int mountinfo_show(struct seq_file *m, struct task_struct *task)
{
	return for_each_visible(m, task, show_mountinfo_line);
}

static void show_mountstats_line(struct seq_file *m, struct mount *p, const struct path *root)
{
	struct path top = { &p->mnt, p->mnt.mnt_root };

	seq_puts(m, "device ");
	seq_escape(m, p->mnt_devname, SEQ_ESC "#");
	seq_puts(m, " mounted on ");
	seq_path_root(m, &top, root, SEQ_ESC);
	seq_puts(m, " with fstype ");
	seq_escape(m, p->mnt.mnt_sb->s_type->name, SEQ_ESC "#");
	seq_putc(m, '\n');
}

int mountstats_show(struct seq_file *m, struct task_struct *task)
{
	return for_each_visible(m, task, show_mountstats_line);
}

/* ---- start ---- */

void mnt_init(void)
{
	struct file_system_type *type = get_fs_type("rootfs");
	struct vfsmount *mnt;
	struct path root;

	if (!type)
		panic("VFS: no rootfs");
	mnt = vfs_kern_mount(type, 0, "none", NULL);
	if (IS_ERR(mnt))
		panic("VFS: cannot mount rootfs: error %ld", PTR_ERR(mnt));
	current->fs->mnt_ns = new_mnt_ns(real_mount(mnt));
	if (!current->fs->mnt_ns)
		panic("VFS: no memory for the first namespace");
	root = (struct path){ mnt, mnt->mnt_root };
	set_fs_pwd(current->fs, &root);
	set_fs_root(current->fs, &root);
}
