// SPDX-License-Identifier: MIT
/*
 * munmap: the VMAs of a range leave the tree, then their pages go, then their tables, then they themselves.
 *
 *	1 split the VMAs that straddle the ends (this can fail, and then nothing was unmapped)
 *	2 write-lock and detach: no fault can find them any more
 *	3 clear entries, leave the file's interval tree, free tables, one TLB flush
 *	4 ->close, drop files, free
 *
 * The head or tail of a single VMA goes without a split: entries cleared, border moved.
 *
 * Linux: mm/mmap.c do_mas_align_munmap.
 */
#include <base/bug.h>
#include <base/errno.h>
#include <kernel/ksyscall.h>
#include <kernel/task.h>
#include <mm/fault.h>
#include <mm/mmu_notifier.h>
#include <mm/rmap.h>
#include <mm/tlb.h>
#include <mm/userfaultfd.h>
#include "vma_internal.h"
#include "../pgtable/pgtable_internal.h"

/* Step 1: borders at @start and @end. *@firstp: the first VMA inside. */
static int split_ends(struct mm_struct *mm, unsigned long start, unsigned long end,
		      struct vm_area_struct **firstp)
{
	struct vm_area_struct *first = *firstp, *last;
	int err;

	if (start > first->vm_start) {
		if (end < first->vm_end && mm->map_count >= sysctl_max_map_count)
			return -ENOMEM;
		err = __split_vma(mm, first, start, 0);
		if (err)
			return err;
		first = first->vm_next;
	}
	if (end >= first->vm_end) {
		last = first;
		while (last->vm_next && last->vm_next->vm_start < end)
			last = last->vm_next;
	} else {
		last = first;
	}
	if (end < last->vm_end) {
		err = __split_vma(mm, last, end, 1);
		if (err)
			return err;
		if (last == first)
			first = last->vm_prev;
	}
	*firstp = first;
	return 0;
}

/* Step 2: out of the tree, into a chain by vm_next; returns what stood behind. */
static struct vm_area_struct *detach(struct mm_struct *mm, struct vm_area_struct *first,
				     unsigned long end)
{
	struct vm_area_struct *vma = first, *next, *last = first;

	for (; vma && vma->vm_start < end; vma = next) {
		next = vma->vm_next;
		vma_start_write(vma);
		if (unlikely(vma->vm_flags & VM_LOCKED)) {
			mm->locked_vm -= vma_pages(vma);
			mlock_vma_pages(vma, vma->vm_start, vma->vm_end, false);
		}
		vma_tree_remove(mm, vma);
		last = vma;
	}
	last->vm_next = NULL;
	return vma;
}

/* Step 3. */
static void unmap_region(struct mm_struct *mm, struct vm_area_struct *chain,
			 struct vm_area_struct *prev, struct vm_area_struct *next,
			 unsigned long start, unsigned long end)
{
	struct mmu_gather tlb;

	mmu_notifier_invalidate_range_start(mm, MMU_NOTIFY_UNMAP, start, end);
	tlb_gather_mmu(&tlb, mm);
	update_hiwater_rss(mm);
	for (struct vm_area_struct *vma = chain; vma; vma = vma->vm_next) {
		unmap_page_range(&tlb, vma, vma->vm_start, vma->vm_end, NULL);
		vma_unlink_file(vma);
		anon_vma_del_moved(vma);
	}
	free_pgtables(&tlb, chain, prev ? prev->vm_end : FIRST_USER_ADDRESS,
		      next ? next->vm_start : 0);
	tlb_finish_mmu(&tlb);
	mmu_notifier_invalidate_range_end(mm, MMU_NOTIFY_UNMAP, start, end);
}

