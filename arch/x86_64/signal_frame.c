// SPDX-License-Identifier: MIT
/*
 * Running a signal handler: the frame on the user's stack, the way back, and the restart of system
 * calls.
 *
 *	old sp
 *	  128 bytes     red zone, not touched
 *	  FPU state     64-byte aligned, XSAVE standard format, magic numbers as in <asm/sigcontext.h>
 *	  siginfo
 *	  ucontext      registers, mask, alternate stack
 *	  pretcode      return address: sa_restorer, which executes rt_sigreturn       <- sp, 16n + 8
 *
 * The layout is ABI: glibc, musl, gdb and unwinders read it. rt_sigreturn trusts nothing in it: only
 * harmless flags are taken over, selectors get privilege 3, a bad address or selector faults at iretq
 * and becomes SIGSEGV (fixup_bad_iret), the FPU state is cleaned before it is loaded (fpu.c).
 *
 * Restart: a system call that a signal interrupts returns one of the ERESTART codes, which no
 * program sees:
 *
 *	                        handler runs        no handler
 *	ERESTARTNOINTR          again               again
 *	ERESTARTSYS             again if SA_RESTART again
 *	ERESTARTNOHAND          EINTR               again
 *	ERESTART_RESTARTBLOCK   EINTR               restart_syscall(2), which calls restart_block.fn
 */
#include <base/types.h>
#include <base/compiler.h>
#include <base/errno.h>
#include <base/string.h>
#include <seam/current.h>
#include <seam/processor.h>
#include <seam/ptrace.h>
#include <seam/thread.h>
#include <seam/uaccess.h>
#include <kernel/ksyscall.h>
#include <kernel/printk.h>
#include <kernel/rseq.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <asm/signal.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h>
#include "fpu_internal.h"

struct rt_sigframe {
	unsigned long pretcode;
	struct ucontext uc;
	siginfo_t info;
};

#define REDZONE 128
#define FLAGS_RESTORED                                                                             \
	(X86_EFLAGS_AC | X86_EFLAGS_OF | X86_EFLAGS_DF | X86_EFLAGS_TF | X86_EFLAGS_SF |           \
	 X86_EFLAGS_ZF | X86_EFLAGS_AF | X86_EFLAGS_PF | X86_EFLAGS_CF | X86_EFLAGS_RF)

/* Largest frame, for AT_MINSIGSTKSZ: with the padding that alignment may need. */
unsigned int arch_minsigstksz(void)
{
	return (unsigned int)((sizeof(struct rt_sigframe) + fpu_frame_size() + 63 + 16 + 15) &
			      ~15UL);
}

static bool within_altstack(unsigned long sp)
{
	return sp > current->sas_ss_sp && sp - current->sas_ss_sp <= current->sas_ss_size;
}

/* Where the frame goes; NULL when it does not fit onto the alternate stack. */
static struct rt_sigframe __user *place_frame(struct ksignal *ksig, struct pt_regs *regs,
					      unsigned long *fpstate)
{
	unsigned long sp = regs->sp - REDZONE;
	bool on_altstack = on_sig_stack(sp);

	if ((ksig->ka.sa.sa_flags & SA_ONSTACK) && sas_ss_flags(sp) == 0) {
		sp = current->sas_ss_sp + current->sas_ss_size;
		on_altstack = true;
	}
	sp = fpu_frame_alloc(sp, fpstate);
	sp = ((sp - sizeof(struct rt_sigframe)) & ~15UL) - 8;
	if (on_altstack && !within_altstack(sp))
		return NULL;
	return (struct rt_sigframe __user *)sp;
}

static void save_registers(struct sigcontext *sc, const struct pt_regs *regs, unsigned long mask,
			   unsigned long fpstate)
{
	*sc = (struct sigcontext){
		.r8 = regs->r8,
		.r9 = regs->r9,
		.r10 = regs->r10,
		.r11 = regs->r11,
		.r12 = regs->r12,
		.r13 = regs->r13,
		.r14 = regs->r14,
		.r15 = regs->r15,
		.rdi = regs->di,
		.rsi = regs->si,
		.rbp = regs->bp,
		.rbx = regs->bx,
		.rdx = regs->dx,
		.rax = regs->ax,
		.rcx = regs->cx,
		.rsp = regs->sp,
		.rip = regs->ip,
		.eflags = regs->flags,
		.cs = (u16)regs->cs,
		.ss = (u16)regs->ss,
		.err = current->thread.error_code,
		.trapno = current->thread.trap_nr,
		.oldmask = mask,
		.cr2 = current->thread.cr2,
		.fpstate = (struct _fpstate *)fpstate,
	};
}

