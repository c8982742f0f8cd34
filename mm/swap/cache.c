// SPDX-License-Identifier: MIT
/*
 * The swap cache: folios that are in memory and have a slot.
 *
 * 1 Why. Between the moment when the first entry of a page is replaced by its slot and the moment when the last one has it
 *   back, both are valid, and whoever comes by an entry must find the same page. And a page that was read in and not written
 *   since can go again without being written.
 *
 * 2 The frame stands in the word of the slot (mm/swap/slots.c), the slot in folio->private; PG_swapcache says so. The cache
 *   holds one reference. Membership changes under the folio lock. A look-up takes the reference first and then sees whether the
 *   word is still the same; what it has found it must lock, and verify with folio_is_swap().
 *
 * 3 folio->mapping stays what it was: of an anonymous folio the anon_vma, which means something only while the folio is
 *   mapped; NULL for one that was read in and not mapped yet.
 *
 * 4 Counts. NR_SWAPCACHE: all members; they are part of NR_FILE_PAGES, as in Linux. The classes of mm/reclaim/lru.c count
 *   mapped pages, and those of the cache that are not mapped: PG_swap_only says that a folio is in the latter sum. Map
 *   counts change without the folio lock; so whoever changes either (a full barrier) looks at both and moves the
 *   folio from one sum to the other, until they agree: swap_cache_recount().
 *
 * 5 Leaving:	evicted (remove_swap_mapping)	clean, not mapped, nobody else refers to it: freed
 *		not needed (folio_free_swap)	no entry holds the slot any more: an ordinary page again, or freed
 *   A page whose last entry was unmapped while somebody had it locked stays until he looks (mm/swap/io.c, mm/reclaim).
 *
 * Linux 6.1: mm/swap_state.c. Observe: SwapCached of /proc/meminfo, nr_swapcached, /proc/mm/swap; trace event swap:swap_slot, each
 * change of who holds a slot.
 */
#include <base/bug.h>
#include <base/errno.h>
#include <mm/address_space.h>
#include <mm/filemap.h>
#include <mm/lru.h>
#include <mm/reclaim.h>
#include <mm/trace_swap.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include <sync/preempt.h>
#include <seam/processor.h>
#include "swap_internal.h"

struct swap_cache_info swap_cache_info;

struct folio *swap_cache_get_folio(swp_entry_t entry)
{
	swap_slot_t *slot = swap_slot(swp_device(entry), swp_offset(entry));
	struct folio *folio = NULL;
	u32 pfn;

	atomic_long_inc(&swap_cache_info.find_total);
	while (slot && (pfn = slot_pfn(READ_ONCE(*slot))) != 0) {
		folio = (struct folio *)pfn_to_page(pfn);
		if (folio_try_get(folio)) {
			if (likely(slot_pfn(READ_ONCE(*slot)) == pfn)) {
				atomic_long_inc(&swap_cache_info.find_success);
				return folio;
			}
			folio_put(folio);
		}
		cpu_relax();
	}
	return NULL;
}

void swap_cache_recount(struct folio *folio)
{
	for (;;) {
		bool only = folio_test_swapcache(folio) && !folio_mapped(folio);

		if (only == folio_test_swap_only(folio))
			return;
		if (only ? folio_test_set_swap_only(folio) : !folio_test_clear_swap_only(folio))
			continue; /* another one did */
		mod_zone_page_state(folio_zone(folio), NR_ZONE_LRU_ANON, only ? 1 : -1);
	}
}

/* For who watches: the word of @entry as it is after @change. => the caller holds the slot, or a folio of the cache does */
static void note_change(swp_entry_t entry, enum swap_slot_change change)
{
	swap_slot_t word;

	if (likely(!READ_ONCE(__event_swap_slot.enabled)))
		return;
	word = READ_ONCE(*swap_slot(swp_device(entry), swp_offset(entry)));
	trace_swap_slot(entry, change, slot_count(word),
			change == SWAP_SLOT_UNCACHED ? 0 : slot_pfn(word));
}

/* @folio, locked, has become the folio of @entry. */
static void enter(struct folio *folio, swp_entry_t entry)
{
	folio->private = swp_to_private(entry);
	folio_set_swapcache(folio);
	node_stat_add_folio(folio, NR_FILE_PAGES);
	node_stat_add_folio(folio, NR_SWAPCACHE);
	atomic_long_inc(&swap_cache_info.add_total);
	swap_cache_recount(folio);
}

/* The slot was the cache's, and may be free in a moment. */
static void leave(struct folio *folio, swp_entry_t entry)
{
	note_change(entry, SWAP_SLOT_UNCACHED);
	folio_clear_swapcache(folio);
	node_stat_sub_folio(folio, NR_FILE_PAGES);
	node_stat_sub_folio(folio, NR_SWAPCACHE);
	atomic_long_inc(&swap_cache_info.del_total);
	swap_cache_recount(folio);
}

