// SPDX-License-Identifier: MIT
/*
 * Checks of locks in debug builds. No code otherwise.
 *
 * 1 Each task keeps a stack of the locks it holds (task->held_locks): which, of what rank, taken where, how.
 * 2 At each acquisition, before it waits:
 *	recursion	the same lock is held already (not: readers of a spinning rwlock twice)
 *	order		a lock of the same or a later rank (sync/ranks.h) is held: somebody who does it the
 *			other way round deadlocks with us (AB-BA). Excepted: trylocks; equal ranks with a
 *			higher subclass; locks of the interrupted task, seen from an interrupt
 *	sleeping	a mutex or rwsem while preemption or interrupts are disabled; might_sleep() likewise
 *	irq		a rank that is taken in interrupts is somewhere held with interrupts enabled: the
 *			interrupt may come just then and wait for ever. Noted by rank, in rank_use[]
 *    and at each release: that the lock is held.
 * 3 A report names both places: where the lock is taken and where the other one was (or, for irq, where the
 *   rank was used in the other way). Each pair of places is reported once, counted in lockdep_reports.
 * 4 The stack belongs to the task, an interrupt uses it above what is there and leaves it as it was; so it
 *   needs no lock. rank_use is written without a lock too: the worst is a report that is late.
 * 5 A stack of MAX_LOCK_DEPTH that overflows is reported once and checking stops for that task's excess.
 * 6 Linux learns an order from what it sees (lockdep); a fixed rank finds an inversion the first time either
 *   side runs, and the list of ranks is at the same time the documentation.
 * 7 A self test sets lockdep_capture: reports are then kept for it and not printed.
 */
#include <base/compiler.h>
#if QUIRE_DEBUG

#include <base/bug.h>
#include <base/string.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <sync/lockdep.h>
#include <sync/preempt.h>
#include "lockdep_internal.h"

static const char *const rank_name[NR_LOCK_RANKS] = { [LOCK_UNRANKED] = "(no rank)",
#define RANK_NAME(name, kind, what) [LOCK_##name] = #name,
						      LOCK_RANKS(RANK_NAME)
#undef RANK_NAME
};

/* Where a rank was first used in each of the ways that do not go together; 0: never. */
static struct rank_use {
	unsigned long irq_read, irq_write; /* taken in an interrupt */
	unsigned long on_read, on_write;   /* taken by a task with interrupts enabled */
} rank_use[NR_LOCK_RANKS];

#define MAX_REPORTED 128
static struct reported {
	enum lockdep_error what;
	unsigned long here, there;
} reported[MAX_REPORTED];
static atomic_t nr_reported;

struct lockdep_capture *lockdep_capture;
unsigned int lockdep_reports;

static const char *const error_text[] = {
	[LOCKDEP_RECURSION] = "lock taken twice by the same task",
	[LOCKDEP_ORDER] = "locks taken in the wrong order",
	[LOCKDEP_SLEEP] = "sleeping function called in atomic context",
	[LOCKDEP_IRQ] = "lock is used in interrupts and also held with interrupts enabled",
	[LOCKDEP_NOT_HELD] = "release of a lock that is not held",
	[LOCKDEP_DEPTH] = "too many locks held",
	[LOCKDEP_LEFT] = "lock still held on the way out of the kernel",
};

/* Was this pair reported already? Notes it if not. */
static bool seen_before(enum lockdep_error what, unsigned long here, unsigned long there)
{
	int n = atomic_read(&nr_reported);

	for (int i = 0; i < n && i < MAX_REPORTED; i++)
		if (reported[i].what == what && reported[i].here == here &&
		    reported[i].there == there)
			return true;
	n = atomic_fetch_inc(&nr_reported);
	if (n >= MAX_REPORTED)
		return true;
	reported[n] = (struct reported){ what, here, there };
	return false;
}

