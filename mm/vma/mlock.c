// SPDX-License-Identifier: MIT
/*
 * mlock and its relatives: VM_LOCKED on the VMAs, locked_vm against RLIMIT_MEMLOCK, everything faulted in, and the
 * pages marked (mm/rmap/mlock.c).
 * Linux: mm/mlock.c.
 */
#include <base/bug.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <kernel/cred.h>
#include <kernel/ksyscall.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/gup.h>
#include <mm/fault.h>
#include <mm/folio.h>
#include <mm/rmap.h>
#include <linux/mman.h>
#include "vma_internal.h"
#include "../pgtable/pgtable_internal.h"

bool can_do_mlock(void)
{
	return rlimit(RLIMIT_MEMLOCK) != 0 || capable(CAP_IPC_LOCK);
}

/* May @bytes more be mapped with @flags? Only locked memory has a limit. */
bool mlock_future_ok(struct mm_struct *mm, unsigned long flags, unsigned long bytes)
{
	unsigned long limit;

	if (!(flags & VM_LOCKED) || capable(CAP_IPC_LOCK))
		return true;
	limit = rlimit(RLIMIT_MEMLOCK);
	return limit == RLIM_INFINITY ||
	       (bytes >> PAGE_SHIFT) + mm->locked_vm <= limit >> PAGE_SHIFT;
}

bool user_shm_lock(unsigned long pages, struct user_struct *user)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK);
	unsigned long locked = atomic_long_add_return(pages, &user->locked_shm);

	if (limit == RLIM_INFINITY || locked <= limit >> PAGE_SHIFT || capable(CAP_IPC_LOCK))
		return true;
	atomic_long_sub(pages, &user->locked_shm);
	return false;
}

void user_shm_unlock(unsigned long pages, struct user_struct *user)
{
	atomic_long_sub(pages, &user->locked_shm);
}

/* Pages of one table of @vma are marked, or no more. Stops at the first that others map, too: *@shared. */
static unsigned long mark_ptes(struct vm_area_struct *vma, unsigned long addr, unsigned long end,
			       bool lock, struct page **shared)
{
	spinlock_t *ptl;
	pmd_t *pmd;
	pte_t *pte;

	*shared = NULL;
	if (!pte_find(vma->vm_mm, addr, &pmd))
		return end;
	pte = pte_offset_map_lock(vma->vm_mm, pmd, addr, &ptl);
	if (!pte)
		return end;
	for (; addr < end && !*shared; addr += PAGE_SIZE, pte++) {
		pte_t val = ptep_get(pte);
		struct page *page = pte_present(val) ? vm_normal_page(vma, addr, val) : NULL;

		if (!page)
			continue;
		if (lock) {
			mlock_page(page);
		} else if (!munlock_page_alone(page)) {
			get_page(page);
			*shared = page;
		}
	}
	pte_unmap_unlock(pte, ptl);
	return addr;
}

void mlock_vma_pages(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool lock)
{
	struct page *shared;

	for (unsigned long addr = start; addr < end; cond_resched()) {
		addr = mark_ptes(vma, addr, pmd_addr_end(addr, end), lock, &shared);
		if (shared) {
			munlock_page(shared, vma);
			put_page(shared);
		}
	}
}

static int mlock_fixup(struct vm_area_struct **pvma, unsigned long start, unsigned long end,
		       unsigned long lock_flags)
{
	struct vm_area_struct *vma = *pvma;
	unsigned long oldflags = vma->vm_flags,
		      newflags = (oldflags & ~VM_LOCKED_MASK) | lock_flags;
	long nr = (end - start) >> PAGE_SHIFT;

	if (newflags == oldflags || (oldflags & VM_SPECIAL))
		return 0; /* memory that is always there */
	vma = vma_modify_flags(vma, start, end, newflags);
	if (IS_ERR(vma))
		return PTR_ERR(vma);
	*pvma = vma;
	vm_flags_reset(vma, newflags | (vma->vm_flags & VM_SOFTDIRTY));
	if (!(newflags & VM_LOCKED))
		nr = -nr;
	else if (oldflags & VM_LOCKED)
		nr = 0;
	vma->vm_mm->locked_vm += nr;
	if ((newflags ^ oldflags) & VM_LOCKED)
		mlock_vma_pages(vma, start, end, newflags & VM_LOCKED);
	return 0;
}

