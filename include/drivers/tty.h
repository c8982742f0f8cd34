/* SPDX-License-Identifier: MIT */
/*
 * Terminals: a device (serial port, virtio console, pseudo terminal), the line discipline that
 * turns its bytes into lines and signals, and the job control around both.
 *
 * Locks of struct tty_struct:
 *   l  ldisc_lock   mutex      what the reader and the receiver of input share
 *   o  out_lock     spinlock   column, echo, flow state, the driver's write()
 *   c  ctrl_lock    spinlock   pgrp, session (irqs off)
 *   f  flip_lock    spinlock   input on its way from the interrupt (irqs off)
 *   t  tty_mutex    mutex      open and release, lookup by device number
 * Order: tty_mutex, ldisc_lock, out_lock; ctrl_lock and flip_lock are leaves.
 */
#ifndef DRIVERS_TTY_H
#define DRIVERS_TTY_H

#include <base/bitmap.h>
#include <base/types.h>
#include <fs/file.h>
#include <sync/mutex.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <sync/workqueue.h>

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <asm/termios.h>

struct tty_struct;
struct pid;
struct poll_table_struct;

#define N_TTY_BUF_SIZE	4096
#define TTY_FLIP_SIZE	8192
#define TTY_ECHO_SIZE	1024

struct tty_operations {
	/* First open, last close. May sleep; either may be NULL. */
	int (*open)(struct tty_struct *tty);
	void (*close)(struct tty_struct *tty);
	/*
	 * Take up to @count bytes that go out as they are; returns how many were taken. Never sleeps.
	 * => out_lock held
	 */
	int (*write)(struct tty_struct *tty, const u8 *buf, int count);
	unsigned int (*write_room)(struct tty_struct *tty);
	unsigned int (*chars_in_buffer)(struct tty_struct *tty);	/* may be NULL: none */
	void (*stop)(struct tty_struct *tty);	/* flow control; may be NULL */
	void (*start)(struct tty_struct *tty);
	void (*flush_buffer)(struct tty_struct *tty);	/* drop unsent output; may be NULL */
	void (*input_flushed)(struct tty_struct *tty);	/* there is room for input again; may be NULL */
	int (*ioctl)(struct tty_struct *tty, unsigned int cmd, unsigned long arg);	/* -ENOIOCTLCMD: not mine */
	void (*set_termios)(struct tty_struct *tty, const struct ktermios *old);
};

/* The line discipline N_TTY. */
struct n_tty {
	u8 buf[N_TTY_BUF_SIZE];			/* l */
	DECLARE_BITMAP(mark, N_TTY_BUF_SIZE);	/* l: this byte ends a line */
	size_t head, canon_head, tail;		/* l: counters, taken modulo the size */
	bool lnext;				/* l: the next byte is literal */
	bool erasing;				/* l: inside a hard-copy erase \.../ */
	bool push;				/* l: what ICANON found in a raw buffer is one line */
	unsigned int column, canon_column;	/* o: of output; where the line being typed began */
	u8 echo[TTY_ECHO_SIZE];			/* o */
	size_t echo_head, echo_tail;		/* o */
};

struct tty_struct {
	const char *name;			/* "ttyS0" */
	dev_t dev;
	const struct tty_operations *ops;
	void *driver_data;
	int count;				/* t: open files */
	unsigned int hangups;			/* t: how often it was hung up; see tty_file */
	bool is_pty;
	struct mutex ldisc_lock;
	spinlock_t out_lock, ctrl_lock, flip_lock;
	struct mutex write_lock;		/* one writer at a time, in whole calls */
	struct ktermios termios;		/* l and o to write, either to read */
	struct winsize winsize;			/* l */
	bool flow_stopped;			/* o: ^S or TCOOFF */
	bool exclusive;				/* t: TIOCEXCL */
	bool other_closed;			/* pty: the master is gone */
	u8 packet_status;			/* c: pty in packet mode: TIOCPKT_* not read yet */
	bool packet;				/* c */
	struct pid *pgrp, *session;		/* c: foreground group, session */
	wait_queue_head_t read_wait, write_wait;
	struct work_struct rx_work;
	u8 flip[TTY_FLIP_SIZE];			/* f */
	size_t flip_head, flip_tail;		/* f */
	struct n_tty ldisc;
	struct tty_struct *next;		/* t: list of all */
};

