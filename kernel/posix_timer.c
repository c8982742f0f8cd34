// SPDX-License-Identifier: MIT
/*
 * POSIX timers: timer_create(2) and its family.
 *
 * A timer belongs to a process (signal->posix_timers, found by its id) and has one preallocated
 * signal entry, so that expiry cannot fail. On a system clock it is an hrtimer; on a CPU clock it waits
 * in the list cpu_timers of the process whose time it watches, and the tick looks (itimer.c).
 *
 *	armed --expiry--> signal queued, not armed --signal dequeued--> armed for the next interval
 *
 * So a periodic timer rings at most once per signal taken; intervals that passed meanwhile are counted:
 * overrun is what happens now, overrun_last what the signal that was last taken reported
 * (timer_getoverrun). requeue_pending tells whether the dequeued signal still belongs to the present
 * setting: it is odd in no particular way, it just has to be the same number.
 *
 * Locks: siglock of the owner for the list and ids; it_lock for the rest; it_lock outside siglock.
 * An expiry function holds it_lock only after taking it with interrupts off; whoever stops a timer
 * tries, and lets go of it_lock when the function runs.
 * Source: POSIX.1-2017 timer_settime, Linux 6.1 kernel/time/posix-timers.c (behaviour).
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/math.h>
#include <seam/current.h>
#include <seam/uaccess.h>
#include <sync/ranks.h>
#include <sync/rcu.h>
#include <sync/spinlock.h>
#include <mm/slab.h>
#include <kernel/hrtimer.h>
#include <kernel/itimer.h>
#include <kernel/ksyscall.h>
#include <kernel/pid.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/time.h>
#include <kernel/timer.h>
#include <kernel/timekeeping.h>
#include "posix_timer.h"
#include "signal_internal.h"

struct k_itimer {
	struct list_head list; /* siglock of the owner: posix_timers */
	spinlock_t it_lock;
	int it_id;
	clockid_t it_clock;
	bool cpu_clock;
	bool it_active;
	s64 it_overrun, it_overrun_last;
	int it_requeue_pending;
	int it_sigev_notify;
	ktime_t it_interval;
	struct signal_struct *it_signal; /* the owner; NULL while being made or unmade */
	struct pid *it_pid;		 /* who gets the signal */
	struct sigqueue *sigq;
	struct hrtimer real;
	/* CPU clock */
	struct task_struct *cpu_task; /* whose clock, with a reference */
	enum cpu_clock_kind cpu_kind;
	bool cpu_thread;
	bool cpu_firing;	    /* siglock of cpu_task: the tick has taken it off the list */
	u64 cpu_expires;	    /* siglock of cpu_task */
	struct list_head cpu_entry; /* siglock of cpu_task: cpu_timers */
	struct rcu_head rcu;
};

/* ---- finding and locking ---- */

/* The timer @id of the running process, locked; NULL: none. */
static struct k_itimer *lock_timer(timer_t id, unsigned long *flags)
{
	struct k_itimer *timr;

	rcu_read_lock();
	list_for_each_entry_rcu (timr, &current->signal->posix_timers, list) {
		if (timr->it_id != (int)id)
			continue;
		spin_lock_irqsave(&timr->it_lock, *flags);
		if (timr->it_signal == current->signal) {
			rcu_read_unlock();
			return timr;
		}
		spin_unlock_irqrestore(&timr->it_lock, *flags);
	}
	rcu_read_unlock();
	return NULL;
}

static void unlock_timer(struct k_itimer *timr, unsigned long flags)
{
	spin_unlock_irqrestore(&timr->it_lock, flags);
}

/* ---- expiry ---- */

/* Send the signal. True: it was ignored, nobody will dequeue it. => it_lock held */
static bool timer_event(struct k_itimer *timr, int si_private)
{
	enum pid_type type = timr->it_sigev_notify & SIGEV_THREAD_ID ? PIDTYPE_PID : PIDTYPE_TGID;

	if ((timr->it_sigev_notify & ~SIGEV_THREAD_ID) == SIGEV_NONE)
		return true;
	timr->sigq->info._sifields._timer._sys_private = si_private;
	return send_sigqueue(timr->sigq, timr->it_pid, type) > 0;
}

static enum hrtimer_restart posix_timer_fn(struct hrtimer *timer)
{
	struct k_itimer *timr = container_of(timer, struct k_itimer, real);
	enum hrtimer_restart ret = HRTIMER_NORESTART;
	int si_private = 0;
	unsigned long flags;

