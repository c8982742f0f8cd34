// SPDX-License-Identifier: MIT
/*
 * The table of system calls, the slow way through it, and the work before user mode.
 *
 * Each SYSCALL_DEFINE places {number, name, function} in section .syscalls; syscall_table_init()
 * spreads them over two tables: sys_call_impl[] has the functions, sys_call_table[] what the entry
 * code calls, which is the same but for the calls that need or replace the whole of pt_regs: these
 * go through stub_full_syscall (entry.S). What nobody defines is sys_ni_syscall().
 */
#include <base/types.h>
#include <base/bitops.h>
#include <base/bitmap.h>
#include <base/errno.h>
#include <seam/current.h>
#include <seam/irqflags.h>
#include <seam/msr.h>
#include <seam/processor.h>
#include <seam/ptrace.h>
#include <seam/thread.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <kernel/printk.h>
#include <kernel/ptrace.h>
#include <kernel/rseq.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/task_work.h>
#include <mm/memcontrol.h>
#include <mm/trace.h>
#include <sync/lockdep.h>
#include "fpu_internal.h"
#include "entry.h"

extern const struct syscall_def __syscalls_start[], __syscalls_end[];

sys_call_ptr_t sys_call_table[NR_SYSCALLS];
sys_call_ptr_t sys_call_impl[NR_SYSCALLS];

static const char *const syscall_names[NR_SYSCALLS] = {
#include "syscall_names.h"
};

/* These look at bx, bp, r12-r15 of the caller, or put others in their place; or a tracer does (exit). */
static const u16 full_syscalls[] = {
	__NR_fork,     __NR_vfork,	  __NR_clone, __NR_clone3,     __NR_execve,
	__NR_execveat, __NR_rt_sigreturn, __NR_exit,  __NR_exit_group,
};

const char *syscall_name(long nr)
{
	if (nr < 0 || nr >= NR_SYSCALLS || !syscall_names[nr])
		return "unknown";
	return syscall_names[nr];
}

long sys_ni_syscall(void)
{
	static DECLARE_BITMAP(reported, NR_SYSCALLS + 1);
	long nr = (int)current_pt_regs()->orig_ax;
	unsigned long bit = nr >= 0 && nr < NR_SYSCALLS ? (unsigned long)nr : NR_SYSCALLS;

	if (!test_and_set_bit(bit, reported))
		pr_info("quire: ENOSYS %s (%ld) by %s\n", syscall_name(nr), nr, current->comm);
	return -ENOSYS;
}

void __init syscall_table_init(void)
{
	for (unsigned int i = 0; i < NR_SYSCALLS; i++)
		sys_call_impl[i] = (sys_call_ptr_t)(void *)sys_ni_syscall;
	for (const struct syscall_def *d = __syscalls_start; d < __syscalls_end; d++) {
		if (d->nr < 0 || d->nr >= NR_SYSCALLS)
			pr_err("system call %s has number %ld\n", d->name, d->nr);
		else if (sys_call_impl[d->nr] != (sys_call_ptr_t)(void *)sys_ni_syscall)
			pr_err("system call %s (%ld) is defined twice\n", d->name, d->nr);
		else
			sys_call_impl[d->nr] = d->fn;
	}
	for (unsigned int i = 0; i < NR_SYSCALLS; i++)
		sys_call_table[i] = sys_call_impl[i];
	for (unsigned int i = 0; i < ARRAY_SIZE(full_syscalls); i++)
		sys_call_table[full_syscalls[i]] = (sys_call_ptr_t)(void *)stub_full_syscall;
}

/* Called by cpu_init() on each CPU. */
void syscall_init(void)
{
	wrmsrl(MSR_STAR, ((u64)__USER32_CS << 48) | ((u64)__KERNEL_CS << 32));
	wrmsrl(MSR_LSTAR, (u64)entry_SYSCALL_64);
	wrmsrl(MSR_SYSCALL_MASK, X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | X86_EFLAGS_ZF |
					 X86_EFLAGS_SF | X86_EFLAGS_TF | X86_EFLAGS_IF |
					 X86_EFLAGS_DF | X86_EFLAGS_OF | X86_EFLAGS_IOPL |
					 X86_EFLAGS_NT | X86_EFLAGS_RF | X86_EFLAGS_AC |
					 X86_EFLAGS_ID);
	wrmsrl(MSR_EFER, rdmsrl_val(MSR_EFER) | EFER_SCE);
}

