/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: seam/mmu_context.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
struct task_struct;
struct mm_struct;
static inline int init_new_context(struct task_struct *t, struct mm_struct *m)
{
	return 0;
}
static inline void destroy_context(struct mm_struct *m)
{
}
#define switch_mm_irqs_off(a, b, c) ((void)0)
#define enter_lazy_tlb(a, b)	    ((void)0)
