// SPDX-License-Identifier: MIT
/*
 * wait4 and waitid: hearing of children that have ended, stopped or gone on.
 *
 * A parent looks at its children, and those of its other threads, under tasklist_lock; finds nothing to
 * report but somebody to wait for: sleeps on signal->wait_chldexit, where do_notify_parent() wakes it.
 * A tracee reports to its tracer like a child: each of its stops, without WUNTRACED, and each thread of its
 * own; its end first to the tracer, then, if that is another process, to the parent.
 * Rules and errors: wait(2), ptrace(2).
 */
#include <base/errno.h>
#include <base/string.h>
#include <sync/rcu.h>
#include <sync/rwlock.h>
#include <sync/seqlock.h>
#include <sync/wait.h>
#include <kernel/cred.h>
#include <kernel/exit.h>
#include <kernel/ksyscall.h>
#include <kernel/pid.h>
#include <kernel/ptrace.h>
#include <kernel/rlimit.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <seam/uaccess.h>
#include <fs/file.h>
#include <linux/wait.h>

struct wait_info {
	pid_t pid;
	uid_t uid;
	int status; /* of waitid */
	int cause;  /* CLD_* */
};

struct wait_opts {
	enum pid_type type;
	int flags;
	struct pid *pid;	/* PIDTYPE_MAX: anybody */
	struct wait_info *info; /* waitid's answer, or NULL */
	int stat;		/* wait4's */
	struct rusage *rusage;
	wait_queue_entry_t child_wait;
	int notask_error; /* -ECHILD until a child is seen that may report some day */
};

static bool eligible_pid(struct wait_opts *wo, struct task_struct *p)
{
	if (wo->type == PIDTYPE_MAX)
		return true;
	return wo->type == PIDTYPE_PGID ? task_pgrp(p) == wo->pid : task_pid(p) == wo->pid;
}

/* "Clone" children, with another exit signal than SIGCHLD, only on request. */
static bool eligible_child(struct wait_opts *wo, bool ptrace, struct task_struct *p)
{
	if (!eligible_pid(wo, p))
		return false;
	if (ptrace || (wo->flags & __WALL))
		return true;
	return (p->exit_signal != SIGCHLD) == !!(wo->flags & __WCLONE);
}

/* The parent takes over what child @p and the children it waited for have used. */
static void add_to_parent(struct task_struct *p)
{
	struct signal_struct *psig = current->signal, *sig = p->signal;
	u64 ut, st;

	thread_group_cputime_adjusted(p, &ut, &st);
	spin_lock_irq(&current->sighand->siglock);
	write_seqlock(&psig->stats_lock);
	psig->cutime += ut + sig->cutime;
	psig->cstime += st + sig->cstime;
	psig->cgtime += p->gtime + sig->gtime + sig->cgtime;
	psig->cmin_flt += p->min_flt + sig->min_flt + sig->cmin_flt;
	psig->cmaj_flt += p->maj_flt + sig->maj_flt + sig->cmaj_flt;
	psig->cnvcsw += p->nvcsw + sig->nvcsw + sig->cnvcsw;
	psig->cnivcsw += p->nivcsw + sig->nivcsw + sig->cnivcsw;
	psig->cinblock += sig->inblock + sig->cinblock;
	psig->coublock += sig->oublock + sig->coublock;
	if (psig->cmaxrss < sig->maxrss)
		psig->cmaxrss = sig->maxrss;
	if (psig->cmaxrss < sig->cmaxrss)
		psig->cmaxrss = sig->cmaxrss;
	write_sequnlock(&psig->stats_lock);
	spin_unlock_irq(&current->sighand->siglock);
}

static void set_info(struct wait_opts *wo, pid_t pid, uid_t uid, int cause, int status)
{
	if (!wo->info)
		return;
	*wo->info = (struct wait_info){ .pid = pid, .uid = uid, .cause = cause, .status = status };
}

/* What waitid says of exit code @code (as wait4 reports it). */
static void set_exit_info(struct wait_opts *wo, pid_t pid, uid_t uid, int code)
{
	if (!(code & 0x7f))
		set_info(wo, pid, uid, CLD_EXITED, code >> 8);
	else
		set_info(wo, pid, uid, code & 0x80 ? CLD_DUMPED : CLD_KILLED, code & 0x7f);
}

/* The tracer has heard of the end of @p, which is EXIT_TRACE: now its parent's turn. True: reap it. */
static bool hand_to_parent(struct task_struct *p)
{
	bool dead;

	write_lock_irq(&tasklist_lock);
	ptrace_unlink(p);
	dead = do_notify_parent(p, p->exit_signal);
	p->exit_state = dead ? EXIT_DEAD : EXIT_ZOMBIE;
	write_unlock_irq(&tasklist_lock);
	return dead;
}