	spin_lock_irqsave(&timr->it_lock, flags);
	timr->it_active = false;
	if (timr->it_interval)
		si_private = ++timr->it_requeue_pending;
	if (timer_event(timr, si_private) && timr->it_interval) {
		/* Ignored now, wanted perhaps later: go on, but not faster than the tick. */
		ktime_t now = hrtimer_cb_get_time(timer);

		if (timr->it_interval < TICK_NSEC)
			now = ktime_add_safe(now, TICK_NSEC);
		timr->it_overrun += (s64)hrtimer_forward(timer, now, timr->it_interval);
		timr->it_requeue_pending++;
		timr->it_active = true;
		ret = HRTIMER_RESTART;
	}
	unlock_timer(timr, flags);
	return ret;
}

/* ---- CPU clocks ---- */

/* Put @timr to wait for @expires. => it_lock held, interrupts off */
static void cpu_timer_arm(struct k_itimer *timr, u64 expires)
{
	unsigned long flags;

	timr->cpu_expires = expires;
	if (!lock_task_sighand(timr->cpu_task, &flags))
		return; /* gone: its clock stands still */
	if (list_empty(&timr->cpu_entry))
		list_add_tail(&timr->cpu_entry, &timr->cpu_task->signal->cpu_timers);
	timr->cpu_task->signal->cpu_timers_armed = true;
	timr->it_active = true;
	unlock_task_sighand(timr->cpu_task, &flags);
}

/* Take it off the list. False: the tick is about to fire it. => it_lock held */
static bool cpu_timer_disarm(struct k_itimer *timr)
{
	unsigned long flags;
	bool ok = true;

	if (lock_task_sighand(timr->cpu_task, &flags)) {
		ok = !timr->cpu_firing;
		if (ok)
			list_del_init(&timr->cpu_entry);
		unlock_task_sighand(timr->cpu_task, &flags);
	} else {
		list_del_init(&timr->cpu_entry); /* nobody walks the list of a dead process */
	}
	return ok;
}

/* Move the expiry behind @now by whole intervals; how many. */
static u64 cpu_timer_forward(struct k_itimer *timr, u64 now)
{
	u64 n;

	if (now < timr->cpu_expires)
		return 0;
	n = (now - timr->cpu_expires) / (u64)timr->it_interval + 1;
	timr->cpu_expires += n * (u64)timr->it_interval;
	return n;
}

void posix_cpu_timers_collect(struct signal_struct *sig, struct list_head *firing)
{
	struct k_itimer *timr, *next;

	list_for_each_entry_safe (timr, next, &sig->cpu_timers, cpu_entry) {
		if (timr->cpu_thread && timr->cpu_task != current)
			continue; /* that thread's tick looks at it */
		if (cpu_clock_sample(timr->cpu_task, timr->cpu_kind, timr->cpu_thread) <
		    timr->cpu_expires)
			continue;
		timr->cpu_firing = true;
		list_move_tail(&timr->cpu_entry, firing);
	}
}

void posix_cpu_timers_fire(struct list_head *firing)
{
	struct k_itimer *timr, *next;

	list_for_each_entry_safe (timr, next, firing, cpu_entry) {
		int si_private = 0;

		spin_lock(&timr->it_lock);
		list_del_init(&timr->cpu_entry);
		timr->it_active = false;
		if (timr->it_interval)
			si_private = ++timr->it_requeue_pending;
		if (timer_event(timr, si_private) && timr->it_interval) {
			u64 now =
				cpu_clock_sample(timr->cpu_task, timr->cpu_kind, timr->cpu_thread);

			timr->it_overrun += (s64)cpu_timer_forward(timr, now);
			timr->it_requeue_pending++;
			cpu_timer_arm(timr, timr->cpu_expires);
		}
		WRITE_ONCE(timr->cpu_firing, false);
		spin_unlock(&timr->it_lock);
	}
}

/* ---- its signal was taken ---- */

