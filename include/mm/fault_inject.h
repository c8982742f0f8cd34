/* SPDX-License-Identifier: MIT */
/*
 * The failure gate: each place that can fail asks it. Theory: mm/stat/fault_inject.c.
 * While nothing is armed a question is one load and a branch.
 */
#ifndef QUIRE_MM_FAULT_INJECT_H
#define QUIRE_MM_FAULT_INJECT_H

#include <base/types.h>
#include <base/compiler.h>
#include <base/atomic.h>
#include <kernel/ratelimit.h>

enum fault_kind { FAULT_PAGE, FAULT_SLAB, FAULT_IO, FAULT_USERCOPY, FAULT_FUTEX, NR_FAULT_KINDS };

/* Fields are Linux's debugfs files of the same name (fail_page_alloc/, failslab/, ...). */
struct fault_attr {
	const char *name;		/* directory in debugfs, prefix on the command line */
	unsigned long probability;	/* percent */
	unsigned long interval;		/* at each so many questions that pass the filters */
	atomic_t times;			/* failures left; -1: no limit */
	atomic_t space;			/* bytes (pages, slab) that succeed first */
	unsigned long verbose;		/* 0: silent, 1: a line, 2: with call trace */
	struct ratelimit_state ratelimit; /* of those: verbose_ratelimit_interval_ms (0: all), verbose_ratelimit_burst */
	bool task_filter;		/* only tasks with make-it-fail */
	unsigned long require_start, require_end, reject_start, reject_end;	/* caller */
	unsigned long stacktrace_depth;
	bool ignore_gfp_wait;		/* spare allocations that may sleep */
	bool ignore_gfp_highmem;
	unsigned int min_order;		/* spare smaller ones */
	bool cache_filter;		/* only caches whose file failslab in /sys/kernel/slab says 1 */
	bool ignore_private;		/* spare futexes of one address space */
	unsigned long nth;		/* Quire: fail the n-th question from now, once; 0: off */
	atomic_long_t count;		/* questions that passed the filters, while there is an interval */
};
extern struct fault_attr fault_attrs[NR_FAULT_KINDS];

/* Bit k: kind k may fail now. Bit 31: some task has fail-nth set. */
extern u32 fault_armed;
#define FAULT_ARMED_TASK	(1u << 31)

/*
 * One word that the fast paths of the page and slab allocators look at: not 0 while anything is armed here
 * or a kmem trace event is enabled. Their slow paths then ask one by one.
 */
extern u32 alloc_watched;
#define ALLOC_WATCHED_FAULT	1u
#define ALLOC_WATCHED_TRACE	2u
#define ALLOC_WATCHED_PAGE_DEBUG 4u	/* mm/page_debug.h */
#define ALLOC_WATCHED_MEMCG	8u	/* mm/memcontrol.h */
#define ALLOC_WATCHED_IDLE	16u	/* mm/page_idle.h */
#define ALLOC_WATCHED_CPUSET	32u	/* kernel/cgroup/cpuset.c: a group has not all nodes */
void alloc_watched_set(u32 bit, bool on);

bool __should_fail(enum fault_kind kind, size_t size, gfp_t gfp, unsigned long caller);

/* True: fail. @size in bytes. Any context. */
static __always_inline bool should_fail(enum fault_kind kind, size_t size, gfp_t gfp)
{
	if (likely(!READ_ONCE(fault_armed)))
		return false;
	return __should_fail(kind, size, gfp, (unsigned long)__builtin_return_address(0));
}
#define should_fail_alloc_page(gfp, order)	should_fail(FAULT_PAGE, PAGE_SIZE << (order), gfp)
#define should_fail_io(bytes)			should_fail(FAULT_IO, bytes, 0)
#define should_fail_usercopy()			should_fail(FAULT_USERCOPY, 1, 0)
/* Naming the word of a futex; asked once more when others may share it. */
#define should_fail_futex(shared)						\
	(!(fault_attrs[FAULT_FUTEX].ignore_private && !(shared)) && should_fail(FAULT_FUTEX, 1, 0))

/* Recompute fault_armed after a change of any attribute or of a task's fail_nth. */
void fault_update(void);
/* "interval,probability,space,times", as on Linux's command line. 0 or -EINVAL. */
int setup_fault_attr(struct fault_attr *attr, const char *str);
/* The generator of probabilities; printed at boot. */
void fault_set_seed(u64 seed);

/* debugfs: file @file ("probability", "times", ...) of @kind. -ENOENT, -EINVAL. */
int fault_attr_read(enum fault_kind kind, const char *file, char *buf, size_t size);
int fault_attr_write(enum fault_kind kind, const char *file, const char *text);
/* Name of file number @index of @kind, NULL behind the last. */
const char *fault_attr_file(enum fault_kind kind, unsigned int index);

/* Nothing of the current task fails in between: for the files by which a task counts its own failures. */
struct fault_paused {
	unsigned int fail_nth, make_it_fail;
};
struct fault_paused fault_pause(void);
void fault_resume(struct fault_paused was);

struct task_struct;
/* /proc/PID/make-it-fail and /proc/PID/fail-nth. */
unsigned int task_fail_nth_read(struct task_struct *task);
int task_fail_nth_write(struct task_struct *task, unsigned int n);
unsigned int task_make_it_fail_read(struct task_struct *task);
int task_make_it_fail_write(struct task_struct *task, unsigned int on);

#endif
