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

#include <base/types.h>
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

/* The events of @file; a file without poll operation is always ready to read and write. */
__poll_t vfs_poll(struct file *file, poll_table *pt);

#endif
