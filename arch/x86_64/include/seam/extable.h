/* SPDX-License-Identifier: MIT */
/*
 * The exception table: for each kernel instruction that may fault on purpose, where to go on.
 * Entries are 12 bytes, relative to themselves, sorted once at boot.
 */
#ifndef SEAM_EXTABLE_H
#define SEAM_EXTABLE_H

#define EX_TYPE_DEFAULT		0	/* go on at fixup, whatever the exception */
#define EX_TYPE_UACCESS		1	/* same, for an access to user memory: #PF, #GP, #MC */
#define EX_TYPE_ZERO_AX		2	/* rax = 0, rdx = 0 (rdmsr) */

#ifdef __ASSEMBLY__
#define _ASM_EXTABLE_TYPE(from, to, type)	\
	.pushsection __ex_table, "a" ;		\
	.balign 4 ;				\
	.long (from) - . ;			\
	.long (to) - . ;			\
	.long type ;				\
	.popsection
#define _ASM_EXTABLE(from, to)		_ASM_EXTABLE_TYPE(from, to, EX_TYPE_DEFAULT)
#define _ASM_EXTABLE_UA(from, to)	_ASM_EXTABLE_TYPE(from, to, EX_TYPE_UACCESS)
#else
#include <base/types.h>

#define _EX_STR_(x)	#x
#define _EX_STR(x)	_EX_STR_(x)
#define _ASM_EXTABLE_TYPE(from, to, type)			\
	" .pushsection __ex_table, \"a\"\n"			\
	" .balign 4\n"						\
	" .long (" #from ") - .\n"				\
	" .long (" #to ") - .\n"				\
	" .long " _EX_STR(type) "\n"				\
	" .popsection\n"
#define _ASM_EXTABLE(from, to)		_ASM_EXTABLE_TYPE(from, to, EX_TYPE_DEFAULT)
#define _ASM_EXTABLE_UA(from, to)	_ASM_EXTABLE_TYPE(from, to, EX_TYPE_UACCESS)

struct pt_regs;

struct exception_table_entry {
	s32 insn, fixup;
	u32 type;
};

/* Bounds of section __ex_table, from the linker script (or made by ld for the orphan section). */
extern struct exception_table_entry __start___ex_table[], __stop___ex_table[];

/* Sort the table; called by trap_init() before the first fix-up. */
void sort_main_extable(void);
/* The entry of the instruction at @ip, or NULL. Any context. */
const struct exception_table_entry *search_exception_tables(unsigned long ip);
/* If regs->ip has an entry: make @regs go on at its fix-up. True when done. Any context. */
bool fixup_exception(struct pt_regs *regs, int trapnr);

#endif /* !__ASSEMBLY__ */
#endif
