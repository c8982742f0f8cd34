// SPDX-License-Identifier: MIT
/*
 * From task to task: the machine's part of a context switch, the first registers of a new task, of a
 * new program; arch_prctl.
 *
 * The kernel stack of a new task is laid out so that __switch_to_asm "returns" to ret_from_fork:
 *
 *	top    struct pt_regs          what user mode will see
 *	       one word of padding     keeps %rsp a multiple of 16 (entry.S)
 *	       ret_from_fork           return address
 *	       bp bx r12 r13 r14 r15   bx = kernel function or 0, r12 = its argument
 *	       <- thread.sp
 *
 * The preemption count needs no saving: every switch happens at the same count, and finish_task_switch()
 * of the new task goes on with it.
 *
 * FS and GS bases: with FSGSBASE a program changes them without telling, so they are read at each
 * switch; without it only arch_prctl() changes them, and the stored values are always right.
 * A task has user state to save exactly when thread.fpu is set.
 */
#include <base/types.h>
#include <base/string.h>
#include <base/errno.h>
#include <seam/percpu.h>
#include <seam/current.h>
#include <seam/irqflags.h>
#include <seam/processor.h>
#include <seam/smp.h>
#include <seam/thread.h>
#include <seam/uaccess.h>
#include <kernel/task.h>
#include <kernel/sched.h>
#include <kernel/fork.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <asm/prctl.h>
#include "entry.h"
#include "debugreg.h"
#include "fpu_internal.h"
#include "fsbase.h"

static_assert(offsetof(struct task_struct, thread_info) == 0, "entry.S tests flags at offset 0");
static_assert(sizeof(struct pt_regs) == 168, "entry.S knows the layout");

/* System call numbers from here on take the slow way; 0 while the task is traced. */
DEFINE_PER_CPU_FIRST(unsigned long, cpu_syscall_limit) = NR_SYSCALLS;

/* For the auxiliary vector: CPUID.1.EDX, and HWCAP2_* of Linux. */
#define HWCAP2_FSGSBASE (1UL << 1)
unsigned long elf_hwcap, elf_hwcap2;

void __init elf_hwcap_init(void)
{
	elf_hwcap = boot_cpu_data.capability[CPUID_1_EDX];
	if (boot_cpu_has(X86_FEATURE_FSGSBASE))
		elf_hwcap2 |= HWCAP2_FSGSBASE;
}

/* What __switch_to_asm pops. */
struct inactive_frame {
	unsigned long r15, r14, r13, r12, bx, bp, ret_addr, pad;
};

struct task_struct *__switch_to(struct task_struct *prev, struct task_struct *next);

/* The user's GS base is in the inactive register while the kernel runs. => interrupts off */
static inline unsigned long rd_user_gsbase(void)
{
	unsigned long v;

	__asm__ volatile("swapgs; rdgsbase %0; swapgs" : "=r"(v) : : "memory");
	return v;
}

static inline void wr_user_gsbase(unsigned long v)
{
	__asm__ volatile("swapgs; wrgsbase %0; swapgs" : : "r"(v) : "memory");
}

static void save_user_bases(struct thread_struct *prev)
{
	if (have_fsgsbase()) {
		prev->fsbase = rdfsbase();
		prev->gsbase = rd_user_gsbase();
	}
}

static void load_user_bases(const struct thread_struct *next)
{
	if (have_fsgsbase()) {
		wrfsbase(next->fsbase);
		wr_user_gsbase(next->gsbase);
	} else {
		wrmsrl(MSR_FS_BASE, next->fsbase);
		wrmsrl(MSR_KERNEL_GS_BASE, next->gsbase);
	}
}

static inline unsigned long syscall_limit_of(const struct task_struct *p)
{
	return READ_ONCE(p->thread_info.flags) & _TIF_SYSCALL_WORK_MASK ? 0 : NR_SYSCALLS;
}

static void refresh_syscall_limit(void *unused)
{
	this_cpu_write(cpu_syscall_limit, syscall_limit_of(current));
}

/* A CPU that switches in between reads the flags of the next task itself. */
void arch_syscall_work_changed(void)
{
	on_each_cpu(refresh_syscall_limit, NULL, true);
}

/* On @next's stack already. => interrupts off. Returns @prev, which arrives in schedule()'s `last`. */
struct task_struct *__switch_to(struct task_struct *prev, struct task_struct *next)
{
	unsigned long top = (unsigned long)next->stack + THREAD_SIZE;

