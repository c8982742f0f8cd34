// SPDX-License-Identifier: MIT
/* The system calls on scheduling: policies, priorities, affinity, yielding. Rules: sched(7) and the calls' pages. */
#include "internal.h"
#include <base/bitmap.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <kernel/cgroup.h>
#include <kernel/cred.h>
#include <kernel/ksyscall.h>
#include <kernel/pid.h>
#include <kernel/rlimit.h>
#include <kernel/time.h>
#include <seam/uaccess.h>
#include <linux/sched/types.h>
#include <linux/ioprio.h>
#include <linux/resource.h>

#ifndef SCHED_ATTR_SIZE_VER0
#define SCHED_ATTR_SIZE_VER0 48
#endif
#define SCHED_FLAG_RESET_ON_FORK_ 0x01
#define SCHED_FLAG_KEEP_ALL_	  0x18
#define SCHED_FLAG_KEEP_POLICY_	  0x08
#define SCHED_FLAG_KEEP_PARAMS_	  0x10

int __sched_set(struct task_struct *p, int policy, int rt_priority, bool reset_on_fork, int nice);

/* The thread @pid (0: the caller) with a reference, or NULL. */
static struct task_struct *get_thread(pid_t pid)
{
	return pid ? find_get_task_by_vpid(pid) : get_task_struct(current);
}

/* May current change @p's scheduling: same user, or privileged. */
static bool same_owner(struct task_struct *p)
{
	const struct cred *cred = current_cred(), *pcred;
	bool match;

	rcu_read_lock();
	pcred = __task_cred(p);
	match = cred->euid == pcred->euid || cred->euid == pcred->uid;
	rcu_read_unlock();
	return match;
}

/* Would RLIMIT_NICE let @p have @nice? */
static bool is_nice_reduction(const struct task_struct *p, int nice)
{
	return (unsigned long)(20 - nice) <= task_rlimit(p, RLIMIT_NICE);
}

static bool can_nice(const struct task_struct *p, int nice)
{
	return is_nice_reduction(p, nice) || capable(CAP_SYS_NICE);
}

/* Does the change need CAP_SYS_NICE, which the caller has not? 0 or -EPERM. */
static int check_permission(struct task_struct *p, int policy, int rt_priority, int nice,
			    bool reset_on_fork)
{
	if (capable(CAP_SYS_NICE))
		return 0;
	if (fair_policy(policy) && nice <= MAX_NICE && nice < task_nice(p) &&
	    !is_nice_reduction(p, nice))
		return -EPERM;
	if (rt_policy(policy)) {
		unsigned long limit = task_rlimit(p, RLIMIT_RTPRIO);

		if (policy != p->policy && !limit)
			return -EPERM;
		if (rt_priority > p->rt_priority && rt_priority > limit)
			return -EPERM;
	}
	if (p->policy == SCHED_IDLE && policy != SCHED_IDLE && !is_nice_reduction(p, task_nice(p)))
		return -EPERM;
	if (!same_owner(p))
		return -EPERM;
	if (p->sched_reset_on_fork && !reset_on_fork)
		return -EPERM;
	return 0;
}

/* Set policy and parameters of thread @pid. @policy < 0: keep it. @nice: MAX_NICE + 1 keeps it. */
static int set_scheduler(struct task_struct *p, int policy, int rt_priority, int nice,
			 bool reset_on_fork)
{
	int err;

	if (policy < 0) {
		policy = p->policy;
		reset_on_fork = p->sched_reset_on_fork;
	}
	if (policy == SCHED_DEADLINE || (!rt_policy(policy) && !fair_policy(policy)))
		return -EINVAL;
	if ((unsigned int)rt_priority > MAX_RT_PRIO - 1 || rt_policy(policy) != (rt_priority != 0))
		return -EINVAL;
	err = check_permission(p, policy, rt_priority, nice, reset_on_fork);
	if (err)
		return err;
	return __sched_set(p, policy, rt_priority, reset_on_fork, nice);
}

static long set_by_param(pid_t pid, int policy, struct sched_param __user *param)
{
	struct task_struct *p;
	struct sched_param lp;
	bool reset = false;
	long err;

	if (!param || pid < 0)
		return -EINVAL;
	if (copy_from_user(&lp, param, sizeof(lp)))
		return -EFAULT;
	if (policy >= 0 && (policy & SCHED_RESET_ON_FORK)) {
		reset = true;
		policy &= ~SCHED_RESET_ON_FORK;
	}
	p = get_thread(pid);
	if (!p)
		return -ESRCH;
	err = set_scheduler(p, policy, lp.sched_priority, MAX_NICE + 1, reset);
	put_task_struct(p);
	return err;
}

