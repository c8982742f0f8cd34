// SPDX-License-Identifier: MIT
/*
 * Self tests of what is promised about pages rather than of lists: descriptors, conversions, references, what each
 * GFP flag means, watermarks and reserves. At boot with `selftest`, and hosted.
 */
#include <base/types.h>
#include <base/math.h>
#include <base/string.h>
#include <kernel/selftest.h>
#include <kernel/task.h>
#include <mm/fault_inject.h>
#include <seam/pgtable.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/memblock.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include "page_internal.h"
#include "../boot/boot_internal.h"

/* Node, zone and flags share a word: each descriptor leads back to its zone, and holes look as at boot. */
static int test_descriptors(void)
{
	unsigned long start, end = 0, reserved = 0;

	while (next_populated_run(&start, &end)) {
		for (unsigned long pfn = start; pfn < end; pfn++) {
			struct page *page = pfn_to_page(pfn);
			struct zone *zone = page_zone(page);

			SELFTEST_EXPECT(zone && zone_to_nid(zone) == page_to_nid(page));
			SELFTEST_EXPECT(zone_idx(zone) == page_zonenum(page));
			SELFTEST_EXPECT(page_pgdat(page) == zone->zone_pgdat);
			SELFTEST_EXPECT(!memblock_is_memory(pfn << PAGE_SHIFT) ||
					zone_spans_pfn(zone, pfn));
			if (!PageReserved(page))
				continue;
			reserved++;
			SELFTEST_EXPECT(page_ref_count(page) == 1 && !page_mapcount(page));
			SELFTEST_EXPECT(page->type_and_private == PAGE_WORD_NONE);
		}
	}
	SELFTEST_EXPECT(reserved > 0);
	return 0;
}
SELFTEST("page/descriptors", test_descriptors);

/* Frame number, descriptor, address: round trips for every frame. */
static int test_conversions(void)
{
	unsigned long start, end = 0;

	while (next_populated_run(&start, &end)) {
		for (unsigned long pfn = start; pfn < end; pfn++) {
			struct page *page = pfn_to_page(pfn);
			void *addr = page_address(page);

			SELFTEST_EXPECT(page_to_pfn(page) == pfn);
			SELFTEST_EXPECT(addr == __va(pfn << PAGE_SHIFT));
			SELFTEST_EXPECT(__pa(addr) == pfn << PAGE_SHIFT);
			SELFTEST_EXPECT(virt_to_page(addr) == page);
			SELFTEST_EXPECT(phys_to_page(page_to_phys(page)) == page);
			SELFTEST_EXPECT(virt_to_pfn(addr + PAGE_SIZE - 1) == pfn);
			SELFTEST_EXPECT(virt_addr_valid(addr));
		}
	}
	SELFTEST_EXPECT(!virt_addr_valid((void *)VMALLOC_START));
	SELFTEST_EXPECT(!virt_addr_valid((void *)0x7fff00001000UL));
	SELFTEST_EXPECT(!pfn_valid(max_pfn + MAX_ORDER_NR_PAGES));
	/* The literal addresses of the notes: 48 bits in four levels of 512 entries. */
	SELFTEST_EXPECT(PAGE_SHIFT == 12 && PAGE_SIZE == 4096 && PGDIR_SHIFT == 39 &&
			PTRS_PER_PGD == 512);
	SELFTEST_EXPECT((0x558a02a0e123UL & PAGE_MASK) == 0x558a02a0e000UL);
	SELFTEST_EXPECT((0x558a02a0e000UL >> PGDIR_SHIFT & 511) == 0xab);
	SELFTEST_EXPECT((0x558a02a0e000UL >> PUD_SHIFT & 511) == 0x28);
	SELFTEST_EXPECT((0x558a02a0e000UL >> PMD_SHIFT & 511) == 0x15);
	SELFTEST_EXPECT((0x558a02a0e000UL >> PAGE_SHIFT & 511) == 0xe);
	return 0;
}
SELFTEST("page/conversions", test_conversions);

