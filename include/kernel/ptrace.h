/* SPDX-License-Identifier: MIT */
/*
 * One task traces another: it sees the other stop at signals, system calls and events, and reads and
 * writes its registers and memory. Who may: kernel/ptrace.c. The stops: kernel/ptrace_stop.c. The
 * requests: kernel/ptrace_request.c and the machine's ptrace.c. Interface: ptrace(2).
 */
#ifndef QUIRE_KERNEL_PTRACE_H
#define QUIRE_KERNEL_PTRACE_H

#include <base/types.h>
#include <base/list.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <seam/ptrace.h>

/* Requests, Linux's numbers; the machine's own are in its ptrace.c. */
#define PTRACE_TRACEME			0
#define PTRACE_PEEKTEXT			1
#define PTRACE_PEEKDATA			2
#define PTRACE_PEEKUSR			3
#define PTRACE_POKETEXT			4
#define PTRACE_POKEDATA			5
#define PTRACE_POKEUSR			6
#define PTRACE_CONT			7
#define PTRACE_KILL			8
#define PTRACE_SINGLESTEP		9
#define PTRACE_GETREGS			12
#define PTRACE_SETREGS			13
#define PTRACE_GETFPREGS		14
#define PTRACE_SETFPREGS		15
#define PTRACE_ATTACH			16
#define PTRACE_DETACH			17
#define PTRACE_OLDSETOPTIONS		21
#define PTRACE_SYSCALL			24
#define PTRACE_ARCH_PRCTL		30
#define PTRACE_SYSEMU			31
#define PTRACE_SYSEMU_SINGLESTEP	32
#define PTRACE_SINGLEBLOCK		33
#define PTRACE_SETOPTIONS		0x4200
#define PTRACE_GETEVENTMSG		0x4201
#define PTRACE_GETSIGINFO		0x4202
#define PTRACE_SETSIGINFO		0x4203
#define PTRACE_GETREGSET		0x4204
#define PTRACE_SETREGSET		0x4205
#define PTRACE_SEIZE			0x4206
#define PTRACE_INTERRUPT		0x4207
#define PTRACE_LISTEN			0x4208
#define PTRACE_PEEKSIGINFO		0x4209
#define PTRACE_GETSIGMASK		0x420a
#define PTRACE_SETSIGMASK		0x420b
#define PTRACE_SECCOMP_GET_FILTER	0x420c
#define PTRACE_SECCOMP_GET_METADATA	0x420d
#define PTRACE_GET_SYSCALL_INFO		0x420e
#define PTRACE_GET_RSEQ_CONFIGURATION	0x420f

/* Events: the second byte of the wait status. */
#define PTRACE_EVENT_FORK		1
#define PTRACE_EVENT_VFORK		2
#define PTRACE_EVENT_CLONE		3
#define PTRACE_EVENT_EXEC		4
#define PTRACE_EVENT_VFORK_DONE		5
#define PTRACE_EVENT_EXIT		6
#define PTRACE_EVENT_SECCOMP		7
#define PTRACE_EVENT_STOP		128
#define PTRACE_EVENTMSG_SYSCALL_ENTRY	1
#define PTRACE_EVENTMSG_SYSCALL_EXIT	2

#define PTRACE_O_TRACESYSGOOD		1
#define PTRACE_O_EXITKILL		(1 << 20)
#define PTRACE_O_SUSPEND_SECCOMP	(1 << 21)
#define PTRACE_O_MASK			(0xff | PTRACE_O_EXITKILL | PTRACE_O_SUSPEND_SECCOMP)

/* task->ptrace: is it traced and how; options from bit 3 on. */
#define PT_PTRACED		1U
#define PT_SEIZED		0x00010000U
#define PT_OPT_SHIFT		3
#define PT_EVENT_FLAG(event)	(1U << (PT_OPT_SHIFT + (event)))
#define PT_TRACESYSGOOD		PT_EVENT_FLAG(0)
#define PT_EXITKILL		((unsigned int)PTRACE_O_EXITKILL << PT_OPT_SHIFT)
#define PT_OPT_MASK		((unsigned int)PTRACE_O_MASK << PT_OPT_SHIFT)

/*
 * May current look at (READ) or control (ATTACH) @task? One of the two, with one of
 * FSCREDS (the ids of file access: what /proc asks) or REALCREDS (the real ids: system calls).
 */
