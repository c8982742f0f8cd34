/* SPDX-License-Identifier: MIT */
/* Between the files of the signal code. */
#ifndef QUIRE_SIGNAL_INTERNAL_H
#define QUIRE_SIGNAL_INTERNAL_H

#include <base/types.h>
#include <kernel/signal.h>
#include <kernel/task.h>

/* sa_handler of a kernel thread that wants the signal; only the kernel can send it. */
#define SIG_KTHREAD	((__sighandler_t)2)
/* sa_flags: the action was forced, no sigaction() may change it any more. */
#define SA_IMMUTABLE	0x00800000
#define SA_KNOWN_FLAGS	(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER | \
			 SA_RESETHAND | SA_EXPOSE_TAGBITS | SA_RESTORER)

static inline bool is_si_special(const struct kernel_siginfo *info)
{
	return info <= SEND_SIG_PRIV;
}

static inline __sighandler_t sig_handler(struct task_struct *t, int sig)
{
	return t->sighand->action[sig - 1].sa.sa_handler;
}

static inline bool sig_handler_ignored(__sighandler_t handler, int sig)
{
	return handler == SIG_IGN || (handler == SIG_DFL && sig_kernel_ignore(sig));
}

static inline void signal_wake_up(struct task_struct *t, bool fatal)
{
	unsigned int state = 0;

	if (fatal && !(t->jobctl & JOBCTL_PTRACE_FROZEN)) {
		t->jobctl &= ~(JOBCTL_STOPPED | JOBCTL_TRACED);
		state = TASK_WAKEKILL | __TASK_TRACED;
	}
	signal_wake_up_state(t, state);
}

/* Remove the queued entries of the signals in @mask; they do not count as pending any more. */
void flush_sigqueue_mask(sigset_t *mask, struct sigpending *s);
struct sigqueue *__sigqueue_alloc(int sig, struct task_struct *t, gfp_t gfp, bool override_rlimit, int flags);
void __sigqueue_free(struct sigqueue *q);
bool task_participate_group_stop(struct task_struct *task);
/*
 * CLD_STOPPED, CLD_CONTINUED or CLD_TRAPPED to the tracer of @tsk, or to the real parent of its process.
 * => tasklist_lock held for reading
 */
void do_notify_parent_cldstop(struct task_struct *tsk, bool for_ptracer, int why);
int check_kill_permission(int sig, struct kernel_siginfo *info, struct task_struct *t);
void __set_task_blocked(struct task_struct *tsk, const sigset_t *newset);
int dequeue_synchronous_signal(kernel_siginfo_t *info);
void signal_caches_init(void);

/* itimer.c, posix timers: a timer's signal was dequeued, arm it again. => siglock held / not held */
void itimer_rearm_locked(struct task_struct *tsk);
void posixtimer_rearm(struct kernel_siginfo *info);

#endif
