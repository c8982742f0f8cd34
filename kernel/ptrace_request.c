// SPDX-License-Identifier: MIT
/*
 * What a tracer asks of a tracee that stands still: to go on, its signals, options, memory, sets of
 * registers. The machine's part comes first and passes on what it does not know (arch_ptrace).
 * Errors: ptrace(2); EIO for what does not exist, as Linux 6.1 (kernel/ptrace.c).
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <seam/ptrace.h>
#include <seam/uaccess.h>
#include <sync/spinlock.h>
#include <kernel/ptrace.h>
#include <kernel/rseq.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/gup.h>
#include <mm/slab.h>
#include <linux/audit.h>
#include <linux/rseq.h>
#include <linux/uio.h>
#include "signal_internal.h"

/* Layouts of the interface, of which there is no header that a kernel can include. */
struct ptrace_peeksiginfo_args {
	u64 off;
	u32 flags;
	s32 nr;
};
#define PTRACE_PEEKSIGINFO_SHARED (1 << 0)

struct ptrace_syscall_info {
	u8 op;
	u8 pad[3];
	u32 arch;
	u64 instruction_pointer, stack_pointer;
	union {
		struct {
			u64 nr, args[6];
		} entry;
		struct {
			s64 rval;
			u8 is_error;
		} exit;
	};
};
#define PTRACE_SYSCALL_INFO_NONE  0
#define PTRACE_SYSCALL_INFO_ENTRY 1
#define PTRACE_SYSCALL_INFO_EXIT  2

struct ptrace_rseq_configuration {
	u64 rseq_abi_pointer;
	u32 rseq_abi_size, signature, flags, pad;
};

/* ---- memory ---- */

static long peek(struct task_struct *child, unsigned long addr, unsigned long data)
{
	unsigned long word;

	if (ptrace_access_vm(child, addr, &word, sizeof(word), FOLL_FORCE) != sizeof(word))
		return -EIO;
	return put_user(word, (unsigned long __user *)data);
}

static long poke(struct task_struct *child, unsigned long addr, unsigned long data)
{
	return ptrace_access_vm(child, addr, &data, sizeof(data), FOLL_FORCE | FOLL_WRITE) ==
			       sizeof(data)
		       ? 0
		       : -EIO;
}

/* ---- signals ---- */

/* The siginfo of the stop: copied out, or replaced. 0, -EINVAL (a stop without), -ESRCH. */
static int with_siginfo(struct task_struct *child, kernel_siginfo_t *info, bool set)
{
	kernel_siginfo_t *at;
	unsigned long flags;

	if (!lock_task_sighand(child, &flags))
		return -ESRCH;
	at = child->last_siginfo;
	if (at && set)
		*at = *info;
	else if (at)
		*info = *at;
	unlock_task_sighand(child, &flags);
	return at ? 0 : -EINVAL;
}

static long getsiginfo(struct task_struct *child, unsigned long data)
{
	kernel_siginfo_t info;
	int err = with_siginfo(child, &info, false);

	return err ? err : copy_siginfo_to_user((siginfo_t __user *)data, &info);
}

static long setsiginfo(struct task_struct *child, unsigned long data)
{
	kernel_siginfo_t info;
	int err = copy_siginfo_from_user(&info, (const siginfo_t __user *)data);

	return err ? err : with_siginfo(child, &info, true);
}

/* The entry number @off of a queue; false: there are not so many. */
static bool nth_pending(struct task_struct *child, struct sigpending *pending, u64 off,
			kernel_siginfo_t *info)
{
	struct sigqueue *q;
	bool found = false;

	spin_lock_irq(&child->sighand->siglock);
	list_for_each_entry (q, &pending->list, list) {
		if (!off--) {
			*info = q->info;
			found = true;
			break;
		}
	}
	spin_unlock_irq(&child->sighand->siglock);
	return found;
}

