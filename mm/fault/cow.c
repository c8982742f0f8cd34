// SPDX-License-Identifier: MIT
/*
 * Write to a read-only entry of a writable VMA: copy, reuse, or tell the file.
 *
 *	private	[reuse]	the page is anonymous and exclusive, or only this entry still refers to it: make
 *			the entry writable. The page then belongs to this mm's node of the fork tree.
 *		[copy]	otherwise: a new page takes its place. The zero page is not copied but a page of
 *			zeroes is allocated.
 *	shared	[mkwrite] ->page_mkwrite may refuse or wait; then the page is dirty and the entry writable.
 *
 * FAULT_FLAG_UNSHARE (a pin wants to read): the same, but the entry stays read-only.
 *
 * Why one reference proves exclusiveness: every other user of an anonymous page (an entry, a pin, a walk of
 * the reverse map) holds one, and new ones can only come from an entry; the only entry's lock is ours.
 * Linux: mm/memory.c do_wp_page; the exclusive mark comes from Linux 5.19.
 */
#include <base/bug.h>
#include <base/errno.h>
#include <kernel/task.h>
#include <mm/address_space.h>
#include <mm/filemap.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/mmu_notifier.h>
#include <mm/page.h>
#include <mm/page_flags.h>
#include <mm/rmap.h>
#include <mm/swap.h>
#include <mm/userfaultfd.h>
#include <mm/vmstat.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <seam/tlbflush.h>
#include <seam/uaccess.h>
#include "fault_internal.h"
#include "../rmap/rmap_internal.h"

/* [reuse] => ptl held; unlocks */
static void wp_page_reuse(struct vm_fault *vmf)
{
	pte_t entry = maybe_mkwrite(pte_mkdirty(pte_mkyoung(vmf->orig_pte)), vmf->vma);

	ptep_set_access_flags(vmf->vma, vmf->address, vmf->pte, entry, 1);
	pte_unmap_unlock(vmf->pte, vmf->ptl);
	count_vm_event(PGREUSE);
}

/* Is our entry all that refers to the anonymous @page? Then it becomes exclusive. */
static bool wp_can_reuse_anon(struct vm_area_struct *vma, struct page *page)
{
	struct folio *folio = page_folio(page);

	if (PageAnonExclusive(page))
		return true;
	if (folio_test_large(folio))
		return false;
	if (unlikely(folio_test_swapcache(folio)) && folio_ref_count(folio) == 2 &&
	    folio_trylock(folio)) {
		folio_free_swap(folio); /* unless other entries name its slot */
		folio_unlock(folio);
	}
	if (!page_ref_is_last(&folio->page))
		return false;
	page_move_anon_rmap(page, vma);
	SetPageAnonExclusive(page);
	return true;
}

/* Fill @new from memory that has no struct page: by its user address. */
static bool copy_special(struct vm_fault *vmf, struct page *new)
{
	unsigned long left;

	if (vmf->vma->vm_mm != current->mm)
		return false;
	pagefault_disable();
	left = __copy_from_user_inatomic(page_address(new), (void __user *)vmf->address, PAGE_SIZE);
	pagefault_enable();
	return !left;
}

static void install_copy(struct vm_fault *vmf, struct page *old, struct page *new)
{
	struct vm_area_struct *vma = vmf->vma;
	struct mm_struct *mm = vma->vm_mm;
	pte_t entry = mk_pte(new, vma->vm_page_prot);

	if (!(vmf->flags & FAULT_FLAG_UNSHARE))
		entry = maybe_mkwrite(pte_mkdirty(entry), vma);
	else if (pte_soft_dirty(vmf->orig_pte))
		entry = pte_mksoft_dirty(entry);
	if (unlikely(pte_uffd_wp(vmf->orig_pte))) /* a pin reads: writes still ask */
		entry = pte_mkuffd_wp(entry);
	if (!old || !PageAnon(old)) {
		if (old)
			dec_mm_counter(mm, PageSwapBacked(old) ? MM_SHMEMPAGES : MM_FILEPAGES);
		inc_mm_counter(mm, MM_ANONPAGES);
	}
	page_init_anon(new, vma, vmf->address);
	if (unlikely(vma->vm_flags & VM_LOCKED))
		mlock_page(new);
	/* No CPU may write to the new page while another still reads the old one through its TLB. */
	ptep_get_and_clear(mm, vmf->address, vmf->pte);
	flush_tlb_page(vma, vmf->address);
	set_pte_at(mm, vmf->address, vmf->pte, entry);
	if (old)
		folio_remove_rmap_ptes(page_folio(old), old, 1, vma);
}

