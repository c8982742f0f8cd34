/* SPDX-License-Identifier: MIT */
/*
 * When the kernel finds itself broken: warnings, oopses, panic.
 *
 * warn: a message with a trace, then on (panic_on_warn: panic). oops: the task dies with SIGSEGV;
 * the machine goes on unless it was in an interrupt, was PID 1 or idle, or oops=panic. panic: all
 * CPUs stop; the machine leaves QEMU (isa-debug-exit) if it can, reboots after panic=N seconds, or
 * stands still. Kernel parameters: panic=N, oops=panic, panic_on_warn.
 */
#ifndef QUIRE_KERNEL_PANIC_H
#define QUIRE_KERNEL_PANIC_H

#include <base/types.h>
#include <base/compiler.h>

struct pt_regs;
struct task_struct;

/* Does not return. Any context. */
void panic(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2), cold));

/* Print the call trace of the running task. Any context. */
void dump_stack(void) __attribute__((cold));
/* Registers of a kernel or user context. */
void show_regs(struct pt_regs *regs);
/* Store up to @max return addresses of the running task, skipping @skip; the number stored. */
unsigned int stack_trace_save(unsigned long *store, unsigned int max, unsigned int skip);
unsigned int stack_trace_save_tsk(struct task_struct *tsk, unsigned long *store, unsigned int max,
				  unsigned int skip);

/* The body of WARN*(): called by base/bug.h. @fmt may be NULL. */
void warn_slowpath_fmt(const char *file, int line, unsigned int taint, const char *fmt, ...)
	__attribute__((format(printf, 4, 5), cold));
/* The body of BUG(): prints "kernel BUG at file:line!" and dies. */
void bug_at(const char *file, int line) __attribute__((noreturn, cold));

/* An exception in the kernel that nothing fixes up: print, and kill the task or panic. */
void die(const char *what, struct pt_regs *regs, long err);

extern int panic_timeout;	/* seconds until reboot; 0 stand still; < 0 at once */
extern bool panic_on_oops, panic_on_warn;
extern bool oops_in_progress;
extern unsigned long oops_count, warn_count;	/* since boot; /sys/kernel/{oops,warn}_count */

#define TAINT_DIE	7
#define TAINT_WARN	9
void add_taint(unsigned int flag);
const char *print_tainted(void);

#endif
