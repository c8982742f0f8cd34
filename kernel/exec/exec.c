// SPDX-License-Identifier: MIT
/*
 * execve: a new program for the running process.
 *
 * 1 A struct linux_binprm goes through the steps; until begin_new_exec() passes the point of no return every
 *   failure leaves the old program as it was, with an errno; behind it there is no program to return to and
 *   the process dies of SIGSEGV.
 *
 *	open	do_open_execat		file, write access denied
 *	room	bprm_mm_init		a new mm with one page of stack
 *	copy	copy_strings		file name, environment, arguments, from the top of that stack down
 *	search	search_binary_handler	each format looks at the first 256 bytes; scripts go round again
 *	leave	begin_new_exec		other threads die, files and handlers become our own, the mm is switched
 *	map	load_binary		the rest, see binfmt_elf.c
 *
 * 2 Limits: one string 128 KiB (E2BIG); strings and their pointers together a quarter of RLIMIT_STACK,
 *   at most 6 MiB, at least 128 KiB.
 * 3 The strings are written into the new stack's pages through get_user_pages_remote(): the new mm is not
 *   loaded while the old program's memory, from which they come, still is.
 * 4 Locks: signal->cred_guard_mutex (against a tracer that attaches) around it all, exec_update_lock while mm
 *   and creds change.
 * 6 Errors are Linux 6.1's: execve(2).
 */
#include <base/bug.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <base/printf.h>
#include <sync/mutex.h>
#include <sync/rcu.h>
#include <sync/rwlock.h>
#include <sync/rwsem.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/fs_struct.h>
#include <fs/inode.h>
#include <fs/mount.h>
#include <fs/namei.h>
#include <kernel/cred.h>
#include <kernel/exec.h>
#include <kernel/exit.h>
#include <kernel/fork.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <kernel/pid.h>
#include <kernel/printk.h>
#include <kernel/ptrace.h>
#include <kernel/rseq.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <mm/gup.h>
#include <mm/mm_struct.h>
#include <mm/mmap.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <seam/irqflags.h>
#include <seam/mmu_context.h>
#include <seam/thread.h>
#include <seam/uaccess.h>
#include <linux/fcntl.h>
#include <linux/personality.h>
#include <linux/prctl.h>
#include <linux/securebits.h>

#define STK_LIM (8UL << 20)

int suid_dumpable;

static LIST_HEAD(formats); /* filled at start-up, constant then */

void register_binfmt(struct linux_binfmt *fmt)
{
	list_add_tail(&fmt->lh, &formats);
}

void set_binfmt(struct linux_binfmt *fmt)
{
	current->mm->binfmt = fmt;
}

void set_dumpable(struct mm_struct *mm, int value)
{
	unsigned long old = READ_ONCE(mm->flags);

	while (!try_cmpxchg(&mm->flags, &old, (old & ~MMF_DUMPABLE_MASK) | value))
		;
}

int get_dumpable(struct mm_struct *mm)
{
	return READ_ONCE(mm->flags) & MMF_DUMPABLE_MASK;
}

/* The file -------------------------------------------------------------------------------------- */

/* Open for execution, writers kept out. ERR_PTR: EACCES not a regular file or noexec, ETXTBSY, ... */
static struct file *do_open_execat(int fd, struct filename *name, int flags)
{
	struct open_flags op = {
		.open_flag = O_LARGEFILE | O_RDONLY | FMODE_EXEC,
		.acc_mode = MAY_EXEC,
		.intent = LOOKUP_OPEN,
		.lookup_flags = LOOKUP_FOLLOW,
	};
	struct file *file;
	int err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return ERR_PTR(-EINVAL);
	if (flags & AT_SYMLINK_NOFOLLOW)
		op.lookup_flags &= ~LOOKUP_FOLLOW;
	if (flags & AT_EMPTY_PATH)
		op.lookup_flags |= LOOKUP_EMPTY;
	file = do_filp_open(fd, name, &op);
	if (IS_ERR(file))
		return file;
	err = -EACCES;
	if (!S_ISREG(file_inode(file)->i_mode) || path_noexec(&file->f_path))
		goto fail;
	err = deny_write_access(file);
	if (err)
		goto fail;
	return file;
fail:
	fput(file);
	return ERR_PTR(err);
}

