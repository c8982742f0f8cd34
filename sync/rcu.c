// SPDX-License-Identifier: MIT
/*
 * RCU.
 *
 * 1 Purpose. Readers run with preemption disabled and take no lock. A writer unlinks an object and frees it
 *   after a grace period: a span in which each CPU has been, at some moment, outside any read section.
 * 2 Quiescent states of a CPU: schedule(); an interrupt that finds preemption enabled (so it also covers
 *   user mode); an interrupt of the idle loop. Reading costs nothing beyond the count; a context switch
 *   tests one per-CPU byte, and nothing is done on the way to user mode.
 * 3 Grace periods are numbered. gp_started == gp_completed: none is under way. The mask qs_needed says who
 *   has still to report; each of these has rcu_qs_wanted set. The last reporter completes the period.
 *   Invariant (rcu_check()): gp_completed <= gp_started <= gp_completed + 1; qs_needed != 0 <=> one is under way.
 *   Callbacks queue on the CPU of the caller, in two batches: `next` collects, `wait` waits for period
 *   wait_for. A thread per CPU ("rcuc/N") closes batches, starts periods, presses the late, and runs callbacks.
 *   The first callback of an idle queue arms a timer of one jiffy, which wakes that thread: so there is at
 *   most one round per jiffy and CPU, and an idle CPU wakes up for its callbacks (its timer is armed).
 * 4 Locks. gp.lock (RCU, interrupts off) guards the numbers and the mask. The callback lists are the CPU's
 *   own, with interrupts off. Order: a reporter takes gp.lock after its read sections; who completes holds it
 *   after all reporters; callbacks run after that. So what readers did lies before what callbacks do.
 * 5 Worst case. A CPU that neither schedules nor takes its timer delays the period for all; it is interrupted
 *   after one jiffy, asked to reschedule after that, and named in a message after 21 s. More than
 *   RCU_BURST callbacks on a CPU, or rcu_expedite() when memory is short, interrupt all CPUs at once.
 * 6 Linux 6.1 (kernel/rcu/tree.c) has a tree of masks for thousands of CPUs, extended quiescent states
 *   and preemptible readers; one mask of 64 and an interrupt to idle CPUs do here.
 * 7 To observe: debugfs rcu; "rcu: stall" messages.
 */
#include <base/bug.h>
#include <base/cpumask.h>
#include <base/err.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <kernel/timer.h>
#include <mm/slab.h>
#include <seam/barrier.h>
#include <seam/irqflags.h>
#include <seam/smp.h>
#include <sync/completion.h>
#include <sync/kthread.h>
#include <sync/mutex.h>
#include <sync/rcu.h>
#include <sync/wait.h>

#define RCU_BURST     10000 /* callbacks on one CPU that are worth interrupting all */
#define STALL_JIFFIES (21 * HZ)

static struct {
	spinlock_t lock;
	unsigned long started, completed; /* lock; read without */
	struct cpumask qs_needed;	  /* lock */
	unsigned long start_jiffies;
	bool stall_told;
} gp = {
	.lock = __SPIN_LOCK_UNLOCKED(LOCK_RCU),
};

struct cblist {
	struct rcu_head *head, **tail;
	unsigned long count;
};

/* One CPU's callbacks; its own, interrupts off. */
struct rcu_data {
	struct cblist next, wait, done;
	unsigned long wait_for; /* period after which `wait` is done */
	bool armed;		/* the timer runs or the thread is at work */
	bool kicked;		/* the thread has something to do */
	bool idle;		/* hint for others: in the halt of the idle loop */
	struct timer_list timer;
	struct task_struct *thread;
	struct rcu_head barrier_head;
};

DEFINE_PER_CPU(bool, rcu_qs_wanted);
static DEFINE_PER_CPU(struct rcu_data, rcu_data);
static bool rcu_ready; /* timers work */

static DEFINE_MUTEX(barrier_mutex, LOCK_RCU_BARRIER);
static atomic_t barrier_pending;
static struct completion barrier_done;

/* ---- lists ---- */

static void cblist_init(struct cblist *l)
{
	l->head = NULL;
	l->tail = &l->head;
	l->count = 0;
}

