/* SPDX-License-Identifier: MIT */
/*
 * Into the kernel and out of it.
 *
 * Purpose. System calls, exceptions and interrupts build a struct pt_regs and call C; on the way back
 * to user mode one byte of flags (the TIF_* of the task) tells whether anything is to be done.
 *
 * The two ways to save. C functions preserve bx bp r12-r15, so the short ways in (system call, page
 * fault from user mode, interrupt) store only the other registers and leave six holes in pt_regs;
 * the short way out loads the others again. Whoever needs all of pt_regs (signals, fork, exec,
 * ptrace) is reached through the long way, which fills the holes first:
 *
 *	system call ----> call table ------------------------> flags == 0 ? ----> load 9, sysret
 *	   |  traced or              ^ fork, exec, sigreturn:       | work
 *	   |  number too large       | stub_full_syscall fills      v
 *	   +-> fill, do_syscall_slow-+--> syscall_exit_slow() <--- fill  ----> load 15, sysret or iret
 *
 * Stack. pt_regs of user mode always ends at the top of the task's kernel stack; below it lies one
 * word of padding, so that %rsp is a multiple of 16 at each call into C. So PT(x) = 8 + x.
 *
 * GS. In the kernel GS base is the CPU's area, in user mode the program's. Entries from user mode and
 * exits to it execute swapgs with interrupts off. An NMI, machine check or double fault may come
 * between: the paranoid entry sets GS base by the CPU's number and puts back what it found.
 *
 * iretq can fault (a debugger or rt_sigreturn wrote a bad address): the fault is seen in kernel mode
 * with the user's GS. bad_iret turns it into a fault of user mode.
 *
 * Compared with Linux 6.1 (entry_64.S): no table switch or mitigations, no registers cleared, no
 * scratch stack; a null system call is 36 instructions of entry code instead of about 130.
 */
#include <seam/processor.h>
#include <seam/ptrace.h>
#include <seam/thread.h>
#include <seam/extable.h>
#include <seam/irq_vectors.h>
#include <seam/msr.h>

#define R_R15	0
#define R_R14	8
#define R_R13	16
#define R_R12	24
#define R_BP	32
#define R_BX	40
#define R_R11	48
#define R_R10	56
#define R_R9	64
#define R_R8	72
#define R_AX	80
#define R_CX	88
#define R_DX	96
#define R_SI	104
#define R_DI	112
#define R_ORIG	120
#define R_IP	128
#define R_CS	136
#define R_FLAGS	144
#define R_SP	152
#define R_SS	160
#define PT(x)	(8 + x)

#define ENOSYS	38

/* Without SMAP these three bytes become a nop (uaccess_init). */
.macro CLAC
771:	.byte 0x0f, 0x01, 0xca
	.pushsection __smap_sites, "a"
	.balign 4
	.long 771b - .
	.popsection
.endm

.macro FILL_HOLES
	movq	%rbx, PT(R_BX)(%rsp)
	movq	%rbp, PT(R_BP)(%rsp)
	movq	%r12, PT(R_R12)(%rsp)
	movq	%r13, PT(R_R13)(%rsp)
	movq	%r14, PT(R_R14)(%rsp)
	movq	%r15, PT(R_R15)(%rsp)
.endm

.macro LOAD_HOLES
	movq	PT(R_BX)(%rsp), %rbx
	movq	PT(R_BP)(%rsp), %rbp
	movq	PT(R_R12)(%rsp), %r12
	movq	PT(R_R13)(%rsp), %r13
	movq	PT(R_R14)(%rsp), %r14
	movq	PT(R_R15)(%rsp), %r15
.endm

/* The nine others, for exceptions and interrupts; %rsp at the error code before, at the padding after. */
.macro SAVE_NINE
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	subq	$(48 + 8), %rsp
.endm

.macro LOAD_NINE
	movq	PT(R_R11)(%rsp), %r11
	movq	PT(R_R10)(%rsp), %r10
	movq	PT(R_R9)(%rsp), %r9
	movq	PT(R_R8)(%rsp), %r8
	movq	PT(R_AX)(%rsp), %rax
	movq	PT(R_CX)(%rsp), %rcx
	movq	PT(R_DX)(%rsp), %rdx
	movq	PT(R_SI)(%rsp), %rsi
	movq	PT(R_DI)(%rsp), %rdi
