// SPDX-License-Identifier: MIT
/*
 * Locks, RCU, work queues, kernel threads and counters on real threads. mode: tsan
 */
#include <base/err.h>
#include <kernel/sched.h>
#include <kernel/timer.h>
#include <mm/slab.h>
#include <seam/smp.h>
#include <sync/completion.h>
#include <sync/kthread.h>
#include <sync/mutex.h>
#include <sync/percpu_counter.h>
#include <sync/rcu.h>
#include <sync/rwsem.h>
#include <sync/seqlock.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <sync/workqueue.h>
#include <host/heap.h>
#include <host/test.h>

#define THREADS 4
#define ROUNDS	2000

static DEFINE_SPINLOCK(spin, LOCK_TEST_A);
static DEFINE_RWLOCK(rw, LOCK_TEST_A);
static DEFINE_MUTEX(mutex, LOCK_UNRANKED);
static DECLARE_RWSEM(sem, LOCK_TEST_M);
static DEFINE_SEQLOCK(seq, LOCK_TEST_A);
static long plain, pair_a, pair_b; /* plain accesses: ThreadSanitizer complains if a lock fails */

static void on_threads(void (*fn)(void *), unsigned int n)
{
	struct task_struct *t[HOST_NR_CPUS];

	for (unsigned int i = 0; i < n; i++)
		t[i] = host_start(fn, (void *)(unsigned long)i, 1 + i % (HOST_NR_CPUS - 2),
				  "worker");
	for (unsigned int i = 0; i < n; i++)
		host_join(t[i]);
}

static void spin_user(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		unsigned long flags;

		spin_lock_irqsave(&spin, flags);
		plain++;
		spin_unlock_irqrestore(&spin, flags);
	}
}

TEST(spinlock_counts)
{
	plain = 0;
	on_threads(spin_user, THREADS);
	CHECK_EQ(plain, THREADS * ROUNDS);
}

static void rw_user(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		if (i % 8 == 0) {
			write_lock(&rw);
			pair_a++;
			pair_b++;
			write_unlock(&rw);
		} else {
			read_lock(&rw);
			CHECK_EQ(pair_a, pair_b);
			read_unlock(&rw);
		}
	}
}

TEST(rwlock_excludes_writers)
{
	pair_a = pair_b = 0;
	on_threads(rw_user, THREADS);
	CHECK_EQ(pair_a, THREADS * ROUNDS / 8);
}

static void mutex_user(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		if (i % 16 == 0 && mutex_trylock(&mutex)) {
			plain++;
			mutex_unlock(&mutex);
			continue;
		}
		mutex_lock(&mutex);
		plain++;
		if (i % 64 == 0)
			yield(); /* let others queue */
		mutex_unlock(&mutex);
	}
}

TEST(mutex_counts)
{
	plain = 0;
	on_threads(mutex_user, THREADS);
	CHECK_EQ(plain, THREADS * ROUNDS);
	CHECK_EQ(atomic_long_read(&mutex.owner), 0);
}

static void sem_user(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		if (i % 8 == 0) {
			down_write(&sem);
			pair_a++;
			pair_b++;
			if (i % 16 == 0) {
				downgrade_write(&sem);
				CHECK_EQ(pair_a, pair_b);
				up_read(&sem);
			} else {
				up_write(&sem);
			}
		} else {
			down_read(&sem);
			CHECK_EQ(pair_a, pair_b);
			if (i % 64 == 1)
				yield();
			up_read(&sem);
		}
	}
}

TEST(rwsem_excludes_writers)
{
	pair_a = pair_b = 0;
	on_threads(sem_user, THREADS);
	CHECK_EQ(pair_a, THREADS * ROUNDS / 8);
	CHECK_EQ(atomic_long_read(&sem.count), 0);
}

static void signalled_waiter(void *arg)
{
	set_thread_flag(TIF_SIGPENDING);
	sigaddset(&current->pending.signal, SIGKILL);
	CHECK_EQ(down_write_killable(&sem), -EINTR);
	CHECK_EQ(mutex_lock_killable(&mutex), -EINTR);
	CHECK_EQ(mutex_lock_interruptible(&mutex), -EINTR);
}

TEST(killed_waiters_leave_no_trace)
{
	down_read(&sem);
	mutex_lock(&mutex);
	on_threads(signalled_waiter, 3);
	CHECK_EQ(atomic_long_read(&sem.count), RWSEM_READER);
	CHECK(mutex.wait_list.next == &mutex.wait_list);
	mutex_unlock(&mutex);
	CHECK_EQ(atomic_long_read(&mutex.owner), 0);
	up_read(&sem);
	CHECK(down_write_trylock(&sem));
	up_write(&sem);
}

