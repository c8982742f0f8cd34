// SPDX-License-Identifier: MIT
/*
 * Local sockets (unix(7)): their life.
 *
 * 1 A unix_sock is one end. Two ends of a connection (SOCK_STREAM, SOCK_SEQPACKET) are each other's peer; a datagram
 *   socket's peer is where it sends to, and need not know. Bytes wait in the queue of the receiver:
 *
 *	sender --unix_msg_new()--> message, charged to the sender's wmem
 *	       --unix_msg_queue()--> receiver->messages --read--> unix_msg_free(): the charge ends, the sender is woken
 *
 *   connect() makes the other end itself (an embryo), queues it at the listener, and is done; accept() only gives the
 *   embryo a file. So bytes can wait in a connection that nobody has accepted.
 *
 * 2 States: UNCONNECTED -> LISTENING; UNCONNECTED -> CONNECTED, for good, but for datagram sockets. dead: closed.
 *	atomic_read(&sk->wmem) == sum of (len + sizeof(struct unix_msg)) of the messages from sk, wherever they wait
 *	nr_messages == length of messages;  nr_embryos == length of embryos
 *
 * 3 References: the file has one, the peer's pointer, each message from it, each look-up by name. The peer of a
 *   connection stays until the socket is closed, so that who has its file needs no reference of his own.
 *
 * 4 Locks: net/unix/names.c's table lock; gc.c's gc lock, under which it takes the locks of sockets; sk->lock, of two
 *   sockets by address; sk->read is a reader's, outside of all of them, and given up to sleep.
 *
 * 5 Failure: who writes more than sndbuf sleeps or gets EAGAIN, whoever reads or does not read, so that one sender's
 *   messages cannot fill memory; a message's memory is kmalloc's or vmalloc's, counted there (ledger: slab, large
 *   kmalloc, vmalloc) and given back when it is read or its receiver is closed. A socket that only a message knows,
 *   which waits in itself: gc.c.
 *
 * 6 Linux 6.1: net/unix/af_unix.c, net/core/sock.c. Different here: no MSG_OOB; a charge is what the message takes, not
 *   what Linux's skbs would, so that more small messages fit into the same SO_SNDBUF.
 *
 * 7 Observed by /proc/net/unix, ss -x, the cache "UNIX" in /proc/slabinfo.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <fs/file.h>
#include <kernel/cred.h>
#include <kernel/init.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/slab.h>
#include <sync/ranks.h>
#include <asm/siginfo.h>
#include <linux/eventpoll.h>
#include "unix_internal.h"

#define DEFAULT_BUF 212992 /* net.core.wmem_default */

int unix_max_dgram_qlen = 10;
static struct kmem_cache *unix_cachep;
static atomic_long_t nr_socks;

/* --- waking ------------------------------------------------------------------------------------------ */

void unix_wake_readers(struct unix_sock *sk)
{
	if (wq_has_sleeper(&sk->wait))
		wake_up_interruptible_sync_poll(&sk->wait, EPOLLIN | EPOLLRDNORM | EPOLLRDBAND);
	kill_fasync(&sk->fasync, SIGIO, POLL_IN);
}

