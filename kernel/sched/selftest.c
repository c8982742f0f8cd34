// SPDX-License-Identifier: MIT
/* Boot self tests of tasks and time: switching, waking, fairness, affinity, timers, numbers. */
#include "internal.h"
#include <base/err.h>
#include <base/errno.h>
#include <sync/completion.h>
#include <sync/kthread.h>
#include <kernel/hrtimer.h>
#include <kernel/pid.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <kernel/selftest.h>
#include <kernel/tick.h>
#include <kernel/timekeeping.h>

static void check_all_queues(void)
{
	int cpu;

	for_each_online_cpu (cpu) {
		struct rq *rq = cpu_rq(cpu);
		unsigned long flags;

		spin_lock_irqsave(&rq->lock, flags);
		cfs_check(rq);
		spin_unlock_irqrestore(&rq->lock, flags);
	}
}

/* Two threads hand a turn to each other. */
#define PINGS 2000
static struct task_struct *players[2];
static int turn;

static int player(void *arg)
{
	int me = (long)arg;

	for (int i = 0; i < PINGS; i++) {
		for (;;) {
			set_current_state(TASK_INTERRUPTIBLE);
			if (READ_ONCE(turn) == me || kthread_should_stop())
				break;
			schedule();
		}
		__set_current_state(TASK_RUNNING);
		WRITE_ONCE(turn, !me);
		wake_up_process(players[!me]);
	}
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return PINGS;
}

static int test_ping_pong(void)
{
	turn = 2;
	for (long i = 0; i < 2; i++) {
		players[i] = kthread_create(player, (void *)i, "player/%ld", i);
		SELFTEST_EXPECT(!IS_ERR(players[i]));
	}
	wake_up_process(players[0]);
	wake_up_process(players[1]);
	WRITE_ONCE(turn, 0);
	wake_up_process(players[0]);
	for (int i = 0; i < 10 * HZ && READ_ONCE(turn) != 0; i++)
		schedule_timeout_uninterruptible(1);
	schedule_timeout_uninterruptible(HZ / 10);
	check_all_queues();
	SELFTEST_EXPECT(kthread_stop(players[0]) == PINGS);
	SELFTEST_EXPECT(kthread_stop(players[1]) == PINGS);
	return 0;
}
SELFTEST("sched_ping_pong", test_ping_pong);

/* Spinners on one CPU share it in proportion to their weights. */
static unsigned long work[3];

static int spinner(void *arg)
{
	unsigned long *count = arg;

	while (!kthread_should_stop()) {
		(*count)++;
		cpu_relax();
	}
	return 0;
}

/*
 * The host may take a CPU away in the middle of a turn; that time is charged to whoever has the turn, and until the others
 * have caught up the shares are uneven. On a busy host that happens in each window. But the debt is one turn at most, and is
 * paid back: what all windows so far add up to comes right however long the turns are.
 */
#define FAIR_WINDOWS 80

static bool shares_are_fair(const u64 ran[3])
{
	return ran[0] && ran[1] && ran[2] && ran[0] < ran[1] * 2 && ran[1] < ran[0] * 2 &&
	       ran[2] < ran[0] && ran[2] > ran[0] / 12; /* 335 : 1024 */
}

static int test_fairness(void)
{
	static const int nice[3] = { 0, 0, 5 };
	struct task_struct *t[3];
	u64 start[3] = { 0 }, all[3], ran[3];
	bool fair = false;

	for (int i = 0; i < 3; i++) {
		t[i] = kthread_create(spinner, &work[i], "spinner/%d", i);
		SELFTEST_EXPECT(!IS_ERR(t[i]));
		kthread_bind(t[i], 0);
		set_user_nice(t[i], nice[i]);
	}
	for (int i = 0; i < 3; i++)
		wake_up_process(t[i]);
	for (int window = 0; window < FAIR_WINDOWS && !fair; window++) {
		schedule_timeout_uninterruptible(HZ / 4);
		for (int i = 0; i < 3; i++) {
			all[i] = task_sched_runtime(t[i]);
			ran[i] = all[i] - start[i];
			start[i] = all[i];
		}
		fair = shares_are_fair(ran) || shares_are_fair(all);
		check_all_queues();
	}
	for (int i = 0; i < 3; i++)
		kthread_stop(t[i]);
	SELFTEST_EXPECT(fair);
	return 0;
}
SELFTEST("sched_fairness", test_fairness);

/* Each thread goes where its mask says. */
static int wanderer_cpu;

