/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID and /proc/PID/task/TID: the directories of tasks.
 *
 * Inodes are made on look-up and hold the struct pid, not the task: a task that is gone makes
 * opens and reads fail with ESRCH. What is in a directory is a table of struct pid_entry.
 */
#include <base/bitops.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/dentry.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/fs_struct.h>
#include <fs/inode.h>
#include <fs/mount.h>
#include <fs/namei.h>
#include <fs/path.h>
#include <fs/seq_file.h>
#include <kernel/cgroup.h>
#include <kernel/cred.h>
#include <kernel/exec.h>
#include <kernel/kallsyms.h>
#include <kernel/pid.h>
#include <kernel/ptrace.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/gup.h>
#include <mm/mm_struct.h>
#include <mm/mmap.h>
#include <mm/slab.h>
#include <mm/util.h>
#include <mm/vma.h>
#include <mm/fault_inject.h>
#include <seam/uaccess.h>
#include <sync/rcu.h>

#include "internal.h"

#include <linux/capability.h>

typedef int (*pid_show_t)(struct seq_file *m, struct task_struct *task);

struct pid_entry {
	const char *name;
	umode_t mode;
	pid_show_t show;
	ssize_t (*write)(struct task_struct *task, char *buf, size_t count);
	proc_get_link_t get_link;
	const struct inode_operations *iops; /* of a directory */
	const struct file_operations *fops;
};

struct proc_inode *proc_inode_of(const struct inode *inode)
{
	return inode->i_generation == PROC_TASK_INODE ? inode->i_private : NULL;
}

struct task_struct *get_proc_task(const struct inode *inode)
{
	return get_pid_task(proc_inode_of(inode)->pid, PIDTYPE_PID);
}

/* ---- inodes ---- */

/* The owner of the task's files: root once it has taken other rights (set-uid, prctl), except for directories. */
static bool root_owns(struct task_struct *task, umode_t mode)
{
	bool yes;

	if (mode == (S_IFDIR | 0555))
		return false;
	task_lock(task);
	yes = !task->mm || get_dumpable(task->mm) != SUID_DUMP_USER;
	task_unlock(task);
	return yes;
}

static void set_owner(struct inode *inode, struct task_struct *task)
{
	const struct cred *cred = get_task_cred(task);
	bool root = root_owns(task, inode->i_mode);

	inode->i_uid = root ? 0 : cred->euid;
	inode->i_gid = root ? 0 : cred->egid;
	put_cred(cred);
}

struct inode *proc_pid_make_inode(struct super_block *sb, struct task_struct *task, umode_t mode)
{
	struct proc_inode *pi = kzalloc(sizeof(*pi), GFP_KERNEL_ACCOUNT);
	struct inode *inode;

	if (!pi)
		return ERR_PTR(-ENOMEM);
	pi->pid = get_task_pid(task, PIDTYPE_PID);
	inode = pi->pid ? new_inode(sb) : NULL;
	if (!inode) {
		int err = pi->pid ? -ENOMEM : -ENOENT;

		put_pid(pi->pid);
		kfree(pi);
		return ERR_PTR(err);
	}
	inode->i_private = pi;
	inode->i_generation = PROC_TASK_INODE;
	inode->i_ino = get_next_ino();
	inode->i_mode = mode;
	inode->i_atime = inode->i_mtime = inode->i_ctime = current_time(inode);
	set_owner(inode, task);
	return inode;
}

int proc_pid_revalidate(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = READ_ONCE(dentry->d_inode);
	struct task_struct *task;

	if (!inode)
		return 0;
	if (!proc_inode_of(inode))
		return 1;
	task = get_proc_task(inode);
	if (!task)
		return 0;
	set_owner(inode, task);
	put_task_struct(task);
	return 1;
}

const struct dentry_operations pid_dentry_operations = {
	.d_revalidate = proc_pid_revalidate,
	.d_delete = always_delete_dentry,
};

/* ---- regular files ---- */

static int pid_show(struct seq_file *m, void *v)
{
	struct inode *inode = m->private;
	struct task_struct *task = get_proc_task(inode);
	int ret;

	if (!task)
		return -ESRCH;
	ret = proc_inode_of(inode)->entry->show(m, task);
	put_task_struct(task);
	return ret;
}

