// SPDX-License-Identifier: MIT
/*
 * Per-CPU stores (page lists, slab arrays, spare stacks) are used with preemption off and never from
 * interrupts; so an interrupt may touch them exactly when it did not interrupt a section with preemption
 * off. The handler looks at the count of what it interrupted, and backs off if need be; the caller tries
 * again, soon without haste: once a tick. The idle task runs with preemption off but never allocates: it counts as
 * interruptible.
 */
#include <base/types.h>
#include <base/cpumask.h>
#include <base/compiler.h>
#include <sync/preempt.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <seam/processor.h>
#include <seam/smp.h>
#include "call_cpu.h"

struct request {
	void (*fn)(void *arg);
	void *arg;
	bool done;
};

static void handler(void *info)
{
	struct request *req = info;

	if ((current->pid && (preempt_count() & PREEMPT_MASK)) || (preempt_count() & SOFTIRQ_MASK))
		return;
	req->fn(req->arg);
	smp_store_release(&req->done, true);
}

static bool call_once(int cpu, struct request *req)
{
	bool gone = false;

	preempt_disable();
	if (cpu == (int)smp_processor_id()) {
		req->fn(req->arg);
		req->done = true;
	} else {
		gone = smp_call_function_single(cpu, handler, req, 1) != 0;
	}
	preempt_enable();
	return gone || smp_load_acquire(&req->done);
}

#define QUICK_TRIES   100
#define PATIENT_TRIES (10 * HZ)

static bool call_unpinned(int cpu, struct request *req, bool (*wanted)(int cpu, void *arg))
{
	for (int tries = 0; wanted(cpu, req->arg); tries++) {
		if (call_once(cpu, req))
			return true;
		if (tries == QUICK_TRIES + PATIENT_TRIES)
			return false;
		if (tries < QUICK_TRIES)
			cpu_relax();
		else
			schedule_timeout_uninterruptible(1);
	}
	return true;
}

void call_cpus_unpinned(void (*fn)(void *arg), bool (*wanted)(int cpu, void *arg), void *arg)
{
	int cpu;

	might_sleep();
	for_each_online_cpu (cpu) {
		struct request req = { .fn = fn, .arg = arg };

		if (!call_unpinned(cpu, &req, wanted))
			pr_warn("CPU %d was found with preemption off for %d s; its stores stay filled\n",
				cpu, PATIENT_TRIES / HZ);
	}
}
