/* SPDX-License-Identifier: MIT */
/* Numbers of the exceptions, and the bits of a page fault's error code. */
#ifndef SEAM_TRAPNR_H
#define SEAM_TRAPNR_H

#define X86_TRAP_DE	0
#define X86_TRAP_DB	1
#define X86_TRAP_NMI	2
#define X86_TRAP_BP	3
#define X86_TRAP_OF	4
#define X86_TRAP_BR	5
#define X86_TRAP_UD	6
#define X86_TRAP_NM	7
#define X86_TRAP_DF	8
#define X86_TRAP_OLD_MF	9
#define X86_TRAP_TS	10
#define X86_TRAP_NP	11
#define X86_TRAP_SS	12
#define X86_TRAP_GP	13
#define X86_TRAP_PF	14
#define X86_TRAP_SPURIOUS 15
#define X86_TRAP_MF	16
#define X86_TRAP_AC	17
#define X86_TRAP_MC	18
#define X86_TRAP_XF	19

#define X86_PF_PROT	(1UL << 0)	/* the page is present, the access is not allowed */
#define X86_PF_WRITE	(1UL << 1)
#define X86_PF_USER	(1UL << 2)	/* user mode */
#define X86_PF_RSVD	(1UL << 3)	/* a reserved bit is set in the tables */
#define X86_PF_INSTR	(1UL << 4)	/* instruction fetch */
#define X86_PF_PK	(1UL << 5)	/* protection key */

#endif
