/* SPDX-License-Identifier: MIT */
/* Coarse timers in jiffies: a tree per CPU, functions run in interrupt context. kernel/time/timer.c */
#ifndef QUIRE_KERNEL_TIMER_H
#define QUIRE_KERNEL_TIMER_H

#include <base/types.h>
#include <base/compiler.h>
#include <base/rbtree.h>
#include <kernel/hrtimer.h>

#ifndef HZ
#define HZ 250
#endif
#define TICK_NSEC	(1000000000L / HZ)

/* Ticks of 1 / HZ since boot. 64 bits: it does not wrap. */
extern volatile unsigned long jiffies;
#define INITIAL_JIFFIES	0UL

#define time_after(a, b)	((long)((b) - (a)) < 0)
#define time_before(a, b)	time_after(b, a)
#define time_after_eq(a, b)	((long)((a) - (b)) >= 0)
#define time_before_eq(a, b)	time_after_eq(b, a)

#define MAX_JIFFY_OFFSET ((~0UL >> 1) - 1)

static inline unsigned long msecs_to_jiffies(unsigned int ms)
{
	if ((int)ms < 0)
		return MAX_JIFFY_OFFSET;
	return ((unsigned long)ms * HZ + 999) / 1000;
}
static inline unsigned long usecs_to_jiffies(unsigned int us)
{
	return ((unsigned long)us * HZ + 999999) / 1000000;
}
static inline unsigned int jiffies_to_msecs(unsigned long j)
{
	return j * (1000 / HZ);
}
static inline unsigned int jiffies_to_usecs(unsigned long j)
{
	return j * (1000000 / HZ);
}

struct timer_list {
	struct rb_node entry;
	unsigned long expires;			/* jiffies */
	void (*function)(struct timer_list *);
	u32 flags;				/* TIMER_*, CPU */
	bool pending;
};

#define TIMER_CPUMASK		0x0003FFFF
#define TIMER_MIGRATING		0x00040000
#define TIMER_PINNED		0x00100000

void timer_setup(struct timer_list *timer, void (*func)(struct timer_list *), unsigned int flags);
#define from_timer(var, callback_timer, timer_fieldname) \
	container_of(callback_timer, __typeof__(*var), timer_fieldname)

static inline bool timer_pending(const struct timer_list *timer)
{
	return READ_ONCE(timer->pending);
}

/* (Re)start at @expires; 1 if it was pending. Any context. */
int mod_timer(struct timer_list *timer, unsigned long expires);
/* Stop; 1 if it was pending. _sync also waits for a running function (not from within it). */
int del_timer(struct timer_list *timer);
int del_timer_sync(struct timer_list *timer);
int try_to_del_timer_sync(struct timer_list *timer);
#define timer_delete(t)		del_timer(t)

void init_timers(void);
/* From the tick of this CPU, interrupts off: run what has expired. */
void run_local_timers(void);
/* Jiffy of the next timer of this CPU, or jiffies + MAX_JIFFY_OFFSET. */
unsigned long get_next_timer_interrupt(void);

#endif