static int test_references(void)
{
	struct page *page = alloc_page(GFP_KERNEL),
		    *block = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);

	SELFTEST_EXPECT(page && block);
	get_page(page);
	SELFTEST_EXPECT(page_ref_count(page) == 2 && !page_ref_freeze(page, 1));
	SELFTEST_EXPECT(page_ref_freeze(page, 2) && !page_ref_count(page));
	SELFTEST_EXPECT(!get_page_unless_zero(page)); /* frozen: a speculative look-up fails */
	page_ref_unfreeze(page, 2);
	SELFTEST_EXPECT(get_page_unless_zero(page) && page_ref_count(page) == 3);
	SELFTEST_EXPECT(!page_ref_sub_and_test(page, 2));
	SELFTEST_EXPECT(put_page_testzero(page));
	set_page_count(page, 1);
	__free_page(page);
	/* Tail pages count at their head. */
	get_page(block + 3);
	SELFTEST_EXPECT(page_count(block + 1) == 2 && page_ref_count(block + 3) == 0);
	put_page(block + 2);
	SELFTEST_EXPECT(page_count(block) == 1);
	put_page(block);
	return 0;
}
SELFTEST("page/references", test_references);

static int check_shape(struct page *page, unsigned int order, bool compound)
{
	for (unsigned int i = 0; i < 1u << order; i++) {
		struct page *p = page + i;

		SELFTEST_EXPECT(PageHead(p) == (compound && i == 0));
		SELFTEST_EXPECT(PageTail(p) == (compound && i != 0));
		SELFTEST_EXPECT(compound_head(p) == (compound ? page : p));
		SELFTEST_EXPECT(page_ref_count(p) == (i == 0) && !page_mapcount(p));
		SELFTEST_EXPECT(compound || (!p->mapping && !p->private));
	}
	SELFTEST_EXPECT(compound_order(page) == (compound ? order : 0));
	SELFTEST_EXPECT(!compound || folio_mapcount(page_folio(page)) == 0);
	return 0;
}

/* Heads and tails are marked with __GFP_COMP, and only then, whatever the block was before. */
static int test_compound(void)
{
	static const bool shapes[] = { false, true, true, false, false, true, false };

	for (unsigned int order = 1; order < MAX_ORDER; order++)
		for (unsigned int i = 0; i < ARRAY_SIZE(shapes); i++) {
			gfp_t gfp = GFP_KERNEL | __GFP_NOWARN | (shapes[i] ? __GFP_COMP : 0);
			struct page *page = alloc_pages(gfp, order);

			if (!page)
				continue; /* a small machine may have no such block */
			SELFTEST_EXPECT(!check_shape(page, order, shapes[i]));
			__free_pages(page, order);
		}
	/* What leaves the list of the CPU is single pages. */
	drain_all_pages(NULL);
	buddy_check();
	return 0;
}
SELFTEST("page/compound", test_compound);

/* Which zone at most for which flags. */
static int test_gfp_zones(void)
{
	static const struct {
		gfp_t gfp;
		enum zone_type zone;
		int type;
	} cases[] = {
		{ GFP_KERNEL, ZONE_NORMAL, MIGRATE_UNMOVABLE },
		{ GFP_KERNEL | __GFP_DMA, ZONE_DMA, MIGRATE_UNMOVABLE },
		{ GFP_KERNEL | __GFP_DMA32, ZONE_DMA32, MIGRATE_UNMOVABLE },
		{ GFP_KERNEL | __GFP_DMA | __GFP_DMA32, ZONE_DMA, MIGRATE_UNMOVABLE },
		{ GFP_KERNEL | __GFP_RECLAIMABLE, ZONE_NORMAL, MIGRATE_RECLAIMABLE },
		{ GFP_KERNEL | __GFP_MOVABLE, ZONE_NORMAL, MIGRATE_MOVABLE },
		{ GFP_HIGHUSER, ZONE_NORMAL, MIGRATE_UNMOVABLE },
		{ GFP_HIGHUSER_MOVABLE, ZONE_MOVABLE, MIGRATE_MOVABLE },
		{ GFP_HIGHUSER_MOVABLE | __GFP_DMA32, ZONE_DMA32, MIGRATE_MOVABLE },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct page *page = alloc_page(cases[i].gfp | __GFP_NOWARN);

		SELFTEST_EXPECT(gfp_zone(cases[i].gfp) == cases[i].zone);
		SELFTEST_EXPECT(gfp_migratetype(cases[i].gfp) == cases[i].type);
		SELFTEST_EXPECT(page);
		SELFTEST_EXPECT(page_zonenum(page) <= cases[i].zone);
		SELFTEST_EXPECT(!page_mapcount(page) && page_ref_count(page) == 1);
		__free_page(page);
	}
	SELFTEST_EXPECT(gfpflags_allow_blocking(GFP_KERNEL) && gfpflags_allow_blocking(GFP_NOFS) &&
			gfpflags_allow_blocking(GFP_NOIO) && gfpflags_allow_blocking(GFP_USER));
	SELFTEST_EXPECT(!gfpflags_allow_blocking(GFP_ATOMIC) &&
			!gfpflags_allow_blocking(GFP_NOWAIT));
	return 0;
}
SELFTEST("page/gfp-zones", test_gfp_zones);

