/* SPDX-License-Identifier: MIT */
/* System V semaphores, as far as other rooms take part: what a process undoes when it ends. ipc/sem.c. */
#ifndef QUIRE_IPC_SEM_H
#define QUIRE_IPC_SEM_H

#include <base/types.h>
#include <kernel/task.h>
#include <linux/sched.h>

int share_semundo(struct task_struct *task);

/*
 * @task, a new one, shares what current would undo (CLONE_SYSVSEM in @clone_flags), or has nothing to undo.
 * 0 or -ENOMEM. May sleep.
 */
static inline int copy_semundo(unsigned long clone_flags, struct task_struct *task)
{
	task->sysvsem_undo = NULL;
	return clone_flags & CLONE_SYSVSEM ? share_semundo(task) : 0;
}

void __exit_sem(struct task_struct *task);

/* @task ends or leaves those it shared with; the last one undoes. May sleep. */
static inline void exit_sem(struct task_struct *task)
{
	if (task->sysvsem_undo)
		__exit_sem(task);
}

#endif
