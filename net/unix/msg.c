// SPDX-License-Identifier: MIT
/*
 * Messages of local sockets. A message is one allocation, charged to its sender until it is read, so that a slow reader
 * stops its writers and nobody else's.
 */
#include <base/err.h>
#include <base/errno.h>
#include <fs/iov_iter.h>
#include <kernel/sched.h>
#include <kernel/timekeeping.h>
#include <mm/slab.h>
#include "unix_internal.h"

static int charge_of(size_t len)
{
	return len + sizeof(struct unix_msg);
}

static bool has_room(struct unix_sock *sk)
{
	return atomic_read(&sk->wmem) < READ_ONCE(sk->sndbuf) ||
	       READ_ONCE(sk->shutdown) & SEND_SHUTDOWN || READ_ONCE(sk->err);
}

/* Wait until less than sndbuf is charged. 0 or an errno; -EAGAIN: no time left. */
static int wait_for_room(struct unix_sock *sk, long *left)
{
	int err;

	for (;;) {
		err = unix_error(sk);
		if (err)
			return err;
		if (READ_ONCE(sk->shutdown) & SEND_SHUTDOWN)
			return -EPIPE;
		if (atomic_read(&sk->wmem) < READ_ONCE(sk->sndbuf))
			return 0;
		if (!*left)
			return -EAGAIN;
		err = unix_wait_event(sk->wait, has_room(sk), false, *left);
		if (err)
			return err;
	}
}

struct unix_msg *unix_msg_new(struct unix_sock *sk, struct unix_xfer *x, size_t len, long *left)
{
	struct unix_msg *msg;
	int err = wait_for_room(sk, left);

	if (err)
		return ERR_PTR(err);
	msg = kvmalloc(sizeof(*msg) + len, GFP_KERNEL_ACCOUNT);
	if (!msg)
		return ERR_PTR(-ENOBUFS);
	if (!copy_from_iter_full(msg->data, len, x->iter)) {
		kvfree(msg);
		return ERR_PTR(-EFAULT);
	}
	err = unix_inflight(&x->scm);
	if (err) {
		kvfree(msg);
		return ERR_PTR(err);
	}
	/* The files go with the first message of a stream. */
	*msg = (struct unix_msg){ .from = unix_get(sk), .len = len, .scm = x->scm };
	x->scm.files = NULL;
	x->scm.nr_files = 0;
	x->scm.user = NULL;
	INIT_LIST_HEAD(&msg->list);
	atomic_add(charge_of(len), &sk->wmem);
	return msg;
}

void unix_msg_free(struct unix_msg *msg)
{
	struct unix_sock *from = msg->from;

	unix_notinflight(&msg->scm);
	scm_drop(&msg->scm);
	atomic_sub(charge_of(msg->len), &from->wmem);
	unix_wake_writers(from);
	unix_put(from);
	kvfree(msg);
}

void unix_free_list(struct list_head *messages)
{
	struct unix_msg *msg, *next;

	list_for_each_entry_safe (msg, next, messages, list)
		unix_msg_free(msg);
	INIT_LIST_HEAD(messages);
}

/* Who did not ask for credentials gets none, unless the sender named them or nobody has accepted the receiver. */
static void settle_creds(struct unix_sock *to, struct unix_msg *msg)
{
	if (!msg->scm.has_creds && !READ_ONCE(msg->from->passcred) && !READ_ONCE(to->passcred) &&
	    READ_ONCE(to->file))
		msg->scm.creds = (struct ucred){ 0, 65534, 65534 };
}

void unix_msg_queue(struct unix_sock *to, struct unix_msg *msg)
{
	settle_creds(to, msg);
	if (READ_ONCE(to->passstamp))
		msg->stamp = ktime_get_real_ns();
	list_add_tail(&msg->list, &to->messages);
	WRITE_ONCE(to->nr_messages, to->nr_messages + 1);
}
