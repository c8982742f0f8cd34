// SPDX-License-Identifier: MIT
/*
 * mremap: shrink, grow in place, or move.
 *
 * A move makes a second VMA (or extends a neighbour of the new place), hands the entries over, and unmaps the old
 * range, which is empty then. Anonymous pages keep their index; the new VMA remembers by how much they are away
 * from home (anon_shift), unless there are none yet: then it is at home where it is.
 * Failure in the middle (no memory for tables): the entries move back.
 * Accounts: Committed_AS changes by the difference only; total_vm counts both for a moment.
 * Linux: mm/mremap.c.
 */
#include <base/bug.h>
#include <base/err.h>
#include <base/errno.h>
#include <kernel/ksyscall.h>
#include <kernel/task.h>
#include <fs/file.h>
#include <mm/fault.h>
#include <mm/rmap.h>
#include <mm/userfaultfd.h>
#include <linux/mman.h>
#include "vma_internal.h"
#include "../pgtable/pgtable_internal.h"

struct mremap_req {
	unsigned long addr, old_len, new_len, flags, new_addr;
	unsigned long populate_at, populate_len; /* out: to populate after unlocking */
	struct userfaultfd_ctx *uffd;		 /* out: to hear of the move */
	struct list_head unmaps_early,
		unmaps; /* out: whom to tell of unmapping, before and after that */
};

struct vm_area_struct *copy_vma(struct vm_area_struct *vma, unsigned long addr, unsigned long len,
				pgoff_t pgoff, bool *need_rmap_locks)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *new;
	struct vma_pos pos;
	struct vma_merge_req req = {
		.mm = mm,
		.start = addr,
		.end = addr + len,
		.flags = vma->vm_flags,
		.file = vma->vm_file,
		.vm_ops = vma->vm_ops,
		.anon_vma = vma->anon_vma,
		.anon_name = vma->anon_name,
		.uffd = vma->uffd,
	};

	/* Pages move from vm_start + (pgoff - vm_pgoff) to @addr. */
	if (vma->anon_vma)
		req.anon_shift = vma->anon_shift + ((long)(addr - vma->vm_start) >> PAGE_SHIFT) -
				 (long)(pgoff - vma->vm_pgoff);
	else if (vma_is_anonymous(vma) && !vma->vm_file)
		pgoff = addr >> PAGE_SHIFT;
	req.pgoff = pgoff;
	*need_rmap_locks = true;

	if (vma_tree_find(mm, addr, &pos) && pos.next->vm_start < addr + len)
		return NULL;
	req.prev = pos.prev;
	req.next = pos.next;
	new = vma_merge_new(&req);
	if (new)
		return new;
	if (vma_tree_prealloc(mm, &pos, 1))
		return NULL;
	new = vm_area_dup(vma);
	if (!new)
		return NULL;
	new->vm_start = addr;
	new->vm_end = addr + len;
	new->vm_pgoff = pgoff;
	new->anon_shift = req.anon_shift;
	if (new->vm_file)
		get_file(new->vm_file);
	if (new->vm_ops &&new->vm_ops->open)
		new->vm_ops->open(new);
	vma_tree_insert_at(mm, &pos, new);
	vma_link_file(new);
	if (new->anon_shift)
		anon_vma_add_moved(new);
	return new;
}

/* May [addr, addr + old_len) of @vma become new_len? 0 or an errno. */
static int check_resize(struct vm_area_struct *vma, const struct mremap_req *r)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long pgoff;

	if (!r->old_len && !(vma->vm_flags & (VM_SHARED | VM_MAYSHARE)))
		return -EINVAL;
	if ((r->flags & MREMAP_DONTUNMAP) && (vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP)))
		return -EINVAL;
	if (r->old_len > vma->vm_end - r->addr)
		return -EFAULT;
	if (r->new_len == r->old_len)
		return 0;
	pgoff = (r->addr - vma->vm_start) >> PAGE_SHIFT;
	pgoff += vma->vm_pgoff;
	if (pgoff + (r->new_len >> PAGE_SHIFT) < pgoff)
		return -EINVAL;
	if (vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP))
		return -EFAULT;
	if (!mlock_future_ok(mm, vma->vm_flags, r->new_len - r->old_len))
		return -EAGAIN;
	if (!may_expand_vm(mm, vma->vm_flags, (r->new_len - r->old_len) >> PAGE_SHIFT))
		return -ENOMEM;
	return 0;
}

/* Hand the entries to @new; on failure take them back. */
static int move_entries(struct vm_area_struct *vma, struct vm_area_struct *new,
			const struct mremap_req *r, bool need_rmap_locks)
{
	unsigned long moved =
		move_page_tables(vma, r->addr, new, r->new_addr, r->old_len, need_rmap_locks);
	int err = 0;

	if (moved < r->old_len)
		err = -ENOMEM;
	else if (vma->vm_ops && vma->vm_ops->mremap)
		err = vma->vm_ops->mremap(new);
	if (err)
		move_page_tables(new, r->new_addr, vma, r->addr, moved, true);
	return err;
}

