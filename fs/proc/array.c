/* SPDX-License-Identifier: MIT */
/* /proc/PID/stat, statm, status, limits: a task in numbers (proc(5)). */
#include <base/bitmap.h>
#include <base/errno.h>
#include <base/string.h>
#include <base/types.h>
#include <drivers/tty.h>
#include <fs/fdtable.h>
#include <fs/fs_struct.h>
#include <fs/proc_fs.h>
#include <fs/seq_file.h>
#include <kernel/fork.h>
#include <kernel/cred.h>
#include <kernel/pid.h>
#include <kernel/ptrace.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/time.h>
#include <mm/mm_struct.h>
#include <mm/mmap.h>
#include <mm/zone.h>
#include <seam/ptrace.h>
#include <sync/rcu.h>
#include <sync/rwlock.h>

#include "internal.h"

#include <linux/sched.h>

static u64 ns_to_ticks(u64 ns)
{
	return ns / (NSEC_PER_SEC / USER_HZ);
}

static const char *state_word(char letter)
{
	switch (letter) {
	case 'R':
		return "R (running)";
	case 'S':
		return "S (sleeping)";
	case 'D':
		return "D (disk sleep)";
	case 'T':
		return "T (stopped)";
	case 't':
		return "t (tracing stop)";
	case 'X':
		return "X (dead)";
	case 'Z':
		return "Z (zombie)";
	case 'P':
		return "P (parked)";
	default:
		return "I (idle)";
	}
}

/* The signal masks of a process; pending ones of the thread and of the process apart. */
struct task_signals {
	sigset_t pending, shared, blocked, ignored, caught;
	int num_threads;
	unsigned int qsize;
};

static void collect_signals(struct task_struct *task, struct task_signals *s)
{
	unsigned long flags;
	int i;

	memset(s, 0, sizeof(*s));
	if (!lock_task_sighand(task, &flags))
		return;
	s->pending = task->pending.signal;
	s->shared = task->signal->shared_pending.signal;
	s->blocked = task->blocked;
	s->num_threads = get_nr_threads(task);
	for (i = 1; i <= _NSIG; i++) {
		__sighandler_t handler = task->sighand->action[i - 1].sa.sa_handler;

		if (handler == SIG_IGN)
			sigaddset(&s->ignored, i);
		else if (handler != SIG_DFL)
			sigaddset(&s->caught, i);
	}
	unlock_task_sighand(task, &flags);
}

/* comm with blanks and control characters escaped as Linux does in status. */
static void put_comm(struct seq_file *m, struct task_struct *task, bool escape)
{
	char comm[TASK_COMM_LEN], *c;

	get_task_comm(comm, task);
	for (c = comm; *c; c++) {
		if (escape && *c == '\n')
			seq_puts(m, "\\n");
		else if (escape && *c == '\\')
			seq_puts(m, "\\\\");
		else
			seq_putc(m, *c);
	}
}

static void status_ids(struct seq_file *m, struct task_struct *task)
{
	const struct cred *cred = get_task_cred(task);
	unsigned int i;
	pid_t tracer = 0, ppid;

	rcu_read_lock();
	ppid = task_ppid_nr(task);
	if (task->ptrace)
		tracer = task->parent->pid;
	rcu_read_unlock();
	seq_printf(m, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t%d\n", task->tgid,
		   task->pid, ppid, tracer);
	seq_printf(m, "Uid:\t%u\t%u\t%u\t%u\n", cred->uid, cred->euid, cred->suid, cred->fsuid);
	seq_printf(m, "Gid:\t%u\t%u\t%u\t%u\n", cred->gid, cred->egid, cred->sgid, cred->fsgid);
	task_lock(task);
	i = task->files ? files_fdtable(task->files)->max_fds : 0;
	task_unlock(task);
	seq_printf(m, "FDSize:\t%u\nGroups:\t", i);
	for (i = 0; i < cred->group_info->ngroups; i++)
		seq_printf(m, "%u ", cred->group_info->gid[i]);
	seq_puts(m, "\n");
	seq_printf(m, "NStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", task->tgid, task->pid,
		   task_pgrp_vnr(task), task_session_vnr(task));
	put_cred(cred);
}

