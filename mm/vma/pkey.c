// SPDX-License-Identifier: MIT
/*
 * Protection keys of an address space: which of the 16 are taken. A VMA carries its key in vm_flags, from where it
 * gets into the entries (vm_get_page_prot()); what a thread may do with a key is in a register of its own.
 *
 * Memory with PROT_EXEC alone becomes execute-only by a key that the kernel takes for that at first need, and whose
 * access the asking thread loses.
 * Without keys in the CPU: ENOSPC, as Linux answers. Linux: mm/mprotect.c, arch/x86/mm/pkeys.c; pkeys(7).
 */
#include <base/bitops.h>
#include <base/errno.h>
#include <kernel/ksyscall.h>
#include <kernel/task.h>
#include <linux/mman.h>
#include <seam/pkeys.h>
#include "vma_internal.h"

#define PKEY_RIGHTS (PKEY_DISABLE_ACCESS | PKEY_DISABLE_WRITE)

/* The lowest key that is free, taken; or -1. */
static int take_pkey(struct mm_struct *mm)
{
	for (int pkey = 0; arch_has_pkeys() && pkey < NR_PKEYS; pkey++) {
		if (mm->pkey_map & 1u << pkey)
			continue;
		mm->pkey_map |= 1u << pkey;
		return pkey;
	}
	return -1;
}

bool mm_pkey_is_allocated(struct mm_struct *mm, int pkey)
{
	if (pkey < 0 || pkey >= NR_PKEYS || pkey == mm->execute_only_pkey || !arch_has_pkeys())
		return false; /* the kernel's own key is not the program's */
	return mm->pkey_map & 1u << pkey;
}

int execute_only_pkey(struct mm_struct *mm)
{
	int pkey = mm->execute_only_pkey;

	if (pkey < 0)
		pkey = take_pkey(mm);
	if (pkey < 0)
		return -1;
	mm->execute_only_pkey = (s8)pkey;
	if (!(arch_pkey_rights(pkey) & PKEY_DISABLE_ACCESS))
		arch_set_pkey_rights(pkey, PKEY_DISABLE_ACCESS);
	return pkey;
}

int override_pkey(struct vm_area_struct *vma, unsigned long prot, int pkey)
{
	int old = (int)vma_pkey(vma);

	if (pkey != -1)
		return pkey;
	if (prot == PROT_EXEC) {
		pkey = execute_only_pkey(vma->vm_mm);
		if (pkey > 0)
			return pkey;
	} else if (old && old == vma->vm_mm->execute_only_pkey &&
		   (vma->vm_flags & VM_ACCESS_FLAGS) == VM_EXEC) {
		return 0; /* execute-only no more */
	}
	return old;
}

SYSCALL_DEFINE2(pkey_alloc, unsigned long, flags, unsigned long, init_val)
{
	struct mm_struct *mm = current->mm;
	int pkey;

	if (flags || (init_val & ~(unsigned long)PKEY_RIGHTS))
		return -EINVAL;
	mmap_write_lock(mm);
	pkey = take_pkey(mm);
	if (pkey >= 0)
		arch_set_pkey_rights(pkey, (unsigned int)init_val);
	mmap_write_unlock(mm);
	return pkey >= 0 ? pkey : -ENOSPC;
}

SYSCALL_DEFINE1(pkey_free, int, pkey)
{
	struct mm_struct *mm = current->mm;
	int err = -EINVAL;

	mmap_write_lock(mm);
	if (mm_pkey_is_allocated(mm, pkey)) {
		mm->pkey_map &= ~(1u << pkey);
		err = 0;
	}
	mmap_write_unlock(mm);
	return err;
}
