// SPDX-License-Identifier: MIT
/*
 * Timeouts: IORING_OP_TIMEOUT, TIMEOUT_REMOVE, LINK_TIMEOUT.
 *
 * 1 A timeout ends when its timer fires (-ETIME), when as many completions as it asks for have been posted since (0), or
 *   when it is removed (-ECANCELED). It stands on ctx->requests as IO_TIMING; who takes it off, under ctx->lock, ends it.
 *
 *	timer (interrupt) --> work queue --> takes it off, or comes too late
 *
 *   Who takes it off otherwise stops the timer and waits for that work, which then finds that it came too late.
 *
 * 2 A LINK_TIMEOUT bounds the request that it is linked behind: it begins when that one begins, and cancels it. Each knows
 *   the other (req->bound, timeout.head) under ctx->lock; who ends first parts them.
 *
 * Linux 6.1: io_uring/timeout.c. io_uring_enter(2).
 */
#include <base/errno.h>
#include <kernel/time.h>
#include <kernel/timekeeping.h>
#include <seam/uaccess.h>
#include "io_uring_internal.h"

/* ---- the timer ---- */

struct io_kiocb *io_unbind(struct io_kiocb *timeout)
{
	struct io_kiocb *head = timeout->timeout.head;

	timeout->timeout.head = NULL;
	if (head)
		head->bound = NULL;
	return head;
}

static void timeout_work(struct work_struct *work)
{
	struct io_kiocb *req = container_of(work, struct io_kiocb, work), *head = NULL;
	struct io_ring_ctx *ctx = req->ctx;
	int ret = 0;

	spin_lock(&ctx->lock);
	if (req->where != IO_TIMING) {
		spin_unlock(&ctx->lock);
		return; /* who took it off waits for this work to end */
	}
	req->where = IO_NOWHERE;
	list_del_init(&req->list);
	if (req->opcode == IORING_OP_LINK_TIMEOUT)
		head = io_unbind(req);
	if (head)
		atomic_inc(&head->refs);
	spin_unlock(&ctx->lock);
	if (head) {
		ret = io_cancel_one(head);
		io_req_put(head);
	}
	if (req->timeout.flags & IORING_TIMEOUT_ETIME_SUCCESS)
		req->flags |= REQ_NO_FAIL;
	if (req->opcode == IORING_OP_TIMEOUT)
		atomic_inc(&ctx->cq_timeouts);
	io_req_complete(req, ret ?: -ETIME);
}

static enum hrtimer_restart timeout_fires(struct hrtimer *timer)
{
	schedule_work(&container_of(timer, struct io_kiocb, timeout.timer)->work);
	return HRTIMER_NORESTART;
}

static clockid_t clock_of(u32 flags)
{
	switch (flags & IORING_TIMEOUT_CLOCK_MASK) {
	case IORING_TIMEOUT_BOOTTIME:
		return CLOCK_BOOTTIME;
	case IORING_TIMEOUT_REALTIME:
		return CLOCK_REALTIME;
	default:
		return CLOCK_MONOTONIC;
	}
}

static enum hrtimer_mode mode_of(u32 flags)
{
	return flags & IORING_TIMEOUT_ABS ? HRTIMER_MODE_ABS : HRTIMER_MODE_REL;
}

static void setup_timer(struct io_kiocb *req)
{
	struct io_timeout *t = &req->timeout;

	INIT_WORK(&req->work, timeout_work);
	hrtimer_setup(&t->timer, timeout_fires, clock_of(t->flags), mode_of(t->flags));
}

void io_timeout_stop(struct io_kiocb *req)
{
	hrtimer_cancel(&req->timeout.timer);
	cancel_work_sync(&req->work);
}

/* ---- timeouts ---- */

/* A time from the program: 0, -EFAULT, -EINVAL. */
static int get_time(u64 addr, ktime_t *time)
{
	struct timespec64 ts;

	if (get_timespec64(&ts, (const struct __kernel_timespec __user *)addr))
		return -EFAULT;
	if (ts.tv_sec < 0 || ts.tv_nsec < 0)
		return -EINVAL;
	*time = timespec64_to_ktime(ts);
	return 0;
}

static int prep(struct io_kiocb *req, const struct io_uring_sqe *sqe, bool link)
{
	struct io_timeout *t = &req->timeout;
	u32 flags = sqe->timeout_flags;

	if (sqe->buf_index || sqe->len != 1 || sqe->splice_fd_in || (link && sqe->off))
		return -EINVAL;
	if (flags &
	    ~(IORING_TIMEOUT_ABS | IORING_TIMEOUT_CLOCK_MASK | IORING_TIMEOUT_ETIME_SUCCESS))
		return -EINVAL;
	if ((flags & IORING_TIMEOUT_CLOCK_MASK) == IORING_TIMEOUT_CLOCK_MASK)
		return -EINVAL;
	t->flags = flags;
	t->count = sqe->off;
	if (!link)
		req->flags |= REQ_TIMEOUT;
	setup_timer(req);
	return get_time(sqe->addr, &t->time);
}

int io_prep_timeout(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	return prep(req, sqe, false);
}

int io_prep_link_timeout(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	return prep(req, sqe, true);
}

