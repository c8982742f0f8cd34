// SPDX-License-Identifier: MIT
/*
 * The events of the house: for each its fields, its line, and the function that TRACE_CALL reaches when it
 * is enabled. Names, fields, their order and the print formats are Linux 6.1's, so that its tools can read.
 */
#include <base/types.h>
#include <base/printf.h>
#include <base/string.h>
#include <kernel/task.h>
#include <mm/gfp.h>
#include <mm/fault.h>
#include <mm/slab.h>
#include <mm/trace.h>
#include <mm/zone.h>
#include "trace_internal.h"

#define NO_PFN (~0UL)

static unsigned long pfn_or_none(const struct page *page)
{
	return page ? page_to_pfn(page) : NO_PFN;
}

/* A page as Linux prints it: its descriptor's address and its frame. */
static int print_page(char *buf, size_t size, unsigned long pfn)
{
	return scnprintf(buf, size, "page=%p pfn=0x%lx", pfn != NO_PFN ? (void *)pfn_to_page(pfn) : NULL,
			 pfn != NO_PFN ? pfn : 0);
}

/* ---- kmem: pages ---- */

#define mm_page_alloc_FIELDS(F)							\
	F(mm_page_alloc, unsigned long, pfn) F(mm_page_alloc, unsigned int, order)	\
	F(mm_page_alloc, unsigned long, gfp_flags) F(mm_page_alloc, int, migratetype)
DEFINE_TRACE_RECORD(mm_page_alloc);
PRINTER(mm_page_alloc)
{
	RECORD(mm_page_alloc);
	int len = print_page(buf, size, r->pfn);

	len += scnprintf(buf + len, size - len, " order=%d migratetype=%d gfp_flags=", r->order, r->migratetype);
	return len + gfp_to_string(buf + len, size - len, r->gfp_flags);
}
DEFINE_TRACE_EVENT(kmem, mm_page_alloc, "\"page=%p pfn=0x%lx order=%d migratetype=%d gfp_flags=%s\", REC->pfn != -1UL ? (((struct page *)vmemmap_base) + (REC->pfn)) : ((void *)0), REC->pfn != -1UL ? REC->pfn : 0, REC->order, REC->migratetype, REC->gfp_flags");
void __trace_mm_page_alloc(struct page *page, unsigned int order, gfp_t gfp, int migratetype)
{
	struct mm_page_alloc_record r = { .pfn = pfn_or_none(page), .order = order, .gfp_flags = gfp,
					  .migratetype = migratetype };

	trace_put(&__event_mm_page_alloc, &r);
}

#define mm_page_free_FIELDS(F) F(mm_page_free, unsigned long, pfn) F(mm_page_free, unsigned int, order)
DEFINE_TRACE_RECORD(mm_page_free);
PRINTER(mm_page_free)
{
	RECORD(mm_page_free);
	int len = print_page(buf, size, r->pfn);

	return len + scnprintf(buf + len, size - len, " order=%d", r->order);
}
DEFINE_TRACE_EVENT(kmem, mm_page_free, "\"page=%p pfn=0x%lx order=%d\", (((struct page *)vmemmap_base) + (REC->pfn)), REC->pfn, REC->order");
void __trace_mm_page_free(struct page *page, unsigned int order)
{
	struct mm_page_free_record r = { .pfn = page_to_pfn(page), .order = order };

	trace_put(&__event_mm_page_free, &r);
}

#define mm_page_free_batched_FIELDS(F) F(mm_page_free_batched, unsigned long, pfn)
DEFINE_TRACE_RECORD(mm_page_free_batched);
PRINTER(mm_page_free_batched)
{
	RECORD(mm_page_free_batched);
	int len = print_page(buf, size, r->pfn);

	return len + scnprintf(buf + len, size - len, " order=0");
}
DEFINE_TRACE_EVENT(kmem, mm_page_free_batched, "\"page=%p pfn=0x%lx order=0\", (((struct page *)vmemmap_base) + (REC->pfn)), REC->pfn");
void __trace_mm_page_free_batched(struct page *page)
{
	struct mm_page_free_batched_record r = { .pfn = page_to_pfn(page) };

	trace_put(&__event_mm_page_free_batched, &r);
}

