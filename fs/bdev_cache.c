// SPDX-License-Identifier: MIT
/*
 * The page cache of a block device without buffer heads: each folio is read and written whole. The last
 * folio of a device may reach beyond its end: what lies there is zero and stays in memory.
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <block/bio.h>
#include <fs/bdev.h>
#include <fs/inode.h>
#include <mm/filemap.h>
#include <mm/gfp.h>
#include <mm/readahead.h>
#include <mm/writeback.h>
#include <mm/xarray.h>

/* Bytes of @folio that the device has. */
static size_t bytes_on_device(struct inode *inode, struct folio *folio)
{
	loff_t left = i_size_read(inode) - folio_pos(folio);

	return left <= 0 ? 0 : min_t(loff_t, left, folio_size(folio));
}

static void read_end(struct bio *bio)
{
	struct folio_iter fi;

	bio_for_each_folio_all(fi, bio)
	{
		if (!bio->bi_status)
			folio_mark_uptodate(fi.folio);
		folio_unlock(fi.folio);
	}
	bio_put(bio);
}

static int blkdev_read_folio(struct file *file, struct folio *folio)
{
	struct inode *inode = folio->mapping->host;
	size_t bytes = bytes_on_device(inode, folio);
	struct bio *bio;

	memset(folio_address(folio) + bytes, 0, folio_size(folio) - bytes);
	if (!bytes) {
		folio_mark_uptodate(folio);
		folio_unlock(folio);
		return 0;
	}
	bio = bio_alloc(I_BDEV(inode), 1, REQ_OP_READ, GFP_KERNEL);
	bio->bi_iter.bi_sector = folio_pos(folio) >> SECTOR_SHIFT;
	bio->bi_end_io = read_end;
	bio_add_folio(bio, folio, bytes, 0);
	submit_bio(bio);
	return 0;
}

static void write_end_bio(struct bio *bio)
{
	struct folio_iter fi;

	bio_for_each_folio_all(fi, bio)
	{
		if (bio->bi_status)
			mapping_set_error(fi.folio->mapping, blk_status_to_errno(bio->bi_status));
		folio_end_writeback(fi.folio);
	}
	bio_put(bio);
}

/* Write a locked, dirty folio; unlocks. */
static void write_one(struct inode *inode, struct folio *folio)
{
	size_t bytes = bytes_on_device(inode, folio);
	struct bio *bio;

	if (!folio_clear_dirty_for_io(folio) || !bytes) {
		folio_unlock(folio);
		return;
	}
	folio_start_writeback(folio);
	folio_unlock(folio);
	bio = bio_alloc(I_BDEV(inode), 1, REQ_OP_WRITE, GFP_NOFS);
	bio->bi_iter.bi_sector = folio_pos(folio) >> SECTOR_SHIFT;
	bio->bi_end_io = write_end_bio;
	bio_add_folio(bio, folio, bytes, 0);
	submit_bio(bio);
}

static int blkdev_writepages(struct address_space *mapping, struct writeback_control *wbc)
{
	unsigned long index = wbc->range_start >> PAGE_SHIFT, last = wbc->range_end >> PAGE_SHIFT;
	struct blk_plug plug;

	blk_start_plug(&plug);
	while (index <= last && xa_find(&mapping->i_pages, &index, last, PAGECACHE_TAG_DIRTY)) {
		struct folio *folio = filemap_lock_folio(mapping, index);

		index++;
		if (IS_ERR_OR_NULL(folio))
			continue;
		folio_wait_writeback(folio);
		write_one(mapping->host, folio);
		folio_put(folio);
	}
	blk_finish_plug(&plug);
	return 0;
}

static int blkdev_write_begin(struct file *file, struct address_space *mapping, loff_t pos,
			      unsigned len, struct page **pagep, void **fsdata)
{
	for (;;) {
		struct folio *folio = filemap_grab_folio(mapping, pos >> PAGE_SHIFT);

		if (IS_ERR_OR_NULL(folio))
			return -ENOMEM;
		folio_wait_writeback(folio);
		*pagep = folio_file_page(folio, pos >> PAGE_SHIFT);
		if (folio_test_uptodate(folio) || len == PAGE_SIZE)
			return 0;
		folio_unlock(folio);
		folio_put(folio);
		folio = read_cache_folio(mapping, pos >> PAGE_SHIFT, NULL, NULL);
		if (IS_ERR(folio))
			return PTR_ERR(folio);
		folio_put(folio);
	}
}

static int blkdev_write_end(struct file *file, struct address_space *mapping, loff_t pos,
			    unsigned len, unsigned copied, struct page *page, void *fsdata)
{
	struct folio *folio = page_folio(page);

	if (copied < len && !folio_test_uptodate(folio))
		copied = 0; /* the rest of it was not read */
	if (copied) {
		folio_mark_uptodate(folio);
		folio_mark_dirty(folio);
	}
	folio_unlock(folio);
	folio_put(folio);
	return copied;
}

const struct address_space_operations def_blk_aops = {
	.read_folio = blkdev_read_folio,
	.writepages = blkdev_writepages,
	.dirty_folio = filemap_dirty_folio,
	.write_begin = blkdev_write_begin,
	.write_end = blkdev_write_end,
};
