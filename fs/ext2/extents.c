// SPDX-License-Identifier: MIT
/*
 * Where the data of a file lie, and where it has none: FIEMAP, SEEK_HOLE, SEEK_DATA.
 * Both go along the runs of blocks (ext2_run(), fs/ext2/inode.c), a hole below a missing block of names in one step. A
 * page that was written through a mapping, in a hole, has no block yet: what is dirty is written first.
 * Linux 6.1: fs/iomap/fiemap.c, fs/iomap/seek.c as ext4 uses them for an ext2; its own driver has no SEEK_HOLE.
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/math.h>
#include <fs/fiemap.h>
#include <fs/file.h>
#include <mm/writeback.h>
#include <linux/fs.h>
#include "ext2.h"

int ext2_fiemap(struct inode *inode, struct fiemap_extent_info *info, u64 start, u64 len)
{
	unsigned int bits = inode->i_blkbits;
	struct fiemap_extent last = { 0 };
	sector_t block = start >> bits, end;
	int err = 0;

	inode_lock(inode);
	end = DIV_ROUND_UP_ULL(min(start + len, (u64)i_size_read(inode)), 1UL << bits);
	while (block < end && !err) {
		u32 bno;
		long n = ext2_run(inode, block, end - block, &bno);

		if (n < 0) {
			err = n;
			break;
		}
		if (bno) {
			if (last.fe_length)
				err = fiemap_fill_next_extent(info, last.fe_logical,
							      last.fe_physical, last.fe_length,
							      FIEMAP_EXTENT_MERGED);
			last.fe_logical = (u64)block << bits;
			last.fe_physical = (u64)bno << bits;
			last.fe_length = (u64)n << bits;
		}
		block += n;
	}
	inode_unlock(inode);
	if (!err && last.fe_length)
		err = fiemap_fill_next_extent(info, last.fe_logical, last.fe_physical,
					      last.fe_length,
					      FIEMAP_EXTENT_MERGED | FIEMAP_EXTENT_LAST);
	return err < 0 ? err : 0;
}

/* The first byte from @offset on that lies (data) in a block or (hole) not. => inode locked */
static loff_t seek_hole_data(struct inode *inode, loff_t offset, int whence)
{
	loff_t size = i_size_read(inode);
	sector_t block = offset >> inode->i_blkbits,
		 end = DIV_ROUND_UP_ULL(size, 1UL << inode->i_blkbits);
	int err;

	if (offset < 0 || offset >= size)
		return -ENXIO;
	err = filemap_write_and_wait_range(inode->i_mapping, offset, size);
	if (err)
		return err;
	while (block < end) {
		u32 bno;
		long n = ext2_run(inode, block, end - block, &bno);

		if (n < 0)
			return n;
		if (!!bno == (whence == SEEK_DATA))
			return max(offset, (loff_t)block << inode->i_blkbits);
		block += n;
	}
	return whence == SEEK_DATA ? -ENXIO : size;
}

loff_t ext2_file_llseek(struct file *file, loff_t offset, int whence)
{
	struct inode *inode = file_inode(file);

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return generic_file_llseek(file, offset, whence);
	inode_lock_shared(inode);
	offset = seek_hole_data(inode, offset, whence);
	inode_unlock_shared(inode);
	return offset < 0 ? offset : vfs_setpos(file, offset, inode->i_sb->s_maxbytes);
}
