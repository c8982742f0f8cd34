/* SPDX-License-Identifier: MIT */
/*
 * Pipes and FIFOs (pipe(7), fifo(7)).
 *
 *   writers -> bufs[head-1] ... bufs[tail] -> readers        head - tail <= ring_size
 *
 * Each buffer is a part of one page. A write fills whole pages and may append a small rest to the
 * last buffer; writes of at most PIPE_BUF bytes enter in one piece (POSIX), because the mutex is
 * kept until the whole of them has found room, or not a byte of them is written.
 *
 * Locks: pipe->mutex for everything; i_lock for the number of files. It is never held while the
 * task sleeps for data or room.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/iov_iter.h>
#include <fs/mount.h>
#include <fs/pipe.h>
#include <fs/poll.h>
#include <fs/super.h>
#include <kernel/cred.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/gfp.h>
#include <mm/ledger.h>
#include <mm/slab.h>
#include <seam/page.h>
#include <seam/uaccess.h>
#include <sync/ranks.h>

#include <asm/ioctls.h>
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/magic.h>

unsigned int pipe_max_size = 1048576;
static struct vfsmount *pipe_mnt;

struct pipe_inode_info *alloc_pipe_info(void)
{
	struct pipe_inode_info *pipe = kzalloc(sizeof(*pipe), GFP_KERNEL_ACCOUNT);

	if (!pipe)
		return NULL;
	pipe->ring_size = PIPE_DEF_BUFFERS;
	pipe->bufs = kcalloc(pipe->ring_size, sizeof(*pipe->bufs), GFP_KERNEL_ACCOUNT);
	if (!pipe->bufs) {
		kfree(pipe);
		return NULL;
	}
	mutex_init(&pipe->mutex, LOCK_PIPE);
	init_waitqueue_head(&pipe->rd_wait);
	init_waitqueue_head(&pipe->wr_wait);
	return pipe;
}

/* Drop the oldest buffer; its page is kept for a writer. => mutex held */
static void pop_buf(struct pipe_inode_info *pipe)
{
	struct pipe_buffer *buf = pipe_buf(pipe, pipe->tail++);

	if (buf->flags & PIPE_BUF_FLAG_REF)
		put_page(buf->page);
	else if (pipe->spare)
		__free_page(buf->page);
	else
		pipe->spare = buf->page;
}

void free_pipe_info(struct pipe_inode_info *pipe)
{
	while (pipe->tail != pipe->head)
		pop_buf(pipe);
	if (pipe->spare)
		__free_page(pipe->spare);
	kfree(pipe->bufs);
	kfree(pipe);
}

/* Read what is there, up to the iterator's size. Bytes, or -EFAULT when none. => mutex held */
static ssize_t pipe_take(struct pipe_inode_info *pipe, struct iov_iter *to)
{
	ssize_t done = 0;

	while (iov_iter_count(to) && pipe->head != pipe->tail) {
		struct pipe_buffer *buf = pipe_buf(pipe, pipe->tail);
		size_t want = min_t(size_t, buf->len, iov_iter_count(to));
		size_t n = copy_page_to_iter(buf->page, buf->offset, want, to);
		bool packet = buf->flags & PIPE_BUF_FLAG_PACKET;

		done += n;
		buf->offset += n;
		buf->len -= n;
		if (n < want)
			return done ? done : -EFAULT;
		if (packet)
			buf->len = 0; /* what did not fit is lost */
		if (!buf->len)
			pop_buf(pipe);
		if (packet)
			break;
	}
	return done;
}

ssize_t pipe_read(struct pipe_inode_info *pipe, struct iov_iter *to, bool nonblock)
{
	bool was_full;
	ssize_t ret;

	if (!iov_iter_count(to))
		return 0;
	mutex_lock(&pipe->mutex);
	for (;;) {
		was_full = pipe_full(pipe);
		ret = pipe_take(pipe, to);
		if (ret || !pipe->writers)
			break;
		if (nonblock) {
			ret = -EAGAIN;
			break;
		}
		mutex_unlock(&pipe->mutex);
		if (wait_event_interruptible_exclusive(
			    pipe->rd_wait, !pipe_empty(pipe) || !READ_ONCE(pipe->writers)))
			return -ERESTARTSYS;
		mutex_lock(&pipe->mutex);
	}
	if ((was_full || pipe->polled) && ret > 0 && !pipe_full(pipe))
		wake_up_interruptible_sync_poll(&pipe->wr_wait, EPOLLOUT | EPOLLWRNORM);
	/* The wake-up was for one reader: pass it on when there is more. */
	if (pipe->head != pipe->tail || !pipe->writers)
		wake_up_interruptible_sync_poll(&pipe->rd_wait, EPOLLIN | EPOLLRDNORM);
	mutex_unlock(&pipe->mutex);
	return ret;
}

