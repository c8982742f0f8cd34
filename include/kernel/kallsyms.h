/* SPDX-License-Identifier: MIT */
/* The kernel's own symbol table: addresses to names for traces, and back for /proc/kallsyms. */
#ifndef QUIRE_KERNEL_KALLSYMS_H
#define QUIRE_KERNEL_KALLSYMS_H

#include <base/types.h>

#define KSYM_NAME_LEN	128
/* "name+0x12/0x34" */
#define KSYM_SYMBOL_LEN	(KSYM_NAME_LEN + 2 * (2 + 16) + 4)

/* The symbol that holds @addr into @name (KSYM_NAME_LEN); its offset and size. False: none. */
bool kallsyms_lookup(unsigned long addr, unsigned long *size, unsigned long *offset, char *name);
/* Format @addr as "name+0xoff/0xsize", or as "0x..." outside all symbols. The length. Any context. */
int sprint_symbol(char *buffer, unsigned long addr);
/* As sprint_symbol, for a return address: the call before it is what is named. */
int sprint_backtrace(char *buffer, unsigned long addr);
int sprint_symbol_no_offset(char *buffer, unsigned long addr);
/* Address of symbol @name, 0 when there is none. Linear. */
unsigned long kallsyms_lookup_name(const char *name);

/* For /proc/kallsyms: symbol number @n, false beyond the last. @type: T t D d B b R r as nm. */
bool kallsyms_get(unsigned long n, unsigned long *addr, char *type, char *name);
unsigned long kallsyms_count(void);

/* Is @addr in kernel code (main text, init text before it is freed)? */
bool kernel_text_address(unsigned long addr);
bool __kernel_text_address(unsigned long addr);

#endif
