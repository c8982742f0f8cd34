// SPDX-License-Identifier: MIT
/*
 * Exceptions, all but page faults (fault.c).
 *
 * From user mode each becomes a signal with the si_code and si_addr that Linux 6.1 gives:
 *
 *	#DE SIGFPE FPE_INTDIV ip	#UD SIGILL ILL_ILLOPN ip	#AC SIGBUS BUS_ADRALN 0
 *	#DB SIGTRAP TRAP_TRACE ip	#GP SIGSEGV SI_KERNEL		#MF SIGFPE by status word, ip
 *	#BP SIGTRAP SI_KERNEL		#NP SIGBUS SI_KERNEL		#XF SIGFPE by MXCSR, ip
 *	#OF #BR #TS SIGSEGV SI_KERNEL	#SS SIGBUS SI_KERNEL
 *
 * From kernel mode: the exception table (extable.c), else an oops (die() in kernel/panic.c).
 * A kernel stack that runs into its guard page cannot even take the page fault: the CPU raises a
 * double fault, which has a stack of its own, and CR2 tells that it was the guard page.
 *
 * A program that dies of such a signal without a handler is reported on the log as in Linux
 * ("traps: prog[12] trap divide error ip:... sp:... error:0 in prog[...]"), at most 10 in 5 s.
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/string.h>
#include <seam/current.h>
#include <seam/extable.h>
#include <seam/irq_vectors.h>
#include <seam/irqflags.h>
#include <seam/percpu.h>
#include <seam/processor.h>
#include <seam/ptrace.h>
#include <seam/smp.h>
#include <seam/thread.h>
#include <seam/trapnr.h>
#include <seam/uaccess.h>
#include <sync/preempt.h>
#include <kernel/init.h>
#include <kernel/irq.h>
#include <kernel/ksyscall.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/clockchips.h>
#include <asm/siginfo.h>
#include "debugreg.h"
#include "fpu_internal.h"
#include "entry.h"

struct idt_gate {
	u16 offset_low, segment;
	u8 ist, type_dpl;
	u16 offset_mid;
	u32 offset_high, reserved;
};

static struct idt_gate idt_table[NR_VECTORS] __attribute__((aligned(4096)));

#define GATE_INTERRUPT 0x8e
#define GATE_USER      0xee /* int3 and into may be executed by user mode */

static void __init set_gate(unsigned int vector, const void *entry, u8 type, u8 ist)
{
	unsigned long addr = (unsigned long)entry;

	idt_table[vector] = (struct idt_gate){
		.offset_low = (u16)addr,
		.offset_mid = (u16)(addr >> 16),
		.offset_high = (u32)(addr >> 32),
		.segment = __KERNEL_CS,
		.ist = ist,
		.type_dpl = type,
	};
}

static void __init idt_setup(void)
{
	static const struct {
		u8 vector;
		void (*entry)(void);
	} gates[] = {
		{ X86_TRAP_DE, asm_exc_divide_error },
		{ X86_TRAP_BR, asm_exc_bounds },
		{ X86_TRAP_UD, asm_exc_invalid_op },
		{ X86_TRAP_NM, asm_exc_device_not_available },
		{ X86_TRAP_OLD_MF, asm_exc_coproc_segment_overrun },
		{ X86_TRAP_TS, asm_exc_invalid_tss },
		{ X86_TRAP_NP, asm_exc_segment_not_present },
		{ X86_TRAP_SS, asm_exc_stack_segment },
		{ X86_TRAP_GP, asm_exc_general_protection },
		{ X86_TRAP_PF, asm_exc_page_fault },
		{ X86_TRAP_MF, asm_exc_coprocessor_error },
		{ X86_TRAP_AC, asm_exc_alignment_check },
		{ X86_TRAP_XF, asm_exc_simd_coprocessor_error },
		{ X86_TRAP_SPURIOUS, asm_exc_unknown },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(gates); i++)
		set_gate(gates[i].vector, gates[i].entry, GATE_INTERRUPT, 0);
	set_gate(X86_TRAP_BP, asm_exc_int3, GATE_USER, 0);
	set_gate(X86_TRAP_OF, asm_exc_overflow, GATE_USER, 0);
	set_gate(X86_TRAP_DB, asm_exc_debug, GATE_INTERRUPT, IST_INDEX_DB + 1);
	set_gate(X86_TRAP_NMI, asm_exc_nmi, GATE_INTERRUPT, IST_INDEX_NMI + 1);
	set_gate(X86_TRAP_DF, asm_exc_double_fault, GATE_INTERRUPT, IST_INDEX_DF + 1);
	set_gate(X86_TRAP_MC, asm_exc_machine_check, GATE_INTERRUPT, IST_INDEX_MCE + 1);
	for (unsigned int v = FIRST_EXTERNAL_VECTOR; v < NR_VECTORS; v++)
		set_gate(v, irq_entries_start + 16 * (v - FIRST_EXTERNAL_VECTOR), GATE_INTERRUPT,
			 0);
}

