// SPDX-License-Identifier: MIT
/*
 * Map counts, and walks from a folio to the entries that map it.
 *
 * page->_mapcount counts the entries that map this very page (less one); a large folio also has the sum over its
 * pages. A map count is changed under the lock of the entry's table, with the entry.
 *
 *	anonymous	the node in page->mapping and the nodes below it: for each mm the address of the index, and
 *			the VMAs that were moved (mm/rmap/anon_vma.c)
 *	file		the interval tree of the mapping: every VMA that shows the index
 *
 * A walk holds the lock of the family or of the mapping for reading. For an anonymous candidate it takes the read lock
 * of the VMA without waiting; a VMA that is being changed is reported (contended) and the caller comes back.
 * Linux: mm/rmap.c, mm/page_vma_mapped.c.
 */
#include <base/bug.h>
#include <base/math.h>
#include <sync/rcu.h>
#include <mm/address_space.h>
#include <mm/filemap.h>
#include <mm/folio.h>
#include <mm/gup.h>
#include <mm/lru.h>
#include <mm/page.h>
#include <mm/page_idle.h>
#include <mm/pgalloc.h>
#include <mm/rmap.h>
#include <mm/swap.h>
#include <mm/vma_tree.h>
#include <seam/tlbflush.h>
#include "rmap_internal.h"

/* --- counts ------------------------------------------------------------------------------------------ */

void folio_add_new_anon_rmap(struct folio *folio, struct vm_area_struct *vma, unsigned long address)
{
	VM_BUG_ON_FOLIO(folio_test_large(folio), folio);
	page_init_anon(&folio->page, vma, address);
}

void folio_add_anon_rmap_ptes(struct folio *folio, struct page *page, int nr,
			      struct vm_area_struct *vma, unsigned long address, bool exclusive)
{
	struct mapped_delta delta = { 0 };

	for (; nr; nr--, page++) {
		page_map_count(&delta, folio, page, true);
		if (exclusive)
			SetPageAnonExclusive(page);
	}
	mapped_delta_post(&delta);
	if (unlikely(folio_test_swapcache(folio)))
		swap_cache_recount(folio);
}

void folio_add_file_rmap_ptes(struct folio *folio, struct page *page, int nr,
			      struct vm_area_struct *vma)
{
	struct mapped_delta delta = { 0 };

	for (; nr; nr--, page++)
		page_map_count(&delta, folio, page, false);
	mapped_delta_post(&delta);
}

void folio_remove_rmap_ptes(struct folio *folio, struct page *page, int nr,
			    struct vm_area_struct *vma)
{
	struct mapped_delta delta = { 0 };
	bool anon = folio_test_anon(folio);

	for (; nr; nr--, page++)
		page_unmap_count(&delta, page, anon);
	mapped_delta_post(&delta);
	if (unlikely(anon && folio_test_swapcache(folio)))
		swap_cache_recount(folio);
}

/* --- one VMA --------------------------------------------------------------------------------------------- */

bool page_vma_mapped_walk(struct page_vma_mapped_walk *pvmw)
{
	if (pvmw->pte) { /* go on behind the last hit */
		pte_unmap_unlock(pvmw->pte, pvmw->ptl);
		pvmw->pte = NULL;
		pvmw->address += PAGE_SIZE;
	}
	for (; pvmw->address < pvmw->end; pvmw->address += PAGE_SIZE) {
		pmd_t *pmd;
		pte_t val;

		rcu_read_lock();
		pvmw->pte = pte_find(pvmw->mm, pvmw->address, &pmd);
		if (pvmw->pte)
			pvmw->pte = pte_offset_map_lock(pvmw->mm, pmd, pvmw->address, &pvmw->ptl);
		rcu_read_unlock();
		if (!pvmw->pte)
			continue;
		val = ptep_get(pvmw->pte);
		if (pte_present(val) && pte_pfn(val) - pvmw->pfn < pvmw->nr_pages)
			return true;
		pte_unmap_unlock(pvmw->pte, pvmw->ptl);
		pvmw->pte = NULL;
	}
	return false;
}