static ssize_t pipe_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct file *file = iocb->ki_filp;

	return pipe_read(file->private_data, to,
			 file->f_flags & O_NONBLOCK || iocb->ki_flags & IOCB_NOWAIT);
}

/* Append to the last buffer if the whole small rest fits there. Bytes, -EFAULT. => mutex held */
static ssize_t pipe_merge(struct pipe_inode_info *pipe, struct iov_iter *from)
{
	size_t chars = iov_iter_count(from) & (PAGE_SIZE - 1);
	struct pipe_buffer *buf;
	size_t n;

	if (!chars || pipe->head == pipe->tail)
		return 0;
	buf = pipe_buf(pipe, pipe->head - 1);
	if (!(buf->flags & PIPE_BUF_FLAG_CAN_MERGE) || buf->offset + buf->len + chars > PAGE_SIZE)
		return 0;
	n = copy_page_from_iter(buf->page, buf->offset + buf->len, chars, from);
	buf->len += n;
	return n < chars ? -EFAULT : (ssize_t)n;
}

/* A page for a buffer; NULL: no memory. => mutex held */
static struct page *new_page(struct pipe_inode_info *pipe)
{
	struct page *page = pipe->spare;

	pipe->spare = NULL;
	if (page)
		return page;
	page = alloc_page(GFP_HIGHUSER | __GFP_ACCOUNT);
	if (page)
		page_set_name(page, PAGE_TYPE_PIPE);
	return page;
}

/* One new buffer. Bytes, -EFAULT, -ENOMEM. => mutex held, not full */
static ssize_t pipe_push(struct pipe_inode_info *pipe, struct iov_iter *from, u32 flags)
{
	size_t want = min_t(size_t, iov_iter_count(from), PAGE_SIZE), n;
	struct page *page = new_page(pipe);

	if (!page)
		return -ENOMEM;
	n = copy_page_from_iter(page, 0, want, from);
	if (n < want) {
		pipe->spare = page;
		return -EFAULT;
	}
	*pipe_buf(pipe, pipe->head) = (struct pipe_buffer){ page, 0, n, flags };
	pipe->head++;
	return n;
}

/* As much as there is room for. Bytes or -errno when none. => mutex held */
static ssize_t pipe_put(struct pipe_inode_info *pipe, struct iov_iter *from, u32 flags)
{
	ssize_t done = 0, n = 0;

	while (iov_iter_count(from) && !pipe_full(pipe)) {
		n = pipe_push(pipe, from, flags);
		if (n < 0)
			break;
		done += n;
	}
	return done ? done : n;
}

static ssize_t pipe_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct file *file = iocb->ki_filp;
	struct pipe_inode_info *pipe = file->private_data;
	u32 flags = file->f_flags & O_DIRECT ? PIPE_BUF_FLAG_PACKET : PIPE_BUF_FLAG_CAN_MERGE;
	ssize_t done = 0, n = 0;
	bool merged = false;

	if (!iov_iter_count(from))
		return 0;
	mutex_lock(&pipe->mutex);
	for (;;) {
		/* A poller with EPOLLET wants to hear of each write. */
		bool was_empty = pipe->head == pipe->tail || pipe->polled;

		n = -EPIPE;
		if (!pipe->readers) {
			send_sig(SIGPIPE, current, 0);
			break;
		}
		n = 0;
		if (!merged && flags == PIPE_BUF_FLAG_CAN_MERGE)
			n = pipe_merge(pipe, from);
		merged = true;
		if (n >= 0) {
			done += n;
			n = pipe_put(pipe, from, flags);
			done += max_t(ssize_t, n, 0);
		}
		if (was_empty && pipe->head != pipe->tail)
			wake_up_interruptible_sync_poll(&pipe->rd_wait, EPOLLIN | EPOLLRDNORM);
		if (n < 0 || !iov_iter_count(from))
			break;
		n = -EAGAIN;
		if (file->f_flags & O_NONBLOCK || iocb->ki_flags & IOCB_NOWAIT)
			break;
		mutex_unlock(&pipe->mutex);
		n = wait_event_interruptible_exclusive(
			pipe->wr_wait, !pipe_full(pipe) || !READ_ONCE(pipe->readers));
		mutex_lock(&pipe->mutex);
		if (n)
			break;
	}
	if (!pipe_full(pipe))
		wake_up_interruptible_sync_poll(&pipe->wr_wait, EPOLLOUT | EPOLLWRNORM);
	mutex_unlock(&pipe->mutex);
	return done ? done : n;
}

