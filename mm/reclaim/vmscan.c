// SPDX-License-Identifier: MIT
/*
 * Reclaim: from a class of pages to free ones.
 *
 * 1 The way of a page.
 *
 *	lru_isolate()		out of its class, with a reference (mm/reclaim/lru.c)
 *	shrink_folio_list()	of each of a batch of 32:	trylock -> evictable? -> used since? -> unmap
 *				one flush of the TLBs for all
 *				of each that is unmapped:	clean? -> buffers -> out of its cache -> free
 *	folio_putback_lru()	every page that did not make it, in the class that it deserves
 *
 *   used since	(check_references)	accessed bits of all entries, gathered and cleared by the reverse map, and PG_referenced
 *	two entries, or one and PG_referenced, or a program's text: activate
 *	one entry: stay, with PG_referenced; a second chance
 *	PG_referenced alone: reclaim if it is clean (read, and not mapped)
 *
 *	what became of each page, and why: enum folio_verdict
 *
 *	anonymous pages get a slot of swap before they are unmapped, are written together at the end of the batch, and are freed
 *	when they are written (mm/swap/io.c), or at once if that is at once
 *
 * 2 Dirty file pages are not written from here one by one: they get PG_reclaim and stay, and when a whole batch is dirty and
 *   not yet on its way the flusher is woken; reclaim goes on elsewhere, and waits a little when most of what it sees is so.
 *
 * 3 Who may free: a page is out when its references are exactly the cache's and ours, which folio_ref_freeze() claims
 *   under the lock of the tree; whoever looks it up meanwhile does not get it.
 *
 * 4 Priorities. A pass looks at 1/2^priority of each class, from 12 down to 0, until there is enough. Then out of memory.
 *
 * 5 Locks. Called from any allocation that may sleep, under any lock that such an allocation may be under. So folios are
 *   only tried; walks of the reverse map try the locks of families and mappings; nothing below xa_lock and page tables' locks
 *   is waited for. Shrinkers say by gfp what they may do. No recursion: PF_MEMALLOC is set, and allocations take reserves.
 *
 * Linux 6.1: mm/vmscan.c. Policies are tables of operations: include/mm/reclaim.h. Observe: pgscan_*, pgsteal_*, pgactivate,
 * pgrefill, pgrotated, slabs_scanned in /proc/vmstat; trace vmscan:*; /proc/mm/reclaim.
 */
#include <base/math.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/aops.h>
#include <mm/address_space.h>
#include <mm/filemap.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/gup.h>
#include <mm/lru.h>
#include <mm/reclaim.h>
#include <mm/rmap.h>
#include <mm/shmem.h>
#include <mm/shrinker.h>
#include <mm/swap.h>
#include <mm/vma.h>
#include <mm/vmstat.h>
#include <mm/writeback.h>
#include <mm/xarray.h>
#include <mm/zone.h>
#include "reclaim_internal.h"

int vm_swappiness = 60;

bool can_reclaim_anon_pages(const struct scan_control *sc)
{
	return sc->may_swap && free_swap_page_count() > 0;
}

/* ---- one page ---- */

/* Or it is not judged yet: */
enum {
	RECLAIM = NR_FOLIO_VERDICTS,
	UNMAPPED, /* goes on once the TLBs are flushed; locked until then */
	WRITE,	  /* to its slot of swap; locked until then */
};

static int check_references(struct folio *folio, struct lruvec *lruvec)
{
	const struct reclaim_ops *ops = smp_load_acquire(&lruvec->policy);
	unsigned long vm_flags = 0;
	int entries = folio_mapped(folio) ? folio_referenced(folio, &vm_flags) : 0;
	bool marked = folio_test_clear_referenced(folio);

	if (vm_flags & VM_LOCKED) /* its place will be found at putback */
		return FOLIO_ACTIVATE_LOCKED;
	if (entries && ops->used) {
		ops->used(lruvec, folio);
		return FOLIO_KEEP_USED;
	}
	if (!entries)
		return RECLAIM;
	folio_set_referenced(folio);
	if (marked || entries > 1 || ((vm_flags & VM_EXEC) && folio_is_file_lru(folio)))
		return FOLIO_ACTIVATE_USED;
	return FOLIO_KEEP_USED;
}

