// SPDX-License-Identifier: MIT
/*
 * Core dumps.
 *
 * 1 A thread takes a signal whose default is to dump core (get_signal): it becomes the dumper, the other
 *   threads of the process get SIGKILL and come to stand in coredump_task_exit(), where their registers can
 *   be read. Then the file is opened by core_pattern and written (elf_core.c), and all go on to die.
 *
 *	dumper	do_coredump: zap_threads --> wait for startup --> open, write --> coredump_finish --> die
 *	others	SIGKILL --> do_exit --> coredump_task_exit: count down, stand ------------^----> die
 *
 * 2 Memory is read as a debugger reads it (FOLL_FORCE), without faulting pages in that were never touched
 *   (FOLL_DUMP): these are holes in the file. What of it: /proc/PID/coredump_filter, MADV_DONTDUMP.
 * 3 SIGKILL ends a dump: dump_emit() fails from then on, the rest is left out.
 * 4 Refused: a program that is not dumpable; RLIMIT_CORE below a page; a name that is not a regular file of
 *   the user with mode 0600. A set-id program under suid_dumpable = 2 is dumped for root only, to an
 *   absolute name.
 * 5 "|program arg..." in core_pattern: the program gets the dump on its standard input. It runs as root in the first
 *   root directory; RLIMIT_CORE does not count (but 1, which says that the dumping one is such a helper).
 * 6 Linux 6.1: fs/coredump.c. Rules and pattern letters: core(5).
 */
#include <base/bug.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/printf.h>
#include <base/string.h>
#include <seam/current.h>
#include <sync/completion.h>
#include <sync/spinlock.h>
#include <sync/workqueue.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/fs_struct.h>
#include <fs/inode.h>
#include <fs/namei.h>
#include <fs/path.h>
#include <fs/pipe.h>
#include <kernel/coredump.h>
#include <kernel/cred.h>
#include <kernel/exec.h>
#include <kernel/exit.h>
#include <kernel/fork.h>
#include <kernel/pid.h>
#include <kernel/printk.h>
#include <kernel/rlimit.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/timekeeping.h>
#include <kernel/uts.h>
#include <mm/fault.h>
#include <mm/gup.h>
#include <mm/mm_struct.h>
#include <mm/slab.h>
#include <mm/vma.h>
#include <mm/vma_tree.h>
#include <linux/elf.h>
#include <linux/fcntl.h>
#include "signal_internal.h"

char core_pattern[CORENAME_MAX_SIZE] = "core";
int core_uses_pid, core_pipe_limit;

/* ---- the threads ---- */

/* The others die, as far as they can without us. How many. => siglock held */
static int zap_process(struct task_struct *dumper, int code)
{
	struct signal_struct *sig = dumper->signal;
	struct task_struct *t;
	int nr = 0;

	sig->flags = SIGNAL_GROUP_EXIT;
	sig->group_exit_code = code;
	sig->group_stop_count = 0;
	for_each_thread (dumper, t) {
		task_clear_jobctl_pending(t, JOBCTL_PENDING_MASK);
		if (t != dumper && !(t->flags & PF_POSTCOREDUMP)) {
			sigaddset(&t->pending.signal, SIGKILL);
			signal_wake_up(t, true);
			nr++;
		}
	}
	return nr;
}

/* Become the one that dumps. Threads to wait for, or -EAGAIN: the process dies or execs already. */
static int zap_threads(struct core_state *state, int code)
{
	struct signal_struct *sig = current->signal;
	int nr = -EAGAIN;

	spin_lock_irq(&current->sighand->siglock);
	if (!(sig->flags & SIGNAL_GROUP_EXIT) && !sig->group_exec_task) {
		sig->core_state = state;
		nr = zap_process(current, code);
		/* What is pending shall not interrupt the writing; SIGKILL will set it again. */
		clear_thread_flag(TIF_SIGPENDING);
		current->flags |= PF_DUMPCORE;
		atomic_set(&state->nr_threads, nr);
	}
	spin_unlock_irq(&current->sighand->siglock);
	return nr;
}

static int coredump_wait(struct core_state *state, int code)
{
	int nr;

	init_completion(&state->startup);
	state->dumper = (struct core_thread){ .task = current };
	nr = zap_threads(state, code);
	if (nr > 0) {
		wait_for_completion(&state->startup);
		/* Their registers are in memory only when they are off their CPUs. */
		for (struct core_thread *t = state->dumper.next; t; t = t->next)
			wait_task_inactive(t->task, 0);
	}
	return nr;
}

