// SPDX-License-Identifier: MIT
/*
 * Signals: sending, queues, receiving.
 *
 * Purpose. A signal goes to a thread (its own queue, task->pending) or to a process (the shared queue,
 * signal->shared_pending, from which any thread that does not block it takes it).
 *
 *	sender --> prepare_signal: is it ignored? stop and continue cancel each other
 *	       --> queue: a bit in pending.signal, and (if memory and RLIMIT_SIGPENDING allow) a siginfo;
 *	           signals below SIGRTMIN are queued once, real-time ones each time, in order
 *	       --> complete_signal: choose a thread, set TIF_SIGPENDING, wake it; a fatal one kills all
 *	receiver (return to user mode) --> get_signal --> handler, default action, stop, or exit
 *
 * Invariants. TIF_SIGPENDING is set whenever an unblocked signal is pending for a thread that may take
 * it, or a stop is to be joined (recalc_sigpending_tsk); it may be set without (taken by another
 * thread), never the other way round. A bit in pending.signal is set iff an entry with that number is
 * queued, or the signal was sent without one (SIGKILL, or no memory). Entries count against the user
 * whose process receives them; the count returns to 0 when all are gone.
 *
 * Locks: everything here under sighand->siglock of the receiver (irq-safe: timers and interrupts
 * send); walking groups under tasklist_lock or RCU.
 * Failure: only real-time signals sent with sigqueue() can fail (EAGAIN); others lose their siginfo.
 *
 * A traced task takes every signal but SIGKILL only after its tracer has seen it (ptrace_stop.c), so none
 * is thrown away before.
 * Differences from Linux 6.1 (kernel/signal.c): no PID namespaces, no freezer.
 * See /proc/PID/status: SigQ, SigPnd, ShdPnd, SigBlk, SigIgn, SigCgt.
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/errno.h>
#include <base/string.h>
#include <seam/current.h>
#include <seam/uaccess.h>
#include <sync/rcu.h>
#include <sync/rwlock.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <mm/slab.h>
#include <kernel/cred.h>
#include <kernel/exit.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <kernel/pid.h>
#include <kernel/printk.h>
#include <kernel/ptrace.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include "signal_internal.h"

static struct kmem_cache *sigqueue_cache;

void __init signal_caches_init(void)
{
	if (!sigqueue_cache)
		sigqueue_cache = kmem_cache_create("sigqueue", sizeof(struct sigqueue), 0,
						   SLAB_PANIC | SLAB_ACCOUNT, NULL);
}

/* ---- entries ---- */

static void uncount_sigqueue(struct user_struct *user)
{
	if (atomic_long_dec_and_test(&user->sigpending))
		free_uid(user);
}

struct sigqueue *__sigqueue_alloc(int sig, struct task_struct *t, gfp_t gfp, bool override_rlimit,
				  int flags)
{
	struct sigqueue *q = NULL;
	struct user_struct *user;
	long count;

	rcu_read_lock();
	user = __task_cred(t)->user;
	count = atomic_long_inc_return(&user->sigpending);
	if (count == 1)
		get_uid(user); /* one reference for all entries of the user */
	rcu_read_unlock();
	if (override_rlimit || (unsigned long)count <= task_rlimit(t, RLIMIT_SIGPENDING))
		q = kmem_cache_alloc(sigqueue_cache, gfp);
	if (!q) {
		uncount_sigqueue(user);
		return NULL;
	}
	INIT_LIST_HEAD(&q->list);
	q->flags = flags;
	q->user = user;
	return q;
}

void __sigqueue_free(struct sigqueue *q)
{
	if (q->flags & SIGQUEUE_PREALLOC)
		return; /* its timer frees it */
	uncount_sigqueue(q->user);
	kmem_cache_free(sigqueue_cache, q);
}

struct sigqueue *sigqueue_alloc(void)
{
	return __sigqueue_alloc(-1, current, GFP_KERNEL, false, SIGQUEUE_PREALLOC);
}

