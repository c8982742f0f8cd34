// SPDX-License-Identifier: MIT
/*
 * raw_syscalls:sys_enter and sys_exit, without a test in the way of a system call: while one of them is on, each task has
 * TIF_SYSCALL_TRACEPOINT, one of the flags that send its calls through do_syscall_slow() and syscall_exit_slow().
 *
 *	an event is on  <=>  all tasks in the lists have the flag, but for those who switch it
 *
 * A new task is set right under the tasklist_lock that puts it into the lists, by its parent's flag: whoever switches the
 * events takes the same lock, and finds both or the parent before it has forked. Calls under way when an event is switched on
 * are seen to end, as on Linux (kernel/tracepoint.c): TIF_NOTIFY_RESUME sends them the slow way out.
 */
#include <base/types.h>
#include <base/compiler.h>
#include <kernel/init.h>
#include <kernel/syscall_trace.h>
#include <kernel/task.h>
#include <mm/trace.h>
#include <seam/thread.h>

/* => the lock of the trace events is held, which guards was_on; may sleep */
static void syscall_trace_switched(void)
{
	bool on = READ_ONCE(__event_sys_enter.enabled) || READ_ONCE(__event_sys_exit.enabled);
	static bool was_on;
	struct task_struct *p, *t;

	if (on == was_on)
		return;
	was_on = on;
	read_lock(&tasklist_lock);
	for_each_process_thread(p, t)
	{
		if (on) {
			set_tsk_thread_flag(t, TIF_SYSCALL_TRACEPOINT);
			if (!(t->flags & PF_KTHREAD))
				set_tsk_thread_flag(t, TIF_NOTIFY_RESUME);
		} else {
			clear_tsk_thread_flag(t, TIF_SYSCALL_TRACEPOINT);
		}
	}
	read_unlock(&tasklist_lock);
	arch_syscall_work_changed();
}

static int __init syscall_trace_init(void)
{
	__event_sys_enter.switched = __event_sys_exit.switched = syscall_trace_switched;
	return 0;
}
core_initcall(syscall_trace_init);
