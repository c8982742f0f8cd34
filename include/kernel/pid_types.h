/* SPDX-License-Identifier: MIT */
#ifndef QUIRE_KERNEL_PID_TYPES_H
#define QUIRE_KERNEL_PID_TYPES_H

/* The four meanings of a number: a thread, a process, a process group, a session. */
enum pid_type {
	PIDTYPE_PID,
	PIDTYPE_TGID,
	PIDTYPE_PGID,
	PIDTYPE_SID,
	PIDTYPE_MAX,
};

struct pid;

#endif
