// SPDX-License-Identifier: MIT
/*
 * Unmapping: entries of a range are cleared, their pages leave the reverse map and the resident counts
 * and go into the gather; then the tables that nothing needs any more are unlinked.
 *
 * Per page: load, clear, map count, one pointer into the gather. Counts and the range to be flushed are
 * kept in registers and posted once per table.
 *
 * A shared page that was dirty in its entry is marked dirty at once; since another CPU could go on writing
 * through its TLB, such a table is flushed before its lock is dropped (otherwise writeback could clean the
 * page in between and lose the write).
 *
 * => Callers hold mmap_lock, or the VMA's read lock, or i_mmap_rwsem (truncate).
 * Linux: mm/memory.c zap_pte_range, free_pgd_range.
 */
#include <base/bug.h>
#include <base/math.h>
#include <sync/rcu.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <seam/tlbflush.h>
#include <mm/address_space.h>
#include <mm/filemap.h>
#include <mm/folio.h>
#include <mm/mmap.h>
#include <mm/mmu_notifier.h>
#include <mm/page.h>
#include <mm/page_flags.h>
#include <mm/pte_marker.h>
#include <mm/rmap.h>
#include <mm/swap.h>
#include <mm/userfaultfd.h>
#include "pgtable_internal.h"
#include "../rmap/rmap_internal.h"

void print_bad_pte(struct vm_area_struct *vma, unsigned long addr, pte_t pte, struct page *page)
{
	pr_alert("BUG: bad page table entry %016lx of address %lx, page %p, mm %p\n",
		 (unsigned long)pte_val(pte), addr, page, vma->vm_mm);
	pr_alert("vma [%lx-%lx) flags %lx pgoff %lx\n", vma->vm_start, vma->vm_end, vma->vm_flags,
		 vma->vm_pgoff);
}

static inline bool should_zap(struct zap_details *details, struct page *page)
{
	if (likely(!details))
		return true;
	if (details->single_folio && details->single_folio != page_folio(page))
		return false;
	return details->even_cows || !PageAnon(page);
}

static inline enum mm_counter mm_counter_file(struct page *page)
{
	return PageSwapBacked(page) ? MM_SHMEMPAGES : MM_FILEPAGES;
}

/* A file page leaves: its dirty and accessed bits go to the folio. True: flush under the lock. */
static bool zap_file_bits(struct vm_area_struct *vma, struct page *page, pte_t pte)
{
	bool dirty = pte_dirty(pte);

	if (dirty)
		set_page_dirty(page);
	if (pte_young(pte) && !(vma->vm_flags & (VM_SEQ_READ | VM_RAND_READ)))
		folio_mark_accessed(page_folio(page));
	return dirty;
}

/* How many of the @nr entries from @pte on are empty before the first that is not? Of @pte that is known. */
static inline unsigned long none_run(const pte_t *pte, unsigned long nr)
{
	unsigned long n = 1;

	while (n + 8 <= nr && !(pte_val(pte[n]) | pte_val(pte[n + 1]) | pte_val(pte[n + 2]) |
				pte_val(pte[n + 3]) | pte_val(pte[n + 4]) | pte_val(pte[n + 5]) |
				pte_val(pte[n + 6]) | pte_val(pte[n + 7])))
		n += 8;
	while (n < nr && pte_none(pte[n]))
		n++;
	return n;
}

/* Pages of a file go, but may come back: what the userfaultfd has protected stays so. */
static bool keeps_uffd_wp(struct vm_area_struct *vma, struct zap_details *details)
{
	return userfaultfd_wp(vma) && details && details->keep_markers;
}

/* An entry that is neither none nor present. */
static noinline void zap_absent(struct vm_area_struct *vma, unsigned long addr, pte_t *pte,
				pte_t ptent, struct zap_details *details, long *rss)
{
	if (is_swap_pte(ptent)) {
		if (details && (details->single_folio || !details->even_cows))
			return; /* a private copy */
		rss[MM_SWAPENTS]--;
		if (!free_swap_and_cache(pte_to_swp_entry(ptent)))
			print_bad_pte(vma, addr, ptent, NULL);
	} else if (pte_marker_uffd_wp(ptent)) {
		if (keeps_uffd_wp(vma, details))
			return;
	} else if (!pte_marker_error(ptent)) {
		print_bad_pte(vma, addr, ptent, NULL);
	}
	pte_clear(vma->vm_mm, addr, pte);
}

