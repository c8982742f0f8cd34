// SPDX-License-Identifier: MIT
/*
 * VMAs: allocation, and the lock by which a page fault holds one without mmap_lock.
 *
 * States of vm_refcnt: 0 detached (a reader can not enter); 1 in the tree; 1 + n with n readers;
 * + VMA_LOCK_WRITER while a writer waits for the readers to leave.
 *
 *	reader (under RCU)			writer (mmap_lock held for writing)
 *	  refcnt: r -> r + 1, unless r is 0	  refcnt += WRITER; wait until it is WRITER + 1
 *	  or has WRITER				  vm_lock_seq = mm_lock_seq
 *	  vm_lock_seq == mm_lock_seq? leave	  refcnt -= WRITER
 *	  ... fault ...				  ... change, as often as it likes ...
 *	  refcnt -= 1				  mm_lock_seq += 1 on unlock: all its VMAs are free
 *
 * The acquire of the reader's exchange pairs with the release in the writer's last step: who enters
 * afterwards sees vm_lock_seq. Its load of mm_lock_seq pairs with the unlock: who gets in sees what was changed. A VMA whose memory was reused is caught by the comparison of vm_mm and
 * of the borders; the memory itself stays a VMA (SLAB_TYPESAFE_BY_RCU). Cost for the reader: two
 * locked instructions.
 *
 * Linux since 6.15 does the same (include/linux/mmap_lock.h); 6.4 to 6.14 had an rwsem per VMA.
 */
#include <base/bug.h>
#include <kernel/task.h>
#include <sync/rcu.h>
#include <sync/wait.h>
#include <mm/slab.h>
#include <mm/gfp.h>
#include <mm/vma.h>
#include <mm/vma_tree.h>
#include "../tree/vma_tree_internal.h"
#include "vma_internal.h"

static struct kmem_cache *vm_area_cachep;

void vma_cache_init(void)
{
	vm_area_cachep = kmem_cache_create("vm_area_struct", sizeof(struct vm_area_struct), 64,
					   SLAB_TYPESAFE_BY_RCU | SLAB_PANIC | SLAB_ACCOUNT, NULL);
}

struct vm_area_struct *vm_area_alloc(struct mm_struct *mm)
{
	struct vm_area_struct *vma = kmem_cache_alloc(vm_area_cachep, GFP_KERNEL_ACCOUNT);

	if (likely(vma))
		vma_init(vma, mm);
	return vma;
}

struct vm_area_struct *vm_area_dup(struct vm_area_struct *orig)
{
	struct vm_area_struct *new = kmem_cache_alloc(vm_area_cachep, GFP_KERNEL_ACCOUNT);

	if (unlikely(!new))
		return NULL;
	vma_init(new, orig->vm_mm);
	new->vm_start = orig->vm_start;
	new->vm_end = orig->vm_end;
	new->vm_flags = orig->vm_flags;
	new->vm_page_prot = orig->vm_page_prot;
	new->anon_vma = orig->anon_vma;
	new->vm_ops = orig->vm_ops;
	new->vm_pgoff = orig->vm_pgoff;
	new->vm_file = orig->vm_file;
	new->uffd = orig->uffd;
	new->vm_private_data = orig->vm_private_data;
	new->anon_shift = orig->anon_shift;
	if (unlikely(orig->anon_name))
		new->anon_name = anon_name_get(orig->anon_name);
	return new;
}

void vm_area_free(struct vm_area_struct *vma)
{
	VM_BUG_ON_VMA(vma_is_attached(vma), vma);
	if (unlikely(vma->anon_name))
		anon_name_put(vma->anon_name);
	kmem_cache_free(vm_area_cachep, vma);
}

static __always_inline bool start_read(struct mm_struct *mm, struct vm_area_struct *vma)
{
	int old = atomic_read(&vma->vm_refcnt);

	do {
		if (unlikely(!old || (old & VMA_LOCK_WRITER)))
			return false;
	} while (unlikely(!atomic_try_cmpxchg_acquire(&vma->vm_refcnt, &old, old + 1)));

	if (unlikely(READ_ONCE(vma->vm_lock_seq) == smp_load_acquire(&mm->mm_lock_seq) ||
		     vma->vm_mm != mm)) {
		vma_end_read(vma);
		return false;
	}
	return true;
}

bool vma_start_read(struct mm_struct *mm, struct vm_area_struct *vma)
{
	return start_read(mm, vma);
}

struct vm_area_struct *lock_vma_under_rcu(struct mm_struct *mm, unsigned long address)
{
	struct vm_area_struct *vma;

	rcu_read_lock();
	vma = tree_lookup(mm, address);
	if (unlikely(!vma || !start_read(mm, vma))) {
		rcu_read_unlock();
		return NULL;
	}
	rcu_read_unlock();
	if (unlikely(address < vma->vm_start || address >= vma->vm_end)) {
		vma_end_read(vma);
		return NULL;
	}
	return vma;
}

/* A writer waits. Its mm cannot go away before it has seen the last reader leave, and wakes up. */
void __vma_end_read_slow(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;

	wake_up_all(&mm->vma_writer_wait);
}

void __vma_start_write(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;

	if (!atomic_read(&vma->vm_refcnt)) { /* not in the tree: nobody can read it */
		vma->vm_lock_seq = mm->mm_lock_seq;
		return;
	}
	if (unlikely(atomic_add_return(VMA_LOCK_WRITER, &vma->vm_refcnt) != VMA_LOCK_WRITER + 1))
		wait_event(mm->vma_writer_wait,
			   smp_load_acquire(&vma->vm_refcnt.counter) == VMA_LOCK_WRITER + 1);
	WRITE_ONCE(vma->vm_lock_seq, mm->mm_lock_seq);
	atomic_sub_return_release(VMA_LOCK_WRITER, &vma->vm_refcnt);
}
