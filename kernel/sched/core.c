// SPDX-License-Identifier: MIT
/*
 * The scheduler: switching, waking, moving.
 *
 * 1 Purpose. A queue of runnable tasks per CPU (struct rq). Real-time tasks (rt.c) go before fair ones
 *   (fair.c), these before the idle task. The kernel is preemptible wherever preempt_count is 0.
 * 2 States of a task, by (on_rq, on_cpu):
 *
 *	  wake_up_new_task          picked                  schedule() with __state != RUNNING
 *	 new ------------> (1,0) ------------> (1,1) -------------------------> (0,1)
 *	                     ^  <------------                                     |
 *	                     |    preempted                                      | finish_task_switch
 *	                     +--------- try_to_wake_up <----- (0,0) <-------------+
 *
 *   on_rq is 2 while a task is carried from one queue to another.
 * 3 A wake-up that meets (0,1), a task that is on its way out, waits until on_cpu is 0: only then is
 *   its stack free to run elsewhere. on_cpu is cleared with release order by finish_task_switch(), after
 *   all registers were saved.
 *   The sleeper stores its state and then tests its condition; the waker stores the condition and
 *   then tests the state, under pi_lock. Between each pair stands a full barrier, so one of
 *   the two sees the other.
 * 4 Locks: pi_lock of a task (wake-ups, affinity) before the lock of a queue; two queue locks in the
 *   order of CPU numbers. A task on a queue changes class, priority or CPU only under both pi_lock and
 *   the queue's lock; task_rq_lock() takes them.
 * 5 Nothing here allocates.
 * 6 Linux 6.1: the same protocol; it has more classes, groups, cookies, and remote wake lists.
 * 7 /proc/schedstat, /proc/PID/{stat,status}; trace events sched_switch and sched_wakeup come later.
 */
#include "internal.h"
#include <base/errno.h>
#include <kernel/cred.h>
#include <kernel/fork.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/pid.h>
#include <kernel/plug.h>
#include <kernel/printk.h>
#include <kernel/rseq.h>
#include <kernel/timer.h>
#include <mm/vmalloc.h>
#include <mm/mm_struct.h>
#include <mm/trace.h>
#include <seam/mmu_context.h>
#include <seam/uaccess.h>

DEFINE_PER_CPU_ALIGNED(struct rq, runqueues);
struct cpumask idle_cpus;
unsigned int sched_nr_cpus = 1;

/* Locking -------------------------------------------------------------------------------------- */

/* Lock @p and the queue it is on; both stay put. Returns the queue. */
struct rq *task_rq_lock(struct task_struct *p, unsigned long *flags)
{
	struct rq *rq;

	for (;;) {
		spin_lock_irqsave(&p->pi_lock, *flags);
		rq = task_rq(p);
		spin_lock(&rq->lock);
		if (likely(rq == task_rq(p) && p->on_rq != TASK_ON_RQ_MIGRATING))
			return rq;
		spin_unlock(&rq->lock);
		spin_unlock_irqrestore(&p->pi_lock, *flags);
		while (READ_ONCE(p->on_rq) == TASK_ON_RQ_MIGRATING)
			cpu_relax();
	}
}

void task_rq_unlock(struct rq *rq, struct task_struct *p, unsigned long *flags)
{
	spin_unlock(&rq->lock);
	spin_unlock_irqrestore(&p->pi_lock, *flags);
}

/* => interrupts disabled; @a may equal @b */
void double_rq_lock(struct rq *a, struct rq *b)
{
	if (a == b) {
		spin_lock(&a->lock);
	} else if (a->cpu < b->cpu) {
		spin_lock(&a->lock);
		spin_lock_nested(&b->lock, 1);
	} else {
		spin_lock(&b->lock);
		spin_lock_nested(&a->lock, 1);
	}
}

void double_rq_unlock(struct rq *a, struct rq *b)
{
	spin_unlock(&a->lock);
	if (a != b)
		spin_unlock(&b->lock);
}

/* Queues --------------------------------------------------------------------------------------- */

/* Ask the task that runs on @rq to call schedule() soon. => rq lock held */
void resched_curr(struct rq *rq)
{
	struct task_struct *curr = rq->curr;

	if (test_tsk_thread_flag(curr, TIF_NEED_RESCHED))
		return;
	set_tsk_thread_flag(curr, TIF_NEED_RESCHED);
	if (rq->cpu == raw_smp_processor_id())
		set_preempt_need_resched();
	else
		smp_send_reschedule(rq->cpu);
}

