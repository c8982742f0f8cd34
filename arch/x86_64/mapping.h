/* SPDX-License-Identifier: MIT */
/* The kernel's final page tables: of this room only. */
#ifndef MAPPING_H
#define MAPPING_H

#include <base/types.h>
#include <seam/page.h>
#include <seam/pgtable.h>

/* The linker script's landmarks. */
extern char _text[], _etext[], __start_rodata[], __end_rodata[], _sdata[], _edata[], _sinittext[], _einittext[];
extern char __init_begin[], __init_end[], __bss_start[], __bss_stop[], _end[], __head_end[];
extern char init_stack_guard[PAGE_SIZE];
extern char __start_ro_after_init[], __end_ro_after_init[];

/* Build the final tables from memblock's map and switch to them: the identity mapping is gone afterwards. */
void paging_init(void);
/* Map one 4 KiB page of the kernel at @vaddr, tables from memblock. Boot only. */
void map_kernel_page(unsigned long vaddr, phys_addr_t phys, pgprot_t prot);
/* Direct map of [start, end) (page-aligned, physical) with the largest pages; for hot-added memory too. */
void init_memory_mapping(u64 start, u64 end);
/* Tables with which a started CPU enters long mode: physical address, below 4 GiB. */
unsigned long trampoline_tables(void);
/* Print "Virtual kernel memory layout". */
void print_memory_layout(void);

extern bool has_direct_gbpages;
extern unsigned long direct_pages_count[3];	/* of the direct map: pages of 4 KiB, 2 MiB, 1 GiB */

#endif
