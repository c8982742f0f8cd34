// SPDX-License-Identifier: MIT
/*
 * Self tests of what happens when the free lists do not serve a request: who may go how far below the watermarks, whom the
 * slow path asks in which order for which flags, who is warned about; the boost of the watermarks and the reserve for
 * high orders. Scarcity is played: the watermarks rise, memory stays. At boot with `selftest`, and hosted.
 */
#include <base/types.h>
#include <base/cpumask.h>
#include <base/math.h>
#include <base/string.h>
#include <kernel/sched.h>
#include <kernel/selftest.h>
#include <kernel/task.h>
#include <mm/gfp.h>
#include <mm/page_debug.h>
#include <mm/page_flags.h>
#include <mm/fault_inject.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include "page_internal.h"

/* ---- scarcity ---- */

static struct task_struct *tester;

/* Set the marks of all zones to @percent of what they have free. */
static void raise_marks(unsigned int percent)
{
	struct zone *zone;

	drain_all_pages(NULL);
	for_each_populated_zone (zone) {
		unsigned long free = zone_page_state(zone, NR_FREE_PAGES);

		zone->_watermark[WMARK_MIN] = free * percent / 100;
		zone->_watermark[WMARK_LOW] = free * percent / 100 + 1;
		zone->_watermark[WMARK_HIGH] = free * percent / 100 + 2;
	}
}

/* Served from a list of the CPU, no mark would be looked at. */
static struct page *try_alloc(gfp_t gfp, unsigned int order)
{
	drain_all_pages(NULL);
	return alloc_pages(gfp, order);
}

static bool served(gfp_t gfp)
{
	struct page *page = try_alloc(gfp | __GFP_NOWARN, 0);

	if (page)
		__free_page(page);
	return page != NULL;
}

/* ---- who is asked ---- */

static char calls[80];
static unsigned int nr_calls, relief_at;
static gfp_t asked_gfp;

static void note(char who, gfp_t gfp)
{
	if (current != tester)
		return;
	asked_gfp |= gfp;
	/* A run of the same is one letter and a star. */
	if (nr_calls && calls[nr_calls - 1] == '*' && calls[nr_calls - 2] == who)
		return;
	if (nr_calls && calls[nr_calls - 1] == who)
		who = '*';
	if (nr_calls < sizeof(calls) - 1)
		calls[nr_calls++] = who;
	calls[nr_calls] = '\0';
}

static void note_kswapd(gfp_t gfp, unsigned int order, const struct alloc_context *ac)
{
	note('k', gfp);
}

static unsigned long note_reclaim(gfp_t gfp, unsigned int order, const struct alloc_context *ac)
{
	note('r', gfp);
	if (current == tester && relief_at && !--relief_at)
		setup_per_zone_wmarks();
	return 0;
}

static bool note_compact(gfp_t gfp, unsigned int order, const struct alloc_context *ac)
{
	note('c', gfp);
	return false;
}

static bool note_oom(gfp_t gfp, unsigned int order, const struct alloc_context *ac)
{
	note('o', gfp);
	return false;
}

static struct page_alloc_ops real_ops;

static void play_scarcity(unsigned int percent)
{
	static const struct page_alloc_ops played = { .wake_kswapd = note_kswapd,
						      .direct_reclaim = note_reclaim,
						      .direct_compact = note_compact,
						      .out_of_memory = note_oom };

	tester = current;
	real_ops = page_alloc_ops;
	page_alloc_ops = played;
	raise_marks(percent);
}

static void end_scarcity(void)
{
	page_alloc_ops = real_ops;
	setup_per_zone_wmarks();
}

/* Whom a request that finds nothing asks: k kswapd, c compaction, r reclaim, o OOM. */
static const char *asks(gfp_t gfp, unsigned int order)
{
	struct page *page;

	nr_calls = 0;
	calls[0] = '\0';
	asked_gfp = 0;
	page = try_alloc(gfp | __GFP_NOWARN, order);
	if (page)
		__free_pages(page, order);
	return page ? "served" : calls;
}

