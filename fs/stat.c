// SPDX-License-Identifier: MIT
/* stat, fstat, lstat, newfstatat, statx: what is known of a file, in the shape of each call. */
#include <base/errno.h>
#include <base/string.h>
#include <fs/char_dev.h>
#include <fs/dentry.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/mount.h>
#include <fs/namei.h>
#include <fs/stat.h>
#include <fs/super.h>
#include <kernel/ksyscall.h>
#include <seam/uaccess.h>
#undef __unused /* the name of a field there */
#include <asm/stat.h>
#include <linux/fcntl.h>

void generic_fillattr(struct inode *inode, struct kstat *stat)
{
	stat->dev = inode->i_sb->s_dev;
	stat->ino = inode->i_ino;
	stat->mode = inode->i_mode;
	stat->nlink = inode->i_nlink;
	stat->uid = inode->i_uid;
	stat->gid = inode->i_gid;
	stat->rdev = inode->i_rdev;
	stat->size = i_size_read(inode);
	stat->atime = inode->i_atime;
	stat->mtime = inode->i_mtime;
	stat->ctime = inode->i_ctime;
	stat->blksize = 1U << inode->i_blkbits;
	stat->blocks = inode->i_blocks;
}

int vfs_getattr(const struct path *path, struct kstat *stat, u32 request_mask, unsigned int flags)
{
	struct inode *inode = path->dentry->d_inode;

	memset(stat, 0, sizeof(*stat));
	stat->result_mask = STATX_BASIC_STATS;
	if (inode->i_op->getattr)
		return inode->i_op->getattr(path, stat, request_mask, flags);
	generic_fillattr(inode, stat);
	return 0;
}

int vfs_fstat(int fd, struct kstat *stat)
{
	struct fd f = fdget_raw(fd);
	int err;

	if (!f.file)
		return -EBADF;
	err = vfs_getattr(&f.file->f_path, stat, STATX_BASIC_STATS, 0);
	if (!err) {
		stat->mnt_id = real_mount(f.file->f_path.mnt)->mnt_id;
		stat->result_mask |= STATX_MNT_ID;
	}
	fdput(f);
	return err;
}

