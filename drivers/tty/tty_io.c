/* SPDX-License-Identifier: MIT */
/*
 * Terminals as files: registration, open, read, write, hang-up; /dev/tty and /dev/console.
 *
 * A driver's interrupt puts input into the flip ring; a work item carries it to the line
 * discipline, which may sleep. What the discipline has no room for stays in the ring, and is
 * carried on when a reader has made room.
 *
 * Hang-up: tty->hangups is counted up; a file that was opened before keeps the old number and from
 * then on reads end-of-file and fails to write. The next open starts afresh.
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <base/types.h>
#include <drivers/console.h>
#include <drivers/tty.h>
#include <fs/char_dev.h>
#include <fs/devtmpfs.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/poll.h>
#include <kernel/cred.h>
#include <kernel/init.h>
#include <kernel/pid.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/slab.h>
#include <sync/ranks.h>

#include <linux/capability.h>
#include <linux/major.h>

#define HVC_MAJOR 229

DEFINE_MUTEX(tty_mutex, LOCK_TTY);
static struct tty_struct *all_ttys; /* tty_mutex; ptys are not in it */

const struct ktermios tty_std_termios = {
	.c_iflag = ICRNL | IXON,
	.c_oflag = OPOST | ONLCR,
	.c_cflag = B38400 | CS8 | CREAD | HUPCL,
	.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
	.c_cc = { [VINTR] = 'C' & 31,
		  [VQUIT] = '\\' & 31,
		  [VERASE] = 0x7f,
		  [VKILL] = 'U' & 31,
		  [VEOF] = 'D' & 31,
		  [VTIME] = 0,
		  [VMIN] = 1,
		  [VSTART] = 'Q' & 31,
		  [VSTOP] = 'S' & 31,
		  [VSUSP] = 'Z' & 31,
		  [VREPRINT] = 'R' & 31,
		  [VDISCARD] = 'O' & 31,
		  [VWERASE] = 'W' & 31,
		  [VLNEXT] = 'V' & 31 },
	.c_ispeed = 38400,
	.c_ospeed = 38400,
};

static void tty_rx_work(struct work_struct *work)
{
	struct tty_struct *tty = container_of(work, struct tty_struct, rx_work);
	u8 piece[256];
	unsigned long flags;
	size_t n, i, taken;

	do {
		spin_lock_irqsave(&tty->flip_lock, flags);
		n = min(tty->flip_head - tty->flip_tail, sizeof(piece));
		for (i = 0; i < n; i++)
			piece[i] = tty->flip[(tty->flip_tail + i) % TTY_FLIP_SIZE];
		spin_unlock_irqrestore(&tty->flip_lock, flags);
		if (!n)
			return;
		taken = n_tty_receive(tty, piece, n);
		spin_lock_irqsave(&tty->flip_lock, flags);
		tty->flip_tail += taken;
		spin_unlock_irqrestore(&tty->flip_lock, flags);
	} while (taken == n);
}

size_t tty_insert_flip_string(struct tty_struct *tty, const u8 *buf, size_t n)
{
	unsigned long flags;
	size_t i;

	spin_lock_irqsave(&tty->flip_lock, flags);
	n = min(n, TTY_FLIP_SIZE - (tty->flip_head - tty->flip_tail));
	for (i = 0; i < n; i++)
		tty->flip[tty->flip_head++ % TTY_FLIP_SIZE] = buf[i];
	spin_unlock_irqrestore(&tty->flip_lock, flags);
	return n;
}

void tty_flip_buffer_push(struct tty_struct *tty)
{
	if (tty->flip_head != tty->flip_tail)
		schedule_work(&tty->rx_work);
}

void tty_wakeup(struct tty_struct *tty)
{
	wake_up_interruptible_poll(&tty->write_wait, EPOLLOUT | EPOLLWRNORM);
}

void tty_init(struct tty_struct *tty, const char *name, dev_t dev, const struct tty_operations *ops)
{
	tty->name = name;
	tty->dev = dev;
	tty->ops = ops;
	tty->termios = tty_std_termios;
	mutex_init(&tty->ldisc_lock, LOCK_TTY_LDISC);
	mutex_init(&tty->write_lock, LOCK_TTY_WRITE);
	spin_lock_init(&tty->out_lock, LOCK_TTY_OUT);
	spin_lock_init(&tty->ctrl_lock, LOCK_TTY_CTRL);
	spin_lock_init(&tty->flip_lock, LOCK_TTY_FLIP);
	init_waitqueue_head(&tty->read_wait);
	init_waitqueue_head(&tty->write_wait);
	INIT_WORK(&tty->rx_work, tty_rx_work);
}

