/* SPDX-License-Identifier: MIT */
/* Rings and requests, between the files of io_uring/. Theory: ring.c (the rings), request.c (the life of a request). */
#ifndef QUIRE_IO_URING_INTERNAL_H
#define QUIRE_IO_URING_INTERNAL_H

#include <base/types.h>
#include <base/atomic.h>
#include <base/list.h>
#include <fs/file.h>
#include <fs/iov_iter.h>
#include <fs/poll.h>
#include <io_uring/io_uring.h>
#include <kernel/hrtimer.h>
#include <mm/xarray.h>
#include <sync/mutex.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <sync/workqueue.h>
#include <linux/io_uring.h>

struct cred;
struct filename;
struct mm_struct;
struct page;
struct seq_file;
struct user_struct;

/* The start of the rings' memory; programs find the fields by the offsets that io_uring_setup(2) tells. */
struct io_rings {
	struct {
		u32 head __attribute__((aligned(64)));
		u32 tail __attribute__((aligned(64)));
	} sq, cq;			/* the kernel writes sq.head and cq.tail, the program the other two */
	u32 sq_mask, cq_mask, sq_entries, cq_entries;
	u32 sq_dropped;			/* indices that named no entry */
	u32 sq_flags;			/* IORING_SQ_* */
	u32 cq_flags;			/* IORING_CQ_*: the program's */
	u32 cq_overflow;		/* completions lost for want of memory */
	u64 cqes[] __attribute__((aligned(64)));
};

/* A registered buffer: its pages are pinned, the kernel reaches them where they lie. */
struct io_mapped_buf {
	atomic_t refs;			/* the table, requests */
	u64 ubuf;			/* address in the program */
	size_t len;
	unsigned int nr_pages;
	struct page **pages;
	struct kvec *vec;		/* one for each page */
	struct user_struct *user;	/* whom the pages count for, or NULL */
	struct mm_struct *mm;		/* whose pinned_vm they raise */
};

/* Legend: u  uring_lock;  l  lock;  a  atomic, or one word;  c  constant */
struct io_ring_ctx {
	atomic_t refs;			/* a: the file, requests */
	unsigned int flags;		/* c: IORING_SETUP_* */
	bool disabled;			/* u: IORING_SETUP_R_DISABLED, not yet enabled */
	bool dying;			/* l: the file is gone: nothing waits any more */
	struct task_struct *submitter;	/* u: IORING_SETUP_SINGLE_ISSUER; a reference */
	struct mutex uring_lock;	/* one submits, or registers, at a time */

	struct io_rings *rings;		/* c: vmalloc, mapped by the program */
	void *sqes;			/* c: likewise */
	u32 *sq_array;			/* c: in rings */
	size_t rings_size, sqes_size;	/* c: bytes */
	u32 sq_entries, cq_entries;	/* c: powers of two */
	u32 sq_head;			/* u: what rings->sq.head says, when the program lets it stand */

	spinlock_t lock;
	u32 cq_tail;			/* l: likewise of rings->cq.tail */
	u32 nr_posted;			/* l: completions but those of timeouts */
	struct list_head overflow;	/* l: completions that found no room */
	bool cq_lost;			/* l: one was dropped: -EBADR */
	atomic_t cq_timeouts;		/* a: timeouts that have ended */
	struct list_head requests;	/* l: those that wait: for a file, a timer, a worker */
	struct list_head deferred;	/* l: heads of chains behind IOSQE_IO_DRAIN */
	u64 nr_queued, nr_done;		/* l: requests that were queued; of these, have ended */
	bool draining;			/* l: one that was to run alone runs */
	wait_queue_head_t wait;		/* completions */

	struct file *eventfd;		/* l, RCU-free: replaced under both locks */
	bool eventfd_async;		/* l */
	struct io_mapped_buf **bufs;	/* u */
	unsigned int nr_bufs;		/* u */
	struct file **files;		/* u: registered; NULL: an empty slot */
	unsigned int nr_files;		/* u */
	struct xarray personalities;	/* u: const struct cred * */
	struct xarray buf_groups;	/* u: struct io_kbuf_group * (kbuf.c) */
};

