// SPDX-License-Identifier: MIT
/*
 * bio: memory and consecutive sectors of a block device, to be moved one way or the other.
 *
 * 1 A bio names pieces of memory (bi_io_vec) and, in bi_iter, how far it is done. Who makes it adds pages, sets
 *   bi_end_io and submits; whoever carries it out calls bio_endio() once.
 *
 *	bio_alloc -> [bio_add_page...] -> submit_bio -> (request, driver, completion thread) -> bi_end_io -> bio_put
 *
 * 2 There are no softirqs in Quire: an interrupt of a disk only wakes the completion thread of its hardware
 *   queue (block/queue.c), and bi_end_io runs there, preemptible. Hence locks that a bi_end_io takes (xa_lock,
 *   i_lock) stay ordinary locks, that need not be taken with interrupts off. What it must not do is wait for
 *   input or output, or allocate with direct reclaim, since reclaim may wait for the very thread.
 *
 * 3 A bio ends when __bi_remaining, the bio itself and pieces that were chained to it, reaches zero; the first
 *   error wins. Pieces come from bio_split(), when a bio is larger than its device takes at once.
 *
 * 4 Progress without memory: bios and large vector tables come from mempools. A bio that was submitted ends in
 *   finite time and gives its memory back, so an allocation that may sleep always succeeds, provided its
 *   caller does not sit on bios that it has not submitted. Pieces come from a pool of their own, since who splits
 *   holds a bio. The pools are made with the first disk.
 *
 * Linux 6.1: block/bio.c, block/blk-lib.c, blk-flush.c.
 */
#include <base/bug.h>
#include <base/compiler.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/string.h>
#include <block/bio.h>
#include <block/blkdev.h>
#include <block/genhd.h>
#include <kernel/sched.h>
#include <mm/gfp.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <sync/completion.h>
#include <sync/mutex.h>
#include <sync/ranks.h>
#include "block_internal.h"

#define POOL_BIOS   4 /* kept back, of each pool */
#define POOL_TABLES 2

static mempool_t *bio_pool, *split_pool, *table_pool;
static DEFINE_MUTEX(pools_lock, LOCK_BIO_POOLS);

/* ---- what a status means ---- */

static const struct {
	blk_status_t status;
	int err;
	const char *name;
} statuses[] = {
	{ BLK_STS_OK, 0, "" },
	{ BLK_STS_NOTSUPP, -EOPNOTSUPP, "operation not supported" },
	{ BLK_STS_TIMEOUT, -ETIMEDOUT, "timeout" },
	{ BLK_STS_NOSPC, -ENOSPC, "critical space allocation" },
	{ BLK_STS_TRANSPORT, -ENOLINK, "recoverable transport" },
	{ BLK_STS_TARGET, -EREMOTEIO, "critical target" },
	{ BLK_STS_MEDIUM, -ENODATA, "critical medium" },
	{ BLK_STS_PROTECTION, -EILSEQ, "protection" },
	{ BLK_STS_RESOURCE, -ENOMEM, "kernel resource" },
	{ BLK_STS_AGAIN, -EAGAIN, "nonblocking retry" },
	{ BLK_STS_OFFLINE, -ENODEV, "device offline" },
	{ BLK_STS_IOERR, -EIO, "I/O" },
};

int blk_status_to_errno(blk_status_t status)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].err;
	return -EIO;
}

const char *blk_status_name(blk_status_t status)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].name;
	return "I/O";
}

/* ---- life ---- */

int bio_pools_init(void)
{
	const unsigned long bytes = sizeof(struct bio) + BIO_INLINE_VECS * sizeof(struct bio_vec);
	struct kmem_cache *cache;

	mutex_lock(&pools_lock);
	if (!bio_pool) {
		cache = kmem_cache_create("bio", bytes, 0, SLAB_HWCACHE_ALIGN, NULL);
		table_pool = mempool_create_kmalloc_pool(POOL_TABLES,
							 BIO_MAX_VECS * sizeof(struct bio_vec));
		if (cache && table_pool) {
			split_pool = mempool_create_slab_pool(POOL_BIOS, cache);
			bio_pool = mempool_create_slab_pool(POOL_BIOS, cache);
		}
	}
	mutex_unlock(&pools_lock);
	return bio_pool && split_pool ? 0 : -ENOMEM;
}

