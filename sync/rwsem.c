// SPDX-License-Identifier: MIT
/*
 * Reader-writer semaphores.
 *
 * 1 Terms. count = 256 * readers + bits: WRITER, a writer holds it; WAITERS, somebody queues; WOKEN, the first of
 *   the queue is a writer that was woken and has not tried yet; HANDOFF, the first of the queue has been passed by
 *   often enough. A reader that comes adds 256 first and looks then; one that may not go on takes its 256 back under
 *   wait_lock, so readers in count may be transient ("ghosts") for a few instructions. Free: no WRITER, no readers.
 * 2 A task that cannot go on queues, first come first served, and sleeps. Readers at the head are given the lock,
 *   all together, by the one who frees it. A writer at the head is only woken: the lock stays free, and a writer
 *   that runs may steal it meanwhile, for a lock that is handed to a sleeper is lost to everybody until the sleeper
 *   runs, and tasks that take it again and again would march in a convoy at the pace of context switches. While
 *   WOKEN is set unlocking wakes nobody, so that a thief pays an atomic operation and no more.
 * 3 Who is first and finds the lock stolen rwsem_patience times sets HANDOFF: from then on nobody steals, and the
 *   next one who frees the lock gives it to him, reader or writer. So a task waits for at most
 *   rwsem_patience + 1 holders for each task before it in the queue. Readers do not steal: a stream of them would
 *   never leave the lock free for a writer to try.
 * 4 Invariants, under wait_lock: WAITERS set <=> wait_list not empty. HANDOFF or WOKEN => WAITERS. A free lock with a
 *   queue has WOKEN set, or somebody is on his way to rwsem_wake(): up_read, up_write, the ghost that took its 256
 *   back, or the waiter that gave up. The woken writer clears WOKEN and looks at count in one operation, hence who
 *   unlocks before that leaves it a free lock, and who unlocks after that sees no WOKEN and wakes it again.
 * 5 Locks: wait_lock (MUTEX_WAIT). granted is released by the waker and acquired by the sleeper; the waker holds a
 *   reference to the task, whose waiter may be gone as soon as granted is set.
 * 6 A new writer or reader spins for a while if the owning writer runs and nobody waits.
 * 7 Linux 6.1 (kernel/locking/rwsem.c) wakes the first writer without a grant too, lets readers and writers steal,
 *   and hands over after 4 ms; here a number of thefts bounds the wait, which needs no clock.
 */
#include <base/atomic.h>
#include <base/bug.h>
#include <base/errno.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <seam/processor.h>
#include <sync/rwsem.h>

unsigned int rwsem_patience = 4;

struct rwsem_waiter {
	struct list_head list;
	struct task_struct *task;
	bool writer;
	bool granted;
	unsigned int
		passed_by; /* found the lock taken when it was the first in the queue and its turn; wait_lock */
};

static struct rwsem_waiter *first_waiter(struct rw_semaphore *sem)
{
	return list_first_entry_or_null(&sem->wait_list, struct rwsem_waiter, list);
}

static bool is_free(long count)
{
	return !(count & ~RWSEM_QUEUE);
}

/* The bits of the queue when its first waiter has left. => wait_lock held, it is still listed */
static long queue_without_first(struct rw_semaphore *sem)
{
	return list_is_singular(&sem->wait_list) ? 0 : RWSEM_WAITERS;
}

static void wake_granted(struct rwsem_waiter *w)
{
	struct task_struct *task = w->task;

	list_del(&w->list);
	get_task_struct(task);
	smp_store_release(&w->granted, true);
	wake_up_process(task);
	put_task_struct(task);
}

/* Take a free lock for the first waiter, a writer; false when it is not free. => wait_lock held */
static bool take_for_first(struct rw_semaphore *sem)
{
	long c = atomic_long_read(&sem->count);

	while (is_free(c))
		if (atomic_long_try_cmpxchg_acquire(&sem->count, &c,
						    RWSEM_WRITER | queue_without_first(sem)))
			return true;
	return false;
}

/* The first waiter is a writer: wake it to take the lock, or hand it over. => wait_lock held */
static void wake_writer(struct rw_semaphore *sem, struct rwsem_waiter *w)
{
	long c = atomic_long_read(&sem->count);

	/* When it is taken its holder comes here later; a ghost in count comes to wait_lock next, and here. */
	while (is_free(c) && !(c & RWSEM_WOKEN)) {
		if (c & RWSEM_HANDOFF) {
			if (take_for_first(sem))
				wake_granted(w);
			return;
		}
		if (atomic_long_try_cmpxchg(&sem->count, &c, c | RWSEM_WOKEN)) {
			wake_up_process(w->task);
			return;
		}
	}
}