static void coredump_finish(bool dumped)
{
	struct core_thread *t, *next;

	spin_lock_irq(&current->sighand->siglock);
	if (dumped && !__fatal_signal_pending(current))
		current->signal->group_exit_code |= 0x80;
	next = current->signal->core_state->dumper.next;
	current->signal->core_state = NULL;
	spin_unlock_irq(&current->sighand->siglock);
	while ((t = next)) {
		struct task_struct *task = t->task;

		next = t->next;
		smp_mb(); /* the record is on the stack of the one that we let go */
		WRITE_ONCE(t->task, NULL);
		wake_up_process(task);
	}
}

void coredump_task_exit(struct task_struct *tsk)
{
	struct core_state *state;
	struct core_thread self = { .task = tsk };

	spin_lock_irq(&tsk->sighand->siglock);
	tsk->flags |= PF_POSTCOREDUMP;
	state = tsk->signal->core_state;
	spin_unlock_irq(&tsk->sighand->siglock);
	if (likely(!state))
		return;
	/* One that exits by itself has nothing to show. */
	if (tsk->flags & PF_SIGNALED)
		self.next = xchg(&state->dumper.next, &self);
	else
		self.task = NULL;
	if (atomic_dec_and_test(&state->nr_threads))
		complete(&state->startup);
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (!READ_ONCE(self.task))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
}

/* ---- writing ---- */

static bool dump_interrupted(void)
{
	return fatal_signal_pending(current);
}

static bool write_out(struct coredump_params *cprm, const void *addr, size_t nr)
{
	if (dump_interrupted() || cprm->written + nr > cprm->limit)
		return false;
	while (nr) {
		ssize_t n = cprm->seekable ? kernel_write(cprm->file, addr, nr, &cprm->pos)
					   : kernel_write(cprm->file, addr, nr, NULL);

		if (n <= 0 || dump_interrupted())
			return false;
		if (!cprm->seekable)
			cprm->pos += n;
		cprm->written += (unsigned long)n;
		addr = (const char *)addr + n;
		nr -= (size_t)n;
	}
	return true;
}

/* What was skipped: a hole in a file, zeroes in a pipe. */
static bool settle_skip(struct coredump_params *cprm)
{
	if (cprm->seekable) {
		cprm->pos += cprm->to_skip;
		cprm->to_skip = 0;
	}
	while (cprm->to_skip) {
		size_t nr = min_t(size_t, cprm->to_skip, PAGE_SIZE);

		memset(cprm->buf, 0, nr);
		if (!write_out(cprm, cprm->buf, nr))
			return false;
		cprm->to_skip -= nr;
	}
	return true;
}

bool dump_emit(struct coredump_params *cprm, const void *addr, size_t nr)
{
	return settle_skip(cprm) && write_out(cprm, addr, nr);
}

void dump_skip(struct coredump_params *cprm, size_t nr)
{
	cprm->to_skip += (loff_t)nr;
}

bool dump_user_range(struct coredump_params *cprm, unsigned long start, unsigned long len)
{
	for (unsigned long addr = start; addr < start + len; addr += PAGE_SIZE) {
		int n;

		/* Zeroes in a pipe go through the same buffer. */
		if (!cprm->seekable && !settle_skip(cprm))
			return false;
		n = access_remote_vm(current->mm, addr, cprm->buf, PAGE_SIZE,
				     FOLL_FORCE | FOLL_DUMP);
		if (n != PAGE_SIZE)
			dump_skip(cprm, PAGE_SIZE);
		else if (!dump_emit(cprm, cprm->buf, PAGE_SIZE))
			return false;
		cond_resched();
	}
	return true;
}

/* ---- what of memory ---- */

static bool filtered_in(const struct coredump_params *cprm, unsigned int kind)
{
	return cprm->mm_flags & (1UL << kind);
}

/* The file is shared memory without a name, or gone. */
static bool is_anonymous_file(const struct file *file)
{
	return !file || file_inode(file)->i_nlink == 0;
}

