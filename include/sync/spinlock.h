/* SPDX-License-Identifier: MIT */
/*
 * Spinlocks: ticket locks of 4 bytes, first come first served (but in a virtual machine: sync/spinlock.c).
 *
 * A holder has preemption disabled and does not sleep. A lock that is also taken in interrupts is
 * taken with interrupts disabled everywhere: spin_lock_irqsave(), or spin_lock_irq() where they are
 * known to be enabled. Zeroed memory is an unlocked lock without a rank.
 *
 *	0  owner	ticket being served
 *	1  next		next ticket to give out; the lock is free when both are equal
 *	2  rank		LOCK_*, for the checks of debug builds
 *
 * 255 CPUs can wait. Taking a free lock is one locked instruction, giving it back a plain store.
 */
#ifndef QUIRE_SYNC_SPINLOCK_H
#define QUIRE_SYNC_SPINLOCK_H

#include <base/compiler.h>
#include <base/atomic.h>
#include <sync/lockdep.h>
#include <sync/preempt.h>
#include <sync/ranks.h>

typedef struct spinlock {
	union {
		u16 tickets;
		struct {
			u8 owner;
			u8 next;
		};
	};
	u16 rank;
} spinlock_t;
typedef spinlock_t raw_spinlock_t;
static_assert(sizeof(spinlock_t) == 4, "fits into a page descriptor");

/* (rank) or (name, rank) */
#define __SPIN_LOCK_RANK(a, b, ...)	(b)
#define __SPIN_LOCK_UNLOCKED(a, ...)	{ .rank = __SPIN_LOCK_RANK(a, ##__VA_ARGS__, a) }
#define DEFINE_SPINLOCK(name, rank_)	spinlock_t name = __SPIN_LOCK_UNLOCKED(rank_)

/* CPUs are threads of a hypervisor: who runs goes first (sync/spinlock.c). Set at boot. */
extern bool spin_virtual;
/* Take the lock, for which ticket @mine was drawn. */
void spin_lock_slow(spinlock_t *lock, u8 mine);

static __always_inline void spin_lock_init(spinlock_t *lock, unsigned int rank)
{
	*lock = (spinlock_t)__SPIN_LOCK_UNLOCKED(rank);
}

/* The lock alone: no preemption, no checks. For sync/ and for printing in a panic. */
static __always_inline void ticket_lock(spinlock_t *lock)
{
	u16 t;

	atomic_point();
	t = __atomic_fetch_add(&lock->tickets, 0x100, __ATOMIC_ACQUIRE);
	if (unlikely((u8)t != t >> 8))
		spin_lock_slow(lock, t >> 8);
}

static __always_inline bool ticket_trylock(spinlock_t *lock)
{
	u16 t = READ_ONCE(lock->tickets);

	atomic_point();
	return (u8)t == t >> 8 && __atomic_compare_exchange_n(&lock->tickets, &t, (u16)(t + 0x100), false,
							      __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static __always_inline void ticket_unlock(spinlock_t *lock)
{
	__atomic_store_n(&lock->owner, (u8)(__atomic_load_n(&lock->owner, __ATOMIC_RELAXED) + 1), __ATOMIC_RELEASE);
	atomic_point();
}

static __always_inline void spin_lock(spinlock_t *lock) __acquires(lock)
{
	preempt_disable();
	lock_acquire(lock, lock->rank, 0, 0);
	ticket_lock(lock);
	__acquire(lock);
}

/* Another lock of the same rank is held already. */
static __always_inline void spin_lock_nested(spinlock_t *lock, int subclass) __acquires(lock)
{
	preempt_disable();
	lock_acquire(lock, lock->rank, subclass, 0);
	ticket_lock(lock);
	__acquire(lock);
}

static __always_inline bool spin_trylock(spinlock_t *lock)
{
	preempt_disable();
	if (likely(ticket_trylock(lock))) {
		lock_acquired_try(lock, lock->rank, 0);
		return true;
	}
	preempt_enable();
	return false;
}

static __always_inline void spin_unlock(spinlock_t *lock) __releases(lock)
{
	lock_release(lock);
	ticket_unlock(lock);
	preempt_enable();
	__release(lock);
}

static __always_inline void spin_lock_irq(spinlock_t *lock)
{
	local_irq_disable();
	spin_lock(lock);
}

static __always_inline void spin_unlock_irq(spinlock_t *lock)
{
	lock_release(lock);
	ticket_unlock(lock);
	local_irq_enable();
	preempt_enable();
}

#define spin_lock_irqsave(lock, flags)						\
do {										\
	local_irq_save(flags);							\
	spin_lock(lock);							\
} while (0)

static __always_inline void spin_unlock_irqrestore(spinlock_t *lock, unsigned long flags)
{
	lock_release(lock);
	ticket_unlock(lock);
	local_irq_restore(flags);
	preempt_enable();
}

/* Decrement; when it becomes 0, with @lock held and true. Otherwise without the lock. */
bool atomic_dec_and_lock(atomic_t *v, spinlock_t *lock);

#endif
