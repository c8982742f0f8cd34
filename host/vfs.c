// SPDX-License-Identifier: MIT
/*
 * The part of the house above mm/ that mm/ calls, as far as hosted tests need it: who is asking (nobody with
 * privileges), descriptors of one table, a mount that is in no place. Inodes, dentries, super blocks, open files and
 * user iterators are the kernel's own (fs/{inode,dcache,super,file_table,libfs,iov_iter}.c).
 */
#include <base/err.h>
#include <base/string.h>
#include <fs/buffer_head.h>
#include <fs/char_dev.h>
#include <fs/dentry.h>
#include <fs/eventpoll.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/fsnotify.h>
#include <fs/fs_struct.h>
#include <fs/inode.h>
#include <fs/locks.h>
#include <fs/mount.h>
#include <fs/namei.h>
#include <fs/pipe.h>
#include <fs/stat.h>
#include <kernel/cred.h>
#include <kernel/exec.h>
#include <kernel/panic.h>
#include <kernel/pid.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task_work.h>
#include <kernel/timekeeping.h>
#include <mm/mm_struct.h>
#include <mm/shmem.h>
#include <mm/slab.h>
#include <seam/extable.h>
#include <host/mmu.h>
#include <host/vfs.h>
#include "../fs/fs_internal.h"
#include "sched_internal.h"

bool capable(int cap)
{
	return false;
}
int in_group_p(gid_t gid)
{
	return 0;
}
const struct cred *get_task_cred(struct task_struct *p)
{
	return get_cred(&init_cred);
}
void __put_cred(struct cred *cred) {}
int get_dumpable(struct mm_struct *mm)
{
	return 1;
}
u64 get_random_u64(void)
{
	return host_random();
}
u32 get_random_u32(void)
{
	return host_random();
}
u32 get_random_u32_below(u32 ceil)
{
	return host_random_below(ceil);
}

/* ---- time, tasks, signals ---- */
time64_t ktime_get_real_seconds(void)
{
	return 1000000000;
}
void ktime_get_coarse_real_ts64(struct timespec64 *ts)
{
	*ts = (struct timespec64){ 1000000000, 0 };
}
int send_sig(int sig, struct task_struct *p, int priv)
{
	return 0;
}
void kick_process(struct task_struct *p) {}
struct mm_struct *get_task_mm(struct task_struct *p)
{
	if (p->mm)
		mmget(p->mm);
	return p->mm;
}
struct task_struct *find_get_task_by_vpid(pid_t nr)
{
	return NULL;
}
void put_pid(struct pid *pid) {}
const struct exception_table_entry *search_exception_tables(unsigned long addr)
{
	return NULL;
}
void host_return_to_user(void)
{
	task_work_run();
}

/* ---- descriptors: one table for all ---- */
#define NR_FDS 64
static struct file *fds[NR_FDS];

struct file *fget(unsigned int fd)
{
	struct file *f = fd < NR_FDS ? fds[fd] : NULL;

	return f ? get_file(f) : NULL;
}
unsigned long __fdget(unsigned int fd)
{
	return fd < NR_FDS ? (unsigned long)fds[fd] : 0;
}
unsigned long __fdget_raw(unsigned int fd)
{
	return __fdget(fd);
}
int get_unused_fd_flags(unsigned int flags)
{
	for (int fd = 3; fd < NR_FDS; fd++)
		if (!fds[fd])
			return fd;
	return -EMFILE;
}
void fd_install(unsigned int fd, struct file *file)
{
	fds[fd] = file;
}
void host_close(unsigned int fd)
{
	struct file *f = fds[fd];

	fds[fd] = NULL;
	fput(f);
	host_return_to_user();
}

/* ---- mounts ---- */
DEFINE_SEQLOCK(mount_lock, LOCK_MOUNT);

struct vfsmount *kern_mount(struct file_system_type *type)
{
	struct mount *m = kzalloc(sizeof(*m), GFP_KERNEL);
	struct dentry *root = mount_fs(type, SB_KERNMOUNT, type->name, NULL);

	if (!m || IS_ERR(root))
		panic("no mount of %s", type->name);
	m->mnt_parent = m;
	m->mnt_mountpoint = root;
	m->mnt = (struct vfsmount){ root, root->d_sb, MNT_INTERNAL };
	return &m->mnt;
}
bool mount_is_rootfs(const struct mount *m)
{
	return false;
}
void mnt_drop_write(struct vfsmount *mnt) {}
void mntput(struct vfsmount *mnt) {}
bool path_noexec(const struct path *path)
{
	return false;
}
void path_get(const struct path *path)
{
	dget(path->dentry);
}
void path_put(const struct path *path)
{
	dput(path->dentry);
}
int user_path_at(int dfd, const char __user *name, unsigned int flags, struct path *path)
{
	return -ENOENT;
}
void get_fs_root(struct fs_struct *fs, struct path *root)
{
	*root = (struct path){ NULL, NULL };
}

/* ---- what open files bring with them ---- */
const struct file_operations pipefifo_fops, def_chr_fops;
size_t pipe_give_page(struct pipe_inode_info *pipe, struct page *page, size_t offset, size_t bytes)
{
	return 0;
}
size_t pipe_give_bytes(struct pipe_inode_info *pipe, const void *addr, size_t bytes)
{
	return 0;
}
void pipe_take_back(struct pipe_inode_info *pipe, size_t bytes) {}
void eventpoll_release_file(struct file *file) {}
void locks_remove_file(struct file *file) {}
unsigned int fsnotify_marks;
unsigned int fsnotify_perm_marks;
void __fsnotify_dentry(struct dentry *dentry, const struct path *path, u32 mask) {}
int __fsnotify_open_perm(struct file *file)
{
	return 0;
}
int __fsnotify_perm(struct file *file, u32 mask)
{
	return 0;
}
void __fsnotify_gone(u16 *watches) {}
void __fsnotify_inoderemove(struct inode *inode) {}
void __fsnotify_unmount(struct super_block *sb) {}
void locks_free_lock_context(struct inode *inode) {}
void generic_fillattr(struct inode *inode, struct kstat *stat) {}
loff_t no_llseek(struct file *file, loff_t offset, int whence)
{
	return -ESPIPE;
}
loff_t vfs_setpos(struct file *file, loff_t offset, loff_t maxsize)
{
	file->f_pos = offset;
	return offset;
}
loff_t generic_file_llseek_size(struct file *file, loff_t offset, int whence, loff_t maxsize,
				loff_t eof)
{
	return -ESPIPE;
}
int vfs_fsync_range(struct file *file, loff_t start, loff_t end, int datasync)
{
	return file->f_op->fsync ? file->f_op->fsync(file, start, end, datasync) : -EINVAL;
}
int vfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	return file->f_op->fallocate ? file->f_op->fallocate(file, mode, offset, len) : -EOPNOTSUPP;
}

void host_vfs_start(void)
{
	dcache_init();
	inode_init();
	files_init();
	shmem_init();
}

/* ---- block devices, buffers, sync(2): the tests have no super block on a device ---- */
const struct file_operations def_blk_fops;
int sync_filesystem(struct super_block *sb)
{
	return 0;
}
bool remove_inode_buffers(struct inode *inode)
{
	return true;
}
