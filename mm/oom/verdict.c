// SPDX-License-Identifier: MIT
/*
 * The verdict explained.
 *
 *	/proc/mm/oom/last	who was killed last, and why him: the request that failed, what reclaim had tried for it, and
 *				the points of all candidates, the highest first
 *	/proc/mm/oom/dry_run	who would die now: the same table, made at the time of reading; nothing happens. Of the machine, or
 *				of the control group whose path was written there ("/": the machine again)
 *
 * Both end with those whom other rules would have chosen (replay.c).
 *
 * The record of the last verdict has room for NR_LINES candidates; when there are more, those with the fewest points are left
 * out and counted. It is allocated when memory gets short for the first time, since the machine has nothing left at a kill; when a
 * group is short there may be enough even then.
 * Lock: verdict_lock (a reader copies nothing, so a kill waits for a reader that prints; readers do not sleep under it). Between
 * the record and the outcome a reader sees a choice that is pending. asked_lock: the path that was written.
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <sync/mutex.h>
#include <sync/rcu.h>
#include <sync/spinlock.h>
#include <fs/seq_file.h>
#include <kernel/cred.h>
#include <kernel/pid.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/timekeeping.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include "oom_internal.h"

#define NR_LINES 40

struct verdict_line {
	pid_t pid;
	unsigned int uid;
	char comm[TASK_COMM_LEN];
	struct oom_score score;
};

struct verdict {
	u64 when_ns; /* since boot; 0: none yet */
	pid_t asker;
	char asker_comm[TASK_COMM_LEN];
	gfp_t gfp_mask;
	int order;
	char group[160]; /* at its limit: path, usage, limits; empty: the machine */
	struct reclaim_tries tries;
	unsigned long free, totalpages;
	pid_t chosen;
	const char *outcome;
	unsigned int nr, nr_left_out;
	struct verdict_line line[NR_LINES]; /* points descending */
	struct oom_choice choice[NR_OOM_RULES];
};

static DEFINE_SPINLOCK(verdict_lock, LOCK_OOM_VERDICT);
static struct verdict *last;   /* made once; contents: verdict_lock */
static unsigned int nr_killed; /* verdict_lock: verdicts so far */

static const char *const exempt_names[] = {
	[OOM_KILLABLE] = "",
	[OOM_KTHREAD] = "kernel thread",
	[OOM_INIT] = "init",
	[OOM_NO_MM] = "has ended",
	[OOM_ADJ_MIN] = "oom_score_adj -1000",
	[OOM_SKIPPED] = "its memory is free already",
	[OOM_IN_VFORK] = "borrows its parent's memory",
	[OOM_VICTIM] = "dies already",
};

bool oom_verdict_prepare(gfp_t gfp)
{
	struct verdict *none = NULL, *new;

	if (READ_ONCE(last))
		return true;
	new = kzalloc(sizeof(*new), gfp);
	if (new && !try_cmpxchg(&last, &none, new))
		kfree(new); /* somebody else made one */
	return READ_ONCE(last);
}

/* ---- recording ---- */

/* Put the candidate in its place among those with more points. */
static int record_one(struct task_struct *p, void *arg)
{
	struct verdict *v = arg;
	struct oom_score s;
	unsigned int at;

	if (p->flags & PF_KTHREAD)
		return 0;
	oom_score(p, v->totalpages, &s);
	oom_replay_weigh(v->choice, p, &s);
	for (at = v->nr; at && v->line[at - 1].score.points < s.points; at--)
		;
	if (v->nr == NR_LINES)
		v->nr_left_out++;
	if (at == NR_LINES)
		return 0;
	if (v->nr < NR_LINES)
		v->nr++;
	memmove(v->line + at + 1, v->line + at, (v->nr - 1 - at) * sizeof(v->line[0]));
	v->line[at] = (struct verdict_line){ .pid = p->pid, .uid = task_uid(p), .score = s };
	strscpy(v->line[at].comm, p->comm, TASK_COMM_LEN);
	return 0;
}

