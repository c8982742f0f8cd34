// SPDX-License-Identifier: MIT
/*
 * Queues: from bios to requests, through the driver, and back.
 *
 * 1 A request is one command to the device: a bio, or several of one kind that lie side by side. A device has one
 *   or more hardware queues (hctx); a CPU uses queue number cpu % nr_hw_queues. Each has a fixed stock of
 *   requests, whose number is its tag.
 *
 *	submit_bio -> bio too large? pieces -> joined to a request in the task's plug?
 *	           \-> a request (waits for a tag) -> plug -> reads or dispatch -> queue_rq() of the driver
 *	interrupt -> wakes the completion thread of the queue -> reap() -> bios end -> tag free -> dispatch list
 *
 * 2 One lock a queue, hctx->lock, an ordinary spinlock: stock, lists, and the driver's ring. queue_rq() and
 *   reap() are called under it, so a driver needs no lock of its own; interrupts never take it, as they only wake.
 *   Bios are ended without it.
 *
 * 3 Invariant: requests of an hctx = free + in plugs + reads + dispatch + in flight + being ended.
 *   While queue_rq() answers BLK_STS_RESOURCE something is in flight: its end runs the list again.
 *
 * 4 Plugging. Between blk_start_plug() and blk_finish_plug() a task's requests stay with the task, where bios
 *   that follow are joined to them. They leave at the end, when there are PLUG_MAX, and when the task sleeps
 *   (schedule() flushes): so what a task waits for is under way.
 *
 * 5 Flush and FUA. A device with a volatile cache gets: flush, data, flush (or data with FUA where it can), in
 *   that order, as one request that is sent up to three times (rq->seq). Without such a cache the flags go.
 *
 * 6 Polling. The last nr_poll_queues queues have no interrupt. Bios with REQ_POLLED go there; who waits for them, or
 *   for a tag there, looks for what has ended.
 *
 * 7 q->usage counts bios on their way and requests; who destroys the queue waits for 0. A dying queue refuses
 *   bios (EIO) and ends what it has.
 *
 * 8 No elevator to choose from: the plug joins, and the device orders. But readers do not wait behind a flood of writes, which
 *   is what Linux has mq-deadline for where a device has one queue: of what waits for room in the device, reads go
 *   first, READS_PASS past a write at most (its fifo_batch); and writes that nobody waits for leave a quarter of the tags
 *   alone (its dd_depth_updated()).
 *
 * Linux 6.1: block/blk-mq.c, blk-core.c, blk-flush.c. Simpler here: no timeouts, no shared tags, no reserved
 * ones, no scheduler tags apart from the driver's. Observed by /proc/diskstats, /sys/block/X/{stat,queue}.
 */
#include <base/bug.h>
#include <base/compiler.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/list.h>
#include <base/math.h>
#include <base/string.h>
#include <block/blkdev.h>
#include <block/genhd.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <kernel/timekeeping.h>
#include <mm/writeback.h>
#include <mm/fault_inject.h>
#include <mm/slab.h>
#include <mm/vmstat.h>
#include <sync/kthread.h>
#include <sync/ranks.h>
#include "block_internal.h"
#include "trace.h"

#define PLUG_MAX   32
#define READS_PASS 16

/* ---- limits ---- */

static void blk_set_stacking_limits(struct queue_limits *lim)
{
	*lim = (struct queue_limits){
		.logical_block_size = SECTOR_SIZE,
		.physical_block_size = SECTOR_SIZE,
		.io_min = SECTOR_SIZE,
		.max_hw_sectors = 0xffffffffu >> SECTOR_SHIFT,
		.max_sectors = BLK_DEF_MAX_SECTORS,
		.max_segments = 128,
		.max_segment_size = 65536,
		.seg_boundary_mask = ~0UL,
		.max_discard_segments = 1,
	};
}

