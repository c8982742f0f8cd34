// SPDX-License-Identifier: MIT
/*
 * Work for a task to do itself: a list without lock, newest first, that the task takes as a whole and
 * runs in the order of addition. A task that is past its last run puts the mark `exited` there, so that
 * later additions fail.
 */
#include <base/atomic.h>
#include <base/errno.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task_work.h>

static struct callback_head exited;

int task_work_add(struct task_struct *task, struct callback_head *work,
		  enum task_work_notify_mode notify)
{
	struct callback_head *head = READ_ONCE(task->task_works);

	do {
		if (unlikely(head == &exited))
			return -ESRCH;
		work->next = head;
	} while (!try_cmpxchg(&task->task_works, &head, work));

	switch (notify) {
	case TWA_RESUME:
		set_tsk_thread_flag(task, TIF_NOTIFY_RESUME);
		if (task != current)
			kick_process(task);
		break;
	case TWA_SIGNAL:
		if (!test_and_set_tsk_thread_flag(task, TIF_NOTIFY_SIGNAL) && task != current &&
		    !wake_up_state(task, TASK_INTERRUPTIBLE))
			kick_process(task);
		break;
	case TWA_NONE:
		break;
	}
	return 0;
}

void task_work_run(void)
{
	struct task_struct *task = current;

	for (;;) {
		struct callback_head *work = READ_ONCE(task->task_works), *head, *next, *rev = NULL;

		do {
			if (!work && !(task->flags & PF_EXITING))
				return;
			head = work ? NULL : &exited;
		} while (!try_cmpxchg(&task->task_works, &work, head));
		if (!work)
			return;
		task_lock(task); /* wait for a cancel that is on the list */
		task_unlock(task);
		for (; work; work = next) {
			next = work->next;
			work->next = rev;
			rev = work;
		}
		for (work = rev; work; work = next) {
			next = work->next;
			work->func(work);
			cond_resched();
		}
	}
}
