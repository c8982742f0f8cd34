// SPDX-License-Identifier: MIT
/*
 * An open block device as a file: through the device's page cache, or with O_DIRECT between the caller's pages
 * and the device. Position, length and memory of direct I/O are in units of the logical block (EINVAL).
 *
 * Direct I/O and the cache: before a direct read dirty pages of the range are written; a direct write also throws
 * the range out of the cache, before and after. Linux 6.1: block/fops.c.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <block/blkdev.h>
#include <block/genhd.h>
#include <fs/bdev.h>
#include <fs/buffer_head.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/iov_iter.h>
#include <fs/mpage.h>
#include <kernel/sched.h>
#include <mm/filemap.h>
#include <mm/gfp.h>
#include <mm/readahead.h>
#include <mm/writeback.h>

#include <linux/falloc.h>

#include "bdev_internal.h"

static struct block_device *file_bdev(struct file *file)
{
	return I_BDEV(file->f_mapping->host);
}

/* ---- opening ---- */

static int blkdev_open(struct inode *inode, struct file *file)
{
	struct block_device *bdev;

	file->f_flags |= O_LARGEFILE;
	file->f_mode |= FMODE_NOWAIT | FMODE_CAN_ODIRECT;
	if (file->f_flags & O_NDELAY)
		file->f_mode |= FMODE_NDELAY;
	if (file->f_flags & O_EXCL)
		file->f_mode |= FMODE_EXCL;
	bdev = blkdev_get_by_dev(inode->i_rdev, file->f_mode, file);
	if (IS_ERR(bdev))
		return PTR_ERR(bdev);
	file->f_mapping = bdev->bd_inode->i_mapping;
	file->f_wb_err = errseq_sample(&file->f_mapping->wb_err);
	return 0;
}

static int blkdev_release(struct inode *inode, struct file *file)
{
	blkdev_put(file_bdev(file), file->f_mode);
	return 0;
}

static loff_t blkdev_llseek(struct file *file, loff_t offset, int whence)
{
	return fixed_size_llseek(file, offset, whence, i_size_read(file->f_mapping->host));
}

static int blkdev_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	int err = file_write_and_wait_range(file, start, end), flush;

	if (err)
		return err;
	flush = blkdev_issue_flush(file_bdev(file));
	return flush == -EOPNOTSUPP ? 0 : flush;
}

/* ---- direct I/O ---- */

static ssize_t blkdev_direct_IO(struct kiocb *iocb, struct iov_iter *iter)
{
	ssize_t n =
		blockdev_direct_IO(iocb, iocb->ki_filp->f_mapping->host, iter, blkdev_get_block);

	if (n > 0)
		iocb->ki_pos += n;
	return n;
}

/* Nothing of [pos, pos + count) may stay in the cache: it would be older than the disk. */
static int drop_cached(struct kiocb *iocb, loff_t pos, size_t count)
{
	struct address_space *mapping = iocb->ki_filp->f_mapping;
	loff_t end = pos + count - 1;
	int err = filemap_write_and_wait_range(mapping, pos, end);

	return err ? err
		   : invalidate_inode_pages2_range(mapping, pos >> PAGE_SHIFT, end >> PAGE_SHIFT);
}

static ssize_t direct_write(struct kiocb *iocb, struct iov_iter *from)
{
	struct address_space *mapping = iocb->ki_filp->f_mapping;
	size_t count = iov_iter_count(from);
	loff_t pos = iocb->ki_pos;
	ssize_t done;
	int err = drop_cached(iocb, pos, count);

	if (err)
		return err == -EBUSY ? 0 : err; /* somebody holds a page: through the cache */
	done = blkdev_direct_IO(iocb, from);
	if (done > 0 && mapping->nrpages)
		invalidate_inode_pages2_range(mapping, pos >> PAGE_SHIFT,
					      (pos + count - 1) >> PAGE_SHIFT);
	return done;
}

/* ---- reading and writing ---- */

/* The device may be smaller than the request. => what was cut off must be given back to @iter */
static size_t cut_to_size(struct kiocb *iocb, struct iov_iter *iter)
{
	loff_t size = bdev_nr_bytes(file_bdev(iocb->ki_filp)), left = size - iocb->ki_pos;
	size_t cut = 0;

	if (left < 0)
		left = 0;
	if (iov_iter_count(iter) > (u64)left) {
		cut = iov_iter_count(iter) - left;
		iov_iter_truncate(iter, left);
	}
	return cut;
}