void blk_queue_max_hw_sectors(struct request_queue *q, unsigned int sectors)
{
	sectors = max_t(unsigned int, sectors, PAGE_SECTORS);
	q->limits.max_hw_sectors = sectors;
	q->limits.max_sectors = min_t(unsigned int, sectors, BLK_DEF_MAX_SECTORS);
}

void blk_queue_logical_block_size(struct request_queue *q, unsigned int bytes)
{
	q->limits.logical_block_size = bytes;
	blk_queue_physical_block_size(q, q->limits.physical_block_size);
}

void blk_queue_physical_block_size(struct request_queue *q, unsigned int bytes)
{
	struct queue_limits *lim = &q->limits;

	lim->physical_block_size = max(bytes, lim->logical_block_size);
	lim->io_min = max(lim->io_min, lim->physical_block_size);
	lim->discard_granularity = lim->max_discard_sectors ? lim->discard_granularity : 0;
}

void blk_queue_write_cache(struct request_queue *q, bool wc, bool fua)
{
	if (wc)
		blk_queue_flag_set(QUEUE_FLAG_WC, q);
	else
		blk_queue_flag_clear(QUEUE_FLAG_WC, q);
	if (fua)
		blk_queue_flag_set(QUEUE_FLAG_FUA, q);
	else
		blk_queue_flag_clear(QUEUE_FLAG_FUA, q);
}

/* ---- entering, and waiting for those who have entered ---- */

static void blk_queue_exit(struct request_queue *q)
{
	if (atomic_dec_return(&q->usage) == 0 && READ_ONCE(q->dying))
		wake_up_all(&q->unused_wait);
}

/* False: it is dying. */
static bool blk_queue_enter(struct request_queue *q)
{
	/* A full barrier: wait_until_unused() sees the count, or we see that it is dying. */
	atomic_inc_return(&q->usage);
	if (likely(!READ_ONCE(q->dying)))
		return true;
	blk_queue_exit(q);
	return false;
}

/* => @q is dying */
static void wait_until_unused(struct request_queue *q)
{
	if (current->plug)
		blk_flush_plug(current->plug);
	smp_mb();
	wait_event(q->unused_wait, !atomic_read(&q->usage));
}

/* ---- requests ---- */

struct request *blk_mq_tag_to_rq(struct blk_mq_hw_ctx *hctx, unsigned int tag)
{
	if (tag >= hctx->nr_tags)
		return NULL;
	return hctx->requests + (size_t)tag * hctx->queue->rq_bytes;
}

/* How many tags @opf leaves to others. */
static unsigned int tags_to_spare(const struct blk_mq_hw_ctx *hctx, blk_opf_t opf)
{
	return op_is_write(opf) && !(opf & REQ_SYNC) ? hctx->nr_tags / 4 : 0;
}

static struct request *try_get_request(struct blk_mq_hw_ctx *hctx, blk_opf_t opf)
{
	struct request *rq = NULL;

	spin_lock(&hctx->lock);
	if (hctx->nr_free > tags_to_spare(hctx, opf)) {
		rq = list_first_entry(&hctx->free, struct request, queuelist);
		list_del(&rq->queuelist);
		hctx->nr_free--;
	}
	spin_unlock(&hctx->lock);
	return rq;
}

/* The queue for what this CPU submits. */
static struct blk_mq_hw_ctx *map_queue(struct request_queue *q, blk_opf_t opf)
{
	unsigned int cpu = raw_smp_processor_id(), nr = q->nr_hw_queues - q->nr_poll_queues;

	if (unlikely((opf & REQ_POLLED) && q->nr_poll_queues))
		return &q->hctx[nr + cpu % q->nr_poll_queues];
	return &q->hctx[cpu % nr];
}

static bool is_polled(const struct blk_mq_hw_ctx *hctx)
{
	return hctx->index >= hctx->queue->nr_hw_queues - hctx->queue->nr_poll_queues;
}

static bool reap_queue(struct blk_mq_hw_ctx *hctx);

