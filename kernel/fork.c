// SPDX-License-Identifier: MIT
/*
 * Making tasks: fork, vfork, clone, clone3, kernel threads.
 *
 * copy_process() builds the new task part by part, in the order below; each part has its undo, and a
 * failure runs the undos in reverse. Until the task is in the lists under tasklist_lock nobody can see
 * it, and after that nothing fails.
 *
 *	part		shared by		undone by
 *	task, stack	-			free_task
 *	creds		always (constant)	exit_creds
 *	files		CLONE_FILES		exit_files
 *	fs		CLONE_FS		exit_fs
 *	sighand		CLONE_SIGHAND		__cleanup_sighand
 *	signal		CLONE_THREAD		put_signal_struct
 *	mm		CLONE_VM		mmput
 *	registers	-			arch_release_task_struct
 *	pid		-			free_pid
 *	pidfd		CLONE_PIDFD		put_unused_fd, fput
 *
 * Errors: clone(2), fork(2); the checks come in the order of Linux 6.1, so that a call with two faults
 * gets the same errno.
 */
#include <base/bug.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/printf.h>
#include <base/string.h>
#include <sync/completion.h>
#include <sync/kthread.h>
#include <sync/rcu.h>
#include <sync/rwlock.h>
#include <sync/spinlock.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/fs_struct.h>
#include <fs/mount.h>
#include <ipc/sem.h>
#include <kernel/cgroup.h>
#include <kernel/cred.h>
#include <kernel/exec.h>
#include <kernel/exit.h>
#include <kernel/fork.h>
#include <kernel/futex.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <kernel/pid.h>
#include <kernel/printk.h>
#include <kernel/ptrace.h>
#include <kernel/rseq.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/syscall_trace.h>
#include <kernel/timekeeping.h>
#include <mm/mm_struct.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include <mm/vmstat.h>
#include <seam/mmu_context.h>
#include <seam/thread.h>
#include <seam/uaccess.h>
#include <linux/mman.h>

int max_threads;
int nr_threads;
unsigned long total_forks;
static struct kmem_cache *task_struct_cachep;

/* The struct ------------------------------------------------------------------------------------ */

/* A task that is a copy of @orig, with a stack of its own; NULL without memory. */
static struct task_struct *dup_task_struct(struct task_struct *orig)
{
	struct task_struct *tsk = kmem_cache_alloc(task_struct_cachep, GFP_KERNEL);
	void *stack;

	if (!tsk)
		return NULL;
	stack = alloc_thread_stack_node(NUMA_NO_NODE);
	if (!stack) {
		kmem_cache_free(task_struct_cachep, tsk);
		return NULL;
	}
	memcpy(tsk, orig, sizeof(*tsk));
	arch_dup_thread_init(&tsk->thread);
	tsk->stack = stack;
	refcount_set(&tsk->stack_refcount, 1);
	/* One for who waits for it (release_task), one for the scheduler's last switch away. */
	refcount_set(&tsk->usage, 2);
	clear_tsk_thread_flag(tsk, TIF_NEED_RESCHED);
	clear_tsk_thread_flag(tsk, TIF_NOTIFY_RESUME);
	clear_tsk_thread_flag(tsk, TIF_SIGPENDING);
	clear_tsk_thread_flag(tsk, TIF_NOTIFY_SIGNAL);
	clear_tsk_thread_flag(tsk, TIF_RESTORE_SIGMASK);
	return tsk;
}

bool try_get_task_stack(struct task_struct *tsk)
{
	return refcount_inc_not_zero(&tsk->stack_refcount);
}

void put_task_stack(struct task_struct *tsk)
{
	if (refcount_dec_and_test(&tsk->stack_refcount)) {
		void *stack = tsk->stack;

		tsk->stack = NULL;
		free_thread_stack(stack);
	}
}

