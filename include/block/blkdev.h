/* SPDX-License-Identifier: MIT */
/*
 * Requests and queues: what lies between bios and a driver. Theory: block/queue.c.
 *
 * Legend: h  hctx->lock;  c  constant once the disk is added;  a  atomic
 */
#ifndef QUIRE_BLOCK_BLKDEV_H
#define QUIRE_BLOCK_BLKDEV_H

#include <base/types.h>
#include <base/list.h>
#include <kernel/plug.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <block/bio.h>
#include <block/genhd.h>

struct blk_mq_hw_ctx;
struct request;
struct request_queue;
struct task_struct;

/* Bytes unless said otherwise. 0 discard sectors: the device has no discard. */
struct queue_limits {
	unsigned int logical_block_size, physical_block_size;
	unsigned int io_min, io_opt;
	unsigned int alignment_offset;
	unsigned int max_hw_sectors;		/* of 512, the device's */
	unsigned int max_sectors;		/* the same or less: max_sectors_kb */
	unsigned short max_segments;
	unsigned int max_segment_size;
	unsigned long seg_boundary_mask;
	unsigned int virt_boundary_mask;	/* all but the ends of a request lie on such a boundary */
	unsigned int max_discard_sectors, max_hw_discard_sectors;
	unsigned int discard_granularity, discard_alignment;
	unsigned short max_discard_segments;
	unsigned int max_write_zeroes_sectors;
};

enum rq_seq { RQ_SEQ_PREFLUSH = 1, RQ_SEQ_DATA = 2, RQ_SEQ_POSTFLUSH = 4 };

/* One command to a device: neighbouring bios of one kind. The driver's own part lies behind it. */
struct request {
	struct request_queue *q;		/* c */
	struct blk_mq_hw_ctx *hctx;		/* c */
	u16 tag;				/* c: number in hctx */
	bool started;				/* h: the driver has it */
	blk_status_t status;			/* h: set by reap() */
	u8 seq;					/* RQ_SEQ_* still to come, the lowest is under way */
	u16 nr_phys_segments;
	blk_opf_t cmd_flags;
	sector_t sector;			/* of the disk */
	unsigned int data_len;			/* bytes */
	struct bio *bio, *biotail;
	struct block_device *part;		/* for the statistics */
	u64 start_ns;
	struct list_head queuelist;		/* free list, plug, dispatch list, or being ended */
};

#define req_op(rq)	((rq)->cmd_flags & REQ_OP_MASK)
#define blk_rq_pos(rq)	((rq)->sector)
#define blk_rq_bytes(rq) ((rq)->data_len)
#define blk_rq_sectors(rq) ((rq)->data_len >> SECTOR_SHIFT)
static inline void *blk_mq_rq_to_pdu(struct request *rq)
{
	return rq + 1;
}

/* All under hctx->lock, preemption disabled: they must not sleep. */
struct blk_mq_ops {
	/*
	 * Give @rq to the device. @last: nothing follows at once, tell the device. BLK_STS_OK;
	 * BLK_STS_RESOURCE: no room now, it is tried again after the next completion of this queue, so
	 * there must be something in flight; anything else ends the request with that status.
	 */
	blk_status_t (*queue_rq)(struct blk_mq_hw_ctx *hctx, struct request *rq, bool last);
	/* Requests were given without @last: tell the device now. May be NULL. */
	void (*commit_rqs)(struct blk_mq_hw_ctx *hctx);
	/* The next finished request with rq->status set, or NULL. */
	struct request *(*reap)(struct blk_mq_hw_ctx *hctx);
	/* The completion thread is going to sleep: interrupts on; true: something has finished already. */
	bool (*enable_irq)(struct blk_mq_hw_ctx *hctx);
};

/* One queue of the device. */
struct blk_mq_hw_ctx {
	spinlock_t lock;
	struct request_queue *queue;		/* c */
	unsigned int index;			/* c */
	void *driver_data;			/* c */
	unsigned int nr_tags;			/* c */
	void *requests;				/* c: nr_tags of them, rq_bytes apart */
	struct list_head free;			/* h */
	unsigned int nr_free;			/* h: its length */
	struct list_head dispatch;		/* h: to be given to the driver, in this order */
	struct list_head reads;			/* h: the same, and rather before those */
	unsigned int reads_passed;		/* h: one after the other while another waits in dispatch */
	unsigned int in_flight;			/* h: started */
	wait_queue_head_t tag_wait;
	struct task_struct *thread;		/* c: ends requests */
	bool irq_seen;				/* a */
	u64 nr_polled, nr_wakeups;
};

