/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: seam/tlbflush.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
struct mm_struct;
struct vm_area_struct;
#define TLB_FLUSH_ALL (-1UL)
void flush_tlb_mm_range(struct mm_struct *mm, unsigned long start, unsigned long end,
			unsigned int stride_shift, bool freed_tables);
void flush_tlb_page(struct vm_area_struct *vma, unsigned long addr);
void flush_tlb_range(struct vm_area_struct *vma, unsigned long start, unsigned long end);
static inline void flush_tlb_mm(struct mm_struct *mm)
{
	flush_tlb_mm_range(mm, 0, TLB_FLUSH_ALL, 0, true);
}
