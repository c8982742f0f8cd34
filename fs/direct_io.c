// SPDX-License-Identifier: MIT
/*
 * Direct I/O: between the caller's memory and the device, for files over a get_block_t and for block devices.
 *
 * 1 The caller's pages are pinned and become bios, one or more per extent. Position, length and memory are multiples
 *   of the device's logical block (EINVAL). It is done in rounds of DIO_BIOS bios, which bounds what is pinned.
 *
 *	dio_round: map, pin, submit ... until the iterator or the round is used up
 *	end of a bio (completion thread): onto dio->ended; the last one wakes the waiter, or queues the work
 *	dio_finish (may sleep): pages are marked dirty and let go, bios freed
 *
 * 2 Holes read as zeroes. A write allocates only whole blocks, behind the end of the file; at a hole, or where it
 *   would fill only part of a new block, it ends short, and the caller goes on through the page cache.
 *   So no reader ever sees what an old file left on the disk.
 *
 * 3 With ki_complete (fs/aio.c) a request that fits in one round, extends nothing and needs no sync afterwards is
 *   left alone: -EIOCBQUEUED. Meanwhile i_dio_count keeps truncation from freeing its blocks (inode_dio_wait).
 *
 * 4 The cache is kept coherent by the callers: mm/cache/filemap.c (written back before, invalidated before and after),
 *   fs/bdev_file.c. At the end of a write that was left alone it is invalidated here.
 *
 * 5 Failure: an error of the device counts for the whole request. Locks: i_rwsem, shared for reading, is held until
 *   the bios are submitted.
 *
 * Linux 6.1: fs/direct-io.c, block/fops.c. Observed by: /proc/diskstats, and that Cached does not grow.
 */
#include <base/types.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <block/bio.h>
#include <block/blkdev.h>
#include <block/genhd.h>
#include <fs/bdev.h>
#include <fs/buffer_head.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/iov_iter.h>
#include <fs/mpage.h>
#include <fs/super.h>
#include <kernel/init.h>
#include <kernel/sched.h>
#include <mm/filemap.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <sync/completion.h>
#include <sync/workqueue.h>

#define DIO_BIOS 16 /* under way at once */

static struct workqueue_struct *dio_wq;

struct dio {
	struct kiocb *iocb;
	struct inode *inode;
	get_block_t *get_block;
	bool write, file; /* not a device: it has an end, and holes */
	blk_opf_t opf;
	loff_t pos; /* of the next byte */
	loff_t start;
	struct bio *ended; /* through bi_next; changed by compare-and-swap */
	atomic_t left;	   /* bios under way, and one for the submitter */
	blk_status_t status;
	struct completion done;
	struct work_struct work; /* of one that is left alone */
};

/* ---- ends ---- */

static void dio_end_bio(struct bio *bio)
{
	struct dio *dio = bio->bi_private;
	struct bio *first;

	if (bio->bi_status)
		WRITE_ONCE(dio->status, bio->bi_status);
	do {
		first = READ_ONCE(dio->ended);
		bio->bi_next = first;
	} while (cmpxchg(&dio->ended, first, bio) != first);
	if (!atomic_dec_and_test(&dio->left))
		return;
	if (dio->work.func)
		queue_work(dio_wq, &dio->work);
	else
		complete(&dio->done);
}

/* All bios have ended: give back what they held. May sleep. */
static void dio_finish(struct dio *dio)
{
	struct bio *bio = dio->ended;

	dio->ended = NULL;
	while (bio) {
		struct bio *next = bio->bi_next;

		bio_release_pages(bio, !dio->write);
		bio_put(bio);
		bio = next;
	}
}

/* What the request comes to, with @bytes submitted. */
static ssize_t dio_result(const struct dio *dio, ssize_t bytes)
{
	loff_t size;

	if (dio->status)
		return blk_status_to_errno(dio->status);
	if (!dio->write && dio->file) {
		size = i_size_read(dio->inode) - dio->start;
		bytes = clamp(size, 0LL, (loff_t)bytes);
	}
	return bytes;
}

