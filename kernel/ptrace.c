// SPDX-License-Identifier: MIT
/*
 * Who traces whom, and who may.
 *
 * 1 Terms. A tracer has tracees (task->ptraced, linked by ptrace_entry). A tracee's `parent`, which hears
 *   of its stops and reaps it first, is the tracer; its `real_parent` is still who made it. Without a
 *   tracer both are the same.
 *
 *	TRACEME ------------\
 *	ATTACH, SEIZE -------+--> traced --DETACH, exit of the tracer, exit of the tracee--> not traced
 *	fork of a tracee ---/
 *
 * 2 Invariants (tasklist_lock): t->ptrace != 0  <=>  t is in t->parent->ptraced;
 *   t->ptrace == 0  =>  t->parent == t->real_parent.
 * 3 Locks: tasklist_lock for writing makes and cuts the tie, with siglock for what the tracee reads on
 *   its own (ptrace, jobctl). cred_guard_mutex keeps an exec from deciding about set-id bits meanwhile.
 * 4 A tracee that stands in a trap is frozen while a request works on it (JOBCTL_PTRACE_FROZEN): even
 *   SIGKILL wakes it only afterwards, so its registers and stack stand still.
 * 5 Permission: ptrace(2), "Ptrace access mode checking": same thread group; or same ids and no
 *   capability that the caller lacks; or CAP_SYS_PTRACE. A program that is not dumpable only by
 *   CAP_SYS_PTRACE. Then Yama (kernel/yama/ptrace_scope), which restricts attaching.
 * 6 Linux 6.1: kernel/ptrace.c, security/commoncap.c, security/yama/yama_lsm.c. There are no user
 *   namespaces here, so one set of capabilities.
 * 7 See TracerPid in /proc/PID/status.
 */
#include <base/bug.h>
#include <base/err.h>
#include <base/errno.h>
#include <seam/barrier.h>
#include <sync/mutex.h>
#include <sync/rcu.h>
#include <sync/rwlock.h>
#include <sync/rwsem.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <kernel/cred.h>
#include <kernel/exec.h>
#include <kernel/ksyscall.h>
#include <kernel/pid.h>
#include <kernel/ptrace.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/gup.h>
#include <mm/mm_struct.h>
#include "signal_internal.h"

/* ---- permission ---- */

#define PTRACER_ANY ((struct pid *)1)

int ptrace_scope;

/* => under RCU */
static bool is_descendant(struct task_struct *task)
{
	struct task_struct *p = task->group_leader;

	for (; p->pid > 0; p = READ_ONCE(p->real_parent)->group_leader)
		if (same_thread_group(p, current))
			return true;
	return false;
}

/* Has @task named current, or one of its ancestors, by PR_SET_PTRACER? => under RCU */
static bool named_as_tracer(struct task_struct *task)
{
	struct pid *named = READ_ONCE(task->signal->ptracer_named);
	struct task_struct *p;

	if (!named || named == PTRACER_ANY)
		return named;
	for (p = current; p->pid > 0; p = READ_ONCE(p->real_parent))
		if (task_tgid(p) == named)
			return true;
	return false;
}

static bool yama_allows(struct task_struct *task)
{
	bool yes = true;

	switch (ptrace_scope) {
	case 0:
		break;
	case 1:
		rcu_read_lock();
		yes = task->exit_state || is_descendant(task) || named_as_tracer(task);
		rcu_read_unlock();
		yes = yes || capable(CAP_SYS_PTRACE);
		break;
	case 2:
		yes = capable(CAP_SYS_PTRACE);
		break;
	default:
		yes = false;
	}
	return yes;
}