/* Take @folio, locked and unmapped, out of its cache and freeze it. False: somebody uses it, or it is dirty. */
static bool remove_mapping(struct address_space *mapping, struct folio *folio)
{
	XA_STATE_ORDER(xas, &mapping->i_pages, folio->index, folio_order(folio));
	long nr = folio_nr_pages(folio);

	xas_lock(&xas);
	if (!folio_ref_freeze(folio, nr + 1)) {
		xas_unlock(&xas);
		return false;
	}
	/* After the freeze: who dirtied it had a reference. */
	if (folio_test_dirty(folio)) {
		folio_ref_unfreeze(folio, nr + 1);
		xas_unlock(&xas);
		return false;
	}
	workingset_eviction(folio, mapping);
	xas_store(&xas, NULL);
	folio->mapping = NULL;
	mapping->nrpages -= nr;
	filemap_folio_removed(mapping, folio); /* the mapping may be gone once it is unlocked */
	xas_unlock(&xas);
	return true;
}

/* A page that MADV_FREE gave up and nobody maps any more. */
static bool drop_lazyfree(struct folio *folio)
{
	if (!folio_ref_freeze(folio, 1))
		return false;
	count_folio_event(folio, PGLAZYFREED);
	return true;
}

static bool release_buffers(struct folio *folio, gfp_t gfp)
{
	struct address_space *mapping = folio_mapping(folio);

	if (!folio_has_private(folio) || folio_test_anon(folio))
		return true;
	return mapping && mapping->a_ops->release_folio &&
	       call_aop(mapping->a_ops, release_folio, folio, gfp);
}

/* Not mapped any more? */
static bool unmap(struct folio *folio, struct unmap_batch *batch)
{
	if (!folio_mapped(folio))
		return true;
	if (!folio_test_anon(folio))
		return try_to_unmap_file(folio, batch);
	return folio_test_swapcache(folio) ? try_to_unmap_swap(folio, batch)
					   : try_to_unmap_lazyfree(folio, batch);
}

static void check_dirty_writeback(struct folio *folio, bool *dirty, bool *writeback)
{
	struct address_space *mapping = folio_mapping(folio);

	*dirty = folio_test_dirty(folio);
	*writeback = folio_test_writeback(folio);
	if (folio_test_private(folio) && mapping && mapping->a_ops->is_dirty_writeback)
		call_aop(mapping->a_ops, is_dirty_writeback, folio, dirty, writeback);
}

/* A page that was not used: RECLAIM, unless it is being written, or ought to be. */
static int check_dirty(struct folio *folio)
{
	bool dirty, writeback;

	check_dirty_writeback(folio, &dirty, &writeback);
	if (writeback) {
		if (!folio_test_set_reclaim(folio))
			return FOLIO_KEEP_WRITEBACK;
		node_stat_mod_folio(folio, NR_VMSCAN_IMMEDIATE, folio_nr_pages(folio));
		return FOLIO_KEEP_IMMEDIATE;
	}
	if (!dirty || !folio_is_file_lru(folio))
		return RECLAIM;
	folio_set_reclaim(folio);
	return FOLIO_KEEP_DIRTY;
}

static bool is_shmem(const struct folio *folio)
{
	return folio_test_swapbacked(folio) && folio_mapping(folio);
}

static bool may_swap(struct folio *folio, const struct scan_control *sc)
{
	return sc->may_swap && (sc->gfp_mask & __GFP_IO) && !folio_test_large(folio) &&
	       !folio_maybe_dma_pinned(folio) && free_swap_page_count();
}

/* Has @folio, anonymous, a slot of swap, or can it have one? */
static bool has_slot(struct folio *folio, const struct scan_control *sc)
{
	return folio_test_swapcache(folio) || (may_swap(folio, sc) && add_to_swap(folio));
}

/* It cannot be unmapped, or not wholly. Once it is unlocked others may free it: no CPU may use it through an entry that is gone. */
static int cannot_unmap(struct folio *folio, struct unmap_batch *batch)
{
	unmap_batch_flush(batch);
	if (!folio_is_file_lru(folio)) {
		folio_free_swap(folio); /* no entry of it may have come to be */
		return FOLIO_ACTIVATE_MAPPED;
	}
	return folio_mapped(folio) ? FOLIO_ACTIVATE_MAPPED : FOLIO_KEEP_HELD;
}

