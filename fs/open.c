// SPDX-License-Identifier: MIT
/*
 * Opening files, and the calls that change or test a file by its name.
 *
 * do_filp_open() walks to the last component (namei.c), creates it if it is missing and O_CREAT is given, checks
 * permission, and lets do_dentry_open() make the file. While a last component is created its directory is locked.
 * Order of checks and errors: open(2), openat2(2), Linux 6.1.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/dentry.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/fsnotify.h>
#include <fs/fs_struct.h>
#include <fs/inode.h>
#include <fs/locks.h>
#include <fs/mount.h>
#include <fs/namei.h>
#include <fs/super.h>
#include <kernel/cred.h>
#include <kernel/ksyscall.h>
#include <kernel/rlimit.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/time.h>
#include <mm/address_space.h>
#include <mm/readahead.h>
#include <mm/slab.h>
#include <seam/uaccess.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>
#include <linux/securebits.h>
#include <linux/utime.h>
#include "fs_internal.h"
#include "namei_internal.h"

#ifndef __O_TMPFILE
#define __O_TMPFILE 020000000
#endif
#define UTIME_NOW  ((1L << 30) - 1L)
#define UTIME_OMIT ((1L << 30) - 2L)
#define VALID_OPEN_FLAGS                                                                           \
	(O_RDONLY | O_WRONLY | O_RDWR | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND |         \
	 O_NDELAY | O_NONBLOCK | __O_SYNC | O_DSYNC | FASYNC | O_DIRECT | O_LARGEFILE |            \
	 O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH | __O_TMPFILE)
#define O_PATH_FLAGS   (O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC)
#define WILL_CREATE(f) ((f) & (O_CREAT | __O_TMPFILE))

/* The open file ---------------------------------------------------------------------------------- */

static const struct file_operations empty_fops;

static void set_rw_modes(struct file *f)
{
	if ((f->f_mode & FMODE_READ) && (f->f_op->read || f->f_op->read_iter))
		f->f_mode |= FMODE_CAN_READ;
	if ((f->f_mode & FMODE_WRITE) && (f->f_op->write || f->f_op->write_iter))
		f->f_mode |= FMODE_CAN_WRITE;
	if (!f->f_op->llseek)
		f->f_mode &= ~FMODE_LSEEK;
}

/* It counts from now on; one open for writing keeps execution and read-only remounts away. */
static int count_in(struct file *f, struct inode *inode)
{
	int err;

	if ((f->f_mode & (FMODE_READ | FMODE_WRITE)) == FMODE_READ)
		atomic_inc(&inode->i_readcount);
	if (!(f->f_mode & FMODE_WRITE) || special_file(inode->i_mode))
		return 0;
	err = get_write_access(inode);
	if (err)
		return err;
	err = mnt_want_write(f->f_path.mnt);
	if (err) {
		put_write_access(inode);
		return err;
	}
	f->f_mode |= FMODE_WRITER;
	return 0;
}

static void count_out(struct file *f, struct inode *inode)
{
	if ((f->f_mode & (FMODE_READ | FMODE_WRITE)) == FMODE_READ)
		atomic_dec(&inode->i_readcount);
	if (!(f->f_mode & FMODE_WRITER))
		return;
	put_write_access(inode);
	mnt_drop_write(f->f_path.mnt);
	f->f_mode &= ~FMODE_WRITER;
}

/* Make @f, with f_path set, an open file on @inode; takes references of its own. 0 or an errno. */
int do_dentry_open(struct file *f, struct inode *inode, int (*open)(struct inode *, struct file *))
{
	int err;

	path_get(&f->f_path);
	f->f_inode = inode;
	f->f_mapping = inode->i_mapping;
	if (unlikely(f->f_flags & O_PATH)) {
		f->f_mode = FMODE_PATH | FMODE_OPENED;
		f->f_op = &empty_fops;
		return 0;
	}
	err = count_in(f, inode);
	if (err)
		goto fail;
	if (S_ISREG(inode->i_mode) || S_ISDIR(inode->i_mode))
		f->f_mode |= FMODE_ATOMIC_POS;
	f->f_op = inode->i_fop;
	err = -ENODEV;
	if (!f->f_op)
		goto fail;
	err = fsnotify_open_perm(f);
	if (!err)
		err = break_lease(inode, f->f_flags);
	if (err)
		goto fail;
	f->f_mode |= FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE;
	if (!open)
		open = f->f_op->open;
	if (open) {
		err = open(inode, f);
		if (err)
			goto fail;
	}
	f->f_mode |= FMODE_OPENED;
	set_rw_modes(f);
	if (f->f_mapping->a_ops && f->f_mapping->a_ops->direct_IO)
		f->f_mode |= FMODE_CAN_ODIRECT;
	f->f_flags &= ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC);
	file_ra_state_init(&f->f_ra, f->f_mapping);
	f->f_wb_err = errseq_sample(&f->f_mapping->wb_err);
	f->f_sb_err = errseq_sample(&inode->i_sb->s_wb_err);
	/* It is open: on an error the caller's fput() closes it. */
	return (f->f_flags & O_DIRECT) && !(f->f_mode & FMODE_CAN_ODIRECT) ? -EINVAL : 0;
fail:
	count_out(f, inode);
	path_put(&f->f_path);
	f->f_path = (struct path){ NULL, NULL };
	f->f_inode = NULL;
	return err;
}

