/* SPDX-License-Identifier: MIT */
/*
 * The hook of the deterministic scheduler: every atomic operation is a point at which a hosted build
 * may let another thread run. Nothing in the kernel.
 *
 * ATOMIC_UNORDERED is the memory order of the operations that promise none (atomic_inc, set_bit).
 * A hosted build makes it stronger, because ThreadSanitizer does not know the barriers
 * (smp_mb__before_atomic()) that give these operations their order where it matters.
 */
#ifndef QUIRE_BASE_ATOMIC_POINT_H
#define QUIRE_BASE_ATOMIC_POINT_H

#ifndef atomic_point
#define atomic_point()		((void)0)
#endif
#ifndef ATOMIC_UNORDERED
#define ATOMIC_UNORDERED	__ATOMIC_RELAXED
#endif

#endif
