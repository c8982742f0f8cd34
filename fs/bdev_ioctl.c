// SPDX-License-Identifier: MIT
/* ioctl(2) of block devices: sizes, limits, read-only, discard and zeroes, partitions. Linux 6.1: block/ioctl.c. */
#include <base/errno.h>
#include <base/math.h>
#include <block/blkdev.h>
#include <block/genhd.h>
#include <fs/bdev.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <kernel/cred.h>
#include <mm/backing_dev.h>
#include <mm/filemap.h>
#include <mm/gfp.h>
#include <mm/writeback.h>
#include <seam/uaccess.h>

#include <linux/blkpg.h>
#include <linux/capability.h>
#include <linux/fs.h>

#include "bdev_internal.h"

static int put_int(unsigned long arg, int value)
{
	return put_user(value, (int __user *)arg);
}
static int put_uint(unsigned long arg, unsigned int value)
{
	return put_user(value, (unsigned int __user *)arg);
}
static int put_ushort(unsigned long arg, unsigned short value)
{
	return put_user(value, (unsigned short __user *)arg);
}
static int put_ulong(unsigned long arg, unsigned long value)
{
	return put_user(value, (unsigned long __user *)arg);
}
static int put_u64(unsigned long arg, u64 value)
{
	return put_user(value, (u64 __user *)arg);
}

/* A range of bytes from user space, within the device and in units of @unit. */
static int get_range(struct block_device *bdev, unsigned long arg, unsigned int unit, u64 *start,
		     u64 *len)
{
	u64 range[2];

	if (copy_from_user(range, (void __user *)arg, sizeof(range)))
		return -EFAULT;
	*start = range[0];
	*len = range[1];
	if ((*start | *len) & (unit - 1))
		return -EINVAL;
	if (*start + *len < *start || *start + *len > (u64)bdev_nr_bytes(bdev))
		return -EINVAL;
	return 0;
}

/* What is cached of the range is dropped, then @what is done with it. */
static int change_range(struct block_device *bdev, struct file *file, u64 start, u64 len,
			int (*what)(struct block_device *bdev, sector_t sector, sector_t nr))
{
	struct address_space *mapping = bdev->bd_inode->i_mapping;
	int err;

	filemap_invalidate_lock(mapping);
	err = len ? truncate_bdev_range(bdev, file->f_mode, start, start + len - 1) : 0;
	if (!err)
		err = what(bdev, start >> SECTOR_SHIFT, len >> SECTOR_SHIFT);
	filemap_invalidate_unlock(mapping);
	return err;
}

static int discard(struct block_device *bdev, sector_t sector, sector_t nr)
{
	return blkdev_issue_discard(bdev, sector, nr, GFP_KERNEL);
}

static int zeroout(struct block_device *bdev, sector_t sector, sector_t nr)
{
	return blkdev_issue_zeroout(bdev, sector, nr, GFP_KERNEL, BLKDEV_ZERO_NOUNMAP);
}

static int ioctl_discard(struct block_device *bdev, struct file *file, unsigned long arg)
{
	u64 start, len;
	int err;

	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	if (!bdev_max_discard_sectors(bdev))
		return -EOPNOTSUPP;
	err = get_range(bdev, arg, SECTOR_SIZE, &start, &len);
	return err ? err : change_range(bdev, file, start, len, discard);
}

static int ioctl_zeroout(struct block_device *bdev, struct file *file, unsigned long arg)
{
	u64 start, len;
	int err;

	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	err = get_range(bdev, arg, SECTOR_SIZE, &start, &len);
	if (!err && !len)
		err = -EINVAL;
	return err ? err : change_range(bdev, file, start, len, zeroout);
}

static int ioctl_roset(struct block_device *bdev, unsigned long arg)
{
	int on, err = 0;

	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	if (get_user(on, (int __user *)arg))
		return -EFAULT;
	if (bdev->bd_disk->fops->set_read_only)
		err = bdev->bd_disk->fops->set_read_only(bdev, on);
	if (!err)
		bdev->bd_read_only = on;
	return err;
}

static int ioctl_flsbuf(struct block_device *bdev)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	sync_blockdev(bdev);
	invalidate_bdev(bdev);
	return 0;
}

static int ioctl_bszset(struct block_device *bdev, struct file *file, unsigned long arg)
{
	struct block_device *held = NULL;
	int size, err;

	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	if (!arg)
		return -EINVAL;
	if (get_user(size, (int __user *)arg))
		return -EFAULT;
	if (!(file->f_mode & FMODE_EXCL)) {
		held = blkdev_get_by_dev(bdev->bd_dev, file->f_mode | FMODE_EXCL, &held);
		if (IS_ERR(held))
			return -EBUSY;
	}
	err = set_blocksize(bdev, size);
	if (held)
		blkdev_put(held, file->f_mode | FMODE_EXCL);
	return err;
}

static int ioctl_rrpart(struct block_device *bdev)
{
	struct gendisk *disk = bdev->bd_disk;
	int err;

	if (bdev_is_partition(bdev) || (disk->flags & GENHD_FL_NO_PART))
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	sync_blockdev(bdev);
	mutex_lock(&disk->open_mutex);
	err = disk_scan_partitions(disk);
	mutex_unlock(&disk->open_mutex);
	return err;
}

