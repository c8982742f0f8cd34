/* SPDX-License-Identifier: MIT */
/*
 * N_TTY: the line discipline (POSIX.1-2017, chapter 11; termios(3)).
 *
 *          driver -> n_tty_receive() -> [tail ... canon_head ... head) -> n_tty_read()
 *                         |  signals          complete lines | being typed
 *                         v
 *                    echo ring  -----\
 *          n_tty_write() -> OPOST ----+--> driver->write()
 *
 * The input buffer is a ring indexed by counters that only grow. In canonical mode a reader sees
 * [tail, canon_head); a set bit in mark[] says that the byte ends a line, and a marked byte
 * __DISABLED_CHAR is an end-of-file that is not delivered. In raw mode it sees [tail, head).
 * Invariants: tail <= canon_head <= head (canonical), head - tail <= N_TTY_BUF_SIZE.
 *
 * Echo must not wait for the device, or a ^C could be stuck behind a full line: echoed bytes go
 * to a ring of their own and leave as far as the driver takes them, before any later output.
 * When the ring is full, echo is lost, input is not.
 *
 * A canonical line that fills the buffer: further bytes except line ends are dropped with a bell
 * (IMAXBEL), as on Linux, so that a line end can always complete it.
 *
 * Linux (drivers/tty/n_tty.c) lets reader and receiver run without a lock; here one mutex,
 * ldisc_lock, keeps them apart.
 */
#include <base/bitmap.h>
#include <base/bitops.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <base/types.h>
#include <drivers/tty.h>
#include <fs/poll.h>
#include <kernel/pid.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/timer.h>
#include <seam/uaccess.h>

#define __DISABLED_CHAR '\0'

#define I_FLAG(tty, f) ((tty)->termios.c_iflag & (f))
#define O_FLAG(tty, f) ((tty)->termios.c_oflag & (f))
#define L_FLAG(tty, f) ((tty)->termios.c_lflag & (f))
#define CC(tty, i)     ((tty)->termios.c_cc[i])

static u8 *slot(struct n_tty *l, size_t i)
{
	return &l->buf[i & (N_TTY_BUF_SIZE - 1)];
}

static bool is_cc(struct tty_struct *tty, int which, u8 c)
{
	return CC(tty, which) != __DISABLED_CHAR && CC(tty, which) == c;
}

static bool is_continuation(u8 c, struct tty_struct *tty)
{
	return I_FLAG(tty, IUTF8) && (c & 0xc0) == 0x80;
}

/* ---- output ---- */

/*
 * Post-process one byte for output; false when the driver has no room for all it becomes.
 * => out_lock held
 */
static bool output_char(struct tty_struct *tty, u8 c)
{
	struct n_tty *l = &tty->ldisc;
	unsigned int room = tty->ops->write_room(tty), spaces;

	if (!room)
		return false;
	if (!O_FLAG(tty, OPOST))
		return tty->ops->write(tty, &c, 1) == 1;
	switch (c) {
	case '\n':
		if (O_FLAG(tty, ONLRET))
			l->column = 0;
		if (O_FLAG(tty, ONLCR)) {
			if (room < 2)
				return false;
			l->column = l->canon_column = 0;
			tty->ops->write(tty, (const u8 *)"\r\n", 2);
			return true;
		}
		l->canon_column = l->column;
		break;
	case '\r':
		if (O_FLAG(tty, ONOCR) && !l->column)
			return true;
		if (O_FLAG(tty, OCRNL)) {
			c = '\n';
			if (O_FLAG(tty, ONLRET))
				l->column = l->canon_column = 0;
			break;
		}
		l->column = l->canon_column = 0;
		break;
	case '\t':
		spaces = 8 - (l->column & 7);
		if ((tty->termios.c_oflag & TABDLY) == XTABS) {
			if (room < spaces)
				return false;
			l->column += spaces;
			tty->ops->write(tty, (const u8 *)"        ", spaces);
			return true;
		}
		l->column += spaces;
		break;
	case '\b':
		if (l->column)
			l->column--;
		break;
	default:
		if (c >= ' ' && c != 0x7f) {
			if (O_FLAG(tty, OLCUC) && c >= 'a' && c <= 'z')
				c -= 'a' - 'A';
			if (!is_continuation(c, tty))
				l->column++;
		}
		break;
	}
	tty->ops->write(tty, &c, 1);
	return true;
}

