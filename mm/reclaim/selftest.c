// SPDX-License-Identifier: MIT
/* Boot self tests of reclaim: which pages it may take at all, and how much it asks of each shrinker. */
#include <kernel/selftest.h>
#include <mm/address_space.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/lru.h>
#include <mm/page_flags.h>
#include <mm/reclaim.h>
#include <mm/shrinker.h>

/* ---- folio_evictable() ---- */

enum kind { ANON, FILE_PAGE, LOCKED_FILE, MOVABLE, NR_KINDS };

/* Evictable is a question of those who rely on the page, movable of what it is: a page that is one of the two need not be the other. */
static const struct {
	bool mlocked;
	enum kind kind;
	bool evictable, movable;
} truth[] = {
	{ false, ANON, true, false },	      { true, ANON, false, false },
	{ false, FILE_PAGE, true, false },    { true, FILE_PAGE, false, false },
	{ false, LOCKED_FILE, false, false }, { true, LOCKED_FILE, false, false },
	{ false, MOVABLE, true, true },
};

static bool row_holds(struct folio *folio, unsigned int row)
{
	static struct address_space plain, locked;
	static const unsigned long tags[NR_KINDS] = {
		[ANON] = PAGE_MAPPING_ANON, [MOVABLE] = PAGE_MAPPING_MOVABLE
	};
	const enum kind kind = truth[row].kind;
	struct address_space *mapping = kind == LOCKED_FILE ? &locked : &plain;
	bool good;

	mapping_set_unevictable(&locked);
	folio->mapping = (struct address_space *)((unsigned long)mapping | tags[kind]);
	if (truth[row].mlocked)
		folio_set_mlocked(folio);
	good = folio_evictable(folio) == truth[row].evictable &&
	       __PageMovable(&folio->page) == truth[row].movable;
	folio_clear_mlocked(folio);
	folio->mapping = NULL;
	return good;
}

static int test_evictable(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 0);
	bool good = page;

	for (unsigned int row = 0; good && row < ARRAY_SIZE(truth); row++)
		good = row_holds(page_folio(page), row);
	if (page)
		__free_pages(page, 0);
	SELFTEST_EXPECT(good);
	return 0;
}
SELFTEST("reclaim: which pages are evictable, which movable", test_evictable);

/* ---- shrinkers ---- */

#define OBJECTS 40960UL

static unsigned long asked[2];

static unsigned long count_many(struct shrinker *shrinker, struct shrink_control *sc)
{
	return OBJECTS;
}

static unsigned long scan_some(struct shrinker *shrinker, struct shrink_control *sc);

static struct shrinker testers[2] = {
	{ .count_objects = count_many, .scan_objects = scan_some, .seeks = DEFAULT_SEEKS },
	{ .count_objects = count_many, .scan_objects = scan_some, .seeks = 4 * DEFAULT_SEEKS },
};

/* Every second one is free. */
static unsigned long scan_some(struct shrinker *shrinker, struct shrink_control *sc)
{
	asked[shrinker - testers] += sc->nr_to_scan;
	return sc->nr_to_scan / 2;
}

/* What is dear to make again (seeks) is asked less for; a quarter as often here. */
static bool is_proportional(int priority)
{
	asked[0] = asked[1] = 0;
	shrink_slab(GFP_KERNEL, 0, priority);
	return asked[0] == (OBJECTS >> priority) * 4 / testers[0].seeks &&
	       asked[1] == (OBJECTS >> priority) * 4 / testers[1].seeks;
}

/* Who registers at the same time makes shrink_slab() do nothing. */
static int ask_all(void)
{
	for (int priority = DEF_PRIORITY; priority >= 4; priority -= 4)
		if (!is_proportional(priority))
			return -EAGAIN;
	return 0;
}

static int test_shrinkers(void)
{
	int err;

	SELFTEST_EXPECT(!register_shrinker(testers, "test-cheap"));
	SELFTEST_EXPECT(!register_shrinker(testers + 1, "test-dear"));
	err = selftest_repeat(ask_all);
	unregister_shrinker(testers);
	unregister_shrinker(testers + 1);
	SELFTEST_EXPECT(!err);
	SELFTEST_EXPECT(atomic_long_read(&testers[0].nr_called));
	SELFTEST_EXPECT(atomic_long_read(&testers[0].nr_freed) ==
			atomic_long_read(&testers[0].nr_scanned) / 2);
	return 0;
}
SELFTEST("reclaim: shrinkers are asked by priority and by what their objects cost", test_shrinkers);
