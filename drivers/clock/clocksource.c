// SPDX-License-Identifier: MIT
/*
 * The monotonic clock.
 *
 * 1 Purpose. ktime_get(): nanoseconds since boot, never going back, the same on all CPUs, from the best counter that
 * the machine has.
 *
 * 2 Structure. Two copies of a conversion (counter value `cycles` corresponds to `ns`; from there on
 * ns + ((counter - cycles) & mask) * mult >> shift). `seq` is odd or even and chooses the copy that readers use; a writer
 * fills the other one and then turns seq, so that a reader never waits, not even an NMI in the middle of a change.
 *
 * 3 Wide counters (TSC, kvm-clock: 64 bits) never wrap, and the product is taken in 128 bits: the base stays. Narrow ones
 * (HPET 32 bits, PM timer 24) must be read before they wrap: ktime_get_narrow() moves the base at every reading,
 * under a lock, and the tick reads often enough (max_idle_ns).
 *
 * 4 Invariant. On a change of the clock source time goes on from the value that the old source had (clocksource_switch).
 *
 * 5 Linux: kernel/time/clocksource.c and timekeeping.c. No frequency steering, no watchdog yet.
 *
 * 6 Observe: clocksource= ; the boot log names the sources and the choice.
 */
#include <base/types.h>
#include <base/compiler.h>
#include <base/errno.h>
#include <base/list.h>
#include <base/math.h>
#include <base/string.h>
#include <kernel/clockchips.h>
#include <kernel/clocksource.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <kernel/timekeeping.h>
#include <kernel/timer.h>
#include <sync/spinlock.h>
#include <seam/barrier.h>
#include <seam/irqflags.h>
#include <seam/timex.h>
#include "clock_internal.h"

struct conversion {
	struct clocksource *cs;
	u64 cycles, ns;
	u32 mult, shift;
};

/* Until time_init() time stands still. jiffies is no clock source: it is computed from this clock. */
static u64 read_nothing(struct clocksource *cs)
{
	return 0;
}

static struct clocksource clocksource_none = { .name = "none",
					       .read = read_nothing,
					       .mask = ~0ULL };

static unsigned int seq;
static struct conversion conv[2] = {
	{ .cs = &clocksource_none },
	{ .cs = &clocksource_none },
};
static LIST_HEAD(clocksources);
static DEFINE_SPINLOCK(clock_lock, LOCK_CLOCK_BASE);
static char wanted[32];

static inline u64 scale(u64 delta, u32 mult, u32 shift)
{
	return (unsigned __int128)delta * mult >> shift;
}

static inline u64 conversion_ns(const struct conversion *c, u64 now)
{
	u64 delta = (now - c->cycles) & c->cs->mask;

	/* A CPU whose counter is a little behind: not before the base. */
	if (unlikely(c->cs->mask == ~0ULL && (s64)delta < 0))
		delta = 0;
	return c->ns + scale(delta, c->mult, c->shift);
}

/* Let readers use @c. => clock_lock held */
static void publish(const struct conversion *c)
{
	conv[(seq + 1) & 1] = *c;
	smp_wmb();
	WRITE_ONCE(seq, seq + 1);
	smp_wmb();
	conv[(seq + 1) & 1] = *c;
}

static ktime_t ktime_get_narrow(void)
{
	static u64 last;
	unsigned long flags;
	struct conversion c;
	u64 now;

	/* In an NMI that interrupted the holder there is no better answer than the last one. */
	local_irq_save(flags);
	if (!spin_trylock(&clock_lock)) {
		local_irq_restore(flags);
		return READ_ONCE(last);
	}
	c = conv[seq & 1];
	now = c.cs->read(c.cs);
	c.ns = conversion_ns(&c, now);
	c.cycles = now;
	publish(&c);
	WRITE_ONCE(last, c.ns);
	spin_unlock(&clock_lock);
	local_irq_restore(flags);
	return c.ns;
}

ktime_t ktime_get(void)
{
	const struct conversion *c;
	unsigned int s;
	u64 ns;

	do {
		s = READ_ONCE(seq);
		smp_rmb();
		c = &conv[s & 1];
		if (unlikely(c->cs->mask != ~0ULL))
			return ktime_get_narrow();
		ns = conversion_ns(c, c->cs->read(c->cs));
		smp_rmb();
	} while (unlikely(READ_ONCE(seq) != s));
	return ns;
}