/* Send echo that waits. True when none is left. => out_lock held */
static bool drain_echo(struct tty_struct *tty)
{
	struct n_tty *l = &tty->ldisc;

	if (tty->flow_stopped)
		return l->echo_tail == l->echo_head;
	while (l->echo_tail != l->echo_head) {
		if (!output_char(tty, l->echo[l->echo_tail % TTY_ECHO_SIZE]))
			return false;
		l->echo_tail++;
	}
	return true;
}

void n_tty_flush_echo(struct tty_struct *tty)
{
	spin_lock(&tty->out_lock);
	drain_echo(tty);
	spin_unlock(&tty->out_lock);
}

static void echo_raw(struct tty_struct *tty, const u8 *s, size_t n)
{
	struct n_tty *l = &tty->ldisc;

	spin_lock(&tty->out_lock);
	if (l->echo_head - l->echo_tail + n <= TTY_ECHO_SIZE)
		while (n--)
			l->echo[l->echo_head++ % TTY_ECHO_SIZE] = *s++;
	drain_echo(tty);
	spin_unlock(&tty->out_lock);
}

static bool shows_caret(struct tty_struct *tty, u8 c)
{
	return L_FLAG(tty, ECHOCTL) && (c < ' ' || c == 0x7f) && c != '\t';
}

static void echo_char(struct tty_struct *tty, u8 c)
{
	u8 caret[2] = { '^', c ^ 0x40 };

	if (shows_caret(tty, c) && c != '\n')
		echo_raw(tty, caret, 2);
	else
		echo_raw(tty, &c, 1);
}

/* Send as much of a piece as the driver takes now; how much that was. */
static size_t output_some(struct tty_struct *tty, const u8 *buf, size_t count)
{
	size_t done = 0;
	int n;

	spin_lock(&tty->out_lock);
	if (tty->flow_stopped || !drain_echo(tty))
		goto out;
	if (!O_FLAG(tty, OPOST)) {
		n = tty->ops->write(tty, buf, count);
		done = max(n, 0);
		goto out;
	}
	while (done < count && output_char(tty, buf[done]))
		done++;
out:
	spin_unlock(&tty->out_lock);
	return done;
}

/* Write all of a kernel buffer. Bytes written, or -errno when none was. */
static ssize_t write_piece(struct tty_struct *tty, struct file *file, const u8 *buf, size_t count)
{
	DEFINE_WAIT(wait);
	size_t done = 0;
	ssize_t err = 0;

	for (;;) {
		prepare_to_wait(&tty->write_wait, &wait, TASK_INTERRUPTIBLE);
		if (!file_tty(file) || tty->other_closed) {
			err = -EIO;
			break;
		}
		done += output_some(tty, buf + done, count - done);
		if (done == count)
			break;
		if (file->f_flags & O_NONBLOCK) {
			err = -EAGAIN;
			break;
		}
		if (signal_pending(current)) {
			err = -ERESTARTSYS;
			break;
		}
		schedule();
	}
	finish_wait(&tty->write_wait, &wait);
	return done ? done : err;
}

ssize_t n_tty_write(struct tty_struct *tty, struct file *file, const char __user *buf, size_t count)
{
	u8 piece[256];
	size_t done = 0;
	ssize_t n;

	if (L_FLAG(tty, TOSTOP)) {
		n = tty_check_change(tty);
		if (n)
			return n;
	}
	if (file->f_flags & O_NONBLOCK) {
		if (!mutex_trylock(&tty->write_lock))
			return -EAGAIN;
	} else if (mutex_lock_interruptible(&tty->write_lock)) {
		return -ERESTARTSYS;
	}
	n = 0;
	while (done < count) {
		size_t want = min_t(size_t, count - done, sizeof(piece));

		n = -EFAULT;
		if (copy_from_user(piece, buf + done, want))
			break;
		n = write_piece(tty, file, piece, want);
		if (n < 0)
			break;
		done += n;
		if ((size_t)n < want)
			break;
	}
	mutex_unlock(&tty->write_lock);
	return done ? done : n;
}

