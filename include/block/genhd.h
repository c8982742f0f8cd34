/* SPDX-License-Identifier: MIT */
/*
 * gendisk: a disk; block_device: the whole of it (part0) or one partition. Theory: block/genhd.c.
 *
 * Legend: o  disk->open_mutex;  t  bdev_table_lock;  a  atomic;  c  constant once added
 */
#ifndef QUIRE_BLOCK_GENHD_H
#define QUIRE_BLOCK_GENHD_H

#include <base/types.h>
#include <base/atomic.h>
#include <base/list.h>
#include <sync/mutex.h>
#include <block/bio.h>

struct backing_dev_info;
struct block_device;
struct gendisk;
struct inode;
struct kernfs_node;
struct request_queue;
struct super_block;

/* Groups of the statistics, as /proc/diskstats has them. */
enum stat_group { STAT_READ, STAT_WRITE, STAT_DISCARD, STAT_FLUSH, NR_STAT_GROUPS };

struct disk_stats {
	atomic64_t ios[NR_STAT_GROUPS];
	atomic64_t merges[NR_STAT_GROUPS];
	atomic64_t sectors[NR_STAT_GROUPS];	/* of 512 bytes */
	atomic64_t nsecs[NR_STAT_GROUPS];	/* sum over all ios */
	atomic_t in_flight[2], busy;		/* reads, writes; both */
	atomic64_t io_ns;			/* while anything was in flight */
	u64 busy_since;				/* busy left 0 then */
};

struct block_device {
	sector_t bd_start_sect;			/* on the disk */
	sector_t bd_nr_sectors;			/* a: bdev_nr_sectors() */
	struct gendisk *bd_disk;		/* c */
	dev_t bd_dev;				/* c */
	u8 bd_partno;				/* c: 0 is the whole disk */
	bool bd_read_only;			/* o */
	bool bd_make_it_fail;			/* fail_make_request asks for this one */
	bool bd_dead;				/* o: deleted while open */
	atomic_t bd_refs;			/* a: references to the struct */
	int bd_openers;				/* o */
	void *bd_holder;			/* o: who has it exclusively */
	int bd_holders;				/* o */
	struct inode *bd_inode;			/* o: set at the first open, from then on constant */
	struct super_block *bd_super;		/* the file system that is mounted on it */
	struct disk_stats bd_stats;
	struct list_head bd_table;		/* t: all, by number */
	struct list_head bd_parts;		/* o: of the disk, by bd_partno */
	struct kernfs_node *bd_sysfs;		/* o: its directory */
	char bd_uuid[37];			/* c: of a partition, as PARTUUID */
	char bd_volname[37];			/* c: GPT name, ASCII */
};

struct block_device_operations {
	void (*submit_bio)(struct bio *bio);	/* a disk without requests */
	int (*open)(struct block_device *bdev, unsigned int mode);
	void (*release)(struct gendisk *disk, unsigned int mode);
	int (*ioctl)(struct block_device *bdev, unsigned int mode, unsigned int cmd, unsigned long arg);
	int (*set_read_only)(struct block_device *bdev, bool ro);
	ssize_t (*serial)(struct gendisk *disk, char *buf, size_t size);	/* bytes, without newline */
	/* The page at @sector of the whole disk was swap, and holds nothing any more. Must not sleep. */
	void (*swap_slot_free_notify)(struct gendisk *disk, sector_t sector);
	void (*free_disk)(struct gendisk *disk);	/* the last reference is gone */
};

#define DISK_NAME_LEN		32
#define DISK_MAX_PARTS		256
#define MINOR_BITS		20	/* of a dev_t */
#define BLOCK_EXT_MAJOR		259

/* gendisk.state */
enum { GD_NEED_PART_SCAN, GD_READ_ONLY, GD_DEAD, GD_ADDED };
/* gendisk.flags */
#define GENHD_FL_NO_PART	(1 << 2)
#define GENHD_FL_HIDDEN		(1 << 3)

struct gendisk {
	int major, first_minor, minors;		/* c: minors 0: numbers of BLOCK_EXT_MAJOR */
	char disk_name[DISK_NAME_LEN];		/* c */
	unsigned int flags;			/* c */
	unsigned long state;			/* a: GD_* */
	const struct block_device_operations *fops;	/* c */
	struct request_queue *queue;		/* c */
	void *private_data;			/* c: the driver's */
	struct block_device *part0;		/* c */
	struct list_head parts;			/* o: partitions by number, without part0 */
	struct mutex open_mutex;
	unsigned int open_partitions;		/* o */
	struct backing_dev_info *bdi;		/* of the page cache */
	u64 diskseq;
	char driverfs[32];			/* c: "virtio1": where the device is in /sys/devices, for links */
	struct list_head disks;			/* t: all disks, in the order of adding */
};

/* ---- for drivers ---- */

