// SPDX-License-Identifier: MIT
/*
 * /sys/kernel/slab: a directory per object cache with a file per attribute, a link per name that was merged
 * into another cache. Names and formats as in Linux 6.1 (Documentation/ABI/testing/sysfs-kernel-slab); what
 * does not exist here (per-CPU partial slabs) has no file, and cpu_objects, the free objects in the arrays
 * of the CPUs, is ours. The directory is made when somebody looks into it, so that it costs nothing before.
 */
#include <base/errno.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/file.h>
#include <fs/kernfs.h>
#include <fs/seq_file.h>
#include <fs/sysfs.h>
#include <kernel/init.h>
#include <mm/slab.h>
#include <mm/slab_report.h>
#include <mm/zone.h>
#include "fs_internal.h"

enum attr_kind { ATTR_NUMBER, ATTR_FLAG, ATTR_BY_NODE, ATTR_BY_CPU, ATTR_CTOR, ATTR_NOTHING };

struct slab_attr {
	const char *name;
	enum attr_kind kind;
	unsigned int what; /* offset in slab_report, or the flag */
	umode_t mode;
	int (*store)(const char *cache, unsigned int value);
};

static int do_shrink(const char *cache, unsigned int value)
{
	return value == 1 ? slab_shrink_by_name(cache) : -EINVAL;
}

static int do_validate(const char *cache, unsigned int value)
{
	return value == 1 ? slab_validate_by_name(cache) : -EINVAL;
}

#define FIELD(f) offsetof(struct slab_report, f)
static const struct slab_attr attrs[] = {
	{ "aliases", ATTR_NUMBER, FIELD(aliases), 0400, NULL },
	{ "align", ATTR_NUMBER, FIELD(align), 0400, NULL },
	{ "object_size", ATTR_NUMBER, FIELD(object_size), 0400, NULL },
	{ "slab_size", ATTR_NUMBER, FIELD(slab_size), 0400, NULL },
	{ "objs_per_slab", ATTR_NUMBER, FIELD(objs_per_slab), 0400, NULL },
	{ "order", ATTR_NUMBER, FIELD(order), 0400, NULL },
	{ "min_partial", ATTR_NUMBER, FIELD(min_partial), 0600, slab_set_min_partial },
	{ "cache_dma", ATTR_FLAG, SLAB_CACHE_DMA, 0400, NULL },
	{ "destroy_by_rcu", ATTR_FLAG, SLAB_TYPESAFE_BY_RCU, 0400, NULL },
	{ "hwcache_align", ATTR_FLAG, SLAB_HWCACHE_ALIGN, 0400, NULL },
	{ "reclaim_account", ATTR_FLAG, SLAB_RECLAIM_ACCOUNT, 0400, NULL },
	{ "sanity_checks", ATTR_FLAG, SLAB_CONSISTENCY_CHECKS, 0400, NULL },
	{ "red_zone", ATTR_FLAG, SLAB_RED_ZONE, 0400, NULL },
	{ "poison", ATTR_FLAG, SLAB_POISON, 0400, NULL },
	{ "store_user", ATTR_FLAG, SLAB_STORE_USER, 0400, NULL },
	{ "trace", ATTR_FLAG, SLAB_TRACE, 0400, NULL },
	{ "failslab", ATTR_FLAG, SLAB_FAILSLAB, 0600, slab_set_failslab },
	{ "slabs", ATTR_BY_NODE, FIELD(slabs), 0400, NULL },
	{ "partial", ATTR_BY_NODE, FIELD(partial), 0400, NULL },
	{ "objects", ATTR_BY_NODE, FIELD(objects), 0400, NULL },
	{ "objects_partial", ATTR_BY_NODE, FIELD(objects_partial), 0400, NULL },
	{ "total_objects", ATTR_BY_NODE, FIELD(total_objects), 0400, NULL },
	{ "cpu_objects", ATTR_BY_CPU, FIELD(cpu_objects), 0400, NULL },
	{ "alloc_refill", ATTR_BY_CPU, FIELD(alloc_refill), 0400, NULL },
	{ "cpuslab_flush", ATTR_BY_CPU, FIELD(cpuslab_flush), 0400, NULL },
	{ "ctor", ATTR_CTOR, 0, 0400, NULL },
	{ "shrink", ATTR_NOTHING, 0, 0600, do_shrink },
	{ "validate", ATTR_NOTHING, 0, 0600, do_validate },
};

