// SPDX-License-Identifier: MIT
/*
 * mmu_gather: unmapping in three steps.
 *
 *	1 clear entries (under the lock of their table), collect the pages
 *	2 flush the TLBs of the CPUs that run this address space, once
 *	3 free pages in bulk, and tables after a grace period
 *
 * A page must not be freed between 1 and 2: another CPU could still write to it. The first pages
 * are collected on the stack of the caller, further ones in pages of pointers; without memory for these
 * the gather is flushed more often, it cannot fail. At most MAX_BATCHES are collected at once, so that
 * freeing does not keep a CPU too long.
 *
 * Invariant: each collected page owns one reference, taken over from its entry.
 * Linux: mm/mmu_gather.c. Observe: vmstat nr_tlb_local_flush_*, tlb:tlb_flush.
 */
#include <base/bug.h>
#include <seam/tlbflush.h>
#include <sync/preempt.h>
#include <mm/gfp.h>
#include <mm/page.h>
#include <mm/folio.h>
#include <mm/pgalloc.h>
#include <mm/tlb.h>
#include <kernel/sched.h>

#define MAX_BATCHES 20
#define BATCH_PAGES ((PAGE_SIZE - sizeof(struct mmu_gather_batch)) / sizeof(struct page *))

static void range_reset(struct mmu_gather *tlb)
{
	tlb->start = ~0UL;
	tlb->end = 0;
	tlb->freed_tables = false;
}

void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm)
{
	tlb->mm = mm;
	tlb->fullmm = false;
	tlb->tables = NULL;
	tlb->nr_batches = 0;
	tlb->local.next = NULL;
	tlb->local.nr = 0;
	tlb->local.max = MMU_GATHER_BUNDLE;
	tlb->active = &tlb->local;
	range_reset(tlb);
}

void tlb_gather_mmu_fullmm(struct mmu_gather *tlb, struct mm_struct *mm)
{
	tlb_gather_mmu(tlb, mm);
	tlb->fullmm = true;
}

bool tlb_next_batch(struct mmu_gather *tlb)
{
	struct mmu_gather_batch *batch = tlb->active->next;

	if (!batch) {
		if (tlb->nr_batches == MAX_BATCHES)
			return false;
		batch = (void *)__get_free_page(GFP_NOWAIT | __GFP_NOWARN);
		if (!batch)
			return false;
		tlb->nr_batches++;
		batch->next = NULL;
		batch->nr = 0;
		batch->max = BATCH_PAGES;
		tlb->active->next = batch;
	}
	tlb->active = batch;
	return true;
}

void tlb_remove_table(struct mmu_gather *tlb, struct page *page)
{
	page->index = (unsigned long)tlb->tables;
	tlb->tables = page;
	tlb->freed_tables = true;
}

void tlb_flush_mmu_tlbonly(struct mmu_gather *tlb)
{
	if (tlb->fullmm) {
		/* Nobody runs here and nobody will: only lazy CPUs could walk the freed tables. */
		if (tlb->freed_tables)
			flush_tlb_mm(tlb->mm);
	} else if (tlb->start < tlb->end) {
		flush_tlb_mm_range(tlb->mm, tlb->start, tlb->end, PAGE_SHIFT, tlb->freed_tables);
	}
	range_reset(tlb);
}

static void free_tables(struct mmu_gather *tlb)
{
	struct page *page = tlb->tables, *next;

	for (; page; page = next) {
		next = (struct page *)page->index;
		pgtable_page_free_rcu(page);
	}
	tlb->tables = NULL;
}

void tlb_flush_mmu(struct mmu_gather *tlb)
{
	tlb_flush_mmu_tlbonly(tlb);
	free_tables(tlb);
	for (struct mmu_gather_batch *b = &tlb->local; b && b->nr; b = b->next) {
		release_pages(b->pages, b->nr);
		b->nr = 0;
	}
	tlb->active = &tlb->local;
}

void tlb_finish_mmu(struct mmu_gather *tlb)
{
	struct mmu_gather_batch *b, *next;

	tlb_flush_mmu(tlb);
	for (b = tlb->local.next; b; b = next) {
		next = b->next;
		free_page((unsigned long)b);
	}
}
