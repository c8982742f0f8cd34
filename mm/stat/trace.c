// SPDX-License-Identifier: MIT
/*
 * Trace events: a ring of records per CPU, and the text that tracefs shows of it.
 *
 * A record is { time, length, bytes }: the bytes are what Linux's event of that name would hold. Each CPU
 * writes into its own ring with preemption off; an interrupt on the same CPU may write in between, therefore
 * a writer first takes its room by one this-CPU addition to `head` and then fills it. The ring overwrites
 * its oldest records (as Linux's default). Positions only grow; the place is position % size.
 *
 *	tail <= head, head - tail <= size: records between are readable; a record is valid when its
 *	`seq` word equals its own position (written last): a reader that was overtaken sees another value.
 *
 * A record that is longer than a slot goes on in the following ones (time == CONTINUED), which are complete
 * before its first one is.
 *
 * Reading merges the rings by time. trace peeks; trace_pipe consumes (moves tail).
 * Cost when off: TRACE_CALL is a load, a compare and a branch predicted not taken.
 * Rings are made with the first event that is enabled. Observe: tracefs.
 * Linux 6.1: kernel/trace. Fields, names, ids per boot, "print fmt" and the text of a line are its.
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/atomic.h>
#include <base/cpumask.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <sync/mutex.h>
#include <sync/preempt.h>
#include <sync/rcu.h>
#include <kernel/clockchips.h>
#include <kernel/panic.h>
#include <kernel/pid.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <seam/irqflags.h>
#include <seam/percpu.h>
#include <mm/fault_inject.h>
#include <mm/slab.h>
#include <mm/trace.h>
#include <mm/vmalloc.h>
#include "trace_internal.h"

#define SLOT_BYTES     64 /* head of 16 and up to 48 bytes of record: one cache line */
#define SLOT_RECORD    (SLOT_BYTES - 16)
#define RECORD_MAX     (3 * SLOT_RECORD)
#define CONTINUED      (~0ULL)
#define FIRST_EVENT_ID 300 /* below: Linux's built-in types */

struct slot {
	u64 seq;  /* position + 1 when complete */
	u64 time; /* ns, local clock */
	u8 record[SLOT_RECORD];
};

struct ring {
	struct slot *slots; /* NULL until an event was enabled */
	unsigned long head; /* next position to write */
	unsigned long tail; /* next to consume */
	unsigned long dropped;
};
static DEFINE_PER_CPU(struct ring, trace_ring);

static unsigned long ring_slots = (1408UL << 10) / SLOT_BYTES / 8; /* per CPU */
static DEFINE_MUTEX(trace_mutex, LOCK_TRACE);
static bool rings_made;
u32 tracing_on = 1;
u32 trace_stacks;

const struct trace_field trace_common_fields[] = {
	{ "unsigned short", "common_type", 0, 2, false },
	{ "unsigned char", "common_flags", 2, 1, false },
	{ "unsigned char", "common_preempt_count", 3, 1, false },
	{ "int", "common_pid", 4, 4, true },
};
const int trace_nr_common_fields = ARRAY_SIZE(trace_common_fields);

extern struct trace_event *const __trace_events_start[], *const __trace_events_end[];

/* ---- events ---- */

static int trace_nr_events(void)
{
	return __trace_events_end - __trace_events_start;
}

struct trace_event *trace_event_at(int n)
{
	struct trace_event *event;

	if (n < 0 || n >= trace_nr_events())
		return NULL;
	event = __trace_events_start[n];
	event->id = FIRST_EVENT_ID + n;
	return event;
}

struct trace_event *trace_find_event(const char *system, const char *name)
{
	for (int i = 0; i < trace_nr_events(); i++) {
		struct trace_event *event = trace_event_at(i);

		if (!strcmp(event->name, name) && (!system || !strcmp(event->system, system)))
			return event;
	}
	return NULL;
}

static void free_rings(void)
{
	int cpu;

	for_each_possible_cpu (cpu) {
		struct ring *ring = per_cpu_ptr(&trace_ring, cpu);

		vfree(ring->slots);
		ring->slots = NULL;
		ring->head = ring->tail = ring->dropped = 0;
	}
	rings_made = false;
}

