/* SPDX-License-Identifier: MIT */
/* The interrupt flag of the played CPU. Interrupts that waited are taken where it is set again. */
#ifndef SEAM_IRQFLAGS_H
#define SEAM_IRQFLAGS_H

#include <base/types.h>
#include <seam/percpu.h>

#define X86_EFLAGS_IF_BIT	0x200UL
DECLARE_PER_CPU(unsigned long, host_flags);
void host_irqs_enabled(void);

static inline unsigned long arch_local_save_flags(void) { return this_cpu_read(host_flags) & X86_EFLAGS_IF_BIT; }
static inline void arch_local_irq_disable(void) { this_cpu_write(host_flags, 0); }
static inline void arch_local_irq_enable(void)
{
	this_cpu_write(host_flags, X86_EFLAGS_IF_BIT);
	host_irqs_enabled();
}
static inline unsigned long arch_local_irq_save(void)
{
	unsigned long flags = arch_local_save_flags();

	arch_local_irq_disable();
	return flags;
}
static inline bool arch_irqs_disabled_flags(unsigned long flags) { return !(flags & X86_EFLAGS_IF_BIT); }
static inline void arch_local_irq_restore(unsigned long flags)
{
	if (!arch_irqs_disabled_flags(flags))
		arch_local_irq_enable();
}
#define local_irq_disable()		arch_local_irq_disable()
#define local_irq_enable()		arch_local_irq_enable()
#define local_irq_save(flags)		((flags) = arch_local_irq_save())
#define local_irq_restore(flags)	arch_local_irq_restore(flags)
#define irqs_disabled_flags(flags)	arch_irqs_disabled_flags(flags)
#define irqs_disabled()			arch_irqs_disabled_flags(arch_local_save_flags())

#endif
