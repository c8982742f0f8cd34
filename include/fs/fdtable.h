/* SPDX-License-Identifier: MIT */
/*
 * The table of open files of a process. Look-ups are lock-free under RCU; theory: fs/fdtable.c.
 */
#ifndef QUIRE_FS_FDTABLE_H
#define QUIRE_FS_FDTABLE_H

#include <base/types.h>
#include <base/compiler.h>
#include <base/atomic.h>
#include <base/bitops.h>
#include <sync/spinlock.h>
#include <sync/rcu.h>
#include <kernel/task.h>
#include <fs/file.h>

#define NR_OPEN_DEFAULT	64
#define NR_OPEN_MAX	(1024 * 1024)

struct fdtable {
	unsigned int max_fds;		/* a multiple of 64 */
	struct file **fd;		/* RCU */
	unsigned long *close_on_exec;	/* file_lock */
	unsigned long *open_fds;	/* file_lock */
	unsigned long *full_fds_bits;	/* file_lock: words of open_fds without a hole */
	struct rcu_head rcu;
};

struct files_struct {
	atomic_t count;			/* tasks that share it */
	struct fdtable *fdt;		/* RCU */
	struct fdtable fdtab;		/* the first table, inside */
	spinlock_t file_lock;
	unsigned int next_fd;		/* file_lock: no hole below */
	unsigned long close_on_exec_init[1];
	unsigned long open_fds_init[1];
	unsigned long full_fds_bits_init[1];
	struct file *fd_array[NR_OPEN_DEFAULT];
};

extern struct files_struct init_files;
extern unsigned int sysctl_nr_open;

#define files_fdtable(files)	READ_ONCE((files)->fdt)

static inline bool close_on_exec(unsigned int fd, const struct fdtable *fdt)
{
	return test_bit(fd, fdt->close_on_exec);
}
static inline bool fd_is_open(unsigned int fd, const struct fdtable *fdt)
{
	return test_bit(fd, fdt->open_fds);
}

/* The file at @fd without a reference. => RCU, or the table is not shared */
static inline struct file *files_lookup_fd_raw(struct files_struct *files, unsigned int fd)
{
	struct fdtable *fdt = files_fdtable(files);

	return likely(fd < fdt->max_fds) ? READ_ONCE(fdt->fd[fd]) : NULL;
}
#define files_lookup_fd_rcu(files, fd)		files_lookup_fd_raw(files, fd)
#define files_lookup_fd_locked(files, fd)	files_lookup_fd_raw(files, fd)
/* First open fd at or after *@fd; *@fd is set to it. => RCU */
struct file *task_lookup_next_fd_rcu(struct task_struct *task, unsigned int *fd);

/* fork and exit */
struct files_struct *dup_fd(struct files_struct *old, unsigned int max_fds, int *errorp);
void put_files_struct(struct files_struct *files);
void exit_files(struct task_struct *tsk);
int unshare_files(void);
void do_close_on_exec(struct files_struct *files);

/* A free number below RLIMIT_NOFILE, reserved: or -EMFILE, -ENOMEM. */
int get_unused_fd_flags(unsigned flags);
void put_unused_fd(unsigned int fd);
/* Publish; takes over the caller's reference. */
void fd_install(unsigned int fd, struct file *file);
int close_fd(unsigned fd);			/* 0 or an errno of ->flush */
int f_dupfd(unsigned int from, struct file *file, unsigned flags);
int replace_fd(unsigned fd, struct file *file, unsigned flags);
void set_close_on_exec(unsigned int fd, int flag);
bool get_close_on_exec(unsigned int fd);

#endif