void sigqueue_free(struct sigqueue *q)
{
	unsigned long flags;

	/* While queued it belongs to the queue: the receiver frees it. */
	spin_lock_irqsave(&current->sighand->siglock, flags);
	q->flags &= ~SIGQUEUE_PREALLOC;
	if (!list_empty(&q->list))
		q = NULL;
	spin_unlock_irqrestore(&current->sighand->siglock, flags);
	if (q)
		__sigqueue_free(q);
}

void flush_sigqueue(struct sigpending *queue)
{
	struct sigqueue *q, *n;

	sigemptyset(&queue->signal);
	list_for_each_entry_safe (q, n, &queue->list, list) {
		list_del_init(&q->list);
		__sigqueue_free(q);
	}
}

void flush_sigqueue_mask(sigset_t *mask, struct sigpending *s)
{
	struct sigqueue *q, *n;

	if (!(*mask & s->signal))
		return;
	s->signal &= ~*mask;
	list_for_each_entry_safe (q, n, &s->list, list) {
		if (sigismember(mask, q->info.si_signo)) {
			list_del_init(&q->list);
			__sigqueue_free(q);
		}
	}
}

static void flush_signals(struct task_struct *t)
{
	unsigned long flags;

	spin_lock_irqsave(&t->sighand->siglock, flags);
	clear_tsk_thread_flag(t, TIF_SIGPENDING);
	flush_sigqueue(&t->pending);
	flush_sigqueue(&t->signal->shared_pending);
	spin_unlock_irqrestore(&t->sighand->siglock, flags);
}

/* ---- is there something for me? ---- */

void recalc_sigpending_tsk(struct task_struct *t)
{
	if ((t->jobctl & JOBCTL_WAKE_MASK) || (t->pending.signal & ~t->blocked) ||
	    (t->signal->shared_pending.signal & ~t->blocked))
		set_tsk_thread_flag(t, TIF_SIGPENDING);
}

static bool something_pending(struct task_struct *t)
{
	return (t->jobctl & JOBCTL_WAKE_MASK) || (t->pending.signal & ~t->blocked) ||
	       (t->signal->shared_pending.signal & ~t->blocked);
}

void recalc_sigpending(void)
{
	if (something_pending(current))
		set_thread_flag(TIF_SIGPENDING);
	else
		clear_thread_flag(TIF_SIGPENDING);
}

void signal_wake_up_state(struct task_struct *t, unsigned int state)
{
	set_tsk_thread_flag(t, TIF_SIGPENDING);
	/* Running in user mode elsewhere: send it through the kernel. */
	if (!wake_up_state(t, state | TASK_INTERRUPTIBLE))
		kick_process(t);
}

/* ---- taking a signal ---- */

/* The number to take next: those that the thread itself caused, then the lowest. 0: none. */
static int next_signal(struct sigpending *pending, sigset_t *mask)
{
	unsigned long x = pending->signal & ~*mask;

	if (!x)
		return 0;
	if (x & SYNCHRONOUS_MASK)
		x &= SYNCHRONOUS_MASK;
	return __builtin_ctzl(x) + 1;
}

/* Take the first entry of @sig; the bit stays if there is a second one. */
static void collect_signal(int sig, struct sigpending *list, kernel_siginfo_t *info,
			   bool *from_timer)
{
	struct sigqueue *q, *first = NULL;
	bool more = false;

	list_for_each_entry (q, &list->list, list) {
		if (q->info.si_signo == sig) {
			if (first) {
				more = true;
				break;
			}
			first = q;
		}
	}
	if (!more)
		sigdelset(&list->signal, sig);
	if (!first) {
		/* Sent without an entry: the little that is known. */
		clear_siginfo(info);
		info->si_signo = sig;
		info->si_code = SI_USER;
		return;
	}
	list_del_init(&first->list);
	*info = first->info;
	*from_timer = (first->flags & SIGQUEUE_PREALLOC) && info->si_code == SI_TIMER &&
		      info->_sifields._timer._sys_private;
	__sigqueue_free(first);
}

static int take_signal(struct sigpending *pending, sigset_t *mask, kernel_siginfo_t *info,
		       bool *from_timer)
{
	int sig = next_signal(pending, mask);

	if (sig)
		collect_signal(sig, pending, info, from_timer);
	return sig;
}

