/* SPDX-License-Identifier: MIT */
/* Map counts in bulk: loops over page tables collect the statistics and post them once. */
#ifndef QUIRE_MM_RMAP_INTERNAL_H
#define QUIRE_MM_RMAP_INTERNAL_H

#include <mm/folio.h>
#include <mm/page.h>
#include <mm/page_flags.h>
#include <mm/trace_pagemap.h>
#include <mm/vmstat.h>
#include <mm/vma.h>

/* Pages that became mapped or unmapped, of one zone at a time. */
struct mapped_delta {
	struct zone *zone;
	long anon, file;
};

static inline void mapped_delta_post(struct mapped_delta *d)
{
	if (d->anon)
		mod_zone_page_state(d->zone, NR_ZONE_ANON_MAPPED, d->anon);
	if (d->file)
		mod_node_page_state(zone_pgdat(d->zone), NR_FILE_MAPPED, d->file);
	d->anon = d->file = 0;
}

static inline void mapped_delta_zone(struct mapped_delta *d, struct page *page)
{
	struct zone *zone = page_zone(page);

	if (unlikely(zone != d->zone)) {
		mapped_delta_post(d);
		d->zone = zone;
	}
}

/*
 * Is @page an anonymous page of order 0, and not in the swap cache? One load each of flags and mapping; the case to be quick
 * in. (PG_checked, which is the same bit, is of file pages.)
 */
static __always_inline bool page_is_small_anon(const struct page *page)
{
	const u32 special = 1u << PG_head | 1u << PG_tail | 1u << PG_swapcache;

	return ((unsigned long)READ_ONCE(page->mapping) & PAGE_MAPPING_ANON) &&
	       !(READ_ONCE(page->flags) & special);
}

/* One entry less maps @page. */
static inline void page_unmap_count(struct mapped_delta *d, struct page *page, bool anon)
{
	if (unlikely(PageCompound(page)))
		atomic_dec(&page_folio(page)->_large_mapcount);
	if (atomic_add_negative(-1, &page->_mapcount)) {
		mapped_delta_zone(d, page);
		if (anon)
			d->anon--;
		else
			d->file--;
	}
}

/* One entry more maps @page. */
static inline void page_map_count(struct mapped_delta *d, struct folio *folio, struct page *page, bool anon)
{
	if (unlikely(folio_test_large(folio)))
		atomic_inc(&folio->_large_mapcount);
	if (atomic_inc_and_test(&page->_mapcount)) {
		mapped_delta_zone(d, page);
		if (anon)
			d->anon++;
		else
			d->file++;
	}
}

/*
 * A fresh page, that nobody else knows, becomes the anonymous page of @vma at @address: exclusive,
 * mapped once, of this mm's node, in the class of inactive anonymous pages. Plain stores do; those of the flags come
 * last, since from PG_lru on reclaim may find the page.
 */
static inline void page_init_anon(struct page *page, struct vm_area_struct *vma,
				  unsigned long address)
{
	const u32 flags = 1u << PG_uptodate | 1u << PG_swapbacked | 1u << PG_anon_exclusive | 1u << PG_lru;

	atomic_set(&page->_mapcount, 0);
	page->mapping = (void *)((unsigned long)vma->vm_mm->anon_vma | PAGE_MAPPING_ANON);
	page->index = anon_page_index(vma, address);
	smp_store_release(&page->flags, READ_ONCE(page->flags) | flags);
	mod_zone_page_state(page_zone(page), NR_ZONE_ANON_MAPPED, 1);
	trace_mm_lru_insertion((struct folio *)page);
}

/* The last owner takes the page over. => folio has one reference, ptl of its entry held */
static inline void page_move_anon_rmap(struct page *page, struct vm_area_struct *vma)
{
	WRITE_ONCE(page->mapping, (void *)((unsigned long)vma->vm_mm->anon_vma | PAGE_MAPPING_ANON));
}

#endif