struct file *open_exec(const char *name)
{
	struct filename *filename = getname_kernel(name);
	struct file *file;

	if (IS_ERR(filename))
		return ERR_CAST(filename);
	file = do_open_execat(AT_FDCWD, filename, 0);
	putname(filename);
	return file;
}

/* A program that its user may not read must not be dumped or traced by him either. */
int would_dump(struct linux_binprm *bprm, struct file *file)
{
	if (inode_permission(file_inode(file), MAY_READ) < 0)
		bprm->interp_flags |= BINPRM_FLAGS_ENFORCE_NONDUMP;
	return 0;
}

/* Arguments ------------------------------------------------------------------------------------- */

/* Where argument strings come from: user memory, or the kernel's own. */
struct string_source {
	const char __user *const __user *user;
	const char *const *kernel;
};

/* Number of strings, -EFAULT, -E2BIG, -ERESTARTNOHAND. */
static int count_strings(const struct string_source *src)
{
	int i = 0;

	if (src->kernel) {
		while (src->kernel[i])
			i++;
		return i;
	}
	if (!src->user)
		return 0;
	for (;; i++) {
		const char __user *p;

		if (get_user(p, src->user + i))
			return -EFAULT;
		if (!p)
			return i;
		if (i >= MAX_ARG_STRINGS)
			return -E2BIG;
		if (fatal_signal_pending(current))
			return -ERESTARTNOHAND;
		cond_resched();
	}
}

/* How far down the strings may go. 0, -E2BIG. */
static int set_arg_limit(struct linux_binprm *bprm)
{
	unsigned long limit = STK_LIM / 4 * 3, ptrs;

	limit = min(limit, bprm->rlim_stack.rlim_cur / 4);
	limit = max(limit, 32 * PAGE_SIZE);
	/* The pointers need room too; an empty argv becomes one of "". */
	ptrs = ((unsigned long)max(bprm->argc, 1) + bprm->envc) * sizeof(void *);
	if (limit <= ptrs)
		return -E2BIG;
	bprm->argmin = bprm->p - (limit - ptrs);
	return 0;
}

/* The page of the new stack at @pos, for writing; NULL when the stack cannot grow there. */
static struct page *get_arg_page(struct linux_binprm *bprm, unsigned long pos)
{
	struct mm_struct *mm = bprm->mm;
	struct page *page;
	long n;

	if (pos < bprm->vma->vm_start) {
		int err;

		mmap_write_lock(mm);
		err = expand_downwards(bprm->vma, pos & PAGE_MASK);
		mmap_write_unlock(mm);
		if (err)
			return NULL;
	}
	mmap_read_lock(mm);
	n = get_user_pages_remote(mm, pos, 1, FOLL_WRITE | FOLL_FORCE, &page, NULL);
	mmap_read_unlock(mm);
	return n == 1 ? page : NULL;
}

/* Copy @len bytes, NUL included, to just below bprm->p; from user memory if @from_user. */
static int push_bytes(struct linux_binprm *bprm, const char *str, unsigned long len, bool from_user)
{
	if (len > MAX_ARG_STRLEN || bprm->p < len || bprm->p - len < bprm->argmin)
		return -E2BIG;
	while (len) {
		/* From the end, a page of the stack at a time. */
		unsigned long off = bprm->p & (PAGE_SIZE - 1), bytes;
		struct page *page;
		char *kaddr;
		bool bad = false;

		if (!off)
			off = PAGE_SIZE;
		bytes = min(len, off);
		len -= bytes;
		bprm->p -= bytes;
		if (fatal_signal_pending(current))
			return -ERESTARTNOHAND;
		page = get_arg_page(bprm, bprm->p);
		if (!page)
			return -E2BIG;
		kaddr = (char *)page_address(page) + off - bytes;
		if (from_user)
			bad = copy_from_user(kaddr, (const char __user *)str + len, bytes);
		else
			memcpy(kaddr, str + len, bytes);
		put_page(page);
		if (bad)
			return -EFAULT;
		cond_resched();
	}
	return 0;
}

