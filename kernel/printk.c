/* SPDX-License-Identifier: MIT */
/*
 * The message log: a ring of records, one line of at most LINE_BYTES bytes each.
 *
 *   buf   | first | first+1 | ... | last |  free  | (less than MAX_RECORD: not used) |
 *           ^ first_pos               ^ last_pos
 *
 * A record is never cut in two: where MAX_RECORD bytes do not fit before the end, the next one lies at the beginning.
 * So where one ends and the rule tell where the next one begins, and the last line can grow in place. The oldest
 * records make room. Number to place is a walk from the oldest record, or from where the last walk ended. A line that is
 * longer than a record goes on in the next ones (more, tail); readers of lines see it whole, /dev/kmsg in fragments
 * (flag "c").
 *
 * One raw lock guards the log and the consoles, taken with interrupts off by a compare-and-swap
 * on the owner CPU: a CPU that finds itself the owner (an NMI or a fault inside printk) goes
 * on without the lock rather than wait for itself, at the price of a garbled line. It is not a
 * spinlock, because spinlocks report their own mistakes through printk. After a
 * panic the other CPUs are stopped and the lock is broken.
 *
 * Linux (kernel/printk/) has a lockless ring and hands printing over between CPUs; here the
 * printing CPU prints at once, since the console is an emulated port.
 *
 * Watch it: /dev/kmsg, syslog(2), dmesg.
 */
#include <base/atomic.h>
#include <base/bug.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/types.h>
#include <kernel/cred.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/timekeeping.h>
#include <mm/memblock.h>
#include <mm/slab.h>
#include <seam/irqflags.h>
#include <seam/percpu.h>
#include <seam/processor.h>
#include <seam/timex.h>
#include <seam/uaccess.h>

#include <linux/capability.h>

#define LOG_BUF_BYTES 32768 /* log_buf_len= asks for more */
#define LINE_BYTES    232
#define MAX_RECORD    ALIGN(sizeof(struct log_record) + LINE_BYTES, sizeof(u64))
#define LEVEL_DEFAULT 4
#define NO_OWNER      (-1)

struct log_record {
	u64 ns;
	u16 bytes;
	u8 level;
	bool open : 1; /* no newline yet: KERN_CONT may append */
	bool more : 1; /* the line goes on in the next record */
	bool tail : 1; /* it began in the one before */
	char text[];
};

/* A copy for a reader. */
struct log_line {
	u64 ns;
	u16 bytes;
	u8 level;
	bool more, tail;
	char text[LINE_BYTES];
};

/* first_seq <= seq < next_seq. A CPU inside without the lock may spoil it; no place is ever beyond the end. */
struct log_ring {
	char *buf;
	size_t bytes;
	u64 first_seq, next_seq;
	size_t first_pos, last_pos; /* of the oldest record, of the newest */
	u64 found_seq;		    /* where the last walk ended */
	size_t found_pos;
};

static char first_log_buf[LOG_BUF_BYTES] __aligned(sizeof(u64));
static struct log_ring log = { .buf = first_log_buf, .bytes = LOG_BUF_BYTES }; /* the lock below */
static u64 clear_seq;							       /* the lock below */
static struct console *consoles;					       /* the lock below */
static int owner_cpu = NO_OWNER;
static bool printk_time = true;
static bool ignore_loglevel;
int console_loglevel = 7;
static int minimum_loglevel = 1, default_loglevel = 7;

DECLARE_WAIT_QUEUE_HEAD(log_wait);

/* True: taken. False: this CPU has it already. */
static bool log_lock(unsigned long *flags)
{
	int me = raw_smp_processor_id(), seen;

	local_irq_save(*flags);
	for (;;) {
		seen = cmpxchg(&owner_cpu, NO_OWNER, me);
		if (seen == NO_OWNER)
			return true;
		if (seen == me)
			return false;
		cpu_relax();
	}
}

static void log_unlock(bool taken, unsigned long flags)
{
	if (taken)
		smp_store_release(&owner_cpu, NO_OWNER);
	local_irq_restore(flags);
}

