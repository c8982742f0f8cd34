/* SPDX-License-Identifier: MIT */
/*
 * Pseudo terminals (pty(7), pts(4)).
 *
 *   master file  --- write --->  n_tty_receive(slave)          (as if typed)
 *                <-- read  ----  fifo <--- slave's output after OPOST
 *
 * The slave is an ordinary terminal; the master is a file over the fifo. Opening /dev/ptmx makes
 * a pair, closing the master hangs the slave up, and the pair goes when both are closed.
 *
 * Locks: tty_mutex guards the table, the counts and the lock flag; the fifo has a spinlock, which
 * nests in the slave's out_lock.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/types.h>
#include <drivers/pty.h>
#include <drivers/tty.h>
#include <fs/char_dev.h>
#include <fs/devtmpfs.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/namei.h>
#include <fs/poll.h>
#include <kernel/cred.h>
#include <kernel/init.h>
#include <kernel/pid.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/timekeeping.h>
#include <mm/slab.h>
#include <mm/xarray.h>
#include <seam/uaccess.h>
#include <sync/ranks.h>

#include <linux/major.h>

#define PTY_FIFO_BYTES 8192

struct pty {
	struct tty_struct tty; /* the slave */
	char name[16];
	unsigned int index;
	struct pty_owner owner;
	bool master_open;    /* tty_mutex */
	bool slave_was_open; /* tty_mutex: a read of the master fails once the last slave is closed */
	bool locked;	     /* tty_mutex: TIOCSPTLCK */
	spinlock_t fifo_lock;
	u8 fifo[PTY_FIFO_BYTES];      /* fifo_lock */
	size_t head, tail;	      /* fifo_lock */
	wait_queue_head_t read_wait;  /* the master's reader and poller */
	wait_queue_head_t write_wait; /* the master's writer: the slave has no room */
	bool input_blocked;	      /* the slave took less than was offered */
};

static DEFINE_XARRAY_ALLOC(ptys); /* by index; changed under tty_mutex */

static struct pty *to_pty(struct tty_struct *tty)
{
	return container_of(tty, struct pty, tty);
}

/* ---- the slave's driver ---- */

static int pty_write(struct tty_struct *tty, const u8 *buf, int count)
{
	struct pty *pty = to_pty(tty);
	unsigned long flags;
	int i;

	if (!READ_ONCE(pty->master_open))
		return count;
	spin_lock_irqsave(&pty->fifo_lock, flags);
	count = min_t(size_t, count, PTY_FIFO_BYTES - (pty->head - pty->tail));
	for (i = 0; i < count; i++)
		pty->fifo[pty->head++ % PTY_FIFO_BYTES] = buf[i];
	spin_unlock_irqrestore(&pty->fifo_lock, flags);
	wake_up_interruptible_poll(&pty->read_wait, EPOLLIN | EPOLLRDNORM);
	return count;
}

static unsigned int pty_write_room(struct tty_struct *tty)
{
	struct pty *pty = to_pty(tty);

	return PTY_FIFO_BYTES - (READ_ONCE(pty->head) - READ_ONCE(pty->tail));
}

static unsigned int pty_chars_in_buffer(struct tty_struct *tty)
{
	return 0; /* what the master has not read has left the terminal, as on Linux */
}

static void pty_packet_event(struct pty *pty, u8 set, u8 clear)
{
	unsigned long flags;

	spin_lock_irqsave(&pty->tty.ctrl_lock, flags);
	if (pty->tty.packet)
		pty->tty.packet_status = (pty->tty.packet_status & ~clear) | set;
	spin_unlock_irqrestore(&pty->tty.ctrl_lock, flags);
	wake_up_interruptible_poll(&pty->read_wait, EPOLLIN | EPOLLRDNORM | EPOLLPRI);
}

static void pty_flush_buffer(struct tty_struct *tty)
{
	struct pty *pty = to_pty(tty);
	unsigned long flags;

	spin_lock_irqsave(&pty->fifo_lock, flags);
	pty->tail = pty->head;
	spin_unlock_irqrestore(&pty->fifo_lock, flags);
	pty_packet_event(pty, TIOCPKT_FLUSHWRITE, 0);
}

