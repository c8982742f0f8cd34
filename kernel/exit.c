// SPDX-License-Identifier: MIT
/*
 * How a task ends, and what its parent hears of it.
 *
 *	running --do_exit()--> EXIT_ZOMBIE --wait4() or nobody cares--> EXIT_DEAD --release_task()--> freed
 *
 * do_exit() gives back, in the task's own context, all that it holds: memory, files, timers; then its
 * children go to a new parent and its own parent is told. A zombie keeps its number, its times and its
 * exit code. Who moves exit_state from ZOMBIE to DEAD (one winner) calls release_task(), which takes the
 * task out of all lists; the struct lives on until its last reference and an RCU grace period are gone.
 *
 * A process is dead when its last thread is; until then a leader that has exited stays a zombie
 * that cannot be waited for. Children of a thread go to another thread of its process, then to the
 * nearest ancestor that called prctl(PR_SET_CHILD_SUBREAPER), then to PID 1.
 *
 * Locks: all of this is under tasklist_lock (write), with siglock inside.
 */
#include <base/bug.h>
#include <base/errno.h>
#include <sync/preempt.h>
#include <sync/rcu.h>
#include <sync/rwlock.h>
#include <sync/seqlock.h>
#include <drivers/tty.h>
#include <fs/fdtable.h>
#include <fs/fs_struct.h>
#include <ipc/sem.h>
#include <ipc/shm.h>
#include <kernel/cgroup.h>
#include <kernel/coredump.h>
#include <kernel/cred.h>
#include <kernel/exit.h>
#include <kernel/fork.h>
#include <kernel/futex.h>
#include <kernel/panic.h>
#include <kernel/pid.h>
#include <kernel/printk.h>
#include <kernel/ptrace.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task_work.h>
#include <mm/mm_struct.h>
#include <seam/irqflags.h>
#include <seam/mmu_context.h>

/* Taking a task out ------------------------------------------------------------------------------ */

/* => tasklist_lock for writing, siglock */
static void unhash_task(struct task_struct *p, bool group_dead)
{
	nr_threads--;
	detach_pid(p, PIDTYPE_PID);
	if (group_dead) {
		detach_pid(p, PIDTYPE_TGID);
		detach_pid(p, PIDTYPE_PGID);
		detach_pid(p, PIDTYPE_SID);
		list_del_rcu(&p->tasks);
		list_del_init(&p->sibling);
	}
	list_del_rcu(&p->thread_node);
}

/* What the thread used goes into the account of its process. => stats_lock */
static void add_to_group(struct signal_struct *sig, struct task_struct *tsk)
{
	sig->utime += tsk->utime;
	sig->stime += tsk->stime;
	sig->gtime += tsk->gtime;
	sig->min_flt += tsk->min_flt;
	sig->maj_flt += tsk->maj_flt;
	sig->nvcsw += tsk->nvcsw;
	sig->nivcsw += tsk->nivcsw;
	sig->sum_sched_runtime += tsk->se.sum_exec_runtime;
	task_io_add(&sig->io, &tsk->io);
	sig->nr_threads--;
}

/* The thread leaves its process. => tasklist_lock for writing */
static void exit_signal_of(struct task_struct *tsk)
{
	struct signal_struct *sig = tsk->signal;
	struct sighand_struct *sighand = tsk->sighand;
	bool group_dead = thread_group_leader(tsk);

	spin_lock(&sighand->siglock);
	if (group_dead) {
		sig->tty = NULL;
	} else {
		/* An exec waits for the others to go. */
		if (sig->notify_count > 0 && !--sig->notify_count)
			wake_up_process(sig->group_exec_task);
		if (tsk == sig->curr_target)
			sig->curr_target = next_thread(tsk);
	}
	write_seqlock(&sig->stats_lock);
	add_to_group(sig, tsk);
	unhash_task(tsk, group_dead);
	write_sequnlock(&sig->stats_lock);
	flush_sigqueue(&tsk->pending);
	WRITE_ONCE(tsk->sighand, NULL);
	spin_unlock(&sighand->siglock);
	__cleanup_sighand(sighand);
	clear_tsk_thread_flag(tsk, TIF_SIGPENDING);
	if (group_dead)
		flush_sigqueue(&sig->shared_pending);
}