/* A request with a tag; NULL: would have to wait, with REQ_NOWAIT. */
static struct request *get_request(struct request_queue *q, blk_opf_t opf)
{
	struct blk_mq_hw_ctx *hctx = map_queue(q, opf);
	struct request *rq = try_get_request(hctx, opf);

	if (likely(rq) || (opf & REQ_NOWAIT))
		return rq;
	while (is_polled(hctx) && !rq) { /* nobody else may be looking */
		reap_queue(hctx);
		cond_resched();
		rq = try_get_request(hctx, opf);
	}
	if (rq)
		return rq;
	io_wait_event(hctx->tag_wait, (rq = try_get_request(hctx, opf)) != NULL);
	return rq;
}

/* What a request that begins with @bio counts as. */
static blk_opf_t stat_op(const struct bio *bio)
{
	return bio->bi_iter.bi_size ? bio->bi_opf : REQ_OP_FLUSH;
}

static void init_request(struct request *rq, struct bio *bio, unsigned int nr_segs)
{
	rq->status = BLK_STS_OK;
	rq->started = false;
	rq->seq = RQ_SEQ_DATA;
	rq->nr_phys_segments = nr_segs;
	rq->cmd_flags = bio->bi_opf;
	rq->sector = bio->bi_iter.bi_sector;
	rq->data_len = bio->bi_iter.bi_size;
	rq->bio = rq->biotail = bio;
	rq->part = bio->bi_bdev;
	rq->start_ns = ktime_get_ns();
	bdev_start_io(rq->part, stat_op(bio), rq->start_ns);
}

/* ---- flush sequences ---- */

/* What @rq has to go through; its command becomes the first step. */
static void begin_flush_sequence(struct request *rq)
{
	bool fua = blk_queue_flag_test(QUEUE_FLAG_FUA, rq->q);

	rq->seq = rq->data_len ? RQ_SEQ_DATA : 0;
	if (rq->cmd_flags & REQ_PREFLUSH)
		rq->seq |= RQ_SEQ_PREFLUSH;
	if ((rq->cmd_flags & REQ_FUA) && rq->data_len && !fua)
		rq->seq |= RQ_SEQ_POSTFLUSH;
	if (!fua)
		rq->cmd_flags &= ~REQ_FUA;
}

/* The operation of the step that is under way, for the driver. */
static void set_step(struct request *rq)
{
	unsigned int step = rq->seq & -rq->seq;

	rq->cmd_flags = (rq->cmd_flags & ~REQ_OP_MASK) |
			(step == RQ_SEQ_DATA ? bio_op(rq->bio) : REQ_OP_FLUSH);
}

static bool is_last_step(const struct request *rq)
{
	return !(rq->seq & (rq->seq - 1));
}

static void next_step(struct request *rq)
{
	rq->seq &= rq->seq - 1;
	set_step(rq);
}

/* ---- to the driver ---- */

static struct request *next_request(struct blk_mq_hw_ctx *hctx)
{
	struct list_head *from = &hctx->dispatch;
	struct request *rq;

	if (!list_empty(&hctx->reads) && (list_empty(from) || hctx->reads_passed++ < READS_PASS))
		from = &hctx->reads;
	else
		hctx->reads_passed = 0;
	rq = list_first_entry_or_null(from, struct request, queuelist);
	if (rq)
		list_del(&rq->queuelist);
	return rq;
}

/* Where @rq waits for the device. */
static struct list_head *waiting_list(struct request *rq)
{
	return req_op(rq) == REQ_OP_READ ? &rq->hctx->reads : &rq->hctx->dispatch;
}