void ktime_get_params(struct clock_params *p)
{
	unsigned long flags;

	spin_lock_irqsave(&clock_lock, flags);
	*p = (struct clock_params){
		.tsc = conv[seq & 1].cs->vdso_mode == VDSO_CLOCKMODE_TSC,
		.base_tsc = conv[seq & 1].cycles,
		.base_ns = conv[seq & 1].ns,
		.mult = conv[seq & 1].mult,
		.shift = conv[seq & 1].shift,
	};
	spin_unlock_irqrestore(&clock_lock, flags);
}

/* Go over to @cs, or to its changed mult and shift, without a step. */
static void clocksource_switch(struct clocksource *cs)
{
	unsigned long flags;
	struct conversion c;

	spin_lock_irqsave(&clock_lock, flags);
	c = conv[seq & 1];
	c.ns = conversion_ns(&c, c.cs->read(c.cs));
	c.cs = cs;
	c.cycles = cs->read(cs);
	c.mult = cs->mult;
	c.shift = cs->shift;
	publish(&c);
	spin_unlock_irqrestore(&clock_lock, flags);
	timekeeping_clock_changed();
}

struct clocksource *clocksource_current(void)
{
	return conv[READ_ONCE(seq) & 1].cs;
}

static int __init setup_clocksource(char *arg)
{
	if (!arg || !*arg)
		return -EINVAL;
	strscpy(wanted, arg, sizeof(wanted));
	return 0;
}
early_param("clocksource", setup_clocksource);

void __init clocksource_select_boot(void)
{
	struct clocksource *cs, *best = NULL;

	list_for_each_entry (cs, &clocksources, list) {
		if (!best || cs->rating > best->rating)
			best = cs;
		if (wanted[0] && !strcmp(cs->name, wanted)) {
			best = cs;
			break;
		}
	}
	if (wanted[0] && (!best || strcmp(best->name, wanted)))
		pr_warn("clocksource: \"%s\" is not there\n", wanted);
	clocksource_switch(best);
	pr_info("clocksource: Switched to clocksource %s\n", best->name);
}

void clocks_calc_mult_shift(u32 *mult, u32 *shift, u32 from, u32 to, u32 maxsec)
{
	u64 value;
	u32 s, room = 32;

	/* So many bits are free above the longest interval's cycles. */
	for (value = (u64)maxsec * from >> 32; value; value >>= 1)
		room--;
	for (s = 32; s > 0; s--) {
		value = (((u64)to << s) + from / 2) / from;
		if (value >> room == 0)
			break;
	}
	*mult = value;
	*shift = s;
}

int clocksource_register_khz(struct clocksource *cs, u32 khz)
{
	struct clocksource *pos;
	struct list_head *at = &clocksources;
	unsigned long flags;

	clocks_calc_mult_shift(&cs->mult, &cs->shift, khz, 1000000, 0);
	cs->max_idle_ns = cs->mask == ~0ULL ? ~0ULL : scale(cs->mask / 2, cs->mult, cs->shift);
	spin_lock_irqsave(&clock_lock, flags);
	list_for_each_entry (pos, &clocksources, list) {
		if (pos->rating < cs->rating) {
			at = &pos->list;
			break;
		}
	}
	list_add_tail(&cs->list, at);
	spin_unlock_irqrestore(&clock_lock, flags);
	pr_info("clocksource: %s: mask: 0x%llx, %u kHz\n", cs->name, cs->mask, khz);
	return 0;
}

int clocksource_register_hz(struct clocksource *cs, u32 hz)
{
	int err = clocksource_register_khz(cs, max(hz / 1000, 1u));

	clocks_calc_mult_shift(&cs->mult, &cs->shift, hz, NSEC_PER_SEC, 0);
	return err;
}

void clocksource_set_khz(struct clocksource *cs, u32 khz)
{
	clocks_calc_mult_shift(&cs->mult, &cs->shift, khz, 1000000, 0);
	if (clocksource_current() == cs)
		clocksource_switch(cs);
}

void __init time_init(void)
{
	tsc_init();
	hpet_register();
	pmtimer_register();
	tsc_register();
	kvmclock_register();
	clocksource_select_boot();
	setup_boot_APIC_clock();
}
