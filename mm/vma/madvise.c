// SPDX-License-Identifier: MIT
/*
 * madvise. Advice that changes flags needs mmap_lock for writing and may split and merge; advice about pages needs
 * it for reading. Holes in the range are skipped and reported by ENOMEM at the end, as POSIX wants.
 *
 *	DONTNEED		pages go; the next touch finds zeroes (or the file)
 *	FREE			private anonymous pages may go instead of being swapped, until they are written again
 *	COLD			pages become inactive: the next to be reclaimed
 *	PAGEOUT			pages are reclaimed now
 *	WILLNEED		readahead of the file, or of swap
 *	REMOVE			punches a hole into a shared file
 *	POPULATE_READ, _WRITE	fault everything in, with an error when that fails
 * Advice of features that are not there (KSM, huge pages, memory failure) is EINVAL, as in a Linux without them.
 * Linux: mm/madvise.c.
 */
#include <base/bug.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <kernel/ksyscall.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <fs/file.h>
#include <mm/address_space.h>
#include <mm/fault.h>
#include <mm/filemap.h>
#include <mm/gup.h>
#include <mm/mmu_notifier.h>
#include <mm/page_idle.h>
#include <mm/pgalloc.h>
#include <mm/reclaim.h>
#include <mm/rmap.h>
#include <mm/swap.h>
#include <mm/userfaultfd.h>
#include <seam/tlbflush.h>
#include <linux/falloc.h>
#include <linux/fadvise.h>
#include <linux/mman.h>
#include "vma_internal.h"
#include "../pgtable/pgtable_internal.h"

static bool needs_write_lock(int behavior)
{
	switch (behavior) {
	case MADV_REMOVE:
	case MADV_WILLNEED:
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_COLD:
	case MADV_PAGEOUT:
	case MADV_FREE:
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		return false;
	default:
		return true;
	}
}

static bool behavior_valid(int behavior)
{
	switch (behavior) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_DONTFORK:
	case MADV_DOFORK:
	case MADV_WIPEONFORK:
	case MADV_KEEPONFORK:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
		return true;
	default:
		return !needs_write_lock(behavior);
	}
}

/* Flags of @vma after the advice, or -EINVAL in *@err. */
static unsigned long advised_flags(const struct vm_area_struct *vma, int behavior, int *err)
{
	unsigned long flags = vma->vm_flags;

	*err = 0;
	switch (behavior) {
	case MADV_NORMAL:
		return flags & ~(VM_RAND_READ | VM_SEQ_READ);
	case MADV_SEQUENTIAL:
		return (flags & ~VM_RAND_READ) | VM_SEQ_READ;
	case MADV_RANDOM:
		return (flags & ~VM_SEQ_READ) | VM_RAND_READ;
	case MADV_DONTFORK:
		return flags | VM_DONTCOPY;
	case MADV_DOFORK:
		if (flags & VM_IO)
			*err = -EINVAL;
		return flags & ~VM_DONTCOPY;
	case MADV_WIPEONFORK:
		if (vma->vm_file || (flags & VM_SHARED))
			*err = -EINVAL;
		return flags | VM_WIPEONFORK;
	case MADV_KEEPONFORK:
		return flags & ~VM_WIPEONFORK;
	case MADV_DONTDUMP:
		return flags | VM_DONTDUMP;
	case MADV_DODUMP:
		if (flags & VM_SPECIAL)
			*err = -EINVAL;
		return flags & ~VM_DONTDUMP;
	}
	*err = -EINVAL;
	return flags;
}

static int advise_flags(struct vm_area_struct **vmap, unsigned long start, unsigned long end,
			int behavior)
{
	struct vm_area_struct *vma = *vmap;
	unsigned long newflags;
	int err;

	newflags = advised_flags(vma, behavior, &err);
	if (err || newflags == vma->vm_flags)
		return err;
	vma = vma_modify_flags(vma, start, end, newflags);
	if (IS_ERR(vma))
		return PTR_ERR(vma) == -ENOMEM ? -EAGAIN : PTR_ERR(vma);
	vm_flags_reset(vma, newflags | (vma->vm_flags & VM_SOFTDIRTY));
	*vmap = vma;
	return 0;
}