/* A disk with a queue of its own (bios only until blk_mq_init_queue()). NULL without memory. May sleep. */
struct gendisk *blk_alloc_disk(int node);
/* Make it visible: nodes, /sys/block, partitions. 0, -ENOMEM, -EBUSY. May sleep, reads the disk. */
int device_add_disk(struct gendisk *disk);
/*
 * The disk is gone: names vanish, new bios end with EIO. The driver then ends what it has in flight
 * (blk_mq_destroy_queue) and drops its reference. May sleep.
 */
void del_gendisk(struct gendisk *disk);
void put_disk(struct gendisk *disk);
void set_capacity(struct gendisk *disk, sector_t sectors);
/* ... of a disk in use: also tells the log. */
bool set_capacity_and_notify(struct gendisk *disk, sector_t sectors);
void set_disk_ro(struct gendisk *disk, bool read_only);
/* A major number of block devices; 0: choose one, which is returned. Else 0 or -EBUSY. */
int register_blkdev(unsigned int major, const char *name);
/* The @nth (from 0) registered major and its name, in order of numbers; false: there are not so many. */
bool blkdev_major(unsigned int nth, unsigned int *major, const char **name);

/* ---- questions ---- */

static inline sector_t bdev_nr_sectors(const struct block_device *bdev)
{
	return READ_ONCE(bdev->bd_nr_sectors);
}
static inline loff_t bdev_nr_bytes(const struct block_device *bdev)
{
	return (loff_t)bdev_nr_sectors(bdev) << SECTOR_SHIFT;
}
static inline sector_t get_capacity(const struct gendisk *disk)
{
	return bdev_nr_sectors(disk->part0);
}
static inline bool bdev_is_partition(const struct block_device *bdev)
{
	return bdev->bd_partno;
}
#define bdev_whole(bdev)	((bdev)->bd_disk->part0)
static inline bool bdev_read_only(const struct block_device *bdev)
{
	return bdev->bd_read_only || READ_ONCE(bdev->bd_disk->state) >> GD_READ_ONLY & 1;
}
static inline bool disk_live(const struct gendisk *disk)
{
	return !(READ_ONCE(disk->state) >> GD_DEAD & 1);
}
/* "vda1" into @buf of 36 bytes, which is returned. */
char *bdev_name(const struct block_device *bdev, char buf[36]);

/* ---- the table of all block devices ---- */

/* With a reference, or NULL. */
struct block_device *bdev_lookup(dev_t dev);
static inline void bdev_get(struct block_device *bdev)
{
	atomic_inc(&bdev->bd_refs);
}
void bdev_put(struct block_device *bdev);
void bdev_free(struct block_device *bdev);	/* for bdev_events.freed */
/* The first (@prev NULL) or next disk or partition in /proc/partitions' order, referenced; drops @prev. */
struct block_device *bdev_next(struct block_device *prev);

/* ---- partitions ---- */

/* Read the table again: -EBUSY while a partition is open, -EINVAL: cannot have any. => open_mutex held */
int disk_scan_partitions(struct gendisk *disk);
/* BLKPG. => open_mutex held. Sectors of 512. -EBUSY overlap or in use, -ENXIO, -EINVAL, -ENOMEM */
int bdev_add_partition(struct gendisk *disk, int partno, sector_t start, sector_t length);
int bdev_del_partition(struct gendisk *disk, int partno);
int bdev_resize_partition(struct gendisk *disk, int partno, sector_t start, sector_t length);

/*
 * What the file systems do when devices come and go; fs/bdev.c registers itself. All may sleep and are
 * called with open_mutex held.
 */
struct bdev_events {
	void (*added)(struct block_device *bdev);
	void (*removed)(struct block_device *bdev);	/* names away; what is cached is lost */
	void (*resized)(struct block_device *bdev);
	void (*freed)(struct block_device *bdev);	/* the last reference: must lead to bdev_free(); no mutex */
};
void register_bdev_events(const struct bdev_events *events);

/* ---- statistics ---- */

/* The numbers of /proc/diskstats and /sys/block/X/stat, times in milliseconds. */
struct part_stat {
	u64 ios[NR_STAT_GROUPS], merges[NR_STAT_GROUPS], sectors[NR_STAT_GROUPS], ms[NR_STAT_GROUPS];
	unsigned int in_flight[2];
	u64 io_ticks, time_in_queue;
};
void part_stat_read(struct block_device *bdev, struct part_stat *stat);
void bdev_start_io(struct block_device *bdev, blk_opf_t opf, u64 now);
/* @sectors were moved, begun at @start; @merged bios joined it. */
void bdev_end_io(struct block_device *bdev, blk_opf_t opf, unsigned int sectors, u64 start);
void bdev_count_merge(struct block_device *bdev, blk_opf_t opf);
/* For submit_bio of a disk without requests. */
void bio_start_io_acct(struct bio *bio);
void bio_end_io_acct(struct bio *bio, unsigned int sectors);

#endif
