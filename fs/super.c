// SPDX-License-Identifier: MIT
/*
 * Super blocks and kinds of file systems.
 *
 * A super block is in use (s_active > 0) while it is mounted somewhere; the last deactivate_super() lets
 * its kind shut it down: dentries go, then inodes, then ->put_super. The struct lives on while somebody
 * holds s_count. Locks: s_umount against remount and shutdown; sb_lock for the lists.
 * Linux 6.1: fs/super.c, fs/filesystems.c.
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/err.h>
#include <base/string.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <mm/backing_dev.h>
#include <mm/filemap.h>
#include <sync/ranks.h>
#include <sync/rwlock.h>
#include <kernel/ksyscall.h>
#include <kernel/printk.h>
#include <kernel/task.h>
#include <fs/char_dev.h>
#include <fs/file.h>
#include <fs/mount.h>
#include <fs/namei.h>
#include <fs/seq_file.h>
#include <fs/fsnotify.h>
#include <fs/super.h>
#include <seam/uaccess.h>
#include "fs_internal.h"

static LIST_HEAD(super_blocks);
static DEFINE_SPINLOCK(sb_lock, LOCK_SB_LIST);
static struct file_system_type *file_systems;
static DEFINE_SPINLOCK(fs_types_lock, LOCK_FS_TYPES);
static unsigned long anon_minors[1024 / BITS_PER_LONG]; /* sb_lock: minors of major 0 in use */

/* ---- kinds ---- */

static struct file_system_type **find_type(const char *name, unsigned int len)
{
	struct file_system_type **p;

	for (p = &file_systems; *p; p = &(*p)->next)
		if (!strncmp((*p)->name, name, len) && !(*p)->name[len])
			break;
	return p;
}

int register_filesystem(struct file_system_type *fs)
{
	struct file_system_type **p;
	int err = 0;

	spin_lock(&fs_types_lock);
	p = find_type(fs->name, strlen(fs->name));
	if (*p)
		err = -EBUSY;
	else
		*p = fs;
	spin_unlock(&fs_types_lock);
	return err;
}

struct file_system_type *get_fs_type(const char *name)
{
	const char *dot = strchr(name, '.');
	struct file_system_type *fs;

	spin_lock(&fs_types_lock);
	fs = *find_type(name, dot ? (unsigned int)(dot - name) : (unsigned int)strlen(name));
	spin_unlock(&fs_types_lock);
	return fs;
}

void filesystems_show(struct seq_file *m)
{
	struct file_system_type *fs;

	spin_lock(&fs_types_lock);
	for (fs = file_systems; fs; fs = fs->next)
		seq_printf(m, "%s\t%s\n", fs->fs_flags & FS_REQUIRES_DEV ? "" : "nodev", fs->name);
	spin_unlock(&fs_types_lock);
}

/* ---- life ---- */

/* => sb_lock held */
int set_anon_super(struct super_block *sb, void *data)
{
	unsigned long minor = find_next_zero_bit(anon_minors, 1024, 1);

	if (minor >= 1024)
		return -EMFILE;
	__set_bit(minor, anon_minors);
	sb->s_dev = MKDEV(0, minor);
	return 0;
}

static void free_anon_bdev(dev_t dev)
{
	spin_lock(&sb_lock);
	__clear_bit(MINOR(dev), anon_minors);
	spin_unlock(&sb_lock);
}

/* A new super block, s_umount held for writing. */
static struct super_block *alloc_super(struct file_system_type *type, int flags)
{
	struct super_block *sb = kzalloc(sizeof(*sb), GFP_KERNEL);