static void pty_stop(struct tty_struct *tty)
{
	pty_packet_event(to_pty(tty), TIOCPKT_STOP, TIOCPKT_START);
}

static void pty_start(struct tty_struct *tty)
{
	pty_packet_event(to_pty(tty), TIOCPKT_START, TIOCPKT_STOP);
}

static void pty_input_flushed(struct tty_struct *tty)
{
	struct pty *pty = to_pty(tty);

	WRITE_ONCE(pty->input_blocked, false);
	wake_up_interruptible_poll(&pty->write_wait, EPOLLOUT | EPOLLWRNORM);
	wake_up_interruptible_poll(&pty->read_wait, EPOLLOUT | EPOLLWRNORM);
}

static int pty_open(struct tty_struct *tty)
{
	struct pty *pty = to_pty(tty);

	if (!pty->master_open || pty->locked)
		return -EIO;
	pty->slave_was_open = true;
	return 0;
}

/* => tty_mutex held */
static void pty_free(struct pty *pty)
{
	xa_erase(&ptys, pty->index);
	cancel_work_sync(&pty->tty.rx_work);
	put_pid(pty->tty.pgrp);
	put_pid(pty->tty.session);
	kvfree(pty);
}

static void pty_close(struct tty_struct *tty)
{
	struct pty *pty = to_pty(tty);

	wake_up_interruptible_all(&pty->read_wait);
	if (!pty->master_open)
		pty_free(pty);
}

static const struct tty_operations pty_ops = {
	.open = pty_open,
	.close = pty_close,
	.write = pty_write,
	.write_room = pty_write_room,
	.chars_in_buffer = pty_chars_in_buffer,
	.flush_buffer = pty_flush_buffer,
	.stop = pty_stop,
	.start = pty_start,
	.input_flushed = pty_input_flushed,
};

/* ---- the master ---- */

static bool slave_closed(struct pty *pty)
{
	return READ_ONCE(pty->slave_was_open) && !READ_ONCE(pty->tty.count);
}

static bool master_readable(struct pty *pty)
{
	return READ_ONCE(pty->head) != READ_ONCE(pty->tail) || READ_ONCE(pty->tty.packet_status);
}

static ssize_t fifo_read(struct pty *pty, char __user *buf, size_t count)
{
	unsigned long flags;
	size_t done = 0, n, i;
	u8 piece[256];

	do {
		spin_lock_irqsave(&pty->fifo_lock, flags);
		n = min(min(count - done, sizeof(piece)), pty->head - pty->tail);
		for (i = 0; i < n; i++)
			piece[i] = pty->fifo[pty->tail++ % PTY_FIFO_BYTES];
		spin_unlock_irqrestore(&pty->fifo_lock, flags);
		if (n && copy_to_user(buf + done, piece, n))
			return done ? (ssize_t)done : -EFAULT;
		done += n;
	} while (n && done < count);
	return done;
}

/* In packet mode a read is either one status byte or a zero byte and data. */
static ssize_t packet_read(struct pty *pty, char __user *buf, size_t count)
{
	unsigned long flags;
	ssize_t n;
	u8 status;

	spin_lock_irqsave(&pty->tty.ctrl_lock, flags);
	status = pty->tty.packet_status;
	pty->tty.packet_status = 0;
	spin_unlock_irqrestore(&pty->tty.ctrl_lock, flags);
	if (put_user(status, (u8 __user *)buf))
		return -EFAULT;
	if (status)
		return 1;
	n = fifo_read(pty, buf + 1, count - 1);
	return n < 0 ? n : n + 1;
}

static ssize_t ptmx_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct pty *pty = file->private_data;
	ssize_t n;

	if (!count)
		return 0;
	while (!master_readable(pty)) {
		if (slave_closed(pty))
			return -EIO;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(pty->read_wait,
					     master_readable(pty) || slave_closed(pty)))
			return -ERESTARTSYS;
	}
	n = pty->tty.packet ? packet_read(pty, buf, count) : fifo_read(pty, buf, count);
	n_tty_flush_echo(&pty->tty);
	tty_wakeup(&pty->tty);
	return n;
}

