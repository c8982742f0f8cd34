/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: waiting lets the other coroutine run; with none, it is a deadlock. */
#pragma once
#include <sync/spinlock.h>

typedef struct {
	int unused;
} wait_queue_head_t;
#define __WAIT_QUEUE_HEAD_INITIALIZER(name) { 0 }
#define init_waitqueue_head(wq)	((void)(wq))
#define wake_up_all(wq)		((void)(wq))
void wait_for_other(void);
#define wait_event(wq, condition)		\
do {						\
	while (!(condition))			\
		wait_for_other();		\
} while (0)
