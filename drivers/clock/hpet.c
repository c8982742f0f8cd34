// SPDX-License-Identifier: MIT
/* The high precision event timer: its main counter alone, 32 bits of it, as reference and clock source. */
#include <base/types.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <seam/acpi.h>
#include <seam/fixmap.h>
#include <seam/io.h>
#include "clock_internal.h"

#define HPET_PERIOD	0x004 /* femtoseconds per tick */
#define HPET_CFG	0x010
#define HPET_COUNTER	0x0f0
#define HPET_MAX_PERIOD 100000000u

static u64 hpet_hz __initdata;
static bool hpet_off __initdata;

static int __init setup_hpet(char *arg)
{
	hpet_off = arg && arg[0] == 'd'; /* hpet=disable */
	return 0;
}
early_param("hpet", setup_hpet);

static inline volatile char __iomem *hpet_regs(void)
{
	return (volatile char __iomem *)fix_to_virt(FIX_HPET_BASE) + (acpi_hpet_base & 0xfff);
}

static u64 hpet_read(void)
{
	return readl(hpet_regs() + HPET_COUNTER);
}

static u64 hpet_read_cs(struct clocksource *cs)
{
	return hpet_read();
}

static struct clocksource clocksource_hpet = {
	.name = "hpet",
	.rating = 250,
	.read = hpet_read_cs,
	.mask = CLOCKSOURCE_MASK(32),
};

bool __init hpet_init(struct reference *ref)
{
	u32 period;

	if (!acpi_hpet_base || (acpi_hpet_base & 7) || hpet_off)
		return false;
	set_fixmap_nocache(FIX_HPET_BASE, acpi_hpet_base);
	period = readl(hpet_regs() + HPET_PERIOD);
	if (!period || period > HPET_MAX_PERIOD)
		return false;
	writel(readl(hpet_regs() + HPET_CFG) | 1, hpet_regs() + HPET_CFG);
	hpet_hz = 1000000000000000ULL / period;
	*ref = (struct reference){ "HPET", hpet_read, hpet_hz, CLOCKSOURCE_MASK(32), false };
	return true;
}

void __init hpet_register(void)
{
	if (hpet_hz)
		clocksource_register_hz(&clocksource_hpet, hpet_hz);
}
