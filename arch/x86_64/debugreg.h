/* SPDX-License-Identifier: MIT */
/* Debug registers and steps, between their own files and those of traps and switches. See debugreg.c. */
#ifndef QUIRE_DEBUGREG_H
#define QUIRE_DEBUGREG_H

#include <base/types.h>

struct task_struct;

/* DR6: what happened. Reserved bits read as 1, but RTM (16), which is 0 when it happened. */
#define DR_TRAP_BITS	0xfUL
#define DR_STEP		0x4000UL
#define DR6_RESERVED	0xffff0ff0UL

/* Read and clear DR6: the bits of what happened are 1 in the result. */
unsigned long take_dr6(void);
/* Load @next's registers, or disarm them all. => interrupts off, on the way to @next */
void switch_debug_registers(struct task_struct *next);
/* No breakpoints, no steps by branch: exec, and new tasks (@task does not run, or is current). */
void clear_debug_registers(struct task_struct *task);
/* u_debugreg[@n] of struct user. @task does not run. set: 0, -EIO (4, 5), -EINVAL. */
unsigned long get_debugreg(struct task_struct *task, unsigned int n);
int set_debugreg(struct task_struct *task, unsigned int n, unsigned long value);

#endif