/* ---- the ring; => log lock held ---- */

static struct log_record *record_at(const struct log_ring *ring, size_t pos)
{
	return (struct log_record *)(ring->buf + pos);
}

static size_t pos_behind(const struct log_ring *ring, size_t pos)
{
	pos += ALIGN(sizeof(struct log_record) + record_at(ring, pos)->bytes, sizeof(u64));
	return pos + MAX_RECORD <= ring->bytes ? pos : 0;
}

/* first_seq <= @seq < next_seq */
static struct log_record *record(struct log_ring *ring, u64 seq)
{
	if (ring->found_seq < ring->first_seq || ring->found_seq > seq) {
		ring->found_seq = ring->first_seq;
		ring->found_pos = ring->first_pos;
	}
	for (; ring->found_seq < seq; ring->found_seq++)
		ring->found_pos = pos_behind(ring, ring->found_pos);
	return record_at(ring, ring->found_pos);
}

static struct log_record *newest(const struct log_ring *ring)
{
	return ring->first_seq < ring->next_seq ? record_at(ring, ring->last_pos) : NULL;
}

/* Room for a record of any length behind the newest one; the oldest ones go. */
static struct log_record *ring_add(struct log_ring *ring)
{
	size_t pos = newest(ring) ? pos_behind(ring, ring->last_pos) : 0;

	while (newest(ring) && ring->first_pos >= pos && ring->first_pos < pos + MAX_RECORD) {
		ring->first_pos = pos_behind(ring, ring->first_pos);
		ring->first_seq++;
	}
	if (!newest(ring))
		ring->first_pos = pos;
	ring->last_pos = pos;
	ring->next_seq++;
	return record_at(ring, pos);
}

static size_t put_time(char *buf, size_t size, u64 ns)
{
	if (!printk_time)
		return 0;
	return scnprintf(buf, size, "[%5llu.%06llu] ", ns / NSEC_PER_SEC, ns % NSEC_PER_SEC / 1000);
}

/* ---- consoles ---- */

static void console_out(struct console *con, const struct log_record *r, size_t from)
{
	char head[32];

	if (!from && !r->tail)
		con->write(con, head, put_time(head, sizeof(head), r->ns));
	con->write(con, r->text + from, r->bytes - from);
	if (!r->open && !r->more)
		con->write(con, "\n", 1);
}

static void consoles_out(const struct log_record *r, size_t from)
{
	struct console *con;

	if (r->level >= console_loglevel && !ignore_loglevel)
		return;
	for (con = consoles; con; con = con->next)
		console_out(con, r, from);
}

void register_console(struct console *con)
{
	unsigned long flags;
	bool taken = log_lock(&flags);
	u64 seq;

	con->next = consoles;
	consoles = con;
	for (seq = log.first_seq; seq < log.next_seq; seq++)
		if (record(&log, seq)->level < console_loglevel || ignore_loglevel)
			console_out(con, record(&log, seq), 0);
	log_unlock(taken, flags);
}

/* ---- writing ---- */

static void close_record(struct log_record *r)
{
	if (r->open) {
		r->open = false;
		if (r->level < console_loglevel || ignore_loglevel) {
			struct console *con;

			for (con = consoles; con; con = con->next)
				con->write(con, "\n", 1);
		}
	}
}

static struct log_record *new_record(u64 ns, int level, bool tail)
{
	struct log_record *r = ring_add(&log);

	r->ns = ns;
	r->level = level;
	r->bytes = 0;
	r->more = false;
	r->tail = tail;
	return r;
}

/* @r, the last record, is full: its line goes on in another. */
static struct log_record *continue_record(struct log_record *r)
{
	r->open = false;
	r->more = true;
	return new_record(r->ns, r->level, true);
}