void idt_load(void)
{
	struct desc_ptr ptr = { .size = sizeof(idt_table) - 1, .address = (u64)idt_table };

	__asm__ volatile("lidt %0" : : "m"(ptr));
}

/* On the boot CPU after setup_arch(): from here on faults are told, not triple faults. */
void __init trap_init(void)
{
	unsigned long cr0;

	cpu_init();
	/* The exception table and the text are read-only already: the last writes to them. */
	cr0 = read_cr0();
	write_cr0(cr0 & ~X86_CR0_WP);
	sort_main_extable();
	uaccess_init();
	write_cr0(cr0);
	idt_setup();
	idt_load();
	syscall_table_init();
	elf_hwcap_init();
}

static void cond_irq_enable(const struct pt_regs *regs)
{
	if (regs->flags & X86_EFLAGS_IF)
		local_irq_enable();
}

/* At most 10 lines in 5 seconds. */
static bool may_print(void)
{
	static u64 begin;
	static unsigned int printed;
	u64 now = sched_clock();

	if (now - begin > 5000000000ULL) {
		begin = now;
		printed = 0;
	}
	return printed++ < 10;
}

void show_signal_msg(struct pt_regs *regs, const char *what, unsigned long error,
		     unsigned long address, bool with_address)
{
	if (!may_print())
		return;
	if (with_address)
		pr_info("%s[%d]: %s at %lx ip %016lx sp %016lx error %lx\n", current->comm,
			task_pid_nr(current), what, address, regs->ip, regs->sp, error);
	else
		pr_info("traps: %s[%d] trap %s ip:%lx sp:%lx error:%lx\n", current->comm,
			task_pid_nr(current), what, regs->ip, regs->sp, error);
}

/*
 * The common end of most exceptions. @code 0: the signal without an address (si_code SI_KERNEL).
 */
static void do_trap(int trapnr, int sig, const char *what, struct pt_regs *regs,
		    unsigned long error, int code, void __user *addr)
{
	if (error == ~0UL)
		error = 0;
	if (!user_mode(regs)) {
		if (fixup_exception(regs, trapnr))
			return;
		die(what, regs, (long)error);
		return;
	}
	current->thread.trap_nr = (unsigned long)trapnr;
	current->thread.error_code = error;
	if (unhandled_signal(current, sig))
		show_signal_msg(regs, what, error, 0, false);
	cond_irq_enable(regs);
	if (code)
		force_sig_fault(sig, code, addr);
	else
		force_sig(sig);
}

#define IP(regs) ((void __user *)(regs)->ip)

void exc_divide_error(struct pt_regs *regs, unsigned long error)
{
	do_trap(X86_TRAP_DE, SIGFPE, "divide error", regs, error, FPE_INTDIV, IP(regs));
}

void exc_overflow(struct pt_regs *regs, unsigned long error)
{
	do_trap(X86_TRAP_OF, SIGSEGV, "overflow", regs, error, 0, NULL);
}

void exc_bounds(struct pt_regs *regs, unsigned long error)
{
	do_trap(X86_TRAP_BR, SIGSEGV, "bounds", regs, error, 0, NULL);
}