static int pid_open(struct inode *inode, struct file *file)
{
	return single_open(file, pid_show, inode);
}

static ssize_t pid_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct inode *inode = file_inode(file);
	struct task_struct *task;
	char *copy;
	ssize_t ret;

	if (!proc_inode_of(inode)->entry->write)
		return -EINVAL;
	copy = memdup_user_nul(buf, min_t(size_t, count, PAGE_SIZE - 1));
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	task = get_proc_task(inode);
	ret = -ESRCH;
	if (task) {
		ret = proc_inode_of(inode)->entry->write(task, copy, count);
		put_task_struct(task);
	}
	kfree(copy);
	return ret;
}

static const struct file_operations pid_file_fops = {
	.open = pid_open,
	.read = seq_read,
	.write = pid_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/* ---- links to objects ---- */

/* May current follow the links to the task's objects? 0, -EACCES, -ESRCH. */
int proc_link_allowed(const struct inode *inode)
{
	struct task_struct *task = get_proc_task(inode);
	bool yes;

	if (!task)
		return -ESRCH;
	yes = ptrace_may_access(task, PTRACE_MODE_READ_FSCREDS);
	put_task_struct(task);
	return yes ? 0 : -EACCES;
}

static const char *pid_get_link(struct dentry *dentry, struct inode *inode,
				struct delayed_call *done)
{
	struct path path;
	int err;

	if (!dentry)
		return ERR_PTR(-ECHILD);
	err = proc_link_allowed(inode);
	if (!err)
		err = proc_inode_of(inode)->entry->get_link(dentry, &path);
	if (!err)
		err = nd_jump_link(&path);
	return ERR_PTR(err);
}

int proc_readlink_path(struct path *path, char __user *buffer, int buflen)
{
	char *page = (char *)__get_free_page(GFP_KERNEL), *name;
	int err = -ENOMEM;

	if (page) {
		name = d_path(path, page, PAGE_SIZE);
		err = PTR_ERR(name);
		if (!IS_ERR(name)) {
			err = min_t(int, page + PAGE_SIZE - 1 - name, buflen);
			if (copy_to_user(buffer, name, err))
				err = -EFAULT;
		}
		free_page((unsigned long)page);
	}
	path_put(path);
	return err;
}

static int pid_readlink(struct dentry *dentry, char __user *buffer, int buflen)
{
	struct path path;
	int err = proc_link_allowed(dentry->d_inode);

	if (!err)
		err = proc_inode_of(dentry->d_inode)->entry->get_link(dentry, &path);
	return err ? err : proc_readlink_path(&path, buffer, buflen);
}

static const struct inode_operations pid_link_iops = { .readlink = pid_readlink,
						       .get_link = pid_get_link };

static int exe_get_link(struct dentry *dentry, struct path *path)
{
	struct task_struct *task = get_proc_task(dentry->d_inode);
	struct mm_struct *mm;
	struct file *file = NULL;

	if (!task)
		return -ENOENT;
	mm = get_task_mm(task);
	put_task_struct(task);
	if (!mm)
		return -ENOENT;
	file = get_mm_exe_file(mm);
	mmput(mm);
	if (!file)
		return -ENOENT;
	*path = file->f_path;
	path_get(path);
	fput(file);
	return 0;
}

static int fs_get_link(struct dentry *dentry, struct path *path, bool root)
{
	struct task_struct *task = get_proc_task(dentry->d_inode);
	int err = -ENOENT;

	if (!task)
		return err;
	task_lock(task);
	if (task->fs) {
		if (root)
			get_fs_root(task->fs, path);
		else
			get_fs_pwd(task->fs, path);
		err = 0;
	}
	task_unlock(task);
	put_task_struct(task);
	return err;
}

static int cwd_get_link(struct dentry *dentry, struct path *path)
{
	return fs_get_link(dentry, path, false);
}

static int root_get_link(struct dentry *dentry, struct path *path)
{
	return fs_get_link(dentry, path, true);
}

/* ---- contents ---- */

static int stat_show(struct seq_file *m, struct task_struct *task)
{
	return proc_pid_stat(m, task, true);
}

static int task_stat_show(struct seq_file *m, struct task_struct *task)
{
	return proc_pid_stat(m, task, false);
}

static int comm_show(struct seq_file *m, struct task_struct *task)
{
	char comm[TASK_COMM_LEN];

	get_task_comm(comm, task);
	seq_printf(m, "%s\n", comm);
	return 0;
}

static ssize_t comm_write(struct task_struct *task, char *buf, size_t count)
{
	char comm[TASK_COMM_LEN];

	if (!same_thread_group(task, current))
		return -EINVAL;
	strscpy(comm, buf, sizeof(comm));
	set_task_comm(task, comm);
	return count;
}

/* Copy a part of a task's memory out, as far as it can be read. */
static void show_memory(struct seq_file *m, struct mm_struct *mm, unsigned long start,
			unsigned long end)
{
	char *page = (char *)__get_free_page(GFP_KERNEL);

	while (page && start < end) {
		int want = min_t(unsigned long, end - start, PAGE_SIZE);
		int n = access_remote_vm(mm, start, page, want, FOLL_FORCE);

		if (n <= 0)
			break;
		seq_write(m, page, n);
		start += n;
	}
	free_page((unsigned long)page);
}

static int cmdline_show(struct seq_file *m, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	unsigned long start, end, env_end;
	char last = 0;

	if (!mm)
		return 0;
	spin_lock(&mm->arg_lock);
	start = mm->arg_start;
	end = mm->arg_end;
	env_end = mm->env_end;
	spin_unlock(&mm->arg_lock);
	/* setproctitle(): a title that overwrote the final NUL goes on into the environment. */
	if (end > start && access_remote_vm(mm, end - 1, &last, 1, FOLL_FORCE) == 1 && last &&
	    env_end > end) {
		while (end < env_end && access_remote_vm(mm, end, &last, 1, FOLL_FORCE) == 1 &&
		       last)
			end++;
	}
	show_memory(m, mm, start, end);
	mmput(mm);
	return 0;
}

static int coredump_filter_show(struct seq_file *m, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);

	if (!mm)
		return 0;
	seq_printf(m, "%08lx\n",
		   (READ_ONCE(mm->flags) & MMF_DUMP_FILTER_MASK) >> MMF_DUMPABLE_BITS);
	mmput(mm);
	return 0;
}

