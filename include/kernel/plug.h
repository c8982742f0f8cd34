/* SPDX-License-Identifier: MIT */
/*
 * What a task gathers before it hands it on, so that neighbours can be joined: requests to a disk.
 * The scheduler flushes a task's plug when the task goes to sleep, since others may wait for what is in it.
 */
#ifndef QUIRE_KERNEL_PLUG_H
#define QUIRE_KERNEL_PLUG_H

#include <base/list.h>

struct blk_plug {
	/* Hand everything on. Preemption enabled, the task's state may be other than running: must not sleep. */
	void (*flush)(struct blk_plug *plug);
	struct list_head requests;	/* struct request, in the order in which they were made */
	unsigned int nr;
};

#endif
