// SPDX-License-Identifier: MIT
/*
 * Timers of nanoseconds.
 *
 * 1 Purpose. A function is called with interrupts off, from the event interrupt, as soon as its clock
 *   reaches `expires`. nanosleep, interval timers, futex time-outs stand on it.
 * 2 Each CPU has a tree per clock, ordered by expiry. Only CLOCK_REALTIME and CLOCK_TAI differ from
 *   CLOCK_MONOTONIC by an offset that can move; when it does, clock_was_set() makes every CPU look again.
 * 3 timer->state <=> it is in the tree of timer->base. cpu_base->running is the timer whose function runs.
 * 4 Lock: cpu_base->lock with interrupts off. timer->base changes only under the lock of the old base, and
 *   is NULL on the way: lock_base() waits.
 * 6 Linux 6.1: the same, with soft-interrupt modes and slack ranges that this has not.
 */
#include <base/bug.h>
#include <base/compiler.h>
#include <base/errno.h>
#include <seam/irqflags.h>
#include <seam/percpu.h>
#include <seam/smp.h>
#include <sync/spinlock.h>
#include <kernel/hrtimer.h>
#include <kernel/init.h>
#include <kernel/sched.h>
#include <kernel/tick.h>
#include <kernel/timekeeping.h>

struct hrtimer_clock_base {
	struct hrtimer_cpu_base *cpu_base;
	enum hrtimer_base_type type;
	struct rb_root_cached active;
};

struct hrtimer_cpu_base {
	spinlock_t lock;
	int cpu;
	unsigned int nr_active;
	bool in_interrupt; /* will reprogram at its end anyhow */
	struct hrtimer *running;
	struct hrtimer_clock_base clock_base[HRTIMER_MAX_CLOCK_BASES];
};
static DEFINE_PER_CPU_ALIGNED(struct hrtimer_cpu_base, hrtimer_bases);

static ktime_t base_offset(enum hrtimer_base_type type)
{
	switch (type) {
	case HRTIMER_BASE_REALTIME:
		return ktime_real_offset();
	case HRTIMER_BASE_TAI:
		return ktime_get_clocktai() - ktime_get();
	default:
		return 0;
	}
}

static enum hrtimer_base_type clock_to_base(clockid_t clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
		return HRTIMER_BASE_REALTIME;
	case CLOCK_BOOTTIME:
		return HRTIMER_BASE_BOOTTIME;
	case CLOCK_TAI:
		return HRTIMER_BASE_TAI;
	default:
		return HRTIMER_BASE_MONOTONIC;
	}
}

void hrtimer_init(struct hrtimer *timer, clockid_t clock_id, enum hrtimer_mode mode)
{
	/* A relative time means the monotonic clock: setting the wall clock does not stretch it. */
	if (clock_id == CLOCK_REALTIME && (mode & HRTIMER_MODE_REL))
		clock_id = CLOCK_MONOTONIC;
	timer->expires = 0;
	timer->function = NULL;
	timer->state = 0;
	timer->is_rel = 0;
	timer->base = &per_cpu_ptr(&hrtimer_bases, raw_smp_processor_id())
			       ->clock_base[clock_to_base(clock_id)];
}

void hrtimer_setup(struct hrtimer *timer, enum hrtimer_restart (*function)(struct hrtimer *),
		   clockid_t clock_id, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock_id, mode);
	timer->function = function;
}

static struct hrtimer_clock_base *lock_base(const struct hrtimer *timer, unsigned long *flags)
{
	for (;;) {
		struct hrtimer_clock_base *base = READ_ONCE(timer->base);

		if (likely(base)) {
			spin_lock_irqsave(&base->cpu_base->lock, *flags);
			if (likely(base == timer->base))
				return base;
			spin_unlock_irqrestore(&base->cpu_base->lock, *flags);
		}
		cpu_relax();
	}
}

static void unlock_base(struct hrtimer_clock_base *base, unsigned long *flags)
{
	spin_unlock_irqrestore(&base->cpu_base->lock, *flags);
}

static void enqueue(struct hrtimer_clock_base *base, struct hrtimer *timer)
{
	struct rb_node **link = &base->active.rb_root.rb_node, *parent = NULL;
	bool first = true;

	while (*link) {
		parent = *link;
		if (timer->expires < rb_entry(parent, struct hrtimer, node)->expires) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			first = false;
		}
	}
	rb_link_node(&timer->node, parent, link);
	rb_insert_color_cached(&timer->node, &base->active, first);
	timer->state = 1;
	base->cpu_base->nr_active++;
}

static bool dequeue(struct hrtimer_clock_base *base, struct hrtimer *timer)
{
	if (!timer->state)
		return false;
	rb_erase_cached(&timer->node, &base->active);
	WRITE_ONCE(timer->state, 0);
	base->cpu_base->nr_active--;
	return true;
}