int dequeue_signal(struct task_struct *tsk, sigset_t *mask, kernel_siginfo_t *info)
{
	bool from_timer = false;
	int sig = take_signal(&tsk->pending, mask, info, &from_timer);

	if (!sig) {
		sig = take_signal(&tsk->signal->shared_pending, mask, info, &from_timer);
		if (sig == SIGALRM)
			itimer_rearm_locked(tsk);
	}
	recalc_sigpending();
	if (!sig)
		return 0;
	if (sig_kernel_stop(sig))
		current->jobctl |= JOBCTL_STOP_DEQUEUED;
	if (from_timer) {
		/* The timer has a lock of its own that ranks above this one. */
		spin_unlock(&tsk->sighand->siglock);
		posixtimer_rearm(info);
		spin_lock(&tsk->sighand->siglock);
		info->_sifields._timer._sys_private = 0;
	}
	return sig;
}

/*
 * The signal that the running thread caused by its last instruction goes before all others, so that
 * its handler sees the registers of that instruction.
 */
int dequeue_synchronous_signal(kernel_siginfo_t *info)
{
	struct sigpending *pending = &current->pending;
	struct sigqueue *q, *sync = NULL;

	if (!((pending->signal & ~current->blocked) & SYNCHRONOUS_MASK))
		return 0;
	list_for_each_entry (q, &pending->list, list) {
		if (!sync && q->info.si_code > SI_USER &&
		    (sigmask(q->info.si_signo) & SYNCHRONOUS_MASK)) {
			sync = q;
			continue;
		}
		if (sync && q->info.si_signo == sync->info.si_signo)
			goto keep_bit;
	}
	if (!sync)
		return 0;
	sigdelset(&pending->signal, sync->info.si_signo);
	recalc_sigpending();
keep_bit:
	list_del_init(&sync->list);
	*info = sync->info;
	__sigqueue_free(sync);
	return info->si_signo;
}

/* ---- sending ---- */

static bool sig_task_ignored(struct task_struct *t, int sig, bool force)
{
	__sighandler_t handler = sig_handler(t, sig);

	if (unlikely(is_global_init(t) && sig_kernel_only(sig)))
		return true;
	if (unlikely(t->signal->flags & SIGNAL_UNKILLABLE) && handler == SIG_DFL &&
	    !(force && sig_kernel_only(sig)))
		return true;
	if (unlikely((t->flags & PF_KTHREAD) && handler == SIG_KTHREAD && !force))
		return true;
	return sig_handler_ignored(handler, sig);
}

/* A blocked signal is not ignored: the action may change before it is unblocked. */
static bool sig_ignored(struct task_struct *t, int sig, bool force)
{
	if (sigismember(&t->blocked, sig) || sigismember(&t->real_blocked, sig))
		return false;
	/* The tracer shall see it. */
	if (t->ptrace && sig != SIGKILL)
		return false;
	return sig_task_ignored(t, sig, force);
}

/* SIGCONT has arrived: threads that stand still or are about to go on. */
static void continue_group(struct task_struct *p)
{
	struct signal_struct *signal = p->signal;
	unsigned int why = 0;
	struct task_struct *t;

	for_each_thread (p, t) {
		sigset_t stops = SIG_KERNEL_STOP_MASK;

		flush_sigqueue_mask(&stops, &t->pending);
		task_clear_jobctl_pending(t, JOBCTL_STOP_PENDING);
		if (t->ptrace & PT_SEIZED) {
			ptrace_trap_notify(t);
			continue;
		}
		t->jobctl &= ~JOBCTL_STOPPED;
		wake_up_state(t, __TASK_STOPPED);
	}
	/* Who stopped tells the parent: the thread that runs first, in get_signal(). */
	if (signal->flags & SIGNAL_STOP_STOPPED)
		why = SIGNAL_CLD_CONTINUED;
	else if (signal->group_stop_count)
		why = SIGNAL_CLD_STOPPED;
	if (why) {
		signal_set_stop_flags(signal, why | SIGNAL_STOP_CONTINUED);
		signal->group_stop_count = 0;
		signal->group_exit_code = 0;
	}
}

