/* SPDX-License-Identifier: MIT */
/* Out of memory, see kernel/oom.c. */
#ifndef QUIRE_KERNEL_OOM_H
#define QUIRE_KERNEL_OOM_H

struct task_struct;

/* A user fault ended in VM_FAULT_OOM, all locks are dropped: kill somebody; the fault is tried again. */
void pagefault_out_of_memory(void);
/* Pages that killing @p would give back, oom_score_adj applied. For /proc/PID/oom_score. */
long oom_badness(struct task_struct *p, unsigned long totalpages);

#endif
