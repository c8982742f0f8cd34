/* SPDX-License-Identifier: MIT */
/*
 * Describing events. The fields of an event are listed once:
 *
 *	#define my_event_FIELDS(F) F(my_event, unsigned long, pfn) F(my_event, int, order)
 *	DEFINE_TRACE_RECORD(my_event);
 *	static int print_my_event(...)
 *	DEFINE_TRACE_EVENT(system, my_event, "print fmt as Linux shows it");
 *
 * from which follow the record, the table behind the "format" file, and the event itself in .trace_events.
 */
#ifndef QUIRE_MM_TRACE_INTERNAL_H
#define QUIRE_MM_TRACE_INTERNAL_H

#include <base/compiler.h>
#include <mm/trace.h>

#define __TRACE_MEMBER(ev, type_, name_)	type_ name_;
#define __TRACE_FIELD(ev, type_, name_)							\
	{ #type_, #name_, offsetof(struct ev##_record, name_), sizeof_field(struct ev##_record, name_),	\
	  (type_)-1 < (type_)1 },

/* In a list of fields F##_TEXT(my_event, 32, name): a text of 32 bytes. */
#define __TRACE_MEMBER_TEXT(ev, n, name_)	char name_[n];
#define __TRACE_FIELD_TEXT(ev, n, name_)						\
	{ "char[" #n "]", #name_, offsetof(struct ev##_record, name_), n, true },

/* In a list of fields F##_ULONGS(my_event, 6, name): six unsigned long. */
#define __TRACE_MEMBER_ULONGS(ev, n, name_)	unsigned long name_[n];
#define __TRACE_FIELD_ULONGS(ev, n, name_)						\
	{ "unsigned long[" #n "]", #name_, offsetof(struct ev##_record, name_), (n) * sizeof(long), false },

#define DEFINE_TRACE_RECORD(ev)								\
struct ev##_record {									\
	struct trace_entry ent;								\
	ev##_FIELDS(__TRACE_MEMBER)							\
}

/* The printer of an event, which precedes DEFINE_TRACE_EVENT, and in it the record as @r. */
#define PRINTER(ev) static int print_##ev(char *buf, size_t size, const void *record)
#define RECORD(ev) const struct ev##_record *r = record

#define DEFINE_TRACE_EVENT(sys, ev, fmt)						\
static const struct trace_field ev##_fields[] = {					\
	ev##_FIELDS(__TRACE_FIELD)							\
	{ NULL, NULL, 0, 0, false }							\
};											\
struct trace_event __event_##ev = {							\
	.size = sizeof(struct ev##_record), .system = #sys, .name = #ev,		\
	.fields = ev##_fields, .print_fmt = fmt, .print = print_##ev,			\
};											\
static struct trace_event *const __event_ptr_##ev __used __section(".trace_events") = &__event_##ev

/* The fields of struct trace_entry. */
extern const struct trace_field trace_common_fields[];
extern const int trace_nr_common_fields;

/* Does @record pass the filter of @event? Any context but NMI. */
bool trace_filter_match(struct trace_event *event, const void *record);

/* What follows a record while trace_stacks is set. */
#define TRACE_STACK_FRAMES 10
struct trace_stack_record {
	struct trace_entry ent;
	unsigned long caller[TRACE_STACK_FRAMES];	/* innermost first; 0 ends it */
};
extern struct trace_event __event_kernel_stack;

#endif
