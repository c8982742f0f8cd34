/* SPDX-License-Identifier: MIT */
/* fs_struct: root, working directory, umask and mounts of a process. */
#ifndef QUIRE_FS_FS_STRUCT_H
#define QUIRE_FS_FS_STRUCT_H

#include <base/types.h>
#include <sync/spinlock.h>
#include <sync/seqlock.h>
#include <fs/path.h>

struct mnt_namespace;
struct task_struct;

struct fs_struct {
	int users;		/* lock */
	spinlock_t lock;
	seqcount_t seq;		/* moves with root and pwd */
	int umask;
	int in_exec;		/* lock: exec is under way, do not share */
	struct path root, pwd;	/* lock, seq */
	struct mnt_namespace *mnt_ns; /* a reference; changes only while nobody else uses this */
};

extern struct fs_struct init_fs;

struct fs_struct *copy_fs_struct(struct fs_struct *old);	/* NULL without memory */
void free_fs_struct(struct fs_struct *fs);
void exit_fs(struct task_struct *tsk);
void set_fs_root(struct fs_struct *fs, const struct path *path);
void set_fs_pwd(struct fs_struct *fs, const struct path *path);
void chroot_fs_refs(const struct path *old_root, const struct path *new_root);
/* With references. */
void get_fs_root(struct fs_struct *fs, struct path *root);
void get_fs_pwd(struct fs_struct *fs, struct path *pwd);
int current_umask(void);

#endif
