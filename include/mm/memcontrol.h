/* SPDX-License-Identifier: MIT */
/*
 * Memory control groups: which group a frame is charged to, and what is done when a group has too much. Theory: mm/memcg/memcg.c.
 * The files of a group are made by kernel/cgroup/memory.c.
 */
#ifndef QUIRE_MM_MEMCONTROL_H
#define QUIRE_MM_MEMCONTROL_H

#include <base/types.h>
#include <base/atomic.h>
#include <base/list.h>
#include <mm/byte_charge.h>
#include <mm/lruvec.h>
#include <mm/zone.h>
#include <sync/rcu_types.h>

struct mem_cgroup;
struct reclaim_ops;
struct seq_file;
struct task_struct;

#define MEMCG_NO_LIMIT	(~0UL >> 1)	/* pages */

/* memory.events; names: mm/memcg/memcg.c. */
enum memcg_event {
	MEMCG_LOW,
	MEMCG_HIGH,
	MEMCG_MAX,
	MEMCG_OOM,
	MEMCG_OOM_KILL,
	MEMCG_OOM_GROUP_KILL,
	MEMCG_SWAP_HIGH,	/* memory.swap.events from here on */
	MEMCG_SWAP_MAX,
	MEMCG_SWAP_FAIL,
	NR_MEMCG_EVENTS
};

/* memory.min or memory.low. Pages. */
struct guard {
	unsigned long written;		/* w */
	unsigned long claims;		/* mm/memcg/protection.c: of the children */
	unsigned long effective;	/* the same: what reclaim leaves */
};

/* Events of memory.stat that are counted when they come: mm/memcg/events.c. */
#define NR_MEMCG_VM_EVENTS	11
#define NR_WORKINGSET_EVENTS	(WORKINGSET_NODERECLAIM - WORKINGSET_REFAULT_ANON + 1)
struct fault_counts {
	unsigned long minor, major;
};

struct mem_cgroup_per_node {
	struct lruvec lruvec;		/* the hands that go over its frames and those of the groups below */
	atomic_long_t workingset[NR_WORKINGSET_EVENTS];	/* a: of this group and those below */
	atomic_long_t bytes_owned[NR_CHARGED_BYTES];	/* a: of this group alone; stocks have yet to add to it */
};

/*
 * Legend: c constant, a atomic, w written by the files' write functions one at a time, read by all.
 */
struct mem_cgroup {
	u16 id;				/* c: of its frames; not 0 */
	struct mem_cgroup *parent;	/* c, with a reference; NULL: the root, which is not limited */
	void *owner;			/* c: for memcg_notify */
	bool dead;			/* offline: charge the parent instead; RCU */
	bool oom_group;			/* w: dies as a whole */
	bool under_oom;			/* oom_lock: somebody is being chosen */
	bool apart;			/* reclaim_policy_mutex: its pages are aged by themselves (mm/memcg/policy.c); read without */
	unsigned long nothing_until;	/* jiffies: a reclaim found nothing, no use in looking again before */
	atomic_long_t usage;		/* a: pages of this group and those below, and their stocks */
	unsigned long peak;		/* largest usage seen */
	struct guard min, low;
	unsigned long usage_below;	/* mm/memcg/protection.c: the children's */
	unsigned long high, max;	/* w: pages */
	atomic_long_t swap_usage;	/* a: slots of this group and those below */
	unsigned long swap_high, swap_max;	/* w: slots */
	atomic_long_t zswap_bytes, zswap_pages;	/* a: mm/memcg/zswap.c: kept compressed of this group and those below, in bytes */
	unsigned long zswap_max;	/* w: pages for that */
	atomic_long_t events[NR_MEMCG_EVENTS], events_local[NR_MEMCG_EVENTS];
	atomic_long_t vm_events[NR_MEMCG_VM_EVENTS];	/* a: of this group and those below */
	struct fault_counts faults;	/* mm/memcg/events.c: what the tasks have told; cgroup_tasks_lock */
	struct list_head node;		/* all_memcgs: parents before children, the dead ones too; RCU */
	atomic_long_t bytes_left;	/* a: charged in whole pages, nobody's */
	atomic_long_t refs;		/* a: a byte that somebody has, or a stock, is one */
	struct rcu_head rcu;
	struct mem_cgroup_per_node nodeinfo[];
};

