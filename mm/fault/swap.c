// SPDX-License-Identifier: MIT
/*
 * [swap]: the entry names a slot. Its page is in the swap cache, or is read (a major fault); then the entry maps it.
 *
 *	exclusive	the entry said so, or our reference is the only one left: a write gets a writable entry at once
 *	otherwise	read-only; a write goes on as [reuse] or [copy] (cow.c)
 *
 * The slot loses a holder. The page stays in the swap cache, clean, so that it can go again without being written; unless swap is
 * more than half full, the memory is mlocked, or a write is about to make the slot worthless anyhow.
 *
 * The folio lock is held from before the entry is looked at again until it is set: it keeps the page in the cache, and makes
 * the first of those who map it the one who says where its reverse map begins: at this mm's node of the fork tree, or, of a page
 * that others may share, at the root (mm/rmap/anon_vma.c).
 *
 * A page that could not be read is not up to date: SIGBUS for whoever touches it, and for nobody else.
 * Linux 6.1: mm/memory.c do_swap_page. Observe: pswpin, pgmajfault, "swap" of /proc/mm/faults.
 */
#include <base/bug.h>
#include <kernel/task.h>
#include <mm/filemap.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/page.h>
#include <mm/page_flags.h>
#include <mm/rmap.h>
#include <mm/swap.h>
#include <mm/userfaultfd.h>
#include <mm/vmstat.h>
#include "fault_internal.h"
#include "../rmap/rmap_internal.h"

/* Whose @folio is, if nobody maps it: of @vma's address space (@exclusive), or of all that come from the same root. => locked */
static void set_owner(struct folio *folio, struct vm_area_struct *vma, unsigned long address,
		      bool exclusive)
{
	struct anon_vma *av = vma->vm_mm->anon_vma;

	if (folio_mapped(folio))
		return;
	folio->index = anon_page_index(vma, address);
	WRITE_ONCE(folio->mapping,
		   (void *)((unsigned long)(exclusive ? av : av->root) | PAGE_MAPPING_ANON));
}

pte_t swap_map_pte(struct vm_area_struct *vma, unsigned long address, pte_t *ptep,
		   struct folio *folio, bool exclusive)
{
	struct mm_struct *mm = vma->vm_mm;
	pte_t swp = ptep_get(ptep), entry = mk_pte(&folio->page, vma->vm_page_prot);

	anon_vma_prepare(vma);
	set_owner(folio, vma, address, exclusive);
	folio_add_anon_rmap_ptes(folio, &folio->page, 1, vma, address, exclusive);
	dec_mm_counter(mm, MM_SWAPENTS);
	inc_mm_counter(mm, MM_ANONPAGES);
	if (unlikely(vma->vm_flags & VM_LOCKED))
		mlock_page(&folio->page);
	if (pte_swp_soft_dirty(swp))
		entry = pte_mksoft_dirty(entry);
	if (unlikely(pte_swp_uffd_wp(swp)))
		entry = pte_mkuffd_wp(pte_wrprotect(entry));
	set_pte_at(mm, address, ptep, entry);
	return entry;
}

static bool should_free_swap(struct folio *folio, struct vm_fault *vmf)
{
	if (!folio_test_swapcache(folio))
		return false;
	/* Its slot is memory, too: no page is kept twice. */
	if (swap_slot_is_memory(folio_swap_entry(folio)))
		return true;
	if (vm_swap_full() || (vmf->vma->vm_flags & VM_LOCKED) || folio_test_mlocked(folio))
		return true;
	return (vmf->flags & FAULT_FLAG_WRITE) && folio_ref_count(folio) == 2;
}

/* => folio locked, the entry is the one we came for, its lock held; unlocks both. Our reference becomes the entry's. */
static vm_fault_t map_swapped(struct vm_fault *vmf, struct folio *folio, swp_entry_t entry)
{
	bool exclusive = pte_swp_exclusive(vmf->orig_pte);

	swap_free(entry);
	if (should_free_swap(folio, vmf)) {
		/* First, so that it never looks as if nobody had it: is_orphan() of mm/reclaim/lru.c. */
		set_owner(folio, vmf->vma, vmf->address, false);
		folio_free_swap(folio);
	}
	if (page_ref_is_last(&folio->page))
		exclusive = true;
	vmf->orig_pte = swap_map_pte(vmf->vma, vmf->address, vmf->pte, folio, exclusive);
	folio_unlock(folio);
	count_fault(PFK_SWAP);
	if (!(vmf->flags & FAULT_FLAG_WRITE)) {
		pte_unmap_unlock(vmf->pte, vmf->ptl);
		return 0;
	}
	return do_wp_page(vmf);
}

/* Is the entry still what it was? */
static bool is_unchanged(struct vm_fault *vmf)
{
	bool same;

	vmf_lock_pte(vmf);
	same = pte_same(ptep_get(vmf->pte), vmf->orig_pte);
	pte_unmap_unlock(vmf->pte, vmf->ptl);
	return same;
}

/* => a reference to @folio held; it goes, or becomes the entry's */
static vm_fault_t lock_and_map(struct vm_fault *vmf, struct folio *folio, swp_entry_t entry)
{
	vm_fault_t ret = 0;

	if (!folio_lock_or_retry(folio, vmf))
		return VM_FAULT_RETRY;
	if (!folio_is_swap(folio, entry)) /* evicted meanwhile: the access is tried again */
		goto out;
	vmf_lock_pte(vmf);
	if (!pte_same(ptep_get(vmf->pte), vmf->orig_pte))
		goto unlock;
	if (likely(folio_test_uptodate(folio)))
		return map_swapped(vmf, folio, entry);
	ret = VM_FAULT_SIGBUS;
unlock:
	pte_unmap_unlock(vmf->pte, vmf->ptl);
out:
	folio_unlock(folio);
	folio_put(folio);
	return ret;
}

/* The entry names a page that is nowhere, or no device. */
static vm_fault_t no_such_page(struct vm_fault *vmf, vm_fault_t error)
{
	if (!is_unchanged(vmf))
		return 0;
	if (error == VM_FAULT_SIGBUS)
		print_bad_pte(vmf->vma, vmf->address, vmf->orig_pte, NULL);
	return error;
}

vm_fault_t do_swap_page(struct vm_fault *vmf)
{
	swp_entry_t entry = pte_to_swp_entry(vmf->orig_pte);
	struct swap_info_struct *si;
	struct folio *folio;
	vm_fault_t ret = 0;

	if (pte_marker_error(vmf->orig_pte))
		return VM_FAULT_SIGBUS;
	si = is_swap_pte(vmf->orig_pte) ? get_swap_device(entry) : NULL;
	if (!si)
		return no_such_page(vmf, VM_FAULT_SIGBUS);
	folio = swap_cache_get_folio(entry);
	if (folio) {
		swap_readahead_hit(folio, vmf);
	} else {
		folio = swapin_readahead(entry, GFP_HIGHUSER_MOVABLE, vmf);
		if (folio) {
			count_vm_event(PGMAJFAULT);
			ret = VM_FAULT_MAJOR;
		}
	}
	if (folio)
		ret |= lock_and_map(vmf, folio, entry);
	else
		ret = no_such_page(vmf, VM_FAULT_OOM);
	put_swap_device(si);
	return ret;
}
