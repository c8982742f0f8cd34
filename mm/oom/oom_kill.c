// SPDX-License-Identifier: MIT
/*
 * Out of memory: the last resort when there is no page left. The process with the most points (badness.c) is killed, with all that
 * share its memory, and who asked tries again.
 *
 * 1 Who comes here.
 *	alloc_out_of_memory()		the page allocator, after reclaim found nothing: order <= 3, may sleep, __GFP_FS
 *	pagefault_out_of_memory()	a user fault that failed all the same
 *	oom_manual()			SysRq-f
 *	out_of_memory()			a control group at its limit (oc->memcg)
 * 2 States of a victim.
 *	chosen: signal->oom_mm set, all threads TIF_MEMDIE (reserves of the page allocator), SIGKILL
 *	   -> its memory is free: MMF_OOM_SKIP, set by exit_mmap() or by the reaper (reaper.c)
 *	   -> its files are closed, which may be what helps: all threads have an exit_state
 *	One at a time: until the last state nobody else is chosen; who needs a page waits a tick and tries again. Should neither exit
 *	nor the reaper come about (no thread: memory was short before it could be made), the next one is chosen after
 *	VICTIM_PATIENCE; should the exit be stuck after the reaper's work, after EXIT_PATIENCE (the delay before Linux's reaper).
 * 3 When only the unkillable are left, allocations fail. (Linux panics: "System is deadlocked on memory".)
 * 4 vm.panic_on_oom, vm.oom_kill_allocating_task, vm.oom_dump_tasks as Documentation/admin-guide/sysctl/vm.rst says.
 * 5 Lock: oom_lock, only ever tried by allocations. Nothing here allocates; the record of the verdict (verdict.c)
 *   was made when memory began to get short.
 * Linux 6.1: mm/oom_kill.c. Observe: oom_kill of /proc/vmstat, the log (report.c), /proc/mm/oom, trace oom:*.
 */
#include <base/bug.h>
#include <base/math.h>
#include <sync/mutex.h>
#include <sync/rcu.h>
#include <sync/workqueue.h>
#include <kernel/cred.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/pid.h>
#include <kernel/printk.h>
#include <kernel/ratelimit.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/timer.h>
#include <mm/fault_inject.h>
#include <mm/gfp.h>
#include <mm/mm_struct.h>
#include <mm/page.h>
#include <mm/trace_oom.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include "oom_internal.h"
#include "../page/page_internal.h"

#define VICTIM_PATIENCE (10 * HZ)
#define EXIT_PATIENCE	(2 * HZ)
#define GRACE_TICKS	5
#define ORDER_SYSRQ	(-1)

int sysctl_panic_on_oom;
int sysctl_oom_kill_allocating_task;

static DEFINE_MUTEX(oom_lock, LOCK_OOM);
static unsigned long victim_since; /* jiffies; under oom_lock */

bool oom_trylock(void)
{
	return mutex_trylock(&oom_lock);
}

void oom_unlock(void)
{
	mutex_unlock(&oom_lock);
}

/* ---- who ---- */

/* Will @p's process end without being told, soon? A core dump takes its time. */
static bool is_ending(struct task_struct *p)
{
	struct signal_struct *sig = p->signal;

	if (sig->core_state)
		return false;
	return (READ_ONCE(sig->flags) & SIGNAL_GROUP_EXIT) ||
	       (thread_group_empty(p) && (p->flags & PF_EXITING));
}

/* And will its memory be free then? => RCU, or @p current */
static bool will_free_mem(struct task_struct *p)
{
	struct mm_struct *mm = READ_ONCE(p->mm);
	struct task_struct *other;
	bool will = true;

	if (!mm || !is_ending(p) || test_bit(MMF_OOM_SKIP, &mm->flags))
		return false;
	if (atomic_read(&mm->mm_users) <= 1)
		return true;
	rcu_read_lock();
	for_each_process (other)
		if (!same_thread_group(p, other) && process_shares_mm(other, mm))
			will &= is_ending(other);
	rcu_read_unlock();
	return will;
}

/*
 * Is more to come back by the end of victim @p, whose memory is @mm? When that is free, its files may hold as much: pipes, small
 * objects, shared memory. => RCU, oom_lock held
 */