int copy_string_kernel(const char *arg, struct linux_binprm *bprm)
{
	return push_bytes(bprm, arg, strlen(arg) + 1, false);
}

/* The strings of @src, last first. */
static int copy_strings(int argc, const struct string_source *src, struct linux_binprm *bprm)
{
	while (argc-- > 0) {
		const char __user *str;
		long len;
		int err;

		if (src->kernel) {
			err = copy_string_kernel(src->kernel[argc], bprm);
		} else {
			if (get_user(str, src->user + argc))
				return -EFAULT;
			len = strnlen_user(str, MAX_ARG_STRLEN);
			if (!len)
				return -EFAULT;
			err = push_bytes(bprm, (const char __force *)str, len, true);
		}
		if (err)
			return err;
	}
	return 0;
}

/* Drop the first string from the stack-to-be: a script's name takes its place. 0, -EFAULT. */
int remove_arg_zero(struct linux_binprm *bprm)
{
	if (!bprm->argc)
		return 0;
	for (;;) {
		unsigned long off = bprm->p & (PAGE_SIZE - 1);
		struct page *page = get_arg_page(bprm, bprm->p);
		char *kaddr;

		if (!page)
			return -EFAULT;
		kaddr = page_address(page);
		for (; off < PAGE_SIZE && kaddr[off]; off++)
			bprm->p++;
		put_page(page);
		if (off != PAGE_SIZE)
			break;
	}
	bprm->p++;
	bprm->argc--;
	return 0;
}

int bprm_change_interp(const char *interp, struct linux_binprm *bprm)
{
	char *copy = kstrdup(interp, GFP_KERNEL);

	if (!copy)
		return -ENOMEM;
	if (bprm->interp != bprm->filename)
		kfree(bprm->interp);
	bprm->interp = copy;
	return 0;
}

/* Leaving the old program ------------------------------------------------------------------------ */

/* Kill the other threads and wait until they are gone. 0, -EAGAIN when somebody else does the same. */
static int kill_other_threads(struct task_struct *tsk)
{
	struct signal_struct *sig = tsk->signal;
	spinlock_t *lock = &tsk->sighand->siglock;

	spin_lock_irq(lock);
	if ((sig->flags & SIGNAL_GROUP_EXIT) || sig->group_exec_task) {
		spin_unlock_irq(lock);
		return -EAGAIN;
	}
	sig->group_exec_task = tsk;
	sig->notify_count = zap_other_threads(tsk);
	if (!thread_group_leader(tsk))
		sig->notify_count--; /* the leader stays as a zombie */
	while (sig->notify_count) {
		__set_current_state(TASK_KILLABLE);
		spin_unlock_irq(lock);
		schedule();
		if (__fatal_signal_pending(tsk))
			return -EINTR;
		spin_lock_irq(lock);
	}
	spin_unlock_irq(lock);
	return 0;
}

/* A thread that is not the leader becomes it: takes its number, place in the lists, and start time. */
static int become_leader(struct task_struct *tsk)
{
	struct signal_struct *sig = tsk->signal;
	struct task_struct *leader = tsk->group_leader;

	for (;;) {
		write_lock_irq(&tasklist_lock);
		sig->notify_count = -1; /* exit_notify() of the leader wakes us */
		if (leader->exit_state)
			break;
		__set_current_state(TASK_KILLABLE);
		write_unlock_irq(&tasklist_lock);
		schedule();
		if (__fatal_signal_pending(tsk))
			return -EINTR;
	}
	tsk->start_time = leader->start_time;
	tsk->start_boottime = leader->start_boottime;
	exchange_tids(tsk, leader);
	transfer_pid(leader, tsk, PIDTYPE_TGID);
	transfer_pid(leader, tsk, PIDTYPE_PGID);
	transfer_pid(leader, tsk, PIDTYPE_SID);
	list_replace_rcu(&leader->tasks, &tsk->tasks);
	list_replace(&leader->sibling, &tsk->sibling);
	INIT_LIST_HEAD(&leader->sibling);
	tsk->group_leader = tsk;
	leader->group_leader = tsk;
	tsk->exit_signal = SIGCHLD;
	leader->exit_signal = -1;
	BUG_ON(leader->exit_state != EXIT_ZOMBIE);
	leader->exit_state = EXIT_DEAD;
	/* Its tracer may wait for a zombie that will not be told of any more. */
	if (unlikely(leader->ptrace))
		__wake_up_parent(leader, leader->parent);
	write_unlock_irq(&tasklist_lock);
	release_task(leader);
	return 0;
}

