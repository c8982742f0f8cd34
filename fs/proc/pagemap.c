/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/pagemap: 8 bytes for each page of the address space (Linux: admin-guide/mm/pagemap.rst). Frame numbers only
 * for who has CAP_SYS_ADMIN at each read; the address space is the one that the task had when the file was opened.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/types.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <kernel/cred.h>
#include <kernel/task.h>
#include <kernel/ptrace.h>
#include <mm/gfp.h>
#include <mm/mm_struct.h>
#include <mm/mmap.h>
#include <seam/uaccess.h>

#include "internal.h"

#include <linux/capability.h>

static int pagemap_open(struct inode *inode, struct file *file)
{
	struct mm_struct *mm = proc_mem_open(inode, PTRACE_MODE_READ_FSCREDS);

	if (IS_ERR(mm))
		return PTR_ERR(mm);
	file->private_data = mm;
	return 0;
}

static int pagemap_release(struct inode *inode, struct file *file)
{
	if (file->private_data)
		mmdrop(file->private_data);
	return 0;
}

/* A page of entries at most. Bytes, 0: behind the end, -EFAULT. */
static ssize_t read_some(struct mm_struct *mm, u64 *buf, char __user *ubuf, size_t count,
			 loff_t pos)
{
	size_t nr = min(count, PAGE_SIZE) / sizeof(u64);
	ssize_t got;

	if ((u64)pos / sizeof(u64) >= mm->task_size >> PAGE_SHIFT)
		return 0;
	got = pagemap_read_mm(mm, (unsigned long)(pos / sizeof(u64)) << PAGE_SHIFT, buf, nr,
			      capable(CAP_SYS_ADMIN));
	if (got > 0 && copy_to_user(ubuf, buf, got * sizeof(u64)))
		return -EFAULT;
	return got * (ssize_t)sizeof(u64);
}

static ssize_t pagemap_read(struct file *file, char __user *ubuf, size_t count, loff_t *ppos)
{
	struct mm_struct *mm = file->private_data;
	ssize_t done = 0, n = 0;
	u64 *buf;

	if (!mm || !mmget_not_zero(mm))
		return 0;
	if ((*ppos | count) % sizeof(u64)) {
		mmput(mm);
		return -EINVAL;
	}
	buf = (u64 *)__get_free_page(GFP_KERNEL);
	while (buf && (size_t)done < count) {
		n = read_some(mm, buf, ubuf + done, count - done, *ppos);
		if (n <= 0)
			break;
		done += n;
		*ppos += n;
	}
	mmput(mm);
	if (!buf)
		return -ENOMEM;
	free_page((unsigned long)buf);
	return done ?: n;
}

const struct file_operations proc_pagemap_fops = {
	.open = pagemap_open,
	.read = pagemap_read,
	.llseek = generic_file_llseek,
	.release = pagemap_release,
};
