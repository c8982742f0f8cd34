/* SPDX-License-Identifier: MIT */
/* A zram disk: what its three files share. Theory: zram.c. */
#ifndef ZRAM_INTERNAL_H
#define ZRAM_INTERNAL_H

#include <base/types.h>
#include <base/atomic.h>
#include <block/genhd.h>
#include <mm/zcomp.h>
#include <mm/zsmalloc.h>
#include <sync/rwsem.h>

/* zram_slot.flags: bytes of the object below, bits, and the jiffies of the last access above. */
#define ZRAM_SIZE_MASK	0xffffUL
#define ZRAM_LOCK	16	/* bit lock: the slot and its object */
#define ZRAM_SAME	17	/* one word over and over; no object */
#define ZRAM_HUGE	18	/* stored as it is */
#define ZRAM_WB		19	/* on the backing device */
#define ZRAM_UNDER_WB	20	/* being written there, and not changed since */
#define ZRAM_IDLE	21	/* not read or written since it was marked */
#define ZRAM_TIME	24
#define ZRAM_TIME_MASK	(~0UL >> ZRAM_TIME)

/* One page of the disk. No handle and not ZRAM_SAME: never written, or discarded. */
struct zram_slot {
	union {
		unsigned long handle;
		unsigned long element;	/* ZRAM_SAME */
		unsigned long block;	/* ZRAM_WB: of the backing device, in pages */
	};
	unsigned long flags;
};

struct zram_stats {
	atomic64_t compr_data_size;	/* bytes of all objects */
	atomic64_t failed_reads, failed_writes;
	atomic64_t notify_free;		/* pages that were discarded, or free slots of swap */
	atomic64_t same_pages, huge_pages, pages_stored;	/* now */
	atomic64_t huge_pages_since;	/* ever */
	atomic_long_t max_used_pages;
	atomic64_t writestall;		/* writes that had to wait for memory */
	atomic64_t bd_count, bd_reads, bd_writes;	/* pages on the backing device, read, written */
};

struct seq_file;
struct zram_backing;

struct zram {
	struct gendisk *disk;
	struct rw_semaphore init_lock;
	/* Under init_lock; constant while the disk has sectors. */
	struct zram_slot *table;
	struct zs_pool *pool;
	struct zcomp *comp;
	u64 disksize;			/* bytes; 0: not set up */
	char compressor[32];
	unsigned long limit_pages;	/* init_lock for writing; 0: none */
	struct zram_backing *backing;	/* or NULL */
	atomic64_t wb_limit;		/* pages that may yet be written to it, if */
	bool wb_limited;
	bool writing_back;		/* by xchg */
	bool claim;			/* disk->open_mutex: being reset, cannot be opened */
	struct zram_stats stats;
};

/* ---- zram.c: devices ---- */

/* Up to 256 of them, with the least free number, which is returned; or -ENOMEM, -ENOSPC. May sleep. */
int zram_add(void);
/* 0, -ENODEV: there is no such, -EBUSY: it is open. May sleep. */
int zram_remove(unsigned int id);
/* Give it a size, page-aligned, and memory for its table. 0, -EBUSY: it has one, -ENOMEM, -EINVAL. May sleep. */
int zram_set_disksize(struct zram *zram, u64 bytes);
/* Forget all. 0, -EBUSY: it is open. May sleep. */
int zram_reset(struct zram *zram);

/* ---- slot.c: pages ---- */

/* The page @index to @mem, a page. 0, -EINVAL when what is stored cannot be decompressed, -EIO. May sleep. */
int zram_read_page(struct zram *zram, unsigned long index, void *mem);
/* 0, -ENOMEM. May sleep. */
int zram_write_page(struct zram *zram, unsigned long index, const void *mem);
/* From now on zeroes. Does not sleep. */
void zram_free_page(struct zram *zram, unsigned long index);
/* ZRAM_IDLE for all pages that were not read or written for @age jiffies. May sleep, long. */
void zram_mark_idle(struct zram *zram, u64 age);
/* The contents of the page @index to @mem, if it has all bits of @kinds and is worth writing; it is ZRAM_UNDER_WB then. */
bool zram_begin_writeback(struct zram *zram, unsigned long index, unsigned long kinds, void *mem);
/* They are in @block now (0: they could not be written). False: it was not taken, the page has changed or stays as it is. */
bool zram_end_writeback(struct zram *zram, unsigned long index, unsigned long block);

/* ---- backing.c: the backing device ---- */

/* By path. 0, -EBUSY: the disk has a size, -ENOTBLK, -ENOMEM, or those of opening it. May sleep. */
int zram_set_backing(struct zram *zram, const char *path);
/* => init_lock held for writing, no slot is there */
void zram_drop_backing(struct zram *zram);
void zram_show_backing(struct seq_file *m, struct zram *zram);
/* 0 or -EIO. May sleep. */
int zram_read_block(struct zram *zram, unsigned long block, void *mem);
void zram_free_block(struct zram *zram, unsigned long block);
/*
 * Write pages from @from to before @to that have all bits of @kinds. 0, -ENOSPC, -EIO (also: writeback_limit), -ENOMEM, -EAGAIN:
 * somebody does. => init_lock held, the disk has a size and a backing device. May sleep, long.
 */
int zram_writeback(struct zram *zram, unsigned long from, unsigned long to, unsigned long kinds);

/* ---- sysfs.c ---- */

void zram_add_attributes(struct zram *zram);
/* Those that do not go with the disk. */
void zram_remove_attributes(struct zram *zram);
void zram_add_control(void);

#endif
