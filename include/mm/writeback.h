/* SPDX-License-Identifier: MIT */
/*
 * Writeback: what ->writepages is told, the walk over dirty pages, limits on them, and the waiting.
 * Theory: mm/cache/page_writeback.c (pages), fs/fs_writeback.c (inodes, the flusher).
 */
#ifndef QUIRE_MM_WRITEBACK_H
#define QUIRE_MM_WRITEBACK_H

#include <base/types.h>
#include <mm/backing_dev.h>

struct address_space;
struct bdi_writeback;
struct pglist_data;
struct file;
struct folio;
struct inode;
struct page;
struct super_block;

enum writeback_sync_modes {
	WB_SYNC_NONE,			/* do not wait for anything */
	WB_SYNC_ALL,			/* each page that was dirty at the start: wait for write-outs under way */
};

struct writeback_control {
	long nr_to_write;		/* pages; counted down by each that is written */
	long pages_skipped;		/* stayed dirty */
	loff_t range_start;		/* bytes, inclusive */
	loff_t range_end;
	enum writeback_sync_modes sync_mode;
	unsigned for_kupdate:1;		/* because it is old */
	unsigned for_background:1;	/* because there is much */
	unsigned tagged_writepages:1;	/* tag first: pages that get dirty meanwhile do not keep the walk going */
	unsigned for_reclaim:1;
	unsigned range_cyclic:1;	/* from mapping->writeback_index on, and around */
	unsigned for_sync:1;
};

/* ---- pages of one file: mm/cache/page_writeback.c. All may sleep ---- */

typedef int (*writepage_t)(struct folio *folio, struct writeback_control *wbc, void *data);
/*
 * Call @writepage for each dirty folio of the range: locked, clean now (folio_clear_dirty_for_io), not under
 * write-out. It unlocks. AOP_WRITEPAGE_ACTIVATE: stays dirty, and the caller unlocks. The first error.
 */
int write_cache_pages(struct address_space *mapping, struct writeback_control *wbc, writepage_t writepage,
		      void *data);
#define AOP_WRITEPAGE_ACTIVATE	0x80000
/* ->writepages of the mapping, or ->writepage for each dirty folio. */
int do_writepages(struct address_space *mapping, struct writeback_control *wbc);
/* Dirty pages of [start, end] get PAGECACHE_TAG_TOWRITE. */
void tag_pages_for_writeback(struct address_space *mapping, pgoff_t start, pgoff_t end);
/* => folio locked. It stays dirty after all; not counted as dirtied anew. Always true. */
bool folio_redirty_for_writepage(struct writeback_control *wbc, struct folio *folio);

/*
 * Start, wait for, or both. Bytes, inclusive; end -1: to the end. 0 or the first error of starting, else what
 * write-outs met since the last such call (AS_EIO, AS_ENOSPC: reported once). _keep_errors: leaves those.
 */
int filemap_fdatawrite(struct address_space *mapping);
int filemap_fdatawrite_range(struct address_space *mapping, loff_t start, loff_t end);
int __filemap_fdatawrite_range(struct address_space *mapping, loff_t start, loff_t end, int sync_mode);
int filemap_fdatawait(struct address_space *mapping);
int filemap_fdatawait_keep_errors(struct address_space *mapping);
int filemap_write_and_wait_range(struct address_space *mapping, loff_t start, loff_t end);
/* Is any page of [start, end] (bytes) dirty or under write-out? (has_page: cached at all?) */
bool filemap_range_needs_writeback(struct address_space *mapping, loff_t start, loff_t end);
bool filemap_range_has_page(struct address_space *mapping, loff_t start, loff_t end);
/* What this open file has not heard of yet: 0 or an errno, once. */
int file_check_and_advance_wb_err(struct file *file);
/* Wait for write-outs under way: what this open file has not heard of. */
int file_fdatawait_range(struct file *file, loff_t start, loff_t end);
/* For ->fsync: write, wait, and what this open file has not heard of. */
int file_write_and_wait_range(struct file *file, loff_t start, loff_t end);

/* ---- limits ---- */

/*
 * To be called after each write to a file, without locks that the flusher needs: the task sleeps when it is
 * faster than the device. _flags BDP_ASYNC: -EAGAIN instead of sleeping.
 */
void balance_dirty_pages_ratelimited(struct address_space *mapping);
#define BDP_ASYNC	1u
int balance_dirty_pages_ratelimited_flags(struct address_space *mapping, unsigned int flags);
/* In pages. Of what could be dirty now: free memory and the page cache. */
void global_dirty_limits(unsigned long *background, unsigned long *dirty);
/* Has the node room for another dirty page: is it below its share of the limit? Any context. */
bool node_dirty_ok(struct pglist_data *pgdat);
/* The share of the device @wb in a limit of @thresh pages. */
unsigned long wb_calc_thresh(struct bdi_writeback *wb, unsigned long thresh);
bool wb_over_bg_thresh(struct bdi_writeback *wb);
/* Estimate how fast @wb writes, at most each 200 ms. */
void wb_update_bandwidth(struct bdi_writeback *wb);
extern unsigned int dirty_writeback_interval, dirty_expire_interval;	/* centiseconds */
extern unsigned int dirtytime_expire_interval;				/* seconds */
extern int laptop_mode;							/* seconds, 0: off */
extern int dirty_background_ratio, vm_dirty_ratio;			/* percent; 0: the bytes count */
extern unsigned long dirty_background_bytes, vm_dirty_bytes;
/* A limit was set: it holds at once, where a limit that falls by itself is followed slowly. Process context. */
void dirty_limit_changed(void);

/* ---- laptop mode: write when the disk turns anyway ---- */
void laptop_io_completion(struct backing_dev_info *info);	/* a read or write of the device has ended */
void laptop_sync_completion(void);				/* everything was just synced */

/* ---- inodes: fs/fs_writeback.c. All may sleep but __mark_inode_dirty ---- */

/* @flags: I_DIRTY_*. Puts the inode on the list of its device's flusher. Takes i_lock, wb->list_lock. */
void __mark_inode_dirty(struct inode *inode, int flags);
/* Write pages and inode; with @sync wait. */
int write_inode_now(struct inode *inode, int sync);
/* Only the inode itself. */
int sync_inode_metadata(struct inode *inode, int wait);
void inode_io_list_del(struct inode *inode);	/* it is going: off the lists, after a write-out under way */
void inode_wait_for_writeback(struct inode *inode);
/* Start writing what is dirty on @sb, and wait; the caller holds s_umount. */
void writeback_inodes_sb(struct super_block *sb, enum wb_reason reason);
void sync_inodes_sb(struct super_block *sb);
/* All devices (that have something dirty): start writing everything. Do not wait. */
void wakeup_flusher_threads(enum wb_reason reason);
/* Background writing: until the device is under its threshold. Any context. */
void wb_start_background_writeback(struct bdi_writeback *wb);

#endif
