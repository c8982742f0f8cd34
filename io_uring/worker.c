// SPDX-License-Identifier: MIT
/*
 * Workers: threads of the submitter's process that do what would make the submitter wait.
 *
 * 1 Each process has one queue (signal->io_wq) for all its rings, and threads that serve it. They are ordinary threads of
 *   the process but that they never run in user mode: they have its memory, files and directory, are seen in
 *   /proc/PID/task as iou-wrk-PID, stop and die with it. Signals are blocked but for SIGKILL and SIGSTOP.
 *
 *	io_wq_queue --> queue --> worker: io_issue(), which may sleep now
 *
 * 2 How many. There is a worker before anything waits elsewhere (io_wq_ensure), since only the process itself can make
 *   one and a waker is anybody; it stays. Who takes a request and leaves others behind, with nobody idle, makes another.
 *   Of those that do what ends by itself (files, disks) there are at most four for each CPU; what may wait for ever (a
 *   FIFO's other end) does not count. Idle for five seconds, all but one go.
 *
 * 3 The end. When the last thread of the program goes, the kernel kills the workers (kernel/exit.c). The last of them
 *   cancels what is queued; what comes then finds no worker, and is cancelled by who brings it. exec kills them likewise,
 *   and the new program begins with none.
 *
 * 4 Cancelling. What is queued is taken out. What runs is woken as by a signal (TIF_NOTIFY_SIGNAL): it ends with -EINTR if
 *   it sleeps where a signal may wake it.
 *
 * Locks: wq->lock, inside ctx->lock. Linux 6.1: io_uring/io-wq.c, which has a queue for each thread. Observed by: ps -L.
 */
#include <base/cpumask.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <fs/file.h>
#include <kernel/exit.h>
#include <kernel/fork.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/time.h>
#include <mm/slab.h>
#include <sync/ranks.h>
#include "io_uring_internal.h"

#define IDLE_JIFFIES (5 * HZ)

struct io_wq {
	atomic_t refs; /* the process, requests */
	spinlock_t lock;
	struct list_head queue; /* lock */
	unsigned int nr_workers, nr_idle,
		nr_unbound;	/* lock; unbound: at work that may last for ever */
	wait_queue_head_t wait; /* idle workers */
};

void io_wq_put(struct io_wq *wq)
{
	if (atomic_dec_and_test(&wq->refs))
		kfree(wq);
}

struct io_wq *io_wq_current(void)
{
	return READ_ONCE(current->signal->io_wq);
}

struct io_wq *io_wq_get_current(void)
{
	struct io_wq **slot = &current->signal->io_wq, *wq = READ_ONCE(*slot), *old = NULL;

	if (!wq) {
		wq = kzalloc(sizeof(*wq), GFP_KERNEL);
		if (!wq)
			return NULL;
		atomic_set(&wq->refs, 1);
		spin_lock_init(&wq->lock, LOCK_URING_WQ);
		INIT_LIST_HEAD(&wq->queue);
		init_waitqueue_head(&wq->wait);
		if (!try_cmpxchg(slot, &old, wq)) {
			kfree(wq);
			wq = old;
		}
	}
	atomic_inc(&wq->refs);
	return wq;
}

/* ---- a worker ---- */

/* May it wait for something that never comes? Only files and disks certainly answer. */
static bool is_unbound(const struct io_kiocb *req)
{
	umode_t mode;

	if (!req->file)
		return true;
	mode = file_inode(req->file)->i_mode;
	return !S_ISREG(mode) && !S_ISBLK(mode);
}

/* Should there be one more? => wq->lock */
static bool too_few(const struct io_wq *wq)
{
	if (list_empty(&wq->queue) || wq->nr_idle)
		return false;
	return wq->nr_workers - wq->nr_unbound < 4 * num_online_cpus() ||
	       is_unbound(list_first_entry(&wq->queue, struct io_kiocb, work_list));
}

static int worker_main(void *data);
static bool leave(struct io_wq *wq, bool always);

/* => current is of the process */
static int new_worker(struct io_wq *wq)
{
	struct kernel_clone_args args = {
		.flags = CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_VM |
			 CLONE_UNTRACED,
		.fn = worker_main,
		.fn_arg = wq,
		.io_thread = true,
	};
	struct task_struct *task;

	spin_lock(&wq->lock);
	wq->nr_workers++;
	spin_unlock(&wq->lock);
	task = copy_process(NULL, 0, NUMA_NO_NODE, &args);
	if (IS_ERR(task)) {
		leave(wq, true);
		return PTR_ERR(task);
	}
	wake_up_new_task(task);
	return 0;
}

static bool must_die(void)
{
	struct ksignal ksig;

	return signal_pending(current) && get_signal(&ksig);
}

