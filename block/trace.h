/* SPDX-License-Identifier: MIT */
/* Trace points of the block layer over bios and requests; while an event is off each is a load and a branch. */
#ifndef BLOCK_TRACE_H
#define BLOCK_TRACE_H

#include <block/blkdev.h>
#include <mm/trace_block.h>

/* Letters of an operation as blktrace has them: "WS", "FWFS", "RAM". */
void blk_fill_rwbs(char rwbs[TRACE_RWBS_LEN], blk_opf_t opf);

static inline struct trace_sectors trace_sectors_of_bio(const struct bio *bio)
{
	struct trace_sectors s = { .dev = bio->bi_bdev->bd_dev, .sector = bio->bi_iter.bi_sector,
				   .nr_sector = bio_sectors(bio), .bytes = bio->bi_iter.bi_size };

	blk_fill_rwbs(s.rwbs, bio->bi_opf);
	return s;
}
static inline struct trace_sectors trace_sectors_of_rq(const struct request *rq)
{
	struct trace_sectors s = { .dev = rq->q->disk->part0->bd_dev, .sector = blk_rq_pos(rq),
				   .nr_sector = blk_rq_sectors(rq), .bytes = blk_rq_bytes(rq) };

	blk_fill_rwbs(s.rwbs, rq->cmd_flags);
	return s;
}

#define TRACE_BLOCK(ev, sectors, ...)						\
do {										\
	if (unlikely(READ_ONCE(__event_##ev.enabled))) {			\
		struct trace_sectors __s = sectors;				\
										\
		__trace_##ev(&__s, ##__VA_ARGS__);			\
	}									\
} while (0)
#define TRACE_BIO(ev, bio, ...)	TRACE_BLOCK(block_##ev, trace_sectors_of_bio(bio), ##__VA_ARGS__)
#define TRACE_RQ(ev, rq, ...)	TRACE_BLOCK(block_##ev, trace_sectors_of_rq(rq), ##__VA_ARGS__)

#endif