/* Siginfos that are queued, from the off-th on. How many, or -EFAULT, -EINVAL. */
static long peeksiginfo(struct task_struct *child, unsigned long addr, unsigned long data)
{
	siginfo_t __user *to = (siginfo_t __user *)data;
	struct ptrace_peeksiginfo_args args;
	struct sigpending *pending;
	kernel_siginfo_t info;
	int i;

	if (copy_from_user(&args, (void __user *)addr, sizeof(args)))
		return -EFAULT;
	if ((args.flags & ~PTRACE_PEEKSIGINFO_SHARED) || args.nr < 0)
		return -EINVAL;
	pending = args.flags & PTRACE_PEEKSIGINFO_SHARED ? &child->signal->shared_pending
							 : &child->pending;
	for (i = 0; i < args.nr; i++) {
		if (args.off + i < args.off || !nth_pending(child, pending, args.off + i, &info))
			break;
		if (copy_siginfo_to_user(to + i, &info))
			return i ? i : -EFAULT;
		if (signal_pending(current))
			return i + 1;
		cond_resched();
	}
	return i;
}

static long getsigmask(struct task_struct *child, unsigned long size, unsigned long data)
{
	sigset_t mask;

	if (size != sizeof(mask))
		return -EINVAL;
	/* In the middle of ppoll() and the like: the mask that will be put back. */
	mask = test_tsk_thread_flag(child, TIF_RESTORE_SIGMASK) ? child->saved_sigmask
								: child->blocked;
	return copy_to_user((void __user *)data, &mask, sizeof(mask)) ? -EFAULT : 0;
}

static long setsigmask(struct task_struct *child, unsigned long size, unsigned long data)
{
	sigset_t mask;

	if (size != sizeof(mask))
		return -EINVAL;
	if (copy_from_user(&mask, (void __user *)data, sizeof(mask)))
		return -EFAULT;
	sigdelsetmask(&mask, SIG_KERNEL_ONLY_MASK);
	spin_lock_irq(&child->sighand->siglock);
	child->blocked = mask;
	spin_unlock_irq(&child->sighand->siglock);
	clear_tsk_thread_flag(child, TIF_RESTORE_SIGMASK);
	return 0;
}

/* ---- options and news ---- */

static long setoptions(struct task_struct *child, unsigned long options)
{
	int err = ptrace_check_options(options);

	if (err)
		return err;
	/* Not atomic, but only the tracer writes, and the tracee stands. */
	child->ptrace = (child->ptrace & ~PT_OPT_MASK) | (unsigned int)options << PT_OPT_SHIFT;
	return 0;
}

static bool is_error(long ax)
{
	return (unsigned long)ax >= -(unsigned long)4095;
}

/* Fill the part of @info that belongs to the stop. Bytes of it that say something. */
static unsigned long describe_syscall(struct task_struct *child, struct ptrace_syscall_info *info)
{
	const kernel_siginfo_t *stop = child->last_siginfo;
	const struct pt_regs *regs = task_pt_regs(child);

	if (!stop || stop->si_code != (SIGTRAP | 0x80))
		return offsetof(struct ptrace_syscall_info, entry);
	switch (child->ptrace_message) {
	case PTRACE_EVENTMSG_SYSCALL_ENTRY:
		info->op = PTRACE_SYSCALL_INFO_ENTRY;
		info->entry.nr = regs->orig_ax;
		info->entry.args[0] = regs->di;
		info->entry.args[1] = regs->si;
		info->entry.args[2] = regs->dx;
		info->entry.args[3] = regs->r10;
		info->entry.args[4] = regs->r8;
		info->entry.args[5] = regs->r9;
		return offsetof(struct ptrace_syscall_info, entry) + sizeof(info->entry);
	case PTRACE_EVENTMSG_SYSCALL_EXIT:
		info->op = PTRACE_SYSCALL_INFO_EXIT;
		info->exit.rval = (long)regs->ax;
		info->exit.is_error = is_error((long)regs->ax);
		return offsetof(struct ptrace_syscall_info, exit.is_error) + 1;
	}
	return offsetof(struct ptrace_syscall_info, entry);
}

