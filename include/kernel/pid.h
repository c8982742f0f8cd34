/* SPDX-License-Identifier: MIT */
/*
 * pid: a number and the tasks that bear it. A struct pid outlives its tasks while somebody holds a
 * reference; the number itself is free again when the last task has let go of it.
 */
#ifndef QUIRE_KERNEL_PID_H
#define QUIRE_KERNEL_PID_H

#include <base/list.h>
#include <base/atomic.h>
#include <sync/rcu_types.h>
#include <sync/wait.h>
#include <kernel/pid_types.h>
#include <kernel/task.h>

struct file;

struct pid {
	refcount_t count;
	pid_t nr;				/* constant */
	struct hlist_head tasks[PIDTYPE_MAX];	/* tasklist_lock; read under RCU */
	wait_queue_head_t wait_pidfd;
	struct rcu_head rcu;
};

#define PID_MAX_LIMIT	32768
extern int pid_max;				/* numbers are below it; at most PID_MAX_LIMIT */
extern struct pid init_struct_pid;

void pid_init(void);
/* A pid with an unused number, or the number @set_tid if not 0. ERR_PTR(-EAGAIN, -ENOMEM, -EEXIST, -EINVAL). */
struct pid *alloc_pid(pid_t set_tid);
/* Give the number back (no task bears it any more) and drop the allocation's reference. */
void free_pid(struct pid *pid);
void put_pid(struct pid *pid);
static inline struct pid *get_pid(struct pid *pid)
{
	if (pid)
		refcount_inc(&pid->count);
	return pid;
}

/* Look-ups: under rcu_read_lock(); find_get_* take it themselves and return a reference. */
struct pid *find_vpid(pid_t nr);
struct pid *find_get_pid(pid_t nr);
struct pid *find_ge_pid(pid_t nr);		/* the next used number from @nr on, for /proc */
struct task_struct *pid_task(struct pid *pid, enum pid_type type);
struct task_struct *get_pid_task(struct pid *pid, enum pid_type type);
struct task_struct *find_task_by_vpid(pid_t nr);
struct task_struct *find_get_task_by_vpid(pid_t nr);
struct pid *get_task_pid(struct task_struct *task, enum pid_type type);

/* => tasklist_lock held for writing */
void attach_pid(struct task_struct *task, enum pid_type type);
void detach_pid(struct task_struct *task, enum pid_type type);
void transfer_pid(struct task_struct *old, struct task_struct *new, enum pid_type type);
void exchange_tids(struct task_struct *left, struct task_struct *right);

static inline pid_t pid_nr(struct pid *pid)
{
	return pid ? pid->nr : 0;
}
#define pid_vnr(pid)	pid_nr(pid)

static inline struct pid *task_pid(struct task_struct *task)
{
	return task->thread_pid;
}

static inline struct pid *task_tgid(struct task_struct *task)
{
	return task->signal->pids[PIDTYPE_TGID];
}

/* => tasklist_lock or RCU */
static inline struct pid *task_pgrp(struct task_struct *task)
{
	return task->signal->pids[PIDTYPE_PGID];
}

static inline struct pid *task_session(struct task_struct *task)
{
	return task->signal->pids[PIDTYPE_SID];
}

static inline pid_t task_pid_vnr(struct task_struct *task)
{
	return task->pid;
}

pid_t task_pgrp_vnr(struct task_struct *task);
pid_t task_session_vnr(struct task_struct *task);
pid_t task_ppid_nr(struct task_struct *task);

static inline bool pid_alive(const struct task_struct *p)
{
	return p->thread_pid != NULL;
}

#define do_each_pid_task(pid, type, task)					\
	do {									\
		if ((pid) != NULL)						\
			hlist_for_each_entry_rcu((task), &(pid)->tasks[type], pid_links[type]) {

#define while_each_pid_task(pid, type, task)					\
			}							\
	} while (0)

/* The number given out last, for /proc/loadavg. */
pid_t last_pid_nr(void);

/* pidfd: a file that stands for a process. The fd, or -errno. */
int pidfd_create(struct pid *pid, unsigned int flags);
struct file *pidfd_file(struct pid *pid, unsigned int flags);
struct pid *pidfd_pid(const struct file *file);
struct pid *pidfd_get_pid(unsigned int fd, unsigned int *flags);

/* Orphaned process groups (POSIX): no member has a parent in another group of the session. */
int is_current_pgrp_orphaned(void);

#endif