void release_task(struct task_struct *p)
{
	struct task_struct *leader;
	bool zap_leader;

	do {
		cgroup_release(p);
		rcu_read_lock();
		atomic_long_dec(&__task_cred(p)->user->processes);
		rcu_read_unlock();
		write_lock_irq(&tasklist_lock);
		ptrace_unlink(p);
		exit_signal_of(p);
		/* The last other thread of a leader that is a zombie already: now it can be waited for. */
		zap_leader = false;
		leader = p->group_leader;
		if (leader != p && thread_group_empty(leader) &&
		    leader->exit_state == EXIT_ZOMBIE) {
			zap_leader = do_notify_parent(leader, leader->exit_signal);
			if (zap_leader)
				leader->exit_state = EXIT_DEAD;
		}
		write_unlock_irq(&tasklist_lock);
		put_task_struct(p);
		p = leader;
	} while (zap_leader);
}

/* Orphans ---------------------------------------------------------------------------------------- */

/* Is the process group of @tsk orphaned, @ignored not counted as a parent? => tasklist_lock */
static bool will_become_orphaned_pgrp(struct pid *pgrp, struct task_struct *ignored)
{
	struct task_struct *p;
	bool orphaned = true;

	do_each_pid_task (pgrp, PIDTYPE_PGID, p) {
		if (p == ignored || (p->exit_state && thread_group_empty(p)) ||
		    is_global_init(p->real_parent))
			continue;
		if (task_pgrp(p->real_parent) != pgrp &&
		    task_session(p->real_parent) == task_session(p)) {
			orphaned = false;
			break;
		}
	}
	while_each_pid_task(pgrp, PIDTYPE_PGID, p);
	return orphaned;
}

int is_current_pgrp_orphaned(void)
{
	int ret;

	read_lock(&tasklist_lock);
	ret = will_become_orphaned_pgrp(task_pgrp(current), NULL);
	read_unlock(&tasklist_lock);
	return ret;
}

static bool has_stopped_jobs(struct pid *pgrp)
{
	struct task_struct *p;

	do_each_pid_task (pgrp, PIDTYPE_PGID, p) {
		if (p->signal->flags & SIGNAL_STOP_STOPPED)
			return true;
	}
	while_each_pid_task(pgrp, PIDTYPE_PGID, p);
	return false;
}

/*
 * @tsk exits, or (@parent given) loses @parent: a group with stopped members that becomes orphaned by that
 * gets SIGHUP and SIGCONT (POSIX 3.2.2.2). => tasklist_lock for writing
 */
void kill_orphaned_pgrp(struct task_struct *tsk, struct task_struct *parent)
{
	struct pid *pgrp = task_pgrp(tsk);
	struct task_struct *ignored = tsk;

	if (!parent)
		parent = tsk->real_parent; /* our own group, seen from our parent */
	else
		ignored = NULL; /* a child's group, we were its link to the session */
	if (task_pgrp(parent) != pgrp && task_session(parent) == task_session(tsk) &&
	    will_become_orphaned_pgrp(pgrp, ignored) && has_stopped_jobs(pgrp)) {
		__kill_pgrp_info(SIGHUP, SEND_SIG_PRIV, pgrp);
		__kill_pgrp_info(SIGCONT, SEND_SIG_PRIV, pgrp);
	}
}

static struct task_struct *find_alive_thread(struct task_struct *p)
{
	struct task_struct *t;

	for_each_thread (p, t)
		if (!(t->flags & PF_EXITING))
			return t;
	return NULL;
}

static struct task_struct *child_reaper; /* PID 1, or its living thread */

/* Who takes the children of @father. => tasklist_lock for writing */
static struct task_struct *find_new_reaper(struct task_struct *father)
{
	struct task_struct *t = find_alive_thread(father), *p;

