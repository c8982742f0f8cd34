// SPDX-License-Identifier: MIT
/*
 * Entries that drivers and the kernel make: frames without struct page accounting (VM_PFNMAP, "special"
 * entries, never counted or freed), and single pages (vm_insert_page, counted like file pages).
 * Linux: mm/memory.c.
 */
#include <base/bug.h>
#include <base/errno.h>
#include <mm/folio.h>
#include <mm/page.h>
#include <mm/page_flags.h>
#include <mm/rmap.h>
#include "fault_internal.h"

/* The locked entry for @addr with all levels made, or NULL. */
static pte_t *get_locked_pte(struct mm_struct *mm, unsigned long addr, spinlock_t **ptl)
{
	pud_t *pud = pud_alloc(mm, pgd_offset(mm, addr), addr);
	pmd_t *pmd = pud ? pmd_alloc(mm, pud, addr) : NULL;

	if (!pmd || pte_alloc(mm, pmd))
		return NULL;
	return pte_offset_map_lock(mm, pmd, addr, ptl);
}

static vm_fault_t vmf_insert_pfn_prot(struct vm_area_struct *vma, unsigned long addr,
				      unsigned long pfn, pgprot_t prot)
{
	spinlock_t *ptl;
	pte_t *pte;

	BUG_ON(!(vma->vm_flags & VM_PFNMAP));
	if (addr < vma->vm_start || addr >= vma->vm_end)
		return VM_FAULT_SIGBUS;
	pte = get_locked_pte(vma->vm_mm, addr, &ptl);
	if (!pte)
		return VM_FAULT_OOM;
	if (pte_none(ptep_get(pte)))
		set_pte_at(vma->vm_mm, addr, pte, pte_mkspecial(pfn_pte(pfn, prot)));
	pte_unmap_unlock(pte, ptl);
	return VM_FAULT_NOPAGE;
}

vm_fault_t vmf_insert_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn)
{
	return vmf_insert_pfn_prot(vma, addr, pfn, vma->vm_page_prot);
}

int vm_insert_page(struct vm_area_struct *vma, unsigned long addr, struct page *page)
{
	spinlock_t *ptl;
	pte_t *pte;
	int err = -EBUSY;

	if (addr < vma->vm_start || addr >= vma->vm_end)
		return -EFAULT;
	if (!page_ref_count(page) || PageAnon(page))
		return -EINVAL;
	if (!(vma->vm_flags & VM_MIXEDMAP)) {
		BUG_ON(vma->vm_flags & VM_PFNMAP);
		vm_flags_set(vma, VM_MIXEDMAP);
	}
	pte = get_locked_pte(vma->vm_mm, addr, &ptl);
	if (!pte)
		return -ENOMEM;
	if (pte_none(ptep_get(pte))) {
		get_page(page);
		inc_mm_counter(vma->vm_mm, PageSwapBacked(page) ? MM_SHMEMPAGES : MM_FILEPAGES);
		folio_add_file_rmap_ptes(page_folio(page), page, 1, vma);
		set_pte_at(vma->vm_mm, addr, pte, mk_pte(page, vma->vm_page_prot));
		err = 0;
	}
	pte_unmap_unlock(pte, ptl);
	return err;
}

int remap_pfn_range(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn,
		    unsigned long size, pgprot_t prot)
{
	unsigned long end = addr + PAGE_ALIGN(size);

	if (!PAGE_ALIGNED(addr))
		return -EINVAL;
	/* A private mapping of frames: vm_pgoff remembers the first frame; it must be the whole VMA. */
	if (is_cow_mapping(vma->vm_flags)) {
		if (addr != vma->vm_start || end != vma->vm_end)
			return -EINVAL;
		vma->vm_pgoff = pfn;
	}
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	for (; addr < end; addr += PAGE_SIZE, pfn++) {
		spinlock_t *ptl;
		pte_t *pte = get_locked_pte(vma->vm_mm, addr, &ptl);

		if (!pte)
			return -ENOMEM;
		BUG_ON(!pte_none(ptep_get(pte)));
		set_pte_at(vma->vm_mm, addr, pte, pte_mkspecial(pfn_pte(pfn, prot)));
		pte_unmap_unlock(pte, ptl);
	}
	return 0;
}
