/* SPDX-License-Identifier: MIT */
/* What the files of block/ share. */
#ifndef BLOCK_INTERNAL_H
#define BLOCK_INTERNAL_H

#include <block/blkdev.h>

#define BIO_SPLIT	(1u << 6)	/* bi_flags: a piece, from its own pool */

int bio_pools_init(void);
const char *blk_status_name(blk_status_t status);

/* block/queue.c */
struct request_queue *blk_alloc_queue(struct gendisk *disk);
void blk_free_queue(struct request_queue *q);
/* The driver is ready: completion threads begin. */
void blk_mq_start_queue(struct request_queue *q);
/* New bios end with EIO from now on. */
void blk_mark_queue_dying(struct request_queue *q);

/* block/merge.c: may @bio be part of a request of @q; join it to @rq. */
unsigned int bio_count_segs(struct bio *bio, const struct queue_limits *lim, unsigned int *sectors_that_fit);
bool blk_try_merge(struct request *rq, struct bio *bio, unsigned int nr_segs);

/* block/partitions.c: read the table of @disk and add what it says. => open_mutex held */
void blk_add_partitions(struct gendisk *disk);
/* block/genhd.c. => open_mutex held. ERR_PTR */
struct block_device *add_partition(struct gendisk *disk, int partno, sector_t start, sector_t length,
				   const char *uuid, const char *volname);
void delete_partition(struct block_device *part);

#endif