/* The end of a request that was left alone. */
static void dio_work(struct work_struct *work)
{
	struct dio *dio = container_of(work, struct dio, work);
	struct address_space *mapping = dio->iocb->ki_filp->f_mapping;
	struct kiocb *iocb = dio->iocb;
	ssize_t ret;

	dio_finish(dio);
	if (dio->write && mapping->nrpages)
		invalidate_inode_pages2_range(mapping, dio->start >> PAGE_SHIFT,
					      (dio->pos - 1) >> PAGE_SHIFT);
	ret = dio_result(dio, dio->pos - dio->start);
	if (ret > 0)
		iocb->ki_pos = dio->start + ret;
	inode_dio_end(dio->inode);
	kfree(dio);
	iocb->ki_complete(iocb, ret);
}

/* ---- submission ---- */

/* Where do bytes from dio->pos lie? *@len of them, at @sector; NULL: nowhere. ERR_PTR: of get_block. */
static struct block_device *dio_map(struct dio *dio, size_t count, size_t *len, sector_t *sector)
{
	unsigned int blkbits = dio->inode->i_blkbits, in_block = dio->pos & ((1U << blkbits) - 1);
	size_t blocks = (in_block + count) >> blkbits;
	bool whole = !in_block && blocks, create;
	struct buffer_head map;
	int err;

	create = dio->write && dio->file && whole && dio->pos >= i_size_read(dio->inode);
	map = (struct buffer_head){ .b_size = max(blocks, (size_t)1) << blkbits };
	err = dio->get_block(dio->inode, dio->pos >> blkbits, &map, create);
	if (err)
		return ERR_PTR(err);
	*len = min(count, (buffer_mapped(&map) ? map.b_size : 1UL << blkbits) - in_block);
	if (!buffer_mapped(&map))
		return NULL;
	if (buffer_new(&map))
		clean_bdev_aliases(map.b_bdev, map.b_blocknr, map.b_size >> blkbits);
	*sector = (map.b_blocknr << (blkbits - SECTOR_SHIFT)) + (in_block >> SECTOR_SHIFT);
	return map.b_bdev;
}

/* A bio for @len bytes of @iter at @sector: bytes in it, or an errno. */
static ssize_t dio_submit(struct dio *dio, struct block_device *bdev, sector_t sector,
			  struct iov_iter *iter, size_t len)
{
	size_t all = iov_iter_count(iter), vecs = len / PAGE_SIZE + 2;
	struct bio *bio = bio_alloc(bdev, min_t(size_t, vecs, BIO_MAX_VECS), dio->opf, GFP_KERNEL);
	ssize_t bytes;
	int err;

	bio->bi_iter.bi_sector = sector;
	bio->bi_private = dio;
	bio->bi_end_io = dio_end_bio;
	iov_iter_truncate(iter, len);
	err = bio_iov_iter_get_pages(bio, iter);
	iov_iter_reexpand(iter, all - (len - iov_iter_count(iter)));
	if (err) {
		bio_put(bio);
		return err;
	}
	bytes = bio->bi_iter.bi_size;
	atomic_inc(&dio->left);
	submit_bio(bio);
	return bytes;
}

/*
 * One round. 1: there is more to do; 0: @iter is used up, or the rest cannot be done directly; or an errno, which
 * does not count if something was done. dio->pos tells how far it came.
 */
static int dio_round(struct dio *dio, struct iov_iter *iter)
{
	for (int n = 0; n < DIO_BIOS; n++) {
		size_t count = iov_iter_count(iter), len = 0;
		struct block_device *bdev;
		sector_t sector = 0;
		ssize_t bytes;

		if (!count)
			return 0;
		bdev = dio_map(dio, count, &len, &sector);
		if (IS_ERR(bdev))
			return PTR_ERR(bdev);
		if (!bdev && dio->write)
			return 0;
		bytes = bdev ? dio_submit(dio, bdev, sector, iter, len)
			     : (ssize_t)iov_iter_zero(len, iter);
		if (bytes <= 0)
			return bytes ? bytes : -EFAULT;
		dio->pos += bytes;
	}
	return 1;
}

/* May the request end without us? Else it is waited for here. => a round has just used up the iterator */
static bool can_be_left(const struct dio *dio, loff_t end)
{
	const struct kiocb *iocb = dio->iocb;

	if (!iocb->ki_complete)
		return false;
	return !dio->write ||
	       (!(iocb->ki_flags & IOCB_DSYNC) && (!dio->file || end <= i_size_read(dio->inode)));
}

