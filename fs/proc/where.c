// SPDX-License-Identifier: MIT
/*
 * /proc/PID/{wchan,syscall,stack}: where a task stands that sleeps.
 *
 *	wchan	the function that waits, "0" when it does not sleep or the reader may not know
 *	syscall	number and six arguments of its system call, stack pointer and instruction pointer; "running"
 *	stack	its kernel stack, a line for each call; needs CAP_SYS_ADMIN
 *
 * A stack is read with pi_lock held while the task is off the CPU: a wake-up needs that lock first, so the frames
 * stand still. Functions that only sleep for their caller (the scheduler, locks, wait queues) lie in one section and
 * are left out. Whoever looks holds exec_update_lock, so that the task does not gain rights between the question
 * whether one may look and the look. Linux 6.1: fs/proc/base.c, lib/syscall.c.
 */
#include <base/errno.h>
#include <base/compiler.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/seq_file.h>
#include <kernel/cred.h>
#include <kernel/kallsyms.h>
#include <kernel/panic.h>
#include <kernel/ptrace.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <seam/ptrace.h>
#include <sync/rwsem.h>

#include "internal.h"

#include <linux/capability.h>

#define STACK_DEPTH 32

extern char __sched_text_start[], __sched_text_end[]; /* see arch/x86_64/quire.lds and __sched */

/* Does @task sleep, off every CPU? => its pi_lock held */
static bool is_asleep(struct task_struct *task)
{
	return !task_is_running(task) && !READ_ONCE(task->on_rq) && !READ_ONCE(task->on_cpu);
}

/* Does a return address lie in a function that only sleeps for its caller? */
static bool in_sched_functions(unsigned long addr)
{
	return addr > (unsigned long)__sched_text_start && addr <= (unsigned long)__sched_text_end;
}

/* The return addresses of a sleeping task from the one that called the scheduler on; 0 when it does not sleep. */
static unsigned int sleeping_stack(struct task_struct *task, unsigned long *store)
{
	unsigned int n = 0, inner = 0;

	spin_lock_irq(&task->pi_lock);
	if (task != current && is_asleep(task))
		n = stack_trace_save_tsk(task, store, STACK_DEPTH, 0);
	spin_unlock_irq(&task->pi_lock);
	while (inner < n && in_sched_functions(store[inner]))
		inner++;
	memmove(store, store + inner, (n - inner) * sizeof(*store));
	return n - inner;
}

int proc_pid_wchan(struct seq_file *m, struct task_struct *task)
{
	unsigned long stack[STACK_DEPTH], offset, size;
	char name[KSYM_NAME_LEN];

	if (ptrace_may_access(task, PTRACE_MODE_READ_FSCREDS) && sleeping_stack(task, stack) &&
	    kallsyms_lookup(stack[0] - 1, &size, &offset, name))
		seq_puts(m, name);
	else
		seq_putc(m, '0');
	return 0;
}

/* May current see what is on @task's stack? The rights of the task stand still until unlock_trace. 0, -EPERM, -EINTR. */
static int lock_trace(struct task_struct *task)
{
	if (down_read_killable(&task->signal->exec_update_lock))
		return -EINTR;
	if (ptrace_may_access(task, PTRACE_MODE_ATTACH_FSCREDS))
		return 0;
	up_read(&task->signal->exec_update_lock);
	return -EPERM;
}

static void unlock_trace(struct task_struct *task)
{
	up_read(&task->signal->exec_update_lock);
}

/* Copy the registers of a task that stands; all 0 of a thread of the kernel. False: it runs. */
static bool standing_regs(struct task_struct *task, struct pt_regs *regs)
{
	bool stands;

	spin_lock_irq(&task->pi_lock);
	stands = task == current || is_asleep(task);
	if (stands && task->mm)
		*regs = *task_pt_regs(task);
	spin_unlock_irq(&task->pi_lock);
	return stands;
}

int proc_pid_syscall(struct seq_file *m, struct task_struct *task)
{
	struct pt_regs regs = { .orig_ax = (unsigned long)-1 };
	int err = lock_trace(task);
	bool stands;

	if (err)
		return err;
	stands = standing_regs(task, &regs);
	unlock_trace(task);
	if (!stands)
		seq_puts(m, "running\n");
	else if ((long)regs.orig_ax < 0)
		seq_printf(m, "%ld 0x%lx 0x%lx\n", (long)regs.orig_ax, regs.sp, regs.ip);
	else
		seq_printf(m, "%ld 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx\n",
			   (long)regs.orig_ax, regs.di, regs.si, regs.dx, regs.r10, regs.r8,
			   regs.r9, regs.sp, regs.ip);
	return 0;
}

int proc_pid_stack(struct seq_file *m, struct task_struct *task)
{
	unsigned long stack[STACK_DEPTH];
	char name[KSYM_SYMBOL_LEN];
	unsigned int n;
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	err = lock_trace(task);
	if (err)
		return err;
	n = sleeping_stack(task, stack);
	unlock_trace(task);
	for (unsigned int i = 0; i < n; i++) {
		sprint_backtrace(name, stack[i]);
		seq_printf(m, "[<0>] %s\n", name);
	}
	return 0;
}
