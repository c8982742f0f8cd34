// SPDX-License-Identifier: MIT
/*
 * swapoff: every page of a device comes back to memory.
 *
 * The device gives out no slots any more. Then, until none is in use:
 *	0 every file of shmem that has pages on swap gets those of the device back (mm/shmem/swap.c)
 *	1 every address space is walked, and each entry of the device is replaced by its page, as a read fault would do it
 *	2 every slot is looked at: what is in the cache alone, because somebody had it locked when its last entry went, leaves it
 * Both again, since fork copies entries from an address space that is yet to be visited into one that has been (new ones are
 * behind on the list, but a walk may have passed them before their entries came), and since a fault that reads holds a page locked.
 *
 * An anonymous page that cannot be read becomes a marker: SIGBUS when it is touched (mm/pte_marker.h), as if the device had stayed.
 * So does a page of shmem, in the tree of its inode: EIO.
 * Locks: mmap_lock for reading of one address space at a time. Failure: -ENOMEM, -EINTR by a signal: the device is on as before.
 * Linux 6.1: mm/swapfile.c try_to_unuse.
 */
#include <base/errno.h>
#include <base/math.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <mm/filemap.h>
#include <mm/pgalloc.h>
#include <mm/rmap.h>
#include <mm/shmem.h>
#include <mm/vma.h>
#include <mm/vmstat.h>
#include "../fault/fault_internal.h"
#include "swap_internal.h"

/* => @folio locked, a reference held. True: the reference is the entry's now. */
static bool unuse_entry(struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr, pte_t old,
			struct folio *folio)
{
	swp_entry_t entry = pte_to_swp_entry(old);
	bool mapped = false;
	spinlock_t *ptl;
	pte_t *pte = pte_lock_kept(pmd, addr, &ptl);

	if (pte_same(ptep_get(pte), old)) {
		mapped = folio_test_uptodate(folio);
		if (mapped) {
			pte_t new = swap_map_pte(vma, addr, pte, folio, pte_swp_exclusive(old));

			set_pte_at(vma->vm_mm, addr, pte, pte_mkold(new));
		} else {
			set_pte_at(vma->vm_mm, addr, pte, make_error_marker());
			dec_mm_counter(vma->vm_mm, MM_SWAPENTS);
		}
		swap_free(entry);
	}
	pte_unmap_unlock(pte, ptl);
	return mapped;
}

static int unuse_pte(struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr, pte_t old)
{
	swp_entry_t entry = pte_to_swp_entry(old);
	struct folio *folio = swap_cache_get_folio(entry);
	bool mapped = false;

	if (!folio) {
		struct vm_fault vmf = { .vma = vma, .address = addr, .pmd = pmd };

		folio = swapin_readahead(entry, GFP_HIGHUSER_MOVABLE, &vmf);
	}
	if (!folio)
		return swap_count(entry) ? -ENOMEM : 0;
	folio_lock(folio);
	folio_wait_writeback(folio);
	if (folio_is_swap(folio, entry)) {
		mapped = unuse_entry(vma, pmd, addr, old, folio);
		folio_free_swap(folio);
	}
	folio_unlock(folio);
	if (!mapped)
		folio_put(folio);
	return 0;
}

static int unuse_vma(struct vm_area_struct *vma, struct swap_info_struct *si)
{
	for (unsigned long addr = vma->vm_start, next; addr < vma->vm_end; addr = next) {
		const pte_t *pte;
		pmd_t *pmd;

		next = pmd_addr_end(addr, vma->vm_end);
		pte = pte_find(vma->vm_mm, addr, &pmd);
		for (; pte && addr < next; addr += PAGE_SIZE, pte++) {
			pte_t val = READ_ONCE(*pte);
			int err;

			if (!is_swap_pte(val) || swp_type(pte_to_swp_entry(val)) != si->type)
				continue;
			err = unuse_pte(vma, pmd, addr, val);
			if (err)
				return err;
			cond_resched();
		}
		if (signal_pending(current))
			return -EINTR;
	}
	return 0;
}

static int unuse_mm(struct mm_struct *mm, struct swap_info_struct *si)
{
	int err = 0;

	mmap_read_lock(mm);
	for (struct vm_area_struct *vma = mm->mmap; vma && !err; vma = vma->vm_next)
		if (vma->anon_vma)
			err = unuse_vma(vma, si);
	mmap_read_unlock(mm);
	return err;
}

static int unuse_mms(struct swap_info_struct *si)
{
	struct mm_struct *mm = NULL;
	int err = 0;

	while (!err && atomic_long_read(&si->inuse_pages) &&
	       (mm = mmlist_next(mm, mmput)) != NULL) {
		if (get_mm_counter(mm, MM_SWAPENTS))
			err = unuse_mm(mm, si);
		cond_resched();
	}
	if (mm)
		mmput(mm);
	return err;
}

/* What is in the cache and nobody holds. */
static void unuse_cache(struct swap_info_struct *si)
{
	for (unsigned long offset = 1; offset < si->max && atomic_long_read(&si->inuse_pages);
	     offset++) {
		swap_slot_t *slot = swap_slot(si, offset);
		struct folio *folio;

		if (!slot) { /* nobody has used the cluster */
			offset |= CLUSTER_SLOTS - 1;
			continue;
		}
		if (!slot_pfn(READ_ONCE(*slot)))
			continue;
		folio = swap_cache_get_folio(swp_entry(si->type, offset));
		if (!folio)
			continue;
		folio_lock(folio);
		folio_wait_writeback(folio);
		if (folio_is_swap(folio, swp_entry(si->type, offset)))
			folio_free_swap(folio);
		folio_unlock(folio);
		folio_put(folio);
		cond_resched();
	}
}

int try_to_unuse(struct swap_info_struct *si)
{
	while (atomic_long_read(&si->inuse_pages)) {
		int err = shmem_unuse(si->type);

		if (!err)
			err = unuse_mms(si);

		if (err)
			return err;
		unuse_cache(si);
		if (signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}
