// SPDX-License-Identifier: MIT
/*
 * The tick and the event device.
 *
 * 1 The machine has one alarm per CPU (clockevents_program()). What is programmed is the earliest of: the
 *   next tick (not while idle), the first hrtimer of this CPU, and, while idle, its first coarse timer.
 * 2 jiffies is not counted but computed: ktime_get() / TICK_NSEC. Whoever finds it behind moves it on,
 *   under jiffies_lock; so a machine whose CPUs all slept is right again at the first interrupt.
 * 3 Linux keeps tick, high-resolution and no-tick modes apart; here there is one mode.
 */
#include <base/compiler.h>
#include <base/math.h>
#include <seam/irqflags.h>
#include <seam/percpu.h>
#include <seam/ptrace.h>
#include <sync/rcu.h>
#include <sync/spinlock.h>
#include <kernel/clockchips.h>
#include <kernel/psi.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/tick.h>
#include <kernel/timekeeping.h>
#include <kernel/timer.h>

void calc_global_load(void);

struct tick_cpu {
	u64 next; /* ns of the next tick */
	bool running;
	bool stopped; /* idle */
};
static DEFINE_PER_CPU(struct tick_cpu, tick_cpu);

volatile unsigned long jiffies = INITIAL_JIFFIES;
static DEFINE_SPINLOCK(jiffies_lock, LOCK_JIFFIES);

/* Bring jiffies up to @now. */
static void update_jiffies(u64 now)
{
	unsigned long target = INITIAL_JIFFIES + now / TICK_NSEC;
	bool moved;

	if (time_before_eq(target, jiffies))
		return;
	if (!spin_trylock(&jiffies_lock))
		return; /* another CPU does it */
	moved = time_after(target, jiffies);
	if (moved) {
		WRITE_ONCE(jiffies, target);
		timekeeping_tick(now);
		calc_global_load();
	}
	spin_unlock(&jiffies_lock);
	if (moved)
		psi_tick();
}

/*
 * A coarse timer may be due already: jiffies was moved on, by another CPU or by an interrupt of a device, before this CPU's
 * own alarm came. It must ring at once then; nobody else looks at the timers of a CPU that sleeps.
 */
static u64 next_coarse_timer(void)
{
	unsigned long expires = get_next_timer_interrupt();

	if ((long)(expires - jiffies) > 1L << 40)
		return KTIME_MAX; /* none, or in a hundred years */
	return (u64)(expires - INITIAL_JIFFIES) * TICK_NSEC;
}

u64 tick_next_event(void)
{
	struct tick_cpu *t = this_cpu_ptr(&tick_cpu);
	u64 next = hrtimer_get_next_event();

	return min(next, t->stopped ? next_coarse_timer() : t->next);
}

void tick_program_event(void)
{
	u64 now, next;

	if (!this_cpu_read(tick_cpu.running))
		return;
	next = tick_next_event();
	if (next >= (u64)KTIME_MAX) {
		clockevents_stop();
		return;
	}
	now = ktime_get();
	clockevents_program(next > now ? next - now : 1);
}

void tick_handle(struct pt_regs *regs)
{
	struct tick_cpu *t = this_cpu_ptr(&tick_cpu);
	u64 now = ktime_get();

	update_jiffies(now);
	if (t->stopped) {
		run_local_timers();
	} else if (now >= t->next) {
		t->next += TICK_NSEC;
		if (t->next <= now) /* some were missed: held up with interrupts off */
			t->next = now + TICK_NSEC - now % TICK_NSEC;
		update_process_times(user_mode(regs));
	}
	hrtimer_interrupt();
	tick_program_event();
}

void update_process_times(int user_tick)
{
	account_process_tick(current, user_tick);
	run_local_timers();
	rcu_sched_clock_irq(user_tick);
	scheduler_tick();
	run_posix_cpu_timers();
}

void tick_setup_cpu(void)
{
	struct tick_cpu *t = this_cpu_ptr(&tick_cpu);
	u64 now = ktime_get();

	t->running = true;
	t->next = now + TICK_NSEC - now % TICK_NSEC;
	tick_program_event();
}

void tick_idle_enter(void)
{
	this_cpu_write(tick_cpu.stopped, true);
	tick_program_event();
}

void tick_irq_enter(void)
{
	if (this_cpu_read(tick_cpu.stopped))
		update_jiffies(ktime_get());
}

void tick_idle_exit(void)
{
	struct tick_cpu *t;
	unsigned long flags;
	u64 now;

	local_irq_save(flags);
	t = this_cpu_ptr(&tick_cpu);
	t->stopped = false;
	now = ktime_get();
	update_jiffies(now);
	t->next = now + TICK_NSEC - now % TICK_NSEC;
	tick_program_event();
	local_irq_restore(flags);
}