#define mm_page_alloc_zone_locked_FIELDS(F)						\
	F(mm_page_alloc_zone_locked, unsigned long, pfn) F(mm_page_alloc_zone_locked, unsigned int, order) \
	F(mm_page_alloc_zone_locked, int, migratetype) F(mm_page_alloc_zone_locked, int, percpu_refill)
DEFINE_TRACE_RECORD(mm_page_alloc_zone_locked);
PRINTER(mm_page_alloc_zone_locked)
{
	RECORD(mm_page_alloc_zone_locked);
	int len = print_page(buf, size, r->pfn);

	return len + scnprintf(buf + len, size - len, " order=%u migratetype=%d percpu_refill=%d", r->order,
			       r->migratetype, r->percpu_refill);
}
DEFINE_TRACE_EVENT(kmem, mm_page_alloc_zone_locked, "\"page=%p pfn=0x%lx order=%u migratetype=%d percpu_refill=%d\", REC->pfn != -1UL ? (((struct page *)vmemmap_base) + (REC->pfn)) : ((void *)0), REC->pfn != -1UL ? REC->pfn : 0, REC->order, REC->migratetype, REC->percpu_refill");
void __trace_mm_page_alloc_zone_locked(struct page *page, unsigned int order, int migratetype, int percpu_refill)
{
	struct mm_page_alloc_zone_locked_record r = { .pfn = pfn_or_none(page), .order = order,
						      .migratetype = migratetype, .percpu_refill = percpu_refill };

	trace_put(&__event_mm_page_alloc_zone_locked, &r);
}

#define mm_page_pcpu_drain_FIELDS(F)							\
	F(mm_page_pcpu_drain, unsigned long, pfn) F(mm_page_pcpu_drain, unsigned int, order) \
	F(mm_page_pcpu_drain, int, migratetype)
DEFINE_TRACE_RECORD(mm_page_pcpu_drain);
PRINTER(mm_page_pcpu_drain)
{
	RECORD(mm_page_pcpu_drain);
	int len = print_page(buf, size, r->pfn);

	return len + scnprintf(buf + len, size - len, " order=%d migratetype=%d", r->order, r->migratetype);
}
DEFINE_TRACE_EVENT(kmem, mm_page_pcpu_drain, "\"page=%p pfn=0x%lx order=%d migratetype=%d\", (((struct page *)vmemmap_base) + (REC->pfn)), REC->pfn, REC->order, REC->migratetype");
void __trace_mm_page_pcpu_drain(struct page *page, unsigned int order, int migratetype)
{
	struct mm_page_pcpu_drain_record r = { .pfn = page_to_pfn(page), .order = order, .migratetype = migratetype };

	trace_put(&__event_mm_page_pcpu_drain, &r);
}

#define mm_page_alloc_extfrag_FIELDS(F)							\
	F(mm_page_alloc_extfrag, unsigned long, pfn) F(mm_page_alloc_extfrag, int, alloc_order) \
	F(mm_page_alloc_extfrag, int, fallback_order) F(mm_page_alloc_extfrag, int, alloc_migratetype) \
	F(mm_page_alloc_extfrag, int, fallback_migratetype) F(mm_page_alloc_extfrag, int, change_ownership)
DEFINE_TRACE_RECORD(mm_page_alloc_extfrag);
PRINTER(mm_page_alloc_extfrag)
{
	RECORD(mm_page_alloc_extfrag);
	int len = print_page(buf, size, r->pfn);

	return len + scnprintf(buf + len, size - len,
		" alloc_order=%d fallback_order=%d pageblock_order=%d alloc_migratetype=%d fallback_migratetype=%d fragmenting=%d change_ownership=%d",
		r->alloc_order, r->fallback_order, pageblock_order, r->alloc_migratetype, r->fallback_migratetype,
		r->fallback_order < pageblock_order, r->change_ownership);
}
DEFINE_TRACE_EVENT(kmem, mm_page_alloc_extfrag, "\"page=%p pfn=0x%lx alloc_order=%d fallback_order=%d pageblock_order=%d alloc_migratetype=%d fallback_migratetype=%d fragmenting=%d change_ownership=%d\", (((struct page *)vmemmap_base) + (REC->pfn)), REC->pfn, REC->alloc_order, REC->fallback_order, 9, REC->alloc_migratetype, REC->fallback_migratetype, REC->fallback_order < 9, REC->change_ownership");
void __trace_mm_page_alloc_extfrag(struct page *page, int alloc_order, int fallback_order,
				   int alloc_migratetype, int fallback_migratetype)
{
	struct mm_page_alloc_extfrag_record r = {
		.pfn = page_to_pfn(page), .alloc_order = alloc_order, .fallback_order = fallback_order,
		.alloc_migratetype = alloc_migratetype, .fallback_migratetype = fallback_migratetype,
		.change_ownership = alloc_migratetype == get_pageblock_migratetype(page), /* now */
	};

	trace_put(&__event_mm_page_alloc_extfrag, &r);
}

