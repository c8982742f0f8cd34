/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/mem: the memory of a process at the addresses of the file, for reading and writing. Who may attach to it
 * may open it; as a debugger, it writes to read-only private memory (a copy) and reads what PROT_NONE hides
 * (FOLL_FORCE), but never writes to a shared region without write access (EIO).
 * Offsets above 2^63 are no addresses of users: there is nothing there (EIO).
 * Linux 6.1: fs/proc/base.c mem_rw.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/types.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <kernel/ptrace.h>
#include <mm/gfp.h>
#include <mm/gup.h>
#include <mm/mm_struct.h>
#include <seam/uaccess.h>

#include "internal.h"

#include <linux/fs.h>

int proc_open_mm(struct inode *inode, struct file *file, unsigned int mode)
{
	struct mm_struct *mm = proc_mem_open(inode, mode);

	if (IS_ERR(mm))
		return PTR_ERR(mm);
	file->private_data = mm;
	return 0;
}

static int mem_open(struct inode *inode, struct file *file)
{
	return proc_open_mm(inode, file, PTRACE_MODE_ATTACH_FSCREDS);
}

int proc_release_mm(struct inode *inode, struct file *file)
{
	if (file->private_data)
		mmdrop(file->private_data);
	return 0;
}

/* A page at most, through the buffer @page. Bytes, -EIO or -EFAULT. */
static ssize_t read_some(struct mm_struct *mm, unsigned long addr, char *page, char __user *buf,
			 size_t len)
{
	int got = access_remote_vm(mm, addr, page, len, FOLL_FORCE);

	if (!got)
		return -EIO;
	return copy_to_user(buf, page, got) ? -EFAULT : got;
}

static ssize_t write_some(struct mm_struct *mm, unsigned long addr, char *page,
			  const char __user *buf, size_t len)
{
	if (copy_from_user(page, buf, len))
		return -EFAULT;
	return access_remote_vm(mm, addr, page, len, FOLL_FORCE | FOLL_WRITE) ?: -EIO;
}

/* Up to the first byte that cannot be had. */
static ssize_t mem_rw(struct file *file, char __user *buf, size_t count, loff_t *ppos, bool write)
{
	struct mm_struct *mm = file->private_data;
	unsigned long addr = *ppos;
	ssize_t done = 0, n = 0;
	char *page;

	if (!mm)
		return 0;
	page = (char *)__get_free_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	if (mmget_not_zero(mm)) {
		while ((size_t)done < count) {
			size_t len = min(count - done, PAGE_SIZE);

			n = write ? write_some(mm, addr + done, page, buf + done, len)
				  : read_some(mm, addr + done, page, buf + done, len);
			if (n <= 0)
				break;
			done += n;
		}
		mmput(mm);
	}
	free_page((unsigned long)page);
	*ppos = addr + done;
	return done ?: n;
}

static ssize_t mem_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
	return mem_rw(file, buf, count, ppos, false);
}

static ssize_t mem_write(struct file *file, const char __user *buf, size_t count, loff_t *ppos)
{
	return mem_rw(file, (char __user *)buf, count, ppos, true);
}

/* There is no end to seek from, and an address may have its highest bit set. */
static loff_t mem_lseek(struct file *file, loff_t offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += file->f_pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	file->f_pos = offset;
	return offset;
}

const struct file_operations proc_mem_fops = {
	.open = mem_open,
	.read = mem_read,
	.write = mem_write,
	.llseek = mem_lseek,
	.release = proc_release_mm,
};
