/* SPDX-License-Identifier: MIT */
/*
 * address_space: the pages of one file in memory, who maps them, and how its file system moves them.
 *
 * Legend: x  i_pages.xa_lock;  i  i_mmap_rwsem;  c  constant once in use;  a  atomic
 */
#ifndef QUIRE_MM_ADDRESS_SPACE_H
#define QUIRE_MM_ADDRESS_SPACE_H

#include <base/types.h>
#include <base/atomic.h>
#include <base/errseq.h>
#include <base/bitops.h>
#include <base/list.h>
#include <base/rbtree.h>
#include <sync/spinlock.h>
#include <sync/rwsem.h>
#include <mm/xarray.h>

struct address_space;
struct file;
struct folio;
struct inode;
struct iov_iter;
struct kiocb;
struct page;
struct readahead_control;
struct seq_file;
struct writeback_control;

/*
 * What a file system does with its pages. All may sleep unless said otherwise.
 * Folios arrive locked where Linux passes them locked.
 */
struct address_space_operations {
	int (*writepage)(struct page *page, struct writeback_control *wbc);
	int (*read_folio)(struct file *file, struct folio *folio);	/* unlocks; 0 or -EIO.. */
	int (*writepages)(struct address_space *mapping, struct writeback_control *wbc);
	bool (*dirty_folio)(struct address_space *mapping, struct folio *folio);
	void (*readahead)(struct readahead_control *rac);
	/*
	 * @len bytes at @pos are going to be written: the locked page in *@pagep, or an errno. With large folios @len may
	 * reach further than the folio that is found there: what counts is up to its end, here and in ->write_end.
	 */
	int (*write_begin)(struct file *file, struct address_space *mapping, loff_t pos, unsigned len,
			   struct page **pagep, void **fsdata);
	/* @copied of @len bytes were written: unlocks and puts; bytes accepted or an errno */
	int (*write_end)(struct file *file, struct address_space *mapping, loff_t pos, unsigned len,
			 unsigned copied, struct page *page, void *fsdata);
	u64 (*bmap)(struct address_space *mapping, u64 block);
	void (*invalidate_folio)(struct folio *folio, size_t offset, size_t len);
	bool (*release_folio)(struct folio *folio, gfp_t gfp);
	void (*free_folio)(struct folio *folio);	/* leaves the cache; mapping still set */
	/* Without ->read_folio: what is not in the cache may be elsewhere: the folio with a reference, NULL, ERR_PTR. May sleep. */
	struct folio *(*swapin_folio)(struct address_space *mapping, pgoff_t index);
	ssize_t (*direct_IO)(struct kiocb *iocb, struct iov_iter *iter);
	int (*migrate_folio)(struct address_space *mapping, struct folio *dst, struct folio *src, int mode);
	int (*launder_folio)(struct folio *folio);
	bool (*is_partially_uptodate)(struct folio *folio, size_t from, size_t count);
	/* What PG_dirty and PG_writeback do not tell of a folio that something is attached to. => locked */
	void (*is_dirty_writeback)(struct folio *folio, bool *dirty, bool *writeback);
	/*
	 * Swap on a file whose blocks the swap code cannot reach by ->bmap: keep what moving its pages needs; and let it go.
	 * In between ->swap_rw moves bytes at iocb->ki_pos, around the cache. -EINVAL: there are holes.
	 */
	int (*swap_activate)(struct file *file);
	void (*swap_deactivate)(struct file *file);
	ssize_t (*swap_rw)(struct kiocb *iocb, struct iov_iter *iter);
	int (*error_remove_page)(struct address_space *mapping, struct page *page);
};

/* Marks in i_pages. */
#define PAGECACHE_TAG_DIRTY	XA_MARK_0
#define PAGECACHE_TAG_WRITEBACK	XA_MARK_1
#define PAGECACHE_TAG_TOWRITE	XA_MARK_2

struct address_space {
	struct inode *host;			/* c */
	const struct address_space_operations *a_ops;	/* c */
	struct xarray i_pages;			/* x; look-ups under RCU */
	unsigned long nrpages;			/* x: pages, not folios */
	unsigned long flags;			/* a: enum mapping_flags */
	gfp_t gfp_mask;				/* c: for new pages */
	atomic_t i_mmap_writable;		/* a: VM_SHARED mappings that may write; < 0 = refused */
	struct rb_root_cached i_mmap;		/* i: all mappings, by page offset */
	struct rw_semaphore i_mmap_rwsem;
	struct rw_semaphore invalidate_lock;	/* read: fill pages; write: truncate, punch */
	pgoff_t writeback_index;
	errseq_t wb_err;			/* a */
	spinlock_t private_lock;
	struct list_head private_list;		/* of the file system */
	void *private_data;
};