/* First expiry of @cb on the monotonic clock. => locked */
static ktime_t next_event(struct hrtimer_cpu_base *cb)
{
	ktime_t next = KTIME_MAX;

	if (!cb->nr_active)
		return next;
	for (int i = 0; i < HRTIMER_MAX_CLOCK_BASES; i++) {
		struct rb_node *n = rb_first_cached(&cb->clock_base[i].active);
		ktime_t t;

		if (!n)
			continue;
		t = rb_entry(n, struct hrtimer, node)->expires;
		if (t != KTIME_MAX)
			t -= base_offset(i);
		if (t < next)
			next = t < 0 ? 0 : t;
	}
	return next;
}

ktime_t hrtimer_get_next_event(void)
{
	struct hrtimer_cpu_base *cb = this_cpu_ptr(&hrtimer_bases);
	unsigned long flags;
	ktime_t next;

	if (!READ_ONCE(cb->nr_active))
		return KTIME_MAX;
	spin_lock_irqsave(&cb->lock, flags);
	next = next_event(cb);
	spin_unlock_irqrestore(&cb->lock, flags);
	return next;
}

/* Bring the idle @timer from locked @base to this CPU, which is locked then. */
static struct hrtimer_clock_base *switch_base(struct hrtimer *timer,
					      struct hrtimer_clock_base *base)
{
	struct hrtimer_cpu_base *cb = this_cpu_ptr(&hrtimer_bases);
	struct hrtimer_clock_base *new = &cb->clock_base[base->type];

	if (new == base || base->cpu_base->running == timer)
		return base;
	WRITE_ONCE(timer->base, NULL);
	spin_unlock(&base->cpu_base->lock);
	spin_lock(&cb->lock);
	WRITE_ONCE(timer->base, new);
	return new;
}

/**
 * hrtimer_start_range_ns - (re)start @timer.
 * @tim: ns, absolute on its clock or from now on (HRTIMER_MODE_REL)
 * Any context.
 */
void hrtimer_start_range_ns(struct hrtimer *timer, ktime_t tim, u64 range_ns,
			    enum hrtimer_mode mode)
{
	unsigned long flags;
	struct hrtimer_clock_base *base = lock_base(timer, &flags);
	struct hrtimer_cpu_base *cb;
	bool first;

	dequeue(base, timer);
	if (mode & HRTIMER_MODE_REL)
		tim = ktime_add_safe(ktime_get() + base_offset(base->type), tim);
	timer->is_rel = mode & HRTIMER_MODE_REL;
	base = switch_base(timer, base);
	timer->expires = tim;
	enqueue(base, timer);
	cb = base->cpu_base;
	first = rb_first_cached(&base->active) == &timer->node && !cb->in_interrupt;
	spin_unlock(&cb->lock);
	if (first && cb->cpu == raw_smp_processor_id())
		tick_program_event();
	local_irq_restore(flags);
}

void hrtimer_restart(struct hrtimer *timer)
{
	hrtimer_start(timer, timer->expires, HRTIMER_MODE_ABS);
}

int hrtimer_try_to_cancel(struct hrtimer *timer)
{
	struct hrtimer_clock_base *base;
	unsigned long flags;
	int ret = -1;

	if (!hrtimer_active(timer))
		return 0;
	base = lock_base(timer, &flags);
	if (base->cpu_base->running != timer)
		ret = dequeue(base, timer);
	unlock_base(base, &flags);
	return ret;
}

int hrtimer_cancel(struct hrtimer *timer)
{
	int ret;

	while ((ret = hrtimer_try_to_cancel(timer)) < 0)
		cpu_relax();
	return ret;
}

/* Queued, or its function runs. */
bool hrtimer_active(const struct hrtimer *timer)
{
	struct hrtimer_clock_base *base = READ_ONCE(timer->base);

	return READ_ONCE(timer->state) || !base || READ_ONCE(base->cpu_base->running) == timer;
}

bool hrtimer_is_queued(struct hrtimer *timer)
{
	return READ_ONCE(timer->state);
}

ktime_t hrtimer_cb_get_time(const struct hrtimer *timer)
{
	return ktime_get() + base_offset(timer->base->type);
}

ktime_t hrtimer_get_remaining(const struct hrtimer *timer)
{
	unsigned long flags;
	struct hrtimer_clock_base *base = lock_base(timer, &flags);
	ktime_t rem = timer->expires - (ktime_get() + base_offset(base->type));

	unlock_base(base, &flags);
	return rem;
}