/* One line or a part of one. => log lock held */
static void emit(int level, bool cont, const char *text, size_t bytes, bool newline)
{
	struct log_record *r = newest(&log);
	size_t from = 0;

	if (cont && r && r->open) {
		from = r->bytes;
	} else {
		if (r)
			close_record(r);
		r = new_record(ktime_get(), level, false);
	}
	while (bytes > LINE_BYTES - r->bytes) {
		size_t part = LINE_BYTES - r->bytes;

		memcpy(r->text + r->bytes, text, part);
		r->bytes += part;
		text += part;
		bytes -= part;
		r->open = true; /* no newline for the consoles */
		consoles_out(r, from);
		r = continue_record(r);
		from = 0;
	}
	memcpy(r->text + r->bytes, text, bytes);
	r->bytes += bytes;
	r->open = !newline;
	if (from && from == r->bytes && newline) { /* only the end of the line */
		r->open = true;
		close_record(r);
		return;
	}
	consoles_out(r, from);
}

/* Take the level off the front of the text. */
static const char *parse_level(const char *text, int *level, bool *cont)
{
	*level = LEVEL_DEFAULT;
	*cont = false;
	while (text[0] == '\001' && text[1]) {
		if (text[1] >= '0' && text[1] <= '7')
			*level = text[1] - '0';
		else if (text[1] == 'c')
			*cont = true;
		text += 2;
	}
	return text;
}

int vprintk(const char *fmt, va_list args)
{
	static DEFINE_PER_CPU(char[1024], buffer);
	const char *text, *newline;
	unsigned long flags;
	int level, len;
	bool cont, taken;
	char *buf;

	taken = log_lock(&flags);
	buf = *this_cpu_ptr(&buffer);
	len = vscnprintf(buf, sizeof(buffer), fmt, args);
	text = parse_level(buf, &level, &cont);
	while ((newline = strchr(text, '\n'))) {
		emit(level, cont, text, newline - text, true);
		text = newline + 1;
		cont = false;
	}
	if (*text)
		emit(level, cont, text, strlen(text), false);
	log_unlock(taken, flags);
	/* A wake-up takes locks of the scheduler, under which printk may have been called. */
	if (taken && !irqs_disabled_flags(flags) && !preempt_count() &&
	    system_state >= SYSTEM_RUNNING)
		wake_up_interruptible(&log_wait);
	return len;
}

int printk(const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vprintk(fmt, args);
	va_end(args);
	return len;
}

/* ---- reading ---- */

u64 log_first_seq(void)
{
	return READ_ONCE(log.first_seq);
}

u64 log_next_seq(void)
{
	return READ_ONCE(log.next_seq);
}

u64 log_clear_seq(void)
{
	return max(READ_ONCE(clear_seq), READ_ONCE(log.first_seq));
}

void log_clear(void)
{
	WRITE_ONCE(clear_seq, READ_ONCE(log.next_seq));
}

/* Copy record *@seq. 0: there is none; -EPIPE: gone; 1. */
static int copy_record(u64 *seq, struct log_line *to)
{
	const struct log_record *r;
	unsigned long flags;
	bool taken;
	int ret = 1;

	taken = log_lock(&flags);
	if (*seq < log.first_seq) {
		*seq = log.first_seq;
		ret = -EPIPE;
	} else if (*seq >= log.next_seq) {
		ret = 0;
	} else {
		r = record(&log, *seq);
		to->ns = r->ns;
		to->level = r->level;
		to->more = r->more;
		to->tail = r->tail;
		to->bytes = min_t(u16, r->bytes, LINE_BYTES);
		memcpy(to->text, r->text, to->bytes);
	}
	log_unlock(taken, flags);
	return ret;
}

ssize_t log_read_record(u64 *seq, char *buf, size_t size)
{
	struct log_line r;
	int ret = copy_record(seq, &r), len;

	if (ret <= 0)
		return ret;
	len = snprintf(buf, size, "%u,%llu,%llu,%c;%.*s\n", r.level, *seq, r.ns / 1000,
		       r.more || r.tail ? 'c' : '-', r.bytes, r.text);
	if ((size_t)len >= size)
		return -EINVAL;
	++*seq;
	return len;
}