/* An anonymous page that is large, or in the swap cache, which has no use for it once nobody maps it. */
static noinline void zap_special_anon(struct mapped_delta *delta, struct page *page)
{
	page_unmap_count(delta, page, true);
	if (PageSwapCache(page)) {
		swap_cache_recount(page_folio(page));
		free_swap_cache(page_folio(page));
	}
}

/* Result: the address up to which was zapped; less than @end when the gather was full. It has room again. */
static unsigned long zap_pte_range(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmd,
				   unsigned long addr, unsigned long end,
				   struct zap_details *details)
{
	struct mm_struct *mm = vma->vm_mm;
	struct mapped_delta delta = { 0 };
	long rss[NR_MM_COUNTERS] = { 0 };
	unsigned long first = addr, cleared_from = ~0UL, cleared_to = 0;
	bool full = false, flush = false;
	long nr_anon = 0;
	const int fullmm = tlb->fullmm;
	spinlock_t *ptl;
	pte_t *pte;

	pte = pte_offset_map_lock(mm, pmd, first, &ptl);
	if (!pte)
		return end;
	flush_tlb_batched_pending(mm);
	for (; addr < end && !full; addr += PAGE_SIZE, pte++) {
		pte_t ptent = ptep_get(pte);
		struct page *page;

		if (pte_none(ptent)) {
			unsigned long more = none_run(pte, (end - addr) >> PAGE_SHIFT) - 1;

			addr += more << PAGE_SHIFT;
			pte += more;
			continue;
		}
		if (unlikely(!pte_present(ptent))) {
			zap_absent(vma, addr, pte, ptent, details, rss);
			continue;
		}
		page = vm_normal_page(vma, addr, ptent);
		if (page && !should_zap(details, page))
			continue;
		ptent = ptep_get_and_clear_full(mm, addr, pte, fullmm);
		if (cleared_from == ~0UL)
			cleared_from = addr;
		cleared_to = addr + PAGE_SIZE;
		if (!page)
			continue;
		if (unlikely(pte_uffd_wp(ptent)) && keeps_uffd_wp(vma, details) && !PageAnon(page))
			set_pte_at(mm, addr, pte, make_uffd_wp_marker());
		if (likely(page_is_small_anon(page))) {
			nr_anon++;
			if (atomic_add_negative(-1, &page->_mapcount)) {
				mapped_delta_zone(&delta, page);
				delta.anon--;
				/* It may have become a member since we looked. */
				if (unlikely(READ_ONCE(page->flags) & 1u << PG_swapcache))
					swap_cache_recount(page_folio(page));
			}
		} else if (PageAnon(page)) {
			nr_anon++;
			zap_special_anon(&delta, page);
		} else {
			flush |= zap_file_bits(vma, page, ptent);
			rss[mm_counter_file(page)]--;
			page_unmap_count(&delta, page, false);
		}
		full = tlb_remove_page(tlb, page);
	}
	rss[MM_ANONPAGES] = -nr_anon;
	for (int i = 0; i < NR_MM_COUNTERS; i++)
		if (rss[i])
			add_mm_counter(mm, i, rss[i]);
	mapped_delta_post(&delta);
	if (cleared_to)
		tlb_track(tlb, cleared_from, cleared_to);
	if (flush)
		tlb_flush_mmu_tlbonly(tlb);
	pte_unmap_unlock(pte, ptl);
	/* Also when the last entry filled it: the next page would have no place. */
	if (unlikely(full))
		tlb_flush_mmu(tlb);
	return addr;
}