static int advise_dontneed(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			   int behavior, bool *dropped)
{
	unsigned long forbidden = VM_HUGETLB | VM_PFNMAP;

	if (behavior != MADV_DONTNEED_LOCKED)
		forbidden |= VM_LOCKED;
	if (vma->vm_flags & forbidden)
		return -EINVAL;
	if (unlikely(vma->uffd) && !userfaultfd_remove(vma, start, end)) {
		*dropped = true;
		vma = vma_lookup(current->mm, start); /* what is there now? */
		if (!vma)
			return -ENOMEM;
		if (vma->vm_flags & forbidden)
			return -EINVAL;
		end = min(end, vma->vm_end);
	}
	if (unlikely(vma->vm_flags & VM_LOCKED))
		mlock_vma_pages(vma, start, end, false);
	zap_page_range_single(vma, start, end - start);
	return 0;
}

/* Advice about pages that are there. */
struct page_advice {
	/* One entry. => ptl held, nr < SWAP_CLUSTER_MAX */
	void (*one)(struct vm_area_struct *vma, unsigned long addr, pte_t *pte,
		    struct page_advice *advice);
	bool flush;	 /* entries lost bits that a TLB may still know */
	unsigned int nr; /* folios, isolated to be reclaimed */
	struct folio *folios[SWAP_CLUSTER_MAX];
};

static void advise_pages(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			 struct page_advice *advice)
{
	for (unsigned long next; start < end; start = next) {
		spinlock_t *ptl;
		pmd_t *pmd;
		pte_t *pte;

		next = pmd_addr_end(start, end);
		if (!pte_find(vma->vm_mm, start, &pmd))
			continue;
		pte = pte_offset_map_lock(vma->vm_mm, pmd, start, &ptl);
		if (!pte)
			continue;
		flush_tlb_batched_pending(vma->vm_mm);
		for (; start < next && advice->nr < SWAP_CLUSTER_MAX; start += PAGE_SIZE, pte++)
			advice->one(vma, start, pte, advice);
		pte_unmap_unlock(pte, ptl);
		next = start;
		reclaim_pages(advice->folios, advice->nr);
		advice->nr = 0;
		cond_resched();
	}
}

/* The folio of an entry, if nobody else maps it: not used lately. */
static struct folio *cooled_folio(struct vm_area_struct *vma, unsigned long addr, pte_t *pte)
{
	pte_t ptent = ptep_get(pte);
	struct folio *folio;
	struct page *page;

	if (!pte_present(ptent))
		return NULL;
	page = vm_normal_page(vma, addr, ptent);
	if (!page)
		return NULL;
	folio = page_folio(page);
	if (folio_mapcount(folio) != 1)
		return NULL;
	if (ptep_test_and_clear_young(vma, addr, pte) || folio_test_clear_young(folio))
		folio_clear_referenced(folio);
	return folio;
}

/* MADV_COLD */
static void cool_page(struct vm_area_struct *vma, unsigned long addr, pte_t *pte,
		      struct page_advice *advice)
{
	struct folio *folio = cooled_folio(vma, addr, pte);

	if (folio)
		folio_deactivate(folio);
}

/* MADV_PAGEOUT */
static void send_page_out(struct vm_area_struct *vma, unsigned long addr, pte_t *pte,
			  struct page_advice *advice)
{
	struct folio *folio = cooled_folio(vma, addr, pte);

	if (folio && !folio_test_unevictable(folio) && folio_isolate_lru(folio))
		advice->folios[advice->nr++] = folio;
}

/* MADV_FREE: the contents may go instead of being swapped, until the page is written again. */
static void give_up_page(struct vm_area_struct *vma, unsigned long addr, pte_t *pte,
			 struct page_advice *advice)
{
	struct mm_struct *mm = vma->vm_mm;
	pte_t ptent = ptep_get(pte);
	struct folio *folio;
	struct page *page;