/* prctl(PR_SET_PTRACER): 0 forgets, -1 anybody. 0, -EINVAL. */
int yama_set_ptracer(unsigned long nr)
{
	struct signal_struct *sig = current->signal;
	struct pid *named = NULL, *old;

	if ((int)nr == -1) {
		named = PTRACER_ANY;
	} else if (nr) {
		struct task_struct *p = find_get_task_by_vpid((pid_t)nr);

		if (!p)
			return -EINVAL;
		named = get_task_pid(p, PIDTYPE_TGID);
		put_task_struct(p);
	}
	spin_lock_irq(&current->sighand->siglock);
	old = sig->ptracer_named;
	WRITE_ONCE(sig->ptracer_named, named);
	spin_unlock_irq(&current->sighand->siglock);
	if (old && old != PTRACER_ANY) {
		synchronize_rcu(); /* named_as_tracer() compares the address only */
		put_pid(old);
	}
	return 0;
}

void yama_task_free(struct signal_struct *sig)
{
	if (sig->ptracer_named && sig->ptracer_named != PTRACER_ANY)
		put_pid(sig->ptracer_named);
}

static bool same_ids(const struct cred *me, const struct cred *it, unsigned int mode)
{
	bool fs = mode & PTRACE_MODE_FSCREDS;
	uid_t uid = fs ? me->fsuid : me->uid;
	gid_t gid = fs ? me->fsgid : me->gid;

	return uid == it->euid && uid == it->suid && uid == it->uid && gid == it->egid &&
	       gid == it->sgid && gid == it->gid;
}

/* => task_lock of @task held */
static int __ptrace_may_access(struct task_struct *task, unsigned int mode)
{
	const struct cred *me = current_cred(), *it;
	kernel_cap_t caps = mode & PTRACE_MODE_FSCREDS ? me->cap_effective : me->cap_permitted;
	bool same, no_more;

	if (same_thread_group(task, current))
		return 0;
	rcu_read_lock();
	it = __task_cred(task);
	same = same_ids(me, it, mode);
	no_more = !(it->cap_permitted & ~caps);
	rcu_read_unlock();
	if (!(same && no_more) && !capable(CAP_SYS_PTRACE))
		return -EPERM;
	/* Who drops ids becomes undumpable first: commit_creds(). */
	smp_rmb();
	if (task->mm && get_dumpable(task->mm) != SUID_DUMP_USER && !capable(CAP_SYS_PTRACE))
		return -EPERM;
	if ((mode & PTRACE_MODE_ATTACH) && !yama_allows(task))
		return -EPERM;
	return 0;
}

bool ptrace_may_access(struct task_struct *task, unsigned int mode)
{
	int err;

	task_lock(task);
	err = __ptrace_may_access(task, mode);
	task_unlock(task);
	return !err;
}

struct mm_struct *mm_access(struct task_struct *task, unsigned int mode)
{
	struct mm_struct *mm;

	/* An exec changes ids and memory together. */
	if (down_read_killable(&task->signal->exec_update_lock))
		return ERR_PTR(-EINTR);
	mm = get_task_mm(task);
	if (mm && mm != current->mm && !ptrace_may_access(task, mode)) {
		mmput(mm);
		mm = ERR_PTR(-EACCES);
	}
	up_read(&task->signal->exec_update_lock);
	return mm;
}

bool ptracer_capable(struct task_struct *task)
{
	const struct cred *cred;
	bool yes = true;

	rcu_read_lock();
	cred = READ_ONCE(task->ptracer_cred);
	if (cred)
		yes = cap_raised(cred->cap_effective, CAP_SYS_PTRACE);
	rcu_read_unlock();
	return yes;
}

int ptrace_access_vm(struct task_struct *task, unsigned long addr, void *buf, int len,
		     unsigned int gup_flags)
{
	struct mm_struct *mm = get_task_mm(task);
	int done = 0;

	if (!mm)
		return 0;
	if (task->ptrace && task->parent == current &&
	    (get_dumpable(mm) == SUID_DUMP_USER || ptracer_capable(task)))
		done = access_remote_vm(mm, addr, buf, len, gup_flags);
	mmput(mm);
	return done;
}

