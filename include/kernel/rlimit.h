/* SPDX-License-Identifier: MIT */
/* Resource limits (the values live in signal_struct, one set per process). */
#ifndef QUIRE_KERNEL_RLIMIT_H
#define QUIRE_KERNEL_RLIMIT_H

#include <base/types.h>
#include <linux/resource.h>

struct task_struct;

#ifndef RLIM_INFINITY
#define RLIM_INFINITY	(~0UL)
#endif

extern const struct rlimit init_rlimits[RLIM_NLIMITS];
int do_prlimit(struct task_struct *tsk, unsigned int resource, const struct rlimit *new_rlim,
	       struct rlimit *old_rlim);

#endif
