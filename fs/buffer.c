// SPDX-License-Identifier: MIT
/*
 * The buffer cache: blocks of a device, by number, as views onto the folios of the device's page cache.
 *
 * 1 Structure. A block is never copied: the bytes of a buffer_head are those of a folio in the mapping of the
 *   device's inode, which read(2), write(2) and mmap of /dev/vda see, too.
 *
 *	bd_inode->i_mapping: index -> folio --private--> bh --b_this_page--> bh ... (a ring, in order)
 *	                                b_folio <--------'  b_data -> into the folio
 *
 *   Only metadata lives here: inode tables, bitmaps, indirect blocks, directories, attributes. File data have
 *   folios in the mapping of their inode, without buffers ("nobh", at the end of this file).
 *
 * 2 States of a buffer. BH_Uptodate: the bytes are valid; a folio is uptodate when all its buffers are.
 *   BH_Dirty implies that the folio is dirty, never the other way round. BH_Lock is held by I/O and by whoever
 *   changes what I/O must not see half done. b_count > 0 keeps the ring at the folio, and thereby the folio.
 *
 * 3 Locks. The ring of a folio: the folio lock for changes, and private_lock of the mapping for looking at it
 *   without that one. Lists of an inode's dirty blocks (i_data.private_list): private_lock of the device's mapping.
 *
 *	folio lock -> BH_Lock -> private_lock (spin) -> xa_lock
 *
 * 4 Failure. A read that fails leaves the buffer not uptodate. A write that fails clears BH_Uptodate, sets
 *   BH_Write_EIO and marks the device's mapping and, if it belongs to one, the inode's: fsync tells it once.
 *
 * 5 The end of I/O runs in process context (block/bio.c), so no lock here is taken with interrupts off.
 *   Linux 6.1 has softirqs there, and keeps a small cache of recent buffers per CPU in front of the look-up,
 *   which here is one walk in the xarray under RCU and one short spinlock.
 *
 * Linux 6.1: fs/buffer.c; nobh_*: Linux 5.17, ibid. Observed by: Buffers in /proc/meminfo, buffer_head in slabinfo.
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/err.h>
#include <base/math.h>
#include <base/string.h>
#include <mm/aops.h>
#include <mm/filemap.h>
#include <mm/gfp.h>
#include <mm/readahead.h>
#include <mm/slab.h>
#include <mm/writeback.h>
#include <sync/wait.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <block/bio.h>
#include <block/genhd.h>
#include <fs/bdev.h>
#include <fs/buffer_head.h>
#include <fs/inode.h>
#include <fs/mpage.h>
#include <fs/super.h>
#include "fs_internal.h"

static struct kmem_cache *bh_cachep;

void buffer_init(void)
{
	static_assert(sizeof(struct buffer_head) <= 1 << BH_HANDLE_SHIFT, "a handle per buffer");
	bh_cachep = kmem_cache_create("buffer_head", 1 << BH_HANDLE_SHIFT, 1 << BH_HANDLE_SHIFT,
				      SLAB_RECLAIM_ACCOUNT | SLAB_NO_MERGE | SLAB_PANIC, NULL);
}

static struct address_space *bdev_mapping(const struct block_device *bdev)
{
	return bdev->bd_inode->i_mapping;
}

static void buffer_io_error(struct buffer_head *bh, const char *what)
{
	char name[36];

	pr_err_ratelimited("Buffer I/O error on dev %s, logical block %llu%s\n",
			   bdev_name(bh->b_bdev, name), bh->b_blocknr, what);
}

/* ---- the lock of a buffer ---- */

bool trylock_buffer(struct buffer_head *bh)
{
	return likely(!test_and_set_bit_lock(BH_Lock, &bh->b_state));
}

void lock_buffer(struct buffer_head *bh)
{
	might_sleep();
	if (!trylock_buffer(bh))
		wait_on_bit_lock_io(&bh->b_state, BH_Lock, TASK_UNINTERRUPTIBLE);
}

void unlock_buffer(struct buffer_head *bh)
{
	clear_and_wake_up_bit(BH_Lock, &bh->b_state);
}

void wait_on_buffer(struct buffer_head *bh)
{
	if (buffer_locked(bh))
		wait_on_bit_io(&bh->b_state, BH_Lock, TASK_UNINTERRUPTIBLE);
}

/* ---- buffers of a folio ---- */

/* From memory that a handle can name; NULL without memory. */
static struct buffer_head *alloc_buffer_head(gfp_t gfp)
{
	struct buffer_head *bh = kmem_cache_zalloc(bh_cachep, gfp | __GFP_ACCOUNT);

	if (bh && __pa(bh) >> BH_HANDLE_SHIFT > 0xffffffffUL) {
		WARN_ONCE(1, "buffer_head beyond 512 GiB\n");
		kmem_cache_free(bh_cachep, bh);
		return NULL;
	}
	if (bh)
		INIT_LIST_HEAD(&bh->b_assoc_buffers);
	return bh;
}

static void free_buffer_head(struct buffer_head *bh)
{
	BUG_ON(!list_empty(&bh->b_assoc_buffers));
	kmem_cache_free(bh_cachep, bh);
}

static void free_ring(struct buffer_head *head)
{
	struct buffer_head *bh = head, *next;

	do {
		next = bh->b_this_page;
		free_buffer_head(bh);
		bh = next;
	} while (bh != head);
}

/* Hang the ring of @head at @folio, with a reference to it. => private_lock of its mapping, or not yet seen */
static void folio_attach_buffers(struct folio *folio, struct buffer_head *head)
{
	folio_get(folio);
	set_page_private(&folio->page, __pa(head) >> BH_HANDLE_SHIFT);
	folio_set_private(folio);
}

/* The head of the ring, which hangs there no more; the reference is dropped. => as above */
static struct buffer_head *folio_detach_buffers(struct folio *folio)
{
	struct buffer_head *head = folio_buffers(folio);

	if (!head)
		return NULL;
	folio_clear_private(folio);
	set_page_private(&folio->page, 0);
	folio_put(folio);
	return head;
}

/* A ring of buffers of @size for @folio, not mapped; NULL without memory. */
static struct buffer_head *alloc_ring(struct folio *folio, unsigned long size, gfp_t gfp)
{
	struct buffer_head *first = NULL, *last = NULL, *bh;
	size_t offset = 0;

