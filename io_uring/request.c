// SPDX-License-Identifier: MIT
/*
 * The life of a request: from an entry of the submission ring to a completion.
 *
 *	sqe --copy, check, prep--> chain --> issue --+--> result ----------------------------------> completion
 *				    |		     +--> would sleep --> poll.c, worker.c --again--> completion
 *				    |		     '--> waits by itself (timers, direct I/O) ----> completion
 *				    '--> deferred (IOSQE_IO_DRAIN), until all before it have ended
 *
 * 1 Who has a request has it alone: the submitter, a worker, the completion of a device. Only a request that waits
 *   (enum io_where) can be reached by others, through ctx->requests and under ctx->lock: by who wakes it, and by who
 *   cancels it. Who takes it off that list owns it.
 *
 * 2 A chain (IOSQE_IO_LINK, IOSQE_IO_HARDLINK) is built whole before its head runs. The end of a request hands on the
 *   next; io_issue() is a loop over those that end at once, so the length of a chain costs no stack. A failure ends all
 *   that is linked behind it with -ECANCELED, but behind a hard link. An entry that cannot be prepared fails its chain.
 *
 * 3 Draining. nr_queued counts requests that were let in, nr_done those of them that have ended. A deferred request runs
 *   when nr_done has reached what nr_queued was before it; those deferred behind it follow once it has ended.
 *
 * 4 What runs at a worker runs with the credentials that its submitter had (req->creds).
 *
 * Linux 6.1: io_uring/io_uring.c. io_uring_enter(2).
 */
#include <base/bitops.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <kernel/cred.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/slab.h>
#include "io_uring_internal.h"

#define SQE_FLAGS                                                                                  \
	(IOSQE_FIXED_FILE | IOSQE_IO_DRAIN | IOSQE_IO_LINK | IOSQE_IO_HARDLINK | IOSQE_ASYNC |     \
	 IOSQE_BUFFER_SELECT | IOSQE_CQE_SKIP_SUCCESS)
#define LINKED (IOSQE_IO_LINK | IOSQE_IO_HARDLINK)

/* ---- ends ---- */

static void free_req(struct io_kiocb *req)
{
	struct io_ring_ctx *ctx = req->ctx;

	if (io_ops[req->opcode].cleanup)
		io_ops[req->opcode].cleanup(req);
	if (req->file)
		fput(req->file);
	put_cred(req->creds);
	if (req->wq)
		io_wq_put(req->wq);
	kfree(req);
	io_ctx_put(ctx);
}

void io_req_put(struct io_kiocb *req)
{
	if (atomic_dec_and_test(&req->refs))
		free_req(req);
}

/* The LINK_TIMEOUT that bounds @req, which has ended: it is ours to end, or NULL. => ctx->lock */
static struct io_kiocb *take_bound(struct io_kiocb *req)
{
	struct io_kiocb *timeout = req->bound;

	req->bound = NULL;
	if (!timeout)
		return NULL;
	timeout->timeout.head = NULL;
	if (timeout->where != IO_TIMING)
		return NULL; /* its time is up at this moment */
	timeout->where = IO_NOWHERE;
	list_del_init(&timeout->list);
	return timeout;
}

/* Its completion, as far as the program wants to see it. => nobody else has @req */
static void post(struct io_kiocb *req, int res)
{
	struct io_ring_ctx *ctx = req->ctx;
	struct io_kiocb *bound;

	if (req->kbuf)
		io_kbuf_spend(req);
	spin_lock(&ctx->lock);
	list_del_init(&req->list); /* from now on nobody can cancel it */
	req->where = IO_ENDED;
	if (!(req->flags & IOSQE_CQE_SKIP_SUCCESS) || res < 0)
		io_post_cqe(ctx, req->user_data, res, req->cflags, req->extra);
	if (!(req->flags & REQ_TIMEOUT))
		ctx->nr_posted++;
	ctx->nr_done++;
	if (req->flags & REQ_DRAINS)
		ctx->draining = false;
	bound = take_bound(req);
	spin_unlock(&ctx->lock);
	if (bound) {
		io_timeout_stop(bound);
		io_req_complete(bound, -ECANCELED);
	}
	io_cq_notify(ctx, req->flags & REQ_ASYNC_DONE);
}