/* LOOKUP_* of the AT_* in @flags, or -EINVAL. */
static int lookup_flags(int flags)
{
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	return (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
	       (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
}

/* Of @path, whose references it drops. */
static int stat_path(struct path *path, int flags, struct kstat *stat, u32 mask)
{
	int err = vfs_getattr(path, stat, mask, flags);

	if (!err) {
		stat->mnt_id = real_mount(path->mnt)->mnt_id;
		stat->result_mask |= STATX_MNT_ID;
		if (path->mnt->mnt_root == path->dentry)
			stat->attributes |= STATX_ATTR_MOUNT_ROOT;
		stat->attributes_mask |= STATX_ATTR_MOUNT_ROOT;
	}
	path_put(path);
	return err;
}

/* By name; @flags: AT_*. */
static int vfs_statx(int dfd, const char __user *filename, int flags, struct kstat *stat, u32 mask)
{
	int lookup = lookup_flags(flags), err;
	struct path path;

	if (lookup < 0)
		return lookup;
	err = user_path_at(dfd, filename, lookup, &path);
	return err ? err : stat_path(&path, flags, stat, mask);
}

static int cp_new_stat(const struct kstat *stat, struct stat __user *statbuf)
{
	struct stat tmp;

	memset(&tmp, 0, sizeof(tmp));
	tmp.st_dev = new_encode_dev(stat->dev);
	tmp.st_ino = stat->ino;
	tmp.st_mode = stat->mode;
	tmp.st_nlink = stat->nlink;
	tmp.st_uid = stat->uid;
	tmp.st_gid = stat->gid;
	tmp.st_rdev = new_encode_dev(stat->rdev);
	tmp.st_size = stat->size;
	tmp.st_atime = stat->atime.tv_sec;
	tmp.st_mtime = stat->mtime.tv_sec;
	tmp.st_ctime = stat->ctime.tv_sec;
	tmp.st_atime_nsec = stat->atime.tv_nsec;
	tmp.st_mtime_nsec = stat->mtime.tv_nsec;
	tmp.st_ctime_nsec = stat->ctime.tv_nsec;
	tmp.st_blocks = stat->blocks;
	tmp.st_blksize = stat->blksize;
	return copy_to_user(statbuf, &tmp, sizeof(tmp)) ? -EFAULT : 0;
}

SYSCALL_DEFINE2(stat, const char __user *, filename, struct stat __user *, statbuf)
{
	struct kstat stat;
	int err = vfs_statx(AT_FDCWD, filename, 0, &stat, STATX_BASIC_STATS);

	return err ? err : cp_new_stat(&stat, statbuf);
}

SYSCALL_DEFINE2(lstat, const char __user *, filename, struct stat __user *, statbuf)
{
	struct kstat stat;
	int err = vfs_statx(AT_FDCWD, filename, AT_SYMLINK_NOFOLLOW, &stat, STATX_BASIC_STATS);

	return err ? err : cp_new_stat(&stat, statbuf);
}

/* fstatat(fd, "", AT_EMPTY_PATH) is how glibc says fstat(fd): no look-up. */
static bool is_empty_name(const char __user *filename)
{
	char c;

	return !get_user(c, filename) && !c;
}

SYSCALL_DEFINE4(newfstatat, int, dfd, const char __user *, filename, struct stat __user *, statbuf,
		int, flag)
{
	struct kstat stat;
	int err;

	if (flag == AT_EMPTY_PATH && dfd >= 0 && is_empty_name(filename))
		err = vfs_fstat(dfd, &stat);
	else
		err = vfs_statx(dfd, filename, flag, &stat, STATX_BASIC_STATS);
	return err ? err : cp_new_stat(&stat, statbuf);
}

SYSCALL_DEFINE2(fstat, unsigned int, fd, struct stat __user *, statbuf)
{
	struct kstat stat;
	int err = vfs_fstat(fd, &stat);

	return err ? err : cp_new_stat(&stat, statbuf);
}

static struct statx_timestamp to_statx_time(struct timespec64 ts)
{
	return (struct statx_timestamp){ .tv_sec = ts.tv_sec, .tv_nsec = ts.tv_nsec };
}

static int cp_statx(const struct kstat *stat, struct statx __user *buffer)
{
	struct statx tmp;

	memset(&tmp, 0, sizeof(tmp));
	tmp.stx_mask = stat->result_mask;
	tmp.stx_blksize = stat->blksize;
	tmp.stx_attributes = stat->attributes & stat->attributes_mask;
	tmp.stx_nlink = stat->nlink;
	tmp.stx_uid = stat->uid;
	tmp.stx_gid = stat->gid;
	tmp.stx_mode = stat->mode;
	tmp.stx_ino = stat->ino;
	tmp.stx_size = stat->size;
	tmp.stx_blocks = stat->blocks;
	tmp.stx_attributes_mask = stat->attributes_mask;
	tmp.stx_atime = to_statx_time(stat->atime);
	tmp.stx_btime = to_statx_time(stat->btime);
	tmp.stx_ctime = to_statx_time(stat->ctime);
	tmp.stx_mtime = to_statx_time(stat->mtime);
	tmp.stx_rdev_major = MAJOR(stat->rdev);
	tmp.stx_rdev_minor = MINOR(stat->rdev);
	tmp.stx_dev_major = MAJOR(stat->dev);
	tmp.stx_dev_minor = MINOR(stat->dev);
	tmp.stx_mnt_id = stat->mnt_id;
	return copy_to_user(buffer, &tmp, sizeof(tmp)) ? -EFAULT : 0;
}

SYSCALL_DEFINE5(statx, int, dfd, const char __user *, filename, unsigned, flags, unsigned int, mask,
		struct statx __user *, buffer)
{
	struct kstat stat;
	int err;

	if (mask & STATX__RESERVED)
		return -EINVAL;
	if ((flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	if ((flags & AT_EMPTY_PATH) && dfd >= 0 && filename && is_empty_name(filename))
		err = vfs_fstat(dfd, &stat);
	else
		err = vfs_statx(dfd, filename, flags, &stat, mask);
	return err ? err : cp_statx(&stat, buffer);
}

int do_statx(int dfd, struct filename *name, unsigned int flags, u32 mask,
	     struct statx __user *buffer)
{
	int lookup = lookup_flags((int)flags), err;
	struct kstat stat;
	struct path path;

	if (mask & STATX__RESERVED || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	if (lookup < 0)
		return lookup;
	err = filename_lookup(dfd, name, lookup, &path, NULL);
	if (!err)
		err = stat_path(&path, (int)flags, &stat, mask);
	return err ? err : cp_statx(&stat, buffer);
}
