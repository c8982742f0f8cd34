// SPDX-License-Identifier: MIT
/*
 * First touch of memory that has a file (or another ->fault): the page comes from its owner.
 *
 *	[read]		what is in the page cache around the address is mapped in one go (map_pages, under
 *			RCU); only if the page itself is missing, ->fault is asked, which may read
 *	[cow file]	->fault finds the page, a new page gets its contents
 *	[shared]	->fault finds the page, ->page_mkwrite agrees, the page is dirty
 *
 * ->fault returns the page referenced and (VM_FAULT_LOCKED) locked, so that truncation cannot pass it before
 * the entry is set. Linux: mm/memory.c do_fault.
 */
#include <base/bug.h>
#include <base/errno.h>
#include <base/math.h>
#include <sync/rcu.h>
#include <mm/address_space.h>
#include <mm/filemap.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/page.h>
#include <mm/page_flags.h>
#include <mm/pte_marker.h>
#include <mm/rmap.h>
#include <mm/userfaultfd.h>
#include "fault_internal.h"
#include "../rmap/rmap_internal.h"

unsigned long fault_around_bytes = 65536;

/* vm_ops->fault, with a table page in reserve so that nothing is allocated under the page lock. */
static vm_fault_t ask_owner(struct vm_fault *vmf)
{
	vm_fault_t ret;

	if (pmd_none(pmdp_get(vmf->pmd)) && pte_alloc(vmf->vma->vm_mm, vmf->pmd))
		return VM_FAULT_OOM;
	ret = vmf->vma->vm_ops->fault(vmf);
	if (unlikely(ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY | VM_FAULT_DONE_COW)))
		return ret;
	if (unlikely(!(ret & VM_FAULT_LOCKED)))
		lock_page(vmf->page);
	return ret | VM_FAULT_LOCKED;
}

bool filemap_map_pmd(struct vm_fault *vmf)
{
	return false; /* the table is there before ->map_pages is called */
}

void set_pte_range(struct vm_fault *vmf, struct folio *folio, struct page *page, unsigned int nr,
		   unsigned long addr)
{
	struct vm_area_struct *vma = vmf->vma;
	bool write = vmf->flags & FAULT_FLAG_WRITE;
	pte_t entry = mk_pte(page, vma->vm_page_prot);
	pte_t *pte = vmf->pte;

	if (write)
		entry = maybe_mkwrite(pte_mkdirty(entry), vma);
	if (pte_marker_uffd_wp(ptep_get(pte)))
		entry = pte_mkuffd_wp(pte_wrprotect(entry));
	if (write && !(vma->vm_flags & VM_SHARED)) {
		page_init_anon(page, vma, addr);
		inc_mm_counter(vma->vm_mm, MM_ANONPAGES);
	} else {
		folio_add_file_rmap_ptes(folio, page, nr, vma);
		add_mm_counter(vma->vm_mm, PageSwapBacked(page) ? MM_SHMEMPAGES : MM_FILEPAGES, nr);
	}
	if (unlikely(vma->vm_flags & VM_LOCKED))
		for (unsigned int i = 0; i < nr; i++)
			mlock_page(page + i);
	for (; nr; nr--, pte++, addr += PAGE_SIZE) {
		set_pte_at(vma->vm_mm, addr, pte, entry);
		entry = __pte(pte_val(entry) + PAGE_SIZE);
	}
}

/*
 * Install @page, unless somebody else was faster (VM_FAULT_NOPAGE), or the OOM reaper was here (VM_FAULT_SIGBUS). The entry
 * takes over a reference.
 */
static vm_fault_t finish_fault(struct vm_fault *vmf, struct page *page)
{
	vm_fault_t ret = 0;

	vmf_lock_pte(vmf);
	if (unlikely(mm_is_unstable(vmf->vma->vm_mm)))
		ret = VM_FAULT_SIGBUS;
	else if (likely(pte_same(ptep_get(vmf->pte), vmf->orig_pte)))
		set_pte_range(vmf, page_folio(page), page, 1, vmf->address);
	else
		ret = VM_FAULT_NOPAGE;
	pte_unmap_unlock(vmf->pte, vmf->ptl);
	return ret;
}

