// SPDX-License-Identifier: MIT
/*
 * Reader-writer semaphores.
 *
 * 1 Terms. count = 256 * readers + 2 if somebody waits + 1 if a writer holds it. A reader that comes adds
 *   256 first and looks then; one that may not go on takes its 256 back under wait_lock, so readers in
 *   count may be transient ("ghosts") for a few instructions.
 * 2 A task that cannot go on queues, first come first served, and sleeps until it has been granted the
 *   lock: the one who frees it changes count for the waiter and sets granted. Nobody overtakes a waiter:
 *   the WAITERS bit keeps the fast paths out. All readers at the head of the queue are let in together.
 * 3 Invariants, under wait_lock: WAITERS set <=> wait_list not empty. With WAITERS set, WRITER is set only
 *   by grant(). A free semaphore (count == WAITERS) with a queue is granted by whoever made it so: up_read,
 *   up_write, the ghost that took its 256 back, or the waiter that gave up.
 * 4 Locks: wait_lock (MUTEX_WAIT). granted is released by the waker and acquired by the sleeper; the
 *   waker holds a reference to the task, whose waiter may be gone as soon as granted is set.
 * 5 A new writer or reader spins for a while if the owning writer runs and nobody waits.
 * 6 Linux 6.1 (kernel/locking/rwsem.c) lets arrivals steal and sets a hand-over bit after 4 ms; here the
 *   queue is strict, which bounds waiting and needs no time.
 */
#include <base/atomic.h>
#include <base/bug.h>
#include <base/errno.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <seam/processor.h>
#include <sync/rwsem.h>

struct rwsem_waiter {
	struct list_head list;
	struct task_struct *task;
	bool writer;
	bool granted;
};

static void wake_granted(struct rwsem_waiter *w)
{
	struct task_struct *task = w->task;

	list_del(&w->list);
	get_task_struct(task);
	smp_store_release(&w->granted, true);
	wake_up_process(task);
	put_task_struct(task);
}

/* Give the lock to the head of the queue, as far as it is free. => wait_lock held */
static void grant(struct rw_semaphore *sem)
{
	while (!list_empty(&sem->wait_list)) {
		struct rwsem_waiter *w =
			list_first_entry(&sem->wait_list, struct rwsem_waiter, list);
		long last = list_is_singular(&sem->wait_list) ? RWSEM_WAITERS : 0;
		long c = atomic_long_read(&sem->count);

		if (w->writer) {
			/* A ghost in count comes to wait_lock next and calls us again. */
			if (c != RWSEM_WAITERS ||
			    !atomic_long_try_cmpxchg_acquire(&sem->count, &c,
							     RWSEM_WRITER | (RWSEM_WAITERS - last)))
				return;
			wake_granted(w);
			return;
		}
		if (c & RWSEM_WRITER)
			return;
		(void)atomic_long_add_return_acquire(RWSEM_READER - last, &sem->count);
		wake_granted(w);
	}
}

void rwsem_wake(struct rw_semaphore *sem)
{
	unsigned long flags;

	spin_lock_irqsave(&sem->wait_lock, flags);
	grant(sem);
	spin_unlock_irqrestore(&sem->wait_lock, flags);
}

