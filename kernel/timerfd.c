// SPDX-License-Identifier: MIT
/* timerfd: an hrtimer whose expirations are read from a file. The lock of ctx guards ticks and setting. */
#include <base/types.h>
#include <base/err.h>
#include <base/errno.h>
#include <seam/uaccess.h>
#include <sync/ranks.h>
#include <sync/rcu.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <mm/slab.h>
#include <fs/anon_inodes.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/poll.h>
#include <fs/seq_file.h>
#include <kernel/cred.h>
#include <kernel/hrtimer.h>
#include <kernel/ksyscall.h>
#include <kernel/sched.h>
#include <kernel/time.h>
#include <kernel/timekeeping.h>
#include <linux/fcntl.h>
#include <linux/timerfd.h>

#define TFD_SETTIME_FLAGS (TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)
#ifndef TIMER_ABSTIME
#define TIMER_ABSTIME 1
#endif

struct timerfd_ctx {
	spinlock_t lock;
	wait_queue_head_t wqh;
	struct hrtimer timer;
	ktime_t interval;
	u64 ticks;		  /* expirations since the last read */
	bool expired;		  /* a periodic timer that waits for the read to go on */
	bool cancel_on_set;	  /* TFD_TIMER_CANCEL_ON_SET */
	unsigned int was_set_seq; /* clock_was_set_seq when it was armed or last reported */
	int clockid, settime_flags;
};

static enum hrtimer_restart timerfd_expire(struct hrtimer *timer)
{
	struct timerfd_ctx *ctx = container_of(timer, struct timerfd_ctx, timer);
	unsigned long flags;

	spin_lock_irqsave(&ctx->lock, flags);
	ctx->expired = true;
	ctx->ticks++;
	spin_unlock_irqrestore(&ctx->lock, flags);
	wake_up_poll(&ctx->wqh, EPOLLIN);
	return HRTIMER_NORESTART;
}

/* Did somebody set the clock? => lock held */
static bool clock_canceled(struct timerfd_ctx *ctx)
{
	if (!ctx->cancel_on_set || ctx->was_set_seq == READ_ONCE(clock_was_set_seq))
		return false;
	ctx->was_set_seq = READ_ONCE(clock_was_set_seq);
	return true;
}

static bool readable(struct timerfd_ctx *ctx)
{
	return READ_ONCE(ctx->ticks) ||
	       (ctx->cancel_on_set && ctx->was_set_seq != READ_ONCE(clock_was_set_seq));
}

/* Count what passed since the expiry and arm it again. => lock held */
static u64 timerfd_forward(struct timerfd_ctx *ctx)
{
	u64 n = hrtimer_forward_now(&ctx->timer, ctx->interval) - 1;

	ctx->expired = false;
	hrtimer_restart(&ctx->timer);
	return n;
}

static ssize_t timerfd_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct timerfd_ctx *ctx = file->private_data;
	u64 ticks;

	if (count < sizeof(ticks))
		return -EINVAL;
	for (;;) {
		spin_lock_irq(&ctx->lock);
		if (clock_canceled(ctx)) {
			ctx->ticks = 0;
			ctx->expired = false;
			spin_unlock_irq(&ctx->lock);
			return -ECANCELED;
		}
		ticks = ctx->ticks;
		if (ticks && ctx->expired && ctx->interval)
			ticks += timerfd_forward(ctx);
		if (ticks) {
			ctx->ticks = 0;
			ctx->expired = false;
		}
		spin_unlock_irq(&ctx->lock);
		if (ticks)
			return put_user(ticks, (u64 __user *)buf) ? -EFAULT
								  : (ssize_t)sizeof(ticks);
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(ctx->wqh, readable(ctx)))
			return -ERESTARTSYS;
	}
}

static __poll_t timerfd_poll(struct file *file, poll_table *wait)
{
	struct timerfd_ctx *ctx = file->private_data;

	poll_wait(file, &ctx->wqh, wait);
	return readable(ctx) ? EPOLLIN : 0;
}

static int timerfd_release(struct inode *inode, struct file *file)
{
	struct timerfd_ctx *ctx = file->private_data;

	hrtimer_cancel(&ctx->timer);
	kfree(ctx);
	return 0;
}

static ktime_t timerfd_remaining(struct timerfd_ctx *ctx)
{
	ktime_t rem = hrtimer_get_remaining(&ctx->timer);

	return rem < 0 ? 0 : rem;
}

static void timerfd_show(struct seq_file *m, struct file *file)
{
	struct timerfd_ctx *ctx = file->private_data;
	struct timespec64 value, interval;

	spin_lock_irq(&ctx->lock);
	value = ns_to_timespec64(timerfd_remaining(ctx));
	interval = ns_to_timespec64(ctx->interval);
	spin_unlock_irq(&ctx->lock);
	seq_printf(m,
		   "clockid: %d\nticks: %llu\nsettime flags: 0%o\n"
		   "it_value: (%llu, %llu)\nit_interval: (%llu, %llu)\n",
		   ctx->clockid, (unsigned long long)ctx->ticks, ctx->settime_flags,
		   (unsigned long long)value.tv_sec, (unsigned long long)value.tv_nsec,
		   (unsigned long long)interval.tv_sec, (unsigned long long)interval.tv_nsec);
}

