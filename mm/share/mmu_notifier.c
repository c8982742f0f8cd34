// SPDX-License-Identifier: MIT
/*
 * mmu notifiers.
 *
 * 1 Purpose. A second set of tables (a device that translates addresses itself, a virtual machine) shows pages of a
 *   program without holding them. Whoever changes an entry of the program tells the subscribers first:
 *
 *	changer						subscriber with tables of his own
 *	invalidate_range_start(range)	------------->	forgets the range, and enters nothing there
 *	  lock of the table, change, flush, unlock
 *	invalidate_range_end(range)	------------->	may enter again what he finds now
 *
 *   Entries that appear where there was none, or that gain rights, are not told: nobody can have shown them. The
 *   subscriber looks a page up with a count of ends before and after (drivers/mmtest/mirror.c shows how).
 *
 * 2 Structure. mm->notifier_subscriptions is NULL until the first registration and stays until the struct goes, so that
 *   who has no subscriber pays one load. The list hangs there, under an rwsem: callbacks run under it for reading, so
 *   after an unregistration, which takes it for writing, none runs any more.
 *
 * 3 Invariants. A subscriber hears both halves of a pair or neither: to register takes every lock under which a pair
 *   can be (mm_take_all_locks): mmap_lock, all VMAs, all mappings, the fork tree. release is called once.
 *
 * 4 Locks. LOCK_MMU_NOTIFIER lies below all of these and above page tables. It is not held between start and end,
 *   because what lies between may reclaim, and reclaim may have to tell, too.
 *
 * 5 Failure. Registering, for want of memory or by a signal; nothing else.
 *
 * 6 Linux: mm/mmu_notifier.c; there SRCU instead of the rwsem, and callbacks that must not block for the OOM reaper.
 *   Interval notifiers (a tree of ranges with a count each) are not here: a subscriber compares the range itself.
 */
#include <base/bug.h>
#include <base/errno.h>
#include <mm/gfp.h>
#include <mm/mmap.h>
#include <mm/mmu_notifier.h>
#include <mm/slab.h>
#include <sync/rwsem.h>

struct mmu_notifier_subscriptions {
	struct rw_semaphore lock;
	struct list_head list; /* lock: of struct mmu_notifier */
};

static struct mmu_notifier_subscriptions *subscriptions_alloc(void)
{
	struct mmu_notifier_subscriptions *subs = kmalloc(sizeof(*subs), GFP_KERNEL_ACCOUNT);

	if (subs) {
		init_rwsem(&subs->lock, LOCK_MMU_NOTIFIER);
		INIT_LIST_HEAD(&subs->list);
	}
	return subs;
}

int mmu_notifier_register(struct mmu_notifier *subscription, struct mm_struct *mm)
{
	struct mmu_notifier_subscriptions *subs = NULL;
	int err;

	if (!READ_ONCE(mm->notifier_subscriptions)) {
		subs = subscriptions_alloc();
		if (!subs)
			return -ENOMEM;
	}
	mmap_write_lock(mm);
	err = mm_take_all_locks(mm);
	if (!err) {
		if (!mm->notifier_subscriptions) {
			smp_store_release(&mm->notifier_subscriptions, subs);
			subs = NULL;
		}
		mmgrab(mm);
		subscription->mm = mm;
		down_write(&mm->notifier_subscriptions->lock);
		list_add_tail(&subscription->list, &mm->notifier_subscriptions->list);
		up_write(&mm->notifier_subscriptions->lock);
		mm_drop_all_locks(mm);
	}
	mmap_write_unlock(mm);
	kfree(subs); /* another was faster */
	return err;
}

/* => lock held for writing */
static void release_one(struct mmu_notifier *subscription)
{
	list_del_init(&subscription->list);
	if (subscription->ops->release)
		subscription->ops->release(subscription, subscription->mm);
}

void mmu_notifier_unregister(struct mmu_notifier *subscription)
{
	struct mm_struct *mm = subscription->mm;
	struct mmu_notifier_subscriptions *subs = mm->notifier_subscriptions;

	down_write(&subs->lock);
	if (!list_empty(&subscription->list)) /* else the mm is at its end, and has released it */
		release_one(subscription);
	up_write(&subs->lock);
	subscription->mm = NULL;
	mmdrop(mm);
}

void __mmu_notifier_release(struct mm_struct *mm)
{
	struct mmu_notifier_subscriptions *subs = mm->notifier_subscriptions;

	down_write(&subs->lock);
	while (!list_empty(&subs->list))
		release_one(list_first_entry(&subs->list, struct mmu_notifier, list));
	up_write(&subs->lock);
}

void __mmu_notifier_subscriptions_destroy(struct mm_struct *mm)
{
	WARN_ON_ONCE(!list_empty(&mm->notifier_subscriptions->list));
	kfree(mm->notifier_subscriptions);
	mm->notifier_subscriptions = NULL;
}

void __mmu_notifier_range_start(const struct mmu_notifier_range *range)
{
	struct mmu_notifier_subscriptions *subs = range->mm->notifier_subscriptions;
	struct mmu_notifier *sub;

	might_sleep();
	down_read(&subs->lock);
	list_for_each_entry (sub, &subs->list, list)
		if (sub->ops->invalidate_range_start)
			sub->ops->invalidate_range_start(sub, range);
	up_read(&subs->lock);
}

void __mmu_notifier_range_end(const struct mmu_notifier_range *range)
{
	struct mmu_notifier_subscriptions *subs = range->mm->notifier_subscriptions;
	struct mmu_notifier *sub;

	might_sleep();
	down_read(&subs->lock);
	list_for_each_entry (sub, &subs->list, list)
		if (sub->ops->invalidate_range_end)
			sub->ops->invalidate_range_end(sub, range);
	up_read(&subs->lock);
}

bool __mmu_notifier_clear_flush_young(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct mmu_notifier_subscriptions *subs = mm->notifier_subscriptions;
	struct mmu_notifier *sub;
	bool young = false;

	might_sleep();
	down_read(&subs->lock);
	list_for_each_entry (sub, &subs->list, list)
		if (sub->ops->clear_flush_young)
			young |= sub->ops->clear_flush_young(sub, start, end);
	up_read(&subs->lock);
	return young;
}
