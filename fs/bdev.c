// SPDX-License-Identifier: MIT
/*
 * Block devices for file systems and programs: the inode with the page cache, opening, holding, nodes in /dev.
 *
 * 1 A block_device gets its inode, in the file system "bdev" that nobody mounts, at the first open, and keeps it
 *   to its end; its pages are the device's cache ("Buffers"). Nodes in /dev, on whatever file system, are other
 *   inodes with the same number: an open file of such a node works on the mapping of the device's inode.
 *
 * 2 The last close of a device writes its pages back and drops them, so what another machine or a driver writes
 *   meanwhile is seen by the next open (Linux: blkdev_flush_mapping()). An open partition keeps its disk open.
 *
 * 3 Exclusive holders (mount, swap, O_EXCL): one holder may open a device several times; a held partition
 *   forbids to hold the whole disk and the other way round. bd_holder of the disk is then HELD_BY_PART.
 *
 * 4 The end: bdev_put() of the last reference -> bdev_freed() -> iput() -> bdev_evict_inode() -> bdev_free().
 *
 * Locks: disk->open_mutex for all counts here. Linux 6.1: block/bdev.c, block/fops.c.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <block/blkdev.h>
#include <block/genhd.h>
#include <fs/bdev.h>
#include <fs/char_dev.h>
#include <fs/devtmpfs.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/mount.h>
#include <fs/namei.h>
#include <fs/super.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <mm/backing_dev.h>
#include <mm/filemap.h>
#include <mm/gfp.h>
#include <mm/vmstat.h>
#include <mm/writeback.h>
#include "bdev_internal.h"

#define BDEVFS_MAGIC 0x62646576

static struct vfsmount *bdev_mnt;
static char held_by_part; /* its address: bd_holder of a disk with a held partition */
#define HELD_BY_PART ((void *)&held_by_part)

/* ---- inodes ---- */

struct block_device *I_BDEV(struct inode *inode)
{
	return inode->i_private;
}

bool inode_is_bdev(const struct inode *inode)
{
	return bdev_mnt && inode->i_sb == bdev_mnt->mnt_sb;
}

static void bdev_evict_inode(struct inode *inode)
{
	truncate_inode_pages_final(&inode->i_data);
	clear_inode(inode);
	if (inode->i_private)
		bdev_free(inode->i_private);
}

static struct backing_dev_info *bdev_bdi(const struct inode *inode)
{
	const struct block_device *bdev = inode->i_private;

	return bdev ? bdev->bd_disk->bdi : &noop_backing_dev_info;
}

static const struct super_operations bdev_sops = {
	.bdi = bdev_bdi,
	.statfs = simple_statfs,
	.evict_inode = bdev_evict_inode,
};

static int bdev_fill_super(struct super_block *sb, void *data)
{
	int err = init_pseudo_super(sb, BDEVFS_MAGIC, NULL);

	sb->s_op = &bdev_sops;
	return err;
}

static struct file_system_type bdev_fs_type = {
	.name = "bdev",
	.fill_super = bdev_fill_super,
	.kill_sb = kill_anon_super,
};

/* The largest block, up to a page, that divides the device. */
static void set_init_blocksize(struct block_device *bdev)
{
	unsigned int size = bdev_logical_block_size(bdev);
	loff_t bytes = bdev_nr_bytes(bdev);

	while (size < PAGE_SIZE && !(bytes & size))
		size <<= 1;
	bdev->bd_inode->i_blkbits = ilog2(size);
}

/* => open_mutex held */
static int make_inode(struct block_device *bdev)
{
	struct inode *inode;

	if (bdev->bd_inode)
		return 0;
	inode = new_inode(bdev_mnt->mnt_sb);
	if (!inode)
		return -ENOMEM;
	inode->i_ino = get_next_ino();
	inode->i_mode = S_IFBLK;
	inode->i_rdev = bdev->bd_dev;
	inode->i_private = bdev;
	inode->i_data.a_ops = &def_blk_aops;
	mapping_set_gfp_mask(&inode->i_data, GFP_USER);
	i_size_write(inode, bdev_nr_bytes(bdev));
	bdev->bd_inode = inode;
	return 0;
}

/* ---- holding ---- */

static bool may_claim(struct block_device *bdev, void *holder)
{
	struct block_device *whole = bdev_whole(bdev);

	if (bdev->bd_holder)
		return bdev->bd_holder == holder;
	return whole == bdev || !whole->bd_holder || whole->bd_holder == HELD_BY_PART;
}