/* Bytes of @vma to dump; a file's first page is only a maybe (v->maybe_head). => mmap_lock */
static unsigned long vma_dump_size(struct vm_area_struct *vma, const struct coredump_params *cprm,
				   struct core_vma *v)
{
	unsigned long whole = v->end - v->start;

	if (vma->vm_ops && vma->vm_ops->name && vma->vm_ops->name(vma))
		return vma->vm_flags & VM_IO ? 0 : whole; /* the vDSO */
	if (vma->vm_flags & (VM_DONTDUMP | VM_IO))
		return 0;
	if (vma->vm_flags & VM_SHARED)
		return filtered_in(cprm, is_anonymous_file(vma->vm_file) ? MMF_DUMP_ANON_SHARED
									 : MMF_DUMP_MAPPED_SHARED)
			       ? whole
			       : 0;
	/* Written to, as far as one can tell cheaply. */
	if (vma->anon_vma && filtered_in(cprm, MMF_DUMP_ANON_PRIVATE))
		return whole;
	if (!vma->vm_file)
		return 0;
	if (filtered_in(cprm, MMF_DUMP_MAPPED_PRIVATE))
		return whole;
	v->maybe_head =
		filtered_in(cprm, MMF_DUMP_ELF_HEADERS) && (v->flags & VM_READ) && !v->pgoff;
	return v->maybe_head ? PAGE_SIZE : 0;
}

/* First pages of files that are neither executable nor ELF are of no use. */
static void keep_elf_heads(struct coredump_params *cprm)
{
	for (unsigned int i = 0; i < cprm->nr_vmas; i++) {
		struct core_vma *v = &cprm->vmas[i];
		char magic[SELFMAG];

		if (!v->maybe_head || (file_inode(v->file)->i_mode & 0111))
			continue;
		if (access_remote_vm(current->mm, v->start, magic, SELFMAG, FOLL_FORCE) !=
			    SELFMAG ||
		    memcmp(magic, ELFMAG, SELFMAG))
			v->dump_size = 0;
	}
}

static bool snapshot_vmas(struct coredump_params *cprm)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	unsigned int n = 0;
	VMA_ITERATOR(vmi, mm, 0);

	if (mmap_write_lock_killable(mm))
		return false;
	cprm->vmas = kvmalloc((size_t)mm->map_count * sizeof(*cprm->vmas), GFP_KERNEL);
	if (!cprm->vmas) {
		mmap_write_unlock(mm);
		return false;
	}
	for_each_vma (vmi, vma) {
		struct core_vma *v = &cprm->vmas[n];

		*v = (struct core_vma){ .start = vma->vm_start,
					.end = vma->vm_end,
					.flags = vma->vm_flags,
					.pgoff = vma->vm_pgoff,
					.file = vma->vm_file ? get_file(vma->vm_file) : NULL };
		v->dump_size = vma_dump_size(vma, cprm, v);
		if (++n == (unsigned int)mm->map_count)
			break;
	}
	mmap_write_unlock(mm);
	cprm->nr_vmas = n;
	keep_elf_heads(cprm);
	return true;
}

static void free_vmas(struct coredump_params *cprm)
{
	for (unsigned int i = 0; i < cprm->nr_vmas; i++)
		if (cprm->vmas[i].file)
			fput(cprm->vmas[i].file);
	kvfree(cprm->vmas);
}

/* ---- the name ---- */

struct core_name {
	char text[512];
	size_t len;
	bool has_pid;
};

static void __printf(2, 3) cn_printf(struct core_name *cn, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	cn->len += (size_t)vscnprintf(cn->text + cn->len, sizeof(cn->text) - cn->len, fmt, args);
	va_end(args);
}

/* A string of the process's choosing: it names no other directory. */
static void cn_esc(struct core_name *cn, const char *s)
{
	size_t at = cn->len;
	char *p;

	cn_printf(cn, "%s", s);
	p = cn->text + at;
	if (p[0] == '.' && (!p[1] || (p[1] == '.' && !p[2])))
		p[0] = '!';
	for (; *p; p++)
		if (*p == '/')
			*p = '!';
}

/* %E: the path of the program; %f: the last part of it. */
static void cn_exe(struct core_name *cn, bool name_only)
{
	struct file *exe = get_mm_exe_file(current->mm);
	char *page = (char *)__get_free_page(GFP_KERNEL), *path = NULL;

	if (exe && page)
		path = file_path(exe, page, PAGE_SIZE);
	if (!path || IS_ERR(path))
		path = current->comm;
	if (name_only && strrchr(path, '/'))
		path = strrchr(path, '/') + 1;
	cn_esc(cn, path);
	free_page((unsigned long)page);
	if (exe)
		fput(exe);
}