/* The struct and what only it holds. => nobody knows it any more */
void free_task(struct task_struct *tsk)
{
	arch_release_task_struct(tsk);
	if (tsk->flags & PF_KTHREAD)
		free_kthread_struct(tsk);
	if (tsk->stack)
		put_task_stack(tsk);
	cgroup_free(tsk);
	kmem_cache_free(task_struct_cachep, tsk);
}

static void free_task_rcu(struct rcu_head *head)
{
	struct task_struct *tsk = container_of(head, struct task_struct, rcu);

	exit_creds(tsk);
	put_signal_struct(tsk->signal);
	free_task(tsk);
}

/* The last reference is gone; readers under RCU may still look. */
void __put_task_struct(struct task_struct *tsk)
{
	call_rcu(&tsk->rcu, free_task_rcu);
}

/* Parts ----------------------------------------------------------------------------------------- */

static int copy_files(unsigned long flags, struct task_struct *tsk, bool no_files)
{
	struct files_struct *old = current->files, *new;
	int error = 0;

	if (!old)
		return 0;
	if (no_files) {
		tsk->files = NULL;
		return 0;
	}
	if (flags & CLONE_FILES) {
		atomic_inc(&old->count);
		return 0;
	}
	new = dup_fd(old, NR_OPEN_MAX, &error);
	if (!new)
		return error;
	tsk->files = new;
	return 0;
}

/* A copy of current's fs_struct, with CLONE_NEWNS in a namespace of its own. */
static int own_fs(unsigned long flags, struct fs_struct **fs)
{
	int err;

	*fs = copy_fs_struct(current->fs);
	if (!*fs)
		return -ENOMEM;
	err = flags & CLONE_NEWNS ? copy_mnt_ns(*fs) : 0;
	if (err) {
		free_fs_struct(*fs);
		*fs = NULL;
	}
	return err;
}

static int copy_fs(unsigned long flags, struct task_struct *tsk)
{
	struct fs_struct *fs = current->fs;

	if (flags & CLONE_FS) {
		spin_lock(&fs->lock);
		if (fs->in_exec) {
			spin_unlock(&fs->lock);
			return -EAGAIN;
		}
		fs->users++;
		spin_unlock(&fs->lock);
		return 0;
	}
	return own_fs(flags, &tsk->fs);
}

static int copy_mm(unsigned long flags, struct task_struct *tsk)
{
	struct mm_struct *old = current->mm, *mm;

	tsk->min_flt = tsk->maj_flt = 0;
	tsk->mm = NULL;
	tsk->active_mm = NULL;
	if (!old)
		return 0; /* a kernel thread's child: borrows when it runs */
	if (flags & CLONE_VM) {
		mmget(old);
		mm = old;
	} else {
		mm = dup_mm(tsk, old);
		if (!mm)
			return -ENOMEM;
	}
	tsk->mm = mm;
	tsk->active_mm = mm;
	return 0;
}

struct mm_struct *get_task_mm(struct task_struct *p)
{
	struct mm_struct *mm;

	task_lock(p);
	mm = p->mm;
	if (mm) {
		if (p->flags & PF_KTHREAD)
			mm = NULL;
		else
			mmget(mm);
	}
	task_unlock(p);
	return mm;
}

/* Leaving an mm --------------------------------------------------------------------------------- */

static void complete_vfork_done(struct task_struct *tsk)
{
	struct completion *vfork;

	task_lock(tsk);
	vfork = tsk->vfork_done;
	if (vfork) {
		tsk->vfork_done = NULL;
		complete(vfork);
	}
	task_unlock(tsk);
}

static void mm_release(struct task_struct *tsk, struct mm_struct *mm)
{
	deactivate_mm(tsk, mm);
	/* The thread library waits for this word; nobody does when the last user goes. */
	if (tsk->clear_child_tid) {
		if (atomic_read(&mm->mm_users) > 1) {
			(void)put_user(0, tsk->clear_child_tid);
			futex_wake_tid((u32 __user *)tsk->clear_child_tid);
		}
		tsk->clear_child_tid = NULL;
	}
	if (tsk->vfork_done)
		complete_vfork_done(tsk);
}

