/* SPDX-License-Identifier: MIT */
/* Between entry.S and C. */
#ifndef QUIRE_ENTRY_H
#define QUIRE_ENTRY_H

#include <base/types.h>
#include <seam/ptrace.h>

void entry_SYSCALL_64(void);
void stub_full_syscall(void);
void ret_from_fork(void);
extern char irq_entries_start[];	/* 16 bytes for each vector from 0x20 on */

void elf_hwcap_init(void);
void do_syscall_slow(struct pt_regs *regs);
void exit_to_user_mode(struct pt_regs *regs);
bool syscall_exit_slow(struct pt_regs *regs);

/* Exceptions. @error: the error code, -1 where the CPU gives none. */
#define DECLARE_EXC(name)					\
	void asm_##name(void);					\
	void name(struct pt_regs *regs, unsigned long error)
DECLARE_EXC(exc_divide_error);
DECLARE_EXC(exc_int3);
DECLARE_EXC(exc_overflow);
DECLARE_EXC(exc_bounds);
DECLARE_EXC(exc_invalid_op);
DECLARE_EXC(exc_device_not_available);
DECLARE_EXC(exc_coproc_segment_overrun);
DECLARE_EXC(exc_invalid_tss);
DECLARE_EXC(exc_segment_not_present);
DECLARE_EXC(exc_stack_segment);
DECLARE_EXC(exc_general_protection);
DECLARE_EXC(exc_coprocessor_error);
DECLARE_EXC(exc_alignment_check);
DECLARE_EXC(exc_simd_coprocessor_error);
DECLARE_EXC(exc_unknown);
#undef DECLARE_EXC
void asm_exc_debug(void);
void exc_debug(struct pt_regs *regs, unsigned long error);
void exc_debug_kernel(struct pt_regs *regs, unsigned long error, unsigned long cr2);
struct pt_regs *leave_ist_stack(struct pt_regs *from);
/* SIGTRAP for what just happened at @regs; @code: TRAP_*. */
void send_sigtrap(struct pt_regs *regs, int code);
void asm_exc_nmi(void);
void asm_exc_double_fault(void);
void asm_exc_machine_check(void);
void asm_exc_page_fault(void);
void exc_nmi(struct pt_regs *regs, unsigned long error, unsigned long cr2);
void exc_double_fault(struct pt_regs *regs, unsigned long error, unsigned long cr2);
void exc_machine_check(struct pt_regs *regs, unsigned long error, unsigned long cr2);
void exc_page_fault_user(struct pt_regs *regs, unsigned long error, unsigned long address);
void exc_page_fault_kernel(struct pt_regs *regs, unsigned long error, unsigned long address);
struct pt_regs *fixup_bad_iret(struct pt_regs *bad);

/* A line on the log about a fatal signal of a program, as Linux prints it (rate-limited). */
void show_signal_msg(struct pt_regs *regs, const char *what, unsigned long error, unsigned long address,
		     bool with_address);

/* vsyscall.c: true when the fault was an old program's call into the page of 0xffffffffff600000. */
bool emulate_vsyscall(struct pt_regs *regs, unsigned long error, unsigned long address);

#endif