/* The next of the deferred ones, if its time has come. */
static struct io_kiocb *take_deferred(struct io_ring_ctx *ctx)
{
	struct io_kiocb *req = NULL;

	spin_lock(&ctx->lock);
	if (!list_empty(&ctx->deferred)) {
		req = list_first_entry(&ctx->deferred, struct io_kiocb, list);
		if (req->flags & IOSQE_IO_DRAIN ? ctx->nr_done < req->seq : ctx->draining)
			req = NULL;
	}
	if (req) {
		list_del_init(&req->list);
		ctx->draining |= req->flags & IOSQE_IO_DRAIN;
	}
	spin_unlock(&ctx->lock);
	return req;
}

/* What waited for completions as such. */
static void after_completion(struct io_ring_ctx *ctx)
{
	struct io_kiocb *req;

	io_flush_timeouts(ctx);
	if (likely(list_empty(&ctx->deferred)))
		return;
	while ((req = take_deferred(ctx)))
		io_wq_queue(req);
}

/* @req has ended; it and what fails with it are gone. The request that runs next, or NULL. */
static struct io_kiocb *finish(struct io_kiocb *req, int res)
{
	struct io_ring_ctx *ctx = req->ctx;
	struct io_kiocb *next = req->link;
	bool failed = (res < 0 && !(req->flags & REQ_NO_FAIL)) || req->flags & REQ_FAIL;

	atomic_inc(&ctx->refs);
	req->link = NULL;
	if (failed && !(req->flags & IOSQE_IO_HARDLINK)) {
		post(req, res);
		io_req_put(req);
		while ((req = next)) {
			next = req->link;
			req->link = NULL;
			post(req, -ECANCELED);
			io_req_put(req);
		}
	} else {
		post(req, res);
		io_req_put(req);
	}
	after_completion(ctx);
	io_ctx_put(ctx);
	return next;
}

void io_req_complete(struct io_kiocb *req, int res)
{
	req->flags |= REQ_ASYNC_DONE;
	req = finish(req, res);
	if (req)
		io_wq_queue(req);
}

/* ---- doing ---- */

struct file *io_file_get(struct io_ring_ctx *ctx, int fd, bool fixed, unsigned int how)
{
	struct file *file = NULL;

	if (!fixed)
		return fget(fd);
	if (how & IO_WORKER)
		mutex_lock(&ctx->uring_lock);
	if ((unsigned int)fd < ctx->nr_files && ctx->files[fd])
		file = get_file(ctx->files[fd]);
	if (how & IO_WORKER)
		mutex_unlock(&ctx->uring_lock);
	return file;
}

/* Once, when it runs first: a descriptor may come from the request that it is linked behind. */
static int assign_file(struct io_kiocb *req, unsigned int how)
{
	if (!io_ops[req->opcode].needs_file || req->file)
		return 0;
	req->file = io_file_get(req->ctx, req->fd, req->flags & IOSQE_FIXED_FILE, how);
	return req->file ? 0 : -EBADF;
}

/* The next in the chain is a LINK_TIMEOUT: it does not follow @req but runs against it. */
static void start_bound(struct io_kiocb *req)
{
	struct io_kiocb *timeout = req->link;

	if (likely(!timeout) || timeout->opcode != IORING_OP_LINK_TIMEOUT)
		return;
	req->link = timeout->link;
	timeout->link = NULL;
	io_start_link_timeout(req, timeout);
}

static int try_issue(struct io_kiocb *req, unsigned int how)
{
	const struct io_op *op = &io_ops[req->opcode];
	const struct cred *old;
	int ret = assign_file(req, how);

	if (ret)
		return ret;
	if (!(how & IO_WORKER) && (op->blocks || req->flags & IOSQE_ASYNC)) {
		req->flags |= REQ_TO_WORKER;
		return -EAGAIN;
	}
	if (req->creds == current_cred())
		return op->issue(req, how);
	old = override_creds(req->creds);
	ret = op->issue(req, how);
	revert_creds(old);
	return ret;
}

