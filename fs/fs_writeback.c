// SPDX-License-Identifier: MIT
/*
 * Writing back inodes: the lists of dirty inodes of a device, and its flusher.
 *
 * 1 Lists of a bdi_writeback. An inode that gets dirty goes to b_dirty, youngest first. A round moves what is
 *   old enough from its end to b_io and writes it; what has more pages than its share goes to b_more_io, so that
 *   others have their turn, and back to b_io in the next round.
 *
 *	__mark_inode_dirty	queue_io		writeback_sb_inodes
 *	------------------> b_dirty ------------> b_io ------------> clean: off the lists
 *	b_dirty_time ------------------------------^  |------------> b_more_io: more to write
 *	 (lazytime)				      `------------> b_dirty: got dirty again, or could not
 *
 * 2 States in i_state: I_DIRTY_SYNC, _DATASYNC, _PAGES say what is dirty; I_SYNC: being written, by one at a time.
 *   The flags are cleared before the writing, so that what changes during it is found next time. An inode with
 *   I_DIRTY or I_DIRTY_TIME, without I_FREEING, hashed or linked, is on a list or has I_SYNC.
 *
 * 3 The flusher is a work item of the queue "writeback", one per device. It runs when a work was queued (sync),
 *   dirty_writeback_centisecs after the first inode got dirty, and then as long as there are dirty inodes; and
 *   when a writer finds too much dirty. In this order: works, "start all", background, periodic.
 *
 * 4 Locks: wb->list_lock for lists and dirtied_when, outside i_lock for i_state; both dropped while an inode is
 *   written: I_SYNC keeps it, and eviction waits for it. s_umount, read by the flusher without waiting, keeps the
 *   super block; sync(2) and unmounting hold it themselves and queue works that name it.
 *
 * 5 Failure: an inode whose writing fails stays dirty and is tried again later; pages do not (page_writeback.c).
 *
 * Linux 6.1: fs/fs-writeback.c. Observed by: events writeback:*, debugfs bdi/M:N/stats, nr_dirty.
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/math.h>
#include <kernel/init.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <kernel/timer.h>
#include <mm/filemap.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <mm/trace_writeback.h>
#include <mm/vmstat.h>
#include <mm/writeback.h>
#include <sync/ranks.h>
#include <sync/wait.h>
#include <sync/workqueue.h>
#include <fs/inode.h>
#include <fs/super.h>
#include "fs_internal.h"

#define MIN_WRITEBACK_PAGES (4096L >> (PAGE_SHIFT - 10)) /* 4 MiB: a round of one inode at least */

struct workqueue_struct *bdi_wq;
static DECLARE_WAIT_QUEUE_HEAD(inode_sync_wait); /* ends of I_SYNC */

struct wb_writeback_work {
	long nr_pages;
	struct super_block *sb; /* NULL: all of the device */
	enum writeback_sync_modes sync_mode;
	unsigned int tagged_writepages : 1;
	unsigned int for_kupdate : 1;
	unsigned int range_cyclic : 1;
	unsigned int for_background : 1;
	unsigned int for_sync : 1;
	enum wb_reason reason;
	struct list_head list;
	bool awaited; /* its owner waits for done, with bdi->wb_waitq; otherwise it is freed at the end */
	bool done;
};

#define trace_of(wb_, work)                                                                        \
	(struct trace_work)                                                                        \
	{                                                                                          \
		.bdi = (wb_)->bdi, .nr_pages = (work)->nr_pages,                                   \
		.sb_dev = (work)->sb ? (work)->sb->s_dev : 0, .sync_mode = (work)->sync_mode,      \
		.for_kupdate = (work)->for_kupdate, .range_cyclic = (work)->range_cyclic,          \
		.for_background = (work)->for_background, .reason = (work)->reason                 \
	}

static struct bdi_writeback *inode_wb(const struct inode *inode)
{
	return &inode_to_bdi(inode)->wb;
}

static unsigned long cs_to_jiffies(unsigned int centisecs)
{
	return msecs_to_jiffies(centisecs * 10);
}

