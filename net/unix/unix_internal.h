/* SPDX-License-Identifier: MIT */
/* Local sockets, between the files of net/unix. Theory: net/unix/sock.c. */
#ifndef QUIRE_NET_UNIX_INTERNAL_H
#define QUIRE_NET_UNIX_INTERNAL_H

#include <base/types.h>
#include <base/atomic.h>
#include <base/list.h>
#include <kernel/sched.h>
#include <sync/mutex.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <fs/path.h>
#include <net/socket.h>
#include <linux/un.h>

struct cred;
struct fasync_struct;
struct file;
struct iov_iter;
struct seq_file;
struct user_struct;

#define RCV_SHUTDOWN	1
#define SEND_SHUTDOWN	2
#define SHUTDOWN_MASK	3

/* What travels with a message beside its bytes. */
struct unix_scm {
	struct ucred creds;
	bool has_creds;			/* the sender named them itself */
	unsigned int nr_files;
	struct file **files;		/* references */
	struct user_struct *user;	/* in flight, and counted for this user; else NULL */
};

struct unix_msg {
	struct list_head list;		/* receiver's lock */
	struct unix_sock *from;		/* a reference; len + sizeof(struct unix_msg) of its wmem */
	size_t len, done;		/* bytes in all; bytes read: receiver's read mutex */
	s64 stamp;			/* ns of real time when it was sent; 0: nobody asked */
	bool peeked;			/* an empty one, at SO_PEEK_OFF */
	struct unix_scm scm;
	char data[];
};

/* A name, shared by a listener and what it accepted. */
struct unix_address {
	atomic_t refs;
	int len;			/* bytes from sun's start on, with the zero at the end of a path */
	struct sockaddr_un sun;
	char end;			/* room for that zero behind a path of full length */
};

enum unix_state { UNIX_UNCONNECTED, UNIX_LISTENING, UNIX_CONNECTED };

/*
 * Legend: l  lock;  r  read mutex;  t  table lock;  g  gc lock;  a  atomic, or one word set by setsockopt;
 *	   c  constant;  o  set once: when the name or the peer is there, it stays
 */
struct unix_sock {
	atomic_t refs;
	u8 type;			/* c: SOCK_* */
	u8 state;			/* l: enum unix_state */
	u8 shutdown;			/* l: RCV_SHUTDOWN, SEND_SHUTDOWN */
	bool dead;			/* l: closed */
	bool passcred, passstamp, stamp_ns;	/* a: SO_PASSCRED, SO_TIMESTAMP, SO_TIMESTAMPNS */
	spinlock_t lock;
	struct mutex read;		/* one reader at a time: it copies without the spinlock */
	wait_queue_head_t wait;		/* data, connections, room in sndbuf, the end */
	wait_queue_head_t peer_wait;	/* others: room in our queue of messages or connections */
	wait_queue_entry_t peer_wake;	/* poll: on the peer's peer_wait, hands on to ours */
	struct unix_sock *peer;		/* l: a reference; of a datagram socket, where it sends to */
	struct list_head messages;	/* l */
	unsigned int nr_messages;	/* l */
	struct list_head embryos;	/* l: of a listener: sockets that nobody has accepted */
	struct list_head embryo;	/* listener's lock: on that list */
	unsigned int nr_embryos;	/* l */
	unsigned int backlog;		/* l: this many more than one of messages or embryos may wait */
	int err;			/* a: positive, for SO_ERROR and the next call */
	atomic_t wmem;			/* a: bytes sent and not yet read */
	int sndbuf, rcvbuf, rcvlowat, peek_off;	/* a */
	long rcvtimeo, sndtimeo;	/* a: jiffies */
	u32 options;			/* a: options that are only remembered, by their number in options.c */
	struct linger_pair { s32 on, seconds; } linger;
	u32 priority, mark;
	struct unix_address *addr;	/* o, t */
	struct path path;		/* t: of a name in a file system */
	bool bound;			/* t: it is found by addr; accepted ones only show it */
	struct hlist_node node;		/* t */
	struct ucred peercred;		/* l: pid 0: none */
	const struct cred *peer_cred;	/* l: the same with groups; a reference */
	struct file *file;		/* no reference; NULL before accept */
	struct fasync_struct *fasync;	/* fasync_lock: who wants SIGIO */
	struct list_head travelling;	/* g: while descriptors of it travel */
	unsigned int nr_inflight;	/* g: that many */
	unsigned int gc_refs;		/* g */
	bool gc_candidate;		/* g */
};

