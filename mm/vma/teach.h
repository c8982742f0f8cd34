/* SPDX-License-Identifier: MIT */
/*
 * Holes of the past, opened on purpose to be looked at: make TEACH=dirtycow. Never in the default kernel.
 *
 * dirtycow (CVE-2016-5195, in Linux from 2.6.22 to 4.8): a forced write to a private read-only mapping faults until the
 * page is a private copy. The old loop forgot after the first such fault that it wants to write. If MADV_DONTNEED drops
 * the copy before the loop looks again, the next fault is a read, maps the page of the file, and the "write" goes
 * there. The cure is to ask each time whether the page is ours (can_write_pte() in gup.c): tests/guest/cow.c shows both.
 */
#ifndef QUIRE_MM_VMA_TEACH_H
#define QUIRE_MM_VMA_TEACH_H

#include <mm/gup.h>
#include <mm/vma.h>

/* Flags for the next look after a fault. */
static inline unsigned int teach_after_fault(const struct vm_area_struct *vma, unsigned int flags)
{
#ifdef TEACH_dirtycow
	if ((flags & FOLL_FORCE) && !(vma->vm_flags & VM_WRITE))
		return flags & ~FOLL_WRITE;
#endif
	return flags;
}

#endif