/* First look: shall it go, and nobody maps it any more? => @folio isolated and locked; it stays so */
static int judge(struct folio *folio, struct scan_control *sc, bool ignore_references,
		 struct unmap_batch *batch)
{
	int v = RECLAIM;

	if (!folio_evictable(folio))
		return FOLIO_KEEP_UNEVICTABLE;
	if (!sc->may_unmap && folio_mapped(folio))
		return FOLIO_KEEP_MAPPED;
	if (is_shmem(folio) && !may_swap(folio, sc))
		return FOLIO_ACTIVATE_NO_SLOT; /* nowhere to put it */
	if (!ignore_references)
		v = check_references(folio, sc->lruvec);
	if (v == RECLAIM)
		v = check_dirty(folio);
	if (v != RECLAIM)
		return v;
	if (!folio_is_file_lru(folio) && !is_shmem(folio) && !has_slot(folio, sc))
		return FOLIO_ACTIVATE_NO_SLOT;
	return unmap(folio, batch) ? UNMAPPED : cannot_unmap(folio, batch);
}

/* A page with contents that swap alone can keep. */
static int take_swapped(struct folio *folio, struct scan_control *sc)
{
	if (folio_free_swap(folio)) /* nobody needs it any more: its references are all there is */
		return FOLIO_KEEP_HELD;
	/* Somebody else refers to it: written or not, it could not go. */
	if (folio_ref_count(folio) != 2)
		return FOLIO_KEEP_HELD;
	if (folio_test_dirty(folio))
		return sc->gfp_mask & __GFP_IO ? WRITE : FOLIO_KEEP_NOIO;
	return remove_swap_mapping(folio, 2) ? FOLIO_FREED : FOLIO_KEEP_HELD;
}

/*
 * Second look, when no CPU uses it any more. => as judge() left it; it stays locked, also when it is freed (then with no
 * reference)
 */
static int take(struct folio *folio, struct scan_control *sc)
{
	struct address_space *mapping;
	int v;

	if (is_shmem(folio))
		return shmem_swap_out(folio) ? WRITE : FOLIO_KEEP_HELD;
	if (!folio_is_file_lru(folio))
		return take_swapped(folio, sc);
	if (folio_test_anon(folio))
		return drop_lazyfree(folio) ? FOLIO_FREED : FOLIO_KEEP_HELD;
	v = check_dirty(folio); /* an entry was dirty? */
	if (v != RECLAIM)
		return v;
	mapping = folio_mapping(folio);
	if (!mapping || !release_buffers(folio, sc->gfp_mask))
		return FOLIO_ACTIVATE_BUFFERS;
	return remove_mapping(mapping, folio) ? FOLIO_FREED : FOLIO_KEEP_HELD;
}

static void activate(struct folio *folio)
{
	if (folio_test_active(folio))
		return;
	folio_set_active(folio);
	count_folio_event(folio, PGACTIVATE);
	workingset_activation(folio);
}

static void note_verdict(struct folio *folio, enum folio_verdict v, struct scan_control *sc)
{
	sc->batch[v] += folio_nr_pages(folio);
	trace_mm_vmscan_verdict(folio, v);
}

/* Of groups each page that a scan takes is counted by itself: they may be of several. Not those that somebody named. */
static void count_group_steal(const struct folio *folio, const struct scan_control *sc)
{
	if (sc->lruvec)
		count_group_event(folio, sc->kswapd ? PGSTEAL_KSWAPD : PGSTEAL_DIRECT);
}

/* @folio, locked, was judged: it goes back, or is freed. Pages freed. */
static unsigned long dispose(struct folio *folio, enum folio_verdict v, struct scan_control *sc)
{
	unsigned long nr = folio_nr_pages(folio);

	note_verdict(folio, v, sc);
	if (v >= FOLIO_ACTIVATE_USED)
		activate(folio);
	folio_unlock(folio);
	if (v != FOLIO_FREED) {
		folio_putback_lru(folio);
		return 0;
	}
	count_group_steal(folio, sc);
	folio_isolated_freed(folio);
	__folio_put(folio);
	return nr;
}

