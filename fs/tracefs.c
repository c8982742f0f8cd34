/* SPDX-License-Identifier: MIT */
/*
 * /sys/kernel/tracing: the files through which the trace events of mm/stat/trace.c are switched
 * and read. A subset of Linux's tracefs: tracing_on, trace, trace_pipe, trace_marker,
 * buffer_size_kb, current_tracer, available_tracers, available_events, set_event,
 * options/stacktrace, events/<system>/<event>/{enable,format,id,filter}.
 */
#include <base/errno.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/kernfs.h>
#include <fs/poll.h>
#include <fs/seq_file.h>
#include <fs/sysfs.h>
#include <kernel/init.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <mm/slab.h>
#include <mm/trace.h>
#include <seam/uaccess.h>

#define LINE_BYTES	512
#define PIPE_POLL_TICKS (HZ / 20)

/* ---- switches ---- */

static int parse_switch(char *buf, bool *on)
{
	unsigned int value;

	if (kstrtouint(strim(buf), 10, &value) || value > 1)
		return -EINVAL;
	*on = value;
	return 0;
}

static int tracing_on_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%u\n", READ_ONCE(tracing_on));
	return 0;
}

static ssize_t tracing_on_write(struct file *file, char *buf, size_t count)
{
	bool on;
	int err = parse_switch(buf, &on);

	if (err)
		return err;
	WRITE_ONCE(tracing_on, on);
	return count;
}

static int event_enable_show(struct seq_file *m, void *v)
{
	struct trace_event *event = m->private;

	seq_printf(m, "%u\n", READ_ONCE(event->enabled));
	return 0;
}

static ssize_t event_enable_write(struct file *file, char *buf, size_t count)
{
	struct trace_event *event = kernfs_of(file_inode(file))->priv;
	bool on;
	int err = parse_switch(buf, &on);

	if (!err)
		err = trace_set_enabled(event, on);
	return err ? err : (ssize_t)count;
}

/* "1" all on, "0" all off, "X" some; of one system (its name in priv) or of all (NULL). */
static int system_enable_show(struct seq_file *m, void *v)
{
	const char *system = m->private;
	struct trace_event *event;
	bool any_on = false, any_off = false;
	int i;

	for (i = 0; (event = trace_event_at(i)); i++) {
		if (system && strcmp(event->system, system))
			continue;
		if (READ_ONCE(event->enabled))
			any_on = true;
		else
			any_off = true;
	}
	seq_printf(m, "%c\n", any_on && any_off ? 'X' : any_on ? '1' : '0');
	return 0;
}

static ssize_t system_enable_write(struct file *file, char *buf, size_t count)
{
	const char *system = kernfs_of(file_inode(file))->priv;
	bool on;
	int err = parse_switch(buf, &on);

	if (!err)
		err = system ? trace_set_system_enabled(system, on) : trace_set_enabled(NULL, on);
	return err ? err : (ssize_t)count;
}

/* ---- descriptions ---- */

static int event_id_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%u\n", ((struct trace_event *)m->private)->id);
	return 0;
}

static int event_format_show(struct seq_file *m, void *v)
{
	char *page = kmalloc(4096, GFP_KERNEL);
	int n;

	if (!page)
		return -ENOMEM;
	n = trace_format_text(m->private, page, 4096);
	seq_write(m, page, n);
	kfree(page);
	return 0;
}

static int event_filter_show(struct seq_file *m, void *v)
{
	char *page = kmalloc(4096, GFP_KERNEL);
	int n;

	if (!page)
		return -ENOMEM;
	n = trace_filter_text(m->private, page, 4096);
	seq_write(m, page, n);
	kfree(page);
	return 0;
}

static ssize_t event_filter_write(struct file *file, char *buf, size_t count)
{
	int err = count < 4096 ? trace_set_filter(kernfs_of(file_inode(file))->priv, buf) : -EINVAL;

	return err ? err : (ssize_t)count;
}

static int stacktrace_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%u\n", READ_ONCE(trace_stacks));
	return 0;
}

static ssize_t stacktrace_write(struct file *file, char *buf, size_t count)
{
	bool on;
	int err = parse_switch(buf, &on);

	if (err)
		return err;
	WRITE_ONCE(trace_stacks, on);
	return count;
}

