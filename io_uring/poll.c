// SPDX-License-Identifier: MIT
/*
 * Waiting for files: IORING_OP_POLL_ADD, and every operation that would have to wait for a file that can be polled.
 *
 * 1 A request stands in the wait queues of its file. Who wakes them is anybody, in any context: he only changes a state
 *   and has a work queue look.
 *
 *	POLL_BUSY --(looked: nothing there)--> POLL_ARMED --(wake-up, cancel: work queued)--> POLL_BUSY
 *	    '--(wake-up, cancel)--> POLL_AGAIN --(looked: nothing there)--> POLL_BUSY, look again
 *
 *   Who made it BUSY owns the request; a wake-up meanwhile is not lost, and there is one look at a time.
 *
 * 2 When something is there (or it is cancelled) the request leaves the queues, and either completes with the events
 *   (POLL_ADD), or goes to a worker to try its operation again. A multishot poll posts a completion with
 *   IORING_CQE_F_MORE at each wake-up that finds events, and stays.
 *
 * 3 A ring that polls itself would hold itself for ever: such a request has no reference to the file, but asks the
 *   context.
 *
 * Linux 6.1: io_uring/poll.c. io_uring_enter(2).
 */
#include <base/errno.h>
#include <base/string.h>
#include <mm/slab.h>
#include "io_uring_internal.h"

enum { POLL_BUSY, POLL_ARMED, POLL_AGAIN };

#define POLL_FLAGS                                                                                 \
	(IORING_POLL_ADD_MULTI | IORING_POLL_UPDATE_EVENTS | IORING_POLL_UPDATE_USER_DATA |        \
	 IORING_POLL_ADD_LEVEL)

struct io_poll_table {
	poll_table pt;
	struct io_kiocb *req;
	bool too_many;
};

__poll_t io_file_poll(struct io_kiocb *req, poll_table *pt)
{
	return req->file ? vfs_poll(req->file, pt) : io_ctx_poll(req->ctx, NULL, pt);
}

/* ---- in the queues ---- */

/* Something may have happened. Any context. */
static void kick(struct io_kiocb *req)
{
	int state = atomic_read(&req->poll.state);

	do {
		if (state == POLL_AGAIN)
			return;
	} while (!atomic_try_cmpxchg(&req->poll.state, &state,
				     state == POLL_ARMED ? POLL_BUSY : POLL_AGAIN));
	if (state == POLL_ARMED)
		schedule_work(&req->work);
}

static int poll_wake(wait_queue_entry_t *entry, unsigned int mode, int sync, void *key)
{
	struct io_kiocb *req = container_of(entry, struct io_poll_wait, entry)->req;
	__poll_t events = (__poll_t)(unsigned long)key;

	if (events && !(events & req->poll.events))
		return 0;
	kick(req);
	return 1;
}

static void poll_queue(struct file *file, wait_queue_head_t *head, poll_table *pt)
{
	struct io_poll_table *table = container_of(pt, struct io_poll_table, pt);
	struct io_poll *poll = &table->req->poll;
	struct io_poll_wait *wait;

	table->too_many = poll->nr_waits == ARRAY_SIZE(poll->waits);
	if (table->too_many)
		return;
	wait = &poll->waits[poll->nr_waits++];
	init_waitqueue_func_entry(&wait->entry, poll_wake);
	wait->head = head;
	wait->req = table->req;
	add_wait_queue(head, &wait->entry);
}

/* Nobody wakes it any more. */
static void leave_queues(struct io_kiocb *req)
{
	while (req->poll.nr_waits) {
		struct io_poll_wait *wait = &req->poll.waits[--req->poll.nr_waits];

		remove_wait_queue(wait->head, &wait->entry);
	}
}

/* => POLL_BUSY; out of the queues and ours. @cancelled: it was */
static void take_out(struct io_kiocb *req, bool *cancelled)
{
	leave_queues(req);
	spin_lock(&req->ctx->lock);
	list_del_init(&req->list);
	req->where = IO_NOWHERE;
	*cancelled = req->poll.cancelled;
	spin_unlock(&req->ctx->lock);
}

/* A multishot poll found events: a completion, and it stays. False: it was cancelled meanwhile. */
static bool post_more(struct io_kiocb *req, __poll_t mask)
{
	struct io_ring_ctx *ctx = req->ctx;
	bool stays;

	spin_lock(&ctx->lock);
	stays = !req->poll.cancelled;
	if (stays) {
		io_post_cqe(ctx, req->user_data, (u16)mask, IORING_CQE_F_MORE, req->extra);
		ctx->nr_posted++;
	}
	spin_unlock(&ctx->lock);
	if (stays) {
		io_cq_notify(ctx, true);
		io_flush_timeouts(ctx);
	}
	return stays;
}

static void poll_end(struct io_kiocb *req, __poll_t mask)
{
	bool cancelled;

	take_out(req, &cancelled);
	if (cancelled)
		io_req_complete(req, -ECANCELED);
	else if (req->poll.again)
		io_wq_queue(req);
	else
		io_req_complete(req, (u16)mask);
}

/* => POLL_BUSY; afterwards not ours */
static void look(struct io_kiocb *req)
{
	for (;;) {
		__poll_t mask = io_file_poll(req, NULL) & req->poll.events;
		int state = POLL_BUSY;

		if (READ_ONCE(req->poll.cancelled) ||
		    (mask && (!req->poll.multi || !post_more(req, mask)))) {
			poll_end(req, mask);
			return;
		}
		if (atomic_try_cmpxchg(&req->poll.state, &state, POLL_ARMED))
			return;
		atomic_set(&req->poll.state,
			   POLL_BUSY); /* was POLL_AGAIN: nobody else changes that */
		smp_mb();	       /* the state before the look */
	}
}

