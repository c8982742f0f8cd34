/* SPDX-License-Identifier: MIT */
/* Loading programs, see kernel/exec/exec.c. */
#ifndef QUIRE_KERNEL_EXEC_H
#define QUIRE_KERNEL_EXEC_H

#include <base/types.h>
#include <base/list.h>
#include <kernel/rlimit.h>

#define BINPRM_BUF_SIZE	256
#define MAX_ARG_STRLEN	(4096 * 32)	/* bytes of one string */
#define MAX_ARG_STRINGS	0x7fffffff

struct cred;
struct file;
struct filename;
struct mm_struct;
struct page;
struct vm_area_struct;
struct task_struct;

/* A program being loaded, from open to the point of no return and a little beyond. */
struct linux_binprm {
	struct vm_area_struct *vma;	/* the stack-to-be, in mm */
	unsigned long vma_pages;
	struct mm_struct *mm;
	unsigned long p;		/* top of the strings copied so far */
	unsigned long argmin;		/* they may not go below */
	unsigned int have_execfd:1, secureexec:1, point_of_no_return:1;
	struct file *executable;	/* to pass to an interpreter by fd */
	struct file *interpreter;	/* next file to load (a script's interpreter) */
	struct file *file;
	struct cred *cred;		/* of the new program */
	int unsafe;			/* LSM_UNSAFE_* : why setuid is not honoured */
	unsigned int per_clear;		/* personality bits to clear */
	int argc, envc;
	const char *filename;		/* as seen by ps */
	const char *interp;		/* of the binary really executed */
	const char *fdpath;		/* generated name for execveat by fd */
	unsigned interp_flags;
	int execfd;
	unsigned long loader, exec;
	struct rlimit rlim_stack;	/* in force for this exec */
	char buf[BINPRM_BUF_SIZE];	/* first bytes of the file */
};

#define BINPRM_FLAGS_ENFORCE_NONDUMP	(1 << 0)	/* who runs it may not read it */
#define BINPRM_FLAGS_PATH_INACCESSIBLE	(1 << 2)	/* its fd will be closed by exec */

/* A kind of program. load_binary: 0, -ENOEXEC (not mine), or an error. */
struct linux_binfmt {
	struct list_head lh;
	const char *name;
	int (*load_binary)(struct linux_binprm *bprm);
};
void register_binfmt(struct linux_binfmt *fmt);
void set_binfmt(struct linux_binfmt *fmt);

int begin_new_exec(struct linux_binprm *bprm);	/* the point of no return is inside */
void setup_new_exec(struct linux_binprm *bprm);
void finalize_exec(struct linux_binprm *bprm);
int copy_string_kernel(const char *arg, struct linux_binprm *bprm);
int remove_arg_zero(struct linux_binprm *bprm);
int bprm_change_interp(const char *interp, struct linux_binprm *bprm);
struct file *open_exec(const char *name);
int would_dump(struct linux_binprm *bprm, struct file *file);

/* Replace current by the program @filename of the kernel's choosing. 0 does return: to user mode. */
int kernel_execve(const char *filename, const char *const *argv, const char *const *envp);

/* dumpable: 0 no, 1 yes, 2 by root only */
#define SUID_DUMP_DISABLE	0
#define SUID_DUMP_USER		1
#define SUID_DUMP_ROOT		2
void set_dumpable(struct mm_struct *mm, int value);
int get_dumpable(struct mm_struct *mm);
extern int suid_dumpable;

#endif
