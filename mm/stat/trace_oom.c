// SPDX-License-Identifier: MIT
/*
 * The events of the OOM killer. Names, fields, their order and the print formats are Linux 6.1's
 * (include/trace/events/oom.h); mark_victim has its comm in the record, not behind it.
 */
#include <base/printf.h>
#include <base/string.h>
#include <kernel/task.h>
#include <mm/oom.h>
#include <mm/trace_oom.h>
#include "trace_internal.h"

#define oom_score_adj_update_FIELDS(F)                                                             \
	F(oom_score_adj_update, int, pid)                                                          \
	F##_TEXT(oom_score_adj_update, 16, comm) F(oom_score_adj_update, short, oom_score_adj)
DEFINE_TRACE_RECORD(oom_score_adj_update);
PRINTER(oom_score_adj_update)
{
	RECORD(oom_score_adj_update);

	return scnprintf(buf, size, "pid=%d comm=%s oom_score_adj=%hd", r->pid, r->comm,
			 r->oom_score_adj);
}
DEFINE_TRACE_EVENT(oom, oom_score_adj_update,
		   "\"pid=%d comm=%s oom_score_adj=%hd\", REC->pid, REC->comm, REC->oom_score_adj");
void __trace_oom_score_adj_update(struct task_struct *p, short adj)
{
	struct oom_score_adj_update_record r = { .pid = p->pid, .oom_score_adj = adj };

	strscpy(r.comm, p->comm, sizeof(r.comm));
	trace_put(&__event_oom_score_adj_update, &r);
}

#define mark_victim_FIELDS(F)                                                                      \
	F(mark_victim, int, pid)                                                                   \
	F##_TEXT(mark_victim, 16, comm) F(mark_victim, unsigned long, total_vm)                    \
		F(mark_victim, unsigned long, anon_rss) F(mark_victim, unsigned long, file_rss)    \
			F(mark_victim, unsigned long, shmem_rss) F(mark_victim, unsigned int, uid) \
				F(mark_victim, unsigned long, pgtables)                            \
					F(mark_victim, short, oom_score_adj)
DEFINE_TRACE_RECORD(mark_victim);
PRINTER(mark_victim)
{
	RECORD(mark_victim);

	return scnprintf(
		buf, size,
		"pid=%d comm=%s total-vm=%lukB anon-rss=%lukB file-rss:%lukB shmem-rss:%lukB "
		"uid=%u pgtables=%lukB oom_score_adj=%hd",
		r->pid, r->comm, r->total_vm, r->anon_rss, r->file_rss, r->shmem_rss, r->uid,
		r->pgtables, r->oom_score_adj);
}
DEFINE_TRACE_EVENT(
	oom, mark_victim,
	"\"pid=%d comm=%s total-vm=%lukB anon-rss=%lukB file-rss:%lukB shmem-rss:%lukB uid=%u pgtables=%lukB oom_score_adj=%hd\", REC->pid, REC->comm, REC->total_vm, REC->anon_rss, REC->file_rss, REC->shmem_rss, REC->uid, REC->pgtables, REC->oom_score_adj");
void __trace_mark_victim(struct task_struct *p, const struct oom_score *s, unsigned int uid)
{
	struct mark_victim_record r = { .pid = p->pid,
					.total_vm = s->total_vm * 4,
					.anon_rss = s->anon * 4,
					.file_rss = s->file * 4,
					.shmem_rss = s->shmem * 4,
					.uid = uid,
					.pgtables = s->pgtables_bytes / 1024,
					.oom_score_adj = s->adj };

	strscpy(r.comm, p->comm, sizeof(r.comm));
	trace_put(&__event_mark_victim, &r);
}

/* The four that tell a process alone. */
#define DEFINE_PID_EVENT(ev)                                                                       \
	DEFINE_TRACE_RECORD(ev);                                                                   \
	PRINTER(ev)                                                                                \
	{                                                                                          \
		RECORD(ev);                                                                        \
                                                                                                   \
		return scnprintf(buf, size, "pid=%d", r->pid);                                     \
	}                                                                                          \
	DEFINE_TRACE_EVENT(oom, ev, "\"pid=%d\", REC->pid");                                       \
	void __trace_##ev(int pid)                                                                 \
	{                                                                                          \
		struct ev##_record r = { .pid = pid };                                             \
                                                                                                   \
		trace_put(&__event_##ev, &r);                                                      \
	}

#define wake_reaper_FIELDS(F) F(wake_reaper, int, pid)
DEFINE_PID_EVENT(wake_reaper)
#define start_task_reaping_FIELDS(F) F(start_task_reaping, int, pid)
DEFINE_PID_EVENT(start_task_reaping)
#define finish_task_reaping_FIELDS(F) F(finish_task_reaping, int, pid)
DEFINE_PID_EVENT(finish_task_reaping)
#define skip_task_reaping_FIELDS(F) F(skip_task_reaping, int, pid)
DEFINE_PID_EVENT(skip_task_reaping)