/* Step 4. */
static void remove_chain(struct mm_struct *mm, struct vm_area_struct *vma)
{
	long accounted = 0;
	struct vm_area_struct *next;

	update_hiwater_vm(mm);
	for (; vma; vma = next) {
		long pages = vma_pages(vma);

		next = vma->vm_next;
		if (vma->vm_flags & VM_ACCOUNT)
			accounted += pages;
		vm_stat_account(mm, vma->vm_flags, -pages);
		remove_vma(vma);
	}
	if (accounted)
		vm_unacct_memory(accounted);
}

/*
 * Head or tail of one VMA: it shrinks, nothing is split. Not when its operations want to hear of splits.
 */
static bool can_trim(const struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	const struct vm_operations_struct *ops = vma->vm_ops;

	if (ops && (ops->open || ops->close || ops->may_split))
		return false;
	return start == vma->vm_start ? end < vma->vm_end
				      : end == vma->vm_end && start > vma->vm_start;
}

static void trim(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		 unsigned long end)
{
	bool head = start == vma->vm_start;
	long pages = (end - start) >> PAGE_SHIFT;
	struct mmu_gather tlb;

	vma_start_write(vma);
	if (unlikely(vma->vm_flags & VM_LOCKED))
		mlock_vma_pages(vma, start, end, false);
	mmu_notifier_invalidate_range_start(mm, MMU_NOTIFY_UNMAP, start, end);
	tlb_gather_mmu(&tlb, mm);
	update_hiwater_rss(mm);
	unmap_page_range(&tlb, vma, start, end, NULL);
	vma_adjust(vma, head ? end : vma->vm_start, head ? vma->vm_end : start);
	if (head)
		free_pgd_range(&tlb, start, end,
			       vma->vm_prev ? vma->vm_prev->vm_end : FIRST_USER_ADDRESS, end);
	else
		free_pgd_range(&tlb, start, end, start, vma->vm_next ? vma->vm_next->vm_start : 0);
	tlb_finish_mmu(&tlb);
	mmu_notifier_invalidate_range_end(mm, MMU_NOTIFY_UNMAP, start, end);
	update_hiwater_vm(mm);
	if (vma->vm_flags & VM_LOCKED)
		mm->locked_vm -= pages;
	vm_stat_account(mm, vma->vm_flags, -pages);
	if (vma->vm_flags & VM_ACCOUNT)
		vm_unacct_memory(pages);
}

/* => mmap_lock held for writing */
int do_munmap(struct mm_struct *mm, unsigned long start, size_t len, struct list_head *uf)
{
	struct vm_area_struct *vma, *prev, *next;
	unsigned long end;
	int err;

	if (offset_in_page(start) || start > TASK_SIZE || len > TASK_SIZE - start)
		return -EINVAL;
	end = start + PAGE_ALIGN(len);
	if (end == start)
		return -EINVAL;
	vma = find_vma_intersection(mm, start, end);
	if (!vma)
		return 0;
	if (unlikely(test_bit(MMF_HAS_UFFD, &mm->flags)) && uf) {
		err = userfaultfd_unmap_prep(mm, start, end, uf);
		if (err)
			return err;
	}
	if (can_trim(vma, start, end)) {
		trim(mm, vma, start, end);
		return 0;
	}
	if (start > vma->vm_start || end < vma->vm_end ||
	    (vma->vm_next && vma->vm_next->vm_start < end)) {
		err = split_ends(mm, start, end, &vma);
		if (err)
			return err;
	}
	prev = vma->vm_prev;
	next = detach(mm, vma, end);
	unmap_region(mm, vma, prev, next, start, end);
	remove_chain(mm, vma);
	return 0;
}

int vm_munmap(unsigned long start, size_t len)
{
	struct mm_struct *mm = current->mm;
	LIST_HEAD(uf);
	int err;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	err = do_munmap(mm, start, len, &uf);
	mmap_write_unlock(mm);
	userfaultfd_unmap_complete(&uf);
	return err;
}

SYSCALL_DEFINE2(munmap, unsigned long, addr, size_t, len)
{
	return vm_munmap(addr, len);
}