static int vfs_open(const struct path *path, struct file *file)
{
	file->f_path = *path;
	return do_dentry_open(file, d_inode(path->dentry), NULL);
}

int generic_file_open(struct inode *inode, struct file *file)
{
	return 0;
}

int nonseekable_open(struct inode *inode, struct file *file)
{
	file->f_mode &= ~(FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE);
	return 0;
}

int stream_open(struct inode *inode, struct file *file)
{
	file->f_mode &= ~(FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE | FMODE_ATOMIC_POS);
	file->f_mode |= FMODE_STREAM;
	return 0;
}

bool is_file_hugepages(struct file *file)
{
	return false;
}

int filp_close(struct file *file, fl_owner_t id)
{
	int ret = 0;

	if (file->f_op && file->f_op->flush)
		ret = file->f_op->flush(file, id);
	if (!(file->f_mode & FMODE_PATH)) {
		dnotify_flush(file, id);
		if (file_inode(file)->i_flctx)
			locks_remove_posix(file, id);
	}
	fput(file);
	return ret;
}

/* May current open @path so? 0, -ELOOP, -EISDIR, -EACCES, -EPERM, ... */
int may_open(const struct path *path, int acc_mode, int flag)
{
	struct inode *inode = d_inode(path->dentry);
	int err;

	if (!inode)
		return -ENOENT;
	switch (inode->i_mode & S_IFMT) {
	case S_IFLNK:
		return -ELOOP;
	case S_IFDIR:
		if (acc_mode & MAY_WRITE)
			return -EISDIR;
		if (acc_mode & MAY_EXEC)
			return -EACCES;
		break;
	case S_IFBLK:
	case S_IFCHR:
		if (path->mnt->mnt_flags & MNT_NODEV)
			return -EACCES;
		fallthrough;
	case S_IFIFO:
	case S_IFSOCK:
		if (acc_mode & MAY_EXEC)
			return -EACCES;
		flag &= ~O_TRUNC;
		break;
	case S_IFREG:
		if ((acc_mode & MAY_EXEC) && path_noexec(path))
			return -EACCES;
		break;
	}
	err = inode_permission(inode, MAY_OPEN | acc_mode);
	if (err)
		return err;
	if (IS_APPEND(inode) &&
	    (((flag & O_ACCMODE) != O_RDONLY && !(flag & O_APPEND)) || (flag & O_TRUNC)))
		return -EPERM;
	if ((flag & O_NOATIME) && !inode_owner_or_capable(inode))
		return -EPERM;
	return 0;
}

/* Walking to it ---------------------------------------------------------------------------------- */

/* The last name in its locked directory, created if need be. The dentry, or ERR_PTR. */
static struct dentry *lookup_open(struct nameidata *nd, struct file *file,
				  const struct open_flags *op, int write_err)
{
	struct dentry *dir = nd->path.dentry, *dentry;
	struct inode *dir_inode = d_inode(dir);
	int err;

	if (IS_DEADDIR(dir_inode))
		return ERR_PTR(-ENOENT);
	dentry = lookup_hash(&nd->last, dir, nd->flags);
	if (IS_ERR(dentry) || d_is_positive(dentry))
		return dentry;
	err = write_err;
	if (!err)
		err = vfs_create(dir_inode, dentry, op->mode & ~current_umask(),
				 op->open_flag & O_EXCL);
	if (err) {
		dput(dentry);
		return ERR_PTR(err);
	}
	file->f_mode |= FMODE_CREATED;
	return dentry;
}

/* O_CREAT: the last component exists or is made. As open_last(). */
static const char *open_or_create(struct nameidata *nd, struct file *file,
				  const struct open_flags *op)
{
	struct dentry *dentry;
	int write_err;

	if (nd->last.name[nd->last.len])
		return ERR_PTR(-EISDIR); /* a slash behind what would be a file */
	dentry = lookup_dcache(&nd->last, nd->path.dentry, nd->flags);
	if (IS_ERR(dentry))
		return ERR_CAST(dentry);
	if (dentry && d_is_positive(dentry))
		return step_last(nd, dentry);
	if (dentry)
		dput(dentry);
	if (nd->last.len > 255)
		return ERR_PTR(-ENAMETOOLONG);
	write_err = mnt_want_write(nd->path.mnt);
	inode_lock(d_inode(nd->path.dentry));
	dentry = lookup_open(nd, file, op, write_err);
	inode_unlock(d_inode(nd->path.dentry));
	if (!write_err)
		mnt_drop_write(nd->path.mnt);
	if (IS_ERR(dentry))
		return ERR_CAST(dentry);
	if (file->f_mode & FMODE_CREATED) {
		dput(nd->path.dentry);
		nd->path.dentry = dentry;
		return NULL;
	}
	return step_last(nd, dentry);
}

/* One step over the last component: NULL at the end, the text of a link to walk, ERR_PTR. */
static const char *open_last(struct nameidata *nd, struct file *file, const struct open_flags *op)
{
	nd->flags |= op->intent;
	if (nd->last_type != LAST_NORM || !(op->open_flag & O_CREAT))
		return lookup_last(nd);
	return open_or_create(nd, file, op);
}

static int truncate_opened(struct file *file)
{
	return do_truncate(file->f_path.dentry, 0, ATTR_MTIME | ATTR_CTIME | ATTR_OPEN, file);
}