	do {
		bh = alloc_buffer_head(gfp);
		if (!bh) {
			if (first) {
				last->b_this_page = first;
				free_ring(first);
			}
			return NULL;
		}
		bh->b_folio = folio;
		bh->b_data = (char *)folio_address(folio) + offset;
		bh->b_size = size;
		if (last)
			last->b_this_page = bh;
		else
			first = bh;
		last = bh;
		offset += size;
	} while (offset < folio_size(folio));
	last->b_this_page = first;
	return first;
}

void folio_create_empty_buffers(struct folio *folio, unsigned long blocksize, unsigned long b_state)
{
	struct buffer_head *head, *bh;

	head = bh = alloc_ring(folio, blocksize, GFP_NOFS | __GFP_NOFAIL);
	BUG_ON(!head);
	do {
		bh->b_state |= b_state;
		if (folio_test_uptodate(folio))
			bh->b_state |= 1UL << BH_Uptodate;
		if (folio_test_dirty(folio))
			bh->b_state |= 1UL << BH_Dirty;
		bh = bh->b_this_page;
	} while (bh != head);
	spin_lock(&folio->mapping->private_lock);
	folio_attach_buffers(folio, head);
	spin_unlock(&folio->mapping->private_lock);
}

/* => private_lock of the device's mapping held */
static void remove_assoc(struct buffer_head *bh)
{
	list_del_init(&bh->b_assoc_buffers);
	if (buffer_write_io_error(bh))
		mapping_set_error(bh->b_assoc_map, -EIO);
	bh->b_assoc_map = NULL;
}

static bool buffer_busy(const struct buffer_head *bh)
{
	return atomic_read(&bh->b_count) || buffer_dirty(bh) || buffer_locked(bh);
}

/* => private_lock held, folio locked. The ring, taken off, or NULL when a buffer is busy. */
static struct buffer_head *drop_buffers(struct folio *folio)
{
	struct buffer_head *head = folio_buffers(folio), *bh = head;

	do {
		if (buffer_busy(bh))
			return NULL;
		bh = bh->b_this_page;
	} while (bh != head);
	do {
		if (bh->b_assoc_map)
			remove_assoc(bh);
		bh = bh->b_this_page;
	} while (bh != head);
	return folio_detach_buffers(folio);
}

/* Take the buffers off, if none is used, dirty or locked. => folio locked. True: they are gone. */
static bool try_to_free_buffers(struct folio *folio)
{
	struct address_space *mapping = folio->mapping;
	struct buffer_head *head;

	if (folio_test_writeback(folio))
		return false;
	if (!folio_buffers(folio))
		return true;
	/* Truncated while somebody used a buffer: only he can see it. */
	if (!mapping) {
		head = drop_buffers(folio);
	} else {
		spin_lock(&mapping->private_lock);
		head = drop_buffers(folio);
		/* All buffers are clean; mark_buffer_dirty() takes the folio's mark under the same lock. */
		if (head)
			folio_clear_dirty_for_io(folio);
		spin_unlock(&mapping->private_lock);
	}
	if (head)
		free_ring(head);
	return head;
}

/* ---- one block ---- */

static struct buffer_head *find_in_folio(struct address_space *mapping, struct folio *folio,
					 sector_t block)
{
	struct buffer_head *head, *bh, *found = NULL;

	spin_lock(&mapping->private_lock);
	head = bh = folio_buffers(folio);
	if (head) {
		do {
			if (buffer_mapped(bh) && bh->b_blocknr == block) {
				get_bh(bh);
				found = bh;
				break;
			}
			bh = bh->b_this_page;
		} while (bh != head);
	}
	spin_unlock(&mapping->private_lock);
	return found;
}

static pgoff_t block_to_index(const struct block_device *bdev, sector_t block)
{
	return block >> (PAGE_SHIFT - bdev->bd_inode->i_blkbits);
}

struct buffer_head *__find_get_block(struct block_device *bdev, sector_t block, unsigned int size)
{
	struct address_space *mapping = bdev_mapping(bdev);
	struct buffer_head *bh = NULL;
	struct folio *folio;

	if (size != 1U << bdev->bd_inode->i_blkbits)
		return NULL;
	folio = filemap_get_entry(mapping, block_to_index(bdev, block));
	if (!folio)
		return NULL;
	bh = find_in_folio(mapping, folio, block);
	if (bh)
		folio_mark_accessed(folio);
	folio_put(folio);
	return bh;
}

/* The buffers of @folio, of the device's cache, learn their numbers. => folio locked */
static void map_device_buffers(struct block_device *bdev, struct folio *folio)
{
	unsigned int blkbits = bdev->bd_inode->i_blkbits;
	sector_t block = (sector_t)folio->index << (PAGE_SHIFT - blkbits);
	sector_t end = bdev_nr_bytes(bdev) >> blkbits;
	struct buffer_head *head = folio_buffers(folio), *bh = head;

	do {
		if (!buffer_mapped(bh) && block < end) {
			bh->b_bdev = bdev;
			bh->b_blocknr = block;
			if (folio_test_uptodate(folio))
				set_buffer_uptodate(bh);
			set_buffer_mapped(bh);
		}
		block++;
		bh = bh->b_this_page;
	} while (bh != head);
}

/* Have buffers for @block in the cache: 0, or -ENOMEM. */
static int grow_buffers(struct block_device *bdev, sector_t block, unsigned int size)
{
	struct address_space *mapping = bdev_mapping(bdev);
	gfp_t gfp = (mapping_gfp_mask(mapping) & ~__GFP_FS) | __GFP_MOVABLE | __GFP_NOFAIL;
	struct folio *folio = __filemap_get_folio(mapping, block_to_index(bdev, block),
						  FGP_LOCK | FGP_ACCESSED | FGP_CREAT, gfp);

	if (!folio)
		return -ENOMEM;
	if (!folio_buffers(folio))
		folio_create_empty_buffers(folio, size, 0);
	map_device_buffers(bdev, folio);
	folio_unlock(folio);
	folio_put(folio);
	return 0;
}