/* Stop signals and SIGCONT cancel each other, ignored or not. True: go on and queue it. */
static bool prepare_signal(int sig, struct task_struct *p, bool force)
{
	struct signal_struct *signal = p->signal;
	struct task_struct *t;
	sigset_t flush;

	if (signal->flags & SIGNAL_GROUP_EXIT) /* it is dying already; SIGKILL ends a core dump */
		return signal->core_state && sig == SIGKILL;
	if (sig_kernel_stop(sig)) {
		flush = sigmask(SIGCONT);
		flush_sigqueue_mask(&flush, &signal->shared_pending);
		for_each_thread (p, t)
			flush_sigqueue_mask(&flush, &t->pending);
	} else if (sig == SIGCONT) {
		flush = SIG_KERNEL_STOP_MASK;
		flush_sigqueue_mask(&flush, &signal->shared_pending);
		continue_group(p);
	}
	return !sig_ignored(p, sig, force);
}

/* Should @t be the one to take @sig? */
static bool wants_signal(int sig, struct task_struct *t)
{
	if (sigismember(&t->blocked, sig) || (t->flags & PF_EXITING))
		return false;
	if (sig == SIGKILL)
		return true;
	if (task_is_stopped_or_traced(t))
		return false;
	return task_curr(t) || !task_sigpending(t);
}

/* Does @sig kill a process that has not changed its action? */
static bool sig_task_fatal(struct task_struct *t, int sig)
{
	unsigned long harmless = SIG_KERNEL_IGNORE_MASK | SIG_KERNEL_STOP_MASK;

	return !(sig < SIGRTMIN && (sigmask(sig) & harmless)) && sig_handler(t, sig) == SIG_DFL;
}

static void kill_all_threads(struct task_struct *p, int sig)
{
	struct signal_struct *signal = p->signal;
	struct task_struct *t;

	signal->flags = SIGNAL_GROUP_EXIT;
	signal->group_exit_code = sig;
	signal->group_stop_count = 0;
	for_each_thread (p, t) {
		task_clear_jobctl_pending(t, JOBCTL_PENDING_MASK);
		sigaddset(&t->pending.signal, SIGKILL);
		signal_wake_up(t, true);
	}
}

/* The signal is queued: whom to wake. */
static void complete_signal(int sig, struct task_struct *p, enum pid_type type)
{
	struct signal_struct *signal = p->signal;
	struct task_struct *t = p;

	if (!wants_signal(sig, p)) {
		if (type == PIDTYPE_PID || thread_group_empty(p))
			return; /* it finds the signal when it unblocks it */
		t = signal->curr_target ?: p;
		while (!wants_signal(sig, t)) {
			t = next_thread(t);
			if (t == (signal->curr_target ?: p))
				return;
		}
		signal->curr_target = t;
	}
	/* A fatal signal takes the whole group at once, unless there is more to do than die. */
	if (sig_task_fatal(p, sig) &&
	    (signal->core_state || !(signal->flags & SIGNAL_GROUP_EXIT)) &&
	    !sigismember(&t->real_blocked, sig) && (sig == SIGKILL || !p->ptrace) &&
	    !sig_kernel_coredump(sig)) {
		kill_all_threads(p, sig);
		return;
	}
	signal_wake_up(t, sig == SIGKILL);
}

static void fill_info(struct sigqueue *q, int sig, struct kernel_siginfo *info)
{
	if (!is_si_special(info)) {
		q->info = *info;
		return;
	}
	clear_siginfo(&q->info);
	q->info.si_signo = sig;
	if (info == SEND_SIG_NOINFO) {
		q->info.si_code = SI_USER;
		q->info.si_pid = task_tgid_nr(current);
		q->info.si_uid = current_uid();
	} else {
		q->info.si_code = SI_KERNEL;
	}
}

static void signalfd_notify(struct sighand_struct *sighand)
{
	if (unlikely(waitqueue_active(&sighand->signalfd_wqh)))
		wake_up_all(&sighand->signalfd_wqh);
}

