/* SPDX-License-Identifier: MIT */
/*
 * userfaultfd: faults of chosen memory are answered by a program. Theory: mm/uffd/ctx.c; the file: fs/userfaultfd.c.
 * Everything here may sleep unless said otherwise.
 */
#ifndef QUIRE_MM_USERFAULTFD_H
#define QUIRE_MM_USERFAULTFD_H

#include <base/types.h>
#include <base/list.h>
#include <mm/fault.h>
#include <mm/vma.h>

struct userfaultfd_ctx;

#define VM_UFFD_FLAGS	(VM_UFFD_MISSING | VM_UFFD_WP | VM_UFFD_MINOR)

static inline bool userfaultfd_missing(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_UFFD_MISSING;
}
static inline bool userfaultfd_wp(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_UFFD_WP;
}
static inline bool userfaultfd_minor(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_UFFD_MINOR;
}
/* A write to this entry is for the program to answer. */
static inline bool userfaultfd_pte_wp(const struct vm_area_struct *vma, pte_t pte)
{
	return userfaultfd_wp(vma) && pte_uffd_wp(pte);
}

/**
 * handle_userfault - queue the fault and sleep until the program has answered it.
 * @reason: VM_UFFD_MISSING, VM_UFFD_WP or VM_UFFD_MINOR
 * => the fault's lock is held, no spinlock, no folio lock.
 * Return: VM_FAULT_RETRY with the lock dropped, or, with the lock still held, VM_FAULT_SIGBUS (nobody may be asked) or
 * VM_FAULT_NOPAGE (the file is being closed: fault again).
 */
vm_fault_t handle_userfault(struct vm_fault *vmf, unsigned long reason);

/* --- changes of the layout, told to programs that asked to hear of them ------------------------------ */

/* fork: @new is the child's copy of a VMA with a context. 0 or -ENOMEM. => both mmap_locks for writing */
int dup_userfaultfd(struct vm_area_struct *new, struct list_head *forks);
/* After the fork, without locks: the parent's programs get the child's descriptors. */
void dup_userfaultfd_complete(struct list_head *forks);
/* fork has failed: forget. */
void dup_userfaultfd_fail(struct list_head *forks);

/* mremap has made @new from a VMA with a context: whom to tell (a reference), or NULL. => mmap_lock for writing */
struct userfaultfd_ctx *mremap_userfaultfd_prep(struct vm_area_struct *new);
/* After mmap_lock was dropped. @ctx may be NULL. */
void mremap_userfaultfd_complete(struct userfaultfd_ctx *ctx, unsigned long from, unsigned long to,
				 unsigned long len);

/*
 * Pages of [@start, @end) of @vma are about to go. => mmap_lock for reading
 * Return: true, or false when somebody was told: mmap_lock was dropped meanwhile and is held again.
 */
bool userfaultfd_remove(struct vm_area_struct *vma, unsigned long start, unsigned long end);

/* [@start, @end) is about to be unmapped: notes in @unmaps whom to tell. 0 or -ENOMEM. => mmap_lock for writing */
int userfaultfd_unmap_prep(struct mm_struct *mm, unsigned long start, unsigned long end,
			   struct list_head *unmaps);
/* After mmap_lock was dropped. */
void userfaultfd_unmap_complete(struct list_head *unmaps);

/* vm.unprivileged_userfaultfd */
extern int sysctl_unprivileged_userfaultfd;

#endif
