// SPDX-License-Identifier: MIT
/*
 * Single steps of a tracee.
 *
 * The trap flag in its registers makes the CPU raise a debug exception after one instruction. The flag is
 * part of the program's own flags, too: TIF_FORCED_TF says that it is there only for the tracer, who then
 * does not see it (arch/x86_64/ptrace.c) and whose last step takes it away again. An instruction that
 * itself sets or loads the flag (popf, iret) leaves it to the program.
 * A system call instruction clears the flag in the kernel; the trap then comes on the way out
 * (TIF_SINGLESTEP, report_syscall_exit()).
 *
 * Linux 6.1: arch/x86/kernel/step.c.
 */
#include <base/types.h>
#include <seam/current.h>
#include <seam/ptrace.h>
#include <seam/thread.h>
#include <kernel/ptrace.h>
#include <kernel/task.h>
#include <mm/gup.h>

static bool is_prefix(u8 byte)
{
	switch (byte) {
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x64:
	case 0x65:
	case 0x66:
	case 0x67:
	case 0xf0:
	case 0xf2:
	case 0xf3:
		return true;
	default:
		return (byte & 0xf0) == 0x40; /* REX */
	}
}

/* Is the next instruction one that loads the flags: popf or iret? */
static bool loads_flags(struct task_struct *child)
{
	u8 code[15];
	int n = access_process_vm(child, task_pt_regs(child)->ip, code, sizeof(code), FOLL_FORCE);

	for (int i = 0; i < n; i++)
		if (!is_prefix(code[i]))
			return code[i] == 0x9d || code[i] == 0xcf;
	return false;
}

/* True: every step until the next one is ours alone. */
static bool enable_single_step(struct task_struct *child)
{
	struct pt_regs *regs = task_pt_regs(child);
	unsigned long old;

	/* A step into a system call has cleared a flag that may have been the program's. */
	if (test_tsk_thread_flag(child, TIF_SINGLESTEP))
		regs->flags |= X86_EFLAGS_TF;
	set_tsk_thread_flag(child, TIF_SINGLESTEP);
	old = regs->flags;
	regs->flags |= X86_EFLAGS_TF;
	if (loads_flags(child)) {
		clear_tsk_thread_flag(child, TIF_FORCED_TF);
		return false;
	}
	if (old & X86_EFLAGS_TF)
		return test_tsk_thread_flag(child, TIF_FORCED_TF);
	set_tsk_thread_flag(child, TIF_FORCED_TF);
	return true;
}

static void set_block_step(struct task_struct *child, bool on)
{
	if (on) {
		set_tsk_thread_flag(child, TIF_BLOCKSTEP);
		set_tsk_thread_flag(child, TIF_DEBUG);
	} else {
		clear_tsk_thread_flag(child, TIF_BLOCKSTEP);
		if (!child->thread.dr7)
			clear_tsk_thread_flag(child, TIF_DEBUG);
	}
}

void user_enable_single_step(struct task_struct *child)
{
	enable_single_step(child);
	if (test_tsk_thread_flag(child, TIF_BLOCKSTEP))
		set_block_step(child, false);
}

void user_enable_block_step(struct task_struct *child)
{
	set_block_step(child, enable_single_step(child));
}

void user_disable_single_step(struct task_struct *child)
{
	if (test_tsk_thread_flag(child, TIF_BLOCKSTEP))
		set_block_step(child, false);
	if (!test_tsk_thread_flag(child, TIF_SINGLESTEP) &&
	    !test_tsk_thread_flag(child, TIF_FORCED_TF))
		return;
	clear_tsk_thread_flag(child, TIF_SINGLESTEP);
	if (test_and_clear_tsk_thread_flag(child, TIF_FORCED_TF))
		task_pt_regs(child)->flags &= ~X86_EFLAGS_TF;
}