	if (is_swap_pte(ptent)) {
		dec_mm_counter(mm, MM_SWAPENTS);
		free_swap_and_cache(pte_to_swp_entry(ptent));
		pte_clear(mm, addr, pte);
		return;
	}
	if (!pte_present(ptent))
		return;
	page = vm_normal_page(vma, addr, ptent);
	if (!page || !PageAnon(page))
		return;
	folio = page_folio(page);
	if (folio_test_large(folio) || folio_mapcount(folio) != 1)
		return;
	if (folio_test_swapcache(folio)) {
		if (!folio_trylock(folio))
			return;
		folio_free_swap(folio);
		folio_unlock(folio);
		if (folio_test_swapcache(folio))
			return;
	}
	folio_clear_dirty(folio);
	folio_mark_lazyfree(folio);
	if (!pte_young(ptent) && !pte_dirty(ptent))
		return;
	ptent = ptep_get_and_clear(mm, addr, pte);
	set_pte_at(mm, addr, pte, pte_mkold(pte_mkclean(ptent)));
	advice->flush = true;
}

static int advise_free(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct page_advice advice = { .one = give_up_page };

	if (vma->vm_flags & (VM_LOCKED | VM_HUGETLB | VM_PFNMAP) || !vma_is_anonymous(vma))
		return -EINVAL;
	mmu_notifier_invalidate_range_start(vma->vm_mm, MMU_NOTIFY_CLEAR, start, end);
	advise_pages(vma, start, end, &advice);
	if (advice.flush)
		flush_tlb_mm_range(vma->vm_mm, start, end, PAGE_SHIFT, false);
	mmu_notifier_invalidate_range_end(vma->vm_mm, MMU_NOTIFY_CLEAR, start, end);
	return 0;
}

/* May whoever asks learn what of this file is in memory? Only then he may send it out. */
static bool can_page_out(struct vm_area_struct *vma)
{
	return !vma->vm_file || inode_owner_or_capable(file_inode(vma->vm_file)) ||
	       !inode_permission(file_inode(vma->vm_file), MAY_WRITE);
}

/* COLD, PAGEOUT: nobody has used these pages lately. */
static int advise_cold(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		       bool pageout)
{
	struct page_advice advice = { .one = pageout ? send_page_out : cool_page };

	if (vma->vm_flags & (VM_LOCKED | VM_HUGETLB | VM_PFNMAP))
		return -EINVAL;
	if (!pageout || vma_is_anonymous(vma) || can_page_out(vma))
		advise_pages(vma, start, end, &advice);
	return 0;
}

/* Begin to read what of anonymous memory is swapped. */
static void swap_in(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	for (unsigned long next; start < end; start = next) {
		const pte_t *pte = pte_find(vma->vm_mm, start, NULL);

		next = pmd_addr_end(start, end);
		for (; pte && start < next; start += PAGE_SIZE, pte++) {
			pte_t val = READ_ONCE(*pte);
			struct swap_info_struct *si;
			struct folio *folio;

			if (!is_swap_pte(val))
				continue;
			si = get_swap_device(pte_to_swp_entry(val));
			if (!si)
				continue;
			folio = read_swap_cache(pte_to_swp_entry(val), GFP_HIGHUSER_MOVABLE);
			if (folio)
				folio_put(folio);
			put_swap_device(si);
		}
		cond_resched();
	}
}

/* => mmap_lock held for reading; it may be dropped and retaken: *@dropped */
static int advise_willneed(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			   bool *dropped)
{
	struct mm_struct *mm = vma->vm_mm;
	struct file *file = vma->vm_file;
	loff_t offset;

	if (!file) {
		if (vma_is_anonymous(vma))
			swap_in(vma, start, end);
		return 0;
	}
	offset = (loff_t)(start - vma->vm_start) + ((loff_t)vma->vm_pgoff << PAGE_SHIFT);
	get_file(file);
	mmap_read_unlock(mm);
	vfs_fadvise(file, offset, end - start, POSIX_FADV_WILLNEED);
	fput(file);
	mmap_read_lock(mm);
	*dropped = true;
	return 0;
}

static int advise_remove(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			 bool *dropped)
{
	struct mm_struct *mm = vma->vm_mm;
	struct file *file = vma->vm_file;
	loff_t offset;
	int err;

	if (vma->vm_flags & VM_LOCKED)
		return -EINVAL;
	if (!file || !file->f_mapping || !file->f_mapping->host)
		return -EINVAL;
	if (!is_shared_maywrite(vma->vm_flags))
		return -EACCES;
	offset = (loff_t)(start - vma->vm_start) + ((loff_t)vma->vm_pgoff << PAGE_SHIFT);
	get_file(file);
	userfaultfd_remove(vma, start, end);
	mmap_read_unlock(mm);
	err = vfs_fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, end - start);
	fput(file);
	mmap_read_lock(mm);
	*dropped = true;
	return err;
}

