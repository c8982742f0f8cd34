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

/* zram_slot.flags: bytes of the object below, and bits. */
#define ZRAM_SIZE_MASK	0xffffUL
#define ZRAM_LOCK	16	/* bit lock: the slot and its object */
#define ZRAM_SAME	17	/* one word over and over; no object */
#define ZRAM_HUGE	18	/* stored as it is */

/* One page of the disk. No handle and not ZRAM_SAME: never written, or discarded. */
struct zram_slot {
	union {
		unsigned long handle;
		unsigned long element;	/* ZRAM_SAME */
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
};

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

/* The page @index to @mem, a page. 0, -EINVAL when what is stored cannot be decompressed. */
int zram_read_page(struct zram *zram, unsigned long index, void *mem);
/* 0, -ENOMEM. May sleep. */
int zram_write_page(struct zram *zram, unsigned long index, const void *mem);
/* From now on zeroes. */
void zram_free_page(struct zram *zram, unsigned long index);

/* ---- sysfs.c ---- */

void zram_add_attributes(struct zram *zram);
/* Those that do not go with the disk. */
void zram_remove_attributes(struct zram *zram);
void zram_add_control(void);

#endif
