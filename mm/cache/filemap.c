// SPDX-License-Identifier: MIT
/*
 * The page cache: the pages of files, by offset.
 *
 * 1 Structure. mapping->i_pages maps the offset in pages to a folio. A folio in the cache has
 *   folio->mapping and folio->index set and holds one reference per page on behalf of the cache.
 *
 *	address_space.i_pages[index] -> folio --mapping, index--> address_space
 *
 * 2 Invariants (mapping_check): every folio found at index i has mapping == this and index <= i <
 *   index + nr; nrpages is the sum of folio_nr_pages. A folio leaves the cache only under its lock.
 *
 * 3 Locks. Look-up: RCU, folio_try_get(), and the slot is read again: a folio that was freed and used
 *   elsewhere in between is not in the slot any more. Changes: folio lock, then xa_lock. The folio lock is
 *   the bit PG_locked; who waits sleeps on one of a few hashed queues and sets PG_waiters, which is only
 *   ever set together with PG_locked or PG_writeback, in one compare-and-swap, and cleared with them; so
 *   a free page never has it.
 *
 *	folio lock -> xa_lock;  i_rwsem -> invalidate_lock -> folio lock;  mmap_lock or VMA lock -> folio lock
 *
 * 4 Failure: nodes of the tree are allocated before any lock is taken.
 *
 * 5 A file system without ->read_folio lives in memory: what is not in the cache reads as zeroes.
 *
 * Linux 6.1: mm/filemap.c. Observed by: nr_file_pages, nr_shmem in /proc/vmstat; Cached in meminfo.
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/err.h>
#include <base/errseq.h>
#include <base/hash.h>
#include <base/math.h>
#include <mm/aops.h>
#include <mm/filemap.h>
#include <mm/address_space.h>
#include <mm/gfp.h>
#include <mm/mmap.h>
#include <mm/page_idle.h>
#include <mm/pgalloc.h>
#include <mm/reclaim.h>
#include <mm/rmap.h>
#include <mm/trace_writeback.h>
#include <mm/vma.h>
#include <mm/vmstat.h>
#include <mm/writeback.h>
#include <mm/xarray.h>
#include <sync/rcu.h>
#include <sync/ranks.h>
#include <sync/wait.h>
#include <kernel/psi.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/iov_iter.h>
#include <fs/super.h>
#include <seam/page.h>
#include "../rmap/rmap_internal.h"
#include "cache_internal.h"

#define FOLIO_WAIT_BITS 6
static wait_queue_head_t folio_wait_table[1 << FOLIO_WAIT_BITS];

void page_cache_init(void)
{
	for (unsigned int i = 0; i < 1u << FOLIO_WAIT_BITS; i++)
		init_waitqueue_head(&folio_wait_table[i]);
	xarray_init();
	page_alloc_ops.node_dirty_ok = node_dirty_ok;
}

void address_space_init_once(struct address_space *mapping)
{
	xa_init_flags(&mapping->i_pages, XA_FLAGS_ACCOUNT);
	init_rwsem(&mapping->i_mmap_rwsem, LOCK_I_MMAP);
	init_rwsem(&mapping->invalidate_lock, LOCK_INVALIDATE);
	spin_lock_init(&mapping->private_lock, LOCK_MAPPING_PRIVATE);
	INIT_LIST_HEAD(&mapping->private_list);
	mapping->i_mmap = RB_ROOT_CACHED;
}

void mapping_set_error(struct address_space *mapping, int error)
{
	if (likely(!error))
		return;
	errseq_set(&mapping->wb_err, error);
	trace_filemap_set_wb_err(mapping);
	errseq_set(&mapping->host->i_sb->s_wb_err, error);
	set_bit(error == -ENOSPC ? AS_ENOSPC : AS_EIO, &mapping->flags);
}

/* ---- the folio lock ---- */

static wait_queue_head_t *folio_waitqueue(struct folio *folio)
{
	return &folio_wait_table[hash_64((unsigned long)folio, FOLIO_WAIT_BITS)];
}