/* Give the driver what it takes; what it refuses for good goes to @ended. => hctx->lock held */
static void run_queue(struct blk_mq_hw_ctx *hctx, struct list_head *ended)
{
	const struct blk_mq_ops *ops = hctx->queue->mq_ops;
	bool told = true;
	struct request *rq;

	while ((rq = next_request(hctx))) {
		bool last = list_empty(&hctx->dispatch) && list_empty(&hctx->reads);
		blk_status_t status = BLK_STS_IOERR;

		if (likely(!hctx->queue->dying))
			status = ops->queue_rq(hctx, rq, last);
		if (likely(status == BLK_STS_OK)) {
			TRACE_RQ(rq_issue, rq);
			rq->started = true;
			hctx->in_flight++;
			told = last;
		} else if (status == BLK_STS_RESOURCE) {
			TRACE_RQ(rq_requeue, rq);
			list_add(&rq->queuelist, waiting_list(rq));
			break;
		} else {
			rq->status = status;
			list_add_tail(&rq->queuelist, ended);
		}
	}
	if (!told && ops->commit_rqs)
		ops->commit_rqs(hctx);
}

/* => hctx->lock held */
static void insert_request(struct request *rq)
{
	TRACE_RQ(rq_insert, rq);
	list_add_tail(&rq->queuelist, waiting_list(rq));
}

/* ---- ending ---- */

static const char *op_name(unsigned int op)
{
	switch (op) {
	case REQ_OP_READ:
		return "READ";
	case REQ_OP_WRITE:
		return "WRITE";
	case REQ_OP_FLUSH:
		return "FLUSH";
	case REQ_OP_DISCARD:
		return "DISCARD";
	case REQ_OP_WRITE_ZEROES:
		return "WRITE_ZEROES";
	default:
		return "UNKNOWN";
	}
}

static void print_error(struct request *rq)
{
	pr_err_ratelimited("%s error, dev %s, sector %llu op 0x%x:(%s) flags 0x%x phys_seg %u\n",
			   blk_status_name(rq->status), rq->q->disk->disk_name,
			   (unsigned long long)blk_rq_pos(rq), req_op(rq), op_name(req_op(rq)),
			   rq->cmd_flags & ~REQ_OP_MASK, rq->nr_phys_segments);
}

/* All bios of @rq end. => without hctx->lock */
static void end_bios(struct request *rq)
{
	struct bio *bio = rq->bio, *next;

	TRACE_RQ(rq_complete, rq, blk_status_to_errno(rq->status));
	if (unlikely(rq->status && rq->status != BLK_STS_NOTSUPP && !(bio->bi_flags & BIO_QUIET))) {
		print_error(rq);
		TRACE_RQ(rq_error, rq, blk_status_to_errno(rq->status));
	}
	if (unlikely(laptop_mode))
		laptop_io_completion(rq->q->disk->bdi);
	bdev_end_io(rq->part, stat_op(bio), rq->status ? 0 : blk_rq_sectors(rq), rq->start_ns);
	for (; bio; bio = next) {
		next = bio->bi_next;
		bio->bi_next = NULL;
		if (rq->status)
			bio->bi_status = rq->status;
		else
			bio_advance(bio, bio->bi_iter.bi_size);
		bio_endio(bio);
	}
	rq->bio = rq->biotail = NULL;
}

/* End the bios of the requests in @ended, then give their tags back. => without hctx->lock */
static void end_requests(struct blk_mq_hw_ctx *hctx, struct list_head *ended)
{
	struct request *rq, *next;

	while (!list_empty(ended)) {
		LIST_HEAD(refused);

		list_for_each_entry (rq, ended, queuelist)
			if (rq->status || is_last_step(rq))
				end_bios(rq);
		spin_lock(&hctx->lock);
		list_for_each_entry_safe (rq, next, ended, queuelist) {
			if (rq->bio) {
				next_step(rq);
				list_move_tail(&rq->queuelist, &hctx->dispatch);
				continue;
			}
			list_move(&rq->queuelist, &hctx->free);
			hctx->nr_free++;
			blk_queue_exit(hctx->queue);
		}
		run_queue(hctx, &refused);
		spin_unlock(&hctx->lock);
		if (wq_has_sleeper(&hctx->tag_wait))
			wake_up_all(&hctx->tag_wait);
		list_splice_init(&refused, ended);
	}
}

