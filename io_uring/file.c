// SPDX-License-Identifier: MIT
/*
 * Operations upon an open file, or upon memory, that are one function of the kernel each: FSYNC, SYNC_FILE_RANGE, FALLOCATE,
 * FADVISE, MADVISE, SPLICE, TEE, CLOSE, NOP. All but NOP and CLOSE are done by workers, since any of them may wait for a
 * disk or a pipe. io_uring_enter(2). Linux 6.1: io_uring/sync.c, advise.c, splice.c, openclose.c, nop.c.
 */
#include <base/errno.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/pipe.h>
#include <kernel/task.h>
#include <mm/filemap.h>
#include <mm/mmap.h>
#include "ops.h"

int io_prep_nop(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	return 0;
}

int io_issue_nop(struct io_kiocb *req, unsigned int how)
{
	return 0;
}

/* ---- fsync and its relatives ---- */

int io_prep_fsync(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	if (sqe->addr || sqe->buf_index || sqe->splice_fd_in)
		return -EINVAL;
	req->range =
		(struct io_range){ .flags = sqe->fsync_flags, .off = sqe->off, .len = sqe->len };
	return req->range.flags & ~IORING_FSYNC_DATASYNC ? -EINVAL : 0;
}

int io_issue_fsync(struct io_kiocb *req, unsigned int how)
{
	loff_t end = (loff_t)(req->range.off + req->range.len);

	return vfs_fsync_range(req->file, (loff_t)req->range.off, end > 0 ? end : MAX_LFS_FILESIZE,
			       req->range.flags & IORING_FSYNC_DATASYNC);
}

int io_prep_sync_file_range(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	if (sqe->addr || sqe->buf_index || sqe->splice_fd_in)
		return -EINVAL;
	req->range = (struct io_range){ .off = sqe->off,
					.len = sqe->len,
					.flags = sqe->sync_range_flags };
	return 0;
}

int io_issue_sync_file_range(struct io_kiocb *req, unsigned int how)
{
	return sync_file_range(req->file, (loff_t)req->range.off, (loff_t)req->range.len,
			       req->range.flags);
}

int io_prep_fallocate(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	if (sqe->buf_index || sqe->rw_flags || sqe->splice_fd_in)
		return -EINVAL;
	req->range = (struct io_range){ .off = sqe->off, .len = sqe->addr, .flags = sqe->len };
	return 0;
}

int io_issue_fallocate(struct io_kiocb *req, unsigned int how)
{
	return vfs_fallocate(req->file, (int)req->range.flags, (loff_t)req->range.off,
			     (loff_t)req->range.len);
}

/* ---- advice ---- */

int io_prep_fadvise(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	if (sqe->buf_index || sqe->addr || sqe->splice_fd_in)
		return -EINVAL;
	req->range =
		(struct io_range){ .off = sqe->off, .len = sqe->len, .flags = sqe->fadvise_advice };
	return 0;
}

int io_issue_fadvise(struct io_kiocb *req, unsigned int how)
{
	return vfs_fadvise(req->file, (loff_t)req->range.off, (loff_t)req->range.len,
			   (int)req->range.flags);
}

int io_prep_madvise(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	if (sqe->buf_index || sqe->off || sqe->splice_fd_in)
		return -EINVAL;
	req->range = (struct io_range){ .addr = sqe->addr,
					.len = sqe->len,
					.flags = sqe->fadvise_advice };
	return 0;
}

int io_issue_madvise(struct io_kiocb *req, unsigned int how)
{
	return do_madvise(current->mm, req->range.addr, req->range.len, (int)req->range.flags);
}

/* ---- pipes ---- */

static int prep_splice(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	req->range = (struct io_range){
		.addr = sqe->splice_off_in,
		.off = sqe->off,
		.len = sqe->len,
		.flags = sqe->splice_flags,
		.fd = sqe->splice_fd_in,
	};
	return req->range.flags & ~(SPLICE_F_FD_IN_FIXED | SPLICE_F_ALL) ? -EINVAL : 0;
}

int io_prep_splice(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	return prep_splice(req, sqe);
}

int io_prep_tee(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	return sqe->splice_off_in || sqe->off ? -EINVAL : prep_splice(req, sqe);
}

void io_cleanup_splice(struct io_kiocb *req)
{
	if (req->range.in)
		fput(req->range.in);
}

static struct file *splice_in(struct io_kiocb *req, unsigned int how)
{
	if (!req->range.in)
		req->range.in = io_file_get(req->ctx, req->range.fd,
					    req->range.flags & SPLICE_F_FD_IN_FIXED, how);
	return req->range.in;
}

/* A transfer that is shorter than asked for breaks a chain. */
static int splice_result(struct io_kiocb *req, ssize_t ret)
{
	if (ret != (ssize_t)req->range.len)
		req->flags |= REQ_FAIL;
	return io_fix_errno(ret);
}

int io_issue_splice(struct io_kiocb *req, unsigned int how)
{
	struct file *in = splice_in(req, how);
	loff_t off_in = (loff_t)req->range.addr, off_out = (loff_t)req->range.off;

	if (!in)
		return -EBADF;
	return splice_result(req, splice_at(in, off_in == -1 ? NULL : &off_in, req->file,
					    off_out == -1 ? NULL : &off_out, req->range.len,
					    req->range.flags & SPLICE_F_ALL));
}

int io_issue_tee(struct io_kiocb *req, unsigned int how)
{
	struct file *in = splice_in(req, how);

	if (!in)
		return -EBADF;
	return splice_result(req, req->range.len ? do_tee(in, req->file, req->range.len,
							  req->range.flags & SPLICE_F_ALL)
						 : 0);
}

/* ---- close ---- */

int io_prep_close(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	if (sqe->off || sqe->addr || sqe->len || sqe->rw_flags || sqe->buf_index)
		return -EINVAL;
	if (req->flags & IOSQE_FIXED_FILE)
		return -EBADF;
	if (sqe->file_index) /* a registered file: emptied by IORING_OP_FILES_UPDATE, or by register */
		return -EINVAL;
	return 0;
}

/* A ring cannot be closed through a ring. A file whose close may sleep is a worker's. */
int io_issue_close(struct io_kiocb *req, unsigned int how)
{
	struct file *file = fget_raw(req->fd);
	bool ring, sleeps;

	if (!file)
		return -EBADF;
	ring = io_ctx_of(file);
	sleeps = file->f_op->flush;
	fput(file);
	if (ring)
		return -EBADF;
	if (sleeps && !(how & IO_WORKER)) {
		req->flags |= REQ_TO_WORKER;
		return -EAGAIN;
	}
	return io_fix_errno(close_fd(req->fd));
}
