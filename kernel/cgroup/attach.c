// SPDX-License-Identifier: MIT
/*
 * Who is in which group: fork, exit, moving, killing.
 *
 * A process moves as a whole (cgroup.procs) or, within a threaded subtree, thread by thread (cgroup.threads). Who moves
 * must be allowed to write to cgroup.procs of the common ancestor of both places, as judged by the credentials with
 * which the file was opened; what the destination must be like is said at the top of cgroup.c.
 *
 * All threads of a process move under tasklist_lock: none can be born meanwhile, and none that is born into the group
 * escapes a kill.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/printf.h>
#include <fs/dentry.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/seq_file.h>
#include <fs/super.h>
#include <kernel/cred.h>
#include <kernel/pid.h>
#include <kernel/psi.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <sync/rcu.h>
#include <sync/rwlock.h>

#include "cgroup_internal.h"

#include <linux/magic.h>
#include <linux/sched.h>

/* ---- membership ---- */

void cgroup_tell(struct task_struct *task, int i, void *css)
{
	if (cgroup_subsys[i]->attach)
		cgroup_subsys[i]->attach(task, css);
}

/* @task, in no group's count, becomes a member of @cgrp. => cgroup_tasks_lock */
static void join(struct task_struct *task, struct cgroup *cgrp)
{
	struct cgroup *old = task->cgroup;

	/* The old group keeps what it had there, the new one gets what it has from now on. The root needs neither. */
	if (old || cgrp->parent)
		cgroup_tell_times(task);
	WRITE_ONCE(task->cgroup, cgrp->parent ? cgroup_get(cgrp) : NULL);
	cgroup_count_task(cgrp, 1);
	cgroup_count_pids(cgrp, 1);
	for (int i = 0; i < NR_CGROUP_SUBSYS; i++)
		cgroup_tell(task, i, cgroup_effective_css(cgrp, i));
	psi_move_task(task, cgrp->psi);
	cgroup_freezer_joined(task, cgrp);
	cgroup_put(old);
}

/* => cgroup_tasks_lock */
static void leave(struct task_struct *task)
{
	struct cgroup *cgrp = task_cgroup(task);

	cgroup_count_task(cgrp, -1);
	cgroup_freezer_left(task, cgrp);
}

/* => tasklist_lock */
static void move_task(struct task_struct *task, struct cgroup *to)
{
	spin_lock_irq(&cgroup_tasks_lock);
	if (!(task->flags & PF_EXITING) && task_cgroup(task) != to) {
		leave(task);
		cgroup_count_pids(task_cgroup(task), -1);
		join(task, to);
	}
	spin_unlock_irq(&cgroup_tasks_lock);
}

void cgroup_update_tasks(struct cgroup *cgrp, int i)
{
	struct task_struct *p, *t;

	read_lock(&tasklist_lock);
	spin_lock_irq(&cgroup_tasks_lock);
	if (cgroup_is_populated(cgrp))
		for_each_thread_below(p, t, cgrp)
			cgroup_tell(t, i, cgroup_effective_css(t->cgroup, i));
	spin_unlock_irq(&cgroup_tasks_lock);
	read_unlock(&tasklist_lock);
}

/* ---- may it? ---- */

/* => cgroup_mutex or cgroup_tasks_lock */
static int vet_destination(const struct cgroup *to)
{
	if (to->dead)
		return -ENODEV;
	if (!cgroup_is_valid_domain(to->dom))
		return -EOPNOTSUPP;
	if (!to->parent || cgroup_can_be_thread_root(to) || cgroup_is_threaded(to))
		return 0;
	return to->subtree_control ? -EBUSY : 0; /* no internal processes */
}

static int may_write_procs(struct cgroup *cgrp, struct super_block *sb)
{
	struct kernfs_node *procs = kernfs_find(cgrp->dir, "cgroup.procs");

	return procs ? kernfs_permission(sb, procs, MAY_WRITE) : -ENODEV;
}

/* => cgroup_mutex */
static int may_move(struct cgroup *from, struct cgroup *to, struct super_block *sb, bool process)
{
	struct cgroup *common = from;
	int err;

	while (!cgroup_is_descendant(to, common))
		common = common->parent;
	/* What a zombie was in may be gone, but not what encloses it and @to. */
	err = may_write_procs(common, sb);
	if (!err)
		err = vet_destination(to);
	if (!err && !process && from->dom != to->dom)
		err = -EOPNOTSUPP;
	return err;
}

/* ---- cgroup.procs, cgroup.threads ---- */

/* The task that was written, with a reference; a leader for @process. ERR_PTR. */
static struct task_struct *named_task(const char *text, bool process)
{
	struct task_struct *task;
	int pid;

	if (kstrtoint(text, 0, &pid) || pid < 0)
		return ERR_PTR(-EINVAL);
	rcu_read_lock();
	task = pid ? find_task_by_vpid(pid) : current;
	if (task && process)
		task = task->group_leader;
	if (!task)
		task = ERR_PTR(-ESRCH);
	else if (task->flags & PF_KTHREAD)
		task = ERR_PTR(-EINVAL); /* the kernel's own stay where they are */
	else
		get_task_struct(task);
	rcu_read_unlock();
	return task;
}