enum mapping_flags {
	AS_EIO		= 0,
	AS_ENOSPC	= 1,
	AS_MM_ALL_LOCKS	= 2,
	AS_UNEVICTABLE	= 3,
	AS_EXITING	= 4,
	AS_LARGE_FOLIO_SUPPORT = 6,
	AS_SHADOWS	= 7,			/* pages were evicted: who truncates has workingset_forget() to call */
	AS_SHMEM	= 8,			/* pages count as NR_SHMEM */
};

void address_space_init_once(struct address_space *mapping);

static inline bool mapping_empty(struct address_space *mapping)
{
	return xa_empty(&mapping->i_pages);
}
static inline gfp_t mapping_gfp_mask(const struct address_space *mapping)
{
	return mapping->gfp_mask;
}
static inline void mapping_set_gfp_mask(struct address_space *mapping, gfp_t mask)
{
	mapping->gfp_mask = mask;
}
static inline bool mapping_tagged(const struct address_space *mapping, xa_mark_t tag)
{
	return xa_marked(&mapping->i_pages, tag);
}
/* ->readahead and ->read_folio can deal with folios of more than a page. Before the inode is used. */
static inline void mapping_set_large_folios(struct address_space *mapping)
{
	set_bit(AS_LARGE_FOLIO_SUPPORT, &mapping->flags);
}
static inline bool mapping_large_folio_support(const struct address_space *mapping)
{
	return READ_ONCE(mapping->flags) >> AS_LARGE_FOLIO_SUPPORT & 1;
}
/*
 * A write-out failed with @error (0: nothing): each open file of the inode hears of it at its next fsync, once
 * (wb_err), and so does the super block (syncfs); filemap_fdatawait() reports it once (AS_EIO, AS_ENOSPC).
 */
void mapping_set_error(struct address_space *mapping, int error);
static inline void mapping_set_unevictable(struct address_space *mapping)
{
	set_bit(AS_UNEVICTABLE, &mapping->flags);
}
static inline bool mapping_unevictable(struct address_space *mapping)
{
	return mapping && test_bit(AS_UNEVICTABLE, &mapping->flags);
}

static inline void i_mmap_lock_write(struct address_space *mapping)
{
	down_write(&mapping->i_mmap_rwsem);
}
static inline void i_mmap_unlock_write(struct address_space *mapping)
{
	up_write(&mapping->i_mmap_rwsem);
}
static inline void i_mmap_lock_read(struct address_space *mapping)
{
	down_read(&mapping->i_mmap_rwsem);
}
static inline void i_mmap_unlock_read(struct address_space *mapping)
{
	up_read(&mapping->i_mmap_rwsem);
}
static inline int i_mmap_trylock_read(struct address_space *mapping)
{
	return down_read_trylock(&mapping->i_mmap_rwsem);
}

/*
 * Count of writable shared mappings: positive while there are some, negative while such mappings are
 * refused (a seal). 0 on success, -EPERM / -EBUSY when the other side holds it.
 */
static inline int mapping_map_writable(struct address_space *mapping)
{
	return atomic_inc_unless_negative(&mapping->i_mmap_writable) ? 0 : -EPERM;
}
static inline void mapping_unmap_writable(struct address_space *mapping)
{
	atomic_dec(&mapping->i_mmap_writable);
}
static inline int mapping_deny_writable(struct address_space *mapping)
{
	return atomic_dec_unless_positive(&mapping->i_mmap_writable) ? 0 : -EBUSY;
}
static inline void mapping_allow_writable(struct address_space *mapping)
{
	atomic_inc(&mapping->i_mmap_writable);
}

static inline void filemap_invalidate_lock(struct address_space *mapping)
{
	down_write(&mapping->invalidate_lock);
}
static inline void filemap_invalidate_unlock(struct address_space *mapping)
{
	up_write(&mapping->invalidate_lock);
}
static inline void filemap_invalidate_lock_shared(struct address_space *mapping)
{
	down_read(&mapping->invalidate_lock);
}
static inline void filemap_invalidate_unlock_shared(struct address_space *mapping)
{
	up_read(&mapping->invalidate_lock);
}

#endif