/* Note that we wait for @bit. False: the bit is clear already. */
static bool announce_waiter(struct folio *folio, unsigned int bit)
{
	u32 *flags = &folio->flags;
	u32 old = READ_ONCE(*flags);

	do {
		if (!(old >> bit & 1))
			return false;
	} while (!__atomic_compare_exchange_n(flags, &old, old | 1u << PG_waiters, false,
					      __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
	return true;
}

/*
 * Sleep until @bit is clear, or a signal of @state arrives: -EINTR. With @put the caller's reference is given back before, so that
 * the waiter is not what holds the folio up; the bit may be set again afterwards.
 */
static int folio_wait_bit(struct folio *folio, unsigned int bit, unsigned int state, bool put)
{
	wait_queue_head_t *wq = folio_waitqueue(folio);
	/* Once read, given up, and now missing: this wait is for want of memory. */
	const bool refault = bit == PG_locked && unlikely(folio_test_workingset(folio)) &&
			     !folio_test_uptodate(folio);
	unsigned long memstall;
	DEFINE_WAIT(wait);
	int err = 0;

	if (refault)
		psi_memstall_enter(&memstall);
	for (;;) {
		prepare_to_wait(wq, &wait, state);
		if (!announce_waiter(folio, bit))
			break;
		if (signal_pending_state(state, current)) {
			err = -EINTR;
			break;
		}
		if (put)
			folio_put(folio);
		io_schedule();
		if (put) {
			put = false;
			break;
		}
	}
	finish_wait(wq, &wait);
	if (put)
		folio_put(folio);
	if (refault)
		psi_memstall_leave(&memstall);
	return err;
}

/* Clear @bit; wake whoever waits for the folio. */
void folio_clear_and_wake(struct folio *folio, unsigned int bit)
{
	u32 mask = 1u << bit | 1u << PG_waiters;
	wait_queue_head_t *wq = folio_waitqueue(folio);
	u32 old = __atomic_fetch_and(&folio->flags, ~mask, __ATOMIC_RELEASE);

	VM_BUG_ON(!(old >> bit & 1));
	if (unlikely(old >> PG_waiters & 1)) {
		smp_mb();
		wake_up_all(wq);
	}
}

bool folio_trylock(struct folio *folio)
{
	return !(__atomic_fetch_or(&folio->flags, 1u << PG_locked, __ATOMIC_ACQUIRE) >> PG_locked &
		 1);
}

void __folio_lock(struct folio *folio)
{
	while (!folio_trylock(folio))
		folio_wait_bit(folio, PG_locked, TASK_UNINTERRUPTIBLE, false);
}

int __folio_lock_killable(struct folio *folio)
{
	while (!folio_trylock(folio)) {
		int err = folio_wait_bit(folio, PG_locked, TASK_KILLABLE, false);

		if (err)
			return err;
	}
	return 0;
}

void folio_lock(struct folio *folio)
{
	if (!folio_trylock(folio))
		__folio_lock(folio);
}

int folio_lock_killable(struct folio *folio)
{
	return folio_trylock(folio) ? 0 : __folio_lock_killable(folio);
}

void folio_unlock(struct folio *folio)
{
	folio_clear_and_wake(folio, PG_locked);
}

void folio_wait_locked(struct folio *folio)
{
	if (folio_test_locked(folio))
		folio_wait_bit(folio, PG_locked, TASK_UNINTERRUPTIBLE, false);
}

int folio_wait_locked_killable(struct folio *folio)
{
	return folio_test_locked(folio) ? folio_wait_bit(folio, PG_locked, TASK_KILLABLE, false)
					: 0;
}

bool folio_lock_or_retry(struct folio *folio, struct vm_fault *vmf)
{
	unsigned int state =
		vmf->flags & FAULT_FLAG_KILLABLE ? TASK_KILLABLE : TASK_UNINTERRUPTIBLE;

	if (folio_trylock(folio))
		return true;
	if (!fault_flag_allow_retry_first(vmf->flags)) {
		if (state == TASK_UNINTERRUPTIBLE) {
			__folio_lock(folio);
			return true;
		}
		if (!__folio_lock_killable(folio))
			return true;
		fault_drop_lock(vmf);
	} else if (!(vmf->flags & FAULT_FLAG_RETRY_NOWAIT)) {
		fault_drop_lock(vmf);
		folio_wait_bit(folio, PG_locked, state, true);
		return false;
	}
	folio_put(folio);
	return false;
}

void lock_page(struct page *page)
{
	folio_lock(page_folio(page));
}

void unlock_page(struct page *page)
{
	folio_unlock(page_folio(page));
}

/* ---- writeback state ---- */

void folio_wait_writeback(struct folio *folio)
{
	while (folio_test_writeback(folio)) {
		struct address_space *mapping = folio_mapping(folio);

		trace_folio_wait_writeback(mapping ? mapping->host : NULL, folio->index);
		folio_wait_bit(folio, PG_writeback, TASK_UNINTERRUPTIBLE, false);
	}
}

/* ---- look-up ---- */

struct folio *filemap_get_entry(struct address_space *mapping, pgoff_t index)
{
	struct folio *folio = NULL;
	void **slot;

	rcu_read_lock();
	while ((slot = xa_slot(&mapping->i_pages, index)) != NULL) {
		folio = rcu_dereference_raw(*slot);
		if (unlikely(!xa_is_pointer(folio))) {
			bool again = xa_is_node(folio); /* the tree has just grown over this slot */

			folio = NULL;
			if (again)
				continue;
			break;
		}
		if (!folio)
			break;
		if (likely(folio_try_get(folio))) {
			if (likely(folio == rcu_dereference_raw(*slot)))
				break;
			folio_put(folio);
		}
		folio = NULL;
		cpu_relax();
	}
	rcu_read_unlock();
	return folio;
}

/* Lock @folio and see whether it is still at @index of @mapping. */
static bool lock_and_verify(struct address_space *mapping, struct folio *folio, int fgp_flags)
{
	if (fgp_flags & FGP_NOWAIT) {
		if (!folio_trylock(folio))
			return false;
	} else {
		folio_lock(folio);
	}
	if (likely(folio->mapping == mapping))
		return true;
	folio_unlock(folio);
	return false;
}

/* A new folio of @order at @index: locked, with a reference, or ERR_PTR(-EEXIST, -ENOMEM). */
static struct folio *create_order(struct address_space *mapping, pgoff_t index, int fgp_flags,
				  gfp_t gfp, unsigned int order)
{
	struct folio *folio;
	int err;

	if (order)
		gfp |= __GFP_NORETRY | __GFP_NOWARN;
	folio = filemap_alloc_folio(gfp, order);
	if (!folio)
		return ERR_PTR(-ENOMEM);
	if (fgp_flags & FGP_ACCESSED)
		__folio_set_referenced(folio);
	__folio_set_locked(folio);
	err = filemap_add_folio(mapping, folio, index, gfp);
	if (err) {
		__folio_clear_locked(folio);
		folio_put(folio);
		return ERR_PTR(err);
	}
	return folio;
}

/* A new folio at @index, as large as wanted, aligned and possible; otherwise as above. */
static struct folio *create_folio(struct address_space *mapping, pgoff_t index, int fgp_flags,
				  gfp_t gfp)
{
	unsigned int order = min(FGF_GET_ORDER(fgp_flags), MAX_PAGECACHE_ORDER);

	if ((fgp_flags & FGP_WRITE) && mapping_can_writeback(inode_to_bdi(mapping->host)))
		gfp |= __GFP_WRITE;
	if (fgp_flags & FGP_NOFS)
		gfp &= ~__GFP_FS;
	if (fgp_flags & FGP_NOWAIT)
		gfp = (gfp & ~GFP_KERNEL) | GFP_NOWAIT | __GFP_NOWARN;
	if (unlikely(order && !mapping_large_folio_support(mapping)))
		order = 0;
	if (index & ((1UL << order) - 1))
		order = __builtin_ctzl(index);
	for (; order;
	     order--) { /* some pages of the range may be there, memory may be in small pieces */
		struct folio *folio = create_order(mapping, index, fgp_flags, gfp, order);

		if (!IS_ERR(folio))
			return folio;
	}
	return create_order(mapping, index, fgp_flags, gfp, 0);
}

struct folio *__filemap_get_folio(struct address_space *mapping, pgoff_t index, int fgp_flags,
				  gfp_t gfp)
{
	for (;;) {
		struct folio *folio = filemap_get_entry(mapping, index);

		if (folio) {
			if (!(fgp_flags & FGP_LOCK))
				return folio;
			if (lock_and_verify(mapping, folio, fgp_flags)) {
				if (fgp_flags & FGP_STABLE)
					folio_wait_writeback(folio);
				return folio;
			}
			folio_put(folio);
			if (fgp_flags & FGP_NOWAIT)
				return NULL;
			continue;
		}
		if (!(fgp_flags & FGP_CREAT))
			return NULL;
		folio = create_folio(mapping, index, fgp_flags, gfp);
		if (!IS_ERR(folio)) {
			if (!(fgp_flags & (FGP_LOCK | FGP_FOR_MMAP)))
				folio_unlock(folio);
			return folio;
		}
		if (PTR_ERR(folio) != -EEXIST)
			return NULL;
	}
}

unsigned int filemap_get_folios(struct address_space *mapping, pgoff_t *start, pgoff_t end,
				struct folio **folios, unsigned int nr)
{
	XA_STATE(xas, &mapping->i_pages, *start);
	struct folio *folio;
	unsigned int n = 0;

	rcu_read_lock();
	xas_for_each(&xas, folio, end)
	{
		if (xa_is_value(folio) || !xas_try_get_folio(&xas, folio))
			continue;
		folios[n++] = folio;
		*start = folio_next_index(folio);
		if (n == nr)
			break;
	}
	rcu_read_unlock();
	if (n < nr)
		*start = end == ~0UL ? end : end + 1;
	return n;
}

/* ---- adding and removing ---- */

struct folio *filemap_alloc_folio(gfp_t gfp, unsigned int order)
{
	if (nr_mem_nodes == 1)
		gfp &= ~__GFP_WRITE;
	if (unlikely(gfp &
		     __GFP_WRITE)) /* the lists of the CPU do not ask which node is too dirty */
		return __folio_alloc_node(gfp, order, numa_node_id());
	return folio_alloc(gfp, order);
}

static void account_folio(struct address_space *mapping, struct folio *folio, long nr)
{
	struct pglist_data *pgdat = folio_pgdat(folio);

	mod_node_page_state(pgdat, NR_FILE_PAGES, nr);
	if (mapping->flags & (1UL << AS_SHMEM))
		mod_node_page_state(pgdat, NR_SHMEM, nr);
}

int filemap_add_folio(struct address_space *mapping, struct folio *folio, pgoff_t index, gfp_t gfp)
{
	XA_STATE_ORDER(xas, &mapping->i_pages, index, folio_order(folio));
	long nr = folio_nr_pages(folio);

	VM_BUG_ON_FOLIO(!folio_test_locked(folio), folio);
	VM_BUG_ON_FOLIO(index & (nr - 1), folio);
	folio_ref_add(folio, nr);
	folio->mapping = mapping;
	folio->index = index;
	do {
		if (!xas_prealloc(&xas, gfp)) {
			xas_set_err(&xas, -ENOMEM);
			break;
		}
		xas_lock(&xas);
		if (xas_find_conflict(&xas))
			xas_set_err(&xas, -EEXIST);
		else
			xas_store(&xas, folio);
		if (!xas_error(&xas))
			mapping->nrpages += nr;
		xas_unlock(&xas);
	} while (xas_nomem(&xas, gfp));
	xas_destroy(&xas);
	if (xas_error(&xas)) {
		folio->mapping = NULL;
		folio_ref_sub(folio, nr);
		return xas_error(&xas);
	}
	account_folio(mapping, folio, nr);
	if (!(mapping->flags & (1UL << AS_SHMEM)))
		workingset_refault(folio, mapping, gfp);
	folio_add_lru(folio);
	trace_mm_filemap_add_to_page_cache(folio_pfn(folio), mapping->host->i_ino, index,
					   mapping->host->i_sb->s_dev, folio_order(folio));
	return 0;
}

void filemap_remove_folio(struct folio *folio)
{
	struct address_space *mapping = folio->mapping;
	XA_STATE_ORDER(xas, &mapping->i_pages, folio->index, folio_order(folio));
	long nr = folio_nr_pages(folio);

	VM_BUG_ON_FOLIO(!folio_test_locked(folio), folio);
	if (mapping->a_ops->free_folio)
		call_aop(mapping->a_ops, free_folio, folio);
	xas_lock(&xas);
	xas_store(&xas, NULL);
	folio->mapping = NULL;
	mapping->nrpages -= nr;
	xas_unlock(&xas);
	filemap_folio_removed(mapping, folio);
	folio_put_refs(folio, nr);
}

void filemap_folio_removed(struct address_space *mapping, struct folio *folio)
{
	account_folio(mapping, folio, -folio_nr_pages(folio));
	folio_del_lru(folio);
	trace_mm_filemap_delete_from_page_cache(folio_pfn(folio), mapping->host->i_ino,
						folio->index, mapping->host->i_sb->s_dev,
						folio_order(folio));
}

/* What says how a page was used goes with it. => nobody sees @new */
static void copy_flags(struct folio *new, const struct folio *old)
{
	const u32 kept = 1u << PG_referenced | 1u << PG_active | 1u << PG_workingset |
			 1u << PG_error | 1u << PG_mappedtodisk | 1u << PG_readahead;

	new->flags |= READ_ONCE(old->flags) & kept;
	new->private = old->private;
}

bool replace_page_cache_folio(struct folio *old, struct folio *new)
{
	struct address_space *mapping = old->mapping;
	XA_STATE(xas, &mapping->i_pages, old->index);
	long nr = folio_nr_pages(old);
	bool frozen;

	VM_BUG_ON_FOLIO(folio_has_private(old) || folio_test_writeback(old), old);
	folio_ref_add(new, nr);
	new->index = old->index;
	xas_lock(&xas);
	frozen = folio_ref_freeze(old, nr + 1);
	if (frozen) {
		new->mapping = mapping;
		copy_flags(new, old);
		move_dirty(mapping, old, new);
		xas_load(&xas);
		xas_store(&xas, new);
		old->mapping = NULL;
		folio_ref_unfreeze(old, 1);
	}
	xas_unlock(&xas);
	if (!frozen) {
		folio_ref_sub(new, nr);
		return false;
	}
	account_folio(mapping, old, -nr);
	folio_del_lru(old);
	account_folio(mapping, new, nr);
	folio_add_lru(new);
	return true;
}

/* ---- reading ---- */

/* Have @folio, with a reference, read by its file system. 0 or an errno; the reference stays. */
static int read_folio(struct file *file, struct address_space *mapping, struct folio *folio)
{
	int err = folio_lock_killable(folio);

	if (err)
		return err;
	if (folio->mapping != mapping) {
		folio_unlock(folio);
		return -EAGAIN; /* truncated: look again */
	}
	if (folio_test_uptodate(folio)) {
		folio_unlock(folio);
		return 0;
	}
	err = call_aop(mapping->a_ops, read_folio, file, folio); /* unlocks */
	if (err)
		return err;
	err = folio_wait_locked_killable(folio);
	if (err)
		return err;
	return folio_test_uptodate(folio) ? 0 : -EIO;
}

/* @folio ends its window, or nearly so: have the next one fetched, if that is allowed. */
static void fetch_next_window(struct kiocb *iocb, struct address_space *mapping,
			      struct folio *folio, unsigned long want)
{
	struct file *file = iocb ? iocb->ki_filp : NULL;

	if (file && !(iocb->ki_flags & IOCB_NOWAIT))
		page_cache_async_readahead(mapping, &file->f_ra, file, folio, folio->index, want);
}

/* Is what is wanted of @folio valid, @bytes from @pos on, though not all of it is? With blocks smaller than a page. */
static bool is_valid_part(struct address_space *mapping, struct folio *folio, loff_t pos,
			  size_t bytes)
{
	size_t from = pos & (folio_size(folio) - 1);
	bool valid;

	if (!mapping->a_ops->is_partially_uptodate || mapping->host->i_blkbits >= PAGE_SHIFT ||
	    !folio_trylock(folio))
		return false;
	valid = folio->mapping == mapping && call_aop(mapping->a_ops, is_partially_uptodate, folio,
						      from, min(bytes, folio_size(folio) - from));
	folio_unlock(folio);
	return valid;
}

/* get_uptodate() where there is more to do than to look; @folio is what was found. */
static noinline struct folio *make_uptodate(struct kiocb *iocb, struct address_space *mapping,
					    loff_t pos, size_t bytes, struct folio *folio)
{
	pgoff_t index = pos >> PAGE_SHIFT;
	unsigned long pages = DIV_ROUND_UP(offset_in_page(pos) + bytes, PAGE_SIZE);

	for (;; folio = filemap_get_entry(mapping, index)) {
		int err;

		if (likely(folio && folio_test_uptodate(folio))) {
			if (unlikely(folio_test_readahead(folio)))
				fetch_next_window(iocb, mapping, folio, pages);
			return folio;
		}
		if (folio && is_valid_part(mapping, folio, pos, bytes))
			return folio;
		if (!mapping->a_ops->read_folio) {
			if (!folio)
				return mapping->a_ops->swapin_folio
					       ? call_aop(mapping->a_ops, swapin_folio, mapping,
							  index)
					       : NULL;
			folio_wait_locked(folio); /* being filled by a write */
			if (folio_test_uptodate(folio))
				return folio;
			folio_put(folio);
			return NULL;
		}
		if (iocb && (iocb->ki_flags & IOCB_NOWAIT)) {
			if (folio)
				folio_put(folio);
			return ERR_PTR(-EAGAIN);
		}
		if (!folio) {
			struct file *file = iocb ? iocb->ki_filp : NULL;

			if (file)
				page_cache_sync_readahead(mapping, &file->f_ra, file, index, pages);
			/* Its reading and a truncation must not overlap; that of readahead does not. */
			filemap_invalidate_lock_shared(mapping);
			folio = __filemap_get_folio(mapping, index, FGP_CREAT,
						    mapping_gfp_mask(mapping));
			if (folio)
				err = read_folio(file, mapping, folio);
			filemap_invalidate_unlock_shared(mapping);
			if (!folio)
				return ERR_PTR(-ENOMEM);
		} else {
			err = read_folio(iocb ? iocb->ki_filp : NULL, mapping, folio);
		}
		if (!err && folio_test_readahead(folio)) { /* look again: it ends a window */
			folio_put(folio);
			continue;
		}
		if (!err)
			return folio;
		folio_put(folio);
		if (err != -EAGAIN)
			return ERR_PTR(err);
	}
}

/*
 * The folio at @pos, of which @bytes are wanted and valid (readahead is told); NULL for a hole of a file in memory;
 * ERR_PTR.
 */
static inline struct folio *get_uptodate(struct kiocb *iocb, struct address_space *mapping,
					 loff_t pos, size_t bytes)
{
	struct folio *folio = filemap_get_entry(mapping, pos >> PAGE_SHIFT);

	if (likely(folio && folio_test_uptodate(folio) && !folio_test_readahead(folio)))
		return folio;
	return make_uptodate(iocb, mapping, pos, bytes, folio);
}

struct folio *read_cache_folio(struct address_space *mapping, pgoff_t index, void *unused,
			       struct file *file)
{
	struct kiocb iocb = { .ki_filp = file };
	struct folio *folio =
		get_uptodate(file ? &iocb : NULL, mapping, (loff_t)index << PAGE_SHIFT, PAGE_SIZE);

	return folio ? folio : ERR_PTR(-ENOENT);
}

ssize_t filemap_read(struct kiocb *iocb, struct iov_iter *to, ssize_t already_read)
{
	struct file *file = iocb->ki_filp;
	struct address_space *mapping = file->f_mapping;
	loff_t pos = iocb->ki_pos;
	ssize_t done = already_read;
	int err = 0;

	while (iov_iter_count(to)) {
		loff_t isize = i_size_read(mapping->host);
		size_t offset, bytes, copied;
		struct folio *folio;

		if (unlikely(pos >= isize))
			break;
		folio = get_uptodate(iocb, mapping, pos, iov_iter_count(to));
		if (unlikely(IS_ERR(folio))) {
			err = PTR_ERR(folio);
			break;
		}
		isize = i_size_read(mapping->host); /* the folio may be newer than the size was */
		if (folio) {
			/* A page that is read in small pieces was used once. */
			if ((pos ^ file->f_ra.prev_pos) >> PAGE_SHIFT)
				folio_mark_accessed(folio);
			offset = pos & (folio_size(folio) - 1);
			bytes = folio_size(folio) - offset;
		} else {
			offset = pos & (PAGE_SIZE - 1);
			bytes = PAGE_SIZE - offset;
		}
		if (pos >= isize)
			bytes = 0;
		else if ((loff_t)bytes > isize - pos)
			bytes = isize - pos;
		bytes = min_t(size_t, bytes, iov_iter_count(to));
		if (folio) {
			copied = copy_folio_to_iter(folio, offset, bytes, to);
			folio_put(folio);
		} else {
			copied = iov_iter_zero(bytes, to);
		}
		done += copied;
		pos += copied;
		if (unlikely(copied < bytes)) {
			err = -EFAULT;
			break;
		}
		if (unlikely(!bytes))
			break;
		if (iov_iter_count(to))
			cond_resched();
	}
	iocb->ki_pos = pos;
	file->f_ra.prev_pos = pos - 1;
	file_accessed(file);
	return done ? done : err;
}

/* Around the cache: what is dirty there goes to the device first, so that it is what is read. */
static ssize_t direct_read(struct kiocb *iocb, struct address_space *mapping, struct iov_iter *to)
{
	loff_t pos = iocb->ki_pos, end = pos + iov_iter_count(to) - 1;
	bool blkdev = S_ISBLK(mapping->host->i_mode);
	ssize_t n;

	if (iocb->ki_flags & IOCB_NOWAIT) {
		if (filemap_range_needs_writeback(mapping, pos, end))
			return -EAGAIN;
	} else {
		n = filemap_write_and_wait_range(mapping, pos, end);
		if (n < 0)
			return n;
	}
	file_accessed(iocb->ki_filp);
	if (!blkdev)
		inode_lock_shared(mapping->host); /* no block is freed before the reading begins */
	n = call_aop(mapping->a_ops, direct_IO, iocb, to);
	if (!blkdev)
		inode_unlock_shared(mapping->host);
	if (n < 0)
		return n;
	iocb->ki_pos += n;
	/* Short: at the end of the file, or at something that cannot be read directly. */
	if (!iov_iter_count(to) || iocb->ki_pos >= i_size_read(mapping->host))
		return n;
	return filemap_read(iocb, to, n);
}

ssize_t generic_file_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct address_space *mapping = iocb->ki_filp->f_mapping;

	if (!iov_iter_count(to))
		return 0;
	if (unlikely((iocb->ki_flags & IOCB_DIRECT) && mapping->a_ops->direct_IO))
		return direct_read(iocb, mapping, to);
	return filemap_read(iocb, to, 0);
}

/* ---- writing ---- */

ssize_t generic_write_checks(struct kiocb *iocb, struct iov_iter *from)
{
	struct file *file = iocb->ki_filp;
	struct inode *inode = file->f_mapping->host;
	loff_t limit = rlimit(RLIMIT_FSIZE), max = inode->i_sb->s_maxbytes;

	if (IS_SWAPFILE(inode))
		return -ETXTBSY;
	if (!iov_iter_count(from))
		return 0;
	if (iocb->ki_flags & IOCB_APPEND)
		iocb->ki_pos = i_size_read(inode);
	if ((iocb->ki_flags & IOCB_NOWAIT) && !(file->f_mode & FMODE_NOWAIT) &&
	    !(iocb->ki_flags & IOCB_DIRECT))
		return -EINVAL;
	if ((unsigned long)limit != RLIM_INFINITY) {
		if (iocb->ki_pos >= limit) {
			send_sig(SIGXFSZ, current, 0);
			return -EFBIG;
		}
		iov_iter_truncate(from, limit - iocb->ki_pos);
	}
	if (iocb->ki_pos >= max)
		return -EFBIG;
	iov_iter_truncate(from, max - iocb->ki_pos);
	return iov_iter_count(from);
}

/* The most bytes at @pos that can be written at once: to the end of the page, or of the largest folio. */
static size_t chunk_at(struct address_space *mapping, loff_t pos)
{
	size_t chunk =
		mapping_large_folio_support(mapping) ? PAGE_SIZE << MAX_PAGECACHE_ORDER : PAGE_SIZE;

	return chunk - (pos & (chunk - 1));
}

/* One chunk within one folio at @pos: bytes written, or an errno. */
static ssize_t write_chunk(struct kiocb *iocb, struct iov_iter *from, loff_t pos)
{
	struct file *file = iocb->ki_filp;
	struct address_space *mapping = file->f_mapping;
	const struct address_space_operations *a_ops = mapping->a_ops;
	size_t bytes = min_t(size_t, chunk_at(mapping, pos), iov_iter_count(from)), offset;
	size_t page_rest = PAGE_SIZE - offset_in_page(pos);
	struct folio *folio;
	struct page *page;
	void *fsdata = NULL;
	size_t copied;
	int status;

	status = call_aop(a_ops, write_begin, file, mapping, pos, bytes, &page, &fsdata);
	if (unlikely(status == -ENOSPC &&
		     bytes > page_rest)) { /* not for all, for a page perhaps */
		bytes = page_rest;
		status = call_aop(a_ops, write_begin, file, mapping, pos, bytes, &page, &fsdata);
	}
	if (unlikely(status < 0))
		return status;
	folio = page_folio(page);
	folio_clear_idle(folio);
	offset = pos & (folio_size(folio) - 1);
	bytes = min_t(size_t, bytes, folio_size(folio) - offset);
	copied = copy_folio_from_iter_atomic(folio, offset, bytes, from);
	status = call_aop(a_ops, write_end, file, mapping, pos, bytes, copied, page, fsdata);
	if (unlikely(status < 0)) {
		iov_iter_revert(from, copied);
		return status;
	}
	if (unlikely((size_t)status < copied))
		iov_iter_revert(from, copied - status);
	return status;
}

ssize_t generic_perform_write(struct kiocb *iocb, struct iov_iter *from)
{
	struct address_space *mapping = iocb->ki_filp->f_mapping;
	bool limited = mapping_can_writeback(inode_to_bdi(mapping->host));
	loff_t pos = iocb->ki_pos;
	ssize_t written = 0, n = 0;

	while (iov_iter_count(from)) {
		n = write_chunk(iocb, from, pos);
		if (unlikely(n == 0)) {
			/* The source is not in memory: fault it in without the page lock, and again. */
			size_t bytes = min_t(size_t, chunk_at(mapping, pos), iov_iter_count(from));

			if (fault_in_iov_iter_readable(from, bytes) == bytes) {
				n = -EFAULT;
				break;
			}
			if (fatal_signal_pending(current)) {
				n = -EINTR;
				break;
			}
			continue;
		}
		if (unlikely(n < 0))
			break;
		pos += n;
		written += n;
		if (unlikely(limited)) {
			balance_dirty_pages_ratelimited(mapping);
			if (fatal_signal_pending(current))
				break;
		}
		if (iov_iter_count(from))
			cond_resched();
	}
	if (!written)
		return n;
	iocb->ki_pos += written;
	return written;
}

ssize_t generic_file_direct_write(struct kiocb *iocb, struct iov_iter *from)
{
	struct address_space *mapping = iocb->ki_filp->f_mapping;
	struct inode *inode = mapping->host;
	loff_t pos = iocb->ki_pos, end = pos + iov_iter_count(from) - 1;
	ssize_t n;

	if (iocb->ki_flags & IOCB_NOWAIT) {
		if (filemap_range_has_page(mapping, pos, end))
			return -EAGAIN;
	} else {
		n = filemap_write_and_wait_range(mapping, pos, end);
		if (n)
			return n;
	}
	/* Nobody shall see the old contents afterwards. What cannot be dropped is written through the cache. */
	n = invalidate_inode_pages2_range(mapping, pos >> PAGE_SHIFT, end >> PAGE_SHIFT);
	if (n)
		return n == -EBUSY ? 0 : n;
	n = call_aop(mapping->a_ops, direct_IO, iocb, from);
	if (n <= 0)
		return n;
	/* A fault or readahead may have brought old contents in meanwhile. */
	if (mapping->nrpages &&
	    invalidate_inode_pages2_range(mapping, pos >> PAGE_SHIFT, (pos + n - 1) >> PAGE_SHIFT))
		errseq_set(&mapping->wb_err, -EIO);
	pos += n;
	if (pos > i_size_read(inode) && !S_ISBLK(inode->i_mode)) {
		i_size_write(inode, pos);
		mark_inode_dirty(inode);
	}
	iocb->ki_pos = pos;
	return n;
}

/* What the device does not take directly goes through the cache, but to the device, too, and leaves the cache. */
static ssize_t write_around_cache(struct kiocb *iocb, struct iov_iter *from)
{
	struct address_space *mapping = iocb->ki_filp->f_mapping;
	ssize_t written = generic_file_direct_write(iocb, from), n;
	loff_t pos;
	int err;

	if (written < 0 || !iov_iter_count(from))
		return written;
	pos = iocb->ki_pos;
	n = generic_perform_write(iocb, from);
	if (n <= 0)
		return written ? written : n;
	err = filemap_write_and_wait_range(mapping, pos, pos + n - 1);
	if (err)
		return written ? written : err;
	invalidate_mapping_pages(mapping, pos >> PAGE_SHIFT, (pos + n - 1) >> PAGE_SHIFT);
	return written + n;
}

ssize_t __generic_file_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	int err = file_modified(iocb->ki_filp);

	if (err)
		return err;
	if (unlikely((iocb->ki_flags & IOCB_DIRECT) && iocb->ki_filp->f_mapping->a_ops->direct_IO))
		return write_around_cache(iocb, from);
	return generic_perform_write(iocb, from);
}