/* The zone from which the next tests drain: the largest. */
static struct zone *largest_zone(void)
{
	struct zone *zone, *best = NULL;

	for_each_populated_zone (zone)
		if (!best || zone_managed_pages(zone) > zone_managed_pages(best))
			best = zone;
	return best;
}

/*
 * How far below the min watermark each kind of request may go, by the very function that decides:
 * ordinary down to min, __GFP_HIGH to a half, ALLOC_HARDER a quarter less, ALLOC_OOM a half less; all plus the reserve.
 */
static int test_watermark_rules(void)
{
	struct zone zone = { .zone_id = 0 };
	const unsigned long min = 1000;

#define OK(free, flags)                                                                            \
	(atomic_long_set(&zone.nr_free, free), zone_watermark_ok(&zone, 0, min, ZONE_NORMAL, flags))
	SELFTEST_EXPECT(!OK(1000, 0) && OK(1001, 0));
	SELFTEST_EXPECT(!OK(500, ALLOC_HIGH) && OK(501, ALLOC_HIGH));
	SELFTEST_EXPECT(!OK(750, ALLOC_HARDER) && OK(751, ALLOC_HARDER));
	SELFTEST_EXPECT(!OK(375, ALLOC_HIGH | ALLOC_HARDER) && OK(376, ALLOC_HIGH | ALLOC_HARDER));
	SELFTEST_EXPECT(!OK(500, ALLOC_OOM) && OK(501, ALLOC_OOM));
	zone.nr_reserved_highatomic = 200; /* not for those who may not use it */
	SELFTEST_EXPECT(!OK(1200, 0) && OK(1201, 0) && OK(751, ALLOC_HARDER));
	zone.nr_reserved_highatomic = 0;
	zone.lowmem_reserve[ZONE_NORMAL] = 300;
	SELFTEST_EXPECT(!OK(1300, 0) && OK(1301, 0));
#undef OK
	zone.lowmem_reserve[ZONE_NORMAL] = 0;
	atomic_long_set(&zone.nr_free, 5000);
	zone.order_map[MIGRATE_MOVABLE] = 0x7; /* plenty free, but no block above order 2 */
	SELFTEST_EXPECT(zone_watermark_ok(&zone, 2, min, ZONE_NORMAL, 0));
	SELFTEST_EXPECT(!zone_watermark_ok(&zone, 3, min, ZONE_NORMAL, 0));
	zone.order_map[MIGRATE_HIGHATOMIC] = 0x8;
	SELFTEST_EXPECT(!zone_watermark_ok(&zone, 3, min, ZONE_NORMAL, 0));
	SELFTEST_EXPECT(zone_watermark_ok(&zone, 3, min, ZONE_NORMAL, ALLOC_HARDER));
	return 0;
}
SELFTEST("page/watermark-rules", test_watermark_rules);