/* ---- kmem: objects ---- */

#define kmalloc_FIELDS(F)								\
	F(kmalloc, unsigned long, call_site) F(kmalloc, const void *, ptr) F(kmalloc, size_t, bytes_req) \
	F(kmalloc, size_t, bytes_alloc) F(kmalloc, unsigned int, gfp_flags) F(kmalloc, int, node)
DEFINE_TRACE_RECORD(kmalloc);
PRINTER(kmalloc)
{
	RECORD(kmalloc);
	int len = scnprintf(buf, size, "call_site=%pS ptr=%p bytes_req=%zu bytes_alloc=%zu gfp_flags=",
			    (void *)r->call_site, r->ptr, r->bytes_req, r->bytes_alloc);

	len += gfp_to_string(buf + len, size - len, r->gfp_flags);
	return len + scnprintf(buf + len, size - len, " node=%d accounted=false", r->node);
}
DEFINE_TRACE_EVENT(kmem, kmalloc, "\"call_site=%pS ptr=%p bytes_req=%zu bytes_alloc=%zu gfp_flags=%s node=%d accounted=%s\", (void *)REC->call_site, REC->ptr, REC->bytes_req, REC->bytes_alloc, REC->gfp_flags, REC->node, \"false\"");
void __trace_kmalloc(unsigned long call_site, const void *ptr, size_t req, size_t alloc, gfp_t gfp, int node)
{
	struct kmalloc_record r = { .call_site = call_site, .ptr = ptr, .bytes_req = req, .bytes_alloc = alloc,
				    .gfp_flags = gfp, .node = node };

	trace_put(&__event_kmalloc, &r);
}

#define kfree_FIELDS(F) F(kfree, unsigned long, call_site) F(kfree, const void *, ptr)
DEFINE_TRACE_RECORD(kfree);
PRINTER(kfree)
{
	RECORD(kfree);

	return scnprintf(buf, size, "call_site=%pS ptr=%p", (void *)r->call_site, r->ptr);
}
DEFINE_TRACE_EVENT(kmem, kfree, "\"call_site=%pS ptr=%p\", (void *)REC->call_site, REC->ptr");
void __trace_kfree(unsigned long call_site, const void *ptr)
{
	struct kfree_record r = { .call_site = call_site, .ptr = ptr };

	trace_put(&__event_kfree, &r);
}

/* The name of the cache is looked up when the record is printed: the record is 48 bytes at most. */
#define kmem_cache_alloc_FIELDS(F)							\
	F(kmem_cache_alloc, unsigned long, call_site) F(kmem_cache_alloc, const void *, ptr) \
	F(kmem_cache_alloc, unsigned int, bytes_req) F(kmem_cache_alloc, unsigned int, bytes_alloc) \
	F(kmem_cache_alloc, unsigned int, gfp_flags) F(kmem_cache_alloc, int, node)
DEFINE_TRACE_RECORD(kmem_cache_alloc);
PRINTER(kmem_cache_alloc)
{
	RECORD(kmem_cache_alloc);
	int len = scnprintf(buf, size, "call_site=%pS ptr=%p bytes_req=%u bytes_alloc=%u gfp_flags=",
			    (void *)r->call_site, r->ptr, r->bytes_req, r->bytes_alloc);

	len += gfp_to_string(buf + len, size - len, r->gfp_flags);
	return len + scnprintf(buf + len, size - len, " node=%d accounted=false", r->node);
}
DEFINE_TRACE_EVENT(kmem, kmem_cache_alloc, "\"call_site=%pS ptr=%p bytes_req=%zu bytes_alloc=%zu gfp_flags=%s node=%d accounted=%s\", (void *)REC->call_site, REC->ptr, REC->bytes_req, REC->bytes_alloc, REC->gfp_flags, REC->node, \"false\"");
void __trace_kmem_cache_alloc(unsigned long call_site, const void *ptr, struct kmem_cache *s, gfp_t gfp, int node)
{
	struct kmem_cache_alloc_record r = { .call_site = call_site, .ptr = ptr, .bytes_req = kmem_cache_size(s),
					     .bytes_alloc = kmem_cache_size(s), .gfp_flags = gfp, .node = node };

	trace_put(&__event_kmem_cache_alloc, &r);
}