ssize_t generic_file_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct file *file = iocb->ki_filp;
	struct inode *inode = file->f_mapping->host;
	ssize_t ret;

	inode_lock(inode);
	ret = generic_write_checks(iocb, from);
	if (ret > 0)
		ret = __generic_file_write_iter(iocb, from);
	inode_unlock(inode);
	if (ret > 0 && ((iocb->ki_flags & IOCB_DSYNC) || IS_SYNC(inode))) {
		int err = vfs_fsync_range(file, iocb->ki_pos - ret, iocb->ki_pos - 1,
					  !(iocb->ki_flags & IOCB_SYNC) && !IS_SYNC(inode));

		if (err)
			return err;
	}
	return ret;
}

/* ---- mapped files ---- */

static pgoff_t file_pages(struct address_space *mapping)
{
	return DIV_ROUND_UP(i_size_read(mapping->host), PAGE_SIZE);
}

#define MMAP_LOTSAMISS 100 /* misses more than hits: random, reading around does not pay */

/* The page of the fault is not cached: read it and what lies around it. */
static void fault_miss(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct file *file = vma->vm_file;
	struct file_ra_state *ra = &file->f_ra;
	struct address_space *mapping = file->f_mapping;
	DEFINE_READAHEAD(rac, file, ra, mapping, vmf->pgoff);
	unsigned int misses;

	if (!ra->ra_pages || (vma->vm_flags & VM_RAND_READ) || !mapping->a_ops->read_folio)
		return;
	if (vma->vm_flags & VM_SEQ_READ) {
		page_cache_sync_ra(&rac, ra->ra_pages);
		return;
	}
	misses = READ_ONCE(ra->mmap_miss);
	if (misses < MMAP_LOTSAMISS * 10)
		WRITE_ONCE(ra->mmap_miss, ++misses);
	if (misses > MMAP_LOTSAMISS)
		return;
	ra->start = vmf->pgoff - min((pgoff_t)ra->ra_pages / 2, vmf->pgoff);
	ra->size = ra->ra_pages;
	ra->async_size = ra->ra_pages / 4;
	rac._index = ra->start;
	page_cache_ra_order(&rac, ra, 0);
}

