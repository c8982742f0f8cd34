/* SPDX-License-Identifier: MIT */
/*
 * Kinds of time: ktime_t (ns, signed 64 bits), struct timespec64, clock_t of USER_HZ; conversions,
 * and their passage to and from user memory. One ABI: __kernel_timespec.
 */
#ifndef QUIRE_KERNEL_TIME_H
#define QUIRE_KERNEL_TIME_H

#include <base/types.h>
#include <base/compiler.h>
#include <linux/time.h>
#include <linux/time_types.h>

#define NSEC_PER_USEC	1000L
#define NSEC_PER_MSEC	1000000L
#define USEC_PER_SEC	1000000L
#define NSEC_PER_SEC	1000000000L
#define USER_HZ		100

typedef s64 ktime_t;
typedef s64 time64_t;

#define KTIME_MAX	((s64)~((u64)1 << 63))
#define KTIME_SEC_MAX	(KTIME_MAX / NSEC_PER_SEC)
#define TIME64_MAX	((s64)~((u64)1 << 63))
#define TIME64_MIN	(-TIME64_MAX - 1)
#define TIME_SETTOD_SEC_MAX (KTIME_SEC_MAX - 30LL * 365 * 24 * 3600)

struct timespec64 {
	time64_t tv_sec;
	long tv_nsec;
};

struct itimerspec64 {
	struct timespec64 it_interval;
	struct timespec64 it_value;
};

static inline ktime_t ktime_set(s64 secs, unsigned long nsecs)
{
	if (unlikely(secs >= KTIME_SEC_MAX))
		return KTIME_MAX;
	return secs * NSEC_PER_SEC + (s64)nsecs;
}

/* Sum, KTIME_MAX instead of an overflow. Both not negative. */
static inline ktime_t ktime_add_safe(ktime_t a, ktime_t b)
{
	ktime_t sum = (ktime_t)((u64)a + (u64)b);

	return sum < 0 || sum < a || sum < b ? KTIME_MAX : sum;
}

static inline ktime_t timespec64_to_ktime(struct timespec64 ts)
{
	return ktime_set(ts.tv_sec, (unsigned long)ts.tv_nsec);
}

static inline s64 timespec64_to_ns(const struct timespec64 *ts)
{
	return ktime_set(ts->tv_sec, (unsigned long)ts->tv_nsec);
}

static inline struct timespec64 ns_to_timespec64(s64 ns)
{
	struct timespec64 ts = { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };

	if (ts.tv_nsec < 0) {
		ts.tv_sec--;
		ts.tv_nsec += NSEC_PER_SEC;
	}
	return ts;
}
#define ktime_to_timespec64(kt)	ns_to_timespec64(kt)

/* Not negative, nanoseconds below a second. */
static inline bool timespec64_valid(const struct timespec64 *ts)
{
	return ts->tv_sec >= 0 && (unsigned long)ts->tv_nsec < NSEC_PER_SEC;
}
static inline bool timespec64_valid_settod(const struct timespec64 *ts)
{
	return timespec64_valid(ts) && ts->tv_sec < TIME_SETTOD_SEC_MAX;
}
static inline bool itimerspec64_valid(const struct itimerspec64 *its)
{
	return timespec64_valid(&its->it_interval) && timespec64_valid(&its->it_value);
}

/* Nanoseconds in units of USER_HZ, as times(2), /proc/PID/stat and /proc/stat show them. */
static inline u64 nsec_to_clock_t(u64 ns)
{
	return ns / (NSEC_PER_SEC / USER_HZ);
}

/* To and from user memory: 0 or -EFAULT. Not checked for validity. May sleep. */
int get_timespec64(struct timespec64 *ts, const struct __kernel_timespec __user *uts);
int put_timespec64(const struct timespec64 *ts, struct __kernel_timespec __user *uts);
int get_itimerspec64(struct itimerspec64 *it, const struct __kernel_itimerspec __user *uit);
int put_itimerspec64(const struct itimerspec64 *it, struct __kernel_itimerspec __user *uit);
/* struct timeval with 0 <= usec < 10^6 required: 0, -EFAULT, -EINVAL. */
int get_timeval_ns(s64 *ns, const struct __kernel_old_timeval __user *utv);
int put_timeval_ns(s64 ns, struct __kernel_old_timeval __user *utv);

extern struct timezone sys_tz;

/* Calendar fields of @totalsecs seconds after 1970 (offset added), for the RTC and messages. */
struct tm_fields {
	int tm_sec, tm_min, tm_hour, tm_mday, tm_mon, tm_wday, tm_yday;
	long tm_year;	/* since 1900 */
};
void time64_to_tm(time64_t totalsecs, int offset, struct tm_fields *result);
/* Seconds since 1970 of a date; month 1..12. */
time64_t mktime64(unsigned int year, unsigned int mon, unsigned int day,
		  unsigned int hour, unsigned int min, unsigned int sec);

#endif