/* ---- lists. => wb->list_lock ---- */

static void note_dirty_io(struct bdi_writeback *wb)
{
	bool any =
		!list_empty(&wb->b_dirty) || !list_empty(&wb->b_io) || !list_empty(&wb->b_more_io);

	if (any != wb_has_dirty_io(wb)) {
		if (any)
			set_bit(WB_has_dirty_io, &wb->state);
		else
			clear_bit(WB_has_dirty_io, &wb->state);
	}
}

static void move_inode(struct inode *inode, struct bdi_writeback *wb, struct list_head *head)
{
	list_move(&inode->i_io_list, head);
	note_dirty_io(wb);
}

static void remove_inode(struct inode *inode, struct bdi_writeback *wb)
{
	list_del_init(&inode->i_io_list);
	inode->i_state &= ~I_SYNC_QUEUED;
	note_dirty_io(wb);
}

/* Back to b_dirty, not older than its youngest, so that the list stays in order. => i_lock */
static void redirty_tail(struct inode *inode, struct bdi_writeback *wb)
{
	if (!list_empty(&wb->b_dirty)) {
		struct inode *head = list_first_entry(&wb->b_dirty, struct inode, i_io_list);

		if (time_before(inode->dirtied_when, head->dirtied_when))
			inode->dirtied_when = jiffies;
	}
	move_inode(inode, wb, &wb->b_dirty);
	inode->i_state &= ~I_SYNC_QUEUED;
}

static void requeue_io(struct inode *inode, struct bdi_writeback *wb)
{
	move_inode(inode, wb, &wb->b_more_io);
}

/* Oldest first, those dirty since before @before. */
static unsigned int move_expired(struct list_head *from, struct list_head *to, unsigned long before)
{
	unsigned int moved = 0;

	while (!list_empty(from)) {
		struct inode *inode = list_entry(from->prev, struct inode, i_io_list);

		if (time_after(inode->dirtied_when, before))
			break;
		list_move(&inode->i_io_list, to);
		spin_lock(&inode->i_lock);
		inode->i_state |= I_SYNC_QUEUED;
		spin_unlock(&inode->i_lock);
		moved++;
	}
	return moved;
}

/* What has waited for its times only. */
static unsigned int move_expired_times(struct bdi_writeback *wb,
				       const struct wb_writeback_work *work)
{
	unsigned long age = work->for_sync ? 0 : dirtytime_expire_interval * (unsigned long)HZ;
	struct inode *inode, *next;
	unsigned int moved = 0;

	list_for_each_entry_safe (inode, next, &wb->b_dirty_time, i_io_list)
		if (work->for_sync || jiffies - inode->dirtied_time_when >= age) {
			list_move(&inode->i_io_list, &wb->b_io);
			spin_lock(&inode->i_lock);
			inode->i_state |= I_SYNC_QUEUED;
			spin_unlock(&inode->i_lock);
			moved++;
		}
	return moved;
}

/* Begin a round with what got dirty before @before. */
static void queue_io(struct bdi_writeback *wb, const struct wb_writeback_work *work,
		     unsigned long before)
{
	unsigned int moved = 0;

	list_splice_init(&wb->b_more_io, &wb->b_io);
	moved = move_expired(&wb->b_dirty, &wb->b_io, before);
	moved += move_expired_times(wb, work);
	note_dirty_io(wb);
	TRACE_CALL(writeback_queue_io, &trace_of(wb, work), before, moved);
}

void inode_io_list_del(struct inode *inode)
{
	struct bdi_writeback *wb = inode_wb(inode);

	if (list_empty(&inode->i_io_list))
		return;
	spin_lock(&wb->list_lock);
	spin_lock(&inode->i_lock);
	remove_inode(inode, wb);
	spin_unlock(&inode->i_lock);
	spin_unlock(&wb->list_lock);
}

/* ---- getting dirty ---- */

static void wb_wakeup_delayed(struct bdi_writeback *wb)
{
	spin_lock(&wb->work_lock);
	if (wb->state >> WB_registered & 1)
		queue_delayed_work(bdi_wq, &wb->dwork, cs_to_jiffies(dirty_writeback_interval));
	spin_unlock(&wb->work_lock);
}

