// SPDX-License-Identifier: MIT
/*
 * zram: disks /dev/zram0, zram1, ... whose contents are compressed and kept in memory.
 *
 * A disk has no size at first. A size given in /sys/block/zramN/disksize makes the table of slots (16 bytes for each page of
 * the disk), the pool and the workspaces of the compression; reset takes all that away again, and is refused while the disk
 * is open. Bios are carried out where they are submitted; slot.c has the pages, sysfs.c the files.
 *
 * Blocks are of 4096 bytes. A bio's piece of memory may still be less than a page (direct I/O with odd addresses): then
 * the page is read, changed and written.
 *
 * Locks: init_lock around set-up and reset; I/O needs none of it, since there is none while the disk has no sectors, and it
 * loses them only when nobody has it open (open_mutex, claim).
 *
 * Parameter: zram.num_devices= at boot (default 0: the first comes with `cat /sys/class/zram-control/hot_add`; where zram
 * is a module, loading it makes one). Linux 6.1: drivers/block/zram, Documentation/admin-guide/blockdev/zram.rst.
 * Observe: mm_stat, io_stat, bd_stat; "compressed" in /proc/mm/ledger.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <block/blkdev.h>
#include <block/genhd.h>
#include <fs/bdev.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <mm/gfp.h>
#include <mm/page.h>
#include <mm/pgalloc.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include <mm/xarray.h>
#include <sync/mutex.h>
#include "zram_internal.h"

#define ZRAM_MAX		256
#define ZRAM_DEFAULT_COMPRESSOR "lz4"
#define ZRAM_MAX_SECTORS	(0xffffffffu >> SECTOR_SHIFT)

static int zram_major; /* devices_mutex; 0: not registered yet */
static DEFINE_XARRAY_ALLOC(devices);
static DEFINE_MUTEX(devices_mutex, LOCK_ZRAM_DEVICES);
static unsigned int num_devices __initdata;

static int __init set_num_devices(char *arg)
{
	num_devices = min_t(unsigned int, simple_strtoul(arg, NULL, 0), ZRAM_MAX);
	return 1;
}
__setup("zram.num_devices=", set_num_devices);

/* ---- input and output ---- */

/* Less than a page. */
static int zram_rw_part(struct zram *zram, u64 pos, void *mem, unsigned int len, bool write)
{
	struct page *page = alloc_page(GFP_NOIO);
	void *whole;
	int err;

	if (!page)
		return -ENOMEM;
	whole = page_address(page);
	err = zram_read_page(zram, pos >> PAGE_SHIFT, whole);
	if (!err && write) {
		memcpy(whole + offset_in_page(pos), mem, len);
		err = zram_write_page(zram, pos >> PAGE_SHIFT, whole);
	} else if (!err) {
		memcpy(mem, whole + offset_in_page(pos), len);
	}
	__free_page(page);
	return err;
}

/* @len bytes within one page of the disk. */
static int zram_rw(struct zram *zram, u64 pos, void *mem, unsigned int len, bool write)
{
	int err;

	if (len < PAGE_SIZE)
		err = zram_rw_part(zram, pos, mem, len, write);
	else
		err = write ? zram_write_page(zram, pos >> PAGE_SHIFT, mem)
			    : zram_read_page(zram, pos >> PAGE_SHIFT, mem);
	if (err)
		atomic64_inc(write ? &zram->stats.failed_writes : &zram->stats.failed_reads);
	return err;
}

static blk_status_t zram_bio_rw(struct zram *zram, struct bio *bio)
{
	u64 pos = (u64)bio->bi_iter.bi_sector << SECTOR_SHIFT;
	struct bvec_iter iter;
	struct bio_vec bv;
	int err = 0;

	bio_for_each_bvec(bv, bio, iter)
	{
		void *mem = bvec_virt(&bv);
		unsigned int left = bv.bv_len, part;

		for (; left && !err; left -= part, mem += part, pos += part) {
			part = min_t(unsigned int, left, PAGE_SIZE - offset_in_page(pos));
			err = zram_rw(zram, pos, mem, part, op_is_write(bio->bi_opf));
		}
	}
	return err ? BLK_STS_IOERR : BLK_STS_OK;
}

