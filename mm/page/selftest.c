// SPDX-License-Identifier: MIT
/*
 * Self tests of the page allocator: at boot with `selftest`, and in the hosted build under sanitizers.
 * Random sequences of allocations and frees against a simple model (a table of what is held), the check
 * functions after each round, and the number of free pages the same before and after.
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <kernel/selftest.h>
#include <kernel/task.h>
#include <mm/fault_inject.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/ledger.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include "page_internal.h"

/* Steps from one check of all lists to the next; hosted each step is checked. */
#ifndef CHECK_EVERY
#define CHECK_EVERY 64
#endif

static u64 random_state = 88172645463325252ULL;

static u32 random_below(u32 n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (u32)(random_state >> 32) % n;
}

/* Free pages, those in per-CPU lists included, once these are empty. */
static unsigned long settled_free_pages(void)
{
	drain_all_pages(NULL);
	return nr_free_pages();
}

/* A held block is filled with its own number at the start of each page: overlap destroys it. */
struct held {
	struct page *page;
	unsigned int order;
};

static void mark(struct held *h)
{
	for (unsigned int i = 0; i < 1u << h->order; i++)
		*(unsigned long *)page_address(h->page + i) = page_to_pfn(h->page + i);
}

static bool intact(const struct held *h)
{
	for (unsigned int i = 0; i < 1u << h->order; i++)
		if (*(unsigned long *)page_address(h->page + i) != page_to_pfn(h->page + i))
			return false;
	return true;
}

static bool zeroed(struct page *page, unsigned int order)
{
	const unsigned long *p = page_address(page);

	for (size_t i = 0; i < (PAGE_SIZE << order) / sizeof(long); i++)
		if (p[i])
			return false;
	return true;
}

#define NR_HELD 64

static int random_once(void)
{
	static const gfp_t kinds[] = {
		GFP_KERNEL, GFP_HIGHUSER_MOVABLE,    GFP_KERNEL | __GFP_RECLAIMABLE,
		GFP_ATOMIC, GFP_KERNEL | __GFP_ZERO, GFP_DMA | GFP_ATOMIC
	};
	static struct held held[NR_HELD];
	unsigned long before = settled_free_pages();

	memset(held, 0, sizeof(held));
	for (unsigned int step = 0; step < 4000; step++) {
		struct held *h = &held[random_below(NR_HELD)];

		if (h->page) {
			SELFTEST_EXPECT(intact(h));
			SELFTEST_EXPECT(page_ref_count(h->page) == 1);
			__free_pages(h->page, h->order);
			h->page = NULL;
		} else {
			gfp_t gfp = kinds[random_below(ARRAY_SIZE(kinds))] | __GFP_NOWARN;

			h->order = random_below(8) ? random_below(4) : random_below(8);
			if (h->order && random_below(2))
				gfp |= __GFP_COMP;
			h->page = alloc_pages(gfp, h->order);
			if (!h->page)
				continue;
			SELFTEST_EXPECT((page_to_pfn(h->page) & ((1ul << h->order) - 1)) == 0);
			SELFTEST_EXPECT(page_ref_count(h->page) == 1 && !page_mapcount(h->page));
			SELFTEST_EXPECT(!(gfp & __GFP_ZERO) || zeroed(h->page, h->order));
			SELFTEST_EXPECT(!(gfp & __GFP_DMA) || page_zonenum(h->page) == ZONE_DMA);
			SELFTEST_EXPECT(!(gfp & __GFP_COMP) || compound_order(h->page) == h->order);
			mark(h);
		}
		if (step % CHECK_EVERY == 0) {
			buddy_check();
			pcp_check();
		}
	}
	for (unsigned int i = 0; i < NR_HELD; i++)
		if (held[i].page)
			__free_pages(held[i].page, held[i].order);
	buddy_check();
	return settled_free_pages() == before ? 0 : -EAGAIN;
}
static int test_random(void)
{
	return selftest_repeat(random_once);
}
SELFTEST("page/random", test_random);

