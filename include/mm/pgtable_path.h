/* SPDX-License-Identifier: MIT */
/* The entries that translate one address, level by level. mm/pgtable/path.c. */
#ifndef QUIRE_MM_PGTABLE_PATH_H
#define QUIRE_MM_PGTABLE_PATH_H

#include <base/types.h>
#include <seam/pgtable.h>

#define PGTABLE_LEVELS	4

struct pgtable_step {
	const char *level;		/* "pgd", "pud", "pmd", "pte" */
	unsigned int index;		/* of the entry in its table */
	const void *entry;		/* its address */
	u64 val;
	u64 span;			/* bytes that one entry of the level covers */
	bool leaf;			/* maps memory, not a table */
};

/**
 * pgtable_path - follow @addr from the table @top down
 * Return: how many steps were taken; the last one maps memory (leaf) or maps nothing.
 * Context: the caller keeps the tables: mmap_lock, or RCU. What is read may change at once.
 */
unsigned int pgtable_path(pgd_t *top, unsigned long addr,
			  struct pgtable_step steps[PGTABLE_LEVELS]);

/* The frame of @addr that the last of @nr steps maps, or false. */
bool pgtable_path_pfn(const struct pgtable_step *steps, unsigned int nr, unsigned long addr,
		      unsigned long *pfn);

#endif
