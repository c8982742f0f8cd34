/* SPDX-License-Identifier: MIT */
/*
 * What a debug build checks of locks; nothing otherwise. See sync/lockdep.c.
 */
#ifndef QUIRE_SYNC_LOCKDEP_H
#define QUIRE_SYNC_LOCKDEP_H

#include <base/compiler.h>
#include <base/bug.h>
#include <sync/lockstat.h>
#include <sync/ranks.h>

/* How a lock is taken: bits of held_lock.how. */
#define LOCK_HOW_READ		0x01
#define LOCK_HOW_TRY		0x02	/* cannot deadlock: order is not checked */
#define LOCK_HOW_SLEEP		0x04	/* a mutex or rwsem */
#define LOCK_HOW_HARDIRQ	0x08	/* in an interrupt (found out, not passed) */
#define LOCK_HOW_IRQS_ON	0x10	/* interrupts were enabled (found out) */

#define SINGLE_DEPTH_NESTING	1

#if QUIRE_DEBUG
/* Before waiting for @lock: check order, recursion and context, and note it as held. */
void lock_acquire(const void *lock, unsigned int rank, unsigned int subclass, unsigned int how);
/* A trylock that succeeded. */
void lock_acquired_try(const void *lock, unsigned int rank, unsigned int how);
/* After waiting in vain (a signal). */
void lock_abandoned(const void *lock);
void lock_release(const void *lock);
void lock_downgraded(const void *lock);
bool lock_is_held_write(const void *lock);
/* On the way to user mode: complain about what is still held. */
void lockdep_sys_exit(void);
extern unsigned int lockdep_reports;	/* since boot */
struct task_struct;
void lockdep_print_held(struct task_struct *task);
#define lockdep_assert_held_write(l)	WARN_ON_ONCE(!lock_is_held_write(l))
#else
#if QUIRE_LOCKSTAT
#define lock_acquire(lock, rank, subclass, how)	lockstat_acquire(lock, rank)
#define lock_acquired_try(lock, rank, how)	lockstat_acquire(lock, rank)
#define lock_abandoned(lock)			lockstat_abandon(lock)
#define lock_release(lock)			lockstat_release(lock)
#else
#define lock_acquire(lock, rank, subclass, how)	((void)(lock))
#define lock_acquired_try(lock, rank, how)	((void)(lock))
#define lock_abandoned(lock)			((void)(lock))
#define lock_release(lock)			((void)(lock))
#endif
#define lock_downgraded(lock)			((void)(lock))
#define lockdep_sys_exit()			((void)0)
#define lockdep_assert_held_write(l)		((void)(l))
#endif

#endif