#define kmem_cache_free_FIELDS(F)							\
	F(kmem_cache_free, unsigned long, call_site) F(kmem_cache_free, const void *, ptr)	\
	F(kmem_cache_free, u64, name_0) F(kmem_cache_free, u64, name_1)
DEFINE_TRACE_RECORD(kmem_cache_free);
PRINTER(kmem_cache_free)
{
	RECORD(kmem_cache_free);
	char name[17] = { 0 };

	memcpy(name, &r->name_0, 16);
	return scnprintf(buf, size, "call_site=%pS ptr=%p name=%s", (void *)r->call_site, r->ptr, name);
}
DEFINE_TRACE_EVENT(kmem, kmem_cache_free, "\"call_site=%pS ptr=%p\", (void *)REC->call_site, REC->ptr");
void __trace_kmem_cache_free(unsigned long call_site, const void *ptr, struct kmem_cache *s)
{
	struct kmem_cache_free_record r = { .call_site = call_site, .ptr = ptr };
	char name[16] = { 0 };

	strscpy(name, kmem_cache_name(s), sizeof(name));
	memcpy(&r.name_0, name, 16);
	trace_put(&__event_kmem_cache_free, &r);
}

/* ---- exceptions ---- */

#define page_fault_user_FIELDS(F)							\
	F(page_fault_user, unsigned long, address) F(page_fault_user, unsigned long, ip)	\
	F(page_fault_user, unsigned long, error_code)
#define page_fault_kernel_FIELDS(F)							\
	F(page_fault_kernel, unsigned long, address) F(page_fault_kernel, unsigned long, ip)	\
	F(page_fault_kernel, unsigned long, error_code)
#define PAGE_FAULT_FMT "\"address=%ps ip=%ps error_code=0x%lx\", (void *)REC->address, (void *)REC->ip, REC->error_code"
DEFINE_TRACE_RECORD(page_fault_user);
DEFINE_TRACE_RECORD(page_fault_kernel);
PRINTER(page_fault_user)
{
	RECORD(page_fault_user);

	return scnprintf(buf, size, "address=0x%lx ip=0x%lx error_code=0x%lx", r->address, r->ip, r->error_code);
}
PRINTER(page_fault_kernel)
{
	RECORD(page_fault_kernel);

	return scnprintf(buf, size, "address=0x%lx ip=%pS error_code=0x%lx", r->address, (void *)r->ip, r->error_code);
}
/* Which case of mm/fault/fault.c a fault was, by its number in /proc/mm/faults; not an event of Linux. */
#define page_fault_kind_FIELDS(F)	F(page_fault_kind, unsigned int, kind)
DEFINE_TRACE_RECORD(page_fault_kind);
PRINTER(page_fault_kind)
{
	RECORD(page_fault_kind);

	return scnprintf(buf, size, "kind=%s", r->kind < NR_PAGE_FAULT_KINDS ? fault_kind_names[r->kind] : "?");
}
DEFINE_TRACE_EVENT(exceptions, page_fault_kind, "\"kind=%u\", REC->kind");
void __trace_page_fault_kind(unsigned int kind)
{
	struct page_fault_kind_record r = { .kind = kind };

	trace_put(&__event_page_fault_kind, &r);
}
DEFINE_TRACE_EVENT(exceptions, page_fault_user, PAGE_FAULT_FMT);
DEFINE_TRACE_EVENT(exceptions, page_fault_kernel, PAGE_FAULT_FMT);
void __trace_page_fault_user(unsigned long address, unsigned long ip, unsigned long error_code)
{
	struct page_fault_user_record r = { .address = address, .ip = ip, .error_code = error_code };

	trace_put(&__event_page_fault_user, &r);
}
void __trace_page_fault_kernel(unsigned long address, unsigned long ip, unsigned long error_code)
{
	struct page_fault_kernel_record r = { .address = address, .ip = ip, .error_code = error_code };

	trace_put(&__event_page_fault_kernel, &r);
}

