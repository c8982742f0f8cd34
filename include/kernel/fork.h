/* SPDX-License-Identifier: MIT */
/* Making tasks, see kernel/fork.c. */
#ifndef QUIRE_KERNEL_FORK_H
#define QUIRE_KERNEL_FORK_H

#include <base/types.h>
#include <linux/sched.h>

struct cgroup;
struct completion;
struct task_struct;
struct pid;
struct mm_struct;

struct kernel_clone_args {
	u64 flags;			/* CLONE_* */
	int __user *pidfd;
	int __user *child_tid;
	int __user *parent_tid;
	int exit_signal;
	unsigned long stack;		/* user stack pointer of the child, 0: the parent's */
	unsigned long stack_size;	/* clone3 only; stack is its lowest byte then */
	unsigned long tls;
	pid_t *set_tid;
	size_t set_tid_size;
	int cgroup_fd;			/* clone3 with CLONE_INTO_CGROUP: of the directory; */
	struct cgroup *cgroup;		/* and the group, or NULL */
	bool kthread;
	bool io_thread;			/* a thread of the process that stays in the kernel: fn must not return */
	bool idle;
	int (*fn)(void *);		/* kernel thread: its function */
	void *fn_arg;
};

extern int max_threads;			/* tasks that fit in an eighth of memory */
extern int nr_threads;			/* tasks there are, idle ones excepted; tasklist_lock */

void fork_init(void);
/* The new task's pid, or -errno. */
pid_t kernel_clone(struct kernel_clone_args *args);
struct task_struct *copy_process(struct pid *pid, int trace, int node, struct kernel_clone_args *args);
/* A task that runs fn(arg) in the kernel; flags CLONE_*. For kthreadd and start-up. */
pid_t kernel_thread(int (*fn)(void *), void *arg, const char *name, unsigned long flags);
/* A task that will execve: without CLONE_FS etc. unless given. */
pid_t user_mode_thread(int (*fn)(void *), void *arg, unsigned long flags);

/* Leave the mm: at exec and exit. Wakes a vfork parent, clears the tid word. */
void exit_mm_release(struct task_struct *tsk, struct mm_struct *mm);
void exec_mm_release(struct task_struct *tsk, struct mm_struct *mm);
void free_task(struct task_struct *tsk);
/* Keep the kernel stack of a task that may be dead; false: it has none any more. Any context; put_task_stack() gives it back. */
bool try_get_task_stack(struct task_struct *tsk);
void put_task_stack(struct task_struct *tsk);

#endif