struct buffer_head *__getblk(struct block_device *bdev, sector_t block, unsigned int size)
{
	unsigned int blkbits = bdev->bd_inode->i_blkbits;
	struct buffer_head *bh;

	might_sleep();
	if (unlikely(size != 1U << blkbits || block >= (sector_t)bdev_nr_bytes(bdev) >> blkbits))
		return NULL;
	while (!(bh = __find_get_block(bdev, block, size)))
		if (grow_buffers(bdev, block, size))
			return NULL;
	return bh;
}

int bh_read(struct buffer_head *bh, blk_opf_t op_flags)
{
	if (buffer_uptodate(bh))
		return 0;
	lock_buffer(bh);
	if (buffer_uptodate(bh)) {
		unlock_buffer(bh);
		return 0;
	}
	get_bh(bh);
	bh->b_end_io = end_buffer_read_sync;
	submit_bh(REQ_OP_READ | op_flags, bh);
	wait_on_buffer(bh);
	return buffer_uptodate(bh) ? 0 : -EIO;
}

static struct buffer_head *__bread(struct block_device *bdev, sector_t block, unsigned int size)
{
	struct buffer_head *bh = __getblk(bdev, block, size);

	if (bh && bh_read(bh, REQ_META | REQ_PRIO)) {
		brelse(bh);
		return NULL;
	}
	return bh;
}

/* Start reading, if there is memory, and do not wait. */
static void __breadahead(struct block_device *bdev, sector_t block, unsigned int size)
{
	struct buffer_head *bh = __getblk(bdev, block, size);

	if (!bh)
		return;
	if (!buffer_uptodate(bh) && trylock_buffer(bh)) {
		if (buffer_uptodate(bh)) {
			unlock_buffer(bh);
		} else {
			get_bh(bh);
			bh->b_end_io = end_buffer_read_sync;
			submit_bh(REQ_OP_READ | REQ_META | REQ_RAHEAD, bh);
		}
	}
	brelse(bh);
}

struct buffer_head *sb_bread(struct super_block *sb, sector_t block)
{
	return __bread(sb->s_bdev, block, sb->s_blocksize);
}

struct buffer_head *sb_getblk(struct super_block *sb, sector_t block)
{
	return __getblk(sb->s_bdev, block, sb->s_blocksize);
}

struct buffer_head *sb_find_get_block(struct super_block *sb, sector_t block)
{
	return __find_get_block(sb->s_bdev, block, sb->s_blocksize);
}

void sb_breadahead(struct super_block *sb, sector_t block)
{
	__breadahead(sb->s_bdev, block, sb->s_blocksize);
}

void map_bh(struct buffer_head *bh, struct super_block *sb, sector_t block)
{
	set_buffer_mapped(bh);
	bh->b_bdev = sb->s_bdev;
	bh->b_blocknr = block;
	bh->b_size = sb->s_blocksize;
}

/* ---- dirt ---- */

void mark_buffer_dirty(struct buffer_head *bh)
{
	struct folio *folio = bh->b_folio;
	struct address_space *mapping;

	WARN_ON_ONCE(!buffer_uptodate(bh));
	if (buffer_dirty(bh)) {
		smp_mb(); /* the change comes before the look at the bit, which a write-out clears first */
		if (buffer_dirty(bh))
			return;
	}
	if (test_set_buffer_dirty(bh))
		return;
	/* We hold b_count, so that try_to_free_buffers() leaves the ring alone. */
	mapping = folio_mapping(folio);
	if (mapping)
		filemap_dirty_folio(mapping, folio);
}

void mark_buffer_dirty_inode(struct buffer_head *bh, struct inode *inode)
{
	struct address_space *mapping = inode->i_mapping, *dev = folio_mapping(bh->b_folio);

	mark_buffer_dirty(bh);
	if (READ_ONCE(bh->b_assoc_map) || !dev)
		return;
	spin_lock(&dev->private_lock);
	if (!bh->b_assoc_map) {
		mapping->private_data = dev;
		list_move_tail(&bh->b_assoc_buffers, &mapping->private_list);
		bh->b_assoc_map = mapping;
	}
	spin_unlock(&dev->private_lock);
}

void bforget(struct buffer_head *bh)
{
	struct address_space *dev;

	if (!bh)
		return;
	clear_buffer_dirty(bh);
	dev = folio_mapping(bh->b_folio);
	if (bh->b_assoc_map && dev) {
		spin_lock(&dev->private_lock);
		if (bh->b_assoc_map)
			remove_assoc(bh);
		spin_unlock(&dev->private_lock);
	}
	brelse(bh);
}

/* Write what is dirty of @list, whose lock is @lock, and hang it at @written. Drops and takes @lock. */
static void write_list(struct list_head *list, struct list_head *written, spinlock_t *lock)
{
	while (!list_empty(list)) {
		struct buffer_head *bh =
			list_first_entry(list, struct buffer_head, b_assoc_buffers);
		struct address_space *mapping = bh->b_assoc_map;

		remove_assoc(bh);
		smp_mb(); /* mark_buffer_dirty_inode() sees b_assoc_map NULL, or we see BH_Dirty */
		if (!buffer_dirty(bh) && !buffer_locked(bh))
			continue;
		list_add_tail(&bh->b_assoc_buffers, written);
		bh->b_assoc_map = mapping;
		get_bh(bh);
		spin_unlock(lock);
		write_dirty_buffer(bh, REQ_SYNC);
		brelse(bh); /* the list keeps it: a buffer on it is waited for before it can go */
		spin_lock(lock);
	}
}

int sync_mapping_buffers(struct address_space *mapping)
{
	struct address_space *dev = mapping->private_data;
	LIST_HEAD(written);
	int err = 0;

	if (!dev || list_empty(&mapping->private_list))
		return 0;
	spin_lock(&dev->private_lock);
	write_list(&mapping->private_list, &written, &dev->private_lock);
	while (!list_empty(&written)) {
		struct buffer_head *bh =
			list_last_entry(&written, struct buffer_head, b_assoc_buffers);

		get_bh(bh);
		remove_assoc(bh);
		smp_mb();
		if (buffer_dirty(bh)) { /* again: it still belongs to the inode */
			list_add(&bh->b_assoc_buffers, &mapping->private_list);
			bh->b_assoc_map = mapping;
		}
		spin_unlock(&dev->private_lock);
		wait_on_buffer(bh);
		if (!buffer_uptodate(bh))
			err = -EIO;
		brelse(bh);
		spin_lock(&dev->private_lock);
	}
	spin_unlock(&dev->private_lock);
	return err;
}

