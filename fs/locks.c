/* SPDX-License-Identifier: MIT */
/*
 * Advisory file locks: POSIX and open-file-description record locks (fcntl(2), fcntl_locking(2)) and
 * flock(2).
 *
 * An inode with locks has a context: flc_posix holds record locks sorted by start, the locks of
 * one owner neither overlapping nor adjacent with the same type; flc_flock holds at most one lock
 * per open file. A request that conflicts either fails or waits on its own wait queue, linked to
 * the lock that blocks it (its blocker); when that lock goes, all who wait for it try again.
 *
 * Deadlock (POSIX record locks only): before a request of owner A waits for a lock of owner B, the
 * chain "B waits for C waits for ..." is followed; if it comes back to A the request fails with
 * EDEADLK. OFD and flock locks are not checked, as on Linux.
 *
 * One lock, locks_lock, guards all lists and blockers, those of leases (lease.c) too. It is held for list walks
 * only; new locks are allocated before it is taken.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/list.h>
#include <base/math.h>
#include <base/types.h>
#include <fs/char_dev.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/locks.h>
#include <fs/seq_file.h>
#include <fs/super.h>
#include <kernel/ksyscall.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/slab.h>
#include <seam/uaccess.h>
#include <sync/ranks.h>
#include <sync/spinlock.h>
#include "locks_internal.h"

#define DEADLOCK_STEPS_MAX 64

DEFINE_SPINLOCK(locks_lock, LOCK_FILE_LOCKS);
static struct list_head all_contexts = LIST_HEAD_INIT(all_contexts); /* for /proc/locks */
static struct list_head all_blocked = LIST_HEAD_INIT(all_blocked);   /* waiting POSIX requests */

struct lock_context {
	struct file_lock_context flc;
	struct list_head node; /* all_contexts */
	struct inode *inode;
};

/* ---- objects ---- */

struct file_lock *locks_alloc_lock(void)
{
	struct file_lock *fl = kzalloc(sizeof(*fl), GFP_KERNEL);

	if (fl) {
		INIT_LIST_HEAD(&fl->fl_list);
		INIT_LIST_HEAD(&fl->fl_blocked_requests);
		INIT_LIST_HEAD(&fl->fl_blocked_member);
		init_waitqueue_head(&fl->fl_wait);
	}
	return fl;
}

static void copy_lock(struct file_lock *to, const struct file_lock *from)
{
	to->fl_owner = from->fl_owner;
	to->fl_flags = from->fl_flags;
	to->fl_type = from->fl_type;
	to->fl_pid = from->fl_pid;
	to->fl_file = from->fl_file;
	to->fl_start = from->fl_start;
	to->fl_end = from->fl_end;
}

struct file_lock_context *locks_get_context(struct inode *inode)
{
	struct file_lock_context *flc = READ_ONCE(inode->i_flctx);
	struct lock_context *ctx;

	if (flc)
		return flc;
	ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);
	if (!ctx)
		return NULL;
	spin_lock_init(&ctx->flc.flc_lock, LOCK_FILE_LOCKS);
	INIT_LIST_HEAD(&ctx->flc.flc_flock);
	INIT_LIST_HEAD(&ctx->flc.flc_posix);
	INIT_LIST_HEAD(&ctx->flc.flc_lease);
	ctx->inode = inode;
	spin_lock(&locks_lock);
	if (inode->i_flctx) {
		kfree(ctx);
	} else {
		list_add_tail(&ctx->node, &all_contexts);
		WRITE_ONCE(inode->i_flctx, &ctx->flc);
	}
	spin_unlock(&locks_lock);
	return inode->i_flctx;
}

void locks_free_lock_context(struct inode *inode)
{
	struct lock_context *ctx;

	if (!inode->i_flctx)
		return;
	ctx = container_of(inode->i_flctx, struct lock_context, flc);
	spin_lock(&locks_lock);
	list_del(&ctx->node);
	spin_unlock(&locks_lock);
	kfree(ctx);
	inode->i_flctx = NULL;
}

/* ---- conflicts and waiting; all => locks_lock held ---- */

static bool same_owner(const struct file_lock *a, const struct file_lock *b)
{
	return a->fl_owner == b->fl_owner;
}

static bool overlap(const struct file_lock *a, const struct file_lock *b)
{
	return a->fl_end >= b->fl_start && b->fl_end >= a->fl_start;
}

static bool types_conflict(const struct file_lock *a, const struct file_lock *b)
{
	return a->fl_type == F_WRLCK || b->fl_type == F_WRLCK;
}

