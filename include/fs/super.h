/* SPDX-License-Identifier: MIT */
/* super_block: a file system in use, and file_system_type: a kind of file system. fs/super.c. */
#ifndef QUIRE_FS_SUPER_H
#define QUIRE_FS_SUPER_H

#include <base/types.h>
#include <base/atomic.h>
#include <base/list.h>
#include <sync/rwsem.h>
#include <sync/spinlock.h>
#include <sync/mutex.h>
#include <fs/inode.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <asm/statfs.h>

struct backing_dev_info;
struct block_device;
struct dentry_operations;
struct export_operations;
struct file_system_type;
struct seq_file;
struct vfsmount;

struct kstatfs {
	long f_type;
	long f_bsize;
	u64 f_blocks, f_bfree, f_bavail;
	u64 f_files, f_ffree;
	__kernel_fsid_t f_fsid;
	long f_namelen;
	long f_frsize;
	long f_flags;
};

struct super_operations {
	struct inode *(*alloc_inode)(struct super_block *sb);
	void (*destroy_inode)(struct inode *inode);	/* at once, may sleep */
	void (*free_inode)(struct inode *inode);	/* after an RCU grace period */
	void (*dirty_inode)(struct inode *inode, int flags);
	int (*write_inode)(struct inode *inode, struct writeback_control *wbc);
	int (*drop_inode)(struct inode *inode);		/* 1: evict with the last user */
	void (*evict_inode)(struct inode *inode);	/* must truncate and clear_inode() */
	void (*put_super)(struct super_block *sb);
	int (*sync_fs)(struct super_block *sb, int wait);
	int (*statfs)(struct dentry *dentry, struct kstatfs *buf);
	int (*remount_fs)(struct super_block *sb, int *flags, char *data);
	void (*umount_begin)(struct super_block *sb);
	int (*show_options)(struct seq_file *m, struct dentry *root);
	/* the device of this inode is not s_bdi: the inodes of block devices */
	struct backing_dev_info *(*bdi)(const struct inode *inode);
};

/* s_flags: the MS_* values. */
#define SB_RDONLY	1
#define SB_NOSUID	2
#define SB_NODEV	4
#define SB_NOEXEC	8
#define SB_SYNCHRONOUS	16
#define SB_MANDLOCK	64
#define SB_DIRSYNC	128
#define SB_NOATIME	1024
#define SB_NODIRATIME	2048
#define SB_SILENT	32768
#define SB_POSIXACL	(1 << 16)
#define SB_LAZYTIME	(1 << 25)	/* times are written with something else, or after long */
#define SB_ACTIVE	(1 << 30)
#define SB_KERNMOUNT	(1 << 22)
#define SB_NOUSER	(1 << 31)	/* cannot be mounted by user space */

struct super_block {
	struct list_head s_list;		/* sb_lock: all */
	dev_t s_dev;				/* c */
	struct block_device *s_bdev;		/* c: what it lies on; NULL */
	unsigned char s_blocksize_bits;
	unsigned long s_blocksize;
	loff_t s_maxbytes;			/* c */
	struct file_system_type *s_type;	/* c */
	const struct super_operations *s_op;	/* c */
	const struct export_operations *s_export_op;	/* c: its files have handles; NULL */
	unsigned long s_flags;			/* s_umount */
	unsigned long s_magic;			/* c */
	struct dentry *s_root;			/* c */
	struct rw_semaphore s_umount;
	int s_count;				/* sb_lock: references to the struct */
	atomic_t s_active;			/* a: mounts and others that keep it in use */
	const struct dentry_operations *s_d_op;	/* c: for new dentries */
	void *s_fs_info;
	unsigned int s_mode;			/* c: how s_bdev was opened, FMODE_* */
	u32 s_time_gran;			/* c: ns, at most a second */
	time64_t s_time_min, s_time_max;	/* c: seconds that an inode can keep */
	char s_id[32];
	spinlock_t s_inode_list_lock;
	struct list_head s_inodes;
	struct hlist_node s_instances;		/* sb_lock */
	struct backing_dev_info *s_bdi;		/* where it lives; noop_backing_dev_info: in memory */
	errseq_t s_wb_err;			/* a: write-outs that failed, for syncfs */
	struct mutex s_sync_lock;		/* one sync waits at a time */
	struct mutex s_vfs_rename_mutex;	/* renames between directories */
	u16 s_watches;				/* fsnotify_lock: marks (fs/notify/) */
};