static void cn_letter(struct core_name *cn, char c, const struct coredump_params *cprm)
{
	const struct cred *cred = current_cred();
	char comm[TASK_COMM_LEN];

	switch (c) {
	case '%':
		cn_printf(cn, "%%");
		break;
	case 'p':
		cn->has_pid = true;
		fallthrough;
	case 'P':
		cn_printf(cn, "%d", current->tgid);
		break;
	case 'i':
	case 'I':
		cn_printf(cn, "%d", current->pid);
		break;
	case 'u':
		cn_printf(cn, "%u", cred->uid);
		break;
	case 'g':
		cn_printf(cn, "%u", cred->gid);
		break;
	case 'd':
		cn_printf(cn, "%lu", cprm->mm_flags & MMF_DUMPABLE_MASK);
		break;
	case 's':
		cn_printf(cn, "%d", cprm->siginfo->si_signo);
		break;
	case 't':
		cn_printf(cn, "%lld", (long long)ktime_get_real_seconds());
		break;
	case 'h':
		cn_esc(cn, utsname()->nodename);
		break;
	case 'e':
		cn_esc(cn, get_task_comm(comm, current));
		break;
	case 'f':
	case 'E':
		cn_exe(cn, c == 'f');
		break;
	case 'c':
		cn_printf(cn, "%lu", rlimit(RLIMIT_CORE));
		break;
	}
}

/* core_pattern filled in. True: it names a program. Each blank-separated word is an argument then. */
static bool format_corename(struct core_name *cn, const struct coredump_params *cprm)
{
	bool pipe = core_pattern[0] == '|';
	const char *p = core_pattern + pipe;

	cn->len = 0;
	cn->has_pid = false;
	cn->text[0] = 0;
	for (; *p; p++) {
		if (*p != '%') {
			cn_printf(cn, "%c", *p);
		} else {
			if (!*++p)
				break;
			cn_letter(cn, *p, cprm);
		}
	}
	if (!pipe && !cn->has_pid && core_uses_pid)
		cn_printf(cn, ".%d", current->tgid);
	return pipe;
}

/* ---- where to ---- */

/* Is it what we made, and only ours? */
static bool is_private_file(struct file *file)
{
	const struct inode *inode = file_inode(file);

	return S_ISREG(inode->i_mode) && inode->i_nlink == 1 && inode->i_uid == current_fsuid() &&
	       (inode->i_mode & 0677) == 0600;
}

static struct file *open_core_file(const char *name, bool for_root)
{
	int flags = O_CREAT | O_WRONLY | O_NOFOLLOW | O_EXCL;
	struct file *file;

	if (for_root) {
		struct path root;

		if (name[0] != '/') {
			pr_warn("Pid %d(%s) can only dump core to fully qualified path!\n",
				current->tgid, current->comm);
			return ERR_PTR(-EPERM);
		}
		get_fs_root(init_task.fs, &root);
		file = file_open_root(&root, name, flags, 0600);
		path_put(&root);
	} else {
		(void)do_unlinkat(AT_FDCWD, getname_kernel(name));
		file = filp_open(name, flags, 0600);
	}
	if (!IS_ERR(file) && !is_private_file(file)) {
		fput(file);
		file = ERR_PTR(-EPERM);
	}
	return file;
}

/* A program that takes the dump; lives on the dumper's stack until it has been started. */
struct core_helper {
	struct work_struct work;
	char *argv[16];
	struct file *in; /* becomes its descriptor 0 */
	struct completion done;
	int err;
};

static int exec_helper(void *arg)
{
	static const char *const envp[] = { "HOME=/", "PATH=/sbin:/bin:/usr/sbin:/usr/bin", NULL };
	struct core_helper *h = arg;
	int err;

	/* A helper that crashes must not start another. */
	current->signal->rlim[RLIMIT_CORE] = (struct rlimit){ 1, 1 };
	flush_signal_handlers(current, 1);
	err = replace_fd(0, h->in, 0);
	if (err >= 0)
		err = kernel_execve(h->argv[0], (const char *const *)h->argv, envp);
	h->err = err;
	complete(&h->done);
	if (err)
		do_exit(0);
	return 0;
}

