// SPDX-License-Identifier: MIT
/*
 * The time-stamp counter: how fast it runs, and the cheap clock made of it.
 *
 * The rate comes from CPUID (leaf 0x15, or a hypervisor's leaf 0x40000010), from kvm-clock, or it is measured against the
 * best reference that there is: HPET, PM timer, PIT channel 0. A measurement reads (TSC, reference, TSC) several times and
 * keeps the reading with the smallest gap, so that a virtual CPU that loses its host CPU in between does no harm; over a
 * window of a millisecond that is exact to about a thousandth. One second after boot tsc_refine() repeats it over that
 * second. The APIC timer is measured in the same window.
 *
 * sched_clock() is the TSC alone, whatever clock source is in use; before the rate is known it stands still at 0.
 */
#include <base/types.h>
#include <base/compiler.h>
#include <base/errno.h>
#include <base/math.h>
#include <kernel/clockchips.h>
#include <kernel/clocksource.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <kernel/timer.h>
#include <sync/workqueue.h>
#include <seam/lapic_timer.h>
#include <seam/irqflags.h>
#include <seam/processor.h>
#include <seam/timex.h>
#include "clock_internal.h"

#define WINDOW_US 1000

unsigned int tsc_khz, cpu_khz;

static u64 boot_tsc, boot_ns;
static u32 sched_mult, sched_shift;
static bool rate_is_exact, tsc_unstable;
static struct reference ref;

struct sample {
	u64 tsc, ref, gap;
	u32 lapic;
};

static u64 read_tsc(struct clocksource *cs)
{
	return rdtsc_ordered();
}

static struct clocksource clocksource_tsc = {
	.name = "tsc",
	.rating = 300,
	.read = read_tsc,
	.mask = ~0ULL,
	.vdso_mode = VDSO_CLOCKMODE_TSC,
};

u64 sched_clock(void)
{
	return boot_ns + (u64)((unsigned __int128)(rdtsc() - boot_tsc) * sched_mult >> sched_shift);
}

static void set_rate(unsigned int khz)
{
	u64 now = sched_clock();

	tsc_khz = cpu_khz = khz;
	if (sched_mult) {
		boot_tsc = rdtsc();
		boot_ns = now;
	}
	clocks_calc_mult_shift(&sched_mult, &sched_shift, khz, 1000000, 0);
}

static int __init setup_tsc(char *arg)
{
	if (!arg)
		return -EINVAL;
	if (*arg == 'u') /* unstable */
		tsc_unstable = true;
	return 0;
}
early_param("tsc", setup_tsc);

/* ---- measuring ---- */

static struct sample take_sample(void)
{
	struct sample best = { .gap = ~0ULL };
	unsigned long flags;

	local_irq_save(flags);
	for (int i = 0; i < 5; i++) {
		u64 t0 = rdtsc_ordered(), r = ref.read(), t1;
		u32 l = lapic_timer_count();

		t1 = rdtsc_ordered();
		if (t1 - t0 < best.gap)
			best = (struct sample){ t0 + (t1 - t0) / 2, r, t1 - t0, l };
	}
	local_irq_restore(flags);
	return best;
}

static u64 ref_delta(u64 from, u64 to)
{
	return (ref.down ? from - to : to - from) & ref.mask;
}

/* a * b / c with a product of 128 bits; the quotient must fit into 64. */
static inline u64 mul_div(u64 a, u64 b, u64 c)
{
	u64 q, r;

	__asm__("mulq %3; divq %4" : "=a"(q), "=&d"(r) : "0"(a), "rm"(b), "rm"(c) : "cc");
	return q;
}

/* Rate between two samples, in kHz; 0 when the reference did not move. */
static u64 rate_khz(const struct sample *a, const struct sample *b)
{
	u64 ticks = ref_delta(a->ref, b->ref);

	return ticks ? mul_div(b->tsc - a->tsc, ref.hz, ticks) / 1000 : 0;
}