/* [copy] => ptl held; unlocks */
static vm_fault_t wp_page_copy(struct vm_fault *vmf, struct page *old)
{
	struct vm_area_struct *vma = vmf->vma;
	bool zero = !old && is_zero_pfn(pte_pfn(vmf->orig_pte));
	struct page *new;
	bool installed = false;

	if (old)
		get_page(old);
	pte_unmap_unlock(vmf->pte, vmf->ptl);

	new = alloc_page(GFP_HIGHUSER_MOVABLE | (zero ? __GFP_ZERO : 0));
	if (unlikely(!new)) {
		if (old)
			put_page(old);
		return VM_FAULT_OOM;
	}
	anon_vma_prepare(vma);
	if (old) {
		copy_page(page_address(new), page_address(old));
	} else if (!zero && !copy_special(vmf, new)) {
		__free_page(new);
		return VM_FAULT_SIGBUS;
	}
	mmu_notifier_invalidate_range_start(vma->vm_mm, MMU_NOTIFY_CLEAR, vmf->address,
					    vmf->address + PAGE_SIZE);
	vmf_lock_pte(vmf);
	if (likely(pte_same(ptep_get(vmf->pte), vmf->orig_pte))) {
		count_fault(PFK_COPY);
		install_copy(vmf, old, new);
		installed = true;
	}
	pte_unmap_unlock(vmf->pte, vmf->ptl);
	mmu_notifier_invalidate_range_end(vma->vm_mm, MMU_NOTIFY_CLEAR, vmf->address,
					  vmf->address + PAGE_SIZE);
	if (!installed)
		__free_page(new);
	else if (old) {
		if (unlikely(PageMlocked(old)))
			munlock_page(old, vma);
		if (unlikely(PageSwapCache(old)) && PageAnon(old))
			free_swap_cache(page_folio(old));
		put_page(old); /* the reference of the entry */
	}
	if (old)
		put_page(old);
	return 0;
}

/* --- shared ----------------------------------------------------------------------------------- */

vm_fault_t do_page_mkwrite(struct vm_fault *vmf)
{
	unsigned int old_flags = vmf->flags;
	vm_fault_t ret;

	vmf->flags = FAULT_FLAG_WRITE | FAULT_FLAG_MKWRITE | (old_flags & FAULT_FLAG_VMA_LOCK);
	ret = vmf->vma->vm_ops->page_mkwrite(vmf);
	vmf->flags = old_flags;
	if (unlikely(ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE)))
		return ret;
	if (unlikely(!(ret & VM_FAULT_LOCKED))) {
		struct folio *folio = page_folio(vmf->page);

		folio_lock(folio);
		if (!folio_mapping(folio)) { /* truncated */
			folio_unlock(folio);
			return 0;
		}
		ret |= VM_FAULT_LOCKED;
	}
	return ret;
}

vm_fault_t fault_dirty_shared_page(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct folio *folio = page_folio(vmf->page);
	bool mkwrite = vma->vm_ops && vma->vm_ops->page_mkwrite;

	set_page_dirty(vmf->page);
	folio_unlock(folio);
	if (!mkwrite)
		file_update_time(vma->vm_file);
	return 0;
}

/* [mkwrite] for frames without struct page => ptl held; unlocks */
static vm_fault_t wp_pfn_shared(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	vm_fault_t ret;

	if (vma->vm_ops && vma->vm_ops->pfn_mkwrite) {
		pte_unmap_unlock(vmf->pte, vmf->ptl);
		vmf->flags |= FAULT_FLAG_MKWRITE;
		ret = vma->vm_ops->pfn_mkwrite(vmf);
		if (ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE))
			return ret;
		vmf_lock_pte(vmf);
		if (!pte_same(ptep_get(vmf->pte), vmf->orig_pte)) {
			pte_unmap_unlock(vmf->pte, vmf->ptl);
			return 0;
		}
	}
	wp_page_reuse(vmf);
	return 0;
}

/* [mkwrite] => ptl held; unlocks */
static vm_fault_t wp_page_shared(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct page *page = vmf->page;
	vm_fault_t ret = 0;

	get_page(page);
	if (vma->vm_ops && vma->vm_ops->page_mkwrite) {
		pte_unmap_unlock(vmf->pte, vmf->ptl);
		ret = do_page_mkwrite(vmf);
		if (unlikely(!ret || (ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE)))) {
			put_page(page);
			return ret;
		}
		vmf_lock_pte(vmf);
		if (!pte_same(ptep_get(vmf->pte), vmf->orig_pte)) {
			pte_unmap_unlock(vmf->pte, vmf->ptl);
			unlock_page(page);
			put_page(page);
			return 0;
		}
		wp_page_reuse(vmf);
	} else {
		wp_page_reuse(vmf);
		lock_page(page);
	}
	ret &= ~VM_FAULT_LOCKED;
	ret |= fault_dirty_shared_page(vmf);
	put_page(page);
	return ret;
}

vm_fault_t do_wp_page(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct page *page = vm_normal_page(vma, vmf->address, vmf->orig_pte);

	if (unlikely(userfaultfd_pte_wp(vma, vmf->orig_pte)) &&
	    !(vmf->flags & FAULT_FLAG_UNSHARE)) {
		pte_unmap_unlock(vmf->pte, vmf->ptl);
		return handle_userfault(vmf, VM_UFFD_WP);
	}
	vmf->page = page;
	if (vma->vm_flags & (VM_SHARED | VM_MAYSHARE)) {
		count_fault(PFK_MKWRITE);
		return page ? wp_page_shared(vmf) : wp_pfn_shared(vmf);
	}
	if (page && PageAnon(page) && wp_can_reuse_anon(vma, page)) {
		if (vmf->flags & FAULT_FLAG_UNSHARE)
			pte_unmap_unlock(vmf->pte, vmf->ptl);
		else
			wp_page_reuse(vmf);
		count_fault(PFK_REUSE);
		return 0;
	}
	return wp_page_copy(vmf, page);
}
