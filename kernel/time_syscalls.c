// SPDX-License-Identifier: MIT
/*
 * System calls about time: reading and setting clocks, sleeping, time zones.
 * Clocks: timekeeping.c and cpu_clock.c; sleeping: hrtimers; timers: posix_timer.c, itimer.c.
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/string.h>
#include <seam/current.h>
#include <seam/uaccess.h>
#include <kernel/cred.h>
#include <kernel/hrtimer.h>
#include <kernel/itimer.h>
#include <kernel/ksyscall.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/time.h>
#include <kernel/timekeeping.h>
#include <kernel/timer.h>
#include <linux/timex.h>

/* ---- structures of user memory ---- */

int get_timespec64(struct timespec64 *ts, const struct __kernel_timespec __user *uts)
{
	struct __kernel_timespec kts;

	if (copy_from_user(&kts, uts, sizeof(kts)))
		return -EFAULT;
	ts->tv_sec = kts.tv_sec;
	ts->tv_nsec = (long)kts.tv_nsec;
	return 0;
}

int put_timespec64(const struct timespec64 *ts, struct __kernel_timespec __user *uts)
{
	struct __kernel_timespec kts = { .tv_sec = ts->tv_sec, .tv_nsec = ts->tv_nsec };

	return copy_to_user(uts, &kts, sizeof(kts)) ? -EFAULT : 0;
}

int get_itimerspec64(struct itimerspec64 *it, const struct __kernel_itimerspec __user *uit)
{
	return get_timespec64(&it->it_interval, &uit->it_interval)
		       ?: get_timespec64(&it->it_value, &uit->it_value);
}

int put_itimerspec64(const struct itimerspec64 *it, struct __kernel_itimerspec __user *uit)
{
	return put_timespec64(&it->it_interval, &uit->it_interval)
		       ?: put_timespec64(&it->it_value, &uit->it_value);
}

int get_timeval_ns(s64 *ns, const struct __kernel_old_timeval __user *utv)
{
	struct __kernel_old_timeval tv;

	if (copy_from_user(&tv, utv, sizeof(tv)))
		return -EFAULT;
	if (tv.tv_sec < 0 || (unsigned long)tv.tv_usec >= USEC_PER_SEC)
		return -EINVAL;
	*ns = ktime_set(tv.tv_sec, (unsigned long)tv.tv_usec * NSEC_PER_USEC);
	return 0;
}

int put_timeval_ns(s64 ns, struct __kernel_old_timeval __user *utv)
{
	struct __kernel_old_timeval tv = {
		.tv_sec = (__kernel_long_t)(ns / NSEC_PER_SEC),
		.tv_usec = (__kernel_long_t)(ns % NSEC_PER_SEC / NSEC_PER_USEC),
	};

	return copy_to_user(utv, &tv, sizeof(tv)) ? -EFAULT : 0;
}

/* ---- reading and setting ---- */

/* Clocks of the system; false for others. */
static bool read_system_clock(clockid_t which, ktime_t *now)
{
	switch (which) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_ALARM:
		*now = ktime_get_real();
		return true;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*now = ktime_get();
		return true;
	case CLOCK_TAI:
		*now = ktime_get_clocktai();
		return true;
	case CLOCK_REALTIME_COARSE:
		*now = ktime_get_coarse() + ktime_real_offset();
		return true;
	case CLOCK_MONOTONIC_COARSE:
		*now = ktime_get_coarse();
		return true;
	default:
		return false;
	}
}

static bool is_cpu_clock(clockid_t which)
{
	return which < 0 || which == CLOCK_PROCESS_CPUTIME_ID || which == CLOCK_THREAD_CPUTIME_ID;
}

