// SPDX-License-Identifier: MIT
/*
 * fcntl, and signals on I/O (F_SETOWN, O_ASYNC). Rules: fcntl(2).
 * A file that can raise SIGIO keeps a list of fasync_struct, one per file that wants it; kill_fasync() walks it.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <sync/rcu.h>
#include <sync/rwlock.h>
#include <sync/spinlock.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/fsnotify.h>
#include <fs/inode.h>
#include <fs/locks.h>
#include <fs/pipe.h>
#include <kernel/cred.h>
#include <kernel/ksyscall.h>
#include <kernel/pid.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <mm/shmem.h>
#include <mm/slab.h>
#include <seam/uaccess.h>
#include <linux/fcntl.h>

long pipe_fcntl(struct file *file, unsigned int cmd, unsigned long arg);

#define SETFL_MASK (O_APPEND | O_NONBLOCK | O_NDELAY | O_DIRECT | O_NOATIME)

static int setfl(struct file *filp, unsigned long arg)
{
	struct inode *inode = file_inode(filp);
	int err = 0;

	/* O_APPEND cannot be cleared if the file is append-only. */
	if (((arg ^ filp->f_flags) & O_APPEND) && IS_APPEND(inode) && !(arg & O_APPEND))
		return -EPERM;
	if ((arg & O_NOATIME) && !(filp->f_flags & O_NOATIME) && !inode_owner_or_capable(inode))
		return -EPERM;
	if (filp->f_op->check_flags)
		err = filp->f_op->check_flags(arg);
	if (err)
		return err;
	if ((arg & O_DIRECT) && !S_ISFIFO(inode->i_mode) && !(filp->f_mode & FMODE_CAN_ODIRECT))
		return -EINVAL;
	if (((arg ^ filp->f_flags) & FASYNC) && filp->f_op->fasync) {
		err = filp->f_op->fasync(0, filp, !!(arg & FASYNC));
		if (err < 0)
			return err;
	}
	spin_lock(&filp->f_lock);
	filp->f_flags =
		(arg & SETFL_MASK) | (filp->f_flags & ~(SETFL_MASK | FASYNC)) | (arg & FASYNC);
	spin_unlock(&filp->f_lock);
	return 0;
}

/* Owner ----------------------------------------------------------------------------------------- */

static void f_modown(struct file *filp, struct pid *pid, enum pid_type type, bool force)
{
	struct fown_struct *o = &filp->f_owner;
	struct pid *old;

	spin_lock_irq(&o->lock);
	old = o->pid;
	if (force || !old) {
		o->pid = get_pid(pid);
		o->pid_type = type;
		o->uid = current_uid();
		o->euid = current_euid();
	} else {
		old = NULL;
	}
	spin_unlock_irq(&o->lock);
	put_pid(old);
}

void f_delown(struct file *filp)
{
	f_modown(filp, NULL, PIDTYPE_TGID, true);
	filp->f_owner.signum = 0;
}

int f_setown(struct file *filp, unsigned long arg, int force)
{
	enum pid_type type = PIDTYPE_TGID;
	struct pid *pid = NULL;
	int who = arg, ret = 0;

	if (who < 0) {
		if (who == -2147483647 - 1)
			return -EINVAL;
		type = PIDTYPE_PGID;
		who = -who;
	}
	rcu_read_lock();
	if (who) {
		pid = find_vpid(who);
		if (!pid)
			ret = -ESRCH;
		else
			get_pid(pid);
	}
	rcu_read_unlock();
	if (!ret)
		f_modown(filp, pid, type, force);
	put_pid(pid);
	return ret;
}

pid_t f_getown(struct file *filp)
{
	struct fown_struct *o = &filp->f_owner;
	pid_t pid;

	spin_lock_irq(&o->lock);
	pid = pid_nr(o->pid);
	if (o->pid_type == PIDTYPE_PGID)
		pid = -pid;
	spin_unlock_irq(&o->lock);
	return pid;
}

static int f_setown_ex(struct file *filp, unsigned long arg)
{
	struct f_owner_ex owner;
	enum pid_type type;
	struct pid *pid;

	if (copy_from_user(&owner, (void __user *)arg, sizeof(owner)))
		return -EFAULT;
	switch (owner.type) {
	case F_OWNER_TID:
		type = PIDTYPE_PID;
		break;
	case F_OWNER_PID:
		type = PIDTYPE_TGID;
		break;
	case F_OWNER_PGRP:
		type = PIDTYPE_PGID;
		break;
	default:
		return -EINVAL;
	}
	pid = find_get_pid(owner.pid);
	if (owner.pid && !pid)
		return -ESRCH;
	f_modown(filp, pid, type, true);
	put_pid(pid);
	return 0;
}

static int f_getown_ex(struct file *filp, unsigned long arg)
{
	struct f_owner_ex owner = { 0 };
	struct fown_struct *o = &filp->f_owner;

	spin_lock_irq(&o->lock);
	owner.pid = pid_nr(o->pid);
	owner.type = o->pid_type == PIDTYPE_PID	   ? F_OWNER_TID
		     : o->pid_type == PIDTYPE_PGID ? F_OWNER_PGRP
						   : F_OWNER_PID;
	spin_unlock_irq(&o->lock);
	return copy_to_user((void __user *)arg, &owner, sizeof(owner)) ? -EFAULT : 0;
}

/* The call -------------------------------------------------------------------------------------- */

