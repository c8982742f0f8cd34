// SPDX-License-Identifier: MIT
/*
 * The failure gate. Every place that can fail asks should_fail(kind, size, gfp); see the header for the cost.
 *
 * Order of the filters, as Linux's: fail-nth of the task decides alone when it is set (in contrast to Linux
 * also over allocations that may sleep and over single pages); then gfp flags and order, task filter, caller
 * ranges, space (bytes that succeed first), interval, probability, times. Quire adds "nth": the n-th question
 * from now on fails, once; the tests that let each allocation of an operation fail use it.
 *
 * Names: fail_page_alloc, failslab, fail_make_request, fail_usercopy, fail_futex; on the command line
 * "failslab=interval,probability,space,times", in debugfs one directory each with Linux's files.
 * Random numbers: a xorshift generator, fault_seed=N, so that a run can be repeated.
 * Linux 6.1: lib/fault-inject.c.
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/atomic.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <sync/preempt.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <kernel/ratelimit.h>
#include <kernel/task.h>
#include <mm/fault_inject.h>
#include <mm/gfp.h>

#define MAX_TRACE 32

#define ATTR(n, wait)                                                                              \
	{                                                                                          \
		.name = n, .interval = 1, .times = ATOMIC_INIT(1), .verbose = 2,                   \
		.ratelimit = RATELIMIT_STATE_INIT(0, DEFAULT_RATELIMIT_BURST),                     \
		.require_end = ~0UL, .stacktrace_depth = MAX_TRACE, .ignore_gfp_wait = wait,       \
		.ignore_gfp_highmem = wait, .min_order = 1                                         \
	}

struct fault_attr fault_attrs[NR_FAULT_KINDS] = {
	[FAULT_PAGE] = ATTR("fail_page_alloc", true),
	[FAULT_SLAB] = ATTR("failslab", true),
	[FAULT_IO] = ATTR("fail_make_request", false),
	[FAULT_USERCOPY] = ATTR("fail_usercopy", false),
	[FAULT_FUTEX] = ATTR("fail_futex", false),
};

u32 fault_armed, alloc_watched;
static bool tasks_armed; /* some task had fail_nth or make_it_fail set; never taken back */
static u64 seed = 0x9e3779b97f4a7c15ULL, state = 0x9e3779b97f4a7c15ULL;

/* A number below 100. Concurrent callers may draw the same: then both fail or both do not. */
static unsigned int draw(void)
{
	u64 x = READ_ONCE(state);

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	WRITE_ONCE(state, x);
	return (x >> 32) % 100;
}

void fault_set_seed(u64 s)
{
	seed = s ? s : 1;
	state = seed;
}

static u32 what_is_armed(void)
{
	u32 armed = READ_ONCE(tasks_armed) ? FAULT_ARMED_TASK : 0;

	for (int kind = 0; kind < NR_FAULT_KINDS; kind++)
		if (READ_ONCE(fault_attrs[kind].probability) || READ_ONCE(fault_attrs[kind].nth))
			armed |= 1u << kind;
	return armed;
}

/* Who writes last sees what all have set: an older answer does not stay. */
void fault_update(void)
{
	u32 armed;

	do {
		armed = what_is_armed();
		xchg(&fault_armed, armed);
		alloc_watched_set(ALLOC_WATCHED_FAULT, armed != 0);
	} while (what_is_armed() != armed);
}

void alloc_watched_set(u32 bit, bool on)
{
	if (on)
		__atomic_fetch_or(&alloc_watched, bit, __ATOMIC_SEQ_CST);
	else
		__atomic_fetch_and(&alloc_watched, ~bit, __ATOMIC_SEQ_CST);
}

/* Does the call trace hold a function of the required range, unless that is everything, and none of the rejected one? */
static bool caller_matches(const struct fault_attr *attr)
{
	unsigned long trace[MAX_TRACE];
	unsigned int n;
	bool found = !attr->require_start && attr->require_end == ~0UL;

	if (!attr->stacktrace_depth || (found && !attr->reject_start && !attr->reject_end))
		return found;
	n = stack_trace_save(trace, min(attr->stacktrace_depth, (unsigned long)MAX_TRACE), 1);
	for (unsigned int i = 0; i < n; i++) {
		if (attr->reject_start <= trace[i] && trace[i] < attr->reject_end)
			return false;
		if (attr->require_start <= trace[i] && trace[i] < attr->require_end)
			found = true;
	}
	return found;
}

static bool spared_by_flags(const struct fault_attr *attr, enum fault_kind kind, size_t size,
			    gfp_t gfp)
{
	if (kind != FAULT_PAGE && kind != FAULT_SLAB)
		return false;
	if (attr->ignore_gfp_wait && (gfp & __GFP_DIRECT_RECLAIM))
		return true;
	return kind == FAULT_PAGE && ((attr->ignore_gfp_highmem && (gfp & __GFP_HIGHMEM)) ||
				      size < PAGE_SIZE << attr->min_order);
}