void posixtimer_rearm(struct kernel_siginfo *info)
{
	unsigned long flags;
	struct k_itimer *timr = lock_timer((timer_t)(long)info->si_tid, &flags);

	if (!timr)
		return;
	if (timr->it_interval && timr->it_requeue_pending == info->_sifields._timer._sys_private) {
		if (timr->cpu_clock) {
			u64 now =
				cpu_clock_sample(timr->cpu_task, timr->cpu_kind, timr->cpu_thread);

			timr->it_overrun += (s64)cpu_timer_forward(timr, now);
			cpu_timer_arm(timr, timr->cpu_expires);
		} else {
			timr->it_overrun += (s64)hrtimer_forward(
				&timr->real, hrtimer_cb_get_time(&timr->real), timr->it_interval);
			hrtimer_restart(&timr->real);
			timr->it_active = true;
		}
		timr->it_overrun_last = timr->it_overrun;
		timr->it_overrun = -1;
		timr->it_requeue_pending++;
		info->si_overrun =
			(int)min(timr->it_overrun_last + info->si_overrun, (s64)0x7fffffff);
	}
	unlock_timer(timr, flags);
}

/* ---- making and unmaking ---- */

static bool timer_clock_ok(clockid_t clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
	case CLOCK_PROCESS_CPUTIME_ID:
	case CLOCK_THREAD_CPUTIME_ID:
		return true;
	default:
		return clock < 0;
	}
}

/* Who is to get the signals of @event: a reference, or NULL when the request makes no sense. */
static struct pid *event_target(const struct sigevent *event)
{
	struct pid *pid = task_tgid(current);
	struct task_struct *t;

	switch (event->sigev_notify) {
	case SIGEV_SIGNAL | SIGEV_THREAD_ID:
		pid = find_vpid(event->sigev_notify_thread_id);
		t = pid ? pid_task(pid, PIDTYPE_PID) : NULL;
		if (!t || !same_thread_group(t, current))
			return NULL;
		fallthrough;
	case SIGEV_SIGNAL:
	case SIGEV_THREAD:
		if (event->sigev_signo <= 0 || event->sigev_signo > SIGRTMAX)
			return NULL;
		fallthrough;
	case SIGEV_NONE:
		return get_pid(pid);
	default:
		return NULL;
	}
}

static void free_timer_rcu(struct rcu_head *head)
{
	kfree(container_of(head, struct k_itimer, rcu));
}

/* What belongs to a timer that is on no list. */
static void free_timer(struct k_itimer *timr)
{
	if (timr->sigq)
		sigqueue_free(timr->sigq);
	if (timr->cpu_task)
		put_task_struct(timr->cpu_task);
	put_pid(timr->it_pid);
	call_rcu(&timr->rcu, free_timer_rcu);
}

static struct k_itimer *alloc_timer(clockid_t clock)
{
	struct k_itimer *timr = kzalloc(sizeof(*timr), GFP_KERNEL_ACCOUNT);

	if (!timr)
		return NULL;
	spin_lock_init(&timr->it_lock, LOCK_POSIX_TIMER);
	INIT_LIST_HEAD(&timr->cpu_entry);
	timr->it_clock = clock;
	timr->it_overrun = -1;
	timr->sigq = sigqueue_alloc();
	if (!timr->sigq) {
		kfree(timr);
		return NULL;
	}
	clear_siginfo(&timr->sigq->info);
	return timr;
}

/* The machinery of the clock. 0 or -EINVAL. */
static int timer_bind_clock(struct k_itimer *timr)
{
	clockid_t clock = timr->it_clock;

	timr->cpu_clock =
		clock < 0 || clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID;
	if (timr->cpu_clock) {
		timr->cpu_task = cpu_clock_task(clock, false, &timr->cpu_kind, &timr->cpu_thread);
		return timr->cpu_task ? 0 : -EINVAL;
	}
	hrtimer_init(&timr->real, clock, HRTIMER_MODE_ABS);
	timr->real.function = posix_timer_fn;
	return 0;
}

static bool id_in_use(struct signal_struct *sig, int id)
{
	struct k_itimer *t;

	list_for_each_entry (t, &sig->posix_timers, list)
		if (t->it_id == id)
			return true;
	return false;
}

/* Ids ascend and wrap; one that is in use is passed over. => siglock held */
static int next_timer_id(struct signal_struct *sig)
{
	int id;

	do {
		id = sig->next_posix_timer_id;
		sig->next_posix_timer_id = (id + 1) & 0x7fffffff;
	} while (id_in_use(sig, id));
	return id;
}

