// SPDX-License-Identifier: MIT
/*
 * Wall-clock time.
 *
 * The machine counts nanoseconds since boot (ktime_get). The wall clock is that plus real_offset,
 * which the battery clock sets at boot and clock_settime() moves; nothing else is kept, so reading
 * either clock takes no lock and setting the wall clock cannot disturb the monotonic one.
 *
 *	CLOCK_REALTIME = ktime_get() + real_offset        CLOCK_TAI = CLOCK_REALTIME + tai seconds
 *	CLOCK_BOOTTIME = CLOCK_MONOTONIC_RAW = CLOCK_MONOTONIC = ktime_get()
 *	..._COARSE: as of the last tick, which leaves CLOCK_MONOTONIC in the vDSO page: one load, no counter
 *
 * The same numbers lie in the page of the vDSO (vdso_data.h), under a sequence count; writers hold
 * time_lock. Linux keeps a tick-driven timekeeper with NTP steering; there is none here yet, and
 * clock_adjtime() says so.
 */
#include <base/types.h>
#include <base/compiler.h>
#include <base/errno.h>
#include <seam/barrier.h>
#include <sync/ranks.h>
#include <sync/spinlock.h>
#include <kernel/hrtimer.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <kernel/timekeeping.h>
#include <kernel/timer.h>
#include <kernel/vdso_data.h>

static DEFINE_SPINLOCK(time_lock, LOCK_TIMEKEEPING);
static s64 real_offset; /* ns; written under time_lock, one word */
static s64 tai_seconds;
unsigned int clock_was_set_seq;
struct timezone sys_tz;

union vdso_page vdso_page __attribute__((aligned(4096), section(".data..page_aligned")));

static_assert(VDSO_COARSE_NSEC == TICK_NSEC, "the coarse clocks have the resolution of the tick");

ktime_t ktime_real_offset(void)
{
	return READ_ONCE(real_offset);
}

ktime_t ktime_get_real(void)
{
	return ktime_get() + READ_ONCE(real_offset);
}

ktime_t ktime_get_clocktai(void)
{
	return ktime_get_real() + READ_ONCE(tai_seconds) * NSEC_PER_SEC;
}

void ktime_get_real_ts64(struct timespec64 *ts)
{
	*ts = ns_to_timespec64(ktime_get_real());
}

void ktime_get_boottime_ts64(struct timespec64 *ts)
{
	*ts = ns_to_timespec64(ktime_get_boottime());
}

ktime_t ktime_get_coarse(void)
{
	return READ_ONCE(vdso_page.data.coarse_ns);
}

void ktime_get_coarse_real_ts64(struct timespec64 *ts)
{
	*ts = ns_to_timespec64(ktime_get_coarse() + READ_ONCE(real_offset));
}

time64_t ktime_get_real_seconds(void)
{
	return ktime_get_real() / NSEC_PER_SEC;
}

time64_t ktime_get_seconds(void)
{
	return ktime_get() / NSEC_PER_SEC;
}

void getboottime64(struct timespec64 *ts)
{
	*ts = ns_to_timespec64(READ_ONCE(real_offset));
}

/* Write the vDSO's page anew. => time_lock held */
static void publish_vdso(const struct clock_params *p)
{
	struct vdso_data *d = &vdso_page.data;

	WRITE_ONCE(d->seq, d->seq + 1);
	smp_wmb();
	d->tsc = p->tsc;
	d->base_tsc = p->base_tsc;
	d->base_ns = p->base_ns;
	d->mult = p->mult;
	d->shift = p->shift;
	d->real_offset = real_offset;
	d->tai_offset = real_offset + tai_seconds * NSEC_PER_SEC;
	d->tz_minuteswest = sys_tz.tz_minuteswest;
	d->tz_dsttime = sys_tz.tz_dsttime;
	smp_wmb();
	WRITE_ONCE(d->seq, d->seq + 1);
}

void timekeeping_clock_changed(void)
{
	struct clock_params p;
	unsigned long flags;

	ktime_get_params(&p);
	spin_lock_irqsave(&time_lock, flags);
	publish_vdso(&p);
	spin_unlock_irqrestore(&time_lock, flags);
}

static void set_real_offset(s64 offset)
{
	struct clock_params p;
	unsigned long flags;

	ktime_get_params(&p);
	spin_lock_irqsave(&time_lock, flags);
	WRITE_ONCE(real_offset, offset);
	publish_vdso(&p);
	spin_unlock_irqrestore(&time_lock, flags);
}

void __init timekeeping_init(void)
{
	time64_t now = read_persistent_clock();

	if (now > 0)
		set_real_offset(now * NSEC_PER_SEC - ktime_get());
	else
		pr_warn("no battery clock: the wall clock starts at 1970\n");
}

void timekeeping_tick(u64 now)
{
	WRITE_ONCE(vdso_page.data.coarse_ns, now - now % TICK_NSEC);
}

int do_settimeofday64(const struct timespec64 *ts)
{
	ktime_t now = ktime_get();

	/* Not before CLOCK_MONOTONIC began, as Linux demands. */
	if (!timespec64_valid_settod(ts) || timespec64_to_ns(ts) < now)
		return -EINVAL;
	set_real_offset(timespec64_to_ns(ts) - now);
	WRITE_ONCE(clock_was_set_seq, clock_was_set_seq + 1);
	clock_was_set();
	return 0;
}

/* For settimeofday(): minutes west of Greenwich, and for the vDSO. */
void timekeeping_set_timezone(const struct timezone *tz)
{
	sys_tz = *tz;
	timekeeping_clock_changed();
}

/* ---- calendar ---- */

static bool is_leap(long year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01 to the first of @mon (1..12) of @year, after Howard Hinnant's algorithm. */
static s64 days_from_civil(s64 year, unsigned int mon, unsigned int day)
{
	s64 era, yoe, doy, doe;

	year -= mon <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	yoe = year - era * 400;
	doy = (153 * (mon + (mon > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

time64_t mktime64(unsigned int year, unsigned int mon, unsigned int day, unsigned int hour,
		  unsigned int min, unsigned int sec)
{
	return ((days_from_civil(year, mon, day) * 24 + hour) * 60 + min) * 60 + sec;
}

void time64_to_tm(time64_t totalsecs, int offset, struct tm_fields *result)
{
	static const u16 before[2][12] = {
		{ 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 },
		{ 0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335 },
	};
	s64 secs = totalsecs + offset, days = secs / 86400, rem = secs % 86400, year;
	unsigned int mon = 11;

	if (rem < 0) {
		rem += 86400;
		days--;
	}
	result->tm_hour = (int)(rem / 3600);
	result->tm_min = (int)(rem % 3600 / 60);
	result->tm_sec = (int)(rem % 60);
	result->tm_wday = (int)((days % 7 + 11) % 7); /* 1970-01-01 was a Thursday */
	year = 1970 + days / 366;
	while (days_from_civil(year + 1, 1, 1) <= days)
		year++;
	while (days_from_civil(year, 1, 1) > days)
		year--;
	result->tm_year = (long)(year - 1900);
	result->tm_yday = (int)(days - days_from_civil(year, 1, 1));
	while (before[is_leap(year)][mon] > result->tm_yday)
		mon--;
	result->tm_mon = (int)mon;
	result->tm_mday = result->tm_yday - before[is_leap(year)][mon] + 1;
}
