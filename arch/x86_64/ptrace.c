// SPDX-License-Identifier: MIT
/*
 * The registers of a tracee.
 *
 * Three ways to them: struct user, by offset (PEEKUSR, POKEUSR), its registers as a whole (GETREGS), and
 * regsets by number (GETREGSET). All end in get_register() and put_register(), or in the FPU's file.
 * pt_regs lies in the order of struct user_regs_struct up to ss; behind it that has the bases of FS and GS,
 * and the selectors ds es fs gs, which a 64-bit program does not use: they are 0 and stay it.
 *
 * What a tracer may not break: cs and ss keep privilege 3, the bases are user addresses, only harmless
 * flags change; a wrong selector or address faults at iretq and becomes the tracee's SIGSEGV.
 * Linux 6.1: arch/x86/kernel/ptrace.c.
 */
#include <base/errno.h>
#include <base/string.h>
#include <base/types.h>
#include <seam/ptrace.h>
#include <seam/thread.h>
#include <seam/uaccess.h>
#include <kernel/init.h>
#include <kernel/ptrace.h>
#include <kernel/task.h>
#include <asm/prctl.h>
#include <linux/elf.h>
#include "debugreg.h"

#define NR_PT_REGS (sizeof(struct pt_regs) / 8)

/* Indices of user_regs_struct. */
enum {
	REG_CS = offsetof(struct pt_regs, cs) / 8,
	REG_FLAGS = offsetof(struct pt_regs, flags) / 8,
	REG_SS = offsetof(struct pt_regs, ss) / 8,
	REG_FS_BASE = NR_PT_REGS,
	REG_GS_BASE,
	REG_DS,
	REG_ES,
	REG_FS,
	REG_GS,
	NR_USER_REGS
};

/* struct user: registers, what a.out core files had, the debug registers, and two words more. */
#define USER_DEBUGREG	  848
#define USER_DEBUGREG_END (USER_DEBUGREG + 8 * 8)
#define USER_SIZE	  (USER_DEBUGREG_END + 2 * 8)

/* Flags that a tracer may change. */
#define FLAGS_SETTABLE                                                                             \
	(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | X86_EFLAGS_ZF | X86_EFLAGS_SF |           \
	 X86_EFLAGS_TF | X86_EFLAGS_DF | X86_EFLAGS_OF | X86_EFLAGS_RF | X86_EFLAGS_AC |           \
	 X86_EFLAGS_NT)

static unsigned long *pt_reg(struct task_struct *task, unsigned int i)
{
	return (unsigned long *)task_pt_regs(task) + i;
}

static unsigned long get_register(struct task_struct *task, unsigned int i)
{
	unsigned long value;

	switch (i) {
	case REG_FS_BASE:
	case REG_GS_BASE:
		return task_user_base(task, i == REG_GS_BASE);
	case REG_DS:
	case REG_ES:
	case REG_FS:
	case REG_GS:
		return 0;
	}
	value = *pt_reg(task, i);
	/* The step's flag is the tracer's own. */
	if (i == REG_FLAGS && test_tsk_thread_flag(task, TIF_FORCED_TF))
		value &= ~X86_EFLAGS_TF;
	return value;
}

static void set_flags(struct task_struct *task, unsigned long value)
{
	unsigned long *flags = pt_reg(task, REG_FLAGS);

	/* Set by the tracer: then it is the program's flag. Left out: the step's own stays. */
	if (value & X86_EFLAGS_TF)
		clear_tsk_thread_flag(task, TIF_FORCED_TF);
	else if (test_tsk_thread_flag(task, TIF_FORCED_TF))
		value |= X86_EFLAGS_TF;
	*flags = (*flags & ~FLAGS_SETTABLE) | (value & FLAGS_SETTABLE);
}

static bool bad_selector(unsigned long value)
{
	return (value & 0xffff) && (value & 3) != 3;
}

static int put_register(struct task_struct *task, unsigned int i, unsigned long value)
{
	switch (i) {
	case REG_CS:
	case REG_SS:
		if (bad_selector(value) || !(value & 0xffff))
			return -EIO;
		*pt_reg(task, i) = value & 0xffff;
		return 0;
	case REG_FLAGS:
		set_flags(task, value);
		return 0;
	case REG_FS_BASE:
	case REG_GS_BASE:
		if (value >= TASK_SIZE_MAX)
			return -EIO;
		if (i == REG_FS_BASE)
			task->thread.fsbase = value;
		else
			task->thread.gsbase = value;
		return 0;
	case REG_DS:
	case REG_ES:
	case REG_FS:
	case REG_GS:
		return value & 0xffff ? -EIO : 0;
	}
	*pt_reg(task, i) = value;
	return 0;
}