static long do_timer_create(clockid_t clock, const struct sigevent *event, timer_t __user *created)
{
	struct k_itimer *timr;
	int err;

	if (!timer_clock_ok(clock))
		return clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM ||
				       clock == CLOCK_MONOTONIC_RAW ||
				       clock == CLOCK_REALTIME_COARSE ||
				       clock == CLOCK_MONOTONIC_COARSE
			       ? -EOPNOTSUPP
			       : -EINVAL;
	timr = alloc_timer(clock);
	if (!timr)
		return -EAGAIN;
	rcu_read_lock();
	timr->it_pid = event ? event_target(event) : get_pid(task_tgid(current));
	rcu_read_unlock();
	err = timr->it_pid ? timer_bind_clock(timr) : -EINVAL;
	if (err)
		goto fail;

	spin_lock_irq(&current->sighand->siglock);
	timr->it_id = next_timer_id(current->signal);
	timr->it_sigev_notify = event ? event->sigev_notify : SIGEV_SIGNAL;
	timr->sigq->info.si_signo = event ? event->sigev_signo : SIGALRM;
	if (event)
		timr->sigq->info.si_value = event->sigev_value;
	else
		timr->sigq->info.si_int = timr->it_id;
	timr->sigq->info.si_tid = timr->it_id;
	timr->sigq->info.si_code = SI_TIMER;
	list_add_rcu(&timr->list, &current->signal->posix_timers);
	spin_unlock_irq(&current->sighand->siglock);

	err = -EFAULT;
	if (copy_to_user(created, &timr->it_id, sizeof(timr->it_id)))
		goto fail_listed;
	/* From here on the other calls see it. */
	WRITE_ONCE(timr->it_signal, current->signal);
	return 0;

fail_listed:
	spin_lock_irq(&current->sighand->siglock);
	list_del_rcu(&timr->list);
	spin_unlock_irq(&current->sighand->siglock);
fail:
	free_timer(timr);
	return err;
}

SYSCALL_DEFINE3(timer_create, clockid_t, clock, struct sigevent __user *, uevent, timer_t __user *,
		created)
{
	struct sigevent event;

	if (uevent && copy_from_user(&event, uevent, sizeof(event)))
		return -EFAULT;
	return do_timer_create(clock, uevent ? &event : NULL, created);
}

/* False: the expiry function runs, let go of it_lock and try again. => it_lock held */
static bool timer_stop(struct k_itimer *timr)
{
	if (timr->cpu_clock ? !cpu_timer_disarm(timr) : hrtimer_try_to_cancel(&timr->real) < 0)
		return false;
	timr->it_active = false;
	return true;
}

/* ---- asking and setting ---- */

/* Both in ns. => it_lock held */
static void timer_read(struct k_itimer *timr, struct itimerspec64 *setting)
{
	bool none = (timr->it_sigev_notify & ~SIGEV_THREAD_ID) == SIGEV_NONE;
	s64 rem;

	*setting = (struct itimerspec64){ .it_interval = ns_to_timespec64(timr->it_interval) };
	if (!timr->it_interval && !timr->it_active)
		return;
	if (timr->cpu_clock) {
		u64 now = cpu_clock_sample(timr->cpu_task, timr->cpu_kind, timr->cpu_thread);

		if (timr->it_interval && (timr->it_requeue_pending || none) && !timr->it_active)
			timr->it_overrun += (s64)cpu_timer_forward(timr, now);
		rem = (s64)(timr->cpu_expires - now);
	} else {
		ktime_t now = hrtimer_cb_get_time(&timr->real);

		/* Waiting for its signal to be taken: the time that it would have. */
		if (timr->it_interval && !hrtimer_is_queued(&timr->real))
			timr->it_overrun +=
				(s64)hrtimer_forward(&timr->real, now, timr->it_interval);
		rem = hrtimer_get_expires(&timr->real) - now;
	}
	if (rem <= 0)
		rem = none ? 0 : 1; /* armed and due is not the same as not armed */
	setting->it_value = ns_to_timespec64(rem);
}

SYSCALL_DEFINE2(timer_gettime, timer_t, id, struct __kernel_itimerspec __user *, usetting)
{
	struct itimerspec64 setting;
	unsigned long flags;
	struct k_itimer *timr = lock_timer(id, &flags);

	if (!timr)
		return -EINVAL;
	timer_read(timr, &setting);
	unlock_timer(timr, flags);
	return put_itimerspec64(&setting, usetting);
}

