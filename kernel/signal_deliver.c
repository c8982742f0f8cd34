// SPDX-License-Identifier: MIT
/*
 * What a signal does when it is taken: handler, default action, stop and continue; and what the
 * parent hears of it.
 *
 * Group stop. The thread that takes a stop signal marks every thread (JOBCTL_STOP_PENDING) and counts
 * them in group_stop_count; each marked thread on its way to user mode joins (do_signal_stop), and the
 * last one tells the parent CLD_STOPPED. SIGCONT (signal.c) clears all marks, wakes the stopped, and
 * the first thread that runs tells CLD_CONTINUED. SIGKILL breaks a stop.
 *
 *	running --stop signal--> STOP_PENDING --do_signal_stop--> __TASK_STOPPED
 *	   ^                                                           |
 *	   +----------------- SIGCONT, SIGKILL ------------------------+
 *
 * A traced thread does its part of a group stop in a trap of its own (ptrace_stop.c): do_signal_stop()
 * asks for it by JOBCTL_TRAP_STOP.
 *
 * Invariant (siglock): group_stop_count = number of threads with JOBCTL_STOP_CONSUME.
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/errno.h>
#include <seam/current.h>
#include <sync/rcu.h>
#include <sync/rwlock.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <kernel/cgroup.h>
#include <kernel/coredump.h>
#include <kernel/cred.h>
#include <kernel/exit.h>
#include <kernel/pid.h>
#include <kernel/ptrace.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/task_work.h>
#include "signal_internal.h"

/* ---- the stop of a group; all => siglock held ---- */

bool task_set_jobctl_pending(struct task_struct *task, unsigned long mask)
{
	if (fatal_signal_pending(task) || (task->flags & PF_EXITING))
		return false;
	if (mask & JOBCTL_STOP_SIGMASK)
		task->jobctl &= ~JOBCTL_STOP_SIGMASK;
	task->jobctl |= mask;
	return true;
}

void task_clear_jobctl_pending(struct task_struct *task, unsigned long mask)
{
	if (mask & JOBCTL_STOP_PENDING)
		mask |= JOBCTL_STOP_CONSUME | JOBCTL_STOP_DEQUEUED;
	task->jobctl &= ~mask;
	if (!(task->jobctl & JOBCTL_PENDING_MASK))
		task_clear_jobctl_trapping(task);
}

/* @task has done its part. True: it was the last, the group stands. */
bool task_participate_group_stop(struct task_struct *task)
{
	struct signal_struct *sig = task->signal;
	bool consume = task->jobctl & JOBCTL_STOP_CONSUME;

	task_clear_jobctl_pending(task, JOBCTL_STOP_PENDING);
	if (!consume)
		return false;
	if (!WARN_ON_ONCE(sig->group_stop_count == 0))
		sig->group_stop_count--;
	if (!sig->group_stop_count && !(sig->flags & SIGNAL_STOP_STOPPED)) {
		signal_set_stop_flags(sig, SIGNAL_STOP_STOPPED);
		return true;
	}
	return false;
}

/* A thread born into a group that is stopping takes part. */
void task_join_group_stop(struct task_struct *task)
{
	unsigned long mask = current->jobctl & JOBCTL_STOP_SIGMASK;
	struct signal_struct *sig = current->signal;

	if (sig->group_stop_count) {
		sig->group_stop_count++;
		mask |= JOBCTL_STOP_CONSUME;
	} else if (!(sig->flags & SIGNAL_STOP_STOPPED)) {
		return;
	}
	task_set_jobctl_pending(task, mask | JOBCTL_STOP_PENDING);
}

static bool start_group_stop(int signr)
{
	struct signal_struct *sig = current->signal;
	unsigned long gstop = JOBCTL_STOP_PENDING | JOBCTL_STOP_CONSUME;
	struct task_struct *t;

	/* A SIGCONT or a fatal signal since the stop signal was dequeued: no stop. */
	if (!(current->jobctl & JOBCTL_STOP_DEQUEUED) || (sig->flags & SIGNAL_GROUP_EXIT) ||
	    sig->group_exec_task)
		return false;
	if (!(sig->flags & SIGNAL_STOP_STOPPED))
		sig->group_exit_code = signr;
	sig->group_stop_count = 0;
	if (task_set_jobctl_pending(current, (unsigned long)signr | gstop))
		sig->group_stop_count++;
	for_each_thread (current, t) {
		if (t != current && !task_is_stopped(t) &&
		    task_set_jobctl_pending(t, (unsigned long)signr | gstop)) {
			sig->group_stop_count++;
			if (t->ptrace & PT_SEIZED)
				ptrace_trap_notify(t);
			else
				signal_wake_up(t, false);
		}
	}
	return true;
}

/*
 * Stand still until SIGCONT or SIGKILL. @signr: the stop signal just taken, or 0 to join a stop.
 * => siglock held; released when true is returned, still held when false (nothing to stop for, or a
 * trap does it).
 */