/* ---- filemap ---- */

#define FILEMAP_FIELDS(F, ev)								\
	F(ev, unsigned long, pfn) F(ev, unsigned long, i_ino) F(ev, unsigned long, index)	\
	F(ev, dev_t, s_dev) F(ev, unsigned char, order)
#define mm_filemap_add_to_page_cache_FIELDS(F)		FILEMAP_FIELDS(F, mm_filemap_add_to_page_cache)
#define mm_filemap_delete_from_page_cache_FIELDS(F)	FILEMAP_FIELDS(F, mm_filemap_delete_from_page_cache)
#define FILEMAP_FMT "\"dev %d:%d ino %lx pfn=0x%lx ofs=%lu order=%u\", ((unsigned int) ((REC->s_dev) >> 20)), ((unsigned int) ((REC->s_dev) & ((1U << 20) - 1))), REC->i_ino, REC->pfn, REC->index << 12, REC->order"
DEFINE_TRACE_RECORD(mm_filemap_add_to_page_cache);
DEFINE_TRACE_RECORD(mm_filemap_delete_from_page_cache);

static int print_filemap(char *buf, size_t size, const void *record)
{
	const struct mm_filemap_add_to_page_cache_record *r = record;

	return scnprintf(buf, size, "dev %d:%d ino %lx pfn=0x%lx ofs=%lu order=%u", r->s_dev >> 20,
			 r->s_dev & 0xfffff, r->i_ino, r->pfn, r->index << PAGE_SHIFT, r->order);
}
#define print_mm_filemap_add_to_page_cache	print_filemap
#define print_mm_filemap_delete_from_page_cache	print_filemap
DEFINE_TRACE_EVENT(filemap, mm_filemap_add_to_page_cache, FILEMAP_FMT);
DEFINE_TRACE_EVENT(filemap, mm_filemap_delete_from_page_cache, FILEMAP_FMT);
void __trace_mm_filemap_add_to_page_cache(unsigned long pfn, unsigned long i_ino, unsigned long index,
					  unsigned int s_dev, unsigned char order)
{
	struct mm_filemap_add_to_page_cache_record r = { .pfn = pfn, .i_ino = i_ino, .index = index, .s_dev = s_dev,
							 .order = order };

	trace_put(&__event_mm_filemap_add_to_page_cache, &r);
}
void __trace_mm_filemap_delete_from_page_cache(unsigned long pfn, unsigned long i_ino, unsigned long index,
					       unsigned int s_dev, unsigned char order)
{
	struct mm_filemap_delete_from_page_cache_record r = { .pfn = pfn, .i_ino = i_ino, .index = index,
							      .s_dev = s_dev, .order = order };

	trace_put(&__event_mm_filemap_delete_from_page_cache, &r);
}

/* ---- sched, raw_syscalls ---- */

#define sched_switch_FIELDS(F)								\
	F(sched_switch, pid_t, prev_pid) F(sched_switch, int, prev_prio) F(sched_switch, long, prev_state) \
	F(sched_switch, pid_t, next_pid) F(sched_switch, int, next_prio)
DEFINE_TRACE_RECORD(sched_switch);
PRINTER(sched_switch)
{
	RECORD(sched_switch);
	char state = r->prev_state & TASK_INTERRUPTIBLE ? 'S' : r->prev_state & TASK_UNINTERRUPTIBLE ? 'D' :
		     r->prev_state & __TASK_STOPPED ? 'T' : r->prev_state & TASK_DEAD ? 'X' : 'R';

	return scnprintf(buf, size, "prev_pid=%d prev_prio=%d prev_state=%c ==> next_pid=%d next_prio=%d",
			 r->prev_pid, r->prev_prio, state, r->next_pid, r->next_prio);
}
DEFINE_TRACE_EVENT(sched, sched_switch, "\"prev_pid=%d prev_prio=%d prev_state=%ld ==> next_pid=%d next_prio=%d\", REC->prev_pid, REC->prev_prio, REC->prev_state, REC->next_pid, REC->next_prio");
void __trace_sched_switch(int prev_pid, int prev_prio, long prev_state, int next_pid, int next_prio)
{
	struct sched_switch_record r = { .prev_pid = prev_pid, .prev_prio = prev_prio, .prev_state = prev_state,
					 .next_pid = next_pid, .next_prio = next_prio };

	trace_put(&__event_sched_switch, &r);
}