SYSCALL_DEFINE2(clock_gettime, clockid_t, which, struct __kernel_timespec __user *, tp)
{
	struct timespec64 ts;
	ktime_t now;

	if (!read_system_clock(which, &now)) {
		enum cpu_clock_kind kind;
		struct task_struct *p;
		bool thread;

		if (!is_cpu_clock(which))
			return -EINVAL;
		p = cpu_clock_task(which, true, &kind, &thread);
		if (!p)
			return -EINVAL;
		now = (ktime_t)cpu_clock_sample(p, kind, thread);
		put_task_struct(p);
	}
	ts = ns_to_timespec64(now);
	return put_timespec64(&ts, tp);
}

SYSCALL_DEFINE2(clock_getres, clockid_t, which, struct __kernel_timespec __user *, tp)
{
	struct timespec64 res = { 0, 1 };
	ktime_t now;

	if (which == CLOCK_REALTIME_COARSE || which == CLOCK_MONOTONIC_COARSE) {
		res.tv_nsec = TICK_NSEC;
	} else if (!read_system_clock(which, &now)) {
		enum cpu_clock_kind kind;
		struct task_struct *p;
		bool thread;

		if (!is_cpu_clock(which))
			return -EINVAL;
		p = cpu_clock_task(which, false, &kind, &thread);
		if (!p)
			return -EINVAL;
		put_task_struct(p);
		if (kind != CPU_CLOCK_SCHED)
			res.tv_nsec = TICK_NSEC;
	}
	return tp ? put_timespec64(&res, tp) : 0;
}

SYSCALL_DEFINE2(clock_settime, clockid_t, which, const struct __kernel_timespec __user *, tp)
{
	struct timespec64 new_tp;
	bool cpu = is_cpu_clock(which);

	if (which != CLOCK_REALTIME && !cpu)
		return -EINVAL;
	if (get_timespec64(&new_tp, tp))
		return -EFAULT;
	if (cpu) {
		enum cpu_clock_kind kind;
		bool thread;
		struct task_struct *p = cpu_clock_task(which, false, &kind, &thread);

		if (!p)
			return -EINVAL;
		put_task_struct(p);
		return -EPERM; /* nobody sets the time that a task has run */
	}
	if (!timespec64_valid_settod(&new_tp))
		return -EINVAL;
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	return do_settimeofday64(&new_tp);
}

SYSCALL_DEFINE2(gettimeofday, struct __kernel_old_timeval __user *, tv, struct timezone __user *,
		tz)
{
	if (tv && put_timeval_ns(ktime_get_real(), tv))
		return -EFAULT;
	if (tz && copy_to_user(tz, &sys_tz, sizeof(sys_tz)))
		return -EFAULT;
	return 0;
}

SYSCALL_DEFINE2(settimeofday, struct __kernel_old_timeval __user *, tv, struct timezone __user *,
		tz)
{
	struct timezone new_tz;
	struct timespec64 ts;
	s64 ns = 0;

	if (tv) {
		int err = get_timeval_ns(&ns, tv);

		if (err)
			return err;
	}
	if (tz && copy_from_user(&new_tz, tz, sizeof(new_tz)))
		return -EFAULT;
	ts = ns_to_timespec64(ns);
	if (tv && !timespec64_valid_settod(&ts))
		return -EINVAL;
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	if (tz) {
		if (new_tz.tz_minuteswest > 15 * 60 || new_tz.tz_minuteswest < -15 * 60)
			return -EINVAL;
		timekeeping_set_timezone(&new_tz);
	}
	return tv ? do_settimeofday64(&ts) : 0;
}

SYSCALL_DEFINE1(time, __kernel_old_time_t __user *, tloc)
{
	__kernel_old_time_t now = ktime_get_real_seconds();

	if (tloc && put_user(now, tloc))
		return -EFAULT;
	return now;
}

/* The clock is not steered: what can be read says so, nothing can be changed. */
static int adjust_clock(struct __kernel_timex *txc)
{
	struct timespec64 now;

	if (txc->modes) {
		if (!capable(CAP_SYS_TIME))
			return -EPERM;
		return -EOPNOTSUPP;
	}
	ktime_get_real_ts64(&now);
	*txc = (struct __kernel_timex){
		.maxerror = 16000000,
		.esterror = 16000000,
		.status = STA_UNSYNC,
		.constant = 2,
		.precision = 1,
		.tolerance = 32768000,
		.tick = USEC_PER_SEC / USER_HZ,
		.time = { .tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / NSEC_PER_USEC },
	};
	return TIME_ERROR;
}

