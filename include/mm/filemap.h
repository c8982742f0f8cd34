/* SPDX-License-Identifier: MIT */
/* The page cache. Theory: mm/cache/filemap.c. */
#ifndef QUIRE_MM_FILEMAP_H
#define QUIRE_MM_FILEMAP_H

#include <base/types.h>
#include <base/err.h>
#include <base/errno.h>
#include <mm/page.h>
#include <mm/page_flags.h>
#include <mm/folio.h>
#include <mm/lru.h>
#include <mm/address_space.h>
#include <mm/fault.h>
#include <mm/readahead.h>

struct file;
struct inode;
struct iov_iter;
struct kiocb;
struct path;

#define MAX_LFS_FILESIZE	((loff_t)0x7fffffffffffffffLL)

/* filemap_get_folio flags. */
#define FGP_ACCESSED	0x01
#define FGP_LOCK	0x02
#define FGP_CREAT	0x04
#define FGP_WRITE	0x08
#define FGP_NOFS	0x10
#define FGP_NOWAIT	0x20
#define FGP_FOR_MMAP	0x40
#define FGP_STABLE	0x100

/*
 * The largest folio of a file: 32 pages, which is the default readahead window, and for each of which there is a bit in
 * folio->private (folio_mark_dirty_range).
 */
#define MAX_PAGECACHE_ORDER	5u

/* In the upper bits of the flags: a new folio may have so many bytes, where the mapping supports it. Linux 6.6. */
#define FGF_SET_ORDER(order)	((int)(order) << 26)
#define FGF_GET_ORDER(flags)	((unsigned int)(flags) >> 26)
static inline int fgf_set_order(size_t bytes)
{
	unsigned int shift = bytes ? 63 - __builtin_clzl(bytes) : 0;

	return shift > PAGE_SHIFT ? FGF_SET_ORDER(shift - PAGE_SHIFT) : 0;
}

void page_cache_init(void);

/*
 * The folio at @index with a reference, or NULL. Lock-free: the reference is taken if it is not zero
 * and the slot is looked at again afterwards.
 */
struct folio *filemap_get_entry(struct address_space *mapping, pgoff_t index);
/* The same with FGP_*: ERR_PTR-free as in Linux 6.1, NULL when absent or out of memory. May sleep. */
struct folio *__filemap_get_folio(struct address_space *mapping, pgoff_t index, int fgp_flags, gfp_t gfp);
static inline struct folio *filemap_get_folio(struct address_space *mapping, pgoff_t index)
{
	return filemap_get_entry(mapping, index);
}
static inline struct folio *filemap_lock_folio(struct address_space *mapping, pgoff_t index)
{
	return __filemap_get_folio(mapping, index, FGP_LOCK, 0);
}
static inline struct folio *filemap_grab_folio(struct address_space *mapping, pgoff_t index)
{
	return __filemap_get_folio(mapping, index, FGP_LOCK | FGP_ACCESSED | FGP_CREAT,
				   mapping_gfp_mask(mapping));
}
/* Up to @nr folios with references from *@start to @end; *@start moves behind the last. */
unsigned int filemap_get_folios(struct address_space *mapping, pgoff_t *start, pgoff_t end,
				struct folio **folios, unsigned int nr);
/* The folio at @index, up to date (read if need be), with a reference, or ERR_PTR. */
struct folio *read_cache_folio(struct address_space *mapping, pgoff_t index, void *unused, struct file *file);

struct folio *filemap_alloc_folio(gfp_t gfp, unsigned int order);
/*
 * Put a locked, fresh folio into the cache; the cache takes folio_nr_pages() references.
 * 0, -EEXIST, -ENOMEM. May sleep before it takes any lock.
 */
int filemap_add_folio(struct address_space *mapping, struct folio *folio, pgoff_t index, gfp_t gfp);
/* => folio locked. Takes it out and drops the cache's references. */
void filemap_remove_folio(struct folio *folio);
/* For reclaim, which took @folio out of the tree of @mapping itself: what else is to be told of it. */
void filemap_folio_removed(struct address_space *mapping, struct folio *folio);
/*
 * Put @new at the place of @old, whose only references are the cache's and the caller's. False: somebody else has one.
 * => both locked, of the same order; @old not mapped, without anything attached, not under write-out
 */
bool replace_page_cache_folio(struct folio *old, struct folio *new);

/* The folio lock. Wait queues are hashed; PG_waiters says whether anybody waits. */
void __folio_lock(struct folio *folio);
int __folio_lock_killable(struct folio *folio);
void folio_unlock(struct folio *folio);
bool folio_trylock(struct folio *folio);
void folio_lock(struct folio *folio);
int folio_lock_killable(struct folio *folio);		/* 0 or -EINTR */
/*
 * For a fault: true if locked; false: return VM_FAULT_RETRY; the fault's lock was dropped (not with FAULT_FLAG_RETRY_NOWAIT), and
 * the reference, before any waiting.
 */