#define sys_enter_FIELDS(F) F(sys_enter, long, id) F##_ULONGS(sys_enter, 6, args)
DEFINE_TRACE_RECORD(sys_enter);
PRINTER(sys_enter)
{
	RECORD(sys_enter);

	return scnprintf(buf, size, "NR %ld (%lx, %lx, %lx, %lx, %lx, %lx)", r->id, r->args[0], r->args[1], r->args[2],
			 r->args[3], r->args[4], r->args[5]);
}
DEFINE_TRACE_EVENT(raw_syscalls, sys_enter, "\"NR %ld (%lx, %lx, %lx, %lx, %lx, %lx)\", REC->id, REC->args[0], REC->args[1], REC->args[2], REC->args[3], REC->args[4], REC->args[5]");
void __trace_sys_enter(long id, const unsigned long args[6])
{
	struct sys_enter_record r = { .id = id };

	memcpy(r.args, args, sizeof(r.args));
	trace_put(&__event_sys_enter, &r);
}

#define sys_exit_FIELDS(F) F(sys_exit, long, id) F(sys_exit, long, ret)
DEFINE_TRACE_RECORD(sys_exit);
PRINTER(sys_exit)
{
	RECORD(sys_exit);

	return scnprintf(buf, size, "NR %ld = %ld", r->id, r->ret);
}
DEFINE_TRACE_EVENT(raw_syscalls, sys_exit, "\"NR %ld = %ld\", REC->id, REC->ret");
void __trace_sys_exit(long id, long ret)
{
	struct sys_exit_record r = { .id = id, .ret = ret };

	trace_put(&__event_sys_exit, &r);
}

/* ---- ftrace: what a program writes into trace_marker ---- */

#define print_FIELDS(F)									\
	F(print, u64, text_0) F(print, u64, text_1) F(print, u64, text_2) F(print, u64, text_3) F(print, u64, text_4)
DEFINE_TRACE_RECORD(print);
static_assert(sizeof(struct print_record) == 48, "a marker fills the record");
PRINTER(print)
{
	RECORD(print);

	return scnprintf(buf, size, "%.40s", (const char *)&r->text_0);
}
DEFINE_TRACE_EVENT(ftrace, print, "\"%s\", REC->buf");

int trace_marker_write(const char *text, size_t len)
{
	size_t done = 0;

	while (len && (text[len - 1] == '\n' || !text[len - 1]))
		len--;
	do {
		struct print_record r = { .text_0 = 0 };
		size_t n = len - done < 40 ? len - done : 40;

		memcpy(&r.text_0, text + done, n);
		trace_put(&__event_print, &r);
		done += n;
	} while (done < len);
	return 0;
}

/* ---- the stack behind a record (options/stacktrace) ---- */

static int print_kernel_stack(char *buf, size_t size, const void *record)
{
	const struct trace_stack_record *r = record;
	int len = scnprintf(buf, size, "<stack trace>");

	for (int i = 0; i < TRACE_STACK_FRAMES && r->caller[i]; i++)
		len += scnprintf(buf + len, size - len, "\n => %ps", (void *)r->caller[i]);
	return len;
}
static const struct trace_field kernel_stack_fields[] = {
	{ "unsigned long", "caller", offsetof(struct trace_stack_record, caller),
	  sizeof_field(struct trace_stack_record, caller), false },
	{ NULL, NULL, 0, 0, false },
};
struct trace_event __event_kernel_stack = {
	.size = sizeof(struct trace_stack_record), .system = "ftrace", .name = "kernel_stack",
	.fields = kernel_stack_fields, .print_fmt = "\"\"", .print = print_kernel_stack,
};
static struct trace_event *const __event_ptr_kernel_stack __used __section(".trace_events") = &__event_kernel_stack;

#ifdef QUIRE_PAGE_REF
/*
 * ---- page_ref: who takes and drops references (make PAGEREF=1) ----
 *
 * Fields as in Linux's events, but for the migrate type in those that have a result: a record is one line of the ring.
 */
#define PAGE_REF_FIELDS(F, ev)									\
	F(ev, unsigned long, pfn) F(ev, unsigned long, flags) F(ev, int, count) F(ev, int, mapcount)	\
	F(ev, void *, mapping)