static int __send_signal_locked(int sig, struct kernel_siginfo *info, struct task_struct *t,
				enum pid_type type, bool force)
{
	struct sigpending *pending = type == PIDTYPE_PID ? &t->pending : &t->signal->shared_pending;
	struct sigqueue *q;
	bool override;

	if (!prepare_signal(sig, t, force))
		return 0;
	if (sig < SIGRTMIN && sigismember(&pending->signal, sig))
		return 0; /* queued once is enough */
	if (sig != SIGKILL && !(t->flags & PF_KTHREAD)) {
		override = sig < SIGRTMIN && (is_si_special(info) || info->si_code >= 0);
		q = __sigqueue_alloc(sig, t, GFP_ATOMIC, override, 0);
		if (q) {
			fill_info(q, sig, info);
			list_add_tail(&q->list, &pending->list);
		} else if (!is_si_special(info) && sig >= SIGRTMIN && info->si_code != SI_USER) {
			return -EAGAIN;
		}
	}
	signalfd_notify(t->sighand);
	sigaddset(&pending->signal, sig);
	complete_signal(sig, t, type);
	return 0;
}

int send_signal_locked(int sig, struct kernel_siginfo *info, struct task_struct *t,
		       enum pid_type type)
{
	return __send_signal_locked(sig, info, t, type, info == SEND_SIG_PRIV);
}

struct sighand_struct *__lock_task_sighand(struct task_struct *tsk, unsigned long *flags)
{
	struct sighand_struct *sighand;

	rcu_read_lock();
	for (;;) {
		sighand = READ_ONCE(tsk->sighand);
		if (unlikely(!sighand))
			break;
		spin_lock_irqsave(&sighand->siglock, *flags);
		/* exec may have exchanged it while we waited; the memory stays a sighand (RCU). */
		if (likely(sighand == READ_ONCE(tsk->sighand)))
			break;
		spin_unlock_irqrestore(&sighand->siglock, *flags);
	}
	rcu_read_unlock();
	return sighand;
}

void unlock_task_sighand(struct task_struct *tsk, unsigned long *flags)
{
	spin_unlock_irqrestore(&tsk->sighand->siglock, *flags);
}

int do_send_sig_info(int sig, struct kernel_siginfo *info, struct task_struct *p,
		     enum pid_type type)
{
	unsigned long flags;
	int ret;

	if (!lock_task_sighand(p, &flags))
		return -ESRCH;
	ret = send_signal_locked(sig, info, p, type);
	unlock_task_sighand(p, &flags);
	return ret;
}

int send_sig_info(int sig, struct kernel_siginfo *info, struct task_struct *p)
{
	return valid_signal(sig) ? do_send_sig_info(sig, info, p, PIDTYPE_PID) : -EINVAL;
}

int send_sig(int sig, struct task_struct *p, int priv)
{
	return send_sig_info(sig, priv ? SEND_SIG_PRIV : SEND_SIG_NOINFO, p);
}

/* ---- because of what the thread itself did ---- */

enum force_how { FORCE_CURRENT, FORCE_DEFAULT, FORCE_EXIT };

static void force_sig_info_how(struct kernel_siginfo *info, enum force_how how)
{
	struct task_struct *t = current;
	int sig = info->si_signo;
	struct k_sigaction *action = &t->sighand->action[sig - 1];
	unsigned long flags;
	bool blocked;

	spin_lock_irqsave(&t->sighand->siglock, flags);
	blocked = sigismember(&t->blocked, sig);
	if (blocked || action->sa.sa_handler == SIG_IGN || how != FORCE_CURRENT) {
		action->sa.sa_handler = SIG_DFL;
		if (how == FORCE_EXIT)
			action->sa.sa_flags |= SA_IMMUTABLE;
		if (blocked)
			sigdelset(&t->blocked, sig);
	}
	if (action->sa.sa_handler == SIG_DFL && (!t->ptrace || how == FORCE_EXIT))
		t->signal->flags &= ~SIGNAL_UNKILLABLE;
	send_signal_locked(sig, info, t, PIDTYPE_PID);
	/* It may have been pending already, blocked until now. */
	if (!task_sigpending(t))
		signal_wake_up(t, false);
	spin_unlock_irqrestore(&t->sighand->siglock, flags);
}

