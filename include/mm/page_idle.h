/* SPDX-License-Identifier: MIT */
/* Which pages were not used since user space asked: idle page tracking. Theory: mm/reclaim/page_idle.c. */
#ifndef QUIRE_MM_PAGE_IDLE_H
#define QUIRE_MM_PAGE_IDLE_H

#include <base/compiler.h>
#include <base/types.h>
#include <mm/folio.h>

#define PAGE_IDLE_CHUNK	64	/* frames told or asked about at once */

/* Is anybody tracking? Once true, for good. */
extern bool page_idle_on;

bool __folio_test_idle(const struct folio *folio);
void __folio_clear_idle(const struct folio *folio);
bool __folio_test_young(const struct folio *folio);
bool __folio_test_clear_young(const struct folio *folio);

static __always_inline bool folio_test_idle(const struct folio *folio)
{
	return unlikely(READ_ONCE(page_idle_on)) && __folio_test_idle(folio);
}

/* It is used, other than through a page table. Any context. */
static __always_inline void folio_clear_idle(const struct folio *folio)
{
	if (unlikely(READ_ONCE(page_idle_on)))
		__folio_clear_idle(folio);
}

/* Was it used, as an accessed bit told that tracking has cleared since? */
static __always_inline bool folio_test_young(const struct folio *folio)
{
	return unlikely(READ_ONCE(page_idle_on)) && __folio_test_young(folio);
}

static __always_inline bool folio_test_clear_young(const struct folio *folio)
{
	return unlikely(READ_ONCE(page_idle_on)) && __folio_test_clear_young(folio);
}

/* For the page allocator: these pages are being freed. => alloc_watched has ALLOC_WATCHED_IDLE */
void page_idle_freed(const struct page *page, unsigned int order);

/* Bit i: the page in frame @pfn + i is idle. May sleep. => @pfn a multiple of PAGE_IDLE_CHUNK */
u64 page_idle_read(unsigned long pfn);
/* Those pages are idle from now on. 0 or -ENOMEM. May sleep. */
int page_idle_mark(unsigned long pfn, u64 which);

#endif
