/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: seam/page.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#include <base/types.h>
extern unsigned long host_ram, host_memmap;
#define PAGE_SHIFT	  12
#define PAGE_SIZE	  (1UL << PAGE_SHIFT)
#define PAGE_MASK	  (~(PAGE_SIZE - 1))
#define PAGE_OFFSET	  host_ram
#define VMEMMAP_START	  host_memmap
#define TASK_SIZE	  0x7ffffffff000UL
#define TASK_SIZE_MAX	  TASK_SIZE
#define STACK_TOP	  TASK_SIZE
#define STACK_TOP_MAX	  TASK_SIZE
#define PMD_SHIFT	  21
#define PUD_SHIFT	  30
#define PGDIR_SHIFT	  39
#define HPAGE_PMD_ORDER	  9
#define __pa(x)		  ((unsigned long)(x)-PAGE_OFFSET)
#define __pa_direct(x)	  __pa(x)
#define __va(x)		  ((void *)((unsigned long)(x) + PAGE_OFFSET))
#define PAGE_ALIGN(a)	  (((a) + PAGE_SIZE - 1) & PAGE_MASK)
#define PAGE_ALIGNED(a)	  (((unsigned long)(a) & (PAGE_SIZE - 1)) == 0)
#define offset_in_page(p) ((unsigned long)(p) & ~PAGE_MASK)
void clear_page(void *);
void copy_page(void *, const void *);