static int setup_rt_frame(struct ksignal *ksig, struct pt_regs *regs)
{
	struct rt_sigframe __user *frame;
	unsigned long fpstate;
	struct ucontext uc = { 0 };
	sigset_t *set = sigmask_to_save();

	if (!(ksig->ka.sa.sa_flags & SA_RESTORER))
		return -EFAULT;
	frame = place_frame(ksig, regs, &fpstate);
	if (!frame || !access_ok(frame, sizeof(*frame)) ||
	    !fpu_copy_to_frame((void __user *)fpstate))
		return -EFAULT;
	uc.uc_flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS | (fpu_xfeatures ? UC_FP_XSTATE : 0);
	save_registers(&uc.uc_mcontext, regs, *set, fpstate);
	uc.uc_sigmask = *set;
	if (copy_to_user(&frame->uc, &uc, sizeof(uc)) ||
	    __save_altstack(&frame->uc.uc_stack, regs->sp) ||
	    put_user((unsigned long)ksig->ka.sa.sa_restorer, &frame->pretcode))
		return -EFAULT;
	if ((ksig->ka.sa.sa_flags & SA_SIGINFO) && copy_siginfo_to_user(&frame->info, &ksig->info))
		return -EFAULT;
	regs->di = (unsigned long)ksig->sig;
	regs->ax = 0;
	regs->si = (unsigned long)&frame->info;
	regs->dx = (unsigned long)&frame->uc;
	regs->ip = (unsigned long)ksig->ka.sa.sa_handler;
	regs->sp = (unsigned long)frame;
	regs->cs = __USER_CS;
	regs->ss = __USER_DS;
	return 0;
}

/* Did @regs come by a system call, so that ax is its result? */
static bool in_syscall(const struct pt_regs *regs)
{
	return (long)regs->orig_ax >= 0;
}

static void restart(struct pt_regs *regs, unsigned long nr)
{
	regs->ax = nr;
	regs->ip -= 2; /* length of the syscall instruction */
}

static void handle_signal(struct ksignal *ksig, struct pt_regs *regs)
{
	bool stepping = test_thread_flag(TIF_SINGLESTEP);
	int failed;

	if (in_syscall(regs)) {
		switch ((long)regs->ax) {
		case -ERESTART_RESTARTBLOCK:
		case -ERESTARTNOHAND:
			regs->ax = (unsigned long)-EINTR;
			break;
		case -ERESTARTSYS:
			if (!(ksig->ka.sa.sa_flags & SA_RESTART)) {
				regs->ax = (unsigned long)-EINTR;
				break;
			}
			fallthrough;
		case -ERESTARTNOINTR:
			restart(regs, regs->orig_ax);
			break;
		}
	}
	if (stepping)
		user_disable_single_step(current);
	rseq_signal_deliver(regs);
	failed = setup_rt_frame(ksig, regs);
	if (!failed) {
		/* A handler begins with clear direction and trap flags and a fresh FPU, as the ABI says. */
		regs->flags &= ~(X86_EFLAGS_DF | X86_EFLAGS_RF | X86_EFLAGS_TF);
		fpu_reset();
	}
	signal_setup_done(failed, ksig, stepping);
}

void arch_do_signal_or_restart(struct pt_regs *regs)
{
	struct ksignal ksig;

	if (get_signal(&ksig)) {
		handle_signal(&ksig, regs);
		return;
	}
	if (in_syscall(regs)) {
		switch ((long)regs->ax) {
		case -ERESTARTNOHAND:
		case -ERESTARTSYS:
		case -ERESTARTNOINTR:
			restart(regs, regs->orig_ax);
			break;
		case -ERESTART_RESTARTBLOCK:
			restart(regs, __NR_restart_syscall);
			break;
		}
	}
	restore_saved_sigmask();
}

static bool restore_registers(struct pt_regs *regs, const struct sigcontext *sc,
			      unsigned long uc_flags)
{
	*regs = (struct pt_regs){
		.r8 = sc->r8,
		.r9 = sc->r9,
		.r10 = sc->r10,
		.r11 = sc->r11,
		.r12 = sc->r12,
		.r13 = sc->r13,
		.r14 = sc->r14,
		.r15 = sc->r15,
		.di = sc->rdi,
		.si = sc->rsi,
		.bp = sc->rbp,
		.bx = sc->rbx,
		.dx = sc->rdx,
		.ax = sc->rax,
		.cx = sc->rcx,
		.sp = sc->rsp,
		.ip = sc->rip,
		.cs = sc->cs | 3UL,
		.ss = sc->ss | 3UL,
		.flags = (regs->flags & ~FLAGS_RESTORED) | (sc->eflags & FLAGS_RESTORED),
		.orig_ax = (unsigned long)-1,
	};
	if (!(uc_flags & UC_STRICT_RESTORE_SS))
		regs->ss = __USER_DS;
	return fpu_copy_from_frame((void __user *)sc->fpstate);
}

SYSCALL_DEFINE0(rt_sigreturn)
{
	struct pt_regs *regs = current_pt_regs();
	struct rt_sigframe __user *frame = (struct rt_sigframe __user *)(regs->sp - 8);
	struct ucontext uc;

	current->restart_block.fn = do_no_restart_syscall;
	if (copy_from_user(&uc, &frame->uc, sizeof(uc)))
		goto bad;
	set_current_blocked(&uc.uc_sigmask);
	if (!restore_registers(regs, &uc.uc_mcontext, uc.uc_flags))
		goto bad;
	if (restore_altstack(&frame->uc.uc_stack))
		goto bad;
	return (long)regs->ax;
bad:
	if (unhandled_signal(current, SIGSEGV))
		pr_info("%s[%d] bad frame in rt_sigreturn frame:%lx ip:%lx sp:%lx orax:%lx\n",
			current->comm, current->pid, (unsigned long)frame, regs->ip, regs->sp,
			regs->orig_ax);
	force_sig(SIGSEGV);
	return 0;
}
