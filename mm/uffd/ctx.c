// SPDX-License-Identifier: MIT
/*
 * userfaultfd: a program answers page faults.
 *
 * 1 Purpose. Memory that comes from elsewhere (a migrated machine, a snapshot, a heap that is being moved): the first
 *   touch of a page, or the first write to it, is told to a program, which fills the page in while the toucher waits.
 *
 * 2 Structure. A context belongs to one descriptor and one mm; VMAs point at it. A fault in such a VMA puts a waiter,
 *   which lies on its stack, on ctx->pending and sleeps; read(2) moves it to ctx->taken; filling a page and waking its
 *   range ends it. It then returns VM_FAULT_RETRY: the access is tried again and finds the page, or waits anew.
 *
 *	fault --> pending --read--> taken --wake--> (gone)
 *	fork, mremap, unmap, remove --> events --read--> (gone)
 *
 *   An event is told before the change becomes of use to anybody: its maker waits until it was read. While one is
 *   under way (ctx->changing) filling answers EAGAIN, so that the program first reads what has become of its memory.
 *
 * 3 Lock. ctx->lock, a leaf but for wake-ups. Nobody sleeps under it. A waiter is queued before the page table is looked
 *   at once more, so that an answer in between is not lost.
 *
 * 4 Lifetime. The file, each waiter and each event hold a reference. VMAs hold none: closing the file takes the context
 *   out of all VMAs of its mm under mmap_lock. The mm is only grabbed: when its last user goes, its VMAs go with it.
 *
 * 5 Failure. A killed waiter leaves by itself. Closing the file lets all go on.
 *
 * Linux: fs/userfaultfd.c; userfaultfd(2), ioctl_userfaultfd(2).
 */
#include <base/bug.h>
#include <base/errno.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/mmap.h>
#include <mm/pgalloc.h>
#include <mm/pte_marker.h>
#include <mm/slab.h>
#include <linux/eventpoll.h>
#include "uffd_internal.h"

int sysctl_unprivileged_userfaultfd;

struct userfaultfd_ctx *uffd_ctx_new(struct mm_struct *mm, unsigned int flags)
{
	struct userfaultfd_ctx *ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);

	if (!ctx)
		return NULL;
	spin_lock_init(&ctx->lock, LOCK_UFFD);
	INIT_LIST_HEAD(&ctx->pending);
	INIT_LIST_HEAD(&ctx->taken);
	INIT_LIST_HEAD(&ctx->events);
	INIT_LIST_HEAD(&ctx->told);
	init_waitqueue_head(&ctx->readers);
	ctx->flags = flags;
	atomic_set(&ctx->refs, 1);
	mmgrab(mm);
	ctx->mm = mm;
	return ctx;
}

void uffd_ctx_put(struct userfaultfd_ctx *ctx)
{
	if (!atomic_dec_and_test(&ctx->refs))
		return;
	BUG_ON(!list_empty(&ctx->pending) || !list_empty(&ctx->taken) ||
	       !list_empty(&ctx->events) || !list_empty(&ctx->told));
	mmdrop(ctx->mm);
	kfree(ctx);
}

int uffd_set_features(struct userfaultfd_ctx *ctx, unsigned int features)
{
	int err = -EINVAL;

	spin_lock(&ctx->lock);
	if (!ctx->features) {
		ctx->features = features | UFFD_INITIALIZED;
		err = 0;
	}
	spin_unlock(&ctx->lock);
	return err;
}

unsigned int uffd_features(const struct userfaultfd_ctx *ctx)
{
	return READ_ONCE(ctx->features);
}

unsigned int uffd_flags(const struct userfaultfd_ctx *ctx)
{
	return ctx->flags;
}

bool uffd_changing(const struct userfaultfd_ctx *ctx)
{
	return atomic_read(&ctx->changing) != 0;
}

struct wait_queue_head *uffd_readers(struct userfaultfd_ctx *ctx)
{
	return &ctx->readers;
}

bool uffd_readable(struct userfaultfd_ctx *ctx)
{
	bool yes;

	spin_lock(&ctx->lock);
	yes = !list_empty(&ctx->pending) || !list_empty(&ctx->events);
	spin_unlock(&ctx->lock);
	return yes;
}

void uffd_count(struct userfaultfd_ctx *ctx, unsigned long *pending, unsigned long *total)
{
	struct uffd_waiter *w;

	*pending = *total = 0;
	spin_lock(&ctx->lock);
	list_for_each_entry (w, &ctx->pending, list)
		++*pending;
	*total = *pending;
	list_for_each_entry (w, &ctx->taken, list)
		++*total;
	spin_unlock(&ctx->lock);
}

