// SPDX-License-Identifier: MIT
/* Small system calls about the process and the machine: limits, usage, names, prctl, sysinfo. */
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <sync/rcu.h>
#include <sync/rwlock.h>
#include <sync/rwsem.h>
#include <sync/seqlock.h>
#include <kernel/cred.h>
#include <kernel/exec.h>
#include <kernel/exit.h>
#include <kernel/fork.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <kernel/param.h>
#include <kernel/pid.h>
#include <kernel/ptrace.h>
#include <kernel/rlimit.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/time.h>
#include <kernel/timekeeping.h>
#include <kernel/uts.h>
#include <mm/mm_struct.h>
#include <mm/mmap.h>
#include <mm/page.h>
#include <mm/vmstat.h>
#include <seam/uaccess.h>
#include <linux/capability.h>
#include <linux/personality.h>
#include <linux/prctl.h>
#include <linux/securebits.h>
#include <linux/sysinfo.h>
#include <linux/times.h>

/* Names ------------------------------------------------------------------------------------------ */

struct new_utsname init_uts = {
	.sysname = UTS_SYSNAME,
	.nodename = "quire",
	.release = UTS_RELEASE,
	.version = "#1 SMP PREEMPT Quire",
	.machine = UTS_MACHINE,
	.domainname = "(none)",
};
DECLARE_RWSEM(uts_sem, LOCK_UTS);

const char linux_banner[] =
	"Linux version " UTS_RELEASE " (Quire, gcc " __VERSION__ ") #1 SMP PREEMPT";

SYSCALL_DEFINE1(uname, struct new_utsname __user *, name)
{
	struct new_utsname tmp;

	down_read(&uts_sem);
	tmp = init_uts;
	up_read(&uts_sem);
	if (current->personality & UNAME26)
		strscpy(tmp.release, "2.6.61-quire", sizeof(tmp.release));
	return copy_to_user(name, &tmp, sizeof(tmp)) ? -EFAULT : 0;
}

/* Set a name of @len bytes from user memory. 0, -EPERM, -EINVAL, -EFAULT. */
static long set_name(char *which, const char __user *name, int len)
{
	char tmp[__NEW_UTS_LEN + 1] = "";

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (len < 0 || len > __NEW_UTS_LEN)
		return -EINVAL;
	if (copy_from_user(tmp, name, len))
		return -EFAULT;
	down_write(&uts_sem);
	memcpy(which, tmp, sizeof(tmp));
	up_write(&uts_sem);
	return 0;
}

SYSCALL_DEFINE2(sethostname, char __user *, name, int, len)
{
	return set_name(init_uts.nodename, name, len);
}

SYSCALL_DEFINE2(setdomainname, char __user *, name, int, len)
{
	return set_name(init_uts.domainname, name, len);
}

SYSCALL_DEFINE1(personality, unsigned int, personality)
{
	unsigned int old = current->personality;

	if (personality != 0xffffffff)
		current->personality = personality;
	return old;
}

/* Limits ----------------------------------------------------------------------------------------- */

const struct rlimit init_rlimits[RLIM_NLIMITS] = {
	[RLIMIT_CPU] = { RLIM_INFINITY, RLIM_INFINITY },
	[RLIMIT_FSIZE] = { RLIM_INFINITY, RLIM_INFINITY },
	[RLIMIT_DATA] = { RLIM_INFINITY, RLIM_INFINITY },
	[RLIMIT_STACK] = { 8UL << 20, RLIM_INFINITY },
	[RLIMIT_CORE] = { 0, RLIM_INFINITY },
	[RLIMIT_RSS] = { RLIM_INFINITY, RLIM_INFINITY },
	[RLIMIT_NPROC] = { 0, 0 }, /* set by fork_init() */
	[RLIMIT_NOFILE] = { 1024, 4096 },
	[RLIMIT_MEMLOCK] = { 8UL << 20, 8UL << 20 },
	[RLIMIT_AS] = { RLIM_INFINITY, RLIM_INFINITY },
	[RLIMIT_LOCKS] = { RLIM_INFINITY, RLIM_INFINITY },
	[RLIMIT_SIGPENDING] = { 0, 0 },
	[RLIMIT_MSGQUEUE] = { 819200, 819200 },
	[RLIMIT_NICE] = { 0, 0 },
	[RLIMIT_RTPRIO] = { 0, 0 },
	[RLIMIT_RTTIME] = { RLIM_INFINITY, RLIM_INFINITY },
};

