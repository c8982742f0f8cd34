// SPDX-License-Identifier: MIT
/*
 * shmem: files whose only home is the page cache. tmpfs, the root file system, memfd, shared anonymous
 * mappings and SysV shared memory are the same thing under different names.
 *
 * 1 Structure. An inode with its address_space; a page is allocated at the first write or the first touch
 *   through a mapping, and lives until it is truncated. What is not there reads as zeroes. Dentries are
 *   pinned by one extra reference as long as the name exists; nothing else remembers the name.
 *
 * 2 Accounts, all exact:
 *	alloced of an inode		== pages charged == nrpages of its mapping + swapped
 *	used_blocks of a super block	== sum of alloced over its inodes, <= max_blocks
 *	Committed_AS			files with VM_NORESERVE: each page when it is allocated;
 *					others (shared anonymous mappings): the whole size at birth
 *	shmem_check() verifies the first.
 *
 * 3 Locks. i_rwsem for size and content changes by calls; the folio lock; seals under i_rwsem. A fault
 *   takes no i_rwsem: it locks the folio and then looks at the size, and truncation shrinks the size first.
 *
 * 4 Failure. A page is charged (super block, commit), allocated, zeroed, and put into the cache, in this
 *   order; each step undoes the former ones: ENOSPC for the super block, ENOMEM for memory.
 *
 *   fallocate() leaves its pages not up to date, and so it knows them again when it has to give up; whoever reads
 *   or maps such a page first gets zeroes.
 *
 * 5 Swap: swap.c. A page that is not in the cache may be on swap; shmem_get_folio() brings it in.
 *
 * Linux 6.1: mm/shmem.c. Observed by: Shmem in meminfo, nr_shmem, df.
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/err.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <mm/filemap.h>
#include <mm/gfp.h>
#include <mm/migrate.h>
#include <mm/mmap.h>
#include <mm/shmem.h>
#include <mm/slab.h>
#include <mm/userfaultfd.h>
#include <mm/vma.h>
#include <mm/vmstat.h>
#include <kernel/param.h>
#include <kernel/cred.h>
#include <kernel/panic.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <fs/file.h>
#include <fs/fs_struct.h>
#include <fs/mount.h>
#include <fs/namei.h>
#include <fs/seq_file.h>
#include <fs/super.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/memfd.h>
#include <seam/uaccess.h>
#include "shmem_internal.h"

#define BLOCKS_PER_PAGE (PAGE_SIZE / 512)

struct vfsmount *shm_mnt;
static struct kmem_cache *shmem_inode_cache;
static const struct super_operations shmem_ops;
static const struct address_space_operations shmem_aops;
static const struct file_operations shmem_file_operations;
static const struct inode_operations shmem_inode_operations;
static const struct inode_operations shmem_dir_inode_operations;
static const struct inode_operations shmem_symlink_inode_operations;
static const struct vm_operations_struct shmem_vm_ops;

static struct shmem_sb_info *SHMEM_SB(struct super_block *sb)
{
	return sb->s_fs_info;
}

bool shmem_mapping(struct address_space *mapping)
{
	return mapping->a_ops == &shmem_aops;
}

bool vma_is_shmem(const struct vm_area_struct *vma)
{
	return vma->vm_ops == &shmem_vm_ops;
}

/* ---- accounts ---- */

/* Size that is charged at birth, in pages: files without VM_NORESERVE. */
static int acct_size(unsigned long flags, loff_t size)
{
	return flags & VM_NORESERVE
		       ? 0
		       : security_vm_enough_memory_mm(current->mm, DIV_ROUND_UP(size, PAGE_SIZE));
}

static void unacct_size(unsigned long flags, loff_t size)
{
	if (!(flags & VM_NORESERVE))
		vm_unacct_memory(DIV_ROUND_UP(size, PAGE_SIZE));
}

static int reacct_size(unsigned long flags, loff_t oldsize, loff_t newsize)
{
	long diff = DIV_ROUND_UP(newsize, PAGE_SIZE) - DIV_ROUND_UP(oldsize, PAGE_SIZE);

	if (flags & VM_NORESERVE)
		return 0;
	if (diff > 0)
		return security_vm_enough_memory_mm(current->mm, diff);
	if (diff < 0)
		vm_unacct_memory(-diff);
	return 0;
}

/* Charge @pages to inode and super block. 0, -ENOSPC, -ENOMEM. */
static int acct_blocks(struct inode *inode, long pages)
{
	struct shmem_inode_info *info = SHMEM_I(inode);
	struct shmem_sb_info *sbinfo = SHMEM_SB(inode->i_sb);

	if ((info->flags & VM_NORESERVE) && security_vm_enough_memory_mm(current->mm, pages))
		return -ENOSPC;
	if (atomic_long_add_return(pages, &sbinfo->used_blocks) > (long)sbinfo->max_blocks &&
	    sbinfo->max_blocks) {
		atomic_long_sub(pages, &sbinfo->used_blocks);
		if (info->flags & VM_NORESERVE)
			vm_unacct_memory(pages);
		return -ENOSPC;
	}
	atomic_long_add(pages, &info->alloced);
	return 0;
}

void shmem_unacct_blocks(struct inode *inode, long pages)
{
	struct shmem_inode_info *info = SHMEM_I(inode);

	atomic_long_sub(pages, &info->alloced);
	atomic_long_sub(pages, &SHMEM_SB(inode->i_sb)->used_blocks);
	if (info->flags & VM_NORESERVE)
		vm_unacct_memory(pages);
}

