// SPDX-License-Identifier: MIT
/* /proc/lock_stat, in Linux's format (Documentation/locking/lockstat.rst) without its call sites. */
#include <sync/lockstat.h>
#if QUIRE_LOCKSTAT

#include <base/errno.h>
#include <fs/proc_fs.h>
#include <fs/seq_file.h>
#include <kernel/init.h>
#include <seam/timex.h>
#include <sync/ranks.h>

/* Cycles as microseconds with two digits. */
static void put_time(struct seq_file *m, u64 cycles)
{
	u64 hundredths = cycles * 100000 / (tsc_khz ? tsc_khz : 1);

	seq_printf(m, " %11llu.%02llu", hundredths / 100, hundredths % 100);
}

static void put_row(struct seq_file *m, const char *name, const struct lock_stat *s)
{
	seq_printf(m, "%40s: %14llu %14llu", name, s->con_bounces, s->contentions);
	put_time(m, s->wait_min);
	put_time(m, s->wait_max);
	put_time(m, s->wait_total);
	put_time(m, s->contentions ? s->wait_total / s->contentions : 0);
	seq_printf(m, " %14llu %14llu", s->acq_bounces, s->acquisitions);
	put_time(m, s->hold_min);
	put_time(m, s->hold_max);
	put_time(m, s->hold_total);
	put_time(m, s->acquisitions ? s->hold_total / s->acquisitions : 0);
	seq_putc(m, '\n');
}

static void put_line(struct seq_file *m)
{
	for (int i = 0; i < 222; i++)
		seq_putc(m, '-');
	seq_putc(m, '\n');
}

static int lock_stat_show(struct seq_file *m, void *v)
{
	struct lock_stat s;

	seq_puts(m, "lock_stat version 0.4\n");
	put_line(m);
	seq_printf(m, "%40s  %14s %14s %14s %14s %14s %14s %14s %14s %14s %14s %14s %14s\n",
		   "class name", "con-bounces", "contentions", "waittime-min", "waittime-max",
		   "waittime-total", "waittime-avg", "acq-bounces", "acquisitions", "holdtime-min",
		   "holdtime-max", "holdtime-total", "holdtime-avg");
	put_line(m);
	for (unsigned int rank = 0; rank < NR_LOCK_RANKS; rank++) {
		const char *name = lockstat_read(rank, &s);

		if (s.acquisitions)
			put_row(m, name, &s);
	}
	return 0;
}

/* "0" clears, as on Linux. */
static ssize_t lock_stat_write(struct file *file, char *buf, size_t count)
{
	if (!count || buf[0] != '0')
		return -EINVAL;
	lockstat_clear();
	return count;
}

static int __init lock_stat_init(void)
{
	return proc_create_rw("lock_stat", 0600, NULL, lock_stat_show, lock_stat_write) ? 0
											: -ENOMEM;
}
late_initcall(lock_stat_init);

#endif