void resched_cpu(int cpu)
{
	struct rq *rq = cpu_rq(cpu);
	unsigned long flags;

	spin_lock_irqsave(&rq->lock, flags);
	resched_curr(rq);
	spin_unlock_irqrestore(&rq->lock, flags);
}

/* Put @p among the runnable. => rq lock held, clock up to date */
void activate_task(struct rq *rq, struct task_struct *p, int flags)
{
	if (rt_task(p))
		enqueue_rt(rq, p, flags);
	else
		enqueue_fair(rq, p, flags);
	rq->nr_running++;
	if (unlikely(p->in_memstall))
		rq->nr_memstall_running++;
	p->on_rq = TASK_ON_RQ_QUEUED;
	psi_rq_changed(rq, rq->nr_running);
	if (unlikely(p->psi))
		psi_task_queued(rq, p);
}

/* Take @p from the runnable. The caller sets on_rq. */
void deactivate_task(struct rq *rq, struct task_struct *p, int flags)
{
	rq->nr_running--;
	if (unlikely(p->in_memstall))
		rq->nr_memstall_running--;
	psi_rq_changed(rq, rq->nr_running + 1);
	if (unlikely(p->psi))
		psi_task_dequeued(rq, p, flags & DEQUEUE_SLEEP);
	if (rt_task(p))
		dequeue_rt(rq, p);
	else
		dequeue_fair(rq, p, flags);
}

/* @p, runnable nowhere, belongs to @cpu from now on. => pi_lock or the old queue's lock held */
void set_task_cpu(struct task_struct *p, int cpu)
{
	if (task_cpu(p) != cpu) {
		p->se.nr_migrations++;
		rseq_migrate(p);
		WRITE_ONCE(p->cpu, cpu);
	}
}

/* @p became runnable on @rq: does it take the CPU from who runs there? */
void check_preempt_curr(struct rq *rq, struct task_struct *p)
{
	struct task_struct *curr = rq->curr;

	if (is_idle_task(curr) || p->prio < curr->prio || rt_task(curr) != rt_task(p)) {
		if (is_idle_task(curr) || rt_task(p))
			resched_curr(rq);
		if (is_idle_task(curr) || rt_task(curr) || rt_task(p))
			return;
	}
	if (!rt_task(curr))
		check_preempt_fair(rq, p);
}

/* Switching ------------------------------------------------------------------------------------ */

/* A task that may not run here any more has left the CPU: give it to one where it may. */
static void push_away(struct task_struct *p)
{
	int cpu = select_fallback_rq(p);
	struct rq *rq = cpu_rq(cpu);
	unsigned long flags;

	spin_lock_irqsave(&rq->lock, flags);
	set_task_cpu(p, cpu);
	update_rq_clock(rq);
	activate_task(rq, p, ENQUEUE_MIGRATED);
	check_preempt_curr(rq, p);
	spin_unlock_irqrestore(&rq->lock, flags);
}

/*
 * What the previous task @prev could not do for itself: it has left the CPU, its registers are saved.
 * => called with the queue locked and interrupts off, leaves with both undone.
 */
static void finish_task_switch(struct task_struct *prev)
{
	struct rq *rq = this_rq();
	struct mm_struct *mm = rq->prev_mm;
	struct task_struct *push = rq->push_task;
	unsigned int prev_state = READ_ONCE(prev->__state);

	rq->prev_mm = NULL;
	rq->push_task = NULL;
	smp_store_release(&prev->on_cpu, 0);
	spin_unlock(&rq->lock);
	if (unlikely(
		    push)) /* in no queue: an interrupt that waits for its queue must not come between */
		push_away(push);
	local_irq_enable();
	if (mm)
		mmdrop(mm);
	if (unlikely(prev_state == TASK_DEAD)) {
		put_task_stack(prev);
		put_task_struct(prev);
	}
}

/* For the checks of debug builds: the running task holds the lock of @rq, which another took. */
static __always_inline void lock_handed_over(struct rq *rq)
{
	lock_acquired_try(&rq->lock, rq->lock.rank, 0);
}

