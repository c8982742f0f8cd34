// SPDX-License-Identifier: MIT
/* The first task: what start_kernel() runs as; later the idle task of the boot CPU, "swapper/0". */
#include <base/list.h>
#include <fs/fdtable.h>
#include <fs/fs_struct.h>
#include <kernel/cred.h>
#include <kernel/pid.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/mm_struct.h>
#include <seam/processor.h>

struct task_struct init_task = {
	.thread_info = { .flags = 0 },
	.__state = TASK_RUNNING,
	.stack = init_stack,
	.stack_refcount = REFCOUNT_INIT(1),
	.usage = REFCOUNT_INIT(2),
	.flags = PF_KTHREAD | PF_IDLE,
	.prio = MAX_PRIO - 20,
	.static_prio = MAX_PRIO - 20,
	.normal_prio = MAX_PRIO - 20,
	.policy = SCHED_NORMAL,
	.cpus_mask = { { [0 ... BITS_TO_LONGS(NR_CPUS) - 1] = ~0UL } },
	.nr_cpus_allowed = NR_CPUS,
	.mems_allowed = NODE_MASK_ALL,
	.on_cpu = 1,
	.mm = NULL,
	.active_mm = &init_mm,
	.tasks = LIST_HEAD_INIT(init_task.tasks),
	.ptraced = LIST_HEAD_INIT(init_task.ptraced),
	.ptrace_entry = LIST_HEAD_INIT(init_task.ptrace_entry),
	.real_parent = &init_task,
	.parent = &init_task,
	.children = LIST_HEAD_INIT(init_task.children),
	.sibling = LIST_HEAD_INIT(init_task.sibling),
	.group_leader = &init_task,
	.real_cred = &init_cred,
	.cred = &init_cred,
	.comm = "swapper/0",
	.fs = &init_fs,
	.files = &init_files,
	.signal = &init_signals,
	.sighand = &init_sighand,
	.pending = { .list = LIST_HEAD_INIT(init_task.pending.list) },
	.thread_pid = &init_struct_pid,
	.thread_node = LIST_HEAD_INIT(init_signals.thread_head),
	.timer_slack_ns = 50000,
	.default_timer_slack_ns = 50000,
	.se = { .weight = 1024, .inv_weight = 1UL << 22 },
};
