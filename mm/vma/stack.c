// SPDX-License-Identifier: MIT
/*
 * Stacks that grow, and the stack of a new program.
 *
 * A fault below a VM_GROWSDOWN area makes it larger, as long as RLIMIT_STACK, RLIMIT_AS and overcommit agree and
 * stack_guard_gap (256 pages) stays free below. This is the one fault that needs mmap_lock for writing.
 *
 * exec copies arguments to the top of the address space before it knows where the stack will be;
 * setup_arg_pages() then moves these few pages to their place. Nobody else can know them, so that their index is
 * simply rewritten and the VMA is an ordinary one.
 * Linux: mm/mmap.c expand_downwards, fs/exec.c setup_arg_pages.
 */
#include <base/bug.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <kernel/exec.h>
#include <kernel/param.h>
#include <kernel/random.h>
#include <kernel/task.h>
#include <mm/mmap.h>
#include <mm/page.h>
#include <mm/page_flags.h>
#include <mm/pgalloc.h>
#include <mm/tlb.h>
#include <linux/personality.h>
#include "vma_internal.h"
#include "../pgtable/pgtable_internal.h"

#define STACK_FIRST_SIZE (128UL << 10) /* the stack of a new program is at least so large */

unsigned long stack_guard_gap = 256UL << PAGE_SHIFT;

static int __init stack_guard_gap_setup(char *arg)
{
	unsigned long pages;

	if (kstrtoul(arg, 10, &pages))
		return 0;
	stack_guard_gap = pages << PAGE_SHIFT;
	return 1;
}
__setup("stack_guard_gap=", stack_guard_gap_setup);

/* May @vma have @size bytes, @grow pages more than now? Charges on success. */
static int account_growth(struct vm_area_struct *vma, unsigned long size, unsigned long grow)
{
	struct mm_struct *mm = vma->vm_mm;

	if (!may_expand_vm(mm, vma->vm_flags, grow) || size > rlimit(RLIMIT_STACK) ||
	    !mlock_future_ok(mm, vma->vm_flags, grow << PAGE_SHIFT) ||
	    security_vm_enough_memory_mm(mm, grow))
		return -ENOMEM;
	return 0;
}

int expand_downwards(struct vm_area_struct *vma, unsigned long address)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *prev = vma->vm_prev;
	unsigned long grow;
	int err;

	if (!(vma->vm_flags & VM_GROWSDOWN))
		return -EFAULT;
	address &= PAGE_MASK;
	if (address < mmap_min_addr)
		return -EPERM;
	if (prev && !(prev->vm_flags & VM_GROWSDOWN) && vma_is_accessible(prev) &&
	    address - prev->vm_end < stack_guard_gap)
		return -ENOMEM;
	if (address >= vma->vm_start)
		return 0;
	if (prev && address < prev->vm_end)
		return -ENOMEM;
	grow = (vma->vm_start - address) >> PAGE_SHIFT;
	if (grow > vma->vm_pgoff)
		return -ENOMEM;
	err = account_growth(vma, vma->vm_end - address, grow);
	if (err)
		return err;
	vma_adjust(vma, address, vma->vm_end);
	vm_stat_account(mm, vma->vm_flags, grow);
	if (vma->vm_flags & VM_LOCKED)
		mm->locked_vm += grow;
	return 0;
}

struct vm_area_struct *expand_stack(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;

	mmap_read_unlock(mm);
	if (mmap_write_lock_killable(mm))
		return NULL;
	vma = find_vma(mm, addr);
	if (!vma || (vma->vm_start > addr && expand_downwards(vma, addr))) {
		mmap_write_unlock(mm);
		return NULL;
	}
	mmap_write_downgrade(mm);
	return vma;
}

/* --- exec ------------------------------------------------------------------------------------- */

int bprm_mm_init(struct linux_binprm *bprm)
{
	struct mm_struct *mm = mm_alloc();
	struct vm_area_struct *vma;
	int err = -ENOMEM;

	if (!mm)
		return err;
	bprm->mm = mm;
	task_lock(current->group_leader);
	bprm->rlim_stack = current->signal->rlim[RLIMIT_STACK];
	task_unlock(current->group_leader);

	vma = vm_area_alloc(mm);
	if (!vma)
		goto put;
	if (mmap_write_lock_killable(mm)) {
		err = -EINTR;
		goto free;
	}
	vma->vm_end = STACK_TOP_MAX;
	vma->vm_start = vma->vm_end - PAGE_SIZE;
	vma->vm_flags = VM_SOFTDIRTY | VM_STACK_FLAGS | VM_SETUP_FLAGS;
	vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);
	err = insert_vm_struct(mm, vma);
	if (err) {
		mmap_write_unlock(mm);
		goto free;
	}
	mm->stack_vm = mm->total_vm = 1;
	mmap_write_unlock(mm);
	bprm->vma = vma;
	bprm->vma_pages = 1;
	bprm->p = vma->vm_end - sizeof(void *);
	return 0;