static void status_signals(struct seq_file *m, struct task_struct *task)
{
	const struct cred *cred = get_task_cred(task);
	struct task_signals s;

	collect_signals(task, &s);
	s.qsize = atomic_long_read(&cred->user->sigpending);
	put_cred(cred);
	seq_printf(m, "Threads:\t%d\n", s.num_threads);
	seq_printf(m, "SigQ:\t%u/%lu\n", s.qsize, task_rlimit(task, RLIMIT_SIGPENDING));
	seq_printf(
		m,
		"SigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n",
		s.pending, s.shared, s.blocked, s.ignored, s.caught);
}

static void status_caps(struct seq_file *m, struct task_struct *task)
{
	const struct cred *cred = get_task_cred(task);

	seq_printf(
		m,
		"CapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\nCapBnd:\t%016llx\nCapAmb:\t%016llx\n",
		(u64)cred->cap_inheritable, (u64)cred->cap_permitted, (u64)cred->cap_effective,
		(u64)cred->cap_bset, (u64)cred->cap_ambient);
	put_cred(cred);
	/* Neither seccomp nor any control of speculation exists. */
	seq_printf(m, "NoNewPrivs:\t%d\nSeccomp:\t0\nSeccomp_filters:\t0\n", task->no_new_privs);
	seq_puts(m,
		 "Speculation_Store_Bypass:\tunknown\nSpeculationIndirectBranch:\tunsupported\n");
}

int proc_pid_status(struct seq_file *m, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	nodemask_t mems;
	int umask = -1;

	seq_puts(m, "Name:\t");
	put_comm(m, task, true);
	task_lock(task);
	if (task->fs)
		umask = task->fs->umask;
	task_unlock(task);
	if (umask >= 0)
		seq_printf(m, "\nUmask:\t%#04o", umask);
	seq_printf(m, "\nState:\t%s\n", state_word(task_state_to_char(task)));
	status_ids(m, task);
	if (mm) {
		task_mem(m, mm);
		/* There are no huge pages of either kind. */
		seq_printf(m, "HugetlbPages:\t%8d kB\nCoreDumping:\t%d\nTHP_enabled:\t0\n", 0,
			   !!READ_ONCE(task->signal->core_state));
		mmput(mm);
	}
	status_signals(m, task);
	status_caps(m, task);
	seq_printf(m, "Cpus_allowed:\t%*pb\n", cpumask_pr_args(&task->cpus_mask));
	seq_printf(m, "Cpus_allowed_list:\t%*pbl\n", cpumask_pr_args(&task->cpus_mask));
	nodes_and(mems, task->mems_allowed, node_states[N_MEMORY]);
	seq_printf(m, "Mems_allowed:\t%*pb\n", nodemask_pr_args(&mems));
	seq_printf(m, "Mems_allowed_list:\t%*pbl\n", nodemask_pr_args(&mems));
	seq_printf(m, "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n",
		   task->nvcsw, task->nivcsw);
	return 0;
}

/* Sums over the process that stat shows. */
struct stat_sums {
	u64 utime, stime, cutime, cstime;
	unsigned long min_flt, maj_flt, cmin_flt, cmaj_flt, rsslim;
	int num_threads;
};

static void sum_process(struct task_struct *task, bool whole, struct stat_sums *s)
{
	struct signal_struct *sig;
	struct task_struct *t;
	unsigned long flags;

	memset(s, 0, sizeof(*s));
	if (!lock_task_sighand(task, &flags))
		return;
	sig = task->signal;
	s->num_threads = get_nr_threads(task);
	s->cmin_flt = sig->cmin_flt;
	s->cmaj_flt = sig->cmaj_flt;
	s->cutime = sig->cutime;
	s->cstime = sig->cstime;
	s->rsslim = READ_ONCE(sig->rlim[RLIMIT_RSS].rlim_cur);
	if (whole) {
		s->min_flt = sig->min_flt;
		s->maj_flt = sig->maj_flt;
		for_each_thread (task, t) {
			s->min_flt += t->min_flt;
			s->maj_flt += t->maj_flt;
		}
	}
	unlock_task_sighand(task, &flags);
	if (whole) {
		thread_group_cputime_adjusted(task, &s->utime, &s->stime);
	} else {
		task_cputime_adjusted(task, &s->utime, &s->stime);
		s->min_flt = task->min_flt;
		s->maj_flt = task->maj_flt;
	}
}

