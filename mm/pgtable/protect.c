// SPDX-License-Identifier: MIT
/*
 * mprotect: present entries of a range get a new protection. Write access is never given here, but by the
 * next fault, which knows whether the page must be copied first; except where the entry would fault only to
 * learn that nothing is to do: an exclusive anonymous page of a private writable VMA.
 * Linux: mm/mprotect.c change_pte_range.
 */
#include <base/bug.h>
#include <kernel/sched.h>
#include <mm/page.h>
#include <mm/page_flags.h>
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
	for (; addr != end; addr += PAGE_SIZE, pte++) {
		pte_t old = ptep_get(pte), new;

		if (!pte_present(old))
			continue;
		new = pte_modify(old, newprot);
		if (reuse && !pte_special(old) && PageAnon(pte_page(old)) &&
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
		if (pgd_none(*pgd))
			continue;
		pud = pud_offset(pgd, addr);
		next = pud_addr_end(addr, end);
		if (pud_none(*pud))
			continue;
		pmd = pmd_offset(pud, addr);
		next = pmd_addr_end(addr, end);
		if (pmd_none(*pmd))
			continue;
		changed += change_ptes(tlb, vma, pmd, addr, next, newprot);
	}
	return changed;
}
