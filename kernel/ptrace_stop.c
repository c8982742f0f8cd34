// SPDX-License-Identifier: MIT
/*
 * A tracee stops and tells its tracer.
 *
 * All stops go through ptrace_stop(): the task enters __TASK_TRACED, its exit_code says what waitpid()
 * shall report, last_siginfo and ptrace_message what the tracer can ask for; the tracer (and, when the
 * stop completes a group stop, the real parent) gets SIGCHLD and is woken. The tracer puts the signal to
 * go on with into exit_code and takes the task out of __TASK_TRACED; so do SIGKILL and the end of the tie.
 *
 *	stop			exit_code		siginfo			from
 *	signal delivery		sig			the signal's		get_signal()
 *	group stop		sig			none			do_jobctl_trap()
 *	group stop, seized	sig | STOP << 8		made, SIGTRAP	 	do_jobctl_trap()
 *	INTERRUPT, new child	SIGTRAP | STOP << 8	made			do_jobctl_trap()
 *	event			SIGTRAP | event << 8	made			ptrace_event()
 *	system call		SIGTRAP [| 0x80]	made			ptrace_report_syscall_*()
 *
 * Lost wake-ups: the state is set under siglock, and whoever wakes a traced task (signal_wake_up() for
 * SIGKILL, ptrace_unlink(), ptrace_resume()) holds it; what came before is looked at first.
 * JOBCTL_TRACED is the tracer's view of the state: cleared by who wakes, so that a task that was woken
 * and has not run yet counts as running.
 *
 * Linux 6.1: kernel/signal.c, include/linux/ptrace.h.
 */
#include <base/bug.h>
#include <base/errno.h>
#include <sync/preempt.h>
#include <sync/rcu.h>
#include <sync/rwlock.h>
#include <sync/spinlock.h>
#include <kernel/cgroup.h>
#include <kernel/cred.h>
#include <kernel/pid.h>
#include <kernel/ptrace.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/task_work.h>
#include "signal_internal.h"

void ptrace_signal_wake_up(struct task_struct *t, bool resume)
{
	unsigned int state = 0;

	if (resume) {
		t->jobctl &= ~JOBCTL_TRACED;
		state = __TASK_TRACED;
	}
	signal_wake_up_state(t, state);
}

void ptrace_trap_notify(struct task_struct *t)
{
	task_set_jobctl_pending(t, JOBCTL_TRAP_NOTIFY);
	ptrace_signal_wake_up(t, t->jobctl & JOBCTL_LISTENING);
}

static void tell_parents(int why, bool group_stopped)
{
	read_lock(&tasklist_lock);
	if (current->ptrace)
		do_notify_parent_cldstop(current, true, why);
	if (group_stopped && (!current->ptrace || ptrace_reparented(current)))
		do_notify_parent_cldstop(current, false, why);
	/* The tracer is awake and will look at us at once: let it find us off the CPU. */
	preempt_disable();
	read_unlock(&tasklist_lock);
	preempt_enable_no_resched();
}

/*
 * Stand still until the tracer, SIGKILL or the end of the tie lets go. @why: CLD_TRAPPED, or CLD_STOPPED when
 * this takes part in a group stop. The signal to go on with.
 * => siglock held; dropped and retaken
 */
static int ptrace_stop(int exit_code, int why, unsigned long message, kernel_siginfo_t *info)
{
	bool group_stopped = false;

	/* Who would have to wake us has been here already. */
	if (!current->ptrace || __fatal_signal_pending(current))
		return exit_code;
	spin_lock(
		&current->pi_lock); /* as do_signal_stop(): no wake-up of an earlier sleep may interfere */
	WRITE_ONCE(current->__state, TASK_TRACED);
	spin_unlock(&current->pi_lock);
	current->jobctl |= JOBCTL_TRACED;
	current->ptrace_message = message;
	current->last_siginfo = info;
	current->exit_code = exit_code;
	if (why == CLD_STOPPED && (current->jobctl & JOBCTL_STOP_PENDING))
		group_stopped = task_participate_group_stop(current);
	/* Any stop answers INTERRUPT; only the stop of a seized task tells what TRAP_NOTIFY is about. */
	task_clear_jobctl_pending(current, JOBCTL_TRAP_STOP);
	if (info && info->si_code >> 8 == PTRACE_EVENT_STOP)
		task_clear_jobctl_pending(current, JOBCTL_TRAP_NOTIFY);
	task_clear_jobctl_trapping(current);
	spin_unlock_irq(&current->sighand->siglock);
	tell_parents(why, group_stopped);
	cgroup_enter_frozen();
	schedule();
	if (unlikely(current->frozen))
		cgroup_leave_frozen(true);
	spin_lock_irq(&current->sighand->siglock);
	exit_code = current->exit_code;
	current->last_siginfo = NULL;
	current->ptrace_message = 0;
	current->exit_code = 0;
	current->jobctl &= ~(JOBCTL_LISTENING | JOBCTL_PTRACE_FROZEN);
	/* Another signal may have come while we stood; the flag alone does no harm. */
	recalc_sigpending_tsk(current);
	return exit_code;
}