/* => trace_mutex held */
static int make_rings(void)
{
	int cpu;

	if (rings_made)
		return 0;
	for_each_possible_cpu (cpu) {
		struct slot *slots = vzalloc(ring_slots * SLOT_BYTES);

		if (!slots) {
			free_rings();
			return -ENOMEM;
		}
		WRITE_ONCE(per_cpu_ptr(&trace_ring, cpu)->slots, slots);
	}
	rings_made = true;
	return 0;
}

/* @system NULL: any. */
static bool any_enabled(const char *system)
{
	for (int i = 0; i < trace_nr_events(); i++) {
		struct trace_event *event = trace_event_at(i);

		if (event->enabled && (!system || !strcmp(event->system, system)))
			return true;
	}
	return false;
}

static int set_events(struct trace_event *one, const char *system, bool on)
{
	bool found = false;
	int err = 0;

	mutex_lock(&trace_mutex);
	if (on)
		err = make_rings();
	for (int i = 0; !err && i < trace_nr_events(); i++) {
		struct trace_event *event = trace_event_at(i);

		if ((one && event != one) || (system && strcmp(event->system, system)))
			continue;
		WRITE_ONCE(event->enabled, on);
		if (event->switched)
			event->switched();
		found = true;
	}
	alloc_watched_set(ALLOC_WATCHED_TRACE, any_enabled("kmem"));
	mutex_unlock(&trace_mutex);
	return err ? err : found ? 0 : -EINVAL;
}

int trace_set_enabled(struct trace_event *event, bool on)
{
	return set_events(event, NULL, on);
}

int trace_set_system_enabled(const char *system, bool on)
{
	return set_events(NULL, system, on);
}

/* ---- writing ---- */

static u8 entry_flags(void)
{
	u8 flags = 0;

	flags |= irqs_disabled() ? 0x01 : 0;
	flags |= test_preempt_need_resched() ? 0x04 : 0;
	flags |= preempt_count() & (HARDIRQ_MASK | NMI_MASK) ? 0x08 : 0;
	flags |= preempt_count() & SOFTIRQ_MASK ? 0x10 : 0;
	return flags;
}

static void fill_entry(struct trace_event *event, struct trace_entry *ent)
{
	ent->type = event->id;
	ent->flags = entry_flags();
	ent->preempt_count = preempt_count() & PREEMPT_MASK;
	ent->pid = current ? current->pid : 0;
}

static unsigned int slots_of(const struct trace_event *event)
{
	return event ? DIV_ROUND_UP(event->size, SLOT_RECORD) : 1;
}

static void fill_slot(struct ring *ring, unsigned long pos, u64 time, const void *part, size_t size)
{
	struct slot *slot = &ring->slots[pos % ring_slots];

	WRITE_ONCE(slot->seq, 0);
	slot->time = time;
	memcpy(slot->record, part, size);
	smp_store_release(&slot->seq, (u64)pos + 1);
}

static void put_slot(struct trace_event *event, const void *record)
{
	unsigned int n = slots_of(event);
	struct ring *ring;
	unsigned long pos;

	preempt_disable();
	ring = this_cpu_ptr(&trace_ring);
	if (ring->slots) {
		pos = this_cpu_add_return(trace_ring.head, (unsigned long)n) - n;
		for (unsigned int i = n - 1; i; i--)
			fill_slot(ring, pos + i, CONTINUED, record + i * SLOT_RECORD,
				  min_t(size_t, event->size - i * SLOT_RECORD, SLOT_RECORD));
		fill_slot(ring, pos, local_clock(), record,
			  min_t(size_t, event->size, SLOT_RECORD));
		event->hits++;
	}
	preempt_enable();
}

/* Without this function and trace_put(). */
#define OWN_FRAMES 2

static noinline void put_stack(void)
{
	struct trace_stack_record r = { 0 };

	stack_trace_save(r.caller, TRACE_STACK_FRAMES, OWN_FRAMES);
	fill_entry(&__event_kernel_stack, &r.ent);
	put_slot(&__event_kernel_stack, &r);
}

