/* SPDX-License-Identifier: MIT */
/*
 * task_struct: one thread, of a process or of the kernel. Field names are Linux's.
 *
 * Legend (which lock guards a field):
 *	t  tasklist_lock (write to change; read, or RCU for lookups, to look)
 *	s  sighand->siglock
 *	q  the lock of the run queue on which the task is (task_rq_lock())
 *	w  pi_lock: wake-ups, affinity
 *	a  alloc_lock (task_lock()): mm, files, fs, comm as seen by others
 *	o  only the task itself
 *	c  constant after fork
 */
#ifndef QUIRE_KERNEL_TASK_H
#define QUIRE_KERNEL_TASK_H

#include <base/types.h>
#include <base/compiler.h>
#include <base/atomic.h>
#include <base/bitops.h>
#include <base/cpumask.h>
#include <base/list.h>
#include <base/nodemask.h>
#include <base/rbtree.h>
#include <sync/rcu_types.h>
#include <sync/rwlock.h>
#include <sync/spinlock.h>
#include <kernel/pid_types.h>
#include <kernel/signal.h>
#include <kernel/task_io.h>
#include <seam/current.h>
#include <seam/thread.h>

struct backing_dev_info;
struct blk_plug;
struct cgroup;
struct completion;
struct cred;
struct file;
struct files_struct;
struct fs_struct;
struct mem_cgroup;
struct cpuset;
struct mm_struct;
struct nameidata;
struct page;
struct robust_list_head;
struct rq;
struct rseq;
struct sighand_struct;
struct sem_undo_list;
struct signal_struct;
struct task_struct;
struct timespec64;
struct callback_head;

#define TASK_COMM_LEN		16

/* Task states (task->__state and task->exit_state), Linux's values. */
#define TASK_RUNNING		0x0000
#define TASK_INTERRUPTIBLE	0x0001
#define TASK_UNINTERRUPTIBLE	0x0002
#define __TASK_STOPPED		0x0004
#define __TASK_TRACED		0x0008
#define EXIT_DEAD		0x0010
#define EXIT_ZOMBIE		0x0020
#define EXIT_TRACE		(EXIT_ZOMBIE | EXIT_DEAD)
#define TASK_DEAD		0x0080
#define TASK_WAKEKILL		0x0100
#define TASK_WAKING		0x0200
#define TASK_NOLOAD		0x0400
#define TASK_NEW		0x0800
#define TASK_KILLABLE		(TASK_WAKEKILL | TASK_UNINTERRUPTIBLE)
#define TASK_STOPPED		(TASK_WAKEKILL | __TASK_STOPPED)
#define TASK_TRACED		(TASK_WAKEKILL | __TASK_TRACED)
#define TASK_IDLE		(TASK_UNINTERRUPTIBLE | TASK_NOLOAD)
#define TASK_NORMAL		(TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE)

/* task->flags; Linux's values (a program sees them in /proc/PID/stat). */
#define PF_IDLE			0x00000002
#define PF_EXITING		0x00000004
#define PF_POSTCOREDUMP		0x00000008
#define PF_IO_WORKER		0x00000010
#define PF_WQ_WORKER		0x00000020
#define PF_FORKNOEXEC		0x00000040
#define PF_SUPERPRIV		0x00000100
#define PF_DUMPCORE		0x00000200
#define PF_SIGNALED		0x00000400
#define PF_MEMALLOC		0x00000800
#define PF_NPROC_EXCEEDED	0x00001000
#define PF_NOFREEZE		0x00008000
#define PF_KSWAPD		0x00020000
#define PF_MEMALLOC_NOFS	0x00040000
#define PF_MEMALLOC_NOIO	0x00080000
#define PF_KTHREAD		0x00200000
#define PF_RANDOMIZE		0x00400000
#define PF_NO_SETAFFINITY	0x04000000

/* The fair scheduler's view of a task, see kernel/sched/fair.c. All q. */
struct sched_entity {
	struct rb_node run_node;
	u64 vruntime;			/* weighted ns */
	u64 exec_start;			/* rq clock when last charged */
	u64 sum_exec_runtime;		/* ns on a CPU */
	u64 prev_sum_exec_runtime;	/* at the start of this turn */
	unsigned long weight;		/* 1024 = nice 0 */
	unsigned long inv_weight;	/* 2^32 / weight */
	bool on_rq;			/* queued or running */
	u64 nr_migrations;
};

/* CPU time, ns: all of it, exact; ticks that hit it in user mode and in the kernel. */
struct task_times {
	u64 exec, user, system;
};

