// SPDX-License-Identifier: MIT
/*
 * File handles of tmpfs: generation and number of an inode. An inode stands in the table of numbers from its first handle
 * on, so that files without one cost nothing. Linux 6.1: shmem_encode_fh() in mm/shmem.c.
 */
#include <base/errno.h>
#include <fs/exportfs.h>
#include <fs/inode.h>
#include <fs/super.h>
#include "shmem_internal.h"

static int shmem_encode_fh(struct inode *inode, u32 *fh, int *words)
{
	int room = *words;

	*words = 3;
	if (room < 3)
		return FILEID_INVALID;
	if (hlist_unhashed(&inode->i_hash))
		inode_hash_once(inode);
	fh[0] = inode->i_generation;
	fh[1] = inode->i_ino;
	fh[2] = inode->i_ino >> 32;
	return FILEID_INO32_GEN;
}

static struct inode *shmem_fh_to_inode(struct super_block *sb, const u32 *fh, int words, int type)
{
	struct inode *inode;

	if (words < 3)
		return NULL;
	inode = ilookup(sb, (u64)fh[2] << 32 | fh[1]);
	if (!inode || inode->i_generation == fh[0])
		return inode;
	iput(inode);
	return NULL;
}

const struct export_operations shmem_export_ops = {
	.encode_fh = shmem_encode_fh,
	.fh_to_inode = shmem_fh_to_inode,
};
