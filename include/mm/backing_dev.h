/* SPDX-License-Identifier: MIT */
/*
 * backing_dev_info: a device as the page cache sees it: how far to read ahead, and who writes back.
 * bdi_writeback: its dirty inodes, its flusher, and how fast it writes. Theory: mm/cache/backing_dev.c,
 * mm/cache/page_writeback.c, fs/fs_writeback.c.
 *
 * Legend: l  wb->list_lock;  w  wb->work_lock;  d  dirty_lock (page_writeback.c);  a  atomic;  c  constant
 */
#ifndef QUIRE_MM_BACKING_DEV_H
#define QUIRE_MM_BACKING_DEV_H

#include <base/types.h>
#include <base/atomic.h>
#include <base/bitops.h>
#include <base/list.h>
#include <sync/percpu_counter.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <sync/workqueue.h>

struct address_space;
struct backing_dev_info;
struct inode;
struct kernfs_node;

/* Pages of one device, as in debugfs bdi/M:N/stats. */
enum wb_stat_item { WB_RECLAIMABLE, WB_WRITEBACK, WB_DIRTIED, WB_WRITTEN, NR_WB_STAT_ITEMS };

/* bdi_writeback.state */
enum wb_state {
	WB_registered,		/* works may be queued */
	WB_writeback_running,
	WB_has_dirty_io,	/* an inode is on one of the lists */
	WB_start_all,		/* a wish to write everything is pending */
};

/* Why the flusher writes: trace events show it. */
enum wb_reason {
	WB_REASON_BACKGROUND, WB_REASON_VMSCAN, WB_REASON_SYNC, WB_REASON_PERIODIC,
	WB_REASON_LAPTOP_TIMER, WB_REASON_FS_FREE_SPACE, WB_REASON_FORKER_THREAD,
	WB_REASON_FOREIGN_FLUSH, WB_REASON_MAX,
};

struct bdi_writeback {
	struct backing_dev_info *bdi;		/* c */
	unsigned long state;			/* a: enum wb_state */
	unsigned long last_old_flush;		/* flusher: jiffies of the last periodic run */
	spinlock_t list_lock;
	struct list_head b_dirty;		/* l: dirty inodes, by dirtied_when, youngest first */
	struct list_head b_io;			/* l: being written in this round */
	struct list_head b_more_io;		/* l: had more than their share in this round */
	struct list_head b_dirty_time;		/* l: only times are dirty (lazytime) */
	struct percpu_counter stat[NR_WB_STAT_ITEMS];

	unsigned long bw_time_stamp;		/* d: jiffies of the last estimate */
	unsigned long written_stamp, dirtied_stamp;	/* d: stat[] then */
	unsigned long write_bandwidth;		/* d: pages per second, of the last period */
	unsigned long avg_write_bandwidth;	/* d: the same, smoothed; at least 1 */
	unsigned long dirty_ratelimit;		/* d: pages per second for each dirtying task */
	u64 completions;			/* d: pages written, halved each period: share of the device */
	u64 completions_period;			/* d */
	int dirty_exceeded;			/* over its limit: its writers look more often */

	spinlock_t work_lock;
	struct list_head work_list;		/* w: struct wb_writeback_work, fs/fs_writeback.c */
	struct delayed_work dwork;		/* the flusher */
	unsigned long dirty_sleep;		/* jiffies of the last throttling */
};

struct backing_dev_info {
	struct list_head bdi_list;		/* bdi_lock */
	unsigned long ra_pages;			/* greatest readahead window */
	unsigned long io_pages;			/* greatest useful request; 0: no matter */
	unsigned int capabilities;		/* c: BDI_CAP_* */
	unsigned int min_ratio, max_ratio;	/* d: percent of the dirty limit */
	atomic_t refcnt;			/* a */
	unsigned long laptop_expires;		/* a: jiffies of the delayed laptop-mode write-out; 0: none */
	struct bdi_writeback wb;
	wait_queue_head_t wb_waitq;		/* ends of works */
	char dev_name[32];			/* "253:0", or "" before bdi_register() */
	u64 id;					/* c */
	struct kernfs_node *sysfs;		/* /sys/class/bdi/NAME */
};

#define BDI_CAP_WRITEBACK	(1u << 0)	/* dirty pages are counted, limited and written back */
#define BDI_CAP_WRITEBACK_ACCT	(1u << 1)	/* pages under write-out are counted */

/* Files that live in memory, and everything before it is known better. */
extern struct backing_dev_info noop_backing_dev_info;

/* With one reference, ready for use, unnamed; NULL without memory. May sleep. */
struct backing_dev_info *bdi_alloc(int node);
/* "%u:%u" as in /sys/class/bdi. From now on it has a flusher. 0, -EEXIST, -ENOMEM. May sleep. */
int bdi_register(struct backing_dev_info *bdi, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* No flusher any more: what is pending has run. The device may vanish afterwards. May sleep. */
void bdi_unregister(struct backing_dev_info *bdi);
static inline struct backing_dev_info *bdi_get(struct backing_dev_info *bdi)
{
	atomic_inc(&bdi->refcnt);
	return bdi;
}
void bdi_put(struct backing_dev_info *bdi);
/* The next registered after @prev (NULL: the first), referenced; drops @prev. */
struct backing_dev_info *bdi_next(struct backing_dev_info *prev);

/* The device of an inode: of its super block, or (a block device's own inode) what ->bdi says. */
struct backing_dev_info *inode_to_bdi(const struct inode *inode);
static inline bool mapping_can_writeback(const struct backing_dev_info *bdi)
{
	return bdi->capabilities & BDI_CAP_WRITEBACK;
}

static inline void wb_stat_mod(struct bdi_writeback *wb, enum wb_stat_item item, s64 amount)
{
	percpu_counter_add(&wb->stat[item], amount);
}
/* Fast and a bit off; exact. Never negative. */
static inline s64 wb_stat(struct bdi_writeback *wb, enum wb_stat_item item)
{
	return percpu_counter_read_positive(&wb->stat[item]);
}
static inline s64 wb_stat_sum(struct bdi_writeback *wb, enum wb_stat_item item)
{
	return percpu_counter_sum_positive(&wb->stat[item]);
}
static inline bool wb_has_dirty_io(const struct bdi_writeback *wb)
{
	return READ_ONCE(wb->state) >> WB_has_dirty_io & 1;
}

/* fs/fs_writeback.c: the flusher. */
void wb_workfn(struct work_struct *work);
extern struct workqueue_struct *bdi_wq;

/* Wait until a device catches up, at most @timeout jiffies; what is left of them. */
long congestion_wait(int sync, long timeout);

#endif
