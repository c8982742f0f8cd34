/* SPDX-License-Identifier: MIT */
/* File handles: how a file system names an inode in a few words and finds it again. Theory: fs/fhandle.c. */
#ifndef QUIRE_FS_EXPORTFS_H
#define QUIRE_FS_EXPORTFS_H

#include <base/types.h>

struct dentry;
struct inode;
struct path;
struct super_block;
struct vfsmount;

#define MAX_HANDLE_SZ		128	/* bytes of any handle */
#define FILEID_INO32_GEN	1	/* number, generation */
#define FILEID_INVALID		0xff

/* As user space has it. */
struct file_handle {
	u32 handle_bytes; /* room, then size of what follows */
	int handle_type;
}; /* the handle behind it */

/* Of a super block whose files have handles; s_export_op. All may sleep but encode_fh: fanotify asks it under a spinlock. */
struct export_operations {
	/*
	 * The handle of @inode into @fh, which has room for *@words; *@words becomes what it takes. Its type, or
	 * FILEID_INVALID: no room. NULL: number and generation.
	 */
	int (*encode_fh)(struct inode *inode, u32 *fh, int *words);
	/* The inode with a reference; NULL: no handle of this kind; ERR_PTR, -ESTALE: there is none any more. */
	struct inode *(*fh_to_inode)(struct super_block *sb, const u32 *fh, int words, int type);
	/* The directory that @dir is in, with a reference, or ERR_PTR. NULL: directories never leave memory. */
	struct inode *(*get_parent)(struct inode *dir);
};

static inline bool exportfs_can_decode(const struct export_operations *op)
{
	return op && op->fh_to_inode;
}

/* As ->encode_fh. => @inode's file system has s_export_op */
int exportfs_encode_fh(struct inode *inode, u32 *fh, int *words);
/* What the handle names on the file system of @mnt, with a reference; ERR_PTR(-ESTALE, -ENOMEM). May sleep. */
struct dentry *exportfs_decode_fh(struct vfsmount *mnt, const u32 *fh, int words, int type);

#endif
