/* SPDX-License-Identifier: MIT */
/*
 * The 24 flags of a page. Names and meanings are Linux's; /proc/kpageflags is derived from them.
 * PageX(page) asks, SetPageX and ClearPageX are atomic, __SetPageX and __ClearPageX are not (for a page
 * that nobody else can see). The folio_ forms speak of the head of a folio.
 *
 * Deliberate difference: PG_tail is a flag, and the head of a tail page stands in its mapping; so
 * compound_head() is a test of one bit in a word that the caller looks at anyway.
 */
#ifndef QUIRE_MM_PAGE_FLAGS_H
#define QUIRE_MM_PAGE_FLAGS_H

#include <seam/barrier.h>
#include <mm/page.h>

enum pageflags {
	PG_locked,		/* exclusive use: I/O, truncation; see folio_lock() */
	PG_referenced,
	PG_uptodate,		/* the contents are valid */
	PG_dirty,
	PG_lru,
	PG_active,
	PG_workingset,
	PG_waiters,		/* somebody sleeps for PG_locked or PG_writeback */
	PG_error,
	PG_slab,
	PG_owner_priv_1,	/* by owner */
	PG_arch_1,
	PG_reserved,		/* never given to the buddy allocator */
	PG_private,		/* the file system keeps something at the page */
	PG_private_2,
	PG_writeback,
	PG_head,
	PG_mappedtodisk,
	PG_reclaim,		/* to be reclaimed at the end of writeback */
	PG_swapbacked,
	PG_unevictable,
	PG_mlocked,
	PG_hwpoison,
	PG_tail,
	__NR_PAGEFLAGS,

	PG_checked = PG_owner_priv_1,
	PG_swapcache = PG_owner_priv_1,
	PG_anon_exclusive = PG_mappedtodisk,	/* of anonymous pages */
	PG_readahead = PG_reclaim,
	PG_lazyfree = PG_private_2,		/* of anonymous pages: given up by MADV_FREE */
	PG_of_group = PG_arch_1,	/* with PG_reclaim: for what a control group itself reclaims */
	PG_swap_only = PG_private,		/* of pages of the swap cache: counted as not mapped */
};
static_assert(__NR_PAGEFLAGS == NR_PAGEFLAG_BITS, "flag bits");

static inline bool page_test_flag(const struct page *page, int bit)
{
	return READ_ONCE(page->flags) >> bit & 1;
}

static inline void page_set_flag(struct page *page, int bit)
{
	__atomic_fetch_or(&page->flags, 1u << bit, __ATOMIC_SEQ_CST);
}

static inline void page_clear_flag(struct page *page, int bit)
{
	__atomic_fetch_and(&page->flags, ~(1u << bit), __ATOMIC_SEQ_CST);
}

static inline bool page_test_and_set_flag(struct page *page, int bit)
{
	return __atomic_fetch_or(&page->flags, 1u << bit, __ATOMIC_SEQ_CST) >> bit & 1;
}

static inline bool page_test_and_clear_flag(struct page *page, int bit)
{
	return __atomic_fetch_and(&page->flags, ~(1u << bit), __ATOMIC_SEQ_CST) >> bit & 1;
}

/*
 * The head of a tail page that its compound page may leave meanwhile, because nobody here holds it: what stands in its
 * mapping is a head only as long as PG_tail is set, before and after. One that is no tail any more stands for itself.
 */
static inline struct page *page_head_unless_freed(const struct page *page)
{
	struct page *head;

	smp_rmb();
	head = READ_ONCE(page->head);
	smp_rmb();
	return likely(head && page_test_flag(page, PG_tail)) ? head : (struct page *)page;
}

/*
 * The page that speaks for @page: itself, or the head of the compound page it is a tail of. Of a page that nobody holds
 * it is a page all the same, but perhaps one that has nothing to do with @page any more: who gets a reference looks again.
 */
static inline struct page *compound_head(const struct page *page)
{
	return unlikely(page_test_flag(page, PG_tail)) ? page_head_unless_freed(page) : (struct page *)page;
}

#define PAGE_FLAG_OPS(Name, name, bit)							\
static inline bool Page##Name(const struct page *p) { return page_test_flag(p, bit); }	\
static inline void SetPage##Name(struct page *p) { page_set_flag(p, bit); }		\
static inline void ClearPage##Name(struct page *p) { page_clear_flag(p, bit); }	\
static inline void __SetPage##Name(struct page *p) { p->flags |= 1u << (bit); }		\
static inline void __ClearPage##Name(struct page *p) { p->flags &= ~(1u << (bit)); }	\
static inline bool TestSetPage##Name(struct page *p) { return page_test_and_set_flag(p, bit); } \
static inline bool TestClearPage##Name(struct page *p) { return page_test_and_clear_flag(p, bit); } \
static inline bool folio_test_##name(const struct folio *f) { return page_test_flag((const struct page *)f, bit); } \
static inline void folio_set_##name(struct folio *f) { page_set_flag((struct page *)f, bit); }	\
static inline void folio_clear_##name(struct folio *f) { page_clear_flag((struct page *)f, bit); } \
static inline void __folio_set_##name(struct folio *f) { ((struct page *)f)->flags |= 1u << (bit); } \
static inline void __folio_clear_##name(struct folio *f) { ((struct page *)f)->flags &= ~(1u << (bit)); } \
static inline bool folio_test_set_##name(struct folio *f) { return page_test_and_set_flag((struct page *)f, bit); } \
static inline bool folio_test_clear_##name(struct folio *f) { return page_test_and_clear_flag((struct page *)f, bit); }

