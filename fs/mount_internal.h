/* SPDX-License-Identifier: MIT */
/* What fs/namespace.c and fs/mnt_namespace.c share. */
#ifndef QUIRE_FS_MOUNT_INTERNAL_H
#define QUIRE_FS_MOUNT_INTERNAL_H

#include <fs/mount.h>

extern struct rw_semaphore namespace_sem;
extern struct list_head mnt_namespaces;	/* namespace_sem */

/* A namespace whose root is @root, which is in no place yet; NULL without memory. Takes namespace_sem. */
struct mnt_namespace *new_mnt_ns(struct mount *root);

/* The rest: => namespace_sem held for writing */

/* Next mount of the subtree of @root after @p, depth first. */
struct mount *next_mnt(struct mount *p, struct mount *root);
/* Copies of @old from @dentry on and, with @recurse, of everything below, or ERR_PTR; children in the same order. */
struct mount *copy_tree(struct mount *old, struct dentry *dentry, bool recurse);
/* @m and all below it belong to @ns from now on. */
void count_tree(struct mount *m, struct mnt_namespace *ns);
/* Take @m and all below it out of its namespace and drop the references of the tree. Releases namespace_sem. */
void umount_tree_and_unlock(struct mount *m);

#endif
