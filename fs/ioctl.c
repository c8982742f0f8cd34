/* SPDX-License-Identifier: MIT */
/* ioctl(2): the requests that every file knows, then the driver's. */
#include <base/errno.h>
#include <base/math.h>
#include <base/types.h>
#include <fs/fdtable.h>
#include <fs/fiemap.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/super.h>
#include <kernel/cred.h>
#include <kernel/ksyscall.h>
#include <mm/aops.h>
#include <mm/address_space.h>
#include <mm/writeback.h>
#include <seam/uaccess.h>

#include <asm/ioctls.h>
#include <linux/fs.h>

static long vfs_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	long err = -ENOTTY;

	if (file->f_op->unlocked_ioctl)
		err = file->f_op->unlocked_ioctl(file, cmd, arg);
	return err == -ENOIOCTLCMD ? -ENOTTY : err;
}

static int ioctl_nonblock(struct file *file, const int __user *arg)
{
	int on;

	if (get_user(on, arg))
		return -EFAULT;
	spin_lock(&file->f_lock);
	if (on)
		file->f_flags |= O_NONBLOCK;
	else
		file->f_flags &= ~O_NONBLOCK;
	spin_unlock(&file->f_lock);
	return 0;
}

static int ioctl_async(unsigned int fd, struct file *file, const int __user *arg)
{
	int on, err;

	if (get_user(on, arg))
		return -EFAULT;
	if (!on == !(file->f_flags & FASYNC))
		return 0;
	if (!file->f_op->fasync)
		return -ENOTTY;
	err = file->f_op->fasync(fd, file, on);
	return err < 0 ? err : 0;
}

static int ioctl_size(struct inode *inode, loff_t __user *arg)
{
	loff_t size;

	if (S_ISDIR(inode->i_mode) || S_ISREG(inode->i_mode) || S_ISLNK(inode->i_mode)) {
		size = i_size_read(inode);
		return copy_to_user(arg, &size, sizeof(size)) ? -EFAULT : 0;
	}
	return -ENOTTY;
}

/* Where block *@arg of the file lies on its device, 0: in no place. After what is dirty was written. */
static int ioctl_fibmap(struct file *file, int __user *arg)
{
	struct address_space *mapping = file->f_mapping;
	u64 block;
	int nr;

	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	if (get_user(nr, arg))
		return -EFAULT;
	if (nr < 0)
		return -EINVAL;
	if (!mapping->a_ops || !mapping->a_ops->bmap)
		return put_user(0, arg) ? -EFAULT : -EINVAL;
	block = call_aop(mapping->a_ops, bmap, mapping, nr);
	if (block > INT_MAX)
		return put_user(0, arg) ? -EFAULT : -ERANGE;
	return put_user((int)block, arg);
}

int fiemap_fill_next_extent(struct fiemap_extent_info *info, u64 logical, u64 physical, u64 len,
			    u32 flags)
{
	struct fiemap_extent extent = {
		.fe_logical = logical, .fe_physical = physical, .fe_length = len, .fe_flags = flags
	};
	bool last = flags & FIEMAP_EXTENT_LAST;

	if (!info->max) {
		info->mapped++;
		return last;
	}
	if (info->mapped == info->max)
		return 1;
	if (copy_to_user(info->extents + info->mapped, &extent, sizeof(extent)))
		return -EFAULT;
	info->mapped++;
	return last || info->mapped == info->max;
}

/* => *@map: as it was asked for; flags that are not known are left in it. */
static int do_fiemap(struct inode *inode, struct fiemap *map, struct fiemap_extent_info *info)
{
	u64 max = inode->i_sb->s_maxbytes;
	int err;

	if (!map->fm_length)
		return -EINVAL;
	if (map->fm_start > max)
		return -EFBIG;
	if (info->flags & ~FIEMAP_FLAG_SYNC) {
		info->flags &= ~FIEMAP_FLAG_SYNC;
		return -EBADR;
	}
	err = info->flags ? filemap_write_and_wait_range(inode->i_mapping, 0, LLONG_MAX) : 0;
	if (err)
		return err;
	return inode->i_op->fiemap(inode, info, map->fm_start,
				   min(map->fm_length, max - map->fm_start));
}

static int ioctl_fiemap(struct inode *inode, struct fiemap __user *arg)
{
	struct fiemap_extent_info info;
	struct fiemap map;
	int err;

	if (!inode->i_op->fiemap)
		return -EOPNOTSUPP;
	if (copy_from_user(&map, arg, sizeof(map)))
		return -EFAULT;
	if (map.fm_extent_count > UINT_MAX / sizeof(struct fiemap_extent))
		return -EINVAL;
	info = (struct fiemap_extent_info){ .flags = map.fm_flags,
					    .max = map.fm_extent_count,
					    .extents = arg->fm_extents };
	err = do_fiemap(inode, &map, &info);
	map.fm_flags = info.flags;
	map.fm_mapped_extents = info.mapped;
	return copy_to_user(arg, &map, sizeof(map)) ? -EFAULT : err;
}

SYSCALL_DEFINE3(ioctl, unsigned int, fd, unsigned int, cmd, unsigned long, arg)
{
	struct fd f = fdget(fd);
	struct inode *inode;
	long err;

	if (!f.file)
		return -EBADF;
	inode = file_inode(f.file);
	switch (cmd) {
	case FIOCLEX:
		set_close_on_exec(fd, 1);
		err = 0;
		break;
	case FIONCLEX:
		set_close_on_exec(fd, 0);
		err = 0;
		break;
	case FIONBIO:
		err = ioctl_nonblock(f.file, (int __user *)arg);
		break;
	case FIOASYNC:
		err = ioctl_async(fd, f.file, (int __user *)arg);
		break;
	case FIOQSIZE:
		err = ioctl_size(inode, (loff_t __user *)arg);
		break;
	case FIGETBSZ:
		err = put_user(1 << inode->i_blkbits, (int __user *)arg);
		break;
	case FIBMAP:
		err = S_ISREG(inode->i_mode) ? ioctl_fibmap(f.file, (int __user *)arg)
					     : vfs_ioctl(f.file, cmd, arg);
		break;
	case FS_IOC_FIEMAP:
		err = ioctl_fiemap(inode, (struct fiemap __user *)arg);
		break;
	case FIONREAD:
		if (S_ISREG(inode->i_mode)) {
			err = put_user((int)(i_size_read(inode) - f.file->f_pos),
				       (int __user *)arg);
			break;
		}
		/* fall through */
	default:
		err = vfs_ioctl(f.file, cmd, arg);
		break;
	}
	fdput(f);
	return err;
}
