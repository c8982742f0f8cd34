// SPDX-License-Identifier: MIT
/*
 * splice(2), tee(2), and how data go from file to file: through the ring of a pipe, as references to pages.
 *
 * 1 file -> pipe	->read_iter fills the ring (ITER_PIPE): folios of the page cache enter by reference, once they have been
 *			read; what has no pages of its own (sockets) is copied to pages of the pipe.
 *   pipe -> file	->write_iter takes the data from the pages where they lie in the direct map (ITER_KVEC).
 *   pipe -> pipe	whole buffers move; a part of a buffer becomes a second reference.
 *   tee		second references.
 *   file -> file	the first two, with a pipe that no one else sees: sendfile, copy_file_range. One copy in all.
 *
 * 2 A page in a pipe is not frozen: who writes to the file, or truncates it, before the reader comes, changes what is
 *   read, or leaves the page to the pipe alone. Nobody writes into a buffer with PIPE_BUF_FLAG_REF.
 *	bytes of the ring == sum of len over its buffers;  a page in two rings has the flag in both
 *
 * 3 Locks: pipe->mutex across the reading and writing of the file, two in the order of their addresses. It is dropped while
 *   waiting for data or room, so that either is looked for again afterwards.
 *
 * 4 Failure: when the file takes less than was offered the rest stays in the pipe.
 *
 * 5 Linux 6.1: fs/splice.c, where each file brings its own operations; here whoever has read_iter or write_iter can be
 *   spliced, which are some more. SPLICE_F_MOVE, MORE and GIFT change nothing.
 */
#include <base/errno.h>
#include <base/math.h>
#include <fs/file.h>
#include <fs/fsnotify.h>
#include <fs/inode.h>
#include <fs/iov_iter.h>
#include <fs/pipe.h>
#include <kernel/ksyscall.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/folio.h>
#include <seam/page.h>
#include <seam/uaccess.h>
#include <linux/fcntl.h>
#include "fs_internal.h"

/* ---- between a file and a ring ---- */

/* Fill @pipe from @in. => room for a buffer at least; mutex held, or nobody else's pipe */
static ssize_t fill(struct file *in, loff_t *ppos, struct pipe_inode_info *pipe, size_t len,
		    bool nonblock)
{
	size_t room = (size_t)(pipe->ring_size - (pipe->head - pipe->tail)) << PAGE_SHIFT;
	struct kiocb kiocb;
	struct iov_iter to;
	ssize_t ret;

	if (!(in->f_mode & FMODE_READ))
		return -EBADF;
	if (!in->f_op->read_iter)
		return -EINVAL;
	len = min(len, room);
	ret = rw_verify_area(ppos, len);
	if (ret)
		return ret == -EOVERFLOW ? -EINVAL : ret;
	ret = fsnotify_read_perm(in);
	if (ret)
		return ret;
	init_sync_kiocb(&kiocb, in);
	kiocb.ki_flags &= ~IOCB_DIRECT; /* pages of the cache are what it is about */
	if (nonblock && S_ISSOCK(file_inode(in)->i_mode))
		kiocb.ki_flags |= IOCB_NOWAIT;
	kiocb.ki_pos = *ppos;
	iov_iter_pipe(&to, pipe, len);
	ret = in->f_op->read_iter(&kiocb, &to);
	if (ret > 0) {
		*ppos = kiocb.ki_pos;
		fsnotify_file(in, IN_ACCESS);
	} else {
		pipe_take_back(pipe, len - iov_iter_count(&to));
	}
	return ret == -EFAULT ? -ENOMEM : ret; /* there was room: it is pages that are missing */
}

