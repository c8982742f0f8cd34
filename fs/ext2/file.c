// SPDX-License-Identifier: MIT
/* Regular files of ext2: all of it generic but fsync. No fallocate: EOPNOTSUPP. Linux 6.1: fs/ext2/file.c. */
#include <base/types.h>
#include <mm/filemap.h>
#include <mm/writeback.h>
#include <block/bio.h>
#include <fs/file.h>
#include "ext2.h"

/* Data, indirect or directory blocks, the inode, who had its blocks before; then what the device itself holds back. */
int ext2_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	struct inode *inode = file->f_mapping->host;
	int err = file_write_and_wait_range(file, start, end), ret;

	ret = sync_mapping_buffers(inode->i_mapping);
	if (!(datasync && !(READ_ONCE(inode->i_state) & I_DIRTY_DATASYNC))) {
		int err2 = sync_inode_metadata(inode, 1);

		if (!ret)
			ret = err2;
	}
	if (!err)
		err = ret;
	ret = ext2_sync_cuts(inode->i_sb);
	if (!err)
		err = ret;
	if (err == -EIO)
		ext2_error(inode->i_sb, __func__,
			   "detected IO error when writing metadata buffers");
	ret = blkdev_issue_flush(inode->i_sb->s_bdev);
	return err ? err : ret;
}

const struct file_operations ext2_file_operations = {
	.llseek = ext2_file_llseek,
	.read_iter = generic_file_read_iter,
	.write_iter = generic_file_write_iter,
	.unlocked_ioctl = ext2_ioctl,
	.mmap = generic_file_mmap,
	.open = generic_file_open,
	.fsync = ext2_fsync,
};

const struct inode_operations ext2_file_inode_operations = {
	.getattr = ext2_getattr,
	.setattr = ext2_setattr,
	.fiemap = ext2_fiemap,
	EXT2_XATTR_OPS,
};