/* It is cached, or on its way; perhaps it ends a window. */
static void fault_hit(struct vm_fault *vmf, struct folio *folio)
{
	struct file *file = vmf->vma->vm_file;
	struct file_ra_state *ra = &file->f_ra;
	unsigned int misses = READ_ONCE(ra->mmap_miss);

	if (misses)
		WRITE_ONCE(ra->mmap_miss, misses - 1);
	if (folio_test_readahead(folio) && ra->ra_pages && !(vmf->vma->vm_flags & VM_RAND_READ))
		page_cache_async_readahead(file->f_mapping, ra, file, folio, vmf->pgoff,
					   ra->ra_pages);
}

/* Read it, and wait until it is there. 0 also when it was truncated meanwhile. => folio locked; unlocks */
static int read_and_wait(struct file *file, struct folio *folio)
{
	int err = call_aop(file->f_mapping->a_ops, read_folio, file, folio);

	if (err)
		return err;
	folio_wait_locked(folio);
	return folio_test_uptodate(folio) || folio->mapping != file->f_mapping ? 0 : -EIO;
}

/*
 * Read a folio that readahead did not bring, or not without an error. The first time the lock of the fault is let go
 * meanwhile, and the fault comes again; an error counts when it does. => folio locked, with a reference; both are gone
 * afterwards
 */
