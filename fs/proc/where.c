// SPDX-License-Identifier: MIT
/*
 * /proc/PID/{wchan,syscall,stack}: where a task stands that sleeps.
 *
 *	wchan	the function that waits, "0" when it does not sleep or the reader may not know
 *	syscall	number and six arguments of its system call, stack pointer and instruction pointer; "running"
 *	stack	its kernel stack, a line for each call; needs CAP_SYS_ADMIN
 *
 * A stack is read with pi_lock held while the task is off the CPU: a wake-up needs that lock first, so the frames
 * stand still. Linux 6.1: fs/proc/base.c, lib/syscall.c; Linux leaves out of wchan all functions of the scheduler by
 * their section, here those whose name tells it.
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

#include "internal.h"

#include <linux/capability.h>

#define STACK_DEPTH 32

/* Does @task sleep, off every CPU? => its pi_lock held */
static bool is_asleep(struct task_struct *task)
{
	return !task_is_running(task) && !READ_ONCE(task->on_rq) && !READ_ONCE(task->on_cpu);
}

static bool is_scheduler(unsigned long addr)
{
	static const char *const parts[] = { "schedule",  "__switch_to", "wait_for",
					     "wait_turn", "rwsem_down",	 "mutex_lock" };
	unsigned long offset, size;
	char name[KSYM_NAME_LEN];

	if (!kallsyms_lookup(addr - 1, &size, &offset, name))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (strstr(name, parts[i]))
			return true;
	return false;
}

/* The return addresses of a sleeping task from the one that called the scheduler on; 0 when it does not sleep. */
static unsigned int sleeping_stack(struct task_struct *task, unsigned long *store)
{
	unsigned int n = 0, inner = 0;

	spin_lock_irq(&task->pi_lock);
	if (task != current && is_asleep(task))
		n = stack_trace_save_tsk(task, store, STACK_DEPTH, 0);
	spin_unlock_irq(&task->pi_lock);
	while (inner < n && is_scheduler(store[inner]))
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

int proc_pid_syscall(struct seq_file *m, struct task_struct *task)
{
	struct pt_regs regs = { 0 };
	bool stands;

	if (!ptrace_may_access(task, PTRACE_MODE_ATTACH_FSCREDS))
		return -EPERM;
	spin_lock_irq(&task->pi_lock);
	stands = task == current || is_asleep(task);
	if (stands && task->mm)
		regs = *task_pt_regs(task);
	spin_unlock_irq(&task->pi_lock);
	if (!stands)
		seq_puts(m, "running\n");
	else if (!task->mm)
		seq_puts(m, "-1 0x0 0x0\n"); /* a thread of the kernel */
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

	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	if (!ptrace_may_access(task, PTRACE_MODE_ATTACH_FSCREDS))
		return -EPERM;
	n = sleeping_stack(task, stack);
	for (unsigned int i = 0; i < n; i++) {
		sprint_backtrace(name, stack[i]);
		seq_printf(m, "[<0>] %s\n", name);
	}
	return 0;
}