static void wb_wakeup(struct bdi_writeback *wb)
{
	spin_lock(&wb->work_lock);
	if (wb->state >> WB_registered & 1)
		mod_delayed_work(bdi_wq, &wb->dwork, 0);
	spin_unlock(&wb->work_lock);
}

/* The inode has got the dirty states @flags: put it on the list if it is on none. */
static void queue_inode(struct inode *inode, bool times_only)
{
	struct bdi_writeback *wb = inode_wb(inode);
	bool first = false;

	spin_lock(&wb->list_lock);
	spin_lock(&inode->i_lock);
	/* I_SYNC or _QUEUED: the flusher looks at the state when it has done with the inode. */
	if ((inode->i_state & I_DIRTY_ALL) &&
	    !(inode->i_state & (I_FREEING | I_CLEAR | I_SYNC | I_SYNC_QUEUED)) &&
	    (S_ISBLK(inode->i_mode) || (inode->i_state & I_HASHED))) {
		if (times_only) {
			inode->dirtied_time_when = jiffies;
			list_move(&inode->i_io_list, &wb->b_dirty_time);
		} else {
			first = !wb_has_dirty_io(wb);
			inode->dirtied_when = jiffies;
			move_inode(inode, wb, &wb->b_dirty);
		}
	}
	spin_unlock(&inode->i_lock);
	spin_unlock(&wb->list_lock);
	if (first)
		wb_wakeup_delayed(wb);
}

void __mark_inode_dirty(struct inode *inode, int flags)
{
	struct super_block *sb = inode->i_sb;
	bool was_dirty;

	if (!mapping_can_writeback(inode_to_bdi(inode)))
		return;
	trace_writeback_mark_inode_dirty(inode, flags);
	if (flags & I_DIRTY_INODE) {
		if (sb->s_op && sb->s_op->dirty_inode)
			sb->s_op->dirty_inode(inode, flags & I_DIRTY_INODE);
		flags &= ~I_DIRTY_TIME;
	}
	/* Who made the change before sees the flag, or the flusher that cleared the flag sees the change. */
	smp_mb();
	if ((READ_ONCE(inode->i_state) & flags) == (unsigned int)flags)
		return;
	spin_lock(&inode->i_lock);
	if ((inode->i_state & flags) == (unsigned int)flags ||
	    ((flags & I_DIRTY_TIME) && (inode->i_state & I_DIRTY_INODE))) {
		spin_unlock(&inode->i_lock);
		return;
	}
	was_dirty = inode->i_state & I_DIRTY;
	if (flags & I_DIRTY_INODE)
		inode->i_state &= ~I_DIRTY_TIME; /* the times are written with the rest */
	inode->i_state |= flags;
	spin_unlock(&inode->i_lock);
	if (!was_dirty)
		queue_inode(inode, flags == I_DIRTY_TIME);
}

/* ---- one inode ---- */

static void wait_for_sync_locked(struct inode *inode)
{
	while (inode->i_state & I_SYNC) {
		spin_unlock(&inode->i_lock);
		wait_event(inode_sync_wait, !(READ_ONCE(inode->i_state) & I_SYNC));
		spin_lock(&inode->i_lock);
	}
}

void inode_wait_for_writeback(struct inode *inode)
{
	if (!(READ_ONCE(inode->i_state) & I_SYNC))
		return;
	spin_lock(&inode->i_lock);
	wait_for_sync_locked(inode);
	spin_unlock(&inode->i_lock);
}

/* => i_lock */
static void sync_complete(struct inode *inode)
{
	inode->i_state &= ~I_SYNC;
	smp_mb();
	wake_up_all(&inode_sync_wait);
}

static int write_inode(struct inode *inode, struct writeback_control *wbc)
{
	const struct super_operations *op = inode->i_sb->s_op;
	int err;

	if (!op || !op->write_inode)
		return 0;
	trace_writeback_write_inode_start(inode, wbc);
	err = op->write_inode(inode, wbc);
	trace_writeback_write_inode(inode, wbc);
	return err;
}