	if (!sb)
		return NULL;
	init_rwsem(&sb->s_umount, LOCK_SB_UMOUNT);
	down_write(&sb->s_umount);
	mutex_init(&sb->s_vfs_rename_mutex, LOCK_SB_RENAME);
	mutex_init(&sb->s_sync_lock, LOCK_SB_SYNC);
	sb->s_bdi = &noop_backing_dev_info;
	spin_lock_init(&sb->s_inode_list_lock, LOCK_SB_INODES);
	INIT_LIST_HEAD(&sb->s_inodes);
	INIT_HLIST_NODE(&sb->s_instances);
	sb->s_count = 1;
	atomic_set(&sb->s_active, 1);
	sb->s_type = type;
	sb->s_flags = flags;
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_maxbytes = MAX_LFS_FILESIZE;
	sb->s_time_gran = 1;
	sb->s_time_min = TIME64_MIN;
	sb->s_time_max = TIME64_MAX;
	strscpy(sb->s_id, type->name, sizeof(sb->s_id));
	return sb;
}

static void put_super(struct super_block *sb)
{
	bool last;

	spin_lock(&sb_lock);
	last = !--sb->s_count;
	if (last)
		list_del_init(&sb->s_list);
	spin_unlock(&sb_lock);
	if (last)
		kfree(sb);
}

/* @sb is being shut down under s_umount: wait for the end. => sb_lock held, which is dropped */
static void wait_until_dead(struct super_block *sb) __releases(&sb_lock)
{
	sb->s_count++;
	spin_unlock(&sb_lock);
	down_write(&sb->s_umount);
	up_write(&sb->s_umount);
	put_super(sb);
}

struct super_block *sget(struct file_system_type *type, int (*test)(struct super_block *, void *),
			 int (*set)(struct super_block *, void *), int flags, void *data)
{
	struct super_block *sb = alloc_super(type, flags), *old;
	int err;

	if (!sb)
		return ERR_PTR(-ENOMEM);
retry:
	spin_lock(&sb_lock);
	if (test)
		hlist_for_each_entry (old, &type->fs_supers, s_instances) {
			if (!test(old, data))
				continue;
			if (atomic_inc_not_zero(&old->s_active)) {
				spin_unlock(&sb_lock);
				up_write(&sb->s_umount);
				kfree(sb);
				down_write(&old->s_umount);
				return old;
			}
			wait_until_dead(old);
			goto retry;
		}
	err = set(sb, data);
	if (err) {
		spin_unlock(&sb_lock);
		up_write(&sb->s_umount);
		kfree(sb);
		return ERR_PTR(err);
	}
	list_add_tail(&sb->s_list, &super_blocks);
	hlist_add_head(&sb->s_instances, &type->fs_supers);
	spin_unlock(&sb_lock);
	return sb;
}

void generic_shutdown_super(struct super_block *sb)
{
	const struct super_operations *op = sb->s_op;

	if (sb->s_root) {
		fsnotify_unmount(sb);
		shrink_dcache_for_umount(sb);
		sync_filesystem(sb);
		sb->s_flags &= ~SB_ACTIVE;
		while (!list_empty(&sb->s_inodes)) { /* cached ones without users */
			struct inode *inode =
				list_first_entry(&sb->s_inodes, struct inode, i_sb_list);

			if (atomic_read(&inode->i_count)) {
				pr_warn("VFS: busy inodes after unmount of %s\n", sb->s_id);
				break;
			}
			atomic_inc(&inode->i_count);
			iput(inode);
		}
		if (op && op->put_super)
			op->put_super(sb);
	}
	spin_lock(&sb_lock);
	hlist_del_init(&sb->s_instances);
	spin_unlock(&sb_lock);
	up_write(&sb->s_umount);
}

void kill_anon_super(struct super_block *sb)
{
	dev_t dev = sb->s_dev;

	generic_shutdown_super(sb);
	free_anon_bdev(dev);
}

void kill_litter_super(struct super_block *sb)
{
	if (sb->s_root)
		d_genocide(sb->s_root);
	kill_anon_super(sb);
}

void deactivate_locked_super(struct super_block *sb)
{
	if (!atomic_dec_and_test(&sb->s_active)) {
		up_write(&sb->s_umount);
		return;
	}
	if (sb->s_type->kill_sb)
		sb->s_type->kill_sb(sb);
	else
		kill_litter_super(sb);
	put_super(sb);
}

