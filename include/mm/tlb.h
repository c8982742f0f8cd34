/* SPDX-License-Identifier: MIT */
/*
 * mmu_gather: pages and tables that were unmapped are collected, the TLBs are flushed once, and only
 * then everything is freed in bulk. Theory: mm/pgtable/mmu_gather.c.
 */
#ifndef QUIRE_MM_TLB_H
#define QUIRE_MM_TLB_H

#include <base/types.h>
#include <mm/mm_struct.h>
#include <mm/page.h>

#define MMU_GATHER_BUNDLE	32

struct mmu_gather_batch {
	struct mmu_gather_batch *next;
	unsigned int nr, max;
	struct page *pages[];
};

struct mmu_gather {
	struct mm_struct *mm;
	unsigned long start, end;	/* range whose translations must go; start > end: none */
	bool fullmm;			/* the whole address space goes and nobody runs in it */
	bool freed_tables;
	struct page *tables;		/* tables to free, linked through their index */
	struct mmu_gather_batch *active;	/* batch that is being filled */
	unsigned int nr_batches;
	struct mmu_gather_batch local;
	struct page *bundle[MMU_GATHER_BUNDLE];	/* the pages of .local */
};

void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm);
void tlb_gather_mmu_fullmm(struct mmu_gather *tlb, struct mm_struct *mm);
void tlb_finish_mmu(struct mmu_gather *tlb);
void tlb_flush_mmu(struct mmu_gather *tlb);
void tlb_flush_mmu_tlbonly(struct mmu_gather *tlb);
bool tlb_next_batch(struct mmu_gather *tlb);	/* room for more pages? */

/* @page was unmapped: drop its reference after the flush. True: full, flush soon (outside the ptl). */
static inline bool tlb_remove_page(struct mmu_gather *tlb, struct page *page)
{
	struct mmu_gather_batch *batch = tlb->active;

	batch->pages[batch->nr++] = page;
	return unlikely(batch->nr == batch->max) && !tlb_next_batch(tlb);
}

/* A table of @level (0 = ptes) became empty and unreachable. */
void tlb_remove_table(struct mmu_gather *tlb, struct page *page);

static inline void tlb_track(struct mmu_gather *tlb, unsigned long start, unsigned long end)
{
	if (start < tlb->start)
		tlb->start = start;
	if (end > tlb->end)
		tlb->end = end;
}

#endif
