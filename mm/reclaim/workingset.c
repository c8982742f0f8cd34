// SPDX-License-Identifier: MIT
/*
 * Refaults: was it a mistake to evict this page?
 *
 * 1 The idea is Linux's (mm/workingset.c), for files since 3.15. Time is counted in evictions and activations of a node (nonresident_age). A
 *   page that comes back d ticks after its eviction would have stayed if the inactive class had been d pages larger, at the
 *   active class's cost. So when d is at most the number of active pages (and of the other kind's pages, when those can be
 *   evicted, too), the page belongs to the working set: it becomes active at once, and competes with what is there.
 *
 * 2 What is counted is not what is judged: workingset_refault_* counts each page that comes back and is remembered, however long it was
 *   away, but for those that are written over as a whole or in part before they are read (__GFP_WRITE). So does Linux, and so the
 *   two can be compared.
 *
 * 3 What is remembered of an eviction (mm/reclaim/shadow.c) is a word:
 *
 *	1, 1 bit | clock, 16 bits | 0 ... | of the policy, 2 bits | workingset, 1 bit | time, 32 bits
 *
 *   Groups that reclaim from themselves have a clock each. A page that comes back elsewhere than it was evicted is counted and not
 *   judged. Truncated pages are forgotten, as are those of a file that is deleted or whose cache is dropped by hand; not those of an inode that
 *   was dropped because memory was short (Linux keeps such inodes for what they remember). Its name is device, inode
 *   number and generation; that of an anonymous page, and of shmem, its slot of swap.
 *
 * 4 Memory comes with the first reclaim (workingset_start); until then, or without, no refault is seen.
 *
 * Observe: workingset_refault_*, workingset_activate_*, workingset_restore_* in /proc/vmstat; /proc/mm/reclaim.
 */
#include <base/hash.h>
#include <base/math.h>
#include <fs/inode.h>
#include <fs/super.h>
#include <kernel/init.h>
#include <mm/address_space.h>
#include <mm/folio.h>
#include <mm/reclaim.h>
#include <mm/swap.h>
#include <mm/vmstat.h>
#include <mm/xarray.h>
#include <mm/zone.h>
#include <sync/rcu.h>
#include "reclaim_internal.h"

#define REMEMBERED     (1ULL << 63)
#define CLOCK_SHIFT    47
#define CLOCK_MASK     0xffffULL
#define POLICY_SHIFT   33
#define POLICY_MASK    3ULL
#define WORKINGSET_BIT (1ULL << 32)

void __init workingset_init(void)
{
	shadow_init();
}

void workingset_start(void)
{
	static bool started;

	if (unlikely(!READ_ONCE(started)) && !xchg(&started, true) && !shadow_start())
		WRITE_ONCE(started, false); /* the next pass tries again */
}

/* ---- names ---- */

static u64 file_owner(const struct address_space *mapping)
{
	const struct inode *inode = mapping->host;

	return (hash_mix((u64)inode->i_sb->s_dev << 32 | inode->i_generation) + inode->i_ino) &
	       ~SHADOW_SWAP;
}

static u64 swap_owner(unsigned int type)
{
	return SHADOW_SWAP | type;
}

/* ---- eviction ---- */

static u32 age(struct lruvec *lruvec, long nr)
{
	return atomic_long_add_return(nr, &lruvec->nonresident_age);
}

/* A time of one clock means nothing to another. */
static u64 clock_of(const struct lruvec *lruvec)
{
	return lruvec_is_node(lruvec) ? 0 : (uintptr_t)lruvec >> 6 & CLOCK_MASK;
}

static void remember(struct folio *folio, u64 owner, unsigned long index, bool warm)
{
	const struct reclaim_ops *ops;
	struct lruvec *lruvec;
	u64 entry = REMEMBERED;

	rcu_read_lock();
	lruvec = folio_lruvec(folio);
	entry |= clock_of(lruvec) << CLOCK_SHIFT | age(lruvec, folio_nr_pages(folio));
	ops = smp_load_acquire(&lruvec->policy);
	if (ops->evicted)
		entry |= (u64)ops->evicted(lruvec, folio) << POLICY_SHIFT;
	rcu_read_unlock();
	if (folio_test_workingset(folio))
		entry |= WORKINGSET_BIT;
	shadow_store(owner, index, folio_nr_pages(folio), entry, warm);
}

/* Has its node of the page cache's tree other pages? => xa_lock held */
static bool has_neighbours(struct folio *folio, struct address_space *mapping)
{
	XA_STATE(xas, &mapping->i_pages, folio->index);

	xas_load(&xas);
	return xas.xa_node && xas.xa_node->count > folio_nr_pages(folio);
}