static __always_inline void context_switch(struct rq *rq, struct task_struct *prev,
					   struct task_struct *next)
{
	trace_sched_switch(prev->pid, prev->prio, READ_ONCE(prev->__state), next->pid, next->prio);
	if (!next->mm) {
		enter_lazy_tlb(prev->active_mm, next);
		next->active_mm = prev->active_mm;
		if (prev->mm)
			mmgrab(prev->active_mm);
		else
			prev->active_mm = NULL;
	} else {
		switch_mm_irqs_off(prev->active_mm, next->mm, next);
		if (!prev->mm) {
			rq->prev_mm = prev->active_mm;
			prev->active_mm = NULL;
		}
	}
	/* The queue's lock changes hands: it was taken by prev, next gives it back. */
	lock_release(&rq->lock);
	switch_to(prev, next, prev);
	barrier();
	lock_handed_over(this_rq());
	finish_task_switch(prev);
}

static __always_inline struct task_struct *pick_next_task(struct rq *rq, struct task_struct *prev)
{
	struct task_struct *p;

	if (unlikely(rq->rt.nr_running) && !(rq->rt.throttled && rq->cfs.nr_running)) {
		p = pick_next_rt(rq);
		if (!rt_task(prev) && !is_idle_task(prev) && prev->se.on_rq)
			put_prev_fair(rq, prev);
		return p;
	}
	p = pick_next_fair(rq, prev);
	if (p)
		return p;
	rq->idle->se.exec_start = rq->clock;
	rq->sched_goidle++;
	return rq->idle;
}

/* The running task goes to sleep. */
static __always_inline void block_task(struct rq *rq, struct task_struct *prev, unsigned int state)
{
	if ((state & (TASK_UNINTERRUPTIBLE | TASK_NOLOAD)) == TASK_UNINTERRUPTIBLE)
		rq->nr_uninterruptible++;
	if (prev->in_iowait)
		atomic_inc(&rq->nr_iowait);
	if (unlikely(prev->in_memstall))
		atomic_inc(&rq->nr_memstall_sleeping);
	deactivate_task(rq, prev, DEQUEUE_SLEEP);
	prev->on_rq = 0;
}

/*
 * Choose who runs now and switch to it.
 * => preemption disabled exactly once; @preempt: the task did not ask for it, so its state is left alone
 */
static void __schedule(bool preempt)
{
	struct rq *rq = this_rq();
	struct task_struct *prev = rq->curr, *next;
	unsigned long *switch_count = &prev->nivcsw;
	unsigned int state;

	if (unlikely(preempt_count() != 1))
		panic("scheduling while atomic: %s/%d, preempt_count %u", prev->comm, prev->pid,
		      preempt_count());
	if (unlikely(*stack_end(prev->stack) != STACK_END_MAGIC))
		panic("corrupted stack end detected inside scheduler");
	local_irq_disable();
	rcu_note_context_switch(preempt);
	spin_lock(&rq->lock); /* full barrier after the store of the state */
	update_rq_clock(rq);
	if (rt_task(prev))
		update_curr_rt(rq);
	else
		update_curr(rq);

	state = READ_ONCE(prev->__state);
	if (!preempt && state) {
		if (unlikely(signal_pending_state(state, prev)))
			WRITE_ONCE(prev->__state, TASK_RUNNING);
		else
			block_task(rq, prev, state);
		switch_count = &prev->nvcsw;
	}
	if (unlikely(prev->on_rq && !cpumask_test_cpu(rq->cpu, &prev->cpus_mask) &&
		     !is_idle_task(prev))) {
		deactivate_task(rq, prev, DEQUEUE_MIGRATE);
		prev->on_rq = TASK_ON_RQ_MIGRATING;
		rq->push_task = prev;
	}

	next = pick_next_task(rq, prev);
	clear_tsk_thread_flag(prev, TIF_NEED_RESCHED);
	clear_preempt_need_resched();
	if (likely(prev != next)) {
		rq->nr_switches++;
		WRITE_ONCE(rq->curr, next);
		if (unlikely(rq->nr_memstall_running))
			psi_rq_update(rq);
		if (unlikely(prev->psi != next->psi || rq->nr_memstall_running))
			psi_group_switch(rq, prev->psi, next->psi);
		++*switch_count;
		next->on_cpu = 1;
		rseq_preempt(prev);
		context_switch(rq, prev, next);
	} else {
		spin_unlock_irq(&rq->lock);
	}
}