/* Insert the requests of one queue that @list holds, and run it. */
static void insert_requests(struct blk_mq_hw_ctx *hctx, struct list_head *list)
{
	struct request *rq, *next;
	LIST_HEAD(ended);

	spin_lock(&hctx->lock);
	list_for_each_entry_safe (rq, next, list, queuelist) {
		list_del(&rq->queuelist);
		insert_request(rq);
	}
	run_queue(hctx, &ended);
	spin_unlock(&hctx->lock);
	if (unlikely(!list_empty(&ended)))
		end_requests(hctx, &ended);
}

/* What the device has finished. True if there was anything. */
static bool reap_queue(struct blk_mq_hw_ctx *hctx)
{
	struct request *rq;
	LIST_HEAD(ended);

	spin_lock(&hctx->lock);
	while ((rq = hctx->queue->mq_ops->reap(hctx))) {
		VM_BUG_ON(!rq->started);
		rq->started = false;
		hctx->in_flight--;
		list_add_tail(&rq->queuelist, &ended);
	}
	if (!list_empty(&ended))
		run_queue(hctx, &ended); /* room in the ring: first keep the device busy */
	spin_unlock(&hctx->lock);
	if (list_empty(&ended))
		return false;
	end_requests(hctx, &ended);
	return true;
}

bool bdev_poll(struct block_device *bdev)
{
	struct request_queue *q = bdev_get_queue(bdev);
	bool found = !q->nr_poll_queues;

	for (unsigned int i = q->nr_hw_queues - q->nr_poll_queues; i < q->nr_hw_queues; i++)
		if (reap_queue(&q->hctx[i])) {
			q->hctx[i].nr_polled++;
			found = true;
		}
	return found;
}

void blk_mq_irq(struct blk_mq_hw_ctx *hctx)
{
	struct task_struct *thread = READ_ONCE(hctx->thread);

	WRITE_ONCE(hctx->irq_seen, true);
	if (likely(thread))
		wake_up_process(thread);
}

static bool enable_irq(struct blk_mq_hw_ctx *hctx)
{
	bool more;

	spin_lock(&hctx->lock);
	more = hctx->queue->mq_ops->enable_irq && hctx->queue->mq_ops->enable_irq(hctx);
	spin_unlock(&hctx->lock);
	return more;
}

/* The completion thread of one hardware queue. */
static int complete_thread(void *data)
{
	struct blk_mq_hw_ctx *hctx = data;

	sched_set_fifo(current);
	while (!kthread_should_stop()) {
		if (reap_queue(hctx))
			continue;
		set_current_state(TASK_IDLE);
		if (!READ_ONCE(hctx->irq_seen) && !enable_irq(hctx) && !kthread_should_stop()) {
			schedule();
			hctx->nr_wakeups++;
		}
		__set_current_state(TASK_RUNNING);
		WRITE_ONCE(hctx->irq_seen, false);
		smp_mb(); /* the interrupt's entry is seen by reap() if its flag was */
	}
	return 0;
}

/* ---- plugs ---- */

void blk_start_plug(struct blk_plug *plug)
{
	if (current->plug)
		return;
	INIT_LIST_HEAD(&plug->requests);
	plug->nr = 0;
	plug->flush = blk_flush_plug;
	current->plug = plug;
}

void blk_flush_plug(struct blk_plug *plug)
{
	if (plug->nr && unlikely(READ_ONCE(__event_block_unplug.enabled)))
		__trace_block_unplug(plug->nr);
	while (!list_empty(&plug->requests)) {
		struct blk_mq_hw_ctx *hctx =
			list_first_entry(&plug->requests, struct request, queuelist)->hctx;
		struct request *rq, *next;
		LIST_HEAD(same);

		list_for_each_entry_safe (rq, next, &plug->requests, queuelist)
			if (rq->hctx == hctx)
				list_move_tail(&rq->queuelist, &same);
		insert_requests(hctx, &same);
	}
	plug->nr = 0;
}

