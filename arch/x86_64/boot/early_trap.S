/* SPDX-License-Identifier: MIT */
/* Exceptions before the real entry code exists: report on the serial port and stop. */
	.section .init.text, "ax"
	.globl early_trap_stubs
early_trap_stubs:
	.set	vector, 0
	.rept	32
	.balign 16
	.if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
	pushq	$0
	.endif
	pushq	$vector
	jmp	early_trap_common
	.set	vector, vector + 1
	.endr

early_trap_common:
	cld
	movq	%rsp, %rdi		/* vector, error code, rip, cs, flags, rsp, ss */
	movq	%cr2, %rsi
	andq	$-16, %rsp
	call	early_trap
1:	cli
	hlt
	jmp	1b