/* By a kernel thread: the helper is no relative of the dying process. */
static void start_helper(struct work_struct *work)
{
	struct core_helper *h = container_of(work, struct core_helper, work);
	pid_t pid = user_mode_thread(exec_helper, h, SIGCHLD);

	if (pid < 0) {
		h->err = pid;
		complete(&h->done);
	}
}

/* Run the words of @line with a pipe; its writing end. */
static struct file *open_core_pipe(char *line)
{
	struct core_helper h = { .err = 0 };
	struct file *ends[2];
	unsigned int argc = 0;
	char *word;
	int err;

	while ((word = strsep(&line, " ")) && argc < ARRAY_SIZE(h.argv) - 1)
		if (*word)
			h.argv[argc++] = word;
	if (!argc || h.argv[0][0] != '/')
		return ERR_PTR(-ENOENT);
	err = create_pipe_files(ends, 0);
	if (err)
		return ERR_PTR(err);
	h.in = ends[0];
	init_completion(&h.done);
	INIT_WORK(&h.work, start_helper);
	schedule_work(&h.work);
	wait_for_completion(&h.done);
	fput(ends[0]);
	if (h.err) {
		fput(ends[1]);
		pr_warn("Core dump to |%s pipe failed\n", h.argv[0]);
		return ERR_PTR(h.err);
	}
	return ends[1];
}

static struct file *open_destination(struct coredump_params *cprm)
{
	struct core_name *cn = kmalloc(sizeof(*cn), GFP_KERNEL);
	bool for_root = (cprm->mm_flags & MMF_DUMPABLE_MASK) == SUID_DUMP_ROOT;
	struct file *file;

	if (!cn)
		return ERR_PTR(-ENOMEM);
	if (format_corename(cn, cprm)) {
		if (cprm->limit == 1) {
			file = ERR_PTR(-ELOOP);
		} else {
			cprm->limit = RLIM_INFINITY;
			file = open_core_pipe(cn->text);
		}
	} else if (cprm->limit < PAGE_SIZE) {
		file = ERR_PTR(-EFBIG);
	} else {
		file = open_core_file(cn->text, for_root);
		cprm->seekable = true;
	}
	kfree(cn);
	return file;
}

/* ---- the driver ---- */

/* With all threads standing. True: there is a dump, whole or cut short. */
static bool write_dump(struct coredump_params *cprm)
{
	bool dumped = false;

	cprm->file = open_destination(cprm);
	if (IS_ERR(cprm->file))
		return false;
	cprm->buf = (char *)__get_free_page(GFP_KERNEL);
	if (cprm->buf && snapshot_vmas(cprm)) {
		dumped = elf_core_dump(cprm);
		/* A hole at the end needs its last byte, or debuggers miss a part of the file. */
		if (cprm->to_skip) {
			cprm->to_skip--;
			(void)dump_emit(cprm, "", 1);
		}
		free_vmas(cprm);
	}
	free_page((unsigned long)cprm->buf);
	fput(cprm->file);
	return dumped;
}

void do_coredump(const kernel_siginfo_t *siginfo)
{
	struct coredump_params cprm = {
		.siginfo = siginfo,
		.limit = rlimit(RLIMIT_CORE),
		.mm_flags = READ_ONCE(current->mm->flags),
	};
	unsigned long dumpable = cprm.mm_flags & MMF_DUMPABLE_MASK;
	const struct cred *old_cred;
	struct core_state state;
	struct cred *cred;
	bool dumped;

	if (dumpable == SUID_DUMP_DISABLE)
		return;
	/* The common case, without a limit to dump to: no need to gather the threads first. */
	if (core_pattern[0] != '|' && cprm.limit < PAGE_SIZE)
		return;
	cred = prepare_creds();
	if (!cred)
		return;
	if (dumpable == SUID_DUMP_ROOT)
		cred->fsuid = 0;
	if (coredump_wait(&state, siginfo->si_signo) < 0) {
		abort_creds(cred);
		return;
	}
	old_cred = override_creds(cred);
	dumped = write_dump(&cprm);
	coredump_finish(dumped);
	revert_creds(old_cred);
	put_cred(cred);
}
