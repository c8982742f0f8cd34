/* SPDX-License-Identifier: MIT */
/* Virtually contiguous kernel memory, device registers, kernel stacks. Theory: mm/kmap/vmalloc.c. */
#ifndef QUIRE_MM_VMALLOC_H
#define QUIRE_MM_VMALLOC_H

#include <base/types.h>
#include <base/list.h>
#include <base/rbtree.h>
#include <seam/pgtable.h>
#include <mm/gfp.h>

#define VM_IOREMAP		0x00000001
#define VM_ALLOC		0x00000002
#define VM_MAP			0x00000004
#define VM_USERMAP		0x00000008
#define VM_FLUSH_RESET_PERMS	0x00000100	/* flush at once, and reset the direct map, when it is freed */
#define VM_ALLOW_HUGE_VMAP	0x00000400	/* pages of 2 MiB where they fit */
#define VM_STACK_AREA		0x00001000	/* a kernel stack, shown as such */

struct vm_struct {
	void *addr;
	unsigned long size;		/* bytes with the guard page */
	unsigned long flags;
	struct page **pages;
	unsigned int nr_pages;
	enum page_cache_mode cache_mode;	/* of VM_IOREMAP */
	phys_addr_t phys_addr;		/* of VM_IOREMAP */
	const void *caller;
};

/* NULL when out of memory or addresses. May sleep. @size in bytes, rounded up to pages. */
void *vmalloc(unsigned long size);
void *vzalloc(unsigned long size);
void *vmalloc_user(unsigned long size);
void *__vmalloc(unsigned long size, gfp_t gfp);
/* As __vmalloc(), mapped by pages of 2 MiB where memory has them (not with nohugevmalloc). */
void *vmalloc_huge(unsigned long size, gfp_t gfp);
void *__vmalloc_huge_node(unsigned long size, gfp_t gfp, int node, const void *caller);
/* Rights of @addr's area were or will be changed with set_memory_*(): vfree() makes sure that none of that lasts. */
void set_vm_flush_reset_perms(void *addr);
/* NULL is let pass. Not from interrupts: vfree_atomic() for them. */
void vfree(const void *addr);
void vfree_atomic(const void *addr);
/* Map @count pages; flags VM_MAP. vunmap() takes the mapping away, not the pages. */
void *vmap(struct page **pages, unsigned int count, unsigned long flags, pgprot_t prot);
void vunmap(const void *addr);
struct page *vmalloc_to_page(const void *addr);
unsigned long vmalloc_to_pfn(const void *addr);
/* Is it mapped by a page of 2 MiB? */
bool vmalloc_is_huge(const void *addr);
bool is_vmalloc_addr(const void *x);
struct vm_struct *find_vm_area(const void *addr);
/* Unmap what waits for its flush; before memory or addresses run out. */
void vm_unmap_aliases(void);

/* Between these no table of the kernel is given back or linked: for who reads them all. May sleep. */
void kernel_tables_lock(void);
void kernel_tables_unlock(void);

/* A kernel stack of THREAD_SIZE bytes with an unmapped page below, or NULL. Contents undefined. May sleep. */
void *alloc_thread_stack_node(int node);
/* => nobody runs on it. Any context. */
void free_thread_stack(void *stack);
/* Give the stacks kept ready back; number of them. May sleep. */
unsigned int thread_stack_cache_drain(void);
/* Pages of the stacks that no task has: kept ready by the CPUs, or given up and not yet freed. */
unsigned long thread_stack_unused_pages(void);
/* The word at the deep end of a stack, STACK_END_MAGIC while nobody has written through it. */
static inline u32 *stack_end(void *stack)
{
	return stack;
}
#define STACK_END_MAGIC 0x57AC6E9D
/* Bytes from the top of @stack to the deepest word that is not zero. => stack_depth_known (`stackdepth` at boot) */
unsigned long stack_depth(const void *stack);
extern bool stack_depth_known;
/* True when @addr lies in the guard page of a kernel stack: for the oops. */
bool in_stack_guard(unsigned long addr);

#define VMALLOC_TOTAL	(VMALLOC_END - VMALLOC_START)
/* Pages that vmalloc holds now. */
unsigned long vmalloc_nr_pages(void);
/* Bytes of address space in use, and the largest free run. */
void vmalloc_usage(unsigned long *used, unsigned long *largest_free);
void vmalloc_init(void);
/* BUG() when trees, list and counts contradict each other. */
void vmalloc_check(void);

#endif
