/* SPDX-License-Identifier: MIT */
/*
 * Debugging of pages, switched on by boot parameters; theory: mm/page/debug.c (init_on_alloc, init_on_free,
 * page_poison, debug_pagealloc) and mm/page/page_owner.c (page_owner).
 */
#ifndef QUIRE_MM_PAGE_DEBUG_H
#define QUIRE_MM_PAGE_DEBUG_H

#include <base/types.h>
#include <mm/page.h>

#define PAGE_DEBUG_INIT_ALLOC	1u	/* init_on_alloc=1: every page is cleared when it is handed out */
#define PAGE_DEBUG_INIT_FREE	2u	/* init_on_free=1: when it is freed; free memory is zero */
#define PAGE_DEBUG_POISON	4u	/* page_poison=1: filled with 0xaa when freed, looked at when handed out */
#define PAGE_DEBUG_UNMAP	8u	/* debug_pagealloc=on: a free page is not in the direct map */
#define PAGE_DEBUG_OWNER	16u	/* page_owner=on: who allocated it, with the call trace */
extern u32 page_debug;

/* ---- for the page allocator, when page_debug is not 0 ---- */
/* Before __GFP_ZERO is honoured; true when the pages are zero already. */
bool page_debug_alloc(struct page *page, unsigned int order, gfp_t gfp);
/* => free_pages_prepare() found nothing wrong */
void page_debug_free(struct page *page, unsigned int order);
/* Free memory that nobody has used yet. */
void page_debug_free_boot(struct page *page, unsigned int order);
/* Settle which of the parameters hold, and say so. Once, before the first page is free. */
void page_debug_init(void);

/* ---- page_owner ---- */
#define PAGE_OWNER_FRAMES	16
struct page_owner_record {
	unsigned int order;
	gfp_t gfp;
	pid_t pid, tgid;
	char comm[16];
	u64 ts_ns, free_ts_ns;		/* of this allocation, of the free before it */
	const unsigned long *trace;	/* call trace, of @nr_frames; stays valid */
	unsigned int nr_frames;
};
void page_owner_init(void);
void page_owner_alloc(struct page *page, unsigned int order, gfp_t gfp);
void page_owner_free(struct page *page, unsigned int order);
/* The record of an allocated page that is the first of its block; false: it has none. */
bool page_owner_read(const struct page *page, struct page_owner_record *r);
/* After split_page(): each page is a block of its own. */
void page_owner_split(struct page *page, unsigned int order);
/* Call traces and the pages that are allocated from there: the next at or behind *@index; false: no more. */
bool page_owner_stack(unsigned int *index, const unsigned long **trace, unsigned int *nr_frames,
		      unsigned long *nr_pages);

#endif
