// SPDX-License-Identifier: MIT
/* Flags (lsattr, chattr) and generation of a file. Linux 6.1: fs/ext2/ioctl.c, fs/ioctl.c. */
#include <base/types.h>
#include <base/errno.h>
#include <kernel/cred.h>
#include <fs/file.h>
#include <fs/mount.h>
#include <linux/fs.h>
#include <seam/uaccess.h>
#include "ext2.h"

static u32 flags_for_mode(const struct inode *inode, u32 flags)
{
	if (S_ISDIR(inode->i_mode))
		return flags;
	if (S_ISREG(inode->i_mode))
		return flags & ~(u32)(EXT2_DIRSYNC_FL | EXT2_TOPDIR_FL);
	return flags & (EXT2_NODUMP_FL | EXT2_NOATIME_FL);
}

static int set_flags(struct inode *inode, u32 flags)
{
	struct ext2_inode_info *ei = EXT2_I(inode);
	u32 old = ei->i_flags & EXT2_FL_USER_VISIBLE;

	if (!inode_owner_or_capable(inode))
		return -EPERM;
	flags = flags_for_mode(inode, flags);
	if (((flags ^ old) & (EXT2_APPEND_FL | EXT2_IMMUTABLE_FL)) && !capable(CAP_LINUX_IMMUTABLE))
		return -EPERM;
	ei->i_flags = (ei->i_flags & ~EXT2_FL_USER_MODIFIABLE) | (flags & EXT2_FL_USER_MODIFIABLE);
	ext2_set_inode_flags(inode);
	inode->i_ctime = current_time(inode);
	mark_inode_dirty(inode);
	return 0;
}

static int set_generation(struct inode *inode, u32 generation)
{
	if (!inode_owner_or_capable(inode))
		return -EPERM;
	inode->i_ctime = current_time(inode);
	inode->i_generation = generation;
	mark_inode_dirty(inode);
	return 0;
}

/* A command that changes the inode, with what it needs. */
static long change(struct file *file, unsigned int __user *arg, int (*fn)(struct inode *, u32))
{
	struct inode *inode = file_inode(file);
	unsigned int value;
	int err;

	if (get_user(value, arg))
		return -EFAULT;
	err = mnt_want_write_file(file);
	if (err)
		return err;
	inode_lock(inode);
	err = fn(inode, value);
	inode_unlock(inode);
	mnt_drop_write_file(file);
	return err;
}

long ext2_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct inode *inode = file_inode(file);
	unsigned int __user *user = (unsigned int __user *)arg;

	switch (cmd) {
	case FS_IOC_GETFLAGS:
	case FS_IOC32_GETFLAGS:
		return put_user((unsigned int)(EXT2_I(inode)->i_flags & EXT2_FL_USER_VISIBLE),
				user);
	case FS_IOC_SETFLAGS:
	case FS_IOC32_SETFLAGS:
		return change(file, user, set_flags);
	case FS_IOC_GETVERSION:
		return put_user((unsigned int)inode->i_generation, user);
	case FS_IOC_SETVERSION:
		return change(file, user, set_generation);
	}
	return -ENOTTY;
}
