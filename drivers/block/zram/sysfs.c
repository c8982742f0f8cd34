// SPDX-License-Identifier: MIT
/*
 * /sys/block/zramN/ and /sys/class/zram-control/, in the formats of Linux 6.1
 * (Documentation/admin-guide/blockdev/zram.rst).
 *
 * A file finds its disk by number at each use, with a reference: the disk may be gone by then (-ENODEV).
 */
#include <base/cpumask.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <block/genhd.h>
#include <fs/file.h>
#include <fs/kernfs.h>
#include <fs/seq_file.h>
#include <fs/sysfs.h>
#include <kernel/init.h>
#include <kernel/timer.h>
#include <mm/page.h>
#include "zram_internal.h"

struct zram_attr {
	const char *name;
	umode_t mode;
	void (*show)(struct seq_file *m, struct zram *zram); /* init_lock held for reading */
	int (*store)(struct zram *zram, char *text);
};

/* ---- reading ---- */

static void disksize_show(struct seq_file *m, struct zram *zram)
{
	seq_printf(m, "%llu\n", (unsigned long long)zram->disksize);
}

static void initstate_show(struct seq_file *m, struct zram *zram)
{
	seq_printf(m, "%u\n", zram->disksize != 0);
}

static void comp_algorithm_show(struct seq_file *m, struct zram *zram)
{
	char names[64];

	zcomp_available_show(zram->compressor, names, sizeof(names));
	seq_printf(m, "%s\n", names);
}

static void max_comp_streams_show(struct seq_file *m, struct zram *zram)
{
	seq_printf(m, "%u\n", num_online_cpus());
}

static u64 stat(const atomic64_t *counter)
{
	return (u64)atomic64_read(counter);
}

static void mm_stat_show(struct seq_file *m, struct zram *zram)
{
	const struct zram_stats *s = &zram->stats;
	struct zs_pool_stats pool = { 0 };
	unsigned long pages = 0;

	if (zram->disksize) {
		pages = zs_get_total_pages(zram->pool);
		zs_pool_stats(zram->pool, &pool);
	}
	seq_printf(m, "%8llu %8llu %8llu %8lu %8ld %8llu %8lu %8llu %8llu\n",
		   stat(&s->pages_stored) << PAGE_SHIFT, stat(&s->compr_data_size),
		   (u64)pages << PAGE_SHIFT, zram->limit_pages << PAGE_SHIFT,
		   atomic_long_read(&s->max_used_pages) << PAGE_SHIFT, stat(&s->same_pages),
		   pool.pages_compacted, stat(&s->huge_pages), stat(&s->huge_pages_since));
}

static void io_stat_show(struct seq_file *m, struct zram *zram)
{
	const struct zram_stats *s = &zram->stats;

	/* The third, requests that are not of whole blocks, never reach a driver. */
	seq_printf(m, "%8llu %8llu %8llu %8llu\n", stat(&s->failed_reads), stat(&s->failed_writes),
		   (u64)0, stat(&s->notify_free));
}

static void bd_stat_show(struct seq_file *m, struct zram *zram)
{
	const struct zram_stats *s = &zram->stats;

	seq_printf(m, "%8llu %8llu %8llu\n", stat(&s->bd_count), stat(&s->bd_reads),
		   stat(&s->bd_writes));
}

static void writeback_limit_show(struct seq_file *m, struct zram *zram)
{
	seq_printf(m, "%llu\n", stat(&zram->wb_limit));
}

static void writeback_limit_enable_show(struct seq_file *m, struct zram *zram)
{
	seq_printf(m, "%d\n", zram->wb_limited);
}

static void debug_stat_show(struct seq_file *m, struct zram *zram)
{
	/* The second, frees that found their slot locked and gave up: here they wait. */
	seq_printf(m, "version: 1\n%8llu %8llu\n", stat(&zram->stats.writestall), (u64)0);
}

/* In debugfs. */
static void classes_show(struct seq_file *m, struct zram *zram)
{
	if (zram->disksize)
		zs_print_classes(m, zram->pool);
}

/* ---- writing ---- */

static int disksize_store(struct zram *zram, char *text)
{
	u64 bytes = memparse(text, NULL);

	return bytes ? zram_set_disksize(zram, bytes) : -EINVAL;
}

static int reset_store(struct zram *zram, char *text)
{
	u16 yes;
	int err = kstrtou16(text, 10, &yes);

	if (err)
		return err;
	return yes ? zram_reset(zram) : -EINVAL;
}