/* Move the expiry on by whole @interval until it lies behind @now: how many. Not while queued. */
u64 hrtimer_forward(struct hrtimer *timer, ktime_t now, ktime_t interval)
{
	ktime_t delta = now - timer->expires;
	u64 overruns = 1;

	if (delta < 0)
		return 0;
	if (interval < 1)
		interval = 1;
	if (delta >= interval) {
		overruns = delta / interval;
		timer->expires = ktime_add_safe(timer->expires, interval * overruns);
		if (timer->expires > now)
			return overruns;
		overruns++;
	}
	timer->expires = ktime_add_safe(timer->expires, interval);
	return overruns;
}

u64 hrtimer_forward_now(struct hrtimer *timer, ktime_t interval)
{
	return hrtimer_forward(timer, hrtimer_cb_get_time(timer), interval);
}

/* Call the function of the expired @timer. => cb->lock held, dropped meanwhile */
static void run_timer(struct hrtimer_cpu_base *cb, struct hrtimer_clock_base *base,
		      struct hrtimer *timer)
{
	enum hrtimer_restart restart;

	dequeue(base, timer);
	cb->running = timer;
	spin_unlock(&cb->lock);
	restart = timer->function(timer);
	spin_lock(&cb->lock);
	if (restart == HRTIMER_RESTART && !timer->state)
		enqueue(base, timer);
	cb->running = NULL;
}

/* From the event interrupt; the caller programs the next event. => interrupts disabled */
void hrtimer_interrupt(void)
{
	struct hrtimer_cpu_base *cb = this_cpu_ptr(&hrtimer_bases);

	if (!READ_ONCE(cb->nr_active))
		return;
	spin_lock(&cb->lock);
	cb->in_interrupt = true;
	for (int i = 0; i < HRTIMER_MAX_CLOCK_BASES; i++) {
		struct hrtimer_clock_base *base = &cb->clock_base[i];
		ktime_t now;
		struct rb_node *n;

		if (!rb_first_cached(&base->active))
			continue;
		now = ktime_get() + base_offset(i);
		while ((n = rb_first_cached(&base->active)) &&
		       rb_entry(n, struct hrtimer, node)->expires <= now)
			run_timer(cb, base, rb_entry(n, struct hrtimer, node));
	}
	cb->in_interrupt = false;
	spin_unlock(&cb->lock);
}

static void look_again(void *unused)
{
	hrtimer_interrupt();
	tick_program_event();
}

void clock_was_set(void)
{
	on_each_cpu(look_again, NULL, 1);
}

void __init hrtimers_init(void)
{
	int cpu;

	for_each_possible_cpu (cpu) {
		struct hrtimer_cpu_base *cb = per_cpu_ptr(&hrtimer_bases, cpu);

		spin_lock_init(&cb->lock, LOCK_HRTIMER_BASE);
		cb->cpu = cpu;
		for (int i = 0; i < HRTIMER_MAX_CLOCK_BASES; i++) {
			cb->clock_base[i].cpu_base = cb;
			cb->clock_base[i].type = i;
			cb->clock_base[i].active = RB_ROOT_CACHED;
		}
	}
}

/* Sleeping ------------------------------------------------------------------------------------- */

static enum hrtimer_restart hrtimer_wakeup(struct hrtimer *timer)
{
	struct hrtimer_sleeper *t = container_of(timer, struct hrtimer_sleeper, timer);
	struct task_struct *task = t->task;

	WRITE_ONCE(t->task, NULL);
	if (task)
		wake_up_process(task);
	return HRTIMER_NORESTART;
}

void hrtimer_init_sleeper(struct hrtimer_sleeper *sl, clockid_t clock_id, enum hrtimer_mode mode)
{
	hrtimer_setup(&sl->timer, hrtimer_wakeup, clock_id, mode);
	sl->task = current;
}

void hrtimer_sleeper_start_expires(struct hrtimer_sleeper *sl, enum hrtimer_mode mode)
{
	hrtimer_start(&sl->timer, sl->timer.expires, mode);
}

static int __sched schedule_hrtimeout_range_clock(ktime_t *expires, u64 delta,
						  enum hrtimer_mode mode, clockid_t clock)
{
	struct hrtimer_sleeper t;

	if (expires && *expires == 0) {
		__set_current_state(TASK_RUNNING);
		return 0;
	}
	if (!expires) {
		schedule();
		return -EINTR;
	}
	hrtimer_init_sleeper(&t, clock, mode);
	t.timer.expires = *expires;
	hrtimer_sleeper_start_expires(&t, mode);
	if (likely(t.task))
		schedule();
	hrtimer_cancel(&t.timer);
	__set_current_state(TASK_RUNNING);
	return t.task ? -EINTR : 0;
}

int __sched schedule_hrtimeout_range(ktime_t *expires, u64 delta, enum hrtimer_mode mode)
{
	return schedule_hrtimeout_range_clock(expires, delta, mode, CLOCK_MONOTONIC);
}

int __sched schedule_hrtimeout(ktime_t *expires, enum hrtimer_mode mode)
{
	return schedule_hrtimeout_range(expires, 0, mode);
}
