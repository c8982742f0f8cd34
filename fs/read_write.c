// SPDX-License-Identifier: MIT
/*
 * read, write, lseek and their relatives, from the number to the file's operations.
 * Checks in the order of Linux: EBADF (mode), EINVAL (no operation), EFAULT (range), EINVAL (offset); a transfer
 * is cut to MAX_RW_COUNT. Files with read_iter/write_iter are driven through an iov_iter.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/file.h>
#include <fs/fsnotify.h>
#include <fs/inode.h>
#include <fs/iov_iter.h>
#include <fs/mount.h>
#include <fs/pipe.h>
#include <kernel/ksyscall.h>
#include <kernel/sched.h>
#include <mm/slab.h>
#include <seam/uaccess.h>
#include <linux/fs.h>
#include <linux/uio.h>
#include "fs_internal.h"

#define MAX_RW_COUNT (0x7fffffffL & PAGE_MASK)

/* Seeking --------------------------------------------------------------------------------------- */

loff_t vfs_setpos(struct file *file, loff_t offset, loff_t maxsize)
{
	if (offset < 0 || offset > maxsize)
		return -EINVAL;
	if (offset != file->f_pos) {
		file->f_pos = offset;
		file->f_version = 0;
	}
	return offset;
}

loff_t generic_file_llseek_size(struct file *file, loff_t offset, int whence, loff_t maxsize,
				loff_t eof)
{
	switch (whence) {
	case SEEK_END:
		offset += eof;
		break;
	case SEEK_CUR:
		if (!offset)
			return file->f_pos;
		offset += file->f_pos;
		break;
	case SEEK_DATA: /* no holes known: all is data up to the end */
		if ((unsigned long long)offset >= eof)
			return -ENXIO;
		break;
	case SEEK_HOLE:
		if ((unsigned long long)offset >= eof)
			return -ENXIO;
		offset = eof;
		break;
	}
	return vfs_setpos(file, offset, maxsize);
}

loff_t generic_file_llseek(struct file *file, loff_t offset, int whence)
{
	struct inode *inode = file->f_mapping->host;

	return generic_file_llseek_size(file, offset, whence, inode->i_sb->s_maxbytes,
					i_size_read(inode));
}

loff_t fixed_size_llseek(struct file *file, loff_t offset, int whence, loff_t size)
{
	if (whence != SEEK_SET && whence != SEEK_CUR && whence != SEEK_END)
		return -EINVAL;
	return generic_file_llseek_size(file, offset, whence, size, size);
}

loff_t noop_llseek(struct file *file, loff_t offset, int whence)
{
	return file->f_pos;
}

loff_t no_llseek(struct file *file, loff_t offset, int whence)
{
	return -ESPIPE;
}

static loff_t vfs_llseek(struct file *file, loff_t offset, int whence)
{
	if (!(file->f_mode & FMODE_LSEEK))
		return -ESPIPE;
	return file->f_op->llseek(file, offset, whence);
}

SYSCALL_DEFINE3(lseek, unsigned int, fd, loff_t, offset, unsigned int, whence)
{
	struct fd f = fdget_pos(fd);
	loff_t ret = -EINVAL;

	if (!f.file)
		return -EBADF;
	if (whence <= SEEK_HOLE)
		ret = vfs_llseek(f.file, offset, whence);
	fdput_pos(f);
	return ret;
}

/* Checks ---------------------------------------------------------------------------------------- */

int rw_verify_area(const loff_t *ppos, size_t count)
{
	if ((ssize_t)count < 0)
		return -EINVAL;
	if (ppos) {
		if (*ppos < 0)
			return -EINVAL; /* devices of more than 2^63 bytes do not exist here */
		if ((loff_t)(*ppos + count) < 0)
			return -EOVERFLOW;
	}
	return 0;
}

static int verify_area(const loff_t *ppos, size_t count)
{
	int err = rw_verify_area(ppos, count);

	return err == -EOVERFLOW ? -EINVAL : err;
}