static int where_am_i(void *arg)
{
	while (!kthread_should_stop()) {
		WRITE_ONCE(wanderer_cpu, raw_smp_processor_id());
		schedule_timeout_interruptible(1);
	}
	return 0;
}

/* It gets there as soon as the host lets that CPU run; once there, it stays. */
static bool wanders_to(struct task_struct *t, int cpu)
{
	struct cpumask mask;

	cpumask_clear(&mask);
	cpumask_set_cpu(cpu, &mask);
	if (set_cpus_allowed_ptr(t, &mask))
		return false;
	for (int i = 0; i < 60 * HZ && READ_ONCE(wanderer_cpu) != cpu; i++)
		schedule_timeout_uninterruptible(1);
	schedule_timeout_uninterruptible(2);
	return READ_ONCE(wanderer_cpu) == cpu;
}

static int test_affinity(void)
{
	struct task_struct *t = kthread_run(where_am_i, NULL, "wanderer");
	struct cpumask mask;
	int cpu, lost = 0;

	SELFTEST_EXPECT(!IS_ERR(t));
	for_each_online_cpu (cpu)
		lost += !wanders_to(t, cpu);
	kthread_stop(t);
	SELFTEST_EXPECT(!lost);
	/* And current itself. */
	for_each_online_cpu (cpu) {
		cpumask_clear(&mask);
		cpumask_set_cpu(cpu, &mask);
		SELFTEST_EXPECT(set_cpus_allowed_ptr(current, &mask) == 0);
		SELFTEST_EXPECT(raw_smp_processor_id() == cpu);
	}
	SELFTEST_EXPECT(set_cpus_allowed_ptr(current, cpu_possible_mask) == 0);
	check_all_queues();
	return 0;
}
SELFTEST("sched_affinity", test_affinity);

/* Many sleepers and wakers on all CPUs at once. */
#define STORM_TASKS 16
static struct task_struct *storm[STORM_TASKS];

static int storm_fn(void *arg)
{
	long n = 0;

	while (!kthread_should_stop()) {
		struct task_struct *other = storm[get_random_u32_below(STORM_TASKS)];

		if (other)
			wake_up_process(other);
		set_current_state(TASK_INTERRUPTIBLE);
		if (n % 4)
			schedule_timeout(1);
		else
			__set_current_state(TASK_RUNNING);
		n++;
	}
	return 0;
}

static int test_storm(void)
{
	for (long i = 0; i < STORM_TASKS; i++) {
		struct task_struct *t = kthread_create(storm_fn, NULL, "storm/%ld", i);

		SELFTEST_EXPECT(!IS_ERR(t));
		storm[i] = t;
	}
	for (int i = 0; i < STORM_TASKS; i++)
		wake_up_process(storm[i]);
	for (int i = 0; i < 20; i++) {
		schedule_timeout_uninterruptible(HZ / 100 + 1);
		check_all_queues();
	}
	for (int i = 0; i < STORM_TASKS; i++)
		get_task_struct(storm[i]);
	for (int i = 0; i < STORM_TASKS; i++)
		SELFTEST_EXPECT(kthread_stop(storm[i]) == 0);
	for (int i = 0; i < STORM_TASKS; i++)
		put_task_struct(storm[i]);
	return 0;
}
SELFTEST("sched_storm", test_storm);

/*
 * Tasks that are preempted between the store of their state and schedule(), are carried to another CPU in this state and
 * woken there: each must stay in exactly one queue.
 */
#define HALF_ASLEEP 8
static struct task_struct *half_asleep[HALF_ASLEEP];

static int half_asleep_fn(void *arg)
{
	unsigned int next = (long)arg;

	while (!kthread_should_stop()) {
		for (int i = 0; i < 2000; i++) {
			struct task_struct *other = half_asleep[next++ % HALF_ASLEEP];

			set_current_state(TASK_INTERRUPTIBLE);
			if (other != current && READ_ONCE(other->__state))
				wake_up_process(other);
		}
		if (next % 4)
			schedule_timeout(1);
		__set_current_state(TASK_RUNNING);
	}
	return 0;
}

static int test_half_asleep(void)
{
	int failed = 0;

	for (long i = 0; i < HALF_ASLEEP; i++) {
		struct task_struct *t = kthread_create(half_asleep_fn, (void *)i, "half/%ld", i);

		SELFTEST_EXPECT(!IS_ERR(t));
		half_asleep[i] = get_task_struct(t);
	}
	for (int i = 0; i < HALF_ASLEEP; i++)
		wake_up_process(half_asleep[i]);
	for (int i = 0; i < 40; i++) {
		schedule_timeout_uninterruptible(HZ / 100 + 1);
		check_all_queues();
	}
	for (int i = 0; i < HALF_ASLEEP; i++)
		failed += kthread_stop(half_asleep[i]) != 0;
	for (int i = 0; i < HALF_ASLEEP; i++)
		put_task_struct(half_asleep[i]);
	SELFTEST_EXPECT(!failed);
	return 0;
}
SELFTEST("sched_half_asleep", test_half_asleep);

