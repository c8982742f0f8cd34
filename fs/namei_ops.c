// SPDX-License-Identifier: MIT
/*
 * Making, removing and renaming names: the vfs_*() functions that check and call the file system, and
 * their system calls. The directory's i_rwsem is held over each change; rename takes both directories,
 * ancestor first, under the super block's rename mutex when they differ. Linux 6.1: fs/namei.c.
 */
#include <base/types.h>
#include <base/err.h>
#include <base/string.h>
#include <kernel/cred.h>
#include <kernel/ksyscall.h>
#include <kernel/task.h>
#include <fs/char_dev.h>
#include <fs/file.h>
#include <fs/fsnotify.h>
#include <fs/fs_struct.h>
#include <fs/inode.h>
#include <fs/mount.h>
#include <fs/namei.h>
#include <fs/super.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <seam/uaccess.h>
#include "namei_internal.h"

/* ---- may we? ---- */

static int may_create(struct inode *dir, struct dentry *child)
{
	if (child->d_inode)
		return -EEXIST;
	if (IS_DEADDIR(dir))
		return -ENOENT;
	return inode_permission(dir, MAY_WRITE | MAY_EXEC);
}

static bool sticky_forbids(const struct inode *dir, const struct inode *inode)
{
	if (!(dir->i_mode & S_ISVTX))
		return false;
	return current_fsuid() != inode->i_uid && current_fsuid() != dir->i_uid &&
	       !capable(CAP_FOWNER);
}

static int may_delete(struct inode *dir, struct dentry *victim, bool isdir)
{
	struct inode *inode = victim->d_inode;
	int err;

	if (!inode)
		return -ENOENT;
	err = inode_permission(dir, MAY_WRITE | MAY_EXEC);
	if (err)
		return err;
	if (IS_APPEND(dir) || sticky_forbids(dir, inode) || IS_APPEND(inode) ||
	    IS_IMMUTABLE(inode) || IS_SWAPFILE(inode))
		return -EPERM;
	if (isdir) {
		if (!S_ISDIR(inode->i_mode))
			return -ENOTDIR;
		if (IS_ROOT(victim))
			return -EBUSY;
	} else if (S_ISDIR(inode->i_mode)) {
		return -EISDIR;
	}
	return IS_DEADDIR(dir) ? -ENOENT : 0;
}

/* ---- one change each ---- */

int vfs_create(struct inode *dir, struct dentry *dentry, umode_t mode, bool want_excl)
{
	int err = may_create(dir, dentry);

	if (err)
		return err;
	if (!dir->i_op->create)
		return -EACCES;
	err = dir->i_op->create(dir, dentry, (mode_strip_sgid(dir, mode) & S_IALLUGO) | S_IFREG,
				want_excl);
	if (!err)
		fsnotify_name(dir, d_inode(dentry), dentry, IN_CREATE);
	return err;
}

int vfs_mkdir(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	int err = may_create(dir, dentry);

	if (err)
		return err;
	if (!dir->i_op->mkdir)
		return -EPERM;
	err = dir->i_op->mkdir(dir, dentry, mode & (S_IRWXUGO | S_ISVTX));
	if (!err)
		fsnotify_name(dir, d_inode(dentry), dentry, IN_CREATE | IN_ISDIR);
	return err;
}

int vfs_mknod(struct inode *dir, struct dentry *dentry, umode_t mode, dev_t dev)
{
	bool whiteout = S_ISCHR(mode) && dev == 0;
	int err = may_create(dir, dentry);

	if (err)
		return err;
	if ((S_ISCHR(mode) || S_ISBLK(mode)) && !whiteout && !capable(CAP_MKNOD))
		return -EPERM;
	if (!dir->i_op->mknod)
		return -EPERM;
	err = dir->i_op->mknod(dir, dentry, mode_strip_sgid(dir, mode), dev);
	if (!err)
		fsnotify_name(dir, d_inode(dentry), dentry, IN_CREATE);
	return err;
}

int vfs_symlink(struct inode *dir, struct dentry *dentry, const char *oldname)
{
	int err = may_create(dir, dentry);

	if (err)
		return err;
	if (!dir->i_op->symlink)
		return -EPERM;
	err = dir->i_op->symlink(dir, dentry, oldname);
	if (!err)
		fsnotify_name(dir, d_inode(dentry), dentry, IN_CREATE);
	return err;
}

