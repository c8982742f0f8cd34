// SPDX-License-Identifier: MIT
/*
 * Symbolic links: a target of up to 59 bytes lies in the inode in place of block numbers (fast), a longer one in
 * a block of its own, which is metadata like those of directories. Linux 6.1: fs/ext2/symlink.c.
 */
#include <base/types.h>
#include <base/err.h>
#include <base/string.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <fs/inode.h>
#include "ext2.h"

int ext2_write_symlink(struct inode *inode, const char *target, size_t len)
{
	int err;
	struct buffer_head *bh = ext2_bread(inode, 0, true, &err);

	if (!bh)
		return err;
	lock_buffer(bh);
	memset(bh->b_data, 0, bh->b_size);
	memcpy(bh->b_data, target, len);
	unlock_buffer(bh);
	mark_buffer_dirty_inode(bh, inode);
	brelse(bh);
	return 0;
}

/* The text is copied: the block need not stay while the caller walks. */
static const char *ext2_get_link(struct dentry *dentry, struct inode *inode,
				 struct delayed_call *done)
{
	struct buffer_head *bh;
	char *text;
	int err;

	if (!dentry)
		return ERR_PTR(-ECHILD);
	bh = ext2_bread(inode, 0, false, &err);
	if (!bh)
		return ERR_PTR(err ? err : -EUCLEAN);
	text = kmalloc(inode->i_size + 1, GFP_KERNEL);
	if (!text) {
		brelse(bh);
		return ERR_PTR(-ENOMEM);
	}
	memcpy(text, bh->b_data, inode->i_size); /* less than a block: read_size() */
	text[inode->i_size] = 0;
	brelse(bh);
	set_delayed_call(done, (void (*)(void *))kfree, text);
	return text;
}

const struct inode_operations ext2_symlink_inode_operations = {
	.get_link = ext2_get_link,
	.getattr = ext2_getattr,
	.setattr = ext2_setattr,
	EXT2_XATTR_OPS,
};

const struct inode_operations ext2_fast_symlink_inode_operations = {
	.get_link = simple_get_link,
	.getattr = ext2_getattr,
	.setattr = ext2_setattr,
	EXT2_XATTR_OPS,
};