/* --- waiting ---------------------------------------------------------------------------------------- */

/* @w goes on. => ctx->lock held */
static void end_wait(struct uffd_waiter *w)
{
	list_del_init(&w->list);
	w->done = true;
	wake_up_process(w->task);
}

/* Sleep until @w is done, @state's signals come, or the file is closed; then @w is on no list. */
static void wait_answer(struct userfaultfd_ctx *ctx, struct uffd_waiter *w, unsigned int state)
{
	for (;;) {
		set_current_state(state);
		if (READ_ONCE(w->done) || READ_ONCE(ctx->released) ||
		    signal_pending_state(state, current))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	spin_lock(&ctx->lock);
	list_del_init(&w->list);
	spin_unlock(&ctx->lock);
}

static void wake_list(struct list_head *list, unsigned long start, unsigned long last)
{
	struct uffd_waiter *w, *next;

	list_for_each_entry_safe (w, next, list, list)
		if (w->address >= start && w->address <= last)
			end_wait(w);
}

void uffd_wake(struct userfaultfd_ctx *ctx, u64 start, u64 len)
{
	spin_lock(&ctx->lock);
	wake_list(&ctx->pending, start, start + len - 1);
	wake_list(&ctx->taken, start, start + len - 1);
	spin_unlock(&ctx->lock);
}

/* --- faults ------------------------------------------------------------------------------------------- */

/* Is the entry, looked at without a lock, still one that the program has to change? */
static bool must_wait(struct vm_fault *vmf, unsigned long reason)
{
	pte_t *ptep = pte_find(vmf->vma->vm_mm, vmf->address, NULL);
	pte_t pte;

	if (!ptep)
		return true;
	pte = ptep_get(ptep);
	if (pte_none_mostly(pte))
		return true;
	return reason == VM_UFFD_WP && pte_present(pte) && !pte_write(pte) && pte_uffd_wp(pte);
}

static void describe_fault(struct uffd_waiter *w, struct vm_fault *vmf, unsigned long reason,
			   unsigned int features)
{
	w->address = vmf->address;
	w->msg = (struct uffd_msg){ .event = UFFD_EVENT_PAGEFAULT };
	w->msg.arg.pagefault.address =
		features & UFFD_FEATURE_EXACT_ADDRESS ? vmf->real_address : vmf->address;
	if (vmf->flags & FAULT_FLAG_WRITE)
		w->msg.arg.pagefault.flags |= UFFD_PAGEFAULT_FLAG_WRITE;
	if (reason == VM_UFFD_WP)
		w->msg.arg.pagefault.flags |= UFFD_PAGEFAULT_FLAG_WP;
	if (reason == VM_UFFD_MINOR)
		w->msg.arg.pagefault.flags |= UFFD_PAGEFAULT_FLAG_MINOR;
	if (features & UFFD_FEATURE_THREAD_ID)
		w->msg.arg.pagefault.feat.ptid = current->pid;
}

vm_fault_t handle_userfault(struct vm_fault *vmf, unsigned long reason)
{
	struct userfaultfd_ctx *ctx = vmf->vma->uffd;
	struct uffd_waiter w = { .task = current };
	unsigned int state = TASK_KILLABLE;
	bool wait;

	if (current->flags & (PF_EXITING | PF_DUMPCORE))
		return VM_FAULT_SIGBUS;
	if (ctx->features & UFFD_FEATURE_SIGBUS)
		return VM_FAULT_SIGBUS;
	if ((ctx->flags & UFFD_USER_MODE_ONLY) && !(vmf->flags & FAULT_FLAG_USER))
		return VM_FAULT_SIGBUS;
	if (READ_ONCE(ctx->released))
		return VM_FAULT_NOPAGE;
	if (!(vmf->flags & FAULT_FLAG_ALLOW_RETRY))
		return VM_FAULT_SIGBUS; /* e.g. a probe that must not sleep for long */
	if (vmf->flags & FAULT_FLAG_USER)
		state = TASK_INTERRUPTIBLE;

	uffd_get(ctx);
	describe_fault(&w, vmf, reason, ctx->features);
	spin_lock(&ctx->lock);
	list_add_tail(&w.list, &ctx->pending);
	spin_unlock(&ctx->lock);
	wait = must_wait(vmf, reason);
	fault_drop_lock(vmf);
	if (!wait)
		w.done = true;
	else
		wake_up_poll(&ctx->readers, EPOLLIN);
	wait_answer(ctx, &w, state);
	uffd_ctx_put(ctx);
	return VM_FAULT_RETRY;
}

/* --- reading ------------------------------------------------------------------------------------------ */

u64 uffd_take(struct userfaultfd_ctx *ctx, struct uffd_msg *msg, struct userfaultfd_ctx **child)
{
	struct uffd_waiter *w = NULL;
	u64 ticket = 0;

	*child = NULL;
	spin_lock(&ctx->lock);
	if (!list_empty(&ctx->pending)) {
		w = list_first_entry(&ctx->pending, struct uffd_waiter, list);
		list_move_tail(&w->list, &ctx->taken);
	} else if (!list_empty(&ctx->events)) {
		w = list_first_entry(&ctx->events, struct uffd_waiter, list);
		list_move(&w->list, &ctx->told);
		if (w->child)
			*child = uffd_get(w->child);
	}
	if (w) {
		*msg = w->msg;
		ticket = w->ticket = ++ctx->tickets;
	}
	spin_unlock(&ctx->lock);
	return ticket;
}

/* The one that was taken under @ticket, unless it was killed meanwhile. => ctx->lock held */
static struct uffd_waiter *find_told(struct userfaultfd_ctx *ctx, u64 ticket)
{
	struct uffd_waiter *w;

	list_for_each_entry (w, &ctx->told, list)
		if (w->ticket == ticket)
			return w;
	return NULL;
}

void uffd_told(struct userfaultfd_ctx *ctx, u64 ticket, int err)
{
	struct uffd_waiter *w;

	spin_lock(&ctx->lock);
	w = find_told(ctx, ticket);
	if (w && err) {
		list_move(&w->list, &ctx->events);
		wake_up_poll(&ctx->readers, EPOLLIN);
	} else if (w) {
		end_wait(w);
	}
	spin_unlock(&ctx->lock);
}

/* --- events ------------------------------------------------------------------------------------------- */

/* Tell @ctx, wait until it was read, and let filling go on. Drops a reference. */
static void tell(struct userfaultfd_ctx *ctx, struct uffd_waiter *w)
{
	bool queued = false;

	w->task = current;
	w->address = ~0UL;
	spin_lock(&ctx->lock);
	if (!ctx->released) {
		list_add_tail(&w->list, &ctx->events);
		queued = true;
		wake_up_poll(&ctx->readers, EPOLLIN);
	}
	spin_unlock(&ctx->lock);
	if (queued)
		wait_answer(ctx, w, TASK_KILLABLE);
	atomic_dec(&ctx->changing);
	uffd_ctx_put(ctx);
}

/* A reference, with which filling is held off until tell(). */
static struct userfaultfd_ctx *hold_off(struct userfaultfd_ctx *ctx)
{
	atomic_inc(&ctx->changing);
	return uffd_get(ctx);
}

static void let_go(struct userfaultfd_ctx *ctx)
{
	atomic_dec(&ctx->changing);
	uffd_ctx_put(ctx);
}

struct uffd_fork {
	struct list_head list;
	struct userfaultfd_ctx *parent; /* held off */
	struct userfaultfd_ctx *child;	/* a reference */
};

static struct uffd_fork *find_fork(struct list_head *forks, struct userfaultfd_ctx *parent)
{
	struct uffd_fork *f;

	list_for_each_entry (f, forks, list)
		if (f->parent == parent)
			return f;
	return NULL;
}

int dup_userfaultfd(struct vm_area_struct *new, struct list_head *forks)
{
	struct userfaultfd_ctx *parent = new->uffd;
	struct uffd_fork *f;

	if (!(parent->features & UFFD_FEATURE_EVENT_FORK)) {
		new->uffd = NULL;
		new->vm_flags &= ~VM_UFFD_FLAGS;
		vma_set_page_prot(new);
		return 0;
	}
	f = find_fork(forks, parent);
	if (!f) {
		f = kmalloc(sizeof(*f), GFP_KERNEL);
		if (!f)
			return -ENOMEM;
		f->child = uffd_ctx_new(new->vm_mm, parent->flags);
		if (!f->child) {
			kfree(f);
			return -ENOMEM;
		}
		f->child->features = parent->features;
		f->parent = hold_off(parent);
		list_add_tail(&f->list, forks);
	}
	new->uffd = f->child;
	return 0;
}

void dup_userfaultfd_complete(struct list_head *forks)
{
	struct uffd_fork *f, *next;

	list_for_each_entry_safe (f, next, forks, list) {
		struct uffd_waiter w = { .msg = { .event = UFFD_EVENT_FORK }, .child = f->child };

		tell(f->parent, &w);
		/* Nobody has taken a descriptor: the child's memory is ordinary. */
		if (!w.done)
			uffd_ctx_release(f->child);
		else
			uffd_ctx_put(f->child);
		kfree(f);
	}
}

void dup_userfaultfd_fail(struct list_head *forks)
{
	struct uffd_fork *f, *next;

	list_for_each_entry_safe (f, next, forks, list) {
		let_go(f->parent);
		uffd_ctx_release(f->child);
		kfree(f);
	}
}

struct userfaultfd_ctx *mremap_userfaultfd_prep(struct vm_area_struct *new)
{
	struct userfaultfd_ctx *ctx = new->uffd;

	if (!ctx)
		return NULL;
	if (ctx->features & UFFD_FEATURE_EVENT_REMAP)
		return hold_off(ctx);
	uffd_set_vma(new, NULL, new->vm_flags & ~VM_UFFD_FLAGS);
	return NULL;
}

void mremap_userfaultfd_complete(struct userfaultfd_ctx *ctx, unsigned long from, unsigned long to,
				 unsigned long len)
{
	struct uffd_waiter w = { .msg = { .event = UFFD_EVENT_REMAP,
					  .arg.remap = { .from = from, .to = to, .len = len } } };

	if (ctx)
		tell(ctx, &w);
}

bool userfaultfd_remove(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct uffd_waiter w = { .msg = { .event = UFFD_EVENT_REMOVE,
					  .arg.remove = { .start = start, .end = end } } };
	struct userfaultfd_ctx *ctx = vma->uffd;
	struct mm_struct *mm = vma->vm_mm;

	if (likely(!ctx) || !(ctx->features & UFFD_FEATURE_EVENT_REMOVE))
		return true;
	hold_off(ctx);
	mmap_read_unlock(mm);
	tell(ctx, &w);
	mmap_read_lock(mm);
	return false;
}

struct uffd_unmap {
	struct list_head list;
	struct userfaultfd_ctx *ctx; /* held off */
	unsigned long start, end;
};

static bool has_unmap(struct list_head *unmaps, struct userfaultfd_ctx *ctx, unsigned long start,
		      unsigned long end)
{
	struct uffd_unmap *u;

	list_for_each_entry (u, unmaps, list)
		if (u->ctx == ctx && u->start == start && u->end == end)
			return true;
	return false;
}

int userfaultfd_unmap_prep(struct mm_struct *mm, unsigned long start, unsigned long end,
			   struct list_head *unmaps)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	for (; vma && vma->vm_start < end; vma = vma->vm_next) {
		struct userfaultfd_ctx *ctx = vma->uffd;
		struct uffd_unmap *u;

		if (!ctx || !(ctx->features & UFFD_FEATURE_EVENT_UNMAP) ||
		    has_unmap(unmaps, ctx, start, end))
			continue;
		u = kmalloc(sizeof(*u), GFP_KERNEL);
		if (!u)
			return -ENOMEM;
		*u = (struct uffd_unmap){ .ctx = hold_off(ctx), .start = start, .end = end };
		list_add_tail(&u->list, unmaps);
	}
	return 0;
}

