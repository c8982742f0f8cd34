// SPDX-License-Identifier: MIT
/*
 * The reaper: a thread that takes the memory of a victim away while the victim dies, which may take long: it can wait for
 * a lock or a disk.
 *
 * What goes: the pages of private memory, dirty or not; nobody will look at them any more. Shared memory and the files' own
 * pages stay. Page tables stay until exit.
 *
 *	victim	-- queue --> wait until no thread has a robust list, 2 s at most -- mmap_lock for reading? --> zap -- MMF_OOM_SKIP
 *					    no: again in 100 ms, 10 times, then it is given up and skipped, too
 *
 * The list of robust futexes lies in memory that would be gone, and a lock in shared memory would be held for ever: so the
 * dying threads may read it first (Linux waits 2 s always; a program without robust lists is reaped at once here).
 *
 * Against the victim's own threads, which may still run in the kernel: MMF_UNSTABLE is set before the first page goes, and
 * faults look at it under the lock of the page table, so a page that was taken does not come back as zeroes: SIGBUS,
 * or EFAULT. Against exit_mmap(): that takes mmap_lock for writing. MMF_OOM_SKIP says to both, and to the choice of
 * the next victim, that nothing is left here.
 *
 * The thread and the record of verdicts are made when memory gets short for the first time (kswapd begins to work).
 * Lock: reaper_lock guards the list; a queued task has a reference, its signal->oom_mm holds the mm_struct.
 * Linux 6.1: mm/oom_kill.c (oom_reaper). Observe: trace oom:*_reaping, "oom_reaper:" in the log.
 */
#include <base/bug.h>
#include <base/err.h>
#include <base/math.h>
#include <sync/kthread.h>
#include <sync/rcu.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/timer.h>
#include <mm/mm_struct.h>
#include <mm/mmu_notifier.h>
#include <mm/rmap.h>
#include <mm/tlb.h>
#include <mm/trace_oom.h>
#include <mm/vma.h>
#include "oom_internal.h"
#include "../pgtable/pgtable_internal.h"
#include "../vma/vma_internal.h"

#define MAX_OOM_REAP_RETRIES 10
#define ROBUST_LIST_PATIENCE (2 * HZ)

static DEFINE_SPINLOCK(reaper_lock, LOCK_OOM_REAPER);
static DECLARE_WAIT_QUEUE_HEAD(reaper_wait);
static struct task_struct *reaper_list; /* reaper_lock: linked by oom_reaper_list */

/* Private pages of @vma. */
static void reap_vma(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct mmu_gather tlb;

	if (vma->vm_flags & VM_LOCKED)
		mlock_vma_pages(vma, vma->vm_start, vma->vm_end, false);
	tlb_gather_mmu(&tlb, mm);
	unmap_page_range(&tlb, vma, vma->vm_start, vma->vm_end, NULL);
	tlb_finish_mmu(&tlb);
}

/* => mmap_lock held for reading */
static void reap_mm(struct mm_struct *mm)
{
	struct vm_area_struct *vma;

	set_bit(MMF_UNSTABLE, &mm->flags);
	update_hiwater_rss(mm);
	for (vma = mm->mmap; vma; vma = vma->vm_next) {
		if (vma->vm_flags & (VM_HUGETLB | VM_PFNMAP | VM_SHARED))
			continue;
		reap_vma(mm, vma);
		cond_resched();
	}
}

/*
 * False: its layout is being changed, or somebody else shows its memory, for whose answer the reaper must not wait
 * (mm/mmu_notifier.h): try again, it may end by itself.
 */
static bool try_reap(struct task_struct *tsk, struct mm_struct *mm)
{
	if (mm_has_notifiers(mm) || !mmap_read_trylock(mm)) {
		trace_skip_task_reaping(tsk->pid);
		return false;
	}
	if (test_bit(MMF_OOM_SKIP, &mm->flags)) { /* it has ended by itself */
		trace_skip_task_reaping(tsk->pid);
	} else {
		trace_start_task_reaping(tsk->pid);
		reap_mm(mm);
		pr_info("oom_reaper: reaped process %d (%s), now anon-rss:%lukB, file-rss:%lukB, shmem-rss:%lukB\n",
			tsk->pid, tsk->comm, get_mm_counter(mm, MM_ANONPAGES) * 4,
			get_mm_counter(mm, MM_FILEPAGES) * 4,
			get_mm_counter(mm, MM_SHMEMPAGES) * 4);
		trace_finish_task_reaping(tsk->pid);
	}
	mmap_read_unlock(mm);
	return true;
}

static bool has_robust_list(struct task_struct *tsk)
{
	struct task_struct *t;
	bool has = false;

	rcu_read_lock();
	for_each_thread (tsk, t)
		has |= READ_ONCE(t->robust_list) != NULL;
	rcu_read_unlock();
	return has;
}

static void reap(struct task_struct *tsk)
{
	struct mm_struct *mm = tsk->signal->oom_mm;
	unsigned long until = tsk->oom_since + ROBUST_LIST_PATIENCE;
	int attempts = 0;

	while (has_robust_list(tsk) && time_before(jiffies, until) &&
	       !test_bit(MMF_OOM_SKIP, &mm->flags))
		schedule_timeout_interruptible(max(HZ / 50, 1));
	while (!try_reap(tsk, mm) && ++attempts < MAX_OOM_REAP_RETRIES)
		schedule_timeout_interruptible(HZ / 10);
	if (attempts == MAX_OOM_REAP_RETRIES && !test_bit(MMF_OOM_SKIP, &mm->flags))
		pr_info("oom_reaper: unable to reap pid:%d (%s)\n", tsk->pid, tsk->comm);
	/* Whatever is left: do not wait for it any longer. */
	set_bit(MMF_OOM_SKIP, &mm->flags);
}

static struct task_struct *next_victim(void)
{
	struct task_struct *tsk;

	spin_lock(&reaper_lock);
	tsk = reaper_list;
	if (tsk)
		reaper_list = tsk->oom_reaper_list;
	spin_unlock(&reaper_lock);
	return tsk;
}

static int oom_reaper(void *unused)
{
	current->flags |= PF_MEMALLOC; /* it frees */
	for (;;) {
		struct task_struct *tsk;

		wait_event_interruptible(reaper_wait, READ_ONCE(reaper_list));
		tsk = next_victim();
		if (!tsk)
			continue;
		reap(tsk);
		put_task_struct(tsk);
	}
	return 0;
}

void oom_reaper_queue(struct task_struct *victim)
{
	if (test_and_set_bit(MMF_OOM_REAP_QUEUED, &victim->signal->oom_mm->flags))
		return;
	get_task_struct(victim);
	victim->oom_since = jiffies;
	spin_lock(&reaper_lock);
	victim->oom_reaper_list = reaper_list;
	reaper_list = victim;
	spin_unlock(&reaper_lock);
	trace_wake_reaper(victim->pid);
	wake_up(&reaper_wait);
}

bool oom_reaper_start(void)
{
	static bool started;

	if (xchg(&started, true))
		return true;
	if (IS_ERR(kthread_run(oom_reaper, NULL, "oom_reaper")))
		WRITE_ONCE(started, false);
	return READ_ONCE(started);
}