static vm_fault_t fault_read(struct vm_fault *vmf, struct folio *folio)
{
	struct file *file = vmf->vma->vm_file;
	vm_fault_t ret = VM_FAULT_RETRY;
	int err;

	if (!file->f_mapping->a_ops->read_folio) {
		folio_unlock(folio);
		folio_put(folio);
		return VM_FAULT_SIGBUS;
	}
	if (fault_flag_allow_retry_first(vmf->flags) && !(vmf->flags & FAULT_FLAG_RETRY_NOWAIT)) {
		get_file(file);
		fault_drop_lock(vmf);
		read_and_wait(file, folio);
		fput(file);
	} else {
		err = read_and_wait(file, folio);
		ret = !err ? VM_FAULT_NOPAGE : err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
	}
	folio_put(folio);
	return ret;
}

vm_fault_t filemap_fault(struct vm_fault *vmf)
{
	struct file *file = vmf->vma->vm_file;
	struct address_space *mapping = file->f_mapping;
	struct folio *folio;
	vm_fault_t ret = 0;

	if (unlikely(vmf->pgoff >= file_pages(mapping)))
		return VM_FAULT_SIGBUS;
	folio = filemap_get_entry(mapping, vmf->pgoff);
	if (folio) {
		fault_hit(vmf, folio);
	} else {
		ret = VM_FAULT_MAJOR;
		count_vm_event(PGMAJFAULT);
		fault_miss(vmf);
		filemap_invalidate_lock_shared(mapping);
		folio = __filemap_get_folio(mapping, vmf->pgoff, FGP_CREAT, vmf->gfp_mask);
		filemap_invalidate_unlock_shared(mapping);
		if (!folio)
			return VM_FAULT_OOM;
	}
	/* While it is being read the lock of the fault is let go; it comes again then. */
	if (!folio_lock_or_retry(folio, vmf))
		return ret | VM_FAULT_RETRY;
	if (unlikely(folio->mapping != mapping)) { /* truncated: fault again */
		folio_unlock(folio);
		folio_put(folio);
		return ret | VM_FAULT_NOPAGE;
	}
	if (unlikely(!folio_test_uptodate(folio)))
		return ret | fault_read(vmf, folio);
	if (unlikely(vmf->pgoff >= file_pages(mapping))) {
		folio_unlock(folio);
		folio_put(folio);
		return VM_FAULT_SIGBUS;
	}
	vmf->page = folio_file_page(folio, vmf->pgoff);
	return ret | VM_FAULT_LOCKED;
}