/* And may @file be read? */
static int rw_verify_read(struct file *file, const loff_t *ppos, size_t count)
{
	int err = verify_area(ppos, count);

	return err ? err : fsnotify_read_perm(file);
}

int iocb_flags(struct file *file)
{
	int res = 0;

	if (file->f_flags & O_APPEND)
		res |= IOCB_APPEND;
	if (file->f_flags & O_DIRECT)
		res |= IOCB_DIRECT;
	if (file->f_flags & O_DSYNC)
		res |= IOCB_DSYNC;
	if ((file->f_flags & O_SYNC) == O_SYNC)
		res |= IOCB_SYNC;
	return res;
}

/* The RWF_* of preadv2 and friends into @ki. 0, -EOPNOTSUPP. */
int kiocb_set_rw_flags(struct kiocb *ki, int flags)
{
	if (flags & ~(RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND))
		return -EOPNOTSUPP;
	if ((flags & RWF_NOWAIT) && !(ki->ki_filp->f_mode & FMODE_NOWAIT))
		return -EOPNOTSUPP;
	ki->ki_flags |= flags;
	return 0;
}

/* Files without read_iter or write_iter can be driven segment by segment. */
static ssize_t loop_segments(struct file *file, struct iov_iter *iter, loff_t *ppos, bool write,
			     int flags)
{
	ssize_t ret = 0;

	if (flags & ~RWF_HIPRI)
		return -EOPNOTSUPP;
	while (iov_iter_count(iter)) {
		void __user *base;
		size_t len;
		ssize_t nr;

		if (iter->iter_type == ITER_UBUF) {
			base = iter->ubuf + iter->iov_offset;
			len = iter->count;
		} else {
			base = iter->iov->iov_base + iter->iov_offset;
			len = min((size_t)(iter->iov->iov_len - iter->iov_offset), iter->count);
		}
		nr = write ? file->f_op->write(file, base, len, ppos)
			   : file->f_op->read(file, base, len, ppos);
		if (nr < 0) {
			if (!ret)
				ret = nr;
			break;
		}
		ret += nr;
		if (nr != len)
			break;
		iov_iter_advance(iter, nr);
	}
	return ret;
}

/* Reading and writing --------------------------------------------------------------------------- */

/* One transfer through read_iter or write_iter. */
static ssize_t call_iter(struct file *file, struct iov_iter *iter, loff_t *ppos, bool write,
			 int flags)
{
	struct kiocb kiocb;
	ssize_t ret;

	init_sync_kiocb(&kiocb, file);
	ret = kiocb_set_rw_flags(&kiocb, flags);
	if (ret)
		return ret;
	kiocb.ki_pos = ppos ? *ppos : 0;
	if (write)
		kiocb.ki_flags |= IOCB_WRITE;
	ret = write ? file->f_op->write_iter(&kiocb, iter) : file->f_op->read_iter(&kiocb, iter);
	if (ppos)
		*ppos = kiocb.ki_pos;
	return ret;
}

/* A call that moved @ret bytes, or failed: for /proc/PID/io, and for who watches @file. */
static __always_inline void count_call(struct file *file, bool write, ssize_t ret)
{
	if (write)
		task_io_write(&current->io, ret);
	else
		task_io_read(&current->io, ret);
	if (fsnotify_wanted() && ret > 0)
		fsnotify_file(file, write ? IN_MODIFY : IN_ACCESS);
}

/* => all that vfs_read() checks was checked */
static __always_inline ssize_t read_checked(struct file *file, char __user *buf, size_t count,
					    loff_t *pos)
{
	struct iov_iter iter;
	ssize_t ret;

	if (count > MAX_RW_COUNT)
		count = MAX_RW_COUNT;
	if (file->f_op->read) {
		ret = file->f_op->read(file, buf, count, pos);
	} else {
		iov_iter_ubuf(&iter, ITER_DEST, buf, count);
		ret = call_iter(file, &iter, pos, false, 0);
	}
	count_call(file, false, ret);
	return ret;
}

