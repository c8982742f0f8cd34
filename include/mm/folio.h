/* SPDX-License-Identifier: MIT */
/*
 * struct folio: one or more (a power of two) pages that are managed as one; never a tail page.
 * It overlays the descriptors of its first pages. All code above the page allocator speaks of folios.
 */
#ifndef QUIRE_MM_FOLIO_H
#define QUIRE_MM_FOLIO_H

#include <mm/page.h>
#include <mm/page_flags.h>

struct folio {
	union {
		struct {
			u32 flags;
			atomic_t _refcount;
			atomic_t _mapcount;
			u32 private;
			struct address_space *mapping;	/* tagged: use folio_mapping() */
			unsigned long index;		/* offset in the mapping, in pages */
		};
		struct page page;
	};
	/* The first tail page; only of a large folio. */
	union {
		struct {
			u32 _flags_1;
			u32 __res_1;
			u32 __mapcount_1;
			u32 _order;			/* >= 1 */
			struct page *__head_1;
			atomic_t _large_mapcount;	/* entries that map any of its pages */
			atomic_t _pincount;
		};
		struct page __page_1;
	};
};
static_assert(sizeof(struct folio) == 2 * sizeof(struct page), "folio overlays pages");
static_assert(__builtin_offsetof(struct folio, _order) == 32 + 12, "order lies in private of page 1");

#define page_folio(p)		((struct folio *)compound_head(p))
#define folio_page(folio, n)	(&(folio)->page + (n))
#define folio_pfn(folio)	page_to_pfn(&(folio)->page)
#define virt_to_head_page(addr)	compound_head(virt_to_page(addr))
#define folio_address(folio)	page_address(&(folio)->page)
#define folio_page_idx(folio, p) ((p) - &(folio)->page)
#define folio_zone(folio)	page_zone(&(folio)->page)
#define folio_pgdat(folio)	page_pgdat(&(folio)->page)

static inline bool folio_test_large(const struct folio *folio)
{
	return folio_test_head(folio);
}

static inline unsigned int folio_order(const struct folio *folio)
{
	return folio_test_large(folio) ? folio->_order : 0;
}

static inline long folio_nr_pages(const struct folio *folio)
{
	return folio_test_large(folio) ? 1L << folio->_order : 1;
}

static inline size_t folio_size(const struct folio *folio)
{
	return PAGE_SIZE << folio_order(folio);
}

static inline unsigned int compound_order(const struct page *page)
{
	return PageHead(page) ? ((const struct folio *)page)->_order : 0;
}

#define compound_nr(page)	(1UL << compound_order(page))
#define page_size(page)		(PAGE_SIZE << compound_order(page))

/* ---- references ---- */
#define folio_ref_count(folio)	page_ref_count(&(folio)->page)

static inline void folio_get(struct folio *folio)
{
	VM_BUG_ON_PAGE(folio_ref_count(folio) <= 0, &folio->page);
	page_ref_inc(&folio->page);
}

static inline void folio_ref_add(struct folio *folio, int nr) { page_ref_add(&folio->page, nr); }
static inline void folio_ref_sub(struct folio *folio, int nr) { page_ref_sub(&folio->page, nr); }
static inline void folio_ref_inc(struct folio *folio) { page_ref_inc(&folio->page); }
static inline bool folio_ref_sub_and_test(struct folio *folio, int nr)
{
	return page_ref_sub_and_test(&folio->page, nr);
}
static inline bool folio_put_testzero(struct folio *folio) { return put_page_testzero(&folio->page); }
static inline bool folio_try_get(struct folio *folio) { return page_ref_add_unless_zero(&folio->page, 1); }
static inline bool folio_ref_freeze(struct folio *folio, int n) { return page_ref_freeze(&folio->page, n); }
static inline void folio_ref_unfreeze(struct folio *folio, int n) { page_ref_unfreeze(&folio->page, n); }

/* Free a folio whose last reference was dropped. Any context. */
void __folio_put(struct folio *folio);

static inline void folio_put(struct folio *folio)
{
	if (folio_put_testzero(folio))
		__folio_put(folio);
}

static inline void folio_put_refs(struct folio *folio, int refs)
{
	if (folio_ref_sub_and_test(folio, refs))
		__folio_put(folio);
}

static inline void get_page(struct page *page) { folio_get(page_folio(page)); }
static inline void put_page(struct page *page) { folio_put(page_folio(page)); }
static inline bool get_page_unless_zero(struct page *page) { return page_ref_add_unless_zero(page, 1); }
static inline int page_count(const struct page *page) { return page_ref_count(compound_head(page)); }
/* Drop one reference of each of @nr pages at @pages. */
void release_pages(struct page **pages, int nr);

/* ---- mapping and index ---- */
/* The page cache or swap cache that holds the folio; NULL of anonymous, slab and free ones. */
static inline struct address_space *folio_mapping(const struct folio *folio)
{
	unsigned long mapping = (unsigned long)READ_ONCE(folio->mapping);

	if (unlikely(folio_test_slab(folio)) || (mapping & PAGE_MAPPING_FLAGS))
		return NULL;
	return (struct address_space *)mapping;
}

/* The same without the tag: an anon_vma for an anonymous folio. */
static inline void *folio_raw_mapping(const struct folio *folio)
{
	return (void *)((unsigned long)folio->mapping & ~PAGE_MAPPING_FLAGS);
}

static inline unsigned long folio_index(const struct folio *folio)
{
	return folio->index;
}

#define folio_next_index(f)	((f)->index + folio_nr_pages(f))
#define folio_file_page(f, i)	folio_page(f, (i) & (folio_nr_pages(f) - 1))
#define folio_pos(f)		((loff_t)(f)->index << PAGE_SHIFT)

/* Offset of any page of a folio in its mapping. */
static inline unsigned long page_pgoff(const struct page *page)
{
	const struct folio *folio = page_folio(page);

	return folio->index + (page - &folio->page);
}
#define page_index(page)	page_pgoff(page)

/* ---- mapped into page tables ---- */
/* Page-table entries that map any page of the folio. */
static inline int folio_mapcount(const struct folio *folio)
{
	if (unlikely(folio_test_large(folio)))
		return atomic_read(&folio->_large_mapcount) + 1;
	return page_mapcount(&folio->page);
}

static inline bool folio_mapped(const struct folio *folio)
{
	return folio_mapcount(folio) > 0;
}

#define page_mapped(page)	folio_mapped(page_folio(page))
#define folio_has_private(f)	((READ_ONCE((f)->flags) & (1u << PG_private | 1u << PG_private_2)) != 0)

#if QUIRE_DEBUG
#define VM_BUG_ON_FOLIO(cond, folio)	VM_BUG_ON_PAGE(cond, &(folio)->page)
#else
#define VM_BUG_ON_FOLIO(cond, folio)	((void)sizeof((long)(cond)))
#endif

#endif
