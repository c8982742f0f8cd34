// SPDX-License-Identifier: MIT
/*
 * Locks under the deterministic scheduler: all interleavings of two or three threads with up to two preemptions
 * exclude one another and end; and locks that are broken on purpose are caught.
 */
#include <base/atomic.h>
#include <kernel/sched.h>
#include <seam/processor.h>
#include <sync/completion.h>
#include <sync/mutex.h>
#include <sync/rwlock.h>
#include <sync/rwsem.h>
#include <sync/seqlock.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <host/test.h>

/* What the lock guards: plain variables that only one may change at a time. */
static struct world {
	spinlock_t spin;
	rwlock_t rw;
	struct mutex mutex;
	struct rw_semaphore sem;
	seqlock_t seq;
	struct completion done;
	int inside, readers, total, a, b;
	bool broken_lock;
	int torn;
} w;

static void reset(void *arg)
{
	w = (struct world){ 0 };
	spin_lock_init(&w.spin, LOCK_TEST_A);
	rwlock_init(&w.rw, LOCK_TEST_A);
	mutex_init(&w.mutex, LOCK_TEST_M);
	init_rwsem(&w.sem, LOCK_TEST_M);
	seqlock_init(&w.seq, LOCK_TEST_A);
	init_completion(&w.done);
}

static void enter_alone(void)
{
	SCENARIO_CHECK(READ_ONCE(w.inside) == 0 && READ_ONCE(w.readers) == 0);
	WRITE_ONCE(w.inside, READ_ONCE(w.inside) + 1);
	SCENARIO_CHECK(READ_ONCE(w.inside) == 1);
	WRITE_ONCE(w.total, READ_ONCE(w.total) + 1);
	WRITE_ONCE(w.inside, READ_ONCE(w.inside) - 1);
}

static void enter_shared(void)
{
	SCENARIO_CHECK(READ_ONCE(w.inside) == 0);
	atomic_inc((atomic_t *)&w.readers);
	SCENARIO_CHECK(READ_ONCE(w.inside) == 0);
	atomic_dec((atomic_t *)&w.readers);
}

/* Interleavings of a large scenario to try at most; RUNS=0 in the environment tries all. */
static unsigned long limit(void)
{
	return os_env("RUNS", 1200);
}

static void explore(const char *name, struct host_scenario s)
{
	if (!s.setup)
		s.setup = reset;
	host_explore_widely(name, s, 300);
}

/* ---- spinlock ---- */
static void spin_twice(void *arg)
{
	for (int i = 0; i < 2; i++) {
		spin_lock(&w.spin);
		enter_alone();
		spin_unlock(&w.spin);
	}
}

static void spin_try(void *arg)
{
	if (spin_trylock(&w.spin)) {
		enter_alone();
		spin_unlock(&w.spin);
	}
}

static void total_4(void *arg)
{
	CHECK_EQ(w.total, 4);
}

TEST(explore_spinlock)
{
	explore("two threads", (struct host_scenario){ .fn = { spin_twice, spin_twice },
						       .n = 2,
						       .preemptions = 2,
						       .check = total_4 });
	explore("with trylock", (struct host_scenario){ .fn = { spin_twice, spin_try, spin_try },
							.n = 3,
							.preemptions = 1 });
}

/* ---- rwlock ---- */
static void rw_reader(void *arg)
{
	read_lock(&w.rw);
	enter_shared();
	read_unlock(&w.rw);
}

static void rw_writer(void *arg)
{
	write_lock(&w.rw);
	enter_alone();
	write_unlock(&w.rw);
}

TEST(explore_rwlock)
{
	explore("writer, reader",
		(struct host_scenario){ .fn = { rw_writer, rw_reader }, .n = 2, .preemptions = 2 });
	explore("writers, reader",
		(struct host_scenario){
			.fn = { rw_writer, rw_reader, rw_writer }, .n = 3, .preemptions = 1 });
}

/* ---- mutex ---- */
static void mutex_twice(void *arg)
{
	for (int i = 0; i < 2; i++) {
		mutex_lock(&w.mutex);
		enter_alone();
		mutex_unlock(&w.mutex);
	}
}

static void mutex_once(void *arg)
{
	mutex_lock(&w.mutex);
	enter_alone();
	mutex_unlock(&w.mutex);
}

static void mutex_free(void *arg)
{
	CHECK(!atomic_long_read(&w.mutex.owner));
	CHECK(list_empty(&w.mutex.wait_list));
}

TEST(explore_mutex)
{
	explore("two threads twice", (struct host_scenario){ .fn = { mutex_twice, mutex_twice },
							     .n = 2,
							     .preemptions = 2,
							     .check = mutex_free,
							     .runs = limit() });
	explore("three threads",
		(struct host_scenario){ .fn = { mutex_once, mutex_once, mutex_once },
					.n = 3,
					.preemptions = 2,
					.check = mutex_free,
					.runs = limit() });
}

/* ---- rwsem ---- */
static void sem_reader(void *arg)
{
	down_read(&w.sem);
	enter_shared();
	up_read(&w.sem);
}

static void sem_writer(void *arg)
{
	down_write(&w.sem);
	enter_alone();
	up_write(&w.sem);
}

static void sem_downgrader(void *arg)
{
	down_write(&w.sem);
	enter_alone();
	downgrade_write(&w.sem);
	enter_shared();
	up_read(&w.sem);
}

static void sem_writer_twice(void *arg)
{
	sem_writer(arg);
	sem_writer(arg);
}

static void sem_try(void *arg)
{
	if (down_write_trylock(&w.sem)) {
		enter_alone();
		up_write(&w.sem);
	}
	if (down_read_trylock(&w.sem)) {
		enter_shared();
		up_read(&w.sem);
	}
}

