// SPDX-License-Identifier: MIT
/*
 * The last resort when there is no page left: the process with the most resident pages (tables and swap counted,
 * shifted by oom_score_adj) is killed, with all that share its memory, and who asked tries again.
 *
 *	out_of_memory()			the page allocator, after reclaim found nothing: order <= 3, may sleep, __GFP_FS
 *	pagefault_out_of_memory()	a user fault that failed all the same
 *
 * One victim at a time: while one that was chosen still has its memory, nobody else is; who needs a page waits a tick
 * and tries again. A victim, and any task that is dying, gets pages from the reserve (TIF_MEMDIE), so that it can end.
 * A victim that does not end within VICTIM_PATIENCE waits for a lock, maybe ours: then the next one is chosen. When only
 * the unkillable are left (init, kernel threads, oom_score_adj -1000), allocations fail.
 * Linux 6.1: mm/oom_kill.c; it has a thread that takes the memory of stuck victims away, this has not.
 * Observe: oom_kill of /proc/vmstat, the log, /proc/PID/oom_score.
 */
#include <base/bug.h>
#include <base/compiler.h>
#include <sync/mutex.h>
#include <sync/rcu.h>
#include <kernel/cred.h>
#include <kernel/init.h>
#include <kernel/oom.h>
#include <kernel/pid.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/timer.h>
#include <mm/fault_inject.h>
#include <mm/gfp.h>
#include <mm/mm_struct.h>
#include <mm/page.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

static DEFINE_MUTEX(oom_lock, LOCK_OOM);
static unsigned long victim_since; /* jiffies; under oom_lock */
#define VICTIM_PATIENCE	  (10 * HZ)
#define OOM_SCORE_ADJ_MIN (-1000)

/* A thread of @p's process that still has its memory, locked; the first may have ended. NULL: none. => RCU */
static struct task_struct *lock_task_with_mm(struct task_struct *p)
{
	struct task_struct *t;

	for_each_thread (p, t) {
		task_lock(t);
		if (t->mm)
			return t;
		task_unlock(t);
	}
	return NULL;
}

static bool unkillable(struct task_struct *p)
{
	return is_global_init(p) || (p->flags & PF_KTHREAD) ||
	       p->signal->oom_score_adj == OOM_SCORE_ADJ_MIN;
}

/* Pages that killing @p would free, or LONG_MIN: not to be killed. => RCU */
static long badness(struct task_struct *p, unsigned long total)
{
	struct task_struct *t;
	struct mm_struct *mm;
	long points;

	if (unkillable(p))
		return -__LONG_MAX__ - 1;
	t = lock_task_with_mm(p);
	if (!t)
		return -__LONG_MAX__ - 1;
	mm = t->mm;
	points = get_mm_rss(mm) + get_mm_counter(mm, MM_SWAPENTS) +
		 atomic_long_read(&mm->pgtables_bytes) / PAGE_SIZE;
	task_unlock(t);
	return points + (long)p->signal->oom_score_adj * (long)total / 1000;
}

long oom_badness(struct task_struct *p, unsigned long totalpages)
{
	long b;

	rcu_read_lock();
	b = badness(p, totalpages);
	rcu_read_unlock();
	return b;
}

/* Chosen before, and its memory is not free yet? exit_mmap() forgets the VMAs when it is. => RCU */
static bool is_dying_victim(struct task_struct *p)
{
	struct mm_struct *mm = READ_ONCE(p->signal->oom_mm);

	return mm && READ_ONCE(mm->mmap);
}

/* The worst process with a reference; NULL: none, or a victim is dying (*@wait). => oom_lock held */
static struct task_struct *select_victim(bool *wait)
{
	struct task_struct *p, *worst = NULL;
	unsigned long total = totalram_pages();
	long most = -__LONG_MAX__ - 1;
	const bool patient = time_before(jiffies, victim_since + VICTIM_PATIENCE);

	*wait = false;
	rcu_read_lock();
	for_each_process (p) {
		long points;

		if (p->signal->oom_mm) {
			if (!patient || !is_dying_victim(p))
				continue;
			*wait = true;
			worst = NULL;
			break;
		}
		points = badness(p, total);
		if (points > most) {
			most = points;
			worst = p;
		}
	}
	if (worst)
		get_task_struct(worst);
	rcu_read_unlock();
	return worst;
}