void unix_wake_writers(struct unix_sock *sk)
{
	if (!unix_writable(sk))
		return;
	if (wq_has_sleeper(&sk->wait))
		wake_up_interruptible_sync_poll(&sk->wait, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	kill_fasync(&sk->fasync, SIGIO, POLL_OUT);
}

void unix_wake_all(struct unix_sock *sk)
{
	wake_up_interruptible_all(&sk->wait);
	kill_fasync(&sk->fasync, SIGIO, POLL_IN);
}

/* On the peer's peer_wait for a poller of ours: the peer's queue has room again, or is gone. */
static int peer_wake(wait_queue_entry_t *e, unsigned int mode, int flags, void *key)
{
	struct unix_sock *sk = container_of(e, struct unix_sock, peer_wake);

	list_del_init(&e->entry);
	wake_up_interruptible_poll(&sk->wait, key_to_poll(key));
	return 0;
}

void unix_watch_peer(struct unix_sock *sk)
{
	struct unix_sock *peer = sk->peer;

	spin_lock_irq(&peer->peer_wait.lock);
	if (list_empty(&sk->peer_wake.entry))
		__add_wait_queue(&peer->peer_wait, &sk->peer_wake);
	spin_unlock_irq(&peer->peer_wait.lock);
}

void unix_unwatch_peer(struct unix_sock *sk)
{
	struct unix_sock *peer = sk->peer;

	spin_lock_irq(&peer->peer_wait.lock);
	list_del_init(&sk->peer_wake.entry);
	spin_unlock_irq(&peer->peer_wait.lock);
}

/* --- life -------------------------------------------------------------------------------------------- */

struct unix_sock *unix_sock_new(int type)
{
	struct unix_sock *sk;

	if (atomic_long_inc_return(&nr_socks) > 2 * (long)sysctl_max_files) {
		atomic_long_dec(&nr_socks);
		return ERR_PTR(-ENFILE);
	}
	sk = kmem_cache_zalloc(unix_cachep, GFP_KERNEL_ACCOUNT);
	if (!sk) {
		atomic_long_dec(&nr_socks);
		return ERR_PTR(-ENOMEM);
	}
	atomic_set(&sk->refs, 1);
	sk->type = type;
	spin_lock_init(&sk->lock, LOCK_UNIX_SOCK);
	mutex_init(&sk->read, LOCK_UNIX_READ);
	init_waitqueue_head(&sk->wait);
	init_waitqueue_head(&sk->peer_wait);
	spin_lock_init(&sk->peer_wait.lock, LOCK_UNIX_PEER_WAIT);
	init_waitqueue_func_entry(&sk->peer_wake, peer_wake);
	INIT_LIST_HEAD(&sk->peer_wake.entry);
	INIT_LIST_HEAD(&sk->messages);
	INIT_LIST_HEAD(&sk->embryos);
	INIT_LIST_HEAD(&sk->embryo);
	INIT_LIST_HEAD(&sk->travelling);
	sk->backlog = READ_ONCE(unix_max_dgram_qlen);
	sk->sndbuf = sk->rcvbuf = DEFAULT_BUF;
	sk->rcvlowat = 1;
	sk->peek_off = -1;
	sk->rcvtimeo = sk->sndtimeo = MAX_SCHEDULE_TIMEOUT;
	sk->peercred.uid = sk->peercred.gid = -1;
	unix_hash(sk);
	return sk;
}

void unix_put(struct unix_sock *sk)
{
	if (!atomic_dec_and_test(&sk->refs))
		return;
	unix_address_put(sk->addr);
	put_cred(sk->peer_cred);
	kmem_cache_free(unix_cachep, sk);
	atomic_long_dec(&nr_socks);
}

struct unix_sock *unix_peer_get(struct unix_sock *sk)
{
	struct unix_sock *peer;

	spin_lock(&sk->lock);
	peer = sk->peer;
	if (peer)
		unix_get(peer);
	spin_unlock(&sk->lock);
	return peer;
}

void unix_lock_both(struct unix_sock *a, struct unix_sock *b)
{
	spin_lock(a < b ? &a->lock : &b->lock);
	if (a != b)
		spin_lock_nested(a < b ? &b->lock : &a->lock, 1);
}

void unix_unlock_both(struct unix_sock *a, struct unix_sock *b)
{
	if (a != b)
		spin_unlock(a < b ? &b->lock : &a->lock);
	spin_unlock(a < b ? &a->lock : &b->lock);
}

int unix_error(struct unix_sock *sk)
{
	return READ_ONCE(sk->err) ? -xchg(&sk->err, 0) : 0;
}

void unix_set_peercred(struct unix_sock *sk)
{
	const struct cred *me = current_cred();

	put_cred(sk->peer_cred);
	sk->peer_cred = get_cred(me);
	sk->peercred = (struct ucred){ task_tgid_nr(current), me->euid, me->egid };
}

void unix_copy_peercred(struct unix_sock *to, const struct unix_sock *from)
{
	put_cred(to->peer_cred);
	to->peer_cred = get_cred(from->peer_cred);
	to->peercred = from->peercred;
}

/* --- the end ----------------------------------------------------------------------------------------- */

/* The other end has gone. @lost: there is something that it will never read. */
static void end_connection(struct unix_sock *peer, bool lost)
{
	spin_lock(&peer->lock);
	peer->shutdown = SHUTDOWN_MASK;
	if (lost)
		WRITE_ONCE(peer->err, ECONNRESET);
	spin_unlock(&peer->lock);
	unix_wake_all(peer);
}

/* What is queued is dropped; of a listener that is whole connections, @embryos. => dead */
static void end_queues(struct list_head *messages, struct list_head *embryos)
{
	struct unix_sock *embryo, *next;

	unix_free_list(messages);
	list_for_each_entry_safe (embryo, next, embryos, embryo) {
		list_del_init(&embryo->embryo);
		unix_release(embryo);
	}
}

void unix_release(struct unix_sock *sk)
{
	bool embryo = !sk->file;
	struct unix_sock *peer;
	LIST_HEAD(messages);
	LIST_HEAD(embryos);

	unix_unhash(sk);
	spin_lock(&sk->lock);
	sk->dead = true;
	sk->shutdown = SHUTDOWN_MASK;
	sk->state = UNIX_UNCONNECTED;
	peer = sk->peer;
	if (peer)
		unix_unwatch_peer(sk);
	sk->peer = NULL;
	sk->nr_messages = sk->nr_embryos = 0;
	list_splice_tail_init(&sk->messages, &messages);
	list_splice_tail_init(&sk->embryos, &embryos);
	spin_unlock(&sk->lock);
	__wake_up(&sk->peer_wait, TASK_INTERRUPTIBLE, 0, poll_to_key(EPOLLOUT | EPOLLWRNORM));
	if (peer) {
		if (unix_has_connections(sk))
			end_connection(peer, embryo || !list_empty(&messages));
		unix_put(peer);
	}
	end_queues(&messages, &embryos);
	unix_put(sk);
	unix_gc();
}

void unix_shutdown(struct unix_sock *sk, unsigned int mode)
{
	unsigned int other = (mode & RCV_SHUTDOWN ? SEND_SHUTDOWN : 0) |
			     (mode & SEND_SHUTDOWN ? RCV_SHUTDOWN : 0);
	struct unix_sock *peer = NULL;

	spin_lock(&sk->lock);
	sk->shutdown |= mode;
	if (sk->peer && unix_has_connections(sk))
		peer = unix_get(sk->peer);
	spin_unlock(&sk->lock);
	unix_wake_all(sk);
	if (!peer)
		return;
	spin_lock(&peer->lock);
	peer->shutdown |= other;
	spin_unlock(&peer->lock);
	unix_wake_all(peer);
	unix_put(peer);
}

static int __init unix_sock_init(void)
{
	unix_cachep = kmem_cache_create("UNIX", sizeof(struct unix_sock), 0,
					SLAB_HWCACHE_ALIGN | SLAB_PANIC | SLAB_ACCOUNT, NULL);
	return 0;
}
fs_initcall(unix_sock_init);
