// SPDX-License-Identifier: MIT
/*
 * Whom other rules would choose from the same candidates, to judge ours by: shown below each verdict and each dry run.
 *
 * A rule is a name, what it weighs, and a function; a further one is one line of the table and one function. The first is the
 * rule of the kernel. Exempt is who is exempt with it (badness.c).
 */
#include <base/bug.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/seq_file.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include "oom_internal.h"

/* Who asks for pages that only he wants in memory goes first. */
static long badness(const struct task_struct *p, const struct oom_score *s)
{
	return READ_ONCE(p->signal->in_swapoff) ? LONG_MAX : s->points;
}

static long private_memory(const struct task_struct *p, const struct oom_score *s)
{
	return s->points - (long)(s->file + s->shmem);
}

static long address_space(const struct task_struct *p, const struct oom_score *s)
{
	return (long)s->total_vm;
}

static long adj_first(const struct task_struct *p, const struct oom_score *s)
{
	return s->adj * (LONG_MAX / 2000) + (long)(s->rss + s->swapents);
}

static long start(const struct task_struct *p, const struct oom_score *s)
{
	return (long)p->start_time;
}

static const struct {
	const char *name, *what;
	long (*points)(const struct task_struct *p, const struct oom_score *s);
} rules[] = {
	{ "badness", "rss + swapents + pgtables + adj: the kernel's", badness },
	{ "private", "that without file and shared pages, which may stay", private_memory },
	{ "virtual", "address space (Linux up to 2.6.35 began with it)", address_space },
	{ "adj", "oom_score_adj, then size (Android's lowmemorykiller)", adj_first },
	{ "youngest", "started last: the least work is lost", start },
};
_Static_assert(ARRAY_SIZE(rules) == NR_OOM_RULES, "a choice for each rule");

void oom_replay_weigh(struct oom_choice *choice, const struct task_struct *p,
		      const struct oom_score *s)
{
	if (s->exempt != OOM_KILLABLE)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++, choice++) {
		long points = rules[i].points(p, s);

		if (choice->pid && points < choice->points)
			continue;
		choice->points = points;
		choice->pid = p->pid;
		strscpy(choice->comm, p->comm, TASK_COMM_LEN);
	}
}

void oom_replay_show(struct seq_file *m, const struct oom_choice *choice)
{
	seq_puts(m, "\nrule      would choose\n");
	for (size_t i = 0; i < ARRAY_SIZE(rules) && choice->pid; i++, choice++)
		seq_printf(m, "%-8s %7d (%s)  by %s\n", rules[i].name, choice->pid, choice->comm,
			   rules[i].what);
}
