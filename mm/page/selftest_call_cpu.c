// SPDX-License-Identifier: MIT
/* A CPU that is long in a section with preemption off is waited for, not left out. At boot with `selftest`. */
#include <base/types.h>
#include <base/cpumask.h>
#include <base/err.h>
#include <sync/kthread.h>
#include <sync/preempt.h>
#include <kernel/sched.h>
#include <kernel/selftest.h>
#include <kernel/task.h>
#include <kernel/timekeeping.h>
#include <seam/processor.h>
#include <seam/smp.h>
#include "call_cpu.h"

#define BUSY_NS 300000000 /* many times what a thousand interrupts take */

static bool is_busy, was_called, called_inside;
static int busy_cpu;

static int be_busy(void *unused)
{
	ktime_t until;

	preempt_disable();
	until = ktime_get() + BUSY_NS;
	smp_store_release(&is_busy, true);
	while (ktime_get() < until)
		cpu_relax();
	called_inside = READ_ONCE(was_called);
	preempt_enable();
	while (!kthread_should_stop())
		schedule_timeout_uninterruptible(1);
	return 0;
}

static void note_call(void *unused)
{
	was_called = true;
}

static bool is_wanted(int cpu, void *unused)
{
	return cpu == busy_cpu && !READ_ONCE(was_called);
}

static int test_call_cpu(void)
{
	struct task_struct *k;

	if (num_online_cpus() < 2)
		return 0;
	busy_cpu = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());
	k = kthread_create_on_cpu(be_busy, NULL, busy_cpu, "busy/%u");
	SELFTEST_EXPECT(!IS_ERR(k));
	get_task_struct(k);
	wake_up_process(k);
	while (!smp_load_acquire(&is_busy))
		schedule_timeout_uninterruptible(1);
	call_cpus_unpinned(note_call, is_wanted, NULL);
	kthread_stop(k);
	put_task_struct(k);
	SELFTEST_EXPECT(was_called && !called_inside);
	return 0;
}
SELFTEST("page/call-cpu", test_call_cpu);