static inline bool sb_rdonly(const struct super_block *sb)
{
	return sb->s_flags & SB_RDONLY;
}

/* fs_flags */
#define FS_REQUIRES_DEV	1
#define FS_USERNS_MOUNT	8
#define FS_DISALLOW_NOTIFY_PERM	16	/* opening may hold locks that nobody should wait with */

/*
 * A kind gives either ->mount, or ->fill_super and fs_single: then each mount makes a new super block,
 * or all share one.
 */
struct file_system_type {
	const char *name;
	int fs_flags;
	bool fs_single;
	/* root dentry with a reference, or ERR_PTR. @data: the option string or NULL */
	struct dentry *(*mount)(struct file_system_type *type, int flags, const char *dev_name, void *data);
	int (*fill_super)(struct super_block *sb, void *data);
	void (*kill_sb)(struct super_block *sb);	/* default kill_litter_super */
	struct file_system_type *next;
	struct hlist_head fs_supers;
};

int register_filesystem(struct file_system_type *fs);		/* 0 or -EBUSY */
struct file_system_type *get_fs_type(const char *name);

/* For ->mount. fill_super(sb, data, silent) sets s_root. */
struct dentry *mount_nodev(struct file_system_type *type, int flags, void *data,
			   int (*fill_super)(struct super_block *, void *, int));
struct dentry *mount_single(struct file_system_type *type, int flags, void *data,
			    int (*fill_super)(struct super_block *, void *, int));
/* The same over a block device: one super block each, -EBUSY if mounted otherwise. fs/super_bdev.c. */
struct dentry *mount_bdev(struct file_system_type *type, int flags, const char *dev_name, void *data,
			  int (*fill_super)(struct super_block *, void *, int));
void kill_block_super(struct super_block *sb);
/*
 * One for which @test (may be NULL) holds, or a new one, s_root NULL, to which @set (set_anon_super: no device)
 * gives a name and s_dev; s_umount held for writing. ERR_PTR. Under sb_lock: @test and @set do not sleep.
 */
struct super_block *sget(struct file_system_type *type, int (*test)(struct super_block *, void *),
			 int (*set)(struct super_block *, void *), int flags, void *data);
int set_anon_super(struct super_block *sb, void *data);
void generic_shutdown_super(struct super_block *sb);
void kill_anon_super(struct super_block *sb);
void kill_litter_super(struct super_block *sb);
void deactivate_super(struct super_block *sb);			/* may sleep */
void deactivate_locked_super(struct super_block *sb);
int simple_statfs(struct dentry *dentry, struct kstatfs *buf);
int vfs_statfs(const struct path *path, struct kstatfs *buf);
/* A file system without names, for pipes and the like: sets up @sb with a root directory. */
int init_pseudo_super(struct super_block *sb, unsigned long magic, const struct dentry_operations *dops);

/* /proc/filesystems. */
void filesystems_show(struct seq_file *m);
void iterate_supers(void (*fn)(struct super_block *, void *), void *arg);
/* Write what is dirty on @sb. => s_umount held; without @wait only started. 0 or the first errno. */
int sync_filesystem(struct super_block *sb);

/* /proc/sys/vm/vfs_cache_pressure: how eagerly shrinkers take dentries and inodes, 100 as other objects; 0: never. */
extern int sysctl_vfs_cache_pressure;
static inline unsigned long vfs_pressure_ratio(unsigned long count)
{
	return count * sysctl_vfs_cache_pressure / 100;
}

#endif
