// SPDX-License-Identifier: MIT
/*
 * Disks and block devices.
 *
 * 1 A gendisk has one block_device for the whole (part0) and one for each partition. All are in one table by
 *   device number. What the file systems add (an inode with the page cache, nodes in /dev, /sys) hangs on
 *   the events that fs/bdev.c registers.
 *
 * 2 References. The table holds one of each block_device, each user (open, statistics) one; a partition holds
 *   one of part0, and part0 stands for the disk: with its last reference the driver's free_disk() is called and
 *   disk and queue are freed.
 *
 * 3 Removal: del_gendisk() takes all out of the table and the file systems' names away and marks the queue as
 *   dying. Who has the device open keeps the structs of a device without sectors; each bio ends with EIO.
 *
 * 4 Numbers: part n of a disk is major:first_minor + n while n < minors; others, and disks without a major, get
 *   numbers of major 259 as they come.
 *
 * 5 Locks: disk->open_mutex for opening, partitions and removal; bdev_table_lock for the table.
 *
 * Linux 6.1: block/genhd.c, bdev.c, partitions/core.c. Observed by /proc/partitions, /proc/devices.
 */
#include <base/bitmap.h>
#include <base/bitops.h>
#include <base/bug.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/printf.h>
#include <base/string.h>
#include <block/blkdev.h>
#include <block/genhd.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <mm/backing_dev.h>
#include <mm/slab.h>
#include <sync/mutex.h>
#include <sync/ranks.h>
#include <sync/spinlock.h>
#include "block_internal.h"

#define NR_EXT_MINORS 1024

static LIST_HEAD(bdev_table); /* in the order of disks, of partitions in a disk by number */
static DEFINE_SPINLOCK(bdev_table_lock, LOCK_BDEV_TABLE);
static unsigned long ext_minors[NR_EXT_MINORS / BITS_PER_LONG]; /* bdev_table_lock: in use */
static u64 last_diskseq;					/* bdev_table_lock */

static void no_event(struct block_device *bdev) {}
static const struct bdev_events no_events = { no_event, no_event, no_event, bdev_free };
static const struct bdev_events *events = &no_events;

void register_bdev_events(const struct bdev_events *e)
{
	events = e;
}

/* ---- majors ---- */

static struct blk_major {
	unsigned int major;
	const char *name;
} majors[32] = { { BLOCK_EXT_MAJOR, "blkext" } }; /* bdev_table_lock; by number, 0 ends them */

static int insert_major(unsigned int major, const char *name)
{
	unsigned int i, nr;

	for (nr = 0; nr < ARRAY_SIZE(majors) && majors[nr].major; nr++)
		if (majors[nr].major == major)
			return -EBUSY;
	if (nr == ARRAY_SIZE(majors))
		return -EBUSY;
	for (i = nr; i && majors[i - 1].major > major; i--)
		majors[i] = majors[i - 1];
	majors[i] = (struct blk_major){ major, name };
	return 0;
}

int register_blkdev(unsigned int major, const char *name)
{
	int err = -EBUSY;

	spin_lock(&bdev_table_lock);
	if (major) {
		err = insert_major(major, name);
	} else {
		for (major = 254; err < 0 && major >= 234; major--)
			if (!insert_major(major, name))
				err = major;
	}
	spin_unlock(&bdev_table_lock);
	return err;
}

bool blkdev_major(unsigned int nth, unsigned int *major, const char **name)
{
	struct blk_major found = { 0, NULL };

	spin_lock(&bdev_table_lock);
	if (nth < ARRAY_SIZE(majors))
		found = majors[nth];
	spin_unlock(&bdev_table_lock);
	*major = found.major;
	*name = found.name;
	return found.major;
}

/* ---- block devices ---- */

char *bdev_name(const struct block_device *bdev, char buf[36])
{
	const char *disk = bdev->bd_disk->disk_name;
	size_t len = strlen(disk);

	if (!bdev->bd_partno)
		strscpy(buf, disk, 36);
	else
		snprintf(buf, 36, "%s%s%u", disk,
			 disk[len - 1] >= '0' && disk[len - 1] <= '9' ? "p" : "", bdev->bd_partno);
	return buf;
}

static struct block_device *bdev_alloc(struct gendisk *disk, u8 partno)
{
	struct block_device *bdev = kzalloc(sizeof(*bdev), GFP_KERNEL);

	if (!bdev)
		return NULL;
	bdev->bd_disk = disk;
	bdev->bd_partno = partno;
	atomic_set(&bdev->bd_refs, 1);
	INIT_LIST_HEAD(&bdev->bd_table);
	INIT_LIST_HEAD(&bdev->bd_parts);
	return bdev;
}

static void free_disk(struct gendisk *disk)
{
	if (disk->fops && disk->fops->free_disk)
		disk->fops->free_disk(disk);
	blk_free_queue(disk->queue);
	bdi_put(disk->bdi);
	kfree(disk);
}