/* => siglock held, dropped and retaken */
static int stop_with_info(int signr, int exit_code, int why, unsigned long message)
{
	kernel_siginfo_t info;

	clear_siginfo(&info);
	info.si_signo = signr;
	info.si_code = exit_code;
	info.si_pid = task_pid_nr(current);
	info.si_uid = current_uid();
	return ptrace_stop(exit_code, why, message, &info);
}

int ptrace_notify(int exit_code, unsigned long message)
{
	int signr;

	if (task_work_pending(current))
		task_work_run();
	spin_lock_irq(&current->sighand->siglock);
	signr = stop_with_info(SIGTRAP, exit_code, CLD_TRAPPED, message);
	spin_unlock_irq(&current->sighand->siglock);
	return signr;
}

void __ptrace_event(int event, unsigned long message)
{
	if (ptrace_event_enabled(current, event))
		ptrace_notify(event << 8 | SIGTRAP, message);
	else if (event == PTRACE_EVENT_EXEC && !(current->ptrace & PT_SEIZED))
		send_sig(SIGTRAP, current, 0); /* as it was before there were events */
}

/* ---- system calls ---- */

static void report_syscall(unsigned long message)
{
	int signr;

	if (!(current->ptrace & PT_PTRACED))
		return;
	signr = ptrace_notify(SIGTRAP | (current->ptrace & PT_TRACESYSGOOD ? 0x80 : 0), message);
	if (signr)
		send_sig(signr, current, 1);
}

bool ptrace_report_syscall_entry(void)
{
	report_syscall(PTRACE_EVENTMSG_SYSCALL_ENTRY);
	return fatal_signal_pending(current);
}

void ptrace_report_syscall_exit(void)
{
	report_syscall(PTRACE_EVENTMSG_SYSCALL_EXIT);
}

/* ---- signals and group stops ---- */

/* Signal @signr was taken from the queue: the tracer may change it, or make it vanish. */
int ptrace_signal(int signr, kernel_siginfo_t *info, bool shared)
{
	/* The tracer may make it a stop signal; SIGCONT clears the mark in the meantime. */
	current->jobctl |= JOBCTL_STOP_DEQUEUED;
	signr = ptrace_stop(signr, CLD_TRAPPED, 0, info);
	if (!signr)
		return 0;
	if (signr != info->si_signo) {
		clear_siginfo(info);
		info->si_signo = signr;
		info->si_code = SI_USER;
		rcu_read_lock();
		info->si_pid = task_pid_nr(current->parent);
		info->si_uid = __task_cred(current->parent)->uid;
		rcu_read_unlock();
	}
	/* It may have blocked it: then it waits. */
	if (sigismember(&current->blocked, signr) || fatal_signal_pending(current)) {
		send_signal_locked(signr, info, current, shared ? PIDTYPE_TGID : PIDTYPE_PID);
		return 0;
	}
	return signr;
}

/* TRAP_STOP or TRAP_NOTIFY: a group stop, or only a stop because the tracer asked for one. */
void do_jobctl_trap(void)
{
	struct signal_struct *signal = current->signal;
	int signr = current->jobctl & JOBCTL_STOP_SIGMASK;

	if (!(current->ptrace & PT_SEIZED)) {
		WARN_ON_ONCE(!signr);
		ptrace_stop(signr, CLD_STOPPED, 0, NULL);
		return;
	}
	if (!signal->group_stop_count && !(signal->flags & SIGNAL_STOP_STOPPED))
		signr = SIGTRAP;
	WARN_ON_ONCE(!signr);
	stop_with_info(signr, signr | PTRACE_EVENT_STOP << 8, CLD_STOPPED, 0);
}
