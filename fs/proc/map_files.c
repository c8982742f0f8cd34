/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/map_files: a link START-END for each region that maps a file, to that file, even when it has no name.
 *
 * Who may read the memory of the process may list and read the links; to follow one takes CAP_SYS_ADMIN or
 * CAP_CHECKPOINT_RESTORE, because the way to the file may be closed to the caller. A link is looked up by its name
 * each time: a region that was moved or split has another one. Names are given out without mmap_lock, one by one,
 * since who lists them may fault; the position in the directory is the address behind the last.
 * Linux 6.1: fs/proc/base.c, proc(5).
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/dentry.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/namei.h>
#include <fs/path.h>
#include <kernel/cred.h>
#include <kernel/task.h>
#include <kernel/ptrace.h>
#include <mm/mm_struct.h>
#include <mm/mmap.h>
#include <mm/vma.h>

#include "internal.h"

#define NAME_LEN (2 * 16 + 2)

/* The address space of @inode's task, in use and locked for reading; or an ERR_PTR. */
static struct mm_struct *lock_mm(struct inode *inode)
{
	struct mm_struct *mm = proc_mem_open(inode, PTRACE_MODE_READ_FSCREDS);
	int err = 0;

	if (IS_ERR(mm))
		return mm;
	if (!mm || !mmget_not_zero(mm))
		err = -ENOENT;
	else if (mmap_read_lock_killable(mm)) {
		mmput(mm);
		err = -EINTR;
	}
	if (mm)
		mmdrop(mm); /* its memory is in use now */
	return err ? ERR_PTR(err) : mm;
}

static void unlock_mm(struct mm_struct *mm)
{
	mmap_read_unlock(mm);
	mmput(mm);
}

/* ---- a link ---- */

/* "START-END" as maps shows it, without leading zeroes. */
static bool parse_number(const char **text, char end, unsigned long *value)
{
	const char *s = *text;
	char *behind;

	if (s[0] == '0' && s[1] != end)
		return false;
	*value = simple_strtoul(s, &behind, 16);
	*text = behind + 1;
	return behind != s && behind - s <= 16 && *behind == end && s[1] != 'x';
}

static bool parse_name(const struct dentry *dentry, unsigned long *start, unsigned long *end)
{
	const char *text = (const char *)dentry->d_name.name;

	return parse_number(&text, '-', start) && parse_number(&text, 0, end);
}

/* The region that the name of @dentry tells, or NULL. => mmap_lock held */
static struct vm_area_struct *find_named(struct mm_struct *mm, const struct dentry *dentry)
{
	unsigned long start, end;
	struct vm_area_struct *vma;

	if (!parse_name(dentry, &start, &end))
		return NULL;
	vma = vma_lookup(mm, start);
	return vma && vma->vm_start == start && vma->vm_end == end ? vma : NULL;
}

static int link_path(struct dentry *dentry, struct path *path)
{
	struct mm_struct *mm = lock_mm(dentry->d_inode);
	struct vm_area_struct *vma;

	if (IS_ERR(mm))
		return PTR_ERR(mm);
	vma = find_named(mm, dentry);
	if (vma && vma->vm_file) {
		*path = vma->vm_file->f_path;
		path_get(path);
	}
	unlock_mm(mm);
	return vma && vma->vm_file ? 0 : -ENOENT;
}

static const char *link_get(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	struct path path;
	int err;

	if (!capable(CAP_SYS_ADMIN) && !capable(CAP_CHECKPOINT_RESTORE))
		return ERR_PTR(-EPERM);
	if (!dentry)
		return ERR_PTR(-ECHILD);
	err = link_path(dentry, &path);
	if (!err)
		err = nd_jump_link(&path);
	return ERR_PTR(err);
}

static int link_read(struct dentry *dentry, char __user *buffer, int buflen)
{
	struct path path;
	int err = link_path(dentry, &path);

	return err ? err : proc_readlink_path(&path, buffer, buflen);
}

static const struct inode_operations link_iops = { .readlink = link_read, .get_link = link_get };

static int link_revalidate(struct dentry *dentry, unsigned int flags)
{
	int ok = proc_pid_revalidate(dentry, flags);
	struct mm_struct *mm;

	if (ok <= 0 || !dentry->d_inode)
		return ok;
	mm = lock_mm(dentry->d_inode);
	if (IS_ERR(mm))
		return 0;
	ok = find_named(mm, dentry) != NULL;
	unlock_mm(mm);
	return ok;
}

static const struct dentry_operations link_dops = {
	.d_revalidate = link_revalidate,
	.d_delete = always_delete_dentry,
};

/* ---- the directory ---- */

static struct dentry *make_link(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct task_struct *task = get_proc_task(dir);
	struct inode *inode;

	if (!task)
		return ERR_PTR(-ENOENT);
	inode = proc_pid_make_inode(dir->i_sb, task, mode);
	put_task_struct(task);
	if (IS_ERR(inode))
		return ERR_CAST(inode);
	inode->i_op = &link_iops;
	inode->i_size = 64;
	d_set_d_op(dentry, &link_dops);
	return d_splice_alias(inode, dentry);
}

static struct dentry *map_files_lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	unsigned long start, end;
	struct vm_area_struct *vma;
	struct mm_struct *mm;
	umode_t mode = 0;

	if (!parse_name(dentry, &start, &end))
		return ERR_PTR(-ENOENT);
	mm = lock_mm(dir);
	if (IS_ERR(mm))
		return ERR_CAST(mm);
	vma = find_named(mm, dentry);
	if (vma && vma->vm_file)
		mode = S_IFLNK | (vma->vm_file->f_mode & FMODE_READ ? S_IRUSR : 0) |
		       (vma->vm_file->f_mode & FMODE_WRITE ? S_IWUSR : 0);
	unlock_mm(mm);
	return mode ? make_link(dir, dentry, mode) : ERR_PTR(-ENOENT);
}

/* Name of the first region at or above @from that maps a file, in @name; its end, or 0: none. */
static unsigned long next_name(struct mm_struct *mm, unsigned long from, char *name)
{
	struct vm_area_struct *vma = find_vma(mm, from);

	while (vma && !vma->vm_file)
		vma = vma->vm_next;
	if (!vma)
		return 0;
	snprintf(name, NAME_LEN, "%lx-%lx", vma->vm_start, vma->vm_end);
	return vma->vm_end;
}

static int map_files_readdir(struct file *dir, struct dir_context *ctx)
{
	char name[NAME_LEN];

	if (!dir_emit_dots(dir, ctx))
		return 0;
	for (;;) {
		struct mm_struct *mm = lock_mm(file_inode(dir));
		unsigned long end;

		if (IS_ERR(mm))
			return PTR_ERR(mm) == -ENOENT ? 0 : PTR_ERR(mm);
		end = next_name(mm, ctx->pos, name);
		unlock_mm(mm);
		if (!end || !dir_emit(ctx, name, strlen(name), end >> PAGE_SHIFT, DT_LNK))
			return 0;
		ctx->pos = end;
	}
}

const struct inode_operations proc_map_files_iops = { .lookup = map_files_lookup };
const struct file_operations proc_map_files_fops = {
	.read = generic_read_dir,
	.iterate_shared = map_files_readdir,
	.llseek = generic_file_llseek,
};