static void force_sig_info(struct kernel_siginfo *info)
{
	force_sig_info_how(info, FORCE_CURRENT);
}

static kernel_siginfo_t simple_info(int sig)
{
	kernel_siginfo_t info;

	clear_siginfo(&info);
	info.si_signo = sig;
	info.si_code = SI_KERNEL;
	return info;
}

void force_sig(int sig)
{
	kernel_siginfo_t info = simple_info(sig);

	force_sig_info(&info);
}

void force_fatal_sig(int sig)
{
	kernel_siginfo_t info = simple_info(sig);

	force_sig_info_how(&info, FORCE_DEFAULT);
}

void force_sigsegv(int sig)
{
	if (sig == SIGSEGV)
		force_fatal_sig(SIGSEGV);
	else
		force_sig(SIGSEGV);
}

void force_sig_fault(int sig, int code, void __user *addr)
{
	kernel_siginfo_t info;

	clear_siginfo(&info);
	info.si_signo = sig;
	info.si_code = code;
	info.si_addr = (void __force *)addr; /* a user header knows no __user */
	force_sig_info(&info);
}

void force_sig_mceerr(int code, void __user *addr, short lsb)
{
	kernel_siginfo_t info;

	clear_siginfo(&info);
	info.si_signo = SIGBUS;
	info.si_code = code;
	info.si_addr = (void __force *)addr; /* a user header knows no __user */
	info.si_addr_lsb = lsb;
	force_sig_info(&info);
}

void force_sig_pkuerr(void __user *addr, u32 pkey)
{
	kernel_siginfo_t info;

	clear_siginfo(&info);
	info.si_signo = SIGSEGV;
	info.si_code = SEGV_PKUERR;
	info.si_addr = (void __force *)addr; /* a user header knows no __user */
	info.si_pkey = pkey;
	force_sig_info(&info);
}

/* ---- to others, with permission ---- */

static bool kill_ok_by_cred(struct task_struct *t)
{
	const struct cred *cred = current_cred(), *tcred = __task_cred(t);

	return cred->euid == tcred->suid || cred->euid == tcred->uid || cred->uid == tcred->suid ||
	       cred->uid == tcred->uid || capable(CAP_KILL);
}

/* => under RCU */
int check_kill_permission(int sig, struct kernel_siginfo *info, struct task_struct *t)
{
	if (!valid_signal(sig))
		return -EINVAL;
	if (info != SEND_SIG_NOINFO && (is_si_special(info) || info->si_code > 0))
		return 0; /* the kernel asks nobody */
	if (same_thread_group(current, t) || kill_ok_by_cred(t))
		return 0;
	if (sig == SIGCONT && task_session(t) == task_session(current))
		return 0;
	return -EPERM;
}

int group_send_sig_info(int sig, struct kernel_siginfo *info, struct task_struct *p,
			enum pid_type type)
{
	int ret;

	rcu_read_lock();
	ret = check_kill_permission(sig, info, p);
	rcu_read_unlock();
	if (!ret && sig)
		ret = do_send_sig_info(sig, info, p, type);
	return ret;
}

int __kill_pgrp_info(int sig, struct kernel_siginfo *info, struct pid *pgrp)
{
	struct task_struct *p;
	bool success = false;
	int retval = -ESRCH;

	do_each_pid_task (pgrp, PIDTYPE_PGID, p) {
		int err = group_send_sig_info(sig, info, p, PIDTYPE_PGID);

		success |= !err;
		retval = err;
	}
	while_each_pid_task(pgrp, PIDTYPE_PGID, p);
	return success ? 0 : retval;
}

int kill_pgrp(struct pid *pid, int sig, int priv)
{
	int ret;

	read_lock(&tasklist_lock);
	ret = __kill_pgrp_info(sig, priv ? SEND_SIG_PRIV : SEND_SIG_NOINFO, pid);
	read_unlock(&tasklist_lock);
	return ret;
}

