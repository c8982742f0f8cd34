// SPDX-License-Identifier: MIT
/*
 * The reserve of a node and those who wait for it (mm/reclaim/throttle.c) under the deterministic scheduler, in whose runs time only
 * passes when nobody can go on: a wake-up that is lost shows as a deadlock, or as a second that has gone by. kswapd is played: it is woken
 * as the real one is, and frees what the scenario gives it. rooms: mm
 */
#include <base/nodemask.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/timer.h>
#include <mm/gfp.h>
#include <mm/reclaim.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include <sync/wait.h>
#include <host/test.h>
#include "../../mm/reclaim/reclaim_internal.h"

#define ORDER  6 /* of a block: so large that no CPU keeps it for itself */
#define BLOCKS 2

static struct pglist_data *node;
static struct page *blocks[BLOCKS];
static gfp_t gfp;
static int work;	   /* runs of kswapd that free a block */
static bool balanced_soon; /* his last run gives one zone its high mark, and the others nothing */
static int nr_runs, nr_waiting;
static bool over, skipped;
static long start_events;

static void set_marks(struct zone *zone, unsigned long pages)
{
	for (int w = WMARK_MIN; w <= WMARK_HIGH; w++)
		WRITE_ONCE(zone->_watermark[w], pages);
}

static unsigned long free_pages_of_node(void)
{
	unsigned long free = 0;

	for (int i = 0; i <= ZONE_NORMAL; i++)
		free += zone_page_state(node->node_zones + i, NR_FREE_PAGES);
	return free;
}

static bool half_is_free(void)
{
	unsigned long reserve = 0;

	for (int i = 0; i <= ZONE_NORMAL; i++)
		reserve += node->node_zones[i]._watermark[WMARK_MIN];
	return free_pages_of_node() > reserve / 2;
}

static long events(void)
{
	long n = 0;

	for (unsigned int cpu = 0; cpu < HOST_NR_CPUS; cpu++)
		n += per_cpu(vm_event_states, cpu).event[PGSCAN_DIRECT_THROTTLE];
	return n;
}

/* All of the blocks, less a page, are missing for more than half of the reserve to be free. */
static void make_short(void)
{
	unsigned long missing = (BLOCKS << ORDER) - 1;

	for (int i = 0; i <= ZONE_NORMAL; i++) {
		struct zone *zone = node->node_zones + i;

		if (!managed_zone(zone))
			continue;
		set_marks(zone, 2 * (zone_page_state(zone, NR_FREE_PAGES) + missing));
		missing = 0;
	}
}

static void setup(void *arg)
{
	node = NODE_DATA(0);
	init_waitqueue_head(&node->kswapd_wait);
	init_waitqueue_head(&node->pfmemalloc_wait);
	node->kswapd = current;
	node->kswapd_failures = 0;
	node->kswapd_asked = false;
	for (int i = 0; i < BLOCKS; i++) {
		blocks[i] = alloc_pages_node(0, GFP_KERNEL | __GFP_THISNODE, ORDER);
		CHECK(blocks[i]);
	}
	make_short();
	CHECK(!half_is_free());
	nr_runs = nr_waiting = 0;
	over = skipped = false;
	start_events = events();
}

static void tear_down(void)
{
	node->kswapd = NULL;
	node->kswapd_failures = 0;
	setup_per_zone_wmarks();
	for (int i = 0; i < BLOCKS; i++)
		if (blocks[i])
			__free_pages(blocks[i], ORDER);
	SCENARIO_CHECK(!waitqueue_active(&node->pfmemalloc_wait));
}

static unsigned long waited; /* jiffies */

static bool throttle(const nodemask_t *mask)
{
	const unsigned long start = jiffies;
	bool killed;
	const struct alloc_context ac = { .zonelist = node_zonelist(0, gfp),
					  .nodemask = mask,
					  .highest_zoneidx = ZONE_NORMAL };

	killed = throttle_direct_reclaim(gfp, &ac);
	waited = jiffies - start;
	return killed;
}

/* ---- kswapd ---- */

static void one_run_of_kswapd(void)
{
	nr_runs++;
	if (nr_runs <= work) {
		__free_pages(blocks[nr_runs - 1], ORDER);
		blocks[nr_runs - 1] = NULL;
		reclaim_unthrottle(node, false);
	} else if (balanced_soon) {
		WRITE_ONCE(node->node_zones->_watermark[WMARK_HIGH], 0);
	} else {
		WRITE_ONCE(node->kswapd_failures, node->kswapd_failures + 1);
	}
	reclaim_unthrottle(node, true);
}

