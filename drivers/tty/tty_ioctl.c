/* SPDX-License-Identifier: MIT */
/* Terminal attributes and the other requests of ioctl_tty(2), termios(3). */
#include <base/errno.h>
#include <base/string.h>
#include <base/types.h>
#include <drivers/tty.h>
#include <fs/char_dev.h>
#include <kernel/cred.h>
#include <kernel/pid.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/timer.h>
#include <seam/uaccess.h>

#include <linux/capability.h>
#include <linux/tty.h>

static bool output_pending(struct tty_struct *tty)
{
	bool pending;

	spin_lock(&tty->out_lock);
	pending = tty->ldisc.echo_head != tty->ldisc.echo_tail ||
		  (tty->ops->chars_in_buffer && tty->ops->chars_in_buffer(tty));
	spin_unlock(&tty->out_lock);
	return pending;
}

int tty_wait_until_sent(struct tty_struct *tty)
{
	while (output_pending(tty)) {
		n_tty_flush_echo(tty);
		if (signal_pending(current))
			return -ERESTARTSYS;
		schedule_timeout_interruptible(1);
	}
	return 0;
}

/* What a struct termios (TCGETS) and a termios2 (TCGETS2) have in common comes first in both. */
static int get_termios(struct tty_struct *tty, void __user *to, size_t bytes)
{
	struct ktermios copy;

	mutex_lock(&tty->ldisc_lock);
	copy = tty->termios;
	mutex_unlock(&tty->ldisc_lock);
	return copy_to_user(to, &copy, bytes) ? -EFAULT : 0;
}

#define TERMIOS_FLUSH 1
#define TERMIOS_WAIT  2

static int change_termios(struct tty_struct *tty, const struct ktermios *new)
{
	struct ktermios old;

	mutex_lock(&tty->ldisc_lock);
	spin_lock(&tty->out_lock);
	old = tty->termios;
	tty->termios = *new;
	spin_unlock(&tty->out_lock);
	if (tty->ops->set_termios)
		tty->ops->set_termios(tty, &old);
	n_tty_set_termios(tty, &old);
	mutex_unlock(&tty->ldisc_lock);
	return 0;
}

static const unsigned int baud_bits[] = {
	B0,	  B50,	    B75,      B110,	B134,	  B150,	    B200,     B300,
	B600,	  B1200,    B1800,    B2400,	B4800,	  B9600,    B19200,   B38400,
	B57600,	  B115200,  B230400,  B460800,	B500000,  B576000,  B921600,  B1000000,
	B1152000, B1500000, B2000000, B2500000, B3000000, B3500000, B4000000,
};
static const unsigned int baud_rates[] = {
	0,	 50,	  75,	   110,	    134,     150,     200,     300,
	600,	 1200,	  1800,	   2400,    4800,    9600,    19200,   38400,
	57600,	 115200,  230400,  460800,  500000,  576000,  921600,  1000000,
	1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000,
};

static unsigned int baud_of(unsigned int cbaud, unsigned int other)
{
	unsigned int i;

	for (i = 0; i < sizeof(baud_bits) / sizeof(baud_bits[0]); i++)
		if (baud_bits[i] == cbaud)
			return baud_rates[i];
	return other; /* BOTHER */
}

static int set_termios(struct tty_struct *tty, const void __user *from, size_t bytes, int how)
{
	struct ktermios new;
	int ret = tty_check_change(tty);

	if (ret)
		return ret;
	mutex_lock(&tty->ldisc_lock);
	new = tty->termios;
	mutex_unlock(&tty->ldisc_lock);
	if (copy_from_user(&new, from, bytes))
		return -EFAULT;
	new.c_ospeed = baud_of(new.c_cflag &CBAUD, new.c_ospeed);
	new.c_ispeed = (new.c_cflag >> IBSHIFT) & CBAUD
			       ? baud_of((new.c_cflag >> IBSHIFT) & CBAUD, new.c_ispeed)
			       : new.c_ospeed;
	if (how & TERMIOS_FLUSH) {
		mutex_lock(&tty->ldisc_lock);
		n_tty_flush_input(tty);
		mutex_unlock(&tty->ldisc_lock);
	}
	if (how & TERMIOS_WAIT) {
		ret = tty_wait_until_sent(tty);
		if (ret)
			return ret;
	}
	return change_termios(tty, &new);
}

