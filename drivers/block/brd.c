// SPDX-License-Identifier: MIT
/*
 * RAM disks /dev/ram0, ram1, ...: pages in a tree, made at the first write; a page that was never written reads
 * as zeroes, and a discard gives whole pages back. Bios are carried out where they are submitted, so a RAM disk
 * shows what lies above a disk without the cost and the threads of one.
 *
 * Parameters as in Linux (drivers/block/brd.c): brd.rd_nr= how many (here none unless asked for, at most 16),
 * brd.rd_size= KiB of each. Locks: each bio holds brd->lock for reading, a discard for writing, so a page stays
 * while it is used; the tree has its own lock. Observed by "RAM disks" in /proc/mm/ledger.
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <block/blkdev.h>
#include <block/genhd.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <mm/gfp.h>
#include <mm/ledger.h>
#include <mm/page.h>
#include <mm/pgalloc.h>
#include <mm/slab.h>
#include <mm/xarray.h>
#include <sync/rwsem.h>

#include <linux/major.h>

#define BRD_SIZE_KIB 4096
#define BRD_MAX	     16

struct brd {
	struct gendisk *disk;
	struct xarray pages;
	struct rw_semaphore lock; /* write: discard */
};

static unsigned int rd_nr __initdata;
static unsigned long rd_size __initdata = BRD_SIZE_KIB;

static int __init set_rd_nr(char *arg)
{
	rd_nr = min_t(unsigned int, simple_strtoul(arg, NULL, 0), BRD_MAX);
	return 1;
}
__setup("brd.rd_nr=", set_rd_nr);

static int __init set_rd_size(char *arg)
{
	rd_size = simple_strtoul(arg, NULL, 0);
	return 1;
}
__setup("brd.rd_size=", set_rd_size);

/* The page at @index; made if @make. NULL: there is none (without memory). */
static struct page *brd_page(struct brd *brd, pgoff_t index, bool make)
{
	struct page *page = xa_load(&brd->pages, index), *old;

	if (page || !make)
		return page;
	page = alloc_page(GFP_NOIO | __GFP_ZERO);
	if (!page)
		return NULL;
	page_set_name(page, PAGE_TYPE_RAMDISK);
	old = xa_cmpxchg(&brd->pages, index, NULL, page, GFP_NOIO);
	if (!old)
		return page;
	__free_page(page);
	return xa_is_err(old) ? NULL : old;
}

/* Move @len bytes, within one page of the disk. */
static blk_status_t brd_move(struct brd *brd, void *mem, unsigned int len, u64 pos, bool write)
{
	struct page *page = brd_page(brd, pos >> PAGE_SHIFT, write);
	unsigned int offset = offset_in_page(pos);

	if (write && !page)
		return BLK_STS_NOSPC;
	if (write)
		memcpy(page_address(page) + offset, mem, len);
	else if (page)
		memcpy(mem, page_address(page) + offset, len);
	else
		memset(mem, 0, len);
	return BLK_STS_OK;
}

static blk_status_t brd_rw(struct brd *brd, struct bio *bio)
{
	u64 pos = (u64)bio->bi_iter.bi_sector << SECTOR_SHIFT;
	blk_status_t status = BLK_STS_OK;
	struct bvec_iter iter;
	struct bio_vec bv;

	down_read(&brd->lock);
	bio_for_each_bvec(bv, bio, iter)
	{
		void *mem = bvec_virt(&bv);
		unsigned int left = bv.bv_len, part;

		for (; left && !status; left -= part, mem += part, pos += part) {
			part = min_t(unsigned int, left, PAGE_SIZE - offset_in_page(pos));
			status = brd_move(brd, mem, part, pos, op_is_write(bio->bi_opf));
		}
	}
	up_read(&brd->lock);
	return status;
}

static void brd_discard(struct brd *brd, sector_t sector, unsigned int bytes)
{
	u64 pos = (u64)sector << SECTOR_SHIFT;
	pgoff_t index = DIV_ROUND_UP(pos, PAGE_SIZE), end = (pos + bytes) >> PAGE_SHIFT;

	down_write(&brd->lock);
	for (; index < end; index++) {
		struct page *page = xa_erase(&brd->pages, index);

		if (page)
			__free_page(page);
	}
	up_write(&brd->lock);
}

static void brd_submit_bio(struct bio *bio)
{
	struct brd *brd = bio->bi_bdev->bd_disk->private_data;
	unsigned int sectors = bio_sectors(bio);

	bio_start_io_acct(bio);
	if (bio_op(bio) == REQ_OP_DISCARD)
		brd_discard(brd, bio->bi_iter.bi_sector, bio->bi_iter.bi_size);
	else
		bio->bi_status = brd_rw(brd, bio);
	bio_end_io_acct(bio, bio->bi_status ? 0 : sectors);
	bio_endio(bio);
}

static void brd_free_disk(struct gendisk *disk)
{
	struct brd *brd = disk->private_data;
	unsigned long index;
	struct page *page;

	xa_for_each(&brd->pages, index, page) __free_page(page);
	xa_destroy(&brd->pages);
	kfree(brd);
}

static const struct block_device_operations brd_fops = {
	.submit_bio = brd_submit_bio,
	.free_disk = brd_free_disk,
};

static int __init brd_add(unsigned int i)
{
	struct brd *brd = kzalloc(sizeof(*brd), GFP_KERNEL);
	struct gendisk *disk = brd ? blk_alloc_disk(-1) : NULL;
	struct queue_limits *lim;

	if (!disk) {
		kfree(brd);
		return -ENOMEM;
	}
	xa_init(&brd->pages);
	init_rwsem(&brd->lock, LOCK_BRD);
	brd->disk = disk;
	disk->major = RAMDISK_MAJOR;
	disk->first_minor = i;
	disk->minors = 1;
	disk->fops = &brd_fops;
	disk->private_data = brd;
	snprintf(disk->disk_name, sizeof(disk->disk_name), "ram%u", i);
	lim = &disk->queue->limits;
	lim->physical_block_size = lim->discard_granularity = lim->io_min = PAGE_SIZE;
	lim->max_discard_sectors = lim->max_hw_discard_sectors = 0xffffffffu >> SECTOR_SHIFT;
	blk_queue_flag_set(QUEUE_FLAG_NONROT, disk->queue);
	set_capacity(disk, rd_size * 2);
	return device_add_disk(disk);
}

static int __init brd_init(void)
{
	int err = rd_nr ? register_blkdev(RAMDISK_MAJOR, "ramdisk") : 0;

	for (unsigned int i = 0; i < rd_nr && !err; i++)
		err = brd_add(i);
	return err;
}
device_initcall(brd_init);
