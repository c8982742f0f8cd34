// SPDX-License-Identifier: MIT
/*
 * Disks and partitions in /sys and /proc.
 *
 *	/sys/devices/WHERE/block/vda/{size,stat,...,queue/...,vda1/...}
 *	/sys/block/vda, /sys/class/block/vda, /sys/dev/block/254:0 -> there
 *	/proc/partitions, /proc/diskstats
 *
 * A file knows its device by number only, and what it shows by its name in a table: who holds a file of a disk
 * that is gone reads ENODEV. Formats: Documentation/ABI/stable/sysfs-block of Linux 6.1.
 */
#include <base/errno.h>
#include <base/printf.h>
#include <base/string.h>
#include <block/blkdev.h>
#include <block/genhd.h>
#include <fs/bdev.h>
#include <fs/char_dev.h>
#include <fs/file.h>
#include <fs/kernfs.h>
#include <fs/proc_fs.h>
#include <fs/seq_file.h>
#include <fs/sysfs.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <mm/backing_dev.h>
#include "bdev_internal.h"

struct attr {
	const char *name;
	umode_t mode;
	void (*show)(struct seq_file *m, struct block_device *bdev);
	int (*store)(struct block_device *bdev, const char *text);
};

static struct block_device *dev_of(const struct file *file)
{
	return bdev_lookup((unsigned long)kernfs_of(file_inode(file))->priv);
}

static int show_attr(struct seq_file *m, const struct attr *attr)
{
	struct block_device *bdev = dev_of(m->file);

	if (!bdev)
		return -ENODEV;
	attr->show(m, bdev);
	bdev_put(bdev);
	return 0;
}

static ssize_t store_attr(struct file *file, const struct attr *attr, const char *text,
			  size_t count)
{
	struct block_device *bdev = dev_of(file);
	int err;

	if (!bdev)
		return -ENODEV;
	err = attr->store(bdev, text);
	bdev_put(bdev);
	return err ? err : (ssize_t)count;
}

static const struct attr *find_attr(const struct attr *attrs, const char *name)
{
	while (attrs->name && strcmp(attrs->name, name))
		attrs++;
	return attrs;
}

static int store_number(const char *text, unsigned long *value, unsigned long max)
{
	char *end;

	*value = simple_strtoul(text, &end, 10);
	if (end == text || (*end && *end != '\n') || *value > max)
		return -EINVAL;
	return 0;
}

#define SHOW(name, format, ...)                                                                    \
	static void name##_show(struct seq_file *m, struct block_device *bdev)                     \
	{                                                                                          \
		seq_printf(m, format "\n", __VA_ARGS__);                                           \
	}

/* ---- of a disk or partition ---- */

SHOW(dev, "%u:%u", MAJOR(bdev->bd_dev), MINOR(bdev->bd_dev))
SHOW(size, "%llu", (unsigned long long)bdev_nr_sectors(bdev))
SHOW(ro, "%d", bdev_read_only(bdev))
SHOW(start, "%llu", (unsigned long long)bdev->bd_start_sect)
SHOW(partition, "%u", bdev->bd_partno)
SHOW(alignment_offset, "%u", 0u)
SHOW(discard_alignment, "%u", 0u)
SHOW(range, "%d", bdev->bd_disk->minors)
SHOW(ext_range, "%d", bdev->bd_disk->flags &GENHD_FL_NO_PART ? 1 : DISK_MAX_PARTS)
SHOW(removable, "%d", 0)
SHOW(hidden, "%d", !!(bdev->bd_disk->flags & GENHD_FL_HIDDEN))
SHOW(capability, "%x", 0)
SHOW(diskseq, "%llu", (unsigned long long)bdev->bd_disk->diskseq)
SHOW(make_it_fail, "%d", bdev->bd_make_it_fail)

static int make_it_fail_store(struct block_device *bdev, const char *text)
{
	unsigned long on;
	int err = store_number(text, &on, ~0UL);

	if (!err)
		bdev->bd_make_it_fail = on;
	return err;
}

static void stat_show(struct seq_file *m, struct block_device *bdev)
{
	struct part_stat s;

	part_stat_read(bdev, &s);
	for (int g = STAT_READ; g <= STAT_WRITE; g++)
		seq_printf(m, "%s%8llu %8llu %8llu %8llu", g ? " " : "", s.ios[g], s.merges[g],
			   s.sectors[g], s.ms[g]);
	seq_printf(m, " %8u %8llu %8llu", s.in_flight[0] + s.in_flight[1], s.io_ticks,
		   s.time_in_queue);
	seq_printf(m, " %8llu %8llu %8llu %8llu %8llu %8llu\n", s.ios[STAT_DISCARD],
		   s.merges[STAT_DISCARD], s.sectors[STAT_DISCARD], s.ms[STAT_DISCARD],
		   s.ios[STAT_FLUSH], s.ms[STAT_FLUSH]);
}

