/* SPDX-License-Identifier: MIT */
/*
 * Where a task stands: /proc/PID/syscall, stack, wchan (proc(5)).
 *
 * A task that sleeps is looked at as it is; should it wake meanwhile, what was read is a mixture, so its
 * number of switches is compared and the answer is "running" then. Linux 6.1: fs/proc/base.c, lib/syscall.c.
 */
#include <base/errno.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/file.h>
#include <fs/proc_fs.h>
#include <fs/seq_file.h>
#include <kernel/cred.h>
#include <kernel/kallsyms.h>
#include <kernel/panic.h>
#include <kernel/ptrace.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <sync/rwsem.h>

#include "internal.h"

#define MAX_STACK_ENTRIES 64

extern char __sched_text_start[], __sched_text_end[];

/* Run @look on @task while it sleeps, or is current. False: it runs. */
static bool look_at(struct task_struct *task, void (*look)(struct task_struct *, void *), void *data)
{
	unsigned int state = READ_ONCE(task->__state);
	unsigned long switches;

	if (task == current) {
		look(task, data);
		return true;
	}
	if (state == TASK_RUNNING || task->exit_state)
		return false;
	switches = wait_task_inactive(task, state);
	if (!switches)
		return false;
	look(task, data);
	return wait_task_inactive(task, state) == switches;
}

/* ---- syscall ---- */

struct call {
	long nr;
	unsigned long args[6], sp, ip;
};

static void read_call(struct task_struct *task, void *data)
{
	const struct pt_regs *regs = task_pt_regs(task);

	*(struct call *)data = (struct call){
		.nr = (long)regs->orig_ax,
		.args = { regs->di, regs->si, regs->dx, regs->r10, regs->r8, regs->r9 },
		.sp = regs->sp,
		.ip = regs->ip,
	};
}

/* May current see what is on @task's stack? The ids stand still meanwhile. 0, -EPERM, -EINTR. */
static int lock_trace(struct task_struct *task)
{
	if (down_read_killable(&task->signal->exec_update_lock))
		return -EINTR;
	if (ptrace_may_access(task, PTRACE_MODE_ATTACH_FSCREDS))
		return 0;
	up_read(&task->signal->exec_update_lock);
	return -EPERM;
}

int proc_pid_syscall(struct seq_file *m, struct task_struct *task)
{
	struct call c = { .nr = -1 };
	int err = lock_trace(task);

	if (err)
		return err;
	if (!(task->flags & PF_KTHREAD) && !look_at(task, read_call, &c))
		seq_puts(m, "running\n");
	else if (c.nr < 0)
		seq_printf(m, "%ld 0x%lx 0x%lx\n", c.nr, c.sp, c.ip);
	else
		seq_printf(m, "%ld 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx\n", c.nr,
			   c.args[0], c.args[1], c.args[2], c.args[3], c.args[4], c.args[5], c.sp,
			   c.ip);
	up_read(&task->signal->exec_update_lock);
	return 0;
}

/* ---- stack, wchan ---- */

struct trace {
	unsigned long entries[MAX_STACK_ENTRIES];
	unsigned int nr;
};

static void read_trace(struct task_struct *task, void *data)
{
	struct trace *t = data;

	t->nr = stack_trace_save_tsk(task, t->entries, MAX_STACK_ENTRIES, 0);
}

/* For root only: addresses tell where the kernel lies. */
int proc_pid_stack(struct seq_file *m, struct task_struct *task)
{
	struct trace *t;
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	t = kzalloc(sizeof(*t), GFP_KERNEL);
	if (!t)
		return -ENOMEM;
	err = lock_trace(task);
	if (!err) {
		if (look_at(task, read_trace, t))
			for (unsigned int i = 0; i < t->nr; i++)
				seq_printf(m, "[<0>] %pB\n", (void *)t->entries[i]);
		up_read(&task->signal->exec_update_lock);
	}
	kfree(t);
	return err;
}

static bool in_sched_functions(unsigned long addr)
{
	return addr >= (unsigned long)__sched_text_start && addr < (unsigned long)__sched_text_end;
}

/* The function that sleeps, the scheduler and the locks left out; "0" without, no newline. */
int proc_pid_wchan(struct seq_file *m, struct task_struct *task)
{
	char name[KSYM_NAME_LEN] = "0";
	struct trace *t;

	if (task == current || !ptrace_may_access(task, PTRACE_MODE_READ_FSCREDS)) {
		seq_puts(m, name);
		return 0;
	}
	t = kzalloc(sizeof(*t), GFP_KERNEL);
	if (!t)
		return -ENOMEM;
	if (look_at(task, read_trace, t)) {
		unsigned int i = 0;

		while (i < t->nr && in_sched_functions(t->entries[i]))
			i++;
		if (i == t->nr || !kallsyms_lookup(t->entries[i], NULL, NULL, name))
			strscpy(name, "0", sizeof(name));
	}
	seq_puts(m, name);
	kfree(t);
	return 0;
}
