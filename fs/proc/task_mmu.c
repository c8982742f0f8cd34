/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/{maps,maps_explained,smaps,smaps_rollup,clear_refs}: an address space, region by region.
 *
 * The address space is the one that the task had when the file was opened, and who may not look fails at open. maps
 * and smaps are read VMA by VMA: between two reads the mmap lock is free, and the place is kept as an address. So each
 * address is told of once at most, even when regions change meanwhile.
 * What is printed of a region: mm/vma/proc.c. What clear_refs changes: mm/pgtable/clear_refs.c.
 * Linux 6.1: fs/proc/task_mmu.c.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/seq_file.h>
#include <kernel/ptrace.h>
#include <kernel/task.h>
#include <mm/mm_struct.h>
#include <mm/mmap.h>
#include <mm/util.h>
#include <mm/vma.h>
#include <seam/uaccess.h>

#include "internal.h"

struct mm_struct *proc_mem_open(struct inode *inode, unsigned int mode)
{
	struct task_struct *task = get_proc_task(inode);
	struct mm_struct *mm;

	if (!task)
		return ERR_PTR(-ESRCH);
	mm = mm_access(task, mode);
	put_task_struct(task);
	if (!IS_ERR_OR_NULL(mm)) {
		mmgrab(mm); /* not the memory itself: a reader must not keep it alive */
		mmput(mm);
	}
	return mm;
}

/* ---- maps and smaps ---- */

/* Places behind all addresses of users. */
#define POS_GATE (LLONG_MAX - 1)
#define POS_END	 LLONG_MAX

struct maps_reader {
	struct mm_struct *mm; /* mm_count held; NULL: the task had none */
	bool locked;
};

static void maps_unlock(struct maps_reader *r)
{
	if (r->locked) {
		mmap_read_unlock(r->mm);
		mmput(r->mm);
	}
	r->locked = false;
}

/* The first region at or above *@pos. */
static struct vm_area_struct *region_from(struct mm_struct *mm, loff_t *pos)
{
	struct vm_area_struct *vma = *pos < POS_GATE ? find_vma(mm, *pos) : NULL;

	if (vma)
		return vma;
	vma = *pos < POS_END ? get_gate_vma(mm) : NULL;
	*pos = vma ? POS_GATE : POS_END;
	return vma;
}

static void *maps_start(struct seq_file *m, loff_t *pos)
{
	struct maps_reader *r = m->private;
	struct task_struct *task;

	if (*pos == POS_END)
		return NULL;
	task = get_proc_task(file_inode(m->file));
	if (!task)
		return ERR_PTR(-ESRCH);
	put_task_struct(task);
	if (!r->mm || !mmget_not_zero(r->mm))
		return NULL;
	if (mmap_read_lock_killable(r->mm)) {
		mmput(r->mm);
		return ERR_PTR(-EINTR);
	}
	r->locked = true;
	return region_from(r->mm, pos);
}

static void *maps_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct maps_reader *r = m->private;
	struct vm_area_struct *vma = v;

	*pos = *pos == POS_GATE ? POS_END : (loff_t)vma->vm_end;
	return region_from(r->mm, pos);
}

static void maps_stop(struct seq_file *m, void *v)
{
	maps_unlock(m->private);
}

static int maps_show(struct seq_file *m, void *v)
{
	show_map_vma(m, v);
	return 0;
}

static int smaps_show(struct seq_file *m, void *v)
{
	show_smap(m, v);
	return 0;
}

static int explained_show(struct seq_file *m, void *v)
{
	show_map_vma(m, v);
	proc_explain_region(m, v);
	return 0;
}

static const struct seq_operations explained_seq = { maps_start, maps_stop, maps_next,
						     explained_show };
static const struct seq_operations maps_seq = { maps_start, maps_stop, maps_next, maps_show };
static const struct seq_operations smaps_seq = { maps_start, maps_stop, maps_next, smaps_show };

static int open_regions(struct inode *inode, struct file *file, const struct seq_operations *ops)
{
	struct mm_struct *mm = proc_mem_open(inode, PTRACE_MODE_READ_FSCREDS);
	struct maps_reader *r;

	if (IS_ERR(mm))
		return PTR_ERR(mm);
	r = __seq_open_private(file, ops, sizeof(*r));
	if (r)
		r->mm = mm;
	else if (mm)
		mmdrop(mm);
	return r ? 0 : -ENOMEM;
}

static int maps_open(struct inode *inode, struct file *file)
{
	return open_regions(inode, file, &maps_seq);
}

static int smaps_open(struct inode *inode, struct file *file)
{
	return open_regions(inode, file, &smaps_seq);
}

static int explained_open(struct inode *inode, struct file *file)
{
	return open_regions(inode, file, &explained_seq);
}

static int maps_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct maps_reader *r = m->private;

	if (r->mm)
		mmdrop(r->mm);
	return seq_release_private(inode, file);
}

const struct file_operations proc_maps_fops = {
	.open = maps_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = maps_release,
};

const struct file_operations proc_smaps_fops = {
	.open = smaps_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = maps_release,
};

const struct file_operations proc_maps_explained_fops = {
	.open = explained_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = maps_release,
};

/* ---- smaps_rollup ---- */

static int rollup_show(struct seq_file *m, void *v)
{
	struct mm_struct *mm = m->private;

	if (!mm || !mmget_not_zero(mm))
		return -ESRCH;
	if (mmap_read_lock_killable(mm)) {
		mmput(mm);
		return -EINTR;
	}
	show_smaps_rollup(m, mm);
	mmap_read_unlock(mm);
	mmput(mm);
	return 0;
}

static int rollup_open(struct inode *inode, struct file *file)
{
	struct mm_struct *mm = proc_mem_open(inode, PTRACE_MODE_READ_FSCREDS);
	int err;

	if (IS_ERR(mm))
		return PTR_ERR(mm);
	err = single_open(file, rollup_show, mm);
	if (err && mm)
		mmdrop(mm);
	return err;
}

static int rollup_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	if (m->private)
		mmdrop(m->private);
	return single_release(inode, file);
}

const struct file_operations proc_smaps_rollup_fops = {
	.open = rollup_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = rollup_release,
};

/* ---- clear_refs ---- */

static int clear_refs_of(struct task_struct *task, int what)
{
	struct mm_struct *mm = get_task_mm(task);

	if (!mm)
		return 0;
	if (mmap_write_lock_killable(mm)) {
		mmput(mm);
		return -EINTR;
	}
	clear_refs_mm(mm, what);
	mmap_write_unlock(mm);
	mmput(mm);
	return 0;
}

static ssize_t clear_refs_write(struct file *file, const char __user *buf, size_t count,
				loff_t *ppos)
{
	struct task_struct *task;
	char text[13] = "";
	int what, err;

	if (copy_from_user(text, buf, min(count, sizeof(text) - 1)))
		return -EFAULT;
	err = kstrtoint(strim(text), 10, &what);
	if (err)
		return err;
	if (what < CLEAR_REFS_ALL || what > CLEAR_REFS_HIWATER)
		return -EINVAL;
	task = get_proc_task(file_inode(file));
	if (!task)
		return -ESRCH;
	err = clear_refs_of(task, what);
	put_task_struct(task);
	return err ? err : (ssize_t)count;
}

const struct file_operations proc_clear_refs_fops = {
	.write = clear_refs_write,
	.llseek = noop_llseek,
};