/* Give the lock to the first waiter, a reader; false when a writer has it. => wait_lock held */
static bool grant_reader(struct rw_semaphore *sem, struct rwsem_waiter *w)
{
	long c = atomic_long_read(&sem->count), to;

	do {
		if (c & RWSEM_WRITER) {
			if (++w->passed_by >= rwsem_patience)
				atomic_long_or(RWSEM_HANDOFF, &sem->count);
			return false;
		}
		to = (c & ~RWSEM_QUEUE) + queue_without_first(sem) + RWSEM_READER;
	} while (!atomic_long_try_cmpxchg_acquire(&sem->count, &c, to));
	wake_granted(w);
	return true;
}

/* Let the head of the queue go on, as far as the lock is free. => wait_lock held */
static void grant(struct rw_semaphore *sem)
{
	struct rwsem_waiter *w;

	while ((w = first_waiter(sem))) {
		if (w->writer) {
			wake_writer(sem, w);
			return;
		}
		if (!grant_reader(sem, w))
			return;
	}
}

void rwsem_wake(struct rw_semaphore *sem)
{
	unsigned long flags;

	spin_lock_irqsave(&sem->wait_lock, flags);
	grant(sem);
	spin_unlock_irqrestore(&sem->wait_lock, flags);
}

/* A writer that is first and awake tries. True: it has the lock and left the queue. => wait_lock held */
static bool try_first(struct rw_semaphore *sem, struct rwsem_waiter *w)
{
	long c = atomic_long_read(&sem->count), to;

	if (!w->writer || first_waiter(sem) != w)
		return false;
	do {
		if (take_for_first(sem)) {
			list_del(&w->list);
			return true;
		}
		c = atomic_long_read(&sem->count);
		if (!(c & RWSEM_WOKEN))
			return false;
		to = c & ~RWSEM_WOKEN;
		if (w->passed_by + 1 >= rwsem_patience)
			to |= RWSEM_HANDOFF;
	} while (is_free(c) || !atomic_long_try_cmpxchg(&sem->count, &c, to));
	w->passed_by++;
	return false;
}

/* Leave the queue without the lock. => wait_lock held */
static void give_up(struct rw_semaphore *sem, struct rwsem_waiter *w)
{
	bool first = first_waiter(sem) == w;

	if (first)
		atomic_long_andnot(RWSEM_QUEUE & ~queue_without_first(sem), &sem->count);
	list_del(&w->list);
	if (first)
		grant(sem);
}

/*
 * Sleep until the lock is ours: 0, or -EINTR when @state allows signals.
 * => wait_lock held with @flags, @w queued; returns with it released
 */
static int wait_turn(struct rw_semaphore *sem, struct rwsem_waiter *w, unsigned int state,
		     unsigned long flags)
{
	int err = 0;

	while (!w->granted && !try_first(sem, w)) {
		if (signal_pending_state(state, current)) {
			give_up(sem, w);
			err = -EINTR;
			break;
		}
		set_current_state(state); /* who wakes us holds wait_lock */
		spin_unlock_irqrestore(&sem->wait_lock, flags);
		schedule();
		if (smp_load_acquire(&w->granted))
			return 0;
		spin_lock_irqsave(&sem->wait_lock, flags);
	}
	spin_unlock_irqrestore(&sem->wait_lock, flags);
	return err;
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

/* Waiting: 0, or -EINTR when @state allows signals. => the caller has added RWSEM_READER to count */
static int rwsem_down_read_slow(struct rw_semaphore *sem, unsigned int state)
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
	if (is_free(c) && !(c & RWSEM_WOKEN))
		grant(sem);
	return wait_turn(sem, &w, state, flags);
}

/* Take a free lock that nobody has to be handed, although somebody may wait for it. */
static bool steal_write(struct rw_semaphore *sem)
{
	long c = atomic_long_read(&sem->count);

	while (is_free(c) && !(c & RWSEM_HANDOFF))
		if (atomic_long_try_cmpxchg_acquire(&sem->count, &c, c | RWSEM_WRITER))
			return true;
	return false;
}

static int rwsem_down_write_slow(struct rw_semaphore *sem, unsigned int state)
{
	struct rwsem_waiter w = { .task = current, .writer = true };
	unsigned long flags;

	do {
		if (steal_write(sem))
			return 0;
		if (atomic_long_read(&sem->count) & ~RWSEM_WRITER)
			break; /* readers, or a queue */
	} while (spin_on_owner(sem));
	spin_lock_irqsave(&sem->wait_lock, flags);
	if (list_empty(&sem->wait_list))
		atomic_long_or(RWSEM_WAITERS, &sem->count);
	list_add_tail(&w.list, &sem->wait_list);
	return wait_turn(sem, &w, state, flags);
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
