// SPDX-License-Identifier: MIT
/*
 * What fits into one request: counting the pieces of memory of a bio against the limits of the device, joining
 * neighbouring bios, and the list of pieces that a driver gives to its device.
 *
 * The count is an upper bound: nr_phys_segments >= pieces that blk_rq_map_sg() makes, since that joins pieces
 * that adjoin in memory, and ceil((a + b) / m) <= ceil(a / m) + ceil(b / m).
 * Linux 6.1: block/blk-merge.c.
 */
#include <base/bug.h>
#include <base/math.h>
#include <block/blkdev.h>
#include "block_internal.h"
#include "trace.h"

/* Would memory from @start behind a piece that ends at @end leave a gap that the device cannot have? */
static bool leaves_gap(const struct queue_limits *lim, unsigned int end, unsigned int start)
{
	return ((end | start) & lim->virt_boundary_mask) != 0;
}

/* The most sectors that one request with this operation may have. */
static unsigned int op_max_sectors(const struct queue_limits *lim, unsigned int op)
{
	switch (op) {
	case REQ_OP_DISCARD:
		return lim->max_discard_sectors;
	case REQ_OP_WRITE_ZEROES:
		return lim->max_write_zeroes_sectors;
	default:
		return lim->max_sectors;
	}
}

unsigned int bio_count_segs(struct bio *bio, const struct queue_limits *lim, unsigned int *fit)
{
	unsigned int max = op_max_sectors(lim, bio_op(bio)), block = lim->logical_block_size;
	unsigned int segs = 0, bytes = 0, limit, end = 0;
	struct bvec_iter iter;
	struct bio_vec bv;

	limit = max > 0xffffffffu >> SECTOR_SHIFT ? 0xffffffffu : max << SECTOR_SHIFT;
	if (!bio_has_data(bio)) {
		*fit = min(bio_sectors(bio), max);
		return 1;
	}
	bio_for_each_bvec(bv, bio, iter)
	{
		unsigned int room = lim->max_segments - segs, take = bv.bv_len;

		if (segs && leaves_gap(lim, end, bv.bv_offset))
			break;
		take = min_t(u64, take, (u64)room * lim->max_segment_size);
		take = min(take, limit - bytes);
		segs += take ? (take - 1) / lim->max_segment_size + 1 : 0;
		bytes += take;
		end = bv.bv_offset + take;
		if (take < bv.bv_len)
			break;
	}
	if (bytes < bio->bi_iter.bi_size)
		bytes -= bytes % block;
	*fit = bytes >> SECTOR_SHIFT;
	return segs;
}

static bool may_merge(struct request *rq, struct bio *bio, unsigned int nr_segs)
{
	const struct queue_limits *lim = &rq->q->limits;

	if (req_op(rq) != bio_op(bio) || !bio_has_data(bio))
		return false;
	if ((rq->cmd_flags | bio->bi_opf) & (REQ_NOMERGE | REQ_PREFLUSH | REQ_FUA))
		return false;
	if ((rq->cmd_flags ^ bio->bi_opf) & REQ_POLLED)
		return false;
	if (bio->bi_bdev->bd_disk->queue != rq->q || rq->part != bio->bi_bdev)
		return false;
	return blk_rq_sectors(rq) + bio_sectors(bio) <= lim->max_sectors &&
	       rq->nr_phys_segments + nr_segs <= lim->max_segments;
}

/* Offsets within their pages at which the data of a bio begins and ends. */
static unsigned int first_offset(struct bio *bio)
{
	return bvec_iter_bvec(bio->bi_io_vec, bio->bi_iter).bv_offset;
}

static unsigned int last_end(struct bio *bio)
{
	struct bvec_iter iter;
	struct bio_vec bv;
	unsigned int end = 0;

	bio_for_each_bvec(bv, bio, iter) end = bv.bv_offset + bv.bv_len;
	return end;
}

static bool gap_between(struct request *rq, struct bio *first, struct bio *second)
{
	const struct queue_limits *lim = &rq->q->limits;

	return lim->virt_boundary_mask && leaves_gap(lim, last_end(first), first_offset(second));
}

/* Append or prepend @bio to @rq, which nobody else sees or whose lock is held. */
bool blk_try_merge(struct request *rq, struct bio *bio, unsigned int nr_segs)
{
	sector_t sector = bio->bi_iter.bi_sector;

	if (sector == blk_rq_pos(rq) + blk_rq_sectors(rq)) {
		if (!may_merge(rq, bio, nr_segs) || gap_between(rq, rq->biotail, bio))
			return false;
		TRACE_BIO(bio_backmerge, bio);
		rq->biotail->bi_next = bio;
		rq->biotail = bio;
	} else if (bio_end_sector(bio) == blk_rq_pos(rq)) {
		if (!may_merge(rq, bio, nr_segs) || gap_between(rq, bio, rq->bio))
			return false;
		TRACE_BIO(bio_frontmerge, bio);
		bio->bi_next = rq->bio;
		rq->bio = bio;
		rq->sector = sector;
	} else {
		return false;
	}
	rq->data_len += bio->bi_iter.bi_size;
	rq->nr_phys_segments += nr_segs;
	rq->cmd_flags |= bio->bi_opf & REQ_SYNC;
	bdev_count_merge(rq->part, rq->cmd_flags);
	return true;
}

unsigned int blk_rq_map_sg(struct request *rq, struct bio_vec *sg, unsigned int max)
{
	unsigned int limit = rq->q->limits.max_segment_size, n = 0;
	struct bio *bio;

	for (bio = rq->bio; bio; bio = bio->bi_next) {
		struct bvec_iter iter;
		struct bio_vec bv;

		bio_for_each_bvec(bv, bio, iter)
		{
			struct bio_vec *last = n ? &sg[n - 1] : NULL, left = bv;
			unsigned int part;

			if (last && bvec_virt(last) + last->bv_len == bvec_virt(&left)) {
				part = min(left.bv_len, limit - last->bv_len);
				last->bv_len += part;
				left.bv_offset += part;
				left.bv_len -= part;
			}
			for (; left.bv_len; left.bv_offset += part, left.bv_len -= part) {
				part = min(left.bv_len, limit);
				BUG_ON(n == max);
				sg[n++] = (struct bio_vec){ left.bv_page, part, left.bv_offset };
			}
		}
	}
	return n;
}