void schedule(void)
{
	struct blk_plug *plug = current->plug;

	if (unlikely(plug) && READ_ONCE(current->__state))
		plug->flush(plug); /* others may wait for what it holds back */
	do {
		preempt_disable();
		__schedule(false);
		preempt_enable_no_resched();
	} while (need_resched());
}

void schedule_preempt_disabled(void)
{
	preempt_enable_no_resched();
	schedule();
	preempt_disable();
}

/* From preempt_enable() when the count became 0 and a reschedule is wanted. */
void preempt_schedule(void)
{
	if (preempt_count() || irqs_disabled())
		return;
	do {
		preempt_disable();
		__schedule(true);
		preempt_enable_no_resched();
	} while (need_resched());
}

/* On the way out of an interrupt into preemptible kernel code. => interrupts disabled, and again after */
void preempt_schedule_irq(void)
{
	do {
		preempt_disable();
		local_irq_enable();
		__schedule(true);
		local_irq_disable();
		preempt_enable_no_resched();
	} while (need_resched());
}

int __cond_resched(void)
{
	if (preempt_count())
		return 0;
	preempt_schedule();
	return 1;
}

/* The idle task's: state does not matter, and its count stays 1. */
void schedule_idle(void)
{
	do {
		__schedule(false);
	} while (need_resched());
}

/* Where a new task starts, called by the machine's first frame of it. */
void schedule_tail(struct task_struct *prev)
{
	lock_handed_over(this_rq());
	finish_task_switch(prev);
	preempt_enable();
	if (current->set_child_tid)
		(void)put_user(task_pid_vnr(current), current->set_child_tid);
}

void scheduler_ipi(void)
{
	if (test_thread_flag(TIF_NEED_RESCHED))
		set_preempt_need_resched();
}

/* The last schedule() of a task: finish_task_switch() lets go of it. */
void do_task_dead(void)
{
	current->flags |= PF_NOFREEZE;
	/* Not before preemption is off: who switches away from a dead task frees it. */
	preempt_disable();
	/* A waker that saw an earlier state holds pi_lock: let it finish. */
	local_irq_disable();
	spin_lock(&current->pi_lock);
	WRITE_ONCE(current->__state, TASK_DEAD);
	spin_unlock(&current->pi_lock);
	local_irq_enable();
	__schedule(false);
	BUG();
}

/* Waking --------------------------------------------------------------------------------------- */

/*
 * Lock the queue of @p, which pi_lock alone does not hold still: another CPU may pull a waiting task over, also one that
 * was preempted on its way to sleep. => pi_lock held
 */
static struct rq *lock_queue_of(struct task_struct *p)
{
	for (;;) {
		struct rq *rq = task_rq(p);

		spin_lock(&rq->lock);
		if (likely(rq == task_rq(p)))
			return rq;
		spin_unlock(&rq->lock);
	}
}

/* @p is still on a queue, or on its way to one: it only needs its state back. 1 if so. => pi_lock held */
static int wake_queued(struct task_struct *p)
{
	struct rq *rq = lock_queue_of(p);
	int woken = 0;

	if (p->on_rq) {
		if (!READ_ONCE(p->on_cpu) && p->on_rq == TASK_ON_RQ_QUEUED) {
			update_rq_clock(rq);
			check_preempt_curr(rq, p);
		}
		WRITE_ONCE(p->__state, TASK_RUNNING);
		woken = 1;
	}
	spin_unlock(&rq->lock);
	return woken;
}