void bio_init(struct bio *bio, struct block_device *bdev, struct bio_vec *table,
	      unsigned short max_vecs, blk_opf_t opf)
{
	*bio = (struct bio){ .bi_bdev = bdev,
			     .bi_opf = opf,
			     .bi_io_vec = table,
			     .bi_max_vecs = max_vecs,
			     .__bi_remaining = ATOMIC_INIT(1),
			     .__bi_cnt = ATOMIC_INIT(1) };
}

struct bio *bio_alloc(struct block_device *bdev, unsigned short nr_vecs, blk_opf_t opf, gfp_t gfp)
{
	struct bio *bio = mempool_alloc(bio_pool, gfp);
	struct bio_vec *table;

	if (unlikely(!bio))
		return NULL;
	table = bio->bi_inline_vecs;
	if (nr_vecs <= BIO_INLINE_VECS) {
		nr_vecs = BIO_INLINE_VECS;
	} else {
		table = NULL;
		if (nr_vecs < BIO_MAX_VECS) /* else the pool: its tables are of one size */
			table = kmalloc_array(nr_vecs, sizeof(*table),
					      (gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_NOWARN);
		if (!table) {
			nr_vecs = BIO_MAX_VECS;
			table = mempool_alloc(table_pool, gfp);
		}
		if (!table) {
			mempool_free(bio, bio_pool);
			return NULL;
		}
	}
	bio_init(bio, bdev, table, nr_vecs, opf);
	bio->bi_flags = BIO_POOLED;
	return bio;
}

void bio_put(struct bio *bio)
{
	if (!atomic_dec_and_test(&bio->__bi_cnt) || !(bio->bi_flags & BIO_POOLED))
		return;
	if (bio->bi_flags & BIO_SPLIT) {
		mempool_free(bio, split_pool);
		return;
	}
	if (bio->bi_io_vec != bio->bi_inline_vecs && !(bio->bi_flags & BIO_CLONED)) {
		if (bio->bi_max_vecs == BIO_MAX_VECS)
			mempool_free(bio->bi_io_vec, table_pool);
		else
			kfree(bio->bi_io_vec);
	}
	mempool_free(bio, bio_pool);
}

struct bio *bio_split(struct bio *bio, unsigned int sectors, gfp_t gfp)
{
	struct bio *piece = mempool_alloc(split_pool, gfp);

