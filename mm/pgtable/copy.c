// SPDX-License-Identifier: MIT
/*
 * fork: the entries of a range of the parent go into the child's tables.
 *
 * Private writable memory becomes read-only on both sides (copy on write); an anonymous page loses its
 * "exclusive" mark, unless somebody has pinned it: then the child gets a copy at once, so that the pin and
 * the parent keep seeing the same page. Memory that faults can find again (files without private copies)
 * is not copied at all.
 *
 * A whole table is done under one pair of locks; counts are posted per table. When a copy needs a page,
 * the locks are dropped, the page is allocated, and the table goes on where it stopped.
 *
 * => Both mmap_locks are held for writing; the child is in the anon_vma family and in the file's
 *    interval tree already, behind the parent (see mm/rmap/anon_vma.c).
 * Failure: -ENOMEM; what was copied is unmapped with the child.
 * Linux: mm/memory.c copy_page_range.
 */
#include <base/bug.h>
#include <base/errno.h>
#include <kernel/sched.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/gup.h>
#include <mm/mmu_notifier.h>
#include <mm/page.h>
#include <mm/page_flags.h>
#include <mm/pte_marker.h>
#include <mm/rmap.h>
#include <mm/swap.h>
#include <mm/userfaultfd.h>
#include "pgtable_internal.h"
#include "../rmap/rmap_internal.h"

struct copy_state {
	struct vm_area_struct *dst, *src;
	struct folio *prealloc; /* for a pinned page */
	bool cow;
	bool wrprotected; /* the parent lost write access: flush */
};

/* The child needs its own copy of @page: use the reserved page, or ask for one (-EAGAIN). */
static int copy_pinned(struct copy_state *cs, pte_t *dst_pte, struct page *page, unsigned long addr)
{
	struct folio *new = cs->prealloc;
	pte_t pte;

	if (!new)
		return -EAGAIN;
	cs->prealloc = NULL;
	copy_page(folio_address(new), page_address(page));
	__folio_mark_uptodate(new);
	folio_add_new_anon_rmap(new, cs->dst, addr);
	pte = pte_mkdirty(mk_pte(folio_page(new, 0), cs->dst->vm_page_prot));
	if (cs->dst->vm_flags & VM_WRITE)
		pte = pte_mkwrite(pte);
	set_pte_at(cs->dst->vm_mm, addr, dst_pte, pte);
	return 0;
}

/*
 * The common case in few instructions: entries that map anonymous pages of order 0, one after the other. Each page gets
 * a further entry and reference, is exclusive no more, and its entries become read-only. Such a page is mapped
 * already, so that no statistic changes. Stops at the first entry that is something else, or a page that may be pinned.
 * Return: number of entries copied; *@wrprotected is set when an entry lost write access.
 */
static noinline unsigned int copy_anon_run(pte_t *dst_pte, pte_t *src_pte, unsigned int nr,
					   bool *wrprotected)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		pteval_t val = pte_val(ptep_get(src_pte + i));
		struct page *page;
		u32 flags;

		if ((val & (_PAGE_PRESENT | _PAGE_SPECIAL | _PAGE_UFFD_WP)) != _PAGE_PRESENT)
			break;
		page = pte_page(__pte(val));
		flags = READ_ONCE(page->flags);
		if (!((unsigned long)page->mapping & PAGE_MAPPING_ANON) ||
		    (flags & (1u << PG_head | 1u << PG_tail)))
			break;
		if (flags & 1u << PG_anon_exclusive) {
			if (unlikely((unsigned int)page_ref_count(page) >= GUP_PIN_COUNTING_BIAS))
				break;
			ClearPageAnonExclusive(page);
		}
		atomic_inc(&page->_mapcount);
		page_ref_inc(page);
		if (val & _PAGE_RW) {
			ptep_set_wrprotect(NULL, 0, src_pte + i);
			*wrprotected = true;
		}
		set_pte(dst_pte + i, __pte(val & ~(_PAGE_RW | _PAGE_ACCESSED)));
	}
	return i;
}