/* The walk has arrived: check, open, truncate. */
static int do_open(struct nameidata *nd, struct file *file, const struct open_flags *op)
{
	bool created = file->f_mode & FMODE_CREATED, trunc = false;
	int open_flag = op->open_flag, acc_mode = op->acc_mode, err;
	struct dentry *dentry = nd->path.dentry;

	if (!created) {
		err = complete_walk(nd);
		if (err)
			return err;
	}
	if (open_flag & O_CREAT) {
		if ((open_flag & O_EXCL) && !created)
			return -EEXIST;
		if (d_is_dir(dentry))
			return -EISDIR;
	}
	if ((nd->flags & LOOKUP_DIRECTORY) && !d_is_dir(dentry))
		return -ENOTDIR;
	if (created) {
		open_flag &= ~O_TRUNC;
		acc_mode = 0; /* whoever made it may use it as he said */
	} else if (d_is_reg(dentry) && (open_flag & O_TRUNC)) {
		err = mnt_want_write(nd->path.mnt);
		if (err)
			return err;
		trunc = true;
	}
	err = may_open(&nd->path, acc_mode, open_flag);
	if (!err)
		err = vfs_open(&nd->path, file);
	if (!err && trunc)
		err = truncate_opened(file);
	if (trunc)
		mnt_drop_write(nd->path.mnt);
	return err;
}

/* O_PATH: the place alone. */
static int do_o_path(struct nameidata *nd, struct file *file)
{
	const char *s = nd->name->name;
	int err = walk_start(nd);

	while (!err && !(err = link_path_walk(s, nd)) && (s = lookup_last(nd)) != NULL)
		if (IS_ERR(s))
			err = PTR_ERR(s);
	if (!err)
		err = complete_walk(nd);
	if (!err && (nd->flags & LOOKUP_DIRECTORY) && !d_is_dir(nd->path.dentry))
		err = -ENOTDIR;
	if (!err)
		err = vfs_open(&nd->path, file);
	walk_end(nd);
	return err;
}

/* A file without a name in directory @dir. */
static int make_tmpfile(const struct path *dir, struct file *file, const struct open_flags *op)
{
	struct inode *inode = d_inode(dir->dentry);
	struct dentry *child;
	int err = inode_permission(inode, MAY_WRITE | MAY_EXEC);

	if (err)
		return err;
	if (!inode->i_op->tmpfile)
		return -EOPNOTSUPP;
	child = d_alloc(dir->dentry, &slash_name);
	if (!child)
		return -ENOMEM;
	file->f_path = (struct path){ dir->mnt, child };
	err = inode->i_op->tmpfile(inode, file, op->mode & ~current_umask());
	if (!err && !(file->f_mode & FMODE_OPENED))
		err = do_dentry_open(file, d_inode(child), NULL);
	dput(child);
	if (err)
		return err;
	if (!(op->open_flag & O_EXCL)) {
		spin_lock(&file_inode(file)->i_lock);
		file_inode(file)->i_state |= I_LINKABLE;
		spin_unlock(&file_inode(file)->i_lock);
	}
	return may_open(&file->f_path, 0, op->open_flag);
}

static int do_tmpfile(struct nameidata *nd, struct file *file, const struct open_flags *op)
{
	const char *s = nd->name->name;
	int err;

	nd->flags |= LOOKUP_DIRECTORY;
	err = walk_start(nd);
	while (!err && !(err = link_path_walk(s, nd)) && (s = lookup_last(nd)) != NULL)
		if (IS_ERR(s))
			err = PTR_ERR(s);
	if (!err)
		err = complete_walk(nd);
	if (!err && !d_is_dir(nd->path.dentry))
		err = -ENOTDIR;
	if (!err)
		err = mnt_want_write(nd->path.mnt);
	if (!err) {
		err = make_tmpfile(&nd->path, file, op);
		mnt_drop_write(nd->path.mnt);
	}
	walk_end(nd);
	return err;
}

static int do_ordinary(struct nameidata *nd, struct file *file, const struct open_flags *op)
{
	const char *s = nd->name->name;
	int err = walk_start(nd);

	while (!err && !(err = link_path_walk(s, nd)) && (s = open_last(nd, file, op)) != NULL)
		if (IS_ERR(s))
			err = PTR_ERR(s);
	if (!err)
		err = do_open(nd, file, op);
	walk_end(nd);
	return err;
}

static struct file *path_openat(struct nameidata *nd, const struct open_flags *op)
{
	struct file *file = alloc_empty_file(op->open_flag, current_cred());
	int err;

	if (IS_ERR(file))
		return file;
	if (unlikely(op->open_flag & __O_TMPFILE))
		err = do_tmpfile(nd, file, op);
	else if (unlikely(op->open_flag & O_PATH))
		err = do_o_path(nd, file);
	else
		err = do_ordinary(nd, file, op);
	if (likely(!err))
		return file;
	__fput_sync(file);
	return ERR_PTR(err);
}

struct file *do_filp_open(int dfd, struct filename *pathname, const struct open_flags *op)
{
	struct nameidata nd;
	struct file *file;

	walk_begin(&nd, dfd, pathname, op->lookup_flags);
	file = path_openat(&nd, op);
	walk_leave(&nd);
	if (fsnotify_wanted() && !IS_ERR(file))
		fsnotify_open(file);
	return file;
}

