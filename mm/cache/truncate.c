// SPDX-License-Identifier: MIT
/*
 * Taking pages out of the cache: because the file got shorter (truncate), because a hole is punched, or
 * because the memory is wanted (invalidate).
 *
 * Order of a truncation: the size shrinks first, then mappings of the range are taken down, then the
 * folios go one by one under their locks, and mappings again where a fault was faster. A fault checks the
 * size after it has locked the folio, so that none comes back. Linux 6.1: mm/truncate.c.
 */
#include <base/types.h>
#include <base/math.h>
#include <base/string.h>
#include <mm/aops.h>
#include <mm/filemap.h>
#include <mm/gfp.h>
#include <mm/mmap.h>
#include <mm/reclaim.h>
#include <mm/vmstat.h>
#include <mm/writeback.h>
#include <kernel/sched.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/super.h>

#define BATCH 15

/* [start, end] is gone: what was evicted of it before does not come back. */
static void forget(struct address_space *mapping, pgoff_t start, pgoff_t end)
{
	if (unlikely(test_bit(AS_SHADOWS, &mapping->flags)))
		workingset_forget(mapping, start, end);
}

/* => folio locked and in @mapping. Nobody maps it afterwards, and it is clean. */
static void cleanup_folio(struct address_space *mapping, struct folio *folio)
{
	if (unlikely(folio_mapped(folio)))
		unmap_mapping_folio(folio);
	if (folio_has_private(folio) && mapping->a_ops->invalidate_folio)
		call_aop(mapping->a_ops, invalidate_folio, folio, 0, folio_size(folio));
	folio_cancel_dirty(folio);
}

int truncate_inode_folio(struct address_space *mapping, struct folio *folio)
{
	if (folio->mapping != mapping)
		return -EIO;
	cleanup_folio(mapping, folio);
	filemap_remove_folio(folio);
	return 0;
}

/*
 * Zero [start, end] of the file within @folio. A large one stays whole: what it holds beyond the end of the file, or in
 * a hole, are zeroes, which is what the file has there.
 */
bool truncate_inode_partial_folio(struct folio *folio, loff_t start, loff_t end)
{
	struct address_space *mapping = folio->mapping;
	loff_t pos = folio_pos(folio);
	size_t from = start > pos ? start - pos : 0;
	size_t to = min_t(u64, (u64)(end - pos) + 1, folio_size(folio));

	folio_wait_writeback(folio);
	folio_clear_mappedtodisk(folio); /* it may lose blocks now */
	memset((char *)folio_address(folio) + from, 0, to - from);
	if (folio_has_private(folio) && mapping->a_ops->invalidate_folio)
		call_aop(mapping->a_ops, invalidate_folio, folio, from, to - from);
	return true;
}

/* @folio is found in pages [start, end]: it goes, or, if it reaches further, its part. => folio locked */
static void truncate_folio(struct address_space *mapping, struct folio *folio, pgoff_t start,
			   pgoff_t end)
{
	if (folio->mapping != mapping)
		return;
	if (folio->index >= start && folio_next_index(folio) - 1 <= end) {
		truncate_inode_folio(mapping, folio);
		return;
	}
	unmap_mapping_pages(mapping, max(folio->index, start),
			    min(folio_next_index(folio) - 1, end) - max(folio->index, start) + 1,
			    false);
	truncate_inode_partial_folio(folio, (loff_t)start << PAGE_SHIFT,
				     end == ~0UL ? MAX_LFS_FILESIZE
						 : (loff_t)(((u64)end + 1) << PAGE_SHIFT) - 1);
}

static void truncate_partial(struct address_space *mapping, pgoff_t index, loff_t start, loff_t end)
{
	struct folio *folio = filemap_lock_folio(mapping, index);

	if (!folio)
		return;
	truncate_inode_partial_folio(folio, start, end);
	folio_unlock(folio);
	folio_put(folio);
}

/* Remove all folios of pages [start, end]. */
static void truncate_whole(struct address_space *mapping, pgoff_t start, pgoff_t end)
{
	struct folio *folios[BATCH];
	pgoff_t first = start;
	unsigned int n;

	while (start <= end && (n = filemap_get_folios(mapping, &start, end, folios, BATCH))) {
		for (unsigned int i = 0; i < n; i++) {
			folio_lock(folios[i]);
			folio_wait_writeback(folios[i]);
			truncate_folio(mapping, folios[i], first, end);
			folio_unlock(folios[i]);
			folio_put(folios[i]);
		}
		if (start == ~0UL)
			break;
		cond_resched();
	}
}

void truncate_inode_pages_range(struct address_space *mapping, loff_t lstart, loff_t lend)
{
	pgoff_t first = DIV_ROUND_UP((u64)lstart, PAGE_SIZE);
	pgoff_t behind = lend == -1 ? ~0UL : (pgoff_t)((u64)(lend + 1) >> PAGE_SHIFT);
	bool head = lstart & (PAGE_SIZE - 1);
	bool tail = lend != -1 && ((lend + 1) & (PAGE_SIZE - 1));

	if (first < behind)
		forget(mapping, first, behind == ~0UL ? behind : behind - 1);
	if (mapping_empty(mapping))
		return;
	if (head && tail && first > behind) { /* within one page */
		truncate_partial(mapping, behind, lstart, lend);
		return;
	}
	if (head)
		truncate_partial(mapping, first - 1, lstart, ((loff_t)first << PAGE_SHIFT) - 1);
	if (tail)
		truncate_partial(mapping, behind, (loff_t)behind << PAGE_SHIFT, lend);
	if (first < behind)
		truncate_whole(mapping, first, behind == ~0UL ? behind : behind - 1);
}

