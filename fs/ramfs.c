// SPDX-License-Identifier: MIT
/*
 * ramfs: a file system that is nothing but the page cache and the dentry cache.
 *
 * Its pages are dirty from the first write on and there is no place to write them to: they stay until the file is
 * truncated or removed, and its mappings are marked unevictable. There is no limit and no account, as on Linux: who
 * may write to it may fill all memory. (tmpfs, mm/shmem/, has limits and can be swapped.)
 *
 * Names pin their dentries by one reference. Linux 6.1: fs/ramfs/inode.c. Observed by: Cached and Unevictable in
 * meminfo; statfs tells no sizes.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/printf.h>
#include <base/string.h>
#include <fs/dentry.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/seq_file.h>
#include <fs/super.h>
#include <kernel/init.h>
#include <mm/filemap.h>
#include <mm/gfp.h>
#include <mm/migrate.h>
#include <mm/slab.h>

#define RAMFS_MAGIC	   0x858458f6
#define RAMFS_DEFAULT_MODE 0755

static const struct inode_operations ramfs_dir_iops;
static const struct inode_operations ramfs_file_iops = {
	.setattr = simple_setattr,
	.getattr = simple_getattr,
};

/* ---- pages ---- */

static void zero_folio(struct folio *folio)
{
	memset(folio_address(folio), 0, folio_size(folio));
	folio_mark_uptodate(folio);
}

static int ram_read_folio(struct file *file, struct folio *folio)
{
	zero_folio(folio);
	folio_unlock(folio);
	return 0;
}

static int ram_write_begin(struct file *file, struct address_space *mapping, loff_t pos,
			   unsigned int len, struct page **pagep, void **fsdata)
{
	struct folio *folio = filemap_grab_folio(mapping, pos >> PAGE_SHIFT);

	if (!folio)
		return -ENOMEM;
	if (!folio_test_uptodate(folio))
		zero_folio(folio);
	*pagep = folio_file_page(folio, pos >> PAGE_SHIFT);
	return 0;
}

static const struct address_space_operations ram_aops = {
	.read_folio = ram_read_folio,
	.write_begin = ram_write_begin,
	.write_end = simple_write_end,
	.dirty_folio = noop_dirty_folio,
	.migrate_folio = filemap_migrate_folio,
};

static const struct file_operations ramfs_file_fops = {
	.llseek = generic_file_llseek,
	.read_iter = generic_file_read_iter,
	.write_iter = generic_file_write_iter,
	.mmap = generic_file_mmap,
	.fsync = noop_fsync,
};

/* ---- inodes and names ---- */

static struct inode *ramfs_get_inode(struct super_block *sb, const struct inode *dir, umode_t mode,
				     dev_t dev)
{
	struct inode *inode = simple_new_inode(sb, dir, mode);

	if (!inode)
		return NULL;
	switch (mode & S_IFMT) {
	case S_IFREG:
		inode->i_mapping->a_ops = &ram_aops;
		mapping_set_unevictable(inode->i_mapping);
		inode->i_op = &ramfs_file_iops;
		inode->i_fop = &ramfs_file_fops;
		break;
	case S_IFDIR:
		inc_nlink(inode);
		inode->i_op = &ramfs_dir_iops;
		inode->i_fop = &simple_dir_operations;
		break;
	case S_IFLNK:
		inode->i_op = &simple_symlink_inode_operations;
		break;
	default:
		inode->i_op = &ramfs_file_iops;
		init_special_inode(inode, mode, dev);
	}
	return inode;
}

static int ramfs_mknod(struct inode *dir, struct dentry *dentry, umode_t mode, dev_t dev)
{
	struct inode *inode = ramfs_get_inode(dir->i_sb, dir, mode, dev);

	if (!inode)
		return -ENOSPC;
	simple_add_name(dir, dentry, inode);
	return 0;
}

static int ramfs_mkdir(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	int err = ramfs_mknod(dir, dentry, mode | S_IFDIR, 0);

	if (!err)
		inc_nlink(dir);
	return err;
}

