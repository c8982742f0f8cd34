/* SPDX-License-Identifier: MIT */
/* /dev as the kernel fills it: a tmpfs in which each registered device has a node. */
#ifndef FS_DEVTMPFS_H
#define FS_DEVTMPFS_H

#include <base/types.h>

/*
 * Have a node @name ("tty", "pts/ptmx") of type and mode @mode for @dev in every /dev, now and
 * in those mounted later. @name is copied. May sleep. 0, -ENOMEM.
 */
int devtmpfs_create_node(const char *name, umode_t mode, dev_t dev);
/* Take @name, directly in /dev, away again; who has it open keeps it. May sleep. 0, -ENOENT. */
int devtmpfs_delete_node(const char *name);

#endif
