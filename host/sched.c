// SPDX-License-Identifier: MIT
/*
 * Played CPUs, tasks, interrupts, and the deterministic scheduler.
 *
 * A task is a real thread, a CPU is a lock with a per-CPU area: a thread runs while it holds its CPU, so
 * what is per CPU is exclusive as on a machine, and two CPUs run truly in parallel (ThreadSanitizer sees them).
 * schedule() gives the CPU up until somebody sets the state back to running. An interrupt is a function that
 * is queued on a CPU; its thread takes it at the next point at which interrupts are enabled again, preemption is
 * enabled or cpu_relax() is called; on an idle CPU, and always in a deterministic run, the sender plays the CPU.
 *
 * In a deterministic run (host_explore) one thread of the scenario runs at a time and hands its turn on at
 * points: atomic operations, READ_ONCE, locks. What happens is a list of choices; the next run takes the first
 * choices of the last one and another last choice, until none is left (depth first, with at most so many
 * choices that take the turn from one who could go on: Musuvathi and Qadeer, Iterative context bounding, 2007).
 */
#include <base/bug.h>
#include <base/string.h>
#include <base/cpumask.h>
#include <kernel/cred.h>
#include <kernel/exit.h>
#include <kernel/fork.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/psi.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/timer.h>
#include <seam/irqflags.h>
#include <seam/smp.h>
#include <sync/kthread.h>
#include <sync/rcu.h>
#include "sched_internal.h"

unsigned long __per_cpu_offset[NR_CPUS];
__thread unsigned long host_cpu_off;
__thread unsigned int host_cpu;
__thread struct host_task *host_self;
DEFINE_PER_CPU(unsigned long, this_cpu_off);
DEFINE_PER_CPU(unsigned int, cpu_number);
DEFINE_PER_CPU(unsigned int, __preempt_count) = PREEMPT_ENABLED;
DEFINE_PER_CPU(unsigned long, host_flags) = X86_EFLAGS_IF_BIT;
DEFINE_PER_CPU(struct task_struct *, current_task);
int host_barrier;
bool host_deterministic, host_det_running;
struct host_cpu host_cpus[HOST_NR_CPUS];
static int next_pid = 1;
struct cred init_cred = { .usage = ATOMIC_LONG_INIT(1) };
static struct signal_struct host_signal;

#define PCPU_ROOM (1UL << 20)

struct host_task *host_task_of(struct task_struct *t)
{
	return container_of(t, struct host_task, task);
}

void load_percpu_segment(unsigned int cpu)
{
	host_cpu = cpu;
	host_cpu_off = __per_cpu_offset[cpu];
}

/* ---- having a CPU ---- */

static void cpu_enter(struct host_task *t)
{
	unsigned int cpu = READ_ONCE(t->task.cpu);

	os_lock(host_cpus[cpu].own);
	load_percpu_segment(cpu);
	this_cpu_write(current_task, &t->task);
	WRITE_ONCE(t->task.on_cpu, 1);
	host_take_interrupts();
}

static void cpu_leave(struct host_task *t)
{
	unsigned int cpu = host_cpu;

	host_take_interrupts();
	WRITE_ONCE(t->task.on_cpu, 0);
	this_cpu_write(current_task, host_cpus[cpu].idle);
	os_unlock(host_cpus[cpu].own);
	host_kick(cpu);
}

/* ---- interrupts ---- */

static bool interrupts_wait(struct host_cpu *c)
{
	return __atomic_load_n(&c->calls, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&c->timers, __ATOMIC_RELAXED);
}

bool host_interrupts_waiting(void)
{
	return interrupts_wait(&host_cpus[host_cpu]);
}

void host_take_interrupts(void)
{
	struct host_cpu *c = &host_cpus[host_cpu];

	while (host_interrupts_waiting() && !irqs_disabled() && !in_interrupt()) {
		struct host_call *call = __atomic_exchange_n(&c->calls, NULL, __ATOMIC_ACQ_REL);

		__preempt_count_add(HARDIRQ_OFFSET);
		this_cpu_write(host_flags, 0);
		while (call) {
			struct host_call *next = call->next;

			call->fn(call->info);
			if (call->waited)
				__atomic_store_n(&call->done, true, __ATOMIC_RELEASE);
			else
				os_free(call);
			call = next;
		}
		if (__atomic_exchange_n(&c->timers, false, __ATOMIC_ACQ_REL))
			host_run_timers();
		__preempt_count_sub(HARDIRQ_OFFSET);
		this_cpu_write(host_flags, X86_EFLAGS_IF_BIT);
	}
}

