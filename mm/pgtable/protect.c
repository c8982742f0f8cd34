// SPDX-License-Identifier: MIT
/*
 * mprotect: present entries of a range get a new protection. Write access is never given here, but by the
 * next fault, which knows whether the page must be copied first; except where the entry would fault only to
 * learn that nothing is to do: an exclusive anonymous page of a private writable VMA.
 * An entry that its userfaultfd has write-protected stays so. Linux: mm/mprotect.c change_pte_range.
 */
#include <base/bug.h>
#include <base/errno.h>
#include <kernel/sched.h>
#include <mm/page.h>
#include <mm/page_flags.h>
#include <mm/mmu_notifier.h>
#include <mm/rmap.h>
#include <mm/pte_marker.h>
#include <mm/swap.h>
#include "pgtable_internal.h"

static unsigned long change_ptes(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmd,
				 unsigned long addr, unsigned long end, pgprot_t newprot)
{
	/* Where soft-dirty is tracked the next write has to fault. */
	bool reuse = (vma->vm_flags & (VM_WRITE | VM_SHARED | VM_SOFTDIRTY)) ==
		     (VM_WRITE | VM_SOFTDIRTY);
	unsigned long changed = 0;
	spinlock_t *ptl;
	pte_t *pte;

	pte = pte_offset_map_lock(vma->vm_mm, pmd, addr, &ptl);
	if (!pte)
		return 0;
	flush_tlb_batched_pending(vma->vm_mm);
	for (; addr != end; addr += PAGE_SIZE, pte++) {
		pte_t old = ptep_get(pte), new;

		if (!pte_present(old))
			continue;
		new = pte_modify(old, newprot);
		if (reuse && !pte_special(old) && !pte_uffd_wp(old) && PageAnon(pte_page(old)) &&
		    PageAnonExclusive(pte_page(old)))
			new = pte_mkwrite(new);
		if (pte_same(old, new))
			continue;
		/* The hardware may set bits until the entry is gone. */
		old = ptep_modify_prot_start(vma, addr, pte);
		new = __pte(pte_val(new) | (pte_val(old) & (_PAGE_ACCESSED | _PAGE_DIRTY)));
		ptep_modify_prot_commit(vma, addr, pte, old, new);
		tlb_track(tlb, addr, addr + PAGE_SIZE);
		changed++;
	}
	pte_unmap_unlock(pte, ptl);
	return changed;
}

unsigned long change_protection(struct mmu_gather *tlb, struct vm_area_struct *vma,
				unsigned long start, unsigned long end, pgprot_t newprot)
{
	unsigned long changed = 0, next;

	for (unsigned long addr = start; addr < end; addr = next) {
		pgd_t *pgd = pgd_offset(vma->vm_mm, addr);
		pud_t *pud;
		pmd_t *pmd;

		next = pgd_addr_end(addr, end);
		if (pgd_none(pgdp_get(pgd)))
			continue;
		pud = pud_offset(pgd, addr);
		next = pud_addr_end(addr, end);
		if (pud_none(pudp_get(pud)))
			continue;
		pmd = pmd_offset(pud, addr);
		next = pmd_addr_end(addr, end);
		if (pmd_none(pmdp_get(pmd)))
			continue;
		changed += change_ptes(tlb, vma, pmd, addr, next, newprot);
	}
	return changed;
}

/* --- for userfaultfd ------------------------------------------------------------------------------- */

/* What becomes of @old; @file: memory of a file, where a marker may stand for a page. */
static pte_t uffd_wp_entry(pte_t old, bool protect, bool file)
{
	if (pte_present(old)) {
		if (protect)
			return pte_mkuffd_wp(pte_wrprotect(old));
		return pte_clear_uffd_wp(old); /* the next write fault gives access */
	}
	if (pte_none(old))
		return protect && file ? make_uffd_wp_marker() : old;
	if (is_swap_pte(old))
		return protect ? pte_swp_mkuffd_wp(old) : pte_swp_clear_uffd_wp(old);
	return !protect && pte_marker_uffd_wp(old) ? __pte(0) : old;
}

static void uffd_wp_table(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmd,
			  unsigned long addr, unsigned long end, bool protect)
{
	spinlock_t *ptl;
	pte_t *pte = pte_offset_map_lock(vma->vm_mm, pmd, addr, &ptl);

	if (!pte)
		return;
	flush_tlb_batched_pending(vma->vm_mm);
	for (; addr != end; addr += PAGE_SIZE, pte++) {
		pte_t old = ptep_get(pte), new = uffd_wp_entry(old, protect, vma->vm_ops);

		if (pte_same(old, new))
			continue;
		if (!pte_present(old)) {
			set_pte_at(vma->vm_mm, addr, pte, new);
			continue;
		}
		old = ptep_modify_prot_start(vma, addr, pte);
		ptep_modify_prot_commit(vma, addr, pte, old,
					uffd_wp_entry(old, protect, vma->vm_ops));
		tlb_track(tlb, addr, addr + PAGE_SIZE);
	}
	pte_unmap_unlock(pte, ptl);
}

/* The middle entry above @addr, with a table below it; NULL with *@err 0: there is none, and none is needed. */
static pmd_t *uffd_wp_pmd(struct vm_area_struct *vma, unsigned long addr, bool markers, int *err)
{
	struct mm_struct *mm = vma->vm_mm;
	pud_t *pud;
	pmd_t *pmd;

	if (pte_find(mm, addr, &pmd))
		return pmd;
	if (!markers)
		return NULL;
	pud = pud_alloc(mm, pgd_offset(mm, addr), addr);
	pmd = pud ? pmd_alloc(mm, pud, addr) : NULL;
	if (pmd && !pte_alloc(mm, pmd))
		return pmd;
	*err = -ENOMEM;
	return NULL;
}

int change_uffd_wp(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool protect)
{
	const unsigned long first = start;
	struct mm_struct *mm = vma->vm_mm;
	struct mmu_gather tlb;
	int err = 0;

	vma_start_write(vma);
	mmu_notifier_invalidate_range_start(mm, MMU_NOTIFY_PROTECTION_VMA, first, end);
	tlb_gather_mmu(&tlb, mm);
	for (unsigned long next; start < end && !err; start = next) {
		pmd_t *pmd = uffd_wp_pmd(vma, start, protect && vma->vm_ops, &err);

		next = pmd_addr_end(start, end);
		if (pmd)
			uffd_wp_table(&tlb, vma, pmd, start, next, protect);
		cond_resched();
	}
	tlb_finish_mmu(&tlb);
	mmu_notifier_invalidate_range_end(mm, MMU_NOTIFY_PROTECTION_VMA, first, end);
	return err;
}