/* Do the times that lazytime kept back have to go with this writing? => i_lock not needed */
static void lazy_times_due(struct inode *inode, const struct writeback_control *wbc)
{
	if ((READ_ONCE(inode->i_state) & I_DIRTY_TIME) &&
	    (wbc->sync_mode == WB_SYNC_ALL || wbc->for_sync ||
	     jiffies - inode->dirtied_time_when >= dirtytime_expire_interval * (unsigned long)HZ))
		mark_inode_dirty_sync(inode);
}

/* Pages, then the inode. => I_SYNC set by the caller */
static int __writeback_single_inode(struct inode *inode, struct writeback_control *wbc)
{
	struct address_space *mapping = inode->i_mapping;
	long nr = wbc->nr_to_write;
	unsigned int dirty;
	int err, err2;

	trace_writeback_single_inode_start(inode, wbc, nr);
	err = do_writepages(mapping, wbc);
	/* The inode may be needed to find the pages again: they first. sync(2) waits for all at once, later. */
	if (wbc->sync_mode == WB_SYNC_ALL && !wbc->for_sync) {
		err2 = filemap_fdatawait(mapping);
		if (!err)
			err = err2;
	}
	lazy_times_due(inode, wbc);
	spin_lock(&inode->i_lock);
	dirty = inode->i_state & I_DIRTY;
	inode->i_state &= ~dirty;
	/* Pairs with __mark_inode_dirty(): see there. */
	smp_mb();
	if (mapping_tagged(mapping, PAGECACHE_TAG_DIRTY))
		inode->i_state |= I_DIRTY_PAGES;
	spin_unlock(&inode->i_lock);
	if (dirty & I_DIRTY_INODE) {
		err2 = write_inode(inode, wbc);
		if (!err)
			err = err2;
	}
	trace_writeback_single_inode(inode, wbc, nr);
	return err;
}

/* For one that is not the flusher: write @inode now, wherever it is listed. */
static int writeback_single_inode(struct inode *inode, struct writeback_control *wbc)
{
	struct bdi_writeback *wb = inode_wb(inode);
	int err = 0;

	spin_lock(&inode->i_lock);
	if (!atomic_read(&inode->i_count))
		WARN_ON(!(inode->i_state & (I_WILL_FREE | I_FREEING)));
	if ((inode->i_state & I_SYNC) && wbc->sync_mode != WB_SYNC_ALL)
		goto out; /* somebody does it */
	wait_for_sync_locked(inode);
	if (!(inode->i_state & I_DIRTY_ALL) &&
	    (wbc->sync_mode != WB_SYNC_ALL ||
	     !mapping_tagged(inode->i_mapping, PAGECACHE_TAG_WRITEBACK)))
		goto out;
	inode->i_state |= I_SYNC;
	spin_unlock(&inode->i_lock);
	err = __writeback_single_inode(inode, wbc);
	spin_lock(&wb->list_lock);
	spin_lock(&inode->i_lock);
	if (!(inode->i_state & I_FREEING)) {
		if (!(inode->i_state & I_DIRTY_ALL))
			remove_inode(inode, wb);
		else if (!(inode->i_state & I_SYNC_QUEUED))
			redirty_tail(inode, wb);
	}
	spin_unlock(&wb->list_lock);
	sync_complete(inode);
out:
	spin_unlock(&inode->i_lock);
	return err;
}

int write_inode_now(struct inode *inode, int sync)
{
	struct writeback_control wbc = {
		.nr_to_write = LONG_MAX,
		.sync_mode = sync ? WB_SYNC_ALL : WB_SYNC_NONE,
		.range_end = MAX_LFS_FILESIZE,
	};

	if (!mapping_can_writeback(inode_to_bdi(inode)))
		wbc.nr_to_write = 0;
	return writeback_single_inode(inode, &wbc);
}

