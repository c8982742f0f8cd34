/* SPDX-License-Identifier: MIT */
/* Shared by the files of mm/shmem/ and their tests. */
#ifndef QUIRE_MM_SHMEM_INTERNAL_H
#define QUIRE_MM_SHMEM_INTERNAL_H

#include <base/types.h>
#include <base/list.h>

struct dentry;
struct folio;
struct inode;
struct super_block;

extern const struct export_operations shmem_export_ops;	/* export.c */

struct inode *shmem_get_inode(struct super_block *sb, const struct inode *dir, umode_t mode, dev_t dev,
			      unsigned long flags);
void shmem_check(struct inode *inode);
/* @folio, which nobody sees yet, becomes the page of @inode at @index: locked then. 0, or an errno and as before. May sleep. */
int shmem_insert_folio(struct inode *inode, pgoff_t index, struct folio *folio);
/* It should not have: out again, unlocked, and the caller's reference goes, with the page's charge. */
void shmem_withdraw_folio(struct folio *folio);
/* @pages of @inode are gone: inode, super block and commit have that much back. */
void shmem_unacct_blocks(struct inode *inode, long pages);

/* ---- swap.c ---- */

/* Is the page on swap? A glance: it may come and go, unless the page in the cache is locked. */
bool shmem_is_swapped(struct inode *inode, pgoff_t index);
/* Bring it in: locked, in *@foliop. 0, -EAGAIN: look again, it is not there now; -ENOMEM, -EIO. May sleep. */
int shmem_swap_in(struct inode *inode, pgoff_t index, struct folio **foliop);
/* Bytes [lstart, lend] go, in memory and on swap; @lend -1: all from there on. May sleep. */
void shmem_drop_range(struct inode *inode, loff_t lstart, loff_t lend);
/* The inode ends, its pages are gone already. */
void shmem_swap_evict(struct inode *inode);

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