static void seq_user(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		unsigned int s;
		long a, b;

		if ((unsigned long)arg == 0) {
			write_seqlock(&seq);
			WRITE_ONCE(pair_a, i);
			WRITE_ONCE(pair_b, i);
			write_sequnlock(&seq);
			continue;
		}
		do {
			s = read_seqbegin(&seq);
			a = READ_ONCE(pair_a);
			b = READ_ONCE(pair_b);
		} while (read_seqretry(&seq, s));
		CHECK_EQ(a, b);
	}
}

TEST(seqlock_shows_no_half_written_pair)
{
	WRITE_ONCE(pair_a, 0);
	WRITE_ONCE(pair_b, 0);
	on_threads(seq_user, THREADS);
}

/* ---- wait queues, completions ---- */
static DECLARE_WAIT_QUEUE_HEAD(queue);
static DECLARE_COMPLETION(completion);
static int ball;

static void player(void *arg)
{
	int me = (long)arg;

	for (int i = 0; i < 200; i++) {
		wait_event(queue, READ_ONCE(ball) % 2 == me);
		WRITE_ONCE(ball, READ_ONCE(ball) + 1);
		wake_up(&queue);
	}
}

TEST(wait_event_ping_pong)
{
	ball = 0;
	on_threads(player, 2);
	CHECK_EQ(ball, 400);
	CHECK(!waitqueue_active(&queue));
}

TEST(timeouts_end)
{
	long left = wait_event_timeout(queue, READ_ONCE(ball) == -1, 5);

	CHECK_EQ(left, 0);
	left = wait_event_timeout(queue, READ_ONCE(ball) != -1, 5);
	CHECK(left >= 1);
	CHECK_EQ(wait_for_completion_timeout(&completion, 3), 0);
	complete(&completion);
	CHECK(wait_for_completion_timeout(&completion, 3) > 0);
	complete_all(&completion);
	wait_for_completion(&completion);
	CHECK(completion_done(&completion));
}

/* ---- RCU ---- */
struct thing {
	struct rcu_head rcu;
	long alive, value;
};
static struct thing *shared;
static int stop;
static long freed;

static void thing_free(struct rcu_head *head)
{
	struct thing *t = container_of(head, struct thing, rcu);

	t->alive = 0;
	kfree(t);
	__atomic_add_fetch(&freed, 1, __ATOMIC_RELAXED);
}

static void rcu_reader(void *arg)
{
	while (!READ_ONCE(stop)) {
		for (int i = 0; i < 50; i++) {
			struct thing *t;

			rcu_read_lock();
			t = rcu_dereference(shared);
			CHECK_EQ(t->alive, 0x600d); /* a freed one: AddressSanitizer and this */
			rcu_read_unlock();
		}
		cond_resched();
		yield();
	}
}

static struct thing *new_thing(void)
{
	struct thing *t = kzalloc(sizeof(*t), GFP_KERNEL);

	t->alive = 0x600d;
	return t;
}

static void rcu_writer(void *arg)
{
	for (int i = 0; i < 300; i++) {
		struct thing *old = rcu_replace_pointer(shared, new_thing(), true);

		if (i % 30 == 0) {
			synchronize_rcu();
			thing_free(&old->rcu);
		} else if (i % 3 == 0) {
			kfree_rcu(old, rcu);
			__atomic_add_fetch(&freed, 1, __ATOMIC_RELAXED);
		} else {
			call_rcu(&old->rcu, thing_free);
		}
	}
	rcu_barrier();
	WRITE_ONCE(stop, 1);
}

static void rcu_mix(void *arg)
{
	if ((long)arg == 0)
		rcu_writer(arg);
	else
		rcu_reader(arg);
}

TEST(rcu_frees_after_readers)
{
	long objects = host_heap_objects;

	shared = new_thing();
	on_threads(rcu_mix, THREADS);
	CHECK_EQ(freed, 300);
	kfree(shared);
	CHECK_EQ(host_heap_objects, objects);
	CHECK(rcu_gp_completed() > 0);
	host_note("%lu grace periods", rcu_gp_completed());
}

TEST(rcu_barrier_waits_for_idle_cpus)
{
	freed = 0;
	for (int i = 0; i < 100; i++)
		call_rcu(&new_thing()->rcu, thing_free);
	rcu_barrier();
	CHECK_EQ(freed, 100);
	CHECK_EQ(rcu_pending_callbacks(), 0);
}

/* ---- kernel threads ---- */
static int counting_thread(void *arg)
{
	long *n = arg;

	while (!kthread_should_stop()) {
		WRITE_ONCE(*n, READ_ONCE(*n) + 1);
		schedule_timeout_interruptible(1);
	}
	return 42;
}

TEST(kthread_stop_answers_the_result)
{
	long n = 0;
	struct task_struct *k = kthread_run(counting_thread, &n, "counter/%d", 7);

	CHECK(!IS_ERR(k));
	while (!READ_ONCE(n))
		schedule_timeout_uninterruptible(1);
	CHECK_EQ(kthread_stop(k), 42);
	k = kthread_create(counting_thread, &n, "never");
	CHECK_EQ(kthread_stop(k), -EINTR);
}

