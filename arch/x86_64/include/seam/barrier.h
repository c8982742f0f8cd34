/* SPDX-License-Identifier: MIT */
/* Memory barriers. x86 keeps everything in order but a store before a later load. */
#ifndef SEAM_BARRIER_H
#define SEAM_BARRIER_H

#include <base/compiler.h>

#ifndef barrier
#define barrier()	__asm__ volatile("" : : : "memory")
#endif

#define mb()		__asm__ volatile("mfence" : : : "memory")
#define rmb()		__asm__ volatile("lfence" : : : "memory")
#define wmb()		__asm__ volatile("sfence" : : : "memory")

/* A locked operation on the stack is the cheapest full barrier. */
#define smp_mb()	__asm__ volatile("lock; addl $0, -4(%%rsp)" : : : "memory", "cc")
#define smp_rmb()	barrier()
#define smp_wmb()	barrier()
#define smp_mb__before_atomic()	barrier()
#define smp_mb__after_atomic()	barrier()

#ifndef smp_store_mb
#define smp_store_mb(var, value) do { (void)__atomic_exchange_n(&(var), value, __ATOMIC_SEQ_CST); } while (0)
#endif

#endif