static void poll_work(struct work_struct *work)
{
	look(container_of(work, struct io_kiocb, work));
}

/* Into the queues, POLL_BUSY. What is there already; 0 and !nr_waits: nothing ever wakes it. */
static __poll_t enqueue(struct io_kiocb *req, __poll_t events)
{
	struct io_poll_table table = { .req = req };
	__poll_t mask;

	req->poll.events = events | EPOLL_ALWAYS;
	req->poll.cancelled = false;
	req->poll.nr_waits = 0;
	atomic_set(&req->poll.state, POLL_BUSY);
	INIT_WORK(&req->work, poll_work);
	init_poll_funcptr(&table.pt, poll_queue);
	table.pt.key = req->poll.events;
	mask = io_file_poll(req, &table.pt) & req->poll.events;
	if (table.too_many)
		leave_queues(req);
	return mask;
}

/* => enqueued; afterwards not ours */
static void wait_in_queues(struct io_kiocb *req)
{
	if (!io_req_park(req, IO_POLLING))
		WRITE_ONCE(req->poll.cancelled, true);
	look(req);
}

bool io_poll_again(struct io_kiocb *req, __poll_t events)
{
	if (!req->file || !req->file->f_op->poll)
		return false;
	req->poll.again = true;
	req->poll.multi = false;
	if (!enqueue(req, events) && !req->poll.nr_waits)
		return false;
	wait_in_queues(req);
	return true;
}

void io_poll_cancel(struct io_kiocb *req)
{
	WRITE_ONCE(req->poll.cancelled, true);
	kick(req);
}

/* ---- IORING_OP_POLL_ADD ---- */

int io_prep_poll_add(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	u32 flags = sqe->len;

	if (sqe->buf_index || sqe->off || sqe->addr)
		return -EINVAL;
	if (flags & ~IORING_POLL_ADD_MULTI)
		return -EINVAL;
	if (flags & IORING_POLL_ADD_MULTI && req->flags & IOSQE_CQE_SKIP_SUCCESS)
		return -EINVAL;
	req->poll.multi = flags & IORING_POLL_ADD_MULTI;
	req->poll.events = sqe->poll32_events;
	return 0;
}

int io_issue_poll_add(struct io_kiocb *req, unsigned int how)
{
	struct file *file = req->file;
	__poll_t mask;

	if (io_ctx_of(file) == req->ctx) {
		req->file = NULL; /* see 3 */
		fput(file);
	}
	mask = enqueue(req, req->poll.events);
	if (mask && !req->poll.multi) {
		leave_queues(req);
		return (u16)mask;
	}
	if (!req->poll.nr_waits)
		return mask ? (u16)mask : -EINVAL;
	req->flags |= REQ_ASYNC_DONE;
	wait_in_queues(req);
	return -EIOCBQUEUED;
}

/* ---- IORING_OP_POLL_REMOVE ---- */

int io_prep_poll_remove(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	struct io_target *t = &req->target;

	if (sqe->buf_index || sqe->splice_fd_in)
		return -EINVAL;
	t->flags = sqe->len;
	if (t->flags &
	    ~(IORING_POLL_UPDATE_EVENTS | IORING_POLL_UPDATE_USER_DATA | IORING_POLL_ADD_MULTI))
		return -EINVAL;
	/* Only an update can make it multishot. */
	if (t->flags == IORING_POLL_ADD_MULTI)
		return -EINVAL;
	t->user_data = sqe->addr;
	t->new_user_data = sqe->off;
	t->events = sqe->poll32_events;
	if (!(t->flags & IORING_POLL_UPDATE_USER_DATA) && t->new_user_data)
		return -EINVAL;
	if (!(t->flags & IORING_POLL_UPDATE_EVENTS) && t->events)
		return -EINVAL;
	return 0;
}

static struct io_kiocb *find_poll(struct io_ring_ctx *ctx, u64 user_data)
{
	struct io_kiocb *p;

	list_for_each_entry (p, &ctx->requests, list)
		if (p->where == IO_POLLING && p->opcode == IORING_OP_POLL_ADD &&
		    p->user_data == user_data && !p->poll.cancelled)
			return p;
	return NULL;
}

int io_issue_poll_remove(struct io_kiocb *req, unsigned int how)
{
	const struct io_target *t = &req->target;
	struct io_ring_ctx *ctx = req->ctx;
	struct io_kiocb *p;

	spin_lock(&ctx->lock);
	p = find_poll(ctx, t->user_data);
	if (p && t->flags) {
		if (t->flags & IORING_POLL_UPDATE_USER_DATA)
			p->user_data = t->new_user_data;
		if (t->flags & IORING_POLL_UPDATE_EVENTS) {
			WRITE_ONCE(p->poll.events, t->events | EPOLL_ALWAYS);
			WRITE_ONCE(p->poll.multi, t->flags & IORING_POLL_ADD_MULTI);
		}
		kick(p); /* what it waits for now may be there */
	} else if (p) {
		io_poll_cancel(p);
	}
	spin_unlock(&ctx->lock);
	return p ? 0 : -ENOENT;
}