void tty_stop_output(struct tty_struct *tty)
{
	spin_lock(&tty->out_lock);
	tty->flow_stopped = true;
	spin_unlock(&tty->out_lock);
	if (tty->ops->stop)
		tty->ops->stop(tty);
}

void tty_start_output(struct tty_struct *tty)
{
	bool was;

	spin_lock(&tty->out_lock);
	was = tty->flow_stopped;
	tty->flow_stopped = false;
	drain_echo(tty);
	spin_unlock(&tty->out_lock);
	if (was && tty->ops->start)
		tty->ops->start(tty);
	if (was)
		tty_wakeup(tty);
}

/* ---- input ---- */

static bool input_available(struct tty_struct *tty, bool poll)
{
	struct n_tty *l = &tty->ldisc;
	size_t want = poll && !CC(tty, VTIME) && CC(tty, VMIN) ? CC(tty, VMIN) : 1;

	if (L_FLAG(tty, ICANON))
		return l->canon_head != l->tail;
	return l->head - l->tail >= want;
}

static void put_byte(struct n_tty *l, u8 c)
{
	clear_bit(l->head & (N_TTY_BUF_SIZE - 1), l->mark);
	*slot(l, l->head++) = c;
}

/* @c ends a line: what was typed becomes readable. */
static void complete_line(struct tty_struct *tty, u8 c)
{
	struct n_tty *l = &tty->ldisc;

	put_byte(l, c);
	set_bit((l->head - 1) & (N_TTY_BUF_SIZE - 1), l->mark);
	l->canon_head = l->head;
	spin_lock(&tty->out_lock);
	l->canon_column = l->column;
	spin_unlock(&tty->out_lock);
	wake_up_interruptible_poll(&tty->read_wait, EPOLLIN | EPOLLRDNORM);
}

static void finish_erasing(struct tty_struct *tty)
{
	if (!tty->ldisc.erasing)
		return;
	echo_raw(tty, (const u8 *)"/", 1);
	tty->ldisc.erasing = false;
}

/* Columns that the line being typed takes up to counter @end, from its first column on. */
static unsigned int line_columns(struct tty_struct *tty, size_t end)
{
	struct n_tty *l = &tty->ldisc;
	unsigned int column = l->canon_column;
	size_t i;

	for (i = l->canon_head; i != end; i++) {
		u8 c = *slot(l, i);

		if (c == '\t')
			column += 8 - (column & 7);
		else if (shows_caret(tty, c))
			column += 2;
		else if (c >= ' ' && c != 0x7f && !is_continuation(c, tty))
			column++;
	}
	return column;
}

/* Take the last character back from the buffer and, by @echo, from the screen. */
static void erase_one(struct tty_struct *tty, bool echo)
{
	struct n_tty *l = &tty->ldisc;
	size_t end = l->head;
	unsigned int before;
	u8 c;

	before = line_columns(tty, end);
	do
		c = *slot(l, --l->head);
	while (is_continuation(c, tty) && l->head != l->canon_head);
	if (!echo || !L_FLAG(tty, ECHO))
		return;
	if (L_FLAG(tty, ECHOPRT)) {
		if (!l->erasing)
			echo_raw(tty, (const u8 *)"\\", 1);
		l->erasing = true;
		echo_char(tty, c);
		return;
	}
	if (c == '\t') {
		for (before -= line_columns(tty, l->head); before; before--)
			echo_raw(tty, (const u8 *)"\b", 1);
		return;
	}
	for (before -= line_columns(tty, l->head); before; before--)
		echo_raw(tty, (const u8 *)"\b \b", 3);
}

