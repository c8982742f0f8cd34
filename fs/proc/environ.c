// SPDX-License-Identifier: MIT
/*
 * /proc/PID/environ, auxv: what a program was started with. Like maps and mem they show the address space that the task
 * had when they were opened; once nobody uses that any more, environ is empty. proc(5). Linux 6.1: fs/proc/base.c.
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/types.h>
#include <fs/file.h>
#include <kernel/ptrace.h>
#include <mm/gfp.h>
#include <mm/gup.h>
#include <mm/mm_struct.h>
#include <seam/uaccess.h>

#include "internal.h"

static int environ_open(struct inode *inode, struct file *file)
{
	return proc_open_mm(inode, file, PTRACE_MODE_READ_FSCREDS);
}

/* The bytes from *@ppos on, a page at a time, up to the first that cannot be had. => @mm is used by us */
static ssize_t copy_environ(struct mm_struct *mm, char *page, char __user *buf, size_t count,
			    loff_t *ppos)
{
	unsigned long start, end;
	ssize_t done = 0;

	spin_lock(&mm->arg_lock);
	start = mm->env_start;
	end = mm->env_end;
	spin_unlock(&mm->arg_lock);
	while (count && *ppos >= 0 && (u64)*ppos < end - start) {
		int want = (int)min3((unsigned long)count, end - start - (unsigned long)*ppos,
				     PAGE_SIZE);
		int got = access_remote_vm(mm, start + *ppos, page, want, FOLL_FORCE);

		if (got <= 0)
			break;
		if (copy_to_user(buf + done, page, got))
			return -EFAULT;
		done += got;
		count -= got;
		*ppos += got;
	}
	return done;
}

static ssize_t environ_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
	struct mm_struct *mm = file->private_data;
	ssize_t ret = 0;
	char *page;

	if (!mm || !mm->env_end) /* a thread of the kernel; exec is not that far */
		return 0;
	page = (char *)__get_free_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	if (mmget_not_zero(mm)) {
		ret = copy_environ(mm, page, buf, count, ppos);
		mmput(mm);
	}
	free_page((unsigned long)page);
	return ret;
}

static ssize_t auxv_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
	struct mm_struct *mm = file->private_data;
	unsigned int n = 0;

	if (!mm)
		return 0;
	do
		n += 2;
	while (n < AT_VECTOR_SIZE && mm->saved_auxv[n - 2]);
	return simple_read_from_buffer(buf, count, ppos, mm->saved_auxv,
				       n * sizeof(mm->saved_auxv[0]));
}

const struct file_operations proc_environ_fops = {
	.open = environ_open,
	.read = environ_read,
	.llseek = generic_file_llseek,
	.release = proc_release_mm,
};

const struct file_operations proc_auxv_fops = {
	.open = environ_open,
	.read = auxv_read,
	.llseek = generic_file_llseek,
	.release = proc_release_mm,
};