static int comp_algorithm_store(struct zram *zram, char *text)
{
	size_t len = strlen(text);
	int err = 0;

	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	if (!zcomp_available_algorithm(text))
		return -EINVAL;
	down_write(&zram->init_lock);
	if (zram->disksize)
		err = -EBUSY;
	else
		strscpy(zram->compressor, text, sizeof(zram->compressor));
	up_write(&zram->init_lock);
	return err;
}

/* There is a stream for each CPU, whatever is asked for. */
static int max_comp_streams_store(struct zram *zram, char *text)
{
	return 0;
}

static int mem_limit_store(struct zram *zram, char *text)
{
	char *end;
	u64 limit = memparse(text, &end);

	if (end == text)
		return -EINVAL;
	down_write(&zram->init_lock);
	zram->limit_pages = PAGE_ALIGN(limit) >> PAGE_SHIFT;
	up_write(&zram->init_lock);
	return 0;
}

static int mem_used_max_store(struct zram *zram, char *text)
{
	unsigned long value;

	if (kstrtoul(text, 10, &value) || value)
		return -EINVAL;
	down_read(&zram->init_lock);
	if (zram->disksize)
		atomic_long_set(&zram->stats.max_used_pages, (long)zs_get_total_pages(zram->pool));
	up_read(&zram->init_lock);
	return 0;
}

static int compact_store(struct zram *zram, char *text)
{
	int err = -EINVAL;

	down_read(&zram->init_lock);
	if (zram->disksize) {
		zs_compact(zram->pool);
		err = 0;
	}
	up_read(&zram->init_lock);
	return err;
}

static int backing_dev_store(struct zram *zram, char *text)
{
	return zram_set_backing(zram, strim(text));
}

/* Of all pages, or of those that were not touched for so many seconds. */
static int idle_store(struct zram *zram, char *text)
{
	u64 seconds = 0;
	int err = -EINVAL;

	if (!sysfs_streq(text, "all") && kstrtou64(text, 0, &seconds))
		return -EINVAL;
	down_read(&zram->init_lock);
	if (zram->disksize) {
		zram_mark_idle(zram, min_t(u64, seconds, U32_MAX) * HZ);
		err = 0;
	}
	up_read(&zram->init_lock);
	return err;
}

/* What to write: pages from *@from to before *@to that have all bits of *@kinds. 0 or -EINVAL. */
static int parse_writeback(char *text, unsigned long *from, unsigned long *to, unsigned long *kinds)
{
	static const char one[] = "page_index=";

	if (!strncmp(text, one, sizeof(one) - 1)) {
		if (kstrtoul(text + sizeof(one) - 1, 10, from) || *from >= *to)
			return -EINVAL;
		*to = *from + 1;
		return 0;
	}
	*kinds =
		(sysfs_streq(text, "idle") || sysfs_streq(text, "huge_idle") ? BIT(ZRAM_IDLE) : 0) |
		(sysfs_streq(text, "huge") || sysfs_streq(text, "huge_idle") ? BIT(ZRAM_HUGE) : 0);
	return *kinds ? 0 : -EINVAL;
}

static int writeback_store(struct zram *zram, char *text)
{
	unsigned long from = 0, to, kinds = 0;
	int err;

	down_read(&zram->init_lock);
	to = zram->disksize >> PAGE_SHIFT;
	err = parse_writeback(text, &from, &to, &kinds);
	if (!err && !zram->disksize)
		err = -EINVAL;
	if (!err)
		err = zram->backing ? zram_writeback(zram, from, to, kinds) : -ENODEV;
	up_read(&zram->init_lock);
	return err;
}

static int writeback_limit_store(struct zram *zram, char *text)
{
	u64 pages;
	int err = kstrtou64(text, 10, &pages) ? -EINVAL : 0;

	if (!err)
		atomic64_set(&zram->wb_limit, (s64)pages);
	return err;
}

static int writeback_limit_enable_store(struct zram *zram, char *text)
{
	u64 on;
	int err = kstrtou64(text, 10, &on) ? -EINVAL : 0;

	if (!err)
		WRITE_ONCE(zram->wb_limited, on != 0);
	return err;
}

