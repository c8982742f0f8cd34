// SPDX-License-Identifier: MIT
/*
 * Frames that fail. A page of a file has a second copy on the disk, or can have one; so its frame can be taken out of use.
 *
 *	soft	(it will fail)	nobody uses it and it is clean: dropped. Otherwise it moves (migrate.c), dirty or not; so does
 *				a page that its owner can move (zsmalloc)
 *	hard	(it has failed)	clean: unmapped, dropped, read again by the next who wants it (->error_remove_page)
 *				dirty: the same, and what was written is lost: EIO at fsync. Not while programs map it,
 *				who would see old bytes
 *
 * Afterwards the frame has PG_hwpoison and one reference, which is never given back: nobody gets it. All other pages
 * (anonymous, shmem, of the kernel, free ones, parts of large folios) are -EBUSY; Linux takes some of these out, too.
 *
 * Lock: failure_mutex, over all of an operation: between mark and outcome the reference is not unpoison's to give back.
 *
 * Linux 6.1: mm/memory-failure.c (me_pagecache_clean, me_pagecache_dirty, truncate_error_page, has_extra_refcount, mf_mutex). Doors:
 * /sys/devices/system/memory/{soft,hard}_offline_page, debugfs hwpoison/unpoison-pfn. Observe: HardwareCorrupted of
 * /proc/meminfo, the account "poisoned" of the ledger, KPF_HWPOISON.
 */
#include <base/errno.h>
#include <sync/mutex.h>
#include <mm/aops.h>
#include <mm/filemap.h>
#include <mm/migrate.h>
#include <mm/page.h>
#include "cache_internal.h"

atomic_long_t num_poisoned_pages;
static DEFINE_MUTEX(failure_mutex, LOCK_MEMORY_FAILURE);

int generic_error_remove_page(struct address_space *mapping, struct page *page)
{
	return truncate_inode_folio(mapping, page_folio(page));
}

/* The folio in frame @pfn, marked, with a reference; or an errno and NULL. */
static struct folio *poison(unsigned long pfn, int *err)
{
	struct page *page = pfn_to_online_page(pfn);

	*err = !page			     ? -ENXIO
	       : PageHWPoison(page)	     ? -EHWPOISON
	       : !get_page_unless_zero(page) ? -EBUSY
					     : 0;
	if (*err)
		return NULL;
	/* Of a page with a type other things may stand in ->mapping: the rcu_head of a page table that goes. */
	if (PageCompound(page) || PageSlab(page) || PageAnon(page) ||
	    (page_has_type(page) ? !__PageMovable(page) : !page->mapping)) {
		put_page(page);
		*err = -EBUSY;
		return NULL;
	}
	if (TestSetPageHWPoison(page)) {
		put_page(page);
		*err = -EHWPOISON;
		return NULL;
	}
	return (struct folio *)page;
}

/* Is the frame of @folio free but for us? Then it stays as it is for ever; otherwise all is as before. */
static int settle(struct folio *folio, int err)
{
	if (!err && folio_ref_count(folio) == 1) {
		atomic_long_inc(&num_poisoned_pages);
		return 0;
	}
	ClearPageHWPoison(&folio->page);
	folio_put(folio);
	return err ? err : -EBUSY;
}

/* => locked. 0: in no cache any more */
static int drop_failed(struct folio *folio)
{
	struct address_space *mapping = folio_mapping(folio);

	folio_wait_writeback(folio);
	if (!mapping || (folio_test_dirty(folio) && folio_mapped(folio)))
		return -EBUSY;
	if (!mapping->a_ops->error_remove_page)
		return mapping_evict_folio(mapping, folio) ? 0 : -EBUSY;
	if (folio_test_dirty(folio))
		mapping_set_error(mapping, -EIO);
	return call_aop(mapping->a_ops, error_remove_page, mapping, &folio->page);
}

/* Out of its cache? 0 or an errno */
static int fail_hard(struct folio *folio)
{
	int err;

	folio_lock(folio);
	err = drop_failed(folio);
	folio_unlock(folio);
	return err;
}

/* Drop @folio if that is easy. */
static bool evict(struct folio *folio)
{
	struct address_space *mapping;
	bool gone;

	folio_lock(folio);
	folio_wait_writeback(folio);
	mapping = folio_mapping(folio);
	gone = !mapping || mapping_evict_folio(mapping, folio);
	folio_unlock(folio);
	return gone;
}

static int fail_soft(struct folio *folio)
{
	if (__PageMovable(&folio->page))
		return migrate_movable_page(&folio->page);
	return evict(folio) ? 0 : migrate_folio(folio);
}

static int take_out(unsigned long pfn, int (*empty)(struct folio *folio))
{
	struct folio *folio;
	int err;

	mutex_lock(&failure_mutex);
	folio = poison(pfn, &err);
	if (folio)
		err = settle(folio, empty(folio));
	mutex_unlock(&failure_mutex);
	return err;
}

int memory_failure(unsigned long pfn)
{
	return take_out(pfn, fail_hard);
}

int soft_offline_page(unsigned long pfn)
{
	return take_out(pfn, fail_soft);
}

int unpoison_memory(unsigned long pfn)
{
	struct page *page = pfn_to_online_page(pfn);
	bool was;

	if (!page)
		return -ENXIO;
	mutex_lock(&failure_mutex);
	was = TestClearPageHWPoison(page);
	if (was) {
		atomic_long_dec(&num_poisoned_pages);
		put_page(page);
	}
	mutex_unlock(&failure_mutex);
	return was ? 0 : -EINVAL;
}
