// SPDX-License-Identifier: MIT
/*
 * Which CPU a task runs on.
 *
 * Three moments: a wake-up prefers the CPU where the task ran, if that is idle, then the waking one,
 * then any idle one; an idle CPU pulls one waiting task from the fullest queue; every few ticks a busy
 * CPU that has at least two fewer than the fullest pulls one too. Load is the number of
 * runnable tasks: all CPUs are equal here, and the queues are short.
 * Locks: two queues in the order of CPU numbers (double_rq_lock).
 */
#include "internal.h"
#include <kernel/timer.h>

#define BALANCE_TICKS 8

/* CPU of @p's mask that is online and has the shortest queue. => pi_lock, or @p is off all queues */
int select_fallback_rq(struct task_struct *p)
{
	unsigned int best_nr = ~0U;
	int cpu, best = -1;

	for_each_cpu_and(cpu, &p->cpus_mask, cpu_online_mask)
	{
		unsigned int nr = READ_ONCE(cpu_rq(cpu)->nr_running);

		if (nr < best_nr) {
			best_nr = nr;
			best = cpu;
		}
	}
	if (best >= 0)
		return best;
	/* No CPU of the mask is there any more: better anywhere than nowhere. */
	cpumask_copy(&p->cpus_mask, cpu_possible_mask);
	p->nr_cpus_allowed = cpumask_weight(cpu_possible_mask);
	return cpumask_first(cpu_online_mask);
}

/* For a new task: the shortest queue, @cpu if it is as short as any. */
int select_idlest_cpu(struct task_struct *p, int cpu)
{
	unsigned int nr, best_nr = ~0U;
	int c, best = cpu;

	if (sched_nr_cpus == 1 && cpumask_test_cpu(cpu, &p->cpus_mask))
		return cpu;
	if (cpumask_test_cpu(cpu, &p->cpus_mask))
		best_nr = READ_ONCE(cpu_rq(cpu)->nr_running);
	else
		best = select_fallback_rq(p);
	for_each_cpu_and(c, &p->cpus_mask, cpu_online_mask)
	{
		if (!READ_ONCE(cpu_rq(c)->online))
			continue;
		nr = READ_ONCE(cpu_rq(c)->nr_running);
		if (nr < best_nr) {
			best_nr = nr;
			best = c;
		}
	}
	return best;
}

/* For a real-time task: where the least urgent task runs. */
static int select_rt(struct task_struct *p, int prev_cpu)
{
	int cpu, best = prev_cpu, best_prio = -1;

	if (cpumask_test_cpu(prev_cpu, &p->cpus_mask)) {
		best_prio = READ_ONCE(cpu_rq(prev_cpu)->curr->prio);
		if (best_prio > p->prio)
			return prev_cpu;
	}
	for_each_cpu_and(cpu, &p->cpus_mask, cpu_online_mask)
	{
		int prio;

		if (!READ_ONCE(cpu_rq(cpu)->online))
			continue;
		prio = READ_ONCE(cpu_rq(cpu)->curr->prio);
		if (prio > best_prio) {
			best_prio = prio;
			best = cpu;
		}
	}
	return best;
}

static inline bool allowed_idle(struct task_struct *p, int cpu)
{
	return cpumask_test_cpu(cpu, &p->cpus_mask) && !READ_ONCE(cpu_rq(cpu)->nr_running);
}

/* For a task that wakes. => pi_lock held; a CPU that is allowed and online */
int select_task_rq(struct task_struct *p, int prev_cpu, bool sync_hint)
{
	int this_cpu, cpu;

	if (sched_nr_cpus == 1 || p->nr_cpus_allowed == 1) {
		if (likely(cpumask_test_cpu(prev_cpu, &p->cpus_mask)))
			return prev_cpu;
		return select_fallback_rq(p);
	}
	if (unlikely(rt_task(p)))
		return select_rt(p, prev_cpu);
	if (allowed_idle(p, prev_cpu))
		return prev_cpu;
	this_cpu = raw_smp_processor_id();
	if (this_cpu != prev_cpu && allowed_idle(p, this_cpu))
		return this_cpu;
	for_each_cpu_and(cpu, &idle_cpus,
			 &p->cpus_mask) if (!READ_ONCE(cpu_rq(cpu)->nr_running)) return cpu;
	if (cpumask_test_cpu(prev_cpu, &p->cpus_mask))
		return prev_cpu;
	return select_fallback_rq(p);
}

/* The fullest queue with at least @min runnable tasks, or NULL. A guess without locks. */
static struct rq *find_busiest(struct rq *this_rq, unsigned int min)
{
	struct rq *busiest = NULL;
	int cpu;

	for_each_online_cpu (cpu) {
		struct rq *rq = cpu_rq(cpu);

		if (rq != this_rq && READ_ONCE(rq->nr_running) >= min) {
			min = rq->nr_running + 1;
			busiest = rq;
		}
	}
	return busiest;
}

/* May @p move to @cpu? It must not be running. */
static bool can_migrate(struct task_struct *p, struct rq *from, int cpu)
{
	return p != from->curr && !p->on_cpu && cpumask_test_cpu(cpu, &p->cpus_mask);
}

/* The task of @from that waited longest, or the most urgent real-time one, that may run on @cpu. */
static struct task_struct *find_movable(struct rq *from, int cpu)
{
	struct task_struct *p;
	struct rb_node *n;
	unsigned int prio;

	for_each_set_bit (prio, from->rt.bitmap, MAX_RT_PRIO)
		list_for_each_entry (p, &from->rt.queue[prio], rt.run_list)
			if (can_migrate(p, from, cpu))
				return p;
	for (n = rb_first_cached(&from->cfs.tasks); n; n = rb_next(n)) {
		p = container_of(rb_entry(n, struct sched_entity, run_node), struct task_struct,
				 se);
		if (can_migrate(p, from, cpu))
			return p;
	}
	return NULL;
}

/*
 * Move one task from @busiest here if the difference is still worth it. True if one came.
 * => interrupts disabled, no queue locked
 */
static bool pull_one(struct rq *this_rq, struct rq *busiest, unsigned int min_diff)
{
	struct task_struct *p = NULL;

	double_rq_lock(this_rq, busiest);
	if (busiest->nr_running >= this_rq->nr_running + min_diff) {
		update_rq_clock(busiest);
		update_rq_clock(this_rq);
		p = find_movable(busiest, this_rq->cpu);
	}
	if (p) {
		deactivate_task(busiest, p, DEQUEUE_MIGRATE);
		set_task_cpu(p, this_rq->cpu);
		activate_task(this_rq, p, ENQUEUE_MIGRATED);
		check_preempt_curr(this_rq, p);
	}
	double_rq_unlock(this_rq, busiest);
	return p;
}

/* From the idle loop: true when there is something to run now. => preemption disabled */
bool idle_balance(struct rq *this_rq)
{
	struct rq *busiest = find_busiest(this_rq, 2);
	bool got;

	if (!busiest)
		return false;
	local_irq_disable();
	got = pull_one(this_rq, busiest, 2);
	local_irq_enable();
	return got;
}

/* From the tick. => interrupts disabled, no queue locked */
void periodic_balance(struct rq *this_rq)
{
	struct rq *busiest;

	this_rq->next_balance = jiffies + BALANCE_TICKS;
	busiest = find_busiest(this_rq, this_rq->nr_running + 2);
	if (busiest)
		pull_one(this_rq, busiest, 2);
}
