/* SPDX-License-Identifier: MIT */
/*
 * Messages of the kernel: a ring of records, consoles that print them, readers (/dev/kmsg, syslog(2)).
 * Theory: kernel/printk.c.
 */
#ifndef QUIRE_KERNEL_PRINTK_H
#define QUIRE_KERNEL_PRINTK_H

#include <stdarg.h>
#include <base/types.h>
#include <base/compiler.h>
#include <kernel/ratelimit.h>
#include <sync/wait.h>

/* A level may stand at the start of the format: "\001" and a digit, as in Linux. */
#define KERN_SOH	"\001"
#define KERN_EMERG	KERN_SOH "0"
#define KERN_ALERT	KERN_SOH "1"
#define KERN_CRIT	KERN_SOH "2"
#define KERN_ERR	KERN_SOH "3"
#define KERN_WARNING	KERN_SOH "4"
#define KERN_NOTICE	KERN_SOH "5"
#define KERN_INFO	KERN_SOH "6"
#define KERN_DEBUG	KERN_SOH "7"
#define KERN_DEFAULT	""
#define KERN_CONT	KERN_SOH "c"	/* goes on in the line that the same context left open */

#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif

/* Any context, also NMI. The number of bytes of the text. */
int printk(const char *fmt, ...) __attribute__((format(printf, 1, 2), cold));
int vprintk(const char *fmt, va_list args) __attribute__((format(printf, 1, 0), cold));

#define pr_emerg(fmt, ...)	printk(KERN_EMERG pr_fmt(fmt), ##__VA_ARGS__)
#define pr_alert(fmt, ...)	printk(KERN_ALERT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_crit(fmt, ...)	printk(KERN_CRIT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_err(fmt, ...)	printk(KERN_ERR pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)	printk(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)
#define pr_notice(fmt, ...)	printk(KERN_NOTICE pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...)	printk(KERN_INFO pr_fmt(fmt), ##__VA_ARGS__)
#define pr_debug(fmt, ...)	printk(KERN_DEBUG pr_fmt(fmt), ##__VA_ARGS__)
#define pr_cont(fmt, ...)	printk(KERN_CONT fmt, ##__VA_ARGS__)
/* log_buf_len=: a larger ring. => memblock serves, one CPU */
void setup_log_buf(void);
void printk_levels(int levels[4]);	/* for /proc/sys/kernel/printk */

#define printk_once(fmt, ...) ({				\
	static bool __printed;					\
	if (unlikely(!__printed)) {				\
		__printed = true;				\
		printk(fmt, ##__VA_ARGS__);			\
	} })
#define pr_warn_once(fmt, ...)	printk_once(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)

/* A fixed place: at most ten times in five seconds. */
#define printk_ratelimited(fmt, ...) ({				\
	static DEFINE_RATELIMIT_STATE(__rs, DEFAULT_RATELIMIT_INTERVAL_MS, DEFAULT_RATELIMIT_BURST); \
	if (__ratelimit(&__rs, __func__))			\
		printk(fmt, ##__VA_ARGS__); })
#define pr_err_ratelimited(fmt, ...)	printk_ratelimited(KERN_ERR pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn_ratelimited(fmt, ...)	printk_ratelimited(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info_ratelimited(fmt, ...)	printk_ratelimited(KERN_INFO pr_fmt(fmt), ##__VA_ARGS__)

/* Somewhere that messages go. write() is called with interrupts off, one CPU at a time. */
struct console {
	const char *name;
	void (*write)(struct console *con, const char *text, size_t bytes);
	struct console *next;
};
/* From here on @con prints; the log so far is printed on it at once. */
void register_console(struct console *con);
/* Levels below this are printed on consoles. */
extern int console_loglevel;

/* ---- readers ---- */

extern wait_queue_head_t log_wait;	/* woken for each record */
u64 log_first_seq(void);		/* oldest record that is still there */
u64 log_next_seq(void);			/* number that the next record will get */
u64 log_clear_seq(void);		/* first record after the last clear */
void log_clear(void);
/*
 * Record *@seq in the form of /dev/kmsg, "level,seq,usec,-;text\n", into @buf; *@seq moves on. Bytes;
 * 0: there is none yet; -EPIPE: it was overwritten, *@seq is now the oldest; -EINVAL: @size too small.
 */
ssize_t log_read_record(u64 *seq, char *buf, size_t size);
/* The same as a console shows it, "<level>[time] text\n". */
ssize_t log_read_line(u64 *seq, char *buf, size_t size, bool with_level);

#endif