.endm

/* %rcx = current: is there work before user mode? A debug build looks at the locks each time. */
.macro JUMP_IF_EXIT_WORK label
#if QUIRE_DEBUG
	jmp	\label
#else
	testb	$_TIF_EXIT_WORK_MASK, (%rcx)
	jnz	\label
#endif
.endm

	.section .entry.text, "ax"

/* ---- system calls ---- */

	.balign 64
	.globl entry_SYSCALL_64
	.type entry_SYSCALL_64, @function
entry_SYSCALL_64:
	swapgs
	movq	%rsp, %gs:cpu_user_rsp_scratch
	movq	%gs:cpu_current_top_of_stack, %rsp
	pushq	$__USER_DS
	pushq	%gs:cpu_user_rsp_scratch
	pushq	%r11
	pushq	$__USER_CS
	pushq	%rcx
	pushq	%rax
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	subq	$(R_DX + 8), %rsp
	movq	%r8, PT(R_R8)(%rsp)
	movq	%r9, PT(R_R9)(%rsp)
	movq	%r10, PT(R_R10)(%rsp)
	/* The limit is 0 for a task that is traced: one compare for both questions. */
	cmpq	%gs:cpu_syscall_limit, %rax
	jae	.Lsyscall_slow
	movq	%r10, %rcx
	sti
	call	*sys_call_table(, %rax, 8)
	cli
	movq	%gs:current_task, %rcx
	JUMP_IF_EXIT_WORK .Lsyscall_exit_work
	movq	PT(R_R8)(%rsp), %r8
	movq	PT(R_R9)(%rsp), %r9
	movq	PT(R_R10)(%rsp), %r10
	movq	PT(R_DX)(%rsp), %rdx
	movq	PT(R_SI)(%rsp), %rsi
	movq	PT(R_DI)(%rsp), %rdi
	movq	PT(R_FLAGS)(%rsp), %r11
	movq	PT(R_IP)(%rsp), %rcx
	movq	PT(R_SP)(%rsp), %rsp
	swapgs
	sysretq

.Lsyscall_slow:
	movq	%rcx, PT(R_CX)(%rsp)
	movq	%r11, PT(R_R11)(%rsp)
	movq	$-ENOSYS, PT(R_AX)(%rsp)
	FILL_HOLES
	sti
	leaq	PT(0)(%rsp), %rdi
	call	do_syscall_slow
	cli
	jmp	.Lsyscall_exit_full

.Lsyscall_exit_work:
	movq	%rax, PT(R_AX)(%rsp)
	movq	PT(R_IP)(%rsp), %rcx
	movq	%rcx, PT(R_CX)(%rsp)
	movq	PT(R_FLAGS)(%rsp), %rcx
	movq	%rcx, PT(R_R11)(%rsp)
	FILL_HOLES
/* pt_regs is complete, interrupts are off, %rsp at the padding. */
.Lsyscall_exit_full:
	leaq	PT(0)(%rsp), %rdi
	call	syscall_exit_slow
	testb	%al, %al
	jz	.Lreturn_user_full
	LOAD_HOLES
	LOAD_NINE
	movq	PT(R_SP)(%rsp), %rsp
	swapgs
	sysretq

/*
 * In sys_call_table instead of the calls that read or replace all registers: called by the entry
 * above, so %rsp is one word lower; the return address is dropped.
 */
	.globl stub_full_syscall
	.type stub_full_syscall, @function
stub_full_syscall:
	addq	$8, %rsp
	FILL_HOLES
	movq	PT(R_IP)(%rsp), %r11
	movq	%r11, PT(R_CX)(%rsp)
	movq	PT(R_FLAGS)(%rsp), %r11
	movq	%r11, PT(R_R11)(%rsp)
	call	*sys_call_impl(, %rax, 8)
	movq	%rax, PT(R_AX)(%rsp)
	cli
	jmp	.Lsyscall_exit_full

/* First instructions of a new task: %rax = the task before it (from __switch_to). */
	.globl ret_from_fork
	.type ret_from_fork, @function
ret_from_fork:
	movq	%rax, %rdi
	call	schedule_tail
	testq	%rbx, %rbx
	jz	1f
	/* A kernel function; it returns when it has become a program (kernel_execve). */
	movq	%r12, %rdi
	call	*%rbx
	movq	$0, PT(R_AX)(%rsp)
