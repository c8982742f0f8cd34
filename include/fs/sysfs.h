/* SPDX-License-Identifier: MIT */
/* The roots of /sys, /sys/kernel/debug and /sys/kernel/tracing; nodes are added with fs/kernfs.h. */
#ifndef FS_SYSFS_H
#define FS_SYSFS_H

#include <fs/kernfs.h>

extern struct kernfs_node sysfs_root, debugfs_root, tracefs_root;

#endif
