/* SPDX-License-Identifier: MIT */
/*
 * A counter that many CPUs change: each keeps a small difference, folded into the sum when it passes
 * @batch. read is off by at most batch * CPUs; sum is exact for a counter that stands still.
 */
#ifndef QUIRE_SYNC_PERCPU_COUNTER_H
#define QUIRE_SYNC_PERCPU_COUNTER_H

#include <base/compiler.h>
#include <seam/percpu.h>
#include <sync/spinlock.h>

struct percpu_counter {
	spinlock_t lock;		/* count */
	s64 count;
	s32 __percpu *counters;		/* NULL before percpu_counter_init: only count is used */
};

extern int percpu_counter_batch;

/* 0 or -ENOMEM. May sleep as @gfp says. */
int percpu_counter_init(struct percpu_counter *fbc, s64 amount, gfp_t gfp);
void percpu_counter_destroy(struct percpu_counter *fbc);
void percpu_counter_add_batch(struct percpu_counter *fbc, s64 amount, s32 batch);
s64 __percpu_counter_sum(struct percpu_counter *fbc);
/* -1, 0, 1: the counter against @rhs, exactly if need be. */
int __percpu_counter_compare(struct percpu_counter *fbc, s64 rhs, s32 batch);

#define percpu_counter_add(fbc, n)	percpu_counter_add_batch(fbc, n, percpu_counter_batch)
#define percpu_counter_sum(fbc)		__percpu_counter_sum(fbc)
#define percpu_counter_compare(f, rhs)	__percpu_counter_compare(f, rhs, percpu_counter_batch)

static inline s64 percpu_counter_read(const struct percpu_counter *fbc)
{
	return READ_ONCE(fbc->count);
}

static inline s64 percpu_counter_read_positive(const struct percpu_counter *fbc)
{
	s64 n = READ_ONCE(fbc->count);

	return n > 0 ? n : 0;
}

static inline s64 percpu_counter_sum_positive(struct percpu_counter *fbc)
{
	s64 n = __percpu_counter_sum(fbc);

	return n > 0 ? n : 0;
}

#endif