PAGE_FLAG_OPS(Locked, locked, PG_locked)
PAGE_FLAG_OPS(Referenced, referenced, PG_referenced)
PAGE_FLAG_OPS(Dirty, dirty, PG_dirty)
PAGE_FLAG_OPS(LRU, lru, PG_lru)
PAGE_FLAG_OPS(Active, active, PG_active)
PAGE_FLAG_OPS(Workingset, workingset, PG_workingset)
PAGE_FLAG_OPS(Waiters, waiters, PG_waiters)
PAGE_FLAG_OPS(Error, error, PG_error)
PAGE_FLAG_OPS(Slab, slab, PG_slab)
PAGE_FLAG_OPS(Checked, checked, PG_checked)
PAGE_FLAG_OPS(OfGroup, of_group, PG_of_group)
PAGE_FLAG_OPS(Reserved, reserved, PG_reserved)
PAGE_FLAG_OPS(Private, private, PG_private)
PAGE_FLAG_OPS(Private2, private_2, PG_private_2)
PAGE_FLAG_OPS(Writeback, writeback, PG_writeback)
PAGE_FLAG_OPS(Head, head, PG_head)
PAGE_FLAG_OPS(Tail, tail, PG_tail)
PAGE_FLAG_OPS(MappedToDisk, mappedtodisk, PG_mappedtodisk)
PAGE_FLAG_OPS(Reclaim, reclaim, PG_reclaim)
PAGE_FLAG_OPS(Readahead, readahead, PG_readahead)
PAGE_FLAG_OPS(SwapBacked, swapbacked, PG_swapbacked)
PAGE_FLAG_OPS(Unevictable, unevictable, PG_unevictable)
PAGE_FLAG_OPS(Mlocked, mlocked, PG_mlocked)
PAGE_FLAG_OPS(HWPoison, hwpoison, PG_hwpoison)
PAGE_FLAG_OPS(AnonExclusive, anon_exclusive, PG_anon_exclusive)
PAGE_FLAG_OPS(LazyFree, lazyfree, PG_lazyfree)
PAGE_FLAG_OPS(SwapOnly, swap_only, PG_swap_only)
#undef PAGE_FLAG_OPS

/* Uptodate publishes the contents: who sees the flag sees the bytes written before it was set. */
static inline bool folio_test_uptodate(const struct folio *f)
{
	return __atomic_load_n(&((const struct page *)f)->flags, __ATOMIC_ACQUIRE) >> PG_uptodate & 1;
}
static inline void folio_mark_uptodate(struct folio *f)
{
	page_set_flag((struct page *)f, PG_uptodate);
}
static inline void __folio_mark_uptodate(struct folio *f)
{
	((struct page *)f)->flags |= 1u << PG_uptodate;
}

static inline bool folio_test_swapcache(const struct folio *f)
{
	const u32 both = 1u << PG_swapbacked | 1u << PG_swapcache;

	return (READ_ONCE(((const struct page *)f)->flags) & both) == both;
}
/* PG_swapcache, of a folio with PG_swapbacked. => folio locked */
static inline void folio_set_swapcache(struct folio *f)
{
	page_set_flag((struct page *)f, PG_swapcache);
}
static inline void folio_clear_swapcache(struct folio *f)
{
	page_clear_flag((struct page *)f, PG_swapcache);
}
static inline bool PageSwapCache(const struct page *p)
{
	return folio_test_swapcache((const struct folio *)compound_head(p));
}

static inline bool PageCompound(const struct page *page)
{
	return READ_ONCE(page->flags) & (1u << PG_head | 1u << PG_tail);
}

/* ---- whose page: tags in mapping ---- */
#define PAGE_MAPPING_ANON	1UL	/* anon_vma */
#define PAGE_MAPPING_MOVABLE	2UL	/* not on the LRU, but its owner can move it */
#define PAGE_MAPPING_KSM	(PAGE_MAPPING_ANON | PAGE_MAPPING_MOVABLE)
#define PAGE_MAPPING_FLAGS	3UL

static inline bool folio_test_anon(const struct folio *f)
{
	return (unsigned long)READ_ONCE(((const struct page *)f)->mapping) & PAGE_MAPPING_ANON;
}
static inline bool PageAnon(const struct page *p)
{
	return folio_test_anon((const struct folio *)compound_head(p));
}
static inline bool folio_test_ksm(const struct folio *f)
{
	return ((unsigned long)((const struct page *)f)->mapping & PAGE_MAPPING_FLAGS) == PAGE_MAPPING_KSM;
}
#define PageKsm(p)	folio_test_ksm((const struct folio *)compound_head(p))
#define __PageMovable(p) (((unsigned long)READ_ONCE((p)->mapping) & PAGE_MAPPING_FLAGS) == PAGE_MAPPING_MOVABLE)

/* Flags that no page may have when it is freed, those that are counted then; the others are silently dropped. */
#define PAGE_FLAGS_CHECK_AT_FREE						\
	(1u << PG_locked | 1u << PG_private | 1u << PG_private_2 | 1u << PG_writeback |	\
	 1u << PG_reserved | 1u << PG_slab | 1u << PG_unevictable | 1u << PG_mlocked |	\
	 1u << PG_tail | 1u << PG_waiters)
#define PAGE_FLAGS_COUNTED_AT_FREE						\
	(1u << PG_active | 1u << PG_unevictable | 1u << PG_lazyfree)
/* Flags that a page fresh from the free lists never has. */
#define PAGE_FLAGS_CHECK_AT_PREP	(PAGEFLAGS_MASK & ~(1u << PG_hwpoison))

/* Names of the flags, for printing: "locked" ... index is the bit. */
extern const char *const pageflag_names[__NR_PAGEFLAGS];

#endif