int sync_inode_metadata(struct inode *inode, int wait)
{
	struct writeback_control wbc = {
		.sync_mode = wait ? WB_SYNC_ALL : WB_SYNC_NONE,
		.nr_to_write = 0,
	};

	return writeback_single_inode(inode, &wbc);
}

/* ---- a round of the flusher ---- */

static long chunk_of(struct bdi_writeback *wb, const struct wb_writeback_work *work)
{
	long pages;

	if (work->sync_mode == WB_SYNC_ALL || work->tagged_writepages)
		return LONG_MAX;
	pages = min((long)wb->avg_write_bandwidth / 2, work->nr_pages);
	return round_down(max(pages, 0L) + MIN_WRITEBACK_PAGES, MIN_WRITEBACK_PAGES);
}

/* Where does an inode go after it was written? => list_lock, i_lock */
static void requeue_inode(struct inode *inode, struct bdi_writeback *wb,
			  const struct writeback_control *wbc)
{
	if (inode->i_state & I_FREEING)
		return;
	if ((inode->i_state & I_DIRTY) && (wbc->sync_mode == WB_SYNC_ALL || wbc->tagged_writepages))
		inode->dirtied_when = jiffies; /* not in this round again */
	if (wbc->pages_skipped) {
		redirty_tail(inode, wb); /* its pages are locked by somebody, or so */
	} else if (mapping_tagged(inode->i_mapping, PAGECACHE_TAG_DIRTY)) {
		if (wbc->nr_to_write <= 0)
			requeue_io(inode, wb); /* used up its share */
		else
			redirty_tail(inode, wb);
	} else if (inode->i_state & I_DIRTY) {
		redirty_tail(inode, wb);
	} else if (inode->i_state & I_DIRTY_TIME) {
		inode->dirtied_when = jiffies;
		list_move(&inode->i_io_list, &wb->b_dirty_time);
		inode->i_state &= ~I_SYNC_QUEUED;
		note_dirty_io(wb);
	} else {
		remove_inode(inode, wb);
	}
}

/* May the flusher write this inode of b_io now? With i_lock held and I_SYNC set if so. => list_lock */
static bool claim_inode(struct inode *inode, struct bdi_writeback *wb,
			const struct wb_writeback_work *work)
{
	spin_lock(&inode->i_lock);
	if (inode->i_state & (I_NEW | I_FREEING | I_WILL_FREE)) {
		redirty_tail(inode, wb);
	} else if (inode->i_state & I_SYNC) {
		if (work->sync_mode != WB_SYNC_ALL) {
			requeue_io(inode, wb);
		} else { /* wait for the other writer; the inode may be gone then: look at the list again */
			spin_unlock(&wb->list_lock);
			/* i_state is not read after the last unlock: the inode may be freed */
			spin_unlock(&inode->i_lock);
			schedule_timeout_uninterruptible(1);
			spin_lock(&wb->list_lock);
			return false;
		}
	} else {
		inode->i_state |= I_SYNC;
		spin_unlock(&inode->i_lock);
		return true;
	}
	spin_unlock(&inode->i_lock);
	return false;
}

/* Write from b_io what belongs to @sb, for a while; pages written. => list_lock, s_umount */
static long writeback_sb_inodes(struct super_block *sb, struct bdi_writeback *wb,
				struct wb_writeback_work *work)
{
	struct writeback_control wbc = {
		.sync_mode = work->sync_mode,
		.tagged_writepages = work->tagged_writepages,
		.for_kupdate = work->for_kupdate,
		.for_background = work->for_background,
		.for_sync = work->for_sync,
		.range_cyclic = work->range_cyclic,
		.range_start = 0,
		.range_end = MAX_LFS_FILESIZE,
	};
	unsigned long start = jiffies;
	long wrote = 0;

