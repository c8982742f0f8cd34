/* SPDX-License-Identifier: MIT */
/* /proc/PID/fd and fdinfo: the open files of a task. */
#include <base/err.h>
#include <base/errno.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/dentry.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/mount.h>
#include <fs/namei.h>
#include <fs/path.h>
#include <fs/seq_file.h>
#include <kernel/pid.h>
#include <kernel/task.h>
#include <mm/gfp.h>
#include <seam/uaccess.h>

#include "internal.h"

/* The file behind the number in @inode, with a reference, or NULL. */
static struct file *get_proc_file(const struct inode *inode)
{
	struct task_struct *task = get_proc_task(inode);
	struct file *file;

	if (!task)
		return NULL;
	file = fget_task(task, proc_inode_of(inode)->fd);
	put_task_struct(task);
	return file;
}

static int fd_revalidate(struct dentry *dentry, unsigned int flags)
{
	struct file *file;
	int ok = proc_pid_revalidate(dentry, flags);

	if (ok <= 0 || !dentry->d_inode)
		return ok;
	file = get_proc_file(dentry->d_inode);
	if (!file)
		return 0;
	fput(file);
	return 1;
}

static const struct dentry_operations fd_dentry_operations = {
	.d_revalidate = fd_revalidate,
	.d_delete = always_delete_dentry,
};

/* ---- links fd/N ---- */

static int fd_path(struct dentry *dentry, struct path *path)
{
	int err = proc_link_allowed(dentry->d_inode);
	struct file *file;

	if (err)
		return err;
	file = get_proc_file(dentry->d_inode);
	if (!file)
		return -ENOENT;
	*path = file->f_path;
	path_get(path);
	fput(file);
	return 0;
}

static const char *fd_get_link(struct dentry *dentry, struct inode *inode,
			       struct delayed_call *done)
{
	struct path path;
	int err;

	if (!dentry)
		return ERR_PTR(-ECHILD);
	err = fd_path(dentry, &path);
	if (!err)
		err = nd_jump_link(&path);
	return ERR_PTR(err);
}

static int fd_readlink(struct dentry *dentry, char __user *buffer, int buflen)
{
	struct path path;
	int err = fd_path(dentry, &path);

	return err ? err : proc_readlink_path(&path, buffer, buflen);
}

static const struct inode_operations fd_link_iops = { .readlink = fd_readlink,
						      .get_link = fd_get_link };

/* ---- files fdinfo/N ---- */

static bool file_is_close_on_exec(const struct inode *inode)
{
	struct task_struct *task = get_proc_task(inode);
	unsigned int fd = proc_inode_of(inode)->fd;
	struct fdtable *fdt;
	bool on = false;

	if (!task)
		return false;
	task_lock(task);
	if (task->files) {
		rcu_read_lock();
		fdt = files_fdtable(task->files);
		on = fd < fdt->max_fds && close_on_exec(fd, fdt);
		rcu_read_unlock();
	}
	task_unlock(task);
	put_task_struct(task);
	return on;
}

static int fdinfo_show(struct seq_file *m, void *v)
{
	struct inode *inode = m->private;
	struct file *file = get_proc_file(inode);
	unsigned int flags;

	if (!file)
		return -ENOENT;
	flags = file->f_flags & ~O_CLOEXEC;
	if (file_is_close_on_exec(inode))
		flags |= O_CLOEXEC;
	seq_printf(m, "pos:\t%lli\nflags:\t0%o\nmnt_id:\t%i\nino:\t%lu\n", (long long)file->f_pos,
		   flags, real_mount(file->f_path.mnt)->mnt_id, file_inode(file)->i_ino);
	if (file->f_op->show_fdinfo)
		file->f_op->show_fdinfo(m, file);
	fput(file);
	return 0;
}

static int fdinfo_open(struct inode *inode, struct file *file)
{
	return single_open(file, fdinfo_show, inode);
}

