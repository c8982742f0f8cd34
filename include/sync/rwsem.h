/* SPDX-License-Identifier: MIT */
/*
 * Reader-writer semaphores: sleeping locks, many readers or one writer. See sync/rwsem.c.
 *
 *	count: bit 0 a writer holds it | bit 1 somebody waits | bit 2 the first waiter, a writer, has been woken to
 *	take it | bit 3 the first waiter is to be handed it | 256 for each reader
 *
 * A reader that comes when somebody waits queues behind; queued readers are let in together. A writer that runs may
 * take a free lock before the first waiter does, but only a few times.
 */
#ifndef QUIRE_SYNC_RWSEM_H
#define QUIRE_SYNC_RWSEM_H

#include <base/atomic.h>
#include <base/list.h>
#include <sync/lockdep.h>
#include <sync/preempt.h>
#include <sync/spinlock.h>

struct task_struct;

struct rw_semaphore {
	atomic_long_t count;
	struct task_struct *owner;	/* the writer; for spinning and for messages */
	spinlock_t wait_lock;
	u32 rank;
	struct list_head wait_list;	/* of rwsem_waiter, first come first; wait_lock */
};

#define RWSEM_WRITER	1L
#define RWSEM_WAITERS	2L
#define RWSEM_WOKEN	4L
#define RWSEM_HANDOFF	8L
#define RWSEM_READER	256L
#define RWSEM_QUEUE	(RWSEM_WAITERS | RWSEM_WOKEN | RWSEM_HANDOFF)

#define __RWSEM_INITIALIZER(name, rank_) {					\
	.wait_lock = __SPIN_LOCK_UNLOCKED(LOCK_MUTEX_WAIT),			\
	.rank = (rank_),							\
	.wait_list = LIST_HEAD_INIT((name).wait_list) }
#define DECLARE_RWSEM(name, rank_) struct rw_semaphore name = __RWSEM_INITIALIZER(name, rank_)

static inline void init_rwsem(struct rw_semaphore *sem, unsigned int rank)
{
	atomic_long_set(&sem->count, 0);
	sem->owner = NULL;
	spin_lock_init(&sem->wait_lock, LOCK_MUTEX_WAIT);
	sem->rank = rank;
	INIT_LIST_HEAD(&sem->wait_list);
}

/* How often the first waiter may be passed by before nobody can any more; a variable for tests. */
extern unsigned int rwsem_patience;

void down_read_contended(struct rw_semaphore *sem);
void down_write_contended(struct rw_semaphore *sem);
void rwsem_wake(struct rw_semaphore *sem);
int __must_check down_read_killable(struct rw_semaphore *sem);
int __must_check down_write_killable(struct rw_semaphore *sem);
/* From writer to reader, without a gap. */
void downgrade_write(struct rw_semaphore *sem);

static __always_inline void down_read_nested(struct rw_semaphore *sem, int subclass)
{
	might_sleep();
	lock_acquire(sem, sem->rank, subclass, LOCK_HOW_SLEEP | LOCK_HOW_READ);
	if (unlikely(atomic_long_add_return_acquire(RWSEM_READER, &sem->count) & (RWSEM_WRITER | RWSEM_WAITERS)))
		down_read_contended(sem);
}

static __always_inline void down_read(struct rw_semaphore *sem)
{
	down_read_nested(sem, 0);
}

/* Does not sleep, but not for interrupts either. */
static __always_inline bool down_read_trylock(struct rw_semaphore *sem)
{
	long c = atomic_long_read(&sem->count);

	while (likely(!(c & (RWSEM_WRITER | RWSEM_WAITERS)))) {
		if (atomic_long_try_cmpxchg_acquire(&sem->count, &c, c + RWSEM_READER)) {
			lock_acquired_try(sem, sem->rank, LOCK_HOW_SLEEP | LOCK_HOW_READ);
			return true;
		}
	}
	return false;
}

static __always_inline void up_read(struct rw_semaphore *sem)
{
	long c;

	lock_release(sem);
	c = atomic_long_sub_return_release(RWSEM_READER, &sem->count);
	if (unlikely((c & ~RWSEM_HANDOFF) == RWSEM_WAITERS))	/* the last reader, and somebody sleeps */
		rwsem_wake(sem);
}

static __always_inline bool __rwsem_write_trylock(struct rw_semaphore *sem)
{
	long zero = 0;

	return atomic_long_try_cmpxchg_acquire(&sem->count, &zero, RWSEM_WRITER);
}

#include <seam/current.h>

static __always_inline void down_write_nested(struct rw_semaphore *sem, int subclass)
{
	might_sleep();
	lock_acquire(sem, sem->rank, subclass, LOCK_HOW_SLEEP);
	if (unlikely(!__rwsem_write_trylock(sem)))
		down_write_contended(sem);
	WRITE_ONCE(sem->owner, current);
}

static __always_inline void down_write(struct rw_semaphore *sem)
{
	down_write_nested(sem, 0);
}

/*
 * One of any number of locks of a rank, taken together. @nest, held for writing, keeps others from doing the same in
 * another order. They are not in the account of held locks, whose places are few.
 */
static inline void down_write_nest_lock(struct rw_semaphore *sem, struct rw_semaphore *nest)
{
	might_sleep();
	lockdep_assert_held_write(nest);
	if (unlikely(!__rwsem_write_trylock(sem)))
		down_write_contended(sem);
	WRITE_ONCE(sem->owner, current);
}

static __always_inline bool down_write_trylock(struct rw_semaphore *sem)
{
	if (!__rwsem_write_trylock(sem))
		return false;
	lock_acquired_try(sem, sem->rank, LOCK_HOW_SLEEP);
	WRITE_ONCE(sem->owner, current);
	return true;
}

static __always_inline void up_write_nest_lock(struct rw_semaphore *sem)
{
	long c;

	WRITE_ONCE(sem->owner, NULL);
	c = atomic_long_sub_return_release(RWSEM_WRITER, &sem->count);
	if (unlikely((c & (RWSEM_WAITERS | RWSEM_WOKEN)) == RWSEM_WAITERS))
		rwsem_wake(sem);
}

static __always_inline void up_write(struct rw_semaphore *sem)
{
	lock_release(sem);
	up_write_nest_lock(sem);
}

static inline bool rwsem_is_locked(struct rw_semaphore *sem)
{
	return (atomic_long_read(&sem->count) & ~RWSEM_QUEUE) != 0;
}

static inline bool rwsem_is_write_locked(struct rw_semaphore *sem)
{
	return atomic_long_read(&sem->count) & RWSEM_WRITER;
}

#endif
