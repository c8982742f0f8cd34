// SPDX-License-Identifier: MIT
/*
 * Time of the played machine: a jiffy is a millisecond of real time, counted by a thread that also raises the timer
 * interrupt of the CPU for which a timer is due. In a deterministic run time stands still until nobody can run.
 */
#include <base/list.h>
#include <kernel/sched.h>
#include <kernel/timekeeping.h>
#include <kernel/timer.h>
#include "sched_internal.h"

volatile unsigned long jiffies = INITIAL_JIFFIES;

static struct os_lock *timer_lock;
#define MAX_TIMERS 256
static struct timer_list *timers[HOST_NR_CPUS][MAX_TIMERS]; /* NULL: free */
static struct timer_list *running[HOST_NR_CPUS];

ktime_t ktime_get(void)
{
	return os_now_ns();
}

unsigned long long get_cycles(void);
unsigned long long get_cycles(void)
{
	return os_now_ns();
}

void timer_setup(struct timer_list *timer, void (*func)(struct timer_list *), unsigned int flags)
{
	timer->function = func;
	timer->flags = flags;
}

/* => timer_lock held */
static int take_off(struct timer_list *t)
{
	for (unsigned int cpu = 0; cpu < HOST_NR_CPUS; cpu++) {
		for (unsigned int i = 0; i < MAX_TIMERS; i++) {
			if (timers[cpu][i] == t) {
				timers[cpu][i] = NULL;
				return 1;
			}
		}
	}
	return 0;
}

int mod_timer(struct timer_list *timer, unsigned long expires)
{
	unsigned int i = 0;
	int was;

	os_lock(timer_lock);
	was = take_off(timer);
	timer->expires = expires;
	while (timers[host_cpu][i])
		if (++i == MAX_TIMERS)
			os_fatal("more than %d timers", MAX_TIMERS);
	timers[host_cpu][i] = timer;
	os_unlock(timer_lock);
	return was;
}

int del_timer(struct timer_list *timer)
{
	int was;

	os_lock(timer_lock);
	was = take_off(timer);
	os_unlock(timer_lock);
	return was;
}

int del_timer_sync(struct timer_list *timer)
{
	int was = 0;
	bool busy;

	do {
		os_lock(timer_lock);
		was |= take_off(timer);
		busy = false;
		for (int i = 0; i < HOST_NR_CPUS; i++)
			busy |= running[i] == timer && i != (int)host_cpu;
		os_unlock(timer_lock);
		if (busy)
			cpu_relax();
	} while (busy);
	return was;
}

static struct timer_list *due(unsigned int cpu)
{
	for (unsigned int i = 0; i < MAX_TIMERS; i++)
		if (timers[cpu][i] && time_after_eq(jiffies, timers[cpu][i]->expires))
			return timers[cpu][i];
	return NULL;
}

/* The timer interrupt of this CPU. */
void host_run_timers(void)
{
	struct timer_list *t;

	os_lock(timer_lock);
	while ((t = due(host_cpu))) {
		take_off(t);
		running[host_cpu] = t;
		os_unlock(timer_lock);
		t->function(t);
		os_lock(timer_lock);
		running[host_cpu] = NULL;
	}
	os_unlock(timer_lock);
}

static void __attribute__((no_sanitize("thread"))) advance(void)
{
	jiffies = jiffies + 1;
}

static void tick_thread(void *unused)
{
	struct os_lock *never = os_lock_new();

	load_percpu_segment(0);
	os_lock(never);
	for (;;) {
		os_wait_ns(never, 1000000);
		if (__atomic_load_n(&host_det_running, __ATOMIC_RELAXED))
			continue;
		advance();
		for (unsigned int cpu = 0; cpu < HOST_NR_CPUS; cpu++) {
			bool any;

			os_lock(timer_lock);
			any = due(cpu) != NULL;
			os_unlock(timer_lock);
			if (!any)
				continue;
			__atomic_store_n(&host_cpus[cpu].timers, true, __ATOMIC_RELEASE);
			host_kick(cpu);
		}
	}
}

void host_time_start(void)
{
	timer_lock = os_lock_new();
	os_thread(tick_thread, NULL);
}

/* ---- sleeping ---- */

struct sleeper {
	struct timer_list timer;
	struct task_struct *task;
};

static void sleeper_wake(struct timer_list *t)
{
	wake_up_process(container_of(t, struct sleeper, timer)->task);
}

long schedule_timeout(long timeout)
{
	struct sleeper s = { .task = current };
	unsigned long end = jiffies + timeout;

	if (host_self && host_self->det)
		return host_det_timeout(timeout);
	if (timeout == MAX_SCHEDULE_TIMEOUT) {
		schedule();
		return timeout;
	}
	timer_setup(&s.timer, sleeper_wake, 0);
	mod_timer(&s.timer, end);
	schedule();
	del_timer_sync(&s.timer);
	timeout = end - jiffies;
	return timeout < 0 ? 0 : timeout;
}

long schedule_timeout_uninterruptible(long timeout)
{
	__set_current_state(TASK_UNINTERRUPTIBLE);
	return schedule_timeout(timeout);
}

long schedule_timeout_interruptible(long timeout)
{
	__set_current_state(TASK_INTERRUPTIBLE);
	return schedule_timeout(timeout);
}

long schedule_timeout_killable(long timeout)
{
	set_current_state(TASK_KILLABLE);
	return schedule_timeout(timeout);
}

long io_schedule_timeout(long timeout)
{
	return schedule_timeout(timeout);
}

void msleep(unsigned int msecs)
{
	schedule_timeout_uninterruptible(msecs_to_jiffies(msecs) + 1);
}