int vfs_link(struct dentry *old_dentry, struct inode *dir, struct dentry *new_dentry)
{
	struct inode *inode = old_dentry->d_inode;
	int err;

	if (!inode)
		return -ENOENT;
	err = may_create(dir, new_dentry);
	if (err)
		return err;
	if (dir->i_sb != inode->i_sb)
		return -EXDEV;
	if (IS_APPEND(inode) || IS_IMMUTABLE(inode) || !dir->i_op->link || S_ISDIR(inode->i_mode))
		return -EPERM;
	inode_lock_nested(inode, I_MUTEX_NONDIR2);
	if (!inode->i_nlink && !(inode->i_state & I_LINKABLE))
		err = -ENOENT;
	else
		err = dir->i_op->link(old_dentry, dir, new_dentry);
	if (!err && (inode->i_state & I_LINKABLE)) {
		spin_lock(&inode->i_lock);
		inode->i_state &= ~I_LINKABLE;
		spin_unlock(&inode->i_lock);
	}
	inode_unlock(inode);
	if (!err) {
		fsnotify_link_count(inode);
		fsnotify_name(dir, inode, new_dentry, IN_CREATE);
	}
	return err;
}

/* @dentry in @dir goes, and who watches hears of it while its inode is still there. */
static void d_delete_notify(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);

	if (likely(!fsnotify_wanted())) {
		d_delete(dentry);
		return;
	}
	ihold(inode);
	d_delete(dentry);
	fsnotify_name(dir, inode, dentry, IN_DELETE);
	iput(inode);
}

int vfs_rmdir(struct inode *dir, struct dentry *dentry)
{
	int err = may_delete(dir, dentry, true);

	if (err)
		return err;
	if (!dir->i_op->rmdir)
		return -EPERM;
	dget(dentry);
	inode_lock_nested(dentry->d_inode, I_MUTEX_CHILD);
	err = -EBUSY;
	if (!d_mountpoint(dentry)) {
		err = dir->i_op->rmdir(dir, dentry);
		if (!err) {
			shrink_dcache_parent(dentry);
			dentry->d_inode->i_flags |= S_DEAD;
		}
	}
	inode_unlock(dentry->d_inode);
	dput(dentry);
	if (!err)
		d_delete_notify(dir, dentry);
	return err;
}

int vfs_unlink(struct inode *dir, struct dentry *dentry)
{
	struct inode *target = dentry->d_inode;
	int err = may_delete(dir, dentry, false);

	if (err)
		return err;
	if (!dir->i_op->unlink)
		return -EPERM;
	inode_lock_nested(target, I_MUTEX_CHILD);
	if (d_mountpoint(dentry))
		err = -EBUSY;
	else
		err = dir->i_op->unlink(dir, dentry);
	inode_unlock(target);
	if (!err) {
		fsnotify_link_count(target);
		d_delete_notify(dir, dentry);
	}
	return err;
}

/* The checks of rename for both ends. */
static int may_rename(struct inode *old_dir, struct dentry *old_dentry, struct inode *new_dir,
		      struct dentry *new_dentry, unsigned int flags)
{
	bool is_dir = S_ISDIR(old_dentry->d_inode->i_mode);
	int err = may_delete(old_dir, old_dentry, is_dir);

	if (err)
		return err;
	if (!new_dentry->d_inode)
		err = may_create(new_dir, new_dentry);
	else if (flags & RENAME_EXCHANGE)
		err = may_delete(new_dir, new_dentry, S_ISDIR(new_dentry->d_inode->i_mode));
	else
		err = may_delete(new_dir, new_dentry, is_dir);
	if (err)
		return err;
	if (!old_dir->i_op->rename)
		return -EPERM;
	if (new_dir == old_dir)
		return 0;
	/* ".." changes: the directory itself must be writable */
	if (is_dir) {
		err = inode_permission(old_dentry->d_inode, MAY_WRITE);
		if (err)
			return err;
	}
	if ((flags & RENAME_EXCHANGE) && S_ISDIR(new_dentry->d_inode->i_mode))
		err = inode_permission(new_dentry->d_inode, MAY_WRITE);
	return err;
}

