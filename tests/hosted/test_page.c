// SPDX-License-Identifier: MIT
/*
 * The page allocator in a process: its own self tests under sanitizers, then several CPUs at once with pages
 * that change hands, for ThreadSanitizer, and small cases in every interleaving. rooms: mm mode: tsan
 */
#include <host/test.h>
#define CHECK_EVERY 1
#include "../../mm/page/selftest.c"
#include "../../mm/page/selftest_model.c"
#include "../../mm/page/selftest_slow.c"
#include "../../mm/page/selftest_zone.c"

TEST(page_random)
{
	CHECK_EQ(test_random(), 0);
}
TEST(page_orders)
{
	CHECK_EQ(test_orders(), 0);
}
TEST(page_exact_and_bulk)
{
	CHECK_EQ(test_exact_and_bulk(), 0);
}
TEST(page_injected_failure)
{
	CHECK_EQ(test_injected_failure(), 0);
}
TEST(page_isolation)
{
	CHECK_EQ(test_isolation(), 0);
}
TEST(page_antifragmentation)
{
	CHECK_EQ(test_antifragmentation(), 0);
}
TEST(page_exhaustion)
{
	CHECK_EQ(test_exhaustion(), 0);
}
TEST(page_model)
{
	CHECK_EQ(test_descriptors(), 0);
	CHECK_EQ(test_references(), 0);
	CHECK_EQ(test_compound(), 0);
	CHECK_EQ(test_gfp_zones(), 0);
	CHECK_EQ(test_watermark_rules(), 0);
	CHECK_EQ(test_watermarks(), 0);
	CHECK_EQ(test_batches(), 0);
	CHECK_EQ(test_ways(), 0);
}
TEST(page_slow)
{
	CHECK_EQ(test_slow_path(), 0);
	CHECK_EQ(test_task_context(), 0);
	CHECK_EQ(test_nofail(), 0);
	CHECK_EQ(test_warning(), 0);
	CHECK_EQ(test_below_min(), 0);
	CHECK_EQ(test_crossing_low(), 0);
	CHECK_EQ(test_boost(), 0);
	CHECK_EQ(test_highatomic(), 0);
	CHECK_EQ(test_reserve_not_spread(), 0);
	CHECK_EQ(test_zero_once(), 0);
}
TEST(page_zone)
{
	CHECK_EQ(test_steal_largest(), 0);
	CHECK_EQ(test_unreserve_merged(), 0);
	CHECK_EQ(test_packing(), 0);
	CHECK_EQ(test_grouping(), 0);
}
TEST(page_ledger_loss)
{
	CHECK_EQ(test_ledger_loss(), 0);
}
TEST(page_ledger)
{
	CHECK_EQ(test_ledger(), 0);
}

/* ---- several CPUs ---- */

#define NR_THREADS 4
#define NR_BOXES   64
static struct page *boxes[NR_BOXES]; /* whoever finds a page in a box frees it */

static void page_worker(void *arg)
{
	u64 state = (u64)(unsigned long)arg * 2654435761u + 1;

	for (int step = 0; step < 3000; step++) {
		struct page *mine, *theirs;
		unsigned int order, box;

		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		order = state >> 40 & 7 ? 0 : state >> 50 & 3;
		box = state % NR_BOXES;
		mine = alloc_pages((state >> 30 & 1 ? GFP_KERNEL : GFP_HIGHUSER_MOVABLE) |
					   __GFP_COMP | __GFP_NOWARN,
				   order);
		if (mine)
			*(unsigned long *)page_address(mine) = page_to_pfn(mine);
		theirs = xchg(&boxes[box], mine);
		if (theirs) {
			CHECK(*(unsigned long *)page_address(theirs) == page_to_pfn(theirs));
			put_page(theirs);
		}
		if (step % 500 == 0)
			drain_local_pages(NULL);
	}
}

TEST(page_smp)
{
	unsigned long before = settled_free_pages();
	struct task_struct *threads[NR_THREADS];
	struct ledger quiet, busy;

	ledger_take(&quiet);
	for (unsigned long i = 0; i < NR_THREADS; i++)
		threads[i] = host_start(page_worker, (void *)(i + 1), i + 1, "page_worker");
	for (int i = 0; i < 20; i++) { /* whatever they do, each frame is seen once */
		ledger_take(&busy);
		CHECK_EQ(busy.total, quiet.total);
	}
	for (int i = 0; i < NR_THREADS; i++)
		host_join(threads[i]);
	for (int i = 0; i < NR_BOXES; i++)
		if (boxes[i])
			put_page(xchg(&boxes[i], NULL));
	buddy_check();
	CHECK_EQ(settled_free_pages(), before);
}

/* On a CPU of each node. */
static void stay(void *arg)
{
	CHECK_EQ(strays_here(), 0);
}

TEST(page_thisnode)
{
	host_join(host_start(stay, NULL, 1, "near"));
	host_join(host_start(stay, NULL, HOST_NR_CPUS - 1, "far"));
}

/* Marks are recomputed while others boost them and take boosts back: no boost is made of half of each. */
static void boosting(void *arg)
{
	struct zone *zone = page_zone(pfn_to_page(max_pfn - 1));

	for (int step = 0; step < 1000; step++) {
		spin_lock_irq(&zone->lock);
		zone_boost(zone, 0);
		spin_unlock_irq(&zone->lock);
		zone_unboost(zone, pageblock_nr_pages / 2);
	}
}

static void recomputing(void *arg)
{
	for (int step = 0; step < 1000; step++)
		setup_per_zone_wmarks();
}

TEST(page_watermarks_smp)
{
	struct page_alloc_ops saved = page_alloc_ops;
	struct task_struct *threads[2];

	page_alloc_ops.wake_kswapd = note_kswapd;
	threads[0] = host_start(boosting, NULL, 1, "boosting");
	threads[1] = host_start(recomputing, NULL, 2, "recomputing");
	host_join(threads[0]);
	host_join(threads[1]);
	page_alloc_ops = saved;
	setup_per_zone_wmarks();
}

/* ---- every interleaving of two frees of buddies and an allocation ---- */

static struct page *pair[2];

static void setup_pair(void *arg)
{
	struct page *block = alloc_pages(GFP_KERNEL, 1);

	split_page(block, 1);
	pair[0] = block;
	pair[1] = block + 1;
}

static void free_one_page_of(struct page *page);

static void free_first(void *arg)
{
	free_one_page_of(pair[0]);
}
static void free_second(void *arg)
{
	free_one_page_of(pair[1]);
}
static void check_pair(void *arg)
{
	buddy_check();
}

/* Straight into the buddy lists. */
static void free_one_page_of(struct page *page)
{
	if (put_page_testzero(page) && free_pages_prepare(page, 0))
		free_one_page(page, 0);
}

TEST(page_interleavings)
{
	struct host_scenario s = { .setup = setup_pair,
				   .fn = { free_first, free_second },
				   .n = 2,
				   .check = check_pair,
				   .preemptions = 2,
				   .runs = 500 };

	CHECK(host_explore(&s) > 1);
}