static const struct file_operations timerfd_fops = {
	.read = timerfd_read,
	.poll = timerfd_poll,
	.release = timerfd_release,
	.llseek = noop_llseek,
	.show_fdinfo = timerfd_show,
};

SYSCALL_DEFINE2(timerfd_create, int, clockid, int, flags)
{
	struct timerfd_ctx *ctx;
	int fd;

	if ((flags & ~(TFD_CLOEXEC | TFD_NONBLOCK)) ||
	    (clockid != CLOCK_MONOTONIC && clockid != CLOCK_REALTIME && clockid != CLOCK_BOOTTIME &&
	     clockid != CLOCK_REALTIME_ALARM && clockid != CLOCK_BOOTTIME_ALARM))
		return -EINVAL;
	if (clockid == CLOCK_REALTIME_ALARM || clockid == CLOCK_BOOTTIME_ALARM)
		return capable(CAP_WAKE_ALARM) ? -EOPNOTSUPP : -EPERM;
	ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);
	if (!ctx)
		return -ENOMEM;
	spin_lock_init(&ctx->lock, LOCK_TIMERFD);
	init_waitqueue_head(&ctx->wqh);
	hrtimer_init(&ctx->timer, clockid, HRTIMER_MODE_ABS);
	ctx->timer.function = timerfd_expire;
	ctx->clockid = clockid;
	fd = anon_inode_getfd("[timerfd]", &timerfd_fops, ctx,
			      O_RDWR | (flags & (O_CLOEXEC | O_NONBLOCK)));
	if (fd < 0)
		kfree(ctx);
	return fd;
}

static struct timerfd_ctx *timerfd_get(int ufd, struct fd *f)
{
	*f = fdget((unsigned int)ufd);
	if (!f->file)
		return ERR_PTR(-EBADF);
	if (f->file->f_op != &timerfd_fops) {
		fdput(*f);
		return ERR_PTR(-EINVAL);
	}
	return f->file->private_data;
}

/* Lock, with the timer stopped for good. */
static void timerfd_stop(struct timerfd_ctx *ctx)
{
	for (;;) {
		spin_lock_irq(&ctx->lock);
		if (hrtimer_try_to_cancel(&ctx->timer) >= 0)
			return;
		spin_unlock_irq(&ctx->lock);
		cpu_relax();
	}
}

static void timerfd_setup(struct timerfd_ctx *ctx, int flags, const struct itimerspec64 *new)
{
	ktime_t value = timespec64_to_ktime(new->it_value);

	ctx->settime_flags = flags & TFD_SETTIME_FLAGS;
	ctx->expired = false;
	ctx->ticks = 0;
	ctx->interval = timespec64_to_ktime(new->it_interval);
	ctx->cancel_on_set = ctx->clockid == CLOCK_REALTIME && (flags & TFD_TIMER_ABSTIME) &&
			     (flags & TFD_TIMER_CANCEL_ON_SET);
	ctx->was_set_seq = READ_ONCE(clock_was_set_seq);
	if (value)
		hrtimer_start(&ctx->timer, value,
			      flags & TFD_TIMER_ABSTIME ? HRTIMER_MODE_ABS : HRTIMER_MODE_REL);
	else
		hrtimer_set_expires(&ctx->timer, 0);
}

static void timerfd_setting(struct timerfd_ctx *ctx, struct itimerspec64 *setting)
{
	if (ctx->expired && ctx->interval)
		ctx->ticks += timerfd_forward(ctx);
	setting->it_value = ns_to_timespec64(timerfd_remaining(ctx));
	setting->it_interval = ns_to_timespec64(ctx->interval);
}

SYSCALL_DEFINE4(timerfd_settime, int, ufd, int, flags, const struct __kernel_itimerspec __user *,
		utmr, struct __kernel_itimerspec __user *, otmr)
{
	struct itimerspec64 new, old;
	struct timerfd_ctx *ctx;
	struct fd f;

	if (get_itimerspec64(&new, utmr))
		return -EFAULT;
	if ((flags & ~TFD_SETTIME_FLAGS) || !itimerspec64_valid(&new))
		return -EINVAL;
	ctx = timerfd_get(ufd, &f);
	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	timerfd_stop(ctx);
	if (ctx->expired && ctx->interval)
		hrtimer_forward_now(&ctx->timer, ctx->interval);
	old.it_value = ns_to_timespec64(timerfd_remaining(ctx));
	old.it_interval = ns_to_timespec64(ctx->interval);
	timerfd_setup(ctx, flags, &new);
	spin_unlock_irq(&ctx->lock);
	fdput(f);
	return otmr && put_itimerspec64(&old, otmr) ? -EFAULT : 0;
}

SYSCALL_DEFINE2(timerfd_gettime, int, ufd, struct __kernel_itimerspec __user *, otmr)
{
	struct itimerspec64 setting;
	struct timerfd_ctx *ctx;
	struct fd f;

	ctx = timerfd_get(ufd, &f);
	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	spin_lock_irq(&ctx->lock);
	timerfd_setting(ctx, &setting);
	spin_unlock_irq(&ctx->lock);
	fdput(f);
	return put_itimerspec64(&setting, otmr) ? -EFAULT : 0;
}
