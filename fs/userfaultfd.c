// SPDX-License-Identifier: MIT
/*
 * userfaultfd(2) as a file: messages are read, answers are ioctls. What they do: mm/uffd.
 * Linux: fs/userfaultfd.c; ioctl_userfaultfd(2). /dev/userfaultfd gives a descriptor to whoever may open it.
 */
#include <base/errno.h>
#include <base/types.h>
#include <fs/anon_inodes.h>
#include <fs/char_dev.h>
#include <fs/devtmpfs.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/poll.h>
#include <fs/seq_file.h>
#include <kernel/cred.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/uffd.h>
#include <mm/userfaultfd.h>
#include <seam/uaccess.h>
#include <sync/wait.h>

#include <linux/fcntl.h>

#define UFFD_CLOEXEC  O_CLOEXEC
#define UFFD_NONBLOCK O_NONBLOCK

static const struct file_operations userfaultfd_fops;

/* --- messages ----------------------------------------------------------------------------------------- */

/* A descriptor of the caller for the context of a forked child. Takes over the reference. */
static int child_fd(struct userfaultfd_ctx *child)
{
	int fd = anon_inode_getfd("[userfaultfd]", &userfaultfd_fops, child,
				  O_RDONLY | (uffd_flags(child) & (O_CLOEXEC | O_NONBLOCK)));

	if (fd < 0)
		uffd_ctx_put(child);
	return fd;
}

/* One message to @buf. 1, 0 (there is none) or an errno. */
static int read_message(struct userfaultfd_ctx *ctx, char __user *buf)
{
	struct userfaultfd_ctx *child;
	struct uffd_msg msg;
	u64 ticket = uffd_take(ctx, &msg, &child);
	int fd = 0;

	if (!ticket)
		return 0;
	if (child) {
		fd = child_fd(child);
		msg.arg.fork.ufd = fd;
	}
	if (msg.event != UFFD_EVENT_PAGEFAULT)
		uffd_told(ctx, ticket, fd < 0 ? fd : 0);
	if (fd < 0)
		return fd;
	return copy_to_user(buf, &msg, sizeof(msg)) ? -EFAULT : 1;
}

/* The first message: waits for it. 1 or an errno. */
static int wait_message(struct file *file, struct userfaultfd_ctx *ctx, char __user *buf)
{
	int got = read_message(ctx, buf);

	while (!got) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(*uffd_readers(ctx), uffd_readable(ctx)))
			return -ERESTARTSYS;
		got = read_message(ctx, buf);
	}
	return got;
}

static ssize_t userfaultfd_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct userfaultfd_ctx *ctx = file->private_data;
	ssize_t done = 0;
	int got = 0;

	if (!uffd_features(ctx) || count < sizeof(struct uffd_msg))
		return -EINVAL;
	for (; count - done >= sizeof(struct uffd_msg); done += sizeof(struct uffd_msg)) {
		got = done ? read_message(ctx, buf + done) : wait_message(file, ctx, buf);
		if (got <= 0)
			break;
	}
	return done ? done : got;
}

static __poll_t userfaultfd_poll(struct file *file, poll_table *wait)
{
	struct userfaultfd_ctx *ctx = file->private_data;

	poll_wait(file, uffd_readers(ctx), wait);
	/* A read could block after all, when somebody else was faster. */
	if (!uffd_features(ctx) || !(file->f_flags & O_NONBLOCK))
		return EPOLLERR;
	return uffd_readable(ctx) ? EPOLLIN : 0;
}

/* --- requests ----------------------------------------------------------------------------------------- */

static int ioctl_api(struct userfaultfd_ctx *ctx, struct uffdio_api __user *arg)
{
	struct uffdio_api api;
	int err = -EINVAL;

	if (copy_from_user(&api, arg, sizeof(api)))
		return -EFAULT;
	if (api.api != UFFD_API || (api.features & ~UFFD_API_FEATURES))
		goto refuse;
	err = -EPERM;
	if ((api.features & UFFD_FEATURE_EVENT_FORK) && !capable(CAP_SYS_PTRACE))
		goto refuse;
	err = uffd_set_features(ctx, api.features);
	if (err)
		goto refuse;
	/* Those of huge pages as well, which nobody can have: so Linux without CONFIG_HUGETLBFS. */
	api.features = UFFD_API_FEATURES;
	api.ioctls = UFFD_API_IOCTLS;
	return copy_to_user(arg, &api, sizeof(api)) ? -EFAULT : 0;
refuse:
	return clear_user(arg, sizeof(api)) ? -EFAULT : err;
}

