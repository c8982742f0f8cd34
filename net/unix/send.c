// SPDX-License-Identifier: MIT
/*
 * Sending through local sockets. A stream is cut into messages of at most CHUNK_BYTES; a datagram or packet is one
 * message, and waits, beside its sender's room, until a receiver that does not talk to the sender alone has few enough
 * of them (net.unix.max_dgram_qlen). send(2), unix(7); Linux 6.1: unix_stream_sendmsg(), unix_dgram_sendmsg().
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <fs/iov_iter.h>
#include <kernel/cred.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include "unix_internal.h"

#define CHUNK_BYTES (32768 - sizeof(struct unix_msg)) /* with its head 8 pages */

/* --- streams ----------------------------------------------------------------------------------------- */

static int post_stream(struct unix_sock *to, struct unix_msg *msg)
{
	int err = 0;

	spin_lock(&to->lock);
	if (to->dead || to->shutdown & RCV_SHUTDOWN)
		err = -EPIPE;
	else
		unix_msg_queue(to, msg);
	spin_unlock(&to->lock);
	if (err)
		unix_msg_free(msg);
	else
		unix_wake_readers(to);
	return err;
}

/* Bytes, and *@err: why it ended early. => @to stays, since the file of @sk is ours */
static size_t send_chunks(struct unix_sock *sk, struct unix_sock *to, struct unix_xfer *x, int *err)
{
	size_t chunk = min((size_t)READ_ONCE(sk->sndbuf) / 2 - 64, CHUNK_BYTES), sent = 0;
	long left = x->flags & MSG_DONTWAIT ? 0 : READ_ONCE(sk->sndtimeo);

	*err = 0;
	while (iov_iter_count(x->iter)) {
		size_t len = min(iov_iter_count(x->iter), chunk);
		struct unix_msg *msg = unix_msg_new(sk, x, len, &left);

		*err = IS_ERR(msg) ? PTR_ERR(msg) : post_stream(to, msg);
		if (*err)
			break;
		sent += len;
	}
	return sent;
}

static ssize_t send_stream(struct unix_sock *sk, struct unix_xfer *x)
{
	struct unix_sock *to = READ_ONCE(sk->peer);
	size_t sent = 0;
	int err;

	if (x->to)
		return READ_ONCE(sk->state) == UNIX_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	if (!to)
		return -ENOTCONN;
	if (READ_ONCE(sk->shutdown) & SEND_SHUTDOWN)
		err = -EPIPE;
	else
		sent = send_chunks(sk, to, x, &err);
	if (sent)
		return sent;
	if (err == -EPIPE && !(x->flags & MSG_NOSIGNAL))
		send_sig(SIGPIPE, current, 0);
	return err;
}

/* --- datagrams and packets --------------------------------------------------------------------------- */

enum post { POSTED, REFUSED, GONE, FULL };

static enum post post_dgram(struct unix_sock *sk, struct unix_sock *to, struct unix_msg *msg,
			    int *err)
{
	enum post how = REFUSED;

	spin_lock(&to->lock);
	if (to->peer && to->peer != sk) {
		*err = -EPERM; /* it talks to another only */
	} else if (to->dead) {
		how = GONE;
	} else if (to->shutdown & RCV_SHUTDOWN) {
		*err = -EPIPE;
	} else if (to != sk && to->peer != sk && unix_queue_full(to)) {
		how = FULL;
	} else {
		unix_msg_queue(to, msg);
		how = POSTED;
	}
	spin_unlock(&to->lock);
	return how;
}

static bool may_post(struct unix_sock *to)
{
	return !unix_queue_full(to) || READ_ONCE(to->dead) ||
	       READ_ONCE(to->shutdown) & RCV_SHUTDOWN;
}

/* To whom: the peer, or who is bound to the name. A reference or ERR_PTR. */
static struct unix_sock *destination(struct unix_sock *sk, struct unix_xfer *x)
{
	struct unix_sock *peer;

	if (x->to)
		return unix_find(x->to, x->to_len, sk->type);
	peer = unix_peer_get(sk);
	return peer ? peer : ERR_PTR(-ECONNRESET);
}

/* One try: 0, an errno, or 1: again. */
static int send_to(struct unix_sock *sk, struct unix_xfer *x, struct unix_msg *msg, long *left)
{
	struct unix_sock *to = destination(sk, x);
	int err = 0;

	if (IS_ERR(to))
		return PTR_ERR(to);
	switch (post_dgram(sk, to, msg, &err)) {
	case POSTED:
		unix_wake_readers(to);
		break;
	case REFUSED:
		break;
	case GONE: /* by name: then another may have the name now, or nobody */
		err = x->to ? 1 : unix_has_connections(sk) ? -EPIPE : -ECONNREFUSED;
		if (err == -ECONNREFUSED)
			unix_set_peer(sk, to, NULL);
		break;
	case FULL:
		err = -EAGAIN;
		if (*left)
			err = unix_wait_event(to->peer_wait, may_post(to), false, *left) ?: 1;
		break;
	}
	unix_put(to);
	return err;
}

static ssize_t send_dgram(struct unix_sock *sk, struct unix_xfer *x)
{
	long left = x->flags & MSG_DONTWAIT ? 0 : READ_ONCE(sk->sndtimeo);
	size_t len = iov_iter_count(x->iter);
	struct unix_msg *msg;
	int err = 0;

	if (x->to)
		err = unix_check_name(x->to, x->to_len);
	else if (!READ_ONCE(sk->peer))
		err = -ENOTCONN;
	if (!err && READ_ONCE(sk->passcred))
		err = unix_autobind(sk);
	if (err)
		return err;
	if (len > (size_t)READ_ONCE(sk->sndbuf) - 32)
		return -EMSGSIZE;
	msg = unix_msg_new(sk, x, len, &left);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	do {
		err = send_to(sk, x, msg, &left);
	} while (err == 1);
	if (err)
		unix_msg_free(msg);
	return err ? err : (ssize_t)len;
}

static ssize_t send_packet(struct unix_sock *sk, struct unix_xfer *x)
{
	int err = unix_error(sk);

	if (err)
		return err;
	if (READ_ONCE(sk->state) != UNIX_CONNECTED)
		return -ENOTCONN;
	x->to = NULL;
	return send_dgram(sk, x);
}

ssize_t unix_send(struct unix_sock *sk, struct unix_xfer *x)
{
	const struct cred *me = current_cred();

	if (x->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (!x->scm.has_creds)
		x->scm.creds = (struct ucred){ task_tgid_nr(current), me->uid, me->gid };
	switch (sk->type) {
	case SOCK_STREAM:
		return send_stream(sk, x);
	case SOCK_SEQPACKET:
		return send_packet(sk, x);
	default:
		return send_dgram(sk, x);
	}
}
