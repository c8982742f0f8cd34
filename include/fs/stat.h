/* SPDX-License-Identifier: MIT */
/* What stat(2) tells, before it takes the form of one of its structures. */
#ifndef QUIRE_FS_STAT_H
#define QUIRE_FS_STAT_H

#include <base/types.h>
#include <kernel/time.h>
#include <linux/stat.h>

struct filename;
struct inode;
struct path;
struct statx;

#ifndef S_IRWXUGO
#define S_IRWXUGO	(S_IRWXU | S_IRWXG | S_IRWXO)
#define S_IALLUGO	(S_ISUID | S_ISGID | S_ISVTX | S_IRWXUGO)
#define S_IRUGO		(S_IRUSR | S_IRGRP | S_IROTH)
#define S_IWUGO		(S_IWUSR | S_IWGRP | S_IWOTH)
#define S_IXUGO		(S_IXUSR | S_IXGRP | S_IXOTH)
#endif

struct kstat {
	u32 result_mask;	/* STATX_* that hold */
	umode_t mode;
	unsigned int nlink;
	u32 blksize;
	u64 attributes, attributes_mask;
	u64 ino;
	dev_t dev, rdev;
	uid_t uid;
	gid_t gid;
	loff_t size;
	struct timespec64 atime, mtime, ctime, btime;
	u64 blocks;		/* of 512 bytes */
	u64 mnt_id;
};

void generic_fillattr(struct inode *inode, struct kstat *stat);
/* May sleep. */
int vfs_getattr(const struct path *path, struct kstat *stat, u32 request_mask, unsigned int flags);
int vfs_fstat(int fd, struct kstat *stat);
/* statx(2) of @name, which the caller keeps. 0 or an errno; may sleep. */
int do_statx(int dfd, struct filename *name, unsigned int flags, u32 mask, struct statx __user *buffer);

#endif
