// SPDX-License-Identifier: MIT
/*
 * Names: what look-up, creation, removal and renaming do to directories and link counts.
 *
 * Order of a change, so that a machine that stops in between leaves nothing worse than an inode with too high a
 * link count or without a name: the inode is written with its new count first, then it gets its name; a name goes
 * first, then the count. e2fsck corrects the counts. Linux 6.1: fs/ext2/namei.c.
 */
#include <base/types.h>
#include <base/err.h>
#include <base/string.h>
#include <mm/filemap.h>
#include <fs/dentry.h>
#include <fs/file.h>
#include <linux/fs.h>
#include "ext2.h"

static void inc_link_count(struct inode *inode)
{
	inc_nlink(inode);
	mark_inode_dirty(inode);
}

static void dec_link_count(struct inode *inode)
{
	if (inode->i_nlink) /* a damaged count stays 0 */
		drop_nlink(inode);
	mark_inode_dirty(inode);
}

/* A new inode whose name could not be made: it goes again. */
static void discard(struct inode *inode)
{
	clear_nlink(inode);
	unlock_new_inode(inode);
	iput(inode);
}

/* Give a new inode other than a directory its name. */
static int add_nondir(struct dentry *dentry, struct inode *inode)
{
	int err = ext2_add_link(dentry, inode);

	if (err) {
		discard(inode);
		return err;
	}
	d_instantiate_new(dentry, inode);
	return 0;
}

static struct dentry *ext2_lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	struct ext2_dirent_ref ref;
	struct inode *inode = NULL;
	unsigned long ino;
	int err;

	if (dentry->d_name.len > EXT2_NAME_LEN)
		return ERR_PTR(-ENAMETOOLONG);
	err = ext2_find_entry(dir, &dentry->d_name, &ref);
	if (err && err != -ENOENT)
		return ERR_PTR(err);
	if (!err) {
		ino = le32_to_cpu(ref.de->inode);
		brelse(ref.bh);
		inode = ext2_iget(dir->i_sb, ino);
		if (inode == ERR_PTR(-ESTALE)) {
			ext2_error(dir->i_sb, __func__, "deleted inode referenced: %lu", ino);
			return ERR_PTR(-EIO);
		}
	}
	return d_splice_alias(inode, dentry);
}

static int ext2_create(struct inode *dir, struct dentry *dentry, umode_t mode, bool excl)
{
	struct inode *inode = ext2_new_inode(dir, mode);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	ext2_set_file_ops(inode);
	return add_nondir(dentry, inode);
}

static int ext2_tmpfile(struct inode *dir, struct file *file, umode_t mode)
{
	struct inode *inode = ext2_new_inode(dir, mode);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	ext2_set_file_ops(inode);
	d_tmpfile(file, inode); /* drops the link */
	mark_inode_dirty(inode);
	unlock_new_inode(inode);
	return 0;
}

static int ext2_mknod(struct inode *dir, struct dentry *dentry, umode_t mode, dev_t rdev)
{
	struct inode *inode = ext2_new_inode(dir, mode);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	if (S_ISREG(mode)) {
		ext2_set_file_ops(inode);
	} else {
		init_special_inode(inode, inode->i_mode, rdev);
		inode->i_op = &ext2_special_inode_operations;
	}
	mark_inode_dirty(inode);
	return add_nondir(dentry, inode);
}

static int ext2_symlink(struct inode *dir, struct dentry *dentry, const char *target)
{
	size_t len = strlen(target);
	struct inode *inode;
	int err = 0;

	if (len + 1 > dir->i_sb->s_blocksize)
		return -ENAMETOOLONG;
	inode = ext2_new_inode(dir, S_IFLNK | S_IRWXUGO);
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	if (len < sizeof(EXT2_I(inode)->i_data)) {
		memcpy(EXT2_I(inode)->i_data, target, len + 1);
		inode->i_link = (char *)EXT2_I(inode)->i_data;
		inode->i_op = &ext2_fast_symlink_inode_operations;
	} else {
		inode->i_op = &ext2_symlink_inode_operations;
		err = ext2_write_symlink(inode, target, len);
	}
	inode->i_size = len;
	if (err) {
		discard(inode);
		return err;
	}
	mark_inode_dirty(inode);
	return add_nondir(dentry, inode);
}

static int ext2_link(struct dentry *old_dentry, struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = old_dentry->d_inode;
	int err;

	if (inode->i_nlink >= EXT2_LINK_MAX)
		return -EMLINK;
	inode->i_ctime = current_time(inode);
	inc_link_count(inode);
	err = ext2_add_link(dentry, inode);
	if (err) {
		dec_link_count(inode);
		return err;
	}
	ihold(inode);
	d_instantiate(dentry, inode);
	return 0;
}