static void cblist_add(struct cblist *l, struct rcu_head *h)
{
	h->next = NULL;
	if (unlikely(!l->tail)) /* before rcu_init() */
		cblist_init(l);
	*l->tail = h;
	l->tail = &h->next;
	l->count++;
}

static void cblist_splice(struct cblist *to, struct cblist *from)
{
	if (!from->head)
		return;
	*to->tail = from->head;
	to->tail = from->tail;
	to->count += from->count;
	cblist_init(from);
}

/* ---- grace periods ---- */

unsigned long rcu_gp_completed(void)
{
	return READ_ONCE(gp.completed);
}

/* The period that lies entirely in the future of the caller. */
static unsigned long gp_snapshot(void)
{
	smp_mb();
	return READ_ONCE(gp.started) + 1;
}

static bool gp_passed(unsigned long nr)
{
	return (long)(smp_load_acquire(&gp.completed) - nr) >= 0;
}

/* => gp.lock held. The last CPU has reported. */
static void gp_complete(void)
{
	smp_store_release(&gp.completed, gp.started);
}

/* This CPU is in a quiescent state. => preemption or interrupts disabled */
void rcu_report_qs(void)
{
	unsigned int cpu = smp_processor_id();
	bool over = false;
	unsigned long flags;

	spin_lock_irqsave(&gp.lock, flags);
	this_cpu_write(rcu_qs_wanted, false);
	if (cpumask_test_cpu(cpu, &gp.qs_needed)) {
		__cpumask_clear_cpu(cpu, &gp.qs_needed);
		over = cpumask_empty(&gp.qs_needed);
		if (over)
			gp_complete();
	}
	spin_unlock_irqrestore(&gp.lock, flags);
	/* Nobody is woken, for we may be in schedule() ourselves: who waits looks again each jiffy. */
}

/* Is this CPU, interrupted here, outside any read section? => in an interrupt handler */
static bool interrupted_quiescent(int user)
{
	unsigned int count = preempt_count();

	return user || count == HARDIRQ_OFFSET ||
	       (count == HARDIRQ_OFFSET + 1 && is_idle_task(current) &&
		this_cpu_read(rcu_data.idle));
}

static void rcu_ipi(void *unused)
{
	if (!this_cpu_read(rcu_qs_wanted))
		return;
	if (preempt_count() < HARDIRQ_OFFSET ? preempt_count() == 0 : interrupted_quiescent(0))
		rcu_report_qs();
}

/* Interrupt the CPUs that have not reported; @harder: make them reschedule. => preemptible */
static void gp_press(bool idle_only, bool harder, bool wait)
{
	struct cpumask late;
	unsigned int cpu;

	spin_lock_irq(&gp.lock);
	cpumask_copy(&late, &gp.qs_needed);
	spin_unlock_irq(&gp.lock);
	for_each_cpu (cpu, &late) {
		if (idle_only && !READ_ONCE(per_cpu(rcu_data, cpu).idle))
			continue;
		preempt_disable();
		if (cpu == smp_processor_id()) {
			preempt_enable();
			cond_resched();
			continue;
		}
		preempt_enable();
		if (harder)
			resched_cpu(cpu);
		else
			smp_call_function_single(cpu, rcu_ipi, NULL, wait);
	}
}

static void tell_stall(void)
{
	bool tell;

	spin_lock_irq(&gp.lock);
	tell = gp.started != gp.completed && !gp.stall_told &&
	       time_after(jiffies, gp.start_jiffies + STALL_JIFFIES);
	gp.stall_told |= tell;
	spin_unlock_irq(&gp.lock);
	if (tell)
		pr_err("rcu: stall: grace period %lu waits for CPUs %*pbl\n", gp.started,
		       cpumask_pr_args(&gp.qs_needed));
}

/* Begin period @nr unless it is there already, or the one before it is not over. */
static void gp_start(unsigned long nr)
{
	unsigned int cpu;
	bool mine = false;

	spin_lock_irq(&gp.lock);
	if (gp.started == gp.completed && (long)(nr - gp.started) > 0) {
		WRITE_ONCE(gp.started, gp.started + 1);
		gp.start_jiffies = jiffies;
		gp.stall_told = false;
		cpumask_copy(&gp.qs_needed, cpu_online_mask);
		for_each_cpu (cpu, &gp.qs_needed)
			WRITE_ONCE(per_cpu(rcu_qs_wanted, cpu), true);
		mine = true;
		/* We are in a task with preemption enabled: no read section here. */
		cpu = smp_processor_id();
		this_cpu_write(rcu_qs_wanted, false);
		__cpumask_clear_cpu(cpu, &gp.qs_needed);
		if (cpumask_empty(&gp.qs_needed))
			gp_complete();
	}
	spin_unlock_irq(&gp.lock);
	if (mine)
		gp_press(true, false, false);
}