static void show_count(struct seq_file *m, const struct slab_count *c, char letter)
{
	seq_printf(m, "%lu", c->total);
	for (unsigned int i = 0; i < ARRAY_SIZE(c->part); i++)
		if (c->part[i])
			seq_printf(m, " %c%u=%u", letter, i, c->part[i]);
}

static void show_attr(struct seq_file *m, const struct slab_attr *a, const struct slab_report *r)
{
	const void *field = (const char *)r + a->what;

	switch (a->kind) {
	case ATTR_NUMBER:
		seq_printf(m, "%u", *(const unsigned int *)field);
		break;
	case ATTR_FLAG:
		seq_putc(m, r->flags & a->what ? '1' : '0');
		break;
	case ATTR_BY_NODE:
		show_count(m, field, 'N');
		break;
	case ATTR_BY_CPU:
		show_count(m, field, 'C');
		break;
	case ATTR_CTOR:
		if (!r->ctor)
			return;
		seq_printf(m, "%pS", r->ctor);
		break;
	case ATTR_NOTHING:
		return;
	}
	seq_putc(m, '\n');
}

/* The directory's name is the cache's. */
static const char *cache_of(struct file *file)
{
	return kernfs_of(file_inode(file))->parent->name;
}

static int attr_show(struct seq_file *m, void *v)
{
	struct slab_report *r = kmalloc(sizeof(*r), GFP_KERNEL);
	int err = 0;

	if (!r)
		return -ENOMEM;
	if (slab_report(cache_of(m->file), r))
		show_attr(m, m->private, r);
	else
		err = -ENODEV;
	kfree(r);
	return err;
}

static ssize_t attr_write(struct file *file, char *buf, size_t count)
{
	const struct slab_attr *a = kernfs_of(file_inode(file))->priv;
	unsigned int value;
	int err = kstrtouint(strim(buf), 10, &value);

	if (!err)
		err = a->store(cache_of(file), value);
	return err ? err : (ssize_t)count;
}

/* The files of one cache, when somebody first looks. */
static void fill_cache(struct kernfs_node *dir)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(attrs); i++)
		kernfs_fill_file(dir, attrs[i].name, attrs[i].mode, attr_show,
				 attrs[i].store ? attr_write : NULL, (void *)&attrs[i]);
}

static const struct kernfs_dir_ops fill_cache_ops = { .refresh = fill_cache };

/* ---- the directory of all caches ---- */

struct name_list {
	char *at, *end; /* "name\0target\0" for each, target empty for a cache */
	size_t bytes;	/* that all would take */
};

static void append(struct name_list *l, const char *s)
{
	size_t len = strlen(s) + 1;

	l->bytes += len;
	if (l->at + len > l->end)
		return;
	memcpy(l->at, s, len);
	l->at += len;
}

static void append_name(const char *name, const char *merged_into, void *list)
{
	append(list, name);
	append(list, merged_into ? merged_into : "");
}

char *slab_all_names(void)
{
	struct name_list l = { 0 };
	char *buf;

	for (;;) {
		size_t bytes;

		l.bytes = 0;
		slab_names(append_name, &l);
		bytes = l.bytes + 512; /* room for those that come meanwhile */
		buf = kzalloc(bytes, GFP_KERNEL);
		if (!buf)
			return NULL;
		l = (struct name_list){ .at = buf, .end = buf + bytes - 2 };
		slab_names(append_name, &l);
		if (l.bytes <= bytes - 2)
			return buf;
		kfree(buf);
		l = (struct name_list){ 0 };
	}
}

static bool not_listed(struct kernfs_node *child, void *names)
{
	for (const char *p = names; *p; p += strlen(p) + 1) {
		if (!strcmp(p, child->name))
			return false;
		p += strlen(p) + 1;
	}
	return true;
}

static void fill_slab(struct kernfs_node *slab)
{
	char *names = slab_all_names();

	if (!names)
		return;
	kernfs_remove_if(slab, not_listed, names);
	for (const char *name = names, *target; *name; name = target + strlen(target) + 1) {
		target = name + strlen(name) + 1;
		if (kernfs_find(slab, name))
			continue;
		if (*target)
			kernfs_create_link(slab, name, target);
		else
			kernfs_create_lazy_dir(slab, name, &fill_cache_ops, NULL);
	}
	kfree(names);
}

static const struct kernfs_dir_ops fill_slab_ops = { .refresh = fill_slab };

static int __init sysfs_slab_init(void)
{
	struct kernfs_node *kernel = kernfs_find(&sysfs_root, "kernel");

	return kernfs_create_lazy_dir(kernel, "slab", &fill_slab_ops, NULL) ? 0 : -ENOMEM;
}
late_initcall(sysfs_slab_init);
