// SPDX-License-Identifier: MIT
/*
 * Self tests of the free lists in a zone of the test's own, over blocks of 4 MiB that it allocated: what is free there is ours
 * to choose, and nobody else takes any. Which block is stolen; what is left whole after long use. At boot with `selftest`,
 * and hosted.
 */
#include <base/types.h>
#include <base/math.h>
#include <base/string.h>
#include <kernel/printk.h>
#include <kernel/selftest.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <mm/trace.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include "page_internal.h"

#define NR_BLOCKS 16
static struct zone played;
static struct page *blocks[NR_BLOCKS];
static unsigned int nr_blocks;

static void play_zone(void)
{
	memset(&played, 0, sizeof(played));
	spin_lock_init(&played.lock, LOCK_ZONE);
	zone_init_free_lists(&played);
	played.zone_id = page_zone_id(blocks[0]);
	played.zone_start_pfn = page_zone(blocks[0])->zone_start_pfn;
	played.spanned_pages = page_zone(blocks[0])->spanned_pages;
	spin_lock_irq(&played.lock);
	for (unsigned int i = 0; i < nr_blocks; i++) {
		set_page_count(blocks[i], 0);
		set_pageblock_migratetype(blocks[i], MIGRATE_MOVABLE);
		set_pageblock_migratetype(blocks[i] + pageblock_nr_pages, MIGRATE_MOVABLE);
		__free_one_page(blocks[i], &played, MAX_ORDER - 1, MIGRATE_MOVABLE);
	}
	spin_unlock_irq(&played.lock);
}

/* Up to @most blocks of the same zone, out of circulation. */
static void take_blocks(unsigned int most)
{
	for (nr_blocks = 0; nr_blocks < most; nr_blocks++) {
		struct page *page =
			alloc_pages(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, MAX_ORDER - 1);

		if (page && nr_blocks && page_zone_id(page) != page_zone_id(blocks[0])) {
			__free_pages(page, MAX_ORDER - 1);
			page = NULL;
		}
		if (!page)
			break;
		blocks[nr_blocks] = page;
	}
}

static void return_blocks(void)
{
	for (unsigned int i = 0; i < nr_blocks; i++) {
		set_pageblock_migratetype(blocks[i], MIGRATE_MOVABLE);
		set_pageblock_migratetype(blocks[i] + pageblock_nr_pages, MIGRATE_MOVABLE);
		set_page_count(blocks[i], 1);
		__free_pages(blocks[i], MAX_ORDER - 1);
	}
}

/* ---- which block is stolen ---- */

static struct page *take(unsigned int order, int mt)
{
	struct page *page;

	spin_lock_irq(&played.lock);
	page = __rmqueue(&played, order, mt, 0);
	spin_unlock_irq(&played.lock);
	return page;
}

static void give(struct page *page, unsigned int order)
{
	spin_lock_irq(&played.lock);
	__free_one_page(page, &played, order, page_migratetype(page));
	spin_unlock_irq(&played.lock);
}

/* The line that the trace has of the theft. */
static const char *traced_theft(void)
{
	static char line[256];
	struct trace_cursor cursor;

	trace_cursor_init(&cursor, true);
	while (trace_read_line(&cursor, line, sizeof(line)))
		if (strstr(line, "mm_page_alloc_extfrag:"))
			return line;
	return "";
}

/*
 * Movable memory is left in blocks of 256, 8 and 1 page. An unmovable request takes the largest and its pageblock with it, the
 * next ones take from there; a movable one that finds alien memory alone takes the smallest and leaves the pageblock.
 */