static void inflight_show(struct seq_file *m, struct block_device *bdev)
{
	struct part_stat s;

	part_stat_read(bdev, &s);
	seq_printf(m, "%8u %8u\n", s.in_flight[0], s.in_flight[1]);
}

static void uevent_show(struct seq_file *m, struct block_device *bdev)
{
	char name[36];

	seq_printf(m, "MAJOR=%u\nMINOR=%u\nDEVNAME=%s\nDEVTYPE=%s\nDISKSEQ=%llu\n",
		   MAJOR(bdev->bd_dev), MINOR(bdev->bd_dev), bdev_name(bdev, name),
		   bdev->bd_partno ? "partition" : "disk",
		   (unsigned long long)bdev->bd_disk->diskseq);
	if (bdev->bd_partno)
		seq_printf(m, "PARTN=%u\n", bdev->bd_partno);
	if (bdev->bd_volname[0])
		seq_printf(m, "PARTNAME=%s\n", bdev->bd_volname);
}

static void serial_show(struct seq_file *m, struct block_device *bdev)
{
	const struct block_device_operations *fops = bdev->bd_disk->fops;
	char text[64];
	ssize_t n = fops->serial(bdev->bd_disk, text, sizeof(text));

	if (n > 0)
		seq_printf(m, "%.*s", (int)n, text);
}

#define COMMON                                                                                     \
	{ "dev", 0444, dev_show, NULL }, { "size", 0444, size_show, NULL },                        \
		{ "ro", 0444, ro_show, NULL }, { "stat", 0444, stat_show, NULL },                  \
		{ "inflight", 0444, inflight_show, NULL }, { "uevent", 0444, uevent_show, NULL },  \
		{ "alignment_offset", 0444, alignment_offset_show, NULL },                         \
		{ "discard_alignment", 0444, discard_alignment_show, NULL },                       \
	{                                                                                          \
		"make-it-fail", 0644, make_it_fail_show, make_it_fail_store                        \
	}

static const struct attr disk_attrs[] = {
	COMMON,
	{ "range", 0444, range_show, NULL },
	{ "ext_range", 0444, ext_range_show, NULL },
	{ "removable", 0444, removable_show, NULL },
	{ "hidden", 0444, hidden_show, NULL },
	{ "capability", 0444, capability_show, NULL },
	{ "diskseq", 0444, diskseq_show, NULL },
	{ "serial", 0444, serial_show, NULL },
	{ 0 },
};

static const struct attr part_attrs[] = {
	COMMON,
	{ "partition", 0444, partition_show, NULL },
	{ "start", 0444, start_show, NULL },
	{ 0 },
};

/* ---- queue/ ---- */

#define LIMIT(name, format, expression)                                                            \
	static void name##_show(struct seq_file *m, struct block_device *bdev)                     \
	{                                                                                          \
		struct request_queue *q = bdev_get_queue(bdev);                                    \
		const struct queue_limits *lim __attribute__((unused)) = &q->limits;               \
		seq_printf(m, format "\n", expression);                                            \
	}

LIMIT(logical_block_size, "%u", lim->logical_block_size)
LIMIT(physical_block_size, "%u", lim->physical_block_size)
LIMIT(minimum_io_size, "%u", lim->io_min)
LIMIT(optimal_io_size, "%u", lim->io_opt)
LIMIT(max_hw_sectors_kb, "%u", lim->max_hw_sectors >> 1)
LIMIT(max_sectors_kb, "%u", lim->max_sectors >> 1)
LIMIT(max_segments, "%u", lim->max_segments)
LIMIT(max_segment_size, "%u", lim->max_segment_size)
LIMIT(max_discard_segments, "%u", lim->max_discard_segments)
LIMIT(discard_granularity, "%u", lim->discard_granularity)
LIMIT(discard_max_bytes, "%llu", (unsigned long long)lim->max_discard_sectors << SECTOR_SHIFT)
LIMIT(discard_max_hw_bytes, "%llu", (unsigned long long)lim->max_hw_discard_sectors << SECTOR_SHIFT)
LIMIT(write_zeroes_max_bytes, "%llu",
      (unsigned long long)lim->max_write_zeroes_sectors << SECTOR_SHIFT)