/* Out of the way: a call in between would cost all others, whom nobody has to allow it, registers. */
static noinline ssize_t read_if_allowed(struct file *file, char __user *buf, size_t count,
					loff_t *pos)
{
	int err = fsnotify_read_perm(file);

	return err ? err : read_checked(file, buf, count, pos);
}

/* May @file, open for @mode and able to (@can), move @count bytes? 0, -EBADF, -EINVAL, -EFAULT, -EOVERFLOW. */
static __always_inline int check_call(const struct file *file, fmode_t mode, fmode_t can,
				      const char __user *buf, size_t count, const loff_t *pos)
{
	if (!(file->f_mode & mode))
		return -EBADF;
	if (!(file->f_mode & can))
		return -EINVAL;
	if (unlikely(!access_ok(buf, count)))
		return -EFAULT;
	return verify_area(pos, count);
}

ssize_t vfs_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	int err = check_call(file, FMODE_READ, FMODE_CAN_READ, buf, count, pos);

	if (err)
		return err;
	if (fsnotify_perm_wanted())
		return read_if_allowed(file, buf, count, pos);
	return read_checked(file, buf, count, pos);
}

ssize_t vfs_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct iov_iter iter;
	ssize_t ret = check_call(file, FMODE_WRITE, FMODE_CAN_WRITE, buf, count, pos);

	if (ret)
		return ret;
	if (count > MAX_RW_COUNT)
		count = MAX_RW_COUNT;
	if (file->f_op->write) {
		ret = file->f_op->write(file, buf, count, pos);
	} else {
		iov_iter_ubuf(&iter, ITER_SOURCE, (void __user *)buf, count);
		ret = call_iter(file, &iter, pos, true, 0);
	}
	count_call(file, true, ret);
	return ret;
}

/* A kernel buffer: only for files with read_iter / write_iter. */
ssize_t kernel_read(struct file *file, void *buf, size_t count, loff_t *pos)
{
	struct kvec iov = { buf, min(count, (size_t)MAX_RW_COUNT) };
	struct iov_iter iter;
	int err;

	if (!(file->f_mode & FMODE_READ))
		return -EINVAL;
	if (!file->f_op->read_iter || file->f_op->read)
		return -EINVAL;
	err = rw_verify_area(pos, count);
	if (!err)
		err = fsnotify_read_perm(file);
	if (err)
		return err;
	iov_iter_kvec(&iter, ITER_DEST, &iov, 1, iov.iov_len);
	return call_iter(file, &iter, pos, false, 0);
}

ssize_t kernel_write(struct file *file, const void *buf, size_t count, loff_t *pos)
{
	struct kvec iov = { (void *)buf, min(count, (size_t)MAX_RW_COUNT) };
	struct iov_iter iter;
	int err;

	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	if (!file->f_op->write_iter || file->f_op->write)
		return -EINVAL;
	err = rw_verify_area(pos, count);
	if (err)
		return err;
	iov_iter_kvec(&iter, ITER_SOURCE, &iov, 1, iov.iov_len);
	return call_iter(file, &iter, pos, true, 0);
}

static inline loff_t *file_ppos(struct file *file)
{
	return file->f_mode & FMODE_STREAM ? NULL : &file->f_pos;
}

SYSCALL_DEFINE3(read, unsigned int, fd, char __user *, buf, size_t, count)
{
	struct fd f = fdget_pos(fd);
	loff_t pos, *ppos;
	ssize_t ret;

	if (unlikely(!f.file))
		return -EBADF;
	ppos = file_ppos(f.file);
	if (ppos) {
		pos = *ppos;
		ppos = &pos;
	}
	ret = vfs_read(f.file, buf, count, ppos);
	if (ret >= 0 && ppos)
		f.file->f_pos = pos;
	fdput_pos(f);
	return ret;
}