static bool is_waited_for(struct task_struct *p, const struct mm_struct *mm)
{
	struct task_struct *t;

	if (!test_bit(MMF_OOM_SKIP, &mm->flags))
		return time_before(jiffies, victim_since + VICTIM_PATIENCE);
	if (!time_before(jiffies, victim_since + EXIT_PATIENCE))
		return false;
	for_each_thread (p, t)
		if (!READ_ONCE(t->exit_state))
			return true;
	return false;
}

struct search {
	struct oom_control *oc;
	bool wait; /* for a victim of before */
};

static int evaluate(struct task_struct *p, void *arg)
{
	struct search *search = arg;
	struct oom_control *oc = search->oc;
	struct mm_struct *dying;
	long points;

	if (oom_unkillable_task(p))
		return 0;
	dying = READ_ONCE(p->signal->oom_mm);
	if (dying && oc->order != ORDER_SYSRQ) {
		search->wait = is_waited_for(p, dying);
		return search->wait;
	}
	/* Who asks for pages that only he wants in memory (swapoff) goes first. */
	points = READ_ONCE(p->signal->in_swapoff) ? LONG_MAX : oom_badness(p, oc->totalpages);
	if (points == LONG_MIN || points < oc->chosen_points)
		return 0;
	oc->chosen = p;
	oc->chosen_points = points;
	return 0;
}

/* The worst one with a reference in oc->chosen, or NULL. True: wait for a victim. => oom_lock held */
static bool select_bad_process(struct oom_control *oc)
{
	struct search search = { .oc = oc };

	oc->chosen = NULL;
	oc->chosen_points = LONG_MIN;
	rcu_read_lock();
	oom_scan(oc, evaluate, &search);
	if (search.wait)
		oc->chosen = NULL;
	if (oc->chosen)
		get_task_struct(oc->chosen);
	rcu_read_unlock();
	return search.wait;
}

static enum oom_constraint constrained_alloc(const struct oom_control *oc)
{
	if (oc->memcg)
		return CONSTRAINT_MEMCG;
	if (oc->ac && oc->ac->nodemask && !(oc->gfp_mask & __GFP_THISNODE) &&
	    !nodes_subset(node_states[N_MEMORY], *(const nodemask_t *)oc->ac->nodemask))
		return oc->ac->nodemask == &current->mems_allowed ? CONSTRAINT_CPUSET
								  : CONSTRAINT_MEMORY_POLICY;
	return CONSTRAINT_NONE;
}

/* ---- the kill ---- */

/* @p, which uses @mm, may use the reserve from now on. => RCU, oom_lock held */
static void mark_oom_victim(struct task_struct *p, struct mm_struct *mm)
{
	struct mm_struct *none = NULL;
	struct oom_score s;
	struct task_struct *t;

	mmgrab(mm); /* until the process is reaped */
	if (!try_cmpxchg(&p->signal->oom_mm, &none, mm))
		mmdrop(mm);
	victim_since = jiffies;
	for_each_thread (p, t)
		set_tsk_thread_flag(t, TIF_MEMDIE);
	if (unlikely(READ_ONCE(__event_mark_victim.enabled))) {
		oom_score(p, 0, &s);
		trace_mark_victim(p, &s, task_uid(p));
	}
}

/* All other processes that use @mm die, too: the memory is free only then. False: one cannot. => RCU */
static bool kill_sharers(struct task_struct *victim, struct mm_struct *mm)
{
	struct task_struct *p;
	bool all = true;

	for_each_process (p) {
		if (same_thread_group(p, victim) || !process_shares_mm(p, mm))
			continue;
		if (is_global_init(p)) {
			set_bit(MMF_OOM_SKIP, &mm->flags);
			pr_info("oom killer %d (%s) has mm pinned by %d (%s)\n", victim->pid,
				victim->comm, p->pid, p->comm);
			all = false;
		} else if (!(p->flags & PF_KTHREAD)) {
			do_send_sig_info(SIGKILL, SEND_SIG_PRIV, p, PIDTYPE_TGID);
		}
	}
	return all;
}

/* False: it had ended already. => oom_lock held, a reference on @victim */
static bool kill_process(struct task_struct *victim, const char *message)
{
	struct task_struct *t = find_lock_task_mm(victim);
	struct mm_struct *mm;

	if (!t)
		return false;
	mm = t->mm;
	mmgrab(mm);
	task_unlock(t);
	count_vm_event(OOM_KILL);
	oom_memcg_ops->note_kill(victim);
	rcu_read_lock();
	do_send_sig_info(SIGKILL, SEND_SIG_PRIV, victim, PIDTYPE_TGID);
	mark_oom_victim(victim, mm);
	oom_report_kill(message, victim, mm);
	if (kill_sharers(victim, mm))
		oom_reaper_queue(victim);
	rcu_read_unlock();
	mmdrop(mm);
	return true;
}

