// SPDX-License-Identifier: MIT
/*
 * process_vm_readv, process_vm_writev: copy between two address spaces, page by page, through references to the
 * other's pages. What was copied before a fault counts. Linux: mm/process_vm_access.c.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <kernel/ksyscall.h>
#include <kernel/pid.h>
#include <kernel/ptrace.h>
#include <kernel/task.h>
#include <mm/filemap.h>
#include <mm/gup.h>
#include <mm/page.h>
#include <mm/folio.h>
#include <mm/slab.h>
#include <seam/uaccess.h>
#include <linux/uio.h>
#include "vma_internal.h"

#define MAX_IOV 1024

/* A walk over user ranges. */
struct iov_pos {
	struct iovec *iov;
	unsigned long nr, i;
	size_t done; /* of iov[i] */
};

/* Copy the array in. A negative length is EINVAL; @ours: a range that is not in user space is EFAULT, before anything is copied. */
static int get_iov(struct iov_pos *p, const struct iovec __user *uiov, unsigned long nr, bool ours)
{
	*p = (struct iov_pos){ .nr = nr };
	if (nr > MAX_IOV)
		return -EINVAL;
	if (!nr)
		return 0;
	p->iov = kvmalloc(nr * sizeof(*p->iov), GFP_KERNEL);
	if (!p->iov)
		return -ENOMEM;
	if (copy_from_user(p->iov, uiov, nr * sizeof(*p->iov)))
		return -EFAULT;
	for (unsigned long i = 0; i < nr; i++) {
		if ((ssize_t)p->iov[i].iov_len < 0)
			return -EINVAL;
		if (ours && !access_ok(p->iov[i].iov_base, p->iov[i].iov_len))
			return -EFAULT;
	}
	return 0;
}

/* Bytes left in the current range, which is skipped while empty; 0 at the end. */
static size_t iov_left(struct iov_pos *p)
{
	while (p->i < p->nr && p->done == p->iov[p->i].iov_len) {
		p->i++;
		p->done = 0;
	}
	return p->i < p->nr ? p->iov[p->i].iov_len - p->done : 0;
}

static unsigned long iov_addr(const struct iov_pos *p)
{
	return (unsigned long)p->iov[p->i].iov_base + p->done;
}

/* One piece, within one page of the other: bytes copied or an errno. */
static ssize_t copy_piece(struct mm_struct *mm, struct iov_pos *local, struct iov_pos *remote,
			  bool write)
{
	unsigned long addr = iov_addr(remote), left;
	size_t len = min3(iov_left(local), iov_left(remote), PAGE_SIZE - offset_in_page(addr));
	struct page *page;
	int locked = 1;
	char *at;
	long ret;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	ret = get_user_pages_remote(mm, addr, 1, write ? FOLL_WRITE : 0, &page, &locked);
	if (locked)
		mmap_read_unlock(mm);
	if (ret <= 0)
		return -EFAULT;
	at = (char *)page_address(page) + offset_in_page(addr);
	if (write) {
		left = copy_from_user(at, (void __user *)iov_addr(local), len);
		set_page_dirty_lock(page);
	} else {
		left = copy_to_user((void __user *)iov_addr(local), at, len);
	}
	put_page(page);
	len -= left;
	local->done += len;
	remote->done += len;
	return left && !len ? -EFAULT : (ssize_t)len;
}

static ssize_t copy_all(pid_t pid, struct iov_pos *local, struct iov_pos *remote, bool write)
{
	struct task_struct *task = find_get_task_by_vpid(pid);
	struct mm_struct *mm;
	ssize_t total = 0, n;

	if (!task)
		return -ESRCH;
	mm = mm_access(task, PTRACE_MODE_ATTACH_REALCREDS);
	if (IS_ERR_OR_NULL(mm)) {
		total = mm ? PTR_ERR(mm) : -ESRCH;
		if (total == -EACCES)
			total = -EPERM;
		goto put;
	}
	while (iov_left(local) && iov_left(remote)) {
		n = copy_piece(mm, local, remote, write);
		if (n < 0) {
			total = total ? total : n;
			break;
		}
		total += n;
	}
	mmput(mm);
put:
	put_task_struct(task);
	return total;
}

static ssize_t process_vm_rw(pid_t pid, const struct iovec __user *lvec, unsigned long liovcnt,
			     const struct iovec __user *rvec, unsigned long riovcnt,
			     unsigned long flags, bool write)
{
	struct iov_pos local = { 0 }, remote = { 0 };
	ssize_t ret;

	if (flags)
		return -EINVAL;
	ret = get_iov(&local, lvec, liovcnt, true);
	if (!ret && iov_left(&local))
		ret = get_iov(&remote, rvec, riovcnt, false);
	if (!ret && iov_left(&remote)) /* nothing to copy: nobody is looked for */
		ret = copy_all(pid, &local, &remote, write);
	kvfree(local.iov);
	kvfree(remote.iov);
	return ret;
}

SYSCALL_DEFINE6(process_vm_readv, pid_t, pid, const struct iovec __user *, lvec, unsigned long,
		liovcnt, const struct iovec __user *, rvec, unsigned long, riovcnt, unsigned long,
		flags)
{
	return process_vm_rw(pid, lvec, liovcnt, rvec, riovcnt, flags, false);
}

SYSCALL_DEFINE6(process_vm_writev, pid_t, pid, const struct iovec __user *, lvec, unsigned long,
		liovcnt, const struct iovec __user *, rvec, unsigned long, riovcnt, unsigned long,
		flags)
{
	return process_vm_rw(pid, lvec, liovcnt, rvec, riovcnt, flags, true);
}
