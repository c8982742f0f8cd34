/* SPDX-License-Identifier: MIT */
/* Interrupt controllers, CPUs and their start: what the files of this room share. */
#ifndef X86_APIC_H
#define X86_APIC_H

#include <base/types.h>
#include <seam/cpufeature.h>
#include <seam/io.h>
#include <seam/msr.h>
#include <seam/fixmap.h>

/* Registers of the local APIC, as offsets into its page; x2APIC: MSR 0x800 + offset / 16. */
#define APIC_ID		0x20
#define APIC_LVR	0x30
#define APIC_TASKPRI	0x80
#define APIC_EOI	0xb0
#define APIC_LDR	0xd0
#define APIC_DFR	0xe0
#define APIC_SPIV	0xf0
#define APIC_ISR	0x100
#define APIC_ESR	0x280
#define APIC_ICR	0x300
#define APIC_ICR2	0x310
#define APIC_LVTT	0x320
#define APIC_LVTTHMR	0x330
#define APIC_LVTPC	0x340
#define APIC_LVT0	0x350
#define APIC_LVT1	0x360
#define APIC_LVTERR	0x370
#define APIC_TMICT	0x380
#define APIC_TMCCT	0x390
#define APIC_TDCR	0x3e0

#define APIC_LVT_MASKED		(1u << 16)
#define APIC_LVT_PERIODIC	(1u << 17)
#define APIC_LVT_TSCDEADLINE	(2u << 17)
#define APIC_DM_FIXED		0x000
#define APIC_DM_NMI		0x400
#define APIC_DM_INIT		0x500
#define APIC_DM_STARTUP		0x600
#define APIC_ICR_BUSY		(1u << 12)
#define APIC_INT_ASSERT		(1u << 14)
#define APIC_INT_LEVELTRIG	(1u << 15)

extern bool x2apic_mode, apic_usable;

static inline u32 apic_read(u32 reg)
{
	if (x2apic_mode)
		return rdmsrl_val(MSR_X2APIC_BASE + (reg >> 4));
	return readl((void __iomem *)(fix_to_virt(FIX_APIC_BASE) + reg));
}

static inline void apic_write(u32 reg, u32 value)
{
	if (x2apic_mode)
		wrmsrl(MSR_X2APIC_BASE + (reg >> 4), value);
	else
		writel(value, (void __iomem *)(fix_to_virt(FIX_APIC_BASE) + reg));
}

static inline void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

/* Send @low (delivery mode | vector ...) to the CPU with @apicid. Any context. */
void apic_send(u32 apicid, u32 low);

/* Found by the firmware tables. */
extern u64 lapic_phys;
extern unsigned int apic_cpus_found;
void apic_found_cpu(u32 apicid);
void ioapic_found(u32 id, u32 address, u32 gsi_base);
void ioapic_isa_override(u32 irq, u32 gsi, u16 flags);

/* In order of start-up. */
void cpu_early_init(void);
void cpu_print_features(void);
void smp_find_cpus(void);
void numa_init(void);
void ist_stacks_init(void);
void apic_map(void);
void apic_setup_cpu(void);		/* local APIC of this CPU: enabled, all local sources masked */
void pic_disable(void);
void ioapic_init(void);
unsigned int fw_cfg_cpu_count(void);

/* ---- I/O APIC pins (ioapic.c) ---- */
struct ioapic_pin {
	u8 chip, pin;
};
/* Pin of interrupt @irq (ISA interrupts after overrides); false when no I/O APIC has it. */
bool ioapic_pin_of_irq(unsigned int irq, struct ioapic_pin *pin);
/* Route @pin to @vector on the CPU with @apicid. */
void ioapic_set_route(struct ioapic_pin pin, u8 vector, u32 apicid, bool level, bool low, bool masked);
void ioapic_set_mask(struct ioapic_pin pin, bool masked);
/* Polarity and trigger that the firmware gave for @irq. */
void ioapic_default_type(unsigned int irq, bool *level, bool *low);

/* ---- interrupts that are handled here ---- */
void smp_call_function_interrupt(void);

extern u32 cpu_apicid[];
extern unsigned int setup_max_cpus;

#endif
