/* SPDX-License-Identifier: MIT */
/* Completions: wait until somebody has finished something. complete() may come before the waiting. */
#ifndef QUIRE_SYNC_COMPLETION_H
#define QUIRE_SYNC_COMPLETION_H

#include <sync/wait.h>

struct completion {
	unsigned int done;		/* wait.lock; UINT_MAX: for ever */
	wait_queue_head_t wait;
};

#define COMPLETION_INITIALIZER(work) { .wait = __WAIT_QUEUE_HEAD_INITIALIZER((work).wait) }
#define DECLARE_COMPLETION(work)	struct completion work = COMPLETION_INITIALIZER(work)
#define DECLARE_COMPLETION_ONSTACK(work) DECLARE_COMPLETION(work)

static inline void init_completion(struct completion *x)
{
	x->done = 0;
	init_waitqueue_head(&x->wait);
}

static inline void reinit_completion(struct completion *x)
{
	x->done = 0;
}

/* Let one waiter go on / all, now and later. Any context. */
void complete(struct completion *x);
void complete_all(struct completion *x);
/* May sleep. _interruptible, _killable: 0 or -ERESTARTSYS. _timeout: jiffies left, 0 when time ran out. */
void wait_for_completion(struct completion *x);
void wait_for_completion_io(struct completion *x);
int __must_check wait_for_completion_killable(struct completion *x);
unsigned long wait_for_completion_timeout(struct completion *x, unsigned long timeout);
bool completion_done(struct completion *x);

#endif