/* Third look, at a page that was written: perhaps by a device that is done at once. => @folio isolated and locked */
static enum folio_verdict take_written(struct folio *folio)
{
	if (folio_test_writeback(folio))
		return FOLIO_WRITTEN;
	if (folio_mapped(folio) || !folio_test_swapcache(folio))
		return FOLIO_KEEP_HELD;
	return remove_swap_mapping(folio, 2) ? FOLIO_FREED : FOLIO_KEEP_HELD;
}

/* Those that are clean now are freed, the others put back. Pages freed. */
static unsigned long write_to_swap(struct folio **folios, unsigned int nr, struct scan_control *sc)
{
	unsigned long freed = 0;

	for (unsigned int i = 0; i < nr; i++)
		trace_mm_vmscan_write_folio(folios[i]);
	swap_writeout(folios, nr, sc->of_group);
	sc->nr_swapped += nr;
	for (unsigned int i = 0; i < nr; i++) {
		if (!folio_test_writeback(folios[i]) && folio_trylock(folios[i])) {
			freed += dispose(folios[i], take_written(folios[i]), sc);
		} else {
			note_verdict(folios[i], FOLIO_WRITTEN, sc);
			folio_putback_lru(folios[i]);
			sc->nr_writing++;
		}
	}
	return freed;
}

static unsigned long shrink_list_of(struct folio **folios, unsigned int nr, struct scan_control *sc,
				    bool ignore_references)
{
	struct folio *unmapped[SWAP_CLUSTER_MAX];
	unsigned int nr_unmapped = 0, nr_written = 0;
	struct unmap_batch batch = { .pending = false };
	unsigned long reclaimed = 0;

	memset(sc->batch, 0, sizeof(sc->batch));
	for (unsigned int i = 0; i < nr; i++) {
		struct folio *folio = folios[i];
		int v;

		cond_resched();
		if (!folio_trylock(folio)) {
			note_verdict(folio, FOLIO_KEEP_BUSY, sc);
			folio_putback_lru(folio);
			continue;
		}
		v = judge(folio, sc, ignore_references, &batch);
		if (v == UNMAPPED)
			unmapped[nr_unmapped++] = folio;
		else
			dispose(folio, v, sc);
	}
	unmap_batch_flush(&batch);
	for (unsigned int i = 0; i < nr_unmapped; i++) {
		int v = take(unmapped[i], sc);

		if (v == WRITE)
			unmapped[nr_written++] = unmapped[i];
		else
			reclaimed += dispose(unmapped[i], v, sc);
	}
	for (unsigned int i = 0, n; i < nr_written; i += n) {
		n = swap_writeout_size(unmapped[i], nr_written - i);
		reclaimed += write_to_swap(unmapped + i, n, sc);
	}
	sc->nr_dirty += sc->batch[FOLIO_KEEP_DIRTY];
	sc->nr_writeback += sc->batch[FOLIO_KEEP_WRITEBACK] + sc->batch[FOLIO_KEEP_IMMEDIATE];
	return reclaimed;
}

unsigned long shrink_folio_list(struct folio **folios, unsigned int nr, struct scan_control *sc)
{
	return shrink_list_of(folios, nr, sc, false);
}

unsigned long reclaim_pages(struct folio **folios, unsigned int nr)
{
	struct scan_control sc = { .gfp_mask = GFP_KERNEL,
				   .reclaim_idx = MAX_NR_ZONES - 1,
				   .may_unmap = true,
				   .may_swap = true };
	unsigned int noreclaim = memalloc_noreclaim_save();
	unsigned long reclaimed;

	workingset_start();
	reclaimed = shrink_list_of(folios, nr, &sc, true);
	memalloc_noreclaim_restore(noreclaim);
	return reclaimed;
}

/* ---- classes ---- */

/* What the machine's reclaim does; a group's own is in memory.stat. */
static void count_reclaim(const struct scan_control *sc, enum vm_event_item item, unsigned long nr)
{
	if (!sc->of_group)
		count_vm_events(item, nr);
}

static void count_scan(const struct lru_isolation *iso, struct scan_control *sc,
		       struct folio **folios, unsigned int n)
{
	enum vm_event_item item = sc->kswapd ? PGSCAN_KSWAPD : PGSCAN_DIRECT;

	count_reclaim(sc, item, iso->nr_scanned);
	count_vm_events(is_file_lru(iso->lru) ? PGSCAN_FILE : PGSCAN_ANON, iso->nr_scanned);
	for (unsigned int i = 0; i < n; i++)
		count_group_event(folios[i], item);
}