void deactivate_super(struct super_block *sb)
{
	if (atomic_add_unless(&sb->s_active, -1, 1))
		return;
	down_write(&sb->s_umount);
	deactivate_locked_super(sb);
}

/* ---- mounting ---- */

static int any_super(struct super_block *sb, void *data)
{
	return 1;
}

struct fill_args {
	int (*fill)(struct super_block *sb, void *data, int silent);
	int (*fill2)(struct super_block *sb, void *data);
	void *data;
};

static struct dentry *mount_by(struct file_system_type *type, int flags,
			       const struct fill_args *args, bool single)
{
	struct super_block *sb = sget(type, single ? any_super : NULL, set_anon_super, flags, NULL);
	int err;

	if (IS_ERR(sb))
		return ERR_CAST(sb);
	if (!sb->s_root) {
		err = args->fill ? args->fill(sb, args->data, flags & SB_SILENT ? 1 : 0)
				 : args->fill2(sb, args->data);
		if (err) {
			deactivate_locked_super(sb);
			return ERR_PTR(err);
		}
		sb->s_flags |= SB_ACTIVE;
	}
	return dget(sb->s_root); /* s_umount is dropped by mount_fs() */
}

struct dentry *mount_nodev(struct file_system_type *type, int flags, void *data,
			   int (*fill_super)(struct super_block *, void *, int))
{
	return mount_by(type, flags, &(struct fill_args){ .fill = fill_super, .data = data },
			false);
}

struct dentry *mount_single(struct file_system_type *type, int flags, void *data,
			    int (*fill_super)(struct super_block *, void *, int))
{
	return mount_by(type, flags, &(struct fill_args){ .fill = fill_super, .data = data }, true);
}

struct dentry *mount_fs(struct file_system_type *type, int flags, const char *name, void *data)
{
	struct dentry *root;

	if (type->mount)
		root = type->mount(type, flags, name, data);
	else
		root = mount_by(type, flags,
				&(struct fill_args){ .fill2 = type->fill_super, .data = data },
				type->fs_single);
	if (!IS_ERR(root))
		up_write(&root->d_sb->s_umount);
	return root;
}

/* ---- statfs ---- */

int simple_statfs(struct dentry *dentry, struct kstatfs *buf)
{
	buf->f_type = dentry->d_sb->s_magic;
	buf->f_bsize = PAGE_SIZE;
	buf->f_namelen = NAME_MAX;
	return 0;
}

static long statfs_flags(const struct path *path)
{
	int mf = path->mnt->mnt_flags;
	unsigned long sf = path->dentry->d_sb->s_flags;

	return 0x0020 /* ST_VALID */ | (mf & MNT_READONLY || sf & SB_RDONLY ? 1 : 0) |
	       (mf & MNT_NOSUID ? 2 : 0) | (mf & MNT_NODEV ? 4 : 0) | (mf & MNT_NOEXEC ? 8 : 0) |
	       (sf & SB_SYNCHRONOUS ? 16 : 0) | (mf & MNT_NOATIME ? 0x400 : 0) |
	       (mf & MNT_NODIRATIME ? 0x800 : 0) | (mf & MNT_RELATIME ? 0x1000 : 0) |
	       (mf & MNT_NOSYMFOLLOW ? 0x2000 : 0);
}

int vfs_statfs(const struct path *path, struct kstatfs *buf)
{
	const struct super_operations *op = path->dentry->d_sb->s_op;
	int err;

	memset(buf, 0, sizeof(*buf));
	if (!op || !op->statfs)
		return -ENOSYS;
	err = op->statfs(path->dentry, buf);
	if (err)
		return err;
	if (!buf->f_frsize)
		buf->f_frsize = buf->f_bsize;
	buf->f_flags = statfs_flags(path);
	return 0;
}