static struct file_lock *posix_conflict(struct file_lock_context *flc, const struct file_lock *want)
{
	struct file_lock *fl;

	list_for_each_entry (fl, &flc->flc_posix, fl_list)
		if (!same_owner(fl, want) && overlap(fl, want) && types_conflict(fl, want))
			return fl;
	return NULL;
}

void locks_block_on(struct file_lock *waiter, struct file_lock *blocker)
{
	waiter->fl_blocker = blocker;
	list_add_tail(&waiter->fl_blocked_member, &blocker->fl_blocked_requests);
	if (waiter->fl_flags & FL_POSIX)
		list_add_tail(&waiter->fl_list, &all_blocked);
}

void locks_unblock(struct file_lock *waiter)
{
	list_del_init(&waiter->fl_blocked_member);
	if (waiter->fl_flags & FL_POSIX)
		list_del_init(&waiter->fl_list);
	smp_store_release(&waiter->fl_blocker, NULL);
	wake_up(&waiter->fl_wait);
}

/* @fl goes or shrinks: all who wait for it try again. */
void locks_wake_blocked(struct file_lock *fl)
{
	while (!list_empty(&fl->fl_blocked_requests))
		locks_unblock(list_first_entry(&fl->fl_blocked_requests, struct file_lock,
					       fl_blocked_member));
}

void locks_drop(struct file_lock *fl, struct list_head *garbage)
{
	locks_wake_blocked(fl);
	list_move(&fl->fl_list, garbage);
}

void locks_free_garbage(struct list_head *garbage)
{
	struct file_lock *fl;

	while ((fl = list_first_entry_or_null(garbage, struct file_lock, fl_list))) {
		list_del(&fl->fl_list);
		kfree(fl);
	}
}

/* For whose lock does @owner wait? NULL: it does not wait. */
static struct file_lock *waits_for(fl_owner_t owner)
{
	struct file_lock *fl;

	list_for_each_entry (fl, &all_blocked, fl_list)
		if (fl->fl_owner == owner && !(fl->fl_flags & FL_OFDLCK))
			return fl->fl_blocker;
	return NULL;
}

static bool would_deadlock(const struct file_lock *want, struct file_lock *blocker)
{
	int steps;

	if (want->fl_flags & FL_OFDLCK)
		return false;
	for (steps = 0; blocker && steps < DEADLOCK_STEPS_MAX; steps++) {
		if (same_owner(blocker, want))
			return true;
		blocker = waits_for(blocker->fl_owner);
	}
	return false;
}

/* ---- record locks ---- */

/*
 * Merge @want (allocated as @new; NULL for an unlock) into the owner's locks: cut or drop what it
 * covers, join what is of its type and adjacent. @spare is used when a lock is cut in two.
 * => no conflict
 */
static void posix_merge(struct file_lock_context *flc, const struct file_lock *want,
			struct file_lock **new, struct file_lock **spare, struct list_head *garbage)
{
	struct file_lock *fl, *next, *n = want->fl_type == F_UNLCK ? NULL : *new;
	loff_t start = want->fl_start, end = want->fl_end;

	list_for_each_entry_safe (fl, next, &flc->flc_posix, fl_list) {
		bool joins;

		if (!same_owner(fl, want))
			continue;
		joins = n && fl->fl_type == want->fl_type;
		if (joins && fl->fl_end != OFFSET_MAX && fl->fl_end + 1 < start)
			continue;
		if (joins && end != OFFSET_MAX && fl->fl_start > end + 1)
			continue;
		if (joins) {
			start = min(start, fl->fl_start);
			end = max(end, fl->fl_end);
			locks_drop(fl, garbage);
			continue;
		}
		if (fl->fl_end < want->fl_start || fl->fl_start > want->fl_end)
			continue;
		locks_wake_blocked(fl);
		if (fl->fl_start < want->fl_start && fl->fl_end > want->fl_end) {
			struct file_lock *tail = *spare;

			*spare = NULL;
			copy_lock(tail, fl);
			tail->fl_start = want->fl_end + 1;
			fl->fl_end = want->fl_start - 1;
			list_add(&tail->fl_list, &fl->fl_list);
		} else if (fl->fl_start < want->fl_start) {
			fl->fl_end = want->fl_start - 1;
		} else if (fl->fl_end > want->fl_end) {
			fl->fl_start = want->fl_end + 1;
		} else {
			locks_drop(fl, garbage);
		}
	}
	if (!n)
		return;
	*new = NULL;
	copy_lock(n, want);
	n->fl_start = start;
	n->fl_end = end;
	list_for_each_entry (fl, &flc->flc_posix, fl_list)
		if (fl->fl_start > start)
			break;
	list_add_tail(&n->fl_list, &fl->fl_list);
}