SYSCALL_DEFINE3(sched_setscheduler, pid_t, pid, int, policy, struct sched_param __user *, param)
{
	if (policy < 0)
		return -EINVAL;
	return set_by_param(pid, policy, param);
}

SYSCALL_DEFINE2(sched_setparam, pid_t, pid, struct sched_param __user *, param)
{
	return set_by_param(pid, -1, param);
}

SYSCALL_DEFINE1(sched_getscheduler, pid_t, pid)
{
	struct task_struct *p;
	long ret;

	if (pid < 0)
		return -EINVAL;
	p = get_thread(pid);
	if (!p)
		return -ESRCH;
	ret = p->policy | (p->sched_reset_on_fork ? SCHED_RESET_ON_FORK : 0);
	put_task_struct(p);
	return ret;
}

SYSCALL_DEFINE2(sched_getparam, pid_t, pid, struct sched_param __user *, param)
{
	struct sched_param lp = { 0 };
	struct task_struct *p;

	if (!param || pid < 0)
		return -EINVAL;
	p = get_thread(pid);
	if (!p)
		return -ESRCH;
	if (rt_policy(p->policy))
		lp.sched_priority = p->rt_priority;
	put_task_struct(p);
	return copy_to_user(param, &lp, sizeof(lp)) ? -EFAULT : 0;
}

SYSCALL_DEFINE3(sched_setattr, pid_t, pid, struct sched_attr __user *, uattr, unsigned int, flags)
{
	struct sched_attr attr;
	struct task_struct *p;
	int policy, nice;
	u32 size;
	long err;

	if (!uattr || pid < 0 || flags)
		return -EINVAL;
	if (get_user(size, &uattr->size))
		return -EFAULT;
	if (!size)
		size = SCHED_ATTR_SIZE_VER0;
	if (size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE)
		goto too_big;
	err = copy_struct_from_user(&attr, sizeof(attr), uattr, size);
	if (err == -E2BIG)
		goto too_big;
	if (err)
		return err;
	if ((int)attr.sched_policy < 0)
		return -EINVAL;
	if (attr.sched_flags & ~(u64)(SCHED_FLAG_RESET_ON_FORK_ | SCHED_FLAG_KEEP_ALL_))
		return -EINVAL;
	policy = attr.sched_flags & SCHED_FLAG_KEEP_POLICY_ ? -1 : (int)attr.sched_policy;
	nice = clamp(attr.sched_nice, MIN_NICE, MAX_NICE);
	p = get_thread(pid);
	if (!p)
		return -ESRCH;
	if (attr.sched_flags & SCHED_FLAG_KEEP_PARAMS_) {
		attr.sched_priority = p->rt_priority;
		nice = MAX_NICE + 1;
	}
	err = set_scheduler(p, policy, attr.sched_priority, nice,
			    attr.sched_flags & SCHED_FLAG_RESET_ON_FORK_);
	put_task_struct(p);
	return err;
too_big:
	(void)put_user((u32)sizeof(attr), &uattr->size);
	return -E2BIG;
}

SYSCALL_DEFINE4(sched_getattr, pid_t, pid, struct sched_attr __user *, uattr, unsigned int, usize,
		unsigned int, flags)
{
	struct sched_attr attr = { 0 };
	struct task_struct *p;

	if (!uattr || pid < 0 || usize > PAGE_SIZE || usize < SCHED_ATTR_SIZE_VER0 || flags)
		return -EINVAL;
	p = get_thread(pid);
	if (!p)
		return -ESRCH;
	attr.sched_policy = p->policy;
	if (p->sched_reset_on_fork)
		attr.sched_flags |= SCHED_FLAG_RESET_ON_FORK_;
	if (rt_policy(p->policy))
		attr.sched_priority = p->rt_priority;
	else
		attr.sched_nice = task_nice(p);
	put_task_struct(p);
	attr.size = min_t(unsigned int, usize, sizeof(attr));
	return copy_to_user(uattr, &attr, attr.size) ? -EFAULT : 0;
}

SYSCALL_DEFINE1(sched_get_priority_max, int, policy)
{
	if (rt_policy(policy))
		return MAX_RT_PRIO - 1;
	return fair_policy(policy) || policy == SCHED_DEADLINE ? 0 : -EINVAL;
}

SYSCALL_DEFINE1(sched_get_priority_min, int, policy)
{
	if (rt_policy(policy))
		return 1;
	return fair_policy(policy) || policy == SCHED_DEADLINE ? 0 : -EINVAL;
}

