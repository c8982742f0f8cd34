/* SPDX-License-Identifier: MIT */
/*
 * A spinlock in one bit of a word, where each of very many objects needs a lock and none has room for one.
 * Not fair, without rank: debug builds do not see its order, so it must lie below what is taken under it by design.
 * Names as in Linux 6.1 (include/linux/bit_spinlock.h).
 */
#ifndef QUIRE_SYNC_BIT_SPINLOCK_H
#define QUIRE_SYNC_BIT_SPINLOCK_H

#include <base/bitops.h>
#include <base/compiler.h>
#include <seam/processor.h>
#include <sync/preempt.h>

/* Disables preemption. Not in interrupts. */
static inline void bit_spin_lock(int bitnum, unsigned long *addr)
{
	preempt_disable();
	while (unlikely(test_and_set_bit_lock(bitnum, addr))) {
		preempt_enable();
		do
			cpu_relax();
		while (test_bit(bitnum, addr));
		preempt_disable();
	}
}

static inline bool bit_spin_trylock(int bitnum, unsigned long *addr)
{
	preempt_disable();
	if (likely(!test_and_set_bit_lock(bitnum, addr)))
		return true;
	preempt_enable();
	return false;
}

static inline void bit_spin_unlock(int bitnum, unsigned long *addr)
{
	clear_bit_unlock(bitnum, addr);
	preempt_enable();
}

#endif
