// SPDX-License-Identifier: MIT
/*
 * Super blocks of file systems that lie on a block device: one per device, which they hold exclusively. Mounting
 * it a second time finds the same one; to do so read-only and writable at once is EBUSY.
 * Linux 6.1: fs/super.c (mount_bdev, kill_block_super).
 */
#include <base/types.h>
#include <base/err.h>
#include <base/string.h>
#include <mm/backing_dev.h>
#include <block/genhd.h>
#include <fs/bdev.h>
#include <fs/dentry.h>
#include <fs/file.h>
#include <fs/super.h>

static unsigned int mode_of(int flags)
{
	return FMODE_READ | FMODE_EXCL | (flags & SB_RDONLY ? 0 : FMODE_WRITE);
}

static int same_bdev(struct super_block *sb, void *bdev)
{
	return sb->s_bdev == bdev;
}

static int set_bdev(struct super_block *sb, void *data)
{
	struct block_device *bdev = data;
	char name[36];

	sb->s_bdev = bdev;
	sb->s_dev = bdev->bd_dev;
	sb->s_bdi = bdi_get(bdev->bd_disk->bdi);
	strscpy(sb->s_id, bdev_name(bdev, name), sizeof(sb->s_id));
	return 0;
}

struct dentry *mount_bdev(struct file_system_type *type, int flags, const char *dev_name,
			  void *data, int (*fill_super)(struct super_block *, void *, int))
{
	struct block_device *bdev;
	struct super_block *sb;
	int err;

	if (!dev_name || !*dev_name)
		return ERR_PTR(-EINVAL);
	bdev = blkdev_get_by_path(dev_name, mode_of(flags), type);
	if (IS_ERR(bdev))
		return ERR_CAST(bdev);
	sb = sget(type, same_bdev, set_bdev, flags, bdev);
	if (IS_ERR(sb)) {
		blkdev_put(bdev, mode_of(flags));
		return ERR_CAST(sb);
	}
	if (sb->s_root) { /* it is mounted already */
		if ((flags ^ sb->s_flags) & SB_RDONLY) {
			deactivate_locked_super(sb);
			sb = NULL;
		}
		blkdev_put(bdev, mode_of(flags));
		return sb ? dget(sb->s_root) : ERR_PTR(-EBUSY);
	}
	sb->s_mode = mode_of(flags);
	err = fill_super(sb, data, flags & SB_SILENT ? 1 : 0);
	if (err) {
		deactivate_locked_super(sb);
		return ERR_PTR(err);
	}
	sb->s_flags |= SB_ACTIVE;
	bdev->bd_super = sb;
	return dget(sb->s_root);
}

void kill_block_super(struct super_block *sb)
{
	struct block_device *bdev = sb->s_bdev;
	struct backing_dev_info *bdi = sb->s_bdi;

	bdev->bd_super = NULL;
	generic_shutdown_super(sb);
	sync_blockdev(bdev);
	sb->s_bdi = &noop_backing_dev_info;
	bdi_put(bdi);
	blkdev_put(bdev, sb->s_mode);
}