#define NR_OPEN_LIMIT 1048576UL /* sysctl fs.nr_open */

int do_prlimit(struct task_struct *tsk, unsigned int resource, const struct rlimit *new_rlim,
	       struct rlimit *old_rlim)
{
	struct rlimit *rlim;
	int ret = 0;

	if (resource >= RLIM_NLIMITS)
		return -EINVAL;
	if (new_rlim) {
		if (new_rlim->rlim_cur > new_rlim->rlim_max)
			return -EINVAL;
		if (resource == RLIMIT_NOFILE && new_rlim->rlim_max > NR_OPEN_LIMIT)
			return -EPERM;
	}
	rlim = tsk->signal->rlim + resource;
	task_lock(tsk->group_leader);
	if (new_rlim && new_rlim->rlim_max > rlim->rlim_max && !capable(CAP_SYS_RESOURCE))
		ret = -EPERM;
	if (!ret) {
		if (old_rlim)
			*old_rlim = *rlim;
		if (new_rlim)
			*rlim = *new_rlim;
	}
	task_unlock(tsk->group_leader);
	/* The tick has something to compare now; run_posix_cpu_timers() looks at the limit itself. */
	if (!ret && new_rlim && resource == RLIMIT_CPU && new_rlim->rlim_cur != RLIM_INFINITY)
		WRITE_ONCE(tsk->signal->cpu_timers_armed, true);
	return ret;
}

SYSCALL_DEFINE2(getrlimit, unsigned int, resource, struct rlimit __user *, rlim)
{
	struct rlimit value;
	int ret = do_prlimit(current, resource, NULL, &value);

	if (!ret && copy_to_user(rlim, &value, sizeof(value)))
		return -EFAULT;
	return ret;
}

SYSCALL_DEFINE2(setrlimit, unsigned int, resource, struct rlimit __user *, rlim)
{
	struct rlimit new;

	if (copy_from_user(&new, rlim, sizeof(new)))
		return -EFAULT;
	return do_prlimit(current, resource, &new, NULL);
}

/* May current read or set the limits of @p? 0, -EPERM. => RCU */
static int check_prlimit(struct task_struct *p)
{
	const struct cred *cred = current_cred(), *tcred = __task_cred(p);

	if (p == current)
		return 0;
	if (cred->uid == tcred->euid && cred->uid == tcred->suid && cred->uid == tcred->uid &&
	    cred->gid == tcred->egid && cred->gid == tcred->sgid && cred->gid == tcred->gid)
		return 0;
	return capable(CAP_SYS_RESOURCE) ? 0 : -EPERM;
}

SYSCALL_DEFINE4(prlimit64, pid_t, pid, unsigned int, resource, const struct rlimit64 __user *,
		new_rlim, struct rlimit64 __user *, old_rlim)
{
	struct rlimit64 new64, old64;
	struct rlimit old, new;
	struct task_struct *tsk;
	int ret;

	if (new_rlim) {
		if (copy_from_user(&new64, new_rlim, sizeof(new64)))
			return -EFAULT;
		new.rlim_cur = new64.rlim_cur;
		new.rlim_max = new64.rlim_max;
	}
	rcu_read_lock();
	tsk = pid ? find_task_by_vpid(pid) : current;
	ret = tsk ? check_prlimit(tsk) : -ESRCH;
	if (ret) {
		rcu_read_unlock();
		return ret;
	}
	get_task_struct(tsk);
	rcu_read_unlock();
	ret = do_prlimit(tsk, resource, new_rlim ? &new : NULL, old_rlim ? &old : NULL);
	put_task_struct(tsk);
	if (!ret && old_rlim) {
		old64.rlim_cur = old.rlim_cur;
		old64.rlim_max = old.rlim_max;
		if (copy_to_user(old_rlim, &old64, sizeof(old64)))
			return -EFAULT;
	}
	return ret;
}

/* Usage ------------------------------------------------------------------------------------------ */

static void set_timeval(struct __kernel_old_timeval *tv, u64 ns)
{
	tv->tv_sec = ns / NSEC_PER_SEC;
	tv->tv_usec = ns % NSEC_PER_SEC / NSEC_PER_USEC;
}