	BUG_ON(!sectors || sectors >= bio_sectors(bio));
	if (!piece)
		return NULL;
	bio_init(piece, bio->bi_bdev, bio->bi_io_vec, 0, bio->bi_opf);
	piece->bi_vcnt = bio->bi_vcnt;
	piece->bi_flags =
		BIO_POOLED | BIO_CLONED | BIO_SPLIT | (bio->bi_flags & (BIO_REMAPPED | BIO_QUIET));
	piece->bi_iter = bio->bi_iter;
	piece->bi_iter.bi_size = sectors << SECTOR_SHIFT;
	bio_advance(bio, sectors << SECTOR_SHIFT);
	return piece;
}

/* ---- memory ---- */

void __bio_add_page(struct bio *bio, struct page *page, unsigned int len, unsigned int off)
{
	bio->bi_io_vec[bio->bi_vcnt++] = (struct bio_vec){ page, len, off };
	bio->bi_iter.bi_size += len;
}

int bio_add_page(struct bio *bio, struct page *page, unsigned int len, unsigned int off)
{
	struct bio_vec *last = bio->bi_vcnt ? &bio->bi_io_vec[bio->bi_vcnt - 1] : NULL;

	if (bio->bi_iter.bi_size > 0xffffffffu - len)
		return 0;
	if (last && page_to_phys(last->bv_page) + last->bv_offset + last->bv_len ==
			    page_to_phys(page) + off) {
		last->bv_len += len;
		bio->bi_iter.bi_size += len;
		return len;
	}
	if (bio->bi_vcnt >= bio->bi_max_vecs)
		return 0;
	__bio_add_page(bio, page, len, off);
	return len;
}

void bio_advance(struct bio *bio, unsigned int bytes)
{
	bio->bi_iter.bi_sector += bytes >> SECTOR_SHIFT;
	if (bio_has_data(bio))
		bvec_iter_advance(bio->bi_io_vec, &bio->bi_iter, bytes);
	else
		bio->bi_iter.bi_size -= bytes;
}

/* ---- ending ---- */

static void bio_chain_endio(struct bio *bio)
{
	bio_put(bio);
}

void bio_chain(struct bio *bio, struct bio *parent)
{
	bio->bi_private = parent;
	bio->bi_end_io = bio_chain_endio;
	parent->bi_flags |= BIO_CHAIN;
	atomic_inc(&parent->__bi_remaining);
}

/* A bio that is chained hands its parent on: a loop, since chains may be long. */
void bio_endio(struct bio *bio)
{
	while (bio) {
		struct bio *parent = NULL;

		if ((bio->bi_flags & BIO_CHAIN) && !atomic_dec_and_test(&bio->__bi_remaining))
			return;
		if (bio->bi_end_io == bio_chain_endio) {
			parent = bio->bi_private;
			if (bio->bi_status && !parent->bi_status)
				parent->bi_status = bio->bi_status;
		}
		if (bio->bi_end_io)
			bio->bi_end_io(bio);
		bio = parent;
	}
}

static void submit_bio_wait_endio(struct bio *bio)
{
	complete(bio->bi_private);
}

int submit_bio_wait(struct bio *bio)
{
	DECLARE_COMPLETION_ONSTACK(done);

	bio->bi_private = &done;
	bio->bi_end_io = submit_bio_wait_endio;
	bio->bi_opf |= REQ_SYNC;
	submit_bio(bio);
	wait_for_completion_io(&done);
	return blk_status_to_errno(bio->bi_status);
}

/* ---- whole operations ---- */

int blkdev_issue_flush(struct block_device *bdev)
{
	struct bio bio;

	bio_init(&bio, bdev, NULL, 0, REQ_OP_WRITE | REQ_PREFLUSH);
	return submit_bio_wait(&bio);
}

int blkdev_rw_kernel(struct block_device *bdev, sector_t sector, void *buf, unsigned int bytes,
		     blk_opf_t opf)
{
	struct bio_vec vec;
	struct bio bio;

	bio_init(&bio, bdev, &vec, 1, opf);
	bio.bi_iter.bi_sector = sector;
	__bio_add_page(&bio, virt_to_page(buf), bytes, offset_in_page((unsigned long)buf));
	return submit_bio_wait(&bio);
}

/* Bios under way on behalf of one caller, who waits for all. */
struct bio_batch {
	atomic_t left;
	blk_status_t status;
	struct completion done;
};

static void batch_endio(struct bio *bio)
{
	struct bio_batch *batch = bio->bi_private;

	if (bio->bi_status)
		WRITE_ONCE(batch->status, bio->bi_status);
	bio_put(bio);
	if (atomic_dec_and_test(&batch->left))
		complete(&batch->done);
}

static void batch_begin(struct bio_batch *batch)
{
	atomic_set(&batch->left, 1);
	batch->status = BLK_STS_OK;
	init_completion(&batch->done);
}

static void batch_add(struct bio_batch *batch, struct bio *bio)
{
	bio->bi_private = batch;
	bio->bi_end_io = batch_endio;
	atomic_inc(&batch->left);
	submit_bio(bio);
}

static int batch_wait(struct bio_batch *batch)
{
	if (!atomic_dec_and_test(&batch->left))
		wait_for_completion_io(&batch->done);
	return blk_status_to_errno(batch->status);
}

/* Operations that name sectors only, at most @max at once. */
static int issue_sectors(struct block_device *bdev, sector_t sector, sector_t nr, blk_opf_t opf,
			 unsigned int max, gfp_t gfp)
{
	struct bio_batch batch;
	struct blk_plug plug;
	int err;

	batch_begin(&batch);
	blk_start_plug(&plug);
	while (nr) {
		unsigned int part = min_t(sector_t, nr, max);
		struct bio *bio = bio_alloc(bdev, 0, opf, gfp);

		bio->bi_iter.bi_sector = sector;
		bio->bi_iter.bi_size = part << SECTOR_SHIFT;
		batch_add(&batch, bio);
		sector += part;
		nr -= part;
		cond_resched();
	}
	blk_finish_plug(&plug);
	err = batch_wait(&batch);
	return err;
}

/* Largest number of sectors of one such operation: whole logical blocks, and the bytes fit into bi_size. */
static unsigned int whole_blocks(struct block_device *bdev, unsigned int sectors)
{
	unsigned int block = bdev_logical_block_size(bdev) >> SECTOR_SHIFT;

	sectors = min(sectors, 0xffffffffu >> SECTOR_SHIFT);
	return sectors - sectors % block;
}

static int check_sectors(struct block_device *bdev, sector_t sector, sector_t nr)
{
	if (bdev_read_only(bdev))
		return -EPERM;
	return (sector | nr) & ((bdev_logical_block_size(bdev) >> SECTOR_SHIFT) - 1) ? -EINVAL : 0;
}

int blkdev_issue_discard(struct block_device *bdev, sector_t sector, sector_t nr_sects, gfp_t gfp)
{
	unsigned int max = whole_blocks(bdev, bdev_max_discard_sectors(bdev));
	int err = check_sectors(bdev, sector, nr_sects);

	if (err)
		return err;
	if (!max)
		return -EOPNOTSUPP;
	return issue_sectors(bdev, sector, nr_sects, REQ_OP_DISCARD, max, gfp);
}

static int write_zero_pages(struct block_device *bdev, sector_t sector, sector_t nr, gfp_t gfp)
{
	struct bio_batch batch;
	struct blk_plug plug;

	batch_begin(&batch);
	blk_start_plug(&plug);
	while (nr) {
		unsigned int vecs = min_t(sector_t, DIV_ROUND_UP(nr, PAGE_SECTORS), BIO_MAX_VECS);
		struct bio *bio = bio_alloc(bdev, vecs, REQ_OP_WRITE, gfp);

		bio->bi_iter.bi_sector = sector;
		while (nr && bio->bi_vcnt < vecs) {
			unsigned int part = min_t(sector_t, nr, PAGE_SECTORS);

			__bio_add_page(bio, ZERO_PAGE(0), part << SECTOR_SHIFT, 0);
			sector += part;
			nr -= part;
		}
		batch_add(&batch, bio);
		cond_resched();
	}
	blk_finish_plug(&plug);
	return batch_wait(&batch);
}

int blkdev_issue_zeroout(struct block_device *bdev, sector_t sector, sector_t nr_sects, gfp_t gfp,
			 unsigned flags)
{
	unsigned int max =
		whole_blocks(bdev, bdev_get_queue(bdev)->limits.max_write_zeroes_sectors);
	int err = check_sectors(bdev, sector, nr_sects);

	if (err)
		return err;
	err = -EOPNOTSUPP;
	if (max)
		err = issue_sectors(bdev, sector, nr_sects,
				    REQ_OP_WRITE_ZEROES |
					    (flags & BLKDEV_ZERO_NOUNMAP ? REQ_NOUNMAP : 0),
				    max, gfp);
	if (err == -EOPNOTSUPP && !(flags & BLKDEV_ZERO_NOFALLBACK))
		err = write_zero_pages(bdev, sector, nr_sects, gfp);
	return err;
}