bool remove_inode_buffers(struct inode *inode)
{
	struct address_space *mapping = &inode->i_data, *dev = mapping->private_data;
	bool clean = true;

	if (!dev || list_empty(&mapping->private_list))
		return true;
	spin_lock(&dev->private_lock);
	while (!list_empty(&mapping->private_list)) {
		struct buffer_head *bh = list_first_entry(&mapping->private_list,
							  struct buffer_head, b_assoc_buffers);

		if (buffer_dirty(bh)) {
			clean = false;
			break;
		}
		remove_assoc(bh);
	}
	spin_unlock(&dev->private_lock);
	return clean;
}

void invalidate_inode_buffers(struct inode *inode)
{
	struct address_space *mapping = &inode->i_data, *dev = mapping->private_data;

	if (!dev || list_empty(&mapping->private_list))
		return;
	spin_lock(&dev->private_lock);
	while (!list_empty(&mapping->private_list))
		remove_assoc(list_first_entry(&mapping->private_list, struct buffer_head,
					      b_assoc_buffers));
	spin_unlock(&dev->private_lock);
}

void clean_bdev_aliases(struct block_device *bdev, sector_t block, sector_t len)
{
	for (sector_t end = block + len; block < end; block++) {
		struct buffer_head *bh =
			__find_get_block(bdev, block, 1U << bdev->bd_inode->i_blkbits);

		if (!bh)
			continue;
		clear_buffer_dirty(bh);
		wait_on_buffer(bh);
		clear_buffer_req(bh);
		brelse(bh);
	}
}

/* ---- I/O ---- */

static void end_bio_bh(struct bio *bio)
{
	struct buffer_head *bh = bio->bi_private;

	bh->b_end_io(bh, !bio->bi_status);
	bio_put(bio);
}

void submit_bh(blk_opf_t opf, struct buffer_head *bh)
{
	struct bio *bio;

	BUG_ON(!buffer_locked(bh) || !buffer_mapped(bh) || !bh->b_end_io);
	if (test_set_buffer_req(bh) && (opf & REQ_OP_MASK) == REQ_OP_WRITE)
		clear_buffer_write_io_error(bh);
	if (buffer_meta(bh))
		opf |= REQ_META;
	if (buffer_prio(bh))
		opf |= REQ_PRIO;
	bio = bio_alloc(bh->b_bdev, 1, opf, GFP_NOIO);
	bio->bi_iter.bi_sector = bh->b_blocknr * (bh->b_size >> SECTOR_SHIFT);
	bio_add_folio(bio, bh->b_folio, bh->b_size,
		      bh->b_data - (char *)folio_address(bh->b_folio));
	bio->bi_end_io = end_bio_bh;
	bio->bi_private = bh;
	submit_bio(bio);
}

void end_buffer_read_sync(struct buffer_head *bh, int uptodate)
{
	if (uptodate)
		set_buffer_uptodate(bh);
	else
		clear_buffer_uptodate(bh);
	unlock_buffer(bh);
	put_bh(bh);
}

/* Who waits for the block is told: the device, and the inode that it belongs to. */
static void mark_write_error(struct buffer_head *bh)
{
	struct address_space *dev = folio_mapping(bh->b_folio);

	buffer_io_error(bh, ", lost sync page write");
	set_buffer_write_io_error(bh);
	clear_buffer_uptodate(bh);
	if (!dev)
		return;
	spin_lock(&dev->private_lock);
	mapping_set_error(dev, -EIO);
	if (bh->b_assoc_map)
		mapping_set_error(bh->b_assoc_map, -EIO);
	spin_unlock(&dev->private_lock);
}

void end_buffer_write_sync(struct buffer_head *bh, int uptodate)
{
	if (uptodate)
		set_buffer_uptodate(bh);
	else
		mark_write_error(bh);
	unlock_buffer(bh);
	put_bh(bh);
}

void write_dirty_buffer(struct buffer_head *bh, blk_opf_t op_flags)
{
	lock_buffer(bh);
	if (!test_clear_buffer_dirty(bh)) {
		unlock_buffer(bh);
		return;
	}
	bh->b_end_io = end_buffer_write_sync;
	get_bh(bh);
	submit_bh(REQ_OP_WRITE | op_flags, bh);
}

int sync_dirty_buffer(struct buffer_head *bh)
{
	write_dirty_buffer(bh, REQ_SYNC);
	wait_on_buffer(bh);
	return buffer_uptodate(bh) ? 0 : -EIO;
}

/* ---- a whole folio by its buffers ---- */

/* One of the folio's reads has ended; the last one unlocks the folio. */
static void end_buffer_async_read(struct buffer_head *bh, int uptodate)
{
	struct folio *folio = bh->b_folio;
	struct address_space *mapping = folio->mapping; /* the folio is locked */
	bool busy = false, all = true;
	struct buffer_head *tmp;

	if (uptodate) {
		set_buffer_uptodate(bh);
	} else {
		clear_buffer_uptodate(bh);
		buffer_io_error(bh, ", async page read");
		folio_set_error(folio);
	}
	spin_lock(&mapping->private_lock);
	clear_buffer_async_read(bh);
	unlock_buffer(bh);
	tmp = bh;
	do {
		if (!buffer_uptodate(tmp))
			all = false;
		if (buffer_async_read(tmp))
			busy = true;
		tmp = tmp->b_this_page;
	} while (tmp != bh);
	spin_unlock(&mapping->private_lock);
	if (busy)
		return;
	if (all)
		folio_mark_uptodate(folio);
	folio_unlock(folio);
}

static unsigned int blkbits_of(const struct buffer_head *bh)
{
	return ilog2(bh->b_size);
}