static int steal_largest(struct page *block, struct trace_event *event)
{
	struct page *other = block + pageblock_nr_pages, *page, *movable, *unmovable;
	const char *line;

	play_zone();
	SELFTEST_EXPECT(take(pageblock_order, MIGRATE_MOVABLE) == block);
	SELFTEST_EXPECT(take(8, MIGRATE_MOVABLE) == other); /* its half stays free */
	give(block + 8, 3);
	give(block + 64, 0);
	SELFTEST_EXPECT(played.order_map[MIGRATE_MOVABLE] == (1u << 8 | 1u << 3 | 1u));

	trace_clear();
	trace_set_enabled(event, true);
	unmovable = take(0, MIGRATE_UNMOVABLE);
	trace_set_enabled(event, false);
	line = traced_theft();
	SELFTEST_EXPECT(unmovable == other + 256);
	SELFTEST_EXPECT(get_pageblock_migratetype(other) == MIGRATE_UNMOVABLE);
	SELFTEST_EXPECT(get_pageblock_migratetype(block) == MIGRATE_MOVABLE);
	SELFTEST_EXPECT(played.nr_fallbacks == 1 && played.nr_steals == 1);
	SELFTEST_EXPECT(strstr(line, "alloc_order=0 fallback_order=8 pageblock_order=9 "
				     "alloc_migratetype=0 fallback_migratetype=1 "
				     "fragmenting=1 change_ownership=1"));
	zone_check(&played);
	page = take(0, MIGRATE_UNMOVABLE);
	SELFTEST_EXPECT(page == unmovable + 1 && played.nr_fallbacks == 1);
	give(page, 0);

	SELFTEST_EXPECT(take(3, MIGRATE_MOVABLE) == block + 8);
	SELFTEST_EXPECT(take(0, MIGRATE_MOVABLE) == block + 64);
	movable = take(0, MIGRATE_MOVABLE); /* of 1, 2, 4 ... 128 pages beside the unmovable one */
	SELFTEST_EXPECT(movable == unmovable + 1 && played.nr_steals == 1);
	SELFTEST_EXPECT(get_pageblock_migratetype(other) == MIGRATE_UNMOVABLE);
	give(movable, 0);
	give(unmovable, 0);
	give(other, 8);
	/* The first pageblock, all of which is ours: whole again. */
	set_pageblock_migratetype(block, MIGRATE_UNMOVABLE);
	give(block, pageblock_order);
	SELFTEST_EXPECT(take(MAX_ORDER - 1, MIGRATE_UNMOVABLE) == block);
	SELFTEST_EXPECT(!atomic_long_read(&played.nr_free));
	return 0;
}

static int steal_largest_once(void)
{
	struct trace_event *event = trace_find_event("kmem", "mm_page_alloc_extfrag");
	unsigned long before;
	int err;

	trace_set_enabled(event, true); /* the first time, pages are taken for the log */
	trace_set_enabled(event, false);
	take_blocks(1);
	if (!nr_blocks)
		return 0; /* a small machine may have no such block */
	drain_all_pages(NULL);
	before = nr_free_pages();
	err = steal_largest(blocks[0], event);
	if (err)
		return err;
	return_blocks();
	drain_all_pages(NULL);
	return nr_free_pages() == before + MAX_ORDER_NR_PAGES ? 0 : -EAGAIN;
}
static int test_steal_largest(void)
{
	return selftest_repeat(steal_largest_once);
}
SELFTEST("page/steal-largest", test_steal_largest);

/* ---- the reserve for high orders ---- */

/* Two reserved pageblocks that merge as they are freed go back together, and are counted no more. */
static int unreserve_merged(struct page *block)
{
	static struct zonelist zonelist = { ._zonerefs = { { .zone = &played } } };
	struct alloc_context ac = { .zonelist = &zonelist, .migratetype = MIGRATE_MOVABLE };
	struct page *halves[2];

	play_zone();
	atomic_long_set(&played.managed_pages, 1000 * pageblock_nr_pages);
	for (int i = 0; i < 2; i++) {
		halves[i] = take(pageblock_order, MIGRATE_MOVABLE);
		SELFTEST_EXPECT(halves[i] == block + i * pageblock_nr_pages);
		spin_lock_irq(&played.lock);
		reserve_highatomic_pageblock(halves[i], &played);
		spin_unlock_irq(&played.lock);
	}
	SELFTEST_EXPECT(played.nr_reserved_highatomic == 2 * pageblock_nr_pages);
	give(halves[0], pageblock_order);
	give(halves[1], pageblock_order);
	SELFTEST_EXPECT(played.order_map[MIGRATE_HIGHATOMIC] == 1u << (MAX_ORDER - 1));
	SELFTEST_EXPECT(unreserve_highatomic_pageblock(&ac, false));
	SELFTEST_EXPECT(!played.nr_reserved_highatomic);
	zone_check(&played);
	SELFTEST_EXPECT(take(MAX_ORDER - 1, MIGRATE_MOVABLE) == block);
	return 0;
}

static int test_unreserve_merged(void)
{
	int err;

	take_blocks(1);
	if (!nr_blocks)
		return 0; /* a small machine */
	err = unreserve_merged(blocks[0]);
	if (!err)
		return_blocks();
	return err;
}
SELFTEST("page/unreserve-merged", test_unreserve_merged);

/* ---- what stays whole ---- */

#define BATCH 31

static u64 aging_state = 88172645463325252ULL;

static u32 aging_random(u32 below)
{
	aging_state ^= aging_state << 13;
	aging_state ^= aging_state >> 7;
	aging_state ^= aging_state << 17;
	return (u32)(aging_state >> 33) % below;
}