/* It would have to wait here: does it wait elsewhere now? False: a worker may as well sleep with it. */
static bool waits_elsewhere(struct io_kiocb *req, unsigned int how)
{
	__poll_t events = io_ops[req->opcode].poll;

	if (io_wq_ensure(req->wq)) {
		io_req_complete(req, -EAGAIN);
		return true;
	}
	req->flags |= REQ_ASYNC_DONE;
	if (!(req->flags & REQ_TO_WORKER) && events && io_poll_again(req, events))
		return true;
	req->flags &= ~REQ_TO_WORKER;
	if (how & IO_WORKER)
		return false;
	io_wq_queue(req);
	return true;
}

/* -EAGAIN is not the answer, but that it would sleep. */
static bool may_retry(const struct io_kiocb *req)
{
	return req->flags & REQ_TO_WORKER || !(req->flags & REQ_NOWAIT);
}

void io_issue(struct io_kiocb *req, unsigned int how)
{
	while (req) {
		int ret;

		start_bound(req);
		ret = try_issue(req, how | IO_NONBLOCK);
		if (ret == -EAGAIN && may_retry(req)) {
			if (waits_elsewhere(req, how))
				return;
			ret = try_issue(req, how);
		}
		if (ret == -EIOCBQUEUED)
			return;
		req = finish(req, ret);
	}
}

bool io_req_park(struct io_kiocb *req, enum io_where where)
{
	struct io_ring_ctx *ctx = req->ctx;
	bool may;

	spin_lock(&ctx->lock);
	may = !req->cancel && !ctx->dying;
	req->where = where;
	if (list_empty(&req->list))
		list_add_tail(&req->list, &ctx->requests);
	spin_unlock(&ctx->lock);
	return may;
}

/* ---- submission ---- */

/* Let the chain of @head in: now, or when what came before it has ended. */
static void queue_chain(struct io_kiocb *head)
{
	struct io_ring_ctx *ctx = head->ctx;
	struct io_kiocb *req, *last = head;
	bool defer;
	u64 n = 0;

	for (req = head; req; req = req->link) {
		last = req;
		n++;
		head->flags |=
			req->flags & IOSQE_IO_DRAIN; /* one that drains makes the chain drain */
	}
	spin_lock(&ctx->lock);
	head->seq = ctx->nr_queued;
	ctx->nr_queued += n;
	defer = !list_empty(&ctx->deferred) || ctx->draining ||
		(head->flags & IOSQE_IO_DRAIN && ctx->nr_done < head->seq);
	if (defer)
		list_add_tail(&head->list, &ctx->deferred);
	if (head->flags & IOSQE_IO_DRAIN) {
		last->flags |= REQ_DRAINS;
		ctx->draining |= !defer;
	}
	spin_unlock(&ctx->lock);
	if ((defer || head->link) && io_wq_ensure(head->wq))
		head->flags |= REQ_FAIL; /* the rest of it could not run later */
	if (defer)
		after_completion(ctx); /* what it waited for may have ended meanwhile */
	else
		io_issue(head, 0);
}

/* An entry was bad: it ends with @err, and all of its chain with -ECANCELED. They were never let in. */
static void fail_chain(struct io_kiocb *head, struct io_kiocb *bad, int err)
{
	struct io_ring_ctx *ctx = bad->ctx;
	struct io_kiocb *req, *next;

	for (req = head ? head : bad; req; req = next) {
		next = req->link;
		spin_lock(&ctx->lock);
		io_post_cqe(ctx, req->user_data, req == bad ? err : -ECANCELED, 0, req->extra);
		ctx->nr_posted++;
		spin_unlock(&ctx->lock);
		req->link = NULL;
		io_req_put(req);
	}
	io_cq_notify(ctx, false);
	io_flush_timeouts(ctx);
}

