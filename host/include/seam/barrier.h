/* SPDX-License-Identifier: MIT */
/*
 * Memory barriers of the played machine. ThreadSanitizer does not know fences, so a full barrier is an
 * exchange on a common variable; the weaker ones are nothing to it, and code that stands on them says so by
 * READ_ONCE and WRITE_ONCE.
 */
#ifndef SEAM_BARRIER_H
#define SEAM_BARRIER_H

#include <base/compiler.h>

extern int host_barrier;
#define smp_mb()	do { host_point(); (void)__atomic_fetch_add(&host_barrier, 0, __ATOMIC_SEQ_CST); } while (0)
#define mb()		smp_mb()
#define rmb()		barrier()
#define wmb()		barrier()
#define smp_rmb()	barrier()
#define smp_wmb()	barrier()
#define smp_mb__before_atomic()	barrier()
#define smp_mb__after_atomic()	barrier()
#define smp_store_mb(var, value) do { (void)__atomic_exchange_n(&(var), value, __ATOMIC_SEQ_CST); } while (0)

#endif