static int orders_once(void)
{
	unsigned long before = settled_free_pages();

	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_NOWARN, order);

		if (!page)
			continue; /* a small machine may have no such block */
		SELFTEST_EXPECT(folio_nr_pages(page_folio(page)) == 1L << order);
		SELFTEST_EXPECT(page_folio(page + (1ul << order) - 1) == page_folio(page));
		get_page(page + (1ul << order) / 2);
		SELFTEST_EXPECT(page_count(page) == 2);
		put_page(page);
		put_page(page);
	}
	SELFTEST_EXPECT(!alloc_pages(GFP_KERNEL | __GFP_NOWARN, MAX_ORDER - 1 + 1));
	return settled_free_pages() == before ? 0 : -EAGAIN;
}
static int test_orders(void)
{
	return selftest_repeat(orders_once);
}
SELFTEST("page/orders", test_orders);

static int exact_and_bulk_once(void)
{
	unsigned long before = settled_free_pages();
	struct page *pages[70] = { NULL };
	void *p = alloc_pages_exact(5 * PAGE_SIZE, GFP_KERNEL);
	bool taken;

	SELFTEST_EXPECT(p);
	taken = settled_free_pages() == before - 5;
	free_pages_exact(p, 5 * PAGE_SIZE);
	if (!taken)
		return -EAGAIN;
	SELFTEST_EXPECT(alloc_pages_bulk_array(GFP_KERNEL, ARRAY_SIZE(pages), pages) ==
			ARRAY_SIZE(pages));
	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++)
		__free_page(pages[i]);
	buddy_check();
	return settled_free_pages() == before ? 0 : -EAGAIN;
}
static int test_exact_and_bulk(void)
{
	return selftest_repeat(exact_and_bulk_once);
}
SELFTEST("page/exact-and-bulk", test_exact_and_bulk);

/* Each n-th allocation of a loop fails: what was taken is given back, and nothing is lost. */
static int injected_failure_once(void)
{
	unsigned long before = settled_free_pages();
	bool others = false;

	for (unsigned int n = 1; n <= 10; n++) {
		struct page *pages[10] = { NULL };
		unsigned int got = 0;

		fault_attrs[FAULT_PAGE].verbose = 0;
		fault_attrs[FAULT_PAGE].nth = n;
		fault_update();
		while (got < ARRAY_SIZE(pages) && (pages[got] = alloc_page(GFP_KERNEL)))
			got++;
		/* Someone else's was one of the n. */
		others |= got != n - 1;
		while (got)
			__free_page(pages[--got]);
		SELFTEST_EXPECT(!fault_attrs[FAULT_PAGE].nth && !fault_armed);
	}
	return !others && settled_free_pages() == before ? 0 : -EAGAIN;
}
static int test_injected_failure(void)
{
	return selftest_repeat(injected_failure_once);
}
SELFTEST("page/injected-failure", test_injected_failure);

/* An isolated pageblock gives nothing, and gives everything back afterwards. */
static int isolation_once(void)
{
	struct page *page = alloc_page(GFP_HIGHUSER_MOVABLE), *other;
	unsigned long pfn, before;

	SELFTEST_EXPECT(page);
	pfn = page_to_pfn(page) & ~(MAX_ORDER_NR_PAGES - 1);
	before = settled_free_pages();
	SELFTEST_EXPECT(!start_isolate_page_range(pfn, pfn + MAX_ORDER_NR_PAGES, MIGRATE_MOVABLE, 0,
						  GFP_KERNEL));
	buddy_check();
	__free_page(page);
	for (int i = 0; i < 100; i++) {
		other = alloc_page(GFP_HIGHUSER_MOVABLE | __GFP_NOWARN);
		if (!other)
			break;
		SELFTEST_EXPECT((page_to_pfn(other) & ~(MAX_ORDER_NR_PAGES - 1)) != pfn);
		__free_page(other);
	}
	undo_isolate_page_range(pfn, pfn + MAX_ORDER_NR_PAGES, MIGRATE_MOVABLE);
	buddy_check();
	return settled_free_pages() == before + 1 ? 0 : -EAGAIN;
}
static int test_isolation(void)
{
	return selftest_repeat(isolation_once);
}
SELFTEST("page/isolation", test_isolation);

