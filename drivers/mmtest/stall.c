// SPDX-License-Identifier: MIT
/*
 * stall: the caller is stuck in the kernel, as in the wait for a broken disk: no signal wakes it.
 *
 *	sleep	arg[0] ms; arg[1] not 0: with its mmap_lock held for reading
 */
#include <base/errno.h>
#include <kernel/init.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <kernel/timer.h>
#include <mm/mm_struct.h>
#include "mmtest_internal.h"

#define MAX_MS 60000

static int stall_sleep(void *state, struct mmtest_call *call)
{
	long left = call->arg[0] * HZ / 1000;

	if (call->arg[0] < 0 || call->arg[0] > MAX_MS)
		return -EINVAL;
	if (call->arg[1])
		mmap_read_lock(current->mm);
	while (left > 0)
		left = schedule_timeout_uninterruptible(left);
	if (call->arg[1])
		mmap_read_unlock(current->mm);
	return 0;
}

static const struct mmtest_verb verbs[] = { { "sleep", stall_sleep }, { NULL, NULL } };
static struct mmtest_noun stall = { .name = "stall", .verbs = verbs, .state_bytes = 1 };

static int __init stall_init(void)
{
	mmtest_register(&stall);
	return 0;
}
device_initcall(stall_init);