/* ---- work queues ---- */
static atomic_t ran, running, most;

static void count_work(struct work_struct *work)
{
	int now = atomic_inc_return(&running), old = atomic_read(&most);

	while (now > old && !atomic_try_cmpxchg(&most, &old, now))
		;
	atomic_inc(&ran);
	if (host_random() % 4 == 0)
		schedule_timeout_uninterruptible(1);
	atomic_dec(&running);
}

TEST(works_run_once_for_each_queueing)
{
	static struct work_struct works[50];

	atomic_set(&ran, 0);
	for (int i = 0; i < 50; i++) {
		INIT_WORK(&works[i], count_work);
		CHECK(i % 2 ? schedule_work(&works[i]) : queue_work(system_unbound_wq, &works[i]));
	}
	for (int i = 0; i < 50; i++)
		flush_work(&works[i]);
	CHECK_EQ(atomic_read(&ran), 50);
}

TEST(ordered_queue_runs_one_at_a_time)
{
	static struct work_struct works[30];
	struct workqueue_struct *wq = alloc_ordered_workqueue("ordered", 0);

	atomic_set(&ran, 0);
	atomic_set(&most, 0);
	for (int i = 0; i < 30; i++) {
		INIT_WORK(&works[i], count_work);
		queue_work(wq, &works[i]);
	}
	flush_workqueue(wq);
	CHECK_EQ(atomic_read(&ran), 30);
	CHECK_EQ(atomic_read(&most), 1);
	destroy_workqueue(wq);
}

static void blocking_work(struct work_struct *work)
{
	wait_for_completion(&completion);
	atomic_inc(&ran);
}

static void waking_work(struct work_struct *work)
{
	complete_all(&completion);
}

TEST(a_blocked_worker_does_not_stop_the_pool)
{
	struct work_struct a, b, c;

	reinit_completion(&completion);
	atomic_set(&ran, 0);
	INIT_WORK(&a, blocking_work);
	INIT_WORK(&b, blocking_work);
	INIT_WORK(&c, waking_work);
	schedule_work(&a);
	schedule_work(&b);
	schedule_work(&c);
	flush_work(&a);
	flush_work(&b);
	flush_work(&c);
	CHECK_EQ(atomic_read(&ran), 2);
}

static void tick_work(struct work_struct *work)
{
	atomic_inc(&ran);
}

TEST(delayed_works)
{
	static DECLARE_DELAYED_WORK(dw, tick_work);

	atomic_set(&ran, 0);
	CHECK(schedule_delayed_work(&dw, 100000));
	CHECK(!schedule_delayed_work(&dw, 3)); /* for it waits already, however long this takes */
	mod_delayed_work(system_wq, &dw, 3);
	flush_delayed_work(&dw);
	CHECK_EQ(atomic_read(&ran), 1);
	schedule_delayed_work(&dw, 100000);
	CHECK(delayed_work_pending(&dw));
	CHECK(cancel_delayed_work_sync(&dw));
	CHECK(!cancel_delayed_work_sync(&dw));
	CHECK_EQ(atomic_read(&ran), 1);
	schedule_delayed_work(&dw, 100000);
	mod_delayed_work(system_wq, &dw, 1);
	while (atomic_read(&ran) < 2)
		schedule_timeout_uninterruptible(1);
}

/* ---- counters ---- */
static struct percpu_counter counter;

static void counter_user(void *arg)
{
	for (int i = 0; i < ROUNDS; i++)
		percpu_counter_add(&counter, i % 2 ? 3 : -1);
}

TEST(percpu_counter_sum_is_exact)
{
	CHECK_EQ(percpu_counter_init(&counter, 100, GFP_KERNEL), 0);
	on_threads(counter_user, THREADS);
	CHECK_EQ(percpu_counter_sum(&counter), 100 + THREADS * ROUNDS);
	CHECK_EQ(percpu_counter_compare(&counter, 100 + THREADS * ROUNDS), 0);
	CHECK_EQ(percpu_counter_compare(&counter, 0), 1);
	percpu_counter_destroy(&counter);
	host_fail_nth = 1;
	CHECK_EQ(percpu_counter_init(&counter, 0, GFP_KERNEL), -ENOMEM);
}

/* ---- calls to other CPUs ---- */
static void note_cpu(void *info)
{
	CHECK(in_hardirq() || irqs_disabled());
	atomic_add(1 << (4 * smp_processor_id()), info);
}

TEST(calls_reach_each_cpu_once)
{
	atomic_t who = ATOMIC_INIT(0);

	for (int i = 0; i < 3; i++) {
		atomic_set(&who, 0);
		on_each_cpu(note_cpu, &who, 1);
		CHECK_EQ((u32)atomic_read(&who), 0x11111111);
	}
	CHECK_EQ(smp_call_function_single(HOST_NR_CPUS, note_cpu, &who, 1), -ENXIO);
}
