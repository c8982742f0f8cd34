// SPDX-License-Identifier: MIT
/*
 * Clocks that count CPU time: which task a clock id means, and what it reads.
 *
 *	id < 0:  ~pid << 3 | thread bit (4) | kind (0 user + system, 1 user, 2 run time)
 *
 * pid 0 is the caller. Run time is exact (ns on a CPU); user and system time are the exact sum
 * divided by tick samples, as in Linux.
 */
#include <base/types.h>
#include <sync/rcu.h>
#include <seam/current.h>
#include <kernel/itimer.h>
#include <kernel/pid.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>

u64 cpu_clock_sample(struct task_struct *p, enum cpu_clock_kind kind, bool thread)
{
	u64 ut, st;

	if (thread && kind == CPU_CLOCK_SCHED)
		return task_sched_runtime(p);
	if (thread)
		task_cputime_adjusted(p, &ut, &st);
	else
		thread_group_cputime_adjusted(p, &ut, &st);
	return kind == CPU_CLOCK_VIRT ? ut : ut + st;
}

/* => under RCU */
static struct task_struct *find_clock_task(pid_t nr, bool thread, bool for_gettime)
{
	struct task_struct *p;

	if (!nr)
		return thread ? current : current->group_leader;
	p = find_task_by_vpid(nr);
	if (!p)
		return NULL;
	if (thread)
		return same_thread_group(p, current) ? p : NULL;
	/* A process clock is named by its leader; to read its own, any thread id will do. */
	if (for_gettime && p == current)
		return p->group_leader;
	return has_group_leader_pid(p) ? p : NULL;
}

struct task_struct *cpu_clock_task(clockid_t id, bool for_gettime, enum cpu_clock_kind *kind,
				   bool *thread)
{
	struct task_struct *p;
	pid_t nr = 0;

	if (id >= 0) {
		*kind = CPU_CLOCK_SCHED;
		*thread = id == CLOCK_THREAD_CPUTIME_ID;
	} else {
		if ((id & 3) == 3)
			return NULL; /* a clock of a device, by file descriptor: there are none */
		*kind = (enum cpu_clock_kind)(id & 3);
		*thread = id & 4;
		nr = ~(id >> 3);
	}
	rcu_read_lock();
	p = find_clock_task(nr, *thread, for_gettime);
	if (p)
		get_task_struct(p);
	rcu_read_unlock();
	return p;
}