static int attach(struct file *file, struct cgroup *to, const char *text, bool process)
{
	struct task_struct *task = named_task(text, process), *t;
	const struct cred *saved;
	struct cgroup *from;
	int err;

	if (IS_ERR(task))
		return PTR_ERR(task);
	rcu_read_lock();
	from = task_cgroup(task);
	rcu_read_unlock();
	saved = override_creds(file->f_cred);
	err = may_move(from, to, file_inode(file)->i_sb, process);
	revert_creds(saved);
	if (!err) {
		read_lock(&tasklist_lock);
		if (!process || !task->sighand)
			move_task(task, to);
		else
			for_each_thread (task, t)
				move_task(t, to);
		read_unlock(&tasklist_lock);
	}
	put_task_struct(task);
	return err;
}

int cgroup_procs_write(struct file *file, struct cgroup *cgrp, char *text)
{
	return attach(file, cgrp, text, true);
}

int cgroup_threads_write(struct file *file, struct cgroup *cgrp, char *text)
{
	return attach(file, cgrp, text, false);
}

/* Does a thread of the process of @leader live? A zombie leader alone is no member. */
static bool process_lives(struct task_struct *leader)
{
	return atomic_read(&leader->signal->live) > 0;
}

int cgroup_procs_show(struct seq_file *m, struct cgroup *cgrp)
{
	struct task_struct *p;

	/* The processes of a threaded group are its domain's. */
	if (cgroup_is_threaded(cgrp))
		return -EOPNOTSUPP;
	rcu_read_lock();
	for_each_process (p)
		if (task_cgroup(p)->dom == cgrp && process_lives(p))
			seq_printf(m, "%d\n", task_tgid_nr(p));
	rcu_read_unlock();
	return 0;
}

int cgroup_threads_show(struct seq_file *m, struct cgroup *cgrp)
{
	struct task_struct *p, *t;

	rcu_read_lock();
	for_each_process_thread(p, t) if (task_cgroup(t) == cgrp && !READ_ONCE(t->exit_state))
		seq_printf(m, "%d\n", task_pid_nr(t));
	rcu_read_unlock();
	return 0;
}

int cgroup_kill_write(struct file *file, struct cgroup *cgrp, char *text)
{
	struct task_struct *p, *t;
	int kill, err = kstrtoint(text, 0, &kill);

	if (err)
		return err;
	if (kill != 1)
		return -ERANGE;
	/* Killing kills processes. */
	if (cgroup_is_threaded(cgrp))
		return -EOPNOTSUPP;
	read_lock(&tasklist_lock);
	for_each_thread_below(p, t, cgrp) if (!(t->flags & PF_KTHREAD) &&
					      !__fatal_signal_pending(t)) send_sig(SIGKILL, t, 0);
	read_unlock(&tasklist_lock);
	return 0;
}

/* ---- fork and exit ---- */

void cgroup_fork(struct task_struct *child)
{
	child->cgroup = NULL;
	child->memcg = NULL;
	child->memcg_over_high = 0;
	child->psi = NULL;
	child->psi_counts = 0;
	child->frozen = 0;
}

struct cgroup *cgroup_of_clone(int fd, u64 clone_flags)
{
	struct file *file = fget_raw(fd);
	struct inode *inode;
	struct cgroup *cgrp;
	int err = -EBADF;

	if (!file)
		return ERR_PTR(-EBADF);
	inode = file_inode(file);
	if (inode->i_sb->s_magic != CGROUP2_SUPER_MAGIC || !S_ISDIR(inode->i_mode)) {
		fput(file);
		return ERR_PTR(-EBADF);
	}
	cgrp = cgroup_get(kernfs_of(inode)->priv);
	mutex_lock(&cgroup_mutex);
	err = cgrp->dead ? -ENOENT : may_write_procs(cgrp, inode->i_sb);
	if (!err)
		err = may_move(task_cgroup(current), cgrp, inode->i_sb,
			       !(clone_flags & CLONE_THREAD));
	mutex_unlock(&cgroup_mutex);
	fput(file);
	if (!err)
		return cgrp;
	cgroup_put(cgrp);
	return ERR_PTR(err);
}

int cgroup_post_fork(struct task_struct *child, struct cgroup *into)
{
	struct cgroup *cgrp;
	int err = 0;

	spin_lock(&cgroup_tasks_lock);
	cgrp = into ? into : task_cgroup(current);
	if (into)
		err = vet_destination(into);
	if (!err)
		err = cgroup_pids_may_fork(cgrp);
	if (!err) {
		cpuset_fork(child);
		join(child, cgrp);
	}
	spin_unlock(&cgroup_tasks_lock);
	return err;
}

void cgroup_exit(struct task_struct *task)
{
	if (likely(!cgroup_visible))
		return;
	spin_lock_irq(&cgroup_tasks_lock);
	leave(task);
	task->frozen = 0;
	for (int i = 0; i < NR_CGROUP_SUBSYS; i++)
		cgroup_tell(task, i, NULL);
	psi_move_task(task, NULL);
	spin_unlock_irq(&cgroup_tasks_lock);
}

void cgroup_release(struct task_struct *task)
{
	if (likely(!task->cgroup))
		return;
	spin_lock_irq(&cgroup_tasks_lock);
	cgroup_count_pids(task->cgroup, -1);
	cgroup_tell_times(task);
	spin_unlock_irq(&cgroup_tasks_lock);
}

void cgroup_free(struct task_struct *task)
{
	if (likely(!task->cgroup))
		return;
	cgroup_tell_last_times(task);
	cgroup_put(task->cgroup);
}
