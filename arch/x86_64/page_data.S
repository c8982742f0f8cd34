/* SPDX-License-Identifier: MIT */
/*
 * clear_page and copy_page.
 *
 * With AVX 128 stores of 32 bytes, else 256 of 16. One vector register (two for copying) is borrowed and given
 * back; preemption is off meanwhile, so that the task's FPU state is never switched while the register holds
 * ours. An interrupt may clear a page in between: it borrows and gives back likewise. Works from the first
 * line of C on (head.S switches SSE on); page_data_avx is set when the FPU code has enabled AVX.
 * rep stosb is fast on silicon too, but an instruction counter charges every byte of it.
 */
	.text
	.balign 16
	.globl clear_page
	.type clear_page, @function
clear_page:
	cmpb	$0, page_data_avx(%rip)
	je	2f
	incl	%gs:__preempt_count
	subq	$40, %rsp
	vmovdqu	%ymm0, (%rsp)
	vpxor	%xmm0, %xmm0, %xmm0
	.set	off, 0
	.rept	128
	vmovdqa	%ymm0, off(%rdi)
	.set	off, off + 32
	.endr
	vmovdqu	(%rsp), %ymm0
	addq	$40, %rsp
	decl	%gs:__preempt_count
	jz	1f
	ret
1:	jmp	preempt_schedule_thunk
2:	incl	%gs:__preempt_count
	subq	$24, %rsp
	movups	%xmm0, (%rsp)
	pxor	%xmm0, %xmm0
	.set	off, 0
	.rept	256
	movaps	%xmm0, off(%rdi)
	.set	off, off + 16
	.endr
	movups	(%rsp), %xmm0
	addq	$24, %rsp
	decl	%gs:__preempt_count
	jz	1b
	ret
	.size clear_page, . - clear_page

	.balign 16
	.globl copy_page
	.type copy_page, @function
copy_page:
	cmpb	$0, page_data_avx(%rip)
	je	2f
	incl	%gs:__preempt_count
	subq	$72, %rsp
	vmovdqu	%ymm0, (%rsp)
	vmovdqu	%ymm1, 32(%rsp)
	.set	off, 0
	.rept	64
	vmovdqa	off(%rsi), %ymm0
	vmovdqa	off + 32(%rsi), %ymm1
	vmovdqa	%ymm0, off(%rdi)
	vmovdqa	%ymm1, off + 32(%rdi)
	.set	off, off + 64
	.endr
	vmovdqu	(%rsp), %ymm0
	vmovdqu	32(%rsp), %ymm1
	addq	$72, %rsp
	decl	%gs:__preempt_count
	jz	1f
	ret
1:	jmp	preempt_schedule_thunk
2:	incl	%gs:__preempt_count
	subq	$40, %rsp
	movups	%xmm0, (%rsp)
	movups	%xmm1, 16(%rsp)
	.set	off, 0
	.rept	128
	movaps	off(%rsi), %xmm0
	movaps	off + 16(%rsi), %xmm1
	movaps	%xmm0, off(%rdi)
	movaps	%xmm1, off + 16(%rdi)
	.set	off, off + 32
	.endr
	movups	(%rsp), %xmm0
	movups	16(%rsp), %xmm1
	addq	$40, %rsp
	decl	%gs:__preempt_count
	jz	1b
	ret
	.size copy_page, . - copy_page

/* preempt_schedule() with all registers preserved: what an inlined preempt_enable() calls. */
	.globl preempt_schedule_thunk
	.type preempt_schedule_thunk, @function
preempt_schedule_thunk:
	pushq	%rbp
	movq	%rsp, %rbp
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	call	preempt_schedule
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	popq	%rbp
	ret
	.size preempt_schedule_thunk, . - preempt_schedule_thunk

	.data
	.globl page_data_avx
page_data_avx:
	.byte	0