SYSCALL_DEFINE3(write, unsigned int, fd, const char __user *, buf, size_t, count)
{
	struct fd f = fdget_pos(fd);
	loff_t pos, *ppos;
	ssize_t ret;

	if (unlikely(!f.file))
		return -EBADF;
	ppos = file_ppos(f.file);
	if (ppos) {
		pos = *ppos;
		ppos = &pos;
	}
	ret = vfs_write(f.file, buf, count, ppos);
	if (ret >= 0 && ppos)
		f.file->f_pos = pos;
	fdput_pos(f);
	return ret;
}

SYSCALL_DEFINE4(pread64, unsigned int, fd, char __user *, buf, size_t, count, loff_t, pos)
{
	struct fd f;
	ssize_t ret = -ESPIPE;

	if (pos < 0)
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	if (f.file->f_mode & FMODE_PREAD)
		ret = vfs_read(f.file, buf, count, &pos);
	fdput(f);
	return ret;
}

SYSCALL_DEFINE4(pwrite64, unsigned int, fd, const char __user *, buf, size_t, count, loff_t, pos)
{
	struct fd f;
	ssize_t ret = -ESPIPE;

	if (pos < 0)
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	if (f.file->f_mode & FMODE_PWRITE)
		ret = vfs_write(f.file, buf, count, &pos);
	fdput(f);
	return ret;
}

/* Vectors --------------------------------------------------------------------------------------- */

static ssize_t do_iter(struct file *file, struct iov_iter *iter, loff_t *ppos, bool write,
		       int flags)
{
	fmode_t mode = write ? FMODE_WRITE : FMODE_READ,
		can = write ? FMODE_CAN_WRITE : FMODE_CAN_READ;
	ssize_t ret;

	if (!(file->f_mode & mode))
		return -EBADF;
	if (!(file->f_mode & can))
		return -EINVAL;
	if (!iov_iter_count(iter))
		return 0;
	ret = write ? verify_area(ppos, iov_iter_count(iter))
		    : rw_verify_read(file, ppos, iov_iter_count(iter));
	if (ret)
		return ret;
	if (write ? !!file->f_op->write_iter : !!file->f_op->read_iter)
		return call_iter(file, iter, ppos, write, flags);
	return loop_segments(file, iter, ppos, write, flags);
}

ssize_t vfs_iter_write(struct file *file, struct iov_iter *iter, loff_t *ppos, int flags)
{
	return file->f_op->write_iter ? do_iter(file, iter, ppos, true, flags) : -EINVAL;
}

static ssize_t vector_io(struct file *file, const struct iovec __user *vec, unsigned long vlen,
			 loff_t *pos, bool write, int flags)
{
	struct iovec iovstack[UIO_FASTIOV_K], *iov = iovstack;
	struct iov_iter iter;
	ssize_t ret;

	ret = import_iovec(write ? ITER_SOURCE : ITER_DEST, vec, vlen, ARRAY_SIZE(iovstack), &iov,
			   &iter);
	if (ret < 0)
		return ret;
	ret = do_iter(file, &iter, pos, write, flags);
	kfree(iov);
	return ret;
}

static ssize_t do_vector(unsigned long fd, const struct iovec __user *vec, unsigned long vlen,
			 bool write, int flags)
{
	struct fd f = fdget_pos(fd);
	loff_t pos, *ppos;
	ssize_t ret;

	if (!f.file)
		return -EBADF;
	ppos = file_ppos(f.file);
	if (ppos) {
		pos = *ppos;
		ppos = &pos;
	}
	ret = vector_io(f.file, vec, vlen, ppos, write, flags);
	if (ret >= 0 && ppos)
		f.file->f_pos = pos;
	count_call(f.file, write, ret);
	fdput_pos(f);
	return ret;
}