void page_vma_mapped_walk_done(struct page_vma_mapped_walk *pvmw)
{
	if (pvmw->pte)
		pte_unmap_unlock(pvmw->pte, pvmw->ptl);
	pvmw->pte = NULL;
}

/* --- all VMAs ---------------------------------------------------------------------------------------------- */

/* One candidate: true to go on. */
static bool visit(struct folio *folio, struct vm_area_struct *vma, unsigned long addr,
		  struct rmap_walk_control *rwc)
{
	unsigned long end = min(vma->vm_end, addr + (folio_nr_pages(folio) << PAGE_SHIFT));
	bool go_on;

	if (rwc->event != MMU_NOTIFY_NONE)
		mmu_notifier_invalidate_range_start(vma->vm_mm, rwc->event, addr, end);
	go_on = rwc->rmap_one(folio, vma, addr, rwc->arg);
	if (rwc->event != MMU_NOTIFY_NONE)
		mmu_notifier_invalidate_range_end(vma->vm_mm, rwc->event, addr, end);
	if (!go_on)
		return false;
	return !rwc->done || !rwc->done(folio);
}

/* Does an entry of @mm at @addr map the folio (its first page; of a large one: might any of its pages)? */
static bool maps_at(struct folio *folio, struct mm_struct *mm, unsigned long addr)
{
	bool yes = folio_test_large(folio);
	pte_t *pte, val;

	if (yes)
		return true;
	rcu_read_lock();
	pte = pte_find(mm, addr, NULL);
	if (pte) {
		val = ptep_get(pte);
		yes = pte_present(val) && pte_pfn(val) == folio_pfn(folio);
	}
	rcu_read_unlock();
	return yes;
}

/* At home, in a VMA that was not moved there from elsewhere. True to go on. */
static bool visit_home(struct folio *folio, struct mm_struct *mm, struct rmap_walk_control *rwc)
{
	unsigned long home = folio_index(folio) << PAGE_SHIFT;
	struct vm_area_struct *vma;
	bool go_on;

	if (!maps_at(folio, mm, home))
		return true;
	vma = lock_vma_under_rcu(mm, home);
	if (!vma) {
		rwc->contended = true;
		return true;
	}
	go_on = vma->anon_shift || visit(folio, vma, home, rwc);
	vma_end_read(vma);
	return go_on;
}

static bool visit_moved(struct folio *folio, struct vm_area_struct *vma,
			struct rmap_walk_control *rwc)
{
	unsigned long first = folio_index(folio) + vma->anon_shift;
	unsigned long last = first + folio_nr_pages(folio) - 1, addr;
	bool go_on = true;

	if (!vma_start_read(vma->vm_mm, vma)) {
		rwc->contended = true;
		return true;
	}
	addr = max(vma->vm_start, first << PAGE_SHIFT);
	if (addr < vma->vm_end && addr <= last << PAGE_SHIFT)
		go_on = visit(folio, vma, addr, rwc);
	vma_end_read(vma);
	return go_on;
}

static bool visit_mm(struct folio *folio, struct mm_struct *mm, struct rmap_walk_control *rwc)
{
	struct list_head *pos;

	if (!visit_home(folio, mm, rwc))
		return false;
	list_for_each (pos, &mm->anon_moved)
		if (!visit_moved(folio, list_entry(pos, struct vm_area_struct, anon_moved), rwc))
			return false;
	return true;
}

/* The mms of one node. */
static bool visit_node(struct folio *folio, struct anon_vma *av, struct rmap_walk_control *rwc)
{
	struct list_head *pos;

	list_for_each (pos, &av->mms)
		if (!visit_mm(folio, list_entry(pos, struct mm_struct, anon_node), rwc))
			return false;
	return true;
}

/* The next node of the subtree below @top, in an order that visits parents first. */
static struct anon_vma *next_anon_vma(struct anon_vma *av, struct anon_vma *top)
{
	if (!list_empty(&av->children))
		return list_first_entry(&av->children, struct anon_vma, sibling);
	for (; av != top; av = av->parent)
		if (!list_is_last(&av->sibling, &av->parent->children))
			return list_next_entry(av, sibling);
	return NULL;
}