static void zap_pmd_range(struct mmu_gather *tlb, struct vm_area_struct *vma, pud_t *pud,
			  unsigned long addr, unsigned long end, struct zap_details *details)
{
	pmd_t *pmd = pmd_offset(pud, addr);
	unsigned long next;

	for (; addr != end; addr = next, pmd++) {
		next = pmd_addr_end(addr, end);
		if (pmd_none(pmdp_get(pmd)))
			continue;
		while ((addr = zap_pte_range(tlb, vma, pmd, addr, next, details)) != next)
			;
		cond_resched();
	}
}

void unmap_page_range(struct mmu_gather *tlb, struct vm_area_struct *vma, unsigned long addr,
		      unsigned long end, struct zap_details *details)
{
	struct mm_struct *mm = vma->vm_mm;

	while (addr < end) {
		unsigned long next = pud_addr_end(addr, end);
		pgd_t *pgd = pgd_offset(mm, addr);
		pud_t *pud;

		if (pgd_none(pgdp_get(pgd))) {
			next = pgd_addr_end(addr, end);
		} else {
			pud = pud_offset(pgd, addr);
			if (!pud_none(pudp_get(pud)))
				zap_pmd_range(tlb, vma, pud, addr, next, details);
		}
		addr = next;
	}
}

void zap_range_gather(struct vm_area_struct *vma, unsigned long address, unsigned long size,
		      struct zap_details *details)
{
	struct mm_struct *mm = vma->vm_mm;
	struct mmu_gather tlb;

	mmu_notifier_invalidate_range_start(mm, MMU_NOTIFY_CLEAR, address, address + size);
	tlb_gather_mmu(&tlb, mm);
	update_hiwater_rss(mm);
	unmap_page_range(&tlb, vma, address, address + size, details);
	tlb_finish_mmu(&tlb);
	mmu_notifier_invalidate_range_end(mm, MMU_NOTIFY_CLEAR, address, address + size);
}

void zap_page_range_single(struct vm_area_struct *vma, unsigned long address, unsigned long size)
{
	struct zap_details may_return = { .even_cows = true, .keep_markers = true };

	zap_range_gather(vma, address, size, userfaultfd_wp(vma) ? &may_return : NULL);
}

/* --- tables ----------------------------------------------------------------------------------- */

/*
 * Which tables under one entry of an upper level may go? Those whose whole span lies between @floor and
 * @ceiling, the nearest addresses that something else still uses (0: the end of the space).
 */
static bool span_is_free(unsigned long start, unsigned long end, unsigned long floor,
			 unsigned long ceiling, unsigned long mask)
{
	start &= mask;
	if (start < floor)
		return false;
	if (ceiling) {
		ceiling &= mask;
		if (!ceiling)
			return false;
	}
	return end - 1 <= ceiling - 1;
}

static void free_table(struct mmu_gather *tlb, struct page *page, unsigned long addr)
{
	mm_dec_nr_ptes(tlb->mm);
	tlb_track(tlb, addr, addr + PAGE_SIZE);
	tlb_remove_table(tlb, page);
}

static void free_pmd_range(struct mmu_gather *tlb, pud_t *pud, unsigned long addr,
			   unsigned long end, unsigned long floor, unsigned long ceiling)
{
	unsigned long start = addr, next;
	pmd_t *pmd = pmd_offset(pud, addr);
	struct page *page;

	for (; addr != end; addr = next, pmd++) {
		next = pmd_addr_end(addr, end);
		if (pmd_none(pmdp_get(pmd)) || !span_is_free(addr, next, floor, ceiling, PMD_MASK))
			continue;
		page = pmd_page(pmdp_get(pmd));
		pmd_clear(pmd);
		free_table(tlb, page, addr);
	}
	if (!span_is_free(start, end, floor, ceiling, PUD_MASK))
		return;
	page = pud_page(pudp_get(pud));
	pud_clear(pud);
	free_table(tlb, page, start);
}