	if (unlikely((prev->thread_info.flags | next->thread_info.flags) & _TIF_DEBUG))
		switch_debug_registers(next);
	if (prev->thread.fpu) {
		fpu_switch_out(prev);
		save_user_bases(&prev->thread);
		if (pkeys_enabled)
			prev->thread.pkru = rdpkru();
	}
	if (next->thread.fpu) {
		fpu_switch_in(next);
		load_user_bases(&next->thread);
		if (pkeys_enabled)
			pkru_switch_in(next);
		this_cpu_write(cpu_syscall_limit, syscall_limit_of(next));
	}
	this_cpu_write(current_task, next);
	this_cpu_write(cpu_current_top_of_stack, top);
	load_sp0(top);
	return prev;
}

int copy_thread(struct task_struct *p, const struct kernel_clone_args *args)
{
	struct pt_regs *regs = task_pt_regs(p);
	struct inactive_frame *frame = (struct inactive_frame *)regs - 1;

	*frame = (struct inactive_frame){ .ret_addr = (unsigned long)ret_from_fork };
	p->thread.sp = (unsigned long)frame;
	clear_debug_registers(p);
	arch_dup_thread_init(&p->thread);

	if (args->fn) {
		*regs = (struct pt_regs){ .cs = __USER_CS,
					  .ss = __USER_DS,
					  .flags = X86_EFLAGS_IF };
		frame->bx = (unsigned long)args->fn;
		frame->r12 = (unsigned long)args->fn_arg;
		p->thread.fsbase = p->thread.gsbase = 0;
		return p->flags & PF_KTHREAD ? 0 : fpu_alloc(p);
	}

	*regs = *current_pt_regs();
	regs->ax = 0;
	user_disable_single_step(p); /* @p is a copy of a task that may be stepped */
	if (args->stack)
		regs->sp = args->stack + args->stack_size;
	local_irq_disable();
	save_user_bases(&current->thread);
	local_irq_enable();
	p->thread.fsbase = args->flags & CLONE_SETTLS ? args->tls : current->thread.fsbase;
	p->thread.gsbase = current->thread.gsbase;
	return fpu_clone(p);
}

void arch_release_task_struct(struct task_struct *tsk)
{
	fpu_free(tsk);
}

int flush_thread(void)
{
	int err = 0;

	if (!current->thread.fpu)
		err = fpu_alloc(current);
	if (err)
		return err;
	fpu_reset();
	local_irq_disable();
	current->thread.fsbase = current->thread.gsbase = 0;
	load_user_bases(&current->thread);
	local_irq_enable();
	clear_debug_registers(current);
	return 0;
}

void start_thread(struct pt_regs *regs, unsigned long new_ip, unsigned long new_sp)
{
	*regs = (struct pt_regs){
		.ip = new_ip,
		.sp = new_sp,
		.cs = __USER_CS,
		.ss = __USER_DS,
		.flags = X86_EFLAGS_IF,
		.orig_ax = regs->orig_ax, /* a tracer sees that this is the end of execve */
	};
}

/* A value for user FS or GS base of @task, which runs or not. */
static void set_base(struct task_struct *task, int option, unsigned long value)
{
	unsigned long *base = option == ARCH_SET_FS ? &task->thread.fsbase : &task->thread.gsbase;

	if (task != current) {
		*base = value;
		return;
	}
	local_irq_disable();
	save_user_bases(&task->thread);
	*base = value;
	load_user_bases(&task->thread);
	local_irq_enable();
}

static unsigned long get_base(struct task_struct *task, int option)
{
	if (task == current) {
		local_irq_disable();
		save_user_bases(&task->thread);
		local_irq_enable();
	}
	return option == ARCH_GET_FS ? task->thread.fsbase : task->thread.gsbase;
}

unsigned long task_user_base(struct task_struct *tsk, bool gs)
{
	return get_base(tsk, gs ? ARCH_GET_GS : ARCH_GET_FS);
}

long do_arch_prctl_64(struct task_struct *task, int option, unsigned long arg2)
{
	switch (option) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		if (arg2 >= TASK_SIZE_MAX)
			return -EPERM;
		set_base(task, option, arg2);
		return 0;
	case ARCH_GET_FS:
	case ARCH_GET_GS:
		return put_user(get_base(task, option), (unsigned long __user *)arg2);
	default:
		return -EINVAL;
	}
}

SYSCALL_DEFINE2(arch_prctl, int, option, unsigned long, arg2)
{
	switch (option) {
	case ARCH_GET_CPUID:
		return 1; /* CPUID is never refused */
	case ARCH_SET_CPUID:
		return -ENODEV;
	default:
		return do_arch_prctl_64(current, option, arg2);
	}
}

SYSCALL_DEFINE3(modify_ldt, int, func, void __user *, ptr, unsigned long, bytecount)
{
	/* There is never an LDT: reading one finds nothing, and none can be made. */
	if (func == 0)
		return 0;
	if (func == 2)
		return clear_user(ptr, bytecount < 128 ? bytecount : 128)
			       ? -EFAULT
			       : (long)(bytecount < 128 ? bytecount : 128);
	return -ENOSYS;
}
