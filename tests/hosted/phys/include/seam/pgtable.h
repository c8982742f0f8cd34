/* SPDX-License-Identifier: MIT */
/*
 * Page tables of the played machine: the format of x86-64, in played memory. A kernel entry that is set or
 * cleared maps or unmaps the page in the process as well, so that vmalloc addresses can be touched.
 */
#ifndef PHYS_SEAM_PGTABLE_H
#define PHYS_SEAM_PGTABLE_H

#define set_pte_at	x86_set_pte_at
#define pte_clear	x86_pte_clear
#include "../../../../../arch/x86_64/include/seam/pgtable.h"
#undef set_pte_at
#undef pte_clear

void phys_map_page(unsigned long addr, unsigned long pfn);
void phys_unmap_page(unsigned long addr);

#define set_pte_at(mm, addr, ptep, pte) do {					\
	pte_t __new = (pte);							\
	set_pte(ptep, __new);							\
	phys_map_page(addr, pte_pfn(__new));					\
} while (0)
#define pte_clear(mm, addr, ptep) do {						\
	if (!pte_none(*(ptep)))							\
		phys_unmap_page(addr);						\
	set_pte(ptep, __pte(0));						\
} while (0)

#endif