bool add_to_swap(struct folio *folio)
{
	swp_entry_t entry;

	VM_BUG_ON_FOLIO(!folio_test_locked(folio) || !folio_test_uptodate(folio), folio);
	VM_BUG_ON_FOLIO(folio_test_large(folio) || folio_test_swapcache(folio), folio);
	folio_get(folio);
	entry = get_swap_page(folio_pfn(folio));
	if (!entry.val && READ_ONCE(swap_owner_ops))
		swap_owner_ops->failed(folio_pfn(folio));
	if (!entry.val || !swap_slot_charge(entry, folio)) {
		if (entry.val)
			swap_slot_clear_pfn(swp_device(entry), swp_offset(entry));
		folio_put(folio);
		return false;
	}
	enter(folio, entry);
	note_change(entry, SWAP_SLOT_TAKEN);
	folio_mark_dirty(folio); /* nothing of it is on the device yet */
	return true;
}

void delete_from_swap_cache(struct folio *folio)
{
	swp_entry_t entry = folio_swap_entry(folio);

	VM_BUG_ON_FOLIO(!folio_test_locked(folio) || folio_test_writeback(folio), folio);
	leave(folio, entry);
	folio->private = 0;
	swap_slot_clear_pfn(swp_device(entry), swp_offset(entry));
	folio_put(folio);
}

bool folio_free_swap(struct folio *folio)
{
	if (!folio_test_swapcache(folio) || folio_test_writeback(folio) ||
	    swap_count(folio_swap_entry(folio)))
		return false;
	delete_from_swap_cache(folio);
	folio_mark_dirty(folio); /* memory alone has the contents */
	return true;
}

void free_swap_cache(struct folio *folio)
{
	if (folio_mapped(folio) || !folio_trylock(folio))
		return;
	if (!folio_mapped(folio))
		folio_free_swap(folio);
	folio_unlock(folio);
}

bool remove_swap_mapping(struct folio *folio, int refs)
{
	swp_entry_t entry = folio_swap_entry(folio);

	/* Look-ups wait for the end of this. */
	preempt_disable();
	if (!folio_ref_freeze(folio, refs)) {
		preempt_enable();
		return false;
	}
	/* After the freeze: who dirtied it had a reference. */
	if (folio_test_dirty(folio)) {
		folio_ref_unfreeze(folio, refs);
		preempt_enable();
		return false;
	}
	workingset_eviction_swap(folio, entry);
	leave(folio, entry);
	swap_slot_clear_pfn(swp_device(entry), swp_offset(entry));
	preempt_enable();
	folio->private = 0;
	return true;
}

struct folio *swap_cache_new_folio(swp_entry_t entry, gfp_t gfp, bool *fresh)
{
	struct swap_info_struct *si = swp_device(entry);
	struct folio *folio = NULL, *found;
	int err;

	*fresh = false;
	for (;;) {
		found = swap_cache_get_folio(entry);
		if (found || (!folio && !(folio = swap_owner_alloc_folio(entry, gfp))))
			break;
		__folio_set_locked(folio);
		__folio_set_swapbacked(folio);
		folio_get(folio);
		err = swap_slot_set_pfn(si, swp_offset(entry), folio_pfn(folio));
		if (!err) {
			enter(folio, entry);
			workingset_refault_swap(folio, entry);
			folio_join_lru(folio);
			note_change(entry, SWAP_SLOT_CACHED);
			*fresh = true;
			return folio;
		}
		folio_ref_sub(folio, 1);
		__folio_clear_locked(folio);
		__folio_clear_swapbacked(folio);
		if (err == -ENOENT)
			break;
	}
	if (folio)
		folio_put(folio);
	return found;
}

/* ---- by entry ---- */

unsigned int swap_count(swp_entry_t entry)
{
	swap_slot_t *slot = swap_slot(swp_device(entry), swp_offset(entry));

	return slot ? slot_count(READ_ONCE(*slot)) : 0;
}

bool swap_slot_is_memory(swp_entry_t entry)
{
	return READ_ONCE(swp_device(entry)->flags) & SWP_SYNCHRONOUS_IO;
}

unsigned int swap_count_unkept(swp_entry_t entry)
{
	struct swap_info_struct *si = get_swap_device(entry);
	unsigned int count = si ? swap_count(entry) : 0;

	if (si)
		put_swap_device(si);
	return count;
}

void swap_duplicate(swp_entry_t entry)
{
	swap_slot_dup(swp_device(entry), swp_offset(entry));
	note_change(entry, SWAP_SLOT_DUP);
}

void swap_free(swp_entry_t entry)
{
	swap_slot_t left = swap_slot_put(swp_device(entry), swp_offset(entry));

	trace_swap_slot(entry, SWAP_SLOT_PUT, slot_count(left), slot_pfn(left));
}

bool free_swap_and_cache(swp_entry_t entry)
{
	struct swap_info_struct *si = get_swap_device(entry);
	struct folio *folio;
	swap_slot_t left;

	if (!si)
		return false;
	left = swap_slot_put(si, swp_offset(entry));
	trace_swap_slot(entry, SWAP_SLOT_PUT, slot_count(left), slot_pfn(left));
	if (slot_pfn(left) && !slot_count(left)) {
		folio = swap_cache_get_folio(entry);
		if (folio) {
			free_swap_cache(folio);
			folio_put(folio);
		}
	}
	put_swap_device(si);
	return true;
}
