// SPDX-License-Identifier: MIT
/* CPUs as the scheduler sees them: idle tasks, and joining. */
#include <kernel/cpu.h>
#include <kernel/sched.h>
#include <kernel/tick.h>
#include <seam/irqflags.h>

struct task_struct *idle_thread_get(unsigned int cpu)
{
	return idle_task(cpu);
}

/* A secondary CPU's first code above the machine: its clock ticks, and it looks for work. */
void secondary_cpu_startup(void)
{
	tick_setup_cpu();
	local_irq_enable();
	cpu_startup_entry();
}