static void claim(struct block_device *bdev, void *holder)
{
	struct block_device *whole = bdev_whole(bdev);

	if (whole != bdev) {
		whole->bd_holders++;
		WRITE_ONCE(whole->bd_holder, HELD_BY_PART);
	}
	bdev->bd_holders++;
	WRITE_ONCE(bdev->bd_holder, holder);
}

static void unclaim(struct block_device *bdev)
{
	struct block_device *whole = bdev_whole(bdev);

	if (!--bdev->bd_holders)
		WRITE_ONCE(bdev->bd_holder, NULL);
	if (whole != bdev && !--whole->bd_holders)
		WRITE_ONCE(whole->bd_holder, NULL);
}

/* ---- opening ---- */

/* => open_mutex held */
static int open_one(struct block_device *bdev, unsigned int mode)
{
	const struct block_device_operations *fops = bdev->bd_disk->fops;
	int err = make_inode(bdev);

	if (!err && !bdev_is_partition(bdev) && fops->open)
		err = fops->open(bdev, mode);
	if (err)
		return err;
	if (!bdev->bd_openers++) {
		i_size_write(bdev->bd_inode, bdev_nr_bytes(bdev));
		set_init_blocksize(bdev);
	}
	return 0;
}

/* => open_mutex held. What is cached goes with the last one. */
static void close_one(struct block_device *bdev, unsigned int mode)
{
	const struct block_device_operations *fops = bdev->bd_disk->fops;

	if (!--bdev->bd_openers) {
		sync_blockdev(bdev);
		truncate_inode_pages(bdev->bd_inode->i_mapping, 0);
	}
	if (!bdev_is_partition(bdev) && fops->release)
		fops->release(bdev->bd_disk, mode);
}

static int open_locked(struct block_device *bdev, unsigned int mode, void *holder)
{
	struct gendisk *disk = bdev->bd_disk;
	int err;

	if (!disk_live(disk) || bdev->bd_dead)
		return -ENXIO;
	if ((mode & FMODE_EXCL) && !may_claim(bdev, holder))
		return -EBUSY;
	err = open_one(bdev, mode);
	if (err)
		return err;
	if (bdev_is_partition(bdev)) {
		err = open_one(disk->part0, mode);
		if (err) {
			close_one(bdev, mode);
			return err;
		}
		disk->open_partitions++;
	}
	if (mode & FMODE_EXCL)
		claim(bdev, holder);
	return 0;
}

struct block_device *blkdev_get_by_dev(dev_t dev, unsigned int mode, void *holder)
{
	struct block_device *bdev = bdev_lookup(dev);
	int err;

	if (!bdev)
		return ERR_PTR(-ENXIO);
	mutex_lock(&bdev->bd_disk->open_mutex);
	err = open_locked(bdev, mode, holder);
	mutex_unlock(&bdev->bd_disk->open_mutex);
	if (!err)
		return bdev;
	bdev_put(bdev);
	return ERR_PTR(err);
}

void blkdev_put(struct block_device *bdev, unsigned int mode)
{
	struct gendisk *disk = bdev->bd_disk;

	/* The bulk without the mutex; what is dirtied meanwhile follows under it. */
	if (READ_ONCE(bdev->bd_openers) == 1)
		sync_blockdev(bdev);
	mutex_lock(&disk->open_mutex);
	if (mode & FMODE_EXCL)
		unclaim(bdev);
	if (bdev_is_partition(bdev)) {
		disk->open_partitions--;
		close_one(bdev, mode);
		close_one(disk->part0, mode);
	} else {
		close_one(bdev, mode);
	}
	mutex_unlock(&disk->open_mutex);
	bdev_put(bdev);
}

int lookup_bdev(const char *pathname, dev_t *dev)
{
	struct inode *inode;
	struct path path;
	int err;

	if (!pathname || !*pathname)
		return -EINVAL;
	err = kern_path(pathname, LOOKUP_FOLLOW, &path);
	if (err)
		return err;
	inode = d_inode(path.dentry);
	if (!S_ISBLK(inode->i_mode))
		err = -ENOTBLK;
	else if ((path.mnt->mnt_flags & MNT_NODEV) || (inode->i_sb->s_flags & SB_NODEV))
		err = -EACCES;
	else
		*dev = inode->i_rdev;
	path_put(&path);
	return err;
}

struct block_device *blkdev_get_by_path(const char *path, unsigned int mode, void *holder)
{
	struct block_device *bdev;
	dev_t dev;
	int err = lookup_bdev(path, &dev);

	if (err)
		return ERR_PTR(err);
	bdev = blkdev_get_by_dev(dev, mode, holder);
	if (!IS_ERR(bdev) && (mode & FMODE_WRITE) && bdev_read_only(bdev)) {
		blkdev_put(bdev, mode);
		return ERR_PTR(-EACCES);
	}
	return bdev;
}