void blk_finish_plug(struct blk_plug *plug)
{
	if (current->plug != plug)
		return;
	blk_flush_plug(plug);
	current->plug = NULL;
}

static bool merge_into_plug(struct blk_plug *plug, struct bio *bio, unsigned int nr_segs)
{
	struct request *rq;

	list_for_each_entry_reverse (rq, &plug->requests, queuelist)
		if (rq->q == bio->bi_bdev->bd_disk->queue)
			return blk_try_merge(rq, bio, nr_segs);
	return false;
}

/* ---- submission ---- */

/* @bio fits into one request. => the queue is entered once for it */
static void submit_fitting(struct request_queue *q, struct bio *bio, unsigned int nr_segs)
{
	struct blk_plug *plug = current->plug;
	bool nomerge = blk_queue_flag_test(QUEUE_FLAG_NOMERGES, q) || (bio->bi_opf & REQ_NOMERGE);
	struct request *rq;
	LIST_HEAD(one);

	if (!nomerge && plug && merge_into_plug(plug, bio, nr_segs)) {
		blk_queue_exit(q);
		return;
	}
	rq = get_request(q, bio->bi_opf);
	if (!rq) {
		blk_queue_exit(q);
		bio->bi_status = BLK_STS_AGAIN;
		bio_endio(bio);
		return;
	}
	TRACE_BIO(getrq, bio);
	init_request(rq, bio, nr_segs);
	if (op_is_flush(bio->bi_opf)) {
		begin_flush_sequence(rq);
		set_step(rq);
	}
	plug = current->plug; /* getting the request may have slept, which only empties it */
	if (!plug || rq->seq != RQ_SEQ_DATA) {
		list_add(&rq->queuelist, &one);
		insert_requests(rq->hctx, &one);
		return;
	}
	if (!plug->nr && unlikely(READ_ONCE(__event_block_plug.enabled)))
		__trace_block_plug();
	list_add_tail(&rq->queuelist, &plug->requests);
	if (++plug->nr >= PLUG_MAX)
		blk_flush_plug(plug);
}

static void blk_mq_submit_bio(struct request_queue *q, struct bio *bio)
{
	for (;;) {
		unsigned int fit, nr_segs = bio_count_segs(bio, &q->limits, &fit);
		struct bio *piece;

		if (unlikely(!blk_queue_enter(q))) {
			bio_io_error(bio);
			return;
		}
		if (likely(fit == bio_sectors(bio))) {
			submit_fitting(q, bio, nr_segs);
			return;
		}
		if (unlikely(!fit)) { /* not even one block: memory that the device cannot reach */
			blk_queue_exit(q);
			bio_io_error(bio);
			return;
		}
		piece = bio_split(bio, fit, GFP_NOIO);
		bio_chain(piece, bio);
		TRACE_BIO(split, piece, bio->bi_iter.bi_sector);
		submit_fitting(q, piece, bio_count_segs(piece, &q->limits, &fit));
	}
}

static void bio_based_submit(struct request_queue *q, struct bio *bio)
{
	if (!blk_queue_enter(q)) {
		bio_io_error(bio);
		return;
	}
	bio->bi_bdev->bd_disk->fops->submit_bio(bio);
	blk_queue_exit(q);
}

static bool bio_should_fail(struct bio *bio)
{
	struct block_device *bdev = bio->bi_bdev;

	if (likely(!bdev->bd_make_it_fail && !bdev_whole(bdev)->bd_make_it_fail))
		return false;
	return should_fail_io(bio->bi_iter.bi_size);
}

static blk_status_t check_op(struct request_queue *q, struct bio *bio)
{
	switch (bio_op(bio)) {
	case REQ_OP_DISCARD:
		return q->limits.max_discard_sectors ? BLK_STS_OK : BLK_STS_NOTSUPP;
	case REQ_OP_WRITE_ZEROES:
		return q->limits.max_write_zeroes_sectors ? BLK_STS_OK : BLK_STS_NOTSUPP;
	case REQ_OP_READ:
	case REQ_OP_WRITE:
		return BLK_STS_OK;
	default:
		return BLK_STS_NOTSUPP;
	}
}

