/* SPDX-License-Identifier: MIT */
/* The scheduler: who runs, who waits, who is woken. See kernel/sched/core.c for how. */
#ifndef QUIRE_KERNEL_SCHED_H
#define QUIRE_KERNEL_SCHED_H

#include <base/types.h>
#include <base/compiler.h>
#include <base/cpumask.h>
#include <seam/barrier.h>
#include <seam/current.h>
#include <seam/percpu.h>
#include <seam/preempt.h>
#include <kernel/clockchips.h>
#include <kernel/task.h>

#ifndef HZ
#define HZ 250
#endif

#define SCHED_NORMAL		0
#define SCHED_FIFO		1
#define SCHED_RR		2
#define SCHED_BATCH		3
#define SCHED_IDLE		5
#define SCHED_DEADLINE		6
#ifndef SCHED_RESET_ON_FORK
#define SCHED_RESET_ON_FORK	0x40000000
#endif

#define MAX_RT_PRIO		100
#define MAX_PRIO		140
#define DEFAULT_PRIO		120
#define MIN_NICE		(-20)
#define MAX_NICE		19
#define NICE_TO_PRIO(nice)	((nice) + DEFAULT_PRIO)
#define PRIO_TO_NICE(prio)	((prio) - DEFAULT_PRIO)

#define MAX_SCHEDULE_TIMEOUT	((long)(~0UL >> 1))

/*
 * States. A sleeper does
 *	for (;;) { set_current_state(TASK_INTERRUPTIBLE); if (condition) break; schedule(); }
 *	__set_current_state(TASK_RUNNING);
 * and the waker makes the condition true and calls wake_up_process(): the store of the state is
 * ordered before the test of the condition, the store of the condition before the test of the state.
 */
#define __set_current_state(s)	WRITE_ONCE(current->__state, (s))
#define set_current_state(s)	do { WRITE_ONCE(current->__state, (s)); smp_mb(); } while (0)
#define task_is_running(t)	(READ_ONCE((t)->__state) == TASK_RUNNING)
/* As those see it who stop and wake: who was woken and has not run yet does not stand any more. */
#define task_is_stopped(t)	((READ_ONCE((t)->jobctl) & JOBCTL_STOPPED) != 0)
#define task_is_traced(t)	((READ_ONCE((t)->jobctl) & JOBCTL_TRACED) != 0)
#define task_is_stopped_or_traced(t) \
	((READ_ONCE((t)->jobctl) & (JOBCTL_STOPPED | JOBCTL_TRACED)) != 0)

/* The letter of /proc/PID/stat (R S D T t X Z P I) and its word. */
char task_state_to_char(struct task_struct *p);

/* A function that only sleeps for its caller: /proc/PID/wchan shows that one. */
#define __sched __attribute__((section(".sched.text")))

void schedule(void);
void schedule_preempt_disabled(void);	/* enter and leave with preempt count 1 */
void preempt_schedule(void);
void preempt_schedule_irq(void);	/* from the way out of an interrupt, interrupts off */
void schedule_tail(struct task_struct *prev);	/* first thing a new task does */
void schedule_idle(void);
void yield(void);
long schedule_timeout(long timeout_jiffies);	/* jiffies left, 0 = expired */
long schedule_timeout_interruptible(long timeout);
long schedule_timeout_killable(long timeout);
long schedule_timeout_uninterruptible(long timeout);
void io_schedule(void);
long io_schedule_timeout(long timeout);
int io_schedule_prepare(void);
void io_schedule_finish(int token);
void msleep(unsigned int msecs);

/* Wake @p if its state is in the mask. Return 1 if it was asleep. Any context. */
int wake_up_process(struct task_struct *p);
int wake_up_state(struct task_struct *p, unsigned int state);
int try_to_wake_up(struct task_struct *p, unsigned int state, int wake_flags);
void wake_up_new_task(struct task_struct *p);
/* Send @p through the kernel soon if it runs in user mode on another CPU (signal delivery). */
void kick_process(struct task_struct *p);
/* Wait until @p is off its CPU; 0 if its state changed from @match_state meanwhile. May spin. */
unsigned long wait_task_inactive(struct task_struct *p, unsigned int match_state);