static int de_thread(struct task_struct *tsk)
{
	struct signal_struct *sig = tsk->signal;
	int err = 0;

	if (!thread_group_empty(tsk)) {
		err = kill_other_threads(tsk);
		if (err == -EAGAIN)
			return err;
		if (!err && !thread_group_leader(tsk))
			err = become_leader(tsk);
		if (err)
			read_lock(&tasklist_lock);
		sig->group_exec_task = NULL;
		sig->notify_count = 0;
		if (err)
			read_unlock(&tasklist_lock);
	}
	if (err)
		return -EAGAIN;
	tsk->exit_signal = SIGCHLD;
	return 0;
}

/* File descriptors of our own. 0 or an errno. */
static int own_files(void)
{
	struct files_struct *old = current->files, *new;
	int err = 0;

	if (atomic_read(&old->count) == 1)
		return 0;
	new = dup_fd(old, NR_OPEN_MAX, &err);
	if (!new)
		return err;
	task_lock(current);
	current->files = new;
	task_unlock(current);
	put_files_struct(old);
	return 0;
}

/* Switch to @mm for good. 0, -EINTR. */
static int exec_mmap(struct mm_struct *mm)
{
	struct task_struct *tsk = current;
	struct mm_struct *old_mm = tsk->mm, *active_mm;
	int err;

	exec_mm_release(tsk, old_mm);
	err = down_write_killable(&tsk->signal->exec_update_lock);
	if (err)
		return err;
	task_lock(tsk);
	local_irq_disable();
	active_mm = tsk->active_mm;
	tsk->active_mm = mm;
	tsk->mm = mm;
	mm->owner = tsk;
	switch_mm_irqs_off(active_mm, mm, tsk);
	local_irq_enable();
	task_unlock(tsk);
	if (old_mm) {
		setmax_mm_hiwater_rss(&tsk->signal->maxrss, old_mm);
		mmput(old_mm);
	} else {
		mmdrop(active_mm);
	}
	return 0;
}

/* The identity of the new program: set-id bits of its file, capabilities of root. */
static int creds_from_file(struct linux_binprm *bprm)
{
	struct inode *inode = file_inode(bprm->file);
	const struct cred *old = current_cred();
	struct cred *new = bprm->cred;
	umode_t mode = READ_ONCE(inode->i_mode);
	bool suid = false;

	if (!(bprm->file->f_path.mnt->mnt_flags & MNT_NOSUID) && !current->no_new_privs) {
		if (mode & S_ISUID) {
			bprm->per_clear |= PER_CLEAR_ON_SETID;
			new->euid = inode->i_uid;
			suid = true;
		}
		if ((mode & (S_ISGID | 0010)) == (S_ISGID | 0010)) {
			bprm->per_clear |= PER_CLEAR_ON_SETID;
			new->egid = inode->i_gid;
			suid = true;
		}
	}
	/* Sharing fs or being watched: the new identity would leak to who shares. */
	if (suid && (bprm->unsafe || !ptracer_capable(current)) && !capable(CAP_SETUID)) {
		new->euid = old->uid;
		new->egid = old->gid;
	}
	new->suid = new->fsuid = new->euid;
	new->sgid = new->fsgid = new->egid;
	/* Root has all capabilities, unless SECBIT_NOROOT; files carry none here. */
	new->cap_permitted = new->cap_inheritable &new->cap_ambient;
	if (!(old->securebits & (1U << SECURE_NOROOT)) && (!new->euid || !new->uid)) {
		new->cap_permitted = old->cap_bset | old->cap_inheritable;
		new->cap_effective = new->euid == 0 ? new->cap_permitted : 0;
	} else {
		new->cap_permitted = old->cap_ambient;
		new->cap_effective = old->cap_ambient;
	}
	new->securebits &= ~(1U << SECURE_KEEP_CAPS);
	bprm->secureexec = new->uid != new->euid || new->gid != new->egid;
	return 0;
}

