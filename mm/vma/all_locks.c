// SPDX-License-Identifier: MIT
/*
 * mm_take_all_locks: every lock under which an entry of an address space can be changed, so that no such change is under
 * way when it returns. For the registration of mmu notifiers, which is rare.
 *
 * Order: mmap_lock (the caller's, for writing), each VMA, one mm at a time (mm_all_locks_mutex, for two could meet the
 * same files in another order), each mapping once (AS_MM_ALL_LOCKS tells which are done), the root of the fork tree.
 * Cost: proportional to the number of VMAs. Linux: mm/mmap.c.
 */
#include <base/bug.h>
#include <base/errno.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <fs/file.h>
#include <mm/address_space.h>
#include <mm/mmap.h>
#include <mm/rmap.h>
#include <sync/mutex.h>
#include "vma_internal.h"

static DEFINE_MUTEX(mm_all_locks_mutex, LOCK_MM_ALL_LOCKS);

int mm_take_all_locks(struct mm_struct *mm)
{
	lockdep_assert_held_write(&mm->mmap_lock);
	for (struct vm_area_struct *vma = mm->mmap; vma; vma = vma->vm_next) {
		if (signal_pending(current))
			return -EINTR; /* the VMAs are let go with mmap_lock */
		vma_start_write(vma);
	}
	mutex_lock(&mm_all_locks_mutex);
	for (struct vm_area_struct *vma = mm->mmap; vma; vma = vma->vm_next) {
		struct address_space *mapping = vma->vm_file ? vma->vm_file->f_mapping : NULL;

		if (mapping && !test_and_set_bit(AS_MM_ALL_LOCKS, &mapping->flags))
			down_write_nest_lock(&mapping->i_mmap_rwsem, &mm->mmap_lock);
	}
	down_write(&mm->anon_vma->root->rwsem);
	return 0;
}

void mm_drop_all_locks(struct mm_struct *mm)
{
	up_write(&mm->anon_vma->root->rwsem);
	for (struct vm_area_struct *vma = mm->mmap; vma; vma = vma->vm_next) {
		struct address_space *mapping = vma->vm_file ? vma->vm_file->f_mapping : NULL;

		if (mapping && test_and_clear_bit(AS_MM_ALL_LOCKS, &mapping->flags))
			up_write_nest_lock(&mapping->i_mmap_rwsem);
	}
	mutex_unlock(&mm_all_locks_mutex);
}
