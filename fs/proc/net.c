// SPDX-License-Identifier: MIT
/*
 * /proc/PID/net: what there is of networks, the same for every process (there are no network namespaces). The files
 * are made at boot by those who know what is in them.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/string.h>
#include <fs/dentry.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/proc_fs.h>
#include <fs/seq_file.h>
#include <kernel/task.h>
#include <mm/slab.h>

#include "internal.h"

struct net_entry {
	struct net_entry *next;
	const char *name;
	proc_show_t show;
};

static struct net_entry *entries; /* made at boot, never gone */

int proc_create_net(const char *name, proc_show_t show)
{
	struct net_entry *e = kmalloc(sizeof(*e), GFP_KERNEL);

	if (!e)
		return -ENOMEM;
	*e = (struct net_entry){ entries, name, show };
	entries = e;
	return 0;
}

static const struct net_entry *find(const struct dentry *dentry)
{
	const struct net_entry *e;

	for (e = entries; e; e = e->next)
		if (strlen(e->name) == dentry->d_name.len &&
		    !memcmp(e->name, dentry->d_name.name, dentry->d_name.len))
			break;
	return e;
}

static int net_open(struct inode *inode, struct file *file)
{
	return single_open(file, find(file_dentry(file))->show, NULL);
}

static const struct file_operations net_file_fops = {
	.open = net_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

static struct dentry *net_lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	struct task_struct *task;
	struct inode *inode;

	if (!find(dentry))
		return ERR_PTR(-ENOENT);
	task = get_proc_task(dir);
	if (!task)
		return ERR_PTR(-ENOENT);
	inode = proc_pid_make_inode(dir->i_sb, task, S_IFREG | 0444);
	put_task_struct(task);
	if (IS_ERR(inode))
		return ERR_CAST(inode);
	inode->i_fop = &net_file_fops;
	d_set_d_op(dentry, &pid_dentry_operations);
	return d_splice_alias(inode, dentry);
}

static int net_readdir(struct file *file, struct dir_context *ctx)
{
	loff_t pos = 2;

	if (!dir_emit_dots(file, ctx))
		return 0;
	for (const struct net_entry *e = entries; e; e = e->next, pos++) {
		if (pos < ctx->pos)
			continue;
		if (!dir_emit(ctx, e->name, strlen(e->name), 2 + pos, DT_REG))
			break;
		ctx->pos++;
	}
	return 0;
}

const struct inode_operations proc_net_iops = { .lookup = net_lookup };
const struct file_operations proc_net_fops = {
	.read = generic_read_dir,
	.iterate_shared = net_readdir,
	.llseek = generic_file_llseek,
};