int io_issue_timeout(struct io_kiocb *req, unsigned int how)
{
	struct io_ring_ctx *ctx = req->ctx;
	struct io_timeout *t = &req->timeout;

	req->flags |= REQ_ASYNC_DONE;
	spin_lock(&ctx->lock);
	if (req->cancel || ctx->dying) {
		spin_unlock(&ctx->lock);
		return -ECANCELED;
	}
	t->start = ctx->nr_posted;
	req->where = IO_TIMING;
	list_move_tail(&req->list, &ctx->requests); /* a worker's is there already */
	hrtimer_start(&t->timer, t->time, mode_of(t->flags));
	spin_unlock(&ctx->lock);
	return -EIOCBQUEUED;
}

void io_start_link_timeout(struct io_kiocb *head, struct io_kiocb *timeout)
{
	struct io_ring_ctx *ctx = head->ctx;

	timeout->flags |= REQ_ASYNC_DONE;
	spin_lock(&ctx->lock);
	head->bound = timeout;
	timeout->timeout.head = head;
	timeout->where = IO_TIMING;
	list_add_tail(&timeout->list, &ctx->requests);
	hrtimer_start(&timeout->timeout.timer, timeout->timeout.time,
		      mode_of(timeout->timeout.flags));
	spin_unlock(&ctx->lock);
}

static bool has_enough(const struct io_ring_ctx *ctx, const struct io_kiocb *req)
{
	return req->where == IO_TIMING && req->opcode == IORING_OP_TIMEOUT && req->timeout.count &&
	       ctx->nr_posted - req->timeout.start >= req->timeout.count;
}

void io_flush_timeouts(struct io_ring_ctx *ctx)
{
	struct io_kiocb *req, *n;
	LIST_HEAD(ended);

	if (list_empty_careful(&ctx->requests))
		return;
	spin_lock(&ctx->lock);
	list_for_each_entry_safe (req, n, &ctx->requests, list) {
		if (!has_enough(ctx, req))
			continue;
		req->where = IO_NOWHERE;
		list_move_tail(&req->list, &ended);
	}
	spin_unlock(&ctx->lock);
	list_for_each_entry_safe (req, n, &ended, list) {
		list_del_init(&req->list);
		io_timeout_stop(req);
		atomic_inc(&ctx->cq_timeouts);
		io_req_complete(req, 0);
	}
}

/* ---- IORING_OP_TIMEOUT_REMOVE ---- */

int io_prep_timeout_remove(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	struct io_target *t = &req->target;

	if (sqe->buf_index || sqe->len || sqe->splice_fd_in)
		return -EINVAL;
	t->user_data = sqe->addr;
	t->flags = sqe->timeout_flags;
	if (!(t->flags & IORING_TIMEOUT_UPDATE_MASK))
		return t->flags ? -EINVAL : 0;
	if ((t->flags & IORING_TIMEOUT_CLOCK_MASK) == IORING_TIMEOUT_CLOCK_MASK ||
	    t->flags & ~(IORING_TIMEOUT_UPDATE_MASK | IORING_TIMEOUT_ABS))
		return -EINVAL;
	return get_time(sqe->addr2, &t->time);
}

static struct io_kiocb *find_timeout(struct io_ring_ctx *ctx, u64 user_data, u8 opcode)
{
	struct io_kiocb *p;

	list_for_each_entry (p, &ctx->requests, list)
		if (p->where == IO_TIMING && p->opcode == opcode && p->user_data == user_data)
			return p;
	return NULL;
}

/* The timeout is taken off, stopped, and put back with another time. */
static int update(struct io_ring_ctx *ctx, const struct io_target *t, struct io_kiocb *p)
{
	bool over;

	io_timeout_stop(p);
	p->timeout.time = t->time;
	p->timeout.flags =
		(p->timeout.flags & ~IORING_TIMEOUT_ABS) | (t->flags & IORING_TIMEOUT_ABS);
	spin_lock(&ctx->lock);
	over = p->opcode == IORING_OP_LINK_TIMEOUT && !p->timeout.head;
	if (!over) {
		p->where = IO_TIMING;
		list_add_tail(&p->list, &ctx->requests);
		hrtimer_start(&p->timeout.timer, t->time, mode_of(t->flags));
	}
	spin_unlock(&ctx->lock);
	if (over) /* what it bounded has ended meanwhile */
		io_req_complete(p, -ECANCELED);
	return 0;
}

int io_issue_timeout_remove(struct io_kiocb *req, unsigned int how)
{
	const struct io_target *t = &req->target;
	struct io_ring_ctx *ctx = req->ctx;
	bool link = t->flags & IORING_LINK_TIMEOUT_UPDATE;
	struct io_kiocb *p;

	spin_lock(&ctx->lock);
	p = find_timeout(ctx, t->user_data, link ? IORING_OP_LINK_TIMEOUT : IORING_OP_TIMEOUT);
	if (p) {
		p->where = IO_NOWHERE;
		list_del_init(&p->list);
	}
	spin_unlock(&ctx->lock);
	if (!p)
		return -ENOENT;
	if (t->flags & IORING_TIMEOUT_UPDATE_MASK)
		return update(ctx, t, p);
	io_timeout_stop(p);
	atomic_inc(&ctx->cq_timeouts);
	io_req_complete(p, -ECANCELED);
	return 0;
}