static ssize_t do_pvector(unsigned long fd, const struct iovec __user *vec, unsigned long vlen,
			  loff_t pos, bool write, int flags)
{
	struct fd f;
	ssize_t ret = -ESPIPE;

	if (pos < 0)
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	if (f.file->f_mode & (write ? FMODE_PWRITE : FMODE_PREAD))
		ret = vector_io(f.file, vec, vlen, &pos, write, flags);
	count_call(f.file, write, ret);
	fdput(f);
	return ret;
}

SYSCALL_DEFINE3(readv, unsigned long, fd, const struct iovec __user *, vec, unsigned long, vlen)
{
	return do_vector(fd, vec, vlen, false, 0);
}

SYSCALL_DEFINE3(writev, unsigned long, fd, const struct iovec __user *, vec, unsigned long, vlen)
{
	return do_vector(fd, vec, vlen, true, 0);
}

SYSCALL_DEFINE5(preadv, unsigned long, fd, const struct iovec __user *, vec, unsigned long, vlen,
		unsigned long, pos_l, unsigned long, pos_h)
{
	return do_pvector(fd, vec, vlen, pos_l, false, 0);
}

SYSCALL_DEFINE5(pwritev, unsigned long, fd, const struct iovec __user *, vec, unsigned long, vlen,
		unsigned long, pos_l, unsigned long, pos_h)
{
	return do_pvector(fd, vec, vlen, pos_l, true, 0);
}

SYSCALL_DEFINE6(preadv2, unsigned long, fd, const struct iovec __user *, vec, unsigned long, vlen,
		unsigned long, pos_l, unsigned long, pos_h, int, flags)
{
	if ((loff_t)pos_l == -1)
		return do_vector(fd, vec, vlen, false, flags);
	return do_pvector(fd, vec, vlen, pos_l, false, flags);
}

SYSCALL_DEFINE6(pwritev2, unsigned long, fd, const struct iovec __user *, vec, unsigned long, vlen,
		unsigned long, pos_l, unsigned long, pos_h, int, flags)
{
	if ((loff_t)pos_l == -1)
		return do_vector(fd, vec, vlen, true, flags);
	return do_pvector(fd, vec, vlen, pos_l, true, flags);
}

/* From file to file ----------------------------------------------------------------------------- */

/* @count bytes of @in to @out, which may be a pipe. */
static ssize_t send_to(struct file *in, loff_t *in_pos, struct file *out, size_t count)
{
	struct pipe_inode_info *pipe = get_pipe_info(out);
	loff_t out_pos = out->f_pos;
	ssize_t ret;

	if (pipe && !get_pipe_info(in))
		return splice_file_to_pipe(in, pipe, in_pos, count, out->f_flags & O_NONBLOCK);
	if (!(in->f_mode & FMODE_LSEEK) || !in->f_op->read_iter || !out->f_op->write_iter ||
	    (out->f_flags & O_APPEND))
		return -EINVAL;
	ret = splice_between_files(in, in_pos, out, file_ppos(out) ? &out_pos : NULL, count);
	if (ret > 0 && file_ppos(out))
		out->f_pos = out_pos;
	return ret;
}

static ssize_t do_sendfile(int out_fd, int in_fd, loff_t *ppos, size_t count)
{
	struct fd in = fdget(in_fd), out;
	ssize_t ret = -EBADF;
	loff_t in_pos;

	if (!in.file)
		return -EBADF;
	if (!(in.file->f_mode & FMODE_READ))
		goto put_in;
	ret = -ESPIPE;
	if (ppos && !(in.file->f_mode & FMODE_PREAD))
		goto put_in;
	in_pos = ppos ? *ppos : in.file->f_pos;
	ret = rw_verify_read(in.file, &in_pos, count);
	if (ret)
		goto put_in;
	if (count > MAX_RW_COUNT)
		count = MAX_RW_COUNT;
	ret = -EBADF;
	out = fdget(out_fd);
	if (!out.file)
		goto put_in;
	if (!(out.file->f_mode & FMODE_WRITE))
		goto put_out;
	ret = send_to(in.file, &in_pos, out.file, count);
	if (ret > 0) {
		if (ppos)
			*ppos = in_pos;
		else
			in.file->f_pos = in_pos;
	}
	count_call(in.file, false, ret);
	count_call(out.file, true, ret);
put_out:
	fdput(out);
put_in:
	fdput(in);
	return ret;
}