/* Who watches hears of @moved, once @old_name in @old_dir, and of @other, which went the other way, or of @gone. */
static void tell_rename(struct inode *old_dir, const char *old_name, struct inode *new_dir,
			const struct dentry *moved, const struct dentry *other, struct inode *gone)
{
	const char *new_name = (const char *)moved->d_name.name;

	__fsnotify_move(old_dir, old_name, new_dir, new_name, moved->d_inode, other ? NULL : gone);
	if (other)
		__fsnotify_move(new_dir, new_name, old_dir, old_name, other->d_inode, NULL);
}

int vfs_rename(struct inode *old_dir, struct dentry *old_dentry, struct inode *new_dir,
	       struct dentry *new_dentry, unsigned int flags)
{
	struct inode *source = old_dentry->d_inode, *target = new_dentry->d_inode;
	bool lock_target = target && target != source;
	char old_name[NAME_MAX + 1];
	int err;

	if (source == target)
		return 0;
	err = may_rename(old_dir, old_dentry, new_dir, new_dentry, flags);
	if (err)
		return err;
	dget(new_dentry);
	if (lock_target)
		inode_lock_nested(target, I_MUTEX_CHILD);
	if (!S_ISDIR(source->i_mode))
		inode_lock_nested(source, I_MUTEX_NONDIR2);
	if (d_mountpoint(old_dentry) || d_mountpoint(new_dentry))
		err = -EBUSY;
	else
		err = old_dir->i_op->rename(old_dir, old_dentry, new_dir, new_dentry, flags);
	if (!err && !(flags & RENAME_EXCHANGE) && target) {
		if (S_ISDIR(source->i_mode)) {
			shrink_dcache_parent(new_dentry);
			target->i_flags |= S_DEAD;
		}
	}
	if (fsnotify_wanted())
		strscpy(old_name, (const char *)old_dentry->d_name.name, sizeof(old_name));
	else
		old_name[0] = 0;
	if (!err) {
		if (flags & RENAME_EXCHANGE)
			d_exchange(old_dentry, new_dentry);
		else
			d_move(old_dentry, new_dentry);
	}
	if (!S_ISDIR(source->i_mode))
		inode_unlock(source);
	if (lock_target)
		inode_unlock(target);
	if (!err && old_name[0])
		tell_rename(old_dir, old_name, new_dir, old_dentry,
			    flags & RENAME_EXCHANGE ? new_dentry : NULL, target);
	dput(new_dentry);
	return err;
}

struct dentry *lock_rename(struct dentry *p1, struct dentry *p2)
{
	if (p1 == p2) {
		inode_lock_nested(p1->d_inode, I_MUTEX_PARENT);
		return NULL;
	}
	mutex_lock(&p1->d_sb->s_vfs_rename_mutex);
	if (is_subdir(p1, p2)) { /* p2 is above: first */
		struct dentry *p, *q;

		inode_lock_nested(p2->d_inode, I_MUTEX_PARENT);
		inode_lock_nested(p1->d_inode, I_MUTEX_PARENT2);
		for (p = p1; (q = p->d_parent) != p2; p = q)
			if (q == p)
				break;
		return p; /* the child of p2 on the way to p1 */
	}
	inode_lock_nested(p1->d_inode, I_MUTEX_PARENT);
	inode_lock_nested(p2->d_inode, I_MUTEX_PARENT2);
	if (is_subdir(p2, p1)) {
		struct dentry *p, *q;

		for (p = p2; (q = p->d_parent) != p1; p = q)
			if (q == p)
				break;
		return p;
	}
	return NULL;
}

void unlock_rename(struct dentry *p1, struct dentry *p2)
{
	inode_unlock(p1->d_inode);
	if (p1 != p2) {
		inode_unlock(p2->d_inode);
		mutex_unlock(&p1->d_sb->s_vfs_rename_mutex);
	}
}

/* ---- a name that is to be made ---- */