ssize_t log_read_line(u64 *seq, char *buf, size_t size, bool with_level)
{
	struct log_line r;
	size_t len = 0;
	int ret = copy_record(seq, &r);

	if (ret <= 0)
		return ret;
	if (with_level && !r.tail)
		len = scnprintf(buf, size, "<%u>", r.level);
	if (!r.tail)
		len += put_time(buf + len, size - len, r.ns);
	ret = snprintf(buf + len, size - len, "%.*s%s", r.bytes, r.text, r.more ? "" : "\n");
	if (ret + len >= size)
		return -EINVAL;
	++*seq;
	return ret + len;
}

/* ---- syslog(2) ---- */

enum {
	SYSLOG_ACTION_CLOSE,
	SYSLOG_ACTION_OPEN,
	SYSLOG_ACTION_READ,
	SYSLOG_ACTION_READ_ALL,
	SYSLOG_ACTION_READ_CLEAR,
	SYSLOG_ACTION_CLEAR,
	SYSLOG_ACTION_CONSOLE_OFF,
	SYSLOG_ACTION_CONSOLE_ON,
	SYSLOG_ACTION_CONSOLE_LEVEL,
	SYSLOG_ACTION_SIZE_UNREAD,
	SYSLOG_ACTION_SIZE_BUFFER,
};

static u64 syslog_seq; /* next record of SYSLOG_ACTION_READ */

/* Lines from *@seq on into the user's buffer. Bytes or -EFAULT. */
static ssize_t copy_lines(u64 *seq, char __user *buf, size_t size)
{
	char line[LINE_BYTES + 48];
	size_t done = 0;
	ssize_t n;
	u64 at;

	for (;;) {
		at = *seq;
		n = log_read_line(&at, line, sizeof(line), true);
		if (n == -EPIPE) {
			*seq = at;
			continue;
		}
		if (n <= 0 || done + n > size)
			return done;
		if (copy_to_user(buf + done, line, n))
			return -EFAULT;
		done += n;
		*seq = at;
	}
}

/* The last lines that fit into @size bytes. */
static ssize_t copy_last_lines(char __user *buf, size_t size)
{
	char line[LINE_BYTES + 48];
	u64 end = log_next_seq(), start = end, at;
	size_t total = 0;
	ssize_t n;

	while (start > log_clear_seq()) {
		at = start - 1;
		n = log_read_line(&at, line, sizeof(line), true);
		if (n < 0 || total + n > size)
			break;
		total += n;
		start--;
	}
	return copy_lines(&start, buf, size);
}

static ssize_t syslog_read(char __user *buf, size_t size)
{
	int err;

	if (syslog_seq < log_first_seq())
		syslog_seq = log_first_seq();
	err = wait_event_interruptible(log_wait, syslog_seq != log_next_seq());
	return err ? err : copy_lines(&syslog_seq, buf, size);
}

/* Bytes that SYSLOG_ACTION_READ would deliver now. */
static ssize_t unread_bytes(void)
{
	char line[LINE_BYTES + 48];
	u64 at = syslog_seq;
	size_t total = 0;
	ssize_t n;

	while ((n = log_read_line(&at, line, sizeof(line), true)))
		total += n > 0 ? n : 0; /* -EPIPE: it moved on to the oldest record */
	return total;
}

