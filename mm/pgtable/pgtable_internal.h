/* SPDX-License-Identifier: MIT */
/* Walks over page tables that change them; between mm/pgtable, mm/vma and mm/fault. */
#ifndef QUIRE_MM_PGTABLE_INTERNAL_H
#define QUIRE_MM_PGTABLE_INTERNAL_H

#include <mm/fault.h>
#include <mm/page.h>
#include <mm/pgalloc.h>
#include <mm/tlb.h>
#include <mm/vma.h>

struct page;

/* Which pages unmap_page_range() takes. */
struct zap_details {
	struct folio *single_folio;	/* only this one */
	bool even_cows;			/* private copies too */
	bool keep_markers;		/* the pages of a file may come back: stay write-protected for userfaultfd */
};

/* The page that a present pte maps, or NULL for the zero page and frames without struct page. */
static __always_inline struct page *vm_normal_page(struct vm_area_struct *vma, unsigned long addr, pte_t pte)
{
	return unlikely(pte_special(pte)) ? NULL : pte_page(pte);
}

void unmap_page_range(struct mmu_gather *tlb, struct vm_area_struct *vma, unsigned long addr,
		      unsigned long end, struct zap_details *details);
/* Free tables that map nothing between @floor and @ceiling any more, where [@addr, @end) was unmapped. */
void free_pgd_range(struct mmu_gather *tlb, unsigned long addr, unsigned long end,
		    unsigned long floor, unsigned long ceiling);
/* The same for the tables of a chain of VMAs (by vm_next) that lies between @floor and @ceiling. */
void free_pgtables(struct mmu_gather *tlb, struct vm_area_struct *vma, unsigned long floor,
		   unsigned long ceiling);
int copy_page_range(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma);
/* New protection for present entries of [@start, @end); number of entries changed. */
unsigned long change_protection(struct mmu_gather *tlb, struct vm_area_struct *vma,
				unsigned long start, unsigned long end, pgprot_t newprot);
/*
 * Write-protect [@start, @end) of @vma for its userfaultfd, or end that. Of a file also where nothing is mapped yet
 * (mm/pte_marker.h). 0 or -ENOMEM. => mmap_lock held for writing
 */
int change_uffd_wp(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool protect);
/* Move entries from @vma to @new_vma; bytes moved (less than @len: out of memory). */
unsigned long move_page_tables(struct vm_area_struct *vma, unsigned long old_addr,
			       struct vm_area_struct *new_vma, unsigned long new_addr,
			       unsigned long len, bool need_rmap_locks);
void zap_range_gather(struct vm_area_struct *vma, unsigned long address, unsigned long size,
		      struct zap_details *details);
void print_bad_pte(struct vm_area_struct *vma, unsigned long addr, pte_t pte, struct page *page);

#endif