void host_irqs_enabled(void)
{
	if (unlikely(host_interrupts_waiting()))
		host_take_interrupts();
}

/* Be CPU @cpu for the length of its interrupts. */
static void play_cpu(unsigned int cpu)
{
	unsigned int me = host_cpu;

	load_percpu_segment(cpu);
	host_take_interrupts();
	load_percpu_segment(me);
}

/* Interrupts wait for @cpu: if it is idle nobody else will take them. */
void host_kick(unsigned int cpu)
{
	struct host_cpu *c = &host_cpus[cpu];

	if (host_self && host_self->det) {
		if (cpu != host_cpu && interrupts_wait(c))
			play_cpu(cpu); /* the run has all CPUs */
		return;
	}
	while (interrupts_wait(c) && os_trylock(c->own)) {
		play_cpu(cpu);
		os_unlock(c->own);
	}
}

static void post_call(unsigned int cpu, struct host_call *call)
{
	struct host_cpu *c = &host_cpus[cpu];

	call->next = __atomic_load_n(&c->calls, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&c->calls, &call->next, call, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED))
		;
}

int smp_call_function_single(int cpu, smp_call_func_t func, void *info, int wait)
{
	struct host_call on_stack = { .fn = func, .info = info, .waited = true }, *call = &on_stack;

	preempt_disable();
	if ((unsigned int)cpu >= nr_cpu_ids || !cpu_online(cpu)) {
		preempt_enable();
		return -ENXIO;
	}
	if (cpu == (int)host_cpu) {
		unsigned long flags;

		local_irq_save(flags);
		func(info);
		local_irq_restore(flags);
		preempt_enable();
		return 0;
	}
	if (!wait) {
		call = os_alloc(sizeof(*call));
		*call = (struct host_call){ .fn = func, .info = info };
	}
	post_call(cpu, call);
	host_kick(cpu);
	while (wait && !__atomic_load_n(&call->done, __ATOMIC_ACQUIRE)) {
		host_kick(cpu);
		cpu_relax();
	}
	preempt_enable();
	return 0;
}

void smp_call_function_many(const struct cpumask *mask, smp_call_func_t func, void *info, bool wait)
{
	/* @mask may change meanwhile: bit by bit. */
	for (unsigned int cpu = 0; cpu < HOST_NR_CPUS; cpu++)
		if (cpu != host_cpu && cpumask_test_cpu(cpu, mask))
			smp_call_function_single(cpu, func, info, wait);
}

void on_each_cpu(smp_call_func_t func, void *info, int wait)
{
	unsigned int cpu;

	for_each_online_cpu (cpu)
		smp_call_function_single(cpu, func, info, wait);
}

void smp_send_reschedule(int cpu) {}

/* Without preemption: a task passes a quiescent state when it next gives its CPU up. */
void resched_cpu(int cpu) {}

/* ---- deterministic runs ---- */

#define MAX_CHOICES 200000
#define MAX_SPINS   20000 /* of one thread in a run; round robin makes progress before */
#define BRANCHING_SPINS                                                                            \
	2 /* after so many, a spinner gives its turn to the next, without a choice */

static struct {
	struct host_task *tasks[3], *main, *turn;
	unsigned int n, finished;
	int budget;	       /* preemptions left; -1: random */
	u32 *choice, *options; /* of the run */
	unsigned int depth, replay;
	bool failed, quiet, over;
} det;

static void set_deterministic(bool yes)
{
	__atomic_store_n(&host_deterministic, yes, __ATOMIC_RELAXED);
}

static bool runnable(struct host_task *t)
{
	/* Between set_current_state() and schedule() it still runs. */
	return !t->done && (!t->in_schedule || READ_ONCE(t->task.__state) == TASK_RUNNING);
}

