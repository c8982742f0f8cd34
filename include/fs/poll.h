/* SPDX-License-Identifier: MIT */
/*
 * Waiting for events on several files: poll(2), select(2), and what epoll(7) builds on.
 *
 * A file's poll operation calls poll_wait() for each wait queue that an event may arrive on and
 * returns the events that are there already. The caller's table decides what poll_wait() does:
 * enqueue the task (poll, select), enqueue an epoll item, or nothing.
 */
#ifndef FS_POLL_H
#define FS_POLL_H

#include <base/atomic.h>
#include <base/list.h>
#include <base/types.h>
#include <sync/rcu.h>
#include <sync/wait.h>

#include <linux/eventpoll.h>
#include <linux/poll.h>

struct file;
struct poll_table_struct;

typedef void (*poll_queue_proc)(struct file *file, wait_queue_head_t *head, struct poll_table_struct *pt);

typedef struct poll_table_struct {
	poll_queue_proc qproc;	/* NULL: only the state is asked for */
	__poll_t key;		/* the events that the caller wants */
} poll_table;

#define EPOLL_ALWAYS	(EPOLLERR | EPOLLHUP)

static inline void poll_wait(struct file *file, wait_queue_head_t *head, poll_table *pt)
{
	if (pt && pt->qproc && head)
		pt->qproc(file, head, pt);
}

static inline void init_poll_funcptr(poll_table *pt, poll_queue_proc qproc)
{
	pt->qproc = qproc;
	pt->key = ~(__poll_t)0;
}

/*
 * A queue may go away while somebody polls on it without a reference: a signalfd's, with the process (signalfd_cleanup()).
 * It then wakes with POLLFREE, and who stays in queues between calls must be out of it when his function returns: the last
 * thing that does is poll_queue_freed() (POLLFREE is asm-generic/poll.h's). Its memory remains a wait queue for a grace period, so everybody leaves by
 * poll_leave_queue(), which reads *@head only once. Linux 6.1: fs/eventpoll.c, fs/aio.c.
 */
static inline void poll_queue_freed(wait_queue_entry_t *entry, wait_queue_head_t **head, __poll_t events)
{
	if (likely(!(events & POLLFREE)))
		return;
	list_del_init(&entry->entry);
	smp_store_release(head, NULL); /* the entry may be freed now */
}

static inline void poll_leave_queue(wait_queue_entry_t *entry, wait_queue_head_t **head)
{
	wait_queue_head_t *wq;

	rcu_read_lock();
	wq = smp_load_acquire(head);
	if (likely(wq))
		remove_wait_queue(wq, entry);
	rcu_read_unlock();
}

/* The events of @file; a file without poll operation is always ready to read and write. */
__poll_t vfs_poll(struct file *file, poll_table *pt);

#endif
