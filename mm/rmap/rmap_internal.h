/* SPDX-License-Identifier: MIT */
/* Map counts in bulk: loops over page tables collect the statistics and post them once. */
#ifndef QUIRE_MM_RMAP_INTERNAL_H
#define QUIRE_MM_RMAP_INTERNAL_H

#include <mm/page.h>
#include <mm/page_flags.h>
#include <mm/vmstat.h>

/* Pages that became mapped or unmapped, of one node at a time. */
struct mapped_delta {
	struct pglist_data *pgdat;
	long anon, file;
};

static inline void mapped_delta_post(struct mapped_delta *d)
{
	if (d->anon)
		mod_node_page_state(d->pgdat, NR_ANON_MAPPED, d->anon);
	if (d->file)
		mod_node_page_state(d->pgdat, NR_FILE_MAPPED, d->file);
	d->anon = d->file = 0;
}

static inline void mapped_delta_node(struct mapped_delta *d, struct page *page)
{
	struct pglist_data *pgdat = page_pgdat(page);

	if (unlikely(pgdat != d->pgdat)) {
		mapped_delta_post(d);
		d->pgdat = pgdat;
	}
}

/* One entry less (more) maps @page. */
static inline void page_unmap_count(struct mapped_delta *d, struct page *page, bool anon)
{
	if (atomic_add_negative(-1, &page->_mapcount)) {
		mapped_delta_node(d, page);
		if (anon)
			d->anon--;
		else
			d->file--;
	}
}

static inline void page_map_count_file(struct mapped_delta *d, struct page *page)
{
	if (atomic_inc_and_test(&page->_mapcount)) {
		mapped_delta_node(d, page);
		d->file++;
	}
}

#endif
