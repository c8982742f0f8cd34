// SPDX-License-Identifier: MIT
/* Connections of local sockets: listen(2), connect(2), accept(2), and the peers of datagram sockets. */
#include <base/err.h>
#include <base/errno.h>
#include <base/list.h>
#include <kernel/sched.h>
#include <linux/eventpoll.h>
#include "unix_internal.h"

int unix_listen(struct unix_sock *sk, int backlog)
{
	int err = 0;

	if (!unix_has_connections(sk))
		return -EOPNOTSUPP;
	spin_lock(&sk->lock);
	if (!sk->addr || sk->state == UNIX_CONNECTED) {
		err = -EINVAL;
	} else {
		sk->backlog = backlog;
		sk->state = UNIX_LISTENING;
		unix_set_peercred(sk);
	}
	spin_unlock(&sk->lock);
	if (!err) /* perhaps there is more room than before */
		wake_up_interruptible_all(&sk->peer_wait);
	return err;
}

void unix_join(struct unix_sock *a, struct unix_sock *b)
{
	a->peer = unix_get(b);
	b->peer = unix_get(a);
	unix_set_peercred(a);
	unix_set_peercred(b);
	a->state = b->state = UNIX_CONNECTED;
}

/* --- streams and packets ----------------------------------------------------------------------------- */

static bool backlog_full(const struct unix_sock *sk)
{
	return READ_ONCE(sk->nr_embryos) > READ_ONCE(sk->backlog);
}

static bool can_connect(const struct unix_sock *sk)
{
	return !backlog_full(sk) || READ_ONCE(sk->dead) || READ_ONCE(sk->shutdown) & RCV_SHUTDOWN;
}

/* @fresh becomes the other end of @sk, and waits at @listener. => locks of both, their states are right */
static void add_embryo(struct unix_sock *sk, struct unix_sock *listener, struct unix_sock *fresh)
{
	fresh->peer = unix_get(sk);
	fresh->state = UNIX_CONNECTED;
	unix_set_peercred(fresh);
	unix_copy_peercred(sk, listener);
	sk->peer = unix_get(fresh);
	sk->state = UNIX_CONNECTED;
	list_add_tail(&fresh->embryo, &listener->embryos);
	listener->nr_embryos++;
}

/* 0, an errno; -EAGAIN: the backlog is full, 1: the listener has just been closed. */
static int try_connect(struct unix_sock *sk, struct unix_sock *listener, struct unix_sock *fresh)
{
	int ret = 0;

	unix_lock_both(sk, listener);
	if (listener->dead)
		ret = 1;
	else if (listener->state != UNIX_LISTENING || listener->shutdown & RCV_SHUTDOWN)
		ret = -ECONNREFUSED;
	else if (backlog_full(listener))
		ret = -EAGAIN;
	else if (sk->state != UNIX_UNCONNECTED)
		ret = sk->state == UNIX_CONNECTED ? -EISCONN : -EINVAL;
	else
		add_embryo(sk, listener, fresh);
	unix_unlock_both(sk, listener);
	return ret;
}

static int connect_to(struct unix_sock *sk, const struct sockaddr_un *sun, int len,
		      struct unix_sock *fresh, long left)
{
	int ret;

	do {
		struct unix_sock *listener = unix_find(sun, len, sk->type);

		if (IS_ERR(listener))
			return PTR_ERR(listener);
		unix_share_name(fresh, listener);
		ret = try_connect(sk, listener, fresh);
		if (!ret)
			unix_wake_readers(listener);
		else if (ret == -EAGAIN && left)
			ret = unix_wait_event(listener->peer_wait, can_connect(listener), false,
					      left)
				      ?: 1;
		unix_put(listener);
	} while (ret == 1);
	return ret;
}

static int connect_stream(struct unix_sock *sk, const struct sockaddr_un *sun, int len,
			  bool nonblock)
{
	struct unix_sock *fresh;
	int err = unix_check_name(sun, len);

	if (!err && READ_ONCE(sk->passcred))
		err = unix_autobind(sk);
	if (err)
		return err;
	fresh = unix_sock_new(sk->type);
	if (IS_ERR(fresh))
		return PTR_ERR(fresh);
	err = connect_to(sk, sun, len, fresh, nonblock ? 0 : sk->sndtimeo);
	if (err)
		unix_release(fresh);
	return err;
}