/* MREMAP_DONTUNMAP: the range that the pages have left is not locked any more; the rest of @vma stays as it is. */
static void unlock_left_behind(struct vm_area_struct *vma, const struct mremap_req *r)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long pages = r->old_len >> PAGE_SHIFT;
	struct vm_area_struct *part;

	if (!(vma->vm_flags & VM_LOCKED))
		return;
	part = vma_modify_flags(vma, r->addr, r->addr + r->old_len,
				vma->vm_flags & ~VM_LOCKED_MASK);
	if (IS_ERR(part)) { /* no memory to split it: then all of it */
		part = vma;
		pages = vma_pages(vma);
	}
	mm->locked_vm -= pages;
	vm_flags_clear(part, VM_LOCKED_MASK);
}

static unsigned long move_vma(struct vm_area_struct *vma, struct mremap_req *r)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long vm_flags = vma->vm_flags, hiwater = mm->hiwater_vm;
	unsigned long pgoff = vma->vm_pgoff + ((r->addr - vma->vm_start) >> PAGE_SHIFT);
	bool keep = r->flags & MREMAP_DONTUNMAP, need_rmap_locks;
	long charge = 0;
	struct vm_area_struct *new;
	int err = 0;

	if (mm->map_count >= sysctl_max_map_count - 3)
		return -ENOMEM;
	if (vma->vm_ops && vma->vm_ops->may_split) {
		if (vma->vm_start != r->addr)
			err = vma->vm_ops->may_split(vma, r->addr);
		if (!err && vma->vm_end != r->addr + r->old_len)
			err = vma->vm_ops->may_split(vma, r->addr + r->old_len);
		if (err)
			return err;
	}
	if (vm_flags & VM_ACCOUNT) {
		charge = (keep ? r->new_len : r->new_len - r->old_len) >> PAGE_SHIFT;
		if (charge && security_vm_enough_memory_mm(mm, charge))
			return -ENOMEM;
	}
	vma_start_write(vma);
	new = copy_vma(vma, r->new_addr, r->new_len, pgoff, &need_rmap_locks);
	if (!new) {
		vm_unacct_memory(charge);
		return -ENOMEM;
	}
	vma_start_write(new);
	vma = vma_lookup(mm, r->addr); /* the new place may have been merged with it */
	vm_stat_account(mm, vm_flags, r->new_len >> PAGE_SHIFT);
	if (vm_flags & VM_LOCKED)
		mm->locked_vm += r->new_len >> PAGE_SHIFT;

	err = move_entries(vma, new, r, need_rmap_locks);
	if (err) {
		/* Unmapping the new range uncharges new_len pages, of which `charge` were charged. */
		if (vm_flags & VM_ACCOUNT)
			vm_acct_memory((r->new_len >> PAGE_SHIFT) - charge);
		do_munmap(mm, r->new_addr, r->new_len, NULL);
		return err;
	}
	r->uffd = mremap_userfaultfd_prep(new);
	if (keep) {
		unlock_left_behind(vma_lookup(mm, r->addr), r);
	} else if (r->old_len) {
		/* Both count now, until the old range goes; if it cannot be cut off, it stays, empty. */
		if (vm_flags & VM_ACCOUNT)
			vm_acct_memory(r->old_len >> PAGE_SHIFT);
		do_munmap(mm, r->addr, r->old_len, &r->unmaps);
	}
	mm->hiwater_vm = hiwater;
	if ((vm_flags & VM_LOCKED) && !keep) { /* what grew; the rest is as resident as it was */
		r->populate_at = r->new_addr + r->old_len;
		r->populate_len = r->new_len - r->old_len;
	}
	return r->new_addr;
}

/* MREMAP_FIXED or MREMAP_DONTUNMAP. */
static unsigned long mremap_to(struct vm_area_struct *vma, struct mremap_req *r)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long map_flags = 0, ret;
	int err;

	if (offset_in_page(r->new_addr))
		return -EINVAL;
	if (r->new_len > TASK_SIZE || r->new_addr > TASK_SIZE - r->new_len)
		return -EINVAL;
	if (r->addr + r->old_len > r->new_addr && r->new_addr + r->new_len > r->addr)
		return -EINVAL;
	if (mm->map_count + 2 >= sysctl_max_map_count - 3)
		return -ENOMEM;
	if (r->flags & MREMAP_FIXED) {
		err = do_munmap(mm, r->new_addr, r->new_len, &r->unmaps_early);
		if (err)
			return err;
		map_flags |= MAP_FIXED;
	}
	if (r->old_len > r->new_len) {
		err = do_munmap(mm, r->addr + r->new_len, r->old_len - r->new_len, &r->unmaps);
		if (err)
			return err;
		r->old_len = r->new_len;
	}
	vma = vma_lookup(mm, r->addr);
	if (!vma)
		return -EFAULT;
	err = check_resize(vma, r);
	if (err)
		return err;
	if ((r->flags & MREMAP_DONTUNMAP) &&
	    !may_expand_vm(mm, vma->vm_flags, r->old_len >> PAGE_SHIFT))
		return -ENOMEM;
	if (vma->vm_flags & VM_MAYSHARE)
		map_flags |= MAP_SHARED;
	ret = get_unmapped_area(vma->vm_file, r->new_addr, r->new_len,
				vma->vm_pgoff + ((r->addr - vma->vm_start) >> PAGE_SHIFT),
				map_flags);
	if (IS_ERR_VALUE(ret))
		return ret;
	if (!(r->flags & MREMAP_FIXED))
		r->new_addr = ret;
	return move_vma(vma, r);
}

