// SPDX-License-Identifier: MIT
/*
 * What the scheduler counts: CPU time by kind, load averages, switches.
 *
 * User and system time are sampled by the tick, as in Linux with CONFIG_TICK_CPU_ACCOUNTING; the sum of
 * both of a task is exact (sum_exec_runtime), the samples only divide it. Idle time is measured.
 * The load average is the number of runnable and uninterruptible tasks, damped exponentially over
 * 1, 5 and 15 minutes in steps of 5 seconds and a tick, in fixed point with FSHIFT bits.
 */
#include "internal.h"
#include <base/cpumask.h>
#include <base/math.h>
#include <kernel/signal.h>
#include <kernel/timer.h>
#include <kernel/irq.h>

DEFINE_PER_CPU(struct kernel_cpustat, kernel_cpustat);

static void cpustat_add(enum cpu_usage_stat idx, u64 ns)
{
	this_cpu_add(kernel_cpustat.cpustat[idx], ns);
}

/* A tick has hit @p. => interrupts disabled */
void account_process_tick(struct task_struct *p, int user_tick)
{
	if (user_tick) {
		p->utime += TICK_NSEC;
		cpustat_add(task_nice(p) > 0 ? CPUTIME_NICE : CPUTIME_USER, TICK_NSEC);
	} else if (is_idle_task(p)) {
		return; /* measured, see get_cpu_idle_time_ns */
	} else {
		p->stime += TICK_NSEC;
		cpustat_add(CPUTIME_SYSTEM, TICK_NSEC);
	}
}

/* ns that @cpu has been idle or waiting for I/O, to this moment: what the idle task has run. */
u64 get_cpu_idle_time_ns(int cpu)
{
	struct rq *rq = cpu_rq(cpu);
	unsigned long flags;
	u64 ns;

	if (!rq->idle)
		return 0;
	spin_lock_irqsave(&rq->lock, flags);
	ns = rq->idle->se.sum_exec_runtime;
	if (rq->curr == rq->idle) {
		u64 now = sched_clock();

		if (now > rq->idle->se.exec_start)
			ns += now - rq->idle->se.exec_start;
	}
	spin_unlock_irqrestore(&rq->lock, flags);
	return ns;
}

/* total * part / whole, part <= whole, without overflow: the ratio is kept to 32 bits. */
static u64 scale(u64 total, u64 part, u64 whole)
{
	while (whole >> 32) {
		whole >>= 1;
		part >>= 1;
	}
	return total / whole * part + total % whole * part / whole;
}

void cputime_split(u64 total, u64 ut, u64 st, u64 *uret, u64 *sret)
{
	u64 s;

	if (!st)
		s = 0;
	else if (!ut)
		s = total;
	else
		s = scale(total, st, ut + st);
	*sret = s;
	*uret = total - s;
}

/* ns of user and system time of one thread. */
void task_cputime_adjusted(struct task_struct *p, u64 *ut, u64 *st)
{
	cputime_split(task_sched_runtime(p), p->utime, p->stime, ut, st);
}

/* ... of the process of @p: threads that are there and threads that are gone. */
void thread_group_cputime_adjusted(struct task_struct *p, u64 *ut, u64 *st)
{
	struct signal_struct *sig = p->signal;
	u64 total, u, s;
	unsigned int seq;
	struct task_struct *t;

	rcu_read_lock();
	do {
		seq = read_seqbegin(&sig->stats_lock);
		total = sig->sum_sched_runtime;
		u = sig->utime;
		s = sig->stime;
		for_each_thread (p, t) {
			total += task_sched_runtime(t);
			u += t->utime;
			s += t->stime;
		}
	} while (read_seqretry(&sig->stats_lock, seq));
	rcu_read_unlock();
	cputime_split(total, u, s, ut, st);
}

unsigned int nr_running(void)
{
	unsigned int sum = 0;
	int cpu;

	for_each_online_cpu (cpu)
		sum += READ_ONCE(cpu_rq(cpu)->nr_running);
	return sum;
}

unsigned long nr_uninterruptible(void)
{
	long sum = 0;
	int cpu;

	for_each_possible_cpu (cpu)
		sum += READ_ONCE(cpu_rq(cpu)->nr_uninterruptible);
	return sum < 0 ? 0 : sum;
}

static unsigned long nr_iowait_cpu(int cpu)
{
	return atomic_read(&cpu_rq(cpu)->nr_iowait);
}

unsigned long nr_iowait(void)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu (cpu)
		sum += nr_iowait_cpu(cpu);
	return sum;
}

unsigned long long nr_context_switches(void)
{
	unsigned long long sum = 0;
	int cpu;

	for_each_possible_cpu (cpu)
		sum += READ_ONCE(cpu_rq(cpu)->nr_switches);
	return sum;
}

bool idle_cpu(int cpu)
{
	struct rq *rq = cpu_rq(cpu);

	return READ_ONCE(rq->curr) == rq->idle && !READ_ONCE(rq->nr_running);
}

/* Load ----------------------------------------------------------------------------------------- */

#define LOAD_FREQ (5 * HZ + 1)
/* exp(-5 s / 1, 5, 15 min) in fixed point */
static const unsigned long load_decay[3] = { 1884, 2014, 2037 };

static unsigned long avenrun[3];
static unsigned long next_load_update = LOAD_FREQ;

static unsigned long decay(unsigned long load, unsigned long exp, unsigned long active)
{
	unsigned long next = load * exp + active * (FIXED_1 - exp);

	if (active >= load)
		next += FIXED_1 - 1;
	return next / FIXED_1;
}

/* jiffies has moved. => jiffies_lock held */
void calc_global_load(void)
{
	unsigned long active;

	if (time_before(jiffies, next_load_update))
		return;
	active = (nr_running() + nr_uninterruptible()) * FIXED_1;
	/* Periods that everybody slept through count with what is there now, a few of them at least. */
	for (int n = 0; n < 1000 && time_after_eq(jiffies, next_load_update); n++) {
		for (int i = 0; i < 3; i++)
			avenrun[i] = decay(avenrun[i], load_decay[i], active);
		next_load_update += LOAD_FREQ;
	}
	if (time_after_eq(jiffies, next_load_update))
		next_load_update = jiffies + LOAD_FREQ;
}

void get_avenrun(unsigned long *loads, unsigned long offset, int shift)
{
	for (int i = 0; i < 3; i++)
		loads[i] = (READ_ONCE(avenrun[i]) + offset) << shift;
}
