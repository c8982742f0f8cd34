// SPDX-License-Identifier: MIT
/*
 * userfaultfd: the program fills a page in, for a process that waits for it.
 *
 *	COPY		a new page with contents from the caller's memory
 *	ZERO		the zero page, or, of a shared mapping, a new page of zeroes
 *	CONTINUE	the page that the file has
 *
 * Contents are copied while the mm's lock is held, without faulting; when that does not succeed, the lock is dropped,
 * the page is filled with faults allowed, and everything is looked at again. Linux: mm/userfaultfd.c.
 */
#include <base/bug.h>
#include <base/errno.h>
#include <base/math.h>
#include <kernel/sched.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <mm/address_space.h>
#include <mm/filemap.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/mmap.h>
#include <mm/page.h>
#include <mm/pgalloc.h>
#include <mm/pte_marker.h>
#include <mm/rmap.h>
#include <mm/shmem.h>
#include <seam/uaccess.h>
#include "uffd_internal.h"
#include "../fault/fault_internal.h"
#include "../rmap/rmap_internal.h"

/* One call of uffd_fill_range(). */
struct fill {
	struct userfaultfd_ctx *ctx;
	enum uffd_fill how;
	unsigned long dst, src; /* of the next page */
	bool wp;
	struct page *reserve; /* filled, with the lock dropped */
};

/* The VMA that holds all of [@dst, @dst + @len), registered with @f->ctx; or NULL. => mmap_lock */
static struct vm_area_struct *find_dst(struct fill *f, unsigned long len)
{
	struct vm_area_struct *vma = vma_lookup(f->ctx->mm, f->dst);

	return vma && vma->uffd && f->dst + len <= vma->vm_end ? vma : NULL;
}

/* A page with the contents. *@page, or -ENOMEM, or -EAGAIN: its source has to be faulted in. */
static int new_page(struct fill *f, struct page **page)
{
	unsigned long left = 0;

	*page = f->reserve;
	f->reserve = NULL;
	if (*page)
		return 0;
	*page = alloc_page(GFP_HIGHUSER_MOVABLE | (f->how == UFFD_FILL_ZERO ? __GFP_ZERO : 0));
	if (!*page)
		return -ENOMEM;
	if (f->how == UFFD_FILL_COPY) {
		pagefault_disable();
		left = __copy_from_user_inatomic(page_address(*page), (void __user *)f->src,
						 PAGE_SIZE);
		pagefault_enable();
	}
	if (!left)
		return 0;
	f->reserve = *page;
	return -EAGAIN;
}

/* Fill f->reserve; the lock is not held. */
static int fill_reserve(struct fill *f)
{
	return copy_from_user(page_address(f->reserve), (void __user *)f->src, PAGE_SIZE) ? -EFAULT
											  : 0;
}

/* How the page is to be entered. */
static pte_t fill_entry(struct fill *f, struct vm_area_struct *vma, struct page *page,
			bool writable)
{
	pte_t entry = pte_mkdirty(mk_pte(page, vma->vm_page_prot));

	if (f->wp)
		return pte_mkuffd_wp(pte_wrprotect(entry));
	return writable ? maybe_mkwrite(entry, vma) : pte_wrprotect(entry);
}

/* The table at f->dst exists. */
static int make_table(struct fill *f, pmd_t **pmdp)
{
	struct mm_struct *mm = f->ctx->mm;
	pud_t *pud = pud_alloc(mm, pgd_offset(mm, f->dst), f->dst);
	pmd_t *pmd = pud ? pmd_alloc(mm, pud, f->dst) : NULL;

	*pmdp = pmd;
	return pmd && !pte_alloc(mm, pmd) ? 0 : -ENOMEM;
}

/* Is the page at @addr of a mapping of a file behind the file's end? Asked under the lock of the entry, which truncation clears. */
static bool past_end(const struct vm_area_struct *vma, unsigned long addr)
{
	return vma->vm_file &&
	       linear_page_index(vma, addr) >=
		       DIV_ROUND_UP((u64)i_size_read(file_inode(vma->vm_file)), PAGE_SIZE);
}

static int fill_anon(struct fill *f, struct vm_area_struct *vma, pmd_t *pmd)
{
	struct page *page;
	spinlock_t *ptl;
	pte_t *pte;
	int err = new_page(f, &page);

	if (err)
		return err;
	anon_vma_prepare(vma);
	pte = pte_lock_kept(pmd, f->dst, &ptl);
	if (past_end(vma, f->dst)) {
		err = -EFAULT;
	} else if (!pte_none_mostly(ptep_get(pte))) {
		err = -EEXIST;
	} else {
		page_init_anon(page, vma, f->dst);
		if (vma->vm_flags & VM_LOCKED)
			mlock_page(page);
		set_pte_at(vma->vm_mm, f->dst, pte, fill_entry(f, vma, page, true));
		inc_mm_counter(vma->vm_mm, MM_ANONPAGES);
	}
	pte_unmap_unlock(pte, ptl);
	if (err)
		__free_page(page);
	return err;
}