static bool do_signal_stop(int signr)
{
	bool notify;

	if (!(current->jobctl & JOBCTL_STOP_PENDING) && !start_group_stop(signr))
		return false;
	if (unlikely(current->ptrace)) {
		task_set_jobctl_pending(current, JOBCTL_TRAP_STOP);
		return false;
	}
	notify = task_participate_group_stop(current);
	current->jobctl |= JOBCTL_STOPPED;
	spin_lock(&current->pi_lock);
	WRITE_ONCE(current->__state, TASK_STOPPED);
	spin_unlock(&current->pi_lock);
	spin_unlock_irq(&current->sighand->siglock);
	if (notify) {
		read_lock(&tasklist_lock);
		do_notify_parent_cldstop(current, false, CLD_STOPPED);
		read_unlock(&tasklist_lock);
	}
	cgroup_enter_frozen();
	schedule();
	return true;
}

/* ---- taking one ---- */

/* A continue or stop that happened while nobody ran: tell the parent now. => siglock, released */
static void notify_pending_cldstop(struct signal_struct *signal)
{
	int why = signal->flags & SIGNAL_CLD_CONTINUED ? CLD_CONTINUED : CLD_STOPPED;

	signal->flags &= ~SIGNAL_CLD_MASK;
	spin_unlock_irq(&current->sighand->siglock);
	read_lock(&tasklist_lock);
	do_notify_parent_cldstop(current, false, why);
	if (ptrace_reparented(current->group_leader))
		do_notify_parent_cldstop(current->group_leader, true, why);
	read_unlock(&tasklist_lock);
}

static void __attribute__((noreturn)) die_by_signal(struct ksignal *ksig)
{
	current->flags |= PF_SIGNALED;
	if (sig_kernel_coredump(ksig->sig))
		do_coredump(&ksig->info);
	do_group_exit(ksig->sig);
}

/* The tracer sees what was dequeued. A signal that nobody can change (SA_IMMUTABLE) is none of its business. */
static int show_tracer(struct ksignal *ksig, bool shared)
{
	struct k_sigaction *ka = &current->sighand->action[ksig->sig - 1];

	if (ksig->sig == SIGKILL || (ka->sa.sa_flags & SA_IMMUTABLE))
		return ksig->sig;
	return ptrace_signal(ksig->sig, &ksig->info, shared);
}

enum signal_step { STEP_NONE, STEP_HANDLER, STEP_NEXT, STEP_RELOCK, STEP_FATAL };

/* One signal. => siglock held; released for STEP_RELOCK only */
static enum signal_step take_one(struct ksignal *ksig)
{
	struct sighand_struct *sighand = current->sighand;
	struct signal_struct *signal = current->signal;
	struct k_sigaction *ka;
	bool shared;
	int signr;

	if ((signal->flags & SIGNAL_GROUP_EXIT) || signal->group_exec_task) {
		ksig->sig = SIGKILL;
		sigdelset(&current->pending.signal, SIGKILL);
		recalc_sigpending();
		return STEP_FATAL;
	}
	if ((current->jobctl & JOBCTL_STOP_PENDING) && do_signal_stop(0))
		return STEP_RELOCK;
	if (unlikely(current->jobctl & JOBCTL_TRAP_MASK)) {
		do_jobctl_trap();
		spin_unlock_irq(&sighand->siglock);
		return STEP_RELOCK;
	}
	if (unlikely(current->jobctl & JOBCTL_TRAP_FREEZE)) {
		cgroup_freezer_trap();
		return STEP_RELOCK;
	}
	if (unlikely(current->frozen)) {
		spin_unlock_irq(&sighand->siglock);
		cgroup_leave_frozen(false);
		return STEP_RELOCK;
	}
	signr = dequeue_synchronous_signal(&ksig->info);
	shared = !signr && !(current->pending.signal & ~current->blocked);
	if (!signr)
		signr = dequeue_signal(current, &current->blocked, &ksig->info);
	ksig->sig = signr;
	if (!signr)
		return STEP_NONE;
	if (unlikely(current->ptrace)) {
		signr = ksig->sig = show_tracer(ksig, shared);
		if (!signr)
			return STEP_NEXT;
	}
	ka = &sighand->action[signr - 1];
	if (ka->sa.sa_handler == SIG_IGN)
		return STEP_NEXT;
	if (ka->sa.sa_handler != SIG_DFL) {
		ksig->ka = *ka;
		if (ka->sa.sa_flags & SA_ONESHOT)
			ka->sa.sa_handler = SIG_DFL;
		return STEP_HANDLER;
	}
	if (sig_kernel_ignore(signr))
		return STEP_NEXT;
	if ((signal->flags & SIGNAL_UNKILLABLE) && !sig_kernel_only(signr))
		return STEP_NEXT;
	if (!sig_kernel_stop(signr))
		return STEP_FATAL;
	if (signr != SIGSTOP) {
		/* Nobody could continue an orphaned group: terminal stops do not apply there. */
		int orphaned;

		spin_unlock_irq(&sighand->siglock);
		orphaned = is_current_pgrp_orphaned();
		if (orphaned)
			return STEP_RELOCK;
		spin_lock_irq(&sighand->siglock);
	}
	return do_signal_stop(signr) ? STEP_RELOCK : STEP_NEXT;
}