/* Have @out written from the oldest buffers, @len bytes at most. => not empty; mutex held, or nobody else's pipe */
static ssize_t drain(struct pipe_inode_info *pipe, struct file *out, loff_t *ppos, size_t len)
{
	/* Each buffer is a message of its own to a socket. */
	unsigned int max = S_ISSOCK(file_inode(out)->i_mode) ? 1 : PIPE_DEF_BUFFERS;
	struct kvec vec[PIPE_DEF_BUFFERS];
	unsigned int i, nr = 0;
	struct iov_iter from;
	size_t bytes = 0;
	ssize_t ret;

	for (i = pipe->tail; i != pipe->head && nr < max && bytes < len; i++, nr++) {
		struct pipe_buffer *buf = pipe_buf(pipe, i);

		vec[nr].iov_base = (char *)page_address(buf->page) + buf->offset;
		vec[nr].iov_len = min_t(size_t, buf->len, len - bytes);
		bytes += vec[nr].iov_len;
	}
	iov_iter_kvec(&from, ITER_SOURCE, vec, nr, bytes);
	ret = vfs_iter_write(out, &from, ppos, 0);
	if (ret > 0)
		pipe_drop(pipe, ret);
	return ret;
}

ssize_t splice_file_to_pipe(struct file *in, struct pipe_inode_info *pipe, loff_t *ppos, size_t len,
			    bool nonblock)
{
	ssize_t ret;

	mutex_lock(&pipe->mutex);
	ret = pipe_wait_for_room(pipe, nonblock);
	if (!ret)
		ret = fill(in, ppos, pipe, len, nonblock);
	pipe_wake(pipe);
	mutex_unlock(&pipe->mutex);
	return ret;
}

/* Until @len bytes are written, or the pipe is empty and something was. */
static ssize_t splice_pipe_to_file(struct pipe_inode_info *pipe, struct file *out, loff_t *ppos,
				   size_t len, bool nonblock)
{
	ssize_t done = 0, ret = 0;

	mutex_lock(&pipe->mutex);
	while (len) {
		ret = done && pipe_empty(pipe) ? 0 : pipe_wait_for_data(pipe, nonblock);
		if (ret <= 0)
			break;
		ret = drain(pipe, out, ppos, len);
		if (ret <= 0)
			break;
		done += ret;
		len -= ret;
		pipe_wake(pipe);
	}
	pipe_wake(pipe);
	mutex_unlock(&pipe->mutex);
	if (done)
		fsnotify_file(out, IN_MODIFY);
	return done ? done : ret;
}

/* One ring full, from file to file. Bytes written; *@err: why not all that were read. => @ring empty, and again afterwards */
static ssize_t copy_ring(struct pipe_inode_info *ring, struct file *in, loff_t *in_pos,
			 struct file *out, loff_t *out_pos, size_t len, ssize_t *err)
{
	loff_t start = *in_pos;
	ssize_t got = fill(in, in_pos, ring, len, false), done = 0, n = got;

	*err = got;
	while (done < got) {
		n = drain(ring, out, out_pos, got - done);
		if (n <= 0)
			break;
		done += n;
	}
	if (done < got) {
		*err = n;
		*in_pos = start + done;
		pipe_drop(ring, got - done);
	}
	return done;
}

ssize_t splice_between_files(struct file *in, loff_t *in_pos, struct file *out, loff_t *out_pos,
			     size_t len)
{
	struct pipe_inode_info *ring = alloc_pipe_info();
	ssize_t done = 0, err = 0;

	if (!ring)
		return -ENOMEM;
	while (len) {
		ssize_t n = copy_ring(ring, in, in_pos, out, out_pos, len, &err);

		done += n;
		len -= n;
		if (err <= 0 || signal_pending(current))
			break;
		cond_resched();
	}
	free_pipe_info(ring);
	return done ? done : err;
}

/* ---- from pipe to pipe ---- */

/* => the pipes are different */
static void lock_both(struct pipe_inode_info *a, struct pipe_inode_info *b)
{
	mutex_lock(&min(a, b)->mutex);
	mutex_lock_nested(&max(a, b)->mutex, 1);
}

static void unlock_both(struct pipe_inode_info *a, struct pipe_inode_info *b)
{
	mutex_unlock(&max(a, b)->mutex);
	mutex_unlock(&min(a, b)->mutex);
}