static int ioctl_blkpg(struct block_device *bdev, unsigned long arg)
{
	struct gendisk *disk = bdev->bd_disk;
	struct blkpg_ioctl_arg a;
	struct blkpg_partition p;
	unsigned int block = bdev_logical_block_size(bdev);
	int err;

	if (copy_from_user(&a, (void __user *)arg, sizeof(a)))
		return -EFAULT;
	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	if (copy_from_user(&p, (void __user *)a.data, sizeof(p)))
		return -EFAULT;
	if (bdev_is_partition(bdev) || p.pno <= 0)
		return -EINVAL;
	if (a.op != BLKPG_DEL_PARTITION &&
	    (p.start < 0 || p.length <= 0 || p.start > (s64)(~0ULL >> 1) - p.length ||
	     ((p.start | p.length) & (block - 1))))
		return -EINVAL;
	mutex_lock(&disk->open_mutex);
	switch (a.op) {
	case BLKPG_ADD_PARTITION:
		err = bdev_add_partition(disk, p.pno, p.start >> SECTOR_SHIFT,
					 p.length >> SECTOR_SHIFT);
		break;
	case BLKPG_DEL_PARTITION:
		err = bdev_del_partition(disk, p.pno);
		break;
	case BLKPG_RESIZE_PARTITION:
		err = bdev_resize_partition(disk, p.pno, p.start >> SECTOR_SHIFT,
					    p.length >> SECTOR_SHIFT);
		break;
	default:
		err = -EINVAL;
	}
	mutex_unlock(&disk->open_mutex);
	return err;
}

static int ioctl_getsize(struct block_device *bdev, unsigned long arg)
{
	return put_ulong(arg, bdev_nr_sectors(bdev));
}

/* The limits of the device's queue. -ENOIOCTLCMD: something else. */
static long ioctl_limits(struct block_device *bdev, unsigned int cmd, unsigned long arg)
{
	const struct queue_limits *lim = &bdev_get_queue(bdev)->limits;

	switch (cmd) {
	case BLKSSZGET:
		return put_int(arg, lim->logical_block_size);
	case BLKPBSZGET:
		return put_uint(arg, lim->physical_block_size);
	case BLKIOMIN:
		return put_uint(arg, lim->io_min);
	case BLKIOOPT:
		return put_uint(arg, lim->io_opt);
	case BLKALIGNOFF:
		return put_int(arg, lim->alignment_offset);
	case BLKSECTGET:
		return put_ushort(arg, min(lim->max_sectors, 65535u));
	case BLKROTATIONAL:
		return put_ushort(arg, !bdev_nonrot(bdev));
	case BLKDISCARDZEROES:
		return put_uint(arg, 0);
	}
	return -ENOIOCTLCMD;
}

static long ioctl_readahead(struct block_device *bdev, unsigned int cmd, unsigned long arg)
{
	struct backing_dev_info *bdi = bdev->bd_disk->bdi;

	if (!bdi)
		return -ENOTTY;
	if (cmd == BLKRAGET || cmd == BLKFRAGET)
		return arg ? put_ulong(arg, bdi->ra_pages * (PAGE_SIZE / 512)) : -EINVAL;
	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	bdi->ra_pages = arg / (PAGE_SIZE / 512);
	return 0;
}

long blkdev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct block_device *bdev = I_BDEV(file->f_mapping->host);
	const struct block_device_operations *fops = bdev->bd_disk->fops;
	long err;

	switch (cmd) {
	case BLKGETSIZE64:
		return put_u64(arg, bdev_nr_bytes(bdev));
	case BLKGETSIZE:
		return ioctl_getsize(bdev, arg);
	case BLKGETDISKSEQ:
		return put_u64(arg, bdev->bd_disk->diskseq);
	case BLKBSZGET:
		return put_int(arg, block_size(bdev));
	case BLKBSZSET:
		return ioctl_bszset(bdev, file, arg);
	case BLKROGET:
		return put_int(arg, bdev_read_only(bdev));
	case BLKROSET:
		return ioctl_roset(bdev, arg);
	case BLKFLSBUF:
		return ioctl_flsbuf(bdev);
	case BLKDISCARD:
		return ioctl_discard(bdev, file, arg);
	case BLKSECDISCARD:
		return file->f_mode & FMODE_WRITE ? -EOPNOTSUPP : -EBADF;
	case BLKZEROOUT:
		return ioctl_zeroout(bdev, file, arg);
	case BLKRRPART:
		return ioctl_rrpart(bdev);
	case BLKPG:
		return ioctl_blkpg(bdev, arg);
	case BLKRAGET:
	case BLKFRAGET:
	case BLKRASET:
	case BLKFRASET:
		return ioctl_readahead(bdev, cmd, arg);
	}
	err = ioctl_limits(bdev, cmd, arg);
	if (err == -ENOIOCTLCMD && fops->ioctl)
		err = fops->ioctl(bdev, file->f_mode, cmd, arg);
	return err;
}