static bool is_word(u8 c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_' || c >= 0x80;
}

static void erase_word(struct tty_struct *tty)
{
	struct n_tty *l = &tty->ldisc;
	bool seen = false;

	while (l->head != l->canon_head) {
		if (is_word(*slot(l, l->head - 1)))
			seen = true;
		else if (seen)
			break;
		erase_one(tty, true);
	}
}

static void erase_line(struct tty_struct *tty, u8 c)
{
	struct n_tty *l = &tty->ldisc;
	bool visual = L_FLAG(tty, ECHOK) && L_FLAG(tty, ECHOKE) && L_FLAG(tty, ECHOE);

	if (!L_FLAG(tty, ECHO) || !visual) {
		l->head = l->canon_head;
		if (!L_FLAG(tty, ECHO))
			return;
		finish_erasing(tty);
		echo_char(tty, c);
		if (L_FLAG(tty, ECHOK))
			echo_raw(tty, (const u8 *)"\n", 1);
		return;
	}
	while (l->head != l->canon_head)
		erase_one(tty, true);
}

static bool edit_char(struct tty_struct *tty, u8 c)
{
	struct n_tty *l = &tty->ldisc;

	if (is_cc(tty, VERASE, c)) {
		if (l->head == l->canon_head)
			return true;
		if (L_FLAG(tty, ECHO) && !L_FLAG(tty, ECHOE) && !L_FLAG(tty, ECHOPRT)) {
			erase_one(tty, false);
			echo_char(tty, c);
		} else {
			erase_one(tty, true);
		}
		return true;
	}
	if (is_cc(tty, VKILL, c)) {
		erase_line(tty, c);
		return true;
	}
	if (L_FLAG(tty, IEXTEN) && is_cc(tty, VWERASE, c)) {
		erase_word(tty);
		return true;
	}
	return false;
}

static void reprint_line(struct tty_struct *tty, u8 c)
{
	struct n_tty *l = &tty->ldisc;
	size_t i;

	finish_erasing(tty);
	echo_char(tty, c);
	echo_raw(tty, (const u8 *)"\n", 1);
	for (i = l->canon_head; i != l->head; i++)
		echo_char(tty, *slot(l, i));
}

/* Canonical mode: editing and line ends. True when @c was consumed here. */
static bool canon_char(struct tty_struct *tty, u8 c)
{
	struct n_tty *l = &tty->ldisc;

	if (edit_char(tty, c))
		return true;
	if (L_FLAG(tty, IEXTEN) && is_cc(tty, VLNEXT, c)) {
		l->lnext = true;
		if (L_FLAG(tty, ECHO) && L_FLAG(tty, ECHOCTL)) {
			finish_erasing(tty);
			echo_raw(tty, (const u8 *)"^\b", 2);
		}
		return true;
	}
	if (L_FLAG(tty, IEXTEN) && L_FLAG(tty, ECHO) && is_cc(tty, VREPRINT, c)) {
		reprint_line(tty, c);
		return true;
	}
	if (c == '\n') {
		if (L_FLAG(tty, ECHO) || L_FLAG(tty, ECHONL))
			echo_raw(tty, &c, 1);
		complete_line(tty, c);
		return true;
	}
	if (is_cc(tty, VEOF, c)) {
		complete_line(tty, __DISABLED_CHAR);
		return true;
	}
	if (is_cc(tty, VEOL, c) || (L_FLAG(tty, IEXTEN) && is_cc(tty, VEOL2, c))) {
		if (L_FLAG(tty, ECHO))
			echo_char(tty, c);
		complete_line(tty, c);
		return true;
	}
	return false;
}

