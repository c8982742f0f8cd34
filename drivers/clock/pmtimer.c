// SPDX-License-Identifier: MIT
/* ACPI's power-management timer: 24 (or 32, not used) bits at 3.579545 MHz behind an I/O port. */
#include <base/types.h>
#include <kernel/init.h>
#include <seam/acpi.h>
#include <seam/io.h>
#include "clock_internal.h"

#define PMTMR_HZ 3579545

static bool present __initdata;

static u64 pmtimer_read(void)
{
	return inl(acpi_pm_timer) & 0xffffff;
}

/* Some chips latch badly: three readings must be in order. */
static u64 pmtimer_read_cs(struct clocksource *cs)
{
	u64 a, b, c;

	do {
		a = pmtimer_read();
		b = pmtimer_read();
		c = pmtimer_read();
	} while ((a > b && a < c) || (b > c && b < a) || (c > a && c < b));
	return b;
}

static struct clocksource clocksource_pmtimer = {
	.name = "acpi_pm",
	.rating = 200,
	.read = pmtimer_read_cs,
	.mask = CLOCKSOURCE_MASK(24),
};

bool __init pmtimer_init(struct reference *ref)
{
	u64 first;

	if (!acpi_pm_timer || !acpi_pm_timer_is_port || acpi_pm_timer > 0xffff)
		return false;
	first = pmtimer_read();
	for (int i = 0; i < 1000 && !present; i++)
		present = pmtimer_read() != first;
	*ref = (struct reference){ "PM timer", pmtimer_read, PMTMR_HZ, CLOCKSOURCE_MASK(24),
				   false };
	return present;
}

void __init pmtimer_register(void)
{
	if (present)
		clocksource_register_hz(&clocksource_pmtimer, PMTMR_HZ);
}
