// SPDX-License-Identifier: MIT
/* Completions: a counter of permissions and a queue of those who wait for one. All under wait.lock. */
#include <base/math.h>
#include <kernel/sched.h>
#include <sync/completion.h>

#define DONE_FOR_EVER UINT_MAX

void complete(struct completion *x)
{
	unsigned long flags;

	spin_lock_irqsave(&x->wait.lock, flags);
	if (x->done != DONE_FOR_EVER)
		x->done++;
	__wake_up_locked(&x->wait, TASK_NORMAL, 1);
	spin_unlock_irqrestore(&x->wait.lock, flags);
}

void complete_all(struct completion *x)
{
	unsigned long flags;

	spin_lock_irqsave(&x->wait.lock, flags);
	x->done = DONE_FOR_EVER;
	__wake_up_locked(&x->wait, TASK_NORMAL, 0);
	spin_unlock_irqrestore(&x->wait.lock, flags);
}

/* Jiffies left (at least 1), 0 when time ran out, -ERESTARTSYS. */
static long wait_common(struct completion *x, long timeout, unsigned int state, bool io)
{
	DEFINE_WAIT_FUNC(wait, default_wake_function);
	int token = 0;

	might_sleep();
	spin_lock_irq(&x->wait.lock);
	if (!x->done) {
		if (io)
			token = io_schedule_prepare();
		__add_wait_queue_entry_tail(&x->wait, &wait);
		wait.flags |= WQ_FLAG_EXCLUSIVE;
		do {
			if (signal_pending_state(state, current)) {
				timeout = -ERESTARTSYS;
				break;
			}
			__set_current_state(state);
			spin_unlock_irq(&x->wait.lock);
			timeout = schedule_timeout(timeout);
			spin_lock_irq(&x->wait.lock);
		} while (!x->done && timeout);
		__set_current_state(TASK_RUNNING);
		list_del(&wait.entry);
		if (io)
			io_schedule_finish(token);
	}
	if (x->done && timeout != -ERESTARTSYS) {
		if (x->done != DONE_FOR_EVER)
			x->done--;
		timeout = timeout ? timeout : 1;
	}
	spin_unlock_irq(&x->wait.lock);
	return timeout;
}

void wait_for_completion(struct completion *x)
{
	wait_common(x, MAX_SCHEDULE_TIMEOUT, TASK_UNINTERRUPTIBLE, false);
}

void wait_for_completion_io(struct completion *x)
{
	wait_common(x, MAX_SCHEDULE_TIMEOUT, TASK_UNINTERRUPTIBLE, true);
}

static int wait_for_completion_state(struct completion *x, unsigned int state)
{
	return wait_common(x, MAX_SCHEDULE_TIMEOUT, state, false) == -ERESTARTSYS ? -ERESTARTSYS
										  : 0;
}

int wait_for_completion_killable(struct completion *x)
{
	return wait_for_completion_state(x, TASK_KILLABLE);
}

unsigned long wait_for_completion_timeout(struct completion *x, unsigned long timeout)
{
	return wait_common(x, timeout, TASK_UNINTERRUPTIBLE, false);
}

bool completion_done(struct completion *x)
{
	unsigned long flags;
	bool done;

	/* Under the lock, so that a complete() that is under way has left @x when the caller frees it. */
	spin_lock_irqsave(&x->wait.lock, flags);
	done = x->done != 0;
	spin_unlock_irqrestore(&x->wait.lock, flags);
	return done;
}