static const struct file_operations fdinfo_fops = {
	.open = fdinfo_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

/* ---- the directories ---- */

static struct dentry *make_entry(struct dentry *dentry, struct super_block *sb,
				 struct task_struct *task, int fd, umode_t mode, bool link)
{
	struct inode *inode = proc_pid_make_inode(sb, task, mode);

	if (IS_ERR(inode))
		return ERR_CAST(inode);
	proc_inode_of(inode)->fd = fd;
	if (link) {
		inode->i_op = &fd_link_iops;
		inode->i_size =
			64; /* as Linux: enough for most targets, whose length is not known here */
	} else {
		inode->i_fop = &fdinfo_fops;
	}
	d_set_d_op(dentry, &fd_dentry_operations);
	return d_splice_alias(inode, dentry);
}

static struct dentry *lookup_common(struct inode *dir, struct dentry *dentry, bool link)
{
	struct task_struct *task = get_proc_task(dir);
	struct dentry *res = ERR_PTR(-ENOENT);
	int fd = proc_name_to_number(&dentry->d_name);
	struct file *file;

	if (!task)
		return res;
	file = fd >= 0 ? fget_task(task, fd) : NULL;
	if (file) {
		umode_t mode = S_IFREG | 0444;

		if (link)
			mode = S_IFLNK | (file->f_mode & FMODE_READ ? 0500 : 0) |
			       (file->f_mode & FMODE_WRITE ? 0300 : 0);
		fput(file);
		res = make_entry(dentry, dir->i_sb, task, fd, mode, link);
	}
	put_task_struct(task);
	return res;
}

/* The first open descriptor from *@fd on. */
static bool next_open_fd(struct task_struct *task, unsigned int *fd)
{
	bool found;

	rcu_read_lock();
	found = task_lookup_next_fd_rcu(task, fd) != NULL;
	rcu_read_unlock();
	return found;
}

static int readdir_common(struct file *dir, struct dir_context *ctx, unsigned int type)
{
	struct task_struct *task = get_proc_task(file_inode(dir));
	unsigned int fd;
	char name[12];

	if (!task)
		return -ENOENT;
	if (!dir_emit_dots(dir, ctx))
		goto out;
	for (fd = ctx->pos - 2; next_open_fd(task, &fd); fd++) {
		int len = snprintf(name, sizeof(name), "%u", fd);

		ctx->pos = (loff_t)fd + 2;
		if (!dir_emit(ctx, name, len, fd + 1000, type))
			break;
		ctx->pos++;
	}
out:
	put_task_struct(task);
	return 0;
}

static struct dentry *fd_lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	return lookup_common(dir, dentry, true);
}

static int fd_readdir(struct file *file, struct dir_context *ctx)
{
	return readdir_common(file, ctx, DT_LNK);
}

static struct dentry *fdinfo_lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	return lookup_common(dir, dentry, false);
}

static int fdinfo_readdir(struct file *file, struct dir_context *ctx)
{
	return readdir_common(file, ctx, DT_REG);
}

/* A process may always look into its own descriptors, whatever it has become since. */
static int fd_permission(struct inode *inode, int mask)
{
	struct task_struct *task;
	int err = generic_permission(inode, mask);

	if (!err)
		return 0;
	task = get_proc_task(inode);
	if (task) {
		if (same_thread_group(task, current))
			err = 0;
		put_task_struct(task);
	}
	return err;
}

const struct inode_operations proc_fd_iops = { .lookup = fd_lookup, .permission = fd_permission };
const struct inode_operations proc_fdinfo_iops = { .lookup = fdinfo_lookup };
const struct file_operations proc_fd_fops = {
	.read = generic_read_dir,
	.iterate_shared = fd_readdir,
	.llseek = generic_file_llseek,
};
const struct file_operations proc_fdinfo_fops = {
	.read = generic_read_dir,
	.iterate_shared = fdinfo_readdir,
	.llseek = generic_file_llseek,
};