/* ---- what splice needs (fs/splice.c) ---- */

size_t pipe_give_page(struct pipe_inode_info *pipe, struct page *page, size_t offset, size_t bytes)
{
	if (!bytes || pipe_full(pipe))
		return 0;
	get_page(page);
	*pipe_buf(pipe, pipe->head) =
		(struct pipe_buffer){ page, offset, bytes, PIPE_BUF_FLAG_REF };
	pipe->head++;
	return bytes;
}

/* The last buffer if something can be added to it, else a new one; NULL: no room, no memory. => mutex held */
static struct pipe_buffer *open_buf(struct pipe_inode_info *pipe)
{
	struct pipe_buffer *buf = pipe_buf(pipe, pipe->head - 1);
	struct page *page;

	if (!pipe_empty(pipe) && buf->flags & PIPE_BUF_FLAG_CAN_MERGE &&
	    buf->offset + buf->len < PAGE_SIZE)
		return buf;
	page = pipe_full(pipe) ? NULL : new_page(pipe);
	if (!page)
		return NULL;
	buf = pipe_buf(pipe, pipe->head++);
	*buf = (struct pipe_buffer){ page, 0, 0, PIPE_BUF_FLAG_CAN_MERGE };
	return buf;
}

size_t pipe_give_bytes(struct pipe_inode_info *pipe, const void *addr, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		struct pipe_buffer *buf = open_buf(pipe);
		size_t end, n;

		if (!buf)
			break;
		end = buf->offset + buf->len;
		n = min_t(size_t, bytes - done, PAGE_SIZE - end);
		memcpy((char *)page_address(buf->page) + end, (const char *)addr + done, n);
		buf->len += n;
		done += n;
	}
	return done;
}

void pipe_take_back(struct pipe_inode_info *pipe, size_t bytes)
{
	while (bytes) {
		struct pipe_buffer *buf = pipe_buf(pipe, pipe->head - 1);
		size_t n = min_t(size_t, bytes, buf->len);

		buf->len -= n;
		bytes -= n;
		if (!buf->len) {
			put_page(buf->page);
			pipe->head--;
		}
	}
}

void pipe_drop(struct pipe_inode_info *pipe, size_t bytes)
{
	while (bytes) {
		struct pipe_buffer *buf = pipe_buf(pipe, pipe->tail);
		size_t n = min_t(size_t, bytes, buf->len);

		buf->offset += n;
		buf->len -= n;
		bytes -= n;
		if (!buf->len)
			pop_buf(pipe);
	}
}

int pipe_wait_for_room(struct pipe_inode_info *pipe, bool nonblock)
{
	int err = 0;

	while (!err) {
		if (!pipe->readers) {
			send_sig(SIGPIPE, current, 0);
			return -EPIPE;
		}
		if (!pipe_full(pipe))
			return 0;
		if (nonblock)
			return -EAGAIN;
		mutex_unlock(&pipe->mutex);
		err = wait_event_interruptible_exclusive(
			pipe->wr_wait, !pipe_full(pipe) || !READ_ONCE(pipe->readers));
		mutex_lock(&pipe->mutex);
	}
	return err;
}

int pipe_wait_for_data(struct pipe_inode_info *pipe, bool nonblock)
{
	int err = 0;

	while (!err) {
		if (!pipe_empty(pipe))
			return 1;
		if (!pipe->writers)
			return 0;
		if (nonblock)
			return -EAGAIN;
		mutex_unlock(&pipe->mutex);
		err = wait_event_interruptible_exclusive(
			pipe->rd_wait, !pipe_empty(pipe) || !READ_ONCE(pipe->writers));
		mutex_lock(&pipe->mutex);
	}
	return err;
}

