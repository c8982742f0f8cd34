// SPDX-License-Identifier: MIT
/*
 * The pages of a zram disk: a table of slots, each with its own lock.
 *
 *	never written   handle 0               reads as zeroes
 *	ZRAM_SAME       element                one word over and over: takes no memory
 *	compressed      handle, size           an object of the pool
 *	ZRAM_HUGE       handle, size a page    it did not get smaller; stored as it is
 *	ZRAM_WB         block                  on the backing device (backing.c)
 *
 * A write compresses first, without the slot's lock, into this CPU's stream, takes an object, and only then exchanges the
 * slot; so a reader sees the old page or the new one. When no object is to be had at once the stream is given up to wait
 * for memory, and the page is compressed again; it may have changed meanwhile, so that it needs a larger object, and then
 * all starts anew.
 *
 * Locks: ZRAM_LOCK of a slot, then the pin of its object and the lock of its class (mm/compress/zsmalloc.c).
 */
#include <base/bitops.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <kernel/sched.h>
#include <kernel/timer.h>
#include <mm/gfp.h>
#include <mm/page.h>
#include <mm/zpage.h>
#include <sync/bit_spinlock.h>
#include "zram_internal.h"

#define OBJECT_GFP (__GFP_HIGHMEM | __GFP_MOVABLE)

static void lock_slot(struct zram_slot *slot)
{
	bit_spin_lock(ZRAM_LOCK, &slot->flags);
}

static void unlock_slot(struct zram_slot *slot)
{
	bit_spin_unlock(ZRAM_LOCK, &slot->flags);
}

/* Now, as flags have it. */
static unsigned long stamp(void)
{
	return jiffies << ZRAM_TIME;
}

/* Size and kind, keeping the lock. */
static void set_slot_flags(struct zram_slot *slot, unsigned long flags)
{
	WRITE_ONCE(slot->flags, flags | BIT(ZRAM_LOCK));
}

/* => the slot is locked */
static void empty_slot(struct zram *zram, struct zram_slot *slot)
{
	unsigned long flags = slot->flags;

	if (flags & BIT(ZRAM_SAME)) {
		atomic64_dec(&zram->stats.same_pages);
	} else if (flags & BIT(ZRAM_WB)) {
		zram_free_block(zram, slot->block);
	} else if (slot->handle) {
		zs_free(zram->pool, slot->handle);
		atomic64_sub((s64)(flags & ZRAM_SIZE_MASK), &zram->stats.compr_data_size);
		if (flags & BIT(ZRAM_HUGE))
			atomic64_dec(&zram->stats.huge_pages);
	} else {
		return;
	}
	atomic64_dec(&zram->stats.pages_stored);
	slot->handle = 0;
	set_slot_flags(slot, 0);
}

void zram_free_page(struct zram *zram, unsigned long index)
{
	struct zram_slot *slot = &zram->table[index];

	lock_slot(slot);
	empty_slot(zram, slot);
	unlock_slot(slot);
}

/* ---- reading ---- */

/* => the slot is locked, and not ZRAM_WB */
static int load_slot(struct zram *zram, const struct zram_slot *slot, void *mem)
{
	if (slot->flags & BIT(ZRAM_SAME) && slot->element)
		fill_page_with(mem, slot->element);
	else if (slot->flags & BIT(ZRAM_SAME) || !slot->handle)
		memset(mem, 0, PAGE_SIZE);
	else
		return zpage_load(zram->pool, zram->comp, slot->handle,
				  slot->flags & ZRAM_SIZE_MASK, mem);
	return 0;
}

int zram_read_page(struct zram *zram, unsigned long index, void *mem)
{
	struct zram_slot *slot = &zram->table[index];
	unsigned long block, have = 0;
	int err = 0;

	for (;;) {
		lock_slot(slot);
		block = slot->flags & BIT(ZRAM_WB) ? slot->block : 0;
		/* In memory; or read, or in vain, from a block that is still the slot's. */
		if (!block || block == have)
			break;
		unlock_slot(slot);
		err = zram_read_block(zram, block, mem);
		have = block;
	}
	if (!block)
		err = load_slot(zram, slot, mem);
	if (!err && (block || slot->handle || slot->flags & BIT(ZRAM_SAME)))
		set_slot_flags(slot, (slot->flags & (BIT(ZRAM_IDLE) - 1)) | stamp());
	unlock_slot(slot);
	return err;
}

/* ---- writing ---- */

/* The pool has grown: its highest mark, and does it stay below the limit? */
static bool pool_may_grow(struct zram *zram)
{
	unsigned long pages = zs_get_total_pages(zram->pool), limit = READ_ONCE(zram->limit_pages);
	long max = atomic_long_read(&zram->stats.max_used_pages);

	if (limit && pages > limit)
		return false;
	while ((long)pages > max) {
		long seen = atomic_long_cmpxchg(&zram->stats.max_used_pages, max, (long)pages);

		if (seen == max)
			break;
		max = seen;
	}
	return true;
}

