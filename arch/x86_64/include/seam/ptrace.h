/* SPDX-License-Identifier: MIT */
/*
 * struct pt_regs: the registers of an interrupted context, as the entry code leaves them on the
 * kernel stack. The order is that of user_regs_struct (core files, PTRACE_GETREGS).
 *
 * A task's user registers always lie at the top of its kernel stack (task_pt_regs). System calls
 * and exceptions from user mode store the callee-saved registers (bx bp r12-r15) there only when
 * somebody needs them: the slow return to user mode, and the calls in entry.S's list
 * (fork, clone, execve, rt_sigreturn, ...). C code between entry and exit keeps them by the ABI.
 */
#ifndef SEAM_PTRACE_H
#define SEAM_PTRACE_H

#include <seam/page.h>
#include <seam/processor.h>

#define X86_EFLAGS_CF	0x00000001UL
#define X86_EFLAGS_FIXED 0x00000002UL
#define X86_EFLAGS_PF	0x00000004UL
#define X86_EFLAGS_AF	0x00000010UL
#define X86_EFLAGS_ZF	0x00000040UL
#define X86_EFLAGS_SF	0x00000080UL
#define X86_EFLAGS_TF	0x00000100UL
#define X86_EFLAGS_IF	0x00000200UL
#define X86_EFLAGS_DF	0x00000400UL
#define X86_EFLAGS_OF	0x00000800UL
#define X86_EFLAGS_IOPL	0x00003000UL
#define X86_EFLAGS_NT	0x00004000UL
#define X86_EFLAGS_RF	0x00010000UL
#define X86_EFLAGS_AC	0x00040000UL
#define X86_EFLAGS_ID	0x00200000UL

#ifndef __ASSEMBLY__
#include <base/types.h>
#include <base/compiler.h>

struct task_struct;

struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx;		/* callee-saved: see above */
	unsigned long r11, r10, r9, r8, ax, cx, dx, si, di;
	unsigned long orig_ax;	/* system call number; -1 outside a call; error code of an exception */
	unsigned long ip, cs, flags, sp, ss;
};

/* Did @regs interrupt user mode? */
static __always_inline bool user_mode(const struct pt_regs *regs)
{
	return regs->cs & 3;
}

static inline unsigned long instruction_pointer(const struct pt_regs *regs)
{
	return regs->ip;
}

static inline void instruction_pointer_set(struct pt_regs *regs, unsigned long ip)
{
	regs->ip = ip;
}

static inline unsigned long user_stack_pointer(const struct pt_regs *regs)
{
	return regs->sp;
}

/* User registers of a task whose kernel stack begins (lowest address) at @stack. */
#define stack_pt_regs(stack)	((struct pt_regs *)((char *)(stack) + THREAD_SIZE) - 1)
/* @task: needs kernel/task.h; p->stack is the lowest address of the kernel stack. */
#define task_pt_regs(task)	stack_pt_regs((task)->stack)
/* User registers of the running task. */
#define current_pt_regs()	task_pt_regs(current)

/* A SIGTRAP after the next instruction, or the next branch, of @child, which does not run (step.c). */
void user_enable_single_step(struct task_struct *child);
void user_enable_block_step(struct task_struct *child);
void user_disable_single_step(struct task_struct *child);

#endif /* !__ASSEMBLY__ */
#endif