static bool rmap_walk_anon(struct folio *folio, struct rmap_walk_control *rwc)
{
	struct anon_vma *top = folio_raw_mapping(folio), *root, *av;
	bool complete = true;

	/*
	 * A mapped page keeps its node: some mm of the subtree maps it. The folio lock does not, so look
	 * again under the lock of the root.
	 */
	if (!top) /* read in, and not mapped yet */
		return true;
	rcu_read_lock();
	root = READ_ONCE(top->root);
	if (!folio_mapped(folio) || !down_read_trylock(&root->rwsem)) {
		rcu_read_unlock();
		rwc->contended = folio_mapped(folio);
		return !rwc->contended;
	}
	rcu_read_unlock();
	if (!folio_mapped(folio)) {
		up_read(&root->rwsem);
		return true;
	}
	for (av = top; av && complete; av = next_anon_vma(av, top))
		complete = visit_node(folio, av, rwc);
	up_read(&root->rwsem);
	return complete && !rwc->contended;
}

static bool rmap_walk_file(struct folio *folio, struct rmap_walk_control *rwc)
{
	struct address_space *mapping = folio_mapping(folio);
	pgoff_t first = folio_index(folio), last = first + folio_nr_pages(folio) - 1;
	struct vm_area_struct *vma;
	bool complete = true;

	if (!mapping)
		return true;
	if (rwc->try_lock) {
		if (!i_mmap_trylock_read(mapping)) {
			rwc->contended = true;
			return false;
		}
	} else {
		i_mmap_lock_read(mapping);
	}
	vma_interval_tree_foreach(vma, &mapping->i_mmap, first, last)
	{
		pgoff_t from = max(first, vma->vm_pgoff);
		unsigned long addr = vma->vm_start + ((from - vma->vm_pgoff) << PAGE_SHIFT);

		if (!visit(folio, vma, addr, rwc)) {
			complete = false;
			break;
		}
	}
	i_mmap_unlock_read(mapping);
	return complete;
}

bool rmap_walk(struct folio *folio, struct rmap_walk_control *rwc)
{
	rwc->contended = false;
	return folio_test_anon(folio) ? rmap_walk_anon(folio, rwc) : rmap_walk_file(folio, rwc);
}

/* --- users ------------------------------------------------------------------------------------------------- */

static struct page_vma_mapped_walk walk_of(struct folio *folio, struct vm_area_struct *vma,
					   unsigned long addr)
{
	unsigned long bytes = folio_nr_pages(folio) << PAGE_SHIFT;

	return (struct page_vma_mapped_walk){
		.pfn = folio_pfn(folio),
		.nr_pages = folio_nr_pages(folio),
		.mm = vma->vm_mm,
		.address = addr,
		.end = min(vma->vm_end, addr + bytes),
	};
}

static bool referenced_one(struct folio *folio, struct vm_area_struct *vma, unsigned long addr,
			   void *arg)
{
	struct page_vma_mapped_walk pvmw = walk_of(folio, vma, addr);
	struct folio_references *refs = arg;

	if (mmu_notifier_clear_flush_young(vma->vm_mm, pvmw.address, pvmw.end))
		refs->entries++;
	while (page_vma_mapped_walk(&pvmw)) {
		if (ptep_clear_flush_young(vma, pvmw.address, pvmw.pte)) {
			refs->entries++;
			refs->vm_flags |= vma->vm_flags & ~VM_LOCKED;
		}
		refs->vm_flags |= vma->vm_flags & VM_LOCKED;
	}
	return true;
}

bool folio_take_accessed(struct folio *folio, struct folio_references *refs)
{
	struct rmap_walk_control rwc = { .rmap_one = referenced_one,
					 .arg = refs,
					 .try_lock = !refs->wait };

	return rmap_walk(folio, &rwc);
}

int folio_referenced(struct folio *folio, unsigned long *vm_flags)
{
	struct folio_references refs = { 0 };

	folio_take_accessed(folio, &refs);
	if (refs.entries)
		folio_clear_idle(folio);
	if (vm_flags)
		*vm_flags = refs.vm_flags;
	return refs.entries + folio_test_clear_young(folio);
}