static noinline void report_sys_enter(const struct pt_regs *regs)
{
	const unsigned long args[6] = {
		regs->di, regs->si, regs->dx, regs->r10, regs->r8, regs->r9
	};

	trace_sys_enter((int)regs->orig_ax, args);
}

/* Traced task, recorded calls, or a number outside the table. As in Linux the low half of rax counts. */
void do_syscall_slow(struct pt_regs *regs)
{
	unsigned long work = READ_ONCE(current->thread_info.flags);
	long nr;

	if (work & (_TIF_SYSCALL_TRACE | _TIF_SYSCALL_EMU)) {
		bool skip = ptrace_report_syscall_entry();

		if (skip || (work & _TIF_SYSCALL_EMU))
			return;
	}
	if (work & _TIF_SYSCALL_TRACEPOINT)
		report_sys_enter(regs);
	nr = (int)regs->orig_ax; /* the tracer may have changed it */
	if (nr >= 0 && nr < NR_SYSCALLS)
		regs->ax = (unsigned long)sys_call_impl[nr]((long)regs->di, (long)regs->si,
							    (long)regs->dx, (long)regs->r10,
							    (long)regs->r8, (long)regs->r9);
	else if (nr != -1)
		regs->ax = (unsigned long)sys_ni_syscall();
}

#define WORK_IN_LOOP (_TIF_NEED_RESCHED | _TIF_SIGPENDING | _TIF_NOTIFY_SIGNAL | _TIF_NOTIFY_RESUME)

/*
 * All that the flags ask for. => interrupts off, pt_regs complete, @regs of user mode
 * On return interrupts are off and no flag of the loop is set.
 */
void exit_to_user_mode(struct pt_regs *regs)
{
	unsigned long flags;

	while ((flags = READ_ONCE(current->thread_info.flags)) & WORK_IN_LOOP) {
		local_irq_enable();
		if (flags & _TIF_NEED_RESCHED)
			schedule();
		if (flags & (_TIF_SIGPENDING | _TIF_NOTIFY_SIGNAL))
			arch_do_signal_or_restart(regs);
		if (flags & _TIF_NOTIFY_RESUME) {
			clear_thread_flag(TIF_NOTIFY_RESUME);
			task_work_run();
			if (unlikely(current->memcg_over_high))
				memcg_handle_over_high();
			rseq_handle_notify_resume(regs);
		}
		local_irq_disable();
	}
	if (flags & _TIF_NEED_FPU_LOAD)
		fpu_load_current();
	lockdep_sys_exit();
}

/* To the log and to the tracer, on the way out of a call: its result, or a step over it. => interrupts off */
static void report_syscall_exit(struct pt_regs *regs, unsigned long work)
{
	local_irq_enable();
	if (work & _TIF_SYSCALL_TRACEPOINT)
		trace_sys_exit((int)regs->orig_ax, (long)regs->ax);
	if ((work & _TIF_SINGLESTEP) && !(work & _TIF_SYSCALL_EMU))
		send_sigtrap(regs, TRAP_BRKPT);
	else if (work & _TIF_SYSCALL_TRACE)
		ptrace_report_syscall_exit();
	local_irq_disable();
}

/* The same after a system call. True: sysret brings back exactly these registers. */
bool syscall_exit_slow(struct pt_regs *regs)
{
	unsigned long work = READ_ONCE(current->thread_info.flags);

	if (unlikely(work & (_TIF_SYSCALL_TRACE | _TIF_SYSCALL_TRACEPOINT | _TIF_SINGLESTEP)))
		report_syscall_exit(regs, work);
	exit_to_user_mode(regs);
	return regs->cx == regs->ip && regs->r11 == regs->flags && regs->cs == __USER_CS &&
	       regs->ss == __USER_DS && regs->ip < TASK_SIZE_MAX &&
	       !(regs->flags & (X86_EFLAGS_RF | X86_EFLAGS_TF));
}