static struct dentry *filename_create(int dfd, struct filename *name, struct path *path,
				      unsigned int flags)
{
	bool want_dir = flags & LOOKUP_DIRECTORY;
	struct dentry *dentry;
	struct qstr last;
	int type, err, ro;

	err = filename_parentat(dfd, name, flags & LOOKUP_REVAL, path, &last, &type);
	if (err)
		return ERR_PTR(err);
	err = -EEXIST;
	if (type != LAST_NORM)
		goto out_path;
	ro = mnt_want_write(path->mnt);
	err = -ENAMETOOLONG;
	if (last.len > NAME_MAX)
		goto out_write;
	inode_lock_nested(path->dentry->d_inode, I_MUTEX_PARENT);
	dentry = lookup_hash(&last, path->dentry, LOOKUP_CREATE | LOOKUP_EXCL);
	err = PTR_ERR(dentry);
	if (IS_ERR(dentry))
		goto out_unlock;
	err = -EEXIST;
	if (dentry->d_inode)
		goto out_dentry;
	err = -ENOENT;
	if (last.name[last.len] && !want_dir) /* "x/" is no name for a file */
		goto out_dentry;
	err = ro;
	if (err)
		goto out_dentry;
	return dentry;
out_dentry:
	dput(dentry);
out_unlock:
	inode_unlock(path->dentry->d_inode);
out_write:
	if (!ro)
		mnt_drop_write(path->mnt);
out_path:
	path_put(path);
	return ERR_PTR(err);
}

void done_path_create(struct path *path, struct dentry *dentry)
{
	dput(dentry);
	inode_unlock(path->dentry->d_inode);
	mnt_drop_write(path->mnt);
	path_put(path);
}

struct dentry *kern_path_create(int dfd, const char *pathname, struct path *path,
				unsigned int flags)
{
	struct filename *name = getname_kernel(pathname);
	struct dentry *dentry = filename_create(dfd, name, path, flags);

	putname(name);
	return dentry;
}

static umode_t masked(umode_t mode)
{
	return mode & ~current_umask();
}

static int do_mknodat(int dfd, struct filename *name, umode_t mode, unsigned int dev)
{
	struct dentry *dentry;
	struct path path;
	int err;

	switch (mode & S_IFMT) {
	case 0:
	case S_IFREG:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		break;
	case S_IFDIR:
		putname(name);
		return -EPERM;
	default:
		putname(name);
		return -EINVAL;
	}
	dentry = filename_create(dfd, name, &path, 0);
	err = PTR_ERR(dentry);
	if (!IS_ERR(dentry)) {
		mode = masked(mode);
		if (!(mode & S_IFMT) || S_ISREG(mode))
			err = vfs_create(path.dentry->d_inode, dentry, mode, true);
		else
			err = vfs_mknod(path.dentry->d_inode, dentry, mode,
					S_ISCHR(mode) || S_ISBLK(mode) ? new_decode_dev(dev) : 0);
		done_path_create(&path, dentry);
	}
	putname(name);
	return err;
}

int do_mkdirat(int dfd, struct filename *name, umode_t mode)
{
	struct path path;
	struct dentry *dentry = filename_create(dfd, name, &path, LOOKUP_DIRECTORY);
	int err = PTR_ERR(dentry);

	if (!IS_ERR(dentry)) {
		err = vfs_mkdir(path.dentry->d_inode, dentry, masked(mode));
		done_path_create(&path, dentry);
	}
	putname(name);
	return err;
}

int do_symlinkat(struct filename *from, int dfd, struct filename *to)
{
	struct dentry *dentry;
	struct path path;
	int err = PTR_ERR(from);

	if (!IS_ERR(from)) {
		dentry = filename_create(dfd, to, &path, 0);
		err = PTR_ERR(dentry);
		if (!IS_ERR(dentry)) {
			err = vfs_symlink(path.dentry->d_inode, dentry, from->name);
			done_path_create(&path, dentry);
		}
	}
	putname(to);
	putname(from);
	return err;
}

