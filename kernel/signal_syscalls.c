// SPDX-License-Identifier: MIT
/*
 * The system calls of signals, and what they need: siginfo to and from user memory, the alternate
 * stack. Mechanisms are in signal.c and signal_deliver.c. One ABI, so no second set of structures.
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <seam/current.h>
#include <seam/ptrace.h>
#include <seam/uaccess.h>
#include <sync/rcu.h>
#include <sync/rwlock.h>
#include <sync/spinlock.h>
#include <fs/file.h>
#include <fs/fdtable.h>
#include <kernel/cred.h>
#include <kernel/hrtimer.h>
#include <kernel/ksyscall.h>
#include <kernel/pid.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/time.h>
#include "signal_internal.h"

/* ---- siginfo ---- */

int copy_siginfo_to_user(siginfo_t __user *to, const kernel_siginfo_t *from)
{
	char __user *pad = (char __user *)to + sizeof(*from);

	if (copy_to_user(to, from, sizeof(*from)) || clear_user(pad, sizeof(*to) - sizeof(*from)))
		return -EFAULT;
	return 0;
}

/* Codes whose fields lie within struct kernel_siginfo for sure. */
static bool known_layout(int code)
{
	return code >= 0 || code >= SI_DETHREAD || code == SI_ASYNCNL;
}

int copy_siginfo_from_user(kernel_siginfo_t *to, const siginfo_t __user *from)
{
	if (copy_from_user(to, from, sizeof(*to)))
		return -EFAULT;
	if (!known_layout(to->si_code)) {
		/* Somebody's own code: what we do not carry must be empty. */
		int zero = check_zeroed_user((const char __user *)from + sizeof(*to),
					     sizeof(*from) - sizeof(*to));

		if (zero <= 0)
			return zero ?: -E2BIG;
	}
	return 0;
}

/* ---- restart ---- */

long do_no_restart_syscall(struct restart_block *param)
{
	return -EINTR;
}

long set_restart_fn(struct restart_block *restart, long (*fn)(struct restart_block *))
{
	restart->fn = fn;
	return -ERESTART_RESTARTBLOCK;
}

SYSCALL_DEFINE0(restart_syscall)
{
	struct restart_block *restart = &current->restart_block;

	return restart->fn(restart);
}

/* ---- masks ---- */

SYSCALL_DEFINE4(rt_sigprocmask, int, how, sigset_t __user *, nset, sigset_t __user *, oset, size_t,
		size)
{
	sigset_t old_set, new_set;
	int error;

	if (size != sizeof(sigset_t))
		return -EINVAL;
	old_set = current->blocked;
	if (nset) {
		if (get_user(new_set, nset))
			return -EFAULT;
		sigdelsetmask(&new_set, SIG_KERNEL_ONLY_MASK);
		error = sigprocmask(how, &new_set, NULL);
		if (error)
			return error;
	}
	if (oset && put_user(old_set, oset))
		return -EFAULT;
	return 0;
}

SYSCALL_DEFINE2(rt_sigpending, sigset_t __user *, uset, size_t, size)
{
	sigset_t set;

	if (size > sizeof(sigset_t))
		return -EINVAL;
	spin_lock_irq(&current->sighand->siglock);
	set = current->pending.signal | current->signal->shared_pending.signal;
	spin_unlock_irq(&current->sighand->siglock);
	set &= current->blocked;
	return copy_to_user(uset, &set, size) ? -EFAULT : 0;
}

/* Sleep with other signals blocked until a handler has run. */
static long sigsuspend(sigset_t *set)
{
	current->saved_sigmask = current->blocked;
	set_current_blocked(set);
	while (!signal_pending(current)) {
		__set_current_state(TASK_INTERRUPTIBLE);
		schedule();
	}
	set_thread_flag(TIF_RESTORE_SIGMASK);
	return -ERESTARTNOHAND;
}

SYSCALL_DEFINE2(rt_sigsuspend, sigset_t __user *, unewset, size_t, size)
{
	sigset_t newset;

	if (size != sizeof(sigset_t))
		return -EINVAL;
	if (get_user(newset, unewset))
		return -EFAULT;
	return sigsuspend(&newset);
}

SYSCALL_DEFINE0(pause)
{
	while (!signal_pending(current)) {
		__set_current_state(TASK_INTERRUPTIBLE);
		schedule();
	}
	return -ERESTARTNOHAND;
}

