/* SPDX-License-Identifier: MIT */
/*
 * What this machine keeps per task: thread_info (the flags that the entry code tests) and
 * thread_struct (saved registers, FPU state), and the switch between tasks.
 *
 * struct task_struct has `struct thread_info thread_info` as its FIRST member (the entry code reads
 * current_task->flags at offset 0) and `struct thread_struct thread` anywhere.
 */
#ifndef SEAM_THREAD_H
#define SEAM_THREAD_H

/* thread_info.flags: work to do before user mode runs again. */
#define TIF_NOTIFY_RESUME	1	/* rseq, task_work */
#define TIF_SIGPENDING		2
#define TIF_NEED_RESCHED	3
#define TIF_NOTIFY_SIGNAL	4	/* wakes like a signal, but none is there */
#define TIF_NEED_FPU_LOAD	5	/* FPU registers are in memory: load before user mode */
#define TIF_RESTORE_SIGMASK	9	/* saved_sigmask is to be put back (no work by itself) */
#define TIF_FORCED_TF		10	/* the trap flag in the user's registers is ptrace's, not the program's */
#define TIF_MEMDIE		11	/* OOM victim */
#define TIF_SYSCALL_TRACE	16	/* ptrace: stop at entry and exit of system calls */
#define TIF_SYSCALL_TRACEPOINT	17	/* raw_syscalls:* is recorded (kernel/syscall_trace.c) */
#define TIF_SINGLESTEP		18	/* ptrace: a trap after the next instruction, or on the way out of a call */
#define TIF_SYSCALL_EMU		19	/* ptrace: stop at the entry of a call, and do not execute it */
#define TIF_DEBUG		24	/* debug registers or branch steps: switched with the task */
#define TIF_BLOCKSTEP		25	/* the step goes on to the next branch */

#define _TIF_NOTIFY_RESUME	(1UL << TIF_NOTIFY_RESUME)
#define _TIF_SIGPENDING		(1UL << TIF_SIGPENDING)
#define _TIF_NEED_RESCHED	(1UL << TIF_NEED_RESCHED)
#define _TIF_NOTIFY_SIGNAL	(1UL << TIF_NOTIFY_SIGNAL)
#define _TIF_NEED_FPU_LOAD	(1UL << TIF_NEED_FPU_LOAD)
#define _TIF_SYSCALL_TRACE	(1UL << TIF_SYSCALL_TRACE)
#define _TIF_SYSCALL_TRACEPOINT	(1UL << TIF_SYSCALL_TRACEPOINT)
#define _TIF_SINGLESTEP		(1UL << TIF_SINGLESTEP)
#define _TIF_SYSCALL_EMU	(1UL << TIF_SYSCALL_EMU)
#define _TIF_DEBUG		(1UL << TIF_DEBUG)

/* Low byte of flags: any bit set sends the return to user mode through exit_to_user_mode(). */
#define _TIF_EXIT_WORK_MASK	0xfe
/* Bits 16..23: any bit set sends system calls through do_syscall_slow() (cpu_syscall_limit). */
#define _TIF_SYSCALL_WORK_MASK	0xff0000

#ifndef __ASSEMBLY__
#include <base/types.h>
#include <base/compiler.h>
#include <seam/ptrace.h>
#include <seam/percpu.h>

struct task_struct;
struct kernel_clone_args;
struct mm_struct;

struct thread_info {
	unsigned long flags;	/* TIF_*, changed by atomic bit operations */
};

struct thread_struct {
	unsigned long sp;		/* kernel stack pointer while not running */
	unsigned long fsbase, gsbase;	/* user's, valid while not running */
	void *fpu;			/* user FPU state in memory, XSAVE standard format; NULL: kernel thread */
	u32 pkru;			/* rights by protection key, valid while not running */
	int fpu_cpu;			/* CPU whose registers hold it too (if fpu_owner agrees), or -1 */
	unsigned long cr2, trap_nr, error_code;	/* of the last exception that became a signal */
	unsigned long virtual_dr6;	/* for ptrace: what the last debug exception reported */
	unsigned long debugreg[4];	/* for ptrace: addresses of breakpoints, valid with TIF_DEBUG */
	unsigned long dr7;		/* which of them are armed, and for what; 0: none */
};