1:	cli
	jmp	.Lsyscall_exit_full

/* task_struct *__switch_to_asm(prev, next, &prev->thread.sp, &next->thread.sp) */
	.globl __switch_to_asm
	.type __switch_to_asm, @function
__switch_to_asm:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, (%rdx)
	movq	(%rcx), %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	jmp	__switch_to

/* ---- the way back from exceptions and interrupts ---- */

/* After C with interrupts off, pt_regs complete: to user mode. */
.Lreturn_user_full:
	LOAD_HOLES
.Lreturn_user_nine:
	LOAD_NINE
	addq	$PT(R_IP), %rsp
	swapgs
.Lnative_iret:
	iretq

.Lexit_work_nine:
	FILL_HOLES
.Lexit_work_full:
	leaq	PT(0)(%rsp), %rdi
	call	exit_to_user_mode
	jmp	.Lreturn_user_full

/* ---- page faults: the short way when user mode faults ---- */

	.balign 64
	.globl asm_exc_page_fault
	.type asm_exc_page_fault, @function
asm_exc_page_fault:
	CLAC
	cld
	testb	$3, 16(%rsp)
	jz	.Lpage_fault_kernel
	swapgs
	SAVE_NINE
	movq	PT(R_ORIG)(%rsp), %rsi
	movq	$-1, PT(R_ORIG)(%rsp)
	movq	%cr2, %rdx
	leaq	PT(0)(%rsp), %rdi
	call	exc_page_fault_user
	cli
	movq	%gs:current_task, %rcx
	JUMP_IF_EXIT_WORK .Lexit_work_nine
	LOAD_NINE
	addq	$PT(R_IP), %rsp
	swapgs
.Liretq_user_fault:
	iretq

.Lpage_fault_kernel:
	SAVE_NINE
	FILL_HOLES
	movq	PT(R_ORIG)(%rsp), %rsi
	movq	$-1, PT(R_ORIG)(%rsp)
	movq	%cr2, %rdx
	leaq	PT(0)(%rsp), %rdi
	call	exc_page_fault_kernel
/* C may have changed ip and any register (exception table). */
.Lreturn_kernel_full:
	LOAD_HOLES
	LOAD_NINE
	addq	$PT(R_IP), %rsp
	iretq

/* ---- the other exceptions: always all registers ---- */

.macro EXCEPTION name handler has_error
	.balign 16
	.globl \name
	.type \name, @function
\name:
	CLAC
	cld
	.if \has_error == 0
	pushq	$-1
	.endif
	SAVE_NINE
	FILL_HOLES
	testb	$3, PT(R_CS)(%rsp)
	jz	1f
	swapgs
3:	movq	PT(R_ORIG)(%rsp), %rsi
	movq	$-1, PT(R_ORIG)(%rsp)
	leaq	PT(0)(%rsp), %rdi
	call	\handler
	cli
	jmp	.Lexit_work_full
1:
	.if \has_error
	cmpq	$.Lnative_iret, PT(R_IP)(%rsp)
	je	2f
	cmpq	$.Liretq_user_fault, PT(R_IP)(%rsp)
	je	2f
	.endif
	movq	PT(R_ORIG)(%rsp), %rsi
	movq	$-1, PT(R_ORIG)(%rsp)
	leaq	PT(0)(%rsp), %rdi
	call	\handler
	jmp	.Lreturn_kernel_full
	.if \has_error
2:	swapgs
	leaq	PT(0)(%rsp), %rdi
	call	fixup_bad_iret		/* new place of pt_regs, at the top of the stack */
	leaq	-8(%rax), %rsp
	jmp	3b
	.endif