void workingset_eviction(struct folio *folio, struct address_space *mapping)
{
	if (test_bit(AS_EXITING, &mapping->flags))
		return;
	if (!test_bit(AS_SHADOWS, &mapping->flags))
		set_bit(AS_SHADOWS, &mapping->flags);
	remember(folio, file_owner(mapping), folio->index, has_neighbours(folio, mapping));
}

void workingset_eviction_swap(struct folio *folio, swp_entry_t entry)
{
	remember(folio, swap_owner(swp_type(entry)), swp_offset(entry), false);
}

void workingset_forget(struct address_space *mapping, pgoff_t start, pgoff_t end)
{
	shadow_forget(file_owner(mapping), start, end);
	if (!start && end == ~0UL)
		clear_bit(AS_SHADOWS, &mapping->flags);
}

void workingset_forget_swap(unsigned int type)
{
	shadow_forget(swap_owner(type), 0, ~0UL);
}

/* ---- refaults ---- */

/* Was an eviction that lies @distance back a mistake? A sum looks at what each CPU has counted; those of many parts come last. */
static bool was_mistake(struct lruvec *lruvec, bool file, unsigned long distance)
{
	const int all = MAX_NR_ZONES - 1;
	const struct scan_control sc = { .may_swap = true };
	bool anon = can_reclaim_anon_pages(&sc);
	unsigned long size = lruvec_lru_size(lruvec, LRU_ACTIVE_FILE, all);

	if (distance > size && anon)
		size += lruvec_lru_size(lruvec, LRU_ACTIVE_ANON, all);
	if (distance > size && (anon || !file))
		size += lruvec_lru_size(lruvec, file ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE, all);
	return distance <= size;
}

/* @folio was evicted when @entry was written. => RCU */
static void judge_refault(struct lruvec *lruvec, struct folio *folio, u64 entry)
{
	const struct reclaim_ops *ops = smp_load_acquire(&lruvec->policy);
	bool file = folio_is_file_lru(folio);
	long nr = folio_nr_pages(folio);
	u32 distance = age(lruvec, 0) - (u32)entry;

	if (ops->refault) {
		ops->refault(lruvec, folio, entry >> POLICY_SHIFT & POLICY_MASK, distance);
		return;
	}
	if (!was_mistake(lruvec, file, distance))
		return;
	folio_set_active(folio);
	age(lruvec, nr);
	atomic_long_add(nr, &lruvec->refaults[file]);
	count_workingset(folio, WORKINGSET_ACTIVATE_ANON + file, nr);
	if (!(entry & WORKINGSET_BIT))
		return;
	/* It was active before it was evicted: the kind suffers. */
	folio_set_workingset(folio);
	lru_note_cost(lruvec, file, nr);
	count_workingset(folio, WORKINGSET_RESTORE_ANON + file, nr);
}

/* @folio comes; perhaps it comes back. */
static void refault(struct folio *folio, u64 owner, unsigned long index)
{
	struct lruvec *lruvec;
	u64 entry = 0;
	unsigned int nr = shadow_take(owner, index, folio_nr_pages(folio), &entry);

	if (!nr)
		return;
	count_workingset(folio, WORKINGSET_REFAULT_ANON + folio_is_file_lru(folio), nr);
	rcu_read_lock();
	lruvec = folio_lruvec(folio);
	if ((entry >> CLOCK_SHIFT & CLOCK_MASK) == clock_of(lruvec))
		judge_refault(lruvec, folio, entry);
	rcu_read_unlock();
}

void workingset_refault(struct folio *folio, struct address_space *mapping, gfp_t gfp)
{
	u64 owner = file_owner(mapping), entry;

	if (gfp & __GFP_WRITE)
		shadow_take(owner, folio->index, folio_nr_pages(folio), &entry);
	else
		refault(folio, owner, folio->index);
}

void workingset_refault_swap(struct folio *folio, swp_entry_t entry)
{
	refault(folio, swap_owner(swp_type(entry)), swp_offset(entry));
}

void workingset_activation(struct folio *folio)
{
	rcu_read_lock();
	age(folio_lruvec(folio), folio_nr_pages(folio));
	rcu_read_unlock();
}

void lru_note_cost(struct lruvec *lruvec, bool file, unsigned long nr)
{
	const int all = MAX_NR_ZONES - 1;
	unsigned long size = 0;

	for (int lru = 0; lru < NR_EVICTABLE_LISTS; lru++)
		size += lruvec_lru_size(lruvec, lru, all);
	spin_lock(&lruvec->lru_lock);
	*(file ? &lruvec->file_cost : &lruvec->anon_cost) += nr;
	/* What happened a quarter of the pages ago counts half. */
	if (lruvec->file_cost + lruvec->anon_cost > size / 4) {
		lruvec->file_cost /= 2;
		lruvec->anon_cost /= 2;
	}
	spin_unlock(&lruvec->lru_lock);
}