/* Until the last bio has ended: who asked for polling looks for it. */
static void dio_wait(struct dio *dio)
{
	struct block_device *bdev = dio->file ? dio->inode->i_sb->s_bdev : I_BDEV(dio->inode);

	while ((dio->opf & REQ_POLLED) && bdev_get_queue(bdev)->nr_poll_queues &&
	       !completion_done(&dio->done)) {
		if (!bdev_poll(bdev))
			cpu_relax();
		cond_resched();
	}
	wait_for_completion_io(&dio->done);
}

static ssize_t dio_run(struct dio *dio, struct iov_iter *iter)
{
	loff_t end = dio->pos + iov_iter_count(iter);
	struct blk_plug plug;
	bool alone = can_be_left(dio, end);
	int more;

	do {
		atomic_set(&dio->left, 1);
		init_completion(&dio->done);
		blk_start_plug(&plug);
		more = dio_round(dio, iter);
		blk_finish_plug(&plug);
		if (alone && !more && dio->pos == end && dio->start < end) {
			INIT_WORK(&dio->work, dio_work);
			smp_mb__before_atomic(); /* who ends the last bio sees the function */
			if (atomic_dec_and_test(&dio->left))
				queue_work(dio_wq, &dio->work);
			return -EIOCBQUEUED;
		}
		alone = false;
		if (!atomic_dec_and_test(&dio->left))
			dio_wait(dio);
		dio_finish(dio);
	} while (more > 0 && !dio->status && iov_iter_count(iter));
	if (more < 0 && dio->pos == dio->start)
		return more;
	return dio_result(dio, dio->pos - dio->start);
}

static blk_opf_t dio_opf(const struct kiocb *iocb, bool write)
{
	blk_opf_t opf = write ? REQ_OP_WRITE | REQ_SYNC | REQ_IDLE
			      : REQ_OP_READ | (is_sync_kiocb(iocb) ? REQ_SYNC : 0);

	if (write && (iocb->ki_flags & IOCB_DSYNC))
		opf |= REQ_FUA;
	if (iocb->ki_flags & IOCB_NOWAIT)
		opf |= REQ_NOWAIT;
	if ((iocb->ki_flags & IOCB_HIPRI) && is_sync_kiocb(iocb))
		opf |= REQ_POLLED; /* nobody would poll for one that is left alone */
	return opf;
}

ssize_t blockdev_direct_IO(struct kiocb *iocb, struct inode *inode, struct iov_iter *iter,
			   get_block_t *get_block)
{
	bool file = !inode_is_bdev(inode);
	struct block_device *bdev = file ? inode->i_sb->s_bdev : I_BDEV(inode);
	unsigned int block = bdev_logical_block_size(bdev);
	loff_t size = round_up(i_size_read(inode), (loff_t)block);
	size_t cut = 0;
	struct dio *dio;
	ssize_t ret;

	if ((iocb->ki_pos | iov_iter_alignment(iter)) & (block - 1))
		return -EINVAL;
	if (!iov_iter_rw(iter)) { /* behind the end there is nothing */
		if (iocb->ki_pos >= size)
			return 0;
		if ((loff_t)iov_iter_count(iter) > size - iocb->ki_pos) {
			cut = iov_iter_count(iter) - (size - iocb->ki_pos);
			iov_iter_truncate(iter, size - iocb->ki_pos);
		}
	}
	dio = kzalloc(sizeof(*dio), GFP_KERNEL);
	if (!dio)
		return -ENOMEM;
	dio->iocb = iocb;
	dio->inode = inode;
	dio->get_block = get_block;
	dio->write = iov_iter_rw(iter);
	dio->file = file;
	dio->opf = dio_opf(iocb, dio->write);
	dio->pos = dio->start = iocb->ki_pos;
	inode_dio_begin(inode);
	ret = dio_run(dio, iter);
	if (ret != -EIOCBQUEUED) {
		inode_dio_end(inode);
		kfree(dio);
	}
	iov_iter_reexpand(iter, iov_iter_count(iter) + cut);
	return ret;
}

static int __init dio_init(void)
{
	dio_wq = alloc_workqueue("dio", WQ_MEM_RECLAIM, 0);
	return dio_wq ? 0 : -ENOMEM;
}
fs_initcall(dio_init);
