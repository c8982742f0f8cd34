// SPDX-License-Identifier: MIT
/*
 * mmtestfs, for tests: files whose contents are kept apart from the page cache, as by a server: mount -t mmtest none DIR.
 * It has the operations on pages that file systems over a block device do without:
 *
 *	->writepage		a page at a time to the store, by write-out and by migration
 *	->launder_folio		who opens a file sees what is in the store (close-to-open, as NFS; FUSE without
 *				FOPEN_KEEP_CACHE): the cache is dropped, and what is dirty in it is stored before
 *	->swap_activate, ->swap_rw, ->swap_deactivate: a swap file without blocks
 *
 * The store is memory, STORE_PAGES pages of a file at most. Names are those of fs/libfs.c. Linux 6.1: fs/nfs/file.c, fs/fuse/file.c.
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/char_dev.h>
#include <fs/dentry.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/iov_iter.h>
#include <fs/super.h>
#include <kernel/init.h>
#include <mm/backing_dev.h>
#include <mm/filemap.h>
#include <mm/gfp.h>
#include <mm/migrate.h>
#include <mm/slab.h>
#include <mm/writeback.h>

#define MMTESTFS_MAGIC 0x6d6d7473
#define STORE_PAGES    1024

/* inode->i_private of a file; of each page the folio lock, or the swap slot's owner, has its entry. NULL: zeroes */
struct store {
	bool swap; /* on */
	char *page[STORE_PAGES];
};

static char *stored(const struct inode *inode, pgoff_t index)
{
	const struct store *store = inode->i_private;

	return store->page[index];
}

/* ---- pages. => folio locked ---- */

static void fill(struct folio *folio)
{
	const char *from = stored(folio->mapping->host, folio->index);

	if (from)
		memcpy(folio_address(folio), from, PAGE_SIZE);
	else
		memset(folio_address(folio), 0, PAGE_SIZE);
	folio_mark_uptodate(folio);
}

static int store(struct folio *folio)
{
	struct store *store = folio->mapping->host->i_private;
	char **page = &store->page[folio->index];

	if (!*page)
		*page = (char *)__get_free_page(GFP_NOFS);
	if (!*page)
		return -ENOSPC;
	memcpy(*page, folio_address(folio), PAGE_SIZE);
	return 0;
}

static int mmtest_read_folio(struct file *file, struct folio *folio)
{
	fill(folio);
	folio_unlock(folio);
	return 0;
}

static int mmtest_writepage(struct page *page, struct writeback_control *wbc)
{
	struct folio *folio = page_folio(page);
	int err;

	folio_start_writeback(folio);
	err = store(folio);
	folio_unlock(folio);
	folio_end_writeback(folio);
	return err;
}

static int mmtest_launder_folio(struct folio *folio)
{
	return folio_clear_dirty_for_io(folio) ? store(folio) : 0;
}

static int mmtest_write_begin(struct file *file, struct address_space *mapping, loff_t pos,
			      unsigned int len, struct page **pagep, void **fsdata)
{
	struct folio *folio = filemap_grab_folio(mapping, pos >> PAGE_SHIFT);

	if (!folio)
		return -ENOMEM;
	if (!folio_test_uptodate(folio))
		fill(folio);
	*pagep = &folio->page;
	return 0;
}

/* ---- swap ---- */

static int mmtest_swap_activate(struct file *file)
{
	struct inode *inode = file->f_mapping->host;
	struct store *store = inode->i_private;

	for (pgoff_t i = 0; i < (pgoff_t)i_size_read(inode) >> PAGE_SHIFT; i++)
		if (!stored(inode, i))
			return -EINVAL; /* no memory is asked for later, when there is none */
	store->swap = true;
	return 0;
}

static void mmtest_swap_deactivate(struct file *file)
{
	struct store *store = file->f_mapping->host->i_private;

	store->swap = false;
}

static ssize_t mmtest_swap_rw(struct kiocb *iocb, struct iov_iter *iter)
{
	struct inode *inode = iocb->ki_filp->f_mapping->host;
	const struct store *store = inode->i_private;
	ssize_t done = 0;

	if (!store->swap)
		return -EINVAL;
	for (; iov_iter_count(iter); iocb->ki_pos += PAGE_SIZE, done += PAGE_SIZE) {
		char *page = stored(inode, iocb->ki_pos >> PAGE_SHIFT);
		size_t n = iov_iter_rw(iter) == WRITE ? copy_from_iter(page, PAGE_SIZE, iter)
						      : copy_to_iter(page, PAGE_SIZE, iter);

		if (n != PAGE_SIZE)
			return -EIO;
	}
	return done;
}