static void input_signal(struct tty_struct *tty, int sig, u8 c)
{
	struct pid *pgrp = tty_get_pgrp(tty);

	if (!L_FLAG(tty, NOFLSH)) {
		n_tty_flush_input(tty);
		spin_lock(&tty->out_lock);
		tty->ldisc.echo_tail = tty->ldisc.echo_head;
		if (tty->ops->flush_buffer)
			tty->ops->flush_buffer(tty);
		spin_unlock(&tty->out_lock);
	}
	if (I_FLAG(tty, IXON))
		tty_start_output(tty);
	if (L_FLAG(tty, ECHO))
		echo_char(tty, c);
	if (pgrp) {
		kill_pgrp(pgrp, sig, 1);
		put_pid(pgrp);
	}
}

/* Flow control and signals. True when @c was consumed. */
static bool control_char(struct tty_struct *tty, u8 c)
{
	if (I_FLAG(tty, IXON)) {
		if (is_cc(tty, VSTART, c)) {
			tty_start_output(tty);
			return true;
		}
		if (is_cc(tty, VSTOP, c)) {
			tty_stop_output(tty);
			return true;
		}
	}
	if (!L_FLAG(tty, ISIG))
		return false;
	if (is_cc(tty, VINTR, c))
		input_signal(tty, SIGINT, c);
	else if (is_cc(tty, VQUIT, c))
		input_signal(tty, SIGQUIT, c);
	else if (is_cc(tty, VSUSP, c))
		input_signal(tty, SIGTSTP, c);
	else
		return false;
	return true;
}

/* Into the buffer as it is, with echo. */
static void plain_char(struct tty_struct *tty, u8 c)
{
	struct n_tty *l = &tty->ldisc;

	if (L_FLAG(tty, ECHO)) {
		finish_erasing(tty);
		if (c == '\n')
			echo_raw(tty, &c, 1);
		else
			echo_char(tty, c);
	}
	if (c == 0xff && I_FLAG(tty, PARMRK) && l->head - l->tail < N_TTY_BUF_SIZE - 1)
		put_byte(l, c);
	put_byte(l, c);
}

/* One byte of input. False when there is no room for it now. => ldisc_lock held */
static bool receive_char(struct tty_struct *tty, u8 c)
{
	struct n_tty *l = &tty->ldisc;
	size_t room = N_TTY_BUF_SIZE - (l->head - l->tail);

	if (I_FLAG(tty, ISTRIP))
		c &= 0x7f;
	if (I_FLAG(tty, IUCLC) && L_FLAG(tty, IEXTEN) && c >= 'A' && c <= 'Z')
		c += 'a' - 'A';
	if (l->lnext) {
		if (!room)
			return false;
		l->lnext = false;
		plain_char(tty, c);
		return true;
	}
	if (tty->flow_stopped && I_FLAG(tty, IXON) && I_FLAG(tty, IXANY) && !is_cc(tty, VSTOP, c))
		tty_start_output(tty);
	if (control_char(tty, c))
		return true;
	if (c == '\r') {
		if (I_FLAG(tty, IGNCR))
			return true;
		if (I_FLAG(tty, ICRNL))
			c = '\n';
	} else if (c == '\n' && I_FLAG(tty, INLCR)) {
		c = '\r';
	}
	if (!room && !(L_FLAG(tty, ICANON) && l->canon_head == l->tail))
		return false;
	if (L_FLAG(tty, ICANON)) {
		if (room <= 1 && l->canon_head == l->tail) { /* one overlong line */
			if (room && (c == '\n' || is_cc(tty, VEOF, c)))
				complete_line(tty, c == '\n' ? c : __DISABLED_CHAR);
			else if (I_FLAG(tty, IMAXBEL))
				echo_raw(tty, (const u8 *)"\a", 1);
			return true;
		}
		if (canon_char(tty, c))
			return true;
	}
	plain_char(tty, c);
	return true;
}

size_t n_tty_receive(struct tty_struct *tty, const u8 *buf, size_t count)
{
	size_t done = 0;

	mutex_lock(&tty->ldisc_lock);
	while (done < count && receive_char(tty, buf[done]))
		done++;
	if (!L_FLAG(tty, ICANON) && input_available(tty, true))
		wake_up_interruptible_poll(&tty->read_wait, EPOLLIN | EPOLLRDNORM);
	mutex_unlock(&tty->ldisc_lock);
	return done;
}

