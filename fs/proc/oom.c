/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/{oom_score,oom_score_adj,oom_adj}: how likely the OOM killer takes a process, and how to change that.
 *
 *	oom_score	0 to 2000: 1000 + what the killer counts, in thousandths of memory, two thirds of it
 *	oom_score_adj	-1000 to 1000, added in thousandths of memory; -1000: never
 *	oom_adj		the same in its old scale, -17 to 15
 *
 * Without CAP_SYS_RESOURCE nobody goes below what a privileged one set last.
 * Linux 6.1: fs/proc/base.c; Documentation/filesystems/proc.rst 3.1, 3.2.
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/seq_file.h>
#include <kernel/cred.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/mm_struct.h>
#include <mm/oom.h>
#include <mm/trace_oom.h>
#include <mm/vmstat.h>
#include <sync/rcu.h>

#include "internal.h"

#include <linux/capability.h>
#include <linux/oom.h>

int proc_oom_score(struct seq_file *m, struct task_struct *task)
{
	long total = totalram_pages() + total_swap_page_count();
	long badness = oom_badness(task, total);
	unsigned long points = 0;

	if (badness != LONG_MIN)
		points = (1000 + badness * 1000 / total) * 2 / 3;
	seq_printf(m, "%lu\n", points);
	return 0;
}

int proc_oom_score_adj(struct seq_file *m, struct task_struct *task)
{
	seq_printf(m, "%hd\n", task->signal->oom_score_adj);
	return 0;
}

int proc_oom_adj(struct seq_file *m, struct task_struct *task)
{
	int adj = task->signal->oom_score_adj;

	if (adj == OOM_SCORE_ADJ_MAX)
		adj = OOM_ADJUST_MAX;
	else
		adj = adj * -OOM_DISABLE / OOM_SCORE_ADJ_MAX;
	seq_printf(m, "%d\n", adj > OOM_ADJUST_MAX ? OOM_ADJUST_MAX : adj);
	return 0;
}

static void store_adj(struct task_struct *p, short adj, bool legacy)
{
	p->signal->oom_score_adj = adj;
	if (!legacy && capable(CAP_SYS_RESOURCE))
		p->signal->oom_score_adj_min = adj;
}

/* Processes that share the memory of @task would die with it: they get the same. A vforked child has its own. */
static void set_sharers(struct task_struct *task, short adj, bool legacy)
{
	struct task_struct *p, *t;
	struct mm_struct *mm = NULL;

	t = task->vfork_done ? NULL : find_lock_task_mm(task);
	if (!t)
		return;
	if (atomic_read(&t->mm->mm_users) > 1) {
		mm = t->mm;
		mmgrab(mm);
	}
	task_unlock(t);
	if (!mm)
		return;
	rcu_read_lock();
	for_each_process (p)
		if (!same_thread_group(task, p) && !(p->flags & PF_KTHREAD) && !is_global_init(p) &&
		    !p->vfork_done && process_shares_mm(p, mm))
			store_adj(p, adj, legacy);
	rcu_read_unlock();
	mmdrop(mm);
}

static int set_adj(struct task_struct *task, short adj, bool legacy)
{
	struct signal_struct *sig = task->signal;

	if (adj < (legacy ? sig->oom_score_adj : sig->oom_score_adj_min) &&
	    !capable(CAP_SYS_RESOURCE))
		return -EACCES;
	store_adj(task, adj, legacy);
	trace_oom_score_adj_update(task, adj);
	set_sharers(task, adj, legacy);
	return 0;
}

ssize_t proc_oom_score_adj_write(struct task_struct *task, char *buf, size_t count)
{
	int value, err = kstrtoint(strim(buf), 0, &value);

	if (err)
		return err;
	if (value < OOM_SCORE_ADJ_MIN || value > OOM_SCORE_ADJ_MAX)
		return -EINVAL;
	err = set_adj(task, value, false);
	return err ? err : (ssize_t)count;
}

ssize_t proc_oom_adj_write(struct task_struct *task, char *buf, size_t count)
{
	int value, err = kstrtoint(strim(buf), 0, &value);

	if (err)
		return err;
	if ((value < OOM_ADJUST_MIN || value > OOM_ADJUST_MAX) && value != OOM_DISABLE)
		return -EINVAL;
	value = value == OOM_ADJUST_MAX ? OOM_SCORE_ADJ_MAX
					: value * OOM_SCORE_ADJ_MAX / -OOM_DISABLE;
	err = set_adj(task, value, true);
	return err ? err : (ssize_t)count;
}
