/* SPDX-License-Identifier: MIT */
/*
 * From the loader to C.
 *
 * A PVH loader (QEMU -kernel, Firecracker, Cloud Hypervisor, GRUB through a note) enters at pvh_start in
 * 32-bit protected mode, paging off, EBX = physical address of hvm_start_info. What happens here:
 *
 *   1. .bss is cleared, EBX is kept
 *   2. early tables: physical 0..4 GiB in 2 MiB pages, three times:
 *        at 0                     while we still run at physical addresses; firmware tables and the
 *                                 initrd may lie anywhere below 4 GiB
 *        at __PAGE_OFFSET_BASE    so that __va() works from the first line of C
 *        at __START_KERNEL_map    its first GiB: the kernel image
 *      Everything is writable and executable in them; paging_init() replaces them by the final ones.
 *   3. long mode, the kernel's half, the first stack, GS base = 0: the boot CPU's per-CPU area is the
 *      linked template itself until setup_per_cpu_areas() has made real ones.
 *   4. kaslr_move() rewrites the kernel for other places; the rest runs there.
 */
#include <seam/page.h>
#include <seam/msr.h>
#include <seam/processor.h>

#define PHYS(sym) ((sym) - __START_KERNEL_map)
#define TABLE_FLAGS 0x63	/* present, writable, accessed, dirty */
#define LEAF_FLAGS 0xe3		/* the same, and a large page */

	.section .note.pvh, "a", @note
	.balign 4
	.long 4, 4, 18			/* sizes of name and descriptor; XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long pvh_start

	.section .head.text, "ax"
	.code32
	.globl pvh_start
	.type pvh_start, @function
pvh_start:
	cld
	cli
	movl	%ebx, %ebp
	movl	$PHYS(__bss_start), %edi
	movl	$PHYS(__bss_stop), %ecx
	subl	%edi, %ecx
	shrl	$2, %ecx
	xorl	%eax, %eax
	rep stosl

	/* Four page directories, one after the other: 2048 large pages. */
	movl	$PHYS(early_pmds), %edi
	movl	$LEAF_FLAGS, %eax
	movl	$2048, %ecx
1:	movl	%eax, (%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	decl	%ecx
	jnz	1b

	/* early_pud: entries 0..3. */
	movl	$PHYS(early_pud), %edi
	movl	$PHYS(early_pmds) + TABLE_FLAGS, %eax
	movl	$4, %ecx
2:	movl	%eax, (%edi)
	addl	$4096, %eax
	addl	$8, %edi
	decl	%ecx
	jnz	2b

	movl	$PHYS(early_pud) + TABLE_FLAGS, %eax
	movl	%eax, PHYS(early_pgd)
	movl	%eax, PHYS(early_pgd) + 8 * ((__PAGE_OFFSET_BASE >> PGDIR_SHIFT) & 511)
	movl	$PHYS(early_kernel_pud) + TABLE_FLAGS, PHYS(early_pgd) + 8 * 511
	movl	$PHYS(early_pmds) + TABLE_FLAGS, PHYS(early_kernel_pud) + 8 * 510

	movl	$(X86_CR4_PAE | X86_CR4_PSE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT), %eax
	movl	%eax, %cr4
	movl	$PHYS(early_pgd), %eax
	movl	%eax, %cr3
	movl	$0x80000001, %eax
	cpuid
	movl	%edx, %edi
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$(EFER_LME | EFER_SCE), %eax
	btl	$20, %edi
	jnc	3f
	orl	$EFER_NX, %eax
3:	wrmsr
	movl	$0x80010033, %eax	/* PG WP NE ET MP PE */
	movl	%eax, %cr0
	lgdt	early_gdt_ptr
	ljmp	$__KERNEL_CS, $4f

	.code64
4:	movq	$start_high, %rax
	jmp	*%rax

	.balign 8
early_gdt:
	.quad 0, 0
	.quad 0x00af9b000000ffff	/* __KERNEL_CS */
	.quad 0x00cf93000000ffff	/* __KERNEL_DS */
early_gdt_ptr:
	.word . - early_gdt - 1
	.long early_gdt
	.long 0

	.section .init.text, "ax"
	.code64
	.type start_high, @function
start_high:
	movl	$__KERNEL_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movl	$MSR_GS_BASE, %ecx
	xorl	%edx, %edx
	wrmsr
	movl	%ebp, %ebx		/* hvm_start_info */
	leaq	init_stack + THREAD_SIZE, %rsp
	xorl	%ebp, %ebp
	movl	%ebx, %edi
	call	kaslr_move
	/* The operands from here on have just been rewritten: on, at the new place. */
	movq	$5f, %rax
	jmp	*%rax
5:	leaq	init_stack + THREAD_SIZE, %rsp
	movl	%ebx, %edi
	pushq	$0			/* ends a stack trace */
	pushq	$0
	call	x86_64_start_kernel
6:	cli
	hlt
	jmp	6b
	.size start_high, . - start_high

	/* The early tables; given back with .init. The last two are for kaslr_move(). */
	.globl early_pmds, early_kernel_pud, early_pgd, early_direct_pud, early_kernel_pmd
	.section .init.data.page_aligned, "aw"
	.balign 4096
early_pmds:
	.skip 4 * 4096
early_pud:
	.skip 4096
early_kernel_pud:
	.skip 4096
early_pgd:
	.skip 4096
early_direct_pud:
	.skip 4096
early_kernel_pmd:
	.skip 4096

	.section .bss..page_aligned, "aw", @nobits
	.balign 4096
	/* The first task's stack; the page below it is taken out of the final tables. */
	.globl init_stack_guard
init_stack_guard:
	.skip 4096
	.globl init_stack
init_stack:
	.skip THREAD_SIZE