/* Where a request is; ctx->lock for all but the first. */
enum io_where {
	IO_NOWHERE,			/* being submitted, behind another, or at its end: who has it, has it alone */
	IO_POLLING,			/* in wait queues of its file */
	IO_TIMING,			/* its timer runs */
	IO_QUEUED,			/* for a worker */
	IO_RUNNING,			/* at a worker */
	IO_ENDED,			/* its completion is posted */
};

/* req->flags, beside IOSQE_* */
#define REQ_NOWAIT	(1U << 16)	/* -EAGAIN is the answer: RWF_NOWAIT, MSG_DONTWAIT; not O_NONBLOCK */
#define REQ_FAIL	(1U << 17)	/* what is linked behind it does not run */
#define REQ_NO_FAIL	(1U << 18)	/* an errno that is no failure */
#define REQ_TO_WORKER	(1U << 19)	/* it may sleep: not a matter of polling */
#define REQ_CUR_POS	(1U << 20)	/* at the file's position, which moves */
#define REQ_ASYNC_DONE	(1U << 21)	/* did not end within its submission */
#define REQ_DRAINS	(1U << 22)	/* its end is the end of ctx->draining */
#define REQ_TIMEOUT	(1U << 24)	/* does not count as a completion that timeouts wait for */

/* Waiting in the queues of a file. Theory: poll.c */
struct io_poll {
	__poll_t events;
	atomic_t state;
	bool cancelled;			/* ctx->lock */
	bool again;			/* once it is ready, the operation is tried again: not IORING_OP_POLL_ADD */
	bool multi;
	unsigned int nr_waits;
	struct io_poll_wait {
		wait_queue_entry_t entry;
		wait_queue_head_t *head;
		struct io_kiocb *req;
	} waits[2];
};

#define IO_FAST_IOV	4

struct io_rw {
	struct kiocb kiocb;
	struct iov_iter iter;
	struct iovec fast[IO_FAST_IOV], *iov;	/* iov: to be freed, or NULL */
	struct io_mapped_buf *buf;
	u64 addr;
	size_t len, done;		/* bytes in all; moved by earlier tries */
	size_t wanted;			/* IOSQE_BUFFER_SELECT: at most; 0: as the buffer has */
	u32 rw_flags;
};

struct io_timeout {
	struct hrtimer timer;
	ktime_t time;
	u32 flags;			/* IORING_TIMEOUT_* */
	u32 count, start;		/* of completions; 0: time alone. ctx->nr_posted when it began */
	struct io_kiocb *head;		/* LINK_TIMEOUT: what it bounds. ctx->lock */
};

struct io_target {			/* POLL_REMOVE, TIMEOUT_REMOVE, ASYNC_CANCEL: whom, and what of it changes */
	u64 user_data, new_user_data;
	u32 flags;
	int fd;
	__poll_t events;
	ktime_t time;
	u8 opcode;
};

struct io_paths {			/* what takes names */
	struct filename *name, *name2;
	int dfd, dfd2;
	u32 flags, mask;
	umode_t mode;
	u64 addr;
	u64 resolve;
};

struct io_range {			/* what takes a range, or whole numbers */
	u64 off, len, addr;
	u32 flags;
	int fd;
	struct file *in;
};

struct io_net {
	u64 addr, addr2;
	u32 len, flags, poll_first;
	int name_len;
	u8 name[128];
};

struct io_kiocb {
	struct io_ring_ctx *ctx;	/* a reference */
	struct file *file;		/* a reference, once it runs */
	atomic_t refs;
	u8 opcode;
	u8 where;			/* enum io_where */
	bool cancel;			/* ctx->lock: it ends when it would wait next */
	u16 buf_index;			/* registered buffer, or group of provided ones */
	u32 flags;
	int fd;
	u32 cflags;			/* IORING_CQE_F_* of its last completion */
	u64 user_data, extra[2];	/* extra: CQE32 */
	const struct cred *creds;	/* a reference */
	struct io_kbuf *kbuf;		/* the provided buffer that it has; NULL */
	struct io_wq *wq;		/* of the submitter's process; a reference */
	struct io_kiocb *link;		/* runs next; ours */
	struct io_kiocb *bound;		/* ctx->lock: the LINK_TIMEOUT that runs against us */
	u64 seq;			/* deferred: runs when this many have ended */
	struct list_head list;		/* ctx->requests, ctx->deferred */
	struct list_head work_list;	/* wq->queue */
	struct task_struct *worker;	/* wq->lock: IO_RUNNING */
	struct work_struct work;
	struct io_poll poll;
	union {
		struct io_rw rw;
		struct io_timeout timeout;
		struct io_target target;
		struct io_paths paths;
		struct io_range range;
		struct io_net net;
	};
};

