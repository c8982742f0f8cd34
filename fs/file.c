// SPDX-License-Identifier: MIT
/*
 * The table of open files of a process.
 *
 * 1 A table maps numbers to files: an array of pointers, a bitmap of the numbers in use, one of those to be closed
 *   at exec, and one with a bit for each full word of the first, so that the lowest free number is found in two
 *   steps. The first 64 fit into files_struct itself; a larger table replaces the whole and the old one is freed
 *   after an RCU grace period.
 * 2 Look-up takes no lock: fdt and fdt->fd[n] are read under RCU, a reference is taken unless the count is 0, and
 *   the slot is read again: only if it still holds the file was it the right one. A table that only one task uses
 *   needs not even a reference (fdget): nobody else can close the file.
 * 3 A number is reserved (its bit set) before its file is installed: slot NULL and bit set means "being opened".
 * 4 file_lock for all changes.
 * 5 Errors: EMFILE beyond RLIMIT_NOFILE; ENFILE is the file's business; EBADF.
 */
#include <base/bitmap.h>
#include <base/bug.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <sync/rcu.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/locks.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <kernel/rlimit.h>
#include <kernel/sched.h>
#include <mm/slab.h>
#include <seam/uaccess.h>
#include <linux/close_range.h>
#include <linux/sched.h>

unsigned int sysctl_nr_open = 1024 * 1024;

struct files_struct init_files = {
	.count = ATOMIC_INIT(1),
	.fdt = &init_files.fdtab,
	.fdtab = {
		.max_fds = NR_OPEN_DEFAULT,
		.fd = init_files.fd_array,
		.close_on_exec = init_files.close_on_exec_init,
		.open_fds = init_files.open_fds_init,
		.full_fds_bits = init_files.full_fds_bits_init,
	},
	.file_lock = __SPIN_LOCK_UNLOCKED(LOCK_FILES),
};

#define BITS(n)	      ((n) / BITS_PER_LONG)		   /* words of a bitmap of n */
#define FULL_WORDS(n) DIV_ROUND_UP(BITS(n), BITS_PER_LONG) /* words of its bitmap of full words */

/* Tables ---------------------------------------------------------------------------------------- */

static void free_fdtable(struct fdtable *fdt)
{
	kvfree(fdt->fd);
	kvfree(fdt->open_fds);
	kfree(fdt);
}

static void free_fdtable_rcu(struct rcu_head *rcu)
{
	free_fdtable(container_of(rcu, struct fdtable, rcu));
}

/* An empty table for @nr numbers at least, or ERR_PTR(-EMFILE, -ENOMEM). */
static struct fdtable *alloc_fdtable(unsigned int nr)
{
	struct fdtable *fdt;
	unsigned long *bits;

	nr = roundup_pow_of_two(max(nr, 2u * NR_OPEN_DEFAULT));
	if (nr > sysctl_nr_open)
		nr = ((sysctl_nr_open - 1) | (BITS_PER_LONG - 1)) + 1;
	fdt = kmalloc(sizeof(*fdt), GFP_KERNEL_ACCOUNT);
	if (!fdt)
		return ERR_PTR(-ENOMEM);
	fdt->max_fds = nr;
	fdt->fd = kvcalloc(nr, sizeof(struct file *), GFP_KERNEL_ACCOUNT);
	bits = kvcalloc(2 * BITS(nr) + FULL_WORDS(nr), sizeof(long), GFP_KERNEL_ACCOUNT);
	if (!fdt->fd || !bits) {
		kvfree(fdt->fd);
		kvfree(bits);
		kfree(fdt);
		return ERR_PTR(-ENOMEM);
	}
	fdt->open_fds = bits;
	fdt->close_on_exec = bits + BITS(nr);
	fdt->full_fds_bits = bits + 2 * BITS(nr);
	return fdt;
}

