/* SPDX-License-Identifier: MIT */
/*
 * mmu notifiers: who keeps tables of his own that show a program's memory (a device, a virtual machine) hears when an
 * entry of the program's tables goes away or loses rights, before it happens. He needs no reference to the page then.
 * Theory: mm/share/mmu_notifier.c.
 */
#ifndef QUIRE_MM_MMU_NOTIFIER_H
#define QUIRE_MM_MMU_NOTIFIER_H

#include <base/types.h>
#include <base/compiler.h>
#include <base/list.h>
#include <mm/mm_struct.h>

/* Why entries change; Linux's names but the first. */
enum mmu_notifier_event {
	MMU_NOTIFY_NONE,		/* nothing that a notifier has to hear of */
	MMU_NOTIFY_UNMAP,		/* the region goes: munmap, mremap */
	MMU_NOTIFY_CLEAR,		/* entries go, the region stays: reclaim, truncation, a copy on write */
	MMU_NOTIFY_PROTECTION_VMA,	/* mprotect, userfaultfd */
	MMU_NOTIFY_PROTECTION_PAGE,	/* pages lose write access: fork, before writeback */
	MMU_NOTIFY_SOFT_DIRTY,		/* clear_refs */
	NR_MMU_NOTIFY_EVENTS
};

struct mmu_notifier_range {
	struct mm_struct *mm;
	unsigned long start, end;
	enum mmu_notifier_event event;
};

struct mmu_notifier;

/*
 * Each may be NULL. They may sleep, but not take mmap_lock, nor allocate in a way that reclaims, nor register or
 * unregister. Several may run at once. After invalidate_range_start nothing of the range may be used, nor entered anew
 * until invalidate_range_end.
 */
struct mmu_notifier_ops {
	/* The memory goes: the last user is gone, or it is being unregistered. Called once; the last to be called. */
	void (*release)(struct mmu_notifier *subscription, struct mm_struct *mm);
	/* Was something of the range used through the other tables since the last call? */
	bool (*clear_flush_young)(struct mmu_notifier *subscription, unsigned long start,
				  unsigned long end);
	void (*invalidate_range_start)(struct mmu_notifier *subscription,
				       const struct mmu_notifier_range *range);
	void (*invalidate_range_end)(struct mmu_notifier *subscription,
				     const struct mmu_notifier_range *range);
};

struct mmu_notifier {
	const struct mmu_notifier_ops *ops;
	struct mm_struct *mm;		/* with a reference to the struct while registered */
	struct list_head list;		/* subscriptions->lock; empty: released */
};

/**
 * mmu_notifier_register - @subscription hears of all changes of @mm from now on.
 * @subscription: ops set; stays the caller's, in place until mmu_notifier_unregister()
 * Return: 0, -ENOMEM, -EINTR. Context: sleeps; @mm has a user (mmget), its mmap_lock is not held.
 */
int __must_check mmu_notifier_register(struct mmu_notifier *subscription, struct mm_struct *mm);
/* No callback runs any more when this returns. => may sleep; once per registration, also after release */
void mmu_notifier_unregister(struct mmu_notifier *subscription);

void __mmu_notifier_release(struct mm_struct *mm);
void __mmu_notifier_subscriptions_destroy(struct mm_struct *mm);
bool __mmu_notifier_clear_flush_young(struct mm_struct *mm, unsigned long start, unsigned long end);
void __mmu_notifier_range_start(const struct mmu_notifier_range *range);
void __mmu_notifier_range_end(const struct mmu_notifier_range *range);

static __always_inline bool mm_has_notifiers(const struct mm_struct *mm)
{
	return unlikely(READ_ONCE(mm->notifier_subscriptions));
}

/*
 * Around each change of entries of [@start, @end): before the first of their locks is taken, after the last is dropped.
 * => mmap_lock, the lock of the VMA, of the mapping or of the anon_vma root is held throughout; may sleep
 */
static __always_inline void mmu_notifier_invalidate_range_start(struct mm_struct *mm,
								enum mmu_notifier_event event,
								unsigned long start,
								unsigned long end)
{
	if (mm_has_notifiers(mm))
		__mmu_notifier_range_start(&(struct mmu_notifier_range){ mm, start, end, event });
}

static __always_inline void mmu_notifier_invalidate_range_end(struct mm_struct *mm,
							      enum mmu_notifier_event event,
							      unsigned long start, unsigned long end)
{
	if (mm_has_notifiers(mm))
		__mmu_notifier_range_end(&(struct mmu_notifier_range){ mm, start, end, event });
}

/* Was it used elsewhere? => as above */
static __always_inline bool mmu_notifier_clear_flush_young(struct mm_struct *mm, unsigned long start,
							   unsigned long end)
{
	return mm_has_notifiers(mm) && __mmu_notifier_clear_flush_young(mm, start, end);
}

/* The last user of the memory is gone. */
static inline void mmu_notifier_release(struct mm_struct *mm)
{
	if (mm_has_notifiers(mm))
		__mmu_notifier_release(mm);
}

static inline void mmu_notifier_subscriptions_destroy(struct mm_struct *mm)
{
	if (mm_has_notifiers(mm))
		__mmu_notifier_subscriptions_destroy(mm);
}

#endif
