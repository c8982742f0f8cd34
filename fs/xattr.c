// SPDX-License-Identifier: MIT
/*
 * Extended attributes: the twelve system calls. File systems answer by name; system.* belongs to ACLs,
 * which no file system here has: EOPNOTSUPP. Linux 6.1: fs/xattr.c.
 */
#include <base/types.h>
#include <base/err.h>
#include <base/string.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include <kernel/cred.h>
#include <kernel/ksyscall.h>
#include <fs/file.h>
#include <fs/fsnotify.h>
#include <fs/inode.h>
#include <fs/mount.h>
#include <fs/namei.h>
#include <linux/limits.h>
#include <linux/xattr.h>
#include <seam/uaccess.h>

static int xattr_permission(struct inode *inode, const char *name, int mask)
{
	if ((mask & MAY_WRITE) && (IS_IMMUTABLE(inode) || IS_APPEND(inode)))
		return -EPERM;
	if (strstarts(name, XATTR_SECURITY_PREFIX) || strstarts(name, XATTR_SYSTEM_PREFIX)) {
		if ((mask & MAY_WRITE) && strstarts(name, XATTR_SECURITY_PREFIX) &&
		    !capable(CAP_SYS_ADMIN))
			return -EPERM;
		return 0;
	}
	if (strstarts(name, XATTR_TRUSTED_PREFIX))
		return capable(CAP_SYS_ADMIN) ? 0 : mask & MAY_WRITE ? -EPERM : -ENODATA;
	if (strstarts(name, XATTR_USER_PREFIX)) {
		if (!S_ISREG(inode->i_mode) && !S_ISDIR(inode->i_mode))
			return mask & MAY_WRITE ? -EPERM : -ENODATA;
		if (S_ISDIR(inode->i_mode) && (inode->i_mode & S_ISVTX) && (mask & MAY_WRITE) &&
		    !inode_owner_or_capable(inode))
			return -EPERM;
	}
	return inode_permission(inode, mask);
}

static int get_name(char *kname, const char __user *name)
{
	long len = strncpy_from_user(kname, name, XATTR_NAME_MAX + 1);

	if (len == 0 || len == XATTR_NAME_MAX + 1)
		return -ERANGE;
	return len < 0 ? len : 0;
}

/* ---- on a place ---- */

static int do_setxattr(const struct path *path, const char __user *name, const void __user *value,
		       size_t size, int flags)
{
	struct inode *inode = path->dentry->d_inode;
	char kname[XATTR_NAME_MAX + 1];
	void *kvalue = NULL;
	int err;

	if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	err = get_name(kname, name);
	if (err)
		return err;
	if (size > XATTR_SIZE_MAX)
		return -E2BIG;
	if (size) {
		kvalue = kvmalloc(size, GFP_KERNEL);
		if (!kvalue)
			return -ENOMEM;
		err = -EFAULT;
		if (copy_from_user(kvalue, value, size))
			goto out;
	}
	err = mnt_want_write(path->mnt);
	if (err)
		goto out;
	inode_lock(inode);
	err = xattr_permission(inode, kname, MAY_WRITE);
	if (!err)
		err = inode->i_op->setxattr
			      ? inode->i_op->setxattr(path->dentry, kname, kvalue, size, flags)
			      : -EOPNOTSUPP;
	if (!err)
		fsnotify_dentry(path->dentry, IN_ATTRIB);
	inode_unlock(inode);
	mnt_drop_write(path->mnt);
out:
	kvfree(kvalue);
	return err;
}

static ssize_t do_getxattr(const struct path *path, const char __user *name, void __user *value,
			   size_t size)
{
	struct inode *inode = path->dentry->d_inode;
	char kname[XATTR_NAME_MAX + 1];
	void *kvalue = NULL;
	ssize_t n = get_name(kname, name);

	if (n)
		return n;
	if (size > XATTR_SIZE_MAX)
		size = XATTR_SIZE_MAX;
	if (size) {
		kvalue = kvmalloc(size, GFP_KERNEL);
		if (!kvalue)
			return -ENOMEM;
	}
	n = xattr_permission(inode, kname, MAY_READ);
	if (!n)
		n = inode->i_op->getxattr ? inode->i_op->getxattr(path->dentry, kname, kvalue, size)
					  : -EOPNOTSUPP;
	if (n > 0 && size && copy_to_user(value, kvalue, n))
		n = -EFAULT;
	kvfree(kvalue);
	return n;
}