void exc_invalid_op(struct pt_regs *regs, unsigned long error)
{
	do_trap(X86_TRAP_UD, SIGILL, "invalid opcode", regs, error, ILL_ILLOPN, IP(regs));
}

void exc_device_not_available(struct pt_regs *regs, unsigned long error)
{
	/* CR0.TS is never set: should it be, clear it and go on, as a lost bit must not kill. */
	if (read_cr0() & X86_CR0_TS) {
		WARN_ON_ONCE(1);
		write_cr0(read_cr0() & ~X86_CR0_TS);
		return;
	}
	die("unexpected #NM exception", regs, 0);
}

void exc_coproc_segment_overrun(struct pt_regs *regs, unsigned long error)
{
	do_trap(X86_TRAP_OLD_MF, SIGFPE, "coprocessor segment overrun", regs, error, 0, NULL);
}

void exc_invalid_tss(struct pt_regs *regs, unsigned long error)
{
	do_trap(X86_TRAP_TS, SIGSEGV, "invalid TSS", regs, error, 0, NULL);
}

void exc_segment_not_present(struct pt_regs *regs, unsigned long error)
{
	do_trap(X86_TRAP_NP, SIGBUS, "segment not present", regs, error, 0, NULL);
}

void exc_stack_segment(struct pt_regs *regs, unsigned long error)
{
	do_trap(X86_TRAP_SS, SIGBUS, "stack segment", regs, error, 0, NULL);
}

void exc_general_protection(struct pt_regs *regs, unsigned long error)
{
	do_trap(X86_TRAP_GP, SIGSEGV,
		user_mode(regs) ? "general protection fault"
				: "general protection fault, probably for non-canonical address",
		regs, error, 0, NULL);
}

void exc_alignment_check(struct pt_regs *regs, unsigned long error)
{
	do_trap(X86_TRAP_AC, SIGBUS, "alignment check", regs, error, BUS_ADRALN, NULL);
}

void exc_unknown(struct pt_regs *regs, unsigned long error)
{
	pr_warn_once("spurious exception 15 at %lx\n", regs->ip);
}

void exc_int3(struct pt_regs *regs, unsigned long error)
{
	do_trap(X86_TRAP_BP, SIGTRAP, "int3", regs, 0, 0, NULL);
}

void send_sigtrap(struct pt_regs *regs, int code)
{
	current->thread.trap_nr = X86_TRAP_DB;
	current->thread.error_code = 0;
	force_sig_fault(SIGTRAP, code, IP(regs));
}

/* From user mode, on the task's stack again. */
void exc_debug(struct pt_regs *regs, unsigned long error)
{
	unsigned long dr6 = take_dr6();

	if (dr6 & DR_STEP)
		clear_thread_flag(TIF_BLOCKSTEP); /* the CPU has cleared its bit */
	current->thread.virtual_dr6 = dr6 & (DR_STEP | DR_TRAP_BITS);
	cond_irq_enable(regs);
	send_sigtrap(regs, dr6 & DR_STEP	? TRAP_TRACE
			   : dr6 & DR_TRAP_BITS ? TRAP_HWBKPT
						: TRAP_BRKPT);
}

/*
 * From kernel mode, on a stack of its own: a user's breakpoint hit by the kernel's access to user memory, or put off
 * until behind a syscall instruction (a load of SS does that). Nobody is told, as in Linux since 5.8; debug
 * registers never point at kernel memory, and TF is clear in the kernel.
 */
void exc_debug_kernel(struct pt_regs *regs, unsigned long error, unsigned long cr2)
{
	(void)take_dr6();
	regs->flags &= ~X86_EFLAGS_TF;
}

/* si_code for the exception bits that are pending and not masked; 0: none (spurious). */
static int fpu_exception_code(unsigned int status, unsigned int mask)
{
	unsigned int err = status & ~mask;

	if (err & 0x01)
		return FPE_FLTINV;
	if (err & 0x04)
		return FPE_FLTDIV;
	if (err & 0x08)
		return FPE_FLTOVF;
	if (err & 0x12)
		return FPE_FLTUND;
	if (err & 0x20)
		return FPE_FLTRES;
	return 0;
}