/* ---- waiting for a signal ---- */

/* @which: the signals wanted. @ts: NULL = for ever. The signal, -EAGAIN, -EINTR, -EINVAL. */
static long sigtimedwait(sigset_t which, kernel_siginfo_t *info, const struct timespec64 *ts)
{
	struct task_struct *tsk = current;
	ktime_t timeout = KTIME_MAX;
	sigset_t mask;
	int sig, ret = 0;

	if (ts) {
		if (!timespec64_valid(ts))
			return -EINVAL;
		timeout = timespec64_to_ktime(*ts);
	}
	sigdelsetmask(&which, SIG_KERNEL_ONLY_MASK);
	mask = ~which;
	spin_lock_irq(&tsk->sighand->siglock);
	sig = dequeue_signal(tsk, &mask, info);
	if (!sig && timeout) {
		/* Unblock them for the sleep; real_blocked keeps them from being thrown away. */
		tsk->real_blocked = tsk->blocked;
		tsk->blocked &= mask;
		recalc_sigpending();
		spin_unlock_irq(&tsk->sighand->siglock);
		__set_current_state(TASK_INTERRUPTIBLE);
		ret = schedule_hrtimeout_range(timeout == KTIME_MAX ? NULL : &timeout,
					       tsk->timer_slack_ns, HRTIMER_MODE_REL);
		spin_lock_irq(&tsk->sighand->siglock);
		__set_task_blocked(tsk, &tsk->real_blocked);
		sigemptyset(&tsk->real_blocked);
		sig = dequeue_signal(tsk, &mask, info);
	}
	spin_unlock_irq(&tsk->sighand->siglock);
	if (sig)
		return sig;
	return ret ? -EINTR : -EAGAIN;
}

SYSCALL_DEFINE4(rt_sigtimedwait, const sigset_t __user *, uthese, siginfo_t __user *, uinfo,
		const struct __kernel_timespec __user *, uts, size_t, size)
{
	struct timespec64 ts;
	kernel_siginfo_t info;
	sigset_t these;
	long ret;

	if (size != sizeof(sigset_t))
		return -EINVAL;
	if (get_user(these, uthese))
		return -EFAULT;
	if (uts && get_timespec64(&ts, uts))
		return -EFAULT;
	ret = sigtimedwait(these, &info, uts ? &ts : NULL);
	if (ret > 0 && uinfo && copy_siginfo_to_user(uinfo, &info))
		return -EFAULT;
	return ret;
}

/* ---- sending ---- */

static void kill_info(kernel_siginfo_t *info, int sig, int code)
{
	clear_siginfo(info);
	info->si_signo = sig;
	info->si_code = code;
	info->si_pid = task_tgid_nr(current);
	info->si_uid = current_uid();
}

static int kill_number(int sig, kernel_siginfo_t *info, pid_t pid)
{
	int error;

	rcu_read_lock();
	error = kill_pid_info(sig, info, find_vpid(pid));
	rcu_read_unlock();
	return error;
}

/* kill(-1): everybody but PID 1 and ourselves. => tasklist_lock held */
static int kill_everybody(int sig, kernel_siginfo_t *info)
{
	struct task_struct *p;
	int retval = 0, count = 0;

	for_each_process (p) {
		if (task_pid_nr(p) > 1 && !same_thread_group(p, current)) {
			int err = group_send_sig_info(sig, info, p, PIDTYPE_MAX);

			count++;
			if (err != -EPERM)
				retval = err;
		}
	}
	return count ? retval : -ESRCH;
}

SYSCALL_DEFINE2(kill, pid_t, pid, int, sig)
{
	kernel_siginfo_t info;
	int ret;

	kill_info(&info, sig, SI_USER);
	if (pid > 0)
		return kill_number(sig, &info, pid);
	if (pid == (-2147483647 - 1))
		return -ESRCH;
	read_lock(&tasklist_lock);
	if (pid == -1)
		ret = kill_everybody(sig, &info);
	else
		ret = __kill_pgrp_info(sig, &info, pid ? find_vpid(-pid) : task_pgrp(current));
	read_unlock(&tasklist_lock);
	return ret;
}