struct file *do_file_open_root(const struct path *root, const char *name,
			       const struct open_flags *op)
{
	struct filename *filename;
	struct nameidata nd;
	struct file *file;

	if (d_is_symlink(root->dentry) && (op->intent & LOOKUP_OPEN))
		return ERR_PTR(-ELOOP);
	filename = getname_kernel(name);
	if (IS_ERR(filename))
		return ERR_CAST(filename);
	walk_begin_root(&nd, root, filename, op->lookup_flags);
	file = path_openat(&nd, op);
	walk_leave(&nd);
	putname(filename);
	return file;
}

/* Flags ------------------------------------------------------------------------------------------ */

struct open_how build_open_how(int flags, umode_t mode)
{
	struct open_how how = { .flags = flags & VALID_OPEN_FLAGS, .mode = mode & S_IALLUGO };

	if (how.flags & O_PATH)
		how.flags &= O_PATH_FLAGS;
	if (!WILL_CREATE(how.flags))
		how.mode = 0;
	return how;
}

/* RESOLVE_* of openat2 as LOOKUP_*. */
static int resolve_flags(u64 resolve, int lookup_flags)
{
	if (resolve & RESOLVE_NO_XDEV)
		lookup_flags |= LOOKUP_NO_XDEV;
	if (resolve & RESOLVE_NO_MAGICLINKS)
		lookup_flags |= LOOKUP_NO_MAGICLINKS;
	if (resolve & RESOLVE_NO_SYMLINKS)
		lookup_flags |= LOOKUP_NO_SYMLINKS;
	if (resolve & RESOLVE_BENEATH)
		lookup_flags |= LOOKUP_BENEATH;
	if (resolve & RESOLVE_IN_ROOT)
		lookup_flags |= LOOKUP_IN_ROOT;
	if (resolve & RESOLVE_CACHED)
		lookup_flags |= LOOKUP_CACHED;
	return lookup_flags;
}

#define VALID_RESOLVE                                                                              \
	(RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH |         \
	 RESOLVE_IN_ROOT | RESOLVE_CACHED)

/* Read the flags of open(2) or openat2(2) into @op. 0, -EINVAL, -EAGAIN. */
int build_open_flags(const struct open_how *how, struct open_flags *op)
{
	static const int acc[] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE,
				   MAY_READ | MAY_WRITE };
	u64 flags = how->flags & ~(u64)(FMODE_EXEC | FMODE_NONOTIFY);
	int lookup_flags = 0;

	if (flags & ~(u64)VALID_OPEN_FLAGS)
		return -EINVAL;
	if (how->resolve & ~(u64)VALID_RESOLVE)
		return -EINVAL;
	if ((how->resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) ==
	    (RESOLVE_BENEATH | RESOLVE_IN_ROOT))
		return -EINVAL;
	if (WILL_CREATE(flags)) {
		if (how->mode & ~(u64)S_IALLUGO)
			return -EINVAL;
		op->mode = how->mode | S_IFREG;
	} else {
		if (how->mode)
			return -EINVAL;
		op->mode = 0;
	}
	if (flags & __O_TMPFILE) {
		if ((flags & (O_DIRECTORY | O_CREAT)) != O_DIRECTORY)
			return -EINVAL;
		if (!(acc[flags & O_ACCMODE] & MAY_WRITE))
			return -EINVAL;
	}
	if ((flags & O_PATH) && (flags & ~(u64)O_PATH_FLAGS))
		return -EINVAL;
	if (flags & __O_SYNC)
		flags |= O_DSYNC;
	op->acc_mode = acc[flags & O_ACCMODE];
	if (flags & O_PATH)
		op->acc_mode = 0;
	if (flags & O_TRUNC)
		op->acc_mode |= MAY_WRITE;
	if (flags & O_APPEND)
		op->acc_mode |= MAY_APPEND;
	op->intent = flags & O_PATH ? 0 : LOOKUP_OPEN;
	if (flags & O_CREAT) {
		op->intent |= LOOKUP_CREATE;
		if (flags & O_EXCL) {
			op->intent |= LOOKUP_EXCL;
			flags |= O_NOFOLLOW;
		}
	}
	op->open_flag = flags;
	if (flags & O_DIRECTORY)
		lookup_flags |= LOOKUP_DIRECTORY;
	if (!(flags & O_NOFOLLOW))
		lookup_flags |= LOOKUP_FOLLOW;
	op->lookup_flags = resolve_flags(how->resolve, lookup_flags);
	/* "From memory only" is not possible when something is to be made or cut. */
	if ((how->resolve & RESOLVE_CACHED) && (flags & (O_TRUNC | O_CREAT | __O_TMPFILE)))
		return -EAGAIN;
	return 0;
}

/* Opening from the kernel ------------------------------------------------------------------------ */

struct file *filp_open(const char *name, int flags, umode_t mode)
{
	struct open_how how = build_open_how(flags | O_LARGEFILE, mode);
	struct filename *filename = getname_kernel(name);
	struct open_flags op;
	struct file *file;
	int err;

	if (IS_ERR(filename))
		return ERR_CAST(filename);
	err = build_open_flags(&how, &op);
	file = err ? ERR_PTR(err) : do_filp_open(AT_FDCWD, filename, &op);
	putname(filename);
	return file;
}

struct file *file_open_root(const struct path *root, const char *name, int flags, umode_t mode)
{
	struct open_how how = build_open_how(flags, mode);
	struct open_flags op;
	int err = build_open_flags(&how, &op);

