// SPDX-License-Identifier: MIT
/*
 * I/O APICs: pins to vectors.
 *
 * Interrupt numbers below 64 are global system interrupts: pin n of the I/O APIC with base b is interrupt b + n. An
 * ISA interrupt is the pin of the same number unless the MADT says otherwise (IRQ 0 sits on pin 2 everywhere).
 * ISA interrupts are edge-triggered and active high, PCI's (16 and up) level-triggered and active low, unless the MADT
 * or the driver says otherwise.
 *
 * Without ACPI and MP table one I/O APIC at 0xfec00000 is assumed if its version register looks like one.
 *
 * Locks: ioapic_lock protects the pair index register / data window; held for a few instructions with interrupts off.
 */
#include <base/types.h>
#include <base/math.h>
#include <kernel/init.h>
#include <kernel/irq.h>
#include <kernel/printk.h>
#include <sync/spinlock.h>
#include <seam/fixmap.h>
#include <seam/io.h>
#include "apic.h"

#define IOAPIC_DEFAULT	  0xfec00000u
#define IOAPIC_VERSION	  1
#define IOAPIC_REDIR(pin) (0x10 + 2 * (pin))
#define REDIR_MASKED	  (1u << 16)
#define REDIR_LEVEL	  (1u << 15)
#define REDIR_LOW	  (1u << 13)

struct ioapic {
	u32 id, address, gsi_base;
	u32 pins; /* 0: not answering */
};

static struct ioapic ioapics[MAX_IO_APICS];
static unsigned int nr_ioapics;
static DEFINE_SPINLOCK(ioapic_lock, LOCK_IOAPIC);

/* ISA interrupt -> global system interrupt, and MPS INTI flags. */
static u32 isa_gsi[16] = { 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
static u16 isa_flags[16];
static bool isa_overridden[16];

void __init ioapic_found(u32 id, u32 address, u32 gsi_base)
{
	if (nr_ioapics == MAX_IO_APICS || !address || (address & 0xfff)) {
		pr_warn("IOAPIC: entry with address 0x%x ignored\n", address);
		return;
	}
	ioapics[nr_ioapics++] = (struct ioapic){ id, address, gsi_base, 0 };
}

void __init ioapic_isa_override(u32 irq, u32 gsi, u16 flags)
{
	if (irq >= 16)
		return;
	isa_gsi[irq] = gsi;
	isa_flags[irq] = flags;
	isa_overridden[irq] = true;
}

static volatile u32 __iomem *ioapic_regs(unsigned int chip)
{
	return (volatile u32 __iomem *)(fix_to_virt(FIX_IO_APIC_BASE_0 + chip) +
					(ioapics[chip].address & 0xfff));
}

static u32 ioapic_read(unsigned int chip, u32 reg)
{
	writel(reg, ioapic_regs(chip));
	return readl(ioapic_regs(chip) + 4);
}

static void ioapic_write(unsigned int chip, u32 reg, u32 value)
{
	writel(reg, ioapic_regs(chip));
	writel(value, ioapic_regs(chip) + 4);
}

bool ioapic_pin_of_irq(unsigned int irq, struct ioapic_pin *pin)
{
	u32 gsi = irq < 16 ? isa_gsi[irq] : irq;

	for (unsigned int i = 0; i < nr_ioapics; i++) {
		if (gsi - ioapics[i].gsi_base >= ioapics[i].pins)
			continue;
		*pin = (struct ioapic_pin){ i, gsi - ioapics[i].gsi_base };
		return true;
	}
	return false;
}

void ioapic_default_type(unsigned int irq, bool *level, bool *low)
{
	u16 flags = irq < 16 ? isa_flags[irq] : 0;

	*level = irq >= 16;
	*low = irq >= 16;
	if (irq < 16 && isa_overridden[irq]) {
		if ((flags & 3) == 3)
			*low = true;
		if ((flags >> 2 & 3) == 3)
			*level = true;
	}
}

void ioapic_set_route(struct ioapic_pin pin, u8 vector, u32 apicid, bool level, bool low,
		      bool masked)
{
	u32 lo = vector | (level ? REDIR_LEVEL : 0) | (low ? REDIR_LOW : 0);
	unsigned long flags;

	spin_lock_irqsave(&ioapic_lock, flags);
	ioapic_write(pin.chip, IOAPIC_REDIR(pin.pin), lo | REDIR_MASKED);
	ioapic_write(pin.chip, IOAPIC_REDIR(pin.pin) + 1, apicid << 24);
	if (!masked)
		ioapic_write(pin.chip, IOAPIC_REDIR(pin.pin), lo);
	spin_unlock_irqrestore(&ioapic_lock, flags);
}

void ioapic_set_mask(struct ioapic_pin pin, bool masked)
{
	unsigned long flags;
	u32 lo;

	spin_lock_irqsave(&ioapic_lock, flags);
	lo = ioapic_read(pin.chip, IOAPIC_REDIR(pin.pin)) & ~REDIR_MASKED;
	ioapic_write(pin.chip, IOAPIC_REDIR(pin.pin), lo | (masked ? REDIR_MASKED : 0));
	spin_unlock_irqrestore(&ioapic_lock, flags);
}

void __init ioapic_init(void)
{
	if (!nr_ioapics)
		ioapic_found(0, IOAPIC_DEFAULT, 0);
	for (unsigned int i = 0; i < nr_ioapics; i++) {
		u32 version;

		set_fixmap_nocache(FIX_IO_APIC_BASE_0 + i, ioapics[i].address);
		version = ioapic_read(i, IOAPIC_VERSION);
		if (!version || version == ~0u) {
			pr_warn("IOAPIC[%u]: nothing answers at 0x%x\n", i, ioapics[i].address);
			continue;
		}
		ioapics[i].pins = (version >> 16 & 0xff) + 1;
		for (u32 pin = 0; pin < ioapics[i].pins; pin++)
			ioapic_write(i, IOAPIC_REDIR(pin), REDIR_MASKED);
		pr_info("IOAPIC[%u]: version %u, address 0x%x, GSI %u-%u\n", i, version & 0xff,
			ioapics[i].address, ioapics[i].gsi_base,
			ioapics[i].gsi_base + ioapics[i].pins - 1);
	}
}