noinline void trace_put(struct trace_event *event, void *record)
{
	if (!READ_ONCE(tracing_on) || event->size > RECORD_MAX)
		return;
	fill_entry(event, record);
	if (READ_ONCE(event->filter) && !trace_filter_match(event, record))
		return;
	put_slot(event, record);
	if (READ_ONCE(trace_stacks))
		put_stack();
}

/* ---- reading ---- */

static unsigned long oldest(const struct ring *ring)
{
	unsigned long head = READ_ONCE(ring->head), tail = READ_ONCE(ring->tail);

	return head - tail > ring_slots ? head - ring_slots : tail;
}

unsigned long trace_overruns(void)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu (cpu) {
		struct ring *ring = per_cpu_ptr(&trace_ring, cpu);

		sum += ring->dropped + oldest(ring) - ring->tail;
	}
	return sum;
}

unsigned long trace_entries(void)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu (cpu) {
		struct ring *ring = per_cpu_ptr(&trace_ring, cpu);

		sum += ring->slots ? READ_ONCE(ring->head) - oldest(ring) : 0;
	}
	return sum;
}

void trace_clear(void)
{
	int cpu;

	for_each_possible_cpu (cpu) {
		struct ring *ring = per_cpu_ptr(&trace_ring, cpu);

		WRITE_ONCE(ring->tail, READ_ONCE(ring->head));
		ring->dropped = 0;
	}
}

void trace_cursor_init(struct trace_cursor *c, bool consume)
{
	memset(c, 0, sizeof(*c));
	c->consume = consume;
}

/* Copy the record at @pos of @ring; false when it was overwritten or is not complete. */
static bool read_slot(const struct ring *ring, unsigned long pos, struct slot *out)
{
	const struct slot *slot = &ring->slots[pos % ring_slots];

	if (smp_load_acquire(&slot->seq) != (u64)pos + 1)
		return false;
	*out = *slot;
	return READ_ONCE(slot->seq) == (u64)pos + 1;
}

/* The earliest record behind the cursor, over all CPUs; the CPU or -1. */
static int next_record(struct trace_cursor *c, struct slot *best)
{
	struct slot slot;
	int cpu, from = -1;

	for_each_possible_cpu (cpu) {
		struct ring *ring = per_cpu_ptr(&trace_ring, cpu);
		unsigned long first = oldest(ring),
			      pos = c->consume || !c->started
					    ? first
					    : max((unsigned long)c->pos[cpu], first);

		if (!READ_ONCE(ring->slots))
			continue;
		while (pos < READ_ONCE(ring->head)) {
			if (read_slot(ring, pos, &slot)) {
				if (slot.time != CONTINUED)
					break;
			} else if (READ_ONCE(ring->head) - pos < ring_slots) {
				break; /* being written */
			}
			pos++;
		}
		c->pos[cpu] = pos;
		if (pos >= READ_ONCE(ring->head) || !read_slot(ring, pos, &slot))
			continue;
		if (from < 0 || slot.time < best->time) {
			*best = slot;
			from = cpu;
		}
	}
	c->started = true;
	return from;
}

static void irq_letters(char out[5], const struct trace_entry *ent)
{
	bool hard = ent->flags & 0x08, soft = ent->flags & 0x10;

	out[0] = ent->flags & 0x01 ? 'd' : '.';
	out[1] = ent->flags & 0x04 ? 'n' : '.';
	out[2] = hard && soft ? 'H' : hard ? 'h' : soft ? 's' : '.';
	out[3] = ent->preempt_count ? "0123456789abcdef"[ent->preempt_count & 15] : '.';
	out[4] = 0;
}

static void task_name(char *comm, size_t size, pid_t pid)
{
	struct task_struct *task;

	strscpy(comm, pid ? "<...>" : "<idle>", size);
	if (!pid)
		return;
	rcu_read_lock();
	task = find_task_by_vpid(pid);
	if (task)
		strscpy(comm, task->comm, size);
	rcu_read_unlock();
}

/* The event of the record that begins in @slot at @pos, and all of it in @record. NULL: parts are lost. */
static struct trace_event *gather(const struct ring *ring, unsigned long pos,
				  const struct slot *slot, u8 *record)
{
	const struct trace_entry *ent = (const void *)slot->record;
	struct trace_event *event = trace_event_at(ent->type - FIRST_EVENT_ID);
	struct slot part;

	memcpy(record, slot->record, SLOT_RECORD);
	for (unsigned int i = 1; i < slots_of(event); i++) {
		if (!read_slot(ring, pos + i, &part))
			return NULL;
		memcpy(record + i * SLOT_RECORD, part.record, SLOT_RECORD);
	}
	return event;
}