	while (!list_empty(&wb->b_io)) {
		struct inode *inode = list_entry(wb->b_io.prev, struct inode, i_io_list);
		long chunk;

		if (inode->i_sb != sb) {
			if (!work->sb)
				break; /* the caller changes over to its super block */
			spin_lock(&inode->i_lock);
			redirty_tail(inode, wb);
			spin_unlock(&inode->i_lock);
			continue;
		}
		if (!claim_inode(inode, wb, work))
			continue;
		spin_unlock(&wb->list_lock);
		chunk = chunk_of(wb, work);
		wbc.nr_to_write = chunk;
		wbc.pages_skipped = 0;
		__writeback_single_inode(inode, &wbc);
		work->nr_pages -= chunk - wbc.nr_to_write;
		wrote += chunk - wbc.nr_to_write - wbc.pages_skipped;
		cond_resched();
		spin_lock(&wb->list_lock);
		spin_lock(&inode->i_lock);
		if (!(inode->i_state & I_DIRTY_ALL))
			wrote++;
		requeue_inode(inode, wb, &wbc);
		sync_complete(inode);
		spin_unlock(&inode->i_lock);
		if (wrote && (jiffies - start > HZ / 10 || work->nr_pages <= 0))
			break;
	}
	return wrote;
}

/* => list_lock */
static long writeback_all_inodes(struct bdi_writeback *wb, struct wb_writeback_work *work)
{
	unsigned long start = jiffies;
	long wrote = 0;

	while (!list_empty(&wb->b_io)) {
		struct inode *inode = list_entry(wb->b_io.prev, struct inode, i_io_list);
		struct super_block *sb = inode->i_sb;

		/* The inode, on the list under list_lock, keeps sb until its lock is taken. */
		if (!down_read_trylock(&sb->s_umount)) {
			spin_lock(&inode->i_lock);
			redirty_tail(inode, wb); /* being mounted or unmounted: it writes itself */
			spin_unlock(&inode->i_lock);
			continue;
		}
		wrote += writeback_sb_inodes(sb, wb, work);
		spin_unlock(&wb->list_lock);
		up_read(&sb->s_umount);
		spin_lock(&wb->list_lock);
		if (wrote && (jiffies - start > HZ / 10 || work->nr_pages <= 0))
			break;
	}
	return wrote;
}

static bool work_waits(struct bdi_writeback *wb)
{
	return !list_empty(&wb->work_list) || wb->state >> WB_start_all & 1;
}

/* Write until the work is done; pages (and inodes) written. */
static long wb_writeback(struct bdi_writeback *wb, struct wb_writeback_work *work)
{
	long wrote, sum = 0;
	unsigned long before = jiffies;

	TRACE_CALL(writeback_start, &trace_of(wb, work));
	spin_lock(&wb->list_lock);
	while (work->nr_pages > 0) {
		/* Endless works give way to those for which somebody waits. */
		if ((work->for_background || work->for_kupdate) && work_waits(wb))
			break;
		if (work->for_background && !wb_over_bg_thresh(wb))
			break;
		if (work->for_kupdate)
			before = jiffies - cs_to_jiffies(dirty_expire_interval);
		else if (work->for_background)
			before = jiffies;
		if (list_empty(&wb->b_io))
			queue_io(wb, work, before);
		if (work->sb)
			wrote = writeback_sb_inodes(work->sb, wb, work);
		else
			wrote = writeback_all_inodes(wb, work);
		sum += wrote;
		wb_update_bandwidth(wb);
		if (wrote || !list_empty(&wb->b_io))
			continue;
		if (list_empty(&wb->b_more_io))
			break;
		/* All that is left is being written by somebody else. */
		spin_unlock(&wb->list_lock);
		schedule_timeout_uninterruptible(1);
		spin_lock(&wb->list_lock);
	}
	spin_unlock(&wb->list_lock);
	TRACE_CALL(writeback_written, &trace_of(wb, work));
	return sum;
}

/* ---- works ---- */

static void finish_work(struct backing_dev_info *bdi, struct wb_writeback_work *work)
{
	if (!work->awaited) {
		kfree(work);
		return;
	}
	smp_store_release(&work->done, true);
	wake_up_all(&bdi->wb_waitq);
}