/* The old System V form: 16-bit flags, eight control characters. */
static int get_termio(struct tty_struct *tty, struct termio __user *to)
{
	struct termio v;

	memset(&v, 0, sizeof(v));
	mutex_lock(&tty->ldisc_lock);
	v.c_iflag = tty->termios.c_iflag;
	v.c_oflag = tty->termios.c_oflag;
	v.c_cflag = tty->termios.c_cflag;
	v.c_lflag = tty->termios.c_lflag;
	v.c_line = tty->termios.c_line;
	memcpy(v.c_cc, tty->termios.c_cc, NCC);
	mutex_unlock(&tty->ldisc_lock);
	return copy_to_user(to, &v, sizeof(v)) ? -EFAULT : 0;
}

static int set_termio(struct tty_struct *tty, const struct termio __user *from, int how)
{
	struct ktermios new;
	struct termio v;
	int ret = tty_check_change(tty);

	if (ret)
		return ret;
	if (copy_from_user(&v, from, sizeof(v)))
		return -EFAULT;
	mutex_lock(&tty->ldisc_lock);
	new = tty->termios;
	if (how & TERMIOS_FLUSH)
		n_tty_flush_input(tty);
	mutex_unlock(&tty->ldisc_lock);
	new.c_iflag = (new.c_iflag & 0xffff0000) | v.c_iflag;
	new.c_oflag = (new.c_oflag & 0xffff0000) | v.c_oflag;
	new.c_cflag = (new.c_cflag & 0xffff0000) | v.c_cflag;
	new.c_lflag = (new.c_lflag & 0xffff0000) | v.c_lflag;
	new.c_line = v.c_line;
	memcpy(new.c_cc, v.c_cc, NCC);
	if (how & TERMIOS_WAIT) {
		ret = tty_wait_until_sent(tty);
		if (ret)
			return ret;
	}
	return change_termios(tty, &new);
}

int tty_do_resize(struct tty_struct *tty, const struct winsize *ws)
{
	struct pid *pgrp;
	bool same;

	mutex_lock(&tty->ldisc_lock);
	same = !memcmp(ws, &tty->winsize, sizeof(*ws));
	tty->winsize = *ws;
	mutex_unlock(&tty->ldisc_lock);
	if (same)
		return 0;
	pgrp = tty_get_pgrp(tty);
	if (pgrp)
		kill_pgrp(pgrp, SIGWINCH, 1);
	put_pid(pgrp);
	return 0;
}

static int get_winsize(struct tty_struct *tty, struct winsize __user *arg)
{
	struct winsize ws;

	mutex_lock(&tty->ldisc_lock);
	ws = tty->winsize;
	mutex_unlock(&tty->ldisc_lock);
	return copy_to_user(arg, &ws, sizeof(ws)) ? -EFAULT : 0;
}

static int set_winsize(struct tty_struct *tty, const struct winsize __user *arg)
{
	struct winsize ws;

	if (copy_from_user(&ws, arg, sizeof(ws)))
		return -EFAULT;
	return tty_do_resize(tty, &ws);
}

static int flush_queues(struct tty_struct *tty, unsigned long which)
{
	int ret = tty_check_change(tty);

	if (ret)
		return ret;
	if (which != TCIFLUSH && which != TCOFLUSH && which != TCIOFLUSH)
		return -EINVAL;
	if (which != TCOFLUSH) {
		mutex_lock(&tty->ldisc_lock);
		n_tty_flush_input(tty);
		mutex_unlock(&tty->ldisc_lock);
	}
	if (which != TCIFLUSH) {
		spin_lock(&tty->out_lock);
		tty->ldisc.echo_tail = tty->ldisc.echo_head;
		if (tty->ops->flush_buffer)
			tty->ops->flush_buffer(tty);
		spin_unlock(&tty->out_lock);
	}
	return 0;
}

static int flow_control(struct tty_struct *tty, unsigned long how)
{
	int ret = tty_check_change(tty);
	u8 c;

	if (ret)
		return ret;
	switch (how) {
	case TCOOFF:
		tty_stop_output(tty);
		return 0;
	case TCOON:
		tty_start_output(tty);
		return 0;
	case TCIOFF:
	case TCION:
		c = tty->termios.c_cc[how == TCIOFF ? VSTOP : VSTART];
		spin_lock(&tty->out_lock);
		if (c)
			tty->ops->write(tty, &c, 1);
		spin_unlock(&tty->out_lock);
		return 0;
	}
	return -EINVAL;
}