/* Know where @bh, block @iblock of @inode, lies; holes read as zeroes. True: it has to be read. */
static bool prepare_read(struct inode *inode, struct buffer_head *bh, sector_t iblock,
			 sector_t last, get_block_t *get_block)
{
	bool failed = false;

	if (buffer_uptodate(bh))
		return false;
	if (!buffer_mapped(bh)) {
		if (iblock < last && get_block(inode, iblock, bh, 0)) {
			folio_set_error(bh->b_folio);
			failed = true;
		}
		if (!buffer_mapped(bh)) {
			memset(bh->b_data, 0, bh->b_size);
			if (!failed)
				set_buffer_uptodate(bh);
			return false;
		}
	}
	return !buffer_uptodate(bh);
}

static int block_read_full_folio(struct folio *folio, get_block_t *get_block)
{
	struct inode *inode = folio->mapping->host;
	struct buffer_head *head, *bh, *arr[PAGE_SIZE / 512];
	unsigned int nr = 0;
	sector_t iblock, last;
	bool all = true;

	VM_BUG_ON_FOLIO(folio_test_large(folio), folio);
	if (!folio_buffers(folio))
		folio_create_empty_buffers(folio, 1UL << inode->i_blkbits, 0);
	head = bh = folio_buffers(folio);
	iblock = (sector_t)folio->index << (PAGE_SHIFT - blkbits_of(head));
	last = (i_size_read(inode) + head->b_size - 1) >> blkbits_of(head);
	do {
		if (prepare_read(inode, bh, iblock, last, get_block))
			arr[nr++] = bh;
		else if (!buffer_uptodate(bh))
			all = false;
		iblock++;
		bh = bh->b_this_page;
	} while (bh != head);
	if (!nr) {
		if (all)
			folio_mark_uptodate(folio);
		folio_unlock(folio);
		return 0;
	}
	for (unsigned int i = 0; i < nr; i++) {
		lock_buffer(arr[i]);
		arr[i]->b_end_io = end_buffer_async_read;
		set_buffer_async_read(arr[i]);
	}
	for (unsigned int i = 0; i < nr; i++) {
		/* Read or written meanwhile by its number. */
		if (buffer_uptodate(arr[i]))
			end_buffer_async_read(arr[i], 1);
		else
			submit_bh(REQ_OP_READ, arr[i]);
	}
	return 0;
}

/* One of the folio's writes has ended; the last one ends its writeback. */
static void end_buffer_async_write(struct buffer_head *bh, int uptodate)
{
	struct folio *folio = bh->b_folio;
	struct address_space *mapping = folio->mapping; /* kept by the writeback */
	struct buffer_head *tmp;
	bool busy = false;

	if (uptodate) {
		set_buffer_uptodate(bh);
	} else {
		mark_write_error(bh);
		folio_set_error(folio);
	}
	spin_lock(&mapping->private_lock);
	clear_buffer_async_write(bh);
	unlock_buffer(bh);
	for (tmp = bh->b_this_page; tmp != bh; tmp = tmp->b_this_page)
		if (buffer_async_write(tmp))
			busy = true;
	spin_unlock(&mapping->private_lock);
	if (!busy)
		folio_end_writeback(folio);
}

/* Blocks that dirty buffers have yet to get. 0, or the error of one; the others have theirs. */
static int map_dirty_buffers(struct inode *inode, struct buffer_head *head, sector_t iblock,
			     get_block_t *get_block)
{
	sector_t last = (i_size_read(inode) - 1) >> blkbits_of(head);
	struct buffer_head *bh = head;
	int err = 0;

	do {
		if (iblock > last) { /* behind the end: a mapping wrote there */
			clear_buffer_dirty(bh);
			set_buffer_uptodate(bh);
		} else if (!buffer_mapped(bh) && buffer_dirty(bh)) {
			int ret = get_block(inode, iblock, bh, 1);

			if (ret)
				err = ret;
			else if (buffer_new(bh)) {
				clear_buffer_new(bh);
				clean_bdev_bh_alias(bh);
			}
		}
		iblock++;
		bh = bh->b_this_page;
	} while (bh != head);
	return err;
}

/* Lock the dirty buffers for writing; how many. Those that are locked are left when nobody waits. */
static unsigned int lock_dirty_buffers(struct folio *folio, struct writeback_control *wbc,
				       struct buffer_head *arr[])
{
	struct buffer_head *head = folio_buffers(folio), *bh = head;
	bool again = false;
	unsigned int nr = 0;

	do {
		if (buffer_mapped(bh) && buffer_dirty(bh)) {
			if (wbc->sync_mode != WB_SYNC_NONE) {
				lock_buffer(bh);
			} else if (!trylock_buffer(bh)) {
				again = true;
				bh = bh->b_this_page;
				continue;
			}
			if (test_clear_buffer_dirty(bh)) {
				bh->b_end_io = end_buffer_async_write;
				set_buffer_async_write(bh);
				arr[nr++] = bh;
			} else {
				unlock_buffer(bh);
			}
		}
		bh = bh->b_this_page;
	} while (bh != head);
	if (again)
		folio_redirty_for_writepage(wbc, folio);
	return nr;
}

static int block_write_full_folio(struct folio *folio, struct writeback_control *wbc,
				  get_block_t *get_block)
{
	struct inode *inode = folio->mapping->host;
	blk_opf_t opf = REQ_OP_WRITE | (wbc->sync_mode == WB_SYNC_ALL ? REQ_SYNC : 0);
	struct buffer_head *arr[PAGE_SIZE / 512];
	loff_t size = i_size_read(inode);
	unsigned int nr;
	int err;

	VM_BUG_ON_FOLIO(folio_test_large(folio), folio);
	if (folio_pos(folio) >= size) { /* truncated */
		folio_unlock(folio);
		return 0;
	}
	if (folio_pos(folio) + PAGE_SIZE >
	    size) /* what a mapping wrote behind the end stays off the disk */
		memset((char *)folio_address(folio) + (size & (PAGE_SIZE - 1)), 0,
		       PAGE_SIZE - (size & (PAGE_SIZE - 1)));
	if (!folio_buffers(folio))
		folio_create_empty_buffers(folio, 1UL << inode->i_blkbits,
					   1UL << BH_Dirty | 1UL << BH_Uptodate);
	err = map_dirty_buffers(inode, folio_buffers(folio),
				(sector_t)folio->index << (PAGE_SHIFT - inode->i_blkbits),
				get_block);
	if (err) {
		folio_set_error(folio);
		mapping_set_error(folio->mapping, err);
	}
	nr = lock_dirty_buffers(folio, wbc, arr);
	folio_start_writeback(folio);
	folio_unlock(folio);
	for (unsigned int i = 0; i < nr; i++)
		submit_bh(opf, arr[i]);
	if (!nr)
		folio_end_writeback(folio);
	return err;
}