/* One transfer: what to move, and what beside it. */
struct unix_xfer {
	struct iov_iter *iter;
	unsigned int flags;		/* MSG_* of the caller */
	unsigned int msg_flags;		/* receiving: MSG_TRUNC, MSG_CTRUNC for the caller */
	const struct sockaddr_un *to;	/* sending: NULL for the peer */
	int to_len;
	bool want_name;			/* receiving: fill in @from */
	struct unix_address *from;	/* receiving: of the sender, a reference; NULL: it has no name */
	s64 stamp;			/* receiving */
	struct unix_scm scm;
};

static inline bool unix_is_stream(const struct unix_sock *sk)
{
	return sk->type == SOCK_STREAM;
}
static inline bool unix_has_connections(const struct unix_sock *sk)
{
	return sk->type != SOCK_DGRAM;
}

/* --- sock.c: life. --- */
extern int unix_max_dgram_qlen;		/* of a new datagram socket; net.unix.max_dgram_qlen */
struct unix_sock *unix_sock_new(int type);	/* ERR_PTR(-ENFILE, -ENOMEM); released, not put */
void unix_put(struct unix_sock *sk);
static inline struct unix_sock *unix_get(struct unix_sock *sk)
{
	atomic_inc(&sk->refs);
	return sk;
}
struct unix_sock *unix_peer_get(struct unix_sock *sk);	/* a reference to the peer, or NULL */
/* It is closed: its name, messages, connections end. Takes over the reference. May sleep. */
void unix_release(struct unix_sock *sk);
void unix_shutdown(struct unix_sock *sk, unsigned int mode);
/* @sk->err for the caller, cleared: 0 or an errno. */
int unix_error(struct unix_sock *sk);
void unix_set_peercred(struct unix_sock *sk);		/* current. => lock, or nobody else knows it */
void unix_copy_peercred(struct unix_sock *to, const struct unix_sock *from);	/* => both locks */
/* Both, in the order of their addresses; they may be the same. */
void unix_lock_both(struct unix_sock *a, struct unix_sock *b);
void unix_unlock_both(struct unix_sock *a, struct unix_sock *b);
/* A poller of @sk is told when its peer's queue has room; no more. => lock, there is a peer */
void unix_watch_peer(struct unix_sock *sk);
void unix_unwatch_peer(struct unix_sock *sk);
/* Wake readers (one that waits alone), who polls, who asked for SIGIO; those that wait for room; everybody. */
void unix_wake_readers(struct unix_sock *sk);
void unix_wake_writers(struct unix_sock *sk);
void unix_wake_all(struct unix_sock *sk);
/* poll: little enough waits to be read. */
static inline bool unix_writable(const struct unix_sock *sk)
{
	return READ_ONCE(sk->state) != UNIX_LISTENING && atomic_read(&sk->wmem) << 2 <= READ_ONCE(sk->sndbuf);
}
static inline bool unix_queue_full(const struct unix_sock *sk)
{
	return READ_ONCE(sk->nr_messages) > READ_ONCE(sk->backlog);
}

/*
 * Sleep on @wq until @condition, at most @left jiffies (a variable; what is left of it). 0; -EAGAIN: no time;
 * -ERESTARTSYS, -EINTR: a signal, without and with a time-out (signal(7)).
 */
#define unix_wait_event(wq, condition, exclusive, left) ({				\
	long __ret = (left);								\
	might_sleep();									\
	if (!___wait_cond_timeout(condition))						\
		__ret = ___wait_event(wq, ___wait_cond_timeout(condition), TASK_INTERRUPTIBLE, exclusive,	\
				      (left), __ret = schedule_timeout(__ret));		\
	if (__ret < 0)									\
		__ret = (left) == MAX_SCHEDULE_TIMEOUT ? -ERESTARTSYS : -EINTR;		\
	else										\
		(left) = __ret, __ret = __ret ? 0 : -EAGAIN;				\
	(int)__ret; })

