// SPDX-License-Identifier: MIT
/*
 * Badness: how much would be free if this process died.
 *
 *	points = rss + swap entries + page tables + oom_score_adj * (totalpages / 1000)		pages
 *
 * None for those that must not, or cannot usefully, be killed: kernel threads, init, oom_score_adj -1000, a child between
 * vfork and exec (the memory is its parent's), a memory that the reaper has emptied already. But who is in swapoff asks for pages that
 * only he wants in memory: he goes first, whatever his oom_score_adj.
 * /proc/PID/oom_score shows it as two thirds of thousandths of all memory, raised by 1000 (fs/proc/oom.c).
 * Linux 6.1: mm/oom_kill.c (oom_badness). Observe: /proc/PID/oom_score, /proc/mm/oom/dry_run.
 */
#include <base/math.h>
#include <sync/rcu.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/mm_struct.h>
#include <mm/oom.h>
#include <mm/vmstat.h>
#include "oom_internal.h"

const struct oom_memcg_ops *oom_memcg_ops;

struct task_struct *find_lock_task_mm(struct task_struct *p)
{
	struct task_struct *t;

	rcu_read_lock();
	for_each_thread (p, t) {
		task_lock(t);
		if (likely(t->mm))
			goto found;
		task_unlock(t);
	}
	t = NULL;
found:
	rcu_read_unlock();
	return t;
}

bool process_shares_mm(struct task_struct *p, struct mm_struct *mm)
{
	struct task_struct *t;

	for_each_thread (p, t) {
		struct mm_struct *its = READ_ONCE(t->mm);

		if (its)
			return its == mm;
	}
	return false;
}

bool oom_unkillable_task(struct task_struct *p)
{
	return is_global_init(p) || (p->flags & PF_KTHREAD);
}

/* Between vfork and exec @t only borrows. => task_lock(t), RCU */
static bool in_vfork(struct task_struct *t)
{
	return t->vfork_done && rcu_dereference(t->real_parent)->mm == t->mm;
}

/* Nothing exempts who is in swapoff: he is killed first (oom_kill.c). */
static enum oom_exempt exemption(struct task_struct *p, struct task_struct *t)
{
	if (READ_ONCE(p->signal->in_swapoff))
		return p->signal->oom_mm ? OOM_VICTIM : OOM_KILLABLE;
	if (p->signal->oom_score_adj == OOM_SCORE_ADJ_MIN)
		return OOM_ADJ_MIN;
	if (test_bit(MMF_OOM_SKIP, &t->mm->flags))
		return OOM_SKIPPED;
	if (in_vfork(t))
		return OOM_IN_VFORK;
	return p->signal->oom_mm ? OOM_VICTIM : OOM_KILLABLE;
}

static void measure(const struct mm_struct *cmm, struct oom_score *s)
{
	struct mm_struct *mm = (struct mm_struct *)cmm;

	s->total_vm = mm->total_vm;
	s->anon = get_mm_counter(mm, MM_ANONPAGES);
	s->file = get_mm_counter(mm, MM_FILEPAGES);
	s->shmem = get_mm_counter(mm, MM_SHMEMPAGES);
	s->rss = s->anon + s->file + s->shmem;
	s->swapents = get_mm_counter(mm, MM_SWAPENTS);
	s->pgtables_bytes = atomic_long_read(&mm->pgtables_bytes);
}

void oom_score(struct task_struct *p, unsigned long totalpages, struct oom_score *s)
{
	struct task_struct *t;

	*s = (struct oom_score){ .points = LONG_MIN, .adj = p->signal->oom_score_adj };
	if (p->flags & PF_KTHREAD) {
		s->exempt = OOM_KTHREAD;
		return;
	}
	rcu_read_lock();
	t = find_lock_task_mm(p);
	if (!t) {
		s->exempt = OOM_NO_MM;
	} else {
		measure(t->mm, s);
		s->exempt = is_global_init(p) ? OOM_INIT : exemption(p, t);
		task_unlock(t);
	}
	rcu_read_unlock();
	if (s->exempt == OOM_KILLABLE || s->exempt == OOM_VICTIM)
		s->points = (long)(s->rss + s->swapents + s->pgtables_bytes / PAGE_SIZE) +
			    s->adj * (long)(totalpages / 1000);
}

long oom_badness(struct task_struct *p, unsigned long totalpages)
{
	struct oom_score s;

	oom_score(p, totalpages, &s);
	return s.points;
}

/* Can its end help current, whose cpuset has not all nodes? */
static bool shares_nodes(struct task_struct *p)
{
	struct task_struct *t;

	for_each_thread (p, t)
		if (nodes_intersects(t->mems_allowed, current->mems_allowed))
			return true;
	return false;
}

void oom_scan(const struct oom_control *oc, int (*fn)(struct task_struct *p, void *arg), void *arg)
{
	struct task_struct *p;

	if (oc->memcg) {
		oom_memcg_ops->scan_tasks(oc->memcg, fn, arg);
		return;
	}
	for_each_process (p)
		if ((oc->constraint != CONSTRAINT_CPUSET || shares_nodes(p)) && fn(p, arg))
			break;
}

unsigned long oom_totalpages(const struct oom_control *oc)
{
	if (oc->memcg)
		return oom_memcg_ops->totalpages(oc->memcg);
	return totalram_pages() + total_swap_page_count();
}