static void free_pud_range(struct mmu_gather *tlb, pgd_t *pgd, unsigned long addr,
			   unsigned long end, unsigned long floor, unsigned long ceiling)
{
	unsigned long start = addr, next;
	pud_t *pud = pud_offset(pgd, addr);
	struct page *page;

	for (; addr != end; addr = next, pud++) {
		next = pud_addr_end(addr, end);
		if (!pud_none(pudp_get(pud)))
			free_pmd_range(tlb, pud, addr, next, floor, ceiling);
	}
	if (!span_is_free(start, end, floor, ceiling, PGDIR_MASK))
		return;
	page = pgd_page(pgdp_get(pgd));
	pgd_clear(pgd);
	free_table(tlb, page, start);
}

void free_pgd_range(struct mmu_gather *tlb, unsigned long addr, unsigned long end,
		    unsigned long floor, unsigned long ceiling)
{
	unsigned long next;
	pgd_t *pgd;

	/* Widen to whole tables as far as nothing else is there; give up early when none can go. */
	addr &= PMD_MASK;
	if (addr < floor) {
		addr += PMD_SIZE;
		if (!addr)
			return;
	}
	if (ceiling) {
		ceiling &= PMD_MASK;
		if (!ceiling)
			return;
	}
	if (end - 1 > ceiling - 1)
		end -= PMD_SIZE;
	if (addr > end - 1)
		return;
	for (pgd = pgd_offset(tlb->mm, addr); addr != end; addr = next, pgd++) {
		next = pgd_addr_end(addr, end);
		if (!pgd_none(pgdp_get(pgd)))
			free_pud_range(tlb, pgd, addr, next, floor, ceiling);
	}
}

void free_pgtables(struct mmu_gather *tlb, struct vm_area_struct *vma, unsigned long floor,
		   unsigned long ceiling)
{
	while (vma) {
		unsigned long addr = vma->vm_start;
		struct vm_area_struct *next = vma->vm_next;

		/* Neighbours that may share a table are one range. */
		while (next && next->vm_start <= vma->vm_end + PMD_SIZE) {
			vma = next;
			next = vma->vm_next;
		}
		free_pgd_range(tlb, addr, vma->vm_end, floor, next ? next->vm_start : ceiling);
		vma = next;
	}
}

/* --- truncation ------------------------------------------------------------------------------- */

static void unmap_mapping_tree(struct address_space *mapping, pgoff_t first, pgoff_t last,
			       struct zap_details *details)
{
	struct vm_area_struct *vma;

	vma_interval_tree_foreach(vma, &mapping->i_mmap, first, last)
	{
		pgoff_t from = max(first, vma->vm_pgoff);
		pgoff_t to = min(last, vma->vm_pgoff + vma_pages(vma) - 1);

		zap_range_gather(vma, vma->vm_start + ((from - vma->vm_pgoff) << PAGE_SHIFT),
				 (to - from + 1) << PAGE_SHIFT, details);
	}
}

void unmap_mapping_pages(struct address_space *mapping, pgoff_t start, pgoff_t nr, bool even_cows)
{
	struct zap_details details = { .even_cows = even_cows, .keep_markers = !even_cows };
	pgoff_t last = start + nr - 1;

	if (last < start)
		last = ULONG_MAX;
	i_mmap_lock_read(mapping);
	if (!RB_EMPTY_ROOT(&mapping->i_mmap.rb_root))
		unmap_mapping_tree(mapping, start, last, &details);
	i_mmap_unlock_read(mapping);
}

void unmap_mapping_range(struct address_space *mapping, loff_t holebegin, loff_t holelen,
			 int even_cows)
{
	pgoff_t start = (pgoff_t)holebegin >> PAGE_SHIFT;
	pgoff_t nr = ((pgoff_t)holelen + PAGE_SIZE - 1) >> PAGE_SHIFT;

	unmap_mapping_pages(mapping, start, nr, even_cows);
}

void unmap_mapping_folio(struct folio *folio)
{
	struct address_space *mapping = folio_mapping(folio);
	struct zap_details details = { .single_folio = folio };
	pgoff_t first = folio_index(folio);

	if (!mapping)
		return;
	i_mmap_lock_read(mapping);
	unmap_mapping_tree(mapping, first, first + folio_nr_pages(folio) - 1, &details);
	i_mmap_unlock_read(mapping);
}
