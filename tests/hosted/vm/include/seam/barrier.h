/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: seam/barrier.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#define smp_wmb()		__sync_synchronize()
#define smp_mb()		__sync_synchronize()
#define smp_mb__before_atomic() ((void)0)
#define smp_mb__after_atomic()	((void)0)