static long do_fcntl(int fd, unsigned int cmd, unsigned long arg, struct file *filp)
{
	void __user *argp = (void __user *)arg;

	switch (cmd) {
	case F_DUPFD:
		return f_dupfd(arg, filp, 0);
	case F_DUPFD_CLOEXEC:
		return f_dupfd(arg, filp, O_CLOEXEC);
	case F_GETFD:
		return get_close_on_exec(fd) ? FD_CLOEXEC : 0;
	case F_SETFD:
		set_close_on_exec(fd, arg & FD_CLOEXEC);
		return 0;
	case F_GETFL:
		return filp->f_flags;
	case F_SETFL:
		return setfl(filp, arg);
	case F_OFD_GETLK:
	case F_GETLK:
		return fcntl_getlk(filp, cmd, argp);
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
	case F_SETLK:
	case F_SETLKW:
		return fcntl_setlk(fd, filp, cmd, argp);
	case F_GETOWN:
		return f_getown(filp);
	case F_SETOWN:
		return f_setown(filp, arg, 1);
	case F_GETOWN_EX:
		return f_getown_ex(filp, arg);
	case F_SETOWN_EX:
		return f_setown_ex(filp, arg);
	case F_GETSIG:
		return filp->f_owner.signum;
	case F_SETSIG:
		if (!valid_signal(arg))
			return -EINVAL;
		filp->f_owner.signum = arg;
		return 0;
	case F_SETPIPE_SZ:
	case F_GETPIPE_SZ:
		return pipe_fcntl(filp, cmd, arg);
	case F_ADD_SEALS:
	case F_GET_SEALS:
		return memfd_fcntl(filp, cmd, arg);
	case F_SETLEASE:
		return fcntl_setlease(fd, filp, (int)arg);
	case F_GETLEASE:
		return fcntl_getlease(filp);
	case F_NOTIFY:
		return fcntl_dirnotify(fd, filp, (unsigned int)arg);
	default:
		return -EINVAL;
	}
}

SYSCALL_DEFINE3(fcntl, unsigned int, fd, unsigned int, cmd, unsigned long, arg)
{
	struct fd f = fdget_raw(fd);
	long err = -EBADF;

	if (!f.file)
		return err;
	/* A file opened with O_PATH allows these alone. */
	if (!(f.file->f_mode & FMODE_PATH) || cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC ||
	    cmd == F_GETFD || cmd == F_SETFD || cmd == F_GETFL)
		err = do_fcntl(fd, cmd, arg, f.file);
	fdput(f);
	return err;
}

/* SIGIO ----------------------------------------------------------------------------------------- */

struct fasync_struct {
	struct fasync_struct *next;
	struct file *file;
	int fd;
};
static DEFINE_RWLOCK(fasync_lock, LOCK_FASYNC_LIST);

/* For ->fasync: put @filp on the list, or off it. > 0: added or removed; 0; -ENOMEM. */
int fasync_helper(int fd, struct file *filp, int on, struct fasync_struct **fapp)
{
	struct fasync_struct *new = NULL, *fa, **fp;
	int ret = 0;

	if (on) {
		new = kmalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
		if (!new)
			return -ENOMEM;
	}
	write_lock_irq(&fasync_lock);
	for (fp = fapp; (fa = *fp); fp = &fa->next)
		if (fa->file == filp)
			break;
	if (on && fa) {
		fa->fd = fd;
	} else if (on) {
		*new = (struct fasync_struct){ .next = *fapp, .file = filp, .fd = fd };
		*fapp = new;
		new = NULL;
		ret = 1;
	} else if (fa) {
		*fp = fa->next;
		ret = 1;
	}
	write_unlock_irq(&fasync_lock);
	if (!on && ret)
		kfree(fa);
	kfree(new);
	return ret;
}

/* Tell @p: with F_SETSIG the chosen signal and where it comes from, else SIGIO. */
static void send_sigio_to(struct task_struct *p, struct fown_struct *o, int fd, int band,
			  enum pid_type type)
{
	struct kernel_siginfo si;

	if (!o->signum) {
		do_send_sig_info(SIGIO, SEND_SIG_PRIV, p, type);
		return;
	}
	clear_siginfo(&si);
	si.si_signo = o->signum;
	si.si_code = band;
	si.si_fd = fd;
	if (do_send_sig_info(o->signum, &si, p, type))
		do_send_sig_info(SIGIO, SEND_SIG_PRIV, p, type);
}

void send_sigio(struct fown_struct *o, int fd, int band)
{
	struct task_struct *p;
	unsigned long flags;

	spin_lock_irqsave(&o->lock, flags);
	if (o->pid && o->pid_type != PIDTYPE_PGID) {
		rcu_read_lock();
		p = pid_task(o->pid, PIDTYPE_PID);
		if (p)
			send_sigio_to(p, o, fd, band, o->pid_type);
		rcu_read_unlock();
	} else if (o->pid) {
		read_lock(&tasklist_lock);
		do_each_pid_task (o->pid, PIDTYPE_PGID, p) {
			send_sigio_to(p, o, fd, band, PIDTYPE_TGID);
		}
		while_each_pid_task(o->pid, PIDTYPE_PGID, p);
		read_unlock(&tasklist_lock);
	}
	spin_unlock_irqrestore(&o->lock, flags);
}

void kill_fasync(struct fasync_struct **fp, int sig, int band)
{
	unsigned long flags;

	if (!*fp)
		return;
	read_lock_irqsave(&fasync_lock, flags);
	for (struct fasync_struct *fa = *fp; fa; fa = fa->next)
		send_sigio(&fa->file->f_owner, fa->fd, band);
	read_unlock_irqrestore(&fasync_lock, flags);
}