struct sched_rt_entity {
	struct list_head run_list;
	unsigned int time_slice;	/* ticks left of a SCHED_RR turn */
	bool on_rq;
};

#if QUIRE_DEBUG
#define MAX_LOCK_DEPTH 48
struct held_lock {
	const void *lock;
	unsigned long ip;
	unsigned short rank;
	unsigned char subclass;
	unsigned char how;		/* read, write, irq state: as sync/ defines */
};
#endif

struct task_struct {
	struct thread_info thread_info;		/* first: entry code finds the flags at offset 0 */
	unsigned int cpu;			/* q: on whose queue it is or was */

	/* What a context switch and a wake-up touch. */
	unsigned int __state;			/* o, w */
	unsigned int on_cpu;			/* q: 1 while its stack is in use by a CPU */
	unsigned int on_rq;			/* q: 1 queued, 2 migrating */
	unsigned int flags;			/* o: PF_* */
	int prio, static_prio, normal_prio;	/* q: 0-99 real time, 100-139 nice */
	unsigned int rt_priority;		/* q: 1-99 for FIFO and RR */
	unsigned int policy;			/* q: SCHED_* */
	bool sched_reset_on_fork;		/* q */
	u16 ioprio;				/* a: of ioprio_set(2); 0: as nice says. Children inherit it */
	struct sched_entity se;			/* q */
	struct sched_rt_entity rt;		/* q */
	struct mm_struct *mm, *active_mm;	/* a */
	void *stack;				/* c: lowest address */
	unsigned long nvcsw, nivcsw;		/* q */
	struct thread_struct thread;		/* o, q: the machine's, see seam/thread.h */

	spinlock_t pi_lock;
	refcount_t usage;			/* of the struct: get_task_struct() */
	refcount_t stack_refcount;
	unsigned int ptrace;			/* t, s */
	int nr_cpus_allowed;			/* w, q */
	struct cpumask cpus_mask;		/* w, q */
	unsigned short migration_disabled;
	struct list_head tasks;			/* t: all leaders, from init_task on */

	int exit_state;				/* t */
	int exit_code, exit_signal;		/* t */
	int pdeath_signal;			/* o: to send when the parent dies */
	unsigned long jobctl;			/* s: JOBCTL_* */
	unsigned int personality;		/* o */
	unsigned in_execve:1;			/* o */
	unsigned in_iowait:1;			/* o */
	unsigned in_memstall:1;			/* o: psi_memstall_enter() */
	unsigned no_new_privs:1;		/* o; inherited */
	unsigned did_exec:1;			/* o */
	unsigned frozen:1;			/* o, and cgroup_tasks_lock: stands still, see kernel/cgroup/freezer.c */
	struct restart_block restart_block;	/* o */

	pid_t pid, tgid;			/* c (exec of a thread: t) */
	struct task_struct *real_parent;	/* t, RCU */
	struct task_struct *parent;		/* t, RCU: gets SIGCHLD */
	struct list_head children, sibling;	/* t */
	struct task_struct *group_leader;	/* t */
	struct list_head ptraced, ptrace_entry;	/* t */
	struct pid *thread_pid;			/* t */
	struct hlist_node pid_links[PIDTYPE_MAX];	/* t */
	struct list_head thread_node;		/* t, s: signal->thread_head */
	struct completion *vfork_done;		/* a */
	int __user *set_child_tid;		/* o */
	int __user *clear_child_tid;		/* o */
	void *worker_private;			/* o: kthread data */

	struct task_io io;			/* o: /proc/PID/io */
	u64 utime, stime;			/* q: ns, see account_process_tick */
	u64 gtime;
	u64 start_time;				/* c: ns, monotonic */
	u64 start_boottime;			/* c */
	unsigned long min_flt, maj_flt;		/* o */

	const struct cred *real_cred;		/* RCU: as an object */
	const struct cred *cred;		/* RCU: as a subject */
	const struct cred *ptracer_cred;	/* t */
	char comm[TASK_COMM_LEN];		/* a */
	struct nameidata *nameidata;		/* o */
	int link_count, total_link_count;	/* o: symbolic links followed */

