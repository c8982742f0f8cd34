// SPDX-License-Identifier: MIT
/*
 * mprotect. Each VMA of the range gets its new flags (merged or split as need be), then the entries that are
 * present. A private mapping that becomes writable is charged now.
 * Failure: what precedes the failing VMA stays changed, as in Linux (mm/mprotect.c).
 */
#include <base/bug.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <kernel/ksyscall.h>
#include <kernel/task.h>
#include <mm/fault.h>
#include <mm/mmu_notifier.h>
#include <mm/tlb.h>
#include <linux/mman.h>
#include <linux/personality.h>
#include "vma_internal.h"
#include "../pgtable/pgtable_internal.h"

int mprotect_fixup(struct vm_area_struct *vma, struct vm_area_struct **pprev, unsigned long start,
		   unsigned long end, unsigned long newflags)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long oldflags = vma->vm_flags, charged = 0;
	long nr = (end - start) >> PAGE_SHIFT;
	struct mmu_gather tlb;

	*pprev = vma;
	if (newflags == oldflags)
		return 0;
	if (newflags & VM_WRITE) {
		if (!may_expand_vm(mm, newflags, nr) && may_expand_vm(mm, oldflags, nr))
			return -ENOMEM;
		if (!(oldflags & (VM_ACCOUNT | VM_WRITE | VM_HUGETLB | VM_SHARED | VM_NORESERVE))) {
			charged = nr;
			if (security_vm_enough_memory_mm(mm, charged))
				return -ENOMEM;
			newflags |= VM_ACCOUNT;
		}
	}
	vma = vma_modify_flags(vma, start, end, newflags);
	if (IS_ERR(vma)) {
		vm_unacct_memory(charged);
		return PTR_ERR(vma);
	}
	*pprev = vma;
	vm_flags_reset(vma, newflags | (vma->vm_flags & VM_SOFTDIRTY));
	vma_set_page_prot(vma);
	mmu_notifier_invalidate_range_start(mm, MMU_NOTIFY_PROTECTION_VMA, start, end);
	tlb_gather_mmu(&tlb, mm);
	change_protection(&tlb, vma, start, end, vma->vm_page_prot);
	tlb_finish_mmu(&tlb);
	mmu_notifier_invalidate_range_end(mm, MMU_NOTIFY_PROTECTION_VMA, start, end);
	/* Locked private pages are copied now, not at the first write. */
	if ((oldflags & (VM_WRITE | VM_SHARED | VM_LOCKED)) == VM_LOCKED && (newflags & VM_WRITE))
		populate_vma_page_range(vma, start, end, NULL);
	vm_stat_account(mm, oldflags, -nr);
	vm_stat_account(mm, newflags, nr);
	return 0;
}

/* The VMAs from @vma on, which contains or follows @start. => mmap_lock held for writing */
static int protect_range(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			 unsigned long prot, int pkey)
{
	struct vm_area_struct *prev;
	bool rier = (current->personality & READ_IMPLIES_EXEC) && (prot & PROT_READ);
	int err;

	while (1) {
		unsigned long newflags = (prot & (VM_READ | VM_WRITE | VM_EXEC)) |
					 (unsigned long)override_pkey(vma, prot, pkey)
						 << VM_PKEY_SHIFT |
					 (vma->vm_flags & ~(VM_ACCESS_FLAGS | VM_PKEY_MASK));
		unsigned long next = min(vma->vm_end, end);

		if (rier && (vma->vm_flags & VM_MAYEXEC))
			newflags |= VM_EXEC;
		/* The VM_MAY* bits stand four places above. */
		if ((newflags & ~(newflags >> 4)) & VM_ACCESS_FLAGS)
			return -EACCES;
		if (vma->vm_ops && vma->vm_ops->mprotect) {
			err = vma->vm_ops->mprotect(vma, start, next, newflags);
			if (err)
				return err;
		}
		err = mprotect_fixup(vma, &prev, start, next, newflags);
		if (err)
			return err;
		start = next;
		if (start >= end)
			return 0;
		vma = prev->vm_end > start ? prev : prev->vm_next;
		if (!vma || vma->vm_start > start)
			return -ENOMEM;
	}
}

int do_mprotect_pkey(unsigned long start, size_t len, unsigned long prot, int pkey)
{
	const unsigned long grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	unsigned long end;
	int err;

	prot &= ~(PROT_GROWSDOWN | PROT_GROWSUP);
	if (grows == (PROT_GROWSDOWN | PROT_GROWSUP))
		return -EINVAL;
	if (offset_in_page(start))
		return -EINVAL;
	if (!len)
		return 0;
	len = PAGE_ALIGN(len);
	end = start + len;
	if (end <= start)
		return -ENOMEM;
	if (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM))
		return -EINVAL;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	err = -EINVAL;
	if (pkey != -1 && !mm_pkey_is_allocated(mm, pkey))
		goto unlock;
	err = -ENOMEM;
	vma = find_vma(mm, start);
	if (!vma)
		goto unlock;
	if (unlikely(grows & PROT_GROWSDOWN)) {
		if (vma->vm_start >= end)
			goto unlock;
		start = vma->vm_start;
		err = -EINVAL;
		if (!(vma->vm_flags & VM_GROWSDOWN))
			goto unlock;
	} else {
		if (vma->vm_start > start)
			goto unlock;
		if (unlikely(grows & PROT_GROWSUP)) {
			err = -EINVAL; /* no stack of this machine grows upwards */
			goto unlock;
		}
	}
	err = protect_range(vma, start, end, prot, pkey);
unlock:
	mmap_write_unlock(mm);
	return err;
}

SYSCALL_DEFINE3(mprotect, unsigned long, start, size_t, len, unsigned long, prot)
{
	return do_mprotect_pkey(start, len, prot, -1);
}

SYSCALL_DEFINE4(pkey_mprotect, unsigned long, start, size_t, len, unsigned long, prot, int, pkey)
{
	return do_mprotect_pkey(start, len, prot, pkey);
}