LIMIT(rotational, "%d", !blk_queue_flag_test(QUEUE_FLAG_NONROT, q))
LIMIT(nomerges, "%d", blk_queue_flag_test(QUEUE_FLAG_NOMERGES, q) ? 2 : 0)
LIMIT(nr_requests, "%u", q->nr_requests)
LIMIT(write_cache, "%s", blk_queue_flag_test(QUEUE_FLAG_WC, q) ? "write back" : "write through")
LIMIT(fua, "%d", blk_queue_flag_test(QUEUE_FLAG_FUA, q))
LIMIT(io_poll, "%d", blk_queue_flag_test(QUEUE_FLAG_POLL, q))
LIMIT(read_ahead_kb, "%lu", q->disk->bdi ? q->disk->bdi->ra_pages << (PAGE_SHIFT - 10) : 128UL)

static int nomerges_store(struct block_device *bdev, const char *text)
{
	unsigned long level;
	int err = store_number(text, &level, ~0UL);

	if (err)
		return err;
	if (level)
		blk_queue_flag_set(QUEUE_FLAG_NOMERGES, bdev_get_queue(bdev));
	else
		blk_queue_flag_clear(QUEUE_FLAG_NOMERGES, bdev_get_queue(bdev));
	return 0;
}

static int max_sectors_kb_store(struct block_device *bdev, const char *text)
{
	struct queue_limits *lim = &bdev_get_queue(bdev)->limits;
	unsigned long kib;
	int err = store_number(text, &kib, lim->max_hw_sectors >> 1);

	if (err || kib < PAGE_SIZE >> 10)
		return -EINVAL;
	WRITE_ONCE(lim->max_sectors, kib << 1);
	return 0;
}

static int discard_max_bytes_store(struct block_device *bdev, const char *text)
{
	struct queue_limits *lim = &bdev_get_queue(bdev)->limits;
	unsigned long bytes;
	int err = store_number(text, &bytes, ~0UL);

	if (err || (lim->discard_granularity && bytes & (lim->discard_granularity - 1)))
		return -EINVAL;
	WRITE_ONCE(lim->max_discard_sectors,
		   min_t(unsigned long, bytes >> SECTOR_SHIFT, lim->max_hw_discard_sectors));
	return 0;
}

static int read_ahead_kb_store(struct block_device *bdev, const char *text)
{
	struct backing_dev_info *bdi = bdev->bd_disk->bdi;
	unsigned long kib;
	int err = store_number(text, &kib, ~0UL >> 10);

	if (!err && bdi)
		bdi->ra_pages = kib >> (PAGE_SHIFT - 10);
	return err;
}

static void scheduler_show(struct seq_file *m, struct block_device *bdev)
{
	seq_puts(m, bdev_get_queue(bdev)->mq_ops ? "[none]\n" : "none\n");
}

static int scheduler_store(struct block_device *bdev, const char *text)
{
	return strcmp(text, "none") && strcmp(text, "none\n") ? -EINVAL : 0;
}

static const struct attr queue_attrs[] = {
	{ "logical_block_size", 0444, logical_block_size_show, NULL },
	{ "hw_sector_size", 0444, logical_block_size_show, NULL },
	{ "physical_block_size", 0444, physical_block_size_show, NULL },
	{ "minimum_io_size", 0444, minimum_io_size_show, NULL },
	{ "optimal_io_size", 0444, optimal_io_size_show, NULL },
	{ "max_hw_sectors_kb", 0444, max_hw_sectors_kb_show, NULL },
	{ "max_sectors_kb", 0644, max_sectors_kb_show, max_sectors_kb_store },
	{ "max_segments", 0444, max_segments_show, NULL },
	{ "max_segment_size", 0444, max_segment_size_show, NULL },
	{ "max_discard_segments", 0444, max_discard_segments_show, NULL },
	{ "discard_granularity", 0444, discard_granularity_show, NULL },
	{ "discard_max_bytes", 0644, discard_max_bytes_show, discard_max_bytes_store },
	{ "discard_max_hw_bytes", 0444, discard_max_hw_bytes_show, NULL },
	{ "write_zeroes_max_bytes", 0444, write_zeroes_max_bytes_show, NULL },
	{ "rotational", 0444, rotational_show, NULL },
	{ "nomerges", 0644, nomerges_show, nomerges_store },
	{ "nr_requests", 0444, nr_requests_show, NULL },
	{ "write_cache", 0444, write_cache_show, NULL },
	{ "fua", 0444, fua_show, NULL },
	{ "io_poll", 0444, io_poll_show, NULL },
	{ "read_ahead_kb", 0644, read_ahead_kb_show, read_ahead_kb_store },
	{ "scheduler", 0644, scheduler_show, scheduler_store },
	{ 0 },
};