SYSCALL_DEFINE1(timer_getoverrun, timer_t, id)
{
	unsigned long flags;
	struct k_itimer *timr = lock_timer(id, &flags);
	long overrun;

	if (!timr)
		return -EINVAL;
	overrun = (long)min(timr->it_overrun_last, (s64)0x7fffffff);
	unlock_timer(timr, flags);
	return overrun;
}

/* Start it with @new. => it_lock held, stopped */
static void timer_start(struct k_itimer *timr, bool absolute, const struct itimerspec64 *new)
{
	s64 value = timespec64_to_ns(&new->it_value);

	timr->it_requeue_pending = (timr->it_requeue_pending + 2) & ~1;
	timr->it_overrun_last = 0;
	timr->it_overrun = -1;
	timr->it_interval = value ? timespec64_to_ktime(new->it_interval) : 0;
	if (!value)
		return;
	if (timr->cpu_clock) {
		u64 now = cpu_clock_sample(timr->cpu_task, timr->cpu_kind, timr->cpu_thread);

		cpu_timer_arm(timr, absolute ? (u64)value : now + (u64)value);
		return;
	}
	if ((timr->it_sigev_notify & ~SIGEV_THREAD_ID) == SIGEV_NONE) {
		/* Never rings; its time can be read. */
		if (!absolute)
			value = ktime_add_safe(hrtimer_cb_get_time(&timr->real), value);
		hrtimer_set_expires(&timr->real, value);
	} else {
		hrtimer_start(&timr->real, value, absolute ? HRTIMER_MODE_ABS : HRTIMER_MODE_REL);
	}
	timr->it_active = true;
}

static int do_timer_settime(timer_t id, int tmr_flags, const struct itimerspec64 *new,
			    struct itimerspec64 *old)
{
	struct k_itimer *timr;
	unsigned long flags;

	if (!itimerspec64_valid(new))
		return -EINVAL;
	for (;;) {
		timr = lock_timer(id, &flags);
		if (!timr)
			return -EINVAL;
		timer_read(timr, old);
		if (timer_stop(timr))
			break;
		unlock_timer(timr, flags);
		cpu_relax();
	}
	timer_start(timr, tmr_flags & TIMER_ABSTIME, new);
	unlock_timer(timr, flags);
	return 0;
}

SYSCALL_DEFINE4(timer_settime, timer_t, id, int, tmr_flags,
		const struct __kernel_itimerspec __user *, unew,
		struct __kernel_itimerspec __user *, uold)
{
	struct itimerspec64 new, old;
	int err;

	if (!unew)
		return -EINVAL;
	if (get_itimerspec64(&new, unew))
		return -EFAULT;
	err = do_timer_settime(id, tmr_flags, &new, &old);
	if (!err && uold && put_itimerspec64(&old, uold))
		err = -EFAULT;
	return err;
}

SYSCALL_DEFINE1(timer_delete, timer_t, id)
{
	struct k_itimer *timr;
	unsigned long flags;

	for (;;) {
		timr = lock_timer(id, &flags);
		if (!timr)
			return -EINVAL;
		if (timer_stop(timr))
			break;
		unlock_timer(timr, flags);
		cpu_relax();
	}
	timr->it_signal = NULL;
	unlock_timer(timr, flags);
	spin_lock_irq(&current->sighand->siglock);
	list_del_rcu(&timr->list);
	spin_unlock_irq(&current->sighand->siglock);
	free_timer(timr);
	return 0;
}

/* exec, and the last thread of a process. Nobody else can use the timers any more. */
void exit_itimers(struct task_struct *tsk)
{
	struct k_itimer *timr;
	unsigned long flags;

	for (;;) {
		spin_lock_irq(&tsk->sighand->siglock);
		timr = list_first_entry_or_null(&tsk->signal->posix_timers, struct k_itimer, list);
		if (timr)
			list_del_rcu(&timr->list);
		spin_unlock_irq(&tsk->sighand->siglock);
		if (!timr)
			return;
		for (;;) {
			spin_lock_irqsave(&timr->it_lock, flags);
			if (timer_stop(timr))
				break;
			spin_unlock_irqrestore(&timr->it_lock, flags);
			cpu_relax();
		}
		timr->it_signal = NULL;
		spin_unlock_irqrestore(&timr->it_lock, flags);
		free_timer(timr);
	}
}