/* ---- making the tie; => tasklist_lock for writing ---- */

static void ptrace_link(struct task_struct *child, struct task_struct *tracer,
			const struct cred *cred)
{
	list_add(&child->ptrace_entry, &tracer->ptraced);
	WRITE_ONCE(child->parent, tracer);
	WRITE_ONCE(child->ptracer_cred, get_cred(cred));
}

void ptrace_init_task(struct task_struct *child, bool trace)
{
	if (likely(!trace || !current->ptrace)) {
		child->ptracer_cred = NULL;
		return;
	}
	child->ptrace = current->ptrace;
	ptrace_link(child, current->parent, current->ptracer_cred);
	if (child->ptrace & PT_SEIZED)
		task_set_jobctl_pending(child, JOBCTL_TRAP_STOP);
	else
		sigaddset(&child->pending.signal, SIGSTOP);
	set_tsk_thread_flag(child, TIF_SIGPENDING);
}

static DECLARE_WAIT_QUEUE_HEAD(trapping_wait);

void task_clear_jobctl_trapping(struct task_struct *t)
{
	if (unlikely(t->jobctl & JOBCTL_TRAPPING)) {
		t->jobctl &= ~JOBCTL_TRAPPING;
		wake_up_all(&trapping_wait);
	}
}

/* May @task be traced by current, in this way? 0 and the lock of its exec held, or an errno. */
static int lock_for_attach(struct task_struct *task)
{
	int err;

	if ((task->flags & (PF_KTHREAD | PF_IO_WORKER)) || same_thread_group(task, current))
		return -EPERM;
	if (mutex_lock_interruptible(&task->signal->cred_guard_mutex))
		return -ERESTARTNOINTR;
	task_lock(task);
	err = __ptrace_may_access(task, PTRACE_MODE_ATTACH_REALCREDS);
	task_unlock(task);
	if (err)
		mutex_unlock(&task->signal->cred_guard_mutex);
	return err;
}

/* => tasklist_lock for writing */
static int tie(struct task_struct *task, unsigned int flags)
{
	if (task->exit_state || task->ptrace)
		return -EPERM;
	task->ptrace = flags;
	ptrace_link(task, current, current_cred());
	if (!(flags & PT_SEIZED))
		send_sig_info(SIGSTOP, SEND_SIG_PRIV, task);
	spin_lock(&task->sighand->siglock);
	/* Stopped already: it goes from there into a trap, without user mode in between. */
	if (task_is_stopped(task) &&
	    task_set_jobctl_pending(task, JOBCTL_TRAP_STOP | JOBCTL_TRAPPING)) {
		task->jobctl &= ~JOBCTL_STOPPED;
		signal_wake_up_state(task, __TASK_STOPPED);
	}
	spin_unlock(&task->sighand->siglock);
	return 0;
}

int ptrace_check_options(unsigned long options)
{
	if (options & ~(unsigned long)PTRACE_O_MASK)
		return -EINVAL;
	/* There is no seccomp that could be suspended. */
	return options & PTRACE_O_SUSPEND_SECCOMP ? -EINVAL : 0;
}

static int ptrace_attach(struct task_struct *task, long request, unsigned long addr,
			 unsigned long options)
{
	unsigned int flags = PT_PTRACED;
	int err;

	if (request == PTRACE_SEIZE) {
		if (addr || (options & ~(unsigned long)PTRACE_O_MASK))
			return -EIO;
		err = ptrace_check_options(options);
		if (err)
			return err;
		flags |= PT_SEIZED | (unsigned int)options << PT_OPT_SHIFT;
	}
	err = lock_for_attach(task);
	if (err)
		return err;
	write_lock_irq(&tasklist_lock);
	err = tie(task, flags);
	write_unlock_irq(&tasklist_lock);
	mutex_unlock(&task->signal->cred_guard_mutex);
	/* Killed meanwhile: we are about to exit, which clears the bit. */
	if (!err)
		(void)wait_event_killable(trapping_wait,
					  !(READ_ONCE(task->jobctl) & JOBCTL_TRAPPING));
	return err;
}