static int ext2_mkdir(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct inode *inode;
	int err;

	if (dir->i_nlink >= EXT2_LINK_MAX)
		return -EMLINK;
	inc_link_count(dir);
	inode = ext2_new_inode(dir, S_IFDIR | mode);
	err = PTR_ERR(inode);
	if (IS_ERR(inode))
		goto out_dir;
	ext2_set_ops(inode);
	inc_link_count(inode);
	err = ext2_make_empty(inode, dir);
	if (!err)
		err = ext2_add_link(dentry, inode);
	if (err)
		goto out_inode;
	d_instantiate_new(dentry, inode);
	return 0;
out_inode:
	discard(inode);
out_dir:
	dec_link_count(dir);
	return err;
}

static int ext2_unlink(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = dentry->d_inode;
	struct ext2_dirent_ref ref;
	int err = ext2_find_entry(dir, &dentry->d_name, &ref);

	if (err)
		return err;
	err = ext2_delete_entry(dir, &ref);
	brelse(ref.bh);
	if (err)
		return err;
	inode->i_ctime = dir->i_ctime;
	dec_link_count(inode);
	return 0;
}

static int ext2_rmdir(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = dentry->d_inode;
	int err = ext2_empty_dir(inode);

	if (!err)
		err = ext2_unlink(dir, dentry);
	if (err)
		return err;
	inode->i_size = 0; /* nobody reads it any more */
	dec_link_count(inode);
	dec_link_count(dir);
	return 0;
}

/* The name @new leads to another inode already: it is taken over. */
static int rename_over(struct inode *old_inode, struct inode *new_dir, struct dentry *new_dentry,
		       bool is_dir)
{
	struct inode *target = new_dentry->d_inode;
	struct ext2_dirent_ref ref;
	int err = is_dir ? ext2_empty_dir(target) : 0;

	if (!err)
		err = ext2_find_entry(new_dir, &new_dentry->d_name, &ref);
	if (err)
		return err;
	ext2_set_link(new_dir, &ref, old_inode, true);
	brelse(ref.bh);
	target->i_ctime = current_time(target);
	if (is_dir && target->i_nlink)
		drop_nlink(target);
	dec_link_count(target);
	return 0;
}

static int rename_to_new(struct inode *old_inode, struct inode *old_dir, struct inode *new_dir,
			 struct dentry *new_dentry, bool is_dir)
{
	int err;

	if (is_dir && old_dir != new_dir && new_dir->i_nlink >= EXT2_LINK_MAX)
		return -EMLINK;
	err = ext2_add_link(new_dentry, old_inode);
	if (!err && is_dir)
		inc_link_count(new_dir);
	return err;
}

static int ext2_rename(struct inode *old_dir, struct dentry *old_dentry, struct inode *new_dir,
		       struct dentry *new_dentry, unsigned int flags)
{
	struct inode *inode = old_dentry->d_inode;
	bool is_dir = S_ISDIR(inode->i_mode);
	struct ext2_dirent_ref old = { NULL }, dotdot = { NULL };
	int err;

	if (flags &
	    ~(unsigned int)RENAME_NOREPLACE) /* ext2 can neither exchange nor leave whiteouts */
		return -EINVAL;
	err = ext2_find_entry(old_dir, &old_dentry->d_name, &old);
	if (!err && is_dir)
		err = ext2_dotdot(inode, &dotdot);
	if (!err)
		err = new_dentry->d_inode
			      ? rename_over(inode, new_dir, new_dentry, is_dir)
			      : rename_to_new(inode, old_dir, new_dir, new_dentry, is_dir);
	if (err)
		goto out;
	inode->i_ctime = current_time(inode);
	mark_inode_dirty(inode);
	err = ext2_delete_entry(old_dir, &old);
	if (is_dir) {
		if (old_dir != new_dir)
			ext2_set_link(inode, &dotdot, new_dir, false);
		dec_link_count(old_dir);
	}
out:
	brelse(dotdot.bh);
	brelse(old.bh);
	return err;
}

const struct inode_operations ext2_dir_inode_operations = {
	.lookup = ext2_lookup,
	.create = ext2_create,
	.link = ext2_link,
	.unlink = ext2_unlink,
	.symlink = ext2_symlink,
	.mkdir = ext2_mkdir,
	.rmdir = ext2_rmdir,
	.mknod = ext2_mknod,
	.rename = ext2_rename,
	.tmpfile = ext2_tmpfile,
	.getattr = ext2_getattr,
	.setattr = ext2_setattr,
	EXT2_XATTR_OPS,
};

const struct inode_operations ext2_special_inode_operations = {
	.getattr = ext2_getattr,
	.setattr = ext2_setattr,
	EXT2_XATTR_OPS,
};
