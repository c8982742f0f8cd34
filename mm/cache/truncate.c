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
#include <mm/filemap.h>
#include <mm/mmap.h>
#include <mm/vmstat.h>
#include <mm/writeback.h>
#include <kernel/sched.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/super.h>
#include <linux/fadvise.h>

#define BATCH		   15
#define OFFSET_MAX_FADVISE MAX_LFS_FILESIZE

/* => folio locked and in @mapping. Nobody maps it afterwards, and it is clean. */
static void cleanup_folio(struct address_space *mapping, struct folio *folio)
{
	if (unlikely(folio_mapped(folio)))
		unmap_mapping_folio(folio);
	if (folio_has_private(folio) && mapping->a_ops->invalidate_folio)
		mapping->a_ops->invalidate_folio(folio, 0, folio_size(folio));
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

/* Zero [start, end] of the file within @folio. False: the folio covers more than can be kept. */
bool truncate_inode_partial_folio(struct folio *folio, loff_t start, loff_t end)
{
	loff_t pos = folio_pos(folio);
	size_t from = start > pos ? start - pos : 0;
	size_t to = min_t(loff_t, end - pos + 1, folio_size(folio));

	folio_wait_writeback(folio);
	memset((char *)folio_address(folio) + from, 0, to - from);
	return true;
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
	unsigned int n;

	while (start <= end && (n = filemap_get_folios(mapping, &start, end, folios, BATCH))) {
		for (unsigned int i = 0; i < n; i++) {
			folio_lock(folios[i]);
			folio_wait_writeback(folios[i]);
			truncate_inode_folio(mapping, folios[i]);
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
	set_bit(AS_EXITING, &mapping->flags);
	truncate_inode_pages(mapping, 0);
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

void truncate_pagecache_range(struct inode *inode, loff_t lstart, loff_t lend)
{
	struct address_space *mapping = inode->i_mapping;
	loff_t unmap_start = round_up(lstart, PAGE_SIZE);
	loff_t unmap_end = round_down(1 + lend, PAGE_SIZE) - 1;

	if (unmap_end > unmap_start)
		unmap_mapping_range(mapping, unmap_start, 1 + unmap_end - unmap_start, 0);
	truncate_inode_pages_range(mapping, lstart, lend);
}

unsigned long invalidate_mapping_pages(struct address_space *mapping, pgoff_t start, pgoff_t end)
{
	struct folio *folios[BATCH];
	unsigned long gone = 0;
	unsigned int n;

	if (mapping->flags & (1UL << AS_SHMEM))
		return 0; /* the cache is the only copy */
	while (start <= end && (n = filemap_get_folios(mapping, &start, end, folios, BATCH))) {
		for (unsigned int i = 0; i < n; i++) {
			struct folio *folio = folios[i];
			long nr = folio_nr_pages(folio);

			if (folio_trylock(folio)) {
				if (folio->mapping == mapping && !folio_test_dirty(folio) &&
				    !folio_test_writeback(folio) && !folio_mapped(folio) &&
				    folio_ref_count(folio) == nr + 1) {
					filemap_remove_folio(folio);
					gone += nr;
				}
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

int invalidate_inode_pages2_range(struct address_space *mapping, pgoff_t start, pgoff_t end)
{
	int err = filemap_write_and_wait_range(mapping, (loff_t)start << PAGE_SHIFT,
					       end == ~0UL ? -1
							   : (((loff_t)end + 1) << PAGE_SHIFT) - 1);

	if (err)
		return err;
	unmap_mapping_pages(mapping, start, end == ~0UL ? 0 : end - start + 1, false);
	invalidate_mapping_pages(mapping, start, end);
	return 0;
}

int generic_fadvise(struct file *file, loff_t offset, loff_t len, int advice)
{
	struct address_space *mapping = file->f_mapping;
	loff_t end;

	if (S_ISFIFO(file_inode(file)->i_mode))
		return -ESPIPE;
	if (!mapping || len < 0 || advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE)
		return -EINVAL;
	end = len && (u64)offset + len <= OFFSET_MAX_FADVISE ? offset + len - 1
							     : OFFSET_MAX_FADVISE;
	switch (advice) {
	case POSIX_FADV_NORMAL:
		file->f_ra.ra_pages = VM_READAHEAD_PAGES;
		file->f_mode &= ~FMODE_RANDOM;
		break;
	case POSIX_FADV_RANDOM:
		file->f_mode |= FMODE_RANDOM;
		break;
	case POSIX_FADV_SEQUENTIAL:
		file->f_ra.ra_pages = VM_READAHEAD_PAGES * 2;
		file->f_mode &= ~FMODE_RANDOM;
		break;
	case POSIX_FADV_WILLNEED:
		page_cache_sync_readahead(mapping, &file->f_ra, file, offset >> PAGE_SHIFT,
					  (end >> PAGE_SHIFT) - (offset >> PAGE_SHIFT) + 1);
		break;
	case POSIX_FADV_DONTNEED:
		invalidate_mapping_pages(mapping, DIV_ROUND_UP((u64)offset, PAGE_SIZE),
					 end == OFFSET_MAX_FADVISE ? ~0UL
								   : (u64)(end + 1) >> PAGE_SHIFT);
		break;
	}
	return 0;
}

int vfs_fadvise(struct file *file, loff_t offset, loff_t len, int advice)
{
	if (file->f_op->fadvise)
		return file->f_op->fadvise(file, offset, len, advice);
	return generic_fadvise(file, offset, len, advice);
}