static void kswapd(void *arg)
{
	for (;;) {
		wait_event_interruptible(node->kswapd_wait,
					 READ_ONCE(node->kswapd_asked) || READ_ONCE(over));
		if (READ_ONCE(over))
			return;
		WRITE_ONCE(node->kswapd_asked, false);
		one_run_of_kswapd();
	}
}

/* The last of those who waited is through: kswapd may go home. */
static void is_through(void)
{
	if (__atomic_sub_fetch(&nr_waiting, 1, __ATOMIC_SEQ_CST))
		return;
	WRITE_ONCE(over, true);
	wake_up_interruptible(&node->kswapd_wait);
}

/* ---- who waits until kswapd has freed enough ---- */

static void needs_pages(void *arg)
{
	SCENARIO_CHECK(!throttle(NULL) && !waited);
	SCENARIO_CHECK(half_is_free());
	is_through();
}

static void setup_one(void *arg)
{
	setup(arg);
	nr_waiting = 1;
}

static void setup_two(void *arg)
{
	setup(arg);
	nr_waiting = 2;
}

static void check_freed(void *arg)
{
	long counted = events() - start_events;

	/* The second one may come when the first one has let kswapd work. */
	SCENARIO_CHECK(counted >= 1 && counted <= 2);
	SCENARIO_CHECK(nr_runs >= BLOCKS);
	SCENARIO_CHECK(!node->kswapd_failures || nr_runs > BLOCKS);
	tear_down();
}

static void explore(const char *what, struct host_scenario s)
{
	s.preemptions = 2;
	s.runs = os_env("RUNS", 400);
	host_explore_widely(what, s, 200);
}

TEST(who_waits_is_woken_when_half_of_the_reserve_is_free)
{
	const gfp_t kinds[] = { GFP_KERNEL, GFP_NOFS };

	work = BLOCKS;
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		gfp = kinds[i];
		explore(i ? "not for a file system" : "one",
			(struct host_scenario){ .setup = setup_one,
						.fn = { needs_pages, kswapd },
						.n = 2,
						.check = check_freed });
		explore("two", (struct host_scenario){ .setup = setup_two,
						       .fn = { needs_pages, kswapd, needs_pages },
						       .n = 3,
						       .check = check_freed });
	}
}

/* ---- or gives up ---- */

static void finds_no_hope(void *arg)
{
	SCENARIO_CHECK(!throttle(NULL) && !waited);
	SCENARIO_CHECK(node_unreclaimable(node) && !half_is_free());
	SCENARIO_CHECK(!throttle(NULL));
	is_through();
}

static void check_hopeless(void *arg)
{
	SCENARIO_CHECK(events() - start_events == 1);
	SCENARIO_CHECK(nr_runs == MAX_RECLAIM_RETRIES + work);
	tear_down();
}

/* kswapd is asked again and again while somebody waits; nobody waits for the clock. */
TEST(who_waits_goes_on_when_kswapd_gives_up)
{
	gfp = GFP_KERNEL;
	for (work = 0; work < BLOCKS; work++)
		explore(work ? "after it has freed something" : "at once",
			(struct host_scenario){ .setup = setup_one,
						.fn = { finds_no_hope, kswapd },
						.n = 2,
						.check = check_hopeless });
}

/* ---- or has nothing to do ---- */

static void finds_a_balance(void *arg)
{
	SCENARIO_CHECK(!throttle(NULL) && !waited);
	SCENARIO_CHECK(!half_is_free());
	SCENARIO_CHECK(!throttle(NULL));
	is_through();
}

static void check_balanced(void *arg)
{
	SCENARIO_CHECK(events() - start_events == 1);
	SCENARIO_CHECK(nr_runs >= 1 && nr_runs <= 2); /* he may be asked again during the run */
	tear_down();
}

TEST(who_waits_goes_on_when_kswapd_has_nothing_to_do)
{
	gfp = GFP_KERNEL;
	work = 0;
	balanced_soon = true;
	explore("balanced", (struct host_scenario){ .setup = setup_one,
						    .fn = { finds_a_balance, kswapd },
						    .n = 2,
						    .check = check_balanced });
	balanced_soon = false;
}

/* ---- for how long ---- */

static void needs_pages_long(void *arg)
{
	SCENARIO_CHECK(!throttle(NULL));
	is_through();
}