/* Rescheduling. */
static __always_inline bool need_resched(void)
{
	return unlikely(test_thread_flag(TIF_NEED_RESCHED));
}
int __cond_resched(void);
static __always_inline int cond_resched(void)
{
	return should_resched(0) ? __cond_resched() : 0;
}
void resched_cpu(int cpu);
void scheduler_ipi(void);		/* the reschedule interrupt: folds TIF_NEED_RESCHED into the count */

/* From the timer interrupt of each CPU, HZ times a second while it is not idle. */
void scheduler_tick(void);
void update_process_times(int user_tick);
void account_process_tick(struct task_struct *p, int user_tick);

/* Start-up. */
void sched_init(void);
void sched_init_smp(void);
void init_idle(struct task_struct *idle, int cpu);
void cpu_startup_entry(void) __attribute__((noreturn));	/* the idle loop of a CPU */
struct task_struct *fork_idle(int cpu);
struct task_struct *idle_task(int cpu);
struct task_struct *idle_thread_get(unsigned int cpu);	/* for bringing CPU @cpu up */

/* Fork and exit hooks. */
int sched_fork(unsigned long clone_flags, struct task_struct *p);
void sched_post_fork(struct task_struct *p);
void sched_exec(void);
void __attribute__((noreturn)) do_task_dead(void);

/* Policy. 0 or -EINVAL, -EPERM, -ESRCH. */
struct sched_attr;
struct sched_param;
void set_user_nice(struct task_struct *p, long nice);
int task_prio(const struct task_struct *p);
static inline int task_nice(const struct task_struct *p)
{
	return PRIO_TO_NICE(p->static_prio);
}
static inline bool rt_prio(int prio)
{
	return prio < MAX_RT_PRIO;
}
static inline bool rt_task(const struct task_struct *p)
{
	return rt_prio(p->prio);
}
void sched_set_fifo(struct task_struct *p);
int set_cpus_allowed_ptr(struct task_struct *p, const struct cpumask *new_mask);
/* The same of CPUs of which one is online, without waiting until @p has left a CPU that it may not use: any context. */
void sched_set_cpus_allowed(struct task_struct *p, const struct cpumask *new_mask);
long sched_setaffinity(pid_t pid, const struct cpumask *new_mask);
long sched_getaffinity(pid_t pid, struct cpumask *mask);

/* Numbers for /proc. */
unsigned int nr_running(void);
unsigned long nr_iowait(void);
unsigned long long nr_context_switches(void);
unsigned long nr_uninterruptible(void);
bool idle_cpu(int cpu);
int task_curr(const struct task_struct *p);
u64 task_sched_runtime(struct task_struct *p);	/* ns */
/* Divide @total ns as the samples @ut : @st say. */
void cputime_split(u64 total, u64 ut, u64 st, u64 *uret, u64 *sret);
void task_cputime_adjusted(struct task_struct *p, u64 *ut, u64 *st);
void thread_group_cputime_adjusted(struct task_struct *p, u64 *ut, u64 *st);

#define FSHIFT		11		/* bits of fraction of a load average */
#define FIXED_1		(1UL << FSHIFT)
#define LOAD_INT(x)	((x) >> FSHIFT)
#define LOAD_FRAC(x)	LOAD_INT(((x) & (FIXED_1 - 1)) * 100)
void get_avenrun(unsigned long *loads, unsigned long offset, int shift);
extern unsigned long total_forks;

/* CPU time of each CPU by kind, in ns, for /proc/stat. */
enum cpu_usage_stat {
	CPUTIME_USER,
	CPUTIME_NICE,
	CPUTIME_SYSTEM,
	CPUTIME_SOFTIRQ,
	CPUTIME_IRQ,
	CPUTIME_IDLE,
	CPUTIME_IOWAIT,
	CPUTIME_STEAL,
	CPUTIME_GUEST,
	CPUTIME_GUEST_NICE,
	NR_STATS,
};
struct kernel_cpustat {
	u64 cpustat[NR_STATS];
};
DECLARE_PER_CPU(struct kernel_cpustat, kernel_cpustat);
#define kcpustat_cpu(cpu) per_cpu(kernel_cpustat, cpu)
u64 get_cpu_idle_time_ns(int cpu);	/* idle including the turn that is going on */

/* kernel threads proper are made by kthread_create() (sync/kthread.h). */

#endif
