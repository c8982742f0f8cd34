// SPDX-License-Identifier: MIT
/*
 * Reading and writing: READ, WRITE, READV, WRITEV, READ_FIXED, WRITE_FIXED.
 *
 * 1 The iterator over the program's memory is made at submission, so that the program may forget its vectors then. It and
 *   the kiocb lie in the request, and a later try goes on where an earlier one ended.
 *
 * 2 The first try does not sleep, as far as the file can do that:
 *
 *	pipes, sockets, O_NONBLOCK		IOCB_NOWAIT, or the file's own; that it is O_NONBLOCK shortens no wait here
 *	regular files, reading			IOCB_NOWAIT: what is in the page cache
 *	O_DIRECT				the device ends it later (ki_complete), or at once
 *	other files that can be polled		only if they are ready, and at a worker: another may have taken what was there
 *	else					at a worker
 *
 *   A provided buffer (kbuf.c) is chosen when a try begins, and given back when it has to wait.
 *
 * 3 A registered buffer is reached through its pinned pages (ITER_KVEC), whatever the program has mapped there by now. Only
 *   a file that knows user memory alone (->read without ->read_iter) gets the program's address.
 *
 * A transfer that is shorter than asked for breaks a chain. Linux 6.1: io_uring/rw.c. io_uring_enter(2).
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/file.h>
#include <fs/fsnotify.h>
#include <fs/inode.h>
#include <kernel/signal.h>
#include <mm/slab.h>
#include <seam/uaccess.h>
#include "io_uring_internal.h"

static bool is_write(const struct io_kiocb *req)
{
	return req->opcode == IORING_OP_WRITE || req->opcode == IORING_OP_WRITEV ||
	       req->opcode == IORING_OP_WRITE_FIXED;
}

static bool is_fixed(const struct io_kiocb *req)
{
	return req->opcode == IORING_OP_READ_FIXED || req->opcode == IORING_OP_WRITE_FIXED;
}

int io_fix_errno(ssize_t ret)
{
	switch (ret) {
	case -ERESTARTSYS:
	case -ERESTARTNOINTR:
	case -ERESTARTNOHAND:
	case -ERESTART_RESTARTBLOCK:
		return -EINTR;
	default:
		return (int)ret;
	}
}

/* ---- preparing ---- */

/* A part of registered buffer req->buf_index. => uring_lock */
static int import_fixed(struct io_kiocb *req, int dir)
{
	struct io_ring_ctx *ctx = req->ctx;
	struct io_rw *rw = &req->rw;
	struct io_mapped_buf *buf;

	if (req->buf_index >= ctx->nr_bufs || !ctx->bufs[req->buf_index])
		return -EFAULT;
	buf = ctx->bufs[req->buf_index];
	if (rw->addr < buf->ubuf || rw->addr + rw->len < rw->addr ||
	    rw->addr + rw->len > buf->ubuf + buf->len)
		return -EFAULT;
	atomic_inc(&buf->refs);
	rw->buf = buf;
	iov_iter_kvec(&rw->iter, dir, buf->vec, buf->nr_pages, buf->len);
	iov_iter_advance(&rw->iter, rw->addr - buf->ubuf);
	iov_iter_truncate(&rw->iter, rw->len);
	return 0;
}

static int import(struct io_kiocb *req, u32 nr)
{
	int dir = is_write(req) ? ITER_SOURCE : ITER_DEST;
	struct io_rw *rw = &req->rw;
	ssize_t ret;

	if (is_fixed(req))
		return import_fixed(req, dir);
	if (req->opcode == IORING_OP_READ || req->opcode == IORING_OP_WRITE)
		return import_ubuf(dir, (void __user *)rw->addr, nr, &rw->iter);
	rw->iov = rw->fast;
	ret = import_iovec(dir, (const struct iovec __user *)rw->addr, nr, ARRAY_SIZE(rw->fast),
			   &rw->iov, &rw->iter);
	return ret < 0 ? (int)ret : 0;
}

/* How much it wants: the memory is chosen when it is issued. */
static int prep_select(struct io_kiocb *req)
{
	struct io_rw *rw = &req->rw;
	struct iovec iov = { .iov_len = rw->len };

	if (req->opcode == IORING_OP_READV) {
		if (rw->len != 1)
			return -EINVAL;
		if (copy_from_user(&iov, (const void __user *)rw->addr, sizeof(iov)))
			return -EFAULT;
	}
	rw->wanted = iov.iov_len;
	return 0;
}