/* comm: the last component of the file name. */
static void set_comm(struct linux_binprm *bprm)
{
	const char *base = strrchr(bprm->filename, '/');

	set_task_comm(current, base ? base + 1 : bprm->filename);
}

/**
 * begin_new_exec - leave the old program.
 * Return: 0; an errno, which is harmless until bprm->point_of_no_return is set.
 */
int begin_new_exec(struct linux_binprm *bprm)
{
	struct task_struct *me = current;
	int err = creds_from_file(bprm);

	if (err)
		return err;
	bprm->point_of_no_return = 1;
	err = de_thread(me);
	if (err)
		return err;
	err = own_files();
	if (err)
		return err;
	err = set_mm_exe_file(bprm->mm, bprm->file);
	if (err)
		return err;
	would_dump(bprm, bprm->file);
	err = exec_mmap(bprm->mm);
	if (err)
		return err;
	bprm->mm = NULL;

	exit_itimers(me);
	err = unshare_sighand(me);
	if (err)
		goto unlock;
	me->flags &= ~(PF_RANDOMIZE | PF_FORKNOEXEC | PF_KTHREAD | PF_NOFREEZE | PF_NO_SETAFFINITY);
	err = flush_thread();
	if (err)
		goto unlock;
	me->personality &= ~bprm->per_clear;
	do_close_on_exec(me->files);
	if (bprm->secureexec) {
		me->pdeath_signal = 0;
		if (bprm->rlim_stack.rlim_cur > STK_LIM)
			bprm->rlim_stack.rlim_cur = STK_LIM;
	}
	sas_ss_reset(me);
	if ((bprm->interp_flags & BINPRM_FLAGS_ENFORCE_NONDUMP) || bprm->secureexec ||
	    bprm->cred->euid != me->cred->euid)
		set_dumpable(me->mm, suid_dumpable);
	else
		set_dumpable(me->mm, SUID_DUMP_USER);
	set_comm(bprm);
	WRITE_ONCE(me->self_exec_id, me->self_exec_id + 1);
	flush_signal_handlers(me, 0);
	rseq_execve(me);
	me->robust_list = NULL;
	commit_creds(bprm->cred);
	bprm->cred = NULL;
	return 0;
unlock:
	up_write(&me->signal->exec_update_lock);
	return err;
}

/* The layout of the new mm, and the end of the critical part. */
void setup_new_exec(struct linux_binprm *bprm)
{
	struct task_struct *me = current;

	arch_pick_mmap_layout(me->mm, &bprm->rlim_stack);
	me->mm->task_size = TASK_SIZE;
	up_write(&me->signal->exec_update_lock);
	mutex_unlock(&me->signal->cred_guard_mutex);
}

void finalize_exec(struct linux_binprm *bprm)
{
	task_lock(current->group_leader);
	current->signal->rlim[RLIMIT_STACK] = bprm->rlim_stack;
	task_unlock(current->group_leader);
}

/* The driver ------------------------------------------------------------------------------------- */

/* First bytes of the file, zeroes behind its end. 0 or an errno. */
static int read_head(struct linux_binprm *bprm)
{
	loff_t pos = 0;
	ssize_t n;

	memset(bprm->buf, 0, BINPRM_BUF_SIZE);
	n = kernel_read(bprm->file, bprm->buf, BINPRM_BUF_SIZE, &pos);
	return n < 0 ? n : 0;
}