bool get_signal(struct ksignal *ksig)
{
	struct sighand_struct *sighand = current->sighand;
	enum signal_step step;

	clear_thread_flag(TIF_NOTIFY_SIGNAL);
	if (task_work_pending(current))
		task_work_run();
	if (!task_sigpending(current))
		return false;
	do {
		spin_lock_irq(&sighand->siglock);
		if (unlikely(current->signal->flags & SIGNAL_CLD_MASK)) {
			notify_pending_cldstop(current->signal);
			step = STEP_RELOCK;
			continue;
		}
		do
			step = take_one(ksig);
		while (step == STEP_NEXT);
		if (step != STEP_RELOCK)
			spin_unlock_irq(&sighand->siglock);
	} while (step == STEP_RELOCK);
	if (step == STEP_FATAL && unlikely(current->frozen))
		cgroup_leave_frozen(true);
	if (step == STEP_FATAL && unlikely(current->flags & PF_IO_WORKER))
		return true; /* it has requests to end before it goes */
	if (step == STEP_FATAL)
		die_by_signal(ksig);
	return step == STEP_HANDLER;
}

/* ---- the parent ---- */

static kernel_siginfo_t child_info(struct task_struct *tsk, int code, int status)
{
	kernel_siginfo_t info;

	clear_siginfo(&info);
	info.si_signo = SIGCHLD;
	info.si_code = code;
	info.si_pid = task_pid_nr(tsk);
	info.si_uid = task_uid(tsk);
	info.si_utime = (__kernel_clock_t)nsec_to_clock_t(tsk->utime + tsk->signal->utime);
	info.si_stime = (__kernel_clock_t)nsec_to_clock_t(tsk->stime + tsk->signal->stime);
	info.si_status = status;
	return info;
}

bool do_notify_parent(struct task_struct *tsk, int sig)
{
	struct task_struct *parent = tsk->parent;
	struct sighand_struct *psig;
	kernel_siginfo_t info;
	bool autoreap = false;
	unsigned long flags;
	int code = tsk->exit_code;

	if (tsk->thread_pid)
		wake_up_all(&tsk->thread_pid->wait_pidfd);
	/* The parent has become another program since: not a signal that it does not expect. */
	if (sig != SIGCHLD && tsk->parent_exec_id != READ_ONCE(parent->self_exec_id))
		sig = SIGCHLD;
	if (code & 0x80)
		info = child_info(tsk, CLD_DUMPED, code & 0x7f);
	else if (code & 0x7f)
		info = child_info(tsk, CLD_KILLED, code & 0x7f);
	else
		info = child_info(tsk, CLD_EXITED, code >> 8);
	info.si_signo = sig;

	psig = parent->sighand;
	spin_lock_irqsave(&psig->siglock, flags);
	if (!tsk->ptrace && sig == SIGCHLD &&
	    (sig_handler(parent, SIGCHLD) == SIG_IGN ||
	     (psig->action[SIGCHLD - 1].sa.sa_flags & SA_NOCLDWAIT))) {
		/* POSIX leaves it open whether SA_NOCLDWAIT sends a signal; Linux sends it. */
		autoreap = true;
		if (sig_handler(parent, SIGCHLD) == SIG_IGN)
			sig = 0;
	}
	if (sig > 0 && valid_signal(sig))
		send_signal_locked(sig, &info, parent, PIDTYPE_TGID);
	__wake_up_parent(tsk, parent);
	spin_unlock_irqrestore(&psig->siglock, flags);
	return autoreap;
}

static int stop_status(struct task_struct *tsk, int why)
{
	switch (why) {
	case CLD_CONTINUED:
		return SIGCONT;
	case CLD_STOPPED:
		return tsk->signal->group_exit_code & 0x7f;
	default:
		return tsk->exit_code & 0x7f;
	}
}

void do_notify_parent_cldstop(struct task_struct *tsk, bool for_ptracer, int why)
{
	struct task_struct *parent;
	struct sighand_struct *sighand;
	kernel_siginfo_t info;
	unsigned long flags;

	if (!for_ptracer)
		tsk = tsk->group_leader;
	parent = for_ptracer ? tsk->parent : tsk->real_parent;
	sighand = parent->sighand;
	info = child_info(tsk, why, stop_status(tsk, why));
	spin_lock_irqsave(&sighand->siglock, flags);
	if (sig_handler(parent, SIGCHLD) != SIG_IGN &&
	    !(sighand->action[SIGCHLD - 1].sa.sa_flags & SA_NOCLDSTOP))
		send_signal_locked(SIGCHLD, &info, parent, PIDTYPE_TGID);
	__wake_up_parent(tsk, parent); /* wait4 with WUNTRACED or WCONTINUED, or of a tracer */
	spin_unlock_irqrestore(&sighand->siglock, flags);
}