static int fill_zero_page(struct fill *f, struct vm_area_struct *vma, pmd_t *pmd)
{
	spinlock_t *ptl;
	pte_t *pte = pte_lock_kept(pmd, f->dst, &ptl);
	int err = past_end(vma, f->dst) ? -EFAULT : -EEXIST;

	if (err == -EEXIST && pte_none(ptep_get(pte))) {
		set_pte_at(vma->vm_mm, f->dst, pte,
			   pte_mkspecial(pfn_pte(zero_pfn, vma->vm_page_prot)));
		err = 0;
	}
	pte_unmap_unlock(pte, ptl);
	return err;
}

/* Enter a page of the file of @vma. => folio locked, with a reference that the entry takes over */
static int enter_file_page(struct fill *f, struct vm_area_struct *vma, pmd_t *pmd,
			   struct folio *folio)
{
	struct page *page = folio_file_page(folio, linear_page_index(vma, f->dst));
	spinlock_t *ptl;
	pte_t *pte = pte_lock_kept(pmd, f->dst, &ptl);
	int err = 0;

	if (past_end(vma, f->dst)) {
		err = -EFAULT;
	} else if (!pte_none_mostly(ptep_get(pte))) {
		err = -EEXIST;
	} else {
		folio_add_file_rmap_ptes(folio, page, 1, vma);
		set_pte_at(vma->vm_mm, f->dst, pte,
			   fill_entry(f, vma, page, vma->vm_flags & VM_SHARED));
		inc_mm_counter(vma->vm_mm, MM_SHMEMPAGES);
	}
	pte_unmap_unlock(pte, ptl);
	return err;
}

/* CONTINUE: the file has the page. */
static int fill_continue(struct fill *f, struct vm_area_struct *vma, pmd_t *pmd)
{
	struct inode *inode = file_inode(vma->vm_file);
	struct folio *folio;
	int err;

	if (past_end(vma, f->dst))
		return -EINVAL;
	err = shmem_get_folio(inode, linear_page_index(vma, f->dst), &folio, SGP_NOALLOC);
	if (err)
		return err == -ENOENT ? -EFAULT : err;
	err = enter_file_page(f, vma, pmd, folio);
	folio_unlock(folio);
	if (err)
		folio_put(folio);
	return err;
}

/* COPY and ZERO into a shared mapping: the page becomes one of the file. */
static int fill_shmem(struct fill *f, struct vm_area_struct *vma, pmd_t *pmd)
{
	struct inode *inode = file_inode(vma->vm_file);
	pgoff_t index = linear_page_index(vma, f->dst);
	struct folio *folio;
	struct page *page;
	int err;

	if (past_end(vma, f->dst))
		return -EFAULT;
	err = new_page(f, &page);
	if (err)
		return err;
	err = shmem_add_page(inode, index, page);
	if (err) {
		__free_page(page);
		return err;
	}
	folio = page_folio(page);
	err = enter_file_page(f, vma, pmd, folio);
	if (err)
		truncate_inode_folio(inode->i_mapping, folio);
	else
		folio_mark_dirty(folio);
	folio_unlock(folio);
	if (err)
		folio_put(folio);
	return err;
}

/* => mmap_lock for reading; -EAGAIN: f->reserve wants to be filled without it */
static int fill_one(struct fill *f, struct vm_area_struct *vma)
{
	pmd_t *pmd;
	int err = make_table(f, &pmd);

	if (err)
		return err;
	if (f->how == UFFD_FILL_CONTINUE)
		return fill_continue(f, vma, pmd);
	if (vma->vm_flags & VM_SHARED)
		return fill_shmem(f, vma, pmd);
	return f->how == UFFD_FILL_ZERO ? fill_zero_page(f, vma, pmd) : fill_anon(f, vma, pmd);
}

/* Under one hold of mmap_lock, from f->dst on. 0, -EAGAIN (fill the reserve and come again), or an errno. */
static int fill_locked(struct fill *f, unsigned long end)
{
	struct vm_area_struct *vma;
	int err = 0;

	if (atomic_read(&f->ctx->changing))
		return -EBUSY; /* told as EAGAIN */
	vma = find_dst(f, end - f->dst);
	if (!vma)
		return -ENOENT;
	if (f->wp && !userfaultfd_wp(vma))
		return -EINVAL;
	if (f->how == UFFD_FILL_CONTINUE && !vma_is_shmem(vma))
		return -EINVAL;
	while (f->dst < end && !err) {
		err = fill_one(f, vma);
		if (!err) {
			f->dst += PAGE_SIZE;
			f->src += PAGE_SIZE;
			if (fatal_signal_pending(current))
				err = -EINTR;
		}
		cond_resched();
	}
	return f->dst == end ? 0 : err;
}

ssize_t uffd_fill_range(struct userfaultfd_ctx *ctx, enum uffd_fill how, unsigned long dst,
			unsigned long src, unsigned long len, bool wp)
{
	struct fill f = { .ctx = ctx, .how = how, .dst = dst, .src = src, .wp = wp };
	int err;

	if (!mmget_not_zero(ctx->mm))
		return -ESRCH;
	do {
		mmap_read_lock(ctx->mm);
		err = fill_locked(&f, dst + len);
		mmap_read_unlock(ctx->mm);
		if (err == -EAGAIN) {
			err = fill_reserve(&f);
			if (!err)
				err = -EAGAIN;
		}
	} while (err == -EAGAIN);
	if (f.reserve)
		__free_page(f.reserve);
	mmput(ctx->mm);
	if (f.dst > dst)
		return f.dst - dst;
	return err == -EBUSY ? -EAGAIN : err;
}
