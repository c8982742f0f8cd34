/* SPDX-License-Identifier: MIT */
/*
 * Preemption and the context in which code runs.
 *
 * The count of this CPU: bits 0-7 preempt_disable() and spinlocks, 16-19 interrupts, 20-23 NMIs.
 * A task is preempted only when all are 0. A section with preemption disabled is an RCU read section.
 */
#ifndef QUIRE_SYNC_PREEMPT_H
#define QUIRE_SYNC_PREEMPT_H

#include <base/compiler.h>
#include <seam/preempt.h>
#include <seam/irqflags.h>

#define PREEMPT_MASK		0x000000ffu
#define SOFTIRQ_MASK		0x0000ff00u	/* unused: there are no soft interrupts */
#define HARDIRQ_MASK		0x000f0000u
#define NMI_MASK		0x00f00000u
#define HARDIRQ_OFFSET		0x00010000u
#define NMI_OFFSET		0x00100000u

#define hardirq_count()		(preempt_count() & HARDIRQ_MASK)
#define nmi_count()		(preempt_count() & NMI_MASK)
#define irq_count()		(preempt_count() & (HARDIRQ_MASK | NMI_MASK))
#define in_hardirq()		(hardirq_count() != 0)
#define in_nmi()		(nmi_count() != 0)
#define in_interrupt()		(irq_count() != 0)
#define in_task()		(irq_count() == 0)
/* Not allowed to sleep, as far as the count tells. */
#define in_atomic()		(preempt_count() != 0)
#define preemptible()		(preempt_count() == 0 && !irqs_disabled())

static __always_inline void preempt_disable(void)
{
	__preempt_count_add(1);
	barrier();
}

/* Without the check whether to reschedule: a schedule() or an interrupt's end follows. */
static __always_inline void preempt_enable_no_resched(void)
{
	barrier();
	__preempt_count_sub(1);
}

static __always_inline void preempt_enable(void)
{
	barrier();
	if (unlikely(__preempt_count_dec_and_test()))
		__preempt_schedule();
}

/*
 * might_sleep() marks a function that may sleep: a debug build reports, once for each place, a call
 * with preemption or interrupts disabled, and where the outermost spinlock was taken.
 */
#if QUIRE_DEBUG
void __might_sleep(const char *file, int line);
#define might_sleep()		__might_sleep(__FILE__, __LINE__)
#else
#define might_sleep()		((void)0)
#endif
#define might_sleep_if(cond)	do { if (cond) might_sleep(); } while (0)

#endif
