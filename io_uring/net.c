// SPDX-License-Identifier: MIT
/*
 * Operations upon local sockets: SENDMSG, RECVMSG, SEND, RECV, ACCEPT, CONNECT, SHUTDOWN, SOCKET.
 *
 * Each is tried without sleeping (MSG_DONTWAIT); what would wait stands in the socket's wait queue (poll.c). A connection
 * to a full listener cannot be polled for: a worker waits for it. io_uring_enter(2). Linux 6.1: io_uring/net.c.
 */
#include <base/errno.h>
#include <net/socket.h>
#include <seam/uaccess.h>
#include <linux/fcntl.h>
#include "ops.h"

static unsigned int how_flags(const struct io_kiocb *req, unsigned int how)
{
	return req->net.flags | (how & IO_NONBLOCK ? MSG_DONTWAIT : 0);
}

/* With MSG_DONTWAIT of the program's own there is nothing to wait for. */
static int prep_transfer(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	if (sqe->ioprio & ~IORING_RECVSEND_POLL_FIRST || sqe->file_index)
		return -EINVAL;
	req->net.addr = sqe->addr;
	req->net.len = sqe->len;
	req->net.flags = sqe->msg_flags | MSG_NOSIGNAL;
	req->net.poll_first = sqe->ioprio;
	if (req->net.flags & MSG_DONTWAIT)
		req->flags |= REQ_NOWAIT;
	return 0;
}

/* The program knows that there is nothing yet: wait at once. */
static bool waits_first(struct io_kiocb *req)
{
	bool first = req->net.poll_first;

	req->net.poll_first = 0;
	return first && !(req->flags & REQ_NOWAIT);
}

static bool is_send(const struct io_kiocb *req)
{
	return req->opcode == IORING_OP_SEND || req->opcode == IORING_OP_SENDMSG;
}

int io_prep_msg(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	return sqe->len > 1 ? -EINVAL : prep_transfer(req, sqe);
}

int io_issue_msg(struct io_kiocb *req, unsigned int how)
{
	struct user_msghdr __user *msg = (struct user_msghdr __user *)req->net.addr;
	unsigned int flags = how_flags(req, how);
	ssize_t ret;

	if (waits_first(req))
		return -EAGAIN;
	ret = is_send(req) ? sock_sendmsg(req->file, msg, flags)
			   : sock_recvmsg(req->file, msg, flags & ~MSG_NOSIGNAL);
	return io_fix_errno(ret);
}

int io_prep_bytes(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	if (sqe->addr2)
		return -EINVAL;
	return prep_transfer(req, sqe);
}

int io_issue_bytes(struct io_kiocb *req, unsigned int how)
{
	void __user *buf = (void __user *)req->net.addr;
	unsigned int flags = how_flags(req, how);
	size_t len = req->net.len;
	ssize_t ret;

	if (waits_first(req))
		return -EAGAIN;
	if (req->flags & IOSQE_BUFFER_SELECT) {
		int err = io_kbuf_select(req, &len, &buf, how);

		if (err)
			return err;
	}
	ret = is_send(req) ? sock_send(req->file, buf, len, flags)
			   : sock_recv(req->file, buf, len, flags & ~MSG_NOSIGNAL);
	if (ret == -EAGAIN && req->kbuf && !(req->flags & REQ_NOWAIT))
		io_kbuf_return(req, how);
	/* Less than all is a failure only for who sends, or waits for all. */
	if (ret < (ssize_t)len && (is_send(req) || req->net.flags & MSG_WAITALL))
		req->flags |= REQ_FAIL;
	return io_fix_errno(ret);
}

int io_prep_accept(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	if (sqe->len || sqe->buf_index || sqe->ioprio || sqe->file_index)
		return -EINVAL;
	req->net.addr = sqe->addr;
	req->net.addr2 = sqe->addr2;
	req->net.flags = sqe->accept_flags;
	return req->net.flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK) ? -EINVAL : 0;
}

int io_issue_accept(struct io_kiocb *req, unsigned int how)
{
	return io_fix_errno(sock_accept(req->file, (void __user *)req->net.addr,
					(int __user *)req->net.addr2, (int)req->net.flags,
					how & IO_NONBLOCK));
}

int io_prep_connect(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	struct io_net *net = &req->net;

	if (sqe->len || sqe->buf_index || sqe->rw_flags || sqe->splice_fd_in)
		return -EINVAL;
	if ((int)sqe->addr2 < 0 || sqe->addr2 > sizeof(net->name))
		return -EINVAL;
	net->name_len = (int)sqe->addr2;
	return copy_from_user(net->name, (const void __user *)sqe->addr, net->name_len) ? -EFAULT
											: 0;
}

int io_issue_connect(struct io_kiocb *req, unsigned int how)
{
	int ret = sock_connect(req->file, req->net.name, req->net.name_len, how & IO_NONBLOCK);

	if (ret == -EAGAIN)
		req->flags |= REQ_TO_WORKER;
	return io_fix_errno(ret);
}

int io_prep_shutdown(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	if (sqe->off || sqe->addr || sqe->rw_flags || sqe->buf_index || sqe->splice_fd_in)
		return -EINVAL;
	req->net.len = sqe->len;
	return 0;
}

int io_issue_shutdown(struct io_kiocb *req, unsigned int how)
{
	return sock_shutdown(req->file, (int)req->net.len);
}

int io_prep_socket(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	if (sqe->addr || sqe->rw_flags || sqe->buf_index || sqe->file_index)
		return -EINVAL;
	req->net.addr = sqe->off; /* type */
	req->net.len = sqe->len;  /* protocol */
	return (u32)req->net.addr & ~(SOCK_TYPE_MASK | SOCK_CLOEXEC | SOCK_NONBLOCK) ? -EINVAL : 0;
}

int io_issue_socket(struct io_kiocb *req, unsigned int how)
{
	return sock_socket(req->fd, (int)req->net.addr, (int)req->net.len);
}