void userfaultfd_unmap_complete(struct list_head *unmaps)
{
	struct uffd_unmap *u, *next;

	list_for_each_entry_safe (u, next, unmaps, list) {
		struct uffd_waiter w = { .msg = { .event = UFFD_EVENT_UNMAP,
						  .arg.remove = { .start = u->start,
								  .end = u->end } } };

		tell(u->ctx, &w);
		kfree(u);
	}
}

/* --- the end ------------------------------------------------------------------------------------------ */

/* All who wait look again: whoever comes now sees ctx->released. */
static void release_waiters(struct userfaultfd_ctx *ctx)
{
	struct uffd_waiter *w, *next;

	spin_lock(&ctx->lock);
	wake_list(&ctx->pending, 0, ~0UL);
	wake_list(&ctx->taken, 0, ~0UL);
	list_for_each_entry_safe (w, next, &ctx->events, list) {
		list_del_init(&w->list); /* not done: it was never read */
		wake_up_process(w->task);
	}
	spin_unlock(&ctx->lock);
}

void uffd_ctx_release(struct userfaultfd_ctx *ctx)
{
	struct mm_struct *mm = ctx->mm;

	spin_lock(&ctx->lock);
	ctx->released = true;
	spin_unlock(&ctx->lock);
	if (mmget_not_zero(mm)) {
		mmap_write_lock(mm);
		uffd_forget_vmas(ctx);
		mmap_write_unlock(mm);
		mmput(mm);
	}
	release_waiters(ctx);
	wake_up_poll(&ctx->readers, EPOLLHUP);
	uffd_ctx_put(ctx);
}
