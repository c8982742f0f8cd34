/* SPDX-License-Identifier: MIT */
/*
 * The table of what must be rewritten when the kernel moves; tools/relocs.c makes it from the linked kernel,
 * boot/kaslr.c applies it. For each class of relocation, in this order: their number, then as many physical addresses,
 * words of 32 bits.
 */
#ifndef RELOCS_H
#define RELOCS_H

/* Class; bytes at the place; the symbol (boot/bases.S) whose value stands there, "" for any address in the image. */
#define RELOC_CLASSES(X)				\
	X(RELOC_IMAGE_32, 4, "")			\
	X(RELOC_IMAGE_64, 8, "")			\
	X(RELOC_PAGE_OFFSET, 8, "page_offset_base")	\
	X(RELOC_VMALLOC, 8, "vmalloc_base")		\
	X(RELOC_VMEMMAP, 8, "vmemmap_base")		\
	X(RELOC_PAGE_TO_VIRT, 8, "page_to_virt_base")	\
	X(RELOC_VIRT_TO_PAGE, 8, "virt_to_page_base")

#define RELOC_CLASS_NAME(class, bytes, symbol) class,
enum reloc_class { RELOC_CLASSES(RELOC_CLASS_NAME) NR_RELOC_CLASSES };
#undef RELOC_CLASS_NAME

#endif
