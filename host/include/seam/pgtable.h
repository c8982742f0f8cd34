/* SPDX-License-Identifier: MIT */
/*
 * Page tables of the played machine: the format of x86-64, in played memory. An entry of the vmalloc area that is set
 * or cleared maps or unmaps the page in the process as well, so that the address can be touched.
 *
 * Entries are published and read with release and acquire, which is what x86 gives and ThreadSanitizer must know.
 */
#ifndef HOST_SEAM_PGTABLE_H
#define HOST_SEAM_PGTABLE_H

#include <host/os.h>
#include <seam/page.h>

#define set_pte_at	x86_set_pte_at
#define pte_clear	x86_pte_clear
#define pmd_set_huge	x86_pmd_set_huge
#define pmd_clear_huge	x86_pmd_clear_huge
#pragma push_macro("WRITE_ONCE")
#undef WRITE_ONCE
#define WRITE_ONCE(x, val) do {							\
	__host_bare(x) __once = (val);						\
	host_point();								\
	__atomic_store((__host_bare(x) *)&(x), &__once, __ATOMIC_RELEASE);	\
} while (0)
#pragma push_macro("READ_ONCE")
#undef READ_ONCE
#define READ_ONCE(x) rcu_load_pointer(x)
#include "../../../arch/x86_64/include/seam/pgtable.h"
#pragma pop_macro("READ_ONCE")
#pragma pop_macro("WRITE_ONCE")
#undef set_pte_at
#undef pte_clear
#undef pmd_set_huge
#undef pmd_clear_huge

static inline bool host_is_vmalloc(unsigned long addr) { return addr - VMALLOC_START < VMALLOC_END - VMALLOC_START; }

#define set_pte_at(mm, addr, ptep, pte) do {					\
	pte_t __new = (pte);							\
	set_pte(ptep, __new);							\
	if (host_is_vmalloc(addr))						\
		os_ram_map(addr, pte_pfn(__new));				\
} while (0)
#define pte_clear(mm, addr, ptep) do {						\
	if (host_is_vmalloc(addr) && !pte_none(*(ptep)))			\
		os_ram_unmap(addr);						\
	set_pte(ptep, __pte(0));						\
} while (0)

static inline void pmd_set_huge(pmd_t *pmd, unsigned long addr, unsigned long pfn, pgprot_t prot)
{
	x86_pmd_set_huge(pmd, addr, pfn, prot);
	for (unsigned int i = 0; i < PTRS_PER_PTE; i++)
		os_ram_map(addr + i * PAGE_SIZE, pfn + i);
}
static inline void pmd_clear_huge(pmd_t *pmd, unsigned long addr)
{
	for (unsigned int i = 0; i < PTRS_PER_PTE; i++)
		os_ram_unmap(addr + i * PAGE_SIZE);
	x86_pmd_clear_huge(pmd, addr);
}

#endif
