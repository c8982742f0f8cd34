/* SPDX-License-Identifier: MIT */
/*
 * Copies to and from user memory, and clearing of it.
 *
 * raw_copy_user(to, from, n) and __clear_user_asm(to, n) return the exact number of bytes not done.
 * Blocks of 64 bytes by eight-byte moves, then single ones; the last 8 bytes of a copy that is
 * no multiple of 8 are done by one move that overlaps. A fault in any of them goes on byte by byte
 * from the start of the step that failed, so that the byte that cannot be reached is found.
 * From LARGE_MIN bytes on:
 *  - CPUs whose microcode does it faster use rep movsb (uaccess_use_rep; not under emulators that count
 *    every byte);
 *  - others with AVX move 32 bytes at once. The vector registers are borrowed as in page_data.S, with
 *    preemption off, so a fault there cannot be served: it comes back here, the next 256 bytes go by
 *    words, whose fault is served, and then AVX goes on. The first 64 bytes always go by words: a
 *    buffer that was never touched faults there, once.
 */
#include <seam/extable.h>

#define LARGE_MIN 384

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

/* 64 bytes by words, and the pointers moved on. */
.macro COPY_64
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
.endm
/* The same for clearing with %rax = 0. */
.macro CLEAR_64
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
.endm
/* @nr vector registers to the stack; preemption is off until they are given back. */
.macro BORROW_AVX nr
	incl	%gs:__preempt_count
	subq	$(32 * \nr + 8), %rsp
	vmovdqu	%ymm0, (%rsp)
.if \nr > 1
	vmovdqu	%ymm1, 32(%rsp)
.endif
.endm
.macro RETURN_AVX nr
	vmovdqu	(%rsp), %ymm0
.if \nr > 1
	vmovdqu	32(%rsp), %ymm1
.endif
	addq	$(32 * \nr + 8), %rsp
	decl	%gs:__preempt_count
	jnz	773f
	CLAC
	call	preempt_schedule_thunk
	STAC
773:
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
	cmpq	$LARGE_MIN, %rdx
	jae	.Lcopy_large
.Lcopy_64:
	COPY_64
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
	je	.Lcopy_no_rep
	movq	%rdx, %rcx
	UA .Lcopy_rep_fault rep movsb
	jmp	.Lcopy_done
.Lcopy_rep_fault:
	movq	%rcx, %rdx
	jmp	.Lcopy_bytes
.Lcopy_no_rep:
	cmpb	$0, page_data_avx(%rip)
	je	.Lcopy_64
.Lcopy_avx:
	COPY_64
	movq	%rdx, %rax
	andl	$255, %edx
	subq	%rdx, %rax
	addq	%rax, %rsi
	addq	%rax, %rdi
	negq	%rax		/* from minus what is left to 0 */
	BORROW_AVX 2
.Lcopy_256:
	.set	off, 0
	.rept	4
	UA .Lcopy_avx_fault vmovdqu off(%rsi, %rax), %ymm0
	UA .Lcopy_avx_fault vmovdqu off + 32(%rsi, %rax), %ymm1
	UA .Lcopy_avx_fault vmovdqu %ymm0, off(%rdi, %rax)
	UA .Lcopy_avx_fault vmovdqu %ymm1, off + 32(%rdi, %rax)
	.set	off, off + 64
	.endr
	addq	$256, %rax
	jnz	.Lcopy_256
	RETURN_AVX 2
.Lcopy_rest:
	cmpq	$64, %rdx
	jae	.Lcopy_64
	cmpq	$8, %rdx
	jae	.Lcopy_words
	jmp	.Lcopy_small
.Lcopy_avx_fault:
	addq	%rax, %rsi
	addq	%rax, %rdi
	subq	%rax, %rdx
	RETURN_AVX 2
	movl	$4, %r10d
.Lcopy_around_fault:
	COPY_64
	decl	%r10d
	jnz	.Lcopy_around_fault
	cmpq	$LARGE_MIN, %rdx
	jae	.Lcopy_avx
	jmp	.Lcopy_rest
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
	cmpq	$LARGE_MIN, %rsi
	jae	.Lclear_large
.Lclear_64:
	CLEAR_64
	cmpq	$64, %rsi
	jae	.Lclear_64
.Lclear_words_test:
	cmpq	$8, %rsi
	jb	.Lclear_bytes
	UA .Lclear_bytes movq %rax, (%rdi)
	addq	$8, %rdi
	subq	$8, %rsi
	jmp	.Lclear_words_test
.Lclear_large:
	cmpb	$0, page_data_avx(%rip)
	je	.Lclear_64
.Lclear_avx:
	CLEAR_64
	movq	%rsi, %rcx
	andl	$255, %esi
	subq	%rsi, %rcx
	addq	%rcx, %rdi
	negq	%rcx
	BORROW_AVX 1
	vpxor	%xmm0, %xmm0, %xmm0
.Lclear_256:
	.set	off, 0
	.rept	8
	UA .Lclear_avx_fault vmovdqu %ymm0, off(%rdi, %rcx)
	.set	off, off + 32
	.endr
	addq	$256, %rcx
	jnz	.Lclear_256
	RETURN_AVX 1
.Lclear_rest:
	cmpq	$64, %rsi
	jae	.Lclear_64
	jmp	.Lclear_words_test
.Lclear_avx_fault:
	addq	%rcx, %rdi
	subq	%rcx, %rsi
	RETURN_AVX 1
	movl	$4, %ecx
.Lclear_around_fault:
	CLEAR_64
	decl	%ecx
	jnz	.Lclear_around_fault
	cmpq	$LARGE_MIN, %rsi
	jae	.Lclear_avx
	jmp	.Lclear_rest
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
