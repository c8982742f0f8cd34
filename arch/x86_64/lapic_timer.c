// SPDX-License-Identifier: MIT
/*
 * The alarm clock of each CPU: the local APIC's timer, one-shot. With TSC-deadline mode the alarm is a value of the TSC;
 * otherwise a count that is loaded, divided by 16: at QEMU's 1 GHz it reaches 68 seconds and is exact to 16 ns.
 *
 * While the clock source is a narrow counter, no alarm is set further than a second ahead, so that the counter is read
 * before it wraps.
 */
#include <base/types.h>
#include <base/math.h>
#include <kernel/clockchips.h>
#include <kernel/clocksource.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <seam/irq_vectors.h>
#include <seam/lapic_timer.h>
#include <seam/processor.h>
#include <seam/timex.h>
#include "apic.h"

#define DIVIDE_BY_16 0x3
#define MIN_DELTA_NS 1000ULL
#define MAX_DELTA_NS 8000000000ULL

static u64 timer_hz;
static u64 deadline_mult, count_mult; /* ticks = ns * mult >> 32 */
static bool deadline_mode;

void lapic_timer_free_run(void)
{
	apic_write(APIC_LVTT, APIC_LVT_MASKED | LOCAL_TIMER_VECTOR);
	apic_write(APIC_TDCR, DIVIDE_BY_16);
	apic_write(APIC_TMICT, ~0u);
}

u32 lapic_timer_count(void)
{
	return apic_read(APIC_TMCCT);
}

void lapic_timer_calibrated(u64 hz)
{
	timer_hz = hz;
}

void __init lapic_timer_calibrate_by_tsc(unsigned int khz)
{
	u64 start, cycles = khz; /* a millisecond */
	u32 from, to;

	lapic_timer_free_run();
	start = rdtsc_ordered();
	from = lapic_timer_count();
	while (rdtsc_ordered() - start < cycles)
		cpu_relax();
	to = lapic_timer_count();
	lapic_timer_calibrated((u64)(from - to) * 1000);
}

void clockevents_program(u64 delta_ns)
{
	u64 max = MAX_DELTA_NS, idle = clocksource_current()->max_idle_ns;

	if (unlikely(idle && idle < max))
		max = min(idle, 1000000000ULL);
	delta_ns = clamp(delta_ns, MIN_DELTA_NS, max);
	if (deadline_mode)
		wrmsrl(MSR_IA32_TSC_DEADLINE,
		       rdtsc() + (u64)((unsigned __int128)delta_ns * deadline_mult >> 32));
	else
		apic_write(APIC_TMICT, (delta_ns * count_mult >> 32) + 1);
}

void clockevents_stop(void)
{
	if (deadline_mode)
		wrmsrl(MSR_IA32_TSC_DEADLINE, 0);
	else
		apic_write(APIC_TMICT, 0);
}

/* Name of the device, for the log. */
static const char *clockevents_name(void)
{
	return deadline_mode ? "lapic-deadline" : "lapic";
}

static void setup_cpu_timer(void)
{
	if (deadline_mode) {
		apic_write(APIC_LVTT, APIC_LVT_TSCDEADLINE | LOCAL_TIMER_VECTOR);
		/* The mode must have arrived before the deadline is written. */
		__asm__ volatile("mfence" : : : "memory");
	} else {
		apic_write(APIC_TMICT, 0);
		apic_write(APIC_TDCR, DIVIDE_BY_16);
		apic_write(APIC_LVTT, LOCAL_TIMER_VECTOR);
	}
	clockevents_stop();
}

void __init setup_boot_APIC_clock(void)
{
	deadline_mode = boot_cpu_has(X86_FEATURE_TSC_DEADLINE_TIMER);
	if (!timer_hz)
		timer_hz = 62500000; /* 1 GHz bus, the common virtual one */
	count_mult = (timer_hz << 32) / 1000000000;
	deadline_mult = ((u64)tsc_khz << 32) / 1000000;
	setup_cpu_timer();
	pr_info("clockevents: %s, %llu.%03llu MHz\n", clockevents_name(), timer_hz / 1000000,
		timer_hz / 1000 % 1000);
}

void setup_secondary_APIC_clock(void)
{
	setup_cpu_timer();
}
