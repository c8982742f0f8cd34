// SPDX-License-Identifier: MIT
/*
 * What the log tells when somebody is killed, in the lines that Linux 6.1 writes and log watchers look for:
 *
 *	NAME invoked oom-killer: gfp_mask=..., order=..., oom_score_adj=...	who asked for what
 *	call trace, Mem-Info (mm/page/show_mem.c), slab if it is most of it	the state
 *	  or, of a group: memory: usage ..., swap: usage ..., its memory.stat	  (mm/memcg/oom.c)
 *	Tasks state: a table							vm.oom_dump_tasks
 *	oom-kill:constraint=...,task=NAME,pid=...,uid=...			the choice
 *	Out of memory: Killed process ...					what it had
 *	Tasks in /GROUP are going to be killed due to memory.oom.group set	and each that follows
 *
 * At most ten reports in five seconds; the last two lines come always. Linux: mm/oom_kill.c (dump_header, dump_tasks).
 */
#include <base/printf.h>
#include <fs/seq_file.h>
#include <sync/rcu.h>
#include <kernel/cgroup.h>
#include <kernel/cred.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/ratelimit.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/gfp.h>
#include <mm/mm_struct.h>
#include <mm/slab_report.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include "oom_internal.h"

int sysctl_oom_dump_tasks = 1;

static const char *const constraint_names[] = {
	[CONSTRAINT_NONE] = "CONSTRAINT_NONE",
	[CONSTRAINT_CPUSET] = "CONSTRAINT_CPUSET",
	[CONSTRAINT_MEMORY_POLICY] = "CONSTRAINT_MEMORY_POLICY",
	[CONSTRAINT_MEMCG] = "CONSTRAINT_MEMCG",
};

static int dump_task(struct task_struct *p, void *arg)
{
	struct oom_score s;

	if (oom_unkillable_task(p))
		return 0;
	oom_score(p, 0, &s);
	if (s.exempt == OOM_NO_MM)
		return 0;
	pr_info("[%7d] %5d %5d %8lu %8lu %8ld %8lu         %5hd %s\n", p->pid, task_uid(p), p->tgid,
		s.total_vm, s.rss, s.pgtables_bytes, s.swapents, s.adj, p->comm);
	return 0;
}

static void dump_tasks(const struct oom_control *oc)
{
	pr_info("Tasks state (memory values in pages):\n");
	pr_info("[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n");
	rcu_read_lock();
	oom_scan(oc, dump_task, NULL);
	rcu_read_unlock();
}

/* One record, so that nobody else's line gets between; names of groups may be cut. => oom_lock held */
static void dump_summary(const struct oom_control *oc, struct task_struct *victim)
{
	static char text[512];
	struct seq_file m = { .buf = text, .size = sizeof(text) };
	nodemask_t mems;

	nodes_and(mems, current->mems_allowed, node_states[N_MEMORY]);
	seq_printf(&m, "constraint=%s,nodemask=", constraint_names[oc->constraint]);
	if (oc->constraint == CONSTRAINT_MEMORY_POLICY)
		seq_printf(&m, "%*pbl", MAX_NUMNODES, oc->ac->nodemask);
	else
		seq_puts(&m, "(null)");
	seq_puts(&m, ",cpuset=");
	cpuset_print_current(&m);
	seq_printf(&m, ",mems_allowed=%*pbl", MAX_NUMNODES, &mems);
	oom_memcg_ops->print_context(&m, oc->memcg, victim);
	pr_info("oom-kill:%.*s,task=%s,pid=%d,uid=%d\n", (int)m.count, text, victim->comm,
		victim->pid, task_uid(victim));
}

static bool is_mostly_slab(void)
{
	unsigned long pages = 0;

	for (enum node_stat_item i = NR_LRU_BASE; i < NR_LRU_BASE + NR_LRU_LISTS; i++)
		pages += global_node_page_state(i);
	pages +=
		global_node_page_state(NR_ISOLATED_ANON) + global_node_page_state(NR_ISOLATED_FILE);
	return global_node_page_state(NR_SLAB_UNRECLAIMABLE) > pages;
}

static void dump_memory(const struct oom_control *oc)
{
	if (oc->memcg) {
		oom_memcg_ops->show_mem(oc->memcg);
		return;
	}
	show_mem();
	if (is_mostly_slab())
		slab_report_unreclaimable();
}

void oom_report(const struct oom_control *oc, struct task_struct *victim)
{
	static DEFINE_RATELIMIT_STATE(rs, DEFAULT_RATELIMIT_INTERVAL_MS, DEFAULT_RATELIMIT_BURST);
	char flags[160];

	if (__ratelimit(&rs, __func__)) {
		gfp_to_string(flags, sizeof(flags), oc->gfp_mask);
		pr_warn("%s invoked oom-killer: gfp_mask=%#x(%s), order=%d, oom_score_adj=%hd\n",
			current->comm, oc->gfp_mask, flags, oc->order,
			current->signal->oom_score_adj);
		dump_stack();
		dump_memory(oc);
		if (sysctl_oom_dump_tasks)
			dump_tasks(oc);
	}
	if (victim)
		dump_summary(oc, victim);
}

void oom_report_kill(const char *message, struct task_struct *victim, struct mm_struct *mm)
{
	pr_err("%s: Killed process %d (%s) total-vm:%lukB, anon-rss:%lukB, file-rss:%lukB, "
	       "shmem-rss:%lukB, UID:%u pgtables:%lukB oom_score_adj:%hd\n",
	       message, victim->pid, victim->comm, mm->total_vm * 4,
	       get_mm_counter(mm, MM_ANONPAGES) * 4, get_mm_counter(mm, MM_FILEPAGES) * 4,
	       get_mm_counter(mm, MM_SHMEMPAGES) * 4, task_uid(victim),
	       (unsigned long)atomic_long_read(&mm->pgtables_bytes) / 1024,
	       victim->signal->oom_score_adj);
}
