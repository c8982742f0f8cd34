/* SPDX-License-Identifier: MIT */
/*
 * Signals: sets, queues, actions; the state that a process's threads share.
 *
 * Legend of the locks: s = sighand->siglock; a = atomic; t = tasklist_lock; c = constant;
 * l = stats_lock; own = only the task itself. Two letters: both to write, either to read.
 * siglock nests inside tasklist_lock and outside the run-queue lock.
 */
#ifndef QUIRE_KERNEL_SIGNAL_H
#define QUIRE_KERNEL_SIGNAL_H

#include <base/types.h>
#include <base/compiler.h>
#include <base/list.h>
#include <base/atomic.h>
#include <sync/spinlock.h>
#include <sync/seqlock.h>
#include <sync/mutex.h>
#include <sync/rwsem.h>
#include <sync/wait.h>
#include <kernel/time.h>
#include <kernel/hrtimer.h>
#include <kernel/pid_types.h>
#include <kernel/task_io.h>
#include <linux/signal.h>
#include <asm/siginfo.h>
#include <linux/resource.h>

struct task_struct;
struct tty_struct;
struct pid;
struct core_state;
struct io_wq;
struct user_struct;
struct pt_regs;
struct rusage;

#define _NSIG		64
#undef SIGRTMAX
#define SIGRTMAX	_NSIG

/* sigset_t is one unsigned long: bit sig - 1. */
#define sigmask(sig)		(1UL << ((sig) - 1))
#define sigaddset(set, sig)	((void)(*(set) |= sigmask(sig)))
#define sigdelset(set, sig)	((void)(*(set) &= ~sigmask(sig)))
#define sigismember(set, sig)	((int)(*(set) >> ((sig) - 1) & 1))
#define sigemptyset(set)	((void)(*(set) = 0))
#define sigdelsetmask(set, mask) ((void)(*(set) &= ~(unsigned long)(mask)))
#define valid_signal(sig)	((unsigned long)(sig) <= _NSIG)

#define SIG_KERNEL_ONLY_MASK	(sigmask(SIGKILL) | sigmask(SIGSTOP))
#define SIG_KERNEL_STOP_MASK	(sigmask(SIGSTOP) | sigmask(SIGTSTP) | sigmask(SIGTTIN) | sigmask(SIGTTOU))
#define SIG_KERNEL_COREDUMP_MASK (sigmask(SIGQUIT) | sigmask(SIGILL) | sigmask(SIGTRAP) | sigmask(SIGABRT) | \
	sigmask(SIGFPE) | sigmask(SIGSEGV) | sigmask(SIGBUS) | sigmask(SIGSYS) | sigmask(SIGXCPU) | sigmask(SIGXFSZ))
#define SIG_KERNEL_IGNORE_MASK	(sigmask(SIGCONT) | sigmask(SIGCHLD) | sigmask(SIGWINCH) | sigmask(SIGURG))
#define SYNCHRONOUS_MASK	(sigmask(SIGSEGV) | sigmask(SIGBUS) | sigmask(SIGILL) | sigmask(SIGTRAP) | \
				 sigmask(SIGFPE) | sigmask(SIGSYS))
#define sig_kernel_only(sig)	((sig) < SIGRTMIN && (sigmask(sig) & SIG_KERNEL_ONLY_MASK))
#define sig_kernel_coredump(sig) ((sig) < SIGRTMIN && (sigmask(sig) & SIG_KERNEL_COREDUMP_MASK))
#define sig_kernel_ignore(sig)	((sig) < SIGRTMIN && (sigmask(sig) & SIG_KERNEL_IGNORE_MASK))
#define sig_kernel_stop(sig)	((sig) < SIGRTMIN && (sigmask(sig) & SIG_KERNEL_STOP_MASK))

/* siginfo without the padding up to 128 bytes. */
typedef struct kernel_siginfo {
	__SIGINFO;
} kernel_siginfo_t;

/* Instead of a siginfo: sent by a user without one, by the kernel. */
#define SEND_SIG_NOINFO	((struct kernel_siginfo *)0)
#define SEND_SIG_PRIV	((struct kernel_siginfo *)1)

struct k_sigaction {
	struct sigaction sa;
};

struct ksignal {
	struct k_sigaction ka;
	kernel_siginfo_t info;
	int sig;
};

#define SIGQUEUE_PREALLOC	1	/* belongs to a timer */

