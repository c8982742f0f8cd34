// SPDX-License-Identifier: MIT
/*
 * Boot self tests of sync/: each kind of lock error is provoked and must be reported (debug builds); memory
 * ordering litmus tests on the real CPUs; RCU, work queues and kernel threads at work.
 */
#include <base/err.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/selftest.h>
#include <kernel/task.h>
#include <mm/slab.h>
#include <seam/barrier.h>
#include <seam/processor.h>
#include <seam/smp.h>
#include <sync/completion.h>
#include <sync/kthread.h>
#include <sync/mutex.h>
#include <sync/rcu.h>
#include <sync/rwlock.h>
#include <sync/rwsem.h>
#include <sync/spinlock.h>
#include <sync/workqueue.h>
#include "lockdep_internal.h"

#if QUIRE_DEBUG

static DEFINE_SPINLOCK(test_a, LOCK_TEST_A);
static DEFINE_SPINLOCK(test_b, LOCK_TEST_B);
static DEFINE_MUTEX(test_m, LOCK_TEST_M);
static DEFINE_MUTEX(test_m2, LOCK_TEST_M);

static struct lockdep_capture capture;

static void capture_begin(void)
{
	capture = (struct lockdep_capture){ .task = current };
	lockdep_capture = &capture;
}

/* Exactly @n reports of kind @what, none of another kind. */
static bool captured(enum lockdep_error what, unsigned int n)
{
	bool ok = true;

	lockdep_capture = NULL;
	for (int i = 0; i < NR_LOCKDEP_ERRORS; i++)
		ok &= capture.count[i] == (i == (int)what ? n : 0);
	if (!ok)
		for (int i = 0; i < NR_LOCKDEP_ERRORS; i++)
			pr_info("lockdep selftest: error %d reported %u times\n", i,
				capture.count[i]);
	return ok;
}

static int lock_order(void)
{
	/* The right way: silence. */
	capture_begin();
	spin_lock(&test_a);
	spin_lock(&test_b);
	spin_unlock(&test_b);
	spin_unlock(&test_a);
	SELFTEST_EXPECT(captured(LOCKDEP_ORDER, 0));
	/* The wrong way round. */
	capture_begin();
	spin_lock(&test_b);
	spin_lock(&test_a);
	spin_unlock(&test_a);
	spin_unlock(&test_b);
	SELFTEST_EXPECT(captured(LOCKDEP_ORDER, 1));
	SELFTEST_EXPECT(capture.here && capture.there);
	/* The same rank twice, without and with a word of warning. */
	capture_begin();
	mutex_lock(&test_m);
	mutex_lock(&test_m2);
	mutex_unlock(&test_m2);
	mutex_lock_nested(&test_m2, SINGLE_DEPTH_NESTING);
	mutex_unlock(&test_m2);
	mutex_unlock(&test_m);
	SELFTEST_EXPECT(captured(LOCKDEP_ORDER, 1));
	return 0;
}
SELFTEST("sync/lock order", lock_order);

static int lock_recursion(void)
{
	capture_begin();
	spin_lock(&test_a);
	/* What a second spin_lock() would do first; doing the rest would be the end. */
	lock_acquire(&test_a, LOCK_TEST_A, 0, 0);
	lock_release(&test_a);
	spin_unlock(&test_a);
	SELFTEST_EXPECT(captured(LOCKDEP_RECURSION, 1));
	capture_begin();
	lock_release(&test_a);
	SELFTEST_EXPECT(captured(LOCKDEP_NOT_HELD, 1));
	return 0;
}
SELFTEST("sync/self-deadlock", lock_recursion);

static int lock_sleep(void)
{
	capture_begin();
	spin_lock(&test_a);
	might_sleep();
	spin_unlock(&test_a);
	SELFTEST_EXPECT(captured(LOCKDEP_SLEEP, 1));
	SELFTEST_EXPECT(capture.there);
	capture_begin();
	rcu_read_lock();
	might_sleep();
	rcu_read_unlock();
	SELFTEST_EXPECT(captured(LOCKDEP_SLEEP, 1));
	capture_begin();
	local_irq_disable();
	might_sleep();
	local_irq_enable();
	SELFTEST_EXPECT(captured(LOCKDEP_SLEEP, 1));
	return 0;
}
SELFTEST("sync/sleeping while atomic", lock_sleep);

static DEFINE_SPINLOCK(test_irq, LOCK_TEST_IRQ);

static void take_in_irq(void *unused)
{
	unsigned int count = in_hardirq() ? 0 : HARDIRQ_OFFSET;

	/* On this CPU it is a plain call: be an interrupt as far as the count tells. */
	__preempt_count_add(count);
	spin_lock(&test_irq);
	spin_unlock(&test_irq);
	__preempt_count_sub(count);
}

static int lock_irq(void)
{
	unsigned long flags;

	/* With interrupts enabled here, then in an interrupt. */
	capture_begin();
	spin_lock(&test_irq);
	spin_unlock(&test_irq);
	local_irq_save(flags);
	take_in_irq(NULL);
	local_irq_restore(flags);
	SELFTEST_EXPECT(captured(LOCKDEP_IRQ, 1));
	return 0;
}
SELFTEST("sync/irq-unsafe use", lock_irq);

#endif

/* ---- litmus tests: two CPUs, each its two accesses, many times ---- */

#define LITMUS_ROUNDS 2000

static struct {
	int x ____cacheline_aligned;
	int y ____cacheline_aligned;
	int r0 ____cacheline_aligned;
	int r1 ____cacheline_aligned;
	atomic_t at_start ____cacheline_aligned;
	bool barrier;
} lit;