static int ramfs_create(struct inode *dir, struct dentry *dentry, umode_t mode, bool excl)
{
	return ramfs_mknod(dir, dentry, mode | S_IFREG, 0);
}

static int ramfs_symlink(struct inode *dir, struct dentry *dentry, const char *target)
{
	struct inode *inode = ramfs_get_inode(dir->i_sb, dir, S_IFLNK | S_IRWXUGO, 0);

	if (!inode)
		return -ENOSPC;
	inode->i_link = kstrdup(target, GFP_KERNEL);
	if (!inode->i_link) {
		iput(inode);
		return -ENOMEM;
	}
	inode->i_size = strlen(target);
	simple_add_name(dir, dentry, inode);
	return 0;
}

static int ramfs_tmpfile(struct inode *dir, struct file *file, umode_t mode)
{
	struct inode *inode = ramfs_get_inode(dir->i_sb, dir, mode, 0);

	if (!inode)
		return -ENOSPC;
	d_tmpfile(file, inode);
	return 0;
}

static const struct inode_operations ramfs_dir_iops = {
	.create = ramfs_create,
	.lookup = simple_lookup,
	.link = simple_link,
	.unlink = simple_unlink,
	.symlink = ramfs_symlink,
	.mkdir = ramfs_mkdir,
	.rmdir = simple_rmdir,
	.mknod = ramfs_mknod,
	.rename = simple_rename,
	.tmpfile = ramfs_tmpfile,
};

/* ---- the super block; s_fs_info is the mode of its root ---- */

static void ramfs_evict_inode(struct inode *inode)
{
	truncate_inode_pages_final(inode->i_mapping);
	clear_inode(inode);
	if (S_ISLNK(inode->i_mode))
		kfree(inode->i_link);
}

static int ramfs_show_options(struct seq_file *m, struct dentry *root)
{
	unsigned long mode = (unsigned long)root->d_sb->s_fs_info;

	if (mode != RAMFS_DEFAULT_MODE)
		seq_printf(m, ",mode=%lo", mode);
	return 0;
}

static const struct super_operations ramfs_ops = {
	.statfs = simple_statfs,
	.drop_inode = generic_delete_inode,
	.evict_inode = ramfs_evict_inode,
	.show_options = ramfs_show_options,
};

/* "mode=" counts, anything else has always been ignored. -EINVAL */
static int parse_mode(char *options, unsigned int *mode)
{
	char *one;

	while ((one = strsep(&options, ",")) != NULL)
		if (!strncmp(one, "mode=", 5) && kstrtouint(one + 5, 8, mode))
			return -EINVAL;
	*mode &= S_IALLUGO;
	return 0;
}

static int ramfs_fill_super(struct super_block *sb, void *data, int silent)
{
	unsigned int mode = RAMFS_DEFAULT_MODE;
	struct inode *root;
	int err = parse_mode(data, &mode);

	if (err)
		return err;
	sb->s_maxbytes = MAX_LFS_FILESIZE;
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_magic = RAMFS_MAGIC;
	sb->s_op = &ramfs_ops;
	sb->s_time_gran = 1;
	sb->s_fs_info = (void *)(unsigned long)mode;
	root = ramfs_get_inode(sb, NULL, S_IFDIR | mode, 0);
	if (!root)
		return -ENOMEM;
	sb->s_root = d_make_root(root);
	return sb->s_root ? 0 : -ENOMEM;
}

static struct dentry *ramfs_mount(struct file_system_type *type, int flags, const char *dev,
				  void *data)
{
	return mount_nodev(type, flags, data, ramfs_fill_super);
}

static struct file_system_type ramfs_type = {
	.name = "ramfs",
	.mount = ramfs_mount,
	.kill_sb = kill_litter_super,
	.fs_flags = FS_USERNS_MOUNT,
};

static int __init ramfs_init(void)
{
	return register_filesystem(&ramfs_type);
}
fs_initcall(ramfs_init);