static int copy_statfs(struct statfs __user *ubuf, const struct kstatfs *st)
{
	struct statfs buf = {
		.f_type = st->f_type,
		.f_bsize = st->f_bsize,
		.f_blocks = st->f_blocks,
		.f_bfree = st->f_bfree,
		.f_bavail = st->f_bavail,
		.f_files = st->f_files,
		.f_ffree = st->f_ffree,
		.f_fsid = st->f_fsid,
		.f_namelen = st->f_namelen,
		.f_frsize = st->f_frsize,
		.f_flags = st->f_flags,
	};

	return copy_to_user(ubuf, &buf, sizeof(buf)) ? -EFAULT : 0;
}

SYSCALL_DEFINE2(statfs, const char __user *, pathname, struct statfs __user *, buf)
{
	struct kstatfs st;
	struct path path;
	int err = user_path(pathname, &path);

	if (err)
		return err;
	err = vfs_statfs(&path, &st);
	path_put(&path);
	return err ? err : copy_statfs(buf, &st);
}

SYSCALL_DEFINE2(fstatfs, unsigned int, fd, struct statfs __user *, buf)
{
	struct fd f = fdget_raw(fd);
	struct kstatfs st;
	int err;

	if (!f.file)
		return -EBADF;
	err = vfs_statfs(&f.file->f_path, &st);
	fdput(f);
	return err ? err : copy_statfs(buf, &st);
}

SYSCALL_DEFINE2(ustat, unsigned int, dev, void __user *, ubuf)
{
	struct {
		int tfree;
		unsigned long tinode;
		char fname[6], fpack[6];
	} tmp = { 0 };
	struct super_block *sb, *found = NULL;
	struct kstatfs st = { 0 };
	int err;

	spin_lock(&sb_lock);
	list_for_each_entry (sb, &super_blocks, s_list)
		if (sb->s_dev == new_decode_dev(dev) && sb->s_root &&
		    atomic_inc_not_zero(&sb->s_active)) {
			found = sb;
			break;
		}
	spin_unlock(&sb_lock);
	if (!found)
		return -EINVAL;
	err = found->s_op && found->s_op->statfs ? found->s_op->statfs(found->s_root, &st)
						 : -ENOSYS;
	deactivate_super(found);
	if (err)
		return err;
	tmp.tfree = st.f_bfree;
	tmp.tinode = st.f_ffree;
	return copy_to_user(ubuf, &tmp, sizeof(tmp)) ? -EFAULT : 0;
}

void iterate_supers(void (*fn)(struct super_block *, void *), void *arg)
{
	struct super_block *sb, *prev = NULL;

	spin_lock(&sb_lock);
	list_for_each_entry (sb, &super_blocks, s_list) {
		if (!atomic_inc_not_zero(&sb->s_active))
			continue;
		spin_unlock(&sb_lock);
		if (prev)
			deactivate_super(prev);
		fn(sb, arg);
		prev = sb;
		spin_lock(&sb_lock);
	}
	spin_unlock(&sb_lock);
	if (prev)
		deactivate_super(prev);
}

SYSCALL_DEFINE3(sysfs, int, option, unsigned long, arg1, unsigned long, arg2)
{
	struct file_system_type *fs;
	char name[64];
	long n = 0, len;

	switch (option) {
	case 1:
		len = strncpy_from_user(name, (const char __user *)arg1, sizeof(name));
		if (len < 0)
			return len;
		if (len == sizeof(name))
			return -EINVAL;
		for (fs = file_systems; fs; fs = fs->next, n++)
			if (!strcmp(fs->name, name))
				return n;
		return -EINVAL;
	case 2:
		for (fs = file_systems; fs && arg1; fs = fs->next)
			arg1--;
		if (!fs)
			return -EINVAL;
		return copy_to_user((void __user *)arg2, fs->name, strlen(fs->name) + 1) ? -EFAULT
											 : 0;
	case 3:
		for (fs = file_systems; fs; fs = fs->next)
			n++;
		return n;
	}
	return -EINVAL;
}