/*
 * An object with the contents of @mem in it, compressed where that helps: its handle, and its size in *@size; or
 * -ENOMEM.
 */
static unsigned long store_object(struct zram *zram, const void *mem, unsigned int *size)
{
	size_t huge = zs_huge_class_size(zram->pool);
	unsigned long handle = 0;
	unsigned int len, room = 0;

	for (;;) {
		struct zcomp_strm *strm = zcomp_stream_get(zram->comp);

		len = zcomp_compress(zram->comp, strm, mem);
		if (!len || len >= huge)
			len = PAGE_SIZE;
		if (!handle) {
			handle = zs_malloc(zram->pool, len,
					   __GFP_KSWAPD_RECLAIM | __GFP_NOWARN | OBJECT_GFP);
			room = len;
		}
		if (!IS_ERR_VALUE(handle) && len <= room) {
			zs_obj_write(zram->pool, handle, len == PAGE_SIZE ? mem : strm->buffer,
				     len);
			zcomp_stream_put(zram->comp);
			*size = len;
			return handle;
		}
		zcomp_stream_put(zram->comp);
		zs_free(zram->pool, handle);
		atomic64_inc(&zram->stats.writestall);
		handle = zs_malloc(zram->pool, len, GFP_NOIO | OBJECT_GFP);
		if (IS_ERR_VALUE(handle))
			return handle;
		room = len;
	}
}

int zram_write_page(struct zram *zram, unsigned long index, const void *mem)
{
	struct zram_slot *slot = &zram->table[index];
	unsigned long word, flags;
	unsigned int size = 0;

	if (page_same_filled(mem, &word)) {
		flags = BIT(ZRAM_SAME);
		atomic64_inc(&zram->stats.same_pages);
	} else {
		word = store_object(zram, mem, &size);
		if (IS_ERR_VALUE(word))
			return (int)word;
		if (!pool_may_grow(zram)) {
			zs_free(zram->pool, word);
			return -ENOMEM;
		}
		flags = size;
		atomic64_add(size, &zram->stats.compr_data_size);
		if (size == PAGE_SIZE) {
			flags |= BIT(ZRAM_HUGE);
			atomic64_inc(&zram->stats.huge_pages);
			atomic64_inc(&zram->stats.huge_pages_since);
		}
	}
	atomic64_inc(&zram->stats.pages_stored);
	lock_slot(slot);
	empty_slot(zram, slot);
	slot->handle = word;
	set_slot_flags(slot, flags | stamp());
	unlock_slot(slot);
	return 0;
}

/* ---- to the backing device ---- */

void zram_mark_idle(struct zram *zram, u64 age)
{
	for (unsigned long i = 0; i < zram->disksize >> PAGE_SHIFT; i++) {
		struct zram_slot *slot = &zram->table[i];

		lock_slot(slot);
		if ((slot->handle || slot->flags & BIT(ZRAM_SAME)) &&
		    ((jiffies - (slot->flags >> ZRAM_TIME)) & ZRAM_TIME_MASK) >= age)
			set_slot_flags(slot, slot->flags | BIT(ZRAM_IDLE));
		unlock_slot(slot);
		cond_resched();
	}
}

bool zram_begin_writeback(struct zram *zram, unsigned long index, unsigned long kinds, void *mem)
{
	struct zram_slot *slot = &zram->table[index];
	bool good;

	lock_slot(slot);
	good = slot->handle && !(slot->flags & (BIT(ZRAM_SAME) | BIT(ZRAM_WB))) &&
	       (slot->flags & kinds) == kinds && !load_slot(zram, slot, mem);
	if (good)
		set_slot_flags(slot, slot->flags | BIT(ZRAM_UNDER_WB));
	unlock_slot(slot);
	return good;
}

bool zram_end_writeback(struct zram *zram, unsigned long index, unsigned long block)
{
	struct zram_slot *slot = &zram->table[index];
	bool taken;

	lock_slot(slot);
	taken = block && slot->flags & BIT(ZRAM_UNDER_WB);
	if (taken) {
		unsigned long time = slot->flags >> ZRAM_TIME << ZRAM_TIME;

		empty_slot(zram, slot);
		atomic64_inc(&zram->stats.pages_stored);
		slot->block = block;
		set_slot_flags(slot, BIT(ZRAM_WB) | time);
	} else {
		set_slot_flags(slot, slot->flags & ~BIT(ZRAM_UNDER_WB));
	}
	unlock_slot(slot);
	return taken;
}
