/* SPDX-License-Identifier: MIT */
/* Trace events of the OOM killer. mm/stat/trace_oom.c */
#ifndef QUIRE_MM_TRACE_OOM_H
#define QUIRE_MM_TRACE_OOM_H

#include <base/types.h>
#include <base/compiler.h>
#include <mm/trace.h>

struct oom_score;
struct task_struct;

#define OOM_EVENTS(X)									\
	X(oom_score_adj_update, (struct task_struct *p, short adj), (p, adj))		\
	X(mark_victim, (struct task_struct *p, const struct oom_score *s, unsigned int uid), (p, s, uid))	\
	X(wake_reaper, (int pid), (pid))						\
	X(start_task_reaping, (int pid), (pid))						\
	X(finish_task_reaping, (int pid), (pid))					\
	X(skip_task_reaping, (int pid), (pid))

OOM_EVENTS(DECLARE_TRACE_CALL)

#endif