/* Advice @behavior for [@start, @end) of *@vma, which may become another. */
static int advise_vma(struct vm_area_struct **vma, unsigned long start, unsigned long end,
		      int behavior, bool *dropped)
{
	switch (behavior) {
	case MADV_REMOVE:
		return advise_remove(*vma, start, end, dropped);
	case MADV_WILLNEED:
		return advise_willneed(*vma, start, end, dropped);
	case MADV_COLD:
	case MADV_PAGEOUT:
		return advise_cold(*vma, start, end, behavior == MADV_PAGEOUT);
	case MADV_FREE:
		return advise_free(*vma, start, end);
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
		return advise_dontneed(*vma, start, end, behavior, dropped);
	default:
		return advise_flags(vma, start, end, behavior);
	}
}

static int walk_vmas(struct mm_struct *mm, unsigned long start, unsigned long end, int behavior)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	int unmapped = 0, err;

	while (1) {
		bool dropped = false;
		unsigned long next;

		if (!vma)
			return -ENOMEM;
		if (start < vma->vm_start) {
			unmapped = -ENOMEM;
			start = vma->vm_start;
			if (start >= end)
				return unmapped;
		}
		next = min(vma->vm_end, end);
		err = advise_vma(&vma, start, next, behavior, &dropped);
		if (err)
			return err;
		start = next;
		if (start >= end)
			return unmapped;
		vma = dropped || vma->vm_end > start ? find_vma(mm, start) : vma->vm_next;
	}
}

/* POPULATE_READ, POPULATE_WRITE: errors as madvise(2) lists them; holes are passed by and told of at the end. */
static int advise_populate(struct mm_struct *mm, unsigned long start, unsigned long end, bool write)
{
	int locked = 1, unmapped = 0;
	long done = 0;

	mmap_read_lock(mm);
	while (start < end) {
		struct vm_area_struct *vma;

		if (!locked) {
			mmap_read_lock(mm);
			locked = 1;
		}
		vma = find_vma(mm, start);
		if (!vma || vma->vm_start > start)
			unmapped = -ENOMEM;
		if (!vma || vma->vm_start >= end) {
			start = end;
			break;
		}
		start = max(start, vma->vm_start);
		done = -EINVAL;
		if ((vma->vm_flags & (VM_IO | VM_PFNMAP)) ||
		    !(vma->vm_flags & (write ? VM_WRITE : VM_READ)))
			break;
		done = faultin_page_range(mm, start, min(end, vma->vm_end), write, &locked);
		if (done < 0)
			break;
		start += done << PAGE_SHIFT;
		done = 0;
	}
	if (locked)
		mmap_read_unlock(mm);
	if (start >= end)
		return unmapped;
	return done == -EHWPOISON ? -EHWPOISON
	       : done == -EINTR || done == -EINVAL || done == -ENOMEM || done == -EFAULT ? (int)done
											 : -EFAULT;
}

int do_madvise(struct mm_struct *mm, unsigned long start, size_t len_in, int behavior)
{
	unsigned long end, len = PAGE_ALIGN(len_in);
	int err;

	if (!behavior_valid(behavior) || offset_in_page(start) || (len_in && !len))
		return -EINVAL;
	end = start + len;
	if (end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	if (behavior == MADV_POPULATE_READ || behavior == MADV_POPULATE_WRITE)
		return advise_populate(mm, start, end, behavior == MADV_POPULATE_WRITE);
	if (needs_write_lock(behavior)) {
		if (mmap_write_lock_killable(mm))
			return -EINTR;
		err = walk_vmas(mm, start, end, behavior);
		mmap_write_unlock(mm);
	} else {
		mmap_read_lock(mm);
		err = walk_vmas(mm, start, end, behavior);
		mmap_read_unlock(mm);
	}
	return err;
}

SYSCALL_DEFINE3(madvise, unsigned long, start, size_t, len_in, int, behavior)
{
	return do_madvise(current->mm, start, len_in, behavior);
}
