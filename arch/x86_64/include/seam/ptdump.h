/* SPDX-License-Identifier: MIT */
/* The kernel's page tables, read back. arch/x86_64/ptdump.c. */
#ifndef SEAM_PTDUMP_H
#define SEAM_PTDUMP_H

#include <base/types.h>
#include <seam/pgtable.h>

enum ptdump_level { PTDUMP_PGD, PTDUMP_PUD, PTDUMP_PMD, PTDUMP_PTE };

/* [start, end) (end 0: the end of addresses) is mapped with @rights by entries of @level; rights 0: by nothing. */
typedef void ptdump_fn(unsigned long start, unsigned long end, pteval_t rights, enum ptdump_level level,
		       void *arg);

/* Call @fn for each run of equal entries of the kernel's half, in order; tables stay meanwhile (kernel_tables_lock()). May sleep, as @fn may. */
void ptdump_walk_kernel(ptdump_fn *fn, void *arg);
/* The same as text, a call of @line each, with the areas of the layout named. */
void ptdump_print_kernel(void (*line)(void *arg, const char *text), void *arg);
/* The boot check: 4 KiB pages that are both writable and executable. */
unsigned long ptdump_count_wx(void);
/* Processes whose top table has a kernel half other than the master's: must be none. */
unsigned int ptdump_count_strays(void);

#endif
