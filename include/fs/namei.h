/* SPDX-License-Identifier: MIT */
/* From names to dentries, and changes of names. Theory: fs/namei.c. */
#ifndef QUIRE_FS_NAMEI_H
#define QUIRE_FS_NAMEI_H

#include <base/types.h>
#include <base/atomic.h>
#include <fs/path.h>
#include <fs/inode.h>
#include <linux/fcntl.h>

struct file;

#define LOOKUP_FOLLOW		0x0001	/* follow a symbolic link at the end */
#define LOOKUP_DIRECTORY	0x0002	/* must be a directory */
#define LOOKUP_AUTOMOUNT	0x0004
#define LOOKUP_EMPTY		0x4000	/* accept "" */
#define LOOKUP_REVAL		0x0020
#define LOOKUP_OPEN		0x0100	/* hints for ->lookup */
#define LOOKUP_CREATE		0x0200
#define LOOKUP_EXCL		0x0400
#define LOOKUP_RENAME_TARGET	0x0800
#define LOOKUP_NO_SYMLINKS	0x010000
#define LOOKUP_NO_MAGICLINKS	0x020000
#define LOOKUP_NO_XDEV		0x040000
#define LOOKUP_BENEATH		0x080000
#define LOOKUP_IN_ROOT		0x100000
#define LOOKUP_CACHED		0x200000
#define LOOKUP_IS_SCOPED	(LOOKUP_BENEATH | LOOKUP_IN_ROOT)

#define MAXSYMLINKS	40

/* A name copied from user space. */
struct filename {
	const char *name;
	const char __user *uptr;
	atomic_t refcnt;
	int len;
	char iname[];
};
/* ERR_PTR(-EFAULT, -ENAMETOOLONG, -ENOENT when empty, -ENOMEM). May sleep. */
struct filename *getname(const char __user *name);
struct filename *getname_flags(const char __user *name, int flags, int *empty);
struct filename *getname_uflags(const char __user *name, int uflags);
struct filename *getname_kernel(const char *name);
void putname(struct filename *name);

/* The place that a name means, with references; 0 or an errno. May sleep. */
int user_path_at(int dfd, const char __user *name, unsigned flags, struct path *path);
int user_path_at_empty(int dfd, const char __user *name, unsigned flags, struct path *path, int *empty);
static inline int user_path(const char __user *name, struct path *path)
{
	return user_path_at(AT_FDCWD, name, LOOKUP_FOLLOW, path);
}
int filename_lookup(int dfd, struct filename *name, unsigned flags, struct path *path, struct path *root);
int kern_path(const char *name, unsigned flags, struct path *path);
/* One name below @base, whose inode is locked; ERR_PTR. A negative dentry is an answer. */
struct dentry *lookup_one_len(const char *name, struct dentry *base, int len);
/* For a name that shall be made: the parent's inode locked, a negative dentry; undone by done_. */
struct dentry *kern_path_create(int dfd, const char *pathname, struct path *path, unsigned int lookup_flags);
void done_path_create(struct path *path, struct dentry *dentry);
/* The place where a magic link (/proc/PID/fd/N, exe, cwd) leads; called by ->get_link. Takes over @path. */
int nd_jump_link(const struct path *path);
int follow_down(struct path *path);
int follow_up(struct path *path);

struct open_flags {
	int open_flag;
	umode_t mode;
	int acc_mode;
	int intent;
	int lookup_flags;
};
struct open_how;
struct open_how build_open_how(int flags, umode_t mode);
/* A descriptor, of O_CLOEXEC in @fd_flags, for the file @name (kept by the caller); or an errno. May sleep. */
long do_open_name(int dfd, struct filename *name, const struct open_flags *op, u64 fd_flags);
int build_open_flags(const struct open_how *how, struct open_flags *op);
struct file *do_filp_open(int dfd, struct filename *pathname, const struct open_flags *op);
struct file *do_file_open_root(const struct path *root, const char *name, const struct open_flags *op);

/* Changes. => the parent's inode locked, but for rename */
int vfs_create(struct inode *dir, struct dentry *dentry, umode_t mode, bool want_excl);
int vfs_mkdir(struct inode *dir, struct dentry *dentry, umode_t mode);
int vfs_mknod(struct inode *dir, struct dentry *dentry, umode_t mode, dev_t dev);
int vfs_symlink(struct inode *dir, struct dentry *dentry, const char *oldname);
int vfs_link(struct dentry *old_dentry, struct inode *dir, struct dentry *new_dentry);
int vfs_rmdir(struct inode *dir, struct dentry *dentry);
/* unlinkat(2) and the like; they consume the names, which may be ERR_PTR. */
int do_unlinkat(int dfd, struct filename *name);
int do_rmdir(int dfd, struct filename *name);
int do_mkdirat(int dfd, struct filename *name, umode_t mode);
int do_symlinkat(struct filename *from, int dfd, struct filename *to);
int do_linkat(int olddfd, struct filename *old, int newdfd, struct filename *new, int flags);
int do_renameat2(int olddfd, struct filename *from, int newdfd, struct filename *to, unsigned int flags);
int vfs_unlink(struct inode *dir, struct dentry *dentry);
int vfs_rename(struct inode *old_dir, struct dentry *old_dentry, struct inode *new_dir,
	       struct dentry *new_dentry, unsigned int flags);
struct dentry *lock_rename(struct dentry *p1, struct dentry *p2);
void unlock_rename(struct dentry *p1, struct dentry *p2);
int vfs_readlink(struct dentry *dentry, char __user *buffer, int buflen);
int may_open(const struct path *path, int acc_mode, int flag);

/* Kernel strings, for start-up and initramfs. 0 or an errno. */
int init_mkdir(const char *pathname, umode_t mode);
int init_mknod(const char *filename, umode_t mode, unsigned int dev);
int init_symlink(const char *oldname, const char *newname);
int init_link(const char *oldname, const char *newname);
int init_unlink(const char *pathname);
int init_rmdir(const char *pathname);
int init_chown(const char *filename, uid_t user, gid_t group, int flags);
int init_chmod(const char *filename, umode_t mode);
int init_utimes(const char *filename, struct timespec64 *ts);

#endif
