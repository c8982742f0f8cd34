/* SPDX-License-Identifier: MIT */
/* userfaultfd: what mm/uffd and the file of fs/userfaultfd.c share. */
#ifndef QUIRE_MM_UFFD_INTERNAL_H
#define QUIRE_MM_UFFD_INTERNAL_H

#include <base/atomic.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <mm/userfaultfd.h>
#include <mm/uffd.h>

struct task_struct;

/*
 * Somebody who waits for the program: in a fault, or with an event. On the stack of the one who waits.
 *
 * Legend: l  ctx->lock
 */
struct uffd_waiter {
	struct list_head list;			/* l: of the context, or of itself */
	struct uffd_msg msg;			/* c */
	unsigned long address;			/* c: of a fault: its page */
	struct task_struct *task;		/* c */
	struct userfaultfd_ctx *child;		/* of a fork: a reference until the event is read */
	u64 ticket;				/* l: of the read that took it last */
	bool done;				/* l: answered (a fault), read (an event) */
};

struct userfaultfd_ctx {
	spinlock_t lock;			/* LOCK_UFFD */
	struct list_head pending;		/* l: faults that nobody has read yet, oldest first */
	struct list_head taken;			/* l: faults that were read */
	struct list_head events;		/* l: events that nobody has read yet */
	struct list_head told;			/* l: events that are being read */
	u64 tickets;				/* l: given out to readers */
	wait_queue_head_t readers;		/* wait for pending or events */
	struct mm_struct *mm;			/* c: a grab, not a use */
	unsigned int flags;			/* c: of userfaultfd(2) */
	unsigned int features;			/* l: UFFD_FEATURE_* | UFFD_INITIALIZED */
	bool released;				/* l: the file is gone; read without it by the one who waits */
	atomic_t changing;			/* events under way: nothing may be filled in */
	atomic_t refs;
};

#define UFFD_INITIALIZED	(1u << 31)

static inline struct userfaultfd_ctx *uffd_get(struct userfaultfd_ctx *ctx)
{
	atomic_inc(&ctx->refs);
	return ctx;
}

/* Give @vma to @ctx (or to nobody) for the faults of @flags. => mmap_lock for writing */
void uffd_set_vma(struct vm_area_struct *vma, struct userfaultfd_ctx *ctx, unsigned long flags);
/* Nobody answers the faults of any VMA of @ctx any more. => mmap_lock of ctx->mm for writing */
void uffd_forget_vmas(struct userfaultfd_ctx *ctx);

#endif