/* Consume one of the limited number of failures. */
static bool times_left(struct fault_attr *attr)
{
	int left = atomic_read(&attr->times);

	while (left > 0)
		if (atomic_try_cmpxchg(&attr->times, &left, left - 1))
			return true;
	return left < 0;
}

static bool attr_says_fail(struct fault_attr *attr, size_t size)
{
	unsigned long nth = READ_ONCE(attr->nth);
	int space = atomic_read(&attr->space);

	/* Of several who ask at once each counts as one. */
	while (nth) {
		if (!try_cmpxchg(&attr->nth, &nth, nth - 1))
			continue;
		if (nth > 1)
			return false;
		fault_update();
		return true;
	}
	if (!attr->probability || !atomic_read(&attr->times))
		return false;
	if (space > 0 && (size_t)space > size) {
		atomic_sub(size, &attr->space);
		return false;
	}
	if (attr->interval > 1 && atomic_long_inc_return(&attr->count) % attr->interval)
		return false;
	if (attr->probability < 100 && draw() >= attr->probability)
		return false;
	return times_left(attr);
}

static void report(struct fault_attr *attr, size_t size)
{
	if (!attr->verbose || !__ratelimit(&attr->ratelimit, attr->name))
		return;
	pr_notice(
		"FAULT_INJECTION: forcing a failure. name %s, interval %lu, probability %lu, space %d, times %d, size %zu\n",
		attr->name, attr->interval, attr->probability, atomic_read(&attr->space),
		atomic_read(&attr->times), size);
	if (attr->verbose > 1)
		dump_stack();
}

bool __should_fail(enum fault_kind kind, size_t size, gfp_t gfp, unsigned long caller)
{
	struct fault_attr *attr = &fault_attrs[kind];
	bool task_context = !in_interrupt();

	if (gfp & __GFP_NOFAIL)
		return false;
	/* Who counts questions wants all of them: the flags spare nobody. */
	if (task_context && current->fail_nth) {
		if (--current->fail_nth)
			return false;
		report(attr, size);
		return true;
	}
	if (!attr->nth && spared_by_flags(attr, kind, size, gfp))
		return false;
	if (!(READ_ONCE(fault_armed) >> kind & 1))
		return false;
	if (attr->task_filter && (!task_context || !current->make_it_fail))
		return false;
	if (!caller_matches(attr) || !attr_says_fail(attr, size))
		return false;
	report(attr, size);
	return true;
}

/* ---- setting ---- */

/* "1,50,0,-1" into four numbers; false when it is anything else. */
static bool parse_four(const char *str, long long out[4])
{
	char word[24];

	for (int i = 0; i < 4; i++) {
		size_t len = strcspn(str, ",");

		if (!len || len >= sizeof(word))
			return false;
		memcpy(word, str, len);
		word[len] = 0;
		if (kstrtoll(word, 0, &out[i]) || (str[len] == ',') != (i < 3))
			return false;
		str += len + 1;
	}
	return true;
}

int setup_fault_attr(struct fault_attr *attr, const char *str)
{
	long long n[4];

	if (!parse_four(str, n) || n[0] < 0 || n[1] < 0 || n[1] > 100 || n[2] < 0 ||
	    n[2] > INT_MAX || n[3] < -1 || n[3] > INT_MAX)
		return -EINVAL;
	attr->interval = n[0];
	attr->probability = n[1];
	atomic_set(&attr->space, n[2]);
	atomic_set(&attr->times, n[3]);
	fault_update();
	return 0;
}