	if (t)
		return t;
	if (!child_reaper)
		child_reaper = pid_task(find_vpid(1), PIDTYPE_TGID);
	if (father->signal->has_child_subreaper)
		for (p = father->real_parent; p != child_reaper && p != &init_task;
		     p = p->real_parent) {
			if (!p->signal->is_child_subreaper)
				continue;
			t = find_alive_thread(p);
			if (t)
				return t;
		}
	return child_reaper;
}

/* Child @p of @father has got a new parent of another process. */
static void reparent_leader(struct task_struct *father, struct task_struct *p,
			    struct list_head *dead)
{
	if (p->exit_state == EXIT_DEAD)
		return;
	p->exit_signal = SIGCHLD; /* whatever the old parent had asked for */
	if (!p->ptrace && p->exit_state == EXIT_ZOMBIE && thread_group_empty(p) &&
	    do_notify_parent(p, p->exit_signal)) {
		p->exit_state = EXIT_DEAD;
		list_add(&p->ptrace_entry, dead);
	}
	kill_orphaned_pgrp(p, father);
}

/* Children that nobody wants to wait for go to @dead. => tasklist_lock for writing */
static void forget_original_parent(struct task_struct *father, struct list_head *dead)
{
	struct task_struct *p, *t, *reaper;

	if (unlikely(!list_empty(&father->ptraced)))
		exit_ptrace(father, dead);
	if (list_empty(&father->children))
		return;
	reaper = find_new_reaper(father);
	list_for_each_entry (p, &father->children, sibling) {
		for_each_thread (p, t) {
			WRITE_ONCE(t->real_parent, reaper);
			if (likely(!t->ptrace))
				WRITE_ONCE(t->parent, reaper);
			if (t->pdeath_signal)
				group_send_sig_info(t->pdeath_signal, SEND_SIG_NOINFO, t,
						    PIDTYPE_TGID);
		}
		if (!same_thread_group(reaper, father))
			reparent_leader(father, p, dead);
	}
	list_splice_tail_init(&father->children, &reaper->children);
}

/* Tell the tracer, or the parent of a process that is dead as a whole. True: nobody waits for @tsk. */
static bool notify_of_exit(struct task_struct *tsk)
{
	bool whole = thread_group_leader(tsk) && thread_group_empty(tsk);

	if (unlikely(tsk->ptrace))
		return do_notify_parent(tsk, whole && !ptrace_reparented(tsk) ? tsk->exit_signal
									      : SIGCHLD);
	if (thread_group_leader(tsk))
		return whole && do_notify_parent(tsk, tsk->exit_signal);
	return true;
}

/* Tell the relatives. @tsk is a zombie afterwards, or reaps itself. */
static void exit_notify(struct task_struct *tsk, bool group_dead)
{
	struct task_struct *p, *n;
	LIST_HEAD(dead);

	write_lock_irq(&tasklist_lock);
	forget_original_parent(tsk, &dead);
	if (group_dead)
		kill_orphaned_pgrp(tsk->group_leader, NULL);
	tsk->exit_state = EXIT_ZOMBIE;
	if (notify_of_exit(tsk)) {
		tsk->exit_state = EXIT_DEAD;
		list_add(&tsk->ptrace_entry, &dead);
	}
	/* A thread in exec waits for its leader to become a zombie. */
	if (unlikely(tsk->signal->notify_count < 0))
		wake_up_process(tsk->signal->group_exec_task);
	write_unlock_irq(&tasklist_lock);

	list_for_each_entry_safe (p, n, &dead, ptrace_entry) {
		list_del_init(&p->ptrace_entry);
		release_task(p);
	}
}

/* The end ---------------------------------------------------------------------------------------- */

/* Leave the address space; the CPU goes on with its tables until it switches. */
static void exit_mm(void)
{
	struct mm_struct *mm = current->mm;

	exit_mm_release(current, mm);
	if (!mm)
		return;
	mmgrab(mm); /* as active_mm */
	task_lock(current);
	local_irq_disable();
	current->mm = NULL;
	enter_lazy_tlb(mm, current);
	local_irq_enable();
	task_unlock(current);
	mmput(mm);
}

