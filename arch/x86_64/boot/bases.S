/* SPDX-License-Identifier: MIT */
/*
 * Where the movable parts of the address space lie, as absolute symbols: seam/page.h makes immediate operands of them,
 * boot/kaslr.c rewrites those. The last two join two bases each (mm/page.h).
 */
#include <seam/page.h>

	.globl kernel_map_base, page_offset_base, vmalloc_base, vmemmap_base, page_to_virt_base, virt_to_page_base
	.set kernel_map_base, __START_KERNEL_map
	.set page_offset_base, __PAGE_OFFSET_BASE
	.set vmalloc_base, __VMALLOC_BASE
	.set vmemmap_base, __VMEMMAP_BASE
	.set page_to_virt_base, __PAGE_OFFSET_BASE - (__VMEMMAP_BASE << (PAGE_SHIFT - PAGE_STRUCT_SHIFT))
	.set virt_to_page_base, __VMEMMAP_BASE - ((__PAGE_OFFSET_BASE >> (PAGE_SHIFT - PAGE_STRUCT_SHIFT)) & \
						  ((1 << (64 - (PAGE_SHIFT - PAGE_STRUCT_SHIFT))) - 1))
