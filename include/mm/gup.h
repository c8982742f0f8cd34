/* SPDX-License-Identifier: MIT */
/* Pages of user memory by address, with a reference (get) or a pin. Theory: mm/vma/gup.c. */
#ifndef QUIRE_MM_GUP_H
#define QUIRE_MM_GUP_H

#include <base/types.h>
#include <mm/mm_struct.h>
#include <mm/vma.h>

struct folio;
struct page;
struct task_struct;

#define FOLL_WRITE	0x01
#define FOLL_GET	0x04
#define FOLL_DUMP	0x08	/* refuse the zero page and holes: -EFAULT */
#define FOLL_FORCE	0x10	/* ptrace: ignore missing VM_READ/VM_WRITE where VM_MAY* allows */
#define FOLL_POPULATE	0x40	/* no page returned: only fault in */
#define FOLL_TRIED	0x800	/* the fault has waited once: it may not ask to come back again */
#define FOLL_REMOTE	0x2000
#define FOLL_ANON	0x8000
#define FOLL_LONGTERM	0x10000
#define FOLL_PIN	0x40000

#define GUP_PIN_COUNTING_BIAS	(1U << 10)	/* references that one pin is worth */

/*
 * Pages of [@start, @start + @nr_pages pages) of @mm into @pages (may be NULL).
 * => called with mmap_lock held for reading; *@locked (if given) becomes 0 when it was dropped.
 * Return: number of pages (> 0), or -EFAULT, -ENOMEM, -EINTR if there is not even one.
 */
long get_user_pages_remote(struct mm_struct *mm, unsigned long start, unsigned long nr_pages,
			   unsigned int gup_flags, struct page **pages, int *locked);
long pin_user_pages_remote(struct mm_struct *mm, unsigned long start, unsigned long nr_pages,
			   unsigned int gup_flags, struct page **pages, int *locked);
/* Of current->mm, lock-free where the pages are there already. Takes mmap_lock if need be. */
int get_user_pages_fast(unsigned long start, int nr_pages, unsigned int gup_flags, struct page **pages);
int pin_user_pages_fast(unsigned long start, int nr_pages, unsigned int gup_flags, struct page **pages);
void unpin_user_page(struct page *page);
void unpin_user_pages(struct page **pages, unsigned long npages);
void unpin_user_pages_dirty_lock(struct page **pages, unsigned long npages, bool make_dirty);
/* Might somebody hold a pin? Errs on the side of yes. */
bool folio_maybe_dma_pinned(struct folio *folio);

/*
 * Fault [@start, @end) in without taking pages. => mmap_lock held for reading, *@locked as above.
 * Return: pages done from @start on (> 0), or -EFAULT, -ENOMEM, -EINTR.
 */
long faultin_page_range(struct mm_struct *mm, unsigned long start, unsigned long end, bool write,
			int *locked);

/* Copy between @buf and another's memory; bytes done. ptrace, /proc/PID/mem, core dumps, cmdline. */
int access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, int len, unsigned int gup_flags);
int access_process_vm(struct task_struct *tsk, unsigned long addr, void *buf, int len,
		      unsigned int gup_flags);

#endif
