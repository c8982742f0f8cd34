// SPDX-License-Identifier: MIT
/*
 * The pages of a zram disk: a table of slots, each with its own lock.
 *
 *	never written   handle 0               reads as zeroes
 *	ZRAM_SAME       element                one word over and over: takes no memory
 *	compressed      handle, size           an object of the pool
 *	ZRAM_HUGE       handle, size a page    it did not get smaller; stored as it is
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

int zram_read_page(struct zram *zram, unsigned long index, void *mem)
{
	struct zram_slot *slot = &zram->table[index];
	int err = 0;

	lock_slot(slot);
	if (slot->flags & BIT(ZRAM_SAME) && slot->element)
		fill_page_with(mem, slot->element);
	else if (slot->flags & BIT(ZRAM_SAME) || !slot->handle)
		memset(mem, 0, PAGE_SIZE);
	else
		err = zpage_load(zram->pool, zram->comp, slot->handle, slot->flags & ZRAM_SIZE_MASK,
				 mem);
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
	set_slot_flags(slot, flags);
	unlock_slot(slot);
	return 0;
}