static void count_steal(enum lru_list lru, struct scan_control *sc, unsigned long stolen)
{
	count_reclaim(sc, sc->kswapd ? PGSTEAL_KSWAPD : PGSTEAL_DIRECT, stolen);
	count_vm_events(is_file_lru(lru) ? PGSTEAL_FILE : PGSTEAL_ANON, stolen);
}

/* Pages of higher zones than the request can use were passed over. */
static void count_skipped(const struct lru_isolation *iso)
{
	if (iso->nr_skipped)
		count_vm_events(PGSCAN_SKIP_DMA +
					min_t(int, iso->reclaim_idx + 1, MAX_NR_ZONES - 1),
				iso->nr_skipped);
}

static void reclaim_throttle(struct pglist_data *pgdat, enum vmscan_throttle_state reason,
			     long ticks)
{
	long left = schedule_timeout_killable(ticks);

	trace_mm_vmscan_throttled(pgdat->node_id, ticks, ticks - left, reason);
}

/* They will put back or free; more of us would only find nothing. */
void throttle_isolated(struct lruvec *lruvec, struct scan_control *sc, enum lru_list lru)
{
	struct pglist_data *pgdat = lruvec->pgdat;
	unsigned long isolated, inactive;

	if (sc->kswapd)
		return;
	isolated = node_page_state(pgdat, is_file_lru(lru) ? NR_ISOLATED_FILE : NR_ISOLATED_ANON);
	inactive = lruvec_lru_size(lruvec, lru, MAX_NR_ZONES - 1);
	if (isolated > inactive + SWAP_CLUSTER_MAX && !fatal_signal_pending(current))
		reclaim_throttle(pgdat, VMSCAN_THROTTLE_ISOLATED, 1);
}

unsigned long shrink_isolated(struct lruvec *lruvec, struct scan_control *sc,
			      const struct lru_isolation *iso, struct folio **folios,
			      unsigned int n)
{
	unsigned long reclaimed, swapped = sc->nr_swapped;

	sc->nr_scanned += iso->nr_scanned;
	sc->nr_taken += iso->nr_taken;
	count_scan(iso, sc, folios, n);
	count_skipped(iso);
	trace_mm_vmscan_lru_isolate(sc, iso);
	if (!n)
		return 0;
	reclaimed = shrink_folio_list(folios, n, sc);
	count_steal(iso->lru, sc, reclaimed);
	if (sc->nr_swapped != swapped)
		lru_note_cost(lruvec, is_file_lru(iso->lru), sc->nr_swapped - swapped);
	trace_mm_vmscan_lru_shrink_inactive(lruvec, sc, iso, reclaimed);
	if (sc->batch[FOLIO_KEEP_DIRTY] == iso->nr_taken)
		wakeup_flusher_threads(WB_REASON_VMSCAN);
	return reclaimed;
}

unsigned long shrink_inactive_list(unsigned long nr, struct lruvec *lruvec, struct scan_control *sc,
				   enum lru_list lru)
{
	struct lru_isolation iso = { .lru = lru,
				     .reclaim_idx = sc->reclaim_idx,
				     .max_scan = nr,
				     .desperate = sc->desperate };
	struct folio *folios[SWAP_CLUSTER_MAX];
	unsigned int n;

	throttle_isolated(lruvec, sc, lru);
	n = lru_isolate(lruvec, &iso, folios, min(nr, (unsigned long)SWAP_CLUSTER_MAX));
	if (!iso.nr_scanned)
		sc->exhausted |= 1u << lru;
	return shrink_isolated(lruvec, sc, &iso, folios, n);
}

/* Stays it active? Text of programs does, once it was used; everything else has to be used twice. */
static bool stays_active(struct folio *folio)
{
	unsigned long vm_flags = 0;

	if (!folio_mapped(folio))
		return false;
	return folio_referenced(folio, &vm_flags) && (vm_flags & VM_EXEC) &&
	       folio_is_file_lru(folio);
}

bool shrink_active_list(unsigned long nr, struct lruvec *lruvec, struct scan_control *sc,
			enum lru_list lru)
{
	struct lru_isolation iso = { .lru = lru,
				     .reclaim_idx = sc->reclaim_idx,
				     .max_scan = nr,
				     .desperate = sc->desperate };
	struct folio *folios[SWAP_CLUSTER_MAX];
	unsigned long deactivated = 0, referenced = 0;
	unsigned int n;

