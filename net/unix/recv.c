// SPDX-License-Identifier: MIT
/*
 * Receiving from local sockets. A reader holds the read mutex, so that the first message stays the first while its bytes
 * are copied without a spinlock; to sleep it gives the mutex up. A stream is read without regard to where its messages
 * end, except that bytes behind descriptors come with the next call, and, where the reader asked for credentials, those
 * of another sender, too. recv(2), unix(7); Linux 6.1: unix_stream_read_generic(), __unix_dgram_recvmsg().
 */
#include <base/errno.h>
#include <base/math.h>
#include <fs/iov_iter.h>
#include <kernel/sched.h>
#include <linux/eventpoll.h>
#include "unix_internal.h"

static size_t unread(const struct unix_msg *msg)
{
	return msg->len - msg->done;
}

/* Bytes that a peek passes over, or 0: SO_PEEK_OFF. */
static size_t peek_offset(const struct unix_sock *sk, unsigned int flags)
{
	return flags & MSG_PEEK ? max(READ_ONCE(sk->peek_off), 0) : 0;
}

/* After @n bytes: a peek goes on behind them, a read takes them away. => read mutex */
static void move_peek_offset(struct unix_sock *sk, unsigned int flags, size_t n)
{
	int off = sk->peek_off;

	if (off >= 0)
		WRITE_ONCE(sk->peek_off, flags & MSG_PEEK ? off + (int)n : max(off - (int)n, 0));
}

int unix_set_peek_off(struct unix_sock *sk, int off)
{
	int err = mutex_lock_interruptible(&sk->read);

	if (err)
		return err;
	WRITE_ONCE(sk->peek_off, off);
	mutex_unlock(&sk->read);
	return 0;
}

/* The first message for a reader that passes over *@skip bytes, which is lowered to those within it. => lock */
static struct unix_msg *find_msg(struct unix_sock *sk, unsigned int flags, size_t *skip)
{
	bool at_offset = flags & MSG_PEEK && sk->peek_off >= 0;
	struct unix_msg *msg;

	list_for_each_entry (msg, &sk->messages, list) {
		if (!at_offset)
			return msg;
		if (*skip < unread(msg) || (!msg->len && !*skip && !msg->peeked)) {
			msg->peeked = !msg->len;
			return msg;
		}
		*skip -= unread(msg);
	}
	return NULL;
}

/* The same; NULL: *@err, 0 at the end of what was sent. => read mutex */
static struct unix_msg *next_msg(struct unix_sock *sk, unsigned int flags, size_t *skip, int *err)
{
	struct unix_msg *msg;

	*skip = peek_offset(sk, flags);
	spin_lock(&sk->lock);
	msg = find_msg(sk, flags, skip);
	*err = sk->shutdown & RCV_SHUTDOWN ? 0 : -EAGAIN;
	spin_unlock(&sk->lock);
	return msg;
}

/* Something to read, behind SO_PEEK_OFF for a peek, or a reason to look. */
static bool is_readable(struct unix_sock *sk, unsigned int flags)
{
	size_t skip = peek_offset(sk, flags);
	bool yes;

	spin_lock(&sk->lock);
	yes = sk->shutdown & RCV_SHUTDOWN || sk->err || find_msg(sk, flags, &skip);
	spin_unlock(&sk->lock);
	return yes;
}

/* Sleep until there is something to look at. 0 or an errno. => read mutex held, which is dropped meanwhile */
static int wait_for_msg(struct unix_sock *sk, unsigned int flags, bool alone, long *left)
{
	int err;

	if (!*left)
		return -EAGAIN;
	mutex_unlock(&sk->read);
	err = unix_wait_event(sk->wait, is_readable(sk, flags), alone, *left);
	mutex_lock(&sk->read);
	return err;
}

/* @msg has been read: it goes. => read mutex */
static void consume(struct unix_sock *sk, struct unix_msg *msg)
{
	spin_lock(&sk->lock);
	list_del(&msg->list);
	WRITE_ONCE(sk->nr_messages, sk->nr_messages - 1);
	spin_unlock(&sk->lock);
	if (wq_has_sleeper(&sk->peer_wait))
		__wake_up(&sk->peer_wait, TASK_INTERRUPTIBLE, 0,
			  poll_to_key(EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND));
	unix_msg_free(msg);
}

/* What comes beside the bytes: the files moved out of @msg, or, for a peek, new references to them. 0, -ENOMEM */
static int take_files(struct unix_xfer *x, struct unix_msg *msg)
{
	if (!msg->scm.nr_files)
		return 0;
	if (x->flags & MSG_PEEK)
		return scm_dup(&x->scm, &msg->scm);
	unix_notinflight(&msg->scm);
	x->scm.files = msg->scm.files;
	x->scm.nr_files = msg->scm.nr_files;
	msg->scm.files = NULL;
	msg->scm.nr_files = 0;
	return 0;
}

/* --- datagrams and packets --------------------------------------------------------------------------- */

/* The message to read: NULL and 0 or an errno. => read mutex */
static struct unix_msg *wait_dgram(struct unix_sock *sk, unsigned int flags, size_t *skip, int *err)
{
	long left = flags & MSG_DONTWAIT ? 0 : READ_ONCE(sk->rcvtimeo);
	struct unix_msg *msg;

	for (;;) {
		*err = unix_error(sk);
		if (*err)
			return NULL;
		msg = next_msg(sk, flags, skip, err);
		if (msg)
			return msg;
		if (!*err && (left || sk->type == SOCK_SEQPACKET))
			return NULL; /* nothing will come */
		*err = wait_for_msg(sk, flags, true, &left);
		if (*err)
			return NULL;
	}
}

