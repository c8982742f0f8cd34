/* SPDX-License-Identifier: MIT */
/* The preemption count of the played CPU; as on x86, bit 31 is need_resched inverted. */
#ifndef SEAM_PREEMPT_H
#define SEAM_PREEMPT_H

#include <seam/percpu.h>

#define PREEMPT_NEED_RESCHED	0x80000000u
#define PREEMPT_ENABLED		(0 + PREEMPT_NEED_RESCHED)
#define INIT_PREEMPT_COUNT	(1 + PREEMPT_NEED_RESCHED)

DECLARE_PER_CPU(unsigned int, __preempt_count);
/* Interrupts that wait for this CPU are taken where the count falls to 0. */
void host_take_interrupts(void);
extern bool host_interrupts_waiting(void);

static __always_inline unsigned int preempt_count(void)
{
	return this_cpu_read(__preempt_count) & ~PREEMPT_NEED_RESCHED;
}
static __always_inline void preempt_count_set(unsigned int pc)
{
	this_cpu_write(__preempt_count,
		       (this_cpu_read(__preempt_count) & PREEMPT_NEED_RESCHED) | (pc & ~PREEMPT_NEED_RESCHED));
}
static __always_inline void __preempt_count_add(int val) { this_cpu_add(__preempt_count, val); }
static __always_inline void __preempt_count_sub(int val) { this_cpu_sub(__preempt_count, val); }
static __always_inline bool __preempt_count_dec_and_test(void)
{
	unsigned int left = this_cpu_sub_return(__preempt_count, 1);

	return left == 0 || (left == PREEMPT_NEED_RESCHED && host_interrupts_waiting());
}
static __always_inline void set_preempt_need_resched(void) { this_cpu_and(__preempt_count, ~PREEMPT_NEED_RESCHED); }
static __always_inline void clear_preempt_need_resched(void) { this_cpu_or(__preempt_count, PREEMPT_NEED_RESCHED); }
static __always_inline bool test_preempt_need_resched(void)
{
	return !(this_cpu_read(__preempt_count) & PREEMPT_NEED_RESCHED);
}
static __always_inline bool should_resched(unsigned int preempt_offset)
{
	return this_cpu_read(__preempt_count) == preempt_offset;
}
static __always_inline void __preempt_schedule(void) { host_take_interrupts(); }

#endif