static ssize_t blkdev_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	loff_t pos = iocb->ki_pos;
	size_t cut = cut_to_size(iocb, to);
	ssize_t done = 0;

	if (iov_iter_count(to) && (iocb->ki_flags & IOCB_DIRECT)) {
		done = filemap_write_and_wait_range(iocb->ki_filp->f_mapping, pos,
						    pos + iov_iter_count(to) - 1);
		if (!done)
			done = blkdev_direct_IO(iocb, to);
		file_accessed(iocb->ki_filp);
	} else if (iov_iter_count(to)) {
		done = filemap_read(iocb, to, 0);
	}
	iov_iter_reexpand(to, iov_iter_count(to) + cut);
	return done;
}

static ssize_t blkdev_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct block_device *bdev = file_bdev(iocb->ki_filp);
	ssize_t done = 0;
	size_t cut;

	if (bdev_read_only(bdev))
		return -EPERM;
	if (IS_SWAPFILE(bdev->bd_inode))
		return -ETXTBSY;
	if (iocb->ki_flags & IOCB_APPEND) /* as lseek to the end: no room there */
		iocb->ki_pos = bdev_nr_bytes(bdev);
	if (!iov_iter_count(from))
		return 0;
	if (iocb->ki_pos >= bdev_nr_bytes(bdev))
		return -ENOSPC;
	cut = cut_to_size(iocb, from);
	if (iocb->ki_flags & IOCB_DIRECT)
		done = direct_write(iocb, from);
	if (done >= 0 && iov_iter_count(from)) {
		ssize_t more = generic_perform_write(iocb, from);

		done = done || more >= 0 ? done + max_t(ssize_t, more, 0) : more;
	}
	if (done > 0 && (iocb->ki_flags & IOCB_DSYNC)) {
		int err = vfs_fsync_range(iocb->ki_filp, iocb->ki_pos - done, iocb->ki_pos - 1,
					  !(iocb->ki_flags & IOCB_SYNC));

		if (err)
			done = err;
	}
	iov_iter_reexpand(from, iov_iter_count(from) + cut);
	return done;
}

/* ---- punching ---- */

#define FALLOC_ZERO    (FALLOC_FL_ZERO_RANGE)
#define FALLOC_PUNCH   (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)
#define FALLOC_DISCARD (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE | FALLOC_FL_NO_HIDE_STALE)

static long blkdev_fallocate(struct file *file, int mode, loff_t start, loff_t len)
{
	struct block_device *bdev = file_bdev(file);
	struct inode *inode = bdev->bd_inode;
	loff_t end = start + len - 1, size;
	int err;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE |
		     FALLOC_FL_NO_HIDE_STALE))
		return -EOPNOTSUPP;
	size = bdev_nr_bytes(bdev);
	if (start >= size)
		return -EINVAL;
	if (end >= size) {
		if (!(mode & FALLOC_FL_KEEP_SIZE))
			return -EINVAL;
		end = size - 1;
		len = size - start;
	}
	if ((start | len) & (bdev_logical_block_size(bdev) - 1))
		return -EINVAL;
	inode_lock(inode);
	filemap_invalidate_lock(inode->i_mapping);
	err = truncate_bdev_range(bdev, file->f_mode, start, end);
	if (!err) {
		sector_t sector = start >> SECTOR_SHIFT, nr = len >> SECTOR_SHIFT;

		switch (mode) {
		case FALLOC_ZERO:
		case FALLOC_ZERO | FALLOC_FL_KEEP_SIZE:
			err = blkdev_issue_zeroout(bdev, sector, nr, GFP_KERNEL,
						   BLKDEV_ZERO_NOUNMAP);
			break;
		case FALLOC_PUNCH:
			err = blkdev_issue_zeroout(bdev, sector, nr, GFP_KERNEL,
						   BLKDEV_ZERO_NOFALLBACK);
			break;
		case FALLOC_DISCARD:
			err = blkdev_issue_discard(bdev, sector, nr, GFP_KERNEL);
			break;
		default:
			err = -EOPNOTSUPP;
		}
	}
	filemap_invalidate_unlock(inode->i_mapping);
	inode_unlock(inode);
	return err;
}

const struct file_operations def_blk_fops = {
	.open = blkdev_open,
	.release = blkdev_release,
	.llseek = blkdev_llseek,
	.read_iter = blkdev_read_iter,
	.write_iter = blkdev_write_iter,
	.mmap = generic_file_mmap,
	.fsync = blkdev_fsync,
	.unlocked_ioctl = blkdev_ioctl,
	.fallocate = blkdev_fallocate,
};