SYSCALL_DEFINE3(syslog, int, type, char __user *, buf, int, len)
{
	bool reads = type == SYSLOG_ACTION_READ || type == SYSLOG_ACTION_READ_ALL ||
		     type == SYSLOG_ACTION_READ_CLEAR;
	static int saved_loglevel = -1;
	ssize_t n;

	if (type != SYSLOG_ACTION_READ_ALL && type != SYSLOG_ACTION_SIZE_BUFFER &&
	    !capable(CAP_SYSLOG))
		return -EPERM;
	if (reads && (!buf || len < 0))
		return -EINVAL;
	if (reads && !len)
		return 0;
	if (reads && !access_ok(buf, len))
		return -EFAULT;
	switch (type) {
	case SYSLOG_ACTION_CLOSE:
	case SYSLOG_ACTION_OPEN:
		return 0;
	case SYSLOG_ACTION_READ:
		return syslog_read(buf, len);
	case SYSLOG_ACTION_READ_ALL:
	case SYSLOG_ACTION_READ_CLEAR:
		n = copy_last_lines(buf, len);
		if (type == SYSLOG_ACTION_READ_CLEAR && n >= 0)
			log_clear();
		return n;
	case SYSLOG_ACTION_CLEAR:
		log_clear();
		return 0;
	case SYSLOG_ACTION_CONSOLE_OFF:
		if (saved_loglevel < 0)
			saved_loglevel = console_loglevel;
		console_loglevel = minimum_loglevel;
		return 0;
	case SYSLOG_ACTION_CONSOLE_ON:
		if (saved_loglevel >= 0)
			console_loglevel = saved_loglevel;
		saved_loglevel = -1;
		return 0;
	case SYSLOG_ACTION_CONSOLE_LEVEL:
		if (len < 1 || len > 8)
			return -EINVAL;
		console_loglevel = max(len, minimum_loglevel);
		saved_loglevel = -1;
		return 0;
	case SYSLOG_ACTION_SIZE_UNREAD:
		return unread_bytes();
	case SYSLOG_ACTION_SIZE_BUFFER:
		return log.bytes;
	}
	return -EINVAL;
}

/* For /proc/sys/kernel/printk: current, default message, minimum, boot-time default. */
void printk_levels(int levels[4])
{
	levels[0] = console_loglevel;
	levels[1] = LEVEL_DEFAULT;
	levels[2] = minimum_loglevel;
	levels[3] = default_loglevel;
}

/* ---- parameters ---- */

static void __init move_log(char *buf, size_t bytes)
{
	struct log_ring to = {
		.buf = buf, .bytes = bytes, .first_seq = log.first_seq, .next_seq = log.first_seq
	};

	for (u64 seq = log.first_seq; seq < log.next_seq; seq++) {
		const struct log_record *r = record(&log, seq);

		memcpy(ring_add(&to), r, sizeof(*r) + r->bytes);
	}
	log = to;
}

static size_t log_buf_len __initdata;

static int __init log_buf_len_setup(char *arg)
{
	u64 bytes = arg ? memparse(arg, NULL) : 0;

	if (!bytes || bytes > 1ull << 31)
		return -EINVAL;
	log_buf_len = roundup_pow_of_two(bytes);
	return 0;
}
early_param("log_buf_len", log_buf_len_setup);

void __init setup_log_buf(void)
{
	unsigned long flags;
	char *buf;
	bool taken;

	if (log_buf_len <= LOG_BUF_BYTES)
		return;
	buf = memblock_alloc(log_buf_len, PAGE_SIZE);
	if (!buf) {
		pr_err("log_buf_len: %zu bytes not available\n", log_buf_len);
		return;
	}
	taken = log_lock(&flags);
	move_log(buf, log_buf_len);
	log_unlock(taken, flags);
	pr_info("log_buf_len: %zu bytes\n", log_buf_len);
}

static int __init loglevel_setup(char *arg)
{
	unsigned int level;

	if (!arg || kstrtouint(arg, 0, &level))
		return -EINVAL;
	console_loglevel = level;
	return 0;
}
early_param("loglevel", loglevel_setup);

static int __init quiet_setup(char *arg)
{
	console_loglevel = 4;
	return 0;
}
early_param("quiet", quiet_setup);

static int __init debug_setup(char *arg)
{
	console_loglevel = 10;
	return 0;
}
early_param("debug", debug_setup);

static int __init ignore_loglevel_setup(char *arg)
{
	ignore_loglevel = true;
	return 0;
}
early_param("ignore_loglevel", ignore_loglevel_setup);

static int __init printk_time_setup(char *arg)
{
	return kstrtobool(arg ? arg : "y", &printk_time);
}
early_param("printk.time", printk_time_setup);