/* A group below @parent (NULL: the root). ERR_PTR: -ENOMEM, -ENOSPC. May sleep. => one at a time, as memcg_offline() */
struct mem_cgroup *memcg_create(struct mem_cgroup *parent, void *owner);
/* No task is in it any more: its pages become its parent's; freed with the last reference. May sleep. */
void memcg_offline(struct mem_cgroup *memcg);
void memcg_put(struct mem_cgroup *memcg);
static inline struct mem_cgroup *memcg_get(struct mem_cgroup *memcg)
{
	atomic_long_inc(&memcg->refs);
	return memcg;
}

/* The next group, in the order of all_memcgs, after @prev (NULL: the first), with a reference; that of @prev goes. NULL: that was all. */
struct mem_cgroup *memcg_next(struct mem_cgroup *prev);

/* How its pages are reclaimed (NULL: the machine's). */
const struct reclaim_ops *memcg_policy(const struct mem_cgroup *memcg);
/* Use @policy from now on. 0, or -ENOMEM; then it stays as it was. May sleep. => as memcg_create() */
int memcg_choose_policy(struct mem_cgroup *memcg, const struct reclaim_ops *policy);

/* Evict about @nr pages of @memcg and those below. Pages reclaimed. May sleep. */
unsigned long memcg_reclaim(struct mem_cgroup *memcg, unsigned long nr, gfp_t gfp);
/* Reclaim until it has @pages at most. False: a signal came, or MAX_RECLAIM_RETRIES passes yielded nothing. May sleep. */
bool memcg_reclaim_down_to(struct mem_cgroup *memcg, unsigned long pages);
/* Evict @pages of it (NULL: of the whole machine). 0; -EINTR; -EAGAIN: MAX_RECLAIM_RETRIES passes yielded nothing. May sleep. */
int memcg_reclaim_pages(struct mem_cgroup *memcg, unsigned long pages);
/* The limit was lowered to memcg->max: reclaim, then kill, until it is kept; or a signal comes. May sleep. */
void memcg_enforce_max(struct mem_cgroup *memcg);

/* current has current->memcg_over_high and is about to go to user mode: reclaim, and sleep for 2 s at most. */
void memcg_handle_over_high(void);

/* @memcg: NULL for the root's, which nobody counts. Any context. */
void memcg_event(struct mem_cgroup *memcg, enum memcg_event event);
extern bool memcg_recursiveprot;	/* mount option memory_recursiveprot */
extern const char *const memcg_event_names[NR_MEMCG_EVENTS];
/* Pages of @memcg (NULL: the groups below the root) and those below that zswap keeps, and in how many bytes. */
void memcg_zswap_sums(struct mem_cgroup *memcg, unsigned long *bytes, unsigned long *pages);
/* memory.stat of @memcg (NULL: the root). 0 or -ENOMEM; also where memory has run out. May sleep. */
int memcg_stat_show(struct seq_file *m, struct mem_cgroup *memcg);
/* memory.numa_stat. 0 or -ENOMEM. May sleep. */
int memcg_numa_stat_show(struct seq_file *m, struct mem_cgroup *memcg);

/* From now on @task's page faults are @memcg's (NULL: no group's). => cgroup_tasks_lock */
void memcg_attach(struct task_struct *task, struct mem_cgroup *memcg);
/* Its group, and those above, count those that @task has had so far. => cgroup_tasks_lock */
void memcg_tell_faults(struct task_struct *task);

/* "/", or "/name/name"; nothing of a removed one. => it cannot be freed */
void memcg_print_path(struct seq_file *m, const struct mem_cgroup *memcg);

/* What was printed of a group has changed by an event of it (@local) or of one below: its owner is told. Set once. */
extern void (*memcg_notify)(void *owner, enum memcg_event event, bool local);

#endif
