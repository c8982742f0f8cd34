/* SPDX-License-Identifier: MIT */
/* The static part of /proc (a kernfs tree) and /proc/sys (tables of numbers and strings in it). */
#include <base/err.h>
#include <base/errno.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/kernfs.h>
#include <fs/proc_fs.h>
#include <fs/seq_file.h>
#include <kernel/printk.h>
#include <mm/slab.h>

#include "internal.h"

KERNFS_ROOT(proc_root);

/* A proc_dir_entry is a kernfs node; the type in the public header is a name for it. */
static struct kernfs_node *node_of(struct proc_dir_entry *entry)
{
	return entry ? (struct kernfs_node *)entry : &proc_root;
}

struct proc_dir_entry *proc_mkdir(const char *name, struct proc_dir_entry *parent)
{
	return (struct proc_dir_entry *)kernfs_create_dir(node_of(parent), name, 0555);
}

struct proc_dir_entry *proc_create(const char *name, umode_t mode, struct proc_dir_entry *parent,
				   const struct file_operations *fops)
{
	return (struct proc_dir_entry *)kernfs_create_fops(node_of(parent), name, mode, fops, NULL);
}

struct proc_dir_entry *proc_create_rw(const char *name, umode_t mode, struct proc_dir_entry *parent,
				      proc_show_t show, proc_write_t write)
{
	return (struct proc_dir_entry *)kernfs_create_file(node_of(parent), name, mode, show, write,
							   NULL);
}

struct proc_dir_entry *proc_create_single(const char *name, umode_t mode,
					  struct proc_dir_entry *parent, proc_show_t show)
{
	return proc_create_rw(name, mode, parent, show, NULL);
}

struct proc_dir_entry *proc_symlink(const char *name, struct proc_dir_entry *parent,
				    const char *dest)
{
	return (struct proc_dir_entry *)kernfs_create_link(node_of(parent), name, dest);
}

/* ---- /proc/sys ---- */

static int ctl_show(struct seq_file *m, void *v)
{
	struct ctl_table *t = m->private;

	switch (t->type) {
	case CTL_INT:
		seq_printf(m, "%d\n", *(int *)t->data);
		return 0;
	case CTL_ULONG:
		seq_printf(m, "%lu\n", *(unsigned long *)t->data);
		return 0;
	case CTL_STRING:
		seq_printf(m, "%s\n", (char *)t->data);
		return 0;
	case CTL_FUNC:
		return t->show ? t->show(m) : -EPERM;
	}
	return -EINVAL;
}

/* Linux reads as many numbers as the table has, here one, and leaves alone what follows it. */
static char *first_word(char *buf)
{
	char *word = skip_spaces(buf), *end = word;

	while (*end && !isspace(*end))
		end++;
	*end = 0;
	return word;
}

int sysctl_parse_int(char *buf, int *value)
{
	return kstrtoint(first_word(buf), 0, value) ? -EINVAL : 0;
}

static int store_int(struct ctl_table *t, char *buf)
{
	int value;

	if (sysctl_parse_int(buf, &value))
		return -EINVAL;
	if (t->max && (value < t->min || value > t->max))
		return -EINVAL;
	WRITE_ONCE(*(int *)t->data, value);
	return 0;
}

static int store_ulong(struct ctl_table *t, char *buf)
{
	unsigned long value;

	if (kstrtoul(first_word(buf), 0, &value))
		return -EINVAL;
	if (t->max && (value < (unsigned long)t->min || value > (unsigned long)t->max))
		return -EINVAL;
	WRITE_ONCE(*(unsigned long *)t->data, value);
	return 0;
}

static int store_string(struct ctl_table *t, char *buf)
{
	char *newline = strchr(buf, '\n');

	if (newline)
		*newline = 0;
	strscpy(t->data, buf, t->maxlen);
	return 0;
}

static ssize_t ctl_write(struct file *file, char *buf, size_t count)
{
	struct ctl_table *t = kernfs_of(file_inode(file))->priv;
	int err;

	if (t->type == CTL_FUNC)
		err = t->store ? t->store(buf) : -EPERM;
	else if (t->type == CTL_STRING)
		err = store_string(t, buf);
	else
		err = t->type == CTL_INT ? store_int(t, buf) : store_ulong(t, buf);
	if (err)
		return err;
	if (t->changed)
		t->changed();
	return count;
}

void register_sysctl_table(struct ctl_table *table)
{
	struct kernfs_node *sys = kernfs_find(&proc_root, "sys"), *dir;
	const char *last;

	if (!sys)
		sys = kernfs_create_dir(&proc_root, "sys", 0555);
	for (; sys && table->path; table++) {
		dir = kernfs_make_path(sys, table->path, &last);
		if (!dir || !kernfs_create_file(dir, last, table->mode,
						table->mode & 0444 ? ctl_show : NULL,
						table->mode & 0222 ? ctl_write : NULL, table))
			pr_warn("sysctl: no entry %s\n", table->path);
	}
}
