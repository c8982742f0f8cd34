/* SPDX-License-Identifier: MIT */
/* Between the lock checks and their self test. */
#ifndef SYNC_LOCKDEP_INTERNAL_H
#define SYNC_LOCKDEP_INTERNAL_H

#include <base/types.h>

struct task_struct;

enum lockdep_error {
	LOCKDEP_RECURSION,
	LOCKDEP_ORDER,
	LOCKDEP_SLEEP,
	LOCKDEP_IRQ,
	LOCKDEP_NOT_HELD,
	LOCKDEP_DEPTH,
	LOCKDEP_LEFT,
	NR_LOCKDEP_ERRORS
};

/* Reports of @task are counted here instead of printed. */
struct lockdep_capture {
	struct task_struct *task;
	unsigned int count[NR_LOCKDEP_ERRORS];
	unsigned long here, there;	/* the places of the last one */
};
extern struct lockdep_capture *lockdep_capture;
extern unsigned int lockdep_reports;	/* printed since boot */

#endif