/* The first @count numbers of @old into @new, whose bits behind are zero already or zeroed here. */
static void copy_bits(struct fdtable *new, const struct fdtable *old, unsigned int count)
{
	memcpy(new->open_fds, old->open_fds, BITS(count) * sizeof(long));
	memcpy(new->close_on_exec, old->close_on_exec, BITS(count) * sizeof(long));
	memset(new->open_fds + BITS(count), 0, (BITS(new->max_fds) - BITS(count)) * sizeof(long));
	memset(new->close_on_exec + BITS(count), 0,
	       (BITS(new->max_fds) - BITS(count)) * sizeof(long));
	memset(new->full_fds_bits, 0, FULL_WORDS(new->max_fds) * sizeof(long));
	for (unsigned int w = 0; w < BITS(count); w++)
		if (new->open_fds[w] == ~0UL)
			__set_bit(w, new->full_fds_bits);
}

/*
 * Make room for number @nr: 0 there was, 1 the lock was dropped and the table may be another, -EMFILE, -ENOMEM.
 * => file_lock held
 */
static int expand_files(struct files_struct *files, unsigned int nr)
{
	struct fdtable *cur = files->fdt, *new;

	if (nr < cur->max_fds)
		return 0;
	if (nr >= sysctl_nr_open)
		return -EMFILE;
	spin_unlock(&files->file_lock);
	new = alloc_fdtable(nr + 1);
	spin_lock(&files->file_lock);
	if (IS_ERR(new))
		return PTR_ERR(new);
	cur = files->fdt;
	if (nr < cur->max_fds) { /* somebody was faster */
		free_fdtable(new);
		return 1;
	}
	memcpy(new->fd, cur->fd, cur->max_fds * sizeof(struct file *));
	copy_bits(new, cur, cur->max_fds);
	rcu_assign_pointer(files->fdt, new);
	if (cur != &files->fdtab)
		call_rcu(&cur->rcu, free_fdtable_rcu);
	return 1;
}

static inline void set_open_fd(unsigned int fd, struct fdtable *fdt)
{
	__set_bit(fd, fdt->open_fds);
	if (fdt->open_fds[fd / BITS_PER_LONG] == ~0UL)
		__set_bit(fd / BITS_PER_LONG, fdt->full_fds_bits);
}

static inline void clear_open_fd(unsigned int fd, struct fdtable *fdt)
{
	__clear_bit(fd, fdt->open_fds);
	__clear_bit(fd / BITS_PER_LONG, fdt->full_fds_bits);
}

/* Fork and exit --------------------------------------------------------------------------------- */

static unsigned int count_open(const struct fdtable *fdt)
{
	unsigned int i;

	for (i = BITS(fdt->max_fds); i > 0; i--)
		if (fdt->open_fds[i - 1])
			break;
	return i * BITS_PER_LONG;
}

/* A table for the copy of @old, large enough: the inner one of @new or an allocated one. => old's file_lock */
static struct fdtable *table_for_copy(struct files_struct *old, struct files_struct *new,
				      unsigned int *count)
{
	struct fdtable *fdt = &new->fdtab;

	*count = count_open(old->fdt);
	while (*count > fdt->max_fds) {
		spin_unlock(&old->file_lock);
		if (fdt != &new->fdtab)
			free_fdtable(fdt);
		fdt = alloc_fdtable(*count);
		spin_lock(&old->file_lock);
		if (IS_ERR(fdt))
			return fdt;
		*count = count_open(old->fdt);
	}
	return fdt;
}

static struct kmem_cache *files_cachep;

/* A copy of @old; NULL and *@errorp without memory. May sleep. */
struct files_struct *dup_fd(struct files_struct *old, unsigned int max_fds, int *errorp)
{
	struct files_struct *new = kmem_cache_alloc(files_cachep, GFP_KERNEL);
	struct fdtable *fdt, *old_fdt;
	unsigned int count, i;

	if (!new) {
		*errorp = -ENOMEM;
		return NULL;
	}
	atomic_set(&new->count, 1);
	spin_lock_init(&new->file_lock, LOCK_FILES);
	new->next_fd = 0;
	new->fdtab = (struct fdtable){ .max_fds = NR_OPEN_DEFAULT,
				       .fd = new->fd_array,
				       .close_on_exec = new->close_on_exec_init,
				       .open_fds = new->open_fds_init,
				       .full_fds_bits = new->full_fds_bits_init };