#define PAGE_REF_FMT "\"pfn=0x%lx flags=0x%lx count=%d mapcount=%d mapping=%p "
#define PAGE_REF_ARGS "REC->pfn, REC->flags, REC->count, REC->mapcount, REC->mapping, "
#define FILL_PAGE_REF(page)									\
	.pfn = page_to_pfn(page), .flags = (page)->flags, .count = page_ref_count(page),	\
	.mapcount = atomic_read(&(page)->_mapcount), .mapping = (void *)(page)->mapping

static int print_ref(char *buf, size_t size, unsigned long pfn, unsigned long flags, int count, int mapcount,
		     void *mapping)
{
	return scnprintf(buf, size, "pfn=0x%lx flags=0x%lx count=%d mapcount=%d mapping=%p ", pfn, flags, count,
			 mapcount, mapping);
}

#define DEFINE_PAGE_REF_CHANGE(ev)								\
PRINTER(ev)											\
{												\
	RECORD(ev);										\
	int len = print_ref(buf, size, r->pfn, r->flags, r->count, r->mapcount, r->mapping);	\
												\
	return len + scnprintf(buf + len, size - len, "mt=%d val=%d", r->mt, r->val);		\
}												\
DEFINE_TRACE_EVENT(page_ref, ev, PAGE_REF_FMT "mt=%d val=%d\", " PAGE_REF_ARGS "REC->mt, REC->val");	\
void __trace_##ev(struct page *page, int val)							\
{												\
	struct ev##_record r = { FILL_PAGE_REF(page), .mt = get_pageblock_migratetype(page), .val = val };	\
												\
	trace_put(&__event_##ev, &r);								\
}

#define DEFINE_PAGE_REF_RESULT(ev)								\
PRINTER(ev)											\
{												\
	RECORD(ev);										\
	int len = print_ref(buf, size, r->pfn, r->flags, r->count, r->mapcount, r->mapping);	\
												\
	return len + scnprintf(buf + len, size - len, "val=%d ret=%d", r->val, r->ret);		\
}												\
DEFINE_TRACE_EVENT(page_ref, ev, PAGE_REF_FMT "val=%d ret=%d\", " PAGE_REF_ARGS "REC->val, REC->ret");	\
void __trace_##ev(struct page *page, int val, int ret)						\
{												\
	struct ev##_record r = { FILL_PAGE_REF(page), .val = val, .ret = ret };			\
												\
	trace_put(&__event_##ev, &r);								\
}

#define CHANGE_FIELDS(F, ev)	PAGE_REF_FIELDS(F, ev) F(ev, int, mt) F(ev, int, val)
#define RESULT_FIELDS(F, ev)	PAGE_REF_FIELDS(F, ev) F(ev, int, val) F(ev, int, ret)
#define page_ref_set_FIELDS(F)			CHANGE_FIELDS(F, page_ref_set)
#define page_ref_mod_FIELDS(F)			CHANGE_FIELDS(F, page_ref_mod)
#define page_ref_unfreeze_FIELDS(F)		CHANGE_FIELDS(F, page_ref_unfreeze)
#define page_ref_mod_and_test_FIELDS(F)		RESULT_FIELDS(F, page_ref_mod_and_test)
#define page_ref_mod_unless_FIELDS(F)		RESULT_FIELDS(F, page_ref_mod_unless)
#define page_ref_freeze_FIELDS(F)		RESULT_FIELDS(F, page_ref_freeze)
DEFINE_TRACE_RECORD(page_ref_set);
DEFINE_TRACE_RECORD(page_ref_mod);
DEFINE_TRACE_RECORD(page_ref_unfreeze);
DEFINE_TRACE_RECORD(page_ref_mod_and_test);
DEFINE_TRACE_RECORD(page_ref_mod_unless);
DEFINE_TRACE_RECORD(page_ref_freeze);
DEFINE_PAGE_REF_CHANGE(page_ref_set)
DEFINE_PAGE_REF_CHANGE(page_ref_mod)
DEFINE_PAGE_REF_CHANGE(page_ref_unfreeze)
DEFINE_PAGE_REF_RESULT(page_ref_mod_and_test)
DEFINE_PAGE_REF_RESULT(page_ref_mod_unless)
DEFINE_PAGE_REF_RESULT(page_ref_freeze)
#endif