/* How an operation is to be done. */
#define IO_NONBLOCK	1		/* -EAGAIN rather than sleep long */
#define IO_WORKER	2		/* by a worker */

/* An operation. prep: all that it needs of @sqe and of the program's memory; issue: the result, or -EIOCBQUEUED. */
struct io_op {
	int (*prep)(struct io_kiocb *req, const struct io_uring_sqe *sqe);
	int (*issue)(struct io_kiocb *req, unsigned int how);
	void (*cleanup)(struct io_kiocb *req);	/* what prep took; NULL: nothing */
	bool needs_file;
	bool blocks;			/* always by a worker */
	bool ioprio;			/* sqe->ioprio means something */
	bool selects;			/* IOSQE_BUFFER_SELECT, too */
	__poll_t poll;			/* what it waits for, where files can be polled; 0: it cannot wait so */
};
extern const struct io_op io_ops[IORING_OP_LAST];	/* opcodes.c; issue NULL: there is no such operation */

/* --- ring.c --- */
struct io_ring_ctx *io_ctx_of(struct file *file);	/* NULL: it is no ring */
void io_ctx_put(struct io_ring_ctx *ctx);
__poll_t io_ctx_poll(struct io_ring_ctx *ctx, struct file *file, poll_table *pt);

/* --- cq.c: completions --- */
/* One more for the program. => ctx->lock; io_cq_notify() after it, without */
void io_post_cqe(struct io_ring_ctx *ctx, u64 user_data, s32 res, u32 cflags, const u64 extra[2]);
void io_cq_notify(struct io_ring_ctx *ctx, bool async);
/* What found no room, as far as there is now. */
void io_flush_overflow(struct io_ring_ctx *ctx);
void io_drop_overflow(struct io_ring_ctx *ctx);		/* => nobody else knows @ctx */
static inline u32 io_cq_ready(struct io_ring_ctx *ctx)
{
	return READ_ONCE(ctx->cq_tail) - READ_ONCE(ctx->rings->cq.head);
}
/* io_uring_enter: wait for @least. 0, -ETIME, -EINTR, -EBADR and what comes of bad arguments. */
struct io_wait_arg {
	const sigset_t __user *sigmask;
	size_t sigsetsize;
	const struct __kernel_timespec __user *ts;
};
int io_cq_wait(struct io_ring_ctx *ctx, u32 least, const struct io_wait_arg *arg);

/* --- request.c --- */
/* Take up to @nr entries: how many, or an errno when none. => uring_lock */
int io_submit_sqes(struct io_ring_ctx *ctx, u32 nr);
/* It has ended: its completion, then what is behind it. May sleep; from any task. => nobody else has @req */
void io_req_complete(struct io_kiocb *req, int res);
/* Do it, and what is linked behind it, as far as that goes without waiting. => process context of its process */
void io_issue(struct io_kiocb *req, unsigned int how);	/* @how: 0 or IO_WORKER */
void io_req_put(struct io_kiocb *req);
/* It waits, cancel can find it. False: it must not, since it was cancelled before. => its owner, no lock */
bool io_req_park(struct io_kiocb *req, enum io_where where);
/* A registered file, or a descriptor's; with a reference. NULL */
struct file *io_file_get(struct io_ring_ctx *ctx, int fd, bool fixed, unsigned int how);

/* --- rw.c --- */
int io_prep_rw(struct io_kiocb *req, const struct io_uring_sqe *sqe);
int io_issue_rw(struct io_kiocb *req, unsigned int how);
void io_cleanup_rw(struct io_kiocb *req);
int io_fix_errno(ssize_t ret);		/* what a signal broke off is -EINTR */

