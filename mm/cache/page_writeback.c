// SPDX-License-Identifier: MIT
/*
 * Dirty pages: how a folio gets dirty, is written and is clean again. (Inodes and the flusher: fs/fs_writeback.c;
 * limits: mm/cache/dirty_limits.c.)
 *
 * 1 States of a folio of a file that has a device. Flags at the folio, marks in the tree of its mapping:
 *
 *		folio_mark_dirty		folio_clear_dirty_for_io	folio_start_writeback
 *	clean ----------------> PG_dirty, DIRTY ----------------> DIRTY ----------------> PG_writeback, WRITEBACK
 *	  ^				^				   |
 *	  |				| written to again meanwhile	   | folio_end_writeback
 *	  +-----------------------------+----------------------------------+
 *
 * 2 Invariants. PG_dirty implies the mark DIRTY, but between the two lines of filemap_dirty_folio(); a mark
 *   without the flag is harmless: the walk looks at the flag under the folio lock. NR_FILE_DIRTY ==
 *   pages with PG_dirty of mappings with BDI_CAP_WRITEBACK == sum of WB_RECLAIMABLE; the same for
 *   NR_WRITEBACK and WB_WRITEBACK. A writable entry of a shared mapping implies PG_dirty: it is made so by
 *   ->page_mkwrite, and folio_clear_dirty_for_io() takes the right to write from all entries before it clears
 *   the flag. So writing to a page after its write-out has begun is noticed.
 *
 * 3 Integrity (WB_SYNC_ALL). A walk could chase a writer for ever, so what is dirty at its start gets the mark
 *   TOWRITE, and only that is written. A folio under write-out is waited for and written again.
 *
 * 4 Locks. The folio lock for clearing PG_dirty and starting a write-out; xa_lock for marks. Ends of write-out come
 *   from completion threads, which hold no folio lock; they touch mapping and device before they clear
 *   PG_writeback, for which truncation and eviction wait.
 *
 * 5 Errors. A failed write-out is noted by mapping_set_error() in two places: in wb_err, from which each open file
 *   learns of it at fsync, once; and in the flags AS_EIO, AS_ENOSPC, for callers without a file. The page is clean:
 *   a disk that fails does not fill memory.
 *
 * Linux 6.1: mm/page-writeback.c, mm/filemap.c. Observed by: Dirty and Writeback in meminfo; nr_dirty,
 * nr_writeback, nr_dirtied, nr_written in vmstat; debugfs bdi/M:N/stats; events writeback:*.
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/errseq.h>
#include <base/math.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/aops.h>
#include <mm/filemap.h>
#include <mm/gfp.h>
#include <mm/rmap.h>
#include <mm/trace_writeback.h>
#include <mm/vmstat.h>
#include <mm/writeback.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/super.h>
#include "cache_internal.h"

#define BATCH 15

/* ---- dirty ---- */

static struct bdi_writeback *mapping_wb(struct address_space *mapping)
{
	return &inode_to_bdi(mapping->host)->wb;
}

static bool counts_dirty(struct address_space *mapping)
{
	return mapping_can_writeback(inode_to_bdi(mapping->host));
}

static void account_dirtied(struct address_space *mapping, struct folio *folio)
{
	struct bdi_writeback *wb = mapping_wb(mapping);
	long nr = folio_nr_pages(folio);

	node_stat_add_folio(folio, NR_FILE_DIRTY);
	node_stat_add_folio(folio, NR_DIRTIED);
	zone_stat_add_folio(folio, NR_ZONE_WRITE_PENDING);
	wb_stat_mod(wb, WB_RECLAIMABLE, nr);
	wb_stat_mod(wb, WB_DIRTIED, nr);
	current->nr_dirtied += nr;
	current->io.write_bytes += folio_size(folio);
}

static void account_cleaned(struct address_space *mapping, struct folio *folio)
{
	node_stat_sub_folio(folio, NR_FILE_DIRTY);
	zone_stat_sub_folio(folio, NR_ZONE_WRITE_PENDING);
	wb_stat_mod(mapping_wb(mapping), WB_RECLAIMABLE, -folio_nr_pages(folio));
}

void move_dirty(struct address_space *mapping, struct folio *old, struct folio *new)
{
	if (!folio_test_clear_dirty(old))
		return;
	folio_set_dirty(new);
	if (!counts_dirty(mapping))
		return;
	node_stat_sub_folio(old, NR_FILE_DIRTY);
	zone_stat_sub_folio(old, NR_ZONE_WRITE_PENDING);
	node_stat_add_folio(new, NR_FILE_DIRTY);
	zone_stat_add_folio(new, NR_ZONE_WRITE_PENDING);
}