static int test_slow_path(void)
{
	static const struct {
		gfp_t gfp;
		unsigned int order;
		const char *asks;
	} cases[] = {
		{ GFP_NOWAIT, 0, "k" },
		{ GFP_ATOMIC, 0, "k" },
		{ __GFP_HIGH, 0, "" }, /* may not even wake kswapd */
		{ GFP_KERNEL, 0, "kr*o" },
		{ GFP_USER, 0, "kr*o" },
		{ GFP_HIGHUSER_MOVABLE, 0, "kr*o" },
		{ GFP_KERNEL | __GFP_NOMEMALLOC, 0, "kr*o" },
		{ GFP_NOFS, 0, "kr*" }, /* OOM would need the file systems */
		{ GFP_NOIO, 0, "kr*" },
		{ GFP_KERNEL | __GFP_NORETRY, 0, "kr" },
		{ GFP_KERNEL | __GFP_RETRY_MAYFAIL, 0, "kr*" },
		{ GFP_KERNEL | __GFP_THISNODE, 0, "kr*" },
		{ GFP_KERNEL | __GFP_DMA, 0, "kr*" }, /* nobody's death would help */
		{ GFP_KERNEL & ~__GFP_KSWAPD_RECLAIM, 0, "r*o" },
		{ GFP_KERNEL | __GFP_COMP, PAGE_ALLOC_COSTLY_ORDER + 1, "kcrc" },
		{ GFP_KERNEL | __GFP_NORETRY, 1, "kcrc" },
		{ GFP_TRANSHUGE_LIGHT, pageblock_order, "" },
		{ GFP_TRANSHUGE | __GFP_NORETRY, pageblock_order, "crc" },
	};
	const char *wrong = NULL;

	play_scarcity(1000);
	for (unsigned int i = 0; i < ARRAY_SIZE(cases) && !wrong; i++)
		if (strcmp(asks(cases[i].gfp, cases[i].order), cases[i].asks))
			wrong = cases[i].asks;
	end_scarcity();
	if (wrong)
		selftest_complain(calls, 0, wrong);
	SELFTEST_EXPECT(!wrong);
	return 0;
}
SELFTEST("page/slow-path", test_slow_path);

/* What a task says of itself holds for all its requests. */
static int test_task_context(void)
{
	bool memalloc, nomemalloc, nofs_asked, spared;
	unsigned int was;

	play_scarcity(1000);
	was = memalloc_noreclaim_save();
	memalloc = !strcmp(asks(GFP_KERNEL, 0), "served");
	nomemalloc = !strcmp(asks(GFP_KERNEL | __GFP_NOMEMALLOC, 0), "k");
	memalloc_noreclaim_restore(was);
	was = current->flags & PF_MEMALLOC_NOFS;
	current->flags |= PF_MEMALLOC_NOFS;
	nofs_asked = !strcmp(asks(GFP_KERNEL, 0), "kr*");
	spared = !(asked_gfp & __GFP_FS) && (asked_gfp & __GFP_IO);
	current->flags = (current->flags & ~PF_MEMALLOC_NOFS) | was;
	end_scarcity();
	SELFTEST_EXPECT(memalloc); /* who frees memory gets the last of it */
	SELFTEST_EXPECT(nomemalloc);
	SELFTEST_EXPECT(nofs_asked && spared);
	return 0;
}
SELFTEST("page/task-context", test_task_context);

/* __GFP_NOFAIL goes round until there is something; __GFP_NORETRY does not wait for that. */
static int test_nofail(void)
{
	struct page *page;
	bool noretry;

	play_scarcity(1000);
	relief_at = 3;
	noretry = !served(GFP_KERNEL | __GFP_NORETRY);
	page = try_alloc(GFP_KERNEL | __GFP_NOFAIL, 0);
	end_scarcity();
	SELFTEST_EXPECT(noretry && page && !relief_at);
	__free_page(page);
	return 0;
}
SELFTEST("page/nofail", test_nofail);

