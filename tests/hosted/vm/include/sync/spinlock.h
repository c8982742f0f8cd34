/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: sync/spinlock.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
typedef struct {
	int locked;
} spinlock_t;
typedef spinlock_t raw_spinlock_t;
extern void abort(void);
#include <sync/ranks.h>
#define SINGLE_DEPTH_NESTING 1
#define spin_lock_init(l, r) ((l)->locked = 0)
#define __SPIN_LOCK_UNLOCKED(r)                                                                    \
	{                                                                                          \
		0                                                                                  \
	}
#define DEFINE_SPINLOCK(n, r) spinlock_t n
static inline void spin_lock(spinlock_t *l)
{
	if (l->locked)
		abort();
	l->locked = 1;
}
#define spin_lock_nested(l, n) spin_lock(l)
static inline void spin_unlock(spinlock_t *l)
{
	if (!l->locked)
		abort();
	l->locked = 0;
}