/* Wait in a task until period @nr has passed, starting what must be started. */
static void gp_wait(unsigned long nr, bool hurry)
{
	unsigned int round = 0;

	while (!gp_passed(nr)) {
		gp_start(nr);
		if (gp_passed(nr))
			break;
		if (hurry || round)
			gp_press(false, round & 1, hurry);
		if (gp_passed(nr))
			break;
		round++;
		schedule_timeout_uninterruptible(1);
		tell_stall();
	}
}

void rcu_sched_clock_irq(int user)
{
	if (this_cpu_read(rcu_qs_wanted) && interrupted_quiescent(user))
		rcu_report_qs();
}

void rcu_idle_enter(void)
{
	rcu_note_context_switch(false);
	this_cpu_write(rcu_data.idle, true);
}

void rcu_idle_exit(void)
{
	this_cpu_write(rcu_data.idle, false);
}

/* ---- callbacks ---- */

static void wake_rcu_thread(struct rcu_data *rd)
{
	WRITE_ONCE(rd->kicked, true);
	if (rd->thread)
		wake_up_process(rd->thread);
}

static void rcu_timer_fn(struct timer_list *t)
{
	wake_rcu_thread(from_timer((struct rcu_data *)NULL, t, timer));
}

/* => interrupts disabled */
static void rcu_arm(struct rcu_data *rd)
{
	rd->armed = true;
	mod_timer(&rd->timer, jiffies + 1);
}

void call_rcu(struct rcu_head *head, rcu_callback_t func)
{
	struct rcu_data *rd;
	unsigned long flags;

	head->func = func;
	local_irq_save(flags);
	rd = this_cpu_ptr(&rcu_data);
	cblist_add(&rd->next, head);
	if (unlikely(!rd->armed) && rcu_ready)
		rcu_arm(rd);
	local_irq_restore(flags);
}

unsigned long rcu_pending_callbacks(void)
{
	unsigned long n = 0;
	unsigned int cpu;

	for_each_possible_cpu (cpu) {
		struct rcu_data *rd = per_cpu_ptr(&rcu_data, cpu);

		n += READ_ONCE(rd->next.count) + READ_ONCE(rd->wait.count) +
		     READ_ONCE(rd->done.count);
	}
	return n;
}

/* kfree_rcu() puts the offset of the head in place of the function. */
static void rcu_invoke(struct rcu_head *h)
{
	unsigned long offset = (unsigned long)h->func;

	if (offset < 4096)
		kvfree((char *)h - offset);
	else
		h->func(h);
}

/* Run what is done, a hundred at a time with the CPU given away in between. */
static void run_callbacks(struct rcu_data *rd)
{
	struct cblist batch;
	struct rcu_head *h, *next;
	unsigned int n = 0;

	cblist_init(&batch);
	local_irq_disable();
	cblist_splice(&batch, &rd->done);
	local_irq_enable();
	for (h = batch.head; h; h = next) {
		next = h->next;
		rcu_invoke(h);
		if (++n % 128 == 0)
			cond_resched();
	}
}

/* Move batches on. True: a batch waits (or collects) for a period. => interrupts enabled */
static bool advance(struct rcu_data *rd)
{
	bool more;

	local_irq_disable();
	if (rd->wait.head && gp_passed(rd->wait_for))
		cblist_splice(&rd->done, &rd->wait);
	if (!rd->wait.head && rd->next.head) {
		cblist_splice(&rd->wait, &rd->next);
		rd->wait_for = gp_snapshot();
	}
	more = rd->wait.head != NULL;
	if (!more && !rd->done.head)
		rd->armed = false; /* the next call_rcu() arms the timer */
	local_irq_enable();
	return more;
}