/* ---- the tree ---- */

static int show_disk(struct seq_file *m, void *v)
{
	return show_attr(m, find_attr(disk_attrs, kernfs_of(file_inode(m->file))->name));
}
static ssize_t store_disk(struct file *file, char *text, size_t count)
{
	return store_attr(file, find_attr(disk_attrs, kernfs_of(file_inode(file))->name), text,
			  count);
}
static int show_part(struct seq_file *m, void *v)
{
	return show_attr(m, find_attr(part_attrs, kernfs_of(file_inode(m->file))->name));
}
static ssize_t store_part(struct file *file, char *text, size_t count)
{
	return store_attr(file, find_attr(part_attrs, kernfs_of(file_inode(file))->name), text,
			  count);
}
static int show_queue(struct seq_file *m, void *v)
{
	return show_attr(m, find_attr(queue_attrs, kernfs_of(file_inode(m->file))->name));
}
static ssize_t store_queue(struct file *file, char *text, size_t count)
{
	return store_attr(file, find_attr(queue_attrs, kernfs_of(file_inode(file))->name), text,
			  count);
}

static void add_files(struct kernfs_node *dir, const struct attr *attrs, kernfs_show_t show,
		      kernfs_write_t store, struct block_device *bdev)
{
	void *priv = (void *)(unsigned long)bdev->bd_dev;

	for (; dir && attrs->name; attrs++)
		if (attrs->show != serial_show || bdev->bd_disk->fops->serial)
			kernfs_create_file(dir, attrs->name, attrs->mode, show,
					   attrs->store ? store : NULL, priv);
}

static struct kernfs_node *get_dir(struct kernfs_node *parent, const char *name)
{
	struct kernfs_node *dir = parent ? kernfs_find(parent, name) : NULL;

	return dir || !parent ? dir : kernfs_create_dir(parent, name, 0755);
}

/* The directory of links @dir below /sys (block, class/block, dev/block). */
static struct kernfs_node *links_dir(const char *upper, const char *lower)
{
	struct kernfs_node *dir = get_dir(&sysfs_root, upper);

	return lower ? get_dir(dir, lower) : dir;
}

/* "devices/virtual/block/ram0" of a disk, into @buf. */
static void device_path(const struct block_device *bdev, char *buf, size_t size)
{
	const char *where = bdev->bd_disk->driverfs;
	char name[36];

	snprintf(buf, size, "devices/%s/block/%s", *where ? where : "virtual",
		 bdev->bd_disk->disk_name);
	if (bdev->bd_partno) {
		strlcat(buf, "/", size);
		strlcat(buf, bdev_name(bdev, name), size);
	}
}

/* "../../../" of as many levels as @path, which is below /sys, has. */
static void way_up(const char *path, char *buf, size_t size)
{
	strscpy(buf, "../", size);
	for (; *path; path++)
		if (*path == '/')
			strlcat(buf, "../", size);
}

/* From the directory of the device to its class, and of a disk to what it is on. */
static void add_inner_links(struct block_device *bdev, const char *path)
{
	const char *where = bdev->bd_disk->driverfs, *last = strrchr(where, '/');
	char target[144];

	way_up(path, target, sizeof(target));
	strlcat(target, "class/block", sizeof(target));
	kernfs_create_link(bdev->bd_sysfs, "subsystem", target);
	if (bdev->bd_partno || !*where)
		return;
	snprintf(target, sizeof(target), "../../../%s", last ? last + 1 : where);
	kernfs_create_link(bdev->bd_sysfs, "device", target);
}

static void add_links(struct block_device *bdev)
{
	char path[128], target[144], name[36];
	struct kernfs_node *dir;

	device_path(bdev, path, sizeof(path));
	bdev_name(bdev, name);
	add_inner_links(bdev, path);
	snprintf(target, sizeof(target), "../%s", path);
	dir = bdev->bd_partno ? NULL : links_dir("block", NULL);
	if (dir)
		kernfs_create_link(dir, name, target);
	snprintf(target, sizeof(target), "../../%s", path);
	dir = links_dir("class", "block");
	if (dir)
		kernfs_create_link(dir, name, target);
	snprintf(name, sizeof(name), "%u:%u", MAJOR(bdev->bd_dev), MINOR(bdev->bd_dev));
	dir = links_dir("dev", "block");
	if (dir)
		kernfs_create_link(dir, name, target);
}

