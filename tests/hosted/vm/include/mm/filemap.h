/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: mm/filemap.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#include <mm/folio.h>
#include <base/types.h>
#define lock_page(p)	SetPageLocked(p)
#define unlock_page(p)	ClearPageLocked(p)
#define folio_lock(f)	folio_set_locked(f)
#define folio_unlock(f) folio_clear_locked(f)
bool folio_mark_dirty(struct folio *);
#define set_page_dirty(p)      folio_mark_dirty(page_folio(p))
#define set_page_dirty_lock(p) folio_mark_dirty(page_folio(p))
#define folio_mark_accessed(f) folio_set_referenced(f)
struct file;
struct address_space;
static inline struct folio *filemap_get_folio(struct address_space *m, pgoff_t i)
{
	return 0;
}
static inline int vfs_fadvise(struct file *f, loff_t a, loff_t b, int c)
{
	return 0;
}