	spin_lock(&old->file_lock);
	fdt = table_for_copy(old, new, &count);
	if (IS_ERR(fdt)) {
		spin_unlock(&old->file_lock);
		*errorp = PTR_ERR(fdt);
		kmem_cache_free(files_cachep, new);
		return NULL;
	}
	old_fdt = old->fdt;
	copy_bits(fdt, old_fdt, count);
	memset(fdt->fd, 0, fdt->max_fds * sizeof(struct file *));
	for_each_set_bit (i, old_fdt->open_fds, count) {
		struct file *f = old_fdt->fd[i];

		if (f)
			get_file(f);
		else /* reserved, the file is still being opened: for the parent alone */
			clear_open_fd(i, fdt);
		fdt->fd[i] = f;
	}
	spin_unlock(&old->file_lock);
	new->fdt = fdt;
	return new;
}

/* Nobody else uses the table any more. */
static void close_all(struct files_struct *files)
{
	struct fdtable *fdt = files->fdt;
	unsigned int fd;

	for_each_set_bit (fd, fdt->open_fds, fdt->max_fds) {
		struct file *f = fdt->fd[fd];

		fdt->fd[fd] = NULL;
		if (f)
			filp_close(f, files);
	}
}

void put_files_struct(struct files_struct *files)
{
	if (!atomic_dec_and_test(&files->count))
		return;
	close_all(files);
	if (files->fdt != &files->fdtab)
		free_fdtable(files->fdt);
	kmem_cache_free(files_cachep, files);
}

void exit_files(struct task_struct *tsk)
{
	struct files_struct *files = tsk->files;

	if (!files)
		return;
	task_lock(tsk);
	tsk->files = NULL;
	task_unlock(tsk);
	put_files_struct(files);
}

static int unshare_fd(unsigned long unshare_flags, unsigned int max_fds,
		      struct files_struct **new_filesp)
{
	int err = 0;

	if (!(unshare_flags & CLONE_FILES) || !current->files ||
	    atomic_read(&current->files->count) == 1)
		return 0;
	*new_filesp = dup_fd(current->files, max_fds, &err);
	return *new_filesp ? 0 : err;
}

int unshare_files(void)
{
	struct files_struct *old = current->files, *copy = NULL;
	int err = unshare_fd(CLONE_FILES, NR_OPEN_MAX, &copy);

	if (err || !copy)
		return err;
	task_lock(current);
	current->files = copy;
	task_unlock(current);
	put_files_struct(old);
	return 0;
}

/* Numbers --------------------------------------------------------------------------------------- */

static unsigned int find_next_fd(const struct fdtable *fdt, unsigned int start)
{
	unsigned int words = BITS(fdt->max_fds), word = start / BITS_PER_LONG;

	word = find_next_zero_bit(fdt->full_fds_bits, words, word);
	if (word >= words)
		return fdt->max_fds;
	if (word * BITS_PER_LONG > start)
		start = word * BITS_PER_LONG;
	return find_next_zero_bit(fdt->open_fds, fdt->max_fds, start);
}

/* The lowest free number from @start below @end, reserved. */
static int alloc_fd(unsigned int start, unsigned int end, unsigned flags)
{
	struct files_struct *files = current->files;
	struct fdtable *fdt;
	unsigned int fd;
	int err;

	spin_lock(&files->file_lock);
	do {
		fdt = files->fdt;
		fd = max(start, files->next_fd);
		if (fd < fdt->max_fds)
			fd = find_next_fd(fdt, fd);
		err = -EMFILE;
		if (fd >= end)
			goto out;
		err = expand_files(files, fd);
		if (err < 0)
			goto out;
	} while (err);
	if (start <= files->next_fd)
		files->next_fd = fd + 1;
	set_open_fd(fd, fdt);
	if (flags & O_CLOEXEC)
		__set_bit(fd, fdt->close_on_exec);
	else
		__clear_bit(fd, fdt->close_on_exec);
	err = fd;
out:
	spin_unlock(&files->file_lock);
	return err;
}

