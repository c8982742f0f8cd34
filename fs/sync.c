// SPDX-License-Identifier: MIT
/* fsync(2) and relatives, posix_fadvise(2), readahead(2). Linux 6.1: fs/sync.c, mm/fadvise.c. */
#include <base/types.h>
#include <base/errno.h>
#include <mm/filemap.h>
#include <mm/writeback.h>
#include <kernel/ksyscall.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <linux/fadvise.h>
#include <linux/fs.h>

int vfs_fsync_range(struct file *file, loff_t start, loff_t end, int datasync)
{
	if (!file->f_op->fsync)
		return -EINVAL;
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

static int sync_range(struct file *file, loff_t offset, loff_t nbytes, unsigned int flags)
{
	umode_t mode = file_inode(file)->i_mode;
	loff_t end = nbytes ? offset + nbytes - 1 : MAX_LFS_FILESIZE;
	int err = 0;

	if (flags & ~(unsigned int)(SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
				    SYNC_FILE_RANGE_WAIT_AFTER))
		return -EINVAL;
	if (offset < 0 || nbytes < 0 || end < offset)
		return -EINVAL;
	if (!S_ISREG(mode) && !S_ISBLK(mode) && !S_ISDIR(mode) && !S_ISLNK(mode))
		return -ESPIPE;
	if (flags & SYNC_FILE_RANGE_WAIT_BEFORE)
		err = filemap_fdatawait_range(file->f_mapping, offset, end);
	if (!err && (flags & SYNC_FILE_RANGE_WRITE))
		err = filemap_fdatawrite_range(file->f_mapping, offset, end);
	if (!err && (flags & SYNC_FILE_RANGE_WAIT_AFTER))
		err = filemap_fdatawait_range(file->f_mapping, offset, end);
	return err;
}

SYSCALL_DEFINE4(sync_file_range, int, fd, loff_t, offset, loff_t, nbytes, unsigned int, flags)
{
	struct fd f = fdget(fd);
	int err;

	if (!f.file)
		return -EBADF;
	err = sync_range(f.file, offset, nbytes, flags);
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
		    S_ISREG(file_inode(f.file)->i_mode))
			err = vfs_fadvise(f.file, offset, count, POSIX_FADV_WILLNEED);
	}
	fdput(f);
	return err;
}