/* Off all queues and CPUs: choose a CPU and queue it. => pi_lock held, interrupts off */
static void wake_sleeper(struct task_struct *p)
{
	int prev_cpu = task_cpu(p);
	struct rq *old = cpu_rq(prev_cpu), *rq;
	unsigned int state = p->__state;
	int cpu, flags = ENQUEUE_WAKEUP;

	WRITE_ONCE(p->__state, TASK_WAKING);
	while (smp_load_acquire(&p->on_cpu))
		cpu_relax();
	cpu = select_task_rq(p, prev_cpu, false);
	if (p->in_iowait)
		atomic_dec(&old->nr_iowait);
	if (unlikely(p->in_memstall))
		atomic_dec(&old->nr_memstall_sleeping);
	if (cpu != prev_cpu) {
		if (unlikely(p->in_iowait || p->in_memstall))
			psi_sleeper_left(old, p);
		if (!rt_task(p))
			p->se.vruntime -= READ_ONCE(old->cfs.min_vruntime);
		flags |= ENQUEUE_MIGRATED;
		set_task_cpu(p, cpu);
	}
	rq = cpu_rq(cpu);
	spin_lock(&rq->lock);
	update_rq_clock(rq);
	if ((state & (TASK_UNINTERRUPTIBLE | TASK_NOLOAD)) == TASK_UNINTERRUPTIBLE)
		rq->nr_uninterruptible--;
	activate_task(rq, p, flags);
	WRITE_ONCE(p->__state, TASK_RUNNING);
	check_preempt_curr(rq, p);
	rq->ttwu_count++;
	if (cpu == raw_smp_processor_id())
		rq->ttwu_local++;
	spin_unlock(&rq->lock);
}

/* Wake @p if its state is one of @state. 1 if it was. Any context. */
int try_to_wake_up(struct task_struct *p, unsigned int state, int wake_flags)
{
	unsigned long flags;
	int success = 0;

	preempt_disable();
	if (p == current) {
		/* On its way to schedule(), and still here: no queue is involved. */
		if (READ_ONCE(p->__state) & state) {
			WRITE_ONCE(p->__state, TASK_RUNNING);
			success = 1;
		}
		preempt_enable();
		return success;
	}
	spin_lock_irqsave(&p->pi_lock, flags); /* full barrier: orders the caller's condition */
	if (READ_ONCE(p->__state) & state) {
		success = 1;
		smp_rmb(); /* state before on_rq: see the drawing above */
		if (!(READ_ONCE(p->on_rq) && wake_queued(p))) {
			smp_rmb();
			wake_sleeper(p);
		}
	}
	spin_unlock_irqrestore(&p->pi_lock, flags);
	preempt_enable();
	return success;
}

int wake_up_process(struct task_struct *p)
{
	return try_to_wake_up(p, TASK_NORMAL, 0);
}

int wake_up_state(struct task_struct *p, unsigned int state)
{
	return try_to_wake_up(p, state, 0);
}

void wake_up_new_task(struct task_struct *p)
{
	unsigned long flags;
	struct rq *rq;

	spin_lock_irqsave(&p->pi_lock, flags);
	WRITE_ONCE(p->__state, TASK_RUNNING);
	WRITE_ONCE(p->cpu, select_idlest_cpu(p, task_cpu(p)));
	rq = task_rq(p);
	spin_lock(&rq->lock);
	update_rq_clock(rq);
	activate_task(rq, p, ENQUEUE_INITIAL | ENQUEUE_MIGRATED);
	check_preempt_curr(rq, p);
	spin_unlock(&rq->lock);
	spin_unlock_irqrestore(&p->pi_lock, flags);
}

void kick_process(struct task_struct *p)
{
	int cpu;

	preempt_disable();
	cpu = task_cpu(p);
	if (cpu != smp_processor_id() && task_curr(p))
		smp_send_reschedule(cpu);
	preempt_enable();
}

/* Is @p on a CPU at this moment? A hint unless its queue is locked. */
int task_curr(const struct task_struct *p)
{
	return READ_ONCE(cpu_rq(task_cpu(p))->curr) == p;
}

unsigned long wait_task_inactive(struct task_struct *p, unsigned int match_state)
{
	for (;;) {
		unsigned long flags, ncsw = 0;
		bool running, queued;
		struct rq *rq;

		while (READ_ONCE(p->on_cpu)) {
			if (match_state && !(READ_ONCE(p->__state) & match_state))
				return 0;
			cpu_relax();
		}
		rq = task_rq_lock(p, &flags);
		running = p->on_cpu;
		queued = p->on_rq;
		if (!match_state || (READ_ONCE(p->__state) & match_state))
			ncsw = (p->nvcsw + p->nivcsw) | (1UL << 63);
		task_rq_unlock(rq, p, &flags);
		if (!ncsw)
			return 0;
		if (!running && !queued)
			return ncsw;
		if (running)
			cpu_relax();
		else
			schedule_timeout_uninterruptible(1);
	}
}

/* Fork and exec -------------------------------------------------------------------------------- */

