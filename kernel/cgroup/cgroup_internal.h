/* SPDX-License-Identifier: MIT */
/* What the files of kernel/cgroup/ share. */
#ifndef CGROUP_INTERNAL_H
#define CGROUP_INTERNAL_H

#include <base/types.h>
#include <base/atomic.h>
#include <base/list.h>
#include <fs/kernfs.h>
#include <kernel/cgroup.h>
#include <kernel/task.h>
#include <sync/mutex.h>
#include <sync/spinlock.h>
#include <sync/wait.h>

struct file;
struct super_block;

/* Controllers: indices of cgroup_subsys[]. */
enum { CGROUP_CPUSET, CGROUP_MEMORY, CGROUP_PIDS, NR_CGROUP_SUBSYS };

/*
 * Legend: m cgroup_mutex, t cgroup_tasks_lock, mt either to read and both to write, c constant.
 */
struct cgroup {
	struct cgroup *parent;			/* c; holds a reference. NULL: the root */
	struct kernfs_node *dir;		/* c; valid until dead */
	char *name;				/* c; the directory's */
	atomic_t refs;				/* the tree, children, tasks, open files */
	struct list_head children, sibling;	/* m */
	int level;				/* c: 0 is the root */
	bool dead;				/* mt: removed */
	struct cgroup *dom;			/* mt: itself, or the root of its threaded subtree */
	int nr_descendants;			/* m */
	int max_descendants, max_depth;		/* m; INT_MAX: no limit */
	u16 subtree_control;			/* mt: controllers enabled for the children, 1 << index */
	int nr_threaded_children;		/* m */

	int nr_tasks;				/* t: living threads in this very group */
	int nr_pids;				/* t: threads here and below, dead ones as well; see pids.c */
	int nr_populated_domain_children;	/* t */
	int nr_populated_threaded_children;	/* t */

	bool freeze;				/* t: written to cgroup.freeze */
	bool effective_freeze;			/* t: this or an ancestor */
	bool frozen;				/* t: effective_freeze, and all in the subtree stand */
	int nr_frozen_tasks;			/* t: of nr_tasks */
	int nr_children, nr_frozen_children;	/* t: live; those that are frozen */

	struct task_times times;		/* t: of tasks here and below, those that are gone as well; see cputime.c */
	u64 shown_user, shown_system;		/* m: ns, by cpu.stat */

	struct psi_group *psi;			/* c: of its tasks' pressure; NULL: the root, or psi=0 */
	void *css[NR_CGROUP_SUBSYS];		/* mt: a controller's state; NULL: the nearest ancestor's counts */

	u32 event_seq[NR_CGROUP_EVENTS];	/* wait.lock */
	wait_queue_head_t wait;			/* for any of the events */
	unsigned long changed;			/* atomic: 1 << event: those that watch its file are to be told */
	struct rcu_head rcu;
};

/* A file of a group. Write functions get the stripped text; bytes are @count on success. */
struct cftype {
	const char *name;
	unsigned int flags;			/* CFTYPE_* */
	int event;				/* enum cgroup_event + 1, 0: none */
	int (*show)(struct seq_file *m, struct cgroup *cgrp);
	int (*write)(struct file *file, struct cgroup *cgrp, char *text);
	const struct file_operations *fops;	/* instead of show and write */
	int arg;				/* for its fops */
};
#define CFTYPE_NOT_ON_ROOT	1
#define CFTYPE_ONLY_ON_ROOT	2
#define CFTYPE_UNLOCKED		4		/* write is called without cgroup_mutex */
#define CFTYPE_PSI		8		/* not with psi=0 */
#define CFTYPE_DELEGATED	16		/* of use for the owner of a group: /sys/kernel/cgroup/delegate */