/* A second reference to @len bytes of @buf at the head of @out. => mutex held, not full */
static void share_buffer(struct pipe_buffer *buf, struct pipe_inode_info *out, u32 len)
{
	struct pipe_buffer *to = pipe_buf(out, out->head++);

	buf->flags = (buf->flags & ~PIPE_BUF_FLAG_CAN_MERGE) | PIPE_BUF_FLAG_REF;
	get_page(buf->page);
	*to = *buf;
	to->len = len;
}

/* Move buffers as long as there are any, and room. Bytes. => both held */
static ssize_t move_buffers(struct pipe_inode_info *in, struct pipe_inode_info *out, size_t len)
{
	ssize_t done = 0;

	while (len && !pipe_empty(in) && !pipe_full(out)) {
		struct pipe_buffer *buf = pipe_buf(in, in->tail);
		u32 n = min_t(size_t, buf->len, len);

		if (n == buf->len) {
			*pipe_buf(out, out->head++) = *buf;
			in->tail++;
		} else {
			share_buffer(buf, out, n);
			buf->offset += n;
			buf->len -= n;
		}
		done += n;
		len -= n;
	}
	return done;
}

/* The same without taking them away. */
static ssize_t share_buffers(struct pipe_inode_info *in, struct pipe_inode_info *out, size_t len)
{
	ssize_t done = 0;

	for (unsigned int i = in->tail; len && i != in->head && !pipe_full(out); i++) {
		struct pipe_buffer *buf = pipe_buf(in, i);
		u32 n = min_t(size_t, buf->len, len);

		share_buffer(buf, out, n);
		done += n;
		len -= n;
	}
	return done;
}

/* Wait for data in @in, then for room in @out. 1, 0: no data will come, or an errno. */
static int wait_for_both(struct pipe_inode_info *in, struct pipe_inode_info *out, bool nonblock)
{
	int ret, err;

	mutex_lock(&in->mutex);
	ret = pipe_wait_for_data(in, nonblock);
	mutex_unlock(&in->mutex);
	if (ret < 0)
		return ret;
	mutex_lock(&out->mutex);
	err = pipe_wait_for_room(out, nonblock);
	mutex_unlock(&out->mutex);
	return err ? err : ret;
}

/* @move: splice, else tee. => the pipes are different */
static ssize_t pipe_to_pipe(struct pipe_inode_info *in, struct pipe_inode_info *out, size_t len,
			    bool nonblock, bool move)
{
	ssize_t ret;

	do {
		ret = wait_for_both(in, out, nonblock);
		if (ret <= 0)
			return ret;
		lock_both(in, out);
		ret = move ? move_buffers(in, out, len) : share_buffers(in, out, len);
		pipe_wake(in);
		pipe_wake(out);
		unlock_both(in, out);
	} while (!ret); /* somebody was faster */
	return ret;
}

/* ---- the calls ---- */

/* => *@pos: where the end that is a file begins, and where it ended */
static ssize_t do_splice(struct file *in, struct file *out, loff_t *pos, size_t len,
			 unsigned int flags)
{
	struct pipe_inode_info *ipipe = get_pipe_info(in), *opipe = get_pipe_info(out);
	bool nonblock = flags & SPLICE_F_NONBLOCK;
	int err;

	if (ipipe && opipe) {
		if (ipipe == opipe)
			return -EINVAL;
		nonblock |= !!((in->f_flags | out->f_flags) & O_NONBLOCK);
		return pipe_to_pipe(ipipe, opipe, len, nonblock, true);
	}
	if (opipe)
		return splice_file_to_pipe(in, opipe, pos, len,
					   nonblock || out->f_flags & O_NONBLOCK);
	if (!ipipe || out->f_flags & O_APPEND)
		return -EINVAL;
	err = rw_verify_area(pos, len);
	if (err)
		return err == -EOVERFLOW ? -EINVAL : err;
	if (!out->f_op->write_iter)
		return -EINVAL;
	return splice_pipe_to_file(ipipe, out, pos, len, nonblock || in->f_flags & O_NONBLOCK);
}