SYSCALL_DEFINE2(clock_adjtime, clockid_t, which, struct __kernel_timex __user *, utx)
{
	struct __kernel_timex txc;
	int err;

	if (which != CLOCK_REALTIME)
		return which >= 0 && which < 12 ? -EOPNOTSUPP : -EINVAL;
	if (copy_from_user(&txc, utx, sizeof(txc)))
		return -EFAULT;
	err = adjust_clock(&txc);
	if (err >= 0 && copy_to_user(utx, &txc, sizeof(txc)))
		return -EFAULT;
	return err;
}

SYSCALL_DEFINE1(adjtimex, struct __kernel_timex __user *, utx)
{
	struct __kernel_timex txc;
	int err;

	if (copy_from_user(&txc, utx, sizeof(txc)))
		return -EFAULT;
	err = adjust_clock(&txc);
	return err >= 0 && copy_to_user(utx, &txc, sizeof(txc)) ? -EFAULT : err;
}

/* ---- sleeping ---- */

static long hrtimer_nanosleep_restart(struct restart_block *restart);

/* Sleep until @t expires. 0, or the restart code after storing what remains. */
static long do_nanosleep(struct hrtimer_sleeper *t, enum hrtimer_mode mode)
{
	struct restart_block *restart = &current->restart_block;
	struct timespec64 rem_ts;
	ktime_t rem;

	do {
		set_current_state(TASK_INTERRUPTIBLE);
		hrtimer_sleeper_start_expires(t, mode);
		if (READ_ONCE(t->task))
			schedule();
		hrtimer_cancel(&t->timer);
		mode = HRTIMER_MODE_ABS;
	} while (READ_ONCE(t->task) && !signal_pending(current));
	__set_current_state(TASK_RUNNING);
	if (!READ_ONCE(t->task))
		return 0;
	if (restart->nanosleep.type) {
		rem = hrtimer_get_remaining(&t->timer);
		if (rem <= 0)
			return 0;
		rem_ts = ns_to_timespec64(rem);
		if (put_timespec64(&rem_ts, restart->nanosleep.rmtp))
			return -EFAULT;
	}
	return -ERESTART_RESTARTBLOCK;
}

static long hrtimer_nanosleep(ktime_t rqtp, enum hrtimer_mode mode, clockid_t clockid)
{
	struct restart_block *restart = &current->restart_block;
	struct hrtimer_sleeper t;
	long ret;

	hrtimer_init_sleeper(&t, clockid, mode);
	hrtimer_set_expires(&t.timer, rqtp);
	ret = do_nanosleep(&t, mode);
	if (ret != -ERESTART_RESTARTBLOCK)
		return ret;
	/* Absolute: just again with the same arguments. */
	if (mode == HRTIMER_MODE_ABS)
		return -ERESTARTNOHAND;
	/* Its end is a moment of the clock that it ran on: a relative sleep heeds no setting of the time of day. */
	restart->nanosleep.clockid = clockid == CLOCK_REALTIME ? CLOCK_MONOTONIC : clockid;
	restart->nanosleep.expires = (u64)hrtimer_get_expires(&t.timer);
	return set_restart_fn(restart, hrtimer_nanosleep_restart);
}

static long hrtimer_nanosleep_restart(struct restart_block *restart)
{
	struct hrtimer_sleeper t;
	long ret;

	hrtimer_init_sleeper(&t, restart->nanosleep.clockid, HRTIMER_MODE_ABS);
	hrtimer_set_expires(&t.timer, (ktime_t)restart->nanosleep.expires);
	ret = do_nanosleep(&t, HRTIMER_MODE_ABS);
	return ret == -ERESTART_RESTARTBLOCK ? set_restart_fn(restart, hrtimer_nanosleep_restart)
					     : ret;
}