/* Offer bytes to the slave; wait while it has no room. */
static ssize_t type_bytes(struct pty *pty, struct file *file, const u8 *buf, size_t count)
{
	size_t done = 0;

	for (;;) {
		WRITE_ONCE(pty->input_blocked, true);
		smp_mb();
		done += n_tty_receive(&pty->tty, buf + done, count - done);
		if (done == count) {
			WRITE_ONCE(pty->input_blocked, false);
			return done;
		}
		if (file->f_flags & O_NONBLOCK)
			return done ? (ssize_t)done : -EAGAIN;
		if (wait_event_interruptible(pty->write_wait, !READ_ONCE(pty->input_blocked)))
			return done ? (ssize_t)done : -ERESTARTSYS;
	}
}

static ssize_t ptmx_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct pty *pty = file->private_data;
	size_t done = 0, want;
	ssize_t n = 0;
	u8 piece[256];

	while (done < count) {
		want = min(count - done, sizeof(piece));
		n = -EFAULT;
		if (copy_from_user(piece, buf + done, want))
			break;
		n = type_bytes(pty, file, piece, want);
		if (n < 0)
			break;
		done += n;
		if ((size_t)n < want)
			break;
	}
	return done ? (ssize_t)done : n;
}

static __poll_t ptmx_poll(struct file *file, poll_table *wait)
{
	struct pty *pty = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &pty->read_wait, wait);
	poll_wait(file, &pty->write_wait, wait);
	if (master_readable(pty))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(pty->tty.packet_status))
		mask |= EPOLLPRI;
	if (slave_closed(pty))
		mask |= EPOLLHUP;
	if (!READ_ONCE(pty->input_blocked))
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}

static long set_locked(struct pty *pty, const int __user *arg)
{
	int value;

	if (get_user(value, arg))
		return -EFAULT;
	mutex_lock(&tty_mutex);
	pty->locked = value;
	mutex_unlock(&tty_mutex);
	return 0;
}

static long set_packet(struct pty *pty, const int __user *arg)
{
	unsigned long flags;
	int value;

	if (get_user(value, arg))
		return -EFAULT;
	spin_lock_irqsave(&pty->tty.ctrl_lock, flags);
	if (value && !pty->tty.packet)
		pty->tty.packet_status = 0;
	pty->tty.packet = value;
	spin_unlock_irqrestore(&pty->tty.ctrl_lock, flags);
	return 0;
}

static long signal_slave(struct pty *pty, unsigned long sig)
{
	struct pid *pgrp;

	if (sig != SIGINT && sig != SIGQUIT && sig != SIGTSTP)
		return -EINVAL;
	pgrp = tty_get_pgrp(&pty->tty);
	if (pgrp)
		kill_pgrp(pgrp, sig, 1);
	put_pid(pgrp);
	return 0;
}

/* Open the slave without a path (TIOCGPTPEER). A descriptor or -errno. */
static long open_peer(struct pty *pty, int flags)
{
	char path[32];
	struct file *file;
	int fd = get_unused_fd_flags(flags);

	if (fd < 0)
		return fd;
	snprintf(path, sizeof(path), "/dev/pts/%u", pty->index);
	file = filp_open(path, flags, 0);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}

static long ptmx_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct pty *pty = file->private_data;
	long ret;

	switch (cmd) {
	case TIOCGPTN:
		return put_user(pty->index, (unsigned int __user *)arg);
	case TIOCSPTLCK:
		return set_locked(pty, (int __user *)arg);
	case TIOCGPTLCK:
		return put_user((int)pty->locked, (int __user *)arg);
	case TIOCPKT:
		return set_packet(pty, (int __user *)arg);
	case TIOCGPKT:
		return put_user((int)pty->tty.packet, (int __user *)arg);
	case TIOCSIG:
		return signal_slave(pty, arg);
	case TIOCGPTPEER:
		return open_peer(pty, arg);
	case TIOCINQ:
		return put_user((int)(pty->head - pty->tail), (int __user *)arg);
	case TIOCSCTTY:
	case TIOCNOTTY:
		return -ENOTTY;
	}
	ret = tty_jobctrl_ioctl(NULL, &pty->tty, cmd, arg);
	if (ret == -ENOIOCTLCMD)
		ret = tty_mode_ioctl(&pty->tty, file, cmd, arg);
	return ret == -ENOIOCTLCMD ? -ENOTTY : ret;
}