static int reserve_inode(struct super_block *sb)
{
	struct shmem_sb_info *sbinfo = SHMEM_SB(sb);

	if ((unsigned long)atomic_long_inc_return(&sbinfo->used_inodes) > sbinfo->max_inodes &&
	    sbinfo->max_inodes) {
		atomic_long_dec(&sbinfo->used_inodes);
		return -ENOSPC;
	}
	return 0;
}

static void free_inode_count(struct super_block *sb)
{
	atomic_long_dec(&SHMEM_SB(sb)->used_inodes);
}

void shmem_check(struct inode *inode)
{
	mapping_check(inode->i_mapping);
	BUG_ON(atomic_long_read(&SHMEM_I(inode)->alloced) !=
	       (long)inode->i_mapping->nrpages + atomic_long_read(&SHMEM_I(inode)->swapped));
}

/* ---- pages ---- */

int shmem_insert_folio(struct inode *inode, pgoff_t index, struct folio *folio)
{
	struct address_space *mapping = inode->i_mapping;
	int err;

	/* nobody sees it yet: flags in one plain store each */
	__folio_set_locked(folio);
	__folio_set_swapbacked(folio);
	err = filemap_add_folio(mapping, folio, index, mapping_gfp_mask(mapping));
	if (unlikely(err)) {
		__folio_clear_locked(folio);
		__folio_clear_swapbacked(folio);
	}
	return err;
}

void shmem_withdraw_folio(struct folio *folio)
{
	filemap_remove_folio(folio);
	folio_unlock(folio);
	folio_put(folio);
}

/* A new folio at @index, locked, zeroed unless @overwrite: then its caller fills it whole. */
static int alloc_page_at(struct inode *inode, pgoff_t index, struct folio **foliop, bool overwrite)
{
	gfp_t gfp = mapping_gfp_mask(inode->i_mapping);
	struct folio *folio;
	int err = acct_blocks(inode, 1);

	if (unlikely(err))
		return err;
	folio = folio_alloc(overwrite ? gfp : gfp | __GFP_ZERO, 0);
	err = -ENOMEM;
	if (unlikely(!folio))
		goto unacct;
	err = shmem_insert_folio(inode, index, folio);
	if (unlikely(err)) {
		folio_put(folio);
		goto unacct;
	}
	if (shmem_is_swapped(inode, index)) { /* it came and went since we looked */
		shmem_withdraw_folio(folio);
		return -EEXIST;
	}
	if (!overwrite)
		folio_mark_uptodate(folio);
	*foliop = folio;
	return 0;
unacct:
	shmem_unacct_blocks(inode, 1);
	return err;
}

/* Drop a folio that never became up to date: nothing is in it. => folio locked */
static void forget_folio(struct inode *inode, struct folio *folio)
{
	if (folio->mapping != inode->i_mapping || folio_test_uptodate(folio))
		return;
	truncate_inode_folio(inode->i_mapping, folio);
}

int shmem_get_folio(struct inode *inode, pgoff_t index, struct folio **foliop, enum sgp_type sgp)
{
	struct address_space *mapping = inode->i_mapping;
	bool overwrite = sgp == SGP_WRITE || sgp == SGP_FALLOC;
	int err;

	*foliop = NULL;
	if (index > (pgoff_t)(MAX_LFS_FILESIZE >> PAGE_SHIFT))
		return -EFBIG;
	for (;;) {
		struct folio *folio = filemap_lock_folio(mapping, index);

		if (folio) {
			if (unlikely(!folio_test_uptodate(folio) && !overwrite)) {
				/* the write that should have filled it failed: it holds nothing */
				memset(folio_address(folio), 0, folio_size(folio));
				folio_mark_uptodate(folio);
			}
			*foliop = folio;
			return 0;
		}
		if (shmem_is_swapped(inode, index)) {
			err = shmem_swap_in(inode, index, foliop);
			if (err != -EAGAIN)
				return err;
			continue;
		}
		if (sgp == SGP_READ)
			return 0;
		if (sgp == SGP_NOALLOC)
			return -ENOENT;
		err = alloc_page_at(inode, index, foliop, overwrite);
		if (err != -EEXIST)
			return err;
	}
}

/* For a reader that found nothing in the cache. */
static struct folio *shmem_swapin_folio(struct address_space *mapping, pgoff_t index)
{
	struct folio *folio;
	int err;

	if (!shmem_is_swapped(mapping->host, index))
		return NULL;
	err = shmem_get_folio(mapping->host, index, &folio, SGP_READ);
	if (err)
		return ERR_PTR(err);
	if (folio)
		folio_unlock(folio);
	return folio;
}

void shmem_truncate_range(struct inode *inode, loff_t lstart, loff_t lend)
{
	shmem_drop_range(inode, lstart, lend);
	inode_changed_now(inode);
}

/* The cache lets a folio go: its charge goes with it. */
static void shmem_free_folio(struct folio *folio)
{
	shmem_unacct_blocks(folio->mapping->host, folio_nr_pages(folio));
}

/* ---- faults and mappings ---- */

/* The page (@folio, locked, or NULL: the file has none) is for a program to map or fill in. */
static vm_fault_t ask_userfaultfd(struct vm_fault *vmf, struct folio *folio)
{
	if (!folio)
		return handle_userfault(vmf, VM_UFFD_MISSING);
	folio_unlock(folio);
	folio_put(folio);
	return handle_userfault(vmf, VM_UFFD_MINOR);
}

int shmem_add_page(struct inode *inode, pgoff_t index, struct page *page)
{
	struct folio *folio = page_folio(page);
	int err = shmem_is_swapped(inode, index) ? -EEXIST : acct_blocks(inode, 1);

	if (err)
		return err;
	__folio_mark_uptodate(folio);
	err = shmem_insert_folio(inode, index, folio);
	if (err)
		shmem_unacct_blocks(inode, 1);
	return err;
}

