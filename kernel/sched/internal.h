/* SPDX-License-Identifier: MIT */
/* The run queue, for the files of this room. */
#ifndef QUIRE_KERNEL_SCHED_INTERNAL_H
#define QUIRE_KERNEL_SCHED_INTERNAL_H

#include <base/types.h>
#include <base/bitmap.h>
#include <base/bug.h>
#include <base/rbtree.h>
#include <sync/preempt.h>
#include <sync/rcu.h>
#include <sync/spinlock.h>
#include <seam/irqflags.h>
#include <seam/percpu.h>
#include <seam/smp.h>
#include <kernel/psi.h>
#include <kernel/sched.h>
#include <kernel/timer.h>

#define SCHED_LATENCY_NS	6000000ULL	/* each of a few runnable tasks runs once in it */
#define SCHED_MIN_GRAN_NS	750000ULL	/* shortest turn */
#define SCHED_WAKEUP_GRAN_NS	1000000ULL	/* lead that a woken task needs to preempt */
#define RR_TIMESLICE_NS		100000000ULL
#define RR_TIMESLICE_TICKS	(RR_TIMESLICE_NS / TICK_NSEC)
#define RT_PERIOD_NS		1000000000ULL
#define RT_RUNTIME_NS		950000000ULL	/* of each period, when fair tasks wait */
#define NICE_0_WEIGHT		1024UL
#define IDLE_POLICY_WEIGHT	3UL

#define PSI_STALL_STATES	(1U << PSI_IO_SOME | 1U << PSI_IO_FULL | 1U << PSI_MEM_SOME | 1U << PSI_MEM_FULL)

#define TASK_ON_RQ_QUEUED	1
#define TASK_ON_RQ_MIGRATING	2

/* Flags of enqueue and dequeue. */
#define ENQUEUE_WAKEUP		0x1	/* it slept: place it near min_vruntime */
#define ENQUEUE_INITIAL		0x2	/* new task */
#define ENQUEUE_MIGRATED	0x4	/* vruntime is relative to min_vruntime */
#define ENQUEUE_HEAD		0x8	/* real time: before its equals */
#define DEQUEUE_SLEEP		0x1
#define DEQUEUE_MIGRATE		0x4

struct cfs_rq {
	struct rb_root_cached tasks;	/* by vruntime; the running task is not in it */
	u64 min_vruntime;		/* never goes back; read without the lock by wake-ups */
	unsigned long load;		/* sum of weights, the running task included */
	unsigned int nr_running;	/* the running task included */
	unsigned int idle_nr_running;	/* SCHED_IDLE ones of them */
};

struct rt_rq {
	struct list_head queue[MAX_RT_PRIO];	/* the running task is in it */
	DECLARE_BITMAP(bitmap, MAX_RT_PRIO + 1);
	unsigned int nr_running;
	bool throttled;
	u64 time;			/* ns used in this period */
	u64 period_start;
};

struct rq {
	spinlock_t lock;
	unsigned int nr_running;
	struct task_struct *curr;	/* read by others without the lock: a hint, or under RCU */
	struct task_struct *idle;
	u64 clock;			/* sched_clock at the last update, never back */
	u64 nr_switches;
	struct cfs_rq cfs;
	struct rt_rq rt;
	struct mm_struct *prev_mm;	/* to drop after the switch */
	struct task_struct *push_task;	/* runnable, but not allowed here: goes away after the switch */
	long nr_uninterruptible;	/* may be negative: summed over all CPUs */
	atomic_t nr_iowait;
	atomic_t nr_memstall_sleeping;	/* in a memory stall, asleep */
	unsigned int nr_memstall_running;	/* and runnable */
	u32 psi_mask;			/* PSI states that hold, see psi.c */
	bool psi_off;			/* none is counted: psi=0, or a 0 in the root's cgroup.pressure */
	int cpu;
	bool online;
	unsigned long next_balance;	/* jiffies */
	/* /proc/schedstat */
	unsigned int yld_count, sched_goidle, ttwu_count, ttwu_local;
};

DECLARE_PER_CPU_ALIGNED(struct rq, runqueues);
#define cpu_rq(cpu)	per_cpu_ptr(&runqueues, cpu)
#define this_rq()	this_cpu_ptr(&runqueues)
#define task_rq(p)	cpu_rq(task_cpu(p))

extern struct cpumask idle_cpus;	/* a hint for wake-ups: CPUs in their idle loop */
extern unsigned int sched_nr_cpus;	/* CPUs that schedule; 1 until sched_init_smp() */