	struct fs_struct *fs;			/* a */
	struct files_struct *files;		/* a */
	struct cgroup *cgroup;			/* cgroup_tasks_lock, RCU: NULL: the root; see kernel/cgroup.h */
	struct psi_group *psi;			/* q: of its control group; NULL: the root */
	u8 psi_counts;				/* q: which numbers of that count it, see kernel/sched/psi_group.c */
	struct mem_cgroup *memcg;		/* as cgroup: whom its pages are charged to; NULL: nobody */
	struct task_times told_times;		/* cgroup_tasks_lock: of its times, what cgroup was told of; not in the root */
	unsigned long told_min_flt, told_maj_flt;	/* cgroup_tasks_lock: of min_flt, maj_flt, what memcg was told of */
	struct sem_undo_list *sysvsem_undo;	/* o: what semop(2) undoes at the end, or NULL */

	struct signal_struct *signal;		/* t */
	struct sighand_struct *sighand;		/* t, RCU: NULL once reaped */
	sigset_t blocked, real_blocked;		/* s */
	sigset_t saved_sigmask;			/* o */
	struct sigpending pending;		/* s */
	unsigned long sas_ss_sp;		/* o */
	size_t sas_ss_size;			/* o */
	unsigned int sas_ss_flags;		/* o */
	struct callback_head *task_works;	/* atomic */
	void *last_siginfo;			/* s: while stopped for a tracer */
	unsigned long ptrace_message;

	spinlock_t alloc_lock;
	u64 parent_exec_id, self_exec_id;	/* t */

	struct robust_list_head __user *robust_list;	/* o */
	struct mutex_waiter *blocked_on;	/* of the mutex's wait_lock */

	struct rseq __user *rseq;		/* o */
	u32 rseq_sig;
	unsigned int rseq_event_mask;		/* o: RSEQ_EVENT_* since the last return to user */

	struct blk_plug *plug;			/* o */
	struct task_struct *oom_reaper_list;	/* oom reaper: the next of its victims */
	struct backing_dev_info *backing_dev_info;
	struct mem_cgroup *active_memcg;	/* o: whom its pages are charged to instead of memcg, or NULL */
	struct cpuset *cpuset;			/* cgroup_tasks_lock: NULL: the root's (kernel/cgroup/cpuset.c) */
	nodemask_t mems_allowed;		/* the same: nodes from which it gets memory; read without */
	unsigned int memcg_over_high;		/* o: pages to pay for on the way to user mode, see mm/memcg/high.c */
	int nr_dirtied, nr_dirtied_pause;	/* o: pages since the last balance_dirty_pages; until the next */
	unsigned long dirty_paused_when;	/* o: jiffies of the last */
	int pagefault_disabled;			/* o */
	unsigned int fail_nth;			/* o: fail the n-th allocation, see mm/fault_inject.h */
	unsigned int make_it_fail;
	u64 timer_slack_ns;			/* o */
	u64 default_timer_slack_ns;
	unsigned long oom_since;		/* oom reaper: when it was queued, jiffies */
#if QUIRE_DEBUG
	struct held_lock held_locks[MAX_LOCK_DEPTH];	/* o */
	int lockdep_depth;			/* o */
#endif
#if QUIRE_LOCKSTAT
	struct lockstat_held lockstat_held[MAX_LOCKSTAT_DEPTH];	/* o */
	int lockstat_depth;			/* o */
#endif
	struct rcu_head rcu;
};

extern struct task_struct init_task;
extern rwlock_t tasklist_lock;

static inline void *task_stack_page(const struct task_struct *p)
{
	return p->stack;
}

static inline unsigned int task_cpu(const struct task_struct *p)
{
	return READ_ONCE(p->cpu);
}

static inline void set_tsk_thread_flag(struct task_struct *p, int flag)
{
	set_bit(flag, &p->thread_info.flags);
}

static inline void clear_tsk_thread_flag(struct task_struct *p, int flag)
{
	clear_bit(flag, &p->thread_info.flags);
}

static inline bool test_tsk_thread_flag(const struct task_struct *p, int flag)
{
	return READ_ONCE(p->thread_info.flags) & (1UL << flag);
}

static inline bool test_and_clear_tsk_thread_flag(struct task_struct *p, int flag)
{
	return test_and_clear_bit(flag, &p->thread_info.flags);
}

static inline bool test_and_set_tsk_thread_flag(struct task_struct *p, int flag)
{
	return test_and_set_bit(flag, &p->thread_info.flags);
}

#define set_thread_flag(flag)			set_tsk_thread_flag(current, flag)
#define clear_thread_flag(flag)			clear_tsk_thread_flag(current, flag)
#define test_thread_flag(flag)			test_tsk_thread_flag(current, flag)
#define test_and_clear_thread_flag(flag)	test_and_clear_tsk_thread_flag(current, flag)

