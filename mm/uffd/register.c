// SPDX-License-Identifier: MIT
/*
 * userfaultfd: which memory it answers for. Anonymous memory can be asked about missing pages and writes, shmem also
 * about pages that the file has but the mapping does not (minor faults).
 * Linux: fs/userfaultfd.c userfaultfd_register, mm/mprotect.c.
 */
#include <base/bug.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <kernel/sched.h>
#include <mm/mmap.h>
#include <mm/pgalloc.h>
#include <mm/tlb.h>
#include "uffd_internal.h"
#include "../pgtable/pgtable_internal.h"
#include "../vma/vma_internal.h"

int uffd_check_range(u64 start, u64 len)
{
	if (offset_in_page(start) || offset_in_page(len) || !len || start < mmap_min_addr)
		return -EINVAL;
	return start >= TASK_SIZE || len > TASK_SIZE - start ? -EINVAL : 0;
}

void uffd_set_vma(struct vm_area_struct *vma, struct userfaultfd_ctx *ctx, unsigned long flags)
{
	vma_start_write(vma);
	vma->uffd = ctx;
	vm_flags_reset(vma, flags);
	vma_set_page_prot(vma); /* a shared page that may be protected starts read-only */
}

void uffd_forget_vmas(struct userfaultfd_ctx *ctx)
{
	for (struct vm_area_struct *vma = ctx->mm->mmap; vma; vma = vma->vm_next)
		if (vma->uffd == ctx)
			uffd_set_vma(vma, NULL, vma->vm_flags & ~VM_UFFD_FLAGS);
}

static bool vma_can_userfault(const struct vm_area_struct *vma, unsigned long flags)
{
	if ((flags & VM_UFFD_MINOR) && !vma_is_shmem(vma))
		return false;
	return vma_is_anonymous(vma) || vma_is_shmem(vma);
}

/* The first VMA of the range, whose VMAs may all be registered by @ctx for @flags; or ERR_PTR. */
static struct vm_area_struct *check_vmas(struct userfaultfd_ctx *ctx, unsigned long start,
					 unsigned long end, unsigned long flags)
{
	struct vm_area_struct *first = find_vma(ctx->mm, start);

	if (!first)
		return ERR_PTR(-ENOMEM);
	if (first->vm_start >= end)
		return ERR_PTR(-EINVAL);
	for (struct vm_area_struct *vma = first; vma && vma->vm_start < end; vma = vma->vm_next) {
		if (!vma_can_userfault(vma, flags))
			return ERR_PTR(-EINVAL);
		if (!(vma->vm_flags & VM_MAYWRITE))
			return ERR_PTR(-EPERM);
		if (vma->uffd && vma->uffd != ctx)
			return ERR_PTR(-EBUSY);
	}
	return first;
}

/* Give [@start, @end) of @vma another context and other flags; it may become another VMA, which is returned. */
static struct vm_area_struct *change_vma(struct vm_area_struct *vma, unsigned long start,
					 unsigned long end, struct userfaultfd_ctx *ctx,
					 unsigned long flags)
{
	vma = vma_modify_uffd(vma, start, end, flags, ctx);
	if (!IS_ERR(vma))
		uffd_set_vma(vma, ctx, flags | (vma->vm_flags & VM_SOFTDIRTY));
	return vma;
}

static int register_vmas(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long end,
			 unsigned long flags)
{
	struct vm_area_struct *vma = check_vmas(ctx, start, end, flags);

	if (IS_ERR(vma))
		return PTR_ERR(vma);
	set_bit(MMF_HAS_UFFD, &ctx->mm->flags);
	for (; vma && vma->vm_start < end; vma = vma->vm_next) {
		unsigned long newflags = (vma->vm_flags & ~VM_UFFD_FLAGS) | flags;

		if (vma->uffd == ctx && newflags == vma->vm_flags)
			continue;
		vma = change_vma(vma, max(start, vma->vm_start), min(end, vma->vm_end), ctx,
				 newflags);
		if (IS_ERR(vma))
			return PTR_ERR(vma);
	}
	return 0;
}