static ssize_t coredump_filter_write(struct task_struct *task, char *buf, size_t count)
{
	struct mm_struct *mm;
	unsigned int value;
	int err = kstrtouint(strim(buf), 0, &value);

	if (err)
		return err;
	mm = get_task_mm(task);
	if (!mm)
		return count;
	for (int i = 0; i < MMF_DUMP_FILTER_BITS; i++) {
		if (value & (1U << i))
			set_bit(MMF_DUMPABLE_BITS + i, &mm->flags);
		else
			clear_bit(MMF_DUMPABLE_BITS + i, &mm->flags);
	}
	mmput(mm);
	return count;
}

static int io_show(struct seq_file *m, struct task_struct *task)
{
	return proc_pid_io(m, task, true);
}

static int task_io_show(struct seq_file *m, struct task_struct *task)
{
	return proc_pid_io(m, task, false);
}

static int personality_show(struct seq_file *m, struct task_struct *task)
{
	if (!ptrace_may_access(task, PTRACE_MODE_ATTACH_FSCREDS))
		return -EPERM;
	seq_printf(m, "%08x\n", task->personality);
	return 0;
}

static int sessionid_show(struct seq_file *m, struct task_struct *task)
{
	seq_printf(m, "%u", 4294967295u); /* no audit session */
	return 0;
}

static int task_mounts_show(struct seq_file *m, struct task_struct *task)
{
	return mounts_show(m, task);
}

static int task_mountinfo_show(struct seq_file *m, struct task_struct *task)
{
	return mountinfo_show(m, task);
}

static int task_mountstats_show(struct seq_file *m, struct task_struct *task)
{
	return mountstats_show(m, task);
}

/*
 * fail-nth and make-it-fail. A task may count its own failures through them (Linux's
 * fault-injection.rst): so nothing fails in their reading and writing, and it counts nothing.
 */