/* A controller. All called with cgroup_mutex held. */
struct cgroup_subsys {
	const char *name;
	bool threaded;				/* may be used within a process */
	const struct cftype *files;		/* ends with a NULL name; "" of core files */
	void *(*css_alloc)(struct cgroup *cgrp, void *parent_css);	/* ERR_PTR without memory */
	void (*css_offline)(void *css);		/* no task is in it any more; frees it when it can */
	/* @task belongs to @css from now on (NULL: the root's). May be NULL. => tasklist_lock, cgroup_tasks_lock */
	void (*attach)(struct task_struct *task, void *css);
};

extern const struct cgroup_subsys *const cgroup_subsys[];	/* ends with NULL */
extern const struct cgroup_subsys cpuset_cgroup_subsys, memory_cgroup_subsys, pids_cgroup_subsys;
extern struct cgroup cgroup_root;
extern struct kernfs_node cgroupfs_root;
extern struct mutex cgroup_mutex;
extern spinlock_t cgroup_tasks_lock;

#define for_each_subsys(i, ss)	for ((i) = 0; ((ss) = cgroup_subsys[i]); (i)++)
#define cgroup_for_each_child(pos, cgrp)	list_for_each_entry (pos, &(cgrp)->children, sibling)
/* All threads in the groups of the subtree of @cgrp, which is not the root. => cgroup_tasks_lock; tasklist_lock or RCU */
#define for_each_thread_below(p, t, cgrp) \
	for_each_process_thread(p, t) if ((t)->cgroup && cgroup_is_descendant((t)->cgroup, (cgrp)))
/* All of the subtree, @cgrp included, parents first. => cgroup_mutex */
#define cgroup_for_each_descendant(pos, cgrp) \
	for ((pos) = (cgrp); (pos); (pos) = cgroup_next_descendant((pos), (cgrp)))

/* ---- cgroup.c ---- */
static inline struct cgroup *cgroup_get(struct cgroup *cgrp)
{
	atomic_inc(&cgrp->refs);
	return cgrp;
}

/* => RCU, cgroup_mutex or cgroup_tasks_lock */
static inline struct cgroup *task_cgroup(const struct task_struct *task)
{
	struct cgroup *cgrp = READ_ONCE(task->cgroup);

	return cgrp ? cgrp : &cgroup_root;
}

struct cgroup *cgroup_next_descendant(struct cgroup *pos, struct cgroup *root);
bool cgroup_is_descendant(const struct cgroup *cgrp, const struct cgroup *ancestor);	/* or the same */
bool cgroup_is_populated(const struct cgroup *cgrp);
bool cgroup_is_threaded(const struct cgroup *cgrp);
bool cgroup_is_thread_root(const struct cgroup *cgrp);
bool cgroup_can_be_thread_root(const struct cgroup *cgrp);
bool cgroup_is_valid_domain(const struct cgroup *cgrp);
u16 cgroup_threaded_mask(void);		/* controllers that may be used within a process */
/* Controllers that @cgrp may give to its children. */
u16 cgroup_control(const struct cgroup *cgrp);
/* @cgrp's own state of controller @i, or that of the nearest ancestor which has one. => as for css */
void *cgroup_effective_css(const struct cgroup *cgrp, int i);
int cgroup_create(struct cgroup *parent, const char *name, umode_t mode);	/* => cgroup_mutex */
int cgroup_destroy(struct cgroup *cgrp);					/* => cgroup_mutex */
int cgroup_enable_threaded(struct cgroup *cgrp);				/* => cgroup_mutex */
/* A task more or less in this very group: @by is 1 or -1. => cgroup_tasks_lock */
void cgroup_count_task(struct cgroup *cgrp, int by);

/* ---- control.c ---- */
/* Make, or take away, the state of controller @i in @cgrp, with its files. 0, -errno: take it away. => cgroup_mutex */
int cgroup_enable_css(struct cgroup *cgrp, int i);
void cgroup_disable_css(struct cgroup *cgrp, int i);
int cgroup_subtree_control_write(struct file *file, struct cgroup *cgrp, char *text);
void cgroup_print_mask(struct seq_file *m, u16 mask);

