/* SPDX-License-Identifier: MIT */
/* Core dumps: the memory and registers of a process that dies, in a file. See kernel/coredump.c, core(5). */
#ifndef QUIRE_KERNEL_COREDUMP_H
#define QUIRE_KERNEL_COREDUMP_H

#include <base/types.h>
#include <base/atomic.h>
#include <sync/completion.h>
#include <kernel/signal.h>

struct file;
struct task_struct;

#define CORENAME_MAX_SIZE	128

/* A thread that has stopped to be dumped; on its own stack. */
struct core_thread {
	struct task_struct *task;	/* NULL: it may go on to die */
	struct core_thread *next;
};

/* signal->core_state while a dump is being written; on the stack of the dumping thread. */
struct core_state {
	atomic_t nr_threads;		/* others that have not stopped yet */
	struct core_thread dumper;	/* the first, and the list of the others */
	struct completion startup;	/* all have */
};

/* One VMA as it was when the dump began. */
struct core_vma {
	unsigned long start, end, flags;
	unsigned long dump_size;	/* bytes from the start that are written */
	unsigned long pgoff;
	bool maybe_head;		/* one page of a file, if it is the head of a program or library */
	struct file *file;		/* with a reference; NULL */
};

/* A dump in progress. */
struct coredump_params {
	const kernel_siginfo_t *siginfo;
	struct file *file;
	unsigned long limit;		/* bytes that may be written */
	unsigned long mm_flags;		/* as they were: dumpable, filter */
	unsigned long written;
	loff_t pos;			/* in the file, skipped bytes included */
	loff_t to_skip;			/* zeroes that are not written yet */
	bool seekable;
	struct core_vma *vmas;
	unsigned int nr_vmas;
	char *buf;			/* one page, for copies */
};

/* get_signal(): the process dies of @siginfo, a signal that dumps core. Sets the bit in group_exit_code. */
void do_coredump(const kernel_siginfo_t *siginfo);
/* do_exit(): stand still while another thread dumps. */
void coredump_task_exit(struct task_struct *tsk);

/* For the format: write, skip (a hole, or zeroes in a pipe), align. False: no more. May sleep. */
bool dump_emit(struct coredump_params *cprm, const void *addr, size_t nr);
void dump_skip(struct coredump_params *cprm, size_t nr);
bool dump_user_range(struct coredump_params *cprm, unsigned long start, unsigned long len);

/* kernel/exec/elf_core.c: the whole file, or as much as the limit allows. False: nothing. */
bool elf_core_dump(struct coredump_params *cprm);

extern char core_pattern[CORENAME_MAX_SIZE];
extern int core_uses_pid, core_pipe_limit;

#endif