static int rcu_thread_fn(void *arg)
{
	struct rcu_data *rd = arg;
	unsigned int round = 0;

	for (;;) {
		bool more = advance(rd);

		if (more && !gp_passed(rd->wait_for)) {
			gp_start(rd->wait_for);
			if (!gp_passed(rd->wait_for)) {
				if (round++ || rd->wait.count > RCU_BURST)
					gp_press(false, round % 2 == 0, false);
				tell_stall();
			}
		} else {
			round = 0;
		}
		if (more && gp_passed(rd->wait_for))
			advance(rd);
		run_callbacks(rd);
		set_current_state(TASK_IDLE);
		if (READ_ONCE(rd->armed)) {
			schedule_timeout(1);
			continue;
		}
		while (!READ_ONCE(rd->kicked)) {
			schedule();
			set_current_state(TASK_IDLE);
		}
		__set_current_state(TASK_RUNNING);
		WRITE_ONCE(rd->kicked, false);
	}
	return 0;
}

/* ---- waiting ---- */

static bool one_cpu(void)
{
	might_sleep();
	/* A task that may sleep is itself the quiescent state of the only CPU. */
	return num_online_cpus() <= 1;
}

void synchronize_rcu(void)
{
	if (one_cpu())
		return;
	gp_wait(gp_snapshot(), true);
}

void synchronize_rcu_expedited(void)
{
	synchronize_rcu();
}

static void barrier_callback(struct rcu_head *h)
{
	if (atomic_dec_and_test(&barrier_pending))
		complete(&barrier_done);
}

static void barrier_enqueue(void *unused)
{
	struct rcu_data *rd = this_cpu_ptr(&rcu_data);

	if (!rd->next.head && !rd->wait.head && !READ_ONCE(rd->armed))
		return;
	atomic_inc(&barrier_pending);
	call_rcu(&rd->barrier_head, barrier_callback);
}

void rcu_barrier(void)
{
	unsigned int cpu;

	might_sleep();
	mutex_lock(&barrier_mutex);
	init_completion(&barrier_done);
	atomic_set(&barrier_pending, 1);
	for_each_online_cpu (cpu)
		smp_call_function_single(cpu, barrier_enqueue, NULL, 1);
	for_each_online_cpu (cpu)
		wake_rcu_thread(per_cpu_ptr(&rcu_data, cpu));
	if (!atomic_dec_and_test(&barrier_pending))
		wait_for_completion(&barrier_done);
	mutex_unlock(&barrier_mutex);
}

void rcu_expedite(void)
{
	unsigned int cpu;

	for_each_online_cpu (cpu)
		wake_rcu_thread(per_cpu_ptr(&rcu_data, cpu));
	if (preemptible())
		gp_press(false, false, false);
}

/* ---- start-up ---- */

static void rcu_check(void)
{
	spin_lock_irq(&gp.lock);
	BUG_ON(gp.started - gp.completed > 1);
	BUG_ON(cpumask_empty(&gp.qs_needed) != (gp.started == gp.completed));
	spin_unlock_irq(&gp.lock);
}

/* Before this, call_rcu() only collects. */
void rcu_init(void)
{
	unsigned int cpu;

	for_each_possible_cpu (cpu) {
		struct rcu_data *rd = per_cpu_ptr(&rcu_data, cpu);

		if (!rd->next.tail)
			cblist_init(&rd->next);
		cblist_init(&rd->wait);
		cblist_init(&rd->done);
		timer_setup(&rd->timer, rcu_timer_fn, TIMER_PINNED);
	}
	wait_bit_init();
}

/* After the other CPUs have started: their threads, and what was collected meanwhile. */
int rcu_spawn_threads(void)
{
	unsigned int cpu;

	for_each_online_cpu (cpu) {
		struct rcu_data *rd = per_cpu_ptr(&rcu_data, cpu);
		struct task_struct *k = kthread_create_on_cpu(rcu_thread_fn, rd, cpu, "rcuc/%u");

		if (IS_ERR(k)) {
			pr_err("rcu: no thread for CPU %u: %ld\n", cpu, PTR_ERR(k));
			return (int)PTR_ERR(k);
		}
		rd->armed = true;
		rd->kicked = true;
		rd->thread = k;
		wake_up_process(k);
	}
	rcu_ready = true;
	rcu_check();
	return 0;
}
early_initcall(rcu_spawn_threads);
