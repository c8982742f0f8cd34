// SPDX-License-Identifier: MIT
/*
 * Breakpoints of the hardware, which a tracer sets for its tracee through u_debugreg of struct user.
 *
 * Four addresses (DR0-DR3), and DR7 with an enable bit, a kind (execute, write, read or write) and a length
 * (1, 2, 4, 8) for each. They are the task's, not the machine's: TIF_DEBUG marks a task that has any armed,
 * and a switch from or to such a task loads DR0-DR3 and DR7 anew. What happened is kept in virtual_dr6,
 * since the real DR6 is cleared at each exception.
 * Addresses above user memory are refused: the kernel can never be stopped by a program's breakpoint,
 * except in an access to user memory (exc_debug_kernel).
 *
 * Steps by branch: DEBUGCTL.BTF turns the trap flag's step into one to the next branch (TIF_BLOCKSTEP); it is
 * switched at the same place. A CPU without BTF (QEMU's TCG) steps by instruction.
 *
 * Linux 6.1: arch/x86/kernel/hw_breakpoint.c through perf events; here nobody else wants the registers.
 */
#include <base/errno.h>
#include <base/types.h>
#include <seam/current.h>
#include <seam/irqflags.h>
#include <seam/msr.h>
#include <seam/page.h>
#include <seam/ptrace.h>
#include <seam/thread.h>
#include <kernel/task.h>
#include "debugreg.h"

#define NR_BREAKPOINTS	    4
#define DR7_ENABLE(n)	    (3UL << 2 * (n)) /* local or global */
#define DR7_CONTROL(dr7, n) ((dr7) >> (16 + 4 * (n)) & 15)
#define DR7_MEANING	    0xffff00ffUL /* the rest is reserved, or of no use to a program */
#define DR7_FIXED	    0x700UL	 /* exact breakpoints, and a bit that is always set */
#define DEBUGCTL_BTF	    (1UL << 1)
#ifndef MSR_IA32_DEBUGCTLMSR
#define MSR_IA32_DEBUGCTLMSR 0x1d9
#endif

unsigned long take_dr6(void)
{
	unsigned long dr6;

	__asm__ volatile("mov %%dr6, %0" : "=r"(dr6));
	__asm__ volatile("mov %0, %%dr6" : : "r"(DR6_RESERVED));
	return dr6 ^ DR6_RESERVED;
}

static void write_dr7(unsigned long value)
{
	__asm__ volatile("mov %0, %%dr7" : : "r"(value) : "memory");
}

static void set_branch_steps(bool on)
{
	u64 ctl = rdmsrl_val(MSR_IA32_DEBUGCTLMSR);

	wrmsrl(MSR_IA32_DEBUGCTLMSR, on ? ctl | DEBUGCTL_BTF : ctl & ~DEBUGCTL_BTF);
}

static void load_addresses(const unsigned long *addr)
{
	__asm__ volatile("mov %0, %%dr0\n\tmov %1, %%dr1\n\tmov %2, %%dr2\n\tmov %3, %%dr3"
			 :
			 : "r"(addr[0]), "r"(addr[1]), "r"(addr[2]), "r"(addr[3])
			 : "memory");
}

/* The part of a tracer's DR7 that arms something, 0: nothing. */
static unsigned long armed_part(unsigned long dr7)
{
	return dr7 & 0xff ? (dr7 & DR7_MEANING) | DR7_FIXED : 0;
}

void switch_debug_registers(struct task_struct *next)
{
	unsigned long flags = READ_ONCE(next->thread_info.flags);
	unsigned long armed = flags & _TIF_DEBUG ? armed_part(next->thread.dr7) : 0;

	write_dr7(0);
	if (armed) {
		load_addresses(next->thread.debugreg);
		write_dr7(armed);
	}
	set_branch_steps(flags & (1UL << TIF_BLOCKSTEP));
}

/* TIF_DEBUG follows from what is armed. */
static void update_mark(struct task_struct *task)
{
	if (armed_part(task->thread.dr7) || test_tsk_thread_flag(task, TIF_BLOCKSTEP))
		set_tsk_thread_flag(task, TIF_DEBUG);
	else
		clear_tsk_thread_flag(task, TIF_DEBUG);
}

void clear_debug_registers(struct task_struct *task)
{
	unsigned long flags;

	task->thread.virtual_dr6 = 0;
	task->thread.dr7 = 0;
	if (likely(!test_tsk_thread_flag(task, TIF_DEBUG)))
		return;
	for (unsigned int i = 0; i < NR_BREAKPOINTS; i++)
		task->thread.debugreg[i] = 0;
	clear_tsk_thread_flag(task, TIF_BLOCKSTEP);
	clear_tsk_thread_flag(task, TIF_DEBUG);
	if (task != current)
		return;
	local_irq_save(flags);
	switch_debug_registers(task);
	local_irq_restore(flags);
}

/* ---- what a tracer writes ---- */

static unsigned int length_of(unsigned long control)
{
	static const unsigned char bytes[] = { 1, 2, 8, 4 };

	return bytes[control >> 2 & 3];
}

/* Would the CPU accept breakpoint @n of @dr7 at @addr, and is it the program's own memory? 0, -EINVAL. */
static int check_breakpoint(unsigned long dr7, unsigned int n, unsigned long addr)
{
	unsigned long control = DR7_CONTROL(dr7, n);
	unsigned int len = length_of(control), kind = control & 3;

	if (!(dr7 & DR7_ENABLE(n)))
		return 0;
	if (kind == 2 || (kind == 0 && len != 1))
		return -EINVAL;
	return addr & (len - 1) || addr >= TASK_SIZE_MAX - len ? -EINVAL : 0;
}

static int set_control(struct task_struct *task, unsigned long dr7)
{
	for (unsigned int i = 0; i < NR_BREAKPOINTS; i++)
		if (check_breakpoint(dr7, i, task->thread.debugreg[i]))
			return -EINVAL;
	task->thread.dr7 = dr7; /* read back as it was written */
	update_mark(task);
	return 0;
}

static int set_address(struct task_struct *task, unsigned int n, unsigned long addr)
{
	if (addr >= TASK_SIZE_MAX || check_breakpoint(task->thread.dr7, n, addr))
		return -EINVAL;
	task->thread.debugreg[n] = addr;
	return 0;
}

unsigned long get_debugreg(struct task_struct *task, unsigned int n)
{
	if (n < NR_BREAKPOINTS)
		return task->thread.debugreg[n];
	if (n == 6)
		return task->thread.virtual_dr6 ^ DR6_RESERVED;
	return n == 7 ? task->thread.dr7 : 0;
}

int set_debugreg(struct task_struct *task, unsigned int n, unsigned long value)
{
	if (n < NR_BREAKPOINTS)
		return set_address(task, n, value);
	if (n == 7)
		return set_control(task, value);
	if (n != 6)
		return -EIO;
	task->thread.virtual_dr6 = value ^ DR6_RESERVED;
	return 0;
}