.endm

	EXCEPTION asm_exc_divide_error exc_divide_error 0
	EXCEPTION asm_exc_int3 exc_int3 0
	EXCEPTION asm_exc_overflow exc_overflow 0
	EXCEPTION asm_exc_bounds exc_bounds 0
	EXCEPTION asm_exc_invalid_op exc_invalid_op 0
	EXCEPTION asm_exc_device_not_available exc_device_not_available 0
	EXCEPTION asm_exc_coproc_segment_overrun exc_coproc_segment_overrun 0
	EXCEPTION asm_exc_invalid_tss exc_invalid_tss 1
	EXCEPTION asm_exc_segment_not_present exc_segment_not_present 1
	EXCEPTION asm_exc_stack_segment exc_stack_segment 1
	EXCEPTION asm_exc_general_protection exc_general_protection 1
	EXCEPTION asm_exc_coprocessor_error exc_coprocessor_error 0
	EXCEPTION asm_exc_alignment_check exc_alignment_check 1
	EXCEPTION asm_exc_simd_coprocessor_error exc_simd_coprocessor_error 0
	EXCEPTION asm_exc_unknown exc_unknown 0

/*
 * ---- NMI, machine check, double fault, debug: on their own stacks, with any GS ----
 *
 * A debug exception can come between the entry of a system call and its swapgs: a breakpoint that a load
 * of SS puts off by one instruction. One from user mode moves to the task's stack, as it ends in a signal.
 */

.macro PARANOID name handler has_error from_user=0
	.balign 16
	.globl \name
	.type \name, @function
\name:
	CLAC
	cld
	.if \has_error == 0
	pushq	$-1
	.endif
	SAVE_NINE
	FILL_HOLES
	.ifnc \from_user, 0
	testb	$3, PT(R_CS)(%rsp)
	jz	1f
	swapgs
	leaq	PT(0)(%rsp), %rdi
	call	leave_ist_stack		/* the new place of pt_regs */
	leaq	-8(%rax), %rsp
	movq	$-1, PT(R_ORIG)(%rsp)
	movq	%rax, %rdi
	xorl	%esi, %esi
	call	\from_user
	cli
	jmp	.Lexit_work_full
1:
	.endif
	movl	$MSR_GS_BASE, %ecx
	rdmsr
	movl	%eax, %r12d
	movl	%edx, %r13d
	movl	$__CPUNODE_SEG, %eax
	lsll	%eax, %eax
	andl	$0xfff, %eax
	movq	__per_cpu_offset(, %rax, 8), %rax
	movq	%rax, %rdx
	shrq	$32, %rdx
	wrmsr
	movq	PT(R_ORIG)(%rsp), %rsi
	movq	$-1, PT(R_ORIG)(%rsp)
	movq	%cr2, %rdx
	leaq	PT(0)(%rsp), %rdi
	call	\handler
	movl	$MSR_GS_BASE, %ecx
	movl	%r12d, %eax
	movl	%r13d, %edx
	wrmsr
	jmp	.Lreturn_kernel_full
.endm

	PARANOID asm_exc_nmi exc_nmi 0
	PARANOID asm_exc_double_fault exc_double_fault 1
	PARANOID asm_exc_machine_check exc_machine_check 0
	PARANOID asm_exc_debug exc_debug_kernel 0 exc_debug

/* ---- interrupts ---- */

	.balign 16
	.globl irq_entries_start
irq_entries_start:
	vector = FIRST_EXTERNAL_VECTOR
	.rept NR_VECTORS - FIRST_EXTERNAL_VECTOR
	.balign 16
	pushq	$vector
	jmp	asm_common_interrupt
	vector = vector + 1
	.endr

	.balign 16
	.globl asm_common_interrupt
	.type asm_common_interrupt, @function
asm_common_interrupt:
	CLAC
	cld
	testb	$3, 16(%rsp)
	jz	1f
	swapgs
	SAVE_NINE
	movq	PT(R_ORIG)(%rsp), %rsi
	movq	$-1, PT(R_ORIG)(%rsp)
	leaq	PT(0)(%rsp), %rdi
	call	common_interrupt
	movq	%gs:current_task, %rcx
	JUMP_IF_EXIT_WORK .Lexit_work_nine
	jmp	.Lreturn_user_nine

1:	SAVE_NINE
	FILL_HOLES			/* for the trace, should this end in an oops */
	movq	PT(R_ORIG)(%rsp), %rsi
	movq	$-1, PT(R_ORIG)(%rsp)
	leaq	PT(0)(%rsp), %rdi
	call	common_interrupt
	cmpl	$0, %gs:__preempt_count
	jne	2f
	call	preempt_schedule_irq
2:	LOAD_NINE
	addq	$PT(R_IP), %rsp
	iretq

	.section .note.GNU-stack, "", @progbits
