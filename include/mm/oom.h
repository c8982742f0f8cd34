/* SPDX-License-Identifier: MIT */
/*
 * Out of memory: who is killed, and why. Theory: mm/oom/oom_kill.c; the thread that takes a victim's memory away:
 * mm/oom/reaper.c; the files of /proc/mm/oom: mm/oom/verdict.c.
 */
#ifndef QUIRE_MM_OOM_H
#define QUIRE_MM_OOM_H

#include <base/types.h>
#include <base/compiler.h>

struct alloc_context;
struct file;
struct mem_cgroup;
struct mm_struct;
struct reclaim_tries;
struct seq_file;
struct task_struct;

/* What limits the memory that was asked for. */
enum oom_constraint {
	CONSTRAINT_NONE,
	CONSTRAINT_CPUSET,
	CONSTRAINT_MEMORY_POLICY,
	CONSTRAINT_MEMCG,
};

/* One search for a victim. */
struct oom_control {
	gfp_t gfp_mask;			/* of the request that found nothing; 0: a page fault */
	int order;			/* of it; -1: SysRq */
	const struct alloc_context *ac;	/* of it, or NULL */
	const struct reclaim_tries *tries;	/* what reclaim did for it, or NULL */
	struct mem_cgroup *memcg;	/* the group at its limit, or NULL: the machine */
	/* Filled by out_of_memory(): */
	enum oom_constraint constraint;
	unsigned long totalpages;	/* that the candidates share: RAM and swap, or the group's limit */
	struct task_struct *chosen;	/* with a reference */
	long chosen_points;
};

#define OOM_PATH_MAX 256 /* of a group that can be asked about, its end included */

/*
 * What control groups add. Registered by mm/memcg at boot.
 */
struct oom_memcg_ops {
	/* Call @fn for the leader of each process below @memcg until it answers other than 0. => RCU */
	void (*scan_tasks)(struct mem_cgroup *memcg, int (*fn)(struct task_struct *p, void *arg), void *arg);
	/* Pages that the group may have, swap included. */
	unsigned long (*totalpages)(struct mem_cgroup *memcg);
	/* The state of the group, in place of Mem-Info. May sleep. */
	void (*show_mem)(struct mem_cgroup *memcg);
	/* In one line: path, usage, limits. */
	void (*describe)(struct seq_file *m, struct mem_cgroup *memcg);
	/* Of the line "oom-kill:": ",oom_memcg=...,task_memcg=..."; of the machine (NULL) ",global_oom,task_memcg=...". */
	void (*print_context)(struct seq_file *m, struct mem_cgroup *memcg, struct task_struct *victim);
	/* The group with this path, of less than OOM_PATH_MAX bytes, with a reference, or NULL. */
	struct mem_cgroup *(*find)(const char *path);
	/* The group below @domain (NULL: the root) that dies as a whole with @victim (memory.oom.group), with a reference, or NULL. */
	struct mem_cgroup *(*oom_group)(struct task_struct *victim, struct mem_cgroup *domain);
	void (*note_group_kill)(struct mem_cgroup *group);	/* event oom_group_kill, and the log */
	void (*put)(struct mem_cgroup *memcg);
	void (*note_kill)(struct task_struct *victim);	/* event oom_kill of its group */
};
extern const struct oom_memcg_ops *oom_memcg_ops;

/**
 * out_of_memory - choose a process and kill it.
 * Return: true when trying again makes sense: somebody dies, or a victim of before does.
 * Context: may sleep; any locks but those below LOCK_OOM. => oom_lock held, see oom_trylock()
 */
bool out_of_memory(struct oom_control *oc);
bool oom_trylock(void);
void oom_unlock(void);
/* SysRq-f: kill somebody now, from a kernel thread, soon. Any context. */
void oom_manual(void);
/* A user fault ended in VM_FAULT_OOM, all locks are dropped: kill somebody; the fault is tried again. */
void pagefault_out_of_memory(void);

/* Why a process is not to be killed. */
enum oom_exempt {
	OOM_KILLABLE,
	OOM_KTHREAD,
	OOM_INIT,
	OOM_NO_MM,	/* it has ended, but for its parent */
	OOM_ADJ_MIN,	/* oom_score_adj is -1000 */
	OOM_SKIPPED,	/* what it had is free already */
	OOM_IN_VFORK,	/* the memory is its parent's */
	OOM_VICTIM,	/* it dies already */
};

/* What counts of a process. Pages unless told otherwise. */
struct oom_score {
	enum oom_exempt exempt;
	long points;		/* rss + swapents + pgtables + oom_score_adj thousandths of all; LONG_MIN: not to be killed */
	unsigned long total_vm, rss, anon, file, shmem, swapents;
	unsigned long pgtables_bytes;
	short adj;
};
/* Weigh @p, of @totalpages. => RCU, or a reference on @p */
void oom_score(struct task_struct *p, unsigned long totalpages, struct oom_score *s);
/* Its points alone. For /proc/PID/oom_score. */
long oom_badness(struct task_struct *p, unsigned long totalpages);
/* A thread of @p's process that still has its memory, with task_lock held, or NULL. => RCU, or a reference on @p */
struct task_struct *find_lock_task_mm(struct task_struct *p);
/* Does a thread of @p use @mm? => RCU */
bool process_shares_mm(struct task_struct *p, struct mm_struct *mm);

extern int sysctl_panic_on_oom;			/* 1: unless cpusets or policies limit, 2: always */
extern int sysctl_oom_kill_allocating_task;	/* who asks dies, whatever others have */
extern int sysctl_oom_dump_tasks;		/* the report lists all candidates */

/* /proc/mm/oom/last, /proc/mm/oom/dry_run. May sleep. */
int oom_last_show(struct seq_file *m, void *v);
int oom_dry_run_show(struct seq_file *m, void *v);
/* The path of the group that dry_run is about from now on; "/": the machine. Bytes taken, -ENOENT, -ENAMETOOLONG. */
ssize_t oom_dry_run_write(struct file *file, char *buf, size_t count);

#endif
