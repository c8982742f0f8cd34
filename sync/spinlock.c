// SPDX-License-Identifier: MIT
/*
 * Spinlocks and reader-writer spinlocks: the paths that wait.
 *
 * Spinlock: a ticket is drawn with one addition to the upper byte; the lower byte says who is served.
 * 255 waiters fit, there are fewer CPUs, and a CPU waits at most once per level (task, interrupt, NMI).
 * Invariant: (u8)(next - owner) = holders + waiters.
 *
 * rwlock: cnts holds the readers and the writer; who cannot go on queues at a ticket lock, and only the
 * head of that queue looks at cnts. So arrivals are served in order, and a stream of readers does not
 * starve a writer: its WAITING bit sends new readers to the queue.
 *
 * Linux 6.1 uses queued spinlocks (MCS), which spin on a line of their own and scale further; tickets
 * cost fewer instructions without contention and are fair too.
 */
#include <base/atomic.h>
#include <seam/processor.h>
#include <sync/rwlock.h>
#include <sync/spinlock.h>

void spin_lock_slow(spinlock_t *lock, u8 mine)
{
	lock_contended(lock);
	do {
		cpu_relax();
		atomic_point();
	} while (__atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE) != mine);
	lock_acquired(lock);
}

/* The reader has counted itself already. */
void read_lock_slow(rwlock_t *lock)
{
	if (in_interrupt()) {
		/* Its own CPU may hold the lock for reading: only a real writer stops it. */
		while ((atomic_read_acquire(&lock->cnts) & QRW_LOCKED) == QRW_LOCKED)
			cpu_relax();
		return;
	}
	lock_contended(lock);
	atomic_sub(QRW_READER, &lock->cnts);
	ticket_lock(&lock->wait);
	atomic_add(QRW_READER, &lock->cnts);
	/* At the head nobody but a holder is in front; a WAITING writer would be the head. */
	while ((atomic_read_acquire(&lock->cnts) & QRW_LOCKED) == QRW_LOCKED)
		cpu_relax();
	ticket_unlock(&lock->wait);
	lock_acquired(lock);
}

void write_lock_slow(rwlock_t *lock)
{
	int old;

	lock_contended(lock);
	ticket_lock(&lock->wait);
	old = 0;
	if (atomic_try_cmpxchg_acquire(&lock->cnts, &old, QRW_LOCKED))
		goto out;
	atomic_or(QRW_WAITING, &lock->cnts);
	for (;;) {
		old = QRW_WAITING;
		if (atomic_read(&lock->cnts) == QRW_WAITING &&
		    atomic_try_cmpxchg_acquire(&lock->cnts, &old, QRW_LOCKED))
			break;
		cpu_relax();
	}
out:
	ticket_unlock(&lock->wait);
	lock_acquired(lock);
}

bool atomic_dec_and_lock(atomic_t *v, spinlock_t *lock)
{
	if (atomic_add_unless(v, -1, 1))
		return false;
	spin_lock(lock);
	if (atomic_dec_and_test(v))
		return true;
	spin_unlock(lock);
	return false;
}

bool refcount_dec_and_lock(refcount_t *r, spinlock_t *lock)
{
	if (refcount_dec_not_one(r))
		return false;
	spin_lock(lock);
	if (refcount_dec_and_test(r))
		return true;
	spin_unlock(lock);
	return false;
}

bool refcount_dec_and_lock_irqsave(refcount_t *r, spinlock_t *lock, unsigned long *flags)
{
	unsigned long f;

	if (refcount_dec_not_one(r))
		return false;
	spin_lock_irqsave(lock, f);
	if (refcount_dec_and_test(r)) {
		*flags = f;
		return true;
	}
	spin_unlock_irqrestore(lock, f);
	return false;
}