/* Every thread of @p, which uses @mm, may use the reserve and dies. => RCU, oom_lock held */
static void kill_process(struct task_struct *p, struct mm_struct *mm)
{
	struct task_struct *t;

	if (!p->signal->oom_mm) {
		mmgrab(mm); /* until the process is reaped */
		WRITE_ONCE(p->signal->oom_mm, mm);
	}
	for_each_thread (p, t)
		set_tsk_thread_flag(t, TIF_MEMDIE);
	do_send_sig_info(SIGKILL, SEND_SIG_PRIV, p, PIDTYPE_TGID);
}

static bool shares_mm(struct task_struct *p, struct mm_struct *mm)
{
	struct task_struct *t = lock_task_with_mm(p);
	bool same = t && t->mm == mm;

	if (t)
		task_unlock(t);
	return same;
}

/* => oom_lock held */
static void kill_victim(struct task_struct *victim)
{
	struct task_struct *t, *p;
	struct mm_struct *mm = NULL;

	rcu_read_lock();
	t = lock_task_with_mm(victim);
	if (t) {
		mm = t->mm;
		mmgrab(mm);
		task_unlock(t);
	}
	if (!mm) {
		rcu_read_unlock();
		return;
	}
	count_vm_event(OOM_KILL);
	pr_err("Out of memory: Killed process %d (%s) total-vm:%lukB, anon-rss:%lukB, file-rss:%lukB, "
	       "shmem-rss:%lukB, UID:%u pgtables:%lukB oom_score_adj:%d\n",
	       victim->pid, victim->comm, mm->total_vm * 4, get_mm_counter(mm, MM_ANONPAGES) * 4,
	       get_mm_counter(mm, MM_FILEPAGES) * 4, get_mm_counter(mm, MM_SHMEMPAGES) * 4,
	       task_uid(victim), (unsigned long)atomic_long_read(&mm->pgtables_bytes) / 1024,
	       victim->signal->oom_score_adj);
	victim_since = jiffies;
	kill_process(victim, mm);
	for_each_process (p)
		if (p != victim && !unkillable(p) && shares_mm(p, mm))
			kill_process(p, mm);
	rcu_read_unlock();
	mmdrop(mm);
}

/* Can it be had by now? Then it failed for another reason, or a victim has ended since. */
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
 * Choose and kill, or wait for the victim of before. True: trying again makes sense.
 * => may sleep; any locks but those below LOCK_OOM
 */
static bool make_room(gfp_t gfp, unsigned int order)
{
	struct task_struct *victim;
	bool wait, hope;

	if (!mutex_trylock(&oom_lock)) {
		schedule_timeout_killable(1);
		return true;
	}
	victim = select_victim(&wait);
	if (victim) {
		if (!memory_is_back(gfp, order))
			kill_victim(victim);
		put_task_struct(victim);
	}
	hope = victim || wait;
	mutex_unlock(&oom_lock);
	if (hope && !fatal_signal_pending(current))
		schedule_timeout_killable(1);
	return hope;
}

/* The page allocator found nothing. A task that is about to end anyhow takes from the reserve, once. */
static bool out_of_memory(gfp_t gfp, unsigned int order, const struct alloc_context *ac)
{
	if (current->pid && !(current->flags & PF_KTHREAD) &&
	    (fatal_signal_pending(current) || (current->flags & PF_EXITING)))
		return !test_and_set_tsk_thread_flag(current, TIF_MEMDIE);
	return make_room(gfp, order);
}

static int __init oom_init(void)
{
	page_alloc_ops.out_of_memory = out_of_memory;
	return 0;
}
core_initcall(oom_init);

void pagefault_out_of_memory(void)
{
	if (fatal_signal_pending(current) || memory_is_back(GFP_HIGHUSER_MOVABLE, 0))
		return;
	if (!make_room(GFP_HIGHUSER_MOVABLE, 0))
		force_sig(SIGKILL); /* only the unkillable are left: then this one */
}
