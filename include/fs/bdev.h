/* SPDX-License-Identifier: MIT */
/*
 * Block devices as files: opening and holding, the page cache of a device, device nodes. Theory: fs/bdev.c.
 * @mode: FMODE_READ, FMODE_WRITE, FMODE_EXCL (then @holder says for whom). All may sleep.
 */
#ifndef QUIRE_FS_BDEV_H
#define QUIRE_FS_BDEV_H

#include <base/types.h>
#include <block/blkdev.h>

struct address_space_operations;
struct file;
struct inode;
struct iov_iter;
struct kiocb;

/*
 * Open it. ERR_PTR: -ENXIO no such device, -EBUSY held exclusively by another, -ENOMEM; by path also those of a
 * look-up, -ENOTBLK, -EACCES (mounted nodev; for writing and read-only).
 */
struct block_device *blkdev_get_by_dev(dev_t dev, unsigned int mode, void *holder);
struct block_device *blkdev_get_by_path(const char *path, unsigned int mode, void *holder);
/* The last one writes the cache back and empties it. */
void blkdev_put(struct block_device *bdev, unsigned int mode);
int lookup_bdev(const char *path, dev_t *dev);

/* Block size of the cache: a power of two from the logical block size to a page. 0 or -EINVAL. Empties the cache. */
int set_blocksize(struct block_device *bdev, int size);
int sb_set_blocksize(struct super_block *sb, int size);		/* the size, or 0 */
int sb_min_blocksize(struct super_block *sb, int size);
unsigned int block_size(const struct block_device *bdev);
/* Write the cache of @bdev out and wait. 0 or an errno. */
int sync_blockdev(struct block_device *bdev);
int sync_blockdev_nowait(struct block_device *bdev);
void invalidate_bdev(struct block_device *bdev);
/* Forget what is cached of bytes [start, end]. -EBUSY if somebody holds it exclusively. */
int truncate_bdev_range(struct block_device *bdev, unsigned int mode, loff_t start, loff_t end);

struct block_device *I_BDEV(struct inode *inode);	/* of an inode of the cache, not of a node in /dev */
bool inode_is_bdev(const struct inode *inode);

extern const struct address_space_operations def_blk_aops;
/*
 * Add memory of @iter to @bio, pinned, up to what fits, and advance @iter. 0 or -EFAULT. bio_release_pages()
 * gives it back, and with @mark_dirty notes that the device wrote to it. Both may sleep.
 */
int bio_iov_iter_get_pages(struct bio *bio, struct iov_iter *iter);
void bio_release_pages(struct bio *bio, bool mark_dirty);
/* All addresses and lengths of what is left of @iter, ored: its low bits tell the alignment. */
unsigned long iov_iter_alignment(const struct iov_iter *iter);

#endif
