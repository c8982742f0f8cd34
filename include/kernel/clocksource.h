/* SPDX-License-Identifier: MIT */
/*
 * Clocks that count by themselves. Time in nanoseconds = cycles * mult >> shift; the theory is in
 * drivers/clock/clocksource.c.
 */
#ifndef KERNEL_CLOCKSOURCE_H
#define KERNEL_CLOCKSOURCE_H

#include <base/types.h>
#include <base/list.h>

struct clocksource {
	u64 (*read)(struct clocksource *cs);
	u64 mask;			/* of the counter's width */
	u32 mult, shift;
	u64 max_idle_ns;		/* the counter may not be left unread for longer */
	const char *name;
	int rating;			/* the highest is taken; 1..499 */
	int vdso_mode;			/* VDSO_CLOCKMODE_* : can user mode read it? */
	struct list_head list;
};

#define CLOCKSOURCE_MASK(bits)	((bits) < 64 ? (1ULL << (bits)) - 1 : ~0ULL)
#define VDSO_CLOCKMODE_NONE	0
#define VDSO_CLOCKMODE_TSC	1

/* Offer a clock that runs at @hz. It is used at once if it is better than the one in use. 0. */
int clocksource_register_hz(struct clocksource *cs, u32 hz);
int clocksource_register_khz(struct clocksource *cs, u32 khz);
/* The best one that is there (or the one of clocksource=). Before time_init(): one that stands still. */
struct clocksource *clocksource_current(void);
/* mult and shift that turn @from Hz into @to Hz without overflow for @maxsec seconds. */
void clocks_calc_mult_shift(u32 *mult, u32 *shift, u32 from, u32 to, u32 maxsec);
/* The counter turned out to run at @khz: time goes on without a step. */
void clocksource_set_khz(struct clocksource *cs, u32 khz);

#endif
