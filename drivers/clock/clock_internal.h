/* SPDX-License-Identifier: MIT */
/* What the files of this room share. */
#ifndef CLOCK_INTERNAL_H
#define CLOCK_INTERNAL_H

#include <base/types.h>
#include <kernel/clocksource.h>

/* A counter with a known rate, to measure others by. */
struct reference {
	const char *name;
	u64 (*read)(void);
	u64 hz, mask;
	bool down;		/* it counts down */
};

/* Each returns false when its device is not there. */
bool hpet_init(struct reference *ref);
bool pmtimer_init(struct reference *ref);
bool pit_init(struct reference *ref);
void hpet_register(void);
void pmtimer_register(void);

/* KVM's clock: registers the page of this CPU; frequency of the TSC that it tells, 0 without it. */
unsigned int kvmclock_init(void);
void kvmclock_register(void);

/* Measure the TSC (and the APIC timer: lapic_timer_calibrated()); tsc_khz is set afterwards. */
void tsc_init(void);
void tsc_register(void);

void clocksource_select_boot(void);

#endif
