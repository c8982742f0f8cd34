// SPDX-License-Identifier: MIT
/*
 * The idle loop of each CPU: look for work elsewhere, then wait for an interrupt with the tick stopped.
 */
#include "internal.h"
#include <kernel/cpu.h>
#include <kernel/tick.h>
#include <seam/processor.h>

/* Sleep until something happens. */
static void do_idle(struct rq *rq)
{
	int cpu = rq->cpu;

	cpumask_set_cpu(cpu, &idle_cpus);
	while (!need_resched()) {
		if (sched_nr_cpus > 1 && idle_balance(rq))
			break;
		local_irq_disable();
		if (need_resched()) {
			local_irq_enable();
			break;
		}
		tick_idle_enter();
		rcu_idle_enter();
		arch_cpu_idle(); /* enables interrupts */
		rcu_idle_exit();
		tick_idle_exit();
	}
	cpumask_clear_cpu(cpu, &idle_cpus);
	schedule_idle();
}

/* Never returns. => preemption disabled once, interrupts on or off */
void cpu_startup_entry(void)
{
	struct rq *rq = this_rq();

	rq->online = true;
	for (;;)
		do_idle(rq);
}

/* NULL before init_idle() for @cpu. */
struct task_struct *idle_task(int cpu)
{
	return cpu_rq(cpu)->idle;
}