/* memory.oom.group: a member dies with the victim. One that has been waited for meanwhile has no references left. */
static int kill_member(struct task_struct *p, void *message)
{
	if (p->signal->oom_score_adj == OOM_SCORE_ADJ_MIN || is_global_init(p))
		return 0;
	if (!refcount_inc_not_zero(&p->usage))
		return 0;
	kill_process(p, message);
	put_task_struct(p);
	return 0;
}

/* => a reference on @group; gone */
static void kill_group(struct mem_cgroup *group, const char *message)
{
	oom_memcg_ops->note_group_kill(group);
	rcu_read_lock();
	oom_memcg_ops->scan_tasks(group, kill_member, (void *)message);
	rcu_read_unlock();
	oom_memcg_ops->put(group);
}

/* It needs nothing but pages to get to its end: it gets the reserve. False: it has to be killed. */
static bool helped_to_its_end(struct task_struct *victim)
{
	struct task_struct *t;
	bool ending = false;

	rcu_read_lock();
	t = find_lock_task_mm(victim);
	if (t) {
		ending = will_free_mem(t);
		if (ending) {
			mark_oom_victim(victim, t->mm);
			oom_reaper_queue(victim);
		}
		task_unlock(t);
	}
	rcu_read_unlock();
	return ending;
}

/* oc->chosen dies; its reference is dropped. => oom_lock held */
static void oom_kill_process(struct oom_control *oc, const char *message)
{
	struct task_struct *victim = oc->chosen;
	const char *outcome = "was ending already: got the reserve";
	struct mem_cgroup *group;

	oom_verdict_record(oc);
	if (!helped_to_its_end(victim)) {
		oom_report(oc, victim);
		group = oom_memcg_ops->oom_group(victim, oc->memcg);
		outcome = kill_process(victim, message) ? "killed" : "it had ended already";
		if (group) {
			kill_group(group, message);
			outcome = "killed with its group (memory.oom.group)";
		}
	}
	oom_verdict_outcome(outcome);
	put_task_struct(victim);
}

static void check_panic_on_oom(const struct oom_control *oc)
{
	if (likely(!sysctl_panic_on_oom) || oc->order == ORDER_SYSRQ)
		return;
	if (sysctl_panic_on_oom != 2 && oc->constraint != CONSTRAINT_NONE)
		return;
	oom_report(oc, NULL);
	panic("Out of memory: %s panic_on_oom is enabled\n",
	      sysctl_panic_on_oom == 2 ? "compulsory" : "system-wide");
}

static bool may_kill_current(const struct oom_control *oc)
{
	return !oc->memcg && sysctl_oom_kill_allocating_task && current->mm &&
	       !oom_unkillable_task(current) && current->signal->oom_score_adj != OOM_SCORE_ADJ_MIN;
}

static void nobody_left(const struct oom_control *oc)
{
	static DEFINE_RATELIMIT_STATE(rs, DEFAULT_RATELIMIT_INTERVAL_MS, DEFAULT_RATELIMIT_BURST);

	if (!__ratelimit(&rs, __func__))
		return;
	oom_report(oc, NULL);
	pr_warn("Out of memory and no killable processes...\n");
}

bool out_of_memory(struct oom_control *oc)
{
	if (will_free_mem(current)) {
		rcu_read_lock();
		mark_oom_victim(current, current->mm);
		oom_reaper_queue(current->group_leader);
		rcu_read_unlock();
		return true;
	}
	oc->constraint = constrained_alloc(oc);
	oc->totalpages = oom_totalpages(oc);
	check_panic_on_oom(oc);
	if (may_kill_current(oc)) {
		oc->chosen = get_task_struct(current);
		oc->chosen_points = oom_badness(current, oc->totalpages);
		oom_kill_process(oc, "Out of memory (oom_kill_allocating_task)");
		return true;
	}
	if (select_bad_process(oc))
		return true;
	if (!oc->chosen) {
		nobody_left(oc);
		return false;
	}
	oom_kill_process(oc, oc->memcg ? "Memory cgroup out of memory" : "Out of memory");
	return true;
}

/* ---- who asks ---- */

