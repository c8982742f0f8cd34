// SPDX-License-Identifier: MIT
/*
 * vmsplice(2): pages of a process go into a pipe by reference.
 *
 * 1 Each buffer holds a reference to the page, taken by get_user_pages_fast() and dropped by the pipe when the buffer has
 *   been read. Nothing is copied: until then a reader sees what the process writes, as long as the page stays its own.
 *   After fork it may not: copy-on-write decides (mm/fault/cow.c), and the reference is one that it cannot see the
 *   holder of. With SPLICE_F_GIFT Linux may move the page into a file later; here the flag changes nothing.
 * 2 No buffer of this kind is ever appended to, for the page is not the pipe's.
 * 3 The other end of the pipe: vmsplice copies into memory, as read does.
 * 4 Locks: pipe->mutex, across the faults as for write(2). It is not held while waiting for room.
 *
 * Linux 6.1: fs/splice.c.
 */
#include <base/errno.h>
#include <base/math.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/iov_iter.h>
#include <fs/pipe.h>
#include <kernel/ksyscall.h>
#include <mm/gup.h>
#include <mm/slab.h>

#define BATCH 16

/* References to pages of one piece of memory. Bytes, or an errno. => mutex held, not full */
static ssize_t give_pages(struct pipe_inode_info *pipe, unsigned long addr, size_t len)
{
	unsigned int room = pipe->ring_size - (pipe->head - pipe->tail);
	struct page *pages[BATCH];
	size_t offset = offset_in_page(addr), given = 0;
	int nr = min_t(size_t, DIV_ROUND_UP(offset + len, PAGE_SIZE),
		       min_t(unsigned int, room, BATCH));

	nr = get_user_pages_fast(addr, nr, 0, pages);
	if (nr <= 0)
		return nr ? nr : -EFAULT;
	for (int i = 0; i < nr; i++, offset = 0) {
		size_t n = min_t(size_t, len - given, PAGE_SIZE - offset);

		*pipe_buf(pipe, pipe->head) =
			(struct pipe_buffer){ pages[i], offset, n, PIPE_BUF_FLAG_REF };
		pipe->head++;
		given += n;
	}
	return given;
}

/* As much as there is room for. Bytes, or an errno when none. => mutex held */
static ssize_t give(struct pipe_inode_info *pipe, struct iov_iter *from)
{
	ssize_t done = 0, n = 0;

	while (iov_iter_count(from) && !pipe_full(pipe)) {
		size_t len;
		unsigned long addr = iov_iter_piece(from, &len);

		n = len ? give_pages(pipe, addr, len) : 0;
		if (n < 0)
			break;
		iov_iter_advance(from, n);
		done += n;
	}
	return done ? done : n;
}

static ssize_t vmsplice_to_pipe(struct pipe_inode_info *pipe, struct iov_iter *from,
				unsigned int flags)
{
	ssize_t ret;

	mutex_lock(&pipe->mutex);
	ret = pipe_wait_for_room(pipe, flags & SPLICE_F_NONBLOCK);
	if (!ret)
		ret = give(pipe, from);
	pipe_wake(pipe); /* the wake-up was for one writer: pass it on when there is more room */
	mutex_unlock(&pipe->mutex);
	return ret;
}

static ssize_t do_vmsplice(struct file *file, const struct iovec __user *vec, unsigned long nr,
			   unsigned int flags)
{
	struct pipe_inode_info *pipe = get_pipe_info(file);
	struct iovec stack[UIO_FASTIOV_K], *iov = stack;
	bool to_pipe = file->f_mode & FMODE_WRITE;
	struct iov_iter iter;
	ssize_t ret;

	if (!(file->f_mode & (FMODE_READ | FMODE_WRITE)))
		return -EBADF;
	ret = import_iovec(to_pipe ? ITER_SOURCE : ITER_DEST, vec, nr, ARRAY_SIZE(stack), &iov,
			   &iter);
	if (ret <= 0)
		goto out;
	if (!pipe)
		ret = -EBADF;
	else if (to_pipe)
		ret = vmsplice_to_pipe(pipe, &iter, flags);
	else
		ret = pipe_read(pipe, &iter, flags & SPLICE_F_NONBLOCK);
out:
	kfree(iov);
	return ret;
}

SYSCALL_DEFINE4(vmsplice, int, fd, const struct iovec __user *, vec, unsigned long, nr,
		unsigned int, flags)
{
	struct fd f;
	ssize_t ret;

	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	ret = do_vmsplice(f.file, vec, nr, flags);
	fdput(f);
	return ret;
}