	return err ? ERR_PTR(err) : do_file_open_root(root, name, &op);
}

struct file *dentry_open(const struct path *path, int flags, const struct cred *cred)
{
	struct file *f = alloc_empty_file(flags, cred);
	int err;

	if (IS_ERR(f))
		return f;
	err = vfs_open(path, f);
	if (!err)
		return f;
	__fput_sync(f);
	return ERR_PTR(err);
}

/* open(2) ---------------------------------------------------------------------------------------- */

long do_open_name(int dfd, struct filename *name, const struct open_flags *op, u64 fd_flags)
{
	struct file *f;
	int fd = get_unused_fd_flags(fd_flags);

	if (fd < 0)
		return fd;
	f = do_filp_open(dfd, name, op);
	if (IS_ERR(f)) {
		put_unused_fd(fd);
		return PTR_ERR(f);
	}
	fd_install(fd, f);
	return fd;
}

static long do_sys_openat2(int dfd, const char __user *filename, const struct open_how *how)
{
	struct open_flags op;
	struct filename *tmp;
	long fd = build_open_flags(how, &op);

	if (fd)
		return fd;
	tmp = getname(filename);
	if (IS_ERR(tmp))
		return PTR_ERR(tmp);
	fd = do_open_name(dfd, tmp, &op, how->flags);
	putname(tmp);
	return fd;
}

static long do_sys_open(int dfd, const char __user *filename, int flags, umode_t mode)
{
	struct open_how how = build_open_how(flags | O_LARGEFILE, mode);

	return do_sys_openat2(dfd, filename, &how);
}

SYSCALL_DEFINE3(open, const char __user *, filename, int, flags, umode_t, mode)
{
	return do_sys_open(AT_FDCWD, filename, flags, mode);
}

SYSCALL_DEFINE4(openat, int, dfd, const char __user *, filename, int, flags, umode_t, mode)
{
	return do_sys_open(dfd, filename, flags, mode);
}