static long get_syscall_info(struct task_struct *child, unsigned long user_size, void __user *data)
{
	const struct pt_regs *regs = task_pt_regs(child);
	struct ptrace_syscall_info info = {
		.op = PTRACE_SYSCALL_INFO_NONE,
		.arch = AUDIT_ARCH_X86_64,
		.instruction_pointer = regs->ip,
		.stack_pointer = regs->sp,
	};
	unsigned long size = describe_syscall(child, &info);

	return copy_to_user(data, &info, min(size, user_size)) ? -EFAULT : (long)size;
}

static long get_rseq(struct task_struct *child, unsigned long size, void __user *data)
{
	struct ptrace_rseq_configuration conf = {
		.rseq_abi_pointer = (unsigned long)child->rseq,
		.rseq_abi_size = sizeof(struct rseq),
		.signature = child->rseq_sig,
	};

	size = min(size, sizeof(conf));
	return copy_to_user(data, &conf, size) ? -EFAULT : (long)size;
}

/* ---- sets of registers ---- */

static const struct user_regset *find_regset(unsigned int type)
{
	unsigned int n;
	const struct user_regset *sets = task_regsets(&n);

	for (unsigned int i = 0; i < n; i++)
		if (sets[i].type == type)
			return &sets[i];
	return NULL;
}

static long copy_regset(struct task_struct *child, const struct user_regset *set, void __user *base,
			unsigned long len, bool to_user)
{
	void *buf;
	long err;

	if (to_user ? !set->get : !set->set)
		return -EOPNOTSUPP;
	buf = kvmalloc(set->n * set->size, GFP_KERNEL | __GFP_ZERO);
	if (!buf)
		return -ENOMEM;
	if (to_user) {
		err = set->get(child, buf);
		if (!err && copy_to_user(base, buf, len))
			err = -EFAULT;
	} else {
		err = copy_from_user(buf, base, len) ? -EFAULT : set->set(child, buf, len);
	}
	kvfree(buf);
	return err;
}

static long ptrace_regset(struct task_struct *child, unsigned int type, unsigned long data,
			  bool get)
{
	struct iovec __user *uiov = (struct iovec __user *)data;
	const struct user_regset *set;
	struct iovec iov;
	long ret;

	if (copy_from_user(&iov, uiov, sizeof(iov)))
		return -EFAULT;
	set = find_regset(type);
	if (!set || iov.iov_len % set->size)
		return -EINVAL;
	iov.iov_len = min_t(unsigned long, iov.iov_len, (unsigned long)set->n * set->size);
	ret = copy_regset(child, set, (void __user *)iov.iov_base, iov.iov_len, get);
	return ret ? ret : put_user(iov.iov_len, &uiov->iov_len);
}

/* ---- going on ---- */

static long ptrace_resume(struct task_struct *child, long request, unsigned long sig)
{
	bool emu = request == PTRACE_SYSEMU || request == PTRACE_SYSEMU_SINGLESTEP;

	if (!valid_signal(sig))
		return -EIO;
	if (request == PTRACE_SYSCALL)
		set_tsk_thread_flag(child, TIF_SYSCALL_TRACE);
	else
		clear_tsk_thread_flag(child, TIF_SYSCALL_TRACE);
	if (emu)
		set_tsk_thread_flag(child, TIF_SYSCALL_EMU);
	else
		clear_tsk_thread_flag(child, TIF_SYSCALL_EMU);
	if (request == PTRACE_SINGLEBLOCK)
		user_enable_block_step(child);
	else if (request == PTRACE_SINGLESTEP || request == PTRACE_SYSEMU_SINGLESTEP)
		user_enable_single_step(child);
	else
		user_disable_single_step(child);
	/* Under the lock: wait_task_stopped() must not take the new exit_code for another report. */
	spin_lock_irq(&child->sighand->siglock);
	child->exit_code = (int)sig;
	child->jobctl &= ~JOBCTL_TRACED;
	wake_up_state(child, __TASK_TRACED);
	spin_unlock_irq(&child->sighand->siglock);
	return 0;
}

