/* SPDX-License-Identifier: MIT */
/*
 * The preemption count of this CPU (it belongs to the running task; switch_to carries it over).
 *
 * Bit 31 is "need_resched" inverted: it is clear when a reschedule is wanted. So the count reads
 * as zero exactly when preemption is enabled and somebody wants the CPU, and preempt_enable() is
 * one decrement and one branch.
 */
#ifndef SEAM_PREEMPT_H
#define SEAM_PREEMPT_H

#include <seam/percpu.h>

#define PREEMPT_NEED_RESCHED	0x80000000u
#define PREEMPT_ENABLED		(0 + PREEMPT_NEED_RESCHED)
#define INIT_PREEMPT_COUNT	(1 + PREEMPT_NEED_RESCHED)

DECLARE_PER_CPU_FIRST(unsigned int, __preempt_count);

static __always_inline unsigned int preempt_count(void)
{
	return this_cpu_read(__preempt_count) & ~PREEMPT_NEED_RESCHED;
}

static __always_inline void preempt_count_set(unsigned int pc)
{
	unsigned int old = this_cpu_read(__preempt_count);

	this_cpu_write(__preempt_count, (old & PREEMPT_NEED_RESCHED) | (pc & ~PREEMPT_NEED_RESCHED));
}

static __always_inline void __preempt_count_add(int val)
{
	__asm__ volatile("addl %1, %%gs:%0" : "+m"(__preempt_count) : "ri"(val) : "memory");
}

static __always_inline void __preempt_count_sub(int val)
{
	__asm__ volatile("subl %1, %%gs:%0" : "+m"(__preempt_count) : "ri"(val) : "memory");
}

/* True when the count became zero and a reschedule is wanted. */
static __always_inline bool __preempt_count_dec_and_test(void)
{
	bool zero;

	__asm__ volatile("decl %%gs:%0" : "+m"(__preempt_count), "=@ccz"(zero) : : "memory");
	return zero;
}

static __always_inline void set_preempt_need_resched(void)
{
	this_cpu_and(__preempt_count, ~PREEMPT_NEED_RESCHED);
}

static __always_inline void clear_preempt_need_resched(void)
{
	this_cpu_or(__preempt_count, PREEMPT_NEED_RESCHED);
}

static __always_inline bool test_preempt_need_resched(void)
{
	return !(this_cpu_read(__preempt_count) & PREEMPT_NEED_RESCHED);
}

/* True when a reschedule is wanted and the count is exactly @preempt_offset. */
static __always_inline bool should_resched(unsigned int preempt_offset)
{
	return this_cpu_read(__preempt_count) == preempt_offset;
}

/*
 * Call preempt_schedule() of the scheduler with every register preserved, so that the
 * inlined preempt_enable() costs its surroundings nothing.
 */
static __always_inline void __preempt_schedule(void)
{
	register unsigned long sp __asm__("rsp");

	__asm__ volatile("call preempt_schedule_thunk" : "+r"(sp) : : "memory", "cc");
}

#endif
