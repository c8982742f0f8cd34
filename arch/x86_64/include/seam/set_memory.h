/* SPDX-License-Identifier: MIT */
/* Change what kernel pages that are mapped may be used for. Theory: arch/x86_64/set_memory.c. */
#ifndef SEAM_SET_MEMORY_H
#define SEAM_SET_MEMORY_H

#include <base/types.h>

struct page;

/*
 * [addr, addr + nr_pages pages): in the direct map, the image or vmalloc's range, page-aligned, mapped. Read-only,
 * writable; not executable, executable; not present, present; write-combining, write-back. 0;
 * -EINVAL: not mapped or not aligned; -ENOMEM: a large page could not be split (nothing has changed then). The
 * other addresses of the same frames keep what they may. May sleep; all CPUs see the change on return.
 */
int set_memory_ro(unsigned long addr, int nr_pages);
int set_memory_rw(unsigned long addr, int nr_pages);
int set_memory_nx(unsigned long addr, int nr_pages);
int set_memory_x(unsigned long addr, int nr_pages);
int set_memory_np(unsigned long addr, int nr_pages);
int set_memory_p(unsigned long addr, int nr_pages);
int set_memory_wc(unsigned long addr, int nr_pages);
int set_memory_wb(unsigned long addr, int nr_pages);

/* One page of the direct map, not present or as at boot; the caller flushes. 0 or -ENOMEM. May sleep when the page
 * lies in a large one. */
int set_direct_map_invalid_noflush(struct page *page);
int set_direct_map_default_noflush(struct page *page);
/* Is @page present in the direct map? */
bool kernel_page_present(struct page *page);

#endif