/* --- sockfs.c: files --- */
/* A file without a socket; unix_file_attach() gives it one, whose reference it takes over. ERR_PTR. */
struct file *unix_file_new(unsigned int flags);
void unix_file_attach(struct file *file, struct unix_sock *sk);
/* The socket of @file, or NULL: it is something else. */
struct unix_sock *unix_from_file(struct file *file);

/* --- connect.c: 0 or an errno --- */
int unix_listen(struct unix_sock *sk, int backlog);
int unix_connect(struct unix_sock *sk, const struct sockaddr_un *sun, int len, bool nonblock);
/* The next connection; ERR_PTR. */
struct unix_sock *unix_accept(struct unix_sock *sk, bool nonblock);
/* A datagram socket sends to @to (a reference, or NULL) from now on; with @from, only if it was its peer. */
void unix_set_peer(struct unix_sock *sk, struct unix_sock *from, struct unix_sock *to);
void unix_join(struct unix_sock *a, struct unix_sock *b);	/* socketpair: nobody else knows them */

/* --- names.c: addresses. All return an errno. --- */
int unix_check_name(const struct sockaddr_un *sun, int len);
int unix_bind(struct unix_sock *sk, const struct sockaddr_un *sun, int len);
int unix_autobind(struct unix_sock *sk);
/* The socket that is bound to the name, with a reference, or ERR_PTR. */
struct unix_sock *unix_find(const struct sockaddr_un *sun, int len, int type);
void unix_hash(struct unix_sock *sk);		/* make it known to /proc/net/unix */
void unix_unhash(struct unix_sock *sk);		/* and take it, with its name, out */
struct unix_address *unix_address_get(struct unix_sock *sk);	/* NULL: it has none */
void unix_address_put(struct unix_address *addr);
/* @to, still unknown to others, shows the name of @from. */
void unix_share_name(struct unix_sock *to, struct unix_sock *from);
/* The file it is bound to, with a reference; false: there is none. */
bool unix_name_path(struct unix_sock *sk, struct path *path);
void unix_show_all(struct seq_file *m);

/* --- msg.c, send.c, recv.c: messages --- */
/* For @len bytes, which are copied and charged, with the descriptors, to @sk; waits for room. ERR_PTR */
struct unix_msg *unix_msg_new(struct unix_sock *sk, struct unix_xfer *x, size_t len, long *left);
void unix_msg_free(struct unix_msg *msg);
void unix_msg_queue(struct unix_sock *to, struct unix_msg *msg);	/* => to's lock */
void unix_free_list(struct list_head *messages);
ssize_t unix_send(struct unix_sock *sk, struct unix_xfer *x);
/* With x->from and x->scm.files references that the caller must drop. */
ssize_t unix_receive(struct unix_sock *sk, struct unix_xfer *x);
/* ioctl: bytes that can be read at once. */
int unix_inq(struct unix_sock *sk);
unsigned int unix_waiting_files(struct unix_sock *sk);	/* descriptors in messages to it */
int unix_set_peek_off(struct unix_sock *sk, int off);

/* --- options.c --- */
int unix_setsockopt(struct unix_sock *sk, int level, int name, const void __user *val, int len);
int unix_getsockopt(struct unix_sock *sk, int level, int name, void __user *val, int __user *len);

/* --- syscalls.c, for msghdr.c --- */
int unix_name_from_user(void *to, const void __user *from, int len);	/* SOCKADDR_MAX bytes */
int unix_name_to_user(const struct unix_address *addr, void __user *to, int __user *len);

/* --- scm.c: control messages --- */
/* 0 or an errno; what it took so far is the caller's to drop. */
int scm_from_user(struct unix_scm *scm, const void __user *control, size_t len);
/* Bytes written to @control (may be NULL). x->msg_flags: MSG_CTRUNC. The files stay in x->scm. */
size_t scm_to_user(struct unix_sock *sk, struct unix_xfer *x, void __user *control, size_t len);
void scm_drop(struct unix_scm *scm);
/* A copy of the files, for a peek. 0 or -ENOMEM. */
int scm_dup(struct unix_scm *to, const struct unix_scm *from);

/* --- gc.c: sockets that can be reached only through messages to each other --- */
int unix_inflight(struct unix_scm *scm);	/* -ETOOMANYREFS */
void unix_notinflight(struct unix_scm *scm);
void unix_gc(void);
/* After references to travelling files were taken by others than who receives them. */
void unix_gc_barrier(void);

#endif
