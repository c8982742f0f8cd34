/* SPDX-License-Identifier: MIT */
/* What the files of fs/proc share. */
#ifndef FS_PROC_INTERNAL_H
#define FS_PROC_INTERNAL_H

#include <base/types.h>
#include <fs/kernfs.h>

struct dentry;
struct dir_context;
struct file;
struct inode;
struct mm_struct;
struct path;
struct pid;
struct qstr;
struct seq_file;
struct super_block;
struct task_struct;

extern struct kernfs_node proc_root;

/* root.c: how a proc is mounted. */
enum proc_hidepid {
	HIDEPID_OFF = 0,
	HIDEPID_NO_ACCESS = 1,		/* the directories of others are closed */
	HIDEPID_INVISIBLE = 2,		/* and not listed */
	HIDEPID_NOT_PTRACEABLE = 4,	/* and not found; the group does not help */
};
struct proc_fs_info {
	gid_t pid_gid;			/* who is in it sees all */
	enum proc_hidepid hide_pid;
	bool pids_only;			/* no static entries */
};
enum proc_hidepid proc_hidepid(const struct super_block *sb);
/* May current see @task in @sb, where hiding that begins with @from would hide it? */
bool proc_may_see(const struct super_block *sb, struct task_struct *task, enum proc_hidepid from);

/* array.c, task_mm.c: print one task. 0 or -errno. */
int proc_pid_status(struct seq_file *m, struct task_struct *task);
int proc_pid_stat(struct seq_file *m, struct task_struct *task, bool whole);
int proc_pid_statm(struct seq_file *m, struct task_struct *task);
int proc_pid_limits(struct seq_file *m, struct task_struct *task);
int proc_tid_children(struct seq_file *m, struct task_struct *task);
int proc_pid_io(struct seq_file *m, struct task_struct *task, bool whole);

/* oom.c */
int proc_oom_score(struct seq_file *m, struct task_struct *task);
int proc_oom_score_adj(struct seq_file *m, struct task_struct *task);
int proc_oom_adj(struct seq_file *m, struct task_struct *task);
ssize_t proc_oom_score_adj_write(struct task_struct *task, char *buf, size_t count);
ssize_t proc_oom_adj_write(struct task_struct *task, char *buf, size_t count);

/*
 * An inode of a task's directory. It names the task by its pid, which never comes to mean
 * another task; i_private is unused.
 */
#define PROC_TASK_INODE	0x7461736b	/* i_generation of inodes that have one; others are kernfs nodes */
struct proc_inode {
	struct pid *pid;		/* reference held */
	const struct pid_entry *entry;	/* which file; NULL: a directory or a link of fd/ */
	int fd;				/* of fd/N and fdinfo/N */
};
struct proc_inode *proc_inode_of(const struct inode *inode);
/* The task, with a reference, or NULL when it is gone. */
struct task_struct *get_proc_task(const struct inode *inode);
/* A new inode for @task. NULL: no memory, or the task is gone. */
struct inode *proc_pid_make_inode(struct super_block *sb, struct task_struct *task, umode_t mode);
/* Dentry operations of everything that belongs to a task: valid as long as the task is there. */
extern const struct dentry_operations pid_dentry_operations;
int proc_pid_revalidate(struct dentry *dentry, unsigned int flags);
/* Inode operations of links to objects (exe, cwd, fd/N). @get fills *@path with a reference. */
typedef int (*proc_get_link_t)(struct dentry *dentry, struct path *path);
/* readlink(2) of a link to @path, whose reference is dropped. Bytes or an errno. */
int proc_readlink_path(struct path *path, char __user *buffer, int buflen);

/* base.c: entries "self", "thread-self" and the numbers below /proc. */
struct dentry *proc_pid_lookup(struct inode *dir, struct dentry *dentry);
bool proc_pid_readdir(struct file *file, struct dir_context *ctx);
/* A name that is a decimal number of at most nine digits without sign or leading zeros; -1 if it is none. */
int proc_name_to_number(const struct qstr *name);
int proc_link_allowed(const struct inode *inode);

/* fd.c */
extern const struct inode_operations proc_fd_iops, proc_fdinfo_iops;
extern const struct file_operations proc_fd_fops, proc_fdinfo_fops;

/* map_files.c */
extern const struct inode_operations proc_map_files_iops;
extern const struct file_operations proc_map_files_fops;

/* net.c */
extern const struct inode_operations proc_net_iops;
extern const struct file_operations proc_net_fops;

/* where.c */
int proc_pid_wchan(struct seq_file *m, struct task_struct *task);
int proc_pid_syscall(struct seq_file *m, struct task_struct *task);
int proc_pid_stack(struct seq_file *m, struct task_struct *task);

/* task_mmu.c. The address space of an inode's task with mm_count raised, NULL: it has none; -ESRCH, -EACCES.
 * @mode: PTRACE_MODE_*, what current must be allowed. */
struct mm_struct *proc_mem_open(struct inode *inode, unsigned int mode);
/* mem.c: the same for @file, which keeps it until it is closed. 0 or -errno. */
int proc_open_mm(struct inode *inode, struct file *file, unsigned int mode);
int proc_release_mm(struct inode *inode, struct file *file);
extern const struct file_operations proc_environ_fops, proc_auxv_fops; /* environ.c */
extern const struct file_operations proc_maps_fops, proc_smaps_fops, proc_smaps_rollup_fops;
extern const struct file_operations proc_maps_explained_fops;
extern const struct file_operations proc_clear_refs_fops, proc_mem_fops, proc_pagemap_fops;
/* page.c: kpageflags, kpagecount, and page in the directory @mm. */
struct proc_dir_entry;
void proc_page_init(struct proc_dir_entry *mm);
/* What is known of frame @pfn, in words. @own: references that the caller holds, which are named as its own. */
void proc_describe_page(struct seq_file *m, unsigned long pfn, int own);
struct folio;
/* explain.c: where @folio is mapped, by whom, a line for each entry, and how many. => a reference held, not locked. May sleep. */
void proc_describe_mappers(struct seq_file *m, struct folio *folio);
/* maps_explained.c: what region @vma is for, as a sentence. => mmap_lock held */
struct vm_area_struct;
void proc_explain_region(struct seq_file *m, const struct vm_area_struct *vma);
/* explain.c */
void proc_explain_init(struct proc_dir_entry *mm);

#endif
