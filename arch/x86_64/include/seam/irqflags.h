/* SPDX-License-Identifier: MIT */
/* The interrupt flag of this CPU. */
#ifndef SEAM_IRQFLAGS_H
#define SEAM_IRQFLAGS_H

#include <base/types.h>

#define X86_EFLAGS_IF_BIT	0x200UL

static inline unsigned long arch_local_save_flags(void)
{
	unsigned long flags;

	__asm__ volatile("pushf; pop %0" : "=rm"(flags) : : "memory");
	return flags;
}

static inline void arch_local_irq_disable(void)
{
	__asm__ volatile("cli" : : : "memory");
}

static inline void arch_local_irq_enable(void)
{
	__asm__ volatile("sti" : : : "memory");
}

static inline unsigned long arch_local_irq_save(void)
{
	unsigned long flags = arch_local_save_flags();

	arch_local_irq_disable();
	return flags;
}

static inline bool arch_irqs_disabled_flags(unsigned long flags)
{
	return !(flags & X86_EFLAGS_IF_BIT);
}

static inline void arch_local_irq_restore(unsigned long flags)
{
	if (!arch_irqs_disabled_flags(flags))
		arch_local_irq_enable();
}

/* Enable interrupts and wait for one, without a gap between the two. */
static inline void arch_safe_halt(void)
{
	__asm__ volatile("sti; hlt" : : : "memory");
}

#define local_irq_disable()		arch_local_irq_disable()
#define local_irq_enable()		arch_local_irq_enable()
#define local_irq_save(flags)		((flags) = arch_local_irq_save())
#define local_irq_restore(flags)	arch_local_irq_restore(flags)
#define irqs_disabled_flags(flags)	arch_irqs_disabled_flags(flags)
#define irqs_disabled()			arch_irqs_disabled_flags(arch_local_save_flags())
#define safe_halt()			arch_safe_halt()

#endif