/* An entry that is neither none nor present. */
static noinline void copy_absent(struct copy_state *cs, pte_t *dst_pte, pte_t *src_pte,
				 unsigned long addr, long *rss)
{
	pte_t pte = ptep_get(src_pte);

	if (is_swap_pte(pte)) {
		swap_duplicate(pte_to_swp_entry(pte));
		rss[MM_SWAPENTS]++;
		if (pte_swp_exclusive(pte)) {
			pte = pte_swp_clear_exclusive(pte);
			set_pte_at(cs->src->vm_mm, addr, src_pte, pte);
		}
		if (pte_swp_uffd_wp(pte) && !userfaultfd_wp(cs->dst))
			pte = pte_swp_clear_uffd_wp(pte);
	} else if (pte_marker_uffd_wp(pte)) {
		if (!userfaultfd_wp(cs->dst))
			return;
	} else if (!pte_marker_error(pte)) {
		print_bad_pte(cs->src, addr, pte, NULL);
		return;
	}
	set_pte_at(cs->dst->vm_mm, addr, dst_pte, pte);
}

/* Entries of one table from *@addr on. 0, or -EAGAIN with *@addr where a page is needed. */
static int copy_ptes(struct copy_state *cs, pte_t *dst_pte, pte_t *src_pte, unsigned long *addr,
		     unsigned long end)
{
	struct mm_struct *src_mm = cs->src->vm_mm, *dst_mm = cs->dst->vm_mm;
	struct mapped_delta delta = { 0 };
	long rss[NR_MM_COUNTERS] = { 0 };
	const bool shared = cs->src->vm_flags & VM_SHARED;
	unsigned long a = *addr;
	long nr_anon = 0;
	int err = 0;

	for (; a != end; a += PAGE_SIZE, src_pte++, dst_pte++) {
		pte_t pte = ptep_get(src_pte);
		struct page *page;

		if (pte_none(pte))
			continue;
		if (likely(cs->cow)) {
			unsigned int run = copy_anon_run(dst_pte, src_pte, (end - a) >> PAGE_SHIFT,
							 &cs->wrprotected);

			if (run) {
				nr_anon += run--;
				a += run * PAGE_SIZE;
				src_pte += run;
				dst_pte += run;
				continue;
			}
		}
		if (unlikely(!pte_present(pte))) {
			copy_absent(cs, dst_pte, src_pte, a, rss);
			continue;
		}
		page = vm_normal_page(cs->src, a, pte);
		if (page) {
			struct folio *folio = page_folio(page);

			if (PageAnon(page)) {
				if (PageAnonExclusive(page)) {
					if (unlikely(folio_maybe_dma_pinned(folio))) {
						err = copy_pinned(cs, dst_pte, page, a);
						if (err)
							break;
						nr_anon++;
						continue;
					}
					ClearPageAnonExclusive(page);
				}
				page_map_count(&delta, folio, page, true);
				nr_anon++;
			} else {
				page_map_count(&delta, folio, page, false);
				rss[PageSwapBacked(page) ? MM_SHMEMPAGES : MM_FILEPAGES]++;
			}
			folio_get(folio);
		}
		if (cs->cow && pte_write(pte)) {
			ptep_set_wrprotect(src_mm, a, src_pte);
			pte = pte_wrprotect(pte);
			cs->wrprotected = true;
		}
		if (shared)
			pte = pte_mkclean(pte);
		if (unlikely(pte_uffd_wp(pte)) && !userfaultfd_wp(cs->dst))
			pte = pte_clear_uffd_wp(pte);
		set_pte_at(dst_mm, a, dst_pte, pte_mkold(pte));
	}
	rss[MM_ANONPAGES] = nr_anon;
	for (int i = 0; i < NR_MM_COUNTERS; i++)
		if (rss[i])
			add_mm_counter(dst_mm, i, rss[i]);
	mapped_delta_post(&delta);
	*addr = a;
	return err;
}