static void queue_wb_work(struct bdi_writeback *wb, struct wb_writeback_work *work)
{
	bool alive;

	TRACE_CALL(writeback_queue, &trace_of(wb, work));
	spin_lock(&wb->work_lock);
	alive = wb->state >> WB_registered & 1;
	if (alive) {
		list_add_tail(&work->list, &wb->work_list);
		mod_delayed_work(bdi_wq, &wb->dwork, 0);
	}
	spin_unlock(&wb->work_lock);
	if (!alive)
		finish_work(wb->bdi, work);
}

static struct wb_writeback_work *next_work(struct bdi_writeback *wb)
{
	struct wb_writeback_work *work = NULL;

	spin_lock(&wb->work_lock);
	if (!list_empty(&wb->work_list)) {
		work = list_first_entry(&wb->work_list, struct wb_writeback_work, list);
		list_del_init(&work->list);
	}
	spin_unlock(&wb->work_lock);
	return work;
}

static unsigned long all_dirty(void)
{
	return global_node_page_state(NR_FILE_DIRTY) + atomic_long_read(&nr_inodes);
}

static long start_all(struct bdi_writeback *wb)
{
	struct wb_writeback_work work = { .nr_pages = all_dirty(),
					  .range_cyclic = 1,
					  .reason = WB_REASON_SYNC };
	long wrote;

	if (!(wb->state >> WB_start_all & 1))
		return 0;
	wrote = wb_writeback(wb, &work);
	clear_bit(WB_start_all, &wb->state);
	return wrote;
}

static long write_background(struct bdi_writeback *wb)
{
	struct wb_writeback_work work = { .nr_pages = LONG_MAX,
					  .for_background = 1,
					  .range_cyclic = 1,
					  .reason = WB_REASON_BACKGROUND };

	return wb_over_bg_thresh(wb) ? wb_writeback(wb, &work) : 0;
}

static long write_old(struct bdi_writeback *wb)
{
	struct wb_writeback_work work = { .nr_pages = all_dirty(),
					  .for_kupdate = 1,
					  .range_cyclic = 1,
					  .reason = WB_REASON_PERIODIC };
	unsigned int interval = READ_ONCE(dirty_writeback_interval);

	if (!interval || time_before(jiffies, wb->last_old_flush + cs_to_jiffies(interval)))
		return 0;
	wb->last_old_flush = jiffies;
	return work.nr_pages ? wb_writeback(wb, &work) : 0;
}

static long do_all_works(struct bdi_writeback *wb)
{
	struct wb_writeback_work *work;
	long wrote = 0;

	set_bit(WB_writeback_running, &wb->state);
	while ((work = next_work(wb))) {
		TRACE_CALL(writeback_exec, &trace_of(wb, work));
		wrote += wb_writeback(wb, work);
		finish_work(wb->bdi, work);
	}
	wrote += start_all(wb);
	wrote += write_old(wb);
	wrote += write_background(wb);
	clear_bit(WB_writeback_running, &wb->state);
	return wrote;
}

void wb_workfn(struct work_struct *w)
{
	struct bdi_writeback *wb = container_of(to_delayed_work(w), struct bdi_writeback, dwork);
	long wrote;

	do {
		wrote = do_all_works(wb);
		trace_writeback_pages_written(wrote);
	} while (!list_empty(&wb->work_list));
	if (wb_has_dirty_io(wb) && READ_ONCE(dirty_writeback_interval))
		wb_wakeup_delayed(wb);
}

/* ---- requests ---- */

void wb_start_background_writeback(struct bdi_writeback *wb)
{
	trace_writeback_wake_background(wb->bdi);
	wb_wakeup(wb);
}

static void start_writeback(struct bdi_writeback *wb)
{
	if (wb_has_dirty_io(wb) && !test_and_set_bit(WB_start_all, &wb->state))
		wb_wakeup(wb);
}

void wakeup_flusher_threads(enum wb_reason reason)
{
	struct backing_dev_info *bdi = NULL;

	while ((bdi = bdi_next(bdi)))
		start_writeback(&bdi->wb);
}

static void run_work(struct backing_dev_info *bdi, struct wb_writeback_work *work)
{
	work->awaited = true;
	queue_wb_work(&bdi->wb, work);
	wait_event(bdi->wb_waitq, smp_load_acquire(&work->done));
}

