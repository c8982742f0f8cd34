/* SPDX-License-Identifier: MIT */
/* System V shared memory, as far as other rooms take part. ipc/shm.c. */
#ifndef QUIRE_IPC_SHM_H
#define QUIRE_IPC_SHM_H

struct task_struct;

void __exit_shm(struct task_struct *task);
extern int nr_shm_segments;

/*
 * @task ends: its segments have no creator any more, and with shm_rmid_forced those that nobody has attached
 * go. After its address space is gone. May sleep.
 */
static inline void exit_shm(struct task_struct *task)
{
	if (nr_shm_segments)
		__exit_shm(task);
}

#endif