static void add_thread_counts(struct task_struct *t, struct rusage *r)
{
	r->ru_nvcsw += t->nvcsw;
	r->ru_nivcsw += t->nivcsw;
	r->ru_minflt += t->min_flt;
	r->ru_majflt += t->maj_flt;
}

static void add_children(struct signal_struct *sig, struct rusage *r, u64 *ut, u64 *st,
			 unsigned long *maxrss)
{
	*ut += sig->cutime;
	*st += sig->cstime;
	r->ru_nvcsw += sig->cnvcsw;
	r->ru_nivcsw += sig->cnivcsw;
	r->ru_minflt += sig->cmin_flt;
	r->ru_majflt += sig->cmaj_flt;
	r->ru_inblock += sig->cinblock;
	r->ru_oublock += sig->coublock;
	*maxrss = max(*maxrss, sig->cmaxrss);
}

static void add_self(struct task_struct *p, struct rusage *r, u64 *ut, u64 *st,
		     unsigned long *maxrss)
{
	struct signal_struct *sig = p->signal;
	struct task_struct *t;
	u64 u, s;

	thread_group_cputime_adjusted(p, &u, &s);
	*ut += u;
	*st += s;
	r->ru_nvcsw += sig->nvcsw;
	r->ru_nivcsw += sig->nivcsw;
	r->ru_minflt += sig->min_flt;
	r->ru_majflt += sig->maj_flt;
	r->ru_inblock += sig->inblock;
	r->ru_oublock += sig->oublock;
	*maxrss = max(*maxrss, sig->maxrss);
	for_each_thread (p, t)
		add_thread_counts(t, r);
}

/* @who: RUSAGE_*, _BOTH for a process that was waited for. */
void getrusage(struct task_struct *p, int who, struct rusage *r)
{
	struct signal_struct *sig = p->signal;
	unsigned long maxrss = 0;
	struct mm_struct *mm;
	u64 ut = 0, st = 0;

	memset(r, 0, sizeof(*r));
	if (who == RUSAGE_THREAD) {
		task_cputime_adjusted(p, &ut, &st);
		add_thread_counts(p, r);
		maxrss = sig->maxrss;
	} else {
		rcu_read_lock();
		if (who != RUSAGE_SELF)
			add_children(sig, r, &ut, &st, &maxrss);
		if (who != RUSAGE_CHILDREN)
			add_self(p, r, &ut, &st, &maxrss);
		rcu_read_unlock();
	}
	set_timeval((struct __kernel_old_timeval *)&r->ru_utime, ut);
	set_timeval((struct __kernel_old_timeval *)&r->ru_stime, st);
	if (who != RUSAGE_CHILDREN) {
		mm = get_task_mm(p);
		if (mm) {
			setmax_mm_hiwater_rss(&maxrss, mm);
			mmput(mm);
		}
	}
	r->ru_maxrss = maxrss * (PAGE_SIZE / 1024);
}

SYSCALL_DEFINE2(getrusage, int, who, struct rusage __user *, ru)
{
	struct rusage r;

	if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD)
		return -EINVAL;
	getrusage(current, who, &r);
	return copy_to_user(ru, &r, sizeof(r)) ? -EFAULT : 0;
}

SYSCALL_DEFINE1(times, struct tms __user *, tbuf)
{
	if (tbuf) {
		struct tms t;
		u64 ut, st;

		thread_group_cputime_adjusted(current, &ut, &st);
		t.tms_utime = nsec_to_clock_t(ut);
		t.tms_stime = nsec_to_clock_t(st);
		t.tms_cutime = nsec_to_clock_t(current->signal->cutime);
		t.tms_cstime = nsec_to_clock_t(current->signal->cstime);
		if (copy_to_user(tbuf, &t, sizeof(t)))
			return -EFAULT;
	}
	return nsec_to_clock_t(ktime_get_ns());
}

SYSCALL_DEFINE1(sysinfo, struct sysinfo __user *, info)
{
	struct sysinfo val;

	memset(&val, 0, sizeof(val));
	val.totalram = totalram_pages() * PAGE_SIZE;
	val.freeram = global_zone_page_state(NR_FREE_PAGES) * PAGE_SIZE;
	val.sharedram = global_node_page_state(NR_SHMEM) * PAGE_SIZE;
	val.totalswap = total_swap_page_count() * PAGE_SIZE;
	val.freeswap = free_swap_page_count() * PAGE_SIZE;
	val.mem_unit = 1;
	val.uptime = ktime_get_boottime_seconds();
	get_avenrun((unsigned long *)val.loads, 0, SI_LOAD_SHIFT - FSHIFT);
	val.procs = READ_ONCE(nr_threads);
	return copy_to_user(info, &val, sizeof(val)) ? -EFAULT : 0;
}