/* May the parent trace current, which asks for it? => tasklist_lock */
static bool parent_may_trace(struct task_struct *parent)
{
	kernel_cap_t mine = current_cred()->cap_permitted;
	bool yes;

	rcu_read_lock();
	yes = !(mine & ~__task_cred(parent)->cap_permitted);
	rcu_read_unlock();
	yes = yes || has_capability(parent, CAP_SYS_PTRACE);
	if (ptrace_scope == 2)
		return yes && has_capability(parent, CAP_SYS_PTRACE);
	return yes && ptrace_scope < 3;
}

static int ptrace_traceme(void)
{
	int err = -EPERM;

	write_lock_irq(&tasklist_lock);
	if (!current->ptrace && parent_may_trace(current->parent)) {
		err = 0;
		/* A parent that is exiting has let go of its tracees: as if it did so right now. */
		if (!(current->real_parent->flags & PF_EXITING)) {
			current->ptrace = PT_PTRACED;
			ptrace_link(current, current->real_parent, current_cred());
		}
	}
	write_unlock_irq(&tasklist_lock);
	return err;
}

/* ---- cutting it; => tasklist_lock for writing ---- */

void ptrace_unlink(struct task_struct *child)
{
	const struct cred *cred = child->ptracer_cred;

	if (likely(!child->ptrace))
		return;
	clear_tsk_thread_flag(child, TIF_SYSCALL_TRACE);
	clear_tsk_thread_flag(child, TIF_SYSCALL_EMU);
	WRITE_ONCE(child->parent, child->real_parent);
	list_del_init(&child->ptrace_entry);
	WRITE_ONCE(child->ptracer_cred, NULL);
	put_cred(cred);

	spin_lock(&child->sighand->siglock);
	child->ptrace = 0;
	task_clear_jobctl_pending(child, JOBCTL_TRAP_MASK);
	task_clear_jobctl_trapping(child);
	/* Its group stands, and so shall it, as it would without us. */
	if (!(child->flags & PF_EXITING) &&
	    ((child->signal->flags & SIGNAL_STOP_STOPPED) || child->signal->group_stop_count)) {
		child->jobctl |= JOBCTL_STOP_PENDING;
		if (!(child->jobctl & JOBCTL_STOP_SIGMASK))
			child->jobctl |= SIGSTOP;
	}
	if ((child->jobctl & JOBCTL_STOP_PENDING) || task_is_traced(child))
		ptrace_signal_wake_up(child, true);
	spin_unlock(&child->sighand->siglock);
}

static bool ignores_children(struct sighand_struct *sighand)
{
	const struct sigaction *sa = &sighand->action[SIGCHLD - 1].sa;

	return sa->sa_handler == SIG_IGN || (sa->sa_flags & SA_NOCLDWAIT);
}

/* True: it is a zombie that nobody waits for, the caller has to reap it. */
static bool untie(struct task_struct *tracer, struct task_struct *p)
{
	bool dead;

	ptrace_unlink(p);
	if (p->exit_state != EXIT_ZOMBIE)
		return false;
	dead = !thread_group_leader(p);
	if (!dead && thread_group_empty(p)) {
		if (!same_thread_group(p->real_parent, tracer)) {
			dead = do_notify_parent(p, p->exit_signal);
		} else if (ignores_children(tracer->sighand)) {
			__wake_up_parent(p, tracer);
			dead = true;
		}
	}
	if (dead)
		p->exit_state = EXIT_DEAD;
	return dead;
}

static int ptrace_detach(struct task_struct *child, unsigned long sig)
{
	if (!valid_signal(sig))
		return -EIO;
	ptrace_disable(child);
	write_lock_irq(&tasklist_lock);
	/* It is frozen in its trap: no zombie, and nobody else's tracee. */
	WARN_ON_ONCE(!child->ptrace || child->exit_state);
	child->exit_code = (int)sig;
	untie(current, child);
	write_unlock_irq(&tasklist_lock);
	return 0;
}

