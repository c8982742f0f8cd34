/* SPDX-License-Identifier: MIT */
/* The local APIC's timer, as the code that measures it needs it. */
#ifndef SEAM_LAPIC_TIMER_H
#define SEAM_LAPIC_TIMER_H

#include <base/types.h>

/* Let it count down from its maximum, masked; its count now. */
void lapic_timer_free_run(void);
u32 lapic_timer_count(void);
/* It counts @hz times a second. */
void lapic_timer_calibrated(u64 hz);
/* Measure it by a TSC of @khz. */
void lapic_timer_calibrate_by_tsc(unsigned int khz);

#endif
