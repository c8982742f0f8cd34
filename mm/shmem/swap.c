// SPDX-License-Identifier: MIT
/*
 * Pages of shmem on swap.
 *
 * 1 A page is either in the page cache of its inode, or its slot is an entry of info->swap, a tree by the same index. (Linux
 *   keeps such entries in the page cache's tree; here whoever walks that tree finds folios and nothing else.)
 *
 *	out	a slot; note it in info->swap; then take the page out of the cache. The page is alone in the swap cache now, dirty
 *	in	read the slot; copy it to a new page where the mapping wants its pages (mapping_gfp_mask), which goes into the cache; then
 *		erase the entry and free the slot. (Linux copies only what lies elsewhere, shmem_should_replace_folio.)
 *
 *   So whoever looks into the cache first and into info->swap second finds one or the other, at least. Who finds neither and
 *   adds a page looks into info->swap once more, with the page locked, which keeps it from going out (shmem.c).
 *
 * 2 A page goes out only if nobody but the cache and reclaim refers to it; so a page that is pinned stays, and a copy
 *   will do on the way in.
 *
 * 3 Charges of inode, super block and commit stay while a page is on swap: alloced = nrpages + swapped.
 *
 * 4 Truncation takes pages and then entries of a range away, and again if entries were there or a page came in meanwhile
 *   (nr_swapins is counted between the two steps of a swap-in).
 *
 * 5 swapoff: inodes that ever had a page on swap are in a list until they end.
 *
 * Failure: without memory for the entry the page stays; a slot that cannot be read is EIO, or SIGBUS, for who reads it, and still is when
 * its device is off: a marker is in its place then, until the page is truncated.
 * Linux 6.1: mm/shmem.c shmem_writepage, shmem_swapin_folio, shmem_unuse. Observe: SHM_STAT's swp, Swap of smaps, Shmem.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/filemap.h>
#include <mm/gfp.h>
#include <mm/shmem.h>
#include <mm/swap.h>
#include <mm/vma.h>
#include <mm/xarray.h>
#include <sync/spinlock.h>
#include "shmem_internal.h"

static LIST_HEAD(swap_inodes); /* shmem_inode_info.swap_list */
static DEFINE_SPINLOCK(swap_inodes_lock, LOCK_SHMEM_SWAP);

/* In the place of an entry: what was in the slot could not be read when its device was switched off. */
#define LOST xa_mk_value(swp_to_private(swp_entry(SWP_PTE_MARKER, PTE_MARKER_ERROR)))

static swp_entry_t entry_of(const void *value)
{
	return private_to_swp((u32)xa_to_value(value));
}

/* ---- out ---- */

static void list_inode(struct shmem_inode_info *info)
{
	if (!list_empty(&info->swap_list))
		return;
	spin_lock(&swap_inodes_lock);
	if (list_empty(&info->swap_list))
		list_add_tail(&info->swap_list, &swap_inodes);
	spin_unlock(&swap_inodes_lock);
}

/* Out of the page cache, if nobody but it, the swap cache and the caller refers to @folio. */
static bool leave_page_cache(struct folio *folio)
{
	struct address_space *mapping = folio->mapping;
	XA_STATE(xas, &mapping->i_pages, folio->index);

	xas_lock(&xas);
	if (!folio_ref_freeze(folio, 3)) {
		xas_unlock(&xas);
		return false;
	}
	xas_store(&xas, NULL);
	mapping->nrpages--;
	filemap_folio_removed(
		mapping,
		folio); /* counts with its mapping; which may be gone once it is unlocked */
	folio->mapping = NULL;
	folio_ref_unfreeze(folio, 2);
	xas_unlock(&xas);
	return true;
}

bool shmem_swap_out(struct folio *folio)
{
	struct shmem_inode_info *info = SHMEM_I(folio->mapping->host);
	pgoff_t index = folio->index;
	swp_entry_t entry;

	if (!folio_test_uptodate(folio) || folio_test_large(folio) || !add_to_swap(folio))
		return false;
	entry = folio_swap_entry(folio);
	if (!xa_insert(&info->swap, index, xa_mk_value(swp_to_private(entry)),
		       GFP_NOWAIT | __GFP_NOWARN)) {
		swap_duplicate(entry);
		atomic_long_inc(&info->swapped);
		list_inode(info);
		if (leave_page_cache(folio))
			return true;
		xa_erase(&info->swap, index);
		atomic_long_dec(&info->swapped);
		swap_free(entry);
	}
	folio_free_swap(folio);
	return false;
}

/* ---- in ---- */