bool block_dirty_folio(struct address_space *mapping, struct folio *folio)
{
	struct buffer_head *head, *bh;

	spin_lock(&mapping->private_lock);
	head = bh = folio_buffers(folio);
	if (head)
		do {
			set_buffer_dirty(bh);
			bh = bh->b_this_page;
		} while (bh != head);
	spin_unlock(&mapping->private_lock);
	return filemap_dirty_folio(mapping, folio);
}

static void discard_buffer(struct buffer_head *bh)
{
	lock_buffer(bh);
	clear_buffer_dirty(bh);
	bh->b_bdev = NULL;
	clear_bit(BH_Mapped, &bh->b_state);
	clear_bit(BH_New, &bh->b_state);
	clear_bit(BH_Req, &bh->b_state);
	unlock_buffer(bh);
}

void block_invalidate_folio(struct folio *folio, size_t offset, size_t length)
{
	struct buffer_head *head = folio_buffers(folio), *bh = head;
	size_t at = 0;

	if (!head)
		return;
	do {
		if (at >= offset && at + bh->b_size <= offset + length)
			discard_buffer(bh);
		at += bh->b_size;
		bh = bh->b_this_page;
	} while (bh != head);
	if (!offset && length == folio_size(folio))
		try_to_free_buffers(folio);
}

static bool block_release_folio(struct folio *folio, gfp_t gfp)
{
	return try_to_free_buffers(folio);
}

static bool block_is_partially_uptodate(struct folio *folio, size_t from, size_t count)
{
	struct buffer_head *head = folio_buffers(folio), *bh = head;
	size_t at = 0;

	if (!head)
		return false;
	do {
		if (at + bh->b_size > from && at < from + count && !buffer_uptodate(bh))
			return false;
		at += bh->b_size;
		bh = bh->b_this_page;
	} while (bh != head);
	return true;
}

/* Buffers that are written one by one, as metadata are. */
static void buffer_check_dirty_writeback(struct folio *folio, bool *dirty, bool *writeback)
{
	struct buffer_head *head = folio_buffers(folio), *bh = head;

	*dirty = folio_test_dirty(folio);
	*writeback = folio_test_writeback(folio);
	if (!head)
		return;
	do {
		*dirty |= buffer_dirty(bh);
		*writeback |= buffer_locked(bh);
		bh = bh->b_this_page;
	} while (bh != head);
}

/* ---- writing into a folio with buffers ---- */

/* Make valid what of the buffers is not covered by [from, to). 0 or an errno. => folio locked */
static int begin_buffers(struct folio *folio, size_t from, size_t to, get_block_t *get_block)
{
	struct inode *inode = folio->mapping->host;
	struct buffer_head *head = folio_buffers(folio), *bh = head;
	sector_t iblock = (sector_t)folio->index << (PAGE_SHIFT - blkbits_of(head));
	size_t at = 0;
	int err = 0;

	do {
		if (at < to && at + bh->b_size > from) {
			if (!buffer_mapped(bh))
				err = get_block(inode, iblock, bh, 1);
			if (!err && buffer_new(bh)) {
				clear_buffer_new(bh);
				clean_bdev_bh_alias(bh);
				if (!buffer_uptodate(bh) && (at < from || at + bh->b_size > to)) {
					memset(bh->b_data, 0, bh->b_size);
					set_buffer_uptodate(bh);
				}
			}
			if (!err && (at < from || at + bh->b_size > to))
				err = bh_read(bh, 0);
			if (err)
				return err;
		}
		at += bh->b_size;
		iblock++;
		bh = bh->b_this_page;
	} while (bh != head);
	return 0;
}

static int block_write_begin(struct address_space *mapping, loff_t pos, unsigned len,
			     struct page **pagep, get_block_t *get_block)
{
	struct inode *inode = mapping->host;
	size_t from = pos & (PAGE_SIZE - 1);
	struct folio *folio = __filemap_get_folio(mapping, pos >> PAGE_SHIFT,
						  FGP_LOCK | FGP_WRITE | FGP_CREAT | FGP_STABLE,
						  mapping_gfp_mask(mapping));
	int err;

	if (!folio)
		return -ENOMEM;
	if (!folio_buffers(folio))
		folio_create_empty_buffers(folio, 1UL << inode->i_blkbits, 0);
	err = begin_buffers(folio, from, from + len, get_block);
	if (err) {
		folio_unlock(folio);
		folio_put(folio);
		return err;
	}
	*pagep = &folio->page;
	return 0;
}

int block_write_end(struct file *file, struct address_space *mapping, loff_t pos, unsigned len,
		    unsigned copied, struct page *page, void *fsdata)
{
	struct folio *folio = page_folio(page);
	struct buffer_head *head = folio_buffers(folio), *bh = head;
	size_t from = pos & (PAGE_SIZE - 1), to = from + copied, at = 0;
	bool all = true;

	/* A short copy into what is not valid yet counts for nothing. */
	if (unlikely(copied < len) && !folio_test_uptodate(folio))
		to = from + (copied = 0);
	do {
		if (at < to && at + bh->b_size > from) {
			set_buffer_uptodate(bh);
			mark_buffer_dirty(bh);
		} else if (!buffer_uptodate(bh)) {
			all = false;
		}
		at += bh->b_size;
		bh = bh->b_this_page;
	} while (bh != head);
	if (all)
		folio_mark_uptodate(folio);
	return copied;
}

/* ---- the file of a block device ---- */

int blkdev_get_block(struct inode *inode, sector_t iblock, struct buffer_head *bh, int create)
{
	bh->b_bdev = I_BDEV(inode);
	bh->b_blocknr = iblock;
	set_buffer_mapped(bh);
	return 0;
}

static int blkdev_read_folio(struct file *file, struct folio *folio)
{
	return block_read_full_folio(folio, blkdev_get_block);
}

static void blkdev_readahead(struct readahead_control *rac)
{
	mpage_readahead(rac, blkdev_get_block); /* buffers come when somebody asks for a block */
}