	n = lru_isolate(lruvec, &iso, folios, min(nr, (unsigned long)SWAP_CLUSTER_MAX));
	trace_mm_vmscan_lru_isolate(sc, &iso);
	sc->nr_refilled += iso.nr_scanned;
	count_reclaim(sc, PGREFILL, iso.nr_scanned);
	for (unsigned int i = 0; i < n; i++) {
		struct folio *folio = folios[i];

		cond_resched();
		count_group_event(folio, PGREFILL);
		if (folio_evictable(folio) && folio_trylock(folio)) {
			if (stays_active(folio)) {
				referenced += folio_nr_pages(folio);
			} else {
				folio_clear_active(folio);
				folio_set_workingset(folio);
				deactivated += folio_nr_pages(folio);
				count_group_event(folio, PGDEACTIVATE);
			}
			folio_unlock(folio);
		}
		folio_putback_lru(folio);
	}
	count_vm_events(PGDEACTIVATE, deactivated);
	if (!lruvec_is_node(lruvec)) {
		lruvec->size[lru] -= deactivated;
		lruvec->size[lru - LRU_ACTIVE] += deactivated;
	}
	trace_mm_vmscan_lru_shrink_active(lruvec, sc, &iso, deactivated, referenced);
	return iso.nr_scanned != 0;
}

/* ---- a node, or a group ---- */

/* Most of what a pass saw waits for a disk: give it time. */
static void throttle_writeback(struct pglist_data *pgdat, struct scan_control *sc)
{
	if (sc->priority < DEF_PRIORITY - 2 && sc->nr_taken &&
	    sc->nr_writeback + sc->nr_dirty > sc->nr_taken / 2 && !fatal_signal_pending(current))
		reclaim_throttle(pgdat, VMSCAN_THROTTLE_WRITEBACK, max(HZ / 50, 1));
}

/*
 * Pages are on their way to swap, and are freed when they are there. Who has got nothing else waits for some of them; and who
 * will have enough with them waits for that, since another pass would take pages that nobody has asked for.
 */
static void collect_swapped(struct scan_control *sc)
{
	struct swap_written before = sc->written_before;
	unsigned long missing = sc->nr_to_reclaim - min(sc->nr_reclaimed, sc->nr_to_reclaim);
	bool enough = !sc->kswapd && sc->nr_writing >= missing;

	if (missing && (enough || sc->nr_reclaimed == sc->reclaimed_before))
		swap_wait_written(before, sc->nr_writing, min(missing, sc->nr_writing));
	sc->nr_reclaimed += min(swap_written().freed - before.freed, sc->nr_writing);
}

void reclaim_pass_begin(struct lruvec *lruvec, struct scan_control *sc)
{
	const struct lruvec_ops *ops = READ_ONCE(lruvec->ops);

	sc->desperate =
		ops &&
		ops->begin(lruvec, !sc->priority || time_before(jiffies, lruvec->desperate_until));
	sc->exhausted = 0;
	workingset_start();
	sc->nr_taken = sc->nr_dirty = sc->nr_writeback = 0;
	sc->nr_swapped = sc->nr_writing = 0;
	sc->reclaimed_before = sc->nr_reclaimed;
	sc->written_before = swap_written();
}

bool reclaim_pass_end(struct lruvec *lruvec, struct scan_control *sc)
{
	if (sc->nr_writing)
		collect_swapped(sc);
	if (sc->nr_reclaimed != sc->reclaimed_before)
		return true;
	if (sc->exhausted && !sc->desperate)
		WRITE_ONCE(lruvec->desperate_until, jiffies + HZ / 10);
	throttle_writeback(lruvec->pgdat, sc);
	return false;
}

static struct lruvec *next_apart(struct lruvec *root, struct lruvec *prev,
				 const struct scan_control *sc)
{
	const struct lruvec_ops *ops = READ_ONCE(root->ops);

	return ops ? ops->apart(root, prev, !sc->priority) : NULL;
}

/* One that is so small that the pass would look at none of its pages waits for one of a lower priority. */
static bool is_worth_a_look(struct lruvec *lruvec, const struct scan_control *sc)
{
	unsigned long size = 0;
	int lru;

	for_each_evictable_lru(lru) size += lruvec_lru_size(lruvec, lru, MAX_NR_ZONES - 1);
	return size >> sc->priority;
}

