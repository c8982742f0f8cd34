/* SPDX-License-Identifier: MIT */
/*
 * Reader-writer spinlocks, fair: who finds the lock taken waits in a queue (a ticket lock), so neither
 * side starves. A reader in an interrupt does not queue, because the reader that it interrupted may be
 * what the head of the queue waits for.
 *
 *	cnts: 0x0ff a writer holds it | 0x100 a writer waits at the head | 0x200 for each reader
 */
#ifndef QUIRE_SYNC_RWLOCK_H
#define QUIRE_SYNC_RWLOCK_H

#include <base/atomic.h>
#include <sync/spinlock.h>

typedef struct {
	atomic_t cnts;
	spinlock_t wait;	/* the queue; its rank is the lock's */
} rwlock_t;

#define QRW_LOCKED	0x0ff
#define QRW_WAITING	0x100
#define QRW_WMASK	0x1ff
#define QRW_READER	0x200

#define __RW_LOCK_UNLOCKED(rank_)	{ .wait = __SPIN_LOCK_UNLOCKED(rank_) }
#define DEFINE_RWLOCK(name, rank_)	rwlock_t name = __RW_LOCK_UNLOCKED(rank_)

void read_lock_slow(rwlock_t *lock);
void write_lock_slow(rwlock_t *lock);

static inline void rwlock_init(rwlock_t *lock, unsigned int rank)
{
	*lock = (rwlock_t)__RW_LOCK_UNLOCKED(rank);
}

static __always_inline void read_lock(rwlock_t *lock)
{
	preempt_disable();
	lock_acquire(lock, lock->wait.rank, 0, LOCK_HOW_READ);
	if (unlikely(atomic_add_return_acquire(QRW_READER, &lock->cnts) & QRW_WMASK))
		read_lock_slow(lock);
}

static __always_inline void read_unlock(rwlock_t *lock)
{
	lock_release(lock);
	(void)atomic_sub_return_release(QRW_READER, &lock->cnts);
	preempt_enable();
}

static __always_inline void write_lock(rwlock_t *lock)
{
	int zero = 0;

	preempt_disable();
	lock_acquire(lock, lock->wait.rank, 0, 0);
	if (unlikely(!atomic_try_cmpxchg_acquire(&lock->cnts, &zero, QRW_LOCKED)))
		write_lock_slow(lock);
}

static __always_inline void __write_unlock(rwlock_t *lock)
{
	lock_release(lock);
	(void)atomic_sub_return_release(QRW_LOCKED, &lock->cnts);
}

static __always_inline void write_unlock(rwlock_t *lock)
{
	__write_unlock(lock);
	preempt_enable();
}

#define write_lock_irq(l)	do { local_irq_disable(); write_lock(l); } while (0)
#define write_unlock_irq(l)	do { __write_unlock(l); local_irq_enable(); preempt_enable(); } while (0)
#define read_lock_irqsave(l, flags)	do { local_irq_save(flags); read_lock(l); } while (0)
#define read_unlock_irqrestore(l, flags) do { read_unlock(l); local_irq_restore(flags); } while (0)

#endif
