// SPDX-License-Identifier: MIT
/*
 * /proc/PID/clear_refs: forget which pages were referenced or written, so that what is seen later was done later.
 *
 *	ALL, ANON, FILE	the accessed bits of entries and the "referenced" marks of their pages. No flush: a CPU whose
 *			TLB still holds the entry sets the bit late, which costs a late answer at most.
 *	SOFT_DIRTY	each entry loses its soft-dirty bit and its write access, each VMA its VM_SOFTDIRTY mark. The
 *			next write faults, and every fault that makes an entry dirty makes it soft-dirty (pte_mkdirty).
 *	HIWATER		VmHWM starts anew at what is resident now.
 *
 * Invariant as long as a VMA is not marked VM_SOFTDIRTY: a writable entry is soft-dirty. Kept by: clear_refs_mm, which
 * takes write access; vma_wants_writenotify(), so that new entries of shared files come read-only; change_ptes(), which
 * gives none back. A page that may be pinned is left as it is: a device writes to it without an entry.
 * New and moved memory counts as written: VM_SOFTDIRTY of a new VMA, the bit of a moved entry.
 * Linux 6.1: fs/proc/task_mmu.c clear_refs_write; Documentation/admin-guide/mm/soft-dirty.rst.
 */
#include <kernel/sched.h>
#include <mm/folio.h>
#include <mm/gup.h>
#include <mm/mmap.h>
#include <mm/mmu_notifier.h>
#include <mm/page.h>
#include <mm/page_flags.h>
#include <mm/page_idle.h>
#include <mm/rmap.h>
#include <mm/swap.h>
#include <seam/tlbflush.h>
#include "pgtable_internal.h"

static void forget_reference(struct vm_area_struct *vma, unsigned long addr, pte_t *pte)
{
	struct page *page = vm_normal_page(vma, addr, ptep_get(pte));

	if (!page)
		return;
	ptep_test_and_clear_young(vma, addr, pte);
	ClearPageReferenced(page);
	folio_test_clear_young(page_folio(page));
}

static void forget_write(struct vm_area_struct *vma, unsigned long addr, pte_t *pte)
{
	pte_t old = ptep_get(pte);
	struct page *page = vm_normal_page(vma, addr, old);

	if (page && is_cow_mapping(vma->vm_flags) && folio_maybe_dma_pinned(page_folio(page)))
		return;
	/* The hardware may set bits until the entry is gone. */
	old = ptep_modify_prot_start(vma, addr, pte);
	ptep_modify_prot_commit(vma, addr, pte, old, pte_clear_soft_dirty(pte_wrprotect(old)));
}

static void clear_table(struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr,
			unsigned long end, enum clear_refs what)
{
	spinlock_t *ptl;
	pte_t *pte = pte_offset_map_lock(vma->vm_mm, pmd, addr, &ptl);

	if (!pte)
		return;
	flush_tlb_batched_pending(vma->vm_mm);
	for (unsigned long a = addr; a < end; a += PAGE_SIZE, pte++) {
		pte_t val = ptep_get(pte);

		if (is_swap_pte(val) && what == CLEAR_REFS_SOFT_DIRTY)
			set_pte_at(vma->vm_mm, a, pte, pte_swp_clear_soft_dirty(val));
		if (!pte_present(val))
			continue;
		if (what == CLEAR_REFS_SOFT_DIRTY)
			forget_write(vma, a, pte);
		else
			forget_reference(vma, a, pte);
	}
	pte_unmap_unlock(pte, ptl);
}

static void clear_vma(struct vm_area_struct *vma, enum clear_refs what)
{
	unsigned long addr = vma->vm_start, next;

	if (vma->vm_flags & VM_PFNMAP)
		return;
	if ((what == CLEAR_REFS_ANON && vma->vm_file) || (what == CLEAR_REFS_FILE && !vma->vm_file))
		return;
	for (; addr < vma->vm_end; addr = next) {
		pmd_t *pmd;

		next = pmd_addr_end(addr, vma->vm_end);
		if (pte_find(vma->vm_mm, addr, &pmd))
			clear_table(vma, pmd, addr, next, what);
		cond_resched();
	}
}

void clear_refs_mm(struct mm_struct *mm, enum clear_refs what)
{
	struct vm_area_struct *vma;

	if (what == CLEAR_REFS_HIWATER) {
		reset_mm_hiwater_rss(mm);
		return;
	}
	if (what == CLEAR_REFS_SOFT_DIRTY)
		mmu_notifier_invalidate_range_start(mm, MMU_NOTIFY_SOFT_DIRTY, 0, mm->task_size);
	for (vma = mm->mmap; vma; vma = vma->vm_next) {
		if (what == CLEAR_REFS_SOFT_DIRTY && (vma->vm_flags & VM_SOFTDIRTY)) {
			vm_flags_clear(vma, VM_SOFTDIRTY);
			vma_set_page_prot(vma);
		}
		/* Where nothing was marked faults go on: what they write from now on is meant to be seen. */
		clear_vma(vma, what);
	}
	if (what != CLEAR_REFS_SOFT_DIRTY)
		return;
	flush_tlb_mm(mm);
	mmu_notifier_invalidate_range_end(mm, MMU_NOTIFY_SOFT_DIRTY, 0, mm->task_size);
}