static bool __init measure(unsigned int *khz)
{
	u64 ticks = ref.hz * WINDOW_US / 1000000;
	u64 patience = 50000000;
	struct sample a, b;

	lapic_timer_free_run();
	a = take_sample();
	while (ref_delta(a.ref, ref.read()) < ticks)
		if (!--patience)
			return false;
	b = take_sample();
	*khz = rate_khz(&a, &b);
	if (*khz)
		lapic_timer_calibrated((u64)(u32)(a.lapic - b.lapic) * *khz * 1000 /
				       (b.tsc - a.tsc));
	return *khz > 1000;
}

/* Rate that the CPU or the hypervisor tells, in kHz. */
static unsigned int __init known_rate(void)
{
	u32 a, b, c, d;

	if (boot_cpu_has(X86_FEATURE_HYPERVISOR)) {
		cpuid(0x40000000, &a, &b, &c, &d);
		if (a >= 0x40000010 && a < 0x40000100) {
			cpuid(0x40000010, &a, &b, &c, &d);
			if (a > 1000)
				return a;
		}
	}
	if (boot_cpu_data.cpuid_level >= 0x15) {
		cpuid(0x15, &a, &b, &c, &d);
		if (a && b && c)
			return (u64)c * b / a / 1000;
	}
	return 0;
}

static bool __init find_reference(void)
{
	return hpet_init(&ref) || pmtimer_init(&ref) || pit_init(&ref);
}

void __init tsc_init(void)
{
	unsigned int khz = known_rate(), measured = 0;
	struct reference other;

	boot_tsc = rdtsc();
	if (!khz)
		khz = kvmclock_init();
	rate_is_exact = khz != 0;
	if (find_reference() && !measure(&measured)) {
		pr_warn("tsc: %s does not count\n", ref.name);
		if (ref.hz != 1193182 && pit_init(&ref))
			measure(&measured);
	}
	pmtimer_init(&other); /* as a clock source, if HPET was the reference */
	if (!khz && measured) {
		khz = measured;
		pr_info("tsc: Fast TSC calibration using %s\n", ref.name);
	}
	if (!khz) {
		pr_warn("tsc: nothing to measure the rate by; 1000 MHz assumed, clocks may be wrong\n");
		khz = 1000000;
	}
	if (!measured)
		lapic_timer_calibrate_by_tsc(khz);
	set_rate(khz);
	pr_info("tsc: Detected %u.%03u MHz processor\n", khz / 1000, khz % 1000);
}

void __init tsc_register(void)
{
	if (tsc_unstable)
		clocksource_tsc.rating = 0;
	clocksource_register_khz(&clocksource_tsc, tsc_khz);
}

/* ---- refinement ---- */

static struct sample refine_from;
static void tsc_refine(struct work_struct *work);
static DECLARE_DELAYED_WORK(refine_work, tsc_refine);

static void tsc_refine(struct work_struct *work)
{
	struct sample to = take_sample();
	u64 khz = rate_khz(&refine_from, &to);

	/* The reference wrapped, or this machine stood still: the first measurement remains. */
	if (!khz || khz < tsc_khz - tsc_khz / 100 || khz > tsc_khz + tsc_khz / 100)
		return;
	set_rate(khz);
	clocksource_set_khz(&clocksource_tsc, khz);
	pr_info("tsc: Refined TSC clocksource calibration: %llu.%03llu MHz\n", khz / 1000,
		khz % 1000);
}

static int __init tsc_start_refinement(void)
{
	u64 second = ref.hz ? ref.hz * 5 / 4 : ~0ULL;

	if (rate_is_exact || second > ref.mask)
		return 0;
	refine_from = take_sample();
	schedule_delayed_work(&refine_work, HZ);
	return 0;
}
device_initcall(tsc_start_refinement);

/* ---- busy waiting ---- */

static void delay_cycles(u64 cycles)
{
	u64 start = rdtsc();

	while (rdtsc() - start < cycles)
		cpu_relax();
}

void udelay(unsigned long usecs)
{
	delay_cycles(usecs * (tsc_khz ? tsc_khz : 3000000ULL) / 1000);
}

void mdelay(unsigned long msecs)
{
	udelay(msecs * 1000);
}
