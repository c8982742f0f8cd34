/* SPDX-License-Identifier: MIT */
/* file: an open file description, and what can be done with it. fs/file.c. */
#ifndef QUIRE_FS_FILE_H
#define QUIRE_FS_FILE_H

#include <base/types.h>
#include <base/compiler.h>
#include <base/atomic.h>
#include <base/err.h>
#include <sync/spinlock.h>
#include <sync/mutex.h>
#include <sync/rcu_types.h>
#include <kernel/pid_types.h>
#include <kernel/task.h>
#include <mm/readahead.h>
#include <fs/path.h>
#include <fs/inode.h>
#include <linux/fs.h>
#include <linux/fcntl.h>

struct cred;
struct dir_context;
struct eventpoll;
struct fasync_struct;
struct file_lock;
struct iov_iter;
struct pid;
struct poll_table_struct;
struct seq_file;
struct vm_area_struct;

typedef unsigned int fmode_t;
typedef void *fl_owner_t;

#define FMODE_READ		0x1
#define FMODE_WRITE		0x2
#define FMODE_LSEEK		0x4
#define FMODE_PREAD		0x8
#define FMODE_PWRITE		0x10
#define FMODE_EXEC		0x20
#define FMODE_NDELAY		0x40
#define FMODE_EXCL		0x80
#define FMODE_RANDOM		0x1000
#define FMODE_PATH		0x4000
#define FMODE_ATOMIC_POS	0x8000
#define FMODE_WRITER		0x10000
#define FMODE_CAN_READ		0x20000
#define FMODE_CAN_WRITE		0x40000
#define FMODE_OPENED		0x80000
#define FMODE_CREATED		0x100000
#define FMODE_STREAM		0x200000
#define FMODE_CAN_ODIRECT	0x400000
#define FMODE_NONOTIFY		0x4000000
#define FMODE_NOWAIT		0x8000000

struct fown_struct {
	spinlock_t lock;
	struct pid *pid;	/* who gets SIGIO */
	enum pid_type pid_type;
	uid_t uid, euid;
	int signum;		/* 0: SIGIO */
};

struct file {
	/* What each read and write looks at. */
	atomic_long_t f_count;			/* references */
	fmode_t f_mode;				/* c */
	unsigned int f_flags;			/* f_lock: O_* */
	const struct file_operations *f_op;	/* c */
	struct inode *f_inode;			/* c */
	struct address_space *f_mapping;	/* c */
	loff_t f_pos;				/* f_pos_lock */
	void *private_data;			/* of the driver */
	struct path f_path;			/* c */
	const struct cred *f_cred;		/* c: who opened it */
	spinlock_t f_lock;
	struct mutex f_pos_lock;
	struct fown_struct f_owner;
	struct file_ra_state f_ra;
	u64 f_version;
	struct hlist_head *f_ep;				/* f_lock: epoll items that watch it */
	struct list_head f_ep_links;		/* of epoll */
	errseq_t f_wb_err, f_sb_err;		/* f_lock: errors of write-out heard of; of the super block (syncfs) */
	union {
		struct callback_head f_task_work;
		struct { struct file *f_next; };	/* of delayed fput */
	};
};

/* One read or write. */
struct kiocb {
	struct file *ki_filp;
	loff_t ki_pos;
	void (*ki_complete)(struct kiocb *iocb, long ret);	/* NULL: synchronous */
	void *private;
	int ki_flags;						/* IOCB_* */
	u16 ki_ioprio;
};
#define IOCB_HIPRI	RWF_HIPRI
#define IOCB_DSYNC	RWF_DSYNC
#define IOCB_SYNC	RWF_SYNC
#define IOCB_NOWAIT	RWF_NOWAIT
#define IOCB_APPEND	RWF_APPEND
#define IOCB_DIRECT	(1 << 17)
#define IOCB_WRITE	(1 << 18)

static inline bool is_sync_kiocb(const struct kiocb *kiocb)
{
	return !kiocb->ki_complete;
}
int iocb_flags(struct file *file);
static inline void init_sync_kiocb(struct kiocb *kiocb, struct file *filp)
{
	*kiocb = (struct kiocb){ .ki_filp = filp, .ki_flags = iocb_flags(filp) };
}

/* Directory listing. actor: true to go on, false when the buffer is full. */
typedef bool (*filldir_t)(struct dir_context *ctx, const char *name, int namelen, loff_t offset,
			  u64 ino, unsigned type);