/* Is there room for @delta bytes more behind @vma? */
static bool vma_expandable(struct vm_area_struct *vma, unsigned long delta)
{
	unsigned long end = vma->vm_end + delta;

	if (end < vma->vm_end || end > TASK_SIZE)
		return false;
	if (vma->vm_next && vma->vm_next->vm_start < end)
		return false;
	return get_unmapped_area(NULL, vma->vm_start, end - vma->vm_start, 0, MAP_FIXED) ==
	       vma->vm_start;
}

/* Grow at the end of @vma, merging with what follows if possible. */
static unsigned long grow_in_place(struct vm_area_struct *vma, struct mremap_req *r)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long pages = (r->new_len - r->old_len) >> PAGE_SHIFT;
	unsigned long start = r->addr + r->old_len, end = r->addr + r->new_len;
	struct vma_merge_req req = {
		.mm = mm,
		.prev = vma,
		.next = vma->vm_next,
		.start = start,
		.end = end,
		.flags = vma->vm_flags,
		.file = vma->vm_file,
		.vm_ops = vma->vm_ops,
		.pgoff = vma->vm_pgoff + vma_pages(vma),
		.anon_vma = vma->anon_vma,
		.anon_name = vma->anon_name,
		.uffd = vma->uffd,
		.anon_shift = vma->anon_shift,
	};

	if ((vma->vm_flags & VM_ACCOUNT) && security_vm_enough_memory_mm(mm, pages))
		return -ENOMEM;
	if (!vma_merge_new(&req)) {
		/* ->close or VM_SPECIAL forbid merging, not growing. */
		vma_adjust(vma, vma->vm_start, end);
	}
	vm_stat_account(mm, req.flags, pages);
	if (req.flags & VM_LOCKED) {
		mm->locked_vm += pages;
		r->populate_at = start;
		r->populate_len = end - start;
	}
	return r->addr;
}

static unsigned long do_mremap(struct mremap_req *r)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma = vma_lookup(mm, r->addr);
	unsigned long ret;
	int err;

	if (!vma)
		return -EFAULT;
	if (r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
		return mremap_to(vma, r);
	if (r->old_len >= r->new_len) {
		err = r->old_len > r->new_len ? do_munmap(mm, r->addr + r->new_len,
							  r->old_len - r->new_len, &r->unmaps)
					      : 0;
		return err ? (unsigned long)err : r->addr;
	}
	err = check_resize(vma, r);
	if (err)
		return err;
	if (r->old_len == vma->vm_end - r->addr && vma_expandable(vma, r->new_len - r->old_len))
		return grow_in_place(vma, r);
	if (!(r->flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	ret = get_unmapped_area(vma->vm_file, 0, r->new_len,
				vma->vm_pgoff + ((r->addr - vma->vm_start) >> PAGE_SHIFT),
				vma->vm_flags & VM_MAYSHARE ? MAP_SHARED : 0);
	if (IS_ERR_VALUE(ret))
		return ret;
	r->new_addr = ret;
	return move_vma(vma, r);
}

SYSCALL_DEFINE5(mremap, unsigned long, addr, unsigned long, old_len, unsigned long, new_len,
		unsigned long, flags, unsigned long, new_addr)
{
	struct mremap_req r = {
		.addr = addr,
		.old_len = PAGE_ALIGN(old_len),
		.new_len = PAGE_ALIGN(new_len),
		.flags = flags,
		.new_addr = new_addr,
	};
	struct mm_struct *mm = current->mm;
	unsigned long ret;

	if (flags & ~(MREMAP_FIXED | MREMAP_MAYMOVE | MREMAP_DONTUNMAP))
		return -EINVAL;
	if ((flags & MREMAP_FIXED) && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((flags & MREMAP_DONTUNMAP) && (!(flags & MREMAP_MAYMOVE) || old_len != new_len))
		return -EINVAL;
	if (offset_in_page(addr) || !r.new_len)
		return -EINVAL;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	INIT_LIST_HEAD(&r.unmaps_early);
	INIT_LIST_HEAD(&r.unmaps);
	ret = do_mremap(&r);
	mmap_write_unlock(mm);
	userfaultfd_unmap_complete(&r.unmaps_early);
	mremap_userfaultfd_complete(r.uffd, addr, ret, r.old_len);
	userfaultfd_unmap_complete(&r.unmaps);
	if (r.populate_len && !IS_ERR_VALUE(ret))
		mm_populate(r.populate_at, r.populate_len);
	return ret;
}