/* --- poll.c --- */
int io_prep_poll_add(struct io_kiocb *req, const struct io_uring_sqe *sqe);
int io_issue_poll_add(struct io_kiocb *req, unsigned int how);
int io_prep_poll_remove(struct io_kiocb *req, const struct io_uring_sqe *sqe);
int io_issue_poll_remove(struct io_kiocb *req, unsigned int how);
/* Try @req again when its file is ready for @events. False: its file has nothing to wait for. */
bool io_poll_again(struct io_kiocb *req, __poll_t events);
void io_poll_cancel(struct io_kiocb *req);	/* => ctx->lock, IO_POLLING */
__poll_t io_file_poll(struct io_kiocb *req, poll_table *pt);

/* --- timeout.c --- */
int io_prep_timeout(struct io_kiocb *req, const struct io_uring_sqe *sqe);
int io_prep_link_timeout(struct io_kiocb *req, const struct io_uring_sqe *sqe);
int io_issue_timeout(struct io_kiocb *req, unsigned int how);
int io_prep_timeout_remove(struct io_kiocb *req, const struct io_uring_sqe *sqe);
int io_issue_timeout_remove(struct io_kiocb *req, unsigned int how);
/* Completions were posted: end the timeouts that waited for that many. */
void io_flush_timeouts(struct io_ring_ctx *ctx);
/* A LINK_TIMEOUT begins to run against @head. */
void io_start_link_timeout(struct io_kiocb *head, struct io_kiocb *timeout);
/* Part a LINK_TIMEOUT from what it bounds, which is returned; NULL: that has ended. => ctx->lock */
struct io_kiocb *io_unbind(struct io_kiocb *timeout);
/* The timer of @req, taken from ctx->requests, is stopped. May sleep. */
void io_timeout_stop(struct io_kiocb *req);

/* --- cancel.c --- */
int io_prep_cancel(struct io_kiocb *req, const struct io_uring_sqe *sqe);
int io_issue_cancel(struct io_kiocb *req, unsigned int how);
/* @req, with a reference of the caller's: 0 it will end with -ECANCELED, -EALREADY it runs, -ENOENT it has ended. */
int io_cancel_one(struct io_kiocb *req);
/* All that waits, of @wq only unless NULL. */
void io_cancel_all(struct io_ring_ctx *ctx, struct io_wq *wq);

/* --- worker.c --- */
/* The queue of current's process, with a reference; NULL: no memory. */
struct io_wq *io_wq_get_current(void);
struct io_wq *io_wq_current(void);	/* without; NULL: there is none */
/* There is a worker: 0 or an errno. => current is of the process */
int io_wq_ensure(struct io_wq *wq);
/* Hand @req to a worker; without one, it ends with -ECANCELED. Any task; may sleep. */
void io_wq_queue(struct io_kiocb *req);
/* Take it back before it runs (true: it is ours to end), or interrupt it. => ctx->lock; IO_QUEUED or IO_RUNNING */
bool io_wq_cancel(struct io_kiocb *req);

/* --- register.c --- */
void io_unregister_all(struct io_ring_ctx *ctx);
/* Memory of the program, pinned; ERR_PTR. May sleep. */
struct io_mapped_buf *io_buf_new(u64 start, size_t len);
void io_buf_put(struct io_mapped_buf *buf);

/* --- kbuf.c; all may sleep, and take uring_lock if @how says that it is not held --- */
/* A buffer for @req, *@len bytes at most (0: any), at *@addr. 0, -ENOBUFS */
int io_kbuf_select(struct io_kiocb *req, size_t *len, void __user **addr, unsigned int how);
/* @req, which has one, has to wait: its group has it again. */
void io_kbuf_return(struct io_kiocb *req, unsigned int how);
/* @req, which has one, ends: its completion says so. */
void io_kbuf_spend(struct io_kiocb *req);
int io_register_pbuf_ring(struct io_ring_ctx *ctx, const void __user *arg, u32 nr);
int io_unregister_pbuf_ring(struct io_ring_ctx *ctx, const void __user *arg, u32 nr);
void io_kbuf_drop_all(struct io_ring_ctx *ctx);

/* --- fdinfo.c --- */
void io_uring_show_fdinfo(struct seq_file *m, struct file *file);

#endif