/* The place that is traced is on the whole disk. */
static void trace_remap(struct bio *bio)
{
	struct block_device *part = bio->bi_bdev;

	if (likely(!READ_ONCE(__event_block_bio_remap.enabled)))
		return;
	bio->bi_bdev = bdev_whole(part);
	TRACE_BIO(bio_remap, bio, part->bd_dev, bio->bi_iter.bi_sector - part->bd_start_sect);
	bio->bi_bdev = part;
}

/* Within the device? Then its sectors become those of the disk. */
static bool check_range(struct bio *bio)
{
	struct block_device *bdev = bio->bi_bdev;
	sector_t size = bdev_nr_sectors(bdev), nr = bio_sectors(bio);
	char name[36];

	if (nr && (nr > size || bio->bi_iter.bi_sector > size - nr)) {
		if (disk_live(bdev->bd_disk))
			pr_info_ratelimited(
				"%s: attempt to access beyond end of device\n"
				"%s: rw=%u, sector=%llu, nr_sectors = %llu limit=%llu\n",
				current->comm, bdev_name(bdev, name), bio->bi_opf,
				(unsigned long long)bio->bi_iter.bi_sector, (unsigned long long)nr,
				(unsigned long long)size);
		return false;
	}
	if (!(bio->bi_flags & BIO_REMAPPED)) {
		bio->bi_iter.bi_sector += bdev->bd_start_sect;
		bio->bi_flags |= BIO_REMAPPED;
		if (bdev_is_partition(bdev))
			trace_remap(bio);
	}
	return true;
}

void submit_bio(struct bio *bio)
{
	struct request_queue *q = bdev_get_queue(bio->bi_bdev);
	blk_status_t status = BLK_STS_IOERR;

	might_sleep();
	if (bio_op(bio) == REQ_OP_READ) {
		count_vm_events(PGPGIN, bio_sectors(bio));
		current->io.read_bytes += (u64)bio_sectors(bio) << SECTOR_SHIFT;
	} else if (bio_has_data(bio)) {
		count_vm_events(PGPGOUT, bio_sectors(bio));
	}
	if (unlikely(bio_should_fail(bio)))
		goto end;
	if (unlikely(!check_range(bio)))
		goto end;
	if (op_is_flush(bio->bi_opf) && !blk_queue_flag_test(QUEUE_FLAG_WC, q)) {
		bio->bi_opf &= ~(REQ_PREFLUSH | REQ_FUA);
		status = BLK_STS_OK;
		if (!bio_sectors(bio))
			goto end;
	}
	status = check_op(q, bio);
	if (unlikely(status))
		goto end;
	TRACE_BIO(bio_queue, bio);
	if (q->mq_ops)
		blk_mq_submit_bio(q, bio);
	else
		bio_based_submit(q, bio);
	return;
end:
	bio->bi_status = status;
	bio_endio(bio);
}

/* ---- life ---- */

struct request_queue *blk_alloc_queue(struct gendisk *disk)
{
	struct request_queue *q = kzalloc(sizeof(*q), GFP_KERNEL);

	if (!q || bio_pools_init()) {
		kfree(q);
		return NULL;
	}
	q->disk = disk;
	q->queue_flags = 1UL << QUEUE_FLAG_IOSTAT;
	blk_set_stacking_limits(&q->limits);
	init_waitqueue_head(&q->unused_wait);
	return q;
}