static int ioctl_register(struct userfaultfd_ctx *ctx, struct uffdio_register __user *arg)
{
	struct uffdio_register reg;
	u64 ioctls;
	int err;

	if (copy_from_user(&reg, arg, sizeof(reg) - sizeof(reg.ioctls)))
		return -EFAULT;
	err = uffd_register(ctx, reg.range.start, reg.range.len, reg.mode, &ioctls);
	if (err)
		return err;
	return put_user(ioctls, &arg->ioctls) ? -EFAULT : 0;
}

static int ioctl_range(struct userfaultfd_ctx *ctx, struct uffdio_range __user *arg, bool wake)
{
	struct uffdio_range range;
	int err;

	if (copy_from_user(&range, arg, sizeof(range)))
		return -EFAULT;
	if (!wake)
		return uffd_unregister(ctx, range.start, range.len);
	err = uffd_check_range(range.start, range.len);
	if (!err)
		uffd_wake(ctx, range.start, range.len);
	return err;
}

/* Common to all that fill: @done goes to the caller; whoever waits for the pages goes on unless @dontwake. */
static int filled(struct userfaultfd_ctx *ctx, ssize_t done, __s64 __user *result, u64 start,
		  u64 len, bool dontwake)
{
	if (put_user(done, result))
		return -EFAULT;
	if (done < 0)
		return done;
	if (!dontwake)
		uffd_wake(ctx, start, done);
	return (u64)done == len ? 0 : -EAGAIN;
}

static int ioctl_copy(struct userfaultfd_ctx *ctx, struct uffdio_copy __user *arg)
{
	struct uffdio_copy c;
	ssize_t done;
	int err;

	if (uffd_changing(ctx))
		return -EAGAIN;
	if (copy_from_user(&c, arg, sizeof(c) - sizeof(c.copy)))
		return -EFAULT;
	err = uffd_check_range(c.dst, c.len);
	if (err)
		return err;
	if (c.src + c.len <= c.src || (c.mode & ~(UFFDIO_COPY_MODE_DONTWAKE | UFFDIO_COPY_MODE_WP)))
		return -EINVAL;
	done = uffd_fill_range(ctx, UFFD_FILL_COPY, c.dst, c.src, c.len,
			       c.mode & UFFDIO_COPY_MODE_WP);
	return filled(ctx, done, &arg->copy, c.dst, c.len, c.mode & UFFDIO_COPY_MODE_DONTWAKE);
}

static int ioctl_zeropage(struct userfaultfd_ctx *ctx, struct uffdio_zeropage __user *arg)
{
	struct uffdio_zeropage z;
	ssize_t done;
	int err;

	if (uffd_changing(ctx))
		return -EAGAIN;
	if (copy_from_user(&z, arg, sizeof(z) - sizeof(z.zeropage)))
		return -EFAULT;
	err = uffd_check_range(z.range.start, z.range.len);
	if (err)
		return err;
	if (z.mode & ~UFFDIO_ZEROPAGE_MODE_DONTWAKE)
		return -EINVAL;
	done = uffd_fill_range(ctx, UFFD_FILL_ZERO, z.range.start, 0, z.range.len, false);
	return filled(ctx, done, &arg->zeropage, z.range.start, z.range.len, z.mode);
}

static int ioctl_continue(struct userfaultfd_ctx *ctx, struct uffdio_continue __user *arg)
{
	struct uffdio_continue c;
	ssize_t done;
	int err;

	if (uffd_changing(ctx))
		return -EAGAIN;
	if (copy_from_user(&c, arg, sizeof(c) - sizeof(c.mapped)))
		return -EFAULT;
	err = uffd_check_range(c.range.start, c.range.len);
	if (err)
		return err;
	if (c.mode & ~UFFDIO_CONTINUE_MODE_DONTWAKE)
		return -EINVAL;
	done = uffd_fill_range(ctx, UFFD_FILL_CONTINUE, c.range.start, 0, c.range.len, false);
	return filled(ctx, done, &arg->mapped, c.range.start, c.range.len, c.mode);
}

