// SPDX-License-Identifier: MIT
/*
 * The frame of writeback and readahead: who asks a file system to write or read ahead, and the waiting.
 * Files in memory have neither ->writepages nor ->readahead; for them all of this is immediate.
 * Linux 6.1: mm/page-writeback.c, mm/readahead.c.
 */
#include <base/types.h>
#include <mm/filemap.h>
#include <mm/gfp.h>
#include <mm/readahead.h>
#include <mm/writeback.h>
#include <fs/inode.h>

void file_ra_state_init(struct file_ra_state *ra, struct address_space *mapping)
{
	*ra = (struct file_ra_state){ .ra_pages = VM_READAHEAD_PAGES, .prev_pos = -1 };
}

void page_cache_sync_readahead(struct address_space *mapping, struct file_ra_state *ra,
			       struct file *file, pgoff_t index, unsigned long req_count)
{
	struct readahead_control rac = {
		.file = file, .mapping = mapping, .ra = ra, ._index = index
	};
	unsigned long nr = req_count > ra->ra_pages ? req_count : ra->ra_pages;

	if (!mapping->a_ops->readahead || !nr)
		return;
	for (pgoff_t i = index; i < index + nr; i++) {
		struct folio *folio =
			filemap_alloc_folio(mapping_gfp_mask(mapping) | __GFP_NORETRY, 0);

		if (!folio)
			break;
		__folio_set_locked(folio);
		if (filemap_add_folio(mapping, folio, i, mapping_gfp_mask(mapping))) {
			__folio_clear_locked(folio);
			folio_put(folio);
			break; /* it is there already: the window ends */
		}
		folio_put(folio);
		rac._nr_pages++;
	}
	if (rac._nr_pages)
		mapping->a_ops->readahead(&rac);
}

struct folio *readahead_folio(struct readahead_control *rac)
{
	struct folio *folio;

	rac->_index += rac->_batch_count;
	rac->_nr_pages -= rac->_batch_count;
	rac->_batch_count = 0;
	if (!rac->_nr_pages)
		return NULL;
	folio = xa_load(&rac->mapping->i_pages, rac->_index);
	rac->_batch_count = folio_nr_pages(folio);
	return folio;
}

int filemap_fdatawrite_range(struct address_space *mapping, loff_t start, loff_t end)
{
	struct writeback_control wbc = {
		.sync_mode = WB_SYNC_ALL,
		.nr_to_write = 0x7fffffffffffffffL,
		.range_start = start,
		.range_end = end < 0 ? 0x7fffffffffffffffLL : end,
	};

	if (!mapping->a_ops || !mapping->a_ops->writepages ||
	    !xa_marked(&mapping->i_pages, PAGECACHE_TAG_DIRTY))
		return 0;
	return mapping->a_ops->writepages(mapping, &wbc);
}

int filemap_fdatawait_range(struct address_space *mapping, loff_t start, loff_t end)
{
	unsigned long index = start >> PAGE_SHIFT, last = end < 0 ? ~0UL : (u64)end >> PAGE_SHIFT;
	int err = 0;

	while (xa_marked(&mapping->i_pages, PAGECACHE_TAG_WRITEBACK) &&
	       xa_find(&mapping->i_pages, &index, last, PAGECACHE_TAG_WRITEBACK)) {
		struct folio *folio = filemap_get_entry(mapping, index);

		if (folio) {
			folio_wait_writeback(folio);
			folio_put(folio);
		}
		if (index++ == last)
			break;
	}
	if (test_and_clear_bit(AS_ENOSPC, &mapping->flags))
		err = -ENOSPC;
	if (test_and_clear_bit(AS_EIO, &mapping->flags))
		err = -EIO;
	return err;
}

int filemap_write_and_wait_range(struct address_space *mapping, loff_t start, loff_t end)
{
	int err = filemap_fdatawrite_range(mapping, start, end);
	int err2 = filemap_fdatawait_range(mapping, start, end);

	return err ? err : err2;
}

int write_inode_now(struct inode *inode, int sync)
{
	return filemap_write_and_wait_range(inode->i_mapping, 0, -1);
}

int sync_inode_metadata(struct inode *inode, int wait)
{
	return 0; /* no file system with metadata on a disk yet */
}