static int available_events_show(struct seq_file *m, void *v)
{
	struct trace_event *event;
	int i;

	for (i = 0; (event = trace_event_at(i)); i++)
		seq_printf(m, "%s:%s\n", event->system, event->name);
	return 0;
}

static int set_event_show(struct seq_file *m, void *v)
{
	struct trace_event *event;
	int i;

	for (i = 0; (event = trace_event_at(i)); i++)
		if (READ_ONCE(event->enabled))
			seq_printf(m, "%s:%s\n", event->system, event->name);
	return 0;
}

/* One "system:event", "system:*", "system:" or "event", with ! in front to switch off. */
static int set_one_event(char *word)
{
	bool on = *word != '!';
	struct trace_event *event;
	char *name;
	int i, err = -EINVAL;

	if (!on)
		word++;
	name = strchr(word, ':');
	if (name) {
		*name++ = 0;
		if (!*name || !strcmp(name, "*"))
			return trace_set_system_enabled(word, on);
		event = trace_find_event(word, name);
		return event ? trace_set_enabled(event, on) : -EINVAL;
	}
	for (i = 0; (event = trace_event_at(i)); i++)
		if (!strcmp(event->name, word))
			err = trace_set_enabled(event, on);
	return err == -EINVAL ? trace_set_system_enabled(word, on) : err;
}

static ssize_t set_event_write(struct file *file, char *buf, size_t count)
{
	char *word;
	int err;

	if (file->f_flags & O_TRUNC && !*strim(buf))
		return trace_set_enabled(NULL, false) ? -EINVAL : (ssize_t)count;
	while ((word = strsep(&buf, " \n\t"))) {
		if (!*word)
			continue;
		err = set_one_event(word);
		if (err)
			return err;
	}
	return count;
}

static int nop_show(struct seq_file *m, void *v)
{
	seq_puts(m, "nop\n");
	return 0;
}

static ssize_t current_tracer_write(struct file *file, char *buf, size_t count)
{
	return strcmp(strim(buf), "nop") ? -EINVAL : (ssize_t)count;
}

static int buffer_size_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%lu\n", trace_buffer_kb());
	return 0;
}

static ssize_t buffer_size_write(struct file *file, char *buf, size_t count)
{
	unsigned long kb;
	int err = kstrtoul(strim(buf), 10, &kb);

	if (!err)
		err = kb ? trace_set_buffer_kb(kb) : -EINVAL;
	return err ? err : (ssize_t)count;
}

static ssize_t marker_write(struct file *file, char *buf, size_t count)
{
	int n = trace_marker_write(buf, count);

	return n < 0 ? n : (ssize_t)count;
}

/* ---- the records ---- */

static int trace_show(struct seq_file *m, void *v)
{
	struct trace_cursor *cursor = kmalloc(sizeof(*cursor), GFP_KERNEL);
	char *line = kmalloc(4096, GFP_KERNEL);
	int n;

	if (cursor && line) {
		n = trace_header_text(line, 4096);
		seq_write(m, line, n);
		trace_cursor_init(cursor, false);
		while (!seq_has_overflowed(m) &&
		       (n = trace_read_line(cursor, line, LINE_BYTES)) > 0)
			seq_write(m, line, n);
	}
	kfree(line);
	kfree(cursor);
	return line && cursor ? 0 : -ENOMEM;
}

static int trace_open(struct inode *inode, struct file *file)
{
	if (file->f_mode & FMODE_WRITE && file->f_flags & O_TRUNC)
		trace_clear();
	return kernfs_file_fops.open(inode, file);
}

/* Writing anything clears, as `echo > trace` does. */
static ssize_t trace_write(struct file *file, char *buf, size_t count)
{
	trace_clear();
	return count;
}

static struct file_operations trace_fops;

struct pipe_reader {
	struct trace_cursor cursor;
	char line[LINE_BYTES];
	int from, to; /* what of the line was not read yet */
};

static int pipe_open(struct inode *inode, struct file *file)
{
	struct pipe_reader *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return -ENOMEM;
	trace_cursor_init(&r->cursor, true);
	file->private_data = r;
	return nonseekable_open(inode, file);
}

