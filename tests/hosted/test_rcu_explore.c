// SPDX-License-Identifier: MIT
/* RCU under the deterministic scheduler: no reader sees an object after its grace period; without one it is caught. */
#include <kernel/sched.h>
#include <sync/rcu.h>
#include <host/test.h>

static struct thing {
	int alive;
} things[3], *shared;

static void setup(void *arg)
{
	for (int i = 0; i < 3; i++)
		things[i].alive = 1;
	shared = &things[0];
}

static void reader(void *arg)
{
	for (int i = 0; i < 2; i++) {
		struct thing *t;

		rcu_read_lock();
		t = rcu_dereference(shared);
		SCENARIO_CHECK(READ_ONCE(t->alive));
		SCENARIO_CHECK(READ_ONCE(t->alive));
		rcu_read_unlock();
	}
}

static void writer(void *arg)
{
	struct thing *old = shared;

	rcu_assign_pointer(shared, &things[1]);
	synchronize_rcu();
	WRITE_ONCE(old->alive, 0);
}

static void hasty_writer(void *arg)
{
	struct thing *old = shared;

	rcu_assign_pointer(shared, &things[1]);
	WRITE_ONCE(old->alive, 0);
}

TEST(explore_synchronize_rcu)
{
	unsigned long runs = host_explore(&(struct host_scenario){ .setup = setup,
								   .fn = { writer, reader, reader },
								   .n = 3,
								   .preemptions = 2,
								   .runs = os_env("RUNS", 2000) });

	host_note("%lu interleavings", runs);
	runs = host_explore(&(struct host_scenario){ .setup = setup,
						     .fn = { writer, reader, reader },
						     .n = 3,
						     .preemptions = -1,
						     .runs = 500 });
}

TEST(a_writer_that_does_not_wait_is_caught)
{
	host_explore(&(struct host_scenario){ .setup = setup,
					      .fn = { hasty_writer, reader },
					      .n = 2,
					      .preemptions = 1,
					      .expect_failure = true });
	CHECK_EQ(host_failures, 1);
}
