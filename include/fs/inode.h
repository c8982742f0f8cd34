/* SPDX-License-Identifier: MIT */
/*
 * inode: a file, apart from its names. Theory: fs/inode.c.
 *
 * Legend: l  i_lock;  R  i_rwsem (write to change);  a  atomic;  c  constant
 */
#ifndef QUIRE_FS_INODE_H
#define QUIRE_FS_INODE_H

#include <base/types.h>
#include <base/compiler.h>
#include <base/atomic.h>
#include <base/bitops.h>
#include <base/list.h>
#include <sync/spinlock.h>
#include <sync/rwsem.h>
#include <sync/rcu_types.h>
#include <kernel/time.h>
#include <mm/address_space.h>
#include <fs/stat.h>
#include <fs/dentry.h>

struct cred;
struct delayed_call;
struct dir_context;
struct file;
struct file_lock_context;
struct file_operations;
struct iattr;
struct inode;
struct kstat;
struct path;
struct fiemap_extent_info;
struct pipe_inode_info;
struct cdev;
struct super_block;
struct writeback_control;

#define MAY_EXEC	0x01
#define MAY_WRITE	0x02
#define MAY_READ	0x04
#define MAY_APPEND	0x08
#define MAY_ACCESS	0x10
#define MAY_OPEN	0x20
#define MAY_CHDIR	0x40

/* ia_valid */
#define ATTR_MODE	(1 << 0)
#define ATTR_UID	(1 << 1)
#define ATTR_GID	(1 << 2)
#define ATTR_SIZE	(1 << 3)
#define ATTR_ATIME	(1 << 4)
#define ATTR_MTIME	(1 << 5)
#define ATTR_CTIME	(1 << 6)
#define ATTR_ATIME_SET	(1 << 7)
#define ATTR_MTIME_SET	(1 << 8)
#define ATTR_FORCE	(1 << 9)
#define ATTR_KILL_SUID	(1 << 11)
#define ATTR_KILL_SGID	(1 << 12)
#define ATTR_FILE	(1 << 13)
#define ATTR_KILL_PRIV	(1 << 14)
#define ATTR_OPEN	(1 << 15)
#define ATTR_TIMES_SET	(1 << 16)
#define ATTR_TOUCH	(1 << 17)

struct iattr {
	unsigned int ia_valid;
	umode_t ia_mode;
	uid_t ia_uid;
	gid_t ia_gid;
	loff_t ia_size;
	struct timespec64 ia_atime, ia_mtime, ia_ctime;
	struct file *ia_file;
};

/* i_flags */
#define S_SYNC		(1 << 0)
#define S_NOATIME	(1 << 1)
#define S_APPEND	(1 << 2)
#define S_IMMUTABLE	(1 << 3)
#define S_SWAPFILE	(1 << 8)	/* switched on as swap: its blocks are written without the file system */
#define S_DEAD		(1 << 4)
#define S_NOCMTIME	(1 << 7)
#define S_PRIVATE	(1 << 9)
#define IS_SYNC(inode)	(((inode)->i_flags & S_SYNC) || ((inode)->i_sb->s_flags & SB_SYNCHRONOUS))
#define IS_APPEND(inode)	((inode)->i_flags & S_APPEND)
#define IS_IMMUTABLE(inode)	((inode)->i_flags & S_IMMUTABLE)
#define IS_SWAPFILE(inode)	((inode)->i_flags & S_SWAPFILE)
#define IS_DEADDIR(inode)	((inode)->i_flags & S_DEAD)

