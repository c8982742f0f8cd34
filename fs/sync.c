// SPDX-License-Identifier: MIT
/*
 * sync(2), syncfs(2), fsync(2) and relatives, sync_file_range(2), posix_fadvise(2), readahead(2).
 *
 * sync: all flushers are started, then each super block is written and waited for, then each is told to write what it
 * keeps itself (sync_fs), and last the block devices, where that has gone. Linux 6.1: fs/sync.c, mm/fadvise.c.
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/errseq.h>
#include <block/genhd.h>
#include <mm/filemap.h>
#include <mm/writeback.h>
#include <kernel/ksyscall.h>
#include <fs/bdev.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/super.h>
#include <linux/fadvise.h>
#include <linux/fs.h>

int sync_filesystem(struct super_block *sb)
{
	const struct super_operations *op = sb->s_op;
	int err = 0, err2;

	if (sb_rdonly(sb) || sb->s_bdi == &noop_backing_dev_info)
		return 0;
	/* Start all first, so that the device has much to choose from; then wait. */
	writeback_inodes_sb(sb, WB_REASON_SYNC);
	if (op && op->sync_fs)
		err = op->sync_fs(sb, 0);
	if (sb->s_bdev)
		sync_blockdev_nowait(sb->s_bdev);
	sync_inodes_sb(sb);
	if (op && op->sync_fs) {
		err2 = op->sync_fs(sb, 1);
		err = err ? err : err2;
	}
	if (sb->s_bdev) {
		err2 = sync_blockdev(sb->s_bdev);
		err = err ? err : err2;
	}
	return err;
}

static void sync_inodes_of(struct super_block *sb, void *unused)
{
	down_read(&sb->s_umount);
	if (sb->s_root && !sb_rdonly(sb))
		sync_inodes_sb(sb);
	up_read(&sb->s_umount);
}

static void sync_fs_of(struct super_block *sb, void *wait)
{
	down_read(&sb->s_umount);
	if (sb->s_root && !sb_rdonly(sb) && sb->s_op && sb->s_op->sync_fs)
		sb->s_op->sync_fs(sb, wait != NULL);
	up_read(&sb->s_umount);
}

static void sync_bdevs(bool wait)
{
	struct block_device *bdev = NULL;

	while ((bdev = bdev_next(bdev))) {
		struct inode *inode = READ_ONCE(bdev->bd_inode);

		if (!inode)
			continue;
		if (wait)
			filemap_fdatawait_keep_errors(inode->i_mapping);
		else
			filemap_fdatawrite(inode->i_mapping);
	}
}

SYSCALL_DEFINE0(sync)
{
	static char yes;

	wakeup_flusher_threads(WB_REASON_SYNC);
	iterate_supers(sync_inodes_of, NULL);
	iterate_supers(sync_fs_of, NULL);
	iterate_supers(sync_fs_of, &yes);
	sync_bdevs(false);
	sync_bdevs(true);
	if (laptop_mode)
		laptop_sync_completion();
	return 0;
}

SYSCALL_DEFINE1(syncfs, int, fd)
{
	struct fd f = fdget(fd);
	struct super_block *sb;
	int err, err2;

	if (!f.file)
		return -EBADF;
	sb = file_dentry(f.file)->d_sb;
	down_read(&sb->s_umount);
	err = sync_filesystem(sb);
	up_read(&sb->s_umount);
	err2 = errseq_check_and_advance(&sb->s_wb_err, &f.file->f_sb_err);
	fdput(f);
	return err ? err : err2;
}

int vfs_fsync_range(struct file *file, loff_t start, loff_t end, int datasync)
{
	struct inode *inode = file->f_mapping ? file->f_mapping->host : NULL;

	if (!file->f_op->fsync)
		return -EINVAL;
	if (!datasync && inode && (READ_ONCE(inode->i_state) & I_DIRTY_TIME))
		mark_inode_dirty_sync(inode);
	return file->f_op->fsync(file, start, end, datasync);
}

int vfs_fsync(struct file *file, int datasync)
{
	return vfs_fsync_range(file, 0, MAX_LFS_FILESIZE, datasync);
}

static int do_fsync(unsigned int fd, int datasync)
{
	struct fd f = fdget(fd);
	int err;

	if (!f.file)
		return -EBADF;
	err = vfs_fsync(f.file, datasync);
	fdput(f);
	return err;
}

SYSCALL_DEFINE1(fsync, unsigned int, fd)
{
	return do_fsync(fd, 0);
}

SYSCALL_DEFINE1(fdatasync, unsigned int, fd)
{
	return do_fsync(fd, 1);
}

int sync_file_range(struct file *file, loff_t offset, loff_t nbytes, unsigned int flags)
{
	umode_t mode = file_inode(file)->i_mode;
	loff_t end = nbytes ? offset + nbytes - 1 : MAX_LFS_FILESIZE;
	const unsigned int all =
		SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
	int err = 0;

	if (flags & ~all)
		return -EINVAL;
	if (offset < 0 || nbytes < 0 || end < offset)
		return -EINVAL;
	if (!S_ISREG(mode) && !S_ISBLK(mode) && !S_ISDIR(mode) && !S_ISLNK(mode))
		return -ESPIPE;
	if (flags & SYNC_FILE_RANGE_WAIT_BEFORE)
		err = file_fdatawait_range(file, offset, end);
	/* Only all three together promise that what was dirty is written; a start alone skips pages in use. */
	if (!err && (flags & SYNC_FILE_RANGE_WRITE))
		err = __filemap_fdatawrite_range(file->f_mapping, offset, end,
						 (flags & all) == all ? WB_SYNC_ALL : WB_SYNC_NONE);
	if (!err && (flags & SYNC_FILE_RANGE_WAIT_AFTER))
		err = file_fdatawait_range(file, offset, end);
	return err;
}

SYSCALL_DEFINE4(sync_file_range, int, fd, loff_t, offset, loff_t, nbytes, unsigned int, flags)
{
	struct fd f = fdget(fd);
	int err;

	if (!f.file)
		return -EBADF;
	err = sync_file_range(f.file, offset, nbytes, flags);
	fdput(f);
	return err;
}

SYSCALL_DEFINE4(fadvise64, int, fd, loff_t, offset, size_t, len, int, advice)
{
	struct fd f = fdget(fd);
	int err;

	if (!f.file)
		return -EBADF;
	err = vfs_fadvise(f.file, offset, len, advice);
	fdput(f);
	return err;
}

SYSCALL_DEFINE3(readahead, int, fd, loff_t, offset, size_t, count)
{
	struct fd f = fdget(fd);
	int err = -EBADF;

	if (f.file && (f.file->f_mode & FMODE_READ)) {
		err = -EINVAL;
		if (f.file->f_mapping && f.file->f_mapping->a_ops &&
		    (S_ISREG(file_inode(f.file)->i_mode) || S_ISBLK(file_inode(f.file)->i_mode)))
			err = vfs_fadvise(f.file, offset, count, POSIX_FADV_WILLNEED);
	}
	fdput(f);
	return err;
}