/* Sleep until granted. => wait_lock held with @flags, @w queued; returns with it released */
static int wait_granted(struct rw_semaphore *sem, struct rwsem_waiter *w, unsigned int state,
			unsigned long flags)
{
	spin_unlock_irqrestore(&sem->wait_lock, flags);
	for (;;) {
		set_current_state(state);
		if (smp_load_acquire(&w->granted))
			break;
		if (signal_pending_state(state, current)) {
			spin_lock_irqsave(&sem->wait_lock, flags);
			if (w->granted) {
				spin_unlock_irqrestore(&sem->wait_lock, flags);
				break;
			}
			list_del(&w->list);
			if (list_empty(&sem->wait_list))
				atomic_long_andnot(RWSEM_WAITERS, &sem->count);
			else
				grant(sem);
			spin_unlock_irqrestore(&sem->wait_lock, flags);
			__set_current_state(TASK_RUNNING);
			return -EINTR;
		}
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

/* Does @owner run on a CPU? Only a hint; the task is there, for we are in a read section of RCU. */
static bool __no_sanitize_race owner_runs(struct task_struct *owner)
{
	return READ_ONCE(owner->on_cpu);
}

/* Wait while the owner runs on another CPU and nobody queues; true when it is worth trying again. */
static bool spin_on_owner(struct rw_semaphore *sem)
{
	bool free = false;

	preempt_disable();
	while (!need_resched()) {
		long c = atomic_long_read(&sem->count);
		struct task_struct *owner = READ_ONCE(sem->owner);

		if (c & RWSEM_WAITERS)
			break;
		if (!(c & RWSEM_WRITER)) {
			free = true;
			break;
		}
		if (!owner || !owner_runs(owner))
			break;
		cpu_relax();
	}
	preempt_enable();
	return free;
}

/* => the caller has added RWSEM_READER to count */
int rwsem_down_read_slow(struct rw_semaphore *sem, unsigned int state)
{
	struct rwsem_waiter w = { .task = current };
	unsigned long flags;
	long c;

	/* Our 256 keeps writers out: once WRITER is gone and nobody queues, the lock is ours. */
	if (spin_on_owner(sem) &&
	    !(atomic_long_read_acquire(&sem->count) & (RWSEM_WRITER | RWSEM_WAITERS)))
		return 0;
	spin_lock_irqsave(&sem->wait_lock, flags);
	if (list_empty(&sem->wait_list)) {
		if (!(atomic_long_read_acquire(&sem->count) & RWSEM_WRITER)) {
			spin_unlock_irqrestore(&sem->wait_lock, flags);
			return 0;
		}
		c = atomic_long_add_return(RWSEM_WAITERS - RWSEM_READER, &sem->count);
	} else {
		c = atomic_long_sub_return(RWSEM_READER, &sem->count);
	}
	list_add_tail(&w.list, &sem->wait_list);
	if (c == RWSEM_WAITERS)
		grant(sem);
	return wait_granted(sem, &w, state, flags);
}

int rwsem_down_write_slow(struct rw_semaphore *sem, unsigned int state)
{
	struct rwsem_waiter w = { .task = current, .writer = true };
	unsigned long flags;
	long c;

	while (spin_on_owner(sem)) {
		if (__rwsem_write_trylock(sem))
			return 0;
		if (atomic_long_read(&sem->count) & ~RWSEM_WRITER)
			break; /* readers, or a queue */
	}
	spin_lock_irqsave(&sem->wait_lock, flags);
	if (list_empty(&sem->wait_list))
		c = atomic_long_add_return(RWSEM_WAITERS, &sem->count);
	else
		c = atomic_long_read(&sem->count);
	list_add_tail(&w.list, &sem->wait_list);
	if (c == RWSEM_WAITERS)
		grant(sem);
	return wait_granted(sem, &w, state, flags);
}

void down_read_contended(struct rw_semaphore *sem)
{
	lock_contended(sem);
	(void)rwsem_down_read_slow(sem, TASK_UNINTERRUPTIBLE);
	lock_acquired(sem);
}

void down_write_contended(struct rw_semaphore *sem)
{
	lock_contended(sem);
	(void)rwsem_down_write_slow(sem, TASK_UNINTERRUPTIBLE);
	lock_acquired(sem);
}

static int down_read_state(struct rw_semaphore *sem, unsigned int state)
{
	int ret = 0;

	might_sleep();
	lock_acquire(sem, sem->rank, 0, LOCK_HOW_SLEEP | LOCK_HOW_READ);
	if (unlikely(atomic_long_add_return_acquire(RWSEM_READER, &sem->count) &
		     (RWSEM_WRITER | RWSEM_WAITERS))) {
		lock_contended(sem);
		ret = rwsem_down_read_slow(sem, state);
		lock_acquired(sem);
	}
	if (ret)
		lock_abandoned(sem);
	return ret;
}

int down_read_killable(struct rw_semaphore *sem)
{
	return down_read_state(sem, TASK_KILLABLE);
}

int down_read_interruptible(struct rw_semaphore *sem)
{
	return down_read_state(sem, TASK_INTERRUPTIBLE);
}

int down_write_killable(struct rw_semaphore *sem)
{
	int ret = 0;

	might_sleep();
	lock_acquire(sem, sem->rank, 0, LOCK_HOW_SLEEP);
	if (unlikely(!__rwsem_write_trylock(sem))) {
		lock_contended(sem);
		ret = rwsem_down_write_slow(sem, TASK_KILLABLE);
		lock_acquired(sem);
	}
	if (ret)
		lock_abandoned(sem);
	else
		WRITE_ONCE(sem->owner, current);
	return ret;
}

void downgrade_write(struct rw_semaphore *sem)
{
	lock_downgraded(sem);
	WRITE_ONCE(sem->owner, NULL);
	if (atomic_long_add_return_release(RWSEM_READER - RWSEM_WRITER, &sem->count) &
	    RWSEM_WAITERS)
		rwsem_wake(sem);
}