/* One of @n ways to go on: as in the prefix that is replayed, or the first, or at random. */
static unsigned int choose(unsigned int n)
{
	unsigned int c = 0;

	if (n <= 1)
		return 0;
	if (det.depth >= MAX_CHOICES)
		os_fatal("a run of more than %d choices", MAX_CHOICES);
	if (det.depth < det.replay)
		/* What outlives a run (an allocator's lists) can lead another way: then there may be fewer. */
		c = det.choice[det.depth] < n ? det.choice[det.depth] : n - 1;
	else if (det.budget < 0)
		c = host_random_below(n);
	det.choice[det.depth] = c;
	det.options[det.depth++] = n;
	return c;
}

static void give_turn(struct host_task *to)
{
	det.turn = to;
	os_lock(to->lock);
	to->go = true;
	os_wake(to->lock);
	os_unlock(to->lock);
}

static void await_turn(struct host_task *me)
{
	os_lock(me->lock);
	while (!me->go)
		os_wait(me->lock);
	me->go = false;
	os_unlock(me->lock);
}

static unsigned int others(struct host_task *me, struct host_task **list)
{
	unsigned int n = 0, at = 0;

	for (unsigned int i = 0; i < det.n; i++)
		if (det.tasks[i] == me)
			at = i + 1;
	for (unsigned int i = 0; i < det.n; i++) {
		struct host_task *t = det.tasks[(at + i) % det.n];

		if (t != me && runnable(t))
			list[n++] = t;
	}
	return n;
}

static void run_failed(const char *what)
{
	det.failed = true;
	if (det.quiet)
		return;
	host_note("%s", what);
	for (unsigned int i = 0; i < det.n; i++)
		host_note("  thread %u: %s", i,
			  det.tasks[i]->done	   ? "done"
			  : runnable(det.tasks[i]) ? "can run (spins)"
						   : "sleeps");
}

/* Nobody can go on: the run ends here, its threads stay behind. */
static void run_dead(struct host_task *me, const char *what)
{
	run_failed(what);
	det.over = true;
	give_turn(det.main);
	for (;;)
		await_turn(me);
}

/* The sleeper with the earliest time-out wakes, and time has passed. */
static bool let_time_pass(void)
{
	struct host_task *first = NULL;

	for (unsigned int i = 0; i < det.n; i++) {
		struct host_task *t = det.tasks[i];

		if (!t->done && t->wake_at && (!first || time_before(t->wake_at, first->wake_at)))
			first = t;
	}
	if (!first)
		return false;
	jiffies = first->wake_at;
	first->wake_at = 0;
	WRITE_ONCE(first->task.__state, TASK_RUNNING);
	return true;
}

/* @me cannot or does not want to go on. */
static void hand_on(struct host_task *me, bool may_stay)
{
	struct host_task *list[3], *to;
	unsigned int n;
	bool was = __atomic_load_n(&host_deterministic, __ATOMIC_RELAXED);

	set_deterministic(false); /* our own accesses are no points */
	n = others(me, list);
	while (!n && !runnable(me)) {
		if (det.finished == det.n) {
			set_deterministic(was);
			give_turn(det.main);
			return;
		}
		if (!let_time_pass())
			run_dead(me, "deadlock");
		n = others(me, list);
	}
	to = n ? list[me->spins > BRANCHING_SPINS ? 0 : choose(n)] : me;
	set_deterministic(was);
	if (to == me)
		return;
	give_turn(to);
	if (!me->done)
		await_turn(me);
}

void host_sched_point(void)
{
	struct host_task *me = host_self, *list[3];
	unsigned int n, c;

	if (!me || !me->det || det.turn != me || me->done || host_cpu != me->task.cpu)
		return;
	set_deterministic(false);
	n = others(me, list);
	if (det.budget < 0)
		c = host_random_below(4) ? 0 : choose(n + 1);
	else
		c = det.budget > 0 ? choose(n + 1) : 0;
	if (c && det.budget > 0)
		det.budget--;
	set_deterministic(true);
	if (!c)
		return;
	give_turn(list[c - 1]);
	await_turn(me);
}

void cpu_relax(void)
{
	struct host_task *me = host_self;

	if (me && me->det) {
		if (++me->spins > MAX_SPINS)
			run_dead(me, "livelock: a thread spins for ever");
		hand_on(me, true);
		return;
	}
	if (host_interrupts_waiting())
		host_take_interrupts();
	os_relax();
}

static void det_cpu_enter(struct host_task *me)
{
	load_percpu_segment(me->task.cpu);
	this_cpu_write(current_task, &me->task);
	me->task.on_cpu = 1;
}

