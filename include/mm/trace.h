/* SPDX-License-Identifier: MIT */
/*
 * Trace events. Theory: mm/stat/trace.c. The names, fields and print formats are Linux's. While an
 * event is off its call is one load, one compare and a branch that is predicted not taken.
 *
 *	TRACE_EVENT_FIELDS of each event: F(type, name, is_signed) for each field, in order of the record
 */
#ifndef QUIRE_MM_TRACE_H
#define QUIRE_MM_TRACE_H

#include <base/types.h>
#include <base/compiler.h>

struct page;
struct folio;
struct kmem_cache;

/* Head of each record; Linux's common fields. */
struct trace_entry {
	u16 type;
	u8 flags;
	u8 preempt_count;
	s32 pid;
};

struct trace_filter;

struct trace_field {
	const char *type, *name;
	u16 offset, size;
	bool is_signed;
};

struct trace_event {
	u32 enabled;
	u16 id;				/* given at boot */
	u16 size;			/* bytes of a record */
	const char *system, *name;
	const struct trace_field *fields;	/* without the common ones; ends with type NULL */
	const char *print_fmt;			/* as Linux shows it in "format" */
	/* Write one record in words, as Linux's "trace" shows it behind "name: "; length. */
	int (*print)(char *buf, size_t size, const void *record);
	void (*switched)(void);			/* NULL, or called after each change of @enabled; may sleep */
	unsigned long hits;
	struct trace_filter *filter;		/* RCU; NULL: all records */
};

/* Let only those records of @event through for which @text holds ("pfn == 7 && order > 0"); "0": all. 0, -EINVAL,
 * -E2BIG (more than eight comparisons), -ENOMEM. May sleep. */
int trace_set_filter(struct trace_event *event, char *text);
/* The filter and a newline, or "none"; length. */
int trace_filter_text(struct trace_event *event, char *buf, size_t size);
/* With each record, the ten innermost callers (options/stacktrace). */
extern u32 trace_stacks;

/* Put a record of @event->size bytes; @record has its common fields still empty. Any context but NMI. */
void trace_put(struct trace_event *event, void *record);

#define DECLARE_TRACE_EVENT(name)	extern struct trace_event __event_##name

