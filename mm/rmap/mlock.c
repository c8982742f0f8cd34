// SPDX-License-Identifier: MIT
/*
 * PG_mlocked: this page is mapped by a VMA with VM_LOCKED. It is set where a page becomes mapped in such a VMA
 * (fault) or is found there (mlock), and cleared when the last such VMA lets go of it: munlock, unmapping, copy on
 * write. A page that another VMA still maps is looked up in the reverse map for that; a VMA that is being changed at
 * that moment counts as not locked. A page that is freed while it is still marked is uncounted by the page allocator.
 *
 * Invariant: Mlocked of /proc/meminfo = number of marked pages.
 * Linux: mm/mlock.c (a count in the page instead of the look-up). Observe: Mlocked, nr_mlock, unevictable_pgs_mlocked.
 */
#include <mm/filemap.h>
#include <mm/folio.h>
#include <mm/page.h>
#include <mm/page_flags.h>
#include <mm/rmap.h>
#include <mm/vmstat.h>
#include "rmap_internal.h"

void mlock_page(struct page *page)
{
	page = compound_head(page);
	if (TestSetPageMlocked(page))
		return;
	mod_zone_page_state(page_zone(page), NR_MLOCK, folio_nr_pages(page_folio(page)));
	count_vm_event(UNEVICTABLE_PGMLOCKED);
	folio_check_move_unevictable(page_folio(page));
}

static void clear_mlocked(struct page *page)
{
	if (!TestClearPageMlocked(page))
		return;
	mod_zone_page_state(page_zone(page), NR_MLOCK, -(long)folio_nr_pages(page_folio(page)));
	count_vm_event(UNEVICTABLE_PGMUNLOCKED);
	folio_check_move_unevictable(page_folio(page));
}

bool munlock_page_alone(struct page *page)
{
	page = compound_head(page);
	if (!PageMlocked(page))
		return true;
	if (PageCompound(page) || page_mapcount(page) > 1)
		return false;
	clear_mlocked(page);
	return true;
}

struct locked_search {
	const struct vm_area_struct *leaver;
	bool found;
};

static bool locked_one(struct folio *folio, struct vm_area_struct *vma, unsigned long addr,
		       void *arg)
{
	struct page_vma_mapped_walk pvmw = { .pfn = folio_pfn(folio),
					     .nr_pages = folio_nr_pages(folio),
					     .mm = vma->vm_mm,
					     .address = addr,
					     .end = addr + PAGE_SIZE };
	struct locked_search *s = arg;

	if (vma == s->leaver || !(READ_ONCE(vma->vm_flags) & VM_LOCKED))
		return true;
	s->found =
		page_vma_mapped_walk(&pvmw); /* a file's VMA may show the page without mapping it */
	page_vma_mapped_walk_done(&pvmw);
	return !s->found;
}

void munlock_page(struct page *page, const struct vm_area_struct *leaver)
{
	struct locked_search s = { .leaver = leaver };
	struct rmap_walk_control rwc = { .rmap_one = locked_one, .arg = &s };
	struct folio *folio = page_folio(page);

	if (!folio_test_mlocked(folio))
		return;
	folio_lock(folio);
	if (folio_mapped(folio))
		rmap_walk(folio, &rwc);
	if (!s.found)
		clear_mlocked(&folio->page);
	folio_unlock(folio);
}