static const struct zram_attr attrs[] = {
	{ "disksize", 0644, disksize_show, disksize_store },
	{ "initstate", 0444, initstate_show, NULL },
	{ "reset", 0200, NULL, reset_store },
	{ "compact", 0200, NULL, compact_store },
	{ "mem_limit", 0200, NULL, mem_limit_store },
	{ "mem_used_max", 0200, NULL, mem_used_max_store },
	{ "max_comp_streams", 0644, max_comp_streams_show, max_comp_streams_store },
	{ "comp_algorithm", 0644, comp_algorithm_show, comp_algorithm_store },
	{ "backing_dev", 0644, zram_show_backing, backing_dev_store },
	{ "idle", 0200, NULL, idle_store },
	{ "writeback", 0200, NULL, writeback_store },
	{ "writeback_limit", 0644, writeback_limit_show, writeback_limit_store },
	{ "writeback_limit_enable", 0644, writeback_limit_enable_show,
	  writeback_limit_enable_store },
	{ "io_stat", 0444, io_stat_show, NULL },
	{ "bd_stat", 0444, bd_stat_show, NULL },
	{ "mm_stat", 0444, mm_stat_show, NULL },
	{ "debug_stat", 0444, debug_stat_show, NULL },
	{ "classes", 0444, classes_show, NULL },
};
#define NR_SYSFS_ATTRS (ARRAY_SIZE(attrs) - 1)

/* ---- the files of a disk ---- */

static const struct zram_attr *attr_of(const struct kernfs_node *node)
{
	unsigned int i = 0;

	while (strcmp(attrs[i].name, node->name))
		i++;
	return &attrs[i];
}

/* With a reference, or NULL. */
static struct block_device *disk_of(const struct kernfs_node *node)
{
	struct block_device *bdev = bdev_lookup((dev_t)(unsigned long)node->priv);

	if (bdev && disk_live(bdev->bd_disk))
		return bdev;
	if (bdev)
		bdev_put(bdev);
	return NULL;
}

static int zram_show(struct seq_file *m, void *v)
{
	const struct kernfs_node *node = kernfs_of(file_inode(m->file));
	struct block_device *bdev = disk_of(node);
	struct zram *zram;

	if (!bdev)
		return -ENODEV;
	zram = bdev->bd_disk->private_data;
	down_read(&zram->init_lock);
	attr_of(node)->show(m, zram);
	up_read(&zram->init_lock);
	bdev_put(bdev);
	return 0;
}

static ssize_t zram_store(struct file *file, char *text, size_t count)
{
	const struct kernfs_node *node = kernfs_of(file_inode(file));
	struct block_device *bdev = disk_of(node);
	int err;

	if (!bdev)
		return -ENODEV;
	err = attr_of(node)->store(bdev->bd_disk->private_data, text);
	bdev_put(bdev);
	return err ? err : (ssize_t)count;
}

static void add_attr(struct kernfs_node *dir, const char *name, const struct zram_attr *attr,
		     const struct zram *zram)
{
	kernfs_create_file(dir, name, attr->mode, attr->show ? zram_show : NULL,
			   attr->store ? zram_store : NULL,
			   (void *)(unsigned long)zram->disk->part0->bd_dev);
}

/* The path of the pool's table in debugfs. */
static void classes_path(const struct zram *zram, char *buf, size_t size)
{
	snprintf(buf, size, "zsmalloc/%s/classes", zram->disk->disk_name);
}

void zram_add_attributes(struct zram *zram)
{
	struct kernfs_node *dir = zram->disk->part0->bd_sysfs;
	const char *name;
	char path[64];

	for (unsigned int i = 0; dir && i < NR_SYSFS_ATTRS; i++)
		add_attr(dir, attrs[i].name, &attrs[i], zram);
	classes_path(zram, path, sizeof(path));
	dir = kernfs_make_path(&debugfs_root, path, &name);
	if (dir)
		add_attr(dir, name, &attrs[NR_SYSFS_ATTRS], zram);
}

void zram_remove_attributes(struct zram *zram)
{
	struct kernfs_node *pools = kernfs_find(&debugfs_root, "zsmalloc"), *dir;

	dir = pools ? kernfs_find(pools, zram->disk->disk_name) : NULL;
	if (dir)
		kernfs_remove(dir);
}

/* ---- zram-control ---- */

static int hot_add_show(struct seq_file *m, void *v)
{
	int id = zram_add();

	if (id < 0)
		return id;
	seq_printf(m, "%d\n", id);
	return 0;
}

static ssize_t hot_remove_store(struct file *file, char *text, size_t count)
{
	int id, err = kstrtoint(text, 10, &id);

	if (!err)
		err = id < 0 ? -EINVAL : zram_remove((unsigned int)id);
	return err ? err : (ssize_t)count;
}

void __init zram_add_control(void)
{
	struct kernfs_node *class = kernfs_find(&sysfs_root, "class");
	struct kernfs_node *dir = class ? kernfs_create_dir(class, "zram-control", 0755) : NULL;

	if (dir) {
		kernfs_create_file(dir, "hot_add", 0400, hot_add_show, NULL, NULL);
		kernfs_create_file(dir, "hot_remove", 0200, NULL, hot_remove_store, NULL);
	}
}
