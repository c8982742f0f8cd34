// SPDX-License-Identifier: MIT
/* signalfd(2): pending signals of the reader, read from a file instead of taken by a handler. */
#include <base/types.h>
#include <base/errno.h>
#include <base/string.h>
#include <seam/current.h>
#include <seam/uaccess.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <mm/slab.h>
#include <fs/anon_inodes.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/poll.h>
#include <fs/seq_file.h>
#include <kernel/ksyscall.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <linux/fcntl.h>
#include <linux/signalfd.h>

struct signalfd_ctx {
	sigset_t blocked; /* signals not wanted; changed by signalfd4 on the open file */
};

void signalfd_cleanup(struct sighand_struct *sighand)
{
	/* Whoever polls on it holds no reference: tell them that the queue goes away. */
	__wake_up_pollfree(&sighand->signalfd_wqh);
}

static void fill_siginfo(struct signalfd_siginfo *to, const kernel_siginfo_t *from)
{
	memset(to, 0, sizeof(*to));
	to->ssi_signo = (u32)from->si_signo;
	to->ssi_errno = from->si_errno;
	to->ssi_code = from->si_code;
	if (from->si_code == SI_TIMER) {
		to->ssi_tid = (u32)from->si_tid;
		to->ssi_overrun = (u32)from->si_overrun;
		to->ssi_ptr = (u64)(unsigned long)from->si_ptr;
		to->ssi_int = from->si_int;
		return;
	}
	if (from->si_code > 0 && from->si_code != SI_KERNEL &&
	    (sigmask(from->si_signo) & SYNCHRONOUS_MASK)) {
		to->ssi_addr = (u64)(unsigned long)from->si_addr;
		return;
	}
	to->ssi_pid = (u32)from->si_pid;
	to->ssi_uid = from->si_uid;
	if (from->si_signo == SIGCHLD && from->si_code > 0 && from->si_code != SI_KERNEL) {
		to->ssi_status = from->si_status;
		to->ssi_utime = (u64)from->si_utime;
		to->ssi_stime = (u64)from->si_stime;
	} else if (from->si_code < 0 && from->si_code != SI_TKILL) {
		to->ssi_ptr = (u64)(unsigned long)from->si_ptr;
		to->ssi_int = from->si_int;
	}
}

/* The next signal, or 0 with @nonblock and none there, or -ERESTARTSYS. */
static int signalfd_dequeue(struct signalfd_ctx *ctx, kernel_siginfo_t *info, bool nonblock)
{
	struct sighand_struct *sighand = current->sighand;
	DECLARE_WAITQUEUE(wait, current);
	int ret;

	spin_lock_irq(&sighand->siglock);
	ret = dequeue_signal(current, &ctx->blocked, info);
	spin_unlock_irq(&sighand->siglock);
	if (ret || nonblock)
		return ret;
	add_wait_queue(&sighand->signalfd_wqh, &wait);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		spin_lock_irq(&sighand->siglock);
		ret = dequeue_signal(current, &ctx->blocked, info);
		spin_unlock_irq(&sighand->siglock);
		if (ret)
			break;
		if (signal_pending(current)) {
			ret = -ERESTARTSYS;
			break;
		}
		schedule();
	}
	remove_wait_queue(&sighand->signalfd_wqh, &wait);
	__set_current_state(TASK_RUNNING);
	return ret;
}

static ssize_t signalfd_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct signalfd_siginfo __user *out = (struct signalfd_siginfo __user *)buf;
	struct signalfd_ctx *ctx = file->private_data;
	bool nonblock = file->f_flags & O_NONBLOCK;
	struct signalfd_siginfo record;
	kernel_siginfo_t info;
	ssize_t total = 0;

	count /= sizeof(record);
	if (!count)
		return -EINVAL;
	do {
		int ret = signalfd_dequeue(ctx, &info, nonblock);

		if (ret <= 0)
			return total ?: ret ?: -EAGAIN;
		fill_siginfo(&record, &info);
		if (copy_to_user(out, &record, sizeof(record)))
			return total ?: -EFAULT;
		out++;
		total += sizeof(record);
		nonblock = true;
	} while (--count);
	return total;
}

static __poll_t signalfd_poll(struct file *file, poll_table *wait)
{
	struct signalfd_ctx *ctx = file->private_data;
	__poll_t events = 0;

	poll_wait(file, &current->sighand->signalfd_wqh, wait);
	spin_lock_irq(&current->sighand->siglock);
	if ((current->pending.signal | current->signal->shared_pending.signal) & ~ctx->blocked)
		events = EPOLLIN;
	spin_unlock_irq(&current->sighand->siglock);
	return events;
}

static int signalfd_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static void signalfd_show(struct seq_file *m, struct file *file)
{
	struct signalfd_ctx *ctx = file->private_data;

	seq_printf(m, "sigmask:\t%016lx\n", ~ctx->blocked);
}

static const struct file_operations signalfd_fops = {
	.read = signalfd_read,
	.poll = signalfd_poll,
	.release = signalfd_release,
	.llseek = noop_llseek,
	.show_fdinfo = signalfd_show,
};

static int new_signalfd(sigset_t blocked, int flags)
{
	struct signalfd_ctx *ctx = kmalloc(sizeof(*ctx), GFP_KERNEL);
	int fd;

	if (!ctx)
		return -ENOMEM;
	ctx->blocked = blocked;
	fd = anon_inode_getfd("[signalfd]", &signalfd_fops, ctx,
			      O_RDWR | (flags & (O_CLOEXEC | O_NONBLOCK)));
	if (fd < 0)
		kfree(ctx);
	return fd;
}

static int change_signalfd(int ufd, sigset_t blocked)
{
	struct fd f = fdget((unsigned int)ufd);

	if (!f.file)
		return -EBADF;
	if (f.file->f_op != &signalfd_fops) {
		fdput(f);
		return -EINVAL;
	}
	spin_lock_irq(&current->sighand->siglock);
	((struct signalfd_ctx *)f.file->private_data)->blocked = blocked;
	spin_unlock_irq(&current->sighand->siglock);
	wake_up_all(&current->sighand->signalfd_wqh);
	fdput(f);
	return ufd;
}

static long do_signalfd4(int ufd, const sigset_t __user *umask, size_t size, int flags)
{
	sigset_t mask;

	if (size != sizeof(mask))
		return -EINVAL;
	if (get_user(mask, umask))
		return -EFAULT;
	if (flags & ~(SFD_CLOEXEC | SFD_NONBLOCK))
		return -EINVAL;
	sigdelsetmask(&mask, SIG_KERNEL_ONLY_MASK);
	return ufd == -1 ? new_signalfd(~mask, flags) : change_signalfd(ufd, ~mask);
}

SYSCALL_DEFINE4(signalfd4, int, ufd, sigset_t __user *, mask, size_t, size, int, flags)
{
	return do_signalfd4(ufd, mask, size, flags);
}

SYSCALL_DEFINE3(signalfd, int, ufd, sigset_t __user *, mask, size_t, size)
{
	return do_signalfd4(ufd, mask, size, 0);
}
