/* SPDX-License-Identifier: MIT */
/* Virtual addresses fixed at build time, for devices needed before ioremap works. */
#ifndef SEAM_FIXMAP_H
#define SEAM_FIXMAP_H

#include <base/types.h>
#include <seam/pgtable.h>

#define MAX_IO_APICS 8

enum fixed_addresses {
	FIX_APIC_BASE,
	FIX_IO_APIC_BASE_0,
	FIX_IO_APIC_BASE_END = FIX_IO_APIC_BASE_0 + MAX_IO_APICS - 1,
	FIX_HPET_BASE,
	FIX_TEXT_POKE,
	__end_of_fixed_addresses
};

static inline unsigned long fix_to_virt(unsigned int idx)
{
	return FIXADDR_START + ((unsigned long)idx << PAGE_SHIFT);
}

/* Map physical page @phys at slot @idx (an existing mapping is replaced). */
void __set_fixmap(unsigned int idx, phys_addr_t phys, pgprot_t prot);
#define set_fixmap(idx, phys)		__set_fixmap(idx, phys, PAGE_KERNEL)
#define set_fixmap_nocache(idx, phys)	__set_fixmap(idx, phys, PAGE_KERNEL_NOCACHE)
void clear_fixmap(unsigned int idx);

#endif
