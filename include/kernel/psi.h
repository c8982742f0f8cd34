/* SPDX-License-Identifier: MIT */
/*
 * Pressure stall information: the share of time in which somebody (some), or everybody who could work (full), waited
 * for a resource. Theory: kernel/sched/psi.c. /proc/pressure: fs/proc/pressure.c.
 */
#ifndef QUIRE_KERNEL_PSI_H
#define QUIRE_KERNEL_PSI_H

#include <base/types.h>
#include <base/atomic.h>
#include <base/list.h>
#include <sync/seqlock.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <seam/percpu.h>

struct file;
struct inode;
struct poll_table_struct;
struct seq_file;
struct task_struct;

enum psi_res { PSI_IO, PSI_MEM, PSI_CPU, NR_PSI_RESOURCES };

/* 2 * resource: some, + 1: full. */
enum psi_states {
	PSI_IO_SOME,
	PSI_IO_FULL,
	PSI_MEM_SOME,
	PSI_MEM_FULL,
	PSI_CPU_SOME,
	PSI_CPU_FULL,
	PSI_NONIDLE,	/* the weight of a CPU: there is something to do, or to wait for */
	NR_PSI_STATES
};

/* Tasks of a control group on a CPU: kernel/sched/psi_group.c. */
enum psi_counts { PSI_NR_RUNNING, PSI_NR_IOWAIT, PSI_NR_MEMSTALL, PSI_NR_MEMSTALL_RUNNING, NR_PSI_COUNTS };

/* One CPU of a group. Written under the lock of the CPU's run queue. */
struct psi_group_cpu {
	seqcount_t seq;
	u32 state_mask;			/* states that hold */
	u64 times[NR_PSI_STATES];	/* ns; of a state that holds, less sched_clock() at its begin */
	u64 seen[NR_PSI_STATES];	/* psi_group.lock: of these, added up already */
	unsigned int nr[NR_PSI_COUNTS];	/* not of psi_system */
	bool on_cpu;			/* likewise: who runs is one of the group */
};

struct psi_group {
	struct psi_group_cpu __percpu *pcpu;
	struct psi_group *parent;		/* of a control group; NULL below psi_system */
	struct list_head node;			/* all but psi_system; RCU */
	bool disabled;				/* nothing is counted any more */
	spinlock_t lock;			/* all below */
	u64 total[NR_PSI_STATES - 1];		/* ns */
	u64 avg_total[NR_PSI_STATES - 1];	/* ns, of total: in the averages */
	u64 avg_last_update, avg_next_update;	/* sched_clock() */
	unsigned long avg[NR_PSI_STATES - 1][3];	/* percent, FSHIFT bits: over 10, 60, 300 s */
	struct list_head triggers;
	u64 next_poll, poll_interval;		/* ns: triggers are looked at; 0: there are none */
};

extern struct psi_group psi_system;
extern bool psi_enabled;		/* psi=0: false */

/*
 * The running task waits for memory, whatever it does (reclaims, sleeps), until psi_memstall_leave(). They nest:
 * @flags keeps whether it did already. May be called under any sleeping lock.
 */
void psi_memstall_enter(unsigned long *flags);
void psi_memstall_leave(unsigned long *flags);

/*
 * The group of a control group below that of @parent (NULL: the root); NULL without memory. May sleep. It is no longer looked at a grace
 * period after psi_group_remove(), when it may be freed (NULL: nothing).
 */
struct psi_group *psi_group_create(struct psi_group *parent);
void psi_group_remove(struct psi_group *group);
void psi_group_free(struct psi_group *group);
/* Its totals stand still, or no more. May be psi_system. */
void psi_group_set_disabled(struct psi_group *group, bool disabled);
/* @p counts in @group from now on (NULL: the root's). Any context; takes its pi_lock. */
void psi_move_task(struct task_struct *p, struct psi_group *group);

/* jiffies has moved: averages and triggers that are due. Interrupts off. */
void psi_tick(void);

/* Two lines, as in /proc/pressure. 0, or -EOPNOTSUPP without PSI. */
int psi_show(struct seq_file *m, struct psi_group *group, enum psi_res res);

/* "some 150000 1000000": an event when stalls in a window (us) reach a threshold (us). */
struct psi_trigger;
/* Not @privileged: windows of a multiple of 2 s only. ERR_PTR: -EINVAL, -ENOMEM, -EOPNOTSUPP. May sleep. */
struct psi_trigger *psi_trigger_create(struct psi_group *group, const char *text, enum psi_res res, bool privileged);
void psi_trigger_destroy(struct psi_trigger *t);
wait_queue_head_t *psi_trigger_wait(struct psi_trigger *t);
/* Has there been an event? It is taken. */
bool psi_trigger_take(struct psi_trigger *t);

/* Files: kernel/sched/psi_file.c. @group lives as long as the open file. 0 or -ENOMEM. */
int psi_open(struct file *file, struct psi_group *group, enum psi_res res);
ssize_t psi_write(struct file *file, const char __user *ubuf, size_t count, loff_t *pos);
__poll_t psi_poll(struct file *file, struct poll_table_struct *wait);
int psi_release(struct inode *inode, struct file *file);

#endif
