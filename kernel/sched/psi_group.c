// SPDX-License-Identifier: MIT
/*
 * Pressure of control groups.
 *
 * The states of a CPU of the machine are read off its run queue (psi.c); those of a group need numbers of the group's own, by CPU:
 *
 *	RUNNING, IOWAIT, MEMSTALL, MEMSTALL_RUNNING	tasks of the group, or of one below, that are queued there, or sleep and were last
 *	on_cpu						one of them is what runs there
 *
 *	io some		IOWAIT				full: and nobody RUNNING
 *	memory some	MEMSTALL			full: and RUNNING == MEMSTALL_RUNNING, or who is on the CPU is in a stall
 *	cpu some	RUNNING, one of them waits	full: and none is on the CPU
 *
 * A task keeps which of the numbers count it (psi_counts); each change of that goes up from its group (task->psi) to below the root. Tasks
 * of the root, where everything is as long as there are no groups, have no group here and cost a test. All under the lock of the queue of
 * the task's CPU.
 * Linux 6.1: kernel/sched/psi.c (psi_task_change, psi_task_switch). Observe: {cpu,io,memory}.pressure of a group.
 */
#include "internal.h"
#include <base/math.h>
#include <mm/percpu_alloc.h>
#include <mm/slab.h>

/* Which numbers count a task: bits. */
#define ONE(what) (1U << (what))

static u8 counts_running(const struct task_struct *p)
{
	return ONE(PSI_NR_RUNNING) |
	       (p->in_memstall ? ONE(PSI_NR_MEMSTALL) | ONE(PSI_NR_MEMSTALL_RUNNING) : 0);
}

static u8 counts_asleep(const struct task_struct *p)
{
	return (p->in_iowait ? ONE(PSI_NR_IOWAIT) : 0) |
	       (p->in_memstall ? ONE(PSI_NR_MEMSTALL) : 0);
}

static u32 states_of(const struct psi_group_cpu *c, const struct rq *rq)
{
	const unsigned int *nr = c->nr, running = nr[PSI_NR_RUNNING];
	u32 mask = running || nr[PSI_NR_IOWAIT] || nr[PSI_NR_MEMSTALL] ? ONE(PSI_NONIDLE) : 0;

	if (nr[PSI_NR_IOWAIT])
		mask |= ONE(PSI_IO_SOME) | (!running ? ONE(PSI_IO_FULL) : 0);
	if (nr[PSI_NR_MEMSTALL]) {
		mask |= ONE(PSI_MEM_SOME);
		if (running == nr[PSI_NR_MEMSTALL_RUNNING] || (c->on_cpu && rq->curr->in_memstall))
			mask |= ONE(PSI_MEM_FULL);
	}
	if (running > c->on_cpu)
		mask |= ONE(PSI_CPU_SOME) | (!c->on_cpu ? ONE(PSI_CPU_FULL) : 0);
	return mask;
}

static void update(struct psi_group *group, struct psi_group_cpu *c, struct rq *rq)
{
	u32 mask = READ_ONCE(group->disabled) ? 0 : states_of(c, rq);

	if (mask != c->state_mask)
		psi_set_states(c, mask, rq->clock);
}

static void count(struct rq *rq, struct task_struct *p, u8 counts)
{
	u8 changed = p->psi_counts ^ counts;

	p->psi_counts = counts;
	for (struct psi_group *group = p->psi; group && changed; group = group->parent) {
		struct psi_group_cpu *c = per_cpu_ptr(group->pcpu, rq->cpu);

		for (u8 left = changed; left; left &= left - 1) {
			int what = __builtin_ctz(left);

			c->nr[what] += counts & ONE(what) ? 1 : -1;
		}
		update(group, c, rq);
	}
}

void psi_task_queued(struct rq *rq, struct task_struct *p)
{
	count(rq, p, counts_running(p));
}

void psi_task_dequeued(struct rq *rq, struct task_struct *p, bool sleeps)
{
	count(rq, p, sleeps ? counts_asleep(p) : 0);
}

static void set_on_cpu(struct rq *rq, struct psi_group *group, bool on)
{
	for (; group; group = group->parent)
		per_cpu_ptr(group->pcpu, rq->cpu)->on_cpu = on;
}

static void update_up(struct rq *rq, struct psi_group *group)
{
	for (; group; group = group->parent)
		update(group, per_cpu_ptr(group->pcpu, rq->cpu), rq);
}

void psi_group_switch(struct rq *rq, struct psi_group *prev, struct psi_group *next)
{
	set_on_cpu(rq, prev, false);
	set_on_cpu(rq, next, true);
	update_up(rq, prev);
	update_up(rq, next);
}

void psi_move_task(struct task_struct *p, struct psi_group *group)
{
	struct psi_group *old = p->psi;
	unsigned long flags;
	struct rq *rq;

	if (old == group || !psi_enabled)
		return;
	rq = task_rq_lock(p, &flags);
	update_rq_clock(rq);
	count(rq, p, 0);
	p->psi = group;
	if (group)
		count(rq, p, p->on_rq ? counts_running(p) : counts_asleep(p));
	if (rq->curr == p)
		psi_group_switch(rq, old, group);
	task_rq_unlock(rq, p, &flags);
}

/* ---- life ---- */

struct psi_group *psi_group_create(struct psi_group *parent)
{
	struct psi_group *group = kzalloc(sizeof(*group), GFP_KERNEL_ACCOUNT);

	if (!group)
		return NULL;
	group->pcpu = alloc_percpu_gfp(struct psi_group_cpu, GFP_KERNEL_ACCOUNT);
	if (!group->pcpu) {
		kfree(group);
		return NULL;
	}
	spin_lock_init(&group->lock, LOCK_PSI);
	INIT_LIST_HEAD(&group->triggers);
	group->parent = parent;
	psi_group_add(group);
	return group;
}

void psi_group_free(struct psi_group *group)
{
	if (!group)
		return;
	free_percpu(group->pcpu);
	kfree(group);
}

void psi_group_set_disabled(struct psi_group *group, bool disabled)
{
	int cpu;

	WRITE_ONCE(group->disabled, disabled);
	for_each_possible_cpu (cpu) {
		struct rq *rq = cpu_rq(cpu);

		spin_lock_irq(&rq->lock);
		update_rq_clock(rq);
		if (group == &psi_system) {
			rq->psi_off = disabled;
			psi_rq_update(rq);
		} else {
			update(group, per_cpu_ptr(group->pcpu, cpu), rq);
		}
		spin_unlock_irq(&rq->lock);
	}
}