void exit_mm_release(struct task_struct *tsk, struct mm_struct *mm)
{
	futex_exit_release(tsk);
	mm_release(tsk, mm);
}

void exec_mm_release(struct task_struct *tsk, struct mm_struct *mm)
{
	futex_exec_release(tsk);
	mm_release(tsk, mm);
}

/* Building -------------------------------------------------------------------------------------- */

#define CLONE_LEGACY_FLAGS_MASK 0xffffffffULL /* what fits into the argument of clone() */
#define CLONE_NAMESPACES                                                                           \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
	 CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME)

/* There are namespaces of mounts only: for the others, what a kernel without them answers. */
static int check_namespaces(u64 flags)
{
	if ((flags & CLONE_NAMESPACES & ~CLONE_NEWUSER) && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	return flags & CLONE_NAMESPACES & ~CLONE_NEWNS ? -EINVAL : 0;
}

static int check_flags(const struct kernel_clone_args *args)
{
	u64 flags = args->flags;

	if ((flags & (CLONE_NEWNS | CLONE_FS)) == (CLONE_NEWNS | CLONE_FS))
		return -EINVAL;
	if ((flags & (CLONE_NEWUSER | CLONE_FS)) == (CLONE_NEWUSER | CLONE_FS))
		return -EINVAL;
	if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
		return -EINVAL;
	if ((flags & CLONE_PARENT) && (current->signal->flags & SIGNAL_UNKILLABLE))
		return -EINVAL;
	if ((flags & CLONE_THREAD) && (flags & (CLONE_NEWUSER | CLONE_NEWPID)))
		return -EINVAL;
	if ((flags & CLONE_PIDFD) && (flags & (CLONE_DETACHED | CLONE_THREAD)))
		return -EINVAL;
	return check_namespaces(flags);
}

/* The fields of the copy that must not be copies. */
static void init_task_fields(struct task_struct *p, const struct kernel_clone_args *args)
{
	u64 flags = args->flags;

	p->flags &= ~(PF_SUPERPRIV | PF_WQ_WORKER | PF_IO_WORKER | PF_IDLE | PF_NO_SETAFFINITY |
		      PF_KTHREAD | PF_MEMALLOC | PF_KSWAPD | PF_NPROC_EXCEEDED);
	p->flags |= PF_FORKNOEXEC;
	if (args->io_thread) {
		p->flags |= PF_IO_WORKER;
		p->blocked = ~(sigmask(SIGKILL) | sigmask(SIGSTOP));
	}
	if (args->kthread || args->idle)
		p->flags |= PF_KTHREAD;
	INIT_LIST_HEAD(&p->children);
	INIT_LIST_HEAD(&p->sibling);
	INIT_LIST_HEAD(&p->ptraced);
	INIT_LIST_HEAD(&p->ptrace_entry);
	INIT_LIST_HEAD(&p->tasks);
	INIT_LIST_HEAD(&p->thread_node);
	p->ptrace = 0;
	p->vfork_done = NULL;
	p->set_child_tid = (flags & CLONE_CHILD_SETTID) ? args->child_tid : NULL;
	p->clear_child_tid = (flags & CLONE_CHILD_CLEARTID) ? args->child_tid : NULL;
	spin_lock_init(&p->alloc_lock, LOCK_TASK);
	init_sigpending(&p->pending);
	p->jobctl = 0;
	p->in_execve = p->in_iowait = p->in_memstall = p->did_exec = 0;
	p->exit_state = 0;
	p->exit_code = 0;
	p->pdeath_signal = 0;
	p->task_works = NULL;
	p->robust_list = NULL;
	p->restart_block.fn = do_no_restart_syscall;
	p->worker_private = NULL;
	p->nameidata = NULL;
	p->link_count = p->total_link_count = 0;
	p->plug = NULL;
	p->oom_reaper_list = NULL;
	p->pagefault_disabled = 0;
	p->blocked_on = NULL;
	p->last_siginfo = NULL;
	p->fail_nth = 0;
	p->nr_dirtied = p->nr_dirtied_pause = 0;
	p->dirty_paused_when = 0;
	p->start_time = ktime_get_ns();
	p->start_boottime = p->start_time;
	cgroup_fork(p);
	p->timer_slack_ns = current->timer_slack_ns;
	p->default_timer_slack_ns = current->timer_slack_ns;
#if QUIRE_DEBUG
	p->lockdep_depth = 0;
#endif
#if QUIRE_LOCKSTAT
	p->lockstat_depth = 0;
#endif
	/* A vfork child runs on the parent's stack and so keeps its alternate one; others do not share. */
	if ((flags & (CLONE_VM | CLONE_VFORK)) == CLONE_VM)
		sas_ss_reset(p);
	clear_tsk_thread_flag(p, TIF_MEMDIE);
	clear_tsk_thread_flag(p, TIF_SYSCALL_TRACE);
	clear_tsk_thread_flag(p, TIF_SYSCALL_EMU);
	p->ptrace_message = 0;
	p->io = (struct task_io){ 0 };
	p->ptracer_cred = NULL;
	rseq_fork(p, flags);
}

/* The new leader of a process joins the lists. => tasklist_lock for writing, siglock */
static void link_leader(struct task_struct *p, struct pid *pid)
{
	struct signal_struct *sig = p->signal;

	sig->pids[PIDTYPE_TGID] = pid;
	sig->pids[PIDTYPE_PGID] = task_pgrp(current);
	sig->pids[PIDTYPE_SID] = task_session(current);
	sig->tty = current->signal->tty;
	if (pid->nr == 1)
		sig->flags |= SIGNAL_UNKILLABLE;
	sig->has_child_subreaper = p->real_parent->signal->has_child_subreaper ||
				   p->real_parent->signal->is_child_subreaper;
	list_add_tail(&p->sibling, &p->real_parent->children);
	list_add_tail_rcu(&p->tasks, &init_task.tasks);
	attach_pid(p, PIDTYPE_TGID);
	attach_pid(p, PIDTYPE_PGID);
	attach_pid(p, PIDTYPE_SID);
}

/* A new thread of current's process joins. => as above */
static void link_thread(struct task_struct *p)
{
	struct signal_struct *sig = current->signal;

	sig->nr_threads++;
	atomic_inc(&sig->live);
	refcount_inc(&sig->sigcnt);
	task_join_group_stop(p);
	list_add_tail_rcu(&p->thread_node, &sig->thread_head);
}

/*
 * Put @p into the lists: from now on it can be found, signalled and waited for.
 * -EINTR, -ERESTARTNOINTR: a signal came that must be served by the parent alone.
 */
static int publish_task(struct task_struct *p, struct pid *pid,
			const struct kernel_clone_args *args, bool trace)
{
	u64 flags = args->flags;
	int err = 0;

	write_lock_irq(&tasklist_lock);
	if (flags & (CLONE_PARENT | CLONE_THREAD)) {
		p->real_parent = current->real_parent;
		p->parent_exec_id = current->parent_exec_id;
		p->exit_signal = flags & CLONE_THREAD ? -1 : current->group_leader->exit_signal;
	} else {
		p->real_parent = current;
		p->parent_exec_id = current->self_exec_id;
	}
	p->parent = p->real_parent;
	if (unlikely(cgroup_visible))
		err = cgroup_post_fork(p, args->cgroup);
	if (err)
		goto out;
	spin_lock(&current->sighand->siglock);
	if (fatal_signal_pending(current)) {
		err = -EINTR;
	} else {
		if (thread_group_leader(p))
			link_leader(p, pid);
		else
			link_thread(p);
		ptrace_init_task(p, trace || (flags & CLONE_PTRACE));
		syscall_trace_inherit(p);
		attach_pid(p, PIDTYPE_PID);
		nr_threads++;
		total_forks++;
	}
	spin_unlock(&current->sighand->siglock);
out:
	write_unlock_irq(&tasklist_lock);
	if (err) {
		cgroup_exit(p);
		cgroup_release(p);
	}
	return err;
}

/* A pidfd for the new process, reserved: *@pidfdp says which. 0 or an errno. */
static int make_pidfd(struct pid *pid, struct kernel_clone_args *args, int *fdp,
		      struct file **filep)
{
	int fd = get_unused_fd_flags(O_RDWR | O_CLOEXEC);
	struct file *file;

	if (fd < 0)
		return fd;
	file = pidfd_file(pid, O_RDWR);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	if (put_user(fd, args->pidfd)) {
		put_unused_fd(fd);
		fput(file);
		return -EFAULT;
	}
	*fdp = fd;
	*filep = file;
	return 0;
}

/* Is the user of the new task @p over its limit of processes? */
static bool over_nproc(struct task_struct *p)
{
	const struct cred *cred = p->real_cred;

	return atomic_long_read(&cred->user->processes) > rlimit(RLIMIT_NPROC) &&
	       cred->user != &root_user && !capable(CAP_SYS_RESOURCE) && !capable(CAP_SYS_ADMIN);
}

/**
 * copy_process - a new task, complete but not yet running.
 * @pid: NULL, or &init_struct_pid for an idle task
 * @trace: it is traced if current is
 * Return: the task, or ERR_PTR; then nothing is left of it. Context: may sleep.
 */
struct task_struct *copy_process(struct pid *pid, int trace, int node,
				 struct kernel_clone_args *args)
{
	u64 flags = args->flags;
	struct file *pidfile = NULL;
	struct task_struct *p;
	int pidfd = -1, err;

	err = check_flags(args);
	if (err)
		return ERR_PTR(err);
	/* A signal to the process that came before must not be taken for one that the child got too. */
	if (signal_pending(current) && !(flags & CLONE_THREAD)) {
		spin_lock_irq(&current->sighand->siglock);
		recalc_sigpending();
		spin_unlock_irq(&current->sighand->siglock);
		if (task_sigpending(current))
			return ERR_PTR(-ERESTARTNOINTR);
	}
	p = dup_task_struct(current);
	if (!p)
		return ERR_PTR(-ENOMEM);
	init_task_fields(p, args);
	err = copy_creds(p, flags);
	if (err)
		goto bad_free;
	err = -EAGAIN;
	if (over_nproc(p) || READ_ONCE(nr_threads) >= max_threads)
		goto bad_creds;
	current->flags &= ~PF_NPROC_EXCEEDED;
	err = sched_fork(flags, p);
	if (err)
		goto bad_creds;
	err = copy_semundo(flags, p);
	if (err)
		goto bad_creds;
	err = copy_files(flags, p, args->kthread && !(flags & CLONE_FILES));
	if (err)
		goto bad_semundo;
	err = copy_fs(flags, p);
	if (err)
		goto bad_files;
	err = copy_sighand(flags, p);
	if (err)
		goto bad_fs;
	err = copy_signal(flags, p);
	if (err)
		goto bad_sighand;
	err = copy_mm(flags, p);
	if (err)
		goto bad_signal;
	err = copy_thread(p, args);
	if (err)
		goto bad_mm;
	if (!pid) {
		pid = alloc_pid(args->set_tid_size ? args->set_tid[0] : 0);
		if (IS_ERR(pid)) {
			err = PTR_ERR(pid);
			goto bad_mm;
		}
	}
	if (flags & CLONE_PIDFD) {
		err = make_pidfd(pid, args, &pidfd, &pidfile);
		if (err)
			goto bad_pid;
	}
	p->thread_pid = pid;
	p->pid = pid->nr;
	if (flags & CLONE_THREAD) {
		p->group_leader = current->group_leader;
		p->tgid = current->tgid;
		p->exit_signal = -1;
	} else {
		p->group_leader = p;
		p->tgid = p->pid;
		p->exit_signal = args->exit_signal;
	}
	if (args->idle)
		return p; /* in no list */
	err = publish_task(p, pid, args, trace);
	if (err)
		goto bad_pidfd;
	if (pidfile)
		fd_install(pidfd, pidfile);
	sched_post_fork(p);
	return p;

bad_pidfd:
	if (pidfile) {
		fput(pidfile);
		put_unused_fd(pidfd);
	}
bad_pid:
	if (pid != &init_struct_pid)
		free_pid(pid);
bad_mm:
	if (p->mm)
		mmput(p->mm);
	p->mm = p->active_mm = NULL;
bad_signal:
	if (!(flags & CLONE_THREAD))
		put_signal_struct(p->signal);
bad_sighand:
	__cleanup_sighand(p->sighand);
bad_fs:
	exit_fs(p);
bad_files:
	exit_files(p);
bad_semundo:
	exit_sem(p);
bad_creds:
	atomic_long_dec(&p->real_cred->user->processes);
	exit_creds(p);
bad_free:
	WRITE_ONCE(p->__state, TASK_DEAD);
	free_task(p);
	return ERR_PTR(err);
}

/* Wait until the vfork child @child has left our mm (true), or we are killed. */
static bool wait_for_vfork_done(struct task_struct *child, struct completion *vfork)
{
	bool killed = wait_for_completion_killable(vfork);

	if (killed) {
		task_lock(child);
		child->vfork_done = NULL;
		task_unlock(child);
	}
	put_task_struct(child);
	return !killed;
}

/* The event by which current's tracer hears of this clone, 0: it does not want to. */
static int trace_event_of(const struct kernel_clone_args *args)
{
	int event = PTRACE_EVENT_FORK;

	if (likely(!current->ptrace) || (args->flags & CLONE_UNTRACED))
		return 0;
	if (args->flags & CLONE_VFORK)
		event = PTRACE_EVENT_VFORK;
	else if (args->exit_signal != SIGCHLD)
		event = PTRACE_EVENT_CLONE;
	return ptrace_event_enabled(current, event) ? event : 0;
}

pid_t kernel_clone(struct kernel_clone_args *args)
{
	u64 flags = args->flags;
	struct completion vfork;
	int trace = trace_event_of(args);
	struct task_struct *p;
	pid_t nr;

	/* The word for the pidfd is the word for the parent's tid in the old call: not both. */
	if ((flags & CLONE_PIDFD) && (flags & CLONE_PARENT_SETTID) &&
	    args->pidfd == args->parent_tid)
		return -EINVAL;
	p = copy_process(NULL, trace, NUMA_NO_NODE, args);
	if (IS_ERR(p))
		return PTR_ERR(p);
	nr = p->pid;
	if (flags & CLONE_PARENT_SETTID)
		(void)put_user(nr, args->parent_tid);
	if (flags & CLONE_VFORK) {
		p->vfork_done = &vfork;
		init_completion(&vfork);
		get_task_struct(p);
	}
	wake_up_new_task(p);
	if (unlikely(trace))
		ptrace_event(trace, (unsigned long)nr);
	if ((flags & CLONE_VFORK) && wait_for_vfork_done(p, &vfork))
		ptrace_event(PTRACE_EVENT_VFORK_DONE, (unsigned long)nr);
	return nr;
}

pid_t kernel_thread(int (*fn)(void *), void *arg, const char *name, unsigned long flags)
{
	struct kernel_clone_args args = {
		.flags = (flags | CLONE_VM | CLONE_UNTRACED) & ~(unsigned long)CSIGNAL,
		.exit_signal = flags & CSIGNAL,
		.fn = fn,
		.fn_arg = arg,
		.kthread = true,
	};

	return kernel_clone(&args);
}

pid_t user_mode_thread(int (*fn)(void *), void *arg, unsigned long flags)
{
	struct kernel_clone_args args = {
		.flags = (flags | CLONE_VM | CLONE_UNTRACED) & ~(unsigned long)CSIGNAL,
		.exit_signal = flags & CSIGNAL,
		.fn = fn,
		.fn_arg = arg,
	};

	return kernel_clone(&args);
}

/* The idle task of CPU @cpu, in no list. Panics without memory: start-up only. */
struct task_struct *fork_idle(int cpu)
{
	struct kernel_clone_args args = { .flags = CLONE_VM | CLONE_FS | CLONE_FILES,
					  .idle = true,
					  .kthread = true,
					  .fn = (int (*)(void *))cpu_startup_entry };
	struct task_struct *p = copy_process(&init_struct_pid, 0, NUMA_NO_NODE, &args);

	if (IS_ERR(p))
		return p;
	p->active_mm = &init_mm;
	mmgrab(&init_mm);
	init_idle(p, cpu);
	snprintf(p->comm, sizeof(p->comm), "swapper/%d", cpu);
	return p;
}

/* System calls ---------------------------------------------------------------------------------- */

SYSCALL_DEFINE0(fork)
{
	struct kernel_clone_args args = { .exit_signal = SIGCHLD };

	return kernel_clone(&args);
}

SYSCALL_DEFINE0(vfork)
{
	struct kernel_clone_args args = { .flags = CLONE_VFORK | CLONE_VM, .exit_signal = SIGCHLD };

	return kernel_clone(&args);
}

SYSCALL_DEFINE5(clone, unsigned long, clone_flags, unsigned long, newsp, int __user *,
		parent_tidptr, int __user *, child_tidptr, unsigned long, tls)
{
	struct kernel_clone_args args = {
		.flags = (u32)clone_flags & ~CSIGNAL,
		.pidfd = parent_tidptr,
		.child_tid = child_tidptr,
		.parent_tid = parent_tidptr,
		.exit_signal = (u32)clone_flags & CSIGNAL,
		.stack = newsp,
		.tls = tls,
	};

	return kernel_clone(&args);
}

/* Read and judge the argument of clone3: 0 or an errno. @set_tid has room for one number. */
static int get_clone3_args(struct kernel_clone_args *k, struct clone_args __user *uargs,
			   size_t usize, pid_t *set_tid)
{
	struct clone_args args;
	int err;

	if (usize > PAGE_SIZE)
		return -E2BIG;
	if (usize < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	err = copy_struct_from_user(&args, sizeof(args), uargs, usize);
	if (err)
		return err;
	if (args.set_tid_size > 32 || (!args.set_tid && args.set_tid_size > 0) ||
	    (args.set_tid && args.set_tid_size == 0))
		return -EINVAL;
	if ((args.exit_signal & ~(u64)CSIGNAL) || !valid_signal(args.exit_signal))
		return -EINVAL;
	if ((args.flags & CLONE_INTO_CGROUP) &&
	    (args.cgroup > 0x7fffffff || usize < CLONE_ARGS_SIZE_VER2))
		return -EINVAL;
	*k = (struct kernel_clone_args){
		.flags = args.flags,
		.pidfd = (int __user *)args.pidfd,
		.child_tid = (int __user *)args.child_tid,
		.parent_tid = (int __user *)args.parent_tid,
		.exit_signal = args.exit_signal,
		.stack = args.stack,
		.stack_size = args.stack_size,
		.tls = args.tls,
		.set_tid = set_tid,
		.set_tid_size = args.set_tid_size,
		.cgroup_fd = args.cgroup,
	};
	if (k->set_tid_size > 1)
		return -EINVAL; /* one number per level of namespaces, and there is one level */
	if (k->set_tid_size &&
	    copy_from_user(set_tid, (void __user *)args.set_tid, sizeof(*set_tid)))
		return -EFAULT;
	return 0;
}

static bool clone3_args_valid(struct kernel_clone_args *k)
{
	if (k->flags & ~(CLONE_LEGACY_FLAGS_MASK | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP))
		return false;
	if (k->flags & (CLONE_DETACHED | (CSIGNAL & ~CLONE_NEWTIME)))
		return false;
	if ((k->flags & (CLONE_SIGHAND | CLONE_CLEAR_SIGHAND)) ==
	    (CLONE_SIGHAND | CLONE_CLEAR_SIGHAND))
		return false;
	if ((k->flags & (CLONE_THREAD | CLONE_PARENT)) && k->exit_signal)
		return false;
	if (!k->stack)
		return !k->stack_size;
	return k->stack_size && access_ok((void __user *)k->stack, k->stack_size);
}

SYSCALL_DEFINE2(clone3, struct clone_args __user *, uargs, size_t, size)
{
	struct kernel_clone_args args;
	pid_t set_tid = 0;
	int err = get_clone3_args(&args, uargs, size, &set_tid);
	pid_t pid;

	if (err)
		return err;
	if (!clone3_args_valid(&args))
		return -EINVAL;
	if (args.set_tid_size && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (args.set_tid_size && set_tid <= 0)
		return -EINVAL;
	if (args.flags & CLONE_INTO_CGROUP) {
		args.cgroup = cgroup_of_clone(args.cgroup_fd, args.flags);
		if (IS_ERR(args.cgroup))
			return PTR_ERR(args.cgroup);
	}
	pid = kernel_clone(&args);
	cgroup_put(args.cgroup);
	return pid;
}

/* unshare: what can be made one's own of files and fs; memory and handlers only if they are it already. */
SYSCALL_DEFINE1(unshare, unsigned long, flags)
{
	struct fs_struct *fs = NULL, *old_fs;
	struct files_struct *files = NULL, *old_files;
	int err = 0;

	if (flags & ~(CLONE_THREAD | CLONE_FS | CLONE_SIGHAND | CLONE_VM | CLONE_FILES |
		      CLONE_SYSVSEM | CLONE_NAMESPACES))
		return -EINVAL;
	err = check_namespaces(flags);
	if (err)
		return err;
	if ((flags & (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)) && !thread_group_empty(current))
		return -EINVAL;
	if ((flags & (CLONE_SIGHAND | CLONE_VM)) && refcount_read(&current->sighand->count) > 1)
		return -EINVAL;
	if ((flags & CLONE_VM) && atomic_read(&current->mm->mm_users) > 1)
		return -EINVAL;
	if ((flags & CLONE_NEWNS) || ((flags & CLONE_FS) && current->fs->users > 1)) {
		err = own_fs(flags, &fs);
		if (err)
			return err;
	}
	if ((flags & CLONE_FILES) && atomic_read(&current->files->count) > 1) {
		files = dup_fd(current->files, NR_OPEN_MAX, &err);
		if (!files) {
			if (fs)
				free_fs_struct(fs);
			return err;
		}
	}
	if (flags & CLONE_SYSVSEM)
		exit_sem(current);
	task_lock(current);
	old_fs = current->fs;
	old_files = current->files;
	if (fs) {
		spin_lock(&old_fs->lock);
		current->fs = fs;
		fs = --old_fs->users ? NULL : old_fs;
		spin_unlock(&old_fs->lock);
	}
	if (files)
		current->files = files;
	task_unlock(current);
	if (fs)
		free_fs_struct(fs);
	if (files)
		put_files_struct(old_files);
	return 0;
}

/* Start-up -------------------------------------------------------------------------------------- */

/* As many tasks as their stacks and structs would fill an eighth of memory. */
void __init fork_init(void)
{
	unsigned long bytes = totalram_pages() * PAGE_SIZE;
	unsigned long n = bytes / 8 / (THREAD_SIZE + sizeof(struct task_struct));

	max_threads = n > PID_MAX_LIMIT ? PID_MAX_LIMIT : n < 20 ? 20 : n;
	init_task.signal->rlim[RLIMIT_NPROC].rlim_cur = max_threads / 2;
	init_task.signal->rlim[RLIMIT_NPROC].rlim_max = max_threads / 2;
	init_task.signal->rlim[RLIMIT_SIGPENDING] = init_task.signal->rlim[RLIMIT_NPROC];
	task_struct_cachep = kmem_cache_create("task_struct", sizeof(struct task_struct), 64,
					       SLAB_PANIC | SLAB_ACCOUNT, NULL);
}