/* prctl ------------------------------------------------------------------------------------------ */

static long prctl_set_name(const char __user *uname)
{
	char comm[TASK_COMM_LEN] = "";

	if (strncpy_from_user(comm, uname, sizeof(comm) - 1) < 0)
		return -EFAULT;
	set_task_comm(current, comm);
	return 0;
}

static long prctl_get_name(char __user *uname)
{
	char comm[TASK_COMM_LEN];

	get_task_comm(comm, current);
	return copy_to_user(uname, comm, sizeof(comm)) ? -EFAULT : 0;
}

static long prctl_set_securebits(unsigned long bits)
{
	const struct cred *old = current_cred();
	struct cred *new;

	/* Locked bits and the locks themselves stay; only known bits; privileged. */
	if ((((old->securebits & SECURE_ALL_LOCKS) >> 1) & (old->securebits ^ bits)) ||
	    ((old->securebits & SECURE_ALL_LOCKS & ~bits)) ||
	    (bits & ~(SECURE_ALL_LOCKS | SECURE_ALL_BITS)) ||
	    !cap_raised(old->cap_effective, CAP_SETPCAP))
		return -EPERM;
	new = prepare_creds();
	if (!new)
		return -ENOMEM;
	new->securebits = bits;
	return commit_creds(new);
}

static long prctl_set_keepcaps(unsigned long on)
{
	struct cred *new;

	if (on > 1)
		return -EINVAL;
	if (current_cred()->securebits & (1U << SECURE_KEEP_CAPS_LOCKED))
		return -EPERM;
	new = prepare_creds();
	if (!new)
		return -ENOMEM;
	if (on)
		new->securebits |= 1U << SECURE_KEEP_CAPS;
	else
		new->securebits &= ~(1U << SECURE_KEEP_CAPS);
	return commit_creds(new);
}

static long prctl_capbset_drop(unsigned long cap)
{
	struct cred *new;

	if (!capable(CAP_SETPCAP))
		return -EPERM;
	if (cap > CAP_LAST_CAP)
		return -EINVAL;
	new = prepare_creds();
	if (!new)
		return -ENOMEM;
	new->cap_bset &= ~(1ULL << cap);
	return commit_creds(new);
}

static long prctl_cap_ambient(unsigned long op, unsigned long cap, unsigned long arg4,
			      unsigned long arg5)
{
	const struct cred *old = current_cred();
	struct cred *new;

	if (arg4 || arg5)
		return -EINVAL;
	if (op == PR_CAP_AMBIENT_CLEAR_ALL) {
		if (cap)
			return -EINVAL;
	} else if (cap > CAP_LAST_CAP) {
		return -EINVAL;
	} else if (op == PR_CAP_AMBIENT_IS_SET) {
		return cap_raised(old->cap_ambient, cap);
	} else if (op != PR_CAP_AMBIENT_RAISE && op != PR_CAP_AMBIENT_LOWER) {
		return -EINVAL;
	}
	if (op == PR_CAP_AMBIENT_RAISE &&
	    (!cap_raised(old->cap_permitted, cap) || !cap_raised(old->cap_inheritable, cap) ||
	     (old->securebits & (1U << SECURE_NO_CAP_AMBIENT_RAISE))))
		return -EPERM;
	new = prepare_creds();
	if (!new)
		return -ENOMEM;
	if (op == PR_CAP_AMBIENT_CLEAR_ALL)
		new->cap_ambient = 0;
	else if (op == PR_CAP_AMBIENT_RAISE)
		new->cap_ambient |= 1ULL << cap;
	else
		new->cap_ambient &= ~(1ULL << cap);
	return commit_creds(new);
}

/* All descendants learn that they have a subreaper above them. */
static void mark_descendants(struct task_struct *top)
{
	struct task_struct *p, *q;

	/* Under tasklist_lock: a task whose chain of parents meets @top. */
	for_each_process (p)
		for (q = p->real_parent; q != &init_task && q->real_parent != q; q = q->real_parent)
			if (same_thread_group(q, top)) {
				p->signal->has_child_subreaper = 1;
				break;
			}
}

