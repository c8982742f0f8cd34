/* SPDX-License-Identifier: MIT */
/* Work that a task does itself on its way back to user mode (or when it exits). */
#ifndef QUIRE_KERNEL_TASK_WORK_H
#define QUIRE_KERNEL_TASK_WORK_H

#include <kernel/task.h>
#include <sync/rcu_types.h>

typedef void (*task_work_func_t)(struct callback_head *);

enum task_work_notify_mode {
	TWA_NONE,
	TWA_RESUME,
	TWA_SIGNAL,
};

static inline void init_task_work(struct callback_head *twork, task_work_func_t func)
{
	twork->func = func;
}

/* 0, or -ESRCH when @task exits already. Any context. */
int task_work_add(struct task_struct *task, struct callback_head *twork,
		  enum task_work_notify_mode mode);
void task_work_run(void);

static inline bool task_work_pending(struct task_struct *task)
{
	return READ_ONCE(task->task_works);
}

static inline void exit_task_work(struct task_struct *task)
{
	task_work_run();
}

#endif
