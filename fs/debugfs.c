/* SPDX-License-Identifier: MIT */
/*
 * /sys/kernel/debug: failure injection (failslab/, fail_page_alloc/, ...: the files of Linux's
 * Documentation/fault-injection) over the failure gate of mm/stat/fault_inject.c.
 */
#include <base/errno.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/file.h>
#include <fs/kernfs.h>
#include <fs/seq_file.h>
#include <fs/sysfs.h>
#include <kernel/init.h>
#include <mm/fault_inject.h>
#include <mm/slab.h>

/* Which attribute a file stands for. */
struct fault_file {
	enum fault_kind kind;
	const char *name;
};

static int fault_show(struct seq_file *m, void *v)
{
	struct fault_file *ff = m->private;
	char text[64];
	int n = fault_attr_read(ff->kind, ff->name, text, sizeof(text));

	if (n < 0)
		return n;
	seq_write(m, text, n);
	return 0;
}

static ssize_t fault_write(struct file *file, char *buf, size_t count)
{
	struct fault_file *ff = kernfs_of(file_inode(file))->priv;
	int err = fault_attr_write(ff->kind, ff->name, strim(buf));

	return err ? err : (ssize_t)count;
}

static int __init debugfs_faults_init(void)
{
	struct kernfs_node *dir;
	struct fault_file *ff;
	const char *name;
	int kind, i;

	for (kind = 0; kind < NR_FAULT_KINDS; kind++) {
		dir = kernfs_create_dir(&debugfs_root, fault_attrs[kind].name, 0755);
		for (i = 0; dir && (name = fault_attr_file(kind, i)); i++) {
			ff = kmalloc(sizeof(*ff), GFP_KERNEL);
			if (!ff)
				return -ENOMEM;
			*ff = (struct fault_file){ kind, name };
			kernfs_create_file(dir, ff->name, 0600, fault_show, fault_write, ff);
		}
	}
	return 0;
}
fs_initcall(debugfs_faults_init);
