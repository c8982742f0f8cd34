/* SPDX-License-Identifier: MIT */
/* Shared by the files of mm/shmem/ and their tests. */
#ifndef QUIRE_MM_SHMEM_INTERNAL_H
#define QUIRE_MM_SHMEM_INTERNAL_H

#include <base/types.h>
#include <base/list.h>

struct dentry;
struct inode;
struct super_block;

struct inode *shmem_get_inode(struct super_block *sb, const struct inode *dir, umode_t mode, dev_t dev,
			      unsigned long flags);
void shmem_check(struct inode *inode);

ssize_t shmem_listxattr(struct dentry *dentry, char *buffer, size_t size);
ssize_t shmem_getxattr(struct dentry *dentry, const char *name, void *buffer, size_t size);
int shmem_setxattr(struct dentry *dentry, const char *name, const void *value, size_t size, int flags);
int shmem_removexattr(struct dentry *dentry, const char *name);
void shmem_xattrs_free(struct list_head *xattrs);

#define SHMEM_XATTR_OPS					\
	.listxattr = shmem_listxattr,			\
	.getxattr = shmem_getxattr,			\
	.setxattr = shmem_setxattr,			\
	.removexattr = shmem_removexattr,

#endif