#define FAULT_PARAM(param, kind)                                                                   \
	static int __init setup_##param(char *str)                                                 \
	{                                                                                          \
		return str && !setup_fault_attr(&fault_attrs[kind], str) ? 1 : 0;                  \
	}                                                                                          \
	__setup(#param "=", setup_##param)
FAULT_PARAM(fail_page_alloc, FAULT_PAGE);
FAULT_PARAM(failslab, FAULT_SLAB);
FAULT_PARAM(fail_make_request, FAULT_IO);
FAULT_PARAM(fail_usercopy, FAULT_USERCOPY);
FAULT_PARAM(fail_futex, FAULT_FUTEX);

static int __init setup_fault_seed(char *str)
{
	u64 value;

	if (!str || kstrtoull(str, 0, &value))
		return 0;
	fault_set_seed(value);
	return 1;
}
__setup("fault_seed=", setup_fault_seed);

/* ---- debugfs ---- */

#define OF(kind) (1u << (kind))
#define ANY	 (OF(NR_FAULT_KINDS) - 1)
#define PAGES	 OF(FAULT_PAGE)
#define OBJECTS	 OF(FAULT_SLAB)

/* Kinds of value: n number, u the same in an int, s signed atomic, b Y or N, x address. */
static const struct fault_file {
	const char *name;
	char type;
	u16 offset;
	u32 kinds; /* that have it */
} fault_files[] = {
#define FILE(name, type, field, kinds)                                                             \
	{                                                                                          \
		name, type, offsetof(struct fault_attr, field), kinds                              \
	}
	FILE("probability", 'n', probability, ANY),
	FILE("interval", 'n', interval, ANY),
	FILE("times", 's', times, ANY),
	FILE("space", 's', space, ANY),
	FILE("verbose", 'n', verbose, ANY),
	FILE("verbose_ratelimit_interval_ms", 'u', ratelimit.interval_ms, ANY),
	FILE("verbose_ratelimit_burst", 'u', ratelimit.burst, ANY),
	FILE("task-filter", 'b', task_filter, ANY),
	FILE("stacktrace-depth", 'n', stacktrace_depth, ANY),
	FILE("require-start", 'x', require_start, ANY),
	FILE("require-end", 'x', require_end, ANY),
	FILE("reject-start", 'x', reject_start, ANY),
	FILE("reject-end", 'x', reject_end, ANY),
	FILE("ignore-gfp-wait", 'b', ignore_gfp_wait, PAGES | OBJECTS),
	FILE("ignore-gfp-highmem", 'b', ignore_gfp_highmem, PAGES),
	FILE("min-order", 'u', min_order, PAGES),
	FILE("cache-filter", 'b', cache_filter, OBJECTS),
	FILE("ignore-private", 'b', ignore_private, OF(FAULT_FUTEX)),
	FILE("nth", 'n', nth, ANY),
#undef FILE
};

const char *fault_attr_file(enum fault_kind kind, unsigned int index)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(fault_files); i++)
		if (fault_files[i].kinds >> kind & 1 && !index--)
			return fault_files[i].name;
	return NULL;
}

static int attr_field(enum fault_kind kind, const char *file, void **at)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(fault_files); i++) {
		const struct fault_file *f = &fault_files[i];

		if (!(f->kinds >> kind & 1) || strcmp(f->name, file))
			continue;
		*at = (char *)&fault_attrs[kind] + f->offset;
		return f->type;
	}
	return 0;
}

int fault_attr_read(enum fault_kind kind, const char *file, char *buf, size_t size)
{
	void *at;

	switch (attr_field(kind, file, &at)) {
	case 'n':
		return scnprintf(buf, size, "%lu\n", *(unsigned long *)at);
	case 'x':
		return scnprintf(buf, size, "0x%lx\n", *(unsigned long *)at);
	case 'u':
		return scnprintf(buf, size, "%u\n", *(unsigned int *)at);
	case 's':
		return scnprintf(buf, size, "%d\n", atomic_read((atomic_t *)at));
	case 'b':
		return scnprintf(buf, size, "%c\n", *(bool *)at ? 'Y' : 'N');
	}
	return -ENOENT;
}

int fault_attr_write(enum fault_kind kind, const char *file, const char *text)
{
	unsigned long number = 0;
	bool yes = false;
	void *at;
	int type = attr_field(kind, file, &at), times = 0;

	if (!type)
		return -ENOENT;
	if (type == 'b'	  ? kstrtobool(text, &yes)
	    : type == 's' ? kstrtoint(text, 0, &times)
			  : kstrtoul(text, 0, &number))
		return -EINVAL;
	if (!strcmp(file, "probability") && number > 100)
		return -EINVAL;
	if (!strcmp(file, "stacktrace-depth"))
		number = min(number, (unsigned long)MAX_TRACE);
	switch (type) {
	case 'n':
	case 'x':
		*(unsigned long *)at = number;
		break;
	case 'u':
		*(unsigned int *)at = number;
		break;
	case 's':
		atomic_set((atomic_t *)at, times);
		break;
	case 'b':
		*(bool *)at = yes;
		break;
	}
	fault_update();
	return 0;
}

/* ---- tasks ---- */

struct fault_paused fault_pause(void)
{
	struct fault_paused was = { current->fail_nth, current->make_it_fail };

	current->fail_nth = 0;
	current->make_it_fail = 0;
	return was;
}

void fault_resume(struct fault_paused was)
{
	current->fail_nth = was.fail_nth;
	current->make_it_fail = was.make_it_fail;
}

static void change_task(unsigned int *field, unsigned int value)
{
	WRITE_ONCE(*field, value);
	if (value)
		WRITE_ONCE(tasks_armed, true);
	fault_update();
}

unsigned int task_fail_nth_read(struct task_struct *task)
{
	return READ_ONCE(task->fail_nth);
}

int task_fail_nth_write(struct task_struct *task, unsigned int n)
{
	change_task(&task->fail_nth, n);
	return 0;
}

unsigned int task_make_it_fail_read(struct task_struct *task)
{
	return READ_ONCE(task->make_it_fail);
}

int task_make_it_fail_write(struct task_struct *task, unsigned int on)
{
	if (on > 1)
		return -EINVAL;
	change_task(&task->make_it_fail, on);
	return 0;
}
