// SPDX-License-Identifier: MIT
/*
 * Restartable sequences.
 *
 * A thread registers a struct rseq in its own memory. The kernel keeps the CPU number in it up to date
 * and, when the thread was preempted, migrated or interrupted by a signal inside a critical section
 * (rseq->rseq_cs describes it), sends it to the section's abort address. Both happen on the way back to
 * user mode, when TIF_NOTIFY_RESUME was set by the scheduler. Memory that cannot be read or written, or a
 * section that is nonsense, costs the thread SIGSEGV.
 */
#include <base/errno.h>
#include <base/string.h>
#include <kernel/ksyscall.h>
#include <kernel/rseq.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <seam/page.h>
#include <seam/ptrace.h>
#include <seam/smp.h>
#include <seam/uaccess.h>
#include <linux/rseq.h>
#include <linux/sched.h>

#define ORIG_RSEQ_SIZE 32

static int update_cpu_id(struct task_struct *t, u32 cpu_start, u32 cpu)
{
	struct rseq __user *rseq = t->rseq;

	if (put_user(cpu_start, &rseq->cpu_id_start) || put_user(cpu, &rseq->cpu_id))
		return -EFAULT;
	return 0;
}

/* The critical section that @t is in: 0 with *@cs (start_ip 0: none), -EFAULT, -EINVAL. */
static int get_section(struct task_struct *t, struct rseq_cs *cs)
{
	u64 ptr;
	u32 sig;

	memset(cs, 0, sizeof(*cs));
	if (get_user(ptr, &t->rseq->rseq_cs))
		return -EFAULT;
	if (!ptr)
		return 0;
	if (ptr >= TASK_SIZE)
		return -EINVAL;
	if (copy_from_user(cs, (void __user *)(unsigned long)ptr, sizeof(*cs)))
		return -EFAULT;
	if (cs->start_ip >= TASK_SIZE || cs->start_ip + cs->post_commit_offset >= TASK_SIZE ||
	    cs->abort_ip >= TASK_SIZE || cs->version > 0)
		return -EINVAL;
	if (cs->start_ip + cs->post_commit_offset < cs->start_ip)
		return -EINVAL;
	/* The abort address must not lie in the section, and carries the signature before it. */
	if (cs->abort_ip - cs->start_ip < cs->post_commit_offset)
		return -EINVAL;
	if (get_user(sig, (u32 __user *)(unsigned long)(cs->abort_ip - sizeof(u32))))
		return -EFAULT;
	return sig == t->rseq_sig ? 0 : -EINVAL;
}

static int fix_ip(struct pt_regs *regs)
{
	struct task_struct *t = current;
	unsigned long ip = instruction_pointer(regs);
	struct rseq_cs cs;
	unsigned int mask;
	u32 flags;
	int ret = get_section(t, &cs);

	if (ret)
		return ret;
	if (!cs.start_ip && !cs.abort_ip)
		return 0;
	if (ip - cs.start_ip >= cs.post_commit_offset)
		return put_user(0ULL, &t->rseq->rseq_cs); /* it has left the section: forget it */
	if (get_user(flags, &t->rseq->flags))
		return -EFAULT;
	if (flags || cs.flags)
		return -EINVAL; /* "no restart" flags are gone since Linux 6.1 */
	mask = xchg(&t->rseq_event_mask, 0);
	if (!mask)
		return 0;
	if (put_user(0ULL, &t->rseq->rseq_cs))
		return -EFAULT;
	instruction_pointer_set(regs, cs.abort_ip);
	return 0;
}

void __rseq_handle_notify_resume(struct pt_regs *regs)
{
	struct task_struct *t = current;
	u32 cpu;

	if (unlikely(t->flags & PF_EXITING))
		return;
	if (regs && fix_ip(regs))
		goto error;
	cpu = raw_smp_processor_id();
	if (update_cpu_id(t, cpu, cpu))
		goto error;
	return;
error:
	force_sigsegv(0);
}

void rseq_fork(struct task_struct *t, unsigned long clone_flags)
{
	if (clone_flags & CLONE_VM) {
		t->rseq = NULL;
		t->rseq_sig = 0;
		t->rseq_event_mask = 0;
	}
}

void rseq_execve(struct task_struct *t)
{
	t->rseq = NULL;
	t->rseq_sig = 0;
	t->rseq_event_mask = 0;
}

SYSCALL_DEFINE4(rseq, struct rseq __user *, rseq, u32, rseq_len, int, flags, u32, sig)
{
	struct task_struct *t = current;

	if (flags & RSEQ_FLAG_UNREGISTER) {
		if (flags & ~RSEQ_FLAG_UNREGISTER)
			return -EINVAL;
		if (t->rseq != rseq || !t->rseq)
			return -EINVAL;
		if (rseq_len != ORIG_RSEQ_SIZE)
			return -EINVAL;
		if (t->rseq_sig != sig)
			return -EPERM;
		if (update_cpu_id(t, 0, (u32)RSEQ_CPU_ID_UNINITIALIZED))
			return -EFAULT;
		t->rseq = NULL;
		t->rseq_sig = 0;
		return 0;
	}
	if (flags)
		return -EINVAL;
	if (t->rseq) {
		if (t->rseq != rseq || rseq_len != ORIG_RSEQ_SIZE)
			return -EINVAL;
		return t->rseq_sig != sig ? -EPERM : -EBUSY;
	}
	if ((unsigned long)rseq % ORIG_RSEQ_SIZE || rseq_len != ORIG_RSEQ_SIZE)
		return -EINVAL;
	if (!access_ok(rseq, rseq_len))
		return -EFAULT;
	t->rseq = rseq;
	t->rseq_sig = sig;
	rseq_set_notify_resume(t); /* the CPU number is written on the way out */
	return 0;
}