/* Ask each format. 0, -ENOEXEC when none wants it, or the error of the one that did. */
static int search_binary_handler(struct linux_binprm *bprm)
{
	struct linux_binfmt *fmt;
	int err = read_head(bprm);

	if (err)
		return err;
	list_for_each_entry (fmt, &formats, lh) {
		err = fmt->load_binary(bprm);
		if (bprm->point_of_no_return || err != -ENOEXEC)
			return err;
	}
	return -ENOEXEC;
}

/* Load the file, and as long as it is a script, its interpreter instead. */
static int exec_binprm(struct linux_binprm *bprm)
{
	unsigned long old_nr = (unsigned long)task_pid_nr(current);

	for (int depth = 0;; depth++) {
		struct file *exec;
		int err;

		if (depth > 5)
			return -ELOOP;
		err = search_binary_handler(bprm);
		if (err < 0)
			return err;
		if (!bprm->interpreter) {
			ptrace_event(PTRACE_EVENT_EXEC, old_nr);
			return 0;
		}
		exec = bprm->file;
		bprm->file = bprm->interpreter;
		bprm->interpreter = NULL;
		allow_write_access(exec);
		fput(exec);
	}
}

/* Why set-id bits are not to be honoured: our fs is shared with others, or no_new_privs. */
static void check_unsafe(struct linux_binprm *bprm)
{
	struct task_struct *p = current, *t;
	unsigned int n_fs = 1;

	if (current->no_new_privs)
		bprm->unsafe = 1;
	spin_lock(&p->fs->lock);
	rcu_read_lock();
	for_each_thread (p, t)
		if (t != p && t->fs == p->fs)
			n_fs++;
	rcu_read_unlock();
	if (p->fs->users > n_fs)
		bprm->unsafe = 1;
	else
		p->fs->in_exec = 1;
	spin_unlock(&p->fs->lock);
}

static void free_bprm(struct linux_binprm *bprm)
{
	if (bprm->mm)
		mmput(bprm->mm);
	if (bprm->cred) {
		mutex_unlock(&current->signal->cred_guard_mutex);
		abort_creds(bprm->cred);
	}
	if (bprm->file) {
		allow_write_access(bprm->file);
		fput(bprm->file);
	}
	if (bprm->interp != bprm->filename)
		kfree(bprm->interp);
	kfree(bprm->fdpath);
	kfree(bprm);
}

/* The name that scripts and ps see: for a path relative to @fd "/dev/fd/N/PATH". */
static struct linux_binprm *alloc_bprm(int fd, struct filename *filename)
{
	struct linux_binprm *bprm = kzalloc(sizeof(*bprm), GFP_KERNEL);

	if (!bprm)
		return ERR_PTR(-ENOMEM);
	if (fd == AT_FDCWD || filename->name[0] == '/') {
		bprm->filename = filename->name;
	} else {
		bprm->fdpath =
			kasprintf(GFP_KERNEL, filename->name[0] ? "/dev/fd/%d/%s" : "/dev/fd/%d",
				  fd, filename->name);
		if (!bprm->fdpath) {
			kfree(bprm);
			return ERR_PTR(-ENOMEM);
		}
		bprm->filename = bprm->fdpath;
	}
	bprm->interp = bprm->filename;
	return bprm;
}

/* From counted strings to the running program. */
static int bprm_execve(struct linux_binprm *bprm, int fd, struct filename *filename, int flags)
{
	struct file *file;
	int err;

	if (mutex_lock_interruptible(&current->signal->cred_guard_mutex))
		return -ERESTARTNOINTR;
	bprm->cred = prepare_creds();
	if (!bprm->cred) {
		mutex_unlock(&current->signal->cred_guard_mutex);
		return -ENOMEM;
	}
	check_unsafe(bprm);
	current->in_execve = 1;
	file = do_open_execat(fd, filename, flags);
	err = PTR_ERR(file);
	if (IS_ERR(file))
		goto out;
	sched_exec();
	bprm->file = file;
	if (bprm->fdpath && get_close_on_exec(fd))
		bprm->interp_flags |= BINPRM_FLAGS_PATH_INACCESSIBLE;
	err = exec_binprm(bprm);
	if (!err) {
		current->did_exec = 1;
	} else if (bprm->point_of_no_return && !fatal_signal_pending(current)) {
		force_fatal_sig(SIGSEGV);
	}
out:
	current->fs->in_exec = 0;
	current->in_execve = 0;
	return err;
}