static void det_cpu_leave(struct host_task *me)
{
	me->task.on_cpu = 0;
	this_cpu_write(current_task, host_cpus[host_cpu].idle);
}

/*
 * During a run nobody else is a CPU: kernel threads stop at the next point where they give theirs up, so no lock is
 * held by a thread whose progress the run does not decide. What they were woken for is done between the runs.
 */
static void stop_other_cpus(void)
{
	for (unsigned int cpu = 0; cpu < HOST_NR_CPUS; cpu++) {
		while (cpu != host_cpu && !os_trylock(host_cpus[cpu].own)) {
			host_take_interrupts();
			os_relax();
		}
	}
	__atomic_store_n(&host_det_running, true, __ATOMIC_RELAXED);
}

static void start_other_cpus(void)
{
	__atomic_store_n(&host_det_running, false, __ATOMIC_RELAXED);
	for (unsigned int cpu = 0; cpu < HOST_NR_CPUS; cpu++) {
		if (cpu == host_cpu)
			continue;
		os_unlock(host_cpus[cpu].own);
		host_kick(cpu);
	}
}

static void det_thread(void *arg)
{
	struct host_task *me = arg;

	host_self = me;
	await_turn(me);
	det_cpu_enter(me);
	me->vfn(me->arg);
	if (preempt_count() || irqs_disabled())
		run_failed("a thread ends with preemption or interrupts disabled");
	det_cpu_leave(me);
	me->done = true;
	det.finished++;
	WRITE_ONCE(me->task.__state, TASK_DEAD);
	hand_on(me, false);
}

static void one_run(const struct host_scenario *s)
{
	if (s->setup)
		s->setup(s->arg);
	det.n = s->n;
	det.finished = 0;
	det.depth = 0;
	det.budget = s->preemptions;
	det.failed = det.over = false;
	for (unsigned int i = 0; i < s->n; i++) {
		struct host_task *t = host_task_new("scenario", i + 1);

		t->det = true;
		t->vfn = s->fn[i];
		t->arg = s->arg;
		det.tasks[i] = t;
		t->thread = os_thread(det_thread, t);
	}
	det.main->go = false;
	stop_other_cpus();
	{
		unsigned int first = choose(s->n);

		set_deterministic(true);
		give_turn(det.tasks[first]);
	}
	await_turn(det.main);
	set_deterministic(false);
	start_other_cpus();
	for (unsigned int i = 0; i < s->n && !det.over; i++) {
		os_join(det.tasks[i]->thread);
		os_lock_free(det.tasks[i]->lock);
		os_free(det.tasks[i]);
	}
	if (!det.failed && s->check)
		s->check(s->arg);
}

void host_scenario_failed(const char *file, int line, const char *what)
{
	if (!det.quiet)
		host_note("%s:%d: %s", file, line, what);
	det.failed = true;
}

unsigned long host_failures;

unsigned long host_explore(const struct host_scenario *s)
{
	unsigned long runs = 0;

	if (!det.choice) {
		det.choice = os_alloc(MAX_CHOICES * sizeof(u32));
		det.options = os_alloc(MAX_CHOICES * sizeof(u32));
	}
	det.main = host_self;
	det.replay = 0;
	det.quiet = s->expect_failure;
	host_failures = 0;
	os_one_cpu(1); /* one thread runs at a time: handing on is dear between CPUs */
	for (;;) {
		unsigned int d;

		one_run(s);
		runs++;
		if (det.failed) {
			if (!s->expect_failure) {
				host_note("in run %lu, choices:", runs);
				for (d = 0; d < det.depth; d++)
					if (det.choice[d])
						host_note("  at %u of %u: %u", d, det.depth,
							  det.choice[d]);
				host_check_failed(__FILE__, __LINE__, "all interleavings are good");
			}
			host_failures++;
			break;
		}
		if (s->runs && runs >= s->runs)
			break;
		if (s->preemptions < 0)
			continue;
		for (d = det.depth; d > 0 && det.choice[d - 1] + 1 >= det.options[d - 1]; d--)
			;
		if (!d)
			break;
		det.choice[d - 1]++;
		det.replay = d;
	}
	os_one_cpu(0);
	return runs;
}