struct sigqueue {
	struct list_head list;
	int flags;
	kernel_siginfo_t info;
	struct user_struct *user;	/* whose RLIMIT_SIGPENDING it counts against */
};

struct sigpending {
	struct list_head list;		/* s: struct sigqueue in the order of arrival */
	sigset_t signal;		/* s */
};

static inline void init_sigpending(struct sigpending *sig)
{
	sigemptyset(&sig->signal);
	INIT_LIST_HEAD(&sig->list);
}

/* The handlers; shared by CLONE_SIGHAND. Freed after an RCU grace period (type-stable memory). */
struct sighand_struct {
	spinlock_t siglock;
	refcount_t count;		/* a */
	wait_queue_head_t signalfd_wqh;
	struct k_sigaction action[_NSIG];	/* s */
};

struct cpu_itimer {
	u64 expires;			/* s: CPU time of the process, ns; 0 = not armed */
	u64 incr;
};

/* What the threads of a process share besides the handlers. */
struct signal_struct {
	refcount_t sigcnt;		/* a */
	atomic_t live;			/* a: threads that have not begun to exit */
	int nr_threads;			/* s */
	struct list_head thread_head;	/* t, RCU: task->thread_node */

	wait_queue_head_t wait_chldexit;	/* wait4() */
	struct task_struct *curr_target;	/* s: where the search for a thread begins */
	struct sigpending shared_pending;	/* s: sent to the process */

	int group_exit_code;		/* s */
	int notify_count;		/* s: de_thread() waits until it is 0 */
	struct task_struct *group_exec_task;	/* s: the thread in exec that kills the others */
	int group_stop_count;		/* s: threads still to stop */
	unsigned int flags;		/* s: SIGNAL_* */

	unsigned int is_child_subreaper:1;	/* t */
	unsigned int has_child_subreaper:1;	/* t */

	int next_posix_timer_id;	/* s */
	struct list_head posix_timers;	/* s: struct k_itimer */
	struct hrtimer real_timer;	/* ITIMER_REAL */
	ktime_t it_real_incr;		/* s */
	struct cpu_itimer it[2];	/* s: ITIMER_PROF, ITIMER_VIRTUAL */
	bool cpu_timers_armed;		/* s: the tick has something to compare */
	struct list_head cpu_timers;	/* s: armed timers on CPU clocks */

	struct pid *pids[PIDTYPE_MAX];	/* t: TGID, PGID, SID */
	struct pid *tty_old_pgrp;	/* s */
	int leader;			/* t, s: session leader */
	struct tty_struct *tty;		/* s: controlling terminal */

	/* Of threads that are gone, and (c...) of children waited for. */
	seqlock_t stats_lock;		/* l */
	u64 utime, stime, cutime, cstime, gtime, cgtime;	/* ns */
	unsigned long long sum_sched_runtime;
	unsigned long nvcsw, nivcsw, cnvcsw, cnivcsw;
	unsigned long min_flt, maj_flt, cmin_flt, cmaj_flt;
	unsigned long inblock, oublock, cinblock, coublock;
	unsigned long maxrss, cmaxrss;	/* pages */
	struct task_io io;		/* of threads that are gone */

	struct rlimit rlim[RLIM_NLIMITS];	/* task_lock of the leader to write */

	short oom_score_adj, oom_score_adj_min;
	struct task_struct *in_swapoff;	/* the thread that is: its process dies first when memory runs out */
	struct mm_struct *oom_mm;
	struct mutex cred_guard_mutex;		/* exec against ptrace */
	struct rw_semaphore exec_update_lock;
	struct pid *ptracer_named;		/* s, RCU: PR_SET_PTRACER, see kernel/ptrace.c */
	struct core_state *core_state;		/* s: a core dump is being written */
	struct io_wq *io_wq;			/* set once: the workers of io_uring; NULL: it has none */
};

/* signal_struct.flags */
#define SIGNAL_STOP_STOPPED	0x00000001	/* the whole group has stopped */
#define SIGNAL_STOP_CONTINUED	0x00000002	/* SIGCONT since the last wait */
#define SIGNAL_GROUP_EXIT	0x00000004
#define SIGNAL_CLD_STOPPED	0x00000010	/* CLD_STOPPED still to be told */
#define SIGNAL_CLD_CONTINUED	0x00000020
#define SIGNAL_CLD_MASK		(SIGNAL_CLD_STOPPED | SIGNAL_CLD_CONTINUED)
#define SIGNAL_UNKILLABLE	0x00000040	/* PID 1: default actions do not apply */
#define SIGNAL_STOP_MASK	(SIGNAL_CLD_MASK | SIGNAL_STOP_STOPPED | SIGNAL_STOP_CONTINUED)

