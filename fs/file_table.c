// SPDX-License-Identifier: MIT
/*
 * Open file descriptions: making them, counting them, releasing them.
 *
 * A struct file lives as long as its count. Whoever drops the last reference does not release it on the spot,
 * since he may hold any lock: it is left to task work, which runs on his way back to user mode, so that close(2)
 * has finished everything when it returns; a kernel thread or an interrupt leaves it to a work queue.
 * The memory is type-stable (SLAB_TYPESAFE_BY_RCU): a look-up by number under RCU that raced with the last close
 * finds a struct file still, takes a reference only if the count is not 0, and looks at the table again.
 */
#include <base/bug.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/string.h>
#include <sync/percpu_counter.h>
#include <sync/workqueue.h>
#include <fs/dentry.h>
#include <fs/eventpoll.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/fsnotify.h>
#include <fs/inode.h>
#include <fs/locks.h>
#include <fs/mount.h>
#include <fs/path.h>
#include <fs/pipe.h>
#include <kernel/cred.h>
#include <kernel/init.h>
#include <kernel/pid.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/task_work.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmstat.h>

static struct kmem_cache *filp_cachep;
static atomic_long_t nr_files;
unsigned long sysctl_max_files = 8192;

unsigned long get_nr_files(void)
{
	return atomic_long_read(&nr_files);
}

static void init_file_once(void *p)
{
	struct file *f = p;

	atomic_long_set(&f->f_count, 0);
	spin_lock_init(&f->f_lock, LOCK_FILE);
}

/**
 * alloc_empty_file - a file that is not open yet, with one reference.
 * ERR_PTR(-ENFILE): the system-wide limit (root passes it); ERR_PTR(-ENOMEM). May sleep.
 */
struct file *alloc_empty_file(int flags, const struct cred *cred)
{
	struct file *f;

	if (get_nr_files() >= sysctl_max_files && !capable(CAP_SYS_ADMIN)) {
		pr_info("VFS: file-max limit %lu reached\n", sysctl_max_files);
		return ERR_PTR(-ENFILE);
	}
	f = kmem_cache_alloc(filp_cachep, GFP_KERNEL);
	if (!f)
		return ERR_PTR(-ENOMEM);
	/* Everything but what a look-up under RCU may be reading: f_count stays 0 until the end. */
	f->f_mode = ((flags + 1) & O_ACCMODE) | (flags & FMODE_NONOTIFY);
	f->f_flags = flags;
	f->f_op = NULL;
	f->f_inode = NULL;
	f->f_mapping = NULL;
	f->f_pos = 0;
	f->private_data = NULL;
	f->f_path = (struct path){ NULL, NULL };
	f->f_cred = get_cred(cred);
	mutex_init(&f->f_pos_lock, LOCK_FILE_POS);
	memset(&f->f_owner, 0, sizeof(f->f_owner));
	spin_lock_init(&f->f_owner.lock, LOCK_FASYNC);
	memset(&f->f_ra, 0, sizeof(f->f_ra));
	f->f_version = 0;
	f->f_ep = NULL;
	INIT_LIST_HEAD(&f->f_ep_links);
	f->f_wb_err = f->f_sb_err = 0;
	atomic_long_inc(&nr_files);
	atomic_long_set(&f->f_count, 1);
	return f;
}

static void file_free(struct file *f)
{
	put_cred(f->f_cred);
	atomic_long_dec(&nr_files);
	kmem_cache_free(filp_cachep, f);
}

/* What the operations of an opened file allow. */
static void set_can_modes(struct file *file)
{
	if ((file->f_mode & FMODE_READ) && (file->f_op->read || file->f_op->read_iter))
		file->f_mode |= FMODE_CAN_READ;
	if ((file->f_mode & FMODE_WRITE) && (file->f_op->write || file->f_op->write_iter))
		file->f_mode |= FMODE_CAN_WRITE;
	if (file->f_op->llseek && file->f_op->llseek != no_llseek)
		file->f_mode |= FMODE_LSEEK;
}