/* i_state */
#define I_DIRTY_SYNC	(1 << 0)	/* something that only fsync writes (times) */
#define I_DIRTY_DATASYNC (1 << 1)	/* what fdatasync needs, too (size, blocks) */
#define I_DIRTY_PAGES	(1 << 2)	/* has dirty pages */
#define I_NEW		(1 << 3)
#define I_WILL_FREE	(1 << 4)
#define I_FREEING	(1 << 5)
#define I_CLEAR		(1 << 6)
#define I_SYNC		(1 << 7)	/* is being written: wait, or leave it alone */
#define I_LINKABLE	(1 << 10)
#define I_DIRTY_TIME	(1 << 11)	/* lazytime: only times, some time */
#define I_HASHED	(1 << 16)
#define I_SYNC_QUEUED	(1 << 17)	/* on b_io or b_more_io */
#define I_DIRTY_INODE	(I_DIRTY_SYNC | I_DIRTY_DATASYNC)
#define I_DIRTY		(I_DIRTY_INODE | I_DIRTY_PAGES)
#define I_DIRTY_ALL	(I_DIRTY | I_DIRTY_TIME)

struct inode {
	umode_t i_mode;				/* R, l */
	uid_t i_uid;				/* R */
	gid_t i_gid;				/* R */
	unsigned int i_flags;			/* R */
	const struct inode_operations *i_op;	/* c */
	struct super_block *i_sb;		/* c */
	struct address_space *i_mapping;	/* c */
	unsigned long i_ino;			/* c */
	unsigned int i_nlink;			/* R */
	dev_t i_rdev;				/* c */
	loff_t i_size;				/* R; read with i_size_read() */
	struct timespec64 i_atime;		/* l */
	struct timespec64 i_mtime, i_ctime;	/* R */
	spinlock_t i_lock;
	u8 i_blkbits;
	u16 i_watches;				/* fsnotify_lock: marks (fs/notify/) */
	unsigned long i_blocks;			/* l: of 512 bytes */
	unsigned int i_state;			/* l */
	atomic_t i_count;			/* a */
	atomic_t i_writecount;			/* a: files open for writing; < 0: denied (being executed) */
	atomic_t i_readcount;
	atomic_t i_dio_count;			/* a: direct I/O under way */
	u32 i_generation;
	struct rw_semaphore i_rwsem;
	union {
		const struct file_operations *i_fop;	/* c */
		void (*free_inode)(struct inode *);	/* once evicted: i_sb may be gone by then */
	};
	struct file_lock_context *i_flctx;	/* set once */
	struct address_space i_data;
	struct hlist_node i_hash;		/* inode hash lock */
	struct list_head i_sb_list;		/* s_inode_list_lock */
	struct list_head i_lru;			/* lock of the list_lru: without users, on a device */
	struct list_head i_io_list;		/* l and wb->list_lock: b_dirty, b_io, b_more_io or b_dirty_time */
	unsigned long dirtied_when;		/* wb->list_lock: jiffies when it became dirty */
	unsigned long dirtied_time_when;	/* ... when its times did (lazytime) */
	struct hlist_head i_dentry;		/* l: names */
	union {
		struct pipe_inode_info *i_pipe;
		struct cdev *i_cdev;
		char *i_link;			/* target of a symbolic link, while in memory */
	};
	void *i_private;			/* of the file system or driver */
	struct rcu_head i_rcu;
};