/* Both CPUs go on together. */
static void meet(int round, int which)
{
	atomic_inc(&lit.at_start);
	while (atomic_read(&lit.at_start) < 2 * (2 * round + which + 1))
		cpu_relax();
}

static int litmus_sb(int me, int round)
{
	int *mine = me ? &lit.y : &lit.x, *other = me ? &lit.x : &lit.y;

	WRITE_ONCE(*mine, round + 1);
	if (lit.barrier)
		smp_mb();
	return READ_ONCE(*other) == round + 1;
}

static int other_cpu(void *arg)
{
	int (*side)(int, int) = arg;

	for (int i = 0; i < LITMUS_ROUNDS; i++) {
		preempt_disable();
		meet(i, 0);
		WRITE_ONCE(lit.r1, side(1, i));
		meet(i, 1);
		preempt_enable();
		cond_resched();
	}
	return 0;
}

/* How often did both sides read the old value? -1: could not run. */
static int run_litmus(int (*side)(int, int), bool barrier)
{
	struct cpumask allowed;
	struct task_struct *k;
	int both = 0, cpu, me;

	if (num_online_cpus() < 2)
		return 0;
	/* Both stay where they are: they wait for each other with preemption disabled. */
	cpumask_copy(&allowed, &current->cpus_mask);
	me = raw_smp_processor_id();
	if (set_cpus_allowed_ptr(current, cpumask_of(me)))
		return -1;
	cpu = cpumask_any_but(cpu_online_mask, me);
	lit.barrier = barrier;
	atomic_set(&lit.at_start, 0);
	lit.x = lit.y = 0;
	k = kthread_create_on_cpu(other_cpu, side, cpu, "litmus/%u");
	if (IS_ERR(k)) {
		set_cpus_allowed_ptr(current, &allowed);
		return -1;
	}
	get_task_struct(k);
	wake_up_process(k);
	for (int i = 0; i < LITMUS_ROUNDS; i++) {
		preempt_disable();
		meet(i, 0);
		WRITE_ONCE(lit.r0, side(0, i));
		meet(i, 1);
		both += !READ_ONCE(lit.r0) && !READ_ONCE(lit.r1);
		preempt_enable();
		cond_resched();
	}
	kthread_stop(k);
	put_task_struct(k);
	set_cpus_allowed_ptr(current, &allowed);
	return both;
}

/* Store buffering: with full barriers at least one side sees the other's store. */
static int store_buffering(void)
{
	int with = run_litmus(litmus_sb, true), without = run_litmus(litmus_sb, false);

	pr_info("litmus: store buffering seen %d times of %d without barriers, %d with\n", without,
		LITMUS_ROUNDS, with);
	SELFTEST_EXPECT(with == 0);
	return 0;
}
SELFTEST("sync/litmus store buffering", store_buffering);

/* Message passing: who sees the flag sees the message. Never both: 1 means seen without the message. */
static int litmus_mp(int me, int round)
{
	if (me) {
		WRITE_ONCE(lit.x, round + 1);
		smp_store_release(&lit.y, round + 1);
		return 0;
	}
	if (smp_load_acquire(&lit.y) != round + 1)
		return 1;
	return READ_ONCE(lit.x) == round + 1;
}

static int message_passing(void)
{
	SELFTEST_EXPECT(run_litmus(litmus_mp, true) == 0);
	return 0;
}
SELFTEST("sync/litmus message passing", message_passing);

/* Load buffering: no side sees a store that the other makes after its own load. 0: it did. */
static int litmus_lb(int me, int round)
{
	int *mine = me ? &lit.y : &lit.x, *other = me ? &lit.x : &lit.y;
	bool saw = READ_ONCE(*other) == round + 1;

	smp_mb();
	WRITE_ONCE(*mine, round + 1);
	return !saw;
}

static int load_buffering(void)
{
	SELFTEST_EXPECT(run_litmus(litmus_lb, true) == 0);
	return 0;
}
SELFTEST("sync/litmus load buffering", load_buffering);

/* ---- RCU, works ---- */

static atomic_t seen;

static void rcu_seen(struct rcu_head *head)
{
	atomic_inc(&seen);
	kfree(head);
}

static int rcu_works(void)
{
	unsigned long before = rcu_gp_completed();

	atomic_set(&seen, 0);
	for (int i = 0; i < 64; i++) {
		struct rcu_head *h = kmalloc(sizeof(*h), GFP_KERNEL);

		SELFTEST_EXPECT(h);
		call_rcu(h, rcu_seen);
	}
	rcu_barrier();
	SELFTEST_EXPECT(atomic_read(&seen) == 64);
	SELFTEST_EXPECT(rcu_gp_completed() > before);
	synchronize_rcu();
	return 0;
}
SELFTEST("sync/rcu", rcu_works);

static void count_work(struct work_struct *work)
{
	atomic_inc(&seen);
}

static int works_run(void)
{
	static struct work_struct work;
	static struct delayed_work dw;

	atomic_set(&seen, 0);
	INIT_WORK(&work, count_work);
	for (int i = 0; i < 10; i++) {
		SELFTEST_EXPECT(schedule_work(&work));
		flush_work(&work);
	}
	SELFTEST_EXPECT(atomic_read(&seen) == 10);
	INIT_DELAYED_WORK(&dw, count_work);
	schedule_delayed_work(&dw, 2);
	for (int i = 0; i < 60 * HZ && atomic_read(&seen) < 11; i++)
		schedule_timeout_uninterruptible(1);
	flush_work(&dw.work);
	SELFTEST_EXPECT(atomic_read(&seen) == 11);
	SELFTEST_EXPECT(schedule_on_each_cpu(count_work) == 0);
	SELFTEST_EXPECT(atomic_read(&seen) == 11 + (int)num_online_cpus());
	return 0;
}
SELFTEST("sync/work queues", works_run);