/* A provided buffer, unless it has one already. */
static int choose(struct io_kiocb *req, unsigned int how)
{
	struct io_rw *rw = &req->rw;
	void __user *addr;
	int err;

	if (!(req->flags & IOSQE_BUFFER_SELECT) || req->kbuf)
		return 0;
	rw->len = rw->wanted;
	err = io_kbuf_select(req, &rw->len, &addr, how);
	return err ? err : import_ubuf(ITER_DEST, addr, rw->len, &rw->iter);
}

int io_prep_rw(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	struct io_rw *rw = &req->rw;
	int err;

	rw->addr = sqe->addr;
	rw->len = sqe->len;
	rw->rw_flags = sqe->rw_flags;
	rw->kiocb.ki_pos = (loff_t)sqe->off;
	rw->kiocb.ki_ioprio = sqe->ioprio;
	if (req->flags & IOSQE_BUFFER_SELECT)
		return prep_select(req);
	err = import(req, sqe->len);
	if (!err)
		rw->len = iov_iter_count(&rw->iter);
	return err;
}

void io_cleanup_rw(struct io_kiocb *req)
{
	kfree(req->rw.iov);
	if (req->rw.buf)
		io_buf_put(req->rw.buf);
}

/* ---- ends ---- */

/* All in all; a short transfer fails what is linked behind it. */
static int result_of(struct io_kiocb *req, ssize_t ret)
{
	struct io_rw *rw = &req->rw;

	if (req->flags & REQ_CUR_POS && ret > 0)
		req->file->f_pos = rw->kiocb.ki_pos;
	if (ret > 0)
		fsnotify_file(req->file, is_write(req) ? IN_MODIFY : IN_ACCESS);
	if (rw->done)
		ret = ret < 0 ? (ssize_t)rw->done : ret + (ssize_t)rw->done;
	if (ret != (ssize_t)rw->len)
		req->flags |= REQ_FAIL;
	return io_fix_errno(ret);
}

static void complete_rw(struct kiocb *kiocb, long ret)
{
	struct io_kiocb *req = container_of(kiocb, struct io_kiocb, rw.kiocb);

	io_req_complete(req, result_of(req, ret));
}

/* ---- doing ---- */

/* The first time: what depends on the file. */
static int begin(struct io_kiocb *req, bool write)
{
	struct kiocb *kiocb = &req->rw.kiocb;
	struct file *file = req->file;
	int err;

	if (!(file->f_mode & (write ? FMODE_WRITE : FMODE_READ)))
		return -EBADF;
	if (!(file->f_mode & (write ? FMODE_CAN_WRITE : FMODE_CAN_READ)))
		return -EINVAL;
	if (kiocb->ki_filp)
		return 0;
	kiocb->ki_flags = iocb_flags(file) | (write ? IOCB_WRITE : 0);
	err = kiocb_set_rw_flags(kiocb, req->rw.rw_flags);
	if (err)
		return err;
	kiocb->ki_flags &= ~IOCB_HIPRI; /* nobody polls for the end */
	if (kiocb->ki_flags & IOCB_NOWAIT)
		req->flags |= REQ_NOWAIT;
	if (kiocb->ki_pos == -1 && !(file->f_mode & FMODE_STREAM)) {
		req->flags |= REQ_CUR_POS;
		kiocb->ki_pos = file->f_pos;
	} else if (file->f_mode & FMODE_STREAM) {
		kiocb->ki_pos = 0;
	}
	kiocb->ki_complete = complete_rw;
	kiocb->ki_filp = file;
	err = rw_verify_area(&kiocb->ki_pos, req->rw.len);
	return err || write ? err : fsnotify_read_perm(file);
}

