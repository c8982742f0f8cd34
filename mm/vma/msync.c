// SPDX-License-Identifier: MIT
/* msync: write the pages of shared file mappings back. Linux: mm/msync.c. */
#include <base/errno.h>
#include <base/math.h>
#include <kernel/ksyscall.h>
#include <kernel/task.h>
#include <fs/file.h>
#include <linux/mman.h>
#include "vma_internal.h"

/* From *@start on, up to @end. 1: the lock was dropped for a file, go on at *@start. */
static int msync_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long *start,
		     unsigned long end, int flags)
{
	struct file *file = vma->vm_file;
	loff_t from, to;
	int err;

	if ((flags & MS_INVALIDATE) && (vma->vm_flags & VM_LOCKED))
		return -EBUSY;
	from = (loff_t)(*start - vma->vm_start) + ((loff_t)vma->vm_pgoff << PAGE_SHIFT);
	to = from + min(end, vma->vm_end) - *start - 1;
	*start = vma->vm_end;
	if (!(flags & MS_SYNC) || !file || !(vma->vm_flags & VM_SHARED))
		return 0;
	get_file(file);
	mmap_read_unlock(mm);
	err = vfs_fsync_range(file, from, to, 1);
	fput(file);
	mmap_read_lock(mm);
	return err ? err : 1;
}

SYSCALL_DEFINE3(msync, unsigned long, start, size_t, len, int, flags)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	unsigned long end;
	int unmapped = 0, err;

	if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC))
		return -EINVAL;
	if (offset_in_page(start) || ((flags & MS_ASYNC) && (flags & MS_SYNC)))
		return -EINVAL;
	len = PAGE_ALIGN(len);
	end = start + len;
	if (end < start)
		return -ENOMEM;
	if (end == start)
		return 0;
	mmap_read_lock(mm);
	vma = find_vma(mm, start);
	while (1) {
		err = -ENOMEM;
		if (!vma)
			break;
		if (start < vma->vm_start) {
			if (flags == MS_ASYNC)
				break;
			start = vma->vm_start;
			if (start >= end)
				break;
			unmapped = -ENOMEM;
		}
		err = msync_vma(mm, vma, &start, end, flags);
		if (err < 0)
			break;
		if (start >= end) {
			err = unmapped;
			break;
		}
		vma = err ? find_vma(mm, start) : vma->vm_next;
	}
	mmap_read_unlock(mm);
	return err;
}