/* ---- attach.c ---- */
int cgroup_procs_write(struct file *file, struct cgroup *cgrp, char *text);
int cgroup_threads_write(struct file *file, struct cgroup *cgrp, char *text);
int cgroup_procs_show(struct seq_file *m, struct cgroup *cgrp);
int cgroup_threads_show(struct seq_file *m, struct cgroup *cgrp);
/* Tell controller @i of the tasks in the subtree of @cgrp which state is theirs now. => cgroup_mutex */
void cgroup_update_tasks(struct cgroup *cgrp, int i);
/* Controller @i is told whose state is @task's now; @css NULL: the root's. => as for attach() of the controller */
void cgroup_tell(struct task_struct *task, int i, void *css);
int cgroup_kill_write(struct file *file, struct cgroup *cgrp, char *text);

/* ---- cputime.c ---- */
/* The group of @task and those above have its times to this moment. => cgroup_tasks_lock, interrupts off */
void cgroup_tell_times(struct task_struct *task);
void cgroup_tell_last_times(struct task_struct *task);	/* it never runs again. => nobody else knows it */
int cgroup_cpu_stat_show(struct seq_file *m, struct cgroup *cgrp);

/* ---- pids.c. => cgroup_tasks_lock ---- */
void cgroup_count_pids(struct cgroup *cgrp, int by);	/* a thread more or less in @cgrp */
int cgroup_pids_may_fork(struct cgroup *cgrp);		/* 0, or -EAGAIN, which is counted */

/* ---- cpuset.c ---- */
/* @child, in no list so far, has what current has now, not what it had when it was copied. => cgroup_tasks_lock, interrupts off */
void cpuset_fork(struct task_struct *child);

/* ---- freezer.c ---- */
int cgroup_freeze_write(struct file *file, struct cgroup *cgrp, char *text);
/* @task, counted there already, has joined @cgrp; or it leaves, no longer counted. => cgroup_tasks_lock */
void cgroup_freezer_joined(struct task_struct *task, struct cgroup *cgrp);
void cgroup_freezer_left(struct task_struct *task, struct cgroup *cgrp);
/* @cgrp, without members, comes or goes. => cgroup_tasks_lock */
void cgroup_freezer_created(struct cgroup *cgrp);
void cgroup_freezer_destroyed(struct cgroup *cgrp);

/* ---- pressure.c ---- */
extern const struct cftype cgroup_pressure_files[];
int cgroup_psi_create(struct cgroup *cgrp);	/* with its files. 0 or -ENOMEM */
int cgroup_pressure_show(struct seq_file *m, struct cgroup *cgrp);
int cgroup_pressure_write(struct file *file, struct cgroup *cgrp, char *text);

/* ---- files.c ---- */
struct cgroup *cgroup_of_file(struct file *file);
const struct cftype *cgroup_cftype_of(struct file *file);
bool cgroup_file_is_gone(struct file *file);	/* it, or its group, was removed */
extern const struct cftype cgroup_base_files[];
/* Make those of @files that belong to a group at @cgrp's place, owned by the maker of the group. 0 or -ENOMEM. */
int cgroup_add_files(struct cgroup *cgrp, const struct cftype *files);
void cgroup_remove_files(struct cgroup *cgrp, const struct cftype *files);
/* What an event file tells has changed. Any context. */
void cgroup_notify(struct cgroup *cgrp, enum cgroup_event event);
/* Who watches the files of @cgrp hears of it now. => cgroup_mutex */
void cgroup_tell_watchers(struct cgroup *cgrp);
/* A number, or "max" for @max. 0, -EINVAL, -ERANGE. */
int cgroup_parse_int(const char *text, int *value);
int cgroup_show_int(struct seq_file *m, int value);	/* the same way round. 0 */

/* ---- cgroupfs.c ---- */
extern const struct kernfs_dir_ops cgroup_dir_ops;

#endif
