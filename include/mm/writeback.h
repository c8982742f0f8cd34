/* SPDX-License-Identifier: MIT */
/* Writeback: what ->writepages is told, and the waiting for it. */
#ifndef QUIRE_MM_WRITEBACK_H
#define QUIRE_MM_WRITEBACK_H

#include <base/types.h>

struct address_space;
struct inode;

enum writeback_sync_modes { WB_SYNC_NONE, WB_SYNC_ALL };

struct writeback_control {
	long nr_to_write;
	long pages_skipped;
	loff_t range_start;		/* bytes, inclusive */
	loff_t range_end;
	enum writeback_sync_modes sync_mode;
	unsigned for_reclaim:1;
	unsigned range_cyclic:1;
	unsigned for_sync:1;
};

/* Each returns 0 or the error that a write met (-EIO, -ENOSPC), reported once. May sleep. */
int filemap_fdatawrite_range(struct address_space *mapping, loff_t start, loff_t end);
int filemap_fdatawait_range(struct address_space *mapping, loff_t start, loff_t end);
int filemap_write_and_wait_range(struct address_space *mapping, loff_t start, loff_t end);
int write_inode_now(struct inode *inode, int sync);
int sync_inode_metadata(struct inode *inode, int wait);

#endif