bool folio_lock_or_retry(struct folio *folio, struct vm_fault *vmf);
void folio_wait_locked(struct folio *folio);
int folio_wait_locked_killable(struct folio *folio);
void folio_wait_writeback(struct folio *folio);
void folio_start_writeback(struct folio *folio);
void folio_end_writeback(struct folio *folio);
void lock_page(struct page *page);
void unlock_page(struct page *page);

/* With the mark @tag; see filemap_get_folios(). */
unsigned int filemap_get_folios_tag(struct address_space *mapping, pgoff_t *start, pgoff_t end, xa_mark_t tag,
				    struct folio **folios, unsigned int nr);

/* Getting dirty: see mm/cache/page_writeback.c. True: it was clean. Any context that may take the xa_lock. */
bool filemap_dirty_folio(struct address_space *mapping, struct folio *folio);
bool noop_dirty_folio(struct address_space *mapping, struct folio *folio);
bool folio_mark_dirty(struct folio *folio);
/*
 * The same for [offset, offset + len) of the folio, whose other pages need no writing then: a large folio of a file has
 * a bit for each page in folio->private. folio_take_dirty() gives the bits and clears them, all ones when nobody told;
 * after folio_clear_dirty_for_io(), so that who dirties it meanwhile makes it dirty again. => folio locked
 */
bool folio_mark_dirty_range(struct folio *folio, size_t offset, size_t len);
u32 folio_take_dirty(struct folio *folio);
/* The part of ->dirty_folio behind setting PG_dirty: counts and mark. @warn if it is not up to date. */
void __folio_mark_dirty(struct folio *folio, struct address_space *mapping, bool warn);
/* => folio locked. Was it dirty? Now it is clean, and mapped entries cannot write without a fault. May sleep. */
bool folio_clear_dirty_for_io(struct folio *folio);
/* => folio locked. Its contents are not wanted any more. */
void folio_cancel_dirty(struct folio *folio);
/* The same for one page of a folio; the other one takes the folio lock. */
bool set_page_dirty(struct page *page);
bool set_page_dirty_lock(struct page *page);

/* read(2) and write(2) over the cache. Bytes done, or an errno when none. May sleep. */
ssize_t filemap_read(struct kiocb *iocb, struct iov_iter *to, ssize_t already_read);
ssize_t generic_file_read_iter(struct kiocb *iocb, struct iov_iter *to);
ssize_t generic_file_write_iter(struct kiocb *iocb, struct iov_iter *from);
ssize_t __generic_file_write_iter(struct kiocb *iocb, struct iov_iter *from);	/* inode locked */
/* Around the cache, which is coherent afterwards. 0: through the cache, please. => inode locked */
ssize_t generic_file_direct_write(struct kiocb *iocb, struct iov_iter *from);
ssize_t generic_perform_write(struct kiocb *iocb, struct iov_iter *from);
ssize_t generic_write_checks(struct kiocb *iocb, struct iov_iter *from);

/* Mapped files. */
extern const struct vm_operations_struct generic_file_vm_ops;
vm_fault_t filemap_fault(struct vm_fault *vmf);
vm_fault_t filemap_map_pages(struct vm_fault *vmf, pgoff_t start_pgoff, pgoff_t end_pgoff);
vm_fault_t filemap_page_mkwrite(struct vm_fault *vmf);
int generic_file_mmap(struct file *file, struct vm_area_struct *vma);

/* Truncate and invalidate. Byte ranges; lend is inclusive, -1 = to the end. May sleep. */
void truncate_inode_pages(struct address_space *mapping, loff_t lstart);
void truncate_inode_pages_range(struct address_space *mapping, loff_t lstart, loff_t lend);
void truncate_inode_pages_final(struct address_space *mapping);
void truncate_setsize(struct inode *inode, loff_t newsize);
void truncate_pagecache(struct inode *inode, loff_t newsize);
/* => folio locked: unmaps, forgets the dirt and removes */
int truncate_inode_folio(struct address_space *mapping, struct folio *folio);
bool truncate_inode_partial_folio(struct folio *folio, loff_t start, loff_t end);
/* => locked. Drop it if it is clean and nobody uses it. */
bool mapping_evict_folio(struct address_space *mapping, struct folio *folio);
/* Drop clean, unmapped, unused pages of [start, end]; how many went. */
unsigned long invalidate_mapping_pages(struct address_space *mapping, pgoff_t start, pgoff_t end);
int invalidate_inode_pages2_range(struct address_space *mapping, pgoff_t start, pgoff_t end);

int vfs_fadvise(struct file *file, loff_t offset, loff_t len, int advice);

/* Verify the counts and the back pointers of @mapping. BUG()s on a violation. => nobody changes it */
void mapping_check(struct address_space *mapping);

#endif
