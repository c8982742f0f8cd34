// SPDX-License-Identifier: MIT
/*
 * process_madvise: advice about another's memory, range by range. What was advised before a mistake counts.
 * Linux: mm/madvise.c.
 */
#include <base/err.h>
#include <base/errno.h>
#include <fs/file.h>
#include <fs/iov_iter.h>
#include <kernel/cred.h>
#include <kernel/ksyscall.h>
#include <kernel/pid.h>
#include <kernel/ptrace.h>
#include <kernel/task.h>
#include <mm/mmap.h>
#include <mm/slab.h>
#include <linux/mman.h>
#include <linux/uio.h>
#include "vma_internal.h"

/* Advice that only helps or hinders, never changes contents. */
static bool advice_for_others(int behavior)
{
	return behavior == MADV_COLD || behavior == MADV_PAGEOUT || behavior == MADV_WILLNEED ||
	       behavior == MADV_COLLAPSE;
}

static ssize_t advise_ranges(struct mm_struct *mm, struct iov_iter *iter, int behavior)
{
	size_t total = iov_iter_count(iter), done;
	int err = 0;

	while (iov_iter_count(iter) && !err) {
		unsigned long at = (unsigned long)iter->iov->iov_base + iter->iov_offset;
		size_t len = iov_iter_single_seg_count(iter);

		if (!len) {
			iter->iov++;
			iter->nr_segs--;
			iter->iov_offset = 0;
			continue;
		}
		err = do_madvise(mm, at, len, behavior);
		if (!err)
			iov_iter_advance(iter, len);
	}
	done = total - iov_iter_count(iter);
	return done ? (ssize_t)done : err;
}

static ssize_t advise_process(int pidfd, struct iov_iter *iter, int behavior)
{
	struct task_struct *task;
	struct mm_struct *mm;
	unsigned int f_flags;
	ssize_t ret;
	struct pid *pid = pidfd_get_pid(pidfd, &f_flags);

	if (IS_ERR(pid))
		return PTR_ERR(pid);
	task = get_pid_task(pid, PIDTYPE_TGID);
	put_pid(pid);
	if (!task)
		return -ESRCH;
	ret = -EINVAL;
	if (!advice_for_others(behavior))
		goto put_task;
	mm = mm_access(task, PTRACE_MODE_READ_FSCREDS);
	ret = mm ? PTR_ERR(mm) : -ESRCH;
	if (IS_ERR_OR_NULL(mm))
		goto put_task;
	if (!capable(CAP_SYS_NICE))
		ret = -EPERM;
	else
		ret = advise_ranges(mm, iter, behavior);
	mmput(mm);
put_task:
	put_task_struct(task);
	return ret;
}

SYSCALL_DEFINE5(process_madvise, int, pidfd, const struct iovec __user *, vec, size_t, vlen, int,
		behavior, unsigned int, flags)
{
	struct iovec stack[UIO_FASTIOV_K], *iov = stack;
	struct iov_iter iter;
	ssize_t ret;

	if (flags)
		return -EINVAL;
	ret = import_iovec(ITER_DEST, vec, vlen, UIO_FASTIOV_K, &iov, &iter);
	if (ret < 0)
		return ret;
	ret = advise_process(pidfd, &iter, behavior);
	kfree(iov);
	return ret;
}