int tty_register(struct tty_struct *tty)
{
	mutex_lock(&tty_mutex);
	tty->next = all_ttys;
	all_ttys = tty;
	mutex_unlock(&tty_mutex);
	return devtmpfs_create_node(tty->name, S_IFCHR | 0600, tty->dev);
}

struct tty_struct *tty_by_dev(dev_t dev)
{
	struct tty_struct *tty;

	for (tty = all_ttys; tty && tty->dev != dev; tty = tty->next)
		;
	return tty;
}

struct tty_struct *file_tty(struct file *file)
{
	struct tty_file *tf = file->private_data;

	return tf->hangups == READ_ONCE(tf->tty->hangups) ? tf->tty : NULL;
}

int tty_open_file(struct tty_struct *tty, struct file *file)
{
	struct tty_file *tf;
	int err;

	if (tty->exclusive && tty->count && !capable(CAP_SYS_ADMIN))
		return -EBUSY;
	tf = kzalloc(sizeof(*tf), GFP_KERNEL);
	if (!tf)
		return -ENOMEM;
	if (!tty->count) {
		n_tty_open(tty);
		err = tty->ops->open ? tty->ops->open(tty) : 0;
		if (err) {
			kfree(tf);
			return err;
		}
	}
	tty->count++;
	tf->tty = tty;
	tf->hangups = tty->hangups;
	file->private_data = tf;
	file->f_op = &tty_fops;
	tty_open_proc_set_tty(file, tty);
	return 0;
}

static int tty_open(struct inode *inode, struct file *file)
{
	struct tty_struct *tty;
	int err;

	mutex_lock(&tty_mutex);
	if (inode->i_rdev == MKDEV(TTYAUX_MAJOR, 0)) {
		tty = get_current_tty();
		file->f_flags |= O_NOCTTY;
	} else if (inode->i_rdev == MKDEV(TTYAUX_MAJOR, 1)) {
		tty = tty_by_dev(console_tty_dev());
		file->f_flags |= O_NOCTTY;
	} else {
		tty = tty_by_dev(inode->i_rdev);
	}
	err = tty					? tty_open_file(tty, file)
	      : inode->i_rdev == MKDEV(TTYAUX_MAJOR, 1) ? -ENODEV
							: -ENXIO;
	mutex_unlock(&tty_mutex);
	return err;
}

static int tty_release(struct inode *inode, struct file *file)
{
	struct tty_file *tf = file->private_data;
	struct tty_struct *tty = tf->tty;

	mutex_lock(&tty_mutex);
	if (!--tty->count) {
		tty->exclusive = false;
		if (tty->ops->close)
			tty->ops->close(tty);
	}
	mutex_unlock(&tty_mutex);
	kfree(tf);
	return 0;
}

static ssize_t tty_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct tty_struct *tty = file_tty(file);

	return tty && count ? n_tty_read(tty, file, buf, count) : 0;
}

static ssize_t tty_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct tty_struct *tty = file_tty(file);

	if (!tty)
		return -EIO;
	return count ? n_tty_write(tty, file, buf, count) : 0;
}

static __poll_t tty_poll(struct file *file, struct poll_table_struct *wait)
{
	struct tty_file *tf = file->private_data;

	return n_tty_poll(tf->tty, file, wait);
}

const struct file_operations tty_fops = {
	.open = tty_open,
	.release = tty_release,
	.read = tty_read,
	.write = tty_write,
	.poll = tty_poll,
	.unlocked_ioctl = tty_ioctl,
	.llseek = no_llseek,
};

/* => tty_mutex held */
void tty_vhangup_session(struct tty_struct *tty)
{
	WRITE_ONCE(tty->hangups, tty->hangups + 1);
	tty_signal_session_leader(tty);
	mutex_lock(&tty->ldisc_lock);
	n_tty_flush_input(tty);
	mutex_unlock(&tty->ldisc_lock);
	wake_up_interruptible_all(&tty->read_wait);
	wake_up_interruptible_all(&tty->write_wait);
}

void tty_hangup(struct tty_struct *tty)
{
	mutex_lock(&tty_mutex);
	tty_vhangup_session(tty);
	mutex_unlock(&tty_mutex);
}

static int __init tty_class_init(void)
{
	register_chrdev(TTY_MAJOR, "tty", &tty_fops);
	__register_chrdev(TTYAUX_MAJOR, 0, 2, "ttyaux", &tty_fops);
	register_chrdev(HVC_MAJOR, "hvc", &tty_fops);
	devtmpfs_create_node("tty", S_IFCHR | 0666, MKDEV(TTYAUX_MAJOR, 0));
	devtmpfs_create_node("console", S_IFCHR | 0600, MKDEV(TTYAUX_MAJOR, 1));
	return 0;
}
fs_initcall(tty_class_init);