/* Whole pages only: blocks are pages, so there is no rest. */
static void zram_bio_discard(struct zram *zram, struct bio *bio)
{
	unsigned long index = bio->bi_iter.bi_sector / PAGE_SECTORS;

	for (unsigned long n = bio->bi_iter.bi_size >> PAGE_SHIFT; n--; index++) {
		zram_free_page(zram, index);
		atomic64_inc(&zram->stats.notify_free);
	}
}

static void zram_submit_bio(struct bio *bio)
{
	struct zram *zram = bio->bi_bdev->bd_disk->private_data;
	unsigned int op = bio_op(bio), sectors = bio_sectors(bio);

	bio_start_io_acct(bio);
	if (op == REQ_OP_DISCARD || op == REQ_OP_WRITE_ZEROES)
		zram_bio_discard(zram, bio);
	else
		bio->bi_status = zram_bio_rw(zram, bio);
	bio_end_io_acct(bio, bio->bi_status ? 0 : sectors);
	bio_endio(bio);
}

static int zram_open(struct block_device *bdev, unsigned int mode)
{
	const struct zram *zram = bdev->bd_disk->private_data;

	return zram->claim ? -EBUSY : 0;
}

static void zram_slot_free_notify(struct gendisk *disk, sector_t sector)
{
	struct zram *zram = disk->private_data;

	zram_free_page(zram, sector / PAGE_SECTORS);
	atomic64_inc(&zram->stats.notify_free);
}

static void zram_free_disk(struct gendisk *disk)
{
	kfree(disk->private_data);
}

static const struct block_device_operations zram_fops = {
	.submit_bio = zram_submit_bio,
	.open = zram_open,
	.swap_slot_free_notify = zram_slot_free_notify,
	.free_disk = zram_free_disk,
};

/* ---- set up and reset ---- */

int zram_set_disksize(struct zram *zram, u64 bytes)
{
	struct zcomp *comp;
	int err = -ENOMEM;

	down_write(&zram->init_lock);
	if (zram->disksize) {
		pr_info("zram: Cannot change disksize for initialized device\n");
		err = -EBUSY;
		goto out;
	}
	if (!disk_live(zram->disk)) {
		err = -ENODEV;
		goto out;
	}
	bytes = PAGE_ALIGN(bytes);
	zram->table = vzalloc((bytes >> PAGE_SHIFT) * sizeof(*zram->table));
	if (!zram->table)
		goto out;
	zram->pool = zs_create_pool(zram->disk->disk_name);
	if (!zram->pool)
		goto out_table;
	comp = zcomp_create(zram->compressor);
	if (IS_ERR(comp)) {
		pr_err("zram: Cannot initialise %s compressing backend\n", zram->compressor);
		err = (int)PTR_ERR(comp);
		goto out_pool;
	}
	zram->comp = comp;
	zram->disksize = bytes;
	set_capacity_and_notify(zram->disk, bytes >> SECTOR_SHIFT);
	up_write(&zram->init_lock);
	return 0;
out_pool:
	zs_destroy_pool(zram->pool);
out_table:
	vfree(zram->table);
out:
	up_write(&zram->init_lock);
	return err;
}

/* => nobody has the disk open, and nobody will */
static void zram_forget(struct zram *zram)
{
	down_write(&zram->init_lock);
	zram->limit_pages = 0;
	if (zram->disksize) {
		set_capacity_and_notify(zram->disk, 0);
		for (unsigned long i = 0; i < zram->disksize >> PAGE_SHIFT; i++)
			zram_free_page(zram, i);
		vfree(zram->table);
		zs_destroy_pool(zram->pool);
		zcomp_destroy(zram->comp);
		zram->disksize = 0;
		memset(&zram->stats, 0, sizeof(zram->stats));
	}
	zram_drop_backing(zram);
	up_write(&zram->init_lock);
}

/* Let nobody open it. 0, -EBUSY: somebody has, or does the same. */
static int zram_claim(struct zram *zram)
{
	struct gendisk *disk = zram->disk;
	int err = -EBUSY;

	mutex_lock(&disk->open_mutex);
	if (!disk->part0->bd_openers && !zram->claim) {
		zram->claim = true;
		err = 0;
	}
	mutex_unlock(&disk->open_mutex);
	return err;
}

