/* SPDX-License-Identifier: MIT */
/*
 * Translation look-aside buffers: theory in arch/x86_64/tlb.c.
 *
 * => callers have changed the page tables already; all functions may be called with preemption
 *    enabled and spinlocks held, but not with interrupts disabled when other CPUs may be concerned.
 */
#ifndef SEAM_TLBFLUSH_H
#define SEAM_TLBFLUSH_H

#include <base/types.h>
#include <base/cpumask.h>
#include <seam/page.h>
#include <seam/percpu.h>

struct mm_struct;
struct vm_area_struct;

#define TLB_FLUSH_ALL	(-1UL)
#define TLB_NR_DYN_ASIDS 6

/* What the TLB of one CPU holds of one address space. */
struct tlb_context {
	u64 ctx_id;
	u64 tlb_gen;
};

struct tlb_state {
	struct mm_struct *loaded_mm;	/* the mm whose tables CR3 holds; &init_mm at boot */
	u16 loaded_mm_asid;
	u16 next_asid;
	bool is_lazy;			/* a kernel thread runs on borrowed tables */
	unsigned long cr4;
	struct tlb_context ctxs[TLB_NR_DYN_ASIDS];	/* [0] alone without PCID */
};
DECLARE_PER_CPU_ALIGNED(struct tlb_state, cpu_tlbstate);

/* One request, as it travels to the other CPUs. */
struct flush_tlb_info {
	struct mm_struct *mm;
	unsigned long start, end;	/* bytes; end == TLB_FLUSH_ALL: everything */
	u64 new_tlb_gen;
	unsigned int initiating_cpu;
	u8 stride_shift;
	bool freed_tables;
};

/* Translations of [start, end) of @mm; @stride_shift: size of the pages; @freed_tables: tables go as well. */
void flush_tlb_mm_range(struct mm_struct *mm, unsigned long start, unsigned long end,
			unsigned int stride_shift, bool freed_tables);
void flush_tlb_page(struct vm_area_struct *vma, unsigned long addr);
void flush_tlb_range(struct vm_area_struct *vma, unsigned long start, unsigned long end);
static inline void flush_tlb_mm(struct mm_struct *mm)
{
	flush_tlb_mm_range(mm, 0, TLB_FLUSH_ALL, 0, true);
}
/* Kernel translations, global ones included, on all CPUs. */
void flush_tlb_kernel_range(unsigned long start, unsigned long end);
/* This CPU alone: everything, one kernel address. */
void __flush_tlb_all(void);
void flush_tlb_one_kernel(unsigned long addr);

/* Deferred flush of many address spaces (unmap by reverse map): collect CPUs, flush them once. */
struct arch_tlbflush_unmap_batch {
	struct cpumask cpumask;
};
void arch_tlbbatch_add_mm(struct arch_tlbflush_unmap_batch *batch, struct mm_struct *mm);
void arch_tlbbatch_flush(struct arch_tlbflush_unmap_batch *batch);

/* Above so many pages a full flush is cheaper than single ones. */
extern unsigned long tlb_single_page_flush_ceiling;

#endif