/* The scheduler's fields of a new task, a copy of current. 0. */
int sched_fork(unsigned long clone_flags, struct task_struct *p)
{
	p->__state = TASK_NEW;
	p->on_rq = 0;
	p->on_cpu = 0;
	spin_lock_init(&p->pi_lock, LOCK_PI);
	p->prio = current->normal_prio;
	/* PID 1 and PID 2 come from an idle task, whose policy and place are nobody's wish. */
	if (unlikely(is_idle_task(current))) {
		p->policy = SCHED_NORMAL;
		p->prio = p->normal_prio = p->static_prio = NICE_TO_PRIO(0);
		set_load_weight(p);
		cpumask_copy(&p->cpus_mask, cpu_possible_mask);
		p->nr_cpus_allowed = cpumask_weight(cpu_possible_mask);
	}
	if (unlikely(p->sched_reset_on_fork)) {
		if (rt_policy(p->policy)) {
			p->policy = SCHED_NORMAL;
			p->rt_priority = 0;
			p->static_prio = NICE_TO_PRIO(0);
		} else if (p->static_prio < NICE_TO_PRIO(0)) {
			p->static_prio = NICE_TO_PRIO(0);
		}
		p->prio = p->normal_prio = p->static_prio;
		set_load_weight(p);
		p->sched_reset_on_fork = false;
	}
	fork_fair(p);
	INIT_LIST_HEAD(&p->rt.run_list);
	p->rt.on_rq = false;
	p->rt.time_slice = RR_TIMESLICE_TICKS;
	p->cpu = raw_smp_processor_id();
	p->migration_disabled = 0;
	p->nvcsw = p->nivcsw = 0;
	p->utime = p->stime = p->gtime = 0;
	return 0;
}

void sched_post_fork(struct task_struct *p) {}

/* The program is about to change, its caches are cold: a good moment to move to an idler CPU. */
void sched_exec(void)
{
	struct task_struct *p = current;
	int cpu;

	if (sched_nr_cpus == 1 || p->nr_cpus_allowed == 1 || this_rq()->nr_running < 2)
		return;
	cpu = select_idlest_cpu(p, task_cpu(p));
	if (cpu != task_cpu(p))
		yield(); /* an idle CPU pulls what waits here */
}

/* Time ----------------------------------------------------------------------------------------- */

/* HZ times a second on each CPU that is not idle; interrupts off. */
void scheduler_tick(void)
{
	struct rq *rq = this_rq();
	struct task_struct *curr;

	spin_lock(&rq->lock);
	update_rq_clock(rq);
	curr = rq->curr;
	if (rq->rt.nr_running)
		tick_rt(rq, curr);
	if (!rt_task(curr) && !is_idle_task(curr))
		tick_fair(rq, curr);
	spin_unlock(&rq->lock);
	if (sched_nr_cpus > 1 && time_after_eq(jiffies, rq->next_balance))
		periodic_balance(rq);
}

u64 task_sched_runtime(struct task_struct *p)
{
	unsigned long flags;
	struct rq *rq;
	u64 ns;

	if (!READ_ONCE(p->on_cpu))
		return READ_ONCE(p->se.sum_exec_runtime);
	rq = task_rq_lock(p, &flags);
	if (rq->curr == p) {
		update_rq_clock(rq);
		update_curr(rq);
	}
	ns = p->se.sum_exec_runtime;
	task_rq_unlock(rq, p, &flags);
	return ns;
}

/* Yielding and sleeping ------------------------------------------------------------------------ */

void yield(void)
{
	struct rq *rq;

	local_irq_disable();
	rq = this_rq();
	spin_lock(&rq->lock);
	rq->yld_count++;
	update_rq_clock(rq);
	if (rt_task(current))
		yield_rt(rq);
	else
		yield_fair(rq);
	preempt_disable();
	spin_unlock_irq(&rq->lock);
	preempt_enable_no_resched();
	__set_current_state(TASK_RUNNING);
	schedule();
}

int io_schedule_prepare(void)
{
	int old = current->in_iowait;

	current->in_iowait = 1;
	return old;
}

void io_schedule_finish(int token)
{
	current->in_iowait = token;
}

void io_schedule(void)
{
	int token = io_schedule_prepare();

	schedule();
	io_schedule_finish(token);
}

long io_schedule_timeout(long timeout)
{
	int token = io_schedule_prepare();
	long left = schedule_timeout(timeout);

	io_schedule_finish(token);
	return left;
}