static int apply_lock_flags(unsigned long start, size_t len, unsigned long flags)
{
	struct vm_area_struct *vma;
	unsigned long end = start + len;
	int err;

	if (end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	vma = vma_lookup(current->mm, start);
	if (!vma)
		return -ENOMEM;
	while (1) {
		unsigned long next = min(vma->vm_end, end);

		err = mlock_fixup(&vma, start, next, flags);
		if (err)
			return err;
		start = next;
		if (start >= end)
			return 0;
		if (vma->vm_end <= start)
			vma = vma->vm_next;
		if (!vma || vma->vm_start > start)
			return -ENOMEM;
	}
}

/* Pages of the range that are locked already: they do not count twice. */
static unsigned long count_locked(struct mm_struct *mm, unsigned long start, size_t len)
{
	unsigned long nr = 0, end = start + len < start ? ~0UL : start + len;

	for (struct vm_area_struct *vma = find_vma(mm, start); vma && vma->vm_start < end;
	     vma = vma->vm_next)
		if (vma->vm_flags & VM_LOCKED)
			nr += (min(end, vma->vm_end) - max(start, vma->vm_start)) >> PAGE_SHIFT;
	return nr;
}

static int do_mlock(unsigned long start, size_t len, unsigned long flags)
{
	struct mm_struct *mm = current->mm;
	unsigned long limit, locked;
	int err = -ENOMEM;

	if (!can_do_mlock())
		return -EPERM;
	len = PAGE_ALIGN(len + offset_in_page(start));
	start &= PAGE_MASK;
	limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	locked = (len >> PAGE_SHIFT) + mm->locked_vm;
	if (locked > limit && !capable(CAP_IPC_LOCK))
		locked -= count_locked(mm, start, len);
	if (locked <= limit || capable(CAP_IPC_LOCK))
		err = apply_lock_flags(start, len, flags);
	mmap_write_unlock(mm);
	if (err)
		return err;
	err = __mm_populate(start, len, 0);
	if (err == -EFAULT) /* POSIX's numbers */
		return -ENOMEM;
	return err == -ENOMEM ? -EAGAIN : err;
}

SYSCALL_DEFINE2(mlock, unsigned long, start, size_t, len)
{
	return do_mlock(start, len, VM_LOCKED);
}

SYSCALL_DEFINE3(mlock2, unsigned long, start, size_t, len, int, flags)
{
	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	return do_mlock(start, len, VM_LOCKED | (flags & MLOCK_ONFAULT ? VM_LOCKONFAULT : 0));
}

SYSCALL_DEFINE2(munlock, unsigned long, start, size_t, len)
{
	struct mm_struct *mm = current->mm;
	int err;

	len = PAGE_ALIGN(len + offset_in_page(start));
	start &= PAGE_MASK;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	err = apply_lock_flags(start, len, 0);
	mmap_write_unlock(mm);
	return err;
}

/* => mmap_lock held for writing */
static void apply_mlockall(struct mm_struct *mm, int flags)
{
	struct vm_area_struct *vma;
	unsigned long add = 0;

	mm->def_flags &= ~VM_LOCKED_MASK;
	if (flags & MCL_FUTURE) {
		mm->def_flags |= VM_LOCKED | (flags & MCL_ONFAULT ? VM_LOCKONFAULT : 0);
		if (!(flags & MCL_CURRENT))
			return;
	}
	if (flags & MCL_CURRENT)
		add = VM_LOCKED | (flags & MCL_ONFAULT ? VM_LOCKONFAULT : 0);
	for (vma = mm->mmap; vma; vma = vma->vm_next)
		mlock_fixup(&vma, vma->vm_start, vma->vm_end, add); /* errors are ignored */
}

SYSCALL_DEFINE1(mlockall, int, flags)
{
	struct mm_struct *mm = current->mm;
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	int err = -ENOMEM;

	if (!flags || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) || flags == MCL_ONFAULT)
		return -EINVAL;
	if (!can_do_mlock())
		return -EPERM;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	if (!(flags & MCL_CURRENT) || mm->total_vm <= limit || capable(CAP_IPC_LOCK)) {
		apply_mlockall(mm, flags);
		err = 0;
	}
	mmap_write_unlock(mm);
	if (!err && (flags & MCL_CURRENT))
		mm_populate(0, TASK_SIZE);
	return err;
}

SYSCALL_DEFINE0(munlockall)
{
	struct mm_struct *mm = current->mm;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	apply_mlockall(mm, 0);
	mmap_write_unlock(mm);
	return 0;
}
