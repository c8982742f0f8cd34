/* SPDX-License-Identifier: MIT */
/*
 * Control groups, version 2: a tree of groups of tasks over which controllers share out what there is. The theory is at
 * the top of kernel/cgroup/cgroup.c; user space's view is cgroups(7) and Linux's admin-guide/cgroup-v2.rst.
 */
#ifndef KERNEL_CGROUP_H
#define KERNEL_CGROUP_H

#include <base/types.h>
#include <base/list.h>
#include <sync/rcu_types.h>
#include <sync/wait.h>

struct cgroup;
struct cpumask;
struct fault_counts;
struct kernel_clone_args;
struct kernfs_node;
struct mem_cgroup;
struct seq_file;
struct task_struct;

/* Files that tell of their changes: a poll(2) that waits for POLLPRI ends. */
enum cgroup_event {
	CGROUP_EVENTS,
	CGROUP_MEMORY_EVENTS,
	CGROUP_MEMORY_EVENTS_LOCAL,
	CGROUP_MEMORY_SWAP_EVENTS,
	CGROUP_PIDS_EVENTS,
	NR_CGROUP_EVENTS
};

/* cgroup2 has been mounted: there may be groups besides the root. Never false again. */
extern bool cgroup_visible;

/* fork: the child, in no list yet, is in no group; free_task: what it held goes. */
void cgroup_fork(struct task_struct *child);
void cgroup_free(struct task_struct *task);
/*
 * The group that CLONE_INTO_CGROUP names by the descriptor @fd, with a reference: may current make a child in it?
 * ERR_PTR: -EBADF, -ENOENT, -EACCES, -EBUSY, -EOPNOTSUPP. May sleep.
 */
struct cgroup *cgroup_of_clone(int fd, u64 clone_flags);
void cgroup_put(struct cgroup *cgrp);
/*
 * @child joins @into, or the group of current where that is NULL. 0, or -errno when @into has gone or filled meanwhile, -EAGAIN when
 * there are as many tasks as may be.
 * => tasklist_lock for writing
 */
int cgroup_post_fork(struct task_struct *child, struct cgroup *into);
/* current no longer counts as a member of its group, though its struct still names it. */
void cgroup_exit(struct task_struct *task);
/* Somebody has waited for @task, or it never ran: it counts no more at all. */
void cgroup_release(struct task_struct *task);

/* "/", or "/name/name". => it cannot be freed */
void cgroup_print_path(struct seq_file *m, const struct cgroup *cgrp);
/* Page faults of all that were and are in @memcg or a group below it. => no spinlock held */
struct fault_counts cgroup_faults(const struct mem_cgroup *memcg);
/* The last name in the path of the cpuset of current, "/" of the root. => no spinlock held */
void cpuset_print_current(struct seq_file *m);
/* On which CPUs the cpuset of @task lets it run. => @task cannot be freed; no spinlock held */
void cpuset_cpus_allowed(struct task_struct *task, struct cpumask *mask);
/* /proc/PID/cgroup, /proc/PID/cpuset, /proc/cgroups. 0 or -errno. */
int proc_cgroup_show(struct seq_file *m, struct task_struct *task);
int proc_cpuset_show(struct seq_file *m, struct task_struct *task);
int proc_cgroupstats_show(struct seq_file *m, void *v);

/*
 * Freezing (kernel/cgroup/freezer.c). current stands still, on its way to user mode, while JOBCTL_TRAP_FREEZE is set.
 * => siglock; released
 */
void cgroup_freezer_trap(void);
/* current counts as frozen from now on: it is about to stop for another reason. => no locks */
void cgroup_enter_frozen(void);
/* current has woken: it counts as running, unless its group is to be frozen (@always: even then). => no locks */
void cgroup_leave_frozen(bool always);

#endif