static int ptmx_release(struct inode *inode, struct file *file)
{
	struct pty *pty = file->private_data;

	mutex_lock(&tty_mutex);
	WRITE_ONCE(pty->master_open, false);
	WRITE_ONCE(pty->tty.other_closed, true);
	if (pty->tty.count)
		tty_vhangup_session(&pty->tty);
	else
		pty_free(pty);
	mutex_unlock(&tty_mutex);
	return 0;
}

static const struct file_operations ptmx_fops = {
	.release = ptmx_release,
	.read = ptmx_read,
	.write = ptmx_write,
	.poll = ptmx_poll,
	.unlocked_ioctl = ptmx_ioctl,
	.llseek = no_llseek,
};

static void pty_set_owner(struct pty *pty)
{
	pty->owner.uid = current_fsuid();
	pty->owner.gid = current_fsgid();
	pty->owner.mode = 0620;
	pty->owner.created_ns = ktime_get_real();
}

/* => tty_mutex held */
static struct pty *pty_new(void)
{
	struct xa_limit limit = { .max = NR_PTYS_MAX - 1 };
	struct pty *pty = kvzalloc(sizeof(*pty), GFP_KERNEL);
	u32 index;
	int err;

	if (!pty)
		return ERR_PTR(-ENOMEM);
	err = xa_alloc(&ptys, &index, pty, limit, GFP_KERNEL);
	if (err) {
		kvfree(pty);
		return ERR_PTR(err == -EBUSY ? -ENOSPC : err);
	}
	pty->index = index;
	snprintf(pty->name, sizeof(pty->name), "pts/%u", index);
	tty_init(&pty->tty, pty->name, MKDEV(UNIX98_PTY_SLAVE_MAJOR, index), &pty_ops);
	pty->tty.is_pty = true;
	spin_lock_init(&pty->fifo_lock, LOCK_PTY_FIFO);
	init_waitqueue_head(&pty->read_wait);
	init_waitqueue_head(&pty->write_wait);
	pty->master_open = true;
	pty->locked = true;
	pty_set_owner(pty);
	return pty;
}

static int ptmx_open(struct inode *inode, struct file *file)
{
	struct pty *pty;

	mutex_lock(&tty_mutex);
	pty = pty_new();
	mutex_unlock(&tty_mutex);
	if (IS_ERR(pty))
		return PTR_ERR(pty);
	file->private_data = pty;
	replace_fops(file, &ptmx_fops);
	return nonseekable_open(inode, file);
}

/* The slave, by its number 136:index. */
static int pts_open(struct inode *inode, struct file *file)
{
	unsigned int index = MINOR(inode->i_rdev);
	struct pty *pty;
	int err = -EIO;

	mutex_lock(&tty_mutex);
	pty = xa_load(&ptys, index);
	if (pty && pty->master_open && !pty->locked)
		err = tty_open_file(&pty->tty, file);
	mutex_unlock(&tty_mutex);
	return err;
}

static const struct file_operations ptmx_open_fops = { .open = ptmx_open, .llseek = no_llseek };
static const struct file_operations pts_open_fops = { .open = pts_open, .llseek = no_llseek };

bool pty_exists(unsigned int index)
{
	return xa_load(&ptys, index);
}

int pty_next(unsigned int index)
{
	unsigned long at = index;

	return xa_find(&ptys, &at, NR_PTYS_MAX - 1, XA_PRESENT) ? (int)at : -1;
}

bool pty_owner_of(unsigned int index, struct pty_owner *owner)
{
	struct pty *pty;

	mutex_lock(&tty_mutex);
	pty = xa_load(&ptys, index);
	if (pty)
		*owner = pty->owner;
	mutex_unlock(&tty_mutex);
	return pty;
}

static int __init pty_init(void)
{
	__register_chrdev(TTYAUX_MAJOR, 2, 1, "ptmx", &ptmx_open_fops);
	register_chrdev(UNIX98_PTY_SLAVE_MAJOR, "pts", &pts_open_fops);
	return devtmpfs_create_node("ptmx", S_IFCHR | 0666, MKDEV(TTYAUX_MAJOR, 2));
}
fs_initcall(pty_init);