/* ---- struct user ---- */

static bool bad_offset(unsigned long addr)
{
	return addr % 8 || addr >= USER_SIZE;
}

static long peek_user(struct task_struct *child, unsigned long addr, unsigned long __user *data)
{
	unsigned long value = 0;

	if (bad_offset(addr))
		return -EIO;
	if (addr < NR_USER_REGS * 8)
		value = get_register(child, addr / 8);
	else if (addr >= USER_DEBUGREG && addr < USER_DEBUGREG_END)
		value = get_debugreg(child, (addr - USER_DEBUGREG) / 8);
	return put_user(value, data);
}

static long poke_user(struct task_struct *child, unsigned long addr, unsigned long value)
{
	if (bad_offset(addr))
		return -EIO;
	if (addr < NR_USER_REGS * 8)
		return put_register(child, addr / 8, value);
	if (addr >= USER_DEBUGREG && addr < USER_DEBUGREG_END)
		return set_debugreg(child, (addr - USER_DEBUGREG) / 8, value);
	return 0;
}

/* ---- regsets ---- */

static int gpr_get(struct task_struct *task, void *buf)
{
	for (unsigned int i = 0; i < NR_USER_REGS; i++)
		((unsigned long *)buf)[i] = get_register(task, i);
	return 0;
}

static int gpr_set(struct task_struct *task, const void *buf, unsigned int count)
{
	int err = 0;

	for (unsigned int i = 0; !err && i < count / 8; i++)
		err = put_register(task, i, ((const unsigned long *)buf)[i]);
	return err;
}

/* There are no I/O permission maps: nobody has one to show. */
static int ioperm_get(struct task_struct *task, void *buf)
{
	return -ENXIO;
}

#define NR_REGSETS 4
static struct user_regset regsets[NR_REGSETS] = {
	{ NT_PRSTATUS, NR_USER_REGS, 8, gpr_get, gpr_set },
	{ NT_PRFPREG, FXSAVE_SIZE / 8, 8, fpu_get_fxregs, fpu_set_fxregs },
	{ NT_X86_XSTATE, 0, 8, fpu_get_xstate, fpu_set_xstate },
	{ NT_386_IOPERM, 8192 / 8, 8, ioperm_get, NULL },
};

const struct user_regset *task_regsets(unsigned int *count)
{
	*count = NR_REGSETS;
	return regsets;
}

static int __init regsets_init(void)
{
	regsets[2].n = fpu_xfeatures ? fpu_user_size / 8 : 0;
	return 0;
}
core_initcall(regsets_init);

/* All of @set from or to @data, as the old requests do. */
static long whole_set(struct task_struct *child, unsigned int type, void __user *data, bool get)
{
	u8 buf[FXSAVE_SIZE] __aligned(16);
	const struct user_regset *set = &regsets[type == NT_PRFPREG];
	unsigned int bytes = set->n * set->size;

	if (!get)
		return copy_from_user(buf, data, bytes) ? -EFAULT : set->set(child, buf, bytes);
	return set->get(child, buf) ?: copy_to_user(data, buf, bytes) ? -EFAULT : 0;
}

long arch_ptrace(struct task_struct *child, long request, unsigned long addr, unsigned long data)
{
	switch (request) {
	case PTRACE_PEEKUSR:
		return peek_user(child, addr, (unsigned long __user *)data);
	case PTRACE_POKEUSR:
		return poke_user(child, addr, data);
	case PTRACE_GETREGS:
	case PTRACE_SETREGS:
		return whole_set(child, NT_PRSTATUS, (void __user *)data,
				 request == PTRACE_GETREGS);
	case PTRACE_GETFPREGS:
	case PTRACE_SETFPREGS:
		return whole_set(child, NT_PRFPREG, (void __user *)data,
				 request == PTRACE_GETFPREGS);
	case PTRACE_ARCH_PRCTL:
		return do_arch_prctl_64(child, (int)data, addr);
	default:
		return ptrace_request(child, request, addr, data);
	}
}
