/* SPDX-License-Identifier: MIT */
/*
 * devtmpfs: one tmpfs in which each registered device has a node; every mount of the type shows
 * the same tree. User space may add, change and remove names in it.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/dentry.h>
#include <fs/devtmpfs.h>
#include <fs/inode.h>
#include <fs/mount.h>
#include <fs/namei.h>
#include <fs/super.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <mm/shmem.h>
#include <sync/mutex.h>
#include <sync/ranks.h>

static struct vfsmount *dev_mnt;
static DEFINE_MUTEX(devtmpfs_lock, LOCK_DEVTMPFS); /* dev_mnt */

static int devtmpfs_fill_super(struct super_block *sb, void *data)
{
	char options[] = "mode=0755"; /* parsing cuts it up */

	int err = shmem_fs_type.fill_super(sb, options);

	/* The first mount is the kernel's, but users may mount it, too. */
	sb->s_flags &= ~SB_NOUSER;
	return err;
}

static struct file_system_type devtmpfs_type = {
	.name = "devtmpfs",
	.fs_single = true,
	.fill_super = devtmpfs_fill_super,
	.kill_sb = kill_litter_super,
};

/* The kernel's own mount, made when it is first needed. ERR_PTR. */
static struct vfsmount *get_mount(void)
{
	struct vfsmount *mnt = READ_ONCE(dev_mnt);

	if (mnt)
		return mnt;
	mutex_lock(&devtmpfs_lock);
	if (!dev_mnt) {
		register_filesystem(&devtmpfs_type);
		WRITE_ONCE(dev_mnt, kern_mount(&devtmpfs_type));
	}
	mutex_unlock(&devtmpfs_lock);
	return dev_mnt;
}

/* Make one name below @dir, a directory with DEV 0. An existing name is fine. */
static int make_name(struct dentry *dir, const char *name, size_t len, umode_t mode, dev_t dev)
{
	struct inode *inode = d_inode(dir);
	struct dentry *dentry;
	int err;

	inode_lock_nested(inode, I_MUTEX_PARENT);
	dentry = lookup_one_len(name, dir, len);
	err = PTR_ERR(dentry);
	if (!IS_ERR(dentry)) {
		err = -EEXIST;
		if (d_is_negative(dentry))
			err = S_ISDIR(mode) ? vfs_mkdir(inode, dentry, mode & 07777)
					    : vfs_mknod(inode, dentry, mode, dev);
		if (!err) {
			/* The mode is the driver's wish, whatever the umask. */
			struct iattr attr = { .ia_valid = ATTR_MODE | ATTR_FORCE, .ia_mode = mode };

			inode_lock_nested(d_inode(dentry), I_MUTEX_CHILD);
			notify_change(dentry, &attr);
			inode_unlock(d_inode(dentry));
		}
		dput(dentry);
	}
	inode_unlock(inode);
	return err == -EEXIST ? 0 : err;
}

static struct dentry *enter(struct dentry *dir, const char *name, size_t len)
{
	struct dentry *child;

	inode_lock_nested(d_inode(dir), I_MUTEX_PARENT);
	child = lookup_one_len(name, dir, len);
	inode_unlock(d_inode(dir));
	return child;
}

int devtmpfs_create_node(const char *name, umode_t mode, dev_t dev)
{
	struct vfsmount *mnt = get_mount();
	struct dentry *dir, *next;
	const char *slash;
	int err = 0;

	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	dir = dget(mnt->mnt_root);
	while (!err && (slash = strchr(name, '/'))) {
		err = make_name(dir, name, slash - name, S_IFDIR | 0755, 0);
		if (err)
			break;
		next = enter(dir, name, slash - name);
		dput(dir);
		if (IS_ERR(next))
			return PTR_ERR(next);
		dir = next;
		name = slash + 1;
	}
	if (!err)
		err = make_name(dir, name, strlen(name), mode, dev);
	dput(dir);
	if (err)
		pr_warn("devtmpfs: no node %s, error %d\n", name, err);
	return err;
}

int devtmpfs_delete_node(const char *name)
{
	struct vfsmount *mnt = get_mount();
	struct dentry *dentry;
	struct inode *dir;
	int err;

	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	dir = d_inode(mnt->mnt_root);
	inode_lock_nested(dir, I_MUTEX_PARENT);
	dentry = lookup_one_len(name, mnt->mnt_root, strlen(name));
	err = PTR_ERR(dentry);
	if (!IS_ERR(dentry)) {
		err = d_is_negative(dentry) ? -ENOENT : vfs_unlink(dir, dentry);
		dput(dentry);
	}
	inode_unlock(dir);
	return err;
}

static int __init devtmpfs_init(void)
{
	struct vfsmount *mnt = get_mount();

	return IS_ERR(mnt) ? PTR_ERR(mnt) : 0;
}
core_initcall(devtmpfs_init);
