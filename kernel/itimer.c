// SPDX-License-Identifier: MIT
/*
 * Interval timers (setitimer, alarm), the CPU-time limits, and what the tick checks of them.
 *
 * ITIMER_REAL is one hrtimer per process. It is armed again not when it rings but when its SIGALRM is
 * dequeued, so that a program that does not take the signal is not flooded. ITIMER_VIRTUAL and
 * ITIMER_PROF compare the CPU time of the process at each tick, as do RLIMIT_CPU and the timers of
 * posix_timer.c on CPU clocks. signal->cpu_timers_armed says whether a tick has anything to compare.
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/math.h>
#include <seam/current.h>
#include <seam/uaccess.h>
#include <sync/rcu.h>
#include <sync/spinlock.h>
#include <kernel/hrtimer.h>
#include <kernel/itimer.h>
#include <kernel/ksyscall.h>
#include <kernel/pid.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/time.h>
#include <kernel/timer.h>
#include "posix_timer.h"
#include "signal_internal.h"

struct itimer_ns {
	u64 value, interval;
};

/* ---- ITIMER_REAL ---- */

enum hrtimer_restart it_real_fn(struct hrtimer *timer)
{
	struct signal_struct *sig = container_of(timer, struct signal_struct, real_timer);

	kill_pid_info(SIGALRM, SEND_SIG_PRIV, sig->pids[PIDTYPE_TGID]);
	return HRTIMER_NORESTART;
}

/* Its signal was dequeued. => siglock held */
void itimer_rearm_locked(struct task_struct *tsk)
{
	struct hrtimer *timer = &tsk->signal->real_timer;

	if (tsk->signal->it_real_incr && !hrtimer_is_queued(timer)) {
		hrtimer_forward(timer, hrtimer_cb_get_time(timer), tsk->signal->it_real_incr);
		hrtimer_restart(timer);
	}
}

/* What remains; an armed timer never reads 0. */
static u64 real_remaining(struct hrtimer *timer)
{
	ktime_t rem;

	if (!hrtimer_active(timer))
		return 0;
	rem = hrtimer_get_remaining(timer);
	return rem <= 0 ? NSEC_PER_USEC : (u64)rem;
}

static void get_real(struct itimer_ns *value)
{
	struct signal_struct *sig = current->signal;

	spin_lock_irq(&current->sighand->siglock);
	value->value = real_remaining(&sig->real_timer);
	value->interval = (u64)sig->it_real_incr;
	spin_unlock_irq(&current->sighand->siglock);
}

static void set_real(const struct itimer_ns *value, struct itimer_ns *old)
{
	struct signal_struct *sig = current->signal;
	struct hrtimer *timer = &sig->real_timer;

	for (;;) {
		spin_lock_irq(&current->sighand->siglock);
		old->value = real_remaining(timer);
		old->interval = (u64)sig->it_real_incr;
		/* Its function may run now and wait for the lock that we hold. */
		if (hrtimer_try_to_cancel(timer) >= 0)
			break;
		spin_unlock_irq(&current->sighand->siglock);
		cpu_relax();
	}
	sig->it_real_incr = value->value ? (ktime_t)value->interval : 0;
	if (value->value)
		hrtimer_start(timer, (ktime_t)value->value, HRTIMER_MODE_REL);
	spin_unlock_irq(&current->sighand->siglock);
}

/* ---- ITIMER_VIRTUAL, ITIMER_PROF ---- */

static struct cpu_itimer *cpu_itimer_of(int which, enum cpu_clock_kind *kind)
{
	*kind = which == ITIMER_PROF ? CPU_CLOCK_PROF : CPU_CLOCK_VIRT;
	return &current->signal->it[which == ITIMER_PROF ? 0 : 1];
}

static void cpu_itimer_read(const struct cpu_itimer *it, u64 now, struct itimer_ns *value)
{
	value->interval = it->incr;
	value->value = !it->expires ? 0 : it->expires > now ? it->expires - now : TICK_NSEC;
}

static void access_cpu_itimer(int which, const struct itimer_ns *new, struct itimer_ns *old)
{
	enum cpu_clock_kind kind;
	struct cpu_itimer *it = cpu_itimer_of(which, &kind);
	u64 now = cpu_clock_sample(current, kind, false);

	spin_lock_irq(&current->sighand->siglock);
	cpu_itimer_read(it, now, old);
	if (new) {
		it->expires = new->value ? now + new->value : 0;
		it->incr = new->interval;
		if (it->expires)
			current->signal->cpu_timers_armed = true;
	}
	spin_unlock_irq(&current->sighand->siglock);
}

