// SPDX-License-Identifier: MIT
// A PVH kernel that writes the time stamp counter as 16 hexadecimal digits to port 0xe9 and leaves
// QEMU: under -icount, the instructions from reset to the entry of a kernel.
	.section .note.pvh, "a", @note
	.long	4, 4, 18
	.asciz	"Xen"
	.long	start
	.text
	.code32
	.globl	start
start:	rdtsc
	mov	%eax, %esi
	mov	%edx, %ebx
	mov	$16, %ecx
1:	mov	%ebx, %eax
	shr	$28, %eax
	add	$'0', %al
	cmp	$'9', %al
	jbe	2f
	add	$('a' - '9' - 1), %al
2:	outb	%al, $0xe9
	shld	$4, %esi, %ebx
	shl	$4, %esi
	loop	1b
	mov	$0x10, %al
	mov	$0x501, %edx
	outb	%al, %dx
3:	hlt
	jmp	3b