void pipe_wake(struct pipe_inode_info *pipe)
{
	if (!pipe_empty(pipe) || !pipe->writers)
		wake_up_interruptible_sync_poll(&pipe->rd_wait, EPOLLIN | EPOLLRDNORM);
	if (!pipe_full(pipe))
		wake_up_interruptible_sync_poll(&pipe->wr_wait, EPOLLOUT | EPOLLWRNORM);
}

static long pipe_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct pipe_inode_info *pipe = file->private_data;
	unsigned int i;
	int bytes = 0;

	if (cmd != FIONREAD)
		return -ENOTTY;
	mutex_lock(&pipe->mutex);
	for (i = pipe->tail; i != pipe->head; i++)
		bytes += pipe_buf(pipe, i)->len;
	mutex_unlock(&pipe->mutex);
	return put_user(bytes, (int __user *)arg);
}

static __poll_t pipe_poll(struct file *file, poll_table *wait)
{
	struct pipe_inode_info *pipe = file->private_data;
	__poll_t mask = 0;

	WRITE_ONCE(pipe->polled, true);
	if (file->f_mode & FMODE_READ)
		poll_wait(file, &pipe->rd_wait, wait);
	if (file->f_mode & FMODE_WRITE)
		poll_wait(file, &pipe->wr_wait, wait);
	if (file->f_mode & FMODE_READ) {
		if (!pipe_empty(pipe))
			mask |= EPOLLIN | EPOLLRDNORM;
		if (!READ_ONCE(pipe->writers) && file->f_version != READ_ONCE(pipe->w_counter))
			mask |= EPOLLHUP;
	}
	if (file->f_mode & FMODE_WRITE) {
		if (!pipe_full(pipe))
			mask |= EPOLLOUT | EPOLLWRNORM;
		if (!READ_ONCE(pipe->readers))
			mask |= EPOLLERR;
	}
	return mask;
}

static void put_pipe_info(struct inode *inode, struct pipe_inode_info *pipe)
{
	bool last;

	spin_lock(&inode->i_lock);
	last = !--pipe->files;
	if (last)
		inode->i_pipe = NULL;
	spin_unlock(&inode->i_lock);
	if (last)
		free_pipe_info(pipe);
}

static int pipe_release(struct inode *inode, struct file *file)
{
	struct pipe_inode_info *pipe = file->private_data;

	mutex_lock(&pipe->mutex);
	if (file->f_mode & FMODE_READ)
		pipe->readers--;
	if (file->f_mode & FMODE_WRITE)
		pipe->writers--;
	if (!pipe->readers != !pipe->writers) {
		wake_up_interruptible_all(&pipe->rd_wait);
		wake_up_interruptible_all(&pipe->wr_wait);
	}
	mutex_unlock(&pipe->mutex);
	put_pipe_info(inode, pipe);
	return 0;
}

/* ---- FIFOs ---- */

static struct pipe_inode_info *fifo_pipe(struct inode *inode)
{
	struct pipe_inode_info *pipe, *fresh = NULL;

	spin_lock(&inode->i_lock);
	while (!(pipe = inode->i_pipe)) {
		if (fresh) {
			inode->i_pipe = pipe = fresh;
			fresh = NULL;
			break;
		}
		spin_unlock(&inode->i_lock);
		fresh = alloc_pipe_info();
		if (!fresh)
			return NULL;
		spin_lock(&inode->i_lock);
	}
	pipe->files++;
	spin_unlock(&inode->i_lock);
	if (fresh)
		free_pipe_info(fresh);
	return pipe;
}

/* Wait until the other side has been opened since @seen. => mutex held; it is dropped meanwhile */
static int wait_for_partner(struct pipe_inode_info *pipe, unsigned int *counter)
{
	unsigned int seen = *counter;
	int err = 0;

	while (seen == *counter && !err) {
		mutex_unlock(&pipe->mutex);
		err = wait_event_interruptible(pipe->rd_wait, READ_ONCE(*counter) != seen);
		mutex_lock(&pipe->mutex);
	}
	return err;
}