static ssize_t do_listxattr(const struct path *path, char __user *list, size_t size)
{
	struct inode *inode = path->dentry->d_inode;
	char *klist = NULL;
	ssize_t n;

	if (size > XATTR_LIST_MAX)
		size = XATTR_LIST_MAX;
	if (size) {
		klist = kvmalloc(size, GFP_KERNEL);
		if (!klist)
			return -ENOMEM;
	}
	n = inode->i_op->listxattr ? inode->i_op->listxattr(path->dentry, klist, size) : 0;
	if (n > 0 && size && copy_to_user(list, klist, n))
		n = -EFAULT;
	kvfree(klist);
	return n;
}

static int do_removexattr(const struct path *path, const char __user *name)
{
	struct inode *inode = path->dentry->d_inode;
	char kname[XATTR_NAME_MAX + 1];
	int err = get_name(kname, name);

	if (!err)
		err = mnt_want_write(path->mnt);
	if (err)
		return err;
	inode_lock(inode);
	err = xattr_permission(inode, kname, MAY_WRITE);
	if (!err)
		err = inode->i_op->removexattr ? inode->i_op->removexattr(path->dentry, kname)
					       : -EOPNOTSUPP;
	if (!err)
		fsnotify_dentry(path->dentry, IN_ATTRIB);
	inode_unlock(inode);
	mnt_drop_write(path->mnt);
	return err;
}

/* ---- by name, by name of the link itself, by number ---- */

#define BY_NAME(pathname, follow, call)                                                            \
	({                                                                                         \
		struct path path;                                                                  \
		long __ret = user_path_at(AT_FDCWD, pathname, follow ? LOOKUP_FOLLOW : 0, &path);  \
		if (!__ret) {                                                                      \
			__ret = call;                                                              \
			path_put(&path);                                                           \
		}                                                                                  \
		__ret;                                                                             \
	})

#define BY_FD(fd, call)                                                                            \
	({                                                                                         \
		struct fd f = fdget(fd);                                                           \
		long __ret = -EBADF;                                                               \
		if (f.file) {                                                                      \
			struct path path = f.file->f_path;                                         \
			__ret = call;                                                              \
			fdput(f);                                                                  \
		}                                                                                  \
		__ret;                                                                             \
	})

SYSCALL_DEFINE5(setxattr, const char __user *, pathname, const char __user *, name,
		const void __user *, value, size_t, size, int, flags)
{
	return BY_NAME(pathname, true, do_setxattr(&path, name, value, size, flags));
}
SYSCALL_DEFINE5(lsetxattr, const char __user *, pathname, const char __user *, name,
		const void __user *, value, size_t, size, int, flags)
{
	return BY_NAME(pathname, false, do_setxattr(&path, name, value, size, flags));
}
SYSCALL_DEFINE5(fsetxattr, int, fd, const char __user *, name, const void __user *, value, size_t,
		size, int, flags)
{
	return BY_FD(fd, do_setxattr(&path, name, value, size, flags));
}
SYSCALL_DEFINE4(getxattr, const char __user *, pathname, const char __user *, name, void __user *,
		value, size_t, size)
{
	return BY_NAME(pathname, true, do_getxattr(&path, name, value, size));
}
SYSCALL_DEFINE4(lgetxattr, const char __user *, pathname, const char __user *, name, void __user *,
		value, size_t, size)
{
	return BY_NAME(pathname, false, do_getxattr(&path, name, value, size));
}
SYSCALL_DEFINE4(fgetxattr, int, fd, const char __user *, name, void __user *, value, size_t, size)
{
	return BY_FD(fd, do_getxattr(&path, name, value, size));
}
SYSCALL_DEFINE3(listxattr, const char __user *, pathname, char __user *, list, size_t, size)
{
	return BY_NAME(pathname, true, do_listxattr(&path, list, size));
}
SYSCALL_DEFINE3(llistxattr, const char __user *, pathname, char __user *, list, size_t, size)
{
	return BY_NAME(pathname, false, do_listxattr(&path, list, size));
}
SYSCALL_DEFINE3(flistxattr, int, fd, char __user *, list, size_t, size)
{
	return BY_FD(fd, do_listxattr(&path, list, size));
}
SYSCALL_DEFINE2(removexattr, const char __user *, pathname, const char __user *, name)
{
	return BY_NAME(pathname, true, do_removexattr(&path, name));
}
SYSCALL_DEFINE2(lremovexattr, const char __user *, pathname, const char __user *, name)
{
	return BY_NAME(pathname, false, do_removexattr(&path, name));
}
SYSCALL_DEFINE2(fremovexattr, int, fd, const char __user *, name)
{
	return BY_FD(fd, do_removexattr(&path, name));
}
