// SPDX-License-Identifier: MIT
/*
 * Migration: a page of a file moves to another frame, and who reads, writes or maps it finds the same bytes.
 *
 * 1 A try. The new folio is locked from before anybody can find it until it holds the bytes.
 *
 *	lock the old one -> wait for its write-out -> unmap it -> ->migrate_folio:
 *		freeze its references -> the new one takes its slot in the tree -> copy flags and bytes -> unlock both
 *
 * 2 No entry of a page table remembers that a page moves (Linux's migration entries): the entry of a file is taken away, and
 *   the next access finds in the tree either the old folio, waits for its lock, sees that it is in no mapping any more and looks
 *   again; or the new one, waits for its lock, and has it. Anonymous pages, which only entries lead to, do not move yet.
 *
 * 3 Invariant: the references of the old folio are the cache's and the caller's, or it does not move
 *   (replace_page_cache_folio). So nobody changes its bytes during the copy: entries, pins and descriptors hold references.
 *
 * 4 Failure. -EAGAIN while somebody else holds a reference or the lock: NR_MAX_MIGRATE_PASSES tries, of which the first
 *   three do not wait. Without ->migrate_folio (fallback) what hangs at the folio is written and released first.
 *
 * 5 The new folio is charged to the control group that the old one was charged to, whoever has it moved.
 *
 * 6 A page of no file moves if its owner says how (struct movable_operations): he finds its users, of which migration knows nothing.
 *
 * Linux 6.1: mm/migrate.c. Observe: pgmigrate_success, pgmigrate_fail; migrate_folio of /proc/mm/aops.
 */
#include <base/errno.h>
#include <base/string.h>
#include <kernel/sched.h>
#include <mm/aops.h>
#include <mm/filemap.h>
#include <mm/gfp.h>
#include <mm/migrate.h>
#include <mm/page_charge.h>
#include <mm/rmap.h>
#include <mm/vmstat.h>
#include <mm/writeback.h>

#define PATIENT_FROM 3 /* pass */

int filemap_migrate_folio(struct address_space *mapping, struct folio *dst, struct folio *src,
			  int mode)
{
	if (!replace_page_cache_folio(src, dst))
		return -EAGAIN;
	memcpy(folio_address(dst), folio_address(src), folio_size(src));
	if (folio_test_uptodate(src))
		folio_mark_uptodate(dst);
	return 0;
}

/* => locked, clean afterwards or an errno; still locked */
static int write_out(struct address_space *mapping, struct folio *folio)
{
	struct writeback_control wbc = {
		.sync_mode = WB_SYNC_NONE,
		.nr_to_write = 1,
		.range_end = MAX_LFS_FILESIZE,
		.for_reclaim = 1,
	};
	int err;

	if (!mapping->a_ops->writepage)
		return -EINVAL;
	if (!folio_clear_dirty_for_io(folio))
		return -EAGAIN;
	err = call_aop(mapping->a_ops, writepage, &folio->page, &wbc);
	if (err != AOP_WRITEPAGE_ACTIVATE)
		folio_lock(folio);
	return err < 0 ? -EIO : -EAGAIN;
}

/* The file system knows nothing of migration: nothing of it may hang at @src. */
static int fallback_migrate_folio(struct address_space *mapping, struct folio *dst,
				  struct folio *src)
{
	if (folio_test_dirty(src))
		return write_out(mapping, src);
	if (folio_has_private(src) && (!mapping->a_ops->release_folio ||
				       !call_aop(mapping->a_ops, release_folio, src, GFP_KERNEL)))
		return -EAGAIN;
	return filemap_migrate_folio(mapping, dst, src, MIGRATE_SYNC);
}

/* => both locked */
static int move_locked(struct folio *dst, struct folio *src)
{
	struct address_space *mapping = folio_mapping(src);
	struct unmap_batch batch = { .pending = false };
	bool unmapped;

	if (!mapping)
		return -EBUSY; /* truncated, or anonymous */
	if (folio_test_swapcache(src) && folio_test_swapbacked(src))
		return -EBUSY;
	unmapped = !folio_mapped(src) || try_to_unmap_file(src, &batch);
	unmap_batch_flush(&batch);
	if (!unmapped)
		return -EAGAIN;
	if (mapping->a_ops->migrate_folio)
		return call_aop(mapping->a_ops, migrate_folio, mapping, dst, src, MIGRATE_SYNC);
	return fallback_migrate_folio(mapping, dst, src);
}

static int try_to_move(struct folio *dst, struct folio *src, bool patient)
{
	int err = -EAGAIN;

	if (patient)
		folio_lock(src);
	else if (!folio_trylock(src))
		return -EAGAIN;
	if (patient)
		folio_wait_writeback(src);
	if (!folio_test_writeback(src))
		err = move_locked(dst, src);
	folio_unlock(src);
	return err;
}

/* Into the counters. The errno of the whole. */
static int finish(int err, unsigned long nr)
{
	count_vm_events(err ? PGMIGRATE_FAIL : PGMIGRATE_SUCCESS, nr);
	return err == -EAGAIN ? -EBUSY : err;
}

int migrate_folio(struct folio *src)
{
	struct folio *dst;
	int err = -EAGAIN;

	if (folio_test_anon(src) || !folio_mapping(src))
		return -EBUSY;
	dst = folio_alloc(GFP_HIGHUSER_MOVABLE | __GFP_NORETRY, folio_order(src));
	if (!dst)
		return -ENOMEM;
	__folio_set_locked(dst);
	if (folio_test_swapbacked(src))
		__folio_set_swapbacked(dst);
	for (int pass = 0; pass < NR_MAX_MIGRATE_PASSES && err == -EAGAIN; pass++) {
		err = try_to_move(dst, src, pass >= PATIENT_FROM);
		if (err == -EAGAIN)
			cond_resched();
	}
	err = finish(err, folio_nr_pages(dst));
	if (!err)
		page_move_charge(&src->page, &dst->page, folio_order(src));
	folio_unlock(dst);
	folio_put(dst);
	return err;
}

int migrate_movable_page(struct page *src)
{
	const struct movable_operations *ops = page_movable_ops(src);
	struct page *dst;
	int err = -EAGAIN;

	if (!ops)
		return -EBUSY;
	dst = alloc_page(GFP_KERNEL | __GFP_HIGHMEM | __GFP_MOVABLE | __GFP_NORETRY);
	if (!dst)
		return -ENOMEM;
	if (!ops->isolate_page(src)) {
		__free_page(dst);
		return -EBUSY;
	}
	for (int pass = 0; pass < NR_MAX_MIGRATE_PASSES && err == -EAGAIN; pass++) {
		err = ops->migrate_page(dst, src);
		if (err == -EAGAIN)
			cond_resched();
	}
	if (err) {
		ops->putback_page(src);
		__free_page(dst);
	}
	return finish(err, 1);
}