/* ---- the calls ---- */

static int access_itimer(int which, const struct itimer_ns *new, struct itimer_ns *old)
{
	switch (which) {
	case ITIMER_REAL:
		if (new)
			set_real(new, old);
		else
			get_real(old);
		return 0;
	case ITIMER_VIRTUAL:
	case ITIMER_PROF:
		access_cpu_itimer(which, new, old);
		return 0;
	default:
		return -EINVAL;
	}
}

static int put_itimer(const struct itimer_ns *value, struct __kernel_old_itimerval __user *uval)
{
	return put_timeval_ns((s64)value->interval, &uval->it_interval)
		       ?: put_timeval_ns((s64)value->value, &uval->it_value);
}

SYSCALL_DEFINE2(getitimer, int, which, struct __kernel_old_itimerval __user *, uval)
{
	struct itimer_ns value;
	int err = access_itimer(which, NULL, &value);

	return err ?: put_itimer(&value, uval);
}

SYSCALL_DEFINE3(setitimer, int, which, struct __kernel_old_itimerval __user *, uval,
		struct __kernel_old_itimerval __user *, uold)
{
	struct itimer_ns new = { 0, 0 }, old;
	s64 value = 0, interval = 0;
	int err;

	if (uval) {
		err = get_timeval_ns(&interval, &uval->it_interval)
			      ?: get_timeval_ns(&value, &uval->it_value);
		if (err)
			return err;
		new = (struct itimer_ns){ (u64)value, (u64)interval };
	} else {
		/* As Linux: an old misuse that clears the timer. */
		pr_warn_once(
			"%s calls setitimer() with new_value NULL pointer. Misfeature support will be removed\n",
			current->comm);
	}
	err = access_itimer(which, &new, &old);
	if (err)
		return err;
	return uold ? put_itimer(&old, uold) : 0;
}

SYSCALL_DEFINE1(alarm, unsigned int, seconds)
{
	struct itimer_ns new = { (u64)seconds * NSEC_PER_SEC, 0 }, old;
	u64 secs;

	set_real(&new, &old);
	/* Rounded, but never down to "there was none". */
	secs = (old.value + NSEC_PER_SEC / 2) / NSEC_PER_SEC;
	if (!secs && old.value)
		secs = 1;
	return (long)secs;
}

/* ---- the tick ---- */

/* True while it stays armed. */
static bool check_itimer(struct cpu_itimer *it, u64 now, int signo)
{
	if (!it->expires)
		return false;
	if (now >= it->expires) {
		it->expires = it->incr ? it->expires + it->incr : 0;
		send_signal_locked(signo, SEND_SIG_PRIV, current, PIDTYPE_TGID);
	}
	return it->expires != 0;
}

/* RLIMIT_CPU: SIGXCPU each second from the soft limit on, SIGKILL at the hard one. */
static bool check_rlimit_cpu(u64 now)
{
	struct rlimit *rlim = &current->signal->rlim[RLIMIT_CPU];

	if (rlim->rlim_cur == RLIM_INFINITY)
		return false;
	if (rlim->rlim_max != RLIM_INFINITY && now >= rlim->rlim_max * (u64)NSEC_PER_SEC) {
		send_signal_locked(SIGKILL, SEND_SIG_PRIV, current, PIDTYPE_TGID);
		return false;
	}
	if (now >= rlim->rlim_cur * (u64)NSEC_PER_SEC) {
		send_signal_locked(SIGXCPU, SEND_SIG_PRIV, current, PIDTYPE_TGID);
		rlim->rlim_cur++;
	}
	return true;
}

void run_posix_cpu_timers(void)
{
	struct task_struct *tsk = current;
	struct signal_struct *sig = tsk->signal;
	struct list_head firing;
	bool armed;
	u64 ut, st;

	if (likely(!sig || !READ_ONCE(sig->cpu_timers_armed)) || tsk->exit_state)
		return;
	thread_group_cputime_adjusted(tsk, &ut, &st);
	INIT_LIST_HEAD(&firing);
	spin_lock(&tsk->sighand->siglock);
	armed = check_itimer(&sig->it[0], ut + st, SIGPROF);
	armed |= check_itimer(&sig->it[1], ut, SIGVTALRM);
	armed |= check_rlimit_cpu(ut + st);
	posix_cpu_timers_collect(sig, &firing);
	sig->cpu_timers_armed = armed || !list_empty(&sig->cpu_timers);
	spin_unlock(&tsk->sighand->siglock);
	posix_cpu_timers_fire(&firing);
}