/* A file that knows the program's addresses only: piece by piece. */
static ssize_t loop(struct io_kiocb *req, bool write)
{
	const struct file_operations *op = req->file->f_op;
	struct iov_iter *iter = &req->rw.iter;
	loff_t *pos = &req->rw.kiocb.ki_pos;
	ssize_t done = 0, n;
	size_t len;

	do {
		char __user *at = (char __user *)iov_iter_piece(iter, &len);

		if (req->rw.buf)
			at = (char __user *)(req->rw.addr + done), len = iov_iter_count(iter);
		n = write ? op->write(req->file, at, len, pos) : op->read(req->file, at, len, pos);
		if (n < 0)
			return done ? done : n;
		iov_iter_advance(iter, n);
		done += n;
	} while (n == (ssize_t)len && iov_iter_count(iter));
	return done;
}

enum io_how { HOW_NOWAIT, HOW_SLEEP, HOW_POLL_FIRST, HOW_WORKER };

/* How to do it without sleeping. */
static enum io_how how_without_sleep(const struct io_kiocb *req, bool write)
{
	const struct file *file = req->file;
	umode_t mode = file_inode(file)->i_mode;
	bool iter = write ? !!file->f_op->write_iter : !!file->f_op->read_iter;

	if (req->flags & REQ_NOWAIT)
		return HOW_SLEEP; /* it does not */
	if ((iter && (S_ISFIFO(mode) || S_ISSOCK(mode))) || file->f_flags & O_NONBLOCK)
		return HOW_NOWAIT;
	if (iter && req->rw.kiocb.ki_flags & IOCB_DIRECT)
		return HOW_SLEEP;
	if (iter && !write && (S_ISREG(mode) || S_ISBLK(mode)))
		return HOW_NOWAIT;
	return file->f_op->poll ? HOW_POLL_FIRST : HOW_WORKER;
}

static ssize_t transfer(struct io_kiocb *req, bool write, bool nowait)
{
	struct kiocb *kiocb = &req->rw.kiocb;
	const struct file_operations *op = req->file->f_op;
	ssize_t ret;

	if (!(write ? !!op->write_iter : !!op->read_iter))
		return loop(req, write);
	if (nowait)
		kiocb->ki_flags |= IOCB_NOWAIT;
	ret = write ? op->write_iter(kiocb, &req->rw.iter) : op->read_iter(kiocb, &req->rw.iter);
	if (nowait && ret != -EIOCBQUEUED)
		kiocb->ki_flags &= ~IOCB_NOWAIT;
	return ret;
}

/* Without sleeping there was only a part: the rest of a file is there, too. */
static bool goes_on(const struct io_kiocb *req, ssize_t ret)
{
	return ret > 0 && iov_iter_count(&req->rw.iter) && S_ISREG(file_inode(req->file)->i_mode) &&
	       req->rw.kiocb.ki_pos < i_size_read(file_inode(req->file));
}

static int issue(struct io_kiocb *req, unsigned int how)
{
	bool write = is_write(req), nowait = false;
	int err = begin(req, write);
	ssize_t ret;

	if (err)
		return err;
	if (how & IO_NONBLOCK) {
		switch (how_without_sleep(req, write)) {
		case HOW_NOWAIT:
			nowait = true;
			break;
		case HOW_SLEEP:
			break;
		case HOW_POLL_FIRST:
			if (!(vfs_poll(req->file, NULL) &
			      (io_ops[req->opcode].poll | EPOLL_ALWAYS)))
				return -EAGAIN;
			if (how & IO_WORKER)
				break;
			/* fall through */
		case HOW_WORKER:
			req->flags |= REQ_TO_WORKER;
			return -EAGAIN;
		}
	}
	ret = transfer(req, write, nowait);
	if (ret == -EIOCBQUEUED)
		return -EIOCBQUEUED;
	if (nowait && goes_on(req, ret)) {
		req->rw.done += ret;
		ret = -EAGAIN;
	}
	if (nowait && ret == -EAGAIN) {
		if (S_ISREG(file_inode(req->file)->i_mode) ||
		    S_ISBLK(file_inode(req->file)->i_mode))
			req->flags |= REQ_TO_WORKER;
		return -EAGAIN;
	}
	return result_of(req, ret);
}

int io_issue_rw(struct io_kiocb *req, unsigned int how)
{
	int ret = choose(req, how);

	if (ret)
		return ret;
	ret = issue(req, how);
	if (ret == -EAGAIN && req->kbuf && !req->rw.done && !(req->flags & REQ_NOWAIT))
		io_kbuf_return(req, how);
	return ret;
}