static long prctl_set_subreaper(unsigned long on)
{
	write_lock_irq(&tasklist_lock);
	current->signal->is_child_subreaper = !!on;
	if (on)
		mark_descendants(current);
	write_unlock_irq(&tasklist_lock);
	return 0;
}

SYSCALL_DEFINE5(prctl, int, option, unsigned long, arg2, unsigned long, arg3, unsigned long, arg4,
		unsigned long, arg5)
{
	struct task_struct *me = current;

	switch (option) {
	case PR_SET_PDEATHSIG:
		if (!valid_signal(arg2))
			return -EINVAL;
		me->pdeath_signal = arg2;
		return 0;
	case PR_GET_PDEATHSIG:
		return put_user(me->pdeath_signal, (int __user *)arg2);
	case PR_GET_DUMPABLE:
		return get_dumpable(me->mm);
	case PR_SET_DUMPABLE:
		if (arg2 != SUID_DUMP_DISABLE && arg2 != SUID_DUMP_USER)
			return -EINVAL;
		set_dumpable(me->mm, arg2);
		return 0;
	case PR_SET_PTRACER:
		return yama_set_ptracer(arg2);
	case PR_SET_NAME:
		return prctl_set_name((const char __user *)arg2);
	case PR_GET_NAME:
		return prctl_get_name((char __user *)arg2);
	case PR_GET_TIMING:
		return PR_TIMING_STATISTICAL;
	case PR_SET_TIMING:
		return arg2 == PR_TIMING_STATISTICAL ? 0 : -EINVAL;
	case PR_SET_KEEPCAPS:
		return prctl_set_keepcaps(arg2);
	case PR_GET_KEEPCAPS:
		return !!(current_cred()->securebits & (1U << SECURE_KEEP_CAPS));
	case PR_SET_SECUREBITS:
		return prctl_set_securebits(arg2);
	case PR_GET_SECUREBITS:
		return current_cred()->securebits;
	case PR_CAPBSET_READ:
		return arg2 > CAP_LAST_CAP ? -EINVAL : cap_raised(current_cred()->cap_bset, arg2);
	case PR_CAPBSET_DROP:
		return prctl_capbset_drop(arg2);
	case PR_CAP_AMBIENT:
		return prctl_cap_ambient(arg2, arg3, arg4, arg5);
	case PR_GET_TIMERSLACK:
		return me->timer_slack_ns;
	case PR_SET_TIMERSLACK:
		me->timer_slack_ns = (long)arg2 <= 0 ? me->default_timer_slack_ns : arg2;
		return 0;
	case PR_SET_CHILD_SUBREAPER:
		return prctl_set_subreaper(arg2);
	case PR_GET_CHILD_SUBREAPER:
		return put_user((int)me->signal->is_child_subreaper, (int __user *)arg2);
	case PR_SET_NO_NEW_PRIVS:
		if (arg2 != 1 || arg3 || arg4 || arg5)
			return -EINVAL;
		me->no_new_privs = 1;
		return 0;
	case PR_GET_NO_NEW_PRIVS:
		if (arg2 || arg3 || arg4 || arg5)
			return -EINVAL;
		return me->no_new_privs;
	case PR_SET_MM:
		return prctl_set_mm(arg2, arg3, arg4, arg5);
	case PR_SET_VMA:
		return prctl_set_vma(arg2, arg3, arg4, (const char __user *)arg5);
	case PR_SET_THP_DISABLE:
		return arg3 || arg4 || arg5 ? -EINVAL : prctl_set_thp_disable(arg2);
	case PR_GET_THP_DISABLE:
		if (arg2 || arg3 || arg4 || arg5)
			return -EINVAL;
		return !!(me->mm->flags & (1UL << MMF_DISABLE_THP));
	case PR_GET_TID_ADDRESS:
		return put_user(me->clear_child_tid, (int __user *__user *)arg2);
	default:
		return -EINVAL;
	}
}

SYSCALL_DEFINE5(kcmp, pid_t, pid1, pid_t, pid2, int, type, unsigned long, idx1, unsigned long, idx2)
{
	return -ENOSYS; /* as a kernel without CONFIG_KCMP */
}

/* oom_score_adj and friends are files of procfs. */
