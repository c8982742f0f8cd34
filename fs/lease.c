// SPDX-License-Identifier: MIT
/*
 * Leases: the holder of an open file is told, by a signal, before somebody else opens the file in a way that conflicts
 * (F_SETLEASE, F_GETLEASE in fcntl(2)).
 *
 * 1 A read lease conflicts with an open for writing and with truncate(2), a write lease with any open. It is granted only
 *   while nobody has the file open so: i_writecount and i_readcount tell.
 * 2 Breaking. Who opens marks each lease that conflicts, which raises SIGIO at its holder, and waits (or has EWOULDBLOCK)
 *   until it is gone or lowered. The holder has lease-break-time seconds; then whoever looks next takes it away:
 *
 *	lease --open for writing--> FL_UNLOCK_PENDING    --fcntl, or time--> none
 *	write lease --open for reading--> FL_DOWNGRADE_PENDING --fcntl, or time--> read lease
 *
 * 3 Opening counts itself in first and looks for leases then; a lease is entered first and counts are looked at then. So
 *   one of the two sees the other.
 * 4 Locks: locks_lock for the list of leases of an inode, their flags and times. Linux 6.1: fs/locks.c. Observed by
 *   /proc/locks.
 */
#include <base/errno.h>
#include <base/list.h>
#include <base/math.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/locks.h>
#include <fs/poll.h>
#include <fs/proc_fs.h>
#include <kernel/cred.h>
#include <kernel/init.h>
#include <kernel/pid.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/timer.h>
#include <mm/slab.h>
#include <linux/fcntl.h>
#include "locks_internal.h"

static int leases_enable = 1, lease_break_time = 45;

int lease_target_type(const struct file_lock *fl)
{
	if (fl->fl_flags & FL_UNLOCK_PENDING)
		return F_UNLCK;
	return fl->fl_flags & FL_DOWNGRADE_PENDING ? F_RDLCK : fl->fl_type;
}

/* The lease becomes one of @type, or ends. => locks_lock */
static void lease_modify(struct file_lock *fl, int type, struct list_head *garbage)
{
	fl->fl_type = type;
	if (type == F_UNLCK)
		fl->fl_flags &= ~FL_UNLOCK_PENDING;
	if (type != F_WRLCK)
		fl->fl_flags &= ~FL_DOWNGRADE_PENDING;
	locks_wake_blocked(fl);
	if (type != F_UNLCK)
		return;
	f_delown(fl->fl_file);
	fasync_helper(0, fl->fl_file, 0, &fl->fl_fasync);
	locks_drop(fl, garbage);
}

/* => locks_lock */
static struct file_lock *lease_of(struct file_lock_context *flc, const struct file *file)
{
	struct file_lock *fl;

	list_for_each_entry (fl, &flc->flc_lease, fl_list)
		if (fl->fl_file == file)
			return fl;
	return NULL;
}

static bool past(unsigned long then)
{
	return then && time_after(jiffies, then);
}

/* Holders that did not answer lose what they were asked for. => locks_lock */
static void time_out_leases(struct file_lock_context *flc, struct list_head *garbage)
{
	struct file_lock *fl, *next;

	list_for_each_entry_safe (fl, next, &flc->flc_lease, fl_list) {
		if (fl->fl_flags & FL_UNLOCK_PENDING && past(fl->fl_break_time))
			lease_modify(fl, F_UNLCK, garbage);
		else if (fl->fl_flags & FL_DOWNGRADE_PENDING && past(fl->fl_downgrade_time))
			lease_modify(fl, F_RDLCK, garbage);
	}
}

void lease_remove_file(struct file_lock_context *flc, struct file *file, struct list_head *garbage)
{
	struct file_lock *fl = lease_of(flc, file);

	if (fl)
		lease_modify(fl, F_UNLCK, garbage);
}

/* --- breaking ---------------------------------------------------------------------------------------- */

/* => locks_lock */
static struct file_lock *conflicting_lease(struct file_lock_context *flc, bool want_write)
{
	struct file_lock *fl;

	list_for_each_entry (fl, &flc->flc_lease, fl_list)
		if (want_write || fl->fl_type == F_WRLCK)
			return fl;
	return NULL;
}