bool noop_dirty_folio(struct address_space *mapping, struct folio *folio)
{
	if (folio_test_dirty(folio))
		return false;
	return !folio_test_set_dirty(folio);
}

void __folio_mark_dirty(struct folio *folio, struct address_space *mapping, bool warn)
{
	XA_STATE(xas, &mapping->i_pages, folio_index(folio));

	xas_lock(&xas);
	if (folio->mapping == mapping) { /* not truncated meanwhile */
		WARN_ON_ONCE(warn && !folio_test_uptodate(folio));
		if (counts_dirty(mapping))
			account_dirtied(mapping, folio);
		xas_load(&xas);
		xas_set_mark(&xas, PAGECACHE_TAG_DIRTY);
	}
	xas_unlock(&xas);
	trace_writeback_dirty_folio(mapping->host, folio->index);
}

bool filemap_dirty_folio(struct address_space *mapping, struct folio *folio)
{
	if (folio_test_dirty(folio) || folio_test_set_dirty(folio))
		return false;
	__folio_mark_dirty(folio, mapping, !folio_test_private(folio));
	if (mapping->host)
		__mark_inode_dirty(mapping->host, I_DIRTY_PAGES);
	return true;
}

/* Has @folio a bit for each of its pages? */
static bool has_dirty_bits(const struct folio *folio)
{
	return folio_test_large(folio) && !folio_test_swapbacked(folio) &&
	       !folio_test_private(folio);
}

static void note_dirty(struct folio *folio, size_t offset, size_t len)
{
	size_t first = offset >> PAGE_SHIFT, last = (offset + len - 1) >> PAGE_SHIFT;
	u32 bits = (u32)((2ULL << last) - (1ULL << first));

	__atomic_fetch_or(&folio->private, bits, __ATOMIC_SEQ_CST);
}

u32 folio_take_dirty(struct folio *folio)
{
	u32 bits = has_dirty_bits(folio) ? __atomic_exchange_n(&folio->private, 0, __ATOMIC_SEQ_CST)
					 : 0;

	return bits ? bits : ~0u;
}

bool folio_mark_dirty_range(struct folio *folio, size_t offset, size_t len)
{
	struct address_space *mapping = folio_mapping(folio);

	if (unlikely(!len))
		return false;
	if (mapping && mapping->a_ops && mapping->a_ops->dirty_folio) {
		if (unlikely(has_dirty_bits(folio)))
			note_dirty(folio, offset, len);
		if (folio_test_reclaim(
			    folio)) /* PG_readahead, or it was to be dropped after writing */
			folio_clear_reclaim(folio);
		return call_aop(mapping->a_ops, dirty_folio, mapping, folio);
	}
	return noop_dirty_folio(mapping, folio);
}

bool folio_mark_dirty(struct folio *folio)
{
	return folio_mark_dirty_range(folio, 0, folio_size(folio));
}

bool folio_redirty_for_writepage(struct writeback_control *wbc, struct folio *folio)
{
	struct address_space *mapping = folio->mapping;
	long nr = folio_nr_pages(folio);

	wbc->pages_skipped += nr;
	if (filemap_dirty_folio(mapping, folio) && counts_dirty(mapping)) {
		current->nr_dirtied -= nr;
		node_stat_mod_folio(folio, NR_DIRTIED, -nr);
		wb_stat_mod(mapping_wb(mapping), WB_DIRTIED, -nr);
	}
	return true;
}

bool folio_clear_dirty_for_io(struct folio *folio)
{
	struct address_space *mapping = folio_mapping(folio);

	VM_BUG_ON_FOLIO(!folio_test_locked(folio), folio);
	if (!mapping || !counts_dirty(mapping))
		return folio_test_clear_dirty(folio);
	/* What programs wrote through their mappings since the folio became dirty is written now. */
	folio_mkclean(folio);
	if (!folio_test_clear_dirty(folio))
		return false;
	account_cleaned(mapping, folio);
	return true;
}

void folio_cancel_dirty(struct folio *folio)
{
	struct address_space *mapping = folio_mapping(folio);

	if (folio_test_clear_dirty(folio) && mapping && counts_dirty(mapping)) {
		account_cleaned(mapping, folio);
		current->io.cancelled_write_bytes += folio_size(folio);
	}
}

bool set_page_dirty(struct page *page)
{
	struct folio *folio = page_folio(page);

	return folio_mark_dirty_range(folio, folio_page_idx(folio, page) << PAGE_SHIFT, PAGE_SIZE);
}

