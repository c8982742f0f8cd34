/* SPDX-License-Identifier: MIT */
/* glibc looks here for the version of the kernel whose interface this is. */
	.section .note.kver, "a"
	.balign 4
	.long 2f - 1f
	.long 4f - 3f
	.long 0
1:	.asciz "Linux"
2:	.balign 4
3:	.long 0x060100
4:	.balign 4
	.section .note.GNU-stack, "", @progbits