/* References to the struct (it also lives through an RCU grace period after the last one). */
static inline struct task_struct *get_task_struct(struct task_struct *p)
{
	refcount_inc(&p->usage);
	return p;
}

void __put_task_struct(struct task_struct *p);

static inline void put_task_struct(struct task_struct *p)
{
	if (refcount_dec_and_test(&p->usage))
		__put_task_struct(p);
}

/* alloc_lock: guards mm, files, fs, comm, vfork_done against readers from other tasks. */
static inline void task_lock(struct task_struct *p)
{
	spin_lock(&p->alloc_lock);
}

static inline void task_unlock(struct task_struct *p)
{
	spin_unlock(&p->alloc_lock);
}

static inline pid_t task_pid_nr(const struct task_struct *p)
{
	return p->pid;
}

static inline pid_t task_tgid_nr(const struct task_struct *p)
{
	return p->tgid;
}

static inline bool thread_group_leader(const struct task_struct *p)
{
	return p->exit_signal >= 0;
}

static inline bool has_group_leader_pid(const struct task_struct *p)
{
	return p->pid == p->tgid;
}

static inline bool same_thread_group(const struct task_struct *a, const struct task_struct *b)
{
	return a->signal == b->signal;
}

static inline bool is_global_init(const struct task_struct *p)
{
	return p->tgid == 1;
}

static inline bool is_idle_task(const struct task_struct *p)
{
	return p->flags & PF_IDLE;
}

/* The mm of @p with a use count, or NULL (kernel thread, exiting). Context: takes task_lock. */
struct mm_struct *get_task_mm(struct task_struct *p);

/* comm: at most 15 characters. get_task_comm copies TASK_COMM_LEN bytes. */
void set_task_comm(struct task_struct *p, const char *name);
char *get_task_comm(char *buf, struct task_struct *p);

/* All processes / all threads: under RCU or tasklist_lock. */
#define next_task(p) \
	list_entry(READ_ONCE((p)->tasks.next), struct task_struct, tasks)
#define for_each_process(p) \
	for (p = &init_task; (p = next_task(p)) != &init_task; )
#define for_each_thread(p, t) \
	list_for_each_entry_rcu(t, &(p)->signal->thread_head, thread_node)
#define for_each_process_thread(p, t) \
	for_each_process(p) for_each_thread(p, t)

static inline bool thread_group_empty(struct task_struct *p)
{
	return list_is_singular(&p->signal->thread_head) || list_empty(&p->signal->thread_head);
}

static inline struct task_struct *next_thread(struct task_struct *p)
{
	struct list_head *n = READ_ONCE(p->thread_node.next);

	if (n == &p->signal->thread_head)
		n = READ_ONCE(n->next);
	return list_entry(n, struct task_struct, thread_node);
}

static inline int get_nr_threads(const struct task_struct *p)
{
	return p->signal->nr_threads;
}

/* Signals that wait for @p. The flag may be set without one (recalc_sigpending() tells). */
static inline bool task_sigpending(struct task_struct *p)
{
	return unlikely(test_tsk_thread_flag(p, TIF_SIGPENDING));
}

static inline bool signal_pending(struct task_struct *p)
{
	return unlikely(READ_ONCE(p->thread_info.flags) & (_TIF_SIGPENDING | _TIF_NOTIFY_SIGNAL));
}

static inline bool __fatal_signal_pending(struct task_struct *p)
{
	return sigismember(&p->pending.signal, SIGKILL);
}

static inline bool fatal_signal_pending(struct task_struct *p)
{
	return task_sigpending(p) && __fatal_signal_pending(p);
}

/* Does a signal forbid to sleep in @state? */
static inline bool signal_pending_state(unsigned int state, struct task_struct *p)
{
	if (!(state & (TASK_INTERRUPTIBLE | TASK_WAKEKILL)))
		return false;
	if (!signal_pending(p))
		return false;
	return (state & TASK_INTERRUPTIBLE) || __fatal_signal_pending(p);
}

static inline unsigned long task_rlimit(const struct task_struct *p, unsigned int limit)
{
	return READ_ONCE(p->signal->rlim[limit].rlim_cur);
}

static inline unsigned long task_rlimit_max(const struct task_struct *p, unsigned int limit)
{
	return READ_ONCE(p->signal->rlim[limit].rlim_max);
}

static inline unsigned long rlimit(unsigned int limit)
{
	return task_rlimit(current, limit);
}

static inline unsigned long rlimit_max(unsigned int limit)
{
	return task_rlimit_max(current, limit);
}

#endif
