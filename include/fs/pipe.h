/* SPDX-License-Identifier: MIT */
/* Pipes and FIFOs: a ring of pages between writers and readers. */
#ifndef FS_PIPE_H
#define FS_PIPE_H

#include <base/compiler.h>
#include <base/types.h>
#include <mm/page.h>
#include <sync/mutex.h>
#include <sync/wait.h>

struct file;
struct inode;
struct iov_iter;

#define PIPE_DEF_BUFFERS	16
#define PIPE_BUF_FLAG_CAN_MERGE	1	/* a later small write may be appended */
#define PIPE_BUF_FLAG_PACKET	2	/* O_DIRECT: a read takes one whole buffer */
#define PIPE_BUF_FLAG_REF	4	/* a reference to a page that others use too (vmsplice, splice, tee), never written to */

/* Of splice(2), tee(2), vmsplice(2). Only NONBLOCK changes anything. */
#define SPLICE_F_MOVE		1
#define SPLICE_F_NONBLOCK	2
#define SPLICE_F_MORE		4
#define SPLICE_F_GIFT		8
#define SPLICE_F_ALL		15

struct pipe_buffer {
	struct page *page;
	u32 offset, len;	/* bytes in the page */
	u32 flags;
};

struct pipe_inode_info {
	struct mutex mutex;
	wait_queue_head_t rd_wait, wr_wait;
	unsigned int head, tail;	/* mutex: counters, modulo ring_size; head - tail buffers are in use */
	unsigned int ring_size;		/* mutex: a power of two */
	unsigned int readers, writers;	/* mutex: open files of each kind */
	unsigned int r_counter, w_counter;	/* mutex: openings ever, for FIFOs */
	unsigned int files;		/* inode->i_lock: open files; the last frees the pipe */
	bool polled;			/* somebody polled it once: wake at each transfer */
	struct page *spare;		/* mutex: kept for the next write */
	struct pipe_buffer *bufs;	/* mutex */
};

/* => mutex held, or only as a hint */
static inline bool pipe_full(struct pipe_inode_info *pipe)
{
	return READ_ONCE(pipe->head) - READ_ONCE(pipe->tail) >= READ_ONCE(pipe->ring_size);
}
static inline struct pipe_buffer *pipe_buf(struct pipe_inode_info *pipe, unsigned int i)
{
	return &pipe->bufs[i & (pipe->ring_size - 1)];
}
static inline bool pipe_empty(struct pipe_inode_info *pipe)
{
	return READ_ONCE(pipe->head) == READ_ONCE(pipe->tail);
}
/* A pipe without files, for the kernel's own use: nobody else sees it, its mutex is not needed. NULL: no memory. */
struct pipe_inode_info *alloc_pipe_info(void);
void free_pipe_info(struct pipe_inode_info *pipe);

/*
 * Adding to and taking from the ring. => mutex held
 * pipe_give_page() takes a reference to the page; pipe_give_bytes() copies, to pages of the pipe. Both return the bytes
 * that had room (and memory). pipe_take_back() undoes them for the last @bytes. pipe_drop() drops the oldest @bytes.
 */
size_t pipe_give_page(struct pipe_inode_info *pipe, struct page *page, size_t offset, size_t bytes);
size_t pipe_give_bytes(struct pipe_inode_info *pipe, const void *addr, size_t bytes);
void pipe_take_back(struct pipe_inode_info *pipe, size_t bytes);
void pipe_drop(struct pipe_inode_info *pipe, size_t bytes);
/*
 * Wait until there is room: 0, -EPIPE (with SIGPIPE), -EAGAIN, -ERESTARTSYS; until there is data: 1, 0 (no writers), or
 * the latter two. => mutex held; dropped while waiting
 */
int pipe_wait_for_room(struct pipe_inode_info *pipe, bool nonblock);
int pipe_wait_for_data(struct pipe_inode_info *pipe, bool nonblock);
/* Wake a reader if there is something to read, a writer if there is room. => mutex held */
void pipe_wake(struct pipe_inode_info *pipe);

/* Read what is there, waiting for something unless @nonblock. Bytes, 0 without writers, or an errno. May sleep. */
ssize_t pipe_read(struct pipe_inode_info *pipe, struct iov_iter *to, bool nonblock);

extern const struct file_operations pipefifo_fops;
extern unsigned int pipe_max_size;	/* bytes: F_SETPIPE_SZ without CAP_SYS_RESOURCE */

/* Two files, for reading and for writing, of a new pipe. @flags: O_CLOEXEC, O_NONBLOCK, O_DIRECT. May sleep. */
int create_pipe_files(struct file **res, int flags);
/* F_SETPIPE_SZ, F_GETPIPE_SZ. */
long pipe_fcntl(struct file *file, unsigned int cmd, unsigned long arg);
/* The pipe of @file or NULL. */
struct pipe_inode_info *get_pipe_info(struct file *file);

#endif