/* May the page of @folio at the walk be mapped now? Then it is locked and has a reference more. */
static bool map_candidate(struct xa_state *xas, struct address_space *mapping, struct folio *folio)
{
	if (xa_is_value(folio) || folio_test_locked(folio) || !folio_test_uptodate(folio))
		return false;
	if (!xas_try_get_folio(xas, folio))
		return false;
	if (folio_trylock(folio)) {
		if (likely(folio->mapping == mapping && folio_test_uptodate(folio)))
			return true;
		folio_unlock(folio);
	}
	folio_put(folio);
	return false;
}

/*
 * The page of @folio, of order 0, at @pte: 1 when it was mapped, with the reference of map_candidate().
 * => the table is locked, the folio too, until here
 */
static long map_single(struct vm_fault *vmf, struct folio *folio, pte_t *pte, unsigned long addr,
		       struct mapped_delta *delta)
{
	page_map_count(delta, folio, &folio->page, false);
	set_pte_at(vmf->vma->vm_mm, addr, pte, mk_pte(&folio->page, vmf->vma->vm_page_prot));
	folio_unlock(folio);
	return 1;
}

vm_fault_t filemap_map_pages(struct vm_fault *vmf, pgoff_t start_pgoff, pgoff_t end_pgoff)
{
	struct vm_area_struct *vma = vmf->vma;
	struct address_space *mapping = vma->vm_file->f_mapping;
	pgoff_t pages = file_pages(mapping);
	XA_STATE(xas, &mapping->i_pages, start_pgoff);
	unsigned long base = vma->vm_start + ((start_pgoff - vma->vm_pgoff) << PAGE_SHIFT);
	bool plain = !(vma->vm_flags & VM_LOCKED), swapbacked = false;
	struct mapped_delta delta = { 0 };
	vm_fault_t ret = 0;
	struct folio *folio;
	long nr = 0;
	pte_t *pte;

	if (unlikely(start_pgoff >= pages))
		return 0;
	if (end_pgoff >= pages)
		end_pgoff = pages - 1;
	folio = xas_find(&xas, end_pgoff);
	if (!folio)
		return 0;
	if (filemap_map_pmd(vmf))
		return VM_FAULT_NOPAGE;
	pte = pte_offset_map_lock(vma->vm_mm, vmf->pmd, base, &vmf->ptl);
	if (!pte)
		return VM_FAULT_NOPAGE;
	for (; folio; folio = xas_find_next(&xas, end_pgoff)) {
		pgoff_t index = xas.xa_index, last;

		if (!map_candidate(&xas, mapping, folio))
			continue;
		if (likely(plain && !folio_test_large(folio) &&
			   pte_none(ptep_get(pte + (index - start_pgoff))))) {
			unsigned long addr = base + ((index - start_pgoff) << PAGE_SHIFT);

			swapbacked = folio_test_swapbacked(folio);
			nr += map_single(vmf, folio, pte + (index - start_pgoff), addr, &delta);
			if (addr == vmf->address)
				ret = VM_FAULT_NOPAGE;
			continue;
		}
		last = min(folio_next_index(folio) - 1, end_pgoff);
		for (; index <= last; index++) {
			unsigned long addr = base + ((index - start_pgoff) << PAGE_SHIFT);

			vmf->pte = pte + (index - start_pgoff);
			if (addr == vmf->address)
				ret = VM_FAULT_NOPAGE;
			if (!pte_none(ptep_get(vmf->pte)))
				continue;
			folio_ref_inc(folio);
			set_pte_range(vmf, folio, folio_file_page(folio, index), 1, addr);
		}
		folio_unlock(folio);
		folio_put(folio);
	}
	vmf->pte = NULL;
	mapped_delta_post(&delta);
	if (nr)
		add_mm_counter(vma->vm_mm, swapbacked ? MM_SHMEMPAGES : MM_FILEPAGES, nr);
	pte_unmap_unlock(pte, vmf->ptl);
	return ret;
}