static int __get_unused_fd_flags(unsigned flags, unsigned long nofile)
{
	return alloc_fd(0, min(nofile, (unsigned long)sysctl_nr_open), flags);
}

int get_unused_fd_flags(unsigned flags)
{
	return __get_unused_fd_flags(flags, rlimit(RLIMIT_NOFILE));
}

/* => file_lock held */
static void __put_unused_fd(struct files_struct *files, unsigned int fd)
{
	clear_open_fd(fd, files->fdt);
	if (fd < files->next_fd)
		files->next_fd = fd;
}

void put_unused_fd(unsigned int fd)
{
	struct files_struct *files = current->files;

	spin_lock(&files->file_lock);
	__put_unused_fd(files, fd);
	spin_unlock(&files->file_lock);
}

void fd_install(unsigned int fd, struct file *file)
{
	struct files_struct *files = current->files;

	spin_lock(&files->file_lock);
	BUG_ON(files->fdt->fd[fd]);
	rcu_assign_pointer(files->fdt->fd[fd], file);
	spin_unlock(&files->file_lock);
}

/* Take @fd out of the table: its file, or ERR_PTR(-EBADF). => file_lock held */
static struct file *pick_file(struct files_struct *files, unsigned int fd)
{
	struct fdtable *fdt = files->fdt;
	struct file *file;

	if (fd >= fdt->max_fds)
		return NULL;
	file = fdt->fd[fd];
	if (file) {
		rcu_assign_pointer(fdt->fd[fd], NULL);
		__put_unused_fd(files, fd);
	}
	return file;
}

int close_fd(unsigned fd)
{
	struct files_struct *files = current->files;
	struct file *file;

	spin_lock(&files->file_lock);
	file = pick_file(files, fd);
	spin_unlock(&files->file_lock);
	return file ? filp_close(file, files) : -EBADF;
}

void do_close_on_exec(struct files_struct *files)
{
	spin_lock(&files->file_lock);
	for (unsigned int w = 0; w < BITS(files->fdt->max_fds); w++) {
		unsigned long set = files->fdt->close_on_exec[w] & files->fdt->open_fds[w];

		files->fdt->close_on_exec[w] = 0;
		while (set) {
			unsigned int fd = w * BITS_PER_LONG + __ffs(set);
			struct file *file = pick_file(files, fd);

			set &= set - 1;
			if (!file)
				continue;
			spin_unlock(&files->file_lock);
			filp_close(file, files);
			cond_resched();
			spin_lock(&files->file_lock);
		}
	}
	spin_unlock(&files->file_lock);
}

/* Look-up --------------------------------------------------------------------------------------- */

/* The file at @fd with a reference, or NULL; not one whose mode has @mask. */
static struct file *get_file_rcu(struct files_struct *files, unsigned int fd, fmode_t mask)
{
	struct file *file;

	rcu_read_lock();
	for (;;) {
		struct fdtable *fdt = files_fdtable(files);

		file = fd < fdt->max_fds ? READ_ONCE(fdt->fd[fd]) : NULL;
		if (!file || (file->f_mode & mask)) {
			file = NULL;
			break;
		}
		if (!atomic_long_inc_not_zero(&file->f_count))
			continue;
		/* The struct may have been freed and used again meanwhile. */
		if (likely(files_fdtable(files) == fdt && READ_ONCE(fdt->fd[fd]) == file))
			break;
		fput(file);
	}
	rcu_read_unlock();
	return file;
}

struct file *fget(unsigned int fd)
{
	return get_file_rcu(current->files, fd, FMODE_PATH);
}

struct file *fget_raw(unsigned int fd)
{
	return get_file_rcu(current->files, fd, 0);
}

struct file *fget_task(struct task_struct *task, unsigned int fd)
{
	struct file *file = NULL;