static inline void signal_set_stop_flags(struct signal_struct *sig, unsigned int flags)
{
	sig->flags = (sig->flags & ~SIGNAL_STOP_MASK) | flags;
}

/* task->jobctl */
#define JOBCTL_STOP_SIGMASK	0xffff
#define JOBCTL_STOP_DEQUEUED	(1UL << 16)	/* a stop signal was dequeued */
#define JOBCTL_STOP_PENDING	(1UL << 17)	/* the task is to stop for the group stop */
#define JOBCTL_STOP_CONSUME	(1UL << 18)	/* and to be counted when it does */
#define JOBCTL_TRAP_STOP	(1UL << 19)
#define JOBCTL_TRAP_NOTIFY	(1UL << 20)
#define JOBCTL_TRAPPING		(1UL << 21)
#define JOBCTL_LISTENING	(1UL << 22)
#define JOBCTL_TRAP_FREEZE	(1UL << 23)	/* its control group is to stand still */
#define JOBCTL_PTRACE_FROZEN	(1UL << 24)
#define JOBCTL_STOPPED		(1UL << 26)
#define JOBCTL_TRACED		(1UL << 27)
#define JOBCTL_TRAP_MASK	(JOBCTL_TRAP_STOP | JOBCTL_TRAP_NOTIFY)
#define JOBCTL_PENDING_MASK	(JOBCTL_STOP_PENDING | JOBCTL_TRAP_MASK)
#define JOBCTL_WAKE_MASK	(JOBCTL_PENDING_MASK | JOBCTL_TRAP_FREEZE)

/* task->restart_block: how to go on with a call that a signal without handler interrupted. */
struct restart_block {
	long (*fn)(struct restart_block *);
	union {
		struct {
			u32 __user *uaddr;
			u32 val, flags, bitset;
			u64 time;
			u32 __user *uaddr2;
		} futex;
		struct {
			clockid_t clockid;
			int type;		/* 0: no remainder wanted, 1: to rmtp */
			struct __kernel_timespec __user *rmtp;
			u64 expires;
		} nanosleep;
		struct {
			void __user *ufds;
			int nfds;
			int has_timeout;
			unsigned long tv_sec, tv_nsec;
		} poll;
	};
};
long do_no_restart_syscall(struct restart_block *param);
/* Remember @fn as the continuation: -ERESTART_RESTARTBLOCK. */
long set_restart_fn(struct restart_block *restart, long (*fn)(struct restart_block *));

/*
 * Sending. @priv: the kernel sends (SEND_SIG_PRIV), else in the name of current without siginfo.
 * All: 0, -ESRCH, -EINVAL, -EPERM (those that check), -EAGAIN (a real-time signal beyond RLIMIT_SIGPENDING).
 * Any context unless told otherwise.
 */
int send_sig(int sig, struct task_struct *p, int priv);
int send_sig_info(int sig, struct kernel_siginfo *info, struct task_struct *p);
int do_send_sig_info(int sig, struct kernel_siginfo *info, struct task_struct *p, enum pid_type type);
int group_send_sig_info(int sig, struct kernel_siginfo *info, struct task_struct *p, enum pid_type type);
int send_signal_locked(int sig, struct kernel_siginfo *info, struct task_struct *t, enum pid_type type);
int kill_pid_info(int sig, struct kernel_siginfo *info, struct pid *pid);
int kill_pgrp(struct pid *pid, int sig, int priv);
/* As kill_pgrp, => with tasklist_lock held for reading. */
int __kill_pgrp_info(int sig, struct kernel_siginfo *info, struct pid *pgrp);
/* To the running thread because of what it did: cannot be blocked or ignored. */
void force_sig(int sig);
void force_sig_fault(int sig, int code, void __user *addr);
void force_sig_mceerr(int code, void __user *addr, short lsb);
void force_sig_pkuerr(void __user *addr, u32 pkey);
void force_sigsegv(int sig);		/* a handler could not be set up */
void force_fatal_sig(int sig);

