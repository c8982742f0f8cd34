/* SPDX-License-Identifier: MIT */
/* Whose system calls are recorded, see kernel/syscall_trace.c. */
#ifndef QUIRE_KERNEL_SYSCALL_TRACE_H
#define QUIRE_KERNEL_SYSCALL_TRACE_H

#include <base/compiler.h>
#include <kernel/task.h>

/* New task @p, a copy of current that may be older than the last switch. => tasklist_lock for writing */
static inline void syscall_trace_inherit(struct task_struct *p)
{
	if (likely(!((p->thread_info.flags ^ current->thread_info.flags) & _TIF_SYSCALL_TRACEPOINT)))
		return;
	if (test_thread_flag(TIF_SYSCALL_TRACEPOINT))
		set_tsk_thread_flag(p, TIF_SYSCALL_TRACEPOINT);
	else
		clear_tsk_thread_flag(p, TIF_SYSCALL_TRACEPOINT);
}

#endif
