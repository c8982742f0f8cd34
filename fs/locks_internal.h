/* SPDX-License-Identifier: MIT */
/* What fs/locks.c and fs/lease.c share. Where not said otherwise: => locks_lock held. */
#ifndef QUIRE_FS_LOCKS_INTERNAL_H
#define QUIRE_FS_LOCKS_INTERNAL_H

#include <fs/locks.h>
#include <sync/spinlock.h>

extern spinlock_t locks_lock;

struct file_lock *locks_alloc_lock(void);	/* NULL without memory. Without locks_lock; may sleep */
/* The inode's context, made on first use. NULL without memory. Without locks_lock; may sleep. */
struct file_lock_context *locks_get_context(struct inode *inode);
void locks_free_garbage(struct list_head *garbage);	/* without locks_lock */
void locks_block_on(struct file_lock *waiter, struct file_lock *blocker);
void locks_unblock(struct file_lock *waiter);
/* @fl goes or shrinks: all who wait for it try again. */
void locks_wake_blocked(struct file_lock *fl);
/* @fl leaves its list for @garbage. */
void locks_drop(struct file_lock *fl, struct list_head *garbage);

/* ---- lease.c ---- */

/* @file is closed: its lease ends. */
void lease_remove_file(struct file_lock_context *flc, struct file *file, struct list_head *garbage);
/* What the holder has, or has after the break that is under way: F_RDLCK, F_WRLCK, F_UNLCK. */
int lease_target_type(const struct file_lock *fl);

static inline bool lease_breaking(const struct file_lock *fl)
{
	return fl->fl_flags & (FL_UNLOCK_PENDING | FL_DOWNGRADE_PENDING);
}

#endif