/* Affinity ------------------------------------------------------------------------------------- */

/* Take queued, not running @p to a CPU that its mask allows. => pi_lock and @rq locked; unlocks @rq */
static void move_queued(struct rq *rq, struct task_struct *p)
{
	int cpu = select_fallback_rq(p);

	update_rq_clock(rq);
	deactivate_task(rq, p, DEQUEUE_MIGRATE);
	p->on_rq = TASK_ON_RQ_MIGRATING;
	set_task_cpu(p, cpu);
	spin_unlock(&rq->lock);

	rq = cpu_rq(cpu);
	spin_lock(&rq->lock);
	update_rq_clock(rq);
	activate_task(rq, p, ENQUEUE_MIGRATED);
	check_preempt_curr(rq, p);
	spin_unlock(&rq->lock);
}

void sched_set_cpus_allowed(struct task_struct *p, const struct cpumask *new_mask)
{
	unsigned long flags;
	struct rq *rq = task_rq_lock(p, &flags);

	cpumask_copy(&p->cpus_mask, new_mask);
	p->nr_cpus_allowed = cpumask_weight(new_mask);
	if (!cpumask_test_cpu(task_cpu(p), new_mask)) {
		if (p->on_cpu) {
			resched_curr(rq); /* __schedule() there pushes it away */
		} else if (p->on_rq) {
			move_queued(rq, p);
			spin_unlock_irqrestore(&p->pi_lock, flags);
			return;
		} /* else asleep: its wake-up chooses */
	}
	task_rq_unlock(rq, p, &flags);
}

/**
 * set_cpus_allowed_ptr - @p may run on the CPUs of @new_mask and on no other.
 * Returns when it does so. 0, or -EINVAL when none of them is online. May sleep.
 */
int set_cpus_allowed_ptr(struct task_struct *p, const struct cpumask *new_mask)
{
	if (!cpumask_intersects(new_mask, cpu_online_mask))
		return -EINVAL;
	sched_set_cpus_allowed(p, new_mask);
	while (READ_ONCE(p->on_cpu) && !cpumask_test_cpu(task_cpu(p), &p->cpus_mask)) {
		if (p == current)
			schedule();
		else
			yield();
	}
	return 0;
}

/* Priorities ----------------------------------------------------------------------------------- */

/*
 * Change @p by @change(p, arg) while it is on no queue's list, and put it back. => rq lock, pi_lock held
 */
static void requeue_around(struct rq *rq, struct task_struct *p,
			   void (*change)(struct task_struct *, void *), void *arg)
{
	bool queued = p->on_rq == TASK_ON_RQ_QUEUED;
	int old_prio = p->prio;

	update_rq_clock(rq);
	if (queued)
		deactivate_task(rq, p, 0);
	change(p, arg);
	if (!queued)
		return;
	if (rt_prio(old_prio) && !rt_task(p))
		p->se.vruntime = rq->cfs.min_vruntime;
	activate_task(rq, p, p->prio < old_prio ? ENQUEUE_HEAD : 0);
	if (rq->curr == p) {
		if (p->prio > old_prio)
			resched_curr(rq);
	} else {
		check_preempt_curr(rq, p);
	}
}

static void change_nice(struct task_struct *p, void *arg)
{
	p->static_prio = NICE_TO_PRIO(*(long *)arg);
	if (!rt_policy(p->policy))
		p->prio = p->normal_prio = p->static_prio;
	set_load_weight(p);
}

void set_user_nice(struct task_struct *p, long nice)
{
	unsigned long flags;
	struct rq *rq;

	if (nice < MIN_NICE || nice > MAX_NICE || task_nice(p) == nice)
		return;
	rq = task_rq_lock(p, &flags);
	requeue_around(rq, p, change_nice, &nice);
	task_rq_unlock(rq, p, &flags);
}

struct policy_change {
	int policy, rt_priority;
	bool reset_on_fork;
	int nice; /* MAX_NICE + 1: leave it */
};

static void change_policy(struct task_struct *p, void *arg)
{
	struct policy_change *c = arg;

	p->policy = c->policy;
	p->sched_reset_on_fork = c->reset_on_fork;
	p->rt_priority = c->rt_priority;
	p->rt.time_slice = RR_TIMESLICE_TICKS;
	if (c->nice <= MAX_NICE && fair_policy(c->policy))
		p->static_prio = NICE_TO_PRIO(c->nice);
	p->normal_prio = rt_policy(c->policy) ? MAX_RT_PRIO - 1 - c->rt_priority : p->static_prio;
	p->prio = p->normal_prio;
	set_load_weight(p);
}