/* @p is a zombie that can be reaped. Its pid with tasklist_lock dropped, or 0 with it held. */
static int wait_task_zombie(struct wait_opts *wo, struct task_struct *p)
{
	pid_t pid = task_pid_vnr(p);
	uid_t uid = task_uid(p);
	bool leader = thread_group_leader(p);
	int status, state;

	if (!(wo->flags & WEXITED))
		return 0;
	if (wo->flags & WNOWAIT) {
		status = p->signal->flags & SIGNAL_GROUP_EXIT ? p->signal->group_exit_code
							      : p->exit_code;
		get_task_struct(p);
		read_unlock(&tasklist_lock);
		if (wo->rusage)
			getrusage(p, RUSAGE_BOTH, wo->rusage);
		put_task_struct(p);
		wo->stat = status;
		set_exit_info(wo, pid, uid, status);
		return pid;
	}
	state = leader && ptrace_reparented(p) ? EXIT_TRACE : EXIT_DEAD;
	if (cmpxchg(&p->exit_state, EXIT_ZOMBIE, state) != EXIT_ZOMBIE)
		return 0; /* another thread of ours was faster */
	read_unlock(&tasklist_lock);
	if (state == EXIT_DEAD && leader)
		add_to_parent(p);
	if (wo->rusage)
		getrusage(p, RUSAGE_BOTH, wo->rusage);
	status = p->signal->flags & SIGNAL_GROUP_EXIT ? p->signal->group_exit_code : p->exit_code;
	if (state == EXIT_DEAD || hand_to_parent(p))
		release_task(p);
	wo->stat = status;
	set_exit_info(wo, pid, uid, status);
	return pid;
}

static int finish_report(struct wait_opts *wo, struct task_struct *p, int cause, int status,
			 int stat)
{
	pid_t pid = task_pid_vnr(p);
	uid_t uid = task_uid(p);

	get_task_struct(p);
	read_unlock(&tasklist_lock);
	if (wo->rusage)
		getrusage(p, RUSAGE_BOTH, wo->rusage);
	put_task_struct(p);
	wo->stat = stat;
	set_info(wo, pid, uid, cause, status);
	return pid;
}

/* Where the report of a stop of @p lies, to its tracer or its parent; NULL: it does not stand. */
static int *stopped_code(struct task_struct *p, bool ptrace)
{
	if (!ptrace)
		return READ_ONCE(p->signal->flags) & SIGNAL_STOP_STOPPED
			       ? &p->signal->group_exit_code
			       : NULL;
	return task_is_traced(p) && !(READ_ONCE(p->jobctl) & JOBCTL_LISTENING) ? &p->exit_code
									       : NULL;
}

/* As above, for a child that has stopped and was not reported yet. */
static int wait_task_stopped(struct wait_opts *wo, bool ptrace, struct task_struct *p)
{
	int code = 0, *report;

	if ((!ptrace && !(wo->flags & WUNTRACED)) || !stopped_code(p, ptrace))
		return 0;
	spin_lock_irq(&p->sighand->siglock);
	report = stopped_code(p, ptrace);
	if (report) {
		code = *report;
		if (!(wo->flags & WNOWAIT))
			*report = 0;
	}
	spin_unlock_irq(&p->sighand->siglock);
	if (!code)
		return 0;
	return finish_report(wo, p, ptrace ? CLD_TRAPPED : CLD_STOPPED, code, code << 8 | 0x7f);
}

static int wait_task_continued(struct wait_opts *wo, struct task_struct *p)
{
	struct signal_struct *sig = p->signal;
	bool cont;

	if (!(wo->flags & WCONTINUED) || !(READ_ONCE(sig->flags) & SIGNAL_STOP_CONTINUED))
		return 0;
	spin_lock_irq(&p->sighand->siglock);
	cont = sig->flags & SIGNAL_STOP_CONTINUED;
	if (cont && !(wo->flags & WNOWAIT))
		sig->flags &= ~SIGNAL_STOP_CONTINUED;
	spin_unlock_irq(&p->sighand->siglock);
	if (!cont)
		return 0;
	return finish_report(wo, p, CLD_CONTINUED, SIGCONT, 0xffff);
}

/* A leader whose threads live on cannot be reaped. */
static bool delayed_leader(struct task_struct *p)
{
	return thread_group_leader(p) && !thread_group_empty(p);
}