static int blkdev_write_folio(struct folio *folio, struct writeback_control *wbc, void *unused)
{
	return block_write_full_folio(folio, wbc, blkdev_get_block);
}

static int blkdev_writepages(struct address_space *mapping, struct writeback_control *wbc)
{
	struct blk_plug plug;
	int err;

	blk_start_plug(&plug);
	err = write_cache_pages(mapping, wbc, blkdev_write_folio, NULL);
	blk_finish_plug(&plug);
	return err;
}

static int blkdev_write_begin(struct file *file, struct address_space *mapping, loff_t pos,
			      unsigned len, struct page **pagep, void **fsdata)
{
	return block_write_begin(mapping, pos, len, pagep, blkdev_get_block);
}

static int blkdev_write_end(struct file *file, struct address_space *mapping, loff_t pos,
			    unsigned len, unsigned copied, struct page *page, void *fsdata)
{
	struct folio *folio = page_folio(page);
	int ret = block_write_end(file, mapping, pos, len, copied, page, fsdata);

	folio_unlock(folio);
	folio_put(folio);
	return ret;
}

const struct address_space_operations def_blk_aops = {
	.dirty_folio = block_dirty_folio,
	.invalidate_folio = block_invalidate_folio,
	.release_folio = block_release_folio,
	.read_folio = blkdev_read_folio,
	.readahead = blkdev_readahead,
	.writepages = blkdev_writepages,
	.write_begin = blkdev_write_begin,
	.write_end = blkdev_write_end,
	.is_partially_uptodate = block_is_partially_uptodate,
	.is_dirty_writeback = buffer_check_dirty_writeback,
};

/* ---- file data, without buffers ---- */

/* Read block @blocknr of @bdev into [offset, offset + size) of @folio, and wait. */
static int read_block_sync(struct block_device *bdev, sector_t blocknr, unsigned int size,
			   struct folio *folio, size_t offset)
{
	struct bio_vec vec;
	struct bio bio;

	bio_init(&bio, bdev, &vec, 1, REQ_OP_READ);
	bio.bi_iter.bi_sector = blocknr * (size >> SECTOR_SHIFT);
	bio_add_folio(&bio, folio, size, offset);
	return submit_bio_wait(&bio);
}

#define NOBH_BLOCKS 64 /* in a folio that is not up to date: a bit each */

/* A write to [from, to) of a folio. */
struct nobh_write {
	struct folio *folio;
	get_block_t *get_block;
	size_t from, to;
	u64 new;     /* blocks that were allocated just now, while the folio was not up to date */
	bool mapped; /* all blocks that were looked at are on the disk */
};

static unsigned int nobh_blkbits(const struct nobh_write *w)
{
	return w->folio->mapping->host->i_blkbits;
}

static sector_t nobh_iblock(const struct nobh_write *w, unsigned int i)
{
	return ((sector_t)w->folio->index << (PAGE_SHIFT - nobh_blkbits(w))) + i;
}

/* Block @i, at @bno of the disk or (0) nowhere, is not wholly overwritten: make it valid. 0 or an errno. */
static int nobh_fill_block(struct nobh_write *w, unsigned int i, struct block_device *bdev,
			   sector_t bno)
{
	unsigned int blkbits = nobh_blkbits(w);
	size_t at = (size_t)i << blkbits;

	if (bno)
		return read_block_sync(bdev, bno, 1U << blkbits, w->folio, at);
	memset((char *)folio_address(w->folio) + at, 0, 1UL << blkbits);
	return 0;
}

/*
 * Blocks [i, end) of the folio, which are written (they get a place on the disk) or not. What is not covered becomes valid.
 * How many were dealt with, as far as they lie in a row, or an errno.
 */
static int nobh_begin_run(struct nobh_write *w, unsigned int i, unsigned int end, bool wanted)
{
	unsigned int blkbits = nobh_blkbits(w), nr = 1;
	struct buffer_head map = { .b_size = (size_t)(end - i) << blkbits };
	int err = w->get_block(w->folio->mapping->host, nobh_iblock(w, i), &map, wanted);
	bool new;

	if (err)
		return err;
	if (buffer_mapped(&map)) /* the length of holes is not told */
		nr = min(map.b_size >> blkbits, (size_t)(end - i));
	w->mapped &= buffer_mapped(&map);
	new = buffer_new(&map);
	if (new)
		clean_bdev_aliases(map.b_bdev, map.b_blocknr, nr);
	if (folio_test_uptodate(w->folio)) {
		/* Whatever becomes of the write, the disk shall not show what these blocks held before. */
		if (new)
			folio_mark_dirty_range(w->folio, (size_t)i << blkbits,
					       (size_t)nr << blkbits);
		return nr;
	}
	for (unsigned int n = 0; n < nr && !err; n++, i++) {
		size_t at = (size_t)i << blkbits;

		w->new |= (u64) new << i;
		if (at < w->from || at + (1UL << blkbits) > w->to)
			err = nobh_fill_block(w, i, map.b_bdev,
					      buffer_mapped(&map) && !new ? map.b_blocknr + n : 0);
	}
	return err ? err : (int)nr;
}

/* The same for all of [i, end). 0 or an errno. */
static int nobh_begin_blocks(struct nobh_write *w, unsigned int i, unsigned int end, bool wanted)
{
	int nr = 0;

	for (; i < end && nr >= 0; i += max(nr, 0))
		nr = nobh_begin_run(w, i, end, wanted);
	return min(nr, 0);
}

/* Make the blocks that lie wholly in [from, to) valid, but for the new ones. 0 or an errno. => folio locked */
static int nobh_read_others(struct nobh_write *w, size_t from, size_t to)
{
	unsigned int blkbits = nobh_blkbits(w);
	int err = 0;

	for (unsigned int i = DIV_ROUND_UP(from, 1UL << blkbits); i < to >> blkbits && !err; i++) {
		struct buffer_head map = { .b_size = 1UL << blkbits };

		if (w->new >> i & 1)
			continue;
		err = w->get_block(w->folio->mapping->host, nobh_iblock(w, i), &map, 0);
		if (!err)
			err = nobh_fill_block(w, i, map.b_bdev,
					      buffer_mapped(&map) ? map.b_blocknr : 0);
	}
	return err;
}

