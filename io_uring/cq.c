// SPDX-License-Identifier: MIT
/*
 * Completions: the ring from the kernel to the program.
 *
 * 1	head (the program's)  ...  tail (the kernel's, published after the entry: release, against the program's acquire)
 *	tail - head >= cq_entries: full. Then a completion waits on ctx->overflow, and IORING_SQ_CQ_OVERFLOW tells the
 *	program to come and fetch it (io_uring_enter with IORING_ENTER_GETEVENTS). While one waits there, those that come
 *	later do too: order is kept. Only without memory is one lost: counted in cq_overflow, and the next waiter gets EBADR.
 *
 * 2 The kernel's own tail is ctx->cq_tail; what a program writes there changes nothing. The head may be nonsense: taken as
 *   a number modulo 2^32 it can only make the ring look full.
 *
 * 3 Who waits is woken at each completion and counts for himself. A timeout that ends wakes also who waits for more.
 *
 * Locks: ctx->lock for the tail and the list. Linux 6.1: io_uring/io_uring.c. Observed by: fdinfo (CqTail, CqOverflowList).
 */
#include <base/errno.h>
#include <base/list.h>
#include <fs/eventfd.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/timekeeping.h>
#include <mm/slab.h>
#include <seam/uaccess.h>
#include "io_uring_internal.h"

struct io_overflow_cqe {
	struct list_head list;
	u64 user_data, extra[2];
	s32 res;
	u32 cflags;
};

/* => ctx->lock, there is room */
static void put_cqe(struct io_ring_ctx *ctx, const struct io_overflow_cqe *c)
{
	unsigned int words = ctx->flags & IORING_SETUP_CQE32 ? 4 : 2;
	u64 *at = ctx->rings->cqes + (size_t)(ctx->cq_tail & (ctx->cq_entries - 1)) * words;

	WRITE_ONCE(at[0], c->user_data);
	WRITE_ONCE(at[1], (u64)c->cflags << 32 | (u32)c->res);
	if (words == 4) {
		WRITE_ONCE(at[2], c->extra[0]);
		WRITE_ONCE(at[3], c->extra[1]);
	}
	WRITE_ONCE(ctx->cq_tail, ctx->cq_tail + 1);
	smp_store_release(&ctx->rings->cq.tail, ctx->cq_tail); /* the entry before the tail */
}

static bool cq_has_room(struct io_ring_ctx *ctx)
{
	/* An entry is written only after the program has read what was there. */
	return ctx->cq_tail - smp_load_acquire(&ctx->rings->cq.head) < ctx->cq_entries;
}

static void set_sq_flag(struct io_ring_ctx *ctx, u32 flag, bool on)
{
	u32 flags = READ_ONCE(ctx->rings->sq_flags);

	WRITE_ONCE(ctx->rings->sq_flags, on ? flags | flag : flags & ~flag);
}

static void overflow(struct io_ring_ctx *ctx, const struct io_overflow_cqe *c)
{
	struct io_overflow_cqe *kept = kmalloc(sizeof(*kept), GFP_ATOMIC | __GFP_ACCOUNT);

	if (!kept) {
		WRITE_ONCE(ctx->rings->cq_overflow, ctx->rings->cq_overflow + 1);
		ctx->cq_lost = true;
		return;
	}
	*kept = *c;
	list_add_tail(&kept->list, &ctx->overflow);
	set_sq_flag(ctx, IORING_SQ_CQ_OVERFLOW, true);
}

void io_post_cqe(struct io_ring_ctx *ctx, u64 user_data, s32 res, u32 cflags, const u64 extra[2])
{
	struct io_overflow_cqe c = {
		.user_data = user_data,
		.res = res,
		.cflags = cflags,
		.extra = { extra[0], extra[1] },
	};

	if (list_empty(&ctx->overflow) && cq_has_room(ctx))
		put_cqe(ctx, &c);
	else
		overflow(ctx, &c);
}

