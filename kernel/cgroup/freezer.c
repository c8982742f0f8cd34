// SPDX-License-Identifier: MIT
/*
 * cgroup.freeze: all tasks of a subtree stand still, and can still be killed, traced and moved.
 *
 * Each thread gets JOBCTL_TRAP_FREEZE and is woken as by a signal; on its way to user mode it sleeps in
 * cgroup_freezer_trap() until the mark is gone or it must die. Signals wait. A thread that is stopped by job control or
 * by its tracer does nothing either and counts as frozen too.
 *
 *	frozen(g) = effective_freeze(g) && nr_frozen_tasks(g) == nr_tasks(g) && nr_frozen_children(g) == nr_children(g)
 *
 * update_frozen() brings g->frozen up to that after any change, upwards. All under cgroup_tasks_lock.
 *
 * Linux 6.1: kernel/cgroup/freezer.c. Look: "frozen" in cgroup.events.
 */
#include <base/errno.h>
#include <base/printf.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <sync/rcu.h>
#include <sync/rwlock.h>

#include "../signal_internal.h"
#include "cgroup_internal.h"

static void update_frozen(struct cgroup *cgrp)
{
	for (; cgrp->parent; cgrp = cgrp->parent) {
		bool frozen = cgrp->effective_freeze && cgrp->nr_frozen_tasks == cgrp->nr_tasks &&
			      cgrp->nr_frozen_children == cgrp->nr_children;

		if (frozen == cgrp->frozen)
			return;
		cgrp->frozen = frozen;
		cgrp->parent->nr_frozen_children += frozen ? 1 : -1;
		cgroup_notify(cgrp, CGROUP_EVENTS);
	}
}

/* ---- current ---- */

void cgroup_enter_frozen(void)
{
	if (likely(!cgroup_visible) || current->frozen)
		return;
	spin_lock_irq(&cgroup_tasks_lock);
	current->frozen = 1;
	task_cgroup(current)->nr_frozen_tasks++;
	update_frozen(task_cgroup(current));
	spin_unlock_irq(&cgroup_tasks_lock);
}

static void stop_counting(struct task_struct *task, struct cgroup *cgrp)
{
	task->frozen = 0;
	cgrp->nr_frozen_tasks--;
}

void cgroup_leave_frozen(bool always)
{
	struct cgroup *cgrp;

	spin_lock_irq(&cgroup_tasks_lock);
	cgrp = task_cgroup(current);
	if (always || !cgrp->effective_freeze) {
		stop_counting(current, cgrp);
		update_frozen(cgrp);
	} else {
		spin_lock(&current->sighand->siglock);
		current->jobctl |= JOBCTL_TRAP_FREEZE;
		set_thread_flag(TIF_SIGPENDING);
		spin_unlock(&current->sighand->siglock);
	}
	spin_unlock_irq(&cgroup_tasks_lock);
}

void cgroup_freezer_trap(void)
{
	/* Another stop comes first. */
	if (current->jobctl & JOBCTL_PENDING_MASK) {
		spin_unlock_irq(&current->sighand->siglock);
		return;
	}
	/* A signal or the thaw sets the flag again and wakes. */
	set_current_state(TASK_INTERRUPTIBLE);
	clear_thread_flag(TIF_SIGPENDING);
	spin_unlock_irq(&current->sighand->siglock);
	cgroup_enter_frozen();
	schedule();
}

/* ---- others ---- */

/* => cgroup_tasks_lock; tasklist_lock, or @task is known to nobody yet */
static void mark_task(struct task_struct *task, bool freeze)
{
	struct sighand_struct *sighand = READ_ONCE(task->sighand);

	if (!sighand || (task->flags & (PF_KTHREAD | PF_EXITING)))
		return;
	spin_lock(&sighand->siglock);
	if (freeze != !!(task->jobctl & JOBCTL_TRAP_FREEZE)) {
		task->jobctl ^= JOBCTL_TRAP_FREEZE;
		if (freeze)
			signal_wake_up(task, false);
		else
			wake_up_process(task);
	}
	spin_unlock(&sighand->siglock);
}

void cgroup_freezer_joined(struct task_struct *task, struct cgroup *cgrp)
{
	bool marked = task->jobctl & JOBCTL_TRAP_FREEZE;

	if (task->frozen)
		cgrp->nr_frozen_tasks++;
	if (marked != cgrp->effective_freeze)
		mark_task(task, cgrp->effective_freeze);
	update_frozen(cgrp);
}

void cgroup_freezer_left(struct task_struct *task, struct cgroup *cgrp)
{
	if (task->frozen)
		cgrp->nr_frozen_tasks--;
	update_frozen(cgrp);
}

void cgroup_freezer_created(struct cgroup *cgrp)
{
	cgrp->parent->nr_children++;
	cgrp->effective_freeze = cgrp->parent->effective_freeze;
	update_frozen(cgrp);
}

void cgroup_freezer_destroyed(struct cgroup *cgrp)
{
	cgrp->parent->nr_children--;
	cgrp->parent->nr_frozen_children -= cgrp->frozen;
	update_frozen(cgrp->parent);
}

int cgroup_freeze_write(struct file *file, struct cgroup *cgrp, char *text)
{
	struct task_struct *p, *t;
	struct cgroup *pos;
	int freeze, err = kstrtoint(text, 0, &freeze);

	if (err)
		return err;
	if (freeze < 0 || freeze > 1)
		return -ERANGE;
	read_lock(&tasklist_lock);
	spin_lock_irq(&cgroup_tasks_lock);
	cgrp->freeze = freeze;
	cgroup_for_each_descendant(pos, cgrp) pos->effective_freeze =
		pos->freeze || pos->parent->effective_freeze;
	for_each_thread_below(p, t, cgrp) mark_task(t, t->cgroup->effective_freeze);
	/* Children before parents would do in one pass; each leaf's change goes up by itself. */
	cgroup_for_each_descendant(pos, cgrp) update_frozen(pos);
	spin_unlock_irq(&cgroup_tasks_lock);
	read_unlock(&tasklist_lock);
	return 0;
}