unsigned long host_explore_widely(const char *what, struct host_scenario s, unsigned long at_random)
{
	unsigned long runs = host_explore(&s);

	s.preemptions = -1;
	s.runs = at_random;
	runs += host_explore(&s);
	host_note("%s: %lu interleavings", what, runs);
	return runs;
}

long host_det_timeout(long timeout)
{
	const bool forever = timeout == MAX_SCHEDULE_TIMEOUT;
	const unsigned long end = jiffies + timeout;

	host_self->wake_at = forever ? 0 : end;
	schedule();
	host_self->wake_at = 0;
	if (forever)
		return timeout;
	return time_before(jiffies, end) ? (long)(end - jiffies) : 0; /* woken before it is over */
}

/* ---- what kernel/sched.h promises ---- */

void schedule(void)
{
	struct task_struct *me = current;
	struct host_task *t = host_task_of(me);
	unsigned int state;

	if (preempt_count())
		panic("scheduling while atomic: %s, preempt_count %u", me->comm, preempt_count());
	local_irq_disable();
	rcu_note_context_switch(false);
	local_irq_enable();
	state = READ_ONCE(me->__state);
	if (state && signal_pending_state(state, me))
		WRITE_ONCE(me->__state, TASK_RUNNING);
	me->nvcsw++;
	if (t->det && t == host_self && det.turn == t) {
		det_cpu_leave(t);
		t->in_schedule = true;
		hand_on(t, true);
		t->in_schedule = false;
		det_cpu_enter(t);
		return;
	}
	cpu_leave(t);
	os_lock(t->lock);
	while (READ_ONCE(me->__state) != TASK_RUNNING)
		os_wait(t->lock);
	os_unlock(t->lock);
	os_relax();
	cpu_enter(t);
}

void schedule_preempt_disabled(void)
{
	__preempt_count_sub(1);
	schedule();
	__preempt_count_add(1);
}

void preempt_schedule(void) {}

int __cond_resched(void)
{
	schedule();
	return 1;
}

void yield(void)
{
	WRITE_ONCE(current->__state, TASK_RUNNING);
	schedule();
}

int try_to_wake_up(struct task_struct *p, unsigned int state, int wake_flags)
{
	struct host_task *t = host_task_of(p);
	int woke;

	smp_mb();
	os_lock(t->lock);
	woke = (__atomic_load_n(&p->__state, __ATOMIC_RELAXED) & state) != 0;
	if (woke) {
		__atomic_store_n(&p->__state, TASK_RUNNING, __ATOMIC_RELEASE);
		os_wake(t->lock);
	}
	os_unlock(t->lock);
	return woke;
}

int wake_up_process(struct task_struct *p)
{
	return try_to_wake_up(p, TASK_NORMAL, 0);
}

int wake_up_state(struct task_struct *p, unsigned int state)
{
	return try_to_wake_up(p, state, 0);
}

int io_schedule_prepare(void)
{
	return 0;
}

void io_schedule_finish(int token) {}

void io_schedule(void)
{
	schedule();
}

int set_cpus_allowed_ptr(struct task_struct *p, const struct cpumask *mask)
{
	WRITE_ONCE(p->cpu, cpumask_first(mask));
	cpumask_copy(&p->cpus_mask, mask);
	return 0;
}

/* ---- tasks ---- */

struct host_task *host_task_new(const char *name, unsigned int cpu)
{
	struct host_task *t = os_alloc(sizeof(*t));

	t->lock = os_lock_new();
	t->task.cpu = cpu;
	t->task.pid = t->task.tgid = __atomic_fetch_add(&next_pid, 1, __ATOMIC_RELAXED);
	refcount_set(&t->task.usage, 1);
	t->task.signal = &host_signal;
	t->task.group_leader = &t->task;
	t->task.real_cred = t->task.cred = &init_cred;
	spin_lock_init(&t->task.alloc_lock, LOCK_TASK);
	strscpy(t->task.comm, name, sizeof(t->task.comm));
	INIT_LIST_HEAD(&t->task.tasks);
	return t;
}

static void task_thread(void *arg)
{
	struct host_task *t = arg;

	host_self = t;
	cpu_enter(t);
	if (t->fn)
		t->fn(t->arg);
	else
		t->vfn(t->arg);
	do_exit(0);
}