static void report(enum lockdep_error what, unsigned int rank, unsigned long here,
		   unsigned int other_rank, unsigned long there)
{
	struct lockdep_capture *c = READ_ONCE(lockdep_capture);

	if (c && c->task == current) {
		c->count[what]++;
		c->here = here;
		c->there = there;
		return;
	}
	if (oops_in_progress || seen_before(what, here, there))
		return;
	lockdep_reports++;
	pr_err("lockdep: %s\n", error_text[what]);
	pr_err("lockdep: %s at %pS\n", rank < NR_LOCK_RANKS ? rank_name[rank] : "?", (void *)here);
	if (there)
		pr_err("lockdep: %s at %pS\n",
		       other_rank < NR_LOCK_RANKS ? rank_name[other_rank] : "?", (void *)there);
	lockdep_print_held(current);
	dump_stack();
}

void lockdep_print_held(struct task_struct *task)
{
	pr_err("locks held by %s/%d:\n", task->comm, task->pid);
	for (int i = 0; i < task->lockdep_depth && i < MAX_LOCK_DEPTH; i++) {
		struct held_lock *h = &task->held_locks[i];

		pr_err(" #%d %s%s %px at %pS\n", i, rank_name[h->rank],
		       h->how & LOCK_HOW_READ ? " (read)" : "", h->lock, (void *)h->ip);
	}
}

/* ---- acquisition ---- */

static unsigned int context_bits(void)
{
	return (in_hardirq() || in_nmi() ? LOCK_HOW_HARDIRQ : 0) |
	       (irqs_disabled() ? 0 : LOCK_HOW_IRQS_ON);
}

static void note_use(unsigned long *where, unsigned long ip)
{
	if (!READ_ONCE(*where))
		WRITE_ONCE(*where, ip);
}

static void check_irq_use(unsigned int rank, unsigned int how, unsigned long ip)
{
	struct rank_use *u = &rank_use[rank];
	bool read = how & LOCK_HOW_READ;
	unsigned long clash = 0;

	if (rank == LOCK_UNRANKED || (how & LOCK_HOW_SLEEP))
		return;
	if (how & LOCK_HOW_HARDIRQ) {
		note_use(read ? &u->irq_read : &u->irq_write, ip);
		clash = READ_ONCE(u->on_write);
		if (!clash && !read)
			clash = READ_ONCE(u->on_read);
	} else if (how & LOCK_HOW_IRQS_ON) {
		note_use(read ? &u->on_read : &u->on_write, ip);
		clash = READ_ONCE(u->irq_write);
		if (!clash && !read)
			clash = READ_ONCE(u->irq_read);
	}
	if (unlikely(clash))
		report(LOCKDEP_IRQ, rank, ip, rank, clash);
}

static void check_order(const void *lock, unsigned int rank, unsigned int subclass,
			unsigned int how, unsigned long ip)
{
	struct task_struct *me = current;

	for (int i = 0; i < me->lockdep_depth && i < MAX_LOCK_DEPTH; i++) {
		struct held_lock *h = &me->held_locks[i];

		if (!READ_ONCE(h->lock))
			continue; /* we interrupted push() before it told which */
		if (h->lock == lock) {
			/* A spinning rwlock may be read again in an interrupt. */
			if ((h->how & how & LOCK_HOW_READ) && !(how & LOCK_HOW_SLEEP))
				continue;
			report(LOCKDEP_RECURSION, rank, ip, h->rank, h->ip);
			continue;
		}
		if (!rank || !h->rank || (h->how ^ how) & LOCK_HOW_HARDIRQ)
			continue;
		if (h->rank < rank || (h->rank == rank && subclass > h->subclass))
			continue;
		report(LOCKDEP_ORDER, rank, ip, h->rank, h->ip);
	}
}