	task_lock(task);
	if (task->files)
		file = get_file_rcu(task->files, fd, 0);
	task_unlock(task);
	return file;
}

struct file *task_lookup_next_fd_rcu(struct task_struct *task, unsigned int *ret_fd)
{
	struct files_struct *files;
	struct file *file = NULL;
	unsigned int fd = *ret_fd;

	task_lock(task);
	files = task->files;
	if (files)
		for (; fd < files_fdtable(files)->max_fds; fd++) {
			file = files_lookup_fd_raw(files, fd);
			if (file)
				break;
		}
	task_unlock(task);
	*ret_fd = fd;
	return file;
}

/* A table of our own keeps the file while we use it; else a reference does. */
static __always_inline unsigned long __fget_light(unsigned int fd, fmode_t mask)
{
	struct files_struct *files = current->files;
	struct file *file;

	if (likely(atomic_read(&files->count) == 1)) {
		file = files_lookup_fd_raw(files, fd);
		if (unlikely(!file || (file->f_mode & mask)))
			return 0;
		return (unsigned long)file;
	}
	file = get_file_rcu(files, fd, mask);
	return file ? FDPUT_FPUT | (unsigned long)file : 0;
}

unsigned long __fdget(unsigned int fd)
{
	return __fget_light(fd, FMODE_PATH);
}

unsigned long __fdget_raw(unsigned int fd)
{
	return __fget_light(fd, 0);
}

/* With f_pos locked, if the position can be shared with somebody. */
unsigned long __fdget_pos(unsigned int fd)
{
	unsigned long v = __fdget(fd);
	struct file *file = (struct file *)(v & ~3UL);

	if (file && (file->f_mode & FMODE_ATOMIC_POS) &&
	    (file_count(file) > 1 || file->f_op->iterate_shared)) {
		v |= FDPUT_POS_UNLOCK;
		mutex_lock(&file->f_pos_lock);
	}
	return v;
}

void __f_unlock_pos(struct file *f)
{
	mutex_unlock(&f->f_pos_lock);
}

/* Close on exec, dup ---------------------------------------------------------------------------- */

void set_close_on_exec(unsigned int fd, int flag)
{
	struct files_struct *files = current->files;

	spin_lock(&files->file_lock);
	if (flag)
		__set_bit(fd, files->fdt->close_on_exec);
	else
		__clear_bit(fd, files->fdt->close_on_exec);
	spin_unlock(&files->file_lock);
}

bool get_close_on_exec(unsigned int fd)
{
	struct fdtable *fdt;
	bool res;

	rcu_read_lock();
	fdt = files_fdtable(current->files);
	res = fd < fdt->max_fds && close_on_exec(fd, fdt);
	rcu_read_unlock();
	return res;
}

/* Put @file at @fd in place of what is there. => file_lock held, dropped. @fd, or -EBUSY: being opened. */
static int do_dup2(struct files_struct *files, struct file *file, unsigned fd, unsigned flags)
{
	struct fdtable *fdt = files->fdt;
	struct file *tofree = fdt->fd[fd];

	if (!tofree && fd_is_open(fd, fdt)) {
		spin_unlock(&files->file_lock);
		return -EBUSY;
	}
	get_file(file);
	rcu_assign_pointer(fdt->fd[fd], file);
	set_open_fd(fd, fdt);
	if (flags & O_CLOEXEC)
		__set_bit(fd, fdt->close_on_exec);
	else
		__clear_bit(fd, fdt->close_on_exec);
	spin_unlock(&files->file_lock);
	if (tofree)
		filp_close(tofree, files);
	return fd;
}

int replace_fd(unsigned fd, struct file *file, unsigned flags)
{
	struct files_struct *files = current->files;
	int err;

	if (!file)
		return close_fd(fd);
	if (fd >= rlimit(RLIMIT_NOFILE))
		return -EBADF;
	spin_lock(&files->file_lock);
	err = expand_files(files, fd);
	if (err < 0) {
		spin_unlock(&files->file_lock);
		return err;
	}
	return do_dup2(files, file, fd, flags);
}