/* => verdict_lock */
static void record(struct verdict *v, const struct oom_control *oc)
{
	struct seq_file group = { .buf = v->group, .size = sizeof(v->group) - 1 };

	v->when_ns = ktime_get();
	v->asker = current->pid;
	strscpy(v->asker_comm, current->comm, TASK_COMM_LEN);
	v->gfp_mask = oc->gfp_mask;
	v->order = oc->order;
	if (oc->memcg)
		oom_memcg_ops->describe(&group, oc->memcg);
	v->group[group.count] = 0;
	v->tries = oc->tries ? *oc->tries : (struct reclaim_tries){ 0 };
	v->free = nr_free_pages();
	v->totalpages = oc->totalpages;
	v->chosen = oc->chosen->pid;
	v->outcome = "pending";
	v->nr = v->nr_left_out = 0;
	memset(v->choice, 0, sizeof(v->choice));
	rcu_read_lock();
	oom_scan(oc, record_one, v);
	rcu_read_unlock();
}

void oom_verdict_record(const struct oom_control *oc)
{
	struct verdict *v;

	oom_verdict_prepare(GFP_NOWAIT | __GFP_NOWARN);
	spin_lock(&verdict_lock);
	nr_killed++;
	v = last;
	if (v)
		record(v, oc);
	spin_unlock(&verdict_lock);
}

void oom_verdict_outcome(const char *what)
{
	spin_lock(&verdict_lock);
	if (last)
		last->outcome = what;
	spin_unlock(&verdict_lock);
}

/* ---- telling ---- */

static void table_head(struct seq_file *m)
{
	seq_puts(m, "    pid   uid      rss swapents pgtables   adj   points  name\n");
}

static void table_line(struct seq_file *m, pid_t pid, unsigned int uid, const char *comm,
		       const struct oom_score *s, const char *mark)
{
	seq_printf(m, "%7d %5u %8lu %8lu %8lu %5hd ", pid, uid, s->rss, s->swapents,
		   s->pgtables_bytes / PAGE_SIZE, s->adj);
	if (s->points == LONG_MIN)
		seq_printf(m, "%8s  %s: %s\n", "-", comm, exempt_names[s->exempt]);
	else
		seq_printf(m, "%8ld  %s%s%s%s\n", s->points, comm, s->exempt ? ": " : "",
			   exempt_names[s->exempt], mark);
}

static void show_request(struct seq_file *m, const struct verdict *v)
{
	char flags[160];

	if (v->order < 0) {
		seq_puts(m, "request   SysRq-f\n");
		return;
	}
	gfp_to_string(flags, sizeof(flags), v->gfp_mask);
	seq_printf(m, "request   2^%d pages, %s, by %s (%d)\n", v->order, flags, v->asker_comm,
		   v->asker);
	seq_printf(
		m,
		"reclaim   %u rounds, %u passes over the lists: %lu pages looked at, %lu given back\n",
		v->tries.rounds, v->tries.passes, v->tries.nr_scanned, v->tries.nr_reclaimed);
}

static void show_verdict(struct seq_file *m, const struct verdict *v)
{
	seq_printf(m, "verdict   %u of this boot, at %llu.%06llu s\n", nr_killed,
		   v->when_ns / 1000000000, v->when_ns / 1000 % 1000000);
	show_request(m, v);
	if (v->group[0])
		seq_printf(m, "group     %s\n", v->group);
	else
		seq_printf(m, "memory    %lu pages free of %lu, swap included\n", v->free,
			   v->totalpages);
	seq_printf(m, "chosen    %d, %s\n\n", v->chosen, v->outcome);
	table_head(m);
	for (unsigned int i = 0; i < v->nr; i++) {
		const struct verdict_line *l = v->line + i;

		table_line(m, l->pid, l->uid, l->comm, &l->score,
			   l->pid == v->chosen ? "  <- this one" : "");
	}
	if (v->nr_left_out)
		seq_printf(m, "%u more with fewer points\n", v->nr_left_out);
	oom_replay_show(m, v->choice);
}

