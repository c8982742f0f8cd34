// SPDX-License-Identifier: MIT
/* posix_fadvise(2): how a file is going to be read. Linux 6.1: mm/fadvise.c. */
#include <base/types.h>
#include <base/errno.h>
#include <base/math.h>
#include <mm/backing_dev.h>
#include <mm/filemap.h>
#include <mm/readahead.h>
#include <mm/writeback.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <linux/fadvise.h>

static void set_random(struct file *file, bool random)
{
	spin_lock(&file->f_lock);
	if (random)
		file->f_mode |= FMODE_RANDOM;
	else
		file->f_mode &= ~FMODE_RANDOM;
	spin_unlock(&file->f_lock);
}

/* Fetch [offset, end], also the pages of which only a part is meant. */
static void will_need(struct file *file, loff_t offset, loff_t end)
{
	DEFINE_READAHEAD(rac, file, &file->f_ra, file->f_mapping, offset >> PAGE_SHIFT);

	force_page_cache_ra(&rac, (end >> PAGE_SHIFT) - (offset >> PAGE_SHIFT) + 1);
}

/* Drop [offset, end], but not pages of which only a part is meant, unless that is the end of the file. */
static void dont_need(struct address_space *mapping, loff_t offset, loff_t end)
{
	pgoff_t first = DIV_ROUND_UP((u64)offset, PAGE_SIZE), last = (u64)end >> PAGE_SHIFT;

	__filemap_fdatawrite_range(mapping, offset, end, WB_SYNC_NONE);
	if ((end & ~PAGE_MASK) != ~PAGE_MASK && end != i_size_read(mapping->host) - 1) {
		if (!last)
			return;
		last--;
	}
	if (last >= first)
		invalidate_mapping_pages(mapping, first, last);
}

static int generic_fadvise(struct file *file, loff_t offset, loff_t len, int advice)
{
	struct address_space *mapping = file->f_mapping;
	unsigned int ra_pages;
	loff_t end;

	if (S_ISFIFO(file_inode(file)->i_mode))
		return -ESPIPE;
	if (!mapping || len < 0 || advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE)
		return -EINVAL;
	end = len && (u64)offset + len <= MAX_LFS_FILESIZE ? offset + len - 1 : MAX_LFS_FILESIZE;
	ra_pages = READ_ONCE(inode_to_bdi(mapping->host)->ra_pages);
	switch (advice) {
	case POSIX_FADV_NORMAL:
		file->f_ra.ra_pages = ra_pages;
		set_random(file, false);
		break;
	case POSIX_FADV_RANDOM:
		set_random(file, true);
		break;
	case POSIX_FADV_SEQUENTIAL:
		file->f_ra.ra_pages = ra_pages * 2;
		set_random(file, false);
		break;
	case POSIX_FADV_WILLNEED:
		will_need(file, offset, end);
		break;
	case POSIX_FADV_DONTNEED:
		dont_need(mapping, offset, end);
		break;
	}
	return 0;
}

int vfs_fadvise(struct file *file, loff_t offset, loff_t len, int advice)
{
	if (file->f_op->fadvise)
		return file->f_op->fadvise(file, offset, len, advice);
	return generic_fadvise(file, offset, len, advice);
}
