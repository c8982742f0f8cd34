// SPDX-License-Identifier: MIT
/*
 * Moving pages between memory and swap devices.
 *
 *	out	reclaim gives an array of locked, dirty folios of the cache to swap_writeout(). Each becomes clean and under writeback, and is
 *		unlocked; neighbours on the device go as one request. At the end (swap_write_end):
 *			written, and nobody has mapped it again		evicted and freed here: the memory is there when the disk
 *									has done, not when a hand comes by again
 *			failed						dirty again, active: it stays in memory
 *		What somebody keeps in memory (frontswap.c) is not written: clean, unlocked, and freed by reclaim at once.
 *	in	swap_read_folios(): folios fresh from the cache, locked. At the end (swap_read_end) they are up to date, or not if the device
 *		failed: the fault that needs such a page gets SIGBUS, and nobody else; then they are unlocked.
 *
 * Who waits for memory while all is on its way to a disk sleeps in swap_wait_written().
 *
 * Ends come in a thread of the device (include/block/bio.h) or in the submitter: they only try locks.
 * Linux 6.1: mm/page_io.c. Observe: pswpin, pswpout, zswpin, zswpout, nr_writeback.
 */
#include <base/bug.h>
#include <base/errno.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <mm/filemap.h>
#include <mm/frontswap.h>
#include <mm/lru.h>
#include <mm/reclaim.h>
#include <mm/vmstat.h>
#include <mm/writeback.h>
#include <mm/zone.h>
#include <sync/wait.h>
#include "swap_internal.h"

static DECLARE_WAIT_QUEUE_HEAD(writeout_wait);
static atomic_long_t nr_ended, nr_freed;

struct swap_written swap_written(void)
{
	return (struct swap_written){ .ended = atomic_long_read(&nr_ended),
				      .freed = atomic_long_read(&nr_freed) };
}

void swap_wait_written(struct swap_written before, unsigned long ended, unsigned long freed)
{
	wait_event_killable_timeout(writeout_wait,
				    swap_written().freed - before.freed >= freed ||
					    swap_written().ended - before.ended >= ended,
				    HZ / 10);
}

/* ---- out ---- */

/*
 * It was written for the sake of its memory, or for that of its group (@of_group), and is as it was: take it out and free it.
 * => a reference held, which goes if so
 */
static bool evict_written(struct folio *folio, bool of_group)
{
	bool gone = false;

	if (folio_mapped(folio) || !folio_trylock(folio))
		return false;
	if (folio_test_swapcache(folio) && !folio_mapped(folio) && !folio_test_writeback(folio) &&
	    folio_isolate_lru(folio)) {
		gone = remove_swap_mapping(folio, 3); /* the cache, the isolation, ours */
		if (!gone) {
			folio_free_swap(folio); /* perhaps nobody needs it */
			folio_putback_lru(folio);
		}
	}
	if (!gone) {
		folio_unlock(folio);
		return false;
	}
	/* Whoever wrote it has gone on. Linux frees such a page when a scan comes by again, the group's or mostly kswapd's. */
	if (of_group)
		count_group_event(folio, PGSTEAL_DIRECT);
	else
		count_folio_event(folio, PGSTEAL_KSWAPD);
	count_vm_event(PGSTEAL_ANON);
	folio_isolated_freed(folio);
	folio_unlock(folio);
	__folio_put(folio);
	return true;
}

void swap_write_end(struct folio *folio, int err)
{
	bool of_group = folio_test_clear_of_group(folio);
	bool reclaim = folio_test_reclaim(folio);

	if (err) {
		struct swap_info_struct *si = swp_device(folio_swap_entry(folio));

		pr_err_ratelimited("swap: error %d writing slot %lu of device %u\n", err,
				   swp_offset(folio_swap_entry(folio)), si->type);
		folio_mark_dirty(folio);
		reclaim = false;
	}
	folio_get(folio);
	folio_end_writeback(folio);
	if (err)
		folio_activate(folio);
	if (reclaim && evict_written(folio, of_group)) {
		atomic_long_inc(&nr_freed);
	} else {
		free_swap_cache(folio);
		folio_put(folio);
	}
	atomic_long_inc(&nr_ended);
	if (waitqueue_active(&writeout_wait))
		wake_up_all(&writeout_wait);
}

/* Does somebody need the slot, and nobody keep its contents? Otherwise the folio is unlocked. */
static bool must_be_written(struct folio *folio)
{
	VM_BUG_ON_FOLIO(!folio_test_locked(folio) || !folio_test_swapcache(folio), folio);
	if (!folio_free_swap(folio)) {
		if (!frontswap_store(folio))
			return true;
		count_folio_event(folio, ZSWPOUT);
		folio_clear_dirty(folio);
	}
	folio_unlock(folio);
	return false;
}

static void begin_write(struct folio *folio, bool of_group)
{
	folio_clear_dirty(folio);
	folio_start_writeback(folio);
	folio_set_reclaim(folio);
	if (of_group)
		folio_set_of_group(folio);
	count_vm_event(PSWPOUT);
	folio_unlock(folio);
}

void swap_writeout(struct folio **folios, unsigned int nr, bool of_group)
{
	struct folio *run[SWAP_CLUSTER_MAX];
	swp_entry_t first = { 0 };
	unsigned int n = 0;

	for (unsigned int i = 0; i < nr; i++) {
		swp_entry_t entry = folio_swap_entry(folios[i]);

		if (n && (swp_type(entry) != swp_type(first) ||
			  swp_offset(entry) != swp_offset(first) + n)) {
			swp_device(first)->ops->submit(swp_device(first), swp_offset(first), run, n,
						       true);
			n = 0;
		}
		if (!must_be_written(folios[i]))
			continue;
		begin_write(folios[i], of_group);
		if (!n)
			first = entry;
		run[n++] = folios[i];
	}
	if (n)
		swp_device(first)->ops->submit(swp_device(first), swp_offset(first), run, n, true);
}

void swap_write_to_device(struct folio *folio)
{
	swp_entry_t entry = folio_swap_entry(folio);

	begin_write(folio, false);
	folio_put(folio); /* writeback keeps it */
	swp_device(entry)->ops->submit(swp_device(entry), swp_offset(entry), &folio, 1, true);
}

unsigned int swap_writeout_size(struct folio *first, unsigned int nr)
{
	bool memory = swap_slot_is_memory(folio_swap_entry(first)) ||
		      (frontswap_is_on() && frontswap_ops->accepts());

	return memory ? 1 : nr;
}

/* ---- in ---- */

void swap_read_end(struct folio *folio, int err)
{
	if (err) {
		folio_set_error(folio);
		pr_err_ratelimited("swap: error %d reading slot %lu of device %u\n", err,
				   swp_offset(folio_swap_entry(folio)),
				   swp_type(folio_swap_entry(folio)));
	} else {
		folio_mark_uptodate(folio);
	}
	folio_unlock(folio);
}

void swap_read_folios(struct swap_info_struct *si, unsigned long offset, struct folio **folios,
		      unsigned int nr)
{
	unsigned int n = 0;

	/* Up to each one that is kept in memory, at once from the device. */
	for (unsigned int i = 0; i <= nr; i++) {
		int err = i < nr ? frontswap_load(folios[i]) : 0;

		if (err == -ENOENT) {
			n++;
			continue;
		}
		if (n) {
			count_vm_events(PSWPIN, n);
			si->ops->submit(si, offset + i - n, folios + i - n, n, false);
		}
		n = 0;
		if (i == nr)
			break;
		if (!err)
			count_folio_event(folios[i], ZSWPIN);
		swap_read_end(folios[i], err);
	}
}