/* Until there is work, time is up (false), or a signal comes. */
static bool idle(struct io_wq *wq)
{
	long left = IDLE_JIFFIES;
	DEFINE_WAIT(wait);

	prepare_to_wait_exclusive(&wq->wait, &wait, TASK_INTERRUPTIBLE);
	spin_lock(&wq->lock);
	if (!list_empty(&wq->queue)) {
		spin_unlock(&wq->lock);
	} else {
		wq->nr_idle++;
		spin_unlock(&wq->lock);
		left = schedule_timeout(left);
		spin_lock(&wq->lock);
		wq->nr_idle--;
		spin_unlock(&wq->lock);
	}
	finish_wait(&wq->wait, &wait);
	return left;
}

/* The next request, IO_RUNNING; NULL: there is none. @more: there should be another worker. */
static struct io_kiocb *take_work(struct io_wq *wq, bool *more)
{
	struct io_kiocb *req = NULL;

	spin_lock(&wq->lock);
	if (!list_empty(&wq->queue)) {
		req = list_first_entry(&wq->queue, struct io_kiocb, work_list);
		list_del_init(&req->work_list);
		req->worker = current;
		wq->nr_unbound += is_unbound(req);
	}
	*more = req && too_few(wq);
	spin_unlock(&wq->lock);
	return req;
}

/* From now on only we know @req: cancel has either marked us, or comes too late. */
static void own(struct io_kiocb *req)
{
	spin_lock(&req->ctx->lock);
	req->where = IO_RUNNING;
	spin_unlock(&req->ctx->lock);
}

static void run(struct io_wq *wq, struct io_kiocb *req)
{
	bool unbound = is_unbound(req);

	own(req);
	io_issue(req, IO_WORKER);
	spin_lock(&wq->lock);
	wq->nr_unbound -= unbound;
	spin_unlock(&wq->lock);
}

/* It goes, unless it is the last one (@always: even then), or there is work after all. */
static bool leave(struct io_wq *wq, bool always)
{
	struct io_kiocb *req, *n;
	LIST_HEAD(orphans);
	bool go;

	spin_lock(&wq->lock);
	go = always || (wq->nr_workers > 1 && list_empty(&wq->queue));
	wq->nr_workers -= go;
	if (!wq->nr_workers)
		list_splice_init(&wq->queue, &orphans);
	spin_unlock(&wq->lock);
	list_for_each_entry_safe (req, n, &orphans, work_list) {
		list_del_init(&req->work_list);
		own(req);
		io_req_complete(req, -ECANCELED);
	}
	return go;
}

static int worker_main(void *data)
{
	char name[TASK_COMM_LEN];
	struct io_wq *wq = data;
	struct io_kiocb *req;
	bool more, dead = false;

	snprintf(name, sizeof(name), "iou-wrk-%d", current->tgid);
	set_task_comm(current, name);
	do {
		bool busy = true;

		req = take_work(wq, &more);
		if (req) {
			if (more)
				(void)new_worker(wq); /* without it, it takes longer */
			run(wq, req);
		} else {
			busy = idle(wq);
		}
		dead = must_die();
		if (!busy && !dead && leave(wq, false))
			do_exit(0);
	} while (!dead);
	leave(wq, true);
	do_exit(0);
}

/* ---- the queue ---- */

int io_wq_ensure(struct io_wq *wq)
{
	if (likely(READ_ONCE(wq->nr_workers)))
		return 0;
	return new_worker(wq);
}

static void cancel_work_fn(struct work_struct *work)
{
	io_req_complete(container_of(work, struct io_kiocb, work), -ECANCELED);
}

void io_wq_queue(struct io_kiocb *req)
{
	struct io_wq *wq = req->wq;
	bool more = false, alive;

	atomic_inc(&wq->refs); /* once it is queued, request and process may end before us */
	alive = io_req_park(req, IO_QUEUED);
	spin_lock(&wq->lock);
	alive &= !!wq->nr_workers;
	if (alive) {
		list_add_tail(&req->work_list, &wq->queue);
		more = too_few(wq);
	}
	spin_unlock(&wq->lock);
	if (!alive) { /* cancelled, or the process is gone. Not from here: what is behind it would end one within the other */
		own(req);
		INIT_WORK(&req->work, cancel_work_fn);
		schedule_work(&req->work);
	} else {
		wake_up(&wq->wait);
		if (more && io_wq_current() == wq)
			(void)new_worker(wq);
	}
	io_wq_put(wq);
}

bool io_wq_cancel(struct io_kiocb *req)
{
	struct io_wq *wq = req->wq;
	bool mine = false;

	spin_lock(&wq->lock);
	if (!list_empty(&req->work_list)) {
		list_del_init(&req->work_list);
		mine = true;
	} else if (req->where == IO_RUNNING) {
		set_tsk_thread_flag(req->worker, TIF_NOTIFY_SIGNAL);
		wake_up_state(req->worker, TASK_INTERRUPTIBLE);
	}
	spin_unlock(&wq->lock);
	return mine;
}
