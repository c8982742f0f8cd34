// SPDX-License-Identifier: MIT
/*
 * mincore: which pages of a range would be touched without I/O. A byte per page: mapped, or in the page cache of
 * a file that the caller may write or owns (others learn "yes" everywhere: a side channel, closed in Linux 5.2).
 * Linux: mm/mincore.c.
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <kernel/ksyscall.h>
#include <kernel/task.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <mm/address_space.h>
#include <mm/filemap.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/pgalloc.h>
#include <mm/shmem.h>
#include <mm/swap.h>
#include <seam/uaccess.h>
#include "vma_internal.h"

static bool may_tell(struct vm_area_struct *vma)
{
	if (vma_is_anonymous(vma))
		return true;
	if (!vma->vm_file)
		return false;
	return inode_owner_or_capable(file_inode(vma->vm_file)) ||
	       !inode_permission(file_inode(vma->vm_file), MAY_WRITE);
}

/* Swapped: it is there while it is in the swap cache, too. */
static noinline unsigned char in_swap_cache(swp_entry_t entry)
{
	struct swap_info_struct *si = get_swap_device(entry);
	unsigned char present = 0;
	struct folio *folio;

	if (!si)
		return 0;
	folio = swap_cache_get_folio(entry);
	if (folio) {
		present = folio_test_uptodate(folio);
		folio_put(folio);
	}
	put_swap_device(si);
	return present;
}

/* A page of a file that the table does not have. Apart from the loop over the table, whose registers it would take. */
static noinline unsigned char in_cache(struct vm_area_struct *vma, unsigned long addr)
{
	pgoff_t index = linear_page_index(vma, addr);
	struct address_space *mapping = vma->vm_file->f_mapping;
	struct folio *folio = filemap_get_folio(mapping, index);
	unsigned char present;

	if (!folio) {
		swp_entry_t entry = { 0 };

		if (shmem_mapping(mapping))
			entry = shmem_swap_entry(mapping, index);
		return entry.val ? in_swap_cache(entry) : 0;
	}
	present = folio_test_uptodate(folio);
	folio_put(folio);
	return present;
}

/* The @nr pages from @addr on, all of one table. */
static void mincore_table(struct vm_area_struct *vma, unsigned long addr, unsigned long nr,
			  unsigned char *vec)
{
	const pte_t *pte = pte_find(vma->vm_mm, addr, NULL);

	for (unsigned long i = 0; i < nr; i++) {
		pte_t val = pte ? READ_ONCE(pte[i]) : __pte(0);

		if (pte_present(val))
			vec[i] = 1;
		else if (is_swap_pte(val))
			vec[i] = in_swap_cache(pte_to_swp_entry(val));
		else
			vec[i] = vma->vm_file && in_cache(vma, addr + (i << PAGE_SHIFT));
	}
}

/* Fill @vec for up to @pages pages from @addr on, within one VMA; number filled or -ENOMEM. */
static long do_mincore(unsigned long addr, unsigned long pages, unsigned char *vec)
{
	struct vm_area_struct *vma = vma_lookup(current->mm, addr);
	unsigned long nr;

	if (!vma)
		return -ENOMEM;
	nr = min(pages, (vma->vm_end - addr) >> PAGE_SHIFT);
	if (!may_tell(vma)) {
		memset(vec, 1, nr);
		return nr;
	}
	for (unsigned long i = 0; i < nr;) {
		unsigned long in_table = PTRS_PER_PTE - pte_index(addr + (i << PAGE_SHIFT));

		in_table = min(in_table, nr - i);
		mincore_table(vma, addr + (i << PAGE_SHIFT), in_table, vec + i);
		i += in_table;
	}
	return nr;
}

SYSCALL_DEFINE3(mincore, unsigned long, start, size_t, len, unsigned char __user *, vec)
{
	unsigned long pages;
	unsigned char *tmp;
	long nr = 0;

	if (offset_in_page(start))
		return -EINVAL;
	if (!access_ok((void *)start, len))
		return -ENOMEM;
	pages = (len >> PAGE_SHIFT) + (offset_in_page(len) != 0);
	if (!access_ok(vec, pages))
		return -EFAULT;
	tmp = (void *)__get_free_page(GFP_USER);
	if (!tmp)
		return -EAGAIN;
	while (pages) {
		mmap_read_lock(current->mm);
		nr = do_mincore(start, min(pages, PAGE_SIZE), tmp);
		mmap_read_unlock(current->mm);
		if (nr <= 0)
			break;
		if (copy_to_user(vec, tmp, nr)) {
			nr = -EFAULT;
			break;
		}
		pages -= nr;
		vec += nr;
		start += nr << PAGE_SHIFT;
		nr = 0;
	}
	free_page((unsigned long)tmp);
	return nr;
}
