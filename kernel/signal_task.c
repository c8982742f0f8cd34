// SPDX-License-Identifier: MIT
/*
 * Birth and death of what carries signals: signal_struct (one per process) and sighand_struct (the
 * handlers, one per process unless CLONE_SIGHAND without CLONE_THREAD shares it).
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/string.h>
#include <seam/current.h>
#include <sync/mutex.h>
#include <sync/ranks.h>
#include <sync/rcu.h>
#include <sync/rwsem.h>
#include <sync/seqlock.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <mm/mm_struct.h>
#include <mm/slab.h>
#include <io_uring/io_uring.h>
#include <kernel/hrtimer.h>
#include <kernel/init.h>
#include <kernel/itimer.h>
#include <kernel/pid.h>
#include <kernel/ptrace.h>
#include <kernel/rlimit.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <linux/sched.h>
#include "signal_internal.h"

static struct kmem_cache *signal_cache, *sighand_cache;

/* Memory stays a sighand over reuse: __lock_task_sighand() locks one that may just be freed. */
static void sighand_ctor(void *data)
{
	struct sighand_struct *sighand = data;

	spin_lock_init(&sighand->siglock, LOCK_SIGHAND);
	init_waitqueue_head(&sighand->signalfd_wqh);
}

/* Of the first task, and of all idle tasks and kernel threads that share its. */
struct signal_struct init_signals = {
	.sigcnt = REFCOUNT_INIT(2),
	.live = ATOMIC_INIT(1),
	.nr_threads = 1,
	.thread_head = { &init_task.thread_node, &init_task.thread_node },
	.curr_target = &init_task,
	.pids = {
		[PIDTYPE_PID] = &init_struct_pid, [PIDTYPE_TGID] = &init_struct_pid,
		[PIDTYPE_PGID] = &init_struct_pid, [PIDTYPE_SID] = &init_struct_pid,
	},
};
struct sighand_struct init_sighand = { .count = REFCOUNT_INIT(2) };

/* Locks, lists, and all else that does not come from the parent. */
static void signal_struct_setup(struct signal_struct *sig)
{
	init_waitqueue_head(&sig->wait_chldexit);
	init_sigpending(&sig->shared_pending);
	INIT_LIST_HEAD(&sig->posix_timers);
	INIT_LIST_HEAD(&sig->cpu_timers);
	seqlock_init(&sig->stats_lock, LOCK_SIGNAL_STATS);
	hrtimer_init(&sig->real_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	sig->real_timer.function = it_real_fn;
	mutex_init(&sig->cred_guard_mutex, LOCK_CRED_GUARD);
	init_rwsem(&sig->exec_update_lock, LOCK_EXEC_UPDATE);
}

/* Before the first fork. */
void __init signal_init(void)
{
	sighand_ctor(&init_sighand);
	signal_struct_setup(&init_signals);
	memcpy(init_signals.rlim, init_rlimits, sizeof(init_signals.rlim));
	sighand_cache = kmem_cache_create("sighand_cache", sizeof(struct sighand_struct), 0,
					  SLAB_HWCACHE_ALIGN | SLAB_TYPESAFE_BY_RCU | SLAB_PANIC |
						  SLAB_ACCOUNT,
					  sighand_ctor);
	signal_cache = kmem_cache_create("signal_cache", sizeof(struct signal_struct), 0,
					 SLAB_HWCACHE_ALIGN | SLAB_PANIC | SLAB_ACCOUNT, NULL);
	signal_caches_init();
}

int copy_sighand(unsigned long clone_flags, struct task_struct *tsk)
{
	struct sighand_struct *sig;

	if (clone_flags & CLONE_SIGHAND) {
		refcount_inc(&current->sighand->count);
		return 0;
	}
	sig = kmem_cache_alloc(sighand_cache, GFP_KERNEL);
	if (!sig)
		return -ENOMEM;
	refcount_set(&sig->count, 1);
	spin_lock_irq(&current->sighand->siglock);
	memcpy(sig->action, current->sighand->action, sizeof(sig->action));
	spin_unlock_irq(&current->sighand->siglock);
	/* Handlers of the parent, except what clone3(CLONE_CLEAR_SIGHAND) asks to forget. */
	RCU_INIT_POINTER(tsk->sighand, sig);
	if (clone_flags & CLONE_CLEAR_SIGHAND)
		flush_signal_handlers(tsk, 0);
	return 0;
}

void __cleanup_sighand(struct sighand_struct *sighand)
{
	if (refcount_dec_and_test(&sighand->count)) {
		signalfd_cleanup(sighand);
		kmem_cache_free(sighand_cache, sighand);
	}
}

int unshare_sighand(struct task_struct *me)
{
	struct sighand_struct *old = me->sighand, *new;

	if (refcount_read(&old->count) == 1)
		return 0;
	new = kmem_cache_alloc(sighand_cache, GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	refcount_set(&new->count, 1);
	write_lock_irq(&tasklist_lock);
	spin_lock(&old->siglock);
	memcpy(new->action, old->action, sizeof(new->action));
	rcu_assign_pointer(me->sighand, new);
	spin_unlock(&old->siglock);
	write_unlock_irq(&tasklist_lock);
	__cleanup_sighand(old);
	return 0;
}

int copy_signal(unsigned long clone_flags, struct task_struct *tsk)
{
	struct signal_struct *sig, *old = current->signal;

	if (clone_flags & CLONE_THREAD)
		return 0;
	sig = kmem_cache_zalloc(signal_cache, GFP_KERNEL);
	tsk->signal = sig;
	if (!sig)
		return -ENOMEM;
	sig->nr_threads = 1;
	atomic_set(&sig->live, 1);
	refcount_set(&sig->sigcnt, 1);
	INIT_LIST_HEAD(&sig->thread_head);
	signal_struct_setup(sig);
	list_add(&tsk->thread_node, &sig->thread_head);
	sig->curr_target = tsk;

	task_lock(current->group_leader);
	memcpy(sig->rlim, old->rlim, sizeof(sig->rlim));
	task_unlock(current->group_leader);
	sig->cpu_timers_armed = sig->rlim[RLIMIT_CPU].rlim_cur != RLIM_INFINITY;
	sig->oom_score_adj = old->oom_score_adj;
	sig->oom_score_adj_min = old->oom_score_adj_min;
	return 0;
}

void put_signal_struct(struct signal_struct *sig)
{
	if (!refcount_dec_and_test(&sig->sigcnt))
		return;
	if (sig->oom_mm)
		mmdrop(sig->oom_mm);
	yama_task_free(sig);
	if (sig->io_wq)
		io_wq_put(sig->io_wq);
	kmem_cache_free(signal_cache, sig);
}