/* ---- the cache of a device ---- */

int sync_blockdev(struct block_device *bdev)
{
	return bdev->bd_inode ? filemap_write_and_wait_range(bdev->bd_inode->i_mapping, 0, -1) : 0;
}

int sync_blockdev_nowait(struct block_device *bdev)
{
	return bdev->bd_inode ? filemap_fdatawrite_range(bdev->bd_inode->i_mapping, 0, -1) : 0;
}

void invalidate_bdev(struct block_device *bdev)
{
	if (bdev->bd_inode)
		invalidate_mapping_pages(bdev->bd_inode->i_mapping, 0, -1UL);
}

int truncate_bdev_range(struct block_device *bdev, unsigned int mode, loff_t start, loff_t end)
{
	/* Whoever has it without holding it could find pages of a mounted file system gone: what is not dirty or in use may go. */
	if (!(mode & FMODE_EXCL) && READ_ONCE(bdev->bd_holder))
		return invalidate_inode_pages2_range(bdev->bd_inode->i_mapping, start >> PAGE_SHIFT,
						     end >> PAGE_SHIFT);
	truncate_inode_pages_range(bdev->bd_inode->i_mapping, start, end);
	return 0;
}

unsigned int block_size(const struct block_device *bdev)
{
	return 1U << bdev->bd_inode->i_blkbits;
}

int set_blocksize(struct block_device *bdev, int size)
{
	if (size < 512 || size > (int)PAGE_SIZE || !is_power_of_2(size) ||
	    size < (int)bdev_logical_block_size(bdev))
		return -EINVAL;
	if (block_size(bdev) != (unsigned int)size) {
		sync_blockdev(bdev);
		bdev->bd_inode->i_blkbits = ilog2(size);
		truncate_inode_pages(bdev->bd_inode->i_mapping, 0);
	}
	return 0;
}

int sb_set_blocksize(struct super_block *sb, int size)
{
	if (set_blocksize(sb->s_bdev, size))
		return 0;
	sb->s_blocksize = size;
	sb->s_blocksize_bits = ilog2(size);
	return size;
}

int sb_min_blocksize(struct super_block *sb, int size)
{
	return sb_set_blocksize(sb, max_t(int, size, bdev_logical_block_size(sb->s_bdev)));
}

/* Buffers of /proc/meminfo. */
unsigned long nr_blockdev_pages(void)
{
	struct super_block *sb = bdev_mnt ? bdev_mnt->mnt_sb : NULL;
	struct inode *inode;
	unsigned long pages = 0;

	if (!sb)
		return 0;
	spin_lock(&sb->s_inode_list_lock);
	list_for_each_entry (inode, &sb->s_inodes, i_sb_list)
		pages += READ_ONCE(inode->i_mapping->nrpages);
	spin_unlock(&sb->s_inode_list_lock);
	return pages;
}

/* ---- devices come and go ---- */

static void bdev_added(struct block_device *bdev)
{
	char name[36];

	bdev_sysfs_add(bdev);
	devtmpfs_create_node(bdev_name(bdev, name), S_IFBLK | 0600, bdev->bd_dev);
}

static void bdev_removed(struct block_device *bdev)
{
	char name[36];

	devtmpfs_delete_node(bdev_name(bdev, name));
	bdev_sysfs_remove(bdev);
	if (bdev->bd_inode) {
		sync_blockdev(bdev);
		invalidate_bdev(bdev);
	}
}

static void bdev_resized(struct block_device *bdev)
{
	if (!bdev->bd_inode)
		return;
	if (bdev_nr_bytes(bdev) < i_size_read(bdev->bd_inode))
		truncate_setsize(bdev->bd_inode, bdev_nr_bytes(bdev));
	else
		i_size_write(bdev->bd_inode, bdev_nr_bytes(bdev));
}

static void bdev_freed(struct block_device *bdev)
{
	if (bdev->bd_inode)
		iput(bdev->bd_inode);
	else
		bdev_free(bdev);
}

static const struct bdev_events events = {
	.added = bdev_added,
	.removed = bdev_removed,
	.resized = bdev_resized,
	.freed = bdev_freed,
};

static int __init bdev_init(void)
{
	bdev_mnt = kern_mount(&bdev_fs_type);
	if (IS_ERR(bdev_mnt))
		panic("bdev: no mount (%ld)", PTR_ERR(bdev_mnt));
	register_bdev_events(&events);
	return 0;
}
fs_initcall(bdev_init);
