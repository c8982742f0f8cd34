// SPDX-License-Identifier: MIT
/*
 * Mutexes.
 *
 * 1 Terms. owner holds the address of the task that has the mutex, 0 if nobody, and in its two low bits
 *   WAITERS (the list is not empty) and HANDOFF (the first waiter has been passed over once).
 * 2 Taking: 0 -> me, by one compare-and-swap (in the header). Otherwise spin while the owner runs on
 *   another CPU, because it will soon be done; then queue and sleep.
 *   Giving back: me -> 0. With WAITERS: me|flags -> flags, then wake the first waiter, which competes
 *   with new arrivals: no context switch is wasted. If it loses it sets HANDOFF, and the next unlock makes
 *   it the owner directly. So a waiter is passed over at most once after it was woken.
 * 3 Invariants: WAITERS is set exactly while wait_list is not empty (both under wait_lock).
 *   While owner names a task, only that task clears it; others only set flag bits, under wait_lock.
 * 4 Locks: wait_lock (MUTEX_WAIT) guards the list. A waiter leaves only with wait_lock held, so the one
 *   who wakes it under wait_lock may touch it. An owner's task is looked at in an RCU read section.
 * 6 Linux 6.1 (kernel/locking/mutex.c) adds an MCS queue of spinners and a PICKUP bit; here a hand-over
 *   writes the new owner, which nobody else can undo.
 */
#include <base/atomic.h>
#include <base/bug.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <seam/processor.h>
#include <sync/mutex.h>
#include <sync/rcu.h>

struct mutex_waiter {
	struct list_head list;
	struct task_struct *task;
};

static struct task_struct *owner_task(unsigned long owner)
{
	return (struct task_struct *)(owner & ~MUTEX_FLAGS);
}

/* Take it if nobody has it (flags stay), or find that it was handed over to us. */
static bool try_take(struct mutex *m, bool first)
{
	long o = atomic_long_read(&m->owner);

	for (;;) {
		if (owner_task(o))
			return owner_task(o) == current;
		if ((o & MUTEX_HANDOFF) && !first)
			return false;
		if (atomic_long_try_cmpxchg_acquire(&m->owner, &o,
						    (o & MUTEX_WAITERS) | (long)current))
			return true;
	}
}

/* Does @owner run on a CPU? Only a hint; the task is there, for we are in a read section of RCU. */
static bool __no_sanitize_race owner_runs(struct task_struct *owner)
{
	return READ_ONCE(owner->on_cpu);
}

/* Wait without sleeping while the owner runs. True: taken. */
static bool spin_on_owner(struct mutex *m)
{
	bool got = false;

	preempt_disable();
	while (!need_resched()) {
		unsigned long o = atomic_long_read(&m->owner);
		struct task_struct *owner = owner_task(o);

		if (o & MUTEX_HANDOFF)
			break;
		if (!owner) {
			got = try_take(m, false);
			if (got)
				break;
		} else if (!owner_runs(owner)) {
			break;
		}
		cpu_relax();
	}
	preempt_enable();
	return got;
}

static void remove_waiter(struct mutex *m, struct mutex_waiter *w)
{
	list_del(&w->list);
	if (list_empty(&m->wait_list))
		atomic_long_andnot(MUTEX_FLAGS, &m->owner);
}

/* => may sleep; @state decides which signals end it. 0, or -EINTR and the mutex is not taken. */
static int mutex_lock_slow(struct mutex *m, unsigned int state)
{
	struct mutex_waiter w = { .task = current };
	bool woken = false;
	int ret = 0;

	if (spin_on_owner(m))
		return 0;
	spin_lock(&m->wait_lock);
	if (list_empty(&m->wait_list) && try_take(m, true))
		goto out_unlock;
	list_add_tail(&w.list, &m->wait_list);
	atomic_long_or(MUTEX_WAITERS, &m->owner);
	for (;;) {
		bool first = list_is_first(&w.list, &m->wait_list);

		set_current_state(state);
		if (try_take(m, first))
			break;
		if (signal_pending_state(state, current)) {
			ret = -EINTR;
			break;
		}
		if (first && woken)
			atomic_long_or(MUTEX_HANDOFF, &m->owner);
		/* The owner may have gone since try_take(): the bit set just now stops others only. */
		if (first && woken && try_take(m, true))
			break;
		spin_unlock(&m->wait_lock);
		schedule();
		woken = true;
		spin_lock(&m->wait_lock);
	}
	__set_current_state(TASK_RUNNING);
	remove_waiter(m, &w);
out_unlock:
	spin_unlock(&m->wait_lock);
	return ret;
}

/* The fast path found flags set (@found: what it saw). */
void mutex_unlock_slow(struct mutex *m, unsigned long found)
{
	struct mutex_waiter *first;
	long o = atomic_long_read(&m->owner);

	VM_WARN_ON_ONCE(owner_task(found) != current);
	while (!(o & MUTEX_HANDOFF)) {
		if (!atomic_long_try_cmpxchg_release(&m->owner, &o, o & MUTEX_FLAGS))
			continue;
		if (!(o & MUTEX_WAITERS))
			return;
		break;
	}
	spin_lock(&m->wait_lock);
	first = list_first_entry_or_null(&m->wait_list, struct mutex_waiter, list);
	if (o & MUTEX_HANDOFF) /* still ours: give it away */
		atomic_long_set_release(&m->owner, first ? (long)first->task | MUTEX_WAITERS : 0);
	if (first)
		wake_up_process(first->task);
	spin_unlock(&m->wait_lock);
}

void mutex_lock_contended(struct mutex *m)
{
	lock_contended(m);
	(void)mutex_lock_slow(m, TASK_UNINTERRUPTIBLE);
	lock_acquired(m);
}

static int mutex_lock_state(struct mutex *m, unsigned int state)
{
	int ret = 0;

	might_sleep();
	lock_acquire(m, m->rank, 0, LOCK_HOW_SLEEP);
	if (unlikely(!__mutex_trylock_fast(m))) {
		lock_contended(m);
		ret = mutex_lock_slow(m, state);
		lock_acquired(m);
	}
	if (ret)
		lock_abandoned(m);
	return ret;
}

int mutex_lock_interruptible(struct mutex *m)
{
	return mutex_lock_state(m, TASK_INTERRUPTIBLE);
}

int mutex_lock_killable(struct mutex *m)
{
	return mutex_lock_state(m, TASK_KILLABLE);
}