static const struct address_space_operations mmtest_aops = {
	.read_folio = mmtest_read_folio,
	.writepage = mmtest_writepage,
	.dirty_folio = filemap_dirty_folio,
	.write_begin = mmtest_write_begin,
	.write_end = simple_write_end,
	.launder_folio = mmtest_launder_folio,
	.error_remove_page = generic_error_remove_page,
	.swap_activate = mmtest_swap_activate,
	.swap_deactivate = mmtest_swap_deactivate,
	.swap_rw = mmtest_swap_rw,
};

/* ---- files and names ---- */

static int mmtest_open(struct inode *inode, struct file *file)
{
	return invalidate_inode_pages2_range(inode->i_mapping, 0, -1);
}

static int mmtest_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	return file_write_and_wait_range(file, start, end);
}

static const struct file_operations mmtest_file_fops = {
	.open = mmtest_open,
	.llseek = generic_file_llseek,
	.read_iter = generic_file_read_iter,
	.write_iter = generic_file_write_iter,
	.mmap = generic_file_mmap,
	.fsync = mmtest_fsync,
};

static const struct inode_operations mmtest_file_iops = {
	.getattr = simple_getattr,
};

static const struct inode_operations mmtest_dir_iops;

static struct inode *mmtest_get_inode(struct super_block *sb, const struct inode *dir, umode_t mode)
{
	struct inode *inode = simple_new_inode(sb, dir, mode);

	if (!inode)
		return NULL;
	if (S_ISDIR(mode)) {
		inc_nlink(inode);
		inode->i_op = &mmtest_dir_iops;
		inode->i_fop = &simple_dir_operations;
		return inode;
	}
	inode->i_mapping->a_ops = &mmtest_aops;
	inode->i_op = &mmtest_file_iops;
	inode->i_fop = &mmtest_file_fops;
	inode->i_private = kvzalloc(sizeof(struct store), GFP_KERNEL);
	if (inode->i_private)
		return inode;
	iput(inode);
	return NULL;
}

static int mmtest_create(struct inode *dir, struct dentry *dentry, umode_t mode, bool excl)
{
	struct inode *inode = mmtest_get_inode(dir->i_sb, dir, mode | S_IFREG);

	if (!inode)
		return -ENOSPC;
	simple_add_name(dir, dentry, inode);
	return 0;
}

static const struct inode_operations mmtest_dir_iops = {
	.create = mmtest_create,
	.lookup = simple_lookup,
	.unlink = simple_unlink,
};

static void mmtest_evict_inode(struct inode *inode)
{
	struct store *store = inode->i_private;

	truncate_inode_pages_final(inode->i_mapping);
	clear_inode(inode);
	for (int i = 0; store && i < STORE_PAGES; i++)
		free_page((unsigned long)store->page[i]);
	kvfree(store);
}

static const struct super_operations mmtest_ops = {
	.statfs = simple_statfs,
	.drop_inode = generic_delete_inode,
	.evict_inode = mmtest_evict_inode,
};

static int mmtest_fill_super(struct super_block *sb, void *data, int silent)
{
	struct backing_dev_info *bdi = bdi_alloc(NUMA_NO_NODE);
	struct inode *root;

	if (!bdi)
		return -ENOMEM;
	sb->s_bdi = bdi; /* from here on kill_sb lets it go */
	sb->s_maxbytes = STORE_PAGES * PAGE_SIZE;
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_magic = MMTESTFS_MAGIC;
	sb->s_op = &mmtest_ops;
	sb->s_time_gran = 1;
	root = mmtest_get_inode(sb, NULL, S_IFDIR | 0755);
	if (!root)
		return -ENOMEM;
	sb->s_root = d_make_root(root);
	if (!sb->s_root)
		return -ENOMEM;
	return bdi_register(bdi, "mmtest-%u", MINOR(sb->s_dev));
}

static void mmtest_kill_super(struct super_block *sb)
{
	struct backing_dev_info *bdi = sb->s_bdi;

	kill_litter_super(sb);
	sb->s_bdi = &noop_backing_dev_info;
	bdi_put(bdi);
}

static struct dentry *mmtest_mount(struct file_system_type *type, int flags, const char *dev,
				   void *data)
{
	return mount_nodev(type, flags, data, mmtest_fill_super);
}

static struct file_system_type mmtest_type = {
	.name = "mmtest",
	.mount = mmtest_mount,
	.kill_sb = mmtest_kill_super,
};

static int __init mmtestfs_init(void)
{
	return register_filesystem(&mmtest_type);
}
fs_initcall(mmtestfs_init);