/* A failure is told, unless the caller said __GFP_NOWARN or another was just told; but not for ever. */
static int test_warning(void)
{
	const struct ratelimit_state was = nopage_rs;
	int told, silent;
	bool again;

	play_scarcity(1000);
	nopage_rs.begin_ns = 0;
	for (u32 i = 0; i < nopage_rs.burst; i++)
		__ratelimit(&nopage_rs,
			    "warn_alloc"); /* what follows is counted, but not printed */
	try_alloc(GFP_NOWAIT, 0);
	told = atomic_read(&nopage_rs.asked) - nopage_rs.burst;
	try_alloc(GFP_NOWAIT | __GFP_NOWARN, 0);
	silent = atomic_read(&nopage_rs.asked) - nopage_rs.burst - told;
	end_scarcity();
	nopage_rs.begin_ns -= (nopage_rs.interval_ms + 1000) * 1000000UL;
	again = __ratelimit(&nopage_rs, "warn_alloc");
	nopage_rs = was;
	SELFTEST_EXPECT(told == 1 && silent == 0 && again);
	return 0;
}
SELFTEST("page/warning", test_warning);

/* ---- how far below ---- */

/* As the marks rise, first the ordinary fail, then those who are important, then those who cannot wait. */
static int test_below_min(void)
{
	static const struct {
		unsigned int percent; /* the min mark, of what is free */
		bool nowait, high, atomic, memalloc;
	} steps[] = {
		{ 50, true, true, true, true },
		{ 130, false, true, true, true },
		{ 230, false, false, true, true },
		{ 400, false, false, false, true },
	};
	bool as_expected = true;

	for (unsigned int i = 0; i < ARRAY_SIZE(steps); i++) {
		play_scarcity(steps[i].percent);
		as_expected &= served(GFP_NOWAIT) == steps[i].nowait;
		as_expected &= served(__GFP_HIGH) == steps[i].high;
		as_expected &= served(GFP_ATOMIC) == steps[i].atomic;
		as_expected &= served(GFP_ATOMIC | __GFP_NOMEMALLOC) == steps[i].high;
		as_expected &= served(__GFP_MEMALLOC) == steps[i].memalloc;
		end_scarcity();
	}
	SELFTEST_EXPECT(as_expected);
	return 0;
}
SELFTEST("page/below-min", test_below_min);

/* Between min and low a request is served, and kswapd told; above low it is not. */
static int test_crossing_low(void)
{
	struct zone *zone;
	bool told, untold, was_served;

	play_scarcity(50);
	nr_calls = 0;
	was_served = served(GFP_KERNEL);
	untold = !nr_calls;
	for_each_populated_zone (zone)
		zone->_watermark[WMARK_LOW] = zone_page_state(zone, NR_FREE_PAGES) + 1000;
	was_served &= !strcmp(asks(GFP_KERNEL, 0), "served");
	told = nr_calls == 1 && calls[0] == 'k';
	end_scarcity();
	SELFTEST_EXPECT(was_served && untold && told);
	return 0;
}
SELFTEST("page/crossing-low", test_crossing_low);

/* ---- this node and no other ---- */

/* A page of another node, though its list is at hand: from where this CPU gets what its node has not. */
static bool strays(gfp_t gfp)
{
	struct page *page = alloc_page(gfp);
	bool strayed;

	if (page)
		__free_page(page);
	preempt_disable();
	page = alloc_page((gfp | __GFP_THISNODE) & ~__GFP_RECLAIM);
	strayed = page && page_to_nid(page) != numa_node_id();
	preempt_enable();
	if (page)
		__free_page(page);
	return strayed;
}