static bool mkclean_one(struct folio *folio, struct vm_area_struct *vma, unsigned long addr,
			void *arg)
{
	struct page_vma_mapped_walk pvmw = walk_of(folio, vma, addr);

	if (!(vma->vm_flags & VM_SHARED))
		return true;
	while (page_vma_mapped_walk(&pvmw)) {
		pte_t pte = ptep_get(pvmw.pte);

		if (!pte_dirty(pte) && !pte_write(pte))
			continue;
		pte = ptep_get_and_clear(vma->vm_mm, pvmw.address, pvmw.pte);
		flush_tlb_page(vma, pvmw.address);
		if (pte_dirty(pte))
			set_page_dirty(pte_page(pte));
		set_pte_at(vma->vm_mm, pvmw.address, pvmw.pte, pte_wrprotect(pte_mkclean(pte)));
	}
	return true;
}

void folio_mkclean(struct folio *folio)
{
	struct rmap_walk_control rwc = { .rmap_one = mkclean_one,
					 .event = MMU_NOTIFY_PROTECTION_PAGE };

	if (folio_mapped(folio) && folio_mapping(folio))
		rmap_walk(folio, &rwc);
}

/* ---- flushes ---- */

/* An entry of @mm was removed. => ptl held */
static void defer_flush(struct mm_struct *mm, struct unmap_batch *batch)
{
	arch_tlbbatch_add_mm(&batch->arch, mm);
	batch->pending = true;
	atomic_inc(&mm->unmaps_deferred);
}

void unmap_batch_flush(struct unmap_batch *batch)
{
	if (!batch->pending)
		return;
	arch_tlbbatch_flush(&batch->arch);
	batch->pending = false;
}

void flush_tlb_batched_pending(struct mm_struct *mm)
{
	int deferred = atomic_read(&mm->unmaps_deferred);

	/* A store by another one who came later may be lost: then somebody flushes once more. */
	if (likely(deferred == READ_ONCE(mm->unmaps_flushed)))
		return;
	flush_tlb_mm(mm);
	WRITE_ONCE(mm->unmaps_flushed, deferred);
}

static bool unmap_file_one(struct folio *folio, struct vm_area_struct *vma, unsigned long addr,
			   void *arg)
{
	struct page_vma_mapped_walk pvmw = walk_of(folio, vma, addr);
	struct mm_struct *mm = vma->vm_mm;
	struct unmap_batch *batch = arg;

	if (vma->vm_flags & VM_LOCKED)
		return true;
	while (page_vma_mapped_walk(&pvmw)) {
		pte_t pte = ptep_get_and_clear(mm, pvmw.address, pvmw.pte);
		struct page *page = pte_page(pte);

		defer_flush(mm, batch);
		if (pte_dirty(pte))
			set_page_dirty(page);
		update_hiwater_rss(mm);
		dec_mm_counter(mm, folio_test_swapbacked(folio) ? MM_SHMEMPAGES : MM_FILEPAGES);
		folio_remove_rmap_ptes(folio, page, 1, vma);
		folio_put(folio);
	}
	return true;
}

static bool folio_not_mapped(struct folio *folio)
{
	return !folio_mapped(folio);
}

bool try_to_unmap_file(struct folio *folio, struct unmap_batch *batch)
{
	struct rmap_walk_control rwc = { .rmap_one = unmap_file_one,
					 .arg = batch,
					 .event = MMU_NOTIFY_CLEAR,
					 .done = folio_not_mapped,
					 .try_lock = true };

	VM_BUG_ON_FOLIO(folio_test_anon(folio), folio);
	if (folio_mapped(folio))
		rmap_walk(folio, &rwc);
	return !folio_mapped(folio);
}

/* The entry of swap that takes the place of @pte. */
static pte_t swap_pte_of(swp_entry_t entry, pte_t pte, bool exclusive)
{
	pte_t swp = swp_entry_to_pte(entry);

	if (exclusive)
		swp = pte_swp_mkexclusive(swp);
	if (pte_soft_dirty(pte))
		swp = pte_swp_mksoft_dirty(swp);
	if (pte_uffd_wp(pte))
		swp = pte_swp_mkuffd_wp(swp);
	return swp;
}