void exit_ptrace(struct task_struct *tracer, struct list_head *dead)
{
	struct task_struct *p, *n;

	list_for_each_entry_safe (p, n, &tracer->ptraced, ptrace_entry) {
		if (p->ptrace & PT_EXITKILL)
			send_sig_info(SIGKILL, SEND_SIG_PRIV, p);
		if (untie(tracer, p))
			list_add(&p->ptrace_entry, dead);
	}
}

/* ---- requests ---- */

/*
 * The number may have come to mean another task: a thread that became leader by exec and stands in the
 * stop that tells of it, which the tracer has not heard of yet.
 */
static bool is_news(struct task_struct *task)
{
	return task->exit_code == (PTRACE_EVENT_EXEC << 8 | SIGTRAP) &&
	       (unsigned long)task_pid_nr(task) != task->ptrace_message;
}

static bool ptrace_freeze_traced(struct task_struct *task)
{
	bool frozen = false;

	/* Only its tracer, who asks, could have put it there. */
	if (READ_ONCE(task->jobctl) & JOBCTL_LISTENING)
		return false;
	spin_lock_irq(&task->sighand->siglock);
	if (task_is_traced(task) && !is_news(task) && !__fatal_signal_pending(task)) {
		task->jobctl |= JOBCTL_PTRACE_FROZEN;
		frozen = true;
	}
	spin_unlock_irq(&task->sighand->siglock);
	return frozen;
}

static void ptrace_unfreeze_traced(struct task_struct *task)
{
	unsigned long flags;

	if (!lock_task_sighand(task, &flags))
		return;
	task->jobctl &= ~JOBCTL_PTRACE_FROZEN;
	if (__fatal_signal_pending(task)) {
		task->jobctl &= ~JOBCTL_TRACED;
		wake_up_state(task, __TASK_TRACED);
	}
	unlock_task_sighand(task, &flags);
}

/* Is @child a tracee of current, and (unless @running will do) does it stand still? 0, -ESRCH. */
static int ptrace_check_attach(struct task_struct *child, bool running)
{
	int err = -ESRCH;

	read_lock(&tasklist_lock);
	if (child->ptrace && child->parent == current && (running || ptrace_freeze_traced(child)))
		err = 0;
	read_unlock(&tasklist_lock);
	if (!err && !running && WARN_ON_ONCE(!wait_task_inactive(child, __TASK_TRACED)))
		err = -ESRCH;
	return err;
}

/* => @child is ours; it stands still but for KILL and INTERRUPT */
static long do_request(struct task_struct *child, long request, unsigned long addr,
		       unsigned long data)
{
	bool running = request == PTRACE_KILL || request == PTRACE_INTERRUPT;
	long ret;

	if (request == PTRACE_DETACH)
		ret = ptrace_detach(child, data);
	else
		ret = arch_ptrace(child, request, addr, data);
	if (!running && (ret || request != PTRACE_DETACH))
		ptrace_unfreeze_traced(child);
	return ret;
}

SYSCALL_DEFINE4(ptrace, long, request, long, pid, unsigned long, addr, unsigned long, data)
{
	struct task_struct *child;
	long ret;

	if (request == PTRACE_TRACEME)
		return ptrace_traceme();
	child = find_get_task_by_vpid((pid_t)pid);
	if (!child)
		return -ESRCH;
	if (request == PTRACE_ATTACH || request == PTRACE_SEIZE) {
		ret = ptrace_attach(child, request, addr, data);
	} else {
		ret = ptrace_check_attach(child,
					  request == PTRACE_KILL || request == PTRACE_INTERRUPT);
		if (!ret)
			ret = do_request(child, request, addr, data);
	}
	put_task_struct(child);
	return ret;
}