/* Zero what of the blocks @new lies at or behind @from. */
static void nobh_zero_new(struct folio *folio, size_t from, u64 new)
{
	unsigned int blkbits = folio->mapping->host->i_blkbits;

	for (unsigned int i = 0; new; i++, new >>= 1) {
		size_t at = max((size_t)i << blkbits, from), end = (size_t)(i + 1) << blkbits;

		if ((new & 1) && at < end)
			memset((char *)folio_address(folio) + at, 0, end - at);
	}
}

/* Some blocks were allocated, then an error: what the disk holds there must not be seen, it becomes zero. */
static void nobh_write_undo(struct nobh_write *w)
{
	struct folio *folio = w->folio;

	if (!w->new || folio_test_uptodate(folio))
		return;
	nobh_zero_new(folio, 0, w->new);
	if (nobh_read_others(w, 0, folio_size(folio)))
		return;
	folio_mark_uptodate(folio);
	folio_mark_dirty(folio);
}

/* All blocks of the folio that matter for the write. 0 or an errno. */
static int nobh_begin_folio(struct nobh_write *w)
{
	unsigned int blkbits = nobh_blkbits(w), nr = folio_size(w->folio) >> blkbits;
	unsigned int first = w->from >> blkbits, end = DIV_ROUND_UP(w->to, 1UL << blkbits);
	bool valid = folio_test_uptodate(w->folio);
	int err = 0;

	if (!valid)
		err = nobh_begin_blocks(w, 0, first, false);
	if (!err)
		err = nobh_begin_blocks(w, first, end, true);
	if (!err && !valid)
		err = nobh_begin_blocks(w, end, nr, false);
	if (unlikely(err))
		return err;
	if (w->mapped && (!valid || end - first == nr))
		folio_set_mappedtodisk(w->folio);
	/* With new blocks nobody may fall back on what the disk holds: what is covered is read as well. */
	return w->new &&nr > 1 ? nobh_read_others(w, w->from, w->to) : 0;
}

/* The folio for a write of @len bytes at @pos, locked: up to date, or with no more blocks than there are bits. Or ERR_PTR. */
static struct folio *nobh_get_folio(struct address_space *mapping, loff_t pos, unsigned int len)
{
	unsigned int blkbits = mapping->host->i_blkbits;
	int fgp = FGP_LOCK | FGP_WRITE | FGP_CREAT | FGP_STABLE |
		  fgf_set_order(min_t(size_t, len, (size_t)NOBH_BLOCKS << blkbits));

	for (;;) {
		struct folio *folio = __filemap_get_folio(mapping, pos >> PAGE_SHIFT, fgp,
							  mapping_gfp_mask(mapping));
		int err;

		if (!folio)
			return ERR_PTR(-ENOMEM);
		if (likely(folio_test_uptodate(folio) ||
			   folio_size(folio) >> blkbits <= NOBH_BLOCKS))
			return folio;
		err = call_aop(mapping->a_ops, read_folio, NULL, folio); /* unlocks */
		if (!err)
			folio_wait_locked(folio);
		if (!err && !folio_test_uptodate(folio) && folio->mapping == mapping)
			err = -EIO;
		folio_put(folio);
		if (err)
			return ERR_PTR(err);
	}
}

int nobh_write_begin(struct address_space *mapping, loff_t pos, unsigned len, struct page **pagep,
		     void **fsdata, get_block_t *get_block)
{
	struct folio *folio = nobh_get_folio(mapping, pos, len);
	struct nobh_write w = { .folio = folio, .get_block = get_block, .mapped = true };
	int err = 0;

	if (IS_ERR(folio))
		return PTR_ERR(folio);
	w.from = pos & (folio_size(folio) - 1);
	w.to = min_t(size_t, w.from + len, folio_size(folio));
	if (!folio_test_uptodate(folio) || !folio_test_mappedtodisk(folio))
		err = nobh_begin_folio(&w);
	if (unlikely(err)) {
		nobh_write_undo(&w);
		folio_unlock(folio);
		folio_put(folio);
		return err;
	}
	*pagep = &folio->page;
	*fsdata = (void *)w.new;
	return 0;
}

int nobh_write_end(struct file *file, struct address_space *mapping, loff_t pos, unsigned len,
		   unsigned copied, struct page *page, void *fsdata)
{
	struct folio *folio = page_folio(page);
	struct inode *inode = mapping->host;
	size_t from = pos & (folio_size(folio) - 1);
	u64 new = (u64)fsdata;

	if (unlikely(copied < len) && !folio_test_uptodate(folio)) {
		if (!new) { /* the disk has what the folio lacks: as if nothing was copied */
			copied = 0;
			goto out;
		}
		nobh_zero_new(folio, from + copied, new);
		folio_mark_uptodate(folio);
		folio_mark_dirty(folio);
	}
	folio_mark_uptodate(folio);
	folio_mark_dirty_range(folio, from, copied);
	if (pos + copied > inode->i_size) {
		i_size_write(inode, pos + copied);
		mark_inode_dirty(inode);
	}
out:
	folio_unlock(folio);
	folio_put(folio);
	return copied;
}

int nobh_truncate_page(struct address_space *mapping, loff_t from, get_block_t *get_block)
{
	struct inode *inode = mapping->host;
	unsigned int blkbits = inode->i_blkbits;
	size_t gap = round_up((u64)from, 1UL << blkbits) - from;
	struct buffer_head map = { .b_size = 1UL << blkbits };
	struct folio *folio;
	int err = 0;

	if (gap)
		err = get_block(inode, from >> blkbits, &map, 0);
	if (err || !buffer_mapped(&map))
		return err;
	folio = read_cache_folio(mapping, from >> PAGE_SHIFT, NULL, NULL);
	if (IS_ERR(folio))
		return PTR_ERR(folio);
	folio_lock(folio);
	if (folio->mapping == mapping) {
		size_t offset = from & (folio_size(folio) - 1);

		folio_wait_writeback(folio);
		memset((char *)folio_address(folio) + offset, 0, gap);
		folio_mark_dirty_range(folio, offset, gap);
	}
	folio_unlock(folio);
	folio_put(folio);
	return 0;
}
