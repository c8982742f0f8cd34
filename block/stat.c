// SPDX-License-Identifier: MIT
/*
 * Statistics of disks and partitions: /proc/diskstats, /sys/block/X/stat (Documentation/admin-guide/iostats.rst).
 *
 * Counted when a request ends, for its partition and for the whole disk. io_ticks is the time while anything was
 * in flight: who makes the count leave zero notes the time, who makes it zero again adds what has passed.
 */
#include <base/types.h>
#include <base/string.h>
#include <block/blkdev.h>
#include <block/genhd.h>
#include <kernel/timekeeping.h>
#include "trace.h"

void blk_fill_rwbs(char rwbs[TRACE_RWBS_LEN], blk_opf_t opf)
{
	static const char letters[] = { [REQ_OP_READ] = 'R',
					[REQ_OP_WRITE] = 'W',
					[REQ_OP_FLUSH] = 'F',
					[REQ_OP_DISCARD] = 'D' };
	unsigned int op = opf & REQ_OP_MASK, n = 0;

	memset(rwbs, 0, TRACE_RWBS_LEN);
	if (opf & REQ_PREFLUSH)
		rwbs[n++] = 'F';
	rwbs[n++] = op < sizeof(letters) ? letters[op] : 'N';
	if (opf & REQ_FUA)
		rwbs[n++] = 'F';
	if (opf & REQ_RAHEAD)
		rwbs[n++] = 'A';
	if (opf & REQ_SYNC)
		rwbs[n++] = 'S';
	if (opf & REQ_META)
		rwbs[n++] = 'M';
}

static enum stat_group group_of(blk_opf_t opf)
{
	switch (opf & REQ_OP_MASK) {
	case REQ_OP_DISCARD:
		return STAT_DISCARD;
	case REQ_OP_FLUSH:
		return STAT_FLUSH;
	default:
		return op_is_write(opf & REQ_OP_MASK) ? STAT_WRITE : STAT_READ;
	}
}

static void begin(struct disk_stats *s, bool write, u64 now)
{
	atomic_inc(&s->in_flight[write]);
	if (atomic_inc_return(&s->busy) == 1)
		WRITE_ONCE(s->busy_since, now);
}

static void end(struct disk_stats *s, bool write, u64 now)
{
	u64 since = READ_ONCE(s->busy_since);

	atomic_dec(&s->in_flight[write]);
	if (!atomic_dec_return(&s->busy) && now > since)
		atomic64_add(now - since, &s->io_ns);
}

void bdev_start_io(struct block_device *bdev, blk_opf_t opf, u64 now)
{
	bool write = op_is_write(opf);

	begin(&bdev_whole(bdev)->bd_stats, write, now);
	if (bdev_is_partition(bdev))
		begin(&bdev->bd_stats, write, now);
}

static void count(struct disk_stats *s, blk_opf_t opf, unsigned int sectors, u64 start, u64 now)
{
	enum stat_group g = group_of(opf);

	atomic64_inc(&s->ios[g]);
	if (g != STAT_FLUSH)
		atomic64_add(sectors, &s->sectors[g]);
	if (now > start)
		atomic64_add(now - start, &s->nsecs[g]);
	end(s, op_is_write(opf), now);
}

void bdev_end_io(struct block_device *bdev, blk_opf_t opf, unsigned int sectors, u64 start)
{
	u64 now = ktime_get_ns();

	count(&bdev_whole(bdev)->bd_stats, opf, sectors, start, now);
	if (bdev_is_partition(bdev))
		count(&bdev->bd_stats, opf, sectors, start, now);
}

void bdev_count_merge(struct block_device *bdev, blk_opf_t opf)
{
	enum stat_group g = group_of(opf);

	atomic64_inc(&bdev_whole(bdev)->bd_stats.merges[g]);
	if (bdev_is_partition(bdev))
		atomic64_inc(&bdev->bd_stats.merges[g]);
}

void bio_start_io_acct(struct bio *bio)
{
	bio->bi_start_ns = ktime_get_ns();
	bdev_start_io(bio->bi_bdev, bio->bi_opf, bio->bi_start_ns);
}

void bio_end_io_acct(struct bio *bio, unsigned int sectors)
{
	bdev_end_io(bio->bi_bdev, bio->bi_opf, sectors, bio->bi_start_ns);
	TRACE_BIO(bio_complete, bio, blk_status_to_errno(bio->bi_status));
}

void part_stat_read(struct block_device *bdev, struct part_stat *stat)
{
	struct disk_stats *s = &bdev->bd_stats;
	u64 now = ktime_get_ns(), busy = atomic64_read(&s->io_ns), total = 0;

	if (atomic_read(&s->busy) > 0 && now > READ_ONCE(s->busy_since))
		busy += now - READ_ONCE(s->busy_since);
	for (int g = 0; g < NR_STAT_GROUPS; g++) {
		stat->ios[g] = atomic64_read(&s->ios[g]);
		stat->merges[g] = atomic64_read(&s->merges[g]);
		stat->sectors[g] = atomic64_read(&s->sectors[g]);
		stat->ms[g] = (u64)atomic64_read(&s->nsecs[g]) / 1000000;
		total += stat->ms[g];
	}
	for (int i = 0; i < 2; i++) {
		int n = atomic_read(&s->in_flight[i]);

		stat->in_flight[i] = n > 0 ? n : 0;
	}
	stat->io_ticks = busy / 1000000;
	stat->time_in_queue = total;
}