bool shmem_is_swapped(struct inode *inode, pgoff_t index)
{
	struct shmem_inode_info *info = SHMEM_I(inode);

	return unlikely(!xa_empty(&info->swap)) && xa_load(&info->swap, index);
}

swp_entry_t shmem_swap_entry(const struct address_space *mapping, pgoff_t index)
{
	struct shmem_inode_info *info = SHMEM_I(mapping->host);
	const void *value = xa_load(&info->swap, index);

	return value && value != LOST ? entry_of(value) : (swp_entry_t){ 0 };
}

/* @new, which nobody sees yet, gets the contents of @old, the folio of the slot, and takes its place, locked. => @old locked. 0 or an errno */
static int take_place(struct inode *inode, pgoff_t index, struct folio *old, struct folio *new)
{
	struct shmem_inode_info *info = SHMEM_I(inode);
	int err;

	memcpy(folio_address(new), folio_address(old), PAGE_SIZE);
	__folio_mark_uptodate(new);
	err = shmem_insert_folio(inode, index, new);
	if (err)
		return err;
	folio_mark_dirty(new);
	atomic_inc(&info->nr_swapins);
	return 0;
}

/* The folio of @entry, locked, with a reference; NULL: the entry is not what it was; ERR_PTR. */
static struct folio *read_entry(struct shmem_inode_info *info, pgoff_t index, void *value)
{
	swp_entry_t entry = entry_of(value);
	struct swap_info_struct *si;
	struct folio *folio;

	if (value == LOST)
		return ERR_PTR(-EIO);
	si = get_swap_device(entry);
	if (!si)
		return NULL;
	folio = swap_cache_get_folio(entry);
	if (folio)
		swap_readahead_hit(folio, NULL);
	else
		folio = swapin_readahead(entry, GFP_HIGHUSER_MOVABLE, NULL);
	put_swap_device(si);
	if (!folio)
		return xa_load(&info->swap, index) == value ? ERR_PTR(-ENOMEM) : NULL;
	folio_lock(folio);
	folio_wait_writeback(folio);
	if (folio_is_swap(folio, entry) && xa_load(&info->swap, index) == value) {
		if (folio_test_uptodate(folio))
			return folio;
		folio_unlock(folio);
		folio_put(folio);
		return ERR_PTR(-EIO);
	}
	folio_unlock(folio);
	folio_put(folio);
	return NULL;
}

/* The page is back in the cache: its entry goes. => @old, the folio of the slot, locked. False: truncation was faster */
static bool retire_entry(struct shmem_inode_info *info, pgoff_t index, void *value,
			 struct folio *old)
{
	if (xa_cmpxchg(&info->swap, index, value, NULL, GFP_KERNEL) != value)
		return false;
	atomic_long_dec(&info->swapped);
	swap_free(entry_of(value));
	folio_free_swap(old);
	return true;
}

int shmem_swap_in(struct inode *inode, pgoff_t index, struct folio **foliop)
{
	struct shmem_inode_info *info = SHMEM_I(inode);
	void *value = xa_load(&info->swap, index);
	struct folio *old, *new;
	int err;

	old = value ? read_entry(info, index, value) : NULL;
	if (IS_ERR_OR_NULL(old))
		return old ? (int)PTR_ERR(old) : -EAGAIN;
	new = swap_owner_alloc_folio(entry_of(value), mapping_gfp_mask(inode->i_mapping));
	err = new ? take_place(inode, index, old, new) : -ENOMEM;
	if (err) {
		if (new)
			folio_put(new);
	} else if (retire_entry(info, index, value, old)) {
		*foliop = new;
	} else {
		shmem_unacct_blocks(inode, -1); /* it gave the charge back, and so does the page */
		shmem_withdraw_folio(new);
		err = -EAGAIN;
	}
	folio_unlock(old);
	folio_put(old);
	return err == -EEXIST ? -EAGAIN : err;
}

/* ---- truncation and the end ---- */

/* The entries [start, end) go, with their slots. How many there were. */
static unsigned long forget_entries(struct inode *inode, pgoff_t start, pgoff_t end)
{
	struct shmem_inode_info *info = SHMEM_I(inode);
	unsigned long index = start, n = 0;
	void *value;

	if (likely(xa_empty(&info->swap)) || start >= end)
		return 0;
	for (value = xa_find(&info->swap, &index, end - 1, XA_PRESENT); value;
	     value = xa_find_after(&info->swap, &index, end - 1, XA_PRESENT)) {
		if (xa_cmpxchg(&info->swap, index, value, NULL, GFP_KERNEL) != value)
			continue;
		atomic_long_dec(&info->swapped);
		shmem_unacct_blocks(inode, 1);
		if (value != LOST)
			free_swap_and_cache(entry_of(value));
		n++;
		cond_resched();
	}
	return n;
}

