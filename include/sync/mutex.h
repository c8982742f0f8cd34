/* SPDX-License-Identifier: MIT */
/*
 * Mutexes: sleeping locks with an owner. See sync/mutex.c.
 *
 *	owner: the task that holds it | MUTEX_WAITERS: somebody sleeps | MUTEX_HANDOFF: give it to the first
 */
#ifndef QUIRE_SYNC_MUTEX_H
#define QUIRE_SYNC_MUTEX_H

#include <base/atomic.h>
#include <base/list.h>
#include <seam/current.h>
#include <sync/lockdep.h>
#include <sync/preempt.h>
#include <sync/spinlock.h>

struct mutex {
	atomic_long_t owner;
	spinlock_t wait_lock;
	u32 rank;
	struct list_head wait_list;	/* of mutex_waiter, first come first; wait_lock */
};

#define MUTEX_WAITERS	1UL
#define MUTEX_HANDOFF	2UL
#define MUTEX_FLAGS	3UL

#define __MUTEX_INITIALIZER(name, rank_) {					\
	.wait_lock = __SPIN_LOCK_UNLOCKED(LOCK_MUTEX_WAIT),			\
	.rank = (rank_),							\
	.wait_list = LIST_HEAD_INIT((name).wait_list) }
#define DEFINE_MUTEX(name, rank_) struct mutex name = __MUTEX_INITIALIZER(name, rank_)

static inline void mutex_init(struct mutex *m, unsigned int rank)
{
	atomic_long_set(&m->owner, 0);
	spin_lock_init(&m->wait_lock, LOCK_MUTEX_WAIT);
	m->rank = rank;
	INIT_LIST_HEAD(&m->wait_list);
}

/* All may sleep; not in interrupts. _interruptible, _killable: 0, or -EINTR on a (fatal) signal. */
void mutex_unlock_slow(struct mutex *m, unsigned long found);
int __must_check mutex_lock_interruptible(struct mutex *m);
int __must_check mutex_lock_killable(struct mutex *m);
void mutex_lock_contended(struct mutex *m);

static __always_inline bool __mutex_trylock_fast(struct mutex *m)
{
	long zero = 0;

	return atomic_long_try_cmpxchg_acquire(&m->owner, &zero, (long)current);
}

static __always_inline void mutex_lock_nested(struct mutex *m, unsigned int subclass)
{
	might_sleep();
	lock_acquire(m, m->rank, subclass, LOCK_HOW_SLEEP);
	if (unlikely(!__mutex_trylock_fast(m)))
		mutex_lock_contended(m);
}

static __always_inline void mutex_lock(struct mutex *m)
{
	mutex_lock_nested(m, 0);
}

/* True when taken. Not in interrupts. */
static __always_inline bool mutex_trylock(struct mutex *m)
{
	if (!__mutex_trylock_fast(m))
		return false;
	lock_acquired_try(m, m->rank, LOCK_HOW_SLEEP);
	return true;
}

static __always_inline void mutex_unlock(struct mutex *m)
{
	long me = (long)current;

	lock_release(m);
	if (unlikely(!atomic_long_try_cmpxchg_release(&m->owner, &me, 0)))
		mutex_unlock_slow(m, (unsigned long)me);
}

static inline bool mutex_is_locked(struct mutex *m)
{
	return (atomic_long_read(&m->owner) & ~MUTEX_FLAGS) != 0;
}

#endif
