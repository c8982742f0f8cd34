// SPDX-License-Identifier: MIT
/*
 * The table of devices behind the page cache. A disk makes its backing_dev_info, registers it under its number,
 * and drops it when it is gone; inodes find it through their super block, and hold the super block.
 *
 *	bdi_alloc -> bdi_register (has a flusher) -> bdi_unregister (has none, pages can still be counted) -> bdi_put
 *
 * Lock: bdi_lock for the table. Linux 6.1: mm/backing-dev.c. Observed by: /sys/class/bdi, debugfs bdi/.
 */
#include <base/types.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/printf.h>
#include <base/string.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/backing_dev.h>
#include <mm/gfp.h>
#include <mm/readahead.h>
#include <mm/slab.h>
#include <mm/trace_writeback.h>
#include <mm/writeback.h>
#include <sync/ranks.h>
#include <fs/inode.h>
#include <fs/super.h>
#include "cache_internal.h"

struct backing_dev_info noop_backing_dev_info = {
	.ra_pages = VM_READAHEAD_PAGES,
	.max_ratio = 100,
	.refcnt = ATOMIC_INIT(1),
	.dev_name = "noop",
};

static LIST_HEAD(bdi_list);
static DEFINE_SPINLOCK(bdi_lock, LOCK_BDI_LIST);
static u64 last_id;

struct backing_dev_info *inode_to_bdi(const struct inode *inode)
{
	const struct super_block *sb = inode->i_sb;

	return unlikely(sb->s_op && sb->s_op->bdi) ? sb->s_op->bdi(inode) : sb->s_bdi;
}

static int wb_init(struct bdi_writeback *wb, struct backing_dev_info *bdi)
{
	int err = 0;

	wb->bdi = bdi;
	wb->last_old_flush = jiffies;
	INIT_LIST_HEAD(&wb->b_dirty);
	INIT_LIST_HEAD(&wb->b_io);
	INIT_LIST_HEAD(&wb->b_more_io);
	INIT_LIST_HEAD(&wb->b_dirty_time);
	INIT_LIST_HEAD(&wb->work_list);
	spin_lock_init(&wb->list_lock, LOCK_WB_LIST);
	spin_lock_init(&wb->work_lock, LOCK_WB_WORK);
	INIT_DELAYED_WORK(&wb->dwork, wb_workfn);
	wb_limits_init(wb);
	for (int i = 0; i < NR_WB_STAT_ITEMS && !err; i++)
		err = percpu_counter_init(&wb->stat[i], 0, GFP_KERNEL);
	return err;
}

static void wb_destroy(struct bdi_writeback *wb)
{
	for (int i = 0; i < NR_WB_STAT_ITEMS; i++)
		percpu_counter_destroy(&wb->stat[i]);
}

struct backing_dev_info *bdi_alloc(int node)
{
	struct backing_dev_info *bdi = kzalloc_node(sizeof(*bdi), GFP_KERNEL, node);

	if (!bdi)
		return NULL;
	INIT_LIST_HEAD(&bdi->bdi_list);
	bdi->ra_pages = VM_READAHEAD_PAGES;
	bdi->io_pages = VM_READAHEAD_PAGES;
	bdi->max_ratio = 100;
	bdi->capabilities = BDI_CAP_WRITEBACK | BDI_CAP_WRITEBACK_ACCT;
	atomic_set(&bdi->refcnt, 1);
	init_waitqueue_head(&bdi->wb_waitq);
	if (wb_init(&bdi->wb, bdi)) {
		wb_destroy(&bdi->wb);
		kfree(bdi);
		return NULL;
	}
	return bdi;
}

static bool name_taken(const char *name)
{
	struct backing_dev_info *bdi;

	list_for_each_entry (bdi, &bdi_list, bdi_list)
		if (!strcmp(bdi->dev_name, name))
			return true;
	return false;
}

int bdi_register(struct backing_dev_info *bdi, const char *fmt, ...)
{
	char name[sizeof(bdi->dev_name)];
	__builtin_va_list ap;
	int err = 0;

	__builtin_va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	__builtin_va_end(ap);
	spin_lock(&bdi_lock);
	if (name_taken(name)) {
		err = -EEXIST;
	} else {
		strscpy(bdi->dev_name, name, sizeof(bdi->dev_name));
		bdi->id = ++last_id;
		list_add_tail(&bdi->bdi_list, &bdi_list);
		set_bit(WB_registered, &bdi->wb.state);
	}
	spin_unlock(&bdi_lock);
	if (!err)
		trace_writeback_bdi_register(bdi);
	return err;
}

void bdi_unregister(struct backing_dev_info *bdi)
{
	struct bdi_writeback *wb = &bdi->wb;

	spin_lock(&bdi_lock);
	list_del_init(&bdi->bdi_list);
	spin_unlock(&bdi_lock);
	/* From here on nobody queues works; those that were are done. */
	spin_lock(&wb->work_lock);
	clear_bit(WB_registered, &wb->state);
	spin_unlock(&wb->work_lock);
	mod_delayed_work(bdi_wq, &wb->dwork, 0);
	flush_delayed_work(&wb->dwork);
	cancel_delayed_work_sync(&wb->dwork);
	WARN_ON(!list_empty(&wb->work_list));
}

void bdi_put(struct backing_dev_info *bdi)
{
	if (bdi == &noop_backing_dev_info || !atomic_dec_and_test(&bdi->refcnt))
		return;
	if (bdi->wb.state >> WB_registered & 1)
		bdi_unregister(bdi);
	wb_destroy(&bdi->wb);
	kfree(bdi);
}

struct backing_dev_info *bdi_next(struct backing_dev_info *prev)
{
	struct backing_dev_info *bdi, *next = NULL;

	spin_lock(&bdi_lock);
	/* By number, so that one that was unregistered meanwhile does not end the walk. */
	list_for_each_entry (bdi, &bdi_list, bdi_list)
		if (bdi->id > (prev ? prev->id : 0)) {
			next = bdi_get(bdi);
			break;
		}
	spin_unlock(&bdi_lock);
	if (prev)
		bdi_put(prev);
	return next;
}

long congestion_wait(int sync, long timeout)
{
	__set_current_state(TASK_UNINTERRUPTIBLE);
	return io_schedule_timeout(timeout);
}