int kill_pid_info(int sig, struct kernel_siginfo *info, struct pid *pid)
{
	struct task_struct *p;
	int error = -ESRCH;

	rcu_read_lock();
	for (;;) {
		p = pid_task(pid, PIDTYPE_PID);
		if (p)
			error = group_send_sig_info(sig, info, p, PIDTYPE_TGID);
		/* exec of a thread may have moved the number to another task in between. */
		if (!p || error != -ESRCH || p == pid_task(pid, PIDTYPE_PID))
			break;
	}
	rcu_read_unlock();
	return error;
}

/* An entry of a timer. 0 sent, 1 still queued from before (an overrun), -1 nobody there. */
int send_sigqueue(struct sigqueue *q, struct pid *pid, enum pid_type type)
{
	struct sigpending *pending;
	struct task_struct *t;
	int sig = q->info.si_signo, ret = -1;
	unsigned long flags;

	rcu_read_lock();
	t = pid_task(pid, type);
	if (!t || !lock_task_sighand(t, &flags))
		goto out;
	ret = 1;
	if (!prepare_signal(sig, t, false))
		goto unlock; /* ignored */
	ret = 0;
	if (!list_empty(&q->list)) {
		q->info.si_overrun++;
		goto unlock;
	}
	q->info.si_overrun = 0;
	pending = type == PIDTYPE_PID ? &t->pending : &t->signal->shared_pending;
	signalfd_notify(t->sighand);
	list_add_tail(&q->list, &pending->list);
	sigaddset(&pending->signal, sig);
	complete_signal(sig, t, type);
unlock:
	unlock_task_sighand(t, &flags);
out:
	rcu_read_unlock();
	return ret;
}

/* ---- masks ---- */

/* Signals that @tsk blocks from now on, or will never take: another thread should look at them. */
static void retarget_shared_pending(struct task_struct *tsk, sigset_t *which)
{
	sigset_t retarget = tsk->signal->shared_pending.signal & *which;
	struct task_struct *t;

	if (!retarget)
		return;
	for_each_thread (tsk, t) {
		if (t == tsk || (t->flags & PF_EXITING) || !(retarget & ~t->blocked))
			continue;
		retarget &= t->blocked;
		if (!task_sigpending(t))
			signal_wake_up(t, false);
		if (!retarget)
			break;
	}
}

/* => siglock held */
void __set_task_blocked(struct task_struct *tsk, const sigset_t *newset)
{
	if (task_sigpending(tsk) && !thread_group_empty(tsk)) {
		sigset_t newblocked = *newset & ~tsk->blocked;

		retarget_shared_pending(tsk, &newblocked);
	}
	tsk->blocked = *newset;
	recalc_sigpending();
}

static void __set_current_blocked(const sigset_t *newset)
{
	if (current->blocked == *newset)
		return;
	spin_lock_irq(&current->sighand->siglock);
	__set_task_blocked(current, newset);
	spin_unlock_irq(&current->sighand->siglock);
}

void set_current_blocked(sigset_t *newset)
{
	sigdelsetmask(newset, SIG_KERNEL_ONLY_MASK);
	__set_current_blocked(newset);
}

int sigprocmask(int how, sigset_t *set, sigset_t *oldset)
{
	sigset_t newset;

	if (oldset)
		*oldset = current->blocked;
	switch (how) {
	case SIG_BLOCK:
		newset = current->blocked | *set;
		break;
	case SIG_UNBLOCK:
		newset = current->blocked & ~*set;
		break;
	case SIG_SETMASK:
		newset = *set;
		break;
	default:
		return -EINVAL;
	}
	__set_current_blocked(&newset);
	return 0;
}

int set_user_sigmask(const sigset_t __user *umask, size_t sigsetsize)
{
	sigset_t kmask;

	if (!umask)
		return 0;
	if (sigsetsize != sizeof(sigset_t))
		return -EINVAL;
	if (get_user(kmask, umask))
		return -EFAULT;
	set_thread_flag(TIF_RESTORE_SIGMASK);
	current->saved_sigmask = current->blocked;
	set_current_blocked(&kmask);
	return 0;
}