/* A file on @path, whose references it takes over if it succeeds. */
static struct file *alloc_file(const struct path *path, int flags,
			       const struct file_operations *fop)
{
	struct file *file = alloc_empty_file(flags, current_cred());

	if (IS_ERR(file))
		return file;
	file->f_path = *path;
	file->f_inode = path->dentry->d_inode;
	file->f_mapping = file->f_inode->i_mapping;
	file->f_op = fop;
	file->f_mode |= FMODE_OPENED | FMODE_PREAD | FMODE_PWRITE;
	if ((file->f_mode & (FMODE_READ | FMODE_WRITE)) == FMODE_READ)
		atomic_inc(&file->f_inode->i_readcount);
	set_can_modes(file);
	return file;
}

struct file *alloc_file_pseudo(struct inode *inode, struct vfsmount *mnt, const char *name,
			       int flags, const struct file_operations *fops)
{
	struct qstr this = QSTR_INIT(name, strlen(name));
	struct path path;
	struct file *file;

	path.dentry = d_alloc_pseudo(mnt->mnt_sb, &this);
	if (!path.dentry)
		return ERR_PTR(-ENOMEM);
	path.mnt = mntget(mnt);
	d_instantiate(path.dentry, inode);
	file = alloc_file(&path, flags, fops);
	if (IS_ERR(file)) {
		ihold(inode); /* the caller keeps his reference when it fails */
		path_put(&path);
	}
	return file;
}

struct file *alloc_file_clone(struct file *base, int flags, const struct file_operations *fops)
{
	struct file *f = alloc_file(&base->f_path, flags, fops);

	if (!IS_ERR(f)) {
		path_get(&f->f_path);
		f->f_mapping = base->f_mapping;
	}
	return f;
}

/* Releasing ------------------------------------------------------------------------------------- */

/* The last reference is gone. May sleep. */
static void __fput(struct file *file)
{
	struct inode *inode = file->f_inode;
	fmode_t mode = file->f_mode;

	if (unlikely(!(mode & FMODE_OPENED))) {
		file_free(file);
		return;
	}
	might_sleep();
	fsnotify_file(file, mode & FMODE_WRITE ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
	eventpoll_release(file);
	if (inode->i_flctx)
		locks_remove_file(file);
	if (unlikely(file->f_flags & FASYNC) && file->f_op && file->f_op->fasync)
		file->f_op->fasync(-1, file, 0);
	if (file->f_op && file->f_op->release)
		file->f_op->release(inode, file);
	put_pid(file->f_owner.pid);
	if ((mode & (FMODE_READ | FMODE_WRITE)) == FMODE_READ)
		atomic_dec(&inode->i_readcount);
	if (mode & FMODE_WRITER) {
		put_write_access(inode);
		mnt_drop_write(file->f_path.mnt);
	}
	path_put(&file->f_path);
	file_free(file);
}

static void ____fput(struct callback_head *work)
{
	__fput(container_of(work, struct file, f_task_work));
}

static struct file *delayed_list;

static void delayed_fput(struct work_struct *unused)
{
	struct file *f = xchg(&delayed_list, NULL), *next;

	for (; f; f = next) {
		next = f->f_next;
		__fput(f);
	}
}
static DECLARE_WORK(delayed_fput_work, delayed_fput);

void fput(struct file *file)
{
	struct task_struct *task = current;
	struct file *first;

	if (!atomic_long_dec_and_test(&file->f_count))
		return;
	if (likely(!in_interrupt() && !(task->flags & PF_KTHREAD))) {
		init_task_work(&file->f_task_work, ____fput);
		if (!task_work_add(task, &file->f_task_work, TWA_RESUME))
			return;
	}
	first = READ_ONCE(delayed_list);
	do {
		file->f_next = first;
	} while (!try_cmpxchg(&delayed_list, &first, file));
	if (!first)
		schedule_work(&delayed_fput_work);
}

void __fput_sync(struct file *file)
{
	if (atomic_long_dec_and_test(&file->f_count))
		__fput(file);
}

/* As many files as would fill a tenth of memory, a KiB each with inode and dentry. */
void __init files_init(void)
{
	unsigned long n = totalram_pages() * (PAGE_SIZE / 1024) / 10;

	filp_cachep = kmem_cache_create("filp", sizeof(struct file), 0,
					SLAB_HWCACHE_ALIGN | SLAB_PANIC | SLAB_ACCOUNT |
						SLAB_TYPESAFE_BY_RCU,
					init_file_once);
	if (n > sysctl_max_files)
		sysctl_max_files = n;
}