/*
 * Set, change or remove a record lock. 0; -EAGAIN conflict; FILE_LOCK_DEFERRED: @want now waits
 * (only with FL_SLEEP); -EDEADLK; -ENOLCK no memory. May sleep.
 */
#define FILE_LOCK_DEFERRED 1

static int posix_lock_inode(struct inode *inode, struct file_lock *want)
{
	struct file_lock *new = locks_alloc_lock(), *spare = locks_alloc_lock(), *conflict;
	struct file_lock_context *flc = locks_get_context(inode);
	LIST_HEAD(garbage);
	int err = -ENOLCK;

	if (!new || !spare || !flc)
		goto free;
	spin_lock(&locks_lock);
	conflict = want->fl_type == F_UNLCK ? NULL : posix_conflict(flc, want);
	err = 0;
	if (!conflict) {
		posix_merge(flc, want, &new, &spare, &garbage);
	} else if (!(want->fl_flags & FL_SLEEP)) {
		err = -EAGAIN;
	} else if (would_deadlock(want, conflict)) {
		err = -EDEADLK;
	} else {
		locks_block_on(want, conflict);
		err = FILE_LOCK_DEFERRED;
	}
	spin_unlock(&locks_lock);
free:
	locks_free_garbage(&garbage);
	kfree(new);
	kfree(spare);
	return err;
}

/* Sleep until the blocker of @fl is gone. 0 or -ERESTARTSYS, and then @fl waits no more. */
static int wait_for_blocker(struct file_lock *fl)
{
	int err = wait_event_interruptible(fl->fl_wait, !smp_load_acquire(&fl->fl_blocker));

	spin_lock(&locks_lock);
	if (fl->fl_blocker)
		locks_unblock(fl);
	spin_unlock(&locks_lock);
	return err;
}

static int posix_lock_wait(struct inode *inode, struct file_lock *fl)
{
	int err;

	for (;;) {
		err = posix_lock_inode(inode, fl);
		if (err != FILE_LOCK_DEFERRED)
			return err;
		err = wait_for_blocker(fl);
		if (err)
			return err;
	}
}

/* ---- fcntl ---- */

/* The absolute, inclusive range of @l. 0, -EINVAL, -EOVERFLOW. */
static int flock_range(struct file *file, const struct flock *l, loff_t *start, loff_t *end)
{
	loff_t base = 0;

	switch (l->l_whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		base = file->f_pos;
		break;
	case SEEK_END:
		base = i_size_read(file_inode(file));
		break;
	default:
		return -EINVAL;
	}
	if (l->l_start > OFFSET_MAX - base)
		return -EOVERFLOW;
	*start = base + l->l_start;
	if (*start < 0)
		return -EINVAL;
	if (l->l_len > 0) {
		if (l->l_len - 1 > OFFSET_MAX - *start)
			return -EOVERFLOW;
		*end = *start + l->l_len - 1;
	} else if (l->l_len < 0) {
		if (*start + l->l_len < 0)
			return -EINVAL;
		*end = *start - 1;
		*start += l->l_len;
	} else {
		*end = OFFSET_MAX;
	}
	return 0;
}

static int init_request(struct file *file, unsigned int cmd, const struct flock *l,
			struct file_lock *fl)
{
	bool ofd = cmd == F_OFD_SETLK || cmd == F_OFD_SETLKW || cmd == F_OFD_GETLK;

	if (l->l_type != F_RDLCK && l->l_type != F_WRLCK && l->l_type != F_UNLCK)
		return -EINVAL;
	if (ofd && l->l_pid)
		return -EINVAL;
	fl->fl_type = l->l_type;
	fl->fl_flags = FL_POSIX | (ofd ? FL_OFDLCK : 0) |
		       (cmd == F_SETLKW || cmd == F_OFD_SETLKW ? FL_SLEEP : 0);
	fl->fl_owner = ofd ? (fl_owner_t)file : (fl_owner_t)current->files;
	fl->fl_pid = ofd ? -1 : current->tgid;
	fl->fl_file = file;
	return flock_range(file, l, &fl->fl_start, &fl->fl_end);
}

