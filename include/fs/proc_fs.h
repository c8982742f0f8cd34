/* SPDX-License-Identifier: MIT */
/*
 * /proc: files that tell about the kernel and its tasks.
 *
 * Static entries are made at boot and never go: name, mode and either a show function (the whole
 * file is one seq_file record) or file operations of their own. Directories of tasks are in
 * fs/proc/base.c, /proc/sys in fs/proc/sysctl.c.
 */
#ifndef FS_PROC_FS_H
#define FS_PROC_FS_H

#include <base/types.h>
#include <fs/file.h>

struct seq_file;
struct proc_dir_entry;

typedef int (*proc_show_t)(struct seq_file *m, void *v);
/* A write of the whole text @buf (NUL-terminated copy, @count bytes). Bytes taken or -errno. */
typedef ssize_t (*proc_write_t)(struct file *file, char *buf, size_t count);

/* All: NULL when memory is short. @parent NULL: /proc itself. Names must stay. May sleep. */
struct proc_dir_entry *proc_mkdir(const char *name, struct proc_dir_entry *parent);
struct proc_dir_entry *proc_create(const char *name, umode_t mode, struct proc_dir_entry *parent,
				   const struct file_operations *fops);
struct proc_dir_entry *proc_create_single(const char *name, umode_t mode, struct proc_dir_entry *parent,
					  proc_show_t show);
struct proc_dir_entry *proc_create_rw(const char *name, umode_t mode, struct proc_dir_entry *parent,
				      proc_show_t show, proc_write_t write);
struct proc_dir_entry *proc_symlink(const char *name, struct proc_dir_entry *parent, const char *dest);

/* A file in /proc/PID/net, 0444. 0 or -ENOMEM. */
int proc_create_net(const char *name, proc_show_t show);

/* A number or string in /proc/sys. Made static by its owner, registered once. */
struct ctl_table {
	const char *path;	/* below /proc/sys: "vm/overcommit_memory" */
	umode_t mode;
	enum ctl_type { CTL_INT, CTL_ULONG, CTL_STRING, CTL_FUNC } type;
	void *data;
	long min, max;		/* of CTL_INT and CTL_ULONG; max 0: no bounds */
	size_t maxlen;		/* bytes of a CTL_STRING */
	void (*changed)(void);	/* after a write; may be NULL */
	/* CTL_FUNC: print and parse the value oneself. 0 or -errno. */
	int (*show)(struct seq_file *m);
	int (*store)(char *buf);
};
/* @table ends with path NULL. May sleep. */
void register_sysctl_table(struct ctl_table *table);

/* The first word of @buf (which is cut there) as a number in C's notation; the rest is ignored. 0 or -EINVAL. Any context. */
int sysctl_parse_int(char *buf, int *value);

#endif