/* A stop for a seized task, whatever it does; one that listens traps again. */
static long ptrace_interrupt(struct task_struct *child)
{
	unsigned long flags;

	if (!(child->ptrace & PT_SEIZED) || !lock_task_sighand(child, &flags))
		return -EIO;
	if (task_set_jobctl_pending(child, JOBCTL_TRAP_STOP))
		ptrace_signal_wake_up(child, child->jobctl & JOBCTL_LISTENING);
	unlock_task_sighand(child, &flags);
	return 0;
}

/* Leave a seized task in its group stop, and hear of its end. */
static long ptrace_listen(struct task_struct *child)
{
	const kernel_siginfo_t *info;
	unsigned long flags;
	long ret = -EIO;

	if (!(child->ptrace & PT_SEIZED) || !lock_task_sighand(child, &flags))
		return -EIO;
	info = child->last_siginfo;
	if (info && info->si_code >> 8 == PTRACE_EVENT_STOP) {
		child->jobctl |= JOBCTL_LISTENING;
		/* Something has happened since the stop was told. */
		if (child->jobctl & JOBCTL_TRAP_NOTIFY)
			ptrace_signal_wake_up(child, true);
		ret = 0;
	}
	unlock_task_sighand(child, &flags);
	return ret;
}

void ptrace_disable(struct task_struct *child)
{
	user_disable_single_step(child);
}

long ptrace_request(struct task_struct *child, long request, unsigned long addr, unsigned long data)
{
	switch (request) {
	case PTRACE_PEEKTEXT:
	case PTRACE_PEEKDATA:
		return peek(child, addr, data);
	case PTRACE_POKETEXT:
	case PTRACE_POKEDATA:
		return poke(child, addr, data);
	case PTRACE_CONT:
	case PTRACE_SYSCALL:
	case PTRACE_SINGLESTEP:
	case PTRACE_SINGLEBLOCK:
	case PTRACE_SYSEMU:
	case PTRACE_SYSEMU_SINGLESTEP:
		return ptrace_resume(child, request, data);
	case PTRACE_KILL:
		send_sig_info(SIGKILL, SEND_SIG_NOINFO, child);
		return 0;
	case PTRACE_INTERRUPT:
		return ptrace_interrupt(child);
	case PTRACE_LISTEN:
		return ptrace_listen(child);
	case PTRACE_SETOPTIONS:
	case PTRACE_OLDSETOPTIONS:
		return setoptions(child, data);
	case PTRACE_GETEVENTMSG:
		return put_user(child->ptrace_message, (unsigned long __user *)data);
	case PTRACE_GETSIGINFO:
		return getsiginfo(child, data);
	case PTRACE_SETSIGINFO:
		return setsiginfo(child, data);
	case PTRACE_PEEKSIGINFO:
		return peeksiginfo(child, addr, data);
	case PTRACE_GETSIGMASK:
		return getsigmask(child, addr, data);
	case PTRACE_SETSIGMASK:
		return setsigmask(child, addr, data);
	case PTRACE_GETREGSET:
	case PTRACE_SETREGSET:
		return ptrace_regset(child, (unsigned int)addr, data, request == PTRACE_GETREGSET);
	case PTRACE_GET_SYSCALL_INFO:
		return get_syscall_info(child, addr, (void __user *)data);
	case PTRACE_GET_RSEQ_CONFIGURATION:
		return get_rseq(child, addr, (void __user *)data);
	}
	/* Among them PTRACE_SECCOMP_*: there is no seccomp. */
	return -EIO;
}