static void stat_ids(struct seq_file *m, struct task_struct *task)
{
	pid_t tpgid;
	u32 tty_nr = tty_nr_of_task(task, &tpgid);
	pid_t ppid;

	rcu_read_lock();
	ppid = task_ppid_nr(task);
	rcu_read_unlock();
	seq_printf(m, " %c %d %d %d %d %d %u", task_state_to_char(task), ppid, task_pgrp_vnr(task),
		   task_session_vnr(task), (int)tty_nr, tpgid, task->flags);
}

/* @secret: what current may not know, 1 instead of the addresses of code, else 0 (proc(5)). */
static void stat_memory(struct seq_file *m, struct task_struct *task, struct mm_struct *mm,
			unsigned long rsslim, bool secret)
{
	/* Nobody else could read them safely: only of a task that stands because it dies. */
	bool stands = !secret && mm && (task->flags & (PF_EXITING | PF_DUMPCORE)) &&
		      try_get_task_stack(task);

	seq_put_decimal_ull(m, " ", mm ? mm->total_vm << PAGE_SHIFT : 0);
	seq_put_decimal_ull(m, " ", mm ? get_mm_rss(mm) : 0);
	seq_put_decimal_ull(m, " ", rsslim);
	seq_put_decimal_ull(m, " ", mm ? (secret ? 1 : mm->start_code) : 0);
	seq_put_decimal_ull(m, " ", mm ? (secret ? 1 : mm->end_code) : 0);
	seq_put_decimal_ull(m, " ", mm && !secret ? mm->start_stack : 0);
	seq_put_decimal_ull(m, " ", stands ? task_pt_regs(task)->sp : 0);
	seq_put_decimal_ull(m, " ", stands ? task_pt_regs(task)->ip : 0);
	if (stands)
		put_task_stack(task);
}

static void stat_tail(struct seq_file *m, struct task_struct *task, struct mm_struct *mm,
		      bool secret)
{
	struct task_signals s;

	if (secret)
		mm = NULL;
	collect_signals(task, &s);
	seq_put_decimal_ull(m, " ", s.pending & 0x7fffffffUL);
	seq_put_decimal_ull(m, " ", s.blocked & 0x7fffffffUL);
	seq_put_decimal_ull(m, " ", s.ignored & 0x7fffffffUL);
	seq_put_decimal_ull(m, " ", s.caught & 0x7fffffffUL);
	seq_printf(m, " %d", !task_is_running(task)); /* wchan: is there one */
	seq_puts(m, " 0 0");			      /* nswap, cnswap: never maintained */
	seq_printf(m, " %d %u %u %u", task->exit_signal, task_cpu(task), task->rt_priority,
		   task->policy);
	seq_puts(m, " 0 0 0"); /* delayacct_blkio, guest, cguest: none here */
	seq_put_decimal_ull(m, " ", mm ? mm->start_data : 0);
	seq_put_decimal_ull(m, " ", mm ? mm->end_data : 0);
	seq_put_decimal_ull(m, " ", mm ? mm->start_brk : 0);
	seq_put_decimal_ull(m, " ", mm ? mm->arg_start : 0);
	seq_put_decimal_ull(m, " ", mm ? mm->arg_end : 0);
	seq_put_decimal_ull(m, " ", mm ? mm->env_start : 0);
	seq_put_decimal_ull(m, " ", mm ? mm->env_end : 0);
	seq_printf(m, " %d\n", secret ? 0 : task->exit_code);
}

int proc_pid_stat(struct seq_file *m, struct task_struct *task, bool whole)
{
	struct mm_struct *mm = get_task_mm(task);
	bool secret = !ptrace_may_access(task, PTRACE_MODE_READ_FSCREDS);
	struct stat_sums s;

	sum_process(task, whole, &s);
	seq_printf(m, "%d (", task->pid);
	put_comm(m, task, false);
	seq_putc(m, ')');
	stat_ids(m, task);
	seq_printf(m, " %lu %lu %lu %lu", s.min_flt, s.cmin_flt, s.maj_flt, s.cmaj_flt);
	seq_put_decimal_ull(m, " ", ns_to_ticks(s.utime));
	seq_put_decimal_ull(m, " ", ns_to_ticks(s.stime));
	seq_put_decimal_ull(m, " ", ns_to_ticks(s.cutime));
	seq_put_decimal_ull(m, " ", ns_to_ticks(s.cstime));
	seq_printf(m, " %d %d %d 0", task_prio(task), task_nice(task), s.num_threads);
	seq_put_decimal_ull(m, " ", ns_to_ticks(task->start_boottime));
	stat_memory(m, task, mm, s.rsslim, secret);
	stat_tail(m, task, mm, secret);
	if (mm)
		mmput(mm);
	return 0;
}

