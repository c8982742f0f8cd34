/* SPDX-License-Identifier: MIT */
/*
 * Job control (POSIX.1-2017, 11.1.3 and 11.1.4; credentials(7), ioctl_tty(2)).
 *
 * A session has at most one controlling terminal, a terminal belongs to at most one session. The
 * terminal names the foreground process group; others get SIGTTIN when they read and, for changes
 * (and for writes with TOSTOP), SIGTTOU - unless the signal is ignored or blocked, or the group is
 * orphaned: then the call fails or, for SIGTTOU ignored, goes on.
 *
 * signal->tty is guarded by sighand->siglock of the process, tty->session and tty->pgrp by
 * tty->ctrl_lock; both change together under tty_mutex.
 */
#include <base/errno.h>
#include <base/types.h>
#include <drivers/tty.h>
#include <fs/char_dev.h>
#include <fs/inode.h>
#include <kernel/cred.h>
#include <kernel/pid.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <seam/uaccess.h>
#include <sync/rcu.h>
#include <sync/rwlock.h>

#include <linux/capability.h>

/* Is @sig ignored or blocked by current? */
static bool is_ignored(int sig)
{
	return sigismember(&current->blocked, sig) ||
	       current->sighand->action[sig - 1].sa.sa_handler == SIG_IGN;
}

struct pid *tty_get_pgrp(struct tty_struct *tty)
{
	unsigned long flags;
	struct pid *pgrp;

	spin_lock_irqsave(&tty->ctrl_lock, flags);
	pgrp = get_pid(tty->pgrp);
	spin_unlock_irqrestore(&tty->ctrl_lock, flags);
	return pgrp;
}

int __tty_check_change(struct tty_struct *tty, int sig)
{
	struct pid *pgrp, *foreground;
	int ret = 0;

	if (current->signal->tty != tty)
		return 0;
	rcu_read_lock();
	pgrp = get_pid(task_pgrp(current));
	rcu_read_unlock();
	foreground = tty_get_pgrp(tty);
	if (foreground && pgrp != foreground) {
		if (is_ignored(sig)) {
			ret = sig == SIGTTIN ? -EIO : 0;
		} else if (is_current_pgrp_orphaned()) {
			ret = -EIO;
		} else {
			kill_pgrp(pgrp, sig, 1);
			set_thread_flag(TIF_SIGPENDING);
			ret = -ERESTARTSYS;
		}
	}
	put_pid(foreground);
	put_pid(pgrp);
	return ret;
}

int tty_check_change(struct tty_struct *tty)
{
	return __tty_check_change(tty, SIGTTOU);
}

struct tty_struct *get_current_tty(void)
{
	return READ_ONCE(current->signal->tty);
}

static void set_session(struct tty_struct *tty, struct pid *session, struct pid *pgrp)
{
	unsigned long flags;
	struct pid *old_session, *old_pgrp;

	spin_lock_irqsave(&tty->ctrl_lock, flags);
	old_session = tty->session;
	old_pgrp = tty->pgrp;
	tty->session = get_pid(session);
	tty->pgrp = get_pid(pgrp);
	spin_unlock_irqrestore(&tty->ctrl_lock, flags);
	put_pid(old_session);
	put_pid(old_pgrp);
}

static void set_signal_tty(struct task_struct *task, struct tty_struct *tty)
{
	unsigned long flags;

	spin_lock_irqsave(&task->sighand->siglock, flags);
	task->signal->tty = tty;
	spin_unlock_irqrestore(&task->sighand->siglock, flags);
}

/* Make @tty the controlling terminal of current's session. => tty_mutex held, current leads it */
static void proc_set_tty(struct tty_struct *tty)
{
	struct pid *session, *pgrp;

	rcu_read_lock();
	session = get_pid(task_session(current));
	pgrp = get_pid(task_pgrp(current));
	rcu_read_unlock();
	set_session(tty, session, pgrp);
	put_pid(session);
	put_pid(pgrp);
	set_signal_tty(current, tty);
	put_pid(current->signal->tty_old_pgrp);
	current->signal->tty_old_pgrp = NULL;
}

void tty_open_proc_set_tty(struct file *file, struct tty_struct *tty)
{
	if (!(file->f_flags & O_NOCTTY) && current->signal->leader && !current->signal->tty &&
	    !tty->session && (file->f_mode & FMODE_READ))
		proc_set_tty(tty);
}

/* Take @tty away from every process of its session. => tty_mutex held */
static void session_clear_tty(struct pid *session)
{
	struct task_struct *task;

	if (!session)
		return;
	read_lock(&tasklist_lock);
	do_each_pid_task (session, PIDTYPE_SID, task)
		set_signal_tty(task, NULL);
	while_each_pid_task(session, PIDTYPE_SID, task);
	read_unlock(&tasklist_lock);
}

void tty_signal_session_leader(struct tty_struct *tty)
{
	struct pid *pgrp = tty_get_pgrp(tty);
	struct task_struct *task;

	read_lock(&tasklist_lock);
	do_each_pid_task (tty->session, PIDTYPE_SID, task)
		if (task->signal->leader) {
			send_sig(SIGHUP, task, 1);
			send_sig(SIGCONT, task, 1);
		}
	while_each_pid_task(tty->session, PIDTYPE_SID, task);
	read_unlock(&tasklist_lock);
	if (pgrp) {
		kill_pgrp(pgrp, SIGHUP, 1);
		kill_pgrp(pgrp, SIGCONT, 1);
	}
	put_pid(pgrp);
	session_clear_tty(tty->session);
	set_session(tty, NULL, NULL);
}

