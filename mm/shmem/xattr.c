// SPDX-License-Identifier: MIT
/*
 * Extended attributes of tmpfs: trusted.* and security.*, as in Linux 6.1 (user.* came in 6.6 and is
 * EOPNOTSUPP). A list per inode, guarded by the inode's lock, which the callers of fs/xattr.c hold for
 * changes; readers take it shared here.
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/string.h>
#include <mm/gfp.h>
#include <mm/shmem.h>
#include <mm/slab.h>
#include <kernel/cred.h>
#include <linux/xattr.h>
#include "shmem_internal.h"

struct simple_xattr {
	struct list_head list;
	char *name;
	size_t size;
	char value[];
};

static bool supported(const char *name)
{
	return strstarts(name, XATTR_TRUSTED_PREFIX) || strstarts(name, XATTR_SECURITY_PREFIX);
}

static struct simple_xattr *find(struct inode *inode, const char *name)
{
	struct simple_xattr *x;

	list_for_each_entry (x, &SHMEM_I(inode)->xattrs, list)
		if (!strcmp(x->name, name))
			return x;
	return NULL;
}

static void free_one(struct simple_xattr *x)
{
	if (!x)
		return;
	kfree(x->name);
	kfree(x);
}

ssize_t shmem_getxattr(struct dentry *dentry, const char *name, void *buffer, size_t size)
{
	struct inode *inode = dentry->d_inode;
	struct simple_xattr *x;
	ssize_t ret = -ENODATA;

	if (!supported(name))
		return -EOPNOTSUPP;
	inode_lock_shared(inode);
	x = find(inode, name);
	if (x) {
		ret = x->size;
		if (buffer && size < x->size)
			ret = -ERANGE;
		else if (buffer)
			memcpy(buffer, x->value, x->size);
	}
	inode_unlock_shared(inode);
	return ret;
}

int shmem_setxattr(struct dentry *dentry, const char *name, const void *value, size_t size,
		   int flags)
{
	struct inode *inode = dentry->d_inode;
	struct simple_xattr *old, *new;

	if (!supported(name))
		return -EOPNOTSUPP;
	old = find(inode, name);
	if (old && (flags & XATTR_CREATE))
		return -EEXIST;
	if (!old && (flags & XATTR_REPLACE))
		return -ENODATA;
	new = kmalloc(sizeof(*new) + size, GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	new->name = kstrdup(name, GFP_KERNEL_ACCOUNT);
	if (!new->name) {
		kfree(new);
		return -ENOMEM;
	}
	new->size = size;
	memcpy(new->value, value, size);
	if (old) {
		list_del(&old->list);
		free_one(old);
	}
	list_add(&new->list, &SHMEM_I(inode)->xattrs);
	inode->i_ctime = current_time(inode);
	return 0;
}

int shmem_removexattr(struct dentry *dentry, const char *name)
{
	struct inode *inode = dentry->d_inode;
	struct simple_xattr *x;

	if (!supported(name))
		return -EOPNOTSUPP;
	x = find(inode, name);
	if (!x)
		return -ENODATA;
	list_del(&x->list);
	free_one(x);
	inode->i_ctime = current_time(inode);
	return 0;
}

ssize_t shmem_listxattr(struct dentry *dentry, char *buffer, size_t size)
{
	struct inode *inode = dentry->d_inode;
	bool trusted = capable(CAP_SYS_ADMIN);
	struct simple_xattr *x;
	ssize_t used = 0;

	inode_lock_shared(inode);
	list_for_each_entry (x, &SHMEM_I(inode)->xattrs, list) {
		size_t len = strlen(x->name) + 1;

		if (!trusted && strstarts(x->name, XATTR_TRUSTED_PREFIX))
			continue;
		if (buffer && used + len > size) {
			used = -ERANGE;
			break;
		}
		if (buffer)
			memcpy(buffer + used, x->name, len);
		used += len;
	}
	inode_unlock_shared(inode);
	return used;
}

void shmem_xattrs_free(struct list_head *xattrs)
{
	struct simple_xattr *x, *next;

	list_for_each_entry_safe (x, next, xattrs, list)
		free_one(x);
}