static void release_minor(dev_t dev)
{
	if (dev >> MINOR_BITS == BLOCK_EXT_MAJOR) {
		spin_lock(&bdev_table_lock);
		__clear_bit(dev & ((1U << MINOR_BITS) - 1), ext_minors);
		spin_unlock(&bdev_table_lock);
	}
}

void bdev_put(struct block_device *bdev)
{
	if (atomic_dec_and_test(&bdev->bd_refs))
		events->freed(bdev);
}

void bdev_free(struct block_device *bdev)
{
	struct gendisk *disk = bdev->bd_disk;
	bool whole = !bdev->bd_partno;

	release_minor(bdev->bd_dev);
	kfree(bdev);
	if (whole)
		free_disk(disk);
	else
		bdev_put(disk->part0);
}

struct block_device *bdev_lookup(dev_t dev)
{
	struct block_device *bdev;

	spin_lock(&bdev_table_lock);
	list_for_each_entry (bdev, &bdev_table, bd_table)
		if (bdev->bd_dev == dev) {
			bdev_get(bdev);
			spin_unlock(&bdev_table_lock);
			return bdev;
		}
	spin_unlock(&bdev_table_lock);
	return NULL;
}

struct block_device *bdev_next(struct block_device *prev)
{
	struct block_device *next = NULL;
	struct list_head *at = &bdev_table;

	spin_lock(&bdev_table_lock);
	if (prev)
		at = list_empty(&prev->bd_table) ? bdev_table.prev : &prev->bd_table;
	if (at->next != &bdev_table) {
		next = list_entry(at->next, struct block_device, bd_table);
		bdev_get(next);
	}
	spin_unlock(&bdev_table_lock);
	if (prev)
		bdev_put(prev);
	return next;
}

/* A number for @bdev, and its place in the table: behind @after. 0 or -EBUSY. */
static int bdev_publish(struct block_device *bdev, struct list_head *after)
{
	struct gendisk *disk = bdev->bd_disk;
	unsigned int minor;
	int err = 0;

	spin_lock(&bdev_table_lock);
	if (bdev->bd_partno < disk->minors) {
		bdev->bd_dev =
			(dev_t)disk->major << MINOR_BITS | (disk->first_minor + bdev->bd_partno);
	} else {
		minor = find_first_zero_bit(ext_minors, NR_EXT_MINORS);
		if (minor < NR_EXT_MINORS)
			__set_bit(minor, ext_minors);
		else
			err = -EBUSY;
		bdev->bd_dev = (dev_t)BLOCK_EXT_MAJOR << MINOR_BITS | minor;
	}
	if (!err)
		list_add(&bdev->bd_table, after);
	spin_unlock(&bdev_table_lock);
	return err;
}

/* Nobody finds it any more; who has it sees an end of the device. */
static void bdev_unpublish(struct block_device *bdev)
{
	events->removed(bdev);
	spin_lock(&bdev_table_lock);
	list_del_init(&bdev->bd_table);
	spin_unlock(&bdev_table_lock);
	bdev->bd_dead = true;
	WRITE_ONCE(bdev->bd_nr_sectors, 0);
	bdev_put(bdev);
}

/* ---- disks ---- */

struct gendisk *blk_alloc_disk(int node)
{
	struct gendisk *disk = kzalloc(sizeof(*disk), GFP_KERNEL);

	if (!disk)
		return NULL;
	INIT_LIST_HEAD(&disk->parts);
	mutex_init(&disk->open_mutex, LOCK_DISK_OPEN);
	disk->queue = blk_alloc_queue(disk);
	disk->part0 = bdev_alloc(disk, 0);
	disk->bdi = bdi_alloc(node);
	if (disk->queue && disk->part0 && disk->bdi)
		return disk;
	if (disk->bdi)
		bdi_put(disk->bdi);
	if (disk->queue)
		blk_free_queue(disk->queue);
	kfree(disk->part0);
	kfree(disk);
	return NULL;
}

void put_disk(struct gendisk *disk)
{
	if (disk)
		bdev_put(disk->part0);
}

void set_capacity(struct gendisk *disk, sector_t sectors)
{
	WRITE_ONCE(disk->part0->bd_nr_sectors, sectors);
}

bool set_capacity_and_notify(struct gendisk *disk, sector_t sectors)
{
	sector_t old = get_capacity(disk);

	if (old == sectors)
		return false;
	mutex_lock(&disk->open_mutex);
	set_capacity(disk, sectors);
	events->resized(disk->part0);
	mutex_unlock(&disk->open_mutex);
	pr_info("%s: detected capacity change from %llu to %llu\n", disk->disk_name,
		(unsigned long long)old, (unsigned long long)sectors);
	return true;
}

void set_disk_ro(struct gendisk *disk, bool read_only)
{
	if (read_only)
		set_bit(GD_READ_ONLY, &disk->state);
	else
		clear_bit(GD_READ_ONLY, &disk->state);
}

