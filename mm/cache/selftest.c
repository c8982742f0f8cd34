// SPDX-License-Identifier: MIT
/* Boot self test of waiting for a page: who wants a locked folio sleeps, and only its unlock wakes him. */
#include <base/types.h>
#include <base/string.h>
#include <kernel/sched.h>
#include <kernel/selftest.h>
#include <kernel/task.h>
#include <mm/filemap.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <sync/kthread.h>

#define NR_WAITERS 3

struct waiter {
	struct folio *folio;
	struct task_struct *task;
	u32 got_it;
};

static int lock_and_tell(void *arg)
{
	struct waiter *w = arg;

	folio_lock(w->folio);
	WRITE_ONCE(w->got_it, 1);
	while (!kthread_should_stop())
		schedule_timeout_uninterruptible(1);
	folio_unlock(w->folio);
	return 0;
}

/* Does @task fall asleep, in state D? Waits for it as long as needed on a loaded machine. */
static bool sleeps(struct task_struct *task)
{
	for (int i = 0; i < 3000; i++) {
		if (READ_ONCE(task->__state) == TASK_UNINTERRUPTIBLE && !READ_ONCE(task->on_cpu))
			return true;
		schedule_timeout_uninterruptible(1);
	}
	return false;
}

static bool comes(const u32 *flag)
{
	for (int i = 0; i < 3000 && !READ_ONCE(*flag); i++)
		schedule_timeout_uninterruptible(1);
	return READ_ONCE(*flag);
}

static int wait_for_pages(struct waiter *w)
{
	for (int i = 0; i < NR_WAITERS; i++) {
		w[i].task = kthread_run(lock_and_tell, &w[i], "page-waiter");
		SELFTEST_EXPECT(!IS_ERR(w[i].task));
	}
	for (int i = 0; i < NR_WAITERS; i++)
		SELFTEST_EXPECT(sleeps(w[i].task) && !READ_ONCE(w[i].got_it));
	folio_unlock(w[1].folio);
	SELFTEST_EXPECT(comes(&w[1].got_it));
	SELFTEST_EXPECT(!READ_ONCE(w[0].got_it) && !READ_ONCE(w[2].got_it));
	folio_unlock(w[0].folio);
	folio_unlock(w[2].folio);
	SELFTEST_EXPECT(comes(&w[0].got_it) && comes(&w[2].got_it));
	return 0;
}

static int test_page_wait(void)
{
	static struct waiter w[NR_WAITERS];
	int err;

	memset(w, 0, sizeof(w));
	for (int i = 0; i < NR_WAITERS; i++) {
		struct page *page = alloc_page(GFP_KERNEL);

		SELFTEST_EXPECT(page);
		w[i].folio = page_folio(page);
		folio_lock(w[i].folio);
	}
	err = wait_for_pages(w);
	for (int i = 0; i < NR_WAITERS && !err; i++) {
		kthread_stop(w[i].task);
		__free_page(&w[i].folio->page);
	}
	return err;
}
SELFTEST("cache/waiting for a page", test_page_wait);
