/* SPDX-License-Identifier: MIT */
/*
 * What time it is.
 *
 * ktime_get() is the machine's clock: ns since boot, monotonic on all CPUs. Wall-clock time is
 * ktime_get() + an offset that settimeofday and friends move; CLOCK_TAI adds tai_offset seconds.
 * There is no suspend, so CLOCK_BOOTTIME is CLOCK_MONOTONIC; there is no frequency steering yet,
 * so CLOCK_MONOTONIC_RAW is, too.
 */
#ifndef QUIRE_KERNEL_TIMEKEEPING_H
#define QUIRE_KERNEL_TIMEKEEPING_H

#include <kernel/time.h>

/* From the room of the machine: ns since boot. Any context (also NMI). */
ktime_t ktime_get(void);
/* How ktime_get() computes, for the vDSO. ns = base_ns + ((rdtsc - base_tsc) * mult >> shift), the
 * product taken in 128 bits. @tsc false: the clock is something else, the vDSO makes a system call. */
struct clock_params {
	bool tsc;
	u64 base_tsc;
	u64 base_ns;
	u32 mult;
	u32 shift;
};
void ktime_get_params(struct clock_params *params);	/* the machine's */
/* The machine calls this when what ktime_get_params() says has changed. Any context. */
void timekeeping_clock_changed(void);
/* Seconds since 1970 by the battery clock; 0 when there is none. The machine's. */
time64_t read_persistent_clock(void);

/* Sets the wall clock from the battery clock. Once at boot, after time_init(). */
void timekeeping_init(void);

/* The machine's wall clock. Any context but NMI. */
ktime_t ktime_get_real(void);
ktime_t ktime_get_clocktai(void);
static inline ktime_t ktime_get_boottime(void) { return ktime_get(); }
#define ktime_get_ns()			((u64)ktime_get())
#define ktime_get_real_ns()		((u64)ktime_get_real())

void ktime_get_real_ts64(struct timespec64 *ts);
void ktime_get_boottime_ts64(struct timespec64 *ts);
/* As of the last tick: cheap, and up to a tick behind. Any context. */
ktime_t ktime_get_coarse(void);
void ktime_get_coarse_real_ts64(struct timespec64 *ts);
time64_t ktime_get_real_seconds(void);
time64_t ktime_get_seconds(void);
static inline time64_t ktime_get_boottime_seconds(void) { return ktime_get_seconds(); }
/* Wall-clock time of boot: for btime of /proc/stat. */
void getboottime64(struct timespec64 *ts);

/* Wall clock minus monotonic, moves with do_settimeofday64(). */
ktime_t ktime_real_offset(void);
/* Ticks when the wall clock is set: timers on CLOCK_REALTIME compare. */
extern unsigned int clock_was_set_seq;

/* A new tick at @now (ktime_get): publishes coarse time. => jiffies_lock held */
void timekeeping_tick(u64 now);

/* Set the wall clock: 0, -EINVAL. Permission is the caller's business. May sleep. */
int do_settimeofday64(const struct timespec64 *ts);
void timekeeping_set_timezone(const struct timezone *tz);

#endif