/* What all operations have in common. */
static int check_sqe(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	const struct io_op *op;

	if (sqe->opcode >= IORING_OP_LAST || !io_ops[sqe->opcode].issue)
		return -EINVAL;
	op = &io_ops[req->opcode = sqe->opcode];
	if (sqe->flags & ~SQE_FLAGS)
		return -EINVAL;
	if (sqe->flags & IOSQE_BUFFER_SELECT && !op->selects)
		return -EOPNOTSUPP;
	if (sqe->ioprio && !op->ioprio)
		return -EINVAL;
	if (sqe->personality) {
		const struct cred *creds = xa_load(&req->ctx->personalities, sqe->personality);

		if (!creds)
			return -EINVAL;
		put_cred(req->creds);
		req->creds = get_cred(creds);
	}
	return op->prep(req, sqe);
}

/* Zero, so that what is cleaned up is what prep took. NULL: no memory. */
static struct io_kiocb *alloc_req(struct io_ring_ctx *ctx)
{
	struct io_kiocb *req = kzalloc(sizeof(*req), GFP_KERNEL_ACCOUNT);

	if (!req)
		return NULL;
	req->wq = io_wq_get_current();
	if (!req->wq) {
		kfree(req);
		return NULL;
	}
	atomic_inc(&ctx->refs);
	req->ctx = ctx;
	atomic_set(&req->refs, 1);
	INIT_LIST_HEAD(&req->list);
	INIT_LIST_HEAD(&req->work_list);
	req->creds = get_cred(current_cred());
	return req;
}

/* The next entry, copied; NULL: its index names none, and there are no more behind it. */
static bool next_sqe(struct io_ring_ctx *ctx, struct io_uring_sqe *sqe)
{
	u32 index = READ_ONCE(ctx->sq_array[ctx->sq_head & (ctx->sq_entries - 1)]);

	WRITE_ONCE(ctx->sq_head, ctx->sq_head + 1);
	if (index >= ctx->sq_entries) {
		WRITE_ONCE(ctx->rings->sq_dropped, ctx->rings->sq_dropped + 1);
		return false;
	}
	if (ctx->flags & IORING_SETUP_SQE128)
		index *= 2;
	memcpy(sqe, (char *)ctx->sqes + index * sizeof(*sqe), sizeof(*sqe));
	barrier(); /* the copy is what counts from now on */
	return true;
}

/* The chain under construction. */
struct io_chain {
	struct io_kiocb *head, *last;
};

/* => @req is prepared; false: it was bad and its chain has ended */
static bool take_sqe(struct io_chain *chain, struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	int err;

	req->user_data = sqe->user_data;
	req->flags = sqe->flags;
	req->fd = sqe->fd;
	req->buf_index = sqe->buf_index;
	err = check_sqe(req, sqe);
	if (!err && req->opcode == IORING_OP_LINK_TIMEOUT &&
	    (!chain->head || chain->last->opcode == IORING_OP_LINK_TIMEOUT))
		err = -EINVAL; /* nothing that it could bound */
	if (chain->head)
		chain->last->link = req;
	if (err) {
		fail_chain(chain->head, req, err);
		chain->head = NULL;
		return false;
	}
	if (!chain->head)
		chain->head = req;
	chain->last = req;
	if (!(sqe->flags & LINKED)) {
		queue_chain(chain->head);
		chain->head = NULL;
	}
	return true;
}

int io_submit_sqes(struct io_ring_ctx *ctx, u32 nr)
{
	u32 there = smp_load_acquire(&ctx->rings->sq.tail) - ctx->sq_head, done = 0;
	struct io_chain chain = { NULL, NULL };
	struct io_uring_sqe sqe;
	bool no_memory = false;

	nr = min3(nr, there, ctx->sq_entries);
	while (done < nr) {
		struct io_kiocb *req = alloc_req(ctx);

		no_memory = !req;
		if (!req)
			break;
		if (!next_sqe(ctx, &sqe)) {
			io_req_put(req);
			break;
		}
		done++;
		if (!take_sqe(&chain, req, &sqe) && !(ctx->flags & IORING_SETUP_SUBMIT_ALL))
			break;
	}
	if (chain.head) /* the program's last link is linked to nothing */
		queue_chain(chain.head);
	smp_store_release(&ctx->rings->sq.head,
			  ctx->sq_head); /* read before they may be overwritten */
	return !done && no_memory ? -EAGAIN : (int)done;
}
