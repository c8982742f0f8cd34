// SPDX-License-Identifier: MIT
/* Files without a name: eventfd, epoll, pidfd, timerfd. All share one inode of a file system that nobody mounts. */
#include <base/err.h>
#include <base/errno.h>
#include <fs/anon_inodes.h>
#include <fs/dentry.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/mount.h>
#include <fs/super.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <linux/magic.h>

static struct vfsmount *anon_inode_mnt;
static struct inode *anon_inode_inode;

static char *anon_inodefs_dname(struct dentry *dentry, char *buffer, int buflen)
{
	return dynamic_dname(dentry, buffer, buflen, "anon_inode:%s", dentry->d_name.name);
}

static const struct dentry_operations anon_inodefs_dops = {
	.d_dname = anon_inodefs_dname,
};

static int anon_fill_super(struct super_block *sb, void *data)
{
	return init_pseudo_super(sb, ANON_INODE_FS_MAGIC, &anon_inodefs_dops);
}

static struct file_system_type anon_inode_fs_type = {
	.name = "anon_inodefs",
	.fill_super = anon_fill_super,
	.kill_sb = kill_anon_super,
};

struct file *anon_inode_getfile(const char *name, const struct file_operations *fops, void *priv,
				int flags)
{
	struct file *file;

	ihold(anon_inode_inode);
	file = alloc_file_pseudo(anon_inode_inode, anon_inode_mnt, name,
				 flags & (O_ACCMODE | O_NONBLOCK), fops);
	if (IS_ERR(file)) {
		iput(anon_inode_inode);
		return file;
	}
	file->private_data = priv;
	return file;
}

int anon_inode_getfd(const char *name, const struct file_operations *fops, void *priv, int flags)
{
	int fd = get_unused_fd_flags(flags);
	struct file *file;

	if (fd < 0)
		return fd;
	file = anon_inode_getfile(name, fops, priv, flags);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}

void anon_inode_init(void);
void __init anon_inode_init(void)
{
	if (anon_inode_inode)
		return;
	anon_inode_mnt = kern_mount(&anon_inode_fs_type);
	if (IS_ERR(anon_inode_mnt))
		panic("anon_inode: no mount (%ld)", PTR_ERR(anon_inode_mnt));
	anon_inode_inode = new_inode_pseudo(anon_inode_mnt->mnt_sb);
	if (!anon_inode_inode)
		panic("anon_inode: no inode");
	anon_inode_inode->i_ino = get_next_ino();
	anon_inode_inode->i_mode = S_IRUSR | S_IWUSR;
	anon_inode_inode->i_flags |= S_PRIVATE;
}

static int __init anon_inode_initcall(void)
{
	anon_inode_init();
	return 0;
}
fs_initcall(anon_inode_initcall);