static vm_fault_t shmem_fault(struct vm_fault *vmf)
{
	struct inode *inode = file_inode(vmf->vma->vm_file);
	vm_fault_t major = 0;
	struct folio *folio;
	int err;

	if (unlikely(vmf->pgoff >= DIV_ROUND_UP((u64)i_size_read(inode), PAGE_SIZE)))
		return VM_FAULT_SIGBUS;
	folio = filemap_get_entry(inode->i_mapping, vmf->pgoff);
	if (folio) {
		if (!folio_lock_or_retry(folio, vmf))
			return VM_FAULT_RETRY;
		if (unlikely(folio->mapping != inode->i_mapping || !folio_test_uptodate(folio))) {
			folio_unlock(folio);
			folio_put(folio);
			folio = NULL;
		}
	}
	if (unlikely(!folio && shmem_is_swapped(inode, vmf->pgoff))) {
		err = shmem_get_folio(inode, vmf->pgoff, &folio, SGP_READ);
		if (err)
			return err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
		count_vm_event(PGMAJFAULT);
		major = VM_FAULT_MAJOR;
	}
	if (unlikely(vmf->vma->vm_flags & (VM_UFFD_MISSING | VM_UFFD_MINOR))) {
		if (folio ? userfaultfd_minor(vmf->vma) : userfaultfd_missing(vmf->vma))
			return ask_userfaultfd(vmf, folio);
	}
	if (!folio) {
		err = shmem_get_folio(inode, vmf->pgoff, &folio, SGP_CACHE);
		if (err)
			return err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
	}
	/* truncation shrank the size first: whoever locks the folio after it sees that */
	if (unlikely(vmf->pgoff >= DIV_ROUND_UP((u64)i_size_read(inode), PAGE_SIZE))) {
		truncate_inode_folio(inode->i_mapping, folio);
		folio_unlock(folio);
		folio_put(folio);
		return VM_FAULT_SIGBUS;
	}
	vmf->page = folio_file_page(folio, vmf->pgoff);
	return VM_FAULT_LOCKED | major;
}

static const struct vm_operations_struct shmem_vm_ops = {
	.fault = shmem_fault,
	.map_pages = filemap_map_pages,
};

static int shmem_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct shmem_inode_info *info = SHMEM_I(file_inode(file));

	if ((info->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) && (vma->vm_flags & VM_SHARED)) {
		if (vma->vm_flags & VM_WRITE)
			return -EPERM;
		vm_flags_clear(vma, VM_MAYWRITE);
	}
	file_accessed(file);
	vma->vm_ops = &shmem_vm_ops;
	return 0;
}

/* ---- write ---- */