SYSCALL_DEFINE2(sched_rr_get_interval, pid_t, pid, struct __kernel_timespec __user *, interval)
{
	struct timespec64 ts;
	struct task_struct *p;
	unsigned long flags;
	struct rq *rq;
	u64 ns = 0;

	if (pid < 0)
		return -EINVAL;
	p = get_thread(pid);
	if (!p)
		return -ESRCH;
	rq = task_rq_lock(p, &flags);
	if (p->policy == SCHED_RR)
		ns = RR_TIMESLICE_NS;
	else if (fair_policy(p->policy) && rq->cfs.load)
		ns = slice_fair(rq, p);
	task_rq_unlock(rq, p, &flags);
	put_task_struct(p);
	ts = ns_to_timespec64(ns);
	return put_timespec64(&ts, interval);
}

SYSCALL_DEFINE0(sched_yield)
{
	yield();
	return 0;
}

/* nice and priority ------------------------------------------------------------------------------ */

static int set_one_prio(struct task_struct *p, int niceval, int error)
{
	const struct cred *cred = current_cred();
	uid_t uid, euid;

	rcu_read_lock();
	uid = __task_cred(p)->uid;
	euid = __task_cred(p)->euid;
	rcu_read_unlock();
	if (uid != cred->euid && euid != cred->euid && !capable(CAP_SYS_NICE))
		return -EPERM;
	if (niceval < task_nice(p) && !can_nice(p, niceval))
		return -EACCES;
	if (error == -ESRCH)
		error = 0;
	set_user_nice(p, niceval);
	return error;
}

/* Call @fn for each task that (@which, @who) names. => under RCU and tasklist_lock */
static long for_prio_targets(int which, int who, long (*fn)(struct task_struct *, long, long),
			     long arg, long ret)
{
	struct task_struct *g, *p;
	struct pid *pgrp;
	uid_t uid;

	switch (which) {
	case PRIO_PROCESS:
		p = who ? find_task_by_vpid(who) : current;
		return p ? fn(p, arg, ret) : ret;
	case PRIO_PGRP:
		pgrp = who ? find_vpid(who) : task_pgrp(current);
		do_each_pid_task (pgrp, PIDTYPE_PGID, g) {
			for_each_thread (g, p)
				ret = fn(p, arg, ret);
		}
		while_each_pid_task(pgrp, PIDTYPE_PGID, g);
		return ret;
	default:
		uid = who ? (uid_t)who : current_uid();
		for_each_process_thread(g, p) if (task_uid(p) == uid) ret = fn(p, arg, ret);
		return ret;
	}
}

static long prio_set(struct task_struct *p, long nice, long ret)
{
	return set_one_prio(p, nice, ret);
}

static long prio_get(struct task_struct *p, long unused, long ret)
{
	long v = MAX_NICE - task_nice(p) + 1; /* 40..1: an error is negative */

	return v > ret ? v : ret;
}

SYSCALL_DEFINE3(setpriority, int, which, int, who, int, niceval)
{
	long ret;

	if (which > PRIO_USER || which < PRIO_PROCESS)
		return -EINVAL;
	niceval = clamp(niceval, MIN_NICE, MAX_NICE);
	rcu_read_lock();
	read_lock(&tasklist_lock);
	ret = for_prio_targets(which, who, prio_set, niceval, -ESRCH);
	read_unlock(&tasklist_lock);
	rcu_read_unlock();
	return ret;
}

SYSCALL_DEFINE2(getpriority, int, which, int, who)
{
	long ret;

	if (which > PRIO_USER || which < PRIO_PROCESS)
		return -EINVAL;
	rcu_read_lock();
	read_lock(&tasklist_lock);
	ret = for_prio_targets(which, who, prio_get, 0, -ESRCH);
	read_unlock(&tasklist_lock);
	rcu_read_unlock();
	return ret;
}

/* Priority of input and output. It is kept and told; the order "none" of a disk does not look at it. */