int do_linkat(int olddfd, struct filename *old, int newdfd, struct filename *new, int flags)
{
	unsigned int how = (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0) |
			   (flags & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0);
	struct path old_path, new_path;
	struct dentry *dentry;
	int err = -EINVAL;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		goto out_names;
	err = -ENOENT;
	if ((flags & AT_EMPTY_PATH) && !capable(CAP_DAC_READ_SEARCH))
		goto out_names;
	err = filename_lookup(olddfd, old, how, &old_path, NULL);
	if (err)
		goto out_names;
	dentry = filename_create(newdfd, new, &new_path, how & LOOKUP_REVAL);
	err = PTR_ERR(dentry);
	if (!IS_ERR(dentry)) {
		err = -EXDEV;
		if (old_path.mnt == new_path.mnt)
			err = vfs_link(old_path.dentry, new_path.dentry->d_inode, dentry);
		done_path_create(&new_path, dentry);
	}
	path_put(&old_path);
out_names:
	putname(new);
	putname(old);
	return err;
}

/* ---- removing ---- */

/* => parent's lock taken, a positive dentry; or ERR_PTR with everything undone but the path */
static struct dentry *find_victim(struct path *path, const struct qstr *last)
{
	struct dentry *dentry;

	if (last->len > NAME_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	inode_lock_nested(path->dentry->d_inode, I_MUTEX_PARENT);
	dentry = lookup_hash(last, path->dentry, 0);
	if (!IS_ERR(dentry) && !dentry->d_inode) {
		dput(dentry);
		dentry = ERR_PTR(-ENOENT);
	}
	if (IS_ERR(dentry))
		inode_unlock(path->dentry->d_inode);
	return dentry;
}

int do_rmdir(int dfd, struct filename *name)
{
	struct dentry *dentry;
	struct path path;
	struct qstr last;
	int type, err = filename_parentat(dfd, name, 0, &path, &last, &type);

	if (err)
		goto out_name;
	err = type == LAST_DOTDOT ? -ENOTEMPTY
	      : type == LAST_DOT  ? -EINVAL
	      : type == LAST_ROOT ? -EBUSY
				  : 0;
	if (!err)
		err = mnt_want_write(path.mnt);
	if (err)
		goto out_path;
	dentry = find_victim(&path, &last);
	err = PTR_ERR(dentry);
	if (!IS_ERR(dentry)) {
		err = vfs_rmdir(path.dentry->d_inode, dentry);
		dput(dentry);
		inode_unlock(path.dentry->d_inode);
	}
	mnt_drop_write(path.mnt);
out_path:
	path_put(&path);
out_name:
	putname(name);
	return err;
}

int do_unlinkat(int dfd, struct filename *name)
{
	struct inode *inode = NULL;
	struct dentry *dentry;
	struct path path;
	struct qstr last;
	int type, err = filename_parentat(dfd, name, 0, &path, &last, &type);

	if (err)
		goto out_name;
	err = type == LAST_NORM ? mnt_want_write(path.mnt) : -EISDIR;
	if (err)
		goto out_path;
	dentry = find_victim(&path, &last);
	err = PTR_ERR(dentry);
	if (!IS_ERR(dentry)) {
		if (last.name[last.len]) {
			err = d_is_dir(dentry) ? -EISDIR : -ENOTDIR;
		} else {
			inode = dentry->d_inode;
			ihold(inode); /* truncation outside the directory's lock */
			err = vfs_unlink(path.dentry->d_inode, dentry);
		}
		dput(dentry);
		inode_unlock(path.dentry->d_inode);
		iput(inode);
	}
	mnt_drop_write(path.mnt);
out_path:
	path_put(&path);
out_name:
	putname(name);
	return err;
}

/* ---- rename ---- */

struct rename_args {
	struct path old_path, new_path;
	struct qstr old_last, new_last;
	unsigned int flags;
};

/* => both parents locked; @trap: the child of one that is an ancestor of the other */
static int rename_locked(struct rename_args *a, struct dentry *trap)
{
	struct dentry *old, *new;
	int err;

	old = lookup_hash(&a->old_last, a->old_path.dentry, 0);
	if (IS_ERR(old))
		return PTR_ERR(old);
	err = -ENOENT;
	if (!old->d_inode)
		goto out_old;
	new = lookup_hash(&a->new_last, a->new_path.dentry, LOOKUP_RENAME_TARGET);
	err = PTR_ERR(new);
	if (IS_ERR(new))
		goto out_old;
	err = -EEXIST;
	if ((a->flags & RENAME_NOREPLACE) && new->d_inode)
		goto out_new;
	if (a->flags & RENAME_EXCHANGE) {
		err = -ENOENT;
		if (!new->d_inode)
			goto out_new;
		err = -ENOTDIR;
		if (!d_is_dir(new) && a->new_last.name[a->new_last.len])
			goto out_new;
	}
	err = -ENOTDIR;
	if (!d_is_dir(old)) {
		if (a->old_last.name[a->old_last.len])
			goto out_new;
		if (!(a->flags & RENAME_EXCHANGE) && a->new_last.name[a->new_last.len])
			goto out_new;
	}
	err = -EINVAL;
	if (old == trap) /* into its own descendant */
		goto out_new;
	err = a->flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
	if (new == trap) /* onto its own ancestor */
		goto out_new;
	err = vfs_rename(a->old_path.dentry->d_inode, old, a->new_path.dentry->d_inode, new,
			 a->flags);
out_new:
	dput(new);
out_old:
	dput(old);
	return err;
}

int do_renameat2(int olddfd, struct filename *from, int newdfd, struct filename *to,
		 unsigned int flags)
{
	struct rename_args a = { .flags = flags };
	int old_type, new_type, err = -EINVAL;
	struct dentry *trap;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT))
		goto out_names;
	if ((flags & (RENAME_NOREPLACE | RENAME_WHITEOUT)) && (flags & RENAME_EXCHANGE))
		goto out_names;
	err = filename_parentat(olddfd, from, 0, &a.old_path, &a.old_last, &old_type);
	if (err)
		goto out_names;
	err = filename_parentat(newdfd, to, 0, &a.new_path, &a.new_last, &new_type);
	if (err)
		goto out_old;
	err = -EXDEV;
	if (a.old_path.mnt != a.new_path.mnt)
		goto out_new;
	err = -EBUSY;
	if (old_type != LAST_NORM)
		goto out_new;
	if (flags & RENAME_NOREPLACE)
		err = -EEXIST;
	if (new_type != LAST_NORM)
		goto out_new;
	err = -ENAMETOOLONG;
	if (a.old_last.len > NAME_MAX || a.new_last.len > NAME_MAX)
		goto out_new;
	err = mnt_want_write(a.old_path.mnt);
	if (err)
		goto out_new;
	trap = lock_rename(a.new_path.dentry, a.old_path.dentry);
	err = rename_locked(&a, trap);
	unlock_rename(a.new_path.dentry, a.old_path.dentry);
	mnt_drop_write(a.old_path.mnt);