static void nanosleep_prepare(struct __kernel_timespec __user *rmtp)
{
	struct restart_block *restart = &current->restart_block;

	restart->fn = do_no_restart_syscall;
	restart->nanosleep.type = rmtp != NULL;
	restart->nanosleep.rmtp = rmtp;
}

SYSCALL_DEFINE2(nanosleep, struct __kernel_timespec __user *, rqtp,
		struct __kernel_timespec __user *, rmtp)
{
	struct timespec64 tu;

	if (get_timespec64(&tu, rqtp))
		return -EFAULT;
	if (!timespec64_valid(&tu))
		return -EINVAL;
	nanosleep_prepare(rmtp);
	return hrtimer_nanosleep(timespec64_to_ktime(tu), HRTIMER_MODE_REL, CLOCK_MONOTONIC);
}

static long cpu_nanosleep_restart(struct restart_block *restart);

/* Until the CPU clock @which reads @expires; looked at every tick, as it moves by ticks of work. */
static long cpu_sleep_until(clockid_t which, u64 expires)
{
	struct restart_block *restart = &current->restart_block;
	enum cpu_clock_kind kind;
	bool thread;
	u64 now;

	for (;;) {
		struct task_struct *p = cpu_clock_task(which, false, &kind, &thread);

		if (!p)
			return -EINVAL;
		now = cpu_clock_sample(p, kind, thread);
		put_task_struct(p);
		if (now >= expires)
			return 0;
		if (signal_pending(current))
			break;
		schedule_timeout_interruptible(1);
	}
	if (restart->nanosleep.type) {
		struct timespec64 rem = ns_to_timespec64((s64)(expires - now));

		if (put_timespec64(&rem, restart->nanosleep.rmtp))
			return -EFAULT;
	}
	restart->nanosleep.clockid = which;
	restart->nanosleep.expires = expires;
	return set_restart_fn(restart, cpu_nanosleep_restart);
}

static long cpu_nanosleep_restart(struct restart_block *restart)
{
	return cpu_sleep_until(restart->nanosleep.clockid, restart->nanosleep.expires);
}

static long cpu_nanosleep(clockid_t which, int flags, const struct timespec64 *t)
{
	enum cpu_clock_kind kind;
	struct task_struct *p;
	u64 expires = (u64)timespec64_to_ns(t);
	bool thread;
	long ret;

	p = cpu_clock_task(which, false, &kind, &thread);
	if (!p)
		return -EINVAL;
	if (!(flags & TIMER_ABSTIME))
		expires += cpu_clock_sample(p, kind, thread);
	put_task_struct(p);
	if (thread && p == current)
		return -EINVAL; /* it would never end */
	ret = cpu_sleep_until(which, expires);
	return ret == -ERESTART_RESTARTBLOCK && (flags & TIMER_ABSTIME) ? -ERESTARTNOHAND : ret;
}

SYSCALL_DEFINE4(clock_nanosleep, clockid_t, which, int, flags,
		const struct __kernel_timespec __user *, rqtp, struct __kernel_timespec __user *,
		rmtp)
{
	struct timespec64 t;
	ktime_t now;

	if (!is_cpu_clock(which) && !read_system_clock(which, &now))
		return -EINVAL;
	switch (which) {
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_THREAD_CPUTIME_ID:
	case CLOCK_REALTIME_ALARM: /* nothing here could wake the machine */
	case CLOCK_BOOTTIME_ALARM:
		return -EOPNOTSUPP;
	}
	if (get_timespec64(&t, rqtp))
		return -EFAULT;
	if (!timespec64_valid(&t))
		return -EINVAL;
	nanosleep_prepare(flags & TIMER_ABSTIME ? NULL : rmtp);
	if (is_cpu_clock(which))
		return cpu_nanosleep(which, flags, &t);
	return hrtimer_nanosleep(timespec64_to_ktime(t),
				 flags & TIMER_ABSTIME ? HRTIMER_MODE_ABS : HRTIMER_MODE_REL,
				 which);
}