SYSCALL_DEFINE4(sendfile, int, out_fd, int, in_fd, loff_t __user *, offset, size_t, count)
{
	loff_t pos;
	ssize_t ret;

	if (!offset)
		return do_sendfile(out_fd, in_fd, NULL, count);
	if (get_user(pos, offset))
		return -EFAULT;
	ret = do_sendfile(out_fd, in_fd, &pos, count);
	return put_user(pos, offset) ? -EFAULT : ret;
}

/* May @in be copied to @out? As Linux 6.1 checks, in its order. *@len is cut to what there is. */
static int copy_range_checks(struct file *in, loff_t pos_in, struct file *out, loff_t pos_out,
			     size_t *len)
{
	struct inode *inode_in = file_inode(in), *inode_out = file_inode(out);
	loff_t size = i_size_read(inode_in);

	if (S_ISDIR(inode_in->i_mode) || S_ISDIR(inode_out->i_mode))
		return -EISDIR;
	if (!S_ISREG(inode_in->i_mode) || !S_ISREG(inode_out->i_mode))
		return -EINVAL;
	if (!(in->f_mode & FMODE_READ) || !(out->f_mode & FMODE_WRITE) || (out->f_flags & O_APPEND))
		return -EBADF;
	if (inode_in->i_sb != inode_out->i_sb)
		return -EXDEV;
	if (IS_IMMUTABLE(inode_out))
		return -EPERM;
	if ((u64)pos_in + *len < (u64)pos_in || (u64)pos_out + *len < (u64)pos_out)
		return -EOVERFLOW;
	*len = pos_in < size ? min_t(u64, *len, size - pos_in) : 0;
	if (inode_in == inode_out && pos_out + (loff_t)*len > pos_in &&
	    pos_out < pos_in + (loff_t)*len)
		return -EINVAL;
	return rw_verify_read(in, &pos_in, *len) ?: verify_area(&pos_out, *len);
}

ssize_t vfs_copy_file_range(struct file *in, loff_t pos_in, struct file *out, loff_t pos_out,
			    size_t len, unsigned int flags)
{
	ssize_t ret;

	if (flags)
		return -EINVAL;
	ret = copy_range_checks(in, pos_in, out, pos_out, &len);
	if (ret || !len)
		return ret;
	ret = splice_between_files(in, &pos_in, out, &pos_out, min(len, (size_t)MAX_RW_COUNT));
	count_call(in, false, ret);
	count_call(out, true, ret);
	return ret;
}

SYSCALL_DEFINE6(copy_file_range, int, fd_in, loff_t __user *, off_in, int, fd_out, loff_t __user *,
		off_out, size_t, len, unsigned int, flags)
{
	struct fd in = fdget(fd_in), out = fdget(fd_out);
	loff_t pos_in, pos_out;
	ssize_t ret = -EBADF;

	if (!in.file || !out.file)
		goto put;
	ret = -EFAULT;
	pos_in = in.file->f_pos;
	pos_out = out.file->f_pos;
	if ((off_in && get_user(pos_in, off_in)) || (off_out && get_user(pos_out, off_out)))
		goto put;
	ret = vfs_copy_file_range(in.file, pos_in, out.file, pos_out, len, flags);
	if (ret <= 0)
		goto put;
	if (off_in) {
		if (put_user(pos_in + ret, off_in))
			ret = -EFAULT;
	} else {
		in.file->f_pos = pos_in + ret;
	}
	if (off_out) {
		if (put_user(pos_out + ret, off_out))
			ret = -EFAULT;
	} else {
		out.file->f_pos = pos_out + ret;
	}
put:
	if (out.file)
		fdput(out);
	if (in.file)
		fdput(in);
	return ret;
}