static void shrink_one(struct lruvec *lruvec, struct scan_control *sc)
{
	u8 exhausted = sc->exhausted;

	sc->exhausted = 0;
	sc->lruvec = lruvec;
	smp_load_acquire(&lruvec->policy)->shrink(lruvec, sc);
	sc->exhausted |= exhausted;
}

void shrink_lruvec(struct lruvec *lruvec, struct scan_control *sc)
{
	shrink_one(lruvec, sc);
	for (struct lruvec *l = NULL; (l = next_apart(lruvec, l, sc));)
		if (is_worth_a_look(l, sc))
			shrink_one(l, sc);
}

static void age_one(struct lruvec *lruvec, struct scan_control *sc)
{
	const struct reclaim_ops *ops = smp_load_acquire(&lruvec->policy);

	if (ops->age)
		ops->age(lruvec, sc);
}

void age_lruvec(struct lruvec *lruvec, struct scan_control *sc)
{
	age_one(lruvec, sc);
	for (struct lruvec *l = NULL; (l = next_apart(lruvec, l, sc));)
		age_one(l, sc);
}

void shrink_node(struct pglist_data *pgdat, struct scan_control *sc)
{
	reclaim_pass_begin(&pgdat->__lruvec, sc);
	shrink_lruvec(&pgdat->__lruvec, sc);
	shrink_slab(sc->gfp_mask, pgdat->node_id, sc->priority);
	if (reclaim_pass_end(&pgdat->__lruvec, sc))
		WRITE_ONCE(pgdat->kswapd_failures, 0);
}

void reclaim_snapshot(struct lruvec *lruvec)
{
	for (int type = 0; type < ANON_AND_FILE; type++)
		lruvec->refaults_seen[type] = atomic_long_read(&lruvec->refaults[type]);
}

/* ---- direct reclaim ---- */

static void shrink_nodes(const struct alloc_context *ac, struct scan_control *sc)
{
	struct pglist_data *last = NULL;

	for (struct zoneref *z = ac->zonelist->_zonerefs; z->zone; z++) {
		struct pglist_data *pgdat = z->zone->zone_pgdat;

		if (z->zone_idx > ac->highest_zoneidx || pgdat == last)
			continue;
		if (ac->nodemask && !node_isset(pgdat->node_id, *(const nodemask_t *)ac->nodemask))
			continue;
		last = pgdat;
		shrink_node(pgdat, sc);
	}
}

static void snapshot_nodes(const struct alloc_context *ac)
{
	for (struct zoneref *z = ac->zonelist->_zonerefs; z->zone; z++)
		reclaim_snapshot(&z->zone->zone_pgdat->__lruvec);
}

/*
 * Reclaim for an allocation of @order that found nothing. Pages reclaimed. => PF_MEMALLOC set
 */
static unsigned long try_to_free_pages(gfp_t gfp, unsigned int order,
				       const struct alloc_context *ac)
{
	struct scan_control sc = {
		.nr_to_reclaim = SWAP_CLUSTER_MAX,
		.gfp_mask = gfp,
		.order = order,
		.reclaim_idx = ac->highest_zoneidx,
		.may_unmap = true,
		.may_swap = gfp & __GFP_IO,
	};

	if (throttle_direct_reclaim(gfp, ac))
		return 1;
	trace_mm_vmscan_direct_reclaim_begin(order, gfp);
	for (sc.priority = DEF_PRIORITY; sc.priority >= 0; sc.priority--) {
		shrink_nodes(ac, &sc);
		if (sc.nr_reclaimed >= sc.nr_to_reclaim || fatal_signal_pending(current))
			break;
	}
	if (ac->tries) {
		ac->tries->passes += DEF_PRIORITY + 1 - max(sc.priority, 0);
		ac->tries->nr_scanned += sc.nr_scanned;
	}
	snapshot_nodes(ac);
	trace_mm_vmscan_direct_reclaim_end(sc.nr_reclaimed);
	return sc.nr_reclaimed;
}

void reclaim_register(void)
{
	reclaim_choose_wanted();
	page_alloc_ops.direct_reclaim = try_to_free_pages;
}