/* Anything to report of @p, a child or (@ptrace) a tracee? Its pid with tasklist_lock dropped; 0 with it held. */
static int wait_consider_task(struct wait_opts *wo, bool ptrace, struct task_struct *p)
{
	int exit_state = READ_ONCE(p->exit_state), ret;

	if (exit_state == EXIT_DEAD || !eligible_child(wo, ptrace, p))
		return 0;
	if (exit_state == EXIT_TRACE) {
		/* On its way from the tracer to the parent. */
		if (!ptrace)
			wo->notask_error = 0;
		return 0;
	}
	/* Traced by ourselves: the tracer's view, so that a stop is not told twice. */
	if (!ptrace && p->ptrace && !ptrace_reparented(p))
		ptrace = true;
	if (exit_state == EXIT_ZOMBIE) {
		/* A zombie is the tracer's until it has heard of it. */
		if (!delayed_leader(p) && (ptrace || !p->ptrace))
			return wait_task_zombie(wo, p);
		/* It cannot stop any more, but its threads can, and its turn will come. */
		if (!ptrace || (wo->flags & (WCONTINUED | WEXITED)))
			wo->notask_error = 0;
	} else {
		wo->notask_error = 0;
	}
	ret = wait_task_stopped(wo, ptrace, p);
	return ret ? ret : wait_task_continued(wo, p);
}

static int wait_thread_children(struct wait_opts *wo, struct task_struct *tsk)
{
	struct task_struct *p;
	int ret;

	list_for_each_entry (p, &tsk->children, sibling) {
		ret = wait_consider_task(wo, false, p);
		if (ret)
			return ret;
	}
	list_for_each_entry (p, &tsk->ptraced, ptrace_entry) {
		ret = wait_consider_task(wo, true, p);
		if (ret)
			return ret;
	}
	return 0;
}

static bool is_ours(struct wait_opts *wo, struct task_struct *parent)
{
	return parent == current ||
	       (!(wo->flags & __WNOTHREAD) && same_thread_group(parent, current));
}

/* One asked for by number, a child or a tracee of any kind: no list to walk. */
static int wait_for_pid(struct wait_opts *wo)
{
	struct task_struct *p = pid_task(wo->pid, PIDTYPE_TGID);
	int ret = 0;

	if (p && is_ours(wo, p->real_parent))
		ret = wait_consider_task(wo, false, p);
	if (ret)
		return ret;
	p = pid_task(wo->pid, PIDTYPE_PID);
	if (p && p->ptrace && is_ours(wo, p->parent))
		ret = wait_consider_task(wo, true, p);
	return ret;
}

/* One look at all children: a pid, 0 for "later", or an error. */
static int scan_children(struct wait_opts *wo)
{
	struct task_struct *t;
	int ret = 0;

	wo->notask_error = -ECHILD;
	if (wo->type < PIDTYPE_MAX && (!wo->pid || hlist_empty(&wo->pid->tasks[wo->type])))
		return -ECHILD;
	read_lock(&tasklist_lock);
	if (wo->type == PIDTYPE_PID) {
		ret = wait_for_pid(wo);
	} else {
		for_each_thread (current, t) {
			if ((wo->flags & __WNOTHREAD) && t != current)
				continue;
			ret = wait_thread_children(wo, t);
			if (ret)
				break;
		}
	}
	if (ret)
		return ret; /* the lock was dropped */
	read_unlock(&tasklist_lock);
	return wo->notask_error;
}

static int child_wait_callback(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct wait_opts *wo = container_of(wait, struct wait_opts, child_wait);
	struct task_struct *p = key;

	if (!eligible_pid(wo, p))
		return 0;
	if ((wo->flags & __WNOTHREAD) && wait->private != p->parent)
		return 0;
	return default_wake_function(wait, mode, sync, key);
}

/* The key is the child: waiters for another one sleep on. */
void __wake_up_parent(struct task_struct *p, struct task_struct *parent)
{
	__wake_up_sync_key(&parent->signal->wait_chldexit, TASK_INTERRUPTIBLE, p);
}

static long do_wait(struct wait_opts *wo)
{
	long ret;

	/* Most often the child is there already, or shall not be waited for: no queue then. */
	ret = scan_children(wo);
	if (ret || (wo->flags & WNOHANG))
		return ret;
	init_waitqueue_func_entry(&wo->child_wait, child_wait_callback);
	wo->child_wait.private = current;
	add_wait_queue(&current->signal->wait_chldexit, &wo->child_wait);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		ret = scan_children(wo);
		if (ret)
			break;
		if (signal_pending(current)) {
			ret = -ERESTARTSYS;
			break;
		}
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	remove_wait_queue(&current->signal->wait_chldexit, &wo->child_wait);
	return ret;
}

