/* SPDX-License-Identifier: MIT */
/* POSIX, OFD and flock locks. Theory: fs/locks.c. */
#ifndef QUIRE_FS_LOCKS_H
#define QUIRE_FS_LOCKS_H

#include <base/types.h>
#include <base/list.h>
#include <sync/wait.h>
#include <fs/file.h>

struct seq_file;

#define FL_POSIX	1
#define FL_FLOCK	2
#define FL_OFDLCK	1024
#define FL_SLEEP	128

struct file_lock {
	struct file_lock *fl_blocker;	/* blocked_lock: whom we wait for */
	struct list_head fl_list;	/* context's list */
	struct list_head fl_blocked_requests;	/* who waits for us */
	struct list_head fl_blocked_member;
	fl_owner_t fl_owner;		/* files_struct, or file for OFD and flock */
	unsigned int fl_flags;
	unsigned char fl_type;		/* F_RDLCK, F_WRLCK, F_UNLCK */
	pid_t fl_pid;
	wait_queue_head_t fl_wait;
	struct file *fl_file;
	loff_t fl_start, fl_end;	/* inclusive */
};

#define OFFSET_MAX	((loff_t)0x7fffffffffffffffLL)

struct file_lock_context {
	spinlock_t flc_lock;
	struct list_head flc_flock, flc_posix;
};

void locks_free_lock_context(struct inode *inode);
/* A file is closed: its POSIX locks of @owner go / its flock and OFD locks go. */
void locks_remove_posix(struct file *file, fl_owner_t owner);
void locks_remove_file(struct file *file);
int fcntl_getlk(struct file *file, unsigned int cmd, void __user *ulock);
int fcntl_setlk(unsigned int fd, struct file *file, unsigned int cmd, void __user *ulock);
/* /proc/locks, for single_open(). */
int locks_show(struct seq_file *m, void *v);
void locks_init(void);

#endif
