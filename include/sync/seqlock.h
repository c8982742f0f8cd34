/* SPDX-License-Identifier: MIT */
/*
 * Sequence counters: readers take no lock and try again when a writer came in between.
 * The count is odd while a writer is at work. Data read in between may be torn: copy, retry, then use.
 */
#ifndef QUIRE_SYNC_SEQLOCK_H
#define QUIRE_SYNC_SEQLOCK_H

#include <base/atomic.h>
#include <seam/barrier.h>
#include <seam/processor.h>
#include <sync/spinlock.h>

typedef struct seqcount {
	unsigned int sequence;
} seqcount_t;
typedef seqcount_t seqcount_spinlock_t, seqcount_rwlock_t;

#define seqcount_init(s)	((void)WRITE_ONCE_EXPR((s)->sequence, 0))
#define WRITE_ONCE_EXPR(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))

static __always_inline unsigned int read_seqcount_begin(const seqcount_t *s)
{
	unsigned int seq;

	while (unlikely((seq = smp_load_acquire(&s->sequence)) & 1))
		cpu_relax();
	return seq;
}

static __always_inline bool __read_seqcount_retry(const seqcount_t *s, unsigned int start)
{
	return unlikely(READ_ONCE(s->sequence) != start);
}

static __always_inline bool read_seqcount_retry(const seqcount_t *s, unsigned int start)
{
	smp_rmb();
	return __read_seqcount_retry(s, start);
}

/* => writers exclude one another, and are not preempted by a reader (preemption or interrupts disabled) */
static __always_inline void raw_write_seqcount_begin(seqcount_t *s)
{
	atomic_point();
	WRITE_ONCE(s->sequence, s->sequence + 1);
	smp_wmb();
}

static __always_inline void raw_write_seqcount_end(seqcount_t *s)
{
	smp_wmb();
	smp_store_release(&s->sequence, s->sequence + 1);
}
#define write_seqcount_begin(s)			raw_write_seqcount_begin(s)
#define write_seqcount_begin_nested(s, sub)	raw_write_seqcount_begin(s)
#define write_seqcount_end(s)			raw_write_seqcount_end(s)

/* With its own spinlock for the writers. */
typedef struct {
	seqcount_t seqcount;
	spinlock_t lock;
} seqlock_t;

#define __SEQLOCK_UNLOCKED(rank_)	{ .lock = __SPIN_LOCK_UNLOCKED(rank_) }
#define DEFINE_SEQLOCK(name, rank_)	seqlock_t name = __SEQLOCK_UNLOCKED(rank_)

static inline void seqlock_init(seqlock_t *sl, unsigned int rank)
{
	*sl = (seqlock_t)__SEQLOCK_UNLOCKED(rank);
}

#define read_seqbegin(sl)		read_seqcount_begin(&(sl)->seqcount)
#define read_seqretry(sl, start)	read_seqcount_retry(&(sl)->seqcount, start)

static inline void write_seqlock(seqlock_t *sl)
{
	spin_lock(&sl->lock);
	raw_write_seqcount_begin(&sl->seqcount);
}

static inline void write_sequnlock(seqlock_t *sl)
{
	raw_write_seqcount_end(&sl->seqcount);
	spin_unlock(&sl->lock);
}

/* A reader that excludes writers without disturbing other readers. */
static inline void read_seqlock_excl(seqlock_t *sl)
{
	spin_lock(&sl->lock);
}

static inline void read_sequnlock_excl(seqlock_t *sl)
{
	spin_unlock(&sl->lock);
}

#endif