static int copy_pte_range(struct copy_state *cs, pmd_t *dst_pmd, pmd_t *src_pmd, unsigned long addr,
			  unsigned long end)
{
	spinlock_t *src_ptl, *dst_ptl;
	pte_t *src_pte, *dst_pte;
	int err;

	do {
		if (pte_alloc(cs->dst->vm_mm, dst_pmd))
			return -ENOMEM;
		dst_pte = pte_offset_map_lock(cs->dst->vm_mm, dst_pmd, addr, &dst_ptl);
		if (!dst_pte)
			return -ENOMEM;
		src_ptl = pte_lockptr(cs->src->vm_mm, src_pmd);
		src_pte = pte_offset_kernel(src_pmd, addr);
		spin_lock_nested(src_ptl, SINGLE_DEPTH_NESTING);
		err = copy_ptes(cs, dst_pte, src_pte, &addr, end);
		spin_unlock(src_ptl);
		pte_unmap_unlock(dst_pte, dst_ptl);
		if (err) {
			cs->prealloc =
				vma_alloc_folio(GFP_HIGHUSER_MOVABLE, 0, cs->dst, addr, false);
			if (!cs->prealloc)
				return -ENOMEM;
		}
		cond_resched();
	} while (err);
	return 0;
}

static int copy_pmd_range(struct copy_state *cs, pud_t *dst_pud, pud_t *src_pud, unsigned long addr,
			  unsigned long end)
{
	pmd_t *dst = pmd_alloc(cs->dst->vm_mm, dst_pud, addr), *src;
	unsigned long next;

	if (!dst)
		return -ENOMEM;
	src = pmd_offset(src_pud, addr);
	for (; addr != end; addr = next, dst++, src++) {
		next = pmd_addr_end(addr, end);
		if (!pmd_none(pmdp_get(src)) && copy_pte_range(cs, dst, src, addr, next))
			return -ENOMEM;
	}
	return 0;
}

static int copy_pud_range(struct copy_state *cs, pgd_t *dst_pgd, pgd_t *src_pgd, unsigned long addr,
			  unsigned long end)
{
	pud_t *dst = pud_alloc(cs->dst->vm_mm, dst_pgd, addr), *src;
	unsigned long next;

	if (!dst)
		return -ENOMEM;
	src = pud_offset(src_pgd, addr);
	for (; addr != end; addr = next, dst++, src++) {
		next = pud_addr_end(addr, end);
		if (!pud_none(pudp_get(src)) && copy_pmd_range(cs, dst, src, addr, next))
			return -ENOMEM;
	}
	return 0;
}

/* Must entries be copied, or will faults find the pages again? */
static bool vma_needs_copy(struct vm_area_struct *dst, struct vm_area_struct *src)
{
	return src->anon_vma || (src->vm_flags & (VM_PFNMAP | VM_MIXEDMAP)) || userfaultfd_wp(dst);
}

/* Return: 0, 1 when the parent's TLB must be flushed, or -ENOMEM. */
int copy_page_range(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma)
{
	struct copy_state cs = { .dst = dst_vma,
				 .src = src_vma,
				 .cow = is_cow_mapping(src_vma->vm_flags) };
	const unsigned long start = src_vma->vm_start, end = src_vma->vm_end;
	unsigned long addr = start, next;
	pgd_t *dst, *src;
	int err = 0;

	if (!vma_needs_copy(dst_vma, src_vma))
		return 0;
	if (cs.cow)
		mmu_notifier_invalidate_range_start(src_vma->vm_mm, MMU_NOTIFY_PROTECTION_PAGE,
						    start, end);
	dst = pgd_offset(dst_vma->vm_mm, addr);
	src = pgd_offset(src_vma->vm_mm, addr);
	for (; addr != end && !err; addr = next, dst++, src++) {
		next = pgd_addr_end(addr, end);
		if (!pgd_none(pgdp_get(src)))
			err = copy_pud_range(&cs, dst, src, addr, next);
	}
	if (cs.cow)
		mmu_notifier_invalidate_range_end(src_vma->vm_mm, MMU_NOTIFY_PROTECTION_PAGE, start,
						  end);
	if (cs.prealloc)
		folio_put(cs.prealloc);
	return err ? err : cs.wrprotected;
}
