/* SPDX-License-Identifier: MIT */
/* eventfd(2): a 64-bit counter as a file. Its wait queue's lock guards the counter. */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/types.h>
#include <fs/anon_inodes.h>
#include <fs/eventfd.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/iov_iter.h>
#include <fs/poll.h>
#include <fs/seq_file.h>
#include <kernel/ksyscall.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/slab.h>
#include <seam/uaccess.h>
#include <sync/ranks.h>
#include <sync/spinlock.h>
#include <sync/wait.h>

#include <linux/fcntl.h>

/* eventfd(2); Linux has no user header for it. */
#define EFD_SEMAPHORE 1
#define EFD_CLOEXEC   O_CLOEXEC
#define EFD_NONBLOCK  O_NONBLOCK

struct eventfd_ctx {
	spinlock_t lock;
	wait_queue_head_t wqh;
	u64 count;	    /* lock; at most ULLONG_MAX - 1 */
	unsigned int flags; /* EFD_SEMAPHORE */
};

static bool take(struct eventfd_ctx *ctx, u64 *value)
{
	bool ok;

	spin_lock_irq(&ctx->lock);
	ok = ctx->count;
	*value = ok && ctx->flags & EFD_SEMAPHORE ? 1 : ctx->count;
	ctx->count -= *value;
	spin_unlock_irq(&ctx->lock);
	return ok;
}

static bool give(struct eventfd_ctx *ctx, u64 value)
{
	bool ok;

	spin_lock_irq(&ctx->lock);
	ok = ULLONG_MAX - ctx->count > value;
	if (ok)
		ctx->count += value;
	spin_unlock_irq(&ctx->lock);
	return ok;
}

static ssize_t eventfd_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct eventfd_ctx *ctx = file->private_data;
	u64 value;

	if (count < sizeof(value))
		return -EINVAL;
	if (!take(ctx, &value)) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(ctx->wqh, take(ctx, &value)))
			return -ERESTARTSYS;
	}
	wake_up_poll(&ctx->wqh, EPOLLOUT);
	return copy_to_user(buf, &value, sizeof(value)) ? -EFAULT : (ssize_t)sizeof(value);
}

static ssize_t eventfd_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct eventfd_ctx *ctx = file->private_data;
	u64 value;

	if (count < sizeof(value))
		return -EINVAL;
	if (copy_from_user(&value, buf, sizeof(value)))
		return -EFAULT;
	if (value == ULLONG_MAX)
		return -EINVAL;
	if (!give(ctx, value)) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(ctx->wqh, give(ctx, value)))
			return -ERESTARTSYS;
	}
	wake_up_poll(&ctx->wqh, EPOLLIN);
	return sizeof(value);
}

static __poll_t eventfd_poll(struct file *file, poll_table *wait)
{
	struct eventfd_ctx *ctx = file->private_data;
	__poll_t mask = 0;
	u64 count;

	poll_wait(file, &ctx->wqh, wait);
	count = READ_ONCE(ctx->count);
	if (count)
		mask |= EPOLLIN;
	if (count == ULLONG_MAX)
		mask |= EPOLLERR;
	if (count < ULLONG_MAX - 1)
		mask |= EPOLLOUT;
	return mask;
}

static int eventfd_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations eventfd_fops = {
	.read = eventfd_read,
	.write = eventfd_write,
	.poll = eventfd_poll,
	.release = eventfd_release,
	.llseek = noop_llseek,
};

struct file *eventfd_fget(int fd)
{
	struct file *file = fget(fd);

	if (!file)
		return ERR_PTR(-EBADF);
	if (file->f_op == &eventfd_fops)
		return file;
	fput(file);
	return ERR_PTR(-EINVAL);
}

void eventfd_signal(struct file *eventfd, u64 n)
{
	struct eventfd_ctx *ctx = eventfd->private_data;

	spin_lock_irq(&ctx->lock);
	ctx->count += min(n, ULLONG_MAX - ctx->count);
	spin_unlock_irq(&ctx->lock);
	wake_up_poll(&ctx->wqh, EPOLLIN);
}

static int do_eventfd(unsigned int count, int flags)
{
	struct eventfd_ctx *ctx;
	int fd;

	if (flags & ~(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK))
		return -EINVAL;
	ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);
	if (!ctx)
		return -ENOMEM;
	spin_lock_init(&ctx->lock, LOCK_EVENTFD);
	init_waitqueue_head(&ctx->wqh);
	ctx->count = count;
	ctx->flags = flags;
	fd = anon_inode_getfd("[eventfd]", &eventfd_fops, ctx,
			      O_RDWR | (flags & (O_CLOEXEC | O_NONBLOCK)));
	if (fd < 0)
		kfree(ctx);
	return fd;
}

SYSCALL_DEFINE2(eventfd2, unsigned int, count, int, flags)
{
	return do_eventfd(count, flags);
}

SYSCALL_DEFINE1(eventfd, unsigned int, count)
{
	return do_eventfd(count, 0);
}
