// SPDX-License-Identifier: MIT
/*
 * prctl(PR_SET_MM): a program tells the kernel where its parts lie, one border at a time or all at once (for
 * checkpoint and restart). The borders are what /proc shows and what brk starts from; no memory moves.
 *
 * Checked: each border lies in user space above mmap_min_addr; no part ends before it starts; RLIMIT_DATA holds; the
 * stack, the arguments and the environment lie below the end of some mapping.
 * Linux: kernel/sys.c. Observe: /proc/PID/stat, cmdline, environ, auxv, exe.
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/mount.h>
#include <fs/namei.h>
#include <kernel/cred.h>
#include <kernel/task.h>
#include <mm/mm_struct.h>
#include <mm/mmap.h>
#include <seam/uaccess.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include "vma_internal.h"

static void get_map(struct mm_struct *mm, struct prctl_mm_map *m)
{
	*m = (struct prctl_mm_map){
		.start_code = mm->start_code,
		.end_code = mm->end_code,
		.start_data = mm->start_data,
		.end_data = mm->end_data,
		.start_brk = mm->start_brk,
		.brk = mm->brk,
		.start_stack = mm->start_stack,
		.arg_start = mm->arg_start,
		.arg_end = mm->arg_end,
		.env_start = mm->env_start,
		.env_end = mm->env_end,
		.exe_fd = (u32)-1,
	};
}

static void put_map(struct mm_struct *mm, const struct prctl_mm_map *m)
{
	mm->start_code = m->start_code;
	mm->end_code = m->end_code;
	mm->start_data = m->start_data;
	mm->end_data = m->end_data;
	mm->start_brk = m->start_brk;
	mm->brk = m->brk;
	mm->start_stack = m->start_stack;
	mm->arg_start = m->arg_start;
	mm->arg_end = m->arg_end;
	mm->env_start = m->env_start;
	mm->env_end = m->env_end;
}

static int check_map(const struct prctl_mm_map *m)
{
	const u64 *border = &m->start_code;
	unsigned long limit = rlimit(RLIMIT_DATA);

	/* The eleven borders come first, start_code to env_end. */
	for (int i = 0; i < 11; i++)
		if (border[i] >= TASK_SIZE || border[i] < mmap_min_addr)
			return -EINVAL;
	if (m->start_code >= m->end_code || m->start_data > m->end_data || m->start_brk > m->brk ||
	    m->arg_start > m->arg_end || m->env_start > m->env_end)
		return -EINVAL;
	if (limit < RLIM_INFINITY && m->brk - m->start_brk + (m->end_data - m->start_data) > limit)
		return -EINVAL;
	return 0;
}

/* The field that @opt names. */
static u64 *border_of(struct prctl_mm_map *m, int opt)
{
	switch (opt) {
	case PR_SET_MM_START_CODE:
		return &m->start_code;
	case PR_SET_MM_END_CODE:
		return &m->end_code;
	case PR_SET_MM_START_DATA:
		return &m->start_data;
	case PR_SET_MM_END_DATA:
		return &m->end_data;
	case PR_SET_MM_START_STACK:
		return &m->start_stack;
	case PR_SET_MM_START_BRK:
		return &m->start_brk;
	case PR_SET_MM_BRK:
		return &m->brk;
	case PR_SET_MM_ARG_START:
		return &m->arg_start;
	case PR_SET_MM_ARG_END:
		return &m->arg_end;
	case PR_SET_MM_ENV_START:
		return &m->env_start;
	case PR_SET_MM_ENV_END:
		return &m->env_end;
	default:
		return NULL;
	}
}

static bool needs_vma(int opt)
{
	return opt == PR_SET_MM_START_STACK || opt == PR_SET_MM_ARG_START ||
	       opt == PR_SET_MM_ARG_END || opt == PR_SET_MM_ENV_START || opt == PR_SET_MM_ENV_END;
}

