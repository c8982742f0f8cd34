/* SPDX-License-Identifier: MIT */
/* FS_IOC_FIEMAP: where on its device the data of a file lie. Linux: Documentation/filesystems/fiemap.rst. */
#ifndef QUIRE_FS_FIEMAP_H
#define QUIRE_FS_FIEMAP_H

#include <base/types.h>
#include <base/compiler.h>
#include <linux/fiemap.h>

/* What one call asked for, and how far it is. */
struct fiemap_extent_info {
	u32 flags;			/* FIEMAP_FLAG_* */
	u32 mapped;			/* extents told of */
	u32 max;			/* room for extents; 0: they are only counted */
	struct fiemap_extent __user *extents;
};

/* One extent. 0: go on, 1: no more room, or it was FIEMAP_EXTENT_LAST; -EFAULT. */
int fiemap_fill_next_extent(struct fiemap_extent_info *info, u64 logical, u64 physical, u64 len, u32 flags);

#endif
