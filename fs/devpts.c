/* SPDX-License-Identifier: MIT */
/*
 * devpts: one node per pseudo terminal that exists, named by its number, and ptmx. The pty table
 * is the truth; this file system only shows it.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/types.h>
#include <drivers/pty.h>
#include <fs/char_dev.h>
#include <fs/dentry.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/super.h>
#include <kernel/init.h>
#include <kernel/time.h>

#include <linux/magic.h>
#include <linux/major.h>

#define PTMX_INO      2
#define FIRST_PTY_INO 3

/* The number that a name stands for, or -1. */
static int name_to_index(const struct qstr *name)
{
	unsigned int index;
	char text[8];

	if (name->len >= sizeof(text))
		return -1;
	memcpy(text, name->name, name->len);
	text[name->len] = 0;
	if (!isdigit(text[0]) || (text[0] == '0' && text[1]) || kstrtouint(text, 10, &index))
		return -1;
	return index;
}

static int devpts_revalidate(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = READ_ONCE(dentry->d_inode);

	if (!inode)
		return 0;
	return inode->i_ino < FIRST_PTY_INO || pty_exists(inode->i_ino - FIRST_PTY_INO);
}

static const struct dentry_operations devpts_dops = {
	.d_revalidate = devpts_revalidate,
	.d_delete = always_delete_dentry,
};

static const struct inode_operations devpts_node_iops = { .setattr = simple_setattr };

static struct inode *make_node(struct super_block *sb, unsigned long ino, dev_t dev,
			       const struct pty_owner *owner)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return NULL;
	inode->i_ino = ino;
	inode->i_uid = owner->uid;
	inode->i_gid = owner->gid;
	inode->i_atime = inode->i_mtime = inode->i_ctime = ns_to_timespec64(owner->created_ns);
	init_special_inode(inode, S_IFCHR | owner->mode, dev);
	inode->i_op = &devpts_node_iops;
	return inode;
}

static struct dentry *devpts_lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	struct pty_owner owner = { .mode = 0666 };
	struct inode *inode;
	int index;

	d_set_d_op(dentry, &devpts_dops);
	if (dentry->d_name.len == 4 && !memcmp(dentry->d_name.name, "ptmx", 4)) {
		inode = make_node(dir->i_sb, PTMX_INO, MKDEV(TTYAUX_MAJOR, 2), &owner);
	} else {
		index = name_to_index(&dentry->d_name);
		if (index < 0 || !pty_owner_of(index, &owner))
			return ERR_PTR(-ENOENT);
		inode = make_node(dir->i_sb, FIRST_PTY_INO + index,
				  MKDEV(UNIX98_PTY_SLAVE_MAJOR, index), &owner);
	}
	return inode ? d_splice_alias(inode, dentry) : ERR_PTR(-ENOMEM);
}

static int devpts_readdir(struct file *file, struct dir_context *ctx)
{
	char name[8];
	int index;

	if (!dir_emit_dots(file, ctx))
		return 0;
	if (ctx->pos == 2) {
		if (!dir_emit(ctx, "ptmx", 4, PTMX_INO, DT_CHR))
			return 0;
		ctx->pos = 3;
	}
	while ((index = pty_next(ctx->pos - 3)) >= 0) {
		int len = snprintf(name, sizeof(name), "%d", index);

		if (!dir_emit(ctx, name, len, FIRST_PTY_INO + index, DT_CHR))
			break;
		ctx->pos = index + 4;
	}
	return 0;
}

static const struct inode_operations devpts_dir_iops = { .lookup = devpts_lookup };
static const struct file_operations devpts_dir_fops = {
	.read = generic_read_dir,
	.iterate_shared = devpts_readdir,
	.llseek = generic_file_llseek,
};

static int devpts_fill_super(struct super_block *sb, void *data)
{
	int err = init_pseudo_super(sb, DEVPTS_SUPER_MAGIC, &devpts_dops);
	struct inode *root;

	if (err)
		return err;
	sb->s_flags &= ~(SB_NOUSER | SB_KERNMOUNT);
	root = d_inode(sb->s_root);
	root->i_mode = S_IFDIR | 0755;
	root->i_op = &devpts_dir_iops;
	root->i_fop = &devpts_dir_fops;
	set_nlink(root, 2);
	return 0;
}

static struct file_system_type devpts_fs_type = {
	.name = "devpts",
	.fs_single = true,
	.fill_super = devpts_fill_super,
	.kill_sb = kill_anon_super,
};

static int __init init_devpts_fs(void)
{
	return register_filesystem(&devpts_fs_type);
}
fs_initcall(init_devpts_fs);
