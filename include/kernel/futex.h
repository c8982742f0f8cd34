/* SPDX-License-Identifier: MIT */
/* Futexes, see kernel/futex.c. */
#ifndef QUIRE_KERNEL_FUTEX_H
#define QUIRE_KERNEL_FUTEX_H

#include <base/types.h>

struct task_struct;

void futex_init(void);
/* @timeout_ns: absolute on the clock that @op chooses, or NULL. */
long do_futex(u32 __user *uaddr, int op, u32 val, s64 *timeout_ns, u32 __user *uaddr2, u32 val2,
	      u32 val3);
/* Robust lists: the locks that a dying task holds are marked FUTEX_OWNER_DIED. */
void futex_exit_release(struct task_struct *tsk);
void futex_exec_release(struct task_struct *tsk);
/* FUTEX_WAKE of one shared waiter, for clear_child_tid. */
int futex_wake_tid(u32 __user *uaddr);

#endif