static void math_error(struct pt_regs *regs, int trapnr)
{
	const char *what = trapnr == X86_TRAP_MF ? "fpu exception" : "simd exception";
	u32 mxcsr;
	u8 *buf;
	int code;

	if (!user_mode(regs)) {
		if (!fixup_exception(regs, trapnr))
			die(what, regs, 0);
		return;
	}
	save_fpregs_to_memory(current);
	buf = current->thread.fpu;
	if (trapnr == X86_TRAP_MF) {
		code = fpu_exception_code(*(u16 *)(buf + 2), *(u16 *)buf);
	} else {
		mxcsr = *(u32 *)(buf + 24);
		code = fpu_exception_code(mxcsr, mxcsr >> 7);
	}
	if (!code)
		return;
	current->thread.trap_nr = (unsigned long)trapnr;
	current->thread.error_code = 0;
	cond_irq_enable(regs);
	force_sig_fault(SIGFPE, code, IP(regs));
}

void exc_coprocessor_error(struct pt_regs *regs, unsigned long error)
{
	math_error(regs, X86_TRAP_MF);
}

void exc_simd_coprocessor_error(struct pt_regs *regs, unsigned long error)
{
	math_error(regs, X86_TRAP_XF);
}

/*
 * iretq to user mode faulted: the CPU is in kernel mode and @bad has the user's other registers,
 * bad->sp points at the five words that iretq wanted. Make it look as if user mode had faulted.
 */
/* An exception of user mode arrived on a stack of its own: its registers go where they always are. */
struct pt_regs *leave_ist_stack(struct pt_regs *from)
{
	return memcpy(current_pt_regs(), from, sizeof(*from));
}

struct pt_regs *fixup_bad_iret(struct pt_regs *bad)
{
	struct pt_regs *regs = current_pt_regs(), tmp = *bad;

	memcpy(&tmp.ip, (void *)bad->sp, 5 * 8);
	*regs = tmp;
	return regs;
}

/* ---- on stacks of their own ---- */

void exc_nmi(struct pt_regs *regs, unsigned long error, unsigned long cr2)
{
	__preempt_count_add(NMI_OFFSET);
	inc_irq_stat(IRQ_STAT_NMI);
	if (!smp_nmi_stop_requested())
		pr_emerg("NMI without known reason on CPU %u at %pS\n", smp_processor_id(),
			 (void *)regs->ip);
	__preempt_count_sub(NMI_OFFSET);
}

void exc_double_fault(struct pt_regs *regs, unsigned long error, unsigned long cr2)
{
	unsigned long low = (unsigned long)current->stack;

	/* The page below the stack, or the lowest bytes that an exception frame could not fit into. */
	if (cr2 >= low - PAGE_SIZE && cr2 < low) {
		pr_emerg(
			"BUG: kernel stack guard page was hit at %016lx (stack is %016lx..%016lx)\n",
			cr2, low, low + THREAD_SIZE - 1);
		die("kernel stack overflow (double-fault)", regs, (long)error);
	} else {
		pr_emerg("CR2 at the double fault: %016lx\n", cr2);
		die("double fault", regs, (long)error);
	}
	panic("Machine halted.");
}

void exc_machine_check(struct pt_regs *regs, unsigned long error, unsigned long cr2)
{
	u64 cap = rdmsrl_val(0x179);

	inc_irq_stat(IRQ_STAT_MCE);
	for (unsigned int bank = 0; bank < (cap & 0xff); bank++) {
		u64 status = rdmsrl_val(0x401 + 4 * bank);

		if (status >> 63)
			pr_emerg("machine check: bank %u status %016llx address %016llx\n", bank,
				 status, status >> 58 & 1 ? rdmsrl_val(0x402 + 4 * bank) : 0);
	}
	panic("Machine check on CPU %u at %pS", smp_processor_id(), (void *)regs->ip);
}