bool set_page_dirty_lock(struct page *page)
{
	struct folio *folio = page_folio(page);
	bool ret;

	folio_lock(folio);
	ret = set_page_dirty(page);
	folio_unlock(folio);
	return ret;
}

/* ---- under write-out ---- */

void folio_start_writeback(struct folio *folio)
{
	struct address_space *mapping = folio_mapping(folio);

	VM_BUG_ON_FOLIO(folio_test_writeback(folio), folio);
	if (mapping) {
		XA_STATE(xas, &mapping->i_pages, folio_index(folio));

		xas_lock(&xas);
		folio_set_writeback(folio);
		xas_load(&xas);
		xas_set_mark(&xas, PAGECACHE_TAG_WRITEBACK);
		if (!folio_test_dirty(folio))
			xas_clear_mark(&xas, PAGECACHE_TAG_DIRTY);
		xas_clear_mark(&xas, PAGECACHE_TAG_TOWRITE);
		xas_unlock(&xas);
		if (inode_to_bdi(mapping->host)->capabilities & BDI_CAP_WRITEBACK_ACCT)
			wb_stat_mod(mapping_wb(mapping), WB_WRITEBACK, folio_nr_pages(folio));
	} else {
		folio_set_writeback(folio);
	}
	node_stat_add_folio(folio, NR_WRITEBACK);
	zone_stat_add_folio(folio, NR_ZONE_WRITE_PENDING);
}

void folio_end_writeback(struct folio *folio)
{
	struct address_space *mapping = folio_mapping(folio);

	if (mapping) {
		XA_STATE(xas, &mapping->i_pages, folio_index(folio));

		xas_lock(&xas);
		xas_load(&xas);
		xas_clear_mark(&xas, PAGECACHE_TAG_WRITEBACK);
		xas_unlock(&xas);
		if (inode_to_bdi(mapping->host)->capabilities & BDI_CAP_WRITEBACK_ACCT)
			wb_writeout_add(mapping_wb(mapping), folio_nr_pages(folio));
	}
	node_stat_sub_folio(folio, NR_WRITEBACK);
	zone_stat_sub_folio(folio, NR_ZONE_WRITE_PENDING);
	node_stat_add_folio(folio, NR_WRITTEN);
	folio_clear_reclaim(folio); /* now it can go: the hand will find it clean */
	folio_clear_and_wake(folio, PG_writeback);
}

/* ---- the walk over dirty pages ---- */

void tag_pages_for_writeback(struct address_space *mapping, pgoff_t start, pgoff_t end)
{
	XA_STATE(xas, &mapping->i_pages, start);
	unsigned int tagged = 0;
	void *entry;

	xas_lock(&xas);
	xas_for_each_marked(&xas, entry, end, PAGECACHE_TAG_DIRTY)
	{
		xas_set_mark(&xas, PAGECACHE_TAG_TOWRITE);
		if (++tagged % 4096)
			continue;
		xas_pause(&xas);
		xas_unlock(&xas);
		cond_resched();
		xas_lock(&xas);
	}
	xas_unlock(&xas);
}

unsigned int filemap_get_folios_tag(struct address_space *mapping, pgoff_t *start, pgoff_t end,
				    xa_mark_t tag, struct folio **folios, unsigned int nr)
{
	XA_STATE(xas, &mapping->i_pages, *start);
	struct folio *folio;
	unsigned int n = 0;

	rcu_read_lock();
	xas_for_each_marked(&xas, folio, end, tag)
	{
		if (xa_is_value(folio) || !xas_try_get_folio(&xas, folio))
			continue;
		folios[n++] = folio;
		*start = folio_next_index(folio);
		if (n == nr)
			break;
	}
	rcu_read_unlock();
	if (n < nr)
		*start = end == ~0UL ? end : end + 1;
	return n;
}

/* Lock @folio and make it ready for ->writepage. False: it needs no writing; unlocked. */
static bool prepare_to_write(struct address_space *mapping, struct folio *folio,
			     const struct writeback_control *wbc)
{
	folio_lock(folio);
	if (likely(folio->mapping == mapping && folio_test_dirty(folio))) {
		if (folio_test_writeback(folio) && wbc->sync_mode != WB_SYNC_NONE)
			folio_wait_writeback(folio);
		if (!folio_test_writeback(folio) && folio_clear_dirty_for_io(folio)) {
			trace_wbc_writepage(wbc, inode_to_bdi(mapping->host));
			return true;
		}
	}
	folio_unlock(folio);
	return false;
}

struct dirty_walk {
	struct address_space *mapping;
	struct writeback_control *wbc;
	writepage_t writepage;
	void *data;
	pgoff_t index, end;
	pgoff_t done_index; /* first that was not looked at */
	int err;	    /* the first */
};