void writeback_inodes_sb(struct super_block *sb, enum wb_reason reason)
{
	struct wb_writeback_work work = { .sb = sb,
					  .sync_mode = WB_SYNC_NONE,
					  .tagged_writepages = 1,
					  .nr_pages = all_dirty(),
					  .reason = reason };

	if (!mapping_can_writeback(sb->s_bdi) || !wb_has_dirty_io(&sb->s_bdi->wb))
		return;
	run_work(sb->s_bdi, &work);
}

/* The next inode of @sb behind @prev with pages under write-out, referenced; drops @prev. */
static struct inode *next_under_writeback(struct super_block *sb, struct inode *prev)
{
	struct inode *inode, *found = NULL;

	spin_lock(&sb->s_inode_list_lock);
	inode = prev ? list_next_entry(prev, i_sb_list)
		     : list_first_entry(&sb->s_inodes, struct inode, i_sb_list);
	list_for_each_entry_from (inode, &sb->s_inodes, i_sb_list) {
		if (!mapping_tagged(inode->i_mapping, PAGECACHE_TAG_WRITEBACK))
			continue;
		spin_lock(&inode->i_lock);
		if (!(inode->i_state & (I_FREEING | I_WILL_FREE | I_NEW))) {
			atomic_inc(&inode->i_count);
			found = inode;
		}
		spin_unlock(&inode->i_lock);
		if (found)
			break;
	}
	spin_unlock(&sb->s_inode_list_lock);
	iput(prev);
	return found;
}

/* Errors stay where they are: fsync of each file tells them. */
static void wait_sb_inodes(struct super_block *sb)
{
	struct inode *inode = NULL;

	mutex_lock(&sb->s_sync_lock);
	while ((inode = next_under_writeback(sb, inode)))
		filemap_fdatawait_keep_errors(inode->i_mapping);
	mutex_unlock(&sb->s_sync_lock);
}

void sync_inodes_sb(struct super_block *sb)
{
	struct wb_writeback_work work = { .sb = sb,
					  .sync_mode = WB_SYNC_ALL,
					  .nr_pages = LONG_MAX,
					  .range_cyclic = 0,
					  .reason = WB_REASON_SYNC,
					  .for_sync = 1 };

	if (!mapping_can_writeback(sb->s_bdi))
		return;
	run_work(sb->s_bdi, &work);
	wait_sb_inodes(sb);
}

/* ---- laptop mode ---- */

/*
 * The disk has just turned for somebody: in laptop_mode seconds, when the burst is over, everything that is
 * dirty is written with it, so that it can stand still for long. Each I/O puts that off.
 */
static void laptop_write(struct work_struct *work)
{
	struct backing_dev_info *bdi = NULL;

	while ((bdi = bdi_next(bdi)))
		if (xchg(&bdi->laptop_expires, 0UL))
			start_writeback(&bdi->wb);
}
static DECLARE_DELAYED_WORK(laptop_work, laptop_write);

void laptop_io_completion(struct backing_dev_info *bdi)
{
	int seconds = READ_ONCE(laptop_mode);
	unsigned long delay;

	if (likely(!seconds) || !(bdi->capabilities & BDI_CAP_WRITEBACK))
		return;
	delay = (unsigned long)max(seconds, 0) * HZ; /* less than 0: at once */
	WRITE_ONCE(bdi->laptop_expires, (jiffies + delay) | 1);
	mod_delayed_work(bdi_wq, &laptop_work, delay);
}

void laptop_sync_completion(void)
{
	struct backing_dev_info *bdi = NULL;

	while ((bdi = bdi_next(bdi)))
		WRITE_ONCE(bdi->laptop_expires, 0UL);
}

static int __init writeback_init(void)
{
	bdi_wq = alloc_workqueue("writeback", WQ_MEM_RECLAIM | WQ_UNBOUND | WQ_SYSFS, 0);
	return bdi_wq ? 0 : -ENOMEM;
}
core_initcall(writeback_init);