static int init_hctx(struct blk_mq_hw_ctx *hctx, struct request_queue *q, unsigned int index)
{
	spin_lock_init(&hctx->lock, LOCK_BLK_HCTX);
	INIT_LIST_HEAD(&hctx->free);
	INIT_LIST_HEAD(&hctx->dispatch);
	INIT_LIST_HEAD(&hctx->reads);
	init_waitqueue_head(&hctx->tag_wait);
	hctx->queue = q;
	hctx->index = index;
	hctx->nr_tags = q->nr_requests;
	hctx->requests = kvzalloc((size_t)q->rq_bytes * hctx->nr_tags, GFP_KERNEL);
	if (!hctx->requests)
		return -ENOMEM;
	for (unsigned int tag = 0; tag < hctx->nr_tags; tag++) {
		struct request *rq = blk_mq_tag_to_rq(hctx, tag);

		rq->q = q;
		rq->hctx = hctx;
		rq->tag = tag;
		list_add_tail(&rq->queuelist, &hctx->free);
		hctx->nr_free++;
	}
	hctx->thread =
		kthread_create(complete_thread, hctx, "blk_%s/%u", q->disk->disk_name, index);
	if (!IS_ERR(hctx->thread))
		return 0;
	hctx->thread = NULL;
	return -ENOMEM;
}

int blk_mq_init_queue(struct gendisk *disk, const struct blk_mq_ops *ops, unsigned int nr_hw_queues,
		      unsigned int depth, size_t pdu_bytes)
{
	struct request_queue *q = disk->queue;

	q->hctx = kcalloc(nr_hw_queues, sizeof(*q->hctx), GFP_KERNEL);
	if (!q->hctx)
		return -ENOMEM;
	q->rq_bytes = ALIGN(sizeof(struct request) + pdu_bytes, 16);
	q->nr_requests = depth;
	q->nr_hw_queues = nr_hw_queues;
	q->mq_ops = ops;
	for (unsigned int i = 0; i < nr_hw_queues; i++)
		if (init_hctx(&q->hctx[i], q, i))
			return -ENOMEM; /* put_disk() frees what there is */
	return 0;
}

void blk_mq_set_poll_queues(struct request_queue *q, unsigned int nr)
{
	q->nr_poll_queues = nr;
	if (nr)
		blk_queue_flag_set(QUEUE_FLAG_POLL, q);
}

void blk_mq_start_queue(struct request_queue *q)
{
	for (unsigned int i = 0; i < q->nr_hw_queues; i++)
		wake_up_process(q->hctx[i].thread);
}

void blk_mark_queue_dying(struct request_queue *q)
{
	WRITE_ONCE(q->dying, true);
	for (unsigned int i = 0; i < q->nr_hw_queues; i++) {
		spin_lock(&q->hctx[i].lock);
		spin_unlock(&q->hctx[i].lock); /* from here on nothing reaches the driver */
	}
}

/* What the device had, and what waited for it, ends with EIO. */
static void abort_requests(struct blk_mq_hw_ctx *hctx)
{
	LIST_HEAD(ended);

	spin_lock(&hctx->lock);
	for (unsigned int tag = 0; tag < hctx->nr_tags; tag++) {
		struct request *rq = blk_mq_tag_to_rq(hctx, tag);

		if (!rq->started)
			continue;
		rq->started = false;
		rq->status = BLK_STS_IOERR;
		hctx->in_flight--;
		list_add_tail(&rq->queuelist, &ended);
	}
	run_queue(hctx, &ended);
	spin_unlock(&hctx->lock);
	end_requests(hctx, &ended);
}

void blk_mq_destroy_queue(struct request_queue *q)
{
	blk_mark_queue_dying(q);
	for (unsigned int i = 0; i < q->nr_hw_queues; i++)
		if (q->hctx[i].thread) {
			kthread_stop(q->hctx[i].thread);
			q->hctx[i].thread = NULL;
		}
	for (unsigned int i = 0; i < q->nr_hw_queues; i++)
		abort_requests(&q->hctx[i]);
	wait_until_unused(q);
}

void blk_free_queue(struct request_queue *q)
{
	for (unsigned int i = 0; i < q->nr_hw_queues; i++) {
		if (q->hctx[i].thread)
			kthread_stop(q->hctx[i].thread);
		kvfree(q->hctx[i].requests);
	}
	kfree(q->hctx);
	kfree(q);
}