long kernel_wait4(pid_t upid, int __user *stat_addr, int options, struct rusage *ru)
{
	struct wait_opts wo = { .flags = options | WEXITED, .rusage = ru };
	long ret;

	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL))
		return -EINVAL;
	if (upid == (pid_t)(1U << 31))
		return -ESRCH; /* its group number cannot be written */
	if (upid == -1) {
		wo.type = PIDTYPE_MAX;
	} else if (upid < 0) {
		wo.type = PIDTYPE_PGID;
		wo.pid = find_get_pid(-upid);
	} else if (upid == 0) {
		wo.type = PIDTYPE_PGID;
		wo.pid = get_task_pid(current, PIDTYPE_PGID);
	} else {
		wo.type = PIDTYPE_PID;
		wo.pid = find_get_pid(upid);
	}
	ret = do_wait(&wo);
	put_pid(wo.pid);
	if (ret > 0 && stat_addr && put_user(wo.stat, stat_addr))
		return -EFAULT;
	return ret;
}

SYSCALL_DEFINE4(wait4, pid_t, upid, int __user *, stat_addr, int, options, struct rusage __user *,
		ru)
{
	struct rusage r;
	long err = kernel_wait4(upid, stat_addr, options, ru ? &r : NULL);

	if (err > 0 && ru && copy_to_user(ru, &r, sizeof(r)))
		return -EFAULT;
	return err;
}

/* Whom waitid(@which, @upid) means: fills @wo, or an errno. */
static int waitid_target(struct wait_opts *wo, int which, pid_t upid)
{
	unsigned int f_flags = 0;

	switch (which) {
	case P_ALL:
		wo->type = PIDTYPE_MAX;
		return 0;
	case P_PID:
		if (upid <= 0)
			return -EINVAL;
		wo->type = PIDTYPE_PID;
		wo->pid = find_get_pid(upid);
		return 0;
	case P_PGID:
		if (upid < 0)
			return -EINVAL;
		wo->type = PIDTYPE_PGID;
		wo->pid = upid ? find_get_pid(upid) : get_task_pid(current, PIDTYPE_PGID);
		return 0;
	case P_PIDFD:
		if (upid < 0)
			return -EINVAL;
		wo->type = PIDTYPE_PID;
		wo->pid = pidfd_get_pid(upid, &f_flags);
		if (IS_ERR(wo->pid))
			return PTR_ERR(wo->pid);
		/* Opened O_NONBLOCK: waiting answers EAGAIN. */
		if (f_flags & O_NONBLOCK)
			wo->flags |= WNOHANG;
		return f_flags & O_NONBLOCK ? 1 : 0;
	}
	return -EINVAL;
}

static int put_waitid_info(siginfo_t __user *infop, const struct wait_info *info, bool found)
{
	kernel_siginfo_t si;

	clear_siginfo(&si);
	if (found) {
		si.si_signo = SIGCHLD;
		si.si_code = info->cause;
		si.si_pid = info->pid;
		si.si_uid = info->uid;
		si.si_status = info->status;
	}
	/* Only these fields, as Linux: the rest of the user's siginfo stays as it is. */
	if (put_user(si.si_signo, &infop->si_signo) || put_user(0, &infop->si_errno) ||
	    put_user(si.si_code, &infop->si_code) || put_user(si.si_pid, &infop->si_pid) ||
	    put_user(si.si_uid, &infop->si_uid) || put_user(si.si_status, &infop->si_status))
		return -EFAULT;
	return 0;
}

SYSCALL_DEFINE5(waitid, int, which, pid_t, upid, siginfo_t __user *, infop, int, options,
		struct rusage __user *, ru)
{
	struct wait_info info = { 0 };
	struct wait_opts wo = { .flags = options, .info = &info };
	struct rusage r;
	bool nonblock;
	long ret;

	if (options & ~(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD |
			__WCLONE | __WALL))
		return -EINVAL;
	if (!(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	ret = waitid_target(&wo, which, upid);
	if (ret < 0)
		return ret;
	nonblock = ret;
	if (ru)
		wo.rusage = &r;
	ret = do_wait(&wo);
	if (!ret && nonblock && !(options & WNOHANG))
		ret = -EAGAIN;
	put_pid(wo.pid);
	if (ret > 0) {
		if (ru && copy_to_user(ru, &r, sizeof(r)))
			return -EFAULT;
		return infop ? put_waitid_info(infop, &info, true) : 0;
	}
	if (!ret && infop)
		return put_waitid_info(infop, &info, false);
	return ret;
}

SYSCALL_DEFINE1(exit, int, error_code)
{
	do_exit((error_code & 0xff) << 8);
}

SYSCALL_DEFINE1(exit_group, int, error_code)
{
	do_group_exit((error_code & 0xff) << 8);
}
