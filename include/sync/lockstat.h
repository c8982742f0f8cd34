/* SPDX-License-Identifier: MIT */
/*
 * How often locks are waited for and how long they are held, by rank: /proc/lock_stat in builds with
 * LOCKSTAT=1 (as Linux with CONFIG_LOCK_STAT). Nothing otherwise. See sync/lockstat.c.
 */
#ifndef QUIRE_SYNC_LOCKSTAT_H
#define QUIRE_SYNC_LOCKSTAT_H

#include <base/compiler.h>

#ifndef QUIRE_LOCKSTAT
#define QUIRE_LOCKSTAT 0
#endif

#if QUIRE_LOCKSTAT
#define MAX_LOCKSTAT_DEPTH 32
struct lockstat_held {
	const void *lock;
	u64 since;		/* cycles; when it was asked for, then when it was had */
	u64 waited;		/* cycles */
	unsigned short rank;
	bool contended;
};

/* Called by the hooks of lockdep.h. */
void lockstat_acquire(const void *lock, unsigned int rank);
void lockstat_release(const void *lock);
void lockstat_abandon(const void *lock);
/* Around the paths that wait. */
void lock_contended(const void *lock);
void lock_acquired(const void *lock);

/* One row: microseconds are cycles / (tsc_khz / 1000). */
struct lock_stat {
	u64 con_bounces, contentions, wait_min, wait_max, wait_total;
	u64 acq_bounces, acquisitions, hold_min, hold_max, hold_total;
};
/* The sum over all CPUs since the last lockstat_clear(), and the name of the rank. */
const char *lockstat_read(unsigned int rank, struct lock_stat *sum);
void lockstat_clear(void);
#else
#define lock_contended(lock)	((void)(lock))
#define lock_acquired(lock)	((void)(lock))
#endif

#endif
