/* SPDX-License-Identifier: MIT */
/* Shared by the files of mm/oom. */
#ifndef QUIRE_MM_OOM_INTERNAL_H
#define QUIRE_MM_OOM_INTERNAL_H

#include <kernel/task.h>
#include <mm/oom.h>

#define OOM_SCORE_ADJ_MIN (-1000) /* of who is never killed */

/* badness.c */
bool oom_unkillable_task(struct task_struct *p);
/* Call @fn for each process that shares the memory of @oc until it answers other than 0. => RCU */
void oom_scan(const struct oom_control *oc, int (*fn)(struct task_struct *p, void *arg), void *arg);
unsigned long oom_totalpages(const struct oom_control *oc);

/* report.c: the log. @victim NULL: nobody can be killed. => oom_lock held */
void oom_report(const struct oom_control *oc, struct task_struct *victim);
void oom_report_kill(const char *message, struct task_struct *victim, struct mm_struct *mm);

/* reaper.c */
bool oom_reaper_start(void);			/* unless it runs already; false: no memory. May sleep */
/* Have the memory of @victim's oom_mm taken away. Takes a reference on @victim. => RCU or a reference */
void oom_reaper_queue(struct task_struct *victim);

/* replay.c: whom each rule would choose. Begin with zeroes, then weigh all candidates. => RCU */
#define NR_OOM_RULES 5 /* the first is that of the kernel */
struct oom_choice {
	pid_t pid; /* 0: nobody */
	long points;
	char comm[TASK_COMM_LEN];
};
void oom_replay_weigh(struct oom_choice *choice, const struct task_struct *p,
		      const struct oom_score *s);
void oom_replay_show(struct seq_file *m, const struct oom_choice *choice);

/* verdict.c */
bool oom_verdict_prepare(gfp_t gfp);		/* room for the record; false: no memory. May sleep as @gfp says */
/* Remember why @oc->chosen is to die. => oom_lock held */
void oom_verdict_record(const struct oom_control *oc);
/* What became of the choice: text that stays. => oom_lock held */
void oom_verdict_outcome(const char *what);

#endif