/* Ask each holder in the way, once. => locks_lock */
static void ask_holders(struct file_lock_context *flc, bool want_write)
{
	int seconds = READ_ONCE(lease_break_time);
	unsigned long then = seconds > 0 ? (jiffies + seconds * HZ) ?: 1 : 0; /* 0: never */
	struct file_lock *fl;

	list_for_each_entry (fl, &flc->flc_lease, fl_list) {
		if (!want_write && fl->fl_type != F_WRLCK)
			continue;
		if (want_write && !(fl->fl_flags & FL_UNLOCK_PENDING)) {
			fl->fl_flags |= FL_UNLOCK_PENDING;
			fl->fl_break_time = then;
		} else if (!want_write && !lease_breaking(fl)) {
			fl->fl_flags |= FL_DOWNGRADE_PENDING;
			fl->fl_downgrade_time = then;
		} else {
			continue;
		}
		kill_fasync(&fl->fl_fasync, SIGIO, POLL_MSG);
	}
}

static long time_left(const struct file_lock *fl)
{
	unsigned long then =
		fl->fl_flags & FL_UNLOCK_PENDING ? fl->fl_break_time : fl->fl_downgrade_time;

	if (!then)
		return MAX_SCHEDULE_TIMEOUT;
	return max((long)(then - jiffies) + 1, 1L);
}

/* Sleep until no lease conflicts with @breaker. 0 or -ERESTARTSYS. => locks_lock, dropped meanwhile */
static int wait_for_holders(struct file_lock_context *flc, struct file_lock *breaker,
			    struct list_head *garbage)
{
	struct file_lock *fl;

	while ((fl = conflicting_lease(flc, breaker->fl_type == F_WRLCK))) {
		long left = time_left(fl);

		locks_block_on(breaker, fl);
		spin_unlock(&locks_lock);
		left = wait_event_interruptible_timeout(
			breaker->fl_wait, !smp_load_acquire(&breaker->fl_blocker), left);
		spin_lock(&locks_lock);
		if (breaker->fl_blocker)
			locks_unblock(breaker);
		if (left < 0)
			return left;
		if (!left)
			time_out_leases(flc, garbage);
	}
	return 0;
}

int __break_lease(struct inode *inode, unsigned int mode)
{
	struct file_lock_context *flc = inode->i_flctx;
	bool want_write = (mode & O_ACCMODE) != O_RDONLY;
	struct file_lock *breaker = locks_alloc_lock();
	LIST_HEAD(garbage);
	int err = 0;

	if (!breaker)
		return -ENOMEM;
	breaker->fl_flags = FL_LEASE;
	breaker->fl_type = want_write ? F_WRLCK : F_RDLCK;
	breaker->fl_pid = current->tgid;
	breaker->fl_end = OFFSET_MAX;
	spin_lock(&locks_lock);
	time_out_leases(flc, &garbage);
	if (conflicting_lease(flc, want_write)) {
		ask_holders(flc, want_write);
		err = mode & O_NONBLOCK ? -EWOULDBLOCK : wait_for_holders(flc, breaker, &garbage);
	}
	spin_unlock(&locks_lock);
	locks_free_garbage(&garbage);
	kfree(breaker);
	return err;
}

/* --- the calls --------------------------------------------------------------------------------------- */

/* Has anybody else the file open so that a lease of @type is in the way? 0 or -EAGAIN. */
static int check_conflicting_open(struct file *file, int type)
{
	struct inode *inode = file_inode(file);
	int own_write = !!(file->f_mode & FMODE_WRITE);
	int own_read = !own_write && (file->f_mode & FMODE_READ);

	if (type == F_RDLCK)
		return atomic_read(&inode->i_writecount) > 0 ? -EAGAIN : 0;
	return atomic_read(&inode->i_writecount) != own_write ||
			       atomic_read(&inode->i_readcount) != own_read
		       ? -EAGAIN
		       : 0;
}

/* May @file have a lease of @type beside those of others? 0 or -EAGAIN. => locks_lock */
static int check_others(struct file_lock_context *flc, const struct file *file, int type)
{
	struct file_lock *fl;

	list_for_each_entry (fl, &flc->flc_lease, fl_list)
		if (fl->fl_file != file && (type == F_WRLCK || fl->fl_flags & FL_UNLOCK_PENDING))
			return -EAGAIN;
	return 0;
}