struct dir_context {
	filldir_t actor;
	loff_t pos;
};
static inline bool dir_emit(struct dir_context *ctx, const char *name, int namelen, u64 ino, unsigned type)
{
	return ctx->actor(ctx, name, namelen, ctx->pos, ino, type);
}
bool dir_emit_dots(struct file *file, struct dir_context *ctx);
bool dir_emit_dot(struct file *file, struct dir_context *ctx);
bool dir_emit_dotdot(struct file *file, struct dir_context *ctx);

#ifndef DT_UNKNOWN
#define DT_UNKNOWN	0
#define DT_FIFO		1
#define DT_CHR		2
#define DT_DIR		4
#define DT_BLK		6
#define DT_REG		8
#define DT_LNK		10
#define DT_SOCK		12
#define DT_WHT		14
#endif

struct file_operations {
	loff_t (*llseek)(struct file *file, loff_t offset, int whence);
	ssize_t (*read)(struct file *file, char __user *buf, size_t count, loff_t *pos);
	ssize_t (*write)(struct file *file, const char __user *buf, size_t count, loff_t *pos);
	ssize_t (*read_iter)(struct kiocb *iocb, struct iov_iter *to);
	ssize_t (*write_iter)(struct kiocb *iocb, struct iov_iter *from);
	int (*iterate_shared)(struct file *file, struct dir_context *ctx);	/* dir's i_rwsem, shared */
	unsigned int (*poll)(struct file *file, struct poll_table_struct *pt);
	long (*unlocked_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
	int (*open)(struct inode *inode, struct file *file);
	int (*flush)(struct file *file, fl_owner_t id);		/* each close */
	int (*release)(struct inode *inode, struct file *file);	/* the last one */
	int (*fsync)(struct file *file, loff_t start, loff_t end, int datasync);
	int (*fasync)(int fd, struct file *file, int on);
	int (*lock)(struct file *file, int cmd, struct file_lock *fl);
	int (*flock)(struct file *file, int cmd, struct file_lock *fl);
	unsigned long (*get_unmapped_area)(struct file *file, unsigned long addr, unsigned long len,
					   unsigned long pgoff, unsigned long flags);
	int (*check_flags)(int flags);
	long (*fallocate)(struct file *file, int mode, loff_t offset, loff_t len);
	void (*show_fdinfo)(struct seq_file *m, struct file *f);
	ssize_t (*copy_file_range)(struct file *in, loff_t pos_in, struct file *out, loff_t pos_out,
				   size_t len, unsigned int flags);
	int (*fadvise)(struct file *file, loff_t offset, loff_t len, int advice);
};

static inline struct inode *file_inode(const struct file *f)
{
	return f->f_inode;
}
static inline struct dentry *file_dentry(const struct file *f)
{
	return f->f_path.dentry;
}

/* ---- references ---- */
static inline struct file *get_file(struct file *f)
{
	atomic_long_inc(&f->f_count);
	return f;
}
#define file_count(f)	atomic_long_read(&(f)->f_count)
/* Drop one. The last one: the file is released by task work, or by a work queue from elsewhere. */
void fput(struct file *file);
void __fput_sync(struct file *file);	/* now: kernel threads */

/*
 * A file by number. fdget() takes a reference only when the table is shared, so that the table itself
 * keeps the file; fdput() undoes what fdget() did. fget() always takes one.
 */
struct fd {
	struct file *file;
	unsigned int flags;
};
#define FDPUT_FPUT	1
#define FDPUT_POS_UNLOCK 2

struct file *fget(unsigned int fd);		/* not O_PATH; NULL */
struct file *fget_raw(unsigned int fd);
struct file *fget_task(struct task_struct *task, unsigned int fd);
unsigned long __fdget(unsigned int fd);		/* pointer | flags */
unsigned long __fdget_raw(unsigned int fd);
unsigned long __fdget_pos(unsigned int fd);
void __f_unlock_pos(struct file *f);

static inline struct fd __to_fd(unsigned long v)
{
	return (struct fd){ (struct file *)(v & ~3UL), v & 3 };
}
static inline struct fd fdget(unsigned int fd)
{
	return __to_fd(__fdget(fd));
}
static inline struct fd fdget_raw(unsigned int fd)
{
	return __to_fd(__fdget_raw(fd));
}
static inline struct fd fdget_pos(unsigned int fd)
{
	return __to_fd(__fdget_pos(fd));
}
static inline void fdput(struct fd f)
{
	if (f.flags & FDPUT_FPUT)
		fput(f.file);
}
static inline void fdput_pos(struct fd f)
{
	if (f.flags & FDPUT_POS_UNLOCK)
		__f_unlock_pos(f.file);
	fdput(f);
}

/* ---- opening ---- */
void files_init(void);
struct file *alloc_empty_file(int flags, const struct cred *cred);
struct file *filp_open(const char *name, int flags, umode_t mode);	/* ERR_PTR; may sleep */
struct file *file_open_root(const struct path *root, const char *name, int flags, umode_t mode);
struct file *dentry_open(const struct path *path, int flags, const struct cred *cred);
int filp_close(struct file *file, fl_owner_t id);
/* A file on a dentry of its own below no directory; takes over the inode's reference if it succeeds. */
struct file *alloc_file_pseudo(struct inode *inode, struct vfsmount *mnt, const char *name, int flags,
			       const struct file_operations *fops);
struct file *alloc_file_clone(struct file *base, int flags, const struct file_operations *fops);
int nonseekable_open(struct inode *inode, struct file *file);
int stream_open(struct inode *inode, struct file *file);
int generic_file_open(struct inode *inode, struct file *file);
bool is_file_hugepages(struct file *file);
/* ->open of a device or other file replaces the operations */
#define replace_fops(f, fops) ((f)->f_op = (fops))

/* ---- transfer; all may sleep; bytes or an errno ---- */
ssize_t vfs_read(struct file *file, char __user *buf, size_t count, loff_t *pos);
ssize_t vfs_write(struct file *file, const char __user *buf, size_t count, loff_t *pos);
ssize_t vfs_iter_write(struct file *file, struct iov_iter *iter, loff_t *ppos, int flags);
ssize_t kernel_read(struct file *file, void *buf, size_t count, loff_t *pos);
ssize_t kernel_write(struct file *file, const void *buf, size_t count, loff_t *pos);
ssize_t vfs_copy_file_range(struct file *in, loff_t pos_in, struct file *out, loff_t pos_out, size_t len,
			    unsigned int flags);
loff_t generic_file_llseek(struct file *file, loff_t offset, int whence);
loff_t generic_file_llseek_size(struct file *file, loff_t offset, int whence, loff_t maxsize, loff_t eof);
loff_t vfs_setpos(struct file *file, loff_t offset, loff_t maxsize);
loff_t fixed_size_llseek(struct file *file, loff_t offset, int whence, loff_t size);
loff_t noop_llseek(struct file *file, loff_t offset, int whence);
loff_t no_llseek(struct file *file, loff_t offset, int whence);
/* May @count bytes from *@ppos be moved? 0 or an errno. The RWF_* of a call into @ki: 0, -EOPNOTSUPP. */
int rw_verify_area(const loff_t *ppos, size_t count);
int kiocb_set_rw_flags(struct kiocb *ki, int flags);
/* splice(2) and tee(2), but for flags that do not exist. @off_in, @off_out: NULL: the file's own position. */
ssize_t splice_at(struct file *in, loff_t *off_in, struct file *out, loff_t *off_out, size_t len,
		  unsigned int flags);
ssize_t do_tee(struct file *in, struct file *out, size_t len, unsigned int flags);
int sync_file_range(struct file *file, loff_t offset, loff_t nbytes, unsigned int flags);
int vfs_fsync_range(struct file *file, loff_t start, loff_t end, int datasync);
int vfs_fsync(struct file *file, int datasync);
int noop_fsync(struct file *file, loff_t start, loff_t end, int datasync);
int vfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len);
int iterate_dir(struct file *file, struct dir_context *ctx);
ssize_t simple_read_from_buffer(void __user *to, size_t count, loff_t *ppos, const void *from, size_t available);
ssize_t generic_read_dir(struct file *file, char __user *buf, size_t size, loff_t *ppos);
int dcache_dir_open(struct inode *inode, struct file *file);
int dcache_dir_close(struct inode *inode, struct file *file);
loff_t dcache_dir_lseek(struct file *file, loff_t offset, int whence);
int dcache_readdir(struct file *file, struct dir_context *ctx);

/* ---- signals on I/O ---- */
int fasync_helper(int fd, struct file *filp, int on, struct fasync_struct **fapp);
/* To who gets the signals of a file: @fd is ready in way @band, POLL_*. Any context */
void send_sigio(struct fown_struct *o, int fd, int band);
void kill_fasync(struct fasync_struct **fp, int sig, int band);
/* Who gets SIGIO of @filp; without @force only if nobody does. 0, -EINVAL, -ESRCH. */
int f_setown(struct file *filp, unsigned long arg, int force);
void f_delown(struct file *filp);	/* nobody, and no chosen signal */
pid_t f_getown(struct file *filp);

/* ---- counts: /proc/sys/fs/file-nr ---- */
unsigned long get_nr_files(void);
extern unsigned long sysctl_max_files;

#endif