static int push_input(struct tty_struct *tty, const char __user *arg)
{
	u8 c;

	if (current->signal->tty != tty && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (get_user(c, (const u8 __user *)arg))
		return -EFAULT;
	n_tty_receive(tty, &c, 1);
	return 0;
}

/* Attributes, sizes, queues: what works on a terminal and, through a pty master, on its slave. */
long tty_mode_ioctl(struct tty_struct *tty, struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *p = (void __user *)arg;
	unsigned int nr;
	int ret;

	switch (cmd) {
	case TCGETS:
		return get_termios(tty, p, sizeof(struct termios));
	case TCGETS2:
		return get_termios(tty, p, sizeof(struct termios2));
	case TCSETS:
		return set_termios(tty, p, sizeof(struct termios), 0);
	case TCSETSW:
		return set_termios(tty, p, sizeof(struct termios), TERMIOS_WAIT);
	case TCSETSF:
		return set_termios(tty, p, sizeof(struct termios), TERMIOS_WAIT | TERMIOS_FLUSH);
	case TCSETS2:
		return set_termios(tty, p, sizeof(struct termios2), 0);
	case TCSETSW2:
		return set_termios(tty, p, sizeof(struct termios2), TERMIOS_WAIT);
	case TCSETSF2:
		return set_termios(tty, p, sizeof(struct termios2), TERMIOS_WAIT | TERMIOS_FLUSH);
	case TCGETA:
		return get_termio(tty, p);
	case TCSETA:
		return set_termio(tty, p, 0);
	case TCSETAW:
		return set_termio(tty, p, TERMIOS_WAIT);
	case TCSETAF:
		return set_termio(tty, p, TERMIOS_WAIT | TERMIOS_FLUSH);
	case TCXONC:
		return flow_control(tty, arg);
	case TCFLSH:
		return flush_queues(tty, arg);
	case TCSBRK: /* tcdrain() when arg is not 0; a break has no meaning on our devices */
	case TCSBRKP:
		ret = tty_check_change(tty);
		return ret ? ret : tty_wait_until_sent(tty);
	case TIOCSBRK:
	case TIOCCBRK:
		return 0;
	case TIOCOUTQ:
		spin_lock(&tty->out_lock);
		nr = tty->ops->chars_in_buffer ? tty->ops->chars_in_buffer(tty) : 0;
		spin_unlock(&tty->out_lock);
		return put_user((int)nr, (int __user *)p);
	case TIOCINQ:
		return put_user(n_tty_inq(tty), (int __user *)p);
	case TIOCGWINSZ:
		return get_winsize(tty, p);
	case TIOCSWINSZ:
		return set_winsize(tty, p);
	case TIOCGSOFTCAR:
		return put_user(!!(tty->termios.c_cflag & CLOCAL), (int __user *)p);
	}
	return -ENOIOCTLCMD;
}

long tty_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct tty_struct *tty = file_tty(file);
	long ret;

	if (!tty)
		return -EIO;
	ret = tty_jobctrl_ioctl(tty, tty, cmd, arg);
	if (ret != -ENOIOCTLCMD)
		return ret;
	ret = tty_mode_ioctl(tty, file, cmd, arg);
	if (ret != -ENOIOCTLCMD)
		return ret;
	switch (cmd) {
	case TIOCSTI:
		return push_input(tty, (const char __user *)arg);
	case TIOCEXCL:
		tty->exclusive = true;
		return 0;
	case TIOCNXCL:
		tty->exclusive = false;
		return 0;
	case TIOCGEXCL:
		return put_user((int)tty->exclusive, (int __user *)arg);
	case TIOCVHANGUP:
		if (!capable(CAP_SYS_ADMIN))
			return -EPERM;
		tty_hangup(tty);
		return 0;
	case TIOCGETD:
		return put_user(N_TTY, (int __user *)arg);
	case TIOCSETD: {
		int ldisc;

		if (get_user(ldisc, (int __user *)arg))
			return -EFAULT;
		return ldisc == N_TTY ? 0 : -EINVAL;
	}
	case TIOCGDEV:
		return put_user((unsigned int)((MAJOR(tty->dev) << 8) | (MINOR(tty->dev) & 0xff)),
				(unsigned int __user *)arg);
	}
	if (tty->ops->ioctl)
		ret = tty->ops->ioctl(tty, cmd, arg);
	return ret == -ENOIOCTLCMD ? -ENOTTY : ret;
}