/* All with the parent's i_rwsem held for writing where they change it; may sleep. */
struct inode_operations {
	/* fill in @dentry (d_add, also negative) and return NULL, or another dentry, or ERR_PTR */
	struct dentry *(*lookup)(struct inode *dir, struct dentry *dentry, unsigned int flags);
	/* the target; with dentry == NULL under RCU: ERR_PTR(-ECHILD) if it would sleep */
	const char *(*get_link)(struct dentry *dentry, struct inode *inode, struct delayed_call *done);
	int (*permission)(struct inode *inode, int mask);
	int (*readlink)(struct dentry *dentry, char __user *buffer, int buflen);
	int (*create)(struct inode *dir, struct dentry *dentry, umode_t mode, bool excl);
	int (*link)(struct dentry *old_dentry, struct inode *dir, struct dentry *dentry);
	int (*unlink)(struct inode *dir, struct dentry *dentry);
	int (*symlink)(struct inode *dir, struct dentry *dentry, const char *target);
	int (*mkdir)(struct inode *dir, struct dentry *dentry, umode_t mode);
	int (*rmdir)(struct inode *dir, struct dentry *dentry);
	int (*mknod)(struct inode *dir, struct dentry *dentry, umode_t mode, dev_t dev);
	int (*rename)(struct inode *old_dir, struct dentry *old_dentry, struct inode *new_dir,
		      struct dentry *new_dentry, unsigned int flags);
	int (*setattr)(struct dentry *dentry, struct iattr *attr);
	int (*getattr)(const struct path *path, struct kstat *stat, u32 request_mask, unsigned int flags);
	ssize_t (*listxattr)(struct dentry *dentry, char *buffer, size_t size);
	ssize_t (*getxattr)(struct dentry *dentry, const char *name, void *buffer, size_t size);
	int (*setxattr)(struct dentry *dentry, const char *name, const void *value, size_t size, int flags);
	int (*removexattr)(struct dentry *dentry, const char *name);
	int (*fiemap)(struct inode *inode, struct fiemap_extent_info *info, u64 start, u64 len);
	int (*tmpfile)(struct inode *dir, struct file *file, umode_t mode);
};

struct delayed_call {
	void (*fn)(void *arg);
	void *arg;
};
static inline void set_delayed_call(struct delayed_call *call, void (*fn)(void *), void *arg)
{
	call->fn = fn;
	call->arg = arg;
}
static inline void do_delayed_call(struct delayed_call *call)
{
	if (call->fn)
		call->fn(call->arg);
}

/* ---- size and times ---- */
static inline loff_t i_size_read(const struct inode *inode)
{
	return READ_ONCE(inode->i_size);
}
static inline void i_size_write(struct inode *inode, loff_t size)
{
	WRITE_ONCE(inode->i_size, size);
}
struct timespec64 current_time(struct inode *inode);
void touch_atime(const struct path *path);
void file_accessed(struct file *file);
void inode_changed_now(struct inode *inode);	/* mtime and ctime; any context, with or without i_rwsem */
int file_update_time(struct file *file);
int file_modified(struct file *file);

static inline void set_nlink(struct inode *inode, unsigned int nlink)
{
	inode->i_nlink = nlink;
}
static inline void inc_nlink(struct inode *inode)
{
	inode->i_nlink++;
}
static inline void drop_nlink(struct inode *inode)
{
	inode->i_nlink--;
}
static inline void clear_nlink(struct inode *inode)
{
	inode->i_nlink = 0;
}

/* Order of nested inode locks: parents before children, a directory before a file. */
enum inode_i_mutex_lock_class {
	I_MUTEX_NORMAL, I_MUTEX_PARENT, I_MUTEX_PARENT2, I_MUTEX_CHILD, I_MUTEX_NONDIR2,
};
static inline void inode_lock(struct inode *inode)
{
	down_write_nested(&inode->i_rwsem, I_MUTEX_NORMAL);
}
static inline void inode_unlock(struct inode *inode)
{
	up_write(&inode->i_rwsem);
}
static inline void inode_lock_shared(struct inode *inode)
{
	down_read(&inode->i_rwsem);
}
static inline void inode_unlock_shared(struct inode *inode)
{
	up_read(&inode->i_rwsem);
}
static inline void inode_lock_nested(struct inode *inode, unsigned int subclass)
{
	down_write_nested(&inode->i_rwsem, subclass);
}

