/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: kernel/task.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#include <base/types.h>
struct mm_struct;
struct signal_struct {
	struct rlimit {
		unsigned long rlim_cur, rlim_max;
	} rlim[16];
};
struct task_struct {
	struct mm_struct *mm, *active_mm;
	struct signal_struct *signal;
	struct task_struct *group_leader;
	unsigned flags, personality;
	unsigned long min_flt, maj_flt;
	char comm[16];
	int pid;
};
extern struct task_struct *current;
#define RLIMIT_DATA    2
#define RLIMIT_STACK   3
#define RLIMIT_MEMLOCK 8
#define RLIMIT_AS      9
#define RLIM_INFINITY  (~0UL)
#define rlimit(x)      (current->signal->rlim[x].rlim_cur)
#define rlimit_max(x)  (current->signal->rlim[x].rlim_max)
#define PF_RANDOMIZE   0x400000
#define task_lock(t)   ((void)0)
#define task_unlock(t) ((void)0)
static inline struct mm_struct *get_task_mm(struct task_struct *t)
{
	return t->mm;
}
static inline void put_task_struct(struct task_struct *t)
{
}