/* @filename is consumed. */
static int do_execveat_common(int fd, struct filename *filename, const struct string_source *argv,
			      const struct string_source *envp, int flags)
{
	static const char *const empty_argv[] = { "", NULL };
	static const struct string_source one_empty = { .kernel = empty_argv };
	struct linux_binprm *bprm;
	int err;

	if (IS_ERR(filename))
		return PTR_ERR(filename);
	/* setuid() let a process over its limit through; here is where it is held. */
	if ((current->flags & PF_NPROC_EXCEEDED) &&
	    atomic_long_read(&current_user()->processes) > rlimit(RLIMIT_NPROC)) {
		putname(filename);
		return -EAGAIN;
	}
	current->flags &= ~PF_NPROC_EXCEEDED;
	bprm = alloc_bprm(fd, filename);
	if (IS_ERR(bprm)) {
		putname(filename);
		return PTR_ERR(bprm);
	}
	err = bprm_mm_init(bprm);
	if (err)
		goto out;
	err = bprm->argc = count_strings(argv);
	if (err < 0)
		goto out;
	if (!err)
		argv = &one_empty; /* programs expect argv[0] */
	err = bprm->envc = count_strings(envp);
	if (err < 0)
		goto out;
	err = set_arg_limit(bprm);
	if (err)
		goto out;
	err = copy_string_kernel(bprm->filename, bprm);
	if (err)
		goto out;
	bprm->exec = bprm->p;
	err = copy_strings(bprm->envc, envp, bprm);
	if (err)
		goto out;
	if (argv == &one_empty)
		bprm->argc = 1;
	err = copy_strings(bprm->argc, argv, bprm);
	if (err)
		goto out;
	err = bprm_execve(bprm, fd, filename, flags);
out:
	free_bprm(bprm);
	putname(filename);
	return err;
}

int kernel_execve(const char *filename, const char *const *argv, const char *const *envp)
{
	struct string_source a = { .kernel = argv }, e = { .kernel = envp };

	return do_execveat_common(AT_FDCWD, getname_kernel(filename), &a, &e, 0);
}

SYSCALL_DEFINE3(execve, const char __user *, filename, const char __user *const __user *, argv,
		const char __user *const __user *, envp)
{
	struct string_source a = { .user = argv }, e = { .user = envp };

	return do_execveat_common(AT_FDCWD, getname(filename), &a, &e, 0);
}

SYSCALL_DEFINE5(execveat, int, fd, const char __user *, filename, const char __user *const __user *,
		argv, const char __user *const __user *, envp, int, flags)
{
	struct string_source a = { .user = argv }, e = { .user = envp };
	int lookup = flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0;

	return do_execveat_common(fd, getname_flags(filename, lookup, NULL), &a, &e, flags);
}

/* comm ------------------------------------------------------------------------------------------- */

void set_task_comm(struct task_struct *p, const char *name)
{
	char buf[TASK_COMM_LEN] = "";

	strscpy(buf, name, sizeof(buf));
	task_lock(p);
	memcpy(p->comm, buf, sizeof(buf));
	task_unlock(p);
}

static char *__get_task_comm(char *buf, size_t size, struct task_struct *p)
{
	task_lock(p);
	strscpy(buf, p->comm, size);
	task_unlock(p);
	return buf;
}

char *get_task_comm(char *buf, struct task_struct *p)
{
	return __get_task_comm(buf, TASK_COMM_LEN, p);
}