free:
	vm_area_free(vma);
put:
	bprm->mm = NULL;
	mmput(mm);
	return err;
}

/* Pages of [@start, @end) were moved there: their index becomes that of the new place. */
static void reindex_pages(struct vm_area_struct *vma)
{
	for (unsigned long addr = vma->vm_start; addr < vma->vm_end; addr += PAGE_SIZE) {
		pte_t *pte = pte_find(vma->vm_mm, addr, NULL);

		if (pte && pte_present(ptep_get(pte)) && !pte_special(ptep_get(pte)))
			pte_page(ptep_get(pte))->index = anon_page_index(vma, addr);
	}
}

/* Move the stack of the new program down by @shift bytes. => mmap_lock held for writing */
static int shift_arg_pages(struct vm_area_struct *vma, unsigned long shift)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long old_start = vma->vm_start, old_end = vma->vm_end,
		      length = old_end - old_start;
	unsigned long new_start = old_start - shift, new_end = old_end - shift;
	struct mmu_gather tlb;

	if (new_start > old_start || vma->vm_prev)
		return -EFAULT;
	vma_adjust(vma, new_start, old_end);
	if (move_page_tables(vma, old_start, vma, new_start, length, true) != length)
		return -ENOMEM;
	tlb_gather_mmu(&tlb, mm);
	free_pgd_range(&tlb, max(new_end, old_start), old_end, new_end,
		       vma->vm_next ? vma->vm_next->vm_start : 0);
	tlb_finish_mmu(&tlb);
	vma_adjust(vma, new_start, new_end);
	reindex_pages(vma);
	return 0;
}

int setup_arg_pages(struct linux_binprm *bprm, unsigned long stack_top, int executable_stack)
{
	struct vm_area_struct *vma = bprm->vma, *prev = NULL;
	struct mm_struct *mm = current->mm;
	unsigned long shift, vm_flags, stack_base, stack_size, limit;
	int err;

	/* Up to 8 KiB more, so that threads of one core do not share cache sets. */
	if ((current->flags & PF_RANDOMIZE) && !(current->personality & ADDR_NO_RANDOMIZE))
		stack_top -= get_random_u32_below(8192);
	stack_top = PAGE_ALIGN(stack_top & ~0xfUL);
	if (stack_top < mmap_min_addr || vma->vm_end - vma->vm_start > stack_top - mmap_min_addr)
		return -ENOMEM;
	shift = vma->vm_end - stack_top;
	bprm->p -= shift;
	mm->arg_start = bprm->p;
	if (bprm->loader)
		bprm->loader -= shift;
	bprm->exec -= shift;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	vm_flags = VM_STACK_FLAGS;
	if (executable_stack == EXSTACK_ENABLE_X)
		vm_flags |= VM_EXEC;
	else if (executable_stack == EXSTACK_DISABLE_X)
		vm_flags &= ~VM_EXEC;
	vm_flags |= mm->def_flags | VM_SETUP_FLAGS | (vma->vm_flags & VM_SOFTDIRTY);
	err = mprotect_fixup(vma, &prev, vma->vm_start, vma->vm_end, vm_flags);
	if (err)
		goto unlock;
	if (shift) {
		err = shift_arg_pages(vma, shift);
		if (err)
			goto unlock;
	}
	vm_flags_clear(vma, VM_SETUP_FLAGS);

	stack_size = vma->vm_end - vma->vm_start;
	limit = bprm->rlim_stack.rlim_cur & PAGE_MASK;
	stack_base = vma->vm_end - max(stack_size, min(stack_size + STACK_FIRST_SIZE, limit));
	mm->start_stack = bprm->p;
	if (expand_downwards(vma, stack_base))
		err = -EFAULT;
unlock:
	mmap_write_unlock(mm);
	return err;
}