void truncate_inode_pages(struct address_space *mapping, loff_t lstart)
{
	truncate_inode_pages_range(mapping, lstart, -1);
}

void truncate_inode_pages_final(struct address_space *mapping)
{
	const struct inode *inode = mapping->host;

	set_bit(AS_EXITING, &mapping->flags);
	/* An inode that is dropped for want of memory: the file is the same when it is read again. */
	if (inode->i_nlink && inode->i_sb->s_flags & SB_ACTIVE)
		clear_bit(AS_SHADOWS, &mapping->flags);
	truncate_inode_pages(mapping, 0);
	/* Reclaim, which took out the last page, may still be using the mapping under this lock. */
	xa_lock(&mapping->i_pages);
	xa_unlock(&mapping->i_pages);
}

void truncate_pagecache(struct inode *inode, loff_t newsize)
{
	struct address_space *mapping = inode->i_mapping;
	loff_t hole = round_up(newsize, PAGE_SIZE);

	unmap_mapping_range(mapping, hole, 0, 1);
	truncate_inode_pages(mapping, newsize);
	unmap_mapping_range(mapping, hole, 0, 1); /* private copies that came in between */
}

void truncate_setsize(struct inode *inode, loff_t newsize)
{
	loff_t oldsize = inode->i_size;

	i_size_write(inode, newsize);
	if (newsize < oldsize)
		truncate_pagecache(inode, newsize);
}

bool mapping_evict_folio(struct address_space *mapping, struct folio *folio)
{
	long nr = folio_nr_pages(folio);

	if (folio_test_dirty(folio) || folio_test_writeback(folio) || folio_mapped(folio))
		return false;
	if (folio_has_private(folio) &&
	    (!mapping->a_ops->release_folio ||
	     !call_aop(mapping->a_ops, release_folio, folio, GFP_KERNEL)))
		return false;
	if (folio_ref_count(folio) != nr + 1)
		return false; /* somebody reads from it just now */
	filemap_remove_folio(folio);
	return true;
}

unsigned long invalidate_mapping_pages(struct address_space *mapping, pgoff_t start, pgoff_t end)
{
	struct folio *folios[BATCH];
	pgoff_t first = start;
	unsigned long gone = 0;
	unsigned int n;

	if (mapping->flags & (1UL << AS_SHMEM))
		return 0; /* the cache is the only copy */
	forget(mapping, start, end);
	while (start <= end && (n = filemap_get_folios(mapping, &start, end, folios, BATCH))) {
		for (unsigned int i = 0; i < n; i++) {
			struct folio *folio = folios[i];
			long nr = folio_nr_pages(folio);

			if (folio_trylock(folio)) {
				if (folio->mapping == mapping && folio->index >= first &&
				    folio_next_index(folio) - 1 <= end &&
				    mapping_evict_folio(mapping, folio))
					gone += nr;
				folio_unlock(folio);
			}
			folio_put(folio);
		}
		if (start == ~0UL)
			break;
		cond_resched();
	}
	return gone;
}

/* @folio of @mapping has to go, whoever looks at it. 0, or -EBUSY: it holds what is nowhere else. => folio locked */
static int invalidate_folio2(struct address_space *mapping, struct folio *folio)
{
	int err = 0;

	folio_wait_writeback(folio);
	if (folio_mapped(folio))
		unmap_mapping_folio(folio);
	if (folio_test_dirty(folio) && mapping->a_ops->launder_folio)
		err = call_aop(mapping->a_ops, launder_folio, folio);
	if (err)
		return err;
	if (folio_has_private(folio) &&
	    (!mapping->a_ops->release_folio ||
	     !call_aop(mapping->a_ops, release_folio, folio, GFP_KERNEL)))
		return -EBUSY;
	if (folio_test_dirty(folio))
		return -EBUSY;
	filemap_remove_folio(folio);
	return 0;
}

int invalidate_inode_pages2_range(struct address_space *mapping, pgoff_t start, pgoff_t end)
{
	struct folio *folios[BATCH];
	unsigned int n;
	int err = 0, err2;

	forget(mapping, start, end);
	while (start <= end && (n = filemap_get_folios(mapping, &start, end, folios, BATCH))) {
		for (unsigned int i = 0; i < n; i++) {
			struct folio *folio = folios[i];

			folio_lock(folio);
			err2 = folio->mapping == mapping ? invalidate_folio2(mapping, folio) : 0;
			err = err ? err : err2;
			folio_unlock(folio);
			folio_put(folio);
		}
		if (start == ~0UL)
			break;
		cond_resched();
	}
	return err;
}