/* Map what is in memory in the aligned window around the address, within VMA and table. */
static vm_fault_t do_fault_around(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	pgoff_t nr = fault_around_bytes >> PAGE_SHIFT;
	pgoff_t slot = pte_index(vmf->address);
	pgoff_t vma_off = vmf->pgoff - vma->vm_pgoff;
	pgoff_t from = max(slot & ~(nr - 1), slot - min(slot, vma_off));
	pgoff_t to = min3(from + nr, (pgoff_t)PTRS_PER_PTE, slot + vma_pages(vma) - vma_off) - 1;
	vm_fault_t ret;

	if (pte_alloc(vma->vm_mm, vmf->pmd))
		return VM_FAULT_OOM;
	rcu_read_lock();
	ret = vma->vm_ops->map_pages(vmf, vmf->pgoff + from - slot, vmf->pgoff + to - slot);
	rcu_read_unlock();
	return ret;
}

/* [read] */
static vm_fault_t do_read_fault(struct vm_fault *vmf)
{
	vm_fault_t ret, done;

	if (vmf->vma->vm_ops->map_pages && fault_around_bytes > PAGE_SIZE &&
	    likely(!(vmf->vma->vm_flags & (VM_UFFD_WP | VM_UFFD_MINOR)))) {
		ret = do_fault_around(vmf);
		if (ret)
			return ret == VM_FAULT_NOPAGE ? 0 : ret;
	}
	ret = ask_owner(vmf);
	if (unlikely(!(ret & VM_FAULT_LOCKED)))
		return ret;
	done = finish_fault(vmf, vmf->page);
	unlock_page(vmf->page);
	if (done)
		put_page(vmf->page);
	return (ret | done) & ~VM_FAULT_LOCKED;
}

/* [cow file] */
static vm_fault_t do_cow_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	vm_fault_t ret, done;

	anon_vma_prepare(vma);
	vmf->cow_page = alloc_page(GFP_HIGHUSER_MOVABLE);
	if (!vmf->cow_page)
		return VM_FAULT_OOM;
	ret = ask_owner(vmf);
	if (unlikely(!(ret & VM_FAULT_LOCKED))) {
		__free_page(vmf->cow_page);
		return ret;
	}
	copy_page(page_address(vmf->cow_page), page_address(vmf->page));
	done = finish_fault(vmf, vmf->cow_page);
	if (done)
		__free_page(vmf->cow_page);
	unlock_page(vmf->page);
	put_page(vmf->page);
	return (ret | done) & ~VM_FAULT_LOCKED;
}

/* [shared] */
static vm_fault_t do_shared_fault(struct vm_fault *vmf)
{
	vm_fault_t ret = ask_owner(vmf), tmp;

	if (unlikely(!(ret & VM_FAULT_LOCKED)))
		return ret;
	if (vmf->vma->vm_ops->page_mkwrite) {
		unlock_page(vmf->page);
		tmp = do_page_mkwrite(vmf);
		if (unlikely(!tmp || (tmp & (VM_FAULT_ERROR | VM_FAULT_NOPAGE)))) {
			put_page(vmf->page);
			return tmp & ~VM_FAULT_NOPAGE;
		}
	}
	tmp = finish_fault(vmf, vmf->page);
	if (tmp) {
		unlock_page(vmf->page);
		put_page(vmf->page);
		return (ret | tmp) & ~VM_FAULT_LOCKED;
	}
	/* The entry holds a reference; keep the page for the accounting below by another. */
	get_page(vmf->page);
	fault_dirty_shared_page(vmf);
	put_page(vmf->page);
	return ret & ~VM_FAULT_LOCKED;
}

vm_fault_t do_file_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	vm_fault_t ret;

	/* Where the OOM reaper took a private copy the file's page must not appear. */
	if (unlikely(!vma->vm_ops->fault || mm_is_unstable(vma->vm_mm)))
		return VM_FAULT_SIGBUS;
	if (!(vmf->flags & FAULT_FLAG_WRITE)) {
		count_fault(PFK_READ);
		ret = do_read_fault(vmf);
	} else if (!(vma->vm_flags & VM_SHARED)) {
		count_fault(PFK_COW_FILE);
		ret = do_cow_fault(vmf);
	} else {
		count_fault(PFK_SHARED);
		ret = do_shared_fault(vmf);
	}
	return ret & VM_FAULT_NOPAGE ? ret & ~VM_FAULT_NOPAGE : ret;
}