/* The workers of io_uring do not make a process: when its last other thread goes, they go, too. */
static void kill_io_workers(struct task_struct *tsk)
{
	struct task_struct *t;
	bool last = true;

	if (likely(!tsk->signal->io_wq) || tsk->flags & PF_IO_WORKER)
		return;
	smp_mb(); /* our PF_EXITING before the look at the others': of two that go, one sees the other */
	read_lock(&tasklist_lock);
	for_each_thread (tsk, t)
		last &= !!(READ_ONCE(t->flags) & (PF_IO_WORKER | PF_EXITING));
	if (last) {
		spin_lock_irq(&tsk->sighand->siglock);
		zap_other_threads(tsk);
		spin_unlock_irq(&tsk->sighand->siglock);
	}
	read_unlock(&tasklist_lock);
}

static void check_context(void)
{
	if (unlikely(in_interrupt()))
		panic("Aiee, killing interrupt handler!");
	if (unlikely(!current->pid))
		panic("Attempted to kill the idle task!");
}

void do_exit(long code)
{
	struct task_struct *tsk = current;
	bool group_dead;

	check_context();
	if (unlikely(tsk->flags & PF_EXITING)) {
		/* A fault while exiting: nothing can be given back safely any more. */
		pr_alert("Fixing recursive fault but reboot is needed!\n");
		set_current_state(TASK_UNINTERRUPTIBLE);
		for (;;)
			schedule();
	}
	coredump_task_exit(tsk);
	ptrace_event(PTRACE_EVENT_EXIT, (unsigned long)code);
	exit_signals(tsk); /* sets PF_EXITING */
	kill_io_workers(tsk);
	group_dead = atomic_dec_and_test(&tsk->signal->live);
	if (group_dead) {
		if (unlikely(is_global_init(tsk)))
			panic("Attempted to kill init! exitcode=0x%08x",
			      tsk->signal->group_exit_code ?: (int)code);
		hrtimer_cancel(&tsk->signal->real_timer);
		exit_itimers(tsk);
		if (tsk->mm)
			setmax_mm_hiwater_rss(&tsk->signal->maxrss, tsk->mm);
	}
	WRITE_ONCE(tsk->exit_code, code);
	exit_mm();
	exit_sem(tsk);
	exit_shm(tsk);
	exit_files(tsk);
	exit_fs(tsk);
	if (group_dead)
		disassociate_ctty(1);
	exit_task_work(tsk);
	cgroup_exit(tsk);
	exit_notify(tsk, group_dead);
	do_task_dead();
}

/* After an oops: the state of preemption and interrupts may be anything. */
void make_task_dead(int signr)
{
	local_irq_enable();
	if (unlikely(in_interrupt()))
		panic("Fatal exception in interrupt");
	if (unlikely(!current->pid))
		panic("Fatal exception in the idle task");
	if (preempt_count()) {
		pr_info("note: %s[%d] exited with preempt_count %u\n", current->comm, current->pid,
			preempt_count());
		preempt_count_set(0);
	}
	do_exit(signr);
}

void do_group_exit(int code)
{
	struct signal_struct *sig = current->signal;

	if (sig->flags & SIGNAL_GROUP_EXIT) {
		code = sig->group_exit_code;
	} else if (sig->group_exec_task) {
		code = 0;
	} else {
		struct sighand_struct *sighand = current->sighand;

		spin_lock_irq(&sighand->siglock);
		if (sig->flags & SIGNAL_GROUP_EXIT) {
			code = sig->group_exit_code;
		} else if (sig->group_exec_task) {
			code = 0;
		} else {
			sig->group_exit_code = code;
			sig->flags = SIGNAL_GROUP_EXIT;
			zap_other_threads(current);
		}
		spin_unlock_irq(&sighand->siglock);
	}
	do_exit(code);
}