static int check_ioprio(int ioprio)
{
	unsigned int level = IOPRIO_PRIO_LEVEL(ioprio);

	switch (IOPRIO_PRIO_CLASS(ioprio)) {
	case IOPRIO_CLASS_RT:
		if (!capable(CAP_SYS_ADMIN) && !capable(CAP_SYS_NICE))
			return -EPERM;
		fallthrough;
	case IOPRIO_CLASS_BE:
		return level < IOPRIO_NR_LEVELS ? 0 : -EINVAL;
	case IOPRIO_CLASS_IDLE:
		return 0;
	case IOPRIO_CLASS_NONE:
		return level ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

/* What the task has, or what follows from its nice value and policy. */
static int effective_ioprio(const struct task_struct *p)
{
	int ioprio = READ_ONCE(p->ioprio), class = IOPRIO_CLASS_BE;

	if (ioprio)
		return ioprio;
	if (p->policy == SCHED_IDLE)
		class = IOPRIO_CLASS_IDLE;
	else if (p->policy == SCHED_FIFO || p->policy == SCHED_RR)
		class = IOPRIO_CLASS_RT;
	return IOPRIO_PRIO_VALUE(class, (task_nice(p) + 20) / 5);
}

/* The first error ends it. */
static long ioprio_set_one(struct task_struct *p, long ioprio, long ret)
{
	const struct cred *cred = current_cred();
	uid_t uid = task_uid(p);

	if (ret && ret != -ESRCH)
		return ret;
	if (uid != cred->euid && uid != cred->uid && !capable(CAP_SYS_NICE))
		return -EPERM;
	WRITE_ONCE(p->ioprio, ioprio);
	return 0;
}

static long ioprio_get_raw(struct task_struct *p, long unused, long ret)
{
	return READ_ONCE(p->ioprio);
}

/* The best of several. */
static long ioprio_get_best(struct task_struct *p, long unused, long ret)
{
	long ioprio = effective_ioprio(p);

	return ret == -ESRCH || ioprio < ret ? ioprio : ret;
}

/* IOPRIO_WHO_PROCESS is PRIO_PROCESS + 1, and so on. */
static long for_ioprio_targets(int which, int who, long (*fn)(struct task_struct *, long, long),
			       long arg)
{
	long ret;

	if (which < IOPRIO_WHO_PROCESS || which > IOPRIO_WHO_USER)
		return -EINVAL;
	rcu_read_lock();
	read_lock(&tasklist_lock);
	ret = for_prio_targets(which - IOPRIO_WHO_PROCESS + PRIO_PROCESS, who, fn, arg, -ESRCH);
	read_unlock(&tasklist_lock);
	rcu_read_unlock();
	return ret;
}

SYSCALL_DEFINE3(ioprio_set, int, which, int, who, int, ioprio)
{
	int err = check_ioprio(ioprio);

	return err ? err : for_ioprio_targets(which, who, ioprio_set_one, ioprio);
}

SYSCALL_DEFINE2(ioprio_get, int, which, int, who)
{
	return for_ioprio_targets(
		which, who, which == IOPRIO_WHO_PROCESS ? ioprio_get_raw : ioprio_get_best, 0);
}

/* Affinity --------------------------------------------------------------------------------------- */

long sched_setaffinity(pid_t pid, const struct cpumask *new_mask)
{
	struct task_struct *p = get_thread(pid);
	struct cpumask mask, allowed;
	long err = 0;

	if (!p)
		return -ESRCH;
	if (p->flags & PF_NO_SETAFFINITY)
		err = -EINVAL;
	else if (!same_owner(p) && !capable(CAP_SYS_NICE))
		err = -EPERM;
	if (!err) {
		cpuset_cpus_allowed(p, &allowed);
		cpumask_and(&mask, new_mask, &allowed);
		err = set_cpus_allowed_ptr(p, &mask);
		/* Its cpuset has changed meanwhile: what that allows, as if we had come before. */
		cpuset_cpus_allowed(p, &allowed);
		if (!err && !cpumask_subset(&mask, &allowed))
			err = set_cpus_allowed_ptr(p, &allowed);
	}
	put_task_struct(p);
	return err;
}

long sched_getaffinity(pid_t pid, struct cpumask *mask)
{
	struct task_struct *p = get_thread(pid);
	unsigned long flags;

	if (!p)
		return -ESRCH;
	spin_lock_irqsave(&p->pi_lock, flags);
	cpumask_and(mask, &p->cpus_mask, cpu_online_mask);
	spin_unlock_irqrestore(&p->pi_lock, flags);
	put_task_struct(p);
	return 0;
}

SYSCALL_DEFINE3(sched_setaffinity, pid_t, pid, unsigned int, len, unsigned long __user *, user_mask)
{
	struct cpumask mask;

	cpumask_clear(&mask);
	if (len > sizeof(mask))
		len = sizeof(mask);
	if (copy_from_user(&mask, user_mask, len))
		return -EFAULT;
	return sched_setaffinity(pid, &mask);
}

SYSCALL_DEFINE3(sched_getaffinity, pid_t, pid, unsigned int, len, unsigned long __user *, user_mask)
{
	struct cpumask mask;
	long ret;

	if (len * 8UL < nr_cpu_ids || (len & (sizeof(unsigned long) - 1)))
		return -EINVAL;
	ret = sched_getaffinity(pid, &mask);
	if (ret)
		return ret;
	len = min_t(unsigned int, len, sizeof(mask));
	return copy_to_user(user_mask, &mask, len) ? -EFAULT : (long)len;
}

SYSCALL_DEFINE3(getcpu, unsigned int __user *, cpup, unsigned int __user *, nodep, void __user *,
		unused)
{
	int cpu = raw_smp_processor_id();

	if (cpup && put_user((unsigned int)cpu, cpup))
		return -EFAULT;
	if (nodep && put_user((unsigned int)early_cpu_to_node(cpu), nodep))
		return -EFAULT;
	return 0;
}
