// SPDX-License-Identifier: MIT
/*
 * Cancelling: IORING_OP_ASYNC_CANCEL, and the end of a ring or of a process.
 *
 * What waits is taken from where it waits and ends with -ECANCELED: out of wait queues (poll.c), with its timer stopped
 * (timeout.c), out of the workers' queue or from behind a drain. What a worker does is interrupted if it sleeps where a
 * signal may wake it (-EALREADY to who asked). io_uring_enter(2). Linux 6.1: io_uring/cancel.c.
 */
#include <base/errno.h>
#include <base/list.h>
#include "io_uring_internal.h"

int io_prep_cancel(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	struct io_target *t = &req->target;

	if (sqe->off || sqe->splice_fd_in)
		return -EINVAL;
	t->user_data = sqe->addr;
	t->flags = sqe->cancel_flags;
	if (t->flags & ~(IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_FD |
			 IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_FD_FIXED))
		return -EINVAL;
	if ((t->flags & IORING_ASYNC_CANCEL_FD) && (t->flags & IORING_ASYNC_CANCEL_ANY))
		return -EINVAL;
	t->fd = sqe->fd;
	return 0;
}

/* Make @req end: 0 it will, -EALREADY it runs. What is then ours to end goes to @mine. => ctx->lock */
static int cancel_locked(struct io_kiocb *req, struct list_head *mine)
{
	switch (req->where) {
	case IO_POLLING:
		if (req->poll.cancelled)
			return -EALREADY;
		io_poll_cancel(req);
		return 0;
	case IO_TIMING:
		if (req->opcode == IORING_OP_LINK_TIMEOUT)
			io_unbind(req);
		break;
	case IO_NOWHERE: /* on its way to where it would wait */
		req->cancel = true;
		return 0;
	case IO_ENDED:
		return -ENOENT;
	default:
		req->cancel = true;
		if (!io_wq_cancel(req))
			return -EALREADY;
		break;
	}
	req->where = IO_NOWHERE;
	list_move_tail(&req->list, mine);
	return 0;
}

/* End those that cancel_locked() gave us. */
static void end_cancelled(struct list_head *mine)
{
	struct io_kiocb *req, *n;

	list_for_each_entry_safe (req, n, mine, list) {
		list_del_init(&req->list);
		if (req->opcode == IORING_OP_TIMEOUT || req->opcode == IORING_OP_LINK_TIMEOUT)
			io_timeout_stop(req);
		io_req_complete(req, -ECANCELED);
	}
}

int io_cancel_one(struct io_kiocb *req)
{
	LIST_HEAD(mine);
	int ret;

	spin_lock(&req->ctx->lock);
	ret = cancel_locked(req, &mine);
	spin_unlock(&req->ctx->lock);
	end_cancelled(&mine);
	return ret;
}

void io_cancel_all(struct io_ring_ctx *ctx, struct io_wq *wq)
{
	struct io_kiocb *req, *n;
	LIST_HEAD(mine);

	spin_lock(&ctx->lock);
	list_for_each_entry_safe (req, n, &ctx->requests, list)
		if (!wq || req->wq == wq)
			(void)cancel_locked(req, &mine);
	list_for_each_entry_safe (req, n, &ctx->deferred, list)
		if (!wq || req->wq == wq)
			list_move_tail(&req->list, &mine);
	spin_unlock(&ctx->lock);
	end_cancelled(&mine);
}

/* ---- IORING_OP_ASYNC_CANCEL ---- */

static bool matches(const struct io_kiocb *req, const struct io_target *t, const struct file *file)
{
	if (t->flags & IORING_ASYNC_CANCEL_ANY)
		return true;
	if (t->flags & IORING_ASYNC_CANCEL_FD)
		return req->file == file;
	return req->user_data == t->user_data;
}

/* One round: how many will end; the errno of one that will not in *@err. */
static int cancel_matching(struct io_kiocb *self, const struct file *file, int *err)
{
	const struct io_target *t = &self->target;
	struct io_ring_ctx *ctx = self->ctx;
	struct io_kiocb *req, *n;
	LIST_HEAD(mine);
	int nr = 0;

	spin_lock(&ctx->lock);
	list_for_each_entry_safe (req, n, &ctx->requests, list) {
		int ret;

		if (req == self || !matches(req, t, file))
			continue;
		ret = cancel_locked(req, &mine);
		nr += !ret;
		if (ret)
			*err = ret;
		if (!(t->flags & (IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_ANY)))
			break;
	}
	spin_unlock(&ctx->lock);
	end_cancelled(&mine);
	return nr;
}

int io_issue_cancel(struct io_kiocb *req, unsigned int how)
{
	const struct io_target *t = &req->target;
	struct file *file = NULL;
	int nr, err = -ENOENT;

	if (t->flags & IORING_ASYNC_CANCEL_FD) {
		bool fixed =
			req->flags & IOSQE_FIXED_FILE || t->flags & IORING_ASYNC_CANCEL_FD_FIXED;

		file = io_file_get(req->ctx, t->fd, fixed, how);
		if (!file)
			return -EBADF;
	}
	nr = cancel_matching(req, file, &err);
	if (file)
		fput(file);
	if (t->flags & (IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_ANY))
		return nr;
	return nr ? 0 : err;
}
