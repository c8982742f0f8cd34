// SPDX-License-Identifier: MIT
/*
 * File handles of ext2: number and generation of an inode. ext2_iget() refuses what is free; a number in use with another
 * generation belongs to another file. Linux 6.1: ext2_nfs_get_inode() in fs/ext2/super.c.
 */
#include <base/err.h>
#include <base/errno.h>
#include <fs/buffer_head.h>
#include <fs/exportfs.h>
#include <fs/inode.h>
#include <fs/super.h>
#include "ext2.h"

static struct inode *ext2_fh_to_inode(struct super_block *sb, const u32 *fh, int words, int type)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct inode *inode;

	if (type != FILEID_INO32_GEN || words < 2)
		return NULL;
	if ((fh[0] < sbi->s_first_ino && fh[0] != EXT2_ROOT_INO) ||
	    fh[0] > le32_to_cpu(sbi->s_es->s_inodes_count))
		return ERR_PTR(-ESTALE);
	inode = ext2_iget(sb, fh[0]);
	if (IS_ERR(inode) || !fh[1] || inode->i_generation == fh[1])
		return inode;
	iput(inode);
	return ERR_PTR(-ESTALE);
}

static struct inode *ext2_get_parent(struct inode *dir)
{
	struct ext2_dirent_ref ref;
	unsigned long ino;
	int err;

	inode_lock_shared(dir);
	err = ext2_dotdot(dir, &ref);
	inode_unlock_shared(dir);
	if (err)
		return ERR_PTR(err);
	ino = le32_to_cpu(ref.de->inode);
	brelse(ref.bh);
	return ext2_iget(dir->i_sb, ino);
}

const struct export_operations ext2_export_ops = {
	.fh_to_inode = ext2_fh_to_inode,
	.get_parent = ext2_get_parent,
};