int trace_read_line(struct trace_cursor *c, char *buf, size_t size)
{
	u8 record[RECORD_MAX] __aligned(8);
	const struct trace_entry *ent = (const void *)record;
	struct trace_event *event = NULL;
	char comm[TASK_COMM_LEN], irq[5];
	struct slot slot;
	int len, cpu;

	mutex_lock(&trace_mutex);
	cpu = next_record(c, &slot);
	if (cpu >= 0) {
		struct ring *ring = per_cpu_ptr(&trace_ring, cpu);

		unsigned long pos = c->pos[cpu];

		event = gather(ring, pos, &slot, record);
		c->pos[cpu] = pos + slots_of(event);
		if (c->consume) {
			ring->dropped += pos - ring->tail;
			WRITE_ONCE(ring->tail, c->pos[cpu]);
		}
	}
	mutex_unlock(&trace_mutex);
	if (cpu < 0)
		return 0;
	task_name(comm, sizeof(comm), ent->pid);
	irq_letters(irq, ent);
	len = scnprintf(buf, size, "%16s-%-7d [%03d] %s. %5llu.%06llu: ", comm, ent->pid, cpu, irq,
			(unsigned long long)slot.time / 1000000000ULL,
			(unsigned long long)slot.time / 1000ULL % 1000000ULL);
	if (event != &__event_kernel_stack)
		len += scnprintf(buf + len, size - len, "%s: ", event ? event->name : "?");
	if (event)
		len += event->print(buf + len, size - len, record);
	return len + scnprintf(buf + len, size - len, "\n");
}

int trace_header_text(char *buf, size_t size)
{
	return scnprintf(
		buf, size,
		"# tracer: nop\n#\n# entries-in-buffer/entries-written: %lu/%lu   #P:%u\n#\n"
		"#                                _-----=> irqs-off/BH-disabled\n"
		"#                               / _----=> need-resched\n"
		"#                              | / _---=> hardirq/softirq\n"
		"#                              || / _--=> preempt-depth\n"
		"#                              ||| / _-=> migrate-disable\n"
		"#                              |||| /     delay\n"
		"#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION\n"
		"#              | |         |   |||||     |         |\n",
		trace_entries(), trace_entries() + trace_overruns(), num_online_cpus());
}

static int field_text(char *buf, size_t size, const struct trace_field *f)
{
	const char *bracket = strchr(f->type, '[');
	int base = bracket ? bracket - f->type : (int)strlen(f->type);

	return scnprintf(buf, size, "\tfield:%.*s %s%s;\toffset:%u;\tsize:%u;\tsigned:%d;\n", base,
			 f->type, f->name, bracket ? bracket : "", f->offset, f->size,
			 f->is_signed);
}

int trace_format_text(struct trace_event *event, char *buf, size_t size)
{
	int len = scnprintf(buf, size, "name: %s\nID: %u\nformat:\n", event->name, event->id);

	for (int i = 0; i < trace_nr_common_fields; i++)
		len += field_text(buf + len, size - len, &trace_common_fields[i]);
	len += scnprintf(buf + len, size - len, "\n");
	for (const struct trace_field *f = event->fields; f->type; f++)
		len += field_text(buf + len, size - len, f);
	return len + scnprintf(buf + len, size - len, "\nprint fmt: %s\n", event->print_fmt);
}

unsigned long trace_buffer_kb(void)
{
	return ring_slots * SLOT_BYTES >> 10;
}

int trace_set_buffer_kb(unsigned long kb)
{
	int err = 0;

	if (!kb || kb > 1UL << 20)
		return -EINVAL;
	mutex_lock(&trace_mutex);
	if (any_enabled(NULL)) {
		err = -EBUSY;
	} else {
		free_rings();
		ring_slots = max(kb * 1024 / SLOT_BYTES, 16UL);
	}
	mutex_unlock(&trace_mutex);
	return err;
}