static ssize_t fail_read(struct file *file, char __user *buf, size_t count, loff_t *pos,
			 unsigned int (*get)(struct task_struct *task))
{
	struct task_struct *task = get_proc_task(file_inode(file));
	struct fault_paused was;
	char text[16];
	ssize_t ret;
	int len;

	if (!task)
		return -ESRCH;
	len = scnprintf(text, sizeof(text), "%u\n", get(task));
	put_task_struct(task);
	was = fault_pause();
	ret = simple_read_from_buffer(buf, count, pos, text, len);
	fault_resume(was);
	return ret;
}

static ssize_t fail_write(struct file *file, const char __user *buf, size_t count,
			  int (*set)(struct task_struct *task, unsigned int value))
{
	struct fault_paused was = fault_pause();
	struct task_struct *task;
	unsigned int value;
	char text[16] = "";
	bool bad;
	int err;

	bad = copy_from_user(text, buf, min(count, sizeof(text) - 1));
	fault_resume(was);
	if (bad)
		return -EFAULT;
	err = kstrtouint(strim(text), 0, &value);
	if (err)
		return err;
	task = get_proc_task(file_inode(file));
	if (!task)
		return -ESRCH;
	err = set(task, value);
	put_task_struct(task);
	return err ? err : (ssize_t)count;
}

static ssize_t fail_nth_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	return fail_read(file, buf, count, pos, task_fail_nth_read);
}

static ssize_t fail_nth_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	return fail_write(file, buf, count, task_fail_nth_write);
}

static ssize_t make_it_fail_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	return fail_read(file, buf, count, pos, task_make_it_fail_read);
}

static ssize_t make_it_fail_write(struct file *file, const char __user *buf, size_t count,
				  loff_t *pos)
{
	return fail_write(file, buf, count, task_make_it_fail_write);
}

static const struct file_operations fail_nth_fops = {
	.read = fail_nth_read,
	.write = fail_nth_write,
	.llseek = generic_file_llseek,
};

static const struct file_operations make_it_fail_fops = {
	.read = make_it_fail_read,
	.write = make_it_fail_write,
	.llseek = generic_file_llseek,
};

/* ---- the tables ---- */

static const struct inode_operations proc_task_iops;
static const struct file_operations proc_task_fops;

#define FILE_(name, mode, show)                                                                    \
	{                                                                                          \
		name, S_IFREG | (mode), show, NULL, NULL, NULL, &pid_file_fops                     \
	}
#define FILE_RW(name, mode, show, wr)                                                              \
	{                                                                                          \
		name, S_IFREG | (mode), show, wr, NULL, NULL, &pid_file_fops                       \
	}
#define FILE_OPS(name, mode, fops)                                                                 \
	{                                                                                          \
		name, S_IFREG | (mode), NULL, NULL, NULL, NULL, &(fops)                            \
	}
#define LINK_(name, get)                                                                           \
	{                                                                                          \
		name, S_IFLNK | 0777, NULL, NULL, get, &pid_link_iops, NULL                        \
	}
#define DIR_(name, mode, iops, fops)                                                               \
	{                                                                                          \
		name, S_IFDIR | (mode), NULL, NULL, NULL, &(iops), &(fops)                         \
	}