static void sem_free(void *arg)
{
	CHECK_EQ(atomic_long_read(&w.sem.count), 0);
	CHECK(list_empty(&w.sem.wait_list));
}

static void explore_sems(const char *what, void (*a)(void *), void (*b)(void *), void (*c)(void *))
{
	explore(what, (struct host_scenario){ .fn = { a, b, c },
					      .n = c ? 3 : 2,
					      .preemptions = 2,
					      .check = sem_free,
					      .runs = limit() });
}

static void explore_sems_all(void)
{
	explore_sems("writer, reader", sem_writer, sem_reader, NULL);
	explore_sems("writers, reader", sem_writer, sem_reader, sem_writer);
	explore_sems("readers, writer", sem_reader, sem_writer, sem_reader);
	explore_sems("downgrade", sem_downgrader, sem_reader, sem_try);
	explore_sems("thief, writer", sem_writer_twice, sem_writer, NULL);
	explore_sems("thief, writers", sem_writer_twice, sem_writer, sem_writer);
	explore_sems("thieves", sem_writer_twice, sem_writer_twice, sem_reader);
}

TEST(explore_rwsem)
{
	unsigned int patience = rwsem_patience;

	explore_sems_all();
	for (rwsem_patience = 1; rwsem_patience < 3; rwsem_patience++)
		explore_sems_all(); /* so few that small cases reach the hand-over */
	rwsem_patience = patience;
}

/* ---- seqlock ---- */
static void seq_writer(void *arg)
{
	for (int i = 1; i < 3; i++) {
		write_seqlock(&w.seq);
		WRITE_ONCE(w.a, i);
		WRITE_ONCE(w.b, i);
		write_sequnlock(&w.seq);
	}
}

static void seq_reader(void *arg)
{
	unsigned int seq;
	int a, b;

	do {
		seq = read_seqbegin(&w.seq);
		a = READ_ONCE(w.a);
		b = READ_ONCE(w.b);
	} while (read_seqretry(&w.seq, seq));
	SCENARIO_CHECK(a == b);
}

TEST(explore_seqlock)
{
	explore("writer, reader", (struct host_scenario){ .fn = { seq_writer, seq_reader },
							  .n = 2,
							  .preemptions = 2 });
	explore("writer, readers",
		(struct host_scenario){ .fn = { seq_writer, seq_reader, seq_reader },
					.n = 3,
					.preemptions = 2,
					.runs = limit() });
}

/* ---- completion ---- */
static void completer(void *arg)
{
	WRITE_ONCE(w.a, 1);
	complete(&w.done);
}

static void waiter(void *arg)
{
	wait_for_completion(&w.done);
	SCENARIO_CHECK(READ_ONCE(w.a) == 1);
}

static void timed_waiter(void *arg)
{
	if (wait_for_completion_timeout(&w.done, 5))
		SCENARIO_CHECK(READ_ONCE(w.a) == 1);
}

TEST(explore_completion)
{
	explore("one",
		(struct host_scenario){ .fn = { completer, waiter }, .n = 2, .preemptions = 3 });
	explore("two", (struct host_scenario){ .fn = { completer, waiter, completer },
					       .n = 3,
					       .preemptions = 2,
					       .runs = limit() });
	explore("time runs out",
		(struct host_scenario){ .fn = { completer, timed_waiter, timed_waiter },
					.n = 3,
					.preemptions = 1,
					.runs = limit() });
}

/* ---- a bit lock: wait_on_bit_lock() ---- */
static unsigned long bits;

static void bits_reset(void *arg)
{
	reset(arg);
	bits = 0;
}

static void bit_locker(void *arg)
{
	wait_on_bit_lock(&bits, 3, TASK_UNINTERRUPTIBLE);
	enter_alone();
	clear_and_wake_up_bit(3, &bits);
}

TEST(explore_bit_lock)
{
	explore("three", (struct host_scenario){ .setup = bits_reset,
						 .fn = { bit_locker, bit_locker, bit_locker },
						 .n = 3,
						 .preemptions = 2,
						 .runs = limit() });
}

/* ---- broken on purpose ---- */
static void broken_lock(void *arg)
{
	/* Test, then set: not atomic. */
	while (READ_ONCE(w.broken_lock))
		cpu_relax();
	WRITE_ONCE(w.broken_lock, true);
	enter_alone();
	WRITE_ONCE(w.broken_lock, false);
}

static wait_queue_head_t broken_queue;

static void lost_wakeup_reset(void *arg)
{
	reset(arg);
	init_waitqueue_head(&broken_queue);
}

static void lost_wakeup_sleeper(void *arg)
{
	DEFINE_WAIT(wait);

	/* Tests before it queues: the wake-up in between is lost. */
	if (!READ_ONCE(w.a)) {
		prepare_to_wait(&broken_queue, &wait, TASK_UNINTERRUPTIBLE);
		schedule();
		finish_wait(&broken_queue, &wait);
	}
}

static void lost_wakeup_waker(void *arg)
{
	WRITE_ONCE(w.a, 1);
	wake_up(&broken_queue);
}

TEST(broken_locks_are_caught)
{
	host_explore(&(struct host_scenario){ .setup = reset,
					      .fn = { broken_lock, broken_lock },
					      .n = 2,
					      .preemptions = 2,
					      .expect_failure = true });
	CHECK_EQ(host_failures, 1);
	host_explore(&(struct host_scenario){ .setup = lost_wakeup_reset,
					      .fn = { lost_wakeup_sleeper, lost_wakeup_waker },
					      .n = 2,
					      .preemptions = 1,
					      .expect_failure = true });
	CHECK_EQ(host_failures, 1);
}