static unsigned long mode_flags(u64 mode)
{
	return (mode & UFFDIO_REGISTER_MODE_MISSING ? VM_UFFD_MISSING : 0) |
	       (mode & UFFDIO_REGISTER_MODE_WP ? VM_UFFD_WP : 0) |
	       (mode & UFFDIO_REGISTER_MODE_MINOR ? VM_UFFD_MINOR : 0);
}

int uffd_register(struct userfaultfd_ctx *ctx, u64 start, u64 len, u64 mode, u64 *ioctls)
{
	const u64 modes =
		UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP | UFFDIO_REGISTER_MODE_MINOR;
	int err;

	if (!mode || (mode & ~modes))
		return -EINVAL;
	err = uffd_check_range(start, len);
	if (err)
		return err;
	if (!mmget_not_zero(ctx->mm))
		return -ENOMEM;
	mmap_write_lock(ctx->mm);
	err = register_vmas(ctx, start, start + len, mode_flags(mode));
	mmap_write_unlock(ctx->mm);
	mmput(ctx->mm);
	*ioctls = UFFD_API_RANGE_IOCTLS;
	if (!(mode & UFFDIO_REGISTER_MODE_WP))
		*ioctls &= ~(1ULL << _UFFDIO_WRITEPROTECT);
	if (!(mode & UFFDIO_REGISTER_MODE_MINOR))
		*ioctls &= ~(1ULL << _UFFDIO_CONTINUE);
	return err;
}

static int unregister_vmas(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long end)
{
	struct vm_area_struct *first = find_vma(ctx->mm, start), *vma;

	if (!first)
		return -ENOMEM;
	if (first->vm_start >= end)
		return -EINVAL;
	for (vma = first; vma && vma->vm_start < end; vma = vma->vm_next)
		if (!vma_can_userfault(vma, vma->vm_flags))
			return -EINVAL;
	for (vma = first; vma && vma->vm_start < end; vma = vma->vm_next) {
		unsigned long from = max(start, vma->vm_start), to = min(end, vma->vm_end);
		struct userfaultfd_ctx *owner = vma->uffd;

		if (!owner)
			continue;
		if (userfaultfd_wp(vma))
			change_uffd_wp(vma, from, to, false);
		vma = change_vma(vma, from, to, NULL, vma->vm_flags & ~VM_UFFD_FLAGS);
		uffd_wake(owner, from, to - from);
		if (IS_ERR(vma))
			return PTR_ERR(vma);
	}
	return 0;
}

int uffd_unregister(struct userfaultfd_ctx *ctx, u64 start, u64 len)
{
	int err = uffd_check_range(start, len);

	if (err)
		return err;
	if (!mmget_not_zero(ctx->mm))
		return -ENOMEM;
	mmap_write_lock(ctx->mm);
	err = unregister_vmas(ctx, start, start + len);
	mmap_write_unlock(ctx->mm);
	mmput(ctx->mm);
	return err;
}

/*
 * Unlike Linux with mmap_lock for writing, and the VMA write-locked: no fault of this VMA runs until the TLBs are
 * flushed, so none copies a page that another CPU still writes through a stale translation.
 */
int uffd_protect_range(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long len,
		       bool protect)
{
	struct vm_area_struct *vma;
	int err = -EAGAIN;

	if (!mmget_not_zero(ctx->mm))
		return -ESRCH;
	mmap_write_lock(ctx->mm);
	if (!atomic_read(&ctx->changing)) {
		vma = vma_lookup(ctx->mm, start);
		err = -ENOENT;
		if (vma && userfaultfd_wp(vma) && start + len <= vma->vm_end)
			err = change_uffd_wp(vma, start, start + len, protect);
	}
	mmap_write_unlock(ctx->mm);
	mmput(ctx->mm);
	return err;
}