out_new:
	path_put(&a.new_path);
out_old:
	path_put(&a.old_path);
out_names:
	putname(from);
	putname(to);
	return err;
}

/* ---- reading links ---- */

static int readlink_copy(char __user *buffer, int buflen, const char *link)
{
	int len = PTR_ERR(link);

	if (IS_ERR(link))
		return len;
	len = strlen(link);
	if (len > buflen)
		len = buflen;
	return copy_to_user(buffer, link, len) ? -EFAULT : len;
}

int vfs_readlink(struct dentry *dentry, char __user *buffer, int buflen)
{
	struct delayed_call done = { NULL, NULL };
	struct inode *inode = dentry->d_inode;
	int res;

	if (inode->i_op->readlink)
		return inode->i_op->readlink(dentry, buffer, buflen);
	if (!S_ISLNK(inode->i_mode) || !inode->i_op->get_link)
		return -EINVAL;
	res = readlink_copy(buffer, buflen, inode->i_op->get_link(dentry, inode, &done));
	do_delayed_call(&done);
	return res;
}

static int do_readlinkat(int dfd, const char __user *pathname, char __user *buf, int bufsiz)
{
	struct path path;
	int empty = 0, err;

	if (bufsiz <= 0)
		return -EINVAL;
	err = user_path_at_empty(dfd, pathname, LOOKUP_EMPTY, &path, &empty);
	if (err)
		return err;
	if (d_is_symlink(path.dentry) || path.dentry->d_inode->i_op->readlink) {
		touch_atime(&path);
		err = vfs_readlink(path.dentry, buf, bufsiz);
	} else {
		err = empty ? -ENOENT : -EINVAL;
	}
	path_put(&path);
	return err;
}

/* ---- system calls ---- */