/* One folio, referenced. False: enough. */
static bool write_one(struct dirty_walk *w, struct folio *folio)
{
	struct writeback_control *wbc = w->wbc;
	long nr = folio_nr_pages(folio);
	int err;

	w->done_index = folio->index;
	if (!prepare_to_write(w->mapping, folio, wbc))
		return true;
	err = w->writepage(folio, wbc, w->data);
	if (unlikely(err)) {
		if (err == AOP_WRITEPAGE_ACTIVATE) {
			folio_unlock(folio);
			err = 0;
		} else if (wbc->sync_mode != WB_SYNC_ALL) {
			w->err = err;
			w->done_index = folio->index + nr;
			return false;
		}
		if (!w->err)
			w->err = err;
	}
	wbc->nr_to_write -= nr;
	w->done_index = folio->index + nr;
	/* For integrity everything that was marked is written, however much it is. */
	return wbc->nr_to_write > 0 || wbc->sync_mode != WB_SYNC_NONE;
}

int write_cache_pages(struct address_space *mapping, struct writeback_control *wbc,
		      writepage_t writepage, void *data)
{
	bool tagged = wbc->sync_mode == WB_SYNC_ALL || wbc->tagged_writepages, enough = false;
	xa_mark_t tag = tagged ? PAGECACHE_TAG_TOWRITE : PAGECACHE_TAG_DIRTY;
	struct dirty_walk w = {
		.mapping = mapping, .wbc = wbc, .writepage = writepage, .data = data
	};
	struct folio *folios[BATCH];
	unsigned int n;

	w.index = wbc->range_cyclic ? mapping->writeback_index
				    : (pgoff_t)((u64)wbc->range_start >> PAGE_SHIFT);
	w.end = wbc->range_cyclic ? ~0UL : (pgoff_t)((u64)wbc->range_end >> PAGE_SHIFT);
	if (tagged)
		tag_pages_for_writeback(mapping, w.index, w.end);
	w.done_index = w.index;
	while (!enough && w.index <= w.end) {
		n = filemap_get_folios_tag(mapping, &w.index, w.end, tag, folios, BATCH);
		if (!n)
			break;
		for (unsigned int i = 0; i < n; i++) {
			enough = enough || !write_one(&w, folios[i]);
			folio_put(folios[i]);
		}
		cond_resched();
		if (w.index == ~0UL)
			break;
	}
	/* The next cyclic round starts where this one ended, or at the beginning after the last page. */
	if (wbc->range_cyclic)
		mapping->writeback_index = enough ? w.done_index : 0;
	return w.err;
}

static int call_writepage(struct folio *folio, struct writeback_control *wbc, void *data)
{
	struct address_space *mapping = data;
	int err = call_aop(mapping->a_ops, writepage, &folio->page, wbc);

	if (err != AOP_WRITEPAGE_ACTIVATE)
		mapping_set_error(mapping, err);
	return err;
}

static int generic_writepages(struct address_space *mapping, struct writeback_control *wbc)
{
	if (!mapping->a_ops->writepage)
		return 0;
	return write_cache_pages(mapping, wbc, call_writepage, mapping);
}

int do_writepages(struct address_space *mapping, struct writeback_control *wbc)
{
	int err;

	if (wbc->nr_to_write <= 0)
		return 0;
	for (;;) {
		if (mapping->a_ops->writepages)
			err = call_aop(mapping->a_ops, writepages, mapping, wbc);
		else
			err = generic_writepages(mapping, wbc);
		if (err != -ENOMEM || wbc->sync_mode != WB_SYNC_ALL)
			break;
		congestion_wait(1, HZ / 50); /* integrity is not given up for want of memory */
	}
	wb_update_bandwidth(mapping_wb(mapping));
	return err;
}

/* ---- starting and waiting, by ranges of bytes ---- */

static int filemap_check_errors(struct address_space *mapping)
{
	int err = 0;

	if (!(READ_ONCE(mapping->flags) & (1UL << AS_EIO | 1UL << AS_ENOSPC)))
		return 0;
	if (test_and_clear_bit(AS_ENOSPC, &mapping->flags))
		err = -ENOSPC;
	if (test_and_clear_bit(AS_EIO, &mapping->flags))
		err = -EIO;
	return err;
}

