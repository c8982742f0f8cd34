/* SPDX-License-Identifier: MIT */
/*
 * The file system type proc and its root: static entries first, then one directory per process. The options
 * of a mount decide who sees what: subset=pid processes only; hidepid= hides those that the caller may not trace, unless
 * it is in the group gid= (proc(5)).
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <fs/dentry.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/kernfs.h>
#include <fs/seq_file.h>
#include <fs/super.h>
#include <kernel/init.h>
#include <kernel/cred.h>
#include <kernel/pid.h>
#include <kernel/ptrace.h>
#include <kernel/task.h>
#include <mm/slab.h>
#include <sync/rcu.h>

#include "internal.h"

#include <linux/magic.h>

/* Numbers of static entries and of kernfs directories stay below this position in the listing. */
#define FIRST_PROCESS_POS (1 << 20)

static struct proc_fs_info *proc_sb_info(const struct super_block *sb)
{
	return sb->s_fs_info;
}

static bool pids_only(const struct super_block *sb)
{
	return proc_sb_info(sb)->pids_only;
}

bool proc_may_see(const struct super_block *sb, struct task_struct *task, enum proc_hidepid from)
{
	const struct proc_fs_info *info = proc_sb_info(sb);

	if (info->hide_pid != HIDEPID_NOT_PTRACEABLE &&
	    (info->hide_pid < from || in_group_p(info->pid_gid)))
		return true;
	return ptrace_may_access(task, PTRACE_MODE_READ_FSCREDS);
}

enum proc_hidepid proc_hidepid(const struct super_block *sb)
{
	return proc_sb_info(sb)->hide_pid;
}

static struct dentry *proc_root_lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	struct dentry *found = proc_pid_lookup(dir, dentry);

	if (PTR_ERR(found) != -ENOENT || pids_only(dir->i_sb))
		return found;
	return kernfs_lookup(dir, dentry, flags);
}

static int proc_root_readdir(struct file *file, struct dir_context *ctx)
{
	if (ctx->pos < FIRST_PROCESS_POS) {
		if (!dir_emit_dots(file, ctx))
			return 0;
		if (!pids_only(file->f_inode->i_sb) && !kernfs_emit(file, ctx))
			return 0;
		ctx->pos = FIRST_PROCESS_POS;
	}
	ctx->pos -= FIRST_PROCESS_POS;
	proc_pid_readdir(file, ctx);
	ctx->pos += FIRST_PROCESS_POS;
	return 0;
}

/* The processes are directories, too. */
static int proc_root_getattr(const struct path *path, struct kstat *stat, u32 request_mask,
			     unsigned int flags)
{
	struct task_struct *p;
	int err = kernfs_dir_getattr(path, stat, request_mask, flags);

	rcu_read_lock();
	for_each_process (p)
		stat->nlink++;
	rcu_read_unlock();
	return err;
}

static const struct inode_operations proc_root_iops = { .lookup = proc_root_lookup,
							.getattr = proc_root_getattr };

static const struct file_operations proc_root_fops = {
	.read = generic_read_dir,
	.iterate_shared = proc_root_readdir,
	.llseek = generic_file_llseek,
};

static void proc_evict_inode(struct inode *inode)
{
	struct proc_inode *pi = proc_inode_of(inode);

	if (!pi) {
		kernfs_evict_inode(inode);
		return;
	}
	clear_inode(inode);
	put_pid(pi->pid);
	kfree(pi);
	inode->i_private = NULL;
}

static const char *const hidepid_names[] = { "off", "noaccess", "invisible", NULL, "ptraceable" };

static int proc_show_options(struct seq_file *m, struct dentry *root)
{
	const struct proc_fs_info *info = proc_sb_info(root->d_sb);

	if (info->pid_gid)
		seq_printf(m, ",gid=%u", info->pid_gid);
	if (info->hide_pid)
		seq_printf(m, ",hidepid=%s", hidepid_names[info->hide_pid]);
	if (info->pids_only)
		seq_puts(m, ",subset=pid");
	return 0;
}

static const struct super_operations proc_sops = {
	.show_options = proc_show_options,
	.statfs = simple_statfs,
	.drop_inode = generic_delete_inode,
	.evict_inode = proc_evict_inode,
};

/* A number or a name. */
static int parse_hidepid(struct proc_fs_info *info, const char *value)
{
	unsigned int nr;
	bool number = !kstrtouint(value, 10, &nr);

	for (unsigned int i = 0; i < ARRAY_SIZE(hidepid_names); i++) {
		if (!hidepid_names[i] || (number ? nr != i : strcmp(value, hidepid_names[i])))
			continue;
		info->hide_pid = i;
		return 0;
	}
	return -EINVAL;
}

static int parse_options(struct proc_fs_info *info, char *options)
{
	char *one;
	int err = 0;

	while (!err && (one = strsep(&options, ",")) != NULL) {
		if (!strncmp(one, "hidepid=", 8))
			err = parse_hidepid(info, one + 8);
		else if (!strncmp(one, "gid=", 4))
			err = kstrtouint(one + 4, 10, &info->pid_gid);
		else if (!strcmp(one, "subset=pid"))
			info->pids_only = true;
		else if (*one)
			err = -EINVAL;
	}
	return err ? -EINVAL : 0;
}

static int proc_fill_super(struct super_block *sb, void *data)
{
	struct proc_fs_info *info = kzalloc(sizeof(*info), GFP_KERNEL);
	int err;

	if (!info)
		return -ENOMEM;
	sb->s_fs_info = info;
	err = parse_options(info, data);
	if (!err)
		err = kernfs_fill_super(sb, &proc_root, PROC_SUPER_MAGIC);
	if (err)
		return err;
	sb->s_op = &proc_sops;
	sb->s_root->d_inode->i_op = &proc_root_iops;
	sb->s_root->d_inode->i_fop = &proc_root_fops;
	return 0;
}

static void proc_kill_sb(struct super_block *sb)
{
	struct proc_fs_info *info = proc_sb_info(sb);

	kill_anon_super(sb);
	kfree(info);
}

static struct file_system_type proc_fs_type = {
	.name = "proc",
	.fs_flags = FS_DISALLOW_NOTIFY_PERM,
	.fill_super = proc_fill_super,
	.kill_sb = proc_kill_sb,
};

static int __init proc_init(void)
{
	return register_filesystem(&proc_fs_type);
}
core_initcall(proc_init);