/* Can it be had by now? Then the fault failed for another reason, or a victim has ended since. */
static bool memory_is_back(gfp_t gfp, unsigned int order)
{
	const gfp_t without = __GFP_DIRECT_RECLAIM | __GFP_NOFAIL | __GFP_ZERO;
	struct fault_paused was = fault_pause();
	struct page *page = alloc_pages((gfp & ~without) | __GFP_NOWARN, order);

	if (page)
		__free_pages(page, order);
	fault_resume(was);
	return page != NULL;
}

/*
 * Is there so much free that nobody need die? That takes the high watermark: the few pages that come and go with the small
 * processes around would put the kill off for ever.
 */
static bool is_plenty(gfp_t gfp, unsigned int order, const struct alloc_context *ac)
{
	const gfp_t without = __GFP_DIRECT_RECLAIM | __GFP_NOFAIL | __GFP_ZERO;
	struct page *page;

	if (!ac)
		return memory_is_back(gfp, order);
	page = get_page_from_freelist((gfp & ~without) | __GFP_NOWARN, order, ALLOC_WMARK_HIGH, ac);
	if (page)
		__free_pages(page, order);
	return page != NULL;
}

/* What the dying gave back may still wait for a grace period of RCU: page tables do. => may sleep */
static bool gets_plenty(gfp_t gfp, unsigned int order, const struct alloc_context *ac)
{
	for (int ticks = 0; ticks < GRACE_TICKS; ticks++) {
		if (is_plenty(gfp, order, ac))
			return true;
		rcu_expedite();
		schedule_timeout_killable(1);
	}
	return is_plenty(gfp, order, ac);
}

/* Choose and kill, or wait for the victim of before. True: trying again makes sense. => may sleep */
static bool make_room(gfp_t gfp, unsigned int order, const struct alloc_context *ac)
{
	struct oom_control oc = {
		.gfp_mask = gfp, .order = order, .ac = ac, .tries = ac ? ac->tries : NULL
	};
	bool hope = true;

	if (!oom_trylock()) {
		schedule_timeout_killable(1);
		return true;
	}
	if (!gets_plenty(gfp, order, ac))
		hope = out_of_memory(&oc);
	oom_unlock();
	if (hope && !fatal_signal_pending(current))
		schedule_timeout_killable(1);
	return hope;
}

/* The page allocator found nothing. A task that is about to end anyhow takes from the reserve, once. */
static bool alloc_out_of_memory(gfp_t gfp, unsigned int order, const struct alloc_context *ac)
{
	if (current->pid && !(current->flags & PF_KTHREAD) &&
	    (fatal_signal_pending(current) || (current->flags & PF_EXITING)))
		return !test_and_set_tsk_thread_flag(current, TIF_MEMDIE);
	return make_room(gfp, order, ac);
}

void pagefault_out_of_memory(void)
{
	if (fatal_signal_pending(current) || memory_is_back(GFP_HIGHUSER_MOVABLE, 0))
		return;
	if (!make_room(GFP_HIGHUSER_MOVABLE, 0, NULL))
		force_sig(SIGKILL); /* only the unkillable are left: then this one */
}

/* ---- what a kill needs ---- */

static bool ready;

static void get_ready(void)
{
	bool reaper = oom_reaper_start();

	WRITE_ONCE(ready, oom_verdict_prepare(GFP_KERNEL) && reaper);
}

static void get_ready_fn(struct work_struct *work)
{
	get_ready();
}
static DECLARE_WORK(get_ready_work, get_ready_fn);

/* Memory begins to get short: it is made while there is some. */
static void pressure_begins(void)
{
	if (!READ_ONCE(ready))
		schedule_work(&get_ready_work);
}

/* ---- SysRq-f ---- */

static void manual_fn(struct work_struct *work)
{
	struct oom_control oc = { .gfp_mask = GFP_KERNEL, .order = ORDER_SYSRQ };

	get_ready();
	mutex_lock(&oom_lock);
	if (!out_of_memory(&oc))
		pr_info("OOM request ignored. No task eligible\n");
	mutex_unlock(&oom_lock);
}
static DECLARE_WORK(manual_work, manual_fn);

void oom_manual(void)
{
	schedule_work(&manual_work);
}

/* ---- start ---- */

static int __init oom_init(void)
{
	page_alloc_ops.out_of_memory = alloc_out_of_memory;
	page_alloc_ops.pressure_begins = pressure_begins;
	return 0;
}
core_initcall(oom_init);