/* Set policy, priority and nice without asking whether the caller may; arguments are valid. */
int __sched_set(struct task_struct *p, int policy, int rt_priority, bool reset_on_fork, int nice);
int __sched_set(struct task_struct *p, int policy, int rt_priority, bool reset_on_fork, int nice)
{
	struct policy_change c = { policy, rt_priority, reset_on_fork, nice };
	unsigned long flags;
	struct rq *rq = task_rq_lock(p, &flags);

	requeue_around(rq, p, change_policy, &c);
	task_rq_unlock(rq, p, &flags);
	return 0;
}

static int sched_setscheduler_nocheck(struct task_struct *p, int policy, int rt_priority)
{
	return __sched_set(p, policy, rt_priority, p->sched_reset_on_fork, MAX_NICE + 1);
}

void sched_set_fifo(struct task_struct *p)
{
	sched_setscheduler_nocheck(p, SCHED_FIFO, MAX_RT_PRIO / 2);
}

/* Start-up ------------------------------------------------------------------------------------- */

static void init_rq(struct rq *rq, int cpu)
{
	spin_lock_init(&rq->lock, LOCK_RQ);
	rq->cpu = cpu;
	rq->psi_off = !psi_enabled;
	init_cfs_rq(&rq->cfs);
	init_rt_rq(&rq->rt);
	rq->next_balance = jiffies + cpu % 8;
}

/* @idle is the task that CPU @cpu falls back on; it never sleeps and is in no queue. */
void init_idle(struct task_struct *idle, int cpu)
{
	struct rq *rq = cpu_rq(cpu);

	idle->flags |= PF_IDLE | PF_KTHREAD | PF_NO_SETAFFINITY;
	idle->prio =
		MAX_PRIO - 1; /* policy and nice 0 stay: the first task's children inherit it */
	set_load_weight(idle);
	idle->__state = TASK_RUNNING;
	idle->cpu = cpu;
	idle->on_rq = 0;
	idle->on_cpu = 1;
	cpumask_clear(&idle->cpus_mask);
	cpumask_set_cpu(cpu, &idle->cpus_mask);
	idle->nr_cpus_allowed = 1;
	INIT_LIST_HEAD(&idle->rt.run_list);
	rq->idle = idle;
	WRITE_ONCE(rq->curr, idle);
}

/* Before the first other task; interrupts off. */
void __init sched_init(void)
{
	int cpu;

	for_each_possible_cpu (cpu)
		init_rq(cpu_rq(cpu), cpu);
	*stack_end(init_task.stack) = STACK_END_MAGIC;
	init_idle(&init_task, 0);
	cpu_rq(0)->online = true;
	spin_lock_init(&init_task.pi_lock, LOCK_PI);
	mmgrab(&init_mm);
	current->active_mm = &init_mm;
}

/* All CPUs are up: tasks may spread. */
void __init sched_init_smp(void)
{
	sched_nr_cpus = num_online_cpus();
}

/* For /proc ------------------------------------------------------------------------------------- */

/* "R" running or runnable, "S" sleeping, "D" uninterruptible, "T" stopped, "t" traced, "X" dead, "Z" zombie, "I" idle kthread. */
char task_state_to_char(struct task_struct *p)
{
	unsigned int state = READ_ONCE(p->__state) | READ_ONCE(p->exit_state);

	if (state & EXIT_ZOMBIE)
		return 'Z';
	if (state & (EXIT_DEAD | TASK_DEAD))
		return 'X';
	if (state & __TASK_TRACED)
		return 't';
	if (state & __TASK_STOPPED)
		return 'T';
	if ((state & TASK_IDLE) == TASK_IDLE)
		return 'I';
	if (state & TASK_UNINTERRUPTIBLE)
		return 'D';
	if (state & TASK_INTERRUPTIBLE)
		return 'S';
	return 'R';
}

/* The number in field 18 of /proc/PID/stat: 20 + nice, or -1 - rt_priority. */
int task_prio(const struct task_struct *p)
{
	return p->prio - MAX_RT_PRIO;
}