/* To one thread; @tgid <= 0: whatever its process. */
static int send_specific(pid_t tgid, pid_t pid, int sig, kernel_siginfo_t *info)
{
	struct task_struct *p;
	int error = -ESRCH;

	rcu_read_lock();
	p = find_task_by_vpid(pid);
	if (p && (tgid <= 0 || task_tgid_nr(p) == tgid)) {
		error = check_kill_permission(sig, info, p);
		if (!error && sig) {
			error = do_send_sig_info(sig, info, p, PIDTYPE_PID);
			if (error == -ESRCH)
				error = 0; /* it was there, and is gone now: as if it had come too late */
		}
	}
	rcu_read_unlock();
	return error;
}

SYSCALL_DEFINE3(tgkill, pid_t, tgid, pid_t, pid, int, sig)
{
	kernel_siginfo_t info;

	if (pid <= 0 || tgid <= 0)
		return -EINVAL;
	kill_info(&info, sig, SI_TKILL);
	return send_specific(tgid, pid, sig, &info);
}

SYSCALL_DEFINE2(tkill, pid_t, pid, int, sig)
{
	kernel_siginfo_t info;

	if (pid <= 0)
		return -EINVAL;
	kill_info(&info, sig, SI_TKILL);
	return send_specific(0, pid, sig, &info);
}

/* A siginfo of the caller's making may not pretend to come from kill() or the kernel. */
static bool may_claim(const kernel_siginfo_t *info, pid_t pid)
{
	return (info->si_code < 0 && info->si_code != SI_TKILL) || task_pid_nr(current) == pid;
}

SYSCALL_DEFINE3(rt_sigqueueinfo, pid_t, pid, int, sig, siginfo_t __user *, uinfo)
{
	kernel_siginfo_t info;
	int ret = copy_siginfo_from_user(&info, uinfo);

	if (ret)
		return ret;
	info.si_signo = sig;
	return may_claim(&info, pid) ? kill_number(sig, &info, pid) : -EPERM;
}

SYSCALL_DEFINE4(rt_tgsigqueueinfo, pid_t, tgid, pid_t, pid, int, sig, siginfo_t __user *, uinfo)
{
	kernel_siginfo_t info;
	int ret = copy_siginfo_from_user(&info, uinfo);

	if (ret)
		return ret;
	if (pid <= 0 || tgid <= 0)
		return -EINVAL;
	info.si_signo = sig;
	return may_claim(&info, pid) ? send_specific(tgid, pid, sig, &info) : -EPERM;
}

SYSCALL_DEFINE4(pidfd_send_signal, int, pidfd, int, sig, siginfo_t __user *, uinfo, unsigned int,
		flags)
{
	kernel_siginfo_t info;
	struct pid *pid;
	struct fd f;
	int ret;

	if (flags)
		return -EINVAL;
	f = fdget((unsigned int)pidfd);
	if (!f.file)
		return -EBADF;
	pid = pidfd_pid(f.file);
	ret = (int)PTR_ERR_OR_ZERO(pid);
	if (ret)
		goto out;
	if (uinfo) {
		ret = copy_siginfo_from_user(&info, uinfo);
		if (ret)
			goto out;
		ret = -EINVAL;
		if (sig != info.si_signo)
			goto out;
		ret = -EPERM;
		if (task_pid(current) != pid && (info.si_code >= 0 || info.si_code == SI_TKILL))
			goto out;
	} else {
		kill_info(&info, sig, SI_USER);
	}
	ret = kill_pid_info(sig, &info, pid);
out:
	fdput(f);
	return ret;
}

/* ---- actions ---- */

/* The new action ignores @sig: what is pending goes away (POSIX 3.3.1.3). => siglock held */
static void discard_pending(struct task_struct *p, int sig)
{
	sigset_t mask = sigmask(sig);
	struct task_struct *t;

	flush_sigqueue_mask(&mask, &p->signal->shared_pending);
	for_each_thread (p, t)
		flush_sigqueue_mask(&mask, &t->pending);
}

static int do_sigaction(int sig, struct k_sigaction *act, struct k_sigaction *oact)
{
	struct task_struct *p = current;
	struct k_sigaction *k;

	if (!valid_signal(sig) || sig < 1 || (act && sig_kernel_only(sig)))
		return -EINVAL;
	k = &p->sighand->action[sig - 1];
	spin_lock_irq(&p->sighand->siglock);
	if (k->sa.sa_flags & SA_IMMUTABLE) {
		spin_unlock_irq(&p->sighand->siglock);
		return -EINVAL;
	}
	if (oact)
		*oact = *k;
	if (act) {
		act->sa.sa_flags &= SA_KNOWN_FLAGS;
		sigdelsetmask(&act->sa.sa_mask, SIG_KERNEL_ONLY_MASK);
		*k = *act;
		if (sig_handler_ignored(k->sa.sa_handler, sig))
			discard_pending(p, sig);
	}
	spin_unlock_irq(&p->sighand->siglock);
	return 0;
}