static ssize_t receive_dgram(struct unix_sock *sk, struct unix_xfer *x)
{
	size_t room = iov_iter_count(x->iter), skip, len;
	struct unix_msg *msg;
	int err;

	msg = wait_dgram(sk, x->flags, &skip, &err);
	if (!msg)
		return err;
	len = min(room, msg->len - skip);
	if (copy_to_iter(msg->data + skip, len, x->iter) != len)
		return -EFAULT;
	err = take_files(x, msg);
	if (err)
		return err;
	if (len < msg->len - skip)
		x->msg_flags |= MSG_TRUNC;
	if (x->want_name)
		x->from = unix_address_get(msg->from);
	x->scm.creds = msg->scm.creds;
	x->stamp = msg->stamp;
	if (x->flags & MSG_TRUNC)
		len = msg->len - skip;
	move_peek_offset(sk, x->flags, x->flags & MSG_PEEK ? min(room, msg->len - skip) : msg->len);
	if (!(x->flags & MSG_PEEK))
		consume(sk, msg);
	return len;
}

/* --- streams ----------------------------------------------------------------------------------------- */

struct stream_read {
	struct unix_xfer *x;
	struct unix_msg *last; /* peeked at */
	size_t skip, got;
	int err;
	bool done;
};

static bool same_creds(const struct ucred *a, const struct ucred *b)
{
	return a->pid == b->pid && a->uid == b->uid && a->gid == b->gid;
}

/* The message to go on with, or NULL and r->err. => read mutex */
static struct unix_msg *stream_next(struct unix_sock *sk, struct stream_read *r)
{
	struct unix_msg *msg;

	if (!r->last)
		return next_msg(sk, r->x->flags, &r->skip, &r->err);
	spin_lock(&sk->lock); /* behind what was peeked at in this call */
	msg = list_is_last(&r->last->list, &sk->messages) ? NULL : list_next_entry(r->last, list);
	r->err = sk->shutdown & RCV_SHUTDOWN ? 0 : -EAGAIN;
	spin_unlock(&sk->lock);
	r->skip = 0;
	return msg;
}

/* Bytes of @msg. => read mutex */
static void stream_part(struct unix_sock *sk, struct unix_msg *msg, struct stream_read *r)
{
	struct unix_xfer *x = r->x;
	size_t want = min(iov_iter_count(x->iter), unread(msg) - r->skip), n;
	bool has_files = msg->scm.nr_files;

	if (!r->got) {
		x->scm.creds = msg->scm.creds;
		if (x->want_name)
			x->from = unix_address_get(msg->from);
	}
	n = copy_to_iter(msg->data + msg->done + r->skip, want, x->iter);
	r->got += n;
	r->done = n < want || has_files;
	r->err = n < want ? -EFAULT : 0;
	if (!n)
		return;
	r->err = take_files(x, msg);
	move_peek_offset(sk, x->flags, n);
	if (x->flags & MSG_PEEK) {
		r->last = msg;
		return;
	}
	spin_lock(&sk->lock);
	msg->done += n;
	spin_unlock(&sk->lock);
	if (!unread(msg))
		consume(sk, msg);
}

static ssize_t receive_stream(struct unix_sock *sk, struct unix_xfer *x)
{
	size_t size = iov_iter_count(x->iter), low = (size_t)max(READ_ONCE(sk->rcvlowat), 1);
	size_t target = x->flags & MSG_WAITALL ? size : min(low, size);
	long left = x->flags & MSG_DONTWAIT ? 0 : READ_ONCE(sk->rcvtimeo);
	struct stream_read r = { .x = x };

	while (iov_iter_count(x->iter) && !r.done) {
		struct unix_msg *msg = stream_next(sk, &r);

		if (msg) {
			if (r.got && READ_ONCE(sk->passcred) &&
			    !same_creds(&x->scm.creds, &msg->scm.creds))
				break;
			stream_part(sk, msg, &r);
			continue;
		}
		if (r.got >= target || r.last) /* a peek that has seen something does not wait */
			break;
		r.err = unix_error(sk) ?: r.err;
		if (r.err != -EAGAIN)
			break;
		r.err = wait_for_msg(sk, x->flags, false, &left);
		if (r.err)
			break;
	}
	return r.got ? (ssize_t)r.got : r.err;
}

/* --- both -------------------------------------------------------------------------------------------- */

ssize_t unix_receive(struct unix_sock *sk, struct unix_xfer *x)
{
	ssize_t ret;

	if (unix_has_connections(sk) && READ_ONCE(sk->state) != UNIX_CONNECTED)
		return unix_is_stream(sk) ? -EINVAL : -ENOTCONN;
	if (x->flags & MSG_OOB)
		return -EOPNOTSUPP;
	mutex_lock(&sk->read);
	ret = unix_is_stream(sk) ? receive_stream(sk, x) : receive_dgram(sk, x);
	mutex_unlock(&sk->read);
	return ret;
}

int unix_inq(struct unix_sock *sk)
{
	struct unix_msg *msg;
	size_t bytes = 0;

	spin_lock(&sk->lock);
	if (sk->state == UNIX_LISTENING) {
		spin_unlock(&sk->lock);
		return -EINVAL;
	}
	list_for_each_entry (msg, &sk->messages, list) {
		bytes += unread(msg);
		if (!unix_has_connections(sk))
			break;
	}
	spin_unlock(&sk->lock);
	return min(bytes, (size_t)S32_MAX);
}

unsigned int unix_waiting_files(struct unix_sock *sk)
{
	struct unix_msg *msg;
	unsigned int nr = 0;

	spin_lock(&sk->lock);
	list_for_each_entry (msg, &sk->messages, list)
		nr += msg->scm.nr_files;
	spin_unlock(&sk->lock);
	return nr;
}