/* A record is the common head and the event's fields, all 8-byte or 4-byte scalars. */
#define TRACE_CALL(ev, ...)							\
do {										\
	if (unlikely(READ_ONCE(__event_##ev.enabled)))				\
		__trace_##ev(__VA_ARGS__);					\
} while (0)

/* For a list of events, X(event, (parameters), (arguments)): trace_EVENT() of each, which costs a test while it is off. */
#define DECLARE_TRACE_CALL(ev, params, args)					\
	DECLARE_TRACE_EVENT(ev);						\
	void __trace_##ev params;						\
	static inline void trace_##ev params					\
	{									\
		if (unlikely(READ_ONCE(__event_##ev.enabled)))			\
			__trace_##ev args;					\
	}

/* kmem */
DECLARE_TRACE_EVENT(mm_page_alloc);
DECLARE_TRACE_EVENT(mm_page_free);
DECLARE_TRACE_EVENT(mm_page_free_batched);
DECLARE_TRACE_EVENT(mm_page_alloc_zone_locked);
DECLARE_TRACE_EVENT(mm_page_pcpu_drain);
DECLARE_TRACE_EVENT(mm_page_alloc_extfrag);
DECLARE_TRACE_EVENT(kmalloc);
DECLARE_TRACE_EVENT(kfree);
DECLARE_TRACE_EVENT(kmem_cache_alloc);
DECLARE_TRACE_EVENT(kmem_cache_free);
/* exceptions */
DECLARE_TRACE_EVENT(page_fault_user);
DECLARE_TRACE_EVENT(page_fault_kernel);
DECLARE_TRACE_EVENT(page_fault_kind);
/* filemap */
DECLARE_TRACE_EVENT(mm_filemap_add_to_page_cache);
DECLARE_TRACE_EVENT(mm_filemap_delete_from_page_cache);
/* sched, raw_syscalls: the rest of the house uses the same machinery */
DECLARE_TRACE_EVENT(sched_switch);
DECLARE_TRACE_EVENT(sys_enter);
DECLARE_TRACE_EVENT(sys_exit);

void __trace_mm_page_alloc(struct page *page, unsigned int order, gfp_t gfp, int migratetype);
void __trace_mm_page_free(struct page *page, unsigned int order);
void __trace_mm_page_free_batched(struct page *page);
void __trace_mm_page_alloc_zone_locked(struct page *page, unsigned int order, int migratetype, int percpu_refill);
void __trace_mm_page_pcpu_drain(struct page *page, unsigned int order, int migratetype);
void __trace_mm_page_alloc_extfrag(struct page *page, int alloc_order, int fallback_order,
				   int alloc_migratetype, int fallback_migratetype);
void __trace_kmalloc(unsigned long call_site, const void *ptr, size_t req, size_t alloc, gfp_t gfp, int node);
void __trace_kfree(unsigned long call_site, const void *ptr);
void __trace_kmem_cache_alloc(unsigned long call_site, const void *ptr, struct kmem_cache *s, gfp_t gfp, int node);
void __trace_kmem_cache_free(unsigned long call_site, const void *ptr, struct kmem_cache *s);
void __trace_page_fault_user(unsigned long address, unsigned long ip, unsigned long error_code);
void __trace_page_fault_kind(unsigned int kind);
void __trace_page_fault_kernel(unsigned long address, unsigned long ip, unsigned long error_code);
void __trace_mm_filemap_add_to_page_cache(unsigned long pfn, unsigned long i_ino, unsigned long index,
					  unsigned int s_dev, unsigned char order);
void __trace_mm_filemap_delete_from_page_cache(unsigned long pfn, unsigned long i_ino, unsigned long index,
					       unsigned int s_dev, unsigned char order);
void __trace_sched_switch(int prev_pid, int prev_prio, long prev_state, int next_pid, int next_prio);
void __trace_sys_enter(long id, const unsigned long args[6]);
void __trace_sys_exit(long id, long ret);

#define trace_mm_page_alloc(page, order, gfp, mt)	TRACE_CALL(mm_page_alloc, page, order, gfp, mt)
#define trace_mm_page_free(page, order)			TRACE_CALL(mm_page_free, page, order)
#define trace_mm_page_free_batched(page)		TRACE_CALL(mm_page_free_batched, page)
#define trace_mm_page_alloc_zone_locked(p, o, mt, r)	TRACE_CALL(mm_page_alloc_zone_locked, p, o, mt, r)
#define trace_mm_page_pcpu_drain(p, o, mt)		TRACE_CALL(mm_page_pcpu_drain, p, o, mt)
#define trace_mm_page_alloc_extfrag(p, ao, fo, am, fm)	TRACE_CALL(mm_page_alloc_extfrag, p, ao, fo, am, fm)
#define trace_kmalloc(site, ptr, req, alloc, gfp, node)	TRACE_CALL(kmalloc, site, ptr, req, alloc, gfp, node)
#define trace_kfree(site, ptr)				TRACE_CALL(kfree, site, ptr)
#define trace_kmem_cache_alloc(site, ptr, s, gfp, node)	TRACE_CALL(kmem_cache_alloc, site, ptr, s, gfp, node)
#define trace_kmem_cache_free(site, ptr, s)		TRACE_CALL(kmem_cache_free, site, ptr, s)
#define trace_page_fault_user(addr, ip, ec)		TRACE_CALL(page_fault_user, addr, ip, ec)
#define trace_page_fault_kind(kind)			TRACE_CALL(page_fault_kind, kind)
#define trace_page_fault_kernel(addr, ip, ec)		TRACE_CALL(page_fault_kernel, addr, ip, ec)
#define trace_mm_filemap_add_to_page_cache(pfn, ino, index, dev, order) \
	TRACE_CALL(mm_filemap_add_to_page_cache, pfn, ino, index, dev, order)
#define trace_mm_filemap_delete_from_page_cache(pfn, ino, index, dev, order) \
	TRACE_CALL(mm_filemap_delete_from_page_cache, pfn, ino, index, dev, order)
#define trace_sched_switch(pp, pprio, st, np, nprio)	TRACE_CALL(sched_switch, pp, pprio, st, np, nprio)
#define trace_sys_enter(id, args)			TRACE_CALL(sys_enter, id, args)
#define trace_sys_exit(id, ret)				TRACE_CALL(sys_exit, id, ret)

/* ---- for tracefs ---- */
/* The n-th event, in order of id, or NULL. */
struct trace_event *trace_event_at(int n);
struct trace_event *trace_find_event(const char *system, const char *name);
/* Switch one event (NULL: all; @system alone: all of it). Buffers are made with the first. 0, -ENOMEM, -EINVAL. */
int trace_set_enabled(struct trace_event *event, bool on);
int trace_set_system_enabled(const char *system, bool on);
/* Text of the event's "format" file; length. */
int trace_format_text(struct trace_event *event, char *buf, size_t size);
/* tracing_on. */
extern u32 tracing_on;
/* Records lost to overwriting, and in the buffer, all CPUs. */
unsigned long trace_overruns(void);
unsigned long trace_entries(void);
void trace_clear(void);

/*
 * Reading. A cursor walks the records of all CPUs in order of time. `trace` peeks and leaves them,
 * `trace_pipe` consumes. trace_read_line() writes one line of text, with its newline, as Linux's default
 * tracer output; 0 when there is none.
 */
struct trace_cursor {
	u64 pos[64];			/* next record of each CPU */
	bool consume;
	bool started;
};
void trace_cursor_init(struct trace_cursor *c, bool consume);
int trace_read_line(struct trace_cursor *c, char *buf, size_t size);
/* The "# tracer: nop" head of the trace file; length. */
int trace_header_text(char *buf, size_t size);
/* buffer_size_kb of each CPU; a change empties the buffers. 0, -EBUSY, -ENOMEM. */
unsigned long trace_buffer_kb(void);
int trace_set_buffer_kb(unsigned long kb);
/* trace_marker: a line of text from a program. */
int trace_marker_write(const char *text, size_t len);

#endif
