/* SPDX-License-Identifier: MIT */
/* How tasks end and are waited for, see kernel/exit.c. */
#ifndef QUIRE_KERNEL_EXIT_H
#define QUIRE_KERNEL_EXIT_H

#include <base/types.h>
#include <kernel/pid_types.h>

struct task_struct;
struct rusage;
struct siginfo;

/* @code: as wait4 reports it (exit status << 8 | signal). */
void do_exit(long code) __attribute__((noreturn));
void do_group_exit(int code) __attribute__((noreturn));
void make_task_dead(int signr) __attribute__((noreturn));	/* after an oops */
/* SIGHUP and SIGCONT for a process group that becomes orphaned with stopped members. => tasklist_lock */
void kill_orphaned_pgrp(struct task_struct *tsk, struct task_struct *parent);
void release_task(struct task_struct *p);
void getrusage(struct task_struct *p, int who, struct rusage *ru);
/* Wait for a child of current from inside the kernel (init). Its pid or -ECHILD. */
long kernel_wait4(pid_t pid, int __user *stat_addr, int options, struct rusage *ru);

#endif