int device_add_disk(struct gendisk *disk)
{
	int err;

	blk_mq_start_queue(disk->queue);
	mutex_lock(&disk->open_mutex);
	bdev_get(disk->part0); /* the table's; the first is the driver's */
	err = bdev_publish(disk->part0, bdev_table.prev);
	if (err) {
		bdev_put(disk->part0);
	} else {
		spin_lock(&bdev_table_lock);
		disk->diskseq = ++last_diskseq;
		spin_unlock(&bdev_table_lock);
		set_bit(GD_ADDED, &disk->state);
		disk->bdi->io_pages =
			disk->queue->limits.max_sectors >> (PAGE_SHIFT - SECTOR_SHIFT);
		bdi_register(disk->bdi, "%u:%u", disk->part0->bd_dev >> MINOR_BITS,
			     disk->part0->bd_dev & ((1U << MINOR_BITS) - 1));
		events->added(disk->part0);
		blk_add_partitions(disk);
	}
	mutex_unlock(&disk->open_mutex);
	return err;
}

void del_gendisk(struct gendisk *disk)
{
	struct block_device *part, *next;

	mutex_lock(&disk->open_mutex);
	set_bit(GD_DEAD, &disk->state);
	blk_mark_queue_dying(disk->queue);
	list_for_each_entry_safe (part, next, &disk->parts, bd_parts)
		delete_partition(part);
	if (test_bit(GD_ADDED, &disk->state))
		bdev_unpublish(disk->part0);
	mutex_unlock(&disk->open_mutex);
	bdi_unregister(disk->bdi); /* what its flusher still tries to write ends with an error */
}

/* ---- partitions ---- */

struct block_device *add_partition(struct gendisk *disk, int partno, sector_t start,
				   sector_t length, const char *uuid, const char *volname)
{
	struct block_device *part, *p, *before = disk->part0;
	int err;

	if (partno < 1 || partno >= DISK_MAX_PARTS)
		return ERR_PTR(-EINVAL);
	list_for_each_entry (p, &disk->parts, bd_parts) {
		if (p->bd_partno == partno)
			return ERR_PTR(-EBUSY);
		if (p->bd_partno < partno)
			before = p;
	}
	part = bdev_alloc(disk, partno);
	if (!part)
		return ERR_PTR(-ENOMEM);
	part->bd_start_sect = start;
	part->bd_nr_sectors = length;
	strscpy(part->bd_uuid, uuid, sizeof(part->bd_uuid));
	strscpy(part->bd_volname, volname, sizeof(part->bd_volname));
	err = bdev_publish(part, &before->bd_table);
	if (err) {
		kfree(part);
		return ERR_PTR(err);
	}
	bdev_get(disk->part0);
	list_add(&part->bd_parts, before == disk->part0 ? &disk->parts : &before->bd_parts);
	events->added(part);
	return part;
}

void delete_partition(struct block_device *part)
{
	list_del_init(&part->bd_parts);
	bdev_unpublish(part);
}

int disk_scan_partitions(struct gendisk *disk)
{
	struct block_device *part, *next;

	if (disk->flags & (GENHD_FL_NO_PART | GENHD_FL_HIDDEN))
		return -EINVAL;
	if (disk->open_partitions)
		return -EBUSY;
	list_for_each_entry_safe (part, next, &disk->parts, bd_parts)
		delete_partition(part);
	clear_bit(GD_NEED_PART_SCAN, &disk->state);
	blk_add_partitions(disk);
	return 0;
}

static struct block_device *find_part(struct gendisk *disk, int partno)
{
	struct block_device *part;

	list_for_each_entry (part, &disk->parts, bd_parts)
		if (part->bd_partno == partno)
			return part;
	return NULL;
}

static bool overlaps(struct gendisk *disk, int except, sector_t start, sector_t length)
{
	struct block_device *part;

	list_for_each_entry (part, &disk->parts, bd_parts)
		if (part->bd_partno != except &&
		    start < part->bd_start_sect + part->bd_nr_sectors &&
		    part->bd_start_sect < start + length)
			return true;
	return false;
}

int bdev_add_partition(struct gendisk *disk, int partno, sector_t start, sector_t length)
{
	struct block_device *part;

	if (!disk_live(disk))
		return -ENXIO;
	if (disk->flags & GENHD_FL_NO_PART)
		return -EINVAL;
	if (overlaps(disk, -1, start, length))
		return -EBUSY;
	part = add_partition(disk, partno, start, length, "", "");
	return PTR_ERR_OR_ZERO(part);
}

int bdev_del_partition(struct gendisk *disk, int partno)
{
	struct block_device *part = find_part(disk, partno);

	if (!part)
		return -ENXIO;
	if (part->bd_openers)
		return -EBUSY;
	delete_partition(part);
	return 0;
}

int bdev_resize_partition(struct gendisk *disk, int partno, sector_t start, sector_t length)
{
	struct block_device *part = find_part(disk, partno);

	if (!part)
		return -ENXIO;
	if (start != part->bd_start_sect)
		return -EINVAL;
	if (overlaps(disk, partno, start, length))
		return -EBUSY;
	WRITE_ONCE(part->bd_nr_sectors, length);
	events->resized(part);
	return 0;
}