static unsigned int strays_here(void)
{
	return strays(GFP_DMA | __GFP_NOWARN) + strays(GFP_DMA32 | __GFP_NOWARN) +
	       strays(GFP_KERNEL | __GFP_NOWARN) + strays(GFP_HIGHUSER_MOVABLE | __GFP_NOWARN);
}

static int test_thisnode(void)
{
	struct cpumask allowed;
	unsigned int strayed = 0;
	int cpu;

	cpumask_copy(&allowed, &current->cpus_mask);
	for_each_online_cpu (cpu)
		if (!set_cpus_allowed_ptr(current, cpumask_of(cpu)))
			strayed += strays_here();
	set_cpus_allowed_ptr(current, &allowed);
	SELFTEST_EXPECT(!strayed);
	return 0;
}
SELFTEST("page/thisnode", test_thisnode);

/* ---- boost ---- */

/*
 * A pageblock that has to be mixed boosts the marks of its zone by a pageblock, up to the factor, and wakes kswapd; who cannot
 * wait does not suffer from it.
 */
static int test_boost(void)
{
	struct zone zone = { .watermark_boost = 0 };
	const unsigned int factor = watermark_boost_factor;
	unsigned long first, second, off;
	bool atomic, nowait, unanswered;
	struct zone *live;

	spin_lock_init(&zone.lock, LOCK_ZONE);
	atomic_long_set(&zone.managed_pages, 16 * pageblock_nr_pages);
	zone._watermark[WMARK_HIGH] = 600;
	play_scarcity(50);
	page_alloc_ops.wake_kswapd = NULL;
	zone_boost(&zone, ALLOC_KSWAPD); /* nobody would answer */
	unanswered = zone.watermark_boost || zone.boosted;
	page_alloc_ops.wake_kswapd = note_kswapd;
	zone_boost(&zone, ALLOC_KSWAPD);
	first = zone.watermark_boost;
	zone_boost(&zone, 0);
	second = zone.watermark_boost;
	watermark_boost_factor = 0;
	zone_unboost(&zone, 300);
	zone_boost(&zone, 0);
	off = zone.watermark_boost;
	watermark_boost_factor = factor;
	/* Live: all that is free is wanted as boost. */
	for_each_populated_zone (live) {
		live->watermark_boost = zone_page_state(live, NR_FREE_PAGES);
		live->boosted = true;
	}
	nr_calls = 0;
	nowait = served(GFP_NOWAIT);
	atomic = served(GFP_ATOMIC);
	for_each_populated_zone (live)
		zone_unboost(live, ~0UL);
	end_scarcity();
	for_each_populated_zone (live) {
		SELFTEST_EXPECT(!live->watermark_boost);
		live->boosted = false;
	}
	SELFTEST_EXPECT(!unanswered);
	SELFTEST_EXPECT(zone.boosted && first == pageblock_nr_pages);
	SELFTEST_EXPECT(second == 900 && off == 600);
	SELFTEST_EXPECT(!nowait && atomic && nr_calls && calls[0] == 'k');
	return 0;
}
SELFTEST("page/boost", test_boost);

/* ---- the reserve for high orders ---- */

/* A pageblock that served a high order in need is kept for the next one, until there is nothing else. */
static int test_highatomic(void)
{
	struct alloc_context ac = { .zonelist = node_zonelist(numa_node_id(), 0),
				    .highest_zoneidx = ZONE_NORMAL,
				    .migratetype = MIGRATE_MOVABLE };
	struct page *first, *second = NULL;
	unsigned long reserved = 0, left = 0;
	struct zone *zone = NULL;
	int type = 0;

	play_scarcity(230);
	first = try_alloc(GFP_ATOMIC | __GFP_NOWARN, 2);
	if (first) {
		zone = page_zone(first);
		type = get_pageblock_migratetype(first);
		reserved = zone->nr_reserved_highatomic;
		zone->_watermark[WMARK_MIN] = 1; /* enough; but in that pageblock alone */
		second = try_alloc(GFP_ATOMIC | __GFP_NOWARN, 2);
	}
	end_scarcity();
	SELFTEST_EXPECT(first && second);
	buddy_check();
	__free_pages(first, 2);
	__free_pages(second, 2);
	drain_all_pages(NULL);
	while (unreserve_highatomic_pageblock(&ac, true))
		;
	left = zone->nr_reserved_highatomic;
	buddy_check();
	SELFTEST_EXPECT(type == MIGRATE_HIGHATOMIC && reserved == pageblock_nr_pages);
	SELFTEST_EXPECT(!left);
	return 0;
}
SELFTEST("page/highatomic", test_highatomic);

