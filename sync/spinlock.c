// SPDX-License-Identifier: MIT
/*
 * Spinlocks and reader-writer spinlocks: the paths that wait.
 *
 * Spinlock: a ticket is drawn with one addition to the upper byte; the lower byte says who is served.
 * 255 waiters fit, there are fewer CPUs, and a CPU waits at most once per level (task, interrupt, NMI).
 * Invariant: (u8)(next - owner) = holders + waiters.
 *
 * In a virtual machine (spin_virtual) a CPU may stand still at any time, since its thread has to share a real one. Then first come
 * first served is the worst order: the lock is given to one that stands still, and all others spend their time on waiting for it.
 * So whoever has to wait there gives his ticket back as soon as it is the last one, and takes the lock when he finds it free; whoever
 * runs gets it. Nobody is promised a turn any more. (Linux: virt_spin_lock(), for the same reason.)
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

bool spin_virtual;

/* Wait until ticket @mine is served: true; or, in a virtual machine, until it could be given back: false. */
static bool wait_for_turn(spinlock_t *lock, u8 mine)
{
	for (;;) {
		u16 t = __atomic_load_n(&lock->tickets, __ATOMIC_ACQUIRE);

		atomic_point();
		if ((u8)t == mine)
			return true;
		if (spin_virtual && t >> 8 == (u8)(mine + 1) &&
		    __atomic_compare_exchange_n(&lock->tickets, &t, (u16)(mine << 8 | (u8)t), false,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return false;
		cpu_relax();
	}
}

void spin_lock_slow(spinlock_t *lock, u8 mine)
{
	lock_contended(lock);
	if (!wait_for_turn(lock, mine))
		while (!ticket_trylock(lock))
			cpu_relax();
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