SYSCALL_DEFINE4(rt_sigaction, int, sig, const struct sigaction __user *, act,
		struct sigaction __user *, oact, size_t, size)
{
	struct k_sigaction new_sa, old_sa;
	int ret;

	if (size != sizeof(sigset_t))
		return -EINVAL;
	if (act && copy_from_user(&new_sa.sa, act, sizeof(new_sa.sa)))
		return -EFAULT;
	ret = do_sigaction(sig, act ? &new_sa : NULL, oact ? &old_sa : NULL);
	if (ret)
		return ret;
	if (oact && copy_to_user(oact, &old_sa.sa, sizeof(old_sa.sa)))
		return -EFAULT;
	return 0;
}

/* ---- the alternate stack ---- */

static bool on_sig_stack_range(unsigned long sp)
{
	return sp > current->sas_ss_sp && sp - current->sas_ss_sp <= current->sas_ss_size;
}

/* With SS_AUTODISARM the stack is free again as soon as the handler runs. */
bool on_sig_stack(unsigned long sp)
{
	if (current->sas_ss_flags & SS_AUTODISARM)
		return false;
	return on_sig_stack_range(sp);
}

int sas_ss_flags(unsigned long sp)
{
	if (!current->sas_ss_size)
		return SS_DISABLE;
	return on_sig_stack(sp) ? SS_ONSTACK : 0;
}

void sas_ss_reset(struct task_struct *p)
{
	p->sas_ss_sp = 0;
	p->sas_ss_size = 0;
	p->sas_ss_flags = SS_DISABLE;
}

static void current_altstack(stack_t *oss, unsigned long sp)
{
	*oss = (stack_t){
		.ss_sp = (void *)current->sas_ss_sp,
		.ss_size = current->sas_ss_size,
		.ss_flags = sas_ss_flags(sp) | (int)(current->sas_ss_flags & SS_FLAG_BITS),
	};
}

static int set_altstack(const stack_t *ss, unsigned long sp, size_t min_ss_size)
{
	struct task_struct *t = current;
	int mode = ss->ss_flags & ~(int)SS_FLAG_BITS;
	size_t size = ss->ss_size;
	unsigned long base = (unsigned long)ss->ss_sp;

	if (on_sig_stack(sp))
		return -EPERM;
	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
		return -EINVAL;
	if (mode == SS_DISABLE)
		size = base = 0;
	else if (size < min_ss_size)
		return -ENOMEM;
	t->sas_ss_sp = base;
	t->sas_ss_size = size;
	t->sas_ss_flags = (unsigned int)ss->ss_flags;
	return 0;
}

SYSCALL_DEFINE2(sigaltstack, const stack_t __user *, uss, stack_t __user *, uoss)
{
	unsigned long sp = user_stack_pointer(current_pt_regs());
	stack_t new, old;
	int err = 0;

	if (uss && copy_from_user(&new, uss, sizeof(new)))
		return -EFAULT;
	current_altstack(&old, sp);
	if (uss)
		err = set_altstack(&new, sp, MINSIGSTKSZ);
	if (!err && uoss && copy_to_user(uoss, &old, sizeof(old)))
		err = -EFAULT;
	return err;
}

/* From a signal frame: a bad stack in it is no reason to fail. */
int restore_altstack(const stack_t __user *uss)
{
	stack_t new;

	if (copy_from_user(&new, uss, sizeof(new)))
		return -EFAULT;
	(void)set_altstack(&new, user_stack_pointer(current_pt_regs()), MINSIGSTKSZ);
	return 0;
}

int __save_altstack(stack_t __user *uss, unsigned long sp)
{
	stack_t old = {
		.ss_sp = (void *)current->sas_ss_sp,
		.ss_size = current->sas_ss_size,
		.ss_flags = (int)current->sas_ss_flags,
	};

	return copy_to_user(uss, &old, sizeof(old)) ? -EFAULT : 0;
}