static void check_may_sleep(unsigned int rank, unsigned long ip)
{
	struct task_struct *me = current;
	unsigned long there = 0;
	unsigned int other = 0;

	if (likely(!in_atomic() && !irqs_disabled()))
		return;
	if (system_state == SYSTEM_BOOTING || oops_in_progress)
		return;
	for (int i = me->lockdep_depth - 1; i >= 0; i--) {
		if (i < MAX_LOCK_DEPTH && !(me->held_locks[i].how & LOCK_HOW_SLEEP)) {
			there = me->held_locks[i].ip;
			other = me->held_locks[i].rank;
		}
	}
	report(LOCKDEP_SLEEP, rank, ip, other, there);
}

static void push(const void *lock, unsigned int rank, unsigned int subclass, unsigned int how,
		 unsigned long ip)
{
	struct task_struct *me = current;
	int depth = me->lockdep_depth++;

	barrier(); /* an interrupt uses the place above */
	if (depth >= MAX_LOCK_DEPTH) {
		report(LOCKDEP_DEPTH, rank, ip, 0, 0);
		return;
	}
	/* The lock last: until then the place counts as empty, as pop() left it. */
	me->held_locks[depth] = (struct held_lock){ NULL, ip, rank, subclass, how };
	barrier();
	WRITE_ONCE(me->held_locks[depth].lock, lock);
}

void lock_acquire(const void *lock, unsigned int rank, unsigned int subclass, unsigned int how)
{
	unsigned long ip = _RET_IP_;

	how |= context_bits();
	if (how & LOCK_HOW_SLEEP)
		check_may_sleep(rank, ip);
	check_order(lock, rank, subclass, how, ip);
	check_irq_use(rank, how, ip);
	push(lock, rank, subclass, how, ip);
}

void lock_acquired_try(const void *lock, unsigned int rank, unsigned int how)
{
	how |= context_bits() | LOCK_HOW_TRY;
	check_irq_use(rank, how, _RET_IP_);
	push(lock, rank, 0, how, _RET_IP_);
}

/* ---- release ---- */

static struct held_lock *find_held(const void *lock)
{
	struct task_struct *me = current;

	for (int i = me->lockdep_depth - 1; i >= 0; i--)
		if (i < MAX_LOCK_DEPTH && me->held_locks[i].lock == lock)
			return &me->held_locks[i];
	return NULL;
}

static void pop(const void *lock, unsigned long ip)
{
	struct task_struct *me = current;
	struct held_lock *h, *top;

	if (unlikely(me->lockdep_depth > MAX_LOCK_DEPTH)) {
		me->lockdep_depth--; /* the overflow was reported; which locks are held is not known now */
		return;
	}
	h = find_held(lock);
	top = &me->held_locks[me->lockdep_depth - 1];
	if (unlikely(!h)) {
		report(LOCKDEP_NOT_HELD, LOCK_UNRANKED, ip, 0, 0);
		return;
	}
	for (; h < top; h++)
		*h = h[1];
	WRITE_ONCE(top->lock, NULL);
	barrier();
	me->lockdep_depth--;
}

void lock_release(const void *lock)
{
	pop(lock, _RET_IP_);
}

void lock_abandoned(const void *lock)
{
	pop(lock, _RET_IP_);
}

void lock_downgraded(const void *lock)
{
	struct held_lock *h = find_held(lock);

	if (h)
		h->how |= LOCK_HOW_READ;
}

bool lock_is_held_write(const void *lock)
{
	struct held_lock *h = find_held(lock);

	return h && !(h->how & LOCK_HOW_READ);
}

/* ---- contexts ---- */

void __might_sleep(const char *file, int line)
{
	check_may_sleep(LOCK_UNRANKED, _RET_IP_);
}

/* On the way to user mode nothing may be held. */
void lockdep_sys_exit(void)
{
	struct task_struct *me = current;

	if (unlikely(me->lockdep_depth)) {
		report(LOCKDEP_LEFT, me->held_locks[0].rank, _RET_IP_, me->held_locks[0].rank,
		       me->held_locks[0].ip);
		me->lockdep_depth = 0;
	}
	WARN_ONCE(preempt_count(), "preempt count %x on the way out of the kernel\n",
		  preempt_count());
}

#endif
