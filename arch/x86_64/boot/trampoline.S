/* SPDX-License-Identifier: MIT */
/*
 * How a started CPU comes to C. This piece is copied to physical 0x8000, where the start-up IPI sends the CPU in real
 * mode: protected mode, then long mode over trampoline_tables() (this page at its own address, the kernel's half), then
 * into the kernel's image, where the area and the stack that the boot CPU prepared are loaded.
 */
#include <seam/page.h>
#include <seam/msr.h>
#include <seam/processor.h>

#define BASE 0x8000
#define AT(sym) (BASE + (sym) - trampoline_start)

	.section .rodata
	.balign 16
	.globl trampoline_start
trampoline_start:
	.code16
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	lgdtl	(tr_gdt_ptr - trampoline_start)
	movl	$0x11, %eax		/* PE, ET */
	movl	%eax, %cr0
	ljmpl	$0x18, $AT(tr_protected)

	.code32
tr_protected:
	movw	$0x20, %ax
	movw	%ax, %ds
	movw	%ax, %ss
	movl	$(X86_CR4_PAE | X86_CR4_PSE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT), %eax
	movl	%eax, %cr4
	movl	AT(trampoline_cr3), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	movl	AT(trampoline_efer), %eax
	xorl	%edx, %edx
	wrmsr
	movl	$0x80010033, %eax	/* PG WP NE ET MP PE */
	movl	%eax, %cr0
	ljmpl	$0x10, $AT(tr_long)

	.code64
tr_long:
	movq	AT(trampoline_entry), %rax
	jmp	*%rax

	.balign 8
tr_gdt:
	.quad 0, 0
	.quad 0x00af9b000000ffff	/* 0x10 64-bit code */
	.quad 0x00cf9b000000ffff	/* 0x18 32-bit code */
	.quad 0x00cf93000000ffff	/* 0x20 data */
tr_gdt_ptr:
	.word . - tr_gdt - 1
	.long AT(tr_gdt)
	.balign 8
	.globl trampoline_cr3, trampoline_efer, trampoline_entry, trampoline_end
trampoline_cr3:
	.long 0
trampoline_efer:
	.long 0
trampoline_entry:
	.quad 0
trampoline_end:

	.text
	.code64
	.globl secondary_startup
	.type secondary_startup, @function
secondary_startup:
	movq	secondary_cr3(%rip), %rax
	movq	%rax, %cr3
	/* The trampoline's GDT is not mapped any more: null selectors until load_percpu_segment(). */
	xorl	%eax, %eax
	movl	%eax, %ss
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	$MSR_GS_BASE, %ecx
	movl	secondary_gs(%rip), %eax
	movl	secondary_gs + 4(%rip), %edx
	wrmsr
	movq	secondary_stack(%rip), %rsp
	xorl	%ebp, %ebp
	pushq	$0
	pushq	$0
	call	start_secondary
	ud2
	.size secondary_startup, . - secondary_startup