static int set_border(struct mm_struct *mm, int opt, unsigned long addr)
{
	struct vm_area_struct *vma;
	struct prctl_mm_map map;
	int err = -EINVAL;
	u64 *border;

	if (addr >= TASK_SIZE || addr < mmap_min_addr)
		return -EINVAL;
	mmap_read_lock(mm);
	vma = find_vma(mm, addr);
	spin_lock(&mm->arg_lock);
	get_map(mm, &map);
	border = border_of(&map, opt);
	if (border) {
		*border = addr;
		err = check_map(&map);
		if (!err && needs_vma(opt) && !vma)
			err = -EFAULT;
		if (!err)
			put_map(mm, &map);
	}
	spin_unlock(&mm->arg_lock);
	mmap_read_unlock(mm);
	return err;
}

/* Another program file for /proc/PID/exe, once nothing of the old one is mapped any more. */
static int set_exe_file(struct mm_struct *mm, unsigned int fd)
{
	struct file *exe = fget(fd);
	struct inode *inode;
	int err = -EACCES;

	if (!exe)
		return -EBADF;
	inode = file_inode(exe);
	if (!S_ISREG(inode->i_mode) || path_noexec(&exe->f_path))
		goto put;
	err = inode_permission(inode, MAY_EXEC);
	if (err)
		goto put;
	err = replace_mm_exe_file(mm, exe);
put:
	fput(exe);
	return err;
}

/* The last entry is always AT_NULL. */
static int set_auxv(struct mm_struct *mm, const void __user *from, unsigned long len)
{
	unsigned long auxv[AT_VECTOR_SIZE] = { 0 };

	if (!from || len > sizeof(auxv))
		return -EINVAL;
	if (copy_from_user(auxv, from, len))
		return -EFAULT;
	auxv[AT_VECTOR_SIZE - 2] = auxv[AT_VECTOR_SIZE - 1] = 0;
	task_lock(current);
	memcpy(mm->saved_auxv, auxv, len);
	task_unlock(current);
	return 0;
}

static int set_whole_map(struct mm_struct *mm, const void __user *from, unsigned long size)
{
	struct prctl_mm_map map;
	int err;

	if (size != sizeof(map))
		return -EINVAL;
	if (copy_from_user(&map, from, sizeof(map)))
		return -EFAULT;
	err = check_map(&map);
	if (err)
		return err;
	if (map.auxv_size && (!map.auxv || map.auxv_size > sizeof(mm->saved_auxv)))
		return -EINVAL;
	if (map.exe_fd != (u32)-1) {
		if (!capable(CAP_SYS_ADMIN) && !capable(CAP_CHECKPOINT_RESTORE))
			return -EPERM;
		err = set_exe_file(mm, map.exe_fd);
		if (err)
			return err;
	}
	if (map.auxv_size) {
		err = set_auxv(mm, (const void __user *)map.auxv, map.auxv_size);
		if (err)
			return err;
	}
	mmap_read_lock(mm);
	spin_lock(&mm->arg_lock);
	put_map(mm, &map);
	spin_unlock(&mm->arg_lock);
	mmap_read_unlock(mm);
	return 0;
}

int prctl_set_mm(int opt, unsigned long addr, unsigned long arg4, unsigned long arg5)
{
	struct mm_struct *mm = current->mm;

	if (arg5 ||
	    (arg4 && opt != PR_SET_MM_AUXV && opt != PR_SET_MM_MAP && opt != PR_SET_MM_MAP_SIZE))
		return -EINVAL;
	if (opt == PR_SET_MM_MAP_SIZE)
		return put_user((unsigned int)sizeof(struct prctl_mm_map),
				(unsigned int __user *)addr);
	if (opt == PR_SET_MM_MAP)
		return set_whole_map(mm, (const void __user *)addr, arg4);
	if (!capable(CAP_SYS_RESOURCE))
		return -EPERM;
	if (opt == PR_SET_MM_EXE_FILE)
		return set_exe_file(mm, addr);
	if (opt == PR_SET_MM_AUXV)
		return set_auxv(mm, (const void __user *)addr, arg4);
	return set_border(mm, opt, addr);
}

int prctl_set_thp_disable(bool on)
{
	struct mm_struct *mm = current->mm;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	if (on)
		__atomic_fetch_or(&mm->flags, 1UL << MMF_DISABLE_THP, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&mm->flags, ~(1UL << MMF_DISABLE_THP), __ATOMIC_RELAXED);
	mmap_write_unlock(mm);
	return 0;
}
