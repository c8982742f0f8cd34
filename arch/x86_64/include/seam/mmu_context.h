/* SPDX-License-Identifier: MIT */
/* Changing the address space of this CPU. Theory: arch/x86_64/tlb.c. */
#ifndef SEAM_MMU_CONTEXT_H
#define SEAM_MMU_CONTEXT_H

#include <seam/mmu_context_types.h>
#include <seam/tlbflush.h>

struct task_struct;
struct mm_struct;

/* Prepare @mm->context of a new address space. 0. */
int init_new_context(struct task_struct *tsk, struct mm_struct *mm);
void destroy_context(struct mm_struct *mm);

/* Load the tables of @next (may equal @prev: then catch up with flushes missed while lazy). */
void switch_mm_irqs_off(struct mm_struct *prev, struct mm_struct *next, struct task_struct *tsk);

/* A kernel thread goes on with the tables of @mm; flushes may be missed until the next switch. */
void enter_lazy_tlb(struct mm_struct *mm, struct task_struct *tsk);

#define deactivate_mm(tsk, mm)		do { } while (0)

#endif