static int pipe_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static bool pipe_fill(struct pipe_reader *r)
{
	if (r->from == r->to) {
		r->from = 0;
		r->to = trace_read_line(&r->cursor, r->line, sizeof(r->line));
	}
	return r->to > r->from;
}

/* Events do not wake readers, since they happen everywhere: the reader looks twenty times a second. */
static ssize_t pipe_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct pipe_reader *r = file->private_data;
	size_t done = 0, n;

	while (!pipe_fill(r)) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (!READ_ONCE(tracing_on) && *pos)
			return 0;
		schedule_timeout_interruptible(PIPE_POLL_TICKS);
		if (signal_pending(current))
			return -EINTR;
	}
	do {
		n = min_t(size_t, count - done, r->to - r->from);
		if (copy_to_user(buf + done, r->line + r->from, n))
			return done ? (ssize_t)done : -EFAULT;
		done += n;
		r->from += n;
	} while (done < count && pipe_fill(r));
	*pos += done;
	return done;
}

static const struct file_operations trace_pipe_fops = {
	.open = pipe_open,
	.read = pipe_read,
	.release = pipe_release,
	.llseek = no_llseek,
};

/* ---- the tree ---- */

/* Hundreds of files, which most boots never look at: what is below events/ is made when somebody does. */

static void fill_event(struct kernfs_node *dir)
{
	struct trace_event *event = dir->priv;

	kernfs_fill_file(dir, "enable", 0644, event_enable_show, event_enable_write, event);
	kernfs_fill_file(dir, "format", 0444, event_format_show, NULL, event);
	kernfs_fill_file(dir, "id", 0444, event_id_show, NULL, event);
	kernfs_fill_file(dir, "filter", 0644, event_filter_show, event_filter_write, event);
}

/* The directory's name is the system's. */
static void fill_system(struct kernfs_node *dir)
{
	static const struct kernfs_dir_ops event_ops = { .refresh = fill_event };
	struct trace_event *event;

	kernfs_fill_file(dir, "enable", 0644, system_enable_show, system_enable_write,
			 (void *)dir->name);
	for (int i = 0; (event = trace_event_at(i)); i++)
		if (!strcmp(event->system, dir->name) && !kernfs_find(dir, event->name))
			kernfs_create_lazy_dir(dir, event->name, &event_ops, event);
}

static void fill_events(struct kernfs_node *events)
{
	static const struct kernfs_dir_ops system_ops = { .refresh = fill_system };
	struct trace_event *event;

	kernfs_fill_file(events, "enable", 0644, system_enable_show, system_enable_write, NULL);
	for (int i = 0; (event = trace_event_at(i)); i++)
		if (!kernfs_find(events, event->system))
			kernfs_create_lazy_dir(events, event->system, &system_ops, NULL);
}

static int __init tracefs_init(void)
{
	static const struct kernfs_dir_ops events_ops = { .refresh = fill_events };
	struct kernfs_node *root = &tracefs_root, *options, *trace;

	kernfs_create_file(root, "tracing_on", 0644, tracing_on_show, tracing_on_write, NULL);
	kernfs_create_file(root, "available_events", 0444, available_events_show, NULL, NULL);
	kernfs_create_file(root, "available_tracers", 0444, nop_show, NULL, NULL);
	kernfs_create_file(root, "current_tracer", 0644, nop_show, current_tracer_write, NULL);
	kernfs_create_file(root, "set_event", 0644, set_event_show, set_event_write, NULL);
	kernfs_create_file(root, "buffer_size_kb", 0644, buffer_size_show, buffer_size_write, NULL);
	kernfs_create_file(root, "trace_marker", 0220, NULL, marker_write, NULL);
	kernfs_create_fops(root, "trace_pipe", 0444, &trace_pipe_fops, NULL);
	trace_fops = kernfs_file_fops;
	trace_fops.open = trace_open;
	trace = kernfs_create_file(root, "trace", 0644, trace_show, trace_write, NULL);
	if (trace)
		trace->fops = &trace_fops;
	options = kernfs_create_dir(root, "options", 0755);
	if (options)
		kernfs_create_file(options, "stacktrace", 0644, stacktrace_show, stacktrace_write,
				   NULL);
	return kernfs_create_lazy_dir(root, "events", &events_ops, NULL) ? 0 : -ENOMEM;
}
fs_initcall(tracefs_init);
