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

/* A file is called as its attribute, of the kind that its priv is. */
static int fault_show(struct seq_file *m, void *v)
{
	const struct kernfs_node *node = kernfs_of(file_inode(m->file));
	char text[64];
	int n = fault_attr_read((unsigned long)node->priv, node->name, text, sizeof(text));

	if (n < 0)
		return n;
	seq_write(m, text, n);
	return 0;
}

static ssize_t fault_write(struct file *file, char *buf, size_t count)
{
	const struct kernfs_node *node = kernfs_of(file_inode(file));
	int err = fault_attr_write((unsigned long)node->priv, node->name, strim(buf));

	return err ? err : (ssize_t)count;
}

static void fill_kind(struct kernfs_node *dir)
{
	const char *name;

	for (unsigned int i = 0; (name = fault_attr_file((unsigned long)dir->priv, i)); i++)
		kernfs_fill_file(dir, name, 0600, fault_show, fault_write, dir->priv);
}

static int __init debugfs_faults_init(void)
{
	static const struct kernfs_dir_ops kind_ops = { .refresh = fill_kind };

	for (unsigned long kind = 0; kind < NR_FAULT_KINDS; kind++)
		kernfs_create_lazy_dir(&debugfs_root, fault_attrs[kind].name, &kind_ops,
				       (void *)kind);
	return 0;
}
fs_initcall(debugfs_faults_init);
