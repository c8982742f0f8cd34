// SPDX-License-Identifier: MIT
/*
 * The backing device of a zram disk: pages that are not worth their memory (idle ones, or those that did not get smaller) are
 * written to it, a page to a page of it, and are read from there.
 *
 *	backing_dev		which device; before the disk has a size
 *	idle			marks pages: "all", or a number of seconds since they were last read or written
 *	writeback		writes pages: "idle", "huge", "huge_idle", or "page_index=N"
 *	writeback_limit		how many pages of 4 KiB more, where writeback_limit_enable is set
 *
 * A slot that is on the device has the number of its page there in place of a handle (ZRAM_WB); page 0 is nobody's. It stays there
 * until it is freed or written. One write-back at a time: ZRAM_UNDER_WB says that a slot's contents are still those that are being
 * written, since whoever changes them clears it. A reader waits for the device without the slot's lock, and looks again then.
 *
 * Linux 6.1: drivers/block/zram (writeback_store, read_from_bdev). Observe: bd_stat: pages there, read, written.
 */
#include <base/bitops.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <block/blkdev.h>
#include <fs/bdev.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/seq_file.h>
#include <kernel/sched.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <linux/fcntl.h>
#include "zram_internal.h"

#define BACKING_MODE (FMODE_READ | FMODE_WRITE | FMODE_EXCL)

struct zram_backing {
	struct file *file; /* for its name */
	struct block_device *bdev;
	unsigned long *used; /* a bit for each page */
	unsigned long nr_pages;
};

/* ---- on and off ---- */

static void free_backing(struct zram_backing *b)
{
	if (b->bdev)
		blkdev_put(b->bdev, BACKING_MODE);
	filp_close(b->file, NULL);
	kvfree(b->used);
	kfree(b);
}

static int claim(struct zram_backing *b, void *holder)
{
	struct inode *inode = b->file->f_mapping->host;
	struct block_device *bdev;

	if (!S_ISBLK(inode->i_mode))
		return -ENOTBLK;
	bdev = blkdev_get_by_dev(inode->i_rdev, BACKING_MODE, holder);
	if (IS_ERR(bdev))
		return (int)PTR_ERR(bdev);
	b->bdev = bdev;
	b->nr_pages = (unsigned long)i_size_read(inode) >> PAGE_SHIFT;
	b->used = kvcalloc(BITS_TO_LONGS(b->nr_pages), sizeof(long), GFP_KERNEL);
	return b->used ? 0 : -ENOMEM;
}

static struct zram_backing *open_backing(const char *path, void *holder)
{
	struct zram_backing *b = kzalloc(sizeof(*b), GFP_KERNEL);
	int err;

	if (!b)
		return ERR_PTR(-ENOMEM);
	b->file = filp_open(path, O_RDWR | O_LARGEFILE, 0);
	if (IS_ERR(b->file)) {
		err = (int)PTR_ERR(b->file);
		kfree(b);
		return ERR_PTR(err);
	}
	err = claim(b, holder);
	if (err) {
		free_backing(b);
		return ERR_PTR(err);
	}
	return b;
}

void zram_drop_backing(struct zram *zram)
{
	if (zram->backing)
		free_backing(zram->backing);
	zram->backing = NULL;
}

int zram_set_backing(struct zram *zram, const char *path)
{
	struct zram_backing *b;
	int err = -EBUSY;

	down_write(&zram->init_lock);
	if (!zram->disksize) {
		b = open_backing(path, zram);
		err = PTR_ERR_OR_ZERO(b);
		if (!err) {
			zram_drop_backing(zram);
			zram->backing = b;
		}
	}
	up_write(&zram->init_lock);
	return err;
}

void zram_show_backing(struct seq_file *m, struct zram *zram)
{
	if (zram->backing)
		seq_file_path(m, zram->backing->file, "");
	else
		seq_puts(m, "none");
	seq_putc(m, '\n');
}

/* ---- pages ---- */

/* A free page of the device, or 0. */
static unsigned long alloc_block(struct zram *zram)
{
	const struct zram_backing *b = zram->backing;
	unsigned long block = 1;

	do {
		block = find_next_zero_bit(b->used, b->nr_pages, block);
		if (block >= b->nr_pages)
			return 0;
	} while (test_and_set_bit(block, b->used));
	atomic64_inc(&zram->stats.bd_count);
	return block;
}

void zram_free_block(struct zram *zram, unsigned long block)
{
	clear_bit(block, zram->backing->used);
	atomic64_dec(&zram->stats.bd_count);
}

int zram_read_block(struct zram *zram, unsigned long block, void *mem)
{
	atomic64_inc(&zram->stats.bd_reads);
	return blkdev_rw_kernel(zram->backing->bdev, block * PAGE_SECTORS, mem, PAGE_SIZE,
				REQ_OP_READ);
}

/* ---- writing back ---- */

/* One more than the limit? */
static bool over_limit(struct zram *zram)
{
	return READ_ONCE(zram->wb_limited) && !atomic64_read(&zram->wb_limit);
}

/* => @mem has the contents of the slot, which is ZRAM_UNDER_WB. Over when this returns. */
static int write_slot(struct zram *zram, unsigned long index, unsigned long block, void *mem)
{
	int err = blkdev_rw_kernel(zram->backing->bdev, block * PAGE_SECTORS, mem, PAGE_SIZE,
				   REQ_OP_WRITE);

	if (!err)
		atomic64_inc(&zram->stats.bd_writes);
	if (!zram_end_writeback(zram, index, err ? 0 : block))
		zram_free_block(zram, block);
	else if (READ_ONCE(zram->wb_limited))
		atomic64_dec_if_positive(&zram->wb_limit);
	return err;
}

/* An error of the device does not end it; no room does. */
static int write_slots(struct zram *zram, unsigned long from, unsigned long to, unsigned long kinds,
		       void *mem)
{
	int err = 0, last;

	for (unsigned long index = from; index < to; index++) {
		unsigned long block;

		cond_resched();
		if (over_limit(zram))
			return -EIO;
		if (!zram_begin_writeback(zram, index, kinds, mem))
			continue;
		block = alloc_block(zram);
		if (!block) {
			zram_end_writeback(zram, index, 0);
			return -ENOSPC;
		}
		last = write_slot(zram, index, block, mem);
		err = last ? last : err;
	}
	return err;
}

int zram_writeback(struct zram *zram, unsigned long from, unsigned long to, unsigned long kinds)
{
	void *mem = (void *)__get_free_page(GFP_KERNEL);
	int err = -EAGAIN;

	if (!mem)
		return -ENOMEM;
	if (!xchg(&zram->writing_back, true)) {
		err = write_slots(zram, from, to, kinds, mem);
		smp_store_release(&zram->writing_back, false);
	}
	free_page((unsigned long)mem);
	return err;
}
