/* SPDX-License-Identifier: MIT */
/*
 * sysfs, debugfs, tracefs: three kernfs trees. What is in them is registered by the rooms that
 * own the numbers; this file holds the roots and the file system types.
 */
#include <fs/kernfs.h>
#include <fs/super.h>
#include <fs/sysfs.h>
#include <kernel/init.h>

#include <linux/magic.h>

KERNFS_ROOT(sysfs_root);
KERNFS_ROOT(debugfs_root);
KERNFS_ROOT(tracefs_root);

static int sysfs_fill_super(struct super_block *sb, void *data)
{
	return kernfs_fill_super(sb, &sysfs_root, SYSFS_MAGIC);
}

static int debugfs_fill_super(struct super_block *sb, void *data)
{
	return kernfs_fill_super(sb, &debugfs_root, DEBUGFS_MAGIC);
}

static int tracefs_fill_super(struct super_block *sb, void *data)
{
	return kernfs_fill_super(sb, &tracefs_root, TRACEFS_MAGIC);
}

static struct file_system_type types[] = {
	{ .name = "sysfs", .fill_super = sysfs_fill_super, .kill_sb = kill_anon_super },
	{ .name = "debugfs", .fill_super = debugfs_fill_super, .kill_sb = kill_anon_super },
	{ .name = "tracefs", .fill_super = tracefs_fill_super, .kill_sb = kill_anon_super },
};

static int __init sysfs_init(void)
{
	struct kernfs_node *fs = kernfs_create_dir(&sysfs_root, "fs", 0755);
	struct kernfs_node *kernel = kernfs_create_dir(&sysfs_root, "kernel", 0755);
	unsigned int i;

	(void)fs;
	if (kernel) {
		kernfs_create_dir(kernel, "debug", 0700);
		kernfs_create_dir(kernel, "tracing", 0700);
	}
	kernfs_create_dir(&sysfs_root, "class", 0755);
	kernfs_create_dir(&sysfs_root, "devices", 0755);
	for (i = 0; i < ARRAY_SIZE(types); i++)
		register_filesystem(&types[i]);
	return 0;
}
core_initcall(sysfs_init);