/* @file, which has none, gets *@fresh, or keeps it from that. 0 or an errno. => locks_lock */
static int enter_lease(struct file_lock_context *flc, struct file *file, struct file_lock **fresh)
{
	struct file_lock *fl = *fresh;
	int err;

	if (!READ_ONCE(leases_enable))
		return -EINVAL;
	list_add_tail(&fl->fl_list, &flc->flc_lease);
	smp_mb(); /* pairs with the counts that opening moves before break_lease() */
	err = check_conflicting_open(file, fl->fl_type);
	if (err)
		list_del_init(&fl->fl_list);
	else
		*fresh = NULL;
	return err;
}

static int set_lease(struct file_lock_context *flc, struct file *file, int type,
		     struct file_lock **fresh, struct list_head *garbage)
{
	struct file_lock *mine;
	int err;

	spin_lock(&locks_lock);
	time_out_leases(flc, garbage);
	err = check_conflicting_open(file, type);
	if (!err)
		err = check_others(flc, file, type);
	mine = lease_of(flc, file);
	if (!err && mine)
		lease_modify(mine, type, garbage);
	else if (!err)
		err = enter_lease(flc, file, fresh);
	spin_unlock(&locks_lock);
	return err;
}

static int add_lease(int fd, struct file *file, int type)
{
	struct file_lock_context *flc = locks_get_context(file_inode(file));
	struct file_lock *fresh = locks_alloc_lock();
	LIST_HEAD(garbage);
	int err = -ENOMEM;

	if (flc && fresh && fasync_helper(fd, file, 1, &fresh->fl_fasync) > 0) {
		fresh->fl_flags = FL_LEASE;
		fresh->fl_type = type;
		fresh->fl_pid = current->tgid;
		fresh->fl_owner = fresh->fl_file = file;
		fresh->fl_end = OFFSET_MAX;
		err = set_lease(flc, file, type, &fresh, &garbage);
		if (fresh)
			fasync_helper(0, file, 0, &fresh->fl_fasync);
	}
	kfree(fresh);
	locks_free_garbage(&garbage);
	return err ? err : f_setown(file, current->tgid, 0);
}

static int delete_lease(struct file *file)
{
	struct file_lock_context *flc = READ_ONCE(file_inode(file)->i_flctx);
	struct file_lock *fl = NULL;
	LIST_HEAD(garbage);

	if (!flc)
		return -EAGAIN;
	spin_lock(&locks_lock);
	fl = lease_of(flc, file);
	if (fl)
		lease_modify(fl, F_UNLCK, &garbage);
	spin_unlock(&locks_lock);
	locks_free_garbage(&garbage);
	return fl ? 0 : -EAGAIN;
}

int fcntl_setlease(int fd, struct file *file, long type)
{
	struct inode *inode = file_inode(file);

	if (type != F_RDLCK && type != F_WRLCK && type != F_UNLCK)
		return -EINVAL;
	if (current_fsuid() != inode->i_uid && !capable(CAP_LEASE))
		return -EACCES;
	if (!S_ISREG(inode->i_mode))
		return -EINVAL;
	return type == F_UNLCK ? delete_lease(file) : add_lease(fd, file, type);
}

int fcntl_getlease(struct file *file)
{
	struct file_lock_context *flc = READ_ONCE(file_inode(file)->i_flctx);
	struct file_lock *fl;
	LIST_HEAD(garbage);
	int type;

	if (!flc)
		return F_UNLCK;
	spin_lock(&locks_lock);
	time_out_leases(flc, &garbage);
	fl = lease_of(flc, file);
	type = fl ? lease_target_type(fl) : F_UNLCK;
	spin_unlock(&locks_lock);
	locks_free_garbage(&garbage);
	return type;
}

static struct ctl_table lease_table[] = {
	{ .path = "fs/leases-enable", .mode = 0644, .type = CTL_INT, .data = &leases_enable },
	{ .path = "fs/lease-break-time", .mode = 0644, .type = CTL_INT, .data = &lease_break_time },
	{ 0 }
};

static int __init lease_init(void)
{
	register_sysctl_table(lease_table);
	return 0;
}
late_initcall(lease_init);