static bool unmap_to_swap_one(struct folio *folio, struct vm_area_struct *vma, unsigned long addr,
			      void *arg)
{
	struct page_vma_mapped_walk pvmw = walk_of(folio, vma, addr);
	struct mm_struct *mm = vma->vm_mm;
	swp_entry_t entry = folio_swap_entry(folio);

	if (vma->vm_flags & VM_LOCKED)
		return false;
	while (page_vma_mapped_walk(&pvmw)) {
		pte_t pte = ptep_get_and_clear(mm, pvmw.address, pvmw.pte);
		bool exclusive = PageAnonExclusive(&folio->page);

		defer_flush(mm, arg);
		/* The entry first, then the references: a pin that was taken by the entry is seen. */
		smp_mb();
		if (exclusive && folio_maybe_dma_pinned(folio)) {
			set_pte_at(mm, pvmw.address, pvmw.pte, pte);
			page_vma_mapped_walk_done(&pvmw);
			return false;
		}
		if (exclusive)
			ClearPageAnonExclusive(&folio->page);
		if (pte_dirty(pte))
			folio_mark_dirty(folio);
		swap_duplicate(entry);
		set_pte_at(mm, pvmw.address, pvmw.pte, swap_pte_of(entry, pte, exclusive));
		update_hiwater_rss(mm);
		dec_mm_counter(mm, MM_ANONPAGES);
		inc_mm_counter(mm, MM_SWAPENTS);
		folio_remove_rmap_ptes(folio, &folio->page, 1, vma);
		folio_put(folio);
	}
	return true;
}

bool try_to_unmap_swap(struct folio *folio, struct unmap_batch *batch)
{
	struct rmap_walk_control rwc = { .rmap_one = unmap_to_swap_one,
					 .arg = batch,
					 .event = MMU_NOTIFY_CLEAR,
					 .done = folio_not_mapped,
					 .try_lock = true };

	VM_BUG_ON_FOLIO(!folio_test_swapcache(folio) || folio_test_large(folio), folio);
	rmap_walk(folio, &rwc);
	return !folio_mapped(folio);
}

struct unmap_lazyfree {
	struct unmap_batch *batch;
	bool wanted; /* again */
};

static bool unmap_lazyfree_one(struct folio *folio, struct vm_area_struct *vma, unsigned long addr,
			       void *arg)
{
	struct page_vma_mapped_walk pvmw = walk_of(folio, vma, addr);
	struct mm_struct *mm = vma->vm_mm;
	struct unmap_lazyfree *u = arg;

	while (page_vma_mapped_walk(&pvmw)) {
		pte_t pte = ptep_get_and_clear(mm, pvmw.address, pvmw.pte);

		defer_flush(mm, u->batch);
		/* The entry first, then the references: whoever took one by the entry is seen. */
		smp_mb();
		if (pte_dirty(pte) || folio_test_dirty(folio) ||
		    folio_ref_count(folio) != folio_mapcount(folio) + 1) {
			set_pte_at(mm, pvmw.address, pvmw.pte, pte);
			page_vma_mapped_walk_done(&pvmw);
			u->wanted = true;
			return false;
		}
		update_hiwater_rss(mm);
		dec_mm_counter(mm, MM_ANONPAGES);
		folio_remove_rmap_ptes(folio, &folio->page, 1, vma);
		folio_put(folio);
	}
	return true;
}

bool try_to_unmap_lazyfree(struct folio *folio, struct unmap_batch *batch)
{
	struct unmap_lazyfree u = { .batch = batch };
	struct rmap_walk_control rwc = { .rmap_one = unmap_lazyfree_one,
					 .event = MMU_NOTIFY_CLEAR,
					 .done = folio_not_mapped,
					 .arg = &u,
					 .try_lock = true };

	VM_BUG_ON_FOLIO(!folio_test_anon(folio) || folio_test_large(folio), folio);
	rmap_walk(folio, &rwc);
	if (u.wanted)
		folio_undo_lazyfree(folio);
	return !folio_mapped(folio);
}
