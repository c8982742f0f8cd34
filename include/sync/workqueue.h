/* SPDX-License-Identifier: MIT */
/* Work queues: functions that run soon in a kernel thread and may sleep. See sync/workqueue.c. */
#ifndef QUIRE_SYNC_WORKQUEUE_H
#define QUIRE_SYNC_WORKQUEUE_H

#include <base/atomic.h>
#include <base/bitops.h>
#include <base/list.h>
#include <kernel/timer.h>
#include <sync/rcu_types.h>

struct workqueue_struct;
struct work_struct;
typedef void (*work_func_t)(struct work_struct *work);

struct worker_pool;

struct work_struct {
	unsigned long flags;		/* WORK_* bits */
	struct list_head entry;		/* pool->lock */
	work_func_t func;
	struct workqueue_struct *wq;	/* where it was queued last */
	struct worker_pool *pool;	/* and by whom it is or was executed; NULL: never queued */
	unsigned long starts;		/* pool->lock: how often it was begun */
};
#define WORK_PENDING	0		/* queued, or its timer runs; not while it executes */
#define WORK_COLOR	1		/* generation for flush_workqueue(), set when queued */

struct delayed_work {
	struct work_struct work;
	struct timer_list timer;
	struct workqueue_struct *wq;
	int cpu;
};

#define WQ_UNBOUND		(1 << 1)
#define WQ_FREEZABLE		(1 << 2)
#define WQ_MEM_RECLAIM		(1 << 3)
#define WQ_HIGHPRI		(1 << 4)
#define WQ_SYSFS		(1 << 6)
#define WQ_POWER_EFFICIENT	(1 << 7)
#define __WQ_ORDERED		(1 << 17)
#define WORK_CPU_UNBOUND	(-1)

#define __WORK_INITIALIZER(n, f) { .entry = LIST_HEAD_INIT((n).entry), .func = (f) }
#define DECLARE_WORK(n, f)	struct work_struct n = __WORK_INITIALIZER(n, f)
void delayed_work_timer_fn(struct timer_list *t);
#define DECLARE_DELAYED_WORK(n, f) \
	struct delayed_work n = { .work = __WORK_INITIALIZER((n).work, f), \
				  .timer = { .function = delayed_work_timer_fn } }
#define INIT_WORK(w, f) do {							\
	(w)->flags = 0;								\
	INIT_LIST_HEAD(&(w)->entry);						\
	(w)->func = (f);							\
	(w)->wq = NULL;								\
	(w)->pool = NULL;							\
	(w)->starts = 0;							\
} while (0)
#define INIT_DELAYED_WORK(w, f) do {						\
	INIT_WORK(&(w)->work, f);						\
	timer_setup(&(w)->timer, delayed_work_timer_fn, 0);			\
} while (0)
#define to_delayed_work(w)	container_of(w, struct delayed_work, work)
#define work_pending(w)		test_bit(WORK_PENDING, &(w)->flags)
#define delayed_work_pending(w)	work_pending(&(w)->work)

extern struct workqueue_struct *system_wq, *system_highpri_wq, *system_long_wq, *system_unbound_wq,
	*system_freezable_wq, *system_power_efficient_wq;

/* @max_active: works that run at a time (0: many). NULL: no memory. May sleep. */
struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags, int max_active, ...)
	__attribute__((format(printf, 1, 4)));
#define alloc_ordered_workqueue(fmt, flags, args...) \
	alloc_workqueue(fmt, WQ_UNBOUND | __WQ_ORDERED | (flags), 1, ##args)
/* All its works have run or been cancelled. May sleep. */
void destroy_workqueue(struct workqueue_struct *wq);

/* False when it was pending already. Any context. A work never runs on two CPUs at a time. */
bool queue_work_on(int cpu, struct workqueue_struct *wq, struct work_struct *work);
bool queue_delayed_work_on(int cpu, struct workqueue_struct *wq, struct delayed_work *dw, unsigned long delay);
/* (Re)start the delay; false when it was idle. */
bool mod_delayed_work_on(int cpu, struct workqueue_struct *wq, struct delayed_work *dw, unsigned long delay);

/* May sleep. flush: wait until the last queueing has run (false: it was idle). */
bool flush_work(struct work_struct *work);
bool flush_delayed_work(struct delayed_work *dw);
void flush_workqueue(struct workqueue_struct *wq);
/* Take it back; _sync also waits for a running function. True when it was pending. */
bool cancel_work(struct work_struct *work);
bool cancel_work_sync(struct work_struct *work);
bool cancel_delayed_work(struct delayed_work *dw);
bool cancel_delayed_work_sync(struct delayed_work *dw);

#define queue_work(wq, work)			queue_work_on(WORK_CPU_UNBOUND, wq, work)
#define queue_delayed_work(wq, dw, delay)	queue_delayed_work_on(WORK_CPU_UNBOUND, wq, dw, delay)
#define mod_delayed_work(wq, dw, delay)		mod_delayed_work_on(WORK_CPU_UNBOUND, wq, dw, delay)
#define schedule_work(work)			queue_work(system_wq, work)
#define schedule_work_on(cpu, work)		queue_work_on(cpu, system_wq, work)
#define schedule_delayed_work(dw, delay)	queue_delayed_work(system_wq, dw, delay)
#define flush_scheduled_work()			flush_workqueue(system_wq)
int schedule_on_each_cpu(work_func_t func);

/* The queues exist (works wait); the threads exist (works run). */
void workqueue_init_early(void);
int workqueue_init(void);

#endif