void io_cq_notify(struct io_ring_ctx *ctx, bool async)
{
	struct file *eventfd = NULL;

	if (READ_ONCE(ctx->eventfd)) {
		spin_lock(&ctx->lock);
		if (ctx->eventfd && (async || !ctx->eventfd_async) &&
		    !(READ_ONCE(ctx->rings->cq_flags) & IORING_CQ_EVENTFD_DISABLED))
			eventfd = get_file(ctx->eventfd);
		spin_unlock(&ctx->lock);
	}
	if (eventfd) {
		eventfd_signal(eventfd, 1);
		fput(eventfd);
	}
	if (wq_has_sleeper(&ctx->wait))
		wake_up_poll(&ctx->wait, EPOLLIN);
}

void io_flush_overflow(struct io_ring_ctx *ctx)
{
	if (!(READ_ONCE(ctx->rings->sq_flags) & IORING_SQ_CQ_OVERFLOW) &&
	    list_empty(&ctx->overflow))
		return;
	spin_lock(&ctx->lock);
	while (!list_empty(&ctx->overflow) && cq_has_room(ctx)) {
		struct io_overflow_cqe *c =
			list_first_entry(&ctx->overflow, struct io_overflow_cqe, list);

		put_cqe(ctx, c);
		list_del(&c->list);
		kfree(c);
	}
	set_sq_flag(ctx, IORING_SQ_CQ_OVERFLOW, !list_empty(&ctx->overflow));
	spin_unlock(&ctx->lock);
}

void io_drop_overflow(struct io_ring_ctx *ctx)
{
	struct io_overflow_cqe *c, *n;

	list_for_each_entry_safe (c, n, &ctx->overflow, list)
		kfree(c);
}

/* ---- waiting ---- */

struct io_waiter {
	struct io_ring_ctx *ctx;
	u32 least;
	int timeouts; /* that had ended when the wait began */
};

static bool enough(const struct io_waiter *w)
{
	return io_cq_ready(w->ctx) >= w->least || atomic_read(&w->ctx->cq_timeouts) != w->timeouts;
}

static bool take_lost(struct io_ring_ctx *ctx)
{
	bool lost;

	spin_lock(&ctx->lock);
	lost = ctx->cq_lost;
	ctx->cq_lost = false;
	spin_unlock(&ctx->lock);
	return lost;
}

/* Until there is enough, or @until (NULL: whenever). */
static int sleep_for_completions(struct io_waiter *w, ktime_t *until)
{
	struct io_ring_ctx *ctx = w->ctx;
	bool in_time = true;
	int ret = 0;
	DEFINE_WAIT(wait);

	for (;;) {
		prepare_to_wait(&ctx->wait, &wait, TASK_INTERRUPTIBLE);
		io_flush_overflow(ctx);
		if (enough(w))
			break;
		ret = READ_ONCE(ctx->cq_lost) && take_lost(ctx) ? -EBADR
		      : signal_pending(current)			? -EINTR
		      : !in_time				? -ETIME
								: 0;
		if (ret)
			break;
		in_time =
			schedule_hrtimeout_range(until, current->timer_slack_ns, HRTIMER_MODE_ABS);
	}
	finish_wait(&ctx->wait, &wait);
	return ret;
}

int io_cq_wait(struct io_ring_ctx *ctx, u32 least, const struct io_wait_arg *arg)
{
	struct io_waiter w = { ctx, least, atomic_read(&ctx->cq_timeouts) };
	struct timespec64 ts;
	ktime_t until;
	int ret;

	io_flush_overflow(ctx);
	if (io_cq_ready(ctx) >= least)
		return 0;
	ret = set_user_sigmask(arg->sigmask, arg->sigsetsize);
	if (ret)
		return ret;
	if (arg->ts) {
		if (get_timespec64(&ts, arg->ts))
			return -EFAULT;
		until = ktime_add_safe(ktime_get(), timespec64_to_ktime(ts));
	}
	ret = sleep_for_completions(&w, arg->ts ? &until : NULL);
	restore_saved_sigmask_unless(ret == -EINTR);
	return io_cq_ready(ctx) ? 0 : ret;
}