/* Sleeps take as long as they should: never less. */
static int test_sleep(void)
{
	ktime_t t = 3000000;
	u64 start = ktime_get_ns(), took;
	unsigned long tick;
	long left;

	__set_current_state(TASK_UNINTERRUPTIBLE);
	SELFTEST_EXPECT(schedule_hrtimeout(&t, HRTIMER_MODE_REL) == 0);
	took = ktime_get_ns() - start;
	SELFTEST_EXPECT(took >= 3000000);

	/* In ticks: where the host stops the CPU that counts them, some come late and close together. */
	tick = jiffies;
	left = schedule_timeout_uninterruptible(5);
	SELFTEST_EXPECT(left == 0 && jiffies - tick >= 5);
	return 0;
}
SELFTEST("time_sleep", test_sleep);

static unsigned int fired_order[4], nr_fired;

static void note_timer(struct timer_list *t)
{
	fired_order[nr_fired++ & 3] = t->expires & 0xff;
}

static int test_timers(void)
{
	static struct timer_list a, b, c;
	unsigned long now;
	int were_pending;

	nr_fired = 0;
	timer_setup(&a, note_timer, TIMER_PINNED);
	timer_setup(&b, note_timer, TIMER_PINNED);
	timer_setup(&c, note_timer, TIMER_PINNED);
	preempt_disable(); /* all on one CPU, which fires them in order */
	now = jiffies;
	were_pending =
		mod_timer(&a, now + 6) + mod_timer(&b, now + 3) + mod_timer(&c, now + 1000 * HZ);
	were_pending = were_pending * 2 + mod_timer(&c, now + 2000 * HZ);
	preempt_enable();
	SELFTEST_EXPECT(were_pending == 1);
	for (int i = 0; i < 60 * HZ && (timer_pending(&a) || timer_pending(&b)); i++)
		schedule_timeout_uninterruptible(1);
	SELFTEST_EXPECT(!timer_pending(&a) && !timer_pending(&b) && timer_pending(&c));
	SELFTEST_EXPECT(del_timer_sync(&c) == 1 && del_timer_sync(&a) == 0);
	SELFTEST_EXPECT(nr_fired == 2);
	SELFTEST_EXPECT(fired_order[0] == ((now + 3) & 0xff) &&
			fired_order[1] == ((now + 6) & 0xff));
	return 0;
}
SELFTEST("time_timers", test_timers);

/* A CPU that goes to sleep although a timer of its own is due is woken at once. */
static int test_overdue_timer(void)
{
	static struct timer_list timer;
	unsigned long flags;
	u64 next, now;

	nr_fired = 0;
	local_irq_save(flags);
	timer_setup(&timer, note_timer, TIMER_PINNED); /* on this CPU */
	mod_timer(&timer, jiffies + 1);
	tick_idle_enter();
	for (u64 end = ktime_get_ns() + 3 * TICK_NSEC; ktime_get_ns() < end;)
		cpu_relax();
	tick_irq_enter(); /* moves jiffies on, runs nothing */
	next = tick_next_event();
	now = ktime_get_ns();
	tick_idle_exit();
	local_irq_restore(flags);
	for (int i = 0; i < 60 * HZ && timer_pending(&timer); i++)
		schedule_timeout_uninterruptible(1);
	SELFTEST_EXPECT(next <= now);
	SELFTEST_EXPECT(nr_fired == 1 && !timer_pending(&timer));
	return 0;
}
SELFTEST("time_overdue_timer", test_overdue_timer);

static int test_pids(void)
{
	struct pid *a = alloc_pid(0), *b;

	SELFTEST_EXPECT(!IS_ERR(a));
	b = alloc_pid(a->nr);
	SELFTEST_EXPECT(IS_ERR(b) && PTR_ERR(b) == -EEXIST);
	b = alloc_pid(pid_max);
	SELFTEST_EXPECT(IS_ERR(b) && PTR_ERR(b) == -EINVAL);
	rcu_read_lock();
	SELFTEST_EXPECT(find_vpid(a->nr) == a && !pid_task(a, PIDTYPE_PID));
	rcu_read_unlock();
	free_pid(a);
	return 0;
}
SELFTEST("pid_numbers", test_pids);
