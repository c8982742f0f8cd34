/* SPDX-License-Identifier: MIT */
/* What the files fs/bdev*.c share. */
#ifndef FS_BDEV_INTERNAL_H
#define FS_BDEV_INTERNAL_H

#include <fs/bdev.h>

struct file;

/* fs/bdev_sysfs.c: /sys/block, /sys/class/block, /sys/dev/block. => open_mutex held */
void bdev_sysfs_add(struct block_device *bdev);
void bdev_sysfs_remove(struct block_device *bdev);
/* fs/bdev_ioctl.c */
long blkdev_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

#endif
