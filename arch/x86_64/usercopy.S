/* SPDX-License-Identifier: MIT */
/*
 * Copies to and from user memory, and clearing of it.
 *
 * raw_copy_user(to, from, n) and __clear_user_asm(to, n) return the exact number of bytes not done.
 * Blocks of 64 bytes by eight-byte moves, then single ones; the last 8 bytes of a copy that is
 * no multiple of 8 are done by one move that overlaps. A fault in any of them goes on byte by byte
 * from the start of the step that failed, so that the byte that cannot be reached is found.
 * From REP_MIN bytes on, CPUs whose microcode does it faster use rep movsb (uaccess_use_rep; not
 * under emulators that count every byte).
 */
#include <seam/extable.h>

#define REP_MIN 256

.macro STAC
771:	.byte 0x0f, 0x01, 0xcb
	.pushsection __smap_sites, "a"
	.balign 4
	.long 771b - .
	.popsection
.endm
.macro CLAC
771:	.byte 0x0f, 0x01, 0xca
	.pushsection __smap_sites, "a"
	.balign 4
	.long 771b - .
	.popsection
.endm
/* One instruction that may fault; then at \to. */
.macro UA to insn:vararg
772:	\insn
	_ASM_EXTABLE_UA(772b, \to)
.endm

	.text
	.balign 64
	.globl raw_copy_user
	.type raw_copy_user, @function
raw_copy_user:
	STAC
	cmpq	$8, %rdx
	jb	.Lcopy_small
	cmpq	$64, %rdx
	jb	.Lcopy_words
	cmpq	$REP_MIN, %rdx
	jae	.Lcopy_large
.Lcopy_64:
	UA .Lcopy_bytes movq (%rsi), %rax
	UA .Lcopy_bytes movq 8(%rsi), %rcx
	UA .Lcopy_bytes movq 16(%rsi), %r8
	UA .Lcopy_bytes movq 24(%rsi), %r9
	UA .Lcopy_bytes movq %rax, (%rdi)
	UA .Lcopy_bytes movq %rcx, 8(%rdi)
	UA .Lcopy_bytes movq %r8, 16(%rdi)
	UA .Lcopy_bytes movq %r9, 24(%rdi)
	UA .Lcopy_bytes movq 32(%rsi), %rax
	UA .Lcopy_bytes movq 40(%rsi), %rcx
	UA .Lcopy_bytes movq 48(%rsi), %r8
	UA .Lcopy_bytes movq 56(%rsi), %r9
	UA .Lcopy_bytes movq %rax, 32(%rdi)
	UA .Lcopy_bytes movq %rcx, 40(%rdi)
	UA .Lcopy_bytes movq %r8, 48(%rdi)
	UA .Lcopy_bytes movq %r9, 56(%rdi)
	addq	$64, %rsi
	addq	$64, %rdi
	subq	$64, %rdx
	cmpq	$64, %rdx
	jae	.Lcopy_64
	cmpq	$8, %rdx
	jb	.Lcopy_small
.Lcopy_words:
	UA .Lcopy_bytes movq (%rsi), %rax
	UA .Lcopy_bytes movq %rax, (%rdi)
	addq	$8, %rsi
	addq	$8, %rdi
	subq	$8, %rdx
	cmpq	$8, %rdx
	jae	.Lcopy_words
	testq	%rdx, %rdx
	jz	.Lcopy_done
	UA .Lcopy_bytes movq -8(%rsi, %rdx), %rax
	UA .Lcopy_bytes movq %rax, -8(%rdi, %rdx)
.Lcopy_done:
	CLAC
	xorl	%eax, %eax
	ret
.Lcopy_large:
	cmpb	$0, uaccess_use_rep(%rip)
	je	.Lcopy_64
	movq	%rdx, %rcx
	UA .Lcopy_rep_fault rep movsb
	jmp	.Lcopy_done
.Lcopy_rep_fault:
	movq	%rcx, %rdx
	jmp	.Lcopy_bytes
.Lcopy_small:
	cmpq	$4, %rdx
	jb	.Lcopy_bytes
	UA .Lcopy_bytes movl (%rsi), %eax
	UA .Lcopy_bytes movl -4(%rsi, %rdx), %ecx
	UA .Lcopy_bytes movl %eax, (%rdi)
	UA .Lcopy_bytes movl %ecx, -4(%rdi, %rdx)
	jmp	.Lcopy_done
.Lcopy_bytes:
	testq	%rdx, %rdx
	jz	.Lcopy_done
	UA .Lcopy_stop movb (%rsi), %al
	UA .Lcopy_stop movb %al, (%rdi)
	incq	%rsi
	incq	%rdi
	decq	%rdx
	jmp	.Lcopy_bytes
.Lcopy_stop:
	CLAC
	movq	%rdx, %rax
	ret
	.size raw_copy_user, . - raw_copy_user

	.balign 64
	.globl __clear_user_asm
	.type __clear_user_asm, @function
__clear_user_asm:
	STAC
	xorl	%eax, %eax
	cmpq	$64, %rsi
	jb	.Lclear_words_test
.Lclear_64:
	UA .Lclear_bytes movq %rax, (%rdi)
	UA .Lclear_bytes movq %rax, 8(%rdi)
	UA .Lclear_bytes movq %rax, 16(%rdi)
	UA .Lclear_bytes movq %rax, 24(%rdi)
	UA .Lclear_bytes movq %rax, 32(%rdi)
	UA .Lclear_bytes movq %rax, 40(%rdi)
	UA .Lclear_bytes movq %rax, 48(%rdi)
	UA .Lclear_bytes movq %rax, 56(%rdi)
	addq	$64, %rdi
	subq	$64, %rsi
	cmpq	$64, %rsi
	jae	.Lclear_64
.Lclear_words_test:
	cmpq	$8, %rsi
	jb	.Lclear_bytes
	UA .Lclear_bytes movq %rax, (%rdi)
	addq	$8, %rdi
	subq	$8, %rsi
	jmp	.Lclear_words_test
.Lclear_bytes:
	testq	%rsi, %rsi
	jz	.Lclear_stop
	UA .Lclear_stop movb %al, (%rdi)
	incq	%rdi
	decq	%rsi
	jmp	.Lclear_bytes
.Lclear_stop:
	CLAC
	movq	%rsi, %rax
	ret
	.size __clear_user_asm, . - __clear_user_asm

	.section .note.GNU-stack, "", @progbits