/* Unmovable pages cluster: after many of them, few pageblocks are unmovable. */
static int antifragmentation_once(void)
{
	static struct page *movable[512], *unmovable[512];
	unsigned long blocks[64], nr_blocks = 0, before = settled_free_pages();

	for (unsigned int i = 0; i < 512; i++) {
		movable[i] = alloc_page(GFP_HIGHUSER_MOVABLE | __GFP_NOWARN);
		unmovable[i] = alloc_page(GFP_KERNEL | __GFP_NOWARN);
	}
	for (unsigned int i = 0; i < 512; i++) {
		unsigned long block = unmovable[i] ? page_to_pfn(unmovable[i]) >> pageblock_order
						   : 0,
			      j;

		for (j = 0; unmovable[i] && j < nr_blocks && blocks[j] != block; j++)
			;
		if (unmovable[i] && j == nr_blocks && nr_blocks < ARRAY_SIZE(blocks))
			blocks[nr_blocks++] = block;
	}
	for (unsigned int i = 0; i < 512; i++) {
		if (movable[i])
			__free_page(movable[i]);
		if (unmovable[i])
			__free_page(unmovable[i]);
	}
	SELFTEST_EXPECT(nr_blocks <= 8);
	buddy_check();
	return settled_free_pages() == before ? 0 : -EAGAIN;
}
static int test_antifragmentation(void)
{
	return selftest_repeat(antifragmentation_once);
}
SELFTEST("page/antifragmentation", test_antifragmentation);

/* All of memory, until nothing is left for an ordinary request; then all of it back. */
static int exhaustion_once(void)
{
	unsigned long before = settled_free_pages(), got = 0;
	struct page *list = NULL, *page;

	while ((page = alloc_page(__GFP_NOWARN | __GFP_NOMEMALLOC))) {
		page->mapping = list;
		list = page;
		got++;
	}
	buddy_check();
	SELFTEST_EXPECT(got > before / 2);
	page = alloc_page(__GFP_HIGH |
			  __GFP_NOWARN); /* the reserve is there for those who cannot wait */
	SELFTEST_EXPECT(page);
	__free_page(page);
	while ((page = list)) {
		list = page->mapping;
		page->mapping = NULL;
		__free_page(page);
	}
	buddy_check();
	return settled_free_pages() == before ? 0 : -EAGAIN;
}
static int test_exhaustion(void)
{
	return selftest_repeat(exhaustion_once);
}
SELFTEST("page/exhaustion", test_exhaustion);

static int test_ledger(void)
{
	unsigned long sum = 0;
	struct ledger l;

	SELFTEST_EXPECT(ledger_check() == 0);
	ledger_take(&l);
	for (int i = 0; i < NR_LEDGER_ACCOUNTS; i++)
		sum += l.pages[i];
	SELFTEST_EXPECT(sum == l.total);
	return 0;
}
SELFTEST("page/ledger", test_ledger);

/* One page lost in each account where that can be played: that account differs by one, and no other. */
static int test_ledger_loss(void)
{
	static const enum ledger_account accounts[] = {
		LEDGER_OTHER, LEDGER_TABLE,   LEDGER_PGD,     LEDGER_SPARE,
		LEDGER_STACK, LEDGER_VMALLOC, LEDGER_KMALLOC, LEDGER_PERCPU,
		LEDGER_PIPE,  LEDGER_OFFLINE, LEDGER_POISON
	};
	struct ledger l;

	for (unsigned int i = 0; i < ARRAY_SIZE(accounts); i++) {
		bool alone = false;

		SELFTEST_EXPECT(!ledger_lose_page(ledger_account_name(accounts[i])));
		/* What others take during a walk may differ, too. */
		for (int tries = 0; tries < 20 && !alone; tries++)
			alone = ledger_compare(&l) == 1 && !ledger_account_agrees(&l, accounts[i]);
		SELFTEST_EXPECT(!ledger_lose_page("none"));
		SELFTEST_EXPECT(alone);
		SELFTEST_EXPECT(!ledger_compare(&l));
	}
	SELFTEST_EXPECT(ledger_lose_page("free") == -EINVAL);
	return 0;
}
SELFTEST("page/ledger-loss", test_ledger_loss);