/* An end of pipe(2) opened again through /proc/PID/fd: it waits for nobody. */
static bool is_pipe(struct file *file)
{
	return file_inode(file)->i_sb == pipe_mnt->mnt_sb;
}

static int fifo_open_read(struct pipe_inode_info *pipe, struct file *file)
{
	pipe->r_counter++;
	if (pipe->readers++ == 0)
		wake_up_interruptible_all(&pipe->rd_wait);
	if (pipe->writers || is_pipe(file))
		return 0;
	if (file->f_flags & O_NONBLOCK) {
		file->f_version = pipe->w_counter; /* no hang-up before a writer has come */
		return 0;
	}
	return wait_for_partner(pipe, &pipe->w_counter);
}

static int fifo_open_write(struct pipe_inode_info *pipe, struct file *file)
{
	if (file->f_flags & O_NONBLOCK && !pipe->readers && !is_pipe(file))
		return -ENXIO;
	pipe->w_counter++;
	if (!pipe->writers++)
		wake_up_interruptible_all(&pipe->rd_wait);
	return pipe->readers || is_pipe(file) ? 0 : wait_for_partner(pipe, &pipe->r_counter);
}

static int fifo_open(struct inode *inode, struct file *file)
{
	struct pipe_inode_info *pipe = fifo_pipe(inode);
	bool rd = file->f_mode & FMODE_READ, wr = file->f_mode & FMODE_WRITE;
	unsigned int readers, writers;
	int err = 0;

	if (!pipe)
		return -ENOMEM;
	file->f_version = 0;
	file->private_data = pipe;
	mutex_lock(&pipe->mutex);
	readers = pipe->readers;
	writers = pipe->writers;
	if (rd && wr) {
		pipe->readers++;
		pipe->writers++;
		pipe->r_counter++;
		pipe->w_counter++;
		if (!readers || !writers)
			wake_up_interruptible_all(&pipe->rd_wait);
	} else if (rd) {
		err = fifo_open_read(pipe, file);
		if (err)
			pipe->readers--;
	} else if (wr) {
		err = fifo_open_write(pipe, file);
		if (err && err != -ENXIO)
			pipe->writers--;
	} else {
		err = -EINVAL;
	}
	if (err) {
		wake_up_interruptible_all(&pipe->rd_wait);
		wake_up_interruptible_all(&pipe->wr_wait);
	}
	mutex_unlock(&pipe->mutex);
	if (err)
		put_pipe_info(inode, pipe);
	return err;
}

const struct file_operations pipefifo_fops = {
	.open = fifo_open,
	.llseek = no_llseek,
	.read_iter = pipe_read_iter,
	.write_iter = pipe_write_iter,
	.poll = pipe_poll,
	.unlocked_ioctl = pipe_ioctl,
	.release = pipe_release,
};

/* ---- resizing ---- */

struct pipe_inode_info *get_pipe_info(struct file *file)
{
	return file->f_op == &pipefifo_fops ? file->private_data : NULL;
}

/* => mutex held */
static int pipe_resize(struct pipe_inode_info *pipe, unsigned int nr_slots)
{
	unsigned int used = pipe->head - pipe->tail, i;
	struct pipe_buffer *bufs;

	if (nr_slots < used)
		return -EBUSY;
	bufs = kcalloc(nr_slots, sizeof(*bufs), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!bufs)
		return -ENOMEM;
	for (i = 0; i < used; i++)
		bufs[i] = *pipe_buf(pipe, pipe->tail + i);
	kfree(pipe->bufs);
	pipe->bufs = bufs;
	pipe->ring_size = nr_slots;
	pipe->tail = 0;
	pipe->head = used;
	wake_up_interruptible(&pipe->wr_wait);
	return 0;
}

static long pipe_set_size(struct pipe_inode_info *pipe, unsigned long arg)
{
	unsigned long bytes;
	int err;

	if (arg > 1UL << 31)
		return -EINVAL;
	bytes = roundup_pow_of_two(max(arg, PAGE_SIZE));
	if (bytes > pipe_max_size && bytes > pipe->ring_size * PAGE_SIZE &&
	    !capable(CAP_SYS_RESOURCE))
		return -EPERM;
	err = pipe_resize(pipe, bytes / PAGE_SIZE);
	return err ? err : (long)(pipe->ring_size * PAGE_SIZE);
}