int oom_last_show(struct seq_file *m, void *v)
{
	spin_lock(&verdict_lock);
	if (last && last->when_ns)
		show_verdict(m, last);
	else
		seq_puts(m, nr_killed ? "killed before there was room for a record\n"
				      : "nobody has been killed\n");
	spin_unlock(&verdict_lock);
	return 0;
}

/* ---- who would die ---- */

static DEFINE_MUTEX(asked_lock, LOCK_SLEEP_LEAF);
static char asked[OOM_PATH_MAX] = "/"; /* asked_lock */

ssize_t oom_dry_run_write(struct file *file, char *buf, size_t count)
{
	const char *path = strim(buf);
	struct mem_cgroup *memcg;

	if (strlen(path) >= sizeof(asked))
		return -ENAMETOOLONG;
	memcg = oom_memcg_ops->find(path);
	if (!memcg && strcmp(path, "/"))
		return -ENOENT;
	mutex_lock(&asked_lock);
	strscpy(asked, path, sizeof(asked));
	mutex_unlock(&asked_lock);
	oom_memcg_ops->put(memcg);
	return count;
}

struct dry_run {
	struct seq_file *m;
	unsigned long totalpages;
	struct oom_choice choice[NR_OOM_RULES];
};

static int weigh(struct task_struct *p, void *arg)
{
	struct dry_run *d = arg;
	struct oom_score s;

	if (p->flags & PF_KTHREAD)
		return 0;
	oom_score(p, d->totalpages, &s);
	table_line(d->m, p->pid, task_uid(p), p->comm, &s, "");
	oom_replay_weigh(d->choice, p, &s);
	return 0;
}

/* Does anybody die with @pid? */
static void show_group_kill(struct seq_file *m, const struct oom_control *oc, pid_t pid)
{
	struct mem_cgroup *group = NULL;
	struct task_struct *p;

	rcu_read_lock();
	p = find_task_by_vpid(pid);
	if (p)
		group = oom_memcg_ops->oom_group(p, oc->memcg);
	rcu_read_unlock();
	if (!group)
		return;
	seq_puts(m, "and all with it in the group ");
	oom_memcg_ops->describe(m, group);
	seq_putc(m, '\n');
	oom_memcg_ops->put(group);
}

static void show_dry_run(struct seq_file *m, const struct oom_control *oc)
{
	struct dry_run d = { .m = m, .totalpages = oom_totalpages(oc) };

	seq_printf(m, "points = rss + swapents + pgtables + adj * %lu; pages\n\n",
		   d.totalpages / 1000);
	table_head(m);
	rcu_read_lock();
	oom_scan(oc, weigh, &d);
	rcu_read_unlock();
	if (!d.choice[0].pid) {
		seq_puts(m, "\nnobody can be killed: allocations would fail\n");
		return;
	}
	seq_printf(m, "\nwould die %d (%s), ", d.choice[0].pid, d.choice[0].comm);
	if (d.choice[0].points == LONG_MAX)
		seq_puts(m, "since it is in swapoff\n");
	else
		seq_printf(m, "for %ld points\n", d.choice[0].points);
	show_group_kill(m, oc, d.choice[0].pid);
	oom_replay_show(m, d.choice);
}

int oom_dry_run_show(struct seq_file *m, void *v)
{
	struct oom_control oc = { 0 };
	char path[sizeof(asked)];

	mutex_lock(&asked_lock);
	strscpy(path, asked, sizeof(path));
	mutex_unlock(&asked_lock);
	if (!strcmp(path, "/")) {
		show_dry_run(m, &oc);
		return 0;
	}
	oc.memcg = oom_memcg_ops->find(path);
	if (!oc.memcg) {
		seq_printf(m, "there is no group %s any more\n", path);
		return 0;
	}
	seq_puts(m, "group     ");
	oom_memcg_ops->describe(m, oc.memcg);
	seq_putc(m, '\n');
	show_dry_run(m, &oc);
	oom_memcg_ops->put(oc.memcg);
	return 0;
}
