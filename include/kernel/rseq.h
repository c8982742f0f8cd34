/* SPDX-License-Identifier: MIT */
/* Restartable sequences, see kernel/rseq.c. */
#ifndef QUIRE_KERNEL_RSEQ_H
#define QUIRE_KERNEL_RSEQ_H

#include <base/types.h>
#include <kernel/task.h>

struct pt_regs;

#define RSEQ_EVENT_PREEMPT	(1U << 0)
#define RSEQ_EVENT_SIGNAL	(1U << 1)
#define RSEQ_EVENT_MIGRATE	(1U << 2)

/* Before the return to user: CPU number, and abort if inside a critical section. May fault. */
void __rseq_handle_notify_resume(struct pt_regs *regs);

static inline void rseq_set_notify_resume(struct task_struct *t)
{
	if (t->rseq)
		set_tsk_thread_flag(t, TIF_NOTIFY_RESUME);
}

static inline void rseq_handle_notify_resume(struct pt_regs *regs)
{
	if (current->rseq)
		__rseq_handle_notify_resume(regs);
}

/* A signal frame is about to be built on @regs. */
static inline void rseq_signal_deliver(struct pt_regs *regs)
{
	if (current->rseq) {
		current->rseq_event_mask |= RSEQ_EVENT_SIGNAL;
		__rseq_handle_notify_resume(regs);
	}
}

static inline void rseq_preempt(struct task_struct *t)
{
	if (t->rseq) {
		t->rseq_event_mask |= RSEQ_EVENT_PREEMPT;
		rseq_set_notify_resume(t);
	}
}

static inline void rseq_migrate(struct task_struct *t)
{
	if (t->rseq) {
		t->rseq_event_mask |= RSEQ_EVENT_MIGRATE;
		rseq_set_notify_resume(t);
	}
}

void rseq_fork(struct task_struct *t, unsigned long clone_flags);
void rseq_execve(struct task_struct *t);

#endif