SYSCALL_DEFINE2(creat, const char __user *, pathname, umode_t, mode)
{
	return do_sys_open(AT_FDCWD, pathname, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

SYSCALL_DEFINE4(openat2, int, dfd, const char __user *, filename, struct open_how __user *, how,
		size_t, usize)
{
	struct open_how tmp;
	int err;

	if (usize < sizeof(tmp))
		return -EINVAL;
	err = copy_struct_from_user(&tmp, sizeof(tmp), how, usize);
	if (err)
		return err;
	if (!(tmp.flags & O_PATH))
		tmp.flags |= O_LARGEFILE;
	return do_sys_openat2(dfd, filename, &tmp);
}

/* Size ------------------------------------------------------------------------------------------- */

int do_truncate(struct dentry *dentry, loff_t length, unsigned int time_attrs, struct file *filp)
{
	struct iattr newattrs = { .ia_size = length, .ia_valid = ATTR_SIZE | time_attrs };
	struct inode *inode = d_inode(dentry);
	int ret;

	if (length < 0)
		return -EINVAL;
	if (filp) {
		newattrs.ia_file = filp;
		newattrs.ia_valid |= ATTR_FILE;
	}
	/* A file that changes loses its set-id bits. */
	if (inode->i_mode & S_ISUID)
		newattrs.ia_valid |= ATTR_KILL_SUID;
	if ((inode->i_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
		newattrs.ia_valid |= ATTR_KILL_SGID;
	inode_lock(inode);
	ret = notify_change(dentry, &newattrs);
	inode_unlock(inode);
	return ret;
}

static long vfs_truncate(const struct path *path, loff_t length)
{
	struct inode *inode = d_inode(path->dentry);
	long err;

	if (S_ISDIR(inode->i_mode))
		return -EISDIR;
	if (!S_ISREG(inode->i_mode))
		return -EINVAL;
	err = mnt_want_write(path->mnt);
	if (err)
		return err;
	err = inode_permission(inode, MAY_WRITE);
	if (!err && IS_APPEND(inode))
		err = -EPERM;
	if (!err)
		err = get_write_access(inode);
	if (!err) {
		err = break_lease(inode, O_WRONLY);
		if (!err)
			err = do_truncate(path->dentry, length, 0, NULL);
		put_write_access(inode);
	}
	mnt_drop_write(path->mnt);
	return err;
}

SYSCALL_DEFINE2(truncate, const char __user *, pathname, long, length)
{
	struct path path;
	long err;

	if (length < 0)
		return -EINVAL;
	err = user_path_at(AT_FDCWD, pathname, LOOKUP_FOLLOW, &path);
	if (err)
		return err;
	err = vfs_truncate(&path, length);
	path_put(&path);
	return err;
}

SYSCALL_DEFINE2(ftruncate, unsigned int, fd, unsigned long, length)
{
	struct fd f;
	long err;

	if ((long)length < 0)
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	err = -EINVAL;
	if (S_ISREG(file_inode(f.file)->i_mode) && (f.file->f_mode & FMODE_WRITE)) {
		err = -EPERM;
		if (!IS_APPEND(file_inode(f.file)))
			err = do_truncate(f.file->f_path.dentry, length, ATTR_MTIME | ATTR_CTIME,
					  f.file);
	}
	fdput(f);
	return err;
}

int vfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	struct inode *inode = file_inode(file);
	int err;

	if (offset < 0 || len <= 0)
		return -EINVAL;
	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_COLLAPSE_RANGE |
		     FALLOC_FL_ZERO_RANGE | FALLOC_FL_INSERT_RANGE | FALLOC_FL_UNSHARE_RANGE))
		return -EOPNOTSUPP;
	if ((mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) ==
	    (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		return -EOPNOTSUPP;
	if ((mode & FALLOC_FL_PUNCH_HOLE) && !(mode & FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;
	if ((mode & FALLOC_FL_COLLAPSE_RANGE) && mode != FALLOC_FL_COLLAPSE_RANGE)
		return -EINVAL;
	if ((mode & FALLOC_FL_INSERT_RANGE) && mode != FALLOC_FL_INSERT_RANGE)
		return -EINVAL;
	if ((mode & FALLOC_FL_UNSHARE_RANGE) &&
	    (mode & ~(FALLOC_FL_UNSHARE_RANGE | FALLOC_FL_KEEP_SIZE)))
		return -EINVAL;
	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	if ((mode & ~FALLOC_FL_KEEP_SIZE) && IS_APPEND(inode))
		return -EPERM;
	if (IS_IMMUTABLE(inode))
		return -EPERM;
	if (IS_SWAPFILE(inode))
		return -ETXTBSY;
	if (S_ISFIFO(inode->i_mode))
		return -ESPIPE;
	if (S_ISDIR(inode->i_mode))
		return -EISDIR;
	if (!S_ISREG(inode->i_mode) && !S_ISBLK(inode->i_mode))
		return -ENODEV;
	if (offset + len > inode->i_sb->s_maxbytes || offset + len < 0)
		return -EFBIG;
	if (!file->f_op->fallocate)
		return -EOPNOTSUPP;
	err = file->f_op->fallocate(file, mode, offset, len);
	if (!err)
		fsnotify_file(file, IN_MODIFY);
	return err;
}

SYSCALL_DEFINE4(fallocate, int, fd, int, mode, loff_t, offset, loff_t, len)
{
	struct fd f = fdget(fd);
	int err;

	if (!f.file)
		return -EBADF;
	err = vfs_fallocate(f.file, mode, offset, len);
	fdput(f);
	return err;
}

/* Access ----------------------------------------------------------------------------------------- */

/* The creds that access(2) asks with: the real ids. NULL: they are in force already. ERR_PTR(-ENOMEM). */
static const struct cred *real_id_creds(void)
{
	const struct cred *cred = current_cred();
	kernel_cap_t caps = cred->cap_effective;
	struct cred *new;

	if (!(cred->securebits & (1U << SECURE_NO_SETUID_FIXUP)))
		caps = cred->uid ? 0 : cred->cap_permitted;
	if (cred->fsuid == cred->uid && cred->fsgid == cred->gid && caps == cred->cap_effective)
		return NULL;
	new = prepare_creds();
	if (!new)
		return ERR_PTR(-ENOMEM);
	new->fsuid = new->uid;
	new->fsgid = new->gid;
	new->cap_effective = caps;
	return new;
}

static int access_path(const struct path *path, int mode)
{
	struct inode *inode = d_inode(path->dentry);
	int err;

	if ((mode & MAY_EXEC) && S_ISREG(inode->i_mode) && path_noexec(path))
		return -EACCES;
	err = inode_permission(inode, mode | MAY_ACCESS);
	if (err || !(mode & MAY_WRITE) || special_file(inode->i_mode))
		return err;
	return __mnt_is_readonly(path->mnt) ? -EROFS : 0;
}

static long do_faccessat(int dfd, const char __user *filename, int mode, int flags)
{
	unsigned int lookup = LOOKUP_FOLLOW;
	const struct cred *override = NULL, *old = NULL;
	struct path path;
	int err;

	if (mode & ~S_IRWXO)
		return -EINVAL;
	if (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_SYMLINK_NOFOLLOW)
		lookup &= ~LOOKUP_FOLLOW;
	if (flags & AT_EMPTY_PATH)
		lookup |= LOOKUP_EMPTY;
	if (!(flags & AT_EACCESS)) {
		override = real_id_creds();
		if (IS_ERR(override))
			return PTR_ERR(override);
		if (override)
			old = override_creds(override);
	}
	err = user_path_at(dfd, filename, lookup, &path);
	if (!err) {
		err = access_path(&path, mode);
		path_put(&path);
	}
	if (override) {
		revert_creds(old);
		put_cred(override);
	}
	return err;
}

SYSCALL_DEFINE3(faccessat, int, dfd, const char __user *, filename, int, mode)
{
	return do_faccessat(dfd, filename, mode, 0);
}

SYSCALL_DEFINE4(faccessat2, int, dfd, const char __user *, filename, int, mode, int, flags)
{
	return do_faccessat(dfd, filename, mode, flags);
}

SYSCALL_DEFINE2(access, const char __user *, filename, int, mode)
{
	return do_faccessat(AT_FDCWD, filename, mode, 0);
}

/* Directories ------------------------------------------------------------------------------------ */

SYSCALL_DEFINE1(chdir, const char __user *, filename)
{
	struct path path;
	int err = user_path_at(AT_FDCWD, filename, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &path);

	if (err)
		return err;
	err = inode_permission(d_inode(path.dentry), MAY_EXEC | MAY_CHDIR);
	if (!err)
		set_fs_pwd(current->fs, &path);
	path_put(&path);
	return err;
}

SYSCALL_DEFINE1(fchdir, unsigned int, fd)
{
	struct fd f = fdget_raw(fd);
	int err = -ENOTDIR;

	if (!f.file)
		return -EBADF;
	if (d_is_dir(f.file->f_path.dentry))
		err = inode_permission(file_inode(f.file), MAY_EXEC | MAY_CHDIR);
	if (!err)
		set_fs_pwd(current->fs, &f.file->f_path);
	fdput(f);
	return err;
}

SYSCALL_DEFINE1(chroot, const char __user *, filename)
{
	struct path path;
	int err = user_path_at(AT_FDCWD, filename, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &path);

	if (err)
		return err;
	err = inode_permission(d_inode(path.dentry), MAY_EXEC | MAY_CHDIR);
	if (!err && !capable(CAP_SYS_CHROOT))
		err = -EPERM;
	if (!err)
		set_fs_root(current->fs, &path);
	path_put(&path);
	return err;
}

SYSCALL_DEFINE2(getcwd, char __user *, buf, unsigned long, size)
{
	char *page = kmalloc(PAGE_SIZE, GFP_KERNEL), *text;
	struct path pwd;
	int ret;

	if (!page)
		return -ENOMEM;
	get_fs_pwd(current->fs, &pwd);
	if (d_unlinked(pwd.dentry)) {
		ret = -ENOENT;
		goto out;
	}
	text = d_path(&pwd, page, PAGE_SIZE);
	ret = PTR_ERR(text);
	if (IS_ERR(text))
		goto out;
	ret = strlen(text) + 1;
	if (ret > size)
		ret = -ERANGE;
	else if (copy_to_user(buf, text, ret))
		ret = -EFAULT;
out:
	path_put(&pwd);
	kfree(page);
	return ret;
}

/* Mode and owner --------------------------------------------------------------------------------- */

static int change_attr(const struct path *path, struct iattr *attr)
{
	struct inode *inode = d_inode(path->dentry);
	int err = mnt_want_write(path->mnt);

	if (err)
		return err;
	inode_lock(inode);
	err = notify_change(path->dentry, attr);
	inode_unlock(inode);
	mnt_drop_write(path->mnt);
	return err;
}

static int chmod_common(const struct path *path, umode_t mode)
{
	struct inode *inode = d_inode(path->dentry);
	struct iattr attr = { .ia_valid = ATTR_MODE | ATTR_CTIME };

	attr.ia_mode = (mode & S_IALLUGO) | (inode->i_mode & ~S_IALLUGO);
	return change_attr(path, &attr);
}

static int chown_common(const struct path *path, uid_t user, gid_t group)
{
	struct inode *inode = d_inode(path->dentry);
	struct iattr attr = { .ia_valid = ATTR_CTIME };

	if (user != (uid_t)-1) {
		attr.ia_valid |= ATTR_UID;
		attr.ia_uid = user;
	}
	if (group != (gid_t)-1) {
		attr.ia_valid |= ATTR_GID;
		attr.ia_gid = group;
	}
	if (!S_ISDIR(inode->i_mode))
		attr.ia_valid |= ATTR_KILL_SUID | ATTR_KILL_SGID | ATTR_KILL_PRIV;
	return change_attr(path, &attr);
}

SYSCALL_DEFINE2(fchmod, unsigned int, fd, umode_t, mode)
{
	struct fd f = fdget(fd);
	int err;

	if (!f.file)
		return -EBADF;
	err = chmod_common(&f.file->f_path, mode);
	fdput(f);
	return err;
}

static int do_fchmodat(int dfd, const char __user *filename, umode_t mode)
{
	struct path path;
	int err = user_path_at(dfd, filename, LOOKUP_FOLLOW, &path);

	if (err)
		return err;
	err = chmod_common(&path, mode);
	path_put(&path);
	return err;
}

SYSCALL_DEFINE3(fchmodat, int, dfd, const char __user *, filename, umode_t, mode)
{
	return do_fchmodat(dfd, filename, mode);
}

SYSCALL_DEFINE2(chmod, const char __user *, filename, umode_t, mode)
{
	return do_fchmodat(AT_FDCWD, filename, mode);
}

static int do_fchownat(int dfd, const char __user *filename, uid_t user, gid_t group, int flag)
{
	int lookup = flag & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	struct path path;
	int err;

	if (flag & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flag & AT_EMPTY_PATH)
		lookup |= LOOKUP_EMPTY;
	err = user_path_at(dfd, filename, lookup, &path);
	if (err)
		return err;
	err = chown_common(&path, user, group);
	path_put(&path);
	return err;
}

SYSCALL_DEFINE5(fchownat, int, dfd, const char __user *, filename, uid_t, user, gid_t, group, int,
		flag)
{
	return do_fchownat(dfd, filename, user, group, flag);
}

SYSCALL_DEFINE3(chown, const char __user *, filename, uid_t, user, gid_t, group)
{
	return do_fchownat(AT_FDCWD, filename, user, group, 0);
}

SYSCALL_DEFINE3(lchown, const char __user *, filename, uid_t, user, gid_t, group)
{
	return do_fchownat(AT_FDCWD, filename, user, group, AT_SYMLINK_NOFOLLOW);
}

SYSCALL_DEFINE3(fchown, unsigned int, fd, uid_t, user, gid_t, group)
{
	struct fd f = fdget(fd);
	int err;

	if (!f.file)
		return -EBADF;
	err = chown_common(&f.file->f_path, user, group);
	fdput(f);
	return err;
}

int init_chmod(const char *filename, umode_t mode)
{
	struct path path;
	int err = kern_path(filename, LOOKUP_FOLLOW, &path);

	if (err)
		return err;
	err = chmod_common(&path, mode);
	path_put(&path);
	return err;
}

int init_chown(const char *filename, uid_t user, gid_t group, int flags)
{
	struct path path;
	int err = kern_path(filename, flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW, &path);

	if (err)
		return err;
	err = chown_common(&path, user, group);
	path_put(&path);
	return err;
}

/* Times ------------------------------------------------------------------------------------------ */

static bool nsec_valid(long nsec)
{
	return nsec == UTIME_OMIT || nsec == UTIME_NOW || (nsec >= 0 && nsec <= 999999999);
}

/* @times: access and modification, or NULL for now. */
static int vfs_utimes(const struct path *path, struct timespec64 *times)
{
	struct iattr attr = { .ia_valid = ATTR_CTIME | ATTR_MTIME | ATTR_ATIME };

	if (!times) {
		attr.ia_valid |= ATTR_TOUCH;
		return change_attr(path, &attr);
	}
	if (!nsec_valid(times[0].tv_nsec) || !nsec_valid(times[1].tv_nsec))
		return -EINVAL;
	if (times[0].tv_nsec == UTIME_NOW && times[1].tv_nsec == UTIME_NOW) {
		attr.ia_valid |= ATTR_TOUCH;
		return change_attr(path, &attr);
	}
	if (times[0].tv_nsec == UTIME_OMIT) {
		attr.ia_valid &= ~ATTR_ATIME;
	} else if (times[0].tv_nsec != UTIME_NOW) {
		attr.ia_atime = times[0];
		attr.ia_valid |= ATTR_ATIME_SET;
	}
	if (times[1].tv_nsec == UTIME_OMIT) {
		attr.ia_valid &= ~ATTR_MTIME;
	} else if (times[1].tv_nsec != UTIME_NOW) {
		attr.ia_mtime = times[1];
		attr.ia_valid |= ATTR_MTIME_SET;
	}
	attr.ia_valid |= ATTR_TIMES_SET; /* needs the owner, not write permission */
	return change_attr(path, &attr);
}

static long do_utimes(int dfd, const char __user *filename, struct timespec64 *times, int flags)
{
	int lookup = flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	struct path path;
	struct fd f;
	int err;

	if (!filename && dfd != AT_FDCWD) {
		if (flags)
			return -EINVAL;
		f = fdget(dfd);
		if (!f.file)
			return -EBADF;
		err = vfs_utimes(&f.file->f_path, times);
		fdput(f);
		return err;
	}
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH)
		lookup |= LOOKUP_EMPTY;
	err = user_path_at(dfd, filename, lookup, &path);
	if (err)
		return err;
	err = vfs_utimes(&path, times);
	path_put(&path);
	return err;
}

SYSCALL_DEFINE4(utimensat, int, dfd, const char __user *, filename,
		struct __kernel_timespec __user *, utimes, int, flags)
{
	struct timespec64 t[2];

	if (utimes) {
		if (get_timespec64(&t[0], &utimes[0]) || get_timespec64(&t[1], &utimes[1]))
			return -EFAULT;
		if (t[0].tv_nsec == UTIME_OMIT && t[1].tv_nsec == UTIME_OMIT)
			return 0;
	}
	return do_utimes(dfd, filename, utimes ? t : NULL, flags);
}

static long do_futimesat(int dfd, const char __user *filename,
			 struct __kernel_old_timeval __user *utimes)
{
	struct __kernel_old_timeval tv[2];
	struct timespec64 t[2];

	if (!utimes)
		return do_utimes(dfd, filename, NULL, 0);
	if (copy_from_user(tv, utimes, sizeof(tv)))
		return -EFAULT;
	for (int i = 0; i < 2; i++) {
		if (tv[i].tv_usec >= 1000000 || tv[i].tv_usec < 0)
			return -EINVAL;
		t[i] = (struct timespec64){ tv[i].tv_sec, tv[i].tv_usec * 1000 };
	}
	return do_utimes(dfd, filename, t, 0);
}

SYSCALL_DEFINE3(futimesat, int, dfd, const char __user *, filename,
		struct __kernel_old_timeval __user *, utimes)
{
	return do_futimesat(dfd, filename, utimes);
}

SYSCALL_DEFINE2(utimes, const char __user *, filename, struct __kernel_old_timeval __user *, utimes)
{
	return do_futimesat(AT_FDCWD, filename, utimes);
}

SYSCALL_DEFINE2(utime, const char __user *, filename, struct utimbuf __user *, times)
{
	struct timespec64 t[2] = { { 0, 0 }, { 0, 0 } };

	if (times &&
	    (get_user(t[0].tv_sec, &times->actime) || get_user(t[1].tv_sec, &times->modtime)))
		return -EFAULT;
	return do_utimes(AT_FDCWD, filename, times ? t : NULL, 0);
}

int init_utimes(const char *filename, struct timespec64 *ts)
{
	struct path path;
	int err = kern_path(filename, 0, &path);

	if (err)
		return err;
	err = vfs_utimes(&path, ts);
	path_put(&path);
	return err;
}
