/* SPDX-License-Identifier: MIT */
/* The time-stamp counter. */
#ifndef SEAM_TIMEX_H
#define SEAM_TIMEX_H

#include <base/types.h>

static inline u64 rdtsc(void)
{
	u32 lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (u64)hi << 32 | lo;
}

/* Not before earlier loads: the reading that a clock needs. */
static inline u64 rdtsc_ordered(void)
{
	__asm__ volatile("lfence" : : : "memory");
	return rdtsc();
}

typedef unsigned long long cycles_t;

static inline cycles_t get_cycles(void)
{
	return rdtsc();
}

/* Something that differs from call to call, for mixing into a seed. */
#define random_get_entropy()	((unsigned long)get_cycles())

/* Frequency of the counter in kHz, 0 while not known. */
extern unsigned int tsc_khz, cpu_khz;

#endif