void n_tty_flush_input(struct tty_struct *tty)
{
	struct n_tty *l = &tty->ldisc;

	l->head = l->canon_head = l->tail = 0;
	bitmap_zero(l->mark, N_TTY_BUF_SIZE);
	l->lnext = l->erasing = l->push = false;
	if (tty->ops->input_flushed)
		tty->ops->input_flushed(tty);
}

void n_tty_set_termios(struct tty_struct *tty, const struct ktermios *old)
{
	struct n_tty *l = &tty->ldisc;

	if (old && !((old->c_lflag ^ tty->termios.c_lflag) & ICANON))
		goto wake;
	bitmap_zero(l->mark, N_TTY_BUF_SIZE);
	l->erasing = l->lnext = l->push = false;
	l->canon_head = l->tail;
	if (L_FLAG(tty, ICANON) && l->head != l->tail) {
		set_bit((l->head - 1) & (N_TTY_BUF_SIZE - 1), l->mark);
		l->canon_head = l->head;
		l->push = true;
	}
wake:
	if (!I_FLAG(tty, IXON) && old && (old->c_iflag & IXON) && tty->flow_stopped)
		tty_start_output(tty);
	wake_up_interruptible(&tty->write_wait);
	wake_up_interruptible(&tty->read_wait);
}

void n_tty_open(struct tty_struct *tty)
{
	n_tty_flush_input(tty);
	tty->ldisc.echo_head = tty->ldisc.echo_tail = 0;
	tty->ldisc.column = tty->ldisc.canon_column = 0;
	tty->flow_stopped = false;
}

int n_tty_inq(struct tty_struct *tty)
{
	struct n_tty *l = &tty->ldisc;
	size_t i, nr = 0;

	mutex_lock(&tty->ldisc_lock);
	if (!L_FLAG(tty, ICANON)) {
		nr = l->head - l->tail;
	} else {
		for (i = l->tail; i != l->canon_head; i++)
			if (!test_bit(i & (N_TTY_BUF_SIZE - 1), l->mark) ||
			    *slot(l, i) != __DISABLED_CHAR)
				nr++;
	}
	mutex_unlock(&tty->ldisc_lock);
	return nr;
}

/* ---- reading ---- */

/* At most one line, at most @count bytes, into the kernel buffer @to. *@line_end: it was reached. */
static size_t take_line(struct n_tty *l, u8 *to, size_t count, bool *line_end)
{
	size_t n = 0;

	*line_end = false;
	while (l->tail != l->canon_head) {
		bool marked = test_bit(l->tail & (N_TTY_BUF_SIZE - 1), l->mark);
		u8 c = *slot(l, l->tail);

		if (marked && c == __DISABLED_CHAR && !l->push) {
			l->tail++;
			*line_end = true;
			break;
		}
		if (n == count)
			break;
		to[n++] = c;
		l->tail++;
		if (marked) {
			*line_end = true;
			l->push = false;
			break;
		}
	}
	return n;
}

static size_t take_raw(struct n_tty *l, u8 *to, size_t count)
{
	size_t n = 0;

	while (n < count && l->tail != l->head)
		to[n++] = *slot(l, l->tail++);
	l->canon_head = l->tail;
	return n;
}

