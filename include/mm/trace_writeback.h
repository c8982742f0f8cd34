/* SPDX-License-Identifier: MIT */
/* Trace events of writeback. mm/stat/trace_writeback.c */
#ifndef QUIRE_MM_TRACE_WRITEBACK_H
#define QUIRE_MM_TRACE_WRITEBACK_H

#include <base/errseq.h>
#include <mm/trace.h>
#include <mm/writeback.h>

struct file;

/* What the flusher is to do, as its events show it. */
struct trace_work {
	struct backing_dev_info *bdi;
	long nr_pages;
	dev_t sb_dev;			/* 0: all of the device */
	int sync_mode, for_kupdate, range_cyclic, for_background;
	enum wb_reason reason;
};
struct trace_throttle {
	struct bdi_writeback *wb;
	unsigned long limit, setpoint, dirty, bdi_setpoint, bdi_dirty;	/* pages */
	unsigned long task_ratelimit;	/* pages per second */
	unsigned long dirtied;		/* pages since the last pause */
	long pause;			/* jiffies */
};

#define WRITEBACK_EVENTS(X)							\
	X(writeback_dirty_folio, (struct inode *inode, unsigned long index), (inode, index))	\
	X(folio_wait_writeback, (struct inode *inode, unsigned long index), (inode, index))	\
	X(writeback_mark_inode_dirty, (struct inode *inode, int flags), (inode, flags))	\
	X(writeback_write_inode_start, (struct inode *inode, struct writeback_control *wbc), (inode, wbc)) \
	X(writeback_write_inode, (struct inode *inode, struct writeback_control *wbc), (inode, wbc))	\
	X(writeback_single_inode_start, (struct inode *inode, struct writeback_control *wbc, long nr), (inode, wbc, nr)) \
	X(writeback_single_inode, (struct inode *inode, struct writeback_control *wbc, long nr), (inode, wbc, nr)) \
	X(writeback_queue, (const struct trace_work *work), (work))		\
	X(writeback_exec, (const struct trace_work *work), (work))		\
	X(writeback_start, (const struct trace_work *work), (work))		\
	X(writeback_written, (const struct trace_work *work), (work))		\
	X(writeback_queue_io, (const struct trace_work *work, unsigned long older, int moved), (work, older, moved)) \
	X(writeback_pages_written, (long pages), (pages))			\
	X(writeback_wake_background, (struct backing_dev_info *bdi), (bdi))	\
	X(writeback_bdi_register, (struct backing_dev_info *bdi), (bdi))	\
	X(wbc_writepage, (const struct writeback_control *wbc, struct backing_dev_info *bdi), (wbc, bdi)) \
	X(global_dirty_state, (unsigned long background, unsigned long dirty, unsigned long limit), (background, dirty, limit)) \
	X(balance_dirty_pages, (const struct trace_throttle *t), (t))		\
	X(filemap_set_wb_err, (struct address_space *mapping), (mapping))	\
	X(file_check_and_advance_wb_err, (struct file *file, errseq_t old), (file, old))

WRITEBACK_EVENTS(DECLARE_TRACE_CALL)

#endif
