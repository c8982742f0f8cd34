// SPDX-License-Identifier: MIT
/*
 * The last resort when a page cannot be had for a user fault: the process with the most resident pages
 * (tables and swap counted, shifted by oom_score_adj) is killed, and the fault tries again.
 * Before that the fault asks whether a page can be had by now: a single failed allocation kills nobody. (Linux
 * 6.1 retries the fault always, because its allocator has called the killer already.)
 * One victim at a time: while one that was chosen still has its memory, nobody else is.
 */
#include <base/bug.h>
#include <base/compiler.h>
#include <sync/mutex.h>
#include <sync/rcu.h>
#include <kernel/cred.h>
#include <kernel/oom.h>
#include <kernel/pid.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <mm/fault_inject.h>
#include <mm/gfp.h>
#include <mm/mm_struct.h>
#include <mm/page.h>
#include <mm/vmstat.h>

static DEFINE_MUTEX(oom_lock, LOCK_OOM);
#define OOM_SCORE_ADJ_MIN (-1000)

/* Pages that killing @p would free, or LONG_MIN: not to be killed. => RCU */
static long badness(struct task_struct *p, unsigned long total)
{
	struct mm_struct *mm;
	long points;

	if (is_global_init(p) || (p->flags & PF_KTHREAD) ||
	    p->signal->oom_score_adj == OOM_SCORE_ADJ_MIN)
		return -__LONG_MAX__ - 1;
	task_lock(p);
	mm = p->mm;
	if (!mm) {
		task_unlock(p);
		return -__LONG_MAX__ - 1;
	}
	points = get_mm_rss(mm) + get_mm_counter(mm, MM_SWAPENTS) +
		 atomic_long_read(&mm->pgtables_bytes) / PAGE_SIZE;
	task_unlock(p);
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

/* The worst process with a reference; NULL: none, or a victim is dying (*@wait). */
static struct task_struct *select_victim(bool *wait)
{
	struct task_struct *p, *worst = NULL;
	unsigned long total = totalram_pages();
	long most = -__LONG_MAX__ - 1;

	*wait = false;
	rcu_read_lock();
	for_each_process (p) {
		long points;

		if (test_tsk_thread_flag(p, TIF_MEMDIE) && READ_ONCE(p->mm)) {
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

static void kill_victim(struct task_struct *p)
{
	struct mm_struct *mm = get_task_mm(p);

	if (!mm)
		return;
	count_vm_event(OOM_KILL);
	pr_err("Out of memory: Killed process %d (%s) total-vm:%lukB, anon-rss:%lukB, file-rss:%lukB, "
	       "shmem-rss:%lukB, UID:%u pgtables:%lukB oom_score_adj:%d\n",
	       p->pid, p->comm, mm->total_vm * 4, get_mm_counter(mm, MM_ANONPAGES) * 4,
	       get_mm_counter(mm, MM_FILEPAGES) * 4, get_mm_counter(mm, MM_SHMEMPAGES) * 4,
	       task_uid(p), (unsigned long)atomic_long_read(&mm->pgtables_bytes) / 1024,
	       p->signal->oom_score_adj);
	set_tsk_thread_flag(p, TIF_MEMDIE);
	do_send_sig_info(SIGKILL, SEND_SIG_PRIV, p, PIDTYPE_TGID);
	mmput(mm);
}

/* Can a page be had by now? Then the one that was missing failed for another reason, or somebody gave some back. */
static bool memory_is_back(void)
{
	struct fault_paused was = fault_pause();
	struct page *page = alloc_page(GFP_HIGHUSER | __GFP_NOWARN);

	if (page)
		__free_page(page);
	fault_resume(was);
	return page != NULL;
}

void pagefault_out_of_memory(void)
{
	struct task_struct *p;
	bool wait;

	if (fatal_signal_pending(current) || memory_is_back())
		return;
	if (!mutex_trylock(&oom_lock)) {
		schedule_timeout_killable(1);
		return;
	}
	p = select_victim(&wait);
	if (p) {
		kill_victim(p);
		put_task_struct(p);
	}
	mutex_unlock(&oom_lock);
	if (!p && !wait)
		force_sig(SIGKILL); /* only the unkillable are left: then this one */
	else if (!fatal_signal_pending(current))
		schedule_timeout_killable(1);
}