int proc_pid_statm(struct seq_file *m, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	unsigned long text, lib, shared, resident;

	if (!mm) {
		seq_puts(m, "0 0 0 0 0 0 0\n");
		return 0;
	}
	shared = get_mm_counter(mm, MM_FILEPAGES) + get_mm_counter(mm, MM_SHMEMPAGES);
	resident = shared + get_mm_counter(mm, MM_ANONPAGES);
	text = (PAGE_ALIGN(mm->end_code) - (mm->start_code & PAGE_MASK)) >> PAGE_SHIFT;
	lib = 0;
	seq_printf(m, "%lu %lu %lu %lu %lu %lu 0\n", mm->total_vm, resident, shared, text, lib,
		   mm->data_vm + mm->stack_vm);
	mmput(mm);
	return 0;
}

static const struct limit_name {
	const char *name, *unit;
} limit_names[RLIM_NLIMITS] = {
	[RLIMIT_CPU] = { "Max cpu time", "seconds" },
	[RLIMIT_FSIZE] = { "Max file size", "bytes" },
	[RLIMIT_DATA] = { "Max data size", "bytes" },
	[RLIMIT_STACK] = { "Max stack size", "bytes" },
	[RLIMIT_CORE] = { "Max core file size", "bytes" },
	[RLIMIT_RSS] = { "Max resident set", "bytes" },
	[RLIMIT_NPROC] = { "Max processes", "processes" },
	[RLIMIT_NOFILE] = { "Max open files", "files" },
	[RLIMIT_MEMLOCK] = { "Max locked memory", "bytes" },
	[RLIMIT_AS] = { "Max address space", "bytes" },
	[RLIMIT_LOCKS] = { "Max file locks", "locks" },
	[RLIMIT_SIGPENDING] = { "Max pending signals", "signals" },
	[RLIMIT_MSGQUEUE] = { "Max msgqueue size", "bytes" },
	[RLIMIT_NICE] = { "Max nice priority", NULL },
	[RLIMIT_RTPRIO] = { "Max realtime priority", NULL },
	[RLIMIT_RTTIME] = { "Max realtime timeout", "us" },
};

static void put_limit(struct seq_file *m, unsigned long value)
{
	if (value == RLIM_INFINITY)
		seq_printf(m, "%-20s ", "unlimited");
	else
		seq_printf(m, "%-20lu ", value);
}

int proc_pid_limits(struct seq_file *m, struct task_struct *task)
{
	unsigned int i;

	seq_printf(m, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (i = 0; i < RLIM_NLIMITS; i++) {
		seq_printf(m, "%-25s ", limit_names[i].name);
		put_limit(m, task_rlimit(task, i));
		put_limit(m, task_rlimit_max(task, i));
		if (limit_names[i].unit)
			seq_printf(m, "%-10s\n", limit_names[i].unit);
		else
			seq_putc(m, '\n');
	}
	return 0;
}

/* The processes that this thread has made, by number. */
int proc_tid_children(struct seq_file *m, struct task_struct *task)
{
	struct task_struct *p;

	read_lock(&tasklist_lock);
	list_for_each_entry (p, &task->children, sibling)
		seq_printf(m, "%d ", p->pid);
	read_unlock(&tasklist_lock);
	return 0;
}

/* Of the thread, or @whole: of the process, with threads that are gone. */
int proc_pid_io(struct seq_file *m, struct task_struct *task, bool whole)
{
	struct task_io io = task->io;
	struct task_struct *t;
	unsigned long flags;

	if (!ptrace_may_access(task, PTRACE_MODE_READ_FSCREDS))
		return -EACCES;
	if (whole && lock_task_sighand(task, &flags)) {
		io = task->signal->io;
		for_each_thread (task, t)
			task_io_add(&io, &t->io);
		unlock_task_sighand(task, &flags);
	}
	seq_printf(m, "rchar: %llu\nwchar: %llu\nsyscr: %llu\nsyscw: %llu\n", io.rchar, io.wchar,
		   io.syscr, io.syscw);
	seq_printf(m, "read_bytes: %llu\nwrite_bytes: %llu\ncancelled_write_bytes: %llu\n",
		   io.read_bytes, io.write_bytes, io.cancelled_write_bytes);
	return 0;
}