static int ksys_dup3(unsigned int oldfd, unsigned int newfd, int flags)
{
	struct files_struct *files = current->files;
	struct file *file;
	int err;

	if (flags & ~O_CLOEXEC)
		return -EINVAL;
	if (oldfd == newfd)
		return -EINVAL;
	if (newfd >= rlimit(RLIMIT_NOFILE))
		return -EBADF;
	spin_lock(&files->file_lock);
	err = expand_files(files, newfd);
	file = files_lookup_fd_locked(files, oldfd);
	if (!file)
		err = -EBADF;
	else if (err >= 0)
		return do_dup2(files, file, newfd, flags);
	else if (err == -EMFILE)
		err = -EBADF;
	spin_unlock(&files->file_lock);
	return err;
}

SYSCALL_DEFINE3(dup3, unsigned int, oldfd, unsigned int, newfd, int, flags)
{
	return ksys_dup3(oldfd, newfd, flags);
}

SYSCALL_DEFINE2(dup2, unsigned int, oldfd, unsigned int, newfd)
{
	if (oldfd == newfd) {
		bool open;

		rcu_read_lock();
		open = files_lookup_fd_rcu(current->files, oldfd);
		rcu_read_unlock();
		return open ? oldfd : -EBADF;
	}
	return ksys_dup3(oldfd, newfd, 0);
}

SYSCALL_DEFINE1(dup, unsigned int, fildes)
{
	struct file *file = fget_raw(fildes);
	int fd;

	if (!file)
		return -EBADF;
	fd = get_unused_fd_flags(0);
	if (fd >= 0)
		fd_install(fd, file);
	else
		fput(file);
	return fd;
}

int f_dupfd(unsigned int from, struct file *file, unsigned flags)
{
	unsigned long nofile = rlimit(RLIMIT_NOFILE);
	int fd;

	if (from >= nofile)
		return -EINVAL;
	fd = alloc_fd(from, min(nofile, (unsigned long)sysctl_nr_open), flags);
	if (fd >= 0)
		fd_install(fd, get_file(file));
	return fd;
}

SYSCALL_DEFINE1(close, unsigned int, fd)
{
	int ret = close_fd(fd);

	/* The number is gone whatever ->flush said: the call must not be restarted. */
	if (unlikely(ret == -ERESTARTSYS || ret == -ERESTARTNOINTR || ret == -ERESTARTNOHAND ||
		     ret == -ERESTART_RESTARTBLOCK))
		ret = -EINTR;
	return ret;
}

SYSCALL_DEFINE3(close_range, unsigned int, fd, unsigned int, max_fd, unsigned int, flags)
{
	struct files_struct *files;
	unsigned int last;
	int err;

	if (flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC))
		return -EINVAL;
	if (fd > max_fd)
		return -EINVAL;
	if (flags & CLOSE_RANGE_UNSHARE) {
		err = unshare_files();
		if (err)
			return err;
	}
	files = current->files;
	spin_lock(&files->file_lock);
	last = min(max_fd, files->fdt->max_fds - 1);
	for (; fd <= last && fd < files->fdt->max_fds; fd++) {
		struct file *file;

		if (flags & CLOSE_RANGE_CLOEXEC) {
			if (fd_is_open(fd, files->fdt))
				__set_bit(fd, files->fdt->close_on_exec);
			continue;
		}
		file = pick_file(files, fd);
		if (!file)
			continue;
		spin_unlock(&files->file_lock);
		filp_close(file, files);
		cond_resched();
		spin_lock(&files->file_lock);
	}
	spin_unlock(&files->file_lock);
	return 0;
}

void fs_struct_init(void);

void fdtable_init(void);
void __init fdtable_init(void)
{
	files_cachep = kmem_cache_create("files_cache", sizeof(struct files_struct), 0,
					 SLAB_HWCACHE_ALIGN | SLAB_PANIC | SLAB_ACCOUNT, NULL);
	fs_struct_init();
}