void restore_saved_sigmask(void)
{
	if (test_thread_flag(TIF_RESTORE_SIGMASK) &&
	    test_and_clear_thread_flag(TIF_RESTORE_SIGMASK))
		__set_current_blocked(&current->saved_sigmask);
}

/* With @interrupted the mask is put back by the signal's frame or by get_signal's caller. */
void restore_saved_sigmask_unless(bool interrupted)
{
	if (interrupted)
		WARN_ON(!signal_pending(current));
	else
		restore_saved_sigmask();
}

sigset_t *sigmask_to_save(void)
{
	return test_thread_flag(TIF_RESTORE_SIGMASK) ? &current->saved_sigmask : &current->blocked;
}

/* ---- actions ---- */

void flush_signal_handlers(struct task_struct *t, int force_default)
{
	for (int i = 0; i < _NSIG; i++) {
		struct k_sigaction *ka = &t->sighand->action[i];

		if (force_default || ka->sa.sa_handler != SIG_IGN)
			ka->sa.sa_handler = SIG_DFL;
		ka->sa.sa_flags = 0;
		ka->sa.sa_restorer = NULL;
		sigemptyset(&ka->sa.sa_mask);
	}
}

void ignore_signals(struct task_struct *t)
{
	for (int i = 0; i < _NSIG; i++)
		t->sighand->action[i].sa.sa_handler = SIG_IGN;
	flush_signals(t);
}

bool unhandled_signal(struct task_struct *tsk, int sig)
{
	__sighandler_t handler = sig_handler(tsk, sig);

	if (is_global_init(tsk))
		return true;
	/* A tracer decides what becomes of it. */
	return (handler == SIG_IGN || handler == SIG_DFL) && !tsk->ptrace;
}

void signal_setup_done(int failed, struct ksignal *ksig, int stepping)
{
	sigset_t blocked;

	if (failed) {
		force_sigsegv(ksig->sig);
		return;
	}
	/* The frame has the saved mask now. */
	clear_thread_flag(TIF_RESTORE_SIGMASK);
	blocked = current->blocked | ksig->ka.sa.sa_mask;
	if (!(ksig->ka.sa.sa_flags & SA_NODEFER))
		sigaddset(&blocked, ksig->sig);
	set_current_blocked(&blocked);
	if (current->sas_ss_flags & SS_AUTODISARM)
		sas_ss_reset(current);
	if (stepping)
		ptrace_notify(SIGTRAP, 0);
}

/* ---- the end of a thread ---- */

void exit_signals(struct task_struct *tsk)
{
	bool group_stop = false;
	sigset_t unblocked;

	if (thread_group_empty(tsk) || (tsk->signal->flags & SIGNAL_GROUP_EXIT)) {
		tsk->flags |= PF_EXITING;
		return;
	}
	spin_lock_irq(&tsk->sighand->siglock);
	/* From here on no signal is aimed at this thread; what was is passed on. */
	tsk->flags |= PF_EXITING;
	if (task_sigpending(tsk)) {
		unblocked = ~tsk->blocked;
		retarget_shared_pending(tsk, &unblocked);
		if ((tsk->jobctl & JOBCTL_STOP_PENDING) && task_participate_group_stop(tsk))
			group_stop = true;
	}
	spin_unlock_irq(&tsk->sighand->siglock);
	if (group_stop) {
		read_lock(&tasklist_lock);
		do_notify_parent_cldstop(tsk, false, CLD_STOPPED);
		read_unlock(&tasklist_lock);
	}
}

int zap_other_threads(struct task_struct *p)
{
	struct task_struct *t;
	int count = 0;

	p->signal->group_stop_count = 0;
	for_each_thread (p, t) {
		if (t == p)
			continue;
		task_clear_jobctl_pending(t, JOBCTL_PENDING_MASK);
		count++;
		if (t->exit_state)
			continue;
		sigaddset(&t->pending.signal, SIGKILL);
		signal_wake_up(t, true);
	}
	return count;
}