/* The session leader gives its terminal up (TIOCNOTTY) or exits. May sleep. */
void disassociate_ctty(int on_exit)
{
	struct tty_struct *tty;
	struct pid *pgrp;

	if (!current->signal->leader)
		return;
	mutex_lock(&tty_mutex);
	tty = get_current_tty();
	if (tty) {
		pgrp = tty_get_pgrp(tty);
		if (on_exit && !tty->is_pty) {
			struct pid *session = get_pid(tty->session);

			tty_vhangup_session(tty);
			session_clear_tty(session);
			put_pid(session);
		} else if (pgrp) {
			kill_pgrp(pgrp, SIGHUP, on_exit);
			if (!on_exit)
				kill_pgrp(pgrp, SIGCONT, 0);
		}
		put_pid(pgrp);
		if (tty->session)
			session_clear_tty(tty->session);
		set_session(tty, NULL, NULL);
	}
	mutex_unlock(&tty_mutex);
}

static long tiocsctty(struct tty_struct *tty, unsigned long arg)
{
	long ret = 0;

	mutex_lock(&tty_mutex);
	if (current->signal->leader && task_session(current) == tty->session)
		goto out;
	ret = -EPERM;
	if (!current->signal->leader || current->signal->tty)
		goto out;
	if (tty->session) {
		if (arg != 1 || !capable(CAP_SYS_ADMIN))
			goto out;
		session_clear_tty(tty->session);
	}
	proc_set_tty(tty);
	ret = 0;
out:
	mutex_unlock(&tty_mutex);
	return ret;
}

static long tiocnotty(struct tty_struct *tty)
{
	if (current->signal->tty != tty)
		return -ENOTTY;
	if (current->signal->leader)
		disassociate_ctty(0);
	set_signal_tty(current, NULL);
	return 0;
}

static long tiocgpgrp(struct tty_struct *tty, struct tty_struct *real, pid_t __user *arg)
{
	struct pid *pgrp;
	long ret;

	if (tty == real && current->signal->tty != real)
		return -ENOTTY;
	pgrp = tty_get_pgrp(real);
	ret = put_user(pid_vnr(pgrp), arg);
	put_pid(pgrp);
	return ret;
}

/* Does process group @pgrp belong to session @session? => RCU */
static bool pgrp_in_session(struct pid *pgrp, struct pid *session)
{
	struct task_struct *task = pid_task(pgrp, PIDTYPE_PGID);

	return task && task_session(task) == session;
}

static long tiocspgrp(struct tty_struct *tty, struct tty_struct *real, pid_t __user *arg)
{
	int ret = tty_check_change(real);
	unsigned long flags;
	struct pid *pgrp, *old;
	pid_t nr;

	if (ret == -EIO)
		return -ENOTTY;
	if (ret)
		return ret;
	if (get_user(nr, arg))
		return -EFAULT;
	if (nr < 0)
		return -EINVAL;
	if (current->signal->tty != real || real->session != task_session(current))
		return -ENOTTY;
	rcu_read_lock();
	pgrp = find_vpid(nr);
	ret = -ESRCH;
	if (!pgrp)
		goto out;
	ret = -EPERM;
	if (!pgrp_in_session(pgrp, task_session(current)))
		goto out;
	ret = 0;
	spin_lock_irqsave(&real->ctrl_lock, flags);
	old = real->pgrp;
	real->pgrp = get_pid(pgrp);
	spin_unlock_irqrestore(&real->ctrl_lock, flags);
	put_pid(old);
out:
	rcu_read_unlock();
	return ret;
}

static long tiocgsid(struct tty_struct *tty, struct tty_struct *real, pid_t __user *arg)
{
	if (tty == real && current->signal->tty != real)
		return -ENOTTY;
	if (!real->session)
		return -ENOTTY;
	return put_user(pid_vnr(real->session), arg);
}

long tty_jobctrl_ioctl(struct tty_struct *tty, struct tty_struct *real, unsigned int cmd,
		       unsigned long arg)
{
	switch (cmd) {
	case TIOCNOTTY:
		return tiocnotty(tty);
	case TIOCSCTTY:
		return tiocsctty(real, arg);
	case TIOCGPGRP:
		return tiocgpgrp(tty, real, (pid_t __user *)arg);
	case TIOCSPGRP:
		return tiocspgrp(tty, real, (pid_t __user *)arg);
	case TIOCGSID:
		return tiocgsid(tty, real, (pid_t __user *)arg);
	}
	return -ENOIOCTLCMD;
}

u32 tty_nr_of_task(struct task_struct *task, pid_t *tpgid)
{
	struct tty_struct *tty = READ_ONCE(task->signal->tty);
	struct pid *pgrp;

	*tpgid = -1;
	if (!tty)
		return 0;
	pgrp = tty_get_pgrp(tty);
	*tpgid = pgrp ? pid_nr(pgrp) : -1;
	put_pid(pgrp);
	return (MINOR(tty->dev) & 0xff) | MAJOR(tty->dev) << 8 | (MINOR(tty->dev) & ~0xff) << 12;
}