static int shmem_write_begin(struct file *file, struct address_space *mapping, loff_t pos,
			     unsigned len, struct page **pagep, void **fsdata)
{
	struct inode *inode = mapping->host;
	struct shmem_inode_info *info = SHMEM_I(inode);
	struct folio *folio;
	int err;

	if (unlikely(info->seals & (F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))) {
		if (info->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
			return -EPERM;
		if (pos + len > inode->i_size)
			return -EPERM;
	}
	err = shmem_get_folio(inode, pos >> PAGE_SHIFT, &folio, SGP_WRITE);
	if (unlikely(err))
		return err;
	*pagep = &folio->page;
	return 0;
}

/* The first bytes of a folio were written, @copied at @offset: the others are zeroes. */
static void fill_around(struct folio *folio, size_t offset, size_t copied)
{
	char *data = folio_address(folio);

	memset(data, 0, offset);
	memset(data + offset + copied, 0, PAGE_SIZE - offset - copied);
	folio_mark_uptodate(folio);
}

static int shmem_write_end(struct file *file, struct address_space *mapping, loff_t pos,
			   unsigned len, unsigned copied, struct page *page, void *fsdata)
{
	struct inode *inode = mapping->host;
	struct folio *folio = page_folio(page);

	if (!folio_test_uptodate(folio)) {
		if (copied)
			fill_around(folio, offset_in_page(pos), copied);
		else if (!folio_test_dirty(folio)) /* nor did fallocate() take it */
			forget_folio(inode, folio);
	}
	if (copied) {
		if (pos + copied > inode->i_size)
			i_size_write(inode, pos + copied);
		if (!folio_test_dirty(folio))
			folio_set_dirty(folio);
	}
	folio_unlock(folio);
	folio_put(folio);
	return copied;
}

/* ---- seek, fallocate ---- */

/* First byte at or after @offset that is (data) in a page or (hole) not. -ENXIO: beyond the end. */
static loff_t seek_hole_data(struct inode *inode, loff_t offset, int whence)
{
	struct address_space *mapping = inode->i_mapping;
	pgoff_t index = offset >> PAGE_SHIFT, end = DIV_ROUND_UP((u64)inode->i_size, PAGE_SIZE);
	loff_t found;

	for (; index < end; index++) {
		unsigned long next = index;
		bool present = xa_load(&mapping->i_pages, index) || shmem_is_swapped(inode, index);

		if (present == (whence == SEEK_DATA))
			break;
		if (whence == SEEK_DATA) { /* leap over the hole */
			unsigned long swapped = index;

			if (!xa_find(&mapping->i_pages, &next, end - 1, XA_PRESENT))
				next = end;
			if (xa_find(&SHMEM_I(inode)->swap, &swapped, end - 1, XA_PRESENT))
				next = min(next, swapped);
			index = next;
			break;
		}
	}
	if (index >= end)
		return whence == SEEK_DATA ? -ENXIO : inode->i_size;
	found = (loff_t)index << PAGE_SHIFT;
	if (found < offset)
		found = offset;
	return found < inode->i_size ? found : whence == SEEK_DATA ? -ENXIO : inode->i_size;
}

static loff_t shmem_file_llseek(struct file *file, loff_t offset, int whence)
{
	struct inode *inode = file_inode(file);

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return generic_file_llseek_size(file, offset, whence, MAX_LFS_FILESIZE,
						i_size_read(inode));
	inode_lock(inode);
	if (offset < 0 || offset >= inode->i_size)
		offset = -ENXIO;
	else
		offset = seek_hole_data(inode, offset, whence);
	if (offset >= 0)
		offset = vfs_setpos(file, offset, MAX_LFS_FILESIZE);
	inode_unlock(inode);
	return offset;
}

/* => i_rwsem held */
static void punch(struct inode *inode, loff_t start, loff_t end)
{
	loff_t unmap_start = round_up(start, PAGE_SIZE),
	       unmap_end = round_down(end + 1, PAGE_SIZE) - 1;

	if ((u64)unmap_end > (u64)unmap_start)
		unmap_mapping_range(inode->i_mapping, unmap_start, 1 + unmap_end - unmap_start, 0);
	shmem_truncate_range(inode, start, end);
}

/* Take the pages of [start, end) away that hold nothing yet: they were only allocated. */
static void unallocate_range(struct inode *inode, pgoff_t start, pgoff_t end)
{
	struct address_space *mapping = inode->i_mapping;
	struct folio *folios[15];
	unsigned int n;

	while (start < end && (n = filemap_get_folios(mapping, &start, end - 1, folios, 15))) {
		for (unsigned int i = 0; i < n; i++) {
			folio_lock(folios[i]);
			forget_folio(inode, folios[i]);
			folio_unlock(folios[i]);
			folio_put(folios[i]);
		}
		cond_resched();
	}
}

/* Allocate pages [start, end), not up to date: they read as zeroes. On failure they go again. */
static int allocate_range(struct inode *inode, pgoff_t start, pgoff_t end)
{
	pgoff_t index;
	int err = 0;

	for (index = start; index < end; index++) {
		struct folio *folio;

		if (signal_pending(current))
			err = -EINTR;
		else
			err = shmem_get_folio(inode, index, &folio, SGP_FALLOC);
		if (err)
			break;
		if (!folio_test_dirty(folio))
			folio_set_dirty(folio);
		folio_unlock(folio);
		folio_put(folio);
		cond_resched();
	}
	if (err)
		unallocate_range(inode, start, index);
	return err;
}

static long fallocate_locked(struct inode *inode, int mode, loff_t offset, loff_t len)
{
	struct shmem_inode_info *info = SHMEM_I(inode);
	struct shmem_sb_info *sbinfo = SHMEM_SB(inode->i_sb);
	pgoff_t start = offset >> PAGE_SHIFT, end;
	int err;

	if (mode & FALLOC_FL_PUNCH_HOLE) {
		if (info->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
			return -EPERM;
		punch(inode, offset, offset + len - 1);
		return 0;
	}
	err = inode_newsize_ok(inode, offset + len);
	if (err)
		return err;
	if ((info->seals & F_SEAL_GROW) && offset + len > inode->i_size)
		return -EPERM;
	end = (offset + len + PAGE_SIZE - 1) >> PAGE_SHIFT;
	if (sbinfo->max_blocks && end - start > sbinfo->max_blocks)
		return -ENOSPC;
	err = allocate_range(inode, start, end);
	if (err)
		return err;
	if (!(mode & FALLOC_FL_KEEP_SIZE) && offset + len > inode->i_size)
		i_size_write(inode, offset + len);
	inode->i_ctime = current_time(inode);
	return 0;
}

static long shmem_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	struct inode *inode = file_inode(file);
	long err;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	inode_lock(inode);
	err = fallocate_locked(inode, mode, offset, len);
	inode_unlock(inode);
	return err;
}

/* ---- attributes ---- */

static int shmem_getattr(const struct path *path, struct kstat *stat, u32 request_mask,
			 unsigned int flags)
{
	struct inode *inode = path->dentry->d_inode;
	struct shmem_inode_info *info = SHMEM_I(inode);

	generic_fillattr(inode, stat);
	stat->blocks = (u64)atomic_long_read(&info->alloced) * BLOCKS_PER_PAGE;
	stat->blksize = PAGE_SIZE;
	if (request_mask & STATX_BTIME) {
		stat->result_mask |= STATX_BTIME;
		stat->btime = info->i_crtime;
	}
	return 0;
}

static int set_size(struct inode *inode, loff_t newsize)
{
	struct shmem_inode_info *info = SHMEM_I(inode);
	loff_t oldsize = inode->i_size;
	int err;

	if ((newsize < oldsize && (info->seals & F_SEAL_SHRINK)) ||
	    (newsize > oldsize && (info->seals & F_SEAL_GROW)))
		return -EPERM;
	if (newsize == oldsize)
		return 0;
	err = reacct_size(info->flags, oldsize, newsize);
	if (err)
		return err;
	i_size_write(inode, newsize);
	inode_changed_now(inode);
	if (newsize < oldsize) {
		loff_t hole = round_up(newsize, PAGE_SIZE);

		if (oldsize > hole)
			unmap_mapping_range(inode->i_mapping, hole, 0, 1);
		shmem_truncate_range(inode, newsize, (loff_t)-1);
		if (oldsize > hole) /* private copies that came in between */
			unmap_mapping_range(inode->i_mapping, hole, 0, 1);
	}
	return 0;
}

static int shmem_setattr(struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = dentry->d_inode;
	int err = setattr_prepare(dentry, attr);

	if (err)
		return err;
	if (S_ISREG(inode->i_mode) && (attr->ia_valid & ATTR_SIZE)) {
		err = set_size(inode, attr->ia_size);
		if (err)
			return err;
	}
	setattr_copy(inode, attr);
	return 0;
}

/* ---- inodes ---- */

static struct inode *shmem_alloc_inode(struct super_block *sb)
{
	struct shmem_inode_info *info = kmem_cache_zalloc(shmem_inode_cache, GFP_KERNEL);

	return info ? &info->vfs_inode : NULL;
}

static void shmem_free_inode(struct inode *inode)
{
	if (S_ISLNK(inode->i_mode))
		kfree(inode->i_link);
	kmem_cache_free(shmem_inode_cache, SHMEM_I(inode));
}

static void shmem_evict_inode(struct inode *inode)
{
	struct shmem_inode_info *info = SHMEM_I(inode);

	if (shmem_mapping(inode->i_mapping)) {
		unacct_size(info->flags, inode->i_size);
		inode->i_size = 0;
		truncate_inode_pages_final(inode->i_mapping);
		shmem_swap_evict(inode);
		WARN_ON(atomic_long_read(&info->alloced));
	}
	shmem_xattrs_free(&info->xattrs);
	free_inode_count(inode->i_sb);
	clear_inode(inode);
}

struct inode *shmem_get_inode(struct super_block *sb, const struct inode *dir, umode_t mode,
			      dev_t dev, unsigned long flags)
{
	struct shmem_inode_info *info;
	struct inode *inode;

	if (reserve_inode(sb))
		return ERR_PTR(-ENOSPC);
	inode = new_inode(sb);
	if (!inode) {
		free_inode_count(sb);
		return ERR_PTR(-ENOMEM);
	}
	info = SHMEM_I(inode);
	inode->i_ino = (unsigned int)atomic_inc_return(&SHMEM_SB(sb)->next_ino);
	inode_init_owner(inode, dir, mode);
	inode->i_atime = inode->i_mtime = inode->i_ctime = current_time(inode);
	inode->i_generation = SHMEM_SB(sb)->generation + inode->i_ino;
	info->i_crtime = inode->i_mtime;
	info->seals = F_SEAL_SEAL;
	info->flags = flags & VM_NORESERVE;
	INIT_LIST_HEAD(&info->xattrs);
	INIT_LIST_HEAD(&info->swap_list);
	xa_init(&info->swap);
	switch (mode & S_IFMT) {
	case S_IFREG:
		set_bit(AS_SHMEM, &inode->i_mapping->flags);
		inode->i_mapping->a_ops = &shmem_aops;
		inode->i_op = &shmem_inode_operations;
		inode->i_fop = &shmem_file_operations;
		break;
	case S_IFDIR:
		inc_nlink(inode);
		inode->i_size = 2 * 20; /* as Linux: 20 bytes per entry */
		inode->i_op = &shmem_dir_inode_operations;
		inode->i_fop = &simple_dir_operations;
		break;
	case S_IFLNK:
		inode->i_op = &shmem_symlink_inode_operations;
		break;
	default:
		inode->i_op = &shmem_inode_operations;
		init_special_inode(inode, inode->i_mode, dev);
	}
	return inode;
}

/* ---- names. Each name pins its dentry by one reference. ---- */

#define BOGO_DIRENT_SIZE 20

static void add_name(struct inode *dir, struct dentry *dentry, struct inode *inode)
{
	dir->i_size += BOGO_DIRENT_SIZE;
	dir->i_ctime = dir->i_mtime = current_time(dir);
	d_add(dentry, inode);
	dget(dentry);
}

static int shmem_mknod(struct inode *dir, struct dentry *dentry, umode_t mode, dev_t dev)
{
	struct inode *inode = shmem_get_inode(dir->i_sb, dir, mode, dev, VM_NORESERVE);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	add_name(dir, dentry, inode);
	return 0;
}

static int shmem_mkdir(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	int err = shmem_mknod(dir, dentry, mode | S_IFDIR, 0);

	if (!err)
		inc_nlink(dir);
	return err;
}

static int shmem_create(struct inode *dir, struct dentry *dentry, umode_t mode, bool excl)
{
	return shmem_mknod(dir, dentry, mode | S_IFREG, 0);
}

static int shmem_tmpfile(struct inode *dir, struct file *file, umode_t mode)
{
	struct inode *inode = shmem_get_inode(dir->i_sb, dir, mode, 0, VM_NORESERVE);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	d_tmpfile(file, inode);
	return 0;
}

static int shmem_symlink(struct inode *dir, struct dentry *dentry, const char *symname)
{
	struct inode *inode;
	size_t len = strlen(symname) + 1;

	if (len > PAGE_SIZE)
		return -ENAMETOOLONG;
	inode = shmem_get_inode(dir->i_sb, dir, S_IFLNK | S_IRWXUGO, 0, VM_NORESERVE);
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	inode->i_link = kmemdup(symname, len, GFP_KERNEL);
	if (!inode->i_link) {
		iput(inode);
		return -ENOMEM;
	}
	inode->i_size = len - 1;
	add_name(dir, dentry, inode);
	return 0;
}

static int shmem_link(struct dentry *old_dentry, struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = old_dentry->d_inode;

	/* Each further name costs an inode, as on Linux: dentries are memory, too. */
	if (inode->i_nlink && reserve_inode(inode->i_sb))
		return -ENOSPC;
	inode->i_ctime = current_time(inode);
	inc_nlink(inode);
	ihold(inode);
	add_name(dir, dentry, inode);
	return 0;
}

static int shmem_unlink(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = dentry->d_inode;

	if (inode->i_nlink > 1 && !S_ISDIR(inode->i_mode))
		free_inode_count(inode->i_sb);
	dir->i_size -= BOGO_DIRENT_SIZE;
	inode->i_ctime = dir->i_ctime = dir->i_mtime = current_time(inode);
	drop_nlink(inode);
	dput(dentry);
	return 0;
}

static int shmem_rmdir(struct inode *dir, struct dentry *dentry)
{
	if (!simple_empty(dentry))
		return -ENOTEMPTY;
	drop_nlink(dentry->d_inode);
	drop_nlink(dir);
	return shmem_unlink(dir, dentry);
}

static void exchange_links(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
			   struct dentry *new)
{
	bool old_is_dir = d_is_dir(old), new_is_dir = d_is_dir(new);

	if (old_dir == new_dir || old_is_dir == new_is_dir)
		return;
	if (old_is_dir) {
		drop_nlink(old_dir);
		inc_nlink(new_dir);
	} else {
		drop_nlink(new_dir);
		inc_nlink(old_dir);
	}
}

static int shmem_rename2(struct inode *old_dir, struct dentry *old_dentry, struct inode *new_dir,
			 struct dentry *new_dentry, unsigned int flags)
{
	struct inode *inode = old_dentry->d_inode;
	bool is_dir = S_ISDIR(inode->i_mode);

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	if (flags & RENAME_EXCHANGE) {
		exchange_links(old_dir, old_dentry, new_dir, new_dentry);
		new_dentry->d_inode->i_ctime = current_time(inode);
	} else {
		if (!simple_empty(new_dentry))
			return -ENOTEMPTY;
		if (new_dentry->d_inode) {
			shmem_unlink(new_dir, new_dentry);
			if (is_dir) {
				drop_nlink(new_dentry->d_inode);
				drop_nlink(old_dir);
			}
		} else if (is_dir) {
			drop_nlink(old_dir);
			inc_nlink(new_dir);
		}
		old_dir->i_size -= BOGO_DIRENT_SIZE;
		new_dir->i_size += BOGO_DIRENT_SIZE;
	}
	old_dir->i_ctime = old_dir->i_mtime = new_dir->i_ctime = new_dir->i_mtime = inode->i_ctime =
		current_time(old_dir);
	return 0;
}

static const char *shmem_get_link(struct dentry *dentry, struct inode *inode,
				  struct delayed_call *done)
{
	return inode->i_link;
}

/* ---- super block ---- */

static unsigned long default_max_blocks(void)
{
	return totalram_pages() / 2;
}

/*
 * The root during start-up has no limit (half of a small machine is less than its archive); from then on it
 * may take half of what the archive left.
 */
void shmem_lift_limits(struct super_block *sb)
{
	SHMEM_SB(sb)->max_blocks = SHMEM_SB(sb)->max_inodes = 0;
}

void shmem_settle_limits(struct super_block *sb)
{
	struct shmem_sb_info *sbinfo = SHMEM_SB(sb);
	unsigned long used = atomic_long_read(&sbinfo->used_blocks);

	sbinfo->max_blocks = used + (totalram_pages() - used) / 2;
	sbinfo->max_inodes = atomic_long_read(&sbinfo->used_inodes) + default_max_blocks();
}

/* "64m", "50%" as pages; *@rest: behind it. -EINVAL */
static int parse_size(const char *text, unsigned long *pages)
{
	char *rest;
	unsigned long long size = memparse(text, &rest);

	if (rest == text)
		return -EINVAL;
	if (*rest == '%') {
		size = size * totalram_pages() * PAGE_SIZE / 100;
		rest++;
	}
	if (*rest)
		return -EINVAL;
	*pages = DIV_ROUND_UP(size, PAGE_SIZE);
	return 0;
}

static int parse_number(const char *text, unsigned int base, unsigned long *value)
{
	unsigned long long v;

	if (kstrtoull(text, base, &v))
		return -EINVAL;
	*value = v;
	return 0;
}

static int parse_one(struct shmem_sb_info *sbinfo, const char *name, char *value)
{
	unsigned long n;
	char *rest;
	int err;

	if (!strcmp(name, "size"))
		return value ? parse_size(value, &sbinfo->max_blocks) : -EINVAL;
	if (!strcmp(name, "nr_blocks") || !strcmp(name, "nr_inodes")) {
		if (!value)
			return -EINVAL;
		n = memparse(value, &rest);
		if (*rest || rest == value)
			return -EINVAL;
		*(name[3] == 'b' ? &sbinfo->max_blocks : &sbinfo->max_inodes) = n;
		return 0;
	}
	if (!strcmp(name, "mode")) {
		err = value ? parse_number(value, 8, &n) : -EINVAL;
		if (!err)
			sbinfo->mode = n & 07777;
		return err;
	}
	if (!strcmp(name, "uid") || !strcmp(name, "gid")) {
		err = value ? parse_number(value, 10, &n) : -EINVAL;
		if (!err && n >= 0xffffffffUL)
			err = -EINVAL;
		if (!err)
			*(name[0] == 'u' ? &sbinfo->uid : &sbinfo->gid) = n;
		return err;
	}
	if (!strcmp(name, "inode32") || !strcmp(name, "inode64"))
		return 0; /* numbers are 32 bits wide either way: nothing to choose */
	return -EINVAL;
}

/* "size=64m,mode=755" into @sbinfo. */
static int parse_options(struct shmem_sb_info *sbinfo, char *options)
{
	char *one;

	while ((one = strsep(&options, ",")) != NULL) {
		char *value = strchr(one, '=');
		int err;

		if (!*one)
			continue;
		if (value)
			*value++ = 0;
		err = parse_one(sbinfo, one, value);
		if (err)
			return err;
	}
	return 0;
}

static int shmem_remount(struct super_block *sb, int *flags, char *data)
{
	struct shmem_sb_info *sbinfo = SHMEM_SB(sb), new = *sbinfo;
	int err = parse_options(&new, data);

	if (err)
		return err;
	if (new.max_blocks && atomic_long_read(&sbinfo->used_blocks) > (long)new.max_blocks)
		return -EINVAL;
	if (new.max_inodes && atomic_long_read(&sbinfo->used_inodes) > (long)new.max_inodes)
		return -EINVAL;
	if ((new.max_blocks && !sbinfo->max_blocks) || (new.max_inodes && !sbinfo->max_inodes))
		return -EINVAL; /* from unlimited there is no way back, as on Linux */
	sbinfo->max_blocks = new.max_blocks;
	sbinfo->max_inodes = new.max_inodes;
	sbinfo->mode = new.mode;
	sbinfo->uid = new.uid;
	sbinfo->gid = new.gid;
	return 0;
}

static int shmem_show_options(struct seq_file *m, struct dentry *root)
{
	struct shmem_sb_info *sbinfo = SHMEM_SB(root->d_sb);

	if (sbinfo->max_blocks != default_max_blocks())
		seq_printf(m, ",size=%luk", sbinfo->max_blocks << (PAGE_SHIFT - 10));
	if (sbinfo->max_inodes != default_max_blocks())
		seq_printf(m, ",nr_inodes=%lu", sbinfo->max_inodes);
	if (sbinfo->mode != (S_IRWXUGO | S_ISVTX))
		seq_printf(m, ",mode=%03ho", sbinfo->mode);
	if (sbinfo->uid)
		seq_printf(m, ",uid=%u", sbinfo->uid);
	if (sbinfo->gid)
		seq_printf(m, ",gid=%u", sbinfo->gid);
	return 0;
}

static int shmem_statfs(struct dentry *dentry, struct kstatfs *buf)
{
	struct shmem_sb_info *sbinfo = SHMEM_SB(dentry->d_sb);

	buf->f_type = TMPFS_MAGIC;
	buf->f_bsize = PAGE_SIZE;
	buf->f_namelen = NAME_MAX;
	buf->f_fsid.val[0] = dentry->d_sb->s_dev;
	if (sbinfo->max_blocks) {
		buf->f_blocks = sbinfo->max_blocks;
		buf->f_bavail = buf->f_bfree =
			sbinfo->max_blocks - atomic_long_read(&sbinfo->used_blocks);
	}
	if (sbinfo->max_inodes) {
		buf->f_files = sbinfo->max_inodes;
		buf->f_ffree = sbinfo->max_inodes - atomic_long_read(&sbinfo->used_inodes);
	}
	return 0;
}

static void shmem_put_super(struct super_block *sb)
{
	kfree(sb->s_fs_info);
	sb->s_fs_info = NULL;
}

static int shmem_fill_super(struct super_block *sb, void *data, int silent)
{
	struct shmem_sb_info *sbinfo = kzalloc(sizeof(*sbinfo), GFP_KERNEL);
	struct inode *inode;
	int err;

	if (!sbinfo)
		return -ENOMEM;
	sb->s_fs_info = sbinfo;
	sbinfo->mode = S_IRWXUGO | S_ISVTX;
	sbinfo->generation = get_random_u32();
	sbinfo->uid = current_fsuid();
	sbinfo->gid = current_fsgid();
	if (sb->s_flags & SB_KERNMOUNT) {
		sb->s_flags |= SB_NOUSER;
	} else {
		sbinfo->max_blocks = default_max_blocks();
		sbinfo->max_inodes = default_max_blocks();
	}
	err = parse_options(sbinfo, data);
	if (err)
		goto fail;
	sb->s_magic = TMPFS_MAGIC;
	sb->s_op = &shmem_ops;
	sb->s_export_op = &shmem_export_ops;
	sb->s_maxbytes = MAX_LFS_FILESIZE;
	inode = shmem_get_inode(sb, NULL, sbinfo->mode | S_IFDIR, 0, VM_NORESERVE);
	err = PTR_ERR(inode);
	if (IS_ERR(inode))
		goto fail;
	inode->i_uid = sbinfo->uid;
	inode->i_gid = sbinfo->gid;
	sb->s_root = d_make_root(inode);
	err = -ENOMEM;
	if (!sb->s_root)
		goto fail;
	return 0;
fail:
	kfree(sbinfo);
	sb->s_fs_info = NULL;
	return err;
}

static struct dentry *shmem_mount(struct file_system_type *type, int flags, const char *dev,
				  void *data)
{
	return mount_nodev(type, flags, data, shmem_fill_super);
}

/* The root of everything: a tmpfs that belongs to root alone. */
static struct dentry *rootfs_mount_sb(struct file_system_type *type, int flags, const char *dev,
				      void *data)
{
	char options[] = "mode=755";

	return mount_nodev(type, flags, options, shmem_fill_super);
}

static const struct super_operations shmem_ops = {
	.alloc_inode = shmem_alloc_inode,
	.free_inode = shmem_free_inode,
	.evict_inode = shmem_evict_inode,
	.drop_inode = generic_delete_inode,
	.statfs = shmem_statfs,
	.remount_fs = shmem_remount,
	.show_options = shmem_show_options,
	.put_super = shmem_put_super,
};

static const struct address_space_operations shmem_aops = {
	.dirty_folio = noop_dirty_folio,
	.write_begin = shmem_write_begin,
	.write_end = shmem_write_end,
	.free_folio = shmem_free_folio,
	.swapin_folio = shmem_swapin_folio,
	.migrate_folio = filemap_migrate_folio,
};

static const struct file_operations shmem_file_operations = {
	.llseek = shmem_file_llseek,
	.read_iter = generic_file_read_iter,
	.write_iter = generic_file_write_iter,
	.mmap = shmem_mmap,
	.fsync = noop_fsync,
	.fallocate = shmem_fallocate,
};

static const struct inode_operations shmem_inode_operations = { .getattr = shmem_getattr,
								.setattr = shmem_setattr,
								SHMEM_XATTR_OPS };

static const struct inode_operations shmem_dir_inode_operations = { .getattr = shmem_getattr,
								    .setattr = shmem_setattr,
								    .lookup = simple_lookup,
								    .create = shmem_create,
								    .link = shmem_link,
								    .unlink = shmem_unlink,
								    .symlink = shmem_symlink,
								    .mkdir = shmem_mkdir,
								    .rmdir = shmem_rmdir,
								    .mknod = shmem_mknod,
								    .rename = shmem_rename2,
								    .tmpfile = shmem_tmpfile,
								    SHMEM_XATTR_OPS };

static const struct inode_operations shmem_symlink_inode_operations = { .getattr = shmem_getattr,
									.setattr = shmem_setattr,
									.get_link = shmem_get_link,
									SHMEM_XATTR_OPS };

/* For a file system that is a tmpfs with another name (devtmpfs). */
static int shmem_fill_other(struct super_block *sb, void *data)
{
	return shmem_fill_super(sb, data, 0);
}

struct file_system_type shmem_fs_type = {
	.name = "tmpfs",
	.mount = shmem_mount,
	.fill_super = shmem_fill_other,
	.kill_sb = kill_litter_super,
	.fs_flags = FS_USERNS_MOUNT,
};

static struct file_system_type rootfs_fs_type = {
	.name = "rootfs",
	.mount = rootfs_mount_sb,
	.kill_sb = kill_litter_super,
};

void shmem_init(void)
{
	shmem_inode_cache = kmem_cache_create("shmem_inode_cache", sizeof(struct shmem_inode_info),
					      0, SLAB_PANIC | SLAB_ACCOUNT, NULL);
	if (register_filesystem(&shmem_fs_type) || register_filesystem(&rootfs_fs_type))
		panic("shmem: tmpfs cannot be registered");
	shm_mnt = kern_mount(&shmem_fs_type);
	if (IS_ERR(shm_mnt))
		panic("shmem: no internal mount: error %ld", PTR_ERR(shm_mnt));
}

/* ---- files without a name ---- */

struct file *shmem_file_setup_with_mnt(struct vfsmount *mnt, const char *name, loff_t size,
				       unsigned long flags)
{
	struct inode *inode;
	struct file *file;

	if (size < 0 || size > MAX_LFS_FILESIZE)
		return ERR_PTR(-EINVAL);
	if (acct_size(flags, size))
		return ERR_PTR(-ENOMEM);
	inode = shmem_get_inode(mnt->mnt_sb, NULL, S_IFREG | S_IRWXUGO, 0, flags);
	if (IS_ERR(inode)) {
		unacct_size(flags, size);
		return ERR_CAST(inode);
	}
	inode->i_size = size;
	clear_nlink(inode);
	file = alloc_file_pseudo(inode, mnt, name, O_RDWR, &shmem_file_operations);
	if (IS_ERR(file))
		iput(inode);
	return file;
}

struct file *shmem_file_setup(const char *name, loff_t size, unsigned long flags)
{
	return shmem_file_setup_with_mnt(shm_mnt, name, size, flags);
}

struct file *shmem_kernel_file_setup(const char *name, loff_t size, unsigned long flags)
{
	return shmem_file_setup_with_mnt(shm_mnt, name, size, flags);
}

int shmem_zero_setup(struct vm_area_struct *vma)
{
	loff_t size = vma->vm_end - vma->vm_start;
	struct file *file = shmem_kernel_file_setup("dev/zero", size, vma->vm_flags);

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (vma->vm_file)
		fput(vma->vm_file);
	vma->vm_file = file;
	vma->vm_ops = &shmem_vm_ops;
	return 0;
}

/* The mapping is not locked any more: its pages go back to their classes. */
static void unlock_pages(struct address_space *mapping)
{
	struct folio *folios[16];
	pgoff_t index = 0;
	unsigned int n;

	while ((n = filemap_get_folios(mapping, &index, ~0UL, folios, 16))) {
		for (unsigned int i = 0; i < n; i++) {
			folio_check_move_unevictable(folios[i]);
			folio_put(folios[i]);
		}
		if (index == ~0UL)
			break;
		cond_resched();
	}
}

int shmem_lock(struct file *file, int lock, struct user_struct *user)
{
	struct address_space *mapping = file->f_mapping;
	unsigned long pages = DIV_ROUND_UP((u64)i_size_read(file_inode(file)), PAGE_SIZE);

	if (!lock) {
		clear_bit(AS_UNEVICTABLE, &mapping->flags);
		user_shm_unlock(pages, user);
		unlock_pages(mapping);
		return 0;
	}
	if (!user_shm_lock(pages, user))
		return -ENOMEM;
	mapping_set_unevictable(mapping);
	return 0;
}
