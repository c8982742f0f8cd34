// SPDX-License-Identifier: MIT
/*
 * frontswap: one (zswap) may keep a page that is about to be written to a swap device.
 *
 *	out	swap_writeout() offers each page; what is kept is not written
 *	in	swap_read_folios() asks for each page; the device reads those that are not kept
 *	free	a slot that becomes free is told to it, as to a device in memory (SLOT_LEAVING, mm/swap/slots.c)
 *	back	frontswap_write_back(): a new folio joins the swap cache, gets what is kept, and is written to the device
 *
 * The swap cache is the lock: store, load and write-back hold the locked folio of the slot, of which there is one, and a slot
 * becomes free when it has none. So whoever keeps pages needs no counts of references.
 *
 * What was kept is forgotten only when the folio is up to date and dirty: a device that fails to write leaves it in memory. A slot that is
 * written anew is forgotten first, so that nothing stale is ever read, whether the new contents are kept or not.
 *
 * Linux 6.1: mm/frontswap.c, with a bitmap per device of what is kept; here the one who keeps is asked. Its invalidate_area is
 * not needed: swapoff ends when each slot was freed. Observe: debugfs frontswap/.
 */
#include <base/errno.h>
#include <mm/filemap.h>
#include <mm/frontswap.h>
#include <mm/gfp.h>
#include "swap_internal.h"

const struct frontswap_ops *frontswap_ops;
atomic_long_t frontswap_stats[NR_FRONTSWAP_STATS];

void frontswap_register(const struct frontswap_ops *ops)
{
	smp_store_release(&frontswap_ops, ops);
}

static void count(enum frontswap_stat item)
{
	atomic_long_inc(&frontswap_stats[item]);
}

bool __frontswap_store(struct folio *folio)
{
	int err = frontswap_ops->store(folio_swap_entry(folio), folio);

	count(err ? FRONTSWAP_FAILED_STORES : FRONTSWAP_SUCC_STORES);
	return !err;
}

int __frontswap_load(struct folio *folio)
{
	int err = frontswap_ops->load(folio_swap_entry(folio), folio);

	if (!err)
		count(FRONTSWAP_LOADS);
	return err;
}

void __frontswap_invalidate(swp_entry_t entry)
{
	if (frontswap_ops->invalidate_page(entry))
		count(FRONTSWAP_INVALIDATES);
}

/* => @folio fresh from the cache, locked. The reference goes. */
static int write_back(swp_entry_t entry, struct folio *folio)
{
	int err = frontswap_ops->load(entry, folio);

	if (err) { /* a slot that was freed and taken anew may be on the device */
		delete_from_swap_cache(folio);
		folio_unlock(folio);
		folio_put(folio);
		return err;
	}
	folio_mark_uptodate(folio);
	folio_mark_dirty(folio);
	__frontswap_invalidate(entry);
	swap_write_to_device(folio);
	return 0;
}

int frontswap_write_back(swp_entry_t entry)
{
	struct swap_info_struct *si = get_swap_device(entry);
	struct folio *folio;
	int err = -EEXIST;
	bool fresh;

	if (!si)
		return -ENOENT;
	folio = swap_cache_new_folio(entry, GFP_HIGHUSER_MOVABLE | __GFP_NORETRY | __GFP_NOWARN,
				     &fresh);
	if (!folio)
		err = swap_count(entry) ? -ENOMEM : -ENOENT;
	else if (fresh)
		err = write_back(entry, folio);
	else
		folio_put(folio);
	put_swap_device(si);
	return err;
}