/* The first connection of @sk: NULL and -EAGAIN, or -EINVAL: it was shut down. */
static struct unix_sock *take_embryo(struct unix_sock *sk, int *err)
{
	struct unix_sock *fresh;

	spin_lock(&sk->lock);
	fresh = list_first_entry_or_null(&sk->embryos, struct unix_sock, embryo);
	if (fresh) {
		list_del_init(&fresh->embryo);
		sk->nr_embryos--;
	} else {
		*err = sk->shutdown & RCV_SHUTDOWN ? -EINVAL : -EAGAIN;
	}
	spin_unlock(&sk->lock);
	return fresh;
}

struct unix_sock *unix_accept(struct unix_sock *sk, bool nonblock)
{
	long left = nonblock ? 0 : sk->rcvtimeo;
	struct unix_sock *fresh = NULL;
	int err;

	if (!unix_has_connections(sk))
		return ERR_PTR(-EOPNOTSUPP);
	if (READ_ONCE(sk->state) != UNIX_LISTENING)
		return ERR_PTR(-EINVAL);
	err = unix_error(sk);
	if (err)
		return ERR_PTR(err);
	fresh = take_embryo(sk, &err);
	if (!fresh && err == -EAGAIN && left) {
		int stop = unix_wait_event(
			sk->wait, (fresh = take_embryo(sk, &err)) || err != -EAGAIN, true, left);

		if (!fresh)
			err = stop ? stop : err;
	}
	if (!fresh)
		return ERR_PTR(err);
	if (wq_has_sleeper(&sk->peer_wait))
		wake_up_interruptible_all(&sk->peer_wait);
	fresh->passcred = READ_ONCE(sk->passcred);
	return fresh;
}

/* --- datagrams --------------------------------------------------------------------------------------- */

/* What @sk has not read is lost, and @old, if it was talking to @sk, hears of it. */
static void drop_stale(struct unix_sock *sk, struct unix_sock *old, struct list_head *stale)
{
	if (list_empty(stale))
		return;
	if (!READ_ONCE(old->dead) && READ_ONCE(old->peer) == sk) {
		WRITE_ONCE(old->err, ECONNRESET);
		unix_wake_all(old);
	}
	unix_free_list(stale);
	wake_up_interruptible_all(&sk->peer_wait);
}

void unix_set_peer(struct unix_sock *sk, struct unix_sock *from, struct unix_sock *to)
{
	struct unix_sock *old;
	LIST_HEAD(stale);

	spin_lock(&sk->lock);
	old = sk->peer;
	if (from && old != from) {
		spin_unlock(&sk->lock);
		return;
	}
	if (old)
		unix_unwatch_peer(sk);
	sk->peer = to;
	sk->state = to ? UNIX_CONNECTED : UNIX_UNCONNECTED;
	if (old && old != to) {
		list_splice_tail_init(&sk->messages, &stale);
		sk->nr_messages = 0;
	}
	spin_unlock(&sk->lock);
	if (!old)
		return;
	unix_wake_writers(sk);
	drop_stale(sk, old, &stale);
	unix_put(old);
}

static int connect_dgram(struct unix_sock *sk, const struct sockaddr_un *sun, int len)
{
	struct unix_sock *to, *talks_to;
	int err;

	if (len < (int)sizeof(sun->sun_family))
		return -EINVAL;
	if (sun->sun_family == AF_UNSPEC) {
		unix_set_peer(sk, NULL, NULL);
		return 0;
	}
	err = unix_check_name(sun, len);
	if (!err && READ_ONCE(sk->passcred))
		err = unix_autobind(sk);
	if (err)
		return err;
	to = unix_find(sun, len, sk->type);
	if (IS_ERR(to))
		return PTR_ERR(to);
	talks_to = READ_ONCE(to->peer);
	if (talks_to && talks_to != sk) {
		unix_put(to);
		return -EPERM;
	}
	unix_set_peer(sk, NULL, to);
	return 0;
}

int unix_connect(struct unix_sock *sk, const struct sockaddr_un *sun, int len, bool nonblock)
{
	return unix_has_connections(sk) ? connect_stream(sk, sun, len, nonblock)
					: connect_dgram(sk, sun, len);
}