struct request_queue {
	struct gendisk *disk;			/* c */
	struct queue_limits limits;		/* c, but for max_sectors and max_discard_sectors */
	unsigned long queue_flags;		/* a: QUEUE_FLAG_* */
	const struct blk_mq_ops *mq_ops;	/* c: NULL: bios go to fops->submit_bio */
	unsigned int nr_hw_queues;		/* c: with those that are polled */
	unsigned int nr_poll_queues;		/* c: the last ones, for REQ_POLLED */
	struct blk_mq_hw_ctx *hctx;		/* c: array */
	unsigned int rq_bytes;			/* c: request and the driver's part */
	bool dying;				/* a; set with each hctx->lock taken once after */
	unsigned int nr_requests;		/* c */
	atomic_t usage;				/* a: bios being turned into requests, and requests */
	wait_queue_head_t unused_wait;		/* of who destroys it, for no usage */
	void *queuedata;			/* c: the driver's */
};

#define QUEUE_FLAG_NOMERGES	3
#define QUEUE_FLAG_SYNCHRONOUS	5	/* a bio has ended when submit_bio() returns */
#define QUEUE_FLAG_NONROT	6
#define QUEUE_FLAG_IOSTAT	7
#define QUEUE_FLAG_STABLE_WRITES 15
#define QUEUE_FLAG_POLL		16
#define QUEUE_FLAG_WC		17	/* the device has a volatile cache */
#define QUEUE_FLAG_FUA		18
#define blk_queue_flag_set(flag, q)	set_bit(flag, &(q)->queue_flags)
#define blk_queue_flag_clear(flag, q)	clear_bit(flag, &(q)->queue_flags)
#define blk_queue_flag_test(flag, q)	test_bit(flag, &(q)->queue_flags)

#define bdev_get_queue(bdev)		((bdev)->bd_disk->queue)
#define bdev_logical_block_size(bdev)	(bdev_get_queue(bdev)->limits.logical_block_size)
#define bdev_max_discard_sectors(bdev)	(bdev_get_queue(bdev)->limits.max_discard_sectors)
#define bdev_synchronous(bdev)		blk_queue_flag_test(QUEUE_FLAG_SYNCHRONOUS, bdev_get_queue(bdev))
#define bdev_nonrot(bdev)		blk_queue_flag_test(QUEUE_FLAG_NONROT, bdev_get_queue(bdev))

#define BLK_DEF_MAX_SECTORS	2560

void blk_queue_max_hw_sectors(struct request_queue *q, unsigned int sectors);
void blk_queue_logical_block_size(struct request_queue *q, unsigned int bytes);
void blk_queue_physical_block_size(struct request_queue *q, unsigned int bytes);
void blk_queue_write_cache(struct request_queue *q, bool wc, bool fua);

/* ---- for drivers ---- */

/*
 * Turn @disk's queue into one with @nr_hw_queues of @depth requests, each with @pdu_bytes of the driver's.
 * hctx[i].driver_data is the driver's to set before device_add_disk(). 0 or -ENOMEM. May sleep.
 */
int blk_mq_init_queue(struct gendisk *disk, const struct blk_mq_ops *ops, unsigned int nr_hw_queues,
		      unsigned int depth, size_t pdu_bytes);
/* After del_gendisk(), when the device does no more: what it had ends with EIO. May sleep. */
void blk_mq_destroy_queue(struct request_queue *q);
/* The last @nr queues have no interrupt: who uses them polls. Before device_add_disk(). */
void blk_mq_set_poll_queues(struct request_queue *q, unsigned int nr);
/* The device has interrupted: wake the completion thread. Any context. */
void blk_mq_irq(struct blk_mq_hw_ctx *hctx);
struct request *blk_mq_tag_to_rq(struct blk_mq_hw_ctx *hctx, unsigned int tag);
/* Memory of @rq, adjoining pieces joined, no piece over limits.max_segment_size; how many pieces. */
unsigned int blk_rq_map_sg(struct request *rq, struct bio_vec *sg, unsigned int max);

/* ---- plugging ---- */

/* Requests of this task wait in @plug, on its stack, for neighbours. Nested calls do nothing. */
void blk_start_plug(struct blk_plug *plug);
void blk_finish_plug(struct blk_plug *plug);
void blk_flush_plug(struct blk_plug *plug);

#endif