static inline void update_rq_clock(struct rq *rq)
{
	u64 now = sched_clock();

	if (now > rq->clock)
		rq->clock = now;
}

/* psi.c. => rq lock held, clock up to date */
void psi_rq_update(struct rq *rq);
void psi_rq_toggle(struct rq *rq, enum psi_states state);	/* it begins or ends */
/* @p, which waited for I/O or memory on @rq, wakes elsewhere. => @rq not locked, interrupts off */
void psi_sleeper_left(struct rq *rq, struct task_struct *p);
void psi_set_states(struct psi_group_cpu *pcpu, u32 mask, u64 now);	/* these hold from now on */
/* psi_group.c, for a task with p->psi. @sleeps: it does not just go to another queue. => as above */
void psi_task_queued(struct rq *rq, struct task_struct *p);
void psi_task_dequeued(struct rq *rq, struct task_struct *p, bool sleeps);
void psi_group_switch(struct rq *rq, struct psi_group *prev, struct psi_group *next);	/* of who ran, who runs */
void psi_group_add(struct psi_group *group);	/* psi.c: it is looked at from now on */

/* Does anybody wait for I/O or memory? */
static __always_inline bool psi_rq_stalls(const struct rq *rq)
{
	return unlikely(atomic_read(&rq->nr_iowait) | atomic_read(&rq->nr_memstall_sleeping) | rq->nr_memstall_running);
}

/*
 * nr_running was or is @more, and is or was one less: do other PSI states hold now? Without stalls, as nearly always, just one can have
 * changed.
 */
static __always_inline void psi_rq_changed(struct rq *rq, unsigned int more)
{
	if (unlikely(rq->psi_off))
		return;
	if (psi_rq_stalls(rq) || unlikely(rq->psi_mask & PSI_STALL_STATES))
		psi_rq_update(rq);
	else if (more <= 2)
		psi_rq_toggle(rq, more == 1 ? PSI_NONIDLE : PSI_CPU_SOME);
}

static inline bool idle_policy(int policy)
{
	return policy == SCHED_IDLE;
}

static inline bool fair_policy(int policy)
{
	return policy == SCHED_NORMAL || policy == SCHED_BATCH || policy == SCHED_IDLE;
}

static inline bool rt_policy(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

/* core.c */
struct rq *task_rq_lock(struct task_struct *p, unsigned long *flags);
void task_rq_unlock(struct rq *rq, struct task_struct *p, unsigned long *flags);
void resched_curr(struct rq *rq);
void activate_task(struct rq *rq, struct task_struct *p, int flags);
void deactivate_task(struct rq *rq, struct task_struct *p, int flags);
void set_task_cpu(struct task_struct *p, int cpu);
void check_preempt_curr(struct rq *rq, struct task_struct *p);
void double_rq_lock(struct rq *a, struct rq *b);
void double_rq_unlock(struct rq *a, struct rq *b);

/* fair.c */
void init_cfs_rq(struct cfs_rq *cfs);
void set_load_weight(struct task_struct *p);
void update_curr(struct rq *rq);
void enqueue_fair(struct rq *rq, struct task_struct *p, int flags);
void dequeue_fair(struct rq *rq, struct task_struct *p, int flags);
struct task_struct *pick_next_fair(struct rq *rq, struct task_struct *prev);
void put_prev_fair(struct rq *rq, struct task_struct *prev);
void check_preempt_fair(struct rq *rq, struct task_struct *p);
void tick_fair(struct rq *rq, struct task_struct *curr);
void fork_fair(struct task_struct *p);
void yield_fair(struct rq *rq);
u64 slice_fair(struct rq *rq, struct task_struct *p);
void cfs_check(struct rq *rq);

/* rt.c */
void init_rt_rq(struct rt_rq *rt);
void enqueue_rt(struct rq *rq, struct task_struct *p, int flags);
void dequeue_rt(struct rq *rq, struct task_struct *p);
struct task_struct *pick_next_rt(struct rq *rq);
void tick_rt(struct rq *rq, struct task_struct *curr);
void yield_rt(struct rq *rq);
void update_curr_rt(struct rq *rq);

/* balance.c */
int select_task_rq(struct task_struct *p, int prev_cpu, bool sync_hint);
int select_idlest_cpu(struct task_struct *p, int cpu);
int select_fallback_rq(struct task_struct *p);
bool idle_balance(struct rq *this_rq);
void periodic_balance(struct rq *this_rq);

/* stats.c */
void calc_global_load(void);

#endif