int __filemap_fdatawrite_range(struct address_space *mapping, loff_t start, loff_t end,
			       int sync_mode)
{
	struct writeback_control wbc = {
		.sync_mode = sync_mode,
		.nr_to_write = LONG_MAX,
		.range_start = start,
		.range_end = end < 0 ? MAX_LFS_FILESIZE : end,
	};

	if (!mapping_tagged(mapping, PAGECACHE_TAG_DIRTY) || !counts_dirty(mapping))
		return 0;
	return do_writepages(mapping, &wbc);
}

int filemap_fdatawrite_range(struct address_space *mapping, loff_t start, loff_t end)
{
	return __filemap_fdatawrite_range(mapping, start, end, WB_SYNC_ALL);
}

int filemap_fdatawrite(struct address_space *mapping)
{
	return __filemap_fdatawrite_range(mapping, 0, -1, WB_SYNC_ALL);
}

/* Wait for all write-outs that are under way in [start, end]. */
static void wait_range(struct address_space *mapping, loff_t start, loff_t end)
{
	pgoff_t index = start >> PAGE_SHIFT, last = end < 0 ? ~0UL : (u64)end >> PAGE_SHIFT;
	struct folio *folios[BATCH];
	unsigned int n;

	while (index <= last && mapping_tagged(mapping, PAGECACHE_TAG_WRITEBACK)) {
		n = filemap_get_folios_tag(mapping, &index, last, PAGECACHE_TAG_WRITEBACK, folios,
					   BATCH);
		if (!n)
			break;
		for (unsigned int i = 0; i < n; i++) {
			folio_wait_writeback(folios[i]);
			folio_put(folios[i]);
		}
		cond_resched();
		if (index == ~0UL)
			break;
	}
}

static int filemap_fdatawait_range(struct address_space *mapping, loff_t start, loff_t end)
{
	wait_range(mapping, start, end);
	return filemap_check_errors(mapping);
}

int filemap_fdatawait(struct address_space *mapping)
{
	return filemap_fdatawait_range(mapping, 0, -1);
}

int filemap_fdatawait_keep_errors(struct address_space *mapping)
{
	unsigned long flags = READ_ONCE(mapping->flags);

	wait_range(mapping, 0, -1);
	return flags & 1UL << AS_EIO ? -EIO : flags & 1UL << AS_ENOSPC ? -ENOSPC : 0;
}

int filemap_write_and_wait_range(struct address_space *mapping, loff_t start, loff_t end)
{
	int err = 0, err2;

	if (mapping->nrpages) {
		err = filemap_fdatawrite_range(mapping, start, end);
		/* After an I/O error what was started may never end well, but it ends. */
		wait_range(mapping, start, end);
	}
	err2 = filemap_check_errors(mapping);
	return err ? err : err2;
}

int file_check_and_advance_wb_err(struct file *file)
{
	struct address_space *mapping = file->f_mapping;
	errseq_t old;
	int err;

	if (likely(!errseq_check(&mapping->wb_err, READ_ONCE(file->f_wb_err))))
		return 0;
	spin_lock(&file->f_lock);
	old = file->f_wb_err;
	err = errseq_check_and_advance(&mapping->wb_err, &file->f_wb_err);
	trace_file_check_and_advance_wb_err(file, old);
	spin_unlock(&file->f_lock);
	clear_bit(AS_EIO, &mapping->flags);
	clear_bit(AS_ENOSPC, &mapping->flags);
	return err;
}

int file_fdatawait_range(struct file *file, loff_t start, loff_t end)
{
	wait_range(file->f_mapping, start, end);
	return file_check_and_advance_wb_err(file);
}

int file_write_and_wait_range(struct file *file, loff_t start, loff_t end)
{
	struct address_space *mapping = file->f_mapping;
	int err = 0, err2;

	if (mapping->nrpages) {
		err = filemap_fdatawrite_range(mapping, start, end);
		wait_range(mapping, start, end);
	}
	err2 = file_check_and_advance_wb_err(file);
	return err ? err : err2;
}

static bool range_has(struct address_space *mapping, loff_t start, loff_t end, xa_mark_t filter)
{
	unsigned long index = start >> PAGE_SHIFT;

	if (end < start)
		return false;
	return xa_find(&mapping->i_pages, &index, (u64)end >> PAGE_SHIFT, filter) != NULL;
}

bool filemap_range_has_page(struct address_space *mapping, loff_t start, loff_t end)
{
	return mapping->nrpages && range_has(mapping, start, end, XA_PRESENT);
}

bool filemap_range_needs_writeback(struct address_space *mapping, loff_t start, loff_t end)
{
	if (!mapping->nrpages)
		return false;
	return range_has(mapping, start, end, PAGECACHE_TAG_DIRTY) ||
	       range_has(mapping, start, end, PAGECACHE_TAG_WRITEBACK);
}
