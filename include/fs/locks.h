/* SPDX-License-Identifier: MIT */
/* POSIX, OFD and flock locks. Theory: fs/locks.c. */
#ifndef QUIRE_FS_LOCKS_H
#define QUIRE_FS_LOCKS_H

#include <base/types.h>
#include <base/list.h>
#include <sync/wait.h>
#include <fs/file.h>

struct seq_file;

#define FL_POSIX	1
#define FL_FLOCK	2
#define FL_LEASE	32
#define FL_SLEEP	128
#define FL_DOWNGRADE_PENDING	256	/* a write lease shall become one for reading */
#define FL_UNLOCK_PENDING	512	/* a lease shall end */
#define FL_OFDLCK	1024

struct file_lock {
	struct file_lock *fl_blocker;	/* blocked_lock: whom we wait for */
	struct list_head fl_list;	/* context's list */
	struct list_head fl_blocked_requests;	/* who waits for us */
	struct list_head fl_blocked_member;
	fl_owner_t fl_owner;		/* files_struct, or file for OFD and flock */
	unsigned int fl_flags;
	unsigned char fl_type;		/* F_RDLCK, F_WRLCK, F_UNLCK */
	pid_t fl_pid;
	wait_queue_head_t fl_wait;
	struct file *fl_file;
	loff_t fl_start, fl_end;	/* inclusive */
	struct fasync_struct *fl_fasync;	/* of a lease: who hears of its break */
	unsigned long fl_break_time, fl_downgrade_time;	/* jiffies when it ends by itself; 0: never */
};

#define OFFSET_MAX	((loff_t)0x7fffffffffffffffLL)

struct file_lock_context {
	spinlock_t flc_lock;
	struct list_head flc_flock, flc_posix, flc_lease;
};

void locks_free_lock_context(struct inode *inode);
/* A file is closed: its POSIX locks of @owner go / its flock and OFD locks go. */
void locks_remove_posix(struct file *file, fl_owner_t owner);
void locks_remove_file(struct file *file);
int fcntl_getlk(struct file *file, unsigned int cmd, void __user *ulock);
int fcntl_setlk(unsigned int fd, struct file *file, unsigned int cmd, void __user *ulock);
/* F_SETLEASE: 0, -EACCES, -EINVAL, -EAGAIN, -ENOMEM; F_GETLEASE: F_RDLCK, F_WRLCK, F_UNLCK. fs/lease.c. May sleep. */
int fcntl_setlease(int fd, struct file *file, long type);
int fcntl_getlease(struct file *file);
int __break_lease(struct inode *inode, unsigned int mode);
/*
 * Somebody opens @inode with flags @mode, and is counted as such: leases in the way are broken. 0, -EWOULDBLOCK with
 * O_NONBLOCK, -ERESTARTSYS, -ENOMEM. May sleep.
 */
static inline int break_lease(struct inode *inode, unsigned int mode)
{
	struct file_lock_context *flc;

	smp_mb__after_atomic(); /* the count; pairs with enter_lease() */
	flc = READ_ONCE(inode->i_flctx);
	if (likely(!flc || list_empty_careful(&flc->flc_lease)))
		return 0;
	return __break_lease(inode, mode);
}
/* /proc/locks, for single_open(). */
int locks_show(struct seq_file *m, void *v);
void locks_init(void);

#endif