#define ENTRIES_OF_BOTH                                                                            \
	DIR_("fd", 0500, proc_fd_iops, proc_fd_fops),                                              \
		DIR_("fdinfo", 0555, proc_fdinfo_iops, proc_fdinfo_fops),                          \
		DIR_("net", 0555, proc_net_iops, proc_net_fops),                                   \
		FILE_("status", 0444, proc_pid_status), FILE_("statm", 0444, proc_pid_statm),      \
		FILE_("limits", 0444, proc_pid_limits), FILE_("cmdline", 0444, cmdline_show),      \
		FILE_OPS("environ", 0400, proc_environ_fops),                                      \
		FILE_OPS("auxv", 0400, proc_auxv_fops), FILE_OPS("maps", 0444, proc_maps_fops),    \
		FILE_OPS("smaps", 0444, proc_smaps_fops),                                          \
		FILE_OPS("smaps_rollup", 0444, proc_smaps_rollup_fops),                            \
		FILE_OPS("clear_refs", 0200, proc_clear_refs_fops),                                \
		FILE_OPS("mem", 0600, proc_mem_fops),                                              \
		FILE_("personality", 0400, personality_show),                                      \
		FILE_("mounts", 0444, task_mounts_show),                                           \
		FILE_("mountinfo", 0444, task_mountinfo_show),                                     \
		FILE_("mountstats", 0400, task_mountstats_show),                                   \
		FILE_("sessionid", 0444, sessionid_show),                                          \
		FILE_RW("comm", 0644, comm_show, comm_write),                                      \
		FILE_("cgroup", 0444, proc_cgroup_show), FILE_("cpuset", 0444, proc_cpuset_show),  \
		FILE_("oom_score", 0444, proc_oom_score),                                          \
		FILE_RW("oom_adj", 0644, proc_oom_adj, proc_oom_adj_write),                        \
		FILE_RW("oom_score_adj", 0644, proc_oom_score_adj, proc_oom_score_adj_write),      \
		FILE_RW("coredump_filter", 0644, coredump_filter_show, coredump_filter_write),     \
		FILE_("wchan", 0444, proc_pid_wchan), FILE_("syscall", 0400, proc_pid_syscall),    \
		FILE_("stack", 0400, proc_pid_stack),                                              \
		FILE_OPS("pagemap", 0400, proc_pagemap_fops),                                      \
		FILE_OPS("maps_explained", 0444, proc_maps_explained_fops),                        \
		FILE_OPS("fail-nth", 0644, fail_nth_fops),                                         \
		FILE_OPS("make-it-fail", 0644, make_it_fail_fops), LINK_("exe", exe_get_link),     \
		LINK_("cwd", cwd_get_link), LINK_("root", root_get_link)

static const struct pid_entry process_entries[] = {
	DIR_("task", 0555, proc_task_iops, proc_task_fops),
	DIR_("map_files", 0500, proc_map_files_iops, proc_map_files_fops),
	FILE_("stat", 0444, stat_show),
	FILE_("io", 0400, io_show),
	ENTRIES_OF_BOTH,
	{ 0 },
};

static const struct pid_entry thread_entries[] = {
	FILE_("stat", 0444, task_stat_show),
	FILE_("io", 0400, task_io_show),
	FILE_("children", 0444, proc_tid_children),
	ENTRIES_OF_BOTH,
	{ 0 },
};

/* ---- directories of tasks ---- */

static struct dentry *instantiate(struct dentry *dentry, struct super_block *sb,
				  struct task_struct *task, const struct pid_entry *entry)
{
	struct inode *inode = proc_pid_make_inode(sb, task, entry->mode);

	if (IS_ERR(inode))
		return ERR_CAST(inode);
	proc_inode_of(inode)->entry = entry;
	if (entry->iops)
		inode->i_op = entry->iops;
	if (entry->fops)
		inode->i_fop = entry->fops;
	if (S_ISDIR(entry->mode))
		set_nlink(inode, 2);
	d_set_d_op(dentry, &pid_dentry_operations);
	return d_splice_alias(inode, dentry);
}

static struct dentry *lookup_entry(struct inode *dir, struct dentry *dentry,
				   const struct pid_entry *entries)
{
	struct task_struct *task = get_proc_task(dir);
	struct dentry *res = ERR_PTR(-ENOENT);

	if (!task)
		return res;
	for (; entries->name; entries++) {
		if (strlen(entries->name) == dentry->d_name.len &&
		    !memcmp(entries->name, dentry->d_name.name, dentry->d_name.len)) {
			res = instantiate(dentry, dir->i_sb, task, entries);
			break;
		}
	}
	put_task_struct(task);
	return res;
}

static int readdir_entries(struct file *file, struct dir_context *ctx,
			   const struct pid_entry *entries, unsigned int nr)
{
	if (!dir_emit_dots(file, ctx))
		return 0;
	for (; ctx->pos - 2 < nr; ctx->pos++) {
		const struct pid_entry *e = &entries[ctx->pos - 2];

		if (!dir_emit(ctx, e->name, strlen(e->name), 2 + ctx->pos, e->mode >> 12 & 15))
			break;
	}
	return 0;
}

static struct dentry *process_lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	return lookup_entry(dir, dentry, process_entries);
}

