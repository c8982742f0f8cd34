/* SPDX-License-Identifier: MIT */
/* The cases of a fault, between the files of mm/fault. */
#ifndef QUIRE_MM_FAULT_INTERNAL_H
#define QUIRE_MM_FAULT_INTERNAL_H

#include <mm/fault.h>
#include <mm/pgalloc.h>
#include <mm/trace.h>
#include <seam/percpu.h>
#include "../pgtable/pgtable_internal.h"

struct fault_counts {
	unsigned long nr[NR_PAGE_FAULT_KINDS];
};
DECLARE_PER_CPU(struct fault_counts, fault_counts);

static __always_inline void count_fault(enum page_fault_kind kind)
{
	this_cpu_add(fault_counts.nr[kind], 1);
	trace_page_fault_kind(kind);
}

vm_fault_t do_file_fault(struct vm_fault *vmf);
vm_fault_t do_swap_page(struct vm_fault *vmf);
/*
 * The entry @ptep, of a slot of swap, maps @folio from now on (read-only), and takes over a reference; @exclusive: nobody else has
 * the page. The new entry. The caller lets go of the slot. => folio locked and up to date, ptl held
 */
pte_t swap_map_pte(struct vm_area_struct *vma, unsigned long address, pte_t *ptep, struct folio *folio, bool exclusive);
/* => vmf->ptl held, vmf->pte is write-protected; unlocks */
vm_fault_t do_wp_page(struct vm_fault *vmf);
vm_fault_t do_page_mkwrite(struct vm_fault *vmf);
/* The page of vmf was written through a shared mapping. => page locked; unlocks it */
vm_fault_t fault_dirty_shared_page(struct vm_fault *vmf);

static inline pte_t maybe_mkwrite(pte_t pte, struct vm_area_struct *vma)
{
	return likely(vma->vm_flags & VM_WRITE) ? pte_mkwrite(pte) : pte;
}

/* The entry under its lock. => the table is there: a fault holds the VMA lock or mmap_lock */
static inline void vmf_lock_pte(struct vm_fault *vmf)
{
	vmf->pte = pte_lock_kept(vmf->pmd, vmf->address, &vmf->ptl);
}

#endif
