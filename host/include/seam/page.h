/* SPDX-License-Identifier: MIT */
/*
 * Pages of the played machine: those of x86-64, but the kernel's areas lie where a process may map, and
 * where the sanitizer in use keeps no shadow.
 */
#ifndef HOST_SEAM_PAGE_H
#define HOST_SEAM_PAGE_H

#include "../../../arch/x86_64/include/seam/page.h"

#undef arch_free_page
#undef PAGE_OFFSET
#undef VMALLOC_START
#undef VMALLOC_END
#undef VMEMMAP_START
#undef VMEMMAP_END
#undef PAGE_TO_VIRT_BASE
#undef VIRT_TO_PAGE_BASE
#undef KERNEL_MAP_BASE
#undef kaslr_offset
#undef __pa
#undef __pa_symbol

#ifdef __SANITIZE_THREAD__
#define HOST_BASE	0x2000000000UL		/* 128 GiB: low application memory of ThreadSanitizer */
#else
#define HOST_BASE	0x200000000000UL	/* 32 TiB: high memory of AddressSanitizer */
#endif
#define HOST_RAM_MAX	(64UL << 30)
#define PAGE_OFFSET	HOST_BASE
#define VMALLOC_START	(HOST_BASE + 0x2000000000UL)
#define VMALLOC_END	(VMALLOC_START + (16UL << 30) - 1)
#define VMEMMAP_START	(HOST_BASE + 0x3000000000UL)
#define VMEMMAP_END	(VMEMMAP_START + (HOST_RAM_MAX >> PAGE_SHIFT) * 32 - 1)

/* Statics of the kernel (empty_zero_page, swapper_pg_dir) get a place in the first MiB of played memory. */
unsigned long host_symbol_pa(unsigned long addr);
static inline unsigned long host_pa(unsigned long addr)
{
	return addr - PAGE_OFFSET < HOST_RAM_MAX ? addr - PAGE_OFFSET : host_symbol_pa(addr);
}
/* Reports a TLB that still leads to one of the frames. host/mmu.c; nothing where there is no MMU. */
struct page;
void host_frame_freed(struct page *page, unsigned int order);
#define arch_free_page(page, order)	host_frame_freed(page, order)

#define __pa(x)		host_pa((unsigned long)(x))
#define __pa_symbol(x)	host_symbol_pa((unsigned long)(x))

#endif