/* Live: nobody who may not goes below min; the reserves serve those who may, each further than the one before. */
static int watermarks_once(void)
{
	static const gfp_t kinds[] = { GFP_NOWAIT | __GFP_NOMEMALLOC, __GFP_HIGH | __GFP_NOMEMALLOC,
				       GFP_ATOMIC, __GFP_MEMALLOC };
	struct zone *zone = largest_zone();
	unsigned long got[ARRAY_SIZE(kinds)] = { 0 };
	struct page *list = NULL, *page;
	bool below_min = false;

	drain_all_pages(NULL);
	for (unsigned int kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
		while (got[kind] < 400000 &&
		       (page = alloc_page(kinds[kind] | __GFP_NOWARN | __GFP_THISNODE))) {
			page->mapping = list;
			list = page;
			got[kind]++;
			if (kind == 3 && got[kind] >= 16)
				break;
		}
		if (kind == 0)
			below_min =
				zone_page_state(zone, NR_FREE_PAGES) + 2 < min_wmark_pages(zone);
	}
	while ((page = list)) {
		list = page->mapping;
		page->mapping = NULL;
		__free_page(page);
	}
	SELFTEST_EXPECT(got[0] > 0 && got[1] > 0 && got[2] > 0 && got[3] == 16);
	/* An interrupt, or a thread that frees memory, may have gone below. */
	return below_min ? -EAGAIN : 0;
}
static int test_watermarks(void)
{
	return selftest_repeat(watermarks_once);
}
SELFTEST("page/watermarks", test_watermarks);

/*
 * Each way counts the pages that went it, whatever others say they were: single pages and small blocks through the lists,
 * others from the free lists; and what all ways gave and took back is what the zones miss.
 */
static int ways_once(void)
{
	struct page_alloc_ways before, after, end;
	struct page *singles[16], *small, *large;
	bool counted;

	drain_all_pages(NULL); /* so that the first of each comes the long way */
	page_alloc_ways(&before);
	for (unsigned int i = 0; i < ARRAY_SIZE(singles); i++)
		singles[i] = alloc_page(GFP_KERNEL | __GFP_NOFAIL);
	small = alloc_pages(GFP_KERNEL | __GFP_NOFAIL, 2);
	large = alloc_pages(GFP_KERNEL | __GFP_NOFAIL, PAGE_ALLOC_COSTLY_ORDER + 1);
	page_alloc_ways(&after);
	for (unsigned int i = 0; i < ARRAY_SIZE(singles); i++)
		__free_page(singles[i]);
	__free_pages(small, 2);
	__free_pages(large, PAGE_ALLOC_COSTLY_ORDER + 1);
	page_alloc_ways(&end);
	counted = after.fast_pages + after.list_pages - before.fast_pages - before.list_pages ==
			  ARRAY_SIZE(singles) + 4 &&
		  after.buddy_pages - before.buddy_pages == 2u << PAGE_ALLOC_COSTLY_ORDER;
	return counted && after.counted_out == after.not_free && end.counted_out == end.not_free &&
			       end.not_free == before.not_free
		       ? 0
		       : -EAGAIN;
}
static int test_ways(void)
{
	return selftest_repeat(ways_once);
}
SELFTEST("page/ways", test_ways);

/* A loop of single pages takes the zone's lock once for a batch. */
static int test_batches(void)
{
	struct page_alloc_ways before, after;
	static struct page *pages[512];
	unsigned int n;

	drain_all_pages(NULL);
	page_alloc_ways(&before);
	for (n = 0; n < ARRAY_SIZE(pages); n++) {
		pages[n] = alloc_page(GFP_KERNEL | __GFP_NOWARN);
		if (!pages[n])
			break;
	}
	page_alloc_ways(&after);
	while (n)
		__free_page(pages[--n]);
	/* A small zone has a batch of a few pages, of which the carving of one block may take two. */
	SELFTEST_EXPECT(n == 0 && (after.refills - before.refills) * 3 <
					  2 * (after.fast_pages + after.list_pages -
					       before.fast_pages - before.list_pages));
	return 0;
}
SELFTEST("page/batches", test_batches);