/* Copy what is there to the user. Bytes or -EFAULT; *@line_end as above. => ldisc_lock held */
static ssize_t take_input(struct tty_struct *tty, char __user *buf, size_t count, bool *line_end)
{
	bool canon = L_FLAG(tty, ICANON);
	size_t done = 0, n;
	u8 piece[128];

	*line_end = false;
	do {
		size_t want = min(count - done, sizeof(piece));

		n = canon ? take_line(&tty->ldisc, piece, want, line_end)
			  : take_raw(&tty->ldisc, piece, want);
		if (n && copy_to_user(buf + done, piece, n))
			return -EFAULT;
		done += n;
	} while (n && done < count && !*line_end);
	/* A line of exactly @count bytes whose end is an EOF: swallow that now, or it would read as 0. */
	if (canon && done == count && done && !*line_end &&
	    tty->ldisc.tail != tty->ldisc.canon_head &&
	    test_bit(tty->ldisc.tail & (N_TTY_BUF_SIZE - 1), tty->ldisc.mark) &&
	    *slot(&tty->ldisc, tty->ldisc.tail) == __DISABLED_CHAR)
		tty->ldisc.tail++;
	return done;
}

static int read_job_control(struct tty_struct *tty, struct file *file)
{
	return __tty_check_change(tty, SIGTTIN);
}

/* How long a raw read may wait (jiffies), and for how many bytes: POSIX's four cases of MIN and TIME. */
struct raw_wait {
	size_t minimum;
	long timeout; /* for the first byte */
	long between; /* after it; 0: none */
};

static struct raw_wait raw_wait_of(struct tty_struct *tty)
{
	long time = (long)CC(tty, VTIME) * HZ / 10;
	struct raw_wait w = { 1, MAX_SCHEDULE_TIMEOUT, 0 };

	if (L_FLAG(tty, ICANON))
		return w;
	w.minimum = CC(tty, VMIN);
	if (w.minimum) {
		w.between = time;
	} else {
		w.timeout = time;
		w.minimum = 1;
	}
	return w;
}

ssize_t n_tty_read(struct tty_struct *tty, struct file *file, char __user *buf, size_t count)
{
	DEFINE_WAIT(wait);
	struct raw_wait w;
	ssize_t done = 0, n;
	bool line_end = false;
	long timeout;

	n = read_job_control(tty, file);
	if (n)
		return n;
	if (mutex_lock_interruptible(&tty->ldisc_lock))
		return -ERESTARTSYS;
	w = raw_wait_of(tty);
	timeout = w.timeout;
	for (;;) {
		prepare_to_wait(&tty->read_wait, &wait, TASK_INTERRUPTIBLE);
		if (input_available(tty, false)) {
			__set_current_state(TASK_RUNNING);
			n = take_input(tty, buf + done, count - done, &line_end);
			if (n < 0)
				break;
			done += n;
			if (L_FLAG(tty, ICANON) || done >= w.minimum || done == count) {
				n = 0;
				break;
			}
			if (w.between)
				timeout = w.between;
			continue;
		}
		n = 0;
		if (!file_tty(file))
			break;
		n = -EIO;
		if (tty->other_closed)
			break;
		n = 0;
		if (!timeout)
			break;
		n = -EAGAIN;
		if (file->f_flags & O_NONBLOCK)
			break;
		n = -ERESTARTSYS;
		if (signal_pending(current))
			break;
		mutex_unlock(&tty->ldisc_lock);
		timeout = schedule_timeout(timeout);
		finish_wait(&tty->read_wait, &wait);
		if (mutex_lock_interruptible(&tty->ldisc_lock)) {
			return done ? done : -ERESTARTSYS;
		}
		n = read_job_control(tty, file);
		if (n)
			break;
	}
	finish_wait(&tty->read_wait, &wait);
	mutex_unlock(&tty->ldisc_lock);
	tty_flip_buffer_push(tty); /* there may be room for input that waits */
	if (tty->ops->input_flushed)
		tty->ops->input_flushed(tty);
	return done ? done : n;
}

unsigned int n_tty_poll(struct tty_struct *tty, struct file *file, struct poll_table_struct *wait)
{
	unsigned int mask = 0;

	poll_wait(file, &tty->read_wait, wait);
	poll_wait(file, &tty->write_wait, wait);
	if (!file_tty(file))
		return EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDNORM | EPOLLWRNORM;
	if (input_available(tty, true))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (tty->other_closed)
		mask |= EPOLLHUP;
	if (!tty->flow_stopped && tty->ops->write_room(tty) > 0)
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}
