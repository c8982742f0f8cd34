/* SPDX-License-Identifier: MIT */
/*
 * The page of this machine, and where the parts of the kernel's address space lie.
 *
 *   0xffff888000000000  direct map of physical memory (64 TiB)      PAGE_OFFSET
 *   0xffffc90000000000  vmalloc, ioremap, kernel stacks (512 GiB)   VMALLOC_START
 *   0xffffea0000000000  virtual memmap, struct page per frame (512 GiB) VMEMMAP_START
 *   0xfffffe0000000000  stacks of double fault, NMI, machine check  CPU_ENTRY_AREA_BASE
 *   0xffffffff80000000  kernel image, physical address + this       __START_KERNEL_map
 *   0xffffffffff400000  fixmap                                      FIXADDR_START
 *
 * The places that Linux documents for four-level paging, and where they lie with `nokaslr`. Otherwise the first three
 * and the image are moved at boot (arch/x86_64/boot/kaslr.c). They are no variables: the linker gives each the
 * documented place as an absolute symbol, and who moves the kernel writes the new one into the instructions.
 */
#ifndef SEAM_PAGE_H
#define SEAM_PAGE_H

#define PAGE_SHIFT	12
#define THREAD_SIZE_ORDER 2

#ifdef __ASSEMBLY__
#define __SEAM_UL(x)	x
#else
#define __SEAM_UL(x)	x##UL
#endif

#define PAGE_SIZE	(__SEAM_UL(1) << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#define THREAD_SIZE	(PAGE_SIZE << THREAD_SIZE_ORDER)

/* Without KASLR. */
#define __PAGE_OFFSET_BASE	__SEAM_UL(0xffff888000000000)
#define __VMALLOC_BASE		__SEAM_UL(0xffffc90000000000)
#define __VMEMMAP_BASE		__SEAM_UL(0xffffea0000000000)
#define CPU_ENTRY_AREA_BASE	__SEAM_UL(0xfffffe0000000000)
/* The window in which the image lies, and its end. */
#define __START_KERNEL_map	__SEAM_UL(0xffffffff80000000)
#define KERNEL_IMAGE_SIZE	(__SEAM_UL(1) << 30)
#define FIXADDR_START		__SEAM_UL(0xffffffffff400000)
#define VMALLOC_SIZE		(__SEAM_UL(1) << 39)
#define VMEMMAP_SIZE		(__SEAM_UL(1) << 39)
#define PAGE_STRUCT_SHIFT	5	/* sizeof(struct page) == 1 << 5 */
#define MAX_PHYSMEM_BITS	46

/* One past the last address that a user mapping may cover: the top page stays empty. */
#define TASK_SIZE		__SEAM_UL(0x7ffffffff000)
#define TASK_SIZE_MAX		TASK_SIZE
#define STACK_TOP_MAX		TASK_SIZE

#define PMD_SHIFT	21
#define PUD_SHIFT	30
#define PGDIR_SHIFT	39
#define HPAGE_SHIFT	PMD_SHIFT
#define HPAGE_SIZE	(__SEAM_UL(1) << HPAGE_SHIFT)
#define HPAGE_PMD_ORDER	(PMD_SHIFT - PAGE_SHIFT)

#ifndef __ASSEMBLY__
#include <base/types.h>

/* The value of an absolute symbol as an immediate operand, one instruction; see boot/bases.S for the symbols. */
#define __SEAM_BASE(symbol)								\
static inline __attribute__((always_inline, const)) unsigned long __seam_##symbol(void)	\
{											\
	unsigned long base;								\
											\
	__asm__ inline("movabsq $" #symbol ", %0" : "=r"(base));				\
	return base;									\
}
__SEAM_BASE(page_offset_base)
__SEAM_BASE(vmalloc_base)
__SEAM_BASE(vmemmap_base)
__SEAM_BASE(page_to_virt_base)
__SEAM_BASE(virt_to_page_base)
#undef __SEAM_BASE

#define PAGE_OFFSET		__seam_page_offset_base()
#define VMALLOC_START		__seam_vmalloc_base()
#define VMALLOC_END		(VMALLOC_START + VMALLOC_SIZE - 1)
#define VMEMMAP_START		__seam_vmemmap_base()
#define VMEMMAP_END		(VMEMMAP_START + VMEMMAP_SIZE - 1)
/* Two bases in one number: see page_to_virt() and virt_to_page_direct() in mm/page.h. */
#define PAGE_TO_VIRT_BASE	__seam_page_to_virt_base()
#define VIRT_TO_PAGE_BASE	__seam_virt_to_page_base()

/* Where the image's mapping has physical address 0: __START_KERNEL_map and the offset of KASLR. */
extern char kernel_map_base[];
#define KERNEL_MAP_BASE		((unsigned long)kernel_map_base)
/* By how much the image was moved; 0 with nokaslr. */
#define kaslr_offset()		(KERNEL_MAP_BASE - __START_KERNEL_map)

/*
 * Physical address of a kernel virtual address, in the direct map or in the kernel image.
 * The image lies above its base, so the subtraction wraps for the direct map only.
 */
static inline unsigned long __phys_addr(unsigned long x)
{
	unsigned long y = x - KERNEL_MAP_BASE;

	return x > y ? y : x - PAGE_OFFSET;
}

/* As __phys_addr, for an address known to lie in the direct map: one subtraction. */
#define __pa_direct(x)	((unsigned long)(x) - PAGE_OFFSET)
#define __pa(x)		__phys_addr((unsigned long)(x))
#define __pa_symbol(x)	((unsigned long)(x) - KERNEL_MAP_BASE)
#define __va(x)		((void *)((unsigned long)(x) + PAGE_OFFSET))
#define virt_to_phys(x)	__pa(x)

#define PHYS_PFN(x)	((unsigned long)((x) >> PAGE_SHIFT))
#define PFN_UP(x)	(((unsigned long)(x) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define PFN_DOWN(x)	((unsigned long)(x) >> PAGE_SHIFT)
#define PAGE_ALIGN(a)	(((a) + PAGE_SIZE - 1) & PAGE_MASK)
#define PAGE_ALIGNED(a)	(((unsigned long)(a) & (PAGE_SIZE - 1)) == 0)
#define offset_in_page(p) ((unsigned long)(p) & ~PAGE_MASK)

/* True when @kaddr lies in the direct map and has memory behind it. */
bool __virt_addr_valid(unsigned long kaddr);
#define virt_addr_valid(kaddr)	__virt_addr_valid((unsigned long)(kaddr))

/*
 * Fill one page with zeros / copy one page; both page-aligned kernel addresses.
 * Any context. The widest stores that the CPU has (arch/x86_64/page_data.S).
 */
void clear_page(void *page);
void copy_page(void *to, const void *from);
/* Frames on their way back to the page allocator: nothing to do here; hosted, the software MMU looks for users. */
#define arch_free_page(page, order)	do { } while (0)

#endif /* !__ASSEMBLY__ */
#endif
