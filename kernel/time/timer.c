// SPDX-License-Identifier: MIT
/*
 * Coarse timers.
 *
 * 1 Purpose. A function is called, in interrupt context on some CPU, at the first tick at or after `expires`.
 * 2 Each CPU has a base: a red-black tree by expiry, equal ones in the order of arming. A pending timer
 *   belongs to the base of the CPU in its flags; arming an idle timer brings it to the base of this CPU,
 *   unless its function runs elsewhere at this moment or it is pinned.
 * 3 Invariants: timer->pending <=> it is in the tree of base(flags & TIMER_CPUMASK).
 * 4 Lock: base->lock, taken with interrupts off; never two at once. While a timer changes base it has
 *   TIMER_MIGRATING set, and lock_timer_base() waits.
 * 6 Linux 6.1 has a wheel that rounds long time-outs; here they are exact, and the next event of a CPU that
 *   wants to sleep is the leftmost node. With some dozens of timers a tree is as cheap.
 */
#include <base/bug.h>
#include <base/compiler.h>
#include <base/cpumask.h>
#include <seam/irqflags.h>
#include <seam/percpu.h>
#include <seam/smp.h>
#include <sync/spinlock.h>
#include <kernel/init.h>
#include <kernel/sched.h>
#include <kernel/timer.h>

struct timer_base {
	spinlock_t lock;
	struct rb_root_cached tree;
	struct timer_list *running; /* its function runs now */
};
static DEFINE_PER_CPU_ALIGNED(struct timer_base, timer_bases);

static struct timer_base *base_of(u32 flags)
{
	return per_cpu_ptr(&timer_bases, flags & TIMER_CPUMASK);
}

void timer_setup(struct timer_list *timer, void (*func)(struct timer_list *), unsigned int flags)
{
	timer->pending = false;
	timer->expires = 0;
	timer->function = func;
	timer->flags = flags | raw_smp_processor_id();
}

static void enqueue(struct timer_base *base, struct timer_list *timer)
{
	struct rb_node **link = &base->tree.rb_root.rb_node, *parent = NULL;
	bool first = true;

	while (*link) {
		parent = *link;
		if (time_before(timer->expires,
				rb_entry(parent, struct timer_list, entry)->expires)) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			first = false;
		}
	}
	rb_link_node(&timer->entry, parent, link);
	rb_insert_color_cached(&timer->entry, &base->tree, first);
	WRITE_ONCE(timer->pending, true);
}

static bool dequeue(struct timer_base *base, struct timer_list *timer)
{
	if (!timer->pending)
		return false;
	rb_erase_cached(&timer->entry, &base->tree);
	WRITE_ONCE(timer->pending, false);
	return true;
}

/* Lock the base of @timer. */
static struct timer_base *lock_timer_base(struct timer_list *timer, unsigned long *flags)
{
	for (;;) {
		u32 tf = READ_ONCE(timer->flags);
		struct timer_base *base;

		if (!(tf & TIMER_MIGRATING)) {
			base = base_of(tf);
			spin_lock_irqsave(&base->lock, *flags);
			if (timer->flags == tf)
				return base;
			spin_unlock_irqrestore(&base->lock, *flags);
		}
		cpu_relax();
	}
}

/* Carry the idle @timer from locked @base to that of @cpu, which is locked then. */
static struct timer_base *change_base(struct timer_base *base, struct timer_list *timer, int cpu)
{
	struct timer_base *new = per_cpu_ptr(&timer_bases, cpu);

	if (new == base || base->running == timer)
		return base;
	WRITE_ONCE(timer->flags, timer->flags | TIMER_MIGRATING);
	spin_unlock(&base->lock);
	spin_lock(&new->lock);
	smp_store_release(&timer->flags,
			  (timer->flags & ~(TIMER_CPUMASK | TIMER_MIGRATING)) | (u32)cpu);
	return new;
}

enum mod_mode { MOD_ANY, MOD_PENDING, MOD_REDUCE };

static int __mod_timer(struct timer_list *timer, unsigned long expires, enum mod_mode mode, int cpu)
{
	struct timer_base *base;
	unsigned long flags;
	bool pending, first;

	if (mode != MOD_PENDING && timer_pending(timer) && timer->expires == expires)
		return 1;
	base = lock_timer_base(timer, &flags);
	pending = timer->pending;
	if ((mode == MOD_PENDING && !pending) ||
	    (mode == MOD_REDUCE && pending && !time_before(expires, timer->expires))) {
		spin_unlock_irqrestore(&base->lock, flags);
		return pending;
	}
	dequeue(base, timer);
	if (cpu < 0)
		cpu = timer->flags & TIMER_PINNED ? (int)(timer->flags & TIMER_CPUMASK)
						  : raw_smp_processor_id();
	base = change_base(base, timer, cpu);
	timer->expires = expires;
	enqueue(base, timer);
	cpu = timer->flags & TIMER_CPUMASK;
	first = rb_first_cached(&base->tree) == &timer->entry;
	spin_unlock_irqrestore(&base->lock, flags);
	if (first && cpu != raw_smp_processor_id() && idle_cpu(cpu))
		smp_send_reschedule(cpu); /* it sleeps without a tick: let it look */
	return pending;
}