void os_thread_exit(void) __attribute__((noreturn));

void do_exit(long code)
{
	struct host_task *t = host_self;

	if (preempt_count())
		panic("%s exits with preempt_count %u", t->task.comm, preempt_count());
	local_irq_disable();
	rcu_note_context_switch(false);
	local_irq_enable();
	WRITE_ONCE(t->task.__state, TASK_DEAD);
	cpu_leave(t);
	os_lock(t->lock);
	t->done = true;
	os_wake(t->lock);
	os_unlock(t->lock);
	os_thread_exit();
}

struct task_struct *host_start(void (*fn)(void *), void *arg, unsigned int cpu, const char *name)
{
	struct host_task *t = host_task_new(name, cpu);

	t->vfn = fn;
	t->arg = arg;
	t->thread = os_thread(task_thread, t);
	return &t->task;
}

void host_join(struct task_struct *p)
{
	struct host_task *t = host_task_of(p), *me = host_self;

	cpu_leave(me);
	os_lock(t->lock);
	while (!t->done)
		os_wait(t->lock);
	os_unlock(t->lock);
	os_join(t->thread);
	cpu_enter(me);
}

pid_t kernel_thread(int (*fn)(void *), void *arg, const char *name, unsigned long flags)
{
	struct host_task *t = host_task_new(name ? name : "kthread", host_cpu);

	t->fn = fn;
	t->arg = arg;
	t->task.flags = PF_KTHREAD;
	t->thread = os_thread(task_thread, t);
	return t->task.pid;
}

void __put_task_struct(struct task_struct *p) {}

void set_task_comm(struct task_struct *p, const char *name)
{
	strscpy(p->comm, name, sizeof(p->comm));
}

void ignore_signals(struct task_struct *p) {}

static int kthreadd_main(void *unused)
{
	return kthreadd(unused);
}

/* Per-CPU areas, idle tasks, and the calling thread as a task on CPU 0. */
void host_sched_start(void)
{
	unsigned long size = __per_cpu_end - __per_cpu_start;
	/* One block, areas at equal distances: what mm/percpu expects of a first chunk. */
	unsigned long stride = ((size + 4095) & ~4095UL) + PCPU_ROOM;
	char *block = os_alloc(stride * HOST_NR_CPUS + 4096);
	struct host_task *me;

	block = (char *)(((unsigned long)block + 4095) & ~4095UL) +
		((unsigned long)__per_cpu_start & 63);
	for (unsigned int cpu = 0; cpu < HOST_NR_CPUS; cpu++) {
		char *area = block + cpu * stride;

		memcpy(area, __per_cpu_start, size);
		__per_cpu_offset[cpu] = (unsigned long)area - (unsigned long)__per_cpu_start;
		host_cpus[cpu].own = os_lock_new();
		load_percpu_segment(cpu);
		this_cpu_write(this_cpu_off, host_cpu_off);
		this_cpu_write(cpu_number, cpu);
		host_cpus[cpu].idle = &host_task_new("swapper", cpu)->task;
		host_cpus[cpu].idle->flags = PF_IDLE | PF_KTHREAD;
		this_cpu_write(current_task, host_cpus[cpu].idle);
	}
	set_nr_cpu_ids(HOST_NR_CPUS);
	load_percpu_segment(0);
	me = host_task_new("main", 0);
	host_self = me;
	cpu_enter(me);
	for (unsigned int cpu = 0; cpu < HOST_NR_CPUS; cpu++) {
		set_cpu_possible(cpu, true);
		set_cpu_present(cpu, true);
		set_cpu_online(cpu, true);
	}
	for (int i = 0; i < RLIM_NLIMITS; i++)
		host_signal.rlim[i].rlim_cur = host_signal.rlim[i].rlim_max = ~0UL;
}

/* Kernel threads, from here on. */
void host_kthreads_start(void)
{
	struct host_task *t = host_task_new("kthreadd", 7);

	t->fn = kthreadd_main;
	t->task.flags = PF_KTHREAD;
	kthreadd_task = &t->task;
	t->thread = os_thread(task_thread, t);
}

/* Pressure is the business of a scheduler that has run queues. */
void psi_memstall_enter(unsigned long *flags)
{
	*flags = 1;
}

void psi_memstall_leave(unsigned long *flags) {}