/* Where @file is read or written: @off of the caller, if there is one, else its own position. */
static int get_offset(struct file *file, const loff_t __user *off, fmode_t need, loff_t *pos)
{
	if (get_pipe_info(file))
		return off ? -ESPIPE : 0;
	if (!off) {
		*pos = file->f_pos;
		return 0;
	}
	if (get_user(*pos, off))
		return -EFAULT;
	return file->f_mode & need ? 0 : -EINVAL;
}

static ssize_t splice_files(struct file *in, loff_t __user *off_in, struct file *out,
			    loff_t __user *off_out, size_t len, unsigned int flags)
{
	loff_t __user *off = off_in ? off_in : off_out;
	struct file *file = get_pipe_info(in) ? out : in;
	loff_t pos = 0;
	ssize_t ret;
	int err;

	if ((get_pipe_info(in) && off_in) || (get_pipe_info(out) && off_out))
		return -ESPIPE;
	if (!(in->f_mode & FMODE_READ) || !(out->f_mode & FMODE_WRITE))
		return -EBADF;
	err = get_offset(in, off_in, FMODE_PREAD, &pos)
		      ?: get_offset(out, off_out, FMODE_PWRITE, &pos);
	if (err)
		return err;
	ret = do_splice(in, out, &pos, len, flags);
	if (ret < 0 || get_pipe_info(file))
		return ret;
	if (off)
		return put_user(pos, off) ? -EFAULT : ret;
	file->f_pos = pos;
	return ret;
}

ssize_t splice_at(struct file *in, loff_t *off_in, struct file *out, loff_t *off_out, size_t len,
		  unsigned int flags)
{
	struct file *file = get_pipe_info(in) ? out : in;
	loff_t *off = file == in ? off_in : off_out, pos;
	ssize_t ret;

	if (!len)
		return 0;
	if ((get_pipe_info(in) && off_in) || (get_pipe_info(out) && off_out))
		return -ESPIPE;
	if (!(in->f_mode & FMODE_READ) || !(out->f_mode & FMODE_WRITE))
		return -EBADF;
	if (off && !(file->f_mode & (file == in ? FMODE_PREAD : FMODE_PWRITE)))
		return -EINVAL;
	pos = off ? *off : file->f_pos;
	ret = do_splice(in, out, &pos, len, flags);
	if (ret < 0 || get_pipe_info(file))
		return ret;
	*(off ?: &file->f_pos) = pos;
	return ret;
}

SYSCALL_DEFINE6(splice, int, fd_in, loff_t __user *, off_in, int, fd_out, loff_t __user *, off_out,
		size_t, len, unsigned int, flags)
{
	struct fd in, out;
	ssize_t ret = -EBADF;

	if (!len)
		return 0;
	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	in = fdget(fd_in);
	if (!in.file)
		return -EBADF;
	out = fdget(fd_out);
	if (out.file) {
		ret = splice_files(in.file, off_in, out.file, off_out, len, flags);
		fdput(out);
	}
	fdput(in);
	return ret;
}

ssize_t do_tee(struct file *in, struct file *out, size_t len, unsigned int flags)
{
	struct pipe_inode_info *ipipe = get_pipe_info(in), *opipe = get_pipe_info(out);
	bool nonblock = flags & SPLICE_F_NONBLOCK || (in->f_flags | out->f_flags) & O_NONBLOCK;

	if (!(in->f_mode & FMODE_READ) || !(out->f_mode & FMODE_WRITE))
		return -EBADF;
	if (!ipipe || !opipe || ipipe == opipe)
		return -EINVAL;
	return pipe_to_pipe(ipipe, opipe, len, nonblock, false);
}

SYSCALL_DEFINE4(tee, int, fd_in, int, fd_out, size_t, len, unsigned int, flags)
{
	struct fd in, out;
	ssize_t ret = -EBADF;

	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	if (!len)
		return 0;
	in = fdget(fd_in);
	if (!in.file)
		return -EBADF;
	out = fdget(fd_out);
	if (out.file) {
		ret = do_tee(in.file, out.file, len, flags);
		fdput(out);
	}
	fdput(in);
	return ret;
}