int mod_timer(struct timer_list *timer, unsigned long expires)
{
	return __mod_timer(timer, expires, MOD_ANY, -1);
}

int del_timer(struct timer_list *timer)
{
	struct timer_base *base;
	unsigned long flags;
	int ret;

	if (!timer_pending(timer))
		return 0;
	base = lock_timer_base(timer, &flags);
	ret = dequeue(base, timer);
	spin_unlock_irqrestore(&base->lock, flags);
	return ret;
}

/* -1: its function runs on another CPU. */
int try_to_del_timer_sync(struct timer_list *timer)
{
	unsigned long flags;
	struct timer_base *base = lock_timer_base(timer, &flags);
	int ret = -1;

	if (base->running != timer)
		ret = dequeue(base, timer);
	spin_unlock_irqrestore(&base->lock, flags);
	return ret;
}

int del_timer_sync(struct timer_list *timer)
{
	int ret;

	while ((ret = try_to_del_timer_sync(timer)) < 0)
		cpu_relax();
	return ret;
}

/* => interrupts disabled */
void run_local_timers(void)
{
	struct timer_base *base = this_cpu_ptr(&timer_bases);
	struct rb_node *n;

	if (!base->tree.rb_leftmost)
		return;
	spin_lock(&base->lock);
	while ((n = rb_first_cached(&base->tree))) {
		struct timer_list *timer = rb_entry(n, struct timer_list, entry);

		if (time_after(timer->expires, jiffies))
			break;
		dequeue(base, timer);
		base->running = timer;
		spin_unlock(&base->lock);
		timer->function(timer);
		spin_lock(&base->lock);
		base->running = NULL;
	}
	spin_unlock(&base->lock);
}

unsigned long get_next_timer_interrupt(void)
{
	struct timer_base *base = this_cpu_ptr(&timer_bases);
	unsigned long next = jiffies + MAX_JIFFY_OFFSET;
	struct rb_node *n;

	spin_lock(&base->lock);
	n = rb_first_cached(&base->tree);
	if (n)
		next = rb_entry(n, struct timer_list, entry)->expires;
	spin_unlock(&base->lock);
	return next;
}

void __init init_timers(void)
{
	int cpu;

	for_each_possible_cpu (cpu) {
		struct timer_base *base = per_cpu_ptr(&timer_bases, cpu);

		spin_lock_init(&base->lock, LOCK_TIMER_BASE);
		base->tree = RB_ROOT_CACHED;
	}
}

/* Sleeping ------------------------------------------------------------------------------------- */

struct process_timer {
	struct timer_list timer;
	struct task_struct *task;
};

static void process_timeout(struct timer_list *t)
{
	struct process_timer *pt = from_timer(pt, t, timer);

	wake_up_process(pt->task);
}

/**
 * schedule_timeout - sleep in the state set before, for at most @timeout ticks.
 * Return: ticks left, 0 when the time is over; MAX_SCHEDULE_TIMEOUT as given.
 */
long __sched schedule_timeout(long timeout)
{
	struct process_timer t = { .task = current };
	unsigned long expire;

	if (timeout == MAX_SCHEDULE_TIMEOUT) {
		schedule();
		return timeout;
	}
	if (timeout < 0) {
		WARN_ON_ONCE(1);
		__set_current_state(TASK_RUNNING);
		return 0;
	}
	/* The tick that is going on does not count: at least @timeout whole ones. */
	expire = jiffies + timeout + (timeout ? 1 : 0);
	timer_setup(&t.timer, process_timeout, 0);
	mod_timer(&t.timer, expire);
	schedule();
	del_timer_sync(&t.timer);
	timeout = expire - jiffies;
	return timeout < 0 ? 0 : timeout;
}

long __sched schedule_timeout_interruptible(long timeout)
{
	__set_current_state(TASK_INTERRUPTIBLE);
	return schedule_timeout(timeout);
}

long __sched schedule_timeout_killable(long timeout)
{
	__set_current_state(TASK_KILLABLE);
	return schedule_timeout(timeout);
}

long __sched schedule_timeout_uninterruptible(long timeout)
{
	__set_current_state(TASK_UNINTERRUPTIBLE);
	return schedule_timeout(timeout);
}

void msleep(unsigned int msecs)
{
	long timeout = msecs_to_jiffies(msecs);

	while (timeout)
		timeout = schedule_timeout_uninterruptible(timeout);
}
