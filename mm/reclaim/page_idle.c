// SPDX-License-Identifier: MIT
/*
 * Idle page tracking: user space marks pages as idle, and sees later which of them nobody has used.
 *
 * 1 Two bits a page, in an array by frame number that is made when the first page is marked:
 *
 *	idle	marked, and not known to have been used since
 *	young	it had an accessed bit, which tracking has cleared: reclaim takes that for the bit it would have found
 *
 *   Marking a page clears the accessed bits of its entries; asking looks for them again:
 *
 *	marked ------> idle ------> idle, asked: no bit is set
 *			 |  an entry was used, asked: the bit is there	-> not idle, young
 *			 |  read(2), write(2), reclaim found its bit	-> not idle
 *			 +  freed					-> neither
 *
 * 2 Which pages: those that reclaim knows (PG_lru), unevictable ones too; by the frame of the head.
 *
 * 3 Locks: none; bits change by atomic operations. A marked page is held by a reference, and freeing, which comes after that, clears both
 *   bits: it is sent the long way (alloc_watched), so that it costs nothing while nobody tracks.
 *
 * 4 Failure. -ENOMEM: no array, nothing marked. A page that is locked, or whose address space is just being changed, cannot be looked at:
 *   it is not said to be idle this time. A CPU whose TLB still has an entry does not set its bit again: such a use is missed,
 *   as in Linux.
 *
 * 5 Linux 6.1: mm/page_idle.c, with PG_idle and PG_young on 64 bits. There the last frames are not told about unless they are 64, and
 *   what the generational policy sees used stays idle.
 *
 * Observe: /sys/kernel/mm/page_idle/bitmap (fs/page_idle.c), IDLE of /proc/kpageflags.
 */
#include <base/bitops.h>
#include <base/errno.h>
#include <kernel/sched.h>
#include <mm/fault_inject.h>
#include <mm/filemap.h>
#include <mm/page_idle.h>
#include <mm/rmap.h>
#include <mm/slab.h>
#include <sync/mutex.h>
#include <sync/ranks.h>

#define LOOKS_AT_BUSY 16

bool page_idle_on;
static unsigned long *idle_bits, *young_bits; /* constant from page_idle_on on */
static unsigned long nr_frames;
static DEFINE_MUTEX(start_mutex, LOCK_SLEEP_LEAF);

static bool is_tracked(unsigned long pfn)
{
	return smp_load_acquire(&page_idle_on) && pfn < nr_frames;
}

/* Most bits are 0: a cache line that others read is written to only when there is need. */
static bool take_bit(unsigned long *bits, unsigned long pfn)
{
	return is_tracked(pfn) && test_bit(pfn, bits) && test_and_clear_bit(pfn, bits);
}

bool __folio_test_idle(const struct folio *folio)
{
	return is_tracked(folio_pfn(folio)) && test_bit(folio_pfn(folio), idle_bits);
}

void __folio_clear_idle(const struct folio *folio)
{
	take_bit(idle_bits, folio_pfn(folio));
}

bool __folio_test_young(const struct folio *folio)
{
	return is_tracked(folio_pfn(folio)) && test_bit(folio_pfn(folio), young_bits);
}

bool __folio_test_clear_young(const struct folio *folio)
{
	return take_bit(young_bits, folio_pfn(folio));
}

void page_idle_freed(const struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page);

	for (unsigned long end = pfn + (1UL << order); pfn < end; pfn++) {
		take_bit(idle_bits, pfn);
		take_bit(young_bits, pfn);
	}
}

static int start(void)
{
	unsigned long longs = BITS_TO_LONGS(max_pfn), *bits;
	int err = 0;

	if (READ_ONCE(page_idle_on))
		return 0;
	bits = kvzalloc(2 * longs * sizeof(*bits), GFP_KERNEL);
	mutex_lock(&start_mutex);
	if (!bits) {
		err = -ENOMEM;
	} else if (!page_idle_on) {
		nr_frames = max_pfn;
		idle_bits = bits;
		young_bits = bits + longs;
		bits = NULL;
		alloc_watched_set(ALLOC_WATCHED_IDLE, true);
		smp_store_release(&page_idle_on, true);
	}
	mutex_unlock(&start_mutex);
	kvfree(bits);
	return err;
}

/* The folio at frame @pfn with a reference, if it is one to be tracked. */
static struct folio *tracked_folio(unsigned long pfn)
{
	struct page *page = pfn_to_online_page(pfn);
	struct folio *folio = (struct folio *)page;

	if (!page || !PageLRU(page) || PageTail(page) || !folio_try_get(folio))
		return NULL;
	if (likely(folio_test_lru(folio) && !PageTail(page)))
		return folio;
	folio_put(folio);
	return NULL;
}

/* Take the accessed bits of the folio. False: some may be left. */
static bool take_accessed(struct folio *folio)
{
	bool whole = false, used = false;

	if (!folio_trylock(folio))
		return false;
	for (int looks = 0; !whole && looks < LOOKS_AT_BUSY; looks++) {
		struct folio_references refs = { .wait = true };

		whole = folio_take_accessed(folio, &refs);
		used |= refs.entries > 0;
		if (!whole)
			cond_resched();
	}
	folio_unlock(folio);
	if (used) {
		__folio_clear_idle(folio);
		set_bit(folio_pfn(folio), young_bits);
	}
	return whole;
}

u64 page_idle_read(unsigned long pfn)
{
	u64 idle = 0;

	if (!is_tracked(pfn))
		return 0;
	for (unsigned int i = 0; i < PAGE_IDLE_CHUNK && pfn + i < nr_frames; i++) {
		struct folio *folio = test_bit(pfn + i, idle_bits) ? tracked_folio(pfn + i) : NULL;

		if (!folio)
			continue;
		if (take_accessed(folio) && __folio_test_idle(folio))
			idle |= BIT_ULL(i);
		folio_put(folio);
	}
	return idle;
}

int page_idle_mark(unsigned long pfn, u64 which)
{
	int err = start();

	if (err)
		return err;
	for (unsigned int i = 0; i < PAGE_IDLE_CHUNK && pfn + i < nr_frames; i++) {
		struct folio *folio = which >> i & 1 ? tracked_folio(pfn + i) : NULL;

		if (!folio)
			continue;
		take_accessed(folio);
		set_bit(pfn + i, idle_bits);
		folio_put(folio);
	}
	return 0;
}