/* As a refill does it, with the list of a CPU that holds one batch. */
static unsigned long get_batches(struct page **held, unsigned long n, unsigned long most, int mt)
{
	while (n < most) {
		struct page *list = NULL;

		spin_lock_irq(&played.lock);
		rmqueue_bulk(&played, min(most - n, (unsigned long)BATCH), &list, mt, 0);
		spin_unlock_irq(&played.lock);
		if (!list)
			break;
		for (; list; list = list->pcp_next)
			held[n++] = list;
	}
	return n;
}

static unsigned long free_pageblocks(void)
{
	return played.free_area[MAX_ORDER - 1].nr_free * 2 +
	       played.free_area[pageblock_order].nr_free;
}

static unsigned long put_random(struct page **held, unsigned long n)
{
	u32 i = aging_random(n);
	struct page *page = held[i];

	page->pcp_next = NULL;
	give(page, 0);
	held[i] = held[n - 1];
	return n - 1;
}

/*
 * Memory was nearly full, most was given back at random, then between a tenth and a sixth is in use and replaced for a long
 * time. Whose refills take the heads of the lists has no pageblock left by then that is free as a whole.
 */
static unsigned long age(struct page **held, unsigned long frames)
{
	unsigned long n = get_batches(held, 0, frames - frames / 8, MIGRATE_MOVABLE);

	for (unsigned long step = 0; step < 10 * frames; step++) {
		if (n > frames / 10)
			n = put_random(held, n);
		else
			n = get_batches(held, n, n + frames / 16, MIGRATE_MOVABLE);
	}
	return n;
}

/* A zone of 64 MiB and room to hold all of its frames; NULL: a small machine. */
static struct page **begin_aging(void)
{
	struct page **held;

	take_blocks(NR_BLOCKS);
	held = kvmalloc_array(NR_BLOCKS * MAX_ORDER_NR_PAGES, sizeof(*held),
			      GFP_KERNEL | __GFP_NOWARN);
	if (nr_blocks == NR_BLOCKS && held) {
		play_zone();
		return held;
	}
	kvfree(held);
	return_blocks();
	return NULL;
}

/* All is free again: false when it did not merge. */
static bool end_aging(struct page **held)
{
	unsigned int n = 0;

	kvfree(held);
	for (int mt = 0; mt < MIGRATE_PCPTYPES; mt++)
		while (played.order_map[mt] == 1u << (MAX_ORDER - 1)) {
			take(MAX_ORDER - 1, mt);
			n++;
		}
	if (n != nr_blocks)
		return false;
	return_blocks();
	return true;
}

static int test_packing(void)
{
	struct page **held = begin_aging();
	unsigned long n, whole;

	if (!held)
		return 0;
	n = age(held, nr_blocks * MAX_ORDER_NR_PAGES);
	whole = free_pageblocks();
	zone_check(&played);
	while (n)
		n = put_random(held, n);
	SELFTEST_EXPECT(end_aging(held));
	pr_info("page/packing: %lu of %u pageblocks are free as a whole\n", whole, 2 * NR_BLOCKS);
	SELFTEST_EXPECT(whole >= NR_BLOCKS);
	return 0;
}
SELFTEST("page/packing", test_packing);

/* Of each sixteen frames one is unmovable, ten movable; they are replaced at random. Pageblocks with unmovable pages at the end. */
static unsigned long mix(struct page **movable, struct page **unmovable, unsigned long frames)
{
	unsigned long m = 0, u = 0, blocks = 0;

	for (unsigned long step = 0; step < 4 * frames; step++) {
		if (u < frames / 16)
			u = get_batches(unmovable, u, u + BATCH, MIGRATE_UNMOVABLE);
		if (m < 10 * (frames / 16))
			m = get_batches(movable, m, m + BATCH, MIGRATE_MOVABLE);
		if (u && step % 8 == 0)
			u = put_random(unmovable, u);
		if (m)
			m = put_random(movable, m);
	}
	while (m)
		m = put_random(movable, m);
	zone_check(&played);
	blocks = 2 * nr_blocks - free_pageblocks();
	pr_info("page/grouping: %lu unmovable pages in %lu of %u pageblocks\n", u, blocks,
		2 * NR_BLOCKS);
	while (u)
		u = put_random(unmovable, u);
	return blocks;
}

/* What cannot move spoils few pageblocks, however long the machine runs: twice as many as it would fill. */
static int test_grouping(void)
{
	struct page **held = begin_aging();
	unsigned long frames = nr_blocks * MAX_ORDER_NR_PAGES, blocks;

	if (!held)
		return 0;
	blocks = mix(held, held + frames - frames / 8, frames);
	SELFTEST_EXPECT(end_aging(held));
	SELFTEST_EXPECT(blocks <= 2 * nr_blocks / 16 * 2);
	return 0;
}
SELFTEST("page/grouping", test_grouping);