/* A page of which a part is to be zeroed comes in, and stays while it has our reference. */
static struct folio *hold_partial(struct inode *inode, loff_t pos)
{
	struct folio *folio = NULL;

	if (!offset_in_page(pos) || !shmem_is_swapped(inode, pos >> PAGE_SHIFT))
		return NULL;
	if (!shmem_get_folio(inode, pos >> PAGE_SHIFT, &folio, SGP_READ) && folio)
		folio_unlock(folio);
	return folio;
}

void shmem_drop_range(struct inode *inode, loff_t lstart, loff_t lend)
{
	struct shmem_inode_info *info = SHMEM_I(inode);
	pgoff_t start = DIV_ROUND_UP((u64)lstart, PAGE_SIZE), end = ((u64)lend + 1) >> PAGE_SHIFT;
	struct folio *first = hold_partial(inode, lstart);
	struct folio *last = lend == -1 ? NULL : hold_partial(inode, lend + 1);
	int seen;

	if (lend == -1)
		end = ~0UL;
	do {
		seen = atomic_read(&info->nr_swapins);
		truncate_inode_pages_range(inode->i_mapping, lstart, lend);
	} while (forget_entries(inode, start, end) || seen != atomic_read(&info->nr_swapins));
	if (first)
		folio_put(first);
	if (last)
		folio_put(last);
}

void shmem_swap_evict(struct inode *inode)
{
	struct shmem_inode_info *info = SHMEM_I(inode);

	forget_entries(inode, 0, ~0UL);
	if (list_empty(&info->swap_list))
		return;
	spin_lock(&swap_inodes_lock);
	list_del_init(&info->swap_list);
	spin_unlock(&swap_inodes_lock);
}

/* ---- swapoff ---- */

/* The slot goes although nobody could read it. */
static void lose_entry(struct shmem_inode_info *info, pgoff_t index, void *value)
{
	if (xa_cmpxchg(&info->swap, index, value, LOST, GFP_KERNEL) == value)
		free_swap_and_cache(entry_of(value));
}

static int unuse_inode(struct inode *inode, unsigned int type)
{
	struct shmem_inode_info *info = SHMEM_I(inode);
	unsigned long index = 0;
	void *value;

	xa_for_each(&info->swap, index, value)
	{
		struct folio *folio;
		int err;

		if (swp_type(entry_of(value)) != type)
			continue;
		if (signal_pending(current))
			return -EINTR;
		err = shmem_get_folio(inode, index, &folio, SGP_READ);
		if (err == -EIO)
			lose_entry(info, index, value);
		else if (err)
			return err;
		if (folio) {
			folio_unlock(folio);
			folio_put(folio);
		}
		cond_resched();
	}
	return 0;
}

/* The inode behind @prev (NULL: the first) that has pages on swap, with a reference; that of @prev goes. */
static struct inode *next_swap_inode(struct inode *prev)
{
	struct shmem_inode_info *info;
	struct inode *next = NULL;
	struct list_head *at;

	spin_lock(&swap_inodes_lock);
	at = prev ? &SHMEM_I(prev)->swap_list : &swap_inodes;
	for (at = at->next; at != &swap_inodes && !next; at = at->next) {
		info = list_entry(at, struct shmem_inode_info, swap_list);
		if (atomic_long_read(&info->swapped))
			next = igrab(&info->vfs_inode);
	}
	spin_unlock(&swap_inodes_lock);
	if (prev)
		iput(prev);
	return next;
}

int shmem_unuse(unsigned int type)
{
	struct inode *inode = NULL;
	int err = 0;

	while (!err && (inode = next_swap_inode(inode)) != NULL)
		err = unuse_inode(inode, type);
	if (inode)
		iput(inode);
	return err;
}

/* ---- looking ---- */

unsigned long shmem_swap_usage(struct vm_area_struct *vma)
{
	struct shmem_inode_info *info = SHMEM_I(vma->vm_file->f_mapping->host);
	unsigned long index = vma->vm_pgoff, end = index + vma_pages(vma), n = 0;
	void *value;

	if (xa_empty(&info->swap))
		return 0;
	for (value = xa_find(&info->swap, &index, end - 1, XA_PRESENT); value;
	     value = xa_find_after(&info->swap, &index, end - 1, XA_PRESENT))
		n++;
	return n << PAGE_SHIFT;
}