vm_fault_t filemap_page_mkwrite(struct vm_fault *vmf)
{
	struct file *file = vmf->vma->vm_file;
	struct folio *folio = page_folio(vmf->page);

	file_update_time(file);
	folio_lock(folio);
	if (folio->mapping != file->f_mapping) {
		folio_unlock(folio);
		return VM_FAULT_NOPAGE;
	}
	set_page_dirty(vmf->page);
	return VM_FAULT_LOCKED;
}

const struct vm_operations_struct generic_file_vm_ops = {
	.fault = filemap_fault,
	.map_pages = filemap_map_pages,
	.page_mkwrite = filemap_page_mkwrite,
};

int generic_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (!file->f_mapping->a_ops->read_folio)
		return -ENOEXEC;
	file_accessed(file);
	vma->vm_ops = &generic_file_vm_ops;
	return 0;
}

/* ---- checking ---- */

void mapping_check(struct address_space *mapping)
{
	unsigned long index, nr = 0;
	struct folio *folio;

	xa_check(&mapping->i_pages);
	xa_for_each(&mapping->i_pages, index, folio)
	{
		if (xa_is_value(folio))
			continue;
		BUG_ON(folio->mapping != mapping || folio->index != index);
		BUG_ON(folio_ref_count(folio) < folio_nr_pages(folio));
		nr += folio_nr_pages(folio);
	}
	BUG_ON(nr != mapping->nrpages);
}