int fcntl_getlk(struct file *file, unsigned int cmd, void __user *ulock)
{
	struct file_lock *fl = locks_alloc_lock(), *conflict = NULL;
	struct file_lock_context *flc = READ_ONCE(file_inode(file)->i_flctx);
	struct flock l;
	int err = -ENOMEM;

	if (!fl)
		return err;
	err = -EFAULT;
	if (copy_from_user(&l, ulock, sizeof(l)))
		goto out;
	err = -EINVAL;
	if (cmd != F_OFD_GETLK && l.l_type != F_RDLCK && l.l_type != F_WRLCK)
		goto out;
	err = init_request(file, cmd, &l, fl);
	if (err)
		goto out;
	l.l_type = F_UNLCK;
	spin_lock(&locks_lock);
	if (flc)
		conflict = posix_conflict(flc, fl);
	if (conflict) {
		l.l_type = conflict->fl_type;
		l.l_whence = SEEK_SET;
		l.l_start = conflict->fl_start;
		l.l_len = conflict->fl_end == OFFSET_MAX
				  ? 0
				  : conflict->fl_end - conflict->fl_start + 1;
		l.l_pid = conflict->fl_pid;
	}
	spin_unlock(&locks_lock);
	err = copy_to_user(ulock, &l, sizeof(l)) ? -EFAULT : 0;
out:
	kfree(fl);
	return err;
}

/* The file may have been closed while we locked: then close has missed this lock. */
static void undo_if_closed(unsigned int fd, struct file *file, struct file_lock *fl)
{
	struct file *now;

	spin_lock(&current->files->file_lock);
	now = files_lookup_fd_locked(current->files, fd);
	spin_unlock(&current->files->file_lock);
	if (now == file || fl->fl_type == F_UNLCK)
		return;
	fl->fl_type = F_UNLCK;
	posix_lock_inode(file_inode(file), fl);
}

int fcntl_setlk(unsigned int fd, struct file *file, unsigned int cmd, void __user *ulock)
{
	struct file_lock *fl = locks_alloc_lock();
	struct flock l;
	int err = -ENOLCK;

	if (!fl)
		return err;
	err = -EFAULT;
	if (copy_from_user(&l, ulock, sizeof(l)))
		goto out;
	err = init_request(file, cmd, &l, fl);
	if (err)
		goto out;
	err = -EBADF;
	if ((fl->fl_type == F_RDLCK && !(file->f_mode & FMODE_READ)) ||
	    (fl->fl_type == F_WRLCK && !(file->f_mode & FMODE_WRITE)))
		goto out;
	err = posix_lock_wait(file_inode(file), fl);
	if (!err)
		undo_if_closed(fd, file, fl);
out:
	kfree(fl);
	return err;
}

/* ---- flock ---- */

static struct file_lock *flock_of(struct file_lock_context *flc, struct file *file)
{
	struct file_lock *fl;

	list_for_each_entry (fl, &flc->flc_flock, fl_list)
		if (fl->fl_file == file)
			return fl;
	return NULL;
}

static int flock_inode(struct inode *inode, struct file_lock *want)
{
	struct file_lock_context *flc = locks_get_context(inode);
	struct file_lock *new = locks_alloc_lock(), *mine, *fl;
	LIST_HEAD(garbage);
	int err = -ENOLCK;

	if (!flc || !new)
		goto free;
	spin_lock(&locks_lock);
	err = 0;
	mine = flock_of(flc, want->fl_file);
	if (mine && mine->fl_type == want->fl_type)
		goto unlock;
	/* A change of type gives the old lock up first; others may get in between (flock(2)). */
	if (mine)
		locks_drop(mine, &garbage);
	if (want->fl_type == F_UNLCK)
		goto unlock;
	list_for_each_entry (fl, &flc->flc_flock, fl_list) {
		if (!types_conflict(fl, want))
			continue;
		err = -EAGAIN;
		if (want->fl_flags & FL_SLEEP) {
			locks_block_on(want, fl);
			err = FILE_LOCK_DEFERRED;
		}
		goto unlock;
	}
	copy_lock(new, want);
	list_add_tail(&new->fl_list, &flc->flc_flock);
	new = NULL;
unlock:
	spin_unlock(&locks_lock);
free:
	locks_free_garbage(&garbage);
	kfree(new);
	return err;
}

static int flock_wait(struct inode *inode, struct file_lock *fl)
{
	int err;

	for (;;) {
		err = flock_inode(inode, fl);
		if (err != FILE_LOCK_DEFERRED)
			return err;
		err = wait_for_blocker(fl);
		if (err)
			return err;
	}
}