/*
 * switch_to(prev, next, last) - run @next. Returns in the context of a task that was switched away
 * from earlier, with @last = the task that ran before it came back.
 * => called with the run queue locked, interrupts off; the mm has been switched already.
 * It sets current, the kernel stack of the CPU, FS/GS bases, and saves the FPU.
 */
struct task_struct *__switch_to_asm(struct task_struct *prev, struct task_struct *next,
				    unsigned long *prev_sp, unsigned long *next_sp);
#define switch_to(prev, next, last) \
	((last) = __switch_to_asm(prev, next, &(prev)->thread.sp, &(next)->thread.sp))

/**
 * copy_thread - set up the registers of the new task @p (p->stack is there, p a copy of current).
 * args->fn: kernel code to run (args->fn_arg), else a child that returns 0 from the system call,
 * on args->stack if not 0, with FS base args->tls under CLONE_SETTLS.
 * Return: 0, -ENOMEM. Context: may sleep. Undone by arch_release_task_struct().
 */
int copy_thread(struct task_struct *p, const struct kernel_clone_args *args);
/* Give back what copy_thread() took; called when @tsk is freed. Any context. */
void arch_release_task_struct(struct task_struct *tsk);
/* For the copy in dup_task_struct(): must precede anything that can fail. */
static inline void arch_dup_thread_init(struct thread_struct *thread)
{
	thread->fpu = NULL;
	thread->fpu_cpu = -1;
}

/* exec, point of no return passed: fresh FPU, FS and GS bases 0, no debug registers. 0 or -ENOMEM. */
int flush_thread(void);
/* The running task will enter user mode at @new_ip with stack @new_sp; all else zero. */
void start_thread(struct pt_regs *regs, unsigned long new_ip, unsigned long new_sp);

/* Use of the FPU in the kernel. Disables preemption between the two; not in hard interrupts that
 * came in between them (irq_fpu_usable() tells). */
void kernel_fpu_begin(void);
void kernel_fpu_end(void);
bool irq_fpu_usable(void);

/* On each CPU: CR0, CR4, XCR0. The first call, on the boot CPU, chooses the features. */
void fpu_init_cpu(void);
/* Bytes of the user FPU state in a signal frame; bits of XCR0 that a task's state has (0: FXSAVE only). */
extern unsigned int fpu_user_size;
extern u64 fpu_xfeatures;

/* Flags of _TIF_SYSCALL_WORK_MASK of tasks that may be running were changed: on all CPUs from now on. May sleep. */
void arch_syscall_work_changed(void);

/* System call MSRs of this CPU; called by cpu_init() after GS base is set. */
void syscall_init(void);

/* IDT: trap_init() fills it and loads it on the boot CPU, idt_load() on another. */
void trap_init(void);
void idt_load(void);
/* After trap_init(), cheap user copies chosen by CPU. Called by it. */
void uaccess_init(void);

/* ptrace / core dump / signal frames. @tsk: current, or off its CPU for good (wait_task_inactive). */
void save_fpregs_to_memory(struct task_struct *tsk);
/* The FPU state as a program sees it: the first FXSAVE_SIZE bytes, or all fpu_user_size. 0, -EINVAL, -EFAULT. */
#define FXSAVE_SIZE	512
int fpu_get_fxregs(struct task_struct *tsk, void *buf);
int fpu_set_fxregs(struct task_struct *tsk, const void *buf, unsigned int count);
int fpu_get_xstate(struct task_struct *tsk, void *buf);
int fpu_set_xstate(struct task_struct *tsk, const void *buf, unsigned int count);
/* FS and GS base of @tsk, which is not current. */
unsigned long task_user_base(struct task_struct *tsk, bool gs);

/* Address range [0, n) of a user program's vDSO; maps it in exec. 0 or errno. May sleep. */
struct linux_binprm;
int arch_setup_additional_pages(struct linux_binprm *bprm, int uses_interp);
/* The vsyscall page: not a VMA, but /proc/PID/maps shows it and faults on it are emulated. */
#define VSYSCALL_ADDR	(-10UL << 20)

/* Auxiliary vector entries of this machine: AT_SYSINFO_EHDR, AT_MINSIGSTKSZ. */
extern unsigned long elf_hwcap, elf_hwcap2;	/* CPUID.1.EDX; HWCAP2_FSGSBASE */
unsigned int arch_minsigstksz(void);

long do_arch_prctl_64(struct task_struct *task, int option, unsigned long arg2);
#endif /* !__ASSEMBLY__ */
#endif
