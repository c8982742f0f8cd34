// SPDX-License-Identifier: MIT
/*
 * CPU time of groups: cpu.stat.
 *
 * 1 The scheduler counts it task by task, and nobody else does. A group and those above are told of what is new when a task goes to
 *   another group, when it is reaped, when it is freed (a thread reaps itself, and runs on for a moment), and when somebody asks, who
 *   walks all tasks; of each ns once, since the task notes what they were told of:
 *
 *	times(g) = g->times + untold times of the tasks that are in g or below
 *
 *   cgroup_tasks_lock guards it, and is held for one task at a time. A switch or a tick costs nothing more. Page faults: the same
 *   way (mm/memcg/events.c).
 *
 * 2 usage is exact: how long its tasks were on a CPU, to this moment. user and system are what the ticks saw, which divide usage in
 *   their ratio, as for a task; of several CPUs each has its ticks. What was shown once does not get less: only the rest is divided
 *   anew.
 *
 * 3 The root has the time of the machine, that of the kernel's threads and of interrupts included. It is that of /proc/stat, all in
 *   ticks, so that a group may have more than the root.
 *
 * Linux 6.1: kernel/cgroup/rstat.c, where the scheduler adds each piece of time to the group of the task (cgroup_account_cputime),
 * and cputime_adjust(). What the cpu controller tells in cpu.stat (nr_periods, ...) is not there, since it is not.
 */
#include <base/math.h>
#include <base/printf.h>
#include <fs/seq_file.h>
#include <kernel/pid.h>
#include <kernel/sched.h>
#include <kernel/time.h>
#include <sync/rcu.h>

#include "cgroup_internal.h"

/* ---- telling ---- */

void cgroup_tell_times(struct task_struct *task)
{
	struct task_times *told = &task->told_times, now = { .exec = task_sched_runtime(task),
							     .user = READ_ONCE(task->utime),
							     .system = READ_ONCE(task->stime) };

	for (struct cgroup *cgrp = task->cgroup; cgrp && cgrp->parent; cgrp = cgrp->parent) {
		cgrp->times.exec += now.exec - told->exec;
		cgrp->times.user += now.user - told->user;
		cgrp->times.system += now.system - told->system;
	}
	*told = now;
}

void cgroup_tell_last_times(struct task_struct *task)
{
	const struct task_times *told = &task->told_times;
	unsigned long flags;

	if (task->se.sum_exec_runtime == told->exec && task->utime == told->user &&
	    task->stime == told->system)
		return;
	spin_lock_irqsave(&cgroup_tasks_lock, flags);
	cgroup_tell_times(task);
	spin_unlock_irqrestore(&cgroup_tasks_lock, flags);
}

/* ---- cpu.stat ---- */

static struct task_times times_of_group(struct cgroup *cgrp)
{
	struct task_struct *p, *t;
	struct task_times times;

	rcu_read_lock();
	for_each_process_thread(p, t)
	{
		if (!READ_ONCE(t->cgroup))
			continue;
		spin_lock_irq(&cgroup_tasks_lock);
		if (t->cgroup && cgroup_is_descendant(t->cgroup, cgrp))
			cgroup_tell_times(t);
		spin_unlock_irq(&cgroup_tasks_lock);
	}
	rcu_read_unlock();
	spin_lock_irq(&cgroup_tasks_lock);
	times = cgrp->times;
	spin_unlock_irq(&cgroup_tasks_lock);
	cputime_split(times.exec, times.user, times.system, &times.user, &times.system);
	return times;
}

/* Neither has become less: what is not shown yet is all that can be divided otherwise. => cgroup_mutex */
static void keep_shown(struct cgroup *cgrp, struct task_times *times)
{
	times->system = clamp(times->system, cgrp->shown_system, times->exec - cgrp->shown_user);
	times->user = times->exec - times->system;
	cgrp->shown_user = times->user;
	cgrp->shown_system = times->system;
}

static struct task_times times_of_machine(void)
{
	struct task_times sum = { .exec = 0 };
	int cpu;

	for_each_possible_cpu (cpu) {
		const u64 *t = kcpustat_cpu(cpu).cpustat;

		sum.user += t[CPUTIME_USER] + t[CPUTIME_NICE];
		sum.system += t[CPUTIME_SYSTEM] + t[CPUTIME_IRQ] + t[CPUTIME_SOFTIRQ];
		sum.exec += t[CPUTIME_STEAL];
	}
	sum.exec += sum.user + sum.system;
	return sum;
}

int cgroup_cpu_stat_show(struct seq_file *m, struct cgroup *cgrp)
{
	struct task_times times;

	if (cgrp->parent) {
		times = times_of_group(cgrp);
		keep_shown(cgrp, &times);
	} else {
		times = times_of_machine();
	}
	seq_printf(m, "usage_usec %llu\nuser_usec %llu\nsystem_usec %llu\n",
		   times.exec / NSEC_PER_USEC, times.user / NSEC_PER_USEC,
		   times.system / NSEC_PER_USEC);
	return 0;
}
