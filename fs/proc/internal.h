/* SPDX-License-Identifier: MIT */
/* What the files of fs/proc share. */
#ifndef FS_PROC_INTERNAL_H
#define FS_PROC_INTERNAL_H

#include <base/types.h>

struct dentry;
struct inode;
struct seq_file;
struct super_block;
struct task_struct;

/* array.c: print one task. 0 or -errno. */
int proc_pid_status(struct seq_file *m, struct task_struct *task);
int proc_pid_stat(struct seq_file *m, struct task_struct *task, bool whole);
int proc_pid_statm(struct seq_file *m, struct task_struct *task);
int proc_pid_limits(struct seq_file *m, struct task_struct *task);

#endif