/* ---- life ---- */
/* @sb_alloc'ed by ->alloc_inode, or a plain one; zeroed but for the locks. NULL without memory. */
struct inode *new_inode(struct super_block *sb);
struct inode *new_inode_pseudo(struct super_block *sb);
void inode_init_owner(struct inode *inode, const struct inode *dir, umode_t mode);
void init_special_inode(struct inode *inode, umode_t mode, dev_t rdev);
void iput(struct inode *inode);			/* may sleep */
void ihold(struct inode *inode);
struct inode *igrab(struct inode *inode);
void clear_inode(struct inode *inode);
void free_inode_nonrcu(struct inode *inode);
int generic_delete_inode(struct inode *inode);
struct inode *iget_locked(struct super_block *sb, unsigned long ino);
struct inode *ilookup(struct super_block *sb, unsigned long ino);
void unlock_new_inode(struct inode *inode);
void iget_failed(struct inode *inode);
void inode_hash_once(struct inode *inode);	/* the same, unless it is there already */
/* A new inode comes to life under i_ino, I_NEW: 0, or -EBUSY: there is one. May sleep. */
int insert_inode_locked(struct inode *inode);
void remove_inode_hash(struct inode *inode);
unsigned int get_next_ino(void);
void inode_add_bytes(struct inode *inode, loff_t bytes);
/* The inode is to be written some time; nothing for files in memory. Any context that may take i_lock. */
/* Direct I/O is under way: its blocks must not be freed. inode_dio_wait: => i_rwsem, so that no more begins. */
static inline void inode_dio_begin(struct inode *inode)
{
	atomic_inc(&inode->i_dio_count);
}
void inode_dio_end(struct inode *inode);
void inode_dio_wait(struct inode *inode);
void mark_inode_dirty(struct inode *inode);
void mark_inode_dirty_sync(struct inode *inode);	/* nothing that fdatasync needs */
extern atomic_long_t nr_inodes;
unsigned long nr_inodes_unused(void);		/* that only wait to be looked up again */

/* ---- permissions ---- */
int inode_permission(struct inode *inode, int mask);
int generic_permission(struct inode *inode, int mask);
bool inode_owner_or_capable(const struct inode *inode);
int setattr_prepare(struct dentry *dentry, struct iattr *attr);
void setattr_copy(struct inode *inode, const struct iattr *attr);
int inode_newsize_ok(const struct inode *inode, loff_t offset);
int notify_change(struct dentry *dentry, struct iattr *attr);
int file_remove_privs(struct file *file);
umode_t mode_strip_sgid(const struct inode *dir, umode_t mode);
bool special_file(umode_t mode);
int get_write_access(struct inode *inode);	/* 0 or -ETXTBSY */
void put_write_access(struct inode *inode);
int deny_write_access(struct file *file);
void allow_write_access(struct file *file);

/* ---- libfs: pieces for file systems that live in memory ---- */
extern const struct inode_operations simple_dir_inode_operations;
extern const struct file_operations simple_dir_operations;
extern const struct dentry_operations simple_dentry_operations;
extern const struct inode_operations simple_symlink_inode_operations;
struct dentry *simple_lookup(struct inode *dir, struct dentry *dentry, unsigned int flags);
/* ->write_end where the folio is up to date and has nothing attached. */
int simple_write_end(struct file *file, struct address_space *mapping, loff_t pos, unsigned int len,
		     unsigned int copied, struct page *page, void *fsdata);
int simple_setattr(struct dentry *dentry, struct iattr *attr);
int simple_getattr(const struct path *path, struct kstat *stat, u32 request_mask, unsigned int flags);
/* A new inode, in @dir if that is not NULL, of the caller: its number, owner, mode and times. NULL without memory. */
struct inode *simple_new_inode(struct super_block *sb, const struct inode *dir, umode_t mode);
/* @dentry is a name of @inode, whose reference it takes; it stays until it is removed. => @dir held for writing */
void simple_add_name(struct inode *dir, struct dentry *dentry, struct inode *inode);
int simple_link(struct dentry *old_dentry, struct inode *dir, struct dentry *dentry);
int simple_unlink(struct inode *dir, struct dentry *dentry);
int simple_rmdir(struct inode *dir, struct dentry *dentry);
int simple_rename(struct inode *old_dir, struct dentry *old_dentry, struct inode *new_dir,
		  struct dentry *new_dentry, unsigned int flags);
int simple_empty(struct dentry *dentry);
const char *simple_get_link(struct dentry *dentry, struct inode *inode, struct delayed_call *done);
int always_delete_dentry(const struct dentry *dentry);

#endif