static void zram_unclaim(struct zram *zram)
{
	mutex_lock(&zram->disk->open_mutex);
	zram->claim = false;
	mutex_unlock(&zram->disk->open_mutex);
}

int zram_reset(struct zram *zram)
{
	int err = zram_claim(zram);

	if (err)
		return err;
	sync_blockdev(zram->disk->part0);
	zram_forget(zram);
	zram_unclaim(zram);
	return 0;
}

/* ---- devices ---- */

static void zram_set_limits(struct gendisk *disk)
{
	struct queue_limits *lim = &disk->queue->limits;

	lim->logical_block_size = lim->physical_block_size = PAGE_SIZE;
	lim->io_min = lim->io_opt = PAGE_SIZE;
	lim->discard_granularity = PAGE_SIZE;
	lim->max_discard_sectors = lim->max_hw_discard_sectors = ZRAM_MAX_SECTORS;
	lim->max_write_zeroes_sectors = ZRAM_MAX_SECTORS;
	blk_queue_flag_set(QUEUE_FLAG_SYNCHRONOUS, disk->queue);
	blk_queue_flag_set(QUEUE_FLAG_NONROT, disk->queue);
	blk_queue_flag_set(QUEUE_FLAG_STABLE_WRITES, disk->queue);
}

static struct zram *zram_alloc(void)
{
	struct zram *zram = kzalloc(sizeof(*zram), GFP_KERNEL);

	if (!zram)
		return NULL;
	zram->disk = blk_alloc_disk(-1);
	if (!zram->disk) {
		kfree(zram);
		return NULL;
	}
	init_rwsem(&zram->init_lock, LOCK_ZRAM_INIT);
	strscpy(zram->compressor, ZRAM_DEFAULT_COMPRESSOR, sizeof(zram->compressor));
	zram->disk->fops = &zram_fops;
	zram->disk->private_data = zram;
	zram->disk->flags |= GENHD_FL_NO_PART;
	zram->disk->minors = 1;
	zram_set_limits(zram->disk);
	return zram;
}

/* => devices_mutex held */
static int zram_publish(struct zram *zram)
{
	u32 id;
	int err;

	if (!zram_major)
		zram_major = register_blkdev(0, "zram");
	if (zram_major < 0) {
		pr_err("zram: Unable to get major number\n");
		return -EBUSY;
	}
	err = xa_alloc(&devices, &id, zram, XA_LIMIT(0, ZRAM_MAX - 1), GFP_KERNEL);
	if (err)
		return err == -EBUSY ? -ENOSPC : err;
	zram->disk->major = zram_major;
	zram->disk->first_minor = (int)id;
	snprintf(zram->disk->disk_name, sizeof(zram->disk->disk_name), "zram%u", id);
	err = device_add_disk(zram->disk);
	if (err) {
		xa_erase(&devices, id);
		return err;
	}
	zram_add_attributes(zram);
	pr_info("zram: Added device: %s\n", zram->disk->disk_name);
	return (int)id;
}

int zram_add(void)
{
	struct zram *zram = zram_alloc();
	int id;

	if (!zram)
		return -ENOMEM;
	mutex_lock(&devices_mutex);
	id = zram_publish(zram);
	mutex_unlock(&devices_mutex);
	if (id < 0)
		put_disk(zram->disk);
	return id;
}

int zram_remove(unsigned int id)
{
	struct zram *zram;
	int err;

	mutex_lock(&devices_mutex);
	zram = xa_load(&devices, id);
	err = zram ? zram_claim(zram) : -ENODEV;
	if (err) {
		mutex_unlock(&devices_mutex);
		return err;
	}
	sync_blockdev(zram->disk->part0);
	pr_info("zram: Removed device: %s\n", zram->disk->disk_name);
	xa_erase(&devices, id);
	zram_remove_attributes(zram);
	del_gendisk(zram->disk);
	zram_forget(zram);
	mutex_unlock(&devices_mutex);
	put_disk(zram->disk);
	return 0;
}

static int __init zram_init(void)
{
	int err = 0;

	zram_add_control();
	for (unsigned int i = 0; i < num_devices && err >= 0; i++)
		err = zram_add();
	return min(err, 0);
}
device_initcall(zram_init);