static int process_readdir(struct file *file, struct dir_context *ctx)
{
	return readdir_entries(file, ctx, process_entries, ARRAY_SIZE(process_entries) - 1);
}

static struct dentry *thread_lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	return lookup_entry(dir, dentry, thread_entries);
}

static int thread_readdir(struct file *file, struct dir_context *ctx)
{
	return readdir_entries(file, ctx, thread_entries, ARRAY_SIZE(thread_entries) - 1);
}

static int process_permission(struct inode *inode, int mask)
{
	struct task_struct *task = get_proc_task(inode);
	bool may;

	if (!task)
		return -ESRCH;
	may = proc_may_see(inode->i_sb, task, HIDEPID_NO_ACCESS);
	put_task_struct(task);
	if (!may)
		return proc_hidepid(inode->i_sb) == HIDEPID_INVISIBLE ? -ENOENT : -EPERM;
	return generic_permission(inode, mask);
}

static const struct inode_operations process_iops = { .lookup = process_lookup,
						      .permission = process_permission };
static const struct inode_operations thread_iops = { .lookup = thread_lookup };
static const struct file_operations process_fops = {
	.read = generic_read_dir,
	.iterate_shared = process_readdir,
	.llseek = generic_file_llseek,
};
static const struct file_operations thread_fops = {
	.read = generic_read_dir,
	.iterate_shared = thread_readdir,
	.llseek = generic_file_llseek,
};

static const struct pid_entry process_dir = { "",   S_IFDIR | 0555, NULL,	  NULL,
					      NULL, &process_iops,  &process_fops };
static const struct pid_entry thread_dir = { "",   S_IFDIR | 0555, NULL,	NULL,
					     NULL, &thread_iops,   &thread_fops };

int proc_name_to_number(const struct qstr *name)
{
	const char *s = (const char *)name->name;
	int nr = 0;

	if (!name->len || name->len > 9 || (s[0] == '0' && name->len > 1))
		return -1;
	for (u32 i = 0; i < name->len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		nr = nr * 10 + (s[i] - '0');
	}
	return nr;
}

/* ---- /proc/PID/task ---- */

static struct dentry *task_lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	struct task_struct *leader = get_proc_task(dir), *task;
	struct dentry *res = ERR_PTR(-ENOENT);
	pid_t nr = proc_name_to_number(&dentry->d_name);

	if (!leader)
		return res;
	task = nr > 0 ? find_get_task_by_vpid(nr) : NULL;
	if (task) {
		if (same_thread_group(leader, task))
			res = instantiate(dentry, dir->i_sb, task, &thread_dir);
		put_task_struct(task);
	}
	put_task_struct(leader);
	return res;
}

/* The thread with the lowest number >= @from, or 0. */
static pid_t next_tid(struct task_struct *leader, pid_t from)
{
	struct task_struct *t;
	pid_t best = 0;

	rcu_read_lock();
	for_each_thread (leader, t)
		if (t->pid >= from && (!best || t->pid < best))
			best = t->pid;
	rcu_read_unlock();
	return best;
}

static int task_readdir(struct file *file, struct dir_context *ctx)
{
	struct task_struct *leader = get_proc_task(file_inode(file));
	char name[12];
	pid_t tid;

	if (!leader)
		return -ENOENT;
	if (!dir_emit_dots(file, ctx))
		goto out;
	while ((tid = next_tid(leader, ctx->pos - 1))) {
		int len = snprintf(name, sizeof(name), "%d", tid);

		if (!dir_emit(ctx, name, len, tid, DT_DIR))
			break;
		ctx->pos = tid + 2;
	}
out:
	put_task_struct(leader);
	return 0;
}

static const struct inode_operations proc_task_iops = { .lookup = task_lookup };
static const struct file_operations proc_task_fops = {
	.read = generic_read_dir,
	.iterate_shared = task_readdir,
	.llseek = generic_file_llseek,
};

/* ---- /proc itself ---- */

/* self and thread-self: links whose text depends on who reads. */
static void free_link(void *text)
{
	kfree(text);
}

static const char *self_get_link(struct dentry *dentry, struct inode *inode,
				 struct delayed_call *done)
{
	char *text = kasprintf(dentry ? GFP_KERNEL : GFP_ATOMIC, "%d", current->tgid);