/* file->private_data of a terminal. */
struct tty_file {
	struct tty_struct *tty;
	unsigned int hangups;			/* differs from the tty's: this file was hung up */
};

extern struct mutex tty_mutex;
extern const struct file_operations tty_fops;
extern const struct ktermios tty_std_termios;

/* Prepare a zeroed @tty. May sleep. */
void tty_init(struct tty_struct *tty, const char *name, dev_t dev, const struct tty_operations *ops);
/* Make it openable under its number and create its device node. 0, -ENOMEM. */
int tty_register(struct tty_struct *tty);
/* Open @tty on @file. => tty_mutex held. May sleep. */
int tty_open_file(struct tty_struct *tty, struct file *file);
/* The tty behind an open file that was not hung up, else NULL. */
struct tty_struct *file_tty(struct file *file);
struct tty_struct *tty_by_dev(dev_t dev);	/* => tty_mutex held */

/* Input from a driver: @n bytes of which as many are taken as there is room for. Any context. */
size_t tty_insert_flip_string(struct tty_struct *tty, const u8 *buf, size_t n);
void tty_flip_buffer_push(struct tty_struct *tty);
/* The driver can take output again. Any context. */
void tty_wakeup(struct tty_struct *tty);
/* The line is gone: readers see end of file, writers EIO, the session gets SIGHUP. May sleep. */
void tty_hangup(struct tty_struct *tty);
void tty_vhangup_session(struct tty_struct *tty);

/* n_tty.c */
void n_tty_open(struct tty_struct *tty);
ssize_t n_tty_read(struct tty_struct *tty, struct file *file, char __user *buf, size_t count);
ssize_t n_tty_write(struct tty_struct *tty, struct file *file, const char __user *buf, size_t count);
/* Feed input; returns how many bytes were taken. May sleep. */
size_t n_tty_receive(struct tty_struct *tty, const u8 *buf, size_t count);
void n_tty_set_termios(struct tty_struct *tty, const struct ktermios *old);	/* => ldisc_lock held */
void n_tty_flush_input(struct tty_struct *tty);
void n_tty_flush_echo(struct tty_struct *tty);
unsigned int n_tty_poll(struct tty_struct *tty, struct file *file, struct poll_table_struct *wait);
int n_tty_inq(struct tty_struct *tty);		/* FIONREAD */
void tty_stop_output(struct tty_struct *tty);
void tty_start_output(struct tty_struct *tty);

/* tty_ioctl.c */
long tty_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
long tty_mode_ioctl(struct tty_struct *tty, struct file *file, unsigned int cmd, unsigned long arg);
int tty_do_resize(struct tty_struct *tty, const struct winsize *ws);
/* Wait until all output has left. -EINTR family. */
int tty_wait_until_sent(struct tty_struct *tty);

/* tty_jobctrl.c */
int tty_check_change(struct tty_struct *tty);		/* a change by the background: SIGTTOU */
int __tty_check_change(struct tty_struct *tty, int sig);
struct tty_struct *get_current_tty(void);		/* controlling terminal of current, or NULL */
void tty_open_proc_set_tty(struct file *file, struct tty_struct *tty);
void disassociate_ctty(int on_exit);
void tty_signal_session_leader(struct tty_struct *tty);
struct pid *tty_get_pgrp(struct tty_struct *tty);
/* -ENOIOCTLCMD: not a job-control request. @real: the slave when asked through a pty master. */
long tty_jobctrl_ioctl(struct tty_struct *tty, struct tty_struct *real, unsigned int cmd, unsigned long arg);

/* For /proc/PID/stat: device number of the controlling terminal in Linux's encoding, 0 if none. */
struct task_struct;
u32 tty_nr_of_task(struct task_struct *task, pid_t *tpgid);

#endif
