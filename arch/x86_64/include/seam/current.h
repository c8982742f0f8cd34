/* SPDX-License-Identifier: MIT */
/* The running task: a per-CPU variable written by switch_to. */
#ifndef SEAM_CURRENT_H
#define SEAM_CURRENT_H

#include <seam/percpu.h>

struct task_struct;

DECLARE_PER_CPU_FIRST(struct task_struct *, current_task);

static __always_inline struct task_struct *get_current(void)
{
	return this_cpu_read_stable(current_task);
}

#define current get_current()

#endif