SYSCALL_DEFINE2(flock, unsigned int, fd, unsigned int, cmd)
{
	unsigned int type = cmd & ~LOCK_NB;
	struct file_lock *fl;
	struct fd f;
	int err;

	if (type != LOCK_SH && type != LOCK_EX && type != LOCK_UN)
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	fl = locks_alloc_lock();
	err = -ENOMEM;
	if (!fl)
		goto put;
	fl->fl_type = type == LOCK_SH ? F_RDLCK : type == LOCK_EX ? F_WRLCK : F_UNLCK;
	fl->fl_flags = FL_FLOCK | (cmd & LOCK_NB ? 0 : FL_SLEEP);
	fl->fl_file = f.file;
	fl->fl_owner = f.file;
	fl->fl_pid = current->tgid;
	fl->fl_end = OFFSET_MAX;
	err = flock_wait(file_inode(f.file), fl);
	kfree(fl);
put:
	fdput(f);
	return err;
}

/* ---- closing ---- */

void locks_remove_posix(struct file *file, fl_owner_t owner)
{
	struct file_lock_context *flc = READ_ONCE(file_inode(file)->i_flctx);
	struct file_lock *fl, *next;
	LIST_HEAD(garbage);

	if (!flc || list_empty(&flc->flc_posix))
		return;
	spin_lock(&locks_lock);
	list_for_each_entry_safe (fl, next, &flc->flc_posix, fl_list)
		if (fl->fl_owner == owner)
			locks_drop(fl, &garbage);
	spin_unlock(&locks_lock);
	locks_free_garbage(&garbage);
}

void locks_remove_file(struct file *file)
{
	struct file_lock_context *flc = READ_ONCE(file_inode(file)->i_flctx);
	struct file_lock *fl;
	LIST_HEAD(garbage);

	if (!flc)
		return;
	locks_remove_posix(file, (fl_owner_t)file);
	spin_lock(&locks_lock);
	fl = flock_of(flc, file);
	if (fl)
		locks_drop(fl, &garbage);
	lease_remove_file(flc, file, &garbage);
	spin_unlock(&locks_lock);
	locks_free_garbage(&garbage);
}

/* ---- /proc/locks ---- */

static const char *kind_of(const struct file_lock *fl)
{
	if (fl->fl_flags & FL_LEASE)
		return lease_breaking(fl) ? "LEASE  BREAKING "
		       : fl->fl_file	  ? "LEASE  ACTIVE   "
					  : "LEASE  BREAKER  ";
	if (fl->fl_flags & FL_FLOCK)
		return "FLOCK  ADVISORY ";
	return fl->fl_flags & FL_OFDLCK ? "OFDLCK ADVISORY " : "POSIX  ADVISORY ";
}

static void show_lock(struct seq_file *m, struct inode *inode, const struct file_lock *fl, int id,
		      bool waits)
{
	int type = fl->fl_flags & FL_LEASE ? lease_target_type(fl) : fl->fl_type;

	seq_printf(m, "%d: %s%s %s %d %02x:%02x:%lu ", id, waits ? "-> " : "", kind_of(fl),
		   type == F_WRLCK   ? "WRITE"
		   : type == F_RDLCK ? "READ"
				     : "UNLCK",
		   fl->fl_pid, MAJOR(inode->i_sb->s_dev), MINOR(inode->i_sb->s_dev), inode->i_ino);
	if (fl->fl_end == OFFSET_MAX)
		seq_printf(m, "%lld EOF\n", (long long)fl->fl_start);
	else
		seq_printf(m, "%lld %lld\n", (long long)fl->fl_start, (long long)fl->fl_end);
}

static void show_list(struct seq_file *m, struct inode *inode, struct list_head *list, int *id)
{
	struct file_lock *fl, *waiter;

	list_for_each_entry (fl, list, fl_list) {
		show_lock(m, inode, fl, ++*id, false);
		list_for_each_entry (waiter, &fl->fl_blocked_requests, fl_blocked_member)
			show_lock(m, inode, waiter, *id, true);
	}
}

int locks_show(struct seq_file *m, void *v)
{
	struct lock_context *ctx;
	int id = 0;

	spin_lock(&locks_lock);
	list_for_each_entry (ctx, &all_contexts, node) {
		show_list(m, ctx->inode, &ctx->flc.flc_posix, &id);
		show_list(m, ctx->inode, &ctx->flc.flc_flock, &id);
		show_list(m, ctx->inode, &ctx->flc.flc_lease, &id);
	}
	spin_unlock(&locks_lock);
	return 0;
}

void locks_init(void) {}