static int ioctl_writeprotect(struct userfaultfd_ctx *ctx, struct uffdio_writeprotect __user *arg)
{
	const u64 wp = UFFDIO_WRITEPROTECT_MODE_WP, dontwake = UFFDIO_WRITEPROTECT_MODE_DONTWAKE;
	struct uffdio_writeprotect w;
	int err;

	if (uffd_changing(ctx))
		return -EAGAIN;
	if (copy_from_user(&w, arg, sizeof(w)))
		return -EFAULT;
	err = uffd_check_range(w.range.start, w.range.len);
	if (err)
		return err;
	if ((w.mode & ~(wp | dontwake)) || w.mode == (wp | dontwake))
		return -EINVAL;
	err = uffd_protect_range(ctx, w.range.start, w.range.len, w.mode & wp);
	if (!err && !w.mode)
		uffd_wake(ctx, w.range.start, w.range.len);
	return err;
}

static long userfaultfd_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct userfaultfd_ctx *ctx = file->private_data;
	void __user *p = (void __user *)arg;

	if (cmd != UFFDIO_API && !uffd_features(ctx))
		return -EINVAL;
	switch (cmd) {
	case UFFDIO_API:
		return ioctl_api(ctx, p);
	case UFFDIO_REGISTER:
		return ioctl_register(ctx, p);
	case UFFDIO_UNREGISTER:
		return ioctl_range(ctx, p, false);
	case UFFDIO_WAKE:
		return ioctl_range(ctx, p, true);
	case UFFDIO_COPY:
		return ioctl_copy(ctx, p);
	case UFFDIO_ZEROPAGE:
		return ioctl_zeropage(ctx, p);
	case UFFDIO_CONTINUE:
		return ioctl_continue(ctx, p);
	case UFFDIO_WRITEPROTECT:
		return ioctl_writeprotect(ctx, p);
	}
	return -EINVAL;
}

/* --- the file ----------------------------------------------------------------------------------------- */

static void userfaultfd_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct userfaultfd_ctx *ctx = file->private_data;
	unsigned long pending, total;

	uffd_count(ctx, &pending, &total);
	seq_printf(m, "pending:\t%lu\ntotal:\t%lu\nAPI:\t%Lx:%x:%Lx\n", pending, total, UFFD_API,
		   uffd_features(ctx), UFFD_API_IOCTLS | UFFD_API_RANGE_IOCTLS);
}

static int userfaultfd_release(struct inode *inode, struct file *file)
{
	uffd_ctx_release(file->private_data);
	return 0;
}

static const struct file_operations userfaultfd_fops = {
	.read = userfaultfd_read,
	.poll = userfaultfd_poll,
	.unlocked_ioctl = userfaultfd_ioctl,
	.release = userfaultfd_release,
	.show_fdinfo = userfaultfd_show_fdinfo,
	.llseek = noop_llseek,
};

static int new_userfaultfd(int flags)
{
	struct userfaultfd_ctx *ctx;
	int fd;

	if (flags & ~(UFFD_CLOEXEC | UFFD_NONBLOCK | UFFD_USER_MODE_ONLY))
		return -EINVAL;
	ctx = uffd_ctx_new(current->mm, flags);
	if (!ctx)
		return -ENOMEM;
	fd = anon_inode_getfd("[userfaultfd]", &userfaultfd_fops, ctx,
			      O_RDONLY | (flags & (O_CLOEXEC | O_NONBLOCK)));
	if (fd < 0)
		uffd_ctx_put(ctx);
	return fd;
}

SYSCALL_DEFINE1(userfaultfd, int, flags)
{
	/* Whoever can hold the kernel up in a fault can win races against it. */
	if (!(flags & UFFD_USER_MODE_ONLY) && !sysctl_unprivileged_userfaultfd &&
	    !capable(CAP_SYS_PTRACE))
		return -EPERM;
	return new_userfaultfd(flags);
}

static long dev_ioctl(struct file *file, unsigned int cmd, unsigned long flags)
{
	return cmd == USERFAULTFD_IOC_NEW ? new_userfaultfd(flags) : -EINVAL;
}

static const struct file_operations dev_fops = { .unlocked_ioctl = dev_ioctl,
						 .llseek = noop_llseek };

static int __init userfaultfd_init(void)
{
	int major = register_chrdev(0, "userfaultfd", &dev_fops);

	return major < 0 ? major
			 : devtmpfs_create_node("userfaultfd", S_IFCHR | 0600, MKDEV(major, 0));
}
fs_initcall(userfaultfd_init);