static void remove_link(struct kernfs_node *dir, const char *name)
{
	struct kernfs_node *link = dir ? kernfs_find(dir, name) : NULL;

	if (link)
		kernfs_remove(link);
}

void bdev_sysfs_add(struct block_device *bdev)
{
	struct kernfs_node *parent = bdev_whole(bdev)->bd_sysfs;
	char path[128], name[36];
	const char *last;

	if (!bdev->bd_partno) {
		device_path(bdev, path, sizeof(path));
		parent = kernfs_make_path(&sysfs_root, path, &last);
	}
	bdev->bd_sysfs = parent ? kernfs_create_dir(parent, bdev_name(bdev, name), 0755) : NULL;
	if (!bdev->bd_sysfs)
		return;
	if (bdev->bd_partno) {
		add_files(bdev->bd_sysfs, part_attrs, show_part, store_part, bdev);
	} else {
		add_files(bdev->bd_sysfs, disk_attrs, show_disk, store_disk, bdev);
		add_files(kernfs_create_dir(bdev->bd_sysfs, "queue", 0755), queue_attrs, show_queue,
			  store_queue, bdev);
	}
	add_links(bdev);
}

void bdev_sysfs_remove(struct block_device *bdev)
{
	char name[36];

	remove_link(links_dir("block", NULL), bdev_name(bdev, name));
	remove_link(links_dir("class", "block"), name);
	snprintf(name, sizeof(name), "%u:%u", MAJOR(bdev->bd_dev), MINOR(bdev->bd_dev));
	remove_link(links_dir("dev", "block"), name);
	if (bdev->bd_sysfs)
		kernfs_remove(bdev->bd_sysfs);
	bdev->bd_sysfs = NULL;
}

/* ---- /proc ---- */

static int partitions_show(struct seq_file *m, void *v)
{
	struct block_device *bdev = NULL;
	bool any = false;
	char name[36];

	while ((bdev = bdev_next(bdev))) {
		if (!bdev_nr_sectors(bdev) || (bdev->bd_disk->flags & GENHD_FL_HIDDEN))
			continue;
		if (!any)
			seq_puts(m, "major minor  #blocks  name\n\n");
		any = true;
		seq_printf(m, "%4u  %7u %10llu %s\n", MAJOR(bdev->bd_dev), MINOR(bdev->bd_dev),
			   (unsigned long long)bdev_nr_sectors(bdev) >> 1, bdev_name(bdev, name));
	}
	return 0;
}

static int diskstats_show(struct seq_file *m, void *v)
{
	struct block_device *bdev = NULL;
	struct part_stat s;
	char name[36];

	while ((bdev = bdev_next(bdev))) {
		if (bdev->bd_partno && !bdev_nr_sectors(bdev))
			continue;
		part_stat_read(bdev, &s);
		seq_printf(m,
			   "%4u %7u %s %llu %llu %llu %llu %llu %llu %llu %llu %u %llu %llu %llu "
			   "%llu %llu %llu %llu %llu\n",
			   MAJOR(bdev->bd_dev), MINOR(bdev->bd_dev), bdev_name(bdev, name),
			   s.ios[STAT_READ], s.merges[STAT_READ], s.sectors[STAT_READ],
			   s.ms[STAT_READ], s.ios[STAT_WRITE], s.merges[STAT_WRITE],
			   s.sectors[STAT_WRITE], s.ms[STAT_WRITE], s.in_flight[0] + s.in_flight[1],
			   s.io_ticks, s.time_in_queue, s.ios[STAT_DISCARD], s.merges[STAT_DISCARD],
			   s.sectors[STAT_DISCARD], s.ms[STAT_DISCARD], s.ios[STAT_FLUSH],
			   s.ms[STAT_FLUSH]);
	}
	return 0;
}

static int __init bdev_sysfs_init(void)
{
	links_dir("block", NULL);
	links_dir("class", "block");
	links_dir("dev", "block");
	proc_create_single("partitions", 0444, NULL, partitions_show);
	proc_create_single("diskstats", 0444, NULL, diskstats_show);
	return 0;
}
fs_initcall(bdev_sysfs_init);