#define PTRACE_MODE_READ		0x01
#define PTRACE_MODE_ATTACH		0x02
#define PTRACE_MODE_FSCREDS		0x08
#define PTRACE_MODE_REALCREDS		0x10
#define PTRACE_MODE_READ_FSCREDS	(PTRACE_MODE_READ | PTRACE_MODE_FSCREDS)
#define PTRACE_MODE_READ_REALCREDS	(PTRACE_MODE_READ | PTRACE_MODE_REALCREDS)
#define PTRACE_MODE_ATTACH_FSCREDS	(PTRACE_MODE_ATTACH | PTRACE_MODE_FSCREDS)
#define PTRACE_MODE_ATTACH_REALCREDS	(PTRACE_MODE_ATTACH | PTRACE_MODE_REALCREDS)

/* Takes task_lock of @task. ptrace(2), "Ptrace access mode checking". */
bool ptrace_may_access(struct task_struct *task, unsigned int mode);
/* The memory of @task with a use count; NULL: it has none; -EACCES: not for current; -EINTR. May sleep. */
struct mm_struct *mm_access(struct task_struct *task, unsigned int mode);
/* Does @task's tracer have CAP_SYS_PTRACE (as it had it when it attached)? True when there is none. */
bool ptracer_capable(struct task_struct *task);

static inline bool ptrace_event_enabled(struct task_struct *task, int event)
{
	return task->ptrace & PT_EVENT_FLAG(event);
}

/* Is the tracer another process than the parent? */
static inline bool ptrace_reparented(struct task_struct *child)
{
	return !same_thread_group(child->real_parent, child->parent);
}

/* --- the tracee's side: stops. All may sleep, and nothing happens without a tracer. --- */

/* Stop at @event, if the tracer asked for it, with @message for PTRACE_GETEVENTMSG. */
void __ptrace_event(int event, unsigned long message);
static inline void ptrace_event(int event, unsigned long message)
{
	if (unlikely(current->ptrace))
		__ptrace_event(event, message);
}

/* Stop with SIGTRAP and @exit_code (an event in its second byte). The signal that the tracer gives. */
int ptrace_notify(int exit_code, unsigned long message);
/* Entering a system call. True: do not execute it. */
bool ptrace_report_syscall_entry(void);
void ptrace_report_syscall_exit(void);
/* Used by get_signal(); => siglock held, dropped and retaken. The signal to go on with, 0: none. */
int ptrace_signal(int signr, kernel_siginfo_t *info, bool shared);
void do_jobctl_trap(void);
/* A group stop or its end concerns a seized task. => siglock */
void ptrace_trap_notify(struct task_struct *t);
/* Wake a tracee out of its stop (@resume) or make it look for a trap. => siglock */
void ptrace_signal_wake_up(struct task_struct *t, bool resume);
/* Whoever waits until a stopped task is a traced one may go on. => siglock */
void task_clear_jobctl_trapping(struct task_struct *t);

/* --- the tie --- */

/* A new task: traced like its parent when @trace. => tasklist_lock for writing, siglock */
void ptrace_init_task(struct task_struct *child, bool trace);
/* => tasklist_lock for writing */
void ptrace_unlink(struct task_struct *child);
/* @tracer exits: its tracees are free, or die (EXITKILL); what nobody waits for goes to @dead. => as above */
void exit_ptrace(struct task_struct *tracer, struct list_head *dead);
/* Memory of the stopped tracee @task: bytes copied. 0 unless current is its tracer. */
int ptrace_access_vm(struct task_struct *task, unsigned long addr, void *buf, int len,
		     unsigned int gup_flags);
/* Yama (kernel/yama/ptrace_scope): 0 as ptrace(2), 1 descendants and who is named by PR_SET_PTRACER,
 * 2 CAP_SYS_PTRACE, 3 nobody (which cannot be changed back). */
extern int ptrace_scope;
int yama_set_ptracer(unsigned long pid);
void yama_task_free(struct signal_struct *sig);

/* --- requests --- */

/* A request to the stopped tracee @child: as ptrace(2) returns it. arch: the machine's, falls back. */
long arch_ptrace(struct task_struct *child, long request, unsigned long addr, unsigned long data);
long ptrace_request(struct task_struct *child, long request, unsigned long addr,
		    unsigned long data);
/* @child will not be traced any more: no steps. */
void ptrace_disable(struct task_struct *child);
/* What SEIZE and SETOPTIONS may ask for. 0, -EINVAL. */
int ptrace_check_options(unsigned long options);

/* One kind of registers of a task. @n units of @size bytes. */
struct user_regset {
	unsigned int type;	/* NT_* */
	unsigned int n, size;
	/* Fill @buf (n * size bytes) / take over the first @count bytes of @buf. @task: current, or stopped. */
	int (*get)(struct task_struct *task, void *buf);
	int (*set)(struct task_struct *task, const void *buf, unsigned int count);
};
/* The kinds that a task of this machine has; the first is NT_PRSTATUS. */
const struct user_regset *task_regsets(unsigned int *count);

#endif
