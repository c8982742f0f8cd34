// SPDX-License-Identifier: MIT
/*
 * Real-time scheduling: SCHED_FIFO and SCHED_RR.
 *
 * A list per priority (index prio = 99 - rt_priority, so that 0 is the most urgent) and a bitmap of the
 * lists that are not empty. The running task stays at the head of its list. A FIFO task runs until
 * it blocks, yields or is preempted by a more urgent one; an RR task goes to the tail of its list
 * when its 100 ms are over. So that a loop cannot take the machine away, real-time tasks give up
 * 50 ms of each second when fair tasks wait (as sched_rt_runtime_us of Linux).
 * Lock: that of the run queue.
 */
#include "internal.h"

void init_rt_rq(struct rt_rq *rt)
{
	for (int i = 0; i < MAX_RT_PRIO; i++)
		INIT_LIST_HEAD(&rt->queue[i]);
	bitmap_zero(rt->bitmap, MAX_RT_PRIO + 1);
}

void update_curr_rt(struct rq *rq)
{
	u64 before = rq->curr->se.sum_exec_runtime;

	update_curr(rq);
	rq->rt.time += rq->curr->se.sum_exec_runtime - before;
}

void enqueue_rt(struct rq *rq, struct task_struct *p, int flags)
{
	struct list_head *q = &rq->rt.queue[p->prio];

	if (flags & ENQUEUE_HEAD)
		list_add(&p->rt.run_list, q);
	else
		list_add_tail(&p->rt.run_list, q);
	__set_bit(p->prio, rq->rt.bitmap);
	p->rt.on_rq = true;
	rq->rt.nr_running++;
	if (p == rq->curr)
		p->se.exec_start = rq->clock;
}

void dequeue_rt(struct rq *rq, struct task_struct *p)
{
	if (p == rq->curr)
		update_curr_rt(rq);
	list_del_init(&p->rt.run_list);
	if (list_empty(&rq->rt.queue[p->prio]))
		__clear_bit(p->prio, rq->rt.bitmap);
	p->rt.on_rq = false;
	rq->rt.nr_running--;
}

struct task_struct *pick_next_rt(struct rq *rq)
{
	unsigned int prio = find_first_bit(rq->rt.bitmap, MAX_RT_PRIO);
	struct task_struct *p;

	if (prio >= MAX_RT_PRIO)
		return NULL;
	p = list_first_entry(&rq->rt.queue[prio], struct task_struct, rt.run_list);
	p->se.exec_start = rq->clock;
	return p;
}

/* A new period? Then the real-time tasks may run again. */
static void rt_period(struct rq *rq)
{
	if (rq->clock - rq->rt.period_start < RT_PERIOD_NS)
		return;
	rq->rt.period_start = rq->clock;
	rq->rt.time = 0;
	if (rq->rt.throttled) {
		rq->rt.throttled = false;
		if (rq->rt.nr_running)
			resched_curr(rq);
	}
}

/* Called at each tick while real-time tasks are queued, whoever runs. */
void tick_rt(struct rq *rq, struct task_struct *curr)
{
	rt_period(rq);
	if (!rt_task(curr))
		return;
	update_curr_rt(rq);
	if (rq->rt.time > RT_RUNTIME_NS && rq->cfs.nr_running && !rq->rt.throttled) {
		rq->rt.throttled = true;
		resched_curr(rq);
	}
	if (curr->policy != SCHED_RR || --curr->rt.time_slice)
		return;
	curr->rt.time_slice = RR_TIMESLICE_TICKS;
	if (!list_is_singular(&rq->rt.queue[curr->prio])) {
		list_move_tail(&curr->rt.run_list, &rq->rt.queue[curr->prio]);
		resched_curr(rq);
	}
}

void yield_rt(struct rq *rq)
{
	list_move_tail(&rq->curr->rt.run_list, &rq->rt.queue[rq->curr->prio]);
}