long pipe_fcntl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct pipe_inode_info *pipe = get_pipe_info(file);
	long ret;

	if (!pipe)
		return -EBADF;
	mutex_lock(&pipe->mutex);
	ret = cmd == F_SETPIPE_SZ ? pipe_set_size(pipe, arg) : (long)(pipe->ring_size * PAGE_SIZE);
	mutex_unlock(&pipe->mutex);
	return ret;
}

/* ---- pipe(2) ---- */

static char *pipefs_dname(struct dentry *dentry, char *buffer, int buflen)
{
	return dynamic_dname(dentry, buffer, buflen, "pipe:[%lu]", dentry->d_inode->i_ino);
}

static const struct dentry_operations pipefs_dentry_operations = {
	.d_dname = pipefs_dname,
};

static struct inode *new_pipe_inode(void)
{
	struct inode *inode = simple_new_inode(pipe_mnt->mnt_sb, NULL, S_IFIFO | S_IRUSR | S_IWUSR);
	struct pipe_inode_info *pipe;

	if (!inode)
		return NULL;
	pipe = alloc_pipe_info();
	if (!pipe) {
		iput(inode);
		return NULL;
	}
	inode->i_fop = &pipefifo_fops;
	inode->i_pipe = pipe;
	pipe->files = 2;
	pipe->readers = pipe->writers = 1;
	pipe->r_counter = pipe->w_counter = 1;
	return inode;
}

int create_pipe_files(struct file **res, int flags)
{
	struct inode *inode = new_pipe_inode();
	struct file *f;

	if (!inode)
		return -ENFILE;
	f = alloc_file_pseudo(inode, pipe_mnt, "", O_WRONLY | (flags & (O_NONBLOCK | O_DIRECT)),
			      &pipefifo_fops);
	if (IS_ERR(f)) {
		free_pipe_info(inode->i_pipe);
		inode->i_pipe = NULL;
		iput(inode);
		return PTR_ERR(f);
	}
	f->private_data = inode->i_pipe;
	res[0] = alloc_file_clone(f, O_RDONLY | (flags & O_NONBLOCK), &pipefifo_fops);
	if (IS_ERR(res[0])) {
		put_pipe_info(inode, inode->i_pipe); /* the reader that never was */
		fput(f);
		return PTR_ERR(res[0]);
	}
	res[0]->private_data = inode->i_pipe;
	res[1] = f;
	stream_open(inode, res[0]);
	stream_open(inode, res[1]);
	return 0;
}

static int do_pipe2(int __user *fildes, int flags)
{
	struct file *files[2];
	int fd[2], err;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	err = create_pipe_files(files, flags);
	if (err)
		return err;
	err = fd[0] = get_unused_fd_flags(flags);
	if (err < 0)
		goto put_files;
	err = fd[1] = get_unused_fd_flags(flags);
	if (err < 0)
		goto put_fd0;
	err = -EFAULT;
	if (copy_to_user(fildes, fd, sizeof(fd)))
		goto put_fd1;
	fd_install(fd[0], files[0]);
	fd_install(fd[1], files[1]);
	return 0;
put_fd1:
	put_unused_fd(fd[1]);
put_fd0:
	put_unused_fd(fd[0]);
put_files:
	fput(files[0]);
	fput(files[1]);
	return err;
}

SYSCALL_DEFINE2(pipe2, int __user *, fildes, int, flags)
{
	return do_pipe2(fildes, flags);
}

SYSCALL_DEFINE1(pipe, int __user *, fildes)
{
	return do_pipe2(fildes, 0);
}

static int pipefs_init_fs_context(struct super_block *sb, void *data)
{
	return init_pseudo_super(sb, PIPEFS_MAGIC, &pipefs_dentry_operations);
}

static struct file_system_type pipe_fs_type = {
	.name = "pipefs",
	.fill_super = pipefs_init_fs_context,
	.kill_sb = kill_anon_super,
};

static int __init init_pipe_fs(void)
{
	int err = register_filesystem(&pipe_fs_type);

	if (err)
		return err;
	pipe_mnt = kern_mount(&pipe_fs_type);
	return IS_ERR(pipe_mnt) ? PTR_ERR(pipe_mnt) : 0;
}
fs_initcall(init_pipe_fs);