/* Receiving. */
void recalc_sigpending(void);		/* => siglock held */
void recalc_sigpending_tsk(struct task_struct *t);
void signal_wake_up_state(struct task_struct *t, unsigned int state);	/* => siglock held */
/* Take the first signal not in @mask: its number, 0 = none. => siglock held. */
int dequeue_signal(struct task_struct *tsk, sigset_t *mask, kernel_siginfo_t *info);
/* What to do before user mode: true with a handler to call in @ksig; may stop or never return. */
bool get_signal(struct ksignal *ksig);
void signal_setup_done(int failed, struct ksignal *ksig, int stepping);
void exit_signals(struct task_struct *tsk);	/* the task takes no more signals */
/* The flags test of a kernel that is about to sleep or return: see also task.h (signal_pending). */
void set_current_blocked(sigset_t *newset);
int sigprocmask(int how, sigset_t *set, sigset_t *oldset);
/* ppoll and friends: mask for the time of the call. 0, -EFAULT, -EINVAL. */
int set_user_sigmask(const sigset_t __user *umask, size_t sigsetsize);
void restore_saved_sigmask(void);
void restore_saved_sigmask_unless(bool interrupted);
sigset_t *sigmask_to_save(void);

void flush_signal_handlers(struct task_struct *t, int force_default);	/* exec */
void flush_sigqueue(struct sigpending *queue);
/* exec, exit: SIGKILL the other threads; how many there are. => siglock held. */
int zap_other_threads(struct task_struct *p);
bool unhandled_signal(struct task_struct *tsk, int sig);
void ignore_signals(struct task_struct *t);

struct sighand_struct *__lock_task_sighand(struct task_struct *tsk, unsigned long *flags);
static inline struct sighand_struct *lock_task_sighand(struct task_struct *tsk, unsigned long *flags)
{
	return __lock_task_sighand(tsk, flags);
}
void unlock_task_sighand(struct task_struct *tsk, unsigned long *flags);

/* Parent and child. do_notify_parent: true when the parent does not want to wait (=> reap it).
 * => with tasklist_lock held for writing */
bool do_notify_parent(struct task_struct *tsk, int sig);
/* Task @p, a child or tracee of @parent, has something to report to wait4(). => tasklist_lock */
void __wake_up_parent(struct task_struct *p, struct task_struct *parent);
void task_join_group_stop(struct task_struct *task);	/* new thread of a stopping group */
bool task_set_jobctl_pending(struct task_struct *task, unsigned long mask);
void task_clear_jobctl_pending(struct task_struct *task, unsigned long mask);

/* siginfo to user: all 128 bytes, 0 or -EFAULT; and back (with the checks of sigqueue). */
int copy_siginfo_to_user(siginfo_t __user *to, const kernel_siginfo_t *from);
int copy_siginfo_from_user(kernel_siginfo_t *to, const siginfo_t __user *from);
static inline void clear_siginfo(kernel_siginfo_t *info)
{
	__builtin_memset(info, 0, sizeof(*info));
}

/* sigaltstack */
bool on_sig_stack(unsigned long sp);
int sas_ss_flags(unsigned long sp);
void sas_ss_reset(struct task_struct *p);
int restore_altstack(const stack_t __user *uss);
int __save_altstack(stack_t __user *uss, unsigned long sp);

/* fork and exit of the state above; kernel/fork.c, exit.c and exec.c call these. */
void signal_init(void);					/* caches; once at boot */
int copy_sighand(unsigned long clone_flags, struct task_struct *tsk);
int copy_signal(unsigned long clone_flags, struct task_struct *tsk);
void __cleanup_sighand(struct sighand_struct *sighand);	/* drops a reference */
void put_signal_struct(struct signal_struct *sig);	/* drops a reference */
int unshare_sighand(struct task_struct *me);		/* exec: own handlers. 0, -ENOMEM */
void exit_itimers(struct task_struct *tsk);		/* last thread gone, or exec */
/* The tick, in the context of @tsk = current: CPU-time timers and RLIMIT_CPU. Interrupts off. */
void run_posix_cpu_timers(void);

/* Preallocated entries, for timers. */
struct sigqueue *sigqueue_alloc(void);
void sigqueue_free(struct sigqueue *q);
int send_sigqueue(struct sigqueue *q, struct pid *pid, enum pid_type type);

/* signalfd: detach from a dying sighand. */
void signalfd_cleanup(struct sighand_struct *sighand);

extern struct signal_struct init_signals;
extern struct sighand_struct init_sighand;

/* The machine's part: run handlers, restart calls, restore the mask. */
void arch_do_signal_or_restart(struct pt_regs *regs);

#endif
