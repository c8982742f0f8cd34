// SPDX-License-Identifier: MIT
/*
 * membarrier: a memory barrier on the CPUs that run this process (or any), so that its fast paths need none.
 * GLOBAL waits for a grace period: every CPU has then passed a context switch or user mode. EXPEDITED interrupts
 * the CPUs. SYNC_CORE works the same way here: returning from the interrupt serialises the core. RSEQ restarts the
 * critical sections in which threads of this process are, on all CPUs or (MEMBARRIER_CMD_FLAG_CPU) on one.
 * Linux: kernel/sched/membarrier.c.
 */
#include <base/cpumask.h>
#include <base/errno.h>
#include <sync/preempt.h>
#include <sync/rcu.h>
#include <kernel/ksyscall.h>
#include <kernel/rseq.h>
#include <kernel/task.h>
#include <seam/smp.h>
#include <mm/mm_struct.h>
#include <linux/membarrier.h>

/* mm->membarrier_state: who has registered. */
#define STATE_PRIVATE	   (1 << 0)
#define STATE_PRIVATE_CORE (1 << 1)
#define STATE_GLOBAL	   (1 << 2)
#define STATE_PRIVATE_RSEQ (1 << 3)

#define COMMANDS                                                                                   \
	(MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED |                                 \
	 MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED |             \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE |  \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE |                                     \
	 MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ)

static void ipi_barrier(void *info)
{
	smp_mb();
}

static int private_expedited(int needed)
{
	struct mm_struct *mm = current->mm;

	if (!(atomic_read(&mm->membarrier_state) & needed))
		return -EPERM;
	smp_mb();
	if (atomic_read(&mm->mm_users) > 1 && num_online_cpus() > 1) {
		preempt_disable();
		smp_call_function_many(mm_cpumask(mm), ipi_barrier, NULL, 1);
		preempt_enable();
	}
	smp_mb();
	return 0;
}

static void ipi_rseq(void *info)
{
	if (current->mm == info)
		rseq_preempt(current);
	smp_mb();
}

/* The section of current itself is not restarted: it is in a system call. */
static int private_rseq(int cpu)
{
	struct mm_struct *mm = current->mm;

	if (!(atomic_read(&mm->membarrier_state) & STATE_PRIVATE_RSEQ))
		return -EPERM;
	smp_mb();
	preempt_disable();
	if (cpu < 0)
		smp_call_function_many(mm_cpumask(mm), ipi_rseq, mm, 1);
	else if (cpu < nr_cpu_ids && cpu_online(cpu))
		smp_call_function_single(cpu, ipi_rseq, mm, 1);
	preempt_enable();
	smp_mb();
	return 0;
}

static int global_expedited(void)
{
	smp_mb();
	on_each_cpu(ipi_barrier, NULL, 1);
	return 0;
}

static int register_as(int bits)
{
	atomic_or(bits, &current->mm->membarrier_state);
	synchronize_rcu();
	return 0;
}

SYSCALL_DEFINE3(membarrier, int, cmd, unsigned int, flags, int, cpu_id)
{
	if (flags &&
	    (cmd != MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ || flags != MEMBARRIER_CMD_FLAG_CPU))
		return -EINVAL;
	switch (cmd) {
	case MEMBARRIER_CMD_QUERY:
		return COMMANDS;
	case MEMBARRIER_CMD_GLOBAL:
		if (num_online_cpus() > 1)
			synchronize_rcu();
		return 0;
	case MEMBARRIER_CMD_GLOBAL_EXPEDITED:
		return global_expedited();
	case MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED:
		return register_as(STATE_GLOBAL);
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
		return private_expedited(STATE_PRIVATE);
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
		return register_as(STATE_PRIVATE);
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
		return private_expedited(STATE_PRIVATE_CORE);
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
		return register_as(STATE_PRIVATE_CORE);
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ:
		return private_rseq(flags ? cpu_id : -1);
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ:
		return register_as(STATE_PRIVATE_RSEQ);
	default:
		return -EINVAL;
	}
}
