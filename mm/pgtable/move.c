// SPDX-License-Identifier: MIT
/*
 * mremap: entries move from one address to another; pages keep node, index and counts. Whole tables are
 * handed over when both addresses and the length allow it, otherwise entry by entry under both locks.
 *
 * A walk of the reverse map could look at the new address before the entry arrives and at the old one after it
 * has left; with need_rmap_locks it is kept out by the lock that it holds (i_mmap_rwsem, root of anon_vma).
 * => mmap_lock held for writing, both VMAs write-locked.
 * Linux: mm/mremap.c move_page_tables.
 */
#include <base/bug.h>
#include <base/math.h>
#include <kernel/sched.h>
#include <seam/tlbflush.h>
#include <mm/address_space.h>
#include <mm/mmu_notifier.h>
#include <mm/pte_marker.h>
#include <mm/rmap.h>
#include <mm/swap.h>
#include <mm/userfaultfd.h>
#include <fs/file.h>
#include "pgtable_internal.h"

static void rmap_lock(struct vm_area_struct *vma)
{
	if (vma->vm_file)
		i_mmap_lock_write(vma->vm_file->f_mapping);
	if (vma->anon_vma)
		down_write(&vma->anon_vma->root->rwsem);
}

static void rmap_unlock(struct vm_area_struct *vma)
{
	if (vma->anon_vma)
		up_write(&vma->anon_vma->root->rwsem);
	if (vma->vm_file)
		i_mmap_unlock_write(vma->vm_file->f_mapping);
}

static pmd_t *find_pmd(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	pud_t *pud;

	if (pgd_none(pgdp_get(pgd)))
		return NULL;
	pud = pud_offset(pgd, addr);
	if (pud_none(pudp_get(pud)))
		return NULL;
	return pmd_none(pmdp_get(pmd_offset(pud, addr))) ? NULL : pmd_offset(pud, addr);
}

static pmd_t *alloc_pmd(struct mm_struct *mm, unsigned long addr)
{
	pud_t *pud = pud_alloc(mm, pgd_offset(mm, addr), addr);

	return pud ? pmd_alloc(mm, pud, addr) : NULL;
}

/* Hand a whole table over. False: the place is taken. */
static bool move_table(struct vm_area_struct *vma, unsigned long old_addr, pmd_t *old, pmd_t *new)
{
	struct mm_struct *mm = vma->vm_mm;
	pmd_t table = *old;
	bool done = false;

	spin_lock(&mm->page_table_lock);
	if (pmd_none(pmdp_get(new))) {
		spinlock_t *ptl = pte_lockptr(mm, old);

		spin_lock(ptl);
		pmd_clear(old);
		flush_tlb_mm_range(mm, old_addr, old_addr + PMD_SIZE, PAGE_SHIFT, true);
		set_pmd(new, table);
		spin_unlock(ptl);
		done = true;
	}
	spin_unlock(&mm->page_table_lock);
	return done;
}

/* An entry that is neither none nor present. */
static noinline void move_absent(struct vm_area_struct *vma, unsigned long addr, pte_t *pte,
				 pte_t moved)
{
	if (is_swap_pte(moved)) {
		moved = pte_swp_mksoft_dirty(moved);
		if (pte_swp_uffd_wp(moved) && !userfaultfd_wp(vma))
			moved = pte_swp_clear_uffd_wp(moved);
	} else if (pte_marker_uffd_wp(moved) && !userfaultfd_wp(vma)) {
		return;
	}
	set_pte_at(vma->vm_mm, addr, pte, moved);
}

static void move_ptes(struct vm_area_struct *vma, pmd_t *old_pmd, unsigned long old_addr,
		      unsigned long old_end, struct vm_area_struct *new_vma, pmd_t *new_pmd,
		      unsigned long new_addr)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long start = old_addr;
	spinlock_t *old_ptl, *new_ptl = pte_lockptr(mm, new_pmd);
	pte_t *old_pte = pte_offset_map_lock(mm, old_pmd, old_addr, &old_ptl), *new_pte, moved_pte;
	bool moved = false;

	if (!old_pte)
		return;
	new_pte = pte_offset_kernel(new_pmd, new_addr);
	/* Nobody else takes two: mmap_lock is held for writing. */
	if (new_ptl != old_ptl)
		spin_lock_nested(new_ptl, SINGLE_DEPTH_NESTING);
	flush_tlb_batched_pending(mm);
	for (; old_addr < old_end;
	     old_addr += PAGE_SIZE, new_addr += PAGE_SIZE, old_pte++, new_pte++) {
		if (pte_none(ptep_get(old_pte)))
			continue;
		moved = true;
		moved_pte = ptep_get_and_clear(mm, old_addr, old_pte);
		if (unlikely(!pte_present(moved_pte))) {
			move_absent(new_vma, new_addr, new_pte, moved_pte);
			continue;
		}
		if (unlikely(pte_uffd_wp(moved_pte)) && !userfaultfd_wp(new_vma))
			moved_pte = pte_clear_uffd_wp(moved_pte);
		/* Moved is written, for who asks about the new address. */
		set_pte_at(mm, new_addr, new_pte, pte_mksoft_dirty(moved_pte));
	}
	/* Before the locks go: a page could be unmapped and freed at the new address. */
	if (moved)
		flush_tlb_range(vma, start, old_end);
	if (new_ptl != old_ptl)
		spin_unlock(new_ptl);
	spin_unlock(old_ptl);
}

unsigned long move_page_tables(struct vm_area_struct *vma, unsigned long old_addr,
			       struct vm_area_struct *new_vma, unsigned long new_addr,
			       unsigned long len, bool need_rmap_locks)
{
	const unsigned long start = old_addr, end = old_addr + len;
	struct mm_struct *mm = vma->vm_mm;
	unsigned long next;

	mmu_notifier_invalidate_range_start(mm, MMU_NOTIFY_UNMAP, start, end);
	for (; old_addr < end; new_addr += next - old_addr, old_addr = next) {
		pmd_t *old_pmd, *new_pmd;

		cond_resched();
		next = min(pmd_addr_end(old_addr, end),
			   old_addr + (pmd_addr_end(new_addr, new_addr + PMD_SIZE) - new_addr));
		old_pmd = find_pmd(mm, old_addr);
		if (!old_pmd)
			continue;
		new_pmd = alloc_pmd(mm, new_addr);
		if (!new_pmd)
			break;
		/* A whole table at once, unless each entry has to be marked. */
		if (next - old_addr == PMD_SIZE && !pmd_leaf(pmdp_get(old_pmd)) &&
		    (new_vma->vm_flags & VM_SOFTDIRTY) && !vma->uffd) {
			bool done;

			rmap_lock(vma);
			done = move_table(vma, old_addr, old_pmd, new_pmd);
			rmap_unlock(vma);
			if (done)
				continue;
		}
		if (pte_alloc(mm, new_pmd))
			break;
		if (need_rmap_locks)
			rmap_lock(vma);
		move_ptes(vma, old_pmd, old_addr, next, new_vma, new_pmd, new_addr);
		if (need_rmap_locks)
			rmap_unlock(vma);
	}
	mmu_notifier_invalidate_range_end(mm, MMU_NOTIFY_UNMAP, start, end);
	return old_addr - start;
}