	if (!text)
		return dentry ? ERR_PTR(-ENOMEM) : ERR_PTR(-ECHILD);
	set_delayed_call(done, free_link, text);
	return text;
}

static const char *thread_self_get_link(struct dentry *dentry, struct inode *inode,
					struct delayed_call *done)
{
	char *text = kasprintf(dentry ? GFP_KERNEL : GFP_ATOMIC, "%d/task/%d", current->tgid,
			       current->pid);

	if (!text)
		return dentry ? ERR_PTR(-ENOMEM) : ERR_PTR(-ECHILD);
	set_delayed_call(done, free_link, text);
	return text;
}

static const struct inode_operations self_iops = { .get_link = self_get_link };
static const struct inode_operations thread_self_iops = { .get_link = thread_self_get_link };

static struct dentry *lookup_self(struct inode *dir, struct dentry *dentry,
				  const struct inode_operations *iops)
{
	struct inode *inode = new_inode(dir->i_sb);

	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->i_ino = get_next_ino();
	inode->i_mode = S_IFLNK | 0777;
	inode->i_atime = inode->i_mtime = inode->i_ctime = current_time(inode);
	inode->i_op = iops;
	return d_splice_alias(inode, dentry);
}

struct dentry *proc_pid_lookup(struct inode *dir, struct dentry *dentry)
{
	const struct qstr *name = &dentry->d_name;
	struct task_struct *task;
	struct dentry *res;
	pid_t nr;

	if (name->len == 4 && !memcmp(name->name, "self", 4))
		return lookup_self(dir, dentry, &self_iops);
	if (name->len == 11 && !memcmp(name->name, "thread-self", 11))
		return lookup_self(dir, dentry, &thread_self_iops);
	nr = proc_name_to_number(name);
	task = nr > 0 ? find_get_task_by_vpid(nr) : NULL;
	if (!task)
		return ERR_PTR(-ENOENT);
	/* A thread's number works as a name, as on Linux, though it is not listed. */
	if (proc_hidepid(dir->i_sb) == HIDEPID_NOT_PTRACEABLE &&
	    !proc_may_see(dir->i_sb, task, HIDEPID_NO_ACCESS))
		res = ERR_PTR(-ENOENT);
	else
		res = instantiate(dentry, dir->i_sb, task, &process_dir);
	put_task_struct(task);
	return res;
}

/* The process with the lowest number >= @from, or 0. */
static pid_t next_tgid(pid_t from)
{
	struct pid *pid;
	pid_t nr = 0;

	rcu_read_lock();
	while ((pid = find_ge_pid(from))) {
		if (pid_task(pid, PIDTYPE_TGID)) {
			nr = pid_nr(pid);
			break;
		}
		from = pid_nr(pid) + 1;
	}
	rcu_read_unlock();
	return nr;
}

static bool is_listed(const struct super_block *sb, pid_t nr)
{
	struct task_struct *task;
	bool listed;

	if (proc_hidepid(sb) < HIDEPID_INVISIBLE)
		return true;
	task = find_get_task_by_vpid(nr);
	if (!task)
		return false;
	listed = proc_may_see(sb, task, HIDEPID_INVISIBLE);
	put_task_struct(task);
	return listed;
}

/* ctx->pos: 0 self, 1 thread-self, then the number + 2. */
bool proc_pid_readdir(struct file *file, struct dir_context *ctx)
{
	char name[12];
	pid_t nr;

	if (ctx->pos == 0) {
		if (!dir_emit(ctx, "self", 4, 1, DT_LNK))
			return false;
		ctx->pos = 1;
	}
	if (ctx->pos == 1) {
		if (!dir_emit(ctx, "thread-self", 11, 2, DT_LNK))
			return false;
		ctx->pos = 2;
	}
	for (; (nr = next_tgid(ctx->pos - 1)); ctx->pos = nr + 2) {
		int len = snprintf(name, sizeof(name), "%d", nr);

		if (!is_listed(file_inode(file)->i_sb, nr))
			continue;
		if (!dir_emit(ctx, name, len, nr, DT_DIR))
			return false;
	}
	return true;
}