/* Pages of the lists of this CPU that lie in pageblocks of the reserve. */
static unsigned long listed_highatomic(struct zone *zone)
{
	unsigned long nr = 0;

	preempt_disable();
	for (unsigned int i = 0; i < NR_PCP_ORDERS * PCP_TYPES; i++)
		for (struct page *p = this_cpu_ptr(zone->per_cpu_pageset)
					      ->lists[i / PCP_TYPES][i % PCP_TYPES];
		     p; p = p->pcp_next)
			nr += page_migratetype(p) == MIGRATE_HIGHATOMIC;
	preempt_enable();
	return nr;
}

/* A single page for who cannot wait, between min and low, does not bring a batch of the reserve into the lists that serve all. */
static int test_reserve_not_spread(void)
{
	struct alloc_context ac = { .zonelist = node_zonelist(numa_node_id(), 0),
				    .highest_zoneidx = ZONE_NORMAL,
				    .migratetype = MIGRATE_MOVABLE };
	struct page *first, *single = NULL;
	unsigned long spread = 0;
	bool reserved = false;

	play_scarcity(230);
	first = try_alloc(GFP_ATOMIC | __GFP_NOWARN, 2);
	if (first) {
		reserved = page_migratetype(first) == MIGRATE_HIGHATOMIC;
		page_zone(first)->_watermark[WMARK_MIN] = 1; /* low stays out of reach */
		single = try_alloc(GFP_ATOMIC | __GFP_NOWARN, 0);
		spread = listed_highatomic(page_zone(first));
	}
	end_scarcity();
	SELFTEST_EXPECT(first && single);
	__free_pages(first, 2);
	__free_page(single);
	drain_all_pages(NULL);
	while (unreserve_highatomic_pageblock(&ac, true))
		;
	SELFTEST_EXPECT(reserved && !spread);
	return 0;
}
SELFTEST("page/reserve-not-spread", test_reserve_not_spread);

/* ---- zero, once ---- */

/* What is zero already is not cleared again, and what __GFP_ZERO will clear is not cleared before. */
static int test_zero_once(void)
{
	const u32 was = page_debug;
	struct page *page = alloc_page(GFP_KERNEL), *again;
	unsigned long *word = page_address(page), after;

	page_debug = PAGE_DEBUG_INIT_FREE;
	alloc_watched_set(ALLOC_WATCHED_PAGE_DEBUG, true);
	*word = 1;
	__free_page(page); /* cleared here */
	after = *word;
	*word = 77; /* where nobody but us writes: the mark of a page that is not touched */
	again = alloc_page(GFP_KERNEL | __GFP_ZERO);
	page_debug = PAGE_DEBUG_INIT_ALLOC;
	SELFTEST_EXPECT(!page_debug_alloc(page, 0, GFP_KERNEL | __GFP_ZERO) && *word == 77);
	SELFTEST_EXPECT(!page_debug_alloc(page, 0, GFP_KERNEL) && *word == 0);
	page_debug = was;
	alloc_watched_set(ALLOC_WATCHED_PAGE_DEBUG, was != 0);
	SELFTEST_EXPECT(again == page && after == 0);
	__free_page(again);
	return 0;
}
SELFTEST("page/zero-once", test_zero_once);