SYSCALL_DEFINE4(mknodat, int, dfd, const char __user *, filename, umode_t, mode, unsigned int, dev)
{
	return do_mknodat(dfd, getname(filename), mode, dev);
}
SYSCALL_DEFINE3(mknod, const char __user *, filename, umode_t, mode, unsigned int, dev)
{
	return do_mknodat(AT_FDCWD, getname(filename), mode, dev);
}
SYSCALL_DEFINE3(mkdirat, int, dfd, const char __user *, pathname, umode_t, mode)
{
	return do_mkdirat(dfd, getname(pathname), mode);
}
SYSCALL_DEFINE2(mkdir, const char __user *, pathname, umode_t, mode)
{
	return do_mkdirat(AT_FDCWD, getname(pathname), mode);
}
SYSCALL_DEFINE1(rmdir, const char __user *, pathname)
{
	return do_rmdir(AT_FDCWD, getname(pathname));
}
SYSCALL_DEFINE3(unlinkat, int, dfd, const char __user *, pathname, int, flag)
{
	if (flag & ~AT_REMOVEDIR)
		return -EINVAL;
	return flag & AT_REMOVEDIR ? do_rmdir(dfd, getname(pathname))
				   : do_unlinkat(dfd, getname(pathname));
}
SYSCALL_DEFINE1(unlink, const char __user *, pathname)
{
	return do_unlinkat(AT_FDCWD, getname(pathname));
}
SYSCALL_DEFINE3(symlinkat, const char __user *, oldname, int, newdfd, const char __user *, newname)
{
	return do_symlinkat(getname(oldname), newdfd, getname(newname));
}
SYSCALL_DEFINE2(symlink, const char __user *, oldname, const char __user *, newname)
{
	return do_symlinkat(getname(oldname), AT_FDCWD, getname(newname));
}
SYSCALL_DEFINE5(linkat, int, olddfd, const char __user *, oldname, int, newdfd, const char __user *,
		newname, int, flags)
{
	return do_linkat(olddfd, getname_uflags(oldname, flags), newdfd, getname(newname), flags);
}
SYSCALL_DEFINE2(link, const char __user *, oldname, const char __user *, newname)
{
	return do_linkat(AT_FDCWD, getname(oldname), AT_FDCWD, getname(newname), 0);
}
SYSCALL_DEFINE5(renameat2, int, olddfd, const char __user *, oldname, int, newdfd,
		const char __user *, newname, unsigned int, flags)
{
	return do_renameat2(olddfd, getname(oldname), newdfd, getname(newname), flags);
}
SYSCALL_DEFINE4(renameat, int, olddfd, const char __user *, oldname, int, newdfd,
		const char __user *, newname)
{
	return do_renameat2(olddfd, getname(oldname), newdfd, getname(newname), 0);
}
SYSCALL_DEFINE2(rename, const char __user *, oldname, const char __user *, newname)
{
	return do_renameat2(AT_FDCWD, getname(oldname), AT_FDCWD, getname(newname), 0);
}
SYSCALL_DEFINE4(readlinkat, int, dfd, const char __user *, pathname, char __user *, buf, int,
		bufsiz)
{
	return do_readlinkat(dfd, pathname, buf, bufsiz);
}
SYSCALL_DEFINE3(readlink, const char __user *, path, char __user *, buf, int, bufsiz)
{
	return do_readlinkat(AT_FDCWD, path, buf, bufsiz);
}

/* ---- with kernel strings ---- */

int init_mkdir(const char *pathname, umode_t mode)
{
	return do_mkdirat(AT_FDCWD, getname_kernel(pathname), mode);
}
int init_mknod(const char *filename, umode_t mode, unsigned int dev)
{
	return do_mknodat(AT_FDCWD, getname_kernel(filename), mode, dev);
}
int init_symlink(const char *oldname, const char *newname)
{
	return do_symlinkat(getname_kernel(oldname), AT_FDCWD, getname_kernel(newname));
}
int init_link(const char *oldname, const char *newname)
{
	return do_linkat(AT_FDCWD, getname_kernel(oldname), AT_FDCWD, getname_kernel(newname), 0);
}
int init_unlink(const char *pathname)
{
	return do_unlinkat(AT_FDCWD, getname_kernel(pathname));
}
int init_rmdir(const char *pathname)
{
	return do_rmdir(AT_FDCWD, getname_kernel(pathname));
}
