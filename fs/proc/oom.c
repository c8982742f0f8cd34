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
#include <kernel/oom.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/vmstat.h>

#include "internal.h"

#include <linux/capability.h>
#include <linux/oom.h>

int proc_oom_score(struct seq_file *m, struct task_struct *task)
{
	long total = totalram_pages(), badness = oom_badness(task, total);
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

static int set_adj(struct task_struct *task, short adj, short least)
{
	struct signal_struct *sig = task->signal;

	if (adj < least && !capable(CAP_SYS_RESOURCE))
		return -EACCES;
	sig->oom_score_adj = adj;
	return 0;
}

ssize_t proc_oom_score_adj_write(struct task_struct *task, char *buf, size_t count)
{
	int value, err = kstrtoint(strim(buf), 0, &value);

	if (err)
		return err;
	if (value < OOM_SCORE_ADJ_MIN || value > OOM_SCORE_ADJ_MAX)
		return -EINVAL;
	err = set_adj(task, value, task->signal->oom_score_adj_min);
	if (err)
		return err;
	if (capable(CAP_SYS_RESOURCE))
		task->signal->oom_score_adj_min = value;
	return count;
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
	err = set_adj(task, value, task->signal->oom_score_adj);
	return err ? err : (ssize_t)count;
}