static void frees_late(void *arg)
{
	schedule_timeout_uninterruptible(3 * HZ);
	for (nr_runs = 0; nr_runs < BLOCKS; nr_runs++) {
		__free_pages(blocks[nr_runs], ORDER);
		blocks[nr_runs] = NULL;
	}
	reclaim_unthrottle(node, false);
}

static void check_waited(void *arg)
{
	SCENARIO_CHECK(waited == (gfp & __GFP_FS ? 3 * HZ : HZ));
	SCENARIO_CHECK(events() - start_events == 1);
	tear_down();
}

/* What kswapd may wait for, who may not wait for a file system may hold. */
TEST(only_who_may_not_wait_for_a_file_system_waits_for_a_second_at_most)
{
	const gfp_t kinds[] = { GFP_KERNEL, GFP_NOFS, GFP_NOIO };

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		gfp = kinds[i];
		explore("a slow kswapd",
			(struct host_scenario){ .setup = setup_one,
						.fn = { needs_pages_long, frees_late },
						.n = 2,
						.check = check_waited });
	}
}

/* ---- who is killed ---- */

static struct task_struct *victim;

static void is_killed(void *arg)
{
	WRITE_ONCE(victim, current);
	wake_up_interruptible(&node->kswapd_wait);
	skipped = !throttle(NULL);
	SCENARIO_CHECK(!waited);
	SCENARIO_CHECK(fatal_signal_pending(current));
}

static void kills(void *arg)
{
	wait_event_interruptible(node->kswapd_wait, READ_ONCE(victim));
	sigaddset(&victim->pending.signal, SIGKILL);
	set_tsk_thread_flag(victim, TIF_SIGPENDING);
	wake_up_state(victim, TASK_INTERRUPTIBLE | TASK_WAKEKILL);
}

static void setup_victim(void *arg)
{
	setup(arg);
	victim = NULL;
}

static long nr_skipped, nr_killed;

static void check_killed(void *arg)
{
	SCENARIO_CHECK(events() - start_events == !skipped);
	SCENARIO_CHECK(!half_is_free());
	nr_skipped += skipped;
	nr_killed += !skipped;
	tear_down();
}

/* Nobody frees anything here. */
TEST(who_is_killed_waits_no_more)
{
	const gfp_t kinds[] = { GFP_KERNEL, GFP_NOFS };

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		gfp = kinds[i];
		explore("killed", (struct host_scenario){ .setup = setup_victim,
							  .fn = { is_killed, kills },
							  .n = 2,
							  .check = check_killed });
	}
	host_note("%ld before, %ld while he waited", nr_skipped, nr_killed);
	CHECK(nr_skipped && nr_killed);
}

/* ---- who does not wait at all: he would wait for ever here ---- */

static void goes_on(const nodemask_t *mask)
{
	SCENARIO_CHECK(!throttle(mask) && !waited);
}

static void frees_memory_or_dies(void *arg)
{
	current->flags |= PF_KTHREAD;
	goes_on(NULL);
	current->flags &= ~PF_KTHREAD;
	set_thread_flag(TIF_SIGPENDING);
	sigaddset(&current->pending.signal, SIGKILL);
	goes_on(NULL);
}

static void needs_nothing_from_here(void *arg)
{
	nodemask_t other = { { [0] = 1UL << 1 } };

	goes_on(&other); /* the node that he may use is not short */
}

static void knows_better(void *arg)
{
	node->kswapd_failures = MAX_RECLAIM_RETRIES;
	goes_on(NULL);
	node->kswapd_failures = 0;
	node->kswapd = NULL;
	goes_on(NULL);
	node->kswapd = current;
	for (int i = 0; i <= ZONE_NORMAL; i++) /* half, and a page */
		set_marks(node->node_zones + i, 0);
	set_marks(node->node_zones, 2 * free_pages_of_node() - 1);
	goes_on(NULL);
}

static void check_uncounted(void *arg)
{
	SCENARIO_CHECK(events() == start_events);
	tear_down();
}

static void alone(const char *what, void (*fn)(void *))
{
	gfp = GFP_KERNEL;
	explore(what, (struct host_scenario){
			      .setup = setup, .fn = { fn }, .n = 1, .check = check_uncounted });
}

TEST(who_frees_memory_or_is_about_to_die_is_not_held_up)
{
	alone("kernel thread, killed", frees_memory_or_dies);
}

TEST(nor_who_has_nothing_to_wait_for)
{
	alone("another node", needs_nothing_from_here);
	alone("no hope, no kswapd, no shortage", knows_better);
}
